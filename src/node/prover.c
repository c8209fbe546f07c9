#include "node/prover.h"

#include "batch/abi.h"
#include "core/check.h"
#include "proof/attestation.h"
#include "rollup/evm_rollup.h"
#include "rollup/ledger.h"
#include "verify/verify.h"

#include <stdio.h>

#define REASON_SIZE_MAX 256

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

static const struct node_chain_plan *plan_of(const struct prover *prover, uint64_t rollup_id) {
    const size_t place = prover->first_place + (size_t)rollup_id - 1;
    CHECK(rollup_id > 0 && place < NODE_CHAINS_MAX);
    return &prover->options->chains[place];
}

/* What is proven of the rollups of one proof system and kind. */
struct statement {
    const struct prover *prover;
    struct arena *arena;
    const struct batch_proof *proof; /* its rollups */
    hash32 vkey;                     /* that they are registered with */
    const hash32 *public_input;
};

/* The statement, signed with the key for this contract. */
static enum err
sign(const struct statement *s, bytes *data, const address *system, const struct hd_key *key) {
    hash32 digest;
    enum err err = batch_statement_digest(
        &digest,
        s->arena,
        system,
        &s->vkey,
        s->proof->rollup_ids,
        s->proof->rollup_id_count,
        s->public_input
    );
    return err != ERR_OK ? err : attestation_sign(data, s->arena, &digest, &key->private_key, 1);
}

/* abi.encode(Part[]) of the first attesters that answer, as many as must. */
static enum err sign_k_of_n(const struct statement *s, bytes *data, const char **reason) {
    const struct prover *prover = s->prover;
    unsigned indices[DEPLOY_ATTESTERS];
    unsigned count = 0;
    for (unsigned i = 0; i < DEPLOY_ATTESTERS && count < DEPLOY_THRESHOLD; i++)
        if ((prover->attesters_down >> i & 1) == 0) indices[count++] = i;
    if (count < DEPLOY_THRESHOLD) {
        char *text = arena_alloc(s->arena, REASON_SIZE_MAX);
        if (text == NULL) return ERR_MEMORY;
        (void)snprintf(
            text,
            REASON_SIZE_MAX,
            "%u of %u attesters must vouch for %s, and %u answer%s",
            DEPLOY_THRESHOLD,
            DEPLOY_ATTESTERS,
            plan_of(prover, s->proof->rollup_ids[0])->name,
            count,
            count == 1 ? "s" : ""
        );
        *reason = text;
        return ERR_INPUT;
    }
    struct abi_writer w;
    abi_writer_open(&w, s->arena);
    size_t list = abi_write_offset(&w);
    abi_begin_tail(&w, list, 0);
    abi_write_u64(&w, count);
    size_t elements = w.size;
    size_t offsets[DEPLOY_ATTESTERS];
    for (unsigned i = 0; i < count; i++)
        offsets[i] = abi_write_offset(&w);
    for (unsigned i = 0; i < count; i++) {
        struct hd_key key;
        bytes part;
        enum err err = keys_attester(prover->keys, &key, indices[i]);
        if (err == ERR_OK) err = sign(s, &part, &prover->contracts->attesters[indices[i]], &key);
        if (err != ERR_OK) return err;
        abi_begin_tail(&w, offsets[i], elements);
        size_t start = w.size;
        abi_write_u64(&w, indices[i]);
        size_t tail = abi_write_offset(&w);
        abi_begin_tail(&w, tail, start);
        abi_write_bytes(&w, part);
    }
    return abi_finish(&w, data);
}

static enum err vouch(
    const struct statement *s, struct batch_proof *proof, enum node_proof kind, const char **reason
) {
    const struct prover *prover = s->prover;
    switch (kind) {
    case NODE_PROOF_ATTESTATION:
        return sign(s, &proof->data, &proof->system, &prover->keys->attester);
    case NODE_PROOF_OWNER: /* the builder: deploy.c registers it */
        return sign(s, &proof->data, &proof->system, &prover->keys->builder);
    case NODE_PROOF_K_OF_N:
        return sign_k_of_n(s, &proof->data, reason);
    }
    return ERR_UNSUPPORTED;
}

/* The proof for those rollups of a type that stand on this proof system; nothing if none does. */
static enum err prove_kind(
    const struct prover *prover,
    struct arena *arena,
    struct batch_proof *proofs,
    size_t *proof_count,
    const char **reason,
    const struct verify_result *result,
    enum node_proof kind,
    const struct rollup_type *type
) {
    struct batch_proof *proof = &proofs[*proof_count];
    uint64_t *ids = arena_alloc_array(arena, result->rollup_id_count, sizeof(*ids));
    if (ids == NULL) return ERR_MEMORY;
    *proof = (struct batch_proof
    ){.system = *deploy_proof_system(prover->contracts, kind), .rollup_ids = ids};
    for (size_t i = 0; i < result->rollup_id_count; i++) {
        uint64_t id = result->rollup_ids[i];
        if (result->types[i] == type && plan_of(prover, id)->proof == (unsigned)kind)
            ids[proof->rollup_id_count++] = id;
    }
    if (proof->rollup_id_count == 0) return ERR_OK;
    (*proof_count)++;
    const struct statement statement = {
        prover, arena, proof, deploy_vkey(type), &result->public_input};
    return vouch(&statement, proof, kind, reason);
}

static enum err prove(
    const struct prover *prover,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
) {
    static const enum node_proof kinds[] = {
        NODE_PROOF_ATTESTATION, NODE_PROOF_OWNER, NODE_PROOF_K_OF_N};
    static const struct rollup_type *const types[] = {&EVM_ROLLUP_TYPE, &LEDGER_ROLLUP_TYPE};
    /* The builder's witness is what it has read, which may be more than is needed. */
    const struct verify_options options = {

        .names_senders = prover->names_senders,
        .allows_surplus = true,
        .schedule = prover->parent_schedule,
    };
    struct verify_result result;
    enum err err = verify_input(&result, arena, &options, input);
    if (err != ERR_OK) return err;
    if (result.verdict != VERIFY_OK) {
        *reason = reason_of(arena, &result);
        return ERR_INPUT;
    }
    if (result.chain_id != prover->parent_chain_id ||
        !address_equal(&result.hub, &prover->contracts->hub)) {
        *reason = "the attester refuses: the statement is made to another chain or Hub";
        return ERR_INPUT;
    }
    const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);
    const size_t type_count = sizeof(types) / sizeof(types[0]);
    struct batch_proof *made = arena_alloc_array(arena, kind_count * type_count, sizeof(*made));
    size_t count = 0;
    if (made == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < kind_count * type_count && err == ERR_OK; i++)
        err = prove_kind(
            prover,
            arena,
            made,
            &count,
            reason,
            &result,
            kinds[i / type_count],
            types[i % type_count]
        );
    if (err != ERR_OK) return err;
    *proofs = made;
    *proof_count = count;
    return ERR_OK;
}

enum err prover_prove(
    void *context,
    struct arena *arena,
    struct batch_proof **proofs,
    size_t *proof_count,
    const char **reason,
    bytes input
) {
    const struct prover *prover = context;
    uint64_t start_us = metrics_clock_us();
    enum err err = prove(prover, arena, proofs, proof_count, reason, input);
    if (prover->duration != NULL) metrics_observe(prover->duration, metrics_clock_us() - start_us);
    return err;
}
