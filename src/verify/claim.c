#include "verify/claim.h"

#include "rollup/fact.h"

struct checker {
    struct rollup *const *rollups;
    size_t rollup_count;
    const struct entry *claimed;
};

/* Each rollup begins the entry at the head that the entry claims for it. */
static enum err
find_claimed(void *context, struct rollup **rollup, hash32 *head, uint64_t rollup_id) {
    const struct checker *c = context;
    const struct transition *claimed = entry_transition_of(c->claimed, rollup_id);
    *rollup = NULL;
    for (size_t i = 0; i < c->rollup_count && claimed != NULL; i++) {
        if (c->rollups[i]->rollup_id != rollup_id) continue;
        *rollup = c->rollups[i];
        *head = claimed->pre;
        break;
    }
    return ERR_OK;
}

static struct rollup *find_head(void *context, const hash32 *head) {
    const struct checker *c = context;
    for (size_t i = 0; i < c->rollup_count; i++)
        if (rollup_at(c->rollups[i], head) != NULL) return c->rollups[i];
    return NULL;
}

static enum verify_verdict compare(const struct entry *claimed, const struct entry *made) {
    if (claimed->transition_count != made->transition_count) return VERIFY_ENTRY_TRANSITIONS;
    for (size_t i = 0; i < made->transition_count; i++) {
        const struct transition *c = &claimed->transitions[i];
        const struct transition *m = &made->transitions[i];
        if (c->rollup_id != m->rollup_id || !hash32_equal(&c->pre, &m->pre) ||
            !hash32_equal(&c->post, &m->post) || c->idle != m->idle)
            return VERIFY_ENTRY_TRANSITIONS;
        if (!u256_equal(&c->ether_delta_wei, &m->ether_delta_wei)) return VERIFY_ENTRY_ETHER;
    }
    if (claimed->trace_count != made->trace_count) return VERIFY_ENTRY_TRACE;
    for (size_t i = 0; i < made->trace_count; i++)
        if (!action_equal(&claimed->trace[i], &made->trace[i])) return VERIFY_ENTRY_TRACE;
    return action_equal(&claimed->out, &made->out) ? VERIFY_OK : VERIFY_ENTRY_OUT;
}

enum err claim_check(
    struct claim_result *result,
    struct arena *arena,
    struct rollup *const *rollups,
    size_t rollup_count,
    const struct entry *claimed
) {
    *result = (struct claim_result){.verdict = VERIFY_ENTRY_NO_TRANSITION};
    const struct action *input = &claimed->input;
    if (claimed->transition_count == 0 || claimed->transitions[0].rollup_id != input->rollup_id)
        return ERR_OK;
    struct checker checker = {rollups, rollup_count, claimed};
    const struct fact_rollups found = {
        .context = &checker, .find = find_claimed, .find_head = find_head};
    struct fact fact;
    enum err err = fact_derive(&fact, arena, &found, input);
    if (err != ERR_OK) return err;
    if (fact.verdict != STEP_OK) {
        *result = (struct claim_result){VERIFY_ENTRY_NO_FACT, fact.verdict, fact.verdict_rollup};
        return ERR_OK;
    }
    result->verdict = compare(claimed, &fact.entry);
    return ERR_OK;
}
