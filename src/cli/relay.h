/* cli/relay.h: the relayer: watches the Messengers of a network, proves what they have sent, and
 * delivers it for the fee. It keeps nothing: what is delivered already, the chains say. */
#ifndef CLI_RELAY_H
#define CLI_RELAY_H

#include "core/u256.h"

#include <signal.h>

struct relay_options {
    const char *url; /* of L1's endpoint; it names the others */
    hash32 key;      /* private, of who delivers */
    address sender;  /* whose key it is */
    address fee_to;
    u256 min_fee_wei;                       /* messages that pay less are left to others */
    bool is_at_a_loss;                      /* also deliver what costs more than its fee */
    uint64_t interval_ms;                   /* between rounds */
    bool is_once;                           /* one round */
    const volatile sig_atomic_t *must_stop; /* set by a signal */
};

/* relay_run goes on until it must stop. Returns false after a complaint on stderr: the network
 * cannot be asked, to begin with. Later on it waits for a chain that does not answer. */
bool relay_run(const struct relay_options *options);

#endif
