#include "cli/network_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORDS_MAX 16

static struct arena arena; /* nothing is read from files here */

/* Splits line at blanks; a word in [brackets] keeps its blanks. */
struct line {
    char text[512];
    char *argv[WORDS_MAX];
    int argc;
};

static void line_split(struct line *line, const char *text) {
    assert_true(strlen(text) < sizeof line->text);
    memcpy(line->text, text, strlen(text) + 1);
    line->argc = 0;
    for (char *p = line->text; *p != 0;) {
        assert_true(line->argc < WORDS_MAX);
        char end = ' ';
        if (*p == '[') {
            end = ']';
            p++;
        }
        line->argv[line->argc++] = p;
        while (*p != 0 && *p != end)
            p++;
        if (*p != 0) *p++ = 0;
        while (*p == ' ')
            p++;
    }
}

static struct network_options read_options;

static bool
parse(struct node_options *options, struct cli_error *error, struct line *line, const char *text) {
    line_split(line, text);
    bool is_good = network_options_read(&read_options, &arena, error, line->argc, line->argv);
    *options = read_options.node;
    return is_good;
}

static void assert_good(struct node_options *options, struct line *line, const char *text) {
    struct cli_error error;
    if (!parse(options, &error, line, text)) fail_msg("%s: refused: %s", text, error.text);
}

static void assert_refused(const char *text, const char *expected) {
    struct node_options options;
    struct cli_error error;
    struct line line;
    if (parse(&options, &error, &line, text)) fail_msg("%s: accepted", text);
    assert_string_equal(error.text, expected);
}

static u256 wei(const char *decimal) {
    u256 value;
    assert_int_equal(u256_from_decimal(&value, decimal, strlen(decimal)), 0);
    return value;
}

static void test_defaults(void **state) {
    (void)state;
    struct node_options o;
    struct line line;
    assert_good(&o, &line, "");
    assert_string_equal(o.host, "127.0.0.1");
    assert_int_equal(o.chains[0].port, 8545);
    assert_int_equal(o.rollups_count, 2);
    assert_int_equal(o.chains[0].chain_id, 31337);
    assert_int_equal(o.chains[1].chain_id, 42101);
    assert_int_equal(o.slot_time_ms, 0);
    assert_null(o.datadir);
    assert_int_equal(o.accounts_count, 10);
    u256 balance = wei("10000000000000000000000");
    assert_true(u256_equal(&o.balance_wei, &balance));
    assert_string_equal(o.mnemonic, "test test test test test test test test test test test junk");
    assert_int_equal(o.chains[0].gas_limit, 60000000);
    assert_int_equal(o.chains[0].base_fee_wei, 1000000000);
    assert_string_equal(o.allow_origin, "*");
    assert_null(o.allow_host);
    assert_int_equal(o.rpc_gas_cap, 50000000);
    assert_int_equal(o.rpc_timeout_ms, 5000);
    assert_int_equal(o.workers_count, 16);
    assert_null(o.info_file);
    assert_false(o.is_silent || read_options.wants_help || read_options.wants_version);
}

static void test_forms(void **state) {
    (void)state;
    struct node_options o;
    struct line line;
    assert_good(&o, &line, "--port 0 --rollups=3 -t 500 --host=::1 -s --datadir /tmp/x=y");
    assert_int_equal(o.chains[0].port, 0);
    assert_int_equal(o.rollups_count, 3);
    assert_int_equal(o.slot_time_ms, 500);
    assert_string_equal(o.host, "::1");
    assert_true(o.is_silent);
    assert_string_equal(o.datadir, "/tmp/x=y");
    assert_good(&o, &line, "--chain-id 0x7a69 --gas-limit 30_000_000 --port 1 --port 2");
    assert_int_equal(o.chains[0].chain_id, 31337);
    assert_int_equal(o.chains[0].gas_limit, 30000000);
    assert_int_equal(o.chains[0].port, 2); /* the last one counts */
    assert_good(&o, &line, "--allow-origin none");
    assert_null(o.allow_origin);
    assert_good(&o, &line, "--chain-id 42101 --help"); /* whatever else is wrong */
    assert_true(read_options.wants_help);
    assert_good(&o, &line, "--datadir --port"); /* a value may look like an option */
    assert_string_equal(o.datadir, "--port");
    assert_good(
        &o,
        &line,
        "-m [abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        "abandon about]"
    );
    assert_string_equal(
        o.mnemonic,
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        "about"
    );
}

static void test_ether(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *wei;
    } rows[] = {
        {"--balance 0", "0"},
        {"--balance 1", "1000000000000000000"},
        {"--balance 0.5", "500000000000000000"},
        {"--balance 1_000.25", "1000250000000000000000"},
        {"--balance 0.000000000000000001", "1"},
        {"--balance 340282366920938463463.374607431768211455", /* 2^128 - 1 wei */
         "340282366920938463463374607431768211455"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct node_options o;
        struct line line;
        assert_good(&o, &line, rows[i].text);
        u256 expected = wei(rows[i].wei);
        assert_true(u256_equal(&o.balance_wei, &expected));
    }
    static const char *const bad[] = {
        "1e3",
        ".5",
        "5.",
        "-1",
        "1.2.3",
        "1__0",
        "0.0000000000000000001",
        "340282366920938463463.374607431768211456",
        "99999999999999999999999999999999999999999999999999999",
        "0x10",
        "ten",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[128];
        char expected[256];
        (void)snprintf(text, sizeof text, "--balance %s", bad[i]);
        (void)snprintf(
            expected,
            sizeof expected,
            "--balance takes an amount of ether such as 10000 or 0.5 (at most 18 decimals, at most "
            "2^128 wei), not \"%s\"",
            bad[i]
        );
        assert_refused(text, expected);
    }
}

static void test_what_is_refused(void **state) {
    (void)state;
    assert_refused("--prot 8545", "unknown option --prot; did you mean --port?");
    assert_refused("--rolups=2", "unknown option --rolups; did you mean --rollups?");
    assert_refused("--block-time 1", "unknown option --block-time; did you mean --slot-time?");
    assert_refused("--zzz", "unknown option --zzz; --help lists them");
    assert_refused("-x", "unknown option -x; --help lists them");
    assert_refused("-p8545", "unknown option -p8545; --help lists them");
    assert_refused("--port", "--port needs a value: PORT");
    assert_refused("--port=", "--port takes a number from 0 to 65471, not \"\"");
    assert_refused("--port http", "--port takes a number from 0 to 65471, not \"http\"");
    assert_refused("--port -1", "--port takes a number from 0 to 65471, not \"-1\"");
    assert_refused("--port 65535", "--port takes a number from 0 to 65471, not \"65535\"");
    assert_refused("--port 8_", "--port takes a number from 0 to 65471, not \"8_\"");
    assert_refused("--port 0x", "--port takes a number from 0 to 65471, not \"0x\"");
    assert_refused(
        "--port 18446744073709551617",
        "--port takes a number from 0 to 65471, not \"18446744073709551617\""
    );
    assert_refused("--rollups 65", "--rollups takes a number from 0 to 64, not \"65\"");
    assert_refused("--host=", "--host takes ADDRESS; it may not be empty");
    assert_refused("--silent=yes", "--silent takes no value");
    assert_refused("extra", "\"extra\" is too much: no arguments but options expected");
    assert_refused("-- --port", "\"--port\" is too much: no arguments but options expected");
    assert_refused("-", "\"-\" is too much: no arguments but options expected");
    assert_refused(
        "--chain-id 42102",
        "chain id 42102 would be that of l1 and of rollup2; choose another --chain-id or "
        "--rollup-chain-id, or chain-id in the file"
    );
    assert_refused("--rollup-type wasm", "--rollup-type takes evm or ledger, not \"wasm\"");
    assert_refused("--help=no", "--help takes no value");
    assert_refused(
        "--fund 0x12",
        "--fund takes an address and an amount of ether, such as "
        "\"0x00000000000000000000000000000000000a11ce 100\", not \"0x12\""
    );
    assert_refused("-m test", "--mnemonic: a phrase has 12, 15, 18, 21 or 24 words");
}

static void test_nearest(void **state) {
    (void)state;
    const char *const names[] = {"run", "trace", "statetest", "blocktest", "help"};
    assert_string_equal(cli_nearest("trase", names, 5), "trace");
    assert_string_equal(cli_nearest("statetests", names, 5), "statetest");
    assert_null(cli_nearest("x", names, 5));
    assert_null(cli_nearest("", names, 5));
    assert_null(cli_nearest("a-word-that-is-far-too-long-to-be-like-any", names, 5));
}

/* Makes one line of each paragraph: of every run of blanks and line ends one blank. */
static void unwrap(char *text) {
    char *to = text;
    for (const char *from = text; *from != 0;) {
        size_t blanks = strspn(from, " \n");
        if (blanks > 0) *to++ = ' ';
        from += blanks;
        if (blanks == 0) *to++ = *from++;
    }
    *to = 0;
}

/* Every option stands in the help with its default, in lines that a terminal has room for. */
static void test_help(void **state) {
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    cli_print_options(out, &network_table);
    assert_int_equal(fclose(out), 0);
    size_t column = 0;
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) column++;
        if (text[i] == '\n') column = 0;
        assert_in_range(column, 0, CLI_HELP_WIDTH);
        if (text[i] == '\n') assert_true(i == 0 || text[i - 1] != ' ');
    }
    unwrap(text);
    for (const struct cli_option *o = network_table.options; o->name != NULL; o++) {
        char name[64];
        (void)snprintf(name, sizeof name, "--%s", o->name);
        assert_non_null(strstr(text, name));
        assert_non_null(strstr(text, o->help));
        if (o->group != NULL) assert_non_null(strstr(text, o->group));
        if (o->fallback == NULL) continue;
        char fallback[128];
        (void)snprintf(fallback, sizeof fallback, "[default: %s]", o->fallback);
        assert_non_null(strstr(text, fallback));
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_ether),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
