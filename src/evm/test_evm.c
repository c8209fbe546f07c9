/* The machine as its driver sees it. That instructions compute what they should is the state
 * tests' business (lockstep statetest); here is how frames end, how the machine stops and goes on,
 * and that it does the same however it is run. */
#include "evm/evm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/hex.h"
#include "evm/program.h"
#include "evm/test_toy_world.h"

static struct arena arenas[3];
static struct arena texts;

static int set_up(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        arena_open(&arenas[i], (size_t)256 << 20);
    arena_open(&texts, (size_t)16 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        arena_close(&arenas[i]);
    arena_close(&texts);
    return 0;
}

static bytes code_of(const char *hex) {
    bytes code;
    assert_int_equal(hex_decode(&code, &texts, hex, strlen(hex)), ERR_OK);
    return code;
}

/* 0x1001 runs first, 0x1002 second; 0x1003 sends. */
static struct toy_world world_of(bytes first, bytes second) {
    return (struct toy_world){
        .accounts =
            {
                {.who = toy_address(1), .code = first, .balance = {{1000, 0, 0, 0}}, .nonce = 1},
                {.who = toy_address(2), .code = second, .nonce = 1, .slots = {{{5, 0, 0, 0}}}},
                {.who = toy_address(3), .balance = {{1000, 0, 0, 0}}, .nonce = 1},
            },
        .count = 3,
    };
}

static struct evm_message message_of(uint64_t gas) {
    return (struct evm_message){
        .kind = EVM_CALL,
        .gas = gas,
        .recipient = toy_address(1),
        .sender = toy_address(3),
        .code_address = toy_address(1),
    };
}

/* In every mode, which must not matter. */
static struct toy_outcome
run_message(bytes first, bytes second, enum fork fork, const struct evm_message *message) {
    const struct toy_world world = world_of(first, second);
    struct toy_outcome plain = toy_run(&world, fork, message, toy_mode_of(0), arenas);
    for (unsigned number = 1; number < TOY_MODES; number++) {
        struct toy_outcome other = toy_run(&world, fork, message, toy_mode_of(number), arenas);
        assert_true(toy_equal(&plain, &other));
    }
    return plain;
}

static struct toy_outcome run(const char *first, const char *second, uint64_t gas) {
    struct evm_message message = message_of(gas);
    return run_message(code_of(first), code_of(second), FORK_OSAKA, &message);
}

static void
assert_outcome(const char *code, uint64_t gas, enum evm_outcome outcome, uint64_t left) {
    struct toy_outcome out = run(code, "", gas);
    assert_int_equal(out.status, EVM_DONE);
    assert_string_equal(evm_outcome_name(out.outcome), evm_outcome_name(outcome));
    assert_int_equal(out.gas_left, left);
}

static void test_how_frames_end(void **state) {
    (void)state;
    assert_outcome("00", 10, EVM_SUCCESS, 10);
    assert_outcome("", 10, EVM_SUCCESS, 10);
    assert_outcome("5f5ffd", 10, EVM_REVERT, 6);
    assert_outcome("5f5ff3", 10, EVM_SUCCESS, 6);
    assert_outcome("fe", 10, EVM_INVALID_OPCODE, 0);
    assert_outcome("0c", 10, EVM_UNDEFINED_OPCODE, 0);
    assert_outcome("50", 10, EVM_STACK_UNDERFLOW, 0);
    assert_outcome("5b5f56", 1000, EVM_OUT_OF_GAS, 0);
    assert_outcome("5b5f5f5f565b", 1000, EVM_OUT_OF_GAS, 0);
    assert_outcome(
        "5b5f"
        "6000"
        "56",
        1000000,
        EVM_STACK_OVERFLOW,
        0
    );
    assert_outcome("600156", 100, EVM_BAD_JUMP, 0);
    assert_outcome("5f3d3e00", 100, EVM_STACK_UNDERFLOW, 0);
    assert_outcome("60015f5f3e", 100, EVM_RETURN_DATA_BOUNDS, 0);
}

/* Of several reasons to fail the first holds, though a block is checked as a whole. */
static void test_the_first_failure_holds(void **state) {
    (void)state;
    /* CALLER; POP; POP, with gas for one of them, two, all */
    assert_outcome("335050", 2, EVM_OUT_OF_GAS, 0);
    assert_outcome("335050", 4, EVM_STACK_UNDERFLOW, 0);
    assert_outcome("335050", 6, EVM_STACK_UNDERFLOW, 0);
    /* MLOAD of what cannot be paid before a bad jump of the same block, and after it could be */
    assert_outcome("62ffffff51600156", 5000, EVM_OUT_OF_GAS, 0);
    assert_outcome("6020515f56", 17, EVM_OUT_OF_GAS, 0);
    assert_outcome("6020515f56", 3 + 3 + 6 + 2 + 8, EVM_BAD_JUMP, 0);
    /* An undefined opcode is seen only where execution comes to it. */
    assert_outcome("3350000c", 4, EVM_SUCCESS, 0);
}

static void test_gas_is_exact_where_it_is_seen(void **state) {
    (void)state;
    /* GAS; PUSH0; MSTORE; PUSH1 32; PUSH0; RETURN: 98 of 100 are left after GAS itself. */
    struct toy_outcome out = run("5a5f5260205ff3", "", 100);
    uint8_t expected[32] = {[31] = 98};
    hash32 hash = keccak256(bytes_of(expected, 32));
    assert_int_equal(out.outcome, EVM_SUCCESS);
    assert_true(hash32_equal(&out.output, &hash));
    /* 2 + 2 + 3 and 3 for memory, 3 + 2 */
    assert_int_equal(out.gas_left, 100 - 2 - 2 - 3 - 3 - 3 - 2);
}

static void test_memory_is_paid_once(void **state) {
    (void)state;
    /* MLOAD(0) twice: 3 for the word once. */
    assert_outcome("5f51505f515000", 100, EVM_SUCCESS, 100 - 2 * (2 + 3 + 2) - 3);
    /* Offsets beyond 64 bits */
    assert_outcome(
        "7f"
        "ff00000000000000000000000000000000000000000000000000000000000000"
        "51",
        1000000,
        EVM_OUT_OF_GAS,
        0
    );
    assert_outcome("67fffffffffffffff051", 1000000, EVM_OUT_OF_GAS, 0);
    assert_outcome(
        "60ff"
        "67ffffffffffffffff"
        "53",
        1000000,
        EVM_OUT_OF_GAS,
        0
    );
}

/* Every opcode under every fork, with enough on the stack and with too little, in every mode. */
static void test_every_opcode_in_every_mode(void **state) {
    (void)state;
    for (int fork = 0; fork < FORK_COUNT; fork++) {
        for (unsigned op = 0; op < 256; op++) {
            uint8_t code[64];
            size_t size = 0;
            for (uint8_t i = 0; i < 17; i++) {
                code[size++] = OP_PUSH1;
                code[size++] = (uint8_t)(17 - i);
            }
            code[size++] = (uint8_t)op;
            code[size++] = OP_PUSH1;
            code[size++] = 0;
            code[size++] = OP_MSTORE;
            code[size++] = OP_PUSH1;
            code[size++] = 64;
            code[size++] = OP_PUSH1;
            code[size++] = 0;
            code[size++] = OP_RETURN;
            struct evm_message message = message_of(100000);
            (void)run_message(bytes_of(code, size), BYTES_EMPTY, (enum fork)fork, &message);
            (void
            )run_message(bytes_of(code + 32, size - 32), BYTES_EMPTY, (enum fork)fork, &message);
        }
    }
}

static void test_calls(void **state) {
    (void)state;
    /* CALL 0x1002 with value 1; its revert data is returned. */
    static const char CALLER[] = "5f5f5f5f6001"
                                 "611002"
                                 "61ffff"
                                 "f1"
                                 "503d5f5f3e3d5ff3";
    struct toy_outcome out =
        run(CALLER,
            "6042"
            "5f53"
            "6001"
            "5ffd",
            100000);
    hash32 hash = keccak256(bytes_of((const uint8_t *)"B", 1));
    assert_int_equal(out.outcome, EVM_SUCCESS);
    assert_true(hash32_equal(&out.output, &hash));
    assert_int_equal(out.changes, 0);
    out = run(CALLER, "60075f5500", 100000);
    assert_int_equal(out.outcome, EVM_SUCCESS);
    assert_true(out.changes != 0);
    /* Calling itself until gas or depth ends it. */
    out =
        run("5f5f5f5f5f"
            "611001"
            "5a"
            "f1"
            "00",
            "",
            3000000);
    assert_int_equal(out.outcome, EVM_SUCCESS);
    /* Under STATICCALL nothing is written. */
    out =
        run("5f5f5f5f611002"
            "61ffff"
            "fa"
            "5f5260205ff3",
            "60075f55",
            100000);
    uint8_t zero[32] = {0};
    hash = keccak256(bytes_of(zero, 32));
    assert_true(hash32_equal(&out.output, &hash));
    assert_int_equal(out.changes, 0);
}

static void test_a_created_contract_is_there(void **state) {
    (void)state;
    /* CREATE with init code that returns one byte of code, then EXTCODESIZE of it. */
    struct toy_outcome out =
        run("69"
            "60015f5360015ff30000"
            "5f52"
            "6008"
            "6016"
            "5f"
            "f0"
            "3b"
            "5f5260205ff3",
            "",
            100000);
    uint8_t expected[32] = {[31] = 1};
    hash32 hash = keccak256(bytes_of(expected, 32));
    assert_int_equal(out.outcome, EVM_SUCCESS);
    assert_true(hash32_equal(&out.output, &hash));
}

/* --- foreign calls ---------------------------------------------------------------------------- */

struct fixture {
    struct toy_world world;
    struct evm_config config;
    struct journal journal;
    struct evm evm;
};

static const address FOREIGN = {{[18] = 0x77}};

static void begin(struct fixture *f, const char *first, const char *second) {
    for (int i = 0; i < 3; i++)
        arena_reset(&arenas[i]);
    *f = (struct fixture){.world = world_of(code_of(first), code_of(second))};
    f->config = (struct evm_config
    ){.fork = FORK_OSAKA, .chain_id = 1, .foreign = &FOREIGN, .foreign_count = 1};
    assert_int_equal(journal_open(&f->journal, &arenas[0]), ERR_OK);
    assert_int_equal(evm_open(&f->evm, &arenas[0], &f->journal, &f->config), ERR_OK);
    journal_begin_transaction(&f->journal);
    const struct evm_message message = message_of(1000000);
    evm_begin(&f->evm, &message);
}

static enum evm_status go_on(struct fixture *f, struct evm *evm) {
    for (;;) {
        enum evm_status status = evm_run(evm);
        if (!toy_answer(evm, status, &f->world)) return status;
    }
}

/* CALL 0x7700 with the data "AB" and 0xffff gas; returns what it returned. */
#define CALL_FOREIGN \
    "6041"           \
    "5f53"           \
    "6042"           \
    "6001"           \
    "53"             \
    "5f5f6002"       \
    "5f5f"           \
    "617700"         \
    "61ffff"         \
    "f1"
#define RETURN_DATA "503d5f5f3e3d5ff3"

static void test_a_foreign_call_is_the_drivers(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, CALL_FOREIGN RETURN_DATA, "");
    assert_int_equal(go_on(&f, &f.evm), EVM_NEED_CALL);
    assert_int_equal(f.evm.request.call.gas, 0xffff);
    assert_int_equal(f.evm.request.call.depth, 1);
    assert_memory_equal(f.evm.request.call.input.data, "AB", 2);
    assert_true(address_equal(&f.evm.request.call.code_address, &FOREIGN));
    assert_int_equal(
        evm_give_call(&f.evm, true, 1000, bytes_of((const uint8_t *)"answer", 6)), ERR_OK
    );
    assert_int_equal(go_on(&f, &f.evm), EVM_DONE);
    assert_int_equal(f.evm.result.outcome, EVM_SUCCESS);
    assert_int_equal(f.evm.result.output.size, 6);
    assert_memory_equal(f.evm.result.output.data, "answer", 6);
}

static void test_a_declined_call_is_an_ordinary_one(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, CALL_FOREIGN RETURN_DATA, "");
    assert_int_equal(go_on(&f, &f.evm), EVM_NEED_CALL);
    evm_decline_call(&f.evm);
    assert_int_equal(go_on(&f, &f.evm), EVM_DONE);
    assert_int_equal(f.evm.result.outcome, EVM_SUCCESS);
    assert_int_equal(f.evm.result.output.size, 0);
}

/* A message inside a pending call, in a copy of the machine, whose original is gone. */
static void test_messages_run_inside_a_pending_call(void **state) {
    (void)state;
    struct fixture f;
    begin(
        &f,
        CALL_FOREIGN RETURN_DATA,
        "6043"
        "5f53"
        "60015ff3"
    );
    assert_int_equal(go_on(&f, &f.evm), EVM_NEED_CALL);
    struct journal journal;
    struct evm copy;
    assert_int_equal(journal_copy(&journal, &arenas[1], &f.journal), ERR_OK);
    assert_int_equal(evm_copy(&copy, &arenas[1], &f.evm, &journal), ERR_OK);
    arena_reset(&arenas[0]);
    struct evm_message inner = message_of(50000);
    inner.recipient = inner.code_address = toy_address(2);
    inner.depth = 2;
    evm_call_inside(&copy, &inner);
    assert_int_equal(go_on(&f, &copy), EVM_DONE);
    assert_int_equal(copy.result.outcome, EVM_SUCCESS);
    assert_memory_equal(copy.result.output.data, "C", 1);
    struct evm_message pending;
    assert_true(evm_pending_call(&copy, &pending));
    assert_memory_equal(pending.input.data, "AB", 2);
    assert_int_equal(evm_give_call(&copy, true, 0, copy.result.output), ERR_OK);
    assert_int_equal(go_on(&f, &copy), EVM_DONE);
    assert_memory_equal(copy.result.output.data, "C", 1);
    assert_false(evm_pending_call(&copy, &pending));
}

/* 0x1002 calls out and reverts; 0x1001 goes on. Before anything is undone the driver is told. */
static void test_a_frame_that_called_out_tells_before_it_fails(void **state) {
    (void)state;
    struct fixture f;
    begin(
        &f,
        "5f5f5f5f5f"
        "611002"
        "62ffffff"
        "f1"
        "5f5260205ff3",
        CALL_FOREIGN "5f5ffd"
    );
    assert_int_equal(go_on(&f, &f.evm), EVM_NEED_CALL);
    assert_int_equal(evm_give_call(&f.evm, true, 0, BYTES_EMPTY), ERR_OK);
    assert_int_equal(go_on(&f, &f.evm), EVM_REVERTING);
    assert_int_equal(f.evm.request.frame.outcome, EVM_REVERT);
    assert_int_equal(f.evm.request.frame.sequence, 1);
    assert_int_equal(f.evm.request.frame.depth, 1);
    assert_int_equal(go_on(&f, &f.evm), EVM_DONE);
    assert_int_equal(f.evm.result.outcome, EVM_SUCCESS);
    assert_int_equal(f.evm.result.output.data[31], 0);
}

/* Also the outermost one tells: who drives the machine knows whether that undoes anything. */
static void test_the_outermost_frame_tells_too(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, CALL_FOREIGN "5f5ffd", "00");
    assert_int_equal(go_on(&f, &f.evm), EVM_NEED_CALL);
    assert_int_equal(evm_give_call(&f.evm, true, 0, BYTES_EMPTY), ERR_OK);
    assert_int_equal(go_on(&f, &f.evm), EVM_REVERTING);
    assert_true(f.evm.request.frame.is_outermost);
    assert_int_equal(go_on(&f, &f.evm), EVM_DONE);
    assert_int_equal(f.evm.result.outcome, EVM_REVERT);
}

/* The frame that is told to fail stands for one that called out: the one around it tells. */
static void test_around_a_frame_told_to_fail(void **state) {
    (void)state;
    struct fixture f;
    begin(
        &f,
        "5f5f5f5f5f"
        "611002"
        "61ffff"
        "f1"
        "5f5ffd",
        "00"
    );
    struct evm_frame_failure failure = {.sequence = 1, .outcome = EVM_REVERT};
    evm_fail_frames(&f.evm, &failure);
    assert_int_equal(go_on(&f, &f.evm), EVM_REVERTING);
    assert_int_equal(f.evm.request.frame.sequence, 0);
    assert_int_equal(go_on(&f, &f.evm), EVM_DONE);
}

static void test_a_frame_can_be_told_to_fail(void **state) {
    (void)state;
    struct fixture f;
    begin(
        &f,
        "5f5f5f5f5f"
        "611002"
        "61ffff"
        "f1" RETURN_DATA,
        "60075f5500"
    );
    struct evm_frame_failure failure = {
        .sequence = 1,
        .outcome = EVM_REVERT,
        .gas_left = 77,
        .output = bytes_of((const uint8_t *)"why", 3),
    };
    evm_fail_frames(&f.evm, &failure);
    assert_int_equal(go_on(&f, &f.evm), EVM_DONE);
    assert_int_equal(f.evm.result.outcome, EVM_SUCCESS);
    assert_memory_equal(f.evm.result.output.data, "why", 3);
    assert_true(failure.has_failed);
    journal_end_transaction(&f.journal, FORK_OSAKA);
    assert_int_equal(toy_changes(&f.journal), 0);
}

/* Runs a loop of calls or creations, which ends for want of gas, in an arena that must suffice. */
static void run_in_4_mib(bytes code, enum fork fork, uint64_t gas) {
    struct arena small;
    struct journal journal;
    struct evm evm;
    const struct evm_config config = {.fork = fork, .chain_id = 1};
    const struct toy_world world = world_of(code, BYTES_EMPTY);
    const struct evm_message message = message_of(gas);
    arena_open(&small, (size_t)4 << 20);
    assert_int_equal(journal_open(&journal, &small), ERR_OK);
    assert_int_equal(evm_open(&evm, &small, &journal, &config), ERR_OK);
    journal_begin_transaction(&journal);
    evm_begin(&evm, &message);
    enum evm_status status;
    do
        status = evm_run(&evm);
    while (toy_answer(&evm, status, &world));
    assert_int_equal(status, EVM_DONE);
    assert_int_equal(evm.result.outcome, EVM_OUT_OF_GAS);
    arena_close(&small);
}

/* A megabyte copied to and fro by calls must not fill the arena: 100 gas would pay for it. In a
 * loop: STATICCALL the identity precompile with 64 KiB in and out. */
static void test_calls_give_their_memory_back(void **state) {
    (void)state;
    bytes code = code_of("5b"
                         "62010000"
                         "5f"
                         "62010000"
                         "5f"
                         "6004"
                         "62ffffff"
                         "fa"
                         "50"
                         "5f56");
    run_in_4_mib(code, FORK_OSAKA, 10000000);
}

/* The same for creations: CREATE of 32 KiB of zeros, an init code that stops at once, in a loop. */
static void test_creations_give_their_memory_back(void **state) {
    (void)state;
    bytes code = code_of("5b"
                         "618000"
                         "6000"
                         "6000"
                         "f0"
                         "50"
                         "600056");
    run_in_4_mib(code, FORK_PARIS, 32100 * 200);
}

static bool every_third(void *context) {
    return ++*(unsigned *)context % 3 == 0;
}

/* A machine that is stopped now and then does what one that is not does. */
static void test_a_watch_stops_the_machine(void **state) {
    (void)state;
    /* counts 20,000 down; then calls the second account, which has no loop */
    bytes code = code_of("614e20"
                         "5b600190038060035750"
                         "60006000600060006000"
                         "6110025af1600055");
    const uint64_t gas = 2000000;
    unsigned asked = 0;
    unsigned stopped = 0;
    const struct evm_watch watch = {every_third, &asked};
    uint64_t gas_left[2];
    for (int i = 0; i < 2; i++) {
        struct journal journal;
        struct evm evm;
        const struct evm_config config = {
            .fork = FORK_OSAKA, .chain_id = 1, .watch = i == 0 ? NULL : &watch};
        const struct toy_world world = world_of(code, code_of("6001600255"));
        const struct evm_message message = message_of(gas);
        assert_int_equal(journal_open(&journal, &arenas[i]), ERR_OK);
        assert_int_equal(evm_open(&evm, &arenas[i], &journal, &config), ERR_OK);
        journal_begin_transaction(&journal);
        evm_begin(&evm, &message);
        enum evm_status status;
        do {
            status = evm_run(&evm);
            stopped += status == EVM_STOPPED;
        } while (status == EVM_STOPPED || toy_answer(&evm, status, &world));
        assert_int_equal(status, EVM_DONE);
        assert_int_equal(evm.result.outcome, EVM_SUCCESS);
        gas_left[i] = evm.result.gas_left;
    }
    assert_int_equal(gas_left[0], gas_left[1]);
    /* one for each EVM_WATCH_JUMPS of 19,999, and two frames at least, asked again after a stop */
    assert_in_range(asked, 6, 16);
    assert_int_equal(stopped, asked / 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_frames_end),
        cmocka_unit_test(test_the_first_failure_holds),
        cmocka_unit_test(test_gas_is_exact_where_it_is_seen),
        cmocka_unit_test(test_memory_is_paid_once),
        cmocka_unit_test(test_every_opcode_in_every_mode),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_a_created_contract_is_there),
        cmocka_unit_test(test_a_foreign_call_is_the_drivers),
        cmocka_unit_test(test_a_declined_call_is_an_ordinary_one),
        cmocka_unit_test(test_messages_run_inside_a_pending_call),
        cmocka_unit_test(test_a_frame_that_called_out_tells_before_it_fails),
        cmocka_unit_test(test_the_outermost_frame_tells_too),
        cmocka_unit_test(test_around_a_frame_told_to_fail),
        cmocka_unit_test(test_a_frame_can_be_told_to_fail),
        cmocka_unit_test(test_calls_give_their_memory_back),
        cmocka_unit_test(test_creations_give_their_memory_back),
        cmocka_unit_test(test_a_watch_stops_the_machine),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
