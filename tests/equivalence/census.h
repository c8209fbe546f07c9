/* tests/equivalence/census.h: how often the graphs of a run have each shape that calls can have. */
#ifndef EQUIVALENCE_CENSUS_H
#define EQUIVALENCE_CENSUS_H

#include "graph.h"

/* What a graph may have in it. A crossing is a call to an account of another chain. */
#ifdef EQUIVALENCE_L3
#define CENSUS_READS(X)                               \
    X(READ, "slots of the parent read")               \
    X(READ_CALL, "code of the parent run for a read") \
    X(READ_TWICE, "the same of an L2, which reads L1 itself")
#else
#define CENSUS_READS(X)
#endif

#define CENSUS_SHAPES(X)                                                     \
    X(FROM_L1, "calls from L1 to a rollup")                                  \
    X(TO_L1, "calls from a rollup to L1")                                    \
    X(BETWEEN_ROLLUPS, "calls between rollups")                              \
    X(BACK, "calls back into a contract that waits, by way of other chains") \
    X(REPEATED, "the same call to another chain once more")                  \
    X(STATIC, "static calls to another chain")                               \
    X(STATIC_ONWARD, "static calls whose callee calls another chain")        \
    X(VALUE, "calls to another chain with ether")                            \
    X(VALUE_BACK, "ether back to the chain it came from, further below")     \
    X(REVERTING, "callees on another chain that revert with data")           \
    X(EXHAUSTED, "callees on another chain that run out of gas")             \
    X(WRITING, "callees on another chain that write under a static call")    \
    X(UNDOING, "frames that fail after calls to other chains")               \
    X(CAUGHT, "failed calls that are caught")                                \
    X(PASSED_ON, "failed calls that are passed on")                          \
    X(EMPTY, "calls to an account of another chain without code")            \
    X(EMPTY_VALUE, "the same with ether")                                    \
    X(CREATE, "contracts created")                                           \
    X(CREATE_CROSSING, "constructors that call another chain")               \
    X(CREATE_UNDOING, "constructors that fail after that")                   \
    X(TRANSIENT, "transient storage written")                                \
    X(TRANSIENT_BACK, "transient storage read where a call has come back")   \
    X(STORAGE, "storage written or read")                                    \
    X(LOGS, "events")                                                        \
    X(DELEGATE, "delegate calls")                                            \
    CENSUS_READS(X)

enum census_shape {
#define X(name, text) CENSUS_##name,
    CENSUS_SHAPES(X)
#undef X
        CENSUS_COUNT
};

struct census {
    uint64_t count[CENSUS_COUNT];  /* how many of them */
    uint64_t graphs[CENSUS_COUNT]; /* how many graphs have any */
};

void census_take(struct census *census, const struct graph *graph);

/* Whether there was any of every shape. */
bool census_is_full(const struct census *census);

/* One line a shape. */
void census_print(FILE *out, const struct census *census);

#endif
