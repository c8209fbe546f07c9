#include "census.h"

#include <inttypes.h>

static bool crosses(const struct frame *frame, const struct step *step) {
    bool calls = step->code == STEP_CALL || step->code == STEP_CREATE_CALLING;
    return calls && step->kind != CALL_DELEGATE_SELF &&
           chain_of(frame->account) != chain_of(step->target);
}

static bool has_crossing(const struct graph *g, const struct frame *frame) {
    for (uint16_t at = frame->first; at != NO_STEP; at = g->steps[at].next)
        if (crosses(frame, &g->steps[at])) return true;
    return false;
}

/* Whether a frame is in an account that waits above it, with another chain in between. */
static bool is_back(const struct graph *g, const struct frame *frame) {
    bool has_left = false;
    uint16_t at = frame->parent;
    for (; at != NO_FRAME; at = g->frames[at].parent) {
        const struct frame *above = &g->frames[at];
        has_left |= chain_of(above->account) != chain_of(frame->account);
        if (has_left && above->account == frame->account) return true;
    }
    return false;
}

/* Whether some frame on the way down to this one was called with ether from the chain that is
 * called now. */
static bool is_value_back(const struct graph *g, const struct frame *from, size_t to_chain) {
    const struct frame *frame = from;
    while (frame->parent != NO_FRAME) {
        const struct frame *above = &g->frames[frame->parent];
        for (uint16_t at = above->first; at != NO_STEP; at = g->steps[at].next) {
            const struct step *step = &g->steps[at];
            if (step_has_frame(step) && &g->frames[step->callee] == frame && step->value != 0 &&
                crosses(above, step) && chain_of(above->account) == to_chain)
                return true;
        }
        frame = above;
    }
    return false;
}

static bool is_repeated(const struct graph *g, const struct frame *frame, uint16_t index) {
    const struct step *step = &g->steps[index];
    for (uint16_t at = frame->first; at != index; at = g->steps[at].next)
        if (step_has_frame(&g->steps[at]) && g->steps[at].callee == step->callee) return true;
    return false;
}

static void
take_callee(bool has[CENSUS_COUNT], const struct graph *g, const struct step *step, bool is_away) {
    const struct frame *callee = &g->frames[step->callee];
    has[CENSUS_BACK] = is_back(g, callee);
    has[CENSUS_STATIC_ONWARD] = step->kind == CALL_STATIC && has_crossing(g, callee);
    has[CENSUS_CAUGHT] = callee->ending != END_RETURN && step->is_caught;
    has[CENSUS_PASSED_ON] = callee->ending != END_RETURN && !step->is_caught;
    has[CENSUS_REVERTING] = is_away && callee->ending == END_REVERT && callee->size > 0;
    has[CENSUS_EXHAUSTED] =
        is_away && (callee->ending == END_INVALID || callee->ending == END_SPEND);
    has[CENSUS_WRITING] = is_away && callee->ending == END_WRITE;
}

static void take_call(
    bool has[CENSUS_COUNT], const struct graph *g, const struct frame *frame, uint16_t index
) {
    const struct step *step = &g->steps[index];
    const size_t from = chain_of(frame->account);
    const size_t to = chain_of(step->target);
    const bool is_away = crosses(frame, step);
    const bool is_create = step->code == STEP_CREATE_CALLING;
    has[CENSUS_FROM_L1] = is_away && from == 0;
    has[CENSUS_TO_L1] = is_away && to == 0;
    has[CENSUS_BETWEEN_ROLLUPS] = is_away && from != 0 && to != 0;
    has[CENSUS_STATIC] = is_away && step->kind == CALL_STATIC;
    has[CENSUS_DELEGATE] = step->kind == CALL_DELEGATE_SELF;
    has[CENSUS_CREATE_CROSSING] = is_away && is_create;
    has[CENSUS_CREATE_UNDOING] = is_away && is_create && !step->is_set;
    bool has_value = is_away && !is_create && step->value != 0;
    has[CENSUS_VALUE] = has_value;
    has[CENSUS_VALUE_BACK] = has_value && is_value_back(g, frame, to);
    bool is_empty = step->target >= FIRST_EMPTY && step->target < FIRST_PRECOMPILE;
    has[CENSUS_EMPTY] = is_away && is_empty;
    has[CENSUS_EMPTY_VALUE] = has_value && is_empty;
    if (!step_has_frame(step)) return;
    has[CENSUS_REPEATED] = is_away && is_repeated(g, frame, index);
    take_callee(has, g, step, is_away);
}

static void take_step(
    bool has[CENSUS_COUNT], const struct graph *g, const struct frame *frame, uint16_t index
) {
    const struct step *step = &g->steps[index];
    switch (step->code) {
    case STEP_CALL:
        take_call(has, g, frame, index);
        break;
    case STEP_CREATE_CALLING:
        take_call(has, g, frame, index);
        has[CENSUS_CREATE] = step->is_set;
        break;
    case STEP_CREATE:
        has[CENSUS_CREATE] = step->is_set;
        break;
    case STEP_STORE:
    case STEP_LOAD:
        has[CENSUS_STORAGE] = true;
        break;
    case STEP_LOG:
        has[CENSUS_LOGS] = true;
        break;
    case STEP_TSTORE:
        has[CENSUS_TRANSIENT] = true;
        break;
    case STEP_TLOAD:
        has[CENSUS_TRANSIENT_BACK] = &g->frames[step->key] != frame && is_back(g, frame);
        break;
    case STEP_READ:
    case STEP_READ_CALL:
#ifdef EQUIVALENCE_L3
        has[CENSUS_READ] = step->code == STEP_READ;
        has[CENSUS_READ_CALL] = step->code == STEP_READ_CALL;
        has[CENSUS_READ_TWICE] =
            step->code == STEP_READ_CALL && chain_of(frame->account) == L3_CHAIN;
#endif
        break;
    case STEP_CALL_CHILD:
    case STEP_BALANCE:
        break;
    }
}

void census_take(struct census *census, const struct graph *graph) {
    bool is_in_graph[CENSUS_COUNT] = {false};
    for (size_t i = 0; i < graph->frame_count; i++) {
        const struct frame *frame = &graph->frames[i];
        for (uint16_t at = frame->first; at != NO_STEP; at = graph->steps[at].next) {
            bool has[CENSUS_COUNT] = {false};
            take_step(has, graph, frame, at);
            has[CENSUS_UNDOING] =
                at == frame->last && frame->ending != END_RETURN && has_crossing(graph, frame);
            for (size_t j = 0; j < CENSUS_COUNT; j++) {
                census->count[j] += has[j];
                is_in_graph[j] |= has[j];
            }
        }
    }
    for (size_t j = 0; j < CENSUS_COUNT; j++)
        census->graphs[j] += is_in_graph[j];
}

bool census_is_full(const struct census *census) {
    for (size_t i = 0; i < CENSUS_COUNT; i++)
        if (census->graphs[i] == 0) return false;
    return true;
}

void census_print(FILE *out, const struct census *census) {
    static const char *const TEXTS[CENSUS_COUNT] = {
#define X(name, text) [CENSUS_##name] = (text),
        CENSUS_SHAPES(X)
#undef X
    };
    for (size_t i = 0; i < CENSUS_COUNT; i++)
        fprintf(
            out,
            "%8" PRIu64 " in %6" PRIu64 " graphs: %s\n",
            census->count[i],
            census->graphs[i],
            TEXTS[i]
        );
}
