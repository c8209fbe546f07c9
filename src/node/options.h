/* node/options.h: what a network is started with. */
#ifndef NODE_OPTIONS_H
#define NODE_OPTIONS_H

#include "core/u256.h"

#define NODE_ROLLUPS_MAX  64
#define NODE_ACCOUNTS_MAX 1000

/* What the network is started with; filled in by cli/cli.h. */
struct node_options {
    const char *host;         /* address to listen on, every endpoint */
    uint64_t port;            /* of L1; rollup i listens on port + i. 0: free ones */
    uint64_t rollups_count;   /* EVM rollups, ids 1 … rollups_count */
    uint64_t chain_id;        /* of L1 */
    uint64_t rollup_chain_id; /* of rollup 1; rollup i has rollup_chain_id + i - 1 */
    uint64_t slot_time_ms;    /* 0: a block as soon as there is a transaction (automine) */
    const char *datadir;      /* NULL: nothing is kept */
    uint64_t accounts_count;  /* development accounts */
    u256 balance_wei;         /* of each, on each chain */
    const char *mnemonic;     /* their keys come of it, m/44'/60'/0'/0/i */
    const char *l1_genesis;   /* geth's genesis.json that L1 begins with; or NULL */
    const char *l1_import;    /* blocks that follow it, RLP one after another; or NULL */
    uint64_t gas_limit;       /* of every block, every chain */
    uint64_t base_fee_wei;    /* of the first block, per gas */
    const char *allow_origin; /* the CORS header's value; NULL: the header is not sent */
    const char *allow_host;   /* a name that Host headers may have besides localhost; or NULL */
    uint64_t rpc_gas_cap;     /* of eth_call and its kin; 0: none */
    uint64_t rpc_timeout_ms;  /* that one of them, or a trace, may take; 0: any */
    const char *info_file;    /* the network as JSON is written here once it answers; or NULL */
    bool is_silent;           /* print nothing but errors */
    bool wants_help;
    bool wants_version;
};

#endif
