/* What a client is told when its time is over. */
#include "backend/time_limit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void says(uint64_t timeout_ms, const char *text) {
    struct arena arena;
    struct time_limit limit = {0};
    arena_open(&arena, 4096);
    struct rpc_request request = {.arena = &arena};
    time_limit_begin(&limit, &request, time_limit_of(timeout_ms));
    assert_int_equal(time_limit_fail(&request, &limit, ERR_TIMEOUT), RPC_FAILED);
    assert_string_equal(request.error.message, text);
    assert_int_equal(request.error.code, RPC_SERVER_ERROR);
    arena_close(&arena);
}

/* As Go 1.22 prints time.Duration. */
static void test_words(void **state) {
    (void)state;
    says(1, "execution aborted (timeout = 1ms)");
    says(999, "execution aborted (timeout = 999ms)");
    says(5000, "execution aborted (timeout = 5s)");
    says(1500, "execution aborted (timeout = 1.5s)");
    says(60000, "execution aborted (timeout = 1m0s)");
    says(3599999, "execution aborted (timeout = 59m59.999s)");
}

static void test_watch(void **state) {
    (void)state;
    struct time_limit limit = {0};
    struct rpc_request request = {0};
    time_limit_begin(&limit, &request, time_limit_of(0));
    assert_null(time_limit_watch(&limit));
    time_limit_begin(&limit, &request, 0);
    const struct evm_watch *watch = time_limit_watch(&limit);
    assert_non_null(watch);
    assert_true(watch->must_stop(watch->context));
    time_limit_begin(&limit, &request, TIME_LIMIT_NONE - 1);
    assert_false(watch->must_stop(watch->context));
}

/* A request that is over ends the run whatever its time. */
static void test_request(void **state) {
    (void)state;
    struct rpc_watch over = {0};
    struct rpc_request request = {.watch = &over};
    struct time_limit limit = {0};
    time_limit_begin(&limit, &request, time_limit_of(0));
    const struct evm_watch *watch = time_limit_watch(&limit);
    assert_non_null(watch);
    assert_false(watch->must_stop(watch->context));
    over.is_cancelled = true;
    assert_true(watch->must_stop(watch->context));
    assert_true(over.is_over);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
