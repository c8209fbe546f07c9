/* Tests of chain/ethash.c. */
#include "chain/ethash.h"

#include "chain/block.h"
#include "chain/test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A block that was really mined: ethereum/legacytests, bcGasPricerTest, block 1 of the Frontier
 * test. */
static void a_mined_block_is_sealed(void **state) {
    (void)state;
    const char *path = fixture_path("pre-berlin/BlockchainTests/ValidBlocks/bcGasPricerTest/"
                                    "RPC_API_Test.json");
    if (path == NULL) skip();
    struct arena arena;
    struct arena work;
    struct ethash ethash;
    arena_open(&arena, 64 << 20);
    arena_open(&work, 64 << 20);
    ethash_open(&ethash, &work);
    cJSON *json = fixture_json(path);
    const cJSON *block = cJSON_GetObjectItem(json->child, "blocks")->child;
    size_t count = 0;
    for (; block != NULL && count < 3; block = block->next) {
        struct block decoded;
        enum block_verdict verdict;
        enum tx_verdict tx_verdict;
        size_t tx_index;
        bytes encoding = fixture_bytes(&arena, block, "rlp");
        assert_int_equal(
            block_decode(&decoded, &verdict, &tx_verdict, &tx_index, &arena, encoding), ERR_OK
        );
        assert_int_equal(verdict, BLOCK_OK);
        bool is_valid;
        struct header header = decoded.header;
        assert_int_equal(ethash_check(&ethash, &is_valid, &header), ERR_OK);
        assert_true(is_valid);
        header.nonce[7] ^= 1;
        assert_int_equal(ethash_check(&ethash, &is_valid, &header), ERR_OK);
        assert_false(is_valid);
        header = decoded.header;
        header.mix_hash.b[0] ^= 1;
        assert_int_equal(ethash_check(&ethash, &is_valid, &header), ERR_OK);
        assert_false(is_valid);
        header = decoded.header;
        header.gas_used ^= 1;
        assert_int_equal(ethash_check(&ethash, &is_valid, &header), ERR_OK);
        assert_false(is_valid);
        header = decoded.header;
        header.number = (uint64_t)ETHASH_EPOCH_LENGTH * (ETHASH_EPOCH_MAX + 1);
        assert_int_equal(ethash_check(&ethash, &is_valid, &header), ERR_LIMIT);
        count++;
    }
    assert_int_equal(count, 3);
    cJSON_Delete(json);
    arena_close(&arena);
    arena_close(&work);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_mined_block_is_sealed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
