/* conformance/shy.h (hosted): a source that has nothing the first time it is asked for it.
 *
 * Under it every first touch of an account, slot or code suspends an execution with ERR_MISSING, as
 * it would in a node that fetches state from afar. */
#ifndef CONFORMANCE_SHY_H
#define CONFORMANCE_SHY_H

#include "state/source.h"

struct shy_source {
    struct source source;
    struct source *base;
    struct map asked; /* hashes that were asked for */
};

void shy_open(struct shy_source *shy, struct arena *arena, struct source *base);

#endif
