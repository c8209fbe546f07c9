#include "state/source_lmdb.h"

#include "crypto/keccak.h"

#include <stdlib.h>

static enum err read_node(struct source *source, const hash32 *hash, bytes *encoded) {
    struct source_lmdb *own = (struct source_lmdb *)source;
    return node_store_get(own->transaction, &own->runs, encoded, hash, own->is_checked);
}

static enum err read_code(struct source *source, const hash32 *code_hash, bytes *code) {
    struct source_lmdb *own = (struct source_lmdb *)source;
    bytes read;
    enum err err = database_get(own->transaction, DATABASE_CODES, hash32_bytes(code_hash), &read);
    if (err != ERR_OK) return err;
    hash32 actual = own->is_checked ? keccak256(read) : *code_hash;
    if (!hash32_equal(&actual, code_hash)) {
        database_blame(own->transaction, DATABASE_CODES, "an entry does not hash to its name");
        return ERR_CORRUPT;
    }
    *code = read;
    return ERR_OK;
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

static enum err
write_nodes(struct database_transaction *transaction, const struct source_memory *memory) {
    uint32_t count = source_memory_node_count(memory);
    if (count == 0) return ERR_OK;
    struct node_store_item *items = malloc(count * sizeof(*items));
    if (items == NULL) return ERR_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        source_memory_node_at(memory, i, &items[i].hash, &items[i].encoding);
    enum err err = node_store_add(transaction, items, count);
    free(items);
    return err;
}

enum err
source_lmdb_write(struct database_transaction *transaction, const struct source_memory *memory) {
    uint32_t codes = source_memory_code_count(memory);
    enum err err = write_nodes(transaction, memory);
    for (uint32_t i = 0; i < codes && err == ERR_OK; i++) {
        hash32 hash;
        bytes code;
        source_memory_code_at(memory, i, &hash, &code);
        err = database_add(transaction, DATABASE_CODES, hash32_bytes(&hash), code);
    }
    return err;
}
