/* crypto/sha256.h: SHA-256 (FIPS 180-4). */
#ifndef CRYPTO_SHA256_H
#define CRYPTO_SHA256_H

#include "core/bytes.h"

hash32 sha256(bytes data);

/* The same in portable C: what the guest runs, and the twin that tests compare with. */
hash32 sha256_portable(bytes data);

#endif
