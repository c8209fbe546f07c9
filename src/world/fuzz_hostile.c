/* Two rollups whose genesis, open block, payloads and calls somebody made up. What the rollups make
 * of them must be a verdict, whatever it is; and what one who has the whole state calls a fact must
 * be one to verify_input, who has a witness. */
#include "world/test_network.h"

#define ROLLUPS     2u
#define CHANGES_MAX 12u
#define ACTIONS_MAX 8u
#define TXS_MAX     3u
#define GAS_MAX     0x3fffffu /* so that one input does not run for long */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bytes input;
static struct arena *arena;
static struct network net;

/* --- what the input says ---------------------------------------------------------------------- */

static bytes take(size_t size) {
    bytes taken = bytes_slice(input, 0, size);
    input = bytes_slice(input, taken.size, SIZE_MAX);
    return taken;
}

static uint64_t number(size_t size) {
    uint64_t n = 0;
    bytes taken = take(size);
    for (size_t i = 0; i < taken.size; i++)
        n = n << 8 | taken.data[i];
    return n;
}

static u256 amount(void) {
    u256 raw;
    switch (number(1) % 8) {
    case 0:
        return U256_ZERO;
    case 1:
        return U256_MAX;
    case 2:
        return ETHER;
    case 3:
        raw = ETHER;
        return u256_sub(&U256_MAX, &raw);
    case 4:
        return (u256){{0, 0, 1, 0}};
    case 5:
        raw = u256_load_be_short(take(32));
        return raw;
    default:
        return u256_from_u64(number(1));
    }
}

static uint64_t quantity(void) {
    switch (number(1) % 4) {
    case 0:
        return UINT64_MAX - number(1);
    case 1:
        return number(8);
    default:
        return number(3);
    }
}

static address somebody(void) {
    const address contracts[] = {
        RELAY,
        TRY,
        VIEW,
        COUNTER,
        REVERTER,
        READER,
        ASKER,
        net.user,
        SYSTEM_PREDEPLOY,
        ANCHOR_PREDEPLOY,
        L2HUB_PREDEPLOY,
        XCALL_ADDRESS,
        SYSTEM_ADDRESS,
        HISTORY_STORAGE_ADDRESS,
        TEST_CONTRACT(40),
    };
    size_t count = sizeof(contracts) / sizeof(contracts[0]);
    size_t index = (size_t)number(1);
    address it = contracts[index % count];
    return index < 200 ? it : rollup_proxy(index % 3, contracts[(index / 3) % count]);
}

/* Calldata that the test contracts understand, or anything. */
static bytes call_data(void) {
    bytes inner = take(number(1) % 40);
    for (uint64_t depth = number(1) % 4; depth > 0; depth--) {
        address target = somebody();
        inner = number(1) % 4 == 0 ? viewed(&net, target, inner)
                                   : relayed(&net, target, number(1), inner);
    }
    return inner;
}

/* --- a rollup --------------------------------------------------------------------------------- */

struct hostile {
    struct genesis genesis;
    struct genesis_account accounts[64];
    struct genesis_slot system_slots[SYSTEM_SLOT_COUNT];
    struct genesis_slot slots[CHANGES_MAX];
    size_t slot_count;
    struct open_block open;
    struct source_memory *memory;
    struct source_memory overlay;
    struct rollup *rollup;
    hash32 head;
    struct update update;
    struct update_context context;
    bytes anchor;
};

static struct hostile *hostiles;

static struct genesis_account *account_of(struct hostile *h, const address *who) {
    for (size_t i = 0; i < h->genesis.account_count; i++)
        if (address_equal(&h->accounts[i].address, who)) return &h->accounts[i];
    if (h->genesis.account_count == sizeof(h->accounts) / sizeof(h->accounts[0])) return NULL;
    struct genesis_account *account = &h->accounts[h->genesis.account_count++];
    *account = (struct genesis_account){.address = *who};
    return account;
}

static void change_account(struct hostile *h) {
    address who = somebody();
    struct genesis_account *account = account_of(h, &who);
    if (account == NULL) return;
    switch (number(1) % 4) {
    case 0:
        account->balance = amount();
        break;
    case 1:
        account->nonce = quantity();
        break;
    case 2:
        account->code = take(number(1));
        break;
    default:
        /* The parameters that a verifier compares are its own affair (test_tamper.c). */
        if (address_equal(&who, &SYSTEM_PREDEPLOY)) {
            /* Not its kind: these are EVM rollups. */
            uint64_t slot = SYSTEM_FORK + number(1) % (SYSTEM_KIND - SYSTEM_FORK);
            h->system_slots[slot].value = amount();
        } else if (account->slot_count == 0 && h->slot_count < CHANGES_MAX) {
            struct genesis_slot *slot = &h->slots[h->slot_count++];
            *slot = (struct genesis_slot){u256_from_u64(number(1)), amount()};
            account->slots = slot;
            account->slot_count = 1;
        }
    }
}

static void change_open_block(struct hostile *h) {
    struct header *header = &h->open.header;
    switch (number(1) % 8) {
    case 0:
        header->gas_limit = quantity();
        break;
    case 1:
        header->timestamp = quantity();
        break;
    case 2:
        header->number = quantity();
        break;
    case 3:
        header->base_fee_per_gas = amount();
        break;
    case 4:
        header->coinbase = somebody();
        break;
    default:
        return;
    }
    must(open_block_begin(&h->open, arena, header));
}

static void gather(struct hostile *h) {
    struct receipt receipt = {.type = TX_DYNAMIC_FEE, .cumulative_gas_used = quantity()};
    bytes encoded;
    must(receipt_encode(&encoded, arena, &receipt));
    bytes tx = take(1 + number(1) % 64);
    if (tx.size == 0) return;
    must(open_block_gather(&h->open, arena, tx, encoded, receipt.cumulative_gas_used));
}

static void begin_hostile(struct hostile *h, uint64_t rollup_id) {
    const struct genesis_account funded = {.address = net.user, .balance = ETHER};
    struct fork_schedule parent_schedule;
    forks_development(&parent_schedule, NETWORK_CHAIN_ID, FORK_OSAKA);
    struct rollup_genesis_options options = {
        .rollup_id = rollup_id,
        .chain_id = NETWORK_CHAIN_ID + rollup_id,
        .parent_chain_id = NETWORK_CHAIN_ID,
        .parent_schedule = &parent_schedule,
        .hub = net.hub,
        .block_gas_limit = NETWORK_GAS_LIMIT,
        .timestamp = NETWORK_TIMESTAMP,
        .accounts = &funded,
        .account_count = 1,
    };
    u256 ether_wei;
    must(rollup_genesis(&h->genesis, &h->open, &ether_wei, arena, &options));
    memcpy(h->accounts, h->genesis.accounts, h->genesis.account_count * sizeof(h->accounts[0]));
    h->genesis.account_count += test_contracts(&h->accounts[h->genesis.account_count]);
    static const address CALLED[] = {TEST_CONTRACT(1), TEST_CONTRACT(2), TEST_CONTRACT(4)};
    for (uint64_t chain = 0; chain <= ROLLUPS; chain++) {
        for (size_t i = 0; i < 3 && chain != rollup_id; i++) {
            bytes code;
            must(proxy_runtime(&code, arena, &L2HUB_PREDEPLOY, chain, &CALLED[i]));
            h->accounts[h->genesis.account_count++] =
                test_contract(rollup_proxy(chain, CALLED[i]), code.data, code.size);
        }
    }
    h->genesis.accounts = h->accounts;
    struct genesis_account *system = account_of(h, &SYSTEM_PREDEPLOY);
    memcpy(h->system_slots, system->slots, sizeof(h->system_slots));
    system->slots = h->system_slots;
    for (uint64_t changes = number(1) % CHANGES_MAX; changes > 0; changes--)
        change_account(h);
    change_open_block(h);
    for (uint64_t count = number(1) % 3; count > 0; count--)
        gather(h);
    hash32 commitment = open_block_commitment(&h->open);
    h->system_slots[SYSTEM_OPEN_BLOCK].value = u256_load_be(commitment.b);
    h->memory = (struct source_memory *)commit_genesis(&net, &h->genesis);
    h->head = h->genesis.header.state_root;
    source_memory_open(&h->overlay, arena, &h->memory->source);
    const struct rollup_options with = {
        .arena = arena,
        .rollup_id = rollup_id,
        .chain_id = options.chain_id,
        .overlay = &h->overlay,
    };
    h->rollup = rollup_open(&EVM_ROLLUP_TYPE, &with);
    CHECK(h->rollup != NULL);
    enum step_verdict verdict;
    must(rollup_add_head(h->rollup, &verdict, &h->head, &h->open));
    CHECK(verdict == STEP_OK);
}

/* Makes the transaction a conditional one, which the block may hold or not; maybe the update
 * imports what it asks for. */
static void put_conditions(struct hostile *h, struct tx *tx) {
    hash32 *slots = arena_alloc_zero(arena, 2 * sizeof(*slots));
    const uint64_t next = h->open.header.number + 1;
    const uint64_t bits = number(1);
    CHECK(slots != NULL);
    tx->type = TX_CONDITIONAL;
    tx->first_block = (bits & 1) == 0 ? 0 : next + number(1) % 3 - 1;
    tx->last_block = (bits & 2) == 0 ? UINT64_MAX : next + number(1) % 3;
    tx->max_priority_fee_per_gas = u256_from_u64(bits);
    tx->priority_fee_decay = (bits & 4) == 0 ? U256_ZERO : amount();
    slots[1].b[0] = (uint8_t)(bits >> 4);
    tx->message_slots = slots;
    tx->message_slot_count = bits >> 3 & 1;
    tx->message_slot_count += bits >> 4 & 1;
    if ((bits & 0xe0) == 0) return;
    h->update.message_slots = slots;
    h->update.message_slot_count = 1 + (bits >> 5 & 1);
}

static void make_update(struct hostile *h, uint64_t rollup_id) {
    struct header anchor = {
        .fields = HEADER_REQUESTS_HASH,
        .number = number(1),
        .timestamp = NETWORK_TIMESTAMP,
    };
    bytes txs[TXS_MAX];
    size_t count = number(1) % (TXS_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        const uint64_t kind = number(1);
        if (kind % 4 == 0) {
            txs[i] = take(number(1));
            continue;
        }
        address to = somebody();
        struct tx tx = *network_sign(
            &net, NETWORK_CHAIN_ID + rollup_id, &USER_KEY, i, to, number(1), call_data()
        );
        tx.gas_limit = number(3) & GAS_MAX;
        if (kind >= 0xc0) put_conditions(h, &tx);
        must(tx_sign(&tx, arena, &USER_KEY));
        must(tx_encode(&txs[i], arena, &tx));
    }
    struct payload_block blocks[2] = {{.timestamp = NETWORK_TIMESTAMP}};
    size_t block_count = 1 + number(1) % 2;
    blocks[block_count - 1] = (struct payload_block){
        .timestamp = NETWORK_TIMESTAMP + number(1) % 16,
        .fee_recipient = somebody(),
        .txs = txs,
        .tx_count = count,
    };
    struct payload payload = {blocks, block_count};
    must(payload_encode(&h->update.payload, arena, &payload));
    const uint64_t how = number(1);
    if (how % 16 == 0)
        h->update.payload = take(number(1));
    else
        h->update.forced = (uint16_t)(how / 16); /* also more than there are */
    for (size_t i = 0; i < h->update.forced; i++) {
        const bytes tx = i < count ? txs[i] : BYTES_EMPTY;
        h->context.forced_hash = update_forced_hash(&h->context.forced_hash, tx);
    }
    must(header_encode(&h->anchor, arena, &anchor));
    h->context.anchor_hash = keccak256(h->anchor);
    h->update.rollup_id = rollup_id;
    h->update.anchor_number = anchor.number;
    h->update.timestamp = blocks[block_count - 1].timestamp;
    must(rollup_add_update(h->rollup, &h->update, h->anchor));
}

/* --- facts ------------------------------------------------------------------------------------ */

static enum err find(void *context, struct rollup **rollup, hash32 *head, uint64_t rollup_id) {
    (void)context;
    *rollup = NULL;
    if (rollup_id == 0 || rollup_id > ROLLUPS) return ERR_OK;
    *rollup = hostiles[rollup_id - 1].rollup;
    *head = hostiles[rollup_id - 1].head;
    return ERR_OK;
}

static struct rollup *find_head(void *context, const hash32 *head) {
    (void)context;
    for (size_t i = 0; i < ROLLUPS; i++)
        if (rollup_at(hostiles[i].rollup, head) != NULL) return hostiles[i].rollup;
    return NULL;
}

static struct action some_action(void) {
    uint64_t rollup_id = 1 + number(1) % ROLLUPS;
    struct action action = {.rollup_id = rollup_id};
    switch (number(1) % 8) {
    case 0: {
        struct hostile *h = &hostiles[rollup_id - 1];
        must(update_action(&action, arena, &h->update, &h->context));
        break;
    }
    case 1:
    case 2:
        action.kind = ACTION_RESULT;
        action.source_rollup_id = number(1) % 16 == 0;
        action.gas = number(2);
        action.failed = number(1) % 2 == 0;
        action.data = take(number(1) % 64);
        break;
    case 3:
        action.kind = (enum action_kind)(number(1) % (ACTION_REVERT_CONTINUE + 1));
        action.data = take(number(1));
        break;
    default:
        action.kind = ACTION_CALL;
        action.target = somebody();
        action.source_rollup_id = number(1) % (ROLLUPS + 1);
        action.source = somebody();
        action.value_wei = amount();
        action.gas = number(3) & GAS_MAX;
        action.is_static = number(1) % 4 == 0;
        action.data = call_data();
    }
    return action;
}

/* False: out of memory. */
static bool derive(struct batch *batch) {
    struct action action = some_action();
    struct fact_rollups rollups = {.find = find, .find_head = find_head};
    struct fact fact;
    enum err err = fact_derive(&fact, arena, &rollups, &action);
    CHECK(err == ERR_OK || err == ERR_MEMORY);
    if (err != ERR_OK) return false;
    if (fact.verdict != STEP_OK) return true;
    for (size_t i = 0; i < fact.entry.transition_count; i++)
        hostiles[fact.entry.transitions[i].rollup_id - 1].head = fact.entry.transitions[i].post;
    must(entry_copy(&batch->entries[batch->entry_count++], arena, &fact.entry));
    return true;
}

/* The witness is the whole state: more than is needed. */
static void
verify(const struct batch *batch, const struct update_context *contexts, struct witness *witness) {
    const struct verify_options lax = {.allows_surplus = true};
    struct verify_result result;
    bytes encoded;
    size_t offset;
    const struct verify_claim claim = {NETWORK_CHAIN_ID, net.hub, batch, contexts, witness, NULL};
    enum err err = verify_make_input(&encoded, &offset, arena, &claim);
    if (err == ERR_OK) err = verify_input(&result, arena, &lax, encoded);
    CHECK(err == ERR_MEMORY || (err == ERR_OK && result.verdict == VERIFY_OK));
}

static void run(void) {
    struct update updates[ROLLUPS];
    struct entry entries[ACTIONS_MAX];
    struct witness_head heads[ROLLUPS];
    bytes headers[ROLLUPS];
    struct update_context contexts[ROLLUPS] = {0};
    struct batch batch = {.updates = updates, .update_count = ROLLUPS, .entries = entries};
    struct witness witness = {
        .heads = heads, .head_count = ROLLUPS, .headers = headers, .header_count = ROLLUPS};
    witness.nodes = arena_alloc_array(arena, 4096, sizeof(bytes));
    witness.codes = arena_alloc_array(arena, 4096, sizeof(bytes));
    for (uint64_t id = 1; id <= ROLLUPS; id++) {
        struct hostile *h = &hostiles[id - 1];
        begin_hostile(h, id);
        make_update(h, id);
        updates[id - 1] = h->update;
        headers[id - 1] = h->anchor;
        contexts[id - 1] = h->context;
        heads[id - 1] = (struct witness_head){.rollup_id = id, .head = h->head};
        must(open_block_encode(&heads[id - 1].open_block, arena, &h->open));
        hash32 hash;
        for (uint32_t i = 0; i < source_memory_node_count(h->memory); i++)
            source_memory_node_at(h->memory, i, &hash, &witness.nodes[witness.node_count++]);
        for (uint32_t i = 0; i < source_memory_code_count(h->memory); i++)
            source_memory_code_at(h->memory, i, &hash, &witness.codes[witness.code_count++]);
    }
    for (size_t i = 0; i < ACTIONS_MAX && input.size > 0; i++)
        if (!derive(&batch)) return;
    verify(&batch, contexts, &witness);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena room;
    arena_open(&room, (size_t)1 << 28);
    arena = &room;
    input = bytes_of(data, size);
    net = (struct network){.arena = arena, .hub = TEST_CONTRACT(30)};
    must(secp256k1_address_of(&net.user, &USER_KEY));
    hostiles = arena_alloc_zero(arena, ROLLUPS * sizeof(*hostiles));
    CHECK(hostiles != NULL);
    run();
    arena_close(&room);
    return 0;
}
