/* The laws of the ledger's step: which steps are defined, what leaves a head where it is, and that
 * a step is a function. What its operations do between chains, tests/ledger shows on a network. */
#include "rollup/test_ledger.h"

#include "chain/tx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;
static struct test_ledger ledger;

static int open_ledger(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 28);
    test_ledger_open(&ledger, &arena);
    return 0;
}

static int close_ledger(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void assert_step(enum step_verdict expected, const struct fact *fact) {
    assert_string_equal(step_verdict_name(fact->verdict), step_verdict_name(expected));
}

/* Calldata of an operation: an address, if any, and an amount, if any. */
static bytes calldata(const char *signature, const address *who, uint64_t amount) {
    struct abi_writer w;
    bytes data;
    abi_writer_open(&w, &arena);
    abi_write_selector(&w, signature);
    if (who != NULL) abi_write_address(&w, who);
    if (amount > 0) abi_write_u64(&w, amount);
    assert_int_equal(abi_finish(&w, &data), ERR_OK);
    return data;
}

/* call(chain, target, data), or tryCall. */
static bytes outward(const char *signature, uint64_t chain, bytes data) {
    struct abi_writer w;
    bytes encoded;
    abi_writer_open(&w, &arena);
    abi_write_selector(&w, signature);
    abi_write_u64(&w, chain);
    abi_write_address(&w, &TEST_OTHER);
    size_t offset = abi_write_offset(&w);
    abi_begin_tail(&w, offset, ABI_SELECTOR);
    abi_write_bytes(&w, data);
    assert_int_equal(abi_finish(&w, &encoded), ERR_OK);
    return encoded;
}

/* execute([a, b]). */
static bytes both(bytes a, bytes b) {
    struct abi_writer w;
    bytes encoded;
    abi_writer_open(&w, &arena);
    abi_write_selector(&w, "execute(bytes[])");
    size_t list = abi_write_offset(&w);
    abi_begin_tail(&w, list, ABI_SELECTOR);
    abi_write_u64(&w, 2);
    size_t elements = w.size;
    size_t first = abi_write_offset(&w);
    size_t second = abi_write_offset(&w);
    abi_begin_tail(&w, first, elements);
    abi_write_bytes(&w, a);
    abi_begin_tail(&w, second, elements);
    abi_write_bytes(&w, b);
    assert_int_equal(abi_finish(&w, &encoded), ERR_OK);
    return encoded;
}

static struct fact ask(const address *source, bytes data) {
    struct action call = test_ledger_call(source, data);
    return test_ledger_step(&ledger, &call);
}

static bytes mint(const address *to, uint64_t amount) {
    return calldata("mint(address,uint256)", to, amount);
}

static struct fact succeed(const address *source, bytes data) {
    struct fact fact = ask(source, data);
    assert_step(STEP_OK, &fact);
    assert_int_equal(fact.entry.out.kind, ACTION_RESULT);
    assert_false(fact.entry.out.failed);
    return fact;
}

static void assert_fails(const struct fact *fact, const char *error) {
    assert_step(STEP_OK, fact);
    assert_int_equal(fact->entry.out.kind, ACTION_RESULT);
    assert_true(fact->entry.out.failed);
    assert_true(abi_has_selector(fact->entry.out.data, error));
    /* A failed result changes nothing. */
    assert_true(hash32_equal(&fact->entry.transitions[0].pre, &fact->entry.transitions[0].post));
}

static uint64_t balance_of(const address *who) {
    struct action call = test_ledger_call(&TEST_OTHER, calldata("balanceOf(address)", who, 0));
    call.is_static = true;
    struct fact fact = test_ledger_step(&ledger, &call);
    u256 value;
    assert_step(STEP_OK, &fact);
    assert_int_equal(abi_read_u256(&value, fact.entry.out.data, 0), ERR_OK);
    return u256_to_u64_saturating(&value);
}

static void a_step_is_a_function(void **state) {
    (void)state;
    struct test_ledger again;
    test_ledger_open(&again, &arena);
    assert_true(hash32_equal(&again.head, &ledger.head));
    for (uint64_t i = 1; i < 4; i++) {
        struct action call = test_ledger_call(&TEST_OWNER, mint(&TEST_HOLDER, i));
        struct fact one = test_ledger_step(&ledger, &call);
        struct fact two = test_ledger_step(&again, &call);
        hash32 a;
        hash32 b;
        assert_int_equal(entry_hash(&a, &arena, &one.entry), ERR_OK);
        assert_int_equal(entry_hash(&b, &arena, &two.entry), ERR_OK);
        assert_true(hash32_equal(&a, &b));
    }
    assert_int_equal(balance_of(&TEST_HOLDER), TEST_LEDGER_TOKENS + 6);
}

static void no_idle_head_comes_twice(void **state) {
    (void)state;
    bytes approve = calldata("approve(address,uint256)", &TEST_HOLDER, 7);
    hash32 seen[4];
    for (size_t i = 0; i < 4; i++) {
        struct fact fact = succeed(&TEST_OTHER, approve);
        assert_true(fact.entry.transitions[0].idle);
        seen[i] = ledger.head;
        for (size_t j = 0; j < i; j++)
            assert_false(hash32_equal(&seen[i], &seen[j]));
    }
}

static void failed_and_static_calls_change_nothing(void **state) {
    (void)state;
    hash32 head = ledger.head;
    struct fact fact = ask(&TEST_OTHER, mint(&TEST_OTHER, 5));
    assert_fails(&fact, "OwnableUnauthorizedAccount(address)");
    fact = ask(&TEST_OTHER, calldata("transfer(address,uint256)", &TEST_HOLDER, 2));
    assert_fails(&fact, "ERC20InsufficientBalance(address,uint256,uint256)");
    /* What came before the failure is undone with it. */
    bytes one = calldata("transfer(address,uint256)", &TEST_HOLDER, 1);
    fact = ask(&TEST_OTHER, both(one, one));
    assert_fails(&fact, "ERC20InsufficientBalance(address,uint256,uint256)");
    struct action call = test_ledger_call(&TEST_OWNER, mint(&TEST_HOLDER, 5));
    call.is_static = true;
    fact = test_ledger_step(&ledger, &call);
    assert_fails(&fact, "WriteInStaticCall()");
    assert_int_equal(balance_of(&TEST_HOLDER), TEST_LEDGER_TOKENS);
    assert_true(hash32_equal(&head, &ledger.head));
}

static void malformed_calldata_is_refused(void **state) {
    (void)state;
    bytes good = mint(&TEST_HOLDER, 5);
    struct fact fact;
    for (size_t size = 0; size < good.size; size++) {
        fact = ask(&TEST_OWNER, bytes_slice(good, 0, size));
        assert_fails(&fact, size < ABI_SELECTOR ? "UnknownOperation()" : "MalformedArguments()");
    }
    fact = ask(&TEST_OWNER, both(good, both(good, good)));
    assert_fails(&fact, "MalformedArguments()");
    fact = ask(&TEST_OWNER, outward("call(uint64,address,bytes)", TEST_LEDGER_ID, good));
    assert_fails(&fact, "NotRemote()");
    struct action call = test_ledger_call(&TEST_OWNER, good);
    call.target = TEST_OTHER;
    fact = test_ledger_step(&ledger, &call);
    assert_fails(&fact, "NothingThere(address)");
}

static void what_has_no_fact(void **state) {
    (void)state;
    struct action call = test_ledger_call(&TEST_OWNER, mint(&TEST_HOLDER, 5));
    call.value_wei = U256_ONE;
    struct fact fact = test_ledger_step(&ledger, &call);
    assert_step(STEP_NATIVE_TOKEN, &fact);
    call.value_wei = U256_ZERO;
    call.gas = TEST_LEDGER_BLOCK_GAS + 1;
    fact = test_ledger_step(&ledger, &call);
    assert_step(STEP_BLOCK_GAS, &fact);
    const struct action result = {.kind = ACTION_RESULT, .rollup_id = TEST_LEDGER_ID};
    fact = test_ledger_step(&ledger, &result);
    assert_step(STEP_NOT_DEFINED, &fact);
    uint8_t words[6 * ABI_WORD] = {0};
    struct action l2tx = {.kind = ACTION_L2TX, .rollup_id = TEST_LEDGER_ID};
    l2tx.data = bytes_of(words, sizeof(words));
    for (size_t size = 0; size <= sizeof(words); size += ABI_WORD) {
        l2tx.data.size = size;
        fact = test_ledger_step(&ledger, &l2tx);
        assert_true(fact.verdict == STEP_NOT_DEFINED || fact.verdict == STEP_PAYLOAD_UNKNOWN);
    }
    const struct action reverted = {.kind = ACTION_REVERT_CONTINUE, .rollup_id = TEST_LEDGER_ID};
    fact = test_ledger_step(&ledger, &reverted);
    assert_step(STEP_NOT_DEFINED, &fact);
}

static void gas_runs_out(void **state) {
    (void)state;
    struct action call = test_ledger_call(&TEST_OWNER, mint(&TEST_HOLDER, 5));
    call.gas = LEDGER_OPERATION_GAS - 1;
    struct fact fact = test_ledger_step(&ledger, &call);
    assert_step(STEP_OK, &fact);
    assert_true(fact.entry.out.failed);
    assert_int_equal(fact.entry.out.gas, LEDGER_OPERATION_GAS - 1);
    call.gas = LEDGER_OPERATION_GAS;
    fact = test_ledger_step(&ledger, &call);
    assert_false(fact.entry.out.failed);
    assert_int_equal(fact.entry.out.gas, LEDGER_OPERATION_GAS);
}

static struct action answer(uint64_t from, bool failed, bytes data) {
    return (struct action){
        .kind = ACTION_RESULT,
        .rollup_id = TEST_LEDGER_ID,
        .source_rollup_id = from,
        .gas = 100,
        .failed = failed,
        .data = data,
    };
}

static void a_call_to_the_parent_suspends(void **state) {
    (void)state;
    bytes one = calldata("transfer(address,uint256)", &TEST_HOLDER, 1);
    bytes out = outward("call(uint64,address,bytes)", 0, bytes_of("hi", 2));
    const hash32 idle = ledger.head;
    struct fact fact = ask(&TEST_OTHER, both(one, out));
    assert_step(STEP_OK, &fact);
    const struct action *call = &fact.entry.out;
    assert_int_equal(call->kind, ACTION_CALL);
    assert_int_equal(call->rollup_id, 0);
    assert_int_equal(call->source_rollup_id, TEST_LEDGER_ID);
    /* Who asks is on the parent: nobody calls in its name there, so the ledger does. */
    assert_true(address_equal(&call->source, &LEDGER_ADDRESS));
    assert_true(bytes_equal(call->data, bytes_of("hi", 2)));
    assert_false(fact.entry.transitions[0].idle);
    hash32 in_hash;
    hash32 out_hash;
    const hash32 no_trace = {{0}};
    assert_int_equal(action_hash(&in_hash, &arena, &fact.entry.input), ERR_OK);
    assert_int_equal(action_hash(&out_hash, &arena, call), ERR_OK);
    hash32 expected = entry_suspended_head(&idle, &in_hash, &no_trace, &out_hash);
    assert_true(hash32_equal(&expected, &ledger.head));

    /* Others may look meanwhile, and see what has been done. */
    const hash32 suspended = ledger.head;
    assert_int_equal(balance_of(&TEST_HOLDER), TEST_LEDGER_TOKENS + 1);
    assert_true(hash32_equal(&suspended, &ledger.head));
    struct action wrong = answer(2, false, BYTES_EMPTY);
    fact = test_ledger_step(&ledger, &wrong);
    assert_step(STEP_NOT_DEFINED, &fact);
    uint8_t words[5 * ABI_WORD] = {0};
    const struct action l2tx = {
        .kind = ACTION_L2TX,
        .rollup_id = TEST_LEDGER_ID,
        .data = bytes_of(words, sizeof(words)),
    };
    fact = test_ledger_step(&ledger, &l2tx);
    assert_step(STEP_NOT_IDLE, &fact);

    /* From one head either answer may come, as often as one likes. */
    struct action ok = answer(0, false, bytes_of("yes", 3));
    struct action failed = answer(0, true, bytes_of("no", 2));
    fact = test_ledger_step(&ledger, &failed);
    assert_step(STEP_OK, &fact);
    assert_true(fact.entry.out.failed);
    assert_true(bytes_equal(fact.entry.out.data, bytes_of("no", 2)));
    assert_true(hash32_equal(&ledger.head, &idle));
    ledger.head = suspended;
    fact = test_ledger_step(&ledger, &ok);
    assert_step(STEP_OK, &fact);
    assert_false(fact.entry.out.failed);
    assert_true(fact.entry.transitions[0].idle);
    assert_int_equal(balance_of(&TEST_HOLDER), TEST_LEDGER_TOKENS + 1);
    ledger.head = idle;
    assert_int_equal(balance_of(&TEST_HOLDER), TEST_LEDGER_TOKENS);
}

static void an_answer_that_costs_too_much_fails(void **state) {
    (void)state;
    const hash32 idle = ledger.head;
    struct fact fact = ask(&TEST_OTHER, outward("tryCall(uint64,address,bytes)", 0, BYTES_EMPTY));
    assert_int_equal(fact.entry.out.kind, ACTION_CALL);
    struct action dear = answer(0, false, BYTES_EMPTY);
    dear.gas = fact.entry.out.gas + 1;
    fact = test_ledger_step(&ledger, &dear);
    assert_step(STEP_OK, &fact);
    assert_true(fact.entry.out.failed);
    assert_int_equal(fact.entry.out.gas, TEST_LEDGER_GAS);
    assert_true(hash32_equal(&ledger.head, &idle));
}

static void calls_come_back_to_a_limit(void **state) {
    (void)state;
    const bytes out = outward("call(uint64,address,bytes)", 0, BYTES_EMPTY);
    struct fact fact;
    for (uint32_t depth = 0; depth < LEDGER_DEPTH_MAX; depth++) {
        struct action call = test_ledger_call(&TEST_OTHER, out);
        call.gas = 40000;
        fact = test_ledger_step(&ledger, &call);
        assert_step(STEP_OK, &fact);
        assert_int_equal(fact.entry.out.kind, ACTION_CALL);
    }
    const hash32 deepest = ledger.head;
    fact = ask(&TEST_OTHER, out);
    assert_fails(&fact, "TooDeep()");
    assert_true(hash32_equal(&ledger.head, &deepest));
}

static void kinds_are_told_by_the_state(void **state) {
    (void)state;
    struct rollup_parameters p;
    assert_int_equal(
        rollup_read_parameters(&p, &arena, &ledger.overlay.source, &ledger.head), ERR_OK
    );
    assert_ptr_equal(rollup_type_of(&p.kind), &LEDGER_ROLLUP_TYPE);
    assert_false(u256_is_zero(&p.own_token));
    u256 unknown = u256_from_u64(2);
    assert_null(rollup_type_of(&unknown));
    unknown = U256_MAX;
    assert_null(rollup_type_of(&unknown));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_step_is_a_function, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(no_idle_head_comes_twice, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(
            failed_and_static_calls_change_nothing, open_ledger, close_ledger
        ),
        cmocka_unit_test_setup_teardown(malformed_calldata_is_refused, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(what_has_no_fact, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(gas_runs_out, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(a_call_to_the_parent_suspends, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(
            an_answer_that_costs_too_much_fails, open_ledger, close_ledger
        ),
        cmocka_unit_test_setup_teardown(calls_come_back_to_a_limit, open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(kinds_are_told_by_the_state, open_ledger, close_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
