#include "batch/share.h"

#include "batch/witness.h"
#include "crypto/keccak.h"

#define HEAD_SIZE (WORD + sizeof(hash32))

size_t share_size(const struct share *share) {
    return WORDS_HEADER_SIZE + 4 * WORD + share->head_count * HEAD_SIZE;
}

static void write_heads(struct words_writer *w, const struct share *share) {
    for (size_t i = 0; i < share->head_count; i++) {
        words_write(w, share->heads[i].rollup_id);
        words_write_bytes(w, hash32_bytes(&share->heads[i].head));
    }
}

void share_write(uint8_t *out, const struct share *share) {
    struct words_writer w;
    w.at = out;
    words_write_header(&w, SHARE_NAME, SHARE_VERSION, share_size(share));
    words_write(&w, share->first);
    words_write(&w, share->count);
    words_write(&w, share->total);
    words_write(&w, share->head_count);
    write_heads(&w, share);
}

bool share_is_next(bytes input) {
    return input.size >= sizeof(SHARE_NAME) &&
           memcmp(input.data, SHARE_NAME, sizeof(SHARE_NAME) - 1) == 0;
}

static bool ascends(const struct head_key *a, const struct head_key *b) {
    return head_compare(a->rollup_id, &a->head, b->rollup_id, &b->head) < 0;
}

enum err share_decode(
    struct share *share, enum words_fault *fault, bytes *rest, struct arena *arena, bytes input
) {
    struct share s;
    bytes behind;
    struct words words = words_open(input, SHARE_NAME, SHARE_VERSION, &behind);
    s.first = words_read(&words);
    s.count = words_read(&words);
    s.total = words_read(&words);
    s.head_count = words_read_count(&words, HEAD_SIZE, SHARE_HEADS_MAX);
    /* Without overflow: 1 <= count <= total, and what is left of it is enough. */
    if (words.fault == WORDS_NONE &&
        (s.count == 0 || s.count > s.total || s.first > s.total - s.count))
        words.fault = WORDS_COUNT;
    s.heads = arena_alloc_array(arena, s.head_count, sizeof(*s.heads));
    if (s.heads == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < s.head_count && words.fault == WORDS_NONE; i++) {
        s.heads[i].rollup_id = words_read(&words);
        const bytes head = words_read_bytes(&words, sizeof(hash32));
        if (words.fault != WORDS_NONE) break;
        memcpy(s.heads[i].head.b, head.data, sizeof(hash32));
        if (i > 0 && !ascends(&s.heads[i - 1], &s.heads[i])) words.fault = WORDS_ORDER;
    }
    *fault = words.fault != WORDS_NONE ? words.fault : words_close(&words);
    if (*fault != WORDS_NONE) return ERR_INPUT;
    *share = s;
    *rest = behind;
    return ERR_OK;
}

enum err share_split(hash32 *split, struct arena *arena, const struct share *share) {
    struct arena_mark mark = arena_mark(arena);
    const size_t size = share->head_count * HEAD_SIZE;
    struct words_writer w = {.at = arena_alloc(arena, size)};
    if (w.at == NULL) return ERR_MEMORY;
    const bytes heads = bytes_of(w.at, size);
    write_heads(&w, share);
    *split = keccak256(heads);
    arena_release(arena, mark);
    return ERR_OK;
}
