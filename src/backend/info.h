/* backend/info.h: the network described: for lockstep_networkInfo, the banner and the info file. */
#ifndef BACKEND_INFO_H
#define BACKEND_INFO_H

#include "node/network.h"

/* info_of describes the network as the endpoint of the chain in this place tells it. Everything
 * lies in arena or as long as the node. Errors as state_get_slot's, ERR_MEMORY. */
MUST_USE enum err
info_of(const struct rpc_network_info **info, struct arena *arena, struct node *node, size_t place);

#endif
