#include "rpc/abi_text.h"

#include "core/err.h"
#include "core/hex.h"
#include "core/u256.h"
#include "crypto/keccak.h"

#define VALUES_MAX    16  /* values of one part */
#define ITEMS_MAX     8   /* of a list, unless full */
#define TEXT_SIZE_MAX 200 /* of strings and hexadecimal digits, unless full */
#define FULL_SIZE_MAX (64u << 10)

enum kind { KIND_UINT, KIND_INT, KIND_ADDRESS, KIND_BOOL, KIND_FIXED, KIND_BYTES, KIND_STRING };

struct value {
    enum kind kind;
    unsigned size; /* KIND_FIXED: N of bytesN; KIND_UINT, KIND_INT: bits */
    bool is_list;  /* of that kind */
    bytes name;
    bytes data; /* the word, or the content of a dynamic value */
};

/* --- text for terminals ----------------------------------------------------------------------- */

/* The size of the UTF-8 sequence at p, of a character that may be printed; 0 if there is none. */
static size_t printable_size(const uint8_t *p, size_t size) {
    if (p[0] >= 0x20 && p[0] < 0x7f) return 1;
    size_t need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || need > size) return 0;
    for (size_t i = 1; i < need; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xc2 && p[1] < 0xa0) return 0;          /* C1 control characters */
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;          /* over-long */
    if (p[0] == 0xed && p[1] > 0x9f) return 0;          /* surrogates */
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;          /* over-long */
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0;          /* above U+10FFFF */
    if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x8b) { /* U+200B–U+202E: marks that */
        if (p[2] <= 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae)) return 0; /* hide or reorder text */
    }
    if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9) return 0; /* U+2066–2069 */
    return need;
}

void abi_print_text(FILE *out, bytes text) {
    for (size_t i = 0; i < text.size;) {
        size_t size = printable_size(text.data + i, text.size - i);
        if (size == 0)
            fputc('?', out);
        else
            (void)fwrite(text.data + i, 1, size, out);
        i += size == 0 ? 1 : size;
    }
}

static void print_digits(FILE *out, bytes data) {
    for (size_t i = 0; i < data.size; i++)
        fprintf(out, "%02x", data.data[i]);
}

void abi_print_hex(FILE *out, bytes data, bool is_full) {
    fputs("0x", out);
    if (data.size <= 10 || (is_full && data.size <= FULL_SIZE_MAX)) {
        print_digits(out, data);
        return;
    }
    print_digits(out, bytes_slice(data, 0, 4));
    fputs("…", out);
    print_digits(out, bytes_slice(data, data.size - 2, 2));
}

void abi_print_ether(FILE *out, const u256 *wei) {
    char digits[U256_DECIMAL_SIZE_MAX];
    size_t size = u256_to_decimal(digits, wei);
    if (size < 13 && !u256_is_zero(wei)) {
        fprintf(out, "%s wei", digits);
        return;
    }
    char padded[U256_DECIMAL_SIZE_MAX + 19];
    size_t zeros = size < 19 ? 19 - size : 0;
    memset(padded, '0', zeros);
    memcpy(padded + zeros, digits, size + 1);
    size += zeros;
    size_t end = size;
    while (end > size - 18 && padded[end - 1] == '0')
        end--;
    fprintf(out, "%.*s", (int)(size - 18), padded);
    if (end > size - 18) fprintf(out, ".%.*s", (int)(end - (size - 18)), padded + size - 18);
    fputs(" ETH", out);
}

/* --- signatures ------------------------------------------------------------------------------- */

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c == '[' || c == ']';
}

/* The text between the parentheses that open at *at; *at moves behind them. Nested ones (tuples)
 * are taken along. */
static bool take_list(bytes *list, const char *signature, size_t *at) {
    if (signature[*at] != '(') return false;
    size_t start = ++*at;
    unsigned depth = 1;
    for (; signature[*at] != 0; ++*at) {
        if (signature[*at] == '(') depth++;
        if (signature[*at] == ')' && --depth == 0) break;
    }
    if (depth != 0) return false;
    *list = bytes_of(signature + start, *at - start);
    ++*at;
    return true;
}

static bool
split_signature(bytes *inputs, bytes *results, bool *has_results, const char *signature) {
    size_t size = strlen(signature);
    if (size > ABI_SIGNATURE_SIZE_MAX) return false;
    size_t at = 0;
    while (is_word(signature[at]))
        at++;
    if (at == 0 || !take_list(inputs, signature, &at)) return false;
    *results = BYTES_EMPTY;
    *has_results = signature[at] == '(';
    if (*has_results && !take_list(results, signature, &at)) return false;
    return signature[at] == 0;
}

bool abi_selector(uint8_t selector[4], const char *signature) {
    bytes inputs;
    bytes results;
    bool has_results;
    if (!split_signature(&inputs, &results, &has_results, signature)) return false;
    /* Of each parameter only what stands before the first blank, at any depth, is its type; but a
     * tuple's closing parenthesis may follow the name of its last member. */
    uint8_t canonical[ABI_SIGNATURE_SIZE_MAX];
    size_t size = 0;
    bool in_name = false;
    const char *end = (const char *)inputs.data + inputs.size + 1;
    for (const char *p = signature; p < end; p++) {
        bool is_separator = *p == ',' || *p == '(' || *p == ')';
        if (is_separator) in_name = false;
        if (*p == ' ') {
            /* Blanks before a type do not begin a name. */
            if (size > 0 && is_word((char)canonical[size - 1])) in_name = true;
            if (size > 0 && canonical[size - 1] == ')') in_name = true;
            continue;
        }
        if (!is_separator && !is_word(*p)) return false;
        if (!in_name) canonical[size++] = (uint8_t)*p;
    }
    hash32 hash = keccak256(bytes_of(canonical, size));
    memcpy(selector, hash.b, 4);
    return true;
}

static bool read_decimal(unsigned *value, bytes digits) {
    *value = 0;
    if (digits.size > 3) return false;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') return false;
        *value = *value * 10 + digits.data[i] - '0';
    }
    return true;
}

static bool begins_with(bytes text, const char *prefix, bytes *rest) {
    size_t size = strlen(prefix);
    if (text.size < size || memcmp(text.data, prefix, size) != 0) return false;
    *rest = bytes_slice(text, size, text.size);
    return true;
}

static bool parse_type(struct value *value, bytes type) {
    bytes rest;
    if (type.size > 2 && memcmp(type.data + type.size - 2, "[]", 2) == 0) {
        value->is_list = true;
        type.size -= 2;
        if (type.data[type.size - 1] == ']') return false;
    }
    if (begins_with(type, "uint", &rest) || begins_with(type, "int", &rest)) {
        value->kind = type.data[0] == 'u' ? KIND_UINT : KIND_INT;
        if (!read_decimal(&value->size, rest)) return false;
        if (rest.size == 0) value->size = 256;
        return value->size != 0 && value->size <= 256 && value->size % 8 == 0;
    }
    if (begins_with(type, "bytes", &rest)) {
        value->kind = rest.size == 0 ? KIND_BYTES : KIND_FIXED;
        if (value->kind == KIND_BYTES && value->is_list) return false;
        return read_decimal(&value->size, rest) && value->size <= 32 &&
               (rest.size == 0 || value->size != 0);
    }
    if (begins_with(type, "address", &rest))
        value->kind = KIND_ADDRESS;
    else if (begins_with(type, "bool", &rest))
        value->kind = KIND_BOOL;
    else if (begins_with(type, "string", &rest) && !value->is_list)
        value->kind = KIND_STRING;
    else
        return false;
    return rest.size == 0;
}

/* Splits "type [word…] [name], …" into values without data. */
static bool parse_list(struct value values[VALUES_MAX], size_t *count, bytes list) {
    *count = 0;
    for (size_t at = 0; at < list.size || *count > 0;) {
        if (*count == VALUES_MAX) return false;
        size_t end = at;
        while (end < list.size && list.data[end] != ',')
            end++;
        bytes type = BYTES_EMPTY;
        bytes name = BYTES_EMPTY;
        for (size_t i = at; i < end;) {
            size_t start = i;
            while (i < end && list.data[i] != ' ')
                i++;
            bytes word = bytes_slice(list, start, i - start);
            if (word.size > 0 && type.size == 0)
                type = word;
            else if (word.size > 0)
                name = word;
            if (i < end) i++;
        }
        values[*count] = (struct value){.name = name};
        if (!parse_type(&values[*count], type)) return false;
        ++*count;
        if (end >= list.size) break;
        at = end + 1;
    }
    return true;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool word_fits(const struct value *value, const uint8_t word[32]) {
    unsigned unused = 0;
    uint8_t filler = 0;
    switch (value->kind) {
    case KIND_UINT:
        unused = 32 - value->size / 8;
        break;
    case KIND_INT:
        unused = 32 - value->size / 8;
        filler = word[unused] & 0x80 ? 0xff : 0;
        break;
    case KIND_ADDRESS:
        unused = 12;
        break;
    case KIND_BOOL:
        unused = 31;
        break;
    case KIND_FIXED:
        for (unsigned i = value->size; i < 32; i++)
            if (word[i] != 0) return false;
        return true;
    case KIND_BYTES:
    case KIND_STRING:
        return true;
    }
    for (unsigned i = 0; i < unused; i++)
        if (word[i] != filler) return false;
    return value->kind != KIND_BOOL || word[31] <= 1;
}

/* The count of a dynamic value whose offset stands in word, and where its content begins. */
static bool find_content(size_t *count, bytes *content, bytes data, bytes word) {
    u256 offset = u256_load_be(word.data);
    bytes count_word = bytes_slice(data, u256_to_u64_saturating(&offset), 32);
    if (count_word.size != 32) return false;
    u256 number = u256_load_be(count_word.data);
    *count = u256_to_u64_saturating(&number);
    *content = bytes_slice(data, (size_t)(count_word.data - data.data) + 32, SIZE_MAX);
    return true;
}

static bool find_data(struct value *value, bytes data, size_t index) {
    bytes word = bytes_slice(data, 32 * index, 32);
    if (word.size != 32) return false;
    size_t count;
    bytes content;
    if (value->is_list) {
        if (!find_content(&count, &content, data, word) || count > content.size / 32) return false;
        for (size_t i = 0; i < count; i++)
            if (!word_fits(value, content.data + 32 * i)) return false;
        value->data = bytes_slice(content, 0, 32 * count);
        return true;
    }
    if (value->kind != KIND_BYTES && value->kind != KIND_STRING) {
        value->data = word;
        return word_fits(value, word.data);
    }
    if (!find_content(&count, &content, data, word) || count > content.size) return false;
    value->data = bytes_slice(content, 0, count);
    return true;
}

void abi_print_address(FILE *out, const address *who, const struct abi_style *style) {
    const char *name =
        style->names == NULL ? NULL : names_address(style->names, style->chain_id, who);
    if (name != NULL) {
        abi_print_text(out, bytes_of(name, strlen(name)));
        if (!style->is_full) return;
        fputc(' ', out);
    }
    abi_print_hex(out, address_bytes(who), style->is_full);
}

static void print_string(FILE *out, bytes text, bool is_full) {
    size_t size_max = is_full ? FULL_SIZE_MAX : TEXT_SIZE_MAX;
    fputc('"', out);
    abi_print_text(out, bytes_slice(text, 0, size_max));
    fputs(text.size > size_max ? "…\"" : "\"", out);
}

static void print_number(FILE *out, bytes word, bool is_signed) {
    char decimal[U256_DECIMAL_SIZE_MAX];
    u256 number = u256_load_be(word.data);
    if (is_signed && number.w[3] >> 63) {
        u256 zero = U256_ZERO;
        number = u256_sub(&zero, &number);
        fputc('-', out);
    }
    (void)u256_to_decimal(decimal, &number);
    fputs(decimal, out);
}

/* One value, or one item of a list. */
static void
print_item(FILE *out, const struct value *value, bytes data, const struct abi_style *style) {
    address who;
    switch (value->kind) {
    case KIND_UINT:
    case KIND_INT:
        print_number(out, data, value->kind == KIND_INT);
        break;
    case KIND_ADDRESS:
        memcpy(who.b, data.data + 12, 20);
        abi_print_address(out, &who, style);
        break;
    case KIND_BOOL:
        fputs(data.data[31] ? "true" : "false", out);
        break;
    case KIND_FIXED:
        abi_print_hex(out, bytes_slice(data, 0, value->size), style->is_full);
        break;
    case KIND_BYTES:
        abi_print_hex(out, data, style->is_full);
        break;
    case KIND_STRING:
        print_string(out, data, style->is_full);
        break;
    }
}

static void print_value(FILE *out, const struct value *value, const struct abi_style *style) {
    if (!value->is_list) {
        print_item(out, value, value->data, style);
        return;
    }
    size_t count = value->data.size / 32;
    size_t shown = style->is_full || count <= ITEMS_MAX ? count : ITEMS_MAX;
    fputc('[', out);
    for (size_t i = 0; i < shown; i++) {
        if (i > 0) fputs(", ", out);
        print_item(out, value, bytes_slice(value->data, 32 * i, 32), style);
    }
    if (shown < count) fprintf(out, ", … %zu in all", count);
    fputc(']', out);
}

bool abi_print_values(
    FILE *out, const char *signature, enum abi_part part, bytes data, const struct abi_style *style
) {
    bytes inputs;
    bytes results;
    bool has_results;
    if (!split_signature(&inputs, &results, &has_results, signature)) return false;
    if (part == ABI_RESULTS && !has_results) return false;
    struct value values[VALUES_MAX];
    size_t count;
    if (!parse_list(values, &count, part == ABI_INPUTS ? inputs : results)) return false;
    for (size_t i = 0; i < count; i++)
        if (!find_data(&values[i], data, i)) return false;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) fputs(", ", out);
        if (values[i].name.size > 0) {
            abi_print_text(out, values[i].name);
            fputs(": ", out);
        }
        print_value(out, &values[i], style);
    }
    return true;
}
