#include "state/source_lmdb.h"

#include "crypto/keccak.h"

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
        .source = {read_node, read_code},
        .transaction = transaction,
        .is_checked = is_checked,
    };
}

enum err
source_lmdb_write(struct database_transaction *transaction, const struct source_memory *memory) {
    enum err err = ERR_OK;
    hash32 hash;
    bytes data;
    for (uint32_t i = 0; err == ERR_OK && i < source_memory_node_count(memory); i++) {
        source_memory_node_at(memory, i, &hash, &data);
        err = database_add(transaction, DATABASE_NODES, hash32_bytes(&hash), data);
    }
    for (uint32_t i = 0; err == ERR_OK && i < source_memory_code_count(memory); i++) {
        source_memory_code_at(memory, i, &hash, &data);
        err = database_add(transaction, DATABASE_CODES, hash32_bytes(&hash), data);
    }
    return err;
}
