#include "core/check.h"
#include "state/trie_private.h"

/* A walk is a stack of places. A branch's step counts through its value and children; leaves and
 * extensions are done as soon as their one thing has been gone into. A step is bounded while the
 * key up to it equals the start's first nibbles; what is below the start is then passed over
 * unread. */

enum { NEXT_VALUE = 0, NEXT_DONE = 1 + NODE_CHILDREN };

void trie_iterator_open(struct trie_iterator *iterator, struct trie *trie, bytes start) {
    CHECK(start.size <= TRIE_KEY_SIZE_MAX);
    memset(iterator, 0, sizeof *iterator);
    iterator->trie = trie;
    if (start.size != 0) memcpy(iterator->start, start.data, start.size);
    iterator->start_nibbles = (unsigned)(2 * start.size);
}

static void push(
    struct trie_iterator *iterator,
    struct trie_node **place,
    struct trie_node *before,
    unsigned position,
    bool is_bounded
) {
    struct trie_node *node = *place;
    CHECK(node != NULL && iterator->depth < TRIE_DEPTH_MAX);
    struct trie_iterator_step *step = &iterator->steps[iterator->depth++];
    *step = (struct trie_iterator_step){
        .place = place,
        .before = before,
        .position = (uint8_t)position,
        .is_read = before != node,
        .is_bounded = is_bounded && position < iterator->start_nibbles,
    };
    if (node->kind == TRIE_BRANCH && step->is_bounded)
        step->next = (uint8_t)(1 + node_nibble(iterator->start, position));
}

static void pop(struct trie_iterator *iterator) {
    struct trie_iterator_step *step = &iterator->steps[--iterator->depth];
    if (!step->is_read) return;
    struct trie_node *node = *step->place;
    struct trie_node *stub = node->kind == TRIE_SHORT ? trie_as_short(node)->child : NULL;
    if (stub != NULL) trie_node_free(iterator->trie->pool, stub);
    trie_node_free(iterator->trie->pool, node);
    *step->place = step->before;
}

void trie_iterator_close(struct trie_iterator *iterator) {
    while (iterator->depth > 0)
        pop(iterator);
    iterator->is_begun = true;
}

/* Reads the node at place without giving up what was there, and goes into it. */
static enum err go_into(
    struct trie_iterator *iterator,
    struct trie_node **place,
    bytes ref,
    unsigned position,
    enum trie_parent parent,
    bool is_bounded
) {
    struct trie_node *before = *place;
    if (before == NULL || before->kind == TRIE_STUB) {
        enum err err = trie_read(iterator->trie->pool, place, ref, position, parent);
        if (err != ERR_OK) return err;
    }
    push(iterator, place, before, position, is_bounded);
    return ERR_OK;
}

/* How the nibbles [from, to) of path compare with the start's there: -1, 0 or 1; equal too where
 * path ends first or the start does. */
static int compare_with_start(
    const struct trie_iterator *iterator, const uint8_t *path, unsigned from, unsigned to
) {
    if (to > iterator->start_nibbles) to = iterator->start_nibbles;
    unsigned at = node_match_path(path, iterator->start, from, to);
    if (at == to) return 0;
    return node_nibble(path, at) < node_nibble(iterator->start, at) ? -1 : 1;
}

static enum err step_branch(
    struct trie_iterator *iterator, struct trie_iterator_step *step, bool *found, bytes *value
) {
    struct trie_branch *branch = trie_as_branch(*step->place);
    if (step->next == NEXT_VALUE) {
        step->next++;
        if (branch->value_size == 0) return ERR_OK;
        if (step->position % 2 != 0) return ERR_CORRUPT;
        *value = trie_branch_value(branch);
        *found = true;
        return ERR_OK;
    }
    unsigned index = step->next++ - 1u;
    bool is_bounded = step->is_bounded;
    step->is_bounded = false; /* later children are above the start */
    if (!trie_has_child(branch, index)) return ERR_OK;
    node_set_nibble(iterator->key, step->position, index);
    struct trie_node *child = branch->children[index];
    bytes ref = child == NULL              ? node_child(branch->node.data, index)
                : child->kind == TRIE_STUB ? trie_ref(child)
                                           : BYTES_EMPTY;
    return go_into(
        iterator, &branch->children[index], ref, step->position + 1u, TRIE_UNDER_BRANCH, is_bounded
    );
}

static enum err step_short(
    struct trie_iterator *iterator, struct trie_iterator_step *step, bool *found, bytes *value
) {
    struct trie_short *at = trie_as_short(*step->place);
    unsigned end = at->node.end;
    bool is_bounded = step->is_bounded;
    step->next = NEXT_DONE;
    node_copy_path(iterator->key, at->path, step->position, end);
    int order = is_bounded ? compare_with_start(iterator, at->path, step->position, end) : 1;
    if (order < 0) return ERR_OK;
    if (at->child != NULL) {
        bytes ref = at->child->kind == TRIE_STUB ? trie_ref(at->child) : BYTES_EMPTY;
        return go_into(iterator, &at->child, ref, end, TRIE_UNDER_EXTENSION, order == 0);
    }
    if (order == 0 && end < iterator->start_nibbles) return ERR_OK; /* a prefix of the start */
    if (end % 2 != 0) return ERR_CORRUPT;
    *value = trie_leaf_value(&at->node);
    *found = true;
    return ERR_OK;
}

static enum err begin(struct trie_iterator *iterator) {
    iterator->is_begun = true;
    enum err err = trie_read_root(iterator->trie);
    if (err == ERR_OK && iterator->trie->root != NULL)
        push(iterator, &iterator->trie->root, iterator->trie->root, 0, true);
    return err;
}

enum err trie_iterator_next(struct trie_iterator *iterator, bool *found, bytes *key, bytes *value) {
    enum err err = iterator->is_begun ? ERR_OK : begin(iterator);
    bool is_found = false;
    while (err == ERR_OK && !is_found && iterator->depth > 0) {
        struct trie_iterator_step *step = &iterator->steps[iterator->depth - 1];
        struct trie_node *node = *step->place;
        if (step->next == NEXT_DONE) {
            pop(iterator);
            continue;
        }
        if (node->kind == TRIE_BRANCH)
            err = step_branch(iterator, step, &is_found, value);
        else
            err = step_short(iterator, step, &is_found, value);
        if (is_found) {
            unsigned nibbles = node->kind == TRIE_BRANCH ? step->position : node->end;
            *key = bytes_of(iterator->key, nibbles / 2);
        }
    }
    if (err != ERR_OK)
        trie_iterator_close(iterator);
    else
        *found = is_found;
    return err;
}
