/* States whose source has an origin: what the tries lack is asked for by name.
 *
 * The origin is a whole state in memory. A proven fork of it gets the nodes of a path when it asks;
 * an unproven one gets values. Random changes are made to the fork and to a copy of the whole
 * state: reads must agree, and the roots too, as long as no tombstone was needed. */
#include "core/check.h"
#include "crypto/keccak.h"
#include "state/proof.h"
#include "state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ACCOUNTS = 24, SLOTS = 40, ROUNDS = 120, CHANGES = 6 };

/* The remote: its whole state, and what it gives away. */
struct origin {
    struct source_origin origin; /* first */
    struct arena arena;
    struct source_memory memory;
    struct state state;
    struct source_memory *given; /* nodes go here */
    bool gives_siblings;
    unsigned asked;
    unsigned refused;
};

struct fork {
    struct arena arena;
    struct source_memory memory;
    struct state state;
};

static uint64_t seed;

static uint32_t random_below(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static address account_at(uint32_t index) {
    address who = {{0xac}};
    who.b[19] = (uint8_t)index;
    return who;
}

static void give_path(struct origin *o, const hash32 *root, bytes key) {
    static struct proof proof;
    assert_int_equal(proof_make(&proof, &o->memory.source, root, key, &o->arena, NULL), ERR_OK);
    for (size_t i = 0; i < proof.count; i++) {
        hash32 hash = keccak256(proof.nodes[i]);
        assert_int_equal(source_memory_put_node(o->given, &hash, proof.nodes[i]), ERR_OK);
    }
}

static hash32 storage_root(struct origin *o, const address *who) {
    struct account account;
    bool exists;
    assert_int_equal(state_get_account(&o->state, who, &account, &exists), ERR_OK);
    return account.storage_root;
}

static enum err prove(struct source_origin *origin, const address *who, const u256 *key) {
    struct origin *o = (struct origin *)origin;
    hash32 hash = keccak256(address_bytes(who));
    o->asked++;
    give_path(o, &o->state.root, hash32_bytes(&hash));
    if (key == NULL) return ERR_OK;
    uint8_t be[32];
    u256_store_be(be, key);
    hash = keccak256(bytes_of(be, sizeof be));
    hash32 root = storage_root(o, who);
    give_path(o, &root, hash32_bytes(&hash));
    return ERR_OK;
}

/* The path as a key leads to the node. */
static enum err prove_path(
    struct source_origin *origin, const address *who, const uint8_t *path, unsigned nibbles
) {
    struct origin *o = (struct origin *)origin;
    uint8_t key[32] = {0};
    memcpy(key, path, (nibbles + 1) / 2);
    if (!o->gives_siblings) {
        o->refused++;
        return ERR_UNSUPPORTED;
    }
    hash32 root = who == NULL ? o->state.root : storage_root(o, who);
    give_path(o, &root, bytes_of(key, sizeof key));
    return ERR_OK;
}

static enum err get_account(
    struct source_origin *origin, struct account *account, bool *exists, const address *who
) {
    struct origin *o = (struct origin *)origin;
    o->asked++;
    enum err err = state_get_account(&o->state, who, account, exists);
    account->storage_root = EMPTY_TRIE_ROOT;
    return err;
}

static enum err
get_slot(struct source_origin *origin, u256 *value, const address *who, const u256 *key) {
    struct origin *o = (struct origin *)origin;
    o->asked++;
    return state_get_slot(&o->state, who, key, value);
}

static enum err
name_code(struct source_origin *origin, const hash32 *code_hash, const address *who) {
    (void)origin;
    (void)code_hash;
    (void)who;
    return ERR_OK;
}

/* Accounts of which every third has slots. */
static void open_whole(struct arena *arena, struct source_memory *memory, struct state *state) {
    hash32 root = EMPTY_TRIE_ROOT;
    arena_open(arena, (size_t)64 << 20);
    source_memory_open(memory, arena, NULL);
    assert_int_equal(state_open(state, arena, &memory->source, &root), ERR_OK);
    for (uint32_t i = 0; i < ACCOUNTS / 2; i++) {
        struct state_slot slots[SLOTS / 2];
        for (uint32_t k = 0; k < SLOTS / 2; k++)
            slots[k] = (struct state_slot){u256_from_u64(2 * k), u256_from_u64(k * i + 1)};
        struct state_change change = {
            .address = account_at(2 * i),
            .exists = true,
            .nonce = i,
            .balance = u256_from_u64(1000 + i),
            .code_hash = i % 3 == 0 ? keccak256(bytes_of("code", 4)) : KECCAK_EMPTY,
            .code = i % 3 == 0 ? bytes_of("code", 4) : BYTES_EMPTY,
            .slots = slots,
            .slot_count = i % 3 == 0 ? SLOTS / 2 : 0,
        };
        assert_int_equal(state_apply(state, &root, memory, &change, 1), ERR_OK);
    }
}

static void open_fork(struct fork *fork, struct origin *o, bool is_proven) {
    hash32 root = is_proven ? o->state.root : EMPTY_TRIE_ROOT;
    o->origin = (struct source_origin){.name_code = name_code};
    if (is_proven) {
        o->origin.prove = prove;
        o->origin.prove_path = prove_path;
    } else {
        o->origin.account = get_account;
        o->origin.slot = get_slot;
    }
    o->given = &fork->memory;
    arena_open(&fork->arena, (size_t)64 << 20);
    source_memory_open(&fork->memory, &fork->arena, NULL);
    fork->memory.source.origin = &o->origin;
    assert_int_equal(state_open(&fork->state, &fork->arena, &fork->memory.source, &root), ERR_OK);
}

static void compare(struct state *fork, struct state *whole, uint32_t index) {
    address who = account_at(index);
    struct account a;
    struct account b;
    bool exists_a;
    bool exists_b;
    assert_int_equal(state_get_account(fork, &who, &a, &exists_a), ERR_OK);
    assert_int_equal(state_get_account(whole, &who, &b, &exists_b), ERR_OK);
    assert_int_equal(exists_a, exists_b);
    if (exists_a) {
        assert_int_equal(a.nonce, b.nonce);
        assert_true(u256_equal(&a.balance, &b.balance));
        assert_true(hash32_equal(&a.code_hash, &b.code_hash));
    }
    for (uint64_t k = 0; k < SLOTS; k += 1 + random_below(5)) {
        u256 key = u256_from_u64(k);
        u256 x;
        u256 y;
        assert_int_equal(state_get_slot(fork, &who, &key, &x), ERR_OK);
        assert_int_equal(state_get_slot(whole, &who, &key, &y), ERR_OK);
        assert_true(u256_equal(&x, &y));
    }
}

/* Changes whole accounts: new ones, slots written and deleted, storage wiped, accounts removed and
 * made again. */
static size_t
make_changes(struct state_change *changes, struct state_slot (*slots)[SLOTS], struct state *whole) {
    size_t count = 0;
    uint32_t first = random_below(ACCOUNTS);
    for (uint32_t i = 0; i < CHANGES; i++) {
        address who = account_at((first + i * 5) % ACCOUNTS);
        struct account account;
        bool exists;
        assert_int_equal(state_get_account(whole, &who, &account, &exists), ERR_OK);
        bool has_code = exists && !hash32_equal(&account.code_hash, &KECCAK_EMPTY);
        struct state_change *change = &changes[count];
        *change = (struct state_change){
            .address = who,
            .exists = random_below(6) != 0,
            .storage_wiped = random_below(8) == 0,
            .nonce = account.nonce + 1,
            .balance = u256_from_u64(random_below(5)),
            .code_hash = account.code_hash,
        };
        if (!change->exists && !exists) continue;
        if (change->exists && !has_code && random_below(4) == 0) {
            change->code = bytes_of("other code", 10);
            change->code_hash = keccak256(change->code);
            has_code = true;
        }
        /* Only contracts have storage, and only what was without any becomes one. */
        if (change->exists && has_code) {
            for (uint32_t k = random_below(7); k < SLOTS; k += 1 + random_below(20))
                slots[count][change->slot_count++] = (struct state_slot
                ){u256_from_u64(k), u256_from_u64(random_below(2) * random_below(900))};
            change->slots = slots[count];
        }
        count++;
    }
    return count;
}

static void run(bool is_proven, bool gives_siblings) {
    struct origin remote = {.gives_siblings = gives_siblings};
    struct arena arena;
    struct source_memory memory;
    struct state whole;
    struct fork fork;
    unsigned equal_roots = 0;
    seed = 7;
    open_whole(&remote.arena, &remote.memory, &remote.state);
    open_whole(&arena, &memory, &whole);
    open_fork(&fork, &remote, is_proven);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct state_change changes[CHANGES];
        static struct state_slot slots[CHANGES][SLOTS];
        hash32 root;
        hash32 expected;
        size_t count = make_changes(changes, slots, &whole);
        if (count == 0) continue;
        assert_int_equal(state_apply(&whole, &expected, &memory, changes, count), ERR_OK);
        enum err err = state_apply(&fork.state, &root, &fork.memory, changes, count);
        assert_int_equal(err, ERR_OK);
        if (is_proven && gives_siblings) assert_memory_equal(root.b, expected.b, 32);
        equal_roots += hash32_equal(&root, &expected);
        for (unsigned i = 0; i < 4; i++)
            compare(&fork.state, &whole, random_below(ACCOUNTS));
        /* What is decoded is given up now and then: all must be there under its hash. */
        if (random_below(4) == 0) assert_int_equal(state_move(&fork.state, &root), ERR_OK);
    }
    assert_true(remote.asked > 0);
    if (is_proven && !gives_siblings) {
        assert_true(remote.refused > 0);
        assert_true(equal_roots < ROUNDS);
    }
    arena_close(&fork.arena);
    arena_close(&arena);
    arena_close(&remote.arena);
}

static void a_proven_fork_has_the_roots_of_the_whole(void **state) {
    (void)state;
    run(true, true);
}

static void without_siblings_it_reads_the_same(void **state) {
    (void)state;
    run(true, false);
}

static void an_unproven_fork_reads_the_same(void **state) {
    (void)state;
    run(false, false);
}

/* A fork that reads asks for each path once. */
static void what_is_known_is_not_asked_for(void **state) {
    (void)state;
    struct origin remote = {.gives_siblings = true};
    struct fork fork;
    seed = 1;
    open_whole(&remote.arena, &remote.memory, &remote.state);
    open_fork(&fork, &remote, true);
    for (uint32_t i = 0; i < ACCOUNTS; i++)
        compare(&fork.state, &remote.state, i);
    unsigned asked = remote.asked;
    seed = 1;
    for (uint32_t i = 0; i < ACCOUNTS; i++)
        compare(&fork.state, &remote.state, i);
    assert_int_equal(remote.asked, asked);
    arena_close(&fork.arena);
    arena_close(&remote.arena);
}

static enum err fail_to_prove(struct source_origin *origin, const address *who, const u256 *key) {
    (void)origin;
    (void)who;
    (void)key;
    return ERR_REMOTE;
}

/* A remote that fails changes nothing; asked again, all is as if it had not. */
static void a_failure_leaves_the_state(void **state) {
    (void)state;
    struct origin remote = {.gives_siblings = true};
    struct fork fork;
    struct account account;
    bool exists;
    u256 value;
    hash32 root = EMPTY_TRIE_ROOT;
    address who = account_at(0);
    u256 key = u256_from_u64(2);
    struct state_slot slot = {key, U256_ZERO};
    struct state_change change = {
        .address = who, .exists = true, .nonce = 1, .slots = &slot, .slot_count = 1};
    open_whole(&remote.arena, &remote.memory, &remote.state);
    open_fork(&fork, &remote, true);
    change.code_hash = keccak256(bytes_of("code", 4));
    remote.origin.prove = fail_to_prove;
    assert_int_equal(state_get_account(&fork.state, &who, &account, &exists), ERR_REMOTE);
    assert_int_equal(state_get_slot(&fork.state, &who, &key, &value), ERR_REMOTE);
    assert_int_equal(state_apply(&fork.state, &root, &fork.memory, &change, 1), ERR_REMOTE);
    assert_memory_equal(fork.state.root.b, remote.state.root.b, 32);
    assert_memory_equal(root.b, EMPTY_TRIE_ROOT.b, 32);
    remote.origin.prove = prove;
    assert_int_equal(state_apply(&fork.state, &root, &fork.memory, &change, 1), ERR_OK);
    assert_int_equal(state_get_slot(&fork.state, &who, &key, &value), ERR_OK);
    assert_true(u256_is_zero(&value));
    arena_close(&fork.arena);
    arena_close(&remote.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proven_fork_has_the_roots_of_the_whole),
        cmocka_unit_test(without_siblings_it_reads_the_same),
        cmocka_unit_test(an_unproven_fork_reads_the_same),
        cmocka_unit_test(what_is_known_is_not_asked_for),
        cmocka_unit_test(a_failure_leaves_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
