#include "node/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define CHAIN_ID 31337

static struct node_chain chain;
static struct arena arena;
static char error[DATABASE_ERROR_SIZE];

static const address alice = {{[19] = 0xa1}};
static const address bob = {{[19] = 0xb0}};

/* --- a chain of transfers from alice, whose signatures nobody looks at ------------------------ */

static void open_chain(const char *path, bool expect_new) {
    struct node_chain_options options = {
        .name = "l1", .chain_id = CHAIN_ID, .gas_limit = 60000000, .path = path};
    bool is_new = !expect_new;
    memset(&chain, 0, sizeof(chain));
    assert_int_equal(node_chain_open(&chain, &is_new, error, &options), ERR_OK);
    assert_int_equal(is_new, expect_new);
    arena_open(&arena, (size_t)256 << 20);
    if (!expect_new) return;
    struct genesis genesis;
    struct genesis_account accounts[GENESIS_SYSTEM_ACCOUNT_MAX + 1];
    size_t count;
    assert_int_equal(genesis_system_accounts(accounts, &count, &arena, FORK_OSAKA), ERR_OK);
    accounts[count++] = (struct genesis_account){.address = alice, .balance = {{0, 1, 0, 0}}};
    genesis_from_accounts(&genesis, &chain.schedule, accounts, count, 60000000, 1000);
    assert_int_equal(node_chain_begin(&chain, error, &genesis), ERR_OK);
}

static void close_chain(void) {
    node_chain_close(&chain);
    arena_close(&arena);
}

/* Transfers of 1 wei to bob, tx_count of them, as one block. */
static void add_block(uint64_t first_nonce, size_t tx_count, bool is_safe) {
    struct block_builder *builder = arena_alloc_zero(&arena, sizeof(*builder));
    assert_non_null(builder);
    struct block_attributes attributes = {
        .timestamp = chain.head.timestamp + 1, .gas_limit = 60000000, .coinbase = {{1}}};
    const struct execution_options options = {0};
    assert_int_equal(
        block_begin(
            builder,
            &arena,
            &chain.state,
            &chain.fresh,
            &chain.schedule,
            &chain.head,
            &attributes,
            node_chain_hashes(&chain),
            &options,
            chain.codes
        ),
        ERR_OK
    );
    struct tx *txs = arena_alloc_zero(&arena, tx_count * sizeof(*txs) + 1);
    assert_non_null(txs);
    for (size_t i = 0; i < tx_count; i++) {
        txs[i] = (struct tx){
            .type = i % 2 == 0 ? TX_DYNAMIC_FEE : TX_LEGACY,
            .is_protected = true,
            .chain_id = CHAIN_ID,
            .nonce = first_nonce + i,
            .max_fee_per_gas = u256_from_u64(2000000000),
            .gas_limit = 21000,
            .to = bob,
            .value = u256_from_u64(1),
            .r = u256_from_u64(1),
            .s = u256_from_u64(1),
        };
        assert_int_equal(block_add(builder, &txs[i], &alice), EXECUTION_DONE);
    }
    enum block_verdict verdict;
    assert_int_equal(block_finish(builder, &verdict), ERR_OK);
    assert_int_equal(verdict, BLOCK_OK);
    struct node_new_block block = {
        .header = &builder->header,
        .tx_encodings = builder->tx_encodings,
        .tx_hashes = builder->tx_hashes,
        .senders = builder->senders,
        .receipts = builder->receipts,
        .tx_count = builder->tx_count,
        .memory = &chain.fresh,
        .is_safe = is_safe,
    };
    assert_int_equal(node_chain_append(&chain, error, &arena, &block), ERR_OK);
}

static u256 balance_at(uint64_t number) {
    struct header header;
    struct state *state;
    struct account account;
    bool exists;
    assert_int_equal(node_chain_read_header(&chain, &header, NULL, number), ERR_OK);
    assert_int_equal(node_chain_state_at(&chain, &state, &arena, &header), ERR_OK);
    assert_int_equal(state_get_account(state, &bob, &account, &exists), ERR_OK);
    return account.balance;
}

/* Everything about blocks 1 … count, each with as many transfers as its number. */
static void check_blocks(uint64_t count) {
    uint64_t nonce = 0;
    for (uint64_t n = 1; n <= count; n++) {
        const struct chain_block *block;
        assert_int_equal(node_chain_read_block(&chain, &block, &arena, n), ERR_OK);
        assert_int_equal(block->block.header.number, n);
        assert_int_equal(block->block.tx_count, n);
        for (size_t i = 0; i < n; i++) {
            const struct rpc_transaction *tx = &block->transactions[i];
            uint64_t number;
            uint32_t index;
            assert_int_equal(tx->tx->nonce, nonce++);
            assert_true(address_equal(&tx->sender, &alice));
            assert_int_equal(block->receipts[i].cumulative_gas_used, 21000 * (i + 1));
            struct database_transaction *store = node_chain_store(&chain);
            assert_int_equal(store_find_transaction(store, &tx->hash, &number, &index), ERR_OK);
            assert_int_equal(number, n);
            assert_int_equal(index, i);
        }
        assert_int_equal(balance_at(n).w[0], nonce);
    }
}

/* --- tests ------------------------------------------------------------------------------------ */

static void reads_what_is_not_synced(void **state) {
    (void)state;
    open_chain(NULL, true);
    uint64_t nonce = 0;
    for (uint64_t n = 1; n <= 20; n++) {
        add_block(nonce, n, false);
        nonce += n;
    }
    assert_true(chain.unsynced_count > 0);
    assert_false(node_chain_is_durable(&chain));
    check_blocks(20);
    assert_int_equal(node_chain_sync(&chain, error), ERR_OK);
    assert_int_equal(chain.unsynced_count, 0);
    assert_int_equal(source_memory_node_count(&chain.fresh), 0);
    check_blocks(20);
    /* What the state has decoded stays good, and the next block builds on it. */
    add_block(nonce, 21, false);
    check_blocks(21);
    close_chain();
}

static void answers_by_every_id(void **state) {
    (void)state;
    open_chain(NULL, true);
    add_block(0, 1, false);
    add_block(1, 2, false);
    bool is_found = false;
    uint64_t number = 0;
    struct rpc_block_id id = {.kind = RPC_BLOCK_HASH, .hash = chain.head_hash};
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_true(is_found && number == 2);
    id.hash = chain.head.parent_hash;
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_true(is_found && number == 1);
    id.hash.b[0] ^= 1;
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_false(is_found);
    id = (struct rpc_block_id){.kind = RPC_BLOCK_NUMBER, .number = 3};
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_false(is_found);
    id.kind = RPC_BLOCK_EARLIEST;
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_true(is_found && number == 0);
    /* Nothing above L1 can undo its blocks; a rollup's are safe when they are on L1. */
    id.kind = RPC_BLOCK_FINALIZED;
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_true(is_found && number == 2);
    chain.rollup_id = 1;
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_true(is_found && number == 0);
    assert_int_equal(node_chain_set_safe(&chain, error, 1), ERR_OK);
    id.kind = RPC_BLOCK_SAFE;
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_true(is_found && number == 1);
    close_chain();
}

static void truncates(void **state) {
    (void)state;
    open_chain(NULL, true);
    uint64_t nonce = 0;
    for (uint64_t n = 1; n <= 6; n++) {
        add_block(nonce, n, n <= 2);
        nonce += n;
    }
    check_blocks(6);
    hash32 gone = chain.head_hash;
    assert_int_equal(node_chain_truncate(&chain, error, 3), ERR_OK);
    assert_int_equal(chain.head.number, 3);
    check_blocks(3);
    bool is_found;
    uint64_t number;
    struct rpc_block_id id = {.kind = RPC_BLOCK_HASH, .hash = gone};
    assert_int_equal(node_chain_resolve(&chain, &is_found, &number, &id), ERR_OK);
    assert_false(is_found);
    /* It goes on from there. */
    add_block(6, 4, false);
    check_blocks(4);
    close_chain();
}

static void keeps_handed_out_blocks_for_a_turn(void **state) {
    (void)state;
    open_chain(NULL, true);
    for (uint64_t n = 0; n < 40; n++)
        add_block(n, 1, false);
    const struct chain_block *blocks[41];
    for (uint64_t n = 0; n <= 40; n++)
        assert_int_equal(node_chain_read_block(&chain, &blocks[n], &arena, n), ERR_OK);
    for (uint64_t n = 0; n <= 40; n++)
        assert_int_equal(blocks[n]->block.header.number, n);
    const struct chain_block *again;
    assert_int_equal(node_chain_read_block(&chain, &again, &arena, 0), ERR_OK);
    assert_ptr_equal(again, blocks[0]);
    node_chain_settle(&chain);
    assert_int_equal(node_chain_read_block(&chain, &again, &arena, 40), ERR_OK);
    assert_int_equal(again->block.header.number, 40);
    close_chain();
}

static void discards_what_a_builder_did(void **state) {
    (void)state;
    open_chain(NULL, true);
    add_block(0, 1, false);
    hash32 root = chain.state.root;
    const hash32 empty = EMPTY_TRIE_ROOT;
    assert_int_equal(state_move(&chain.state, &empty), ERR_OK);
    assert_int_equal(node_chain_discard(&chain), ERR_OK);
    assert_true(hash32_equal(&chain.state.root, &root));
    add_block(1, 2, false);
    check_blocks(2);
    close_chain();
}

static void reopens_where_it_was_synced(void **state) {
    (void)state;
    char folder[] = "/tmp/test-chain-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/l1", folder);
    open_chain(path, true);
    assert_true(node_chain_is_durable(&chain));
    add_block(0, 1, true);
    add_block(1, 2, false);
    assert_int_equal(node_chain_sync(&chain, error), ERR_OK);
    hash32 head = chain.head_hash;
    add_block(3, 3, false); /* never synced */
    close_chain();

    open_chain(path, false);
    assert_true(hash32_equal(&chain.head_hash, &head));
    check_blocks(2);
    add_block(3, 3, false);
    check_blocks(3);
    close_chain();

    static const char *const files[] = {"data.mdb", "lock.mdb", "in-use"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char file[80];
        (void)snprintf(file, sizeof(file), "%s/%s", path, files[i]);
        (void)unlink(file);
    }
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void says_what_cannot_be_opened(void **state) {
    (void)state;
    struct node_chain_options options = {
        .name = "l1", .chain_id = CHAIN_ID, .path = "/dev/null/l1"};
    bool is_new;
    memset(&chain, 0, sizeof(chain));
    assert_int_equal(node_chain_open(&chain, &is_new, error, &options), ERR_IO);
    assert_non_null(strstr(error, "/dev/null/l1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_not_synced),
        cmocka_unit_test(answers_by_every_id),
        cmocka_unit_test(truncates),
        cmocka_unit_test(keeps_handed_out_blocks_for_a_turn),
        cmocka_unit_test(discards_what_a_builder_did),
        cmocka_unit_test(reopens_where_it_was_synced),
        cmocka_unit_test(says_what_cannot_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
