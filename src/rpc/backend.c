#include "rpc/backend.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_SIZE_MAX 1024

__attribute__((format(printf, 4, 0))) static enum rpc_status
fail(struct rpc_request *request, int code, bytes data, const char *format, va_list arguments) {
    char text[MESSAGE_SIZE_MAX];
    int size = vsnprintf(text, sizeof(text), format, arguments);
    size_t used = size < 0 ? 0 : (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1;
    char *copy = arena_alloc(request->arena, used + 1);
    if (copy != NULL) {
        memcpy(copy, text, used);
        copy[used] = '\0';
    }
    request->error = (struct rpc_error){
        .code = code,
        .message = copy != NULL ? copy : "out of memory",
        .data = data,
        .has_data = data.data != NULL,
    };
    return RPC_FAILED;
}

enum rpc_status rpc_fail(struct rpc_request *request, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    enum rpc_status status = fail(request, code, BYTES_EMPTY, format, arguments);
    va_end(arguments);
    return status;
}

enum rpc_status
rpc_fail_data(struct rpc_request *request, int code, bytes data, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    enum rpc_status status = fail(request, code, data, format, arguments);
    va_end(arguments);
    request->error.has_data = true;
    return status;
}

enum rpc_status rpc_fail_err(struct rpc_request *request, enum err err) {
    if (err == ERR_REMOTE) return rpc_fail(request, RPC_SERVER_ERROR, "%s", err_text(err));
    return rpc_fail(request, RPC_INTERNAL_ERROR, "internal error: %s", err_text(err));
}
