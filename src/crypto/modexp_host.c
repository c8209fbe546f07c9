/* The hosted build's modular powers: GMP. */
#include "crypto/modexp.h"

#include <gmp.h>

static void import_bytes(mpz_t out, bytes b) {
    if (b.size > 0) mpz_import(out, b.size, 1, 1, 0, 0, b.data);
}

/* GMP takes its memory from the C heap, which the price of the operation bounds (EIP-198, EIP-2565,
 * EIP-7883); the arena is not needed. */
enum err modexp(uint8_t *out, struct arena *arena, bytes base, bytes exponent, bytes modulus) {
    (void)arena;
    if (modulus.size == 0) return ERR_OK;
    memset(out, 0, modulus.size);
    mpz_t b;
    mpz_t e;
    mpz_t m;
    mpz_inits(b, e, m, NULL);
    import_bytes(m, modulus);
    if (mpz_cmp_ui(m, 1) > 0) {
        import_bytes(b, base);
        import_bytes(e, exponent);
        mpz_powm(b, b, e, m);
        size_t size = (mpz_sizeinbase(b, 2) + 7) / 8;
        if (mpz_sgn(b) > 0) mpz_export(out + modulus.size - size, NULL, 1, 1, 0, 0, b);
    }
    mpz_clears(b, e, m, NULL);
    return ERR_OK;
}
