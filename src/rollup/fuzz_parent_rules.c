/* The parent's rules as a rollup's state has them: what is accepted is written again as it was, up
 * to forks that were left out. */
#include "rollup/parent.h"

#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fork_schedule schedule;
    struct fork_schedule again;
    struct arena arena;
    bytes code;
    arena_open(&arena, 1u << 20);
    if (parent_rules_decode(&schedule, bytes_of(data, size), 7) == ERR_OK) {
        CHECK(parent_rules_encode(&code, &arena, &schedule) == ERR_OK);
        CHECK(parent_rules_decode(&again, code, 7) == ERR_OK);
        CHECK(again.blob_count == schedule.blob_count);
        for (int fork = 0; fork < FORK_COUNT; fork++)
            CHECK(again.activation[fork] == schedule.activation[fork]);
        (void)forks_at(&schedule, 1, UINT64_MAX - 1);
    }
    arena_close(&arena);
    return 0;
}
