#include "core/err.h"

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

const char *err_text(enum err err) {
    switch (err) {
#define ERR_TEXT(name, text) \
    case ERR_##name:         \
        return text;
        ERR_LIST(ERR_TEXT)
#undef ERR_TEXT
    }
    return "unknown error";
}
