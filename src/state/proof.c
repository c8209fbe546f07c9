#include "state/proof.h"

#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"
#include "state/node.h"

/* Making and checking a proof is the same walk: from the root along the key, where each node that
 * is referred to by hash is taken from a source or from the list. */
struct walk {
    _Alignas(NODE_PATH_ALIGN) uint8_t key[NODE_NIBBLES_MAX / 2];
    unsigned key_nibbles;
    unsigned depth;
    bytes ref;               /* of the node to visit next */
    bool is_under_extension; /* which can only lead to a branch */
    bytes value;             /* at the end of the walk; empty: absent */
};

static void walk_begin(struct walk *walk, bytes key, const uint8_t root_ref[NODE_REF_SIZE]) {
    CHECK(key.size <= sizeof walk->key);
    *walk = (struct walk){
        .key_nibbles = (unsigned)(2 * key.size),
        .ref = bytes_of(root_ref, NODE_REF_SIZE),
    };
    if (key.size != 0) memcpy(walk->key, key.data, key.size);
}

static bool is_hash(bytes ref) {
    return ref.size == NODE_REF_SIZE;
}

/* Visits a node, and those inlined in it as far as the key leads; then either the walk has ended or
 * walk->ref is the hash to go on with. */
static enum err walk_node(struct walk *walk, bytes encoded, bool *has_ended) {
    for (;;) {
        struct node_view view;
        enum err err = node_decode(&view, encoded);
        if (err != ERR_OK) return err;
        if (walk->is_under_extension && view.kind != NODE_BRANCH) return ERR_CORRUPT;
        if (view.kind == NODE_BRANCH && walk->depth == NODE_NIBBLES_MAX) return ERR_CORRUPT;
        bytes next = BYTES_EMPTY;
        switch (node_follow(&next, &walk->depth, &view, walk->key, walk->key_nibbles)) {
        case NODE_FOUND:
            walk->value = next;
            *has_ended = true;
            return ERR_OK;
        case NODE_ABSENT:
            walk->value = BYTES_EMPTY;
            *has_ended = true;
            return ERR_OK;
        case NODE_GO_ON:
            break;
        case NODE_TOO_DEEP:
            return ERR_CORRUPT;
        }
        walk->is_under_extension = view.kind == NODE_EXTENSION;
        walk->ref = next;
        *has_ended = false;
        if (is_hash(next)) return ERR_OK;
        encoded = next;
    }
}

static void root_ref_of(uint8_t ref[NODE_REF_SIZE], const hash32 *root) {
    ref[0] = 0xa0;
    memcpy(ref + 1, root->b, 32);
}

static hash32 hash_of(bytes ref) {
    hash32 hash = {{0}};
    memcpy(hash.b, ref.data + 1, sizeof hash.b);
    return hash;
}

enum err proof_make(
    struct proof *proof,
    struct source *source,
    const hash32 *root,
    bytes key,
    struct arena *arena,
    hash32 *wanted
) {
    uint8_t root_ref[NODE_REF_SIZE];
    struct walk walk;
    struct proof made; /* nodes are set as they are counted */
    bool has_ended = hash32_equal(root, &EMPTY_TRIE_ROOT);
    made.count = 0;
    root_ref_of(root_ref, root);
    walk_begin(&walk, key, root_ref);
    while (!has_ended) {
        hash32 hash = hash_of(walk.ref);
        bytes encoded;
        enum err err = source_node(source, &hash, &encoded);
        if (err == ERR_MISSING && wanted != NULL) *wanted = hash;
        if (err == ERR_OK && made.count > 0 && encoded.size <= NODE_INLINE_MAX) err = ERR_CORRUPT;
        if (err == ERR_OK) err = arena_copy(arena, &encoded, encoded);
        if (err == ERR_OK) err = walk_node(&walk, encoded, &has_ended);
        if (err != ERR_OK) return err;
        CHECK(made.count < PROOF_NODES_MAX); /* each node takes a nibble of the key */
        made.nodes[made.count++] = encoded;
    }
    memcpy(proof->nodes, made.nodes, made.count * sizeof *made.nodes);
    proof->count = made.count;
    proof->value = walk.value;
    return ERR_OK;
}

const char *proof_verdict_text(enum proof_verdict verdict) {
    switch (verdict) {
#define PROOF_VERDICT_TEXT(name, text) \
    case PROOF_##name:                 \
        return text;
        PROOF_VERDICT_LIST(PROOF_VERDICT_TEXT)
#undef PROOF_VERDICT_TEXT
    }
    return "unknown verdict";
}

enum proof_verdict proof_verify(
    bytes *value, size_t *bad_index, const hash32 *root, bytes key, const bytes *nodes, size_t count
) {
    uint8_t root_ref[NODE_REF_SIZE];
    struct walk walk;
    size_t index = 0;
    enum proof_verdict verdict = PROOF_ABSENT;
    bool has_ended = hash32_equal(root, &EMPTY_TRIE_ROOT);
    root_ref_of(root_ref, root);
    walk_begin(&walk, key, root_ref);
    for (; !has_ended; index++) {
        if (index == count) {
            verdict = PROOF_TOO_SHORT;
            goto refused;
        }
        hash32 expected = hash_of(walk.ref);
        hash32 hash = keccak256(nodes[index]);
        if (!hash32_equal(&hash, &expected)) {
            verdict = index == 0 ? PROOF_WRONG_ROOT : PROOF_WRONG_HASH;
            goto refused;
        }
        bool is_short = nodes[index].size <= NODE_INLINE_MAX;
        if ((index > 0 && is_short) || walk_node(&walk, nodes[index], &has_ended) != ERR_OK) {
            verdict = PROOF_MALFORMED;
            goto refused;
        }
    }
    if (index < count) {
        verdict = PROOF_TOO_LONG;
        goto refused;
    }
    *value = walk.value;
    return walk.value.size != 0 ? PROOF_PRESENT : PROOF_ABSENT;
refused:
    if (bad_index != NULL) *bad_index = index;
    return verdict;
}

enum proof_verdict proof_verify_account(
    struct account *account,
    const hash32 *state_root,
    const address *who,
    const bytes *nodes,
    size_t count
) {
    hash32 key = keccak256(address_bytes(who));
    bytes value;
    enum proof_verdict verdict =
        proof_verify(&value, NULL, state_root, hash32_bytes(&key), nodes, count);
    if (verdict == PROOF_ABSENT) *account = account_none();
    if (verdict == PROOF_PRESENT && account_decode(account, value) != ERR_OK)
        verdict = PROOF_WRONG_VALUE;
    return verdict;
}

enum proof_verdict proof_verify_slot(
    u256 *value, const hash32 *storage_root, const u256 *key, const bytes *nodes, size_t count
) {
    uint8_t be[32];
    u256_store_be(be, key);
    hash32 hash = keccak256(bytes_of(be, sizeof be));
    bytes encoded;
    enum proof_verdict verdict =
        proof_verify(&encoded, NULL, storage_root, hash32_bytes(&hash), nodes, count);
    if (verdict == PROOF_ABSENT) *value = U256_ZERO;
    if (verdict != PROOF_PRESENT) return verdict;
    struct rlp rlp = rlp_open(encoded);
    u256 read;
    if (rlp_read_u256(&rlp, &read) != ERR_OK || !rlp_done(&rlp) || u256_is_zero(&read))
        return PROOF_WRONG_VALUE;
    *value = read;
    return verdict;
}
