#include "state/node.h"

#include "core/check.h"
#include "core/rlp.h"

/* --- decoding --- */

/* The shortest node is a leaf of an empty path and one byte: c2 20 01. */
enum { NIBBLES_OF_WORD = 16 };
enum { INLINE_MIN = 3, NO_CHILD = 0x80, HASH_PREFIX = 0xa0, LIST_PREFIX = 0xc0 };

/* The size of a reference (or of no child) by its first byte; 0 if it is neither. */
static size_t reference_size(uint8_t first) {
    if (first == HASH_PREFIX) return NODE_REF_SIZE;
    if (first == NO_CHILD) return 1;
    if (first < LIST_PREFIX + INLINE_MIN - 1 || first > LIST_PREFIX + NODE_INLINE_MAX - 1) return 0;
    return 1 + (size_t)(first - LIST_PREFIX);
}

/* The string of an item that rlp_read_item has accepted as one. */
static bytes string_of(bytes item) {
    struct rlp rlp = rlp_open(item);
    bytes string = BYTES_EMPTY;
    enum err err = rlp_read_string(&rlp, &string);
    CHECK(err == ERR_OK);
    return string;
}

static enum err decode_short(struct node_view *view, bytes path, bytes item, bool is_list) {
    if (path.size == 0) return ERR_CORRUPT;
    unsigned flags = path.data[0] >> 4;
    bool is_odd = (flags & 1) != 0;
    if (flags > 3 || (!is_odd && (path.data[0] & 15) != 0)) return ERR_CORRUPT;
    size_t path_size = 2 * (path.size - 1) + is_odd;
    if (path_size > NODE_NIBBLES_MAX) return ERR_CORRUPT;
    view->path = path.data;
    view->path_size = (unsigned)path_size;
    if (flags >= 2) {
        if (is_list) return ERR_CORRUPT;
        view->kind = NODE_LEAF;
        view->value = string_of(item);
        return view->value.size != 0 ? ERR_OK : ERR_CORRUPT;
    }
    view->kind = NODE_EXTENSION;
    view->child = item;
    return path_size > 0 && item.size > 1 && reference_size(item.data[0]) == item.size
               ? ERR_OK
               : ERR_CORRUPT;
}

static enum err decode_branch(struct node_view *view, struct rlp items) {
    const uint8_t *children = items.rest.data;
    const uint8_t *p = children;
    size_t rest = items.rest.size;
    unsigned count = 0;
    for (unsigned i = 0; i < NODE_CHILDREN; i++) {
        size_t size = rest != 0 ? reference_size(*p) : 0;
        if (size == 0 || size > rest) return ERR_CORRUPT;
        view->mask |= (uint16_t)((size > 1) << i);
        count += size > 1;
        p += size;
        rest -= size;
    }
    view->kind = NODE_BRANCH;
    view->children = bytes_of(children, (size_t)(p - children));
    items = rlp_open(bytes_of(p, rest));
    if (rlp_read_string(&items, &view->value) != ERR_OK || !rlp_done(&items)) return ERR_CORRUPT;
    return count + (view->value.size != 0) >= 2 ? ERR_OK : ERR_CORRUPT;
}

enum err node_decode(struct node_view *view, bytes encoded) {
    struct node_view read = {.kind = NODE_LEAF};
    struct rlp outer = rlp_open(encoded);
    struct rlp items;
    if (rlp_read_list(&outer, &items) != ERR_OK || !rlp_done(&outer)) return ERR_CORRUPT;
    struct rlp pair = items;
    bytes path;
    bytes second;
    bool is_list;
    enum err err;
    /* Two items or seventeen: what has a third is a branch or nothing. */
    if (rlp_read_string(&pair, &path) == ERR_OK &&
        rlp_read_item(&pair, &second, &is_list) == ERR_OK && rlp_done(&pair))
        err = decode_short(&read, path, second, is_list);
    else
        err = decode_branch(&read, items);
    if (err == ERR_OK) *view = read;
    return err;
}

bytes node_child(const uint8_t *children, unsigned index) {
    for (unsigned i = 0; i < index; i++)
        children += reference_size(*children);
    return bytes_of(children, reference_size(*children));
}

enum node_step node_follow(
    bytes *next,
    unsigned *depth,
    const struct node_view *view,
    const uint8_t *key,
    unsigned key_nibbles
) {
    if (view->kind == NODE_BRANCH) {
        if (*depth == key_nibbles) {
            *next = view->value;
            return view->value.size != 0 ? NODE_FOUND : NODE_ABSENT;
        }
        unsigned index = node_nibble(key, *depth);
        if ((view->mask >> index & 1) == 0) return NODE_ABSENT;
        *next = node_child(view->children.data, index);
        *depth += 1;
        return NODE_GO_ON;
    }
    unsigned end = *depth + view->path_size;
    _Alignas(NODE_PATH_ALIGN) uint8_t path[NODE_NIBBLES_MAX / 2] = {0};
    if (end > NODE_NIBBLES_MAX) return NODE_TOO_DEEP;
    if (end > key_nibbles) return NODE_ABSENT;
    node_place_path(path, *depth, view);
    if (node_match_path(path, key, *depth, end) != end) return NODE_ABSENT;
    if (view->kind == NODE_LEAF) {
        if (end != key_nibbles) return NODE_ABSENT;
        *next = view->value;
        return NODE_FOUND;
    }
    *next = view->child;
    *depth = end;
    return NODE_GO_ON;
}

/* --- paths --- */

void node_copy_path(uint8_t *to, const uint8_t *from, unsigned start, unsigned end) {
    if (start >= end) return;
    if (start % 2 != 0) {
        node_set_nibble(to, start, node_nibble(from, start));
        start++;
    }
    if (end % 2 != 0) {
        end--;
        node_set_nibble(to, end, node_nibble(from, end));
    }
    if (start < end) memcpy(to + start / 2, from + start / 2, (end - start) / 2);
}

void node_place_path(uint8_t *to, unsigned start, const struct node_view *view) {
    unsigned from = view->path_size % 2 != 0 ? 1 : 2; /* where nibbles start in the hex prefix */
    unsigned size = view->path_size;
    CHECK(start + size <= NODE_NIBBLES_MAX);
    const uint8_t *path = view->path;
    if (from % 2 != start % 2) {
        for (unsigned i = 0; i < size; i++)
            node_set_nibble(to, start + i, node_nibble(path, from + i));
        return;
    }
    if (size > 0 && start % 2 != 0) {
        node_set_nibble(to, start, node_nibble(path, from));
        start++, from++, size--;
    }
    memcpy(to + start / 2, path + from / 2, size / 2);
    if (size % 2 != 0) node_set_nibble(to, start + size - 1, node_nibble(path, from + size - 1));
}

/* The word of a path that begins at nibble at, in whatever order. */
static uint64_t word_of(const uint8_t *path, unsigned at) {
    uint64_t word;
    memcpy(&word, (const uint8_t *)__builtin_assume_aligned(path, NODE_PATH_ALIGN) + at / 2, 8);
    return word;
}

/* Word by word; what lies before start or behind end may differ. */
unsigned node_match_path(const uint8_t *a, const uint8_t *b, unsigned start, unsigned end) {
    if (start >= end) return start;
    uint64_t mask = UINT64_MAX >> 4 * (start % NIBBLES_OF_WORD);
    for (unsigned at = start - start % NIBBLES_OF_WORD; at < end; at += NIBBLES_OF_WORD) {
        if (word_of(a, at) != word_of(b, at)) {
            const uint64_t difference = load_be64(a + at / 2) ^ load_be64(b + at / 2);
            if ((difference & mask) != 0) {
                const unsigned differs = at + (unsigned)__builtin_clzll(difference & mask) / 4;
                return differs < end ? differs : end;
            }
        }
        mask = UINT64_MAX;
    }
    return end;
}

/* --- encoding --- */

static size_t header_size(size_t payload_size) {
    size_t size = 1;
    if (payload_size > 55)
        for (; payload_size != 0; payload_size >>= 8)
            size++;
    return size;
}

/* base is 0x80 for a string, 0xc0 for a list. */
static uint8_t *write_header(uint8_t *out, unsigned base, size_t payload_size) {
    if (payload_size <= 55) {
        *out++ = (uint8_t)(base + payload_size);
        return out;
    }
    size_t size = header_size(payload_size) - 1;
    *out++ = (uint8_t)(base + 55 + size);
    while (size-- > 0)
        *out++ = (uint8_t)(payload_size >> 8 * size);
    return out;
}

static size_t string_size(bytes string) {
    if (string.size == 1 && string.data[0] < 0x80) return 1;
    return header_size(string.size) + string.size;
}

static uint8_t *write_bytes(uint8_t *out, bytes b) {
    if (b.size != 0) memcpy(out, b.data, b.size);
    return out + b.size;
}

static uint8_t *write_string(uint8_t *out, bytes string) {
    if (string.size != 1 || string.data[0] >= 0x80) out = write_header(out, 0x80, string.size);
    return write_bytes(out, string);
}

static size_t path_size(unsigned start, unsigned end) {
    size_t size = 1 + (end - start) / 2;
    return size == 1 ? 1 : 1 + size; /* a lone flag byte is below 0x80, and its own encoding */
}

static uint8_t *
write_path(uint8_t *out, const uint8_t *path, unsigned start, unsigned end, unsigned flag) {
    bool is_odd = (end - start) % 2 != 0;
    size_t size = 1 + (end - start) / 2;
    if (size > 1) out = write_header(out, 0x80, size);
    unsigned first = is_odd ? 16 + node_nibble(path, start) : 0;
    *out++ = (uint8_t)(flag << 4 | first);
    start += is_odd;
    if (start % 2 == 0) return write_bytes(out, bytes_of(path + start / 2, size - 1));
    for (; start < end; start += 2)
        *out++ = (uint8_t)(node_nibble(path, start) << 4 | node_nibble(path, start + 1));
    return out;
}

size_t node_leaf_size(unsigned start, unsigned end, bytes value) {
    size_t payload = path_size(start, end) + string_size(value);
    return header_size(payload) + payload;
}

size_t
node_write_leaf(uint8_t *out, const uint8_t *path, unsigned start, unsigned end, bytes value) {
    uint8_t *p = write_header(out, 0xc0, path_size(start, end) + string_size(value));
    p = write_path(p, path, start, end, 2);
    p = write_string(p, value);
    return (size_t)(p - out);
}

size_t
node_write_extension(uint8_t *out, const uint8_t *path, unsigned start, unsigned end, bytes child) {
    uint8_t *p = write_header(out, 0xc0, path_size(start, end) + child.size);
    p = write_path(p, path, start, end, 0);
    p = write_bytes(p, child);
    return (size_t)(p - out);
}

size_t node_branch_size(size_t children_size, bytes value) {
    size_t payload = children_size + string_size(value);
    return header_size(payload) + payload;
}

size_t node_write_branch(uint8_t *out, bytes children, bytes value) {
    uint8_t *p = write_header(out, 0xc0, children.size + string_size(value));
    p = write_bytes(p, children);
    p = write_string(p, value);
    return (size_t)(p - out);
}
