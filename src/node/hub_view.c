#include "node/hub_view.h"

#include "crypto/keccak.h"

/* Where Hub.sol keeps the mapping of rollups, and the words of the struct. */
#define ROLLUPS_SLOT 0
enum word { WORD_HEAD, WORD_PACKED, WORD_BALANCE, WORD_COUNT };

/* In the packed word, from the low end: updatedInBlock, anchorNumber, timestamp (8 bytes each),
 * rootCount (4), idle, hasOwnToken. */
#define PACKED_IDLE_BYTE  28
#define PACKED_TOKEN_BYTE 29

static bool packed_bool(const u256 *word, unsigned byte) {
    u256 shifted = u256_shr(word, 8 * byte);
    return (shifted.w[0] & 0xff) != 0;
}

enum err
hub_view_read(struct hub_view *out, struct state *state, const address *hub, uint64_t rollup_id) {
    uint8_t key[64] = {0};
    store_be64(key + 24, rollup_id);
    store_be64(key + 56, ROLLUPS_SLOT);
    hash32 hash = keccak256(bytes_of(key, sizeof(key)));
    u256 slot = u256_load_be(hash.b);
    u256 words[WORD_COUNT];
    for (uint64_t i = 0; i < WORD_COUNT; i++) {
        u256 offset = u256_from_u64(i);
        u256 at = u256_add(&slot, &offset);
        enum err err = state_get_slot(state, hub, &at, &words[i]);
        if (err != ERR_OK) return err;
    }
    u256_store_be(out->head.b, &words[WORD_HEAD]);
    out->balance_wei = words[WORD_BALANCE];
    out->is_idle = packed_bool(&words[WORD_PACKED], PACKED_IDLE_BYTE);
    out->has_own_token = packed_bool(&words[WORD_PACKED], PACKED_TOKEN_BYTE);
    return ERR_OK;
}
