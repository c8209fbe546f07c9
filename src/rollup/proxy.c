#include "rollup/proxy.h"

#include "crypto/keccak.h"
#include "rollup/artifacts.h"

#define CREATION_SIZE sizeof(artifact_proxy_creation)

/* The creation code of a hub's proxy; its runtime code is what lies behind
 * ARTIFACT_PROXY_RUNTIME. */
static void write_creation(
    uint8_t code[CREATION_SIZE], const address *hub, uint64_t rollup_id, const address *target
) {
    memcpy(code, artifact_proxy_creation, CREATION_SIZE);
    memcpy(code + ARTIFACT_PROXY_HUB, hub->b, 20);
    store_be64(code + ARTIFACT_PROXY_ROLLUP_ID, rollup_id);
    memcpy(code + ARTIFACT_PROXY_TARGET, target->b, 20);
}

void proxy_address(address *proxy, const address *hub, uint64_t rollup_id, const address *target) {
    uint8_t code[CREATION_SIZE];
    write_creation(code, hub, rollup_id, target);
    hash32 code_hash = keccak256(bytes_of(code, sizeof(code)));
    uint8_t preimage[85] = {0xff};
    memcpy(preimage + 1, hub->b, 20);
    memcpy(preimage + 53, code_hash.b, 32);
    hash32 hash = keccak256(bytes_of(preimage, sizeof(preimage)));
    memcpy(proxy->b, hash.b + 12, 20);
}

enum err proxy_runtime(
    bytes *code, struct arena *arena, const address *hub, uint64_t rollup_id, const address *target
) {
    uint8_t *creation = arena_alloc(arena, CREATION_SIZE);
    if (creation == NULL) return ERR_MEMORY;
    write_creation(creation, hub, rollup_id, target);
    *code = bytes_of(creation + ARTIFACT_PROXY_RUNTIME, CREATION_SIZE - ARTIFACT_PROXY_RUNTIME);
    return ERR_OK;
}

/* Whom it stands for may be anybody: everything else must be equal. */
bool proxy_identity(uint64_t *rollup_id, address *target, bytes code, const address *hub) {
    if (code.size != CREATION_SIZE - ARTIFACT_PROXY_RUNTIME) return false;
    address found;
    memcpy(found.b, code.data + (ARTIFACT_PROXY_TARGET - ARTIFACT_PROXY_RUNTIME), 20);
    const uint64_t id = load_be64(code.data + (ARTIFACT_PROXY_ROLLUP_ID - ARTIFACT_PROXY_RUNTIME));
    uint8_t expected[CREATION_SIZE];
    write_creation(expected, hub, id, &found);
    if (memcmp(code.data, expected + ARTIFACT_PROXY_RUNTIME, code.size) != 0) return false;
    *rollup_id = id;
    *target = found;
    return true;
}

bool proxy_is_runtime(bytes code, const address *hub) {
    uint64_t rollup_id;
    address target;
    return proxy_identity(&rollup_id, &target, code, hub);
}
