#include "rollup/ether.h"

#include "rollup/predeploys.h"
#include "state/state.h"

bool ether_is_moved(const struct evm_message *call) {
    return address_equal(&call->code_address, &ETHER_ADDRESS);
}

static enum err has_own_token(bool *has, const struct execution *x) {
    const u256 slot = u256_from_u64(SYSTEM_HAS_OWN_TOKEN);
    u256 value;
    enum err err = state_get_slot(x->state, &SYSTEM_PREDEPLOY, &slot, &value);
    *has = err == ERR_OK && !u256_is_zero(&value);
    return err;
}

/* What a call asks for; false: nothing that there is. */
static bool read_call(u256 *made, const struct evm_message *call) {
    bool is_call = call->kind == EVM_CALL && !call->is_static;
    *made = U256_ZERO;
    if (!is_call || !address_equal(&call->sender, &MESSENGER_PREDEPLOY)) return false;
    if (call->gas < ETHER_GAS) return false;
    if (!u256_is_zero(&call->value)) return call->input.size == 0;
    if (call->input.size != 32) return false;
    *made = u256_load_be(call->input.data);
    return u256_bit_size(made) <= ETHER_BITS_MAX;
}

enum err ether_answer(struct execution *x) {
    const struct evm_message *call = &x->evm.request.call;
    u256 made;
    bool is_refused = !read_call(&made, call);
    enum err err = ERR_OK;
    if (!is_refused) err = has_own_token(&is_refused, x);
    if (err != ERR_OK) return err;
    if (is_refused) return evm_give_call(&x->evm, false, 0, BYTES_EMPTY);
    /* It runs, so it is loaded. */
    struct journal_account *messenger = journal_find_account(x->journal, &MESSENGER_PREDEPLOY);
    err = u256_is_zero(&call->value) ? journal_add_balance(x->journal, messenger, &made)
                                     : journal_sub_balance(x->journal, messenger, &call->value);
    if (err != ERR_OK) return err;
    return evm_give_call(&x->evm, true, call->gas - ETHER_GAS, BYTES_EMPTY);
}
