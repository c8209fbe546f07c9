/* callTracer, and the recorder of frames that its kin share. */
#include "rpc/tracer_private.h"

enum err tracer_calls_open(struct tracer *tracer, struct tracer_part *part) {
    part->self = tracer_alloc(tracer, sizeof(struct tracer_calls));
    return part->self == NULL ? ERR_MEMORY : ERR_OK;
}

void tracer_calls_enter(
    struct tracer *tracer, struct tracer_part *part, const struct evm_message *message
) {
    struct tracer_calls *calls = part->self;
    /* What was suspended by a call across chains and given up has no end. */
    while (calls->open != NULL && calls->open->depth >= message->depth)
        calls->open = calls->open->parent;
    if (calls->skipped > 0 || (part->options->only_top_call && calls->root != NULL)) {
        calls->skipped++;
        return;
    }
    struct tracer_frame *frame = tracer_frame_new(&tracer->arena, calls->open, message);
    if (frame == NULL) {
        tracer_fail(tracer, ERR_MEMORY);
        return;
    }
    if (calls->open == NULL) calls->root = frame;
    calls->open = frame;
}

void tracer_calls_exit(
    struct tracer *tracer,
    struct tracer_part *part,
    const struct evm_result *result,
    const struct halt_step *step
) {
    struct tracer_calls *calls = part->self;
    if (calls->skipped > 0) {
        calls->skipped--;
        return;
    }
    if (calls->open == NULL) return;
    enum err err = tracer_frame_end(calls->open, &tracer->arena, result, step);
    if (err != ERR_OK) tracer_fail(tracer, err);
    calls->open = calls->open->parent;
}

void tracer_calls_selfdestruct(
    struct tracer *tracer,
    struct tracer_part *part,
    const address *contract,
    const address *beneficiary,
    const u256 *balance
) {
    struct tracer_calls *calls = part->self;
    if (part->options->only_top_call || calls->open == NULL) return;
    if (tracer_frame_new_selfdestruct(
            &tracer->arena, calls->open, contract, beneficiary, balance
        ) == NULL)
        tracer_fail(tracer, ERR_MEMORY);
}

void tracer_calls_log(
    struct tracer *tracer, struct tracer_part *part, const struct journal_log *from
) {
    struct tracer_calls *calls = part->self;
    struct tracer_frame *frame = calls->open;
    if (!part->options->with_log || calls->skipped > 0 || frame == NULL) return;
    struct tracer_log *log = tracer_alloc(tracer, sizeof(*log));
    if (log == NULL) return;
    if (arena_copy(&tracer->arena, &log->data, from->data) != ERR_OK) {
        tracer_fail(tracer, ERR_MEMORY);
        return;
    }
    log->address = from->address;
    log->topic_count = from->topic_count;
    memcpy(log->topics, from->topics, sizeof(log->topics));
    /* The machine has just appended it. */
    log->index = tracer->subject.log_index + tracer->subject.journal->log_count - 1;
    log->position = frame->call_count;
    if (frame->last_log == NULL)
        frame->first_log = log;
    else
        frame->last_log->next = log;
    frame->last_log = log;
}

void tracer_calls_finish(
    struct tracer *tracer, struct tracer_calls *calls, const struct execution_result *result
) {
    struct tracer_frame *root = calls->root;
    root->gas = tracer->subject.tx->gas_limit;
    root->gas_used = result->gas_used;
    /* A frame's logs go with any frame above it that fails; parents come first. */
    for (struct tracer_frame *f = root; f != NULL; f = tracer_frame_next(f, root)) {
        f->is_undone = f->error != NULL || (f->parent != NULL && f->parent->is_undone);
        if (f->is_undone) f->first_log = NULL;
    }
}

static enum err
write(struct tracer *tracer, struct tracer_part *part, const struct execution_result *result) {
    struct tracer_calls *calls = part->self;
    if (calls->root == NULL) return ERR_CORRUPT;
    tracer_calls_finish(tracer, calls, result);
    tracer_frame_write(tracer->out, calls->root, NULL);
    return ERR_OK;
}

const struct tracer_type TRACER_CALL_TYPE = {
    .open = tracer_calls_open,
    .enter = tracer_calls_enter,
    .exit = tracer_calls_exit,
    .selfdestruct = tracer_calls_selfdestruct,
    .log = tracer_calls_log,
    .write = write,
};
