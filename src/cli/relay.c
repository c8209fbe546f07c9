#include "cli/relay.h"

#include "batch/abi.h"
#include "chain/tx.h"
#include "cli/ask.h"
#include "core/hex.h"
#include "core/map.h"
#include "node/message.h"
#include "rpc/arguments.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COMMAND          "lockstep relay"
#define CHAINS_MAX       65u
#define URL_SIZE         256u
#define NAME_SIZE        64u
#define REQUEST_SIZE_MAX (8u << 20)
#define ROUND_SIZE_MAX   ((size_t)1 << 30)
#define LOG_BLOCKS_MAX   5000u /* of one question for logs */
#define MARKS_MAX        64u   /* of one chain; what is older and replaced has all looked at anew */
#define RECEIPT_WAIT_MS  20000
#define POLL_MS          50

static const char DELIVER[] = "deliver(" MESSAGE_TUPLE ",bytes,address)";

/* A block up to which a chain has been looked at. */
struct mark {
    uint64_t number;
    hash32 hash;
};

struct relay_chain {
    char name[NAME_SIZE];
    char url[URL_SIZE];
    uint64_t chain_id;
    uint64_t rollup_id; /* 0: L1 */
    size_t parent;      /* its index; L1's own is 0 */
    address messenger;
    address messages;
    /* Oldest first. While the chain has the newest of them, what was seen up to there holds. */
    struct mark marks[MARKS_MAX];
    size_t mark_count;
};

/* A message that has left. It is kept for a while when it has arrived: its chains may go another
 * way. */
struct pending {
    hash32 id;
    size_t from;
    size_t to;
    uint64_t from_block;
    uint64_t over_block; /* is_over: the receiving chain's newest when that was seen */
    u256 fee_wei;
    bytes tuple;      /* owned (free) */
    bool is_over;     /* arrived, given up, or not ours to deliver */
    bool is_told;     /* why it waits has been said */
    bool is_sent;     /* a transaction is on its way … */
    uint64_t sent_ms; /* … since */
    hash32 tx_hash;
};

struct relay {
    const struct relay_options *options;
    CURL *curl;
    struct answer answer;
    struct arena arena; /* of a round */
    char *request;      /* REQUEST_SIZE_MAX */
    struct relay_chain chains[CHAINS_MAX];
    size_t chain_count;
    struct pending *pending;
    size_t pending_count;
    size_t pending_capacity;
    uint64_t delivered_count;
};

static bool complain(const char *problem) {
    fprintf(stderr, COMMAND ": %s\n", problem);
    return false;
}

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void wait_ms(const struct relay *r, uint64_t duration_ms) {
    const uint64_t end = now_ms() + duration_ms;
    while (!*r->options->must_stop && now_ms() < end)
        (void)nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000}, NULL);
}

/* --- questions -------------------------------------------------------------------------------- */

/* What params are after the method; true if there is an answer that is not an error. */
__attribute__((format(printf, 4, 5))) static bool ask_for(
    struct relay *r, const struct relay_chain *chain, const char *method, const char *format, ...
) {
    int start = snprintf(
        r->request,
        REQUEST_SIZE_MAX,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[",
        method
    );
    va_list arguments;
    va_start(arguments, format);
    int size =
        vsnprintf(r->request + start, REQUEST_SIZE_MAX - (size_t)start - 3, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= REQUEST_SIZE_MAX - (size_t)start - 3) return false;
    memcpy(r->request + start + size, "]}", 3);
    return ask(r->curl, &r->answer, chain->url, r->request);
}

static const char *text_of(struct relay *r, bytes data) {
    char *text = arena_alloc_zero(&r->arena, 2 * data.size + 3);
    if (text == NULL) return "0x";
    memcpy(text, "0x", 2);
    hex_encode(text + 2, data);
    return text;
}

static bool ask_quantity(struct relay *r, u256 *out) {
    return r->answer.result != 0 && value_quantity(out, &r->answer.json, r->answer.result) == NULL;
}

/* eth_call of a function that takes words and returns one; after the block `at`, or (NULL) now. */
static bool call_word(
    struct relay *r,
    const struct relay_chain *chain,
    u256 *out,
    const address *to,
    const char *signature,
    const hash32 *word,
    const address *second,
    const struct mark *at
) {
    struct abi_writer w;
    bytes data;
    bytes result;
    abi_writer_open(&w, &r->arena);
    abi_write_selector(&w, signature);
    abi_write_hash(&w, word);
    if (second != NULL) abi_write_address(&w, second);
    if (abi_finish(&w, &data) != ERR_OK) return false;
    char block[96] = "\"latest\"";
    if (at != NULL) {
        const char *hash = text_of(r, hash32_bytes(&at->hash));
        (void)snprintf(block, sizeof(block), "{\"blockHash\":\"%s\"}", hash);
    }
    r->answer.is_quiet = at != NULL; /* the block may be gone by now: the next round sees it */
    const bool is_asked = ask_for(
        r,
        chain,
        "eth_call",
        "{\"to\":\"%s\",\"data\":\"%s\"},%s",
        text_of(r, address_bytes(to)),
        text_of(r, data),
        block
    );
    r->answer.is_quiet = false;
    if (!is_asked) return false;
    if (r->answer.result == 0 ||
        value_data(&result, &r->arena, &r->answer.json, r->answer.result) != NULL)
        return false;
    return abi_read_u256(out, result, 0) == ERR_OK;
}

/* --- the network ------------------------------------------------------------------------------ */

static bool
copy_text(char *out, size_t size, const struct json *json, uint32_t object, const char *name) {
    const uint32_t token = json_member(json, object, name);
    if (token == 0 || json_kind(json, token) != JSON_STRING) return false;
    const bytes text = json_text(json, token);
    if (text.size >= size) return false;
    memcpy(out, text.data, text.size);
    out[text.size] = 0;
    return true;
}

static bool read_number(uint64_t *out, const struct json *json, uint32_t object, const char *name) {
    const uint32_t token = json_member(json, object, name);
    return token != 0 && value_quantity_u64(out, json, token) == NULL;
}

/* False: the chain has no contracts of messages. */
static bool read_contracts(struct relay_chain *chain, const struct json *json, uint32_t object) {
    const uint32_t contracts = json_member(json, object, "contracts");
    if (contracts == 0 || json_kind(json, contracts) != JSON_OBJECT) return false;
    const uint32_t messenger = json_member(json, contracts, "messenger");
    const uint32_t messages = json_member(json, contracts, "messageService");
    return messenger != 0 && messages != 0 &&
           value_address(&chain->messenger, json, messenger) == NULL &&
           value_address(&chain->messages, json, messages) == NULL;
}

static bool find_chain(const struct relay *r, size_t *index, const char *name) {
    for (*index = 0; *index < r->chain_count; ++*index)
        if (strcmp(r->chains[*index].name, name) == 0) return true;
    return false;
}

/* Whether a chain is a rollup of this one. */
static bool is_rollup_of(const struct relay *r, size_t rollup, size_t parent) {
    return rollup != 0 && r->chains[rollup].parent == parent;
}

static bool read_network(struct relay *r) {
    struct relay_chain *l1 = &r->chains[0];
    (void)snprintf(l1->name, sizeof(l1->name), "l1");
    if (snprintf(l1->url, sizeof(l1->url), "%s", r->options->url) >= (int)sizeof(l1->url))
        return complain("the URL is too long");
    r->chain_count = 1;
    if (!ask_for(r, l1, "lockstep_networkInfo", "%s", "")) return false;
    const struct json *json = &r->answer.json;
    const uint32_t parent = json_member(json, r->answer.result, "parent");
    const uint32_t rollups = json_member(json, r->answer.result, "rollups");
    if (parent == 0 || rollups == 0 || !read_number(&l1->chain_id, json, parent, "chainId") ||
        !read_contracts(l1, json, parent))
        return complain("the node's answer describes no network with messages");
    uint32_t token = rollups + 1;
    for (uint32_t i = 0; i < json->tokens[rollups].count; i++, token = json->tokens[token].next) {
        struct relay_chain *chain = &r->chains[r->chain_count];
        char of[NAME_SIZE];
        *chain = (struct relay_chain){0};
        /* Rollups of rollups stand behind their parents. Not what has no Messenger. */
        if (r->chain_count == CHAINS_MAX || !copy_text(of, sizeof(of), json, token, "parent") ||
            !find_chain(r, &chain->parent, of) || !read_contracts(chain, json, token) ||
            !copy_text(chain->name, sizeof(chain->name), json, token, "name") ||
            !copy_text(chain->url, sizeof(chain->url), json, token, "url") ||
            !read_number(&chain->chain_id, json, token, "chainId") ||
            !read_number(&chain->rollup_id, json, token, "rollupId"))
            continue;
        r->chain_count++;
    }
    return r->chain_count > 1 || complain("the network has no rollup that messages go to");
}

/* --- what has left ---------------------------------------------------------------------------- */

static bool is_known(const struct relay *r, const hash32 *id) {
    for (size_t i = 0; i < r->pending_count; i++)
        if (hash32_equal(&r->pending[i].id, id)) return true;
    return false;
}

static void remove_pending(struct relay *r, size_t index) {
    free((void *)(uintptr_t)r->pending[index].tuple.data);
    r->pending[index] = r->pending[--r->pending_count];
}

static struct pending *new_pending(struct relay *r) {
    if (r->pending_count == r->pending_capacity) {
        const size_t capacity = r->pending_capacity == 0 ? 64 : 2 * r->pending_capacity;
        struct pending *more = realloc(r->pending, capacity * sizeof(*more));
        if (more == NULL) return NULL;
        r->pending = more;
        r->pending_capacity = capacity;
    }
    struct pending *p = &r->pending[r->pending_count++];
    *p = (struct pending){0};
    return p;
}

/* One log; what is not as it should be is nobody's message. */
static void note_log(struct relay *r, size_t from, uint32_t log) {
    const struct json *json = &r->answer.json;
    const uint32_t topics = json_member(json, log, "topics");
    const uint32_t data = json_member(json, log, "data");
    uint64_t number;
    hash32 id;
    bytes raw;
    struct message_left left;
    if (topics == 0 || data == 0 || json_kind(json, topics) != JSON_ARRAY ||
        json->tokens[topics].count != 2 ||
        value_hash(&id, json, json->tokens[topics + 1].next) != NULL ||
        value_data(&raw, &r->arena, json, data) != NULL ||
        !read_number(&number, json, log, "blockNumber") || is_known(r, &id))
        return;
    if (message_read_left(&left, raw) != ERR_OK) return;
    size_t to = r->chains[from].parent;
    if (!left.to_parent)
        for (to = 1; to < r->chain_count; to++)
            if (is_rollup_of(r, to, from) && r->chains[to].rollup_id == left.rollup_id) break;
    if (to == r->chain_count) return;
    uint8_t *copy = malloc(left.tuple.size);
    struct pending *p = copy == NULL ? NULL : new_pending(r);
    if (p == NULL) {
        free(copy);
        return;
    }
    memcpy(copy, left.tuple.data, left.tuple.size);
    *p = (struct pending
    ){.id = id,
      .from = from,
      .to = to,
      .from_block = number,
      .fee_wei = left.fee_wei,
      .tuple = bytes_of(copy, left.tuple.size)};
}

/* A block's number and hash; false if it could not be had. *is_there: there is one. */
static bool ask_mark(
    struct relay *r,
    struct mark *mark,
    bool *is_there,
    const struct relay_chain *chain,
    const char *tag
) {
    if (!ask_for(r, chain, "eth_getBlockByNumber", "\"%s\",false", tag)) return false;
    const struct json *json = &r->answer.json;
    const uint32_t block = r->answer.result;
    *is_there = block != 0;
    if (!*is_there) return true;
    if (json_kind(json, block) != JSON_OBJECT) return false;
    const uint32_t hash = json_member(json, block, "hash");
    return hash != 0 && value_hash(&mark->hash, json, hash) == NULL &&
           read_number(&mark->number, json, block, "number");
}

/* The chain has gone another way: messages that it had said after its last mark are as if never
 * seen, and those that had arrived there may not have. */
static void forget_after_mark(struct relay *r, size_t index) {
    const struct relay_chain *chain = &r->chains[index];
    const bool is_all = chain->mark_count == 0;
    const uint64_t number = is_all ? 0 : chain->marks[chain->mark_count - 1].number;
    for (size_t i = r->pending_count; i-- > 0;) {
        struct pending *p = &r->pending[i];
        if (p->from == index && (is_all || p->from_block > number))
            remove_pending(r, i);
        else if (p->to == index)
            p->is_over = p->is_told = false;
    }
    if (!is_all) return;
    /* Too far to say what of others had arrived there. */
    for (size_t i = 0; i < r->chain_count; i++)
        r->chains[i].mark_count = 0;
}

/* Whether the chain still has what was seen of it; if not, how far back it does. */
static bool check_marks(struct relay *r, size_t index) {
    struct relay_chain *chain = &r->chains[index];
    const size_t known = chain->mark_count;
    char tag[32];
    struct mark now;
    while (chain->mark_count > 0) {
        const struct mark *mark = &chain->marks[chain->mark_count - 1];
        (void)snprintf(tag, sizeof(tag), "0x%" PRIx64, mark->number);
        bool is_there;
        if (!ask_mark(r, &now, &is_there, chain, tag)) return false;
        if (is_there && hash32_equal(&now.hash, &mark->hash)) break;
        chain->mark_count--;
    }
    if (chain->mark_count == known) return true;
    printf("%s has gone another way: looking again\n", chain->name);
    fflush(stdout);
    forget_after_mark(r, index);
    return true;
}

static void add_mark(struct relay_chain *chain, const struct mark *mark) {
    if (chain->mark_count == MARKS_MAX)
        memmove(&chain->marks[0], &chain->marks[1], --chain->mark_count * sizeof(*mark));
    chain->marks[chain->mark_count++] = *mark;
}

static bool watch(struct relay *r, size_t index) {
    struct relay_chain *chain = &r->chains[index];
    const hash32 topic = abi_signature_hash(MESSAGE_LEFT_EVENT);
    struct mark newest;
    bool is_there;
    if (!check_marks(r, index) || !ask_mark(r, &newest, &is_there, chain, "latest") || !is_there)
        return false;
    uint64_t at = chain->mark_count > 0 ? chain->marks[chain->mark_count - 1].number + 1 : 0;
    if (at > newest.number) return true;
    while (at <= newest.number) {
        const uint64_t left = newest.number - at;
        const uint64_t last = at + (left < LOG_BLOCKS_MAX ? left : LOG_BLOCKS_MAX - 1);
        if (!ask_for(
                r,
                chain,
                "eth_getLogs",
                "{\"fromBlock\":\"0x%" PRIx64 "\",\"toBlock\":\"0x%" PRIx64
                "\",\"address\":\"%s\",\"topics\":[\"%s\"]}",
                at,
                last,
                text_of(r, address_bytes(&chain->messenger)),
                text_of(r, hash32_bytes(&topic))
            ))
            return false;
        const struct json *json = &r->answer.json;
        const uint32_t list = r->answer.result;
        if (list == 0 || json_kind(json, list) != JSON_ARRAY) return false;
        uint32_t token = list + 1;
        for (uint32_t i = 0; i < json->tokens[list].count; i++, token = json->tokens[token].next)
            note_log(r, index, token);
        at = last + 1;
    }
    add_mark(chain, &newest);
    return true;
}

/* --- delivering ------------------------------------------------------------------------------- */

static void say(const struct relay *r, const struct pending *p, const char *what) {
    char id[65] = "";
    hex_encode(id, hash32_bytes(&p->id));
    printf("%s to %s  0x%.16s…  %s\n", r->chains[p->from].name, r->chains[p->to].name, id, what);
    fflush(stdout);
}

static void say_once(const struct relay *r, struct pending *p, const char *what) {
    if (!p->is_told) say(r, p, what);
    p->is_told = true;
}

/* The proof, empty if the message was imported; false: not yet. */
static bool find_proof(struct relay *r, bytes *proof, const struct pending *p) {
    const struct relay_chain *from = &r->chains[p->from];
    const struct relay_chain *to = &r->chains[p->to];
    u256 word;
    const bool is_down = is_rollup_of(r, p->to, p->from);
    *proof = BYTES_EMPTY;
    if (is_down) {
        if (!call_word(
                r,
                to,
                &word,
                &to->messages,
                "isReceived(bytes32,address)",
                &p->id,
                &from->messenger,
                NULL
            ))
            return false;
        if (!u256_is_zero(&word)) return true;
    }
    char rollup[32] = "";
    if (is_down) (void)snprintf(rollup, sizeof(rollup), ",%" PRIu64, to->rollup_id);
    r->answer.is_quiet = true;
    bool is_there = ask_for(
        r,
        from,
        "lockstep_getMessageProof",
        "\"%s\",\"%s\"%s",
        text_of(r, hash32_bytes(&p->id)),
        text_of(r, address_bytes(&from->messenger)),
        rollup
    );
    r->answer.is_quiet = false;
    if (!is_there || r->answer.result == 0) return false;
    const uint32_t token = json_member(&r->answer.json, r->answer.result, "proof");
    return token != 0 && value_data(proof, &r->arena, &r->answer.json, token) == NULL;
}

static bool make_calldata(struct relay *r, bytes *data, const struct pending *p, bytes proof) {
    struct abi_writer w;
    abi_writer_open(&w, &r->arena);
    abi_write_selector(&w, DELIVER);
    const size_t message = abi_write_offset(&w);
    const size_t proof_word = abi_write_offset(&w);
    abi_write_address(&w, &r->options->fee_to);
    abi_begin_tail(&w, message, ABI_SELECTOR);
    abi_write_raw(&w, p->tuple);
    abi_begin_tail(&w, proof_word, ABI_SELECTOR);
    abi_write_bytes(&w, proof);
    return abi_finish(&w, data) == ERR_OK;
}

/* What the transaction needs: gas, price, nonce. */
static bool
ask_terms(struct relay *r, struct tx *tx, const struct relay_chain *to, const char *data) {
    const char *sender = text_of(r, address_bytes(&r->options->sender));
    u256 gas;
    u256 price;
    u256 nonce;
    if (!ask_for(
            r,
            to,
            "eth_estimateGas",
            "{\"from\":\"%s\",\"to\":\"%s\",\"data\":\"%s\"}",
            sender,
            text_of(r, address_bytes(&to->messenger)),
            data
        ) ||
        !ask_quantity(r, &gas))
        return false;
    if (!ask_for(r, to, "eth_gasPrice", "%s", "") || !ask_quantity(r, &price)) return false;
    if (!ask_for(r, to, "eth_getTransactionCount", "\"%s\",\"pending\"", sender) ||
        !ask_quantity(r, &nonce))
        return false;
    /* What another of the block does before it may cost a little more. */
    tx->gas_limit = gas.w[0] + gas.w[0] / 8;
    tx->max_fee_per_gas = u256_add(&price, &price);
    tx->nonce = nonce.w[0];
    return true;
}

static bool is_worth_it(const struct relay *r, const struct pending *p, const struct tx *tx) {
    const u256 half = u256_shr(&tx->max_fee_per_gas, 1);
    const u256 gas = u256_from_u64(tx->gas_limit);
    const u256 cost = u256_mul(&half, &gas);
    return r->options->is_at_a_loss || !u256_less(&p->fee_wei, &cost);
}

static bool deliver(struct relay *r, struct pending *p, bytes data) {
    const struct relay_chain *to = &r->chains[p->to];
    struct tx tx = {
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = to->chain_id,
        .to = to->messenger,
        .data = data,
    };
    bytes encoded;
    if (!ask_terms(r, &tx, to, text_of(r, data))) return false;
    if (!is_worth_it(r, p, &tx)) {
        say_once(r, p, "waits: its fee does not cover the gas (--at-a-loss delivers it)");
        return false;
    }
    if (tx_sign(&tx, &r->arena, &r->options->key) != ERR_OK ||
        tx_encode(&encoded, &r->arena, &tx) != ERR_OK)
        return false;
    if (!ask_for(r, to, "eth_sendRawTransaction", "\"%s\"", text_of(r, encoded))) return false;
    if (tx_hash(&p->tx_hash, &r->arena, &tx) != ERR_OK) return false;
    p->is_sent = true;
    p->sent_ms = now_ms();
    return true;
}

/* Whether the transaction is in a block; then *is_good says how it ended. */
static bool is_mined(struct relay *r, const struct pending *p, bool *is_good) {
    u256 status;
    if (!ask_for(
            r,
            &r->chains[p->to],
            "eth_getTransactionReceipt",
            "\"%s\"",
            text_of(r, hash32_bytes(&p->tx_hash))
        ) ||
        r->answer.result == 0)
        return false;
    const uint32_t token = json_member(&r->answer.json, r->answer.result, "status");
    *is_good = token != 0 && value_quantity(&status, &r->answer.json, token) == NULL &&
               !u256_is_zero(&status);
    return true;
}

/* Whether the chain knows nothing of the transaction: its block was removed, or it was replaced. */
static bool is_gone(struct relay *r, const struct pending *p) {
    return ask_for(
               r,
               &r->chains[p->to],
               "eth_getTransactionByHash",
               "\"%s\"",
               text_of(r, hash32_bytes(&p->tx_hash))
           ) &&
           r->answer.result == 0;
}

/* Waits for the transaction; when it takes too long, a later round looks again. */
static void await(struct relay *r, struct pending *p) {
    bool is_good = false;
    while (!is_mined(r, p, &is_good)) {
        const bool is_late = now_ms() - p->sent_ms > RECEIPT_WAIT_MS;
        if (*r->options->must_stop || is_late || is_gone(r, p)) {
            p->is_sent = *r->options->must_stop && !is_late;
            return;
        }
        wait_ms(r, POLL_MS);
    }
    p->is_sent = false;
    if (!is_good) {
        say(r, p, "somebody else was first, or it was replaced");
        return;
    }
    r->delivered_count++;
    say(r, p, "delivered");
}

static void advance(struct relay *r, struct pending *p) {
    const struct relay_chain *to = &r->chains[p->to];
    u256 status;
    bytes proof;
    bytes data;
    static const char STATUS[] = "status(bytes32)";
    if (to->mark_count == 0) return;
    if (u256_less(&p->fee_wei, &r->options->min_fee_wei)) {
        say_once(r, p, "left to others: it pays less than --min-fee");
        p->is_over = true;
        p->over_block = to->marks[to->mark_count - 1].number;
        return;
    }
    /* It is over when it was at the last mark: that this has changed would show. */
    const struct mark *mark = &to->marks[to->mark_count - 1];
    if (!call_word(r, to, &status, &to->messenger, STATUS, &p->id, NULL, mark)) return;
    p->is_over = !u256_is_zero(&status);
    p->over_block = mark->number;
    if (p->is_over) return;
    if (!call_word(r, to, &status, &to->messenger, STATUS, &p->id, NULL, NULL)) return;
    if (!u256_is_zero(&status)) return;
    if (!p->is_sent) {
        if (!find_proof(r, &proof, p)) {
            say_once(r, p, "waits for a batch");
            return;
        }
        if (!make_calldata(r, &data, p, proof) || !deliver(r, p, data)) return;
    }
    await(r, p);
}

/* --- rounds ----------------------------------------------------------------------------------- */

/* What was over before the oldest mark of both its chains is forgotten. */
static void forget_old(struct relay *r) {
    for (size_t i = r->pending_count; i-- > 0;) {
        const struct pending *p = &r->pending[i];
        const struct relay_chain *from = &r->chains[p->from];
        const struct relay_chain *to = &r->chains[p->to];
        const bool is_old = p->is_over && from->mark_count == MARKS_MAX &&
                            to->mark_count == MARKS_MAX && p->over_block < to->marks[0].number &&
                            p->from_block <= from->marks[0].number;
        if (is_old) remove_pending(r, i);
    }
}

static void run_round(struct relay *r) {
    const struct arena_mark mark = arena_mark(&r->arena);
    for (size_t i = 0; i < r->chain_count && !*r->options->must_stop; i++) {
        (void)watch(r, i);
        arena_release(&r->arena, mark);
    }
    for (size_t i = 0; i < r->pending_count && !*r->options->must_stop; i++) {
        if (!r->pending[i].is_over) advance(r, &r->pending[i]);
        arena_release(&r->arena, mark);
    }
    forget_old(r);
}

bool relay_run(const struct relay_options *options) {
    struct relay *r = calloc(1, sizeof(*r));
    if (r == NULL) return complain(err_text(ERR_MEMORY));
    r->options = options;
    r->request = malloc(REQUEST_SIZE_MAX);
    r->curl = curl_easy_init();
    answer_open(&r->answer, COMMAND);
    arena_open(&r->arena, ROUND_SIZE_MAX);
    bool is_good = r->request != NULL && r->curl != NULL;
    if (!is_good) (void)complain(err_text(ERR_MEMORY));
    is_good = is_good && read_network(r);
    while (is_good && !*options->must_stop) {
        run_round(r);
        if (options->is_once) break;
        wait_ms(r, options->interval_ms);
    }
    if (is_good) printf("%" PRIu64 " delivered\n", r->delivered_count);
    for (size_t i = 0; i < r->pending_count; i++)
        free((void *)(uintptr_t)r->pending[i].tuple.data);
    free(r->pending);
    free(r->request);
    answer_close(&r->answer);
    arena_close(&r->arena);
    if (r->curl != NULL) curl_easy_cleanup(r->curl);
    free(r);
    return is_good;
}
