#include "cli/trace_tree.h"
#include "core/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ADDR_A "\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\""
#define ADDR_B "\"0x5fbdb2315678afecb367f032d93f642f64180aa3\""
#define ADDR_C "\"0xe7f1725e7734ce288f8367e1bb143e90bb3f0512\""
#define HASH_1 "\"0x1111111111111111111111111111111111111111111111111111111111111111\""
#define HASH_2 "\"0x2222222222222222222222222222222222222222222222222222222222222222\""
#define HASH_3 "\"0x3333333333333333333333333333333333333333333333333333333333333333\""

static struct names names;

/* The tree of a JSON text; the caller frees it. */
static char *tree(const char *text, size_t size, bool is_full, bool has_colour, enum err expected) {
    struct trace_style style = {.has_colour = has_colour, .is_full = is_full, .names = &names};
    struct json json;
    char *printed = NULL;
    size_t printed_size = 0;
    json_open(&json);
    json.depth_max = TRACE_JSON_DEPTH_MAX;
    assert_int_equal(json_parse(&json, text, size), ERR_OK);
    FILE *out = open_memstream(&printed, &printed_size);
    assert_non_null(out);
    assert_int_equal(trace_tree_print(out, &json, 0, &style), expected);
    assert_int_equal(fclose(out), 0);
    json_close(&json);
    return printed;
}

static void assert_tree(const char *text, const char *expected) {
    char *printed = tree(text, strlen(text), false, false, ERR_OK);
    assert_string_equal(printed, expected);
    free(printed);
}

/* One frame with these fields, as the only one; expected is its line. */
static void assert_line(const char *fields, const char *expected) {
    char text[4096];
    char line[4096];
    (void)snprintf(
        text,
        sizeof text,
        "{\"chainId\":\"0x1\",\"frame\":{\"chain\":\"l1\",\"from\":" ADDR_A ",\"to\":" ADDR_B
        ",%s}}",
        fields
    );
    (void)snprintf(
        line,
        sizeof line,
        "transaction (chain 1)\n\nl1       0xf39fd6e5…2266 → 0x5fbdb231…0aa3  %s\n",
        expected
    );
    assert_tree(text, line);
}

static void test_a_call_across_chains(void **state) {
    (void)state;
    assert_tree(
        "{\"chainId\":\"0x7a69\",\"chain\":\"l1\",\"hash\":" HASH_1
        ",\"blockNumber\":\"0xc\",\"status\":\"0x1\",\"gasUsed\":\"0x22f6a\",\"frame\":"
        "{\"calls\":["
        "{\"type\":\"CALL\",\"chainId\":\"0xa475\",\"chain\":\"rollup1\",\"crossing\":true,"
        "\"from\":" ADDR_B ",\"to\":" ADDR_C
        ",\"value\":\"0xde0b6b3a7640000\",\"gasUsed\":\"0x5ef6\","
        "\"input\":\"0x4a896384\",\"output\":"
        "\"0x000000000000000000000000000000000000000000000000000000000000002a\","
        "\"viaProxy\":" ADDR_A ",\"entryHash\":" HASH_1 ",\"headPre\":" HASH_2
        ",\"headPost\":" HASH_3 ",\"callerGasUsed\":\"0x10000\","
        "\"calls\":[{\"type\":\"STATICCALL\",\"chainId\":\"0xa475\",\"chain\":\"rollup1\","
        "\"from\":" ADDR_C ",\"to\":" ADDR_B ",\"input\":\"0x\"}]},"
        "{\"type\":\"CALL\",\"chain\":\"l1\",\"from\":" ADDR_B ",\"to\":" ADDR_A
        ",\"value\":\"0x1\"}],"
        "\"type\":\"CALL\",\"chainId\":\"0x7a69\",\"chain\":\"l1\",\"from\":" ADDR_A
        ",\"to\":" ADDR_B
        ",\"gas\":\"0x1\",\"gasUsed\":\"0x3e8\",\"input\":\"0x4a896384\",\"output\":\"0x\"}}",
        "0x1111111111111111111111111111111111111111111111111111111111111111 on l1 (chain 31337), "
        "block 12: ok, gas used 143,210\n\n"
        "l1       0xf39fd6e5…2266 → 0x5fbdb231…0aa3  ask()  gas 1,000\n"
        "rollup1  ├─ 0x5fbdb231…0aa3 ⇒ Answer  ask()  value 1 ETH  gas 24,310  = 42\n"
        "         │  via proxy 0xf39fd6e5…2266, entry 0x11111111…1111, head 0x22222222…2222 → "
        "0x33333333…3333, cost its caller 65,536 gas\n"
        "rollup1  │  └─ Answer → 0x5fbdb231…0aa3  static ()\n"
        "l1       └─ 0x5fbdb231…0aa3 → 0xf39fd6e5…2266  ()  value 1 wei\n"
    );
}

#define WORD_2A "000000000000000000000000000000000000000000000000000000000000002a"

static void test_lines(void **state) {
    (void)state;
    assert_line("\"type\":\"CALL\",\"input\":\"0x\"", "()");
    assert_line("\"type\":\"CALL\",\"input\":\"0x01020304\"", "0x01020304()");
    assert_line(
        "\"type\":\"CALL\",\"input\":\"0x01020304" WORD_2A "\"",
        "0x01020304(0x00000000…002a (32 bytes))"
    );
    assert_line("\"type\":\"CALL\",\"input\":\"0x0102\"", "0x0102()");
    /* A signature from the server counts if it is that of the selector. Producer: cast sig. */
    assert_line(
        "\"type\":\"STATICCALL\",\"input\":\"0xb3de648b" WORD_2A
        "\",\"function\":\"f(uint256 x)(uint256,uint256)\",\"output\":\"0x" WORD_2A WORD_2A "\"",
        "static f(x: 42)  = 42, 42"
    );
    assert_line(
        "\"type\":\"CALL\",\"input\":\"0xb3de648c\",\"function\":\"f(uint256)\"", "0xb3de648c()"
    );
    assert_line(
        "\"type\":\"CALL\",\"input\":\"0xb3de648b01\",\"function\":\"f(uint256)\"", "f(0x01)"
    );
    assert_line(
        "\"type\":\"CREATE2\",\"input\":\"0x6000\",\"output\":\"0x00\"",
        "new (2 bytes of init code)  = 1 bytes of code"
    );
    assert_line("\"type\":\"SELFDESTRUCT\",\"value\":\"0x0\"", "selfdestruct");
    assert_line("\"type\":\"DELEGATECALL\"", "delegate ()");
    assert_line("\"value\":\"0x6f05b59d3b20000\"", "()  value 0.5 ETH");
    assert_line("\"value\":\"0xe8d4a51000\"", "()  value 0.000001 ETH");
    assert_line("\"value\":\"0xe8d4a50fff\"", "()  value 999999999999 wei");
    assert_line("\"value\":\"0x152d02c7e14af6800000\"", "()  value 100000 ETH");
    assert_line("\"output\":\"0x6869\"", "()  = 0x6869");
}

static void test_errors(void **state) {
    (void)state;
    assert_line("\"error\":\"out of gas\"", "()  ✗ out of gas");
    assert_line("\"error\":\"execution reverted\",\"output\":\"0x\"", "()  ✗ execution reverted");
    assert_line(
        "\"error\":\"execution reverted\",\"revertReason\":\"no\",\"output\":\"0x08c379a0"
        "0000000000000000000000000000000000000000000000000000000000000020"
        "0000000000000000000000000000000000000000000000000000000000000002"
        "6e6f000000000000000000000000000000000000000000000000000000000000\"",
        "()  ✗ Error(\"no\")"
    );
    assert_line(
        "\"error\":\"execution reverted\",\"output\":\"0x4e487b71"
        "0000000000000000000000000000000000000000000000000000000000000011\"",
        "()  ✗ Panic(0x11: arithmetic overflow)"
    );
    assert_line(
        "\"error\":\"execution reverted\",\"output\":\"0xe2fcf064"
        "0000000000000000000000000000000000000000000000000000000000000001"
        "2222222222222222222222222222222222222222222222222222222222222222"
        "3333333333333333333333333333333333333333333333333333333333333333\"",
        "()  ✗ EntryNotFound(rollupId: 1, head: 0x22222222…2222, actionHash: 0x33333333…3333)"
    );
    assert_line("\"error\":\"execution reverted\",\"output\":\"0x01020304\"", "()  ✗ 0x01020304()");
    assert_line("\"error\":\"execution reverted\",\"output\":\"0x01\"", "()  ✗ 0x01");
    assert_line(
        "\"error\":\"execution reverted\",\"output\":\"0x08c379a0ff\"", "()  ✗ Error(0xff)"
    );
    assert_line("\"error\":7", "()  ✗ failed");
}

static void test_hostile_input(void **state) {
    (void)state;
    assert_line("\"type\":{\"a\":[1,2]},\"input\":7,\"value\":\"wei\",\"gasUsed\":\"-1\"", "()");
    assert_line("\"calls\":{\"0\":{}}", "()");
    assert_line("\"calls\":[1,\"x\",null,[{}]]", "()");
    assert_line("\"input\":\"0x012\"", "()");
    assert_line("\"function\":\"\\u001b[2J()\",\"input\":\"0x01020304\"", "0x01020304()");
    assert_line("\"error\":\"\\u001b]0;title\\u0007\\n\"", "()  ✗ ?]0;title??");
    assert_line(
        "\"value\":\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"", "()"
    );
    assert_tree(
        "{\"frame\":{\"chain\":"
        "\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000x\"}}",
        "transaction\n\n?????????x ? → ?  ()\n"
    );
    static const char *const no_frames[] = {"{}", "[]", "null", "{\"frame\":1}", "{\"frame\":[]}"};
    for (size_t i = 0; i < sizeof no_frames / sizeof no_frames[0]; i++) {
        char *printed = tree(no_frames[i], strlen(no_frames[i]), false, false, ERR_INPUT);
        assert_string_equal(printed, "");
        free(printed);
    }
}

/* count frames inside each other. */
static char *nested(size_t count, size_t *size) {
    static const char open[] = "{\"chain\":\"l1\",\"calls\":[";
    char *text = malloc(count * sizeof open * 2 + 64);
    assert_non_null(text);
    size_t at = (size_t)sprintf(text, "{\"frame\":");
    for (size_t i = 0; i < count; i++) {
        memcpy(text + at, open, sizeof open - 1);
        at += sizeof open - 1;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(text + at, "]}", 2);
        at += 2;
    }
    text[at++] = '}';
    *size = at;
    return text;
}

static size_t line_count(const char *text) {
    size_t count = 0;
    for (; *text != 0; text++)
        count += *text == '\n';
    return count;
}

static void test_depth(void **state) {
    (void)state;
    static const struct {
        size_t depth;
        enum err err;
    } rows[] = {{1024, ERR_OK}, {TRACE_DEPTH_MAX, ERR_OK}, {TRACE_DEPTH_MAX + 1, ERR_LIMIT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size;
        char *text = nested(rows[i].depth, &size);
        char *printed = tree(text, size, false, false, rows[i].err);
        size_t lines = rows[i].depth < TRACE_DEPTH_MAX ? rows[i].depth : TRACE_DEPTH_MAX;
        assert_int_equal(line_count(printed), lines + 2);
        /* Text grows with the number of frames, not with its square. */
        assert_true(strlen(printed) < lines * 256);
        free(printed);
        free(text);
    }
    size_t size;
    char *text = nested(40, &size);
    char *printed = tree(text, size, false, false, ERR_OK);
    assert_non_null(strstr(printed, "└─ [depth 39] ? → ?"));
    assert_non_null(strstr(printed, "└─ [depth 33] ? → ?"));
    assert_null(strstr(printed, "[depth 32]"));
    free(printed);
    free(text);
}

static void test_colour_and_full(void **state) {
    (void)state;
    static const char text[] = "{\"chainId\":\"0x1\",\"frame\":{\"chain\":\"l1\",\"from\":" ADDR_A
                               ",\"to\":" ADDR_C ",\"error\":\"no\"}}";
    char *printed = tree(text, sizeof text - 1, false, true, ERR_OK);
    assert_non_null(strstr(printed, "\x1b[36ml1\x1b[0m"));
    assert_non_null(strstr(printed, "\x1b[31m  ✗ no\x1b[0m"));
    free(printed);
    printed = tree(text, sizeof text - 1, true, false, ERR_OK);
    assert_non_null(strstr(printed, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266 → 0xe7f1"));
    assert_null(strchr(printed, '\x1b'));
    free(printed);
}

static int open_names(void **state) {
    (void)state;
    static const char file[] = "{\"42101:0xe7f1725e7734ce288f8367e1bb143e90bb3f0512\": \"Answer\", "
                               "\"functions\": [\"ask()\"]}";
    const char *problem;
    if (names_open(&names) != ERR_OK) return -1;
    return names_add(&names, &problem, bytes_of(file, sizeof file - 1)) == ERR_OK ? 0 : -1;
}

static int close_names(void **state) {
    (void)state;
    names_close(&names);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_across_chains),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_hostile_input),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_colour_and_full),
    };
    return cmocka_run_group_tests(tests, open_names, close_names);
}
