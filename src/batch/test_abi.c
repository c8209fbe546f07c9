/* Vectors of the Solidity ABI: ethereum/tests and ethers. Each value is written member by member
 * as the header says, and read again from the expected encoding at the same places. */
#include "batch/abi.h"
#include "core/check.h"
#include "core/test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TYPES_MAX = 512, FRAMES_MAX = 64, OFFSETS_MAX = 4096 };

/* --- types ------------------------------------------------------------------------------------ */

enum kind { WORD, BYTES, TUPLE, ARRAY, FIXED };

struct type {
    enum kind kind;
    bool is_dynamic;
    bool is_left;      /* WORD: bytesN, whose bytes stand on the left */
    size_t word_count; /* of its head; 1 if dynamic */
    size_t fixed_count;
    struct type *inner; /* TUPLE: the first member; ARRAY, FIXED: the element */
    struct type *last;  /* TUPLE, while it is parsed */
    struct type *next;  /* member of the same tuple */
};

static struct arena arena;
static struct type types[TYPES_MAX];
static size_t type_count;

static struct type *new_type(enum kind kind) {
    assert_true(type_count < TYPES_MAX);
    struct type *type = &types[type_count++];
    *type = (struct type){.kind = kind, .is_dynamic = kind == BYTES || kind == ARRAY};
    type->word_count = kind == TUPLE ? 0 : 1;
    return type;
}

static void add_member(struct type *tuple, struct type *member) {
    CHECK(tuple != NULL);
    if (tuple->last == NULL)
        tuple->inner = member;
    else
        tuple->last->next = member;
    tuple->last = member;
    tuple->is_dynamic |= member->is_dynamic;
    tuple->word_count += member->is_dynamic ? 1 : member->word_count;
}

static struct type *parse_name(const char **text) {
    size_t size = strspn(*text, "abcdefghijklmnopqrstuvwxyz0123456789");
    bool is_bytes = size >= 5 && memcmp(*text, "bytes", 5) == 0;
    bool is_string = size == 6 && memcmp(*text, "string", 6) == 0;
    struct type *type = new_type(is_string || (is_bytes && size == 5) ? BYTES : WORD);
    type->is_left = is_bytes;
    *text += size;
    return type;
}

/* [] and [n] after a type. */
static struct type *parse_suffixes(const char **text, struct type *type) {
    while (**text == '[') {
        char *end;
        size_t count = strtoul(*text + 1, &end, 10);
        struct type *outer = new_type(end == *text + 1 ? ARRAY : FIXED);
        outer->inner = type;
        outer->fixed_count = count;
        if (outer->kind == FIXED) {
            outer->is_dynamic = type->is_dynamic;
            outer->word_count = type->is_dynamic ? 1 : count * type->word_count;
        }
        assert_int_equal(*end, ']');
        *text = end + 1;
        type = outer;
    }
    return type;
}

/* Adds the type that the text says to the tuple of the arguments. */
static void parse_type(struct type *arguments, const char *text) {
    struct type *open[FRAMES_MAX] = {arguments};
    size_t depth = 0;
    while (*text != '\0') {
        if (*text == '(') {
            assert_true(depth + 1 < FRAMES_MAX);
            open[++depth] = new_type(TUPLE);
            text++;
        } else if (*text == ')') {
            struct type *tuple = open[depth--];
            text++;
            add_member(open[depth], parse_suffixes(&text, tuple));
        } else if (*text == ',') {
            text++;
        } else {
            struct type *type = parse_name(&text);
            add_member(open[depth], parse_suffixes(&text, type));
        }
    }
    assert_int_equal(depth, 0);
}

/* --- values ----------------------------------------------------------------------------------- */

/* ethers says {"type": …, "value": …}, ethereum/tests the value itself. */
static const cJSON *plain(const cJSON *value) {
    return cJSON_IsObject(value) ? cJSON_GetObjectItem(value, "value") : value;
}

static bytes value_bytes(const cJSON *value) {
    const char *text = plain(value)->valuestring;
    const cJSON *says = cJSON_IsObject(value) ? cJSON_GetObjectItem(value, "type") : NULL;
    bool is_text =
        says != NULL ? strcmp(says->valuestring, "string") == 0 : strncmp(text, "0x", 2) != 0;
    return is_text ? bytes_of(text, strlen(text)) : fixture_hex(&arena, text);
}

static u256 decimal(const char *text) {
    bool is_negative = *text == '-';
    u256 value;
    text += is_negative;
    assert_int_equal(u256_from_decimal(&value, text, strlen(text)), 0);
    return is_negative ? u256_sub(&U256_ZERO, &value) : value;
}

static u256 value_word(const struct type *type, const cJSON *value) {
    const cJSON *of = plain(value);
    uint8_t word[32] = {0};
    if (cJSON_IsBool(of)) return u256_from_u64(cJSON_IsTrue(of) ? 1 : 0);
    if (cJSON_IsNumber(of)) return u256_from_u64((uint64_t)of->valuedouble);
    if (!type->is_left && strncmp(of->valuestring, "0x", 2) != 0) return decimal(of->valuestring);
    bytes b = value_bytes(value);
    assert_true(b.size <= 32);
    if (b.size > 0) memcpy(word + (type->is_left ? 0 : 32 - b.size), b.data, b.size);
    return u256_load_be(word);
}

/* --- writing and reading ---------------------------------------------------------------------- */

/* A tuple or list in the middle of its members: all heads first, then the dynamic ones' tails. */
struct frame {
    const struct type *type;
    const struct type *member;
    const cJSON *values;
    const cJSON *value;
    size_t start;       /* where it begins in what is written */
    bytes tuple;        /* the same in what is read … */
    size_t index;       /* … and the next head word */
    size_t first_index; /* the first */
    size_t first_offset;
    size_t next_offset;
    bool is_at_tails;
};

struct walk {
    struct abi_writer w;
    struct frame frames[FRAMES_MAX];
    size_t depth;
    size_t offsets[OFFSETS_MAX]; /* words of offsets announced and not filled in */
    size_t offset_count;
};

static void rewind_frame(const struct walk *walk, struct frame *frame, bool is_at_tails) {
    frame->value = frame->values->child;
    frame->member = frame->type->inner;
    frame->index = frame->first_index;
    frame->is_at_tails = is_at_tails;
    if (!is_at_tails) frame->first_offset = frame->next_offset = walk->offset_count;
}

static void
enter(struct walk *walk, const struct type *type, const cJSON *values, struct frame frame) {
    assert_true(walk->depth < FRAMES_MAX);
    struct frame *f = &walk->frames[walk->depth++];
    *f = frame;
    f->type = type;
    f->values = plain(values);
    f->first_index = frame.index;
    rewind_frame(walk, f, false);
}

static void do_head(struct walk *walk, struct frame *f) {
    if (f->member->is_dynamic) {
        assert_true(walk->offset_count < OFFSETS_MAX);
        walk->offsets[walk->offset_count++] = abi_write_offset(&walk->w);
        f->index++;
    } else if (f->member->kind == WORD) {
        u256 word = value_word(f->member, f->value);
        u256 found;
        abi_write_u256(&walk->w, &word);
        assert_int_equal(abi_read_u256(&found, f->tuple, f->index++), ERR_OK);
        assert_true(u256_equal(&found, &word));
    } else {
        size_t index = f->index;
        f->index += f->member->word_count;
        enter(
            walk,
            f->member,
            f->value,
            (struct frame){.start = f->start, .tuple = f->tuple, .index = index}
        );
    }
}

static void do_tail(struct walk *walk, struct frame *f) {
    size_t index = f->index;
    f->index += f->member->is_dynamic ? 1 : f->member->word_count;
    if (!f->member->is_dynamic) return;
    abi_begin_tail(&walk->w, walk->offsets[f->next_offset++], f->start);
    if (f->member->kind == BYTES) {
        bytes value = value_bytes(f->value);
        bytes found;
        abi_write_bytes(&walk->w, value);
        assert_int_equal(abi_read_bytes(&found, f->tuple, index), ERR_OK);
        assert_true(bytes_equal(found, value));
        return;
    }
    struct frame inner = {0};
    if (f->member->kind == ARRAY) {
        size_t count;
        assert_int_equal(abi_read_array(&count, &inner.tuple, f->tuple, index), ERR_OK);
        assert_int_equal(count, cJSON_GetArraySize(plain(f->value)));
        abi_write_u64(&walk->w, count);
    } else {
        assert_int_equal(abi_read_tail(&inner.tuple, f->tuple, index), ERR_OK);
    }
    inner.start = walk->w.size;
    enter(walk, f->member, f->value, inner);
}

static void check(const struct type *arguments, const cJSON *values, bytes expected) {
    static struct walk walk;
    bytes encoded;
    walk.depth = walk.offset_count = 0;
    abi_writer_open(&walk.w, &arena);
    enter(&walk, arguments, values, (struct frame){.tuple = expected});
    while (walk.depth > 0) {
        struct frame *f = &walk.frames[walk.depth - 1];
        if (f->value == NULL && f->is_at_tails) {
            walk.offset_count = f->first_offset;
            walk.depth--;
        } else if (f->value == NULL) {
            rewind_frame(&walk, f, true);
        } else {
            bool is_at_tails = f->is_at_tails;
            size_t depth = walk.depth;
            if (is_at_tails)
                do_tail(&walk, f);
            else
                do_head(&walk, f);
            assert_true(walk.depth >= depth);
            f->value = f->value->next;
            if (f->type->kind == TUPLE) f->member = f->member->next;
        }
    }
    assert_int_equal(abi_finish(&walk.w, &encoded), ERR_OK);
    assert_true(bytes_equal(encoded, expected));
    arena_reset(&arena);
}

/* --- the files -------------------------------------------------------------------------------- */

static void ethereum_tests(void **state) {
    (void)state;
    cJSON *json = fixture_open("trie-rlp-tx/ethereum-tests/ABITests/basic_abi_tests.json");
    if (json == NULL) skip();
    const cJSON *test;
    cJSON_ArrayForEach(test, json) {
        type_count = 0;
        struct type *arguments = new_type(TUPLE);
        const cJSON *type;
        cJSON_ArrayForEach(type, cJSON_GetObjectItem(test, "types"))
            parse_type(arguments, type->valuestring);
        const char *result = fixture_text(test, "result");
        uint8_t expected[1024];
        size_t size = strlen(result) / 2;
        assert_true(size <= sizeof expected);
        assert_int_equal(hex_decode_exact(expected, size, result, 2 * size), ERR_OK);
        check(arguments, cJSON_GetObjectItem(test, "args"), bytes_of(expected, size));
    }
    assert_int_equal(cJSON_GetArraySize(json), 3);
    cJSON_Delete(json);
}

static void ethers_vectors(void **state) {
    (void)state;
    static uint8_t expected[1 << 16];
    cJSON *json = fixture_open("trie-rlp-tx/ethers/abi.json");
    if (json == NULL) skip();
    cJSON *test;
    cJSON_ArrayForEach(test, json) {
        type_count = 0;
        struct type *arguments = new_type(TUPLE);
        parse_type(arguments, fixture_text(test, "type"));
        bytes encoded = fixture_bytes(&arena, test, "encoded");
        assert_true(encoded.size <= sizeof expected);
        if (encoded.size > 0) memcpy(expected, encoded.data, encoded.size);
        cJSON *values = cJSON_CreateArray();
        cJSON_AddItemReferenceToArray(values, cJSON_GetObjectItem(test, "verbose"));
        check(arguments, values, bytes_of(expected, encoded.size));
        cJSON_Delete(values);
    }
    assert_int_equal(cJSON_GetArraySize(json), 1024);
    cJSON_Delete(json);
}

static int setup(void **state) {
    (void)state;
    arena_open(&arena, 64 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethereum_tests),
        cmocka_unit_test(ethers_vectors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
