#include "state/data_file.h"

/* From LMDB 0.9's mdb.c and lmdb.h. */
#define MAGIC        0xbeefc0deu
#define VERSION      1u
#define NO_PAGE      UINT64_MAX
#define INTEGER_KEYS 0x08u

enum { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04, PAGE_META = 0x08 };
enum { NODE_BIG = 0x01, NODE_TREE = 0x02 };
enum {
    HEADER_SIZE = 16,
    NODE_HEADER_SIZE = 8,
    TREE_SIZE = 48,
    META_SIZE = 24 + 2 * TREE_SIZE + 16,
    PAGE_SIZE_MIN = 512,
    PAGE_SIZE_MAX = 0x8000,
    KEY_SIZE_MAX = 511,
    DEPTH_MAX = 32,
};

static uint16_t load16(const uint8_t *p) {
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t load32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t load64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static enum err wrong(struct data_file *file, uint64_t page, const char *fault) {
    file->fault_page = page;
    file->fault = fault;
    return ERR_CORRUPT;
}

/* --- meta pages --- */

static void load_tree(struct data_file_tree *tree, const uint8_t *p) {
    *tree = (struct data_file_tree){
        .flags = load16(p + 4),
        .depth = load16(p + 6),
        .branch_pages = load64(p + 8),
        .leaf_pages = load64(p + 16),
        .overflow_pages = load64(p + 24),
        .entries = load64(p + 32),
        .root = load64(p + 40),
    };
}

static enum err open_meta(struct data_file *file, struct data_file_meta *meta, uint64_t index) {
    size_t offset = index * file->page_size;
    if (file->content.size < offset + HEADER_SIZE + META_SIZE)
        return wrong(file, index, "the file is cut short");
    const uint8_t *page = file->content.data + offset;
    const uint8_t *p = page + HEADER_SIZE;
    if (load64(page) != index || load16(page + 10) != PAGE_META || load32(p) != MAGIC)
        return wrong(file, index, "it does not begin as a database does");
    if (load32(p + 4) != VERSION) {
        (void)wrong(file, index, "another version of LMDB wrote it");
        return ERR_UNSUPPORTED;
    }
    load_tree(&meta->free, p + 24);
    load_tree(&meta->main, p + 24 + TREE_SIZE);
    meta->last_page = load64(p + 24 + 2 * TREE_SIZE);
    meta->transaction = load64(p + 32 + 2 * TREE_SIZE);
    /* The page size stands where other trees have none. */
    uint32_t size = load32(p + 24);
    if (index == 0) file->page_size = size;
    if (size != file->page_size || size < PAGE_SIZE_MIN || size > PAGE_SIZE_MAX ||
        (size & (size - 1)) != 0)
        return wrong(file, index, "the page size is none");
    if (meta->free.flags != INTEGER_KEYS || meta->main.flags != 0)
        return wrong(file, index, "it is not a database of this program");
    return ERR_OK;
}

enum err data_file_open(struct data_file *file, bytes content) {
    struct data_file_meta metas[2];
    *file = (struct data_file){.content = content};
    if (content.size == 0) return wrong(file, 0, "the file is empty");
    enum err err = open_meta(file, &metas[0], 0);
    if (err == ERR_OK) err = open_meta(file, &metas[1], 1);
    if (err != ERR_OK) return err;
    unsigned newest = metas[0].transaction < metas[1].transaction;
    file->metas[0] = metas[newest];
    file->metas[1] = metas[1 - newest];
    /* Transactions go to the two pages in turn, so one is missing nowhere. */
    uint64_t last = file->metas[0].transaction;
    uint64_t before = file->metas[1].transaction;
    bool is_new = last == 0 && before == 0;
    if (!is_new && (last != before + 1 || (last & 1) != newest))
        return wrong(file, newest, "its two newest transactions do not follow one another");
    return ERR_OK;
}

/* --- walking --- */

/* A page of the way from the root to where the walk is. */
struct step {
    const uint8_t *page;
    uint64_t number;
    unsigned index; /* of the node that the walk is at */
    unsigned count;
};

struct walk {
    struct data_file *file;
    const struct data_file_meta *meta;
    uint8_t *seen; /* NULL: the number of pages is bound only */
    const struct data_file_tree *tree;
    struct data_file_tree counted;
    struct step steps[DEPTH_MAX];
    unsigned depth;
    bytes last_key; /* of the leaves; no data: there was none yet */
    bytes least;    /* the next key is not below it */
    bool has_integer_keys;
};

struct entry {
    bytes key;
    bytes value;
    uint16_t flags;
};

size_t data_file_seen_size(const struct data_file *file) {
    return (size_t)(file->content.size / file->page_size / 8 + 1);
}

/* Takes a page for itself: nothing else may have it. Free ones may lie beyond the file's end. */
static enum err take_page(struct walk *walk, uint64_t number, bool is_free) {
    struct data_file *file = walk->file;
    if (number < 2 || number > walk->meta->last_page)
        return wrong(file, number, "there is no such page");
    if (number >= file->content.size / file->page_size)
        return is_free ? ERR_OK : wrong(file, number, "the file is cut short");
    if (walk->seen == NULL) return ERR_OK;
    uint8_t bit = (uint8_t)(1u << (number % 8));
    if ((walk->seen[number / 8] & bit) != 0)
        return wrong(file, number, "the page is used for two things");
    walk->seen[number / 8] |= bit;
    return ERR_OK;
}

static int compare_keys(const struct walk *walk, bytes a, bytes b) {
    if (walk->has_integer_keys) {
        uint64_t x = load64(a.data);
        uint64_t y = load64(b.data);
        return x < y ? -1 : x > y;
    }
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    if (order != 0 || a.size == b.size) return order;
    return a.size < b.size ? -1 : 1;
}

static const uint8_t *node_at(const struct step *step, unsigned index) {
    return step->page + load16(step->page + HEADER_SIZE + 2 * index);
}

static uint64_t child_of(const uint8_t *node) {
    return load16(node) | (uint64_t)load16(node + 2) << 16 | (uint64_t)load16(node + 4) << 32;
}

static bytes key_at(const struct step *step, unsigned index) {
    const uint8_t *node = node_at(step, index);
    return bytes_of(node + NODE_HEADER_SIZE, load16(node + 6));
}

/* Bytes that the node has on its page. */
static size_t node_size(const uint8_t *node, bool is_leaf) {
    size_t size = NODE_HEADER_SIZE + (size_t)load16(node + 6);
    if (is_leaf && (load16(node + 4) & NODE_BIG) != 0)
        size += 8;
    else if (is_leaf)
        size += load16(node) | (size_t)load16(node + 2) << 16;
    return size;
}

/* The nodes fill the page from upper to its end, without gaps. */
static enum err check_nodes(struct walk *walk, const struct step *step, bool is_leaf) {
    struct data_file *file = walk->file;
    size_t upper = load16(step->page + 14);
    size_t sum = 0;
    for (unsigned i = 0; i < step->count; i++) {
        size_t offset = load16(step->page + HEADER_SIZE + 2 * i);
        if (offset < upper || offset % 2 != 0 || offset > file->page_size - NODE_HEADER_SIZE)
            return wrong(file, step->number, "an entry lies outside of its page");
        size_t size = node_size(step->page + offset, is_leaf);
        size_t key_size = load16(step->page + offset + 6);
        if (size > file->page_size - offset)
            return wrong(file, step->number, "an entry lies outside of its page");
        /* The first key of a branch is not looked at. */
        if (key_size > KEY_SIZE_MAX || (key_size == 0 && (is_leaf || i > 0)) ||
            (walk->has_integer_keys && key_size != 8 && (is_leaf || i > 0)))
            return wrong(file, step->number, "a key has another size than keys have");
        sum += (size + 1) & ~(size_t)1;
    }
    if (sum != file->page_size - upper)
        return wrong(file, step->number, "the entries do not fill their page");
    return ERR_OK;
}

/* Goes down to a page. */
static enum err enter(struct walk *walk, uint64_t number) {
    struct data_file *file = walk->file;
    bool is_leaf = walk->depth + 1 == walk->tree->depth;
    struct step *step = &walk->steps[walk->depth];
    enum err err = take_page(walk, number, false);
    if (err != ERR_OK) return err;
    *step = (struct step){.page = file->content.data + number * file->page_size, .number = number};
    unsigned kind = load16(step->page + 10);
    size_t lower = load16(step->page + 12);
    size_t upper = load16(step->page + 14);
    if (load64(step->page) != number) return wrong(file, number, "it has another page's number");
    if (kind != (is_leaf ? PAGE_LEAF : PAGE_BRANCH))
        return wrong(file, number, "it is not of the kind that its place asks for");
    if (lower < HEADER_SIZE || lower % 2 != 0 || lower > upper || upper > file->page_size)
        return wrong(file, number, "its bounds are none");
    step->count = (unsigned)(lower - HEADER_SIZE) / 2;
    if (step->count < (is_leaf ? 1u : 2u)) return wrong(file, number, "it is empty");
    uint64_t *pages = is_leaf ? &walk->counted.leaf_pages : &walk->counted.branch_pages;
    ++*pages;
    /* Without the map of pages this is what ends a walk in circles. */
    if (walk->counted.leaf_pages > walk->tree->leaf_pages ||
        walk->counted.branch_pages > walk->tree->branch_pages)
        return wrong(file, number, "there are more pages than counted");
    walk->depth++;
    return check_nodes(walk, step, is_leaf);
}

static enum err open_walk(struct walk *walk, const struct data_file_tree *tree) {
    walk->tree = tree;
    walk->counted = (struct data_file_tree){0};
    walk->depth = 0;
    walk->last_key = BYTES_EMPTY;
    walk->least = BYTES_EMPTY;
    walk->has_integer_keys = (tree->flags & INTEGER_KEYS) != 0;
    if (tree->depth > DEPTH_MAX) return wrong(walk->file, tree->root, "a tree is too deep");
    if ((tree->depth == 0) != (tree->root == NO_PAGE))
        return wrong(walk->file, tree->root, "a tree has a root and no depth, or the other way");
    return tree->depth == 0 ? ERR_OK : enter(walk, tree->root);
}

/* A value that has pages of its own. */
static enum err read_big(struct walk *walk, bytes *value, const uint8_t *node, size_t size) {
    struct data_file *file = walk->file;
    uint64_t number = load64(node + NODE_HEADER_SIZE + load16(node + 6));
    uint64_t needed = (HEADER_SIZE + size + file->page_size - 1) / file->page_size;
    enum err err = take_page(walk, number, false);
    if (err != ERR_OK) return err;
    const uint8_t *page = file->content.data + number * file->page_size;
    uint64_t count = load32(page + 12);
    if (load64(page) != number || load16(page + 10) != PAGE_OVERFLOW || count < needed)
        return wrong(file, number, "it is not the large value that it should be");
    for (uint64_t i = 1; i < count; i++) {
        err = take_page(walk, number + i, i >= needed);
        if (err != ERR_OK) return err;
    }
    walk->counted.overflow_pages += count;
    *value = bytes_of(page + HEADER_SIZE, size);
    return ERR_OK;
}

static enum err check_order(struct walk *walk, const struct step *step, bytes key) {
    if ((walk->last_key.data != NULL && compare_keys(walk, walk->last_key, key) >= 0) ||
        (walk->least.data != NULL && compare_keys(walk, key, walk->least) < 0))
        return wrong(walk->file, step->number, "its keys are not in order");
    walk->last_key = key;
    walk->least = BYTES_EMPTY;
    return ERR_OK;
}

static enum err read_entry(struct walk *walk, struct step *step, struct entry *entry) {
    const uint8_t *node = node_at(step, step->index);
    size_t size = load16(node) | (size_t)load16(node + 2) << 16;
    entry->key = key_at(step, step->index);
    entry->flags = load16(node + 4);
    step->index++;
    walk->counted.entries++;
    enum err err = check_order(walk, step, entry->key);
    if (err != ERR_OK) return err;
    if ((entry->flags & ~(unsigned)(NODE_BIG | NODE_TREE)) != 0)
        return wrong(walk->file, step->number, "an entry is of no known kind");
    if ((entry->flags & NODE_BIG) != 0) return read_big(walk, &entry->value, node, size);
    entry->value = bytes_of(entry->key.data + entry->key.size, size);
    return ERR_OK;
}

static enum err end_walk(struct walk *walk) {
    const struct data_file_tree *tree = walk->tree;
    const struct data_file_tree *counted = &walk->counted;
    if (counted->branch_pages == tree->branch_pages && counted->leaf_pages == tree->leaf_pages &&
        counted->overflow_pages == tree->overflow_pages && counted->entries == tree->entries)
        return ERR_OK;
    return wrong(walk->file, tree->root, "a tree has other pages or entries than counted");
}

/* The next entry; *is_over when there is none. */
static enum err next(struct walk *walk, struct entry *entry, bool *is_over) {
    for (;;) {
        *is_over = walk->depth == 0;
        if (*is_over) return end_walk(walk);
        struct step *step = &walk->steps[walk->depth - 1];
        if (step->index == step->count) {
            walk->depth--;
            continue;
        }
        if (walk->depth == walk->tree->depth) return read_entry(walk, step, entry);
        unsigned index = step->index++;
        if (index > 0) {
            bytes least = key_at(step, index);
            if (walk->last_key.data != NULL && compare_keys(walk, walk->last_key, least) >= 0)
                return wrong(walk->file, step->number, "its keys are not in order");
            walk->least = least;
        }
        enum err err = enter(walk, child_of(node_at(step, index)));
        if (err != ERR_OK) return err;
    }
}

/* --- all of it --- */

/* The entry of the main tree is a table. */
static enum err
table_of(struct walk *walk, struct data_file_tree *tree, const struct entry *entry) {
    uint64_t page = walk->steps[walk->depth - 1].number;
    if (entry->flags != NODE_TREE || entry->value.size != TREE_SIZE)
        return wrong(walk->file, page, "what should be a table is none");
    load_tree(tree, entry->value.data);
    if (tree->flags != 0 || load32(entry->value.data) != 0)
        return wrong(walk->file, page, "a table is of another kind than tables are");
    return ERR_OK;
}

static enum err walk_table(
    const struct walk *main,
    const struct data_file_tree *tree,
    bytes name,
    data_file_visit *visit,
    void *context
) {
    struct walk walk = {.file = main->file, .meta = main->meta, .seen = main->seen};
    struct entry entry;
    bool is_over;
    enum err err = open_walk(&walk, tree);
    for (;;) {
        if (err == ERR_OK) err = next(&walk, &entry, &is_over);
        if (err != ERR_OK || is_over) return err;
        if ((entry.flags & NODE_TREE) != 0)
            return wrong(walk.file, walk.steps[walk.depth - 1].number, "a table lies in a table");
        visit(context, name, entry.key, entry.value);
    }
}

/* only: the one table to look at; empty: all. */
static enum err walk_main(struct walk *walk, bytes only, data_file_visit *visit, void *context) {
    struct entry entry;
    struct data_file_tree tree;
    bool is_over;
    enum err err = open_walk(walk, &walk->meta->main);
    for (;;) {
        if (err == ERR_OK) err = next(walk, &entry, &is_over);
        if (err != ERR_OK || is_over) return err;
        if (only.size > 0 && !bytes_equal(only, entry.key)) continue;
        err = table_of(walk, &tree, &entry);
        if (err == ERR_OK) err = walk_table(walk, &tree, entry.key, visit, context);
    }
}

/* A list of free pages: their count, then their numbers, the greatest first. */
static enum err take_free(struct walk *walk, bytes list) {
    uint64_t page = walk->steps[walk->depth - 1].number;
    uint64_t count = list.size < 8 ? 0 : load64(list.data);
    uint64_t above = walk->meta->last_page + 1;
    if (list.size < 8 || list.size % 8 != 0 || count > list.size / 8 - 1)
        return wrong(walk->file, page, "a list of free pages is none");
    for (uint64_t i = 1; i <= count; i++) {
        uint64_t number = load64(list.data + 8 * i);
        if (number >= above) return wrong(walk->file, page, "a list of free pages is none");
        above = number;
        enum err err = take_page(walk, number, true);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

static enum err walk_free(struct walk *walk) {
    struct entry entry;
    bool is_over;
    enum err err = open_walk(walk, &walk->meta->free);
    for (;;) {
        if (err == ERR_OK) err = next(walk, &entry, &is_over);
        if (err != ERR_OK || is_over) return err;
        if (entry.flags == NODE_TREE || load64(entry.key.data) > walk->meta->transaction)
            return wrong(walk->file, walk->tree->root, "free pages are of no transaction");
        err = take_free(walk, entry.value);
    }
}

enum err
data_file_walk(struct data_file *file, uint8_t *seen, data_file_visit *visit, void *context) {
    struct walk walk = {.file = file, .meta = &file->metas[0]};
    walk.seen = seen;
    enum err err = walk_main(&walk, BYTES_EMPTY, visit, context);
    return err == ERR_OK ? walk_free(&walk) : err;
}

enum err
data_file_walk_before(struct data_file *file, bytes table, data_file_visit *visit, void *context) {
    struct walk walk = {.file = file, .meta = &file->metas[1]};
    return walk_main(&walk, table, visit, context);
}
