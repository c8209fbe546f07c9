/* rollup/predeploys.h: addresses and storage of the contracts that a rollup has from genesis. The
 * Solidity twins are in contracts/src/rollup; a test holds the two together. */
#ifndef ROLLUP_PREDEPLOYS_H
#define ROLLUP_PREDEPLOYS_H

#include "core/u256.h"

/* 0x4c53 is "LS". */
#define PREDEPLOY_ADDRESS(last)                                                   \
    {                                                                             \
        { 0x4c, 0x53, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (last) } \
    }

static const address SYSTEM_PREDEPLOY = PREDEPLOY_ADDRESS(1);
static const address ANCHOR_PREDEPLOY = PREDEPLOY_ADDRESS(2);
static const address L2HUB_PREDEPLOY = PREDEPLOY_ADDRESS(3);
static const address MESSAGES_PREDEPLOY = PREDEPLOY_ADDRESS(4);
static const address MESSENGER_PREDEPLOY = PREDEPLOY_ADDRESS(5);
static const address BRIDGE_PREDEPLOY = PREDEPLOY_ADDRESS(6);
/* No contract: its code is the parent's fork schedule (rollup/parent.h). */
static const address PARENT_RULES_PREDEPLOY = PREDEPLOY_ADDRESS(0x10);

/* Suspends the machine and emits a CALL; its caller must be the L2Hub (protocol.md section 6). */
static const address XCALL_ADDRESS = {{[17] = 0x01, [18] = 0x00, [19] = 0x03}};
/* What reads the parent (rollup/parent.h). */
static const address L1SLOAD_ADDRESS = {{[18] = 0x01, [19] = 0x01}};
static const address L1CALL_ADDRESS = {{[17] = 0x01, [18] = 0x00, [19] = 0x02}};
/* What makes and burns ether of messages (rollup/ether.h). */
static const address ETHER_ADDRESS = {{[17] = 0x01, [18] = 0x00, [19] = 0x04}};

/* The calls that come out of a rollup's machine, to be answered; and those that are warm. */
static const address ROLLUP_FOREIGN[] = {
    {{[17] = 0x01, [18] = 0x00, [19] = 0x03}},
    {{[18] = 0x01, [19] = 0x01}},
    {{[17] = 0x01, [18] = 0x00, [19] = 0x02}},
    {{[17] = 0x01, [18] = 0x00, [19] = 0x04}},
};
#define ROLLUP_FOREIGN_COUNT 4u
static const address ROLLUP_WARM[] = {
    {{[18] = 0x01, [19] = 0x01}},
    {{[17] = 0x01, [18] = 0x00, [19] = 0x02}},
};
#define ROLLUP_WARM_COUNT 2u

/* Slots of the System predeploy: what the head must commit to besides accounts. */
enum system_slot {
    SYSTEM_CHAIN_ID = 0,
    SYSTEM_ROLLUP_ID = 1,
    SYSTEM_HUB = 2,
    SYSTEM_PARENT_CHAIN_ID = 3,
    SYSTEM_FORK = 4,         /* enum fork */
    SYSTEM_MAX_CALL_GAS = 5, /* most gas of a CALL to the parent */
    SYSTEM_BLOCK_GAS_LIMIT = 6,
    SYSTEM_STEP_COUNTER = 7,   /* raised by every step that moves the head to an idle one */
    SYSTEM_OPEN_BLOCK = 8,     /* commitment to what the slot block has gathered, open_block.h */
    SYSTEM_PREV_RANDAO = 9,    /* of the newest anchor: prevRandao of this rollup's blocks */
    SYSTEM_HAS_OWN_TOKEN = 10, /* 1: the native token is no ether */
    SYSTEM_KIND = 11,          /* enum rollup_kind */
    SYSTEM_FORCED = 12,        /* update_forced_hash of all forced transactions taken */
    SYSTEM_SLOT_COUNT,
};

#endif
