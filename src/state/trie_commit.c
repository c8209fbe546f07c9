#include "core/check.h"
#include "crypto/keccak.h"
#include "state/trie_private.h"

/* Nodes encoded and hashed together. A branch has at most 4 blocks of keccak, a leaf of an account
 * or slot one; keccak256_many sorts out which go side by side. */
enum { BATCH = 32, SHORT_SIZE_MAX = 192, BRANCH_ROOM = (NODE_BRANCH_SIZE_MAX + 7) / 8 * 8 };

struct commit {
    struct trie_pool *pool;
    struct source_memory *sink;
    size_t queue_count;
    unsigned batch_count;
    struct trie_node *nodes[BATCH];
    bytes encoded[BATCH];
    _Alignas(8) uint8_t short_encodings[BATCH][SHORT_SIZE_MAX];
    /* Encodings of branches, whose references are in node->data. */
    _Alignas(8) uint8_t branch_encodings[BATCH][BRANCH_ROOM];
};

static enum err enqueue(struct commit *commit, struct trie_node *node) {
    struct trie_pool *pool = commit->pool;
    if (commit->queue_count == pool->queue_capacity) {
        size_t capacity = pool->queue_capacity != 0 ? 2 * pool->queue_capacity : 256;
        struct trie_node **queue = arena_alloc_array(pool->arena, capacity, sizeof(void *));
        if (queue == NULL) return ERR_MEMORY;
        if (commit->queue_count != 0)
            memcpy(queue, pool->queue, commit->queue_count * sizeof(void *));
        pool->queue = queue;
        pool->queue_capacity = capacity;
    }
    pool->queue[commit->queue_count++] = node;
    return ERR_OK;
}

/* Appends the dirty children of a dirty node. */
static enum err enqueue_children(struct commit *commit, struct trie_node *node) {
    enum err err = ERR_OK;
    if (node->kind == TRIE_SHORT) {
        struct trie_node *child = trie_as_short(node)->child;
        if (child != NULL && child->is_dirty) err = enqueue(commit, child);
        return err;
    }
    struct trie_branch *branch = trie_as_branch(node);
    for (unsigned rest = (uint16_t)~branch->known; err == ERR_OK && rest != 0; rest &= rest - 1) {
        struct trie_node *child = branch->children[__builtin_ctz(rest)];
        if (child != NULL && child->is_dirty) err = enqueue(commit, child);
    }
    return err;
}

/* Brings a branch's 16 references in order where all changed ones have the size they had: the usual
 * case, a hash for a hash. Otherwise false; what was changed until then is right. */
static bool patch_references(struct trie_branch *branch) {
    uint8_t *p = branch->node.data;
    if (branch->node.size == 0) return false;
    for (unsigned i = 0; i < NODE_CHILDREN; i++) {
        size_t size = node_child(p, 0).size;
        if ((branch->known >> i & 1) == 0) {
            const struct trie_node *child = branch->children[i];
            if (size != (child != NULL ? child->ref_size : 1)) return false;
            if (child != NULL) memcpy(p, child->ref, size);
        }
        p += size;
    }
    return true;
}

/* Gathers a branch's 16 references anew, and makes them its data. */
static enum err rebuild_references(struct trie_pool *pool, struct trie_branch *branch) {
    uint8_t references[NODE_CHILDREN * NODE_REF_SIZE];
    uint8_t *p = references;
    const uint8_t *old = branch->node.size != 0 ? branch->node.data : NULL;
    for (unsigned i = 0; i < NODE_CHILDREN; i++) {
        bytes ref = old != NULL ? node_child(old, 0) : BYTES_EMPTY;
        if (old != NULL) old += ref.size;
        if ((branch->known >> i & 1) == 0) {
            const struct trie_node *child = branch->children[i];
            ref = child != NULL ? trie_ref(child) : bytes_of("\x80", 1);
        }
        CHECK(ref.size != 0);
        memcpy(p, ref.data, ref.size);
        p += ref.size;
    }
    size_t size = (size_t)(p - references);
    /* A branch that grows once may grow to the full: room for that is taken at once. */
    size_t room = size > branch->node.capacity ? sizeof references : size;
    enum err err = trie_reserve(pool, &branch->node.data, &branch->node.capacity, room);
    if (err != ERR_OK) return err;
    memcpy(branch->node.data, references, size);
    branch->node.size = (uint32_t)size;
    return ERR_OK;
}

/* A clean node, and a branch whose data has the references of all its children: when everything has
 * gone well, so that a commit that fails can be repeated, into another sink too. */
static void make_clean(struct trie_node *node) {
    node->is_dirty = false;
    if (node->kind != TRIE_BRANCH) return;
    struct trie_branch *branch = trie_as_branch(node);
    for (unsigned i = 0; i < NODE_CHILDREN; i++)
        branch->known |= (uint16_t)((branch->children[i] != NULL) << i);
}

/* Room for one encoding too large for the batch. */
static enum err reserve_buffer(struct trie_pool *pool, size_t size) {
    if (size <= pool->buffer_capacity) return ERR_OK;
    uint8_t *buffer = arena_alloc(pool->arena, size);
    if (buffer == NULL) return ERR_MEMORY;
    pool->buffer = buffer;
    pool->buffer_capacity = size;
    return ERR_OK;
}

/* Encodes node, whose children all have references, in the batch or, if it is too large for that,
 * in the pool's buffer, which *is_large then says. */
static enum err
encode(struct commit *commit, struct trie_node *node, bytes *encoded, bool *is_large) {
    struct trie_pool *pool = commit->pool;
    unsigned slot = commit->batch_count;
    enum err err = ERR_OK;
    *is_large = false;
    if (node->kind == TRIE_BRANCH) {
        struct trie_branch *branch = trie_as_branch(node);
        if (!patch_references(branch)) err = rebuild_references(pool, branch);
        if (err != ERR_OK) return err;
        bytes children = bytes_of(node->data, node->size);
        bytes value = trie_branch_value(branch);
        size_t size = node_branch_size(children.size, value);
        uint8_t *out = commit->branch_encodings[slot];
        *is_large = size > NODE_BRANCH_SIZE_MAX;
        if (*is_large) err = reserve_buffer(pool, size);
        if (err != ERR_OK) return err;
        if (*is_large) out = pool->buffer;
        *encoded = bytes_of(out, node_write_branch(out, children, value));
        return ERR_OK;
    }
    struct trie_short *at = trie_as_short(node);
    uint8_t *out = commit->short_encodings[slot];
    if (at->child != NULL) {
        bytes child = trie_ref(at->child);
        *encoded =
            bytes_of(out, node_write_extension(out, at->path, node->start, node->end, child));
        return ERR_OK;
    }
    bytes value = trie_leaf_value(node);
    size_t size = node_leaf_size(node->start, node->end, value);
    *is_large = size > SHORT_SIZE_MAX;
    if (*is_large) err = reserve_buffer(pool, size);
    if (err != ERR_OK) return err;
    if (*is_large) out = pool->buffer;
    *encoded = bytes_of(out, node_write_leaf(out, at->path, node->start, node->end, value));
    return ERR_OK;
}

static enum err
name_node(struct commit *commit, struct trie_node *node, const hash32 *hash, bytes encoded) {
    node->ref[0] = 0xa0;
    memcpy(node->ref + 1, hash->b, 32);
    node->ref_size = NODE_REF_SIZE;
    commit->pool->hashed_count++;
    return commit->sink != NULL ? source_memory_put_node(commit->sink, hash, encoded) : ERR_OK;
}

static enum err flush(struct commit *commit) {
    hash32 hashes[BATCH];
    enum err err = ERR_OK;
    keccak256_many(hashes, commit->encoded, commit->batch_count);
    for (unsigned i = 0; err == ERR_OK && i < commit->batch_count; i++)
        err = name_node(commit, commit->nodes[i], &hashes[i], commit->encoded[i]);
    commit->batch_count = 0;
    return err;
}

/* Encodes a node and gives it its reference, now or with the batch. */
static enum err add_node(struct commit *commit, struct trie_node *node, bool is_root) {
    bytes encoded;
    bool is_large;
    enum err err = encode(commit, node, &encoded, &is_large);
    if (err != ERR_OK) return err;
    if (encoded.size <= NODE_INLINE_MAX && !is_root) {
        memcpy(node->ref, encoded.data, encoded.size);
        node->ref_size = (uint8_t)encoded.size;
        return ERR_OK;
    }
    if (is_large) {
        hash32 hash = keccak256(encoded);
        return name_node(commit, node, &hash, encoded);
    }
    commit->nodes[commit->batch_count] = node;
    commit->encoded[commit->batch_count] = encoded;
    commit->batch_count++;
    return commit->batch_count == BATCH ? flush(commit) : ERR_OK;
}

/* Queues the dirty nodes of all tries level by level; level_starts[k] is where the k-th begins. */
static enum err gather(
    struct commit *commit,
    struct trie *const *tries,
    size_t count,
    size_t level_starts[TRIE_DEPTH_MAX + 1],
    unsigned *level_count
) {
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        CHECK(tries[i]->pool == commit->pool);
        if (tries[i]->root != NULL && tries[i]->root->is_dirty)
            err = enqueue(commit, tries[i]->root);
    }
    size_t at = 0;
    unsigned level = 0;
    while (err == ERR_OK && at < commit->queue_count) {
        CHECK(level < TRIE_DEPTH_MAX);
        size_t level_end = commit->queue_count;
        level_starts[level++] = at;
        for (; err == ERR_OK && at < level_end; at++)
            err = enqueue_children(commit, commit->pool->queue[at]);
    }
    level_starts[level] = commit->queue_count;
    *level_count = level;
    return err;
}

enum err trie_commit_many(
    struct trie *const *tries, hash32 *roots, size_t count, struct source_memory *sink
) {
    if (count == 0) return ERR_OK;
    struct commit commit; /* large: not zeroed as a whole */
    commit.pool = tries[0]->pool;
    commit.sink = sink;
    commit.queue_count = 0;
    commit.batch_count = 0;
    size_t level_starts[TRIE_DEPTH_MAX + 1];
    unsigned level_count = 0;
    enum err err = gather(&commit, tries, count, level_starts, &level_count);
    while (err == ERR_OK && level_count > 0) {
        level_count--;
        for (size_t i = level_starts[level_count];
             err == ERR_OK && i < level_starts[level_count + 1];
             i++)
            err = add_node(&commit, commit.pool->queue[i], level_count == 0);
        if (err == ERR_OK) err = flush(&commit); /* the level above needs the references */
    }
    if (err != ERR_OK) return err;
    for (size_t i = 0; i < commit.queue_count; i++)
        make_clean(commit.pool->queue[i]);
    for (size_t i = 0; i < count; i++) {
        struct trie *trie = tries[i];
        if (trie->root != NULL) memcpy(trie->root_hash.b, trie->root->ref + 1, 32);
        roots[i] = trie->root_hash;
    }
    return ERR_OK;
}

enum err trie_commit(struct trie *trie, hash32 *root, struct source_memory *sink) {
    return trie_commit_many(&trie, root, 1, sink);
}

/* The RLP of an index. */
static size_t write_index(uint8_t out[9], uint64_t index) {
    if (index != 0 && index < 0x80) {
        out[0] = (uint8_t)index;
        return 1;
    }
    size_t size = 0;
    for (uint64_t rest = index; rest != 0; rest >>= 8)
        size++;
    out[0] = (uint8_t)(0x80 + size);
    for (size_t i = 0; i < size; i++)
        out[1 + i] = (uint8_t)(index >> 8 * (size - 1 - i));
    return 1 + size;
}

enum err trie_root_of(hash32 *root, const bytes *items, size_t count, struct arena *scratch) {
    struct arena_mark mark = arena_mark(scratch);
    struct trie_pool pool;
    struct trie trie;
    enum err err = ERR_OK;
    trie_pool_open(&pool, scratch, NULL); /* never asked: everything is put here */
    trie_open(&trie, &pool, &EMPTY_TRIE_ROOT);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        uint8_t key[9];
        size_t size = write_index(key, i);
        err = trie_put(&trie, bytes_of(key, size), items[i]);
    }
    if (err == ERR_OK) err = trie_commit(&trie, root, NULL);
    arena_release(scratch, mark);
    return err;
}
