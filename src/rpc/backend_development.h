/* rpc/backend_development.h: what development methods (anvil_, hardhat_, evm_) ask of a chain; part
 * of rpc/backend.h. */
#ifndef RPC_BACKEND_DEVELOPMENT_H
#define RPC_BACKEND_DEVELOPMENT_H

#include "core/bytes.h"
#include "core/u256.h"

/* What to change of one account of the newest state; the rest stays. */
struct rpc_amendment {
    address who;
    bool has_balance, has_nonce, has_code, has_slot;
    bool adds_balance;        /* balance is added to what there is */
    bool refuses_lower_nonce; /* as Hardhat */
    u256 balance;
    uint64_t nonce;
    bytes code;
    u256 key;
    u256 value;
};

enum rpc_setting_kind {
    RPC_SET_COINBASE,           /* who */
    RPC_SET_PREV_RANDAO,        /* hash: of the next block */
    RPC_SET_BASE_FEE,           /* amount: of the next block */
    RPC_SET_GAS_LIMIT,          /* number */
    RPC_SET_NEXT_TIMESTAMP,     /* number */
    RPC_SET_TIMESTAMP_INTERVAL, /* number: seconds; 0: as the clock goes. Answer: what it was */
    RPC_SET_TIME,               /* number: the present. Answer: seconds by which it goes forward */
    RPC_INCREASE_TIME,          /* number: seconds. Answer: how far time is ahead of the clock's */
    RPC_SET_AUTOMINE,           /* is_on */
    RPC_SET_INTERVAL,           /* number: milliseconds between blocks; 0: none by themselves */
    RPC_SET_LOGGING,            /* is_on */
    RPC_IMPERSONATE,            /* who, is_on */
    RPC_IMPERSONATE_ALL,        /* is_on */
};

struct rpc_setting {
    enum rpc_setting_kind kind;
    bool is_on;
    uint64_t number;
    address who;
    hash32 hash;
    u256 amount;
};

/* Which transactions leave the pool. */
struct rpc_drop {
    bool is_all;
    bool has_sender;
    address sender;
    hash32 hash; /* neither: this one */
};

struct rpc_development_info {
    const char *fork; /* "osaka" */
    bool automine;
    uint64_t interval_ms; /* 0: no blocks by themselves */
    bytes instance;       /* 32 bytes that name this run of the network */
    uint64_t gas_limit;
    u256 next_base_fee;
    const char *fork_url;  /* of the chain that this one is a fork of; NULL: none. Then */
    const char *fork_name; /* the same without what may be secret */
    uint64_t fork_chain_id;
    uint64_t fork_number; /* of the fork block, */
    hash32 fork_hash;
};

#endif
