/* Tests of where proxies lie and what code they have. That the EVM puts the same code at the same
 * addresses is in world/test_world.c. */
#include "rollup/proxy.h"

#include "core/hex.h"
#include "crypto/keccak.h"
#include "evm/evm.h"
#include "rollup/artifacts.h"
#include "rollup/predeploys.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RUNTIME_SIZE (sizeof(artifact_proxy_creation) - ARTIFACT_PROXY_RUNTIME)

static struct arena arena;
static const address TARGET = {{0xc0, [19] = 0x01}};
static const address OTHER = {{0xc0, [19] = 0x02}};

/* CREATE2 with the salt 0, as ProxyCode.sol has it. */
static void addresses_are_those_of_create2(void **state) {
    (void)state;
    uint8_t creation[sizeof(artifact_proxy_creation)];
    memcpy(creation, artifact_proxy_creation, sizeof(creation));
    memcpy(creation + ARTIFACT_PROXY_HUB, L2HUB_PREDEPLOY.b, 20);
    creation[ARTIFACT_PROXY_ROLLUP_ID + 7] = 7;
    memcpy(creation + ARTIFACT_PROXY_TARGET, TARGET.b, 20);
    const hash32 salt = {{0}};
    hash32 code = keccak256(bytes_of(creation, sizeof(creation)));
    address expected = evm_create2_address(&L2HUB_PREDEPLOY, &salt, &code);
    address proxy;
    proxy_address(&proxy, &L2HUB_PREDEPLOY, 7, &TARGET);
    assert_memory_equal(proxy.b, expected.b, 20);
}

static void each_hub_rollup_and_target_has_its_own(void **state) {
    (void)state;
    address all[4];
    proxy_address(&all[0], &L2HUB_PREDEPLOY, 1, &TARGET);
    proxy_address(&all[1], &L2HUB_PREDEPLOY, 2, &TARGET);
    proxy_address(&all[2], &L2HUB_PREDEPLOY, 1, &OTHER);
    proxy_address(&all[3], &OTHER, 1, &TARGET);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(address_equal(&all[i], &all[j]));
}

static void a_runtime_is_known_by_its_hub(void **state) {
    (void)state;
    bytes code;
    assert_int_equal(proxy_runtime(&code, &arena, &L2HUB_PREDEPLOY, 3, &TARGET), ERR_OK);
    assert_int_equal(code.size, RUNTIME_SIZE);
    assert_true(proxy_is_runtime(code, &L2HUB_PREDEPLOY));
    assert_false(proxy_is_runtime(code, &OTHER));
    assert_false(proxy_is_runtime(BYTES_EMPTY, &L2HUB_PREDEPLOY));
    assert_false(proxy_is_runtime(bytes_slice(code, 0, code.size - 1), &L2HUB_PREDEPLOY));
    assert_int_equal(proxy_runtime(&code, &arena, &L2HUB_PREDEPLOY, UINT64_MAX, &OTHER), ERR_OK);
    assert_true(proxy_is_runtime(code, &L2HUB_PREDEPLOY));
}

/* Every byte but those of the rollup id and the target is the same in all proxies of a hub. */
static void other_code_is_no_proxy(void **state) {
    (void)state;
    bytes code;
    assert_int_equal(proxy_runtime(&code, &arena, &L2HUB_PREDEPLOY, 3, &TARGET), ERR_OK);
    uint8_t copy[RUNTIME_SIZE];
    size_t accepted = 0;
    for (size_t i = 0; i < sizeof(copy); i++) {
        memcpy(copy, code.data, sizeof(copy));
        copy[i] ^= 1;
        accepted += proxy_is_runtime(bytes_of(copy, sizeof(copy)), &L2HUB_PREDEPLOY);
    }
    assert_int_equal(accepted, 8 + 20);
}

static void no_memory_is_said(void **state) {
    (void)state;
    static uint8_t region[128];
    struct arena small;
    bytes code;
    arena_open_region(&small, region, sizeof(region));
    assert_int_equal(proxy_runtime(&code, &small, &L2HUB_PREDEPLOY, 3, &TARGET), ERR_MEMORY);
}

static int open_arena(void **state) {
    (void)state;
    arena_open(&arena, (size_t)1 << 20);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_those_of_create2),
        cmocka_unit_test(each_hub_rollup_and_target_has_its_own),
        cmocka_unit_test(a_runtime_is_known_by_its_hub),
        cmocka_unit_test(other_code_is_no_proxy),
        cmocka_unit_test(no_memory_is_said),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
