#include "core/rlp.h"
#include "state/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Paths of all bounds: written, read and placed anywhere, nibble by nibble as expected. */
static void test_paths(void **unused) {
    (void)unused;
    _Alignas(NODE_PATH_ALIGN) uint8_t path[32];
    for (unsigned i = 0; i < 32; i++)
        path[i] = (uint8_t)(i * 73 + 5);
    for (unsigned start = 0; start <= 64; start++) {
        for (unsigned end = start; end <= 64; end++) {
            uint8_t encoded[128];
            struct node_view view;
            bytes value = bytes_of("value", 5);
            size_t size = node_write_leaf(encoded, path, start, end, value);
            assert_int_equal(size, node_leaf_size(start, end, value));
            assert_int_equal(node_decode(&view, bytes_of(encoded, size)), ERR_OK);
            assert_int_equal(view.kind, NODE_LEAF);
            assert_int_equal(view.path_size, end - start);
            assert_true(bytes_equal(view.value, value));
            for (unsigned at = 0; at + view.path_size <= 64; at += 7) {
                uint8_t placed[32];
                memset(placed, 0xee, sizeof placed);
                node_place_path(placed, at, &view);
                for (unsigned i = 0; i < 64; i++) {
                    bool is_inside = i >= at && i < at + view.path_size;
                    unsigned expected = is_inside ? node_nibble(path, start + i - at) : 0xe;
                    assert_int_equal(node_nibble(placed, i), expected);
                }
            }
            _Alignas(NODE_PATH_ALIGN) uint8_t copy[32];
            memset(copy, 0xee, sizeof copy);
            node_copy_path(copy, path, start, end);
            for (unsigned i = 0; i < 64; i++) {
                bool is_inside = i >= start && i < end;
                assert_int_equal(node_nibble(copy, i), is_inside ? node_nibble(path, i) : 0xe);
            }
            assert_int_equal(node_match_path(copy, path, start, end), end);
            assert_int_equal(node_match_path(copy, path, end, start), end);
            if (start == end) continue;
            /* What is not between the two does not matter. */
            if (end < 64) node_set_nibble(copy, end, node_nibble(path, end) ^ 8);
            if (start > 0) node_set_nibble(copy, start - 1, node_nibble(path, start - 1) ^ 1);
            assert_int_equal(node_match_path(copy, path, start, end), end);
            unsigned differs = start + (start * 31 + end * 17) % (end - start);
            node_set_nibble(copy, differs, node_nibble(path, differs) ^ 1);
            assert_int_equal(node_match_path(copy, path, start, end), differs);
            uint8_t child[33] = {0xa0};
            size = node_write_extension(encoded, path, start, end, bytes_of(child, 33));
            assert_true(size <= NODE_EXTENSION_SIZE_MAX);
            assert_int_equal(node_decode(&view, bytes_of(encoded, size)), ERR_OK);
            assert_int_equal(view.kind, NODE_EXTENSION);
            assert_int_equal(view.path_size, end - start);
            assert_true(bytes_equal(view.child, bytes_of(child, 33)));
        }
    }
}

/* Branches of every set of children, each by hash or inside, with and without a value. */
static void test_branches(void **unused) {
    (void)unused;
    uint8_t inlined[] = {0xc2, 0x20, 0x07};
    uint8_t hashed[33] = {0xa0, 1, 2, 3};
    for (unsigned mask = 0; mask < 1u << 16; mask += 7) {
        for (unsigned has_value = 0; has_value < 2; has_value++) {
            uint8_t children[16 * 33];
            uint8_t encoded[16 * 33 + 80];
            size_t at = 0;
            bytes value = has_value != 0 ? bytes_of("a value of some bytes", 21) : BYTES_EMPTY;
            for (unsigned i = 0; i < 16; i++) {
                bytes child = bytes_of("\x80", 1);
                if ((mask >> i & 1) != 0)
                    child = i % 3 == 0 ? bytes_of(inlined, 3) : bytes_of(hashed, 33);
                memcpy(children + at, child.data, child.size);
                at += child.size;
            }
            size_t size = node_write_branch(encoded, bytes_of(children, at), value);
            assert_int_equal(size, node_branch_size(at, value));
            struct node_view view;
            enum err err = node_decode(&view, bytes_of(encoded, size));
            unsigned count = (unsigned)__builtin_popcount(mask) + has_value;
            assert_int_equal(err, count >= 2 ? ERR_OK : ERR_CORRUPT);
            if (err != ERR_OK) continue;
            assert_int_equal(view.kind, NODE_BRANCH);
            assert_int_equal(view.mask, mask);
            assert_true(bytes_equal(view.value, value));
            assert_true(bytes_equal(view.children, bytes_of(children, at)));
            for (unsigned i = 0; i < 16; i++) {
                size_t expected = (mask >> i & 1) == 0 ? 1 : i % 3 == 0 ? 3 : 33;
                assert_int_equal(node_child(view.children.data, i).size, expected);
            }
            for (size_t cut = 0; cut < size; cut++)
                assert_int_equal(node_decode(&view, bytes_of(encoded, cut)), ERR_CORRUPT);
        }
    }
}

/* Leaves with values around each change of RLP's headers. */
static void test_value_sizes(void **unused) {
    (void)unused;
    static const size_t sizes[] = {
        1, 2, 31, 32, 54, 55, 56, 57, 254, 255, 256, 257, 65535, 65536, 70000};
    static uint8_t value[70000];
    static uint8_t encoded[70100];
    uint8_t path[32] = {0x12, 0x34};
    for (unsigned fill = 0; fill < 256; fill += 0x7f) {
        memset(value, (int)fill, sizeof value);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            bytes v = bytes_of(value, sizes[i]);
            struct node_view view;
            size_t size = node_write_leaf(encoded, path, 0, 3, v);
            assert_int_equal(size, node_leaf_size(0, 3, v));
            assert_int_equal(node_decode(&view, bytes_of(encoded, size)), ERR_OK);
            assert_true(bytes_equal(view.value, v));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_value_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
