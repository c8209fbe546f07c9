/* conformance/vmtest.c: the oldest fixtures, bare messages under Frontier rules. */
#include "chain/commit.h"
#include "chain/execution.h"
#include "conformance/conformance.h"
#include "conformance/fixture.h"
#include "conformance/runner.h"
#include "core/check.h"

#include <stdio.h>
#include <string.h>

#define ARENA_SIZE_MAX ((size_t)4 << 30)

struct test {
    const cJSON *json;
    struct arena *arena;
    struct source_memory source;
    struct state state;
    struct journal journal;
    struct block_context block;
    struct execution execution;
    char reason[256];
};

/* No fixture asks for a hash but of blocks that are not there. */
static enum err no_hash(void *context, uint64_t number, hash32 *hash) {
    (void)context;
    (void)number;
    *hash = (hash32){0};
    return ERR_OK;
}

static bool read_block(struct test *t) {
    const cJSON *env = cJSON_GetObjectItemCaseSensitive(t->json, "env");
    t->block = (struct block_context){.rules = {.fork = FORK_FRONTIER}, .hashes = {.get = no_hash}};
    return fixture_u64(&t->block.number, env, "currentNumber") &&
           fixture_u64(&t->block.timestamp, env, "currentTimestamp") &&
           fixture_u64(&t->block.gas_limit, env, "currentGasLimit") &&
           fixture_number(&t->block.difficulty, env, "currentDifficulty") &&
           fixture_address(&t->block.coinbase, env, "currentCoinbase");
}

static bool read_message(struct execution_message *message, struct test *t) {
    const cJSON *exec = cJSON_GetObjectItemCaseSensitive(t->json, "exec");
    *message = (struct execution_message){.is_create = false};
    return fixture_address(&message->target, exec, "address") &&
           fixture_address(&message->caller, exec, "caller") &&
           fixture_address(&message->origin, exec, "origin") &&
           fixture_number(&message->gas_price, exec, "gasPrice") &&
           fixture_number(&message->value, exec, "value") &&
           fixture_u64(&message->gas, exec, "gas") &&
           fixture_bytes(&message->input, t->arena, exec, "data");
}

/* These tests show the message its value without moving it. Here it is given to the caller, and
 * taken from the target beforehand, so that all balances are as expected once it has moved. */
static enum err prepare_value(struct test *t, struct execution_message *message) {
    struct account account;
    bool exists;
    enum err err = state_get_account(&t->state, &message->target, &account, &exists);
    if (err != ERR_OK) return err;
    struct journal_account_data data = {
        exists, account.nonce, account.balance, account.code_hash, account.storage_root};
    message->mint = message->value;
    err = journal_give_account(&t->journal, &message->target, &data);
    if (err != ERR_OK || u256_less(&account.balance, &message->value)) return err;
    struct journal_account *target = journal_find_account(&t->journal, &message->target);
    journal_begin_transaction(&t->journal);
    err = journal_sub_balance(&t->journal, target, &message->value);
    journal_end_transaction(&t->journal, FORK_FRONTIER);
    return err;
}

/* Compares one account of "post" with the state. */
static void judge_account(struct test *t, const cJSON *expected) {
    address of;
    uint64_t nonce;
    u256 balance;
    struct account account;
    bool exists;
    if (!fixture_text_address(&of, expected->string) || !fixture_u64(&nonce, expected, "nonce") ||
        !fixture_number(&balance, expected, "balance")) {
        snprintf(t->reason, sizeof t->reason, "post cannot be read");
        return;
    }
    CHECK(state_get_account(&t->state, &of, &account, &exists) == ERR_OK);
    if (account.nonce != nonce) {
        snprintf(t->reason, sizeof t->reason, "nonce of %s", expected->string);
        return;
    }
    if (!u256_equal(&account.balance, &balance)) {
        snprintf(t->reason, sizeof t->reason, "balance of %s", expected->string);
        return;
    }
    const cJSON *storage = cJSON_GetObjectItemCaseSensitive(expected, "storage");
    const cJSON *item;
    cJSON_ArrayForEach(item, storage) {
        u256 key;
        u256 value;
        u256 found;
        CHECK(fixture_text_number(&key, item->string));
        CHECK(fixture_text_number(&value, item->valuestring));
        CHECK(state_get_slot(&t->state, &of, &key, &found) == ERR_OK);
        if (!u256_equal(&value, &found))
            snprintf(t->reason, sizeof t->reason, "slot %s of %s", item->string, expected->string);
    }
}

static void judge(struct test *t) {
    uint64_t gas_left;
    hash32 expected_logs;
    hash32 logs;
    hash32 root;
    bytes output;
    const struct execution_result *result = &t->execution.result;
    const cJSON *post = cJSON_GetObjectItemCaseSensitive(t->json, "post");
    if (post == NULL) {
        if (result->is_success) snprintf(t->reason, sizeof t->reason, "it should fail");
        return;
    }
    if (!result->is_success) {
        snprintf(t->reason, sizeof t->reason, "it failed: %s", evm_outcome_text(result->outcome));
        return;
    }
    if (fixture_u64(&gas_left, t->json, "gas") &&
        gas_left != t->execution.message.gas - result->gas_used) {
        snprintf(t->reason, sizeof t->reason, "gas");
        return;
    }
    if (fixture_bytes(&output, t->arena, t->json, "out") && !bytes_equal(output, result->output)) {
        snprintf(t->reason, sizeof t->reason, "output");
        return;
    }
    CHECK(logs_hash(&logs, t->arena, result->logs, result->log_count) == ERR_OK);
    if (fixture_hash(&expected_logs, t->json, "logs") && !hash32_equal(&logs, &expected_logs)) {
        snprintf(t->reason, sizeof t->reason, "logs");
        return;
    }
    CHECK(journal_commit(&root, &t->journal, &t->state, &t->source, t->arena) == ERR_OK);
    const cJSON *account;
    cJSON_ArrayForEach(account, post) {
        if (t->reason[0] == '\0') judge_account(t, account);
    }
}

static void run_test(struct test *t) {
    hash32 root;
    struct execution_message message;
    const cJSON *pre = cJSON_GetObjectItemCaseSensitive(t->json, "pre");
    source_memory_open(&t->source, t->arena, NULL);
    if (!read_block(t) || !read_message(&message, t) ||
        fixture_commit_accounts(&root, &t->source, t->arena, pre) != ERR_OK) {
        snprintf(t->reason, sizeof t->reason, "the test cannot be read");
        return;
    }
    CHECK(state_open(&t->state, t->arena, &t->source.source, &root) == ERR_OK);
    CHECK(journal_open(&t->journal, t->arena) == ERR_OK);
    CHECK(
        execution_open(&t->execution, t->arena, &t->block, &t->state, &t->journal, NULL) == ERR_OK
    );
    CHECK(prepare_value(t, &message) == ERR_OK);
    execution_begin_message(&t->execution, &message, NULL);
    if (execution_run(&t->execution) == EXECUTION_DONE) {
        judge(t);
    } else {
        snprintf(t->reason, sizeof t->reason, "failed: %s", err_name(t->execution.err));
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
    struct arena arena;
    arena_open(&arena, ARENA_SIZE_MAX);
    const cJSON *test_json;
    cJSON_ArrayForEach(test_json, json) {
        if (options->filter != NULL && strstr(test_json->string, options->filter) == NULL) continue;
        if (!runner_claim(runner)) continue;
        arena_reset(&arena);
        struct test *test = arena_alloc_zero(&arena, sizeof *test);
        CHECK(test != NULL);
        test->json = test_json;
        test->arena = &arena;
        run_test(test);
        bool is_passed = test->reason[0] == '\0';
        runner_count(runner, "Frontier", is_passed);
        if (!is_passed || options->is_verbose)
            runner_print(
                "%s %s %s %s", is_passed ? "pass" : "FAIL", path, test_json->string, test->reason
            );
    }
    arena_close(&arena);
    cJSON_Delete(json);
}

int conformance_vmtest(int argc, char **argv) {
    return runner_main(argc, argv, run_file);
}
