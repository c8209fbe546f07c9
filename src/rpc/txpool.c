/* What is in the pool. */
#include "rpc/arguments.h"
#include "rpc/methods.h"
#include "rpc/view.h"

static enum rpc_status read_pool(struct rpc_call *call, const struct rpc_pool **pool) {
    return call->chain->operations->pool(call->chain, &call->request, pool);
}

enum rpc_status txpool_status(struct rpc_call *call) {
    const struct rpc_pool *pool = NULL;
    enum rpc_status status = read_pool(call, &pool);
    if (status != RPC_OK) return status;
    json_object_begin(call->out);
    json_member_quantity_u64(call->out, "pending", pool->pending_count);
    json_member_quantity_u64(call->out, "queued", pool->queued_count);
    json_object_end(call->out);
    return RPC_OK;
}

/* {sender: {nonce: transaction}}; the list is sorted by sender, then nonce. */
static void
write_by_sender(struct json_writer *w, const struct rpc_transaction *list, size_t count) {
    json_object_begin(w);
    for (size_t i = 0; i < count; i++) {
        const address *sender = &list[i].sender;
        bool is_first = i == 0 || !address_equal(sender, &list[i - 1].sender);
        if (is_first) {
            char name[42];
            if (i > 0) json_object_end(w);
            view_checksum_address(name, sender);
            json_key_text(w, name, sizeof(name));
            json_object_begin(w);
        }
        json_key_decimal(w, list[i].tx->nonce);
        view_transaction(w, &list[i], NULL, 0);
    }
    if (count > 0) json_object_end(w);
    json_object_end(w);
}

enum rpc_status txpool_content(struct rpc_call *call) {
    const struct rpc_pool *pool = NULL;
    enum rpc_status status = read_pool(call, &pool);
    if (status != RPC_OK) return status;
    json_object_begin(call->out);
    json_key(call->out, "pending");
    write_by_sender(call->out, pool->pending, pool->pending_count);
    json_key(call->out, "queued");
    write_by_sender(call->out, pool->queued, pool->queued_count);
    json_object_end(call->out);
    return RPC_OK;
}

static void write_of_sender(
    struct json_writer *w, const struct rpc_transaction *list, size_t count, const address *sender
) {
    json_object_begin(w);
    for (size_t i = 0; i < count; i++) {
        if (!address_equal(&list[i].sender, sender)) continue;
        json_key_decimal(w, list[i].tx->nonce);
        view_transaction(w, &list[i], NULL, 0);
    }
    json_object_end(w);
}

enum rpc_status txpool_contentFrom(struct rpc_call *call) {
    address sender;
    const struct rpc_pool *pool = NULL;
    enum rpc_status status = argument_address(call, &sender, 0);
    if (status == RPC_OK) status = read_pool(call, &pool);
    if (status != RPC_OK) return status;
    json_object_begin(call->out);
    json_key(call->out, "pending");
    write_of_sender(call->out, pool->pending, pool->pending_count, &sender);
    json_key(call->out, "queued");
    write_of_sender(call->out, pool->queued, pool->queued_count, &sender);
    json_object_end(call->out);
    return RPC_OK;
}
