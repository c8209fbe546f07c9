#include "state/account.h"

#include "core/rlp.h"
#include "crypto/keccak.h"

const hash32 EMPTY_TRIE_ROOT = {{0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45,
                                 0xe6, 0x92, 0xc0, 0xf8, 0x6e, 0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c,
                                 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21}};

struct account account_none(void) {
    return (struct account){.storage_root = EMPTY_TRIE_ROOT, .code_hash = KECCAK_EMPTY};
}

bool account_is_empty(const struct account *account) {
    return account->nonce == 0 && u256_is_zero(&account->balance) &&
           hash32_equal(&account->code_hash, &KECCAK_EMPTY);
}

/* Writes a number of at most 32 bytes, given big-endian, without leading zeros. */
static uint8_t *write_number(uint8_t *out, const uint8_t *be, size_t size) {
    while (size > 0 && *be == 0)
        be++, size--;
    if (size != 1 || *be >= 0x80) *out++ = (uint8_t)(0x80 + size);
    memcpy(out, be, size);
    return out + size;
}

size_t account_encode(uint8_t out[ACCOUNT_SIZE_MAX], const struct account *account) {
    uint8_t be[32];
    uint8_t *p =
        out + 2; /* the two hashes alone take 66 bytes: always a long list of one size byte */
    store_be64(be, account->nonce);
    p = write_number(p, be, 8);
    u256_store_be(be, &account->balance);
    p = write_number(p, be, 32);
    *p++ = 0xa0;
    memcpy(p, account->storage_root.b, 32);
    p += 32;
    *p++ = 0xa0;
    memcpy(p, account->code_hash.b, 32);
    p += 32;
    out[0] = 0xf8;
    out[1] = (uint8_t)(p - out - 2);
    return (size_t)(p - out);
}

enum err account_decode(struct account *account, bytes encoded) {
    struct account read = {0};
    struct rlp outer = rlp_open(encoded);
    struct rlp items;
    if (rlp_read_list(&outer, &items) != ERR_OK || !rlp_done(&outer) ||
        rlp_read_u64(&items, &read.nonce) != ERR_OK ||
        rlp_read_u256(&items, &read.balance) != ERR_OK ||
        rlp_read_fixed(&items, read.storage_root.b, 32) != ERR_OK ||
        rlp_read_fixed(&items, read.code_hash.b, 32) != ERR_OK || !rlp_done(&items))
        return ERR_CORRUPT;
    *account = read;
    return ERR_OK;
}
