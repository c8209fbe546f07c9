/* lockstep: the program. Chooses the subcommand; everything else is in the commands' own files. */
#include "cli/batch_command.h"
#include "cli/check_command.h"
#include "cli/cli.h"
#include "cli/evm_command.h"
#include "cli/guest_command.h"
#include "cli/guest_id_command.h"
#include "cli/network_options.h"
#include "cli/relay_command.h"
#include "cli/run.h"
#include "cli/trace_command.h"
#include "conformance/conformance.h"
#include "node/version.h"

#define OPTIONS_SIZE_MAX ((size_t)8 << 20) /* texts of a file, and the file */

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* as main; argv[0] is the command's name */
    const char *usage;
    const char *summary;
};

static int run_command(int argc, char **argv);
static int help_command(int argc, char **argv);

static const struct command commands[] = {
    {"run",
     run_command,
     "[run] [OPTION]…",
     "start the network: an L1 and its rollups (the default)"},
    {"trace",
     trace_command,
     "trace HASH [--rpc URL]",
     "print a transaction's calls across all chains as a tree"},
    {"batch",
     batch_command,
     "batch export TX FOLDER [--rpc URL]",
     "write the files of a posted batch: all that it takes to check it; split shares them out"},
    {"verify",
     verify_command,
     "verify FOLDER|SHARE [--jobs N]",
     "check such files, without a network"},
    {"relay",
     relay_command,
     "relay [--rpc URL] [OPTION]…",
     "deliver the messages between L1 and its rollups, for their fees"},
    {"check",
     check_command,
     "check --datadir FOLDER",
     "look whether a data directory holds what it should"},
    {"guest-id",
     guest_id_command,
     "guest-id",
     "print the hash of the guest program, which rollups are registered with (vkey)"},
    {"evm",
     evm_command,
     "evm run --code FILE [--input FILE] [OPTION]…",
     "run a contract's code, without a chain"},
    {"guest",
     guest_command,
     "guest run --batch FILE --witness FILE [OPTION]…",
     "check a batch by the guest program in our RISC-V machine, and count; exec runs any program"},
    {"statetest",
     conformance_statetest,
     "statetest [--fork NAME] PATH…",
     "run Ethereum's general state tests (filled fixtures, files or folders)"},
    {"blocktest",
     conformance_blocktest,
     "blocktest [--fork NAME] PATH…",
     "run Ethereum's blockchain tests"},
    {"tracetest",
     conformance_tracetest,
     "tracetest PATH…",
     "run geth's tracer cases: what debug_trace… must answer"},
    {"vmtest", conformance_vmtest, "vmtest PATH…", "run Ethereum's old tests of bare messages"},
    {"help", help_command, "help [COMMAND]", "explain a command and its options"},
};

#define COMMANDS_COUNT (sizeof commands / sizeof commands[0])

static const struct command *find_command(const char *name) {
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

static int fail_unknown(const char *name) {
    const char *names[COMMANDS_COUNT];
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        names[i] = commands[i].name;
    const char *nearest = cli_nearest(name, names, COMMANDS_COUNT);
    if (nearest != NULL)
        fprintf(stderr, "lockstep: unknown command %.60s; did you mean %s?\n", name, nearest);
    else
        fprintf(stderr, "lockstep: unknown command %.60s; lockstep --help lists them\n", name);
    return 2;
}

static void print_help(void) {
    printf(
        "Lockstep %s: an Ethereum L1 and its rollups, in one process, behaving like one chain.\n\n"
        "Usage: lockstep [COMMAND] [OPTION]…\n\nCommands\n",
        LOCKSTEP_VERSION
    );
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        printf("  %s\n        %s\n", commands[i].usage, commands[i].summary);
    printf("\nOptions of run\n\n");
    cli_print_options(stdout, &network_table);
    printf("\nExamples\n"
           "  lockstep                             L1 on http://127.0.0.1:8545, rollups on 8546 "
           "and 8547\n"
           "  lockstep --rollups 4 --slot-time 2000\n"
           "  lockstep --port 0 --info-file net.json --silent\n"
           "  lockstep --config examples/network.ini\n");
}

static int run_command(int argc, char **argv) {
    static struct network_options options;
    struct cli_error error;
    struct arena arena;
    int status = 0;
    arena_open(&arena, OPTIONS_SIZE_MAX);
    if (!network_options_read(&options, &arena, &error, argc - 1, argv + 1)) {
        fprintf(stderr, "lockstep: %s\n", error.text);
        status = 2;
    } else if (options.wants_help) {
        print_help();
    } else if (options.wants_version) {
        printf("lockstep %s\n", LOCKSTEP_VERSION);
    } else {
        status = run_network(&options.node);
    }
    arena_close(&arena);
    return status;
}

static int help_command(int argc, char **argv) {
    if (argc < 2) {
        print_help();
        return 0;
    }
    const struct command *command = find_command(argv[1]);
    if (command == NULL) return fail_unknown(argv[1]);
    if (command->run == help_command) {
        print_help();
        return 0;
    }
    static char help[] = "--help";
    char *with_help[] = {argv[1], help, NULL};
    return command->run(2, with_help);
}

int main(int argc, char **argv) {
    if (argc < 2 || argv[1][0] == '-') return run_command(argc, argv);
    const struct command *command = find_command(argv[1]);
    if (command == NULL) return fail_unknown(argv[1]);
    return command->run(argc - 1, argv + 1);
}
