/* Tests of chain/blobs.c. */
#include "chain/blobs.h"

#include "crypto/kzg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_open(&arena, 512 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

/* One blob whose field elements are small numbers, with what belongs to it. */
static struct blob_sidecar example(struct tx *tx, uint8_t version) {
    static uint8_t blob[KZG_BLOB_SIZE];
    static uint8_t commitment[KZG_COMMITMENT_SIZE];
    static uint8_t proofs[KZG_CELLS_PER_BLOB * KZG_PROOF_SIZE];
    static hash32 hash;
    for (size_t i = 0; i < 100; i++)
        blob[32 * i + 31] = (uint8_t)(i + 1);
    assert_int_equal(kzg_blob_to_commitment(commitment, blob), ERR_OK);
    if (version == 0) {
        assert_int_equal(kzg_compute_blob_proof(proofs, blob, commitment), ERR_OK);
    } else {
        assert_int_equal(kzg_compute_cells_and_proofs(NULL, proofs, blob), ERR_OK);
    }
    hash = kzg_versioned_hash(commitment);
    *tx = (struct tx){
        .type = TX_BLOB,
        .is_protected = true,
        .chain_id = 1,
        .gas_limit = 21000,
        .max_fee_per_gas = U256_ONE,
        .blob_versioned_hashes = &hash,
        .blob_count = 1,
    };
    hash32 key = {{[31] = 1}};
    assert_int_equal(tx_sign(tx, &arena, &key), ERR_OK);
    return (struct blob_sidecar){
        .version = version,
        .count = 1,
        .proof_count = version == 0 ? 1 : KZG_CELLS_PER_BLOB,
        .blobs = blob,
        .commitments = commitment,
        .proofs = proofs,
    };
}

static enum tx_verdict decode(struct tx *tx, struct blob_sidecar *sidecar, bytes encoding) {
    enum tx_verdict verdict;
    assert_int_equal(blob_tx_decode(tx, sidecar, &verdict, &arena, encoding), ERR_OK);
    return verdict;
}

static enum tx_verdict
check(const struct tx *tx, const struct blob_sidecar *sidecar, enum fork fork) {
    enum tx_verdict verdict;
    assert_int_equal(blob_sidecar_check(&verdict, tx, sidecar, fork), ERR_OK);
    return verdict;
}

static void both_versions_travel(void **state) {
    (void)state;
    for (uint8_t version = 0; version <= 1; version++) {
        struct tx tx;
        struct tx decoded;
        struct blob_sidecar read;
        struct blob_sidecar sidecar = example(&tx, version);
        bytes encoding;
        bytes again;
        bytes inner;
        assert_int_equal(blob_tx_encode(&encoding, &arena, &tx, &sidecar), ERR_OK);
        assert_int_equal(decode(&decoded, &read, encoding), TX_OK);
        assert_int_equal(read.version, version);
        assert_int_equal(blob_tx_encode(&again, &arena, &decoded, &read), ERR_OK);
        assert_true(bytes_equal(encoding, again));
        assert_int_equal(tx_encode(&inner, &arena, &tx), ERR_OK);
        assert_true(bytes_equal(inner, read.tx_encoding));
        assert_int_equal(check(&decoded, &read, version == 0 ? FORK_PRAGUE : FORK_OSAKA), TX_OK);
        assert_int_equal(
            check(&decoded, &read, version == 0 ? FORK_OSAKA : FORK_PRAGUE), TX_SIDECAR_VERSION
        );
    }
}

static void what_does_not_belong_together_is_refused(void **state) {
    (void)state;
    struct tx tx;
    struct blob_sidecar sidecar = example(&tx, 0);
    bytes encoding;
    struct tx decoded;
    struct blob_sidecar read;
    assert_int_equal(tx_encode(&encoding, &arena, &tx), ERR_OK);
    assert_int_equal(decode(&decoded, &read, encoding), TX_SIDECAR_MISSING);
    struct blob_sidecar bad = sidecar;
    bad.version = 2;
    assert_int_equal(blob_tx_encode(&encoding, &arena, &tx, &bad), ERR_OK);
    assert_int_equal(decode(&decoded, &read, encoding), TX_SIDECAR_VERSION);
    bad = sidecar;
    bad.proof_count = 0;
    assert_int_equal(blob_tx_encode(&encoding, &arena, &tx, &bad), ERR_OK);
    assert_int_equal(decode(&decoded, &read, encoding), TX_SIDECAR_COUNT);
    bad = sidecar;
    bad.version = 1; /* 128 proofs would be needed */
    assert_int_equal(blob_tx_encode(&encoding, &arena, &tx, &bad), ERR_OK);
    assert_int_equal(decode(&decoded, &read, encoding), TX_SIDECAR_COUNT);
    bad = sidecar;
    bad.count = 0;
    bad.proof_count = 0;
    assert_int_equal(blob_tx_encode(&encoding, &arena, &tx, &bad), ERR_OK);
    assert_int_equal(decode(&decoded, &read, encoding), TX_SIDECAR_COUNT);
    uint8_t commitment[KZG_COMMITMENT_SIZE];
    memcpy(commitment, sidecar.commitments, sizeof commitment);
    commitment[5] ^= 1;
    bad = sidecar;
    bad.commitments = commitment;
    assert_int_equal(check(&tx, &bad, FORK_PRAGUE), TX_SIDECAR_HASH);
    uint8_t proof[KZG_PROOF_SIZE];
    memcpy(proof, sidecar.proofs, sizeof proof);
    proof[5] ^= 1;
    bad = sidecar;
    bad.proofs = proof;
    assert_int_equal(check(&tx, &bad, FORK_PRAGUE), TX_SIDECAR_PROOF);
    bad = sidecar;
    bad.proofs = sidecar.commitments; /* a point, but not the proof */
    assert_int_equal(check(&tx, &bad, FORK_PRAGUE), TX_SIDECAR_PROOF);
}

static void no_cut_encoding_decodes(void **state) {
    (void)state;
    struct tx tx;
    struct tx decoded;
    struct blob_sidecar sidecar = example(&tx, 0);
    struct blob_sidecar read;
    bytes encoding;
    assert_int_equal(blob_tx_encode(&encoding, &arena, &tx, &sidecar), ERR_OK);
    for (size_t size = 0; size < encoding.size; size += size < 500 ? 1 : 1009)
        assert_int_not_equal(decode(&decoded, &read, bytes_of(encoding.data, size)), TX_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_versions_travel, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_belong_together_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(no_cut_encoding_decodes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
