/* Tests of chain/block.c, block_codec.c and block_import.c. Most of what blocks can be wrong in is
 * in the fixtures that `lockstep blocktest` runs; here are whole chains through all forks, and what
 * must hold for a program that builds blocks. */
#include "chain/block.h"

#include "chain/genesis.h"
#include "core/rlp.h"
#include "crypto/secp256k1.h"

#include "chain/test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BLOCK_MAX 2048

/* A chain in memory, newest block last. */
struct chain {
    struct arena arena; /* lives as long as the chain */
    struct arena block_arena;
    struct source_memory memory;
    struct fork_schedule schedule;
    struct header headers[BLOCK_MAX];
    hash32 hashes[BLOCK_MAX];
    u256 total_difficulty;
    size_t count;
};

static struct chain chain;

static enum err chain_hash(void *context, uint64_t number, hash32 *hash) {
    const struct chain *c = context;
    if (number >= c->count) return ERR_MISSING;
    *hash = c->hashes[number];
    return ERR_OK;
}

static enum err chain_header(void *context, const hash32 *hash, struct header *header) {
    const struct chain *c = context;
    for (size_t i = c->count; i-- > 0;) {
        if (!hash32_equal(&c->hashes[i], hash)) continue;
        *header = c->headers[i];
        return ERR_OK;
    }
    return ERR_MISSING;
}

static enum err chain_ommers(
    void *context,
    struct arena *arena,
    const hash32 *hash,
    const struct header **ommers,
    size_t *count
) {
    (void)context;
    (void)arena;
    (void)hash;
    *ommers = NULL;
    *count = 0;
    return ERR_OK;
}

static void chain_push(const struct header *header) {
    assert_true(chain.count < BLOCK_MAX);
    chain.headers[chain.count] = *header;
    chain.hashes[chain.count] = header_hash(header);
    chain.total_difficulty = u256_add(&chain.total_difficulty, &header->difficulty);
    chain.count++;
}

static int setup(void **unused) {
    (void)unused;
    memset(&chain, 0, sizeof chain);
    arena_open(&chain.arena, 1u << 30);
    arena_open(&chain.block_arena, 1u << 30);
    source_memory_open(&chain.memory, &chain.arena, NULL);
    return 0;
}

static int teardown(void **unused) {
    (void)unused;
    arena_close(&chain.arena);
    arena_close(&chain.block_arena);
    return 0;
}

static void chain_begin(struct genesis *genesis) {
    struct state state;
    assert_int_equal(
        state_open(&state, &chain.arena, &chain.memory.source, &EMPTY_TRIE_ROOT), ERR_OK
    );
    assert_int_equal(genesis_commit(genesis, &state, &chain.memory, &chain.arena), ERR_OK);
    chain.schedule = genesis->schedule;
    chain_push(&genesis->header);
}

static struct block_import import;
static struct state state;

static struct block_signers known_signers; /* for the next block */

static enum block_verdict chain_import(bytes encoding) {
    const struct header *parent = &chain.headers[chain.count - 1];
    arena_reset(&chain.block_arena);
    assert_int_equal(
        state_open(&state, &chain.block_arena, &chain.memory.source, &parent->state_root), ERR_OK
    );
    assert_int_equal(
        block_import(
            &import,
            &chain.block_arena,
            &state,
            &chain.memory,
            &chain.schedule,
            parent,
            &chain.total_difficulty,
            (struct block_hashes){&chain, chain_hash},
            (struct block_ancestors
            ){.context = &chain, .get = chain_header, .ommers = chain_ommers},
            NULL,
            encoding,
            known_signers
        ),
        ERR_OK
    );
    if (import.verdict != BLOCK_OK) {
        /* A refused block leaves nothing behind. */
        assert_true(hash32_equal(&state.root, &parent->state_root));
    }
    return import.verdict;
}

static bytes file_bytes(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = arena_alloc(&chain.arena, size);
    assert_int_equal(fread(data, 1, size, file), size);
    fclose(file);
    return bytes_of(data, size);
}

/* Test chains of others: hive's, through every fork from Frontier to BPO2, and go-ethereum's. */
static void import_chain(const char *folder, const char *head_hash) {
    char name[256];
    struct genesis genesis;
    const char *reason;
    if (fixture_path("") == NULL) skip();
    snprintf(name, sizeof name, "%s/genesis.json", folder);
    bytes text = file_bytes(fixture_path(name));
    assert_int_equal(
        genesis_from_json(&genesis, &reason, &chain.arena, (const char *)text.data, text.size),
        ERR_OK
    );
    chain_begin(&genesis);
    snprintf(name, sizeof name, "%s/chain.rlp", folder);
    struct rlp blocks = rlp_open(file_bytes(fixture_path(name)));
    while (!rlp_done(&blocks)) {
        bytes encoding;
        bytes again;
        bool is_list;
        assert_int_equal(rlp_read_item(&blocks, &encoding, &is_list), ERR_OK);
        enum block_verdict verdict = chain_import(encoding);
        if (verdict != BLOCK_OK)
            print_error("block %zu: %s\n", chain.count, block_verdict_name(verdict));
        assert_int_equal(verdict, BLOCK_OK);
        struct block made = block_of(&import.builder);
        assert_int_equal(block_encode(&again, &chain.block_arena, &made), ERR_OK);
        assert_true(bytes_equal(encoding, again));
        chain_push(&import.block.header);
    }
    snprintf(name, sizeof name, "%s/headfcu.json", folder);
    cJSON *json = fixture_json(fixture_path(name));
    const cJSON *params = cJSON_GetObjectItem(json, "params");
    hash32 expected = fixture_hash(params->child, head_hash);
    assert_true(hash32_equal(&chain.hashes[chain.count - 1], &expected));
    cJSON_Delete(json);
    print_message("%zu blocks of %s\n", chain.count - 1, folder);
}

static void hive_chain_is_imported(void **unused) {
    (void)unused;
    import_chain("rpc-compat/chain", "headBlockHash");
}

static void geth_chain_is_imported(void **unused) {
    (void)unused;
    import_chain("geth-vectors/ethtest-chain", "headBlockHash");
}

/* --- a chain of our own ----------------------------------------------------------------------- */

static const hash32 KEY = {{[31] = 1}};
static address funded;

static void begin_own_chain(void) {
    static struct genesis_account accounts[1 + GENESIS_SYSTEM_ACCOUNT_MAX];
    struct fork_schedule schedule;
    struct genesis genesis;
    size_t count;
    assert_int_equal(secp256k1_address_of(&funded, &KEY), ERR_OK);
    accounts[0] =
        (struct genesis_account){.address = funded, .balance = u256_from_u64(1000000000000000000)};
    assert_int_equal(
        genesis_system_accounts(accounts + 1, &count, &chain.arena, FORK_OSAKA), ERR_OK
    );
    forks_development(&schedule, 1, FORK_OSAKA);
    genesis_from_accounts(&genesis, &schedule, accounts, 1 + count, 30000000, 1);
    chain_begin(&genesis);
}

static struct tx transfer(uint64_t nonce, uint64_t value) {
    struct tx tx = {
        .type = TX_DYNAMIC_FEE,
        .is_protected = true,
        .chain_id = 1,
        .nonce = nonce,
        .max_fee_per_gas = u256_from_u64(2000000000),
        .max_priority_fee_per_gas = u256_from_u64(1000),
        .gas_limit = 21000,
        .to = {{0xbb}},
        .value = u256_from_u64(value),
    };
    assert_int_equal(tx_sign(&tx, &chain.arena, &KEY), ERR_OK);
    return tx;
}

static struct block_builder builder;
static struct state building_state;
static const struct withdrawal WITHDRAWALS[] = {{1, 2, {{0xcc}}, 3000000000}};

static void begin_block(const struct execution_options *options) {
    const struct header *parent = &chain.headers[chain.count - 1];
    struct block_attributes attributes = {
        .timestamp = parent->timestamp + 12,
        .gas_limit = parent->gas_limit,
        .coinbase = {{0xee}},
        .prev_randao = {{7}},
        .extra_data = {'h', 'i'},
        .extra_data_size = 2,
        .withdrawals = WITHDRAWALS,
        .withdrawal_count = 1,
    };
    assert_int_equal(
        state_open(&building_state, &chain.arena, &chain.memory.source, &parent->state_root), ERR_OK
    );
    assert_int_equal(
        block_begin(
            &builder,
            &chain.arena,
            &building_state,
            &chain.memory,
            &chain.schedule,
            parent,
            &attributes,
            (struct block_hashes){&chain, chain_hash},
            options,
            NULL
        ),
        ERR_OK
    );
}

static void finish_block(void) {
    enum block_verdict verdict;
    assert_int_equal(block_finish(&builder, &verdict), ERR_OK);
    assert_int_equal(verdict, BLOCK_OK);
}

static u256 balance_of(const address *of) {
    struct account account;
    bool exists;
    assert_int_equal(state_get_account(&building_state, of, &account, &exists), ERR_OK);
    return account.balance;
}

static void a_built_block_is_imported(void **unused) {
    (void)unused;
    begin_own_chain();
    for (uint64_t number = 1; number <= 5; number++) {
        begin_block(NULL);
        for (uint64_t i = 0; i < number; i++) {
            struct tx tx = transfer(number * (number - 1) / 2 + i, 1000 + i);
            assert_int_equal(block_add(&builder, &tx, &funded), EXECUTION_DONE);
            assert_true(builder.receipts[i].is_success);
            assert_int_equal(builder.receipts[i].cumulative_gas_used, 21000 * (i + 1));
        }
        finish_block();
        bytes encoding;
        struct block block = block_of(&builder);
        assert_int_equal(block_encode(&encoding, &chain.arena, &block), ERR_OK);
        assert_int_equal(chain_import(encoding), BLOCK_OK);
        assert_int_equal(import.block.tx_count, number);
        assert_true(hash32_equal(&import.hash, &(hash32){0}) == false);
        chain_push(&import.block.header);
    }
    address withdrawn = WITHDRAWALS[0].address;
    u256 balance = balance_of(&withdrawn);
    u256 expected = u256_from_u64(5ull * 3000000000 * 1000000000);
    assert_true(u256_equal(&balance, &expected));
}

static void a_refused_transaction_leaves_the_block_as_it_was(void **unused) {
    (void)unused;
    begin_own_chain();
    begin_block(NULL);
    struct tx good = transfer(0, 1);
    struct tx early = transfer(1, 1);
    struct tx large = transfer(1, 1);
    large.gas_limit = 16000000;
    assert_int_equal(tx_sign(&large, &chain.arena, &KEY), ERR_OK);
    struct tx rich = transfer(1, 1);
    rich.value = u256_from_u64(2000000000000000000);
    assert_int_equal(block_add(&builder, &early, &funded), EXECUTION_INVALID);
    assert_int_equal(builder.tx_verdict, TX_NONCE_HIGH);
    assert_int_equal(block_add(&builder, &good, &funded), EXECUTION_DONE);
    assert_int_equal(block_add(&builder, &good, &funded), EXECUTION_INVALID);
    assert_int_equal(builder.tx_verdict, TX_NONCE_LOW);
    assert_int_equal(block_add(&builder, &rich, &funded), EXECUTION_INVALID);
    assert_int_equal(builder.tx_verdict, TX_FUNDS);
    assert_int_equal(block_add(&builder, &large, &funded), EXECUTION_DONE);
    assert_int_equal(builder.gas_used, 42000); /* what is used counts, not what was allowed */
    finish_block();
    assert_int_equal(builder.tx_count, 2);
    struct block block = block_of(&builder);
    bytes encoding;
    assert_int_equal(block_encode(&encoding, &chain.arena, &block), ERR_OK);
    assert_int_equal(chain_import(encoding), BLOCK_OK);
}

static void a_rollup_keeps_its_base_fee(void **unused) {
    (void)unused;
    begin_own_chain();
    struct execution_options options = {.base_fee_to_coinbase = true};
    address coinbase = {{0xee}};
    begin_block(&options);
    struct tx tx = transfer(0, 1);
    assert_int_equal(block_add(&builder, &tx, &funded), EXECUTION_DONE);
    u256 base_fee = builder.header.base_fee_per_gas;
    finish_block();
    u256 balance = balance_of(&coinbase);
    assert_int_equal(balance.w[0], 21000 * (base_fee.w[0] + 1000));
}

static void a_deposit_is_a_transaction_where_it_is_allowed(void **unused) {
    (void)unused;
    begin_own_chain();
    struct tx deposit = {
        .type = TX_DEPOSIT,
        .from = {{0x55}},
        .to = {{0x66}},
        .mint = u256_from_u64(500),
        .value = u256_from_u64(400),
        .gas_limit = 1000,
    };
    begin_block(NULL);
    assert_int_equal(block_add(&builder, &deposit, &deposit.from), EXECUTION_INVALID);
    assert_int_equal(builder.tx_verdict, TX_DEPOSIT_NOT_ALLOWED);
    struct execution_options options = {.allow_deposit = true};
    assert_int_equal(block_discard(&builder), ERR_OK);
    begin_block(&options);
    assert_int_equal(block_add(&builder, &deposit, &deposit.from), EXECUTION_DONE);
    assert_true(builder.receipts[0].is_success);
    assert_int_equal(builder.results[0].gas_used, 0);
    finish_block();
    u256 from = balance_of(&deposit.from);
    u256 to = balance_of(&deposit.to);
    assert_int_equal(from.w[0], 100);
    assert_int_equal(to.w[0], 400);
}

/* Every byte of a block counts: whichever is changed, the block is another or none. */
static void no_changed_byte_passes(void **unused) {
    (void)unused;
    begin_own_chain();
    begin_block(NULL);
    struct tx tx = transfer(0, 1);
    assert_int_equal(block_add(&builder, &tx, &funded), EXECUTION_DONE);
    finish_block();
    struct block block = block_of(&builder);
    bytes encoding;
    assert_int_equal(block_encode(&encoding, &chain.arena, &block), ERR_OK);
    assert_int_equal(chain_import(encoding), BLOCK_OK);
    hash32 hash = import.hash;
    uint8_t *changed = arena_alloc(&chain.arena, encoding.size);
    for (size_t i = 0; i < encoding.size; i++) {
        memcpy(changed, encoding.data, encoding.size);
        changed[i] ^= 0x01;
        /* Coinbase, time, randao and extra data are the maker's: another block, that may be good,
         * but for the state root that names the coinbase. */
        if (chain_import(bytes_of(changed, encoding.size)) == BLOCK_OK)
            assert_false(hash32_equal(&hash, &import.hash));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hive_chain_is_imported, setup, teardown),
        cmocka_unit_test_setup_teardown(geth_chain_is_imported, setup, teardown),
        cmocka_unit_test_setup_teardown(a_built_block_is_imported, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_refused_transaction_leaves_the_block_as_it_was, setup, teardown
        ),
        cmocka_unit_test_setup_teardown(a_rollup_keeps_its_base_fee, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_deposit_is_a_transaction_where_it_is_allowed, setup, teardown
        ),
        cmocka_unit_test_setup_teardown(no_changed_byte_passes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
