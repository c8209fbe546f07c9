/* batch/batch_file.h: a batch as a file: what is claimed of it, and to whom. With a witness behind
 * it (batch/witness.h) it is all that verify/verify.h reads. docs/batch-files.md has the layout.
 *
 * The batch itself is opaque here: batch/batch.h knows how one is written. */
#ifndef BATCH_BATCH_FILE_H
#define BATCH_BATCH_FILE_H

#include "batch/batch.h"
#include "batch/words.h"

#define BATCH_FILE_NAME    "lsbatch"
#define BATCH_FILE_VERSION 1

#define BATCH_FILE_UPDATES_MAX 4096
#define BATCH_FILE_ROLLUPS_MAX 64 /* covered by one statement */

struct batch_file {
    uint64_t chain_id;                     /* of the parent */
    address hub;                           /* on it */
    hash32 public_input;                   /* batch_public_input of all the rest */
    const struct update_context *contexts; /* one per update */
    size_t update_count;
    const uint64_t *rollup_ids; /* whom the statement covers, ascending */
    size_t rollup_id_count;
    bytes batch; /* as batch_encode writes it */
};

/* The file's size in bytes, and the file, into memory of that size. */
size_t batch_file_size(const struct batch_file *file);
void batch_file_write(uint8_t *out, const struct batch_file *file);

/* batch_file_decode reads the file that input begins with; *rest is what comes behind. Contexts and
 * batch are views into input, ids lie in arena.
 * ERR_INPUT: *fault says why it is none; ERR_MEMORY. */
MUST_USE enum err batch_file_decode(
    struct batch_file *file, enum words_fault *fault, bytes *rest, struct arena *arena, bytes input
);

#endif
