/* Proofs from anywhere. The input is one byte for what to do, the key, and a list of nodes, each
 * after two bytes of size. References are repaired from the last node up, so that the walk gets
 * past the hashes; what verifies is checked against a trie over the same nodes. */
#include "core/arena.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "state/proof.h"
#include "state/trie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES_MAX = 12, NODE_SIZE_MAX = 1200, KEY_SIZE = 4 };

static uint8_t room[NODES_MAX][NODE_SIZE_MAX];

static size_t read_nodes(bytes nodes[NODES_MAX], const uint8_t *data, size_t size) {
    size_t count = 0;
    while (count < NODES_MAX && size >= 2) {
        size_t node_size = (size_t)(data[0] << 8 | data[1]) % NODE_SIZE_MAX;
        data += 2, size -= 2;
        if (node_size > size) node_size = size;
        memcpy(room[count], data, node_size);
        nodes[count] = bytes_of(room[count], node_size);
        data += node_size, size -= node_size;
        count++;
    }
    return count;
}

/* Writes each node's hash over every reference marked by the bytes a0 ee in the node before it. */
static void repair(const bytes *nodes, size_t count) {
    for (size_t i = count; i-- > 1;) {
        hash32 hash = keccak256(nodes[i]);
        for (size_t at = 0; at + 33 <= nodes[i - 1].size; at++)
            if (room[i - 1][at] == 0xa0 && room[i - 1][at + 1] == 0xee)
                memcpy(room[i - 1] + at + 1, hash.b, 32);
    }
}

/* The trie agrees with a proof that is accepted. */
static void
check_trie(const hash32 *root, bytes key, const bytes *nodes, size_t count, bytes value) {
    struct arena arena;
    struct source_witness witness;
    struct trie_pool pool;
    struct trie trie;
    bytes found;
    arena_open(&arena, 1 << 20);
    source_witness_open(&witness, &arena);
    CHECK(source_witness_add_nodes(&witness, nodes, count) == ERR_OK);
    trie_pool_open(&pool, &arena, &witness.source);
    trie_open(&trie, &pool, root);
    CHECK(trie_get(&trie, &found, key) == ERR_OK && bytes_equal(found, value));
    static struct proof proof;
    CHECK(proof_make(&proof, &witness.source, root, key, &arena, NULL) == ERR_OK);
    CHECK(proof.count == count && bytes_equal(proof.value, value));
    arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes nodes[NODES_MAX];
    if (size < 1 + KEY_SIZE) return 0;
    bytes key = bytes_of(data + 1, data[0] % (KEY_SIZE + 1));
    size_t count = read_nodes(nodes, data + 1 + KEY_SIZE, size - 1 - KEY_SIZE);
    bool is_repaired = (data[0] & 0x80) != 0;
    if (is_repaired) repair(nodes, count);
    hash32 root = count > 0 ? keccak256(nodes[0]) : EMPTY_TRIE_ROOT;
    bytes value = BYTES_EMPTY;
    size_t bad_index = SIZE_MAX;
    enum proof_verdict verdict = proof_verify(&value, &bad_index, &root, key, nodes, count);
    if (verdict == PROOF_PRESENT || verdict == PROOF_ABSENT) {
        CHECK((verdict == PROOF_PRESENT) == (value.size != 0));
        check_trie(&root, key, nodes, count, value);
    } else {
        CHECK(verdict != PROOF_WRONG_ROOT && value.size == 0 && bad_index <= count);
    }
    struct account account;
    u256 number = U256_ZERO;
    address who = {{0}};
    (void)proof_verify_account(&account, &root, &who, nodes, count);
    (void)proof_verify_slot(&number, &root, &number, nodes, count);
    return 0;
}
