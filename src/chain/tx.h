/* chain/tx.h: transactions of types 0 to 4, 0x4c and 0x7e: fields, canonical encoding, hashes,
 * senders.
 *
 * Decoding is exact: what decodes is what the encoder would have written, byte for byte, and every
 * refusal has its own verdict. A verdict is about one transaction in one place; trouble of this
 * program (no memory) is an `enum err` and never a verdict.
 *
 * Limits: gas, nonce and chain id have 64 bits (EIP-2681 for the nonce; no chain has a wider id;
 * gas beyond 2^64 - 1 could not be paid for). Wider ones are refused as TX_*_OVERFLOW.
 *
 * Type 0x4c, of EVM rollups, is conditional (docs/decisions/025):
 *
 *   0x4c || rlp([chain_id, nonce, max_priority_fee_per_gas, max_fee_per_gas, gas_limit, to, value,
 *                data, access_list, first_block, last_block, priority_fee_decay, message_slots,
 *                y_parity, r, s])
 *
 * It is valid only in blocks first_block to last_block, and where each of the message slots is
 * marked as imported in the rollup's MessageService; its priority fee is so many wei lower in each
 * block after first_block, until nothing is left of it. All of it is signed, as EIP-1559 says. */
#ifndef CHAIN_TX_H
#define CHAIN_TX_H

#include "chain/forks.h"
#include "core/arena.h"
#include "core/u256.h"

enum tx_type {
    TX_LEGACY = 0,
    TX_ACCESS_LIST = 1,    /* EIP-2930 */
    TX_DYNAMIC_FEE = 2,    /* EIP-1559 */
    TX_BLOB = 3,           /* EIP-4844 */
    TX_SET_CODE = 4,       /* EIP-7702 */
    TX_CONDITIONAL = 0x4c, /* of EVM rollups; in the range that EIP-7808 leaves to rollups */
    TX_DEPOSIT = 0x7e,     /* a rollup's own transaction, without signature */
};

/* Whether an envelope (EIP-2718) that begins with this byte is one of those above; type 0 has
 * none. */
bool tx_type_is_known(uint8_t type);

/* X(name, EEST exception without its class, text in the words of geth where it has some).
 * Order: decoding, then by what is needed to know it (nothing, the rules, the block, the state). */
#define TX_VERDICT_LIST(X)                                                                         \
    X(OK, "", "ok")                                                                                \
    /* The bytes. A number with leading zeros is not canonical; one that is too wide overflows. */ \
    X(RLP, "RLP_INVALID_VALUE", "rlp: malformed transaction")                                      \
    X(RLP_HEADER, "RLP_INVALID_HEADER", "rlp: transaction is not one list")                        \
    X(RLP_SIZE, "RLP_ERROR_SIZE", "rlp: a length exceeds what is there")                           \
    X(FIELDS_TOO_FEW, "RLP_TOO_FEW_ELEMENTS", "rlp: too few elements for transaction")             \
    X(FIELDS_TOO_MANY, "RLP_TOO_MANY_ELEMENTS", "rlp: too many elements for transaction")          \
    X(TYPE_UNKNOWN, "TYPE_NOT_SUPPORTED", "transaction type not supported")                        \
    X(CHAIN_ID_FORMAT, "INVALID_CHAINID", "rlp: malformed chain id")                               \
    X(NONCE_FORMAT, "RLP_INVALID_NONCE", "rlp: malformed nonce")                                   \
    X(NONCE_ZEROS, "RLP_LEADING_ZEROS_NONCE", "rlp: nonce with leading zeros")                     \
    X(NONCE_OVERFLOW, "NONCE_OVERFLOW", "rlp: nonce does not fit 64 bits")                         \
    X(GAS_PRICE_ZEROS, "RLP_LEADING_ZEROS_GASPRICE", "rlp: gas price with leading zeros")          \
    X(GAS_PRICE_OVERFLOW, "GASPRICE_OVERFLOW", "rlp: gas price does not fit 256 bits")             \
    X(TIP_ZEROS, "RLP_LEADING_ZEROS_PRIORITY_FEE", "rlp: priority fee with leading zeros")         \
    X(TIP_OVERFLOW, "PRIORITY_OVERFLOW", "rlp: priority fee does not fit 256 bits")                \
    X(FEE_CAP_ZEROS, "RLP_LEADING_ZEROS_BASEFEE", "rlp: fee cap with leading zeros")               \
    X(FEE_CAP_OVERFLOW, "GASPRICE_OVERFLOW", "rlp: fee cap does not fit 256 bits")                 \
    X(GAS_LIMIT_FORMAT, "RLP_INVALID_GASLIMIT", "rlp: malformed gas limit")                        \
    X(GAS_LIMIT_ZEROS, "RLP_LEADING_ZEROS_GASLIMIT", "rlp: gas limit with leading zeros")          \
    X(GAS_LIMIT_OVERFLOW, "GASLIMIT_OVERFLOW", "rlp: gas limit does not fit 64 bits")              \
    X(TO_FORMAT, "RLP_INVALID_TO", "rlp: recipient is a list")                                     \
    X(TO_SHORT, "ADDRESS_TOO_SHORT", "rlp: input string too short for common.Address")             \
    X(TO_LONG, "ADDRESS_TOO_LONG", "rlp: input string too long for common.Address")                \
    X(VALUE_ZEROS, "RLP_LEADING_ZEROS_VALUE", "rlp: value with leading zeros")                     \
    X(VALUE_OVERFLOW, "VALUE_OVERFLOW", "rlp: value does not fit 256 bits")                        \
    X(DATA_FORMAT, "RLP_INVALID_DATA", "rlp: data is a list")                                      \
    X(ACCESS_LIST_FORMAT, "RLP_INVALID_VALUE", "rlp: malformed access list")                       \
    X(ACCESS_ADDRESS_SHORT,                                                                        \
      "RLP_INVALID_ACCESS_LIST_ADDRESS_TOO_SHORT",                                                 \
      "rlp: access list address too short")                                                        \
    X(ACCESS_ADDRESS_LONG,                                                                         \
      "RLP_INVALID_ACCESS_LIST_ADDRESS_TOO_LONG",                                                  \
      "rlp: access list address too long")                                                         \
    X(ACCESS_KEY_SHORT,                                                                            \
      "RLP_INVALID_ACCESS_LIST_STORAGE_TOO_SHORT",                                                 \
      "rlp: access list storage key too short")                                                    \
    X(ACCESS_KEY_LONG,                                                                             \
      "RLP_INVALID_ACCESS_LIST_STORAGE_TOO_LONG",                                                  \
      "rlp: access list storage key too long")                                                     \
    X(BLOB_FEE_FORMAT, "RLP_INVALID_VALUE", "rlp: malformed max fee per blob gas")                 \
    X(BLOB_HASHES_FORMAT, "RLP_INVALID_VALUE", "rlp: malformed blob versioned hashes")             \
    X(AUTHORIZATION_FORMAT,                                                                        \
      "TYPE_4_INVALID_AUTHORIZATION_FORMAT",                                                       \
      "rlp: malformed authorization list")                                                         \
    X(CONDITIONS_FORMAT, "RLP_INVALID_VALUE", "rlp: malformed conditions of transaction")          \
    X(MESSAGE_SLOT_SIZE, "RLP_INVALID_VALUE", "rlp: message slot of other than 32 bytes")          \
    X(MESSAGE_COUNT, "", "conditional transaction with more than 16 message slots")                \
    X(V_ZEROS, "RLP_LEADING_ZEROS_V", "rlp: v with leading zeros")                                 \
    X(R_FORMAT, "RLP_INVALID_SIGNATURE_R", "rlp: r is not a number of 256 bits")                   \
    X(R_ZEROS, "RLP_LEADING_ZEROS_R", "rlp: r with leading zeros")                                 \
    X(S_FORMAT, "RLP_INVALID_SIGNATURE_S", "rlp: s is not a number of 256 bits")                   \
    X(S_ZEROS, "RLP_LEADING_ZEROS_S", "rlp: s with leading zeros")                                 \
    X(DEPOSIT_FORMAT, "RLP_INVALID_VALUE", "rlp: malformed deposit transaction")                   \
    X(BLOB_TX_CREATE, "TYPE_3_TX_CONTRACT_CREATION", "blob transaction of type create")            \
    X(SET_CODE_TX_CREATE,                                                                          \
      "TYPE_4_TX_CONTRACT_CREATION",                                                               \
      "input string too short for common.Address, decoding into (types.SetCodeTx).To")             \
    X(BLOB_SIDECAR, "TYPE_3_TX_WITH_FULL_BLOBS", "unexpected blob sidecar in transaction")         \
    /* The sidecar of a blob transaction on the wire (chain/blobs.h). */                           \
    X(SIDECAR_FORMAT, "", "rlp: malformed blob sidecar")                                           \
    X(SIDECAR_MISSING, "", "missing sidecar in blob transaction")                                  \
    X(SIDECAR_VERSION, "", "unexpected version of the blob sidecar")                               \
    X(SIDECAR_COUNT, "", "invalid number of blobs, commitments or proofs in blob transaction")     \
    X(SIDECAR_HASH, "", "blob hash does not match its commitment")                                 \
    X(SIDECAR_PROOF, "", "invalid blob proof")                                                     \
    /* The signature. */                                                                           \
    X(SIGNATURE, "INVALID_SIGNATURE_VRS", "invalid transaction v, r, s values")                    \
    X(CHAIN_ID, "INVALID_CHAINID", "invalid chain id for signer")                                  \
    X(PROTECTED_PRE_FORK,                                                                          \
      "INVALID_CHAINID",                                                                           \
      "replay-protected (EIP-155) transaction before Spurious Dragon")                             \
    /* The rules of the fork. */                                                                   \
    X(TYPE_1_PRE_FORK, "TYPE_1_TX_PRE_FORK", "transaction type not supported")                     \
    X(TYPE_2_PRE_FORK, "TYPE_2_TX_PRE_FORK", "transaction type not supported")                     \
    X(TYPE_3_PRE_FORK, "TYPE_3_TX_PRE_FORK", "transaction type not supported")                     \
    X(TYPE_4_PRE_FORK, "TYPE_4_TX_PRE_FORK", "transaction type not supported")                     \
    X(DEPOSIT_NOT_ALLOWED, "TYPE_NOT_SUPPORTED", "transaction type not supported")                 \
    X(CONDITIONAL_NOT_ALLOWED,                                                                     \
      "TYPE_NOT_SUPPORTED",                                                                        \
      "transaction type not supported: only EVM rollups have conditional transactions")            \
    X(WINDOW, "", "conditional transaction with its last block before its first")                  \
    X(NONCE_MAX, "NONCE_IS_MAX", "nonce has max value")                                            \
    X(GAS_LIMIT_CAP, "GAS_LIMIT_EXCEEDS_MAXIMUM", "transaction gas limit too high")                \
    X(INITCODE_SIZE, "INITCODE_SIZE_EXCEEDED", "max initcode size exceeded")                       \
    X(INTRINSIC_GAS, "INTRINSIC_GAS_TOO_LOW", "intrinsic gas too low")                             \
    X(FLOOR_GAS, "INTRINSIC_GAS_BELOW_FLOOR_GAS_COST", "insufficient gas for floor data gas cost") \
    X(TIP_ABOVE_FEE_CAP,                                                                           \
      "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS",                                                     \
      "max priority fee per gas higher than max fee per gas")                                      \
    X(FEE_OVERFLOW, "GASLIMIT_PRICE_PRODUCT_OVERFLOW", "gas limit times price exceeds 256 bits")   \
    X(NO_BLOBS, "TYPE_3_TX_ZERO_BLOBS", "blob transaction missing blob hashes")                    \
    X(BLOB_COUNT, "TYPE_3_TX_BLOB_COUNT_EXCEEDED", "too many blobs in transaction")                \
    X(BLOB_HASH_VERSION, "TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH", "blob hash has invalid version") \
    X(NO_AUTHORIZATIONS,                                                                           \
      "TYPE_4_EMPTY_AUTHORIZATION_LIST",                                                           \
      "EIP-7702 transaction with empty auth list")                                                 \
    /* The block it is in. */                                                                      \
    X(GAS_ALLOWANCE, "GAS_ALLOWANCE_EXCEEDED", "gas limit reached")                                \
    X(BLOB_GAS_ALLOWANCE, "TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED", "blob gas limit reached")   \
    X(FEE_CAP, "INSUFFICIENT_MAX_FEE_PER_GAS", "max fee per gas less than block base fee")         \
    X(BLOB_FEE_CAP,                                                                                \
      "INSUFFICIENT_MAX_FEE_PER_BLOB_GAS",                                                         \
      "max fee per blob gas less than block blob gas fee")                                         \
    X(TOO_EARLY, "", "conditional transaction before its first block")                             \
    X(TOO_LATE, "", "conditional transaction after its last block")                                \
    X(MESSAGE_MISSING, "", "conditional transaction whose message is not imported")                \
    /* The sender's account. */                                                                    \
    X(SENDER_NOT_EOA, "SENDER_NOT_EOA", "sender not an eoa")                                       \
    X(NONCE_LOW, "NONCE_MISMATCH_TOO_LOW", "nonce too low")                                        \
    X(NONCE_HIGH, "NONCE_MISMATCH_TOO_HIGH", "nonce too high")                                     \
    X(FUNDS, "INSUFFICIENT_ACCOUNT_FUNDS", "insufficient funds for gas * price + value")

enum tx_verdict {
#define TX_VERDICT_ENUM(name, eest, text) TX_##name,
    TX_VERDICT_LIST(TX_VERDICT_ENUM)
#undef TX_VERDICT_ENUM
};

/* Static storage: the enum's name without TX_, "TransactionException.X" of execution-spec-tests,
 * and the sentence for people. */
const char *tx_verdict_name(enum tx_verdict verdict);
const char *tx_verdict_eest(enum tx_verdict verdict);
const char *tx_verdict_text(enum tx_verdict verdict);

struct tx_access {
    address address;
    const hash32 *keys;
    size_t key_count;
};

struct tx_authorization {
    u256 chain_id;
    address address;
    uint64_t nonce;
    uint8_t y_parity;
    u256 r;
    u256 s;
};

struct tx {
    enum tx_type type;
    bool is_protected; /* carries chain_id: all typed ones, and type 0 under EIP-155 */
    uint64_t chain_id;
    uint64_t nonce;
    u256 max_priority_fee_per_gas; /* types 0 and 1: the gas price, so that rules need no cases */
    u256 max_fee_per_gas;          /* types 0 and 1: the gas price */
    uint64_t gas_limit;
    bool is_create;
    address to; /* zero if is_create */
    u256 value;
    bytes data;
    const struct tx_access *access_list;
    size_t access_count;
    u256 max_fee_per_blob_gas;
    const hash32 *blob_versioned_hashes;
    size_t blob_count;
    const struct tx_authorization *authorization_list;
    size_t authorization_count;
    /* Type 0x4c only. */
    uint64_t first_block;
    uint64_t last_block;
    u256 priority_fee_decay; /* wei per gas and block */
    const hash32 *message_slots;
    size_t message_slot_count;
    uint8_t y_parity; /* 0 or 1 */
    u256 r;
    u256 s;
    /* Type 0x7e only. */
    hash32 source_hash;
    address from;
    u256 mint;
    bool is_system;
};

/* tx_decode reads one transaction as it stands in a block's list of strings or on the wire
 * (EIP-2718: type byte and payload; type 0: the bare RLP list).
 *
 * Out:     tx       views borrow from encoding; arrays lie in the arena.
 *          verdict  TX_OK or why the bytes are no transaction.
 * Returns: ERR_OK also when the verdict is a refusal (tx is then untouched); ERR_MEMORY. */
MUST_USE enum err
tx_decode(struct tx *tx, enum tx_verdict *verdict, struct arena *arena, bytes encoding);

/* tx_encode writes what tx_decode reads. The result is borrowed from the arena. ERR_MEMORY. */
MUST_USE enum err tx_encode(bytes *encoding, struct arena *arena, const struct tx *tx);

/* tx_hash is keccak256 of the encoding. */
MUST_USE enum err tx_hash(hash32 *hash, struct arena *arena, const struct tx *tx);

/* tx_signing_hash is what the sender signed (EIP-155, EIP-2718). Not for type 0x7e (CHECKed). */
MUST_USE enum err tx_signing_hash(hash32 *hash, struct arena *arena, const struct tx *tx);

/* A transaction that names its sender instead of being signed, for impersonation on development
 * chains: r is the address, s is all ones and so no part of a signature anywhere, y_parity is 0.
 * Valid only under rules that say so (struct fork_rules.names_senders). */
void tx_name_sender(struct tx *tx, const address *sender);
bool tx_names_sender(const struct tx *tx);

/* tx_sender recovers who signed. The verdict is TX_OK, TX_SIGNATURE (also: s above half the group
 * order from Homestead on, EIP-2), TX_CHAIN_ID or TX_PROTECTED_PRE_FORK. For type 0x7e: from. */
MUST_USE enum err tx_sender(
    address *sender,
    enum tx_verdict *verdict,
    struct arena *arena,
    const struct tx *tx,
    const struct fork_rules *rules
);

/* tx_recover says whose signature it is, whatever the rules; it may run on any thread. ERR_INPUT:
 * nobody's. */
MUST_USE enum err tx_recover(address *signer, struct arena *arena, const struct tx *tx);

/* tx_sender for a transaction whose signer tx_recover has already said. */
void tx_sender_recovered(
    address *sender,
    enum tx_verdict *verdict,
    const struct tx *tx,
    const struct fork_rules *rules,
    const address *signer
);

/* tx_sign sets y_parity, r and s (deterministic, RFC 6979). ERR_INPUT: no such private key. */
MUST_USE enum err tx_sign(struct tx *tx, struct arena *arena, const hash32 *private_key);

/* The account that signed an authorization (EIP-7702, its steps 1 to 3); false if it is no valid
 * signature or of another chain. Without memory needs: hashes from a fixed buffer. */
bool tx_authority(
    address *authority, const struct tx_authorization *authorization, uint64_t chain_id
);

/* tx_authorization_sign fills y_parity, r, s. ERR_INPUT: no such private key. */
MUST_USE enum err
tx_authorization_sign(struct tx_authorization *authorization, const hash32 *private_key);

/* The gas a transaction costs before its first instruction (Yellow Paper 6.2, EIP-2028, 2930, 3860,
 * 7702; TX_MESSAGES_GAS), and the least it pays in all (EIP-7623; 0 before Prague). */
uint64_t tx_intrinsic_gas(const struct tx *tx, enum fork fork);
uint64_t tx_floor_gas(const struct tx *tx, enum fork fork);

/* tx_check tests everything that neither the block nor the state is needed for: type against fork,
 * blob and authorization lists, nonce, gas limits, initcode. Signature excluded (tx_sender). */
enum tx_verdict tx_check(const struct tx *tx, const struct fork_rules *rules);

/* Its first part: whether these rules know the type. */
enum tx_verdict tx_check_type(const struct tx *tx, const struct fork_rules *rules);

/* Whether the block with this number is one of a conditional transaction's: TX_OK, TX_TOO_EARLY or
 * TX_TOO_LATE. Others may be in any. */
enum tx_verdict tx_check_window(const struct tx *tx, uint64_t block_number);

/* What is left of the priority fee per gas in the block with this number; before first_block, and
 * of other types, all of it. */
u256 tx_priority_fee_at(const struct tx *tx, uint64_t block_number);

/* tx_tip_at is what a unit of gas pays above the base fee in that block (EIP-1559). False if the
 * transaction does not even pay the base fee; *tip is then untouched. */
bool tx_tip_at(u256 *tip, const struct tx *tx, const u256 *base_fee, uint64_t block_number);

#define BLOB_GAS_PER_BLOB    131072u   /* EIP-4844 */
#define TX_GAS_LIMIT_MAX     16777216u /* EIP-7825 */
#define TX_INITCODE_SIZE_MAX 49152u    /* EIP-3860 */

/* Message slots of one conditional transaction. The list costs what it would cost a contract to
 * take it as calldata and read it: a cold account (EIP-2929), and for each slot 32 bytes (EIP-2028)
 * and a cold slot. */
#define TX_MESSAGE_SLOTS_MAX 16u
#define TX_MESSAGES_GAS      2600u
#define TX_MESSAGE_SLOT_GAS  2612u

#endif
