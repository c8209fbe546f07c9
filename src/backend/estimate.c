#include "backend/estimate.h"

#include "core/u256.h"

/* Whether (high - low) / high is below the ratio. */
static bool is_close(uint64_t low, uint64_t high) {
    return (uint128)(high - low) * ESTIMATE_RATIO_DENOMINATOR <
           (uint128)high * ESTIMATE_RATIO_NUMERATOR;
}

enum estimate_status estimate_gas(
    uint64_t *gas, uint64_t gas_max, bool is_transfer, estimate_try *attempt, void *context
) {
    struct estimate_run run;
    if (is_transfer && gas_max >= ESTIMATE_TRANSFER_GAS) {
        if (!attempt(context, ESTIMATE_TRANSFER_GAS, &run)) return ESTIMATE_STOPPED;
        if (run.has_succeeded) {
            *gas = ESTIMATE_TRANSFER_GAS;
            return ESTIMATE_OK;
        }
    }
    uint64_t high = gas_max;
    if (!attempt(context, high, &run)) return ESTIMATE_STOPPED;
    if (!run.has_succeeded) return ESTIMATE_FAILED;

    uint64_t low = run.gas_used > 0 ? run.gas_used - 1 : 0;
    uint64_t likely = (run.gas_max + ESTIMATE_CALL_STIPEND) * 64 / 63;
    if (likely < high) {
        if (!attempt(context, likely, &run)) return ESTIMATE_STOPPED;
        if (run.has_succeeded)
            high = likely;
        else
            low = likely;
    }
    while (low + 1 < high && !is_close(low, high)) {
        uint64_t middle = low + (high - low) / 2;
        /* Most need little more than what they use. */
        if (middle / 2 > low) middle = low * 2;
        if (!attempt(context, middle, &run)) return ESTIMATE_STOPPED;
        if (run.has_succeeded)
            high = middle;
        else
            low = middle;
    }
    *gas = high;
    return ESTIMATE_OK;
}
