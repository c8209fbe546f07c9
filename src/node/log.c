#include "node/log.h"

#include "core/hex.h"
#include "rpc/halt.h"
#include "rpc/revert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_SIZE 65536

#define COLOUR_DIM   "\033[2m"
#define COLOUR_BOLD  "\033[1m"
#define COLOUR_RED   "\033[31m"
#define COLOUR_GREEN "\033[32m"
#define COLOUR_OFF   "\033[0m"

enum err log_open(struct node_log *log, bool is_silent) {
    *log = (struct node_log){.out = is_silent ? NULL : stdout};
    if (is_silent) return names_open(&log->names);
    const char *no_colour = getenv("NO_COLOR");
    log->has_colour = isatty(STDOUT_FILENO) != 0 && (no_colour == NULL || no_colour[0] == 0);
    /* Fails only for impossible sizes; the default would do as well. */
    (void)setvbuf(stdout, NULL, _IOFBF, BUFFER_SIZE);
    return names_open(&log->names);
}

void log_close(struct node_log *log) {
    log_flush(log);
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
        "%s%s.%03d%s %-9s ",
        colour(log, COLOUR_DIM),
        log->clock,
        (int)(now.tv_nsec / 1000000),
        colour(log, COLOUR_OFF),
        chain
    );
}

/* 1234567 as 1,234,567. */
static void put_number(FILE *out, uint64_t value) {
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, value);
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
    begin(log, chain);
    (void)fprintf(
        log->out,
        "%sblock %" PRIu64 "%s  %zu transaction%s  gas ",
        colour(log, COLOUR_BOLD),
        header->number,
        colour(log, COLOUR_OFF),
        tx_count,
        tx_count == 1 ? "" : "s"
    );
    put_number(log->out, header->gas_used);
    (void)fputs(colour(log, COLOUR_DIM), log->out);
    (void)fputs("  ", log->out);
    put_short(log->out, hash32_bytes(hash));
    (void)fputs(colour(log, COLOUR_OFF), log->out);
    (void)fputc('\n', log->out);
}

static void put_reason(struct node_log *log, const struct log_transaction *tx) {
    char text[HALT_TEXT_SIZE_MAX];
    (void)fputs(": ", log->out);
    if (tx->outcome == EVM_REVERT) {
        revert_print(log->out, &log->names, tx->output);
        return;
    }
    halt_text(text, tx->outcome, NULL);
    (void)fputs(text, log->out);
}

void log_tx(struct node_log *log, const char *chain, const struct log_transaction *tx) {
    if (log->out == NULL) return;
    FILE *out = log->out;
    begin(log, chain);
    (void)fputs("  ", out);
    put_full(out, &tx->hash);
    (void)fputs("  ", out);
    put_short(out, address_bytes(&tx->from));
    (void)fputs(tx->is_create ? " creates " : " → ", out);
    put_short(out, address_bytes(&tx->to));
    if (!u256_is_zero(&tx->value)) {
        (void)fputs("  ", out);
        put_value(out, &tx->value);
    }
    (void)fputs("  gas ", out);
    put_number(out, tx->gas_used);
    (void)fprintf(
        out,
        "  %s%s%s",
        colour(log, tx->is_success ? COLOUR_GREEN : COLOUR_RED),
        tx->is_success ? "ok" : "failed",
        colour(log, COLOUR_OFF)
    );
    if (!tx->is_success && tx->has_outcome) put_reason(log, tx);
    (void)fputc('\n', out);
}

void log_dropped(struct node_log *log, const char *chain, const hash32 *hash, const char *reason) {
    if (log->out == NULL) return;
    begin(log, chain);
    (void)fputs("  ", log->out);
    put_full(log->out, hash);
    (void)fprintf(
        log->out, "  %sdropped%s: %s\n", colour(log, COLOUR_RED), colour(log, COLOUR_OFF), reason
    );
}

void log_line(struct node_log *log, const char *chain, const char *format, ...) {
    if (log->out == NULL) return;
    begin(log, chain);
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(log->out, format, arguments);
    va_end(arguments);
    (void)fputc('\n', log->out);
}

void log_flush(struct node_log *log) {
    if (log->out != NULL) (void)fflush(log->out);
}
