#include "cli/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

bool file_read(
    bytes *contents, const char **problem, struct arena *arena, const char *path, size_t size_max
) {
    FILE *file = fopen(path, "rb");
    *problem = strerror(errno);
    if (file == NULL) return false;
    size_t capacity = FIRST_SIZE;
    size_t size = 0;
    uint8_t *data = malloc(capacity);
    size_t count;
    errno = 0;
    while (data != NULL && (count = fread(data + size, 1, capacity - size, file)) > 0) {
        size += count;
        if (size < capacity) continue;
        uint8_t *larger = size > size_max ? NULL : realloc(data, 2 * capacity);
        if (larger == NULL) free(data);
        data = larger;
        capacity *= 2;
    }
    bool is_bad = ferror(file) != 0;
    if (is_bad) *problem = strerror(errno);
    (void)fclose(file);
    if (!is_bad) *problem = "it is too large";
    bool is_good = !is_bad && data != NULL && size <= size_max &&
                   arena_copy(arena, contents, bytes_of(data, size)) == ERR_OK;
    free(data);
    return is_good;
}
