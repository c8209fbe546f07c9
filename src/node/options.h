/* node/options.h: what a network is started with. */
#ifndef NODE_OPTIONS_H
#define NODE_OPTIONS_H

#include "core/u256.h"

#define NODE_ROLLUPS_MAX  64
#define NODE_CHAINS_MAX   (1 + NODE_ROLLUPS_MAX)
#define NODE_ACCOUNTS_MAX 1000
#define NODE_NAME_SIZE    32
#define NODE_FUNDINGS_MAX 64 /* of a chain, and of all chains */

/* Accounts and what they have in the first block. */
struct node_fundings {
    struct node_funding {
        address account;
        u256 balance_wei;
    } items[NODE_FUNDINGS_MAX];
    size_t count;
};

enum node_rollup_type { NODE_ROLLUP_EVM, NODE_ROLLUP_LEDGER };

enum node_log_format { NODE_LOG_TEXT, NODE_LOG_JSON };

/* What a rollup's native token is. */
enum node_token { NODE_TOKEN_ETHER, NODE_TOKEN_OWN };

/* What a rollup's state rests on. */
enum node_proof { NODE_PROOF_ATTESTATION, NODE_PROOF_OWNER, NODE_PROOF_K_OF_N };

/* Which messages of L1 the rollups import in the block in which they are sent. */
#define NODE_IMPORT_PUBLISHERS_MAX 16u
enum node_import_kind { NODE_IMPORT_ALL, NODE_IMPORT_NONE, NODE_IMPORT_FEE, NODE_IMPORT_FROM };
struct node_import_policy {
    unsigned kind; /* enum node_import_kind */
    u256 fee_wei;  /* FEE: those that pay so much or more (node/imports.c) */
    address publishers[NODE_IMPORT_PUBLISHERS_MAX]; /* FROM: what these have said */
    size_t publisher_count;
};

/* Accounts that a rollup's operator keeps out. */
#define NODE_REFUSED_MAX 16u
struct node_senders {
    address accounts[NODE_REFUSED_MAX];
    size_t count;
};

/* What one chain is begun with. */
struct node_chain_plan {
    char name[NODE_NAME_SIZE]; /* "l1", "rollup1" or what the file calls it; also of its folder */
    uint64_t chain_id;
    uint64_t port;                 /* 0: a free one */
    uint64_t gas_limit;            /* of its blocks */
    uint64_t base_fee_wei;         /* of its first block, per gas */
    unsigned type;                 /* enum node_rollup_type; not of L1 */
    unsigned proof;                /* enum node_proof; not of L1 */
    unsigned token;                /* enum node_token; not of L1 */
    const char *parent_name;       /* of a rollup, as it was said; NULL: L1 */
    size_t parent;                 /* whose rollup it is: 0 L1's, else a rollup of L1's */
    struct node_fundings fundings; /* here, besides those of all chains */
};

/* What the network is started with; filled in by cli/network_options.h. */
struct node_options {
    const char *host;       /* address to listen on, every endpoint */
    uint64_t rollups_count; /* of L1 and of rollups */
    uint64_t below_count;   /* of these, the rollups of rollups */
    /* [0] is L1; then its rollups, in the order of their ids; then those of rollups, in the order
     * of their parents and of their ids there. */
    struct node_chain_plan chains[NODE_CHAINS_MAX];
    struct node_import_policy import_policy;
    uint64_t force_delay_blocks;   /* of L1, after which a forced transaction is due; 0: never */
    struct node_senders refused;   /* whose transactions the rollups' pools do not take */
    uint64_t anchor_every_blocks;  /* of L1: rollups' anchors get no older; 0: they may */
    uint64_t slot_time_ms;         /* 0: a block as soon as there is a transaction (automine) */
    const char *datadir;           /* NULL: nothing is kept */
    uint64_t accounts_count;       /* development accounts */
    u256 balance_wei;              /* of each, on each chain */
    struct node_fundings fundings; /* on each chain */
    const char *mnemonic;          /* their keys come of it, m/44'/60'/0'/0/i */
    const char *l1_genesis;        /* geth's genesis.json that L1 begins with; or NULL */
    const char *l1_import;         /* blocks that follow it, RLP one after another; or NULL */
    const char *allow_origin;      /* the CORS header's value; NULL: the header is not sent */
    const char *allow_host;  /* a name that Host headers may have besides localhost; or NULL */
    uint64_t rpc_gas_cap;    /* of eth_call and its kin; 0: none */
    uint64_t rpc_timeout_ms; /* that one of them, or a trace, may take; 0: any */
    uint64_t workers_count;  /* threads for calls that take long, at most; 0: none */
    const char *info_file;   /* the network as JSON is written here once it answers; or NULL */
    unsigned log_format;     /* enum node_log_format */
    bool has_metrics;        /* GET /metrics */
    bool is_silent;          /* print nothing but errors */
    const char *fork_url;    /* of the chain that L1 is a fork of; or NULL */
    uint64_t fork_block;     /* has_fork_block: above which block; else the newest */
    bool trusts_fork;        /* take what it says without proof */
    /* Given by the user, of L1: else a fork has its own. */
    bool has_fork_block, has_chain_id, has_gas_limit, has_base_fee;
};

#endif
