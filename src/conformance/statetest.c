/* conformance/statetest.c: general state tests. The format is described where the fixtures are. */
#include "conformance/conformance.h"

#include "chain/commit.h"
#include "chain/execution.h"
#include "chain/header.h"
#include "conformance/exception.h"
#include "conformance/fixture.h"
#include "conformance/runner.h"
#include "conformance/shy.h"
#include "conformance/state_case.h"
#include "conformance/state_machine.h"
#include "core/check.h"

#include <stdio.h>
#include <string.h>

#define TEST_ARENA_SIZE_MAX ((size_t)1 << 30)
#define CASE_ARENA_SIZE_MAX ((size_t)4 << 30)
#define REASON_SIZE         256

/* What the cases of one test share. */
struct test {
    const char *path;
    const cJSON *json;
    struct arena *arena;         /* the test's */
    struct source_memory source; /* the pre-state, made for the first case that is run */
    hash32 pre_root;
    bool has_state;
    const struct runner_options *options;
};

/* One entry of "post". */
struct test_case {
    struct test *test;
    const char *fork_name;
    const cJSON *json;
    struct arena *arena; /* reset for every case */
    struct block_context block;
    struct map asked; /* numbers of the blocks whose hash was asked for */
    struct state_case_result result;
    char reason[REASON_SIZE]; /* why it failed; empty if it passed */
};

/* --- block and transaction -------------------------------------------------------------------- */

/* With suspending hashes of blocks are missing at first, as everything is. */
static enum err test_block_hash(void *context, uint64_t number, hash32 *hash) {
    struct test_case *c = context;
    bool is_new = false;
    if (c->test->options->is_suspending && map_put(&c->asked, &number, &is_new) == NULL)
        return ERR_MEMORY;
    if (is_new) return ERR_MISSING;
    *hash = state_case_block_hash(number);
    return ERR_OK;
}

static void apply_blob_schedule(struct fork_rules *rules, const cJSON *config, const char *fork) {
    const cJSON *schedule = cJSON_GetObjectItemCaseSensitive(config, "blobSchedule");
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(schedule, fork);
    uint64_t target;
    uint64_t max;
    uint64_t fraction;
    if (fixture_u64(&target, entry, "target") && fixture_u64(&max, entry, "max") &&
        fixture_u64(&fraction, entry, "baseFeeUpdateFraction"))
        rules->blob = (struct blob_parameters){(uint32_t)target, (uint32_t)max, fraction};
}

static bool read_block(struct test_case *c) {
    const cJSON *env = cJSON_GetObjectItemCaseSensitive(c->test->json, "env");
    const cJSON *config = cJSON_GetObjectItemCaseSensitive(c->test->json, "config");
    struct block_context *block = &c->block;
    struct fork_schedule schedule;
    if (forks_preset(&schedule, c->fork_name) != ERR_OK) return false;
    map_open(&c->asked, c->arena, sizeof(uint64_t), 1);
    *block = (struct block_context){.hashes = {c, test_block_hash}};
    u256 gas_limit;
    if (!fixture_u64(&block->number, env, "currentNumber") ||
        !fixture_u64(&block->timestamp, env, "currentTimestamp") ||
        !fixture_number(&gas_limit, env, "currentGasLimit") ||
        !fixture_address(&block->coinbase, env, "currentCoinbase"))
        return false;
    block->gas_limit = u256_to_u64_saturating(&gas_limit); /* some are wider, all mean "enough" */
    block->rules = forks_at(&schedule, block->number, block->timestamp);
    (void)fixture_u64(&block->rules.chain_id, config, "chainid");
    apply_blob_schedule(&block->rules, config, c->fork_name);
    (void)fixture_number(&block->difficulty, env, "currentDifficulty");
    (void)fixture_hash(&block->prev_randao, env, "currentRandom");
    if (block->rules.fork >= FORK_LONDON &&
        !fixture_number(&block->base_fee_per_gas, env, "currentBaseFee"))
        block->base_fee_per_gas = u256_from_u64(10); /* what geth's runner takes */
    if (block->rules.fork >= FORK_CANCUN) {
        uint64_t excess = 0;
        (void)fixture_u64(&excess, env, "currentExcessBlobGas");
        block->blob_base_fee = blob_base_fee(excess, &block->rules.blob);
    }
    return true;
}

static const char *indexed(const cJSON *object, const char *list, uint64_t index) {
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(object, list);
    const cJSON *item = cJSON_GetArrayItem(items, (int)index);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static uint64_t index_of(const cJSON *entry, const char *name) {
    const cJSON *indexes = cJSON_GetObjectItemCaseSensitive(entry, "indexes");
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(indexes, name);
    return cJSON_IsNumber(item) ? (uint64_t)item->valuedouble : 0;
}

/* The oldest fixtures have no signed bytes: a plain transaction is put together from its fields. */
static bool make_tx(struct tx *tx, struct test_case *c) {
    const cJSON *json = cJSON_GetObjectItemCaseSensitive(c->test->json, "transaction");
    u256 gas_limit;
    *tx = (struct tx){.type = TX_LEGACY};
    if (!fixture_u64(&tx->nonce, json, "nonce") ||
        !fixture_number(&tx->max_fee_per_gas, json, "gasPrice") ||
        !fixture_text_number(&gas_limit, indexed(json, "gasLimit", index_of(c->json, "gas"))) ||
        !fixture_text_number(&tx->value, indexed(json, "value", index_of(c->json, "value"))) ||
        !fixture_text_bytes(&tx->data, c->arena, indexed(json, "data", index_of(c->json, "data"))))
        return false;
    tx->max_priority_fee_per_gas = tx->max_fee_per_gas;
    tx->gas_limit = u256_to_u64_saturating(&gas_limit);
    const char *to = fixture_text(json, "to");
    tx->is_create = to == NULL || to[0] == '\0';
    return tx->is_create || fixture_text_address(&tx->to, to);
}

/* The transaction and its sender, or why there is none. */
static enum tx_verdict read_tx(struct tx *tx, address *sender, struct test_case *c) {
    enum tx_verdict verdict = TX_OK;
    bytes encoding;
    if (fixture_bytes(&encoding, c->arena, c->json, "txbytes")) {
        const struct fork_rules *rules = &c->block.rules;
        CHECK(state_case_read_tx(tx, sender, &verdict, c->arena, encoding, rules) == ERR_OK);
        if (verdict != TX_OK) return verdict;
        bytes again;
        CHECK(tx_encode(&again, c->arena, tx) == ERR_OK);
        CHECK(bytes_equal(encoding, again));
        return verdict;
    }
    const cJSON *json = cJSON_GetObjectItemCaseSensitive(c->test->json, "transaction");
    if (!make_tx(tx, c) || !fixture_address(sender, json, "sender")) return TX_RLP;
    return TX_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

/* A machine somewhere in the middle of its run, with its own memory. */
struct running {
    struct arena arena;
    struct journal journal;
    struct execution execution;
};

static void fail_case(struct test_case *c, const char *reason) {
    snprintf(c->reason, sizeof c->reason, "%s", reason);
}

/* Runs to the end. With suspending: each time something is missing, goes on as a copy in memory of
 * its own; *current says which of the two holds the result. */
static enum execution_status
run_execution(struct running pair[2], unsigned *current, struct test_case *c) {
    for (;;) {
        struct running *at = &pair[*current];
        enum execution_status status = execution_run(&at->execution);
        if (status != EXECUTION_FAILED || at->execution.err != ERR_MISSING) return status;
        if (!c->test->options->is_suspending) return status;
        struct running *next = &pair[1 - *current];
        CHECK(journal_copy(&next->journal, &next->arena, &at->journal) == ERR_OK);
        CHECK(
            execution_copy(&next->execution, &next->arena, &at->execution, &next->journal) == ERR_OK
        );
        /* Codes are shared with the original, so its arena stays; nothing else of it may be
         * needed. */
        memset(&at->journal, 0xa5, sizeof at->journal);
        memset(&at->execution, 0xa5, sizeof at->execution);
        *current = 1 - *current;
    }
}

static enum err touch_coinbase(struct execution *x, struct state *state) {
    enum err err;
    do {
        err = state_case_touch_coinbase(x, state);
    } while (err == ERR_MISSING); /* a shy source answers the second time */
    return err;
}

/* The first account of the expected state that is not as it should be, for the failure's reason. */
static void explain_root(struct test_case *c, const struct journal *journal) {
    const cJSON *accounts = cJSON_GetObjectItemCaseSensitive(c->json, "state");
    const cJSON *expected;
    cJSON_ArrayForEach(expected, accounts) {
        address of;
        uint64_t nonce;
        u256 balance;
        if (!fixture_text_address(&of, expected->string) ||
            !fixture_u64(&nonce, expected, "nonce") ||
            !fixture_number(&balance, expected, "balance"))
            continue;
        const struct journal_account *found = journal_find_account(journal, &of);
        if (found == NULL) continue;
        if (found->nonce != nonce) {
            snprintf(c->reason, sizeof c->reason, "root (nonce of %s)", expected->string);
            return;
        }
        if (!u256_equal(&found->balance, &balance)) {
            u256 missing = u256_sub(&balance, &found->balance);
            char digits[U256_DECIMAL_SIZE_MAX];
            bool is_more = (missing.w[3] >> 63) != 0;
            if (is_more) missing = u256_sub(&U256_ZERO, &missing);
            u256_to_decimal(digits, &missing);
            snprintf(
                c->reason,
                sizeof c->reason,
                "root (balance of %s is %s too %s)",
                expected->string,
                digits,
                is_more ? "high" : "low"
            );
            return;
        }
        const cJSON *storage = cJSON_GetObjectItemCaseSensitive(expected, "storage");
        const struct journal_slot *slot = journal_first_slot(journal, found);
        for (; slot != NULL; slot = journal_next_slot(journal, slot)) {
            const cJSON *item;
            u256 value = U256_ZERO;
            cJSON_ArrayForEach(item, storage) {
                u256 key;
                if (fixture_text_number(&key, item->string) && u256_equal(&key, &slot->key))
                    (void)fixture_text_number(&value, item->valuestring);
            }
            if (slot->is_loaded && !u256_equal(&value, &slot->value)) {
                snprintf(
                    c->reason,
                    sizeof c->reason,
                    "root (slot 0x%llx of %s)",
                    (unsigned long long)slot->key.w[0],
                    expected->string
                );
                return;
            }
        }
    }
    fail_case(c, "root");
}

static void judge_exception(struct test_case *c, enum tx_verdict verdict) {
    const char *expected = fixture_text(c->json, "expectException");
    if (expected == NULL) {
        /* The oldest fixtures say it with the root alone. */
        if (verdict != TX_OK && fixture_text(c->json, "txbytes") != NULL)
            snprintf(
                c->reason, sizeof c->reason, "unexpected exception %s", tx_verdict_name(verdict)
            );
        return;
    }
    if (verdict == TX_OK) {
        snprintf(c->reason, sizeof c->reason, "missing exception %s", expected);
    } else if (!exception_allows_tx(expected, verdict)) {
        snprintf(
            c->reason,
            sizeof c->reason,
            "exception %s instead of %s",
            tx_verdict_name(verdict),
            expected
        );
    }
}

static void judge_results(
    struct test_case *c,
    struct running *at,
    struct state *state,
    struct source_memory *sink,
    enum tx_verdict verdict
) {
    hash32 expected;
    hash32 root;
    hash32 logs;
    enum err err = ERR_OK;
    /* The fillers differ in what a refused transaction leaves: those of execution-spec-tests, which
     * write a config, leave nothing. */
    if (verdict == TX_OK || cJSON_GetObjectItemCaseSensitive(c->test->json, "config") == NULL)
        err = touch_coinbase(&at->execution, state);
    CHECK(err == ERR_OK);
    do {
        err = journal_commit(&root, &at->journal, state, sink, c->arena);
    } while (err == ERR_MISSING && c->test->options->is_suspending);
    CHECK(err == ERR_OK);
    const struct execution_result *result = &at->execution.result;
    c->result = (struct state_case_result){.verdict = verdict, .root = root};
    CHECK(logs_hash(&logs, c->arena, result->logs, result->log_count) == ERR_OK);
    if (!fixture_hash(&expected, c->json, "hash") || !hash32_equal(&expected, &root)) {
        explain_root(c, &at->journal);
    } else if (!fixture_hash(&expected, c->json, "logs") || !hash32_equal(&expected, &logs)) {
        fail_case(c, "logs");
    }
    c->result.logs = logs;
}

static void run_tx(
    struct test_case *c,
    struct running pair[2],
    struct source *source,
    struct source_memory *sink,
    enum tx_verdict verdict,
    const struct tx *tx,
    const address *sender
) {
    unsigned current = 0;
    struct running *at = &pair[0];
    struct state state;
    CHECK(state_open(&state, c->arena, source, &c->test->pre_root) == ERR_OK);
    CHECK(journal_open(&at->journal, &at->arena) == ERR_OK);
    CHECK(
        execution_open(&at->execution, &at->arena, &c->block, &state, &at->journal, NULL) == ERR_OK
    );
    if (verdict == TX_OK) {
        execution_begin_tx(&at->execution, tx, sender, NULL);
        switch (run_execution(pair, &current, c)) {
        case EXECUTION_DONE:
            break;
        case EXECUTION_INVALID:
            verdict = pair[current].execution.verdict;
            break;
        case EXECUTION_FAILED:
            snprintf(
                c->reason,
                sizeof c->reason,
                "the execution failed: %s",
                err_name(pair[current].execution.err)
            );
            return;
        case EXECUTION_CALL:
        case EXECUTION_INSIDE_DONE:
        case EXECUTION_REVERTING:
            CHECK(false);
        }
    }
    judge_exception(c, verdict);
    if (c->reason[0] == '\0') judge_results(c, &pair[current], &state, sink, verdict);
}

/* The same case in the guest's test build: it must give the same. */
static void run_in_machine(struct test_case *c) {
    const struct source_memory *source = &c->test->source;
    const size_t node_count = source_memory_node_count(source);
    const size_t code_count = source_memory_code_count(source);
    bytes *nodes = arena_alloc_array(c->arena, node_count, sizeof(*nodes));
    bytes *codes = arena_alloc_array(c->arena, code_count, sizeof(*codes));
    hash32 hash;
    CHECK(nodes != NULL && codes != NULL);
    for (uint32_t i = 0; i < node_count; i++)
        source_memory_node_at(source, i, &hash, &nodes[i]);
    for (uint32_t i = 0; i < code_count; i++)
        source_memory_code_at(source, i, &hash, &codes[i]);
    bytes encoding;
    if (!fixture_bytes(&encoding, c->arena, c->json, "txbytes")) {
        fail_case(c, "there is no signed transaction, which the machine needs");
        return;
    }
    const struct state_case in = {
        .block = c->block,
        .pre_root = c->test->pre_root,
        .leaves_nothing = cJSON_GetObjectItemCaseSensitive(c->test->json, "config") != NULL,
        .tx = encoding,
        .nodes = nodes,
        .node_count = node_count,
        .codes = codes,
        .code_count = code_count,
    };
    const bool may_be_too_large = strstr(c->test->json->string, "Call1MB1024Calldepth") != NULL;
    state_machine_run(
        c->reason,
        sizeof c->reason,
        c->arena,
        c->test->options->machine,
        &in,
        &c->result,
        may_be_too_large
    );
}

static void run_case(struct test_case *c, struct running pair[2]) {
    struct tx tx;
    address sender;
    if (!read_block(c)) {
        fail_case(c, "the block or fork cannot be read");
        return;
    }
    enum tx_verdict verdict = read_tx(&tx, &sender, c);
    struct source_memory sink;
    struct shy_source shy;
    struct source *base = &c->test->source.source;
    if (c->test->options->is_suspending) {
        shy_open(&shy, c->arena, base);
        base = &shy.source;
    }
    source_memory_open(&sink, c->arena, base);
    run_tx(c, pair, &sink.source, &sink, verdict, &tx, &sender);
    if (c->test->options->machine != NULL && c->reason[0] == '\0') run_in_machine(c);
}

/* --- files ------------------------------------------------------------------------------------ */

static bool make_state(struct test *test) {
    const cJSON *pre = cJSON_GetObjectItemCaseSensitive(test->json, "pre");
    if (test->has_state) return true;
    arena_reset(test->arena);
    source_memory_open(&test->source, test->arena, NULL);
    test->has_state =
        fixture_commit_accounts(&test->pre_root, &test->source, test->arena, pre) == ERR_OK;
    return test->has_state;
}

/* One case in so many, the same in every run (FNV-1a of what names it). */
static bool is_chosen(const struct test_case *c) {
    const unsigned one_in = c->test->options->one_in;
    if (one_in <= 1) return true;
    const uint64_t indexes[] = {
        index_of(c->json, "data"), index_of(c->json, "gas"), index_of(c->json, "value")};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *const texts[] = {c->test->json->string, c->fork_name};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (const char *p = texts[i]; *p != '\0'; p++)
            hash = (hash ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
        hash = (hash ^ indexes[i]) * UINT64_C(0x100000001b3);
    return (hash >> 32) % one_in == 0;
}

static void run_fork(
    struct test *test,
    const cJSON *entries,
    struct arena *arena,
    struct running pair[2],
    struct runner *runner
) {
    const cJSON *entry;
    cJSON_ArrayForEach(entry, entries) {
        struct test_case c = {
            .test = test, .fork_name = entries->string, .json = entry, .arena = arena};
        if (!is_chosen(&c)) continue;
        if (!runner_claim(runner)) continue;
        arena_reset(arena);
        arena_reset(&pair[0].arena);
        arena_reset(&pair[1].arena);
        if (make_state(test)) {
            run_case(&c, pair);
        } else {
            fail_case(&c, "the state cannot be read");
        }
        bool is_passed = c.reason[0] == '\0';
        runner_count(runner, entries->string, is_passed);
        if (!is_passed || test->options->is_verbose)
            runner_print(
                "%s %s %s %s [%llu,%llu,%llu] %s",
                is_passed ? "pass" : "FAIL",
                test->path,
                test->json->string,
                entries->string,
                (unsigned long long)index_of(entry, "data"),
                (unsigned long long)index_of(entry, "gas"),
                (unsigned long long)index_of(entry, "value"),
                c.reason
            );
    }
}

static void
run_test(struct test *test, struct arena *arena, struct running pair[2], struct runner *runner) {
    const cJSON *post = cJSON_GetObjectItemCaseSensitive(test->json, "post");
    const cJSON *entries;
    cJSON_ArrayForEach(entries, post) {
        if (test->options->fork != NULL && strcmp(test->options->fork, entries->string) != 0)
            continue;
        run_fork(test, entries, arena, pair, runner);
    }
}

static void
run_file(const char *path, const struct runner_options *options, struct runner *runner) {
    cJSON *json = fixture_load(path);
    if (json == NULL) {
        if (!runner_claim(runner)) return;
        runner_print("FAIL %s: cannot be read", path);
        runner_count(runner, "unreadable", false);
        return;
    }
    struct arena test_arena;
    struct arena case_arena;
    struct running pair[2];
    arena_open(&test_arena, TEST_ARENA_SIZE_MAX);
    arena_open(&case_arena, CASE_ARENA_SIZE_MAX);
    arena_open(&pair[0].arena, CASE_ARENA_SIZE_MAX);
    arena_open(&pair[1].arena, CASE_ARENA_SIZE_MAX);
    const cJSON *test_json;
    cJSON_ArrayForEach(test_json, json) {
        if (options->filter != NULL && strstr(test_json->string, options->filter) == NULL) continue;
        struct test test = {
            .path = path, .json = test_json, .arena = &test_arena, .options = options};
        run_test(&test, &case_arena, pair, runner);
    }
    arena_close(&test_arena);
    arena_close(&case_arena);
    arena_close(&pair[0].arena);
    arena_close(&pair[1].arena);
    cJSON_Delete(json);
}

int conformance_statetest(int argc, char **argv) {
    return runner_main(argc, argv, run_file);
}
