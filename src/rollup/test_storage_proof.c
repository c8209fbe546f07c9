/* contracts/src/libraries/StorageProof.sol decides as state/proof.h does: on proofs of random
 * tries, and on what is made of them by changing, cutting and mixing nodes, hashes put right or
 * not. */
#include "batch/abi.h"
#include "chain/execution.h"
#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "state/proof.h"
#include "state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS    20000
#define SLOTS     40
#define ACCOUNTS  60
#define NODES_MAX (PROOF_NODES_MAX + 1)
#define GAS       30000000u
#define ARTIFACT  "contracts/artifacts/ProofVerifier.json"
#define TEXT_MAX  (1u << 20)
#define VERIFIER  0xcc

static const address VERIFIER_ADDRESS = {{[0] = VERIFIER}};

static struct arena arena;
static struct arena_mark mark;
static struct source_memory memory;
static struct state state;
static hash32 state_root;
static hash32 storage_root;
static bytes verifier_code;
static uint64_t seed;
static unsigned verdicts[PROOF_WRONG_VALUE + 1];

static uint64_t number(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return below == 0 ? 0 : seed % below;
}

static void must(enum err err) {
    assert_int_equal(err, ERR_OK);
}

/* --- the two verifiers ------------------------------------------------------------------------ */

struct answer {
    enum proof_verdict verdict;
    size_t index; /* of the node at fault, where there is one */
    struct account account;
    u256 value;
};

struct question {
    bool is_account;
    hash32 root;
    address who;
    u256 key;
    bytes nodes[NODES_MAX];
    size_t count;
};

static bool has_index(enum proof_verdict verdict) {
    return verdict == PROOF_WRONG_HASH || verdict == PROOF_MALFORMED ||
           verdict == PROOF_TOO_SHORT || verdict == PROOF_TOO_LONG;
}

static struct answer ask_c(const struct question *q) {
    struct answer a = {.account = account_none()};
    hash32 key;
    uint8_t word[32];
    bytes value;
    u256_store_be(word, &q->key);
    key = keccak256(q->is_account ? address_bytes(&q->who) : bytes_of(word, 32));
    (void)proof_verify(&value, &a.index, &q->root, hash32_bytes(&key), q->nodes, q->count);
    a.verdict = q->is_account
                    ? proof_verify_account(&a.account, &q->root, &q->who, q->nodes, q->count)
                    : proof_verify_slot(&a.value, &q->root, &q->key, q->nodes, q->count);
    return a;
}

static bytes calldata_of(const struct question *q) {
    struct abi_writer w;
    bytes out;
    abi_writer_open(&w, &arena);
    abi_write_selector(
        &w, q->is_account ? "accountAt(bytes32,address,bytes[])" : "slotIn(bytes32,bytes32,bytes[])"
    );
    abi_write_hash(&w, &q->root);
    if (q->is_account)
        abi_write_address(&w, &q->who);
    else
        abi_write_u256(&w, &q->key);
    const size_t list = abi_write_offset(&w);
    abi_begin_tail(&w, list, ABI_SELECTOR);
    abi_write_u64(&w, q->count);
    const size_t first = w.size;
    size_t offsets[NODES_MAX];
    for (size_t i = 0; i < q->count; i++)
        offsets[i] = abi_write_offset(&w);
    for (size_t i = 0; i < q->count; i++) {
        abi_begin_tail(&w, offsets[i], first);
        abi_write_bytes(&w, q->nodes[i]);
    }
    must(abi_finish(&w, &out));
    return out;
}

static struct answer read_refusal(bytes data) {
    static const struct {
        const char *error;
        enum proof_verdict verdict;
    } errors[] = {
        {"WrongRoot()", PROOF_WRONG_ROOT},
        {"WrongHash(uint256)", PROOF_WRONG_HASH},
        {"MalformedNode(uint256)", PROOF_MALFORMED},
        {"ProofTooShort(uint256)", PROOF_TOO_SHORT},
        {"ProofTooLong(uint256)", PROOF_TOO_LONG},
        {"WrongValue()", PROOF_WRONG_VALUE},
    };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (!abi_has_selector(data, errors[i].error)) continue;
        struct answer a = {.verdict = errors[i].verdict, .account = account_none()};
        uint64_t index = 0;
        if (has_index(a.verdict))
            must(abi_read_u64(&index, bytes_slice(data, ABI_SELECTOR, SIZE_MAX), 0));
        a.index = (size_t)index;
        return a;
    }
    fail_msg("the contract fails for no reason of its own");
    return (struct answer){0};
}

static struct answer ask_solidity(const struct question *q) {
    struct journal journal;
    struct execution x;
    const struct block_context block = {.rules = {.fork = FORK_OSAKA}, .gas_limit = GAS};
    const struct execution_message message = {
        .target = VERIFIER_ADDRESS, .gas = GAS, .input = calldata_of(q)};
    must(journal_open(&journal, &arena));
    must(execution_open(&x, &arena, &block, &state, &journal, NULL));
    execution_begin_message(&x, &message, NULL);
    assert_int_equal(execution_run(&x), EXECUTION_DONE);
    const bytes out = x.result.output;
    if (!x.result.is_success) return read_refusal(out);
    struct answer a = {.verdict = PROOF_PRESENT, .account = account_none()};
    if (!q->is_account) {
        must(abi_read_u256(&a.value, out, 0));
        if (u256_is_zero(&a.value)) a.verdict = PROOF_ABSENT;
        return a;
    }
    bool exists = false;
    must(abi_read_bool(&exists, out, 0));
    must(abi_read_u64(&a.account.nonce, out, 1));
    must(abi_read_u256(&a.account.balance, out, 2));
    must(abi_read_hash(&a.account.storage_root, out, 3));
    must(abi_read_hash(&a.account.code_hash, out, 4));
    if (!exists) a.verdict = PROOF_ABSENT;
    return a;
}

static void show(const struct question *q, uint64_t from) {
    print_error("seed %llu, %s\n", (unsigned long long)from, q->is_account ? "account" : "slot");
    for (size_t i = 0; i < q->count; i++) {
        char hex[2 * 1200 + 1] = "";
        if (q->nodes[i].size <= 1200) hex_encode(hex, q->nodes[i]);
        print_error("  %zu: %s\n", i, hex);
    }
}

static void compare(const struct question *q, uint64_t from) {
    const struct answer c = ask_c(q);
    const struct answer solidity = ask_solidity(q);
    bool is_same = c.verdict == solidity.verdict && u256_equal(&c.value, &solidity.value) &&
                   (!has_index(c.verdict) || c.index == solidity.index) &&
                   c.account.nonce == solidity.account.nonce &&
                   u256_equal(&c.account.balance, &solidity.account.balance) &&
                   hash32_equal(&c.account.storage_root, &solidity.account.storage_root) &&
                   hash32_equal(&c.account.code_hash, &solidity.account.code_hash);
    verdicts[c.verdict]++;
    if (is_same) return;
    show(q, from);
    fail_msg(
        "C says \"%s\" (%zu), Solidity says \"%s\" (%zu)",
        proof_verdict_text(c.verdict),
        c.index,
        proof_verdict_text(solidity.verdict),
        solidity.index
    );
}

/* --- proofs and what is made of them ---------------------------------------------------------- */

static address account_of(uint64_t i) {
    address who = {{0}};
    store_be64(who.b + 12, i);
    return who;
}

static void begin_question(struct question *q) {
    struct proof proof;
    uint8_t word[32];
    *q = (struct question){.is_account = number(2) == 0};
    /* Some that are there, some that are not. */
    q->who = account_of(number(2 * ACCOUNTS));
    q->key = u256_from_u64(number(2 * SLOTS));
    q->root = q->is_account ? state_root : storage_root;
    u256_store_be(word, &q->key);
    const hash32 key = keccak256(q->is_account ? address_bytes(&q->who) : bytes_of(word, 32));
    must(proof_make(&proof, &memory.source, &q->root, hash32_bytes(&key), &arena, NULL));
    memcpy(q->nodes, proof.nodes, proof.count * sizeof(bytes));
    q->count = proof.count;
}

/* A copy of a node with something done to it. */
static bytes changed(bytes node) {
    const size_t size_max = node.size + 4;
    uint8_t *copy = arena_alloc_zero(&arena, size_max);
    assert_non_null(copy);
    if (node.size > 0) memcpy(copy, node.data, node.size);
    size_t size = node.size;
    for (uint64_t n = 1 + number(3); n > 0 && size > 0; n--) {
        const size_t at = number(8) < 3 ? number(size < 4 ? size : 4) : number(size);
        switch (number(6)) {
        case 0:
            copy[at] ^= (uint8_t)(1u << number(8));
            break;
        case 1:
            copy[at] = (uint8_t)number(256);
            break;
        case 2: /* a byte more, and the list's size with it */
            if (size == size_max) break;
            memmove(copy + at + 1, copy + at, size - at);
            size++;
            if (copy[0] == 0xf8) copy[1]++;
            break;
        case 3: /* a byte less */
            memmove(copy + at, copy + at + 1, size - at - 1);
            size--;
            if (copy[0] == 0xf8 && size > 1) copy[1]--;
            break;
        case 4: {
            static const uint8_t telling[] = {
                0x00, 0x20, 0x3f, 0x7f, 0x80, 0x81, 0xa0, 0xb7, 0xb8, 0xc0, 0xc2, 0xde, 0xdf, 0xf8};
            copy[at] = telling[number(sizeof(telling))];
            break;
        }
        case 5:
            size = number(size + 1);
            break;
        }
    }
    return bytes_of(copy, size);
}

/* Puts the hash of node i into the one before it, and so on up to the root. */
static void put_hashes_right(struct question *q, size_t i, hash32 was) {
    for (;; i--) {
        const hash32 is = keccak256(q->nodes[i]);
        if (i == 0) {
            q->root = is;
            return;
        }
        const bytes above = q->nodes[i - 1];
        uint8_t *copy = arena_alloc_zero(&arena, above.size + 1);
        assert_non_null(copy);
        if (above.size > 0) memcpy(copy, above.data, above.size);
        for (size_t at = 0; at + 32 <= above.size; at++)
            if (memcmp(copy + at, was.b, 32) == 0) memcpy(copy + at, is.b, 32);
        was = keccak256(above);
        q->nodes[i - 1] = bytes_of(copy, above.size);
    }
}

static void mutate(struct question *q) {
    if (q->count == 0) return;
    const size_t i = number(4) == 0 ? number(q->count) : q->count - 1;
    const hash32 was = keccak256(q->nodes[i]);
    switch (number(8)) {
    case 0:
        q->count = i;
        return;
    case 1:
        if (q->count == NODES_MAX) return;
        q->nodes[q->count] = q->nodes[number(q->count)];
        q->count++;
        return;
    case 2:
        q->nodes[i] = q->nodes[number(q->count)];
        break;
    case 3:
        q->key = u256_from_u64(number(2 * SLOTS));
        q->who = account_of(number(2 * ACCOUNTS));
        return;
    case 4:
        q->nodes[i] = changed(q->nodes[i]);
        return;
    default:
        q->nodes[i] = changed(q->nodes[i]);
        break;
    }
    put_hashes_right(q, i, was);
}

/* --- the tests -------------------------------------------------------------------------------- */

static void proofs_are_true_in_both(void **unused) {
    (void)unused;
    seed = 0x9e3779b97f4a7c15u;
    for (unsigned i = 0; i < 400; i++) {
        const uint64_t from = seed;
        struct question q;
        begin_question(&q);
        compare(&q, from);
        arena_release(&arena, mark);
    }
    assert_true(verdicts[PROOF_PRESENT] > 50 && verdicts[PROOF_ABSENT] > 50);
    /* An empty trie, with and without nodes. */
    struct question q = {.root = EMPTY_TRIE_ROOT};
    compare(&q, 0);
    q.nodes[q.count++] = bytes_of("\x80", 1);
    compare(&q, 0);
    q = (struct question){.is_account = true, .root = EMPTY_TRIE_ROOT};
    compare(&q, 0);
}

static void what_is_made_of_them_is_refused_alike(void **unused) {
    (void)unused;
    seed = 0xd1b54a32d192ed03u;
    memset(verdicts, 0, sizeof(verdicts));
    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t from = seed;
        struct question q;
        begin_question(&q);
        mutate(&q);
        compare(&q, from);
        arena_release(&arena, mark);
    }
    for (size_t v = 0; v <= PROOF_WRONG_VALUE; v++) {
        if (verdicts[v] < 10)
            print_error("%s: %u\n", proof_verdict_text((enum proof_verdict)v), verdicts[v]);
        assert_true(verdicts[v] >= 10);
    }
}

/* --- the state -------------------------------------------------------------------------------- */

static bytes read_code(void) {
    static const char KEY[] = "\"deployedBytecode\": \"0x";
    FILE *file = fopen(ARTIFACT, "rb");
    char *text = arena_alloc(&arena, TEXT_MAX);
    assert_true(file != NULL && text != NULL);
    const size_t size = fread(text, 1, TEXT_MAX - 1, file);
    (void)fclose(file);
    text[size] = 0;
    const char *begin = strstr(text, KEY);
    assert_non_null(begin);
    begin += sizeof(KEY) - 1;
    bytes code;
    must(hex_decode(&code, &arena, begin, (size_t)(strchr(begin, '"') - begin)));
    return code;
}

/* Small values make nodes that are inlined. */
static int open_state(void **unused) {
    (void)unused;
    static struct state_change changes[ACCOUNTS + 1];
    static struct state_slot slots[SLOTS];
    arena_open(&arena, (size_t)1 << 30);
    verifier_code = read_code();
    source_memory_open(&memory, &arena, NULL);
    must(state_open(&state, &arena, &memory.source, &EMPTY_TRIE_ROOT));
    for (uint64_t i = 0; i < SLOTS; i++) {
        slots[i].key = u256_from_u64(2 * i);
        slots[i].value = u256_from_u64(1 + i % 3);
        if (i % 3 == 0) slots[i].value = u256_sub(&U256_ZERO, &slots[i].value);
    }
    for (uint64_t i = 0; i < ACCOUNTS; i++) {
        changes[i] = (struct state_change){
            .address = account_of(2 * i),
            .exists = true,
            .nonce = i % 5,
            .balance = u256_from_u64(1000 * i),
            .code_hash = KECCAK_EMPTY,
            .slots = slots,
            .slot_count = i == 1 ? SLOTS : 0,
        };
    }
    changes[ACCOUNTS] = (struct state_change){
        .address = VERIFIER_ADDRESS,
        .exists = true,
        .nonce = 1,
        .code_hash = keccak256(verifier_code),
        .code = verifier_code,
    };
    must(state_apply(&state, &state_root, &memory, changes, ACCOUNTS + 1));
    const address holder = account_of(2);
    struct account account;
    bool exists;
    must(state_get_account(&state, &holder, &account, &exists));
    storage_root = account.storage_root;
    /* What the verifier needs is decoded before the mark. */
    struct question q = {.root = EMPTY_TRIE_ROOT};
    (void)ask_solidity(&q);
    mark = arena_mark(&arena);
    return 0;
}

static int close_state(void **unused) {
    (void)unused;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_are_true_in_both),
        cmocka_unit_test(what_is_made_of_them_is_refused_alike),
    };
    return cmocka_run_group_tests(tests, open_state, close_state);
}
