/* The machine against itself: what is run fast is what is run step by step. Then its rules, each by
 * a few instructions; what instructions compute is compared with qemu in tests/riscv. */
#include "riscv/test_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/keccak.h"
#include "crypto/secp256k1.h"
#include "crypto/sha256.h"

static uint64_t random_state = 1;

static uint64_t random_u64(void) {
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random_state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int setup(void **state) {
    (void)state;
    const char *seed = getenv("LOCKSTEP_SEED");
    if (seed != NULL) random_state = strtoull(seed, NULL, 0);
    print_message("LOCKSTEP_SEED=%llu\n", (unsigned long long)random_state);
    return 0;
}

static void open_with(
    struct machine *machine, const uint32_t *code, size_t count, bytes input, uint32_t accelerators
) {
    static uint8_t file[TEST_ELF_SIZE_MAX];
    struct elf elf;
    struct machine_options options = {.accelerators = accelerators};
    size_t size = test_elf(file, code, 4 * count);
    assert_int_equal(elf_decode(&elf, bytes_of(file, size)), ELF_OK);
    assert_int_equal(machine_open(machine, &elf, input, &options), ERR_OK);
}

#define OPEN(machine, code) \
    open_with(machine, code, sizeof(code) / sizeof *(code), BYTES_EMPTY, ACCELERATORS_ALL)

static uint64_t word_at(const struct machine *machine, uint64_t at) {
    uint64_t v;
    memcpy(&v, machine->memory + (at - MACHINE_RAM_BASE), sizeof v);
    return v;
}

static void put(struct machine *machine, uint64_t at, const void *data, size_t size) {
    if (size > 0) memcpy(machine->memory + (at - MACHINE_RAM_BASE), data, size);
}

/* --- fast and step by step -------------------------------------------------------------------- */

static void assert_same_machines(const struct machine *a, const struct machine *b) {
    assert_memory_equal(a->x, b->x, MACHINE_REGISTERS * sizeof *a->x);
    assert_int_equal(a->pc, b->pc);
    assert_int_equal(a->steps, b->steps);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->trap, b->trap);
    assert_int_equal(a->trap_address, b->trap_address);
    assert_int_equal(a->exit_status, b->exit_status);
    assert_int_equal(a->output_size, b->output_size);
    assert_memory_equal(a->output, b->output, a->output_size);
    assert_int_equal(a->misaligned_count, b->misaligned_count);
    assert_memory_equal(a->loaded, b->loaded, MACHINE_PAGE_COUNT);
    assert_memory_equal(a->stored, b->stored, MACHINE_PAGE_COUNT);
    for (size_t i = 0; i < MACHINE_PAGE_COUNT; i++)
        if (a->stored[i])
            assert_memory_equal(
                a->memory + i * MACHINE_PAGE_SIZE,
                b->memory + i * MACHINE_PAGE_SIZE,
                MACHINE_PAGE_SIZE
            );
}

/* A program of any instructions; jumps stay near, addresses are mostly in the data. */
#define RANDOM_COUNT 200

static uint32_t random_any_word(void) {
    static const uint8_t majors[] = {
        0x03, 0x03, 0x13, 0x13, 0x17, 0x1b, 0x23, 0x23, 0x33, 0x33, 0x37, 0x3b, 0x63, 0x6f, 0x67};
    static const uint8_t functs[] = {0, 0, 1, 1, 0x20};
    uint32_t word = (uint32_t)random_u64();
    uint32_t major = majors[random_u64() % sizeof majors];
    uint32_t rd = (uint32_t)(random_u64() % 28);
    int32_t distance = 4 * ((int32_t)(random_u64() % 40) - 16);
    word = (word & ~0xfffu) | rd << 7 | major;
    switch (major) {
    case 0x33:
    case 0x3b:
        return (word & 0x01ffffffu) | (uint32_t)functs[random_u64() % sizeof functs] << 25;
    case 0x63:
        return encode_b(word >> 12 & 7, word >> 15 & 31, word >> 20 & 31, distance);
    case 0x6f:
        return encode_jal(rd, distance);
    case 0x67: /* register 28 has an address in the code, 29 to 31 have some in the data */
        return encode_i(0x67, 0, rd, 28, distance);
    case 0x03:
    case 0x23:
        return (word & ~(31u << 15)) | (29 + (uint32_t)(random_u64() % 3)) << 15;
    default:
        return word;
    }
}

static uint32_t random_word(void) {
    uint32_t word = random_any_word();
    while (instruction_decode(word).op == OP_ILLEGAL && random_u64() % 1000 != 0)
        word = random_any_word();
    return word;
}

static void open_random(struct machine *machine, const uint32_t *code, uint64_t seed) {
    random_state = seed;
    open_with(machine, code, RANDOM_COUNT, BYTES_EMPTY, ACCELERATORS_ALL);
    for (unsigned i = 1; i < 28; i++)
        machine->x[i] = random_u64() % 2 ? random_u64() : random_u64() % 16 - 8;
    machine->x[28] = CODE_START + 4 * (random_u64() % RANDOM_COUNT);
    machine->x[29] = DATA_START + 0x1000;
    machine->x[30] = DATA_START + 0x3000 + random_u64() % 8;
    machine->x[31] = DATA_START + 0x4ffc;
}

static void test_fast_is_step_by_step(void **state) {
    (void)state;
    uint64_t traps = 0;
    uint64_t steps = 0;
    for (int round = 0; round < 1500; round++) {
        struct machine fast;
        struct machine slow;
        uint32_t code[RANDOM_COUNT];
        uint64_t executed[RANDOM_COUNT] = {0};
        uint64_t counts[RANDOM_COUNT];
        uint64_t seed = random_u64();
        random_state = seed;
        for (size_t i = 0; i < RANDOM_COUNT; i++)
            code[i] = random_word();
        open_random(&fast, code, seed);
        open_random(&slow, code, seed);
        for (int slice = 0; slice < 4; slice++) {
            uint64_t count = random_u64() % 2 ? random_u64() % 4000 : random_u64() % 30;
            machine_run(&fast, count);
            for (uint64_t i = 0; i < count; i++) {
                uint64_t index = (slow.pc - CODE_START) / 4;
                uint64_t before = slow.steps;
                machine_step(&slow);
                if (slow.steps != before) executed[index]++;
            }
            assert_same_machines(&fast, &slow);
            machine_count_instructions(&fast, counts);
            assert_memory_equal(counts, executed, sizeof counts);
            machine_count_instructions(&slow, counts);
            assert_memory_equal(counts, executed, sizeof counts);
        }
        traps += fast.status == MACHINE_TRAPPED;
        steps += fast.steps;
        machine_close(&fast);
        machine_close(&slow);
    }
    /* The programs must be worth it: many steps, and all kinds of ends. */
    assert_in_range(traps, 300, 1450);
    assert_in_range(steps, 100000, 100000000);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void test_memory_is_where_it_is(void **state) {
    (void)state;
    static const struct {
        uint64_t address;
        bool is_readable;
        bool is_writable;
    } cases[] = {
        {CODE_START - 1, false, false},
        {CODE_START, true, false},
        {DATA_START - 1, true, false},
        {DATA_START, true, true},
        {MACHINE_INPUT_BASE - 1, true, true},
        {MACHINE_INPUT_BASE, true, false},
        {MACHINE_MEMORY_END - 1, true, false},
        {MACHINE_MEMORY_END, false, false},
        {0, false, false},
        {UINT64_MAX, false, false},
        {CODE_START | UINT64_C(1) << 63, false, false},
        {CODE_START | UINT64_C(1) << 32, false, false},
    };
    const uint32_t load[] = {LB(A0, T0, 0)};
    const uint32_t store[] = {SB(A0, T0, 0)};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct machine machine;
        OPEN(&machine, load);
        machine.x[T0] = cases[i].address;
        machine_run(&machine, 1);
        assert_int_equal(
            machine.trap, cases[i].is_readable ? MACHINE_TRAP_NONE : MACHINE_TRAP_LOAD
        );
        assert_int_equal(machine.steps, cases[i].is_readable);
        machine_close(&machine);
        OPEN(&machine, store);
        machine.x[T0] = cases[i].address;
        machine_run(&machine, 1);
        assert_int_equal(
            machine.trap, cases[i].is_writable ? MACHINE_TRAP_NONE : MACHINE_TRAP_STORE
        );
        assert_int_equal(machine.trap_address, cases[i].is_writable ? 0 : cases[i].address);
        machine_close(&machine);
    }
}

static void test_misaligned_accesses_work_and_are_counted(void **state) {
    (void)state;
    const uint32_t code[] = {SD(A0, T0, 1), LD(A1, T0, 1), LB(A2, T0, 8), LD(A3, T1, 0)};
    struct machine machine;
    OPEN(&machine, code);
    machine.x[T0] = DATA_START + MACHINE_PAGE_SIZE - 4;
    machine.x[A0] = UINT64_C(0x8877665544332211);
    machine.x[T1] = MACHINE_MEMORY_END - 7;
    machine_run(&machine, 10);
    assert_int_equal(machine.x[A1], UINT64_C(0x8877665544332211));
    assert_int_equal(machine.x[A2], UINT64_C(0xffffffffffffff88));
    assert_int_equal(machine.misaligned_count, 2);
    assert_int_equal(machine_count_pages(&machine).stored, 2);
    /* Seven bytes in memory and one behind are no access at all. */
    assert_int_equal(machine.trap, MACHINE_TRAP_LOAD);
    assert_int_equal(machine.pc, CODE_START + 12);
    assert_int_equal(machine.steps, 3);
    machine_close(&machine);
}

static void test_input_is_there(void **state) {
    (void)state;
    const uint32_t code[] = {LD(A0, T0, 0), LD(A1, T0, 8), LB(A2, T0, 16)};
    struct machine machine;
    open_with(&machine, code, 3, bytes_of("lockstep!", 9), 0);
    machine.x[T0] = MACHINE_INPUT_BASE;
    machine_run(&machine, 3);
    assert_int_equal(machine.x[A0], 9);
    assert_int_equal(machine.x[A1], word_at(&machine, MACHINE_INPUT_BASE + MACHINE_INPUT_START));
    assert_memory_equal(&machine.x[A1], "lockstep", 8);
    assert_int_equal(machine.x[A2], '!');
    machine_close(&machine);
}

static void test_input_has_a_limit(void **state) {
    (void)state;
    const uint32_t code[] = {ECALL};
    static uint8_t file[TEST_ELF_SIZE_MAX];
    struct machine machine;
    struct elf elf;
    struct machine_options options = {0};
    uint8_t *input = calloc(MACHINE_INPUT_MAX + 1, 1);
    assert_non_null(input);
    input[MACHINE_INPUT_MAX - 1] = 7;
    assert_int_equal(elf_decode(&elf, bytes_of(file, test_elf(file, code, 4))), ELF_OK);
    bytes full = bytes_of(input, MACHINE_INPUT_MAX);
    assert_int_equal(machine_open(&machine, &elf, full, &options), ERR_OK);
    assert_int_equal(machine.memory[MACHINE_MEMORY_SIZE - 1], 7);
    machine_close(&machine);
    full.size++;
    assert_int_equal(machine_open(&machine, &elf, full, &options), ERR_LIMIT);
    free(input);
}

/* --- traps ------------------------------------------------------------------------------------ */

static void test_traps_change_nothing(void **state) {
    (void)state;
    const struct {
        uint32_t word;
        enum machine_trap trap;
        uint64_t address;
    } cases[] = {
        {0x00000000, MACHINE_TRAP_ILLEGAL, CODE_START + 4},
        {0xffffffff, MACHINE_TRAP_ILLEGAL, CODE_START + 4},
        {0x0000100f, MACHINE_TRAP_ILLEGAL, CODE_START + 4}, /* fence.i */
        {0xc0002573, MACHINE_TRAP_ILLEGAL, CODE_START + 4}, /* rdcycle a0 */
        {0x30200073, MACHINE_TRAP_ILLEGAL, CODE_START + 4}, /* mret */
        {0x02051513, MACHINE_TRAP_NONE, 0},                 /* slli a0, a0, 32 */
        {0x0200151b, MACHINE_TRAP_ILLEGAL, CODE_START + 4}, /* slliw a0, zero, 32 */
        {0x04051513, MACHINE_TRAP_ILLEGAL, CODE_START + 4}, /* slli by 64 */
        {EBREAK, MACHINE_TRAP_BREAKPOINT, CODE_START + 4},
        {JAL(A0, 2), MACHINE_TRAP_JUMP_MISALIGNED, CODE_START + 6},
        {JAL(A0, -8), MACHINE_TRAP_JUMP_OUTSIDE, CODE_START - 4},
        {JAL(A0, 8), MACHINE_TRAP_JUMP_OUTSIDE, CODE_START + 12},
        {BEQ(A0, A0, 2), MACHINE_TRAP_JUMP_MISALIGNED, CODE_START + 6},
        {BEQ(A0, A0, 2048), MACHINE_TRAP_JUMP_OUTSIDE, CODE_START + 2052},
        {BNE(A0, A0, 2048), MACHINE_TRAP_NONE, 0},
        {JALR(A0, T0, 2), MACHINE_TRAP_JUMP_MISALIGNED, CODE_START + 2},
        {JALR(A0, T0, 1), MACHINE_TRAP_NONE, 0}, /* the lowest bit is dropped */
        {JALR(A0, T0, 12), MACHINE_TRAP_JUMP_OUTSIDE, CODE_START + 12},
        {JALR(A0, ZERO, 0), MACHINE_TRAP_JUMP_OUTSIDE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t code[] = {ADDI(A0, A0, 5), cases[i].word, ADDI(A1, A1, 1)};
        bool is_trap = cases[i].trap != MACHINE_TRAP_NONE;
        struct machine machine;
        OPEN(&machine, code);
        machine.x[T0] = CODE_START;
        machine_run(&machine, 2);
        assert_int_equal(machine.trap, cases[i].trap);
        assert_int_equal(machine.status, is_trap ? MACHINE_TRAPPED : MACHINE_RUNNING);
        assert_int_equal(machine.steps, is_trap ? 1 : 2);
        if (is_trap) {
            assert_int_equal(machine.trap_address, cases[i].address);
            assert_int_equal(machine.pc, CODE_START + 4);
            assert_int_equal(machine.x[A0], 5);
            machine_run(&machine, 100);
            assert_int_equal(machine.steps, 1);
        }
        machine_close(&machine);
    }
}

static void test_code_ends(void **state) {
    (void)state;
    const uint32_t code[] = {ADDI(A0, A0, 1)};
    struct machine machine;
    uint64_t count;
    OPEN(&machine, code);
    machine_run(&machine, 5);
    assert_int_equal(machine.trap, MACHINE_TRAP_FETCH);
    assert_int_equal(machine.pc, CODE_START + 4);
    assert_int_equal(machine.steps, 1);
    machine_count_instructions(&machine, &count);
    assert_int_equal(count, 1);
    machine_close(&machine);
}

static void test_nothing_is_written_to_zero(void **state) {
    (void)state;
    const uint32_t code[] = {
        ADDI(ZERO, ZERO, 5), LUI(ZERO, 0x1000), LD(ZERO, T0, 0), JAL(ZERO, 4), ADD(A0, ZERO, ZERO)};
    struct machine machine;
    OPEN(&machine, code);
    machine.x[T0] = CODE_START;
    machine.x[A0] = 1;
    machine_run(&machine, 5);
    assert_int_equal(machine.x[ZERO], 0);
    assert_int_equal(machine.x[A0], 0);
    machine_close(&machine);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* One call on a machine with these accelerators; data lies at DATA_START. The machine is open. */
static void call(
    struct machine *machine,
    uint64_t number,
    const uint64_t arguments[5],
    bytes data,
    uint32_t accelerators
) {
    const uint32_t code[] = {ECALL, ECALL};
    open_with(machine, code, 2, BYTES_EMPTY, accelerators);
    put(machine, DATA_START, data.data, data.size);
    for (int i = 0; i < 5; i++)
        machine->x[A0 + i] = arguments[i];
    machine->x[A7] = number;
    machine_run(machine, 1);
}

static uint64_t number_of(enum accelerator accelerator) {
    return MACHINE_CALL_ACCELERATOR + (uint64_t)accelerator;
}

static void test_write_appends(void **state) {
    (void)state;
    struct machine machine;
    bytes text = bytes_of("output", 6);
    call(&machine, MACHINE_CALL_WRITE, (uint64_t[5]){1, DATA_START, 6}, text, 0);
    assert_int_equal(machine.x[A0], 6);
    machine.x[A0] = 1;
    machine.x[A2] = 3;
    machine_run(&machine, 1);
    assert_true(bytes_equal(machine_output(&machine), bytes_of("outputout", 9)));
    machine_close(&machine);
}

static void test_write_refuses(void **state) {
    (void)state;
    struct machine machine;
    call(&machine, MACHINE_CALL_WRITE, (uint64_t[5]){2, DATA_START, 6}, BYTES_EMPTY, 0);
    assert_int_equal((int64_t)machine.x[A0], -9);
    assert_int_equal(machine_output(&machine).size, 0);
    machine_close(&machine);
    call(&machine, MACHINE_CALL_WRITE, (uint64_t[5]){1, 0x1000, 6}, BYTES_EMPTY, 0);
    assert_int_equal(machine.trap, MACHINE_TRAP_CALL_LOAD);
    machine_close(&machine);
    call(&machine, MACHINE_CALL_WRITE, (uint64_t[5]){1, DATA_START, 4096}, BYTES_EMPTY, 0);
    assert_int_equal(machine.status, MACHINE_RUNNING);
    machine.x[A0] = 1;
    machine.x[A2] = 1;
    machine_run(&machine, 1);
    assert_int_equal(machine.trap, MACHINE_TRAP_OUTPUT);
    assert_int_equal(machine_output(&machine).size, 4096);
    machine_close(&machine);
    call(&machine, MACHINE_CALL_WRITE, (uint64_t[5]){1, DATA_START, UINT64_MAX}, BYTES_EMPTY, 0);
    assert_int_equal(machine.trap, MACHINE_TRAP_OUTPUT);
    machine_close(&machine);
}

static void test_exit_halts(void **state) {
    (void)state;
    struct machine machine;
    call(&machine, MACHINE_CALL_EXIT, (uint64_t[5]){3}, BYTES_EMPTY, 0);
    assert_int_equal(machine.status, MACHINE_EXITED);
    assert_int_equal(machine.exit_status, 3);
    assert_int_equal(machine.pc, CODE_START + 4);
    machine_run(&machine, 5);
    assert_int_equal(machine.steps, 1);
    machine_close(&machine);
}

static void test_what_is_absent_says_so(void **state) {
    (void)state;
    uint32_t all_but_sha256 = ACCELERATORS_ALL & ~(UINT32_C(1) << ACCELERATOR_sha256);
    const uint64_t numbers[] = {
        0, 63, 1000, number_of(ACCELERATOR_sha256), number_of(ACCELERATOR_COUNT), UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct machine machine;
        call(&machine, numbers[i], (uint64_t[5]){1, 2, 3}, BYTES_EMPTY, all_but_sha256);
        assert_int_equal((int64_t)machine.x[A0], -38);
        assert_int_equal(machine.status, MACHINE_RUNNING);
        assert_int_equal(machine.absent_calls, 1);
        machine_close(&machine);
    }
}

static void test_keccak_f(void **state) {
    (void)state;
    struct machine machine;
    uint64_t lanes[25];
    for (int i = 0; i < 25; i++)
        lanes[i] = random_u64();
    bytes data = bytes_of(lanes, sizeof lanes);
    uint64_t number = number_of(ACCELERATOR_keccak_f);
    call(&machine, number, (uint64_t[5]){DATA_START}, data, ACCELERATORS_ALL);
    keccak_permute_portable(lanes);
    assert_int_equal(machine.x[A0], 0);
    assert_int_equal(machine.accelerator_calls[ACCELERATOR_keccak_f], 1);
    assert_memory_equal(machine.memory + (DATA_START - MACHINE_RAM_BASE), lanes, sizeof lanes);
    machine_close(&machine);
    call(&machine, number, (uint64_t[5]){DATA_START + 4}, data, ACCELERATORS_ALL);
    assert_int_equal(machine.trap, MACHINE_TRAP_CALL_ALIGNMENT);
    machine_close(&machine);
    call(&machine, number, (uint64_t[5]){CODE_START}, data, ACCELERATORS_ALL);
    assert_int_equal(machine.trap, MACHINE_TRAP_CALL_STORE);
    assert_int_equal(machine.steps, 0);
    machine_close(&machine);
}

static void test_sha256(void **state) {
    (void)state;
    struct machine machine;
    bytes data = bytes_of("abc", 3);
    hash32 expected = sha256_portable(data);
    call(
        &machine,
        number_of(ACCELERATOR_sha256),
        (uint64_t[5]){DATA_START, 3, DATA_START},
        data,
        ACCELERATORS_ALL
    );
    assert_int_equal(machine.x[A0], 0);
    assert_memory_equal(machine.memory + (DATA_START - MACHINE_RAM_BASE), expected.b, 32);
    machine_close(&machine);
    call(
        &machine,
        number_of(ACCELERATOR_sha256),
        (uint64_t[5]){DATA_START, UINT64_MAX, DATA_START},
        data,
        ACCELERATORS_ALL
    );
    assert_int_equal(machine.trap, MACHINE_TRAP_CALL_LOAD);
    machine_close(&machine);
}

/* A signature by a key of our own: recovered, verified, and refused when a bit is changed. */
static void test_secp256k1(void **state) {
    (void)state;
    struct machine machine;
    struct {
        hash32 digest;
        uint8_t signature[64];
        uint8_t key[64];
        uint8_t out[64];
    } data = {0};
    hash32 private_key = {{0}};
    u256 r, s;
    unsigned parity;
    uint8_t key[64];
    private_key.b[31] = 42;
    data.digest.b[0] = 7;
    assert_int_equal(secp256k1_sign(&r, &s, &parity, &data.digest, &private_key), ERR_OK);
    assert_int_equal(secp256k1_public_key(key, &private_key), ERR_OK);
    u256_store_be(data.signature, &r);
    u256_store_be(data.signature + 32, &s);
    memcpy(data.key, key, 64);
    bytes all = bytes_of(&data, sizeof data);
    uint64_t recover = number_of(ACCELERATOR_secp256k1_ecrecover);
    uint64_t verify = number_of(ACCELERATOR_secp256k1_verify);
    const uint64_t recover_arguments[5] = {DATA_START, DATA_START + 32, parity, DATA_START + 160};
    const uint64_t verify_arguments[5] = {
        DATA_START, DATA_START + 32, DATA_START + 96, DATA_START + 161};
    const uint8_t *out = NULL;

    call(&machine, recover, recover_arguments, all, ACCELERATORS_ALL);
    out = machine.memory + (DATA_START + 160 - MACHINE_RAM_BASE);
    assert_int_equal(machine.x[A0], 0);
    assert_memory_equal(out, key, 64);
    machine_close(&machine);

    call(&machine, verify, verify_arguments, all, ACCELERATORS_ALL);
    assert_int_equal(machine.x[A0], 0);
    assert_int_equal(machine.memory[DATA_START + 161 - MACHINE_RAM_BASE], 1);
    machine_close(&machine);

    data.digest.b[5] ^= 1;
    call(&machine, verify, verify_arguments, all, ACCELERATORS_ALL);
    assert_int_equal(machine.x[A0], 0);
    assert_int_equal(machine.memory[DATA_START + 161 - MACHINE_RAM_BASE], 0);
    machine_close(&machine);

    memset(data.signature, 0, 32); /* r = 0 is none */
    call(&machine, recover, recover_arguments, all, ACCELERATORS_ALL);
    assert_int_equal((int64_t)machine.x[A0], -1);
    assert_int_equal(word_at(&machine, DATA_START + 160), 0);
    machine_close(&machine);
}

/* All others: wrong pointers trap with nothing done, and what is no point is refused. */
static void test_accelerators_look_at_their_pointers(void **state) {
    (void)state;
    for (unsigned i = 0; i < ACCELERATOR_COUNT; i++) {
        struct machine machine;
        const uint64_t wild[5] = {UINT64_MAX - 7, 8, UINT64_MAX - 7, 8, UINT64_MAX - 7};
        call(&machine, number_of((enum accelerator)i), wild, BYTES_EMPTY, ACCELERATORS_ALL);
        assert_int_equal(machine.status, MACHINE_TRAPPED);
        assert_int_equal(machine.steps, 0);
        assert_int_equal(machine.accelerator_calls[i], 0);
        machine_close(&machine);
    }
    static const enum accelerator points[] = {
        ACCELERATOR_bn254_g1_add, ACCELERATOR_bls12_g1_add, ACCELERATOR_bls12_g2_add};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct machine machine;
        uint8_t junk[512];
        const uint64_t arguments[5] = {DATA_START, DATA_START + 200, DATA_START + 512};
        memset(junk, 1, sizeof junk);
        bytes data = bytes_of(junk, sizeof junk);
        call(&machine, number_of(points[i]), arguments, data, ACCELERATORS_ALL);
        assert_int_equal((int64_t)machine.x[A0], -1);
        assert_int_equal(word_at(&machine, DATA_START + 512), 0);
        machine_close(&machine);
        /* Infinity and infinity make infinity. */
        memset(junk, 0, sizeof junk);
        call(&machine, number_of(points[i]), arguments, data, ACCELERATORS_ALL);
        assert_int_equal(machine.x[A0], 0);
        machine_close(&machine);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_is_step_by_step),
        cmocka_unit_test(test_memory_is_where_it_is),
        cmocka_unit_test(test_misaligned_accesses_work_and_are_counted),
        cmocka_unit_test(test_input_is_there),
        cmocka_unit_test(test_input_has_a_limit),
        cmocka_unit_test(test_traps_change_nothing),
        cmocka_unit_test(test_code_ends),
        cmocka_unit_test(test_nothing_is_written_to_zero),
        cmocka_unit_test(test_write_appends),
        cmocka_unit_test(test_write_refuses),
        cmocka_unit_test(test_exit_halts),
        cmocka_unit_test(test_what_is_absent_says_so),
        cmocka_unit_test(test_keccak_f),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_secp256k1),
        cmocka_unit_test(test_accelerators_look_at_their_pointers),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
