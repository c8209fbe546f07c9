/* Blocks of the chain that L1 is a fork of. */
#include "core/check.h"
#include "core/hex.h"
#include "node/forked_private.h"

#include <inttypes.h>
#include <stdio.h>

#define WORK_SIZE_MAX  ((size_t)256 << 20)
#define PARAMS_SIZE    128
#define BY_NUMBER      "eth_getBlockByNumber"
#define HEADERS_IN_ROW 32
#define QUERY_SIZE_MAX ((size_t)1 << 20)

/* --- headers ---------------------------------------------------------------------------------- */

static enum err wrong_number(struct forked *fork, uint64_t given, uint64_t asked) {
    return remote_blame(
        fork->remote, "gives block %" PRIu64 " where %" PRIu64 " was asked for", given, asked
    );
}

/* The hash that a block must have, if it is known. */
static bool find_hash(struct forked *fork, hash32 *hash, uint64_t number) {
    bool is_known = number == fork->number;
    *hash = fork->hash;
    (void)pthread_mutex_lock(&fork->ancestors_mutex);
    if (number < fork->number && fork->number - 1 - number < fork->ancestor_count) {
        *hash = fork->ancestors[fork->number - 1 - number];
        is_known = true;
    }
    (void)pthread_mutex_unlock(&fork->ancestors_mutex);
    return is_known;
}

/* The result of eth_getBlockByNumber, checked; its hash is known to be right where it is the fork
 * block or an ancestor whose hash is proven. */
static enum err take_numbered(
    struct forked *fork,
    struct remote_block *out,
    struct arena *arena,
    const struct remote_answer *answer,
    uint32_t token,
    uint64_t number
) {
    hash32 expected;
    if (token == 0) return remote_blame(fork->remote, "has no block %" PRIu64, number);
    enum err err = forked_take_block(fork, out, arena, answer, token, BY_NUMBER);
    if (err != ERR_OK) return err;
    if (out->block.header.number != number)
        return wrong_number(fork, out->block.header.number, number);
    if (!find_hash(fork, &expected, number) || hash32_equal(&expected, &out->hash)) return ERR_OK;
    return remote_blame(
        fork->remote, "has another block %" PRIu64 " than when the fork began", number
    );
}

static enum err keep_header(struct forked *fork, const struct remote_block *block) {
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    struct forked_header *kept = map_put(&fork->headers, &block->block.header.number, NULL);
    if (kept != NULL)
        *kept = (struct forked_header){
            .header = block->block.header,
            .hash = block->hash,
            .tx_count = block->block.tx_count,
        };
    forked_unlock(fork);
    return kept != NULL ? ERR_OK : forked_cache_full(fork, ERR_MEMORY);
}

/* The header of a block, and if the block before or after it was asked for last, those that may be
 * asked for next. */
static enum err fetch_headers(struct forked *fork, uint64_t number) {
    char params[HEADERS_IN_ROW][PARAMS_SIZE];
    struct remote_request requests[HEADERS_IN_ROW];
    struct remote_answer answer;
    struct arena arena;
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    bool goes_up = number == fork->last_header + 1;
    bool goes_down = number + 1 == fork->last_header;
    uint64_t most = goes_up ? fork->number - number + 1 : goes_down ? number + 1 : 1;
    size_t count = most < HEADERS_IN_ROW ? (size_t)most : HEADERS_IN_ROW;
    fork->last_header = goes_up ? number + count - 1 : number + 1 - (goes_down ? count : 1);
    forked_unlock(fork);
    for (size_t i = 0; i < count; i++) {
        uint64_t n = goes_up ? number + i : number - i;
        (void)snprintf(params[i], PARAMS_SIZE, "[\"0x%" PRIx64 "\",false]", n);
        requests[i] = (struct remote_request){BY_NUMBER, params[i]};
    }
    arena_open(&arena, WORK_SIZE_MAX);
    remote_answer_open(&answer);
    err = remote_ask(fork->remote, &answer, requests, count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct remote_block block;
        uint32_t token = 0;
        uint64_t n = goes_up ? number + i : number - i;
        err = remote_take(fork->remote, &answer, &token, requests, i);
        if (err == ERR_OK) err = take_numbered(fork, &block, &arena, &answer, token, n);
        if (err == ERR_OK) err = keep_header(fork, &block);
    }
    remote_answer_close(&answer);
    arena_close(&arena);
    return err;
}

static enum err
find_header(struct forked *fork, bool *is_found, struct forked_header *out, uint64_t number) {
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    const struct forked_header *kept = map_get(&fork->headers, &number);
    if (kept != NULL) *out = *kept;
    forked_unlock(fork);
    *is_found = kept != NULL;
    return ERR_OK;
}

enum err forked_read_header(
    struct forked *fork, struct header *header, hash32 *hash, size_t *tx_count, uint64_t number
) {
    CHECK(number <= fork->number);
    struct forked_header found;
    bool is_found;
    enum err err = find_header(fork, &is_found, &found, number);
    if (err == ERR_OK && !is_found) {
        enum err fetched = fetch_headers(fork, number);
        err = find_header(fork, &is_found, &found, number);
        if (!is_found && fetched != ERR_OK) return fetched; /* a neighbour may be what failed */
    }
    if (err != ERR_OK) return err;
    CHECK(is_found);
    *header = found.header;
    if (hash != NULL) *hash = found.hash;
    if (tx_count != NULL) *tx_count = found.tx_count;
    return ERR_OK;
}

/* Reads the headers from the lowest ancestor known down, as many as a batch takes. */
static enum err fetch_ancestors(struct forked *fork, size_t wanted) {
    char params[REMOTE_BATCH_MAX][PARAMS_SIZE];
    struct remote_request requests[REMOTE_BATCH_MAX];
    size_t known = fork->ancestor_count;
    size_t count = wanted - known < REMOTE_BATCH_MAX ? wanted - known : REMOTE_BATCH_MAX;
    uint64_t first = fork->number - known; /* whose parent's hash is the next */
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(params[i], PARAMS_SIZE, "[\"0x%" PRIx64 "\",false]", first - i);
        requests[i] = (struct remote_request){BY_NUMBER, params[i]};
    }
    struct remote_answer answer;
    struct arena arena;
    arena_open(&arena, WORK_SIZE_MAX);
    remote_answer_open(&answer);
    enum err err = remote_ask(fork->remote, &answer, requests, count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct remote_block block;
        uint32_t token = 0;
        uint64_t number = first - i;
        err = remote_take(fork->remote, &answer, &token, requests, i);
        if (err == ERR_OK && token == 0)
            err = remote_blame(fork->remote, "has no block %" PRIu64, number);
        if (err == ERR_OK)
            err = forked_take_block(fork, &block, &arena, &answer, token, requests[i].method);
        if (err != ERR_OK) break;
        size_t at = known + i; /* ancestors[at] is the parent's hash */
        const hash32 *expected = at == 0 ? &fork->hash : &fork->ancestors[at - 1];
        if (block.block.header.number != number)
            err = wrong_number(fork, block.block.header.number, number);
        else if (!hash32_equal(&block.hash, expected))
            err = remote_blame(
                fork->remote, "gives a block %" PRIu64 " that is no ancestor of the fork's", number
            );
        if (err != ERR_OK) break;
        fork->ancestors[at] = block.block.header.parent_hash;
        fork->ancestor_count = at + 1;
    }
    remote_answer_close(&answer);
    arena_close(&arena);
    return err;
}

enum err forked_block_hash(struct forked *fork, hash32 *hash, uint64_t number) {
    if (number == fork->number) {
        *hash = fork->hash;
        return ERR_OK;
    }
    if (number > fork->number || fork->number - number > FORKED_ANCESTORS_MAX) return ERR_MISSING;
    size_t wanted = (size_t)(fork->number - number);
    enum err err = ERR_OK;
    if (pthread_mutex_lock(&fork->ancestors_mutex) != 0) return ERR_IO;
    while (fork->ancestor_count < wanted && err == ERR_OK)
        err = fetch_ancestors(fork, wanted);
    if (err == ERR_OK) *hash = fork->ancestors[wanted - 1];
    (void)pthread_mutex_unlock(&fork->ancestors_mutex);
    return err;
}

/* --- whole blocks ----------------------------------------------------------------------------- */

static enum err check_root(
    struct forked *fork,
    const hash32 *root,
    const hash32 *expected,
    const char *what,
    uint64_t number
) {
    if (hash32_equal(root, expected)) return ERR_OK;
    return remote_blame(
        fork->remote, "gives %s of block %" PRIu64 " that are not those of its header", what, number
    );
}

static enum err
fetch_ommers(struct forked *fork, struct remote_block *out, struct arena *arena, uint64_t number) {
    char params[OMMER_COUNT_MAX][PARAMS_SIZE];
    struct remote_request requests[OMMER_COUNT_MAX];
    struct header *ommers = arena_alloc_array(arena, OMMER_COUNT_MAX, sizeof *ommers);
    if (ommers == NULL) return ERR_MEMORY;
    if (out->ommer_count == 0) return ERR_OK;
    if (out->ommer_count > OMMER_COUNT_MAX)
        return remote_blame(fork->remote, "gives a block %" PRIu64 " with too many uncles", number);
    for (size_t i = 0; i < out->ommer_count; i++) {
        (void)snprintf(params[i], PARAMS_SIZE, "[\"0x%" PRIx64 "\",\"0x%zx\"]", number, i);
        requests[i] = (struct remote_request){"eth_getUncleByBlockNumberAndIndex", params[i]};
    }
    struct remote_answer answer;
    remote_answer_open(&answer);
    enum err err = remote_ask(fork->remote, &answer, requests, out->ommer_count);
    for (size_t i = 0; i < out->ommer_count && err == ERR_OK; i++) {
        struct remote_block ommer;
        uint32_t token = 0;
        err = remote_take(fork->remote, &answer, &token, requests, i);
        if (err == ERR_OK && token == 0)
            err = forked_malformed(fork, ERR_INPUT, requests[i].method, "it is null");
        if (err == ERR_OK)
            err = forked_take_block(fork, &ommer, arena, &answer, token, requests[i].method);
        if (err == ERR_OK) ommers[i] = ommer.block.header;
    }
    remote_answer_close(&answer);
    out->block.ommers = ommers;
    out->block.ommer_count = out->ommer_count;
    return err;
}

static enum err check_body(
    struct forked *fork, const struct remote_block *out, struct arena *arena, uint64_t number
) {
    const struct block *block = &out->block;
    const struct header *header = &block->header;
    hash32 root;
    enum err err = ordered_root(&root, arena, block->tx_encodings, block->tx_count);
    if (err == ERR_OK)
        err = check_root(fork, &root, &header->transactions_root, "transactions", number);
    if (err == ERR_OK) err = ommers_hash(&root, arena, block->ommers, block->ommer_count);
    if (err == ERR_OK) err = check_root(fork, &root, &header->ommers_hash, "uncles", number);
    if (err != ERR_OK || header->fields < HEADER_WITHDRAWALS) return err;
    err = withdrawals_root(&root, arena, block->withdrawals, block->withdrawal_count);
    if (err != ERR_OK) return err;
    return check_root(fork, &root, &header->withdrawals_root, "withdrawals", number);
}

/* One receipt, a token of answer. */
static enum err take_receipt(
    struct forked *fork,
    struct receipt *receipt,
    struct arena *arena,
    const struct remote_answer *answer,
    uint32_t token,
    const char *method
) {
    const char *problem = "a receipt is null";
    enum err err = token == 0 || json_kind(&answer->json, token) == JSON_NULL ? ERR_INPUT : ERR_OK;
    if (err == ERR_OK) err = remote_read_receipt(receipt, &problem, arena, &answer->json, token);
    return forked_malformed(fork, err, method, problem);
}

/* For remotes without eth_getBlockReceipts. */
static enum err fetch_receipts_singly(
    struct forked *fork,
    struct receipt *receipts,
    struct arena *arena,
    const struct remote_block *of
) {
    char params[REMOTE_BATCH_MAX][PARAMS_SIZE];
    struct remote_request requests[REMOTE_BATCH_MAX];
    struct remote_answer answer;
    enum err err = ERR_OK;
    remote_answer_open(&answer);
    for (size_t done = 0; done < of->block.tx_count && err == ERR_OK; done += REMOTE_BATCH_MAX) {
        size_t count = of->block.tx_count - done;
        if (count > REMOTE_BATCH_MAX) count = REMOTE_BATCH_MAX;
        for (size_t i = 0; i < count; i++) {
            char hash[64];
            hex_encode(hash, hash32_bytes(&of->tx_hashes[done + i]));
            (void)snprintf(params[i], PARAMS_SIZE, "[\"0x%.64s\"]", hash);
            requests[i] = (struct remote_request){"eth_getTransactionReceipt", params[i]};
        }
        err = remote_ask(fork->remote, &answer, requests, count);
        for (size_t i = 0; i < count && err == ERR_OK; i++) {
            uint32_t token = 0;
            err = remote_take(fork->remote, &answer, &token, requests, i);
            if (err == ERR_OK)
                err = take_receipt(
                    fork, &receipts[done + i], arena, &answer, token, requests[i].method
                );
        }
    }
    remote_answer_close(&answer);
    return err;
}

static enum err fetch_receipts(
    struct forked *fork,
    struct receipt *receipts,
    struct arena *arena,
    const struct remote_block *of
) {
    static const char method[] = "eth_getBlockReceipts";
    char params[PARAMS_SIZE];
    const struct remote_request request = {method, params};
    struct remote_answer answer;
    size_t count = of->block.tx_count;
    (void)snprintf(params, sizeof params, "[\"0x%" PRIx64 "\"]", of->block.header.number);
    remote_answer_open(&answer);
    enum err err = remote_ask(fork->remote, &answer, &request, 1);
    uint32_t token = answer.results[0];
    bool is_list = err == ERR_OK && token != 0 && json_kind(&answer.json, token) == JSON_ARRAY &&
                   answer.json.tokens[token].count == count;
    if (is_list) {
        uint32_t at = token + 1;
        for (size_t i = 0; i < count && err == ERR_OK; i++, at = answer.json.tokens[at].next)
            err = take_receipt(fork, &receipts[i], arena, &answer, at, method);
    }
    remote_answer_close(&answer);
    return err != ERR_OK || is_list ? err : fetch_receipts_singly(fork, receipts, arena, of);
}

enum err forked_read_block(
    struct forked *fork, struct forked_block *out, struct arena *arena, uint64_t number
) {
    CHECK(number <= fork->number);
    char params[PARAMS_SIZE];
    struct remote_answer answer;
    struct remote_block read = {0};
    uint32_t token = 0;
    hash32 root;
    (void)snprintf(params, sizeof params, "[\"0x%" PRIx64 "\",true]", number);
    remote_answer_open(&answer);
    enum err err = forked_ask(fork, &answer, &token, BY_NUMBER, params);
    if (err == ERR_OK) err = take_numbered(fork, &read, arena, &answer, token, number);
    remote_answer_close(&answer);
    if (err != ERR_OK) return err;
    size_t count = read.block.tx_count;
    if (count > 0 && read.senders == NULL)
        return remote_blame(fork->remote, "gives block %" PRIu64 " without transactions", number);
    err = fetch_ommers(fork, &read, arena, number);
    if (err == ERR_OK) err = check_body(fork, &read, arena, number);
    struct receipt *receipts = arena_alloc_zero(arena, (count + 1) * sizeof *receipts);
    if (receipts == NULL) return ERR_MEMORY;
    if (err == ERR_OK && count > 0) err = fetch_receipts(fork, receipts, arena, &read);
    if (err == ERR_OK) err = receipts_root(&root, arena, receipts, count);
    if (err == ERR_OK)
        err = check_root(fork, &root, &read.block.header.receipts_root, "receipts", number);
    if (err != ERR_OK) return err;
    *out = (struct forked_block){
        .block = read.block,
        .hash = read.hash,
        .tx_hashes = read.tx_hashes,
        .senders = read.senders,
        .receipts = receipts,
    };
    return ERR_OK;
}

/* --- finding ---------------------------------------------------------------------------------- */

/* The result of a method that takes a hash and gives an object that says where it is. */
static enum err ask_for_hash(
    struct forked *fork,
    struct remote_answer *answer,
    uint32_t *token,
    const char *method,
    const hash32 *hash,
    const char *more
) {
    char params[PARAMS_SIZE];
    char text[64];
    hex_encode(text, hash32_bytes(hash));
    (void)snprintf(params, sizeof params, "[\"0x%.64s\"%s]", text, more);
    enum err err = forked_ask(fork, answer, token, method, params);
    if (err == ERR_OK && *token != 0 && json_kind(&answer->json, *token) != JSON_OBJECT)
        err = forked_malformed(fork, ERR_INPUT, method, "it is not an object");
    return err;
}

/* A member that is a number; 0 and *is_there false where it is missing or null. */
static enum err read_member(
    struct forked *fork,
    uint64_t *out,
    bool *is_there,
    const struct remote_answer *answer,
    uint32_t object,
    const char *name,
    const char *method
) {
    const char *problem = "a number does not fit 64 bits";
    u256 value = U256_ZERO;
    uint32_t token = json_member(&answer->json, object, name);
    *is_there = token != 0 && json_kind(&answer->json, token) != JSON_NULL;
    if (!*is_there) return ERR_OK;
    enum err err = remote_read_number(&value, &problem, &answer->json, token);
    if (err == ERR_OK && !u256_fits_u64(&value)) err = ERR_INPUT;
    if (err != ERR_OK) return forked_malformed(fork, err, method, problem);
    *out = value.w[0];
    return ERR_OK;
}

enum err
forked_find_block(struct forked *fork, bool *is_found, uint64_t *number, const hash32 *hash) {
    static const char method[] = "eth_getBlockByHash";
    *is_found = hash32_equal(hash, &fork->hash);
    *number = fork->number;
    if (*is_found) return ERR_OK;
    struct remote_answer answer;
    uint32_t token;
    remote_answer_open(&answer);
    enum err err = ask_for_hash(fork, &answer, &token, method, hash, ",false");
    if (err == ERR_OK && token != 0)
        err = read_member(fork, number, is_found, &answer, token, "number", method);
    remote_answer_close(&answer);
    *is_found = *is_found && *number <= fork->number;
    return err;
}

enum err forked_find_transaction(
    struct forked *fork, bool *is_found, struct forked_place *place, const hash32 *hash
) {
    static const char method[] = "eth_getTransactionByHash";
    struct remote_answer answer;
    uint32_t token;
    bool has_index = false;
    *is_found = false;
    remote_answer_open(&answer);
    enum err err = ask_for_hash(fork, &answer, &token, method, hash, "");
    if (err == ERR_OK && token != 0)
        err = read_member(fork, &place->number, is_found, &answer, token, "blockNumber", method);
    if (err == ERR_OK && *is_found)
        err = read_member(
            fork, &place->index, &has_index, &answer, token, "transactionIndex", method
        );
    remote_answer_close(&answer);
    *is_found = *is_found && has_index && place->number <= fork->number;
    if (err == ERR_OK && *is_found) {
        struct header header;
        err = forked_read_header(fork, &header, &place->block_hash, NULL, place->number);
    }
    return err;
}

/* --- logs ------------------------------------------------------------------------------------- */

static void write_position(struct json_writer *w, const struct log_topics *topics) {
    if (topics->count == 0) {
        json_null(w);
        return;
    }
    json_array_begin(w);
    for (size_t i = 0; i < topics->count; i++)
        json_hash(w, &topics->any[i]);
    json_array_end(w);
}

static void
write_query(struct json_writer *w, const struct log_query *query, uint64_t from, uint64_t to) {
    json_array_begin(w);
    json_object_begin(w);
    json_member_quantity_u64(w, "fromBlock", from);
    json_member_quantity_u64(w, "toBlock", to);
    if (query->address_count > 0) {
        json_key(w, "address");
        json_array_begin(w);
        for (size_t i = 0; i < query->address_count; i++)
            json_address(w, &query->addresses[i]);
        json_array_end(w);
    }
    json_key(w, "topics");
    json_array_begin(w);
    for (size_t i = 0; i < query->topic_count; i++)
        write_position(w, &query->topics[i]);
    json_array_end(w);
    json_object_end(w);
    json_array_end(w);
}

enum err forked_find_logs(
    struct forked *fork,
    const struct rpc_log **logs,
    size_t *count,
    struct arena *arena,
    const struct log_query *query,
    uint64_t from,
    uint64_t to
) {
    static const char method[] = "eth_getLogs";
    struct json_writer params;
    struct remote_answer answer;
    const struct rpc_log *found = NULL;
    size_t found_count = 0;
    uint32_t token = 0;
    const char *problem = "it is null";
    json_writer_open(&params, QUERY_SIZE_MAX);
    remote_answer_open(&answer);
    write_query(&params, query, from, to);
    char *text = arena_alloc(arena, params.size + 1);
    enum err err = json_failed(&params) || text == NULL ? ERR_MEMORY : ERR_OK;
    if (err == ERR_OK) {
        memcpy(text, params.data, params.size);
        text[params.size] = 0;
        err = forked_ask(fork, &answer, &token, method, text);
    }
    if (err == ERR_OK) {
        err = token == 0
                  ? ERR_INPUT
                  : remote_read_logs(&found, &found_count, &problem, arena, &answer.json, token);
        err = forked_malformed(fork, err, method, problem);
    }
    for (size_t i = 0; i < found_count && err == ERR_OK; i++)
        if (found[i].block_number < from || found[i].block_number > to ||
            !log_query_matches(query, &found[i].log))
            err = remote_blame(fork->remote, "gives logs that were not asked for");
    remote_answer_close(&answer);
    json_writer_close(&params);
    if (err != ERR_OK) return err;
    *logs = found;
    *count = found_count;
    return ERR_OK;
}
