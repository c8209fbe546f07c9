#include "node/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The addresses' checksums: EIP-55's own example. */
static const address someone = {{0x5a, 0xae, 0xb6, 0x05, 0x3f, 0x3e, 0x94, 0xc9, 0xb9, 0xa0,
                                 0x9f, 0x33, 0x66, 0x94, 0x35, 0xe7, 0xef, 0x1b, 0xea, 0xed}};

static struct tx a_transfer(void) {
    return (struct tx){
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = 1,
        .nonce = 3,
        .gas_limit = 21000,
        .max_fee_per_gas = u256_from_u64(7),
        .max_priority_fee_per_gas = u256_from_u64(9),
        .value = u256_from_u64(1000),
    };
}

static void expect(enum tx_verdict verdict, const struct verdict_facts *facts, const char *text) {
    char out[VERDICT_TEXT_SIZE_MAX];
    size_t size = verdict_text(out, verdict, facts);
    assert_string_equal(out, text);
    assert_int_equal(size, strlen(text));
}

/* Formats: go-ethereum 1.16, core/state_transition.go and core/txpool. */
static void names_every_figure(void **state) {
    (void)state;
    struct tx tx = a_transfer();
    struct verdict_facts facts = {
        .tx = &tx,
        .sender = someone,
        .fork = FORK_OSAKA,
        .chain_id = 31337,
        .block_gas_limit = 20000,
        .state_nonce = 5,
        .balance = u256_from_u64(12),
        .base_fee = u256_from_u64(8),
        .blob_base_fee = u256_from_u64(2),
        .code_size = 23,
    };
    expect(
        TX_NONCE_LOW,
        &facts,
        "nonce too low: address 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, tx: 3 state: 5"
    );
    expect(
        TX_NONCE_HIGH,
        &facts,
        "nonce too high: address 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, tx: 3 state: 5"
    );
    expect(
        TX_FUNDS,
        &facts,
        "insufficient funds for gas * price + value: address "
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed have 12 want 148000"
    );
    expect(
        TX_FEE_CAP,
        &facts,
        "max fee per gas less than block base fee: address "
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, maxFeePerGas: 7, baseFee: 8"
    );
    expect(
        TX_TIP_ABOVE_FEE_CAP,
        &facts,
        "max priority fee per gas higher than max fee per gas: address "
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, maxPriorityFeePerGas: 9, maxFeePerGas: 7"
    );
    expect(TX_CHAIN_ID, &facts, "invalid chain id for signer: have 1 want 31337");
    expect(TX_GAS_ALLOWANCE, &facts, "exceeds block gas limit");
    expect(
        TX_SENDER_NOT_EOA,
        &facts,
        "sender not an eoa: address 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, len(code): 23"
    );
    tx.gas_limit = 20999;
    expect(TX_INTRINSIC_GAS, &facts, "intrinsic gas too low: have 20999, want 21000");
    tx.gas_limit = TX_GAS_LIMIT_MAX + 1;
    expect(
        TX_GAS_LIMIT_CAP, &facts, "transaction gas limit too high (cap: 16777216, tx: 16777217)"
    );
    expect(TX_SIGNATURE, &facts, "invalid transaction v, r, s values");
}

/* Numbers that do not fit must not wrap into affordable ones. */
static void pool_texts(void **state) {
    (void)state;
    static const struct {
        enum pool_verdict verdict;
        const char *text;
    } cases[] = {
        {POOL_KNOWN, "already known"},
        {POOL_REPLACEMENT, "replacement transaction underpriced"},
        {POOL_UNDERPRICED, "transaction underpriced"},
        {POOL_SIZE, "oversized data: transaction size 200000, limit 131072"},
        {POOL_FUNDS,
         "insufficient funds for gas * price + value: balance 147005, queued cost 0, tx cost "
         "148000, "
         "overshot 995"},
        {POOL_SENDER_FULL, "account limit exceeded: pooled 32768 txs"},
        {POOL_SENDER_BLOBS, "account limit exceeded: pooled 16 txs"},
        {POOL_FULL, "txpool is full"},
    };
    static const uint8_t data[200000];
    struct tx tx = {
        .gas_limit = 21000, .max_fee_per_gas = u256_from_u64(7), .value = u256_from_u64(1000)};
    struct pool_offer offer = {
        .tx = &tx,
        .encoding = bytes_of(data, sizeof(data)),
        .account = {.balance = u256_from_u64(147005)},
    };
    struct pool *pool = pool_open();
    assert_non_null(pool);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[VERDICT_TEXT_SIZE_MAX];
        size_t size = verdict_pool_text(out, cases[i].verdict, pool, &offer);
        assert_string_equal(out, cases[i].text);
        assert_int_equal(size, strlen(out));
    }
    pool_close(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_figure),
        cmocka_unit_test(pool_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
