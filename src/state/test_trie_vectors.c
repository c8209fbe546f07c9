/* ethereum-tests TrieTests: roots in any order, in the given order, hashed keys, and iteration. */
#include "core/test_fixture.h"
#include "crypto/keccak.h"
#include "state/test_model.h"
#include "state/trie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FOLDER "trie-rlp-tx/ethereum-tests/TrieTests/"

static struct arena arena;

/* Texts stand for themselves, or for bytes when they begin with 0x. */
static bytes bytes_of_text(const char *text) {
    if (strncmp(text, "0x", 2) == 0) return fixture_hex(&arena, text);
    return bytes_of(text, strlen(text));
}

static void
put_both(struct trie *trie, struct model *model, const char *k, const cJSON *v, bool secure) {
    bytes key = bytes_of_text(k);
    hash32 hash = keccak256(key);
    if (secure) key = hash32_bytes(&hash);
    bytes value = cJSON_IsString(v) ? bytes_of_text(v->valuestring) : BYTES_EMPTY;
    if (value.size != 0)
        assert_int_equal(trie_put(trie, key, value), ERR_OK);
    else
        assert_int_equal(trie_delete(trie, key), ERR_OK);
    model_put(model, key, value);
}

/* Entries are [key, value or null] or members of an object; is_backward goes through the latter in
 * the other order. */
static void check_case(const cJSON *test, bool secure, bool is_backward) {
    struct trie_pool pool;
    struct trie trie;
    struct model model = {0};
    hash32 root;
    arena_open(&arena, SIZE_MAX);
    trie_pool_open(&pool, &arena, NULL);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(test, "in");
    int count = cJSON_GetArraySize(in);
    for (int i = 0; i < count; i++) {
        const cJSON *item = cJSON_GetArrayItem(in, is_backward ? count - 1 - i : i);
        if (cJSON_IsArray(in))
            put_both(
                &trie,
                &model,
                cJSON_GetArrayItem(item, 0)->valuestring,
                cJSON_GetArrayItem(item, 1),
                secure
            );
        else
            put_both(&trie, &model, item->string, item, secure);
    }
    bytes expected = fixture_bytes(&arena, test, "root");
    assert_int_equal(trie_commit(&trie, &root, NULL), ERR_OK);
    assert_memory_equal(root.b, expected.data, 32);
    root = model_root(&model); /* the twin is right too */
    assert_memory_equal(root.b, expected.data, 32);
    model_close(&model);
    arena_close(&arena);
}

static void check_file(const char *name, bool secure, bool any_order) {
    cJSON *file = fixture_open(name);
    if (file == NULL) skip();
    const cJSON *test;
    cJSON_ArrayForEach(test, file) {
        check_case(test, secure, false);
        if (any_order) check_case(test, secure, true);
    }
    cJSON_Delete(file);
}

static void test_in_order(void **unused) {
    (void)unused;
    check_file(FOLDER "trietest.json", false, false);
}

static void test_in_order_secure(void **unused) {
    (void)unused;
    check_file(FOLDER "trietest_secureTrie.json", true, false);
}

static void test_any_order(void **unused) {
    (void)unused;
    check_file(FOLDER "trieanyorder.json", false, true);
}

static void test_any_order_secure(void **unused) {
    (void)unused;
    check_file(FOLDER "trieanyorder_secureTrie.json", true, true);
}

static void test_hex_secure(void **unused) {
    (void)unused;
    check_file(FOLDER "hex_encoded_securetrie_test.json", true, true);
}

/* [text, the greatest key below it, the smallest key above it]; "" for none. */
static void test_next_and_previous(void **unused) {
    (void)unused;
    cJSON *file = fixture_open(FOLDER "trietestnextprev.json");
    if (file == NULL) skip();
    const cJSON *basic = cJSON_GetObjectItemCaseSensitive(file, "basic");
    struct trie_pool pool;
    struct trie trie;
    arena_open(&arena, SIZE_MAX);
    trie_pool_open(&pool, &arena, NULL);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(basic, "in")) {
        bytes key = bytes_of_text(item->valuestring);
        assert_int_equal(trie_put(&trie, key, key), ERR_OK);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(basic, "tests")) {
        bytes at = bytes_of_text(cJSON_GetArrayItem(item, 0)->valuestring);
        bytes expected = bytes_of_text(cJSON_GetArrayItem(item, 2)->valuestring);
        struct trie_iterator iterator;
        bytes key = BYTES_EMPTY;
        bytes value;
        bool found;
        trie_iterator_open(&iterator, &trie, at);
        assert_int_equal(trie_iterator_next(&iterator, &found, &key, &value), ERR_OK);
        if (found && bytes_equal(key, at))
            assert_int_equal(trie_iterator_next(&iterator, &found, &key, &value), ERR_OK);
        assert_int_equal(found, expected.size != 0);
        if (found) assert_true(bytes_equal(key, expected) && bytes_equal(value, expected));
        trie_iterator_close(&iterator);

        expected = bytes_of_text(cJSON_GetArrayItem(item, 1)->valuestring);
        uint8_t before[32] = {0};
        size_t before_size = 0;
        trie_iterator_open(&iterator, &trie, BYTES_EMPTY);
        for (;;) {
            assert_int_equal(trie_iterator_next(&iterator, &found, &key, &value), ERR_OK);
            size_t size = key.size < at.size ? key.size : at.size;
            int order = found && size != 0 ? memcmp(key.data, at.data, size) : 0;
            if (!found || order > 0 || (order == 0 && key.size >= at.size)) break;
            memcpy(before, key.data, key.size);
            before_size = key.size;
        }
        trie_iterator_close(&iterator);
        assert_true(bytes_equal(bytes_of(before, before_size), expected));
    }
    cJSON_Delete(file);
    arena_close(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_in_order_secure),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_any_order_secure),
        cmocka_unit_test(test_hex_secure),
        cmocka_unit_test(test_next_and_previous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
