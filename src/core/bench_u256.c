/* Nanoseconds for the operations behind the EVM's arithmetic instructions, one after another as a
 * program has them: each result is an operand of the next. */
#include "core/bench_host.h"
#include "core/u256.h"

enum { COUNT = 256 };

static u256 numbers[COUNT];
static u256 x;
static u256 divisor;
static u256 modulus;

static void run_add(void) {
    for (int i = 0; i < COUNT; i++)
        (void)u256_add_carry(&x, &x, &numbers[i]);
}

static void run_mul(void) {
    for (int i = 0; i < COUNT; i++)
        u256_mul_to(&x, &x, &numbers[i]);
}

static void run_shl(void) {
    for (int i = 0; i < COUNT; i++) {
        x = u256_shl(&numbers[i], (unsigned)x.w[0] & 255);
        x.w[0] |= 5;
    }
}

static void run_div(void) {
    for (int i = 0; i < COUNT; i++) {
        u256 quotient = u256_div(&numbers[i], &divisor);
        x.w[0] ^= quotient.w[0];
    }
}

static void run_addmod(void) {
    for (int i = 0; i < COUNT; i++)
        x = u256_addmod(&x, &numbers[i], &modulus);
}

static void run_mulmod(void) {
    for (int i = 0; i < COUNT; i++)
        x = u256_mulmod(&x, &numbers[i], &modulus);
}

static void run_mulmod_again(void) {
    static struct u256_modulus known;
    for (int i = 0; i < COUNT; i++)
        u256_mulmod_again(&x, &x, &numbers[i], &modulus, &known);
}

static void run_exp(void) {
    for (int i = 0; i < COUNT; i++) {
        x.w[0] |= 3;
        x = u256_exp(&x, &numbers[i]);
    }
}

int main(void) {
    uint64_t v = 1;
    for (int i = 0; i < COUNT; i++) {
        for (int k = 0; k < 4; k++) {
            v = v * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            numbers[i].w[k] = v ^ v >> 29;
        }
    }
    x = numbers[7];
    /* BN254's p, as in contracts that check proofs. */
    modulus =
        (u256){{0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029}};
    bench_row("core/u256_add/lockstep", COUNT, run_add);
    bench_row("core/u256_mul/lockstep", COUNT, run_mul);
    bench_row("core/u256_shl/lockstep", COUNT, run_shl);
    for (int limbs = 1; limbs <= 4; limbs++) {
        char name[100];
        divisor = U256_ZERO;
        for (int k = 0; k < limbs; k++)
            divisor.w[k] = numbers[3].w[k] >> 3;
        (void)snprintf(name, sizeof name, "core/u256_div_256_by_%d/lockstep", 64 * limbs);
        bench_row(name, COUNT, run_div);
    }
    divisor = (u256){{0, 0, 1 << 20, 0}};
    bench_row("core/u256_div_256_by_power/lockstep", COUNT, run_div);
    bench_row("core/u256_addmod/lockstep", COUNT, run_addmod);
    bench_row("core/u256_mulmod/lockstep", COUNT, run_mulmod);
    bench_row("core/u256_mulmod_again/lockstep", COUNT, run_mulmod_again);
    bench_row("core/u256_exp/lockstep", COUNT, run_exp);
    return (int)(x.w[0] & 0);
}
