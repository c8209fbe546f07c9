/* node/reorg.h: the chain goes on from an earlier block in another way (anvil_reorg), and what that
 * does to the rollups (protocol.md section 9).
 *
 * The chain's own newest blocks are gone with their transactions, as anvil has it: who wants some
 * of them back gives them for the new blocks. Its rollups go back to where its Hub had them. A
 * rollup that no removed block had anything of keeps its unsafe blocks. Of the others, users'
 * transactions return to the pools, from slot blocks and unsafe ones alike, and are taken up in
 * their former order once the new blocks are there: on the state that these have made. A
 * transaction that acted on a message finds it only if the message was sent again. What the system
 * had put into those blocks (anchor, imports, calls from the parent, batches of rollups of rollups)
 * is not theirs to keep.
 *
 * With a data directory the returned transactions are kept until they are in blocks, so that a
 * crash in between loses none. */
#ifndef NODE_REORG_H
#define NODE_REORG_H

#include "node/network.h"

struct reorg;

/* reorg_begin takes the network back by so many blocks of the chain and empties the pools.
 * reorg_end must follow. Not while node->is_returning: what is kept of the one before would be
 * lost.
 *
 * Out:     error  one sentence, when not ERR_OK.
 * Returns: ERR_INPUT: it cannot be; nothing has changed. Else the network must stop. */
MUST_USE enum err reorg_begin(
    struct reorg **reorg, struct node_chain *chain, char error[NODE_ERROR_SIZE], uint64_t depth
);

/* reorg_end gives the pools back what they had, and the transactions of removed blocks to them and
 * to the miner. Ends reorg in any case. */
MUST_USE enum err reorg_end(struct reorg *reorg, char error[NODE_ERROR_SIZE]);

/* reorg_settle forgets what was returned: it is in blocks, or in a pool that nobody mines. */
MUST_USE enum err reorg_settle(struct node *node, char error[NODE_ERROR_SIZE]);

/* reorg_recover puts what a crash has left without a block into blocks. The miner is open and has
 * nothing else to do. */
MUST_USE enum err reorg_recover(struct node *node, char error[NODE_ERROR_SIZE]);

#endif
