/* chain/genesis.c: see genesis.h. */
#include "chain/genesis.h"

#include "chain/block.h"
#include "core/hex.h"
#include "core/map.h"
#include "crypto/keccak.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#define BASE_FEE_INITIAL 1000000000u /* EIP-1559 */

/* --- reading numbers -------------------------------------------------------------------------- */

/* Why a genesis cannot be read; set by the first reader that fails. */
struct reader {
    struct arena *arena;
    const char *text; /* the whole, for numbers that a double cannot hold */
    const char *reason;
    enum err err;
};

static bool refuse(struct reader *r, const char *reason) {
    if (r->err == ERR_OK) {
        r->err = ERR_INPUT;
        r->reason = reason;
    }
    return false;
}

static bool parse_number(u256 *out, const char *text) {
    size_t size = strlen(text);
    if (size >= 2 && text[0] == '0' && text[1] == 'x') {
        if (size == 2) {
            *out = U256_ZERO;
            return true;
        }
        return hex_decode_quantity(out, text, size, true) == ERR_OK;
    }
    return u256_from_decimal(out, text, size) == 0;
}

/* A member that is a number, or a string that writes one; absent: *out stays. */
static bool
read_u256(struct reader *r, u256 *out, const cJSON *object, const char *name, const char *reason) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL || cJSON_IsNull(item)) return true;
    if (cJSON_IsString(item))
        return parse_number(out, item->valuestring) ? true : refuse(r, reason);
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 9007199254740992.0)
        return refuse(r, reason);
    *out = u256_from_u64((uint64_t)item->valuedouble);
    return true;
}

static bool read_u64(
    struct reader *r, uint64_t *out, const cJSON *object, const char *name, const char *reason
) {
    u256 number = u256_from_u64(*out);
    if (!read_u256(r, &number, object, name, reason)) return false;
    if (!u256_fits_u64(&number)) return refuse(r, reason);
    *out = number.w[0];
    return true;
}

/* Up to size bytes, right-aligned as hashes are written short in some files. */
static bool read_fixed(
    struct reader *r,
    uint8_t *out,
    size_t size,
    const cJSON *object,
    const char *name,
    const char *reason
) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL || cJSON_IsNull(item)) return true;
    bytes b;
    if (!cJSON_IsString(item)) return refuse(r, reason);
    enum err err = hex_decode(&b, r->arena, item->valuestring, strlen(item->valuestring));
    if (err == ERR_MEMORY) {
        r->err = err;
        return false;
    }
    if (err != ERR_OK || b.size > size) return refuse(r, reason);
    memset(out, 0, size);
    if (b.size > 0) memcpy(out + size - b.size, b.data, b.size);
    return true;
}

/* --- the schedule ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum fork fork;
} ACTIVATIONS[] = {
    {"homesteadBlock", FORK_HOMESTEAD},
    {"eip150Block", FORK_TANGERINE_WHISTLE},
    {"eip155Block", FORK_SPURIOUS_DRAGON},
    {"eip158Block", FORK_SPURIOUS_DRAGON},
    {"byzantiumBlock", FORK_BYZANTIUM},
    {"constantinopleBlock", FORK_CONSTANTINOPLE},
    {"petersburgBlock", FORK_PETERSBURG},
    {"istanbulBlock", FORK_ISTANBUL},
    {"berlinBlock", FORK_BERLIN},
    {"londonBlock", FORK_LONDON},
    {"shanghaiTime", FORK_SHANGHAI},
    {"cancunTime", FORK_CANCUN},
    {"pragueTime", FORK_PRAGUE},
    {"osakaTime", FORK_OSAKA},
};

/* EIP-649, 1234, 2384, 3554, 4345, 5133. */
static const struct {
    const char *name;
    uint64_t delay;
} BOMBS[] = {
    {"byzantiumBlock", 3000000},
    {"constantinopleBlock", 5000000},
    {"muirGlacierBlock", 9000000},
    {"londonBlock", 9700000},
    {"arrowGlacierBlock", 10700000},
    {"grayGlacierBlock", 11400000},
};

/* Blob parameters: when they begin, their name in blobSchedule, and what they are if it is
 * silent. */
static const struct {
    const char *time;
    const char *name;
    struct blob_parameters blob;
} BLOBS[] = {
    {"cancunTime", "cancun", {3, 6, 3338477}},
    {"pragueTime", "prague", {6, 9, 5007716}},
    {"osakaTime", "osaka", {6, 9, 5007716}},
    {"bpo1Time", "bpo1", {10, 15, 8346193}},
    {"bpo2Time", "bpo2", {14, 21, 11684671}},
    {"bpo3Time", "bpo3", {21, 32, 20609697}},
    {"bpo4Time", "bpo4", {14, 21, 13739630}},
    {"bpo5Time", "bpo5", {14, 21, 13739630}},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool
read_activation(struct reader *r, uint64_t *out, const cJSON *config, const char *name) {
    *out = FORK_NEVER;
    return read_u64(r, out, config, name, "config: a fork's block or time is not a number");
}

static bool read_blobs(struct reader *r, struct fork_schedule *schedule, const cJSON *config) {
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(config, "blobSchedule");
    static const char reason[] = "config.blobSchedule: malformed entry";
    for (size_t i = 0; i < COUNT_OF(BLOBS); i++) {
        uint64_t time;
        if (!read_activation(r, &time, config, BLOBS[i].time)) return false;
        if (time == FORK_NEVER) continue;
        struct blob_parameters blob = BLOBS[i].blob;
        const cJSON *entry = cJSON_GetObjectItemCaseSensitive(all, BLOBS[i].name);
        uint64_t target = blob.target;
        uint64_t max = blob.max;
        if (!read_u64(r, &target, entry, "target", reason) ||
            !read_u64(r, &max, entry, "max", reason) ||
            !read_u64(r, &blob.base_fee_update_fraction, entry, "baseFeeUpdateFraction", reason))
            return false;
        if (max > UINT16_MAX || target > max || blob.base_fee_update_fraction == 0)
            return refuse(r, reason);
        blob.target = (uint32_t)target;
        blob.max = (uint32_t)max;
        if (forks_set_blob(schedule, time, blob) != ERR_OK)
            return refuse(r, "config: too many changes of blob parameters");
    }
    return true;
}

static bool read_bombs(struct reader *r, struct fork_schedule *schedule, const cJSON *config) {
    for (size_t i = 0; i < COUNT_OF(BOMBS); i++) {
        uint64_t number;
        if (!read_activation(r, &number, config, BOMBS[i].name)) return false;
        if (number == FORK_NEVER) continue;
        unsigned count = schedule->bomb_count;
        if (count > 0 && schedule->bombs[count - 1].number == number) count--;
        if (count > 0 && schedule->bombs[count - 1].number > number)
            return refuse(r, "config: forks are out of order");
        schedule->bombs[count] = (struct bomb_activation){number, BOMBS[i].delay};
        schedule->bomb_count = count + 1;
    }
    return true;
}

/* Mainnet's terminal total difficulty does not fit a double, so its digits are read from the
 * text. */
static bool read_terminal(struct reader *r, struct fork_schedule *schedule, const cJSON *config) {
    static const char reason[] = "config.terminalTotalDifficulty: not a number";
    static const char name[] = "\"terminalTotalDifficulty\"";
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(config, "terminalTotalDifficulty");
    u256 difficulty = U256_ZERO;
    if (cJSON_IsNumber(item) && item->valuedouble > 9007199254740992.0) {
        const char *at = strstr(r->text, name);
        if (at == NULL) return refuse(r, reason);
        at += strlen(name);
        at += strspn(at, " \t\r\n:");
        size_t size = strspn(at, "0123456789");
        if (u256_from_decimal(&difficulty, at, size) != 0) return refuse(r, reason);
    } else if (!read_u256(r, &difficulty, config, "terminalTotalDifficulty", reason)) {
        return false;
    }
    bool is_merged_from_start = u256_is_zero(&difficulty) &&
                                (item != NULL || schedule->activation[FORK_SHANGHAI] != FORK_NEVER);
    if (is_merged_from_start) {
        schedule->activation[FORK_PARIS] = 0;
    } else if (item != NULL) {
        schedule->has_terminal_total_difficulty = true;
        schedule->terminal_total_difficulty = difficulty;
    }
    return true;
}

static bool read_schedule(struct reader *r, struct fork_schedule *schedule, const cJSON *config) {
    if (!cJSON_IsObject(config)) return refuse(r, "config: missing");
    forks_development(schedule, 1, FORK_FRONTIER);
    if (!read_u64(r, &schedule->chain_id, config, "chainId", "config.chainId: not a number"))
        return false;
    for (size_t i = 0; i < COUNT_OF(ACTIVATIONS); i++) {
        uint64_t activation;
        if (!read_activation(r, &activation, config, ACTIVATIONS[i].name)) return false;
        schedule->activation[ACTIVATIONS[i].fork] = activation;
    }
    /* Before it was fixed there was no Petersburg in a file; it then comes with Constantinople. */
    if (cJSON_GetObjectItemCaseSensitive(config, "petersburgBlock") == NULL)
        schedule->activation[FORK_PETERSBURG] = schedule->activation[FORK_CONSTANTINOPLE];
    if (!read_activation(r, &schedule->merge_netsplit_block, config, "mergeNetsplitBlock"))
        return false;
    uint64_t dao;
    if (!read_activation(r, &dao, config, "daoForkBlock")) return false;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(config, "daoForkSupport")))
        schedule->dao_block = dao;
    return read_fixed(
               r,
               schedule->deposit_contract.b,
               20,
               config,
               "depositContractAddress",
               "config.depositContractAddress: not an address"
           ) &&
           read_bombs(r, schedule, config) && read_blobs(r, schedule, config) &&
           read_terminal(r, schedule, config);
}

/* --- accounts --------------------------------------------------------------------------------- */

static bool read_slots(struct reader *r, struct genesis_account *account, const cJSON *storage) {
    size_t count = (size_t)cJSON_GetArraySize(storage);
    struct genesis_slot *slots = arena_alloc_array(r->arena, count, sizeof *slots);
    if (slots == NULL) {
        r->err = ERR_MEMORY;
        return false;
    }
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, storage) {
        if (!cJSON_IsString(item) || !parse_number(&slots[i].key, item->string) ||
            !parse_number(&slots[i].value, item->valuestring))
            return refuse(r, "alloc: malformed storage");
        i++;
    }
    account->slots = slots;
    account->slot_count = count;
    return true;
}

static bool read_account(struct reader *r, struct genesis_account *account, const cJSON *json) {
    *account = (struct genesis_account){.nonce = 0};
    if (hex_decode_exact(account->address.b, 20, json->string, strlen(json->string)) != ERR_OK)
        return refuse(r, "alloc: a name is not an address");
    if (!read_u256(r, &account->balance, json, "balance", "alloc: malformed balance") ||
        !read_u64(r, &account->nonce, json, "nonce", "alloc: malformed nonce"))
        return false;
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(json, "code");
    if (cJSON_IsString(code)) {
        enum err err =
            hex_decode(&account->code, r->arena, code->valuestring, strlen(code->valuestring));
        if (err == ERR_MEMORY) r->err = err;
        if (err != ERR_OK) return refuse(r, "alloc: malformed code");
    }
    return read_slots(r, account, cJSON_GetObjectItemCaseSensitive(json, "storage"));
}

static bool read_accounts(struct reader *r, struct genesis *genesis, const cJSON *alloc) {
    size_t count = (size_t)cJSON_GetArraySize(alloc);
    struct genesis_account *accounts = arena_alloc_array(r->arena, count, sizeof *accounts);
    if (accounts == NULL) {
        r->err = ERR_MEMORY;
        return false;
    }
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, alloc) {
        if (!read_account(r, &accounts[i++], item)) return false;
    }
    genesis->accounts = accounts;
    genesis->account_count = count;
    return true;
}

/* --- the header ------------------------------------------------------------------------------- */

/* As in geth, a genesis has the fields of Shanghai and later by its timestamp alone, even if the
 * chain passes the terminal total difficulty only later. */
static struct fork_rules rules_of(const struct genesis *genesis) {
    const struct header *header = &genesis->header;
    bool is_london = genesis->schedule.activation[FORK_LONDON] <= header->number;
    const u256 most = U256_MAX;
    return forks_at_difficulty(
        &genesis->schedule, header->number, header->timestamp, is_london ? &most : &U256_ZERO
    );
}

/* What the fields of a header without a body are. */
static void header_begin(struct header *header, const struct fork_rules *rules) {
    header->fields = header_fields_of(rules->fork);
    header->ommers_hash = EMPTY_LIST_HASH;
    header->transactions_root = EMPTY_TRIE_ROOT;
    header->receipts_root = EMPTY_TRIE_ROOT;
    if (header->fields >= HEADER_BASE_FEE)
        header->base_fee_per_gas = u256_from_u64(BASE_FEE_INITIAL);
    if (header->fields >= HEADER_WITHDRAWALS) header->withdrawals_root = EMPTY_TRIE_ROOT;
    if (header->fields >= HEADER_REQUESTS_HASH) header->requests_hash = requests_hash(NULL, 0);
}

static bool read_extra_data(struct reader *r, struct header *header, const cJSON *json) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "extraData");
    if (item == NULL || cJSON_IsNull(item)) return true;
    bytes b;
    if (!cJSON_IsString(item) ||
        hex_decode(&b, r->arena, item->valuestring, strlen(item->valuestring)) != ERR_OK ||
        b.size > HEADER_EXTRA_DATA_SIZE_MAX)
        return refuse(r, "extraData: not up to 32 bytes");
    header->extra_data_size = (uint8_t)b.size;
    if (b.size > 0) memcpy(header->extra_data, b.data, b.size);
    return true;
}

static bool read_header(struct reader *r, struct genesis *genesis, const cJSON *json) {
    struct header *header = &genesis->header;
    *header = (struct header){.gas_limit = 5000}; /* geth's default */
    if (!read_u64(r, &header->number, json, "number", "number: not a number") ||
        !read_u64(r, &header->timestamp, json, "timestamp", "timestamp: not a number") ||
        !read_u64(r, &header->gas_limit, json, "gasLimit", "gasLimit: not a number") ||
        !read_u64(r, &header->gas_used, json, "gasUsed", "gasUsed: not a number"))
        return false;
    struct fork_rules rules = rules_of(genesis);
    header_begin(header, &rules);
    uint64_t nonce = 0;
    if (!read_u64(r, &nonce, json, "nonce", "nonce: not a number") ||
        !read_u256(r, &header->difficulty, json, "difficulty", "difficulty: not a number") ||
        !read_fixed(r, header->mix_hash.b, 32, json, "mixHash", "mixHash: not a hash") ||
        !read_fixed(r, header->mix_hash.b, 32, json, "mixhash", "mixhash: not a hash") ||
        !read_fixed(r, header->parent_hash.b, 32, json, "parentHash", "parentHash: not a hash") ||
        !read_fixed(r, header->coinbase.b, 20, json, "coinbase", "coinbase: not an address") ||
        !read_extra_data(r, header, json))
        return false;
    store_be64(header->nonce, nonce);
    if (header->fields >= HEADER_BASE_FEE &&
        !read_u256(
            r, &header->base_fee_per_gas, json, "baseFeePerGas", "baseFeePerGas: not a number"
        ))
        return false;
    if (header->fields < HEADER_BLOB_GAS) return true;
    return read_u64(
               r, &header->excess_blob_gas, json, "excessBlobGas", "excessBlobGas: not a number"
           ) &&
           read_u64(r, &header->blob_gas_used, json, "blobGasUsed", "blobGasUsed: not a number");
}

enum err genesis_from_json(
    struct genesis *genesis,
    const char **reason,
    struct arena *arena,
    const char *text,
    size_t text_size
) {
    struct genesis read = {.account_count = 0};
    /* The text need not end in a zero, but the search for one number's digits wants it to. */
    char *copy = arena_alloc(arena, text_size + 1);
    if (copy == NULL) return ERR_MEMORY;
    memcpy(copy, text, text_size);
    copy[text_size] = '\0';
    struct reader r = {.arena = arena, .text = copy};
    cJSON *json = cJSON_ParseWithLength(copy, text_size);
    if (!cJSON_IsObject(json)) {
        (void)refuse(&r, "not a JSON object");
    } else {
        (void
        )(read_schedule(&r, &read.schedule, cJSON_GetObjectItemCaseSensitive(json, "config")) &&
          read_header(&r, &read, json) &&
          read_accounts(&r, &read, cJSON_GetObjectItemCaseSensitive(json, "alloc")));
    }
    cJSON_Delete(json);
    if (r.err == ERR_OK) *genesis = read;
    if (r.err == ERR_INPUT) *reason = r.reason;
    return r.err;
}

void genesis_from_accounts(
    struct genesis *genesis,
    const struct fork_schedule *schedule,
    const struct genesis_account *accounts,
    size_t account_count,
    uint64_t gas_limit,
    uint64_t timestamp
) {
    *genesis = (struct genesis){
        .schedule = *schedule,
        .header = {.gas_limit = gas_limit, .timestamp = timestamp},
        .accounts = accounts,
        .account_count = account_count,
    };
    struct fork_rules rules = rules_of(genesis);
    header_begin(&genesis->header, &rules);
    if (rules.fork < FORK_PARIS) genesis->header.difficulty = u256_from_u64(131072);
}

/* --- system contracts ------------------------------------------------------------------------- */

/* Runtime codes from the EIPs. */
static const struct {
    const address *address;
    enum fork fork;
    const char *code[14]; /* hexadecimal, in pieces, ended by NULL */
} SYSTEM_CONTRACTS[] = {
    {&BEACON_ROOTS_ADDRESS,
     FORK_CANCUN,
     {"3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560",
      "495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff4206",
      "4281555f359062001fff015500",
      NULL}},
    {&HISTORY_STORAGE_ADDRESS,
     FORK_PRAGUE,
     {"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f3560014303811160",
      "4257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500",
      NULL}},
    {&WITHDRAWAL_REQUEST_ADDRESS,
     FORK_PRAGUE,
     {"3373fffffffffffffffffffffffffffffffffffffffe1460cb5760115f54807fffffffffffffffffffff",
      "ffffffffffffffffffffffffffffffffffffffffffff146101f457600182026001905f5b5f8211156068",
      "5781019083028483029004916001019190604d565b909390049250505036603814608857366101f45734",
      "6101f4575f5260205ff35b34106101f45760015460010160015560035480600302600401338155600101",
      "5f35815560010160203590553360601b5f5260385f601437604c5fa0600101600355005b600354600254",
      "8082038060101160df575060105b5f5b8181146101835782810160030260040181604c02815460601b81",
      "52601401816001015481526020019060020154807fffffffffffffffffffffffffffffffff0000000000",
      "0000000000000000000000168252906010019060401c908160381c81600701538160301c816006015381",
      "60281c81600501538160201c81600401538160181c81600301538160101c81600201538160081c816001",
      "01535360010160e1565b910180921461019557906002556101a0565b90505f6002555f6003555b5f5480",
      "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff14156101cd57505f5b",
      "6001546002828201116101e25750505f6101e8565b01600290035b5f555f600155604c025ff35b5f5ffd",
      NULL}},
    {&CONSOLIDATION_REQUEST_ADDRESS,
     FORK_PRAGUE,
     {"3373fffffffffffffffffffffffffffffffffffffffe1460d35760115f54807fffffffffffffffffffff",
      "ffffffffffffffffffffffffffffffffffffffffffff1461019a57600182026001905f5b5f8211156068",
      "5781019083028483029004916001019190604d565b9093900492505050366060146088573661019a5734",
      "61019a575f5260205ff35b341061019a5760015460010160015560035480600402600401338155600101",
      "5f358155600101602035815560010160403590553360601b5f5260605f60143760745fa0600101600355",
      "005b6003546002548082038060021160e7575060025b5f5b818114610129578281016004026004018160",
      "7402815460601b8152601401816001015481526020018160020154815260200190600301549052600101",
      "60e9565b910180921461013b5790600255610146565b90505f6002555f6003555b5f54807fffffffffff",
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffff141561017357505f5b600154600182",
      "8201116101885750505f61018e565b01600190035b5f555f6001556074025ff35b5f5ffd",
      NULL}},
};

void genesis_fund(
    struct genesis_account *accounts, size_t *count, const address *who, const u256 *balance_wei
) {
    size_t i = 0;
    while (i < *count && !address_equal(&accounts[i].address, who))
        i++;
    if (i == *count) accounts[(*count)++] = (struct genesis_account){.address = *who};
    accounts[i].balance = *balance_wei;
}

enum err genesis_system_accounts(
    struct genesis_account accounts[GENESIS_SYSTEM_ACCOUNT_MAX],
    size_t *count,
    struct arena *arena,
    enum fork fork
) {
    struct genesis_account made[GENESIS_SYSTEM_ACCOUNT_MAX];
    size_t made_count = 0;
    for (size_t i = 0; i < COUNT_OF(SYSTEM_CONTRACTS); i++) {
        if (fork < SYSTEM_CONTRACTS[i].fork) continue;
        char text[1024] = "";
        size_t size = 0;
        for (size_t k = 0; SYSTEM_CONTRACTS[i].code[k] != NULL; k++) {
            size_t part = strlen(SYSTEM_CONTRACTS[i].code[k]);
            memcpy(text + size, SYSTEM_CONTRACTS[i].code[k], part);
            size += part;
        }
        struct genesis_account *account = &made[made_count++];
        *account = (struct genesis_account){.address = *SYSTEM_CONTRACTS[i].address, .nonce = 1};
        enum err err = hex_decode(&account->code, arena, text, size);
        if (err != ERR_OK) return err;
    }
    memcpy(accounts, made, made_count * sizeof made[0]);
    *count = made_count;
    return ERR_OK;
}

/* --- the state -------------------------------------------------------------------------------- */

static enum err
change_of(struct state_change *change, const struct genesis_account *account, struct arena *arena) {
    *change = (struct state_change){
        .address = account->address,
        .exists = true,
        .nonce = account->nonce,
        .balance = account->balance,
        .code_hash = keccak256(account->code),
        .code = account->code,
    };
    struct map keys;
    map_open(&keys, arena, sizeof(u256), 1);
    struct state_slot *slots = arena_alloc_array(arena, account->slot_count, sizeof *slots);
    if (slots == NULL) return ERR_MEMORY;
    size_t count = 0;
    for (size_t i = 0; i < account->slot_count; i++) {
        bool is_new;
        if (map_put(&keys, &account->slots[i].key, &is_new) == NULL) return ERR_MEMORY;
        if (!is_new) return ERR_INPUT;
        if (u256_is_zero(&account->slots[i].value)) continue;
        slots[count++] = (struct state_slot){account->slots[i].key, account->slots[i].value};
    }
    change->slots = slots;
    change->slot_count = count;
    return ERR_OK;
}

enum err genesis_commit(
    struct genesis *genesis, struct state *state, struct source_memory *sink, struct arena *arena
) {
    size_t count = genesis->account_count;
    struct map addresses;
    map_open(&addresses, arena, sizeof(address), 1);
    struct state_change *changes = arena_alloc_array(arena, count, sizeof *changes);
    if (changes == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        bool is_new;
        if (map_put(&addresses, &genesis->accounts[i].address, &is_new) == NULL) return ERR_MEMORY;
        if (!is_new) return ERR_INPUT;
        enum err err = change_of(&changes[i], &genesis->accounts[i], arena);
        if (err != ERR_OK) return err;
    }
    return state_apply(state, &genesis->header.state_root, sink, changes, count);
}
