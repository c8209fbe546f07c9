/* rollup/test_ledger.h: a ledger from its genesis on, for its tests and its fuzzer: facts one after
 * the other, by fact_derive. */
#ifndef ROLLUP_TEST_LEDGER_H
#define ROLLUP_TEST_LEDGER_H

#include "batch/abi.h"
#include "core/check.h"
#include "rollup/block_run.h"
#include "rollup/fact.h"
#include "rollup/genesis_host.h"
#include "rollup/ledger.h"
#include "rollup/predeploys.h"

#define TEST_LEDGER_ID        1u
#define TEST_LEDGER_GAS       1000000u
#define TEST_LEDGER_BLOCK_GAS 30000000u
#define TEST_LEDGER_TOKENS    1000u

/* The owner is on the parent; holders are accounts of the ledger. */
static const address TEST_OWNER = {{[0] = 0x0a, [19] = 1}};
static const address TEST_HOLDER = {{[0] = 0x0b, [19] = 2}};
static const address TEST_OTHER = {{[0] = 0x0c, [19] = 3}};

struct test_ledger {
    struct arena *arena;
    struct source_memory state;
    struct source_memory overlay;
    struct rollup *rollup;
    hash32 head;
};

static inline void test_ledger_open(struct test_ledger *t, struct arena *arena) {
    const struct genesis_account accounts[] = {
        {.address = TEST_HOLDER, .balance = u256_from_u64(TEST_LEDGER_TOKENS)},
        {.address = block_run_proxy_of(0, &TEST_OTHER), .balance = u256_from_u64(1)},
    };
    const struct rollup_genesis_options options = {
        .rollup_id = TEST_LEDGER_ID,
        .chain_id = 42101,
        .parent_chain_id = 31337,
        .block_gas_limit = TEST_LEDGER_BLOCK_GAS,
        .timestamp = 1750000000,
        .accounts = accounts,
        .account_count = 2,
        .has_own_token = true,
        .kind = ROLLUP_LEDGER,
        .ledger_owner = TEST_OWNER,
    };
    struct genesis genesis;
    struct open_block open;
    struct state state;
    u256 ether_wei;
    *t = (struct test_ledger){.arena = arena};
    CHECK(rollup_genesis(&genesis, &open, &ether_wei, arena, &options) == ERR_OK);
    CHECK(u256_is_zero(&ether_wei));
    source_memory_open(&t->state, arena, NULL);
    CHECK(state_open(&state, arena, &t->state.source, &EMPTY_TRIE_ROOT) == ERR_OK);
    CHECK(genesis_commit(&genesis, &state, &t->state, arena) == ERR_OK);
    source_memory_open(&t->overlay, arena, &t->state.source);
    const struct rollup_options with = {
        .arena = arena,
        .rollup_id = TEST_LEDGER_ID,
        .chain_id = options.chain_id,
        .overlay = &t->overlay,
    };
    enum step_verdict verdict;
    t->rollup = rollup_open(&LEDGER_ROLLUP_TYPE, &with);
    CHECK(t->rollup != NULL);
    t->head = genesis.header.state_root;
    CHECK(rollup_add_head(t->rollup, &verdict, &t->head, &open) == ERR_OK);
    CHECK(verdict == STEP_OK);
}

static inline enum err
test_ledger_find(void *context, struct rollup **rollup, hash32 *head, uint64_t rollup_id) {
    struct test_ledger *t = context;
    *rollup = rollup_id == TEST_LEDGER_ID ? t->rollup : NULL;
    *head = t->head;
    return ERR_OK;
}

static inline struct rollup *test_ledger_find_head(void *context, const hash32 *head) {
    const struct test_ledger *t = context;
    return rollup_at(t->rollup, head) == NULL ? NULL : t->rollup;
}

/* The fact of this input, where the ledger stands; it then stands where that leads. */
static inline struct fact test_ledger_step(struct test_ledger *t, const struct action *input) {
    const struct fact_rollups rollups = {
        .context = t, .find = test_ledger_find, .find_head = test_ledger_find_head};
    struct fact fact;
    CHECK(fact_derive(&fact, t->arena, &rollups, input) == ERR_OK);
    if (fact.verdict == STEP_OK) t->head = fact.entry.transitions[0].post;
    return fact;
}

/* A call from somebody on the parent. */
static inline struct action test_ledger_call(const address *source, bytes data) {
    return (struct action){
        .kind = ACTION_CALL,
        .rollup_id = TEST_LEDGER_ID,
        .target = LEDGER_ADDRESS,
        .source = *source,
        .gas = TEST_LEDGER_GAS,
        .data = data,
    };
}

#endif
