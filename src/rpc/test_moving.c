/* Calls that take too long for the loop's thread: run again elsewhere, against another chain. */
#include "rpc/test_ask.h"

#define LONG(id)                                                                                   \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"eth_call\",\"params\":[{\"input\":\"0xfc\"}," \
    "\"latest\"]}"
#define LONG_ANSWER(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":\"0xfc\"}"
#define REFUSED(id, code, text) \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\"" text "\"}}"

/* Another chain, as a replica is one. */
static struct fake_chain replica;

static int setup_moving(void **state) {
    int result = setup(state);
    struct fixture *f = *state;
    f->exchange.can_move = true;
    fake_open(&replica, 3);
    return result;
}

static enum jsonrpc_state begin_text(struct fixture *f, const char *text) {
    /* What moves has to have its own copy. */
    char copy[1024];
    json_writer_clear(&f->out);
    (void)snprintf(copy, sizeof(copy), "%s", text);
    enum jsonrpc_state state =
        jsonrpc_begin(&f->exchange, &f->endpoint, &f->out, 0, bytes_of(copy, strlen(copy)));
    memset(copy, 'x', sizeof(copy));
    return state;
}

static void expect_text(struct fixture *f, const char *answer) {
    *json_reserve(&f->out, 1) = '\0';
    assert_string_equal(f->out.data, answer);
}

static void test_a_long_call_moves(void **state) {
    struct fixture *f = *state;
    assert_int_equal(begin_text(f, LONG("5")), JSONRPC_MOVING);
    assert_int_equal(f->out.size, 0);
    assert_int_equal(f->fake.call_count, 0);
    jsonrpc_work(&f->exchange, &replica.chain);
    assert_int_equal(replica.call_count, 1);
    assert_int_equal(jsonrpc_worked(&f->exchange, 0), JSONRPC_DONE);
    expect_text(f, LONG_ANSWER("5"));
    /* A short one does not, nor does anything where there are no workers. */
    assert_int_equal(begin_text(f, CALL("6")), JSONRPC_DONE);
    expect_text(f, CHAIN_ID("6"));
    f->exchange.can_move = false;
    assert_int_equal(begin_text(f, LONG("7")), JSONRPC_DONE);
    expect_text(f, LONG_ANSWER("7"));
}

static void test_a_batch_goes_on(void **state) {
    struct fixture *f = *state;
    assert_int_equal(
        begin_text(f, "[" CALL("1") "," LONG("2") "," CALL("3") "," LONG("4") "]"), JSONRPC_MOVING
    );
    jsonrpc_work(&f->exchange, &replica.chain);
    assert_int_equal(jsonrpc_worked(&f->exchange, 0), JSONRPC_MOVING);
    jsonrpc_work(&f->exchange, &replica.chain);
    assert_int_equal(jsonrpc_worked(&f->exchange, 0), JSONRPC_DONE);
    expect_text(
        f, "[" CHAIN_ID("1") "," LONG_ANSWER("2") "," CHAIN_ID("3") "," LONG_ANSWER("4") "]"
    );
}

/* A call given up is answered, and those after it in its batch that would move are not begun. */
static void test_cancelling(void **state) {
    struct fixture *f = *state;
    assert_int_equal(begin_text(f, "[" LONG("1") "," LONG("2") "," CALL("3") "]"), JSONRPC_MOVING);
    jsonrpc_cancel(&f->exchange);
    jsonrpc_work(&f->exchange, &replica.chain);
    assert_int_equal(jsonrpc_worked(&f->exchange, 0), JSONRPC_DONE);
    expect_text(
        f,
        "[" REFUSED("1", "-32000", "the node is stopping") "," REFUSED(
            "2", "-32000", "the node is stopping"
        ) "," CHAIN_ID("3") "]"
    );
    assert_int_equal(replica.call_count + f->fake.call_count, 0);
    /* The exchange can be used again. */
    assert_int_equal(begin_text(f, LONG("4")), JSONRPC_MOVING);
    jsonrpc_work(&f->exchange, &replica.chain);
    assert_int_equal(jsonrpc_worked(&f->exchange, 0), JSONRPC_DONE);
    expect_text(f, LONG_ANSWER("4"));
}

static void test_no_room(void **state) {
    struct fixture *f = *state;
    f->exchange.is_crowded = true;
    assert_int_equal(begin_text(f, "[" LONG("1") "," CALL("2") "]"), JSONRPC_DONE);
    expect_text(
        f,
        "[" REFUSED("1", "-32005", "too many calls that take long wait already") "," CHAIN_ID("2"
        ) "]"
    );
    f->exchange.is_crowded = false;
    assert_int_equal(begin_text(f, LONG("3")), JSONRPC_MOVING);
    enum jsonrpc_state after = jsonrpc_unmoved(&f->exchange, 0, RPC_INTERNAL_ERROR, "no replica");
    assert_int_equal(after, JSONRPC_DONE);
    expect_text(f, REFUSED("3", "-32603", "no replica"));
}

/* The time is over: whatever the method had written by then is forgotten. */
static void test_time(void **state) {
    struct fixture *f = *state;
    struct rpc_watch watch = {0};
    struct rpc_request request = {.watch = &watch};
    assert_false(rpc_is_over(&(struct rpc_request){0}));
    rpc_watch_start(&watch, 0);
    assert_false(rpc_is_over(&request));
    assert_false(rpc_leave(&request));
    rpc_watch_start(&watch, UINT64_C(1) << 60);
    assert_false(rpc_is_over(&request));
    assert_true(rpc_leave(&request));
    assert_true(watch.is_over);
    rpc_watch_start(&watch, 1);
    assert_true(rpc_is_over(&request));
    /* The clock has run out, but the thread has not had its time: it gets as much again. */
    rpc_watch_start(&watch, UINT64_C(1) << 60);
    watch.until_ns = 1;
    assert_false(rpc_is_over(&request));
    watch.cpu_until_ns = 1;
    assert_true(rpc_is_over(&request));
    assert_int_equal(f->fake.call_count, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_moving, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_long_call_moves),
        TEST(test_a_batch_goes_on),
        TEST(test_cancelling),
        TEST(test_no_room),
        TEST(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
