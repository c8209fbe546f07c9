#include "node/fail.h"

#include <stdarg.h>
#include <stdio.h>

enum err node_fail(char error[NODE_ERROR_SIZE], enum err err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, NODE_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return err;
}
