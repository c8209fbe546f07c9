#include "rpc/typed_data.h"

#include "core/hex.h"
#include "crypto/keccak.h"

#include <string.h>

/* A struct or an array whose parts are being hashed. */
struct level {
    struct keccak keccak;
    bytes element;   /* an array: the type of its elements; else empty */
    uint32_t fields; /* a struct: token of its type's fields; else 0 */
    uint32_t value;  /* token; of an absent struct this level is not made */
    uint32_t at;     /* token of the next field or element */
    uint32_t left;   /* fields or elements still to come */
};

struct hashing {
    struct arena *arena;
    const struct json *json;
    uint32_t types;
    const char *problem;
    enum err err;
    struct level levels[TYPED_DATA_DEPTH_MAX];
    unsigned depth;
};

static bool text_is(bytes text, const char *word) {
    size_t size = strlen(word);
    return text.size == size && memcmp(text.data, word, size) == 0;
}

static void fail(struct hashing *h, const char *problem) {
    if (h->problem == NULL) h->problem = problem;
}

static bool has_failed(const struct hashing *h) {
    return h->problem != NULL || h->err != ERR_OK;
}

/* --- types ------------------------------------------------------------------------------------ */

/* The token of the fields of a struct type; 0: no such type. */
static uint32_t find_type(const struct hashing *h, bytes name) {
    const struct json *json = h->json;
    uint32_t at = h->types + 1;
    for (uint32_t i = 0; i < json->tokens[h->types].count; i++) {
        bytes key = json_text(json, at);
        uint32_t value = at + 1;
        if (key.size == name.size && memcmp(key.data, name.data, key.size) == 0) return value;
        at = json->tokens[value].next;
    }
    return 0;
}

/* Name and type of a field; false if it has not got both. */
static bool
read_field(const struct hashing *h, uint32_t field, bytes *name, bytes *type, uint32_t *name_at) {
    const struct json *json = h->json;
    uint32_t name_token = json_member(json, field, "name");
    uint32_t type_token = json_member(json, field, "type");
    if (name_token == 0 || json_kind(json, name_token) != JSON_STRING) return false;
    if (type_token == 0 || json_kind(json, type_token) != JSON_STRING) return false;
    *name = json_text(json, name_token);
    *type = json_text(json, type_token);
    if (name_at != NULL) *name_at = name_token;
    return true;
}

static bytes without_arrays(bytes type) {
    for (size_t i = 0; i < type.size; i++)
        if (type.data[i] == '[') return bytes_slice(type, 0, i);
    return type;
}

struct type_list {
    bytes names[TYPED_DATA_TYPES_MAX];
    uint32_t fields[TYPED_DATA_TYPES_MAX];
    size_t count;
};

static int compare(bytes a, bytes b) {
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    if (order != 0) return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

static void add_type(struct hashing *h, struct type_list *list, bytes name) {
    for (size_t i = 0; i < list->count; i++)
        if (compare(list->names[i], name) == 0) return;
    uint32_t fields = find_type(h, name);
    if (fields == 0) return;
    if (list->count == TYPED_DATA_TYPES_MAX) {
        fail(h, "too many types");
        return;
    }
    list->names[list->count] = name;
    list->fields[list->count++] = fields;
}

/* The type, then the types that it refers to, directly or not, in order of their names. */
static void list_types(struct hashing *h, struct type_list *list, bytes name) {
    const struct json *json = h->json;
    list->count = 0;
    add_type(h, list, name);
    for (size_t i = 0; i < list->count && !has_failed(h); i++) {
        uint32_t field = list->fields[i] + 1;
        if (json_kind(json, list->fields[i]) != JSON_ARRAY) {
            fail(h, "a type is not an array of fields");
            return;
        }
        for (uint32_t k = 0; k < json->tokens[list->fields[i]].count; k++) {
            bytes field_name;
            bytes type;
            if (!read_field(h, field, &field_name, &type, NULL)) {
                fail(h, "a field of a type lacks its name or type");
                return;
            }
            add_type(h, list, without_arrays(type));
            field = json->tokens[field].next;
        }
    }
    for (size_t i = 2; i < list->count; i++)
        for (size_t k = i; k > 1 && compare(list->names[k], list->names[k - 1]) < 0; k--) {
            bytes swapped_name = list->names[k];
            uint32_t swapped = list->fields[k];
            list->names[k] = list->names[k - 1];
            list->fields[k] = list->fields[k - 1];
            list->names[k - 1] = swapped_name;
            list->fields[k - 1] = swapped;
        }
}

#define UPDATE(keccak, literal) keccak_update((keccak), bytes_of("" literal, sizeof(literal) - 1))

/* keccak256 of "Mail(Person from,Person to)Person(string name)". */
static hash32 hash_type(struct hashing *h, bytes name) {
    struct keccak keccak;
    struct type_list *list = arena_alloc(h->arena, sizeof(*list));
    keccak_init(&keccak);
    if (list == NULL) {
        h->err = ERR_MEMORY;
        return keccak_final(&keccak);
    }
    list_types(h, list, name);
    for (size_t i = 0; i < list->count && !has_failed(h); i++) {
        uint32_t field = list->fields[i] + 1;
        keccak_update(&keccak, list->names[i]);
        UPDATE(&keccak, "(");
        for (uint32_t k = 0; k < h->json->tokens[list->fields[i]].count; k++) {
            bytes field_name;
            bytes type;
            if (!read_field(h, field, &field_name, &type, NULL)) break;
            if (k > 0) UPDATE(&keccak, ",");
            keccak_update(&keccak, type);
            UPDATE(&keccak, " ");
            keccak_update(&keccak, field_name);
            field = h->json->tokens[field].next;
        }
        UPDATE(&keccak, ")");
    }
    return keccak_final(&keccak);
}

/* --- single values ---------------------------------------------------------------------------- */

/* The decimal number after a prefix of the type ("uint256" after "uint"); fallback if there is
 * none; 0: it is no number from 1 to 256. */
static unsigned size_suffix(bytes type, size_t prefix, unsigned fallback) {
    unsigned size = 0;
    if (type.size == prefix) return fallback;
    for (size_t i = prefix; i < type.size; i++) {
        if (type.data[i] < '0' || type.data[i] > '9') return 0;
        size = size * 10 + (unsigned)(type.data[i] - '0');
        if (size > 256) return 0;
    }
    return size;
}

static bool begins_with(bytes type, const char *prefix) {
    size_t size = strlen(prefix);
    return type.size >= size && memcmp(type.data, prefix, size) == 0;
}

/* The bytes of a string of hexadecimal digits after 0x. */
static bool read_hex(struct hashing *h, bytes *out, bytes text) {
    if (text.size < 2 || text.data[0] != '0' || (text.data[1] | 0x20) != 'x') return false;
    enum err err = hex_decode(out, h->arena, (const char *)text.data, text.size);
    if (err == ERR_MEMORY) h->err = err;
    return err == ERR_OK;
}

/* A magnitude: "0x1f" or decimal digits. */
static bool read_magnitude(u256 *out, bytes text) {
    const char *digits = (const char *)text.data;
    if (text.size > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x')
        return hex_decode_quantity(out, digits, text.size, true) == ERR_OK;
    return u256_from_decimal(out, digits, text.size) == ERR_OK;
}

/* An integer of so many bits, as a word in two's complement. */
static void
encode_integer(struct hashing *h, uint8_t word[32], bytes text, unsigned bits, bool is_signed) {
    u256 value;
    const u256 one = u256_from_u64(1);
    bool is_negative = is_signed && text.size > 0 && text.data[0] == '-';
    if (is_negative) text = bytes_slice(text, 1, text.size - 1);
    if (bits == 0 || bits % 8 != 0 || !read_magnitude(&value, text)) {
        fail(h, "a number is malformed");
        return;
    }
    /* Largest magnitude: 2^bits - 1, or 2^(bits - 1) with a sign, one less if positive. */
    unsigned width = is_signed ? bits - 1 : bits;
    u256 limit = width == 256 ? U256_ZERO : u256_shl(&one, width);
    u256 most = u256_sub(&limit, &one);
    if (is_negative) most = limit;
    if (u256_less(&most, &value)) {
        fail(h, "a number is out of the range of its type");
        return;
    }
    const u256 zero = U256_ZERO;
    if (is_negative) value = u256_sub(&zero, &value);
    u256_store_be(word, &value);
}

static void encode_bytes(struct hashing *h, uint8_t word[32], bytes type, bytes text) {
    bytes data = BYTES_EMPTY;
    if (!read_hex(h, &data, text)) {
        fail(h, "bytes are not hexadecimal");
        return;
    }
    unsigned size = size_suffix(type, 5, 0);
    if (type.size == 5) {
        hash32 hash = keccak256(data);
        memcpy(word, hash.b, 32);
    } else if (size < 1 || size > 32 || data.size > size) {
        fail(h, "bytes do not fit their type");
    } else {
        memcpy(word, data.data, data.size);
    }
}

static void encode_address(struct hashing *h, uint8_t word[32], bytes text) {
    bytes data = BYTES_EMPTY;
    if (!read_hex(h, &data, text) || data.size != sizeof(address)) {
        fail(h, "an address is not 20 bytes");
        return;
    }
    memcpy(word + 12, data.data, data.size);
}

/* A value that is neither struct nor array. */
static void encode_atom(struct hashing *h, uint8_t word[32], bytes type, uint32_t token) {
    const struct json *json = h->json;
    enum json_kind kind = json_kind(json, token);
    bytes text = json_text(json, token);
    memset(word, 0, 32);
    if (kind == JSON_STRING) h->err = json_unescape(&text, h->arena, json, token);
    if (h->err != ERR_OK) return;
    if (text_is(type, "bool")) {
        bool is_true = kind == JSON_TRUE || (kind == JSON_STRING && text_is(text, "true"));
        bool is_false = kind == JSON_FALSE || (kind == JSON_STRING && text_is(text, "false"));
        if (!is_true && !is_false) fail(h, "a bool is neither true nor false");
        word[31] = is_true;
    } else if (kind == JSON_NUMBER && (begins_with(type, "uint") || begins_with(type, "int"))) {
        bool is_signed = type.data[0] == 'i';
        encode_integer(h, word, text, size_suffix(type, is_signed ? 3 : 4, 256), is_signed);
    } else if (kind != JSON_STRING) {
        fail(h, "a value is not of its type");
    } else if (text_is(type, "string")) {
        hash32 hash = keccak256(text);
        memcpy(word, hash.b, 32);
    } else if (text_is(type, "address")) {
        encode_address(h, word, text);
    } else if (begins_with(type, "bytes")) {
        encode_bytes(h, word, type, text);
    } else if (begins_with(type, "uint")) {
        encode_integer(h, word, text, size_suffix(type, 4, 256), false);
    } else if (begins_with(type, "int")) {
        encode_integer(h, word, text, size_suffix(type, 3, 256), true);
    } else {
        fail(h, "unknown type");
    }
}

/* --- structs and arrays ----------------------------------------------------------------------- */

static struct level *push(struct hashing *h) {
    if (h->depth == TYPED_DATA_DEPTH_MAX) {
        fail(h, "nested too deep");
        return NULL;
    }
    struct level *level = &h->levels[h->depth++];
    *level = (struct level){0};
    keccak_init(&level->keccak);
    return level;
}

static void push_struct(struct hashing *h, bytes type, uint32_t fields, uint32_t value) {
    hash32 type_hash = hash_type(h, type);
    struct level *level = has_failed(h) ? NULL : push(h);
    if (level == NULL) return;
    if (json_kind(h->json, value) != JSON_OBJECT) fail(h, "a struct is not an object");
    keccak_update(&level->keccak, hash32_bytes(&type_hash));
    level->fields = fields;
    level->value = value;
    level->at = fields + 1;
    level->left = h->json->tokens[fields].count;
}

/* The type is "element[]" or "element[3]". */
static void push_array(struct hashing *h, bytes type, uint32_t value) {
    size_t open = type.size - 1;
    while (open > 0 && type.data[open] != '[')
        open--;
    bytes number = bytes_slice(type, open + 1, type.size - open - 2);
    struct level *level = push(h);
    if (level == NULL) return;
    if (json_kind(h->json, value) != JSON_ARRAY) {
        fail(h, "an array is none");
        return;
    }
    level->element = bytes_slice(type, 0, open);
    level->value = value;
    level->at = value + 1;
    level->left = h->json->tokens[value].count;
    u256 count;
    if (number.size == 0) return;
    if (u256_from_decimal(&count, (const char *)number.data, number.size) != ERR_OK ||
        !u256_fits_u64(&count) || count.w[0] != level->left)
        fail(h, "an array has not the length of its type");
}

/* The next part of the innermost level: hashed into it, or one more level. */
static void take_part(struct hashing *h) {
    static const uint8_t zeros[32];
    struct level *level = &h->levels[h->depth - 1];
    bytes type = level->element;
    uint32_t value = level->at;
    uint8_t word[32];
    if (level->fields != 0) {
        bytes name;
        uint32_t name_at = 0;
        if (!read_field(h, level->at, &name, &type, &name_at)) {
            fail(h, "a field of a type lacks its name or type");
            return;
        }
        bytes key;
        h->err = json_unescape(&key, h->arena, h->json, name_at);
        char *text = arena_alloc(h->arena, key.size + 1);
        if (h->err != ERR_OK || text == NULL) {
            h->err = ERR_MEMORY;
            return;
        }
        memcpy(text, key.data, key.size);
        text[key.size] = 0;
        value = json_member(h->json, level->value, text);
    }
    level->at = h->json->tokens[level->at].next;
    level->left--;
    uint32_t fields = find_type(h, type);
    bool is_absent = value == 0 || json_kind(h->json, value) == JSON_NULL;
    if (is_absent && fields != 0) {
        keccak_update(&level->keccak, bytes_of(zeros, sizeof(zeros)));
    } else if (is_absent) {
        fail(h, "a value is missing");
    } else if (type.size > 2 && type.data[type.size - 1] == ']') {
        push_array(h, type, value);
    } else if (fields != 0) {
        push_struct(h, type, fields, value);
    } else {
        encode_atom(h, word, type, value);
        keccak_update(&level->keccak, bytes_of(word, sizeof(word)));
    }
}

static hash32 hash_struct(struct hashing *h, bytes type, uint32_t value) {
    hash32 hash = {{0}};
    uint32_t fields = find_type(h, type);
    h->depth = 0;
    if (fields == 0)
        fail(h, "a type that is needed is not among the types");
    else
        push_struct(h, type, fields, value);
    while (h->depth > 0 && !has_failed(h)) {
        struct level *level = &h->levels[h->depth - 1];
        if (level->left > 0) {
            take_part(h);
            continue;
        }
        hash = keccak_final(&level->keccak);
        h->depth--;
        if (h->depth > 0) keccak_update(&h->levels[h->depth - 1].keccak, hash32_bytes(&hash));
    }
    return hash;
}

enum err typed_data_digest(
    hash32 *digest,
    const char **problem,
    struct arena *arena,
    const struct json *json,
    uint32_t root
) {
    static const char DOMAIN[] = "EIP712Domain";
    bytes domain_type = bytes_of(DOMAIN, sizeof(DOMAIN) - 1);
    struct hashing *h = arena_alloc_zero(arena, sizeof(*h));
    if (h == NULL) return ERR_MEMORY;
    h->arena = arena;
    h->json = json;
    h->types = json_member(json, root, "types");
    uint32_t primary = json_member(json, root, "primaryType");
    uint32_t domain = json_member(json, root, "domain");
    uint32_t message = json_member(json, root, "message");
    if (h->types == 0 || json_kind(json, h->types) != JSON_OBJECT || primary == 0 ||
        json_kind(json, primary) != JSON_STRING || domain == 0 || message == 0) {
        *problem = "typed data has types, primaryType, domain and message";
        return ERR_OK;
    }
    struct keccak keccak;
    keccak_init(&keccak);
    UPDATE(&keccak, "\x19\x01");
    hash32 hash = hash_struct(h, domain_type, domain);
    keccak_update(&keccak, hash32_bytes(&hash));
    if (!text_is(json_text(json, primary), DOMAIN)) {
        if (!has_failed(h)) hash = hash_struct(h, json_text(json, primary), message);
        keccak_update(&keccak, hash32_bytes(&hash));
    }
    *digest = keccak_final(&keccak);
    *problem = h->problem;
    return h->err;
}
