/* The hosted build's SHA-256: OpenSSL, which uses the CPU's SHA instructions. Its low-level
 * functions are called deprecated, but a digest by EVP costs several times a short input's hash. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/check.h"
#include "crypto/sha256.h"

#include <openssl/sha.h>

hash32 sha256(bytes data) {
    SHA256_CTX context;
    hash32 out;
    CHECK(SHA256_Init(&context) == 1);
    CHECK(SHA256_Update(&context, data.data, data.size) == 1);
    CHECK(SHA256_Final(out.b, &context) == 1);
    return out;
}
