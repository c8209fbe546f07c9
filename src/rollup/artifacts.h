/* rollup/artifacts.h: bytecode of the contracts, as `make contracts` makes it from contracts/src.
 * Generated; do not edit. */
#ifndef ROLLUP_ARTIFACTS_H
#define ROLLUP_ARTIFACTS_H

#include <stdint.h>

extern const uint8_t artifact_hub_creation[22802];
extern const uint8_t artifact_attestation_creation[1798];
extern const uint8_t artifact_bundler_creation[1224];
extern const uint8_t artifact_owner_creation[1362];
extern const uint8_t artifact_k_of_n_creation[2177];
extern const uint8_t artifact_proxy_creation[845];
extern const uint8_t artifact_proxy_runtime[604];
extern const uint8_t artifact_system_runtime[484];
extern const uint8_t artifact_anchor_runtime[1496];
extern const uint8_t artifact_l2hub_runtime[2717];

/* Where 32-byte words of the proxy's runtime code hold its hub, rollupId and target. */
extern const uint32_t artifact_proxy_hub_offsets[1];
extern const uint32_t artifact_proxy_rollup_id_offsets[1];
extern const uint32_t artifact_proxy_target_offsets[1];

#endif
