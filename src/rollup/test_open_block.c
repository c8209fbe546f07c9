/* Tests of the slot block before it is sealed: what it commits to, and its way to disk and back. */
#include "rollup/open_block.h"

#include "crypto/keccak.h"
#include "rollup/rollup.h"
#include "state/account.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static struct header empty_header(void) {
    const struct header parent = {
        .number = 6,
        .gas_limit = 30000000,
        .timestamp = 100,
        .fields = HEADER_REQUESTS_HASH,
        .base_fee_per_gas = {{1000000000}},
    };
    hash32 parent_hash = header_hash(&parent);
    address fee_recipient = {{0xfe}};
    hash32 prev_randao = {{0x5a}};
    return rollup_next_header(&parent, &parent_hash, 112, &fee_recipient, &prev_randao, 100000);
}

static bytes receipt_of(uint64_t cumulative_gas_used, const struct log *log) {
    struct receipt receipt = {
        .type = TX_DYNAMIC_FEE,
        .is_success = true,
        .cumulative_gas_used = cumulative_gas_used,
        .logs = log,
        .log_count = log == NULL ? 0 : 1,
    };
    bytes encoded;
    bloom_add_logs(&receipt.bloom, receipt.logs, receipt.log_count);
    assert_int_equal(receipt_encode(&encoded, &arena, &receipt), ERR_OK);
    return encoded;
}

static const bytes TX_A = {(const uint8_t *)"\x02\xc0", 2};
static const bytes TX_B = {(const uint8_t *)"\x7e\xc0", 2};
static const struct log LOG = {.address = {{0xaa}}, .topics = {{{1}}}, .topic_count = 1};

static struct open_block sample(size_t gathered) {
    struct open_block block;
    struct header header = empty_header();
    assert_int_equal(open_block_begin(&block, &arena, &header), ERR_OK);
    if (gathered > 0)
        assert_int_equal(
            open_block_gather(&block, &arena, TX_A, receipt_of(21000, NULL), 21000), ERR_OK
        );
    if (gathered > 1)
        assert_int_equal(
            open_block_gather(&block, &arena, TX_B, receipt_of(64000, &LOG), 64000), ERR_OK
        );
    return block;
}

static void assert_same_commitment(const struct open_block *a, const struct open_block *b) {
    hash32 x = open_block_commitment(a);
    hash32 y = open_block_commitment(b);
    assert_memory_equal(x.b, y.b, 32);
}

/* The formula in open_block.h, written out. */
static void the_commitment_is_the_chain_of_hashes(void **state) {
    (void)state;
    struct header header = empty_header();
    bytes encoded;
    assert_int_equal(header_encode(&encoded, &arena, &header), ERR_OK);
    hash32 c = keccak256(encoded);
    struct open_block block = sample(0);
    hash32 commitment = open_block_commitment(&block);
    assert_memory_equal(commitment.b, c.b, 32);
    const bytes txs[2] = {TX_A, TX_B};
    const bytes receipts[2] = {receipt_of(21000, NULL), receipt_of(64000, &LOG)};
    for (size_t i = 0; i < 2; i++) {
        uint8_t chained[96];
        hash32 tx = keccak256(txs[i]);
        hash32 receipt = keccak256(receipts[i]);
        memcpy(chained, c.b, 32);
        memcpy(chained + 32, tx.b, 32);
        memcpy(chained + 64, receipt.b, 32);
        c = keccak256(bytes_of(chained, 96));
    }
    block = sample(2);
    commitment = open_block_commitment(&block);
    assert_memory_equal(commitment.b, c.b, 32);
    assert_int_equal(open_block_tx_count(&block), 2);
    assert_int_equal(open_block_gas_used(&block), 64000);
}

static void gas_left_does_not_wrap(void **state) {
    (void)state;
    struct open_block block = sample(0);
    assert_int_equal(open_block_gas_left(&block), 100000);
    block = sample(2);
    assert_int_equal(open_block_gas_left(&block), 36000);
    block.header.gas_limit = 64000;
    assert_int_equal(open_block_gas_left(&block), 0);
    block.header.gas_limit = 63999;
    assert_int_equal(open_block_gas_left(&block), 0);
}

/* Machines share the list: who goes on from an older end does not touch the newer one. */
static void an_older_end_goes_on_by_itself(void **state) {
    (void)state;
    struct open_block older = sample(1);
    struct open_block newer = older;
    assert_int_equal(
        open_block_gather(&newer, &arena, TX_B, receipt_of(64000, &LOG), 64000), ERR_OK
    );
    struct open_block other = older;
    assert_int_equal(
        open_block_gather(&other, &arena, TX_A, receipt_of(42000, NULL), 42000), ERR_OK
    );
    struct open_block expected = sample(2);
    assert_same_commitment(&newer, &expected);
    assert_int_equal(open_block_tx_count(&older), 1);
    assert_int_equal(open_block_gas_used(&other), 42000);
}

static void sealing_gives_an_ethereum_block(void **state) {
    (void)state;
    struct open_block block = sample(2);
    hash32 root = {{0x77}};
    struct sealed_block sealed;
    assert_int_equal(open_block_seal(&sealed, &arena, &block, &root), ERR_OK);
    hash32 expected;
    bytes txs[2] = {TX_A, TX_B};
    assert_int_equal(ordered_root(&expected, &arena, txs, 2), ERR_OK);
    assert_memory_equal(sealed.header.transactions_root.b, expected.b, 32);
    bytes receipts[2] = {receipt_of(21000, NULL), receipt_of(64000, &LOG)};
    assert_int_equal(ordered_root(&expected, &arena, receipts, 2), ERR_OK);
    assert_memory_equal(sealed.header.receipts_root.b, expected.b, 32);
    assert_memory_equal(sealed.header.state_root.b, root.b, 32);
    assert_int_equal(sealed.header.gas_used, 64000);
    assert_true(bloom_may_contain(&sealed.header.logs_bloom, address_bytes(&LOG.address)));
    expected = header_hash(&sealed.header);
    assert_memory_equal(sealed.hash.b, expected.b, 32);
    assert_int_equal(sealed.tx_count, 2);
    assert_true(bytes_equal(sealed.txs[1], TX_B));

    /* And back. */
    struct open_block again;
    assert_int_equal(
        open_block_reopen(
            &again, &arena, &sealed.header, sealed.txs, sealed.receipts, sealed.tx_count
        ),
        ERR_OK
    );
    assert_same_commitment(&again, &block);
    bytes broken[2] = {receipts[0], bytes_of("\x02\xc0", 2)};
    assert_int_equal(
        open_block_reopen(&again, &arena, &sealed.header, txs, broken, 2), ERR_CORRUPT
    );
}

static void an_empty_block_seals(void **state) {
    (void)state;
    struct open_block block = sample(0);
    hash32 root = {{0}};
    struct sealed_block sealed;
    assert_int_equal(open_block_seal(&sealed, &arena, &block, &root), ERR_OK);
    assert_memory_equal(sealed.hash.b, block.commitment.b, 32);
    assert_memory_equal(sealed.header.transactions_root.b, EMPTY_TRIE_ROOT.b, 32);
}

static void an_open_block_decodes_to_itself(void **state) {
    (void)state;
    for (size_t gathered = 0; gathered <= 2; gathered++) {
        struct open_block block = sample(gathered);
        struct open_block decoded;
        bytes encoded;
        bytes again;
        assert_int_equal(open_block_encode(&encoded, &arena, &block), ERR_OK);
        assert_int_equal(open_block_decode(&decoded, &arena, encoded), ERR_OK);
        assert_same_commitment(&decoded, &block);
        assert_int_equal(open_block_tx_count(&decoded), gathered);
        assert_int_equal(open_block_gas_used(&decoded), open_block_gas_used(&block));
        assert_int_equal(open_block_encode(&again, &arena, &decoded), ERR_OK);
        assert_true(bytes_equal(again, encoded));
        for (size_t size = 0; size < encoded.size; size++)
            assert_int_equal(
                open_block_decode(&decoded, &arena, bytes_slice(encoded, 0, size)), ERR_INPUT
            );
    }
}

/* Whatever still decodes with a flipped bit has another commitment. */
static void flipped_bits_are_refused_or_commit_to_something_else(void **state) {
    (void)state;
    struct open_block block = sample(2);
    hash32 commitment = open_block_commitment(&block);
    bytes encoded;
    assert_int_equal(open_block_encode(&encoded, &arena, &block), ERR_OK);
    for (size_t bit = 0; bit < 8 * encoded.size; bit++) {
        struct arena_mark mark = arena_mark(&arena);
        uint8_t *copy = arena_alloc(&arena, encoded.size);
        assert_non_null(copy);
        memcpy(copy, encoded.data, encoded.size);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct open_block decoded;
        enum err err = open_block_decode(&decoded, &arena, bytes_of(copy, encoded.size));
        assert_true(err == ERR_OK || err == ERR_INPUT);
        if (err == ERR_OK) {
            hash32 other = open_block_commitment(&decoded);
            assert_memory_not_equal(other.b, commitment.b, 32);
        }
        arena_release(&arena, mark);
    }
}

/* A trie cannot hold it: nobody could seal such a block. */
static void an_empty_transaction_is_refused(void **state) {
    (void)state;
    struct open_block block = sample(1);
    bytes receipt = block.newest->receipt;
    struct open_block decoded;
    bytes encoded;
    assert_int_equal(open_block_gather(&block, &arena, BYTES_EMPTY, receipt, 1), ERR_OK);
    assert_int_equal(open_block_encode(&encoded, &arena, &block), ERR_OK);
    assert_int_equal(open_block_decode(&decoded, &arena, encoded), ERR_INPUT);
    bytes none = BYTES_EMPTY;
    assert_int_equal(
        open_block_reopen(&decoded, &arena, &block.header, &none, &receipt, 1), ERR_CORRUPT
    );
}

static int open_arena(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 26);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_commitment_is_the_chain_of_hashes),
        cmocka_unit_test(gas_left_does_not_wrap),
        cmocka_unit_test(an_older_end_goes_on_by_itself),
        cmocka_unit_test(sealing_gives_an_ethereum_block),
        cmocka_unit_test(an_empty_block_seals),
        cmocka_unit_test(an_open_block_decodes_to_itself),
        cmocka_unit_test(flipped_bits_are_refused_or_commit_to_something_else),
        cmocka_unit_test(an_empty_transaction_is_refused),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
