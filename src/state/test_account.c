#include "core/rlp.h"
#include "crypto/keccak.h"
#include "state/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct account account_of(uint64_t nonce, u256 balance, uint8_t fill) {
    struct account account = {.nonce = nonce, .balance = balance};
    memset(account.storage_root.b, fill, 32);
    memset(account.code_hash.b, fill + 1, 32);
    return account;
}

/* Equal to what the general RLP writer makes, and read back. */
static void check_round_trip(const struct account *account) {
    struct arena arena;
    struct rlp_writer w;
    bytes expected;
    arena_open(&arena, SIZE_MAX);
    rlp_writer_open(&w, &arena);
    rlp_list_begin(&w);
    rlp_write_u64(&w, account->nonce);
    rlp_write_u256(&w, &account->balance);
    rlp_write_string(&w, hash32_bytes(&account->storage_root));
    rlp_write_string(&w, hash32_bytes(&account->code_hash));
    rlp_list_end(&w);
    assert_int_equal(rlp_finish(&w, &expected), ERR_OK);
    uint8_t encoded[ACCOUNT_SIZE_MAX];
    size_t size = account_encode(encoded, account);
    assert_true(bytes_equal(bytes_of(encoded, size), expected));
    struct account read = account_none();
    assert_int_equal(account_decode(&read, expected), ERR_OK);
    assert_int_equal(read.nonce, account->nonce);
    assert_true(u256_equal(&read.balance, &account->balance));
    assert_true(hash32_equal(&read.storage_root, &account->storage_root));
    assert_true(hash32_equal(&read.code_hash, &account->code_hash));
    /* Cut anywhere, longer by a byte, or with any other first bytes, it is refused. */
    uint8_t changed[ACCOUNT_SIZE_MAX + 1] = {0};
    memcpy(changed, encoded, size);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(account_decode(&read, bytes_of(changed, cut)), ERR_CORRUPT);
    assert_int_equal(account_decode(&read, bytes_of(changed, size + 1)), ERR_CORRUPT);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            if (byte == encoded[i]) continue;
            changed[i] = (uint8_t)byte;
            assert_int_equal(account_decode(&read, bytes_of(changed, size)), ERR_CORRUPT);
        }
        changed[i] = encoded[i];
    }
    assert_int_equal(read.nonce, account->nonce);
    arena_close(&arena);
}

static void test_round_trip(void **unused) {
    (void)unused;
    static const uint64_t nonces[] = {0, 1, 0x7f, 0x80, 0xff, 0x100, UINT64_MAX};
    for (size_t n = 0; n < sizeof nonces / sizeof *nonces; n++) {
        for (unsigned bits = 0; bits <= 256; bits++) {
            u256 balance = bits == 256 ? U256_MAX : u256_shl(&U256_ONE, bits);
            if (bits == 255) balance = U256_ZERO;
            struct account account = account_of(nonces[n], balance, (uint8_t)bits);
            check_round_trip(&account);
        }
    }
}

static void test_not_canonical(void **unused) {
    (void)unused;
    uint8_t hashes[66];
    struct account account = account_none();
    memset(hashes, 0xa0, sizeof hashes);
    static const struct {
        size_t size;
        uint8_t b[6];
    } heads[] = {
        {3, {0xf8, 0x44, 0x00}},             /* nonce 00, and no balance */
        {4, {0xf8, 0x44, 0x00, 0x80}},       /* nonce 00 */
        {4, {0xf8, 0x44, 0x80, 0x00}},       /* balance 00 */
        {5, {0xf8, 0x45, 0x81, 0x01, 0x80}}, /* long form of 1 */
        {6, {0xf8, 0x46, 0x82, 0x00, 0x01, 0x80}},
        {5, {0xf8, 0x45, 0xc0, 0x80, 0x80}},
        {6, {0xf9, 0x00, 0x44, 0x80, 0x80}},
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        uint8_t encoded[80];
        memcpy(encoded, heads[i].b, heads[i].size);
        memcpy(encoded + heads[i].size, hashes, sizeof hashes);
        bytes in = bytes_of(encoded, heads[i].size + sizeof hashes);
        assert_int_equal(account_decode(&account, in), ERR_CORRUPT);
    }
}

static void test_constants(void **unused) {
    (void)unused;
    static const uint8_t empty[] = {0x80};
    hash32 root = keccak256(bytes_of(empty, 1));
    assert_true(hash32_equal(&root, &EMPTY_TRIE_ROOT));
    struct account none = account_none();
    assert_true(account_is_empty(&none));
    struct account some = none;
    some.nonce = 1;
    assert_false(account_is_empty(&some));
    some = none;
    some.balance = U256_ONE;
    assert_false(account_is_empty(&some));
    some = none;
    some.code_hash.b[31] ^= 1;
    assert_false(account_is_empty(&some));
    some = none;
    some.storage_root.b[0] ^= 1; /* EIP-161 does not look at storage */
    assert_true(account_is_empty(&some));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_not_canonical),
        cmocka_unit_test(test_constants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
