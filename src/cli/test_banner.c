#include "cli/banner.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct rpc_named_address l1_contracts[] = {{"hub", {{0x11, [19] = 0x22}}}};
static const struct rpc_named_address predeploys[] = {{"l2hub", {{0x42}}}, {"system", {{0x43}}}};
static const struct rpc_named_address others[] = {{"l2hub", {{0x44}}}};
static const struct hd_key account = {
    /* Producer of the pair: anvil 1.7.1, account 0. */
    .private_key = {{0xac, 0x09, 0x74, 0xbe, 0xc3, 0x9a, 0x17, 0xe3, 0x6b, 0xa4, 0xa6,
                     0xb4, 0xd2, 0x38, 0xff, 0x94, 0x4b, 0xac, 0xb4, 0x78, 0xcb, 0xed,
                     0x5e, 0xfc, 0xae, 0x78, 0x4d, 0x7b, 0xf4, 0xf2, 0xff, 0x80}},
    .address = {{0xf3, 0x9f, 0xd6, 0xe5, 0x1a, 0xad, 0x88, 0xf6, 0xf4, 0xce,
                 0x6a, 0xb8, 0x82, 0x72, 0x79, 0xcf, 0xff, 0xb9, 0x22, 0x66}},
};

struct sample {
    struct rpc_rollup_info rollups[2];
    struct rpc_network_info network;
    struct node_options options;
    struct banner banner;
};

static void sample_open(struct sample *s) {
    *s = (struct sample){
        .rollups =
            {
                {
                    .rollup_id = 1,
                    .name = "rollup1",
                    .chain_id = 42101,
                    .url = "http://127.0.0.1:8546",
                    .proof_system = "Attestation",
                    .trust = "one key vouches",
                    .contracts = predeploys,
                    .contract_count = 2,
                },
                {
                    .rollup_id = 2,
                    .name = "rollup2",
                    .chain_id = 42102,
                    .url = "http://127.0.0.1:8547",
                    .proof_system = "Attestation",
                    .trust = "one key vouches",
                    .contracts = predeploys,
                    .contract_count = 2,
                },
            },
        .network =
            {
                .version = "0.1.0",
                .parent_chain_id = 31337,
                .parent_url = "http://127.0.0.1:8545",
                .contracts = l1_contracts,
                .contract_count = 1,
                .rollups = s->rollups,
                .rollup_count = 2,
            },
        .options = {.mnemonic = "a phrase", .balance_wei = {{500000000000000000}}},
        .banner =
            {
                .options = &s->options,
                .network = &s->network,
                .accounts = &account,
                .account_count = 1,
                .start_ms = 17,
            },
    };
}

static char *print(const struct banner *banner) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    banner_print(out, banner);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_the_text(void **state) {
    (void)state;
    struct sample s;
    sample_open(&s);
    char *text = print(&s.banner);
    static const char *const expected[] = {
        "Lockstep 0.1.0, ready in 17 ms\n",
        "  l1                    31337  http://127.0.0.1:8545\n",
        "  rollup2               42102  http://127.0.0.1:8547\n",
        "  hub              0x1100000000000000000000000000000000000022\n",
        "Contracts on every rollup\n",
        "  rollup1          Attestation: one key vouches\n",
        "  (0) 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266  0xac0974bec39a17e36ba4a6b4d238ff94",
        "Accounts, 0.5 ETH each",
        "as soon as there is a transaction",
        "Nothing is kept",
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (strstr(text, expected[i]) == NULL) fail_msg("no \"%s\" in:\n%s", expected[i], text);
    free(text);
    s.rollups[1].contracts = others;
    s.rollups[1].contract_count = 1;
    s.options.slot_time_ms = 2000;
    s.options.datadir = "/tmp/x";
    text = print(&s.banner);
    assert_non_null(strstr(text, "Contracts on rollup1\n"));
    assert_non_null(strstr(text, "Contracts on rollup2\n"));
    assert_non_null(strstr(text, "every 2000 ms. Chains are kept in /tmp/x."));
    free(text);
    s.network.rollup_count = 0;
    s.banner.account_count = 0;
    text = print(&s.banner);
    assert_null(strstr(text, "rollup"));
    assert_null(strstr(text, "Accounts"));
    free(text);
}

static void test_the_info_file(void **state) {
    (void)state;
    struct sample s;
    sample_open(&s);
    char folder[] = "/tmp/lockstep-banner-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    (void)snprintf(path, sizeof path, "%s/info.json", folder);
    assert_int_equal(banner_write_info(path, &s.banner), ERR_OK);
    char text[2048] = {0};
    char expected[2048];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    (void)snprintf(
        expected,
        sizeof expected,
        "{\"version\":\"0.1.0\",\"pid\":%d,\"mnemonic\":\"a phrase\",\"chains\":["
        "{\"name\":\"l1\",\"rollupId\":0,\"chainId\":31337,\"url\":\"http://127.0.0.1:8545\","
        "\"contracts\":{\"hub\":\"0x1100000000000000000000000000000000000022\"}},"
        "{\"name\":\"rollup1\",\"rollupId\":1,\"chainId\":42101,\"url\":\"http://127.0.0.1:8546\","
        "\"contracts\":{\"l2hub\":\"0x4200000000000000000000000000000000000000\","
        "\"system\":\"0x4300000000000000000000000000000000000000\"}},"
        "{\"name\":\"rollup2\",\"rollupId\":2,\"chainId\":42102,\"url\":\"http://127.0.0.1:8547\","
        "\"contracts\":{\"l2hub\":\"0x4200000000000000000000000000000000000000\","
        "\"system\":\"0x4300000000000000000000000000000000000000\"}}],"
        "\"accounts\":[{\"address\":\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\",\"privateKey\":"
        "\"0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80\"}]}\n",
        (int)getpid()
    );
    assert_string_equal(text, expected);
    assert_int_equal(unlink(path), 0);
    /* Nothing else was left there. */
    assert_int_equal(rmdir(folder), 0);
}

static void test_a_file_that_cannot_be_written(void **state) {
    (void)state;
    struct sample s;
    sample_open(&s);
    errno = 0;
    assert_int_equal(banner_write_info("/nonexistent-folder/info.json", &s.banner), ERR_IO);
    assert_int_equal(errno, ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_text),
        cmocka_unit_test(test_the_info_file),
        cmocka_unit_test(test_a_file_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
