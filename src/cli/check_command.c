#include "cli/check_command.h"

#include "cli/cli.h"
#include "node/audit.h"
#include "node/forked_start.h"
#include "node/startup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

struct check_options {
    const char *datadir;
    bool wants_help;
};

#define FIELD(name) offsetof(struct check_options, name)

static const struct cli_option check_options[] = {
    {.name = "datadir",
     .kind = CLI_TEXT,
     .offset = FIELD(datadir),
     .value = "FOLDER",
     .help = "the folder that the network was kept in"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop"},
    {0},
};

static const struct cli_table check_table = {
    .usage = "lockstep check --datadir FOLDER",
    .options = check_options,
    .words_max = 0,
    .words = "no word",
};

static void print_audit(const struct node_chain *chain, const struct audit *audit) {
    printf(
        "%-8s %" PRIu64 " blocks, %" PRIu64 " transactions; state of block %" PRIu64 ": %" PRIu64
        " accounts, %" PRIu64 " slots, %" PRIu64 " with code",
        chain->rpc.name,
        audit->block_count,
        audit->tx_count,
        chain->head.number,
        audit->account_count,
        audit->slot_count,
        audit->code_count
    );
    if (audit->unsafe_count > 0) printf("; %" PRIu64 " blocks above L1's", audit->unsafe_count);
    if (audit->is_ahead) printf("; ahead of L1, which the next start sees to");
    printf("\n");
}

static bool check(struct node *node, struct node_options *options) {
    char error[NODE_ERROR_SIZE];
    bool is_good = true;
    char fork[NODE_PATH_SIZE];
    (void)snprintf(fork, sizeof(fork), "%s/" FORKED_START_FILE, options->datadir);
    bool is_fork = access(fork, F_OK) == 0;
    if (startup_look(node, options, error) != ERR_OK) {
        fprintf(stderr, "lockstep check: %s\n", error);
        return false;
    }
    if (is_fork) printf("L1 is a fork: its state is the remote's and is not looked at\n");
    for (size_t i = 0; i < node->chain_count; i++) {
        struct audit audit;
        if (audit_chain(&node->chains[i], &audit, error, !is_fork) == ERR_OK) {
            print_audit(&node->chains[i], &audit);
            continue;
        }
        fprintf(stderr, "lockstep check: %s: %s\n", node->options->datadir, error);
        is_good = false;
    }
    return is_good;
}

int check_command(int argc, char **argv) {
    struct check_options options;
    const char *words[1];
    int words_count;
    int status;
    static const char ABOUT[] =
        "Reads all chains of a network and computes anew what can be computed: hashes, roots,\n"
        "indexes, the newest state, and the heads that the Hub has. Changes nothing.";
    if (!cli_begin(
            &status,
            &check_table,
            "lockstep check",
            ABOUT,
            &options,
            words,
            &words_count,
            argc - 1,
            argv + 1
        ))
        return status;
    if (options.datadir == NULL) {
        fprintf(stderr, "lockstep check: which folder? Say --datadir FOLDER\n");
        return 2;
    }
    struct node_options *node_options = calloc(1, sizeof(*node_options));
    struct node *node = calloc(1, sizeof(*node));
    bool is_good = false;
    if (node == NULL || node_options == NULL) {
        fprintf(stderr, "lockstep check: out of memory\n");
        goto out;
    }
    node_options->datadir = options.datadir;
    node->lock = -1;
    arena_open(&node->build_arena, NODE_BUILD_SIZE_MAX);
    is_good = check(node, node_options);
    startup_close(node);
    arena_close(&node->build_arena);
out:
    free(node);
    free(node_options);
    return is_good ? 0 : 1;
}
