/* cli/network_options.h: what a network is started with, from the command line and from a file.
 *
 * Two tables of rows (cli/cli.h): what is said of the network, and what a file can say of one
 * chain. The command line wins over the file, and what the file says of one chain over what it says
 * of all. What nobody says has the rows' defaults. */
#ifndef CLI_NETWORK_OPTIONS_H
#define CLI_NETWORK_OPTIONS_H

#include "cli/cli.h"
#include "core/arena.h"
#include "node/options.h"

struct network_options {
    struct node_options node; /* what comes of it all */

    /* Of all chains; node.chains are made of these. */
    uint64_t port; /* of L1; rollup i listens on port + i. 0: free ones */
    uint64_t chain_id;
    uint64_t rollup_chain_id; /* of rollup 1; rollup i has rollup_chain_id + i - 1 */
    uint64_t gas_limit;
    uint64_t base_fee_wei;
    unsigned rollup_type;
    unsigned proof;
    unsigned rollup_token;
    uint64_t l3_count; /* rollups of rollup 1, besides those described */

    const char *config; /* file; NULL: none */
    bool wants_help;
    bool wants_version;

    /* Which rows have been said: on the command line, in the file, in the file of one chain. */
    uint64_t given;
    uint64_t file_given;
    uint64_t chain_given[NODE_CHAINS_MAX];
    size_t described_count; /* rollups that the file describes, in node.chains from 1 on */
};

extern const struct cli_table network_table;       /* fills struct network_options */
extern const struct cli_table network_chain_table; /* fills struct node_chain_plan */

/* A rollup's type and proof system, by their names in options and files. */
const char *network_rollup_type_name(unsigned type);
const char *network_proof_name(unsigned proof);

/* network_options_read reads argv (argc words, without the program's name), the file it names, and
 * makes the chains' plans. With wants_help or wants_version set, nothing more has been looked at.
 * Texts are borrowed from argv or lie in the arena.
 *
 * Returns: false  error->text says what is wrong; options must not be used. */
bool network_options_read(
    struct network_options *options,
    struct arena *arena,
    struct cli_error *error,
    int argc,
    char *const *argv
);

/* network_options_settle looks at what no row alone can say (names, chain ids and ports that
 * collide, a mnemonic that is none), and makes the plans. The last step of network_options_read. */
bool network_options_settle(struct network_options *options, struct cli_error *error);

#endif
