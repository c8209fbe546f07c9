/* batch/share.h: which part of a batch is to be proven by itself: some of its runs, as a file
 * (docs/batch-files.md has the layout). Before a batch file and a witness of these runs it is an
 * input of verify/verify.h. */
#ifndef BATCH_SHARE_H
#define BATCH_SHARE_H

#include "batch/words.h"
#include "core/arena.h"

#define SHARE_NAME    "lsshare"
#define SHARE_VERSION 1

#define SHARE_HEADS_MAX 8192

/* A head, and the rollup that has it. */
struct head_key {
    uint64_t rollup_id;
    hash32 head;
};

/* The heads cut the batch into runs: with the batch they say which there are. */
struct share {
    uint64_t first;         /* the first of its runs */
    uint64_t count;         /* how many it has; at least one */
    uint64_t total;         /* that the batch has */
    struct head_key *heads; /* idle ones; ascending by id, then by head */
    size_t head_count;
};

/* The file's size in bytes, and the file, into memory of that size. */
size_t share_size(const struct share *share);
void share_write(uint8_t *out, const struct share *share);

/* Whether input begins as such a file does. */
bool share_is_next(bytes input);

/* share_decode reads the file that input begins with; *rest is what comes behind. Heads lie in
 * arena. ERR_INPUT: *fault says why it is none; ERR_MEMORY. */
MUST_USE enum err share_decode(
    struct share *share, enum words_fault *fault, bytes *rest, struct arena *arena, bytes input
);

/* share_split is the name of the heads, keccak256 of them as they stand in the file: shares with
 * the same one cut the batch in the same way. ERR_MEMORY. */
MUST_USE enum err share_split(hash32 *split, struct arena *arena, const struct share *share);

#endif
