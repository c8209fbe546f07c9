/* cli/banner.h: what the program says once the network answers: to a person on the terminal, and
 * to other programs in the --info-file. */
#ifndef CLI_BANNER_H
#define CLI_BANNER_H

#include "node/hd_keys.h"
#include "node/options.h"
#include "rpc/backend.h"
#include "rpc/json_writer.h"

#include <stdio.h>

struct banner {
    const struct node_options *options;
    const struct rpc_network_info *network; /* as the parent's endpoint tells it */
    const struct hd_key *accounts;
    size_t account_count;
    bool is_given;     /* L1's genesis is given: what accounts have is for it to say */
    uint64_t start_ms; /* from the start of the program until now */
};

/* banner_print writes endpoints, chain ids, contracts, what each rollup's proof system asks one to
 * believe, and the accounts with their keys. */
void banner_print(FILE *out, const struct banner *banner);

/* banner_write_info writes one JSON object to the file at path, by way of a file beside it, so that
 * whoever waits for the file never reads half of it:
 *
 *   { "version": "0.1.0", "pid": 4711, "mnemonic": "…",
 *     "chains": [ {"name": "l1", "rollupId": 0, "chainId": 31337, "url": "http://…",
 *                  "contracts": {"hub": "0x…"}}, {"name": "rollup1", "rollupId": 1, …}, … ],
 *     "accounts": [ {"address": "0x…", "privateKey": "0x…"}, … ] }
 *
 * Returns: ERR_IO      errno says why; there is no new file.
 *          ERR_MEMORY  likewise. */
MUST_USE enum err banner_write_info(const char *path, const struct banner *banner);

/* banner_write_ready adds members to the object of the event "ready" (node/log.h): version,
 * startMs, and name, chainId and url of each chain. No keys: logs are kept and shown around. */
void banner_write_ready(struct json_writer *w, const struct banner *banner);

#endif
