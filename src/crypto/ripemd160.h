/* crypto/ripemd160.h: RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996). One portable version:
 * OpenSSL keeps it in its legacy provider, which is not always there. */
#ifndef CRYPTO_RIPEMD160_H
#define CRYPTO_RIPEMD160_H

#include "core/bytes.h"

void ripemd160(uint8_t digest[20], bytes data);

#endif
