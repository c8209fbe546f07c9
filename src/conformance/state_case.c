#include "conformance/state_case.h"

#include "batch/words.h"
#include "chain/commit.h"
#include "core/check.h"
#include "crypto/keccak.h"

#define FILE_NAME    "lsstate"
#define FILE_VERSION 1
#define ITEMS_MAX    ((size_t)1 << 20)

/* --- the file --------------------------------------------------------------------------------- */

static size_t list_size(const bytes *items, size_t count) {
    size_t size = WORD;
    for (size_t i = 0; i < count; i++)
        size += words_string_size(items[i].size);
    return size;
}

static void write_list(struct words_writer *w, const bytes *items, size_t count) {
    words_write(w, count);
    for (size_t i = 0; i < count; i++)
        words_write_string(w, items[i]);
}

static void write_number(struct words_writer *w, const u256 *number) {
    for (size_t i = 0; i < 4; i++)
        words_write(w, number->w[i]);
}

static u256 read_number(struct words *words) {
    u256 number;
    for (size_t i = 0; i < 4; i++)
        number.w[i] = words_read(words);
    return number;
}

enum err state_case_encode(bytes *encoded, struct arena *arena, const struct state_case *c) {
    const struct block_context *block = &c->block;
    const size_t fixed = (9 + 3 + 3 * 4 + 4 + 4) * WORD; /* what stands before the transaction */
    const size_t size = WORDS_HEADER_SIZE + fixed + words_string_size(c->tx.size) +
                        list_size(c->nodes, c->node_count) + list_size(c->codes, c->code_count);
    uint8_t *out = arena_alloc(arena, size);
    if (out == NULL) return ERR_MEMORY;
    struct words_writer w = {out};
    words_write_header(&w, FILE_NAME, FILE_VERSION, size);
    words_write(&w, block->rules.fork);
    words_write(&w, block->rules.chain_id);
    words_write(&w, block->rules.blob.target);
    words_write(&w, block->rules.blob.max);
    words_write(&w, block->rules.blob.base_fee_update_fraction);
    words_write(&w, block->number);
    words_write(&w, block->timestamp);
    words_write(&w, block->gas_limit);
    words_write_bytes(&w, address_bytes(&block->coinbase));
    write_number(&w, &block->difficulty);
    words_write_bytes(&w, hash32_bytes(&block->prev_randao));
    write_number(&w, &block->base_fee_per_gas);
    write_number(&w, &block->blob_base_fee);
    words_write_bytes(&w, hash32_bytes(&c->pre_root));
    words_write(&w, c->leaves_nothing);
    words_write_string(&w, c->tx);
    write_list(&w, c->nodes, c->node_count);
    write_list(&w, c->codes, c->code_count);
    CHECK(w.at == out + size);
    *encoded = bytes_of(out, size);
    return ERR_OK;
}

static enum err
read_list(const bytes **items, size_t *count, struct words *words, struct arena *arena) {
    *count = words_read_count(words, WORD, ITEMS_MAX);
    bytes *list = arena_alloc_array(arena, *count, sizeof(*list));
    if (list == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < *count; i++)
        list[i] = words_read_string(words);
    *items = list;
    return ERR_OK;
}

enum err state_case_decode(struct state_case *c, struct arena *arena, bytes encoded) {
    bytes rest;
    struct words words = words_open(encoded, FILE_NAME, FILE_VERSION, &rest);
    struct block_context *block = &c->block;
    *c = (struct state_case){.leaves_nothing = false};
    uint64_t fork = words_read(&words);
    block->rules.fork = fork < FORK_COUNT ? (enum fork)fork : FORK_FRONTIER;
    block->rules.chain_id = words_read(&words);
    block->rules.blob.target = (uint32_t)words_read(&words);
    block->rules.blob.max = (uint32_t)words_read(&words);
    block->rules.blob.base_fee_update_fraction = words_read(&words);
    block->number = words_read(&words);
    block->timestamp = words_read(&words);
    block->gas_limit = words_read(&words);
    bytes coinbase = words_read_bytes(&words, sizeof(block->coinbase.b));
    block->difficulty = read_number(&words);
    bytes prev_randao = words_read_bytes(&words, sizeof(block->prev_randao.b));
    block->base_fee_per_gas = read_number(&words);
    block->blob_base_fee = read_number(&words);
    bytes pre_root = words_read_bytes(&words, sizeof(c->pre_root.b));
    c->leaves_nothing = words_read(&words) != 0;
    c->tx = words_read_string(&words);
    enum err err = read_list(&c->nodes, &c->node_count, &words, arena);
    if (err == ERR_OK) err = read_list(&c->codes, &c->code_count, &words, arena);
    if (err != ERR_OK) return err;
    if (words_close(&words) != WORDS_NONE || rest.size > 0 || fork >= FORK_COUNT) return ERR_INPUT;
    memcpy(block->coinbase.b, coinbase.data, coinbase.size);
    memcpy(block->prev_randao.b, prev_randao.data, prev_randao.size);
    memcpy(c->pre_root.b, pre_root.data, pre_root.size);
    return ERR_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

hash32 state_case_block_hash(uint64_t number) {
    char digits[U256_DECIMAL_SIZE_MAX];
    u256 n = u256_from_u64(number);
    size_t size = u256_to_decimal(digits, &n);
    return keccak256(bytes_of(digits, size));
}

static enum err block_hash(void *context, uint64_t number, hash32 *hash) {
    (void)context;
    *hash = state_case_block_hash(number);
    return ERR_OK;
}

enum err state_case_read_tx(
    struct tx *tx,
    address *sender,
    enum tx_verdict *verdict,
    struct arena *arena,
    bytes encoding,
    const struct fork_rules *rules
) {
    *verdict = TX_OK;
    enum err err = tx_decode(tx, verdict, arena, encoding);
    if (err != ERR_OK || *verdict != TX_OK) return err;
    *verdict = tx_check_type(tx, rules);
    if (*verdict != TX_OK) return ERR_OK;
    return tx_sender(sender, verdict, arena, tx, rules);
}

enum err state_case_touch_coinbase(struct execution *x, struct state *state) {
    struct journal *journal = x->journal;
    const address *coinbase = &x->block->coinbase;
    enum err err = ERR_OK;
    if (journal_find_account(journal, coinbase) == NULL) {
        struct account account;
        bool exists;
        err = state_get_account(state, coinbase, &account, &exists);
        if (err != ERR_OK) return err;
        struct journal_account_data data = {
            exists, account.nonce, account.balance, account.code_hash, account.storage_root};
        err = journal_give_account(journal, coinbase, &data);
        if (err != ERR_OK) return err;
    }
    journal_begin_transaction(journal);
    err = journal_touch(journal, journal_find_account(journal, coinbase));
    journal_end_transaction(journal, x->block->rules.fork);
    return err;
}

enum err
state_case_run(struct state_case_result *result, struct arena *arena, struct state_case *c) {
    struct source_witness witness;
    struct source_memory sink;
    struct state state;
    struct journal *journal = arena_alloc(arena, sizeof(*journal));
    struct execution *x = arena_alloc(arena, sizeof(*x));
    struct tx tx;
    address sender;
    if (journal == NULL || x == NULL) return ERR_MEMORY;
    c->block.hashes = (struct block_hashes){NULL, block_hash};
    source_witness_open(&witness, arena);
    enum err err = source_witness_add_nodes(&witness, c->nodes, c->node_count);
    if (err == ERR_OK) err = source_witness_add_codes(&witness, c->codes, c->code_count);
    source_memory_open(&sink, arena, &witness.source);
    if (err == ERR_OK) err = state_open(&state, arena, &sink.source, &c->pre_root);
    if (err == ERR_OK) err = journal_open(journal, arena);
    if (err == ERR_OK) err = execution_open(x, arena, &c->block, &state, journal, NULL);
    if (err == ERR_OK)
        err = state_case_read_tx(&tx, &sender, &result->verdict, arena, c->tx, &c->block.rules);
    if (err != ERR_OK) return err;
    if (result->verdict == TX_OK) {
        execution_begin_tx(x, &tx, &sender, NULL);
        enum execution_status status = execution_run(x);
        if (status == EXECUTION_FAILED) return x->err;
        CHECK(status == EXECUTION_DONE || status == EXECUTION_INVALID);
        if (status == EXECUTION_INVALID) result->verdict = x->verdict;
    }
    if (result->verdict == TX_OK || !c->leaves_nothing) err = state_case_touch_coinbase(x, &state);
    if (err == ERR_OK) err = journal_commit(&result->root, journal, &state, &sink, arena);
    if (err == ERR_OK) err = logs_hash(&result->logs, arena, x->result.logs, x->result.log_count);
    return err;
}
