/* Methods of development networks, under the names that anvil, Hardhat and ganache gave them.
 * Where the answers differ, anvil_ and evm_ answer as anvil does, hardhat_ as Hardhat. */
#include "rpc/arguments.h"
#include "rpc/call_arguments.h"
#include "rpc/lookup.h"
#include "rpc/methods.h"
#include "rpc/view.h"

#define MINE_BLOCKS_MAX 100000

/* A number of up to 256 bits in any of the forms people write. */
static const char *value_amount(u256 *out, const struct json *json, uint32_t token) {
    hash32 word;
    bool is_short;
    if (json_kind(json, token) == JSON_STRING) {
        bytes text = json_source(json, token); /* with its quotes */
        if (text.size >= 5 && text.data[1] == '0' && (text.data[2] | 0x20) == 'x') {
            const char *problem = value_storage_key(&word, &is_short, json, token);
            if (problem == NULL) *out = u256_load_be(word.b);
            return problem;
        }
        text = bytes_slice(text, 1, text.size - 2);
        return u256_from_decimal(out, (const char *)text.data, text.size) == ERR_OK
                   ? NULL
                   : "not a number of up to 256 bits";
    }
    if (json_kind(json, token) == JSON_NUMBER) {
        bytes text = json_source(json, token);
        return u256_from_decimal(out, (const char *)text.data, text.size) == ERR_OK
                   ? NULL
                   : "not a whole number";
    }
    return "not a number";
}

static enum rpc_status argument_amount(struct rpc_call *call, u256 *out, uint32_t index) {
    uint32_t token = argument_token(call, index);
    if (token == 0) return argument_missing(call, index);
    const char *problem = value_amount(out, call->json, token);
    return problem == NULL ? RPC_OK : argument_fail(call, index, NULL, problem);
}

static enum rpc_status argument_bool(struct rpc_call *call, bool *out, uint32_t index) {
    if (argument_token(call, index) == 0) return argument_missing(call, index);
    return argument_optional_bool(call, out, index);
}

/* The same under two names: anvil answers null, Hardhat true. */
static enum rpc_status answer_null(struct rpc_call *call, enum rpc_status status) {
    if (status == RPC_OK) json_null(call->out);
    return status;
}

static enum rpc_status answer_true(struct rpc_call *call, enum rpc_status status) {
    if (status == RPC_OK) json_bool(call->out, true);
    return status;
}
#define BOTH(name, run)                                     \
    enum rpc_status anvil_##name(struct rpc_call *call) {   \
        return answer_null(call, run(call));                \
    }                                                       \
    enum rpc_status hardhat_##name(struct rpc_call *call) { \
        return answer_true(call, run(call));                \
    }
#define ANVIL_AND_EVM(name, run)                          \
    enum rpc_status anvil_##name(struct rpc_call *call) { \
        return run(call);                                 \
    }                                                     \
    enum rpc_status evm_##name(struct rpc_call *call) {   \
        return run(call);                                 \
    }

/* --- blocks ----------------------------------------------------------------------------------- */

static enum rpc_status mine(struct rpc_call *call, const struct rpc_mine_options *options) {
    if (options->block_count > MINE_BLOCKS_MAX)
        return rpc_fail(
            &call->request,
            RPC_LIMIT_EXCEEDED,
            "too many blocks at once (max %u)",
            (unsigned)MINE_BLOCKS_MAX
        );
    return call->chain->operations->mine(call->chain, &call->request, options);
}

/* [blocks, seconds between them]. */
static enum rpc_status mine_blocks(struct rpc_call *call) {
    struct rpc_mine_options options = {.block_count = 1};
    enum rpc_status status = argument_optional_number(call, &options.block_count, 0);
    if (status == RPC_OK) status = argument_optional_number(call, &options.interval_seconds, 1);
    return status == RPC_OK ? mine(call, &options) : status;
}
BOTH(mine, mine_blocks)

/* Nothing, a timestamp, or {timestamp, blocks}. */
static enum rpc_status mine_at(struct rpc_call *call, uint64_t *count) {
    struct rpc_mine_options options = {.block_count = 1};
    const struct json *json = call->json;
    uint32_t timestamp = argument_token(call, 0);
    if (timestamp != 0 && json_kind(json, timestamp) == JSON_OBJECT) {
        uint32_t blocks = json_member(json, timestamp, "blocks");
        timestamp = json_member(json, timestamp, "timestamp");
        const char *problem = blocks == 0 ? NULL : value_number(&options.block_count, json, blocks);
        if (problem != NULL) return argument_fail(call, 0, "blocks", problem);
    }
    if (timestamp != 0 && json_kind(json, timestamp) != JSON_NULL) {
        options.has_timestamp = true;
        const char *problem = value_number(&options.timestamp, json, timestamp);
        if (problem != NULL) return argument_fail(call, 0, "timestamp", problem);
    }
    *count = options.block_count;
    return mine(call, &options);
}

enum rpc_status evm_mine(struct rpc_call *call) {
    uint64_t count = 0;
    enum rpc_status status = mine_at(call, &count);
    if (status == RPC_OK) json_quantity_u64(call->out, 0);
    return status;
}

/* The same; answers the new blocks, which are the newest, with their transactions. */
static enum rpc_status mine_detailed(struct rpc_call *call) {
    uint64_t count = 0;
    enum rpc_status status = mine_at(call, &count);
    if (status != RPC_OK) return status;
    uint64_t head = call->chain->operations->head_number(call->chain);
    json_array_begin(call->out);
    for (uint64_t n = head + 1 - (count > head ? head : count); n <= head; n++) {
        const struct rpc_block_id id = {.kind = RPC_BLOCK_NUMBER, .number = n};
        const struct rpc_block *block;
        status = lookup_block(call, &block, &id, RPC_WITH_TRANSACTIONS | RPC_WITH_RECEIPTS);
        if (status == RPC_OK && block == NULL) status = rpc_fail_err(&call->request, ERR_MISSING);
        if (status != RPC_OK) return status;
        view_block(call->out, block, true);
    }
    json_array_end(call->out);
    return RPC_OK;
}

enum rpc_status anvil_mine_detailed(struct rpc_call *call) {
    return mine_detailed(call);
}
enum rpc_status evm_mine_detailed(struct rpc_call *call) {
    return mine_detailed(call);
}

/* --- state ------------------------------------------------------------------------------------ */

static enum rpc_status amend(struct rpc_call *call, const struct rpc_amendment *amendment) {
    return call->chain->operations->amend(call->chain, &call->request, amendment);
}

static enum rpc_status set_balance(struct rpc_call *call) {
    struct rpc_amendment amendment = {.has_balance = true};
    enum rpc_status status = argument_address(call, &amendment.who, 0);
    if (status == RPC_OK) status = argument_amount(call, &amendment.balance, 1);
    return status == RPC_OK ? amend(call, &amendment) : status;
}
BOTH(setBalance, set_balance)

enum rpc_status anvil_addBalance(struct rpc_call *call) {
    struct rpc_amendment amendment = {.has_balance = true, .adds_balance = true};
    enum rpc_status status = argument_address(call, &amendment.who, 0);
    if (status == RPC_OK) status = argument_amount(call, &amendment.balance, 1);
    return answer_null(call, status == RPC_OK ? amend(call, &amendment) : status);
}

static enum rpc_status set_code(struct rpc_call *call) {
    struct rpc_amendment amendment = {.has_code = true};
    enum rpc_status status = argument_address(call, &amendment.who, 0);
    if (status == RPC_OK) status = argument_data(call, &amendment.code, 1);
    return status == RPC_OK ? amend(call, &amendment) : status;
}
BOTH(setCode, set_code)

static enum rpc_status set_nonce(struct rpc_call *call, bool refuses_lower) {
    struct rpc_amendment amendment = {.has_nonce = true, .refuses_lower_nonce = refuses_lower};
    enum rpc_status status = argument_address(call, &amendment.who, 0);
    if (status == RPC_OK) status = argument_number(call, &amendment.nonce, 1);
    return status == RPC_OK ? amend(call, &amendment) : status;
}

enum rpc_status anvil_setNonce(struct rpc_call *call) {
    return answer_null(call, set_nonce(call, false));
}

enum rpc_status evm_setAccountNonce(struct rpc_call *call) {
    return answer_null(call, set_nonce(call, false));
}

enum rpc_status hardhat_setNonce(struct rpc_call *call) {
    return answer_true(call, set_nonce(call, true));
}

/* [address, slot, word]. */
static enum rpc_status set_storage(struct rpc_call *call) {
    struct rpc_amendment amendment = {.has_slot = true};
    hash32 value;
    bool is_short;
    enum rpc_status status = argument_address(call, &amendment.who, 0);
    if (status == RPC_OK) status = argument_amount(call, &amendment.key, 1);
    if (status != RPC_OK) return status;
    uint32_t token = argument_token(call, 2);
    if (token == 0) return argument_missing(call, 2);
    const char *problem = value_storage_key(&value, &is_short, call->json, token);
    if (problem != NULL) return argument_fail(call, 2, NULL, problem);
    amendment.value = u256_load_be(value.b);
    return amend(call, &amendment);
}

enum rpc_status anvil_setStorageAt(struct rpc_call *call) {
    return answer_true(call, set_storage(call));
}

enum rpc_status hardhat_setStorageAt(struct rpc_call *call) {
    return answer_true(call, set_storage(call));
}

/* --- settings --------------------------------------------------------------------------------- */

static enum rpc_status
configure(struct rpc_call *call, uint64_t *answer, const struct rpc_setting *setting) {
    uint64_t unused;
    return call->chain->operations->configure(
        call->chain, &call->request, answer == NULL ? &unused : answer, setting
    );
}

static enum rpc_status set_coinbase(struct rpc_call *call) {
    struct rpc_setting setting = {.kind = RPC_SET_COINBASE};
    enum rpc_status status = argument_address(call, &setting.who, 0);
    return status == RPC_OK ? configure(call, NULL, &setting) : status;
}
BOTH(setCoinbase, set_coinbase)

static enum rpc_status set_prev_randao(struct rpc_call *call) {
    struct rpc_setting setting = {.kind = RPC_SET_PREV_RANDAO};
    enum rpc_status status = argument_hash(call, &setting.hash, 0);
    return status == RPC_OK ? configure(call, NULL, &setting) : status;
}
BOTH(setPrevRandao, set_prev_randao)

static enum rpc_status set_base_fee(struct rpc_call *call) {
    struct rpc_setting setting = {.kind = RPC_SET_BASE_FEE};
    enum rpc_status status = argument_amount(call, &setting.amount, 0);
    return status == RPC_OK ? configure(call, NULL, &setting) : status;
}
BOTH(setNextBlockBaseFeePerGas, set_base_fee)

/* There is no such price where fees follow EIP-1559. */
static enum rpc_status set_min_gas_price(struct rpc_call *call) {
    return rpc_fail(
        &call->request,
        RPC_INVALID_PARAMS,
        "anvil_setMinGasPrice is not supported when EIP-1559 is active"
    );
}
BOTH(setMinGasPrice, set_min_gas_price)

static enum rpc_status set_logging(struct rpc_call *call) {
    struct rpc_setting setting = {.kind = RPC_SET_LOGGING};
    enum rpc_status status = argument_bool(call, &setting.is_on, 0);
    return status == RPC_OK ? configure(call, NULL, &setting) : status;
}
BOTH(setLoggingEnabled, set_logging)

static enum rpc_status
set_number(struct rpc_call *call, uint64_t *answer, enum rpc_setting_kind kind) {
    struct rpc_setting setting = {.kind = kind};
    enum rpc_status status = argument_number(call, &setting.number, 0);
    return status == RPC_OK ? configure(call, answer, &setting) : status;
}

static enum rpc_status set_gas_limit(struct rpc_call *call) {
    return answer_true(call, set_number(call, NULL, RPC_SET_GAS_LIMIT));
}
ANVIL_AND_EVM(setBlockGasLimit, set_gas_limit)

/* --- impersonation ---------------------------------------------------------------------------- */

static enum rpc_status impersonate(struct rpc_call *call, bool is_on) {
    struct rpc_setting setting = {.kind = RPC_IMPERSONATE, .is_on = is_on};
    enum rpc_status status = argument_address(call, &setting.who, 0);
    return status == RPC_OK ? configure(call, NULL, &setting) : status;
}

static enum rpc_status begin_impersonating(struct rpc_call *call) {
    return impersonate(call, true);
}

static enum rpc_status stop_impersonating(struct rpc_call *call) {
    return impersonate(call, false);
}
BOTH(impersonateAccount, begin_impersonating)
BOTH(stopImpersonatingAccount, stop_impersonating)

static enum rpc_status auto_impersonate(struct rpc_call *call) {
    struct rpc_setting setting = {.kind = RPC_IMPERSONATE_ALL};
    enum rpc_status status = argument_bool(call, &setting.is_on, 0);
    return status == RPC_OK ? configure(call, NULL, &setting) : status;
}
BOTH(autoImpersonateAccount, auto_impersonate)

/* --- time ------------------------------------------------------------------------------------- */

static enum rpc_status increase_time(struct rpc_call *call) {
    uint64_t answer;
    enum rpc_status status = set_number(call, &answer, RPC_INCREASE_TIME);
    if (status == RPC_OK) json_decimal(call->out, answer);
    return status;
}
ANVIL_AND_EVM(increaseTime, increase_time)

static enum rpc_status set_time(struct rpc_call *call) {
    uint64_t answer;
    enum rpc_status status = set_number(call, &answer, RPC_SET_TIME);
    if (status == RPC_OK) json_decimal(call->out, answer);
    return status;
}
ANVIL_AND_EVM(setTime, set_time)

static enum rpc_status set_next_timestamp(struct rpc_call *call) {
    return answer_null(call, set_number(call, NULL, RPC_SET_NEXT_TIMESTAMP));
}
ANVIL_AND_EVM(setNextBlockTimestamp, set_next_timestamp)

static enum rpc_status set_timestamp_interval(struct rpc_call *call) {
    return answer_null(call, set_number(call, NULL, RPC_SET_TIMESTAMP_INTERVAL));
}
ANVIL_AND_EVM(setBlockTimestampInterval, set_timestamp_interval)

static enum rpc_status remove_timestamp_interval(struct rpc_call *call) {
    uint64_t before = 0;
    const struct rpc_setting setting = {.kind = RPC_SET_TIMESTAMP_INTERVAL};
    enum rpc_status status = configure(call, &before, &setting);
    if (status == RPC_OK) json_bool(call->out, before != 0);
    return status;
}
ANVIL_AND_EVM(removeBlockTimestampInterval, remove_timestamp_interval)

/* --- when blocks are made --------------------------------------------------------------------- */

static enum rpc_status development_info(struct rpc_call *call, struct rpc_development_info *info) {
    return call->chain->operations->development_info(call->chain, &call->request, info);
}

static enum rpc_status set_automine(struct rpc_call *call) {
    struct rpc_setting setting = {.kind = RPC_SET_AUTOMINE};
    enum rpc_status status = argument_bool(call, &setting.is_on, 0);
    if (status == RPC_OK) status = configure(call, NULL, &setting);
    return answer_true(call, status);
}
ANVIL_AND_EVM(setAutomine, set_automine)

static enum rpc_status get_automine(struct rpc_call *call) {
    struct rpc_development_info info;
    enum rpc_status status = development_info(call, &info);
    if (status == RPC_OK) json_bool(call->out, info.automine);
    return status;
}

enum rpc_status anvil_getAutomine(struct rpc_call *call) {
    return get_automine(call);
}

enum rpc_status hardhat_getAutomine(struct rpc_call *call) {
    return get_automine(call);
}

/* Seconds, as anvil has them; or Hardhat's range [least, most] of milliseconds, of which the least
 * is taken. */
static enum rpc_status set_interval(struct rpc_call *call) {
    struct rpc_setting setting = {.kind = RPC_SET_INTERVAL};
    const struct json *json = call->json;
    uint32_t token = argument_token(call, 0);
    if (token == 0) return argument_missing(call, 0);
    bool is_range = json_kind(json, token) == JSON_ARRAY;
    if (is_range && json->tokens[token].count != 2)
        return argument_fail(call, 0, NULL, "a range has two numbers");
    const char *problem = value_number(&setting.number, json, is_range ? token + 1 : token);
    if (problem != NULL) return argument_fail(call, 0, NULL, problem);
    if (setting.number > UINT32_MAX) return argument_fail(call, 0, NULL, "too long");
    if (!is_range) setting.number *= 1000;
    return answer_true(call, configure(call, NULL, &setting));
}
ANVIL_AND_EVM(setIntervalMining, set_interval)

enum rpc_status anvil_getIntervalMining(struct rpc_call *call) {
    struct rpc_development_info info;
    enum rpc_status status = development_info(call, &info);
    if (status != RPC_OK) return status;
    if (info.interval_ms == 0)
        json_null(call->out);
    else
        json_decimal(call->out, info.interval_ms / 1000);
    return status;
}

/* --- going back ------------------------------------------------------------------------------- */

static enum rpc_status snapshot(struct rpc_call *call) {
    uint64_t id = 0;
    enum rpc_status status = call->chain->operations->snapshot(call->chain, &call->request, &id);
    if (status == RPC_OK) json_quantity_u64(call->out, id);
    return status;
}
ANVIL_AND_EVM(snapshot, snapshot)

static enum rpc_status revert(struct rpc_call *call) {
    uint64_t id;
    bool is_found = false;
    enum rpc_status status = argument_number(call, &id, 0);
    if (status == RPC_OK)
        status = call->chain->operations->revert(call->chain, &call->request, &is_found, id);
    if (status == RPC_OK) json_bool(call->out, is_found);
    return status;
}
ANVIL_AND_EVM(revert, revert)

/* Whether what is asked for, {jsonRpcUrl, blockNumber}, is the fork that the chain is. */
static enum rpc_status check_forking(struct rpc_call *call, uint32_t forking) {
    const struct json *json = call->json;
    struct rpc_development_info info;
    enum rpc_status status = development_info(call, &info);
    if (status != RPC_OK) return status;
    uint32_t url = json_member(json, forking, "jsonRpcUrl");
    uint32_t block = json_member(json, forking, "blockNumber");
    uint64_t number = info.fork_number;
    if (block != 0 && json_kind(json, block) != JSON_NULL) {
        const char *problem = value_number(&number, json, block);
        if (problem != NULL) return argument_fail(call, 0, "blockNumber", problem);
    }
    bool is_same = info.fork_url != NULL && number == info.fork_number;
    if (url != 0 && is_same) is_same = json_string_is(json, url, info.fork_url);
    if (is_same) return RPC_OK;
    return rpc_fail(
        &call->request,
        RPC_UNSUPPORTED,
        "a running network cannot become a fork of another chain or block: start one with "
        "--fork-url "
        "and --fork-block"
    );
}

/* A fork may be asked to become what it began as. */
static enum rpc_status reset(struct rpc_call *call) {
    uint32_t options = argument_token(call, 0);
    uint32_t forking = options == 0 ? 0 : json_member(call->json, options, "forking");
    enum rpc_status status = RPC_OK;
    if (forking != 0 && json_kind(call->json, forking) != JSON_NULL)
        status = check_forking(call, forking);
    return status == RPC_OK ? call->chain->operations->reset(call->chain, &call->request) : status;
}
BOTH(reset, reset)

enum rpc_status anvil_rollback(struct rpc_call *call) {
    uint64_t depth = 1;
    enum rpc_status status = argument_optional_number(call, &depth, 0);
    if (status == RPC_OK)
        status = call->chain->operations->rollback(call->chain, &call->request, depth);
    return answer_null(call, status);
}

/* Whether past states are wanted is not asked: they are part of it. */
enum rpc_status anvil_dumpState(struct rpc_call *call) {
    bytes dump = BYTES_EMPTY;
    enum rpc_status status = call->chain->operations->dump(call->chain, &call->request, &dump);
    if (status == RPC_OK) json_data(call->out, dump);
    return status;
}

enum rpc_status anvil_loadState(struct rpc_call *call) {
    bytes dump;
    enum rpc_status status = argument_data(call, &dump, 0);
    if (status == RPC_OK) status = call->chain->operations->load(call->chain, &call->request, dump);
    return answer_true(call, status);
}

/* A pair of a transaction (signed, or an object as eth_sendTransaction takes it) and the new block
 * that it is for. */
static enum rpc_status
read_reorg_tx(struct rpc_call *call, struct rpc_reorg_tx *tx, uint32_t pair, uint64_t depth) {
    const struct json *json = call->json;
    if (json_kind(json, pair) != JSON_ARRAY || json->tokens[pair].count != 2)
        return argument_fail(call, 1, NULL, "each is a pair of transaction and block");
    uint32_t what = pair + 1;
    const char *problem = value_number(&tx->block, json, json->tokens[what].next);
    if (problem != NULL) return argument_fail(call, 1, "block", problem);
    if (tx->block >= depth)
        return rpc_fail(
            &call->request,
            RPC_INVALID_PARAMS,
            "Block number for reorg tx will exceed the reorged chain height. Block number %llu "
            "must "
            "not exceed (depth-1) %llu",
            (unsigned long long)tx->block,
            (unsigned long long)(depth == 0 ? 0 : depth - 1)
        );
    if (json_kind(json, what) == JSON_OBJECT) {
        enum rpc_status status = call_arguments_read(call, &tx->arguments, what, 1);
        if (status == RPC_OK && !tx->arguments.has_from)
            return argument_fail(call, 1, "from", "missing");
        return status;
    }
    problem = value_data(&tx->raw, call->request.arena, json, what);
    if (problem == NULL && tx->raw.size == 0) problem = "empty";
    return problem == NULL ? RPC_OK : argument_fail(call, 1, NULL, problem);
}

/* [depth, [[transaction, new block], …]], the second may be left out. */
enum rpc_status anvil_reorg(struct rpc_call *call) {
    struct rpc_reorg reorg = {0};
    uint32_t pairs = argument_token(call, 1);
    enum rpc_status status = argument_number(call, &reorg.depth, 0);
    if (status != RPC_OK) return status;
    if (pairs != 0 && json_kind(call->json, pairs) == JSON_ARRAY) {
        size_t count = call->json->tokens[pairs].count;
        struct rpc_reorg_tx *txs = arena_alloc_zero(call->request.arena, count * sizeof(*txs));
        if (txs == NULL && count > 0) return rpc_fail_err(&call->request, ERR_MEMORY);
        uint32_t pair = pairs + 1;
        for (size_t i = 0; i < count && status == RPC_OK; i++) {
            status = read_reorg_tx(call, &txs[i], pair, reorg.depth);
            pair = call->json->tokens[pair].next;
        }
        reorg.txs = txs;
        reorg.tx_count = count;
    }
    if (status == RPC_OK)
        status = call->chain->operations->reorg(call->chain, &call->request, &reorg);
    return answer_null(call, status);
}

/* --- the pool --------------------------------------------------------------------------------- */

static enum rpc_status drop(struct rpc_call *call, size_t *count, const struct rpc_drop *what) {
    return call->chain->operations->drop(call->chain, &call->request, count, what);
}

/* The hash, or null if there is no such transaction. */
enum rpc_status anvil_dropTransaction(struct rpc_call *call) {
    struct rpc_drop what = {0};
    size_t count = 0;
    enum rpc_status status = argument_hash(call, &what.hash, 0);
    if (status == RPC_OK) status = drop(call, &count, &what);
    if (status != RPC_OK) return status;
    if (count > 0)
        json_hash(call->out, &what.hash);
    else
        json_null(call->out);
    return status;
}

enum rpc_status hardhat_dropTransaction(struct rpc_call *call) {
    struct rpc_drop what = {0};
    size_t count = 0;
    enum rpc_status status = argument_hash(call, &what.hash, 0);
    if (status == RPC_OK) status = drop(call, &count, &what);
    if (status == RPC_OK) json_bool(call->out, count > 0);
    return status;
}

enum rpc_status anvil_dropAllTransactions(struct rpc_call *call) {
    const struct rpc_drop what = {.is_all = true};
    size_t count;
    return answer_null(call, drop(call, &count, &what));
}

enum rpc_status anvil_removePoolTransactions(struct rpc_call *call) {
    struct rpc_drop what = {.has_sender = true};
    size_t count;
    enum rpc_status status = argument_address(call, &what.sender, 0);
    return answer_null(call, status == RPC_OK ? drop(call, &count, &what) : status);
}

/* --- about the node --------------------------------------------------------------------------- */

static enum rpc_status latest_block(struct rpc_call *call, const struct rpc_block **block) {
    const struct rpc_block_id id = {.kind = RPC_BLOCK_LATEST};
    enum rpc_status status = lookup_block(call, block, &id, 0);
    if (status == RPC_OK && *block == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
    return status;
}

enum rpc_status anvil_nodeInfo(struct rpc_call *call) {
    struct rpc_development_info info;
    const struct rpc_block *block = NULL;
    struct json_writer *w = call->out;
    enum rpc_status status = development_info(call, &info);
    if (status == RPC_OK) status = latest_block(call, &block);
    if (status != RPC_OK) return status;
    json_object_begin(w);
    json_key(w, "currentBlockNumber");
    json_quantity_u64(w, block->header->number);
    json_key(w, "currentBlockTimestamp");
    json_decimal(w, block->header->timestamp);
    json_key(w, "currentBlockHash");
    json_hash(w, &block->hash);
    json_member_cstring(w, "hardFork", info.fork);
    json_member_cstring(w, "transactionOrder", "fees");
    json_key(w, "environment");
    json_object_begin(w);
    json_key(w, "baseFee");
    json_quantity(w, &info.next_base_fee);
    json_key(w, "chainId");
    json_decimal(w, call->chain->chain_id);
    json_key(w, "gasLimit");
    json_quantity_u64(w, info.gas_limit);
    json_key(w, "gasPrice");
    json_quantity(w, &info.next_base_fee);
    json_object_end(w);
    json_key(w, "forkConfig");
    json_object_begin(w);
    json_key(w, "forkUrl");
    if (info.fork_url != NULL)
        json_cstring(w, info.fork_name);
    else
        json_null(w);
    json_key(w, "forkBlockNumber");
    if (info.fork_url != NULL)
        json_decimal(w, info.fork_number);
    else
        json_null(w);
    json_key(w, "forkRetryBackoff");
    json_null(w);
    json_object_end(w);
    json_object_end(w);
    return RPC_OK;
}

static enum rpc_status metadata(struct rpc_call *call) {
    struct rpc_development_info info;
    const struct rpc_block *block = NULL;
    struct json_writer *w = call->out;
    enum rpc_status status = development_info(call, &info);
    if (status == RPC_OK) status = latest_block(call, &block);
    if (status != RPC_OK) return status;
    json_object_begin(w);
    json_member_cstring(w, "clientVersion", call->chain->client_version);
    json_key(w, "chainId");
    json_decimal(w, call->chain->chain_id);
    json_member_data(w, "instanceId", info.instance);
    json_key(w, "latestBlockNumber");
    json_decimal(w, block->header->number);
    json_key(w, "latestBlockHash");
    json_hash(w, &block->hash);
    if (info.fork_url != NULL) {
        json_key(w, "forkedNetwork");
        json_object_begin(w);
        json_key(w, "chainId");
        json_decimal(w, info.fork_chain_id);
        json_key(w, "forkBlockNumber");
        json_decimal(w, info.fork_number);
        json_key(w, "forkBlockHash");
        json_hash(w, &info.fork_hash);
        json_object_end(w);
    }
    json_key(w, "snapshots");
    json_object_begin(w);
    json_object_end(w);
    json_object_end(w);
    return RPC_OK;
}

enum rpc_status anvil_metadata(struct rpc_call *call) {
    return metadata(call);
}

enum rpc_status hardhat_metadata(struct rpc_call *call) {
    return metadata(call);
}
