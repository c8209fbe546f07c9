#include "node/amend.h"

#include "crypto/keccak.h"
#include "node/blocks.h"
#include "node/hub_view.h"
#include "rollup/predeploys.h"

/* In the rollup's store: former and new head of the newest amendments, oldest first, and the ether
 * that came out of nothing. No two have the same former head. */
#define META_AMENDED        "amended"
#define AMENDED_HISTORY_MAX 64

struct head_pair {
    hash32 before;
    hash32 after;
    u256 minted;
};

/* --- accounts --------------------------------------------------------------------------------- */

static bool is_nobody(const struct state_change *change, const hash32 *storage_root) {
    const hash32 no_code = KECCAK_EMPTY;
    const hash32 no_slots = EMPTY_TRIE_ROOT;
    return change->nonce == 0 && u256_is_zero(&change->balance) && change->slot_count == 0 &&
           hash32_equal(&change->code_hash, &no_code) && hash32_equal(storage_root, &no_slots);
}

/* *balance_before is for who has to account for ether. */
static enum err apply(struct node_chain *chain, const struct amendment *a, u256 *balance_before) {
    struct account account;
    struct state_slot slot = {.key = a->key, .value = a->value};
    bool exists;
    hash32 root;
    enum err err = state_get_account(&chain->state, &a->who, &account, &exists);
    if (err != ERR_OK) return err;
    *balance_before = account.balance;
    struct state_change change = {
        .address = a->who,
        .nonce = a->has_nonce ? a->nonce : account.nonce,
        .balance = a->has_balance ? a->balance : account.balance,
        .code_hash = a->has_code ? keccak256(a->code) : account.code_hash,
        .code = a->has_code ? a->code : BYTES_EMPTY,
        .slots = &slot,
        .slot_count = a->has_slot,
    };
    change.exists = !is_nobody(&change, &account.storage_root);
    if (!change.exists && !exists) return ERR_OK;
    return state_apply(&chain->state, &root, &chain->fresh, &change, 1);
}

/* --- rollups ---------------------------------------------------------------------------------- */

/* A head that has moved never comes back: the step counter of the rollup goes on. */
static enum err count_step(struct node_chain *rollup) {
    struct amendment step = {
        .who = SYSTEM_PREDEPLOY, .has_slot = true, .key = u256_from_u64(SYSTEM_STEP_COUNTER)};
    const u256 one = u256_from_u64(1);
    u256 balance;
    enum err err = state_get_slot(&rollup->state, &step.who, &step.key, &step.value);
    step.value = u256_add(&step.value, &one);
    return err == ERR_OK ? apply(rollup, &step, &balance) : err;
}

/* Afterwards the rollup's newest block is the one at its head. */
static enum err post_unsafe_blocks(struct node_chain *rollup, char error[NODE_ERROR_SIZE]) {
    struct node *node = rollup->node;
    struct hub_view view;
    struct block_order order = {.must_move = node_place(rollup)};
    struct block_tx_fate none;
    enum err err = node_hub_view(&view, rollup);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    if (hash32_equal(&view.head, &rollup->head.state_root)) return ERR_OK;
    if (!node->auto_batch)
        return node_fail(
            error,
            ERR_INPUT,
            "the rollup has blocks that are not on L1 yet, and its state cannot be set before they "
            "are: turn lockstep_setAutoBatch on"
        );
    arena_reset(&node->build_arena);
    return node_l1_build_block(node, &none, error, &node->build_arena, &order);
}

static enum err remember(struct node_chain *rollup, const struct head_pair *pair) {
    struct head_pair pairs[AMENDED_HISTORY_MAX];
    size_t count = 0;
    bytes kept;
    enum err err = store_get_meta(node_chain_store(rollup), META_AMENDED, &kept);
    if (err == ERR_OK && kept.size <= sizeof(pairs)) {
        count = kept.size / sizeof(*pairs);
        memcpy(pairs, kept.data, count * sizeof(*pairs));
    }
    if (err != ERR_OK && err != ERR_MISSING) return err;
    /* The network may have gone back to this head since: what was made of it then is void. */
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (!hash32_equal(&pairs[i].before, &pair->before)) pairs[left++] = pairs[i];
    if (left == AMENDED_HISTORY_MAX) memmove(&pairs[0], &pairs[1], --left * sizeof(*pairs));
    pairs[left++] = *pair;
    count = left;
    /* Called with the amended block in the write transaction. */
    return store_put_meta(
        node_chain_store(rollup), META_AMENDED, bytes_of(pairs, count * sizeof(*pairs))
    );
}

/* *minted is what the amendments followed have made. */
static enum err follow(struct node_chain *rollup, hash32 *head, u256 *minted) {
    bytes kept;
    struct head_pair pair;
    enum err err = store_get_meta(node_chain_store(rollup), META_AMENDED, &kept);
    if (err != ERR_OK) return err == ERR_MISSING ? ERR_OK : err;
    for (size_t at = 0; at + sizeof(pair) <= kept.size; at += sizeof(pair)) {
        memcpy(&pair, kept.data + at, sizeof(pair));
        if (!hash32_equal(&pair.before, head)) continue;
        *head = pair.after;
        *minted = u256_add(minted, &pair.minted);
    }
    return ERR_OK;
}

enum err amend_follow(struct node_chain *rollup, hash32 *head) {
    u256 minted = U256_ZERO;
    return follow(rollup, head, &minted);
}

/* Writes the head, and the ether that was minted, into the parent's Hub. */
static enum err
move_in_hub(const struct node_chain *rollup, const hash32 *head, const u256 *minted) {
    struct node_chain *parent = node_parent(rollup);
    const address *hub = &node_contracts(parent)->hub;
    struct state *state = &parent->state;
    struct state_slot slots[HUB_VIEW_CHANGES_MAX];
    struct account account;
    bool exists;
    hash32 root;
    size_t count;
    enum err err = hub_view_move(slots, &count, state, hub, rollup->rollup_id, head, minted);
    if (err == ERR_OK) err = state_get_account(state, hub, &account, &exists);
    if (err != ERR_OK) return err;
    struct state_change change = {
        .address = *hub,
        .exists = true,
        .nonce = account.nonce,
        .balance = u256_add(&account.balance, minted),
        .code_hash = account.code_hash,
        .slots = slots,
        .slot_count = count,
    };
    return state_apply(state, &root, &parent->fresh, &change, 1);
}

/* The newest block has the state that was made of it; a rollup keeps what that was before. */
static enum err restate(
    struct node_chain *chain, char error[NODE_ERROR_SIZE], const hash32 *before, const u256 *minted
) {
    struct node *node = chain->node;
    arena_reset(&node->build_arena);
    enum err err = node_chain_restate(chain, error, &node->build_arena);
    if (err != ERR_OK || chain->rollup_id == 0) return err;
    const struct head_pair pair = {*before, chain->head.state_root, *minted};
    err = remember(chain, &pair);
    if (err != ERR_OK) {
        chain->is_lost = true; /* the network stops: the Hub would not know of the head */
        return node_fail(error, err, "%s", err_text(err));
    }
    return node_chain_is_durable(chain) ? node_chain_sync(chain, error) : ERR_OK;
}

/* The Hub learns of the head; if it is on a rollup, that one's Hub of the rollup's, and so on. */
static enum err
tell_hub(struct node_chain *rollup, char error[NODE_ERROR_SIZE], const hash32 *head, u256 minted) {
    hash32 told = *head;
    enum err err = ERR_OK;
    for (; rollup->rollup_id != 0 && err == ERR_OK; rollup = node_parent(rollup)) {
        struct node_chain *parent = node_parent(rollup);
        const hash32 before = parent->head.state_root;
        err = move_in_hub(rollup, &told, &minted);
        if (err == ERR_OK && parent->rollup_id != 0) err = count_step(parent);
        if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
        err = restate(parent, error, &before, &minted);
        told = parent->head.state_root;
    }
    return err;
}

enum err amend_recover(struct node_chain *rollup, char error[NODE_ERROR_SIZE], hash32 *head) {
    hash32 amended = *head;
    u256 minted = U256_ZERO;
    enum err err = follow(rollup, &amended, &minted);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    if (hash32_equal(&amended, head)) return ERR_OK;
    *head = amended;
    return tell_hub(rollup, error, head, minted);
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Ether out of nothing, as far as the Hub can hold it. What was taken away stays with the Hub. */
static void count_minted(u256 *minted, const struct amendment *a, const u256 *before) {
    u256 more;
    const u256 one = u256_from_u64(1);
    const u256 limit = u256_shl(&one, 192);
    if (!a->has_balance || !u256_less(before, &a->balance)) return;
    more = u256_sub(&a->balance, before);
    more = u256_add(minted, &more);
    if (u256_less(&more, &limit)) *minted = more;
}

enum err amend(
    struct node_chain *chain,
    char error[NODE_ERROR_SIZE],
    const struct amendment *amendments,
    size_t count
) {
    bool is_rollup = chain->rollup_id != 0;
    u256 minted = U256_ZERO;
    u256 before;
    error[0] = 0;
    enum err err = ERR_OK;
    for (struct node_chain *c = chain; c->rollup_id != 0 && err == ERR_OK; c = node_parent(c))
        err = post_unsafe_blocks(c, error);
    if (err != ERR_OK) return err;
    const hash32 root = chain->head.state_root;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = apply(chain, &amendments[i], &before);
        if (err == ERR_OK) count_minted(&minted, &amendments[i], &before);
    }
    if (err == ERR_OK && hash32_equal(&chain->state.root, &root)) return ERR_OK;
    if (err == ERR_OK && is_rollup) err = count_step(chain);
    if (err != ERR_OK) {
        (void)node_fail(error, err, "%s", err_text(err));
        enum err discarded = node_chain_discard(chain);
        return discarded != ERR_OK ? discarded : err;
    }
    err = restate(chain, error, &root, &minted);
    /* First the rollup, then its parent: see amend_recover. */
    return err == ERR_OK ? tell_hub(chain, error, &chain->head.state_root, minted) : err;
}
