#include "cli/batch_folder.h"

#include "cli/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

#define FILES 3
static const char *const NAMES[FILES] = {"batch", "witness", "runs"};

__attribute__((format(printf, 2, 3))) static bool
fail(char why[BATCH_FOLDER_WHY_SIZE], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, BATCH_FOLDER_WHY_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

static bool join(char out[PATH_SIZE], const char *folder, const char *name) {
    const int size = snprintf(out, PATH_SIZE, "%s/%s", folder, name);
    return size > 0 && size < PATH_SIZE;
}

bool batch_folder_read(
    struct batch_folder *folder,
    char why[BATCH_FOLDER_WHY_SIZE],
    struct arena *arena,
    const char *path
) {
    bytes *const files[FILES] = {&folder->batch, &folder->witness, &folder->runs};
    char name[PATH_SIZE];
    const char *problem;
    *folder = (struct batch_folder){0};
    for (size_t i = 0; i < FILES; i++) {
        if (!join(name, path, NAMES[i])) return fail(why, "%.200s: the name is too long", path);
        if (file_read(files[i], &problem, arena, name, BATCH_FOLDER_FILE_MAX)) continue;
        if (i == 2 && access(name, F_OK) != 0) break;
        return fail(why, "%.300s: %s", name, problem);
    }
    return true;
}

bytes batch_folder_input(const struct batch_folder *folder, struct arena *arena) {
    const size_t size = folder->batch.size + folder->witness.size;
    uint8_t *input = arena_alloc(arena, size);
    if (input == NULL) return BYTES_EMPTY;
    memcpy(input, folder->batch.data, folder->batch.size);
    memcpy(input + folder->batch.size, folder->witness.data, folder->witness.size);
    return bytes_of(input, size);
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool write_file(const char *path, bytes data) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return false;
    while (data.size > 0) {
        const ssize_t size = write(fd, data.data, data.size);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        data = bytes_slice(data, (size_t)size, SIZE_MAX);
    }
    const bool is_written = data.size == 0 && fsync(fd) == 0;
    return close(fd) == 0 && is_written;
}

static bool write_files(const struct folder_file *files, size_t count, const char *path) {
    char name[PATH_SIZE];
    for (size_t i = 0; i < count; i++) {
        if (!join(name, path, files[i].name)) {
            errno = ENAMETOOLONG;
            return false;
        }
        if (!write_file(name, files[i].data)) return false;
    }
    return true;
}

static void remove_files(const struct folder_file *files, size_t count, const char *path) {
    char name[PATH_SIZE];
    for (size_t i = 0; i < count; i++)
        if (join(name, path, files[i].name)) (void)unlink(name);
    (void)rmdir(path);
}

/* Entries of a folder besides . and ..; -1: it is none. */
static int count_entries(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) return -1;
    int count = -2;
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

static bool holds_the_same(const char *path, const struct folder_file *files, size_t count) {
    char name[PATH_SIZE];
    bool is_same = (size_t)count_entries(path) == count;
    for (size_t i = 0; i < count && is_same; i++) {
        struct arena arena;
        bytes there;
        const char *problem;
        arena_open(&arena, 2 * BATCH_FOLDER_FILE_MAX);
        is_same = join(name, path, files[i].name) &&
                  file_read(&there, &problem, &arena, name, BATCH_FOLDER_FILE_MAX) &&
                  bytes_equal(there, files[i].data);
        arena_close(&arena);
    }
    return is_same;
}

bool folder_write(
    const struct folder_file *files, size_t count, char why[BATCH_FOLDER_WHY_SIZE], const char *path
) {
    char beside[PATH_SIZE];
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    const int printed = snprintf(beside, sizeof(beside), "%.*s.XXXXXX", (int)size, path);
    if (size == 0 || printed < 0 || (size_t)printed >= sizeof(beside) - 16)
        return fail(why, "\"%.200s\" is no name for a folder", path);
    struct stat status;
    if (lstat(path, &status) == 0 && count_entries(path) != 0) {
        if (holds_the_same(path, files, count)) return true;
        return fail(why, "%.300s is there already, with something else in it", path);
    }
    if (mkdtemp(beside) == NULL) return fail(why, "%.300s: %s", path, strerror(errno));
    if (chmod(beside, 0755) == 0 && write_files(files, count, beside) && rename(beside, path) == 0)
        return true;
    const int error = errno;
    remove_files(files, count, beside);
    return fail(why, "%.300s: %s", path, strerror(error));
}

bool batch_folder_write(
    const struct batch_folder *folder, char why[BATCH_FOLDER_WHY_SIZE], const char *path
) {
    const struct folder_file files[FILES] = {
        {"batch", folder->batch}, {"witness", folder->witness}, {"runs", folder->runs}};
    return folder_write(files, folder->runs.size > 0 ? 3 : 2, why, path);
}
