#include "cli/evm_world.h"

#include "core/check.h"
#include "core/hex.h"
#include "crypto/keccak.h"
#include "rpc/json_reader.h"

/* "sender" and "contract" in ASCII, with zeros before them. */
static const address default_sender = {{[14] = 's', 'e', 'n', 'd', 'e', 'r'}};
static const address default_target = {{[12] = 'c', 'o', 'n', 't', 'r', 'a', 'c', 't'}};

static struct evm_world_account *find(const struct evm_world *world, const address *who) {
    for (size_t i = 0; i < world->account_count; i++)
        if (address_equal(&world->accounts[i].address, who)) return &world->accounts[i];
    return NULL;
}

/* NULL: there are too many. */
static struct evm_world_account *find_or_add(struct evm_world *world, const address *who) {
    struct evm_world_account *account = find(world, who);
    if (account != NULL) return account;
    if (world->account_count == EVM_WORLD_ACCOUNTS_MAX) return NULL;
    account = &world->accounts[world->account_count++];
    *account = (struct evm_world_account){.address = *who, .code_hash = KECCAK_EMPTY};
    return account;
}

static void set_code(struct evm_world_account *account, bytes code) {
    account->code = code;
    account->code_hash = keccak256(code);
}

enum err evm_world_open(struct evm_world *world, struct arena *arena, bytes code) {
    *world = (struct evm_world){.arena = arena, .sender = default_sender, .target = default_target};
    world->accounts = arena_alloc_array(arena, EVM_WORLD_ACCOUNTS_MAX, sizeof(*world->accounts));
    if (world->accounts == NULL) return ERR_MEMORY;
    set_code(find_or_add(world, &world->target), code);
    /* Enough for any value; the sum of all ether stays far below 2^256. */
    find_or_add(world, &world->sender)->balance = (u256){{0, 0, 1, 0}};
    return ERR_OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bytes text_of(const struct json *json, uint32_t token) {
    bytes text = json_text(json, token);
    bool has_prefix = text.size >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x';
    return has_prefix ? bytes_slice(text, 2, SIZE_MAX) : text;
}

/* Hexadecimal with or without 0x, of up to 32 bytes. */
static bool read_word(u256 *out, const struct json *json, uint32_t token) {
    char digits[66] = "0x";
    if (json_kind(json, token) != JSON_STRING) return false;
    bytes text = text_of(json, token);
    if (text.size > 64) return false;
    if (text.size == 0) {
        *out = U256_ZERO;
        return true;
    }
    memcpy(digits + 2, text.data, text.size);
    return hex_decode_quantity(out, digits, text.size + 2, true) == ERR_OK;
}

static bool read_address(address *out, const struct json *json, uint32_t token) {
    u256 word;
    uint8_t b[32];
    if (json_kind(json, token) != JSON_STRING || text_of(json, token).size != 40 ||
        !read_word(&word, json, token))
        return false;
    u256_store_be(b, &word);
    memcpy(out->b, b + 12, sizeof(out->b));
    return true;
}

/* NULL: good. */
static const char *read_code(
    struct evm_world *world,
    struct evm_world_account *account,
    const struct json *json,
    uint32_t token
) {
    if (json_kind(json, token) != JSON_STRING) return "a code is no string";
    bytes text = json_text(json, token);
    bytes code;
    if (hex_decode(&code, world->arena, (const char *)text.data, text.size) != ERR_OK)
        return "a code is not hexadecimal";
    set_code(account, code);
    return NULL;
}

static const char *read_storage(
    struct evm_world *world,
    struct evm_world_account *account,
    const struct json *json,
    uint32_t token
) {
    if (json_kind(json, token) != JSON_OBJECT) return "a storage is no object";
    size_t count = json->tokens[token].count;
    struct evm_world_slot *slots = arena_alloc_array(world->arena, count + 1, sizeof(*slots));
    if (slots == NULL) return "a storage is too large";
    uint32_t at = token + 1;
    for (size_t i = 0; i < count; i++, at = json->tokens[at + 1].next)
        if (!read_word(&slots[i].key, json, at) || !read_word(&slots[i].value, json, at + 1))
            return "a storage has what is no word of up to 32 bytes";
    account->slots = slots;
    account->slot_count = count;
    return NULL;
}

static const char *read_account(struct evm_world *world, const struct json *json, uint32_t name) {
    uint32_t object = name + 1;
    address who;
    u256 nonce;
    if (!read_address(&who, json, name)) return "a name in pre is no address";
    if (json_kind(json, object) != JSON_OBJECT) return "an account in pre is no object";
    struct evm_world_account *account = find_or_add(world, &who);
    if (account == NULL) return "there are too many accounts in pre";
    uint32_t balance = json_member(json, object, "balance");
    uint32_t number = json_member(json, object, "nonce");
    uint32_t code = json_member(json, object, "code");
    uint32_t storage = json_member(json, object, "storage");
    if (balance != 0 && !read_word(&account->balance, json, balance))
        return "a balance is not hexadecimal";
    if (number != 0) {
        if (!read_word(&nonce, json, number) || !u256_fits_u64(&nonce))
            return "a nonce is not hexadecimal";
        account->nonce = nonce.w[0];
    }
    const char *problem = code == 0 ? NULL : read_code(world, account, json, code);
    if (problem == NULL && storage != 0) problem = read_storage(world, account, json, storage);
    return problem;
}

static const char *read_all(struct evm_world *world, const struct json *json) {
    if (json_kind(json, 0) != JSON_OBJECT) return "it is no JSON object";
    bytes code = world->accounts[0].code;
    uint32_t to = json_member(json, 0, "to");
    uint32_t sender = json_member(json, 0, "sender");
    uint32_t pre = json_member(json, 0, "pre");
    if (to != 0 && !read_address(&world->target, json, to)) return "to is no address";
    if (sender != 0 && !read_address(&world->sender, json, sender)) return "sender is no address";
    if (pre != 0 && json_kind(json, pre) != JSON_OBJECT) return "pre is no object";
    size_t count = pre == 0 ? 0 : json->tokens[pre].count;
    uint32_t at = pre + 1;
    for (size_t i = 0; i < count; i++, at = json->tokens[at + 1].next) {
        const char *problem = read_account(world, json, at);
        if (problem != NULL) return problem;
    }
    struct evm_world_account *target = find_or_add(world, &world->target);
    if (target == NULL || find_or_add(world, &world->sender) == NULL)
        return "there are too many accounts in pre";
    set_code(target, code);
    return NULL;
}

enum err evm_world_read(struct evm_world *world, const char **problem, bytes text) {
    struct json json;
    json_open(&json);
    enum err err = json_parse(&json, (const char *)text.data, text.size);
    if (err == ERR_OK)
        *problem = read_all(world, &json);
    else
        *problem = err == ERR_INPUT ? json.problem : "it has too many values";
    json_close(&json);
    if (err == ERR_MEMORY) return ERR_MEMORY;
    return *problem == NULL ? ERR_OK : ERR_INPUT;
}

/* --- answering -------------------------------------------------------------------------------- */

static enum err give_account(const struct evm_world *world, struct evm *evm) {
    const struct evm_world_account *account = find(world, &evm->request.address);
    struct journal_account_data data = journal_absent_account();
    if (account != NULL) {
        data.exists = true;
        data.nonce = account->nonce;
        data.balance = account->balance;
        data.code_hash = account->code_hash;
        /* Not empty's root: then no slot would be asked for. */
        if (account->slot_count > 0) data.storage_root = account->code_hash;
    }
    return evm_give_account(evm, &data);
}

static enum err give_slot(const struct evm_world *world, struct evm *evm) {
    const struct evm_world_account *account = find(world, &evm->request.address);
    u256 value = U256_ZERO;
    for (size_t i = 0; account != NULL && i < account->slot_count; i++)
        if (u256_equal(&account->slots[i].key, &evm->request.key)) value = account->slots[i].value;
    return evm_give_slot(evm, &value);
}

enum err evm_world_run(const struct evm_world *world, struct evm *evm) {
    const struct evm_world_account *account;
    const hash32 no_hash = {{0}};
    for (;;) {
        enum err err = ERR_OK;
        switch (evm_run(evm)) {
        case EVM_DONE:
            return ERR_OK;
        case EVM_NEED_ACCOUNT:
            err = give_account(world, evm);
            break;
        case EVM_NEED_SLOT:
            err = give_slot(world, evm);
            break;
        case EVM_NEED_CODE:
            account = find(world, &evm->request.address);
            CHECK(account != NULL);
            evm_give_code(evm, account->code);
            break;
        case EVM_NEED_BLOCK_HASH:
            evm_give_block_hash(evm, &no_hash);
            break;
        case EVM_NEED_CALL:
        case EVM_REVERTING:
            CHECK(false);
        case EVM_NO_MEMORY:
            return ERR_MEMORY;
        case EVM_TOO_MUCH_ETHER: /* the accounts of the file have more than there can be */
            return ERR_LIMIT;
        case EVM_UNSUPPORTED:
            return ERR_UNSUPPORTED;
        case EVM_STOPPED:
            return ERR_TIMEOUT;
        }
        if (err != ERR_OK) return err;
    }
}
