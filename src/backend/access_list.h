/* backend/access_list.h: the addresses and slots that a run touches, as an EIP-2930 access list.
 *
 * As geth has it: the sender, the recipient and precompiles are left out unless slots of them are
 * touched, since they are warm anyway. */
#ifndef BACKEND_ACCESS_LIST_H
#define BACKEND_ACCESS_LIST_H

#include "chain/tx.h"
#include "core/map.h"
#include "evm/evm.h"

struct access_list {
    struct arena *arena;
    enum fork fork;
    struct map excluded;  /* addresses that are warm anyway */
    struct map addresses; /* address → struct map of keys */
    size_t size;          /* addresses and keys */
    enum err err;         /* what went wrong while tracing */
};

void access_list_open(struct access_list *list, struct arena *arena, enum fork fork);

/* An address that a transaction warms without a list: its sender, its recipient or the contract to
 * be, who signed its authorizations. To be called before anything is added. ERR_MEMORY. */
MUST_USE enum err access_list_exclude(struct access_list *list, const address *who);

/* Adds what the caller had given. ERR_MEMORY. */
MUST_USE enum err
access_list_add(struct access_list *list, const struct tx_access *given, size_t count);

/* The tracer adds to the list. */
struct evm_tracer access_list_tracer(struct access_list *list);

/* Addresses and keys in it: a list only grows, so that equal sizes are equal lists. */
static inline size_t access_list_size(const struct access_list *list) {
    return list->size;
}

/* The list so far, in the arena. ERR_MEMORY. */
MUST_USE enum err
access_list_finish(struct access_list *list, const struct tx_access **out, size_t *count);

#endif
