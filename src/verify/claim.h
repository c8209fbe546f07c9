/* verify/claim.h: whether an entry that somebody claims is a fact. */
#ifndef VERIFY_CLAIM_H
#define VERIFY_CLAIM_H

#include "verify/verify.h"

struct claim_result {
    enum verify_verdict verdict; /* VERIFY_OK or an ENTRY_… */
    enum step_verdict step;      /* ENTRY_NO_FACT: why */
    uint64_t rollup_id;          /* ENTRY_NO_FACT: which rollup */
};

/* claim_check makes an entry anew from its input, with each rollup where the entry claims that it
 * stands, and compares; scope is advice and not compared. The machines at the entry's new heads are
 * then known. rollups are all that it may name. ERR_MISSING and the like as their sources have. */
MUST_USE enum err claim_check(
    struct claim_result *result,
    struct arena *arena,
    struct rollup *const *rollups,
    size_t rollup_count,
    const struct entry *claimed
);

#endif
