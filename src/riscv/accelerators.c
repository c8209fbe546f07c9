/* The calls of the machine, and its accelerators by the functions of crypto. Encodings are those of
 * zkvm_accelerators.h; where crypto has EIP-2537's, elements of Fp are widened from 48 bytes
 * to 64. */
#include "riscv/machine_private.h"

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

/* What the arena of one accelerator's call may take: more than any input in memory asks for. */
#define ARENA_SIZE_MAX ((size_t)1 << 30)

#define KECCAK_STATE_SIZE 200
#define REGISTER_A0       10
#define REGISTER_A7       17

enum outcome {
    DONE,    /* answered with 0 */
    FAILED,  /* -1, and nothing is written */
    TRAPPED, /* the machine has halted */
};

static enum outcome outcome_of(enum err err) {
    return err == ERR_OK ? DONE : FAILED;
}

/* --- memory of the program -------------------------------------------------------------------- */

static void mark_pages(uint8_t *marks, uint64_t at, uint64_t size) {
    if (size == 0) return;
    uint64_t offset = at - MACHINE_RAM_BASE;
    for (uint64_t page = offset / MACHINE_PAGE_SIZE;
         page <= (offset + size - 1) / MACHINE_PAGE_SIZE;
         page++)
        marks[page] = 1;
}

/* Bytes to read; NULL after a trap. */
static const uint8_t *input(struct machine *machine, uint64_t at, uint64_t size) {
    const uint8_t *p = machine_readable(machine, at, size);
    if (p == NULL)
        machine_trap(machine, MACHINE_TRAP_CALL_LOAD, at);
    else
        mark_pages(machine->loaded, at, size);
    return p;
}

/* Bytes to write; NULL after a trap. */
static uint8_t *output(struct machine *machine, uint64_t at, uint64_t size) {
    uint8_t *p = machine_writable(machine, at, size);
    if (p == NULL)
        machine_trap(machine, MACHINE_TRAP_CALL_STORE, at);
    else
        mark_pages(machine->stored, at, size);
    return p;
}

static bool is_aligned(struct machine *machine, uint64_t at) {
    if (at % 8 != 0) machine_trap(machine, MACHINE_TRAP_CALL_ALIGNMENT, at);
    return at % 8 == 0;
}

/* The same for structs. */
static const uint8_t *input_struct(struct machine *machine, uint64_t at, uint64_t size) {
    return is_aligned(machine, at) ? input(machine, at, size) : NULL;
}

static uint8_t *output_struct(struct machine *machine, uint64_t at, uint64_t size) {
    return is_aligned(machine, at) ? output(machine, at, size) : NULL;
}

/* count structs one after another. */
static const uint8_t *
input_structs(struct machine *machine, uint64_t at, uint64_t count, uint64_t size) {
    if (count > MACHINE_MEMORY_SIZE / size) {
        machine_trap(machine, MACHINE_TRAP_CALL_SIZE, count);
        return NULL;
    }
    return input_struct(machine, at, count * size);
}

static hash32 hash_at(const uint8_t *p) {
    hash32 hash;
    memcpy(hash.b, p, sizeof hash.b);
    return hash;
}

/* --- hashes ----------------------------------------------------------------------------------- */

static enum outcome call_keccak_f(struct machine *machine, const uint64_t *a) {
    uint64_t state[KECCAK_STATE_SIZE / 8];
    uint8_t *p = output_struct(machine, a[0], sizeof state);
    if (p == NULL) return TRAPPED;
    mark_pages(machine->loaded, a[0], sizeof state);
    memcpy(state, p, sizeof state);
    keccak_permute(state);
    memcpy(p, state, sizeof state);
    return DONE;
}

static enum outcome call_sha256(struct machine *machine, const uint64_t *a) {
    const uint8_t *data = input(machine, a[0], a[1]);
    uint8_t *out = data != NULL ? output_struct(machine, a[2], 32) : NULL;
    if (out == NULL) return TRAPPED;
    hash32 digest = sha256(bytes_of(data, (size_t)a[1]));
    memcpy(out, digest.b, sizeof digest.b);
    return DONE;
}

static enum outcome call_ripemd160(struct machine *machine, const uint64_t *a) {
    uint8_t digest[32] = {0};
    const uint8_t *data = input(machine, a[0], a[1]);
    uint8_t *out = data != NULL ? output_struct(machine, a[2], sizeof digest) : NULL;
    if (out == NULL) return TRAPPED;
    ripemd160(digest + 12, bytes_of(data, (size_t)a[1]));
    memcpy(out, digest, sizeof digest);
    return DONE;
}

static enum outcome call_blake2f(struct machine *machine, const uint64_t *a) {
    uint64_t h[8];
    uint64_t m[16];
    uint64_t t[2];
    uint8_t *state = output_struct(machine, a[1], sizeof h);
    const uint8_t *message = state != NULL ? input_struct(machine, a[2], sizeof m) : NULL;
    const uint8_t *offset = message != NULL ? input_struct(machine, a[3], sizeof t) : NULL;
    if (offset == NULL) return TRAPPED;
    if (a[4] > 1) return FAILED;
    mark_pages(machine->loaded, a[1], sizeof h);
    memcpy(h, state, sizeof h);
    memcpy(m, message, sizeof m);
    memcpy(t, offset, sizeof t);
    blake2f(h, m, t, a[4] == 1, (uint32_t)a[0]);
    memcpy(state, h, sizeof h);
    return DONE;
}

/* --- signatures ------------------------------------------------------------------------------- */

/* What is signed, and by what; false after a trap. */
struct ecdsa {
    hash32 digest;
    u256 r;
    u256 s;
};

static bool input_ecdsa(struct machine *machine, struct ecdsa *ecdsa, const uint64_t *a) {
    const uint8_t *message = input_struct(machine, a[0], 32);
    const uint8_t *signature = message != NULL ? input_struct(machine, a[1], 64) : NULL;
    if (signature == NULL) return false;
    *ecdsa =
        (struct ecdsa){hash_at(message), u256_load_be(signature), u256_load_be(signature + 32)};
    return true;
}

/* Message, signature, key, where to say whether it holds. */
static enum outcome call_verify(struct machine *machine, const uint64_t *a, bool is_k1) {
    struct ecdsa e;
    if (!input_ecdsa(machine, &e, a)) return TRAPPED;
    const uint8_t *key = input_struct(machine, a[2], 64);
    uint8_t *verified = key != NULL ? output(machine, a[3], 1) : NULL;
    if (verified == NULL) return TRAPPED;
    u256 x = u256_load_be(key);
    u256 y = u256_load_be(key + 32);
    *verified = is_k1 ? secp256k1_verify(&e.digest, &e.r, &e.s, key)
                      : p256_verify(&e.digest, &e.r, &e.s, &x, &y);
    return DONE;
}

static enum outcome call_secp256k1_verify(struct machine *machine, const uint64_t *a) {
    return call_verify(machine, a, true);
}

static enum outcome call_secp256r1_verify(struct machine *machine, const uint64_t *a) {
    return call_verify(machine, a, false);
}

static enum outcome call_secp256k1_ecrecover(struct machine *machine, const uint64_t *a) {
    uint8_t key[64];
    struct ecdsa e;
    if (!input_ecdsa(machine, &e, a)) return TRAPPED;
    uint8_t *out = output_struct(machine, a[3], sizeof key);
    if (out == NULL) return TRAPPED;
    if (secp256k1_recover(key, &e.digest, &e.r, &e.s, (uint8_t)a[2]) != ERR_OK) return FAILED;
    memcpy(out, key, sizeof key);
    return DONE;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static enum outcome call_modexp(struct machine *machine, const uint64_t *a) {
    const uint8_t *base = input(machine, a[0], a[1]);
    const uint8_t *exponent = base != NULL ? input(machine, a[2], a[3]) : NULL;
    const uint8_t *modulus = exponent != NULL ? input(machine, a[4], a[5]) : NULL;
    uint8_t *out = modulus != NULL ? output(machine, machine->x[REGISTER_A0 + 6], a[5]) : NULL;
    if (out == NULL) return TRAPPED;
    struct arena arena;
    arena_open(&arena, ARENA_SIZE_MAX);
    /* The result is made apart: the program may want it where an operand is. */
    uint8_t *result = arena_alloc(&arena, (size_t)a[5]);
    enum err err = ERR_MEMORY;
    if (result != NULL)
        err = modexp(
            result,
            &arena,
            bytes_of(base, (size_t)a[1]),
            bytes_of(exponent, (size_t)a[3]),
            bytes_of(modulus, (size_t)a[5])
        );
    if (err == ERR_OK) memcpy(out, result, (size_t)a[5]);
    arena_close(&arena);
    if (err != ERR_MEMORY) return outcome_of(err);
    machine_trap(machine, MACHINE_TRAP_CALL_SIZE, a[5]);
    return TRAPPED;
}

/* --- BN254 ------------------------------------------------------------------------------------ */

static enum outcome call_bn254_g1_add(struct machine *machine, const uint64_t *a) {
    uint8_t sum[BN254_G1_SIZE];
    const uint8_t *p1 = input_struct(machine, a[0], sizeof sum);
    const uint8_t *p2 = p1 != NULL ? input_struct(machine, a[1], sizeof sum) : NULL;
    uint8_t *out = p2 != NULL ? output_struct(machine, a[2], sizeof sum) : NULL;
    if (out == NULL) return TRAPPED;
    if (bn254_add(sum, p1, p2) != ERR_OK) return FAILED;
    memcpy(out, sum, sizeof sum);
    return DONE;
}

static enum outcome call_bn254_g1_mul(struct machine *machine, const uint64_t *a) {
    uint8_t product[BN254_G1_SIZE];
    const uint8_t *point = input_struct(machine, a[0], sizeof product);
    const uint8_t *scalar = point != NULL ? input_struct(machine, a[1], 32) : NULL;
    uint8_t *out = scalar != NULL ? output_struct(machine, a[2], sizeof product) : NULL;
    if (out == NULL) return TRAPPED;
    if (bn254_mul(product, point, scalar) != ERR_OK) return FAILED;
    memcpy(out, product, sizeof product);
    return DONE;
}

static enum outcome call_bn254_pairing(struct machine *machine, const uint64_t *a) {
    bool is_one;
    const uint8_t *pairs = input_structs(machine, a[0], a[1], BN254_PAIR_SIZE);
    uint8_t *verified = pairs != NULL ? output(machine, a[2], 1) : NULL;
    if (verified == NULL) return TRAPPED;
    if (bn254_pairing_check(&is_one, bytes_of(pairs, (size_t)a[1] * BN254_PAIR_SIZE)) != ERR_OK)
        return FAILED;
    *verified = is_one;
    return DONE;
}

/* --- BLS12-381 and KZG ------------------------------------------------------------------------ */

static enum outcome call_kzg_point_eval(struct machine *machine, const uint64_t *a) {
    bool is_valid;
    const uint8_t *commitment = input_struct(machine, a[0], KZG_COMMITMENT_SIZE);
    const uint8_t *z = commitment != NULL ? input_struct(machine, a[1], 32) : NULL;
    const uint8_t *y = z != NULL ? input_struct(machine, a[2], 32) : NULL;
    const uint8_t *proof = y != NULL ? input_struct(machine, a[3], KZG_PROOF_SIZE) : NULL;
    uint8_t *verified = proof != NULL ? output(machine, a[4], 1) : NULL;
    if (verified == NULL) return TRAPPED;
    hash32 z_hash = hash_at(z);
    hash32 y_hash = hash_at(y);
    if (kzg_verify_proof(&is_valid, commitment, &z_hash, &y_hash, proof) != ERR_OK) return FAILED;
    *verified = is_valid;
    return DONE;
}

#define FP_SIZE 48 /* of the standard's elements; EIP-2537's have 16 bytes of zero before them */

static void widen(uint8_t *to, const uint8_t *from, size_t elements) {
    for (size_t i = 0; i < elements; i++) {
        memset(to + i * BLS12_381_FP_SIZE, 0, BLS12_381_FP_SIZE - FP_SIZE);
        memcpy(
            to + i * BLS12_381_FP_SIZE + (BLS12_381_FP_SIZE - FP_SIZE), from + i * FP_SIZE, FP_SIZE
        );
    }
}

static void narrow(uint8_t *to, const uint8_t *from, size_t elements) {
    for (size_t i = 0; i < elements; i++)
        memcpy(
            to + i * FP_SIZE, from + i * BLS12_381_FP_SIZE + (BLS12_381_FP_SIZE - FP_SIZE), FP_SIZE
        );
}

/* Widens count structs that are elements of Fp followed by extra bytes. NULL: no memory. */
static uint8_t *
widen_all(struct arena *arena, const uint8_t *from, size_t count, size_t elements, size_t extra) {
    size_t size = elements * BLS12_381_FP_SIZE + extra;
    uint8_t *to = arena_alloc_array(arena, count, size);
    for (size_t i = 0; to != NULL && i < count; i++) {
        const uint8_t *item = from + i * (elements * FP_SIZE + extra);
        widen(to + i * size, item, elements);
        memcpy(to + i * size + elements * BLS12_381_FP_SIZE, item + elements * FP_SIZE, extra);
    }
    return to;
}

/* A point of G1 has two elements of Fp, one of G2 four. */
static enum outcome bls12_add(struct machine *machine, const uint64_t *a, size_t elements) {
    uint8_t points[2][BLS12_381_G2_SIZE];
    uint8_t sum[BLS12_381_G2_SIZE];
    const uint8_t *p1 = input_struct(machine, a[0], elements * FP_SIZE);
    const uint8_t *p2 = p1 != NULL ? input_struct(machine, a[1], elements * FP_SIZE) : NULL;
    uint8_t *out = p2 != NULL ? output_struct(machine, a[2], elements * FP_SIZE) : NULL;
    if (out == NULL) return TRAPPED;
    widen(points[0], p1, elements);
    widen(points[1], p2, elements);
    enum err err = elements == 2 ? bls12_381_g1_add(sum, points[0], points[1])
                                 : bls12_381_g2_add(sum, points[0], points[1]);
    if (err == ERR_OK) narrow(out, sum, elements);
    return outcome_of(err);
}

static enum outcome bls12_msm(struct machine *machine, const uint64_t *a, size_t elements) {
    size_t term_size = elements * BLS12_381_FP_SIZE + 32;
    uint8_t sum[BLS12_381_G2_SIZE];
    const uint8_t *pairs = input_structs(machine, a[0], a[1], elements * FP_SIZE + 32);
    uint8_t *out = pairs != NULL ? output_struct(machine, a[2], elements * FP_SIZE) : NULL;
    if (out == NULL) return TRAPPED;
    size_t count = (size_t)a[1];
    struct arena arena;
    arena_open(&arena, ARENA_SIZE_MAX);
    uint8_t *terms = widen_all(&arena, pairs, count, elements, 32);
    enum err err = ERR_MEMORY;
    if (terms != NULL)
        err = elements == 2 ? bls12_381_g1_msm(sum, &arena, bytes_of(terms, count * term_size))
                            : bls12_381_g2_msm(sum, &arena, bytes_of(terms, count * term_size));
    arena_close(&arena);
    if (err == ERR_MEMORY) {
        machine_trap(machine, MACHINE_TRAP_CALL_SIZE, a[1]);
        return TRAPPED;
    }
    if (err == ERR_OK) narrow(out, sum, elements);
    return outcome_of(err);
}

static enum outcome bls12_map(struct machine *machine, const uint64_t *a, size_t elements) {
    uint8_t element[2 * BLS12_381_FP_SIZE];
    uint8_t point[BLS12_381_G2_SIZE];
    const uint8_t *from = input_struct(machine, a[0], elements * FP_SIZE);
    uint8_t *out = from != NULL ? output_struct(machine, a[1], 2 * elements * FP_SIZE) : NULL;
    if (out == NULL) return TRAPPED;
    widen(element, from, elements);
    enum err err = elements == 1 ? bls12_381_map_fp_to_g1(point, element)
                                 : bls12_381_map_fp2_to_g2(point, element);
    if (err == ERR_OK) narrow(out, point, 2 * elements);
    return outcome_of(err);
}

static enum outcome call_bls12_g1_add(struct machine *machine, const uint64_t *a) {
    return bls12_add(machine, a, 2);
}
static enum outcome call_bls12_g2_add(struct machine *machine, const uint64_t *a) {
    return bls12_add(machine, a, 4);
}
static enum outcome call_bls12_g1_msm(struct machine *machine, const uint64_t *a) {
    return bls12_msm(machine, a, 2);
}
static enum outcome call_bls12_g2_msm(struct machine *machine, const uint64_t *a) {
    return bls12_msm(machine, a, 4);
}
static enum outcome call_bls12_map_fp_to_g1(struct machine *machine, const uint64_t *a) {
    return bls12_map(machine, a, 1);
}
static enum outcome call_bls12_map_fp2_to_g2(struct machine *machine, const uint64_t *a) {
    return bls12_map(machine, a, 2);
}

static enum outcome call_bls12_pairing(struct machine *machine, const uint64_t *a) {
    bool is_one = false;
    const uint8_t *pairs = input_structs(machine, a[0], a[1], (size_t)6 * FP_SIZE);
    uint8_t *verified = pairs != NULL ? output(machine, a[2], 1) : NULL;
    if (verified == NULL) return TRAPPED;
    size_t count = (size_t)a[1];
    struct arena arena;
    arena_open(&arena, ARENA_SIZE_MAX);
    uint8_t *wide = widen_all(&arena, pairs, count, 6, 0);
    enum err err = ERR_MEMORY;
    if (wide != NULL)
        err = bls12_381_pairing_check(&is_one, bytes_of(wide, count * BLS12_381_PAIR_SIZE));
    arena_close(&arena);
    if (err == ERR_MEMORY) {
        machine_trap(machine, MACHINE_TRAP_CALL_SIZE, a[1]);
        return TRAPPED;
    }
    if (err == ERR_OK) *verified = is_one;
    return outcome_of(err);
}

/* --- all calls -------------------------------------------------------------------------------- */

static enum outcome (*const CALLS[ACCELERATOR_COUNT])(struct machine *, const uint64_t *) = {
#define ACCELERATOR(name) [ACCELERATOR_##name] = call_##name,
#include "riscv/accelerators.def"
#undef ACCELERATOR
};

/* false after a trap. */
static bool write_output(struct machine *machine) {
    uint64_t *a = &machine->x[REGISTER_A0];
    if (a[0] != MACHINE_STREAM_OUTPUT) {
        a[0] = (uint64_t)(int64_t)MACHINE_ERROR_STREAM;
        return true;
    }
    uint64_t size = a[2];
    if (size > MACHINE_OUTPUT_MAX - machine->output_size) {
        machine_trap(machine, MACHINE_TRAP_OUTPUT, a[1]);
        return false;
    }
    const uint8_t *from = input(machine, a[1], size);
    if (from == NULL) return false;
    memcpy(machine->output + machine->output_size, from, size);
    machine->output_size += (uint32_t)size;
    a[0] = size;
    return true;
}

bool machine_call(struct machine *machine) {
    uint64_t number = machine->x[REGISTER_A7];
    uint64_t *a = &machine->x[REGISTER_A0];
    if (number == MACHINE_CALL_WRITE) return write_output(machine);
    if (number == MACHINE_CALL_EXIT) {
        machine->status = MACHINE_EXITED;
        machine->exit_status = a[0];
        return true;
    }
    uint64_t accelerator = number - MACHINE_CALL_ACCELERATOR;
    if (accelerator >= ACCELERATOR_COUNT || !(machine->options.accelerators >> accelerator & 1)) {
        machine->absent_calls++;
        a[0] = (uint64_t)(int64_t)MACHINE_ERROR_ABSENT;
        return true;
    }
    enum outcome outcome = CALLS[accelerator](machine, a);
    if (outcome == TRAPPED) return false;
    machine->accelerator_calls[accelerator]++;
    a[0] = outcome == DONE ? 0 : UINT64_MAX;
    return true;
}

const char *accelerator_name(enum accelerator accelerator) {
    static const char *const names[ACCELERATOR_COUNT] = {
#define ACCELERATOR(name) [ACCELERATOR_##name] = #name,
#include "riscv/accelerators.def"
#undef ACCELERATOR
    };
    return names[accelerator];
}
