/* conformance/tracetest.c: geth's tracer cases (eth/tracers/internal/tracetest/testdata): a
 * genesis, a signed transaction, and what a tracer must say of it. Which tracer, the folder's name
 * tells. */
#include "chain/forks.h"
#include "chain/genesis.h"
#include "conformance/conformance.h"
#include "conformance/fixture.h"
#include "conformance/runner.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "rpc/tracer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASE_ARENA_SIZE_MAX ((size_t)1 << 30)
#define ANSWER_SIZE_MAX     ((size_t)64 << 20)
#define REASON_SIZE         200

struct trace_case {
    const char *path;
    const cJSON *json;
    struct arena *arena;
    struct block_context block;
    struct genesis genesis;
    struct source_memory source;
    struct state state;
    struct tx tx;
    bytes encoding;
    address sender;
    char reason[REASON_SIZE]; /* why it failed; empty if it passed */
};

/* --- reading a case --------------------------------------------------------------------------- */

/* "0x10", "16" or 16. */
static bool read_number(u256 *out, const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    char digits[32];
    if (cJSON_IsNumber(item)) {
        int size = snprintf(digits, sizeof digits, "%.0f", item->valuedouble);
        return u256_from_decimal(out, digits, (size_t)size) == 0;
    }
    if (!cJSON_IsString(item)) return false;
    const char *text = item->valuestring;
    if (text[0] == '0' && text[1] == 'x') return fixture_text_number(out, text);
    return u256_from_decimal(out, text, strlen(text)) == 0;
}

static bool read_u64(uint64_t *out, const cJSON *object, const char *name) {
    u256 value;
    if (!read_number(&value, object, name) || !u256_fits_u64(&value)) return false;
    *out = value.w[0];
    return true;
}

static enum err no_hashes(void *context, uint64_t number, hash32 *hash) {
    (void)context;
    (void)number;
    *hash = (hash32){{0}};
    return ERR_OK;
}

static bool read_block(struct trace_case *c) {
    const cJSON *context = cJSON_GetObjectItemCaseSensitive(c->json, "context");
    struct block_context *block = &c->block;
    *block = (struct block_context){.hashes = {.get = no_hashes}};
    if (!read_u64(&block->number, context, "number") ||
        !read_u64(&block->timestamp, context, "timestamp") ||
        !read_u64(&block->gas_limit, context, "gasLimit") ||
        !read_number(&block->difficulty, context, "difficulty") ||
        !fixture_address(&block->coinbase, context, "miner"))
        return false;
    block->rules =
        forks_at_difficulty(&c->genesis.schedule, block->number, block->timestamp, &U256_ZERO);
    block->prev_randao = c->genesis.header.mix_hash;
    if (block->rules.fork >= FORK_LONDON &&
        !read_number(&block->base_fee_per_gas, context, "baseFeePerGas"))
        return false;
    if (block->rules.fork >= FORK_CANCUN)
        block->blob_base_fee = blob_base_fee(0, &block->rules.blob);
    return true;
}

static bool read_genesis(struct trace_case *c) {
    const char *problem = "";
    cJSON *json = cJSON_GetObjectItemCaseSensitive(c->json, "genesis");
    /* Of a chain under clique it is longer than elsewhere; nothing here depends on it. */
    cJSON_DeleteItemFromObjectCaseSensitive(json, "extraData");
    /* Go reads names whatever their case. */
    cJSON *member;
    cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(json, "config")) {
        if (member->string[0] >= 'A' && member->string[0] <= 'Z')
            member->string[0] = (char)(member->string[0] + 32);
    }
    char *text = cJSON_PrintUnformatted(json);
    if (text == NULL) return false;
    bytes copy;
    enum err err = arena_copy(c->arena, &copy, bytes_of(text, strlen(text)));
    cJSON_free(text);
    if (err == ERR_OK)
        err =
            genesis_from_json(&c->genesis, &problem, c->arena, (const char *)copy.data, copy.size);
    if (err == ERR_INPUT) snprintf(c->reason, sizeof c->reason, "genesis: %s", problem);
    if (err != ERR_OK) return false;
    source_memory_open(&c->source, c->arena, NULL);
    CHECK(state_open(&c->state, c->arena, &c->source.source, &EMPTY_TRIE_ROOT) == ERR_OK);
    return genesis_commit(&c->genesis, &c->state, &c->source, c->arena) == ERR_OK;
}

static bool read_tx(struct trace_case *c) {
    enum tx_verdict verdict;
    if (!fixture_bytes(&c->encoding, c->arena, c->json, "input")) return false;
    CHECK(tx_decode(&c->tx, &verdict, c->arena, c->encoding) == ERR_OK);
    if (verdict == TX_OK)
        CHECK(tx_sender(&c->sender, &verdict, c->arena, &c->tx, &c->block.rules) == ERR_OK);
    return verdict == TX_OK;
}

static const char *tracer_of(const char *path) {
    static const struct {
        const char *folder;
        const char *tracer;
    } rows[] = {
        {"call_tracer_legacy/", "callTracerLegacy"},
        {"call_tracer_flat/", "flatCallTracer"},
        {"call_tracer_withLog/", "callTracer"},
        {"call_tracer/", "callTracer"},
        {"erc7562_tracer/", "erc7562Tracer"},
        {"prestate_tracer_legacy/", "prestateTracerLegacy"},
        {"prestate_tracer_with_diff_mode/", "prestateTracer"},
        {"prestate_tracer/", "prestateTracer"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strstr(path, rows[i].folder) != NULL) return rows[i].tracer;
    return NULL;
}

static bool read_options(struct tracer_options *options, struct trace_case *c) {
    const char *tracer = tracer_of(c->path);
    const char *problem = "no folder of tracer cases that is known";
    if (tracer == NULL) {
        snprintf(c->reason, sizeof c->reason, "%s", problem);
        return false;
    }
    char *config =
        cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(c->json, "tracerConfig"));
    char text[1024];
    snprintf(
        text,
        sizeof text,
        "{\"tracer\":\"%s\",\"tracerConfig\":%s}",
        tracer,
        config != NULL ? config : "null"
    );
    cJSON_free(config);
    struct json json;
    bool is_tracer;
    json_open(&json);
    enum err err = json_parse(&json, text, strlen(text));
    if (err == ERR_OK) err = tracer_options_read(options, &problem, &is_tracer, c->arena, &json, 0);
    json_close(&json);
    if (err != ERR_OK) snprintf(c->reason, sizeof c->reason, "options: %s", problem);
    return err == ERR_OK;
}

/* --- comparing -------------------------------------------------------------------------------- */

/* Whether a member says no more than its absence would: geth compares its structs, in which both
 * are the zero value. Where flatCallTracer found a transaction is not compared either. */
static bool is_moot(const cJSON *member, bool is_flat) {
    static const char *const empty[] = {"0x", "0x0", "0x0000000000000000000000000000000000000000"};
    static const char *const places[] = {
        "blockHash", "blockNumber", "transactionHash", "transactionPosition", "time"};
    static const char *const optional[] = {"input", "output", "index", "position"};
    const char *name = member->string;
    if (name == NULL) return false;
    bool is_empty = cJSON_IsNull(member) || (cJSON_IsObject(member) && member->child == NULL);
    for (size_t i = 0; i < 3 && cJSON_IsString(member); i++)
        is_empty |= strcmp(member->valuestring, empty[i]) == 0;
    for (size_t i = 0; i < 5 && is_flat; i++)
        if (strcmp(name, places[i]) == 0) return true;
    if (is_flat) return is_empty;
    for (size_t i = 0; i < 4; i++)
        if (strcmp(name, optional[i]) == 0) return is_empty;
    return false;
}

/* A list that grows. */
struct items {
    cJSON **items;
    size_t count;
    size_t capacity;
};

static void push(struct items *list, cJSON *item) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 256 : 2 * list->capacity;
        list->items = realloc(list->items, list->capacity * sizeof(cJSON *));
        CHECK(list->items != NULL);
    }
    list->items[list->count++] = item;
}

/* Takes away what is moot, and writes addresses in small letters. Members come before what they
 * are in, so that what is left empty is seen to be so. */
static void normalize(cJSON *tree, bool is_flat) {
    struct items order = {0};
    push(&order, tree);
    for (size_t i = 0; i < order.count; i++)
        for (cJSON *child = order.items[i]->child; child != NULL; child = child->next)
            push(&order, child);
    for (size_t i = order.count; i-- > 0;) {
        cJSON *child = order.items[i]->child;
        while (child != NULL) {
            cJSON *next = child->next;
            if (cJSON_IsString(child) && strncmp(child->valuestring, "0x", 2) == 0)
                for (char *at = child->valuestring; *at != 0; at++)
                    if (*at >= 'A' && *at <= 'F') *at = (char)(*at + 32);
            if (is_moot(child, is_flat))
                cJSON_Delete(cJSON_DetachItemViaPointer(order.items[i], child));
            child = next;
        }
    }
    free(order.items);
}

static void compare(struct trace_case *c, const struct json_writer *out, bool is_verbose) {
    cJSON *have = cJSON_ParseWithLength(out->data, out->size);
    cJSON *want = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(c->json, "result"), true);
    if (have == NULL || want == NULL) {
        snprintf(c->reason, sizeof c->reason, "the answer is not JSON");
    } else {
        bool is_flat = strcmp(tracer_of(c->path), "flatCallTracer") == 0;
        normalize(have, is_flat);
        normalize(want, is_flat);
        if (!cJSON_Compare(have, want, true)) {
            snprintf(c->reason, sizeof c->reason, "the trace differs");
            if (is_verbose) {
                char *text = cJSON_PrintUnformatted(want);
                char *found = cJSON_PrintUnformatted(have);
                printf("have %s\nwant %s\n", found, text);
                cJSON_free(found);
                fflush(stdout);
                cJSON_free(text);
            }
        }
    }
    cJSON_Delete(have);
    cJSON_Delete(want);
}

/* --- running ---------------------------------------------------------------------------------- */

static void
run_traced(struct trace_case *c, const struct tracer_options *options, struct json_writer *out) {
    struct journal journal;
    struct execution x;
    struct tracer tracer;
    CHECK(journal_open(&journal, c->arena) == ERR_OK);
    CHECK(execution_open(&x, c->arena, &c->block, &c->state, &journal, NULL) == ERR_OK);
    struct tracer_subject subject = {
        .tx = &c->tx,
        .sender = c->sender,
        .block = &c->block,
        .journal = &journal,
        .state = &c->state,
    };
    tracer_open(&tracer, out, options);
    tracer_begin(&tracer, &subject);
    struct execution_options x_options = {
        .gas_available = UINT64_MAX,
        .blob_gas_available = UINT64_MAX,
        .tracer = &tracer.hooks,
    };
    execution_begin_tx(&x, &c->tx, &c->sender, &x_options);
    enum execution_status status = execution_run(&x);
    if (status == EXECUTION_INVALID) {
        snprintf(c->reason, sizeof c->reason, "refused: %s", tx_verdict_name(x.verdict));
    } else if (status != EXECUTION_DONE) {
        snprintf(c->reason, sizeof c->reason, "the execution failed: %s", err_name(x.err));
    } else {
        enum err err = tracer_end(&tracer, &x.result);
        if (err != ERR_OK)
            snprintf(c->reason, sizeof c->reason, "the tracer failed: %s", err_name(err));
    }
    tracer_close(&tracer);
}

static void run_case(struct trace_case *c, bool is_verbose) {
    struct tracer_options options;
    struct json_writer out;
    if (!read_options(&options, c)) return;
    if (!read_genesis(c) || !read_block(c) || !read_tx(c)) {
        if (c->reason[0] == 0) snprintf(c->reason, sizeof c->reason, "the case cannot be read");
        return;
    }
    json_writer_open(&out, ANSWER_SIZE_MAX);
    run_traced(c, &options, &out);
    if (c->reason[0] == 0) compare(c, &out, is_verbose);
    json_writer_close(&out);
}

static void
run_file(const char *path, const struct runner_options *options, struct runner *runner) {
    if (options->filter != NULL && strstr(path, options->filter) == NULL) return;
    if (!runner_claim(runner)) return;
    struct arena arena;
    struct trace_case c = {.path = path, .json = fixture_load(path), .arena = &arena};
    arena_open(&arena, CASE_ARENA_SIZE_MAX);
    if (c.json == NULL)
        snprintf(c.reason, sizeof c.reason, "cannot be read");
    else
        run_case(&c, options->is_verbose);
    bool is_passed = c.reason[0] == 0;
    const char *tracer = tracer_of(path);
    runner_count(runner, tracer != NULL ? tracer : "unknown", is_passed);
    if (!is_passed || options->is_verbose)
        runner_print("%s %s %s", is_passed ? "pass" : "FAIL", path, c.reason);
    arena_close(&arena);
    cJSON_Delete((cJSON *)(uintptr_t)c.json);
}

int conformance_tracetest(int argc, char **argv) {
    return runner_main(argc, argv, run_file);
}
