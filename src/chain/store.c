#include "chain/store.h"

#include "core/check.h"
#include "state/source_lmdb.h"

#include <string.h>

/* Table by table (state/database.h):
 *   blocks, receipts      number → RLP
 *   block_hashes          number → hash
 *   block_numbers         hash → number
 *   transaction_hashes    number → hashes, one after the other; no entry if there are none
 *   transactions          hash → number, index
 *   meta                  ".head", ".safe", ".finalized" → number; names of settings → value;
 *                         ".former" and a number → hashes that the block had before
 * Numbers are 8 bytes big-endian, so that keys are in order of number; an index is 4 bytes. */
enum { NUMBER_SIZE = 8, PLACE_SIZE = 12 };

struct number_key {
    uint8_t b[NUMBER_SIZE];
};

static struct number_key number_key(uint64_t number) {
    struct number_key key = {{0}};
    store_be64(key.b, number);
    return key;
}

static bytes key_bytes(const struct number_key *key) {
    return bytes_of(key->b, NUMBER_SIZE);
}

static bytes head_name(enum store_head head) {
    static const char *const names[] = {".head", ".safe", ".finalized"};
    return bytes_of(names[head], strlen(names[head]));
}

static enum err
wrong(struct database_transaction *transaction, enum database_table table, const char *cause) {
    database_blame(transaction, table, cause);
    return ERR_CORRUPT;
}

static enum err read_number(
    struct database_transaction *transaction, enum database_table table, bytes key, uint64_t *number
) {
    bytes value;
    enum err err = database_get(transaction, table, key, &value);
    if (err != ERR_OK) return err;
    if (value.size != NUMBER_SIZE) return wrong(transaction, table, "a number is not 8 bytes");
    *number = load_be64(value.data);
    return ERR_OK;
}

static enum err
write_head(struct database_transaction *transaction, enum store_head head, uint64_t number) {
    struct number_key value = number_key(number);
    return database_put(transaction, DATABASE_META, head_name(head), key_bytes(&value));
}

/* --- reading --- */

static enum err get_by_number(
    struct database_transaction *transaction,
    enum database_table table,
    uint64_t number,
    bytes *value
) {
    struct number_key key = number_key(number);
    return database_get(transaction, table, key_bytes(&key), value);
}

enum err store_get_block(struct database_transaction *transaction, uint64_t number, bytes *block) {
    return get_by_number(transaction, DATABASE_BLOCKS, number, block);
}

enum err
store_get_receipts(struct database_transaction *transaction, uint64_t number, bytes *receipts) {
    return get_by_number(transaction, DATABASE_RECEIPTS, number, receipts);
}

enum err store_get_hash(struct database_transaction *transaction, uint64_t number, hash32 *hash) {
    bytes value;
    enum err err = get_by_number(transaction, DATABASE_BLOCK_HASHES, number, &value);
    if (err != ERR_OK) return err;
    if (value.size != 32)
        return wrong(transaction, DATABASE_BLOCK_HASHES, "a hash is not 32 bytes");
    memcpy(hash->b, value.data, 32);
    return ERR_OK;
}

enum err
store_get_number(struct database_transaction *transaction, const hash32 *hash, uint64_t *number) {
    return read_number(transaction, DATABASE_BLOCK_NUMBERS, hash32_bytes(hash), number);
}

enum err store_get_transaction_hashes(
    struct database_transaction *transaction, uint64_t number, const hash32 **hashes, size_t *count
) {
    bytes value = BYTES_EMPTY;
    enum err err = get_by_number(transaction, DATABASE_TRANSACTION_HASHES, number, &value);
    if (err == ERR_MISSING) { /* a block without transactions, if there is the block */
        bytes hash;
        err = get_by_number(transaction, DATABASE_BLOCK_HASHES, number, &hash);
    }
    if (err != ERR_OK) return err;
    if (value.size % sizeof(hash32) != 0)
        return wrong(transaction, DATABASE_TRANSACTION_HASHES, "the hashes are not of 32 bytes");
    *count = value.size / sizeof(hash32);
    *hashes = *count != 0 ? (const hash32 *)value.data : NULL;
    return ERR_OK;
}

enum err store_find_transaction(
    struct database_transaction *transaction, const hash32 *hash, uint64_t *number, uint32_t *index
) {
    bytes value;
    enum err err = database_get(transaction, DATABASE_TRANSACTIONS, hash32_bytes(hash), &value);
    if (err != ERR_OK) return err;
    if (value.size != PLACE_SIZE)
        return wrong(transaction, DATABASE_TRANSACTIONS, "a place is not 12 bytes");
    *number = load_be64(value.data);
    *index = (uint32_t)(load_be64(value.data + PLACE_SIZE - 8) & UINT32_MAX);
    return ERR_OK;
}

enum err store_get_head(
    struct database_transaction *transaction, enum store_head head, uint64_t *number, hash32 *hash
) {
    uint64_t at;
    enum err err = read_number(transaction, DATABASE_META, head_name(head), &at);
    if (err == ERR_OK && hash != NULL) {
        err = store_get_hash(transaction, at, hash);
        if (err == ERR_MISSING)
            err =
                wrong(transaction, DATABASE_BLOCK_HASHES, "there is no block where a head points");
    }
    if (err == ERR_OK && number != NULL) *number = at;
    return err;
}

/* --- writing --- */

static enum err
index_transactions(struct database_transaction *transaction, const struct store_block *block) {
    struct number_key key = number_key(block->number);
    if (block->transaction_count == 0) return ERR_OK;
    CHECK(block->transaction_count <= UINT32_MAX);
    bytes hashes = bytes_of(
        block->transaction_hashes, block->transaction_count * sizeof *block->transaction_hashes
    );
    enum err err = database_put(transaction, DATABASE_TRANSACTION_HASHES, key_bytes(&key), hashes);
    for (size_t i = 0; err == ERR_OK && i < block->transaction_count; i++) {
        uint8_t place[PLACE_SIZE];
        uint32_t index = __builtin_bswap32((uint32_t)i);
        memcpy(place, key.b, NUMBER_SIZE);
        memcpy(place + NUMBER_SIZE, &index, sizeof index);
        err = database_put(
            transaction,
            DATABASE_TRANSACTIONS,
            hash32_bytes(&block->transaction_hashes[i]),
            bytes_of(place, sizeof place)
        );
    }
    return err;
}

enum err store_append(struct database_transaction *transaction, const struct store_block *block) {
    uint64_t head;
    enum err err = store_get_head(transaction, STORE_HEAD, &head, NULL);
    if (err != ERR_OK && err != ERR_MISSING) return err;
    CHECK(err == ERR_MISSING || block->number == head + 1);
    struct number_key key = number_key(block->number);
    bytes number = key_bytes(&key);
    bytes hash = hash32_bytes(&block->hash);
    err = database_put(transaction, DATABASE_BLOCKS, number, block->block);
    if (err == ERR_OK) err = database_put(transaction, DATABASE_RECEIPTS, number, block->receipts);
    if (err == ERR_OK) err = database_put(transaction, DATABASE_BLOCK_HASHES, number, hash);
    if (err == ERR_OK) err = database_put(transaction, DATABASE_BLOCK_NUMBERS, hash, number);
    if (err == ERR_OK) err = index_transactions(transaction, block);
    if (err == ERR_OK) err = write_head(transaction, STORE_HEAD, block->number);
    return err;
}

enum err store_commit_block(
    struct database *database,
    const struct source_memory *memory,
    const struct store_block *block,
    char error[DATABASE_ERROR_SIZE]
) {
    struct database_transaction transaction;
    enum err err = database_begin_write(database, &transaction);
    if (err == ERR_OK && memory != NULL) err = source_lmdb_write(&transaction, memory);
    if (err == ERR_OK) err = store_append(&transaction, block);
    if (err == ERR_OK) err = database_commit(&transaction);
    database_end(&transaction);
    if (err != ERR_OK) memcpy(error, transaction.error, DATABASE_ERROR_SIZE);
    return err;
}

/* --- former hashes --- */

#define FORMER_NAME      ".former"
#define FORMER_NAME_SIZE (sizeof(FORMER_NAME) - 1)

struct former_key {
    uint8_t b[FORMER_NAME_SIZE + NUMBER_SIZE];
};

static struct former_key former_key(uint64_t number) {
    struct former_key key = {{0}};
    memcpy(key.b, FORMER_NAME, FORMER_NAME_SIZE);
    store_be64(key.b + FORMER_NAME_SIZE, number);
    return key;
}

/* The hashes into `hashes`, oldest first. */
static enum err read_former(
    struct database_transaction *transaction,
    hash32 hashes[STORE_FORMER_HASHES_MAX],
    size_t *count,
    uint64_t number
) {
    struct former_key key = former_key(number);
    bytes value;
    *count = 0;
    enum err err = database_get(transaction, DATABASE_META, bytes_of(key.b, sizeof key.b), &value);
    if (err == ERR_MISSING) return ERR_OK;
    if (err != ERR_OK) return err;
    if (value.size % sizeof(hash32) != 0 || value.size / sizeof(hash32) > STORE_FORMER_HASHES_MAX)
        return wrong(transaction, DATABASE_META, "the former hashes are not of 32 bytes");
    *count = value.size / sizeof(hash32);
    memcpy(hashes, value.data, value.size);
    return ERR_OK;
}

static enum err forget_former(struct database_transaction *transaction, uint64_t number) {
    hash32 hashes[STORE_FORMER_HASHES_MAX];
    size_t count;
    enum err err = read_former(transaction, hashes, &count, number);
    if (err != ERR_OK || count == 0) return err;
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        err = database_delete(transaction, DATABASE_BLOCK_NUMBERS, hash32_bytes(&hashes[i]));
    struct former_key key = former_key(number);
    if (err == ERR_OK)
        err = database_delete(transaction, DATABASE_META, bytes_of(key.b, sizeof key.b));
    return err;
}

enum err
store_replace_head(struct database_transaction *transaction, const hash32 *hash, bytes block) {
    hash32 former[STORE_FORMER_HASHES_MAX];
    size_t count;
    uint64_t head;
    hash32 old;
    enum err err = store_get_head(transaction, STORE_HEAD, &head, &old);
    if (err != ERR_OK || hash32_equal(&old, hash)) return err;
    err = read_former(transaction, former, &count, head);
    /* The hash may be one that the block had before. */
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!hash32_equal(&former[i], hash)) former[kept++] = former[i];
    if (err == ERR_OK && kept == STORE_FORMER_HASHES_MAX) {
        err = database_delete(transaction, DATABASE_BLOCK_NUMBERS, hash32_bytes(&former[0]));
        memmove(&former[0], &former[1], --kept * sizeof(*former));
    }
    if (err != ERR_OK) return err;
    former[kept++] = old;
    struct number_key key = number_key(head);
    struct former_key name = former_key(head);
    err = database_put(
        transaction,
        DATABASE_META,
        bytes_of(name.b, sizeof name.b),
        bytes_of(former, kept * sizeof(*former))
    );
    if (err == ERR_OK) err = database_put(transaction, DATABASE_BLOCKS, key_bytes(&key), block);
    if (err == ERR_OK)
        err = database_put(transaction, DATABASE_BLOCK_HASHES, key_bytes(&key), hash32_bytes(hash));
    if (err == ERR_OK)
        err =
            database_put(transaction, DATABASE_BLOCK_NUMBERS, hash32_bytes(hash), key_bytes(&key));
    return err;
}

/* Removes what index_transactions wrote for the block. */
static enum err unindex_transactions(struct database_transaction *transaction, uint64_t number) {
    const hash32 *hashes;
    size_t count;
    enum err err = store_get_transaction_hashes(transaction, number, &hashes, &count);
    if (err == ERR_MISSING) err = wrong(transaction, DATABASE_BLOCK_HASHES, "a block is missing");
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        /* The view dies with the first write, so it is found again for each. */
        err = store_get_transaction_hashes(transaction, number, &hashes, &count);
        if (err != ERR_OK) return err;
        CHECK(i < count && hashes != NULL);
        hash32 hash = hashes[i];
        err = database_delete(transaction, DATABASE_TRANSACTIONS, hash32_bytes(&hash));
    }
    struct number_key key = number_key(number);
    if (err == ERR_OK)
        err = database_delete(transaction, DATABASE_TRANSACTION_HASHES, key_bytes(&key));
    return err;
}

static enum err remove_block(struct database_transaction *transaction, uint64_t number) {
    struct number_key key = number_key(number);
    hash32 hash;
    enum err err = unindex_transactions(transaction, number);
    if (err == ERR_OK) err = forget_former(transaction, number);
    if (err == ERR_OK) err = store_get_hash(transaction, number, &hash);
    if (err == ERR_OK)
        err = database_delete(transaction, DATABASE_BLOCK_NUMBERS, hash32_bytes(&hash));
    if (err == ERR_OK) err = database_delete(transaction, DATABASE_BLOCK_HASHES, key_bytes(&key));
    if (err == ERR_OK) err = database_delete(transaction, DATABASE_RECEIPTS, key_bytes(&key));
    if (err == ERR_OK) err = database_delete(transaction, DATABASE_BLOCKS, key_bytes(&key));
    return err;
}

enum err store_truncate(struct database_transaction *transaction, uint64_t number) {
    uint64_t head;
    hash32 hash;
    enum err err = store_get_hash(transaction, number, &hash);
    if (err == ERR_OK) err = store_get_head(transaction, STORE_HEAD, &head, NULL);
    if (err != ERR_OK) return err;
    for (; err == ERR_OK && head > number; head--)
        err = remove_block(transaction, head);
    if (err == ERR_OK) err = write_head(transaction, STORE_HEAD, number);
    for (enum store_head lower = STORE_SAFE; err == ERR_OK && lower <= STORE_FINALIZED; lower++) {
        uint64_t at;
        err = store_get_head(transaction, lower, &at, NULL);
        if (err == ERR_MISSING) {
            err = ERR_OK;
            continue;
        }
        if (err == ERR_OK && at > number) err = write_head(transaction, lower, number);
    }
    return err;
}

enum err
store_set_head(struct database_transaction *transaction, enum store_head head, uint64_t number) {
    hash32 hash;
    CHECK(head != STORE_HEAD);
    enum err err = store_get_hash(transaction, number, &hash);
    return err == ERR_OK ? write_head(transaction, head, number) : err;
}

/* --- settings --- */

static bytes setting_name(const char *name) {
    size_t size = strlen(name);
    CHECK(size >= 1 && size <= STORE_NAME_SIZE_MAX && name[0] != '.');
    return bytes_of(name, size);
}

enum err store_get_meta(struct database_transaction *transaction, const char *name, bytes *value) {
    return database_get(transaction, DATABASE_META, setting_name(name), value);
}

enum err store_put_meta(struct database_transaction *transaction, const char *name, bytes value) {
    bytes key = setting_name(name);
    if (value.size == 0) return database_delete(transaction, DATABASE_META, key);
    return database_put(transaction, DATABASE_META, key, value);
}
