/* node/anchors.h: which rollups have not heard of their parent for long (--anchor-every): they are
 * updated with the next block of L1 even if nothing in it asks for it (decisions/028). */
#ifndef NODE_ANCHORS_H
#define NODE_ANCHORS_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

struct node;

/* The bit of a rollup's place (from 1 on) in a set of them. */
static inline uint64_t anchors_bit(size_t place) {
    return UINT64_C(1) << (place - 1);
}

/* anchors_find_due finds the rollups whose anchor would be more than --anchor-every blocks behind
 * their parent's newest one after the next block of L1, if that did not update them.
 *
 * Out:     places  a set of them; empty without the option, and where no batches are posted.
 * Returns: errors of reading state; places is then untouched. */
MUST_USE enum err anchors_find_due(uint64_t *places, struct node *node);

#endif
