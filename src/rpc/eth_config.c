/* eth_config (EIP-7910): the fork that holds, the next, and the last that is known. */
#include "chain/block.h"
#include "rpc/lookup.h"
#include "rpc/methods.h"

/* --- when forks begin ------------------------------------------------------------------------- */

/* Forks by time, changes of blob parameters among them. */
struct moments {
    uint64_t at[FORK_COUNT + BLOB_SCHEDULE_MAX]; /* ascending, each once */
    size_t count;
};

static void insert(uint64_t *list, size_t *count, uint64_t value) {
    size_t i = *count;
    for (size_t k = 0; k < *count; k++)
        if (list[k] == value) return;
    for (; i > 0 && list[i - 1] > value; i--)
        list[i] = list[i - 1];
    list[i] = value;
    (*count)++;
}

static struct moments moments_of(const struct fork_schedule *schedule) {
    struct moments moments = {.count = 0};
    for (int f = FORK_SHANGHAI; f < FORK_COUNT; f++)
        if (schedule->activation[f] != FORK_NEVER)
            insert(moments.at, &moments.count, schedule->activation[f]);
    for (unsigned i = 0; i < schedule->blob_count; i++)
        insert(moments.at, &moments.count, schedule->blobs[i].timestamp);
    return moments;
}

/* --- the fork id ------------------------------------------------------------------------------ */

/* CRC-32 (IEEE 802.3), one bit at a time: it is over some 200 bytes. Begins and goes on with the
 * value of what came before; 0 is that of nothing. */
static uint32_t checksum(uint32_t crc, bytes data) {
    crc = ~crc;
    for (size_t i = 0; i < data.size; i++) {
        crc ^= data.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

static uint32_t checksum_number(uint32_t crc, uint64_t value) {
    uint8_t be[8];
    for (int i = 0; i < 8; i++)
        be[i] = (uint8_t)(value >> (56 - 8 * i));
    return checksum(crc, bytes_of(be, sizeof(be)));
}

/* EIP-2124 and EIP-6122: over the genesis hash, all forks by number, and those by time up to one
 * moment; what began with the genesis block is no fork. */
static uint32_t fork_id(
    const struct fork_schedule *schedule,
    const struct moments *moments,
    const struct rpc_block *genesis,
    uint64_t until
) {
    uint64_t numbers[FORK_COUNT + BOMB_SCHEDULE_MAX + 2];
    size_t count = 0;
    for (int f = FORK_FRONTIER + 1; f < FORK_PARIS; f++)
        if (schedule->activation[f] != FORK_NEVER) insert(numbers, &count, schedule->activation[f]);
    for (unsigned i = 0; i < schedule->bomb_count; i++)
        insert(numbers, &count, schedule->bombs[i].number);
    if (schedule->dao_block != FORK_NEVER) insert(numbers, &count, schedule->dao_block);
    if (schedule->merge_netsplit_block != FORK_NEVER)
        insert(numbers, &count, schedule->merge_netsplit_block);
    uint32_t crc = checksum(0, hash32_bytes(&genesis->hash));
    for (size_t i = 0; i < count; i++)
        if (numbers[i] != 0) crc = checksum_number(crc, numbers[i]);
    for (size_t i = 0; i < moments->count && moments->at[i] <= until; i++)
        if (moments->at[i] > genesis->header->timestamp) crc = checksum_number(crc, moments->at[i]);
    return crc;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Names as EIP-7910 has them. */
static const struct {
    const char *name;
    uint16_t number; /* the address */
} PRECOMPILES[] = {
    {"ECREC", 0x01},
    {"SHA256", 0x02},
    {"RIPEMD160", 0x03},
    {"ID", 0x04},
    {"MODEXP", 0x05},
    {"BN254_ADD", 0x06},
    {"BN254_MUL", 0x07},
    {"BN254_PAIRING", 0x08},
    {"BLAKE2F", 0x09},
    {"KZG_POINT_EVALUATION", 0x0a},
    {"BLS12_G1ADD", 0x0b},
    {"BLS12_G1MSM", 0x0c},
    {"BLS12_G2ADD", 0x0d},
    {"BLS12_G2MSM", 0x0e},
    {"BLS12_PAIRING_CHECK", 0x0f},
    {"BLS12_MAP_FP_TO_G1", 0x10},
    {"BLS12_MAP_FP2_TO_G2", 0x11},
    {"P256VERIFY", 0x100},
};

static void write_precompiles(struct json_writer *w, enum fork fork) {
    json_object_begin(w);
    for (size_t i = 0; i < sizeof(PRECOMPILES) / sizeof(*PRECOMPILES); i++) {
        unsigned number = PRECOMPILES[i].number;
        address where = {{[18] = (uint8_t)(number >> 8), [19] = (uint8_t)number}};
        if (!evm_is_precompile(fork, &where)) continue;
        json_key_text(w, PRECOMPILES[i].name, strlen(PRECOMPILES[i].name));
        json_address(w, &where);
    }
    json_object_end(w);
}

static void write_system_contracts(struct json_writer *w, const struct fork_rules *rules) {
    json_object_begin(w);
    if (rules->fork >= FORK_CANCUN)
        json_member_address(w, "BEACON_ROOTS_ADDRESS", &BEACON_ROOTS_ADDRESS);
    if (rules->fork >= FORK_PRAGUE) {
        json_member_address(
            w, "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS", &CONSOLIDATION_REQUEST_ADDRESS
        );
        json_member_address(w, "DEPOSIT_CONTRACT_ADDRESS", &rules->deposit_contract);
        json_member_address(w, "HISTORY_STORAGE_ADDRESS", &HISTORY_STORAGE_ADDRESS);
        json_member_address(w, "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS", &WITHDRAWAL_REQUEST_ADDRESS);
    }
    json_object_end(w);
}

static void write_blobs(struct json_writer *w, const struct fork_rules *rules) {
    if (rules->fork < FORK_CANCUN) {
        json_null(w);
        return;
    }
    json_object_begin(w);
    json_key(w, "target");
    json_decimal(w, rules->blob.target);
    json_key(w, "max");
    json_decimal(w, rules->blob.max);
    json_key(w, "baseFeeUpdateFraction");
    json_decimal(w, rules->blob.base_fee_update_fraction);
    json_object_end(w);
}

static void write_config(
    struct rpc_call *call,
    const struct moments *moments,
    const struct rpc_block *genesis,
    uint64_t moment
) {
    struct json_writer *w = call->out;
    const struct fork_schedule *schedule = call->chain->schedule;
    /* By time alone: a fork by time comes after all those by number. */
    struct fork_rules rules = forks_at(schedule, INT64_MAX, moment);
    uint32_t id = fork_id(schedule, moments, genesis, moment);
    uint8_t id_bytes[4] = {
        (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    json_object_begin(w);
    json_key(w, "activationTime");
    json_decimal(w, moment <= genesis->header->timestamp ? 0 : moment);
    json_key(w, "blobSchedule");
    write_blobs(w, &rules);
    json_member_quantity_u64(w, "chainId", call->chain->chain_id);
    json_member_data(w, "forkId", bytes_of(id_bytes, sizeof(id_bytes)));
    json_key(w, "precompiles");
    write_precompiles(w, rules.fork);
    json_key(w, "systemContracts");
    write_system_contracts(w, &rules);
    json_object_end(w);
}

static void write_or_null(
    struct rpc_call *call,
    const struct moments *moments,
    const struct rpc_block *genesis,
    bool is_there,
    size_t index
) {
    if (is_there)
        write_config(call, moments, genesis, moments->at[index]);
    else
        json_null(call->out);
}

enum rpc_status eth_config(struct rpc_call *call) {
    const struct rpc_block *genesis;
    const struct rpc_block *newest;
    struct rpc_block_id first = {.kind = RPC_BLOCK_EARLIEST};
    struct rpc_block_id latest = {.kind = RPC_BLOCK_LATEST};
    if (call->chain->schedule == NULL) return rpc_fail_err(&call->request, ERR_UNSUPPORTED);
    enum rpc_status status = lookup_block(call, &genesis, &first, 0);
    if (status == RPC_OK) status = lookup_block(call, &newest, &latest, 0);
    if (status != RPC_OK) return status;
    if (genesis == NULL || newest == NULL) return rpc_fail_err(&call->request, ERR_MISSING);
    struct moments moments = moments_of(call->chain->schedule);
    size_t begun = 0;
    while (begun < moments.count && moments.at[begun] <= newest->header->timestamp)
        begun++;
    bool has_next = begun < moments.count;
    json_object_begin(call->out);
    json_key(call->out, "current");
    write_or_null(call, &moments, genesis, begun > 0, begun - 1);
    json_key(call->out, "next");
    write_or_null(call, &moments, genesis, has_next, begun);
    json_key(call->out, "last");
    write_or_null(call, &moments, genesis, has_next, moments.count - 1);
    json_object_end(call->out);
    return RPC_OK;
}
