/* chain/header.h: block headers of all forks, and the numbers in them that follow from the parent.
 *
 * Fields a fork does not have are zero, and `fields` says how many trailing ones there are: headers
 * only ever grew at the end, so one number (the newest fork whose fields are present) is enough. */
#ifndef CHAIN_HEADER_H
#define CHAIN_HEADER_H

#include "chain/forks.h"
#include "chain/receipt.h"

/* Which trailing fields a header carries. */
enum header_fields {
    HEADER_FRONTIER,     /* 15 fields, the last is the nonce */
    HEADER_BASE_FEE,     /* + base_fee_per_gas (London, EIP-1559) */
    HEADER_WITHDRAWALS,  /* + withdrawals_root (Shanghai, EIP-4895) */
    HEADER_BLOB_GAS,     /* + blob_gas_used, excess_blob_gas, parent_beacon_block_root (Cancun) */
    HEADER_REQUESTS_HASH /* + requests_hash (Prague, EIP-7685) */
};

#define HEADER_EXTRA_DATA_SIZE_MAX 32

struct header {
    enum header_fields fields;
    hash32 parent_hash;
    hash32 ommers_hash;
    address coinbase;
    hash32 state_root;
    hash32 transactions_root;
    hash32 receipts_root;
    struct bloom logs_bloom;
    u256 difficulty;
    uint64_t number;
    uint64_t gas_limit;
    uint64_t gas_used;
    uint64_t timestamp;
    uint8_t extra_data_size;
    uint8_t extra_data[HEADER_EXTRA_DATA_SIZE_MAX];
    hash32 mix_hash; /* prev_randao from Paris on */
    uint8_t nonce[8];
    u256 base_fee_per_gas;
    hash32 withdrawals_root;
    uint64_t blob_gas_used;
    uint64_t excess_blob_gas;
    hash32 parent_beacon_block_root;
    hash32 requests_hash;
};

/* keccak256(rlp([])): the ommers hash of a block without ommers. */
extern const hash32 EMPTY_LIST_HASH;

/* X(name, EEST exception without its class, text) */
#define BLOCK_VERDICT_LIST(X)                                                                   \
    X(OK, "", "ok")                                                                             \
    /* The bytes. */                                                                            \
    X(RLP, "RLP_STRUCTURES_ENCODING", "rlp: malformed block")                                   \
    X(FIELD_OVERFLOW, "RLP_INVALID_FIELD_OVERFLOW_64", "rlp: header field does not fit")        \
    X(FORMAT, "INCORRECT_BLOCK_FORMAT", "header fields do not match the fork")                  \
    X(RLP_SIZE, "RLP_BLOCK_LIMIT_EXCEEDED", "block RLP-encoded size exceeds maximum")           \
    X(EXTRA_DATA_SIZE, "EXTRA_DATA_TOO_BIG", "extra-data too long")                             \
    X(WITHDRAWALS_MISSING, "RLP_WITHDRAWALS_NOT_READ", "missing withdrawals in block body")     \
    X(WITHDRAWALS_UNEXPECTED, "INCORRECT_BLOCK_FORMAT", "withdrawals set before Shanghai")      \
    /* The header against its parent. */                                                        \
    X(PARENT_UNKNOWN, "UNKNOWN_PARENT", "unknown ancestor")                                     \
    X(NUMBER, "INVALID_BLOCK_NUMBER", "invalid block number")                                   \
    X(TIMESTAMP, "INVALID_BLOCK_TIMESTAMP_OLDER_THAN_PARENT", "timestamp older than parent")    \
    X(GAS_LIMIT, "INVALID_GASLIMIT", "invalid gas limit")                                       \
    X(GAS_LIMIT_MAX, "GASLIMIT_TOO_BIG", "gas limit exceeds 2^63-1")                            \
    X(GAS_USED_OVERFLOW, "GAS_USED_OVERFLOW", "gas used exceeds gas limit")                     \
    X(DIFFICULTY, "INVALID_DIFFICULTY", "invalid difficulty")                                   \
    X(NONCE, "IMPORT_IMPOSSIBLE_PARIS_WRONG_POS", "invalid nonce")                              \
    X(PROOF_OF_WORK, "INVALID_POW", "invalid proof of work")                                    \
    X(NOT_MERGED,                                                                               \
      "IMPORT_IMPOSSIBLE_PARIS_WRONG_POS",                                                      \
      "proof-of-stake block before the terminal total difficulty")                              \
    X(MERGED,                                                                                   \
      "IMPORT_IMPOSSIBLE_PARIS_WRONG_POW",                                                      \
      "proof-of-work block after the terminal total difficulty")                                \
    X(DAO_EXTRA_DATA, "EXTRA_DATA_INVALID_DAO", "bad DAO pro-fork extra-data")                  \
    X(BASE_FEE, "INVALID_BASEFEE_PER_GAS", "invalid base fee")                                  \
    X(EXCESS_BLOB_GAS, "INCORRECT_EXCESS_BLOB_GAS", "invalid excess blob gas")                  \
    X(BLOB_GAS_LIMIT, "BLOB_GAS_USED_ABOVE_LIMIT", "blob gas used exceeds maximum allowance")   \
    /* The ommers. */                                                                           \
    X(OMMERS_HASH, "INVALID_UNCLES_HASH", "uncle root hash mismatch")                           \
    X(OMMERS_UNEXPECTED, "IMPORT_IMPOSSIBLE_UNCLES_OVER_PARIS", "uncles not allowed")           \
    X(OMMERS_COUNT, "TOO_MANY_UNCLES", "too many uncles")                                       \
    X(OMMER_DUPLICATE, "UNCLE_IN_CHAIN", "duplicate uncle")                                     \
    X(OMMER_IS_ANCESTOR, "UNCLE_IS_ANCESTOR", "uncle is ancestor")                              \
    X(OMMER_IS_BROTHER, "UNCLE_IS_BROTHER", "uncle is a child of this block's parent's parent") \
    X(OMMER_PARENT, "UNCLE_PARENT_INCORRECT", "uncle's parent is not ancestor")                 \
    X(OMMER_UNKNOWN_PARENT, "UNCLE_UNKNOWN_PARENT", "uncle's parent is unknown")                \
    X(OMMER_HEADER, "INVALID_UNCLE", "uncle has an invalid header")                             \
    /* The body and what came of running it. */                                                 \
    X(TRANSACTION, "", "invalid transaction")                                                   \
    X(TRANSACTIONS_ROOT, "INVALID_TRANSACTIONS_ROOT", "transaction root hash mismatch")         \
    X(WITHDRAWALS_ROOT, "INVALID_WITHDRAWALS_ROOT", "withdrawals root hash mismatch")           \
    X(BLOB_GAS_USED, "INCORRECT_BLOB_GAS_USED", "blob gas used mismatch")                       \
    X(GAS_USED, "INVALID_GAS_USED", "invalid gas used")                                         \
    X(LOGS_BLOOM, "INVALID_LOG_BLOOM", "invalid bloom")                                         \
    X(RECEIPTS_ROOT, "INVALID_RECEIPTS_ROOT", "invalid receipt root hash")                      \
    X(STATE_ROOT, "INVALID_STATE_ROOT", "invalid merkle root")                                  \
    X(REQUESTS_HASH, "INVALID_REQUESTS", "invalid requests hash")                               \
    X(DEPOSIT_LAYOUT, "INVALID_DEPOSIT_EVENT_LAYOUT", "invalid deposit event layout")           \
    X(SYSTEM_CONTRACT_EMPTY, "SYSTEM_CONTRACT_EMPTY", "system contract has no code")            \
    X(SYSTEM_CONTRACT_FAILED, "SYSTEM_CONTRACT_CALL_FAILED", "system contract call failed")

enum block_verdict {
#define BLOCK_VERDICT_ENUM(name, eest, text) BLOCK_##name,
    BLOCK_VERDICT_LIST(BLOCK_VERDICT_ENUM)
#undef BLOCK_VERDICT_ENUM
};

const char *block_verdict_name(enum block_verdict verdict);
const char *block_verdict_eest(enum block_verdict verdict); /* "BlockException.X", or "" */
const char *block_verdict_text(enum block_verdict verdict);

/* header_encode: RLP of the fields that `fields` names. Borrowed from the arena. ERR_MEMORY. */
MUST_USE enum err header_encode(bytes *encoding, struct arena *arena, const struct header *header);

/* header_decode reads one item (a list) that must be all of encoding. Verdict BLOCK_OK, BLOCK_RLP,
 * BLOCK_FIELD_OVERFLOW, BLOCK_EXTRA_DATA_SIZE or BLOCK_FORMAT; the header is untouched unless
 * OK. */
enum block_verdict header_decode(struct header *header, bytes encoding);

/* keccak256 of the encoding; needs no arena. */
hash32 header_hash(const struct header *header);

/* The trailing fields that the fork's headers have. */
enum header_fields header_fields_of(enum fork fork);

/* EIP-1559: the base fee of the block after parent; the initial one if parent has none. */
u256 header_next_base_fee(const struct header *parent);

/* EIP-4844, EIP-7918: excess blob gas of the block after parent under the rules of that block. */
uint64_t header_next_excess_blob_gas(const struct header *parent, const struct fork_rules *rules);

/* EIP-4844: wei per blob gas at this excess. */
u256 blob_base_fee(uint64_t excess_blob_gas, const struct blob_parameters *blob);

/* The difficulty of the block after parent (Yellow Paper 4.3.4, EIP-2, EIP-100, the bombs). */
u256 header_difficulty(
    const struct header *parent, uint64_t timestamp, const struct fork_rules *rules
);

/* The reward for a block before Paris; 0 from then on. */
u256 block_reward(const struct fork_rules *rules);

/* header_check tests a header against its parent under the rules of its block: everything that
 * needs no body and no state, but for proof of work. has_proof_of_stake comes from rules.fork. */
enum block_verdict header_check(
    const struct header *header, const struct header *parent, const struct fork_rules *rules
);

#endif
