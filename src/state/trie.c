#include "state/trie.h"

#include "core/check.h"
#include "state/trie_private.h"

/* --- nodes --- */

enum { DATA_ALIGN = 16, DATA_OFFSET = 3 };

enum err trie_reserve(struct trie_pool *pool, uint8_t **data, uint32_t *capacity, size_t size) {
    if (size <= *capacity) return ERR_OK;
    CHECK(size <= TRIE_VALUE_SIZE_MAX);
    size = (size + DATA_OFFSET + DATA_ALIGN - 1) & ~(size_t)(DATA_ALIGN - 1);
    uint8_t *larger = arena_alloc(pool->arena, size);
    if (larger == NULL) return ERR_MEMORY;
    *data = larger + DATA_OFFSET;
    *capacity = (uint32_t)(size - DATA_OFFSET);
    return ERR_OK;
}

static size_t kind_size(enum trie_kind kind) {
    switch (kind) {
    case TRIE_SHORT:
        return sizeof(struct trie_short);
    case TRIE_BRANCH:
        return sizeof(struct trie_branch);
    case TRIE_STUB:
        break;
    }
    return sizeof(struct trie_node);
}

struct trie_node *trie_node_new(struct trie_pool *pool, enum trie_kind kind, size_t size) {
    struct trie_node *node = pool->free_nodes[kind];
    if (node == NULL) {
        node = arena_alloc_zero(pool->arena, kind_size(kind));
        if (node == NULL) return NULL;
    } else {
        pool->free_nodes[kind] = node->next_free;
        uint8_t *data = node->data;
        uint32_t capacity = node->capacity;
        uint8_t *value = kind == TRIE_BRANCH ? trie_as_branch(node)->value : NULL;
        uint32_t value_capacity = kind == TRIE_BRANCH ? trie_as_branch(node)->value_capacity : 0;
        memset(node, 0, kind_size(kind));
        node->data = data;
        node->capacity = capacity;
        if (kind == TRIE_BRANCH) {
            trie_as_branch(node)->value = value;
            trie_as_branch(node)->value_capacity = value_capacity;
        }
    }
    node->kind = (uint8_t)kind;
    if (trie_reserve(pool, &node->data, &node->capacity, size) != ERR_OK) {
        trie_node_free(pool, node);
        return NULL;
    }
    return node;
}

void trie_node_free(struct trie_pool *pool, struct trie_node *node) {
    node->next_free = pool->free_nodes[node->kind];
    pool->free_nodes[node->kind] = node;
}

/* Gives back root and all below it. */
static void free_all(struct trie_pool *pool, struct trie_node *root) {
    struct trie_node *stack[TRIE_DEPTH_MAX * NODE_CHILDREN];
    size_t count = 0;
    if (root != NULL) stack[count++] = root;
    while (count > 0) {
        struct trie_node *node = stack[--count];
        if (node->kind == TRIE_SHORT && trie_as_short(node)->child != NULL)
            stack[count++] = trie_as_short(node)->child;
        if (node->kind == TRIE_BRANCH)
            for (unsigned i = 0; i < NODE_CHILDREN; i++)
                if (trie_as_branch(node)->children[i] != NULL)
                    stack[count++] = trie_as_branch(node)->children[i];
        trie_node_free(pool, node);
    }
}

static void set_ref(struct trie_node *node, bytes ref) {
    memcpy(node->ref, ref.data, ref.size);
    node->ref_size = (uint8_t)ref.size;
}

/* Makes the decoded node of a view; borrowed views are copied. */
static enum err node_of_view(
    struct trie_pool *pool, struct trie_node **made, const struct node_view *view, unsigned depth
) {
    struct trie_node *node;
    if (view->kind == NODE_BRANCH) {
        node = trie_node_new(pool, TRIE_BRANCH, view->children.size);
        if (node == NULL) return ERR_MEMORY;
        struct trie_branch *branch = trie_as_branch(node);
        enum err err =
            trie_reserve(pool, &branch->value, &branch->value_capacity, view->value.size);
        if (err != ERR_OK) {
            trie_node_free(pool, node);
            return err;
        }
        memcpy(node->data, view->children.data, view->children.size);
        node->size = (uint32_t)view->children.size;
        branch->known = view->mask;
        if (view->value.size != 0) memcpy(branch->value, view->value.data, view->value.size);
        branch->value_size = (uint32_t)view->value.size;
        node->start = node->end = (uint8_t)depth;
        *made = node;
        return ERR_OK;
    }
    node = trie_node_new(pool, TRIE_SHORT, view->value.size);
    if (node == NULL) return ERR_MEMORY;
    struct trie_short *shorter = trie_as_short(node);
    if (view->kind == NODE_EXTENSION) {
        shorter->child = trie_node_new(pool, TRIE_STUB, 0);
        if (shorter->child == NULL) {
            trie_node_free(pool, node);
            return ERR_MEMORY;
        }
        set_ref(shorter->child, view->child);
    } else {
        memcpy(node->data, view->value.data, view->value.size);
        node->size = (uint32_t)view->value.size;
    }
    node_place_path(shorter->path, depth, view);
    node->start = (uint8_t)depth;
    node->end = (uint8_t)(depth + view->path_size);
    *made = node;
    return ERR_OK;
}

enum err trie_read(
    struct trie_pool *pool,
    struct trie_node **node,
    bytes ref,
    unsigned depth,
    enum trie_parent parent
) {
    bytes encoded = ref;
    if (ref.size == NODE_REF_SIZE) {
        hash32 hash;
        memcpy(hash.b, ref.data + 1, sizeof hash.b);
        enum err err = source_node(pool->source, &hash, &encoded);
        if (err == ERR_MISSING) {
            pool->wanted = hash;
            pool->wants_sibling = false;
        }
        if (err != ERR_OK) return err;
        /* Short nodes live in their parents; only a root is hashed whatever its size. */
        if (encoded.size <= NODE_INLINE_MAX && parent != TRIE_NO_PARENT) return ERR_CORRUPT;
    }
    struct node_view view;
    enum err err = node_decode(&view, encoded);
    if (err != ERR_OK) return err;
    if (depth + view.path_size > NODE_NIBBLES_MAX) return ERR_CORRUPT;
    if (view.kind == NODE_BRANCH && depth == NODE_NIBBLES_MAX) return ERR_CORRUPT;
    if (view.kind != NODE_BRANCH && parent == TRIE_UNDER_EXTENSION) return ERR_CORRUPT;
    struct trie_node *made;
    err = node_of_view(pool, &made, &view, depth);
    if (err != ERR_OK) return err;
    set_ref(made, ref);
    pool->loaded_count++;
    *node = made;
    return ERR_OK;
}

enum err trie_read_root(struct trie *trie) {
    if (trie->root != NULL || hash32_equal(&trie->root_hash, &EMPTY_TRIE_ROOT)) return ERR_OK;
    uint8_t ref[NODE_REF_SIZE] = {0xa0};
    memcpy(ref + 1, trie->root_hash.b, 32);
    return trie_read(trie->pool, &trie->root, bytes_of(ref, sizeof ref), 0, TRIE_NO_PARENT);
}

/* Puts the node that a stub names in the stub's place. */
static enum err read_stub(
    struct trie_pool *pool, struct trie_node **place, unsigned depth, enum trie_parent parent
) {
    struct trie_node *stub = *place;
    if (stub->kind != TRIE_STUB) return ERR_OK;
    enum err err = trie_read(pool, place, trie_ref(stub), depth, parent);
    if (err == ERR_OK) trie_node_free(pool, stub);
    return err;
}

enum err trie_read_extension_child(struct trie_pool *pool, struct trie_short *extension) {
    return read_stub(pool, &extension->child, extension->node.end, TRIE_UNDER_EXTENSION);
}

enum err
trie_read_branch_child(struct trie_pool *pool, struct trie_branch *branch, unsigned index) {
    struct trie_node **place = &branch->children[index];
    unsigned depth = branch->node.end + 1u;
    if (*place != NULL) return read_stub(pool, place, depth, TRIE_UNDER_BRANCH);
    CHECK(trie_has_child(branch, index));
    bytes ref = node_child(branch->node.data, index);
    return trie_read(pool, place, ref, depth, TRIE_UNDER_BRANCH);
}

/* --- tries and the way down --- */

void trie_pool_open(struct trie_pool *pool, struct arena *arena, struct source *source) {
    *pool = (struct trie_pool){.arena = arena, .source = source};
}

void trie_open(struct trie *trie, struct trie_pool *pool, const hash32 *root) {
    *trie = (struct trie){.pool = pool, .root_hash = *root};
}

void trie_move(struct trie *trie, const hash32 *root) {
    hash32 to = *root; /* may be the trie's own */
    free_all(trie->pool, trie->root);
    trie_open(trie, trie->pool, &to);
}

/* The way from the root to where a key is or would be. */
struct way {
    struct trie_node *nodes[TRIE_DEPTH_MAX]; /* branches and extensions gone through */
    unsigned count;
    struct trie_node **place; /* where the way ends, behind the last of nodes; */
    unsigned depth;           /* nibbles of the key up to there */
    unsigned matched;         /* a leaf or extension there agrees with the key up to this nibble */
    bool is_found;            /* *place is the key's leaf, or the branch that holds its value */
    _Alignas(NODE_PATH_ALIGN) uint8_t key[TRIE_KEY_SIZE_MAX];
    unsigned key_nibbles;
};

/* Goes as far as the trie leads. At the end *place is NULL (a branch has no such child, or the trie
 * is empty), a leaf, an extension that parts from the key, or the branch where the key ends. */
static enum err go(struct way *way, struct trie *trie, bytes key) {
    CHECK(key.size <= TRIE_KEY_SIZE_MAX);
    way->count = 0;
    way->depth = 0;
    way->matched = 0;
    way->is_found = false;
    way->key_nibbles = (unsigned)(2 * key.size);
    if (key.size != 0) memcpy(way->key, key.data, key.size);
    if (key.size != sizeof way->key) memset(way->key + key.size, 0, sizeof way->key - key.size);
    enum err err = trie_read_root(trie);
    way->place = &trie->root;
    while (err == ERR_OK && *way->place != NULL) {
        struct trie_node *node = *way->place;
        if (node->kind == TRIE_BRANCH) {
            struct trie_branch *branch = trie_as_branch(node);
            if (way->depth == way->key_nibbles) {
                way->is_found = branch->value_size != 0;
                break;
            }
            unsigned index = node_nibble(way->key, way->depth);
            if (trie_has_child(branch, index))
                err = trie_read_branch_child(trie->pool, branch, index);
            way->place = &branch->children[index];
            way->depth++;
        } else {
            struct trie_short *at = trie_as_short(node);
            unsigned end = node->end < way->key_nibbles ? node->end : way->key_nibbles;
            way->matched = node_match_path(at->path, way->key, node->start, end);
            if (at->child == NULL) {
                way->is_found = way->matched == node->end && node->end == way->key_nibbles;
                break;
            }
            if (way->matched != node->end) break;
            err = trie_read_extension_child(trie->pool, at);
            way->place = &at->child;
            way->depth = node->end;
        }
        way->nodes[way->count++] = node;
    }
    return err;
}

/* Makes the way dirty, and each branch on it forget the reference of the child it leads to. What is
 * above a node that was dirty before is so already. */
static void make_way_dirty(struct way *way) {
    for (unsigned i = way->count; i-- > 0;) {
        struct trie_node *node = way->nodes[i];
        if (node->kind == TRIE_BRANCH && node->end < way->key_nibbles)
            trie_as_branch(node)->known &= (uint16_t) ~(1u << node_nibble(way->key, node->end));
        if (node->is_dirty) break;
        trie_make_dirty(node);
    }
}

enum err trie_get(struct trie *trie, bytes *value, bytes key) {
    struct way way;
    enum err err = go(&way, trie, key);
    if (err != ERR_OK) return err;
    struct trie_node *node = *way.place;
    if (!way.is_found)
        *value = BYTES_EMPTY;
    else if (node->kind == TRIE_BRANCH)
        *value = trie_branch_value(trie_as_branch(node));
    else
        *value = trie_leaf_value(node);
    return ERR_OK;
}

/* --- put --- */

static struct trie_node *
new_leaf(struct trie_pool *pool, const struct way *way, unsigned start, bytes value) {
    struct trie_node *node = trie_node_new(pool, TRIE_SHORT, value.size);
    if (node == NULL) return NULL;
    memcpy(node->data, value.data, value.size);
    node->size = (uint32_t)value.size;
    node->start = (uint8_t)start;
    node->end = (uint8_t)way->key_nibbles;
    memcpy(trie_as_short(node)->path, way->key, sizeof way->key);
    trie_make_dirty(node);
    return node;
}

static enum err set_branch_value(struct trie_pool *pool, struct trie_branch *branch, bytes value) {
    enum err err = trie_reserve(pool, &branch->value, &branch->value_capacity, value.size);
    if (err != ERR_OK) return err;
    memcpy(branch->value, value.data, value.size);
    branch->value_size = (uint32_t)value.size;
    return ERR_OK;
}

static enum err replace_value(struct trie_pool *pool, struct way *way, bytes value) {
    struct trie_node *node = *way->place;
    enum err err;
    if (node->kind == TRIE_BRANCH) {
        if (bytes_equal(trie_branch_value(trie_as_branch(node)), value)) return ERR_OK;
        err = set_branch_value(pool, trie_as_branch(node), value);
    } else {
        if (bytes_equal(trie_leaf_value(node), value)) return ERR_OK;
        err = trie_reserve(pool, &node->data, &node->capacity, value.size);
        if (err == ERR_OK) {
            memcpy(node->data, value.data, value.size);
            node->size = (uint32_t)value.size;
        }
    }
    if (err != ERR_OK) return err;
    make_way_dirty(way);
    trie_make_dirty(node);
    return ERR_OK;
}

/* Hangs the part of an old leaf or extension behind nibble at under branch, which stands at nibble
 * at. An extension that ends there leaves only its child. */
static void hang_rest(struct trie_pool *pool, struct trie_branch *branch, struct trie_short *old) {
    unsigned at = branch->node.end;
    unsigned index = node_nibble(old->path, at);
    if (old->child != NULL && old->node.end == at + 1) {
        branch->children[index] = old->child;
        trie_node_free(pool, &old->node);
        return;
    }
    old->node.start = (uint8_t)(at + 1);
    trie_make_dirty(&old->node);
    branch->children[index] = &old->node;
}

/* A leaf or extension stands in the way: a branch is put where they part, below an extension for
 * what they have in common, and both go on under it. Everything is allocated before anything
 * changes. */
static enum err split(struct trie_pool *pool, struct way *way, bytes value) {
    struct trie_short *old = trie_as_short(*way->place);
    unsigned at = way->matched;
    bool has_top = at > old->node.start;
    struct trie_node *top = NULL;
    struct trie_node *leaf = NULL;
    enum err err = ERR_MEMORY;
    struct trie_node *node = trie_node_new(pool, TRIE_BRANCH, NODE_BRANCH_SIZE_MAX);
    if (node == NULL) return err;
    struct trie_branch *branch = trie_as_branch(node);
    node->start = node->end = (uint8_t)at;
    trie_make_dirty(node);
    if (has_top) {
        top = trie_node_new(pool, TRIE_SHORT, 0);
        if (top == NULL) goto out;
    }
    bool old_ends = at == old->node.end; /* a leaf; its value becomes the branch's */
    if (old_ends) {
        err = set_branch_value(pool, branch, trie_leaf_value(&old->node));
        if (err != ERR_OK) goto out;
    }
    if (at == way->key_nibbles) {
        err = set_branch_value(pool, branch, value);
        if (err != ERR_OK) goto out;
    } else {
        err = ERR_MEMORY;
        leaf = new_leaf(pool, way, at + 1, value);
        if (leaf == NULL) goto out;
        branch->children[node_nibble(way->key, at)] = leaf;
    }
    if (has_top) {
        struct trie_short *extension = trie_as_short(top);
        top->start = old->node.start;
        top->end = (uint8_t)at;
        memcpy(extension->path, old->path, sizeof old->path);
        extension->child = node;
        trie_make_dirty(top);
    }
    if (old_ends)
        trie_node_free(pool, &old->node);
    else
        hang_rest(pool, branch, old);
    *way->place = has_top ? top : node;
    make_way_dirty(way);
    return ERR_OK;
out:
    if (top != NULL) trie_node_free(pool, top);
    trie_node_free(pool, node);
    return err;
}

enum err trie_put(struct trie *trie, bytes key, bytes value) {
    CHECK(value.size > 0 && value.size <= TRIE_VALUE_SIZE_MAX);
    struct way way;
    enum err err = go(&way, trie, key);
    if (err != ERR_OK) return err;
    struct trie_node *node = *way.place;
    if (node == NULL) {
        struct trie_node *leaf = new_leaf(trie->pool, &way, way.depth, value);
        if (leaf == NULL) return ERR_MEMORY;
        *way.place = leaf;
        make_way_dirty(&way);
        return ERR_OK;
    }
    if (way.is_found || node->kind == TRIE_BRANCH) return replace_value(trie->pool, &way, value);
    return split(trie->pool, &way, value);
}

/* --- delete --- */

/* The one child of a branch without value once index is taken away (index 16: its value), or -1 if
 * more is left, or 16 if only the value is. */
static int only_left(const struct trie_branch *branch, unsigned index) {
    int left = branch->value_size != 0 && index != NODE_CHILDREN ? NODE_CHILDREN : -1;
    unsigned count = left >= 0;
    for (unsigned i = 0; i < NODE_CHILDREN; i++)
        if (i != index && trie_has_child(branch, i)) {
            left = (int)i;
            count++;
        }
    return count == 1 ? left : -1;
}

/* Puts in the place of a branch (last of the way) what is left of it: child is its last child, at
 * nibble index, or the leaf made of its value (index 16). A leaf or extension takes the nibble, and
 * the path of an extension above, into its own path; a branch needs an extension (spare, or the one
 * above). */
static void collapse(
    struct trie *trie,
    struct way *way,
    struct trie_node *child,
    unsigned index,
    struct trie_node *spare
) {
    struct trie_node *branch = way->nodes[--way->count];
    unsigned depth = branch->end;
    struct trie_node *above = way->count > 0 ? way->nodes[way->count - 1] : NULL;
    bool has_extension = above != NULL && above->kind == TRIE_SHORT;
    unsigned start = has_extension ? above->start : depth;
    if (index != NODE_CHILDREN) node_set_nibble(way->key, depth, index);
    unsigned end = index != NODE_CHILDREN ? depth + 1 : depth;

    struct trie_node *result;
    if (child->kind == TRIE_BRANCH) {
        result = has_extension ? above : spare;
        trie_as_short(result)->child = child;
        result->end = (uint8_t)end;
    } else {
        result = child;
    }
    node_copy_path(trie_as_short(result)->path, way->key, start, end);
    result->start = (uint8_t)start;
    if (has_extension) way->count--;
    struct trie_node **place = &trie->root;
    if (way->count > 0) {
        struct trie_branch *parent = trie_as_branch(way->nodes[way->count - 1]);
        place = &parent->children[node_nibble(way->key, parent->node.end)];
    }
    *place = result;
    trie_make_dirty(result);
    if (has_extension && result != above) trie_node_free(trie->pool, above);
    trie_node_free(trie->pool, branch);
}

/* What remains of the branch that loses child index: it is read or made before anything changes. */
static enum err prepare_collapse(
    struct trie_pool *pool,
    struct trie_branch *branch,
    int left,
    bool has_extension,
    struct trie_node **child,
    struct trie_node **spare
) {
    if (left == NODE_CHILDREN) {
        struct trie_node *leaf = trie_node_new(pool, TRIE_SHORT, branch->value_size);
        if (leaf == NULL) return ERR_MEMORY;
        memcpy(leaf->data, branch->value, branch->value_size);
        leaf->size = branch->value_size;
        leaf->start = leaf->end = branch->node.end;
        *child = leaf;
        return ERR_OK;
    }
    enum err err = trie_read_branch_child(pool, branch, (unsigned)left);
    if (err != ERR_OK) return err;
    *child = branch->children[left];
    if ((*child)->kind == TRIE_BRANCH && !has_extension) {
        *spare = trie_node_new(pool, TRIE_SHORT, 0);
        if (*spare == NULL) return ERR_MEMORY;
    }
    return ERR_OK;
}

enum err trie_delete(struct trie *trie, bytes key) {
    struct trie_pool *pool = trie->pool;
    struct way way;
    enum err err = go(&way, trie, key);
    if (err != ERR_OK || !way.is_found) return err;
    struct trie_node *node = *way.place;
    unsigned index = NODE_CHILDREN; /* of what goes: a branch's own value, or */
    if (node->kind == TRIE_BRANCH)
        way.nodes[way.count++] = node;
    else if (way.count > 0)
        index = node_nibble(way.key, way.nodes[way.count - 1]->end);
    if (way.count == 0) { /* the only leaf */
        trie_node_free(pool, node);
        trie->root = NULL;
        trie->root_hash = EMPTY_TRIE_ROOT;
        return ERR_OK;
    }
    /* A leaf stands under a branch, never under an extension. */
    struct trie_branch *branch = trie_as_branch(way.nodes[way.count - 1]);
    int left = only_left(branch, index);
    struct trie_node *child = NULL;
    struct trie_node *spare = NULL;
    if (left >= 0) {
        bool has_extension = way.count > 1 && way.nodes[way.count - 2]->kind == TRIE_SHORT;
        err = prepare_collapse(pool, branch, left, has_extension, &child, &spare);
        if (err == ERR_MISSING) {
            node_set_nibble(way.key, branch->node.end, (unsigned)left);
            memcpy(pool->wanted_path, way.key, sizeof pool->wanted_path);
            pool->wanted_nibbles = branch->node.end + 1u;
            pool->wants_sibling = true;
        }
        if (err != ERR_OK) return err;
    }
    make_way_dirty(&way);
    if (index == NODE_CHILDREN) {
        branch->value_size = 0;
    } else {
        branch->children[index] = NULL;
        branch->known &= (uint16_t) ~(1u << index);
        trie_node_free(pool, node);
    }
    if (left >= 0) collapse(trie, &way, child, (unsigned)left, spare);
    return ERR_OK;
}
