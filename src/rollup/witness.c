#include "rollup/witness.h"

#include "core/rlp.h"

static void write_strings(struct rlp_writer *w, const bytes *items, size_t count) {
    rlp_list_begin(w);
    for (size_t i = 0; i < count; i++)
        rlp_write_string(w, items[i]);
    rlp_list_end(w);
}

enum err witness_encode(bytes *encoded, struct arena *arena, const struct witness *witness) {
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    rlp_list_begin(&w);
    for (size_t i = 0; i < witness->head_count; i++) {
        const struct witness_head *head = &witness->heads[i];
        rlp_list_begin(&w);
        rlp_write_u64(&w, head->rollup_id);
        rlp_write_string(&w, hash32_bytes(&head->head));
        rlp_write_string(&w, head->open_block);
        rlp_list_end(&w);
    }
    rlp_list_end(&w);
    write_strings(&w, witness->anchors, witness->anchor_count);
    write_strings(&w, witness->nodes, witness->node_count);
    write_strings(&w, witness->codes, witness->code_count);
    rlp_list_end(&w);
    return rlp_finish(&w, encoded);
}

static enum err read_strings(bytes **items, size_t *count, struct arena *arena, struct rlp *from) {
    struct rlp list;
    enum err err = rlp_read_list(from, &list);
    if (err != ERR_OK) return err;
    struct rlp counting = list;
    size_t n = 0;
    while (!rlp_done(&counting)) {
        bytes item;
        err = rlp_read_string(&counting, &item);
        if (err == ERR_OK && ++n > WITNESS_ITEMS_MAX) err = ERR_INPUT;
        if (err != ERR_OK) return err;
    }
    bytes *strings = arena_alloc_array(arena, n, sizeof(*strings));
    if (strings == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < n && err == ERR_OK; i++)
        err = rlp_read_string(&list, &strings[i]);
    *items = strings;
    *count = n;
    return err;
}

static enum err read_heads(struct witness *witness, struct arena *arena, struct rlp *from) {
    struct rlp list;
    enum err err = rlp_read_list(from, &list);
    if (err != ERR_OK) return err;
    struct rlp counting = list;
    while (!rlp_done(&counting)) {
        struct rlp fields;
        err = rlp_read_list(&counting, &fields);
        if (err == ERR_OK && ++witness->head_count > WITNESS_ITEMS_MAX) err = ERR_INPUT;
        if (err != ERR_OK) return err;
    }
    witness->heads = arena_alloc_array(arena, witness->head_count, sizeof(*witness->heads));
    if (witness->heads == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < witness->head_count && err == ERR_OK; i++) {
        struct witness_head *head = &witness->heads[i];
        struct rlp fields;
        err = rlp_read_list(&list, &fields);
        if (err == ERR_OK) err = rlp_read_u64(&fields, &head->rollup_id);
        if (err == ERR_OK) err = rlp_read_fixed(&fields, head->head.b, 32);
        if (err == ERR_OK) err = rlp_read_string(&fields, &head->open_block);
        if (err == ERR_OK && !rlp_done(&fields)) err = ERR_INPUT;
    }
    return err;
}

enum err witness_decode(struct witness *witness, struct arena *arena, bytes encoded) {
    struct witness w = {0};
    struct rlp outer = rlp_open(encoded);
    struct rlp fields;
    enum err err = rlp_read_list(&outer, &fields);
    if (err == ERR_OK && !rlp_done(&outer)) err = ERR_INPUT;
    if (err == ERR_OK) err = read_heads(&w, arena, &fields);
    if (err == ERR_OK) err = read_strings(&w.anchors, &w.anchor_count, arena, &fields);
    if (err == ERR_OK) err = read_strings(&w.nodes, &w.node_count, arena, &fields);
    if (err == ERR_OK) err = read_strings(&w.codes, &w.code_count, arena, &fields);
    if (err == ERR_OK && !rlp_done(&fields)) err = ERR_INPUT;
    if (err == ERR_OK) *witness = w;
    return err;
}
