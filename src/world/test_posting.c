/* Batches posted to the real Hub by hand: what it refuses, each with its typed error, whoever has
 * signed it. */
#include "world/test_input.h"
#include "world/test_network.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;
static struct arena_mark built_mark;
static struct network net;
static struct network before; /* the block: where its batch is posted by hand */
static struct world_result built;
static struct verify_result truth;

/* A test's own. */
static struct batch batch;
static struct batch_proof proof;
static struct block_builder *block;
static struct source_memory *sink;

static const uint64_t BOTH[2] = {1, 2};

/* A rollup transaction that calls L1 and one that calls rollup 2, and a call from L1. */
static int build_block(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 32);
    network_open(&net, &arena);
    before = net;
    bytes slot_txs[2] = {
        rollup_tx(
            &net, 1, 0, RELAY, 9, relayed(&net, rollup_proxy(0, COUNTER), 9, word_of(&net, 1))
        ),
        rollup_tx(
            &net, 1, 1, RELAY, 0, relayed(&net, rollup_proxy(2, COUNTER), 0, word_of(&net, 2))
        ),
    };
    net.rollups[0].slot_txs = slot_txs;
    net.rollups[0].slot_tx_count = 2;
    bytes data = relayed(&net, network_proxy(&net, 1, COUNTER), 5, word_of(&net, 3));
    struct world_tx tx = network_tx(&net, 0, RELAY, 5, data);
    struct world_options options = network_options(&net, &tx, 1);
    if (world_build(&built, &options) != ERR_OK || built.status != WORLD_OK) {
        print_error("%s\n", built.reason);
        return 1;
    }
    truth = net.verified;
    built_mark = arena_mark(&arena);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

/* A block after the network's newest. */
static void open_block(void) {
    block = arena_alloc(&arena, sizeof(*block));
    sink = arena_alloc(&arena, sizeof(*sink));
    struct state *l1 = arena_alloc(&arena, sizeof(*l1));
    assert_true(block != NULL && sink != NULL && l1 != NULL);
    source_memory_open(sink, &arena, net.l1);
    must(state_open(l1, &arena, &sink->source, &net.head.state_root));
    struct block_hashes hashes = {.context = &net, .get = network_hash_of};
    must(block_begin(
        block,
        &arena,
        l1,
        sink,
        &net.schedule,
        &net.head,
        network_attributes(&net),
        hashes,
        NULL,
        NULL
    ));
}

/* Goes on to the block; where the rollups then are is not followed. */
static void close_block(void) {
    enum block_verdict verdict;
    must(block_finish(block, &verdict));
    assert_int_equal(verdict, BLOCK_OK);
    net.l1 = &sink->source;
    net.head = block->header;
    net.hashes[net.head.number] = header_hash(&net.head);
}

static int begin(void **state) {
    (void)state;
    struct test_input parts;
    arena_release(&arena, built_mark);
    net = before;
    open_block();
    test_input_open(&parts, &arena, built.input);
    batch = parts.batch;
    proof = network_attest(&net, &truth.public_input, BOTH, 2, ATTESTER_KEY);
    return 0;
}

/* --- posting ---------------------------------------------------------------------------------- */

static const struct execution_result *send(const struct tx *tx, const address *sender) {
    assert_int_equal(block_add(block, tx, sender), EXECUTION_DONE);
    return &block->results[block->tx_count - 1];
}

static const struct execution_result *
post_to(address hub, const struct batch_proof *proofs, size_t proof_count) {
    bytes calldata;
    must(batch_post_calldata(&calldata, &arena, &batch, proofs, proof_count, false));
    uint64_t nonce = network_account(&net, 0, net.builder).nonce + block->tx_count;
    struct tx tx = *network_sign(&net, NETWORK_CHAIN_ID, &BUILDER_KEY, nonce, hub, 0, calldata);
    tx.gas_limit = TX_GAS_LIMIT_MAX;
    must(tx_sign(&tx, &arena, &BUILDER_KEY));
    struct tx *kept = arena_alloc(&arena, sizeof(*kept));
    assert_non_null(kept);
    *kept = tx;
    return send(kept, &net.builder);
}

static void assert_posted(void) {
    const struct execution_result *run = post_to(net.hub, &proof, 1);
    assert_true(run->is_success);
}

static void assert_error(const struct execution_result *run, const char *error) {
    assert_false(run->is_success);
    assert_int_equal(run->outcome, EVM_REVERT);
    bytes selector = selector_of(&net, error);
    assert_true(bytes_equal(bytes_slice(run->output, 0, 4), selector));
}

/* The index-th word of a revert's arguments. */
static void assert_argument(const struct execution_result *run, size_t index, bytes word) {
    assert_true(bytes_equal(bytes_slice(run->output, 4 + 32 * index, 32), word));
}

/* Posting batch and proof reverts with this error. */
static const struct execution_result *refused(const char *error) {
    const struct execution_result *run = post_to(net.hub, &proof, 1);
    assert_error(run, error);
    return run;
}

/* Signs what the test has made of the batch: an attester who lies, or another prover's batch. */
static void attest_batch(void) {
    struct update_context contexts[4] = {0};
    assert_true(batch.update_count <= 4);
    for (size_t i = 0; i < batch.update_count; i++)
        contexts[i].anchor_hash = net.hashes[batch.updates[i].anchor_number];
    hash32 public_input;
    bytes encoded;
    must(batch_encode(&encoded, &arena, &batch));
    must(batch_public_input(
        &public_input, &arena, encoded, contexts, batch.update_count, NETWORK_CHAIN_ID, &net.hub
    ));
    proof = network_attest(&net, &public_input, BOTH, 2, ATTESTER_KEY);
}

#define NOT_AN_ATTESTER "NotAnAttester(uint256,address)"
#define ENTRY_NOT_FOUND "EntryNotFound(uint64,bytes32,bytes32)"

/* --- what is accepted ------------------------------------------------------------------------- */

static void the_true_batch_moves_the_heads(void **state) {
    (void)state;
    assert_posted();
    close_block();
    /* The batch's own entries are used; the call from L1 was another transaction's. */
    hash32 head = network_hub_head(&net, 1);
    assert_memory_not_equal(head.b, before.rollups[0].head.b, 32);
    assert_int_equal(network_word(&net, 0, COUNTER), 1);
}

/* The proof binds heads, not the slot. */
static void a_late_batch_is_as_good_if_nothing_moved(void **state) {
    (void)state;
    close_block();
    open_block();
    assert_posted();
}

static void a_batch_has_effect_once(void **state) {
    (void)state;
    assert_posted();
    const struct execution_result *run = refused(ENTRY_NOT_FOUND);
    assert_argument(run, 0, word_of(&net, batch.updates[0].rollup_id));
    close_block();
    open_block();
    (void)refused(ENTRY_NOT_FOUND);
}

/* What L1's PASSER tells rollup 1 rests on L1's CELL: the entry for either outcome is posted, and
 * whichever comes finds its own (examples.md 9). */
static void entries_of_both_outcomes_serve_either(void **state) {
    (void)state;
    bytes data =
        join(&net, address_word(&net, CELL), address_word(&net, network_proxy(&net, 1, COUNTER)));
    struct world_result outcomes[2];
    struct world_tx txs[2];
    for (size_t with_change = 0; with_change < 2; with_change++) {
        struct network n = before;
        txs[0] = network_tx(&n, 0, CELL, 0, word_of(&n, 7));
        txs[with_change] = network_tx(&n, with_change, PASSER, 0, data);
        struct world_options options = network_options(&n, txs, 1 + with_change);
        assert_int_equal(world_build(&outcomes[with_change], &options), ERR_OK);
        assert_int_equal(outcomes[with_change].status, WORLD_OK);
    }
    batch = outcomes[0].batch;
    assert_int_equal(batch.entry_count, 2);
    struct entry entries[3] = {batch.entries[0], batch.entries[1], outcomes[1].batch.entries[1]};
    assert_int_equal(entries[2].input.kind, ACTION_CALL);
    assert_false(action_equal(&entries[1].input, &entries[2].input));
    batch.entries = entries;
    batch.entry_count = 3;
    attest_batch();
    const uint64_t added[2] = {0, 7};
    for (size_t with_change = 0; with_change < 2; with_change++) {
        net = before;
        open_block();
        assert_posted();
        if (with_change == 1) {
            txs[0] = network_tx(&net, 0, CELL, 0, word_of(&net, 7));
            assert_true(send(txs[0].tx, &net.user)->is_success);
        }
        struct world_tx go = network_tx(&net, with_change, PASSER, 0, data);
        const struct execution_result *run = send(go.tx, &net.user);
        assert_true(run->is_success);
        assert_true(bytes_equal(run->output, word_of(&net, added[with_change])));
        close_block();
        hash32 head = network_hub_head(&net, 1);
        assert_memory_equal(head.b, outcomes[with_change].rollups[0].head.b, 32);
    }
    hash32 other = outcomes[0].rollups[0].head;
    assert_memory_not_equal(other.b, outcomes[1].rollups[0].head.b, 32);
}

/* --- signatures ------------------------------------------------------------------------------- */

static void a_strangers_signature_is_refused(void **state) {
    (void)state;
    address stranger;
    must(secp256k1_address_of(&stranger, &STRANGER_KEY));
    proof = network_attest(&net, &truth.public_input, BOTH, 2, STRANGER_KEY);
    const struct execution_result *run = refused(NOT_AN_ATTESTER);
    assert_argument(run, 0, word_of(&net, 0));
    assert_argument(run, 1, address_word(&net, stranger));
}

/* A signature over something else is somebody else's, as far as anyone can tell. */
static void a_signature_over_something_else_is_refused(void **state) {
    hash32 other = truth.public_input;
    other.b[31] ^= 1;
    proof = network_attest(&net, &other, BOTH, 2, ATTESTER_KEY);
    (void)refused(NOT_AN_ATTESTER);

    /* Other rollups signed than named. */
    assert_int_equal(begin(state), 0);
    struct batch_proof signed_one =
        network_attest(&net, &truth.public_input, BOTH, 1, ATTESTER_KEY);
    proof.data = signed_one.data;
    (void)refused(NOT_AN_ATTESTER);

    /* Another program. */
    assert_int_equal(begin(state), 0);
    hash32 vkey = NETWORK_VKEY;
    hash32 digest;
    vkey.b[0] ^= 1;
    must(batch_statement_digest(
        &digest, &arena, &net.attestation, &vkey, BOTH, 2, &truth.public_input
    ));
    proof.data = network_signature(&net, &digest, ATTESTER_KEY);
    (void)refused(NOT_AN_ATTESTER);
}

static void a_missing_or_broken_signature_is_refused(void **state) {
    proof.data = BYTES_EMPTY;
    const struct execution_result *run = refused("TooFewSignatures(uint256,uint256)");
    assert_argument(run, 0, word_of(&net, 0));
    assert_argument(run, 1, word_of(&net, 1));

    assert_int_equal(begin(state), 0);
    bytes data = proof.data;
    proof.data = bytes_slice(data, 0, 64);
    run = refused("BadLength(uint256)");
    assert_argument(run, 0, word_of(&net, 64));

    assert_int_equal(begin(state), 0);
    data = proof.data;
    proof.data = join(&net, bytes_slice(data, 0, 64), bytes_of("\x1d", 1)); /* v = 29 */
    run = refused("BadSignature(uint256)");
    assert_argument(run, 0, word_of(&net, 0));

    /* The malleable twin, n - s with the other v. */
    assert_int_equal(begin(state), 0);
    uint8_t twin[65];
    memcpy(twin, proof.data.data, 65);
    u256 s = u256_load_be(twin + 32);
    s = u256_sub(&SECP256K1_N, &s);
    u256_store_be(twin + 32, &s);
    twin[64] = (uint8_t)(55 - twin[64]);
    proof.data = bytes_of(twin, 65);
    (void)refused("BadSignature(uint256)");

    assert_int_equal(begin(state), 0);
    proof.data = join(&net, proof.data, proof.data);
    run = refused("SignersNotAscending(uint256)");
    assert_argument(run, 0, word_of(&net, 1));

    /* Each flipped bit makes another signer or none. */
    for (size_t at = 0; at < 65; at += 4) {
        assert_int_equal(begin(state), 0);
        uint8_t flipped[65];
        memcpy(flipped, proof.data.data, 65);
        flipped[at] ^= 1;
        proof.data = bytes_of(flipped, 65);
        assert_false(post_to(net.hub, &proof, 1)->is_success);
    }
}

/* --- rollups and proof systems ---------------------------------------------------------------- */

static void rollups_without_proof_are_refused(void **state) {
    const struct execution_result *run = post_to(net.hub, NULL, 0);
    assert_error(run, "NotCovered(uint64)");

    /* The proof is good for rollup 2 alone. */
    assert_int_equal(begin(state), 0);
    proof = network_attest(&net, &truth.public_input, &BOTH[1], 1, ATTESTER_KEY);
    run = refused("NotCovered(uint64)");
    assert_argument(run, 0, word_of(&net, 1));

    /* Or for rollup 1, but an entry's trace moves rollup 2. */
    assert_int_equal(begin(state), 0);
    proof = network_attest(&net, &truth.public_input, &BOTH[0], 1, ATTESTER_KEY);
    run = refused("NotCovered(uint64)");
    assert_argument(run, 0, word_of(&net, 2));

    /* One proof for each is as good as one for both. */
    assert_int_equal(begin(state), 0);
    struct batch_proof each[2] = {
        network_attest(&net, &truth.public_input, &BOTH[0], 1, ATTESTER_KEY),
        network_attest(&net, &truth.public_input, &BOTH[1], 1, ATTESTER_KEY),
    };
    assert_true(post_to(net.hub, each, 2)->is_success);
}

static void another_proof_system_is_refused(void **state) {
    proof.system = COUNTER; /* says yes to everything, had it been asked */
    const struct execution_result *run = refused("WrongProofSystem(uint64)");
    assert_argument(run, 0, word_of(&net, 1));

    assert_int_equal(begin(state), 0);
    static const uint64_t WITH_UNKNOWN[3] = {1, 2, 4};
    proof = network_attest(&net, &truth.public_input, WITH_UNKNOWN, 3, ATTESTER_KEY);
    run = refused("WrongProofSystem(uint64)");
    assert_argument(run, 0, word_of(&net, 4));

    /* A proof of nothing. */
    assert_int_equal(begin(state), 0);
    struct batch_proof with_empty[2] = {proof, {.system = net.attestation}};
    run = post_to(net.hub, with_empty, 2);
    assert_error(run, "ProofRefused(address)");

    /* A system that is none. */
    assert_int_equal(begin(state), 0);
    static const uint64_t UNKNOWN[1] = {4};
    struct batch_proof of_nobody[2] = {
        proof, network_attest(&net, &truth.public_input, UNKNOWN, 1, ATTESTER_KEY)};
    of_nobody[1].system = (address){{0}};
    run = post_to(net.hub, of_nobody, 2);
    assert_error(run, "UnknownRollup(uint64)");
    assert_argument(run, 0, word_of(&net, 4));
}

/* --- the batch -------------------------------------------------------------------------------- */

/* Whatever is changed in it changes the public input, which the attester has not signed. */
static void a_tampered_batch_is_not_what_was_signed(void **state) {
    struct entry *entry;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(begin(state), 0);
        entry = &batch.entries[0];
        struct transition *t = &entry->transitions[0];
        switch (i) {
        case 0:
            t->post.b[0] ^= 1;
            break;
        case 1:
            t->ether_delta_wei = u256_add(&t->ether_delta_wei, &U256_ONE);
            break;
        case 2:
            entry->scope = !entry->scope;
            break;
        case 3:
            entry->out.gas++;
            break;
        case 4:
            t->idle = !t->idle;
            break;
        case 5:
            entry->out.data = join(&net, entry->out.data, bytes_of("\0", 1));
            break;
        case 6:
            batch.entry_count--;
            break;
        case 7:
            batch.updates[0].payload = join(&net, batch.updates[0].payload, bytes_of("\0", 1));
            break;
        case 8:
            batch.updates[0].timestamp--;
            break;
        }
        (void)refused(NOT_AN_ATTESTER);
    }
}

static void malformed_entries_are_refused(void **state) {
    struct transition twice[2] = {batch.entries[0].transitions[0], batch.entries[0].transitions[0]};
    batch.entries[0].transitions = twice;
    batch.entries[0].transition_count = 2;
    attest_batch();
    const struct execution_result *run = refused("BadTransitions(uint256)");
    assert_argument(run, 0, word_of(&net, 0));

    /* A result given by a rollup that is covered, but not in the transitions. */
    assert_int_equal(begin(state), 0);
    size_t last = batch.entry_count - 1;
    struct entry *entry = &batch.entries[last];
    assert_int_equal(entry->out.kind, ACTION_RESULT);
    assert_int_equal(entry->transition_count, 1);
    entry->out.rollup_id ^= 3;
    attest_batch();
    run = refused("BadTransitions(uint256)");
    assert_argument(run, 0, word_of(&net, last));
}

static void updates_out_of_range_are_refused(void **state) {
    uint64_t number = net.head.number + 1;
    batch.updates[0].anchor_number = number;
    const struct execution_result *run = refused("AnchorNotPast(uint64,uint256)");
    assert_argument(run, 0, word_of(&net, number));
    assert_argument(run, 1, word_of(&net, number));

    assert_int_equal(begin(state), 0);
    batch.updates[0].timestamp = net.head.timestamp + 13;
    (void)refused("TimestampOutOfRange(uint64)");

    assert_int_equal(begin(state), 0);
    batch.updates[0].forced = 1;
    run = refused("ForcedMissing(uint64,uint256)");
    assert_argument(run, 0, word_of(&net, batch.updates[0].rollup_id));
    assert_argument(run, 1, word_of(&net, 0));

    assert_int_equal(begin(state), 0);
    batch.updates[0].message_slots = &truth.public_input;
    batch.updates[0].message_slot_count = 1;
    (void)refused("MessageNotSent(bytes32)");

    /* After the batch the rollup has seen its anchor and its time. */
    assert_int_equal(begin(state), 0);
    assert_posted();
    batch.updates[0].anchor_number--;
    (void)refused("AnchorBelowLast(uint64,uint64)");
    batch.updates[0].anchor_number++;
    batch.updates[0].timestamp--;
    (void)refused("TimestampOutOfRange(uint64)");
}

/* Even an attester who lies is held to what the Hub itself knows. */
static void a_lying_attester_makes_no_ether(void **state) {
    size_t call = 0;
    while (u256_is_zero(&batch.entries[call].transitions[0].ether_delta_wei))
        call++;
    struct transition *t = &batch.entries[call].transitions[0];
    t->ether_delta_wei = u256_add(&t->ether_delta_wei, &U256_ONE);
    attest_batch();
    (void)refused("EtherMismatch(bytes32)");

    /* More than the rollup has, in an out-CALL with as much. */
    assert_int_equal(begin(state), 0);
    struct entry *entry = &batch.entries[call];
    u256 much = u256_mul(&ETHER, &(u256){{1000, 0, 0, 0}});
    entry->out.value_wei = much;
    entry->transitions[0].ether_delta_wei = u256_sub(&U256_ZERO, &much);
    attest_batch();
    const struct execution_result *run = refused("BalanceTooLow(uint64,uint256,uint256)");
    assert_argument(run, 0, word_of(&net, entry->transitions[0].rollup_id));

    /* An answer that leaves the rollup waiting. */
    assert_int_equal(begin(state), 0);
    batch.entries[call].out = (struct action){.kind = ACTION_RESULT, .rollup_id = 1};
    batch.entries[call].transitions[0].ether_delta_wei = U256_ZERO;
    attest_batch();
    run = refused("NotIdle(uint64)");
    assert_argument(run, 0, word_of(&net, 1));
}

/* An entry moves a rollup only after its L2TX in the same block. */
static void a_rollup_without_update_does_not_move(void **state) {
    (void)state;
    struct entry *call = NULL;
    for (size_t i = 0; i < batch.entry_count; i++)
        if (batch.entries[i].input.kind == ACTION_CALL) call = &batch.entries[i];
    CHECK(call != NULL);
    call->transitions[0].pre = before.rollups[0].head;
    batch.entries = call;
    batch.entry_count = 1;
    batch.update_count = 0;
    attest_batch();
    assert_posted();
    struct world_tx tx = network_tx(
        &net, 0, RELAY, 5, relayed(&net, network_proxy(&net, 1, COUNTER), 5, word_of(&net, 3))
    );
    const struct execution_result *run = send(tx.tx, &tx.sender);
    assert_error(run, "NotUpdated(uint64)");
    assert_argument(run, 0, word_of(&net, 1));
}

/* --- who is not asked ------------------------------------------------------------------------- */

static const struct execution_result *call_hub(const char *signature, bytes arguments) {
    uint64_t nonce = network_account(&net, 0, net.builder).nonce + block->tx_count;
    bytes data = join(&net, selector_of(&net, signature), arguments);
    return send(
        network_sign(&net, NETWORK_CHAIN_ID, &BUILDER_KEY, nonce, net.hub, 0, data), &net.builder
    );
}

static void the_hub_obeys_its_proxies_and_itself_only(void **state) {
    (void)state;
    bytes to = join(&net, word_of(&net, 1), address_word(&net, COUNTER));
    /* rollupId 8, target 20, source 20. */
    bytes packed = bytes_slice(to, 24, 8);
    packed = join(&net, packed, join(&net, address_bytes(&COUNTER), address_bytes(&net.user)));
    const struct execution_result *run = call_hub("enter()", packed);
    assert_error(run, "NotAProxy(address)");
    assert_argument(run, 0, address_word(&net, net.builder));

    bytes encoded;
    struct action action = {.kind = ACTION_CALL, .rollup_id = 1};
    must(action_encode(&encoded, &arena, &action));
#define ACTION "(uint8,uint64,address,uint64,address,uint256,uint64,bool,bool,bytes)"
    assert_error(call_hub("run()", encoded), "OnlySelf()");
    assert_error(call_hub("runStatic()", encoded), "OnlySelf()");
    assert_error(
        call_hub("createProxy(uint64,address)", join(&net, word_of(&net, 9), word_of(&net, 0))),
        "UnknownRollup(uint64)"
    );
    assert_error(call_hub("credit(uint64)", word_of(&net, 9)), "UnknownRollup(uint64)");
    assert_error(call_hub("sweep(uint64,address)", to), "NothingToSweep(uint64,address)");
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_true_batch_moves_the_heads),
        TEST(a_late_batch_is_as_good_if_nothing_moved),
        TEST(a_batch_has_effect_once),
        TEST(entries_of_both_outcomes_serve_either),
        TEST(a_strangers_signature_is_refused),
        TEST(a_signature_over_something_else_is_refused),
        TEST(a_missing_or_broken_signature_is_refused),
        TEST(rollups_without_proof_are_refused),
        TEST(another_proof_system_is_refused),
        TEST(a_tampered_batch_is_not_what_was_signed),
        TEST(malformed_entries_are_refused),
        TEST(updates_out_of_range_are_refused),
        TEST(a_lying_attester_makes_no_ether),
        TEST(a_rollup_without_update_does_not_move),
        TEST(the_hub_obeys_its_proxies_and_itself_only),
    };
    return cmocka_run_group_tests(tests, build_block, close_arena);
}
