/* tests/equivalence/outcomes.h: lists of inputs for the guest, and of what became of each, so that
 * one machine after the other can be given the same (tests/riscv/board.S, machines.mjs). All is in
 * words of 8 bytes, little-endian:
 *   inputs    how many; of each its size, itself, zeros to the next word
 *   outcomes  of each: 1 and the status it ended with, or 2 and 0 if it trapped; the size of the
 *             output, the output, zeros to the next word */
#ifndef EQUIVALENCE_OUTCOMES_H
#define EQUIVALENCE_OUTCOMES_H

#include "core/bytes.h"
#include "verify/statement.h"

#include <stdio.h>

/* The two lists in a folder, as they are written: the outcomes are those of statement_check. */
struct outcome_lists {
    FILE *inputs;
    FILE *outcomes;
    FILE *names; /* a line each */
    uint64_t count;
};

/* All end the program with a message if files are not as they should be. */
void outcome_lists_open(struct outcome_lists *lists, const char *folder);
void outcome_lists_add(
    struct outcome_lists *lists,
    const char *name,
    bytes input,
    const struct statement_output *output
);
void outcome_lists_close(struct outcome_lists *lists);

/* equivalence --outcomes INPUTS OUTCOMES [ELF]
 * Writes what becomes of each: here, or of the program ELF in our machine. */
int outcomes_main(int argc, char **argv);

#endif
