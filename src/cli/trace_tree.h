/* cli/trace_tree.h: the result of lockstep_traceTransaction (docs/trace.md) as a tree of text.
 *
 * A pure function from JSON to text. The JSON may be hostile: a field of a wrong type or form
 * counts as absent, no text of it can move the cursor of a terminal, and nothing recurses. */
#ifndef CLI_TRACE_TREE_H
#define CLI_TRACE_TREE_H

#include "core/err.h"
#include "rpc/json_reader.h"
#include "rpc/names.h"

#include <stdio.h>

#define TRACE_DEPTH_MAX 4096 /* frames inside each other; the EVM has 1,024 */
#define TRACE_DRAWN_MAX \
    32 /* deeper ones are drawn at this depth, with the number of levels left out */

/* What json_parse must accept: a frame takes an object and an array. */
#define TRACE_JSON_DEPTH_MAX (2 * TRACE_DEPTH_MAX + 8)

struct trace_style {
    bool has_colour;           /* ANSI escape sequences */
    bool is_full;              /* nothing is shortened */
    const struct names *names; /* may be NULL */
};

/* trace_tree_print writes the tree of the result object at token.
 *
 * Returns: ERR_INPUT   it is no object with a frame; nothing was written.
 *          ERR_LIMIT   deeper than TRACE_DEPTH_MAX; written up to there.
 *          ERR_MEMORY  written up to where memory ended. */
MUST_USE enum err trace_tree_print(
    FILE *out, const struct json *json, uint32_t token, const struct trace_style *style
);

#endif
