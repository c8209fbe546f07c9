/* When the next blocks are, and what development methods have set for them. */
#include "node/clock.h"
#include "node/network.h"

uint64_t node_time(const struct node *node) {
    uint64_t now = clock_seconds();
    uint64_t offset = (uint64_t)node->time_offset; /* modulo 2^64, as intended */
    return now + offset;
}

uint64_t node_earliest_timestamp(const struct node_chain *chain) {
    const struct node *node = chain->node;
    uint64_t earliest = chain->head.timestamp + (chain->rollup_id == 0);
    /* A rollup's block is not before the newest of L1, which may be the anchor of the update that
     * carries it; and the block of L1 with that update is not before the rollup's. */
    size_t end = chain->rollup_id == 0 ? node->chain_count : 1;
    for (size_t i = 0; i < end; i++)
        if (node->chains[i].head.timestamp > earliest) earliest = node->chains[i].head.timestamp;
    return earliest;
}

uint64_t node_next_timestamp(const struct node_chain *chain) {
    const struct chain_wishes *wishes = &chain->wishes;
    uint64_t earliest = node_earliest_timestamp(chain);
    uint64_t time = node_time(chain->node);
    if (wishes->timestamp_interval != 0) time = chain->head.timestamp + wishes->timestamp_interval;
    if (wishes->has_timestamp) time = wishes->timestamp;
    return time > earliest ? time : earliest;
}

u256 node_next_base_fee(const struct node_chain *chain) {
    return chain->wishes.has_base_fee ? chain->wishes.base_fee : header_next_base_fee(&chain->head);
}

void node_wishes_done(struct node_chain *chain) {
    struct chain_wishes *wishes = &chain->wishes;
    if (wishes->has_timestamp)
        chain->node->time_offset = (int64_t)(chain->head.timestamp - clock_seconds());
    wishes->has_timestamp = false;
    wishes->has_base_fee = false;
    wishes->has_prev_randao = false;
}
