#include "node/forked_start.h"

#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "node/dev_genesis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define KEPT_FORMAT     "block %20[0-9] 0x%64[0-9a-f] %15s"
#define PROVEN          "proven"
#define UNPROVEN        "unproven"
#define DELEGATION_SIZE 23 /* EIP-7702: 0xef0100 and an address; no other code begins with 0xef */
#define SALT_MAX        255

/* --- the data directory's file ---------------------------------------------------------------- */

struct kept {
    bool is_there;
    bool is_proven;
    uint64_t number;
    hash32 hash;
};

static bool write_path(char path[NODE_PATH_SIZE], const char *folder, const char *name) {
    int size = snprintf(path, NODE_PATH_SIZE, "%s/%s", folder, name);
    return size > 0 && size < NODE_PATH_SIZE;
}

static enum err
read_kept(struct kept *kept, const struct node_options *options, char error[NODE_ERROR_SIZE]) {
    char path[NODE_PATH_SIZE];
    char number[21] = "";
    char hash[65] = "";
    char proven[16] = "";
    *kept = (struct kept){0};
    if (options->datadir == NULL) return ERR_OK;
    if (!write_path(path, options->datadir, FORKED_START_FILE))
        return node_fail(error, ERR_INPUT, "the path of the data directory is too long");
    FILE *file = fopen(path, "re");
    if (file == NULL && (errno == ENOENT || errno == ENOTDIR)) return ERR_OK;
    if (file == NULL)
        return node_fail(error, ERR_IO, "cannot read %.300s: %s", path, strerror(errno));
    int count = fscanf(file, KEPT_FORMAT, number, hash, proven);
    (void)fclose(file);
    errno = 0;
    kept->number = strtoull(number, NULL, 10);
    kept->is_there = true;
    kept->is_proven = strcmp(proven, PROVEN) == 0;
    if (count != 3 || errno != 0 ||
        hex_decode_exact(kept->hash.b, 32, hash, strlen(hash)) != ERR_OK ||
        (!kept->is_proven && strcmp(proven, UNPROVEN) != 0))
        return node_fail(error, ERR_CORRUPT, "%.300s does not name a fork block", path);
    return ERR_OK;
}

enum err forked_start_keep(struct node *node, char error[NODE_ERROR_SIZE]) {
    char path[NODE_PATH_SIZE];
    char hash[64];
    const struct forked *forked = node->forked;
    if (forked == NULL || node->options->datadir == NULL) return ERR_OK;
    CHECK(write_path(path, node->options->datadir, FORKED_START_FILE));
    hex_encode(hash, hash32_bytes(forked_hash(forked)));
    FILE *file = fopen(path, "we");
    bool is_written = file != NULL;
    if (is_written)
        is_written = fprintf(
                         file,
                         "block %" PRIu64 " 0x%.64s %s\n",
                         forked_number(forked),
                         hash,
                         forked_is_proven(forked) ? PROVEN : UNPROVEN
                     ) > 0;
    if (file != NULL && fclose(file) != 0) is_written = false;
    if (is_written) return ERR_OK;
    return node_fail(error, ERR_IO, "cannot write %.300s: %s", path, strerror(errno));
}

/* A directory that has an L1 and no file is that of a network that is no fork. */
static bool has_network(const struct node_options *options) {
    char path[NODE_PATH_SIZE];
    if (options->datadir == NULL || !write_path(path, options->datadir, "l1/data.mdb"))
        return false;
    FILE *file = fopen(path, "re");
    if (file != NULL) (void)fclose(file);
    return file != NULL;
}

static enum err check_kept(
    const struct kept *kept, const struct node_options *options, char error[NODE_ERROR_SIZE]
) {
    if (options->fork_url == NULL && kept->is_there)
        return node_fail(
            error,
            ERR_INPUT,
            "the network in %.200s is a fork of another chain from its block %" PRIu64
            " on: --fork-url must say where that chain is to be found",
            options->datadir,
            kept->number
        );
    if (options->fork_url != NULL && !kept->is_there && has_network(options))
        return node_fail(
            error,
            ERR_INPUT,
            "the network in %.200s was begun without --fork-url; leave that out, or use another "
            "--datadir",
            options->datadir
        );
    if (kept->is_there && options->has_fork_block && options->fork_block != kept->number)
        return node_fail(
            error,
            ERR_INPUT,
            "the network in %.200s was begun with --fork-block %" PRIu64 ", not %" PRIu64
            "; leave that out, or use another --datadir",
            options->datadir,
            kept->number,
            options->fork_block
        );
    return ERR_OK;
}

/* --- the remote ------------------------------------------------------------------------------- */

static enum err check_chain_ids(const struct node_options *options, char error[NODE_ERROR_SIZE]) {
    uint64_t id = options->chains[0].chain_id;
    for (size_t i = 1; i <= options->rollups_count; i++)
        if (options->chains[i].chain_id == id)
            return node_fail(
                error,
                ERR_INPUT,
                "the forked chain's id %" PRIu64 " is also that of %s; choose another for one of "
                "them",
                id,
                options->chains[i].name
            );
    return ERR_OK;
}

enum err
forked_start(struct node *node, struct node_options *options, char error[NODE_ERROR_SIZE]) {
    struct kept kept;
    enum err err = read_kept(&kept, options, error);
    if (err == ERR_OK) err = check_kept(&kept, options, error);
    if (err != ERR_OK || options->fork_url == NULL) return err;
    const struct forked_options forked = {
        .url = options->fork_url,
        .has_number = options->has_fork_block || kept.is_there,
        .number = kept.is_there ? kept.number : options->fork_block,
        .is_trusted = options->trusts_fork || (kept.is_there && !kept.is_proven),
    };
    err = forked_open(&node->forked, error, NODE_ERROR_SIZE, &forked);
    if (err != ERR_OK) return err;
    if (kept.is_there && !hash32_equal(&kept.hash, forked_hash(node->forked)))
        return node_fail(
            error,
            ERR_INPUT,
            "%s has another block %" PRIu64 " than the network in %.200s was begun with",
            forked_name(node->forked),
            kept.number,
            options->datadir
        );
    if (kept.is_there && kept.is_proven && !forked_is_proven(node->forked))
        return node_fail(
            error,
            ERR_INPUT,
            "the network in %.200s was begun with proofs, and cannot go on without: %.200s",
            options->datadir,
            forked_unproven_reason(node->forked)
        );
    const struct header *header = forked_header(node->forked);
    if (!options->has_chain_id) options->chains[0].chain_id = forked_chain_id(node->forked);
    if (!options->has_gas_limit) options->chains[0].gas_limit = header->gas_limit;
    return check_chain_ids(options, error);
}

/* --- the first block -------------------------------------------------------------------------- */

enum err forked_start_contracts(struct node *node, struct arena *arena) {
    struct node_chain *chain = node_l1(node);
    struct state state;
    if (chain->forked == NULL)
        return deploy_addresses(&node->contracts, arena, &node->keys, 0, false);
    const hash32 *root = forked_source_root(&chain->forked_source);
    enum err err = state_open(&state, arena, &chain->forked_source.source, root);
    for (uint8_t salt = 0; err == ERR_OK; salt++) {
        struct account account;
        bool exists = false;
        err = deploy_addresses(&node->contracts, arena, &node->keys, salt, false);
        if (err == ERR_OK) err = state_get_account(&state, &node->contracts.hub, &account, &exists);
        if (err != ERR_OK || !exists || hash32_equal(&account.code_hash, &KECCAK_EMPTY)) break;
        if (salt == SALT_MAX) return ERR_LIMIT;
    }
    return err;
}

/* Gives an account so much ether. What the remote has of it stays, but for an EIP-7702 delegation:
 * it would take away what is sent to the account. */
static enum err fund(
    struct genesis_account *accounts,
    size_t *count,
    struct state *state,
    const address *who,
    const u256 *balance
) {
    struct account account;
    bool exists;
    bytes code = BYTES_EMPTY;
    size_t before = *count;
    enum err err = state_get_account(state, who, &account, &exists);
    if (err == ERR_OK) err = state_get_code(state, &account.code_hash, &code);
    if (err != ERR_OK) return err;
    genesis_fund(accounts, count, who, balance);
    if (*count == before) return ERR_OK; /* a contract of ours */
    bool is_delegation = code.size == DELEGATION_SIZE && code.data[0] == 0xef;
    accounts[before].nonce = account.nonce;
    if (!is_delegation) accounts[before].code = code;
    return ERR_OK;
}

/* Adds a contract unless the remote has something there. */
static enum err add_missing(
    struct genesis_account *accounts,
    size_t *count,
    struct state *state,
    const struct genesis_account *contract
) {
    struct account account;
    bool exists;
    enum err err = state_get_account(state, &contract->address, &account, &exists);
    if (err != ERR_OK || !hash32_equal(&account.code_hash, &KECCAK_EMPTY)) return err;
    accounts[*count] = *contract;
    accounts[(*count)++].balance = account.balance;
    return ERR_OK;
}

/* Who has ether besides what the remote gave them, and the contracts that it lacks. */
static enum err make_accounts(
    struct node *node,
    const struct genesis_account **out,
    size_t *count,
    struct arena *arena,
    const u256 *credit_wei
) {
    const struct node_keys *keys = &node->keys;
    struct node_chain *chain = node_l1(node);
    struct genesis_account contracts[GENESIS_SYSTEM_ACCOUNT_MAX + 1];
    const struct genesis_account *funded;
    size_t funded_count;
    size_t contract_count;
    size_t made = 0;
    struct state state;
    const hash32 *root = forked_source_root(&chain->forked_source);
    const u256 own = dev_genesis_builder_wei(credit_wei);
    enum err err = state_open(&state, arena, &chain->forked_source.source, root);
    if (err == ERR_OK)
        err = dev_genesis_accounts(&funded, &funded_count, arena, node->options, keys, 0);
    if (err == ERR_OK) err = genesis_system_accounts(contracts, &contract_count, arena, FORK_OSAKA);
    if (err != ERR_OK) return err;
    contracts[contract_count++] = dev_genesis_proxy();
    struct genesis_account *accounts =
        arena_alloc_array(arena, funded_count + 1 + contract_count, sizeof *accounts);
    if (accounts == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < contract_count && err == ERR_OK; i++)
        err = add_missing(accounts, &made, &state, &contracts[i]);
    for (size_t i = 0; i < funded_count && err == ERR_OK; i++)
        err = fund(accounts, &made, &state, &funded[i].address, &funded[i].balance);
    if (err == ERR_OK) err = fund(accounts, &made, &state, &keys->builder.address, &own);
    *out = accounts;
    *count = made;
    return err;
}

enum err forked_start_l1(
    struct node *node,
    char error[NODE_ERROR_SIZE],
    struct arena *arena,
    const u256 *credit_wei,
    uint64_t timestamp
) {
    const struct node_options *options = node->options;
    const struct node_chain_plan *plan = &options->chains[0];
    struct node_chain *chain = node_l1(node);
    const struct header *parent = forked_header(node->forked);
    struct genesis genesis;
    if (timestamp <= parent->timestamp) timestamp = parent->timestamp + 1;
    genesis_from_accounts(&genesis, &chain->schedule, NULL, 0, plan->gas_limit, timestamp);
    struct header *header = &genesis.header;
    struct fork_rules rules = forks_at(&chain->schedule, parent->number + 1, timestamp);
    header->number = parent->number + 1;
    header->parent_hash = *forked_hash(node->forked);
    header->base_fee_per_gas =
        options->has_base_fee ? u256_from_u64(plan->base_fee_wei) : header_next_base_fee(parent);
    if (parent->fields >= HEADER_BLOB_GAS)
        header->excess_blob_gas = header_next_excess_blob_gas(parent, &rules);
    enum err err =
        make_accounts(node, &genesis.accounts, &genesis.account_count, arena, credit_wei);
    if (err != ERR_OK) return node_fail(error, err, "l1: %s", err_text(err));
    return node_chain_begin_forked(chain, error, &genesis);
}

void forked_start_announce(struct node *node) {
    const struct forked *forked = node->forked;
    if (forked == NULL) return;
    log_message(
        &node->log,
        node_l1(node)->rpc.name,
        "fork of chain %" PRIu64 " at %s from block %" PRIu64 " on",
        forked_chain_id(forked),
        forked_name(forked),
        forked_number(forked)
    );
    if (!forked_is_proven(forked))
        log_message(
            &node->log,
            node_l1(node)->rpc.name,
            "its values are taken as given, without proofs: %s",
            forked_unproven_reason(forked)
        );
}

void forked_start_watch(struct node *node) {
    if (node->forked == NULL || !forked_take_departed(node->forked)) return;
    log_message(
        &node->log,
        node_l1(node)->rpc.name,
        "state roots are from now on not those Ethereum would have: something was deleted next to "
        "what the remote cannot be asked for by name"
    );
}
