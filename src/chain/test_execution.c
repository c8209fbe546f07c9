/* Tests of chain/execution.c and chain/commit.c. That transactions do the right thing is shown by
 * the fixtures `lockstep statetest` runs; here is how executions stop, go on, fail and are
 * copied. */
#include "chain/execution.h"

#include "chain/commit.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A source that lacks everything the first time it is asked. */
struct shy {
    struct source source;
    struct source *base;
    struct map asked;
    bool is_on;
};

static enum err shy_first(struct shy *shy, const hash32 *hash) {
    bool is_new = false;
    if (!shy->is_on) return ERR_OK;
    if (map_put(&shy->asked, hash, &is_new) == NULL) return ERR_MEMORY;
    return is_new ? ERR_MISSING : ERR_OK;
}

static enum err shy_node(struct source *source, const hash32 *hash, bytes *encoded) {
    struct shy *shy = (struct shy *)source;
    enum err err = shy_first(shy, hash);
    return err != ERR_OK ? err : source_node(shy->base, hash, encoded);
}

static enum err shy_code(struct source *source, const hash32 *hash, bytes *code) {
    struct shy *shy = (struct shy *)source;
    enum err err = shy_first(shy, hash);
    return err != ERR_OK ? err : source_code(shy->base, hash, code);
}

static struct arena arena;
static struct source_memory memory;
static struct shy shy;
static struct source_memory sink;
static struct state state;
static hash32 root;
static struct journal journal;
static struct block_context block;
static struct execution x;

static const address SENDER = {{0x5e}};
static const address CONTRACT = {{0xc0}};
static const address FOREIGN = {{0xf0}};
static const address COINBASE = {{0xcb}};

static struct state_change changes[8];
static struct state_slot slots[8];
static size_t change_count;

static bytes hex(const char *text) {
    bytes b;
    assert_int_equal(hex_decode(&b, &arena, text, strlen(text)), ERR_OK);
    return b;
}

static void put_account(const address *of, uint64_t balance, bytes code) {
    changes[change_count++] = (struct state_change){
        .address = *of,
        .exists = true,
        .balance = u256_from_u64(balance),
        .code_hash = keccak256(code),
        .code = code,
    };
}

/* The state is made of what was put; journal and execution are fresh. */
static void begin(void) {
    assert_int_equal(state_open(&state, &arena, &memory.source, &EMPTY_TRIE_ROOT), ERR_OK);
    assert_int_equal(state_apply(&state, &root, &memory, changes, change_count), ERR_OK);
    shy = (struct shy){.source = {.node = shy_node, .code = shy_code}, .base = &memory.source};
    map_open(&shy.asked, &arena, sizeof(hash32), 1);
    source_memory_open(&sink, &arena, &shy.source);
    assert_int_equal(state_open(&state, &arena, &sink.source, &root), ERR_OK);
    assert_int_equal(journal_open(&journal, &arena), ERR_OK);
    assert_int_equal(execution_open(&x, &arena, &block, &state, &journal, NULL), ERR_OK);
}

static int setup(void **unused) {
    (void)unused;
    arena_open(&arena, 256 << 20);
    source_memory_open(&memory, &arena, NULL);
    change_count = 0;
    memset(slots, 0, sizeof slots);
    struct fork_schedule schedule;
    forks_development(&schedule, 1, FORK_PRAGUE);
    block = (struct block_context){
        .rules = forks_at(&schedule, 1, 1),
        .number = 1,
        .timestamp = 1,
        .gas_limit = 30000000,
        .coinbase = COINBASE,
        .base_fee_per_gas = u256_from_u64(10),
    };
    put_account(&SENDER, 1000000000, BYTES_EMPTY);
    return 0;
}

static int teardown(void **unused) {
    (void)unused;
    arena_close(&arena);
    return 0;
}

static struct tx call_tx(uint64_t nonce) {
    return (struct tx){
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = 1,
        .nonce = nonce,
        .max_fee_per_gas = u256_from_u64(12),
        .max_priority_fee_per_gas = u256_from_u64(2),
        .gas_limit = 200000,
        .to = CONTRACT,
    };
}

static hash32 commit(void) {
    hash32 made;
    shy.is_on = false;
    assert_int_equal(journal_commit(&made, &journal, &state, &sink, &arena), ERR_OK);
    return made;
}

static u256 balance_of(const address *of) {
    return journal_find_account(&journal, of)->balance;
}

/* --- gas and fees ----------------------------------------------------------------------------- */

static void gas_is_refunded_and_paid(void **unused) {
    (void)unused;
    put_account(&CONTRACT, 0, hex("6000600055")); /* sstore(0, 0) */
    slots[0].value = U256_ONE;
    changes[1].slots = slots;
    changes[1].slot_count = 1;
    begin();
    struct tx tx = call_tx(0);
    execution_begin_tx(&x, &tx, &SENDER, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_true(x.result.is_success);
    /* 21,000, two pushes, 2,100 + 2,900 for the slot; 4,800 come back, below a fifth (EIP-3529). */
    assert_int_equal(x.result.gas_max, 26006);
    assert_int_equal(x.result.gas_refund, 4800);
    assert_int_equal(x.result.gas_used, 21206);
    assert_int_equal(x.result.effective_gas_price.w[0], 12);
    assert_int_equal(x.result.coinbase_fee.w[0], 2 * 21206);
    assert_int_equal(balance_of(&SENDER).w[0], 1000000000 - 12 * 21206);
    assert_int_equal(balance_of(&COINBASE).w[0], 2 * 21206);
}

static void calldata_costs_its_floor(void **unused) {
    (void)unused;
    static const uint8_t data[1000] = {[0] = 1};
    begin();
    struct tx tx = call_tx(0);
    tx.data = bytes_of(data, sizeof data);
    execution_begin_tx(&x, &tx, &SENDER, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_int_equal(x.result.gas_used, 21000 + 10 * (999 + 4)); /* EIP-7623 */
    assert_int_equal(x.result.gas_max, x.result.gas_used);
}

static void a_rollup_keeps_the_base_fee(void **unused) {
    (void)unused;
    struct execution_options options = {.base_fee_to_coinbase = true, .gas_available = 200000};
    begin();
    struct tx tx = call_tx(0);
    execution_begin_tx(&x, &tx, &SENDER, &options);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_int_equal(balance_of(&COINBASE).w[0], 12 * 21000);
}

/* --- refusals --------------------------------------------------------------------------------- */

/* Block 3 of 2 to 4: the tip is one decay lower than at first. */
static void a_conditional_transaction_pays_what_is_left(void **unused) {
    (void)unused;
    begin();
    struct tx tx = call_tx(0);
    tx.type = TX_CONDITIONAL;
    tx.first_block = 2;
    tx.last_block = 4;
    tx.priority_fee_decay = U256_ONE;
    static const enum tx_verdict verdicts[] = {TX_TOO_EARLY, TX_OK, TX_OK, TX_OK, TX_TOO_LATE};
    static const uint64_t prices[] = {0, 12, 11, 10, 0};
    execution_begin_tx(&x, &tx, &SENDER, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_INVALID);
    assert_int_equal(x.verdict, TX_CONDITIONAL_NOT_ALLOWED);
    block.rules.has_conditional = true;
    for (size_t i = 0; i < 5; i++) {
        block.number = i + 1;
        execution_begin_tx(&x, &tx, &SENDER, NULL);
        bool is_valid = verdicts[i] == TX_OK;
        assert_int_equal(execution_run(&x), is_valid ? EXECUTION_DONE : EXECUTION_INVALID);
        assert_int_equal(x.verdict, verdicts[i]);
        if (!is_valid) continue;
        assert_int_equal(x.result.effective_gas_price.w[0], prices[i]);
        assert_int_equal(x.result.coinbase_fee.w[0], (prices[i] - 10) * 21000);
        tx.nonce++;
    }
}

static void an_invalid_transaction_changes_nothing(void **unused) {
    (void)unused;
    put_account(&CONTRACT, 0, hex("00"));
    begin();
    static const struct execution_options tight = {.gas_available = 199999};
    struct tx tx = call_tx(0);
    struct {
        struct tx tx;
        const address *sender;
        const struct execution_options *options;
        enum tx_verdict verdict;
    } cases[8];
    for (size_t i = 0; i < 8; i++) {
        cases[i].tx = tx;
        cases[i].sender = &SENDER;
        cases[i].options = NULL;
    }
    cases[0].tx.nonce = 1, cases[0].verdict = TX_NONCE_HIGH;
    cases[1].tx.value = u256_from_u64(1000000000), cases[1].verdict = TX_FUNDS;
    cases[2].tx.max_fee_per_gas = u256_from_u64(9), cases[2].verdict = TX_FEE_CAP;
    cases[3].options = &tight, cases[3].verdict = TX_GAS_ALLOWANCE;
    cases[4].sender = &CONTRACT, cases[4].verdict = TX_FUNDS;
    cases[5].sender = &FOREIGN, cases[5].verdict = TX_FUNDS;
    cases[6].tx.gas_limit = 20999, cases[6].verdict = TX_INTRINSIC_GAS;
    cases[7].tx.value = U256_MAX, cases[7].verdict = TX_FEE_OVERFLOW;
    for (size_t i = 0; i < 8; i++) {
        execution_begin_tx(&x, &cases[i].tx, cases[i].sender, cases[i].options);
        assert_int_equal(execution_run(&x), EXECUTION_INVALID);
        assert_int_equal(x.verdict, cases[i].verdict);
    }
    hash32 made = commit();
    assert_true(hash32_equal(&made, &root));
}

static void eth_call_asks_for_less(void **unused) {
    (void)unused;
    put_account(&CONTRACT, 0, hex("3360005260206000f3")); /* return(caller) */
    begin();
    struct execution_options options = {
        .skip_fees = true,
        .skip_nonce = true,
        .skip_balance = true,
        .skip_sender_code = true,
        .skip_gas_cap = true,
        .gas_available = UINT64_MAX,
    };
    struct tx tx = call_tx(77);
    tx.max_fee_per_gas = U256_ZERO;
    tx.max_priority_fee_per_gas = U256_ZERO;
    tx.gas_limit = 50000000;
    tx.value = u256_from_u64(5);
    execution_begin_tx(&x, &tx, &CONTRACT, &options); /* a contract without ether */
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_true(x.result.is_success);
    assert_int_equal(x.result.output.size, 32);
    assert_memory_equal(x.result.output.data + 12, CONTRACT.b, 20);
    assert_int_equal(x.result.effective_gas_price.w[0], 0);
}

/* --- stopping and going on -------------------------------------------------------------------- */

/* sstore(0, add(sload(0), 1)); log1 of 32 bytes; call(gas, 0xdd…, 1 wei) */
#define BUSY_CODE                                                                                  \
    "600160005401600055600760206000a16000600060006000600173dd000000000000000000000000000000000000" \
    "005af100"

static void put_busy_contract(void) {
    put_account(&CONTRACT, 10, hex(BUSY_CODE));
    slots[0].value = u256_from_u64(41);
    slots[1].key = U256_ONE;
    slots[1].value = U256_ONE;
    changes[1].slots = slots;
    changes[1].slot_count = 2;
}

/* What the run gives when nothing is ever missing. */
static hash32 expected_root(uint64_t *gas_used) {
    begin();
    struct tx tx = call_tx(0);
    execution_begin_tx(&x, &tx, &SENDER, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_true(x.result.is_success);
    assert_int_equal(x.result.log_count, 1);
    *gas_used = x.result.gas_used;
    return commit();
}

static void what_was_missing_can_be_supplied(void **unused) {
    (void)unused;
    put_busy_contract();
    uint64_t gas_used;
    hash32 expected = expected_root(&gas_used);
    begin();
    shy.is_on = true;
    struct tx tx = call_tx(0);
    execution_begin_tx(&x, &tx, &SENDER, NULL);
    unsigned stops = 0;
    enum execution_status status;
    while ((status = execution_run(&x)) == EXECUTION_FAILED) {
        assert_int_equal(x.err, ERR_MISSING);
        assert_int_not_equal(x.wanted, WANTED_NOTHING);
        stops++;
    }
    assert_int_equal(status, EXECUTION_DONE);
    assert_true(stops >= 4); /* accounts, code, storage at least */
    assert_int_equal(x.result.gas_used, gas_used);
    hash32 made = commit();
    assert_true(hash32_equal(&made, &expected));
}

static void an_abandoned_execution_leaves_nothing(void **unused) {
    (void)unused;
    put_busy_contract();
    uint64_t gas_used;
    hash32 expected = expected_root(&gas_used);
    for (unsigned stop = 0;; stop++) {
        begin();
        shy.is_on = true;
        struct tx tx = call_tx(0);
        execution_begin_tx(&x, &tx, &SENDER, NULL);
        enum execution_status status = EXECUTION_FAILED;
        for (unsigned i = 0; i <= stop && status == EXECUTION_FAILED; i++)
            status = execution_run(&x);
        if (status == EXECUTION_DONE) break;
        assert_int_equal(status, EXECUTION_FAILED);
        execution_abandon(&x);
        /* The same transaction runs as if nothing had been. */
        shy.is_on = false;
        execution_begin_tx(&x, &tx, &SENDER, NULL);
        assert_int_equal(execution_run(&x), EXECUTION_DONE);
        assert_int_equal(x.result.gas_used, gas_used);
        hash32 made = commit();
        assert_true(hash32_equal(&made, &expected));
    }
}

static void memory_may_end_anywhere(void **unused) {
    (void)unused;
    put_busy_contract();
    uint64_t gas_used;
    hash32 expected = expected_root(&gas_used);
    static _Alignas(16) uint8_t region[4 << 20];
    bool is_done = false;
    for (size_t size = 1024; size <= sizeof region && !is_done; size += size / 8) {
        struct arena small;
        struct journal own;
        struct execution y;
        begin();
        arena_open_region(&small, region, size);
        enum err err = journal_open(&own, &small);
        if (err == ERR_OK) err = execution_open(&y, &small, &block, &state, &own, NULL);
        if (err == ERR_OK) {
            struct tx tx = call_tx(0);
            execution_begin_tx(&y, &tx, &SENDER, NULL);
            enum execution_status status = execution_run(&y);
            is_done = status == EXECUTION_DONE;
            if (!is_done) {
                assert_int_equal(status, EXECUTION_FAILED);
                assert_int_equal(y.err, ERR_MEMORY);
                execution_abandon(&y);
            }
            hash32 made;
            assert_int_equal(journal_commit(&made, &own, &state, &sink, &arena), ERR_OK);
            assert_true(hash32_equal(&made, is_done ? &expected : &root));
        } else {
            assert_int_equal(err, ERR_MEMORY);
        }
        arena_close(&small);
    }
    assert_true(is_done);
}

/* --- calls to elsewhere ----------------------------------------------------------------------- */

/* Calls FOREIGN with 3 wei and returns its 32 bytes; mstore(0, 0x1234) is the calldata before. */
#define FOREIGN_CODE \
    "6112346000526020600060206000600373f0000000000000000000000000000000000000005af15060206000f3"

/* A call of a warm account costs 100 gas with any amount of data, once the memory that this lies in
 * is paid for: what it takes must be used again. */
static void calls_with_much_data_need_little_memory(void **unused) {
    (void)unused;
    static const char *const CODES[] = {
        "5b5f5f620200005f5f61beef5af1505f56", /* for ever: 128 KiB to nobody */
        "5b5f5f620200005f5f60045af1505f56",   /* to the identity precompile, and back */
        "5b5f5f61c0005f5f305af1505f56",       /* to itself: deeper and deeper */
    };
    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        arena_reset(&arena);
        change_count = 0;
        source_memory_open(&memory, &arena, NULL);
        put_account(&SENDER, 1000000000, BYTES_EMPTY);
        put_account(&CONTRACT, 0, hex(CODES[i]));
        begin();
        struct tx tx = call_tx(0);
        tx.gas_limit = 16000000;
        execution_begin_tx(&x, &tx, &SENDER, NULL);
        assert_int_equal(execution_run(&x), EXECUTION_DONE);
        assert_int_equal(x.result.outcome, EVM_OUT_OF_GAS);
        assert_int_equal(x.result.gas_used, 16000000);
    }
}

static struct execution_options foreign_options(void) {
    return (struct execution_options
    ){.foreign = &FOREIGN, .foreign_count = 1, .gas_available = 30000000};
}

static uint8_t answer_word(bytes output) {
    assert_int_equal(output.size, 32);
    return output.data[31];
}

static void a_foreign_call_is_answered_and_copied(void **unused) {
    (void)unused;
    put_account(&CONTRACT, 10, hex(FOREIGN_CODE));
    begin();
    struct execution_options options = foreign_options();
    struct tx tx = call_tx(0);
    execution_begin_tx(&x, &tx, &SENDER, &options);
    assert_int_equal(execution_run(&x), EXECUTION_CALL);
    const struct evm_message *call = &x.evm.request.call;
    assert_true(address_equal(&call->code_address, &FOREIGN));
    assert_true(address_equal(&call->sender, &CONTRACT));
    assert_int_equal(call->value.w[0], 3);
    assert_int_equal(call->input.size, 32);
    /* Three futures of the same machine. */
    static struct arena arenas[2];
    static struct journal journals[2];
    static struct execution copies[2];
    for (size_t i = 0; i < 2; i++) {
        arena_open(&arenas[i], 64 << 20);
        assert_int_equal(journal_copy(&journals[i], &arenas[i], &journal), ERR_OK);
        assert_int_equal(execution_copy(&copies[i], &arenas[i], &x, &journals[i]), ERR_OK);
    }
    uint8_t word[32] = {0};
    for (uint8_t i = 0; i < 2; i++) {
        word[31] = (uint8_t)(7 + i);
        assert_int_equal(evm_give_call(&copies[i].evm, true, 1000, bytes_of(word, 32)), ERR_OK);
        assert_int_equal(execution_run(&copies[i]), EXECUTION_DONE);
        assert_true(copies[i].result.is_success);
        assert_int_equal(answer_word(copies[i].result.output), 7 + i);
    }
    assert_int_equal(copies[0].result.gas_used, copies[1].result.gas_used);
    evm_decline_call(&x.evm); /* here it is an ordinary call, to nobody */
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_int_equal(answer_word(x.result.output), 0x34); /* memory as it was */
    assert_int_equal(balance_of(&FOREIGN).w[0], 3);
    for (size_t i = 0; i < 2; i++)
        arena_close(&arenas[i]);
}

static void a_call_inside_a_foreign_call_is_of_the_same_transaction(void **unused) {
    (void)unused;
    static const address INNER = {{0x1a}};
    put_account(&CONTRACT, 10, hex(FOREIGN_CODE));
    put_account(&INNER, 0, hex("3260005260206000a060206000f3")); /* log and return origin */
    begin();
    struct execution_options options = foreign_options();
    struct tx tx = call_tx(0);
    execution_begin_tx(&x, &tx, &SENDER, &options);
    assert_int_equal(execution_run(&x), EXECUTION_CALL);
    struct evm_message inner = {
        .kind = EVM_CALL,
        .depth = 2,
        .gas = 50000,
        .recipient = INNER,
        .sender = FOREIGN,
        .code_address = INNER,
    };
    evm_call_inside(&x.evm, &inner);
    assert_int_equal(execution_run(&x), EXECUTION_INSIDE_DONE);
    assert_int_equal(x.evm.result.outcome, EVM_SUCCESS);
    assert_memory_equal(x.evm.result.output.data + 12, SENDER.b, 20);
    uint8_t word[32] = {[31] = 9};
    assert_int_equal(evm_give_call(&x.evm, true, 0, bytes_of(word, 32)), ERR_OK);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_int_equal(answer_word(x.result.output), 9);
    assert_int_equal(x.result.log_count, 1);
    assert_true(address_equal(&x.result.logs[0].address, &INNER));
}

static void an_unanswered_call_is_abandoned(void **unused) {
    (void)unused;
    put_account(&CONTRACT, 10, hex(FOREIGN_CODE));
    begin();
    struct execution_options options = foreign_options();
    struct tx tx = call_tx(0);
    execution_begin_tx(&x, &tx, &SENDER, &options);
    assert_int_equal(execution_run(&x), EXECUTION_CALL);
    execution_abandon(&x);
    hash32 made = commit();
    assert_true(hash32_equal(&made, &root));
}

/* --- messages and system calls ---------------------------------------------------------------- */

static void a_message_is_a_frame_and_no_more(void **unused) {
    (void)unused;
    put_account(&CONTRACT, 0, hex("3460005260206000f3")); /* return(callvalue) */
    begin();
    struct execution_message message = {
        .caller = FOREIGN,
        .origin = SENDER,
        .target = CONTRACT,
        .value = u256_from_u64(6),
        .mint = u256_from_u64(8),
        .gas = 1000,
    };
    execution_begin_message(&x, &message, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_true(x.result.is_success);
    assert_int_equal(answer_word(x.result.output), 6);
    assert_int_equal(x.result.gas_used, 2 + 3 + 6 + 3 + 3);
    assert_int_equal(balance_of(&FOREIGN).w[0], 2);
    assert_int_equal(balance_of(&CONTRACT).w[0], 6);
    message.value = u256_from_u64(100);
    message.mint = U256_ZERO;
    execution_begin_message(&x, &message, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_false(x.result.is_success);
    assert_int_equal(x.result.outcome, EVM_INSUFFICIENT_BALANCE);
}

static void a_message_can_create(void **unused) {
    (void)unused;
    begin();
    struct execution_message message = {
        .caller = SENDER,
        .origin = SENDER,
        .is_create = true,
        .gas = 100000,
        .input = hex("60fe60005360016000f3"), /* one byte of code: invalid */
    };
    execution_begin_message(&x, &message, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_true(x.result.is_success);
    assert_true(x.result.is_create);
    address expected = evm_create_address(&SENDER, 0);
    assert_true(address_equal(&x.result.created, &expected));
    struct journal_account *made = journal_find_account(&journal, &expected);
    assert_int_equal(made->code.size, 1);
    assert_int_equal(journal_find_account(&journal, &SENDER)->nonce, 1);
}

static void a_system_call_to_nobody_succeeds(void **unused) {
    (void)unused;
    begin();
    execution_begin_system_call(&x, &CONTRACT, BYTES_EMPTY);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_true(x.result.is_success);
    assert_int_equal(x.result.output.size, 0);
    hash32 made = commit();
    assert_true(hash32_equal(&made, &root));
}

static void logs_outlive_the_next_transaction(void **unused) {
    (void)unused;
    put_account(&CONTRACT, 0, hex("36600052600760206000a100")); /* log1(calldatasize, 7) */
    begin();
    struct tx first = call_tx(0);
    struct tx second = call_tx(1);
    first.data = bytes_of("abc", 3);
    execution_begin_tx(&x, &first, &SENDER, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    struct execution_result result = x.result;
    execution_begin_tx(&x, &second, &SENDER, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_int_equal(result.log_count, 1);
    assert_int_equal(result.logs[0].topics[0].b[31], 7);
    assert_int_equal(result.logs[0].data.data[31], 3);
    assert_int_equal(x.result.logs[0].data.data[31], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(gas_is_refunded_and_paid),
        TEST(calldata_costs_its_floor),
        TEST(a_rollup_keeps_the_base_fee),
        TEST(a_conditional_transaction_pays_what_is_left),
        TEST(an_invalid_transaction_changes_nothing),
        TEST(eth_call_asks_for_less),
        TEST(what_was_missing_can_be_supplied),
        TEST(an_abandoned_execution_leaves_nothing),
        TEST(memory_may_end_anywhere),
        TEST(calls_with_much_data_need_little_memory),
        TEST(a_foreign_call_is_answered_and_copied),
        TEST(a_call_inside_a_foreign_call_is_of_the_same_transaction),
        TEST(an_unanswered_call_is_abandoned),
        TEST(a_message_is_a_frame_and_no_more),
        TEST(a_message_can_create),
        TEST(a_system_call_to_nobody_succeeds),
        TEST(logs_outlive_the_next_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
