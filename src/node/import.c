#include "node/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "core/rlp.h"
#include "node/signers.h"

#define META_GENESIS          "genesis"
#define IMPORT_BLOCK_SIZE_MAX ((size_t)1 << 30) /* working memory of one block */

/* --- files ------------------------------------------------------------------------------------ */

static enum err map_file(bytes *content, char error[NODE_ERROR_SIZE], const char *path) {
    struct stat about;
    void *data = NULL;
    enum err err = ERR_OK;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) != 0)
        err = ERR_IO;
    else if (!S_ISREG(about.st_mode)) {
        errno = EINVAL;
        err = ERR_IO;
    } else if (about.st_size > 0) {
        data = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED) err = ERR_IO;
    }
    if (err == ERR_OK)
        *content = data == NULL ? BYTES_EMPTY : bytes_of(data, (size_t)about.st_size);
    else
        (void)node_fail(error, err, "cannot read %.300s: %s", path, strerror(errno));
    if (file >= 0) (void)close(file);
    return err;
}

static void unmap_file(bytes content) {
    union {
        const uint8_t *is_const;
        void *is_not;
    } data = {content.data};
    if (content.size > 0) (void)munmap(data.is_not, content.size);
}

/* --- Paris ------------------------------------------------------------------------------------ */

/* From here on the schedule says by number where Paris begins: with the first block without work,
 * at the latest with the next one. */
static enum err settle_paris(struct node_chain *chain) {
    chain->schedule.names_senders = true; /* from here on the blocks are this node's own */
    if (!chain->schedule.has_terminal_total_difficulty) return ERR_OK;
    uint64_t first = chain->head.number + 1;
    for (struct header header = chain->head; u256_is_zero(&header.difficulty) && first > 1;) {
        first = header.number;
        enum err err = node_chain_read_header(chain, &header, NULL, first - 1);
        if (err != ERR_OK) return err;
    }
    chain->schedule.has_terminal_total_difficulty = false;
    chain->schedule.activation[FORK_PARIS] = first;
    return ERR_OK;
}

/* --- the genesis ------------------------------------------------------------------------------ */

/* What the chain takes from its genesis. */
static void adopt(struct node_chain *chain, const struct genesis *genesis) {
    chain->node->is_given = true;
    chain->schedule = genesis->schedule;
    chain->rpc.chain_id = genesis->schedule.chain_id;
}

static enum err read_genesis(
    struct genesis *genesis,
    char error[NODE_ERROR_SIZE],
    struct arena *arena,
    const char *path,
    bytes text
) {
    const char *reason = "";
    /* The parser wants a terminated text. */
    char *copy = arena_alloc(arena, text.size + 1);
    if (copy == NULL) return node_fail(error, ERR_MEMORY, "%.300s: it is too large", path);
    if (text.size > 0) memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    enum err err = genesis_from_json(genesis, &reason, arena, copy, text.size);
    if (err == ERR_OK) return ERR_OK;
    return node_fail(error, err, "%.300s: %s", path, err == ERR_INPUT ? reason : err_text(err));
}

static enum err keep_genesis(struct node_chain *chain, char error[NODE_ERROR_SIZE], bytes text) {
    struct database_transaction write;
    enum err err = database_begin_write(&chain->database, &write);
    if (err == ERR_OK) err = store_put_meta(&write, META_GENESIS, text);
    if (err == ERR_OK) err = database_commit(&write);
    if (err == ERR_OK) return database_renew(&chain->snapshot);
    (void)node_fail(error, err, "%s", write.error);
    database_end(&write);
    return err;
}

enum err import_begin(struct node *node, char error[NODE_ERROR_SIZE], struct arena *arena) {
    struct node_chain *chain = node_l1(node);
    const char *path = node->options->l1_genesis;
    struct genesis genesis = {0};
    bytes text;
    enum err err = map_file(&text, error, path);
    if (err != ERR_OK) return err;
    err = read_genesis(&genesis, error, arena, path, text);
    if (err == ERR_OK) {
        adopt(chain, &genesis);
        err = node_chain_begin(chain, error, &genesis);
    }
    if (err == ERR_OK) err = keep_genesis(chain, error, text);
    if (err == ERR_OK) chain->gas_limit = chain->head.gas_limit;
    if (err == ERR_OK && node->options->l1_import == NULL) {
        err = settle_paris(chain);
        if (err != ERR_OK) (void)node_fail(error, err, "l1: %s", err_text(err));
    }
    unmap_file(text);
    return err;
}

/* The hash of the block that a description gives. */
static enum err hash_of(hash32 *hash, struct arena *arena, struct genesis *genesis) {
    struct source_memory memory;
    struct state state;
    hash32 empty = EMPTY_TRIE_ROOT;
    source_memory_open(&memory, arena, NULL);
    enum err err = state_open(&state, arena, &memory.source, &empty);
    if (err == ERR_OK) err = genesis_commit(genesis, &state, &memory, arena);
    if (err == ERR_OK) *hash = header_hash(&genesis->header);
    return err;
}

static enum err
compare_genesis(struct node *node, char error[NODE_ERROR_SIZE], struct arena *arena) {
    const char *path = node->options->l1_genesis;
    struct genesis genesis = {0};
    hash32 kept;
    hash32 given = {{0}};
    bytes text;
    enum err err = map_file(&text, error, path);
    if (err != ERR_OK) return err;
    err = read_genesis(&genesis, error, arena, path, text);
    if (err == ERR_OK) {
        err = hash_of(&given, arena, &genesis);
        if (err == ERR_OK) err = store_get_hash(&node_l1(node)->snapshot, 0, &kept);
        if (err != ERR_OK) (void)node_fail(error, err, "%.300s: %s", path, err_text(err));
    }
    unmap_file(text);
    if (err != ERR_OK || hash32_equal(&given, &kept)) return err;
    return node_fail(
        error,
        ERR_INPUT,
        "%.200s describes another genesis block than the one in %.200s; use the same file, or "
        "another --datadir",
        path,
        node->options->datadir
    );
}

enum err import_restore(struct node *node, char error[NODE_ERROR_SIZE], struct arena *arena) {
    struct node_chain *chain = node_l1(node);
    struct genesis genesis = {0};
    bytes text;
    enum err err = store_get_meta(&chain->snapshot, META_GENESIS, &text);
    if (err == ERR_MISSING && node->options->l1_genesis == NULL) return ERR_OK;
    if (err == ERR_MISSING)
        return node_fail(
            error,
            ERR_INPUT,
            "the network in %.200s was begun without --l1-genesis; leave it out, or use another "
            "--datadir",
            node->options->datadir
        );
    if (err != ERR_OK) return node_fail(error, err, "l1: genesis: %s", chain->snapshot.error);
    err = read_genesis(&genesis, error, arena, node->options->datadir, text);
    if (err != ERR_OK) return err;
    adopt(chain, &genesis);
    chain->gas_limit = chain->head.gas_limit;
    if (node->options->l1_genesis != NULL) err = compare_genesis(node, error, arena);
    if (err != ERR_OK || node->options->l1_import != NULL) return err;
    err = settle_paris(chain);
    return err == ERR_OK ? err : node_fail(error, err, "l1: %s", err_text(err));
}

/* --- blocks ----------------------------------------------------------------------------------- */

struct import {
    struct node_chain *chain;
    const char *path;
    char *error;
    struct arena arena;      /* of the block */
    bytes rest;              /* of the file, from this block on */
    struct signers *signers; /* of the blocks to come; NULL while all are known */
    u256 total_difficulty;
    uint64_t number; /* of the block, for the error */
};

static enum err get_ancestor(void *context, const hash32 *hash, struct header *header) {
    struct node_chain *chain = context;
    uint64_t number;
    enum err err = store_get_number(node_chain_store(chain), hash, &number);
    return err == ERR_OK ? node_chain_read_header(chain, header, NULL, number) : err;
}

static enum err get_ommers(
    void *context,
    struct arena *arena,
    const hash32 *hash,
    const struct header **ommers,
    size_t *count
) {
    struct node_chain *chain = context;
    const struct chain_block *block;
    uint64_t number;
    enum err err = store_get_number(node_chain_store(chain), hash, &number);
    if (err == ERR_OK) err = node_chain_read_block(chain, &block, arena, number);
    if (err != ERR_OK) return err;
    *ommers = block->block.ommers;
    *count = block->block.ommer_count;
    return ERR_OK;
}

static enum err refuse(const struct import *import, const struct block_import *made) {
    if (made->verdict != BLOCK_TRANSACTION)
        return node_fail(
            import->error,
            ERR_INPUT,
            "%.250s: block %" PRIu64 ": %s",
            import->path,
            import->number,
            block_verdict_text(made->verdict)
        );
    return node_fail(
        import->error,
        ERR_INPUT,
        "%.250s: block %" PRIu64 ": transaction %zu: %s",
        import->path,
        import->number,
        made->tx_index,
        tx_verdict_text(made->tx_verdict)
    );
}

static enum err append(struct import *import, const struct block_import *made) {
    const struct block_builder *builder = &made->builder;
    const struct node_new_block block = {
        .header = &made->block.header,
        .tx_encodings = made->block.tx_encodings,
        .tx_hashes = builder->tx_hashes,
        .senders = builder->senders,
        .receipts = builder->receipts,
        .tx_count = builder->tx_count,
        .ommers = made->block.ommers,
        .ommer_count = made->block.ommer_count,
        .withdrawals = made->block.withdrawals,
        .withdrawal_count = made->block.withdrawal_count,
        .memory = &import->chain->fresh,
    };
    return node_chain_append(import->chain, import->error, &import->arena, &block);
}

/* A block after the head. */
static enum err execute(struct import *import, bytes encoding) {
    struct node_chain *chain = import->chain;
    struct block_import *made = arena_alloc_zero(&import->arena, sizeof(*made));
    enum err err = ERR_MEMORY;
    if (made != NULL)
        err = block_import(
            made,
            &import->arena,
            &chain->state,
            &chain->fresh,
            &chain->schedule,
            &chain->head,
            &import->total_difficulty,
            node_chain_hashes(chain),
            (struct block_ancestors){chain, get_ancestor, get_ommers, NULL},
            chain->codes,
            encoding,
            signers_take(import->signers)
        );
    if (err == ERR_OK && made->verdict != BLOCK_OK) return refuse(import, made);
    import->error[0] = 0;
    if (err == ERR_OK) err = append(import, made);
    if (err == ERR_OK) {
        import->total_difficulty =
            u256_add(&import->total_difficulty, &made->block.header.difficulty);
        return ERR_OK;
    }
    if (import->error[0] != 0) return err;
    return node_fail(
        import->error,
        err,
        "%.250s: block %" PRIu64 ": %s",
        import->path,
        import->number,
        err_text(err)
    );
}

/* The header at the front of a block; ERR_INPUT if there is none. */
static enum err peek(struct header *header, bytes encoding) {
    struct rlp rlp = rlp_open(encoding);
    struct rlp fields;
    bytes item;
    bool is_list;
    if (rlp_read_list(&rlp, &fields) != ERR_OK ||
        rlp_read_item(&fields, &item, &is_list) != ERR_OK || !is_list)
        return ERR_INPUT;
    return header_decode(header, item) == BLOCK_OK ? ERR_OK : ERR_INPUT;
}

static enum err import_block(struct import *import, bytes encoding) {
    struct node_chain *chain = import->chain;
    struct header header;
    if (peek(&header, encoding) != ERR_OK)
        return node_fail(
            import->error,
            ERR_INPUT,
            "%.250s: what follows block %" PRIu64 " is no block",
            import->path,
            import->number
        );
    import->number = header.number;
    if (header.number <= chain->head.number) {
        hash32 hash = header_hash(&header);
        hash32 known;
        enum err err = store_get_hash(node_chain_store(chain), header.number, &known);
        if (err == ERR_OK && hash32_equal(&hash, &known)) {
            (void)signers_take(import->signers);
            return ERR_OK;
        }
        return node_fail(
            import->error,
            ERR_INPUT,
            "%.250s: block %" PRIu64 ": the chain has another block of this number",
            import->path,
            import->number
        );
    }
    /* From the first block on that is new. Without threads it goes on without. */
    if (import->signers == NULL)
        import->signers = signers_open(import->rest, uv_available_parallelism() - 1);
    arena_reset(&import->arena);
    enum err err = execute(import, encoding);
    if (err == ERR_OK) node_chain_settle(chain);
    return err;
}

static enum err sum_difficulty(struct import *import) {
    for (uint64_t n = 0; n <= import->chain->head.number; n++) {
        struct header header;
        enum err err = node_chain_read_header(import->chain, &header, NULL, n);
        if (err != ERR_OK) return node_fail(import->error, err, "l1: %s", err_text(err));
        import->total_difficulty = u256_add(&import->total_difficulty, &header.difficulty);
    }
    return ERR_OK;
}

enum err import_blocks(struct node *node, char error[NODE_ERROR_SIZE]) {
    struct node_chain *chain = node_l1(node);
    struct import import = {.chain = chain, .path = node->options->l1_import, .error = error};
    bytes content;
    enum err err = map_file(&content, error, import.path);
    if (err != ERR_OK) return err;
    arena_open(&import.arena, IMPORT_BLOCK_SIZE_MAX);
    err = sum_difficulty(&import);
    struct rlp rlp = rlp_open(content);
    while (err == ERR_OK && !rlp_done(&rlp)) {
        bytes item = BYTES_EMPTY;
        bool is_list;
        import.rest = rlp.rest;
        /* An item that is cut short has no header either. */
        if (rlp_read_item(&rlp, &item, &is_list) != ERR_OK) item = BYTES_EMPTY;
        err = import_block(&import, item);
    }
    if (err == ERR_OK) err = node_chain_sync(chain, error);
    if (err == ERR_OK) {
        err = settle_paris(chain);
        if (err != ERR_OK) (void)node_fail(error, err, "l1: %s", err_text(err));
    }
    chain->gas_limit = chain->head.gas_limit;
    signers_close(import.signers);
    arena_close(&import.arena);
    unmap_file(content);
    return err;
}
