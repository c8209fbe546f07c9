/* node/import.h: an L1 that begins with a given genesis and goes on with given blocks, instead of
 * the development network's own.
 *
 * The genesis is geth's genesis.json; its text is kept with the chain, so that a data directory
 * knows its own forks. The blocks are those of geth's export: RLP, one after another. Each is
 * checked and executed like any received block, but for the seal of proof of work. This node has no
 * work: what is built on top of an imported chain is Paris or later, whatever its total
 * difficulty. */
#ifndef NODE_IMPORT_H
#define NODE_IMPORT_H

#include "node/network.h"

/* import_begin writes the genesis block that options->l1_genesis describes. The chain is empty. */
MUST_USE enum err import_begin(struct node *node, char error[NODE_ERROR_SIZE], struct arena *arena);

/* import_restore gives a chain that was opened again the forks of the genesis it began with, and
 * compares that with options->l1_genesis if there is one. */
MUST_USE enum err
import_restore(struct node *node, char error[NODE_ERROR_SIZE], struct arena *arena);

/* import_blocks appends the blocks of options->l1_import; those the chain has already are passed
 * over. The error names the file, the block and the reason; the blocks before it stay. */
MUST_USE enum err import_blocks(struct node *node, char error[NODE_ERROR_SIZE]);

#endif
