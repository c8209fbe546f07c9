/* Frames of the EVM rollup that revert after they have called other chains (protocol.md section 4):
 * which calls a frame has made, the REVERT that undoes them, and the failure that a REVERT_CONTINUE
 * repeats. */
#include "rollup/evm_rollup_private.h"

#include "rollup/predeploys.h"
#include "rollup/proxy.h"

/* The frames of the entry's tx-th transaction that fail at once. */
static enum err
failures_of(struct evm_rollup *rollup, struct evm_frame_failure **failures, uint32_t tx) {
    *failures = NULL;
    for (struct rollup_replay *r = rollup->base.now.replays; r != NULL; r = r->next) {
        const struct evm_revert *revert = (const struct evm_revert *)r->revert;
        if (r->revert->tx != tx) continue;
        struct evm_replay *replay = arena_alloc(rollup->base.arena, sizeof(*replay));
        if (replay == NULL) return ERR_MEMORY;
        *replay = (struct evm_replay){
            .failure =
                {
                    .next = *failures,
                    .sequence = r->revert->frame,
                    .outcome = revert->outcome,
                    .gas_left = revert->gas_left,
                    .output = revert->output,
                    .ends_replay = r->is_newest,
                },
            .replay = r,
        };
        *failures = &replay->failure;
    }
    return ERR_OK;
}

/* A machine that goes on in another entry than before. */
enum err block_run_enter_entry(struct evm_rollup *rollup, struct block_run *run) {
    if (run->entry == rollup->base.now.entry) return ERR_OK;
    run->entry = rollup->base.now.entry;
    run->tx_number = 0;
    struct evm_frame_failure *failures;
    enum err err = failures_of(rollup, &failures, 0);
    if (err == ERR_OK) evm_fail_frames(&run->execution.evm, failures);
    return err;
}

/* A transaction begins in this entry. */
enum err block_run_enter_transaction(
    struct evm_rollup *rollup, struct block_run *run, struct execution_options *options
) {
    run->marks = NULL;
    run->entry = rollup->base.now.entry;
    run->tx_number = ++rollup->base.now.tx_count;
    return failures_of(rollup, &options->failures, run->tx_number);
}

static enum err
add_mark(struct evm_rollup *rollup, struct block_run *run, uint64_t frame, bool is_to_parent) {
    struct call_mark *mark = arena_alloc(rollup->base.arena, sizeof(*mark));
    if (mark == NULL) return ERR_MEMORY;
    *mark = (struct call_mark){
        .older = run->marks,
        .frame = frame,
        .entry = rollup->base.now.entry,
        .is_to_parent = is_to_parent,
        .line = rollup->base.now.line,
        .tx = run->entry == rollup->base.now.entry ? run->tx_number : 0,
        .pre = rollup->base.now.pre,
    };
    run->marks = mark;
    return ERR_OK;
}

enum err
block_run_mark_parent_call(struct evm_rollup *rollup, struct block_run *run, uint64_t frame) {
    enum err err = add_mark(rollup, run, frame, true);
    /* A call that came in and fails, or was static, leaves the machine as it was before; the frame
     * that waits there has called the parent all the same. One that stands at a head has heard. */
    for (const struct in_call *call = run->in_call; call != NULL && err == ERR_OK;
         call = call->outer) {
        if (call->before->is_idle || call->before->has_head) continue;
        struct block_run *before = ((struct evm_machine *)call->before)->run;
        err = add_mark(rollup, before, before->out_call->frame, true);
    }
    return err;
}

enum err
block_run_mark_rollup_call(struct evm_rollup *rollup, struct block_run *run, uint64_t frame) {
    return add_mark(rollup, run, frame, false);
}

/* Takes note of the frames that have failed as they were told to: each stands for one that had
 * called the parent. */
enum err block_run_note_replays(struct evm_rollup *rollup, struct block_run *run) {
    for (struct evm_frame_failure *f = run->execution.evm.failures; f != NULL; f = f->next) {
        struct rollup_replay *replay = ((struct evm_replay *)f)->replay;
        if (!f->has_failed || replay->has_failed) continue;
        replay->has_failed = true;
        replay->line = rollup->base.now.line;
        enum err err = block_run_mark_parent_call(rollup, run, f->sequence);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

/* Whether the frame that is about to fail only passes a failed answer on: the L2Hub and its proxies
 * do nothing of their own that would have to be undone on other chains. */
static bool only_passes_failure_on(struct block_run *run) {
    const address *who = &run->execution.evm.request.frame.recipient;
    if (!run->last_result_failed) return false;
    if (address_equal(who, &L2HUB_PREDEPLOY)) return true;
    const struct journal_account *account = journal_find_account(&run->journal, who);
    return account != NULL && account->has_code &&
           proxy_is_runtime(account->code, &L2HUB_PREDEPLOY);
}

/* A frame that called other chains is about to fail. *is_over: a REVERT leaves, or lines of the
 * trace are undone; else there is nothing to undo elsewhere, and the frame just fails. */
enum err block_run_revert_frame(
    struct evm_rollup *rollup, struct evm_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct block_run *run = machine->run;
    const struct evm_request *request = &run->execution.evm.request;
    /* The failed RESULT of a call from the parent undoes everything by itself. */
    bool answers_parent =
        run->in_call != NULL && run->in_call->from == 0 && request->frame.is_outermost;
    if (answers_parent || only_passes_failure_on(run)) return ERR_OK;
    const struct call_mark *to_parent = NULL; /* the first of the frame's calls to the parent */
    const struct call_mark *to_rollup = NULL; /* and to a rollup */
    const uint64_t frame = request->frame.sequence;
    for (const struct call_mark *m = run->marks; m != NULL && m->frame >= frame; m = m->older) {
        if (m->is_to_parent)
            to_parent = m;
        else
            to_rollup = m;
    }
    if (to_parent == NULL && to_rollup == NULL) return ERR_OK;
    *is_over = true;
    step->next = &machine->base;
    if (to_parent == NULL) {
        step->undoes_lines = true;
        step->first_line = to_rollup->line;
        return ERR_OK;
    }
    /* A frame is entered in the entry that ends with its first call to the parent. */
    bool has_line = to_rollup != NULL && to_rollup->entry == to_parent->entry;
    struct arena *arena = rollup->base.arena;
    struct evm_revert *revert = arena_alloc(arena, sizeof(*revert));
    if (revert == NULL) return ERR_MEMORY;
    *revert = (struct evm_revert){
        .base =
            {
                .undone = to_parent->entry,
                .frame = frame,
                .tx = to_parent->tx,
                .first_line = has_line ? to_rollup->line : ROLLUP_NO_LINE,
            },
        .outcome = request->frame.outcome,
        .gas_left = request->frame.gas_left,
    };
    enum err err = arena_copy(arena, &revert->output, request->frame.output);
    step->out = (struct action){.kind = ACTION_REVERT, .rollup_id = rollup->base.rollup_id};
    if (err == ERR_OK) err = arena_copy(arena, &step->out.data, hash32_bytes(&to_parent->pre));
    machine->base.reverted = &revert->base;
    /* The machine goes no further; who watches it is told how the frame ends. */
    const struct evm_tracer *tracer = run->execution.evm.config->tracer;
    const struct evm_result result = {
        .outcome = revert->outcome, .gas_left = revert->gas_left, .output = revert->output};
    if (tracer != NULL && tracer->on_exit != NULL) tracer->on_exit(tracer->context, &result);
    return err;
}
