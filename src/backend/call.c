/* eth_call, eth_estimateGas, eth_createAccessList. */
#include "backend/access_list.h"
#include "backend/backend.h"
#include "backend/estimate.h"
#include "backend/simulation.h"
#include "crypto/keccak.h"

#define AUTHORIZATION_GAS 25000u /* EIP-7702: what one costs at least */

enum rpc_status backend_call(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_call_result *result,
    const struct rpc_simulation *description
) {
    struct simulation simulation;
    struct simulation_run run;
    enum rpc_status status =
        simulation_open(&simulation, backend_chain(rpc), request, is_found, description);
    if (status != RPC_OK || !*is_found) return status;
    status = simulation_try(&simulation, &run, simulation.gas, NULL);
    if (status == RPC_OK && run.verdict != TX_OK)
        status = simulation_fail(&simulation, run.verdict, false, simulation.gas);
    else if (status == RPC_OK)
        status = simulation_result(&simulation, result, &run, simulation.gas);
    simulation_close(&simulation);
    return status;
}

/* --- eth_estimateGas -------------------------------------------------------------------------- */

struct attempts {
    struct simulation *simulation;
    struct simulation_run run; /* the last one */
    uint64_t gas;
    bool has_succeeded; /* some run before */
    enum rpc_status status;
};

static bool attempt(void *context, uint64_t gas, struct estimate_run *out) {
    struct attempts *attempts = context;
    struct simulation_run *run = &attempts->run;
    attempts->gas = gas;
    attempts->status = simulation_try(attempts->simulation, run, gas, NULL);
    *out = (struct estimate_run){0};
    if (attempts->status == RPC_FAILED && attempts->has_succeeded) {
        /* With more gas it could be made: a call across chains that this gas breaks off where the
         * protocol has no entry for it. */
        attempts->simulation->request->error = (struct rpc_error){0};
        attempts->status = RPC_OK;
        return true;
    }
    if (attempts->status != RPC_OK) return false;
    if (run->verdict == TX_INTRINSIC_GAS || run->verdict == TX_FLOOR_GAS) return true;
    if (run->verdict != TX_OK) {
        attempts->status = simulation_fail(attempts->simulation, run->verdict, true, gas);
        return false;
    }
    *out = (struct estimate_run){
        .has_succeeded = run->result.is_success,
        .gas_used = run->result.gas_used,
        .gas_max = run->result.gas_max,
    };
    attempts->has_succeeded |= out->has_succeeded;
    return true;
}

/* What the sender can pay for, at most *gas; false if not even the value. */
static enum err affordable(struct simulation *simulation, uint64_t *gas, bool *has_value) {
    const struct tx *tx = &simulation->tx;
    struct account account;
    bool exists;
    *has_value = true;
    if (u256_is_zero(&tx->max_fee_per_gas)) return ERR_OK;
    enum err err = state_get_account(simulation->state, &simulation->sender, &account, &exists);
    if (err != ERR_OK) return err;
    u256 balance = account.balance;
    const struct rpc_simulation *description = simulation->description;
    for (size_t i = 0; i < description->account_count; i++) {
        const struct rpc_account_override *with = &description->accounts[i];
        if (with->has_balance && address_equal(&with->account, &simulation->sender))
            balance = with->balance;
    }
    if (!u256_is_zero(&tx->value) && !u256_less(&tx->value, &balance)) {
        *has_value = false;
        return ERR_OK;
    }
    u256 rest = u256_sub(&balance, &tx->value);
    u256 allowance = u256_div(&rest, &tx->max_fee_per_gas);
    uint64_t most = u256_to_u64_saturating(&allowance);
    if (most < *gas) *gas = most;
    return ERR_OK;
}

static enum err is_transfer(struct simulation *simulation, bool *out) {
    struct account account;
    bool exists;
    *out = false;
    if (simulation->tx.data.size > 0 || simulation->tx.is_create) return ERR_OK;
    enum err err = state_get_account(simulation->state, &simulation->tx.to, &account, &exists);
    if (err != ERR_OK) return err;
    *out = !exists || hash32_equal(&account.code_hash, &KECCAK_EMPTY);
    const struct rpc_simulation *description = simulation->description;
    for (size_t i = 0; i < description->account_count; i++) {
        const struct rpc_account_override *with = &description->accounts[i];
        if (with->has_code && address_equal(&with->account, &simulation->tx.to))
            *out = with->code.size == 0;
    }
    return ERR_OK;
}

static uint64_t first_bound(const struct simulation *simulation) {
    const struct rpc_call_arguments *arguments = &simulation->description->arguments;
    uint64_t gas = simulation->context.gas_limit;
    if (arguments->has_gas && arguments->gas >= ESTIMATE_TRANSFER_GAS) gas = arguments->gas;
    if (simulation->context.rules.fork >= FORK_OSAKA && gas > TX_GAS_LIMIT_MAX)
        gas = TX_GAS_LIMIT_MAX;
    uint64_t most = simulation_gas_max(simulation->chain);
    return gas < most ? gas : most;
}

static enum rpc_status
search(struct simulation *simulation, struct rpc_call_result *result, uint64_t *gas) {
    struct rpc_request *request = simulation->request;
    struct attempts attempts = {.simulation = simulation};
    uint64_t most = first_bound(simulation);
    bool has_value;
    bool transfer;
    enum err err = affordable(simulation, &most, &has_value);
    if (err == ERR_OK) err = is_transfer(simulation, &transfer);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    if (!has_value) return rpc_fail(request, RPC_SERVER_ERROR, "insufficient funds for transfer");
    switch (estimate_gas(gas, most, transfer, attempt, &attempts)) {
    case ESTIMATE_OK:
        result->has_succeeded = true;
        return RPC_OK;
    case ESTIMATE_STOPPED:
        return attempts.status;
    case ESTIMATE_FAILED:
        break;
    }
    /* Not even the intrinsic gas, or out of it later. */
    if (attempts.run.verdict != TX_OK || attempts.run.result.outcome == EVM_OUT_OF_GAS)
        return rpc_fail(
            request,
            RPC_SERVER_ERROR,
            "gas required exceeds allowance (%llu)",
            (unsigned long long)most
        );
    return simulation_result(simulation, result, &attempts.run, attempts.gas);
}

enum rpc_status backend_estimate_gas(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_call_result *result,
    uint64_t *gas,
    const struct rpc_simulation *description
) {
    struct simulation simulation;
    enum rpc_status status =
        simulation_open(&simulation, backend_chain(rpc), request, is_found, description);
    if (status != RPC_OK || !*is_found) return status;
    status = search(&simulation, result, gas);
    simulation_close(&simulation);
    return status;
}

/* --- eth_createAccessList --------------------------------------------------------------------- */

/* Runs until a list gives itself again: with other warm slots a contract may take another way. */
static enum rpc_status
settle(struct simulation *simulation, struct rpc_call_result *result, uint64_t gas) {
    struct rpc_request *request = simulation->request;
    struct access_list list;
    struct simulation_run run;
    struct account account;
    bool exists;
    enum err err = state_get_account(simulation->state, &simulation->sender, &account, &exists);
    if (err != ERR_OK) return rpc_fail_err(request, err);
    address recipient = simulation->tx.to;
    if (simulation->tx.is_create)
        recipient = evm_create_address(&simulation->sender, account.nonce);
    const struct rpc_call_arguments *given = &simulation->description->arguments;
    if (given->authorization_count > gas / AUTHORIZATION_GAS)
        return rpc_fail(
            request, RPC_SERVER_ERROR, "insufficient gas to process all authorizations"
        );
    access_list_open(&list, request->arena, simulation->context.rules.fork);
    err = access_list_exclude(&list, &simulation->sender);
    if (err == ERR_OK) err = access_list_exclude(&list, &recipient);
    for (size_t i = 0; i < given->authorization_count && err == ERR_OK; i++) {
        address authority;
        if (tx_authority(&authority, &given->authorizations[i], simulation->tx.chain_id))
            err = access_list_exclude(&list, &authority);
    }
    if (err == ERR_OK) err = access_list_add(&list, given->access_list, given->access_list_count);
    for (;;) {
        if (err != ERR_OK) return rpc_fail_err(request, err);
        size_t before = access_list_size(&list);
        err = access_list_finish(&list, &simulation->tx.access_list, &simulation->tx.access_count);
        if (err != ERR_OK) return rpc_fail_err(request, err);
        if (simulation->tx.type == TX_LEGACY) simulation->tx.type = TX_ACCESS_LIST;
        struct evm_tracer tracer = access_list_tracer(&list);
        enum rpc_status status = simulation_try(simulation, &run, gas, &tracer);
        if (status != RPC_OK) return status;
        if (run.verdict != TX_OK) return simulation_fail(simulation, run.verdict, false, gas);
        err = list.err;
        if (err == ERR_OK && access_list_size(&list) == before) break;
    }
    result->access_list = simulation->tx.access_list;
    result->access_list_count = simulation->tx.access_count;
    return simulation_result(simulation, result, &run, gas);
}

enum rpc_status backend_create_access_list(
    struct rpc_chain *rpc,
    struct rpc_request *request,
    bool *is_found,
    struct rpc_call_result *result,
    const struct rpc_simulation *description
) {
    struct simulation simulation;
    enum rpc_status status =
        simulation_open(&simulation, backend_chain(rpc), request, is_found, description);
    if (status != RPC_OK || !*is_found) return status;
    status = settle(&simulation, result, simulation.gas);
    simulation_close(&simulation);
    return status;
}
