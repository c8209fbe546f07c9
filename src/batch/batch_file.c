#include "batch/batch_file.h"

/* The contexts are read where they lie. */
_Static_assert(sizeof(struct update_context) == 64, "two hashes and nothing between");
_Static_assert(
    _Alignof(struct update_context) == (__STDC_HOSTED__ ? 1 : WORD),
    "a view of any bytes; in the guest, of words of its input"
);

#define FIXED_SIZE (WORDS_HEADER_SIZE + WORD + 24 + 32 + 2 * WORD)

size_t batch_file_size(const struct batch_file *file) {
    return FIXED_SIZE + file->update_count * sizeof(struct update_context) +
           file->rollup_id_count * WORD + words_string_size(file->batch.size);
}

void batch_file_write(uint8_t *out, const struct batch_file *file) {
    struct words_writer w;
    w.at = out;
    words_write_header(&w, BATCH_FILE_NAME, BATCH_FILE_VERSION, batch_file_size(file));
    words_write(&w, file->chain_id);
    words_write_bytes(&w, address_bytes(&file->hub));
    words_write_bytes(&w, hash32_bytes(&file->public_input));
    words_write(&w, file->update_count);
    words_write(&w, file->rollup_id_count);
    words_write_bytes(&w, bytes_of(file->contexts, file->update_count * sizeof(*file->contexts)));
    for (size_t i = 0; i < file->rollup_id_count; i++)
        words_write(&w, file->rollup_ids[i]);
    words_write_string(&w, file->batch);
}

enum err batch_file_decode(
    struct batch_file *file, enum words_fault *fault, bytes *rest, struct arena *arena, bytes input
) {
    struct batch_file f = {0};
    bytes behind;
    struct words words = words_open(input, BATCH_FILE_NAME, BATCH_FILE_VERSION, &behind);
    f.chain_id = words_read(&words);
    bytes hub = words_read_bytes(&words, sizeof(f.hub));
    bytes public_input = words_read_bytes(&words, sizeof(f.public_input));
    f.update_count = words_read_count(&words, sizeof(*f.contexts), BATCH_FILE_UPDATES_MAX);
    f.rollup_id_count = words_read_count(&words, WORD, BATCH_FILE_ROLLUPS_MAX);
    bytes contexts = words_read_bytes(&words, f.update_count * sizeof(*f.contexts));
    bytes ids = words_read_bytes(&words, f.rollup_id_count * WORD);
    f.batch = words_read_string(&words);
    *fault = words_close(&words);
    if (*fault != WORDS_NONE) return ERR_INPUT;

    memcpy(f.hub.b, hub.data, sizeof(f.hub));
    memcpy(f.public_input.b, public_input.data, sizeof(f.public_input));
    f.contexts = (const struct update_context *)contexts.data;
    uint64_t *rollup_ids = arena_alloc_array(arena, f.rollup_id_count, sizeof(*rollup_ids));
    if (rollup_ids == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < f.rollup_id_count; i++) {
        rollup_ids[i] = load_le64(ids.data + i * WORD);
        if (i == 0 || rollup_ids[i - 1] < rollup_ids[i]) continue;
        *fault = WORDS_ORDER;
        return ERR_INPUT;
    }
    f.rollup_ids = rollup_ids;
    *file = f;
    *rest = behind;
    return ERR_OK;
}
