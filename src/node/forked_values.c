/* Values of the forked chain, taken as given. */
#include "crypto/keccak.h"
#include "node/forked_private.h"

#include <inttypes.h>
#include <stdio.h>

#define WORK_SIZE_MAX ((size_t)256 << 20)

/* --- values without proof --------------------------------------------------------------------- */

static enum err
fetch_account(struct forked_source *source, struct forked_account *out, const address *who) {
    struct forked *fork = source->fork;
    char text[FORKED_ADDRESS_TEXT];
    char params[FORKED_PARAMS_SIZE];
    forked_write_address(text, who);
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
    if (code.size > 0) err = forked_keep_code(fork, &account.code_hash, code);
    if (err == ERR_OK) *out = (struct forked_account){account, !account_is_empty(&account)};
out:
    remote_answer_close(&answer);
    arena_close(&arena);
    return err;
}

enum err forked_unproven_account(
    struct source_origin *origin, struct account *account, bool *exists, const address *who
) {
    struct forked_source *source = forked_source_of(origin);
    struct forked *fork = source->fork;
    struct forked_account_key key = {.number = source->number, .who = *who};
    struct forked_account read = {.exists = false};
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    const struct forked_account *known = map_get(&fork->accounts, &key);
    if (known != NULL) read = *known;
    forked_unlock(fork);
    if (known == NULL) {
        err = fetch_account(source, &read, who);
        if (err == ERR_OK) err = forked_lock(fork);
        if (err != ERR_OK) return err;
        struct forked_account *kept = map_put(&fork->accounts, &key, NULL);
        if (kept != NULL) *kept = read;
        forked_unlock(fork);
        if (kept == NULL) return forked_cache_full(fork, ERR_MEMORY);
    }
    *account = read.account;
    *exists = read.exists;
    return ERR_OK;
}

/* Whether a slot is known; *value is then set. */
static enum err
find_slot(struct forked *fork, bool *is_known, u256 *value, const struct forked_slot_key *key) {
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    const u256 *known = map_get(&fork->slots, key);
    if (known != NULL) *value = *known;
    forked_unlock(fork);
    *is_known = known != NULL;
    return ERR_OK;
}

static enum err
keep_slot(struct forked *fork, const struct forked_slot_key *key, const u256 *value) {
    enum err err = forked_lock(fork);
    if (err != ERR_OK) return err;
    u256 *kept = map_put(&fork->slots, key, NULL);
    if (kept != NULL) *kept = *value;
    forked_unlock(fork);
    return kept != NULL ? ERR_OK : forked_cache_full(fork, ERR_MEMORY);
}

/* Slots from first on, in one batch. */
static enum err
fetch_slots(struct forked *fork, const struct forked_slot_key *first, size_t count) {
    char params[FORKED_KEYS_MAX][FORKED_PARAMS_SIZE];
    struct remote_request requests[FORKED_KEYS_MAX];
    struct remote_answer answer;
    char who[FORKED_ADDRESS_TEXT];
    const char *problem = "";
    forked_write_address(who, &first->who);
    for (size_t i = 0; i < count; i++) {
        char word[FORKED_WORD_TEXT];
        u256 key = forked_key_after(&first->key, i);
        forked_write_word(word, &key);
        (void)snprintf(
            params[i],
            FORKED_PARAMS_SIZE,
            "[\"%s\",\"%s\",\"0x%" PRIx64 "\"]",
            who,
            word,
            first->number
        );
        requests[i] = (struct remote_request){"eth_getStorageAt", params[i]};
    }
    remote_answer_open(&answer);
    enum err err = remote_ask(fork->remote, &answer, requests, count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct forked_slot_key key = *first;
        uint32_t token = 0;
        u256 read;
        key.key = forked_key_after(&first->key, i);
        err = remote_take(fork->remote, &answer, &token, requests, i);
        if (err != ERR_OK) break;
        err = remote_read_number(&read, &problem, &answer.json, token);
        err = forked_malformed(fork, err, requests[i].method, problem);
        if (err == ERR_OK) err = keep_slot(fork, &key, &read);
    }
    remote_answer_close(&answer);
    return err;
}

enum err forked_unproven_slot(
    struct source_origin *origin, u256 *value, const address *who, const u256 *slot
) {
    struct forked_source *source = forked_source_of(origin);
    struct forked *fork = source->fork;
    struct forked_slot_key key = {.key = *slot, .number = source->number, .who = *who};
    bool is_known;
    enum err err = find_slot(fork, &is_known, value, &key);
    if (err != ERR_OK || is_known) return err;
    size_t count = forked_key_count(fork, who, slot);
    err = fetch_slots(fork, &key, count);
    if (err == ERR_REMOTE && count > 1) err = fetch_slots(fork, &key, 1);
    if (err == ERR_OK) err = find_slot(fork, &is_known, value, &key);
    return err == ERR_OK && !is_known ? ERR_CORRUPT : err;
}
