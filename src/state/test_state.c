#include "crypto/keccak.h"
#include "state/state.h"
#include "state/test_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* A state kept as plain arrays: what struct state is compared with. */
enum { ACCOUNTS = 12, SLOTS = 10, CHANGED_MAX = 8 };

struct plain_account {
    bool exists;
    uint64_t nonce;
    u256 balance;
    uint8_t code; /* its only byte; 0: no code */
    u256 slots[SLOTS];
};

struct plain {
    struct plain_account accounts[ACCOUNTS];
};

static address address_of(unsigned i) {
    address a = {{0}};
    a.b[0] = (uint8_t)(i * 37);
    a.b[19] = (uint8_t)i;
    return a;
}

/* Keys 0, 1, 2, … and a few large ones. */
static u256 slot_key(unsigned i) {
    u256 key = u256_from_u64(i);
    if (i >= SLOTS / 2) key.w[3] = UINT64_MAX - i;
    return key;
}

static bytes code_of(const uint8_t *code) {
    return bytes_of(code, *code != 0);
}

static hash32 plain_storage_root(const struct plain_account *account, struct arena *arena) {
    struct model model = {0};
    for (unsigned i = 0; i < SLOTS; i++) {
        uint8_t be[32];
        u256 key = slot_key(i);
        struct rlp_writer w;
        bytes value;
        if (u256_is_zero(&account->slots[i])) continue;
        u256_store_be(be, &key);
        hash32 hash = keccak256(bytes_of(be, 32));
        rlp_writer_open(&w, arena);
        rlp_write_u256(&w, &account->slots[i]);
        assert_int_equal(rlp_finish(&w, &value), ERR_OK);
        model_put(&model, hash32_bytes(&hash), value);
    }
    hash32 root = model_root(&model);
    model_close(&model);
    return root;
}

static hash32 plain_root(const struct plain *plain) {
    struct model model = {0};
    struct arena arena;
    arena_open(&arena, SIZE_MAX);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        const struct plain_account *p = &plain->accounts[i];
        if (!p->exists) continue;
        address a = address_of(i);
        hash32 hash = keccak256(address_bytes(&a));
        struct account account = {
            .nonce = p->nonce,
            .balance = p->balance,
            .storage_root = plain_storage_root(p, &arena),
            .code_hash = keccak256(code_of(&p->code)),
        };
        uint8_t *value = arena_alloc(&arena, ACCOUNT_SIZE_MAX);
        assert_non_null(value);
        size_t size = account_encode(value, &account);
        model_put(&model, hash32_bytes(&hash), bytes_of(value, size));
    }
    hash32 root = model_root(&model);
    model_close(&model);
    arena_close(&arena);
    return root;
}

/* One random block: changes of distinct accounts, applied to plain as well. */
struct block {
    struct state_change changes[CHANGED_MAX];
    struct state_slot slots[CHANGED_MAX][SLOTS];
    size_t count;
};

static u256 random_number(uint64_t *seed) {
    u256 number = u256_from_u64(model_random(seed) >> model_random(seed) % 64);
    if (model_random(seed) % 4 == 0) number.w[3] = model_random(seed);
    return number;
}

static void random_change(
    struct state_change *change,
    struct state_slot *slots,
    struct plain_account *p,
    unsigned index,
    uint64_t *seed
) {
    static uint8_t codes[256];
    struct plain_account old = *p;
    *change = (struct state_change){.address = address_of(index)};
    if (old.exists && model_random(seed) % 6 == 0) {
        *p = (struct plain_account){0};
        return;
    }
    change->exists = p->exists = true;
    change->storage_wiped = model_random(seed) % 8 == 0;
    change->nonce = p->nonce = old.nonce + model_random(seed) % 3;
    change->balance = p->balance = random_number(seed);
    if (change->storage_wiped) memset(p->slots, 0, sizeof p->slots);
    if (model_random(seed) % 4 == 0) {
        p->code = (uint8_t)model_random(seed);
        codes[p->code] = p->code;
        change->code = bytes_of(&codes[p->code], p->code != 0);
    }
    change->code_hash = keccak256(code_of(&p->code));
    change->slots = slots;
    for (unsigned i = 0; i < SLOTS; i++) {
        if (model_random(seed) % 3 == 0) continue;
        bool is_delete = model_random(seed) % 2 == 0;
        p->slots[i] = is_delete ? U256_ZERO : random_number(seed);
        slots[change->slot_count++] = (struct state_slot){slot_key(i), p->slots[i]};
    }
}

static void random_block(struct block *block, struct plain *plain, uint64_t *seed) {
    unsigned first = (unsigned)(model_random(seed) % ACCOUNTS);
    block->count = model_random(seed) % (CHANGED_MAX + 1);
    for (unsigned i = 0; i < block->count; i++) {
        unsigned index = (first + i) % ACCOUNTS;
        random_change(&block->changes[i], block->slots[i], &plain->accounts[index], index, seed);
    }
}

static void assert_state(struct state *state, const struct plain *plain) {
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        const struct plain_account *p = &plain->accounts[i];
        address a = address_of(i);
        struct account account;
        bool exists;
        bytes code;
        assert_int_equal(state_get_account(state, &a, &account, &exists), ERR_OK);
        assert_int_equal(exists, p->exists);
        assert_int_equal(account.nonce, p->nonce);
        assert_true(u256_equal(&account.balance, &p->balance));
        assert_int_equal(state_get_code(state, &account.code_hash, &code), ERR_OK);
        assert_true(bytes_equal(code, code_of(&p->code)));
        for (unsigned k = 0; k < SLOTS; k++) {
            u256 key = slot_key(k);
            u256 value = U256_MAX;
            assert_int_equal(state_get_slot(state, &a, &key, &value), ERR_OK);
            assert_true(u256_equal(&value, &p->slots[k]));
        }
    }
}

static void assert_root(const hash32 *root, const struct plain *plain) {
    hash32 expected = plain_root(plain);
    assert_memory_equal(root->b, expected.b, 32);
}

/* Blocks one after the other, the state kept open, opened anew, or going back. */
static void test_blocks(void **unused) {
    (void)unused;
    enum { BLOCKS = 400 };
    static struct plain history[BLOCKS + 1];
    static hash32 roots[BLOCKS + 1];
    static struct block block;
    uint64_t seed = model_seed();
    print_message("seed %#llx\n", (unsigned long long)seed);
    struct arena arena;
    struct source_memory source;
    struct state state;
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&source, &arena, NULL);
    roots[0] = EMPTY_TRIE_ROOT;
    assert_int_equal(state_open(&state, &arena, &source.source, &roots[0]), ERR_OK);
    for (unsigned i = 1; i <= BLOCKS; i++) {
        history[i] = history[i - 1];
        random_block(&block, &history[i], &seed);
        assert_int_equal(
            state_apply(&state, &roots[i], &source, block.changes, block.count), ERR_OK
        );
        assert_root(&roots[i], &history[i]);
        assert_memory_equal(state.root.b, roots[i].b, 32);
        unsigned what = (unsigned)(model_random(&seed) % 8);
        if (what == 0) {
            assert_int_equal(state_open(&state, &arena, &source.source, &roots[i]), ERR_OK);
        } else if (what == 1) {
            unsigned back = (unsigned)(model_random(&seed) % (i + 1));
            assert_int_equal(state_move(&state, &roots[back]), ERR_OK);
            assert_state(&state, &history[back]);
            assert_int_equal(state_move(&state, &roots[i]), ERR_OK);
        }
        if (i % 4 == 0) assert_state(&state, &history[i]);
    }
    arena_close(&arena);
}

/* Reads all that assert_state would have read, before any block is applied. */
static void read_some(struct state *state, const struct block *block, enum err *err) {
    for (size_t i = 0; *err == ERR_OK && i < block->count; i++) {
        const struct state_change *change = &block->changes[i];
        struct account account;
        bool exists;
        u256 value;
        bytes code;
        *err = state_get_account(state, &change->address, &account, &exists);
        if (*err == ERR_OK) *err = state_get_code(state, &account.code_hash, &code);
        for (size_t k = 0; *err == ERR_OK && k < change->slot_count; k++)
            *err = state_get_slot(state, &change->address, &change->slots[k].key, &value);
    }
}

/* Runs a block over a source, as a verifier would: new nodes go to a memory above it. */
static enum err
run_block(struct source *base, const struct block *block, const hash32 *from, hash32 *to) {
    struct arena arena;
    struct source_memory memory;
    struct state state;
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&memory, &arena, base);
    enum err err = state_open(&state, &arena, &memory.source, from);
    if (err == ERR_OK) read_some(&state, block, &err);
    if (err == ERR_OK) err = state_apply(&state, to, &memory, block->changes, block->count);
    if (err == ERR_MISSING) { /* the missing thing is named, and really not there */
        bytes data;
        assert_int_equal(source_node(base, &state.wanted, &data), ERR_MISSING);
        assert_int_equal(source_code(base, &state.wanted, &data), ERR_MISSING);
        assert_memory_equal(state.root.b, from->b, 32);
    }
    arena_close(&arena);
    return err;
}

/* What a recorder saw is enough to run the block again, and not one item of it is too much. */
static void test_witness(void **unused) {
    (void)unused;
    enum { BLOCKS = 40, ITEMS_MAX = 2000 };
    static struct plain plain;
    static struct block block;
    static bytes nodes[ITEMS_MAX];
    static bytes codes[ITEMS_MAX];
    uint64_t seed = model_seed() + 1;
    struct arena arena;
    struct source_memory source;
    struct state state;
    hash32 root = EMPTY_TRIE_ROOT;
    unsigned dropped = 0;
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&source, &arena, NULL);
    assert_int_equal(state_open(&state, &arena, &source.source, &root), ERR_OK);
    for (int i = 0; i < BLOCKS; i++) {
        hash32 from = root;
        hash32 to;
        struct arena own;
        struct source_recorder recorder;
        random_block(&block, &plain, &seed);
        arena_open(&own, SIZE_MAX);
        source_recorder_open(&recorder, &own, &source.source);
        assert_int_equal(run_block(&recorder.source, &block, &from, &to), ERR_OK);
        assert_int_equal(state_apply(&state, &root, &source, block.changes, block.count), ERR_OK);
        assert_memory_equal(root.b, to.b, 32);
        size_t node_count = source_recorder_node_count(&recorder);
        size_t code_count = source_recorder_code_count(&recorder);
        assert_true(node_count < ITEMS_MAX && code_count < ITEMS_MAX);
        for (uint32_t k = 0; k < node_count; k++)
            nodes[k] = source_recorder_node_at(&recorder, k);
        for (uint32_t k = 0; k < code_count; k++)
            codes[k] = source_recorder_code_at(&recorder, k);
        size_t count = node_count + code_count;
        for (size_t without = 0; without <= count; without++) {
            struct arena witness_arena;
            struct source_witness witness;
            arena_open(&witness_arena, SIZE_MAX);
            source_witness_open(&witness, &witness_arena);
            for (size_t k = 0; k < node_count; k++)
                if (k != without)
                    assert_int_equal(source_witness_add_nodes(&witness, &nodes[k], 1), ERR_OK);
            for (size_t k = 0; k < code_count; k++)
                if (node_count + k != without)
                    assert_int_equal(source_witness_add_codes(&witness, &codes[k], 1), ERR_OK);
            enum err err = run_block(&witness.source, &block, &from, &to);
            assert_int_equal(err, without == count ? ERR_OK : ERR_MISSING);
            if (err == ERR_OK) assert_memory_equal(root.b, to.b, 32);
            dropped += err != ERR_OK;
            arena_close(&witness_arena);
        }
        arena_close(&own);
    }
    assert_true(dropped > 500);
    arena_close(&arena);
}

/* state_apply with 0, 64, 128, … bytes left: the state stays at its root, and can be asked and
 * tried again. */
static void test_allocation_failures(void **unused) {
    (void)unused;
    enum { REGION_SIZE = 8 << 20, BLOCKS = 12 };
    static _Alignas(16) uint8_t region[REGION_SIZE];
    static struct plain plain;
    static struct plain next;
    static struct block block;
    uint64_t seed = model_seed() + 2;
    struct arena arena;
    struct arena source_arena;
    struct source_memory source;
    struct state state;
    hash32 root = EMPTY_TRIE_ROOT;
    unsigned failures = 0;
    arena_open_region(&arena, region, sizeof region);
    arena_open(&source_arena, SIZE_MAX);
    source_memory_open(&source, &source_arena, NULL);
    assert_int_equal(state_open(&state, &arena, &source.source, &root), ERR_OK);
    uint8_t *end = arena.end;
    for (int i = 0; i < BLOCKS; i++) {
        next = plain;
        random_block(&block, &next, &seed);
        for (size_t left = 0;; left += 64) {
            hash32 old = root;
            if (arena.next + left < end) arena.end = arena.next + left;
            enum err err = state_apply(&state, &root, &source, block.changes, block.count);
            arena.end = end;
            if (err == ERR_OK) break;
            assert_int_equal(err, ERR_MEMORY);
            assert_memory_equal(root.b, old.b, 32);
            assert_memory_equal(state.root.b, old.b, 32);
            if (failures++ % 16 == 0) assert_state(&state, &plain);
        }
        plain = next;
        assert_root(&root, &plain);
        assert_state(&state, &plain);
    }
    assert_true(failures > 40);
    arena_close(&source_arena);
}

/* Numbers of every size come back as they were. */
static void test_slot_values(void **unused) {
    (void)unused;
    struct arena arena;
    struct source_memory source;
    struct state state;
    hash32 root = EMPTY_TRIE_ROOT;
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&source, &arena, NULL);
    assert_int_equal(state_open(&state, &arena, &source.source, &root), ERR_OK);
    address a = address_of(1);
    for (unsigned bits = 0; bits < 256; bits++) {
        struct state_slot slot = {u256_from_u64(bits), u256_shl(&U256_ONE, bits)};
        struct state_change change = {
            .address = a,
            .exists = true,
            .code_hash = KECCAK_EMPTY,
            .slots = &slot,
            .slot_count = 1,
        };
        u256 value;
        assert_int_equal(state_apply(&state, &root, &source, &change, 1), ERR_OK);
        assert_int_equal(state_move(&state, &root), ERR_OK);
        assert_int_equal(state_get_slot(&state, &a, &slot.key, &value), ERR_OK);
        assert_true(u256_equal(&value, &slot.value));
    }
    arena_close(&arena);
}

/* A trie with a root of its choice behind an account: values that are no numbers are refused. */
static void test_corrupt_values(void **unused) {
    (void)unused;
    static const struct {
        size_t size;
        uint8_t b[4];
    } bad[] = {
        {1, {0x80}},
        {1, {0x00}},
        {2, {0x81, 0x7f}},
        {3, {0x82, 0x00, 0x01}},
        {1, {0xc0}},
        {2, {0x01, 0x01}},
        {1, {0xa0}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int in_account = 0; in_account < 2; in_account++) {
            struct arena arena;
            struct source_memory source;
            struct trie_pool pool;
            struct trie trie;
            struct state state;
            hash32 root;
            address a = address_of(1);
            u256 key = U256_ONE;
            u256 value = U256_MAX;
            uint8_t be[32];
            arena_open(&arena, SIZE_MAX);
            source_memory_open(&source, &arena, NULL);
            trie_pool_open(&pool, &arena, &source.source);
            trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
            u256_store_be(be, &key);
            hash32 hash = keccak256(bytes_of(be, 32));
            bytes content = bytes_of(bad[i].b, bad[i].size);
            assert_int_equal(trie_put(&trie, hash32_bytes(&hash), content), ERR_OK);
            struct account account = account_none();
            assert_int_equal(trie_commit(&trie, &account.storage_root, &source), ERR_OK);
            uint8_t encoded[ACCOUNT_SIZE_MAX];
            if (!in_account) content = bytes_of(encoded, account_encode(encoded, &account));
            hash = keccak256(address_bytes(&a));
            trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
            assert_int_equal(trie_put(&trie, hash32_bytes(&hash), content), ERR_OK);
            assert_int_equal(trie_commit(&trie, &root, &source), ERR_OK);
            assert_int_equal(state_open(&state, &arena, &source.source, &root), ERR_OK);
            assert_int_equal(state_get_slot(&state, &a, &key, &value), ERR_CORRUPT);
            assert_true(u256_equal(&value, &U256_MAX));
            arena_close(&arena);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_witness),
        cmocka_unit_test(test_allocation_failures),
        cmocka_unit_test(test_slot_values),
        cmocka_unit_test(test_corrupt_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
