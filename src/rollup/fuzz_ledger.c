/* Whatever comes in: the ledger comes to a verdict, the same one twice, from the same bytes; and as
 * many tokens are held as were issued.
 *
 *   input = [kind 1 ‖ size 1 ‖ data size]…   kind: which action it is, and who it is from */
#include "rollup/test_ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 16

/* What one action is made of. */
static struct action action_of(uint8_t kind, bytes data) {
    const address *const sources[] = {&TEST_OWNER, &TEST_OTHER, &TEST_HOLDER, &LEDGER_ADDRESS};
    struct action action = test_ledger_call(sources[kind & 3], data);
    action.is_static = (kind & 4) != 0;
    if ((kind & 8) != 0) action.source_rollup_id = TEST_LEDGER_ID;
    if ((kind & 0x30) == 0x30) action.gas = data.size * 1000;
    if ((kind & 0xc0) == 0x40) {
        action = (struct action){
            .kind = ACTION_RESULT,
            .rollup_id = TEST_LEDGER_ID,
            .failed = (kind & 1) != 0,
            .gas = (kind & 2) != 0 ? TEST_LEDGER_GAS : 0,
            .data = data,
        };
    } else if ((kind & 0xc0) == 0xc0) {
        action = (struct action){
            .kind = (kind & 1) != 0 ? ACTION_L2TX : ACTION_REVERT_CONTINUE,
            .rollup_id = TEST_LEDGER_ID,
            .data = data,
        };
    }
    return action;
}

static u256 field(struct test_ledger *t, struct state *state, enum ledger_slot slot) {
    u256 value;
    const u256 key = u256_from_u64(slot);
    CHECK(state_open(state, t->arena, &t->overlay.source, &t->head) == ERR_OK);
    CHECK(state_get_slot(state, &LEDGER_ADDRESS, &key, &value) == ERR_OK);
    return value;
}

/* An idle head's accounts, as far as they are known, hold no more than there is. */
static void check_supply(struct test_ledger *t) {
    const address known[] = {
        TEST_HOLDER,
        block_run_proxy_of(0, &TEST_OTHER),
        block_run_proxy_of(0, &TEST_OWNER),
        LEDGER_ADDRESS,
    };
    struct state state;
    u256 sum = U256_ZERO;
    u256 supply = field(t, &state, LEDGER_TOTAL_SUPPLY);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        struct account account;
        bool exists;
        CHECK(state_get_account(&state, &known[i], &account, &exists) == ERR_OK);
        CHECK(!u256_add_carry(&sum, &sum, &account.balance));
        CHECK(!address_equal(&known[i], &LEDGER_ADDRESS) || u256_is_zero(&account.balance));
    }
    CHECK(!u256_less(&supply, &sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct test_ledger one;
    struct test_ledger two;
    arena_open(&arena, (size_t)1 << 28);
    test_ledger_open(&one, &arena);
    test_ledger_open(&two, &arena);
    for (size_t steps = 0; steps < STEPS_MAX && size > 2; steps++) {
        size_t most = size - 2;
        size_t count = (size_t)data[1] * 4 < most ? (size_t)data[1] * 4 : most;
        const struct action action = action_of(data[0], bytes_of(data + 2, count));
        data += 2 + count;
        size -= 2 + count;
        const hash32 before = one.head;
        const struct fact a = test_ledger_step(&one, &action);
        const struct fact b = test_ledger_step(&two, &action);
        CHECK(a.verdict == b.verdict && hash32_equal(&one.head, &two.head));
        if (a.verdict != STEP_OK) continue;
        const struct transition *t = &a.entry.transitions[0];
        CHECK(action_equal(&a.entry.out, &b.entry.out));
        CHECK(u256_is_zero(&t->ether_delta_wei));
        if (action.kind == ACTION_CALL && a.entry.out.kind == ACTION_RESULT &&
            (a.entry.out.failed || action.is_static))
            CHECK(hash32_equal(&t->post, &before));
        if (t->idle) check_supply(&one);
    }
    arena_close(&arena);
    return 0;
}
