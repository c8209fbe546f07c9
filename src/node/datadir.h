/* node/datadir.h: the folder that a network is kept in: a lock, and a folder of each chain's
 * database (state/database.h).
 *
 * While a network makes its first blocks a mark lies there. Who finds it knows that the first
 * start was interrupted, that nobody was told of anything, and begins anew. Without it, a network
 * that was begun must be there whole. */
#ifndef NODE_DATADIR_H
#define NODE_DATADIR_H

#include "node/network.h"

/* datadir_open takes the folder for this process, until node->lock is closed.
 *
 * Out:     has_network  one was begun there; else the mark is set.
 *          error        with the path, when not ERR_OK.
 * Returns: ERR_IO  the system refuses, or another node has the folder; ERR_INPUT  a bad path. */
MUST_USE enum err datadir_open(struct node *node, bool *has_network, char error[NODE_ERROR_SIZE]);

struct datadir_chains {
    char names[NODE_CHAINS_MAX][NODE_NAME_SIZE]; /* of their folders, in no order */
    size_t count;
};

/* datadir_find is datadir_open for who makes nothing and changes nothing. ERR_MISSING: there is no
 * network, or none that is whole. */
MUST_USE enum err
datadir_find(struct node *node, struct datadir_chains *chains, char error[NODE_ERROR_SIZE]);

/* datadir_settle takes the mark away: from now on the network has to be there. */
MUST_USE enum err datadir_settle(struct node *node, char error[NODE_ERROR_SIZE]);

#endif
