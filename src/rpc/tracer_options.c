/* The options of debug_trace…: which tracer, and what it is told. Wording of errors: geth's. */
#include "rpc/arguments.h"
#include "rpc/tracer_private.h"

#include <stdio.h>

#define PROBLEM_SIZE_MAX 160

struct reader {
    struct arena *arena;
    const struct json *json;
    const char *problem;
    bool is_tracer;
    bool no_memory;
};

static void note(struct reader *r, const char *problem) {
    if (r->problem == NULL) r->problem = problem;
}

static const char *kind_word(enum json_kind kind) {
    switch (kind) {
    case JSON_NULL:
        return "null";
    case JSON_FALSE:
    case JSON_TRUE:
        return "bool";
    case JSON_NUMBER:
        return "number";
    case JSON_STRING:
        return "string";
    case JSON_ARRAY:
        return "array";
    case JSON_OBJECT:
        return "object";
    }
    return "value";
}

/* As Go's encoding/json words it. */
static void
note_type(struct reader *r, uint32_t token, const char *place, const char *key, const char *type) {
    char *text = arena_alloc(r->arena, PROBLEM_SIZE_MAX);
    if (text == NULL) {
        r->no_memory = true;
        return;
    }
    (void)snprintf(
        text,
        PROBLEM_SIZE_MAX,
        "json: cannot unmarshal %s into Go struct field %s.%s of type %s",
        kind_word(json_kind(r->json, token)),
        place,
        key,
        type
    );
    note(r, text);
}

/* A member that is there and not null, or 0. */
static uint32_t member(const struct reader *r, uint32_t object, const char *key) {
    uint32_t token = json_member(r->json, object, key);
    return token != 0 && json_kind(r->json, token) == JSON_NULL ? 0 : token;
}

static void
read_bool(struct reader *r, bool *out, uint32_t object, const char *place, const char *key) {
    uint32_t token = member(r, object, key);
    if (token != 0 && value_bool(out, r->json, token) != NULL)
        note_type(r, token, place, key, "bool");
}

static void read_ignored(struct reader *r, struct tracer_options *out, uint32_t config) {
    uint32_t list = member(r, config, "ignoredOpcodes");
    if (list == 0) return;
    if (json_kind(r->json, list) != JSON_ARRAY) {
        note_type(r, list, "erc7562TracerConfig", "ignoredOpcodes", "[]hexutil.Uint64");
        return;
    }
    out->has_ignored_opcodes = true;
    uint32_t end = r->json->tokens[list].next;
    for (uint32_t at = list + 1; at < end; at = r->json->tokens[at].next) {
        uint64_t opcode;
        if (value_quantity_u64(&opcode, r->json, at) != NULL) {
            note_type(r, at, "erc7562TracerConfig", "ignoredOpcodes", "hexutil.Uint64");
            return;
        }
        if (opcode < 256) out->ignored_opcodes[opcode / 64] |= (uint64_t)1 << opcode % 64;
    }
}

/* The options of one named tracer; not muxTracer's. config may be 0. */
static void read_config(struct reader *r, struct tracer_options *out, uint32_t config) {
    static const char call[] = "callTracerConfig";
    static const char flat[] = "flatCallTracerConfig";
    static const char prestate[] = "PrestateTracerConfig";
    if (config == 0) return;
    if (json_kind(r->json, config) != JSON_OBJECT) {
        note(r, "tracerConfig is not an object");
        return;
    }
    switch (out->kind) {
    case TRACER_CALL:
        read_bool(r, &out->only_top_call, config, call, "onlyTopCall");
        read_bool(r, &out->with_log, config, call, "withLog");
        break;
    case TRACER_FLAT_CALL:
        read_bool(r, &out->convert_parity_errors, config, flat, "convertParityErrors");
        read_bool(r, &out->include_precompiles, config, flat, "includePrecompiles");
        break;
    case TRACER_PRESTATE:
        read_bool(r, &out->diff_mode, config, prestate, "diffMode");
        read_bool(r, &out->disable_code, config, prestate, "disableCode");
        read_bool(r, &out->disable_storage, config, prestate, "disableStorage");
        read_bool(r, &out->include_empty, config, prestate, "includeEmpty");
        if (out->diff_mode && out->include_empty) note(r, "cannot use diffMode with includeEmpty");
        break;
    case TRACER_ERC7562:
        read_bool(r, &out->with_log, config, "erc7562TracerConfig", "withLog");
        read_ignored(r, out, config);
        break;
    case TRACER_STRUCT:
    case TRACER_CALL_LEGACY:
    case TRACER_PRESTATE_LEGACY:
    case TRACER_FOUR_BYTE:
    case TRACER_NOOP:
    case TRACER_MUX:
    case TRACER_KIND_COUNT:
        break;
    }
}

static bool find_kind(enum tracer_kind *kind, const struct json *json, uint32_t name) {
    static const struct {
        enum tracer_kind kind;
        const char *name;
    } rows[] = {
#define TRACER_ROW(constant, text) {TRACER_##constant, text},
        TRACER_LIST(TRACER_ROW)
#undef TRACER_ROW
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (!json_string_is(json, name, rows[i].name)) continue;
        *kind = rows[i].kind;
        return true;
    }
    return false;
}

static void read_mux(struct reader *r, struct tracer_options *out, uint32_t config) {
    const struct json *json = r->json;
    if (config == 0 || json_kind(json, config) != JSON_OBJECT) {
        note(r, "tracerConfig of muxTracer is not an object of tracers");
        return;
    }
    size_t count = json->tokens[config].count;
    if (count > TRACER_PARTS_MAX) {
        note(r, "too many tracers in a muxTracer");
        return;
    }
    struct tracer_options *parts = arena_alloc_zero(r->arena, (count + 1) * sizeof(*parts));
    if (parts == NULL) {
        r->no_memory = true;
        return;
    }
    uint32_t at = config + 1;
    for (size_t i = 0; i < count; i++, at = json->tokens[at + 1].next) {
        if (!find_kind(&parts[i].kind, json, at) || parts[i].kind == TRACER_STRUCT) {
            note(r, "tracer not found");
            return;
        }
        if (parts[i].kind == TRACER_MUX) {
            note(r, "a muxTracer cannot hold a muxTracer");
            return;
        }
        read_config(r, &parts[i], json_kind(json, at + 1) == JSON_NULL ? 0 : at + 1);
    }
    out->parts = parts;
    out->part_count = count;
}

/* A unit of Go's durations, at this place of the text; NULL if there is none. */
struct duration_unit {
    const char *name;
    double us;
};

static const struct duration_unit *find_unit(bytes text, size_t at) {
    static const struct duration_unit units[] = {
        {"ns", 1e-3}, {"us", 1}, {"µs", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}};
    const struct duration_unit *best = NULL;
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        size_t size = strlen(units[i].name);
        if (text.size - at >= size && memcmp(text.data + at, units[i].name, size) == 0 &&
            (best == NULL || size > strlen(best->name)))
            best = &units[i];
    }
    return best;
}

/* "5s", "300ms", "1m30s": Go's durations, in microseconds; negative ones are over at once. */
static bool read_duration(uint64_t *us, bytes text) {
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');
    bool is_negative = at == 1 && text.data[0] == '-';
    double sum = 0;
    *us = 0;
    if (text.size - at == 1 && text.data[at] == '0') return true;
    if (at == text.size) return false;
    while (at < text.size) {
        size_t digits = 0;
        double value = 0;
        for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++, digits++)
            value = value * 10 + (text.data[at] - '0');
        if (at < text.size && text.data[at] == '.') at++;
        double scale = 1;
        for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++, digits++)
            value += (scale /= 10) * (text.data[at] - '0');
        const struct duration_unit *unit = find_unit(text, at);
        if (digits == 0 || unit == NULL) return false;
        at += strlen(unit->name);
        sum += value * unit->us;
    }
    if (sum >= 9223372036854775.807) return false; /* 2^63 ns: more is no duration */
    if (!is_negative) *us = (uint64_t)sum;
    return true;
}

static void read_timeout(struct reader *r, struct tracer_options *out, uint32_t object) {
    uint32_t token = member(r, object, "timeout");
    if (token == 0 || r->problem != NULL) return;
    if (json_kind(r->json, token) != JSON_STRING) {
        note_type(r, token, "TraceConfig", "timeout", "string");
        return;
    }
    bytes text = json_text(r->json, token);
    if (read_duration(&out->timeout_us, text)) {
        out->has_timeout = true;
        return;
    }
    char *problem = arena_alloc(r->arena, PROBLEM_SIZE_MAX);
    if (problem == NULL) {
        r->no_memory = true;
        return;
    }
    int size = text.size > 64 ? 64 : (int)text.size;
    (void)snprintf(
        problem, PROBLEM_SIZE_MAX, "time: invalid duration \"%.*s\"", size, (const char *)text.data
    );
    r->is_tracer = true;
    note(r, problem);
}

static void read_struct_logger(struct reader *r, struct tracer_options *out, uint32_t object) {
    static const char place[] = "TraceConfig";
    read_bool(r, &out->enable_memory, object, place, "enableMemory");
    read_bool(r, &out->disable_stack, object, place, "disableStack");
    read_bool(r, &out->disable_storage, object, place, "disableStorage");
    read_bool(r, &out->enable_return_data, object, place, "enableReturnData");
    uint32_t limit = member(r, object, "limit");
    if (limit != 0 && value_number(&out->limit, r->json, limit) != NULL)
        note_type(r, limit, place, "limit", "int");
}

static void read_tracer(struct reader *r, struct tracer_options *out, uint32_t object) {
    uint32_t name = member(r, object, "tracer");
    if (name != 0 && json_kind(r->json, name) != JSON_STRING) {
        note_type(r, name, "TraceConfig", "tracer", "string");
        return;
    }
    if (name == 0) {
        out->kind = TRACER_STRUCT;
        return;
    }
    r->is_tracer = true;
    *out = (struct tracer_options){.kind = TRACER_STRUCT};
    if (!find_kind(&out->kind, r->json, name) || out->kind == TRACER_STRUCT) {
        note(r, "tracer not found");
        return;
    }
    uint32_t config = member(r, object, "tracerConfig");
    if (out->kind == TRACER_MUX)
        read_mux(r, out, config);
    else
        read_config(r, out, config);
}

enum err tracer_options_read(
    struct tracer_options *out,
    const char **problem,
    bool *is_tracer,
    struct arena *arena,
    const struct json *json,
    uint32_t object
) {
    struct reader r = {.arena = arena, .json = json};
    struct tracer_options options = {.kind = TRACER_STRUCT};
    read_struct_logger(&r, &options, object);
    if (r.problem == NULL) read_tracer(&r, &options, object);
    read_timeout(&r, &options, object);
    if (r.no_memory) return ERR_MEMORY;
    if (r.problem != NULL) {
        *problem = r.problem;
        *is_tracer = r.is_tracer;
        return ERR_INPUT;
    }
    *out = options;
    return ERR_OK;
}
