/* evm/test_toy_world.h: a few accounts and a driver over them, for tests of the machine. */
#ifndef EVM_TEST_TOY_WORLD_H
#define EVM_TEST_TOY_WORLD_H

#include "core/check.h"
#include "crypto/keccak.h"
#include "evm/evm.h"

enum { TOY_ACCOUNTS_MAX = 4, TOY_SLOTS_MAX = 4 };

struct toy_account {
    address who;
    bytes code;
    u256 balance;
    uint64_t nonce;
    u256 slots[TOY_SLOTS_MAX]; /* values of the keys 0, 1, ... */
};

struct toy_world {
    struct toy_account accounts[TOY_ACCOUNTS_MAX];
    size_t count;
};

/* How a message is run. */
struct toy_mode {
    bool is_careful; /* with a tracer of steps */
    bool is_given;   /* all that the world has is in the journal before */
    bool is_copied;  /* goes on in a copy, in another arena, whenever it is suspended */
    bool is_cached;  /* with a code cache */
};

/* All the modes: toy_mode_of(0), in which all is off, to toy_mode_of(TOY_MODES - 1). */
#define TOY_MODES 16u

static inline struct toy_mode toy_mode_of(unsigned number) {
    return (struct toy_mode){
        .is_careful = number & 1,
        .is_given = number & 2,
        .is_copied = number & 4,
        .is_cached = number & 8,
    };
}

/* What came of it. Equal for all modes. */
struct toy_outcome {
    enum evm_status status;
    enum evm_outcome outcome;
    uint64_t gas_left;
    int64_t refund;
    hash32 output;
    hash32 logs;
    uint64_t changes; /* a sum over all changed accounts and slots */
    uint64_t stops;   /* how often something was asked for */
};

static inline address toy_address(uint8_t last) {
    address a = {{0}};
    a.b[18] = 0x10;
    a.b[19] = last;
    return a;
}

static inline const struct toy_account *
toy_find(const struct toy_world *world, const address *who) {
    for (size_t i = 0; i < world->count; i++)
        if (address_equal(&world->accounts[i].who, who)) return &world->accounts[i];
    return NULL;
}

static inline struct journal_account_data toy_data(const struct toy_account *account) {
    struct journal_account_data data = journal_absent_account();
    if (account == NULL) return data;
    data.exists = true;
    data.nonce = account->nonce;
    data.balance = account->balance;
    data.code_hash = keccak256(account->code);
    memset(&data.storage_root, 1, sizeof(data.storage_root)); /* not empty */
    return data;
}

static inline u256 toy_slot(const struct toy_account *account, const u256 *key) {
    bool is_there = account != NULL && u256_fits_u64(key) && key->w[0] < TOY_SLOTS_MAX;
    return is_there ? account->slots[key->w[0]] : U256_ZERO;
}

static inline void toy_give_all(struct journal *journal, const struct toy_world *world) {
    for (size_t i = 0; i < world->count; i++) {
        const struct toy_account *account = &world->accounts[i];
        struct journal_account_data data = toy_data(account);
        CHECK(journal_give_account(journal, &account->who, &data) == ERR_OK);
        journal_give_code(journal, &account->who, account->code);
        for (size_t s = 0; s < TOY_SLOTS_MAX; s++) {
            u256 key = u256_from_u64(s);
            CHECK(journal_give_slot(journal, &account->who, &key, &account->slots[s]) == ERR_OK);
        }
    }
}

/* Answers what the machine asks for; false if it is not of the state. */
static inline bool
toy_answer(struct evm *evm, enum evm_status status, const struct toy_world *world) {
    const struct toy_account *account = toy_find(world, &evm->request.address);
    struct journal_account_data data;
    u256 value;
    hash32 hash;
    switch (status) {
    case EVM_NEED_ACCOUNT:
        data = toy_data(account);
        CHECK(evm_give_account(evm, &data) == ERR_OK);
        return true;
    case EVM_NEED_SLOT:
        value = toy_slot(account, &evm->request.key);
        CHECK(evm_give_slot(evm, &value) == ERR_OK);
        return true;
    case EVM_NEED_CODE:
        CHECK(account != NULL);
        evm_give_code(evm, account->code);
        return true;
    case EVM_NEED_BLOCK_HASH:
        hash = keccak256(bytes_of((const uint8_t *)&evm->request.number, 8));
        evm_give_block_hash(evm, &hash);
        return true;
    case EVM_DONE:
    case EVM_NEED_CALL:
    case EVM_REVERTING:
    case EVM_NO_MEMORY:
    case EVM_UNSUPPORTED:
    case EVM_TOO_MUCH_ETHER:
    case EVM_STOPPED:
        break;
    }
    return false;
}

static inline uint64_t toy_sum(const void *data, size_t size) {
    hash32 hash = keccak256(bytes_of(data, size));
    return load_be64(hash.b);
}

static inline uint64_t toy_changes(const struct journal *journal) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < journal_account_count(journal); i++) {
        const struct journal_account *account = journal_account_at(journal, i);
        uint8_t line[20 + 1 + 8 + 32 + 32 + 32] = {0};
        memcpy(line, account->address.b, 20);
        if (account->is_loaded && journal_account_changed(account)) {
            line[20] = (uint8_t)(1 + account->exists + 2 * account->storage_wiped);
            store_be64(line + 21, account->nonce);
            u256_store_be(line + 29, &account->balance);
            memcpy(line + 61, account->code_hash.b, 32);
            sum += toy_sum(line, 93);
        }
        for (struct journal_slot *slot = journal_first_slot(journal, account); slot != NULL;
             slot = journal_next_slot(journal, slot)) {
            if (!slot->is_loaded || !journal_slot_changed(slot)) continue;
            u256_store_be(line + 29, &slot->key);
            u256_store_be(line + 61, &slot->value);
            sum += toy_sum(line, sizeof(line));
        }
    }
    return sum;
}

static inline hash32 toy_logs(const struct journal *journal) {
    struct keccak keccak;
    keccak_init(&keccak);
    for (uint32_t i = 0; i < journal->log_count; i++) {
        const struct journal_log *log = &journal->logs[i];
        keccak_update(&keccak, bytes_of(log->address.b, 20));
        for (uint32_t t = 0; t < log->topic_count; t++)
            keccak_update(&keccak, bytes_of(log->topics[t].b, 32));
        keccak_update(&keccak, log->data);
    }
    return keccak_final(&keccak);
}

static inline void toy_on_step(void *context, const struct evm_step *step) {
    (void)context;
    CHECK(step->stack_count <= EVM_STACK_MAX);
}

/* Runs one message. arenas: three, reset here. */
static inline struct toy_outcome toy_run(
    const struct toy_world *world,
    enum fork fork,
    const struct evm_message *message,
    struct toy_mode mode,
    struct arena arenas[3]
) {
    static const struct evm_tracer tracer = {.on_step = toy_on_step};
    struct evm_config config = {
        .fork = fork,
        .chain_id = 1,
        .number = 1000,
        .timestamp = 1600000000,
        .gas_limit = 30000000,
        .base_fee = {{7, 0, 0, 0}},
        .gas_price = {{9, 0, 0, 0}},
        .tracer = mode.is_careful ? &tracer : NULL,
    };
    struct evm evms[2];
    struct journal journals[2];
    struct toy_outcome out = {.status = EVM_NO_MEMORY};
    for (int i = 0; i < 3; i++)
        arena_reset(&arenas[i]);
    if (mode.is_cached) config.code_cache = evm_code_cache_open(&arenas[2]);
    unsigned now = 0;
    CHECK(journal_open(&journals[0], &arenas[0]) == ERR_OK);
    CHECK(evm_open(&evms[0], &arenas[0], &journals[0], &config) == ERR_OK);
    journal_begin_transaction(&journals[0]);
    if (mode.is_given) toy_give_all(&journals[0], world);
    evm_begin(&evms[0], message);
    for (;;) {
        struct evm *evm = &evms[now];
        out.status = evm_run(evm);
        if (!toy_answer(evm, out.status, world)) break;
        out.stops++;
        if (!mode.is_copied) continue;
        unsigned next = 1 - now;
        arena_reset(&arenas[next]);
        CHECK(journal_copy(&journals[next], &arenas[next], &journals[now]) == ERR_OK);
        CHECK(evm_copy(&evms[next], &arenas[next], evm, &journals[next]) == ERR_OK);
        /* Whatever the copy still had of the old one would show. */
        arena_reset(&arenas[now]);
        now = next;
    }
    if (out.status != EVM_DONE) return out;
    out.outcome = evms[now].result.outcome;
    out.gas_left = evms[now].result.gas_left;
    out.refund = evms[now].result.gas_refund;
    out.output = keccak256(evms[now].result.output);
    out.logs = toy_logs(&journals[now]);
    journal_end_transaction(&journals[now], fork);
    out.changes = toy_changes(&journals[now]);
    return out;
}

static inline bool toy_equal(const struct toy_outcome *a, const struct toy_outcome *b) {
    return a->status == b->status && a->outcome == b->outcome && a->gas_left == b->gas_left &&
           a->refund == b->refund && hash32_equal(&a->output, &b->output) &&
           hash32_equal(&a->logs, &b->logs) && a->changes == b->changes;
}

#endif
