/* cli/guest_report.h: what a run of the machine was, as text. */
#ifndef CLI_GUEST_REPORT_H
#define CLI_GUEST_REPORT_H

#include "riscv/profile.h"

/* guest_report prints what became of the machine and what its run took.
 *
 * In:      profile  finished, or NULL: then no functions are printed.
 * Returns: ERR_MEMORY  the arena is full. */
MUST_USE enum err guest_report(
    struct arena *arena,
    const struct machine *machine,
    const struct symbols *symbols,
    const struct profile *profile,
    double seconds
);

#endif
