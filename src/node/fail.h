/* node/fail.h: how the node's operations say why they failed: one sentence in a buffer of the
 * caller's. */
#ifndef NODE_FAIL_H
#define NODE_FAIL_H

#include "core/err.h"
#include "state/database.h"

#define NODE_ERROR_SIZE DATABASE_ERROR_SIZE

/* Writes the sentence and returns err. */
__attribute__((format(printf, 3, 4))) enum err
node_fail(char error[NODE_ERROR_SIZE], enum err err, const char *format, ...);

#endif
