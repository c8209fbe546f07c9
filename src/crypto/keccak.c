#include "crypto/keccak_private.h"

#include "crypto/portable.h"

const hash32 KECCAK_EMPTY = {{0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d,
                              0xb2, 0xdc, 0xc7, 0x03, 0xc0, 0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82,
                              0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70}};

/* FIPS 202, section 3.2.5: the outputs of its shift register for each round. */
const uint64_t KECCAK_ROUND_CONSTANTS[KECCAK_ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

#if defined(__aarch64__) || defined(__BMI__) || defined(__riscv_zbb)
#define HAS_AND_NOT true
#else
#define HAS_AND_NOT false
#endif

void keccak_permute_portable(uint64_t state[25]) {
    keccak_rounds(state, HAS_AND_NOT);
}

#if __STDC_HOSTED__ && !KECCAK_HAS_DISPATCH
void keccak_permute(uint64_t state[25]) {
    keccak_rounds(state, HAS_AND_NOT);
}
#endif

#if !KECCAK_HAS_DISPATCH
void keccak256_many(hash32 *out, const bytes *in, size_t count) {
    for (size_t i = 0; i < count; i++)
        out[i] = keccak256(in[i]);
}
#endif

void keccak256_x4(hash32 out[4], const bytes in[4]) {
    keccak256_many(out, in, 4);
}

static hash32 squeeze(const uint64_t state[25]) {
    hash32 hash;
    memcpy(hash.b, state, sizeof hash.b);
    return hash;
}

hash32 PORTABLE(keccak256)(bytes data) {
    uint64_t state[KECCAK_LANES];
    /* In the guest a call of memset would cost three times as much. */
#pragma GCC unroll 25
    for (size_t i = 0; i < KECCAK_LANES; i++)
        state[i] = 0;
    while (data.size >= KECCAK_RATE) {
        keccak_absorb(state, 1, data.data);
        keccak_permute(state);
        data.data += KECCAK_RATE;
        data.size -= KECCAK_RATE;
    }
    keccak_absorb_last(state, 1, data.data, data.size);
    keccak_permute(state);
    return squeeze(state);
}

hash32 keccak256_two(bytes a, bytes b) {
    struct keccak keccak;
    keccak_init(&keccak);
    keccak_update(&keccak, a);
    keccak_update(&keccak, b);
    return keccak_final(&keccak);
}

void keccak_init(struct keccak *keccak) {
    *keccak = (struct keccak){.fill = 0};
}

/* XORs bytes into the state at its fill; they stay within the rate. */
static void absorb_bytes(struct keccak *keccak, const uint8_t *data, size_t size) {
    uint8_t *state = (uint8_t *)keccak->state;
    for (size_t i = 0; i < size; i++)
        state[keccak->fill + i] ^= data[i];
    keccak->fill += (unsigned)size;
}

void keccak_update(struct keccak *keccak, bytes data) {
    while (data.size > 0) {
        size_t size = KECCAK_RATE - keccak->fill;
        if (size > data.size) size = data.size;
        if (size == KECCAK_RATE) {
            keccak_absorb(keccak->state, 1, data.data);
            keccak->fill = KECCAK_RATE;
        } else {
            absorb_bytes(keccak, data.data, size);
        }
        if (keccak->fill == KECCAK_RATE) {
            keccak_permute(keccak->state);
            keccak->fill = 0;
        }
        data.data += size;
        data.size -= size;
    }
}

hash32 keccak_final(struct keccak *keccak) {
    uint8_t *state = (uint8_t *)keccak->state;
    state[keccak->fill] ^= 0x01;
    state[KECCAK_RATE - 1] ^= 0x80;
    keccak_permute(keccak->state);
    return squeeze(keccak->state);
}
