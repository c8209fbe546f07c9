/* The machine over the programs of the evm-bench fixtures (their README says what they are). What a
 * program returns is compared with what it should.
 *   bench_evm           evm/translate/lockstep    MB/s of code, translating the largest one
 *   bench_evm PROGRAM…  evm/PROGRAM/lockstep      Mgas/s of one call, its code's program cached
 *                       evm/PROGRAM/gas           what the call uses
 * bench/evm.mjs runs the programs in turn with another machine. The fixtures are in
 * $LOCKSTEP_FIXTURES_DIR/evm-bench. */
#include <cjson/cJSON.h>

#include "core/bench_host.h"
#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "evm/evm_private.h"

enum { ACCOUNTS_MAX = 64, PATH_SIZE = 4096, GAS = 1000000000 };

struct account {
    address who;
    bytes code;
    hash32 code_hash;
    u256 balance;
    const cJSON *storage;
};

struct workload {
    struct account accounts[ACCOUNTS_MAX];
    size_t count;
    address to;
    address sender;
    bytes input;
    bytes expected;
};

static struct arena text_arena; /* what was read: as long as the program */
static struct arena cache_arena;
static struct arena work_arena;
static struct evm_code_cache *cache;

static char *read_file(const char *folder, const char *name, const char *suffix) {
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    size_t capacity = 1u << 20;
    char *text = arena_alloc(&text_arena, capacity);
    CHECK(text != NULL);
    size_t size = fread(text, 1, capacity - 1, file);
    (void)fclose(file);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' '))
        size--;
    text[size] = 0;
    return text;
}

static bytes from_hex(const char *text) {
    bytes data;
    CHECK(hex_decode(&data, &text_arena, text, strlen(text)) == ERR_OK);
    return data;
}

static u256 word_of(const char *text) {
    u256 word;
    CHECK(hex_decode_quantity(&word, text, strlen(text), true) == ERR_OK);
    return word;
}

static address address_of(const char *text) {
    address a;
    memcpy(a.b, from_hex(text).data, sizeof(a.b));
    return a;
}

static void load(struct workload *w, const char *folder, const char *name) {
    memset(w, 0, sizeof(*w));
    char *input = read_file(folder, name, ".input.hex");
    char *expected = read_file(folder, name, ".expected.hex");
    CHECK(input != NULL && expected != NULL);
    w->input = from_hex(input);
    w->expected = from_hex(expected);
    char *pre = read_file(folder, name, ".pre.json");
    if (pre == NULL) {
        w->to = address_of("be7c43a580000000000000000000000000000001");
        w->sender = address_of("a94f5374fce5edbc8e2a8697c15331677e6ebf0b");
        char *code = read_file(folder, name, ".code.hex");
        CHECK(code != NULL);
        w->accounts[0] = (struct account){.who = w->to, .code = from_hex(code)};
        w->accounts[0].code_hash = keccak256(w->accounts[0].code);
        w->count = 1;
        return;
    }
    const cJSON *json = cJSON_Parse(pre);
    CHECK(json != NULL);
    w->to = address_of(cJSON_GetObjectItem(json, "to")->valuestring);
    w->sender = address_of(cJSON_GetObjectItem(json, "sender")->valuestring);
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "pre")) {
        CHECK(w->count < ACCOUNTS_MAX);
        struct account *a = &w->accounts[w->count++];
        a->who = address_of(item->string);
        a->code = from_hex(cJSON_GetObjectItem(item, "code")->valuestring);
        a->code_hash = keccak256(a->code);
        a->balance = word_of(cJSON_GetObjectItem(item, "balance")->valuestring);
        a->storage = cJSON_GetObjectItem(item, "storage");
    }
}

static const struct account *find(const struct workload *w, const address *who) {
    for (size_t i = 0; i < w->count; i++)
        if (address_equal(&w->accounts[i].who, who)) return &w->accounts[i];
    return NULL;
}

static void give_slot(struct evm *evm, const struct account *account) {
    u256 value = U256_ZERO;
    const cJSON *slot;
    if (account != NULL) {
        cJSON_ArrayForEach(slot, account->storage) {
            u256 key = word_of(slot->string);
            if (u256_equal(&key, &evm->request.key)) value = word_of(slot->valuestring);
        }
    }
    CHECK(evm_give_slot(evm, &value) == ERR_OK);
}

/* One call; the nanoseconds it took. */
static double run(const struct workload *w, uint64_t *gas_used) {
    struct journal journal;
    struct evm evm;
    const struct evm_config config = {
        .fork = FORK_PRAGUE, .chain_id = 1, .gas_limit = GAS, .code_cache = cache};
    const struct evm_message message = {
        .kind = EVM_CALL,
        .gas = (uint64_t)GAS * 10000,
        .recipient = w->to,
        .sender = w->sender,
        .code_address = w->to,
        .input = w->input,
    };
    arena_reset(&work_arena);
    CHECK(journal_open(&journal, &work_arena) == ERR_OK);
    CHECK(evm_open(&evm, &work_arena, &journal, &config) == ERR_OK);
    double start = bench_now_ns();
    journal_begin_transaction(&journal);
    evm_begin(&evm, &message);
    enum evm_status status;
    while ((status = evm_run(&evm)) != EVM_DONE) {
        const struct account *account = find(w, &evm.request.address);
        if (status == EVM_NEED_ACCOUNT) {
            struct journal_account_data data = journal_absent_account();
            if (account != NULL) {
                data.exists = true;
                data.balance = account->balance;
                data.code_hash = account->code_hash;
                memset(&data.storage_root, 1, sizeof(data.storage_root));
            }
            CHECK(evm_give_account(&evm, &data) == ERR_OK);
        } else if (status == EVM_NEED_CODE) {
            evm_give_code(&evm, account->code);
        } else {
            CHECK(status == EVM_NEED_SLOT);
            give_slot(&evm, account);
        }
    }
    double time = bench_now_ns() - start;
    CHECK(evm.result.outcome == EVM_SUCCESS && bytes_equal(evm.result.output, w->expected));
    *gas_used = message.gas - evm.result.gas_left;
    return time;
}

static void measure(const char *folder, const char *name) {
    struct workload workload;
    load(&workload, folder, name);
    double samples[BENCH_SAMPLES];
    uint64_t gas;
    (void)run(&workload, &gas);
    double once = run(&workload, &gas);
    int repeats = once > 2e6 ? 1 : (int)(2e6 / once) + 1;
    for (int s = 0; s < BENCH_SAMPLES; s++) {
        double time = 0;
        for (int i = 0; i < repeats; i++)
            time += run(&workload, &gas);
        samples[s] = (double)gas * repeats / time * 1e3;
    }
    qsort(samples, BENCH_SAMPLES, sizeof *samples, bench_compare);
    printf(
        "evm/%s/lockstep,Mgas/s,%.1f,%.1f,%.1f\n",
        name,
        samples[0],
        samples[BENCH_SAMPLES / 2],
        samples[BENCH_SAMPLES - 1]
    );
    const unsigned long long used = gas;
    printf("evm/%s/gas,gas,%llu,%llu,%llu\n", name, used, used, used);
}

static void translate_huff(const char *folder) {
    if (!bench_is_wanted("evm/translate/lockstep")) return;
    char *text = read_file(folder, "main_blake2b_huff_empty", ".code.hex");
    if (text == NULL) return;
    bytes code = from_hex(text);
    double samples[BENCH_SAMPLES];
    for (int s = 0; s < BENCH_SAMPLES; s++) {
        double start = bench_now_ns();
        for (int i = 0; i < 50; i++) {
            struct program *program;
            arena_reset(&work_arena);
            CHECK(program_make(&program, &work_arena, code, FORK_PRAGUE, false) == ERR_OK);
        }
        samples[s] = (double)code.size * 50 / (bench_now_ns() - start) * 1e3;
    }
    qsort(samples, BENCH_SAMPLES, sizeof *samples, bench_compare);
    printf(
        "evm/translate/lockstep,MB/s,%.1f,%.1f,%.1f\n",
        samples[0],
        samples[BENCH_SAMPLES / 2],
        samples[BENCH_SAMPLES - 1]
    );
}

int main(int argc, char **argv) {
    char folder[PATH_SIZE];
    const char *fixtures = getenv("LOCKSTEP_FIXTURES_DIR");
    if (fixtures == NULL) {
        (void)fprintf(stderr, "bench_evm: no fixtures; set LOCKSTEP_FIXTURES_DIR\n");
        return 0;
    }
    (void)snprintf(folder, sizeof(folder), "%s/evm-bench", fixtures);
    arena_open(&text_arena, (size_t)1 << 30);
    arena_open(&cache_arena, (size_t)1 << 30);
    arena_open(&work_arena, (size_t)4 << 30);
    cache = evm_code_cache_open(&cache_arena);
    CHECK(cache != NULL);
    if (argc < 2) translate_huff(folder);
    for (int i = 1; i < argc; i++)
        measure(folder, argv[i]);
    return 0;
}
