/* chain/header.c: see header.h. */
#include "chain/header.h"

#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"

/* keccak256 of the single byte 0xc0 (Yellow Paper 4.3, KEC(RLP(()))). */
const hash32 EMPTY_LIST_HASH = {{0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5,
                                 0x67, 0xb6, 0xcc, 0xd4, 0x1a, 0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a,
                                 0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47}};

static const struct {
    const char *name;
    const char *eest;
    const char *text;
} VERDICTS[] = {
#define VERDICT_ROW(name, eest, text) {#name, "BlockException." eest, text},
    BLOCK_VERDICT_LIST(VERDICT_ROW)
#undef VERDICT_ROW
};

const char *block_verdict_name(enum block_verdict verdict) {
    return VERDICTS[verdict].name;
}
const char *block_verdict_eest(enum block_verdict verdict) {
    return VERDICTS[verdict].eest;
}
const char *block_verdict_text(enum block_verdict verdict) {
    return VERDICTS[verdict].text;
}

/* --- encoding --------------------------------------------------------------------------------- */

static void header_write(struct rlp_writer *w, const struct header *h) {
    rlp_list_begin(w);
    rlp_write_string(w, hash32_bytes(&h->parent_hash));
    rlp_write_string(w, hash32_bytes(&h->ommers_hash));
    rlp_write_string(w, address_bytes(&h->coinbase));
    rlp_write_string(w, hash32_bytes(&h->state_root));
    rlp_write_string(w, hash32_bytes(&h->transactions_root));
    rlp_write_string(w, hash32_bytes(&h->receipts_root));
    rlp_write_string(w, bytes_of(h->logs_bloom.b, sizeof h->logs_bloom.b));
    rlp_write_u256(w, &h->difficulty);
    rlp_write_u64(w, h->number);
    rlp_write_u64(w, h->gas_limit);
    rlp_write_u64(w, h->gas_used);
    rlp_write_u64(w, h->timestamp);
    rlp_write_string(w, bytes_of(h->extra_data, h->extra_data_size));
    rlp_write_string(w, hash32_bytes(&h->mix_hash));
    rlp_write_string(w, bytes_of(h->nonce, sizeof h->nonce));
    if (h->fields >= HEADER_BASE_FEE) rlp_write_u256(w, &h->base_fee_per_gas);
    if (h->fields >= HEADER_WITHDRAWALS) rlp_write_string(w, hash32_bytes(&h->withdrawals_root));
    if (h->fields >= HEADER_BLOB_GAS) {
        rlp_write_u64(w, h->blob_gas_used);
        rlp_write_u64(w, h->excess_blob_gas);
        rlp_write_string(w, hash32_bytes(&h->parent_beacon_block_root));
    }
    if (h->fields >= HEADER_REQUESTS_HASH) rlp_write_string(w, hash32_bytes(&h->requests_hash));
    rlp_list_end(w);
}

enum err header_encode(bytes *encoding, struct arena *arena, const struct header *header) {
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    header_write(&w, header);
    return rlp_finish(&w, encoding);
}

/* The longest header has 21 fields and 259 + 12 * 33 + 21 + 9 + 6 * 9 + 2 * 33 + 33 + 3 < 1024
 * bytes; the writer doubles its buffer as it grows, and a sanitizer build sets allocations
 * apart. */
#define HEADER_BUFFER_SIZE 4096

hash32 header_hash(const struct header *header) {
    _Alignas(16) uint8_t buffer[HEADER_BUFFER_SIZE];
    struct arena arena;
    arena_open_region(&arena, buffer, sizeof buffer);
    bytes encoding;
    enum err err = header_encode(&encoding, &arena, header);
    CHECK(err == ERR_OK);
    hash32 hash = keccak256(encoding);
    arena_close(&arena);
    return hash;
}

/* --- decoding --------------------------------------------------------------------------------- */

struct reader {
    struct rlp rlp;
    enum block_verdict verdict; /* the first refusal; later reads do nothing */
};

static void read_fixed(struct reader *r, void *out, size_t size) {
    if (r->verdict != BLOCK_OK) return;
    if (rlp_read_fixed(&r->rlp, out, size) != ERR_OK) r->verdict = BLOCK_RLP;
}

static u256 read_number(struct reader *r, size_t size_max) {
    bytes string;
    if (r->verdict != BLOCK_OK) return U256_ZERO;
    if (rlp_read_string(&r->rlp, &string) != ERR_OK || (string.size > 0 && string.data[0] == 0)) {
        r->verdict = BLOCK_RLP;
        return U256_ZERO;
    }
    if (string.size > size_max) {
        r->verdict = BLOCK_FIELD_OVERFLOW;
        return U256_ZERO;
    }
    return u256_load_be_short(string);
}

static uint64_t read_u64(struct reader *r) {
    return read_number(r, 8).w[0];
}

static void read_extra_data(struct reader *r, struct header *h) {
    bytes string;
    if (r->verdict != BLOCK_OK) return;
    if (rlp_read_string(&r->rlp, &string) != ERR_OK) {
        r->verdict = BLOCK_RLP;
        return;
    }
    if (string.size > HEADER_EXTRA_DATA_SIZE_MAX) {
        r->verdict = BLOCK_EXTRA_DATA_SIZE;
        return;
    }
    h->extra_data_size = (uint8_t)string.size;
    if (string.size > 0) memcpy(h->extra_data, string.data, string.size);
}

static bool more(const struct reader *r) {
    return r->verdict == BLOCK_OK && !rlp_done(&r->rlp);
}

/* That there are as many fields as some fork's headers have. */
static enum block_verdict check_field_count(struct rlp fields) {
    size_t count = 0;
    for (; !rlp_done(&fields); count++) {
        bytes item;
        bool is_list;
        if (rlp_read_item(&fields, &item, &is_list) != ERR_OK || is_list) return BLOCK_RLP;
    }
    bool is_known = count == 15 || count == 16 || count == 17 || count == 20 || count == 21;
    return is_known ? BLOCK_OK : BLOCK_FORMAT;
}

enum block_verdict header_decode(struct header *header, bytes encoding) {
    struct header h = {.fields = HEADER_FRONTIER};
    struct rlp outer = rlp_open(encoding);
    struct reader r = {rlp_open(BYTES_EMPTY), BLOCK_OK};
    if (rlp_read_list(&outer, &r.rlp) != ERR_OK || !rlp_done(&outer)) return BLOCK_RLP;
    r.verdict = check_field_count(r.rlp);
    read_fixed(&r, h.parent_hash.b, 32);
    read_fixed(&r, h.ommers_hash.b, 32);
    read_fixed(&r, h.coinbase.b, 20);
    read_fixed(&r, h.state_root.b, 32);
    read_fixed(&r, h.transactions_root.b, 32);
    read_fixed(&r, h.receipts_root.b, 32);
    read_fixed(&r, h.logs_bloom.b, sizeof h.logs_bloom.b);
    h.difficulty = read_number(&r, 32);
    h.number = read_u64(&r);
    h.gas_limit = read_u64(&r);
    h.gas_used = read_u64(&r);
    h.timestamp = read_u64(&r);
    read_extra_data(&r, &h);
    read_fixed(&r, h.mix_hash.b, 32);
    read_fixed(&r, h.nonce, sizeof h.nonce);
    if (more(&r)) {
        h.fields = HEADER_BASE_FEE;
        h.base_fee_per_gas = read_number(&r, 32);
    }
    if (more(&r)) {
        h.fields = HEADER_WITHDRAWALS;
        read_fixed(&r, h.withdrawals_root.b, 32);
    }
    if (more(&r)) {
        h.fields = HEADER_BLOB_GAS;
        h.blob_gas_used = read_u64(&r);
        h.excess_blob_gas = read_u64(&r);
        read_fixed(&r, h.parent_beacon_block_root.b, 32);
    }
    if (more(&r)) {
        h.fields = HEADER_REQUESTS_HASH;
        read_fixed(&r, h.requests_hash.b, 32);
    }
    if (r.verdict == BLOCK_OK) *header = h;
    return r.verdict;
}

enum header_fields header_fields_of(enum fork fork) {
    if (fork >= FORK_PRAGUE) return HEADER_REQUESTS_HASH;
    if (fork >= FORK_CANCUN) return HEADER_BLOB_GAS;
    if (fork >= FORK_SHANGHAI) return HEADER_WITHDRAWALS;
    if (fork >= FORK_LONDON) return HEADER_BASE_FEE;
    return HEADER_FRONTIER;
}

/* --- fees (EIP-1559, EIP-4844, EIP-7918) ------------------------------------------------------ */

#define BASE_FEE_INITIAL                1000000000u
#define BASE_FEE_MAX_CHANGE_DENOMINATOR 8u
#define ELASTICITY_MULTIPLIER           2u
#define BLOB_BASE_FEE_MIN               1u
#define BLOB_BASE_COST                  8192u /* EIP-7918 */

u256 header_next_base_fee(const struct header *parent) {
    if (parent->fields < HEADER_BASE_FEE) return u256_from_u64(BASE_FEE_INITIAL);
    uint64_t gas_target = parent->gas_limit / ELASTICITY_MULTIPLIER;
    if (parent->gas_used == gas_target || gas_target == 0) return parent->base_fee_per_gas;
    bool is_rise = parent->gas_used > gas_target;
    u256 distance =
        u256_from_u64(is_rise ? parent->gas_used - gas_target : gas_target - parent->gas_used);
    u256 target = u256_from_u64(gas_target);
    u256 denominator = u256_from_u64(BASE_FEE_MAX_CHANGE_DENOMINATOR);
    u256 change = u256_mul(&parent->base_fee_per_gas, &distance);
    change = u256_div(&change, &target);
    change = u256_div(&change, &denominator);
    if (!is_rise) return u256_sub(&parent->base_fee_per_gas, &change);
    if (u256_is_zero(&change)) change = U256_ONE;
    return u256_add(&parent->base_fee_per_gas, &change);
}

/* EIP-4844's fake_exponential(1, excess, fraction): the Taylor series of e^(excess/fraction).
 * Beyond 2^256 the fee cannot be paid by anybody; it stays at the greatest number. */
u256 blob_base_fee(uint64_t excess_blob_gas, const struct blob_parameters *blob) {
    CHECK(blob->base_fee_update_fraction > 0);
    u256 numerator = u256_from_u64(excess_blob_gas);
    u256 fraction = u256_from_u64(blob->base_fee_update_fraction);
    u256 output = U256_ZERO;
    u256 accumulator = fraction; /* factor 1 times denominator */
    for (uint64_t i = 1; !u256_is_zero(&accumulator); i++) {
        u256 index = u256_from_u64(i);
        u256 divisor = u256_mul(&fraction, &index);
        if (u256_add_carry(&output, &output, &accumulator)) return U256_MAX;
        if (!u256_mul_checked(&accumulator, &accumulator, &numerator)) return U256_MAX;
        accumulator = u256_div(&accumulator, &divisor);
    }
    return u256_div(&output, &fraction);
}

uint64_t header_next_excess_blob_gas(const struct header *parent, const struct fork_rules *rules) {
    if (parent->fields < HEADER_BLOB_GAS || rules->blob.max == 0) return 0;
    uint64_t sum;
    if (__builtin_add_overflow(parent->excess_blob_gas, parent->blob_gas_used, &sum))
        return UINT64_MAX; /* no fee that high can be paid, so no such parent exists */
    uint64_t target = (uint64_t)rules->blob.target * BLOB_GAS_PER_BLOB;
    if (sum < target) return 0;
    if (rules->fork >= FORK_OSAKA) {
        u256 blob_fee = blob_base_fee(parent->excess_blob_gas, &rules->blob);
        u256 gas_per_blob = u256_from_u64(BLOB_GAS_PER_BLOB);
        u256 base_cost = u256_from_u64(BLOB_BASE_COST);
        u256 blob_price;
        u256 reserve_price;
        bool is_payable = u256_mul_checked(&blob_price, &blob_fee, &gas_per_blob);
        bool is_reserve = u256_mul_checked(&reserve_price, &base_cost, &parent->base_fee_per_gas);
        if (is_payable && (!is_reserve || u256_less(&blob_price, &reserve_price))) {
            uint64_t part = parent->blob_gas_used / rules->blob.max;
            uint64_t rest = parent->blob_gas_used % rules->blob.max;
            uint64_t room = rules->blob.max - rules->blob.target;
            return parent->excess_blob_gas + part * room + rest * room / rules->blob.max;
        }
    }
    return sum - target;
}

/* --- difficulty and reward -------------------------------------------------------------------- */

#define DIFFICULTY_MIN           131072u
#define DIFFICULTY_BOUND_DIVISOR 2048u
#define BOMB_PERIOD              100000u

/* By how many 2048ths of the parent's difficulty it changes. */
static int64_t difficulty_steps(const struct header *parent, uint64_t timestamp, enum fork fork) {
    uint64_t elapsed = timestamp - parent->timestamp;
    if (fork < FORK_HOMESTEAD) return elapsed < 13 ? 1 : -1;
    uint64_t interval = fork >= FORK_BYZANTIUM ? 9 : 10; /* EIP-100 */
    int64_t most = 1;
    if (fork >= FORK_BYZANTIUM && !hash32_equal(&parent->ommers_hash, &EMPTY_LIST_HASH)) most = 2;
    uint64_t down = elapsed / interval;
    if (down > 101) down = 101;
    int64_t steps = most - (int64_t)down;
    return steps < -99 ? -99 : steps;
}

u256 header_difficulty(
    const struct header *parent, uint64_t timestamp, const struct fork_rules *rules
) {
    if (rules->fork >= FORK_PARIS) return U256_ZERO;
    int64_t steps = difficulty_steps(parent, timestamp, rules->fork);
    u256 divisor = u256_from_u64(DIFFICULTY_BOUND_DIVISOR);
    u256 step = u256_div(&parent->difficulty, &divisor);
    u256 count = u256_from_u64((uint64_t)(steps < 0 ? -steps : steps));
    u256 change = u256_mul(&step, &count);
    u256 least = u256_from_u64(DIFFICULTY_MIN);
    u256 difficulty;
    if (steps >= 0) {
        difficulty = u256_add(&parent->difficulty, &change);
    } else {
        difficulty = u256_sub(&parent->difficulty, &change); /* 99/2048 at most: no borrow */
    }
    uint64_t number = parent->number + 1;
    number = number > rules->bomb_delay ? number - rules->bomb_delay : 0;
    uint64_t period = number / BOMB_PERIOD;
    if (period > 1 && period - 2 < 256) {
        u256 bomb = u256_shl(&U256_ONE, (unsigned)(period - 2));
        difficulty = u256_add(&difficulty, &bomb);
    }
    /* The bomb counts towards the least (Yellow Paper, section 4.4.4). */
    if (u256_less(&difficulty, &least)) difficulty = least;
    return difficulty;
}

u256 block_reward(const struct fork_rules *rules) {
    uint64_t ether = 5;
    if (rules->fork >= FORK_BYZANTIUM) ether = 3;      /* EIP-649 */
    if (rules->fork >= FORK_CONSTANTINOPLE) ether = 2; /* EIP-1234 */
    if (rules->fork >= FORK_PARIS) ether = 0;          /* EIP-3675 */
    return u256_from_u64(ether * 1000000000000000000u);
}

/* --- validity --------------------------------------------------------------------------------- */

#define GAS_LIMIT_BOUND_DIVISOR 1024u
#define GAS_LIMIT_MIN           5000u
#define GAS_LIMIT_MAX           INT64_MAX

static const char DAO_EXTRA_DATA[] = "dao-hard-fork"; /* EIP-779 */

static enum block_verdict
check_gas_limit(const struct header *header, const struct header *parent, enum fork fork) {
    if (header->gas_limit > GAS_LIMIT_MAX) return BLOCK_GAS_LIMIT_MAX;
    uint64_t base = parent->gas_limit;
    /* EIP-1559: with the first base fee the limit doubles, so that the target stays. */
    if (fork >= FORK_LONDON && parent->fields < HEADER_BASE_FEE) base *= ELASTICITY_MULTIPLIER;
    uint64_t bound = base / GAS_LIMIT_BOUND_DIVISOR;
    uint64_t distance =
        header->gas_limit > base ? header->gas_limit - base : base - header->gas_limit;
    if (distance >= bound || header->gas_limit < GAS_LIMIT_MIN) return BLOCK_GAS_LIMIT;
    return header->gas_used > header->gas_limit ? BLOCK_GAS_USED_OVERFLOW : BLOCK_OK;
}

static enum block_verdict check_consensus(
    const struct header *header, const struct header *parent, const struct fork_rules *rules
) {
    static const uint8_t zero_nonce[8] = {0};
    if (rules->fork >= FORK_PARIS) {
        if (!u256_is_zero(&header->difficulty)) return BLOCK_MERGED;
        if (memcmp(header->nonce, zero_nonce, 8) != 0) return BLOCK_NONCE;
        if (!hash32_equal(&header->ommers_hash, &EMPTY_LIST_HASH)) return BLOCK_OMMERS_UNEXPECTED;
        return BLOCK_OK;
    }
    if (u256_is_zero(&header->difficulty)) return BLOCK_NOT_MERGED;
    u256 difficulty = header_difficulty(parent, header->timestamp, rules);
    if (!u256_equal(&difficulty, &header->difficulty)) return BLOCK_DIFFICULTY;
    if (rules->is_dao_extra_data && !bytes_equal(
                                        bytes_of(header->extra_data, header->extra_data_size),
                                        bytes_of(DAO_EXTRA_DATA, sizeof DAO_EXTRA_DATA - 1)
                                    ))
        return BLOCK_DAO_EXTRA_DATA;
    return BLOCK_OK;
}

enum block_verdict header_check(
    const struct header *header, const struct header *parent, const struct fork_rules *rules
) {
    if (header->extra_data_size > HEADER_EXTRA_DATA_SIZE_MAX) return BLOCK_EXTRA_DATA_SIZE;
    if (header->number == 0 || header->number - 1 != parent->number) return BLOCK_NUMBER;
    if (header->timestamp <= parent->timestamp) return BLOCK_TIMESTAMP;
    enum block_verdict verdict = check_gas_limit(header, parent, rules->fork);
    if (verdict != BLOCK_OK) return verdict;
    if (header->fields != header_fields_of(rules->fork)) return BLOCK_FORMAT;
    verdict = check_consensus(header, parent, rules);
    if (verdict != BLOCK_OK) return verdict;
    if (header->fields >= HEADER_BASE_FEE) {
        u256 base_fee = header_next_base_fee(parent);
        if (!u256_equal(&base_fee, &header->base_fee_per_gas)) return BLOCK_BASE_FEE;
    }
    if (header->fields >= HEADER_BLOB_GAS) {
        if (header->blob_gas_used > (uint64_t)rules->blob.max * BLOB_GAS_PER_BLOB)
            return BLOCK_BLOB_GAS_LIMIT;
        if (header->blob_gas_used % BLOB_GAS_PER_BLOB != 0) return BLOCK_BLOB_GAS_USED;
        if (header->excess_blob_gas != header_next_excess_blob_gas(parent, rules))
            return BLOCK_EXCESS_BLOB_GAS;
    }
    return BLOCK_OK;
}
