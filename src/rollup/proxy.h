/* rollup/proxy.h: where proxies lie and what code they have, on either layer. The Solidity twin is
 * contracts/src/parent/Proxy.sol; contracts/README.md, "Proxy addresses", gives the recipe. */
#ifndef ROLLUP_PROXY_H
#define ROLLUP_PROXY_H

#include "core/arena.h"

/* The CREATE2 address of the proxy that `hub` (the Hub, or a rollup's L2Hub) makes for target on
 * the chain rollup_id. */
void proxy_address(address *proxy, const address *hub, uint64_t rollup_id, const address *target);

/* The proxy's runtime code, as its constructor would leave it. In arena; ERR_MEMORY. */
MUST_USE enum err proxy_runtime(
    bytes *code, struct arena *arena, const address *hub, uint64_t rollup_id, const address *target
);

/* Whether code is that of a proxy of this hub, whomever it stands for; proxy_identity says who that
 * is, and leaves its outputs if it is none. */
bool proxy_is_runtime(bytes code, const address *hub);
bool proxy_identity(uint64_t *rollup_id, address *target, bytes code, const address *hub);

#endif
