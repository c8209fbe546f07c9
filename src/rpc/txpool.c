/* What is in the pool. */
#include "rpc/arguments.h"
#include "rpc/methods.h"
#include "rpc/view.h"

#include <inttypes.h>
#include <stdio.h>

enum rpc_status txpool_status(struct rpc_call *call) {
    size_t pending;
    size_t queued;
    call->chain->operations->pool_count(call->chain, &pending, &queued);
    json_object_begin(call->out);
    json_member_quantity_u64(call->out, "pending", pending);
    json_member_quantity_u64(call->out, "queued", queued);
    json_object_end(call->out);
    return RPC_OK;
}

/* How a transaction is shown. */
typedef void write_one(struct json_writer *w, const struct rpc_transaction *transaction);

static void write_whole(struct json_writer *w, const struct rpc_transaction *transaction) {
    view_transaction(w, transaction, NULL, 0);
}

/* A line for people, in geth's form. */
static void write_summary(struct json_writer *w, const struct rpc_transaction *transaction) {
    const struct tx *tx = transaction->tx;
    char to[43] = "contract creation";
    char value[U256_DECIMAL_SIZE_MAX];
    char price[U256_DECIMAL_SIZE_MAX];
    char text[64 + 2 * U256_DECIMAL_SIZE_MAX + 64];
    if (!tx->is_create) {
        view_checksum_address(to, &tx->to);
        to[42] = 0;
    }
    (void)u256_to_decimal(value, &tx->value);
    (void)u256_to_decimal(price, &tx->max_fee_per_gas);
    (void)snprintf(
        text, sizeof(text), "%s: %s wei + %" PRIu64 " gas × %s wei", to, value, tx->gas_limit, price
    );
    json_cstring(w, text);
}

/* {sender: {nonce: transaction}}; the list is sorted by sender, then nonce. */
static void write_by_sender(
    struct json_writer *w, const struct rpc_transaction *list, size_t count, write_one *write
) {
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
        write(w, &list[i]);
    }
    if (count > 0) json_object_end(w);
    json_object_end(w);
}

static enum rpc_status write_pool(struct rpc_call *call, write_one *write) {
    const struct rpc_pool *pool = NULL;
    enum rpc_status status =
        call->chain->operations->pool(call->chain, &call->request, &pool, NULL);
    if (status != RPC_OK) return status;
    json_object_begin(call->out);
    json_key(call->out, "pending");
    write_by_sender(call->out, pool->pending, pool->pending_count, write);
    json_key(call->out, "queued");
    write_by_sender(call->out, pool->queued, pool->queued_count, write);
    json_object_end(call->out);
    return RPC_OK;
}

enum rpc_status txpool_content(struct rpc_call *call) {
    return write_pool(call, write_whole);
}

enum rpc_status txpool_inspect(struct rpc_call *call) {
    return write_pool(call, write_summary);
}

static void
write_of_sender(struct json_writer *w, const struct rpc_transaction *list, size_t count) {
    json_object_begin(w);
    for (size_t i = 0; i < count; i++) {
        json_key_decimal(w, list[i].tx->nonce);
        view_transaction(w, &list[i], NULL, 0);
    }
    json_object_end(w);
}

enum rpc_status txpool_contentFrom(struct rpc_call *call) {
    address sender;
    const struct rpc_pool *pool = NULL;
    enum rpc_status status = argument_address(call, &sender, 0);
    if (status == RPC_OK)
        status = call->chain->operations->pool(call->chain, &call->request, &pool, &sender);
    if (status != RPC_OK) return status;
    json_object_begin(call->out);
    json_key(call->out, "pending");
    write_of_sender(call->out, pool->pending, pool->pending_count);
    json_key(call->out, "queued");
    write_of_sender(call->out, pool->queued, pool->queued_count);
    json_object_end(call->out);
    return RPC_OK;
}
