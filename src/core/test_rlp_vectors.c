/* RLP vectors of ethereum/tests (RLPTests) and ethers.js (rlp.json): both directions, and what must
 * be refused. Nested values are walked with a stack of their own, as everywhere. */
#include "core/rlp.h"
#include "core/test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena arena;

/* "#123" is a decimal number of any size up to 256 bits, 0x… is data where text is hexadecimal. */
static void write_scalar(struct rlp_writer *w, const cJSON *item, bool text_is_hex) {
    if (cJSON_IsNumber(item)) {
        rlp_write_u64(w, (uint64_t)item->valuedouble);
        return;
    }
    const char *text = item->valuestring;
    size_t size = strlen(text);
    if (text_is_hex) {
        rlp_write_string(w, fixture_hex(&arena, text));
    } else if (text[0] == '#') {
        u256 value;
        if (u256_from_decimal(&value, text + 1, size - 1) == 0) {
            rlp_write_u256(w, &value);
        } else {
            /* The one number above 256 bits is 2^256. */
            assert_string_equal(
                text,
                "#115792089237316195423570985008687907853269984665640564039457584007913129639936"
            );
            uint8_t digits[33] = {1};
            rlp_write_string(w, bytes_of(digits, 33));
        }
    } else {
        rlp_write_string(w, bytes_of(text, size));
    }
}

static void write_value(struct rlp_writer *w, const cJSON *value, bool text_is_hex) {
    const cJSON *above[RLP_DEPTH_MAX];
    unsigned depth = 0;
    const cJSON *item = value;
    for (;;) {
        if (cJSON_IsArray(item)) {
            rlp_list_begin(w);
            above[depth++] = item;
            if (item->child != NULL) {
                item = item->child;
                continue;
            }
            rlp_list_end(w);
            depth--;
        } else {
            write_scalar(w, item, text_is_hex);
        }
        while (depth > 0 && item->next == NULL) {
            rlp_list_end(w);
            item = above[--depth];
        }
        if (depth == 0) return;
        item = item->next;
    }
}

/* Whether input is one item and all items inside are well-formed too. */
static bool is_well_formed(bytes input) {
    struct rlp stack[1100];
    unsigned depth = 0;
    struct rlp outer = rlp_open(input);
    bytes item;
    bool is_list;
    if (rlp_read_item(&outer, &item, &is_list) != ERR_OK || !rlp_done(&outer)) return false;
    stack[depth++] = rlp_open(input);
    while (depth > 0) {
        struct rlp *top = &stack[depth - 1];
        if (rlp_done(top)) {
            depth--;
            continue;
        }
        struct rlp list;
        bytes string;
        if (rlp_read_list(top, &list) == ERR_OK) {
            if (depth == sizeof stack / sizeof *stack) return false;
            stack[depth++] = list;
        } else if (rlp_read_string(top, &string) != ERR_OK) {
            return false;
        }
    }
    return true;
}

static void check_encoding(const cJSON *value, bytes want, bool text_is_hex, const char *name) {
    struct rlp_writer w;
    rlp_writer_open(&w, &arena);
    write_value(&w, value, text_is_hex);
    bytes got;
    assert_int_equal(rlp_finish(&w, &got), ERR_OK);
    if (!bytes_equal(got, want)) fail_msg("%s: encoded differently", name);
    if (!is_well_formed(want)) fail_msg("%s: refused", name);
}

static void test_ethereum_tests(void **state) {
    (void)state;
    cJSON *json = fixture_open("trie-rlp-tx/ethereum-tests/RLPTests/rlptest.json");
    if (json == NULL) skip();
    int count = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        arena_reset(&arena);
        count++;
        bytes want = fixture_bytes(&arena, test, "out");
        if (strcmp(test->string, "bytestring00") == 0) {
            /* Its input is U+0000, which ends a C string. */
            assert_true(is_well_formed(want));
            continue;
        }
        check_encoding(cJSON_GetObjectItem(test, "in"), want, false, test->string);
    }
    assert_int_equal(count, 28);
    cJSON_Delete(json);
}

static void test_ethereum_tests_invalid(void **state) {
    (void)state;
    cJSON *json = fixture_open("trie-rlp-tx/ethereum-tests/RLPTests/invalidRLPTest.json");
    if (json == NULL) skip();
    int count = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        arena_reset(&arena);
        if (is_well_formed(fixture_bytes(&arena, test, "out"))) {
            fail_msg("%s: accepted", test->string);
        }
        count++;
    }
    assert_int_equal(count, 26);
    cJSON_Delete(json);
}

static void test_ethereum_tests_random(void **state) {
    (void)state;
    cJSON *json = fixture_open("trie-rlp-tx/ethereum-tests/RLPTests/RandomRLPTests/example.json");
    if (json == NULL) skip();
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        arena_reset(&arena);
        assert_string_equal(fixture_text(test, "in"), "VALID");
        assert_true(is_well_formed(fixture_bytes(&arena, test, "out")));
    }
    cJSON_Delete(json);
}

static void test_ethers(void **state) {
    (void)state;
    cJSON *json = fixture_open("trie-rlp-tx/ethers/rlp.json");
    if (json == NULL) skip();
    int count = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        arena_reset(&arena);
        bytes want = fixture_bytes(&arena, test, "encoded");
        const cJSON *value = cJSON_GetObjectItem(test, "decoded");
        check_encoding(value, want, true, fixture_text(test, "name"));
        count++;
    }
    assert_int_equal(count, 61);
    cJSON_Delete(json);
}

int main(void) {
    arena_open(&arena, 64 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ethereum_tests),
        cmocka_unit_test(test_ethereum_tests_invalid),
        cmocka_unit_test(test_ethereum_tests_random),
        cmocka_unit_test(test_ethers),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}
