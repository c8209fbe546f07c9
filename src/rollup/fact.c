#include "rollup/fact.h"

#include "core/check.h"

struct participant {
    struct rollup *rollup;
    struct rollup_machine *now;
    hash32 pre;
    u256 ether_delta_wei;
};

struct derivation {
    struct arena *arena;
    const struct fact_rollups *rollups;
    struct fact *fact;
    struct participant participants[FACT_ROLLUPS_MAX];
    size_t participant_count;
    uint64_t from; /* chain that hands the next in-action over, 0 the parent */
    struct action *trace;
    size_t trace_count;
    size_t trace_capacity;
};

static void refuse(struct derivation *d, enum step_verdict verdict, uint64_t rollup_id) {
    d->fact->verdict = verdict;
    d->fact->verdict_rollup = rollup_id;
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
    d->participants[d->participant_count] = p;
    *participant = &d->participants[d->participant_count++];
    return ERR_OK;
}

static enum err append_line(struct derivation *d, const struct action *line) {
    if (d->trace_count == FACT_TRACE_MAX) {
        refuse(d, STEP_TRACE_TOO_LONG, line->rollup_id);
        return ERR_OK;
    }
    if (d->trace_count == d->trace_capacity) {
        size_t capacity = d->trace_capacity == 0 ? 8 : 2 * d->trace_capacity;
        struct action *grown = arena_alloc_array(d->arena, capacity, sizeof(*grown));
        if (grown == NULL) return ERR_MEMORY;
        if (d->trace_count > 0) memcpy(grown, d->trace, d->trace_count * sizeof(*grown));
        d->trace = grown;
        d->trace_capacity = capacity;
    }
    enum err err = action_copy(&d->trace[d->trace_count], d->arena, line);
    if (err == ERR_OK) d->trace_count++;
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

/* One step of the active rollup and what becomes of its out-action. *active moves to the rollup
 * that gets the next in-action; it is NULL when the entry has ended (or a verdict is set). */
static enum err
advance(struct derivation *d, struct participant **active, struct action *in, struct action *out) {
    struct participant *p = *active;
    struct rollup_step step = {0};
    enum err err = p->rollup->type->step(p->rollup, &step, p->now, in, d->from);
    if (err != ERR_OK) return err;
    *active = NULL;
    if (step.verdict != STEP_OK) {
        refuse(d, step.verdict, p->rollup->rollup_id);
        d->fact->verdict_tx = step.verdict_tx;
        d->fact->verdict_tx_index = step.verdict_tx_index;
        return ERR_OK;
    }
    p->now = step.next;
    *out = step.out;
    if (out->kind == ACTION_CALL) subtract_ether(p, &out->value_wei);
    bool goes_to_parent = out->kind == ACTION_CALL ? out->rollup_id == 0 : step.receiver == 0;
    if (goes_to_parent) return ERR_OK;

    CHECK(out->kind == ACTION_CALL || out->kind == ACTION_RESULT);
    struct action line = *out;
    if (out->kind == ACTION_RESULT) {
        line.source_rollup_id = p->rollup->rollup_id;
        line.rollup_id = step.receiver;
        if (out->failed) subtract_ether(p, &step.call_value_wei);
    }
    struct participant *next;
    err = participant_of(d, &next, line.rollup_id);
    if (err != ERR_OK || next == NULL) return err;
    count_input(next, &line);
    err = append_line(d, &line);
    if (err != ERR_OK || d->fact->verdict != STEP_OK) return err;
    *in = d->trace[d->trace_count - 1];
    d->from = p->rollup->rollup_id;
    *active = next;
    return ERR_OK;
}

/* Files the machines under their new heads and fills the transitions in. */
static enum err conclude(struct derivation *d, const struct action *input, struct action *out) {
    struct entry *entry = &d->fact->entry;
    *entry = (struct entry){.trace = d->trace, .trace_count = d->trace_count};
    enum err err = action_copy(&entry->input, d->arena, input);
    if (err == ERR_OK) err = action_copy(&entry->out, d->arena, out);
    hash32 input_hash;
    hash32 trace_hash;
    hash32 out_hash;
    if (err == ERR_OK) err = action_hash(&input_hash, d->arena, &entry->input);
    if (err == ERR_OK) err = entry_trace_hash(&trace_hash, d->arena, d->trace, d->trace_count);
    if (err == ERR_OK) err = action_hash(&out_hash, d->arena, &entry->out);
    if (err != ERR_OK) return err;
    entry->transition_count = d->participant_count;
    entry->transitions =
        arena_alloc_array(d->arena, d->participant_count, sizeof(*entry->transitions));
    if (entry->transitions == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < d->participant_count; i++) {
        struct participant *p = &d->participants[i];
        if (!p->now->has_head) {
            hash32 head = p->now->head; /* an idle machine knows its state root */
            if (!p->now->is_idle)
                head = entry_suspended_head(&p->pre, &input_hash, &trace_hash, &out_hash);
            err = rollup_register(p->rollup, p->now, &head);
            if (err != ERR_OK) return err;
        }
        entry->transitions[i] = (struct transition
        ){p->rollup->rollup_id, p->pre, p->now->head, p->now->is_idle, p->ether_delta_wei};
    }
    return ERR_OK;
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
    struct participant *active;
    struct action in = *input;
    struct action out = {0};
    enum err err = participant_of(d, &active, input->rollup_id);
    if (err != ERR_OK || active == NULL) return err;
    count_input(active, input);
    while (err == ERR_OK && active != NULL)
        err = advance(d, &active, &in, &out);
    if (err != ERR_OK || fact->verdict != STEP_OK) return err;
    return conclude(d, input, &out);
}
