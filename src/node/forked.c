#include "node/forked.h"

#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "node/forked_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WORK_SIZE_MAX ((size_t)256 << 20) /* one answer, decoded */
#define KEYS_IN_ROW   16 /* slots that follow one another are asked for by so many */

/* --- asking ----------------------------------------------------------------------------------- */

static void write_hex(char *out, bytes b) {
    out[0] = '0';
    out[1] = 'x';
    hex_encode(out + 2, b);
    out[2 + 2 * b.size] = 0;
}

void forked_write_address(char out[FORKED_ADDRESS_TEXT], const address *who) {
    write_hex(out, address_bytes(who));
}

void forked_write_word(char out[FORKED_WORD_TEXT], const u256 *value) {
    uint8_t be[32];
    u256_store_be(be, value);
    write_hex(out, bytes_of(be, sizeof be));
}

enum err forked_ask(
    struct forked *fork,
    struct remote_answer *answer,
    uint32_t *token,
    const char *method,
    const char *params
) {
    const struct remote_request request = {method, params};
    enum err err = remote_ask(fork->remote, answer, &request, 1);
    return err == ERR_OK ? remote_take(fork->remote, answer, token, &request, 0) : err;
}

enum err
forked_malformed(struct forked *fork, enum err err, const char *method, const char *problem) {
    if (err != ERR_INPUT) return err;
    return remote_blame(fork->remote, "gives a malformed answer to %s: %s", method, problem);
}

enum err forked_take_block(
    struct forked *fork,
    struct remote_block *out,
    struct arena *arena,
    const struct remote_answer *answer,
    uint32_t token,
    const char *method
) {
    const char *problem = "";
    enum err err = remote_read_block(out, &problem, arena, &answer->json, token);
    if (err != ERR_OK) return forked_malformed(fork, err, method, problem);
    hash32 hash = header_hash(&out->block.header);
    if (fork->is_trusted || hash32_equal(&hash, &out->hash)) return ERR_OK;
    return remote_blame(
        fork->remote,
        "gives a block %" PRIu64
        " that does not hash to its own hash; --fork-trust takes it as given",
        out->block.header.number
    );
}

enum err forked_lock(struct forked *fork) {
    return pthread_mutex_lock(&fork->mutex) == 0 ? ERR_OK : ERR_IO;
}

void forked_unlock(struct forked *fork) {
    (void)pthread_mutex_unlock(&fork->mutex);
}

enum err forked_cache_full(struct forked *fork, enum err err) {
    if (err != ERR_MEMORY) return err;
    return remote_blame(
        fork->remote,
        "has given %zu MiB, more is not kept; start the network again",
        FORKED_CACHE_SIZE_MAX >> 20
    );
}

/* --- what is asked for together --------------------------------------------------------------- */

/* How many slots to ask for from this one on. Members of a struct and elements of an array follow
 * one another; and each block writes the next slots of two rings (EIP-2935, EIP-4788), which would
 * have every block wait for the remote. */
size_t forked_key_count(struct forked *fork, const address *who, const u256 *key) {
    bool is_ring =
        address_equal(who, &HISTORY_STORAGE_ADDRESS) || address_equal(who, &BEACON_ROOTS_ADDRESS);
    if (is_ring) return FORKED_KEYS_MAX;
    size_t count = 1;
    const u256 row = u256_from_u64(KEYS_IN_ROW);
    (void)pthread_mutex_lock(&fork->mutex);
    bool is_first;
    u256 *last = map_put(&fork->last_keys, who, &is_first);
    if (last != NULL) {
        u256 step = u256_sub(key, last);
        bool is_next = !u256_is_zero(&step) && u256_less(&step, &row);
        if (is_next && !is_first) count = KEYS_IN_ROW;
        const u256 more = u256_from_u64(count - 1);
        *last = u256_add(key, &more);
    }
    (void)pthread_mutex_unlock(&fork->mutex);
    return count;
}

u256 forked_key_after(const u256 *key, size_t index) {
    const u256 more = u256_from_u64(index);
    return u256_add(key, &more);
}

/* --- codes ------------------------------------------------------------------------------------ */

enum err forked_keep_code(struct forked *fork, const hash32 *hash, bytes code) {
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    err = source_memory_put_code(&fork->cache, hash, code);
    forked_unlock(fork);
    return forked_cache_full(fork, err);
}

enum err
forked_check_code(const struct forked_subject *subject, const hash32 *expected, bytes code) {
    char who[FORKED_ADDRESS_TEXT];
    hash32 hash = keccak256(code);
    if (hash32_equal(&hash, expected)) return ERR_OK;
    forked_write_address(who, subject->who);
    return remote_blame(
        subject->source->fork->remote,
        "gives a code of %s in block %" PRIu64 " that does not hash to the account's code hash",
        who,
        subject->source->number
    );
}

/* --- the source ------------------------------------------------------------------------------- */

struct forked_source *forked_source_of(struct source_origin *origin) {
    return (struct forked_source *)(void
                                        *)((char *)origin - offsetof(struct forked_source, origin));
}

static enum err
name_code(struct source_origin *origin, const hash32 *code_hash, const address *who) {
    struct forked *fork = forked_source_of(origin)->fork;
    if (hash32_equal(code_hash, &KECCAK_EMPTY)) return ERR_OK;
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    address *owner = map_put(&fork->code_owners, code_hash, NULL);
    if (owner != NULL) *owner = *who;
    forked_unlock(fork);
    return owner != NULL ? ERR_OK : forked_cache_full(fork, ERR_MEMORY);
}

static enum err read_node(struct source *source, const hash32 *hash, bytes *encoded) {
    struct forked_source *own = (struct forked_source *)source;
    enum err err = source_node(own->base, hash, encoded);
    if (err != ERR_MISSING) return err;
    err = forked_lock(own->fork);
    if (err != ERR_OK) return err;
    err = source_node(&own->fork->cache.source, hash, encoded);
    forked_unlock(own->fork);
    return err;
}

static enum err fetch_code(struct forked_source *source, const hash32 *code_hash, address owner) {
    struct forked *fork = source->fork;
    struct forked_subject subject = {.source = source, .who = &owner};
    char who[FORKED_ADDRESS_TEXT];
    char params[FORKED_PARAMS_SIZE];
    struct remote_answer answer;
    struct arena arena;
    uint32_t token;
    const char *problem = "";
    bytes code;
    forked_write_address(who, &owner);
    (void)snprintf(params, sizeof params, "[\"%s\",\"0x%" PRIx64 "\"]", who, source->number);
    arena_open(&arena, WORK_SIZE_MAX);
    remote_answer_open(&answer);
    enum err err = forked_ask(fork, &answer, &token, "eth_getCode", params);
    if (err == ERR_OK) {
        err = remote_read_data(&code, &problem, &arena, &answer.json, token);
        err = forked_malformed(fork, err, "eth_getCode", problem);
    }
    if (err == ERR_OK) err = forked_check_code(&subject, code_hash, code);
    if (err == ERR_OK) err = forked_keep_code(fork, code_hash, code);
    remote_answer_close(&answer);
    arena_close(&arena);
    return err;
}

static enum err read_code(struct source *source, const hash32 *code_hash, bytes *code) {
    struct forked_source *own = (struct forked_source *)source;
    struct forked *fork = own->fork;
    address owner = {{0}};
    enum err err = source_code(own->base, code_hash, code);
    if (err != ERR_MISSING) return err;
    err = forked_lock(fork);
    if (err != ERR_OK) return err;
    enum err found = source_code(&fork->cache.source, code_hash, code);
    const address *named = map_get(&fork->code_owners, code_hash);
    if (named != NULL) owner = *named;
    forked_unlock(fork);
    if (found != ERR_MISSING || named == NULL) return found;
    err = fetch_code(own, code_hash, owner);
    if (err == ERR_OK) err = forked_lock(fork);
    if (err != ERR_OK) return err;
    found = source_code(&fork->cache.source, code_hash, code);
    forked_unlock(fork);
    return found;
}

void forked_source_open(
    struct forked_source *source,
    struct forked *fork,
    struct source *base,
    const struct header *header
) {
    *source = (struct forked_source){
        .source = {read_node, read_code, &source->origin},
        .origin = {.name_code = name_code},
        .base = base,
        .fork = fork,
        .number = header->number,
        .root = header->state_root,
    };
    if (fork->is_proven) {
        source->origin.prove = forked_prove;
        source->origin.prove_path = forked_prove_path;
    } else {
        source->origin.account = forked_unproven_account;
        source->origin.slot = forked_unproven_slot;
    }
}

const hash32 *forked_source_root(const struct forked_source *source) {
    return source->fork->is_proven ? &source->root : &EMPTY_TRIE_ROOT;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum err find_block(struct forked *fork, const struct forked_options *options) {
    char params[FORKED_PARAMS_SIZE];
    struct remote_answer answer;
    struct remote_block block;
    struct arena arena;
    u256 chain_id;
    const char *problem = "";
    uint32_t tokens[3];
    if (options->has_number)
        (void)snprintf(params, sizeof params, "[\"0x%" PRIx64 "\",false]", options->number);
    else
        (void)snprintf(params, sizeof params, "[\"latest\",false]");
    const struct remote_request requests[] = {
        {"eth_chainId", "[]"}, {"eth_getBlockByNumber", params}, {"eth_blockNumber", "[]"}};
    arena_open(&arena, WORK_SIZE_MAX);
    remote_answer_open(&answer);
    enum err err = remote_ask(fork->remote, &answer, requests, 3);
    for (size_t i = 0; i < 3 && err == ERR_OK; i++)
        err = remote_take(fork->remote, &answer, &tokens[i], requests, i);
    if (err != ERR_OK) goto out;
    err = remote_read_number(&chain_id, &problem, &answer.json, tokens[0]);
    if (err == ERR_OK && (!u256_fits_u64(&chain_id) || u256_is_zero(&chain_id))) {
        problem = "no chain id";
        err = ERR_INPUT;
    }
    err = forked_malformed(fork, err, "eth_chainId", problem);
    if (err != ERR_OK) goto out;
    fork->chain_id = chain_id.w[0];
    if (tokens[1] == 0) {
        u256 newest = U256_ZERO;
        err = remote_read_number(&newest, &problem, &answer.json, tokens[2]);
        err = forked_malformed(fork, err, "eth_blockNumber", problem);
        if (err == ERR_OK)
            err = remote_blame(
                fork->remote,
                "has no block %" PRIu64 "; its newest is %" PRIu64,
                options->number,
                newest.w[0]
            );
        goto out;
    }
    err = forked_take_block(fork, &block, &arena, &answer, tokens[1], "eth_getBlockByNumber");
    if (err != ERR_OK) goto out;
    fork->header = block.block.header;
    fork->number = fork->header.number;
    fork->hash = block.hash;
    if (options->has_number && fork->number != options->number)
        err = remote_blame(
            fork->remote,
            "gives block %" PRIu64 " where %" PRIu64 " was asked for",
            fork->number,
            options->number
        );
out:
    remote_answer_close(&answer);
    arena_close(&arena);
    return err;
}

static void be_unproven(struct forked *fork, const char *reason) {
    fork->is_proven = false;
    (void)snprintf(fork->unproven_reason, sizeof fork->unproven_reason, "%s", reason);
}

/* Asks for one proof: where the remote refuses there will be none. One that is wrong is not
 * accepted as such. */
static enum err find_proof(struct forked *fork) {
    char params[FORKED_PARAMS_SIZE];
    char who[FORKED_ADDRESS_TEXT];
    struct remote_answer answer;
    struct forked_source source;
    const address nobody = {{0}};
    const struct remote_request request = {"eth_getProof", params};
    const hash32 *root = &fork->header.state_root;
    if (fork->is_trusted) {
        be_unproven(fork, "it is trusted (--fork-trust)");
        return ERR_OK;
    }
    if (hash32_is_zero(root) || hash32_equal(root, &EMPTY_TRIE_ROOT)) {
        be_unproven(fork, "its block has no state root");
        return ERR_OK;
    }
    forked_write_address(who, &nobody);
    (void)snprintf(params, sizeof params, "[\"%s\",[],\"0x%" PRIx64 "\"]", who, fork->number);
    remote_answer_open(&answer);
    enum err err = remote_ask(fork->remote, &answer, &request, 1);
    bool is_refused = err == ERR_OK && answer.refusals[0] != 0;
    bool is_null = err == ERR_OK && !is_refused && answer.results[0] == 0;
    if (is_refused) {
        uint32_t token;
        err = remote_take(fork->remote, &answer, &token, &request, 0);
        be_unproven(fork, err_text(err));
        err = ERR_OK;
    }
    if (is_null) be_unproven(fork, "it answers eth_getProof with null");
    remote_answer_close(&answer);
    if (err != ERR_OK || is_refused || is_null) return err;
    fork->is_proven = true;
    forked_source_open(&source, fork, &fork->cache.source, &fork->header);
    err = forked_prove(&source.origin, &nobody, NULL);
    if (err == ERR_REMOTE) {
        char text[ERR_REMOTE_TEXT_SIZE];
        (void)snprintf(
            text, sizeof text, "%.400s; --fork-trust takes its values without proofs", err_text(err)
        );
        err_note_remote(text);
    }
    return err;
}

enum err forked_open(
    struct forked **fork, char *error, size_t error_size, const struct forked_options *options
) {
    struct forked *made = calloc(1, sizeof *made);
    enum err err = made == NULL ? ERR_MEMORY : remote_open(&made->remote, options->url);
    if (err != ERR_OK) {
        const char *what = err == ERR_INPUT ? "no http:// or https:// URL" : err_text(err);
        (void)snprintf(error, error_size, "--fork-url: %s", what);
        free(made);
        return err;
    }
    arena_open(&made->arena, FORKED_CACHE_SIZE_MAX);
    source_memory_open(&made->cache, &made->arena, NULL);
    map_open(&made->code_owners, &made->arena, sizeof(hash32), sizeof(address));
    map_open(
        &made->accounts,
        &made->arena,
        sizeof(struct forked_account_key),
        sizeof(struct forked_account)
    );
    map_open(&made->headers, &made->arena, sizeof(uint64_t), sizeof(struct forked_header));
    map_open(&made->last_keys, &made->arena, sizeof(address), sizeof(u256));
    map_open(&made->slots, &made->arena, sizeof(struct forked_slot_key), sizeof(u256));
    made->is_trusted = options->is_trusted;
    made->url = strdup(options->url);
    CHECK(pthread_mutex_init(&made->mutex, NULL) == 0);
    CHECK(pthread_mutex_init(&made->ancestors_mutex, NULL) == 0);
    err = made->url == NULL ? ERR_MEMORY : find_block(made, options);
    if (err == ERR_OK) err = find_proof(made);
    if (err != ERR_OK) {
        (void)snprintf(error, error_size, "%s", err_text(err));
        forked_close(made);
        return err;
    }
    *fork = made;
    return ERR_OK;
}

bool forked_take_departed(struct forked *fork) {
    if (forked_lock(fork) != ERR_OK) return false;
    bool is_news = fork->has_departed && !fork->told_departed;
    fork->told_departed = fork->told_departed || is_news;
    forked_unlock(fork);
    return is_news;
}

void forked_close(struct forked *fork) {
    if (fork == NULL) return;
    remote_close(fork->remote);
    arena_close(&fork->arena);
    (void)pthread_mutex_destroy(&fork->mutex);
    (void)pthread_mutex_destroy(&fork->ancestors_mutex);
    free(fork->url);
    free(fork);
}

uint64_t forked_number(const struct forked *fork) {
    return fork->number;
}

uint64_t forked_chain_id(const struct forked *fork) {
    return fork->chain_id;
}

const hash32 *forked_hash(const struct forked *fork) {
    return &fork->hash;
}

const struct header *forked_header(const struct forked *fork) {
    return &fork->header;
}

const char *forked_name(const struct forked *fork) {
    return remote_name(fork->remote);
}

const char *forked_url(const struct forked *fork) {
    return fork->url;
}

bool forked_is_proven(const struct forked *fork) {
    return fork->is_proven;
}

const char *forked_unproven_reason(const struct forked *fork) {
    return fork->unproven_reason;
}
