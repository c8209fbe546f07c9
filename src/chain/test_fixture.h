/* chain/test_fixture.h: what this module's tests share to read fixture files. Tests only.
 *
 * Fixtures are outside the repository: LOCKSTEP_FIXTURES_DIR names the folder they are unpacked in
 * (scripts/test.sh sets it). A test that needs them is skipped when it is unset. */
#ifndef CHAIN_TEST_FIXTURE_H
#define CHAIN_TEST_FIXTURE_H

#include "core/arena.h"
#include "core/hex.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The path of a fixture file or folder, or NULL. Static storage, until the next call. */
static inline const char *fixture_path(const char *name) {
    static char path[4096];
    const char *root = getenv("LOCKSTEP_FIXTURES_DIR");
    if (root == NULL) return NULL;
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

/* The parsed file; the caller deletes it. Stops the test program if it cannot be read. */
static inline cJSON *fixture_json(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot open %s\n", path);
        abort();
    }
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) abort();
    fclose(file);
    cJSON *json = cJSON_ParseWithLength(text, (size_t)size);
    free(text);
    if (json == NULL) abort();
    return json;
}

static inline const char *fixture_text(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static inline bytes fixture_hex(struct arena *arena, const char *text) {
    bytes b;
    if (text == NULL || hex_decode(&b, arena, text, strlen(text)) != ERR_OK) abort();
    return b;
}

static inline bytes fixture_bytes(struct arena *arena, const cJSON *object, const char *name) {
    return fixture_hex(arena, fixture_text(object, name));
}

static inline u256 fixture_number(const cJSON *object, const char *name) {
    u256 value;
    const char *text = fixture_text(object, name);
    if (text == NULL || hex_decode_quantity(&value, text, strlen(text), true) != ERR_OK) abort();
    return value;
}

static inline hash32 fixture_hash(const cJSON *object, const char *name) {
    hash32 hash;
    const char *text = fixture_text(object, name);
    if (text == NULL || hex_decode_exact(hash.b, 32, text, strlen(text)) != ERR_OK) abort();
    return hash;
}

/* Calls visit with the path of each .json file under folder (two levels at most, sorted by
 * name). */
static inline size_t
fixture_visit(const char *folder, void (*visit)(const char *path, void *context), void *context) {
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    size_t file_count = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        const char *name = names[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        size_t size = strlen(name);
        if (size > 5 && strcmp(name + size - 5, ".json") == 0) {
            visit(path, context);
            file_count++;
        } else if (name[0] != '.') {
            struct dirent **inner;
            int inner_count = scandir(path, &inner, NULL, alphasort);
            for (int k = 0; k < inner_count; k++) {
                size = strlen(inner[k]->d_name);
                if (size > 5 && strcmp(inner[k]->d_name + size - 5, ".json") == 0) {
                    char inner_path[8192];
                    snprintf(inner_path, sizeof inner_path, "%s/%s", path, inner[k]->d_name);
                    visit(inner_path, context);
                    file_count++;
                }
                free(inner[k]);
            }
            if (inner_count >= 0) free(inner);
        }
        free(names[i]);
    }
    if (count >= 0) free(names);
    return file_count;
}

#endif
