/* riscv/symbols.h: which function an instruction belongs to, and which kind of work it does, by the
 * symbols of the ELF.
 *
 * A function reaches from its symbol to the next; what stands before the first is a function named
 * "?". A kind of work reaches from a symbol __work_NAME to the next such symbol; code before the
 * first, and all code if there is none, is of the kind "other". */
#ifndef RISCV_SYMBOLS_H
#define RISCV_SYMBOLS_H

#include "riscv/elf.h"

#include "core/arena.h"

struct symbol {
    const char *name; /* in the ELF file or static; a kind of work without "__work_" */
    uint64_t start;   /* address */
};

struct symbols {
    struct symbol *functions; /* by address, the first at the beginning of the code */
    uint32_t function_count;
    struct symbol *works; /* likewise */
    uint32_t work_count;
    uint64_t code_start;
    uint64_t code_size;
    uint32_t *function_of; /* for each instruction, the index of its function */
};

/* symbols_open reads the symbols of code; they lie in the arena. ERR_MEMORY. */
MUST_USE enum err symbols_open(struct symbols *symbols, struct arena *arena, const struct elf *elf);

/* The index of the function at an address of the code. */
static inline uint32_t symbols_function_at(const struct symbols *symbols, uint64_t at) {
    return symbols->function_of[(at - symbols->code_start) / 4];
}

/* sums[i] is the sum of counts (one for each instruction) over spans i, such as functions. */
void symbols_sum(
    const struct symbols *symbols,
    uint64_t *sums,
    const struct symbol *spans,
    uint32_t span_count,
    const uint64_t *counts
);

#endif
