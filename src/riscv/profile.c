#include "riscv/profile.h"

#define REGISTER_RA 1

/* What is done when the arena is full: the call is not told apart from its caller. */
static void push(
    struct profile *profile, uint64_t steps, uint64_t to, uint64_t return_address, bool is_instead
) {
    uint32_t callee = symbols_function_at(profile->symbols, to);
    struct profile_edge_key key = {profile->frames[profile->depth - 1].function, callee};
    if (profile->depth == PROFILE_DEPTH_MAX) return;
    struct profile_edge *edge = map_put(&profile->edges, &key, NULL);
    if (edge == NULL) {
        profile->is_out_of_memory = true;
        return;
    }
    profile->frames[profile->depth++] = (struct profile_frame){
        .function = callee,
        .is_instead = is_instead,
        .return_address = return_address,
        .start = steps,
        .edge = edge,
    };
    edge->calls++;
    profile->functions[callee].calls++;
    profile->functions[callee].active++;
}

static void pop(struct profile *profile, uint64_t steps) {
    const struct profile_frame *frame = &profile->frames[--profile->depth];
    struct profile_function *function = &profile->functions[frame->function];
    if (--function->active > 0) return;
    function->cumulative += steps - frame->start;
    if (frame->edge != NULL) frame->edge->cumulative += steps - frame->start;
}

/* A return to where no open call was made from is an odd jump and changes nothing. */
static void go_back(struct profile *profile, uint64_t steps, uint64_t to) {
    uint32_t at = profile->depth;
    while (at > 1 && profile->frames[at - 1].return_address != to)
        at--;
    if (at <= 1) return;
    bool is_instead;
    while (profile->depth > at)
        pop(profile, steps);
    do {
        is_instead = profile->frames[profile->depth - 1].is_instead;
        pop(profile, steps);
    } while (is_instead && profile->depth > 1);
}

static void
watch(void *context, uint64_t steps, const struct instruction *i, uint64_t from, uint64_t to) {
    struct profile *profile = context;
    const struct profile_frame *top = &profile->frames[profile->depth - 1];
    if (i->rd == REGISTER_RA) {
        push(profile, steps, to, from + 4, false);
    } else if (i->op == OP_JALR && i->rd == 0 && i->rs1 == REGISTER_RA) {
        go_back(profile, steps, to);
    } else if (i->rd == 0) {
        uint32_t callee = symbols_function_at(profile->symbols, to);
        if (callee != top->function && profile->symbols->functions[callee].start == to)
            push(profile, steps, to, top->return_address, true);
    }
}

enum err profile_open(
    struct profile *profile, struct arena *arena, const struct symbols *symbols, uint64_t entry
) {
    uint32_t function = symbols_function_at(symbols, entry);
    profile->symbols = symbols;
    profile->functions =
        arena_alloc_zero(arena, symbols->function_count * sizeof *profile->functions);
    if (profile->functions == NULL) return ERR_MEMORY;
    map_open(&profile->edges, arena, sizeof(struct profile_edge_key), sizeof(struct profile_edge));
    profile->frames[0] = (struct profile_frame){.function = function};
    profile->depth = 1;
    profile->is_out_of_memory = false;
    profile->functions[function] = (struct profile_function){.calls = 1, .active = 1};
    profile->watcher = (struct machine_watcher){.context = profile, .jump = watch};
    return ERR_OK;
}

enum err profile_finish(struct profile *profile, uint64_t steps) {
    while (profile->depth > 0)
        pop(profile, steps);
    return profile->is_out_of_memory ? ERR_MEMORY : ERR_OK;
}
