/* Fuzzes division, modular operations and exponentiation with GMP as the twin: coverage leads the
 * fuzzer into the corrections of quotient digits that random numbers hardly ever meet. */
#include "core/check.h"
#include "core/u256.h"

#include <gmp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mpz_t x, y, z, m, two_256;

static void import_u256(mpz_t out, const u256 *a) {
    mpz_import(out, 4, -1, 8, 0, 0, a->w);
}

static void check_same(u256 got, const mpz_t want) {
    mpz_t reduced;
    mpz_init(reduced);
    mpz_fdiv_r(reduced, want, two_256);
    u256 w = U256_ZERO;
    mpz_export(w.w, NULL, -1, 8, 0, 0, reduced);
    mpz_clear(reduced);
    CHECK(u256_equal(&got, &w));
}

static void import_signed(mpz_t out, const u256 *a) {
    import_u256(out, a);
    if (u256_is_negative(a)) mpz_sub(out, out, two_256);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool is_open;
    if (!is_open) {
        mpz_inits(x, y, z, m, two_256, NULL);
        mpz_ui_pow_ui(two_256, 2, 256);
        is_open = true;
    }
    if (size < 96) return 0;
    u256 a = u256_load_be(data);
    u256 b = u256_load_be(data + 32);
    u256 n = u256_load_be(data + 64);
    import_u256(x, &a);
    import_u256(y, &b);
    import_u256(m, &n);

    mpz_mul(z, x, y);
    check_same(u256_mul(&a, &b), z);
    if (u256_is_zero(&n)) return 0;
    mpz_mod(z, z, m);
    check_same(u256_mulmod(&a, &b, &n), z);
    struct u256_modulus known = {.is_ready = false};
    for (int i = 0; i < 3; i++) {
        u256 again;
        u256_mulmod_again(&again, &a, &b, &n, &known);
        check_same(again, z);
    }
    mpz_add(z, x, y);
    mpz_mod(z, z, m);
    check_same(u256_addmod(&a, &b, &n), z);
    mpz_tdiv_qr(y, z, x, m);
    u256 quotient;
    u256 remainder;
    u256_div_mod(&quotient, &remainder, &a, &n);
    check_same(quotient, y);
    check_same(remainder, z);
    import_signed(x, &a);
    import_signed(m, &n);
    mpz_tdiv_qr(y, z, x, m);
    check_same(u256_sdiv(&a, &n), y);
    check_same(u256_smod(&a, &n), z);
    return 0;
}
