#include "cli/trace_tree.h"

#include "core/hex.h"
#include "rpc/abi_text.h"

#include <inttypes.h>
#include <stdlib.h>

#define CHAIN_COLUMN   8          /* width of the chain's name */
#define LABEL_SIZE_MAX 64         /* of names and error texts that the server gives */
#define DATA_SIZE_MAX  (8u << 20) /* of one input or output; more is not looked at */
#define COLOURS_COUNT  6

/* The fields of a frame, as tokens; 0 is absent. */
struct frame {
    uint32_t type, from, to, value, gas_used, input, output, error, revert_reason, calls;
    uint32_t chain_id, chain, crossing, via_proxy, caller_gas_used, entry_hash, head_pre, head_post;
    uint32_t from_label, to_label, function;
};

static const struct {
    const char *key;
    size_t offset;
} frame_fields[] = {
    {"type", offsetof(struct frame, type)},
    {"from", offsetof(struct frame, from)},
    {"to", offsetof(struct frame, to)},
    {"value", offsetof(struct frame, value)},
    {"gasUsed", offsetof(struct frame, gas_used)},
    {"input", offsetof(struct frame, input)},
    {"output", offsetof(struct frame, output)},
    {"error", offsetof(struct frame, error)},
    {"revertReason", offsetof(struct frame, revert_reason)},
    {"calls", offsetof(struct frame, calls)},
    {"chainId", offsetof(struct frame, chain_id)},
    {"chain", offsetof(struct frame, chain)},
    {"crossing", offsetof(struct frame, crossing)},
    {"viaProxy", offsetof(struct frame, via_proxy)},
    {"callerGasUsed", offsetof(struct frame, caller_gas_used)},
    {"entryHash", offsetof(struct frame, entry_hash)},
    {"headPre", offsetof(struct frame, head_pre)},
    {"headPost", offsetof(struct frame, head_post)},
    {"fromLabel", offsetof(struct frame, from_label)},
    {"toLabel", offsetof(struct frame, to_label)},
    {"function", offsetof(struct frame, function)},
};

/* The calls of a frame that are not printed yet. */
struct level {
    uint32_t next; /* token */
    uint32_t end;
    uint64_t chain_id; /* of the frame that makes them */
};

struct printer {
    FILE *out;
    const struct json *json;
    const struct trace_style *style;
    struct arena arena;             /* what one frame's texts and data need */
    struct level *levels;           /* one a depth, TRACE_DEPTH_MAX */
    unsigned depth;                 /* of the frame being printed; 0 is the outermost */
    uint64_t chains[COLOURS_COUNT]; /* chain ids in order of appearance, for their colours */
    unsigned chains_count;
};

/* --- colours ---------------------------------------------------------------------------------- */

#define RED   "31"
#define GREEN "32"
#define DIM   "2"
#define BOLD  "1"

static void colour(struct printer *p, const char *code) {
    if (p->style->has_colour) fprintf(p->out, "\x1b[%sm", code);
}

static void plain(struct printer *p) {
    if (p->style->has_colour) fputs("\x1b[0m", p->out);
}

static const char *chain_colour(struct printer *p, uint64_t chain_id) {
    static const char *const codes[COLOURS_COUNT] = {"36", "33", "35", "34", "32", "37"};
    unsigned i = 0;
    while (i < p->chains_count && p->chains[i] != chain_id)
        i++;
    if (i == COLOURS_COUNT) return codes[COLOURS_COUNT - 1];
    if (i == p->chains_count) p->chains[p->chains_count++] = chain_id;
    return codes[i];
}

/* --- fields ----------------------------------------------------------------------------------- */

static void read_frame(struct frame *frame, const struct json *json, uint32_t object) {
    *frame = (struct frame){0};
    uint32_t end = json->tokens[object].next;
    for (uint32_t key = object + 1; key < end; key = json->tokens[key + 1].next)
        for (size_t i = 0; i < sizeof frame_fields / sizeof frame_fields[0]; i++)
            if (json_string_is(json, key, frame_fields[i].key)) {
                *(uint32_t *)((char *)frame + frame_fields[i].offset) = key + 1;
                break;
            }
}

static bool is_string(const struct printer *p, uint32_t token) {
    return token != 0 && json_kind(p->json, token) == JSON_STRING;
}

static bool read_quantity(const struct printer *p, uint32_t token, u256 *value) {
    if (!is_string(p, token)) return false;
    bytes text = json_text(p->json, token);
    return hex_decode_quantity(value, (const char *)text.data, text.size, true) == ERR_OK;
}

static bool read_u64(const struct printer *p, uint32_t token, uint64_t *value) {
    u256 number;
    if (!read_quantity(p, token, &number) || !u256_fits_u64(&number)) return false;
    *value = number.w[0];
    return true;
}

static bool read_fixed(const struct printer *p, uint32_t token, uint8_t *out, size_t size) {
    if (!is_string(p, token)) return false;
    bytes text = json_text(p->json, token);
    return hex_decode_exact(out, size, (const char *)text.data, text.size) == ERR_OK;
}

/* DATA of any size, in the arena. An absent or bad field, or one too big, is empty. */
static bytes read_data(struct printer *p, uint32_t token) {
    bytes data;
    if (!is_string(p, token)) return BYTES_EMPTY;
    bytes text = json_text(p->json, token);
    if (text.size > 2 * DATA_SIZE_MAX) return BYTES_EMPTY;
    if (hex_decode(&data, &p->arena, (const char *)text.data, text.size) != ERR_OK)
        return BYTES_EMPTY;
    return data;
}

/* A string, cut to LABEL_SIZE_MAX unless full; empty if absent. */
static bytes read_text(struct printer *p, uint32_t token) {
    bytes text;
    if (!is_string(p, token)) return BYTES_EMPTY;
    if (json_unescape(&text, &p->arena, p->json, token) != ERR_OK) return BYTES_EMPTY;
    return p->style->is_full ? text : bytes_slice(text, 0, LABEL_SIZE_MAX);
}

static bool text_is(bytes text, const char *expected) {
    return bytes_equal(text, bytes_of(expected, strlen(expected)));
}

/* --- pieces of a line ------------------------------------------------------------------------- */

static void print_grouped(FILE *out, uint64_t number) {
    char digits[21];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) fputc(',', out);
        fputc(digits[i], out);
    }
}

static struct abi_style abi_style(const struct printer *p, uint64_t chain_id) {
    return (struct abi_style){p->style->is_full, p->style->names, chain_id};
}

/* An address by its name from the names file, by the server's label, or by its digits. */
static void print_party(struct printer *p, uint32_t token, uint32_t label, uint64_t chain_id) {
    address who;
    if (!read_fixed(p, token, who.b, 20)) {
        fputc('?', p->out);
        return;
    }
    const struct abi_style style = abi_style(p, chain_id);
    bytes text = BYTES_EMPTY;
    if (style.names == NULL || names_address(style.names, chain_id, &who) == NULL)
        text = read_text(p, label);
    if (text.size > 0) {
        abi_print_text(p->out, text);
        if (!p->style->is_full) return;
        fputc(' ', p->out);
    }
    abi_print_address(p->out, &who, &style);
}

static void print_data_size(struct printer *p, bytes data) {
    abi_print_hex(p->out, data, p->style->is_full);
    if (data.size > 10) fprintf(p->out, " (%zu bytes)", data.size);
}

/* The signature of the called function: from the names file, then from the server; NULL if unknown.
 * In the arena. */
static const char *find_function(struct printer *p, const struct frame *frame, bytes input) {
    const char *known = NULL;
    if (p->style->names != NULL && input.size >= 4)
        known = names_function(p->style->names, input.data);
    if (known != NULL || !is_string(p, frame->function)) return known;
    bytes text;
    if (json_unescape(&text, &p->arena, p->json, frame->function) != ERR_OK) return NULL;
    if (text.size > ABI_SIGNATURE_SIZE_MAX) return NULL;
    char *copy = arena_alloc(&p->arena, text.size + 1);
    if (copy == NULL) return NULL;
    if (text.size > 0) memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    /* Only if it is the signature of what was called. */
    uint8_t selector[4];
    if (input.size < 4 || !abi_selector(selector, copy) || memcmp(selector, input.data, 4) != 0)
        return NULL;
    return copy;
}

static void
print_call(struct printer *p, bytes type, const char *function, bytes input, uint64_t chain_id) {
    if (text_is(type, "CREATE") || text_is(type, "CREATE2")) {
        fprintf(p->out, "new (%zu bytes of init code)", input.size);
        return;
    }
    if (text_is(type, "SELFDESTRUCT")) {
        fputs("selfdestruct", p->out);
        return;
    }
    if (text_is(type, "STATICCALL")) fputs("static ", p->out);
    if (text_is(type, "DELEGATECALL")) fputs("delegate ", p->out);
    if (text_is(type, "CALLCODE")) fputs("callcode ", p->out);
    if (input.size == 0) {
        fputs("()", p->out);
        return;
    }
    bytes arguments = bytes_slice(input, 4, input.size);
    if (function == NULL) {
        abi_print_hex(p->out, bytes_slice(input, 0, 4), true);
        fputc('(', p->out);
        if (arguments.size > 0) print_data_size(p, arguments);
        fputc(')', p->out);
        return;
    }
    abi_print_text(p->out, bytes_of(function, strcspn(function, "(")));
    fputc('(', p->out);
    const struct abi_style style = abi_style(p, chain_id);
    if (!abi_print_values(p->out, function, ABI_INPUTS, arguments, &style) && arguments.size > 0)
        print_data_size(p, arguments);
    fputc(')', p->out);
}

/* Solidity documentation, "Panic via assert and Error via require". */
static const char *panic_text(uint64_t code) {
    switch (code) {
    case 0x00:
        return "generic";
    case 0x01:
        return "assert";
    case 0x11:
        return "arithmetic overflow";
    case 0x12:
        return "division by zero";
    case 0x21:
        return "no such enum value";
    case 0x22:
        return "storage byte array badly encoded";
    case 0x31:
        return "pop of an empty array";
    case 0x32:
        return "index out of bounds";
    case 0x41:
        return "too much memory";
    case 0x51:
        return "call of an uninitialised function";
    default:
        return "unknown";
    }
}

static void print_revert_data(struct printer *p, bytes data, uint64_t chain_id) {
    const char *signature = NULL;
    if (p->style->names != NULL && data.size >= 4)
        signature = names_error(p->style->names, data.data);
    bytes arguments = bytes_slice(data, 4, data.size);
    if (signature == NULL) {
        if (data.size >= 4) {
            abi_print_hex(p->out, bytes_slice(data, 0, 4), true);
            fputc('(', p->out);
            if (arguments.size > 0) print_data_size(p, arguments);
            fputc(')', p->out);
        } else
            abi_print_hex(p->out, data, true);
        return;
    }
    abi_print_text(p->out, bytes_of(signature, strcspn(signature, "(")));
    fputc('(', p->out);
    if (strcmp(signature, "Panic(uint256)") == 0 && arguments.size == 32) {
        u256 code = u256_load_be(arguments.data);
        uint64_t number = u256_to_u64_saturating(&code);
        fprintf(p->out, "0x%02" PRIx64 ": %s", number, panic_text(number));
    } else {
        const struct abi_style style = abi_style(p, chain_id);
        if (!abi_print_values(p->out, signature, ABI_INPUTS, arguments, &style) &&
            arguments.size > 0)
            print_data_size(p, arguments);
    }
    fputc(')', p->out);
}

static void
print_error(struct printer *p, const struct frame *frame, bytes output, uint64_t chain_id) {
    bytes error = read_text(p, frame->error);
    bytes reason = read_text(p, frame->revert_reason);
    colour(p, RED);
    fputs("  ✗ ", p->out);
    if (output.size > 0) {
        if (!text_is(error, "execution reverted") && error.size > 0) {
            abi_print_text(p->out, error);
            fputs(": ", p->out);
        }
        print_revert_data(p, output, chain_id);
    } else if (reason.size > 0)
        abi_print_text(p->out, reason);
    else if (error.size > 0)
        abi_print_text(p->out, error);
    else
        fputs("failed", p->out);
    plain(p);
}

static void
print_result(struct printer *p, bytes type, const char *function, bytes output, uint64_t chain_id) {
    if (text_is(type, "CREATE") || text_is(type, "CREATE2")) {
        fprintf(p->out, "  = %zu bytes of code", output.size);
        return;
    }
    if (output.size == 0) return;
    fputs("  = ", p->out);
    colour(p, GREEN);
    u256 word;
    const struct abi_style style = abi_style(p, chain_id);
    if (function != NULL && abi_print_values(p->out, function, ABI_RESULTS, output, &style)) {
        /* written */
    } else if (output.size == 32 && (word = u256_load_be(output.data), u256_fits_u64(&word))) {
        /* A small word is a number more often than not. */
        fprintf(p->out, "%" PRIu64, word.w[0]);
    } else
        print_data_size(p, output);
    plain(p);
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool has_next(const struct printer *p, unsigned depth) {
    return p->levels[depth].next < p->levels[depth].end;
}

/* What stands left of a frame's text. is_detail: of the line below it. */
static void print_indent(struct printer *p, bool is_detail) {
    unsigned drawn = p->depth < TRACE_DRAWN_MAX ? p->depth : TRACE_DRAWN_MAX;
    colour(p, DIM);
    /* The deepest levels are those drawn: the frame hangs on its parent's branch. */
    for (unsigned i = 1; i <= drawn; i++) {
        unsigned depth = p->depth - drawn + i;
        bool is_last = i == drawn;
        if (is_last && !is_detail)
            fputs(has_next(p, depth - 1) ? "├─ " : "└─ ", p->out);
        else
            fputs(has_next(p, depth - 1) ? "│  " : "   ", p->out);
    }
    if (p->depth > drawn && !is_detail) fprintf(p->out, "[depth %u] ", p->depth);
    plain(p);
}

static void print_chain(struct printer *p, bytes name, uint64_t chain_id) {
    char padded[CHAIN_COLUMN + 1];
    memset(padded, ' ', CHAIN_COLUMN);
    padded[CHAIN_COLUMN] = 0;
    colour(p, chain_colour(p, chain_id));
    abi_print_text(p->out, name);
    plain(p);
    if (name.size < CHAIN_COLUMN) fputs(padded + name.size, p->out);
    fputc(' ', p->out);
}

static void print_hash(struct printer *p, const char *before, uint32_t token) {
    hash32 hash;
    fputs(before, p->out);
    if (read_fixed(p, token, hash.b, 32))
        abi_print_hex(p->out, hash32_bytes(&hash), p->style->is_full);
    else
        fputc('?', p->out);
}

/* The line below a crossing: how the call got there. */
static void print_crossing(struct printer *p, const struct frame *frame) {
    address proxy;
    bool has_proxy = read_fixed(p, frame->via_proxy, proxy.b, 20);
    bool has_head = frame->head_pre != 0 || frame->head_post != 0;
    uint64_t gas;
    bool has_gas = read_u64(p, frame->caller_gas_used, &gas);
    if (!has_proxy && frame->entry_hash == 0 && !has_head && !has_gas) return;
    fprintf(p->out, "%*s", CHAIN_COLUMN + 1, "");
    print_indent(p, true);
    colour(p, DIM);
    const char *before = "";
    if (has_proxy) {
        fputs("via proxy ", p->out);
        abi_print_hex(p->out, address_bytes(&proxy), p->style->is_full);
        before = ", ";
    }
    if (frame->entry_hash != 0) {
        fputs(before, p->out);
        print_hash(p, "entry ", frame->entry_hash);
        before = ", ";
    }
    if (has_head) {
        fputs(before, p->out);
        print_hash(p, "head ", frame->head_pre);
        print_hash(p, " → ", frame->head_post);
        before = ", ";
    }
    if (has_gas) {
        fprintf(p->out, "%scost its caller ", before);
        print_grouped(p->out, gas);
        fputs(" gas", p->out);
    }
    plain(p);
    fputc('\n', p->out);
}

/* Prints the line of a frame that runs on chain_id and was called from caller_chain. */
static void print_frame(
    struct printer *p, const struct frame *frame, uint64_t chain_id, uint64_t caller_chain
) {
    bytes type = read_text(p, frame->type);
    bytes input = read_data(p, frame->input);
    bytes output = read_data(p, frame->output);
    bool is_crossing = frame->crossing != 0 && json_kind(p->json, frame->crossing) == JSON_TRUE;
    bytes chain = bytes_slice(read_text(p, frame->chain), 0, LABEL_SIZE_MAX);
    const char *function = find_function(p, frame, input);

    print_chain(p, chain, chain_id);
    print_indent(p, false);
    print_party(p, frame->from, frame->from_label, is_crossing ? caller_chain : chain_id);
    if (is_crossing) colour(p, BOLD);
    fputs(is_crossing ? " ⇒ " : " → ", p->out);
    if (is_crossing) plain(p);
    print_party(p, frame->to, frame->to_label, chain_id);
    fputs("  ", p->out);
    print_call(p, type, function, input, chain_id);
    u256 value;
    if (read_quantity(p, frame->value, &value) && !u256_is_zero(&value)) {
        fputs("  value ", p->out);
        abi_print_ether(p->out, &value);
    }
    uint64_t gas_used;
    if (read_u64(p, frame->gas_used, &gas_used)) {
        colour(p, DIM);
        fputs("  gas ", p->out);
        print_grouped(p->out, gas_used);
        plain(p);
    }
    if (frame->error != 0)
        print_error(p, frame, output, chain_id);
    else
        print_result(p, type, function, output, chain_id);
    fputc('\n', p->out);
    if (is_crossing) print_crossing(p, frame);
}

/* --- the tree --------------------------------------------------------------------------------- */

/* Prints the frame at token, which is p->depth deep, and opens its level. */
static void enter(struct printer *p, uint32_t token, uint64_t caller_chain) {
    struct frame frame;
    read_frame(&frame, p->json, token);
    uint64_t chain_id = caller_chain;
    (void)read_u64(p, frame.chain_id, &chain_id);
    arena_reset(&p->arena);
    print_frame(p, &frame, chain_id, caller_chain);
    struct level *level = &p->levels[p->depth];
    *level = (struct level){.chain_id = chain_id};
    if (frame.calls == 0 || json_kind(p->json, frame.calls) != JSON_ARRAY) return;
    level->next = frame.calls + 1;
    level->end = p->json->tokens[frame.calls].next;
}

static enum err print_frames(struct printer *p, uint32_t root, uint64_t chain_id) {
    enter(p, root, chain_id);
    for (unsigned depth = 0;;) {
        struct level *level = &p->levels[depth];
        if (level->next >= level->end) {
            if (depth == 0) return ERR_OK;
            depth--;
            continue;
        }
        uint32_t token = level->next;
        level->next = p->json->tokens[token].next;
        if (json_kind(p->json, token) != JSON_OBJECT) continue;
        if (depth + 1 == TRACE_DEPTH_MAX) return ERR_LIMIT;
        p->depth = ++depth;
        enter(p, token, level->chain_id);
    }
}

static void print_header(struct printer *p, uint32_t root) {
    uint64_t number;
    hash32 hash;
    if (read_fixed(p, json_member(p->json, root, "hash"), hash.b, 32))
        abi_print_hex(p->out, hash32_bytes(&hash), true);
    else
        fputs("transaction", p->out);
    bytes chain = read_text(p, json_member(p->json, root, "chain"));
    if (chain.size > 0) {
        fputs(" on ", p->out);
        abi_print_text(p->out, chain);
    }
    if (read_u64(p, json_member(p->json, root, "chainId"), &number))
        fprintf(p->out, " (chain %" PRIu64 ")", number);
    if (read_u64(p, json_member(p->json, root, "blockNumber"), &number))
        fprintf(p->out, ", block %" PRIu64, number);
    if (read_u64(p, json_member(p->json, root, "status"), &number)) {
        colour(p, number == 1 ? GREEN : RED);
        fputs(number == 1 ? ": ok" : ": failed", p->out);
        plain(p);
    }
    if (read_u64(p, json_member(p->json, root, "gasUsed"), &number)) {
        fputs(", gas used ", p->out);
        print_grouped(p->out, number);
    }
    fputs("\n\n", p->out);
}

enum err trace_tree_print(
    FILE *out, const struct json *json, uint32_t token, const struct trace_style *style
) {
    uint32_t root = json_member(json, token, "frame");
    if (root == 0 || json_kind(json, root) != JSON_OBJECT) return ERR_INPUT;
    struct printer p = {.out = out, .json = json, .style = style};
    p.levels = malloc(TRACE_DEPTH_MAX * sizeof *p.levels);
    if (p.levels == NULL) return ERR_MEMORY;
    arena_open(&p.arena, 4 * (size_t)DATA_SIZE_MAX);
    uint64_t chain_id = 0;
    (void)read_u64(&p, json_member(json, token, "chainId"), &chain_id);
    print_header(&p, token);
    enum err err = print_frames(&p, root, chain_id);
    arena_close(&p.arena);
    free(p.levels);
    return err;
}
