/* Decoding of trie nodes: no input crashes; what is accepted is written again byte for byte; and a
 * trie over a source that answers with the input behaves, whatever is asked of it. */
#include "core/arena.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "state/node.h"
#include "state/trie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_twin(bytes input) {
    struct node_view view;
    static uint8_t written[1 << 16];
    uint8_t path[NODE_NIBBLES_MAX / 2] = {0};
    if (input.size > sizeof written || node_decode(&view, input) != ERR_OK) return;
    size_t written_size = 0;
    if (view.kind != NODE_BRANCH) node_place_path(path, 0, &view);
    switch (view.kind) {
    case NODE_LEAF:
        written_size = node_write_leaf(written, path, 0, view.path_size, view.value);
        CHECK(written_size == node_leaf_size(0, view.path_size, view.value));
        break;
    case NODE_EXTENSION:
        written_size = node_write_extension(written, path, 0, view.path_size, view.child);
        break;
    case NODE_BRANCH:
        written_size = node_write_branch(written, view.children, view.value);
        for (unsigned i = 0; i < NODE_CHILDREN; i++)
            CHECK((node_child(view.children.data, i).size > 1) == ((view.mask >> i & 1) != 0));
        break;
    }
    CHECK(bytes_equal(bytes_of(written, written_size), input));
}

/* Answers any hash with the part of the input that the hash's last byte chooses. */
struct split_source {
    struct source source;
    bytes parts[4];
};

static enum err answer(struct source *source, const hash32 *hash, bytes *encoded) {
    *encoded = ((struct split_source *)source)->parts[hash->b[31] % 4];
    return encoded->size != 0 ? ERR_OK : ERR_MISSING;
}

static void check_trie(bytes input) {
    static const uint8_t keys[4][32] = {{0}, {0x11, 0x22}, {0x0f}, {0xff, 0xff}};
    static const size_t sizes[] = {32, 2, 1, 32};
    struct split_source source = {{answer, answer, NULL}, {{0}}};
    struct arena arena;
    struct trie_pool pool;
    struct trie trie;
    struct trie_iterator iterator;
    hash32 root = {{1}};
    size_t part = input.size / 4;
    for (size_t i = 0; i < 4; i++)
        source.parts[i] = bytes_slice(input, i * part, i == 3 ? input.size : part);
    arena_open(&arena, 1 << 20);
    trie_pool_open(&pool, &arena, &source.source);
    trie_open(&trie, &pool, &root);
    trie_iterator_open(&iterator, &trie, bytes_of(keys[1], 2));
    bool found = true;
    bytes key;
    bytes value;
    for (int i = 0; found && i < 50; i++)
        if (trie_iterator_next(&iterator, &found, &key, &value) != ERR_OK) break;
    trie_iterator_close(&iterator);
    for (size_t i = 0; i < 4; i++) {
        key = bytes_of(keys[i], sizes[i]);
        bytes stored = bytes_of("stored", 6);
        if (trie_get(&trie, &value, key) != ERR_OK) continue;
        if (i != 1 && trie_put(&trie, key, stored) == ERR_OK) {
            CHECK(trie_get(&trie, &value, key) == ERR_OK && bytes_equal(value, stored));
        }
        if (i != 2 && trie_delete(&trie, key) == ERR_OK) {
            CHECK(trie_get(&trie, &value, key) == ERR_OK && value.size == 0);
        }
    }
    enum err err = trie_commit(&trie, &root, NULL);
    CHECK(err == ERR_OK || err == ERR_MEMORY);
    arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes input = bytes_of(data, size);
    check_twin(input);
    check_trie(input);
    return 0;
}
