#include "rpc/methods.h"

static const struct rpc_method table[] = {
#define METHOD_ROW(name, fewest, most, operation) \
    {#name, name, fewest, most, offsetof(struct rpc_chain_operations, operation)},
    METHOD_LIST(METHOD_ROW)
#undef METHOD_ROW
};

/* Names and wanted text compared as strcmp would. */
static int compare(bytes wanted, const char *name) {
    size_t size = strlen(name);
    int order = memcmp(wanted.data, name, wanted.size < size ? wanted.size : size);
    if (order != 0) return order;
    return wanted.size < size ? -1 : wanted.size > size;
}

const struct rpc_method *method_find(bytes name) {
    if (name.size == 0) return NULL;
    size_t low = 0;
    size_t high = sizeof(table) / sizeof(*table);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(name, table[middle].name);
        if (order == 0) return &table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool method_is_available(const struct rpc_method *method, const struct rpc_chain *chain) {
    /* All operations are pointers to functions, of one size on every supported target. */
    static const uint8_t none[sizeof(void (*)(void))];
    const uint8_t *operations = (const uint8_t *)chain->operations;
    return memcmp(operations + method->operation, none, sizeof(none)) != 0;
}

bool method_may_take_long(const struct rpc_method *method) {
    switch (method->operation) {
    case offsetof(struct rpc_chain_operations, call):
    case offsetof(struct rpc_chain_operations, estimate_gas):
    case offsetof(struct rpc_chain_operations, create_access_list):
    case offsetof(struct rpc_chain_operations, simulate):
    case offsetof(struct rpc_chain_operations, proof):
    case offsetof(struct rpc_chain_operations, debug_trace):
    case offsetof(struct rpc_chain_operations, trace_transaction):
    case offsetof(struct rpc_chain_operations, foresee):
    case offsetof(struct rpc_chain_operations, posted_batches):
    case offsetof(struct rpc_chain_operations, posted_entries):
    case offsetof(struct rpc_chain_operations, batch_files):
    case offsetof(struct rpc_chain_operations, message_proof):
    case offsetof(struct rpc_chain_operations, call_bundle):
    case offsetof(struct rpc_chain_operations, prepare_batch):
        return true;
    }
    return method->run == eth_getLogs;
}

const struct rpc_method *method_table(size_t *count) {
    *count = sizeof(table) / sizeof(*table);
    return table;
}
