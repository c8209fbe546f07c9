/* Values of the forked chain, proven. */
#include "core/check.h"
#include "crypto/keccak.h"
#include "node/forked_private.h"

#include <inttypes.h>
#include <stdio.h>

#define WORK_SIZE_MAX   ((size_t)256 << 20)
#define SEARCH_PER_STEP 32

/* --- proofs ----------------------------------------------------------------------------------- */

static enum err refuse(const struct forked_subject *subject, const char *why) {
    char who[FORKED_ADDRESS_TEXT];
    char key[FORKED_WORD_TEXT] = "";
    forked_write_address(who, subject->who);
    if (subject->key != NULL) forked_write_word(key, subject->key);
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
    const struct forked_subject *subject, struct account *account, const struct remote_proof *p
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
    const struct forked_subject *subject,
    const hash32 *storage_root,
    const struct remote_slot_proof *p
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
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        hash32 hash = keccak256(nodes[i]);
        err = source_memory_put_node(&fork->cache, &hash, nodes[i]);
    }
    forked_unlock(fork);
    return forked_cache_full(fork, err);
}

/* The parameters of eth_getProof, in arena: count keys from subject->key on. */
static const char *
write_proof_params(struct arena *arena, const struct forked_subject *subject, size_t count) {
    size_t size = FORKED_PARAMS_SIZE + count * (FORKED_WORD_TEXT + 3);
    char *params = arena_alloc(arena, size);
    char text[FORKED_WORD_TEXT];
    if (params == NULL) return NULL;
    forked_write_address(text, subject->who);
    size_t at = (size_t)snprintf(params, size, "[\"%s\",[", text);
    for (size_t i = 0; i < count; i++) {
        u256 key = forked_key_after(subject->key, i);
        forked_write_word(text, &key);
        at += (size_t)snprintf(params + at, size - at, "%s\"%s\"", i > 0 ? "," : "", text);
    }
    (void)snprintf(params + at, size - at, "],\"0x%" PRIx64 "\"]", subject->source->number);
    return params;
}

/* Reads the answer, checks the account and the slots, and keeps their nodes. */
static enum err take_proof(
    const struct forked_subject *subject,
    struct account *account,
    struct arena *arena,
    const struct json *json,
    uint32_t token,
    size_t key_count
) {
    struct forked *fork = subject->source->fork;
    struct remote_proof proof = {0};
    const char *problem = "it is null";
    enum err err = token == 0 ? ERR_INPUT : remote_read_proof(&proof, &problem, arena, json, token);
    err = forked_malformed(fork, err, "eth_getProof", problem);
    if (err == ERR_OK) err = check_account(subject, account, &proof);
    if (err == ERR_OK && proof.slot_count != key_count)
        err = refuse(subject, "it is not of the slots asked for");
    for (size_t i = 0; i < key_count && err == ERR_OK; i++) {
        u256 key = forked_key_after(subject->key, i);
        struct forked_subject slot = {subject->source, subject->who, &key};
        CHECK(proof.slots != NULL);
        err = check_slot(&slot, &account->storage_root, &proof.slots[i]);
    }
    if (err == ERR_OK) err = keep_nodes(fork, proof.nodes, proof.node_count);
    for (size_t i = 0; i < key_count && err == ERR_OK; i++)
        err = keep_nodes(fork, proof.slots[i].nodes, proof.slots[i].node_count);
    return err;
}

/* An account, and its code, which is most often wanted next. */
static enum err fetch_account_proof(const struct forked_subject *subject, struct arena *arena) {
    struct forked *fork = subject->source->fork;
    char who[FORKED_ADDRESS_TEXT];
    char code_params[FORKED_PARAMS_SIZE];
    const char *proof_params = write_proof_params(arena, subject, 0);
    forked_write_address(who, subject->who);
    (void)snprintf(
        code_params, sizeof code_params, "[\"%s\",\"0x%" PRIx64 "\"]", who, subject->source->number
    );
    const struct remote_request requests[] = {
        {"eth_getProof", proof_params}, {"eth_getCode", code_params}};
    struct remote_answer answer;
    struct account account = account_none();
    bytes code = BYTES_EMPTY;
    uint32_t tokens[2] = {0, 0};
    const char *problem = "";
    if (proof_params == NULL) return ERR_MEMORY;
    remote_answer_open(&answer);
    enum err err = remote_ask(fork->remote, &answer, requests, 2);
    for (size_t i = 0; i < 2 && err == ERR_OK; i++)
        err = remote_take(fork->remote, &answer, &tokens[i], requests, i);
    if (err == ERR_OK) err = take_proof(subject, &account, arena, &answer.json, tokens[0], 0);
    if (err == ERR_OK) {
        err = remote_read_data(&code, &problem, arena, &answer.json, tokens[1]);
        err = forked_malformed(fork, err, "eth_getCode", problem);
    }
    if (err == ERR_OK) err = forked_check_code(subject, &account.code_hash, code);
    if (err == ERR_OK && code.size > 0) err = forked_keep_code(fork, &account.code_hash, code);
    remote_answer_close(&answer);
    return err;
}

static enum err
fetch_slot_proofs(const struct forked_subject *subject, struct arena *arena, size_t key_count) {
    struct remote_answer answer;
    struct account account;
    uint32_t token = 0;
    const char *params = write_proof_params(arena, subject, key_count);
    if (params == NULL) return ERR_MEMORY;
    remote_answer_open(&answer);
    enum err err = forked_ask(subject->source->fork, &answer, &token, "eth_getProof", params);
    if (err == ERR_OK) err = take_proof(subject, &account, arena, &answer.json, token, key_count);
    remote_answer_close(&answer);
    return err;
}

enum err forked_prove(struct source_origin *origin, const address *who, const u256 *key) {
    struct forked_subject subject = {forked_source_of(origin), who, key};
    struct arena arena;
    arena_open(&arena, WORK_SIZE_MAX);
    enum err err = ERR_OK;
    if (key == NULL) {
        err = fetch_account_proof(&subject, &arena);
    } else {
        size_t count = forked_key_count(subject.source->fork, who, key);
        err = fetch_slot_proofs(&subject, &arena, count);
        /* Some give few at once. */
        if (err == ERR_REMOTE && count > 1) err = fetch_slot_proofs(&subject, &arena, 1);
    }
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
enum err forked_prove_path(
    struct source_origin *origin, const address *who, const uint8_t *path, unsigned nibbles
) {
    struct forked *fork = forked_source_of(origin)->fork;
    uint8_t found[32];
    if (nibbles > FORKED_SEARCH_NIBBLES_MAX) {
        enum err err = forked_lock(fork);
        if (err != ERR_OK) return err;
        fork->has_departed = true;
        forked_unlock(fork);
        return ERR_UNSUPPORTED;
    }
    if (who == NULL) {
        address other;
        search(found, sizeof other.b, path, nibbles);
        memcpy(other.b, found, sizeof other.b);
        return forked_prove(origin, &other, NULL);
    }
    search(found, sizeof found, path, nibbles);
    u256 key = u256_load_be(found);
    return forked_prove(origin, who, &key);
}
