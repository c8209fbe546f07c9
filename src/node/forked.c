#include "node/forked.h"

#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "node/forked_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WORK_SIZE_MAX   ((size_t)256 << 20) /* one answer, decoded */
#define PARAMS_SIZE     256
#define ADDRESS_TEXT    43 /* 0x, 40 digits, end */
#define WORD_TEXT       67
#define SEARCH_PER_STEP 32

struct forked_account_key {
    uint64_t number;
    address who;
    uint8_t zero[4];
};

struct forked_account {
    struct account account;
    bool exists;
};

struct forked_slot_key {
    u256 key;
    uint64_t number;
    address who;
    uint8_t zero[4];
};

/* --- asking ----------------------------------------------------------------------------------- */

static void write_hex(char *out, bytes b) {
    out[0] = '0';
    out[1] = 'x';
    hex_encode(out + 2, b);
    out[2 + 2 * b.size] = 0;
}

static void write_address(char out[ADDRESS_TEXT], const address *who) {
    write_hex(out, address_bytes(who));
}

static void write_word(char out[WORD_TEXT], const u256 *value) {
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

static enum err lock(struct forked *fork) {
    return pthread_mutex_lock(&fork->mutex) == 0 ? ERR_OK : ERR_IO;
}

static void unlock(struct forked *fork) {
    (void)pthread_mutex_unlock(&fork->mutex);
}

static enum err cache_full(struct forked *fork, enum err err) {
    if (err != ERR_MEMORY) return err;
    return remote_blame(
        fork->remote,
        "has given %zu MiB, more is not kept; start the network again",
        FORKED_CACHE_SIZE_MAX >> 20
    );
}

/* --- proofs ----------------------------------------------------------------------------------- */

/* What is being proven, for the texts. */
struct subject {
    const struct forked_source *source;
    const address *who;
    const u256 *key; /* NULL: the account */
};

static enum err refuse(const struct subject *subject, const char *why) {
    char who[ADDRESS_TEXT];
    char key[WORD_TEXT] = "";
    write_address(who, subject->who);
    if (subject->key != NULL) write_word(key, subject->key);
    return remote_blame(
        subject->source->fork->remote,
        "gives a proof of %s%s%s in block %" PRIu64 " that is refused: %s",
        who,
        key[0] != 0 ? " slot " : "",
        key,
        subject->source->number,
        why
    );
}

static enum err check_account(
    const struct subject *subject, struct account *account, const struct remote_proof *p
) {
    struct account proven;
    enum proof_verdict verdict = proof_verify_account(
        &proven, &subject->source->root, subject->who, p->nodes, p->node_count
    );
    if (verdict != PROOF_PRESENT && verdict != PROOF_ABSENT)
        return refuse(subject, proof_verdict_text(verdict));
    *account = proven;
    const struct account *stated = &p->account;
    if (proven.nonce != stated->nonce) return refuse(subject, "the nonce is another than stated");
    if (!u256_equal(&proven.balance, &stated->balance))
        return refuse(subject, "the balance is another than stated");
    if (verdict == PROOF_ABSENT) return ERR_OK;
    if (!hash32_equal(&proven.code_hash, &stated->code_hash))
        return refuse(subject, "the code hash is another than stated");
    if (!hash32_equal(&proven.storage_root, &stated->storage_root))
        return refuse(subject, "the storage root is another than stated");
    return ERR_OK;
}

static enum err check_slot(
    const struct subject *subject, const hash32 *storage_root, const struct remote_slot_proof *p
) {
    u256 value;
    bool is_empty = hash32_equal(storage_root, &EMPTY_TRIE_ROOT);
    /* Of an empty trie some give the empty root node, others nothing. */
    size_t count = is_empty ? 0 : p->node_count;
    enum proof_verdict verdict =
        proof_verify_slot(&value, storage_root, subject->key, p->nodes, count);
    if (verdict != PROOF_PRESENT && verdict != PROOF_ABSENT)
        return refuse(subject, proof_verdict_text(verdict));
    if (!u256_equal(&value, &p->value)) return refuse(subject, "the value is another than stated");
    return ERR_OK;
}

static enum err keep_nodes(struct forked *fork, const bytes *nodes, size_t count) {
    enum err err = lock(fork);
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        hash32 hash = keccak256(nodes[i]);
        err = source_memory_put_node(&fork->cache, &hash, nodes[i]);
    }
    unlock(fork);
    return cache_full(fork, err);
}

static enum err keep_code(struct forked *fork, const hash32 *hash, bytes code) {
    enum err err = lock(fork);
    if (err != ERR_OK) return err;
    err = source_memory_put_code(&fork->cache, hash, code);
    unlock(fork);
    return cache_full(fork, err);
}

static enum err check_code(const struct subject *subject, const hash32 *expected, bytes code) {
    char who[ADDRESS_TEXT];
    hash32 hash = keccak256(code);
    if (hash32_equal(&hash, expected)) return ERR_OK;
    write_address(who, subject->who);
    return remote_blame(
        subject->source->fork->remote,
        "gives a code of %s in block %" PRIu64 " that does not hash to the account's code hash",
        who,
        subject->source->number
    );
}

/* Proof and, of an account, code, which is most often wanted next. */
static enum err fetch_proof(const struct subject *subject, struct arena *arena) {
    struct forked *fork = subject->source->fork;
    char who[ADDRESS_TEXT];
    char key[WORD_TEXT] = "";
    char proof_params[PARAMS_SIZE];
    char code_params[PARAMS_SIZE];
    bool has_key = subject->key != NULL;
    uint64_t number = subject->source->number;
    write_address(who, subject->who);
    if (has_key) write_word(key, subject->key);
    const char *quote = has_key ? "\"" : "";
    (void)snprintf(
        proof_params,
        sizeof proof_params,
        "[\"%s\",[%s%s%s],\"0x%" PRIx64 "\"]",
        who,
        quote,
        key,
        quote,
        number
    );
    (void)snprintf(code_params, sizeof code_params, "[\"%s\",\"0x%" PRIx64 "\"]", who, number);
    const struct remote_request requests[] = {
        {"eth_getProof", proof_params}, {"eth_getCode", code_params}};
    struct remote_answer answer;
    struct remote_proof proof;
    struct account account;
    bytes code = BYTES_EMPTY;
    uint32_t proof_token = 0;
    uint32_t code_token = 0;
    const char *problem = "it is null";
    remote_answer_open(&answer);
    enum err err = remote_ask(fork->remote, &answer, requests, has_key ? 1 : 2);
    if (err == ERR_OK) err = remote_take(fork->remote, &answer, &proof_token, requests, 0);
    if (err == ERR_OK && !has_key)
        err = remote_take(fork->remote, &answer, &code_token, requests, 1);
    if (err != ERR_OK) goto out;
    err = proof_token == 0 ? ERR_INPUT
                           : remote_read_proof(&proof, &problem, arena, &answer.json, proof_token);
    err = forked_malformed(fork, err, "eth_getProof", problem);
    if (err == ERR_OK) err = check_account(subject, &account, &proof);
    if (err == ERR_OK && has_key)
        err = proof.slot_count == 1 ? check_slot(subject, &account.storage_root, &proof.slots[0])
                                    : refuse(subject, "it is not of one slot");
    if (err == ERR_OK && !has_key) {
        err = remote_read_data(&code, &problem, arena, &answer.json, code_token);
        err = forked_malformed(fork, err, "eth_getCode", problem);
        if (err == ERR_OK) err = check_code(subject, &account.code_hash, code);
        if (err == ERR_OK && code.size > 0) err = keep_code(fork, &account.code_hash, code);
    }
    if (err == ERR_OK) err = keep_nodes(fork, proof.nodes, proof.node_count);
    if (err == ERR_OK && has_key)
        err = keep_nodes(fork, proof.slots[0].nodes, proof.slots[0].node_count);
out:
    remote_answer_close(&answer);
    return err;
}

static struct forked_source *source_of(struct source_origin *origin) {
    return (struct forked_source *)(void
                                        *)((char *)origin - offsetof(struct forked_source, origin));
}

static enum err prove(struct source_origin *origin, const address *who, const u256 *key) {
    struct subject subject = {source_of(origin), who, key};
    struct arena arena;
    arena_open(&arena, WORK_SIZE_MAX);
    enum err err = fetch_proof(&subject, &arena);
    arena_close(&arena);
    return err;
}

/* Whether a hash begins with this path. */
static bool begins_with(const hash32 *hash, const uint8_t *path, unsigned nibbles) {
    if (memcmp(hash->b, path, nibbles / 2) != 0) return false;
    return nibbles % 2 == 0 || (hash->b[nibbles / 2] ^ path[nibbles / 2]) < 16;
}

/* Finds what hashes into a path, by trying: of size bytes, numbers from 0 on. */
static void search(uint8_t found[32], size_t size, const uint8_t *path, unsigned nibbles) {
    uint8_t tried[SEARCH_PER_STEP][32] = {{0}};
    bytes in[SEARCH_PER_STEP];
    hash32 out[SEARCH_PER_STEP];
    for (size_t i = 0; i < SEARCH_PER_STEP; i++)
        in[i] = bytes_of(tried[i], size);
    for (uint64_t next = 0;;) {
        for (size_t i = 0; i < SEARCH_PER_STEP; i++)
            store_be64(tried[i] + size - 8, next++);
        keccak256_many(out, in, SEARCH_PER_STEP);
        for (size_t i = 0; i < SEARCH_PER_STEP; i++)
            if (begins_with(&out[i], path, nibbles)) {
                memcpy(found, tried[i], size);
                return;
            }
    }
}

/* The node is on the way to whatever hashes to something below it. */
static enum err prove_path(
    struct source_origin *origin, const address *who, const uint8_t *path, unsigned nibbles
) {
    struct forked *fork = source_of(origin)->fork;
    uint8_t found[32];
    if (nibbles > FORKED_SEARCH_NIBBLES_MAX) {
        enum err err = lock(fork);
        if (err != ERR_OK) return err;
        fork->has_departed = true;
        unlock(fork);
        return ERR_UNSUPPORTED;
    }
    if (who == NULL) {
        address other;
        search(found, sizeof other.b, path, nibbles);
        memcpy(other.b, found, sizeof other.b);
        return prove(origin, &other, NULL);
    }
    search(found, sizeof found, path, nibbles);
    u256 key = u256_load_be(found);
    return prove(origin, who, &key);
}

bool forked_take_departed(struct forked *fork) {
    if (lock(fork) != ERR_OK) return false;
    bool is_news = fork->has_departed && !fork->told_departed;
    fork->told_departed = fork->told_departed || is_news;
    unlock(fork);
    return is_news;
}

/* --- values without proof --------------------------------------------------------------------- */

static enum err
fetch_account(struct forked_source *source, struct forked_account *out, const address *who) {
    struct forked *fork = source->fork;
    char text[ADDRESS_TEXT];
    char params[PARAMS_SIZE];
    write_address(text, who);
    (void)snprintf(params, sizeof params, "[\"%s\",\"0x%" PRIx64 "\"]", text, source->number);
    const struct remote_request requests[] = {
        {"eth_getBalance", params}, {"eth_getTransactionCount", params}, {"eth_getCode", params}};
    enum { COUNT = sizeof requests / sizeof requests[0] };
    uint32_t tokens[COUNT];
    struct remote_answer answer;
    struct arena arena;
    const char *problem = "";
    bytes code = BYTES_EMPTY;
    u256 nonce = U256_ZERO;
    struct account account = account_none();
    arena_open(&arena, WORK_SIZE_MAX);
    remote_answer_open(&answer);
    size_t at = 0; /* the request that is to blame */
    enum err err = remote_ask(fork->remote, &answer, requests, COUNT);
    for (size_t i = 0; i < COUNT && err == ERR_OK; i++)
        err = remote_take(fork->remote, &answer, &tokens[i], requests, i);
    if (err != ERR_OK) goto out;
    err = remote_read_number(&account.balance, &problem, &answer.json, tokens[at]);
    if (err == ERR_OK) err = remote_read_number(&nonce, &problem, &answer.json, tokens[++at]);
    if (err == ERR_OK && !u256_fits_u64(&nonce)) {
        problem = "a number does not fit 64 bits";
        err = ERR_INPUT;
    }
    if (err == ERR_OK) err = remote_read_data(&code, &problem, &arena, &answer.json, tokens[++at]);
    err = forked_malformed(fork, err, requests[at].method, problem);
    if (err != ERR_OK) goto out;
    account.nonce = nonce.w[0];
    account.code_hash = keccak256(code);
    if (code.size > 0) err = keep_code(fork, &account.code_hash, code);
    if (err == ERR_OK) *out = (struct forked_account){account, !account_is_empty(&account)};
out:
    remote_answer_close(&answer);
    arena_close(&arena);
    return err;
}

static enum err unproven_account(
    struct source_origin *origin, struct account *account, bool *exists, const address *who
) {
    struct forked_source *source = source_of(origin);
    struct forked *fork = source->fork;
    struct forked_account_key key = {.number = source->number, .who = *who};
    struct forked_account read = {.exists = false};
    enum err err = lock(fork);
    if (err != ERR_OK) return err;
    const struct forked_account *known = map_get(&fork->accounts, &key);
    if (known != NULL) read = *known;
    unlock(fork);
    if (known == NULL) {
        err = fetch_account(source, &read, who);
        if (err == ERR_OK) err = lock(fork);
        if (err != ERR_OK) return err;
        struct forked_account *kept = map_put(&fork->accounts, &key, NULL);
        if (kept != NULL) *kept = read;
        unlock(fork);
        if (kept == NULL) return cache_full(fork, ERR_MEMORY);
    }
    *account = read.account;
    *exists = read.exists;
    return ERR_OK;
}

static enum err
unproven_slot(struct source_origin *origin, u256 *value, const address *who, const u256 *slot) {
    struct forked_source *source = source_of(origin);
    struct forked *fork = source->fork;
    struct forked_slot_key key = {.key = *slot, .number = source->number, .who = *who};
    enum err err = lock(fork);
    if (err != ERR_OK) return err;
    const u256 *known = map_get(&fork->slots, &key);
    if (known != NULL) *value = *known;
    unlock(fork);
    if (known != NULL) return ERR_OK;

    char text[ADDRESS_TEXT];
    char slot_text[WORD_TEXT];
    char params[PARAMS_SIZE];
    struct remote_answer answer;
    uint32_t token;
    const char *problem = "";
    u256 read;
    write_address(text, who);
    write_word(slot_text, slot);
    (void)snprintf(
        params, sizeof params, "[\"%s\",\"%s\",\"0x%" PRIx64 "\"]", text, slot_text, source->number
    );
    remote_answer_open(&answer);
    err = forked_ask(fork, &answer, &token, "eth_getStorageAt", params);
    if (err == ERR_OK) {
        err = remote_read_number(&read, &problem, &answer.json, token);
        err = forked_malformed(fork, err, "eth_getStorageAt", problem);
    }
    remote_answer_close(&answer);
    if (err == ERR_OK) err = lock(fork);
    if (err != ERR_OK) return err;
    u256 *kept = map_put(&fork->slots, &key, NULL);
    if (kept != NULL) *kept = read;
    unlock(fork);
    if (kept == NULL) return cache_full(fork, ERR_MEMORY);
    *value = read;
    return ERR_OK;
}

/* --- the source ------------------------------------------------------------------------------- */

static enum err
name_code(struct source_origin *origin, const hash32 *code_hash, const address *who) {
    struct forked *fork = source_of(origin)->fork;
    if (hash32_equal(code_hash, &KECCAK_EMPTY)) return ERR_OK;
    enum err err = lock(fork);
    if (err != ERR_OK) return err;
    address *owner = map_put(&fork->code_owners, code_hash, NULL);
    if (owner != NULL) *owner = *who;
    unlock(fork);
    return owner != NULL ? ERR_OK : cache_full(fork, ERR_MEMORY);
}

static enum err read_node(struct source *source, const hash32 *hash, bytes *encoded) {
    struct forked_source *own = (struct forked_source *)source;
    enum err err = source_node(own->base, hash, encoded);
    if (err != ERR_MISSING) return err;
    err = lock(own->fork);
    if (err != ERR_OK) return err;
    err = source_node(&own->fork->cache.source, hash, encoded);
    unlock(own->fork);
    return err;
}

static enum err fetch_code(struct forked_source *source, const hash32 *code_hash, address owner) {
    struct forked *fork = source->fork;
    struct subject subject = {.source = source, .who = &owner};
    char who[ADDRESS_TEXT];
    char params[PARAMS_SIZE];
    struct remote_answer answer;
    struct arena arena;
    uint32_t token;
    const char *problem = "";
    bytes code;
    write_address(who, &owner);
    (void)snprintf(params, sizeof params, "[\"%s\",\"0x%" PRIx64 "\"]", who, source->number);
    arena_open(&arena, WORK_SIZE_MAX);
    remote_answer_open(&answer);
    enum err err = forked_ask(fork, &answer, &token, "eth_getCode", params);
    if (err == ERR_OK) {
        err = remote_read_data(&code, &problem, &arena, &answer.json, token);
        err = forked_malformed(fork, err, "eth_getCode", problem);
    }
    if (err == ERR_OK) err = check_code(&subject, code_hash, code);
    if (err == ERR_OK) err = keep_code(fork, code_hash, code);
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
    err = lock(fork);
    if (err != ERR_OK) return err;
    enum err found = source_code(&fork->cache.source, code_hash, code);
    const address *named = map_get(&fork->code_owners, code_hash);
    if (named != NULL) owner = *named;
    unlock(fork);
    if (found != ERR_MISSING || named == NULL) return found;
    err = fetch_code(own, code_hash, owner);
    if (err == ERR_OK) err = lock(fork);
    if (err != ERR_OK) return err;
    found = source_code(&fork->cache.source, code_hash, code);
    unlock(fork);
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
        source->origin.prove = prove;
        source->origin.prove_path = prove_path;
    } else {
        source->origin.account = unproven_account;
        source->origin.slot = unproven_slot;
    }
}

const hash32 *forked_source_root(const struct forked_source *source) {
    return source->fork->is_proven ? &source->root : &EMPTY_TRIE_ROOT;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum err find_block(struct forked *fork, const struct forked_options *options) {
    char params[PARAMS_SIZE];
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
    char params[PARAMS_SIZE];
    char who[ADDRESS_TEXT];
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
    write_address(who, &nobody);
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
    err = prove(&source.origin, &nobody, NULL);
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
    map_open(&made->slots, &made->arena, sizeof(struct forked_slot_key), sizeof(u256));
    made->is_trusted = options->is_trusted;
    made->url = strdup(options->url);
    CHECK(pthread_mutex_init(&made->mutex, NULL) == 0);
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

void forked_close(struct forked *fork) {
    if (fork == NULL) return;
    remote_close(fork->remote);
    arena_close(&fork->arena);
    (void)pthread_mutex_destroy(&fork->mutex);
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
