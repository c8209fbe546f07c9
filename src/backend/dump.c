#include "backend/dump.h"

#include "core/rlp.h"
#include "crypto/keccak.h"
#include "node/hub_view.h"
#include "node/network.h"

#include <stdlib.h>

#define DUMP_MAGIC "lockstep-dump-1"

/* --- writing ---------------------------------------------------------------------------------- */

static enum err write_entry(void *context, bytes key, bytes value) {
    struct rlp_writer *w = context;
    rlp_write_string(w, key);
    rlp_write_string(w, value);
    return w->failed ? ERR_MEMORY : ERR_OK;
}

static enum err write_chain(struct rlp_writer *w, struct node_chain *chain) {
    enum err err = ERR_OK;
    rlp_list_begin(w);
    for (unsigned i = 0; i < DATABASE_TABLE_COUNT && err == ERR_OK; i++) {
        enum database_table table = (enum database_table)i;
        if (table == DATABASE_NODE_RUNS) continue; /* made anew from the nodes */
        rlp_list_begin(w);
        err = table == DATABASE_NODES ? node_store_visit(&chain->snapshot, write_entry, w)
                                      : database_visit(&chain->snapshot, table, write_entry, w);
        rlp_list_end(w);
    }
    rlp_list_end(w);
    return err;
}

enum err
dump_write(bytes *out, struct arena *arena, struct node *node, char error[DATABASE_ERROR_SIZE]) {
    if (node->forked != NULL)
        return node_fail(
            error, ERR_INPUT, "a fork cannot be dumped: what it has not changed is elsewhere"
        );
    struct rlp_writer w;
    enum err err = ERR_OK;
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = node_chain_sync(&node->chains[i], error);
    if (err != ERR_OK) return err;
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    rlp_write_string(&w, bytes_of(DUMP_MAGIC, sizeof(DUMP_MAGIC) - 1));
    rlp_list_begin(&w);
    for (size_t i = 0; i < node->chain_count; i++)
        rlp_write_u64(&w, node->chains[i].rpc.chain_id);
    rlp_list_end(&w);
    rlp_write_string(&w, hash32_bytes(&node->keys.builder.private_key));
    rlp_write_string(&w, hash32_bytes(&node->keys.attester.private_key));
    rlp_list_begin(&w);
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = write_chain(&w, &node->chains[i]);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    rlp_list_end(&w);
    rlp_list_end(&w);
    err = rlp_finish(&w, out);
    return err == ERR_OK ? ERR_OK : node_fail(error, err, "%s", err_text(err));
}

/* --- reading ---------------------------------------------------------------------------------- */

struct dump {
    struct hd_key builder;
    struct hd_key attester;
    struct rlp chains[NODE_CHAINS_MAX]; /* the tables of each */
};

static enum err read_head(struct dump *dump, const struct node *node, bytes encoded) {
    struct rlp rlp = rlp_open(encoded);
    struct rlp whole;
    struct rlp ids;
    struct rlp chains;
    bytes magic;
    bytes builder;
    bytes attester;
    if (rlp_read_list(&rlp, &whole) != ERR_OK || rlp_read_string(&whole, &magic) != ERR_OK ||
        !bytes_equal(magic, bytes_of(DUMP_MAGIC, sizeof(DUMP_MAGIC) - 1)) ||
        rlp_read_list(&whole, &ids) != ERR_OK || rlp_read_string(&whole, &builder) != ERR_OK ||
        rlp_read_string(&whole, &attester) != ERR_OK || rlp_read_list(&whole, &chains) != ERR_OK ||
        keys_set(&dump->builder, builder) != ERR_OK ||
        keys_set(&dump->attester, attester) != ERR_OK)
        return ERR_INPUT;
    for (size_t i = 0; i < node->chain_count; i++) {
        uint64_t id;
        if (rlp_read_u64(&ids, &id) != ERR_OK || id != node->chains[i].rpc.chain_id)
            return ERR_UNSUPPORTED;
        if (rlp_read_list(&chains, &dump->chains[i]) != ERR_OK) return ERR_INPUT;
    }
    return rlp_done(&ids) && rlp_done(&chains) ? ERR_OK : ERR_UNSUPPORTED;
}

/* Nodes, each under the hash that it has. */
static enum err fill_nodes(struct database_transaction *write, struct rlp entries) {
    enum { TOGETHER = 65536 };
    struct node_store_item *items = malloc(TOGETHER * sizeof(*items));
    if (items == NULL) return ERR_MEMORY;
    size_t count = 0;
    enum err err = node_store_clear(write);
    while (err == ERR_OK && !rlp_done(&entries)) {
        bytes key;
        struct node_store_item *item = &items[count];
        if (rlp_read_string(&entries, &key) != ERR_OK ||
            rlp_read_string(&entries, &item->encoding) != ERR_OK) {
            err = ERR_INPUT;
            break;
        }
        item->hash = keccak256(item->encoding);
        if (!bytes_equal(key, hash32_bytes(&item->hash))) err = ERR_INPUT;
        if (err == ERR_OK && ++count < TOGETHER) continue;
        if (err == ERR_OK) err = node_store_add(write, items, count);
        count = 0;
    }
    if (err == ERR_OK) err = node_store_add(write, items, count);
    free(items);
    return err;
}

/* For node_chain_replace; context is the struct rlp of the chain's tables. */
static enum err fill(void *context, struct database_transaction *write) {
    struct rlp tables = *(const struct rlp *)context;
    struct rlp entries;
    bytes key;
    bytes value;
    for (unsigned i = 0; i < DATABASE_TABLE_COUNT; i++) {
        enum database_table table = (enum database_table)i;
        bool is_hashed = table == DATABASE_CODES;
        if (table == DATABASE_NODE_RUNS) continue; /* made with the nodes */
        if (rlp_read_list(&tables, &entries) != ERR_OK) return ERR_INPUT;
        enum err err =
            table == DATABASE_NODES ? fill_nodes(write, entries) : database_clear(write, table);
        while (table != DATABASE_NODES && err == ERR_OK && !rlp_done(&entries)) {
            if (rlp_read_string(&entries, &key) != ERR_OK ||
                rlp_read_string(&entries, &value) != ERR_OK || key.size == 0 || key.size > 511)
                return ERR_INPUT;
            hash32 hash = is_hashed ? keccak256(value) : (hash32){{0}};
            if (is_hashed && !bytes_equal(key, hash32_bytes(&hash))) return ERR_INPUT;
            err = database_put(write, table, key, value);
        }
        if (err != ERR_OK) return err;
    }
    return rlp_done(&tables) ? ERR_OK : ERR_INPUT;
}

/* Whether a transaction is where the indexes say, with its own hash and sender. */
static enum err check_tx(
    struct node_chain *chain, struct arena *arena, const struct chain_block *block, size_t index
) {
    const struct header *header = &block->block.header;
    const struct rpc_transaction *tx = &block->transactions[index];
    struct fork_rules rules = forks_at(&chain->schedule, header->number, header->timestamp);
    hash32 hash = keccak256(tx->encoded);
    enum tx_verdict verdict;
    address sender;
    uint64_t number;
    uint32_t at;
    enum err err = store_find_transaction(node_chain_store(chain), &hash, &number, &at);
    if (err == ERR_OK) err = tx_sender(&sender, &verdict, arena, tx->tx, &rules);
    if (err != ERR_OK) return err;
    bool is_right = verdict == TX_OK && address_equal(&sender, &tx->sender) &&
                    hash32_equal(&hash, &tx->hash) && number == header->number && at == index;
    return is_right ? ERR_OK : ERR_CORRUPT;
}

/* Whether a block is what its hash says, in every part, and follows the one before. */
static enum err
check_block(struct node_chain *chain, struct arena *arena, hash32 *parent, uint64_t number) {
    const struct chain_block *block;
    hash32 hash;
    hash32 txs_root;
    hash32 root;
    uint64_t found;
    enum err err = node_chain_read_block(chain, &block, arena, number);
    if (err == ERR_OK) err = store_get_hash(node_chain_store(chain), number, &hash);
    if (err == ERR_OK) err = store_get_number(node_chain_store(chain), &hash, &found);
    if (err != ERR_OK) return err;
    const struct header *header = &block->block.header;
    size_t count = block->block.tx_count;
    hash32 own = header_hash(header);
    err = ordered_root(&txs_root, arena, block->block.tx_encodings, count);
    if (err == ERR_OK) err = receipts_root(&root, arena, block->receipts, count);
    if (err != ERR_OK) return err;
    bool follows = number == 0 || hash32_equal(&header->parent_hash, parent);
    bool is_right = follows && header->number == number && found == number &&
                    hash32_equal(&own, &hash) &&
                    hash32_equal(&txs_root, &header->transactions_root) &&
                    hash32_equal(&root, &header->receipts_root);
    *parent = own;
    for (size_t i = 0; i < count && is_right && err == ERR_OK; i++)
        err = check_tx(chain, arena, block, i);
    return is_right ? err : ERR_CORRUPT;
}

/* A chain as the dump has it, in a database of its own. */
static enum err try_chain(
    struct node_chain *chain, const struct node_chain *model, char *error, struct rlp *tables
) {
    struct arena arena;
    bool is_new;
    const struct node_chain_options options = {
        .name = model->rpc.name,
        .rollup_id = model->rollup_id,
        .chain_id = model->rpc.chain_id,
        .gas_limit = model->gas_limit,
    };
    enum err err = node_chain_open(chain, &is_new, error, &options);
    if (err != ERR_OK) return err;
    err = node_chain_replace(chain, error, fill, tables);
    hash32 parent = {{0}};
    for (uint64_t n = 0; err == ERR_OK && n <= chain->head.number; n++) {
        arena_open(&arena, NODE_BUILD_SIZE_MAX);
        err = check_block(chain, &arena, &parent, n);
        arena_close(&arena);
        chain->tick++;
    }
    return err;
}

/* Where the contracts are by the dump's keys. */
struct tried {
    struct deploy_contracts l1;
    struct deploy_contracts below;
};

/* The heads that the Hubs have are blocks of the rollups. */
static enum err
try_heads(const struct node *node, struct node_chain *chains, const struct tried *contracts) {
    for (size_t i = 1; i < node->chain_count; i++) {
        struct hub_view view;
        struct header header;
        bool is_found = false;
        const size_t parent = node->options->chains[i].parent;
        const address *hub = parent == 0 ? &contracts->l1.hub : &contracts->below.hub;
        enum err err = hub_view_read(&view, &chains[parent].state, hub, node->chains[i].rollup_id);
        for (uint64_t n = 0; err == ERR_OK && !is_found && n <= chains[i].head.number; n++) {
            err = node_chain_read_header(&chains[i], &header, NULL, n);
            is_found = err == ERR_OK && hash32_equal(&header.state_root, &view.head);
        }
        if (err != ERR_OK) return err;
        if (!is_found) return ERR_CORRUPT;
    }
    return ERR_OK;
}

static enum err try_all(
    struct node *node,
    struct dump *dump,
    const struct tried *contracts,
    struct node_chain *chains,
    char *error
) {
    enum err err = ERR_OK;
    size_t opened = 0;
    while (opened < node->chain_count && err == ERR_OK) {
        err = try_chain(&chains[opened], &node->chains[opened], error, &dump->chains[opened]);
        opened++;
    }
    if (err == ERR_OK) err = try_heads(node, chains, contracts);
    for (size_t i = 0; i < opened; i++)
        if (chains[i].pool != NULL) node_chain_close(&chains[i]);
    return err;
}

enum err dump_read(struct node *node, char error[DATABASE_ERROR_SIZE], bytes dump_bytes) {
    if (node->forked != NULL)
        return node_fail(error, ERR_INPUT, "a dump cannot be loaded into a fork of another chain");
    struct arena *arena = &node->build_arena;
    arena_reset(arena);
    struct dump *dump = arena_alloc_zero(arena, sizeof(*dump));
    struct node_chain *chains =
        arena_alloc_zero(arena, node->chain_count * sizeof(struct node_chain));
    if (dump == NULL || chains == NULL) return node_fail(error, ERR_INPUT, "out of memory");
    enum err err = read_head(dump, node, dump_bytes);
    if (err == ERR_UNSUPPORTED)
        return node_fail(error, ERR_INPUT, "the dump is of a network with other chains");
    if (err != ERR_OK) return node_fail(error, ERR_INPUT, "not a dump of a Lockstep network");
    struct node_keys keys = node->keys;
    struct tried contracts;
    keys.builder = dump->builder;
    keys.attester = dump->attester;
    err = deploy_addresses(&contracts.l1, arena, &keys, node->contracts.salt, false);
    if (err == ERR_OK) err = deploy_addresses(&contracts.below, arena, &keys, 0, true);
    error[0] = 0;
    if (err == ERR_OK) err = try_all(node, dump, &contracts, chains, error);
    if (err != ERR_OK) return node_fail(error, ERR_INPUT, "the dump is damaged");
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++) {
        rpc_server_removing(node->server, &node->chains[i].rpc, 1);
        err = node_chain_replace(&node->chains[i], error, fill, &dump->chains[i]);
    }
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < node->chain_count; i++) {
        struct node_chain *chain = &node->chains[i];
        if (address_equal(&chain->rpc.coinbase, &node->keys.builder.address))
            chain->rpc.coinbase = keys.builder.address;
        chain->wishes = (struct chain_wishes){0};
        /* All blocks were removed for who listens, and are told anew even if they are the same. */
        chain->announced_hash = (hash32){{0}};
    }
    node->keys.builder = keys.builder;
    node->keys.attester = keys.attester;
    node->contracts = contracts.l1;
    node->contracts_below = contracts.below;
    snapshots_close(&node->snapshots);
    return ERR_OK;
}
