/* core/test_fixture.h: reading fixture files, for the tests of core and crypto. Tests only.
 *
 * Fixtures are outside the repository: LOCKSTEP_FIXTURES_DIR names the folder they are unpacked in
 * (scripts/test.sh sets it). Tests that need them are skipped when it is unset. */
#ifndef CORE_TEST_FIXTURE_H
#define CORE_TEST_FIXTURE_H

#include "core/arena.h"
#include "core/hex.h"

#include <cjson/cJSON.h>
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

#endif
