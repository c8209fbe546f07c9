/* Forced transactions: what L1's queue has is what the slot block begins with, or there is no
 * batch. Each block here is built, proven, taken by the Hub, and followed from L1's data. */
#define NETWORK_LEDGER 2u
#include "rollup/ledger.h"
#include "world/test_input.h"
#include "world/test_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define FEE_WEI    UINT64_C(100000000000000) /* Registry.FORCE_FEE_MIN */
#define QUEUED_MAX 64u

static struct arena arena;
static struct network net;
static struct world_result result;

/* The queue of each rollup, as it was made. */
static struct queue {
    bytes txs[QUEUED_MAX];
    uint16_t count;
    uint16_t taken;
    hash32 hash; /* of those taken */
} queues[NETWORK_ROLLUPS];

static int begin(void **state) {
    (void)state;
    const struct network_resident residents[] = {
        {0, test_contract(RELAY, RELAY_CODE, sizeof(RELAY_CODE))},
        {0, test_contract(COUNTER, COUNTER_CODE, sizeof(COUNTER_CODE))},
        {1, test_contract(RELAY, RELAY_CODE, sizeof(RELAY_CODE))},
        {1, test_contract(TRY, TRY_CODE, sizeof(TRY_CODE))},
        {1, test_contract(COUNTER, COUNTER_CODE, sizeof(COUNTER_CODE))},
        {NETWORK_LEDGER, {.address = LEDGER_ADDRESS}},
    };
    memset(queues, 0, sizeof(queues));
    arena_open(&arena, (size_t)1 << 32);
    network_name(&net, &arena);
    network_open_with(&net, residents, sizeof(residents) / sizeof(*residents));
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

/* --- making them ------------------------------------------------------------------------------ */

static bytes encode(struct tx *tx) {
    bytes encoded;
    must(tx_sign(tx, &arena, &USER_KEY));
    must(tx_encode(&encoded, &arena, tx));
    return encoded;
}

/* The user's transaction on a rollup, within the gas that a forced one has. */
static struct tx plain(uint64_t rollup_id, uint64_t index, address to, bytes data) {
    const uint64_t nonce = network_account(&net, rollup_id, net.user).nonce + index;
    struct tx tx = network_plain(NETWORK_CHAIN_ID + rollup_id, nonce, to, 0, data);
    tx.gas_limit = 200000;
    return tx;
}

static bytes counts(uint64_t index, uint64_t value) {
    struct tx tx = plain(1, index, COUNTER, word_of(&net, value));
    return encode(&tx);
}

static void build(const struct world_tx *txs, size_t count) {
    struct world_options options = network_options(&net, txs, count);
    must(world_build(&result, &options));
}

static void advance(void) {
    if (result.status != WORLD_OK) print_error("%s\n", result.reason);
    assert_int_equal(result.status, WORLD_OK);
    network_advance(&net, &result);
}

static void pass_blocks(size_t count) {
    for (size_t i = 0; i < count; i++) {
        build(NULL, 0);
        advance();
    }
}

/* Queues them in a block of L1, each by a transaction of its own. */
static void force(uint64_t rollup_id, const bytes *list, size_t count) {
    struct queue *queue = &queues[rollup_id - 1];
    struct world_tx txs[QUEUED_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        bytes data = join(&net, word_of(&net, rollup_id), word_of(&net, 64));
        data = join(&net, data, word_of(&net, list[i].size));
        data = join(&net, join(&net, data, list[i]), word_of(&net, 0));
        data = join(&net, selector_of(&net, "forceTransaction(uint64,bytes)"), data);
        const uint64_t waiting = (uint64_t)(queue->count - queue->taken);
        txs[i] = network_tx(&net, i, net.hub, FEE_WEI << (waiting / FORCED_MAX), data);
        queue->txs[queue->count++] = list[i];
    }
    build(txs, count);
    for (size_t i = 0; i < count; i++)
        assert_true(result.block->receipts[i].is_success);
    advance();
}

/* The next batch takes so many of them. */
static void take(uint64_t rollup_id, uint16_t count) {
    struct queue *queue = &queues[rollup_id - 1];
    struct world_rollup *rollup = &net.rollups[rollup_id - 1];
    rollup->forced_txs = queue->txs + queue->taken;
    rollup->forced_count = count;
    rollup->forced_hash = (hash32){{0}};
    rollup->must_move = true;
    hash32 hash = queue->hash;
    for (uint16_t i = 0; i < count; i++)
        hash = update_forced_hash(&hash, rollup->forced_txs[i]);
    if (count > 0) rollup->forced_hash = hash;
}

static void take_and_advance(uint64_t rollup_id, uint16_t count) {
    struct queue *queue = &queues[rollup_id - 1];
    take(rollup_id, count);
    build(NULL, 0);
    advance();
    queue->hash = net.rollups[rollup_id - 1].forced_hash;
    queue->taken = (uint16_t)(queue->taken + count);
    take(rollup_id, 0);
    net.rollups[rollup_id - 1].must_move = false;
}

static uint64_t count_of(uint64_t rollup_id) {
    return network_word(&net, rollup_id, COUNTER);
}

static size_t transactions(uint64_t rollup_id) {
    size_t count = 0;
    const struct gathered_tx *tx = net.rollups[rollup_id - 1].open.newest;
    for (; tx != NULL; tx = tx->before)
        count++;
    return count;
}

static bool is_refused(const char *error, uint64_t index) {
    bytes expected = join(&net, selector_of(&net, error), word_of(&net, 1));
    expected = join(&net, expected, word_of(&net, index));
    return result.status == WORLD_BATCH_REVERTED && bytes_equal(result.batch_output, expected);
}

/* --- what is taken ---------------------------------------------------------------------------- */

static void they_come_first_and_in_order(void **state) {
    (void)state;
    bytes txs[3] = {counts(0, 5), counts(1, 6), counts(2, 7)};
    force(1, txs, 3);
    bytes slot_tx = rollup_tx(&net, 1, 2, COUNTER, 0, word_of(&net, 8));
    net.rollups[0].slot_txs = &slot_tx;
    net.rollups[0].slot_tx_count = 1;
    take_and_advance(1, 2);
    assert_int_equal(count_of(1), 5 + 6 + 8);
    assert_int_equal(network_account(&net, 1, net.user).nonce, 3);
    assert_int_equal(transactions(1), 4); /* the anchor's first */
    assert_int_equal(result.batch.updates[0].forced, 2);
    /* The third comes too late: its nonce is used. */
    take_and_advance(1, 1);
    assert_int_equal(count_of(1), 5 + 6 + 8);
    assert_int_equal(transactions(1), 1);
    pass_blocks(NETWORK_FORCE_DELAY + 2);
    take_and_advance(1, 0);
}

static struct tx altered(unsigned how) {
    struct tx tx = plain(1, how == 0 ? 1 : 0, COUNTER, word_of(&net, 99));
    if (how == 1) tx.chain_id++;
    if (how == 2) tx.gas_limit = FORCED_TX_GAS + 1;
    if (how == 3) tx.gas_limit = 20000;
    if (how == 4) tx.max_fee_per_gas = U256_ONE;
    if (how == 5) tx.value = u256_mul(&ETHER, &ETHER);
    if (how == 6) {
        static const hash32 BLOB = {{1}};
        tx.type = TX_BLOB;
        tx.blob_versioned_hashes = &BLOB;
        tx.blob_count = 1;
        tx.max_fee_per_blob_gas = ETHER;
    }
    return tx;
}

static void those_that_are_none_are_skipped(void **state) {
    (void)state;
    bytes txs[16];
    size_t count = 0;
    for (unsigned i = 0; i < 7; i++) {
        struct tx tx = altered(i);
        txs[count++] = encode(&tx);
    }
    bytes good = counts(0, 5);
    txs[count++] = BYTES_EMPTY;
    txs[count++] = bytes_of("\xff", 1);
    txs[count++] = bytes_of("\x02\xc0", 2);
    txs[count++] = bytes_of("\x7e\xc0", 2); /* the system's own type */
    txs[count++] = join(&net, good, bytes_of("\0", 1));
    txs[count++] = bytes_slice(good, 0, good.size - 1);
    struct tx unsigned_tx = plain(1, 0, COUNTER, word_of(&net, 98));
    must(tx_encode(&txs[count++], &arena, &unsigned_tx));
    txs[count++] = good;
    txs[count++] = good; /* and again */
    force(1, txs, count);
    take_and_advance(1, (uint16_t)count);
    assert_int_equal(count_of(1), 5);
    assert_int_equal(transactions(1), 2);
    assert_int_equal(network_account(&net, 1, net.user).nonce, 1);
}

/* In a development network who sends for others names them instead of signing: not by force. */
static void nobody_speaks_for_others(void **state) {
    (void)state;
    struct tx tx = plain(1, 0, COUNTER, word_of(&net, 9));
    bytes encoded;
    tx_name_sender(&tx, &net.user);
    must(tx_encode(&encoded, &arena, &tx));
    net.schedule.names_senders = true;
    force(1, &encoded, 1);
    take_and_advance(1, 1);
    assert_int_equal(transactions(1), 1);
    assert_int_equal(count_of(1), 0);
}

static void they_call_no_other_chain(void **state) {
    (void)state;
    bytes data = relayed(&net, rollup_proxy(0, COUNTER), 0, word_of(&net, 7));
    struct tx fails = plain(1, 0, RELAY, data);
    struct tx catches = plain(1, 1, TRY, data);
    bytes txs[2] = {encode(&fails), encode(&catches)};
    force(1, txs, 2);
    take_and_advance(1, 2);
    assert_int_equal(network_word(&net, 0, COUNTER), 0);
    const struct gathered_tx *newest = net.rollups[0].open.newest;
    struct receipt receipt;
    must(receipt_decode(&receipt, &arena, newest->receipt));
    assert_true(receipt.is_success);
    must(receipt_decode(&receipt, &arena, newest->before->receipt));
    assert_false(receipt.is_success);
    /* As any other it does. */
    bytes slot_tx = rollup_tx(&net, 1, 0, RELAY, 0, data);
    net.rollups[0].slot_txs = &slot_tx;
    net.rollups[0].slot_tx_count = 1;
    build(NULL, 0);
    advance();
    assert_int_equal(network_word(&net, 0, COUNTER), 7);
}

static void a_ledger_takes_them_too(void **state) {
    (void)state;
    bytes transfer = join(&net, address_word(&net, COUNTER), word_of(&net, 5));
    transfer = join(&net, selector_of(&net, "transfer(address,uint256)"), transfer);
    bytes call = join(&net, word_of(&net, 0), address_word(&net, COUNTER));
    call = join(&net, call, join(&net, word_of(&net, 96), word_of(&net, 32)));
    call = join(&net, call, word_of(&net, 4));
    bytes signature = selector_of(&net, "call(uint64,address,bytes)");
    struct tx moves = plain(NETWORK_LEDGER, 0, LEDGER_ADDRESS, transfer);
    struct tx calls = plain(NETWORK_LEDGER, 1, LEDGER_ADDRESS, join(&net, signature, call));
    signature = selector_of(&net, "tryCall(uint64,address,bytes)");
    struct tx tries = plain(NETWORK_LEDGER, 2, LEDGER_ADDRESS, join(&net, signature, call));
    struct tx late = plain(NETWORK_LEDGER, 7, LEDGER_ADDRESS, transfer);
    bytes txs[4] = {encode(&moves), encode(&late), encode(&calls), encode(&tries)};
    force(NETWORK_LEDGER, txs, 4);
    take_and_advance(NETWORK_LEDGER, 4);
    assert_int_equal(transactions(NETWORK_LEDGER), 4);
    const u256 balance = network_account(&net, NETWORK_LEDGER, COUNTER).balance;
    assert_int_equal(u256_to_u64_saturating(&balance), 5);
    assert_int_equal(network_word(&net, 0, COUNTER), 0);
    const struct gathered_tx *newest = net.rollups[NETWORK_LEDGER - 1].open.newest;
    struct receipt receipt;
    must(receipt_decode(&receipt, &arena, newest->receipt));
    assert_true(receipt.is_success);
    must(receipt_decode(&receipt, &arena, newest->before->receipt));
    assert_false(receipt.is_success);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void who_leaves_one_out_has_no_batch(void **state) {
    (void)state;
    bytes txs[2] = {counts(0, 5), counts(1, 6)};
    force(1, txs, 2);
    take_and_advance(1, 0); /* not due yet */
    pass_blocks(NETWORK_FORCE_DELAY);
    net.rollups[0].must_move = true;
    build(NULL, 0);
    assert_true(is_refused("ForcedDue(uint64,uint256)", 0));
    take(1, 1);
    build(NULL, 0);
    assert_true(is_refused("ForcedDue(uint64,uint256)", 1));
    /* Nor does a call of L1's to the rollup get in. */
    bytes data = relayed(&net, network_proxy(&net, 1, COUNTER), 0, word_of(&net, 3));
    struct world_tx tx = network_tx(&net, 0, RELAY, 0, data);
    take(1, 0);
    build(&tx, 1);
    assert_true(is_refused("ForcedDue(uint64,uint256)", 0));
    take(1, 2);
    build(&tx, 1);
    advance();
    assert_int_equal(count_of(1), 5 + 6 + 3);
}

static void more_than_there_are_are_refused(void **state) {
    (void)state;
    bytes tx = counts(0, 5);
    force(1, &tx, 1);
    queues[0].txs[1] = counts(1, 6);
    take(1, 2);
    build(NULL, 0);
    assert_true(is_refused("ForcedMissing(uint64,uint256)", 1));
}

static void others_than_those_queued_lead_nowhere(void **state) {
    (void)state;
    bytes txs[2] = {counts(0, 5), counts(1, 6)};
    force(1, txs, 2);
    const bytes wrong[3][2] = {
        {txs[1], txs[0]},
        {txs[0], counts(1, 7)},
        {counts(0, 7), txs[1]},
    };
    for (size_t i = 0; i < 3; i++) {
        take(1, 2);
        net.rollups[0].forced_txs = wrong[i];
        build(NULL, 0);
        assert_int_equal(result.status, WORLD_BATCH_REVERTED);
        assert_int_equal(result.missing.verdict, STEP_FORCED);
    }
    /* They are in the payload, but not said to be forced: that takes none. */
    take(1, 0);
    net.rollups[0].slot_txs = txs;
    net.rollups[0].slot_tx_count = 2;
    build(NULL, 0);
    advance();
    take_and_advance(1, 2);
}

/* Else who posts the batch would keep one out by filling the block before it. */
static void a_block_without_room_is_none(void **state) {
    (void)state;
    const uint16_t fit = NETWORK_GAS_LIMIT / FORCED_TX_GAS - 1; /* the anchor takes some */
    bytes txs[QUEUED_MAX];
    for (size_t i = 0; i <= fit; i++) {
        struct tx tx = plain(1, i, COUNTER, bytes_of("\xfe", 1));
        tx.is_create = true; /* fails at once, and takes all its gas */
        tx.gas_limit = FORCED_TX_GAS;
        txs[i] = encode(&tx);
    }
    force(1, txs, (size_t)fit + 1);
    take(1, (uint16_t)(fit + 1));
    build(NULL, 0);
    assert_int_equal(result.status, WORLD_BATCH_REVERTED);
    assert_int_equal(result.missing.verdict, STEP_FORCED_GAS);
    take_and_advance(1, fit);
    assert_int_equal(transactions(1), 1 + fit);
    take_and_advance(1, 1);
    assert_int_equal(transactions(1), 2);
}

/* --- who vouches ------------------------------------------------------------------------------ */

static enum verify_verdict verify(struct test_input *parts) {
    static struct verify_result got;
    const struct verify_options strict = {0};
    must(verify_input(&got, &arena, &strict, test_input_make(parts, &arena)));
    return got.verdict;
}

/* The Hub takes an entry that names an update for a fact of what it knows of that update itself.
 * Two with the same payload, of which only the first takes from the queue: an entry of the second's
 * that names the first would take a transaction from the queue that never runs. */
static void an_update_is_taken_for_no_other(void **state) {
    (void)state;
    bytes tx = counts(0, 5);
    force(1, &tx, 1);
    /* A block with nothing forced in it … */
    net.rollups[0].must_move = true;
    build(NULL, 0);
    assert_int_equal(result.status, WORLD_OK);
    struct test_input parts;
    test_input_open(&parts, &arena, result.input);
    assert_int_equal(verify(&parts), VERIFY_OK);
    assert_int_equal(parts.batch.update_count, 1);
    /* … behind an update that says to take one. */
    struct update updates[2] = {parts.batch.updates[0], parts.batch.updates[0]};
    updates[0].forced = 1;
    parts.batch.updates = updates;
    parts.batch.update_count = 2;
    parts.contexts[1] = parts.contexts[0];
    const hash32 none = {{0}};
    parts.contexts[0].forced_hash = update_forced_hash(&none, tx);
    assert_int_equal(verify(&parts), VERIFY_UPDATE_CONTEXT);
    /* Alone, it leads nowhere. */
    parts.batch.update_count = 1;
    assert_int_equal(verify(&parts), VERIFY_UPDATE_CONTEXT);
    parts.contexts[0].forced_hash = none;
    assert_int_equal(verify(&parts), VERIFY_FORCED_HASH);
    /* Two entries of one update that say different things of it are no batch. */
    updates[0].forced = 0;
    struct entry entries[2] = {parts.batch.entries[0], parts.batch.entries[0]};
    entries[1].input.data = flipped(&net, entries[1].input.data, 96);
    parts.batch.entries = entries;
    parts.batch.entry_count = 2;
    assert_int_equal(verify(&parts), VERIFY_BATCH_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(they_come_first_and_in_order),
        TEST(those_that_are_none_are_skipped),
        TEST(nobody_speaks_for_others),
        TEST(they_call_no_other_chain),
        TEST(a_ledger_takes_them_too),
        TEST(who_leaves_one_out_has_no_batch),
        TEST(more_than_there_are_are_refused),
        TEST(others_than_those_queued_lead_nowhere),
        TEST(a_block_without_room_is_none),
        TEST(an_update_is_taken_for_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
