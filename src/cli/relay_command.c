#include "cli/relay_command.h"

#include "cli/cli.h"
#include "cli/relay.h"
#include "core/hex.h"
#include "crypto/secp256k1.h"

#include <signal.h>
#include <stdlib.h>

#define KEY_VARIABLE "LOCKSTEP_RELAY_KEY"

struct words {
    const char *url;
    const char *key_file;
    const char *fee_to;
    u256 min_fee_wei;
    uint64_t interval_ms;
    bool is_at_a_loss;
    bool is_once;
    bool wants_help;
};

#define FIELD(name) offsetof(struct words, name)

static const struct cli_option relay_options[] = {
    {.name = "rpc",
     .letter = 'r',
     .kind = CLI_TEXT,
     .offset = FIELD(url),
     .value = "URL",
     .fallback = "http://127.0.0.1:8545",
     .help = "endpoint of L1; it names those of the rollups"},
    {.name = "key-file",
     .kind = CLI_TEXT,
     .offset = FIELD(key_file),
     .value = "FILE",
     .help = "file with the private key, in hexadecimal, of who delivers and pays the gas; without "
             "it, what the environment has as " KEY_VARIABLE},
    {.name = "fee-to",
     .kind = CLI_TEXT,
     .offset = FIELD(fee_to),
     .value = "ADDRESS",
     .help = "account that gets the fees; without it, the key's"},
    {.name = "min-fee",
     .kind = CLI_ETHER,
     .offset = FIELD(min_fee_wei),
     .value = "ETH",
     .fallback = "0",
     .help = "messages that pay less are left to others"},
    {.name = "at-a-loss",
     .kind = CLI_FLAG,
     .offset = FIELD(is_at_a_loss),
     .help = "also deliver messages whose fee does not cover the gas"},
    {.name = "interval",
     .kind = CLI_NUMBER,
     .offset = FIELD(interval_ms),
     .max = 3600000,
     .value = "MS",
     .fallback = "1000",
     .help = "milliseconds between two looks at the chains"},
    {.name = "once",
     .kind = CLI_FLAG,
     .offset = FIELD(is_once),
     .help = "look once, deliver what there is, and stop"},
    {.name = "help",
     .letter = 'h',
     .kind = CLI_FLAG,
     .offset = FIELD(wants_help),
     .help = "print this text and stop"},
    {0},
};

static const struct cli_table relay_table = {
    .usage = "lockstep relay [OPTION]…",
    .options = relay_options,
    .words_max = 0,
    .words = "no arguments but options",
};

static volatile sig_atomic_t must_stop;

static void on_signal(int number) {
    (void)number;
    must_stop = 1;
}

static bool complain(const char *problem) {
    fprintf(stderr, "lockstep relay: %s\n", problem);
    return false;
}

/* 0x and 64 digits, or the digits alone; white space around them. */
static bool read_key(hash32 *key, const char *text) {
    char digits[67] = "0x";
    text += strspn(text, " \t\r\n");
    if (strncmp(text, "0x", 2) == 0) text += 2;
    const size_t size = strcspn(text, " \t\r\n");
    if (size != 64 || text[size + strspn(text + size, " \t\r\n")] != 0) return false;
    memcpy(digits + 2, text, 64);
    return hex_decode_exact(key->b, 32, digits, 66) == ERR_OK;
}

static bool find_key(hash32 *key, const struct words *words) {
    char text[256] = "";
    const char *given = getenv(KEY_VARIABLE);
    if (words->key_file != NULL) {
        FILE *file = fopen(words->key_file, "r");
        if (file == NULL) return complain("the key's file cannot be read");
        const size_t size = fread(text, 1, sizeof(text) - 1, file);
        text[size] = 0;
        (void)fclose(file);
        given = text;
    }
    if (given == NULL)
        return complain("whose key signs the deliveries? Say --key-file FILE, or set " KEY_VARIABLE
        );
    return read_key(key, given) || complain("a private key is expected: 64 hexadecimal digits");
}

/* Who delivers, and who is paid for it. */
static bool find_accounts(struct relay_options *options, const struct words *words) {
    if (secp256k1_address_of(&options->sender, &options->key) != ERR_OK)
        return complain("the key is no private key of secp256k1");
    options->fee_to = options->sender;
    if (words->fee_to == NULL) return true;
    const bool is_good =
        strncmp(words->fee_to, "0x", 2) == 0 &&
        hex_decode_exact(options->fee_to.b, 20, words->fee_to, strlen(words->fee_to)) == ERR_OK;
    return is_good || complain("--fee-to takes an address: 0x and 40 digits");
}

int relay_command(int argc, char **argv) {
    struct words words;
    int words_count;
    int status;
    static const char ABOUT[] =
        "Delivers the messages of the network's Messengers, both ways, and takes their fees.\n"
        "Anybody may; what is delivered already the chains say, so it can stop at any time.";
    if (!cli_begin(
            &status,
            &relay_table,
            "lockstep relay",
            ABOUT,
            &words,
            NULL,
            &words_count,
            argc - 1,
            argv + 1
        ))
        return status;
    struct relay_options options = {
        .url = words.url,
        .min_fee_wei = words.min_fee_wei,
        .is_at_a_loss = words.is_at_a_loss,
        .interval_ms = words.interval_ms,
        .is_once = words.is_once,
        .must_stop = &must_stop,
    };
    if (!find_key(&options.key, &words) || !find_accounts(&options, &words)) return 2;
    const struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return relay_run(&options) ? 0 : 1;
}
