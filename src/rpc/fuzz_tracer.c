/* Any code under any tracer: the run comes out as without one, and the answer is JSON that says the
 * same of gas and success.
 *
 * The input: a byte that chooses tracer and options, one that chooses the fork, then the code of a
 * contract that is called with itself as calldata. */
#include "chain/genesis.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "rpc/tracer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GAS        200000u
#define ANSWER_MAX ((size_t)64 << 20)

static const address SENDER = {{0x51}};
static const address TARGET = {{0x71}};

static const struct tracer_options MUX_PARTS[] = {
    {.kind = TRACER_CALL, .with_log = true},
    {.kind = TRACER_PRESTATE, .diff_mode = true},
};

static const struct tracer_options CHOICES[] = {
    {.kind = TRACER_STRUCT},
    {.kind = TRACER_STRUCT, .enable_memory = true, .enable_return_data = true},
    {.kind = TRACER_CALL, .with_log = true},
    {.kind = TRACER_CALL, .with_log = true, .only_top_call = true},
    {.kind = TRACER_CALL_LEGACY},
    {.kind = TRACER_ERC7562, .with_log = true},
    {.kind = TRACER_FLAT_CALL},
    {.kind = TRACER_FLAT_CALL, .convert_parity_errors = true, .include_precompiles = true},
    {.kind = TRACER_FOUR_BYTE},
    {.kind = TRACER_PRESTATE},
    {.kind = TRACER_PRESTATE, .diff_mode = true},
    {.kind = TRACER_PRESTATE, .include_empty = true, .disable_code = true},
    {.kind = TRACER_PRESTATE_LEGACY},
    {.kind = TRACER_MUX, .parts = MUX_PARTS, .part_count = 2},
};

struct world {
    struct arena arena;
    struct source_memory source;
    struct state state;
    struct fork_schedule schedule;
    struct genesis genesis;
    struct block_context block;
    struct tx tx;
};

static enum err no_hash(void *context, uint64_t number, hash32 *hash) {
    (void)context;
    (void)number;
    *hash = (hash32){{0}};
    return ERR_OK;
}

static void open_world(struct world *w, enum fork fork, bytes code) {
    arena_open(&w->arena, (size_t)1 << 30);
    forks_development(&w->schedule, 1, fork);
    struct genesis_account accounts[] = {
        {.address = SENDER, .balance = {{0, 0, 1, 0}}},
        {.address = TARGET, .nonce = 1, .balance = {{1000}}, .code = code},
    };
    genesis_from_accounts(&w->genesis, &w->schedule, accounts, 2, GAS, 0);
    source_memory_open(&w->source, &w->arena, NULL);
    enum err err = state_open(&w->state, &w->arena, &w->source.source, &EMPTY_TRIE_ROOT);
    if (err == ERR_OK) err = genesis_commit(&w->genesis, &w->state, &w->source, &w->arena);
    CHECK(err == ERR_OK);
    w->block = (struct block_context
    ){.hashes = {.get = no_hash},
      .rules = forks_at(&w->schedule, 1, 1),
      .number = 1,
      .timestamp = 1,
      .gas_limit = GAS};
    w->tx = (struct tx){.type = TX_LEGACY, .gas_limit = GAS, .to = TARGET, .data = code};
}

/* tracer may be NULL. false: the transaction is refused. */
static bool run(struct world *w, struct execution_result *result, struct tracer *tracer) {
    struct journal *journal = arena_alloc_zero(&w->arena, sizeof(*journal));
    struct execution *x = arena_alloc_zero(&w->arena, sizeof(*x));
    CHECK(journal != NULL && x != NULL && journal_open(journal, &w->arena) == ERR_OK);
    CHECK(execution_open(x, &w->arena, &w->block, &w->state, journal, NULL) == ERR_OK);
    struct execution_options options = {.gas_available = UINT64_MAX};
    if (tracer != NULL) {
        const struct tracer_subject subject = {
            .tx = &w->tx,
            .sender = SENDER,
            .block = &w->block,
            .journal = journal,
            .state = &w->state,
        };
        tracer_begin(tracer, &subject);
        options.tracer = &tracer->hooks;
    }
    execution_begin_tx(x, &w->tx, &SENDER, &options);
    enum execution_status status = execution_run(x);
    CHECK(status == EXECUTION_DONE || status == EXECUTION_INVALID);
    *result = x->result;
    return status == EXECUTION_DONE;
}

static bool is_error(const struct json *json, uint32_t object) {
    return json_member(json, object, "error") != 0;
}

/* What the answer says of the whole run. */
static void compare(
    const struct json_writer *out,
    const struct tracer_options *options,
    const struct execution_result *result
) {
    struct json json;
    json_open(&json);
    json.depth_max = 8192;
    enum err err = json_parse(&json, out->data, out->size);
    CHECK(err == ERR_OK || err == ERR_LIMIT);
    if (err == ERR_OK && options->kind == TRACER_STRUCT) {
        uint32_t failed = json_member(&json, 0, "failed");
        CHECK((json_kind(&json, failed) == JSON_TRUE) == !result->is_success);
    }
    if (err == ERR_OK && (options->kind == TRACER_CALL || options->kind == TRACER_CALL_LEGACY))
        CHECK(is_error(&json, 0) == !result->is_success);
    if (err == ERR_OK && options->kind == TRACER_FLAT_CALL)
        CHECK(is_error(&json, 1) == !result->is_success);
    json_close(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > 4096) return 0;
    const struct tracer_options *options = &CHOICES[data[0] % (sizeof(CHOICES) / sizeof(*CHOICES))];
    struct world *w = calloc(1, sizeof(*w));
    struct execution_result plain;
    struct execution_result traced;
    struct json_writer out;
    struct tracer tracer;
    CHECK(w != NULL);
    open_world(w, (enum fork)(data[1] % FORK_COUNT), bytes_of(data + 2, size - 2));
    if (run(w, &plain, NULL)) {
        json_writer_open(&out, ANSWER_MAX);
        tracer_open(&tracer, &out, options);
        CHECK(run(w, &traced, &tracer));
        CHECK(traced.outcome == plain.outcome && traced.gas_used == plain.gas_used);
        CHECK(bytes_equal(traced.output, plain.output) && traced.log_count == plain.log_count);
        enum err err = tracer_end(&tracer, &traced);
        CHECK(err == ERR_OK || err == ERR_LIMIT || err == ERR_MEMORY);
        if (err == ERR_OK) compare(&out, options, &traced);
        tracer_close(&tracer);
        json_writer_close(&out);
    }
    arena_close(&w->arena);
    free(w);
    return 0;
}
