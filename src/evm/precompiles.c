/* The precompiled contracts: prices by fork, then the work of crypto/. */
#include "core/check.h"
#include "crypto/blake2f.h"
#include "crypto/bls12_381.h"
#include "crypto/bn254.h"
#include "crypto/keccak.h"
#include "crypto/kzg.h"
#include "crypto/modexp.h"
#include "crypto/p256.h"
#include "crypto/ripemd160.h"
#include "crypto/secp256k1.h"
#include "crypto/sha256.h"
#include "evm/evm_private.h"

static uint64_t number_of(const address *who) {
    for (size_t i = 0; i < 12; i++)
        if (who->b[i] != 0) return 0;
    return load_be64(who->b + 12);
}

bool evm_is_precompile(enum fork fork, const address *who) {
    uint64_t n = number_of(who);
    if (n == 0 || n > 0x100) return false;
    if (n == 0x100) return fork >= FORK_OSAKA;
    if (n >= 0x0b) return fork >= FORK_PRAGUE && n <= 0x11;
    if (n == 0x0a) return fork >= FORK_CANCUN;
    if (n == 0x09) return fork >= FORK_ISTANBUL;
    return n <= 4 || fork >= FORK_BYZANTIUM;
}

bool evm_precompile_at(
    enum fork fork,
    const struct evm_precompile_override *overrides,
    size_t override_count,
    const address *who,
    address *precompile
) {
    *precompile = *who;
    for (size_t i = override_count; i > 0; i--) {
        if (!address_equal(&overrides[i - 1].address, who)) continue;
        *precompile = overrides[i - 1].precompile;
        return !address_is_zero(precompile);
    }
    return evm_is_precompile(fork, who);
}

struct call {
    struct arena *arena;
    enum fork fork;
    bytes input;
    struct evm_precompile_result *result;
};

static uint64_t words(size_t size) {
    return (size + 31) / 32;
}

static bool pay(struct call *c, uint64_t gas) {
    c->result->is_out_of_gas = gas > c->result->gas_left;
    if (!c->result->is_out_of_gas) c->result->gas_left -= gas;
    return !c->result->is_out_of_gas;
}

static void padded(uint8_t *out, size_t size, bytes input, size_t offset) {
    bytes part = bytes_slice(input, offset, size);
    if (part.size > 0) memcpy(out, part.data, part.size);
    memset(out + part.size, 0, size - part.size);
}

static enum err give(struct call *c, const void *data, size_t size) {
    c->result->is_success = true;
    return arena_copy(c->arena, &c->result->output, bytes_of(data, size));
}

static enum err ecrecover(struct call *c) {
    uint8_t in[128];
    if (!pay(c, 3000)) return ERR_OK;
    padded(in, sizeof(in), c->input, 0);
    c->result->is_success = true;
    hash32 digest;
    memcpy(digest.b, in, 32);
    u256 v = u256_load_be(in + 32);
    u256 r = u256_load_be(in + 64);
    u256 s = u256_load_be(in + 96);
    if (!u256_fits_u64(&v) || (v.w[0] != 27 && v.w[0] != 28)) return ERR_OK;
    address signer;
    if (secp256k1_recover_address(&signer, &digest, &r, &s, (unsigned)(v.w[0] - 27)) != ERR_OK)
        return ERR_OK;
    uint8_t out[32] = {0};
    memcpy(out + 12, signer.b, 20);
    return give(c, out, 32);
}

static enum err run_sha256(struct call *c) {
    if (!pay(c, 60 + 12 * words(c->input.size))) return ERR_OK;
    hash32 hash = sha256(c->input);
    return give(c, hash.b, 32);
}

static enum err run_ripemd160(struct call *c) {
    uint8_t out[32] = {0};
    if (!pay(c, 600 + 120 * words(c->input.size))) return ERR_OK;
    ripemd160(out + 12, c->input);
    return give(c, out, 32);
}

static enum err identity(struct call *c) {
    if (!pay(c, 15 + 3 * words(c->input.size))) return ERR_OK;
    c->result->is_success = true;
    c->result->output = c->input; /* the caller keeps it until the output is taken */
    return ERR_OK;
}

/* --- modexp: EIP-198, 2565, 7883, 7823 --- */

static u256 multiplication_complexity(const struct evm_rules *rules, uint64_t size) {
    u256 x = u256_from_u64(size);
    if (rules->modexp_eip7883 || rules->modexp_eip2565) {
        u256 w = u256_from_u64((size + 7) / 8);
        u256 square = u256_mul(&w, &w);
        if (!rules->modexp_eip7883) return square;
        return size <= 32 ? u256_from_u64(16) : u256_add(&square, &square);
    }
    u256 square = u256_mul(&x, &x);
    if (size <= 64) return square;
    uint64_t divisor = size <= 1024 ? 4 : 16;
    u256 d = u256_from_u64(divisor);
    u256 factor = u256_from_u64(size <= 1024 ? 96 : 480);
    u256 minus = u256_from_u64(size <= 1024 ? 3072 : 199680);
    u256 quotient = u256_div(&square, &d);
    u256 linear = u256_mul(&factor, &x);
    u256 sum = u256_add(&quotient, &linear);
    return u256_sub(&sum, &minus);
}

static enum err run_modexp(struct call *c) {
    const struct evm_rules *rules = evm_rules(c->fork);
    uint8_t header[96];
    padded(header, sizeof(header), c->input, 0);
    u256 sizes[3];
    for (int i = 0; i < 3; i++)
        sizes[i] = u256_load_be(header + 32 * i);
    uint64_t base_size = u256_to_u64_saturating(&sizes[0]);
    uint64_t exp_size = u256_to_u64_saturating(&sizes[1]);
    uint64_t mod_size = u256_to_u64_saturating(&sizes[2]);
    if (rules->modexp_eip7883 && (base_size > 1024 || exp_size > 1024 || mod_size > 1024)) {
        c->result->gas_left = 0;
        return ERR_OK;
    }
    uint64_t largest = base_size > mod_size ? base_size : mod_size;
    if (!rules->modexp_eip7883 && largest == 0) {
        uint64_t least = rules->modexp_eip2565 ? 200 : 0;
        if (!pay(c, least)) return ERR_OK;
        c->result->is_success = true;
        return ERR_OK;
    }
    uint64_t head_size = exp_size < 32 ? exp_size : 32;
    uint8_t head[32] = {0};
    if (base_size < UINT64_MAX - 96)
        padded(head + 32 - head_size, head_size, c->input, (size_t)(96 + base_size));
    u256 head_value = u256_load_be(head);
    uint64_t bits = u256_bit_size(&head_value);
    u256 iterations = u256_from_u64(bits > 0 ? bits - 1 : 0);
    if (exp_size > 32) {
        u256 extra = u256_from_u64(exp_size - 32);
        u256 per_byte = u256_from_u64(rules->modexp_eip7883 ? 16 : 8);
        extra = u256_mul(&extra, &per_byte);
        iterations = u256_add(&iterations, &extra);
    }
    if (u256_is_zero(&iterations)) iterations = U256_ONE;
    if (largest == UINT64_MAX) return ERR_OK;
    u256 cost = multiplication_complexity(rules, largest);
    cost = u256_mul(&cost, &iterations);
    u256 divisor = u256_from_u64(rules->modexp_eip7883 ? 1 : rules->modexp_eip2565 ? 3 : 20);
    cost = u256_div(&cost, &divisor);
    uint64_t gas = u256_to_u64_saturating(&cost);
    uint64_t least = rules->modexp_eip7883 ? 500 : rules->modexp_eip2565 ? 200 : 0;
    if (!pay(c, gas > least ? gas : least)) return ERR_OK;
    c->result->is_success = true;
    if (mod_size == 0) return ERR_OK;
    size_t total = (size_t)(base_size + exp_size + mod_size);
    uint8_t *out = arena_alloc(c->arena, (size_t)mod_size);
    struct arena_mark mark = arena_mark(c->arena);
    uint8_t *numbers = arena_alloc(c->arena, total);
    if (numbers == NULL || out == NULL) return ERR_MEMORY;
    padded(numbers, total, c->input, 96);
    c->result->output = bytes_of(out, (size_t)mod_size);
    enum err err = modexp(
        out,
        c->arena,
        bytes_of(numbers, (size_t)base_size),
        bytes_of(numbers + base_size, (size_t)exp_size),
        bytes_of(numbers + base_size + exp_size, (size_t)mod_size)
    );
    arena_release(c->arena, mark);
    return err;
}

static enum err run_bn254_add(struct call *c) {
    uint8_t in[128];
    uint8_t out[64];
    if (!pay(c, evm_rules(c->fork)->bn254_eip1108 ? 150 : 500)) return ERR_OK;
    padded(in, sizeof(in), c->input, 0);
    return bn254_add(out, in, in + 64) == ERR_OK ? give(c, out, 64) : ERR_OK;
}

static enum err run_bn254_mul(struct call *c) {
    uint8_t in[96];
    uint8_t out[64];
    if (!pay(c, evm_rules(c->fork)->bn254_eip1108 ? 6000 : 40000)) return ERR_OK;
    padded(in, sizeof(in), c->input, 0);
    return bn254_mul(out, in, in + 64) == ERR_OK ? give(c, out, 64) : ERR_OK;
}

static enum err run_bn254_pairing(struct call *c) {
    bool cheap = evm_rules(c->fork)->bn254_eip1108;
    uint64_t pairs = c->input.size / BN254_PAIR_SIZE;
    uint64_t gas = cheap ? 45000 + 34000 * pairs : 100000 + 80000 * pairs;
    uint8_t out[32] = {0};
    bool is_one;
    if (!pay(c, gas)) return ERR_OK;
    if (bn254_pairing_check(&is_one, c->input) != ERR_OK) return ERR_OK;
    out[31] = is_one;
    return give(c, out, 32);
}

static enum err run_blake2f(struct call *c) {
    const uint8_t *in = c->input.data;
    if (c->input.size != 213 || in[212] > 1) return ERR_OK;
    uint32_t rounds = (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
    if (!pay(c, rounds)) return ERR_OK;
    uint64_t h[8];
    uint64_t m[16];
    uint64_t t[2];
    for (int i = 0; i < 8; i++)
        h[i] = load_le64(in + 4 + 8 * i);
    for (int i = 0; i < 16; i++)
        m[i] = load_le64(in + 68 + 8 * i);
    for (int i = 0; i < 2; i++)
        t[i] = load_le64(in + 196 + 8 * i);
    blake2f(h, m, t, in[212] == 1, rounds);
    uint8_t out[64];
    for (int i = 0; i < 8; i++)
        store_be64(out + 8 * i, __builtin_bswap64(h[i]));
    return give(c, out, 64);
}

static enum err run_point_evaluation(struct call *c) {
    static const uint8_t MODULUS[32] = {0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48,
                                        0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05,
                                        0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe,
                                        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01};
    const uint8_t *in = c->input.data;
    if (!pay(c, 50000) || c->input.size != 192) return ERR_OK;
    hash32 versioned = kzg_versioned_hash(in + 96);
    if (memcmp(versioned.b, in, 32) != 0) return ERR_OK;
    hash32 z;
    hash32 y;
    bool is_valid = false;
    memcpy(z.b, in + 32, 32);
    memcpy(y.b, in + 64, 32);
    if (kzg_verify_proof(&is_valid, in + 96, &z, &y, in + 144) != ERR_OK || !is_valid)
        return ERR_OK;
    uint8_t out[64] = {[30] = 0x10};
    memcpy(out + 32, MODULUS, 32);
    return give(c, out, 64);
}

static enum err run_p256(struct call *c) {
    if (!pay(c, 6900)) return ERR_OK;
    c->result->is_success = true;
    if (c->input.size != 160) return ERR_OK;
    const uint8_t *in = c->input.data;
    hash32 digest;
    memcpy(digest.b, in, 32);
    u256 r = u256_load_be(in + 32);
    u256 s = u256_load_be(in + 64);
    u256 x = u256_load_be(in + 96);
    u256 y = u256_load_be(in + 128);
    if (!p256_verify(&digest, &r, &s, &x, &y)) return ERR_OK;
    static const uint8_t ONE[32] = {[31] = 1};
    return give(c, ONE, 32);
}

/* --- BLS12-381: EIP-2537 --- */

/* Discounts for k terms of a multi-scalar multiplication, in thousandths. */
static const uint16_t G1_DISCOUNT[128] = {
    1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692, 687, 682, 677, 673, 669, 665,
    661,  658, 654, 651, 648, 645, 642, 640, 637, 635, 632, 630, 627, 625, 623, 621, 619, 617, 615,
    613,  611, 609, 608, 606, 604, 603, 601, 599, 598, 596, 595, 593, 592, 591, 589, 588, 586, 585,
    584,  582, 581, 580, 579, 577, 576, 575, 574, 573, 572, 570, 569, 568, 567, 566, 565, 564, 563,
    562,  561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 551, 550, 549, 548, 547, 547, 546, 545,
    544,  543, 542, 541, 540, 540, 539, 538, 537, 536, 536, 535, 534, 533, 532, 532, 531, 530, 529,
    528,  528, 527, 526, 525, 525, 524, 523, 522, 522, 521, 520, 520, 519,
};
static const uint16_t G2_DISCOUNT[128] = {
    1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740, 732, 724, 717, 711, 704, 699,
    693,  688,  683, 679, 674, 670, 666, 663, 659, 655, 652, 649, 646, 643, 640, 637, 634, 632, 629,
    627,  624,  622, 620, 618, 615, 613, 611, 609, 607, 606, 604, 602, 600, 598, 597, 595, 593, 592,
    590,  589,  587, 586, 584, 583, 582, 580, 579, 578, 576, 575, 574, 573, 571, 570, 569, 568, 567,
    566,  565,  563, 562, 561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 552, 551, 550, 549, 548,
    547,  546,  545, 545, 544, 543, 542, 541, 541, 540, 539, 538, 537, 537, 536, 535, 535, 534, 533,
    532,  532,  531, 530, 530, 529, 528, 528, 527, 526, 526, 525, 524, 524,
};

static enum err run_bls_add(struct call *c, bool is_g2) {
    size_t size = is_g2 ? BLS12_381_G2_SIZE : BLS12_381_G1_SIZE;
    const uint8_t *in = c->input.data;
    uint8_t out[BLS12_381_G2_SIZE];
    if (!pay(c, is_g2 ? 600 : 375) || c->input.size != 2 * size) return ERR_OK;
    enum err err =
        is_g2 ? bls12_381_g2_add(out, in, in + size) : bls12_381_g1_add(out, in, in + size);
    return err == ERR_OK ? give(c, out, size) : ERR_OK;
}

static enum err run_bls_msm(struct call *c, bool is_g2) {
    size_t term = is_g2 ? BLS12_381_G2_TERM_SIZE : BLS12_381_G1_TERM_SIZE;
    size_t k = c->input.size / term;
    uint8_t out[BLS12_381_G2_SIZE];
    if (k == 0 || c->input.size % term != 0) return ERR_OK;
    const uint16_t *discounts = is_g2 ? G2_DISCOUNT : G1_DISCOUNT;
    uint64_t discount = discounts[(k > 128 ? 128 : k) - 1];
    if (!pay(c, k * (is_g2 ? 22500 : 12000) * discount / 1000)) return ERR_OK;
    enum err err = is_g2 ? bls12_381_g2_msm(out, c->arena, c->input)
                         : bls12_381_g1_msm(out, c->arena, c->input);
    if (err == ERR_MEMORY) return err;
    return err == ERR_OK ? give(c, out, is_g2 ? BLS12_381_G2_SIZE : BLS12_381_G1_SIZE) : ERR_OK;
}

static enum err run_bls_pairing(struct call *c) {
    size_t k = c->input.size / BLS12_381_PAIR_SIZE;
    uint8_t out[32] = {0};
    bool is_one;
    if (k == 0 || c->input.size % BLS12_381_PAIR_SIZE != 0) return ERR_OK;
    if (!pay(c, 37700 + 32600 * k)) return ERR_OK;
    if (bls12_381_pairing_check(&is_one, c->input) != ERR_OK) return ERR_OK;
    out[31] = is_one;
    return give(c, out, 32);
}

static enum err run_bls_map(struct call *c, bool is_g2) {
    uint8_t out[BLS12_381_G2_SIZE];
    size_t size = is_g2 ? 2 * BLS12_381_FP_SIZE : BLS12_381_FP_SIZE;
    if (!pay(c, is_g2 ? 23800 : 5500) || c->input.size != size) return ERR_OK;
    enum err err = is_g2 ? bls12_381_map_fp2_to_g2(out, c->input.data)
                         : bls12_381_map_fp_to_g1(out, c->input.data);
    return err == ERR_OK ? give(c, out, is_g2 ? BLS12_381_G2_SIZE : BLS12_381_G1_SIZE) : ERR_OK;
}

enum err evm_precompile_run(
    struct evm_precompile_result *result,
    struct arena *arena,
    enum fork fork,
    const address *who,
    bytes input,
    uint64_t gas
) {
    *result = (struct evm_precompile_result){.gas_left = gas};
    struct call c = {arena, fork, input, result};
    switch (number_of(who)) {
    case 0x01:
        return ecrecover(&c);
    case 0x02:
        return run_sha256(&c);
    case 0x03:
        return run_ripemd160(&c);
    case 0x04:
        return identity(&c);
    case 0x05:
        return run_modexp(&c);
    case 0x06:
        return run_bn254_add(&c);
    case 0x07:
        return run_bn254_mul(&c);
    case 0x08:
        return run_bn254_pairing(&c);
    case 0x09:
        return run_blake2f(&c);
    case 0x0a:
        return run_point_evaluation(&c);
    case 0x0b:
        return run_bls_add(&c, false);
    case 0x0c:
        return run_bls_msm(&c, false);
    case 0x0d:
        return run_bls_add(&c, true);
    case 0x0e:
        return run_bls_msm(&c, true);
    case 0x0f:
        return run_bls_pairing(&c);
    case 0x10:
        return run_bls_map(&c, false);
    case 0x11:
        return run_bls_map(&c, true);
    case 0x100:
        return run_p256(&c);
    default:
        result->is_unsupported = true;
        return ERR_OK;
    }
}
