#include "node/hub_view.h"

#include "crypto/keccak.h"
#include "node/network.h"

/* Where Hub.sol keeps the mapping of rollups, and the words of the struct. */
#define ROLLUPS_SLOT 0
#define ROOTS_SLOT   2 /* rollup, index modulo ROOT_CHAINS */
#define ROOT_CHAINS  256
#define QUEUES_SLOT  3 /* rollup */
enum word { WORD_HEAD, WORD_PACKED, WORD_BALANCE, WORD_COUNT };
#define WORD_MESSENGER 6 /* and above its 20 bytes, in 4, forceDelay */

/* In the packed word, from the low end: updatedInBlock, anchorNumber, timestamp, forcedDue (6 bytes
 * each), rootCount (4), hasOwnToken. */
#define PACKED_ANCHOR_BIT     48
#define PACKED_NUMBER_MASK    ((UINT64_C(1) << 48) - 1)
#define PACKED_ROOT_COUNT_BIT 192
#define PACKED_TOKEN_BYTE     28

static bool packed_bool(const u256 *word, unsigned byte) {
    u256 shifted = u256_shr(word, 8 * byte);
    return (shifted.w[0] & 0xff) != 0;
}

static uint64_t packed_number(const u256 *word, unsigned bit) {
    const u256 shifted = u256_shr(word, bit);
    return shifted.w[0] & PACKED_NUMBER_MASK;
}

static u256 mapping_slot(const u256 *key, const u256 *base) {
    uint8_t preimage[64];
    u256_store_be(preimage, key);
    u256_store_be(preimage + 32, base);
    hash32 hash = keccak256(bytes_of(preimage, sizeof(preimage)));
    return u256_load_be(hash.b);
}

static u256 word_slot(uint64_t rollup_id, enum word word) {
    const u256 key = u256_from_u64(rollup_id);
    const u256 base = u256_from_u64(ROLLUPS_SLOT);
    const u256 offset = u256_from_u64(word);
    u256 slot = mapping_slot(&key, &base);
    return u256_add(&slot, &offset);
}

static enum err
read_at(u256 *value, struct state *state, const address *hub, const u256 *slot, uint64_t offset) {
    const u256 more = u256_from_u64(offset);
    const u256 at = u256_add(slot, &more);
    return state_get_slot(state, hub, &at, value);
}

static u256 queue_slot(uint64_t rollup_id) {
    const u256 id = u256_from_u64(rollup_id);
    const u256 base = u256_from_u64(QUEUES_SLOT);
    return mapping_slot(&id, &base);
}

enum err
hub_view_queue(struct hub_queue *out, struct state *state, const address *hub, uint64_t rollup_id) {
    const u256 slot = queue_slot(rollup_id);
    u256 word;
    enum err err = read_at(&word, state, hub, &slot, 0);
    if (err == ERR_OK) *out = (struct hub_queue){.length = word.w[0], .taken = word.w[1]};
    return err;
}

enum err hub_view_forced(
    struct hub_forced *out,
    struct state *state,
    const address *hub,
    uint64_t rollup_id,
    uint64_t index
) {
    u256 hash;
    u256 due;
    u256 messenger;
    u256 items = queue_slot(rollup_id);
    const u256 key = u256_from_u64(index);
    items = u256_add(&items, &U256_ONE);
    const u256 item = mapping_slot(&key, &items);
    const u256 rollup = word_slot(rollup_id, WORD_HEAD);
    enum err err = read_at(&hash, state, hub, &item, 0);
    if (err == ERR_OK) err = read_at(&due, state, hub, &item, 1);
    if (err == ERR_OK) err = read_at(&messenger, state, hub, &rollup, WORD_MESSENGER);
    if (err != ERR_OK) return err;
    u256_store_be(out->hash.b, &hash);
    const u256 delay = u256_shr(&messenger, 160);
    out->queued = due.w[0] - (delay.w[0] & UINT32_MAX);
    return ERR_OK;
}

static enum err
read_words(u256 words[WORD_COUNT], struct state *state, const address *hub, uint64_t rollup_id) {
    for (unsigned i = 0; i < WORD_COUNT; i++) {
        u256 at = word_slot(rollup_id, (enum word)i);
        enum err err = state_get_slot(state, hub, &at, &words[i]);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

enum err
hub_view_read(struct hub_view *out, struct state *state, const address *hub, uint64_t rollup_id) {
    u256 words[WORD_COUNT];
    enum err err = read_words(words, state, hub, rollup_id);
    if (err != ERR_OK) return err;
    u256_store_be(out->head.b, &words[WORD_HEAD]);
    out->anchor_number = packed_number(&words[WORD_PACKED], PACKED_ANCHOR_BIT);
    out->balance_wei = words[WORD_BALANCE];
    out->has_own_token = packed_bool(&words[WORD_PACKED], PACKED_TOKEN_BYTE);
    return ERR_OK;
}

enum err node_hub_view(struct hub_view *out, const struct node_chain *rollup) {
    struct node_chain *parent = node_parent(rollup);
    return hub_view_read(out, &parent->state, &node_contracts(parent)->hub, rollup->rollup_id);
}

/* The chain of roots that the index-th one goes into. */
static u256 root_chain_slot(uint64_t rollup_id, uint64_t index) {
    const u256 id = u256_from_u64(rollup_id);
    const u256 base = u256_from_u64(ROOTS_SLOT);
    const u256 place = u256_from_u64(index % ROOT_CHAINS);
    const u256 roots = mapping_slot(&id, &base);
    return mapping_slot(&place, &roots);
}

static uint32_t root_count_of(const u256 *packed) {
    const u256 shifted = u256_shr(packed, PACKED_ROOT_COUNT_BIT);
    return (uint32_t)(shifted.w[0] & UINT32_MAX);
}

enum err hub_view_newest_root(
    struct hub_root *out, struct state *state, const address *hub, uint64_t rollup_id
) {
    u256 words[WORD_COUNT];
    u256 before;
    enum err err = read_words(words, state, hub, rollup_id);
    if (err != ERR_OK) return err;
    const uint64_t index = root_count_of(&words[WORD_PACKED]);
    const u256 slot = root_chain_slot(rollup_id, index);
    err = state_get_slot(state, hub, &slot, &before);
    if (err != ERR_OK) return err;
    out->index = index;
    u256_store_be(out->root.b, &words[WORD_HEAD]);
    u256_store_be(out->before.b, &before);
    return ERR_OK;
}

enum err hub_view_move(
    struct state_slot *slots,
    size_t *count,
    struct state *state,
    const address *hub,
    uint64_t rollup_id,
    const hash32 *head,
    const u256 *more_wei
) {
    u256 words[WORD_COUNT];
    enum err err = read_words(words, state, hub, rollup_id);
    if (err != ERR_OK) return err;
    u256 new_head = u256_load_be(head->b);
    const u256 chain_slot = root_chain_slot(rollup_id, root_count_of(&words[WORD_PACKED]));
    u256 chain;
    err = state_get_slot(state, hub, &chain_slot, &chain);
    if (err != ERR_OK) return err;
    /* keccak256(chain ‖ root), as a mapping's slots are found. */
    u256 longer_chain = mapping_slot(&chain, &words[WORD_HEAD]);
    const u256 one = u256_from_u64(1);
    u256 one_more = u256_shl(&one, PACKED_ROOT_COUNT_BIT);
    slots[0] = (struct state_slot){word_slot(rollup_id, WORD_HEAD), new_head};
    slots[1] = (struct state_slot){chain_slot, longer_chain};
    slots[2] = (struct state_slot
    ){word_slot(rollup_id, WORD_PACKED), u256_add(&words[WORD_PACKED], &one_more)};
    slots[3] = (struct state_slot
    ){word_slot(rollup_id, WORD_BALANCE), u256_add(&words[WORD_BALANCE], more_wei)};
    *count = HUB_VIEW_CHANGES_MAX;
    return ERR_OK;
}
