/* Typed data of any JSON: a digest or a reason, the same each time. */
#include "core/check.h"
#include "rpc/typed_data.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct json json;
    hash32 digests[2] = {{{0}}, {{0}}};
    const char *problems[2] = {NULL, NULL};
    json_open(&json);
    arena_open(&arena, (size_t)64 << 20);
    if (json_parse(&json, (const char *)data, size) == ERR_OK) {
        for (unsigned i = 0; i < 2; i++)
            if (typed_data_digest(&digests[i], &problems[i], &arena, &json, 0) != ERR_OK)
                problems[i] = "memory";
        CHECK((problems[0] == NULL) == (problems[1] == NULL));
        if (problems[0] == NULL) CHECK(hash32_equal(&digests[0], &digests[1]));
    }
    arena_close(&arena);
    json_close(&json);
    return 0;
}
