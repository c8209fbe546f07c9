#include "evm/program.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/hex.h"

static struct arena arena;

static int set_up(void **state) {
    (void)state;
    arena_open(&arena, (size_t)64 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct program *make(const char *hex, enum fork fork, bool is_careful) {
    bytes code;
    struct program *program;
    assert_int_equal(hex_decode(&code, &arena, hex, strlen(hex)), ERR_OK);
    assert_int_equal(program_make(&program, &arena, code, fork, is_careful), ERR_OK);
    return program;
}

static void assert_instruction(const struct program *p, uint32_t at, unsigned op, uint32_t arg) {
    assert_true(at < p->count);
    assert_int_equal(p->instructions[at].op, op);
    assert_int_equal(p->instructions[at].arg, arg);
}

/* Prices: Yellow Paper, appendix G: W_verylow 3, W_base 2. */
static void test_a_block_is_charged_and_checked_at_once(void **state) {
    (void)state;
    /* ADD; CALLER; CALLER; STOP */
    const struct program *p = make("01333300", FORK_OSAKA, false);
    assert_instruction(p, 0, PROGRAM_BLOCK, 3 + 2 + 2);
    assert_int_equal(p->instructions[0].a, 2); /* ADD's operands */
    assert_int_equal(p->instructions[0].b, 1); /* one item more than before at the end */
    assert_instruction(p, 1, OP_ADD, 0);
    assert_instruction(p, 4, OP_STOP, 0);
}

static void test_blocks_end_where_gas_is_seen(void **state) {
    (void)state;
    const uint8_t enders[] = {OP_GAS, OP_SSTORE, OP_CALL, OP_CREATE, OP_JUMPI};
    for (size_t i = 0; i < sizeof(enders); i++) {
        uint8_t code[] = {enders[i], OP_CALLER, OP_STOP};
        struct program *p;
        assert_int_equal(
            program_make(&p, &arena, bytes_of(code, sizeof(code)), FORK_OSAKA, false), ERR_OK
        );
        assert_instruction(p, 0, PROGRAM_BLOCK, opcode_info(FORK_OSAKA, enders[i]).gas);
        assert_instruction(p, 2, PROGRAM_BLOCK, 2);
    }
}

static void test_past_its_end_a_code_stops(void **state) {
    (void)state;
    const struct program *p = make("", FORK_FRONTIER, false);
    assert_int_equal(p->count, 3);
    assert_instruction(p, 1, OP_STOP, 0);
    assert_int_equal(p->instructions[2].op, PROGRAM_UNDEFINED); /* the end of what is translated */
    /* An immediate that is cut short goes on with zeros. */
    p = make("61ff", FORK_FRONTIER, false);
    assert_instruction(p, 1, PROGRAM_PUSH_SMALL, 0xff00);
    assert_instruction(p, 2, OP_STOP, 0);
}

static void test_immediates(void **state) {
    (void)state;
    const struct program *p = make(
        "63ffffffff"
        "640100000000"
        "640100000000"
        "5f",
        FORK_OSAKA,
        false
    );
    assert_instruction(p, 1, PROGRAM_PUSH_SMALL, UINT32_MAX);
    assert_instruction(p, 2, PROGRAM_PUSH_CONSTANT, 0);
    assert_instruction(p, 3, PROGRAM_PUSH_CONSTANT, 0); /* the same one again */
    assert_int_equal(p->constants[0].w[0], 0x100000000);
    assert_instruction(p, 4, PROGRAM_PUSH_SMALL, 0);
}

static void test_jumps_to_constants(void **state) {
    (void)state;
    /* 0: PUSH1 4; JUMP; INVALID; 4: JUMPDEST; PUSH1 4; JUMP */
    struct program *p = make("600456fe5b600456", FORK_OSAKA, false);
    assert_instruction(p, 0, PROGRAM_BLOCK, 3 + 8);
    assert_int_equal(p->positions[4], PROGRAM_JUMPDEST); /* not translated yet */
    assert_int_equal(p->positions[3], 0);
    const struct instruction *enter = &p->instructions[1 + p->instructions[1].arg];
    assert_int_equal(enter->op, PROGRAM_ENTER);
    assert_int_equal(enter->arg, 4);
    const struct instruction *to = program_link(p, enter);
    assert_ptr_equal(to, program_enter(p, 4));
    assert_ptr_equal(to, &p->instructions[(p->positions[4] & ~PROGRAM_JUMPDEST) - 1]);
    uint32_t back = (uint32_t)(to - p->instructions);
    assert_instruction(p, 1, PROGRAM_JUMP_TO, back - 1);
    assert_int_equal(enter->op, PROGRAM_GOTO);
    assert_ptr_equal(enter + enter->arg, to);
    assert_instruction(p, back + 1, PROGRAM_JUMP_TO, UINT32_MAX); /* one back */
}

static void test_only_what_is_reached_is_translated(void **state) {
    (void)state;
    /* 0: CALLER; PUSH1 6; JUMPI; STOP; INVALID; 6: JUMPDEST; ADDRESS; 8: JUMPDEST; CALLER; STOP */
    struct program *p = make(
        "33600657"
        "00fe"
        "5b305b3300",
        FORK_OSAKA,
        false
    );
    const unsigned first[] = {
        PROGRAM_BLOCK,
        OP_CALLER,
        PROGRAM_JUMP_IF,
        PROGRAM_BLOCK,
        OP_STOP,
        PROGRAM_UNDEFINED,
        PROGRAM_ENTER,
        PROGRAM_UNDEFINED};
    const size_t first_count = sizeof(first) / sizeof(first[0]);
    assert_int_equal(p->count, first_count);
    for (uint32_t i = 0; i < p->count; i++)
        assert_int_equal(p->instructions[i].op, first[i]);
    /* The inner destination first: the way from the outer one ends there. */
    const struct instruction *inner = program_enter(p, 8);
    uint32_t count = p->count;
    const struct instruction *outer = program_enter(p, 6);
    assert_int_equal(outer[0].op, PROGRAM_BLOCK);
    assert_int_equal(outer[0].arg, 1 + 2);
    assert_int_equal(outer[2].op, PROGRAM_GOTO);
    assert_ptr_equal(&outer[2] + (int32_t)outer[2].arg, inner);
    assert_int_equal(p->count, count + 3);
    assert_ptr_equal(program_enter(p, 6), outer);
    assert_int_equal(p->count, count + 3);
}

static void test_bad_jumps(void **state) {
    (void)state;
    /* To a PUSH's data that looks like a JUMPDEST, past the end, to another opcode. */
    const char *const codes[] = {
        "6003"
        "56"
        "605b",
        "60ff56",
        "6000"
        "56",
        "63ffffffff56"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const struct program *p = make(codes[i], FORK_OSAKA, false);
        assert_instruction(p, 1, PROGRAM_JUMP_TO, 0);
    }
}

static void test_conditions_are_fused_with_jumps(void **state) {
    (void)state;
    /* LT; ISZERO; PUSH1 5; JUMPI; JUMPDEST */
    const struct program *p = make(
        "1015600557"
        "5b",
        FORK_OSAKA,
        false
    );
    assert_instruction(p, 0, PROGRAM_BLOCK, 3 + 3 + 3 + 10);
    assert_int_equal(p->instructions[0].a, 2);
    assert_int_equal(p->instructions[1].op, PROGRAM_JUMP_IF_LT);
    assert_int_equal(p->instructions[1].b, 1);
    assert_int_equal(p->pcs[1], 0);
    /* ISZERO; ISZERO; PUSH1 5; JUMPI; JUMPDEST */
    p = make(
        "1515600557"
        "5b",
        FORK_OSAKA,
        false
    );
    assert_int_equal(p->instructions[1].op, PROGRAM_JUMP_IF);
    assert_int_equal(p->instructions[1].b, 0);
}

/* What belongs to another block is never fused with: execution may come to the second without
 * having gone through the first. */
static void test_nothing_is_fused_over_a_jumpdest(void **state) {
    (void)state;
    const struct program *p = make("60015b5056", FORK_OSAKA, false);
    assert_instruction(p, 1, PROGRAM_PUSH_SMALL, 1);
    assert_int_equal(p->instructions[2].op, PROGRAM_BLOCK);
    p = make("60045b56", FORK_OSAKA, false);
    assert_int_equal(p->instructions[3].op, OP_JUMP);
}

static void test_opcodes_of_later_forks_are_undefined(void **state) {
    (void)state;
    const struct program *p = make("5f00", FORK_PARIS, false);
    assert_int_equal(p->instructions[0].op, PROGRAM_UNDEFINED);
    assert_int_equal(p->instructions[0].a, OP_PUSH0);
    p = make("5f00", FORK_SHANGHAI, false);
    assert_instruction(p, 1, PROGRAM_PUSH_SMALL, 0);
}

/* 300 items cannot be said in a block's byte. */
static void test_deep_blocks_are_split(void **state) {
    (void)state;
    uint8_t code[600];
    struct program *p;
    memset(code, OP_CALLER, 300);
    memset(code + 300, OP_POP, 300);
    assert_int_equal(
        program_make(&p, &arena, bytes_of(code, sizeof(code)), FORK_OSAKA, false), ERR_OK
    );
    uint32_t gas = 0;
    unsigned blocks = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->instructions[i].op != PROGRAM_BLOCK) continue;
        gas += p->instructions[i].arg;
        blocks++;
    }
    assert_int_equal(gas, 600 * 2);
    assert_true(blocks >= 2);
}

static void test_careful_programs_take_single_steps(void **state) {
    (void)state;
    /* PUSH1 1; POP; JUMPDEST */
    const struct program *p = make("6001505b", FORK_OSAKA, true);
    const unsigned expected[] = {
        PROGRAM_STEP,
        PROGRAM_BLOCK,
        PROGRAM_PUSH_SMALL,
        PROGRAM_STEP,
        PROGRAM_BLOCK,
        OP_POP,
        PROGRAM_STEP,
        PROGRAM_BLOCK,
        PROGRAM_STEP,
        PROGRAM_BLOCK,
        OP_STOP,
        PROGRAM_UNDEFINED,
    };
    assert_int_equal(p->count, sizeof(expected) / sizeof(expected[0]));
    for (uint32_t i = 0; i < p->count; i++)
        assert_int_equal(p->instructions[i].op, expected[i]);
    assert_int_equal(p->positions[2], 3 + 1);
    assert_int_equal(p->instructions[3].a, OP_POP);
    assert_instruction(p, 3, PROGRAM_STEP, 2);
}

static void test_copies_are_equal(void **state) {
    (void)state;
    const struct program *p = make("6401000000005b6005565b00", FORK_OSAKA, false);
    struct program *copy;
    assert_int_equal(program_copy(&copy, &arena, p), ERR_OK);
    assert_int_equal(copy->count, p->count);
    assert_ptr_not_equal(copy->instructions, p->instructions);
    assert_memory_equal(copy->instructions, p->instructions, p->count * sizeof(struct instruction));
    assert_memory_equal(copy->positions, p->positions, (p->code.size + 1) * sizeof(uint32_t));
    assert_memory_equal(copy->constants, p->constants, p->constant_count * sizeof(u256));
}

static void test_without_memory_there_is_no_program(void **state) {
    (void)state;
    struct arena small;
    struct program *p;
    uint8_t code[4096] = {0};
    arena_open(&small, 1024);
    assert_int_equal(
        program_make(&p, &small, bytes_of(code, sizeof(code)), FORK_OSAKA, false), ERR_MEMORY
    );
    const struct program *made = make("5b5b5b00", FORK_OSAKA, false);
    arena_reset(&small);
    while (arena_alloc(&small, 16) != NULL) {
    }
    assert_int_equal(program_copy(&p, &small, made), ERR_MEMORY);
    arena_close(&small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_block_is_charged_and_checked_at_once),
        cmocka_unit_test(test_blocks_end_where_gas_is_seen),
        cmocka_unit_test(test_past_its_end_a_code_stops),
        cmocka_unit_test(test_immediates),
        cmocka_unit_test(test_jumps_to_constants),
        cmocka_unit_test(test_only_what_is_reached_is_translated),
        cmocka_unit_test(test_bad_jumps),
        cmocka_unit_test(test_conditions_are_fused_with_jumps),
        cmocka_unit_test(test_nothing_is_fused_over_a_jumpdest),
        cmocka_unit_test(test_opcodes_of_later_forks_are_undefined),
        cmocka_unit_test(test_deep_blocks_are_split),
        cmocka_unit_test(test_careful_programs_take_single_steps),
        cmocka_unit_test(test_copies_are_equal),
        cmocka_unit_test(test_without_memory_there_is_no_program),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
