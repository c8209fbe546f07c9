#include "crypto/keccak.h"
#include "state/proof.h"
#include "state/state.h"
#include "state/test_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct world {
    struct arena arena;
    struct source_memory source;
    struct trie_pool pool;
    struct trie trie;
    hash32 root;
};

/* Keys of one byte: dense enough for inlined nodes, extensions and branch values with value_size
 * 1. */
static void world_open(struct world *w, size_t value_size, unsigned step) {
    arena_open(&w->arena, SIZE_MAX);
    source_memory_open(&w->source, &w->arena, NULL);
    trie_pool_open(&w->pool, &w->arena, &w->source.source);
    trie_open(&w->trie, &w->pool, &EMPTY_TRIE_ROOT);
    for (unsigned i = 0; i < 256; i += step) {
        uint8_t key[2] = {(uint8_t)i, (uint8_t)(i * 7)};
        uint8_t value[64];
        memset(value, (int)(i | 1), sizeof value);
        size_t key_size = 1 + i % 3 / 2;
        enum err err = trie_put(&w->trie, bytes_of(key, key_size), bytes_of(value, value_size));
        assert_int_equal(err, ERR_OK);
    }
    assert_int_equal(trie_commit(&w->trie, &w->root, &w->source), ERR_OK);
}

/* Every bit of every node turned, every node left out, doubled, and one added. */
static void check_mutations(const struct world *w, const struct proof *proof, bytes key) {
    bytes nodes[PROOF_NODES_MAX + 1];
    bytes value = bytes_of("untouched", 9);
    size_t bad_index = 0;
    size_t count = proof->count;
    for (size_t i = 0; i < count; i++) {
        uint8_t changed[600];
        memcpy(nodes, proof->nodes, count * sizeof *nodes);
        memcpy(changed, nodes[i].data, nodes[i].size);
        nodes[i] = bytes_of(changed, nodes[i].size);
        for (size_t bit = 0; bit < 8 * nodes[i].size; bit += 5) {
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            enum proof_verdict verdict =
                proof_verify(&value, &bad_index, &w->root, key, nodes, count);
            assert_int_equal(verdict, i == 0 ? PROOF_WRONG_ROOT : PROOF_WRONG_HASH);
            assert_int_equal(bad_index, i);
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        nodes[i] = proof->nodes[i];
        nodes[i].size--;
        enum proof_verdict verdict = proof_verify(&value, NULL, &w->root, key, nodes, count);
        assert_int_equal(verdict, i == 0 ? PROOF_WRONG_ROOT : PROOF_WRONG_HASH);
        nodes[i].size++;
        memmove(nodes + i, nodes + i + 1, (count - i - 1) * sizeof *nodes);
        verdict = proof_verify(&value, &bad_index, &w->root, key, nodes, count - 1);
        assert_int_equal(bad_index, i);
        if (i + 1 == count)
            assert_int_equal(verdict, PROOF_TOO_SHORT);
        else
            assert_int_equal(verdict, i == 0 ? PROOF_WRONG_ROOT : PROOF_WRONG_HASH);
    }
    memcpy(nodes, proof->nodes, count * sizeof *nodes);
    nodes[count] = count > 0 ? nodes[count - 1] : bytes_of("\x80", 1);
    enum proof_verdict verdict = proof_verify(&value, &bad_index, &w->root, key, nodes, count + 1);
    assert_int_equal(verdict, PROOF_TOO_LONG);
    assert_int_equal(bad_index, count);
    assert_int_equal(value.size, 9);
}

static void check_world(size_t value_size, unsigned step) {
    struct world w;
    unsigned present = 0;
    world_open(&w, value_size, step);
    for (unsigned i = 0; i < 256; i++) {
        for (size_t size = 0; size <= 3; size++) {
            uint8_t key[3] = {(uint8_t)i, (uint8_t)(i * 7), (uint8_t)i};
            bytes k = bytes_of(key, size);
            static struct proof proof;
            bytes expected;
            bytes value = BYTES_EMPTY;
            assert_int_equal(trie_get(&w.trie, &expected, k), ERR_OK);
            enum err err = proof_make(&proof, &w.source.source, &w.root, k, &w.arena, NULL);
            assert_int_equal(err, ERR_OK);
            assert_true(bytes_equal(proof.value, expected));
            enum proof_verdict verdict =
                proof_verify(&value, NULL, &w.root, k, proof.nodes, proof.count);
            assert_int_equal(verdict, expected.size != 0 ? PROOF_PRESENT : PROOF_ABSENT);
            assert_true(bytes_equal(value, expected));
            present += expected.size != 0;
            if (i % 16 == 3) check_mutations(&w, &proof, k);
        }
    }
    assert_true(present > 0 || step > 256);
    arena_close(&w.arena);
}

static void test_proofs(void **unused) {
    (void)unused;
    check_world(1, 1);
    check_world(1, 5);
    check_world(40, 1);
    check_world(40, 5);
    check_world(40, 100);
    check_world(40, 255);
    check_world(3, 256); /* one leaf */
}

static void test_empty(void **unused) {
    (void)unused;
    struct arena arena;
    struct proof proof;
    struct source_memory source;
    bytes value = bytes_of("x", 1);
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&source, &arena, NULL);
    bytes key = bytes_of("key", 3);
    enum err err = proof_make(&proof, &source.source, &EMPTY_TRIE_ROOT, key, &arena, NULL);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(proof.count, 0);
    assert_int_equal(proof_verify(&value, NULL, &EMPTY_TRIE_ROOT, key, NULL, 0), PROOF_ABSENT);
    assert_int_equal(value.size, 0);
    hash32 root = KECCAK_EMPTY;
    assert_int_equal(proof_verify(&value, NULL, &root, key, NULL, 0), PROOF_TOO_SHORT);
    bytes node = bytes_of("\x80", 1);
    assert_int_equal(proof_verify(&value, NULL, &EMPTY_TRIE_ROOT, key, &node, 1), PROOF_TOO_LONG);
    arena_close(&arena);
}

/* Nodes that hash well but are not what a trie writes. */
static void test_malformed(void **unused) {
    (void)unused;
    static const struct {
        size_t size;
        uint8_t b[6];
    } bad[] = {
        {1, {0x81}},
        {2, {0xc1, 0x20}},
        {3, {0xc2, 0x20, 0x80}},
        {3, {0xc2, 0x00, 0x80}},
        {4, {0xc2, 0x20, 0x01, 0x00}},
        {4, {0xc3, 0x20, 0x01, 0x01}},
        {0, {0}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bytes node = bytes_of(bad[i].b, bad[i].size);
        hash32 root = keccak256(node);
        bytes value;
        size_t bad_index = 9;
        enum proof_verdict verdict =
            proof_verify(&value, &bad_index, &root, bytes_of("k", 1), &node, 1);
        assert_int_equal(verdict, PROOF_MALFORMED);
        assert_int_equal(bad_index, 0);
    }
    /* An extension whose child is a leaf, and a short node referred to by hash. */
    uint8_t leaf[40] = {0xe7, 0x20, 0xa5};
    uint8_t extension[35] = {0xe2, 0x16, 0xa0};
    bytes nodes[2] = {bytes_of(extension, 35), bytes_of(leaf, 40)};
    bytes value;
    for (size_t size = 0; size < 2; size++) {
        if (size == 1) nodes[1] = bytes_of("\xc2\x20\x01", 3);
        hash32 hash = keccak256(nodes[1]);
        memcpy(extension + 3, hash.b, 32);
        hash32 root = keccak256(nodes[0]);
        enum proof_verdict verdict = proof_verify(&value, NULL, &root, bytes_of("k", 1), nodes, 2);
        assert_int_equal(verdict, PROOF_MALFORMED);
    }
}

/* Proofs of accounts and slots of a state, and of what is not there. */
static void test_accounts_and_slots(void **unused) {
    (void)unused;
    enum { COUNT = 40 };
    struct arena arena;
    struct source_memory source;
    struct state state;
    struct state_change changes[COUNT];
    struct state_slot slots[COUNT];
    hash32 root;
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&source, &arena, NULL);
    assert_int_equal(state_open(&state, &arena, &source.source, &EMPTY_TRIE_ROOT), ERR_OK);
    for (unsigned i = 0; i < COUNT; i++) {
        slots[i] = (struct state_slot){u256_from_u64(i), u256_from_u64(i * 1000 + 1)};
        changes[i] = (struct state_change){
            .exists = true,
            .nonce = i,
            .balance = u256_from_u64(i),
            .code_hash = KECCAK_EMPTY,
            .slots = slots,
            .slot_count = i,
        };
        changes[i].address.b[0] = (uint8_t)i;
    }
    assert_int_equal(state_apply(&state, &root, &source, changes, COUNT), ERR_OK);
    for (unsigned i = 0; i < 2 * COUNT; i++) {
        static struct proof proof;
        struct account account;
        address a = {{(uint8_t)i}};
        hash32 key = keccak256(address_bytes(&a));
        enum err err = proof_make(&proof, &source.source, &root, hash32_bytes(&key), &arena, NULL);
        assert_int_equal(err, ERR_OK);
        enum proof_verdict verdict =
            proof_verify_account(&account, &root, &a, proof.nodes, proof.count);
        assert_int_equal(verdict, i < COUNT ? PROOF_PRESENT : PROOF_ABSENT);
        assert_int_equal(account.nonce, i < COUNT ? i : 0);
        for (unsigned k = 0; k < COUNT; k += 3) {
            uint8_t be[32];
            u256 slot = u256_from_u64(k);
            u256 value = U256_MAX;
            u256_store_be(be, &slot);
            key = keccak256(bytes_of(be, 32));
            err = proof_make(
                &proof, &source.source, &account.storage_root, hash32_bytes(&key), &arena, NULL
            );
            assert_int_equal(err, ERR_OK);
            verdict =
                proof_verify_slot(&value, &account.storage_root, &slot, proof.nodes, proof.count);
            bool is_there = i < COUNT && k < i;
            assert_int_equal(verdict, is_there ? PROOF_PRESENT : PROOF_ABSENT);
            assert_int_equal(value.w[0], is_there ? k * 1000 + 1 : 0);
        }
    }
    /* A slot's proof is not an account's. */
    static struct proof proof;
    address a = {{1}};
    struct account account;
    uint8_t be[32] = {0};
    hash32 key = keccak256(bytes_of(be, 32));
    hash32 account_key = keccak256(address_bytes(&a));
    bytes encoded;
    assert_int_equal(trie_get(&state.accounts, &encoded, hash32_bytes(&account_key)), ERR_OK);
    assert_int_equal(account_decode(&account, encoded), ERR_OK);
    u256 zero = U256_ZERO;
    enum err err =
        proof_make(&proof, &source.source, &account.storage_root, hash32_bytes(&key), &arena, NULL);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(
        proof_verify_account(&account, &account.storage_root, &a, proof.nodes, proof.count),
        PROOF_ABSENT
    );
    assert_int_equal(
        proof_verify_slot(&zero, &root, &zero, proof.nodes, proof.count), PROOF_WRONG_ROOT
    );
    arena_close(&arena);
}

/* A value that is no account under an account's key. */
static void test_wrong_value(void **unused) {
    (void)unused;
    struct arena arena;
    struct source_memory source;
    struct trie_pool pool;
    struct trie trie;
    hash32 root;
    address a = {{1}};
    u256 slot = U256_ONE;
    uint8_t be[32];
    arena_open(&arena, SIZE_MAX);
    source_memory_open(&source, &arena, NULL);
    trie_pool_open(&pool, &arena, &source.source);
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    u256_store_be(be, &slot);
    hash32 keys[2] = {keccak256(address_bytes(&a)), keccak256(bytes_of(be, 32))};
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(
            trie_put(&trie, hash32_bytes(&keys[i]), bytes_of("\x82\x00\x01", 3)), ERR_OK
        );
    assert_int_equal(trie_commit(&trie, &root, &source), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        static struct proof proof;
        struct account account = account_none();
        u256 value = U256_MAX;
        enum err err =
            proof_make(&proof, &source.source, &root, hash32_bytes(&keys[i]), &arena, NULL);
        assert_int_equal(err, ERR_OK);
        enum proof_verdict verdict =
            i == 0 ? proof_verify_account(&account, &root, &a, proof.nodes, proof.count)
                   : proof_verify_slot(&value, &root, &slot, proof.nodes, proof.count);
        assert_int_equal(verdict, PROOF_WRONG_VALUE);
        assert_true(u256_equal(&value, &U256_MAX));
    }
    arena_close(&arena);
}

static void test_make_fails(void **unused) {
    (void)unused;
    struct world w;
    static struct proof proof;
    world_open(&w, 40, 1);
    hash32 root = KECCAK_EMPTY;
    hash32 wanted = {{0}};
    bytes key = bytes_of("k", 1);
    proof.count = 77;
    enum err err = proof_make(&proof, &w.source.source, &root, key, &w.arena, &wanted);
    assert_int_equal(err, ERR_MISSING);
    assert_memory_equal(wanted.b, root.b, 32);
    static _Alignas(16) uint8_t region[4096];
    enum err last = ERR_MEMORY;
    for (size_t size = 0; last != ERR_OK; size += 16) {
        struct arena small;
        assert_true(size < sizeof region);
        assert_int_equal(proof.count, 77);
        arena_open_region(&small, region, size);
        last = proof_make(&proof, &w.source.source, &w.root, key, &small, &wanted);
        assert_true(last == ERR_OK || last == ERR_MEMORY);
    }
    for (enum proof_verdict v = PROOF_PRESENT; v <= PROOF_WRONG_VALUE; v++)
        assert_true(strlen(proof_verdict_text(v)) > 10);
    arena_close(&w.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proofs),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_accounts_and_slots),
        cmocka_unit_test(test_wrong_value),
        cmocka_unit_test(test_make_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
