/* Writes the tables that c-kzg computes from a trusted setup: kzg_setup TRUSTED_SETUP.txt OUT.bin.
 * Run by the build; crypto/kzg_setup_host.h has the layout, crypto/kzg_host.c is the reader. */
#include "crypto/kzg_setup_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY(member) memcpy(setup->member, settings.member, sizeof setup->member)

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    FILE *in = fopen(argv[1], "r");
    if (in == NULL) {
        perror(argv[1]);
        return 1;
    }
    KZGSettings settings;
    if (load_trusted_setup_file(&settings, in, 0) != C_KZG_OK) {
        (void)fprintf(stderr, "%s: not a trusted setup\n", argv[1]);
        return 1;
    }
    (void)fclose(in);
    struct kzg_setup *setup = malloc(sizeof *setup);
    if (setup == NULL) return 1;
    COPY(roots_of_unity);
    COPY(brp_roots_of_unity);
    COPY(reverse_roots_of_unity);
    COPY(g1_values_monomial);
    COPY(g1_values_lagrange_brp);
    COPY(g2_values_monomial);
    for (size_t i = 0; i < CELLS_PER_EXT_BLOB; i++)
        COPY(x_ext_fft_columns[i]);
    FILE *out = fopen(argv[2], "wb");
    if (out == NULL || fwrite(setup, sizeof *setup, 1, out) != 1 || fclose(out) != 0) {
        perror(argv[2]);
        return 1;
    }
    free(setup);
    free_trusted_setup(&settings);
    return 0;
}
