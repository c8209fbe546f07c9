#include "node/prover.h"

#include "crypto/keccak.h"
#include "proof/attestation.h"
#include "rollup/verify.h"

#include <stdio.h>

#define REASON_SIZE_MAX 256

hash32 prover_vkey(void) {
    static const char RULES[] = "lockstep evm rollup, rules 1";
    return keccak256(bytes_of(RULES, sizeof(RULES) - 1));
}

static const char *reason_of(struct arena *arena, const struct verify_result *result) {
    char *text = arena_alloc(arena, REASON_SIZE_MAX);
    if (text == NULL) return verify_verdict_text(result->verdict);
    int size = snprintf(
        text,
        REASON_SIZE_MAX,
        "the attester refuses: %s (entry %zu)",
        verify_verdict_text(result->verdict),
        result->entry_index
    );
    if (result->verdict == VERIFY_ENTRY_NO_FACT && size > 0 && size < REASON_SIZE_MAX)
        (void)snprintf(
            text + size, REASON_SIZE_MAX - (size_t)size, ": %s", step_verdict_text(result->step)
        );
    return text;
}

static enum err prove(
    const struct prover *prover,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes batch,
    bytes witness
) {
    struct verify_parent parent = {.chain_id = prover->parent_chain_id, .hub = prover->hub};
    parent.names_senders = prover->names_senders;
    struct verify_result result;
    enum err err = verify_batch(&result, arena, &parent, batch, witness);
    if (err != ERR_OK) return err;
    if (result.verdict != VERIFY_OK) {
        *reason = reason_of(arena, &result);
        return ERR_INPUT;
    }
    struct batch_proof *proof = arena_alloc(arena, sizeof(*proof));
    uint64_t *ids = arena_alloc_array(arena, result.rollup_id_count, sizeof(*ids));
    if (proof == NULL || ids == NULL) return ERR_MEMORY;
    memcpy(ids, result.rollup_ids, result.rollup_id_count * sizeof(*ids));
    *proof = (struct batch_proof
    ){.system = prover->system, .rollup_ids = ids, .rollup_id_count = result.rollup_id_count};
    hash32 digest;
    err = batch_statement_digest(
        &digest,
        arena,
        &proof->system,
        &prover->vkey,
        ids,
        result.rollup_id_count,
        &result.public_input
    );
    if (err == ERR_OK)
        err = attestation_sign(&proof->data, arena, &digest, &prover->attester_key, 1);
    if (err != ERR_OK) return err;
    *proofs = proof;
    *proof_count = 1;
    return ERR_OK;
}

enum err prover_prove(
    void *context,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes batch,
    bytes witness
) {
    const struct prover *prover = context;
    uint64_t start_us = metrics_clock_us();
    enum err err = prove(prover, arena, proofs, proof_count, reason, batch, witness);
    if (prover->duration != NULL) metrics_observe(prover->duration, metrics_clock_us() - start_us);
    return err;
}
