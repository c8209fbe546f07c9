/* state/account.h: the account as the world state holds it (Yellow Paper, section 4.1). */
#ifndef STATE_ACCOUNT_H
#define STATE_ACCOUNT_H

#include "core/err.h"
#include "core/u256.h"

/* keccak256(0x80): the root of a trie without entries. */
extern const hash32 EMPTY_TRIE_ROOT;

struct account {
    uint64_t nonce; /* EIP-2681 limits it to 2^64 - 2 */
    u256 balance;
    hash32 storage_root;
    hash32 code_hash;
};

/* An account that does not exist: nothing in it, EMPTY_TRIE_ROOT, KECCAK_EMPTY. */
struct account account_none(void);

/* EIP-161: no nonce, no balance, no code. Storage is not looked at. */
bool account_is_empty(const struct account *account);

/* RLP [nonce, balance, storage_root, code_hash]; returns the size written. */
#define ACCOUNT_SIZE_MAX 110
size_t account_encode(uint8_t out[ACCOUNT_SIZE_MAX], const struct account *account);

/* ERR_CORRUPT for everything account_encode does not write; *account is then untouched. */
MUST_USE enum err account_decode(struct account *account, bytes encoded);

#endif
