#include "node/verdict.h"

#include "core/check.h"
#include "rpc/view.h"

#include <inttypes.h>
#include <stdio.h>

/* Decimal numbers and the sender, as the texts need them. */
struct words {
    char sender[43];
    char a[U256_DECIMAL_SIZE_MAX];
    char b[U256_DECIMAL_SIZE_MAX];
};

static size_t finish(int size) {
    CHECK(size >= 0);
    return size < VERDICT_TEXT_SIZE_MAX ? (size_t)size : VERDICT_TEXT_SIZE_MAX - 1;
}

/* Those about the price: the two numbers, then the text around them. */
static int price_text(
    char *out, enum tx_verdict verdict, const struct verdict_facts *facts, struct words *words
) {
    const size_t size = VERDICT_TEXT_SIZE_MAX;
    const struct tx *tx = facts->tx;
    const char *text = tx_verdict_text(verdict);
    const u256 cost = pool_tx_cost(tx);
    const u256 *a = &facts->balance;
    const u256 *b = &cost;
    if (verdict == TX_TIP_ABOVE_FEE_CAP)
        a = &tx->max_priority_fee_per_gas, b = &tx->max_fee_per_gas;
    if (verdict == TX_FEE_CAP) a = &tx->max_fee_per_gas, b = &facts->base_fee;
    if (verdict == TX_BLOB_FEE_CAP) a = &tx->max_fee_per_blob_gas, b = &facts->blob_base_fee;
    (void)u256_to_decimal(words->a, a);
    (void)u256_to_decimal(words->b, b);
    const char *sender = words->sender;
    if (verdict == TX_TIP_ABOVE_FEE_CAP)
        return snprintf(
            out,
            size,
            "%s: address %s, maxPriorityFeePerGas: %s, maxFeePerGas: %s",
            text,
            sender,
            words->a,
            words->b
        );
    if (verdict == TX_FEE_CAP)
        return snprintf(
            out,
            size,
            "%s: address %s, maxFeePerGas: %s, baseFee: %s",
            text,
            sender,
            words->a,
            words->b
        );
    if (verdict == TX_BLOB_FEE_CAP)
        return snprintf(
            out,
            size,
            "%s: address %s blobGasFeeCap: %s, blobBaseFee: %s",
            text,
            sender,
            words->a,
            words->b
        );
    return snprintf(out, size, "%s: address %s have %s want %s", text, sender, words->a, words->b);
}

/* Those about gas and sizes, from what the transaction itself says. */
static int size_text(char *out, enum tx_verdict verdict, const struct verdict_facts *facts) {
    const struct tx *tx = facts->tx;
    const char *text = tx_verdict_text(verdict);
    uint64_t have = tx->gas_limit;
    uint64_t want = verdict == TX_INTRINSIC_GAS ? tx_intrinsic_gas(tx, facts->fork)
                                                : tx_floor_gas(tx, facts->fork);
    if (verdict == TX_GAS_LIMIT_CAP)
        return snprintf(
            out,
            VERDICT_TEXT_SIZE_MAX,
            "%s (cap: %" PRIu64 ", tx: %" PRIu64 ")",
            text,
            (uint64_t)TX_GAS_LIMIT_MAX,
            have
        );
    if (verdict == TX_INITCODE_SIZE)
        return snprintf(
            out,
            VERDICT_TEXT_SIZE_MAX,
            "%s: code size %zu limit %u",
            text,
            tx->data.size,
            TX_INITCODE_SIZE_MAX
        );
    return snprintf(
        out, VERDICT_TEXT_SIZE_MAX, "%s: have %" PRIu64 ", want %" PRIu64, text, have, want
    );
}

/* Those of conditional transactions about blocks. */
static int window_text(char *out, enum tx_verdict verdict, const struct verdict_facts *facts) {
    const struct tx *tx = facts->tx;
    const bool is_late = verdict == TX_TOO_LATE;
    if (verdict == TX_WINDOW)
        return snprintf(
            out,
            VERDICT_TEXT_SIZE_MAX,
            "%s: first block %" PRIu64 ", last block %" PRIu64,
            tx_verdict_text(verdict),
            tx->first_block,
            tx->last_block
        );
    return snprintf(
        out,
        VERDICT_TEXT_SIZE_MAX,
        "%s: %s block %" PRIu64 ", next block %" PRIu64,
        tx_verdict_text(verdict),
        is_late ? "last" : "first",
        is_late ? tx->last_block : tx->first_block,
        facts->block_number
    );
}

size_t verdict_text(
    char out[VERDICT_TEXT_SIZE_MAX], enum tx_verdict verdict, const struct verdict_facts *facts
) {
    const size_t size = VERDICT_TEXT_SIZE_MAX;
    const struct tx *tx = facts->tx;
    const char *text = tx_verdict_text(verdict);
    struct words words = {{0}, {0}, {0}};
    CHECK(verdict != TX_OK);
    view_checksum_address(words.sender, &facts->sender);
    if (verdict == TX_TIP_ABOVE_FEE_CAP || verdict == TX_FEE_CAP || verdict == TX_BLOB_FEE_CAP ||
        verdict == TX_FUNDS || verdict == TX_FEE_OVERFLOW) {
        enum tx_verdict named = verdict == TX_FEE_OVERFLOW ? TX_FUNDS : verdict;
        return finish(price_text(out, named, facts, &words));
    }
    if (verdict == TX_INTRINSIC_GAS || verdict == TX_FLOOR_GAS || verdict == TX_GAS_LIMIT_CAP ||
        verdict == TX_INITCODE_SIZE)
        return finish(size_text(out, verdict, facts));
    if (verdict == TX_NONCE_LOW || verdict == TX_NONCE_HIGH)
        return finish(snprintf(
            out,
            size,
            "%s: address %s, tx: %" PRIu64 " state: %" PRIu64,
            text,
            words.sender,
            tx->nonce,
            facts->state_nonce
        ));
    if (verdict == TX_NONCE_MAX)
        return finish(
            snprintf(out, size, "%s: address %s, nonce: %" PRIu64, text, words.sender, tx->nonce)
        );
    if (verdict == TX_CHAIN_ID)
        return finish(snprintf(
            out, size, "%s: have %" PRIu64 " want %" PRIu64, text, tx->chain_id, facts->chain_id
        ));
    if (verdict == TX_SENDER_NOT_EOA)
        return finish(snprintf(
            out, size, "%s: address %s, len(code): %zu", text, words.sender, facts->code_size
        ));
    if (verdict == TX_GAS_ALLOWANCE) {
        if (tx->gas_limit > facts->block_gas_limit)
            return finish(snprintf(out, size, "exceeds block gas limit"));
        return finish(snprintf(
            out,
            size,
            "%s: have %" PRIu64 ", want %" PRIu64,
            text,
            facts->gas_available,
            tx->gas_limit
        ));
    }
    if (verdict == TX_WINDOW || verdict == TX_TOO_EARLY || verdict == TX_TOO_LATE)
        return finish(window_text(out, verdict, facts));
    if (verdict == TX_NO_AUTHORIZATIONS)
        return finish(snprintf(out, size, "%s (sender %s)", text, words.sender));
    return finish(snprintf(out, size, "%s", text));
}

static int funds_text(char *out, const struct pool *pool, const struct pool_offer *offer) {
    u256 spent = pool_sender_cost(pool, &offer->sender);
    u256 cost = pool_tx_cost(offer->tx);
    u256 all = u256_add(&spent, &cost);
    u256 over = u256_sub(&all, &offer->account.balance);
    char words[4][U256_DECIMAL_SIZE_MAX];
    (void)u256_to_decimal(words[0], &offer->account.balance);
    (void)u256_to_decimal(words[1], &spent);
    (void)u256_to_decimal(words[2], &cost);
    (void)u256_to_decimal(words[3], &over);
    return snprintf(
        out,
        VERDICT_TEXT_SIZE_MAX,
        "%s: balance %s, queued cost %s, tx cost %s, overshot %s",
        pool_verdict_text(POOL_FUNDS),
        words[0],
        words[1],
        words[2],
        words[3]
    );
}

size_t verdict_pool_text(
    char out[VERDICT_TEXT_SIZE_MAX],
    enum pool_verdict verdict,
    const struct pool *pool,
    const struct pool_offer *offer
) {
    const size_t size = VERDICT_TEXT_SIZE_MAX;
    const char *text = pool_verdict_text(verdict);
    switch (verdict) {
    case POOL_OK:
    case POOL_INVALID:
        CHECK(false);
        return 0;
    case POOL_SIZE:
        return finish(snprintf(
            out,
            size,
            "%s: transaction size %zu, limit %u",
            text,
            offer->encoding.size,
            POOL_TX_SIZE_MAX
        ));
    case POOL_FUNDS:
        return finish(funds_text(out, pool, offer));
    case POOL_SENDER_FULL:
        return finish(snprintf(out, size, "%s: pooled %u txs", text, POOL_SENDER_TX_MAX));
    case POOL_SENDER_BLOBS:
        return finish(snprintf(out, size, "%s: pooled %u txs", text, POOL_SENDER_BLOB_MAX));
    case POOL_SENDER_CONDITIONAL:
        return finish(
            snprintf(out, size, "%s: pooled %u conditional txs", text, POOL_SENDER_CONDITIONAL_MAX)
        );
    case POOL_KNOWN:
    case POOL_REPLACEMENT:
    case POOL_UNDERPRICED:
    case POOL_CONDITIONAL_FULL:
    case POOL_FULL:
        break;
    }
    return finish(snprintf(out, size, "%s", text));
}
