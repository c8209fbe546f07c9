/* conformance/state_machine.h (hosted): a case of a state test in the guest's test build. */
#ifndef CONFORMANCE_STATE_MACHINE_H
#define CONFORMANCE_STATE_MACHINE_H

#include "conformance/state_case.h"

/* state_machine_run runs the case in our machine (riscv/machine.h) and compares with what it is to
 * give. With may_be_too_large it may be refused for want of memory instead: 1,024 frames of a
 * megabyte each are more than a guest has. reason says why it did not, and is left alone if all is
 * well. elf is the path of the program; it is read once. */
void state_machine_run(
    char *reason,
    size_t reason_size,
    struct arena *arena,
    const char *elf,
    const struct state_case *c,
    const struct state_case_result *expected,
    bool may_be_too_large
);

#endif
