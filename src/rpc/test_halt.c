#include "rpc/halt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(enum evm_outcome outcome, const struct halt_step *step, const char *text) {
    char out[HALT_TEXT_SIZE_MAX];
    halt_text(out, outcome, step);
    assert_string_equal(out, text);
}

/* Producer: go-ethereum 1.16, core/vm/errors.go. */
static void speaks_like_geth(void **state) {
    (void)state;
    expect(EVM_OUT_OF_GAS, NULL, "out of gas");
    expect(EVM_REVERT, NULL, "execution reverted");
    expect(EVM_BAD_JUMP, NULL, "invalid jump destination");
    expect(EVM_INVALID_OPCODE, NULL, "invalid opcode: INVALID");
    expect(EVM_WRITE_PROTECTION, NULL, "write protection");
    expect(EVM_CODE_PREFIX, NULL, "invalid code: must not begin with 0xef");
    struct halt_step step = {.is_set = true, .opcode = 0x01, .stack_count = 1};
    expect(EVM_STACK_UNDERFLOW, &step, "stack underflow (1 <=> 2)");
    step = (struct halt_step){.is_set = true, .opcode = 0x9f, .stack_count = 3};
    expect(EVM_STACK_UNDERFLOW, &step, "stack underflow (3 <=> 17)");
    step = (struct halt_step){.is_set = true, .opcode = 0x60, .stack_count = 1024};
    expect(EVM_STACK_OVERFLOW, &step, "stack limit reached 1024 (1023)");
    step = (struct halt_step){.is_set = true, .opcode = 0x0c};
    expect(EVM_UNDEFINED_OPCODE, &step, "invalid opcode: opcode 0xc not defined");
    step = (struct halt_step){.is_set = true, .opcode = 0x1e};
    expect(EVM_UNDEFINED_OPCODE, &step, "invalid opcode: CLZ");
}

static void needs_steps_only_for_figures(void **state) {
    (void)state;
    assert_true(halt_needs_step(EVM_STACK_UNDERFLOW));
    assert_true(halt_needs_step(EVM_UNDEFINED_OPCODE));
    assert_false(halt_needs_step(EVM_OUT_OF_GAS));
    /* Without the step there is a text all the same. */
    expect(EVM_STACK_UNDERFLOW, NULL, "stack underflow");
}

static void remembers_the_outermost_step(void **state) {
    (void)state;
    struct halt_step last;
    struct evm_tracer tracer = halt_tracer(&last);
    assert_false(last.is_set);
    struct evm_step step = {.depth = 0, .opcode = 0xf1, .stack_count = 7};
    tracer.on_step(tracer.context, &step);
    step = (struct evm_step){.depth = 1, .opcode = 0x01, .stack_count = 0};
    tracer.on_step(tracer.context, &step);
    assert_true(last.is_set);
    assert_int_equal(last.opcode, 0xf1);
    assert_int_equal(last.stack_count, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_like_geth),
        cmocka_unit_test(needs_steps_only_for_figures),
        cmocka_unit_test(remembers_the_outermost_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
