/* Rollups whose state somebody made up, before or after registering them with an honest attester's
 * proof system: whatever is in it, verify_input comes to a verdict. */
#include "world/test_network.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define GAS 1000000u

static struct arena arena;
static struct network net; /* no chain of it is begun */
static struct verify_result got;

/* --- a rollup and what is claimed of it ------------------------------------------------------- */

static const address RICH = TEST_CONTRACT(20);
static const address POOR = TEST_CONTRACT(21);

/* Leaves all it has to RICH: SELFDESTRUCT. */
static const address DYING = TEST_CONTRACT(22);
static const uint8_t DYING_CODE[22] = {
    0x73,
    0xc0,
    [19] = 1,
    20,
    0xff,
};

/* Reverts, whoever calls it. */
static const uint8_t REFUSE_CODE[] = {0x5f, 0x5f, 0xfd};

static struct genesis genesis;
static struct open_block open;
static struct witness witness;
static struct batch batch;
static struct update update;
static struct transition transition;
static struct entry entry;
static struct header anchor;
static struct update_context anchoring;

/* Rollup 1 with RICH, who has all the ether that a number can say, and some contracts. */
static int begin(void **state) {
    (void)state;
    arena_reset(&arena);
    net = (struct network){.arena = &arena, .hub = TEST_CONTRACT(30)};
    must(secp256k1_address_of(&net.user, &USER_KEY));
    const struct genesis_account funded = {.address = net.user, .balance = ETHER};
    struct fork_schedule parent_schedule;
    forks_development(&parent_schedule, NETWORK_CHAIN_ID, FORK_OSAKA);
    struct rollup_genesis_options options = {
        .rollup_id = 1,
        .chain_id = NETWORK_CHAIN_ID + 1,
        .parent_chain_id = NETWORK_CHAIN_ID,
        .parent_schedule = &parent_schedule,
        .hub = net.hub,
        .block_gas_limit = NETWORK_GAS_LIMIT,
        .timestamp = NETWORK_TIMESTAMP,
        .accounts = &funded,
        .account_count = 1,
    };
    u256 ether_wei;
    must(rollup_genesis(&genesis, &open, &ether_wei, &arena, &options));
    size_t count = genesis.account_count;
    struct genesis_account *accounts = arena_alloc_array(&arena, count + 16, sizeof(*accounts));
    CHECK(accounts != NULL);
    memcpy(accounts, genesis.accounts, count * sizeof(*accounts));
    count += test_contracts(&accounts[count]);
    accounts[count++] = (struct genesis_account){.address = RICH, .balance = U256_MAX};
    accounts[count] = test_contract(DYING, DYING_CODE, sizeof(DYING_CODE));
    accounts[count++].balance = ETHER;
    genesis.accounts = accounts;
    genesis.account_count = count;
    anchor = (struct header){
        .fields = HEADER_REQUESTS_HASH,
        .number = 7,
        .gas_limit = NETWORK_GAS_LIMIT,
        .timestamp = NETWORK_TIMESTAMP,
    };
    batch = (struct batch){.entries = &entry, .entry_count = 1};
    entry = (struct entry){
        .transitions = &transition,
        .transition_count = 1,
        .out = {.kind = ACTION_RESULT, .rollup_id = 1},
    };
    update = (struct update){.rollup_id = 1};
    return 0;
}

static struct genesis_account *account_of(const address *who) {
    for (size_t i = 0; i < genesis.account_count; i++)
        if (address_equal(&genesis.accounts[i].address, who))
            return (struct genesis_account *)(uintptr_t)&genesis.accounts[i];
    fail_msg("no such account");
    return NULL;
}

/* Makes the state, and its whole the witness. */
static void commit(void) {
    struct source_memory *memory = (struct source_memory *)commit_genesis(&net, &genesis);
    struct witness_head *head = arena_alloc_zero(&arena, sizeof(*head));
    CHECK(head != NULL);
    head->rollup_id = 1;
    head->head = genesis.header.state_root;
    must(open_block_encode(&head->open_block, &arena, &open));
    witness = (struct witness){
        .heads = head,
        .head_count = 1,
        .node_count = source_memory_node_count(memory),
        .code_count = source_memory_code_count(memory),
    };
    witness.nodes = arena_alloc_array(&arena, witness.node_count, sizeof(bytes));
    witness.codes = arena_alloc_array(&arena, witness.code_count, sizeof(bytes));
    CHECK(witness.nodes != NULL && witness.codes != NULL);
    hash32 hash;
    for (uint32_t i = 0; i < witness.node_count; i++)
        source_memory_node_at(memory, i, &hash, &witness.nodes[i]);
    for (uint32_t i = 0; i < witness.code_count; i++)
        source_memory_code_at(memory, i, &hash, &witness.codes[i]);
    transition = (struct transition){.rollup_id = 1, .pre = head->head};
}

/* The witness is the whole state: more than is needed. */
static void verify(void) {
    const struct verify_options lax = {.allows_surplus = true};
    bytes input;
    size_t offset;
    const struct verify_claim claim = {
        NETWORK_CHAIN_ID, net.hub, &batch, &anchoring, &witness, NULL};
    must(verify_make_input(&input, &offset, &arena, &claim));
    must(verify_input(&got, &arena, &lax, input));
}

/* Claims something of a call from L1. */
static void verify_call(address target, uint64_t wei) {
    commit();
    entry.input = (struct action){
        .kind = ACTION_CALL,
        .rollup_id = 1,
        .target = target,
        .source = POOR,
        .value_wei = u256_from_u64(wei),
        .gas = GAS,
    };
    verify();
}

/* Claims of a call to the idle rollup that it fails, uses so much gas and changes nothing. */
static void verify_failure(const struct action *call, uint64_t gas_used) {
    commit();
    transition.post = transition.pre;
    transition.idle = true;
    entry.input = *call;
    entry.out =
        (struct action){.kind = ACTION_RESULT, .rollup_id = 1, .failed = true, .gas = gas_used};
    verify();
}

/* Claims something of an L2TX whose slot block holds this transaction, or none. */
static void verify_l2tx(const bytes *tx, address fee_recipient) {
    bytes one = tx == NULL ? BYTES_EMPTY : *tx;
    struct payload_block block = {
        .timestamp = NETWORK_TIMESTAMP + 12,
        .fee_recipient = fee_recipient,
        .txs = &one,
        .tx_count = tx == NULL ? 0 : 1,
    };
    struct payload payload = {&block, 1};
    commit();
    bytes *headers = arena_alloc(&arena, sizeof(*headers));
    CHECK(headers != NULL);
    must(header_encode(headers, &arena, &anchor));
    witness.headers = headers;
    witness.header_count = 1;
    must(payload_encode(&update.payload, &arena, &payload));
    update.anchor_number = anchor.number;
    update.timestamp = block.timestamp;
    batch.updates = &update;
    batch.update_count = 1;
    anchoring = (struct update_context){.anchor_hash = keccak256(*headers)};
    must(update_action(&entry.input, &arena, &update, &anchoring));
    verify();
}

#define assert_verdict(name) \
    assert_string_equal(verify_verdict_name(got.verdict), verify_verdict_name(VERIFY_##name))

static void assert_no_fact(enum step_verdict step) {
    assert_verdict(ENTRY_NO_FACT);
    assert_string_equal(step_verdict_name(got.step), step_verdict_name(step));
}

/* --- balances --------------------------------------------------------------------------------- */

static void a_balance_that_overflows_is_no_fact(void **state) {
    (void)state;
    /* A call that the rollup can make: its claims are wrong, but it is a fact. */
    verify_call(RICH, 0);
    assert_verdict(ENTRY_TRANSITIONS);
    verify_call(POOR, 1);
    assert_verdict(ENTRY_TRANSITIONS);
    /* Ether for whom no more can be counted: by the call itself, by a call in it, at the end of a
     * contract. */
    verify_call(RICH, 1);
    assert_no_fact(STEP_TOO_MUCH_ETHER);
    verify_call(RELAY, 1);
    assert_verdict(ENTRY_TRANSITIONS);
    entry.input.data = relayed(&net, RICH, 1, BYTES_EMPTY);
    verify();
    assert_no_fact(STEP_TOO_MUCH_ETHER);
    verify_call(DYING, 0);
    assert_no_fact(STEP_TOO_MUCH_ETHER);
}

static void a_proxy_that_has_too_much_is_no_fact(void **state) {
    (void)state;
    account_of(&RICH)->address = rollup_proxy(0, POOR);
    verify_call(COUNTER, 1);
    assert_no_fact(STEP_TOO_MUCH_ETHER);
}

static void a_fee_that_overflows_is_no_fact(void **state) {
    (void)state;
    const struct tx *tx =
        network_sign(&net, NETWORK_CHAIN_ID + 1, &USER_KEY, 0, POOR, 0, BYTES_EMPTY);
    bytes encoded;
    must(tx_encode(&encoded, &arena, tx));
    verify_l2tx(&encoded, POOR);
    assert_verdict(ENTRY_TRANSITIONS);
    verify_l2tx(&encoded, RICH);
    assert_no_fact(STEP_TOO_MUCH_ETHER);
}

/* --- in whose name ---------------------------------------------------------------------------- */

/* Whom the system's contracts trust has no voice from another chain. */
static void calls_in_the_name_of_the_system_fail(void **state) {
    (void)state;
    struct action call = {.kind = ACTION_CALL, .rollup_id = 1, .target = COUNTER, .gas = GAS};
    const address refused[] = {L2HUB_PREDEPLOY, SYSTEM_ADDRESS};
    for (size_t i = 0; i < 2; i++) {
        call.source = refused[i];
        call.source_rollup_id = 1;
        verify_failure(&call, 0);
        assert_verdict(OK);
        /* On another chain it is an account like any other. */
        call.source_rollup_id = 0;
        verify_failure(&call, 0);
        assert_verdict(ENTRY_TRANSITIONS);
    }
    call.source = net.user;
    call.target = L2HUB_PREDEPLOY;
    verify_failure(&call, 0);
    assert_verdict(OK);
}

/* --- depth ------------------------------------------------------------------------------------ */

/* Calls itself as often as its calldata's word says, then the proxy of L1's COUNTER. */
static const uint8_t DIVE_CODE[] = {
    0x5f, 0x35, 0x80, 0x60, 0x24, 0x57,                                /* n = 0? */
    0x50, 0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x73, [33] = 0x5a, 0xf1, 0x00, /* call the proxy */
    0x5b, 0x60, 0x01, 0x90, 0x03, 0x5f, 0x52,                          /* n - 1 */
    0x5f, 0x5f, 0x60, 0x20, 0x5f, 0x5f, 0x30, 0x5a,        0xf1, 0x00, /* call itself */
};

static enum err find_rollup(void *context, struct rollup **rollup, hash32 *head, uint64_t id) {
    *rollup = id == 1 ? context : NULL;
    *head = transition.post;
    return ERR_OK;
}

static struct fact derive(struct rollup *rollup, const struct action *input) {
    struct fact fact;
    struct fact_rollups rollups = {.context = rollup, .find = find_rollup};
    must(fact_derive(&fact, &arena, &rollups, input));
    assert_string_equal(step_verdict_name(fact.verdict), "OK");
    transition = fact.entry.transitions[0];
    return fact;
}

/* What becomes of a call that comes in while XCALL is `depth` deep. */
static struct action answer_at(uint64_t depth) {
    static struct genesis_slot slots[SYSTEM_SLOT_COUNT];
    const uint64_t much = (uint64_t)1 << 50; /* gas that lasts for 1,024 frames */
    struct source_memory overlay;
    enum step_verdict verdict;
    uint8_t dive[sizeof(DIVE_CODE)];
    bytes proxy_code;
    assert_int_equal(begin(NULL), 0);
    address proxy = rollup_proxy(0, COUNTER);
    memcpy(dive, DIVE_CODE, sizeof(dive));
    memcpy(dive + 13, proxy.b, 20);
    account_of(&RELAY)->code = bytes_of(dive, sizeof(dive));
    must(proxy_runtime(&proxy_code, &arena, &L2HUB_PREDEPLOY, 0, &COUNTER));
    *account_of(&RICH) = test_contract(proxy, proxy_code.data, proxy_code.size);
    struct genesis_account *system = account_of(&SYSTEM_PREDEPLOY);
    memcpy(slots, system->slots, sizeof(slots));
    open.header.gas_limit = much;
    must(open_block_begin(&open, &arena, &open.header));
    hash32 commitment = open_block_commitment(&open);
    slots[SYSTEM_OPEN_BLOCK].value = u256_load_be(commitment.b);
    system->slots = slots;
    struct source_memory *memory = (struct source_memory *)commit_genesis(&net, &genesis);
    transition.post = genesis.header.state_root;
    source_memory_open(&overlay, &arena, &memory->source);
    const struct rollup_options options = {
        .arena = &arena, .rollup_id = 1, .chain_id = NETWORK_CHAIN_ID + 1, .overlay = &overlay};
    struct rollup *rollup = rollup_open(&EVM_ROLLUP_TYPE, &options);
    assert_non_null(rollup);
    must(rollup_add_head(rollup, &verdict, &transition.post, &open));
    assert_int_equal(verdict, STEP_OK);
    struct action call = {
        .kind = ACTION_CALL,
        .rollup_id = 1,
        .target = RELAY,
        .source = POOR,
        .gas = much / 2,
        .data = word_of(&net, depth - 3), /* below it: the proxy, the L2Hub, XCALL */
    };
    assert_int_equal(derive(rollup, &call).entry.out.kind, ACTION_CALL);
    call.target = COUNTER;
    call.gas = GAS;
    call.data = word_of(&net, 4);
    struct action out = derive(rollup, &call).entry.out;
    assert_int_equal(out.kind, ACTION_RESULT);
    return out;
}

static void calls_end_at_1024_frames(void **state) {
    (void)state;
    struct action out = answer_at(EVM_DEPTH_MAX - 1);
    assert_false(out.failed);
    assert_true(bytes_equal(out.data, word_of(&net, 4)));
    out = answer_at(EVM_DEPTH_MAX);
    assert_true(out.failed);
    assert_int_equal(out.data.size, 0);
    assert_int_equal(out.gas, 0);
}

/* --- forks ------------------------------------------------------------------------------------ */

/* Returns clz(1): an instruction that Osaka brought (EIP-7939). */
static const uint8_t CLZ_CODE[] = {0x60, 0x01, 0x1e, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3};

static void the_fork_is_what_the_state_says(void **state) {
    static struct genesis_slot slots[SYSTEM_SLOT_COUNT];
    (void)state;
    struct action call = {.kind = ACTION_CALL, .rollup_id = 1, .source = POOR, .gas = GAS};
    account_of(&COUNTER)->code = bytes_of(CLZ_CODE, sizeof(CLZ_CODE));
    struct genesis_account *system = account_of(&SYSTEM_PREDEPLOY);
    assert_int_equal(system->slot_count, sizeof(slots) / sizeof(slots[0]));
    memcpy(slots, system->slots, sizeof(slots));
    system->slots = slots;
    for (enum fork fork = FORK_PRAGUE; fork <= FORK_OSAKA; fork++) {
        slots[SYSTEM_FORK].value = u256_from_u64(fork);
        call.target = COUNTER;
        verify_failure(&call, GAS);
        if (fork < FORK_OSAKA)
            assert_verdict(OK);
        else
            assert_verdict(ENTRY_TRANSITIONS);
    }
    slots[SYSTEM_FORK].value = u256_from_u64(FORK_CANCUN);
    verify_call(COUNTER, 0);
    assert_no_fact(STEP_UNSUPPORTED);
    slots[SYSTEM_FORK].value = U256_MAX;
    verify_call(COUNTER, 0);
    assert_no_fact(STEP_UNSUPPORTED);
    verify_l2tx(NULL, POOR);
    assert_no_fact(STEP_UNSUPPORTED);
}

/* --- the system's own transactions ------------------------------------------------------------ */

static void an_anchor_that_is_refused_is_no_fact(void **state) {
    verify_l2tx(NULL, POOR);
    assert_verdict(ENTRY_TRANSITIONS);
    /* Older than the one that the state has as its newest: slot 0 of the Anchor. */
    assert_int_equal(begin(state), 0);
    struct genesis_slot slot = {.key = U256_ZERO, .value = u256_from_u64(7)};
    account_of(&ANCHOR_PREDEPLOY)->slots = &slot;
    account_of(&ANCHOR_PREDEPLOY)->slot_count = 1;
    verify_l2tx(NULL, POOR);
    assert_verdict(ENTRY_TRANSITIONS);
    slot.value = u256_from_u64(8);
    verify_l2tx(NULL, POOR);
    assert_no_fact(STEP_ANCHOR_REFUSED);
    /* A predeploy that is another contract. */
    assert_int_equal(begin(state), 0);
    account_of(&ANCHOR_PREDEPLOY)->code = bytes_of(REFUSE_CODE, sizeof(REFUSE_CODE));
    verify_l2tx(NULL, POOR);
    assert_no_fact(STEP_ANCHOR_REFUSED);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

static int open_arena(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 30);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_balance_that_overflows_is_no_fact),
        TEST(a_proxy_that_has_too_much_is_no_fact),
        TEST(a_fee_that_overflows_is_no_fact),
        TEST(calls_in_the_name_of_the_system_fail),
        TEST(calls_end_at_1024_frames),
        TEST(the_fork_is_what_the_state_says),
        TEST(an_anchor_that_is_refused_is_no_fact),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
