/* chain/receipt.h: receipts, blooms, and the roots of a block's lists.
 *
 * A receipt's status is one bit from Byzantium on (EIP-658) and the state root before. */
#ifndef CHAIN_RECEIPT_H
#define CHAIN_RECEIPT_H

#include "chain/tx.h"
#include "core/arena.h"

/* Yellow Paper 4.3.1: 2048 bits, three set per address and topic. */
struct bloom {
    uint8_t b[256];
};

#define LOG_TOPIC_MAX 4

struct log {
    address address;
    hash32 topics[LOG_TOPIC_MAX];
    uint32_t topic_count;
    bytes data;
};

struct receipt {
    enum tx_type type;
    bool has_root; /* before Byzantium: root is in place of is_success */
    hash32 root;
    bool is_success;
    uint64_t cumulative_gas_used;
    struct bloom bloom;
    const struct log *logs;
    size_t log_count;
    /* Type 0x7e: the nonce its sender had, encoded after the logs when present. */
    bool has_deposit_nonce;
    uint64_t deposit_nonce;
};

void bloom_add(struct bloom *bloom, bytes item);
void bloom_add_logs(struct bloom *bloom, const struct log *logs, size_t log_count);
void bloom_merge(struct bloom *bloom, const struct bloom *other);
bool bloom_may_contain(const struct bloom *bloom, bytes item);

/* receipt_encode writes the consensus encoding (type byte and payload from type 1 on).
 * Borrowed from the arena. ERR_MEMORY. */
MUST_USE enum err
receipt_encode(bytes *encoding, struct arena *arena, const struct receipt *receipt);

/* receipt_decode is the inverse; refuses with ERR_INPUT what is not canonical or whose bloom does
 * not follow from its logs. Views borrow from encoding, arrays lie in the arena. */
MUST_USE enum err receipt_decode(struct receipt *receipt, struct arena *arena, bytes encoding);

/* keccak256 of the RLP list of logs, as state tests state it. */
MUST_USE enum err
logs_hash(hash32 *hash, struct arena *arena, const struct log *logs, size_t log_count);

/* EIP-4895; index and validator are free numbers, the amount is in Gwei. */
struct withdrawal {
    uint64_t index;
    uint64_t validator_index;
    address address;
    uint64_t amount_gwei;
};

MUST_USE enum err
withdrawal_encode(bytes *encoding, struct arena *arena, const struct withdrawal *withdrawal);

/* The root of the trie rlp(index) → encodings[index] (Yellow Paper 4.3.2). */
MUST_USE enum err
ordered_root(hash32 *root, struct arena *arena, const bytes *encodings, size_t count);

MUST_USE enum err
receipts_root(hash32 *root, struct arena *arena, const struct receipt *receipts, size_t count);
MUST_USE enum err withdrawals_root(
    hash32 *root, struct arena *arena, const struct withdrawal *withdrawals, size_t count
);

/* EIP-6110, 7002, 7251 have one type each. */
#define REQUEST_TYPE_MAX 8

/* EIP-7685: SHA-256 over the SHA-256 of each request (type byte and data) that has data; at
 * most REQUEST_TYPE_MAX of them (CHECKed). */
hash32 requests_hash(const bytes *requests, size_t count);

#endif
