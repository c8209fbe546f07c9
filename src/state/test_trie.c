#include "crypto/keccak.h"
#include "state/test_model.h"
#include "state/trie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_hash(const hash32 *a, const hash32 *b) {
    assert_memory_equal(a->b, b->b, 32);
}

/* --- exhaustive, over a few keys of at most four nibbles --- */

/* Chosen so that there are branch values, extensions of one and more nibbles, and collapses into
 * each kind of node. */
static const struct {
    size_t size;
    uint8_t b[2];
} KEYS[] = {
    {0, {0}},
    {1, {0x00}},
    {1, {0x01}},
    {1, {0x10}},
    {2, {0x00, 0x00}},
    {2, {0x00, 0x10}},
    {2, {0x11, 0x11}},
    {2, {0x11, 0x12}},
};
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS, SUBSETS = 1 << KEY_COUNT };

static bytes key_at(unsigned i) {
    return bytes_of(KEYS[i].b, KEYS[i].size);
}

/* Short values live in their parents, long ones are hashed. */
static bytes value_at(unsigned i, bool is_long) {
    static uint8_t values[2][KEY_COUNT][40];
    memset(values[is_long][i], (int)(i + 1), sizeof *values[is_long]);
    return bytes_of(values[is_long][i], is_long ? 40 : 1);
}

struct exhaustive {
    struct arena arena;
    struct source_memory source; /* every node of every subset's trie */
    struct trie_pool pool;
    hash32 roots[SUBSETS];
    bool is_long;
};

static void trie_of_subset(struct exhaustive *e, struct trie *trie, unsigned subset) {
    trie_open(trie, &e->pool, &EMPTY_TRIE_ROOT);
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if ((subset >> i & 1) != 0)
            assert_int_equal(trie_put(trie, key_at(i), value_at(i, e->is_long)), ERR_OK);
}

static void exhaustive_open(struct exhaustive *e, bool is_long) {
    e->is_long = is_long;
    arena_open(&e->arena, SIZE_MAX);
    source_memory_open(&e->source, &e->arena, NULL);
    trie_pool_open(&e->pool, &e->arena, &e->source.source);
    for (unsigned subset = 0; subset < SUBSETS; subset++) {
        struct model model = {0};
        for (unsigned i = 0; i < KEY_COUNT; i++)
            if ((subset >> i & 1) != 0) model_put(&model, key_at(i), value_at(i, is_long));
        e->roots[subset] = model_root(&model);
        model_close(&model);

        struct trie trie;
        hash32 root;
        trie_of_subset(e, &trie, subset);
        assert_int_equal(trie_commit(&trie, &root, &e->source), ERR_OK);
        assert_hash(&root, &e->roots[subset]);
        trie_move(&trie, &EMPTY_TRIE_ROOT);
    }
}

/* The next permutation in lexicographic order; false after the last. */
static bool next_order(unsigned order[KEY_COUNT]) {
    int i = KEY_COUNT - 2;
    while (i >= 0 && order[i] > order[i + 1])
        i--;
    if (i < 0) return false;
    int j = KEY_COUNT - 1;
    while (order[j] < order[i])
        j--;
    unsigned swap = order[i];
    order[i] = order[j];
    order[j] = swap;
    for (int a = i + 1, b = KEY_COUNT - 1; a < b; a++, b--) {
        swap = order[a];
        order[a] = order[b];
        order[b] = swap;
    }
    return true;
}

/* Every order of putting all keys and of deleting them, committing after each step. */
static void check_all_orders(bool is_long) {
    static struct exhaustive e;
    unsigned order[KEY_COUNT];
    exhaustive_open(&e, is_long);
    for (unsigned i = 0; i < KEY_COUNT; i++)
        order[i] = i;
    struct trie trie;
    trie_open(&trie, &e.pool, &EMPTY_TRIE_ROOT);
    do {
        hash32 root;
        unsigned subset = 0;
        for (unsigned i = 0; i < KEY_COUNT; i++) {
            assert_int_equal(
                trie_put(&trie, key_at(order[i]), value_at(order[i], is_long)), ERR_OK
            );
            subset |= 1u << order[i];
            assert_int_equal(trie_commit(&trie, &root, NULL), ERR_OK);
            assert_hash(&root, &e.roots[subset]);
        }
        for (unsigned i = 0; i < KEY_COUNT; i++) {
            assert_int_equal(trie_delete(&trie, key_at(order[i])), ERR_OK);
            subset &= ~(1u << order[i]);
            assert_int_equal(trie_commit(&trie, &root, NULL), ERR_OK);
            assert_hash(&root, &e.roots[subset]);
        }
    } while (next_order(order));
    arena_close(&e.arena);
}

static void test_all_orders_short(void **unused) {
    (void)unused;
    check_all_orders(false);
}

static void test_all_orders_long(void **unused) {
    (void)unused;
    check_all_orders(true);
}

/* From each subset to each, one commit, the first subset's nodes read from the source (or in memory
 * already), putting first or deleting first. Every key is looked up before and after. */
static void check_all_steps(bool is_long, bool is_read, bool deletes_first) {
    static struct exhaustive e;
    exhaustive_open(&e, is_long);
    for (unsigned from = 0; from < SUBSETS; from++) {
        for (unsigned to = 0; to < SUBSETS; to++) {
            struct trie trie;
            hash32 root;
            bytes value;
            if (is_read)
                trie_open(&trie, &e.pool, &e.roots[from]);
            else
                trie_of_subset(&e, &trie, from);
            for (unsigned pass = 0; pass < 2; pass++) {
                bool is_delete = (pass == 0) == deletes_first;
                for (unsigned i = 0; i < KEY_COUNT; i++) {
                    bool is_wanted = (to >> i & 1) != 0;
                    if (is_wanted && !is_delete)
                        assert_int_equal(trie_put(&trie, key_at(i), value_at(i, is_long)), ERR_OK);
                    if (!is_wanted && is_delete)
                        assert_int_equal(trie_delete(&trie, key_at(i)), ERR_OK);
                }
            }
            for (unsigned i = 0; i < KEY_COUNT; i++) {
                bytes expected = (to >> i & 1) != 0 ? value_at(i, is_long) : BYTES_EMPTY;
                assert_int_equal(trie_get(&trie, &value, key_at(i)), ERR_OK);
                assert_true(bytes_equal(value, expected));
            }
            uint64_t hashed = e.pool.hashed_count;
            assert_int_equal(trie_commit(&trie, &root, NULL), ERR_OK);
            assert_hash(&root, &e.roots[to]);
            if (from == to && is_read) assert_int_equal(e.pool.hashed_count, hashed);
            trie_move(&trie, &EMPTY_TRIE_ROOT);
        }
    }
    arena_close(&e.arena);
}

static void test_all_steps(void **unused) {
    (void)unused;
    for (unsigned i = 0; i < 8; i++)
        check_all_steps((i & 1) != 0, (i & 2) != 0, (i & 4) != 0);
}

/* Every subset from every start: the walk gives the entries in order, and gives back what it
 * read. */
static void test_all_walks(void **unused) {
    (void)unused;
    static const uint8_t starts[][3] = {
        {0},
        {0, 0, 0},
        {0, 5},
        {1},
        {0x0f},
        {0x11, 0x11},
        {0x11, 0x12},
        {0x11, 0x12, 0},
        {0x12},
        {0xff}};
    static const size_t sizes[] = {0, 3, 2, 1, 1, 2, 2, 3, 1, 1};
    static struct exhaustive e;
    exhaustive_open(&e, true);
    for (unsigned subset = 0; subset < SUBSETS; subset++) {
        struct model model = {0};
        for (unsigned i = 0; i < KEY_COUNT; i++)
            if ((subset >> i & 1) != 0) model_put(&model, key_at(i), value_at(i, true));
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            struct trie trie;
            struct trie_iterator iterator;
            bytes start = bytes_of(starts[s], sizes[s]);
            bytes key;
            bytes value;
            bool found;
            trie_open(&trie, &e.pool, &e.roots[subset]);
            trie_iterator_open(&iterator, &trie, start);
            for (size_t i = model_find(&model, start); i < model.count; i++) {
                const struct model_entry *entry = &model.entries[i];
                assert_int_equal(trie_iterator_next(&iterator, &found, &key, &value), ERR_OK);
                assert_true(found);
                assert_true(bytes_equal(key, bytes_of(entry->key, entry->key_size)));
                assert_true(bytes_equal(value, entry->value));
            }
            assert_int_equal(trie_iterator_next(&iterator, &found, &key, &value), ERR_OK);
            assert_false(found);
            assert_int_equal(trie_iterator_next(&iterator, &found, &key, &value), ERR_OK);
            assert_false(found);
            trie_move(&trie, &EMPTY_TRIE_ROOT);
        }
        model_close(&model);
    }
    size_t used = e.arena.used_size;
    for (int i = 0; i < 1000; i++) { /* nothing leaks from walk to walk */
        struct trie trie;
        struct trie_iterator iterator;
        bytes key;
        bytes value;
        bool found;
        trie_open(&trie, &e.pool, &e.roots[SUBSETS - 1]);
        trie_iterator_open(&iterator, &trie, BYTES_EMPTY);
        for (int k = 0; k < i % 9; k++)
            assert_int_equal(trie_iterator_next(&iterator, &found, &key, &value), ERR_OK);
        trie_iterator_close(&iterator);
        assert_int_equal(trie_iterator_next(&iterator, &found, &key, &value), ERR_OK);
        assert_false(found);
        trie_move(&trie, &EMPTY_TRIE_ROOT);
    }
    assert_int_equal(e.arena.used_size, used);
    arena_close(&e.arena);
}

/* --- random, with 32-byte keys that share much --- */

static void random_key(uint8_t key[32], uint64_t *seed) {
    uint64_t r = model_random(seed);
    memset(key, 0, 32);
    unsigned ends = (unsigned)(r % 6); /* nibbles that differ lie at both ends, few values each */
    for (unsigned i = 0; i < ends; i++)
        key[i] = (uint8_t)(model_random(seed) % 3 * 0x11);
    key[31] = (uint8_t)(r >> 8 & 0x33);
    key[16] = (uint8_t)(r >> 16 & 0x11);
}

static bytes random_value(struct arena *arena, uint64_t *seed) {
    size_t size = 1 + model_random(seed) % (model_random(seed) % 8 == 0 ? 700 : 40);
    uint8_t *value = arena_alloc(arena, size);
    assert_non_null(value);
    for (size_t i = 0; i < size; i++)
        value[i] = i % 8 == 0 ? (uint8_t)model_random(seed) : (uint8_t)(value[i - 1] + 1);
    return bytes_of(value, size);
}

static void test_random(void **unused) {
    (void)unused;
    enum { ROUNDS = 300, STEPS = 40 };
    uint64_t seed = model_seed();
    print_message("seed %#llx\n", (unsigned long long)seed);
    struct arena arena;
    struct arena values;
    struct source_memory source;
    struct trie_pool pool;
    struct trie trie;
    struct model model = {0};
    arena_open(&arena, SIZE_MAX);
    arena_open(&values, SIZE_MAX);
    source_memory_open(&source, &arena, NULL);
    trie_pool_open(&pool, &arena, &source.source);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    for (int round = 0; round < ROUNDS; round++) {
        hash32 root;
        for (int step = 0; step < STEPS; step++) {
            uint8_t key[32];
            bytes found;
            random_key(key, &seed);
            bool is_delete = model_random(&seed) % 100 < (round / 50 % 2 == 0 ? 35 : 60);
            bytes value = is_delete ? BYTES_EMPTY : random_value(&values, &seed);
            bytes before = model_get(&model, bytes_of(key, 32));
            assert_int_equal(trie_get(&trie, &found, bytes_of(key, 32)), ERR_OK);
            assert_true(bytes_equal(found, before));
            if (is_delete)
                assert_int_equal(trie_delete(&trie, bytes_of(key, 32)), ERR_OK);
            else
                assert_int_equal(trie_put(&trie, bytes_of(key, 32), value), ERR_OK);
            model_put(&model, bytes_of(key, 32), value);
        }
        assert_int_equal(trie_commit(&trie, &root, &source), ERR_OK);
        hash32 expected = model_root(&model);
        assert_hash(&root, &expected);
        if (model_random(&seed) % 4 == 0) trie_move(&trie, &root); /* read it all again */
    }
    model_close(&model);
    arena_close(&values);
    arena_close(&arena);
}

/* Tries committed together get the roots they get alone. */
static void test_commit_many(void **unused) {
    (void)unused;
    enum { TRIES = 40 };
    uint64_t seed = model_seed();
    struct arena arena;
    struct trie_pool pool;
    struct trie tries[TRIES];
    struct trie *list[TRIES];
    hash32 roots[TRIES];
    struct model models[TRIES] = {{0}};
    arena_open(&arena, SIZE_MAX);
    trie_pool_open(&pool, &arena, NULL);
    for (size_t t = 0; t < TRIES; t++) {
        list[t] = &tries[t];
        trie_open(&tries[t], &pool, &EMPTY_TRIE_ROOT);
        for (size_t i = 0; i < t * 3; i++) {
            uint8_t key[32];
            random_key(key, &seed);
            bytes value = random_value(&arena, &seed);
            assert_int_equal(trie_put(&tries[t], bytes_of(key, 32), value), ERR_OK);
            model_put(&models[t], bytes_of(key, 32), value);
        }
    }
    assert_int_equal(trie_commit_many(list, roots, TRIES, NULL), ERR_OK);
    for (size_t t = 0; t < TRIES; t++) {
        hash32 expected = model_root(&models[t]);
        assert_hash(&roots[t], &expected);
        model_close(&models[t]);
    }
    arena_close(&arena);
}

/* A block changes as many nodes as the one before it: the pool reuses what was dropped. */
static void test_memory_is_reused(void **unused) {
    (void)unused;
    struct arena arena;
    struct trie_pool pool;
    struct trie trie;
    hash32 root;
    size_t used = 0;
    arena_open(&arena, SIZE_MAX);
    trie_pool_open(&pool, &arena, NULL);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    for (unsigned block = 0; block < 400; block++) {
        for (unsigned i = 0; i < 200; i++) {
            uint8_t number[4] = {(uint8_t)i, (uint8_t)(block % 2)};
            uint8_t value[70];
            memset(value, (int)block, sizeof value);
            hash32 key = keccak256(bytes_of(number, 4));
            assert_int_equal(trie_put(&trie, hash32_bytes(&key), bytes_of(value, 70)), ERR_OK);
            number[1] ^= 1;
            key = keccak256(bytes_of(number, 4));
            assert_int_equal(trie_delete(&trie, hash32_bytes(&key)), ERR_OK);
        }
        assert_int_equal(trie_commit(&trie, &root, NULL), ERR_OK);
        if (block == 10) used = arena.used_size;
    }
    assert_int_equal(arena.used_size, used);
    arena_close(&arena);
}

/* --- failures --- */

/* Every step is tried with 0, 16, 32, … bytes of memory left until it succeeds. Since a step that
 * fails must change nothing, the roots are right in the end. */
static void test_allocation_failures(void **unused) {
    (void)unused;
    enum { REGION_SIZE = 4 << 20, STEPS = 400 };
    static _Alignas(16) uint8_t region[REGION_SIZE];
    uint64_t seed = model_seed();
    struct arena arena;
    struct arena values;
    struct arena sink_arena;
    struct source_memory sink;
    struct trie_pool pool;
    struct trie trie;
    struct model model = {0};
    unsigned failures = 0;
    arena_open_region(&arena, region, sizeof region);
    arena_open(&values, SIZE_MAX);
    arena_open(&sink_arena, SIZE_MAX);
    source_memory_open(&sink, &sink_arena, NULL);
    trie_pool_open(&pool, &arena, &sink.source);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    uint8_t *end = arena.end;
    for (int step = 0; step < STEPS; step++) {
        uint8_t key[32];
        random_key(key, &seed);
        bool is_delete = model_random(&seed) % 3 == 0;
        bytes value = is_delete ? BYTES_EMPTY : random_value(&values, &seed);
        model_put(&model, bytes_of(key, 32), value);
        enum err err = ERR_MEMORY;
        for (size_t left = 0; err != ERR_OK; left += 16) {
            if (arena.next + left < end) arena.end = arena.next + left;
            err = is_delete ? trie_delete(&trie, bytes_of(key, 32))
                            : trie_put(&trie, bytes_of(key, 32), value);
            arena.end = end;
            assert_true(err == ERR_OK || err == ERR_MEMORY);
            failures += err != ERR_OK;
        }
        if (step % 20 != 19) continue;
        hash32 root;
        hash32 expected = model_root(&model);
        err = ERR_MEMORY;
        for (size_t left = 0; err != ERR_OK; left += 16) {
            if (arena.next + left < end) arena.end = arena.next + left;
            err = trie_commit(&trie, &root, &sink);
            arena.end = end;
            failures += err != ERR_OK;
        }
        assert_hash(&root, &expected);
        if (step % 40 == 39) trie_move(&trie, &root);
    }
    assert_true(failures > 1000);
    model_close(&model);
    arena_close(&values);
    arena_close(&sink_arena);
}

/* A sink that is full stops a commit; with room it goes through. */
static void test_sink_is_full(void **unused) {
    (void)unused;
    enum { REGION_SIZE = 1 << 16 };
    static _Alignas(16) uint8_t region[REGION_SIZE];
    struct arena arena;
    struct arena sink_arena;
    struct source_memory sink;
    struct trie_pool pool;
    struct trie trie;
    struct model model = {0};
    hash32 root;
    uint64_t seed = model_seed();
    arena_open(&arena, SIZE_MAX);
    trie_pool_open(&pool, &arena, &sink.source);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    for (int i = 0; i < 30; i++) {
        uint8_t key[32];
        random_key(key, &seed);
        bytes value = random_value(&arena, &seed);
        assert_int_equal(trie_put(&trie, bytes_of(key, 32), value), ERR_OK);
        model_put(&model, bytes_of(key, 32), value);
    }
    enum err err = ERR_MEMORY;
    size_t size = 0;
    for (; err != ERR_OK; size += 64) {
        assert_true(size < REGION_SIZE);
        arena_open_region(&sink_arena, region, size);
        source_memory_open(&sink, &sink_arena, NULL);
        err = trie_commit(&trie, &root, &sink);
    }
    assert_true(size > 1000);
    hash32 expected = model_root(&model);
    assert_hash(&root, &expected);
    trie_move(&trie, &root); /* everything is in the sink */
    for (size_t i = 0; i < model.count; i++) {
        bytes value;
        assert_int_equal(trie_get(&trie, &value, bytes_of(model.entries[i].key, 32)), ERR_OK);
        assert_true(bytes_equal(value, model.entries[i].value));
    }
    model_close(&model);
    arena_close(&arena);
}

/* A source without one node: what needs it says so and names it, and can be asked again. */
static void test_missing_nodes(void **unused) {
    (void)unused;
    static struct exhaustive e;
    exhaustive_open(&e, true);
    for (unsigned subset = 1; subset < SUBSETS; subset++) {
        for (unsigned i = 0; i < KEY_COUNT; i++) {
            struct arena arena;
            struct source_memory partial;
            struct trie_pool pool;
            struct trie trie;
            hash32 root;
            arena_open(&arena, SIZE_MAX);
            source_memory_open(&partial, &arena, NULL);
            trie_pool_open(&pool, &arena, &partial.source);
            trie_open(&trie, &pool, &e.roots[subset]);
            bool is_there = (subset >> i & 1) != 0;
            /* The trie asks for one node after the other; each is supplied when asked for. */
            enum err err;
            unsigned asked = 0;
            for (;;) {
                err = is_there ? trie_delete(&trie, key_at(i))
                               : trie_put(&trie, key_at(i), value_at(i, true));
                if (err != ERR_MISSING) break;
                bytes node;
                assert_int_equal(source_node(&e.source.source, &pool.wanted, &node), ERR_OK);
                assert_int_equal(source_memory_put_node(&partial, &pool.wanted, node), ERR_OK);
                asked++;
            }
            assert_int_equal(err, ERR_OK);
            assert_true(asked >= 1);
            assert_int_equal(trie_commit(&trie, &root, NULL), ERR_OK);
            assert_hash(&root, &e.roots[subset ^ 1u << i]);
            arena_close(&arena);
        }
    }
    arena_close(&e.arena);
}

/* Deleting one of two siblings needs the other; replacing it does not. */
static void test_missing_sibling(void **unused) {
    (void)unused;
    struct arena arena;
    struct source_memory source;
    struct source_memory partial;
    struct trie_pool pool;
    struct trie trie;
    hash32 root;
    bytes node;
    uint8_t value[40] = {1};
    const uint8_t a = 0x10;
    const uint8_t b = 0x20;
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&source, &arena, NULL);
    trie_pool_open(&pool, &arena, &source.source);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    assert_int_equal(trie_put(&trie, bytes_of(&a, 1), bytes_of(value, 40)), ERR_OK);
    value[0] = 2;
    assert_int_equal(trie_put(&trie, bytes_of(&b, 1), bytes_of(value, 40)), ERR_OK);
    assert_int_equal(trie_commit(&trie, &root, &source), ERR_OK);
    assert_int_equal(source_memory_node_count(&source), 3);
    hash32 hashes[3];
    for (uint32_t i = 0; i < 3; i++)
        source_memory_node_at(&source, i, &hashes[i], &node);
    assert_hash(&hashes[2], &root); /* deepest first, root last; a stands before b */
    source_memory_open(&partial, &arena, NULL);
    for (unsigned i = 0; i < 3; i += 2) {
        assert_int_equal(source_node(&source.source, &hashes[i], &node), ERR_OK);
        assert_int_equal(source_memory_put_node(&partial, &hashes[i], node), ERR_OK);
    }
    pool.source = &partial.source;
    trie_move(&trie, &root);
    assert_int_equal(trie_delete(&trie, bytes_of(&a, 1)), ERR_MISSING);
    assert_hash(&pool.wanted, &hashes[1]);
    assert_int_equal(trie_get(&trie, &node, bytes_of(&a, 1)), ERR_OK);
    assert_int_equal(node.size, 40);
    value[0] = 3;
    assert_int_equal(trie_put(&trie, bytes_of(&a, 1), bytes_of(value, 40)), ERR_OK);
    assert_int_equal(trie_get(&trie, &node, bytes_of(&b, 1)), ERR_MISSING);
    arena_close(&arena);
}

/* A source that answers every question with the same bytes. */
struct liar {
    struct source source;
    bytes answer;
};

static enum err lie(struct source *source, const hash32 *hash, bytes *out) {
    (void)hash;
    *out = ((struct liar *)source)->answer;
    return ERR_OK;
}

static void assert_corrupt(const char *hex_of_node, unsigned key_nibble_depth) {
    struct arena arena;
    struct trie_pool pool;
    struct trie trie;
    struct liar liar = {{lie, lie, NULL}, BYTES_EMPTY};
    uint8_t node[1200];
    bytes value = bytes_of("untouched", 9);
    size_t size = strlen(hex_of_node) / 2;
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex_of_node[2 * i], hex_of_node[2 * i + 1]};
        node[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    uint8_t key[32] = {0};
    liar.answer = bytes_of(node, size);
    arena_open(&arena, SIZE_MAX);
    trie_pool_open(&pool, &arena, &liar.source);
    hash32 root = keccak256(liar.answer);
    trie_open(&trie, &pool, &root);
    bytes k = bytes_of(key, key_nibble_depth / 2);
    assert_int_equal(trie_get(&trie, &value, k), ERR_CORRUPT);
    assert_int_equal(value.size, 9);
    assert_int_equal(trie_put(&trie, k, value), ERR_CORRUPT);
    assert_int_equal(trie_delete(&trie, k), ERR_CORRUPT);
    struct trie_iterator iterator;
    bool found;
    trie_iterator_open(&iterator, &trie, BYTES_EMPTY);
    enum err err = ERR_OK;
    bytes ignored;
    for (int i = 0; err == ERR_OK && i < 100; i++)
        err = trie_iterator_next(&iterator, &found, &ignored, &ignored);
    assert_int_equal(err, ERR_CORRUPT);
    trie_iterator_close(&iterator);
    arena_close(&arena);
}

#define TAIL_30 "111111111111111111111111111111111111111111111111111111111111"
#define TAIL    TAIL_30 "1111"
#define HASH    "a0" TAIL
#define EMPTY_8 "8080808080808080"

static void test_corrupt_nodes(void **unused) {
    (void)unused;
    assert_corrupt("", 2);
    assert_corrupt("81ff", 2);
    assert_corrupt("c0", 2);
    assert_corrupt("c120", 2);
    assert_corrupt("c22080", 2);    /* a leaf without value */
    assert_corrupt("c3200101", 2);  /* three items */
    assert_corrupt("c2400a", 2);    /* flag 4 */
    assert_corrupt("c2210a", 2);    /* padding of an even path */
    assert_corrupt("c2800a", 2);    /* no path at all */
    assert_corrupt("c320c101", 2);  /* a list as a leaf's value */
    assert_corrupt("c2200a00", 2);  /* a byte behind the node */
    assert_corrupt("e200" HASH, 2); /* an extension of no nibbles */
    assert_corrupt("c21001", 2);    /* an extension to no reference */
    assert_corrupt(
        "c5820000"
        "8180",
        2
    );
    assert_corrupt("e4821000" HASH, 64); /* to itself, which is no branch */
    assert_corrupt(
        "e4820000"
        "a1" TAIL,
        2
    );
    /* A branch of one child, of none, of nothing but a value; sixteen and eighteen items. */
    assert_corrupt("f1" HASH EMPTY_8 EMPTY_8, 2);
    assert_corrupt("d1" EMPTY_8 EMPTY_8 "80", 2);
    assert_corrupt("d1" EMPTY_8 EMPTY_8 "01", 2);
    assert_corrupt("f850" HASH HASH EMPTY_8 "808080808080", 2);
    assert_corrupt("f852" HASH HASH EMPTY_8 EMPTY_8, 2);
    /* Children of one byte, of 31 bytes, a list of 32 bytes, one that is no node. */
    assert_corrupt("d10101" EMPTY_8 "80808080808080", 2);
    assert_corrupt(
        "f84e"
        "9e" TAIL_30 "9e" TAIL_30 EMPTY_8 "80808080808080",
        2
    );
    assert_corrupt(
        "f84f"
        "df" TAIL_30 "01"
        "df" TAIL_30 "01" EMPTY_8 "80808080808080",
        2
    );
    assert_corrupt(
        "d3c0c0" EMPTY_8 "8080808080808080"
        "80",
        2
    );
    assert_corrupt("d1c0c0" EMPTY_8 "80808080808080", 2);
    /* A leaf whose path is longer than any key: 65 nibbles. */
    assert_corrupt("e3a130" TAIL "02", 64);
    /* A branch that is its own children: deeper than any key. */
    assert_corrupt("f851" HASH HASH EMPTY_8 "80808080808080", 64);
}

static void test_root_of(void **unused) {
    (void)unused;
    enum { COUNT = 300 };
    struct arena arena;
    struct model model = {0};
    bytes items[COUNT];
    hash32 root;
    uint64_t seed = model_seed();
    arena_open(&arena, SIZE_MAX);
    assert_int_equal(trie_root_of(&root, items, 0, &arena), ERR_OK);
    assert_hash(&root, &EMPTY_TRIE_ROOT);
    for (unsigned i = 0; i < COUNT; i++) {
        struct rlp_writer w;
        bytes key;
        items[i] = random_value(&arena, &seed);
        rlp_writer_open(&w, &arena);
        rlp_write_u64(&w, i);
        assert_int_equal(rlp_finish(&w, &key), ERR_OK);
        model_put(&model, key, items[i]);
        if (i % 50 != 0 && i + 1 != COUNT) continue;
        size_t used = arena.used_size;
        uint8_t *next = arena.next;
        assert_int_equal(trie_root_of(&root, items, i + 1, &arena), ERR_OK);
        if (arena.used_size == used) assert_ptr_equal(arena.next, next);
        hash32 expected = model_root(&model);
        assert_hash(&root, &expected);
    }
    model_close(&model);
    arena_close(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_orders_short),
        cmocka_unit_test(test_all_orders_long),
        cmocka_unit_test(test_all_steps),
        cmocka_unit_test(test_all_walks),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_commit_many),
        cmocka_unit_test(test_memory_is_reused),
        cmocka_unit_test(test_allocation_failures),
        cmocka_unit_test(test_sink_is_full),
        cmocka_unit_test(test_missing_nodes),
        cmocka_unit_test(test_missing_sibling),
        cmocka_unit_test(test_corrupt_nodes),
        cmocka_unit_test(test_root_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
