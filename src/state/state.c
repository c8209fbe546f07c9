#include "state/state.h"

#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"

/* What is known of an address. Entries stay when an account goes. */
struct state_address {
    hash32 hash;         /* of the address: the account's key */
    struct trie storage; /* at the account's storage root, */
    bool is_open;        /* if this says so */
};

enum err
state_open(struct state *state, struct arena *arena, struct source *source, const hash32 *root) {
    *state = (struct state){.arena = arena, .source = source, .root = *root};
    trie_pool_open(&state->pool, arena, source);
    trie_open(&state->accounts, &state->pool, root);
    map_open(&state->addresses, arena, sizeof(address), sizeof(struct state_address));
    map_open(&state->keys, arena, sizeof(u256), sizeof(hash32));
    return ERR_OK;
}

/* Gives up everything decoded and goes to a root. Hashes of addresses and keys stay right. */
static void fall_back(struct state *state, const hash32 *root) {
    for (uint32_t i = 0; i < state->addresses.count; i++) {
        struct state_address *entry = map_value_at(&state->addresses, i);
        if (entry->is_open) trie_move(&entry->storage, &EMPTY_TRIE_ROOT);
        entry->is_open = false;
    }
    trie_move(&state->accounts, root);
    state->root = *root;
}

enum err state_move(struct state *state, const hash32 *root) {
    hash32 to = *root; /* may be the state's own */
    fall_back(state, &to);
    return ERR_OK;
}

/* Every error of a trie goes through here, so that wanted is told. */
static enum err told(struct state *state, enum err err) {
    if (err == ERR_MISSING) state->wanted = state->pool.wanted;
    return err;
}

static struct state_address *address_entry(struct state *state, const address *who) {
    bool is_new;
    struct state_address *entry = map_put(&state->addresses, who, &is_new);
    if (entry != NULL && is_new) entry->hash = keccak256(address_bytes(who));
    return entry;
}

static enum err read_account(
    struct state *state, const struct state_address *entry, struct account *account, bool *exists
) {
    bytes value;
    enum err err = told(state, trie_get(&state->accounts, &value, hash32_bytes(&entry->hash)));
    if (err != ERR_OK) return err;
    if (value.size == 0) {
        *account = account_none();
        *exists = false;
        return ERR_OK;
    }
    err = account_decode(account, value);
    if (err == ERR_OK) *exists = true;
    return err;
}

enum err
state_get_account(struct state *state, const address *who, struct account *account, bool *exists) {
    struct state_address *entry = address_entry(state, who);
    if (entry == NULL) return ERR_MEMORY;
    return read_account(state, entry, account, exists);
}

static enum err open_storage(struct state *state, struct state_address *entry) {
    struct account account;
    bool exists;
    if (entry->is_open) return ERR_OK;
    enum err err = read_account(state, entry, &account, &exists);
    if (err != ERR_OK) return err;
    trie_open(&entry->storage, &state->pool, &account.storage_root);
    entry->is_open = true;
    return ERR_OK;
}

static hash32 hash_key(const u256 *key) {
    uint8_t be[32];
    u256_store_be(be, key);
    return keccak256(bytes_of(be, sizeof be));
}

/* The value of a slot is the RLP of its number; zero is not stored. */
enum { SLOT_VALUE_SIZE_MAX = 33 };

static enum err decode_slot(u256 *value, bytes encoded) {
    u256 read = U256_ZERO;
    if (encoded.size != 0) {
        struct rlp rlp = rlp_open(encoded);
        if (rlp_read_u256(&rlp, &read) != ERR_OK || !rlp_done(&rlp) || u256_is_zero(&read))
            return ERR_CORRUPT;
    }
    *value = read;
    return ERR_OK;
}

static size_t encode_slot(uint8_t out[SLOT_VALUE_SIZE_MAX], const u256 *value) {
    uint8_t be[32];
    size_t size = u256_byte_size(value);
    u256_store_be(be, value);
    if (size == 1 && be[31] < 0x80) {
        out[0] = be[31];
        return 1;
    }
    out[0] = (uint8_t)(0x80 + size);
    memcpy(out + 1, be + 32 - size, size);
    return 1 + size;
}

enum err state_get_slot(struct state *state, const address *who, const u256 *key, u256 *value) {
    struct state_address *entry = address_entry(state, who);
    if (entry == NULL) return ERR_MEMORY;
    enum err err = open_storage(state, entry);
    if (err != ERR_OK) return err;
    if (entry->storage.root == NULL && hash32_equal(&entry->storage.root_hash, &EMPTY_TRIE_ROOT)) {
        *value = U256_ZERO; /* an empty trie: the key need not be hashed */
        return ERR_OK;
    }
    bool is_new;
    hash32 *hash = map_put(&state->keys, key, &is_new);
    if (hash == NULL) return ERR_MEMORY;
    if (is_new) *hash = hash_key(key);
    bytes encoded;
    err = told(state, trie_get(&entry->storage, &encoded, hash32_bytes(hash)));
    return err == ERR_OK ? decode_slot(value, encoded) : err;
}

enum err state_get_code(struct state *state, const hash32 *code_hash, bytes *code) {
    if (hash32_equal(code_hash, &KECCAK_EMPTY)) {
        *code = BYTES_EMPTY;
        return ERR_OK;
    }
    enum err err = source_code(state->source, code_hash, code);
    if (err == ERR_MISSING) state->wanted = *code_hash;
    return err;
}

/* --- apply --- */

/* The arrays of one state_apply, in the state's scratch. */
struct apply {
    struct state_address **entries; /* of each change */
    struct trie **tries;            /* storage tries to commit */
    hash32 *storage_roots;          /* theirs */
    hash32 *key_hashes;             /* of the slots of the change at hand */
};

static enum err apply_open(
    struct apply *apply, struct state *state, const struct state_change *changes, size_t count
) {
    size_t slots_max = 0;
    for (size_t i = 0; i < count; i++)
        if (changes[i].slot_count > slots_max) slots_max = changes[i].slot_count;
    size_t each = 2 * sizeof(void *) + sizeof(hash32);
    size_t size;
    size_t slots_size;
    if (__builtin_mul_overflow(count, each, &size) ||
        __builtin_mul_overflow(slots_max, sizeof(hash32), &slots_size) ||
        __builtin_add_overflow(size, slots_size, &size))
        return ERR_MEMORY;
    if (size > state->scratch_size) {
        uint8_t *scratch = arena_alloc(state->arena, size);
        if (scratch == NULL) return ERR_MEMORY;
        state->scratch = scratch;
        state->scratch_size = size;
    }
    apply->entries = (struct state_address **)(void *)state->scratch;
    apply->tries = (struct trie **)(void *)(apply->entries + count);
    apply->storage_roots = (hash32 *)(void *)(apply->tries + count);
    apply->key_hashes = apply->storage_roots + count;
    return ERR_OK;
}

/* Hashes the keys that have not been read before, many at a time. */
static void
hash_keys(const struct state *state, hash32 *hashes, const struct state_slot *slots, size_t count) {
    enum { BATCH = 32 };
    uint8_t keys[BATCH][32];
    bytes in[BATCH];
    hash32 out[BATCH];
    size_t to[BATCH];
    size_t fill = 0;
    for (size_t i = 0; i < count; i++) {
        const hash32 *known = map_get(&state->keys, &slots[i].key);
        if (known != NULL) {
            hashes[i] = *known;
        } else {
            u256_store_be(keys[fill], &slots[i].key);
            in[fill] = bytes_of(keys[fill], 32);
            to[fill++] = i;
        }
        if (fill == BATCH || (i + 1 == count && fill > 0)) {
            keccak256_many(out, in, fill);
            for (size_t k = 0; k < fill; k++)
                hashes[to[k]] = out[k];
            fill = 0;
        }
    }
}

/* Writes first and deletes after, so that no branch is collapsed that would come back, and the
 * fewest siblings are read. */
static enum err apply_slots(
    struct state *state, struct trie *storage, const struct state_change *change, hash32 *hashes
) {
    enum err err = ERR_OK;
    hash_keys(state, hashes, change->slots, change->slot_count);
    for (size_t i = 0; err == ERR_OK && i < change->slot_count; i++) {
        const struct state_slot *slot = &change->slots[i];
        if (u256_is_zero(&slot->value)) continue;
        uint8_t value[SLOT_VALUE_SIZE_MAX];
        size_t size = encode_slot(value, &slot->value);
        err = trie_put(storage, hash32_bytes(&hashes[i]), bytes_of(value, size));
    }
    for (size_t i = 0; err == ERR_OK && i < change->slot_count; i++)
        if (u256_is_zero(&change->slots[i].value))
            err = trie_delete(storage, hash32_bytes(&hashes[i]));
    return told(state, err);
}

/* Brings the storage of one account up to date, not yet committed. */
static enum err apply_storage(
    struct state *state,
    struct state_address *entry,
    const struct state_change *change,
    hash32 *hashes
) {
    if (!change->exists || change->storage_wiped) {
        if (entry->is_open)
            trie_move(&entry->storage, &EMPTY_TRIE_ROOT);
        else
            trie_open(&entry->storage, &state->pool, &EMPTY_TRIE_ROOT);
        entry->is_open = true;
        if (!change->exists) return ERR_OK;
    } else {
        enum err err = open_storage(state, entry);
        if (err != ERR_OK) return err;
    }
    return apply_slots(state, &entry->storage, change, hashes);
}

static enum err apply_storages(
    struct apply *apply,
    struct state *state,
    struct source_memory *sink,
    const struct state_change *changes,
    size_t count
) {
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        struct state_address *entry = address_entry(state, &changes[i].address);
        if (entry == NULL) return ERR_MEMORY;
        apply->entries[i] = entry;
        apply->tries[i] = &entry->storage;
        err = apply_storage(state, entry, &changes[i], apply->key_hashes);
    }
    if (err == ERR_OK) err = trie_commit_many(apply->tries, apply->storage_roots, count, sink);
    return err;
}

static enum err apply_accounts(
    const struct apply *apply,
    struct state *state,
    struct source_memory *sink,
    const struct state_change *changes,
    size_t count
) {
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        const struct state_change *change = &changes[i];
        if (!change->exists) continue;
        struct account account = {
            .nonce = change->nonce,
            .balance = change->balance,
            .storage_root = apply->storage_roots[i],
            .code_hash = change->code_hash,
        };
        uint8_t value[ACCOUNT_SIZE_MAX];
        size_t size = account_encode(value, &account);
        bytes key = hash32_bytes(&apply->entries[i]->hash);
        err = told(state, trie_put(&state->accounts, key, bytes_of(value, size)));
        if (err == ERR_OK && change->code.size != 0)
            err = source_memory_put_code(sink, &change->code_hash, change->code);
    }
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        if (!changes[i].exists)
            err =
                told(state, trie_delete(&state->accounts, hash32_bytes(&apply->entries[i]->hash)));
    return err;
}

enum err state_apply(
    struct state *state,
    hash32 *root,
    struct source_memory *sink,
    const struct state_change *changes,
    size_t count
) {
    struct apply apply;
    hash32 new_root;
    if (count == 0) {
        *root = state->root;
        return ERR_OK;
    }
    enum err err = apply_open(&apply, state, changes, count);
    if (err == ERR_OK) err = apply_storages(&apply, state, sink, changes, count);
    if (err == ERR_OK) err = apply_accounts(&apply, state, sink, changes, count);
    if (err == ERR_OK) err = trie_commit(&state->accounts, &new_root, sink);
    if (err != ERR_OK) {
        fall_back(state, &state->root);
        return err;
    }
    state->root = new_root;
    *root = new_root;
    return ERR_OK;
}
