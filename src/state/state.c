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

/* --- origins --- */

/* After ERR_MISSING from a trie, on the way to an account or (key is not NULL) one of its slots:
 * what is wanted is asked for. ERR_MISSING: there is nobody to ask. */
static enum err ask_origin(struct state *state, const address *who, const u256 *key) {
    struct source_origin *origin = state->source->origin;
    const struct trie_pool *pool = &state->pool;
    if (origin == NULL || origin->prove == NULL) return ERR_MISSING;
    if (!pool->wants_sibling) return origin->prove(origin, who, key);
    const address *of = key != NULL ? who : NULL;
    return origin->prove_path(origin, of, pool->wanted_path, pool->wanted_nibbles);
}

/* Whether the tries hold changes only, and what is not there is the origin's. */
static bool is_overlay(const struct state *state) {
    return state->source->origin != NULL && state->source->origin->account != NULL;
}

static enum err
get(struct state *state,
    struct trie *trie,
    bytes *value,
    const hash32 *hash,
    const address *who,
    const u256 *key) {
    enum err err = trie_get(trie, value, hash32_bytes(hash));
    if (err == ERR_MISSING) {
        err = ask_origin(state, who, key);
        if (err == ERR_OK) err = trie_get(trie, value, hash32_bytes(hash));
    }
    return told(state, err);
}

static enum err
put(struct state *state,
    struct trie *trie,
    const hash32 *hash,
    bytes value,
    const address *who,
    const u256 *key) {
    enum err err = trie_put(trie, hash32_bytes(hash), value);
    if (err == ERR_MISSING) {
        err = ask_origin(state, who, key);
        if (err == ERR_OK) err = trie_put(trie, hash32_bytes(hash), value);
    }
    return told(state, err);
}

/* Leaves a tombstone where the trie cannot be without one. */
static enum err remove_key(
    struct state *state,
    struct trie *trie,
    const hash32 *hash,
    bytes tombstone,
    const address *who,
    const u256 *key
) {
    /* Missing may be the path to the key, and then the branch's other child. */
    enum { ROUNDS_MAX = 3 };
    if (is_overlay(state)) return put(state, trie, hash, tombstone, who, key);
    enum err err = trie_delete(trie, hash32_bytes(hash));
    for (unsigned i = 0; i < ROUNDS_MAX && err == ERR_MISSING; i++) {
        err = ask_origin(state, who, key);
        if (err == ERR_UNSUPPORTED) return put(state, trie, hash, tombstone, who, key);
        if (err == ERR_OK) err = trie_delete(trie, hash32_bytes(hash));
    }
    return told(state, err);
}

/* Nothing hashes to this key: an entry under it says that nothing of the storage below is left. */
static const hash32 WIPED_KEY = {{0}};

/* No trie's root: what is said of an overlaid account that may have slots below. */
static const hash32 UNKNOWN_STORAGE = {{0}};

/* The RLP of zero, which no trie of Ethereum has for a slot. */
static const uint8_t SLOT_TOMBSTONE[1] = {0x80};

/* --- reading --- */

static enum err read_account(
    struct state *state,
    const struct state_address *entry,
    struct account *account,
    bool *exists,
    const address *who
) {
    bytes value;
    struct source_origin *origin = state->source->origin;
    enum err err = get(state, &state->accounts, &value, &entry->hash, who, NULL);
    if (err != ERR_OK) return err;
    if (value.size == 0) {
        if (is_overlay(state)) {
            err = origin->account(origin, account, exists, who);
            return err == ERR_OK && *exists ? origin->name_code(origin, &account->code_hash, who)
                                            : err;
        }
        *account = account_none();
        *exists = false;
        return ERR_OK;
    }
    err = account_decode(account, value);
    if (err != ERR_OK) return err;
    *exists = origin == NULL || !account_is_empty(account);
    return origin == NULL ? ERR_OK : origin->name_code(origin, &account->code_hash, who);
}

enum err
state_get_account(struct state *state, const address *who, struct account *account, bool *exists) {
    struct account read;
    bool is_there;
    struct state_address *entry = address_entry(state, who);
    if (entry == NULL) return ERR_MEMORY;
    enum err err = read_account(state, entry, &read, &is_there, who);
    if (err != ERR_OK) return err;
    /* Who executes asks for no slots of an account that has no storage. */
    bool is_empty = hash32_equal(&read.storage_root, &EMPTY_TRIE_ROOT);
    if (is_overlay(state) && is_empty && !hash32_equal(&read.code_hash, &KECCAK_EMPTY))
        read.storage_root = UNKNOWN_STORAGE;
    *account = read;
    *exists = is_there;
    return ERR_OK;
}

static enum err open_storage(struct state *state, struct state_address *entry, const address *who) {
    struct account account;
    bool exists;
    if (entry->is_open) return ERR_OK;
    enum err err = read_account(state, entry, &account, &exists, who);
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

static enum err decode_slot(u256 *value, bytes encoded, bool has_tombstones) {
    u256 read = U256_ZERO;
    if (encoded.size != 0) {
        struct rlp rlp = rlp_open(encoded);
        if (rlp_read_u256(&rlp, &read) != ERR_OK || !rlp_done(&rlp)) return ERR_CORRUPT;
        if (u256_is_zero(&read) && !has_tombstones) return ERR_CORRUPT;
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

/* A slot that the overlaid storage does not have. */
static enum err get_slot_below(
    struct state *state,
    struct state_address *entry,
    const address *who,
    const u256 *key,
    u256 *value
) {
    struct source_origin *origin = state->source->origin;
    struct account account;
    bool exists;
    bytes wiped;
    enum err err = trie_get(&entry->storage, &wiped, hash32_bytes(&WIPED_KEY));
    if (err == ERR_OK) err = read_account(state, entry, &account, &exists, who);
    if (err != ERR_OK) return told(state, err);
    *value = U256_ZERO;
    return wiped.size != 0 || !exists ? ERR_OK : origin->slot(origin, value, who, key);
}

enum err state_get_slot(struct state *state, const address *who, const u256 *key, u256 *value) {
    struct state_address *entry = address_entry(state, who);
    if (entry == NULL) return ERR_MEMORY;
    enum err err = open_storage(state, entry, who);
    if (err != ERR_OK) return err;
    if (!is_overlay(state) && entry->storage.root == NULL &&
        hash32_equal(&entry->storage.root_hash, &EMPTY_TRIE_ROOT)) {
        *value = U256_ZERO; /* an empty trie: the key need not be hashed */
        return ERR_OK;
    }
    bool is_new;
    hash32 *hash = map_put(&state->keys, key, &is_new);
    if (hash == NULL) return ERR_MEMORY;
    if (is_new) *hash = hash_key(key);
    bytes encoded;
    err = get(state, &entry->storage, &encoded, hash, who, key);
    if (err != ERR_OK) return err;
    if (encoded.size == 0 && is_overlay(state))
        return get_slot_below(state, entry, who, key, value);
    return decode_slot(value, encoded, state->source->origin != NULL);
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
        bytes encoded = bytes_of(value, size);
        err = put(state, storage, &hashes[i], encoded, &change->address, &slot->key);
    }
    const bytes tombstone = bytes_of(SLOT_TOMBSTONE, sizeof SLOT_TOMBSTONE);
    for (size_t i = 0; err == ERR_OK && i < change->slot_count; i++) {
        const u256 *key = &change->slots[i].key;
        if (u256_is_zero(&change->slots[i].value))
            err = remove_key(state, storage, &hashes[i], tombstone, &change->address, key);
    }
    return err;
}

/* Brings the storage of one account up to date, not yet committed. */
static enum err apply_storage(
    struct state *state,
    struct state_address *entry,
    const struct state_change *change,
    hash32 *hashes
) {
    bool is_wiped = !change->exists || change->storage_wiped;
    if (is_overlay(state) && !is_wiped) {
        struct account before;
        bool existed;
        enum err err = read_account(state, entry, &before, &existed, &change->address);
        if (err != ERR_OK) return err;
        is_wiped = !existed;
    }
    if (is_wiped) {
        if (entry->is_open)
            trie_move(&entry->storage, &EMPTY_TRIE_ROOT);
        else
            trie_open(&entry->storage, &state->pool, &EMPTY_TRIE_ROOT);
        entry->is_open = true;
        if (is_overlay(state)) {
            bytes mark = bytes_of(SLOT_TOMBSTONE, sizeof SLOT_TOMBSTONE);
            enum err err = trie_put(&entry->storage, hash32_bytes(&WIPED_KEY), mark);
            if (err != ERR_OK) return told(state, err);
        }
        if (!change->exists) return ERR_OK;
    } else {
        enum err err = open_storage(state, entry, &change->address);
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
        const hash32 *key = &apply->entries[i]->hash;
        bytes encoded = bytes_of(value, size);
        err = put(state, &state->accounts, key, encoded, &change->address, NULL);
        if (err == ERR_OK && change->code.size != 0)
            err = source_memory_put_code(sink, &change->code_hash, change->code);
    }
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        if (changes[i].exists) continue;
        struct account none = account_none();
        uint8_t value[ACCOUNT_SIZE_MAX];
        if (is_overlay(state)) none.storage_root = apply->storage_roots[i];
        bytes tombstone = bytes_of(value, account_encode(value, &none));
        const hash32 *key = &apply->entries[i]->hash;
        err = remove_key(state, &state->accounts, key, tombstone, &changes[i].address, NULL);
    }
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
