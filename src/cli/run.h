/* cli/run.h: the development network as one call: an L1 and its rollups, each with a store, a
 * pool and an endpoint, in one process on one event loop.
 *
 * The network's keys: the development accounts come from the mnemonic and are known to everybody;
 * the builder's and the attester's are drawn at random, and kept only in --datadir
 * (node/keys.h). */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "node/options.h"

/* run_network runs the network until SIGINT or SIGTERM (then answers in flight are finished; a
 * second signal ends the process at once), and returns the exit status: 0 after a signal, 1 when it
 * could not start or go on, with the reason as one line on stderr. Nothing is left behind but
 * --datadir and --info-file; the info file is removed when the network stops.
 *
 * options were checked by network_options_read. Prints the banner on stdout, and one line per block
 * and transaction, unless options->is_silent. */
int run_network(const struct node_options *options);

#endif
