#include "rollup/proxy.h"

#include "crypto/keccak.h"
#include "rollup/artifacts.h"

void proxy_address(address *proxy, const address *hub, uint64_t rollup_id, const address *target) {
    uint8_t parameters[64] = {0};
    store_be64(parameters + 24, rollup_id);
    memcpy(parameters + 44, target->b, 20);
    hash32 salt = keccak256(bytes_of(parameters, sizeof(parameters)));
    hash32 init_code_hash =
        keccak256(bytes_of(artifact_proxy_creation, sizeof(artifact_proxy_creation)));
    uint8_t preimage[85];
    preimage[0] = 0xff;
    memcpy(preimage + 1, hub->b, 20);
    memcpy(preimage + 21, salt.b, 32);
    memcpy(preimage + 53, init_code_hash.b, 32);
    hash32 hash = keccak256(bytes_of(preimage, sizeof(preimage)));
    memcpy(proxy->b, hash.b + 12, 20);
}

#define WORDS(offsets) (sizeof(offsets) / sizeof((offsets)[0]))

static void write_words(uint8_t *code, const uint32_t *offsets, size_t count, const uint8_t *word) {
    for (size_t i = 0; i < count; i++)
        memcpy(code + offsets[i], word, 32);
}

enum err proxy_runtime(
    bytes *code, struct arena *arena, const address *hub, uint64_t rollup_id, const address *target
) {
    uint8_t *runtime = arena_alloc(arena, sizeof(artifact_proxy_runtime));
    if (runtime == NULL) return ERR_MEMORY;
    memcpy(runtime, artifact_proxy_runtime, sizeof(artifact_proxy_runtime));
    uint8_t word[32] = {0};
    memcpy(word + 12, hub->b, 20);
    write_words(runtime, artifact_proxy_hub_offsets, WORDS(artifact_proxy_hub_offsets), word);
    memcpy(word + 12, target->b, 20);
    write_words(runtime, artifact_proxy_target_offsets, WORDS(artifact_proxy_target_offsets), word);
    memset(word, 0, sizeof(word));
    store_be64(word + 24, rollup_id);
    write_words(
        runtime, artifact_proxy_rollup_id_offsets, WORDS(artifact_proxy_rollup_id_offsets), word
    );
    *code = bytes_of(runtime, sizeof(artifact_proxy_runtime));
    return ERR_OK;
}

/* The immutables are zero in the artifact: everything else must be equal, and the hub's words
 * its. */
bool proxy_is_runtime(bytes code, const address *hub) {
    if (code.size != sizeof(artifact_proxy_runtime)) return false;
    uint8_t masked[sizeof(artifact_proxy_runtime)];
    memcpy(masked, code.data, code.size);
    uint8_t word[32] = {0};
    memcpy(word + 12, hub->b, 20);
    for (size_t i = 0; i < WORDS(artifact_proxy_hub_offsets); i++)
        if (memcmp(masked + artifact_proxy_hub_offsets[i], word, 32) != 0) return false;
    memset(word, 0, sizeof(word));
    write_words(masked, artifact_proxy_hub_offsets, WORDS(artifact_proxy_hub_offsets), word);
    write_words(masked, artifact_proxy_target_offsets, WORDS(artifact_proxy_target_offsets), word);
    write_words(
        masked, artifact_proxy_rollup_id_offsets, WORDS(artifact_proxy_rollup_id_offsets), word
    );
    return memcmp(masked, artifact_proxy_runtime, sizeof(masked)) == 0;
}
