/* Rows name,unit,min,median,max. The root after writes to 10,000 slots of an account that has
 * 1,000,000: with the trie's nodes still decoded from the block before, and with nothing decoded.
 * What part of it is keccak is measured by hashing the new nodes once more. Also small blocks,
 * reads, and the opening of databases. */
#include "core/bench_host.h"
#include "crypto/keccak.h"
#include "state/source_lmdb.h"
#include "state/state.h"

enum { SLOTS = 1000000, WRITES = 10000, SAMPLES = 11, GENESIS_CHUNK = 100000 };

static double now_ms(void) {
    return bench_now_ns() / 1e6;
}

static void print_row(const char *name, const char *unit, double *samples, size_t count) {
    char row[100];
    (void)snprintf(row, sizeof row, "state/%s/lockstep", name);
    if (!bench_is_wanted(row)) return;
    qsort(samples, count, sizeof *samples, bench_compare);
    printf("%s,%s,%.4g,%.4g,%.4g\n", row, unit, samples[0], samples[count / 2], samples[count - 1]);
    (void)fflush(stdout);
}

static void must(enum err err) {
    if (err == ERR_OK) return;
    fprintf(stderr, "bench_state: %s\n", err_text(err));
    exit(1);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random_u64(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static const address WHO = {{0xaa}};
static struct state_slot slots[GENESIS_CHUNK];

static struct state_change change_of(size_t slot_count) {
    return (struct state_change){
        .address = WHO,
        .exists = true,
        .nonce = 1,
        .code_hash = KECCAK_EMPTY,
        .slots = slots,
        .slot_count = slot_count,
    };
}

static hash32 write_slots(struct state *state, struct source_memory *sink, size_t count) {
    hash32 root;
    struct state_change change = change_of(count);
    must(state_apply(state, &root, sink, &change, 1));
    return root;
}

static void random_writes(size_t count) {
    for (size_t i = 0; i < count; i++) {
        slots[i].key = u256_from_u64(random_u64() % SLOTS);
        slots[i].value = u256_from_u64(random_u64() | 1);
    }
}

/* Hashes every node of a memory again, in the batches of a commit. */
static double rehash_ms(const struct source_memory *memory) {
    enum { BATCH = 32 };
    bytes in[BATCH];
    hash32 out[BATCH];
    hash32 hash;
    uint32_t count = source_memory_node_count(memory);
    double start = now_ms();
    for (uint32_t i = 0; i < count; i += BATCH) {
        uint32_t fill = 0;
        for (; fill < BATCH && i + fill < count; fill++)
            source_memory_node_at(memory, i + fill, &hash, &in[fill]);
        keccak256_many(out, in, fill);
    }
    return now_ms() - start;
}

/* The time of keccak over the slots' keys. */
static double rehash_keys_ms(size_t count) {
    double start = now_ms();
    for (size_t i = 0; i < count; i += 32) {
        hash32 out[32];
        bytes in[32];
        size_t fill = 0;
        for (; fill < 32 && i + fill < count; fill++)
            in[fill] = bytes_of(&slots[i + fill].key, 32);
        keccak256_many(out, in, fill);
    }
    return now_ms() - start;
}

struct large {
    struct arena base_arena; /* the million slots' nodes */
    struct source_memory base;
    hash32 root;
};

static void large_open(struct large *large) {
    struct arena arena;
    arena_open(&large->base_arena, SIZE_MAX);
    arena_open(&arena, SIZE_MAX);
    /* Built in one trie and committed once, so that the source has no nodes of intermediate
     * roots. */
    struct trie_pool pool;
    struct trie trie;
    source_memory_open(&large->base, &large->base_arena, NULL);
    trie_pool_open(&pool, &arena, NULL);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    double start = now_ms();
    for (uint64_t i = 0; i < SLOTS; i++) {
        uint8_t key[32] = {0};
        store_be64(key + 24, i);
        hash32 hash = keccak256(bytes_of(key, 32));
        must(trie_put(
            &trie,
            hash32_bytes(&hash),
            bytes_of(
                "\x84"
                "four",
                5
            )
        ));
    }
    struct account account = account_none();
    must(trie_commit(&trie, &account.storage_root, &large->base));
    double end = now_ms() - start;
    print_row("build_1000000_slots", "ms", &end, 1);
    account.nonce = 1;
    uint8_t encoded[ACCOUNT_SIZE_MAX];
    size_t size = account_encode(encoded, &account);
    hash32 key = keccak256(address_bytes(&WHO));
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    must(trie_put(&trie, hash32_bytes(&key), bytes_of(encoded, size)));
    must(trie_commit(&trie, &large->root, &large->base));
    arena_close(&arena);
}

static void bench_root(struct large *large, const char *name, size_t writes, bool is_warm) {
    double total[SAMPLES];
    double keccak[SAMPLES];
    double share[SAMPLES];
    struct arena arena;
    struct state state;
    char row[80];
    arena_open(&arena, SIZE_MAX);
    for (int s = 0; s < SAMPLES; s++) {
        struct arena sink_arena;
        struct source_memory sink;
        arena_open(&sink_arena, SIZE_MAX);
        source_memory_open(&sink, &sink_arena, NULL);
        if (s == 0 || !is_warm) {
            arena_reset(&arena);
            must(state_open(&state, &arena, &large->base.source, &large->root));
        }
        if (s == 0 && is_warm) { /* touch everything once */
            for (uint64_t i = 0; i < SLOTS; i++) {
                u256 key = u256_from_u64(i);
                u256 value;
                must(state_get_slot(&state, &WHO, &key, &value));
            }
            map_open(&state.keys, &arena, sizeof(u256), sizeof(hash32)); /* keys not hashed yet */
        }
        random_writes(writes);
        double start = now_ms();
        (void)write_slots(&state, &sink, writes);
        total[s] = now_ms() - start;
        keccak[s] = rehash_ms(&sink) + rehash_keys_ms(writes);
        share[s] = 100 * keccak[s] / total[s];
        arena_close(&sink_arena);
    }
    print_row(name, "ms", total, SAMPLES);
    (void)snprintf(row, sizeof row, "%s_keccak", name);
    print_row(row, "ms", keccak, SAMPLES);
    (void)snprintf(row, sizeof row, "%s_keccak_share", name);
    print_row(row, "percent", share, SAMPLES);
    arena_close(&arena);
}

/* Slots read for the first time and again. */
static void bench_reads(struct large *large) {
    double cold[SAMPLES];
    double warm[SAMPLES];
    for (int s = 0; s < SAMPLES; s++) {
        struct arena arena;
        struct state state;
        arena_open(&arena, SIZE_MAX);
        must(state_open(&state, &arena, &large->base.source, &large->root));
        random_writes(WRITES);
        for (int pass = 0; pass < 2; pass++) {
            double start = now_ms();
            for (size_t i = 0; i < WRITES; i++) {
                u256 value;
                must(state_get_slot(&state, &WHO, &slots[i].key, &value));
            }
            (pass == 0 ? cold : warm)[s] = (now_ms() - start) * 1e6 / WRITES;
        }
        arena_close(&arena);
    }
    print_row("get_slot_cold", "ns", cold, SAMPLES);
    print_row("get_slot_warm", "ns", warm, SAMPLES);
}

/* A block of a few transfers on a small chain, written to a temporary database. */
static void bench_small_blocks(void) {
    enum { BLOCKS = 2000, ACCOUNTS = 3 };
    char error[DATABASE_ERROR_SIZE];
    struct database database;
    struct database_transaction read;
    struct source_lmdb lmdb;
    struct arena arena;
    struct arena sink_arena;
    struct source_memory memory;
    struct state state;
    struct state_change changes[ACCOUNTS];
    hash32 root = EMPTY_TRIE_ROOT;
    static double apply[BLOCKS];
    static double commit[BLOCKS];
    must(database_open(&database, &(struct database_options){.path = NULL}, error));
    must(database_begin_read(&database, &read));
    source_lmdb_open(&lmdb, &read, false);
    arena_open(&arena, SIZE_MAX);
    arena_open(&sink_arena, SIZE_MAX);
    source_memory_open(&memory, &sink_arena, &lmdb.source);
    must(state_open(&state, &arena, &memory.source, &root));
    for (int b = 0; b < BLOCKS; b++) {
        for (size_t i = 0; i < ACCOUNTS; i++) {
            changes[i] = (struct state_change){
                .exists = true,
                .nonce = (uint64_t)b,
                .balance = u256_from_u64(random_u64()),
                .code_hash = KECCAK_EMPTY,
            };
            uint64_t who = i == 0 ? 0 : random_u64() % 1000;
            changes[i].address.b[0] = (uint8_t)(i + 1);
            memcpy(changes[i].address.b + 1, &who, sizeof who);
        }
        double start = now_ms();
        must(state_apply(&state, &root, &memory, changes, ACCOUNTS));
        double middle = now_ms();
        struct database_transaction write;
        must(database_begin_write(&database, &write));
        must(source_lmdb_write(&write, &memory));
        must(database_commit(&write));
        must(database_renew(&read));
        arena_reset(&sink_arena);
        source_memory_open(&memory, &sink_arena, &lmdb.source);
        apply[b] = middle - start;
        commit[b] = now_ms() - middle;
    }
    print_row("block_of_3_accounts", "ms", apply, BLOCKS);
    print_row("block_of_3_accounts_write", "ms", commit, BLOCKS);
    database_end(&read);
    database_close(&database);
    arena_close(&arena);
    arena_close(&sink_arena);
}

static void bench_open(void) {
    double samples[SAMPLES];
    for (int s = 0; s < SAMPLES; s++) {
        char error[DATABASE_ERROR_SIZE];
        struct database databases[3];
        double start = now_ms();
        for (int i = 0; i < 3; i++)
            must(database_open(&databases[i], &(struct database_options){.path = NULL}, error));
        samples[s] = now_ms() - start;
        for (int i = 0; i < 3; i++)
            database_close(&databases[i]);
    }
    print_row("open_3_temporary_databases", "ms", samples, SAMPLES);
}

int main(void) {
    static struct large large;
    bench_open();
    bench_small_blocks();
    large_open(&large);
    bench_reads(&large);
    bench_root(&large, "root_10000_of_1000000_cold", WRITES, false);
    bench_root(&large, "root_10000_of_1000000", WRITES, true);
    bench_root(&large, "root_100_of_1000000", 100, true);
    arena_close(&large.base_arena);
    return 0;
}
