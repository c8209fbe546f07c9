#include "rollup/fact.h"

#include "core/check.h"

struct participant {
    struct rollup *rollup;
    struct rollup_machine *now;
    hash32 pre;
    u256 ether_delta_wei;
};

/* A line of the trace, and what was before it. */
struct line {
    struct participant *sender;
    struct participant *receiver;
    struct rollup_machine *receiver_machine;
    u256 sender_ether_wei;
    u256 receiver_ether_wei;
};

struct derivation {
    struct arena *arena;
    const struct fact_rollups *rollups;
    struct fact *fact;
    struct derived_entry *entry; /* outlives the derivation: a REVERT points to what it undoes */
    struct participant participants[FACT_ROLLUPS_MAX];
    size_t participant_count;
    uint64_t from; /* chain that hands the next in-action over, 0 the parent */
    struct action *trace;
    struct line *lines; /* as many as the trace has */
    size_t trace_count;
    size_t trace_capacity;
    /* An entry for a REVERT_CONTINUE: the failures it repeats, in rollups[]'s lists too. */
    struct replay {
        struct rollup_replay base;
        struct rollup *rollup;
        struct replay *older;
        bool is_told;
    } * replays; /* the newest first */
};

static void refuse(struct derivation *d, enum step_verdict verdict, uint64_t rollup_id) {
    d->fact->verdict = verdict;
    d->fact->verdict_rollup = rollup_id;
}

/* A rollup whose frames are to fail stands where it stood when they did. */
static bool stands_as_before(const struct rollup *rollup, const hash32 *pre) {
    for (const struct rollup_replay *r = rollup->now.replays; r != NULL; r = r->next) {
        const struct entry *undone = &r->revert->undone->entry;
        const struct transition *t = entry_transition_of(undone, rollup->rollup_id);
        if (t == NULL || !hash32_equal(&t->pre, pre)) return false;
    }
    return true;
}

/* Finds or adds a participant; NULL with a verdict set if there is no such rollup or head. */
static enum err
participant_of(struct derivation *d, struct participant **participant, uint64_t rollup_id) {
    *participant = NULL;
    for (size_t i = 0; i < d->participant_count; i++) {
        if (d->participants[i].rollup->rollup_id == rollup_id) {
            *participant = &d->participants[i];
            return ERR_OK;
        }
    }
    if (d->participant_count == FACT_ROLLUPS_MAX) {
        refuse(d, STEP_TRACE_TOO_LONG, rollup_id);
        return ERR_OK;
    }
    struct participant p = {0};
    enum err err = d->rollups->find(d->rollups->context, &p.rollup, &p.pre, rollup_id);
    if (err != ERR_OK) return err;
    if (p.rollup == NULL) {
        refuse(d, STEP_ROLLUP_UNKNOWN, rollup_id);
        return ERR_OK;
    }
    p.now = rollup_at(p.rollup, &p.pre);
    if (p.now == NULL) {
        refuse(d, STEP_HEAD_UNKNOWN, rollup_id);
        return ERR_OK;
    }
    if (p.now->has_ended || !stands_as_before(p.rollup, &p.pre)) {
        refuse(d, STEP_NOT_DEFINED, rollup_id);
        return ERR_OK;
    }
    p.rollup->now.entry = d->entry;
    p.rollup->now.pre = p.pre;
    p.rollup->now.tx_count = 0;
    d->participants[d->participant_count] = p;
    *participant = &d->participants[d->participant_count++];
    return ERR_OK;
}

static enum err
append_line(struct derivation *d, const struct action *line, const struct line *before) {
    if (d->trace_count == FACT_TRACE_MAX) {
        refuse(d, STEP_TRACE_TOO_LONG, line->rollup_id);
        return ERR_OK;
    }
    if (d->trace_count == d->trace_capacity) {
        size_t capacity = d->trace_capacity == 0 ? 8 : 2 * d->trace_capacity;
        struct action *grown = arena_alloc_array(d->arena, capacity, sizeof(*grown));
        struct line *lines = arena_alloc_array(d->arena, capacity, sizeof(*lines));
        if (grown == NULL || lines == NULL) return ERR_MEMORY;
        if (d->trace_count > 0) {
            memcpy(grown, d->trace, d->trace_count * sizeof(*grown));
            memcpy(lines, d->lines, d->trace_count * sizeof(*lines));
        }
        d->trace = grown;
        d->lines = lines;
        d->trace_capacity = capacity;
    }
    enum err err = action_copy(&d->trace[d->trace_count], d->arena, line);
    if (err == ERR_OK) d->lines[d->trace_count++] = *before;
    return err;
}

static void add_ether(struct participant *p, const u256 *wei) {
    p->ether_delta_wei = u256_add(&p->ether_delta_wei, wei);
}

static void subtract_ether(struct participant *p, const u256 *wei) {
    p->ether_delta_wei = u256_sub(&p->ether_delta_wei, wei);
}

/* What of the input itself moves ether: an in-CALL brings it, a failed answer brings it back. */
static void count_input(struct participant *p, const struct action *input) {
    if (input->kind == ACTION_CALL) add_ether(p, &input->value_wei);
    if (input->kind == ACTION_RESULT && input->failed) add_ether(p, &p->now->open_call.value_wei);
}

/* Hands what the active rollup said to another rollup over to it. sender_ether_wei is what the
 * sender's delta was before. */
static enum err hand_over(
    struct derivation *d,
    struct participant **active,
    struct action *in,
    const struct action *said,
    const u256 *sender_ether_wei
) {
    struct participant *sender = *active;
    *active = NULL;
    struct participant *next;
    enum err err = participant_of(d, &next, said->rollup_id);
    if (err != ERR_OK || next == NULL) return err;
    const struct line before = {
        .sender = sender,
        .receiver = next,
        .receiver_machine = next->now,
        .sender_ether_wei = *sender_ether_wei,
        .receiver_ether_wei = next->ether_delta_wei,
    };
    count_input(next, said);
    err = append_line(d, said, &before);
    if (err != ERR_OK || d->fact->verdict != STEP_OK) return err;
    *in = d->trace[d->trace_count - 1];
    d->from = sender->rollup->rollup_id;
    *active = next;
    return ERR_OK;
}

/* A frame that called rollups, and not the parent, reverts: all involved return to where they were
 * before the first line. Its own rollup's machine undoes for itself what lies within the frame. */
static enum err
undo_lines(struct derivation *d, struct participant *p, const struct rollup_step *step) {
    CHECK(step->first_line < d->trace_count);
    for (size_t i = d->trace_count; i-- > step->first_line;) {
        const struct line *line = &d->lines[i];
        line->receiver->now = line->receiver_machine;
        line->receiver->ether_delta_wei = line->receiver_ether_wei;
        line->sender->ether_delta_wei = line->sender_ether_wei;
    }
    p->now = step->next;
    uint8_t index[ABI_WORD] = {0};
    store_be64(index + ABI_WORD - 8, step->first_line);
    const struct action line = {
        .kind = ACTION_REVERT,
        .rollup_id = p->rollup->rollup_id,
        .data = bytes_of(index, sizeof(index)),
    };
    /* Undoing this line once more changes nothing. */
    const struct line before = {p, p, p->now, p->ether_delta_wei, p->ether_delta_wei};
    return append_line(d, &line, &before);
}

/* Whether up to the frame that is to fail everything was said that was said before it failed the
 * first time, and nothing else. So its rollup is where it was then: other rollups may have got
 * there from elsewhere. */
static bool repeats_trace(const struct derivation *d, const struct rollup_replay *replay) {
    const struct entry *undone = &replay->revert->undone->entry;
    if (replay->line > undone->trace_count) return false;
    for (size_t i = 0; i < replay->line; i++)
        if (!action_equal(&d->trace[i], &undone->trace[i])) return false;
    return true;
}

/* The participant's machine takes note that the parent was called while it waits. A frozen one is
 * where a failed or static call has returned to, and another may return there yet. */
static enum err note_parent_call(struct participant *p) {
    const struct rollup_type *type = p->rollup->type;
    if (type->parent_called == NULL) return ERR_OK;
    enum err err = type->thaw(p->rollup, &p->now);
    return err == ERR_OK ? type->parent_called(p->rollup, p->now) : err;
}

/* A frame that had called the parent has failed once more, somewhere: those who wait for it have
 * called the parent, too. */
static enum err tell_of_replays(struct derivation *d, const struct participant *by) {
    for (struct rollup_replay *r = d->entry->replays; r != NULL; r = r->older) {
        if (!r->has_failed || r->is_told) continue;
        r->is_told = true;
        if (!repeats_trace(d, r)) refuse(d, STEP_NOT_DEFINED, r->rollup->rollup_id);
        for (size_t i = 0; i < d->participant_count; i++) {
            struct participant *p = &d->participants[i];
            if (p == by || p->now->is_idle || p->now->has_head) continue;
            enum err err = note_parent_call(p);
            if (err != ERR_OK) return err;
        }
    }
    return ERR_OK;
}

/* One step of the active rollup, up to what it says. */
static enum err take_step(
    struct derivation *d, struct participant *p, struct rollup_step *step, const struct action *in
) {
    p->rollup->now.line = (uint32_t)d->trace_count;
    enum err err = p->rollup->type->step(p->rollup, step, p->now, in, d->from);
    while (err == ERR_OK && step->verdict == STEP_OK && step->undoes_lines) {
        err = undo_lines(d, p, step);
        if (err != ERR_OK || d->fact->verdict != STEP_OK) return err;
        *step = (struct rollup_step){.verdict = STEP_OK};
        p->rollup->now.line = (uint32_t)d->trace_count;
        err = p->rollup->type->go_on(p->rollup, step, p->now);
    }
    if (err != ERR_OK || step->verdict == STEP_OK) return err;
    refuse(d, step->verdict, p->rollup->rollup_id);
    d->fact->verdict_tx = step->verdict_tx;
    d->fact->verdict_tx_index = step->verdict_tx_index;
    return ERR_OK;
}

/* One step of the active rollup and what becomes of its out-action. *active moves to the rollup
 * that gets the next in-action; it is NULL when the entry has ended (or a verdict is set). */
static enum err
advance(struct derivation *d, struct participant **active, struct action *in, struct action *out) {
    struct participant *p = *active;
    struct rollup_step step = {0};
    enum err err = take_step(d, p, &step, in);
    if (err == ERR_OK && d->fact->verdict == STEP_OK) err = tell_of_replays(d, p);
    if (err != ERR_OK || d->fact->verdict != STEP_OK) {
        *active = NULL;
        return err;
    }
    p->now = step.next;
    *out = step.out;
    const u256 ether_wei = p->ether_delta_wei;
    if (out->kind == ACTION_CALL) subtract_ether(p, &out->value_wei);
    bool goes_to_parent = out->kind == ACTION_CALL ? out->rollup_id == 0 : step.receiver == 0;
    if (goes_to_parent) {
        *active = NULL;
        return ERR_OK;
    }
    CHECK(out->kind == ACTION_CALL || out->kind == ACTION_RESULT);
    struct action line = *out;
    if (out->kind == ACTION_RESULT) {
        line.source_rollup_id = p->rollup->rollup_id;
        line.rollup_id = step.receiver;
        if (out->failed) subtract_ether(p, &step.call_value_wei);
    }
    return hand_over(d, active, in, &line, &ether_wei);
}

/* A machine that the entry leaves behind gets its head. */
static enum err leave(struct derivation *d, struct participant *p, const hash32 *suspended_head) {
    if (p->now->has_head) return ERR_OK;
    enum err err = p->rollup->type->thaw(p->rollup, &p->now);
    if (err != ERR_OK) return err;
    p->now->has_ended = d->entry->entry.out.kind == ACTION_REVERT;
    if (!p->now->is_idle && !p->now->has_ended) err = note_parent_call(p);
    if (err != ERR_OK) return err;
    hash32 head = p->now->is_idle ? p->now->head : *suspended_head;
    return rollup_register(p->rollup, p->now, &head);
}

/* Files the machines under their new heads and fills the transitions in. */
static enum err conclude(struct derivation *d, const struct action *out) {
    struct entry *entry = &d->entry->entry;
    entry->trace = d->trace;
    entry->trace_count = d->trace_count;
    enum err err = action_copy(&entry->out, d->arena, out);
    hash32 input_hash;
    hash32 trace_hash;
    hash32 out_hash;
    if (err == ERR_OK) err = action_hash(&input_hash, d->arena, &entry->input);
    if (err == ERR_OK) err = entry_trace_hash(&trace_hash, d->arena, d->trace, d->trace_count);
    if (err == ERR_OK) err = action_hash(&out_hash, d->arena, &entry->out);
    if (err != ERR_OK) return err;
    struct transition *transitions =
        arena_alloc_array(d->arena, d->participant_count, sizeof(*transitions));
    if (transitions == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < d->participant_count; i++) {
        struct participant *p = &d->participants[i];
        hash32 suspended = entry_suspended_head(&p->pre, &input_hash, &trace_hash, &out_hash);
        d->fact->fresh |= (uint64_t)!p->now->has_head << i;
        err = leave(d, p, &suspended);
        if (err != ERR_OK) return err;
        transitions[i] = (struct transition
        ){p->rollup->rollup_id, p->pre, p->now->head, p->now->is_idle, p->ether_delta_wei};
    }
    entry->transitions = transitions;
    entry->transition_count = d->participant_count;
    d->fact->entry = *entry;
    return ERR_OK;
}

/* What a REVERT_CONTINUE says: hash(undone input), and t, the head after the REVERT. *rollup is
 * NULL if no REVERT with that head undid that input. */
static enum err find_revert(
    struct derivation *d,
    struct rollup **rollup,
    const struct rollup_revert **revert,
    const struct action *continuation
) {
    hash32 undone_hash;
    hash32 reverted;
    *rollup = NULL;
    if (continuation->data.size != 2 * ABI_WORD) return ERR_OK;
    enum err err = abi_read_hash(&undone_hash, continuation->data, 0);
    if (err == ERR_OK) err = abi_read_hash(&reverted, continuation->data, 1);
    if (err != ERR_OK) return err;
    struct rollup *found = d->rollups->find_head(d->rollups->context, &reverted);
    if (found == NULL) return ERR_OK;
    const struct rollup_machine *machine = rollup_at(found, &reverted);
    if (machine == NULL || machine->reverted == NULL) return ERR_OK;
    const struct action *undone = &machine->reverted->undone->entry.input;
    hash32 hash;
    err = action_hash(&hash, d->arena, undone);
    if (err != ERR_OK) return err;
    if (!hash32_equal(&hash, &undone_hash) || undone->rollup_id != continuation->rollup_id)
        return ERR_OK;
    *rollup = found;
    *revert = machine->reverted;
    return ERR_OK;
}

static enum err add_replay(
    struct derivation *d,
    struct rollup_replay ***end,
    struct rollup *rollup,
    const struct rollup_revert *revert
) {
    struct rollup_replay *replay = arena_alloc(d->arena, sizeof(*replay));
    if (replay == NULL) return ERR_MEMORY;
    *replay = (struct rollup_replay){
        .next = rollup->now.replays,
        .rollup = rollup,
        .revert = revert,
        .is_newest = *end == &d->entry->replays,
    };
    rollup->now.replays = replay;
    **end = replay;
    *end = &replay->older;
    return ERR_OK;
}

/* Whether a frame that was to fail in the undone entry was entered within the one that reverts, and
 * so will not be entered any more. Everything that happens after the first call of the latter does,
 * on whatever rollup. */
static bool is_within(
    const struct rollup_replay *replay,
    const struct rollup *reverting,
    const struct rollup_revert *revert
) {
    if (!replay->has_failed || replay->line > revert->first_line) return true;
    return replay->rollup == reverting && replay->revert->tx == revert->tx &&
           replay->revert->frame > revert->frame;
}

/* What runs for a REVERT_CONTINUE: what ran for the undone input, with the frames that were to fail
 * then, and the one that has reverted now. */
static enum err open_replays(struct derivation *d) {
    const struct action *input = &d->entry->entry.input;
    d->entry->root = *input;
    if (input->kind != ACTION_REVERT_CONTINUE) return ERR_OK;
    struct rollup *rollup;
    const struct rollup_revert *revert;
    enum err err = find_revert(d, &rollup, &revert, input);
    if (err != ERR_OK) return err;
    if (rollup == NULL) {
        refuse(d, STEP_NOT_DEFINED, input->rollup_id);
        return ERR_OK;
    }
    d->entry->root = revert->undone->root;
    struct rollup_replay **end = &d->entry->replays;
    err = add_replay(d, &end, rollup, revert);
    const struct rollup_replay *r = revert->undone->replays;
    for (; r != NULL && err == ERR_OK; r = r->older)
        if (!is_within(r, rollup, revert)) err = add_replay(d, &end, r->rollup, r->revert);
    return err;
}

/* The rollups forget the entry. */
static void close_entry(struct derivation *d) {
    for (struct rollup_replay *r = d->entry->replays; r != NULL; r = r->older)
        r->rollup->now.replays = NULL;
    for (size_t i = 0; i < d->participant_count; i++)
        d->participants[i].rollup->now.entry = NULL;
}

static enum err derive(struct derivation *d) {
    struct participant *active;
    struct action out = {0};
    enum err err = open_replays(d);
    if (err != ERR_OK || d->fact->verdict != STEP_OK) return err;
    struct action in = d->entry->root;
    err = participant_of(d, &active, in.rollup_id);
    if (err != ERR_OK || active == NULL) return err;
    count_input(active, &in);
    while (err == ERR_OK && active != NULL)
        err = advance(d, &active, &in, &out);
    if (err != ERR_OK || d->fact->verdict != STEP_OK) return err;
    if (d->entry->replays != NULL && !d->entry->replays->has_failed) {
        refuse(d, STEP_NOT_DEFINED, in.rollup_id);
        return ERR_OK;
    }
    return conclude(d, &out);
}

enum err fact_derive(
    struct fact *fact,
    struct arena *arena,
    const struct fact_rollups *rollups,
    const struct action *input
) {
    struct derivation *d = arena_alloc_zero(arena, sizeof(*d));
    if (d == NULL) return ERR_MEMORY;
    *fact = (struct fact){.verdict = STEP_OK};
    d->arena = arena;
    d->rollups = rollups;
    d->fact = fact;
    d->entry = arena_alloc_zero(arena, sizeof(*d->entry));
    if (d->entry == NULL) return ERR_MEMORY;
    enum err err = action_copy(&d->entry->entry.input, arena, input);
    if (err == ERR_OK) err = derive(d);
    close_entry(d);
    return err;
}
