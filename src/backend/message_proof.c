#include "backend/message_proof.h"
#include "backend/backend.h"

#include "batch/abi.h"
#include "core/check.h"
#include "node/hub_view.h"
#include "node/message.h"
#include "node/network.h"
#include "rollup/predeploys.h"
#include "rpc/json_writer.h"

/* Anchor.sol: the number of the newest anchor. */
#define ANCHOR_LATEST_SLOT 0u

struct message_proof {
    struct node_chain *chain;
    struct rpc_request *request;
    const struct rpc_message_query *query;
    address service;
    hash32 slot;
    uint64_t number; /* of the block that is proven against */
    struct rpc_proof proof;
};

/* The proof at p->number. */
static enum rpc_status prove(struct message_proof *p, const char *other) {
    const struct rpc_block_id id = {.kind = RPC_BLOCK_NUMBER, .number = p->number};
    bool is_found = false;
    enum rpc_status status = backend_proof(
        &p->chain->rpc, p->request, &is_found, &p->proof, &id, &p->service, &p->slot, 1
    );
    if (status != RPC_OK) return status;
    if (!is_found) return rpc_fail_err(p->request, ERR_MISSING);
    CHECK(p->proof.slots != NULL);
    if (!u256_is_zero(&p->proof.slots[0].value)) return RPC_OK;
    u256 now;
    const u256 key = u256_load_be(p->slot.b);
    enum err err = state_get_slot(&p->chain->state, &p->service, &key, &now);
    if (err != ERR_OK) return rpc_fail_err(p->request, err);
    if (u256_is_zero(&now))
        return rpc_fail(
            p->request,
            RPC_NOT_FOUND,
            "this publisher has not broadcast this message on %s",
            p->chain->rpc.name
        );
    return rpc_fail(
        p->request,
        RPC_SERVER_ERROR,
        "the message is on %s, but in a block after %llu, the newest of it that %s knows",
        p->chain->rpc.name,
        (unsigned long long)p->number,
        other
    );
}

/* bytes[]: a length, offsets of the elements from behind it, the elements. */
static void write_nodes(struct abi_writer *w, const bytes *nodes, size_t count) {
    CHECK(nodes != NULL);
    abi_write_u64(w, count);
    const size_t first = w->size;
    for (size_t i = 0; i < count; i++)
        (void)abi_write_offset(w);
    for (size_t i = 0; i < count; i++) {
        abi_begin_tail(w, first + i * ABI_WORD, first);
        abi_write_bytes(w, nodes[i]);
    }
}

/* The two members that both structs end with, whose tuple began at start. */
static void write_proofs(
    struct abi_writer *w,
    const struct rpc_proof *proof,
    size_t account,
    size_t storage,
    size_t start
) {
    abi_begin_tail(w, account, start);
    write_nodes(w, proof->account_nodes, proof->account_node_count);
    abi_begin_tail(w, storage, start);
    write_nodes(w, proof->slots[0].nodes, proof->slots[0].node_count);
}

static enum rpc_status
write_result(struct message_proof *p, struct json_writer *out, bytes encoded, const hash32 *root) {
    json_object_begin(out);
    json_member_hash(out, "slot", &p->slot);
    json_member_quantity(out, "sentAt", &p->proof.slots[0].value);
    json_member_quantity_u64(out, "blockNumber", p->number);
    json_member_hash(out, "stateRoot", root);
    json_key(out, "proof");
    json_data(out, encoded);
    json_object_end(out);
    return RPC_OK;
}

/* --- for a rollup: against its newest anchor -------------------------------------------------- */

static enum rpc_status
prove_to_rollup(struct message_proof *p, struct node_chain *rollup, struct json_writer *out) {
    u256 latest;
    const u256 key = u256_from_u64(ANCHOR_LATEST_SLOT);
    struct header header;
    enum err err = state_get_slot(&rollup->state, &ANCHOR_PREDEPLOY, &key, &latest);
    if (err != ERR_OK) return rpc_fail_err(p->request, err);
    p->number = latest.w[0];
    p->service = node_contracts(p->chain)->messages;
    enum rpc_status status = prove(p, rollup->rpc.name);
    if (status != RPC_OK) return status;
    err = node_chain_read_header(p->chain, &header, NULL, p->number);
    if (err != ERR_OK) return rpc_fail_err(p->request, err);
    struct abi_writer w;
    abi_writer_open(&w, p->request->arena);
    abi_write_u64(&w, ABI_WORD);
    const size_t start = w.size;
    abi_write_u64(&w, p->number);
    const size_t account = abi_write_offset(&w);
    const size_t storage = abi_write_offset(&w);
    write_proofs(&w, &p->proof, account, storage, start);
    bytes encoded;
    err = abi_finish(&w, &encoded);
    if (err != ERR_OK) return rpc_fail_err(p->request, err);
    return write_result(p, out, encoded, &header.state_root);
}

/* --- for the parent: against the head that the Hub has ---------------------------------------- */

enum err message_proof_for_parent(
    bytes *encoded, struct arena *arena, const struct hub_root *root, const struct rpc_proof *proof
) {
    struct abi_writer w;
    abi_writer_open(&w, arena);
    abi_write_u64(&w, ABI_WORD);
    const size_t start = w.size;
    abi_write_hash(&w, &root->root);
    abi_write_u64(&w, root->index);
    abi_write_hash(&w, &root->before);
    const size_t later = abi_write_offset(&w);
    const size_t account = abi_write_offset(&w);
    const size_t storage = abi_write_offset(&w);
    abi_begin_tail(&w, later, start);
    abi_write_u64(&w, 0);
    write_proofs(&w, proof, account, storage, start);
    return abi_finish(&w, encoded);
}

static enum rpc_status prove_to_parent(struct message_proof *p, struct json_writer *out) {
    struct node_chain *parent = node_parent(p->chain);
    struct hub_root root;
    struct header header;
    bool is_found;
    enum err err = hub_view_newest_root(
        &root, &parent->state, &node_contracts(parent)->hub, p->chain->rollup_id
    );
    if (err == ERR_OK) err = node_chain_find_root(p->chain, &is_found, &header, &root.root);
    if (err == ERR_OK && !is_found) err = ERR_MISSING;
    if (err != ERR_OK) return rpc_fail_err(p->request, err);
    p->number = header.number;
    p->service = MESSAGES_PREDEPLOY;
    enum rpc_status status = prove(p, parent->rpc.name);
    if (status != RPC_OK) return status;
    bytes encoded;
    err = message_proof_for_parent(&encoded, p->request->arena, &root, &p->proof);
    if (err != ERR_OK) return rpc_fail_err(p->request, err);
    return write_result(p, out, encoded, &root.root);
}

enum rpc_status message_proof(
    struct node_chain *chain,
    struct rpc_request *request,
    struct json_writer *out,
    const struct rpc_message_query *query
) {
    struct node *node = chain->node;
    struct message_proof p = {.chain = chain, .request = request, .query = query};
    p.slot = message_slot(&query->message, &query->publisher);
    if (query->rollup_id == 0) {
        if (chain->rollup_id == 0)
            return rpc_fail(
                request,
                RPC_INVALID_PARAMS,
                "%s has no parent: say which rollup the proof is for",
                chain->rpc.name
            );
        return prove_to_parent(&p, out);
    }
    size_t first;
    const size_t count = node_rollups_of(node, &first, node_place(chain));
    if (query->rollup_id > count)
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "there is no rollup %llu of %s",
            (unsigned long long)query->rollup_id,
            chain->rpc.name
        );
    struct node_chain *rollup = &node->chains[first + (size_t)query->rollup_id - 1];
    /* A ledger has no contracts that take any. */
    if (!node_chain_is_evm(rollup))
        return rpc_fail(
            request,
            RPC_INVALID_PARAMS,
            "%s is a %s: it takes no messages",
            rollup->rpc.name,
            rollup->type->name
        );
    return prove_to_rollup(&p, rollup, out);
}
