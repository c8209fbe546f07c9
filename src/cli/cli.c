#include "cli/cli.h"

#include "core/check.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>

#define ETHER_DIGITS_MAX 40
#define NAME_SIZE_MAX    32
#define HELP_INDENT      8

/* --- errors ----------------------------------------------------------------------------------- */

bool cli_fail(struct cli_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

/* The distance of optimal string alignment: letters inserted, left out, replaced, or swapped with
 * their neighbour. Row by row; names longer than NAME_SIZE_MAX are near nothing. */
static size_t edit_distance(const char *a, const char *b) {
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > NAME_SIZE_MAX || b_size > NAME_SIZE_MAX) return SIZE_MAX;
    size_t rows[3][NAME_SIZE_MAX + 1];
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *over = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best) best = above[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_swapped && over[j - 2] + 1 < best) best = over[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_size % 3][b_size];
}

const char *cli_nearest(const char *text, const char *const *names, size_t count) {
    const char *nearest = NULL;
    /* Near is at most half of what was typed being wrong. */
    size_t best = strlen(text) / 2 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(text, names[i]);
        if (distance >= best) continue;
        best = distance;
        nearest = names[i];
    }
    return nearest;
}

const char *cli_nearest_option(const struct cli_table *table, const char *text) {
    const char *names[CLI_OPTIONS_MAX];
    size_t count = 0;
    for (const struct cli_option *option = table->options; option->name != NULL; option++) {
        CHECK(count < CLI_OPTIONS_MAX);
        names[count++] = option->name;
    }
    return cli_nearest(text, names, count);
}

static bool fail_unknown(struct cli_error *error, const struct cli_table *table, const char *name) {
    const char *nearest = cli_nearest_option(table, name);
    if (nearest == NULL) return cli_fail(error, "unknown option --%.60s; --help lists them", name);
    return cli_fail(error, "unknown option --%.60s; did you mean --%s?", name, nearest);
}

/* --- values ----------------------------------------------------------------------------------- */

/* Decimal, or hexadecimal after 0x, with "_" between digits. */
static bool read_number(uint64_t *value, const char *text) {
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    uint64_t result = 0;
    bool after_digit = false;
    for (; *text != 0; text++) {
        if (*text == '_' && after_digit) {
            after_digit = false;
            continue;
        }
        unsigned digit;
        if (*text >= '0' && *text <= '9')
            digit = (unsigned)(*text - '0');
        else if (base == 16 && isxdigit((unsigned char)*text))
            digit = (unsigned)(tolower((unsigned char)*text) - 'a') + 10;
        else
            return false;
        if (__builtin_mul_overflow(result, (uint64_t)base, &result)) return false;
        if (__builtin_add_overflow(result, (uint64_t)digit, &result)) return false;
        after_digit = true;
    }
    *value = result;
    return after_digit;
}

bool cli_read_ether(u256 *wei, const char *text) {
    char digits[ETHER_DIGITS_MAX + 1];
    size_t size = 0;
    size_t decimals = 0;
    bool after_point = false;
    bool after_digit = false;
    for (; *text != 0; text++) {
        if (*text == '_' && after_digit) {
            after_digit = false;
            continue;
        }
        if (*text == '.' && after_digit && !after_point) {
            after_point = true;
            after_digit = false;
            continue;
        }
        if (*text < '0' || *text > '9' || size == ETHER_DIGITS_MAX) return false;
        digits[size++] = *text;
        decimals += after_point;
        after_digit = true;
    }
    if (!after_digit || decimals > 18) return false;
    for (; decimals < 18; decimals++) {
        if (size == ETHER_DIGITS_MAX) return false;
        digits[size++] = '0';
    }
    u256 result;
    if (u256_from_decimal(&result, digits, size) != 0 || result.w[2] != 0 || result.w[3] != 0)
        return false;
    *wei = result;
    return true;
}

static bool read_flag(bool *value, const char *text) {
    *value = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
    return *value || strcmp(text, "no") == 0 || strcmp(text, "false") == 0;
}

/* The index of a choice; what there is to choose from is small. */
static bool set_choice(
    const struct cli_option *option,
    unsigned *field,
    struct cli_error *error,
    const char *shown,
    const char *text
) {
    size_t count = 0;
    char list[CLI_ERROR_SIZE_MAX / 2] = "";
    size_t size = 0;
    for (; option->choices[count] != NULL; count++) {
        if (strcmp(option->choices[count], text) == 0) {
            *field = (unsigned)count;
            return true;
        }
        const char *between = count == 0 ? "" : option->choices[count + 1] == NULL ? " or " : ", ";
        int more =
            snprintf(list + size, sizeof list - size, "%s%s", between, option->choices[count]);
        CHECK(more > 0 && (size_t)more < sizeof list - size);
        size += (size_t)more;
    }
    const char *nearest = cli_nearest(text, option->choices, count);
    if (nearest == NULL || count == 1)
        return cli_fail(error, "%s takes %s, not \"%.60s\"", shown, list, text);
    return cli_fail(
        error, "%s takes %s, not \"%.60s\"; did you mean %s?", shown, list, text, nearest
    );
}

bool cli_set(
    const struct cli_option *option,
    void *options,
    struct cli_error *error,
    const char *shown,
    const char *text
) {
    void *field = (char *)options + option->offset;
    uint64_t number;
    u256 wei;
    bool flag;
    switch (option->kind) {
    case CLI_FLAG:
        if (!read_flag(&flag, text))
            return cli_fail(error, "%s takes yes or no, not \"%.60s\"", shown, text);
        *(bool *)field = flag;
        return true;
    case CLI_CHOICE:
        return set_choice(option, field, error, shown, text);
    case CLI_EACH:
        return option->add(field, error, shown, text);
    case CLI_NUMBER:
        if (!read_number(&number, text) || number < option->min || number > option->max)
            return cli_fail(
                error,
                "%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%.60s\"",
                shown,
                option->min,
                option->max,
                text
            );
        *(uint64_t *)field = number;
        return true;
    case CLI_ETHER:
        if (!cli_read_ether(&wei, text))
            return cli_fail(
                error,
                "%s takes an amount of ether such as 10000 or 0.5 (at most 18 decimals, at most "
                "2^128 wei), not \"%.60s\"",
                shown,
                text
            );
        *(u256 *)field = wei;
        return true;
    case CLI_TEXT:
        if (text[0] == 0)
            return cli_fail(error, "%s takes %s; it may not be empty", shown, option->value);
        *(const char **)field = text;
        return true;
    }
    CHECK(false);
    return false;
}

/* --- reading ---------------------------------------------------------------------------------- */

const struct cli_option *cli_find(const struct cli_table *table, const char *name, size_t size) {
    for (const struct cli_option *option = table->options; option->name != NULL; option++)
        if (strlen(option->name) == size && memcmp(option->name, name, size) == 0) return option;
    return NULL;
}

uint64_t cli_option_bit(const struct cli_table *table, const struct cli_option *option) {
    size_t index = (size_t)(option - table->options);
    CHECK(index < CLI_OPTIONS_MAX);
    return UINT64_C(1) << index;
}

static const struct cli_option *find_letter(const struct cli_table *table, char letter) {
    for (const struct cli_option *option = table->options; option->name != NULL; option++)
        if (option->letter != 0 && option->letter == letter) return option;
    return NULL;
}

void cli_set_defaults(const struct cli_table *table, void *options) {
    for (const struct cli_option *option = table->options; option->name != NULL; option++) {
        struct cli_error error = {0};
        void *field = (char *)options + option->offset;
        if (option->fallback != NULL) {
            CHECK(cli_set(option, options, &error, option->name, option->fallback));
            continue;
        }
        switch (option->kind) {
        case CLI_FLAG:
            *(bool *)field = false;
            break;
        case CLI_NUMBER:
            *(uint64_t *)field = 0;
            break;
        case CLI_ETHER:
            *(u256 *)field = U256_ZERO;
            break;
        case CLI_TEXT:
            *(const char **)field = NULL;
            break;
        case CLI_CHOICE:
            *(unsigned *)field = 0;
            break;
        case CLI_EACH: /* the struct begins without any */
            break;
        }
    }
}

/* One option at argv[0]; *used is how many words of argv it took. */
static bool parse_option(
    const struct cli_table *table,
    void *options,
    int *used,
    uint64_t *given,
    struct cli_error *error,
    int argc,
    char *const *argv
) {
    const char *word = argv[0];
    const struct cli_option *option;
    const char *value = NULL;
    *used = 1;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        size_t size = equals != NULL ? (size_t)(equals - word) - 2 : strlen(word) - 2;
        option = cli_find(table, word + 2, size);
        if (equals != NULL) value = equals + 1;
        if (option == NULL) {
            char name[64];
            (void)snprintf(name, sizeof name, "%.*s", size < 60 ? (int)size : 60, word + 2);
            return fail_unknown(error, table, name);
        }
    } else {
        option = find_letter(table, word[1]);
        if (option == NULL || word[2] != 0)
            return cli_fail(error, "unknown option %.60s; --help lists them", word);
    }
    if (given != NULL) *given |= cli_option_bit(table, option);
    if (option->kind == CLI_FLAG) {
        if (value != NULL) return cli_fail(error, "--%s takes no value", option->name);
        *(bool *)((char *)options + option->offset) = true;
        return true;
    }
    if (value == NULL) {
        if (argc < 2) return cli_fail(error, "--%s needs a value: %s", option->name, option->value);
        value = argv[1];
        *used = 2;
    }
    char shown[NAME_SIZE_MAX + 3];
    (void)snprintf(shown, sizeof shown, "--%s", option->name);
    return cli_set(option, options, error, shown, value);
}

bool cli_parse(
    const struct cli_table *table,
    void *options,
    const char **words,
    int *words_count,
    uint64_t *given,
    struct cli_error *error,
    int argc,
    char *const *argv
) {
    cli_set_defaults(table, options);
    if (given != NULL) *given = 0;
    int count = 0;
    bool options_ended = false;
    for (int i = 0; i < argc;) {
        const char *word = argv[i];
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = true;
            i++;
        } else if (!options_ended && word[0] == '-' && word[1] != 0) {
            int used;
            if (!parse_option(table, options, &used, given, error, argc - i, argv + i))
                return false;
            i += used;
        } else {
            if (count == table->words_max)
                return cli_fail(error, "\"%.60s\" is too much: %s expected", word, table->words);
            words[count++] = word;
            i++;
        }
    }
    *words_count = count;
    return true;
}

/* --- help ------------------------------------------------------------------------------------- */

static size_t columns(const char *text, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((uint8_t)text[i] & 0xc0) != 0x80; /* not within a character of UTF-8 */
    return count;
}

/* A paragraph, indented; words are kept whole. */
static void print_wrapped(FILE *out, const char *text) {
    size_t column = 0;
    for (const char *word = text; *word != 0;) {
        size_t size = strcspn(word, " ");
        /* A default stands with its word, if it is one. */
        if (strncmp(word, "[default: ", 10) == 0) size += 1 + strcspn(word + size + 1, " ");
        size_t width = columns(word, size);
        if (column > 0 && column + 1 + width > CLI_HELP_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        fprintf(out, "%*s%.*s", column == 0 ? HELP_INDENT : 1, "", (int)size, word);
        column += width + (column == 0 ? HELP_INDENT : 1);
        word += size;
        word += strspn(word, " ");
    }
    fputc('\n', out);
}

void cli_print_options(FILE *out, const struct cli_table *table) {
    for (const struct cli_option *option = table->options; option->name != NULL; option++) {
        char letter[5] = "    ";
        if (option->letter != 0) (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
        if (option->group != NULL)
            fprintf(out, "%s%s\n", option == table->options ? "" : "\n", option->group);
        fprintf(out, "  %s--%s", letter, option->name);
        if (option->value != NULL) fprintf(out, " %s", option->value);
        fputc('\n', out);
        char text[CLI_ERROR_SIZE_MAX * 2];
        const char *fallback = option->fallback;
        const char *more = "";
        if (fallback == NULL && option->kind == CLI_EACH)
            more = " [may be given several times]";
        else if (fallback == NULL && option->kind != CLI_FLAG)
            more = " [default: none]";
        if (fallback != NULL)
            (void)snprintf(text, sizeof text, "%s [default: %s]", option->help, fallback);
        else
            (void)snprintf(text, sizeof text, "%s%s", option->help, more);
        print_wrapped(out, text);
    }
}

static bool wants_help(const struct cli_table *table, const void *options) {
    const struct cli_option *help = cli_find(table, "help", 4);
    CHECK(help != NULL && help->kind == CLI_FLAG);
    return *(const bool *)((const char *)options + help->offset);
}

bool cli_begin(
    int *status,
    const struct cli_table *table,
    const char *name,
    const char *about,
    void *options,
    const char **words,
    int *words_count,
    int argc,
    char *const *argv
) {
    struct cli_error error;
    if (!cli_parse(table, options, words, words_count, NULL, &error, argc, argv)) {
        fprintf(stderr, "%s: %s\n", name, error.text);
        *status = 2;
        return false;
    }
    if (!wants_help(table, options)) return true;
    printf("%s\n\n%s\n\n", table->usage, about);
    cli_print_options(stdout, table);
    *status = 0;
    return false;
}
