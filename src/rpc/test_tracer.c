/* Tests of the tracers beyond geth's cases (lockstep tracetest): options, limits, depth, and what a
 * trace that is begun again leaves. */
#include "rpc/tracer.h"

#include "chain/genesis.h"
#include "crypto/keccak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- options ---------------------------------------------------------------------------------- */

struct read {
    struct arena arena;
    struct json json;
    struct tracer_options options;
    const char *problem;
    bool is_tracer;
    enum err err;
};

static void read_open(struct read *r, const char *text) {
    memset(r, 0, sizeof *r);
    arena_open(&r->arena, 1 << 20);
    json_open(&r->json);
    assert_int_equal(json_parse(&r->json, text, strlen(text)), ERR_OK);
    r->err = tracer_options_read(&r->options, &r->problem, &r->is_tracer, &r->arena, &r->json, 0);
}

static void read_close(struct read *r) {
    json_close(&r->json);
    arena_close(&r->arena);
}

static void options_are_read(void **state) {
    (void)state;
    struct read r;
    read_open(&r, "{}");
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.options.kind, TRACER_STRUCT);
    read_close(&r);
    read_open(
        &r, "{\"enableMemory\":true,\"disableStack\":true,\"limit\":7,\"timeout\":\"1m2.5s\"}"
    );
    assert_int_equal(r.err, ERR_OK);
    assert_true(r.options.enable_memory && r.options.disable_stack && !r.options.disable_storage);
    assert_int_equal(r.options.limit, 7);
    assert_true(r.options.has_timeout);
    assert_int_equal(r.options.timeout_us, 62500000);
    read_close(&r);
    read_open(&r, "{\"tracer\":\"callTracer\",\"tracerConfig\":{\"withLog\":true,\"other\":1}}");
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.options.kind, TRACER_CALL);
    assert_true(r.options.with_log && !r.options.only_top_call);
    read_close(&r);
    read_open(&r, "{\"tracer\":null,\"tracerConfig\":null,\"timeout\":null}");
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.options.kind, TRACER_STRUCT);
    read_close(&r);
    read_open(
        &r,
        "{\"tracer\":\"muxTracer\",\"tracerConfig\":{\"prestateTracer\":{\"diffMode\":true},"
        "\"4byteTracer\":null}}"
    );
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.options.part_count, 2);
    assert_true(r.options.parts[0].diff_mode);
    assert_int_equal(r.options.parts[1].kind, TRACER_FOUR_BYTE);
    read_close(&r);
}

static void refused(const char *text, bool is_tracer, const char *problem) {
    struct read r;
    read_open(&r, text);
    assert_int_equal(r.err, ERR_INPUT);
    assert_string_equal(r.problem, problem);
    assert_int_equal(r.is_tracer, is_tracer);
    read_close(&r);
}

/* Producer of the wording: Go's encoding/json and time, go-ethereum's eth/tracers. */
static void options_are_refused(void **state) {
    (void)state;
    refused("{\"tracer\":\"x\"}", true, "tracer not found");
    refused("{\"tracer\":\"\"}", true, "tracer not found");
    refused(
        "{\"tracer\":\"muxTracer\"}", true, "tracerConfig of muxTracer is not an object of tracers"
    );
    refused("{\"tracer\":\"muxTracer\",\"tracerConfig\":{\"x\":{}}}", true, "tracer not found");
    refused(
        "{\"tracer\":\"muxTracer\",\"tracerConfig\":{\"muxTracer\":{}}}",
        true,
        "a muxTracer cannot hold a muxTracer"
    );
    refused(
        "{\"tracer\":\"callTracer\",\"tracerConfig\":[]}", true, "tracerConfig is not an object"
    );
    refused(
        "{\"tracer\":\"callTracer\",\"tracerConfig\":{\"onlyTopCall\":1}}",
        true,
        "json: cannot unmarshal number into Go struct field callTracerConfig.onlyTopCall of "
        "type bool"
    );
    refused(
        "{\"tracer\":{}}",
        false,
        "json: cannot unmarshal object into Go struct field TraceConfig.tracer of type string"
    );
    refused(
        "{\"disableStack\":\"no\"}",
        false,
        "json: cannot unmarshal string into Go struct field TraceConfig.disableStack of type "
        "bool"
    );
    refused(
        "{\"limit\":-1}",
        false,
        "json: cannot unmarshal number into Go struct field TraceConfig.limit of type int"
    );
    refused("{\"timeout\":\"2562048h\"}", true, "time: invalid duration \"2562048h\"");
    refused("{\"timeout\":\"5\"}", true, "time: invalid duration \"5\"");
    refused("{\"timeout\":\"\"}", true, "time: invalid duration \"\"");
    refused("{\"timeout\":\"5s1\"}", true, "time: invalid duration \"5s1\"");
    refused(
        "{\"tracer\":\"prestateTracer\",\"tracerConfig\":{\"diffMode\":true,"
        "\"includeEmpty\":true}}",
        true,
        "cannot use diffMode with includeEmpty"
    );
}

/* --- runs ------------------------------------------------------------------------------------- */

static const address SENDER = {{0x51}};
static const address TARGET = {{0x71}};

struct world {
    struct arena arena;
    struct source_memory source;
    struct state state;
    struct fork_schedule schedule;
    struct genesis genesis;
    struct block_context block;
    struct tx tx;
    struct json_writer out;
};

static void world_open(struct world *w, bytes code, uint64_t gas) {
    memset(w, 0, sizeof *w);
    arena_open(&w->arena, (size_t)1 << 30);
    forks_development(&w->schedule, 1, FORK_PRAGUE);
    struct genesis_account accounts[] = {
        {.address = SENDER, .balance = {{0, 0, 1, 0}}},
        {.address = TARGET, .nonce = 1, .code = code},
    };
    genesis_from_accounts(&w->genesis, &w->schedule, accounts, 2, gas, 0);
    source_memory_open(&w->source, &w->arena, NULL);
    assert_int_equal(state_open(&w->state, &w->arena, &w->source.source, &EMPTY_TRIE_ROOT), ERR_OK);
    assert_int_equal(genesis_commit(&w->genesis, &w->state, &w->source, &w->arena), ERR_OK);
    w->block = (struct block_context
    ){.rules = forks_at(&w->schedule, 1, 1), .number = 1, .timestamp = 1, .gas_limit = gas};
    w->tx = (struct tx){
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = 1,
        .gas_limit = gas,
        .to = TARGET,
    };
}

static void world_close(struct world *w) {
    json_writer_close(&w->out);
    arena_close(&w->arena);
}

/* Runs the transaction `times` times under one tracer; the answer is w->out's. */
static enum err run(struct world *w, const struct tracer_options *options, size_t max, int times) {
    struct tracer tracer;
    struct execution_result result = {0};
    json_writer_close(&w->out);
    json_writer_open(&w->out, max);
    tracer_open(&tracer, &w->out, options);
    for (int i = 0; i < times; i++) {
        struct journal *journal = arena_alloc_zero(&w->arena, sizeof *journal);
        struct execution *x = arena_alloc_zero(&w->arena, sizeof *x);
        assert_non_null(journal);
        assert_non_null(x);
        assert_int_equal(journal_open(journal, &w->arena), ERR_OK);
        assert_int_equal(execution_open(x, &w->arena, &w->block, &w->state, journal, NULL), ERR_OK);
        const struct tracer_subject subject = {
            .tx = &w->tx,
            .sender = SENDER,
            .block = &w->block,
            .journal = journal,
            .state = &w->state,
        };
        const struct execution_options x_options = {
            .gas_available = UINT64_MAX, .skip_gas_cap = true, .tracer = &tracer.hooks};
        tracer_begin(&tracer, &subject);
        execution_begin_tx(x, &w->tx, &SENDER, &x_options);
        assert_int_equal(execution_run(x), EXECUTION_DONE);
        result = x->result;
    }
    enum err err = tracer_end(&tracer, &result);
    tracer_close(&tracer);
    return err;
}

static void answers(struct world *w, const struct tracer_options *options, const char *text) {
    assert_int_equal(run(w, options, 1 << 20, 1), ERR_OK);
    assert_int_equal(w->out.size, strlen(text));
    assert_memory_equal(w->out.data, text, strlen(text));
    /* Begun again, it is the same. */
    assert_int_equal(run(w, options, 1 << 20, 3), ERR_OK);
    assert_int_equal(w->out.size, strlen(text));
    assert_memory_equal(w->out.data, text, strlen(text));
}

static void steps_are_written(void **state) {
    (void)state;
    static const uint8_t code[] = {0x60, 0x2a, 0x5f, 0x55, 0x5f, 0x54, 0x01};
    struct world w;
    world_open(&w, bytes_of(code, sizeof code), 100000);
    const struct tracer_options options = {.kind = TRACER_STRUCT};
#define SLOT                                                                  \
    "\"0x0000000000000000000000000000000000000000000000000000000000000000\":" \
    "\"0x000000000000000000000000000000000000000000000000000000000000002a\""
    answers(
        &w,
        &options,
        "{\"structLogs\":["
        "{\"pc\":0,\"op\":\"PUSH1\",\"gas\":79000,\"depth\":1,\"stack\":[],\"gasCost\":3},"
        "{\"pc\":2,\"op\":\"PUSH0\",\"gas\":78997,\"depth\":1,\"stack\":[\"0x2a\"],\"gasCost\":2},"
        "{\"pc\":3,\"op\":\"SSTORE\",\"gas\":78995,\"depth\":1,\"stack\":[\"0x2a\",\"0x0\"],"
        "\"storage\":{" SLOT "},\"gasCost\":22100},"
        "{\"pc\":4,\"op\":\"PUSH0\",\"gas\":56895,\"depth\":1,\"stack\":[],\"gasCost\":2},"
        "{\"pc\":5,\"op\":\"SLOAD\",\"gas\":56893,\"depth\":1,\"stack\":[\"0x0\"],"
        "\"storage\":{" SLOT "},\"gasCost\":100},"
        "{\"pc\":6,\"op\":\"ADD\",\"gas\":56793,\"depth\":1,\"stack\":[\"0x2a\"],\"gasCost\":3,"
        "\"error\":\"stack underflow (1 <=> 2)\"}],"
        "\"gas\":100000,\"failed\":true,\"returnValue\":\"0x\"}"
    );
#undef SLOT
    const struct tracer_options none = {.kind = TRACER_NOOP};
    answers(&w, &none, "{}");
    world_close(&w);
}

static void without_code_there_are_no_steps(void **state) {
    (void)state;
    struct world w;
    world_open(&w, BYTES_EMPTY, 30000);
    const struct tracer_options options = {.kind = TRACER_STRUCT};
    answers(
        &w, &options, "{\"structLogs\":[],\"gas\":21000,\"failed\":false,\"returnValue\":\"0x\"}"
    );
    world_close(&w);
}

/* A tracer's failure is no failure of the run, and leaves nothing behind. */
static void too_large_is_an_error(void **state) {
    (void)state;
    static const uint8_t code[8192] = {0x5b, 0x5f, 0x56}; /* a loop */
    struct world w;
    world_open(&w, bytes_of(code, sizeof code), 500000);
    w.tx.data = bytes_of(code, sizeof code);
    for (int kind = 0; kind < TRACER_KIND_COUNT; kind++) {
        const struct tracer_options options = {.kind = (enum tracer_kind)kind};
        if (kind == TRACER_MUX || kind == TRACER_NOOP || kind == TRACER_FOUR_BYTE) continue;
        assert_int_equal(run(&w, &options, 4096, 1), ERR_LIMIT);
        assert_int_equal(w.out.size, 0);
        assert_false(json_failed(&w.out));
        assert_int_equal(run(&w, &options, 64 << 20, 1), ERR_OK);
    }
    const struct tracer_options limited = {.kind = TRACER_STRUCT, .limit = 200};
    assert_int_equal(run(&w, &limited, 1000, 1), ERR_OK);
    assert_true(w.out.size > 200 && w.out.size < 500);
    world_close(&w);
}

/* As deep as calls go: nothing here recurses. */
static void depth_is_bounded_by_the_machine(void **state) {
    (void)state;
    /* CALL(gas, ADDRESS, 0, 0, 0, 0, 0) */
    static const uint8_t code[] = {0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x30, 0x5a, 0xf1};
    struct world w;
    world_open(&w, bytes_of(code, sizeof code), (uint64_t)1 << 50);
    for (int kind = 0; kind < TRACER_KIND_COUNT; kind++) {
        const struct tracer_options options = {.kind = (enum tracer_kind)kind};
        if (kind == TRACER_MUX) continue;
        assert_int_equal(run(&w, &options, 64 << 20, 1), ERR_OK);
    }
    const struct tracer_options flat = {.kind = TRACER_FLAT_CALL};
    assert_int_equal(run(&w, &flat, 64 << 20, 1), ERR_OK);
    size_t frames = 0;
    size_t too_deep = 0;
    const char *end = w.out.data + w.out.size;
    for (const char *at = w.out.data; at < end - 30; at++) {
        frames += memcmp(at, "\"action\"", 8) == 0;
        too_deep += memcmp(at, "max call depth exceeded", 23) == 0;
    }
    assert_int_equal(frames, 1026); /* the outermost, 1,024 below it, and one that is refused */
    assert_int_equal(too_deep, 1);
    world_close(&w);
}

/* A mux's parts say what each says alone. */
static void a_mux_is_its_parts(void **state) {
    (void)state;
    static const uint8_t code[] = {0x60, 0x01, 0x5f, 0x55, 0x5f, 0x5f, 0xa0, 0x5f, 0x5f, 0xfd};
    static const struct tracer_options parts[] = {
        {.kind = TRACER_CALL, .with_log = true},
        {.kind = TRACER_PRESTATE, .diff_mode = true},
        {.kind = TRACER_FLAT_CALL},
        {.kind = TRACER_FOUR_BYTE},
    };
    static const char *const names[] = {
        "callTracer", "prestateTracer", "flatCallTracer", "4byteTracer"};
    struct world w;
    char expected[8192] = "{";
    world_open(&w, bytes_of(code, sizeof code), 100000);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(run(&w, &parts[i], 1 << 20, 1), ERR_OK);
        size_t size = strlen(expected);
        snprintf(
            expected + size,
            sizeof expected - size,
            "%s\"%s\":%.*s",
            i == 0 ? "" : ",",
            names[i],
            (int)w.out.size,
            w.out.data
        );
    }
    size_t length = strlen(expected);
    snprintf(expected + length, sizeof expected - length, "}");
    const struct tracer_options mux = {.kind = TRACER_MUX, .parts = parts, .part_count = 4};
    answers(&w, &mux, expected);
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(options_are_refused),
        cmocka_unit_test(steps_are_written),
        cmocka_unit_test(without_code_there_are_no_steps),
        cmocka_unit_test(too_large_is_an_error),
        cmocka_unit_test(depth_is_bounded_by_the_machine),
        cmocka_unit_test(a_mux_is_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
