/* crypto/kzg_setup_host.h: the tables that c-kzg computes from the ceremony's output, as one block.
 * scripts/kzg_setup.c writes it when the program is built, kzg_host.c uses it from the program. */
#ifndef CRYPTO_KZG_SETUP_HOST_H
#define CRYPTO_KZG_SETUP_HOST_H

#include <ckzg.h>

enum {
    KZG_ROOT_COUNT = FIELD_ELEMENTS_PER_EXT_BLOB + 1,
    KZG_G1_COUNT = FIELD_ELEMENTS_PER_BLOB,
    KZG_G2_COUNT = 65,
};

/* Members are named after those of KZGSettings. */
struct kzg_setup {
    fr_t roots_of_unity[KZG_ROOT_COUNT];
    fr_t brp_roots_of_unity[KZG_ROOT_COUNT - 1];
    fr_t reverse_roots_of_unity[KZG_ROOT_COUNT];
    g1_t g1_values_monomial[KZG_G1_COUNT];
    g1_t g1_values_lagrange_brp[KZG_G1_COUNT];
    g2_t g2_values_monomial[KZG_G2_COUNT];
    g1_t x_ext_fft_columns[CELLS_PER_EXT_BLOB][FIELD_ELEMENTS_PER_CELL];
};

#endif
