/* Fuzzes genesis_from_json: a file is read or refused with a reason, and its forks can be asked
 * for. */
#include "chain/genesis.h"

#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, 16 << 20);
    struct genesis genesis;
    const char *reason = NULL;
    enum err err = genesis_from_json(&genesis, &reason, &arena, (const char *)data, size);
    CHECK(err != ERR_INPUT || reason != NULL);
    if (err == ERR_OK) {
        (void)forks_at_difficulty(&genesis.schedule, 1, 1, &U256_ZERO);
        (void)header_hash(&genesis.header);
    }
    arena_close(&arena);
    return 0;
}
