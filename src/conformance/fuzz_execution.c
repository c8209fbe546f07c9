/* A transaction over any two codes and a small state, run with all of the state at hand, from the
 * witness that this run recorded and nothing else, and with everything missing when it is first
 * wanted: the same verdict, gas, logs and state root. */
#include "chain/commit.h"
#include "chain/execution.h"
#include "conformance/shy.h"
#include "core/check.h"
#include "crypto/keccak.h"
#include "state/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ACCOUNTS = 3, SLOTS = 4, ITEMS_MAX = 4096 };

static const char *const NETWORKS[FORK_COUNT] = {
    "Frontier",
    "Homestead",
    "EIP150",
    "EIP158",
    "Byzantium",
    "Constantinople",
    "ConstantinopleFix",
    "Istanbul",
    "Berlin",
    "London",
    "Paris",
    "Shanghai",
    "Cancun",
    "Prague",
    "Osaka",
};

struct outcome {
    enum execution_status status;
    enum tx_verdict verdict;
    uint64_t gas_used;
    hash32 logs;
    hash32 root;
};

static struct arena arena;     /* the state before, and what was recorded */
static struct arena run_arena; /* of one run */
static struct block_context block;

static address address_of(uint8_t last) {
    return (address){{[18] = 0x10, [19] = last}};
}

static enum err hash_of_block(void *context, uint64_t number, hash32 *hash) {
    (void)context;
    *hash = keccak256(bytes_of((const uint8_t *)&number, sizeof(number)));
    return ERR_OK;
}

static hash32 make_state(struct source_memory *memory, const bytes codes[2]) {
    struct state state;
    struct state_slot slots[SLOTS];
    struct state_change changes[ACCOUNTS];
    hash32 root = EMPTY_TRIE_ROOT;
    for (uint64_t i = 0; i < SLOTS; i++)
        slots[i] = (struct state_slot){.key = u256_from_u64(i), .value = u256_from_u64(i + 1)};
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        changes[i] = (struct state_change){
            .address = address_of((uint8_t)(i + 1)),
            .exists = true,
            .nonce = 1,
            .balance = {{UINT64_MAX, i, 0, 0}},
            .code_hash = KECCAK_EMPTY,
        };
        if (i == ACCOUNTS - 1) continue; /* the sender */
        changes[i].code = codes[i];
        changes[i].code_hash = keccak256(codes[i]);
        changes[i].slots = slots;
        changes[i].slot_count = SLOTS;
    }
    CHECK(state_open(&state, &arena, &memory->source, &root) == ERR_OK);
    CHECK(state_apply(&state, &root, memory, changes, ACCOUNTS) == ERR_OK);
    return root;
}

static struct outcome run(struct source *source, const hash32 *pre, const struct tx *tx) {
    struct source_memory sink;
    struct state state;
    struct journal journal;
    struct execution execution;
    struct outcome out = {0};
    const address sender = address_of(ACCOUNTS);
    arena_reset(&run_arena);
    source_memory_open(&sink, &run_arena, source);
    CHECK(state_open(&state, &run_arena, &sink.source, pre) == ERR_OK);
    CHECK(journal_open(&journal, &run_arena) == ERR_OK);
    CHECK(execution_open(&execution, &run_arena, &block, &state, &journal, NULL) == ERR_OK);
    execution_begin_tx(&execution, tx, &sender, NULL);
    do
        out.status = execution_run(&execution);
    while (out.status == EXECUTION_FAILED && execution.err == ERR_MISSING);
    if (out.status == EXECUTION_FAILED) return out; /* too much ether, or no memory */
    out.verdict = execution.verdict;
    if (out.status != EXECUTION_DONE) return out;
    const struct execution_result *result = &execution.result;
    out.gas_used = result->gas_used;
    CHECK(logs_hash(&out.logs, &run_arena, result->logs, result->log_count) == ERR_OK);
    enum err err;
    do
        err = journal_commit(&out.root, &journal, &state, &sink, &run_arena);
    while (err == ERR_MISSING);
    CHECK(err == ERR_OK);
    return out;
}

static void check_equal(const struct outcome *a, const struct outcome *b) {
    CHECK(a->status == b->status && a->verdict == b->verdict && a->gas_used == b->gas_used);
    CHECK(hash32_equal(&a->logs, &b->logs) && hash32_equal(&a->root, &b->root));
}

static void take_witness(struct source_witness *witness, const struct source_recorder *recorder) {
    bytes items[ITEMS_MAX];
    uint32_t count = source_recorder_node_count(recorder);
    CHECK(count <= ITEMS_MAX);
    for (uint32_t i = 0; i < count; i++)
        items[i] = source_recorder_node_at(recorder, i);
    CHECK(source_witness_add_nodes(witness, items, count) == ERR_OK);
    count = source_recorder_code_count(recorder);
    CHECK(count <= ITEMS_MAX);
    for (uint32_t i = 0; i < count; i++)
        items[i] = source_recorder_code_at(recorder, i);
    CHECK(source_witness_add_codes(witness, items, count) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool is_open;
    if (!is_open) {
        arena_open(&arena, (size_t)1 << 28);
        arena_open(&run_arena, (size_t)1 << 28);
        is_open = true;
    }
    if (size < 4) return 0;
    arena_reset(&arena);
    struct fork_schedule schedule;
    CHECK(forks_preset(&schedule, NETWORKS[data[0] % FORK_COUNT]) == ERR_OK);
    block = (struct block_context){
        .number = 1,
        .timestamp = 1,
        .gas_limit = 30000000,
        .coinbase = address_of(9),
        .rules = forks_at(&schedule, 1, 1),
        .hashes = {NULL, hash_of_block},
    };
    size_t cut = (size_t)data[3] * (size - 4) / 256;
    const bytes codes[2] = {bytes_of(data + 4, cut), bytes_of(data + 4 + cut, size - 4 - cut)};
    struct source_memory memory;
    struct source_recorder recorder;
    struct source_witness witness;
    struct shy_source shy;
    source_memory_open(&memory, &arena, NULL);
    const hash32 pre = make_state(&memory, codes);
    const struct tx tx = {
        .type = TX_LEGACY,
        .nonce = 1,
        .gas_limit = 53000 + (uint64_t)data[1] * 1000,
        .is_create = data[2] % 16 == 15,
        .to = data[2] % 16 == 15 ? (address){{0}} : address_of(1),
        .value = u256_from_u64(data[2]),
        .data = codes[1],
    };
    source_recorder_open(&recorder, &arena, &memory.source);
    struct outcome plain = run(&recorder.source, &pre, &tx);
    source_witness_open(&witness, &arena);
    take_witness(&witness, &recorder);
    shy_open(&shy, &arena, &memory.source);
    struct outcome suspended = run(&shy.source, &pre, &tx);
    check_equal(&plain, &suspended);
    if (plain.status != EXECUTION_DONE && plain.status != EXECUTION_INVALID) return 0;
    struct outcome stateless = run(&witness.source, &pre, &tx);
    check_equal(&plain, &stateless);
    return 0;
}
