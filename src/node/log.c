#include "node/log.h"

#include "core/hex.h"
#include "rpc/halt.h"
#include "rpc/revert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_SIZE     65536
#define LINE_SIZE_MAX   ((size_t)1 << 20)
#define CHAIN_WIDTH_MIN 7
#define GAS_WIDTH       10

#define COLOUR_DIM   "\033[2m"
#define COLOUR_BOLD  "\033[1m"
#define COLOUR_RED   "\033[31m"
#define COLOUR_GREEN "\033[32m"
#define COLOUR_OFF   "\033[0m"

enum err log_open(struct node_log *log, const struct node_options *options) {
    *log = (struct node_log){
        .out = options->is_silent ? NULL : stdout,
        .is_json = options->log_format == NODE_LOG_JSON,
        .chain_width = CHAIN_WIDTH_MIN,
    };
    json_writer_open(&log->json, LINE_SIZE_MAX);
    for (size_t i = 0; i <= options->rollups_count; i++) {
        int size = (int)strlen(options->chains[i].name);
        if (size > log->chain_width) log->chain_width = size;
    }
    if (options->is_silent) return names_open(&log->names);
    const char *no_colour = getenv("NO_COLOR");
    log->has_colour = isatty(STDOUT_FILENO) != 0 && (no_colour == NULL || no_colour[0] == 0);
    /* Fails only for impossible sizes; the default would do as well. */
    (void)setvbuf(stdout, NULL, _IOFBF, BUFFER_SIZE);
    return names_open(&log->names);
}

void log_close(struct node_log *log) {
    log_flush(log);
    json_writer_close(&log->json);
    names_close(&log->names);
}

static const char *colour(const struct node_log *log, const char *code) {
    return log->has_colour ? code : "";
}

/* The time and the chain. The text of a second is kept: many lines come in the same one. */
static void begin(struct node_log *log, const char *chain) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (log->second != now.tv_sec) {
        struct tm local;
        (void)localtime_r(&now.tv_sec, &local);
        (void)strftime(log->clock, sizeof(log->clock), "%H:%M:%S", &local);
        log->second = now.tv_sec;
    }
    (void)fprintf(
        log->out,
        "%s%s.%03d%s  %-*s  ",
        colour(log, COLOUR_DIM),
        log->clock,
        (int)(now.tv_nsec / 1000000),
        colour(log, COLOUR_OFF),
        log->chain_width,
        chain
    );
}

static void put_reason(FILE *out, struct node_log *log, const struct log_transaction *tx) {
    char text[HALT_TEXT_SIZE_MAX];
    if (tx->outcome == EVM_REVERT) {
        revert_print(out, &log->names, tx->output);
        return;
    }
    halt_text(text, tx->outcome, NULL);
    (void)fputs(text, out);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_time(struct json_writer *w) {
    char day[32];
    char text[48];
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(now.tv_nsec / 1000000));
    json_member_cstring(w, "time", text);
}

static struct json_writer *
begin_json(struct node_log *log, const char *level, const char *event, const char *chain) {
    struct json_writer *w = &log->json;
    json_writer_clear(w);
    json_object_begin(w);
    put_time(w);
    json_member_cstring(w, "level", level);
    json_member_cstring(w, "event", event);
    if (chain != NULL) json_member_cstring(w, "chain", chain);
    return w;
}

struct json_writer *log_json_begin(struct node_log *log, const char *event) {
    return begin_json(log, "info", event, NULL);
}

/* A line that is too long, or has no memory, is not written: half of it would be of no use. */
void log_json_end(struct node_log *log) {
    struct json_writer *w = &log->json;
    json_object_end(w);
    if (json_failed(w)) return;
    (void)fwrite(w->data, 1, w->size, log->out);
    (void)fputc('\n', log->out);
}

/* Wei as a decimal string: more than a number of JSON can hold. */
static void put_wei(struct json_writer *w, const u256 *wei) {
    char digits[U256_DECIMAL_SIZE_MAX];
    size_t size = u256_to_decimal(digits, wei);
    json_string(w, bytes_of(digits, size));
}

static void put_counts(struct json_writer *w, const struct header *header, size_t tx_count) {
    json_key(w, "number");
    json_decimal(w, header->number);
    json_key(w, "timestamp");
    json_decimal(w, header->timestamp);
    json_key(w, "transactions");
    json_decimal(w, tx_count);
    json_key(w, "gasUsed");
    json_decimal(w, header->gas_used);
}

/* The reason as people see it. */
static void put_json_reason(struct node_log *log, const struct log_transaction *tx) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return;
    put_reason(out, log, tx);
    if (fclose(out) == 0) {
        json_key(&log->json, "reason");
        json_string(&log->json, bytes_of(text, size));
    }
    free(text);
}

static void json_tx(struct node_log *log, const char *chain, const struct log_transaction *tx) {
    struct json_writer *w = begin_json(log, "info", "transaction", chain);
    json_member_hash(w, "hash", &tx->hash);
    json_member_address(w, "from", &tx->from);
    if (tx->is_create)
        json_member_address(w, "contractAddress", &tx->to);
    else
        json_member_address(w, "to", &tx->to);
    json_key(w, "value");
    put_wei(w, &tx->value);
    json_key(w, "gasUsed");
    json_decimal(w, tx->gas_used);
    json_member_cstring(w, "status", tx->is_success ? "ok" : "failed");
    if (!tx->is_success && tx->has_outcome) put_json_reason(log, tx);
    log_json_end(log);
}

/* --- text ------------------------------------------------------------------------------------- */

/* 1234567 as 1,234,567, with blanks before it up to this width. */
static void put_number(FILE *out, uint64_t value, int width) {
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    for (int i = size + (size - 1) / 3; i < width; i++)
        (void)fputc(' ', out);
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) (void)fputc(',', out);
        (void)fputc(digits[i], out);
    }
}

/* 0x1234…abcd: enough to find it again. */
static void put_short(FILE *out, bytes data) {
    char head[4];
    char tail[4];
    hex_encode(head, bytes_slice(data, 0, 2));
    hex_encode(tail, bytes_slice(data, data.size - 2, 2));
    (void)fprintf(out, "0x%.4s…%.4s", head, tail);
}

static void put_full(FILE *out, const hash32 *hash) {
    char digits[64];
    hex_encode(digits, hash32_bytes(hash));
    (void)fprintf(out, "0x%.64s", digits);
}

/* In ether, with as many decimals as it has. */
static void put_value(FILE *out, const u256 *wei) {
    const u256 ether = u256_from_u64(1000000000000000000);
    char digits[U256_DECIMAL_SIZE_MAX];
    u256 whole;
    u256 rest;
    u256_div_mod(&whole, &rest, wei, &ether);
    (void)u256_to_decimal(digits, &whole);
    (void)fputs(digits, out);
    if (!u256_is_zero(&rest)) {
        int size = snprintf(digits, sizeof(digits), "%018" PRIu64, rest.w[0]);
        while (size > 0 && digits[size - 1] == '0')
            size--;
        (void)fprintf(out, ".%.*s", size, digits);
    }
    (void)fputs(" ETH", out);
}

void log_block(
    struct node_log *log,
    const char *chain,
    const struct header *header,
    const hash32 *hash,
    size_t tx_count
) {
    if (log->out == NULL) return;
    if (log->is_json) {
        struct json_writer *w = begin_json(log, "info", "block", chain);
        json_member_hash(w, "hash", hash);
        put_counts(w, header, tx_count);
        log_json_end(log);
        return;
    }
    begin(log, chain);
    (void)fprintf(
        log->out,
        "%sblock %" PRIu64 "%s  ",
        colour(log, COLOUR_BOLD),
        header->number,
        colour(log, COLOUR_OFF)
    );
    put_short(log->out, hash32_bytes(hash));
    (void)fprintf(log->out, "  %zu transaction%s", tx_count, tx_count == 1 ? "" : "s");
    if (tx_count > 0) {
        (void)fputs(", gas ", log->out);
        put_number(log->out, header->gas_used, 0);
    }
    (void)fputc('\n', log->out);
}

void log_tx(struct node_log *log, const char *chain, const struct log_transaction *tx) {
    if (log->out == NULL) return;
    if (log->is_json) {
        json_tx(log, chain, tx);
        return;
    }
    FILE *out = log->out;
    begin(log, chain);
    (void)fputs("  ", out);
    put_full(out, &tx->hash);
    (void)fprintf(
        out,
        "  %s%-7s%s",
        colour(log, tx->is_success ? COLOUR_GREEN : COLOUR_RED),
        tx->is_success ? "ok" : "failed",
        colour(log, COLOUR_OFF)
    );
    (void)fputs("  gas ", out);
    put_number(out, tx->gas_used, GAS_WIDTH);
    (void)fputs("  ", out);
    put_short(out, address_bytes(&tx->from));
    (void)fputs(tx->is_create ? " creates " : " → ", out);
    put_short(out, address_bytes(&tx->to));
    if (!u256_is_zero(&tx->value)) {
        (void)fputs("  ", out);
        put_value(out, &tx->value);
    }
    if (!tx->is_success && tx->has_outcome) {
        (void)fputs("  ", out);
        put_reason(out, log, tx);
    }
    (void)fputc('\n', out);
}

void log_dropped(struct node_log *log, const char *chain, const hash32 *hash, const char *reason) {
    if (log->out == NULL) return;
    if (log->is_json) {
        struct json_writer *w = begin_json(log, "warn", "dropped", chain);
        json_member_hash(w, "hash", hash);
        json_member_cstring(w, "reason", reason);
        log_json_end(log);
        return;
    }
    begin(log, chain);
    (void)fputs("  ", log->out);
    put_full(log->out, hash);
    (void)fprintf(
        log->out, "  %sdropped%s  %s\n", colour(log, COLOUR_RED), colour(log, COLOUR_OFF), reason
    );
}

__attribute__((format(printf, 4, 0))) static void
say(struct node_log *log,
    const char *chain,
    const char *level,
    const char *format,
    va_list arguments) {
    char text[1024];
    bool is_error = strcmp(level, "error") == 0;
    if (log->out == NULL) return;
    (void)vsnprintf(text, sizeof(text), format, arguments);
    if (log->is_json) {
        struct json_writer *w = begin_json(log, level, "message", chain);
        json_member_cstring(w, "message", text);
        log_json_end(log);
        return;
    }
    begin(log, chain);
    if (is_error)
        (void)fprintf(log->out, "%serror%s  ", colour(log, COLOUR_RED), colour(log, COLOUR_OFF));
    (void)fprintf(log->out, "%s\n", text);
}

void log_error(struct node_log *log, const char *chain, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(log, chain, "error", format, arguments);
    va_end(arguments);
}

void log_message(struct node_log *log, const char *chain, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(log, chain, "info", format, arguments);
    va_end(arguments);
}

void log_flush(struct node_log *log) {
    if (log->out != NULL) (void)fflush(log->out);
}
