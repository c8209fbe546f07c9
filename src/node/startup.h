/* node/startup.h: a network's chains, opened: found in the data directory, or begun. */
#ifndef NODE_STARTUP_H
#define NODE_STARTUP_H

#include "node/network.h"

/* startup_open takes the data directory (if there is one) for itself and opens all chains. With a
 * new directory, or none, it draws keys, writes the genesis blocks and deploys the contracts; else
 * it checks that the options are those the network was begun with, and takes the keys from there.
 *
 * node->options, keys and log must be set. error: one sentence, when not ERR_OK. */
MUST_USE enum err startup_open(struct node *node, char error[NODE_ERROR_SIZE]);

/* startup_look opens the chains that the data directory holds, whatever options they were begun
 * with, and leaves them as they are: also what an interrupted run has left to do. options has only
 * datadir, and is given the chains' names; chain ids and gas limits are not known. It must outlive
 * the node. */
MUST_USE enum err
startup_look(struct node *node, struct node_options *options, char error[NODE_ERROR_SIZE]);

void startup_close(struct node *node);

#endif
