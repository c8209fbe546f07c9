/* node/log.h: what the running node says on stdout: one line per block and per transaction, for
 * people (with colour on a terminal) or as JSON; nothing with --silent. Lines are written out when
 * the loop has nothing else to do, so that they cost little and never mix with errors.
 *
 * A line of JSON is one object, which begins with
 *     time   UTC, RFC 3339, milliseconds
 *     level  "info", "warn" (a transaction was dropped) or "error"
 *     event  "ready", "block", "transaction", "dropped" or "message"
 *     chain  its name; not of "ready"
 * and goes on with what the event has (docs/logs.md). Fields may be added, none changes. */
#ifndef NODE_LOG_H
#define NODE_LOG_H

#include "chain/header.h"
#include "core/err.h"
#include "evm/evm.h"
#include "node/options.h"
#include "rpc/json_writer.h"
#include "rpc/names.h"

#include <stdio.h>

struct node_log {
    FILE *out; /* NULL: silent */
    bool is_json;
    bool has_colour;
    int chain_width;         /* of the column of chains */
    struct json_writer json; /* the line being made */
    struct names names;      /* of errors; for RPC errors too */
    int64_t second;          /* the one that clock is the text of */
    char clock[16];
};

/* log_open decides on colour: a terminal, and NO_COLOR is not set (no-color.org). ERR_MEMORY. */
MUST_USE enum err log_open(struct node_log *log, const struct node_options *options);
void log_close(struct node_log *log);

/* What was made of a transaction. */
struct log_transaction {
    hash32 hash;
    address from;
    address to; /* of a creation: the new contract */
    bool is_create;
    u256 value;
    bool is_success;
    uint64_t gas_used;
    bool has_outcome; /* the next two are known */
    enum evm_outcome outcome;
    bytes output; /* of a revert: its data */
};

void log_block(
    struct node_log *log,
    const char *chain,
    const struct header *header,
    const hash32 *hash,
    size_t tx_count
);
void log_tx(struct node_log *log, const char *chain, const struct log_transaction *tx);

/* A transaction that was taken out of the pool without getting into a block. */
void log_dropped(struct node_log *log, const char *chain, const hash32 *hash, const char *reason);

/* What went wrong here, with nobody to tell who asked for it. */
__attribute__((format(printf, 3, 4))) void
log_error(struct node_log *log, const char *chain, const char *format, ...);

/* Anything else worth a line. */
__attribute__((format(printf, 3, 4))) void
log_message(struct node_log *log, const char *chain, const char *format, ...);

/* An event of the network as a whole, as JSON: the caller adds what it has to say to the writer
 * that log_json_begin gives, and ends the line. Only if is_json, and not silent. */
struct json_writer *log_json_begin(struct node_log *log, const char *event);
void log_json_end(struct node_log *log);

void log_flush(struct node_log *log);

#endif
