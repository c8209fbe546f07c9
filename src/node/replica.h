/* node/replica.h: a copy of the network as it stands at one moment, for a thread of its own.
 *
 * A replica is a struct node with its chains, so that whatever reads a network reads a replica just
 * as well; it cannot build blocks, has nothing in its pools and says nothing. What of the network
 * can change is copied when it is refreshed; blocks, nodes and codes are read from the chains'
 * databases, in read transactions begun at the same moment for all chains; what is decoded of them,
 * and the programs of codes, are the replica's own. Only what never changes while the network runs
 * is shared: options, names, development accounts, the databases' environments. */
#ifndef NODE_REPLICA_H
#define NODE_REPLICA_H

#include "rpc/server.h"

/* For rpc_server_options; replica_context is the struct node. Refreshing syncs the chains: workers
 * see what is committed. */
extern const struct rpc_replica_operations NODE_REPLICAS;

#endif
