/* Runs random call graphs spread over chains and on one chain, and compares.
 *   equivalence NODE_CODE_FILE [GRAPHS [SEED]]
 *   equivalence --list GRAPHS SEED    prints the graphs' programs as JSON and runs nothing
 *   equivalence --files …             looks at the batches as files (files.h)
 *   equivalence --outcomes …          runs inputs of the guest (outcomes.h)
 * Graph i has the seed SEED + i, so that one graph can be run alone. A graph that comes out
 * differently is made as small as it can be and printed. The last line is "N passed, N failed". */
#include "census.h"
#include "files.h"
#include "outcomes.h"
#include "worlds.h"

#include "core/check.h"
#include "core/hex.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAILURES_SHOWN  10
#define SHRINK_RUNS_MAX 3000
/* Graphs that run short of gas prove nothing; more than one in so many is a defect of the
 * generator. */
#define SHORT_ONE_IN 20
#define CENSUS_FROM  2000 /* among so many graphs there is every shape of call */

struct tally {
    uint64_t passed;
    uint64_t failed;
    uint64_t short_of_gas;
    uint64_t unsupported;
    uint64_t crossings;
    uint64_t by_depth[GRAPH_DEPTH_MAX + 2]; /* graphs, by their deepest frame */
    struct census census;
};

/* As small as it gets while it still comes out differently. */
static void shrink(struct graph *graph, struct run_report *report) {
    size_t runs = 0;
    bool goes_on = true;
    while (goes_on) {
        goes_on = false;
        struct graph smaller;
        bool is_same;
        for (size_t move = 0; graph_shrink(&smaller, &is_same, graph, move); move++) {
            if (is_same) continue;
            if (++runs > SHRINK_RUNS_MAX) return;
            struct run_report again;
            worlds_run(&again, &smaller);
            if (again.status != report->status) continue;
            *graph = smaller;
            *report = again;
            goes_on = true;
        }
    }
}

static void show(struct graph *graph, struct run_report *report) {
    printf("seed %" PRIu64 ": %s\n", graph->seed, report->reason);
    shrink(graph, report);
    printf("shrunk: %s\n", report->reason);
    graph_print(stdout, graph);
    fflush(stdout);
}

static void count(struct tally *tally, struct graph *graph, bool is_verbose) {
    struct run_report report;
    worlds_run(&report, graph);
    tally->crossings += report.crossings;
    size_t deepest = 0;
    for (size_t i = 0; i < graph->frame_count; i++)
        if (graph->frames[i].depth > deepest) deepest = graph->frames[i].depth;
    tally->by_depth[deepest]++;
    census_take(&tally->census, graph);
    switch (report.status) {
    case RUN_EQUAL:
        tally->passed++;
        break;
    case RUN_DIFFERENT:
        if (tally->failed++ < FAILURES_SHOWN) show(graph, &report);
        break;
    case RUN_SHORT_OF_GAS:
        tally->short_of_gas++;
        break;
    case RUN_UNSUPPORTED:
        tally->unsupported++;
        break;
    }
    if (is_verbose && report.status != RUN_EQUAL)
        printf("seed %" PRIu64 ": %s\n", graph->seed, report.reason);
}

/* For who runs them elsewhere: one line a graph. */
static void list(struct arena *arena, uint64_t graphs, uint64_t seed) {
    static struct graph graph;
    bytes programs[ROOTS_MAX];
    for (uint64_t i = 0; i < graphs; i++) {
        struct arena_mark mark = arena_mark(arena);
        graph_generate(&graph, seed + i);
        graph_encode(programs, arena, &graph);
        printf("{\"seed\":%" PRIu64 ",\"roots\":[", graph.seed);
        for (size_t j = 0; j < graph.root_count; j++) {
            const struct root *root = &graph.roots[j];
            char *hex = arena_alloc(arena, 2 * programs[j].size);
            CHECK(hex != NULL);
            hex_encode(hex, programs[j]);
            printf(
                "%s{\"chain\":%u,\"target\":%u,\"value\":%u,\"program\":\"0x%.*s\"}",
                j == 0 ? "" : ",",
                root->chain,
                root->call.target,
                root->call.value,
                (int)(2 * programs[j].size),
                hex
            );
        }
        printf("]}\n");
        arena_release(arena, mark);
    }
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--files") == 0) return files_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], "--outcomes") == 0) return outcomes_main(argc, argv);
    if (argc == 4 && strcmp(argv[1], "--list") == 0) {
        struct arena memory;
        arena_open(&memory, (size_t)1 << 30);
        list(&memory, strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
        arena_close(&memory);
        return 0;
    }
    if (argc < 2 || argc > 4) {
        fprintf(
            stderr,
            "usage: equivalence NODE_CODE_FILE [GRAPHS [SEED]]\n"
            "       equivalence --list GRAPHS SEED\n"
        );
        return 1;
    }
    uint64_t graphs = argc > 2 ? strtoull(argv[2], NULL, 10) : 500;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    struct arena arena;
    arena_open(&arena, (size_t)1 << 32);
    worlds_open(&arena, worlds_read_code(&arena, argv[1]));
    printf("%" PRIu64 " graphs, seeds from %" PRIu64 "\n", graphs, seed);
    struct tally tally = {0};
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t i = 0; i < graphs; i++) {
        static struct graph graph;
        graph_generate(&graph, seed + i);
        count(&tally, &graph, getenv("VERBOSE") != NULL);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    arena_close(&arena);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    census_print(stdout, &tally.census);
    printf("graphs by depth:");
    for (size_t i = 0; i <= GRAPH_DEPTH_MAX; i++)
        printf(" %" PRIu64, tally.by_depth[i]);
    printf(
        "\n%" PRIu64 " calls between chains, %.1f s; not compared: %" PRIu64
        " short of gas, %" PRIu64 " not supported\n",
        tally.crossings,
        seconds,
        tally.short_of_gas,
        tally.unsupported
    );
    if (tally.short_of_gas > graphs / SHORT_ONE_IN) tally.failed++;
    if (graphs >= CENSUS_FROM && !census_is_full(&tally.census)) {
        printf("no graph has one of these shapes: the generator does not make it any more\n");
        tally.failed++;
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", tally.passed, tally.failed);
    return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
}
