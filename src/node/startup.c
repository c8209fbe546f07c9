#include "node/startup.h"

#include "node/amend.h"
#include "node/rewind.h"

#include "core/check.h"
#include "core/hex.h"
#include "node/blocks.h"
#include "node/clock.h"
#include "node/datadir.h"
#include "node/dev_genesis.h"
#include "node/forced.h"
#include "node/forked_start.h"
#include "node/hub_view.h"
#include "node/import.h"
#include "proof/guest.h"
#include "rollup/evm_rollup.h"
#include "rollup/genesis_host.h"
#include "rollup/ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define GENESIS_SIZE_MAX ((size_t)256 << 20)

/* Settings kept with the L1. They are written last. */
#define META_NETWORK  "network"
#define META_BUILDER  "builder"
#define META_ATTESTER "attester"

/* --- settings --------------------------------------------------------------------------------- */

static void describe_fundings(FILE *out, const char *chain, const struct node_fundings *fundings) {
    char balance[U256_DECIMAL_SIZE_MAX];
    for (size_t i = 0; i < fundings->count; i++) {
        char who[40];
        hex_encode(who, address_bytes(&fundings->items[i].account));
        (void)u256_to_decimal(balance, &fundings->items[i].balance_wei);
        (void)fprintf(out, "fund%s 0x%.40s %s wei\n", chain, who, balance);
    }
}

/* Of one chain what is not as it follows from the others. */
static void describe_chain(FILE *out, const struct node_options *options, size_t i) {
    const struct node_chain_plan *plan = &options->chains[i];
    const struct node_chain_plan *first = &options->chains[i > 0];
    char place[NODE_NAME_SIZE + sizeof " of "];
    char name[NODE_NAME_SIZE];
    (void)snprintf(place, sizeof(place), " of %s", plan->name);
    (void)snprintf(name, sizeof(name), i == 0 ? "l1" : "rollup%zu", i);
    if (strcmp(plan->name, name) != 0) (void)fprintf(out, "name of chain %zu: %s\n", i, plan->name);
    if (i > 1 && plan->chain_id != first->chain_id + i - 1)
        (void)fprintf(out, "chain-id%s %" PRIu64 "\n", place, plan->chain_id);
    if (plan->gas_limit != options->chains[0].gas_limit)
        (void)fprintf(out, "gas-limit%s %" PRIu64 "\n", place, plan->gas_limit);
    if (plan->type != 0) (void)fprintf(out, "type%s %u\n", place, plan->type);
    if (plan->proof != 0) (void)fprintf(out, "proof%s %u\n", place, plan->proof);
    if (plan->token != 0) (void)fprintf(out, "token%s %u\n", place, plan->token);
    if (plan->parent != 0) (void)fprintf(out, "parent of chain %zu: %zu\n", i, plan->parent);
    describe_fundings(out, place, &plan->fundings);
}

#define GUEST_LINE "the guest program 0x"

/* What the network was begun with, one line an option; malloc. The first lines are those of
 * networks whose chains differ in nothing but their ids. */
static enum err describe(char **text, size_t *size, const struct node_options *options) {
    char balance[U256_DECIMAL_SIZE_MAX];
    FILE *out = open_memstream(text, size);
    if (out == NULL) return ERR_MEMORY;
    (void)u256_to_decimal(balance, &options->balance_wei);
    (void)fprintf(
        out,
        "--chain-id %" PRIu64 "\n--rollups %" PRIu64 "\n--rollup-chain-id %" PRIu64
        "\n--gas-limit %" PRIu64 "\n--accounts %" PRIu64 "\n--balance %s wei\n--mnemonic %s\n",
        options->chains[0].chain_id,
        options->rollups_count - options->below_count,
        options->chains[1].chain_id,
        options->chains[0].gas_limit,
        options->accounts_count,
        balance,
        options->mnemonic
    );
    /* Its rollups are registered with it: another one's signatures the Hub does not take. */
    char id[64];
    const hash32 program = guest_id();
    hex_encode(id, hash32_bytes(&program));
    (void)fprintf(out, GUEST_LINE "%.64s\n", id);
    if (options->below_count > 0)
        (void)fprintf(out, "rollups of rollups: %" PRIu64 "\n", options->below_count);
    describe_fundings(out, "", &options->fundings);
    for (size_t i = 0; i <= options->rollups_count; i++)
        describe_chain(out, options, i);
    bool is_written = ferror(out) == 0;
    return fclose(out) == 0 && is_written ? ERR_OK : ERR_MEMORY;
}

static bytes line_at(bytes text, size_t offset) {
    bytes rest = bytes_slice(text, offset, SIZE_MAX);
    const uint8_t *end = rest.size == 0 ? NULL : memchr(rest.data, '\n', rest.size);
    if (end == NULL) return bytes_of("nothing more", sizeof("nothing more") - 1);
    return bytes_slice(rest, 0, (size_t)(end - rest.data));
}

/* No option makes another program of this one. */
static const char *advice_for(bytes begun) {
    const size_t size = sizeof(GUEST_LINE) - 1;
    return begun.size > size && memcmp(begun.data, GUEST_LINE, size) == 0
               ? "its rollups are registered with that program: use the Lockstep that has it "
                 "(lockstep guest-id)"
               : "use the same options";
}

/* The first line in which what is kept and what is asked for differ. */
static enum err compare_options(struct node *node, char error[NODE_ERROR_SIZE], bytes kept) {
    char *asked = NULL;
    size_t size = 0;
    enum err err = describe(&asked, &size, node->options);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    size_t line = 0;
    for (size_t i = 0; i < size && i < kept.size && asked[i] == (char)kept.data[i]; i++)
        if (asked[i] == '\n') line = i + 1;
    if (line != size || line != kept.size) {
        bytes begun = line_at(kept, line);
        bytes wanted = line_at(bytes_of(asked, size), line);
        err = node_fail(
            error,
            ERR_INPUT,
            "the network in %.200s was begun with %.*s, not %.*s; %s, or another --datadir",
            node->options->datadir,
            (int)begun.size,
            (const char *)begun.data,
            (int)wanted.size,
            (const char *)wanted.data,
            advice_for(begun)
        );
    }
    free(asked);
    return err;
}

/* What the network was begun with. */
static enum err read_description(struct node *node, char error[NODE_ERROR_SIZE], bytes *value) {
    enum err err = store_get_meta(&node_l1(node)->snapshot, META_NETWORK, value);
    if (err == ERR_OK) return ERR_OK;
    return node_fail(
        error,
        err == ERR_MISSING ? ERR_CORRUPT : err,
        "the database %.300s/l1 has no network's settings; use another --datadir",
        node->options->datadir
    );
}

static enum err read_settings(struct node *node, char error[NODE_ERROR_SIZE]) {
    struct database_transaction *snapshot = &node_l1(node)->snapshot;
    bytes value;
    enum err err = read_description(node, error, &value);
    if (err == ERR_OK) err = compare_options(node, error, value);
    if (err != ERR_OK) return err;
    err = store_get_meta(snapshot, META_BUILDER, &value);
    if (err == ERR_OK) err = keys_set(&node->keys.builder, value);
    if (err == ERR_OK) err = store_get_meta(snapshot, META_ATTESTER, &value);
    if (err == ERR_OK) err = keys_set(&node->keys.attester, value);
    if (err != ERR_OK)
        return node_fail(error, err, "%.300s: settings: %s", node->options->datadir, err_text(err));
    return ERR_OK;
}

static enum err write_settings(struct node *node, char error[NODE_ERROR_SIZE]) {
    struct database_transaction write;
    char *text = NULL;
    size_t size = 0;
    if (node->options->datadir == NULL) return ERR_OK;
    enum err err = describe(&text, &size, node->options);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    err = database_begin_write(&node_l1(node)->database, &write);
    if (err == ERR_OK)
        err = store_put_meta(&write, META_BUILDER, hash32_bytes(&node->keys.builder.private_key));
    if (err == ERR_OK)
        err = store_put_meta(&write, META_ATTESTER, hash32_bytes(&node->keys.attester.private_key));
    if (err == ERR_OK) err = store_put_meta(&write, META_NETWORK, bytes_of(text, size));
    if (err == ERR_OK) err = database_commit(&write);
    free(text);
    if (err == ERR_OK) return ERR_OK;
    (void)node_fail(error, err, "%s", write.error);
    database_end(&write);
    return err;
}

/* --- chains ----------------------------------------------------------------------------------- */

static const struct rollup_type *type_of(const struct node_chain_plan *plan) {
    switch ((enum node_rollup_type)plan->type) {
    case NODE_ROLLUP_EVM:
        return &EVM_ROLLUP_TYPE;
    case NODE_ROLLUP_LEDGER:
        return &LEDGER_ROLLUP_TYPE;
    }
    CHECK(false);
    return NULL;
}

/* Ids on a Hub follow the order of registration, which is that of the places. */
static uint64_t rollup_id_of(const struct node_options *options, size_t place) {
    uint64_t id = place == 0 ? 0 : 1;
    for (size_t i = 1; i < place; i++)
        id += options->chains[i].parent == options->chains[place].parent;
    return id;
}

static enum err
open_chain(struct node *node, char error[NODE_ERROR_SIZE], size_t index, bool must_exist) {
    bool is_new;
    struct node_chain *chain = &node->chains[index];
    const struct node_options *options = node->options;
    char path[NODE_PATH_SIZE];
    const struct node_chain_plan *plan = &options->chains[index];
    struct node_chain_options chain_options = {
        .name = plan->name,
        .rollup_id = rollup_id_of(options, index),
        .type = index == 0 ? NULL : type_of(plan),
        .chain_id = plan->chain_id,
        .gas_limit = plan->gas_limit,
        .forked = index == 0 ? node->forked : NULL,
        .must_exist = must_exist,
    };
    if (options->datadir != NULL) {
        int size = snprintf(path, sizeof(path), "%s/%s", options->datadir, plan->name);
        if (size < 0 || (size_t)size >= sizeof(path))
            return node_fail(error, ERR_INPUT, "the path of the data directory is too long");
        chain_options.path = path;
    }
    enum err err = node_chain_open(chain, &is_new, error, &chain_options);
    if (err != ERR_OK || is_new != must_exist) return err;
    return node_fail(error, ERR_CORRUPT, "the database %.300s/data.mdb has no blocks", path);
}

/* L1 first: what is kept with it says whether the rest is what is asked for. */
static enum err open_chains(struct node *node, char error[NODE_ERROR_SIZE], bool has_network) {
    enum err err = open_chain(node, error, 0, has_network);
    if (err == ERR_OK && has_network) err = read_settings(node, error);
    for (size_t i = 1; i < node->chain_count && err == ERR_OK; i++)
        err = open_chain(node, error, i, has_network);
    return err;
}

/* The first block above number that was made with a block of L1: its first transaction is the
 * deposit that anchors it. */
static enum err
find_slot_block(struct node_chain *chain, bool *is_found, uint64_t *slot, uint64_t number) {
    struct arena *arena = &chain->node->build_arena;
    *is_found = false;
    for (uint64_t n = number + 1; n <= chain->head.number && !*is_found; n++) {
        const struct chain_block *block;
        arena_reset(arena);
        enum err err = node_chain_read_block(chain, &block, arena, n);
        if (err != ERR_OK) return err;
        *is_found = block->block.tx_count > 0 && block->transactions[0].tx->type == TX_DEPOSIT;
        *slot = n;
    }
    return ERR_OK;
}

/* A slot block is written just before the L1 block it belongs to. If the process ended in between,
 * L1 does not know of it, nobody was told of it, and it is taken back. What is left above L1's head
 * are unsafe blocks, which go into the next batch. */
static enum err
reconcile(struct node *node, char error[NODE_ERROR_SIZE], struct node_chain *chain) {
    struct hub_view view;
    const struct node_chain *parent = node_parent(chain);
    bool is_found = false;
    bool is_ahead = false;
    struct header known;
    uint64_t slot = 0;
    uint64_t safe = 0;
    enum err err = node_hub_view(&view, chain);
    if (err == ERR_OK) err = node_chain_find_root(chain, &is_found, &known, &view.head);
    if (err == ERR_OK && !is_found) {
        err = amend_recover(chain, error, &view.head);
        if (err != ERR_OK) return err;
        err = node_chain_find_root(chain, &is_found, &known, &view.head);
    }
    if (err == ERR_OK && !is_found)
        return node_fail(
            error,
            ERR_CORRUPT,
            "%.300s: %s and %s are not of the same moment: the head that %s has for it is no block "
            "of its store; put back copies of both that were made together",
            node->options->datadir,
            parent->rpc.name,
            chain->rpc.name,
            parent->rpc.name
        );
    if (err == ERR_OK) err = find_slot_block(chain, &is_ahead, &slot, known.number);
    if (err != ERR_OK) return node_fail(error, err, "%s: %s", chain->rpc.name, err_text(err));
    if (is_ahead) err = node_chain_truncate(chain, error, slot - 1);
    if (err != ERR_OK) return err;
    err = store_get_head(&chain->snapshot, STORE_SAFE, &safe, NULL);
    if (err != ERR_OK && err != ERR_MISSING)
        return node_fail(error, err, "%s: %s", chain->rpc.name, err_text(err));
    return safe == known.number ? ERR_OK : node_chain_set_safe(chain, error, known.number);
}

/* The builder of a rollup that is a parent, with what it is to credit to the rollups there. */
static enum err add_builder(
    struct rollup_genesis_options *options,
    struct arena *arena,
    const struct node *node,
    const u256 *credit_wei
) {
    const u256 own = dev_genesis_builder_wei(credit_wei);
    struct genesis_account *accounts =
        arena_alloc_array(arena, options->account_count + 1, sizeof(*accounts));
    if (accounts == NULL) return ERR_MEMORY;
    memcpy(accounts, options->accounts, options->account_count * sizeof(*accounts));
    accounts[options->account_count++] =
        (struct genesis_account){.address = node->keys.builder.address, .balance = own};
    options->accounts = accounts;
    return ERR_OK;
}

/* credit_wei is the ether of its own rollups; NULL: it has none. */
static enum err begin_rollup(
    struct node *node,
    struct deploy_rollup *deployed,
    char error[NODE_ERROR_SIZE],
    struct arena *arena,
    size_t place,
    const u256 *credit_wei,
    uint64_t timestamp
) {
    struct node_chain *chain = &node->chains[place];
    const struct node_chain_plan *plan = &node->options->chains[place];
    struct rollup_genesis_options options = {
        .rollup_id = chain->rollup_id,
        .chain_id = chain->rpc.chain_id,
        .parent_chain_id = node_parent(chain)->rpc.chain_id,
        .parent_schedule = &node_parent(chain)->schedule,
        .hub = node_contracts(node_parent(chain))->hub,
        .parent_messages = node_contracts(node_parent(chain))->messages,
        .parent_messenger = node_contracts(node_parent(chain))->messenger,
        .parent_bridge = node_contracts(node_parent(chain))->bridge,
        .own_hub = node_is_parent(chain) ? node_contracts(chain)->hub : (address){{0}},
        .block_gas_limit = plan->gas_limit,
        .kind = chain->type->kind,
        .ledger_owner = node->keys.account_count > 0 ? node->keys.accounts[0].address
                                                     : node->keys.builder.address,
        .has_own_token = plan->token == NODE_TOKEN_OWN,
        .has_base_fee = true,
        .base_fee_wei = plan->base_fee_wei,
        .timestamp = timestamp,
    };
    struct genesis genesis;
    struct open_block open;
    enum err err = dev_genesis_accounts(
        &options.accounts, &options.account_count, arena, node->options, &node->keys, place
    );
    if (err == ERR_OK && credit_wei != NULL) err = add_builder(&options, arena, node, credit_wei);
    if (err == ERR_OK)
        err = rollup_genesis(&genesis, &open, &deployed->credit_wei, arena, &options);
    if (err == ERR_OK && chain->type->kind == ROLLUP_EVM)
        err = dev_genesis_add_proxy(&genesis, arena);
    if (err != ERR_OK) return node_fail(error, err, "%s: %s", chain->rpc.name, err_text(err));
    err = node_chain_begin(chain, error, &genesis);
    deployed->head = chain->head.state_root;
    deployed->vkey = deploy_vkey(chain->type);
    deployed->proof = plan->proof;
    deployed->has_own_token = options.has_own_token;
    deployed->has_messenger = node_chain_is_evm(chain);
    const uint64_t batch_gas = node_is_parent(chain) ? TX_GAS_LIMIT_MAX : 0; /* of its rollups' */
    if (plan->gas_limit >= FORCED_BLOCK_GAS_MIN + batch_gas)
        deployed->force_delay = (uint32_t)node->options->force_delay_blocks;
    return err;
}

/* The transactions in as many blocks as they need; each must succeed. */
static enum err include_all(
    struct node_chain *chain,
    char error[NODE_ERROR_SIZE],
    struct arena *arena,
    const struct pool_tx *txs,
    size_t count
) {
    struct node *node = chain->node;
    const struct pool_tx **order = arena_alloc_array(arena, count, sizeof(const struct pool_tx *));
    struct block_tx_fate *fates = arena_alloc_array(arena, count, sizeof(*fates));
    if (order == NULL || fates == NULL) return node_fail(error, ERR_MEMORY, "out of memory");
    size_t done = 0;
    while (done < count) {
        struct block_order rest = {.txs = order, .tx_count = count - done};
        const struct chain_block *block;
        for (size_t i = 0; i < rest.tx_count; i++)
            order[i] = &txs[done + i];
        arena_reset(&node->build_arena);
        struct arena *work = &node->build_arena;
        enum err err = chain->rollup_id == 0
                           ? node_l1_build_block(node, fates, error, work, &rest)
                           : node_rollup_build_block(chain, fates, error, work, &rest);
        if (err == ERR_OK) err = node_chain_read_block(chain, &block, arena, chain->head.number);
        if (err != ERR_OK) return node_fail(error, err, "deploying contracts: %s", err_text(err));
        size_t included = block->block.tx_count;
        if (included == 0 && fates[0].fate == FATE_DROPPED)
            return node_fail(error, ERR_INPUT, "deploying contracts: %.400s", fates[0].reason);
        if (included == 0)
            return node_fail(error, ERR_INPUT, "--gas-limit is too low to deploy the contracts");
        for (size_t i = 0; i < included; i++)
            if (!block->receipts[i].is_success)
                return node_fail(
                    error, ERR_CORRUPT, "deploying contracts: transaction %zu failed", done + i
                );
        done += included;
    }
    return ERR_OK;
}

static enum err begin_l1(
    struct node *node,
    char error[NODE_ERROR_SIZE],
    struct arena *arena,
    const u256 *credit_wei,
    uint64_t timestamp
) {
    struct genesis genesis;
    if (node->forked != NULL) return forked_start_l1(node, error, arena, credit_wei, timestamp);
    enum err err =
        dev_genesis_l1(&genesis, arena, node->options, &node->keys, credit_wei, timestamp);
    if (err != ERR_OK) return node_fail(error, err, "l1: genesis: %s", err_text(err));
    return node_chain_begin(node_l1(node), error, &genesis);
}

/* The contracts on a chain that is a parent, and its rollups registered there. */
static enum err deploy(
    struct node_chain *chain,
    char error[NODE_ERROR_SIZE],
    struct arena *arena,
    const struct deploy_rollup *rollups,
    size_t rollup_count
) {
    u256 base_fee = header_next_base_fee(&chain->head);
    u256 twice = u256_add(&base_fee, &base_fee);
    const struct pool_tx *txs;
    size_t count;
    struct deploy_options options = {
        .chain_id = chain->rpc.chain_id,
        .max_fee_per_gas = twice,
        .keys = &chain->node->keys,
        .contracts = *node_contracts(chain),
        .rollups = rollups,
        .rollup_count = rollup_count,
    };
    enum err err = deploy_transactions(&txs, &count, arena, &options);
    if (err != ERR_OK) return node_fail(error, err, "deploying contracts: %s", err_text(err));
    return include_all(chain, error, arena, txs, count);
}

/* A rollup that is a parent has blocks with its contracts, which L1 is to know before anything is
 * built on them. */
static enum err post_blocks(struct node *node, char error[NODE_ERROR_SIZE], size_t place) {
    const struct block_order order = {.must_move = place};
    struct block_tx_fate none;
    arena_reset(&node->build_arena);
    return node_l1_build_block(node, &none, error, &node->build_arena, &order);
}

/* Genesis blocks of all chains, and the contracts. Those of rollups come first: what they have is
 * what is credited to them. */
static enum err begin(struct node *node, char error[NODE_ERROR_SIZE], struct arena *arena) {
    struct deploy_rollup *rollups = arena_alloc_array(arena, node->chain_count, sizeof(*rollups));
    u256 *credits = arena_alloc_zero(arena, node->chain_count * sizeof(*credits));
    if (rollups == NULL || credits == NULL) return node_fail(error, ERR_MEMORY, "out of memory");
    /* The first block with contracts can then have the present time, and be after genesis. */
    uint64_t timestamp = clock_seconds() - 1;
    enum err err = ERR_OK;
    for (size_t i = node->chain_count - 1; i > 0 && err == ERR_OK; i--) {
        u256 *credit = &credits[node->options->chains[i].parent];
        const u256 *own = node_is_parent(&node->chains[i]) ? &credits[i] : NULL;
        err = begin_rollup(node, &rollups[i], error, arena, i, own, timestamp);
        *credit = u256_add(credit, &rollups[i].credit_wei);
    }
    if (err != ERR_OK) return err;
    err = begin_l1(node, error, arena, &credits[0], timestamp);
    for (size_t i = 0; i <= node_rollup_count(node) && err == ERR_OK; i++) {
        size_t first;
        size_t count = node_rollups_of(node, &first, i);
        if (i > 0 && count == 0) continue;
        err = deploy(&node->chains[i], error, arena, &rollups[first], count);
        if (err == ERR_OK && i > 0) err = post_blocks(node, error, i);
    }
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = node_chain_sync(&node->chains[i], error);
    return err;
}

/* What an earlier run has left, made whole. */
static enum err restore(struct node *node, char error[NODE_ERROR_SIZE], struct arena *arena) {
    enum err err = rewind_recover(node, error);
    for (size_t i = 1; i < node->chain_count && err == ERR_OK; i++)
        err = reconcile(node, error, &node->chains[i]);
    return err == ERR_OK ? import_restore(node, error, arena) : err;
}

static enum err begin_anew(struct node *node, char error[NODE_ERROR_SIZE], struct arena *arena) {
    bool is_given = node->options->l1_genesis != NULL;
    enum err err = is_given ? import_begin(node, error, arena) : begin(node, error, arena);
    if (err == ERR_OK) err = rewind_mark_start(node, error);
    if (err == ERR_OK) err = forked_start_keep(node, error);
    if (err == ERR_OK) err = write_settings(node, error);
    if (err == ERR_OK && node->options->datadir != NULL) err = datadir_settle(node, error);
    return err;
}

enum err startup_open(struct node *node, char error[NODE_ERROR_SIZE]) {
    struct arena arena;
    bool has_network = false;
    enum err err = ERR_OK;
    /* Blocks of the start are not worth a line. */
    FILE *out = node->log.out;
    node->log.out = NULL;
    arena_open(&arena, GENESIS_SIZE_MAX);
    if (node->options->datadir != NULL) err = datadir_open(node, &has_network, error);
    if (err == ERR_OK) err = open_chains(node, error, has_network);
    if (err == ERR_OK) {
        for (size_t i = 0; i < node->chain_count; i++)
            node->chains[i].rpc.coinbase = node->keys.builder.address;
        err = forked_start_contracts(node, &arena);
        if (err == ERR_OK)
            err = deploy_addresses(&node->contracts_below, &arena, &node->keys, 0, true);
        if (err != ERR_OK) (void)node_fail(error, err, "%s", err_text(err));
    }
    if (err == ERR_OK)
        err = has_network ? restore(node, error, &arena) : begin_anew(node, error, &arena);
    if (err == ERR_OK && node->options->l1_import != NULL) err = import_blocks(node, error);
    arena_close(&arena);
    node->log.out = out;
    return err;
}

/* L1 is the chain that has the settings. */
static enum err find_l1(
    struct node *node,
    struct node_options *options,
    char error[NODE_ERROR_SIZE],
    const struct datadir_chains *chains
) {
    bytes value;
    for (size_t i = 0; i < chains->count; i++) {
        memcpy(options->chains[0].name, chains->names[i], NODE_NAME_SIZE);
        enum err err = open_chain(node, error, 0, true);
        if (err != ERR_OK) return err;
        node_l1(node)->node = node;
        err = store_get_meta(&node_l1(node)->snapshot, META_NETWORK, &value);
        if (err != ERR_MISSING) return err;
        node_chain_close(node_l1(node));
    }
    return node_fail(error, ERR_CORRUPT, "the L1 is not in %.300s", options->datadir);
}

/* The rollups of which the settings speak, by name. */
static enum err
read_names(struct node *node, struct node_options *options, char error[NODE_ERROR_SIZE]) {
    bytes value;
    enum err err = read_description(node, error, &value);
    char *text = err == ERR_OK ? strndup((const char *)value.data, value.size) : NULL;
    if (err != ERR_OK) return err;
    if (text == NULL) return node_fail(error, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
    for (size_t i = 1; i < NODE_CHAINS_MAX; i++)
        (void)snprintf(options->chains[i].name, NODE_NAME_SIZE, "rollup%zu", i);
    char *rest = NULL;
    static const char rollups[] = "--rollups ";
    static const char chain[] = "name of chain ";
    static const char below[] = "rollups of rollups: ";
    static const char parent[] = "parent of chain ";
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *end;
        if (strncmp(line, rollups, sizeof(rollups) - 1) == 0)
            options->rollups_count = strtoull(line + sizeof(rollups) - 1, NULL, 10);
        if (strncmp(line, below, sizeof(below) - 1) == 0)
            options->below_count = strtoull(line + sizeof(below) - 1, NULL, 10);
        if (strncmp(line, parent, sizeof(parent) - 1) == 0) {
            unsigned long place = strtoul(line + sizeof(parent) - 1, &end, 10);
            if (place < NODE_CHAINS_MAX && strncmp(end, ": ", 2) == 0)
                options->chains[place].parent = strtoul(end + 2, NULL, 10);
        }
        if (strncmp(line, chain, sizeof(chain) - 1) != 0) continue;
        unsigned long index = strtoul(line + sizeof(chain) - 1, &end, 10);
        if (index < NODE_CHAINS_MAX && strncmp(end, ": ", 2) == 0)
            (void)snprintf(options->chains[index].name, NODE_NAME_SIZE, "%s", end + 2);
    }
    free(text);
    options->rollups_count += options->below_count;
    bool is_sound = options->rollups_count <= NODE_ROLLUPS_MAX &&
                    options->below_count <= options->rollups_count;
    for (size_t i = 1; i < NODE_CHAINS_MAX && is_sound; i++)
        is_sound = options->chains[i].parent < i;
    if (is_sound) return ERR_OK;
    return node_fail(error, ERR_CORRUPT, "%.300s: settings: too many rollups", options->datadir);
}

enum err
startup_look(struct node *node, struct node_options *options, char error[NODE_ERROR_SIZE]) {
    struct arena arena;
    struct datadir_chains chains;
    node->options = options;
    node->chain_count = 1; /* more when L1 has told */
    enum err err = datadir_find(node, &chains, error);
    if (err == ERR_OK) err = find_l1(node, options, error, &chains);
    if (err == ERR_OK) err = read_names(node, options, error);
    if (err != ERR_OK) return err;
    node->chain_count = 1 + (size_t)options->rollups_count;
    for (size_t i = 1; i < node->chain_count && err == ERR_OK; i++) {
        err = open_chain(node, error, i, true);
        node->chains[i].node = node;
    }
    if (err != ERR_OK) return err;
    arena_open(&arena, GENESIS_SIZE_MAX);
    err = deploy_addresses(&node->contracts, &arena, &node->keys, 0, false);
    if (err == ERR_OK) err = deploy_addresses(&node->contracts_below, &arena, &node->keys, 0, true);
    if (err != ERR_OK) (void)node_fail(error, err, "%s", err_text(err));
    arena_close(&arena);
    return err;
}

void startup_close(struct node *node) {
    snapshots_close(&node->snapshots);
    bundles_close(&node->bundles);
    for (size_t i = 0; i < node->chain_count; i++)
        node_chain_close(&node->chains[i]);
    forked_close(node->forked);
    node->forked = NULL;
    if (node->lock >= 0) (void)close(node->lock);
    node->lock = -1;
}
