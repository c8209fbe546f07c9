/* Fuzzes header_decode: whatever decodes must encode to the same bytes, and no rule may fail on
 * it. */
#include "chain/header.h"

#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, 1 << 20);
    struct header header;
    if (header_decode(&header, bytes_of(data, size)) == BLOCK_OK) {
        bytes encoding;
        CHECK(header_encode(&encoding, &arena, &header) == ERR_OK);
        CHECK(bytes_equal(encoding, bytes_of(data, size)));
        (void)header_hash(&header);
        struct fork_schedule schedule;
        struct header child = header;
        child.number++;
        child.timestamp++;
        for (int fork = 0; fork < FORK_COUNT; fork++) {
            forks_development(&schedule, 1, (enum fork)fork);
            struct fork_rules rules = forks_at(&schedule, 1, 1);
            child.fields = header_fields_of((enum fork)fork);
            (void)header_check(&child, &header, &rules);
        }
    }
    arena_close(&arena);
    return 0;
}
