/* Accounts, codes, slots and proofs after a block. */
#include "backend/backend.h"

#include "crypto/keccak.h"
#include "state/proof.h"

/* Proofs of more slots than this are a worker's work. */
#define PROOF_KEYS_QUICK 32

/* The state after the block, and its root. */
static enum err find_state(
    struct node_chain *chain,
    struct state **state,
    bool *is_found,
    struct arena *arena,
    const struct rpc_block_id *id
) {
    uint64_t number;
    enum err err = node_chain_resolve(chain, is_found, &number, id);
    if (err != ERR_OK || !*is_found) return err;
    if (number == chain->head.number) {
        *state = &chain->state;
        return ERR_OK;
    }
    struct header header;
    err = node_chain_read_header(chain, &header, NULL, number);
    return err != ERR_OK ? err : node_chain_state_at(chain, state, arena, &header);
}

/* A state that is gone would read as absent otherwise. */
static enum rpc_status fail_state(struct rpc_request *request, enum err err) {
    if (err == ERR_MISSING)
        return rpc_fail(request, RPC_UNSUPPORTED, "the state of this block is not available");
    return rpc_fail_err(request, err);
}

enum rpc_status backend_account(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_account *out,
    const struct rpc_block_id *id,
    const address *who
) {
    struct node_chain *chain = backend_chain(rpc);
    struct state *state;
    struct account account;
    bool exists;
    enum err err = find_state(chain, &state, is_found, request->arena, id);
    if (err != ERR_OK) return fail_state(request, err);
    if (!*is_found) return RPC_OK;
    err = state_get_account(state, who, &account, &exists);
    if (err != ERR_OK) return fail_state(request, err);
    *out = (struct rpc_account){0};
    if (exists)
        *out = (struct rpc_account){
            .nonce = account.nonce,
            .balance = account.balance,
            .code_hash = account.code_hash,
            .storage_root = account.storage_root,
        };
    if (id->kind == RPC_BLOCK_PENDING) out->nonce = pool_next_nonce(chain->pool, who, out->nonce);
    return RPC_OK;
}

enum rpc_status backend_code(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    bytes *code,
    const struct rpc_block_id *id,
    const address *who
) {
    struct state *state;
    struct account account;
    bool exists;
    enum err err = find_state(backend_chain(rpc), &state, is_found, request->arena, id);
    if (err != ERR_OK) return fail_state(request, err);
    if (!*is_found) return RPC_OK;
    err = state_get_account(state, who, &account, &exists);
    *code = BYTES_EMPTY;
    if (err == ERR_OK && exists) err = state_get_code(state, &account.code_hash, code);
    return err == ERR_OK ? RPC_OK : fail_state(request, err);
}

enum rpc_status backend_slot(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    u256 *value,
    const struct rpc_block_id *id,
    const address *who,
    const hash32 *key
) {
    struct state *state;
    u256 number = u256_load_be(key->b);
    enum err err = find_state(backend_chain(rpc), &state, is_found, request->arena, id);
    if (err != ERR_OK) return fail_state(request, err);
    if (!*is_found) return RPC_OK;
    err = state_get_slot(state, who, &number, value);
    return err == ERR_OK ? RPC_OK : fail_state(request, err);
}

/* --- proofs ----------------------------------------------------------------------------------- */

/* The nodes of one path, in the arena. */
static enum err path_of(
    struct source *source,
    struct proof *proof,
    const bytes **nodes,
    size_t *count,
    struct arena *arena,
    const hash32 *root,
    bytes key
) {
    hash32 hashed = keccak256(key);
    enum err err = proof_make(proof, source, root, hash32_bytes(&hashed), arena, NULL);
    if (err != ERR_OK) return err;
    bytes *copy = arena_alloc_array(arena, proof->count, sizeof(*copy));
    if (copy == NULL) return ERR_MEMORY;
    memcpy(copy, proof->nodes, proof->count * sizeof(*copy));
    *nodes = copy;
    *count = proof->count;
    return ERR_OK;
}

static enum err slot_proofs(
    struct rpc_storage_proof *slots,
    struct arena *arena,
    struct state *state,
    const address *who,
    const hash32 *storage_root,
    const hash32 *keys,
    size_t key_count
) {
    struct proof *proof = arena_alloc(arena, sizeof(*proof));
    if (proof == NULL) return ERR_MEMORY;
    enum err err = ERR_OK;
    for (size_t i = 0; i < key_count && err == ERR_OK; i++) {
        struct rpc_storage_proof *slot = &slots[i];
        bytes key = hash32_bytes(&keys[i]);
        u256 number = u256_load_be(keys[i].b);
        err = state_get_slot(state, who, &number, &slot->value);
        if (err == ERR_OK)
            err = path_of(
                state->source, proof, &slot->nodes, &slot->node_count, arena, storage_root, key
            );
    }
    return err;
}

enum err backend_prove(
    struct rpc_proof *out,
    struct arena *arena,
    struct state *state,
    const address *who,
    const hash32 *keys,
    size_t key_count
) {
    struct account account;
    bool exists;
    enum err err = state_get_account(state, who, &account, &exists);
    if (err != ERR_OK) return err;
    *out = (struct rpc_proof){0};
    if (exists)
        out->account = (struct rpc_account){
            .nonce = account.nonce,
            .balance = account.balance,
            .code_hash = account.code_hash,
            .storage_root = account.storage_root,
        };
    struct proof *proof = arena_alloc(arena, sizeof(*proof));
    struct rpc_storage_proof *slots = arena_alloc_zero(arena, (key_count + 1) * sizeof(*slots));
    if (proof == NULL || slots == NULL) return ERR_MEMORY;
    out->slots = slots;
    err = path_of(
        state->source,
        proof,
        &out->account_nodes,
        &out->account_node_count,
        arena,
        &state->root,
        address_bytes(who)
    );
    if (err != ERR_OK) return err;
    return slot_proofs(slots, arena, state, who, &account.storage_root, keys, key_count);
}

enum rpc_status backend_proof(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_proof *out,
    const struct rpc_block_id *id,
    const address *who,
    const hash32 *keys,
    size_t key_count
) {
    struct node_chain *chain = backend_chain(rpc);
    struct state *state;
    enum err err = find_state(chain, &state, is_found, request->arena, id);
    if (err == ERR_OK && !*is_found) return RPC_OK;
    if (err != ERR_OK) return fail_state(request, err);
    if (chain->forked != NULL && !forked_is_proven(chain->forked))
        return rpc_fail(
            request,
            RPC_UNSUPPORTED,
            "there are no proofs: the chain is a fork of one that gives none"
        );
    if (key_count > PROOF_KEYS_QUICK && rpc_leave(request)) return RPC_FAILED;
    err = backend_prove(out, request->arena, state, who, keys, key_count);
    return err == ERR_OK ? RPC_OK : fail_state(request, err);
}
