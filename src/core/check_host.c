#include "core/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_fail(const char *file, int line, const char *expression) {
    (void)fprintf(stderr, "lockstep: bug: %s:%d: CHECK(%s) failed\n", file, line, expression);
    abort();
}
