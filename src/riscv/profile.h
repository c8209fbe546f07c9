/* riscv/profile.h: where instructions go, by function and by who called it.
 *
 * The machine tells of its jumps (struct machine_watcher); those that link to ra are calls, jumps
 * to ra are returns, and other jumps to the beginning of another function are calls in its stead,
 * which return with it. The sums are exact, but for calls nested deeper than PROFILE_DEPTH_MAX,
 * which count as their caller's. */
#ifndef RISCV_PROFILE_H
#define RISCV_PROFILE_H

#include "riscv/machine.h"
#include "riscv/symbols.h"

#include "core/map.h"

#define PROFILE_DEPTH_MAX 1024

struct profile_function {
    uint64_t calls;
    uint64_t
        cumulative;  /* instructions from call to return, what it calls included; recursion once */
    uint64_t active; /* how many calls of it have not returned */
};

struct profile_edge_key {
    uint32_t caller;
    uint32_t callee;
};

struct profile_edge {
    uint64_t calls;
    uint64_t cumulative;
};

struct profile_frame {
    uint32_t function;
    bool is_instead; /* called in the caller's stead */
    uint64_t return_address;
    uint64_t start; /* steps at the call */
    struct profile_edge *edge;
};

struct profile {
    const struct symbols *symbols;
    struct profile_function *functions; /* as those of symbols */
    struct map edges;                   /* profile_edge_key to profile_edge */
    struct profile_frame frames[PROFILE_DEPTH_MAX];
    uint32_t depth; /* at least 1: the function of the entry */
    bool is_out_of_memory;
    struct machine_watcher watcher;
};

/* profile_open prepares to watch a machine that will start at entry; profile->watcher goes into its
 * options. symbols and arena must outlive it. ERR_MEMORY. */
MUST_USE enum err profile_open(
    struct profile *profile, struct arena *arena, const struct symbols *symbols, uint64_t entry
);

/* profile_finish ends the calls that are open when so many steps are done. ERR_MEMORY: the arena
 * was full on the way, and calls are missing. */
MUST_USE enum err profile_finish(struct profile *profile, uint64_t steps);

#endif
