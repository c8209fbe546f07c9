/* chain/block.c: making a block. Import is in block_import.c, bytes are in block_codec.c. */
#include "chain/block.h"

#include "chain/commit.h"
#include "chain/dao.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "state/state.h"

struct block_context block_context_of(
    const struct header *header, const struct fork_rules *rules, struct block_hashes hashes
) {
    struct block_context context = {
        .rules = *rules,
        .number = header->number,
        .timestamp = header->timestamp,
        .gas_limit = header->gas_limit,
        .coinbase = header->coinbase,
        .difficulty = header->difficulty,
        .prev_randao = header->mix_hash,
        .base_fee_per_gas = header->base_fee_per_gas,
        .hashes = hashes,
    };
    if (rules->fork >= FORK_CANCUN)
        context.blob_base_fee = blob_base_fee(header->excess_blob_gas, &rules->blob);
    return context;
}

/* --- changes without a transaction ------------------------------------------------------------ */

/* The account in the journal, read into it if need be. */
static enum err
load_account(struct block_builder *builder, struct journal_account **account, const address *of) {
    *account = journal_find_account(&builder->journal, of);
    if (*account != NULL) return ERR_OK;
    struct account found;
    bool exists;
    enum err err = state_get_account(builder->state, of, &found, &exists);
    if (err != ERR_OK) return err;
    struct journal_account_data data = {
        .exists = exists,
        .nonce = found.nonce,
        .balance = found.balance,
        .code_hash = found.code_hash,
        .storage_root = found.storage_root,
    };
    err = journal_give_account(&builder->journal, of, &data);
    if (err == ERR_OK) *account = journal_find_account(&builder->journal, of);
    return err;
}

/* Gives ether from nowhere; the account is touched, and goes if it is empty (EIP-161). */
static enum err credit(struct block_builder *builder, const address *to, const u256 *value) {
    struct journal_account *account;
    enum err err = load_account(builder, &account, to);
    if (err == ERR_OK) err = journal_touch(&builder->journal, account);
    if (err == ERR_OK) err = journal_add_balance(&builder->journal, account, value);
    return err;
}

/* EIP-779. */
static enum err move_dao_ether(struct block_builder *builder) {
    for (unsigned i = 0; i < DAO_ACCOUNT_COUNT; i++) {
        address from = dao_account_at(i);
        struct journal_account *account;
        enum err err = load_account(builder, &account, &from);
        if (err != ERR_OK) return err;
        u256 balance = account->balance;
        if (u256_is_zero(&balance)) continue;
        err = journal_sub_balance(&builder->journal, account, &balance);
        if (err == ERR_OK) err = credit(builder, &DAO_REFUND_CONTRACT, &balance);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

static enum err credit_withdrawals(struct block_builder *builder) {
    const struct block_attributes *attributes = &builder->attributes;
    u256 gwei = u256_from_u64(1000000000);
    for (size_t i = 0; i < attributes->withdrawal_count; i++) {
        u256 amount = u256_from_u64(attributes->withdrawals[i].amount_gwei);
        u256 wei = u256_mul(&amount, &gwei);
        enum err err = credit(builder, &attributes->withdrawals[i].address, &wei);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

/* Yellow Paper 11.3: the reward, a 32nd more for each ommer, and less to ommers the older they
 * are. */
static enum err credit_rewards(struct block_builder *builder) {
    const struct block_attributes *attributes = &builder->attributes;
    u256 reward = block_reward(&builder->context.rules);
    u256 total = reward;
    u256 thirty_two = u256_from_u64(32);
    u256 eight = u256_from_u64(8);
    u256 bonus = u256_div(&reward, &thirty_two);
    for (size_t i = 0; i < attributes->ommer_count; i++) {
        const struct header *ommer = &attributes->ommers[i];
        u256 part = u256_from_u64(8 + ommer->number - builder->header.number);
        u256 ommer_reward = u256_mul(&reward, &part);
        ommer_reward = u256_div(&ommer_reward, &eight);
        enum err err = credit(builder, &ommer->coinbase, &ommer_reward);
        if (err != ERR_OK) return err;
        total = u256_add(&total, &bonus);
    }
    return credit(builder, &builder->header.coinbase, &total);
}

/* One of the above as a transaction of the journal's own. */
static enum err
settle(struct block_builder *builder, enum err (*change)(struct block_builder *builder)) {
    journal_begin_transaction(&builder->journal);
    struct journal_snapshot snapshot = journal_snapshot(&builder->journal);
    enum err err = change(builder);
    if (err != ERR_OK) journal_revert(&builder->journal, snapshot);
    journal_end_transaction(&builder->journal, builder->context.rules.fork);
    return err;
}

/* --- system calls ----------------------------------------------------------------------------- */

static enum err system_call(struct block_builder *builder, const address *target, bytes input) {
    execution_begin_system_call(&builder->execution, target, input);
    enum execution_status status = execution_run(&builder->execution);
    if (status == EXECUTION_DONE) return ERR_OK;
    CHECK(status == EXECUTION_FAILED); /* nothing is foreign to it, and nothing can be invalid */
    execution_abandon(&builder->execution);
    return builder->execution.err;
}

static enum err opening_calls(struct block_builder *builder) {
    enum fork fork = builder->context.rules.fork;
    enum err err = ERR_OK;
    if (builder->context.rules.is_dao_block) err = settle(builder, move_dao_ether);
    if (err == ERR_OK && fork >= FORK_CANCUN)
        err = system_call(
            builder, &BEACON_ROOTS_ADDRESS, hash32_bytes(&builder->header.parent_beacon_block_root)
        );
    if (err == ERR_OK && fork >= FORK_PRAGUE)
        err = system_call(
            builder, &HISTORY_STORAGE_ADDRESS, hash32_bytes(&builder->header.parent_hash)
        );
    return err;
}

/* --- beginning -------------------------------------------------------------------------------- */

static enum err begin_header(struct block_builder *builder, const struct header *parent) {
    const struct block_attributes *attributes = &builder->attributes;
    const struct fork_rules *rules = &builder->context.rules;
    struct header *header = &builder->header;
    *header = (struct header){
        .fields = header_fields_of(rules->fork),
        .parent_hash = header_hash(parent),
        .coinbase = attributes->coinbase,
        .number = parent->number + 1,
        .gas_limit = attributes->gas_limit,
        .timestamp = attributes->timestamp,
        .extra_data_size = attributes->extra_data_size,
        .mix_hash = attributes->prev_randao,
        .difficulty = header_difficulty(parent, attributes->timestamp, rules),
    };
    memcpy(header->extra_data, attributes->extra_data, attributes->extra_data_size);
    memcpy(header->nonce, attributes->nonce, sizeof header->nonce);
    if (header->fields >= HEADER_BASE_FEE) {
        header->base_fee_per_gas =
            attributes->has_base_fee ? attributes->base_fee_per_gas : header_next_base_fee(parent);
    }
    if (header->fields >= HEADER_BLOB_GAS) {
        header->excess_blob_gas = header_next_excess_blob_gas(parent, rules);
        header->parent_beacon_block_root = attributes->parent_beacon_block_root;
    }
    return ommers_hash(
        &header->ommers_hash, builder->arena, attributes->ommers, attributes->ommer_count
    );
}

/* The header and context.rules are set. */
static enum err open_builder(
    struct block_builder *builder, struct block_hashes hashes, struct evm_code_cache *code_cache
) {
    struct fork_rules rules = builder->context.rules;
    builder->context = block_context_of(&builder->header, &rules, hashes);
    if (builder->attributes.has_blob_base_fee)
        builder->context.blob_base_fee = builder->attributes.blob_base_fee;
    enum err err = journal_open(&builder->journal, builder->arena);
    if (err == ERR_OK)
        err = execution_open(
            &builder->execution,
            builder->arena,
            &builder->context,
            builder->state,
            &builder->journal,
            code_cache
        );
    return err == ERR_OK ? opening_calls(builder) : err;
}

enum err block_begin(
    struct block_builder *builder,
    struct arena *arena,
    struct state *state,
    struct source_memory *sink,
    const struct fork_schedule *schedule,
    const struct header *parent,
    const struct block_attributes *attributes,
    struct block_hashes hashes,
    const struct execution_options *options,
    struct evm_code_cache *code_cache
) {
    CHECK(attributes->extra_data_size <= HEADER_EXTRA_DATA_SIZE_MAX);
    *builder = (struct block_builder){
        .arena = arena,
        .state = state,
        .sink = sink,
        .schedule = schedule,
        .attributes = *attributes,
        .parent_state_root = parent->state_root,
    };
    if (options != NULL) builder->options = *options;
    uint64_t number = parent->number + 1;
    struct fork_rules rules =
        attributes->parent_total_difficulty == NULL
            ? forks_at(schedule, number, attributes->timestamp)
            : forks_at_difficulty(
                  schedule, number, attributes->timestamp, attributes->parent_total_difficulty
              );
    builder->context.rules = rules;
    enum err err = begin_header(builder, parent);
    return err == ERR_OK ? open_builder(builder, hashes, code_cache) : err;
}

enum err block_begin_with(
    struct block_builder *builder,
    struct arena *arena,
    struct state *state,
    struct source_memory *sink,
    const struct fork_rules *rules,
    const struct header *header,
    const struct block_attributes *attributes,
    struct block_hashes hashes,
    const struct execution_options *options,
    struct evm_code_cache *code_cache
) {
    *builder = (struct block_builder){
        .arena = arena,
        .state = state,
        .sink = sink,
        .context.rules = *rules,
        .header = *header,
        .attributes = *attributes,
        .parent_state_root = state->root,
    };
    if (options != NULL) builder->options = *options;
    return open_builder(builder, hashes, code_cache);
}

/* --- transactions ----------------------------------------------------------------------------- */

#define TX_CAPACITY_MIN 16

static enum err grow(struct arena *arena, void *array, size_t count, size_t capacity, size_t size) {
    void *old;
    memcpy(&old, array, sizeof old);
    void *larger = arena_alloc_array(arena, capacity, size);
    if (larger == NULL) return ERR_MEMORY;
    if (count > 0) memcpy(larger, old, count * size);
    memcpy(array, &larger, sizeof larger);
    return ERR_OK;
}

static enum err reserve(struct block_builder *b, size_t capacity) {
    if (capacity <= b->tx_capacity) return ERR_OK;
    size_t count = b->tx_count;
    enum err err = grow(b->arena, &b->txs, count, capacity, sizeof *b->txs);
    if (err == ERR_OK)
        err = grow(b->arena, &b->tx_encodings, count, capacity, sizeof *b->tx_encodings);
    if (err == ERR_OK) err = grow(b->arena, &b->tx_hashes, count, capacity, sizeof *b->tx_hashes);
    if (err == ERR_OK) err = grow(b->arena, &b->senders, count, capacity, sizeof *b->senders);
    if (err == ERR_OK) err = grow(b->arena, &b->receipts, count, capacity, sizeof *b->receipts);
    if (err == ERR_OK) err = grow(b->arena, &b->results, count, capacity, sizeof *b->results);
    if (err == ERR_OK) b->tx_capacity = capacity;
    return err;
}

void block_add_begin(
    struct block_builder *builder, const struct tx *tx, bytes encoding, const address *sender
) {
    CHECK(builder->tx == NULL);
    uint64_t blob_gas_max = (uint64_t)builder->context.rules.blob.max * BLOB_GAS_PER_BLOB;
    builder->tx = tx;
    builder->tx_encoding = encoding;
    builder->tx_sender = *sender;
    builder->tx_verdict = TX_OK;
    builder->err = ERR_OK;
    builder->options.gas_available = builder->header.gas_limit - builder->gas_used;
    builder->options.blob_gas_available = blob_gas_max - builder->blob_gas_used;
    execution_begin_tx(&builder->execution, tx, sender, &builder->options);
}

static struct receipt
receipt_of(const struct tx *tx, const struct execution_result *result, uint64_t gas_used) {
    struct receipt receipt = {
        .type = tx->type,
        .is_success = result->is_success,
        .cumulative_gas_used = gas_used,
        .logs = result->logs,
        .log_count = result->log_count,
    };
    bloom_add_logs(&receipt.bloom, receipt.logs, receipt.log_count);
    return receipt;
}

/* Takes the executed transaction into the block. */
static enum err accept(struct block_builder *b) {
    if (b->tx_count == b->tx_capacity) {
        size_t capacity = b->tx_capacity < TX_CAPACITY_MIN ? TX_CAPACITY_MIN : 2 * b->tx_capacity;
        enum err err = reserve(b, capacity);
        if (err != ERR_OK) return err;
    }
    if (b->tx_encoding.size == 0) {
        enum err err = tx_encode(&b->tx_encoding, b->arena, b->tx);
        if (err != ERR_OK) return err;
    }
    const struct execution_result *result = &b->execution.result;
    uint64_t gas_used = b->gas_used + result->gas_used;
    struct receipt receipt = receipt_of(b->tx, result, gas_used);
    if (b->context.rules.fork < FORK_BYZANTIUM) { /* EIP-658 replaced the root */
        receipt.has_root = true;
        enum err err = journal_commit(&receipt.root, &b->journal, b->state, b->sink, b->arena);
        if (err != ERR_OK) return err;
    }
    size_t i = b->tx_count++;
    b->txs[i] = *b->tx;
    b->tx_encodings[i] = b->tx_encoding;
    b->tx_hashes[i] = keccak256(b->tx_encoding);
    b->senders[i] = b->tx_sender;
    b->receipts[i] = receipt;
    b->results[i] = *result;
    b->gas_used = gas_used;
    b->blob_gas_used += result->blob_gas_used;
    bloom_merge(&b->header.logs_bloom, &receipt.bloom);
    return ERR_OK;
}

enum execution_status block_add_run(struct block_builder *builder) {
    CHECK(builder->tx != NULL);
    enum execution_status status = execution_run(&builder->execution);
    switch (status) {
    case EXECUTION_DONE:
        builder->err = accept(builder);
        builder->tx = NULL;
        /* The journal has the effects, the block has no transaction: only void is honest. */
        if (builder->err != ERR_OK) return EXECUTION_FAILED;
        break;
    case EXECUTION_INVALID:
        builder->tx_verdict = builder->execution.verdict;
        builder->tx = NULL;
        break;
    case EXECUTION_FAILED:
        builder->err = builder->execution.err;
        break;
    case EXECUTION_CALL:
    case EXECUTION_INSIDE_DONE:
    case EXECUTION_REVERTING:
        break;
    }
    return status;
}

void block_add_abandon(struct block_builder *builder) {
    if (builder->tx == NULL) return;
    execution_abandon(&builder->execution);
    builder->tx = NULL;
}

enum execution_status
block_add(struct block_builder *builder, const struct tx *tx, const address *sender) {
    block_add_begin(builder, tx, BYTES_EMPTY, sender);
    enum execution_status status = block_add_run(builder);
    if (status == EXECUTION_FAILED) block_add_abandon(builder);
    return status;
}

/* --- requests (EIP-7685) ---------------------------------------------------------------------- */

enum request_type { REQUEST_DEPOSIT, REQUEST_WITHDRAWAL, REQUEST_CONSOLIDATION };

#define DEPOSIT_DATA_SIZE    576
#define DEPOSIT_REQUEST_SIZE 192

/* keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)") (EIP-6110). */
static const hash32 DEPOSIT_EVENT = {{0x64, 0x9b, 0xbc, 0x62, 0xd0, 0xe3, 0x13, 0x42,
                                      0xaf, 0xea, 0x4e, 0x5c, 0xd8, 0x2d, 0x40, 0x49,
                                      0xe7, 0xe1, 0xee, 0x91, 0x2f, 0xc0, 0x88, 0x9a,
                                      0xa7, 0x90, 0x80, 0x3b, 0xe3, 0x90, 0x38, 0xc5}};

/* The event's five byte strings: where each lies in the data, and its one allowed size. */
static const struct {
    uint32_t offset;
    uint32_t size;
} DEPOSIT_PARTS[] = {
    {160, 48}, /* public key */
    {256, 32}, /* withdrawal credentials */
    {320, 8},  /* amount */
    {384, 96}, /* signature */
    {512, 8},  /* index */
};
#define DEPOSIT_PART_COUNT (sizeof DEPOSIT_PARTS / sizeof DEPOSIT_PARTS[0])

static bool word_is(bytes data, size_t offset, uint64_t value) {
    u256 word = u256_load_be(data.data + offset);
    return u256_fits_u64(&word) && word.w[0] == value;
}

/* Writes the request without offsets and sizes; false if the layout is another. */
static bool deposit_of(uint8_t out[DEPOSIT_REQUEST_SIZE], bytes data) {
    if (data.size != DEPOSIT_DATA_SIZE) return false;
    size_t size = 0;
    for (size_t i = 0; i < DEPOSIT_PART_COUNT; i++) {
        size_t offset = DEPOSIT_PARTS[i].offset;
        if (!word_is(data, 32 * i, offset)) return false;
        if (!word_is(data, offset, DEPOSIT_PARTS[i].size)) return false;
        memcpy(out + size, data.data + offset + 32, DEPOSIT_PARTS[i].size);
        size += DEPOSIT_PARTS[i].size;
    }
    return true;
}

static bool is_deposit(const struct block_builder *builder, const struct log *log) {
    return address_equal(&log->address, &builder->context.rules.deposit_contract) &&
           log->topic_count > 0 && hash32_equal(&log->topics[0], &DEPOSIT_EVENT);
}

/* All deposits of the block's logs, with the type byte in front. */
static enum err
collect_deposits(struct block_builder *builder, bytes *request, enum block_verdict *verdict) {
    size_t count = 0;
    for (size_t i = 0; i < builder->tx_count; i++) {
        for (size_t k = 0; k < builder->receipts[i].log_count; k++)
            count += is_deposit(builder, &builder->receipts[i].logs[k]);
    }
    uint8_t *data = arena_alloc(builder->arena, 1 + count * DEPOSIT_REQUEST_SIZE);
    if (data == NULL) return ERR_MEMORY;
    size_t size = 0;
    data[size++] = REQUEST_DEPOSIT;
    for (size_t i = 0; i < builder->tx_count; i++) {
        for (size_t k = 0; k < builder->receipts[i].log_count; k++) {
            const struct log *log = &builder->receipts[i].logs[k];
            if (!is_deposit(builder, log)) continue;
            if (!deposit_of(data + size, log->data)) {
                *verdict = BLOCK_DEPOSIT_LAYOUT;
                return ERR_OK;
            }
            size += DEPOSIT_REQUEST_SIZE;
        }
    }
    *request = bytes_of(data, size);
    return ERR_OK;
}

/* What a queue contract gives out at the end of a block (EIP-7002, EIP-7251). */
static enum err dequeue(
    struct block_builder *builder,
    bytes *request,
    enum block_verdict *verdict,
    enum request_type type,
    const address *contract
) {
    struct journal_account *account;
    enum err err = load_account(builder, &account, contract);
    if (err != ERR_OK) return err;
    if (hash32_equal(&account->code_hash, &KECCAK_EMPTY)) {
        *verdict = BLOCK_SYSTEM_CONTRACT_EMPTY;
        return ERR_OK;
    }
    err = system_call(builder, contract, BYTES_EMPTY);
    if (err != ERR_OK) return err;
    const struct execution_result *result = &builder->execution.result;
    if (!result->is_success) {
        *verdict = BLOCK_SYSTEM_CONTRACT_FAILED;
        return ERR_OK;
    }
    uint8_t *data = arena_alloc(builder->arena, 1 + result->output.size);
    if (data == NULL) return ERR_MEMORY;
    data[0] = (uint8_t)type;
    if (result->output.size > 0) memcpy(data + 1, result->output.data, result->output.size);
    *request = bytes_of(data, 1 + result->output.size);
    return ERR_OK;
}

static enum err collect_requests(struct block_builder *builder, enum block_verdict *verdict) {
    if (builder->attributes.has_no_requests) {
        builder->header.requests_hash = requests_hash(NULL, 0);
        return ERR_OK;
    }
    static const struct {
        enum request_type type;
        const address *contract;
    } queues[] = {
        {REQUEST_WITHDRAWAL, &WITHDRAWAL_REQUEST_ADDRESS},
        {REQUEST_CONSOLIDATION, &CONSOLIDATION_REQUEST_ADDRESS},
    };
    enum err err = collect_deposits(builder, &builder->requests[0], verdict);
    for (size_t i = 0; i < 2 && err == ERR_OK && *verdict == BLOCK_OK; i++)
        err = dequeue(
            builder, &builder->requests[i + 1], verdict, queues[i].type, queues[i].contract
        );
    if (err != ERR_OK || *verdict != BLOCK_OK) return err;
    builder->request_count = 3;
    builder->header.requests_hash = requests_hash(builder->requests, builder->request_count);
    return ERR_OK;
}

/* --- finishing -------------------------------------------------------------------------------- */

static enum err compute_roots(struct block_builder *builder) {
    struct header *header = &builder->header;
    enum err err = ordered_root(
        &header->transactions_root, builder->arena, builder->tx_encodings, builder->tx_count
    );
    if (err == ERR_OK)
        err = receipts_root(
            &header->receipts_root, builder->arena, builder->receipts, builder->tx_count
        );
    if (err == ERR_OK && header->fields >= HEADER_WITHDRAWALS)
        err = withdrawals_root(
            &header->withdrawals_root,
            builder->arena,
            builder->attributes.withdrawals,
            builder->attributes.withdrawal_count
        );
    return err;
}

enum err block_finish(struct block_builder *builder, enum block_verdict *verdict) {
    CHECK(builder->tx == NULL);
    enum fork fork = builder->context.rules.fork;
    enum err err = ERR_OK;
    *verdict = BLOCK_OK;
    if (fork < FORK_PARIS) err = settle(builder, credit_rewards);
    if (err == ERR_OK && fork >= FORK_SHANGHAI) err = settle(builder, credit_withdrawals);
    if (err == ERR_OK && fork >= FORK_PRAGUE) err = collect_requests(builder, verdict);
    if (err == ERR_OK && *verdict == BLOCK_OK) {
        builder->header.gas_used = builder->gas_used;
        builder->header.blob_gas_used = builder->blob_gas_used;
        err = compute_roots(builder);
    }
    if (err != ERR_OK || *verdict != BLOCK_OK) return err;
    return journal_commit(
        &builder->header.state_root,
        &builder->journal,
        builder->state,
        builder->sink,
        builder->arena
    );
}

enum err block_discard(struct block_builder *builder) {
    block_add_abandon(builder);
    if (hash32_equal(&builder->state->root, &builder->parent_state_root)) return ERR_OK;
    return state_move(builder->state, &builder->parent_state_root);
}

struct block block_of(const struct block_builder *builder) {
    return (struct block){
        .header = builder->header,
        .txs = builder->txs,
        .tx_encodings = builder->tx_encodings,
        .tx_count = builder->tx_count,
        .ommers = builder->attributes.ommers,
        .ommer_count = builder->attributes.ommer_count,
        .withdrawals = builder->attributes.withdrawals,
        .withdrawal_count = builder->attributes.withdrawal_count,
    };
}
