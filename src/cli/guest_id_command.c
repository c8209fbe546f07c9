#include "cli/guest_id_command.h"

#include "cli/cli.h"
#include "core/hex.h"
#include "proof/guest.h"

#include <stddef.h>

struct guest_id_options {
    bool wants_help;
};

static const struct cli_option option_rows[] = {
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = offsetof(struct guest_id_options, wants_help),
     .help = "print this text and stop"},
    {.name = NULL},
};

static const struct cli_table guest_id_table = {
    .usage = "lockstep guest-id",
    .options = option_rows,
    .words = "no word",
};

int guest_id_command(int argc, char **argv) {
    static const char ABOUT[] =
        "Prints keccak256 of the guest program that is built in (build/guest/lockstep-guest.elf):\n"
        "what rollups are registered with as their vkey, and what an attestation vouches for.";
    struct guest_id_options options;
    int words_count;
    int status;
    if (!cli_begin(
            &status,
            &guest_id_table,
            "lockstep guest-id",
            ABOUT,
            &options,
            NULL,
            &words_count,
            argc - 1,
            argv + 1
        ))
        return status;
    char text[64];
    const hash32 id = guest_id();
    hex_encode(text, hash32_bytes(&id));
    printf("0x%.64s\n", text);
    return 0;
}
