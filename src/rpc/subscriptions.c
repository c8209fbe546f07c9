#include "rpc/subscriptions.h"

#include "rpc/arguments.h"
#include "rpc/methods.h"
#include "rpc/view.h"

#include <stdlib.h>

void session_close(struct rpc_session *session) {
    for (size_t i = 0; i < session->count; i++)
        free(session->items[i].owned);
    free(session->items);
    session->items = NULL;
    session->count = 0;
}

/* --- eth_subscribe, eth_unsubscribe ----------------------------------------------------------- */

static enum rpc_status refuse_without_session(struct rpc_call *call) {
    return rpc_fail(&call->request, RPC_METHOD_NOT_FOUND, "notifications not supported");
}

/* The kind by its name; false if there is none. */
static bool find_kind(enum subscription_kind *kind, const struct json *json, uint32_t token) {
    static const struct {
        const char *name;
        enum subscription_kind kind;
    } kinds[] = {
        {"newHeads", SUBSCRIPTION_HEADS},
        {"logs", SUBSCRIPTION_LOGS},
        {"newPendingTransactions", SUBSCRIPTION_PENDING},
        {"syncing", SUBSCRIPTION_SYNCING},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (json_string_is(json, token, kinds[i].name)) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

static enum rpc_status
read_subscription(struct rpc_call *call, struct subscription *out, uint32_t name) {
    bool is_full = false;
    enum rpc_status status = RPC_OK;
    if (json_kind(call->json, name) != JSON_STRING || !find_kind(&out->kind, call->json, name)) {
        bytes shown = bytes_slice(json_source(call->json, name), 0, 60);
        return rpc_fail(
            &call->request,
            RPC_METHOD_NOT_FOUND,
            "no %.*s subscription in eth namespace",
            (int)shown.size,
            (const char *)shown.data
        );
    }
    if (out->kind == SUBSCRIPTION_LOGS && argument_token(call, 1) != 0)
        status = argument_log_query(call, &out->query, 1);
    if (out->kind == SUBSCRIPTION_PENDING) status = argument_optional_bool(call, &is_full, 1);
    if (is_full) out->kind = SUBSCRIPTION_PENDING_FULL;
    return status;
}

enum rpc_status eth_subscribe(struct rpc_call *call) {
    struct rpc_session *session = call->session;
    struct subscription made = {0};
    if (session == NULL) return refuse_without_session(call);
    uint32_t name = argument_token(call, 0);
    if (name == 0) return argument_missing(call, 0);
    enum rpc_status status = read_subscription(call, &made, name);
    if (status != RPC_OK) return status;
    if (session->count == SUBSCRIPTIONS_MAX)
        return rpc_fail(&call->request, RPC_LIMIT_EXCEEDED, "too many subscriptions");
    struct subscription *items = realloc(session->items, (session->count + 1) * sizeof(*items));
    if (items == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    session->items = items;
    made.owned = log_query_copy(&made.query, &made.query);
    if (made.owned == NULL) return rpc_fail_err(&call->request, ERR_MEMORY);
    made.id = ++*session->last_id;
    items[session->count++] = made;
    json_quantity_u64(call->out, made.id);
    return RPC_OK;
}

enum rpc_status eth_unsubscribe(struct rpc_call *call) {
    struct rpc_session *session = call->session;
    uint64_t id;
    if (session == NULL) return refuse_without_session(call);
    enum rpc_status status = argument_number(call, &id, 0);
    if (status != RPC_OK) return status;
    for (size_t i = 0; i < session->count; i++) {
        if (session->items[i].id != id) continue;
        free(session->items[i].owned);
        session->items[i] = session->items[--session->count];
        json_bool(call->out, true);
        return RPC_OK;
    }
    return rpc_fail(&call->request, RPC_SERVER_ERROR, "subscription not found");
}

/* --- notifications ---------------------------------------------------------------------------- */

/* Everything up to the result; the end is two braces. */
static void begin(struct json_writer *w, const struct subscription *subscription) {
    json_writer_clear(w);
    json_object_begin(w);
    json_member_cstring(w, "jsonrpc", "2.0");
    json_member_cstring(w, "method", "eth_subscription");
    json_key(w, "params");
    json_object_begin(w);
    json_member_quantity_u64(w, "subscription", subscription->id);
    json_key(w, "result");
}

static void end(struct rpc_session *session, struct json_writer *w) {
    json_object_end(w);
    json_object_end(w);
    if (!json_failed(w)) session->send(session, bytes_of(w->data, w->size));
}

/* One notification for each log that matches. */
static void send_logs(
    struct rpc_session *session,
    struct json_writer *w,
    const struct subscription *subscription,
    const struct rpc_block *block
) {
    const struct log_query *query = &subscription->query;
    size_t log_index = 0;
    if (!log_query_may_match(query, &block->header->logs_bloom)) return;
    for (size_t i = 0; i < block->transaction_count; i++) {
        const struct receipt *receipt = &block->receipts[i];
        for (size_t k = 0; k < receipt->log_count; k++, log_index++) {
            if (!log_query_matches(query, &receipt->logs[k])) continue;
            begin(w, subscription);
            view_log(w, &receipt->logs[k], block, i, log_index);
            end(session, w);
        }
    }
}

void subscription_block(
    struct rpc_session *session, struct json_writer *scratch, const struct rpc_block *block
) {
    for (size_t i = 0; i < session->count; i++) {
        const struct subscription *subscription = &session->items[i];
        if (subscription->kind == SUBSCRIPTION_LOGS)
            send_logs(session, scratch, subscription, block);
        if (subscription->kind != SUBSCRIPTION_HEADS) continue;
        begin(scratch, subscription);
        view_header(scratch, block);
        end(session, scratch);
    }
}

void subscription_removed(
    struct rpc_session *session, struct json_writer *scratch, const struct rpc_block *block
) {
    for (size_t i = 0; i < session->count; i++)
        if (session->items[i].kind == SUBSCRIPTION_LOGS)
            send_logs(session, scratch, &session->items[i], block);
}

void subscription_pending(
    struct rpc_session *session,
    struct json_writer *scratch,
    const struct rpc_transaction *transaction
) {
    for (size_t i = 0; i < session->count; i++) {
        const struct subscription *subscription = &session->items[i];
        bool is_full = subscription->kind == SUBSCRIPTION_PENDING_FULL;
        if (subscription->kind != SUBSCRIPTION_PENDING && !is_full) continue;
        begin(scratch, subscription);
        if (is_full)
            view_transaction(scratch, transaction, NULL, 0);
        else
            json_hash(scratch, &transaction->hash);
        end(session, scratch);
    }
}
