#include "node/audit.h"

#include "crypto/keccak.h"
#include "node/amend.h"
#include "node/hub_view.h"
#include "state/account.h"
#include "state/trie.h"

#include <inttypes.h>
#include <stdarg.h>

#define TRIE_MEMORY_MAX ((size_t)1 << 30)

struct auditor {
    struct node_chain *chain;
    struct audit found;
    char *error;
    struct arena arena; /* of a block */
    hash32 parent;      /* hash of the block before */
    uint64_t number;    /* of the block looked at */
};

__attribute__((format(printf, 2, 3))) static enum err
wrong(struct auditor *auditor, const char *format, ...) {
    char text[NODE_ERROR_SIZE / 2];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)snprintf(
        auditor->error,
        NODE_ERROR_SIZE,
        "%s: block %" PRIu64 ": %s",
        auditor->chain->rpc.name,
        auditor->number,
        text
    );
    return ERR_CORRUPT;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static enum err check_indexes(struct auditor *auditor, const struct chain_block *block) {
    struct database_transaction *store = node_chain_store(auditor->chain);
    uint64_t number;
    uint32_t index;
    enum err err = store_get_number(store, &block->hash, &number);
    if (err != ERR_OK || number != auditor->number)
        return wrong(auditor, "it is not found by its hash");
    for (size_t i = 0; i < block->block.tx_count; i++) {
        hash32 hash = keccak256(block->block.tx_encodings[i]);
        if (!hash32_equal(&hash, &block->transactions[i].hash))
            return wrong(auditor, "transaction %zu has another hash than it is shown with", i);
        err = store_find_transaction(store, &hash, &number, &index);
        if (err != ERR_OK || number != auditor->number || index != i)
            return wrong(auditor, "transaction %zu is not found by its hash", i);
    }
    return ERR_OK;
}

static enum err check_roots(struct auditor *auditor, const struct chain_block *block) {
    const struct block *b = &block->block;
    struct arena *arena = &auditor->arena;
    hash32 txs;
    hash32 receipts;
    hash32 ommers;
    hash32 withdrawals = b->header.withdrawals_root;
    enum err err = ordered_root(&txs, arena, b->tx_encodings, b->tx_count);
    if (err == ERR_OK) err = receipts_root(&receipts, arena, block->receipts, b->tx_count);
    if (err == ERR_OK) err = ommers_hash(&ommers, arena, b->ommers, b->ommer_count);
    if (err == ERR_OK && b->header.fields >= HEADER_WITHDRAWALS)
        err = withdrawals_root(&withdrawals, arena, b->withdrawals, b->withdrawal_count);
    if (err != ERR_OK) return err;
    if (!hash32_equal(&txs, &b->header.transactions_root))
        return wrong(auditor, "its transactions have another root than its header says");
    if (!hash32_equal(&receipts, &b->header.receipts_root))
        return wrong(auditor, "its receipts have another root than its header says");
    if (!hash32_equal(&ommers, &b->header.ommers_hash))
        return wrong(auditor, "its ommers have another hash than its header says");
    if (!hash32_equal(&withdrawals, &b->header.withdrawals_root))
        return wrong(auditor, "its withdrawals have another root than its header says");
    return ERR_OK;
}

static enum err check_block(struct auditor *auditor) {
    const struct chain_block *block;
    arena_reset(&auditor->arena);
    enum err err = node_chain_read_block(auditor->chain, &block, &auditor->arena, auditor->number);
    if (err != ERR_OK) return wrong(auditor, "it cannot be read: %s", err_text(err));
    hash32 hash = header_hash(&block->block.header);
    if (block->block.header.number != auditor->number)
        return wrong(auditor, "its header has another number");
    if (!hash32_equal(&hash, &block->hash))
        return wrong(auditor, "its header has another hash than it is shown with");
    if (auditor->found.block_count > 0 &&
        !hash32_equal(&block->block.header.parent_hash, &auditor->parent))
        return wrong(auditor, "it does not follow the block before it");
    err = check_roots(auditor, block);
    if (err == ERR_OK) err = check_indexes(auditor, block);
    auditor->parent = hash;
    auditor->found.block_count++;
    auditor->found.tx_count += block->block.tx_count;
    return err;
}

/* The first block that is there. */
static enum err find_first(struct auditor *auditor, uint64_t *first) {
    bytes key;
    bytes value;
    struct database_transaction *store = node_chain_store(auditor->chain);
    struct database_usage usage;
    enum err err = database_usage(store, &usage);
    if (err == ERR_OK) err = database_last(store, DATABASE_BLOCKS, &key, &value);
    if (err != ERR_OK) return err;
    uint64_t last = key.size == 8 ? load_be64(key.data) : 0;
    uint64_t count = usage.entries[DATABASE_BLOCKS];
    if (last != auditor->chain->head.number || count == 0 || count > last + 1)
        return wrong(auditor, "the newest block is not the one that the head names");
    *first = last + 1 - count;
    return ERR_OK;
}

/* Nothing is found that is not in a block. */
static enum err check_counts(struct auditor *auditor) {
    struct database_usage usage;
    const struct audit *found = &auditor->found;
    enum err err = database_usage(node_chain_store(auditor->chain), &usage);
    if (err != ERR_OK) return err;
    if (usage.entries[DATABASE_TRANSACTIONS] != found->tx_count)
        return wrong(auditor, "the index has other transactions than the blocks");
    if (usage.entries[DATABASE_RECEIPTS] != found->block_count ||
        usage.entries[DATABASE_BLOCK_HASHES] != found->block_count)
        return wrong(auditor, "the tables have different numbers of blocks");
    return ERR_OK;
}

/* --- state ------------------------------------------------------------------------------------ */

/* Every entry of a trie; reading it has compared all its nodes with their hashes. */
struct entries {
    struct trie_pool pool;
    struct trie trie;
    struct trie_iterator iterator;
};

static void open_entries(struct entries *entries, struct auditor *auditor, const hash32 *root) {
    trie_pool_open(&entries->pool, &auditor->arena, &auditor->chain->fresh.source);
    trie_open(&entries->trie, &entries->pool, root);
    trie_iterator_open(&entries->iterator, &entries->trie, BYTES_EMPTY);
}

static enum err count_slots(struct auditor *auditor, const hash32 *root) {
    struct arena_mark mark = arena_mark(&auditor->arena);
    struct entries *entries = arena_alloc(&auditor->arena, sizeof(*entries));
    bytes key;
    bytes value;
    bool found = true;
    if (entries == NULL) return ERR_MEMORY;
    open_entries(entries, auditor, root);
    enum err err = ERR_OK;
    for (;;) {
        err = trie_iterator_next(&entries->iterator, &found, &key, &value);
        if (err != ERR_OK || !found) break;
        auditor->found.slot_count++;
    }
    trie_iterator_close(&entries->iterator);
    arena_release(&auditor->arena, mark);
    return err;
}

static enum err check_account(struct auditor *auditor, bytes value) {
    struct account account;
    const hash32 no_code = KECCAK_EMPTY;
    bytes code;
    enum err err = account_decode(&account, value);
    auditor->found.account_count++;
    if (err == ERR_OK && !hash32_equal(&account.code_hash, &no_code)) {
        auditor->found.code_count++;
        err = source_code(&auditor->chain->fresh.source, &account.code_hash, &code);
    }
    return err == ERR_OK ? count_slots(auditor, &account.storage_root) : err;
}

static enum err check_state(struct auditor *auditor) {
    struct entries *entries = arena_alloc(&auditor->arena, sizeof(*entries));
    bytes key;
    bytes value;
    bool found = true;
    if (entries == NULL) return ERR_MEMORY;
    open_entries(entries, auditor, &auditor->chain->head.state_root);
    enum err err = ERR_OK;
    while (err == ERR_OK) {
        err = trie_iterator_next(&entries->iterator, &found, &key, &value);
        if (err != ERR_OK || !found) break;
        err = check_account(auditor, value);
    }
    trie_iterator_close(&entries->iterator);
    if (err == ERR_OK) return ERR_OK;
    return wrong(auditor, "its state is not whole: %s", err_text(err));
}

/* --- rollups ---------------------------------------------------------------------------------- */

/* A crash may have left a rollup ahead of L1: the next start goes on from where the Hub is. */
static enum err check_head(struct auditor *auditor) {
    struct node_chain *chain = auditor->chain;
    struct hub_view view;
    struct header known;
    bool is_found = false;
    uint64_t safe = 0;
    enum err err = node_hub_view(&view, chain);
    if (err == ERR_OK) err = node_chain_find_root(chain, &is_found, &known, &view.head);
    if (err == ERR_OK && !is_found) {
        err = amend_follow(chain, &view.head);
        if (err == ERR_OK) err = node_chain_find_root(chain, &is_found, &known, &view.head);
        auditor->found.is_ahead = true;
    }
    if (err != ERR_OK) return err;
    if (!is_found)
        return wrong(auditor, "the head that its parent has for it is no block of its store");
    err = store_get_head(node_chain_store(chain), STORE_SAFE, &safe, NULL);
    if (err != ERR_OK && err != ERR_MISSING) return err;
    auditor->found.is_ahead |= safe != known.number;
    auditor->found.unsafe_count = chain->head.number - known.number;
    return ERR_OK;
}

enum err audit_chain(
    struct node_chain *chain, struct audit *audit, char error[NODE_ERROR_SIZE], bool has_state
) {
    struct auditor auditor = {.chain = chain, .error = error};
    uint64_t first = 0;
    error[0] = 0;
    arena_open(&auditor.arena, TRIE_MEMORY_MAX);
    auditor.number = chain->head.number;
    enum err err = find_first(&auditor, &first);
    for (uint64_t n = first; err == ERR_OK && n <= chain->head.number; n++) {
        auditor.number = n;
        err = check_block(&auditor);
        node_chain_settle(chain);
    }
    if (err == ERR_OK) err = check_counts(&auditor);
    arena_reset(&auditor.arena);
    bool is_l1 = chain->rollup_id == 0;
    if (err == ERR_OK && (has_state || !is_l1)) err = check_state(&auditor);
    if (err == ERR_OK && has_state && !is_l1) err = check_head(&auditor);
    if (err != ERR_OK && error[0] == 0)
        (void)snprintf(
            error,
            NODE_ERROR_SIZE,
            "%s: %.450s",
            chain->rpc.name,
            chain->snapshot.error[0] != 0 ? chain->snapshot.error : err_text(err)
        );
    arena_close(&auditor.arena);
    *audit = auditor.found;
    return err;
}
