/* The JSON reader and writer. */
#include "rpc/json_reader.h"
#include "rpc/json_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- reader ----------------------------------------------------------------------------------- */

static enum err parse(struct json *json, const char *text) {
    return json_parse(json, text, strlen(text));
}

/* RFC 8259, and what JSONTestSuite's y_ files are about. */
static void test_accepts(void **state) {
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "1.5",
        "1e5",
        "1E+5",
        "1e-5",
        "0.0e0",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        " [1] ",
        "\t\r\n1\n",
        "[1,2]",
        "[[],{}]",
        "{\"a\":1}",
        "{\"a\":1,\"a\":2}",
        "{\"\":0}",
        "\"\\u0000\"",
        "\"\\ud834\\udd1e\"",
        "\"\\ud800\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\xc3\xa9\"",
        "\"\xf0\x9f\x98\x80\"",
        "\"\x7f\"",
        "[1.0e+2,-3,\"x\",null,true,false,{\"k\":[{}]}]",
        "123456789012345678901234567890",
    };
    struct json json;
    json_open(&json);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (parse(&json, texts[i]) != ERR_OK) fail_msg("refused: %s (%s)", texts[i], json.problem);
        assert_int_equal(json.tokens[0].next, json.count);
    }
    json_close(&json);
}

static void test_refuses(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "+1",
        "01",
        "-",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "'a'",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u123g\"",
        "\"\n\"",
        "\"\t\"",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xe2\x82\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1,,2]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{1:2}",
        "{\"a\"}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1]",
        "{\"a\":1}}",
        "[]]",
        "1 2",
        "null null",
        "\"a\" \"b\"",
        "[1]x",
        "\xef\xbb\xbf[]",
        "{\"a\":1,b:2}",
        "[\"a\":1]",
        "/*c*/1",
        "1//",
        "{null:1}",
    };
    struct json json;
    json_open(&json);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (parse(&json, texts[i]) != ERR_INPUT) fail_msg("accepted: %s", texts[i]);
        assert_non_null(json.problem);
        assert_true(json.problem_offset <= strlen(texts[i]));
    }
    assert_int_equal(json_parse(&json, "[\0]", 3), ERR_INPUT);
    json_close(&json);
}

static void test_depth(void **state) {
    (void)state;
    char text[2 * JSON_DEPTH_MAX + 4];
    struct json json;
    json_open(&json);
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_int_equal(json_parse(&json, text, 2 * JSON_DEPTH_MAX), ERR_OK);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_int_equal(json_parse(&json, text, 2 * JSON_DEPTH_MAX + 2), ERR_LIMIT);
    /* A megabyte of brackets costs no stack and no time. */
    char *many = malloc(1 << 20);
    assert_non_null(many);
    memset(many, '[', 1 << 20);
    assert_int_equal(json_parse(&json, many, 1 << 20), ERR_LIMIT);
    free(many);
    json_close(&json);
}

static void test_too_many_values(void **state) {
    (void)state;
    size_t size = 2 * (size_t)JSON_TOKENS_MAX + 1;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = i % 2 == 0 ? '1' : ',';
    text[0] = '[';
    struct json json;
    json_open(&json);
    assert_int_equal(json_parse(&json, text, size), ERR_INPUT); /* "[,1": at once */
    text[1] = ' ';
    assert_int_equal(json_parse(&json, text, size), ERR_LIMIT);
    free(text);
    json_close(&json);
}

static void test_tokens(void **state) {
    (void)state;
    struct json json;
    json_open(&json);
    assert_int_equal(
        parse(&json, " {\"a\": [1, {\"x\":2}], \"b\\u0063\": \"q\\n\", \"a\": -1.5e3} "), ERR_OK
    );
    assert_int_equal(json_kind(&json, 0), JSON_OBJECT);
    assert_int_equal(json.tokens[0].count, 3);
    uint32_t last = json_member(&json, 0, "a");
    assert_int_equal(json_kind(&json, last), JSON_NUMBER);
    assert_memory_equal(json_text(&json, last).data, "-1.5e3", 6);
    uint32_t escaped = json_member(&json, 0, "bc");
    assert_true(escaped != 0);
    assert_true(json_string_is(&json, escaped, "q\n"));
    assert_false(json_string_is(&json, escaped, "q"));
    assert_false(json_string_is(&json, escaped, "q\nx"));
    assert_memory_equal(json_source(&json, escaped).data, "\"q\\n\"", 5);
    assert_int_equal(json_member(&json, 0, "x"), 0);
    assert_int_equal(json_member(&json, last, "x"), 0);
    /* The first "a" is an array whose end is known. */
    assert_int_equal(json_kind(&json, 2), JSON_ARRAY);
    assert_int_equal(json.tokens[2].count, 2);
    assert_int_equal(json.tokens[2].next, 7);
    json_close(&json);
}

static void check_unescape(const char *text, const char *wanted, size_t size) {
    struct json json;
    struct arena arena;
    bytes out;
    json_open(&json);
    arena_open(&arena, 1 << 20);
    assert_int_equal(parse(&json, text), ERR_OK);
    assert_int_equal(json_unescape(&out, &arena, &json, 0), ERR_OK);
    assert_int_equal(out.size, size);
    assert_memory_equal(out.data, wanted, size);
    arena_close(&arena);
    json_close(&json);
}

static void test_unescape(void **state) {
    (void)state;
    check_unescape("\"plain\"", "plain", 5);
    check_unescape("\"\\u0041\\u00e9\\u20ac\"", "A\xc3\xa9\xe2\x82\xac", 6);
    check_unescape("\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!", 5);
    check_unescape("\"\\ud83d\"", "\xef\xbf\xbd", 3);
    check_unescape("\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd", 6);
    check_unescape("\"\\ud83d\\u0041\"", "\xef\xbf\xbd\x41", 4);
    check_unescape("\"\\ud83dx\"", "\xef\xbf\xbdx", 4);
    check_unescape("\"a\\u0000b\"", "a\0b", 3);
    check_unescape("\"\\/\\\"\\\\\\b\\f\\n\\r\\t\"", "/\"\\\b\f\n\r\t", 8);
}

/* Long strings: the stop is found in every position of the eight bytes looked at together. */
static void test_long_strings(void **state) {
    (void)state;
    struct json json;
    json_open(&json);
    for (size_t size = 0; size < 40; size++) {
        for (size_t at = 0; at < size; at++) {
            char text[64];
            memset(text, 'x', sizeof(text));
            text[0] = '"';
            text[1 + size] = '"';
            assert_int_equal(json_parse(&json, text, size + 2), ERR_OK);
            assert_int_equal(json.tokens[0].size, size);
            text[1 + at] = '\x1f';
            assert_int_equal(json_parse(&json, text, size + 2), ERR_INPUT);
            assert_int_equal(json.problem_offset, 1 + at);
            text[1 + at] = '\x80';
            assert_int_equal(json_parse(&json, text, size + 2), ERR_INPUT);
            text[1 + at] = '"';
            assert_int_equal(json_parse(&json, text, at + 2), ERR_OK);
        }
    }
    json_close(&json);
}

/* --- writer ----------------------------------------------------------------------------------- */

static void check_text(struct json_writer *w, const char *wanted) {
    assert_false(json_failed(w));
    if (w->size != strlen(wanted) || memcmp(w->data, wanted, w->size) != 0)
        fail_msg("wrote %.*s, want %s", (int)w->size, w->data, wanted);
    json_writer_clear(w);
}

static void test_writes(void **state) {
    (void)state;
    struct json_writer w;
    json_writer_open(&w, 1 << 20);
    json_object_begin(&w);
    json_key(&w, "a");
    json_array_begin(&w);
    json_null(&w);
    json_bool(&w, true);
    json_bool(&w, false);
    json_decimal(&w, UINT64_MAX);
    json_array_end(&w);
    json_key(&w, "b");
    json_object_begin(&w);
    json_object_end(&w);
    json_member_cstring(&w, "c", "x");
    json_object_end(&w);
    check_text(&w, "{\"a\":[null,true,false,18446744073709551615],\"b\":{},\"c\":\"x\"}");
    json_writer_close(&w);
}

static void test_quantities(void **state) {
    (void)state;
    struct json_writer w;
    json_writer_open(&w, 1 << 20);
    json_quantity_u64(&w, 0);
    check_text(&w, "\"0x0\"");
    /* Every length, against printf. */
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t value = ((uint64_t)1 << bit) + (uint64_t)delta;
            char wanted[32];
            (void)snprintf(wanted, sizeof(wanted), "\"0x%llx\"", (unsigned long long)value);
            json_quantity_u64(&w, value);
            check_text(&w, wanted);
        }
    }
    u256 big = {{0x1122334455667788, 0x99aabbccddeeff00, 5, 0}};
    json_quantity(&w, &big);
    check_text(&w, "\"0x599aabbccddeeff001122334455667788\"");
    json_quantity(&w, &U256_MAX);
    check_text(&w, "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"");
    json_word(&w, &U256_ONE);
    check_text(&w, "\"0x0000000000000000000000000000000000000000000000000000000000000001\"");
    json_writer_close(&w);
}

static void test_data(void **state) {
    (void)state;
    struct json_writer w;
    uint8_t data[100];
    json_writer_open(&w, 1 << 20);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 37 + 11);
    for (size_t size = 0; size <= sizeof(data); size++) {
        char wanted[256] = "\"0x";
        for (size_t i = 0; i < size; i++)
            (void)snprintf(wanted + 3 + 2 * i, 3, "%02x", data[i]);
        memcpy(wanted + 3 + 2 * size, "\"", 2);
        json_data(&w, bytes_of(data, size));
        check_text(&w, wanted);
    }
    json_writer_close(&w);
}

static void test_strings(void **state) {
    (void)state;
    struct json_writer w;
    json_writer_open(&w, 1 << 20);
    json_cstring(&w, "a\"b\\c\n\r\t\b\f\x01\x7f/");
    check_text(&w, "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\\u007f/\"");
    json_cstring(&w, "\xc3\xa9\xff\xe2\x82");
    check_text(&w, "\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    json_string(&w, bytes_of("a\0b", 3));
    check_text(&w, "\"a\\u0000b\"");
    json_writer_close(&w);
}

static void test_ratios(void **state) {
    (void)state;
    struct json_writer w;
    json_writer_open(&w, 1 << 20);
    json_ratio(&w, 0, 0);
    check_text(&w, "0");
    json_ratio(&w, 1, 2);
    check_text(&w, "0.5");
    json_ratio(&w, 3, 3);
    check_text(&w, "1");
    json_ratio(&w, 145736, 200000000); /* the value in execution-apis' fee-history.io */
    check_text(&w, "0.00072868");
    json_ratio(&w, 1, 3);
    check_text(&w, "0.3333333333333333");
    json_writer_close(&w);
}

static void test_limit_and_rewind(void **state) {
    (void)state;
    struct json_writer w;
    json_writer_open(&w, 10000);
    json_array_begin(&w);
    json_decimal(&w, 1);
    struct json_mark mark = json_mark(&w);
    static const uint8_t data[6000];
    json_data(&w, bytes_of(data, sizeof(data)));
    assert_true(json_failed(&w));
    json_decimal(&w, 2); /* without effect */
    json_rewind(&w, mark);
    json_decimal(&w, 3);
    json_array_end(&w);
    check_text(&w, "[1,3]");
    json_writer_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_too_many_values),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_unescape),
        cmocka_unit_test(test_long_strings),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_limit_and_rewind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
