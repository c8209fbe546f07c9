/* What a program file may be: each rule by one that breaks it. */
#include "riscv/profile.h"
#include "riscv/test_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t file[TEST_ELF_SIZE_MAX];
static const uint32_t CODE[] = {ECALL, ECALL};

/* Where the fields of the headers are. */
enum {
    TYPE = 16,
    MACHINE = 18,
    ENTRY = 24,
    SECTIONS = 40,
    FLAGS = 48,
    SEGMENT_COUNT = 56,
    SECTION_SIZE = 58,
    SECTION_COUNT = 60,
    CODE_SEGMENT = 64,
    DATA_SEGMENT = 120,
    SEGMENT_FLAGS = 4,
    SEGMENT_OFFSET = 8,
    SEGMENT_ADDRESS = 16,
    SEGMENT_FILE_SIZE = 32,
    SEGMENT_SIZE = 40,
};

static size_t make(void) {
    return test_elf(file, CODE, sizeof CODE);
}

static enum elf_verdict decode(size_t size) {
    struct elf elf;
    /* Of its own size, so that AddressSanitizer sees what is read behind it. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, file, size);
    enum elf_verdict verdict = elf_decode(&elf, bytes_of(copy, size));
    free(copy);
    return verdict;
}

static void test_one_field_wrong(void **state) {
    (void)state;
    static const struct {
        unsigned offset;
        unsigned size;
        uint64_t value;
        enum elf_verdict verdict;
    } cases[] = {
        {0, 1, 0, ELF_NOT_ELF},
        {4, 1, 1, ELF_NOT_RISCV}, /* 32 bits */
        {5, 1, 2, ELF_NOT_RISCV}, /* big-endian */
        {MACHINE, 2, 62, ELF_NOT_RISCV},
        {TYPE, 2, 3, ELF_NOT_STATIC},
        {FLAGS, 4, 1, ELF_EXTENSIONS}, /* compressed instructions */
        {FLAGS, 4, 4, ELF_EXTENSIONS}, /* floats in registers */
        {54, 2, 32, ELF_NOT_ELF},
        {32, 8, UINT64_MAX - 10, ELF_TRUNCATED},
        {SEGMENT_COUNT, 2, 0xffff, ELF_TRUNCATED},
        {SEGMENT_COUNT, 2, 0, ELF_CODE},
        {ENTRY, 8, CODE_START + 2, ELF_ENTRY},
        {ENTRY, 8, CODE_START - 4, ELF_ENTRY},
        {ENTRY, 8, CODE_START + 8, ELF_ENTRY},
        {ENTRY, 8, CODE_START + 4, ELF_OK},
        {CODE_SEGMENT, 4, 3, ELF_NOT_STATIC}, /* an interpreter */
        {CODE_SEGMENT, 4, 2, ELF_NOT_STATIC}, /* dynamic linking */
        {CODE_SEGMENT, 4, 4, ELF_CODE},       /* a note: there is no code left */
        {CODE_SEGMENT + SEGMENT_FLAGS, 4, 7, ELF_CODE},
        {CODE_SEGMENT + SEGMENT_FLAGS, 4, 4, ELF_CODE},
        {DATA_SEGMENT + SEGMENT_FLAGS, 4, 5, ELF_CODE},
        {CODE_SEGMENT + SEGMENT_OFFSET, 8, UINT64_MAX, ELF_TRUNCATED},
        {CODE_SEGMENT + SEGMENT_OFFSET, 8, 180, ELF_TRUNCATED},
        {CODE_SEGMENT + SEGMENT_SIZE, 8, 4, ELF_SEGMENT_SIZE},
        {CODE_SEGMENT + SEGMENT_SIZE, 8, 10, ELF_CODE},
        {CODE_SEGMENT + SEGMENT_SIZE, 8, 0x1000000, ELF_ORDER},
        {CODE_SEGMENT + SEGMENT_ADDRESS, 8, CODE_START - 4, ELF_MEMORY},
        {CODE_SEGMENT + SEGMENT_ADDRESS, 8, UINT64_MAX - 3, ELF_MEMORY},
        {CODE_SEGMENT + SEGMENT_ADDRESS, 8, DATA_START, ELF_ORDER},
        {CODE_SEGMENT + SEGMENT_ADDRESS,
         8,
         DATA_START + DATA_SIZE,
         ELF_ORDER}, /* code behind data */
        {DATA_SEGMENT + SEGMENT_SIZE, 8, UINT64_C(1) << 40, ELF_MEMORY},
        {DATA_SEGMENT + SEGMENT_SIZE, 8, MACHINE_INPUT_BASE - DATA_START, ELF_OK},
        {DATA_SEGMENT + SEGMENT_SIZE, 8, MACHINE_INPUT_BASE - DATA_START + 1, ELF_MEMORY},
        {DATA_SEGMENT + SEGMENT_ADDRESS, 8, CODE_START + 16, ELF_ORDER}, /* on the code's page */
        {SECTION_COUNT, 2, 1, ELF_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = make();
        store_le(file + cases[i].offset, cases[i].value, cases[i].size);
        assert_int_equal(decode(size), cases[i].verdict);
    }
}

static void test_any_beginning_is_refused(void **state) {
    (void)state;
    size_t size = make();
    assert_int_equal(decode(size), ELF_OK);
    for (size_t i = 0; i < size; i++)
        assert_int_not_equal(decode(i), ELF_OK);
}

static void test_too_many_segments(void **state) {
    (void)state;
    size_t size = make();
    uint8_t *headers = file + size;
    memcpy(headers, file + CODE_SEGMENT, 56);
    for (unsigned i = 1; i <= ELF_SEGMENTS_MAX; i++)
        store_segment(headers + 56 * (size_t)i, 6, 0, DATA_START + 0x1000 * (uint64_t)i, 0, 16);
    store_le(file + 32, size, 8);
    store_le(file + SEGMENT_COUNT, ELF_SEGMENTS_MAX, 2);
    assert_int_equal(decode(size + 56 * (ELF_SEGMENTS_MAX + 1)), ELF_OK);
    store_le(file + SEGMENT_COUNT, ELF_SEGMENTS_MAX + 1, 2);
    assert_int_equal(decode(size + 56 * (ELF_SEGMENTS_MAX + 1)), ELF_SEGMENTS_MANY);
}

static void test_large_code_is_refused(void **state) {
    (void)state;
    size_t size = make();
    store_le(file + SEGMENT_COUNT, 1, 2);
    store_le(file + CODE_SEGMENT + SEGMENT_SIZE, ELF_CODE_SIZE_MAX, 8);
    assert_int_equal(decode(size), ELF_OK);
    store_le(file + CODE_SEGMENT + SEGMENT_SIZE, ELF_CODE_SIZE_MAX + 4, 8);
    assert_int_equal(decode(size), ELF_CODE_LARGE);
}

/* --- symbols ---------------------------------------------------------------------------------- */

struct test_symbol {
    const char *name;
    uint64_t address;
    uint8_t info; /* binding, type */
};

enum { FUNCTION = 0x12, LOCAL_FUNCTION = 0x02, LABEL = 0x10, LOCAL_LABEL = 0x00 };

/* The program with these symbols; returns the file's size. */
static size_t make_with(
    const uint32_t *code, size_t code_count, const struct test_symbol *symbols, size_t count
) {
    size_t size = test_elf(file, code, 4 * code_count);
    size_t table = (size + 7) / 8 * 8;
    size_t names = table + 24 * count;
    size_t end = names + 1;
    file[names] = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t *p = file + table + 24 * i;
        size_t length = strlen(symbols[i].name) + 1;
        memset(p, 0, 24);
        store_le(p, end - names, 4);
        p[4] = symbols[i].info;
        store_le(p + 8, symbols[i].address, 8);
        memcpy(file + end, symbols[i].name, length);
        end += length;
    }
    size_t sections = (end + 7) / 8 * 8;
    memset(file + end, 0, sections + 192 - end);
    uint8_t *p = file + sections + 64;
    store_le(p + 4, 2, 4);
    store_le(p + 24, table, 8);
    store_le(p + 32, 24 * count, 8);
    store_le(p + 40, 2, 4);
    store_le(p + 56, 24, 8);
    p += 64;
    store_le(p + 4, 3, 4);
    store_le(p + 24, names, 8);
    store_le(p + 32, end - names, 8);
    store_le(file + SECTIONS, sections, 8);
    store_le(file + SECTION_SIZE, 64, 2);
    store_le(file + SECTION_COUNT, 3, 2);
    return sections + 192;
}

static void test_symbols_name_functions_and_work(void **state) {
    (void)state;
    static const struct test_symbol given[] = {
        {"second", CODE_START + 8, LOCAL_FUNCTION},
        {"_start", CODE_START, LABEL},
        {"$xrv64", CODE_START + 8, LOCAL_LABEL},
        {".L7", CODE_START + 4, LOCAL_LABEL},
        {"data", DATA_START, LABEL},
        {"__work_trie", CODE_START + 8, LABEL},
        {"third", CODE_START + 12, FUNCTION},
        {"alias", CODE_START + 12, FUNCTION},
    };
    static const uint32_t code[] = {ECALL, ECALL, ECALL, ECALL};
    static const uint64_t counts[] = {1, 20, 300, 4000};
    struct arena arena;
    struct symbols symbols;
    struct elf elf;
    uint64_t sums[4];
    size_t size = make_with(code, 4, given, 8);
    arena_open(&arena, 1 << 20);
    assert_int_equal(elf_decode(&elf, bytes_of(file, size)), ELF_OK);
    assert_int_equal(elf_symbol_count(&elf), 8);
    assert_int_equal(symbols_open(&symbols, &arena, &elf), ERR_OK);
    assert_int_equal(symbols.function_count, 3);
    assert_string_equal(symbols.functions[0].name, "_start");
    assert_string_equal(symbols.functions[1].name, "second");
    assert_string_equal(symbols.functions[2].name, "alias");
    assert_int_equal(symbols_function_at(&symbols, CODE_START + 4), 0);
    assert_int_equal(symbols_function_at(&symbols, CODE_START + 12), 2);
    assert_int_equal(symbols.work_count, 2);
    assert_string_equal(symbols.works[0].name, "other");
    assert_string_equal(symbols.works[1].name, "trie");
    symbols_sum(&symbols, sums, symbols.functions, symbols.function_count, counts);
    assert_int_equal(sums[0], 21);
    assert_int_equal(sums[1], 300);
    assert_int_equal(sums[2], 4000);
    symbols_sum(&symbols, sums, symbols.works, symbols.work_count, counts);
    assert_int_equal(sums[0], 21);
    assert_int_equal(sums[1], 4300);
    arena_close(&arena);
}

static void test_damaged_symbols_are_refused(void **state) {
    (void)state;
    static const struct test_symbol one[] = {{"f", CODE_START, FUNCTION}};
    size_t size = make_with(CODE, 2, one, 1);
    size_t sections = size - 192;
    const struct {
        size_t offset;
        uint64_t value;
    } cases[] = {
        {sections + 64 + 24, size}, /* the table ends behind the file */
        {sections + 64 + 32, UINT64_MAX},
        {sections + 64 + 40, 7},  /* no such section of names */
        {sections + 64 + 40, 1},  /* it is none of names */
        {sections + 64 + 56, 16}, /* records of another size */
        {sections + 128 + 32, 0}, /* no names */
        {sections + 128 + 32, 2}, /* a name that does not end */
    };
    assert_int_equal(decode(size), ELF_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)make_with(CODE, 2, one, 1);
        store_le(file + cases[i].offset, cases[i].value, 8);
        assert_int_equal(decode(size), ELF_SYMBOLS);
    }
}

/* --- the profile ------------------------------------------------------------------------------ */

/* main calls leaf twice and middle once; middle goes to leaf in its stead. */
static void test_profile_follows_calls(void **state) {
    (void)state;
    enum { MAIN = 0, LEAF = 6, MIDDLE = 8, END = 10 };
    const uint32_t code[] = {
        /* main */
        JAL(RA, 4 * LEAF),
        JAL(RA, 4 * (LEAF - 1)),
        JAL(RA, 4 * (MIDDLE - 2)),
        ADDI(A7, ZERO, MACHINE_CALL_EXIT),
        ADDI(A0, ZERO, 0),
        ECALL,
        /* leaf */
        ADDI(A0, A0, 1),
        JALR(ZERO, RA, 0),
        /* middle */
        ADDI(A0, A0, 1),
        JAL(ZERO, 4 * (LEAF - MIDDLE - 1)),
    };
    static const struct test_symbol names[] = {
        {"main", CODE_START, FUNCTION},
        {"leaf", CODE_START + 4 * LEAF, FUNCTION},
        {"middle", CODE_START + 4 * MIDDLE, FUNCTION},
    };
    struct arena arena;
    struct symbols symbols;
    struct elf elf;
    struct machine machine;
    static struct profile profile;
    arena_open(&arena, 1 << 20);
    bytes program = bytes_of(file, make_with(code, END, names, 3));
    assert_int_equal(elf_decode(&elf, program), ELF_OK);
    assert_int_equal(symbols_open(&symbols, &arena, &elf), ERR_OK);
    assert_int_equal(profile_open(&profile, &arena, &symbols, elf.entry), ERR_OK);
    const struct machine_options options = {.watcher = &profile.watcher};
    assert_int_equal(machine_open(&machine, &elf, BYTES_EMPTY, &options), ERR_OK);
    machine_run(&machine, 1000);
    assert_int_equal(machine.status, MACHINE_EXITED);
    assert_int_equal(machine.steps, 3 + 2 * 2 + 2 + 2 + 3);
    assert_int_equal(profile_finish(&profile, machine.steps), ERR_OK);
    assert_int_equal(profile.functions[0].calls, 1);
    assert_int_equal(profile.functions[0].cumulative, machine.steps);
    assert_int_equal(profile.functions[1].calls, 3);
    assert_int_equal(profile.functions[1].cumulative, 6);
    assert_int_equal(profile.functions[2].calls, 1);
    assert_int_equal(profile.functions[2].cumulative, 4);
    assert_int_equal(profile.edges.count, 3);
    const struct profile_edge *edge = map_get(&profile.edges, &(struct profile_edge_key){2, 1});
    assert_non_null(edge);
    assert_int_equal(edge->calls, 1);
    assert_int_equal(edge->cumulative, 2);
    machine_close(&machine);
    arena_close(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_field_wrong),
        cmocka_unit_test(test_any_beginning_is_refused),
        cmocka_unit_test(test_too_many_segments),
        cmocka_unit_test(test_large_code_is_refused),
        cmocka_unit_test(test_symbols_name_functions_and_work),
        cmocka_unit_test(test_damaged_symbols_are_refused),
        cmocka_unit_test(test_profile_follows_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
