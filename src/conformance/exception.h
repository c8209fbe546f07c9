/* conformance/exception.h (hosted): the words in which fixtures say why something must be refused.
 *
 * Words of execution-spec-tests ("TransactionException.X|BlockException.Y": any of them) are in the
 * verdicts' own lists (chain/tx.h, chain/header.h); those of retesteth have a table here. */
#ifndef CONFORMANCE_EXCEPTION_H
#define CONFORMANCE_EXCEPTION_H

#include "chain/header.h"
#include "chain/tx.h"

/* Whether the words allow the refusal of a transaction for this reason. */
bool exception_allows_tx(const char *words, enum tx_verdict verdict);

/* The same of a block; tx_verdict counts if verdict is BLOCK_TRANSACTION. */
bool exception_allows_block(
    const char *words, enum block_verdict verdict, enum tx_verdict tx_verdict
);

#endif
