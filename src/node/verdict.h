/* node/verdict.h: why a transaction was refused, in the words that clients know from geth.
 *
 * Texts are those of geth's state transition and pool with their figures; where geth has several
 * for one cause, the one with more in it. Addresses are written with EIP-55's checksum. */
#ifndef NODE_VERDICT_H
#define NODE_VERDICT_H

#include "chain/pool.h"
#include "chain/tx.h"
#include "core/u256.h"

/* What a text may need to know. Unset parts are zero. */
struct verdict_facts {
    const struct tx *tx;
    address sender;
    enum fork fork;
    uint64_t chain_id;
    uint64_t block_gas_limit;
    uint64_t gas_available; /* TX_GAS_ALLOWANCE: left in the block; 0: its whole limit */
    uint64_t state_nonce;
    uint64_t block_number; /* of the block it is for */
    u256 balance;
    u256 base_fee;
    u256 blob_base_fee;
    size_t code_size; /* of the sender */
};

#define VERDICT_TEXT_SIZE_MAX 512

/* verdict_text writes one line, terminated; verdict is not TX_OK (CHECKed). Returns its length. */
size_t verdict_text(
    char out[VERDICT_TEXT_SIZE_MAX], enum tx_verdict verdict, const struct verdict_facts *facts
);

/* The same for what the pool has said to an offer. POOL_INVALID is what verdict_text is for. */
size_t verdict_pool_text(
    char out[VERDICT_TEXT_SIZE_MAX],
    enum pool_verdict verdict,
    const struct pool *pool,
    const struct pool_offer *offer
);

#endif
