/* crypto/modexp.h: base^exponent mod modulus on big-endian numbers of any size (EIP-198). */
#ifndef CRYPTO_MODEXP_H
#define CRYPTO_MODEXP_H

#include "core/arena.h"

/* modexp writes modulus.size bytes. A modulus of 0 or 1 (or of no bytes) gives 0; 0^0 is 1.
 * The arena gives working memory, released before return. ERR_MEMORY. */
MUST_USE enum err
modexp(uint8_t *out, struct arena *arena, bytes base, bytes exponent, bytes modulus);

/* The same in portable C: what the guest runs, and the twin that tests compare with. */
MUST_USE enum err
modexp_portable(uint8_t *out, struct arena *arena, bytes base, bytes exponent, bytes modulus);

#endif
