/* core/test_fixture.h: reading fixture files, for the tests of core and crypto. Tests only.
 *
 * Fixtures are outside the repository: LOCKSTEP_FIXTURES_DIR names the folder they are unpacked in
 * (scripts/test.sh sets it). Tests that need them are skipped when it is unset. */
#ifndef CORE_TEST_FIXTURE_H
#define CORE_TEST_FIXTURE_H

#include "core/arena.h"
#include "core/hex.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parsed file of that name below the fixtures, or NULL (with a message) if there are none. The
 * caller deletes it. A file that is there but cannot be read stops the program. */
static inline cJSON *fixture_open(const char *name) {
    const char *root = getenv("LOCKSTEP_FIXTURES_DIR");
    if (root == NULL) {
        fprintf(stderr, "skipped: LOCKSTEP_FIXTURES_DIR is not set, %s is not read\n", name);
        return NULL;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot open %s\n", path);
        abort();
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size);
    if (text == NULL || fread(text, 1, size, file) != size) abort();
    fclose(file);
    cJSON *json = cJSON_ParseWithLength(text, size);
    free(text);
    if (json == NULL) {
        fprintf(stderr, "%s is not JSON\n", path);
        abort();
    }
    return json;
}

static inline const char *fixture_text(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(item)) {
        fprintf(stderr, "no text %s in a fixture\n", name);
        abort();
    }
    return item->valuestring;
}

static inline bytes fixture_hex(struct arena *arena, const char *text) {
    bytes b;
    if (hex_decode(&b, arena, text, strlen(text)) != ERR_OK) {
        fprintf(stderr, "not hexadecimal in a fixture: %.80s\n", text);
        abort();
    }
    return b;
}

static inline bytes fixture_bytes(struct arena *arena, const cJSON *object, const char *name) {
    return fixture_hex(arena, fixture_text(object, name));
}

/* Calls check with each .json file of a folder below the fixtures, in order of name; returns how
 * many there were, or -1 (with a message) if there are no fixtures. */
static inline int fixture_for_each_file(const char *folder, void (*check)(const cJSON *file)) {
    const char *root = getenv("LOCKSTEP_FIXTURES_DIR");
    if (root == NULL) {
        fprintf(stderr, "skipped: LOCKSTEP_FIXTURES_DIR is not set, %s is not read\n", folder);
        return -1;
    }
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, folder);
    struct dirent **entries;
    int entry_count = scandir(path, &entries, NULL, alphasort);
    if (entry_count < 0) {
        fprintf(stderr, "cannot list %s\n", path);
        abort();
    }
    int count = 0;
    for (int i = 0; i < entry_count; i++) {
        const char *dot = strrchr(entries[i]->d_name, '.');
        if (dot != NULL && strcmp(dot, ".json") == 0) {
            char name[512];
            snprintf(name, sizeof name, "%s/%s", folder, entries[i]->d_name);
            cJSON *file = fixture_open(name);
            cJSON_AddStringToObject(file, "file", entries[i]->d_name);
            check(file);
            cJSON_Delete(file);
            count++;
        }
        free(entries[i]);
    }
    free(entries);
    return count;
}

#endif
