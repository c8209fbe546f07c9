/* node/signers.h: who signed the transactions of the blocks to come, found out on other cores while
 * blocks are executed. Recovering signers is most of the work of importing plain transfers.
 *
 * All blocks of a file are numbered in order. A helper thread takes the next one that nobody has
 * taken, and never runs further ahead than SIGNERS_AHEAD_MAX blocks of the one that is executed.
 * Whoever executes waits for nothing: while a helper has its block, it does a later one itself. */
#ifndef NODE_SIGNERS_H
#define NODE_SIGNERS_H

#include "chain/block.h"

#define SIGNERS_AHEAD_MAX 64

struct signers;

/* signers_open starts on the RLP items of content, which must stay; helpers: how many threads, 0 is
 * allowed. NULL: no memory, or no thread; importing goes on without. */
struct signers *signers_open(bytes content, unsigned helpers);

/* The signers of the next block, to be called once for every item in order. Valid until the next
 * call. signers may be NULL: none are known. */
struct block_signers signers_take(struct signers *signers);

void signers_close(struct signers *signers);

#endif
