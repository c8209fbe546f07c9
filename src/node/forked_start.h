/* node/forked_start.h: a network whose L1 is a fork of another chain, begun.
 *
 * The first block above the fork block is empty but for what a development network needs and the
 * remote's state may lack: ether for the development accounts and the builder, the deployment
 * proxy, the system contracts of the forks this node follows. From there on L1 is like any other:
 * Osaka, with the base fee that follows from the fork block (unless --base-fee is given).
 *
 * A data directory of such a network has a file "fork" that names the fork block. Only blocks and
 * what they have changed are kept: the remote is needed again, though not at the same URL. */
#ifndef NODE_FORKED_START_H
#define NODE_FORKED_START_H

#include "node/network.h"

#define FORKED_START_FILE "fork" /* in the data directory */

/* forked_start asks the remote for the fork block, which node->forked is then open at, and puts
 * chain id, gas limit and base fee in the options that were not given. Without --fork-url it only
 * checks that the data directory is not that of a fork. */
MUST_USE enum err
forked_start(struct node *node, struct node_options *options, char error[NODE_ERROR_SIZE]);

/* forked_start_l1 writes the first block above the fork block, with credit_wei for the builder to
 * give to the rollups. L1's chain is open and empty. */
MUST_USE enum err forked_start_l1(
    struct node *node,
    char error[NODE_ERROR_SIZE],
    struct arena *arena,
    const u256 *credit_wei,
    uint64_t timestamp
);

/* forked_start_contracts sets node->contracts to addresses at which the remote has nothing: those
 * that every network has, unless it is the L1 of such a network itself. */
MUST_USE enum err forked_start_contracts(struct node *node, struct arena *arena);

/* forked_start_keep writes the data directory's file, if there is a data directory. */
MUST_USE enum err forked_start_keep(struct node *node, char error[NODE_ERROR_SIZE]);

/* forked_start_announce says in the log what L1 is a fork of, and if values are not proven, why;
 * forked_start_watch, in each turn of the loop, if roots have departed from Ethereum's. */
void forked_start_announce(struct node *node);
void forked_start_watch(struct node *node);

#endif
