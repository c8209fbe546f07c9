/* core/err.h: the results of operations that can fail.
 *
 * Three kinds of trouble are never mixed (docs/architecture.md): bugs abort through CHECK
 * (core/check.h); operations that can fail return `enum err`; verdicts of the protocol (an invalid
 * transaction, a failed step) are enums of their domain and not errors at all.
 *
 * When a function returns anything but ERR_OK its outputs are untouched, unless it says
 * otherwise. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

#define ERR_LIST(X)                                            \
    X(OK, "ok")                                                \
    X(MEMORY, "the memory limit of this operation is reached") \
    X(MISSING, "a needed piece of data is not there")          \
    X(CORRUPT, "data does not match its hash or its format")   \
    X(INPUT, "malformed input")                                \
    X(LIMIT, "a documented limit is exceeded")                 \
    X(IO, "the operating system refused an operation")         \
    X(REMOTE, "a remote chain did not answer as it must")      \
    X(UNSUPPORTED, "not supported by this build")              \
    X(TIMEOUT, "the time that this operation may take is over")

enum err {
#define ERR_ENUM(name, text) ERR_##name,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

/* err_name returns the constant's name without prefix, such as "CORRUPT"; static storage. */
const char *err_name(enum err err);

/* err_text returns one sentence for a person; static storage. Of ERR_REMOTE it is what this thread
 * noted last, valid until it notes something else. */
const char *err_text(enum err err);

/* err_note_remote copies the sentence for the ERR_REMOTE that is about to be returned; cut at
 * ERR_REMOTE_TEXT_SIZE - 1. Hosted only. */
#define ERR_REMOTE_TEXT_SIZE 512
void err_note_remote(const char *text);

#endif
