/* Frames of the EVM rollup that revert after they have called other chains (protocol.md section 4):
 * which calls a frame has made, the REVERT that undoes them, and the failure that a REVERT_CONTINUE
 * repeats. */
#include "rollup/evm_rollup_private.h"

#include "rollup/predeploys.h"
#include "rollup/proxy.h"

/* The frames of the entry's tx-th transaction that fail at once. */
static enum err
failures_of(struct rollup *rollup, struct evm_frame_failure **failures, uint32_t tx) {
    *failures = NULL;
    for (struct rollup_replay *r = rollup->now.replays; r != NULL; r = r->next) {
        const struct evm_result *how = &r->revert->result;
        if (r->revert->tx != tx) continue;
        struct evm_replay *replay = arena_alloc(rollup->arena, sizeof(*replay));
        if (replay == NULL) return ERR_MEMORY;
        *replay = (struct evm_replay){
            .failure =
                {
                    .next = *failures,
                    .sequence = r->revert->frame,
                    .outcome = how->outcome,
                    .gas_left = how->gas_left,
                    .output = how->output,
                    .ends_replay = r->is_newest,
                },
            .replay = r,
        };
        *failures = &replay->failure;
    }
    return ERR_OK;
}

/* A machine that goes on in another entry than before. */
enum err evm_run_enter_entry(struct rollup *rollup, struct evm_run *run) {
    struct evm_frame_failure *failures;
    if (!block_run_enter_entry(rollup, &run->block)) return ERR_OK;
    enum err err = failures_of(rollup, &failures, 0);
    if (err == ERR_OK) evm_fail_frames(&run->execution.evm, failures);
    return err;
}

/* A transaction begins in this entry. */
enum err evm_run_enter_transaction(
    struct rollup *rollup, struct evm_run *run, struct execution_options *options
) {
    block_run_enter_transaction(rollup, &run->block);
    return failures_of(rollup, &options->failures, run->block.tx_number);
}

/* Of the frames that have failed as they were told to and are not noted, the first. */
static struct evm_frame_failure *next_replay(const struct evm_run *run) {
    struct evm_frame_failure *first = NULL;
    for (struct evm_frame_failure *f = run->execution.evm.failures; f != NULL; f = f->next) {
        bool is_new = f->has_failed && !((struct evm_replay *)f)->replay->has_failed;
        if (is_new && (first == NULL || f->sequence < first->sequence)) first = f;
    }
    return first;
}

/* Takes note of the frames that have failed as they were told to: each stands for one that had
 * called the parent. Where several have since the machine was last looked at, they are noted in the
 * order that they failed in: how often it is looked at must not matter. */
enum err evm_run_note_replays(struct rollup *rollup, struct evm_run *run) {
    struct evm_frame_failure *f;
    while ((f = next_replay(run)) != NULL) {
        struct rollup_replay *replay = ((struct evm_replay *)f)->replay;
        replay->has_failed = true;
        replay->line = rollup->now.line;
        enum err err = block_run_mark_parent_call(rollup, &run->block, f->sequence);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

/* Whether the frame that is about to fail only passes a failed answer on: the L2Hub and its proxies
 * do nothing of their own that would have to be undone on other chains. */
static bool only_passes_failure_on(struct evm_run *run) {
    const address *who = &run->execution.evm.request.frame.recipient;
    if (!run->last_result_failed) return false;
    if (address_equal(who, &L2HUB_PREDEPLOY)) return true;
    const struct journal_account *account = journal_find_account(&run->block.journal, who);
    return account != NULL && account->has_code &&
           proxy_is_runtime(account->code, &L2HUB_PREDEPLOY);
}

enum err evm_run_revert_frame(
    struct rollup *rollup, struct rollup_machine *machine, struct rollup_step *step, bool *is_over
) {
    struct evm_run *run = evm_run_of(machine);
    const struct evm_request *request = &run->execution.evm.request;
    const struct in_call *in_call = run->block.in_call;
    /* The failed RESULT of a call from the parent undoes everything by itself. */
    bool answers_parent = in_call != NULL && in_call->from == 0 && request->frame.is_outermost;
    if (answers_parent || only_passes_failure_on(run)) return ERR_OK;
    const struct evm_result how = {
        .outcome = request->frame.outcome,
        .gas_left = request->frame.gas_left,
        .output = request->frame.output,
    };
    return block_run_revert_frame(rollup, machine, step, is_over, request->frame.sequence, &how);
}
