/* Fuzzes the RLP reader: it must stay inside its input, and what it accepts must be what the writer
 * writes for the same values (one encoding for each value). */
#include "core/check.h"
#include "core/rlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH_MAX = RLP_DEPTH_MAX };

/* Reads all items, writing each again; false where the input is refused. */
static bool copy_items(struct rlp_writer *w, bytes input) {
    struct rlp stack[DEPTH_MAX + 1];
    unsigned depth = 0;
    stack[0] = rlp_open(input);
    for (;;) {
        struct rlp *top = &stack[depth];
        if (rlp_done(top)) {
            if (depth == 0) return true;
            rlp_list_end(w);
            depth--;
            continue;
        }
        const struct rlp before = *top;
        bytes item;
        bool is_list;
        if (rlp_read_item(top, &item, &is_list) != ERR_OK) {
            CHECK(top->rest.data == before.rest.data && top->rest.size == before.rest.size);
            return false;
        }
        struct rlp again = before;
        if (is_list) {
            if (depth == DEPTH_MAX) return false;
            struct rlp list;
            CHECK(rlp_read_list(&again, &list) == ERR_OK);
            rlp_list_begin(w);
            stack[++depth] = list;
        } else {
            bytes string;
            CHECK(rlp_read_string(&again, &string) == ERR_OK);
            uint64_t small;
            u256 value;
            struct rlp integer = before;
            bool is_small = rlp_read_u64(&integer, &small) == ERR_OK;
            integer = before;
            if (rlp_read_u256(&integer, &value) == ERR_OK) {
                CHECK(is_small == u256_fits_u64(&value));
                CHECK(!is_small || value.w[0] == small);
                rlp_write_u256(w, &value);
            } else {
                CHECK(!is_small);
                rlp_write_string(w, string);
            }
        }
        CHECK(again.rest.data == before.rest.data + item.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_open(&arena, 16 << 20);
    struct rlp_writer w;
    rlp_writer_open(&w, &arena);
    bytes input = bytes_of(data, size);
    if (copy_items(&w, input)) {
        bytes encoded;
        CHECK(rlp_finish(&w, &encoded) == ERR_OK);
        CHECK(bytes_equal(encoded, input));
    }
    arena_close(&arena);
    return 0;
}
