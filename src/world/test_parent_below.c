/* What an L3 reads of its parent, a rollup, whose code reads L1 itself: L1SLOAD and L1CALL over two
 * levels (rollup/parent.h), proven from the witness and followed. */
#include "world/test_below.h"
#include "world/test_input.h"

#include "core/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEST(name) cmocka_unit_test_setup(name, begin)

/* NUMBER, CHAINID, ORIGIN, CALLER, BLOCKHASH(NUMBER - 1), a word each. */
static const address ENVIRONMENT = TEST_CONTRACT(40);
static const char ENVIRONMENT_CODE[] = "435f52466020523260405233606052600143034060805260a05ff3";
enum { NUMBER, CHAINID, ORIGIN, CALLER, PARENT_HASH, ENVIRONMENT_WORDS };

/* target 32 ‖ data: gas that a STATICCALL takes, with METER_GAS around it. */
static const address METER = TEST_CONTRACT(44);
static const char METER_CODE[] = "602036038060205f375a5f5f835f5f355afa505a90035f5260205ff3";
#define METER_GAS 120u

static struct arena arena;
static struct network begun;
static struct network net; /* the test's own */
static struct world_result result;

static int begin(void **state) {
    (void)state;
    net = begun;
    return 0;
}

static void build(const struct world_tx *txs, size_t tx_count) {
    struct world_options options = below_options(&net, txs, tx_count);
    assert_int_equal(world_build(&result, &options), ERR_OK);
    if (result.status != WORLD_OK) print_error("%s\n", result.reason);
    assert_int_equal(result.status, WORLD_OK);
}

static void set_l1_cell(uint64_t value) {
    const struct world_tx tx = network_tx(&net, 0, CELL, 0, word_of(&net, value));
    build(&tx, 1);
    below_advance(&net, &result);
}

/* The L2 moves, and anchors L1's newest block. */
static void set_l2_cell(uint64_t value) {
    static bytes encoded;
    encoded =
        rollup_tx(&net, 1, network_account(&net, 1, net.user).nonce, CELL, 0, word_of(&net, value));
    net.rollups[0].slot_txs = &encoded;
    net.rollups[0].slot_tx_count = 1;
    build(NULL, 0);
    below_advance(&net, &result);
}

/* What a contract of the L3 gives for this calldata, asked from L1 by way of the L2. */
static bytes ask(address contract, bytes data) {
    const bytes by_l2 = relayed(&net, l2_proxy(&net, contract), 0, data);
    const struct world_tx tx = network_tx(&net, 0, network_proxy(&net, 1, RELAY), 0, by_l2);
    build(&tx, 1);
    assert_true(result.txs[0].is_included);
    const struct execution_result *run = &result.block->results[result.txs[0].index];
    assert_true(run->is_success);
    below_advance(&net, &result);
    return run->output;
}

static bytes call_input(address target, bytes data) {
    return join(&net, join(&net, address_bytes(&target), BYTES_EMPTY), data);
}

/* What the L3's VIEW gets when it calls this on the L2's anchored state. */
static bytes call_l2(address target, bytes data) {
    return ask(VIEW, viewed(&net, L1CALL_ADDRESS, call_input(target, data)));
}

static uint64_t word_at(bytes output, size_t index) {
    assert_true(output.size >= 32 * (index + 1));
    const u256 word = u256_load_be(output.data + 32 * index);
    assert_true(u256_fits_u64(&word));
    return word.w[0];
}

/* L1's cell, as the L2's code reads it on the state that the L3 has anchored. */
static uint64_t slot_by_l2(void) {
    const bytes input = call_input(CELL, word_of(&net, 0));
    return word_at(call_l2(VIEW, viewed(&net, L1SLOAD_ADDRESS, input)), 0);
}

static uint64_t call_by_l2(void) {
    const bytes input = call_input(CELL, BYTES_EMPTY);
    return word_at(call_l2(VIEW, viewed(&net, L1CALL_ADDRESS, input)), 0);
}

/* --- reads ------------------------------------------------------------------------------------ */

/* Of the L2 it reads the anchor, and by it L1 as of the anchor that the L2 had then. */
static void the_l2s_code_reads_l1_as_of_its_own_anchor(void **state) {
    (void)state;
    set_l1_cell(1);
    set_l2_cell(11); /* anchors the 1 */
    set_l1_cell(2);
    set_l1_cell(3);
    assert_int_equal(slot_by_l2(), 1);
    /* To ask moved the L2: that its block anchored the 3 the next one sees. */
    assert_int_equal(slot_by_l2(), 3);
    assert_int_equal(word_at(call_l2(CELL, BYTES_EMPTY), 0), 11);
    set_l1_cell(4);
    assert_int_equal(call_by_l2(), 3);
    assert_int_equal(call_by_l2(), 4);
}

/* Which block of L1 that is, and as whom the L2's contract appears there. */
static void the_call_on_l1_is_as_the_l2_makes_it(void **state) {
    (void)state;
    set_l1_cell(1);
    const struct header anchored = net.head;
    set_l2_cell(11);
    set_l1_cell(2);
    const bytes input = call_input(ENVIRONMENT, BYTES_EMPTY);
    const bytes e = call_l2(VIEW, viewed(&net, L1CALL_ADDRESS, input));
    const address me = network_proxy(&net, 1, VIEW);
    assert_int_equal(e.size, ENVIRONMENT_WORDS * 32);
    assert_int_equal(word_at(e, NUMBER), anchored.number);
    assert_int_equal(word_at(e, CHAINID), NETWORK_CHAIN_ID);
    assert_memory_equal(e.data + 32 * ORIGIN + 12, me.b, 20);
    assert_memory_equal(e.data + 32 * CALLER + 12, me.b, 20);
    assert_memory_equal(e.data + 32 * PARENT_HASH, anchored.parent_hash.b, 32);
}

/* As on the L2 itself (test_parent.c). */
static void the_l2s_reads_cost_what_they_cost_there(void **state) {
    (void)state;
    const bytes slot = call_input(CELL, word_of(&net, 0));
    const bytes nobody = call_input((address)TEST_CONTRACT(99), BYTES_EMPTY);
    const bytes of_slot = call_l2(METER, join(&net, address_word(&net, L1SLOAD_ADDRESS), slot));
    assert_int_equal(word_at(of_slot, 0) - METER_GAS, 4000);
    const bytes of_call = call_l2(METER, join(&net, address_word(&net, L1CALL_ADDRESS), nobody));
    assert_int_equal(word_at(of_call, 0) - METER_GAS, 12000 + 16 * 20);
}

/* What is no read there fails there; what L1 reverts with comes all the way. */
static void failures_come_back(void **state) {
    (void)state;
    static const uint8_t DEADBEEF[] = {0xde, 0xad, 0xbe, 0xef};
    set_l2_cell(11);
    bytes data = relayed(&net, L1CALL_ADDRESS, 0, call_input(REVERTER, BYTES_EMPTY));
    assert_true(bytes_equal(call_l2(TRY, data), bytes_of(DEADBEEF, 4)));
    data = relayed(&net, L1SLOAD_ADDRESS, 0, call_input(CELL, BYTES_EMPTY));
    assert_int_equal(call_l2(TRY, data).size, 0);
    /* A frame that has read fails as any does. */
    data = relayed(&net, L1CALL_ADDRESS, 0, call_input(CELL, BYTES_EMPTY));
    data = call_l2(TRY, relayed(&net, THROW, 0, data));
    assert_int_equal(word_at(data, 0), 0);
}

/* A call that the L2's code makes of another chain is no part of its state. */
static void the_l2s_code_calls_nobody(void **state) {
    (void)state;
    set_l2_cell(11);
    const bytes reason = selector_of(&net, "NotInARead()");
    const bytes data = relayed(&net, rollup_proxy(0, CELL), 0, BYTES_EMPTY);
    assert_true(bytes_equal(call_l2(TRY, data), reason));
}

/* --- the witness ------------------------------------------------------------------------------ */

/* The verdict on the L3's batch with this witness. */
static enum verify_verdict verify_with(const struct witness *witness) {
    return test_input_verify(&arena, result.rollups[0].below->input, witness, below_schedule(&net));
}

/* Nodes, codes and headers of both levels above are in it, and each is needed. */
static void nothing_of_either_level_can_be_left_out(void **state) {
    (void)state;
    set_l1_cell(1);
    set_l2_cell(11);
    set_l1_cell(2);
    /* A transaction of the L3: it has its new anchor in all passes. */
    bytes data = viewed(&net, L1CALL_ADDRESS, call_input(CELL, BYTES_EMPTY));
    data = relayed(&net, L1CALL_ADDRESS, 0, call_input(VIEW, data));
    const uint64_t nonce = network_account(&net, NETWORK_L3, net.user).nonce;
    const struct tx *tx =
        network_sign(&net, NETWORK_CHAIN_ID + NETWORK_L3, &USER_KEY, nonce, RELAY, 0, data);
    bytes encoded;
    must(tx_encode(&encoded, net.arena, tx));
    net.l3.slot_txs = &encoded;
    net.l3.slot_tx_count = 1;
    build(NULL, 0);
    struct test_input mine;
    test_input_open(&mine, &arena, result.rollups[0].below->input);
    const struct witness w = mine.witness;
    assert_int_equal(w.header_count, 2); /* the L2's anchored block, and the one that it anchors */
    assert_int_equal(verify_with(&w), VERIFY_OK);
    for (size_t i = 0; i < w.header_count; i++) {
        struct witness less = w;
        less.headers = test_input_without(&arena, w.headers, &less.header_count, i);
        assert_int_not_equal(verify_with(&less), VERIFY_OK);
    }
    assert_true(
        test_input_needs_all(&arena, result.rollups[0].below->input, &w, below_schedule(&net))
    );
}

/* Provers that take exactly what a batch reads, and nothing besides. */
static unsigned refused_count;

static bool is_exact(struct arena *memory, bytes input) {
    static const struct verify_options strict = {0};
    struct verify_result verified;
    must(verify_input(&verified, memory, &strict, input));
    if (verified.verdict == VERIFY_WITNESS_SURPLUS) refused_count++;
    return verified.verdict == VERIFY_OK;
}

static enum err prove_exact(
    void *context,
    struct arena *memory,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
) {
    struct verify_result verified;
    struct network *n = context;
    *reason = "not exactly what the batch reads";
    if (!is_exact(memory, input)) return ERR_INPUT;
    /* Of either level: its batch says whose Hub it is for. */
    struct test_input parts;
    test_input_open(&parts, memory, input);
    const uint64_t chain_id = parts.file.chain_id;
    return network_prove_for(n, &verified, chain_id, memory, proofs, proof_count, reason, input);
}

static enum err prove_nothing(
    void *context,
    struct arena *memory,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
) {
    (void)context;
    (void)memory;
    (void)proofs;
    (void)input;
    *proof_count = 0;
    *reason = "nothing is good enough";
    return ERR_INPUT;
}

/* What the passes have read may be more than the batch reads, or (where a pass has made what was
 * there already) less: who is refused for its witness records what it reads, and asks again. */
static void a_witness_is_made_anew_where_it_is_refused(void **state) {
    (void)state;
    set_l1_cell(1);
    set_l2_cell(11);
    /* The first pass asks the L3 as it is, at an older anchor. */
    bytes data = viewed(&net, L1CALL_ADDRESS, call_input(CELL, BYTES_EMPTY));
    data = viewed(&net, L1CALL_ADDRESS, call_input(VIEW, data));
    data = relayed(&net, l2_proxy(&net, VIEW), 0, data);
    const struct world_tx tx = network_tx(&net, 0, network_proxy(&net, 1, RELAY), 0, data);
    struct world_options options = below_options(&net, &tx, 1);
    options.prover.prove = prove_exact;
    net.below.prover.prove = prove_exact;
    refused_count = 0;
    must(world_build(&result, &options));
    assert_int_equal(result.status, WORLD_OK);
    assert_true(refused_count > 0);
    assert_true(is_exact(&arena, result.input));
    assert_true(is_exact(&arena, result.rollups[0].below->input));
    below_advance(&net, &result);

    /* A prover that refuses all the same is believed. */
    const struct world_tx again =
        network_tx(&net, 0, network_proxy(&net, 1, COUNTER), 0, word_of(&net, 3));
    options = below_options(&net, &again, 1);
    options.prover.prove = prove_nothing;
    must(world_build(&result, &options));
    assert_int_equal(result.status, WORLD_PROOF_REFUSED);
    assert_string_equal(result.reason, "nothing is good enough");
}

/* Without L1's nodes, or its headers, there is no block: nobody's answer. */
static void missing_data_is_a_fault(void **state) {
    (void)state;
    set_l2_cell(11);
    bytes data = viewed(&net, L1CALL_ADDRESS, call_input(CELL, BYTES_EMPTY));
    data = viewed(&net, L1CALL_ADDRESS, call_input(VIEW, data));
    data = relayed(&net, l2_proxy(&net, VIEW), 0, data);
    const struct world_tx tx = network_tx(&net, 0, network_proxy(&net, 1, RELAY), 0, data);
    struct world_options options = below_options(&net, &tx, 1);
    options.headers.get = NULL;
    assert_int_equal(world_build(&result, &options), ERR_MISSING);
}

/* --- how far up ------------------------------------------------------------------------------- */

/* Chains each a rollup of the next, as far as their states go: what the limit is about. */
#define TOWER (PARENT_LEVELS_MAX + 2)

struct tower {
    struct source *states[TOWER];
    struct header headers[TOWER]; /* 0 is that which reads */
};

static enum err tower_header(
    void *context, struct arena *memory, bytes *encoded, uint64_t number, const hash32 *hash
) {
    const struct tower *tower = context;
    (void)number;
    for (size_t i = 0; i < TOWER; i++) {
        const hash32 of = header_hash(&tower->headers[i]);
        if (hash32_equal(&of, hash)) return header_encode(encoded, memory, &tower->headers[i]);
    }
    return ERR_MISSING;
}

/* What Anchor.sol keeps of this anchor, its only one. */
static void set_anchor(struct genesis_slot slots[3], const struct header *anchor) {
    uint8_t place[64] = {[63] = 1};
    store_be64(place + 24, anchor->number);
    const hash32 first = keccak256(bytes_of(place, sizeof(place)));
    const hash32 hash = header_hash(anchor);
    const u256 base = u256_load_be(first.b);
    for (uint64_t i = 1; i <= 2; i++) {
        const u256 offset = u256_from_u64(i);
        slots[i].key = u256_add(&base, &offset);
    }
    slots[0] = (struct genesis_slot){.value = u256_from_u64(anchor->number)};
    slots[1].value = u256_load_be(hash.b);
    slots[2].value = u256_load_be(anchor->state_root.b);
}

/* One of the chains: VIEW, and a CELL with its level. */
static void build_level(struct tower *tower, size_t level) {
    const struct genesis_slot cell = {.value = u256_from_u64(level)};
    struct genesis_account added[] = {
        test_contract(VIEW, VIEW_CODE, sizeof(VIEW_CODE)),
        test_contract(CELL, CELL_CODE, sizeof(CELL_CODE)),
    };
    added[1].slots = &cell;
    added[1].slot_count = 1;
    struct rollup_genesis_options options = {
        .rollup_id = 1,
        .chain_id = NETWORK_CHAIN_ID + level,
        .parent_chain_id = NETWORK_CHAIN_ID + level + 1,
        .parent_schedule = below_schedule(&net),
        .hub = net.hub,
        .block_gas_limit = NETWORK_GAS_LIMIT,
        .timestamp = NETWORK_TIMESTAMP,
    };
    struct genesis genesis;
    struct open_block open;
    u256 ether_wei;
    must(rollup_genesis(&genesis, &open, &ether_wei, &arena, &options));
    const size_t count = genesis.account_count;
    struct genesis_account *all = arena_alloc_array(&arena, count + 2, sizeof(*all));
    struct genesis_slot *slots = arena_alloc_array(&arena, 3, sizeof(*slots));
    CHECK(all != NULL && slots != NULL);
    memcpy(all, genesis.accounts, count * sizeof(*all));
    memcpy(all + count, added, sizeof(added));
    for (size_t i = 0; i < count && level + 1 < TOWER; i++) {
        if (!address_equal(&all[i].address, &ANCHOR_PREDEPLOY)) continue;
        set_anchor(slots, &tower->headers[level + 1]);
        all[i].slots = slots;
        all[i].slot_count = 3;
    }
    genesis.accounts = all;
    genesis.account_count = count + 2;
    genesis.header.number = 7;
    tower->states[level] = commit_genesis(&net, &genesis);
    tower->headers[level] = genesis.header;
}

/* What VIEW gives on the lowest when it looks so many chains up, at the CELL there. */
static bool look_up(bytes *output, struct tower *tower, size_t levels) {
    struct source_several states;
    struct journal journal;
    struct state own;
    struct execution x;
    bytes data = viewed(&net, CELL, BYTES_EMPTY);
    for (size_t i = 0; i < levels; i++)
        data = viewed(&net, L1CALL_ADDRESS, call_input(VIEW, data));
    source_several_open(&states, tower->states, TOWER);
    struct parent parent = {
        .arena = &arena, .source = &states.source, .headers = {tower, tower_header}};
    const struct block_context block = {.rules = {.fork = FORK_OSAKA}};
    const struct execution_message message = {.target = VIEW, .gas = 10000000, .input = data};
    const struct execution_options options = {
        .foreign = ROLLUP_FOREIGN, .foreign_count = ROLLUP_FOREIGN_COUNT};
    must(journal_open(&journal, &arena));
    must(state_open(&own, &arena, tower->states[0], &tower->headers[0].state_root));
    must(execution_open(&x, &arena, &block, &own, &journal, NULL));
    execution_begin_message(&x, &message, &options);
    enum execution_status status;
    while ((status = execution_run(&x)) == EXECUTION_CALL || status == EXECUTION_REVERTING) {
        enum parent_refusal refusal;
        if (status == EXECUTION_REVERTING) continue;
        must(parent_answer(&parent, &refusal, &x));
        assert_int_equal(refusal, PARENT_ANSWERED);
    }
    assert_int_equal(status, EXECUTION_DONE);
    *output = x.result.output;
    return x.result.is_success;
}

static void a_read_goes_up_so_far_and_no_further(void **state) {
    (void)state;
    struct tower tower;
    bytes output;
    for (size_t i = TOWER; i-- > 0;)
        build_level(&tower, i);
    for (size_t levels = 0; levels <= PARENT_LEVELS_MAX; levels++) {
        assert_true(look_up(&output, &tower, levels));
        assert_int_equal(word_at(output, 0), levels);
    }
    assert_false(look_up(&output, &tower, PARENT_LEVELS_MAX + 1));
    assert_int_equal(output.size, 0);
}

/* --- */

static struct genesis_account program(address at, const char *hex) {
    bytes code;
    must(hex_decode(&code, &arena, hex, strlen(hex)));
    return test_contract(at, code.data, code.size);
}

static void open_network(void) {
    struct genesis_account contracts[TEST_CONTRACT_COUNT];
    struct network_resident residents[2 * TEST_CONTRACT_COUNT + 3];
    address proxied[TEST_CONTRACT_COUNT];
    size_t count = 0;
    network_name(&begun, &arena);
    (void)test_contracts(contracts);
    for (uint64_t chain = 0; chain <= 1; chain++)
        for (size_t i = 0; i < TEST_CONTRACT_COUNT; i++)
            residents[count++] = (struct network_resident){chain, contracts[i]};
    residents[count++] = (struct network_resident){0, program(ENVIRONMENT, ENVIRONMENT_CODE)};
    residents[count++] = (struct network_resident){1, program(METER, METER_CODE)};
    residents[count++] = below_builder(&begun);
    network_open_with(&begun, residents, count);
    for (size_t i = 0; i < TEST_CONTRACT_COUNT; i++)
        proxied[i] = contracts[i].address;
    const u256 ether_wei = begin_l3(&begun, contracts, TEST_CONTRACT_COUNT);
    below_deploy(&begun, &ether_wei, proxied, TEST_CONTRACT_COUNT);
    /* The L3's first anchor. */
    net = begun;
    (void)ask(COUNTER, word_of(&net, 1));
    begun = net;
}

int main(void) {
    arena_open(&arena, (size_t)4 << 30);
    open_network();
    const struct CMUnitTest tests[] = {
        TEST(the_l2s_code_reads_l1_as_of_its_own_anchor),
        TEST(the_call_on_l1_is_as_the_l2_makes_it),
        TEST(the_l2s_reads_cost_what_they_cost_there),
        TEST(failures_come_back),
        TEST(the_l2s_code_calls_nobody),
        TEST(nothing_of_either_level_can_be_left_out),
        TEST(a_witness_is_made_anew_where_it_is_refused),
        TEST(missing_data_is_a_fault),
        TEST(a_read_goes_up_so_far_and_no_further),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}
