/* verify/statement.h: the check as a function of bytes, input → output: what the guest program does
 * (src/guest). The input is a batch file with its witness file behind it, or a share of a batch
 * (docs/batch-files.md).
 *
 *   output  of what holds: 32 bytes (verify_output)
 *   else    40 bytes: "refused" or "memory" and zeros (8 bytes), then in 8 bytes each,
 *           little-endian: the verdict, its entry, its step verdict or fault, its rollup
 *           (struct verify_result) */
#ifndef VERIFY_STATEMENT_H
#define VERIFY_STATEMENT_H

#include "verify/verify.h"

#define STATEMENT_OUTPUT_SIZE  32
#define STATEMENT_REFUSAL_SIZE 40

/* Also what the guest ends with. */
enum statement_status {
    STATEMENT_HOLDS = 0,
    STATEMENT_REFUSED = 1,
    STATEMENT_MEMORY = 3, /* more than the arena has */
};

struct statement_output {
    enum statement_status status;
    size_t size; /* of data: STATEMENT_OUTPUT_SIZE if the statement holds */
    uint8_t data[STATEMENT_REFUSAL_SIZE];
};

void statement_check(struct statement_output *output, struct arena *arena, bytes input);

/* The output of a check that ended for lack of memory. */
void statement_out_of_memory(struct statement_output *output);

#endif
