/* go-ethereum's vectors for instructions of two operands, run by the machine; and ethers' vectors
 * for the addresses of contracts. */
#include "core/test_fixture.h"
#include "crypto/keccak.h"
#include "evm/evm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const address CALLER = {.b = {[19] = 0xca}};
static const address CONTRACT = {.b = {[19] = 0xc0}};

static struct arena arena;
static struct journal journal;
static struct evm evm;
static struct evm_config config;

static void give(const address *who) {
    struct journal_account_data data = {.exists = true, .code_hash = KECCAK_EMPTY};
    assert_int_equal(journal_give_account(&journal, who, &data), ERR_OK);
}

/* The 32 bytes that the code returns. */
static hash32 run(enum fork fork, bytes code) {
    hash32 out;
    arena_reset(&arena);
    config = (struct evm_config){.fork = fork, .chain_id = 1};
    assert_int_equal(journal_open(&journal, &arena), ERR_OK);
    give(&CALLER);
    give(&CONTRACT);
    journal_begin_transaction(&journal);
    hash32 code_hash = keccak256(code);
    struct journal_account *contract = journal_find_account(&journal, &CONTRACT);
    assert_int_equal(journal_set_code(&journal, contract, code, &code_hash), ERR_OK);
    assert_int_equal(evm_open(&evm, &arena, &journal, &config), ERR_OK);
    struct evm_message message = {
        .gas = 100000, .recipient = CONTRACT, .sender = CALLER, .code_address = CONTRACT};
    evm_begin(&evm, &message);
    assert_int_equal(evm_run(&evm), EVM_DONE);
    assert_int_equal(evm.result.outcome, EVM_SUCCESS);
    assert_int_equal(evm.result.output.size, 32);
    memcpy(out.b, evm.result.output.data, 32);
    return out;
}

static void check_operands(const cJSON *vector, uint8_t opcode, enum fork fork) {
    uint8_t code[75] = {[0] = 0x7f, [33] = 0x7f, [66] = opcode};
    static const uint8_t RETURN[8] = {0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3};
    const char *x = fixture_text(vector, "X");
    const char *y = fixture_text(vector, "Y");
    hash32 expected;
    assert_int_equal(hex_decode_exact(code + 1, 32, x, 64), ERR_OK);
    assert_int_equal(hex_decode_exact(code + 34, 32, y, 64), ERR_OK);
    assert_int_equal(
        hex_decode_exact(expected.b, 32, fixture_text(vector, "Expected"), 64), ERR_OK
    );
    memcpy(code + 67, RETURN, sizeof RETURN);
    hash32 found = run(fork, bytes_of(code, sizeof code));
    if (!hash32_equal(&found, &expected)) fail_msg("opcode 0x%02x of %s and %s", opcode, x, y);
}

/* The second operand is the top of the stack. */
static void instructions_of_two_operands(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint8_t opcode;
        enum fork since;
    } FILES[] = {
        {"add", 0x01, FORK_FRONTIER},       {"mul", 0x02, FORK_FRONTIER},
        {"sub", 0x03, FORK_FRONTIER},       {"div", 0x04, FORK_FRONTIER},
        {"sdiv", 0x05, FORK_FRONTIER},      {"mod", 0x06, FORK_FRONTIER},
        {"smod", 0x07, FORK_FRONTIER},      {"exp", 0x0a, FORK_FRONTIER},
        {"signext", 0x0b, FORK_FRONTIER},   {"lt", 0x10, FORK_FRONTIER},
        {"gt", 0x11, FORK_FRONTIER},        {"slt", 0x12, FORK_FRONTIER},
        {"sgt", 0x13, FORK_FRONTIER},       {"eq", 0x14, FORK_FRONTIER},
        {"and", 0x16, FORK_FRONTIER},       {"or", 0x17, FORK_FRONTIER},
        {"xor", 0x18, FORK_FRONTIER},       {"byte", 0x1a, FORK_FRONTIER},
        {"shl", 0x1b, FORK_CONSTANTINOPLE}, {"shr", 0x1c, FORK_CONSTANTINOPLE},
        {"sar", 0x1d, FORK_CONSTANTINOPLE},
    };
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "precompiles/geth/opcodes/testcases_%s.json", FILES[i].name);
        cJSON *json = fixture_open(path);
        if (json == NULL) skip();
        const cJSON *vector;
        cJSON_ArrayForEach(vector, json) {
            check_operands(vector, FILES[i].opcode, FILES[i].since);
            check_operands(vector, FILES[i].opcode, FORK_OSAKA);
        }
        assert_true(cJSON_GetArraySize(json) > 0);
        cJSON_Delete(json);
    }
}

static address read_address(const cJSON *object, const char *name) {
    bytes b = fixture_bytes(&arena, object, name);
    address a;
    assert_int_equal(b.size, 20);
    memcpy(a.b, b.data, 20);
    return a;
}

static void addresses_of_contracts(void **state) {
    (void)state;
    cJSON *json = fixture_open("trie-rlp-tx/ethers/create.json");
    if (json == NULL) skip();
    const cJSON *item;
    const cJSON *create;
    cJSON_ArrayForEach(item, json) {
        address sender = read_address(item, "sender");
        cJSON_ArrayForEach(create, cJSON_GetObjectItem(item, "creates")) {
            uint64_t nonce = (uint64_t)cJSON_GetObjectItem(create, "nonce")->valuedouble;
            address expected = read_address(create, "address");
            address found = evm_create_address(&sender, nonce);
            assert_true(address_equal(&found, &expected));
        }
    }
    cJSON_Delete(json);
    json = fixture_open("trie-rlp-tx/ethers/create2.json");
    cJSON_ArrayForEach(item, json) {
        address sender = read_address(item, "sender");
        cJSON_ArrayForEach(create, cJSON_GetObjectItem(item, "creates")) {
            hash32 salt;
            bytes salt_bytes = fixture_bytes(&arena, create, "salt");
            assert_int_equal(salt_bytes.size, 32);
            memcpy(salt.b, salt_bytes.data, 32);
            hash32 initcode_hash = keccak256(fixture_bytes(&arena, create, "initCode"));
            address expected = read_address(create, "address");
            address found = evm_create2_address(&sender, &salt, &initcode_hash);
            assert_true(address_equal(&found, &expected));
        }
    }
    cJSON_Delete(json);
}

static int setup(void **state) {
    (void)state;
    arena_open(&arena, 256 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_of_two_operands),
        cmocka_unit_test(addresses_of_contracts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
