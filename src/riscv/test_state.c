/* The hash of a machine: what it depends on, and the ways from pages to it. */
#include "riscv/state.h"
#include "riscv/test_program.h"

#include "crypto/keccak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void open_machine(struct machine *machine, const uint32_t *code, size_t count, bytes input) {
    static uint8_t file[TEST_ELF_SIZE_MAX];
    struct elf elf;
    const struct machine_options options = {.accelerators = ACCELERATORS_ALL};
    bytes program = bytes_of(file, test_elf(file, code, 4 * count));
    assert_int_equal(elf_decode(&elf, program), ELF_OK);
    assert_int_equal(machine_open(machine, &elf, input, &options), ERR_OK);
}

static hash32 root_of(const struct machine *machine) {
    hash32 root;
    assert_int_equal(state_root(&root, machine), ERR_OK);
    return root;
}

static void assert_root(const struct machine *machine, const hash32 *root, bool is_same) {
    hash32 now = root_of(machine);
    assert_int_equal(hash32_equal(&now, root), is_same);
}

/* A loop that counts in memory, stores over the end of a page and ends with some output. */
static const uint32_t *program(size_t *count) {
    static uint32_t code[16];
    size_t n = 0;
    code[n++] = LUI(T0, DATA_START);
    code[n++] = ADDI(T1, ZERO, 20);
    code[n++] = SLLI(T0, T0, 32); /* LUI has extended the sign */
    code[n++] = encode_i(0x13, 5, T0, T0, 32);
    code[n++] = LD(A0, T0, 0);
    code[n++] = ADDI(A0, A0, 3);
    code[n++] = SD(A0, T0, 0);
    code[n++] = SD(A0, T0, 2044);
    code[n++] = ADDI(T0, T0, 1);
    code[n++] = ADDI(T1, T1, -1);
    code[n++] = BNE(T1, ZERO, -24);
    code[n++] = ADDI(A7, ZERO, MACHINE_CALL_EXIT);
    code[n++] = ECALL;
    *count = n;
    return code;
}

static void test_root_is_that_of_all_pages(void **state) {
    (void)state;
    struct machine machine;
    size_t count;
    const uint32_t *code = program(&count);
    open_machine(&machine, code, count, bytes_of("input", 5));
    machine_run(&machine, 50);
    /* The tree without any shortcut. */
    hash32 *hashes = malloc(MACHINE_PAGE_COUNT * sizeof *hashes);
    assert_non_null(hashes);
    for (size_t i = 0; i < MACHINE_PAGE_COUNT; i++)
        hashes[i] = keccak256(bytes_of(machine.memory + i * MACHINE_PAGE_SIZE, MACHINE_PAGE_SIZE));
    for (size_t width = MACHINE_PAGE_COUNT / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++)
            hashes[i] = keccak256(bytes_of(&hashes[2 * i], 64));
    hash32 expected = state_root_with(&machine, &hashes[0]);
    assert_root(&machine, &expected, true);
    /* And the way from any page. */
    static const uint32_t pages[] = {0, 1, 256, 257, 0x6000, 0x7fff};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        hash32 siblings[STATE_PAGE_DEPTH];
        uint8_t page[MACHINE_PAGE_SIZE];
        memcpy(page, machine.memory + (size_t)pages[i] * MACHINE_PAGE_SIZE, sizeof page);
        assert_int_equal(state_prove_page(siblings, &machine, pages[i]), ERR_OK);
        hash32 root = state_memory_root_of(page, pages[i], siblings);
        assert_true(hash32_equal(&root, &hashes[0]));
        page[77] ^= 1;
        root = state_memory_root_of(page, pages[i], siblings);
        assert_false(hash32_equal(&root, &hashes[0]));
        page[77] ^= 1;
        /* Where there is nothing all around, one place is as good as another. */
        if (!machine.filled[pages[i]] && !machine.stored[pages[i]]) continue;
        root = state_memory_root_of(page, pages[i] ^ 2, siblings);
        assert_false(hash32_equal(&root, &hashes[0]));
    }
    free(hashes);
    machine_close(&machine);
}

static void test_root_changes_with_everything(void **state) {
    (void)state;
    struct machine machine;
    size_t count;
    const uint32_t *code = program(&count);
    open_machine(&machine, code, count, bytes_of("input", 5));
    hash32 root = root_of(&machine);
    uint64_t *words[] = {
        &machine.x[1],
        &machine.x[31],
        &machine.pc,
        &machine.steps,
        &machine.trap_address,
        &machine.exit_status,
        &machine.code_start,
        &machine.code_size,
        &machine.writable_start,
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *words[i] += 4;
        assert_root(&machine, &root, false);
        *words[i] -= 4;
    }
    machine.status = MACHINE_EXITED;
    assert_root(&machine, &root, false);
    machine.status = MACHINE_RUNNING;
    machine.trap = MACHINE_TRAP_LOAD;
    assert_root(&machine, &root, false);
    machine.trap = MACHINE_TRAP_NONE;
    machine.options.accelerators = 1;
    assert_root(&machine, &root, false);
    machine.options.accelerators = ACCELERATORS_ALL;
    machine.output_size = 1;
    assert_root(&machine, &root, false);
    machine.output_size = 0;
    assert_root(&machine, &root, true);
    machine_close(&machine);
    open_machine(&machine, code, count, bytes_of("inpuu", 5));
    assert_root(&machine, &root, false);
    machine_close(&machine);
}

/* Two machines, one run fast and one step by step, are the same at every step, and never the
 * same at two. */
static void test_runs_agree_at_every_step(void **state) {
    (void)state;
    struct machine fast;
    struct machine slow;
    size_t count;
    const uint32_t *code = program(&count);
    open_machine(&slow, code, count, BYTES_EMPTY);
    hash32 before = root_of(&slow);
    for (uint64_t steps = 1; slow.status == MACHINE_RUNNING; steps++) {
        machine_step(&slow);
        assert_root(&slow, &before, false);
        before = root_of(&slow);
        open_machine(&fast, code, count, BYTES_EMPTY);
        machine_run(&fast, steps);
        assert_root(&fast, &before, true);
        machine_close(&fast);
    }
    assert_int_equal(slow.status, MACHINE_EXITED);
    machine_close(&slow);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_is_that_of_all_pages),
        cmocka_unit_test(test_root_changes_with_everything),
        cmocka_unit_test(test_runs_agree_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
