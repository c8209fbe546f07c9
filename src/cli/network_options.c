#include "cli/network_options.h"

#include "cli/config.h"
#include "core/check.h"
#include "core/hex.h"
#include "node/hd_keys.h"
#include "rpc/server.h"

#include <inttypes.h>

#define FIELD(name)      offsetof(struct network_options, name)
#define NODE(name)       offsetof(struct network_options, node.name)
#define CHAIN(name)      offsetof(struct node_chain_plan, name)
#define CHAIN_ID_MAX     ((uint64_t)9007199254740991) /* 2^53 - 1, what wallets keep in a double */
#define SLOT_TIME_MAX_MS 3600000
#define GAS_LIMIT_MIN    5000                /* Yellow Paper, section 4.4.3 */
#define GAS_LIMIT_MAX    (UINT64_C(1) << 53) /* what clients written in JavaScript can count */
#define BASE_FEE_MAX_WEI (UINT64_C(1) << 62)

/* What a chain's row has in common with the network's. */
#define CHAIN_ID_ROW  .kind = CLI_NUMBER, .min = 1, .max = CHAIN_ID_MAX, .value = "ID"
#define GAS_LIMIT_ROW .kind = CLI_NUMBER, .min = GAS_LIMIT_MIN, .max = GAS_LIMIT_MAX, .value = "GAS"
#define BASE_FEE_ROW  .kind = CLI_NUMBER, .max = BASE_FEE_MAX_WEI, .value = "WEI"
#define TYPE_ROW      .kind = CLI_CHOICE, .choices = type_names, .value = "TYPE"
#define PROOF_ROW     .kind = CLI_CHOICE, .choices = proof_names, .value = "SYSTEM"
#define TOKEN_ROW     .kind = CLI_CHOICE, .choices = token_names, .value = "TOKEN"
#define FUND_ROW      .kind = CLI_EACH, .add = add_funding, .value = "\"ADDRESS ETH\""

static const char *const type_names[] = {
    [NODE_ROLLUP_EVM] = "evm", [NODE_ROLLUP_LEDGER] = "ledger", NULL};
static const char *const proof_names[] = {
    [NODE_PROOF_ATTESTATION] = "attestation",
    [NODE_PROOF_OWNER] = "owner",
    [NODE_PROOF_K_OF_N] = "k-of-n",
    NULL,
};

static const char *const token_names[] = {
    [NODE_TOKEN_ETHER] = "ether", [NODE_TOKEN_OWN] = "own", NULL};
static const char *const log_format_names[] = {
    [NODE_LOG_TEXT] = "text", [NODE_LOG_JSON] = "json", NULL};

const char *network_rollup_type_name(unsigned type) {
    return type_names[type];
}

const char *network_proof_name(unsigned proof) {
    return proof_names[proof];
}

/* "0x… 12.5": an account, and what it has in ether. Who is named again has what is said last. */
static bool add_funding(void *field, struct cli_error *error, const char *shown, const char *text) {
    struct node_fundings *fundings = field;
    struct node_funding made = {0};
    size_t size = strcspn(text, " \t");
    const char *amount = text + size + strspn(text + size, " \t");
    if (strncmp(text, "0x", 2) != 0 ||
        hex_decode_exact(made.account.b, sizeof made.account.b, text, size) != ERR_OK ||
        !cli_read_ether(&made.balance_wei, amount))
        return cli_fail(
            error,
            "%s takes an address and an amount of ether, such as "
            "\"0x00000000000000000000000000000000000a11ce 100\", not \"%.80s\"",
            shown,
            text
        );
    if (fundings->count == NODE_FUNDINGS_MAX)
        return cli_fail(error, "%s: at most %u accounts in one place", shown, NODE_FUNDINGS_MAX);
    fundings->items[fundings->count++] = made;
    return true;
}

/* "fee:0.001": what the Messenger is paid to deliver, in ether. */
static bool read_import_fee(struct node_import_policy *policy, const char *text) {
    policy->kind = NODE_IMPORT_FEE;
    return cli_read_ether(&policy->fee_wei, text);
}

/* "0x…,0x…": at most count_max of them, behind those that are there. */
static bool read_addresses(address *accounts, size_t *count, size_t count_max, const char *text) {
    for (;;) {
        size_t size = strcspn(text, ",");
        if (*count == count_max) return false;
        address *account = &accounts[(*count)++];
        if (strncmp(text, "0x", 2) != 0 ||
            hex_decode_exact(account->b, sizeof(account->b), text, size) != ERR_OK)
            return false;
        if (text[size] == 0) return true;
        text += size + 1;
    }
}

/* "from:0x…,0x…" */
static bool read_import_publishers(struct node_import_policy *policy, const char *text) {
    policy->kind = NODE_IMPORT_FROM;
    policy->publisher_count = 0;
    return read_addresses(
        policy->publishers, &policy->publisher_count, NODE_IMPORT_PUBLISHERS_MAX, text
    );
}

static bool
read_refused(void *field, struct cli_error *error, const char *shown, const char *text) {
    struct node_senders *refused = field;
    if (read_addresses(refused->accounts, &refused->count, NODE_REFUSED_MAX, text)) return true;
    return cli_fail(
        error,
        "%s takes up to %u addresses, such as 0x00000000000000000000000000000000000a11ce,0x…, not "
        "\"%.80s\"",
        shown,
        NODE_REFUSED_MAX,
        text
    );
}

/* What was said last holds. */
static bool
read_import_policy(void *field, struct cli_error *error, const char *shown, const char *text) {
    struct node_import_policy *policy = field;
    *policy = (struct node_import_policy){.kind = NODE_IMPORT_ALL};
    if (strcmp(text, "all") == 0) return true;
    if (strcmp(text, "none") == 0) {
        policy->kind = NODE_IMPORT_NONE;
        return true;
    }
    if (strncmp(text, "fee:", 4) == 0 && read_import_fee(policy, text + 4)) return true;
    if (strncmp(text, "from:", 5) == 0 && read_import_publishers(policy, text + 5)) return true;
    return cli_fail(
        error,
        "%s is all, none, fee: with an amount of ether (fee:0.001), or from: with up to %u "
        "addresses (from:0x00000000000000000000000000000000000a11ce,0x…), not \"%.80s\"",
        shown,
        NODE_IMPORT_PUBLISHERS_MAX,
        text
    );
}

static const struct cli_option network_rows[] = {
    {.name = "config",
     .group = "The network",
     .letter = 'c',
     .kind = CLI_TEXT,
     .offset = FIELD(config),
     .value = "FILE",
     .help = "take these options, and those of single chains, from this INI file; see "
             "examples/network.ini. What is said here wins over the file",
     .is_of_commands = true},
    {.name = "rollups",
     .letter = 'r',
     .kind = CLI_NUMBER,
     .offset = NODE(rollups_count),
     .max = NODE_ROLLUPS_MAX,
     .value = "COUNT",
     .fallback = "2",
     .help = "number of rollups; where a file describes some, those"},
    {.name = "l3",
     .kind = CLI_NUMBER,
     .offset = FIELD(l3_count),
     .max = NODE_ROLLUPS_MAX,
     .value = "COUNT",
     .fallback = "0",
     .help = "number of L3s besides: rollups whose parent is the first rollup, on which they post "
             "their batches"},
    {.name = "rollup-type",
     .offset = FIELD(rollup_type),
     TYPE_ROW,
     .fallback = "evm",
     .help =
         "what the rollups run: evm, the Ethereum Virtual Machine; or ledger, no machine, but a "
         "token of their own that is moved by signed transactions and by calls"},
    {.name = "proof",
     .offset = FIELD(proof),
     PROOF_ROW,
     .fallback = "attestation",
     .help =
         "what L1 takes for a proof of the rollups' steps: attestation, the signature of this "
         "process, which has checked them; owner, the rollup's owner's; k-of-n, those of 2 of 3 "
         "attesters"},
    {.name = "rollup-token",
     .offset = FIELD(rollup_token),
     TOKEN_ROW,
     .fallback = "ether",
     .help = "what the rollups' native token is: ether, which L1 holds for them; or own, of each "
             "its own, which no call carries to another chain or brings from there"},
    {.name = "chain-id",
     .offset = FIELD(chain_id),
     CHAIN_ID_ROW,
     .fallback = "31337",
     .help = "chain id of L1"},
    {.name = "rollup-chain-id",
     .offset = FIELD(rollup_chain_id),
     CHAIN_ID_ROW,
     .fallback = "42101",
     .help = "chain id of rollup 1; the others take the following ones"},
    {.name = "slot-time",
     .letter = 't',
     .kind = CLI_NUMBER,
     .offset = NODE(slot_time_ms),
     .max = SLOT_TIME_MAX_MS,
     .value = "MS",
     .fallback = "0",
     .help = "milliseconds between L1 blocks; 0 makes a block as soon as there is a transaction"},
    {.name = "gas-limit",
     .offset = FIELD(gas_limit),
     GAS_LIMIT_ROW,
     .fallback = "60000000",
     .help = "gas limit of every block on every chain"},
    {.name = "base-fee",
     .offset = FIELD(base_fee_wei),
     BASE_FEE_ROW,
     .fallback = "1000000000",
     .help = "base fee per gas of the first block, in wei"},
    {.name = "import-policy",
     .kind = CLI_EACH,
     .add = read_import_policy,
     .offset = NODE(import_policy),
     .value = "POLICY",
     .help = "which messages of L1 rollups import in the slot they are sent: all; none; fee:ETH, "
             "what pays so much or more; or from:ADDRESS,…, what these say"},
    {.name = "anchor-every",
     .kind = CLI_NUMBER,
     .offset = NODE(anchor_every_blocks),
     .max = INT64_MAX,
     .value = "BLOCKS",
     .fallback = "0",
     .help =
         "update a rollup when what it reads of its parent would get older than so many blocks; "
         "0 does so only with calls and messages"},
    {.name = "force-delay",
     .kind = CLI_NUMBER,
     .offset = NODE(force_delay_blocks),
     .max = UINT32_MAX,
     .value = "BLOCKS",
     .fallback = "16",
     .help =
         "blocks of the parent after which a transaction that was forced there is due on its "
         "rollup, whose batches are then refused without it; 0: rollups take none. Nor do those "
         "with a gas limit below 10 million"},
    {.name = "rollup-refuse",
     .kind = CLI_EACH,
     .add = read_refused,
     .offset = NODE(refused),
     .value = "ADDRESS,…",
     .help = "play an operator that keeps these senders out: the rollups' pools take none of their "
             "transactions, which then get in by force alone"},
    {.name = "datadir",
     .kind = CLI_TEXT,
     .offset = NODE(datadir),
     .value = "FOLDER",
     .help = "folder to keep the chains in, made if missing; without it nothing is kept"},
    {.name = "l1-genesis",
     .group = "L1 from elsewhere",
     .kind = CLI_TEXT,
     .offset = NODE(l1_genesis),
     .value = "FILE",
     .help = "begin L1 with the genesis in this file, a genesis.json as geth takes it; needs "
             "--rollups 0"},
    {.name = "l1-import",
     .kind = CLI_TEXT,
     .offset = NODE(l1_import),
     .value = "FILE",
     .help = "check and append the blocks in this file to L1: RLP, one after another, as geth "
             "exports them"},
    {.name = "fork-url",
     .kind = CLI_TEXT,
     .offset = NODE(fork_url),
     .value = "URL",
     .help = "make L1 a fork of the chain of this node: what is not changed here is asked for "
             "there, and checked against the fork block's state root"},
    {.name = "fork-block",
     .kind = CLI_NUMBER,
     .offset = NODE(fork_block),
     .max = INT64_MAX,
     .value = "NUMBER",
     .help = "the block to go on from; without it the newest"},
    {.name = "fork-trust",
     .kind = CLI_FLAG,
     .offset = NODE(trusts_fork),
     .help = "take what the forked chain's node says as given, without proofs"},
    {.name = "accounts",
     .group = "Accounts",
     .letter = 'a',
     .kind = CLI_NUMBER,
     .offset = NODE(accounts_count),
     .max = NODE_ACCOUNTS_MAX,
     .value = "COUNT",
     .fallback = "10",
     .help = "number of funded development accounts"},
    {.name = "balance",
     .kind = CLI_ETHER,
     .offset = NODE(balance_wei),
     .value = "ETH",
     .fallback = "10000",
     .help = "ether that each of them has, on each chain"},
    {.name = "mnemonic",
     .letter = 'm',
     .kind = CLI_TEXT,
     .offset = NODE(mnemonic),
     .value = "WORDS",
     .fallback = "test test test test test test test test test test test junk",
     .help = "phrase that their keys come from, by the path m/44'/60'/0'/0/index"},
    {.name = "fund",
     .offset = NODE(fundings),
     FUND_ROW,
     .help = "another account, and the ether that it has on each chain in the first block"},
    {.name = "host",
     .group = "Endpoints",
     .kind = CLI_TEXT,
     .offset = NODE(host),
     .value = "ADDRESS",
     .fallback = "127.0.0.1",
     .help =
         "IP address to listen on; 0.0.0.0 lets other machines in, and gives them the accounts"},
    {.name = "port",
     .letter = 'p',
     .kind = CLI_NUMBER,
     .offset = FIELD(port),
     .max = 65535 - NODE_ROLLUPS_MAX,
     .value = "PORT",
     .fallback = "8545",
     .help = "port of L1; the rollups take the following ones. 0 picks free ports"},
    {.name = "allow-origin",
     .kind = CLI_TEXT,
     .offset = NODE(allow_origin),
     .value = "ORIGIN",
     .fallback = "*",
     .help = "web pages that may call, as the CORS header Access-Control-Allow-Origin names them; "
             "\"none\" sends no header"},
    {.name = "allow-host",
     .kind = CLI_TEXT,
     .offset = NODE(allow_host),
     .value = "NAME",
     .help =
         "name of this machine that requests may come by (HTTP's Host) besides localhost and IP "
         "addresses; \"*\" is any, and the default with a --host that is not of this machine "
         "alone"},
    {.name = "rpc-gas-cap",
     .kind = CLI_NUMBER,
     .offset = NODE(rpc_gas_cap),
     .max = GAS_LIMIT_MAX,
     .value = "GAS",
     .fallback = "50000000",
     .help = "most gas that eth_call, eth_estimateGas and their kin run with; 0 sets no limit"},
    {.name = "rpc-timeout",
     .kind = CLI_NUMBER,
     .offset = NODE(rpc_timeout_ms),
     .max = SLOT_TIME_MAX_MS,
     .value = "MS",
     .fallback = "5000",
     .help =
         "milliseconds that eth_call or one of its kin, or a trace that names no timeout of its "
         "own, may run; 0 sets no limit"},
    {.name = "metrics",
     .kind = CLI_FLAG,
     .offset = NODE(has_metrics),
     .help = "answer GET /metrics on every endpoint with numbers on the whole network, for "
             "Prometheus"},
    {.name = "workers",
     .kind = CLI_NUMBER,
     .offset = NODE(workers_count),
     .max = RPC_WORKERS_MAX,
     .value = "COUNT",
     .fallback = "16",
     .help = "threads for calls and traces that take long, but no more than there are cores beside "
             "the first, or one; with 0 everything else waits for them"},
    {.name = "info-file",
     .kind = CLI_TEXT,
     .offset = NODE(info_file),
     .value = "FILE",
     .help = "once the network answers, write its endpoints, chain ids, contracts and accounts "
             "there, as JSON"},
    {.name = "log-format",
     .group = "Output",
     .kind = CLI_CHOICE,
     .choices = log_format_names,
     .offset = NODE(log_format),
     .value = "FORMAT",
     .fallback = "text",
     .help = "what stdout tells of blocks and transactions: text for people, or json, an object a "
             "line"},
    {.name = "silent",
     .letter = 's',
     .kind = CLI_FLAG,
     .offset = NODE(is_silent),
     .help = "print nothing but errors"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop",
     .is_of_commands = true},
    {.name = "version",
     .letter = 'V',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_version),
     .help = "print the version and stop",
     .is_of_commands = true},
    {0},
};

static const struct cli_option chain_rows[] = {
    {.name = "chain-id", .offset = CHAIN(chain_id), CHAIN_ID_ROW, .help = "chain id"},
    {.name = "port",
     .offset = CHAIN(port),
     .kind = CLI_NUMBER,
     .max = 65535,
     .value = "PORT",
     .help = "port of its endpoint; 0 picks a free one"},
    {.name = "type", .offset = CHAIN(type), TYPE_ROW, .help = "what the rollup runs"},
    {.name = "proof", .offset = CHAIN(proof), PROOF_ROW, .help = "what its state rests on"},
    {.name = "token", .offset = CHAIN(token), TOKEN_ROW, .help = "what its native token is"},
    {.name = "parent",
     .kind = CLI_TEXT,
     .offset = CHAIN(parent_name),
     .value = "NAME",
     .help = "the rollup of L1 whose rollup it is; else it is one of L1"},
    {.name = "gas-limit", .offset = CHAIN(gas_limit), GAS_LIMIT_ROW, .help = "of its blocks"},
    {.name = "base-fee", .offset = CHAIN(base_fee_wei), BASE_FEE_ROW, .help = "of its first block"},
    {.name = "fund", .offset = CHAIN(fundings), FUND_ROW, .help = "an account, and its ether"},
    {0},
};

const struct cli_table network_table = {
    .usage = "lockstep [run] [OPTION]…",
    .options = network_rows,
    .words_max = 0,
    .words = "no arguments but options",
};

const struct cli_table network_chain_table = {.usage = "", .options = chain_rows, .words = ""};

/* --- the chains ------------------------------------------------------------------------------- */

static bool has(const struct cli_table *table, uint64_t set, const char *name) {
    const struct cli_option *option = cli_find(table, name, strlen(name));
    CHECK(option != NULL);
    return (set & cli_option_bit(table, option)) != 0;
}

/* Whether what the file says of this chain holds: it is said, and the command line says nothing of
 * the row for all chains. */
static bool
holds(const struct network_options *o, size_t chain, const char *row, const char *of_all) {
    return has(&network_chain_table, o->chain_given[chain], row) &&
           !has(&network_table, o->given, of_all);
}

/* Whether it is said, anywhere, of L1. */
static bool says(const struct network_options *o, const char *row) {
    return has(&network_table, o->given | o->file_given, row) ||
           has(&network_chain_table, o->chain_given[0], row);
}

/* Where the rollups that --l3 adds begin. */
static size_t first_added(const struct network_options *o) {
    return 1 + (size_t)(o->node.rollups_count - o->l3_count);
}

/* Whose rollup each is: those of rollups come last, in the order of their parents. */
static bool find_parents(struct network_options *o, struct cli_error *error) {
    struct node_options *node = &o->node;
    const size_t first = first_added(o);
    for (size_t i = 1; i <= node->rollups_count; i++) {
        struct node_chain_plan *plan = &node->chains[i];
        const char *name = plan->parent_name;
        plan->parent = i >= first;
        if (name != NULL && i < first && strcmp(name, "l1") != 0) {
            size_t at = 1;
            while (at < i && strcmp(node->chains[at].name, name) != 0)
                at++;
            if (at == i)
                return cli_fail(
                    error,
                    "%s: no rollup described before it is called %.80s, its parent",
                    plan->name,
                    name
                );
            if (node->chains[at].parent != 0)
                return cli_fail(
                    error,
                    "%s: its parent %s is a rollup's rollup itself: there are three levels",
                    plan->name,
                    name
                );
            plan->parent = at;
        }
        node->below_count += plan->parent != 0;
        if (plan->parent < node->chains[i - 1].parent)
            return cli_fail(
                error,
                "%s must be described before %s: rollups of rollups come last, in the order of "
                "their parents",
                plan->name[0] != 0 ? plan->name : "a rollup",
                node->chains[i - 1].name
            );
    }
    return true;
}

/* Whether it is said of this chain, or of all. */
static bool
says_of(const struct network_options *o, size_t chain, const char *row, const char *of_all) {
    return has(&network_chain_table, o->chain_given[chain], row) ||
           has(&network_table, o->given | o->file_given, of_all);
}

static void make_plan(struct network_options *o, size_t i) {
    struct node_chain_plan *plan = &o->node.chains[i];
    if (plan->name[0] == 0) {
        if (i == 0)
            (void)snprintf(plan->name, sizeof plan->name, "l1");
        else if (plan->parent != 0)
            (void)snprintf(plan->name, sizeof plan->name, "l3-%zu", i - first_added(o) + 1);
        else
            (void)snprintf(plan->name, sizeof plan->name, "rollup%zu", i);
    }
    if (!holds(o, i, "chain-id", i == 0 ? "chain-id" : "rollup-chain-id"))
        plan->chain_id = i == 0 ? o->chain_id : o->rollup_chain_id + i - 1;
    /* The forked chain has one, which is asked for when the network starts. */
    if (i == 0 && o->node.fork_url != NULL && !says(o, "chain-id")) plan->chain_id = 0;
    if (!holds(o, i, "port", "port")) plan->port = o->port == 0 ? 0 : o->port + i;
    if (!holds(o, i, "type", "rollup-type")) plan->type = o->rollup_type;
    if (!holds(o, i, "proof", "proof")) plan->proof = o->proof;
    if (!holds(o, i, "token", "rollup-token")) plan->token = o->rollup_token;
    /* A ledger is nothing but its token. Who says otherwise is told (check_token). */
    bool says_token = says_of(o, i, "token", "rollup-token");
    if (plan->type == NODE_ROLLUP_LEDGER && !says_token) plan->token = NODE_TOKEN_OWN;
    if (!holds(o, i, "gas-limit", "gas-limit")) plan->gas_limit = o->gas_limit;
    if (!holds(o, i, "base-fee", "base-fee")) plan->base_fee_wei = o->base_fee_wei;
}

static bool settle_fork(struct network_options *o, struct cli_error *error) {
    struct node_options *node = &o->node;
    node->has_fork_block = has(&network_table, o->given | o->file_given, "fork-block");
    node->has_chain_id = says(o, "chain-id");
    node->has_gas_limit = says(o, "gas-limit");
    node->has_base_fee = says(o, "base-fee");
    if (node->fork_url == NULL && (node->has_fork_block || node->trusts_fork))
        return cli_fail(
            error,
            "--%s needs --fork-url, the node whose chain is to be forked",
            node->has_fork_block ? "fork-block" : "fork-trust"
        );
    if (node->fork_url != NULL && (node->l1_genesis != NULL || node->l1_import != NULL))
        return cli_fail(error, "--fork-url and --l1-genesis or --l1-import exclude each other");
    return true;
}

static bool check_token(const struct node_chain_plan *plan, struct cli_error *error) {
    if (plan->type != NODE_ROLLUP_LEDGER || plan->token == NODE_TOKEN_OWN) return true;
    return cli_fail(
        error, "%s is a ledger, whose token is its own: it cannot have ether for one", plan->name
    );
}

static bool check_parent(const struct node_options *node, size_t i, struct cli_error *error) {
    const struct node_chain_plan *plan = &node->chains[i];
    const struct node_chain_plan *parent = &node->chains[plan->parent];
    if (plan->parent == 0 || parent->type != NODE_ROLLUP_LEDGER) return true;
    return cli_fail(
        error,
        "%s cannot be a rollup of %s, which is a ledger: it has no place for a Hub",
        plan->name,
        parent->name
    );
}

/* Two chains cannot have the same of what tells chains apart. */
static bool check_pair(
    const struct node_chain_plan *a, const struct node_chain_plan *b, struct cli_error *error
) {
    if (strcmp(a->name, b->name) == 0) return cli_fail(error, "two chains are called %s", a->name);
    if (a->chain_id == b->chain_id)
        return cli_fail(
            error,
            "chain id %" PRIu64 " would be that of %s and of %s; choose another --chain-id or "
            "--rollup-chain-id, or chain-id in the file",
            a->chain_id,
            a->name,
            b->name
        );
    if (a->port == b->port && a->port != 0)
        return cli_fail(
            error,
            "port %" PRIu64 " would be that of %s and of %s; choose another",
            a->port,
            a->name,
            b->name
        );
    return true;
}

bool network_options_settle(struct network_options *o, struct cli_error *error) {
    struct node_options *node = &o->node;
    bool has_count = has(&network_table, o->given, "rollups");
    bool file_has_count = has(&network_table, o->file_given, "rollups");
    if (!has_count && file_has_count && node->rollups_count < o->described_count)
        return cli_fail(
            error,
            "%s describes %zu rollups, and says rollups = %" PRIu64,
            o->config,
            o->described_count,
            node->rollups_count
        );
    if (!has_count && !file_has_count && o->described_count > 0)
        node->rollups_count = o->described_count;
    if (o->l3_count > 0) {
        if (node->rollups_count == 0)
            return cli_fail(error, "--l3 needs a rollup, whose rollups they are");
        if (node->rollups_count + o->l3_count > NODE_ROLLUPS_MAX)
            return cli_fail(error, "more than %d rollups", NODE_ROLLUPS_MAX);
        node->rollups_count += o->l3_count;
    }
    node->below_count = 0;
    if (!find_parents(o, error)) return false;
    make_plan(o, 1); /* also where there is none: what is kept names its chain id */
    for (size_t i = 0; i <= node->rollups_count; i++) {
        make_plan(o, i);
        if (i > 0 && !check_token(&node->chains[i], error)) return false;
        if (i > 0 && !check_parent(node, i, error)) return false;
        for (size_t j = 0; j < i; j++)
            if (!check_pair(&node->chains[j], &node->chains[i], error)) return false;
    }
    const char *problem = hd_mnemonic_problem(node->mnemonic);
    if (problem != NULL) return cli_fail(error, "--mnemonic: %s", problem);
    if (node->l1_genesis != NULL && node->rollups_count != 0)
        return cli_fail(
            error,
            "--l1-genesis needs --rollups 0: the rollups' contracts cannot be part of a given "
            "genesis"
        );
    if (node->l1_import != NULL && node->l1_genesis == NULL && node->datadir == NULL)
        return cli_fail(
            error, "--l1-import needs --l1-genesis, the file that the blocks begin from"
        );
    if (!settle_fork(o, error)) return false;
    if (node->allow_origin != NULL && strcmp(node->allow_origin, "none") == 0)
        node->allow_origin = NULL;
    return true;
}

bool network_options_read(
    struct network_options *options,
    struct arena *arena,
    struct cli_error *error,
    int argc,
    char *const *argv
) {
    const char *words[1];
    int words_count;
    uint64_t given;
    *options = (struct network_options){0};
    if (!cli_parse(&network_table, options, words, &words_count, &given, error, argc, argv))
        return false;
    options->given = given;
    if (options->wants_help || options->wants_version) return true;
    if (options->config != NULL && !config_read(options, arena, error)) return false;
    return network_options_settle(options, error);
}
