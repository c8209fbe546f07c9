/* What rollups read of their parent, on blocks of an L1 built and executed for real, proven from
 * the witness and followed from L1 alone: L1SLOAD and L1CALL (rollup/parent.h). */
#include "world/test_input.h"
#include "world/test_network.h"

#include "core/hex.h"
#include "core/rlp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;
static struct arena_mark born_mark;
static struct network born; /* after L1's first block */
static struct network net;  /* the test's own */
static struct world_result result;

/* --- what the tests call ---------------------------------------------------------------------- */

/* NUMBER, TIMESTAMP, GASLIMIT, COINBASE, PREVRANDAO, BASEFEE, CHAINID, ORIGIN, CALLER, GASPRICE,
 * BLOBBASEFEE, BLOCKHASH(NUMBER - 1), BLOCKHASH(NUMBER - 2), BLOCKHASH(NUMBER), a word each. */
static const address ENVIRONMENT = TEST_CONTRACT(40);
static const char ENVIRONMENT_CODE[] =
    "435f52426020524560405241606052446080524860a0524660c0523260e05233610100523a61"
    "0120524a6101405260014303406101605260024303406101805243406101a0526101c05ff3";
enum {
    NUMBER,
    TIMESTAMP,
    GASLIMIT,
    COINBASE,
    PREVRANDAO,
    BASEFEE,
    CHAINID,
    ORIGIN,
    CALLER,
    GASPRICE,
    BLOBBASEFEE,
    PARENT_HASH,
    GRANDPARENT_HASH,
    OWN_HASH,
    ENVIRONMENT_WORDS,
};

/* Writes its slot, logs, creates, calls a precompile: returns sha256 of nothing and the slot. */
static const address EFFECTS = TEST_CONTRACT(41);
static const char EFFECTS_CODE[] =
    "5f54600101805f555f5fa05f5f5ff05060205f5f5f60025afa5060205260405ff3";

/* Calls itself as deep as its word says, and counts. */
static const address DEEP = TEST_CONTRACT(42);
static const char DEEP_CODE[] =
    "5f3580600d575f5f5260205ff35b600190035f5260205f60205f5f305af1505f516001015f5260205ff3";

static const address BURNER = TEST_CONTRACT(43);
static const char BURNER_CODE[] = "5b5f56";

/* target 32 ‖ data: gas that a STATICCALL takes, with METER_GAS around it. */
static const address METER = TEST_CONTRACT(44);
static const char METER_CODE[] = "602036038060205f375a5f5f835f5f355afa505a90035f5260205ff3";
#define METER_GAS 120u

/* target 32 ‖ data: what it is by DELEGATECALL, and by CALLCODE. */
static const address DELEGATOR = TEST_CONTRACT(45);
static const char DELEGATOR_CODE[] = "602036038060205f375f5f915f5f355af45f5260205ff3";
static const address CODECALLER = TEST_CONTRACT(46);
static const char CODECALLER_CODE[] = "602036038060205f375f5f915f5f5f355af25f5260205ff3";

static struct genesis_account program(address at, const char *hex) {
    bytes code;
    assert_int_equal(hex_decode(&code, &arena, hex, strlen(hex)), ERR_OK);
    return test_contract(at, code.data, code.size);
}

/* --- what the tests say ----------------------------------------------------------------------- */

static void build(const struct world_tx *txs, size_t tx_count) {
    struct world_options options = network_options(&net, txs, tx_count);
    assert_int_equal(world_build(&result, &options), ERR_OK);
    if (result.status != WORLD_OK) print_error("%s\n", result.reason);
    assert_int_equal(result.status, WORLD_OK);
}

static bytes output_of(size_t tx) {
    assert_true(result.txs[tx].is_included);
    const struct execution_result *run = &result.block->results[result.txs[tx].index];
    assert_true(run->is_success);
    return run->output;
}

/* What a contract of rollup 1 gives for this calldata, called from L1; the block is gone on to. */
static bytes ask(address contract, bytes data) {
    const struct world_tx tx = network_tx(&net, 0, network_proxy(&net, 1, contract), 0, data);
    build(&tx, 1);
    const bytes output = output_of(0);
    network_advance(&net, &result);
    return output;
}

static bytes slots_input(address who, const uint64_t *keys, size_t count) {
    bytes input = join(&net, address_bytes(&who), BYTES_EMPTY);
    for (size_t i = 0; i < count; i++)
        input = join(&net, input, word_of(&net, keys[i]));
    return input;
}

static bytes call_input(address target, bytes data) {
    return join(&net, join(&net, address_bytes(&target), BYTES_EMPTY), data);
}

/* A call of a contract on L1, by VIEW on rollup 1. */
static bytes call_l1(address target, bytes data) {
    return ask(VIEW, viewed(&net, L1CALL_ADDRESS, call_input(target, data)));
}

static uint64_t word_at(bytes output, size_t index) {
    assert_true(output.size >= 32 * (index + 1));
    const u256 word = u256_load_be(output.data + 32 * index);
    assert_true(u256_fits_u64(&word));
    return word.w[0];
}

static void assert_word(bytes output, size_t index, const void *expected) {
    assert_memory_equal(output.data + 32 * index, expected, 32);
}

static struct world_tx set_cell(uint64_t index, uint64_t value) {
    return network_tx(&net, index, CELL, 0, word_of(&net, value));
}

static void set_cell_alone(uint64_t value) {
    const struct world_tx tx = set_cell(0, value);
    build(&tx, 1);
    network_advance(&net, &result);
}

/* --- L1SLOAD ---------------------------------------------------------------------------------- */

/* A call from L1 that comes after a change of the same block sees the anchor, not the change. */
static void slots_are_those_of_the_anchor(void **state) {
    (void)state;
    set_cell_alone(7);
    const bytes input = slots_input(CELL, (uint64_t[]){0}, 1);
    const struct world_tx txs[] = {
        set_cell(0, 9),
        network_tx(&net, 1, network_proxy(&net, 1, VIEW), 0, viewed(&net, L1SLOAD_ADDRESS, input)),
        network_tx(
            &net,
            2,
            network_proxy(&net, 1, VIEW),
            0,
            viewed(&net, L1CALL_ADDRESS, call_input(CELL, BYTES_EMPTY))
        ),
    };
    build(txs, 3);
    assert_int_equal(word_at(output_of(1), 0), 7);
    assert_int_equal(word_at(output_of(2), 0), 7);
    network_advance(&net, &result);
    assert_int_equal(network_word(&net, 0, CELL), 9);
    assert_int_equal(word_at(ask(VIEW, viewed(&net, L1SLOAD_ADDRESS, input)), 0), 9);
}

static void several_slots_come_at_once(void **state) {
    (void)state;
    set_cell_alone(7);
    const uint64_t keys[] = {1, 0, 0, 2, 0};
    const bytes output = ask(VIEW, viewed(&net, L1SLOAD_ADDRESS, slots_input(CELL, keys, 5)));
    assert_int_equal(output.size, 5 * 32);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(word_at(output, i), keys[i] == 0 ? 7 : 0);
    /* Where there is nobody, there is nothing. */
    const address nobody = TEST_CONTRACT(99);
    assert_int_equal(
        word_at(ask(VIEW, viewed(&net, L1SLOAD_ADDRESS, slots_input(nobody, keys, 1))), 0), 0
    );
}

/* --- L1CALL ----------------------------------------------------------------------------------- */

static void a_call_sees_the_anchors_block(void **state) {
    (void)state;
    set_cell_alone(1);
    const struct header anchor = net.head;
    const address me = network_proxy(&net, 1, VIEW);
    const bytes e = call_l1(ENVIRONMENT, BYTES_EMPTY);
    assert_int_equal(e.size, ENVIRONMENT_WORDS * 32);
    assert_int_equal(word_at(e, NUMBER), anchor.number);
    assert_int_equal(word_at(e, TIMESTAMP), anchor.timestamp);
    assert_int_equal(word_at(e, GASLIMIT), anchor.gas_limit);
    assert_memory_equal(e.data + 32 * COINBASE + 12, anchor.coinbase.b, 20);
    assert_word(e, PREVRANDAO, anchor.mix_hash.b);
    assert_int_equal(word_at(e, BASEFEE), u256_to_u64_saturating(&anchor.base_fee_per_gas));
    assert_int_equal(word_at(e, CHAINID), NETWORK_CHAIN_ID);
    assert_memory_equal(e.data + 32 * ORIGIN + 12, me.b, 20);
    assert_memory_equal(e.data + 32 * CALLER + 12, me.b, 20);
    assert_int_equal(word_at(e, GASPRICE), 0);
    assert_int_equal(word_at(e, BLOBBASEFEE), 1);
    assert_word(e, PARENT_HASH, anchor.parent_hash.b);
    assert_word(e, GRANDPARENT_HASH, net.hashes[anchor.number - 2].b);
    assert_int_equal(word_at(e, OWN_HASH), 0);
}

static void effects_are_discarded(void **state) {
    (void)state;
    static const uint8_t SHA256_OF_NOTHING[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                                  0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                                  0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                                  0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    const bytes input = call_input(EFFECTS, BYTES_EMPTY);
    const struct world_tx txs[] = {
        network_tx(&net, 0, network_proxy(&net, 1, VIEW), 0, viewed(&net, L1CALL_ADDRESS, input)),
        /* By CALL, and twice in one transaction. */
        network_tx(
            &net,
            1,
            network_proxy(&net, 1, PAIR),
            0,
            pair(&net, L1CALL_ADDRESS, input, L1CALL_ADDRESS, input)
        ),
        network_tx(
            &net, 2, network_proxy(&net, 1, RELAY), 0, relayed(&net, L1CALL_ADDRESS, 0, input)
        ),
    };
    build(txs, 3);
    for (size_t i = 0; i < 3; i += 2) {
        assert_word(output_of(i), 0, SHA256_OF_NOTHING);
        assert_int_equal(word_at(output_of(i), 1), 1);
    }
    network_advance(&net, &result);
    assert_int_equal(network_word(&net, 0, EFFECTS), 0);
    assert_int_equal(network_account(&net, 0, EFFECTS).nonce, 1);
    assert_int_equal(network_account(&net, 0, network_proxy(&net, 1, VIEW)).nonce, 1);
}

static void calls_go_as_deep_as_on_l1(void **state) {
    (void)state;
    assert_int_equal(word_at(call_l1(DEEP, word_of(&net, 10)), 0), 10);
}

static void who_is_not_there_gives_nothing(void **state) {
    (void)state;
    const address nobody = TEST_CONTRACT(99);
    assert_int_equal(call_l1(nobody, word_of(&net, 1)).size, 0);
}

/* TRY's output is what the call gave, whether it failed or not. */
static void failures_come_back_with_their_data(void **state) {
    (void)state;
    const bytes output =
        ask(TRY, relayed(&net, L1CALL_ADDRESS, 0, call_input(REVERTER, BYTES_EMPTY)));
    static const uint8_t DEADBEEF[] = {0xde, 0xad, 0xbe, 0xef};
    assert_true(bytes_equal(output, bytes_of(DEADBEEF, 4)));
    /* A frame that read the parent, and then fails, has nothing to undo elsewhere. */
    const struct world_tx tx = network_tx(
        &net,
        0,
        network_proxy(&net, 1, TRY),
        0,
        relayed(&net, RELAY, 0, relayed(&net, L1CALL_ADDRESS, 0, call_input(REVERTER, BYTES_EMPTY)))
    );
    build(&tx, 1);
    assert_true(bytes_equal(output_of(0), bytes_of(DEADBEEF, 4)));
    network_advance(&net, &result);
    assert_int_equal(network_word(&net, 0, REVERTER), 0);
    assert_int_equal(
        ask(TRY, relayed(&net, L1CALL_ADDRESS, 0, call_input(BURNER, BYTES_EMPTY))).size, 0
    );
}

/* --- prices ----------------------------------------------------------------------------------- */

static uint64_t metered(address precompile, bytes input) {
    const bytes output = ask(METER, join(&net, address_word(&net, precompile), input));
    return word_at(output, 0) - METER_GAS;
}

static void gas_is_what_the_protocol_says(void **state) {
    (void)state;
    const uint64_t keys[] = {0, 1, 2, 3, 4};
    const address nobody = TEST_CONTRACT(99);
    assert_int_equal(metered(L1SLOAD_ADDRESS, slots_input(CELL, keys, 1)), 4000);
    assert_int_equal(metered(L1SLOAD_ADDRESS, slots_input(CELL, keys, 5)), 12000);
    assert_int_equal(metered(L1CALL_ADDRESS, call_input(nobody, BYTES_EMPTY)), 12000 + 16 * 20);
    /* READER: a cold slot 2,100, and 15 for its other instructions. */
    assert_int_equal(
        metered(L1CALL_ADDRESS, call_input(READER, word_of(&net, 1))),
        12000 + 16 * (20 + 32) + 16 * 32 + 2100 + 15
    );
    /* The second of two calls begins anew: nothing is warm of the first. */
    assert_int_equal(
        metered(L1CALL_ADDRESS, call_input(READER, BYTES_EMPTY)),
        12000 + 16 * 20 + 16 * 32 + 2100 + 15
    );
}

/* --- what is no read -------------------------------------------------------------------------- */

/* TRY gives no output where the call fails without data; the anchor of its L2TX is there. */
static void assert_refused(address precompile, uint64_t wei, bytes input) {
    const bytes data = relayed(&net, precompile, wei, input);
    const struct world_tx tx = network_tx(&net, 0, network_proxy(&net, 1, RELAY), wei, data);
    build(&tx, 1);
    assert_true(result.txs[0].is_included);
    const struct execution_result *run = &result.block->results[result.txs[0].index];
    assert_false(run->is_success);
    assert_int_equal(run->output.size, 0);
    network_advance(&net, &result);
}

static void what_is_no_read_fails(void **state) {
    (void)state;
    const uint64_t keys[] = {0, 1, 2, 3, 4, 5};
    const bytes good = slots_input(CELL, keys, 2);
    assert_refused(L1SLOAD_ADDRESS, 0, BYTES_EMPTY);
    assert_refused(L1SLOAD_ADDRESS, 0, bytes_slice(good, 0, 19));
    assert_refused(L1SLOAD_ADDRESS, 0, bytes_slice(good, 0, 20));
    assert_refused(L1SLOAD_ADDRESS, 0, bytes_slice(good, 0, 51));
    assert_refused(L1SLOAD_ADDRESS, 0, bytes_slice(good, 0, 83));
    assert_refused(L1SLOAD_ADDRESS, 0, slots_input(CELL, keys, 6));
    assert_refused(L1SLOAD_ADDRESS, 1, good);
    assert_refused(L1CALL_ADDRESS, 0, BYTES_EMPTY);
}

static void what_is_no_call_fails(void **state) {
    (void)state;
    const bytes good = call_input(READER, BYTES_EMPTY);
    assert_refused(L1CALL_ADDRESS, 0, bytes_slice(good, 0, 19));
    assert_refused(L1CALL_ADDRESS, 1, good);
    /* In the name of another there is no call; slots have no reader. */
    assert_int_equal(word_at(ask(DELEGATOR, viewed(&net, L1CALL_ADDRESS, good)), 0), 0);
    assert_int_equal(word_at(ask(CODECALLER, viewed(&net, L1CALL_ADDRESS, good)), 0), 0);
    const bytes slot = slots_input(CELL, (uint64_t[]){0}, 1);
    assert_int_equal(word_at(ask(DELEGATOR, viewed(&net, L1SLOAD_ADDRESS, slot)), 0), 1);
    assert_int_equal(word_at(ask(CODECALLER, viewed(&net, L1SLOAD_ADDRESS, slot)), 0), 1);
}

/* A contract of L1 that calls the precompile itself, through its proxy, is on L1 who it is. */
static void there_is_no_alias_of_an_alias(void **state) {
    (void)state;
    const address precompile = network_proxy(&net, 1, L1CALL_ADDRESS);
    const struct world_tx make =
        network_tx(&net, 0, net.hub, 0, create_proxy_call(&net, 1, L1CALL_ADDRESS));
    build(&make, 1);
    network_advance(&net, &result);
    const struct world_tx tx = network_tx(
        &net, 0, RELAY, 0, relayed(&net, precompile, 0, call_input(ENVIRONMENT, BYTES_EMPTY))
    );
    build(&tx, 1);
    assert_memory_equal(output_of(0).data + 32 * CALLER + 12, RELAY.b, 20);
    network_advance(&net, &result);
}

/* --- unsafe blocks, and what goes into the witness -------------------------------------------- */

/* A block of rollup 1 between two of L1, with one transaction of the user. */
static void set_pending(address contract, bytes data) {
    bytes *tx = arena_alloc(&arena, sizeof(*tx));
    struct payload_block *block = arena_alloc(&arena, sizeof(*block));
    CHECK(tx != NULL && block != NULL);
    *tx = rollup_tx(&net, 1, 0, contract, 0, data);
    *block = (struct payload_block
    ){.timestamp = net.head.timestamp, .fee_recipient = net.builder, .txs = tx, .tx_count = 1};
    net.rollups[0].pending = block;
    net.rollups[0].pending_count = 1;
    net.rollups[0].must_move = true;
}

static void build_pending(void) {
    build(NULL, 0);
    assert_true(result.has_batch);
}

static void go_on(void) {
    network_advance(&net, &result);
    net.rollups[0].pending_count = 0;
    net.rollups[0].must_move = false;
}

static void a_block_before_the_first_anchor_reads_nothing(void **state) {
    (void)state;
    set_cell_alone(7);
    const bytes input = relayed(&net, L1SLOAD_ADDRESS, 0, slots_input(CELL, (uint64_t[]){0}, 1));
    set_pending(RELAY, input);
    build_pending();
    go_on();
    assert_int_equal(network_word(&net, 1, RELAY), 0);
    (void)ask(RELAY, input);
    assert_int_equal(network_word(&net, 1, RELAY), 7);
}

/* Such a block has the anchor of the slot block before it. */
static void pend_a_call(void) {
    set_cell_alone(7);
    (void)ask(COUNTER, word_of(&net, 1)); /* anchored where the cell is 7 */
    set_cell_alone(8);
    set_cell_alone(9);
    set_pending(RELAY, relayed(&net, L1CALL_ADDRESS, 0, call_input(CELL, BYTES_EMPTY)));
    build_pending();
}

static void an_unsafe_block_reads_the_anchor_in_its_state(void **state) {
    (void)state;
    pend_a_call();
    go_on();
    assert_int_equal(network_word(&net, 1, RELAY), 7);
    (void)ask(RELAY, relayed(&net, L1CALL_ADDRESS, 0, call_input(CELL, BYTES_EMPTY)));
    assert_int_equal(network_word(&net, 1, RELAY), 9);
}

/* The verdict on the block's batch with this witness. */
static enum verify_verdict verify_with(const struct witness *witness) {
    return test_input_verify(&arena, result.input, witness, &net.schedule);
}

/* Each node, code and header is needed, and nothing else does instead. */
static void nothing_of_the_parent_can_be_left_out(void **state) {
    (void)state;
    pend_a_call();
    struct test_input mine;
    test_input_open(&mine, &arena, result.input);
    const struct witness w = mine.witness;
    assert_int_equal(verify_with(&w), VERIFY_OK);
    assert_int_equal(w.header_count, 2);
    const hash32 anchor = header_hash(&net.head);
    for (size_t i = 0; i < w.header_count; i++) {
        struct witness less = w;
        const hash32 hash = keccak256(w.headers[i]);
        const bool is_anchor = hash32_equal(&hash, &anchor);
        less.headers = test_input_without(&arena, w.headers, &less.header_count, i);
        assert_int_equal(
            verify_with(&less), is_anchor ? VERIFY_ANCHOR_MISSING : VERIFY_WITNESS_INCOMPLETE
        );
        if (is_anchor) continue;
        /* Another header of the parent is not the one that the state names. */
        assert_int_equal(
            header_encode(&less.headers[less.header_count++], &arena, &net.headers[1]), ERR_OK
        );
        assert_int_equal(verify_with(&less), VERIFY_WITNESS_INCOMPLETE);
    }
    assert_true(test_input_needs_all(&arena, result.input, &w, &net.schedule));
}

/* What is not at hand is nobody's answer: no block comes of it. */
static void missing_data_is_a_fault(void **state) {
    (void)state;
    pend_a_call();
    struct world_options options = network_options(&net, NULL, 0);
    options.headers.get = NULL;
    assert_int_equal(world_build(&result, &options), ERR_MISSING);
    struct source_memory nothing;
    source_memory_open(&nothing, &arena, NULL);
    struct parent parent = {.arena = &arena};
    struct journal journal;
    struct state own;
    struct execution x;
    const struct block_context block = {.rules = {.fork = FORK_OSAKA}};
    assert_int_equal(journal_open(&journal, &arena), ERR_OK);
    assert_int_equal(state_open(&own, &arena, net.rollups[0].base, &net.rollups[0].head), ERR_OK);
    assert_int_equal(execution_open(&x, &arena, &block, &own, &journal, NULL), ERR_OK);
    const struct execution_message message = {
        .target = L1SLOAD_ADDRESS,
        .gas = 100000,
        .input = slots_input(CELL, (uint64_t[]){0}, 1),
    };
    const struct execution_options foreign = {
        .foreign = ROLLUP_FOREIGN,
        .foreign_count = ROLLUP_FOREIGN_COUNT,
    };
    execution_begin_message(&x, &message, &foreign);
    assert_int_equal(execution_run(&x), EXECUTION_CALL);
    enum parent_refusal refusal;
    assert_int_equal(parent_answer(&parent, &refusal, &x), ERR_MISSING);
    parent.source = &nothing.source;
    assert_int_equal(parent_answer(&parent, &refusal, &x), ERR_MISSING);
    parent = (struct parent){.arena = &arena, .source = net.l1};
    assert_int_equal(parent_answer(&parent, &refusal, &x), ERR_OK);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    assert_int_equal(word_at(x.result.output, 0), 7);
}

/* --- the parent's rules ----------------------------------------------------------------------- */

static void the_rules_are_those_of_the_parent(void **state) {
    (void)state;
    pend_a_call();
    struct fork_schedule other = net.schedule;
    other.activation[FORK_OSAKA] = FORK_NEVER;
    const struct verify_options options = {.schedule = &other};
    struct verify_result verified;
    assert_int_equal(verify_input(&verified, &arena, &options, result.input), ERR_OK);
    assert_int_equal(verified.verdict, VERIFY_ENTRY_NO_FACT);
    assert_int_equal(verified.step, STEP_PARENT_RULES);
}

static void assert_no_rules(const uint8_t *code, size_t size) {
    struct fork_schedule schedule;
    assert_int_equal(parent_rules_decode(&schedule, bytes_of(code, size), 1), ERR_INPUT);
}

static void rules_are_written_and_read(void **state) {
    (void)state;
    struct fork_schedule mainnet;
    struct fork_schedule again;
    bytes code;
    forks_mainnet(&mainnet);
    assert_int_equal(parent_rules_encode(&code, &arena, &mainnet), ERR_OK);
    assert_int_equal(code.data[0], 0);
    assert_int_equal(parent_rules_decode(&again, code, 1), ERR_OK);
    for (int fork = FORK_SHANGHAI; fork < FORK_COUNT; fork++)
        assert_int_equal(again.activation[fork], mainnet.activation[fork]);
    static const uint64_t times[] = {1681338455, 1710338135, 1746612311, 1764798551, 1767747671};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const struct fork_rules rules = forks_at(&again, 20000000, times[i]);
        const struct fork_rules expected = forks_at(&mainnet, 20000000, times[i]);
        assert_int_equal(rules.fork, expected.fork);
        assert_int_equal(rules.chain_id, 1);
        assert_memory_equal(&rules.blob, &expected.blob, sizeof(rules.blob));
    }
    /* Cut short at any place, and with anything behind, they are none. */
    for (size_t size = 0; size < code.size; size++)
        assert_no_rules(code.data, size);
    uint8_t *more = arena_alloc(&arena, code.size + 1);
    assert_non_null(more);
    memcpy(more, code.data, code.size);
    more[code.size] = 0x80;
    assert_no_rules(more, code.size + 1);
    more[0] = 1;
    assert_no_rules(more, code.size);
    /* A parent that is a rollup says so, and no chain says anything else. */
    assert_false(again.is_rollup);
    bytes plain;
    mainnet.blob_count = 0;
    assert_int_equal(parent_rules_encode(&plain, &arena, &mainnet), ERR_OK);
    mainnet.is_rollup = true;
    assert_int_equal(parent_rules_encode(&code, &arena, &mainnet), ERR_OK);
    assert_int_equal(code.size, plain.size + 1);
    assert_int_equal(parent_rules_decode(&again, code, 1), ERR_OK);
    assert_true(again.is_rollup);
    memcpy(more, code.data, code.size);
    more[code.size - 1] = 2;
    assert_no_rules(more, code.size);
}

static void rules_that_make_no_sense_are_none(void **state) {
    (void)state;
    static const uint8_t no_lists[] = {0, 0xc0};
    static const uint8_t more_forks[] = {0, 0xc7, 0xc5, 1, 2, 3, 4, 5, 0xc0};
    static const uint8_t no_fraction[] = {0, 0xc7, 0xc0, 0xc5, 0xc4, 1, 1, 1, 0x80};
    static const uint8_t not_ascending[] = {
        0, 0xcc, 0xc0, 0xca, 0xc4, 2, 1, 1, 1, 0xc4, 2, 1, 1, 1};
    static const uint8_t fewer_forks[] = {0, 0xc4, 0xc2, 1, 2, 0xc0};
    assert_no_rules(no_lists, sizeof(no_lists));
    assert_no_rules(more_forks, sizeof(more_forks));
    assert_no_rules(no_fraction, sizeof(no_fraction));
    assert_no_rules(not_ascending, sizeof(not_ascending));
    struct fork_schedule schedule;
    assert_int_equal(
        parent_rules_decode(&schedule, bytes_of(fewer_forks, sizeof(fewer_forks)), 5), ERR_OK
    );
    assert_int_equal(schedule.activation[FORK_CANCUN], 2);
    assert_int_equal(schedule.activation[FORK_PRAGUE], FORK_NEVER);
}

/* ---------------------------------------------------------------------------------------------- */

static int begin_unanchored(void **state) {
    (void)state;
    arena_release(&arena, born_mark);
    net = born;
    return 0;
}

/* Rollup 1 has had a slot block. */
static int begin(void **state) {
    (void)begin_unanchored(state);
    (void)ask(COUNTER, word_of(&net, 1));
    return 0;
}

static int open_arena(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 32);
    struct genesis_account contracts[TEST_CONTRACT_COUNT];
    struct network_resident residents[64];
    size_t count = 0;
    (void)test_contracts(contracts);
    network_name(&born, &arena);
    for (uint64_t chain = 0; chain <= 1; chain++)
        for (size_t i = 0; i < TEST_CONTRACT_COUNT; i++)
            residents[count++] = (struct network_resident){chain, contracts[i]};
    residents[count++] = (struct network_resident){0, program(ENVIRONMENT, ENVIRONMENT_CODE)};
    residents[count++] = (struct network_resident){0, program(EFFECTS, EFFECTS_CODE)};
    residents[count++] = (struct network_resident){0, program(DEEP, DEEP_CODE)};
    residents[count++] = (struct network_resident){0, program(BURNER, BURNER_CODE)};
    residents[count++] = (struct network_resident){1, program(METER, METER_CODE)};
    residents[count++] = (struct network_resident){1, program(DELEGATOR, DELEGATOR_CODE)};
    residents[count++] = (struct network_resident){1, program(CODECALLER, CODECALLER_CODE)};
    network_open_with(&born, residents, count);
    born_mark = arena_mark(&arena);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(slots_are_those_of_the_anchor, begin),
        cmocka_unit_test_setup(several_slots_come_at_once, begin),
        cmocka_unit_test_setup(a_call_sees_the_anchors_block, begin),
        cmocka_unit_test_setup(effects_are_discarded, begin),
        cmocka_unit_test_setup(calls_go_as_deep_as_on_l1, begin),
        cmocka_unit_test_setup(who_is_not_there_gives_nothing, begin),
        cmocka_unit_test_setup(failures_come_back_with_their_data, begin),
        cmocka_unit_test_setup(gas_is_what_the_protocol_says, begin),
        cmocka_unit_test_setup(what_is_no_read_fails, begin),
        cmocka_unit_test_setup(what_is_no_call_fails, begin),
        cmocka_unit_test_setup(there_is_no_alias_of_an_alias, begin),
        cmocka_unit_test_setup(a_block_before_the_first_anchor_reads_nothing, begin_unanchored),
        cmocka_unit_test_setup(an_unsafe_block_reads_the_anchor_in_its_state, begin),
        cmocka_unit_test_setup(nothing_of_the_parent_can_be_left_out, begin),
        cmocka_unit_test_setup(missing_data_is_a_fault, begin),
        cmocka_unit_test_setup(the_rules_are_those_of_the_parent, begin),
        cmocka_unit_test_setup(rules_are_written_and_read, begin),
        cmocka_unit_test_setup(rules_that_make_no_sense_are_none, begin),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
