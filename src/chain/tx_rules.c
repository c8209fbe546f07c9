/* chain/tx_rules.c: what a transaction must satisfy and cost by itself, and who sent it. */
#include "chain/tx.h"

#include "core/check.h"
#include "crypto/keccak.h"
#include "crypto/secp256k1.h"

/* --- verdicts --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *eest;
    const char *text;
} VERDICTS[] = {
#define VERDICT_ROW(name, eest, text) {#name, "TransactionException." eest, text},
    TX_VERDICT_LIST(VERDICT_ROW)
#undef VERDICT_ROW
};

const char *tx_verdict_name(enum tx_verdict verdict) {
    return VERDICTS[verdict].name;
}
const char *tx_verdict_eest(enum tx_verdict verdict) {
    return VERDICTS[verdict].eest;
}
const char *tx_verdict_text(enum tx_verdict verdict) {
    return VERDICTS[verdict].text;
}

/* --- senders ---------------------------------------------------------------------------------- */

void tx_name_sender(struct tx *tx, const address *sender) {
    uint8_t word[32] = {0};
    memcpy(word + 12, sender->b, sizeof(sender->b));
    tx->r = u256_load_be(word);
    tx->s = U256_MAX;
    tx->y_parity = 0;
}

bool tx_names_sender(const struct tx *tx) {
    const u256 ones = U256_MAX;
    return tx->type != TX_DEPOSIT && u256_equal(&tx->s, &ones);
}

/* False if r is no address. */
static bool read_named_sender(address *sender, const struct tx *tx) {
    static const uint8_t zeros[12];
    uint8_t word[32];
    u256_store_be(word, &tx->r);
    if (tx->y_parity != 0 || memcmp(word, zeros, sizeof(zeros)) != 0) return false;
    memcpy(sender->b, word + 12, sizeof(sender->b));
    return true;
}

enum err tx_recover(address *signer, struct arena *arena, const struct tx *tx) {
    hash32 digest;
    enum err err = tx_signing_hash(&digest, arena, tx);
    if (err != ERR_OK) return err;
    return secp256k1_recover_address(signer, &digest, &tx->r, &tx->s, tx->y_parity);
}

/* What is known before anything is recovered; false: the signature has to say. */
static bool sender_is_decided(
    address *sender, enum tx_verdict *verdict, const struct tx *tx, const struct fork_rules *rules
) {
    *verdict = TX_OK;
    if (tx->type == TX_DEPOSIT) {
        *sender = tx->from;
        return true;
    }
    if (tx->is_protected && tx->type == TX_LEGACY && rules->fork < FORK_SPURIOUS_DRAGON) {
        *verdict = TX_PROTECTED_PRE_FORK;
        return true;
    }
    if (tx->is_protected && tx->chain_id != rules->chain_id) {
        *verdict = TX_CHAIN_ID;
        return true;
    }
    if (rules->names_senders && tx_names_sender(tx)) {
        *verdict = read_named_sender(sender, tx) ? TX_OK : TX_SIGNATURE;
        return true;
    }
    if (rules->fork >= FORK_HOMESTEAD && u256_less(&SECP256K1_N_HALF, &tx->s)) { /* EIP-2 */
        *verdict = TX_SIGNATURE;
        return true;
    }
    return false;
}

enum err tx_sender(
    address *sender,
    enum tx_verdict *verdict,
    struct arena *arena,
    const struct tx *tx,
    const struct fork_rules *rules
) {
    if (sender_is_decided(sender, verdict, tx, rules)) return ERR_OK;
    enum err err = tx_recover(sender, arena, tx);
    if (err == ERR_MEMORY) return err;
    *verdict = err == ERR_OK ? TX_OK : TX_SIGNATURE;
    return ERR_OK;
}

void tx_sender_recovered(
    address *sender,
    enum tx_verdict *verdict,
    const struct tx *tx,
    const struct fork_rules *rules,
    const address *signer
) {
    if (!sender_is_decided(sender, verdict, tx, rules)) *sender = *signer;
}

enum err tx_sign(struct tx *tx, struct arena *arena, const hash32 *private_key) {
    hash32 digest;
    enum err err = tx_signing_hash(&digest, arena, tx);
    if (err != ERR_OK) return err;
    unsigned y_parity;
    err = secp256k1_sign(&tx->r, &tx->s, &y_parity, &digest, private_key);
    if (err == ERR_OK) tx->y_parity = (uint8_t)y_parity;
    return err;
}

/* --- EIP-7702 authorizations ------------------------------------------------------------------ */

#define AUTHORIZATION_MAGIC 0x05

/* Appends the RLP of a number; returns the new size. */
static size_t append_number(uint8_t *out, size_t size, const u256 *number) {
    unsigned byte_size = u256_byte_size(number);
    uint8_t be[32];
    u256_store_be(be, number);
    if (byte_size == 1 && be[31] < 0x80) {
        out[size] = be[31];
        return size + 1;
    }
    out[size] = (uint8_t)(0x80 + byte_size);
    memcpy(out + size + 1, be + 32 - byte_size, byte_size);
    return size + 1 + byte_size;
}

/* keccak256(MAGIC || rlp([chain_id, address, nonce])), built in a fixed buffer behind room for the
 * longest head. */
static hash32 authorization_digest(const struct tx_authorization *authorization) {
    enum { HEAD_MAX = 3 };
    uint8_t buffer[HEAD_MAX + 33 + 21 + 9];
    uint8_t *payload = buffer + HEAD_MAX;
    u256 nonce = u256_from_u64(authorization->nonce);
    size_t size = append_number(payload, 0, &authorization->chain_id);
    payload[size++] = 0x80 + 20;
    memcpy(payload + size, authorization->address.b, 20);
    size = append_number(payload, size + 20, &nonce);
    size_t head_size = size > 55 ? 3 : 2;
    uint8_t *head = payload - head_size;
    head[0] = AUTHORIZATION_MAGIC;
    head[1] = size > 55 ? 0xf8 : (uint8_t)(0xc0 + size);
    if (size > 55) head[2] = (uint8_t)size;
    return keccak256(bytes_of(head, head_size + size));
}

bool tx_authority(
    address *authority, const struct tx_authorization *authorization, uint64_t chain_id
) {
    u256 own_chain_id = u256_from_u64(chain_id);
    if (!u256_is_zero(&authorization->chain_id) &&
        !u256_equal(&authorization->chain_id, &own_chain_id))
        return false;
    if (authorization->nonce == UINT64_MAX) return false; /* EIP-2681 */
    if (u256_less(&SECP256K1_N_HALF, &authorization->s)) return false;
    hash32 digest = authorization_digest(authorization);
    return secp256k1_recover_address(
               authority, &digest, &authorization->r, &authorization->s, authorization->y_parity
           ) == ERR_OK;
}

enum err tx_authorization_sign(struct tx_authorization *authorization, const hash32 *private_key) {
    hash32 digest = authorization_digest(authorization);
    unsigned y_parity;
    enum err err =
        secp256k1_sign(&authorization->r, &authorization->s, &y_parity, &digest, private_key);
    if (err == ERR_OK) authorization->y_parity = (uint8_t)y_parity;
    return err;
}

/* --- gas -------------------------------------------------------------------------------------- */

#define GAS_TX                     21000u /* Yellow Paper appendix G */
#define GAS_TX_CREATE              32000u /* EIP-2 */
#define GAS_TX_DATA_ZERO           4u
#define GAS_TX_DATA_NONZERO        68u
#define GAS_TX_DATA_NONZERO_2028   16u    /* EIP-2028 */
#define GAS_INITCODE_WORD          2u     /* EIP-3860 */
#define GAS_ACCESS_LIST_ADDRESS    2400u  /* EIP-2930 */
#define GAS_ACCESS_LIST_KEY        1900u  /* EIP-2930 */
#define GAS_PER_EMPTY_ACCOUNT_COST 25000u /* EIP-7702 */
#define GAS_FLOOR_PER_TOKEN        10u    /* EIP-7623 */
#define TOKENS_PER_NONZERO_BYTE    4u     /* EIP-7623 */

/* Eight at a time where they are aligned: in a guest, calldata is gone through byte by byte for
 * hardly anything else. */
static uint64_t count_zero_bytes(bytes data) {
    const uint64_t low_bits = UINT64_C(0x7f7f7f7f7f7f7f7f);
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t count = 0;
    size_t i = 0;
    for (; i < data.size && ((uintptr_t)(data.data + i) & 7) != 0; i++)
        count += data.data[i] == 0;
    for (; i + 8 <= data.size; i += 8) {
        uint64_t word;
        memcpy(&word, __builtin_assume_aligned(data.data + i, 8), sizeof(word));
        /* The highest bit of each byte: whether it is not zero. */
        const uint64_t filled = ((word & low_bits) + low_bits) | word;
        count += 8 - ((filled >> 7 & ones) * ones >> 56);
    }
    for (; i < data.size; i++)
        count += data.data[i] == 0;
    return count;
}

uint64_t tx_intrinsic_gas(const struct tx *tx, enum fork fork) {
    uint64_t zero_count = count_zero_bytes(tx->data);
    uint64_t nonzero_count = tx->data.size - zero_count;
    uint64_t gas = GAS_TX + zero_count * GAS_TX_DATA_ZERO;
    gas += nonzero_count * (fork >= FORK_ISTANBUL ? GAS_TX_DATA_NONZERO_2028 : GAS_TX_DATA_NONZERO);
    if (tx->is_create && fork >= FORK_HOMESTEAD) gas += GAS_TX_CREATE;
    if (tx->is_create && fork >= FORK_SHANGHAI)
        gas += (tx->data.size + 31) / 32 * GAS_INITCODE_WORD;
    for (size_t i = 0; i < tx->access_count; i++)
        gas += GAS_ACCESS_LIST_ADDRESS + tx->access_list[i].key_count * GAS_ACCESS_LIST_KEY;
    gas += tx->authorization_count * GAS_PER_EMPTY_ACCOUNT_COST;
    if (tx->message_slot_count > 0)
        gas += TX_MESSAGES_GAS + tx->message_slot_count * TX_MESSAGE_SLOT_GAS;
    return gas;
}

uint64_t tx_floor_gas(const struct tx *tx, enum fork fork) {
    if (fork < FORK_PRAGUE) return 0;
    uint64_t zero_count = count_zero_bytes(tx->data);
    uint64_t tokens = zero_count + (tx->data.size - zero_count) * TOKENS_PER_NONZERO_BYTE;
    return GAS_TX + tokens * GAS_FLOOR_PER_TOKEN;
}

/* --- rules that need only the transaction and the fork ---------------------------------------- */

#define BLOB_HASH_VERSION_KZG 0x01 /* EIP-4844 */
#define TX_BLOB_COUNT_MAX     6u   /* EIP-7594, from Osaka */

bool tx_type_is_known(uint8_t type) {
    return (type >= TX_ACCESS_LIST && type <= TX_SET_CODE) || type == TX_CONDITIONAL ||
           type == TX_DEPOSIT;
}

enum tx_verdict tx_check_type(const struct tx *tx, const struct fork_rules *rules) {
    const enum fork fork = rules->fork;
    switch (tx->type) {
    case TX_LEGACY:
    case TX_DEPOSIT: /* the caller knows whether this is a chain that has them */
        return TX_OK;
    case TX_ACCESS_LIST:
        return fork >= FORK_BERLIN ? TX_OK : TX_TYPE_1_PRE_FORK;
    case TX_DYNAMIC_FEE:
        return fork >= FORK_LONDON ? TX_OK : TX_TYPE_2_PRE_FORK;
    case TX_BLOB:
        return fork >= FORK_CANCUN ? TX_OK : TX_TYPE_3_PRE_FORK;
    case TX_SET_CODE:
        return fork >= FORK_PRAGUE ? TX_OK : TX_TYPE_4_PRE_FORK;
    case TX_CONDITIONAL:
        return rules->has_conditional ? TX_OK : TX_CONDITIONAL_NOT_ALLOWED;
    }
    return TX_TYPE_UNKNOWN;
}

static enum tx_verdict check_blobs(const struct tx *tx, const struct fork_rules *rules) {
    if (tx->is_create) return TX_BLOB_TX_CREATE;
    if (tx->blob_count == 0) return TX_NO_BLOBS;
    if (rules->fork >= FORK_OSAKA && tx->blob_count > TX_BLOB_COUNT_MAX) return TX_BLOB_COUNT;
    if (tx->blob_count > rules->blob.max) return TX_BLOB_COUNT;
    for (size_t i = 0; i < tx->blob_count; i++) {
        if (tx->blob_versioned_hashes[i].b[0] != BLOB_HASH_VERSION_KZG) return TX_BLOB_HASH_VERSION;
    }
    return TX_OK;
}

enum tx_verdict tx_check(const struct tx *tx, const struct fork_rules *rules) {
    enum tx_verdict verdict = tx_check_type(tx, rules);
    if (verdict != TX_OK) return verdict;
    /* A deposit was checked where it was made; its gas is the frame's gas. */
    if (tx->type == TX_DEPOSIT) return TX_OK;
    if (tx->type == TX_BLOB) {
        verdict = check_blobs(tx, rules);
        if (verdict != TX_OK) return verdict;
    }
    if (tx->type == TX_SET_CODE) {
        if (tx->is_create) return TX_SET_CODE_TX_CREATE;
        if (tx->authorization_count == 0) return TX_NO_AUTHORIZATIONS;
    }
    if (tx->type == TX_CONDITIONAL && tx->last_block < tx->first_block) return TX_WINDOW;
    if (tx->nonce == UINT64_MAX) return TX_NONCE_MAX; /* EIP-2681 */
    if (rules->fork >= FORK_OSAKA && tx->gas_limit > TX_GAS_LIMIT_MAX) return TX_GAS_LIMIT_CAP;
    if (rules->fork >= FORK_SHANGHAI && tx->is_create && tx->data.size > TX_INITCODE_SIZE_MAX)
        return TX_INITCODE_SIZE;
    if (u256_less(&tx->max_fee_per_gas, &tx->max_priority_fee_per_gas)) return TX_TIP_ABOVE_FEE_CAP;
    u256 gas = u256_from_u64(tx->gas_limit);
    u256 fee;
    if (!u256_mul_checked(&fee, &gas, &tx->max_fee_per_gas)) return TX_FEE_OVERFLOW;
    if (tx->gas_limit < tx_intrinsic_gas(tx, rules->fork)) return TX_INTRINSIC_GAS;
    if (tx->gas_limit < tx_floor_gas(tx, rules->fork)) return TX_FLOOR_GAS;
    return TX_OK;
}

/* --- conditions (docs/decisions/025) ---------------------------------------------------------- */

enum tx_verdict tx_check_window(const struct tx *tx, uint64_t block_number) {
    if (tx->type != TX_CONDITIONAL) return TX_OK;
    if (block_number < tx->first_block) return TX_TOO_EARLY;
    return block_number > tx->last_block ? TX_TOO_LATE : TX_OK;
}

u256 tx_priority_fee_at(const struct tx *tx, uint64_t block_number) {
    const u256 fee = tx->max_priority_fee_per_gas;
    if (tx->type != TX_CONDITIONAL || block_number <= tx->first_block) return fee;
    const u256 passed = u256_from_u64(block_number - tx->first_block);
    u256 lost;
    if (!u256_mul_checked(&lost, &passed, &tx->priority_fee_decay) || u256_less(&fee, &lost))
        return U256_ZERO;
    return u256_sub(&fee, &lost);
}

bool tx_tip_at(u256 *tip, const struct tx *tx, const u256 *base_fee, uint64_t block_number) {
    if (u256_less(&tx->max_fee_per_gas, base_fee)) return false;
    const u256 room = u256_sub(&tx->max_fee_per_gas, base_fee);
    const u256 fee = tx_priority_fee_at(tx, block_number);
    *tip = u256_less(&room, &fee) ? room : fee;
    return true;
}
