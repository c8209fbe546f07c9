#include "node/chain.h"

#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"
#include "node/waiting.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK_MEMORY_SIZE_MAX ((size_t)256 << 20) /* one cached block */
#define GENESIS_SIZE_MAX      ((size_t)256 << 20)

/* --- opening ---------------------------------------------------------------------------------- */

static void empty_fresh(struct node_chain *chain) {
    struct source *base =
        chain->forked != NULL ? &chain->forked_source.source : &chain->source.source;
    arena_reset(&chain->fresh_arena);
    source_memory_open(&chain->fresh, &chain->fresh_arena, base);
}

/* Opens the newest state anew, at the head's root. */
static enum err open_state(struct node_chain *chain) {
    arena_reset(&chain->state_arena);
    return state_open(
        &chain->state, &chain->state_arena, &chain->fresh.source, &chain->head.state_root
    );
}

static enum err read_head(struct node_chain *chain, bool *is_new) {
    uint64_t number;
    enum err err = store_get_head(&chain->snapshot, STORE_HEAD, &number, &chain->head_hash);
    *is_new = err == ERR_MISSING;
    if (*is_new) return ERR_OK;
    if (err != ERR_OK) return err;
    err = node_chain_read_header(chain, &chain->head, NULL, number);
    return err != ERR_OK ? err : open_state(chain);
}

enum err node_chain_open_sources(struct node_chain *chain, bool is_checked) {
    arena_open(&chain->state_arena, CHAIN_STATE_SIZE_MAX);
    arena_open(&chain->fresh_arena, CHAIN_FRESH_SIZE_MAX);
    arena_open(&chain->code_arena, CHAIN_CODES_SIZE_MAX);
    chain->codes = evm_code_cache_open(&chain->code_arena);
    chain->pool = pool_open();
    if (chain->codes == NULL || chain->pool == NULL) return ERR_MEMORY;
    source_lmdb_open(&chain->source, &chain->snapshot, is_checked);
    if (chain->forked != NULL)
        forked_source_open(
            &chain->forked_source,
            chain->forked,
            &chain->source.source,
            forked_header(chain->forked)
        );
    empty_fresh(chain);
    return ERR_OK;
}

void node_chain_close_sources(struct node_chain *chain) {
    node_chain_forget_blocks(chain, 0);
    if (chain->pool != NULL) pool_close(chain->pool);
    database_end(&chain->snapshot);
    arena_close(&chain->state_arena);
    arena_close(&chain->fresh_arena);
    arena_close(&chain->code_arena);
}

enum err node_chain_open(
    struct node_chain *chain,
    bool *is_new,
    char error[DATABASE_ERROR_SIZE],
    const struct node_chain_options *options
) {
    chain->rollup_id = options->rollup_id;
    chain->type = options->type;
    chain->gas_limit = options->gas_limit;
    chain->rpc.name = options->name;
    chain->rpc.chain_id = options->chain_id;
    forks_development(&chain->schedule, options->chain_id, FORK_OSAKA);
    chain->schedule.names_senders = true;
    chain->schedule.has_conditional = chain->type != NULL && chain->type->kind == ROLLUP_EVM;
    chain->schedule.is_rollup = options->rollup_id != 0;
    struct database_options database = {.path = options->path, .must_exist = options->must_exist};
    enum err err = database_open(&chain->database, &database, error);
    if (err != ERR_OK) return err;
    chain->forked = options->forked;
    err = node_chain_open_sources(chain, options->path != NULL);
    if (err == ERR_OK) err = database_begin_read(&chain->database, &chain->snapshot);
    if (err == ERR_OK) err = read_head(chain, is_new);
    if (err != ERR_OK) {
        (void)snprintf(
            error,
            DATABASE_ERROR_SIZE,
            "%s: %.450s",
            options->name,
            chain->snapshot.error[0] != 0 ? chain->snapshot.error : err_text(err)
        );
        node_chain_close(chain);
    }
    return err;
}

void node_chain_close(struct node_chain *chain) {
    node_chain_close_sources(chain);
    free(chain->impersonated);
    database_end(&chain->write); /* the owner has synced what is to stay */
    database_close(&chain->database);
    *chain = (struct node_chain){0};
}

enum err node_chain_begin(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], struct genesis *genesis
) {
    struct arena arena;
    struct source_memory memory;
    hash32 empty = EMPTY_TRIE_ROOT;
    arena_open(&arena, GENESIS_SIZE_MAX);
    source_memory_open(&memory, &arena, NULL);
    struct state state;
    enum err err = state_open(&state, &arena, &memory.source, &empty);
    if (err == ERR_OK) err = genesis_commit(genesis, &state, &memory, &arena);
    struct node_new_block block = {.header = &genesis->header, .memory = &memory};
    error[0] = 0;
    if (err == ERR_OK) err = node_chain_append(chain, error, &arena, &block);
    if (err != ERR_OK && error[0] == 0)
        (void
        )snprintf(error, DATABASE_ERROR_SIZE, "%s: genesis: %s", chain->rpc.name, err_text(err));
    arena_close(&arena);
    return err;
}

enum err node_chain_begin_forked(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], struct genesis *genesis
) {
    struct arena arena;
    const hash32 *root = forked_source_root(&chain->forked_source);
    struct node_new_block block = {.header = &genesis->header};
    arena_open(&arena, GENESIS_SIZE_MAX);
    error[0] = 0;
    enum err err = state_open(&chain->state, &chain->state_arena, &chain->fresh.source, root);
    if (err == ERR_OK) err = genesis_commit(genesis, &chain->state, &chain->fresh, &arena);
    if (err == ERR_OK) err = node_chain_append(chain, error, &arena, &block);
    if (err != ERR_OK && error[0] == 0)
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s: %.400s", chain->rpc.name, err_text(err));
    arena_close(&arena);
    return err;
}

/* --- appending -------------------------------------------------------------------------------- */

/* The receipts' form in the store: see chain.h. */
static enum err
encode_receipts(bytes *encoded, struct arena *arena, const struct node_new_block *block) {
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    /* Each receipt is encoded in the same arena as the writer's growing buffer, so first all of
     * them, then the list. */
    bytes *items = arena_alloc_array(arena, block->tx_count, sizeof(*items));
    if (items == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < block->tx_count; i++) {
        enum err err = receipt_encode(&items[i], arena, &block->receipts[i]);
        if (err != ERR_OK) return err;
    }
    rlp_list_begin(&w);
    rlp_list_begin(&w);
    for (size_t i = 0; i < block->tx_count; i++)
        rlp_write_string(&w, items[i]);
    rlp_list_end(&w);
    rlp_write_string(&w, bytes_of(block->senders, block->tx_count * sizeof(address)));
    rlp_list_end(&w);
    return rlp_finish(&w, encoded);
}

/* The block, without its nodes, into the write transaction. */
static enum err
write_block(struct node_chain *chain, struct arena *scratch, const struct node_new_block *block) {
    struct block whole = {
        .header = *block->header,
        .tx_encodings = block->tx_encodings,
        .tx_count = block->tx_count,
        .ommers = block->ommers,
        .ommer_count = block->ommer_count,
        .withdrawals = block->withdrawals,
        .withdrawal_count = block->withdrawal_count,
    };
    struct store_block stored = {
        .number = block->header->number,
        .hash = header_hash(block->header),
        .transaction_hashes = block->tx_hashes,
        .transaction_count = block->tx_count,
    };
    enum err err = block_encode(&stored.block, scratch, &whole);
    if (err == ERR_OK) err = encode_receipts(&stored.receipts, scratch, block);
    if (err == ERR_OK && chain->unsynced_count == 0)
        err = database_begin_write(&chain->database, &chain->write);
    if (err != ERR_OK) return err;
    /* From here on the transaction has to be committed or ended. */
    chain->unsynced_count++;
    chain->unsynced_size += stored.block.size + stored.receipts.size;
    err = store_append(&chain->write, &stored);
    if (err == ERR_OK && block->is_safe)
        err = store_set_head(&chain->write, STORE_SAFE, stored.number);
    return err;
}

/* A failed write transaction takes all its blocks with it. */
static void lose_unsynced(struct node_chain *chain, char error[DATABASE_ERROR_SIZE], enum err err) {
    (void)snprintf(
        error,
        DATABASE_ERROR_SIZE,
        "%s",
        chain->write.error[0] != 0 ? chain->write.error : err_text(err)
    );
    database_end(&chain->write);
    chain->is_lost = chain->unsynced_count > 1 || chain->is_lost;
    chain->unsynced_count = 0;
    chain->unsynced_size = 0;
}

enum err node_chain_sync(struct node_chain *chain, char error[DATABASE_ERROR_SIZE]) {
    if (chain->unsynced_count == 0) return ERR_OK;
    enum err err = source_lmdb_write(&chain->write, &chain->fresh);
    if (err == ERR_OK) err = database_commit(&chain->write);
    if (err != ERR_OK) {
        lose_unsynced(chain, error, err);
        chain->is_lost = true;
        return err;
    }
    chain->unsynced_count = 0;
    chain->unsynced_size = 0;
    err = database_renew(&chain->snapshot);
    if (err != ERR_OK) {
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", chain->snapshot.error);
        chain->is_lost = true;
        return err;
    }
    empty_fresh(chain);
    return ERR_OK;
}

/* The newest state moves to the new head. */
static enum err move_head(struct node_chain *chain, const struct header *header) {
    chain->head = *header;
    chain->head_hash = header_hash(header);
    if (chain->state.arena == NULL) return open_state(chain);
    if (hash32_equal(&chain->state.root, &header->state_root)) return ERR_OK;
    return state_move(&chain->state, &header->state_root);
}

/* The pool learns what the senders of the block have left. Deposits have no place in it. */
static enum err advance_pool(struct node_chain *chain, const struct node_new_block *block) {
    for (size_t i = 0; i < block->tx_count; i++) {
        const address *sender = &block->senders[i];
        struct account account;
        bool exists;
        if (block->receipts[i].type == TX_DEPOSIT) continue;
        if (i > 0 && address_equal(sender, &block->senders[i - 1])) continue;
        enum err err = state_get_account(&chain->state, sender, &account, &exists);
        if (err != ERR_OK) return err;
        struct pool_account left = {.nonce = account.nonce, .balance = account.balance};
        pool_advance(chain->pool, sender, &left);
    }
    return ERR_OK;
}

static void count_block(struct chain_stats *stats, const struct node_new_block *block) {
    stats->block_count++;
    stats->tx_count += block->tx_count;
    stats->gas_used += block->header->gas_used;
    for (size_t i = 0; i < block->tx_count; i++)
        stats->failed_count += !block->receipts[i].is_success;
}

enum err node_chain_append(
    struct node_chain *chain,
    char error[DATABASE_ERROR_SIZE],
    struct arena *scratch,
    const struct node_new_block *block
) {
    struct arena_mark mark = arena_mark(scratch);
    bool is_foreign = block->memory != NULL && block->memory != &chain->fresh;
    enum err err = write_block(chain, scratch, block);
    arena_release(scratch, mark);
    if (err == ERR_OK && is_foreign) err = source_lmdb_write(&chain->write, block->memory);
    if (err != ERR_OK) {
        lose_unsynced(chain, error, err);
        return err;
    }
    if (is_foreign || chain->unsynced_count >= CHAIN_UNSYNCED_MAX ||
        chain->unsynced_size > CHAIN_UNSYNCED_SIZE ||
        chain->fresh_arena.used_size > CHAIN_FRESH_SIZE)
        err = node_chain_sync(chain, error);
    if (err != ERR_OK) return err;
    err = move_head(chain, block->header);
    if (err == ERR_OK) err = advance_pool(chain, block);
    if (err == ERR_OK) waiting_drop_late(chain);
    if (err != ERR_OK) {
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", err_text(err));
        chain->is_lost = true;
    }
    if (err == ERR_OK) count_block(&chain->stats, block);
    return err;
}

void node_chain_forget_blocks(struct node_chain *chain, uint64_t first) {
    for (size_t i = 0; i < CHAIN_CACHED_BLOCKS; i++) {
        struct chain_cached_block *cached = &chain->cached[i];
        if (!cached->is_used || cached->block.block.header.number < first) continue;
        arena_close(&cached->arena);
        cached->is_used = false;
    }
}

/* The newest block's bytes with another header. */
static enum err encode_with_header(
    struct node_chain *chain, bytes *out, struct arena *scratch, const struct header *header
) {
    struct block block;
    enum block_verdict verdict;
    enum tx_verdict tx_verdict;
    size_t tx_index;
    bytes stored;
    enum err err = store_get_block(node_chain_store(chain), header->number, &stored);
    if (err == ERR_OK) err = arena_copy(scratch, &stored, stored);
    if (err == ERR_OK)
        err = block_decode(&block, &verdict, &tx_verdict, &tx_index, scratch, stored);
    if (err != ERR_OK) return err;
    if (verdict != BLOCK_OK) return ERR_CORRUPT;
    block.header = *header;
    return block_encode(out, scratch, &block);
}

enum err node_chain_put_header(
    struct node_chain *chain,
    char error[DATABASE_ERROR_SIZE],
    struct arena *scratch,
    const struct header *header
) {
    CHECK(header->number == chain->head.number);
    struct arena_mark mark = arena_mark(scratch);
    hash32 hash = header_hash(header);
    bytes encoded;
    enum err err = encode_with_header(chain, &encoded, scratch, header);
    if (err == ERR_OK && chain->unsynced_count == 0)
        err = database_begin_write(&chain->database, &chain->write);
    if (err != ERR_OK) {
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s: %s", chain->rpc.name, err_text(err));
        arena_release(scratch, mark);
        return err;
    }
    chain->unsynced_count++;
    err = store_replace_head(&chain->write, &hash, encoded);
    arena_release(scratch, mark);
    if (err != ERR_OK) {
        lose_unsynced(chain, error, err);
        return err;
    }
    node_chain_forget_blocks(chain, header->number);
    /* Nobody is told of it as of a new block. */
    if (hash32_equal(&chain->announced_hash, &chain->head_hash)) chain->announced_hash = hash;
    err = move_head(chain, header);
    if (err != ERR_OK) (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", err_text(err));
    return err;
}

/* The newest block of a database that is another than before. */
static enum err begin_anew(struct node_chain *chain) {
    struct pool *pool = pool_open();
    bool is_new = false;
    if (pool == NULL) return ERR_MEMORY;
    pool_close(chain->pool);
    chain->pool = pool;
    chain->waiting_count = 0;
    enum err err = database_renew(&chain->snapshot);
    if (err != ERR_OK) return err;
    empty_fresh(chain);
    node_chain_forget_blocks(chain, 0);
    err = read_head(chain, &is_new);
    chain->announced_hash = chain->head_hash;
    return err == ERR_OK && is_new ? ERR_MISSING : err;
}

enum err node_chain_replace(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], node_chain_fill *fill, void *context
) {
    enum err err = node_chain_sync(chain, error);
    if (err == ERR_OK) err = database_begin_write(&chain->database, &chain->write);
    if (err != ERR_OK) return err;
    err = fill(context, &chain->write);
    if (err != ERR_OK) {
        database_end(&chain->write);
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s: %s", chain->rpc.name, err_text(err));
        return err;
    }
    err = database_commit(&chain->write);
    if (err == ERR_OK) err = begin_anew(chain);
    if (err != ERR_OK) {
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s: %s", chain->rpc.name, err_text(err));
        chain->is_lost = true;
    }
    return err;
}

enum err node_chain_restate(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], struct arena *scratch
) {
    struct header header = chain->head;
    header.state_root = chain->state.root;
    return node_chain_put_header(chain, error, scratch, &header);
}

enum err
node_chain_truncate(struct node_chain *chain, char error[DATABASE_ERROR_SIZE], uint64_t number) {
    struct header header;
    enum err err = node_chain_sync(chain, error);
    if (err != ERR_OK) return err;
    err = node_chain_read_header(chain, &header, NULL, number);
    if (err != ERR_OK) {
        (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", chain->snapshot.error);
        return err;
    }
    err = database_begin_write(&chain->database, &chain->write);
    if (err == ERR_OK) err = store_truncate(&chain->write, number);
    if (err == ERR_OK) err = database_commit(&chain->write);
    if (err == ERR_OK) err = database_renew(&chain->snapshot);
    if (err != ERR_OK) {
        lose_unsynced(chain, error, err);
        return err;
    }
    node_chain_forget_blocks(chain, number + 1);
    err = move_head(chain, &header);
    if (err != ERR_OK) (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", err_text(err));
    return err;
}

enum err
node_chain_set_safe(struct node_chain *chain, char error[DATABASE_ERROR_SIZE], uint64_t number) {
    enum err err = node_chain_sync(chain, error);
    if (err != ERR_OK) return err;
    err = database_begin_write(&chain->database, &chain->write);
    if (err == ERR_OK) err = store_set_head(&chain->write, STORE_SAFE, number);
    if (err == ERR_OK) err = database_commit(&chain->write);
    if (err == ERR_OK) err = database_renew(&chain->snapshot);
    if (err != ERR_OK) lose_unsynced(chain, error, err);
    return err;
}

enum err node_chain_put_meta(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], const char *name, bytes value
) {
    struct database_transaction write;
    enum err err = node_chain_sync(chain, error);
    if (err != ERR_OK) return err;
    err = database_begin_write(&chain->database, &write);
    if (err == ERR_OK) err = store_put_meta(&write, name, value);
    if (err == ERR_OK) err = database_commit(&write);
    if (err != ERR_OK) (void)snprintf(error, DATABASE_ERROR_SIZE, "%s", write.error);
    database_end(&write);
    return err == ERR_OK ? database_renew(&chain->snapshot) : err;
}

enum err node_chain_discard(struct node_chain *chain) {
    /* What the builder has put into fresh besides harms nobody. */
    return state_move(&chain->state, &chain->head.state_root);
}

void node_chain_settle(struct node_chain *chain) {
    chain->tick++;
    if (chain->state_arena.used_size > CHAIN_STATE_SIZE) {
        /* Opening allocates little in an arena that keeps its largest chunk. */
        enum err err = open_state(chain);
        CHECK(err == ERR_OK);
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum err get_hash(void *context, uint64_t number, hash32 *hash) {
    struct node_chain *chain = context;
    if (number == chain->head.number) {
        *hash = chain->head_hash;
        return ERR_OK;
    }
    if (node_chain_is_forked(chain, number)) return forked_block_hash(chain->forked, hash, number);
    return store_get_hash(node_chain_store(chain), number, hash);
}

struct block_hashes node_chain_hashes(struct node_chain *chain) {
    return (struct block_hashes){.context = chain, .get = get_hash};
}

static enum err resolve_head(struct node_chain *chain, uint64_t *number, enum rpc_block_kind kind) {
    /* Nothing above an L1 block can undo it here; a rollup's block is safe when it is on L1. */
    enum store_head head = kind == RPC_BLOCK_SAFE ? STORE_SAFE : STORE_FINALIZED;
    if (chain->rollup_id == 0) {
        *number = chain->head.number;
        return ERR_OK;
    }
    enum err err = store_get_head(node_chain_store(chain), head, number, NULL);
    if (err == ERR_MISSING) {
        *number = 0;
        return ERR_OK;
    }
    return err;
}

static enum err resolve_hash(struct node_chain *chain, uint64_t *number, const hash32 *hash) {
    if (hash32_equal(hash, &chain->head_hash)) {
        *number = chain->head.number;
        return ERR_OK;
    }
    enum err err = store_get_number(node_chain_store(chain), hash, number);
    if (err != ERR_MISSING || chain->forked == NULL) return err;
    bool is_found;
    err = forked_find_block(chain->forked, &is_found, number, hash);
    return err == ERR_OK && !is_found ? ERR_MISSING : err;
}

enum err node_chain_resolve(
    struct node_chain *chain, bool *is_found, uint64_t *number, const struct rpc_block_id *id
) {
    enum err err = ERR_OK;
    switch (id->kind) {
    case RPC_BLOCK_NUMBER:
        *number = id->number;
        break;
    case RPC_BLOCK_HASH:
        err = resolve_hash(chain, number, &id->hash);
        break;
    case RPC_BLOCK_LATEST:
    case RPC_BLOCK_PENDING:
        *number = chain->head.number;
        break;
    case RPC_BLOCK_SAFE:
    case RPC_BLOCK_FINALIZED:
        err = resolve_head(chain, number, id->kind);
        break;
    case RPC_BLOCK_EARLIEST:
        *number = 0;
        break;
    }
    if (err != ERR_OK && err != ERR_MISSING) return err;
    *is_found = err == ERR_OK && *number <= chain->head.number;
    return ERR_OK;
}

enum err node_chain_read_header(
    struct node_chain *chain, struct header *header, size_t *tx_count, uint64_t number
) {
    bytes encoded;
    if (node_chain_is_forked(chain, number))
        return forked_read_header(chain->forked, header, NULL, tx_count, number);
    enum err err = store_get_block(node_chain_store(chain), number, &encoded);
    if (err != ERR_OK) return err;
    struct rlp rlp = rlp_open(encoded);
    struct rlp fields;
    bytes item;
    bool is_list;
    if (rlp_read_list(&rlp, &fields) != ERR_OK) return ERR_CORRUPT;
    if (rlp_read_item(&fields, &item, &is_list) != ERR_OK || !is_list) return ERR_CORRUPT;
    if (header_decode(header, item) != BLOCK_OK) return ERR_CORRUPT;
    if (tx_count == NULL) return ERR_OK;
    const hash32 *hashes;
    return store_get_transaction_hashes(node_chain_store(chain), number, &hashes, tx_count);
}

enum err node_chain_find_root(
    struct node_chain *chain, bool *is_found, struct header *header, const hash32 *root
) {
    for (uint64_t n = chain->head.number;; n--) {
        struct header read;
        enum err err = node_chain_read_header(chain, &read, NULL, n);
        if (err != ERR_OK) return err;
        *is_found = hash32_equal(&read.state_root, root);
        if (*is_found) *header = read;
        if (*is_found || n == 0) return ERR_OK;
    }
}

static enum err decode_receipts(
    struct receipt *receipts, bytes *senders, struct arena *arena, bytes encoded, size_t count
) {
    struct rlp rlp = rlp_open(encoded);
    struct rlp both;
    struct rlp list;
    if (rlp_read_list(&rlp, &both) != ERR_OK || rlp_read_list(&both, &list) != ERR_OK)
        return ERR_CORRUPT;
    for (size_t i = 0; i < count; i++) {
        bytes item;
        if (rlp_read_string(&list, &item) != ERR_OK) return ERR_CORRUPT;
        enum err err = receipt_decode(&receipts[i], arena, item);
        if (err != ERR_OK) return err == ERR_MEMORY ? err : ERR_CORRUPT;
    }
    if (!rlp_done(&list) || rlp_read_string(&both, senders) != ERR_OK) return ERR_CORRUPT;
    return senders->size == count * sizeof(address) ? ERR_OK : ERR_CORRUPT;
}

/* A block of the remote, in the form of our own. */
static enum err read_forked_block(
    struct node_chain *chain, struct chain_block *out, struct arena *arena, uint64_t number
) {
    struct forked_block read;
    bytes encoded;
    enum err err = forked_read_block(chain->forked, &read, arena, number);
    if (err == ERR_OK) err = block_encode(&encoded, arena, &read.block);
    if (err != ERR_OK) return err;
    size_t count = read.block.tx_count;
    struct rpc_transaction *transactions = arena_alloc_array(arena, count, sizeof(*transactions));
    if (transactions == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        transactions[i] = (struct rpc_transaction){
            .tx = &read.block.txs[i],
            .hash = read.tx_hashes[i],
            .sender = read.senders[i],
            .encoded = read.block.tx_encodings[i],
        };
    *out = (struct chain_block){
        .block = read.block,
        .hash = read.hash,
        .size = encoded.size,
        .transactions = transactions,
        .receipts = read.receipts,
    };
    return ERR_OK;
}

/* Everything lies in arena. */
static enum err read_block(
    struct node_chain *chain, struct chain_block *out, struct arena *arena, uint64_t number
) {
    bytes encoded;
    bytes receipts_encoded;
    const hash32 *hashes;
    size_t count;
    if (node_chain_is_forked(chain, number)) return read_forked_block(chain, out, arena, number);
    struct database_transaction *store = node_chain_store(chain);
    enum err err = store_get_block(store, number, &encoded);
    if (err == ERR_OK) err = store_get_receipts(store, number, &receipts_encoded);
    if (err == ERR_OK) err = store_get_hash(store, number, &out->hash);
    if (err == ERR_OK) err = store_get_transaction_hashes(store, number, &hashes, &count);
    if (err == ERR_OK) err = arena_copy(arena, &encoded, encoded);
    if (err == ERR_OK) err = arena_copy(arena, &receipts_encoded, receipts_encoded);
    if (err != ERR_OK) return err;

    enum block_verdict verdict;
    enum tx_verdict tx_verdict;
    size_t tx_index;
    err = block_decode(&out->block, &verdict, &tx_verdict, &tx_index, arena, encoded);
    if (err != ERR_OK) return err;
    if (verdict != BLOCK_OK || out->block.tx_count != count) return ERR_CORRUPT;
    struct receipt *receipts = arena_alloc_array(arena, count, sizeof(*receipts));
    struct rpc_transaction *transactions = arena_alloc_array(arena, count, sizeof(*transactions));
    if (receipts == NULL || transactions == NULL) return ERR_MEMORY;
    bytes senders;
    err = decode_receipts(receipts, &senders, arena, receipts_encoded, count);
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < count; i++) {
        transactions[i] = (struct rpc_transaction){
            .tx = &out->block.txs[i],
            .hash = hashes[i],
            .encoded = out->block.tx_encodings[i],
        };
        memcpy(&transactions[i].sender, senders.data + i * sizeof(address), sizeof(address));
    }
    out->size = encoded.size;
    out->transactions = transactions;
    out->receipts = receipts;
    return ERR_OK;
}

/* The place for a further block: the one not asked for the longest, unless all were in this
 * turn. */
static struct chain_cached_block *cache_place(struct node_chain *chain) {
    struct chain_cached_block *oldest = NULL;
    for (size_t i = 0; i < CHAIN_CACHED_BLOCKS; i++) {
        struct chain_cached_block *cached = &chain->cached[i];
        if (!cached->is_used) return cached;
        if (cached->used != chain->tick && (oldest == NULL || cached->used < oldest->used))
            oldest = cached;
    }
    return oldest;
}

enum err node_chain_read_block(
    struct node_chain *chain, const struct chain_block **block, struct arena *arena, uint64_t number
) {
    for (size_t i = 0; i < CHAIN_CACHED_BLOCKS; i++) {
        struct chain_cached_block *cached = &chain->cached[i];
        if (!cached->is_used || cached->block.block.header.number != number) continue;
        cached->used = chain->tick;
        *block = &cached->block;
        return ERR_OK;
    }
    struct chain_cached_block *place = cache_place(chain);
    if (place == NULL) {
        struct chain_block *own = arena_alloc_zero(arena, sizeof(*own));
        if (own == NULL) return ERR_MEMORY;
        *block = own;
        return read_block(chain, own, arena, number);
    }
    if (place->is_used)
        arena_reset(&place->arena);
    else
        arena_open(&place->arena, BLOCK_MEMORY_SIZE_MAX);
    enum err err = read_block(chain, &place->block, &place->arena, number);
    if (err != ERR_OK) {
        arena_close(&place->arena);
        place->is_used = false;
        return err;
    }
    place->is_used = true;
    place->used = chain->tick;
    *block = &place->block;
    return ERR_OK;
}

enum err node_chain_find_transaction(
    struct node_chain *chain, bool *is_found, struct forked_place *place, const hash32 *hash
) {
    struct database_transaction *store = node_chain_store(chain);
    uint32_t index;
    *is_found = false;
    enum err err = store_find_transaction(store, hash, &place->number, &index);
    if (err == ERR_MISSING)
        return chain->forked == NULL
                   ? ERR_OK
                   : forked_find_transaction(chain->forked, is_found, place, hash);
    if (err == ERR_OK) err = store_get_hash(store, place->number, &place->block_hash);
    if (err != ERR_OK) return err;
    place->index = index;
    *is_found = true;
    return ERR_OK;
}

enum err node_chain_source_at(
    struct node_chain *chain,
    struct source **source,
    hash32 *root,
    struct arena *arena,
    const struct header *header
) {
    if (!node_chain_is_forked(chain, header->number)) {
        *source = &chain->fresh.source;
        *root = header->state_root;
        return ERR_OK;
    }
    struct forked_source *own = arena_alloc(arena, sizeof(*own));
    if (own == NULL) return ERR_MEMORY;
    forked_source_open(own, chain->forked, &chain->source.source, header);
    *source = &own->source;
    *root = *forked_source_root(own);
    return ERR_OK;
}

enum err node_chain_state_at(
    struct node_chain *chain, struct state **state, struct arena *arena, const struct header *header
) {
    struct source *source;
    hash32 root;
    if (hash32_equal(&header->state_root, &chain->state.root)) {
        *state = &chain->state;
        return ERR_OK;
    }
    struct state *own = arena_alloc_zero(arena, sizeof(*own));
    if (own == NULL) return ERR_MEMORY;
    enum err err = node_chain_source_at(chain, &source, &root, arena, header);
    if (err == ERR_OK) err = state_open(own, arena, source, &root);
    if (err == ERR_OK) *state = own;
    return err;
}
