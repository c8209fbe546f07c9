#include "core/check.h"

#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>

void check_fail(const char *file, int line, const char *expression) {
    (void)fprintf(stderr, "lockstep: bug: %s:%d: CHECK(%s) failed\n", file, line, expression);
    abort();
}
#else
void check_fail(const char *file, int line, const char *expression) {
    (void)file;
    (void)line;
    (void)expression;
    __builtin_trap();
}
#endif
