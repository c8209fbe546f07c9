/* tests/equivalence/graph.h: call graphs over several chains: made at random, written as
 * programs of Node.sol, made smaller, and printed.
 *
 * A graph is a few root transactions and the calls below them. Who is called is an account by
 * number, the same number whether the accounts are spread over chains or all on one. What
 * protocol.md section 11 says may differ is not in any graph; tests/scenarios/differences.test.mjs
 * holds these differences themselves. */
#ifndef EQUIVALENCE_GRAPH_H
#define EQUIVALENCE_GRAPH_H

#include "core/arena.h"

#include <stdio.h>

/* Chain 0 is L1. With an L3 it is the last one, and its parent rollup 1 (built with
 * -DEQUIVALENCE_L3: graphs of as many chains have the same seeds for good). */
#ifdef EQUIVALENCE_L3
#define CHAINS   5
#define L3_CHAIN 4u
#else
#define CHAINS   4
#define L3_CHAIN CHAINS /* none */
#endif
#define L3_PARENT        1u
#define NODES_PER_CHAIN  3
#define FIRST_USER       0                                       /* one a chain: who sends */
#define FIRST_NODE       (FIRST_USER + CHAINS)                   /* Node.sol */
#define FIRST_EMPTY      (FIRST_NODE + CHAINS * NODES_PER_CHAIN) /* accounts without anything */
#define FIRST_PRECOMPILE (FIRST_EMPTY + CHAINS)      /* the identity precompile of each chain */
#define ACCOUNTS         (FIRST_PRECOMPILE + CHAINS) /* Node.sol's ACCOUNTS */

#define NODE_BALANCE_WEI 1000
#define GRAPH_DEPTH_MAX  12
#define FRAMES_MAX       48
#define STEPS_MAX        400
#define ROOTS_MAX        4
#define NO_STEP          UINT16_MAX
#define NO_FRAME         UINT16_MAX

/* The codes of Node.sol's steps. */
enum step_code {
    STEP_STORE = 1,
    STEP_LOAD = 2,
    STEP_LOG = 3,
    STEP_TSTORE = 4,
    STEP_TLOAD = 5,
    STEP_CALL = 6,
    STEP_CREATE = 7,
    STEP_CALL_CHILD = 8,
    STEP_BALANCE = 9,
    STEP_CREATE_CALLING = 10,
    /* Of rollups, in networks with an L3. */
    STEP_READ = 11,
    STEP_READ_CALL = 12,
};

enum call_kind { CALL_PLAIN, CALL_STATIC, CALL_DELEGATE_SELF };

enum ending { END_RETURN, END_REVERT, END_INVALID, END_SPEND, END_WRITE };

struct step {
    enum step_code code;
    enum call_kind kind;
    uint8_t target;  /* CALL, READ…, and of the constructor's call CREATE_CALLING: account */
    uint16_t callee; /* likewise: its frame, or NO_FRAME where no program is run */
    uint8_t size;    /* CALL without a frame: of the data */
    bool is_caught;  /* CALL, CREATE_CALLING */
    uint16_t value;  /* CALL, CREATE…, CALL_CHILD: wei */
    uint32_t gas;    /* CALL, CREATE_CALLING: 0 all */
    uint16_t key;    /* a slot; of transient storage the frame that wrote; CREATE: salt;
                        READ_CALL: account that is read there */
    bool is_set;     /* STORE: else it clears; CREATE…: else the init code reverts */
    uint16_t next;   /* in the frame, or NO_STEP */
};

struct frame {
    uint16_t parent; /* or NO_FRAME; above it in the array */
    uint8_t account; /* whose code runs */
    uint8_t depth;
    bool is_quiet; /* below a static call: no effects */
    bool has_tstore;
    bool parent_had_tstore; /* when it made this call */
    enum ending ending;
    uint8_t size; /* of the answer */
    uint16_t first, last;
};

/* A transaction of the chain's user. */
struct root {
    uint8_t chain;
    struct step call; /* plain, to any account */
};

struct graph {
    uint64_t seed;
    struct frame frames[FRAMES_MAX];
    size_t frame_count;
    struct step steps[STEPS_MAX];
    size_t step_count;
    struct root roots[ROOTS_MAX]; /* those of one rollup first, then those of L1 */
    size_t root_count;
};

/* Which chain an account is on. */
size_t chain_of(uint8_t account);

/* Whether a step has a frame called: by itself, or by the constructor that it runs. */
bool step_has_frame(const struct step *step);

/* graph_generate makes the graph of a seed: the same on every machine. */
void graph_generate(struct graph *graph, uint64_t seed);

/* The calldata of each root, in the arena. */
void graph_encode(bytes programs[ROOTS_MAX], struct arena *arena, const struct graph *graph);

/* graph_shrink makes the move-th simpler graph out of a graph: without a root, without a step
 * and all below it, without value, with a plain ending. False when there are no more moves; a
 * move that would change nothing gives the same graph and sets *is_same. */
bool graph_shrink(struct graph *out, bool *is_same, const struct graph *graph, size_t move);

void graph_print(FILE *out, const struct graph *graph);

#endif
