/* A network's file: what it says, what the command line overrules, and what is refused, where. */
#include "cli/config.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct network_options options;
static struct arena arena;

static int open_all(void **state) {
    (void)state;
    arena_open(&arena, (size_t)4 << 20);
    return 0;
}

static int close_all(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

/* As network_options_read does, but for the file. */
static bool read(struct cli_error *error, const char *words, bytes text) {
    static char line[256];
    char *argv[16];
    int argc = 0;
    const char *none[1];
    int none_count;
    uint64_t given;
    (void)snprintf(line, sizeof line, "%s", words);
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    options = (struct network_options){0};
    assert_true(cli_parse(&network_table, &options, none, &none_count, &given, error, argc, argv));
    options.given = given;
    options.config = "net.ini";
    return config_read_text(&options, &arena, error, text) &&
           network_options_settle(&options, error);
}

static void good(const char *words, const char *text) {
    struct cli_error error;
    if (!read(&error, words, bytes_of(text, strlen(text)))) fail_msg("refused: %s", error.text);
}

static void refused_bytes(const char *words, bytes text, const char *expected) {
    struct cli_error error;
    if (read(&error, words, text)) fail_msg("accepted; expected: %s", expected);
    assert_string_equal(error.text, expected);
}

static void refused(const char *text, const char *expected) {
    refused_bytes("", bytes_of(text, strlen(text)), expected);
}

static void test_a_whole_network(void **state) {
    (void)state;
    good(
        "",
        "\xef\xbb\xbf; a comment, after a byte order mark\n"
        "slot-time = 2000 ; here, too\r\n"
        "# and here\n"
        "silent = yes\n"
        "datadir: /tmp/x\n"
        "balance=0.5\n"
        "chain-id = 0x539\n"
        "fund = 0x00000000000000000000000000000000000a11ce 1.5\n"
        "       0x0000000000000000000000000000000000000B0B 2\n"
        "[l1]\n"
        "port = 9000\n"
        "[rollup payments]\n"
        "type = evm\n"
        "proof = k-of-n\n"
        "gas-limit = 30_000_000\n"
        "fund = 0x0000000000000000000000000000000000000b0b 3\n"
        "[rollup  games-2]\n"
        "chain-id = 7\n"
        "token = own\n"
        "base-fee = 0\n"
    );
    const struct node_options *node = &options.node;
    assert_int_equal(node->slot_time_ms, 2000);
    assert_true(node->is_silent);
    assert_string_equal(node->datadir, "/tmp/x");
    assert_int_equal(node->balance_wei.w[0], 500000000000000000);
    assert_int_equal(node->fundings.count, 2);
    assert_int_equal(node->fundings.items[1].account.b[19], 0x0b);
    assert_int_equal(node->fundings.items[1].balance_wei.w[0], 2000000000000000000);
    assert_int_equal(node->rollups_count, 2);
    assert_string_equal(node->chains[0].name, "l1");
    assert_int_equal(node->chains[0].chain_id, 1337);
    assert_int_equal(node->chains[0].port, 9000);
    assert_int_equal(node->chains[0].gas_limit, 60000000);
    assert_string_equal(node->chains[1].name, "payments");
    assert_int_equal(node->chains[1].chain_id, 42101);
    assert_int_equal(node->chains[1].port, 8546);
    assert_int_equal(node->chains[1].gas_limit, 30000000);
    assert_int_equal(node->chains[1].proof, NODE_PROOF_K_OF_N);
    assert_int_equal(node->chains[2].proof, NODE_PROOF_ATTESTATION);
    assert_int_equal(node->chains[1].base_fee_wei, 1000000000);
    assert_int_equal(node->chains[1].fundings.count, 1);
    assert_string_equal(node->chains[2].name, "games-2");
    assert_int_equal(node->chains[2].chain_id, 7);
    assert_int_equal(node->chains[2].port, 8547);
    assert_int_equal(node->chains[2].base_fee_wei, 0);
    assert_int_equal(node->chains[2].token, NODE_TOKEN_OWN);
    assert_int_equal(node->chains[1].token, NODE_TOKEN_ETHER);
    assert_int_equal(node->chains[2].fundings.count, 0);
}

/* Nothing said is the same as no file. */
static void test_an_empty_file(void **state) {
    (void)state;
    good("", "");
    static struct network_options from_file;
    from_file = options;
    struct cli_error error;
    assert_true(network_options_read(&options, &arena, &error, 0, NULL));
    from_file.config = NULL;
    assert_memory_equal(&from_file.node.chains, &options.node.chains, sizeof options.node.chains);
    assert_int_equal(from_file.node.rollups_count, 2);
    assert_string_equal(from_file.node.mnemonic, options.node.mnemonic);
}

static void test_the_command_line_wins(void **state) {
    (void)state;
    static const char text[] = "slot-time = 2000\n"
                               "host = ::1\n"
                               "gas-limit = 1_000_000\n"
                               "rollups = 3\n"
                               "fund = 0x0000000000000000000000000000000000000b0b 3\n"
                               "[l1]\n"
                               "chain-id = 5\n"
                               "[rollup a]\n"
                               "gas-limit = 2_000_000\n"
                               "port = 1\n"
                               "[rollup b]\n"
                               "chain-id = 9\n";
    good("", text);
    assert_int_equal(options.node.rollups_count, 3);
    assert_string_equal(options.node.chains[3].name, "rollup3");
    good("--slot-time 0 --rollups 1 --gas-limit 3000000 --chain-id 6 --port 0", text);
    assert_int_equal(options.node.slot_time_ms, 0);
    assert_string_equal(options.node.host, "::1");
    assert_int_equal(options.node.rollups_count, 1);
    assert_int_equal(options.node.chains[0].chain_id, 6);
    assert_int_equal(options.node.chains[0].gas_limit, 3000000);
    assert_int_equal(options.node.chains[1].gas_limit, 3000000);
    assert_int_equal(options.node.chains[1].port, 0);
    good("--rollup-chain-id 70", text);
    assert_int_equal(options.node.chains[1].chain_id, 70);
    assert_int_equal(options.node.chains[2].chain_id, 71);
    good("--rollups 0", text);
    assert_int_equal(options.node.rollups_count, 0);
}

static void test_what_is_refused(void **state) {
    (void)state;
    refused("slot-tiem = 1\n", "net.ini:1: unknown key slot-tiem; did you mean slot-time?");
    refused("\n\nzzz = 1\n", "net.ini:3: unknown key zzz; lockstep --help lists them");
    refused(
        "[rollup a]\ngas-limti = 1\n",
        "net.ini:2: unknown key gas-limti of a rollup; did you mean gas-limit?"
    );
    refused(
        "[l1]\nmnemonic = x\n",
        "net.ini:2: mnemonic is said of all chains, at the beginning, before any section"
    );
    refused("[l1]\ntype = evm\n", "net.ini:2: type is said of rollups, not of L1");
    refused("[l1]\ntoken = own\n", "net.ini:2: token is said of rollups, not of L1");
    refused("[rollup a]\ntoken = usd\n", "net.ini:2: token takes ether or own, not \"usd\"");
    refused("help = yes\n", "net.ini:1: help is for the command line alone");
    refused("config = other.ini\n", "net.ini:1: config is for the command line alone");
    refused("port = 99999\n", "net.ini:1: port takes a number from 0 to 65471, not \"99999\"");
    refused("silent = maybe\n", "net.ini:1: silent takes yes or no, not \"maybe\"");
    refused("datadir =\n", "net.ini:1: datadir takes FOLDER; it may not be empty");
    refused("port = 1\nport = 2\n", "net.ini:2: port is said twice");
    refused("port = 1\n  2\n", "net.ini:2: port is said twice");
    refused("[rollup a]\ntype = wasm\n", "net.ini:2: type takes evm or ledger, not \"wasm\"");
    refused(
        "[rollup a]\nproof = k-of-m\n",
        "net.ini:2: proof takes attestation, owner or k-of-n, not \"k-of-m\"; did you mean k-of-n?"
    );
    refused(
        "[rollups a]\ntype = evm\n",
        "net.ini:2: unknown section [rollups a]; a section is [l1] or [rollup NAME], one for each"
    );
    refused(
        "[rollup]\ntype = evm\n",
        "net.ini:2: [rollup NAME] needs a name of at most 31 lower-case letters, digits, \"-\" and "
        "\"_\", a letter first, not \"\""
    );
    refused(
        "[rollup ../x]\ntype = evm\n",
        "net.ini:2: [rollup NAME] needs a name of at most 31 lower-case letters, digits, \"-\" and "
        "\"_\", a letter first, not \"../x\""
    );
    refused(
        "[rollup a]\ntype = evm\n\n[rollup a]\ntype = evm\n",
        "net.ini:5: [rollup a] is described twice"
    );
    refused(
        "[rollup a]\ntype = evm\n [rollup b]\n",
        "net.ini:3: type is said twice" /* an indented line goes on */
    );
    refused("[l1]\nport = 1\n[l1]\nport = 2\n", "net.ini:4: [l1] is described twice");
    refused(
        "[rollup a]\n\n[rollup b]\ntype = evm\n",
        "net.ini:1: nothing is said in this section; say something (type = evm), or remove it"
    );
    refused(
        "port = 1\n[l1]\n",
        "net.ini:2: nothing is said in this section; say something (type = evm), or remove it"
    );
    refused("port\n", "net.ini:1: neither a [section], nor key = value, nor a comment (; …)");
    refused(
        "port = 1\n[rollup a\ntype = evm\n",
        "net.ini:2: neither a [section], nor key = value, nor a comment (; …)"
    );
    refused(
        "fund = 0xa11ce 5\n",
        "net.ini:1: fund takes an address and an amount of ether, such as "
        "\"0x00000000000000000000000000000000000a11ce 100\", not \"0xa11ce 5\""
    );
    refused(
        "fund = 0x00000000000000000000000000000000000a11ce\n",
        "net.ini:1: fund takes an address and an amount of ether, such as "
        "\"0x00000000000000000000000000000000000a11ce 100\", not "
        "\"0x00000000000000000000000000000000000a11ce\""
    );
    refused(
        "rollups = 1\n[rollup a]\ntype = evm\n[rollup b]\ntype = evm\n",
        "net.ini describes 2 rollups, and says rollups = 1"
    );
    refused(
        "[rollup a]\nchain-id = 5\n[rollup b]\nchain-id = 5\n",
        "chain id 5 would be that of a and of b; choose another --chain-id or --rollup-chain-id, "
        "or chain-id in the file"
    );
    refused("[rollup a]\nport = 8545\n", "port 8545 would be that of l1 and of a; choose another");
    refused("rollups = 2\n[rollup rollup2]\nport = 1\n", "two chains are called rollup2");
    refused_bytes(
        "", bytes_of("port = 1\0\n", 10), "net.ini:1: this is no text file: it has a zero byte"
    );
    char line[512];
    memset(line, 'x', sizeof line);
    refused_bytes("", bytes_of(line, sizeof line), "net.ini:1: this line has more than 197 bytes");
    memcpy(line, "; ", 2); /* the longest line that is read */
    line[197] = '\n';
    refused_bytes(
        "",
        bytes_of(line, 300),
        "net.ini:2: neither a [section], nor key = value, nor a comment (; …)"
    );
    /* A value that the command line overrules is looked at all the same. */
    static const char overruled[] = "port = x\n";
    refused_bytes(
        "--port 1",
        bytes_of(overruled, sizeof overruled - 1),
        "net.ini:1: port takes a number from 0 to 65471, not \"x\""
    );
}

static void test_limits(void **state) {
    (void)state;
    static char text[8192];
    size_t size = 0;
    for (int i = 0; i <= NODE_ROLLUPS_MAX; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "[rollup r%d]\nport=0\n", i);
    refused(text, "net.ini:130: more than 64 rollups");
    size = 0;
    for (int i = 0; i <= NODE_FUNDINGS_MAX; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "fund = 0x%040d 1\n", i);
    refused(text, "net.ini:65: fund: at most 64 accounts in one place");
}

static void test_files(void **state) {
    (void)state;
    struct cli_error error;
    static char path[] = "/nonexistent/net.ini";
    static char option[] = "--config";
    char *argv[] = {option, path};
    assert_false(network_options_read(&options, &arena, &error, 2, argv));
    assert_string_equal(error.text, "cannot read /nonexistent/net.ini: No such file or directory");
    static char folder[] = "/";
    argv[1] = folder;
    assert_false(network_options_read(&options, &arena, &error, 2, argv));
    assert_string_equal(error.text, "cannot read /: Is a directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_network),
        cmocka_unit_test(test_an_empty_file),
        cmocka_unit_test(test_the_command_line_wins),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
