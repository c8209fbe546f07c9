/* conformance/blocktest.c: blockchain tests. The format is described where the fixtures are. */
#include "chain/block.h"
#include "chain/ethash.h"
#include "conformance/conformance.h"
#include "conformance/exception.h"
#include "conformance/fixture.h"
#include "conformance/runner.h"
#include "conformance/shy.h"
#include "core/check.h"

#include <stdio.h>
#include <string.h>

#define TEST_ARENA_SIZE_MAX  ((size_t)16 << 30)
#define BLOCK_ARENA_SIZE_MAX ((size_t)16 << 30)
#define CODE_ARENA_SIZE_MAX  ((size_t)256 << 20)
#define REASON_SIZE          512

/* A block that was imported. */
struct link {
    struct header header;
    hash32 hash;
    u256 total_difficulty;
    const struct link *parent; /* NULL: genesis */
    const struct header *ommers;
    size_t ommer_count;
};

struct test {
    const char *path;
    const cJSON *json;
    const char *network;
    const struct runner_options *options;
    struct arena *arena;       /* the test's */
    struct arena *block_arena; /* reset for every block */
    struct evm_code_cache *codes;
    struct ethash *ethash;
    struct fork_schedule schedule;
    struct source_memory source;
    struct shy_source shy;
    struct map links; /* hash to struct link */
    const struct link *head;
    char reason[REASON_SIZE];
};

static void fail_test(struct test *t, int block, const char *what, const char *detail) {
    if (t->reason[0] != '\0') return;
    snprintf(t->reason, sizeof t->reason, "block %d: %s %s", block, what, detail);
}

/* --- what import asks for --------------------------------------------------------------------- */

static enum err hash_of_number(void *context, uint64_t number, hash32 *hash) {
    const struct link *link = context;
    while (link != NULL && link->header.number > number)
        link = link->parent;
    if (link == NULL) return ERR_MISSING;
    *hash = link->hash;
    return ERR_OK;
}

static enum err header_of_hash(void *context, const hash32 *hash, struct header *header) {
    const struct test *t = context;
    const struct link *link = map_get(&t->links, hash);
    if (link == NULL) return ERR_MISSING;
    *header = link->header;
    return ERR_OK;
}

static enum err ommers_of_hash(
    void *context,
    struct arena *arena,
    const hash32 *hash,
    const struct header **ommers,
    size_t *count
) {
    (void)arena;
    const struct test *t = context;
    const struct link *link = map_get(&t->links, hash);
    if (link == NULL) return ERR_MISSING;
    *ommers = link->ommers;
    *count = link->ommer_count;
    return ERR_OK;
}

static enum err check_seal(void *context, bool *is_sealed, const struct header *header) {
    const struct test *t = context;
    return ethash_check(t->ethash, is_sealed, header);
}

/* --- one block -------------------------------------------------------------------------------- */

/* Keeps the imported block, and makes it the head if it is the better one: more total difficulty,
 * or later under proof of stake. */
static void
keep_block(struct test *t, const struct link *parent, const struct block_import *import) {
    const struct block *block = &import->block;
    struct link *link = map_put(&t->links, &import->hash, NULL);
    struct header *ommers = arena_alloc_array(t->arena, block->ommer_count, sizeof *ommers);
    CHECK(link != NULL && ommers != NULL);
    if (block->ommer_count > 0) memcpy(ommers, block->ommers, block->ommer_count * sizeof *ommers);
    *link = (struct link){
        .header = block->header,
        .hash = import->hash,
        .total_difficulty = u256_add(&parent->total_difficulty, &block->header.difficulty),
        .parent = parent,
        .ommers = ommers,
        .ommer_count = block->ommer_count,
    };
    bool is_better = u256_is_zero(&block->header.difficulty) ||
                     u256_less(&t->head->total_difficulty, &link->total_difficulty);
    if (is_better) t->head = link;
}

/* Imports once. With a shy source ERR_MISSING comes back until everything was asked for; nothing
 * may be left of the attempts. */
static enum err import_once(
    struct test *t, struct block_import *import, const struct link **parent, bytes encoding
) {
    struct block block;
    struct arena *arena = t->block_arena;
    arena_reset(arena);
    *import = (struct block_import){.verdict = BLOCK_OK};
    enum err err = block_decode(
        &block, &import->verdict, &import->tx_verdict, &import->tx_index, arena, encoding
    );
    if (err != ERR_OK || import->verdict != BLOCK_OK) return err;
    *parent = map_get(&t->links, &block.header.parent_hash);
    if (*parent == NULL) {
        import->verdict = BLOCK_PARENT_UNKNOWN;
        return ERR_OK;
    }
    struct state *state = arena_alloc(arena, sizeof *state);
    struct link *context;
    CHECK(state != NULL);
    memcpy(&context, parent, sizeof(struct link *)); /* the callback's context is not const */
    const char *engine = fixture_text(t->json, "sealEngine");
    bool is_sealed = engine != NULL && strcmp(engine, "Ethash") == 0;
    enum err (*seal)(void *, bool *, const struct header *) = is_sealed ? check_seal : NULL;
    err = state_open(state, arena, &t->source.source, &(*parent)->header.state_root);
    if (err != ERR_OK) return err;
    return block_import(
        import,
        arena,
        state,
        &t->source,
        &t->schedule,
        &(*parent)->header,
        &(*parent)->total_difficulty,
        (struct block_hashes){context, hash_of_number},
        (struct block_ancestors){t, header_of_hash, ommers_of_hash, seal},
        t->codes,
        encoding,
        (struct block_signers){NULL, 0}
    );
}

#define ANY_EXCEPTION "" /* some fixtures do not say why a block must be refused */

/* The words for this block, or NULL if it must be accepted. */
static const char *expected_exception(const struct test *t, const cJSON *block) {
    char name[128];
    const char *words = fixture_text(block, "expectException");
    if (words == NULL) words = fixture_text(block, "expectExceptionALL");
    if (words != NULL) return words;
    snprintf(name, sizeof name, "expectException%s", t->network);
    words = fixture_text(block, name);
    if (words != NULL) return words;
    /* A good block is described by its header. */
    bool is_good = cJSON_GetObjectItemCaseSensitive(block, "blockHeader") != NULL;
    return is_good ? NULL : ANY_EXCEPTION;
}

static void
judge_block(struct test *t, int index, const struct block_import *import, const char *expected) {
    char verdict[96];
    snprintf(
        verdict,
        sizeof verdict,
        "%s%s%s",
        block_verdict_name(import->verdict),
        import->verdict == BLOCK_TRANSACTION ? " " : "",
        import->verdict == BLOCK_TRANSACTION ? tx_verdict_name(import->tx_verdict) : ""
    );
    if (expected == NULL) {
        if (import->verdict != BLOCK_OK) fail_test(t, index, "unexpected exception", verdict);
    } else if (import->verdict == BLOCK_OK) {
        fail_test(t, index, "missing exception", expected);
    } else if (strcmp(expected, ANY_EXCEPTION) != 0 &&
               !exception_allows_block(expected, import->verdict, import->tx_verdict)) {
        char detail[384];
        snprintf(detail, sizeof detail, "%s instead of %s", verdict, expected);
        fail_test(t, index, "exception", detail);
    }
}

static void run_block(struct test *t, int index, const cJSON *json) {
    struct block_import *import = arena_alloc(t->arena, sizeof *import);
    const struct link *parent = NULL;
    bytes encoding;
    CHECK(import != NULL);
    if (!fixture_bytes(&encoding, t->arena, json, "rlp")) {
        fail_test(t, index, "its rlp cannot be read", "");
        return;
    }
    enum err err;
    do {
        err = import_once(t, import, &parent, encoding);
    } while (err == ERR_MISSING && t->options->is_suspending);
    if (err != ERR_OK) {
        fail_test(t, index, "import failed:", err_name(err));
        return;
    }
    judge_block(t, index, import, expected_exception(t, json));
    if (import->verdict != BLOCK_OK) return;
    bytes again;
    CHECK(block_encode(&again, t->block_arena, &import->block) == ERR_OK);
    if (!bytes_equal(encoding, again)) fail_test(t, index, "encodes differently", "");
    keep_block(t, parent, import);
}

/* --- tests ------------------------------------------------------------------------------------ */

/* The header as its fields are written down; only the oldest fixtures need it. */
static bool read_header(struct header *header, struct arena *arena, const cJSON *json) {
    bytes bloom;
    bytes extra;
    bytes nonce;
    *header = (struct header){.fields = HEADER_FRONTIER};
    if (!fixture_hash(&header->parent_hash, json, "parentHash") ||
        !fixture_hash(&header->ommers_hash, json, "uncleHash") ||
        !fixture_address(&header->coinbase, json, "coinbase") ||
        !fixture_hash(&header->state_root, json, "stateRoot") ||
        !fixture_hash(&header->transactions_root, json, "transactionsTrie") ||
        !fixture_hash(&header->receipts_root, json, "receiptTrie") ||
        !fixture_bytes(&bloom, arena, json, "bloom") || bloom.size != sizeof header->logs_bloom.b ||
        !fixture_number(&header->difficulty, json, "difficulty") ||
        !fixture_u64(&header->number, json, "number") ||
        !fixture_u64(&header->gas_limit, json, "gasLimit") ||
        !fixture_u64(&header->gas_used, json, "gasUsed") ||
        !fixture_u64(&header->timestamp, json, "timestamp") ||
        !fixture_bytes(&extra, arena, json, "extraData") ||
        extra.size > HEADER_EXTRA_DATA_SIZE_MAX ||
        !fixture_hash(&header->mix_hash, json, "mixHash") ||
        !fixture_bytes(&nonce, arena, json, "nonce") || nonce.size != sizeof header->nonce)
        return false;
    memcpy(header->logs_bloom.b, bloom.data, bloom.size);
    memcpy(header->nonce, nonce.data, nonce.size);
    header->extra_data_size = (uint8_t)extra.size;
    if (extra.size > 0) memcpy(header->extra_data, extra.data, extra.size);
    return true;
}

/* The genesis header, from its bytes where they are. */
static bool read_genesis(struct header *header, const struct test *t, const cJSON *json) {
    bytes encoding;
    struct block genesis;
    enum block_verdict verdict;
    enum tx_verdict tx_verdict;
    size_t tx_index;
    if (!fixture_bytes(&encoding, t->arena, t->json, "genesisRLP"))
        return read_header(header, t->arena, json);
    CHECK(block_decode(&genesis, &verdict, &tx_verdict, &tx_index, t->arena, encoding) == ERR_OK);
    *header = genesis.header;
    return verdict == BLOCK_OK;
}

static bool begin_chain(struct test *t) {
    struct header genesis;
    hash32 root;
    hash32 expected;
    const cJSON *pre = cJSON_GetObjectItemCaseSensitive(t->json, "pre");
    const cJSON *header = cJSON_GetObjectItemCaseSensitive(t->json, "genesisBlockHeader");
    source_memory_open(&t->source, t->arena, NULL);
    if (fixture_commit_accounts(&root, &t->source, t->arena, pre) != ERR_OK) return false;
    if (!read_genesis(&genesis, t, header)) return false;
    if (!hash32_equal(&root, &genesis.state_root)) return false;
    hash32 hash = header_hash(&genesis);
    if (!fixture_hash(&expected, header, "hash") || !hash32_equal(&expected, &hash)) return false;
    map_open(&t->links, t->arena, sizeof(hash32), sizeof(struct link));
    struct link *link = map_put(&t->links, &hash, NULL);
    CHECK(link != NULL);
    *link = (struct link){.header = genesis, .hash = hash, .total_difficulty = genesis.difficulty};
    t->head = link;
    if (t->options->is_suspending) {
        /* What the genesis put is behind the shy source, what blocks put is above it. */
        struct source_memory *below = arena_alloc(t->arena, sizeof *below);
        CHECK(below != NULL);
        *below = t->source;
        shy_open(&t->shy, t->arena, &below->source);
        source_memory_open(&t->source, t->arena, &t->shy.source);
    }
    return true;
}

static void run_test(struct test *t) {
    hash32 expected;
    t->network = fixture_text(t->json, "network");
    arena_reset(t->arena);
    if (t->network == NULL || forks_preset(&t->schedule, t->network) != ERR_OK) {
        fail_test(t, 0, "unknown network", t->network == NULL ? "" : t->network);
        return;
    }
    const cJSON *config = cJSON_GetObjectItemCaseSensitive(t->json, "config");
    (void)fixture_u64(&t->schedule.chain_id, config, "chainid");
    if (!begin_chain(t)) {
        fail_test(t, 0, "the genesis cannot be made", "");
        return;
    }
    int index = 0;
    const cJSON *block;
    cJSON_ArrayForEach(block, cJSON_GetObjectItemCaseSensitive(t->json, "blocks")) {
        run_block(t, ++index, block);
        if (t->reason[0] != '\0') return;
    }
    if (!fixture_hash(&expected, t->json, "lastblockhash") ||
        !hash32_equal(&expected, &t->head->hash))
        fail_test(t, index, "the head is not the expected one", "");
}

static void
run_file(const char *path, const struct runner_options *options, struct runner *runner) {
    cJSON *json = fixture_load(path);
    if (json == NULL) {
        if (!runner_claim(runner)) return;
        runner_print("FAIL %s: cannot be read", path);
        runner_count(runner, "unreadable", false);
        return;
    }
    struct arena arena;
    struct arena block_arena;
    struct arena code_arena;
    struct arena ethash_arena;
    struct ethash ethash;
    arena_open(&arena, TEST_ARENA_SIZE_MAX);
    arena_open(&block_arena, BLOCK_ARENA_SIZE_MAX);
    arena_open(&code_arena, CODE_ARENA_SIZE_MAX);
    arena_open(&ethash_arena, CODE_ARENA_SIZE_MAX);
    ethash_open(&ethash, &ethash_arena);
    const cJSON *test_json;
    cJSON_ArrayForEach(test_json, json) {
        const char *network = fixture_text(test_json, "network");
        if (options->filter != NULL && strstr(test_json->string, options->filter) == NULL) continue;
        if (options->fork != NULL && (network == NULL || strcmp(options->fork, network) != 0))
            continue;
        if (!runner_claim(runner)) continue;
        arena_reset(&code_arena);
        struct test test = {
            .path = path,
            .json = test_json,
            .options = options,
            .arena = &arena,
            .block_arena = &block_arena,
            .ethash = &ethash,
            .codes = options->is_suspending ? NULL : evm_code_cache_open(&code_arena),
        };
        run_test(&test);
        bool is_passed = test.reason[0] == '\0';
        runner_count(runner, network == NULL ? "?" : network, is_passed);
        if (!is_passed || options->is_verbose)
            runner_print(
                "%s %s %s %s",
                is_passed ? "pass" : "FAIL",
                path,
                test_json->string,
                is_passed ? "" : test.reason
            );
    }
    arena_close(&arena);
    arena_close(&block_arena);
    arena_close(&code_arena);
    arena_close(&ethash_arena);
    cJSON_Delete(json);
}

int conformance_blocktest(int argc, char **argv) {
    return runner_main(argc, argv, run_file);
}
