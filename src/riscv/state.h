/* riscv/state.h: one hash for all that a machine is, so that two who disagree about a run can
 * agree on where: they run to the same step, compare roots, and halve. docs/riscv.md has the
 * layout.
 *
 *   root = keccak256 of STATE_WORDS words of 8 bytes (little-endian) and two hashes: what the
 *          registers are, where the run stands, what the machine is; the hash of the output; the
 *          root of the memory
 *   memory = binary tree of keccak256 over MACHINE_PAGE_COUNT pages, each hashed whole
 *
 * A step reads few pages, so that it can be decided by whoever has them, the way to the root of
 * each (state_prove_page), and the words. */
#ifndef RISCV_STATE_H
#define RISCV_STATE_H

#include "riscv/machine.h"

#define STATE_PAGE_DEPTH 15 /* 1 << 15 pages */
#define STATE_WORDS      42

/* state_root is the hash of a machine as it stands; it changes with every step.
 * ERR_MEMORY: the host has not enough memory. */
MUST_USE enum err state_root(hash32 *root, const struct machine *machine);

/* The hashes beside the way from a page to the memory's root, the page's neighbour first.
 * ERR_MEMORY. */
MUST_USE enum err state_prove_page(
    hash32 siblings[STATE_PAGE_DEPTH], const struct machine *machine, uint32_t page_index
);

/* The memory's root that a page and the hashes beside its way lead to. */
hash32 state_memory_root_of(
    const uint8_t page[MACHINE_PAGE_SIZE],
    uint32_t page_index,
    const hash32 siblings[STATE_PAGE_DEPTH]
);

/* The root of a machine in this state, whose memory has this root. */
hash32 state_root_with(const struct machine *machine, const hash32 *memory_root);

#endif
