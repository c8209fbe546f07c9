#include "batch/witness.h"

#include "crypto/keccak.h"

#define FIXED_SIZE      (WORDS_HEADER_SIZE + 4 * WORD)
#define HEAD_SIZE_MIN   (WORD + 32 + WORD)
#define STRING_SIZE_MIN WORD

static size_t strings_size(const bytes *items, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += words_string_size(items[i].size);
    return size;
}

size_t witness_size(const struct witness *witness) {
    size_t size = FIXED_SIZE;
    for (size_t i = 0; i < witness->head_count; i++)
        size += WORD + sizeof(hash32) + words_string_size(witness->heads[i].open_block.size);
    return size + strings_size(witness->headers, witness->header_count) +
           strings_size(witness->nodes, witness->node_count) +
           strings_size(witness->codes, witness->code_count);
}

static void write_strings(struct words_writer *w, const bytes *items, size_t count) {
    for (size_t i = 0; i < count; i++)
        words_write_string(w, items[i]);
}

void witness_write(uint8_t *out, const struct witness *witness) {
    struct words_writer w;
    w.at = out;
    words_write_header(&w, WITNESS_FILE_NAME, WITNESS_FILE_VERSION, witness_size(witness));
    words_write(&w, witness->head_count);
    words_write(&w, witness->header_count);
    words_write(&w, witness->node_count);
    words_write(&w, witness->code_count);
    for (size_t i = 0; i < witness->head_count; i++) {
        const struct witness_head *head = &witness->heads[i];
        words_write(&w, head->rollup_id);
        words_write_bytes(&w, hash32_bytes(&head->head));
        words_write_string(&w, head->open_block);
    }
    write_strings(&w, witness->headers, witness->header_count);
    write_strings(&w, witness->nodes, witness->node_count);
    write_strings(&w, witness->codes, witness->code_count);
}

/* --- order ------------------------------------------------------------------------------------ */

static int compare_heads(const struct witness_head *a, const struct witness_head *b) {
    return head_compare(a->rollup_id, &a->head, b->rollup_id, &b->head);
}

static void sort_heads(struct witness *witness) {
    size_t count = 0;
    for (size_t i = 0; i < witness->head_count; i++) {
        const struct witness_head head = witness->heads[i];
        size_t at = count;
        while (at > 0 && compare_heads(&witness->heads[at - 1], &head) > 0)
            at--;
        if (at > 0 && compare_heads(&witness->heads[at - 1], &head) == 0) continue;
        memmove(&witness->heads[at + 1], &witness->heads[at], (count - at) * sizeof(head));
        witness->heads[at] = head;
        count++;
    }
    witness->head_count = count;
}

struct hashed {
    hash32 hash;
    bytes item;
};

/* Merges neighbours of width each into twice as large ones. */
static void merge(struct hashed *to, const struct hashed *from, size_t count, size_t width) {
    for (size_t low = 0; low < count; low += 2 * width) {
        const size_t middle = count - low < width ? count : low + width;
        const size_t high = count - low < 2 * width ? count : low + 2 * width;
        size_t a = low;
        size_t b = middle;
        for (size_t i = low; i < high; i++) {
            const bool takes_a =
                b == high ||
                (a < middle && memcmp(from[a].hash.b, from[b].hash.b, sizeof(hash32)) <= 0);
            to[i] = takes_a ? from[a++] : from[b++];
        }
    }
}

static enum err sort_strings(bytes *items, size_t *count, struct arena *arena) {
    struct arena_mark mark = arena_mark(arena);
    hash32 *hashes = arena_alloc_array(arena, *count, sizeof(*hashes));
    struct hashed *sorted = arena_alloc_array(arena, *count, sizeof(*sorted));
    struct hashed *spare = arena_alloc_array(arena, *count, sizeof(*spare));
    if (hashes == NULL || sorted == NULL || spare == NULL) {
        arena_release(arena, mark);
        return ERR_MEMORY;
    }
    keccak256_many(hashes, items, *count);
    for (size_t i = 0; i < *count; i++)
        sorted[i] = (struct hashed){hashes[i], items[i]};
    for (size_t width = 1; width < *count; width *= 2) {
        merge(spare, sorted, *count, width);
        struct hashed *swap = sorted;
        sorted = spare;
        spare = swap;
    }
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (i == 0 || !hash32_equal(&sorted[i - 1].hash, &sorted[i].hash))
            items[kept++] = sorted[i].item;
    *count = kept;
    arena_release(arena, mark);
    return ERR_OK;
}

enum err witness_sort(struct witness *witness, struct arena *arena) {
    sort_heads(witness);
    enum err err = sort_strings(witness->headers, &witness->header_count, arena);
    if (err == ERR_OK) err = sort_strings(witness->nodes, &witness->node_count, arena);
    if (err == ERR_OK) err = sort_strings(witness->codes, &witness->code_count, arena);
    return err;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum err read_heads(struct witness *witness, struct words *words, struct arena *arena) {
    witness->heads = arena_alloc_array(arena, witness->head_count, sizeof(*witness->heads));
    if (witness->heads == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < witness->head_count && words->fault == WORDS_NONE; i++) {
        struct witness_head *head = &witness->heads[i];
        head->rollup_id = words_read(words);
        bytes hash = words_read_bytes(words, sizeof(head->head));
        head->open_block = words_read_string(words);
        if (words->fault != WORDS_NONE) return ERR_OK;
        memcpy(head->head.b, hash.data, sizeof(head->head));
        if (i > 0 && compare_heads(&witness->heads[i - 1], head) >= 0) words->fault = WORDS_ORDER;
    }
    return ERR_OK;
}

static enum err
read_strings(bytes **items, size_t count, struct words *words, struct arena *arena) {
    bytes *strings = arena_alloc_array(arena, count, sizeof(*strings));
    if (strings == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count && words->fault == WORDS_NONE; i++)
        strings[i] = words_read_string(words);
    *items = strings;
    return ERR_OK;
}

enum err witness_decode(
    struct witness *witness, enum words_fault *fault, struct arena *arena, bytes encoded
) {
    struct witness w;
    bytes rest;
    struct words words = words_open(encoded, WITNESS_FILE_NAME, WITNESS_FILE_VERSION, &rest);
    if (words.fault == WORDS_NONE && rest.size > 0) words.fault = WORDS_SIZE;
    w.head_count = words_read_count(&words, HEAD_SIZE_MIN, WITNESS_HEADS_MAX);
    w.header_count = words_read_count(&words, STRING_SIZE_MIN, WITNESS_ITEMS_MAX);
    w.node_count = words_read_count(&words, STRING_SIZE_MIN, WITNESS_ITEMS_MAX);
    w.code_count = words_read_count(&words, STRING_SIZE_MIN, WITNESS_ITEMS_MAX);
    enum err err = read_heads(&w, &words, arena);
    if (err == ERR_OK) err = read_strings(&w.headers, w.header_count, &words, arena);
    if (err == ERR_OK) err = read_strings(&w.nodes, w.node_count, &words, arena);
    if (err == ERR_OK) err = read_strings(&w.codes, w.code_count, &words, arena);
    if (err != ERR_OK) return err;
    *fault = words_close(&words);
    if (*fault != WORDS_NONE) return ERR_INPUT;
    *witness = w;
    return ERR_OK;
}
