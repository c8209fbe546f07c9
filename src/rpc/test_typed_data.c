/* EIP-712: its own example, and what is refused. That nested structs, arrays and all kinds of
 * values come out as clients have them, tests/clients compares. */
#include "rpc/typed_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DOMAIN_TYPE                                              \
    "\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}," \
    "{\"name\":\"version\",\"type\":\"string\"},"                \
    "{\"name\":\"chainId\",\"type\":\"uint256\"},"               \
    "{\"name\":\"verifyingContract\",\"type\":\"address\"}]"
#define DOMAIN                                                             \
    "\"domain\":{\"name\":\"Ether Mail\",\"version\":\"1\",\"chainId\":1," \
    "\"verifyingContract\":\"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC\"}"

struct fixture {
    struct arena arena;
    struct json json;
};

static int setup(void **state) {
    static struct fixture f;
    f = (struct fixture){0};
    arena_open(&f.arena, (size_t)1 << 24);
    json_open(&f.json);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    json_close(&f->json);
    arena_close(&f->arena);
    return 0;
}

static const char *digest_of(struct fixture *f, hash32 *digest, const char *text) {
    const char *problem = NULL;
    assert_int_equal(json_parse(&f->json, text, strlen(text)), ERR_OK);
    assert_int_equal(typed_data_digest(digest, &problem, &f->arena, &f->json, 0), ERR_OK);
    return problem;
}

/* Producer: EIP-712's Example.js. */
static void test_example(void **state) {
    static const char text[] =
        "{\"types\":{" DOMAIN_TYPE ",\"Mail\":[{\"name\":\"from\",\"type\":\"Person\"},"
        "{\"name\":\"to\",\"type\":\"Person\"},{\"name\":\"contents\",\"type\":\"string\"}],"
        "\"Person\":[{\"name\":\"name\",\"type\":\"string\"},"
        "{\"name\":\"wallet\",\"type\":\"address\"}]},\"primaryType\":\"Mail\"," DOMAIN ","
        "\"message\":{\"from\":{\"name\":\"Cow\","
        "\"wallet\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"},\"to\":{\"name\":\"Bob\","
        "\"wallet\":\"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB\"},"
        "\"contents\":\"Hello, Bob!\"}}";
    static const uint8_t expected[32] = {0xbe, 0x60, 0x9a, 0xee, 0x34, 0x3f, 0xb3, 0xc4,
                                         0xb2, 0x8e, 0x1d, 0xf9, 0xe6, 0x32, 0xfc, 0xa6,
                                         0x4f, 0xcf, 0xae, 0xde, 0x20, 0xf0, 0x2e, 0x86,
                                         0x24, 0x4e, 0xfd, 0xdf, 0x30, 0x95, 0x7b, 0xd2};
    hash32 digest;
    assert_null(digest_of(*state, &digest, text));
    assert_memory_equal(digest.b, expected, sizeof(expected));
}

static void test_refusals(void **state) {
    static const struct {
        const char *type;
        const char *value;
        const char *problem;
    } cases[] = {
        {"uint8", "256", "a number is out of the range of its type"},
        {"uint8", "\"0x100\"", "a number is out of the range of its type"},
        {"uint8", "-1", "a number is malformed"},
        {"int8", "128", "a number is out of the range of its type"},
        {"int8", "-129", "a number is out of the range of its type"},
        {"uint7", "1", "a number is malformed"},
        {"uint264", "1", "a number is malformed"},
        {"uint256", "1.5", "a number is malformed"},
        {"bytes4", "\"0x0102030405\"", "bytes do not fit their type"},
        {"bytes33", "\"0x01\"", "bytes do not fit their type"},
        {"bytes", "\"0102\"", "bytes are not hexadecimal"},
        {"address", "\"0x0102\"", "an address is not 20 bytes"},
        {"bool", "1", "a bool is neither true nor false"},
        {"string", "1", "a value is not of its type"},
        {"string", "null", "a value is missing"},
        {"uint256[2]", "[1]", "an array has not the length of its type"},
        {"uint256[]", "1", "an array is none"},
        {"Nothing", "\"1\"", "unknown type"},
        {"Deep", "1", "a struct is not an object"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[2048];
        hash32 digest;
        (void)snprintf(
            text,
            sizeof(text),
            "{\"types\":{" DOMAIN_TYPE ",\"T\":[{\"name\":\"x\",\"type\":\"%s\"}],"
            "\"Deep\":[{\"name\":\"d\",\"type\":\"Deep\"}]},\"primaryType\":\"T\"," DOMAIN
            ",\"message\":{\"x\":%s}}",
            cases[i].type,
            cases[i].value
        );
        const char *problem = digest_of(*state, &digest, text);
        assert_non_null(problem);
        assert_string_equal(problem, cases[i].problem);
    }
    static const char *const malformed[] = {
        "{}",
        "{\"types\":{},\"primaryType\":\"T\",\"domain\":{},\"message\":{}}",
        "{\"types\":{" DOMAIN_TYPE "},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}",
        "{\"types\":{" DOMAIN_TYPE ",\"T\":3},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}",
        "{\"types\":{" DOMAIN_TYPE ",\"T\":[{}]},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}",
    };
    for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
        hash32 digest;
        assert_non_null(digest_of(*state, &digest, malformed[i]));
    }
}

/* Structs inside structs, as deep as asked for. */
static void test_depth(void **state) {
    char text[8192];
    for (unsigned depth = 1; depth < 2 * TYPED_DATA_DEPTH_MAX; depth++) {
        hash32 digest;
        int size = snprintf(
            text,
            sizeof(text),
            "{\"types\":{" DOMAIN_TYPE ",\"T\":[{\"name\":\"x\",\"type\":\"T\"}]},"
            "\"primaryType\":\"T\"," DOMAIN ",\"message\":"
        );
        for (unsigned i = 1; i < depth; i++)
            size += snprintf(text + size, sizeof(text) - (size_t)size, "{\"x\":");
        size += snprintf(text + size, sizeof(text) - (size_t)size, "{}");
        for (unsigned i = 0; i < depth; i++)
            size += snprintf(text + size, sizeof(text) - (size_t)size, "}");
        const char *problem = digest_of(*state, &digest, text);
        if (depth <= TYPED_DATA_DEPTH_MAX)
            assert_null(problem);
        else
            assert_string_equal(problem, "nested too deep");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_example, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
