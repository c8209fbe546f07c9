#include "core/err.h"

#include "core/mem.h"

const char *err_name(enum err err) {
    switch (err) {
#define ERR_NAME(name, text) \
    case ERR_##name:         \
        return #name;
        ERR_LIST(ERR_NAME)
#undef ERR_NAME
    }
    return "UNKNOWN";
}

#if __STDC_HOSTED__
static _Thread_local char remote_text[ERR_REMOTE_TEXT_SIZE];

void err_note_remote(const char *text) {
    size_t size = strlen(text);
    if (size >= sizeof remote_text) size = sizeof remote_text - 1;
    memmove(remote_text, text, size);
    remote_text[size] = 0;
}
#endif

const char *err_text(enum err err) {
#if __STDC_HOSTED__
    if (err == ERR_REMOTE && remote_text[0] != 0) return remote_text;
#endif
    switch (err) {
#define ERR_TEXT(name, text) \
    case ERR_##name:         \
        return text;
        ERR_LIST(ERR_TEXT)
#undef ERR_TEXT
    }
    return "unknown error";
}
