#include "rollup/rollup.h"

const char *step_verdict_name(enum step_verdict verdict) {
    switch (verdict) {
#define STEP_VERDICT_NAME(name, text) \
    case STEP_##name:                 \
        return #name;
        STEP_VERDICT_LIST(STEP_VERDICT_NAME)
#undef STEP_VERDICT_NAME
    }
    return "UNKNOWN";
}

const char *step_verdict_text(enum step_verdict verdict) {
    switch (verdict) {
#define STEP_VERDICT_TEXT(name, text) \
    case STEP_##name:                 \
        return text;
        STEP_VERDICT_LIST(STEP_VERDICT_TEXT)
#undef STEP_VERDICT_TEXT
    }
    return "unknown verdict";
}

struct rollup_machine *rollup_at(const struct rollup *rollup, const hash32 *head) {
    struct rollup_machine **machine = map_get(&rollup->heads, head);
    return machine == NULL ? NULL : *machine;
}

enum err
rollup_register(struct rollup *rollup, struct rollup_machine *machine, const hash32 *head) {
    struct rollup_machine **slot = map_put(&rollup->heads, head, NULL);
    if (slot == NULL) return ERR_MEMORY;
    machine->head = *head;
    machine->has_head = true;
    machine->is_frozen = true;
    *slot = machine;
    return ERR_OK;
}
