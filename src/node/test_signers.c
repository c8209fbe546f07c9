#include "node/signers.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "crypto/secp256k1.h"

enum { BLOCKS = 200, FILE_MAX = 1 << 20 };

static struct arena arena;
static uint8_t file[FILE_MAX];
static size_t file_size;
static address expected[BLOCKS][3];

static struct tx transfer(uint64_t nonce) {
    struct tx tx = {.type = TX_DYNAMIC_FEE, .chain_id = 1, .nonce = nonce, .gas_limit = 21000};
    tx.is_protected = true;
    return tx;
}

/* Block n has n % 4 transactions, the last of three signed by nobody. */
static void append_block(uint64_t n) {
    struct block block = {.header = {.number = n, .gas_limit = 1000000}};
    bytes encodings[3];
    bytes encoding;
    block.header.fields = HEADER_BASE_FEE;
    block.tx_count = n % 4;
    block.tx_encodings = encodings;
    for (size_t i = 0; i < block.tx_count; i++) {
        hash32 key = {{[30] = (uint8_t)(n >> 8), [31] = (uint8_t)(n + 1)}};
        struct tx tx = transfer(i);
        assert_int_equal(tx_sign(&tx, &arena, &key), ERR_OK);
        if (i == 2)
            tx.r = U256_ZERO;
        else
            assert_int_equal(secp256k1_address_of(&expected[n][i], &key), ERR_OK);
        assert_int_equal(tx_encode(&encodings[i], &arena, &tx), ERR_OK);
    }
    assert_int_equal(block_encode(&encoding, &arena, &block), ERR_OK);
    assert_true(file_size + encoding.size <= FILE_MAX);
    memcpy(file + file_size, encoding.data, encoding.size);
    file_size += encoding.size;
}

static int set_up(void **state) {
    (void)state;
    arena_open(&arena, (size_t)64 << 20);
    for (uint64_t n = 0; n < BLOCKS; n++)
        append_block(n);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void test_every_block_gets_its_signers(void **state) {
    (void)state;
    for (unsigned helpers = 1; helpers <= 3; helpers++) {
        struct signers *signers = signers_open(bytes_of(file, file_size), helpers);
        assert_non_null(signers);
        for (size_t n = 0; n < BLOCKS; n++) {
            struct block_signers known = signers_take(signers);
            assert_int_equal(known.count, n % 4);
            for (size_t i = 0; i < known.count; i++)
                assert_memory_equal(&known.signers[i], &expected[n][i], sizeof(address));
        }
        assert_int_equal(signers_take(signers).count, 0); /* past the end */
        signers_close(signers);
    }
}

static void test_without_helpers_nothing_is_known(void **state) {
    (void)state;
    struct signers *signers = signers_open(bytes_of(file, file_size), 0);
    assert_int_equal(signers_take(signers).count, 0);
    signers_close(signers);
    assert_int_equal(signers_take(NULL).count, 0);
    signers_close(NULL);
}

static void test_it_can_be_closed_at_any_time(void **state) {
    (void)state;
    for (size_t taken = 0; taken < 100; taken += 9) {
        struct signers *signers = signers_open(bytes_of(file, file_size), 2);
        assert_non_null(signers);
        for (size_t n = 0; n < taken; n++)
            (void)signers_take(signers);
        signers_close(signers);
    }
}

/* Whoever executes finds out what is wrong; here it just ends. */
static void test_what_is_no_block_has_no_signers(void **state) {
    (void)state;
    uint8_t broken[64];
    memcpy(broken, file, sizeof(broken));
    struct signers *signers = signers_open(bytes_of(broken, sizeof(broken)), 2);
    assert_int_equal(signers_take(signers).count, 0);
    assert_int_equal(signers_take(signers).count, 0);
    signers_close(signers);
    const uint8_t items[] = {0x01, 0xc0, 0xc1, 0x80, 0xb8};
    signers = signers_open(bytes_of(items, sizeof(items)), 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(signers_take(signers).count, 0);
    signers_close(signers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_block_gets_its_signers),
        cmocka_unit_test(test_without_helpers_nothing_is_known),
        cmocka_unit_test(test_it_can_be_closed_at_any_time),
        cmocka_unit_test(test_what_is_no_block_has_no_signers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
