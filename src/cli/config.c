#include "cli/config.h"

#include "core/check.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>

#define SECTION_ROLLUP "rollup"
#define SHOWN_SIZE     64

struct reader {
    struct network_options *options;
    struct arena *arena;
    struct cli_error *error;
    bytes rest; /* of the text */
    int line;   /* of what was handed out last, from 1 */

    /* The section that goes on, after its first key. */
    int header_line;          /* of the newest header; 0: none yet */
    bool is_empty;            /* no key has come since */
    char section[SHOWN_SIZE]; /* libinih's, of the newest key */
    bool is_in_chain;         /* else in the part of the network as a whole */
    bool has_l1;
    size_t chain;

    bool has_failed;
    int failed_line;
};

/* Keeps the first error; more than one line can be wrong. */
static bool fail_at(struct reader *r, int line, const struct cli_error *what) {
    if (r->has_failed) return false;
    r->has_failed = true;
    r->failed_line = line;
    (void)cli_fail(r->error, "%.200s:%d: %.280s", r->options->config, line, what->text);
    return false;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct reader *r, const char *format, ...) {
    struct cli_error what = {""};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what.text, sizeof what.text, format, arguments);
    va_end(arguments);
    return fail_at(r, r->line, &what);
}

/* --- sections --------------------------------------------------------------------------------- */

static bool fail_empty_section(struct reader *r) {
    static const struct cli_error what = {
        "nothing is said in this section; say something (type = evm), or remove it"};
    return fail_at(r, r->header_line, &what);
}

/* A chain's name is also that of its folder, and stands in logs and metrics. */
static bool is_name(const char *text) {
    size_t size = strlen(text);
    if (size == 0 || size >= NODE_NAME_SIZE || !islower((unsigned char)text[0])) return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (!islower(c) && !isdigit(c) && c != '-' && c != '_') return false;
    }
    /* Files of the data directory. */
    return strcmp(text, "lock") != 0 && strcmp(text, "beginning") != 0 && strcmp(text, "fork") != 0;
}

static bool begin_rollup(struct reader *r, const char *name) {
    struct network_options *o = r->options;
    if (!is_name(name))
        return fail(
            r,
            "[rollup NAME] needs a name of at most %d lower-case letters, digits, \"-\" and \"_\", "
            "a letter first, not \"%.50s\"",
            NODE_NAME_SIZE - 1,
            name
        );
    if (o->described_count == NODE_ROLLUPS_MAX)
        return fail(r, "more than %d rollups", NODE_ROLLUPS_MAX);
    for (size_t i = 1; i <= o->described_count; i++)
        if (strcmp(o->node.chains[i].name, name) == 0)
            return fail(r, "[rollup %s] is described twice", name);
    r->chain = ++o->described_count;
    struct node_chain_plan *plan = &o->node.chains[r->chain];
    (void)snprintf(plan->name, sizeof plan->name, "%s", name);
    return true;
}

static bool begin_section(struct reader *r, const char *section) {
    size_t size = sizeof SECTION_ROLLUP - 1;
    r->is_in_chain = true;
    if (strcmp(section, "l1") == 0) {
        if (r->has_l1) return fail(r, "[l1] is described twice");
        r->has_l1 = true;
        r->chain = 0;
        return true;
    }
    if (strncmp(section, SECTION_ROLLUP, size) == 0 &&
        (section[size] == 0 || isblank((unsigned char)section[size])))
        return begin_rollup(r, section + size + strspn(section + size, " \t"));
    return fail(
        r, "unknown section [%.50s]; a section is [l1] or [rollup NAME], one for each", section
    );
}

/* --- keys ------------------------------------------------------------------------------------- */

static bool fail_key(struct reader *r, const struct cli_table *table, const char *name) {
    const char *place = !r->is_in_chain ? "" : r->chain == 0 ? " of [l1]" : " of a rollup";
    const char *nearest = cli_nearest_option(table, name);
    if (nearest != NULL)
        return fail(r, "unknown key %.60s%s; did you mean %s?", name, place, nearest);
    bool is_of_all = cli_find(&network_table, name, strlen(name)) != NULL;
    if (r->is_in_chain && is_of_all)
        return fail(r, "%s is said of all chains, at the beginning, before any section", name);
    return fail(r, "unknown key %.60s%s; lockstep --help lists them", name, place);
}

static bool take_key(struct reader *r, const char *name, const char *value) {
    struct network_options *o = r->options;
    const struct cli_table *table = r->is_in_chain ? &network_chain_table : &network_table;
    void *target = r->is_in_chain ? (void *)&o->node.chains[r->chain] : (void *)o;
    uint64_t *given = r->is_in_chain ? &o->chain_given[r->chain] : &o->file_given;
    const struct cli_option *option = cli_find(table, name, strlen(name));
    if (option == NULL) return fail_key(r, table, name);
    if (option->is_of_commands) return fail(r, "%s is for the command line alone", name);
    bool is_of_l1 = r->is_in_chain && r->chain == 0;
    if (is_of_l1 && (option->offset == offsetof(struct node_chain_plan, type) ||
                     option->offset == offsetof(struct node_chain_plan, proof) ||
                     option->offset == offsetof(struct node_chain_plan, token) ||
                     option->offset == offsetof(struct node_chain_plan, parent_name)))
        return fail(r, "%s is said of rollups, not of L1", name);
    uint64_t bit = cli_option_bit(table, option);
    if ((*given & bit) != 0 && option->kind != CLI_EACH) return fail(r, "%s is said twice", name);
    *given |= bit;

    /* What the command line has said holds; what the file says must be right all the same. */
    bool is_overruled = !r->is_in_chain && (o->given & bit) != 0 && option->kind != CLI_EACH;
    static struct network_options elsewhere;
    if (is_overruled) target = &elsewhere;
    bytes kept = BYTES_EMPTY;
    if (arena_copy(r->arena, &kept, bytes_of(value, strlen(value) + 1)) != ERR_OK)
        return fail(r, "out of memory");
    struct cli_error what = {""};
    if (!cli_set(option, target, &what, name, (const char *)kept.data))
        return fail_at(r, r->line, &what);
    return true;
}

/* --- the text --------------------------------------------------------------------------------- */

/* libinih asks for lines as fgets gives them. That a section begins it does not tell, unless a key
 * follows; so the headers are noted here. */
static char *next_line(char *out, int size, void *context) {
    struct reader *r = context;
    if (r->rest.size == 0 || r->has_failed) return NULL;
    const uint8_t *end = memchr(r->rest.data, '\n', r->rest.size);
    size_t taken = end == NULL ? r->rest.size : (size_t)(end - r->rest.data) + 1;
    r->line++;
    if (taken > CONFIG_LINE_MAX + 1 || taken >= (size_t)size) {
        (void)fail(r, "this line has more than %d bytes", CONFIG_LINE_MAX);
        return NULL;
    }
    if (memchr(r->rest.data, 0, taken) != NULL) {
        (void)fail(r, "this is no text file: it has a zero byte");
        return NULL;
    }
    memcpy(out, r->rest.data, taken);
    out[taken] = 0;
    if (out[0] == '[') {
        if (r->is_empty) (void)fail_empty_section(r);
        r->header_line = r->line;
        r->is_empty = true;
    }
    r->rest = bytes_slice(r->rest, taken, SIZE_MAX);
    return out;
}

static int on_key(void *context, const char *section, const char *name, const char *value) {
    struct reader *r = context;
    if (r->has_failed) return 0;
    /* A header that is indented is seen here only. */
    if (r->is_empty || strcmp(section, r->section) != 0) {
        r->is_empty = false;
        (void)snprintf(r->section, sizeof r->section, "%s", section);
        if (!begin_section(r, section)) return 0;
    }
    return take_key(r, name, value);
}

bool config_read_text(
    struct network_options *options, struct arena *arena, struct cli_error *error, bytes text
) {
    struct reader r = {.options = options, .arena = arena, .error = error, .rest = text};
    /* Of what is said twice of an account the last holds: let that be the command line's. */
    struct node_fundings *fundings = &options->node.fundings;
    const struct node_fundings from_words = *fundings;
    fundings->count = 0;
    int status = ini_parse_stream(next_line, &r, on_key, &r);
    for (size_t i = 0; i < from_words.count && !r.has_failed; i++) {
        if (fundings->count == NODE_FUNDINGS_MAX)
            return fail(&r, "with --fund more than %d accounts", NODE_FUNDINGS_MAX);
        fundings->items[fundings->count++] = from_words.items[i];
    }
    if (r.is_empty) (void)fail_empty_section(&r);
    if (status > 0 && (!r.has_failed || status < r.failed_line)) {
        static const struct cli_error what = {
            "neither a [section], nor key = value, nor a comment (; …)"};
        r.has_failed = false;
        return fail_at(&r, status, &what);
    }
    if (status < 0) return fail(&r, "out of memory");
    return !r.has_failed;
}

bool config_read(struct network_options *options, struct arena *arena, struct cli_error *error) {
    const char *path = options->config;
    FILE *file = fopen(path, "r");
    if (file == NULL) return cli_fail(error, "cannot read %.300s: %s", path, strerror(errno));
    uint8_t *data = arena_alloc(arena, CONFIG_SIZE_MAX + 1);
    bool is_good = false;
    if (data == NULL) {
        (void)cli_fail(error, "out of memory");
        goto out;
    }
    size_t size = fread(data, 1, CONFIG_SIZE_MAX + 1, file);
    if (ferror(file) != 0)
        (void)cli_fail(error, "cannot read %.300s: %s", path, strerror(errno));
    else if (size > CONFIG_SIZE_MAX)
        (void)cli_fail(error, "%.300s is too large: more than %u bytes", path, CONFIG_SIZE_MAX);
    else
        is_good = config_read_text(options, arena, error, bytes_of(data, size));
out:
    (void)fclose(file);
    return is_good;
}
