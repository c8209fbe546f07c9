#include "graph.h"
#include "chain/tx.h"
#include "core/check.h"

#include <string.h>

#define PROGRAM_HEADER_SIZE 5
#define CALL_HEADER_SIZE    13

size_t chain_of(uint8_t account) {
    CHECK(account < ACCOUNTS);
    if (account < FIRST_NODE) return account - FIRST_USER;
    if (account < FIRST_EMPTY) return (size_t)(account - FIRST_NODE) / NODES_PER_CHAIN;
    if (account < FIRST_PRECOMPILE) return account - FIRST_EMPTY;
    return account - FIRST_PRECOMPILE;
}

bool step_has_frame(const struct step *step) {
    return step->code == STEP_CREATE_CALLING ||
           (step->code == STEP_CALL && step->callee != NO_FRAME);
}

/* --- randomness ------------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(uint64_t *state, uint64_t bound) {
    return draw(state) % bound;
}

static bool chance(uint64_t *state, unsigned percent) {
    return below(state, 100) < percent;
}

/* --- generating ------------------------------------------------------------------------------- */

/* What this graph is like. */
struct shape {
    uint64_t random;
    size_t frame_max;
    unsigned depth_max;
    uint8_t chain_mask;   /* chains that take part */
    unsigned steps_max;   /* of a frame */
    bool is_chain;        /* long and thin: every frame makes a call as long as it may */
    unsigned call_chance; /* that a step is a call, in percent; likewise below */
    unsigned cross_chance;
    unsigned static_chance;
    unsigned value_chance;
    unsigned failure_chance;
    unsigned catch_chance;
};

static void choose_shape(struct shape *s, uint64_t seed) {
    *s = (struct shape){.random = seed};
    uint64_t *r = &s->random;
    (void)draw(r);
    s->chain_mask = (uint8_t)(1u | draw(r));
    if (chance(r, 30)) s->chain_mask = (uint8_t)(1u | 1u << (1 + below(r, CHAINS - 1)));
    bool is_chain = chance(r, 25);
    s->is_chain = is_chain;
    s->frame_max = is_chain ? 5 + below(r, 13) : 2 + below(r, chance(r, 20) ? 28 : 12);
    s->depth_max = is_chain ? GRAPH_DEPTH_MAX : 1 + (unsigned)below(r, 6);
    s->steps_max = is_chain ? 3 : 2 + (unsigned)below(r, 6);
    s->call_chance = is_chain ? 30 : 30 + (unsigned)below(r, 40);
    s->cross_chance = 50 + (unsigned)below(r, 50);
    s->static_chance = chance(r, 40) ? 0 : (unsigned)below(r, 50);
    s->value_chance = chance(r, 40) ? 0 : (unsigned)below(r, 60);
    s->failure_chance = chance(r, 40) ? 0 : (unsigned)below(r, 50);
    s->catch_chance = 40 + (unsigned)below(r, 60);
}

static uint8_t choose_node(struct shape *s, size_t from_chain) {
    size_t chain = from_chain;
    if (chance(&s->random, s->cross_chance)) {
        size_t candidates[CHAINS];
        size_t count = 0;
        for (size_t i = 0; i < CHAINS; i++)
            if (i != from_chain && ((unsigned)s->chain_mask >> i & 1u) != 0)
                candidates[count++] = i;
        if (count > 0) chain = candidates[below(&s->random, count)];
    }
    return (uint8_t)(FIRST_NODE + chain * NODES_PER_CHAIN + below(&s->random, NODES_PER_CHAIN));
}

static uint16_t choose_value(struct shape *s) {
    if (!chance(&s->random, s->value_chance)) return 0;
    if (chance(&s->random, 5)) return 60000; /* more than anybody has */
    return (uint16_t)(1 + below(&s->random, 400));
}

static uint16_t add_frame(struct graph *g, struct shape *s, uint16_t parent, uint8_t account) {
    uint64_t *r = &s->random;
    struct frame *f = &g->frames[g->frame_count];
    *f = (struct frame){.parent = parent, .account = account, .first = NO_STEP, .last = NO_STEP};
    f->size = (uint8_t)(chance(r, 70) ? 32 * below(r, 3) : below(r, 200));
    if (parent != NO_FRAME) {
        f->depth = (uint8_t)(g->frames[parent].depth + 1);
        f->is_quiet = g->frames[parent].is_quiet;
        f->parent_had_tstore = g->frames[parent].has_tstore;
    }
    if (chance(r, s->failure_chance)) f->ending = END_REVERT;
    return (uint16_t)g->frame_count++;
}

/* The new step is the frame's last. */
static struct step *add_step(struct graph *g, uint16_t frame, struct step step) {
    struct frame *f = &g->frames[frame];
    uint16_t index = (uint16_t)g->step_count++;
    CHECK(index < STEPS_MAX);
    step.next = NO_STEP;
    g->steps[index] = step;
    if (f->last == NO_STEP)
        f->first = index;
    else
        g->steps[f->last].next = index;
    f->last = index;
    return &g->steps[index];
}

/* The accounts that run no program. */
static struct step choose_dumb_call(struct shape *s) {
    uint64_t *r = &s->random;
    struct step step = {.code = STEP_CALL, .callee = NO_FRAME, .is_caught = chance(r, 80)};
    bool is_empty = chance(r, 60);
    step.target = (uint8_t)((is_empty ? FIRST_EMPTY : FIRST_PRECOMPILE) + below(r, CHAINS));
    step.size = (uint8_t)below(r, 100);
    /* A precompile has one account on one chain and several on several: it gets no ether. */
    if (is_empty) step.value = choose_value(s);
    return step;
}

static void add_call(struct graph *g, struct shape *s, uint16_t frame) {
    uint64_t *r = &s->random;
    const struct frame *f = &g->frames[frame];
    struct step step = {.code = STEP_CALL};
    if (chance(r, 12)) {
        step = choose_dumb_call(s);
    } else if (chance(r, 6)) {
        step.kind = CALL_DELEGATE_SELF;
        step.target = f->account;
    } else {
        step.target = chance(r, 5) ? f->account : choose_node(s, chain_of(f->account));
        step.value = choose_value(s);
    }
    step.is_caught = chance(r, s->catch_chance);
    if (step.kind == CALL_PLAIN && chance(r, s->static_chance)) step.kind = CALL_STATIC;
    if (step.kind != CALL_PLAIN || f->is_quiet) step.value = 0;
    if (step.kind == CALL_PLAIN && step.callee != NO_FRAME && !f->is_quiet && chance(r, 8)) {
        step.code = STEP_CREATE_CALLING;
        step.is_set = chance(r, 70);
    }
    if (step.callee != NO_FRAME) {
        step.callee = add_frame(g, s, frame, step.target);
        struct frame *callee = &g->frames[step.callee];
        if (step.kind == CALL_STATIC) callee->is_quiet = true;
        if (callee->ending == END_REVERT && chance(r, 25))
            callee->ending = (enum ending)(END_INVALID + below(r, callee->is_quiet ? 3 : 2));
    }
    size_t times = chance(r, 10) ? 2 + below(r, 2) : 1;
    while (times-- > 0)
        (void)add_step(g, frame, step);
}

/* A frame whose transient storage this one may read: one of the same account that is still open
 * and wrote before it made the call that led here. What an earlier call left may be gone, as it
 * may have been another transaction of its rollup (protocol.md section 11). */
static uint16_t choose_tload(const struct graph *g, struct shape *s, uint16_t frame) {
    uint16_t found = g->frames[frame].has_tstore ? frame : NO_FRAME;
    uint16_t at = frame;
    while (g->frames[at].parent != NO_FRAME) {
        bool had = g->frames[at].parent_had_tstore;
        at = g->frames[at].parent;
        if (!had || g->frames[at].account != g->frames[frame].account) continue;
        if (found == NO_FRAME || chance(&s->random, 50)) found = at;
    }
    return found;
}

static void add_other(struct graph *g, struct shape *s, uint16_t frame) {
    uint64_t *r = &s->random;
    struct frame *f = &g->frames[frame];
    uint16_t slot = (uint16_t)below(r, 4);
    uint16_t writer = NO_FRAME;
    switch (below(r, f->is_quiet ? 3 : 8)) {
    case 0:
        (void)add_step(g, frame, (struct step){.code = STEP_LOAD, .key = slot});
        break;
    case 1:
        (void)add_step(g, frame, (struct step){.code = STEP_BALANCE});
        break;
    case 2:
        writer = choose_tload(g, s, frame);
        if (writer != NO_FRAME)
            (void)add_step(g, frame, (struct step){.code = STEP_TLOAD, .key = writer});
        break;
    case 3:
    case 4:
        (void)add_step(
            g, frame, (struct step){.code = STEP_STORE, .key = slot, .is_set = chance(r, 80)}
        );
        break;
    case 5:
        (void)add_step(g, frame, (struct step){.code = STEP_LOG});
        break;
    case 6:
        (void)add_step(g, frame, (struct step){.code = STEP_TSTORE, .key = frame});
        f->has_tstore = true;
        break;
    default:
        if (chance(r, 50)) {
            struct step create = {.code = STEP_CREATE, .is_set = chance(r, 80)};
            if (chance(r, 50)) create.key = (uint16_t)(1 + below(r, 2));
            create.value = choose_value(s);
            (void)add_step(g, frame, create);
        } else {
            struct step call = {.code = STEP_CALL_CHILD, .value = choose_value(s)};
            (void)add_step(g, frame, call);
        }
    }
}

static void fill_frame(struct graph *g, struct shape *s, uint16_t frame) {
    uint64_t *r = &s->random;
    size_t count = (s->is_chain ? 1 : 0) + below(r, s->steps_max + 1);
    size_t way_on = s->is_chain ? below(r, count) : count;
    for (size_t i = 0; i < count && g->step_count + 4 < STEPS_MAX; i++) {
        bool has_room = g->frame_count < s->frame_max && g->frames[frame].depth < s->depth_max;
        if (has_room && (i == way_on || chance(r, s->call_chance)))
            add_call(g, s, frame);
        else
            add_other(g, s, frame);
    }
}

/* --- reads of the parent ---------------------------------------------------------------------- */

static uint8_t choose_read(uint64_t *random, size_t chain) {
    return (uint8_t)(FIRST_NODE + chain * NODES_PER_CHAIN + below(random, NODES_PER_CHAIN));
}

/* Frames of rollups read, before all else or behind it. The graph without that is what its seed
 * gives. */
static void add_reads(struct graph *g, uint64_t seed) {
    uint64_t random = ~seed;
    for (size_t i = 0; i < g->frame_count && g->step_count + 1 < STEPS_MAX; i++) {
        struct frame *f = &g->frames[i];
        const size_t chain = chain_of(f->account);
        if (chain == 0 || !chance(&random, 30)) continue;
        struct step step = {.code = chance(&random, 50) ? STEP_READ : STEP_READ_CALL};
        step.target = choose_read(&random, chain == L3_CHAIN ? L3_PARENT : 0);
        if (step.code == STEP_READ_CALL) step.key = choose_read(&random, 0);
        if (f->first == NO_STEP || chance(&random, 50)) {
            (void)add_step(g, (uint16_t)i, step);
            continue;
        }
        step.next = f->first;
        f->first = (uint16_t)g->step_count;
        g->steps[g->step_count++] = step;
    }
}

/* --- gas -------------------------------------------------------------------------------------- */

/* Bounds: what a step spends, and a call on its way through proxies and Hub; and what has to be
 * left for it to be made at all. */
#define STEP_GAS       8000u
#define WRITE_GAS      30000u
#define CREATE_GAS     150000u
#define READ_GAS       15000u
#define READ_CALL_GAS  90000u
#define READ_GAS_LEFT  200000u /* that the program there is sure to have enough */
#define LOCAL_CALL_GAS 12000u
#define CROSS_CALL_GAS 260000u
#define BYTE_GAS       40u
#define CALL_GAS_LEFT  330000u
#define CROSS_GAS_LEFT 900000u
#define FRAME_GAS_LEFT 90000u
#define ROOT_GAS_MAX   14500000u
#define XCALL_GAS_MAX  9500000u /* a rollup gives no more (ROLLUP_MAX_CALL_GAS) */
#define POST_GAS       90000u   /* what posting the entries of a call costs */
#define TRIES_PER_SIZE 10

struct gas {
    uint64_t spent;  /* by a frame and all below it */
    uint64_t needed; /* to begin with, so that it never runs short */
    uint64_t posted; /* for the entries of it and all below it, by the batch's transaction */
};

/* A call of a chain that knows the callee's: from or to the parent, or to another of its
 * rollups. */
static struct gas hop_gas(bool is_down, bool is_up, struct gas callee, size_t size) {
    /* A rollup is given three quarters of what the parent has left, with four leading bits. */
    if (!is_down && callee.needed > XCALL_GAS_MAX) callee.needed = ROOT_GAS_MAX;
    uint64_t inside = is_up ? callee.needed + callee.needed / 16 : callee.needed * 10 / 7;
    return (struct gas){
        .spent = CROSS_CALL_GAS + BYTE_GAS * size + callee.spent + callee.spent / 16,
        .needed = CROSS_GAS_LEFT + BYTE_GAS * size + inside,
        .posted = POST_GAS + BYTE_GAS * size + callee.posted,
    };
}

static struct gas call_gas(size_t from, size_t to, struct gas callee, size_t size) {
    if (from == to)
        return (struct gas){
            .spent = LOCAL_CALL_GAS + callee.spent,
            .needed = CALL_GAS_LEFT + callee.needed + callee.needed / 48,
            .posted = callee.posted,
        };
    /* What is farther is reached by way of the L3's parent. */
    if (to == L3_CHAIN && from != L3_PARENT) {
        callee = hop_gas(true, false, callee, size);
        to = L3_PARENT;
    } else if (from == L3_CHAIN && to != L3_PARENT) {
        callee = hop_gas(false, to == 0, callee, size);
        to = L3_PARENT;
    }
    return hop_gas(from == 0 || to == L3_CHAIN, to == 0 || from == L3_CHAIN, callee, size);
}

static uint64_t step_gas(enum step_code code) {
    if (code == STEP_CREATE || code == STEP_CREATE_CALLING) return CREATE_GAS;
    if (code == STEP_READ) return READ_GAS;
    if (code == STEP_READ_CALL) return READ_CALL_GAS;
    return code == STEP_STORE || code == STEP_CALL_CHILD ? WRITE_GAS : STEP_GAS;
}

/* The gas each frame needs, from the last to the first; where a frame spends all it is given, its
 * call gives a limit. */
static void budget(struct graph *g, struct gas of_frames[FRAMES_MAX]) {
    size_t sizes[FRAMES_MAX]; /* of programs, roughly */
    for (size_t i = g->frame_count; i-- > 0;) {
        const struct frame *f = &g->frames[i];
        struct gas gas = {.spent = FRAME_GAS_LEFT / 3, .needed = FRAME_GAS_LEFT};
        sizes[i] = PROGRAM_HEADER_SIZE;
        for (uint16_t at = f->first; at != NO_STEP; at = g->steps[at].next) {
            struct step *step = &g->steps[at];
            struct gas one = {.spent = step_gas(step->code)};
            one.needed = one.spent + FRAME_GAS_LEFT;
            if (step->code == STEP_READ_CALL) one.needed += READ_GAS_LEFT;
            sizes[i] += 3;
            if (step->code == STEP_CALL || step->code == STEP_CREATE_CALLING) {
                bool has_frame = step->callee != NO_FRAME;
                struct gas callee = has_frame ? of_frames[step->callee] : (struct gas){0};
                size_t size = has_frame ? sizes[step->callee] : step->size;
                one = call_gas(chain_of(f->account), chain_of(step->target), callee, size);
                sizes[i] += CALL_HEADER_SIZE + size;
                if (step->code == STEP_CREATE_CALLING) {
                    one.spent += CREATE_GAS;
                    one.needed += 2 * CREATE_GAS + one.needed / 48;
                }
                step->gas = 0;
                if (has_frame && g->frames[step->callee].ending >= END_INVALID) {
                    step->gas = (uint32_t)one.needed;
                    one.spent += one.needed;
                    one.needed += one.needed / 16 + CALL_GAS_LEFT;
                }
            }
            if (gas.spent + one.needed > gas.needed) gas.needed = gas.spent + one.needed;
            gas.spent += one.spent;
            gas.posted += one.posted;
        }
        of_frames[i] = gas;
    }
}

/* --- a whole graph ---------------------------------------------------------------------------- */

static struct step choose_root(struct graph *g, struct shape *s, size_t chain) {
    uint64_t *r = &s->random;
    struct step call = {.code = STEP_CALL, .value = choose_value(s)};
    if (call.value == 60000) call.value = 0;
    /* Mostly a contract of the user's own chain. */
    call.target = choose_node(s, chain);
    if (chance(r, 70)) {
        size_t own = chain * NODES_PER_CHAIN + below(r, NODES_PER_CHAIN);
        call.target = (uint8_t)(FIRST_NODE + own);
    }
    call.callee = add_frame(g, s, NO_FRAME, call.target);
    if (chance(r, 70)) g->frames[call.callee].ending = END_RETURN;
    return call;
}

static void try_generate(struct graph *g, struct shape *s) {
    uint64_t *r = &s->random;
    g->frame_count = 0;
    g->step_count = 0;
    g->root_count = 0;
    size_t of_rollup = chance(r, 40) ? 1 + below(r, 2) : 0;
    size_t of_l1 = of_rollup == 0 ? 1 + below(r, 2) : below(r, 2);
    size_t rollup = 1 + below(r, CHAINS - 1);
    size_t done = 0;
    for (size_t i = 0; i < of_rollup + of_l1; i++) {
        size_t chain = i < of_rollup ? rollup : 0;
        if (g->frame_count >= s->frame_max) break;
        struct root *root = &g->roots[g->root_count++];
        root->chain = (uint8_t)chain;
        root->call = choose_root(g, s, chain);
        for (; done < g->frame_count; done++)
            fill_frame(g, s, (uint16_t)done);
    }
}

/* Whether the gas is there: of each transaction for itself; and of the batch's, which posts the
 * entries of all and in which the calls of rollups' transactions to the parent are made, each with
 * as much as a rollup may give. */
static bool has_gas(const struct graph *g, const struct gas of_frames[FRAMES_MAX]) {
    uint64_t batch = 0;
    for (size_t i = 0; i < g->root_count; i++) {
        const struct step *call = &g->roots[i].call;
        const size_t chain = g->roots[i].chain;
        struct gas all = call_gas(chain, chain_of(call->target), of_frames[call->callee], 0);
        if (all.needed > ROOT_GAS_MAX) return false;
        batch += all.posted;
        /* Some of it is gas of the rollup alone, and these are upper bounds. */
        if (chain != 0) batch += all.spent * 3 / 4;
    }
    return batch + XCALL_GAS_MAX <= TX_GAS_LIMIT_MAX;
}

void graph_generate(struct graph *graph, uint64_t seed) {
    struct shape shape;
    choose_shape(&shape, seed);
    struct gas gas[FRAMES_MAX];
    unsigned tries = 0;
    do {
        *graph = (struct graph){.seed = seed};
        try_generate(graph, &shape);
        if (L3_CHAIN < CHAINS) add_reads(graph, seed);
        budget(graph, gas);
        if (++tries % TRIES_PER_SIZE == 0 && shape.frame_max > 1) shape.frame_max--;
    } while (!has_gas(graph, gas));
}

/* --- encoding --------------------------------------------------------------------------------- */

struct writer {
    uint8_t *at;
};

static void put(struct writer *w, uint64_t value, unsigned size) {
    while (size-- > 0)
        *w->at++ = (uint8_t)(value >> (8 * size));
}

static void put_bytes(struct writer *w, bytes b) {
    if (b.size > 0) memcpy(w->at, b.data, b.size);
    w->at += b.size;
}

static size_t step_size(const struct step *step, const bytes *programs) {
    switch (step->code) {
    case STEP_CALL:
    case STEP_CREATE_CALLING:
        return CALL_HEADER_SIZE +
               (step->callee == NO_FRAME ? step->size : programs[step->callee].size);
    case STEP_CREATE:
        return 5;
    case STEP_STORE:
    case STEP_TSTORE:
    case STEP_TLOAD:
    case STEP_CALL_CHILD:
        return 3;
    case STEP_READ_CALL:
        return 3;
    case STEP_LOAD:
    case STEP_READ:
        return 2;
    case STEP_LOG:
    case STEP_BALANCE:
        return 1;
    }
    return 0;
}

static void put_call(struct writer *w, const struct step *step, const bytes *programs) {
    put(w, step->kind, 1);
    put(w, step->target, 1);
    put(w, step->is_caught, 1);
    put(w, step->value, 2);
    put(w, step->gas, 4);
    if (step->callee != NO_FRAME) {
        put(w, programs[step->callee].size, 3);
        put_bytes(w, programs[step->callee]);
        return;
    }
    put(w, step->size, 3);
    for (unsigned i = 0; i < step->size; i++)
        put(w, 0xd0 + i, 1);
}

static void put_create_calling(struct writer *w, const struct step *step, const bytes *programs) {
    put(w, !step->is_set, 1);
    put(w, step->value, 2);
    put(w, step->target, 1);
    put(w, step->is_caught, 1);
    put(w, step->gas, 4);
    put(w, programs[step->callee].size, 3);
    put_bytes(w, programs[step->callee]);
}

static void put_step(struct writer *w, const struct step *step, const bytes *programs) {
    put(w, step->code, 1);
    switch (step->code) {
    case STEP_CALL:
        put_call(w, step, programs);
        break;
    case STEP_CREATE_CALLING:
        put_create_calling(w, step, programs);
        break;
    case STEP_CREATE:
        put(w, step->key, 1);
        put(w, !step->is_set, 1);
        put(w, step->value, 2);
        break;
    case STEP_CALL_CHILD:
        put(w, step->value, 2);
        break;
    case STEP_STORE:
        put(w, step->key, 1);
        put(w, step->is_set, 1);
        break;
    case STEP_TSTORE:
    case STEP_TLOAD:
        put(w, step->key, 2);
        break;
    case STEP_LOAD:
        put(w, step->key, 1);
        break;
    case STEP_READ:
        put(w, step->target, 1);
        break;
    case STEP_READ_CALL:
        put(w, step->target, 1);
        put(w, step->key, 1);
        break;
    case STEP_LOG:
    case STEP_BALANCE:
        break;
    }
}

void graph_encode(bytes programs[ROOTS_MAX], struct arena *arena, const struct graph *graph) {
    bytes of_frames[FRAMES_MAX] = {0};
    /* What a frame calls stands behind it. */
    for (size_t i = graph->frame_count; i-- > 0;) {
        const struct frame *f = &graph->frames[i];
        size_t size = PROGRAM_HEADER_SIZE;
        for (uint16_t at = f->first; at != NO_STEP; at = graph->steps[at].next)
            size += step_size(&graph->steps[at], of_frames);
        uint8_t *data = arena_alloc(arena, size);
        CHECK(data != NULL);
        struct writer w = {data};
        put(&w, f->is_quiet, 1);
        put(&w, f->ending, 1);
        put(&w, f->size, 1);
        put(&w, i, 2);
        for (uint16_t at = f->first; at != NO_STEP; at = graph->steps[at].next)
            put_step(&w, &graph->steps[at], of_frames);
        CHECK(w.at == data + size);
        of_frames[i] = bytes_of(data, size);
    }
    for (size_t i = 0; i < graph->root_count; i++)
        programs[i] = of_frames[graph->roots[i].call.callee];
}

/* --- shrinking -------------------------------------------------------------------------------- */

/* Takes the step out of the frame's list. False: it is not in it. */
static bool unlink_step(struct graph *g, struct frame *f, uint16_t index) {
    uint16_t before = NO_STEP;
    for (uint16_t at = f->first; at != NO_STEP; at = g->steps[at].next) {
        if (at != index) {
            before = at;
            continue;
        }
        if (before == NO_STEP)
            f->first = g->steps[at].next;
        else
            g->steps[before].next = g->steps[at].next;
        if (f->last == at) f->last = before;
        return true;
    }
    return false;
}

bool graph_shrink(struct graph *out, bool *is_same, const struct graph *graph, size_t move) {
    *out = *graph;
    *is_same = true;
    if (move < graph->root_count) {
        if (graph->root_count == 1) return true;
        for (size_t i = move + 1; i < graph->root_count; i++)
            out->roots[i - 1] = graph->roots[i];
        out->root_count--;
        *is_same = false;
        return true;
    }
    move -= graph->root_count;
    if (move < graph->step_count) {
        for (size_t i = 0; i < out->frame_count && *is_same; i++)
            *is_same = !unlink_step(out, &out->frames[i], (uint16_t)move);
        return true;
    }
    move -= graph->step_count;
    if (move < graph->step_count) {
        *is_same = out->steps[move].value == 0;
        out->steps[move].value = 0;
        return true;
    }
    move -= graph->step_count;
    if (move < graph->frame_count) {
        *is_same = out->frames[move].ending == END_RETURN;
        out->frames[move].ending = END_RETURN;
        return true;
    }
    move -= graph->frame_count;
    if (move < graph->frame_count) {
        *is_same = out->frames[move].size == 0;
        out->frames[move].size = 0;
        return true;
    }
    move -= graph->frame_count;
    if (move < graph->root_count) {
        *is_same = out->roots[move].call.value == 0;
        out->roots[move].call.value = 0;
        return true;
    }
    return false;
}

/* --- printing --------------------------------------------------------------------------------- */

static void print_account(FILE *out, uint8_t account) {
    size_t chain = chain_of(account);
    if (account < FIRST_NODE)
        fprintf(out, "%zu:user", chain);
    else if (account < FIRST_EMPTY)
        fprintf(out, "%zu:%c", chain, 'A' + (account - FIRST_NODE) % NODES_PER_CHAIN);
    else
        fprintf(out, "%zu:%s", chain, account < FIRST_PRECOMPILE ? "nobody" : "identity");
}

static void print_indent(FILE *out, unsigned depth) {
    for (unsigned i = 0; i < depth + 1; i++)
        fputs("    ", out);
}

static void print_ending(FILE *out, const struct frame *f) {
    static const char *const ENDINGS[] = {
        [END_RETURN] = "return",
        [END_REVERT] = "revert with",
        [END_INVALID] = "invalid instruction;",
        [END_SPEND] = "spend all gas;",
        [END_WRITE] = "write (static, so it fails);",
    };
    print_indent(out, f->depth + 1u);
    fprintf(out, "%s %u bytes\n", ENDINGS[f->ending], f->size);
}

static void print_call(FILE *out, const struct step *step) {
    static const char *const KINDS[] = {"call", "static call", "delegate call to itself"};
    fprintf(out, "%s ", KINDS[step->kind]);
    print_account(out, step->target);
    if (step->value != 0) fprintf(out, " {%u wei}", step->value);
    if (step->gas != 0) fprintf(out, " {gas %u}", step->gas);
    fputs(step->is_caught ? ", caught" : "", out);
    if (step->callee == NO_FRAME)
        fprintf(out, " with %u bytes\n", step->size);
    else
        fprintf(out, " [frame %u]\n", step->callee);
}

static void print_create_calling(FILE *out, const struct step *step) {
    fprintf(
        out, "create {%u wei}%s, constructor calls ", step->value, step->is_set ? "" : " in vain"
    );
    print_account(out, step->target);
    if (step->gas != 0) fprintf(out, " {gas %u}", step->gas);
    fprintf(out, "%s [frame %u]\n", step->is_caught ? ", caught" : "", step->callee);
}

static void print_step(FILE *out, const struct step *step) {
    switch (step->code) {
    case STEP_CALL:
        print_call(out, step);
        break;
    case STEP_CREATE_CALLING:
        print_create_calling(out, step);
        break;
    case STEP_STORE:
        fprintf(out, "%s slot %u\n", step->is_set ? "set" : "clear", step->key);
        break;
    case STEP_LOAD:
        fprintf(out, "read slot %u\n", step->key);
        break;
    case STEP_LOG:
        fputs("log\n", out);
        break;
    case STEP_TSTORE:
        fprintf(out, "set transient slot %u\n", step->key);
        break;
    case STEP_TLOAD:
        fprintf(out, "read transient slot %u\n", step->key);
        break;
    case STEP_CREATE:
        fprintf(out, "create%s {%u wei}", step->key == 0 ? "" : "2", step->value);
        fprintf(out, " salt %u%s\n", step->key, step->is_set ? "" : ", init code reverts");
        break;
    case STEP_CALL_CHILD:
        fprintf(out, "call the newest child {%u wei}\n", step->value);
        break;
    case STEP_BALANCE:
        fputs("read own balance\n", out);
        break;
    case STEP_READ:
        fputs("read on the parent ", out);
        print_account(out, step->target);
        fputs("\n", out);
        break;
    case STEP_READ_CALL:
        fputs("have read on the parent by ", out);
        print_account(out, step->target);
        fputs(" ", out);
        print_account(out, (uint8_t)step->key);
        fputs("\n", out);
        break;
    }
}

void graph_print(FILE *out, const struct graph *graph) {
    for (size_t i = 0; i < graph->root_count; i++) {
        const struct root *root = &graph->roots[i];
        fprintf(out, "  transaction %zu of ", i + 1);
        print_account(out, (uint8_t)(FIRST_USER + root->chain));
        fputs(": ", out);
        print_call(out, &root->call);
        /* Down into callees, back up to the step after the call; each frame has one parent. */
        uint16_t back[GRAPH_DEPTH_MAX + 2];
        size_t depth = 0;
        uint16_t frame = root->call.callee;
        uint16_t at = graph->frames[frame].first;
        while (true) {
            const struct frame *f = &graph->frames[frame];
            if (at == NO_STEP) {
                print_ending(out, f);
                if (depth == 0) break;
                frame = f->parent;
                at = graph->steps[back[--depth]].next;
                continue;
            }
            const struct step *step = &graph->steps[at];
            print_indent(out, f->depth + 1u);
            print_step(out, step);
            if (step_has_frame(step)) {
                back[depth++] = at;
                frame = step->callee;
                at = graph->frames[frame].first;
                continue;
            }
            at = step->next;
        }
    }
}
