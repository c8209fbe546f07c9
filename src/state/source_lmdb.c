#include "state/source_lmdb.h"

#include "crypto/keccak.h"

#include <stdlib.h>

static enum err read_checked(
    struct source_lmdb *source, enum database_table table, const hash32 *hash, bytes *data
) {
    bytes read;
    enum err err = database_get(source->transaction, table, hash32_bytes(hash), &read);
    if (err != ERR_OK) return err;
    if (source->is_checked) {
        hash32 actual = keccak256(read);
        if (!hash32_equal(&actual, hash)) {
            database_blame(source->transaction, table, "an entry does not hash to its name");
            return ERR_CORRUPT;
        }
    }
    *data = read;
    return ERR_OK;
}

static enum err read_node(struct source *source, const hash32 *hash, bytes *encoded) {
    return read_checked((struct source_lmdb *)source, DATABASE_NODES, hash, encoded);
}

static enum err read_code(struct source *source, const hash32 *code_hash, bytes *code) {
    return read_checked((struct source_lmdb *)source, DATABASE_CODES, code_hash, code);
}

void source_lmdb_open(
    struct source_lmdb *source, struct database_transaction *transaction, bool is_checked
) {
    *source = (struct source_lmdb){
        .source = {read_node, read_code, NULL},
        .transaction = transaction,
        .is_checked = is_checked,
    };
}

struct item {
    hash32 hash;
    bytes data;
};

static int compare_items(const void *a, const void *b) {
    const struct item *x = a;
    const struct item *y = b;
    return memcmp(x->hash.b, y->hash.b, sizeof(x->hash.b));
}

typedef void item_at(const struct source_memory *memory, uint32_t index, hash32 *hash, bytes *data);

/* In the order of their hashes, so that neighbours share the pages they are written to: by the
 * hundred thousand that is several times faster than as they come. */
static enum err write_items(
    struct database_transaction *transaction,
    enum database_table table,
    const struct source_memory *memory,
    uint32_t count,
    item_at *get
) {
    if (count == 0) return ERR_OK;
    struct item *items = malloc(count * sizeof(*items));
    if (items == NULL) return ERR_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        get(memory, i, &items[i].hash, &items[i].data);
    qsort(items, count, sizeof(*items), compare_items);
    enum err err = ERR_OK;
    for (uint32_t i = 0; i < count && err == ERR_OK; i++)
        err = database_add(transaction, table, hash32_bytes(&items[i].hash), items[i].data);
    free(items);
    return err;
}

enum err
source_lmdb_write(struct database_transaction *transaction, const struct source_memory *memory) {
    uint32_t nodes = source_memory_node_count(memory);
    uint32_t codes = source_memory_code_count(memory);
    enum err err = write_items(transaction, DATABASE_NODES, memory, nodes, source_memory_node_at);
    if (err != ERR_OK) return err;
    return write_items(transaction, DATABASE_CODES, memory, codes, source_memory_code_at);
}
