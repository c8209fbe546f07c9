/* A true batch with its witness, and what can be done to them; verify_input refuses it by name. */
#include "world/test_input.h"
#include "world/test_network.h"

#include "core/rlp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SWEEP_ROUNDS 4000 /* bits flipped by the sweep, of batch and witness each */

static struct arena arena;
static struct arena_mark built_mark;
static struct network net;
static struct world_result built;
static struct verify_result truth; /* of the untouched batch */
static struct verify_result got;

/* A test's own copy, taken apart. */
static struct test_input mine;

/* --- running the verifier --------------------------------------------------------------------- */

static enum verify_verdict verify(bytes input) {
    const struct verify_options strict = {0};
    assert_int_equal(verify_input(&got, &arena, &strict, input), ERR_OK);
    return got.verdict;
}

/* The verdict on what the test has made of batch and witness, stated as it is. */
static enum verify_verdict verify_mutated(void) {
    return verify(test_input_make(&mine, &arena));
}

#define assert_verdict(verdict)                                                      \
    assert_string_equal(                                                             \
        verify_verdict_name(verify_mutated()), verify_verdict_name(VERIFY_##verdict) \
    )

static void assert_no_fact(enum step_verdict step) {
    assert_verdict(ENTRY_NO_FACT);
    assert_string_equal(step_verdict_name(got.step), step_verdict_name(step));
}

/* The entries of the block, in their order in the mine.batch. */
enum {
    BEGIN_1,  /* L2TX of rollup 1, whose transaction calls L1 */
    ANSWER_1, /* RESULT of that */
    BEGIN_2,  /* L2TX of rollup 2, which gives its RESULT at once */
    CALL_1,   /* CALL from L1 with ether; rollup 1 calls rollup 2, which calls L1: suspends both */
    ANSWER_2, /* RESULT of that, down to the RESULT for L1 */
    ENTRIES,
};

static int build_block(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 32);
    network_open(&net, &arena);
    bytes slot_tx = rollup_tx(
        &net, 1, 0, RELAY, 11, relayed(&net, rollup_proxy(0, COUNTER), 11, word_of(&net, 1))
    );
    net.rollups[0].slot_txs = &slot_tx;
    net.rollups[0].slot_tx_count = 1;
    bytes to_l1 = relayed(&net, rollup_proxy(0, COUNTER), 7, word_of(&net, 2));
    bytes to_2 = relayed(&net, rollup_proxy(2, RELAY), 20, to_l1);
    bytes to_1 = relayed(&net, network_proxy(&net, 1, RELAY), 33, to_2);
    struct world_tx tx = network_tx(&net, 0, RELAY, 33, to_1);
    struct world_options options = network_options(&net, &tx, 1);
    if (world_build(&built, &options) != ERR_OK || built.status != WORLD_OK) {
        print_error("%s\n", built.reason);
        return 1;
    }
    if (built.batch.entry_count != ENTRIES) return 1;
    truth = net.verified;
    built_mark = arena_mark(&arena);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static int decode(void **state) {
    (void)state;
    arena_release(&arena, built_mark);
    test_input_open(&mine, &arena, built.input);
    return 0;
}

static bytes longer(bytes b) {
    return join(&net, b, bytes_of("\0", 1));
}

static bool is_result_true(void) {
    return got.verdict == VERIFY_OK && hash32_equal(&got.public_input, &truth.public_input);
}

/* --- what is true ----------------------------------------------------------------------------- */

static void the_batch_as_built_is_accepted(void **state) {
    (void)state;
    assert_verdict(OK);
    assert_memory_equal(got.public_input.b, truth.public_input.b, 32);
    assert_int_equal(got.rollup_id_count, 2);
    assert_int_equal(got.rollup_ids[0], 1);
    assert_int_equal(got.rollup_ids[1], 2);
    /* It has what the tests below tamper with. */
    assert_int_equal(mine.batch.entries[BEGIN_2].out.kind, ACTION_RESULT);
    assert_int_equal(mine.batch.entries[BEGIN_1].out.kind, ACTION_CALL);
    assert_int_equal(mine.batch.entries[ANSWER_1].input.kind, ACTION_RESULT);
    assert_int_equal(mine.batch.entries[CALL_1].input.kind, ACTION_CALL);
    assert_int_equal(mine.batch.entries[CALL_1].trace_count, 1);
    assert_int_equal(mine.batch.entries[ANSWER_2].trace_count, 1);
    assert_int_equal(mine.batch.entries[ANSWER_2].transition_count, 2);
}

/* What no packed batch can say: who decodes one never meets it. */
static void assert_cannot_be_said(void) {
    bytes encoded;
    assert_int_equal(batch_encode(&encoded, &arena, &mine.batch), ERR_INPUT);
}

/* --- entries ---------------------------------------------------------------------------------- */

static void changed_transitions_are_refused(void **state) {
    for (size_t i = 0; i < ENTRIES; i++) {
        for (size_t j = 0; j < built.batch.entries[i].transition_count; j++) {
            struct transition *t;
            assert_int_equal(decode(state), 0);
            t = &mine.batch.entries[i].transitions[j];
            t->post.b[31] ^= 1;
            assert_verdict(ENTRY_TRANSITIONS);
            assert_int_equal(got.entry_index, i);

            assert_int_equal(decode(state), 0);
            t = &mine.batch.entries[i].transitions[j];
            t->idle = !t->idle;
            assert_verdict(ENTRY_TRANSITIONS);

            assert_int_equal(decode(state), 0);
            t = &mine.batch.entries[i].transitions[j];
            t->pre.b[0] ^= 1;
            assert_no_fact(STEP_HEAD_UNKNOWN);
        }
    }
}

static void changed_ether_is_refused(void **state) {
    for (size_t i = 0; i < ENTRIES; i++) {
        for (size_t j = 0; j < built.batch.entries[i].transition_count; j++) {
            assert_int_equal(decode(state), 0);
            u256 *delta = &mine.batch.entries[i].transitions[j].ether_delta_wei;
            *delta = u256_add(delta, &U256_ONE);
            assert_verdict(ENTRY_ETHER);
            assert_int_equal(got.entry_index, i);
        }
    }
    /* A sum that stays the same is no better. */
    assert_int_equal(decode(state), 0);
    struct transition *t = mine.batch.entries[CALL_1].transitions;
    t[0].ether_delta_wei = u256_add(&t[0].ether_delta_wei, &U256_ONE);
    t[1].ether_delta_wei = u256_sub(&t[1].ether_delta_wei, &U256_ONE);
    assert_verdict(ENTRY_ETHER);
}

static void added_removed_and_swapped_transitions_are_refused(void **state) {
    struct entry *entry = &mine.batch.entries[CALL_1];
    struct transition extra[3] = {entry->transitions[0], entry->transitions[1]};
    extra[2] = (struct transition){.rollup_id = 9};
    entry->transitions = extra;
    entry->transition_count = 3;
    assert_verdict(ENTRY_TRANSITIONS);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[CALL_1].transition_count = 1;
    assert_no_fact(STEP_ROLLUP_UNKNOWN);
    assert_int_equal(got.rollup_id, 2);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[CALL_1].transition_count = 0;
    assert_cannot_be_said();

    assert_int_equal(decode(state), 0);
    entry = &mine.batch.entries[CALL_1];
    struct transition first = entry->transitions[0];
    entry->transitions[0] = entry->transitions[1];
    entry->transitions[1] = first;
    assert_cannot_be_said();
}

static void a_changed_out_action_is_refused(void **state) {
    struct action *out = &mine.batch.entries[ANSWER_2].out;
    out->data = flipped(&net, out->data, out->data.size - 1);
    assert_verdict(ENTRY_OUT);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[ANSWER_2].out.failed = true;
    assert_verdict(ENTRY_OUT);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[ANSWER_2].out.gas--;
    assert_verdict(ENTRY_OUT);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[BEGIN_1].out.target.b[19] ^= 1;
    assert_verdict(ENTRY_OUT);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[BEGIN_1].out.source.b[19] ^= 1;
    assert_verdict(ENTRY_OUT);

    assert_int_equal(decode(state), 0);
    out = &mine.batch.entries[BEGIN_1].out;
    out->value_wei = u256_add(&out->value_wei, &U256_ONE);
    assert_verdict(ENTRY_OUT);
    assert_int_equal(got.entry_index, BEGIN_1);
}

static void a_changed_trace_is_refused(void **state) {
    struct action *line = &mine.batch.entries[CALL_1].trace[0];
    line->data = flipped(&net, line->data, 0);
    assert_verdict(ENTRY_TRACE);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[CALL_1].trace[0].gas++;
    assert_verdict(ENTRY_TRACE);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[CALL_1].trace_count = 0;
    assert_verdict(ENTRY_TRACE);

    assert_int_equal(decode(state), 0);
    struct entry *entry = &mine.batch.entries[ANSWER_2];
    struct action twice[2] = {entry->trace[0], entry->trace[0]};
    entry->trace = twice;
    entry->trace_count = 2;
    assert_verdict(ENTRY_TRACE);
    assert_int_equal(got.entry_index, ANSWER_2);
}

/* Another input leads elsewhere, if anywhere. */
static void a_changed_input_is_refused(void **state) {
    mine.batch.entries[CALL_1].input.gas--;
    assert_verdict(ENTRY_TRANSITIONS);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[CALL_1].input.gas = UINT64_MAX;
    assert_no_fact(STEP_BLOCK_GAS);

    assert_int_equal(decode(state), 0);
    struct action *input = &mine.batch.entries[CALL_1].input;
    input->value_wei = u256_add(&input->value_wei, &U256_ONE);
    assert_verdict(ENTRY_TRANSITIONS);

    /* The proxy of another source may lie where the witness has no path. */
    enum verify_verdict verdict = VERIFY_WITNESS_INCOMPLETE;
    for (uint8_t flip = 1; flip != 0 && verdict == VERIFY_WITNESS_INCOMPLETE; flip++) {
        assert_int_equal(decode(state), 0);
        input = &mine.batch.entries[CALL_1].input;
        input->source.b[0] ^= flip;
        verdict = verify_mutated();
    }
    assert_int_equal(verdict, VERIFY_ENTRY_TRANSITIONS);

    assert_int_equal(decode(state), 0);
    input = &mine.batch.entries[CALL_1].input;
    input->kind = ACTION_REVERT_CONTINUE;
    assert_cannot_be_said();
    *input = (struct action
    ){.kind = ACTION_REVERT_CONTINUE, .rollup_id = input->rollup_id, .data = input->data};
    assert_no_fact(STEP_NOT_DEFINED);

    assert_int_equal(decode(state), 0);
    input = &mine.batch.entries[ANSWER_1].input;
    input->data = flipped(&net, input->data, 31);
    assert_verdict(ENTRY_TRANSITIONS);

    assert_int_equal(decode(state), 0);
    input = &mine.batch.entries[ANSWER_1].input;
    input->source_rollup_id = 2; /* the call went to L1 */
    assert_cannot_be_said();

    assert_int_equal(decode(state), 0);
    input = &mine.batch.entries[BEGIN_1].input;
    input->data = flipped(&net, input->data, 32); /* the anchor's hash */
    assert_verdict(UPDATE_CONTEXT);

    assert_int_equal(decode(state), 0);
    input = &mine.batch.entries[BEGIN_1].input;
    input->data = flipped(&net, input->data, 64);
    assert_no_fact(STEP_MESSAGES_UNKNOWN);

    assert_int_equal(decode(state), 0);
    input = &mine.batch.entries[BEGIN_1].input;
    input->data = flipped(&net, input->data, 96);
    assert_verdict(UPDATE_CONTEXT);

    assert_int_equal(decode(state), 0);
    input = &mine.batch.entries[BEGIN_1].input;
    input->data = flipped(&net, input->data, 159);
    assert_no_fact(STEP_TIMESTAMP);

    assert_int_equal(decode(state), 0);
    input = &mine.batch.entries[BEGIN_1].input;
    input->data = bytes_slice(input->data, 0, 159);
    assert_no_fact(STEP_NOT_DEFINED);
}

/* More ether than there is comes in no call: refused, not added up. */
static void absurd_ether_is_refused(void **state) {
    mine.batch.entries[CALL_1].input.value_wei = U256_MAX;
    assert_no_fact(STEP_TOO_MUCH_ETHER);

    /* To somebody who has some. */
    assert_int_equal(decode(state), 0);
    mine.batch.entries[CALL_1].input.target = net.user;
    mine.batch.entries[CALL_1].input.value_wei = U256_MAX;
    assert_no_fact(STEP_TOO_MUCH_ETHER);

    assert_int_equal(decode(state), 0);
    mine.batch.entries[CALL_1].input.value_wei = (u256){{0, 0, 1, 0}};
    assert_no_fact(STEP_TOO_MUCH_ETHER);
}

static void swapped_and_dropped_entries_are_refused(void **state) {
    /* Each entry but the last gives the head that a later one begins at. */
    for (size_t drop = 0; drop < ENTRIES; drop++) {
        assert_int_equal(decode(state), 0);
        for (size_t i = drop; i + 1 < ENTRIES; i++)
            mine.batch.entries[i] = mine.batch.entries[i + 1];
        mine.batch.entry_count--;
        if (drop + 1 < ENTRIES) {
            assert_no_fact(STEP_HEAD_UNKNOWN);
            continue;
        }
        /* Without the last it is another batch, which is true as well. */
        assert_verdict(OK);
        assert_false(is_result_true());
    }
    for (size_t i = 0; i + 1 < ENTRIES; i++) {
        assert_int_equal(decode(state), 0);
        struct entry entry = mine.batch.entries[i];
        mine.batch.entries[i] = mine.batch.entries[i + 1];
        mine.batch.entries[i + 1] = entry;
        if (i != ANSWER_1) {
            assert_no_fact(STEP_HEAD_UNKNOWN);
            assert_int_equal(got.entry_index, i);
            continue;
        }
        /* It and rollup 2's L2TX do not depend on one another: true, and not the same statement. */
        assert_verdict(OK);
        assert_false(is_result_true());
    }
}

/* Advice may be anything; it is part of what is signed. */
static void scope_is_in_the_public_input(void **state) {
    (void)state;
    mine.batch.entries[CALL_1].scope = true;
    assert_verdict(OK);
    assert_false(is_result_true());
}

/* --- updates ---------------------------------------------------------------------------------- */

static struct update *update_of(uint64_t rollup_id) {
    for (size_t i = 0; i < mine.batch.update_count; i++)
        if (mine.batch.updates[i].rollup_id == rollup_id) return &mine.batch.updates[i];
    fail_msg("no update of this rollup");
    return NULL;
}

/* Has rollup 1 begin with another payload, entry included. */
static void replace_payload(bytes payload) {
    update_of(1)->payload = payload;
    struct action *input = &mine.batch.entries[BEGIN_1].input;
    hash32 hash = keccak256(payload);
    input->data = join(&net, hash32_bytes(&hash), bytes_slice(input->data, 32, SIZE_MAX));
}

static struct payload payload;

/* Decodes anew; the slot block of rollup 1's payload. */
static struct payload_block *slot_block(void **state) {
    assert_int_equal(decode(state), 0);
    assert_int_equal(payload_decode(&payload, &arena, update_of(1)->payload), ERR_OK);
    return &payload.blocks[payload.block_count - 1];
}

static void replace_slot_block(void) {
    bytes encoded;
    assert_int_equal(payload_encode(&encoded, &arena, &payload), ERR_OK);
    replace_payload(encoded);
}

static void a_changed_payload_is_refused(void **state) {
    size_t size = update_of(1)->payload.size;
    for (size_t at = 0; at < size; at += size / 50 + 1) {
        assert_int_equal(decode(state), 0);
        update_of(1)->payload = flipped(&net, update_of(1)->payload, at);
        assert_no_fact(STEP_PAYLOAD_UNKNOWN);
        assert_int_equal(got.entry_index, BEGIN_1);
    }
    /* With the entry's hash changed to match, it is what is in it that is refused. */
    assert_int_equal(decode(state), 0);
    replace_payload(longer(update_of(1)->payload));
    assert_no_fact(STEP_PAYLOAD_MALFORMED);

    /* Another s: another sender, who may lie where the witness has no path. */
    struct payload_block *block;
    enum verify_verdict verdict = VERIFY_WITNESS_INCOMPLETE;
    for (size_t at = 1; at <= 31 && verdict == VERIFY_WITNESS_INCOMPLETE; at++) {
        block = slot_block(state);
        block->txs[0] = flipped(&net, block->txs[0], block->txs[0].size - at);
        replace_slot_block();
        verdict = verify_mutated();
    }
    assert_int_equal(verdict, VERIFY_ENTRY_NO_FACT);
    assert_int_equal(got.step, STEP_TX_INVALID);
    assert_int_equal(got.entry_index, BEGIN_1);

    block = slot_block(state);
    block->txs[0] = bytes_of("\x7e", 1);
    replace_slot_block();
    assert_no_fact(STEP_TX_INVALID);

    block = slot_block(state);
    block->fee_recipient.b[0] ^= 1;
    replace_slot_block();
    assert_verdict(ENTRY_TRANSITIONS);

    block = slot_block(state);
    block->timestamp++;
    replace_slot_block();
    assert_no_fact(STEP_TIMESTAMP);

    block = slot_block(state);
    block->tx_count = 0;
    replace_slot_block();
    assert_verdict(ENTRY_TRANSITIONS);

    /* A transaction that calls out does so in the slot block only. */
    block = slot_block(state);
    struct payload_block blocks[2] = {*block, *block};
    blocks[1].tx_count = 0;
    payload = (struct payload){blocks, 2};
    replace_slot_block();
    assert_no_fact(STEP_XCALL_OUTSIDE_SLOT_BLOCK);
}

/* A system's transaction cannot come in by a payload. */
static void a_deposit_in_a_payload_is_refused(void **state) {
    struct tx deposit = {.type = TX_DEPOSIT, .from = net.user, .to = net.user, .mint = ETHER};
    struct payload_block *block = slot_block(state);
    assert_int_equal(tx_encode(&block->txs[0], &arena, &deposit), ERR_OK);
    replace_slot_block();
    assert_no_fact(STEP_TX_INVALID);
}

static void anchor_all_at(bytes header) {
    mine.witness.headers[0] = header;
    for (size_t i = 0; i < mine.batch.update_count; i++)
        mine.contexts[i].anchor_hash = keccak256(header);
}

static void a_wrong_anchor_is_refused(void **state) {
    struct header anchor;
    bytes encoded;
    assert_int_equal(mine.witness.header_count, 1);
    assert_int_equal(header_decode(&anchor, mine.witness.headers[0]), BLOCK_OK);
    anchor.state_root.b[0] ^= 1;
    assert_int_equal(header_encode(&encoded, &arena, &anchor), ERR_OK);
    mine.witness.headers[0] = encoded;
    assert_verdict(ANCHOR_MISSING);
    anchor_all_at(encoded);
    assert_verdict(UPDATE_CONTEXT);

    assert_int_equal(decode(state), 0);
    anchor.number++;
    assert_int_equal(header_encode(&encoded, &arena, &anchor), ERR_OK);
    anchor_all_at(encoded);
    assert_verdict(ANCHOR_NUMBER);

    assert_int_equal(decode(state), 0);
    update_of(1)->anchor_number--;
    assert_verdict(ANCHOR_NUMBER);

    assert_int_equal(decode(state), 0);
    anchor_all_at(longer(mine.witness.headers[0]));
    assert_verdict(ANCHOR_MALFORMED);

    assert_int_equal(decode(state), 0);
    mine.witness.header_count = 0;
    assert_verdict(ANCHOR_MISSING);

    assert_int_equal(decode(state), 0);
    mine.contexts[0].forced_hash.b[0] ^= 1;
    assert_verdict(FORCED_HASH);
}

static void other_updates_are_refused(void **state) {
    /* Dropped: its L2TX has no preimages. */
    mine.batch.updates[update_of(1) - mine.batch.updates] =
        mine.batch.updates[mine.batch.update_count - 1];
    struct update left = mine.batch.updates[0];
    mine.batch.updates = &left;
    mine.batch.update_count = 1;
    assert_no_fact(STEP_PAYLOAD_UNKNOWN);

    /* What an update says and no entry repeats is in the public input. */
    assert_int_equal(decode(state), 0);
    update_of(1)->timestamp++;
    assert_verdict(OK);
    assert_false(is_result_true());

    /* More updates of one rollup than are run. */
    assert_int_equal(decode(state), 0);
    struct update many[ROLLUP_UPDATES_MAX + 1];
    for (size_t i = 0; i <= ROLLUP_UPDATES_MAX; i++) {
        many[i] = *update_of(1);
        mine.contexts[i] = mine.contexts[0];
    }
    mine.batch.updates = many;
    mine.batch.update_count = ROLLUP_UPDATES_MAX + 1;
    assert_verdict(TOO_MANY_UPDATES);

    assert_int_equal(decode(state), 0);
    update_of(1)->forced = 1;
    assert_verdict(FORCED_HASH);
    assert_int_equal(decode(state), 0);
    update_of(1)->message_slots = &truth.public_input;
    update_of(1)->message_slot_count = 1;
    assert_no_fact(STEP_MESSAGES_UNKNOWN);
}

/* --- the witness ------------------------------------------------------------------------------ */

static void every_node_and_code_is_needed(void **state) {
    for (size_t i = 0;; i++) {
        assert_int_equal(decode(state), 0);
        if (i == mine.witness.node_count) break;
        mine.witness.nodes[i] = mine.witness.nodes[--mine.witness.node_count];
        assert_verdict(WITNESS_INCOMPLETE);
        assert_int_equal(decode(state), 0);
        mine.witness.nodes[i] =
            flipped(&net, mine.witness.nodes[i], mine.witness.nodes[i].size / 2);
        assert_verdict(WITNESS_INCOMPLETE);
    }
    for (size_t i = 0;; i++) {
        assert_int_equal(decode(state), 0);
        if (i == mine.witness.code_count) break;
        mine.witness.codes[i] = mine.witness.codes[--mine.witness.code_count];
        assert_verdict(WITNESS_INCOMPLETE);
        assert_int_equal(decode(state), 0);
        mine.witness.codes[i] = flipped(&net, mine.witness.codes[i], 0);
        assert_verdict(WITNESS_INCOMPLETE);
    }
}

static void add_item(bytes **list, size_t *count, bytes item) {
    bytes *longer_list = arena_alloc_array(&arena, *count + 1, sizeof(bytes));
    assert_non_null(longer_list);
    memcpy(longer_list, *list, *count * sizeof(bytes));
    longer_list[(*count)++] = item;
    *list = longer_list;
}

static void assert_surplus(void) {
    const struct verify_options lax = {.allows_surplus = true};
    bytes input = test_input_make(&mine, &arena);
    assert_int_equal(verify(input), VERIFY_WITNESS_SURPLUS);
    assert_int_equal(verify_input(&got, &arena, &lax, input), ERR_OK);
    assert_true(is_result_true());
}

/* There is one witness for a batch. */
static void what_is_not_needed_is_refused(void **state) {
    struct witness *w = &mine.witness;
    add_item(&w->nodes, &w->node_count, bytes_of("node", 4));
    assert_surplus();
    assert_int_equal(decode(state), 0);
    add_item(&w->codes, &w->code_count, bytes_of("code", 4));
    assert_surplus();
    assert_int_equal(decode(state), 0);
    add_item(&w->headers, &w->header_count, bytes_of("header", 6));
    assert_surplus();
    /* Without the last of its entries it is a smaller batch, that needs less. */
    assert_int_equal(decode(state), 0);
    mine.batch.entries[0] = mine.batch.entries[BEGIN_2];
    mine.batch.entry_count = 1;
    assert_verdict(WITNESS_SURPLUS);
}

static void other_chains_are_refused(void **state) {
    mine.file.hub.b[19] ^= 1;
    assert_verdict(PARAMETERS);
    assert_int_equal(decode(state), 0);
    mine.file.chain_id++;
    assert_verdict(PARAMETERS);
    /* A rollup's head is that rollup's. */
    assert_int_equal(decode(state), 0);
    mine.witness.heads[0].rollup_id = 2;
    mine.batch.entries[BEGIN_2].transitions[0].pre = mine.witness.heads[0].head;
    assert_verdict(PARAMETERS);
    assert_int_equal(got.rollup_id, 2);
}

static void heads_that_are_missing_or_unknown_are_refused(void **state) {
    mine.witness.heads[0] = mine.witness.heads[1];
    mine.witness.head_count = 1;
    assert_no_fact(STEP_ROLLUP_UNKNOWN);
    assert_int_equal(got.rollup_id, 1);
    assert_int_equal(decode(state), 0);
    mine.witness.heads[0].head.b[0] ^= 1;
    assert_no_fact(STEP_HEAD_UNKNOWN);
    mine.batch.entries[BEGIN_1].transitions[0].pre = mine.witness.heads[0].head;
    assert_verdict(WITNESS_INCOMPLETE);
    /* A node of the trie is no state. */
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(decode(state), 0);
        assert_true(i < mine.witness.node_count);
        mine.witness.heads[0].head = keccak256(mine.witness.nodes[i]);
        if (hash32_equal(
                &mine.witness.heads[0].head, &built.batch.entries[BEGIN_1].transitions[0].pre
            ))
            continue;
        mine.batch.entries[BEGIN_1].transitions[0].pre = mine.witness.heads[0].head;
        assert_int_not_equal(verify_mutated(), VERIFY_OK);
    }
}

static void a_tampered_open_block_is_refused(void **state) {
    struct open_block open;
    assert_int_equal(open_block_decode(&open, &arena, mine.witness.heads[0].open_block), ERR_OK);
    open.header.gas_limit++;
    assert_int_equal(open_block_encode(&mine.witness.heads[0].open_block, &arena, &open), ERR_OK);
    assert_verdict(OPEN_BLOCK);
    assert_int_equal(got.rollup_id, 1);

    /* With a transaction that the state does not commit to. */
    assert_int_equal(decode(state), 0);
    assert_int_equal(open_block_decode(&open, &arena, mine.witness.heads[0].open_block), ERR_OK);
    struct receipt receipt = {.type = TX_DYNAMIC_FEE, .is_success = true};
    bytes encoded;
    assert_int_equal(receipt_encode(&encoded, &arena, &receipt), ERR_OK);
    assert_int_equal(open_block_gather(&open, &arena, encoded, encoded, 21000), ERR_OK);
    assert_int_equal(open_block_encode(&mine.witness.heads[0].open_block, &arena, &open), ERR_OK);
    assert_verdict(OPEN_BLOCK);

    /* The other rollup's, whose genesis differs in the state root alone, and none. */
    assert_int_equal(decode(state), 0);
    mine.witness.heads[0].open_block = mine.witness.heads[1].open_block;
    assert_verdict(OK);
    assert_true(is_result_true());
    assert_int_equal(decode(state), 0);
    mine.witness.heads[0].open_block = BYTES_EMPTY;
    assert_verdict(WITNESS_MALFORMED);
    assert_int_equal(decode(state), 0);
    mine.witness.heads[0].open_block = longer(mine.witness.heads[0].open_block);
    assert_verdict(WITNESS_MALFORMED);
}

static void a_claim_that_is_not_that_of_the_batch_is_refused(void **state) {
    (void)state;
    bytes input = test_input_make(&mine, &arena);
    const size_t public_input = 48; /* docs/batch-files.md */
    assert_memory_equal(input.data + public_input, truth.public_input.b, 32);
    assert_int_equal(verify(flipped(&net, input, public_input)), VERIFY_PUBLIC_INPUT);

    /* Rollups that are to be covered: fewer are another statement, others are none. */
    struct batch_file file = mine.file;
    uint64_t ids[] = {2, 3};
    hash32 output;
    file.rollup_ids = ids;
    file.rollup_id_count = 1;
    bytes rest = bytes_slice(input, built.witness_offset, SIZE_MAX);
    uint8_t *out = arena_alloc(&arena, batch_file_size(&file));
    assert_non_null(out);
    batch_file_write(out, &file);
    assert_int_equal(verify(join(&net, bytes_of(out, batch_file_size(&file)), rest)), VERIFY_OK);
    assert_int_equal(verify_output(&output, &arena, ids, 1, &truth.public_input, NULL), ERR_OK);
    assert_memory_equal(got.output.b, output.b, 32);
    assert_memory_not_equal(got.output.b, truth.output.b, 32);
    file.rollup_id_count = 2;
    out = arena_alloc(&arena, batch_file_size(&file));
    assert_non_null(out);
    batch_file_write(out, &file);
    assert_int_equal(
        verify(join(&net, bytes_of(out, batch_file_size(&file)), rest)), VERIFY_NOT_COVERED
    );
    assert_int_equal(got.rollup_id, 3);
}

static void files_that_are_cut_are_refused(void **state) {
    (void)state;
    assert_int_equal(verify(longer(built.input)), VERIFY_WITNESS_FILE);
    assert_int_equal(got.fault, WORDS_SIZE);
    for (size_t size = 0; size < built.input.size; size += 8) {
        enum verify_verdict verdict = verify(bytes_slice(built.input, 0, size));
        assert_int_equal(
            verdict, size < built.witness_offset ? VERIFY_BATCH_FILE : VERIFY_WITNESS_FILE
        );
        assert_int_equal(got.fault, WORDS_SIZE);
    }
}

/* --- whatever else ---------------------------------------------------------------------------- */

static uint64_t seed;

/* xorshift64*, Vigna 2016. */
static uint64_t random_below(uint64_t bound) {
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (seed * 0x2545f4914f6cdd1du) % bound;
}

static void seed_from_environment(void) {
    const char *text = getenv("LOCKSTEP_SEED");
    seed = text == NULL ? 0x10c257e9u : strtoull(text, NULL, 0);
    print_message("seed 0x%llx\n", (unsigned long long)seed);
}

/* A flipped bit is refused, wherever it is: there is one input for a batch. */
static void no_flipped_bit_is_accepted(void **state) {
    (void)state;
    seed_from_environment();
    uint8_t *copy = arena_alloc(&arena, built.input.size);
    assert_non_null(copy);
    memcpy(copy, built.input.data, built.input.size);
    struct arena_mark mark = arena_mark(&arena);
    for (size_t i = 0; i < 2 * SWEEP_ROUNDS; i++) {
        const bool is_in_batch = i % 2 == 0;
        const size_t from = is_in_batch ? 0 : built.witness_offset;
        const size_t size = is_in_batch ? built.witness_offset : built.input.size - from;
        const uint64_t bit = 8 * from + random_below(8 * size);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (verify(bytes_of(copy, built.input.size)) == VERIFY_OK)
            fail_msg("bit %llu", (unsigned long long)bit);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        arena_release(&arena, mark);
    }
    assert_int_equal(verify(bytes_of(copy, built.input.size)), VERIFY_OK);
}

/* With too little memory it says so, and nothing else. */
static void a_verifier_without_memory_gives_no_verdict(void **state) {
    (void)state;
    const struct verify_options strict = {0};
    enum err err = ERR_MEMORY;
    size_t size = 1 << 16;
    for (; err == ERR_MEMORY; size += size / 8) {
        struct arena small;
        arena_open(&small, size);
        err = verify_input(&got, &small, &strict, built.input);
        assert_true(err == ERR_MEMORY || got.verdict == VERIFY_OK);
        arena_close(&small);
    }
    assert_int_equal(err, ERR_OK);
    print_message("enough are %zu bytes\n", size);
}

#define TEST(name) cmocka_unit_test_setup(name, decode)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_batch_as_built_is_accepted),
        TEST(changed_transitions_are_refused),
        TEST(changed_ether_is_refused),
        TEST(added_removed_and_swapped_transitions_are_refused),
        TEST(a_changed_out_action_is_refused),
        TEST(a_changed_trace_is_refused),
        TEST(a_changed_input_is_refused),
        TEST(absurd_ether_is_refused),
        TEST(swapped_and_dropped_entries_are_refused),
        TEST(scope_is_in_the_public_input),
        TEST(a_changed_payload_is_refused),
        TEST(a_deposit_in_a_payload_is_refused),
        TEST(a_wrong_anchor_is_refused),
        TEST(other_updates_are_refused),
        TEST(every_node_and_code_is_needed),
        TEST(what_is_not_needed_is_refused),
        TEST(other_chains_are_refused),
        TEST(heads_that_are_missing_or_unknown_are_refused),
        TEST(a_tampered_open_block_is_refused),
        TEST(a_claim_that_is_not_that_of_the_batch_is_refused),
        TEST(files_that_are_cut_are_refused),
        TEST(no_flipped_bit_is_accepted),
        TEST(a_verifier_without_memory_gives_no_verdict),
    };
    return cmocka_run_group_tests(tests, build_block, close_arena);
}
