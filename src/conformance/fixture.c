/* conformance/fixture.c: see fixture.h. */
#include "conformance/fixture.h"

#include "core/hex.h"
#include "crypto/keccak.h"

#include <stdio.h>
#include <stdlib.h>

/* --- files and members ------------------------------------------------------------------------ */

cJSON *fixture_load(const char *path) {
    cJSON *json = NULL;
    char *text = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    if (fseek(file, 0, SEEK_END) != 0) goto out;
    long size = ftell(file);
    if (size < 0) goto out;
    rewind(file);
    text = malloc((size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) goto out;
    json = cJSON_ParseWithLength(text, (size_t)size);
out:
    free(text);
    (void)fclose(file);
    return json;
}

const char *fixture_text(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

bool fixture_text_number(u256 *out, const char *text) {
    if (text == NULL) return false;
    if (strcmp(text, "0x") == 0) { /* how some fixtures write zero */
        *out = U256_ZERO;
        return true;
    }
    /* Leading zeros are allowed, also beyond 64 digits. */
    char digits[2 + 64 + 1] = "0x";
    if (text[0] != '0' || text[1] != 'x') return false;
    const char *rest = text + 2;
    while (strlen(rest) > 64 && *rest == '0')
        rest++;
    size_t size = strlen(rest);
    if (size > 64) return false;
    memcpy(digits + 2, rest, size);
    return hex_decode_quantity(out, digits, 2 + size, true) == ERR_OK;
}

bool fixture_text_bytes(bytes *out, struct arena *arena, const char *text) {
    return text != NULL && hex_decode(out, arena, text, strlen(text)) == ERR_OK;
}

bool fixture_text_hash(hash32 *out, const char *text) {
    u256 number;
    if (!fixture_text_number(&number, text)) return false;
    u256_store_be(out->b, &number);
    return true;
}

bool fixture_text_address(address *out, const char *text) {
    return text != NULL && hex_decode_exact(out->b, 20, text, strlen(text)) == ERR_OK;
}

bool fixture_number(u256 *out, const cJSON *object, const char *name) {
    return fixture_text_number(out, fixture_text(object, name));
}

bool fixture_u64(uint64_t *out, const cJSON *object, const char *name) {
    u256 number;
    if (!fixture_number(&number, object, name) || !u256_fits_u64(&number)) return false;
    *out = number.w[0];
    return true;
}

bool fixture_hash(hash32 *out, const cJSON *object, const char *name) {
    return fixture_text_hash(out, fixture_text(object, name));
}

bool fixture_address(address *out, const cJSON *object, const char *name) {
    return fixture_text_address(out, fixture_text(object, name));
}

bool fixture_bytes(bytes *out, struct arena *arena, const cJSON *object, const char *name) {
    return fixture_text_bytes(out, arena, fixture_text(object, name));
}

/* --- states ----------------------------------------------------------------------------------- */

static enum err read_slots(struct state_change *change, struct arena *arena, const cJSON *storage) {
    size_t count = (size_t)cJSON_GetArraySize(storage);
    struct state_slot *slots = arena_alloc_array(arena, count, sizeof *slots);
    if (slots == NULL) return ERR_MEMORY;
    size_t filled = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, storage) {
        struct state_slot slot;
        if (!cJSON_IsString(item) || !fixture_text_number(&slot.key, item->string) ||
            !fixture_text_number(&slot.value, item->valuestring))
            return ERR_INPUT;
        if (!u256_is_zero(&slot.value)) slots[filled++] = slot;
    }
    change->slots = slots;
    change->slot_count = filled;
    return ERR_OK;
}

static enum err
read_account(struct state_change *change, struct arena *arena, const cJSON *account) {
    *change = (struct state_change){.exists = true};
    if (!fixture_text_address(&change->address, account->string) ||
        !fixture_u64(&change->nonce, account, "nonce") ||
        !fixture_number(&change->balance, account, "balance") ||
        !fixture_bytes(&change->code, arena, account, "code"))
        return ERR_INPUT;
    change->code_hash = keccak256(change->code);
    return read_slots(change, arena, cJSON_GetObjectItemCaseSensitive(account, "storage"));
}

enum err fixture_commit_accounts(
    hash32 *root, struct source_memory *source, struct arena *arena, const cJSON *accounts
) {
    size_t count = (size_t)cJSON_GetArraySize(accounts);
    struct state_change *changes = arena_alloc_array(arena, count, sizeof *changes);
    if (changes == NULL) return ERR_MEMORY;
    size_t i = 0;
    const cJSON *account;
    cJSON_ArrayForEach(account, accounts) {
        enum err err = read_account(&changes[i++], arena, account);
        if (err != ERR_OK) return err;
    }
    struct state state;
    enum err err = state_open(&state, arena, &source->source, &EMPTY_TRIE_ROOT);
    if (err != ERR_OK) return err;
    return state_apply(&state, root, source, changes, count);
}
