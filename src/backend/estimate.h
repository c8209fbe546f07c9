/* backend/estimate.h: the least gas with which a transaction succeeds, searched for as geth does:
 * so that a wallet gets the same number from either.
 *
 * A first run with all the gas says how much is used; most transactions succeed with that, the
 * refund, and what EIP-150 holds back, so that is tried next; then halving, skewed to the low side,
 * until the bounds are within 1.5 %. Pure: how a transaction is run is the caller's. */
#ifndef BACKEND_ESTIMATE_H
#define BACKEND_ESTIMATE_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

#define ESTIMATE_RATIO_NUMERATOR   15 /* 1.5 % */
#define ESTIMATE_RATIO_DENOMINATOR 1000
#define ESTIMATE_TRANSFER_GAS      21000u
#define ESTIMATE_CALL_STIPEND      2300u

/* One run with this much gas. A run that is refused for too little intrinsic gas has failed. */
struct estimate_run {
    bool has_succeeded;
    uint64_t gas_used; /* after the refund */
    uint64_t gas_max;  /* before it */
};

enum estimate_status {
    ESTIMATE_OK,
    ESTIMATE_FAILED,  /* it fails with all the gas: the last run says why */
    ESTIMATE_STOPPED, /* a run could not be made: the caller knows why */
};

/* runs: false when it could not be made. */
typedef bool estimate_try(void *context, uint64_t gas, struct estimate_run *result);

/* estimate_gas searches between nothing and gas_max. is_transfer: no data and no code at the
 * recipient; 21,000 is then tried first. */
enum estimate_status estimate_gas(
    uint64_t *gas, uint64_t gas_max, bool is_transfer, estimate_try *attempt, void *context
);

#endif
