/* Why the world did not build what it was asked for, in words. */
#include "node/crossing.h"

#include "core/hex.h"
#include "node/network.h"
#include "rpc/revert.h"

#include <stdio.h>

/* Which chain has no such step, and if it is a call, of which contract. */
static size_t
say_where(char *out, size_t size_max, const struct node *node, const struct world_result *result) {
    const struct fact *missing = &result->missing;
    const struct action *input = &missing->entry.input;
    const size_t place = crossing_place(node, result->reason_parent, missing->verdict_rollup);
    const char *chain = node->chains[place].rpc.name;
    if (input->kind != ACTION_CALL) {
        int size = snprintf(out, size_max, "%s: ", chain);
        return size < 0 ? 0 : (size_t)size;
    }
    char target[41] = "";
    hex_encode(target, bytes_of(input->target.b, sizeof(input->target.b)));
    int size = snprintf(out, size_max, "%s, contract 0x%s: ", chain, target);
    return size < 0 ? 0 : (size_t)size;
}

/* Which of the transactions of an L2TX's block is invalid, and why. */
static void say_why(char *out, size_t size_max, const struct fact *missing) {
    (void)snprintf(
        out,
        size_max,
        ", number %u of its block: %s",
        (unsigned)missing->verdict_tx_index,
        tx_verdict_text((enum tx_verdict)missing->verdict_tx)
    );
}

enum err crossing_reason(const char **text, const struct crossing *crossing) {
    const struct world_result *result = &crossing->result;
    const struct node *node = crossing->node;
    bool is_hub = result->status == WORLD_BATCH_REVERTED && result->reason_rollup == 0;
    if (is_hub && result->batch_output.size > 0)
        return revert_text(text, crossing->arena, &node->log.names, result->batch_output);
    char where[96] = "";
    size_t size = 0;
    if (result->status == WORLD_BATCH_REVERTED && result->missing.verdict != STEP_OK)
        size = say_where(where, sizeof(where), node, result);
    char why[256] = "";
    if (size > 0 && result->missing.verdict == STEP_TX_INVALID)
        say_why(why, sizeof(why), &result->missing);
    const size_t size_max = size + strlen(result->reason) + strlen(why) + 1;
    char *out = arena_alloc(crossing->arena, size_max);
    if (out == NULL) return ERR_MEMORY;
    (void)snprintf(out, size_max, "%s%s%s", where, result->reason, why);
    *text = out;
    return ERR_OK;
}
