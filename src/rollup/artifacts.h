/* rollup/artifacts.h: bytecode of the contracts, as `make contracts` makes it from contracts/src.
 * Generated; do not edit. */
#ifndef ROLLUP_ARTIFACTS_H
#define ROLLUP_ARTIFACTS_H

#include <stdint.h>

extern const uint8_t artifact_hub_creation[25940];
extern const uint8_t artifact_attestation_creation[1798];
extern const uint8_t artifact_bundler_creation[1224];
extern const uint8_t artifact_owner_creation[1406];
extern const uint8_t artifact_k_of_n_creation[2177];
extern const uint8_t artifact_system_runtime[564];
extern const uint8_t artifact_anchor_runtime[1496];
extern const uint8_t artifact_l2hub_runtime[1240];
extern const uint8_t artifact_message_service_creation[5824];
extern const uint8_t artifact_message_service_runtime[5798];
extern const uint8_t artifact_messenger_creation[11162];
extern const uint8_t artifact_messenger_runtime[10991];
extern const uint8_t artifact_bridge_creation[21085];
extern const uint8_t artifact_bridge_runtime[20948];
extern const uint8_t artifact_proxy_creation[192];

/* Where the proxy's creation code holds its hub (20 bytes), rollupId (8) and target (20), which are
 * zero here, and where its runtime code begins, which is the rest of it. */
#define ARTIFACT_PROXY_RUNTIME   9
#define ARTIFACT_PROXY_HUB       10
#define ARTIFACT_PROXY_ROLLUP_ID 58
#define ARTIFACT_PROXY_TARGET    66

#endif
