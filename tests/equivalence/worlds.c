#define NETWORK_ROLLUPS 3u
#include "worlds.h"
#include "world/test_below.h"

#include "core/hex.h"

#include <stdarg.h>
#include <stdlib.h>

_Static_assert(L3_CHAIN == NETWORK_ROLLUPS + 1, "one chain is L1, and one may be an L3");

#define HAS_L3 (CHAINS > L3_CHAIN)

#define CODE_SIZE_MAX      32768
#define SENDER_BALANCE_WEI 1000000000000000000u
#define CHILDREN_MAX       32 /* of one contract that are looked at */
#define LOGS_MAX           1024
#define CHILD_SLOT         0x1000u /* Node.sol: the newest child; then how many it has created */
#define MARK_SLOT          0x2000u /* and what rollups read: the account's number and one more */

static struct arena *memory;
static struct network spread_begun;
static struct network single_begun; /* only its L1 */
static address addresses[ACCOUNTS];
static hash32 user_keys[CHAINS];

/* --- the accounts ----------------------------------------------------------------------------- */

static bool is_node(size_t account) {
    return account >= FIRST_NODE && account < FIRST_EMPTY;
}

static void name_accounts(void) {
    for (size_t i = 0; i < ACCOUNTS; i++) {
        address *a = &addresses[i];
        *a = (address){{[0] = 0xc0, [1] = 0xde, [19] = (uint8_t)i}};
        if (i < FIRST_NODE) {
            user_keys[i] = (hash32){{[0] = 0x75, [31] = (uint8_t)(i + 1)}};
            must(secp256k1_address_of(a, &user_keys[i]));
        }
        if (i >= FIRST_PRECOMPILE) *a = (address){{[19] = 4}}; /* identity */
    }
}

/* The number that test_network.h has for a chain. */
static size_t network_chain(size_t chain) {
    return chain == L3_CHAIN ? NETWORK_L3 : chain;
}

/* Where a chain that knows the account's chain reaches it. */
static address proxy_next_to(const struct network *n, size_t from, size_t to, address who) {
    if (from == 0) return network_proxy(n, to, who);
    if (from == L3_PARENT && to == L3_CHAIN) return network_proxy(n, L3_ID, who);
    return rollup_proxy(from == L3_CHAIN ? 0 : to, who);
}

/* Where it is reached from anywhere: the L3 knows its parent alone. */
static address reached_at(const struct network *n, size_t from, size_t to, address who) {
    if (from == to) return who;
    if ((from == L3_CHAIN || to == L3_CHAIN) && from != L3_PARENT && to != L3_PARENT) {
        who = proxy_next_to(n, L3_PARENT, to, who);
        to = L3_PARENT;
    }
    return proxy_next_to(n, from, to, who);
}

/* Node.sol's code, then where it reaches each account from a chain; all as they are if
 * is_single. */
static bytes node_on(const struct network *n, bytes code, size_t chain, bool is_single) {
    uint8_t *data = arena_alloc(memory, code.size + ACCOUNTS * sizeof(address));
    CHECK(data != NULL);
    memcpy(data, code.data, code.size);
    for (size_t i = 0; i < ACCOUNTS; i++) {
        address at = addresses[i];
        if (!is_single) at = reached_at(n, chain, chain_of((uint8_t)i), at);
        memcpy(data + code.size + i * sizeof(address), at.b, sizeof(address));
    }
    return bytes_of(data, code.size + ACCOUNTS * sizeof(address));
}

static void mark(struct genesis_account *node, size_t account) {
    struct genesis_slot *slot = arena_alloc(memory, sizeof(*slot));
    CHECK(slot != NULL);
    *slot =
        (struct genesis_slot){.key = u256_from_u64(MARK_SLOT), .value = u256_from_u64(account + 1)};
    node->slots = slot;
    node->slot_count = 1;
}

static size_t list_residents(
    struct network_resident *out, const struct network *n, bytes node_code, bool is_single
) {
    for (size_t i = 0; i < ACCOUNTS; i++) {
        size_t chain = is_single ? 0 : chain_of((uint8_t)i);
        out[i] = (struct network_resident){.chain = chain, .account = {.address = addresses[i]}};
        struct genesis_account *a = &out[i].account;
        if (is_node(i)) {
            a->nonce = 1;
            a->code = node_on(n, node_code, chain, is_single);
            a->balance = u256_from_u64(NODE_BALANCE_WEI);
            if (HAS_L3) mark(a, i);
        } else if (i < FIRST_NODE) {
            a->balance = u256_from_u64(SENDER_BALANCE_WEI);
        }
    }
    return ACCOUNTS;
}

bytes worlds_read_code(struct arena *arena, const char *path) {
    static char text[2 * CODE_SIZE_MAX + 1];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "equivalence: %s cannot be read\n", path);
        exit(1);
    }
    size_t size = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    bytes code;
    if (hex_decode(&code, arena, text, size) != ERR_OK || code.size == 0) {
        fprintf(stderr, "equivalence: %s is not code in hex\n", path);
        exit(1);
    }
    return code;
}

/* Each rollup has heard of its parent: there is something to read. */
static void anchor_all(struct network *n) {
    struct world_result *result = arena_alloc(memory, sizeof(*result));
    CHECK(result != NULL);
    struct world_rollup *rollups[NETWORK_ROLLUPS + 1] = {&n->l3};
    struct source *bases[NETWORK_ROLLUPS + 1];
    for (size_t i = 0; i <= NETWORK_ROLLUPS; i++) {
        if (i > 0) rollups[i] = &n->rollups[i - 1];
        bases[i] = rollups[i]->base;
        rollups[i]->must_move = true;
    }
    below_build(n, result, NULL, 0);
    CHECK(result->status == WORLD_OK);
    for (size_t i = 0; i <= NETWORK_ROLLUPS; i++) {
        /* As in below_deploy: what was recorded for a witness is over. */
        ((struct source_memory *)rollups[i]->base)->base = bases[i];
        rollups[i]->must_move = false;
    }
}

/* Accounts of the L3 are where they are on its parent for everybody else: a proxy there. */
static void open_with_l3(struct network *n, struct network_resident *residents, size_t count) {
    struct genesis_account of_l3[ACCOUNTS];
    address proxied[ACCOUNTS];
    size_t l3_count = 0;
    size_t proxied_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct genesis_account *a = &residents[i].account;
        const size_t chain = residents[i].chain;
        const address who = a->address;
        if (chain != L3_CHAIN) {
            of_l3[l3_count++] = l3_proxy(n, reached_at(n, L3_PARENT, chain, who));
            continue;
        }
        bytes code;
        if (is_in_genesis(a)) of_l3[l3_count++] = *a;
        proxied[proxied_count++] = who;
        const address proxy = network_proxy(n, L3_ID, who);
        must(proxy_runtime(&code, memory, &n->hub, L3_ID, &who));
        residents[i] =
            (struct network_resident){L3_PARENT, test_contract(proxy, code.data, code.size)};
    }
    residents[count++] = below_builder(n);
    network_open_with(n, residents, count);
    const u256 ether_wei = begin_l3(n, of_l3, l3_count);
    /* The proxies are there; that the Hub finds them in place is seen, too. */
    below_deploy(n, &ether_wei, proxied, proxied_count);
    anchor_all(n);
}

void worlds_open(struct arena *arena, bytes node_code) {
    memory = arena;
    name_accounts();
    struct network_resident residents[ACCOUNTS + 1];
    network_name(&spread_begun, arena);
    size_t count = list_residents(residents, &spread_begun, node_code, false);
    if (HAS_L3)
        open_with_l3(&spread_begun, residents, count);
    else
        network_open_with(&spread_begun, residents, count);
    network_name(&single_begun, arena);
    count = list_residents(residents, &single_begun, node_code, true);
    begin_l1(&single_begun, residents, count);
}

/* --- what a world looks like afterwards ------------------------------------------------------- */

struct seen_log {
    uint8_t account;
    struct log log;
};

struct seen_root {
    bool is_success;
    bool has_output;
    bytes output;
    const char *missing; /* why a call had no entry, or NULL */
    u256 fee_wei;
};

struct seen_account {
    struct account account;
    struct account children[CHILDREN_MAX];
    size_t child_count;
};

struct view {
    struct seen_root roots[ROOTS_MAX];
    struct seen_account accounts[ACCOUNTS];
    struct seen_log logs[LOGS_MAX]; /* those of each chain in their order */
    size_t log_count;
};

static struct view seen_spread;
static struct view seen_single;

static void see_logs(struct view *view, size_t chain, const struct log *logs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t account = FIRST_NODE;
        while (is_node(account) && !(address_equal(&addresses[account], &logs[i].address) &&
                                     (chain == CHAINS || chain_of((uint8_t)account) == chain)))
            account++;
        if (!is_node(account)) continue; /* the Hub's */
        CHECK(view->log_count < LOGS_MAX);
        view->logs[view->log_count++] = (struct seen_log){(uint8_t)account, logs[i]};
    }
}

static void see_account(struct seen_account *seen, struct state *state, const address *who) {
    bool exists;
    must(state_get_account(state, who, &seen->account, &exists));
    seen->child_count = 0;
    /* CREATE's children; those of CREATE2 are seen by what they answer. */
    for (uint64_t nonce = 1; nonce < seen->account.nonce; nonce++) {
        address child = evm_create_address(who, nonce);
        if (seen->child_count == CHILDREN_MAX) break;
        must(state_get_account(state, &child, &seen->children[seen->child_count++], &exists));
    }
}

/* --- one chain -------------------------------------------------------------------------------- */

static const struct tx *root_tx(
    const struct network *n,
    const struct graph *g,
    const bytes *programs,
    size_t root,
    bool is_single
) {
    const struct root *r = &g->roots[root];
    size_t chain = r->chain;
    uint64_t nonce = 0;
    for (size_t i = 0; i < root; i++)
        if (g->roots[i].chain == r->chain) nonce++;
    address to = addresses[r->call.target];
    if (!is_single) to = reached_at(n, chain, chain_of(r->call.target), to);
    struct tx *tx = arena_alloc(memory, sizeof(*tx));
    CHECK(tx != NULL);
    *tx = (struct tx){
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = NETWORK_CHAIN_ID + (is_single ? 0 : network_chain(chain)),
        .nonce = nonce,
        .max_fee_per_gas = u256_from_u64(10000000000),
        .gas_limit = TX_GAS_LIMIT_MAX,
        .to = to,
        .value = u256_from_u64(r->call.value),
        .data = programs[root],
    };
    must(tx_sign(tx, memory, &user_keys[chain]));
    return tx;
}

static u256 fee_of(uint64_t gas_used, const u256 *gas_price) {
    u256 gas = u256_from_u64(gas_used);
    return u256_mul(&gas, gas_price);
}

static void see_root(struct seen_root *seen, const struct execution_result *result) {
    *seen = (struct seen_root){
        .is_success = result->is_success,
        .has_output = true,
        .output = result->output,
        .fee_wei = fee_of(result->gas_used, &result->effective_gas_price),
    };
}

static void run_single(const struct graph *g, const bytes *programs) {
    struct network n = single_begun;
    struct block_builder *builder = arena_alloc(memory, sizeof(*builder));
    struct source_memory *sink = arena_alloc(memory, sizeof(*sink));
    struct state *state = arena_alloc(memory, sizeof(*state));
    CHECK(builder != NULL && sink != NULL && state != NULL);
    source_memory_open(sink, memory, n.l1);
    must(state_open(state, memory, &sink->source, &n.head.state_root));
    struct block_hashes hashes = {.context = &n, .get = network_hash_of};
    struct block_attributes attributes = *network_attributes(&n);
    attributes.gas_limit = ROOTS_MAX * TX_GAS_LIMIT_MAX;
    must(block_begin(
        builder, memory, state, sink, &n.schedule, &n.head, &attributes, hashes, NULL, NULL
    ));
    for (size_t i = 0; i < g->root_count; i++) {
        const struct tx *tx = root_tx(&n, g, programs, i, true);
        CHECK(block_add(builder, tx, &addresses[FIRST_USER + g->roots[i].chain]) == EXECUTION_DONE);
        see_root(&seen_single.roots[i], &builder->results[i]);
        const struct receipt *receipt = &builder->receipts[i];
        see_logs(&seen_single, CHAINS, receipt->logs, receipt->log_count);
    }
    enum block_verdict verdict;
    must(block_finish(builder, &verdict));
    CHECK(verdict == BLOCK_OK);
    struct state *after = arena_alloc(memory, sizeof(*after));
    CHECK(after != NULL);
    must(state_open(after, memory, &sink->source, &builder->header.state_root));
    for (size_t i = 0; i < ACCOUNTS; i++)
        see_account(&seen_single.accounts[i], after, &addresses[i]);
}

/* --- several chains --------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void
report_as(struct run_report *report, enum run_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    report->status = status;
    (void)vsnprintf(report->reason, sizeof(report->reason), format, arguments);
    va_end(arguments);
}

/* The receipts of a rollup's slot block, in order; its transactions are the roots' and calls of
 * L1. */
static bool is_batch(const struct gathered_tx *gathered) {
    struct tx tx;
    enum tx_verdict verdict;
    must(tx_decode(&tx, &verdict, memory, gathered->tx));
    return address_equal(&tx.to, &spread_begun.hub);
}

static void see_rollup(
    const struct graph *g, size_t chain, const struct world_rollup_result *rollup, size_t *next_root
) {
    const struct open_block *open = rollup->open;
    size_t count = rollup->is_updated ? open_block_tx_count(open) : 0;
    const struct gathered_tx **gathered =
        arena_alloc_array(memory, count, sizeof(struct gathered_tx *));
    CHECK(gathered != NULL);
    const struct gathered_tx *at = open->newest;
    for (size_t i = count; i-- > 0; at = at->before)
        gathered[i] = at;
    uint64_t gas_before = 0;
    for (size_t i = 0; i < count; i++) {
        struct receipt receipt;
        must(receipt_decode(&receipt, memory, gathered[i]->receipt));
        see_logs(&seen_spread, chain, receipt.logs, receipt.log_count);
        if (receipt.type == TX_DYNAMIC_FEE && !is_batch(gathered[i])) {
            CHECK(*next_root < g->root_count && g->roots[*next_root].chain == chain);
            seen_spread.roots[*next_root] = (struct seen_root){
                .is_success = receipt.is_success,
                .fee_wei = fee_of(
                    gathered[i]->cumulative_gas_used - gas_before, &open->header.base_fee_per_gas
                ),
            };
            ++*next_root;
        }
        gas_before = gathered[i]->cumulative_gas_used;
    }
}

static bool is_selector(bytes output, size_t size, const char *signature) {
    if (output.size != size) return false;
    hash32 hash = keccak256(bytes_of(signature, strlen(signature)));
    return memcmp(output.data, hash.b, 4) == 0;
}

/* The first four bytes, for who reads the report. */
static unsigned selector_in(bytes output) {
    uint8_t first[8] = {0};
    if (output.size >= 4) memcpy(first + 4, output.data, 4);
    return (unsigned)load_be64(first);
}

static bool says_short_of_gas(bytes output) {
    return is_selector(output, 4, "NotEnoughGas()") || is_selector(output, 4, "ShortOfGas()");
}

/* The same of the Hub on rollup 1. */
static bool check_hub_below(struct run_report *report, const struct network *n) {
    const hash32 head = below_hub_head(n);
    u256 slot = world_head_slot(L3_ID);
    const u256 two = u256_from_u64(2);
    slot = u256_add(&slot, &two);
    const u256 balance = network_slot(n, L3_PARENT, n->hub, slot);
    const u256 held = network_account(n, L3_PARENT, n->hub).balance;
    if (!hash32_equal(&head, &n->l3.head))
        report_as(report, RUN_DIFFERENT, "the Hub's head of the L3 is another");
    else if (!u256_equal(&balance, &held))
        report_as(report, RUN_DIFFERENT, "the L3's balance is not its Hub's ether");
    return report->status == RUN_EQUAL;
}

/* What holds of every block: the Hub's heads are the rollups' state roots, its ether is theirs. */
static bool check_hub(struct run_report *report, const struct network *n) {
    u256 sum = U256_ZERO;
    for (uint64_t id = 1; id <= NETWORK_ROLLUPS; id++) {
        hash32 head = network_hub_head(n, id);
        if (!hash32_equal(&head, &n->rollups[id - 1].head)) {
            report_as(
                report, RUN_DIFFERENT, "the Hub's head of rollup %u is another", (unsigned)id
            );
            return false;
        }
        u256 balance = network_hub_balance(n, id);
        sum = u256_add(&sum, &balance);
    }
    u256 held = network_account(n, 0, n->hub).balance;
    if (!u256_equal(&sum, &held))
        report_as(report, RUN_DIFFERENT, "the rollups' balances are not the Hub's ether");
    return u256_equal(&sum, &held);
}

/* No ether stays at a proxy, and what a rollup's accounts gained its balance on the Hub gained. */
static bool
check_ether(struct run_report *report, const struct network *n, size_t chain, struct state *state) {
    for (size_t i = 0; i < ACCOUNTS; i++) {
        size_t home = chain_of((uint8_t)i);
        if (home == chain) continue;
        address proxy = reached_at(n, chain, home, addresses[i]);
        struct account account;
        bool exists;
        must(state_get_account(state, &proxy, &account, &exists));
        if (u256_is_zero(&account.balance)) continue;
        report_as(
            report, RUN_DIFFERENT, "ether stays at the proxy of account %zu on chain %zu", i, chain
        );
        return false;
    }
    return true;
}

static size_t crossings_of(const struct batch *batch) {
    size_t count = 0;
    for (size_t i = 0; i < batch->entry_count; i++) {
        const struct entry *e = &batch->entries[i];
        count += e->out.kind == ACTION_CALL;
        count += e->input.kind == ACTION_CALL;
        for (size_t j = 0; j < e->trace_count; j++)
            count += e->trace[j].kind == ACTION_CALL;
    }
    return count;
}

static void count_crossings(struct run_report *report, const struct world_result *result) {
    report->pass_count = result->pass_count;
    report->crossings = crossings_of(&result->batch);
    if (!HAS_L3 || result->status != WORLD_OK) return;
    report->crossings += crossings_of(&result->rollups[L3_PARENT - 1].below->batch);
}

static bool has_failed(struct run_report *report, const struct world_result *result) {
    if (result->status == WORLD_OK) return false;
    enum run_status status = RUN_DIFFERENT;
    if (says_short_of_gas(result->batch_output)) status = RUN_SHORT_OF_GAS;
    if (strstr(result->reason, "more gas than a transaction") != NULL) status = RUN_SHORT_OF_GAS;
    if (strstr(result->reason, "undoing") != NULL) status = RUN_UNSUPPORTED;
    report_as(
        report,
        status,
        "world status %d: %s (%08x, %zu bytes)",
        (int)result->status,
        result->reason,
        selector_in(result->batch_output),
        result->batch_output.size
    );
    return true;
}

/* Looks at what was built, instead of what is compared. */
static worlds_watch *watch;
static void *watch_context;

static bool run_spread(struct run_report *report, const struct graph *g, const bytes *programs) {
    struct network *n = arena_alloc(memory, sizeof(*n));
    struct world_tx *txs = arena_alloc_array(memory, ROOTS_MAX, sizeof(*txs));
    bytes *slot_txs = arena_alloc_array(memory, ROOTS_MAX, sizeof(*slot_txs));
    CHECK(n != NULL && txs != NULL && slot_txs != NULL);
    *n = spread_begun;
    size_t tx_count = 0;
    size_t slot_tx_count = 0;
    for (size_t i = 0; i < g->root_count; i++) {
        const struct tx *tx = root_tx(n, g, programs, i, false);
        size_t chain = g->roots[i].chain;
        if (chain == 0) {
            txs[tx_count++] = (struct world_tx){.tx = tx, .sender = addresses[FIRST_USER]};
            continue;
        }
        must(tx_encode(&slot_txs[slot_tx_count++], memory, tx));
        struct world_rollup *rollup = chain == L3_CHAIN ? &n->l3 : &n->rollups[chain - 1];
        rollup->slot_txs = slot_txs;
        rollup->slot_tx_count = slot_tx_count;
    }
    struct world_options options =
        HAS_L3 ? below_options(n, txs, tx_count) : network_options(n, txs, tx_count);
    struct world_result *result = arena_alloc(memory, sizeof(*result));
    CHECK(result != NULL);
    must(world_build(result, &options));
    count_crossings(report, result);
    if (has_failed(report, result)) return false;
    if (watch != NULL) {
        watch(watch_context, g, &options, result);
        return true;
    }
    size_t next_root = 0;
    for (size_t chain = 1; chain < CHAINS; chain++)
        see_rollup(
            g,
            chain,
            chain == L3_CHAIN ? &result->rollups[L3_PARENT - 1].below->rollups[0]
                              : &result->rollups[chain - 1],
            &next_root
        );
    if (next_root != slot_tx_count) {
        report_as(report, RUN_DIFFERENT, "a rollup's transaction is not in its block");
        return false;
    }
    for (size_t i = 0; i < tx_count; i++) {
        if (!result->txs[i].is_included) {
            report_as(report, RUN_DIFFERENT, "a transaction of L1 is not in the block");
            return false;
        }
        struct seen_root *seen = &seen_spread.roots[next_root++];
        see_root(seen, &result->block->results[result->txs[i].index]);
        if (result->txs[i].had_missing_entry)
            seen->missing = step_verdict_text(result->txs[i].missing.verdict);
    }
    for (size_t i = 0; i < result->block->tx_count; i++)
        see_logs(
            &seen_spread, 0, result->block->receipts[i].logs, result->block->receipts[i].log_count
        );
    const char *wrong = network_follow(n, result);
    if (wrong == NULL && HAS_L3) wrong = below_follow(n, result);
    if (wrong != NULL) {
        report_as(report, RUN_DIFFERENT, "%s", wrong);
        return false;
    }
    if (HAS_L3)
        below_go_on(n, result);
    else
        network_go_on(n, result);
    for (size_t chain = 0; chain < CHAINS; chain++) {
        struct state *state = network_state(n, network_chain(chain));
        if (!check_ether(report, n, chain, state)) return false;
        for (size_t i = 0; i < ACCOUNTS; i++)
            if (chain_of((uint8_t)i) == chain)
                see_account(&seen_spread.accounts[i], state, &addresses[i]);
    }
    return check_hub(report, n) && (!HAS_L3 || check_hub_below(report, n));
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool compare_roots(struct run_report *report, const struct graph *g) {
    for (size_t i = 0; i < g->root_count; i++) {
        const struct seen_root *spread = &seen_spread.roots[i];
        const struct seen_root *single = &seen_single.roots[i];
        if (spread->has_output && !spread->is_success && says_short_of_gas(spread->output)) {
            report_as(report, RUN_SHORT_OF_GAS, "transaction %zu ran short of gas", i + 1);
            return false;
        }
        if (spread->is_success != single->is_success) {
            report_as(
                report,
                RUN_DIFFERENT,
                "transaction %zu %s (%08x, %zu bytes), on one chain it %s%s%s",
                i + 1,
                spread->is_success ? "succeeds" : "fails",
                selector_in(spread->output),
                spread->output.size,
                single->is_success ? "succeeds" : "fails",
                spread->missing == NULL ? "" : "; a call had no entry: ",
                spread->missing == NULL ? "" : spread->missing
            );
            return false;
        }
        if (spread->has_output && !bytes_equal(spread->output, single->output)) {
            report_as(
                report,
                RUN_DIFFERENT,
                "transaction %zu gives %zu bytes (%08x), on one chain %zu bytes (%08x); %s",
                i + 1,
                spread->output.size,
                selector_in(spread->output),
                single->output.size,
                selector_in(single->output),
                spread->missing == NULL ? "" : spread->missing
            );
            return false;
        }
    }
    return true;
}

static bool is_same_log(const struct log *a, const struct log *b) {
    return a->topic_count == b->topic_count && bytes_equal(a->data, b->data) &&
           memcmp(a->topics, b->topics, a->topic_count * sizeof(hash32)) == 0;
}

/* The logs of one chain's contracts, one after the other. */
static bool compare_logs(struct run_report *report, size_t chain) {
    size_t i = 0;
    size_t j = 0;
    for (size_t nth = 1;; nth++, i++, j++) {
        while (i < seen_spread.log_count && chain_of(seen_spread.logs[i].account) != chain)
            i++;
        while (j < seen_single.log_count && chain_of(seen_single.logs[j].account) != chain)
            j++;
        bool has_spread = i < seen_spread.log_count;
        bool has_single = j < seen_single.log_count;
        if (!has_spread && !has_single) return true;
        if (has_spread && has_single &&
            seen_spread.logs[i].account == seen_single.logs[j].account &&
            is_same_log(&seen_spread.logs[i].log, &seen_single.logs[j].log))
            continue;
        int of_frame = -1;
        if (has_spread || has_single)
            of_frame = (has_spread ? seen_spread.logs[i] : seen_single.logs[j]).log.topics[0].b[31];
        report_as(
            report,
            RUN_DIFFERENT,
            "log %zu of chain %zu (frame %d) is another%s%s",
            nth,
            chain,
            of_frame,
            has_spread ? "" : "; it is missing",
            has_single ? "" : "; it should not be there"
        );
        return false;
    }
}

static const char *difference_of(const struct account *spread, const struct account *single) {
    if (spread->nonce != single->nonce) return "nonce";
    if (!u256_equal(&spread->balance, &single->balance)) return "ether";
    if (!hash32_equal(&spread->storage_root, &single->storage_root)) return "storage";
    return NULL;
}

/* What a sender has left, but for what its transactions cost. */
static u256 balance_without_fees(const struct view *view, const struct graph *g, size_t account) {
    u256 balance = view->accounts[account].account.balance;
    for (size_t i = 0; i < g->root_count; i++)
        if (FIRST_USER + g->roots[i].chain == account)
            balance = u256_add(&balance, &view->roots[i].fee_wei);
    return balance;
}

static bool compare_accounts(struct run_report *report, const struct graph *g) {
    for (size_t i = 0; i < FIRST_PRECOMPILE; i++) {
        struct account spread = seen_spread.accounts[i].account;
        struct account single = seen_single.accounts[i].account;
        spread.balance = balance_without_fees(&seen_spread, g, i);
        single.balance = balance_without_fees(&seen_single, g, i);
        const char *what = difference_of(&spread, &single);
        for (size_t j = 0; what == NULL && j < seen_single.accounts[i].child_count; j++)
            what = difference_of(
                &seen_spread.accounts[i].children[j], &seen_single.accounts[i].children[j]
            );
        if (what == NULL) continue;
        report_as(
            report,
            RUN_DIFFERENT,
            "the %s of account %zu:%c (or of what it created) is another",
            what,
            chain_of((uint8_t)i),
            is_node(i) ? (char)('A' + (i - FIRST_NODE) % NODES_PER_CHAIN) : '-'
        );
        return false;
    }
    return true;
}

void worlds_run(struct run_report *report, const struct graph *graph) {
    struct arena_mark mark = arena_mark(memory);
    *report = (struct run_report){.status = RUN_EQUAL};
    seen_spread.log_count = 0;
    seen_single.log_count = 0;
    bytes programs[ROOTS_MAX];
    graph_encode(programs, memory, graph);
    run_single(graph, programs);
    bool is_same = run_spread(report, graph, programs) && compare_roots(report, graph);
    for (size_t chain = 0; is_same && chain < CHAINS; chain++)
        is_same = compare_logs(report, chain);
    if (is_same) (void)compare_accounts(report, graph);
    arena_release(memory, mark);
}

void worlds_build(
    struct run_report *report, const struct graph *graph, void *context, worlds_watch *shows
) {
    struct arena_mark mark = arena_mark(memory);
    bytes programs[ROOTS_MAX];
    *report = (struct run_report){.status = RUN_EQUAL};
    watch = shows;
    watch_context = context;
    graph_encode(programs, memory, graph);
    (void)run_spread(report, graph, programs);
    watch = NULL;
    arena_release(memory, mark);
}
