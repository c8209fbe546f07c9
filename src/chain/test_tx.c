/* Tests of chain/tx.c and chain/tx_rules.c. */
#include "chain/tx.h"

#include "crypto/secp256k1.h"

#include "chain/test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_open(&arena, 64 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct fork_rules rules_of(enum fork fork, uint64_t chain_id) {
    struct fork_schedule schedule;
    forks_development(&schedule, chain_id, fork);
    return forks_at(&schedule, 1, 1);
}

static hash32 key_of(uint8_t last) {
    hash32 key = {{0}};
    key.b[31] = last;
    return key;
}

/* A transaction of the type with every list filled. */
static struct tx example(enum tx_type type) {
    static hash32 keys[2];
    static hash32 blob_hashes[2];
    static struct tx_access access_list[2];
    static struct tx_authorization authorizations[1];
    keys[0] = key_of(1);
    keys[1] = key_of(255);
    blob_hashes[0] = key_of(7);
    blob_hashes[0].b[0] = 1;
    blob_hashes[1] = blob_hashes[0];
    access_list[0] = (struct tx_access){.address = {{1, 2, 3}}, .keys = keys, .key_count = 2};
    access_list[1] = (struct tx_access){.address = {{9}}};
    authorizations[0] =
        (struct tx_authorization){.chain_id = u256_from_u64(5), .address = {{0xaa}}, .nonce = 7};
    hash32 authority_key = key_of(3);
    assert_int_equal(tx_authorization_sign(&authorizations[0], &authority_key), ERR_OK);
    struct tx tx = {
        .type = type,
        .is_protected = type != TX_DEPOSIT,
        .chain_id = type != TX_DEPOSIT ? 5 : 0,
        .nonce = type != TX_DEPOSIT ? 300 : 0,
        .gas_limit = 500000,
        .to = {{0xde, 0xad}},
        .value = u256_from_u64(1000000000000000000),
        .data = bytes_of("\x00\x01\x02", 3),
    };
    if (type == TX_DEPOSIT) {
        tx.source_hash = key_of(9);
        tx.from = (address){{0x77}};
        tx.mint = u256_from_u64(12345);
        tx.is_system = true;
        return tx;
    }
    tx.max_fee_per_gas = u256_from_u64(2000000000);
    tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
    if (type >= TX_ACCESS_LIST) {
        tx.access_list = access_list;
        tx.access_count = 2;
    }
    if (type >= TX_DYNAMIC_FEE) tx.max_priority_fee_per_gas = u256_from_u64(1000);
    if (type == TX_BLOB) {
        tx.max_fee_per_blob_gas = u256_from_u64(3);
        tx.blob_versioned_hashes = blob_hashes;
        tx.blob_count = 2;
    }
    if (type == TX_SET_CODE) {
        tx.authorization_list = authorizations;
        tx.authorization_count = 1;
    }
    if (type == TX_CONDITIONAL) {
        tx.first_block = 100;
        tx.last_block = 200;
        tx.priority_fee_decay = u256_from_u64(300);
        tx.message_slots = keys;
        tx.message_slot_count = 2;
    }
    hash32 key = key_of(1);
    assert_int_equal(tx_sign(&tx, &arena, &key), ERR_OK);
    return tx;
}

static const enum tx_type TYPES[] = {
    TX_LEGACY, TX_ACCESS_LIST, TX_DYNAMIC_FEE, TX_BLOB, TX_SET_CODE, TX_CONDITIONAL, TX_DEPOSIT};

static enum tx_verdict decode(struct tx *tx, bytes encoding) {
    enum tx_verdict verdict;
    assert_int_equal(tx_decode(tx, &verdict, &arena, encoding), ERR_OK);
    return verdict;
}

static void every_type_survives_a_round_trip(void **state) {
    (void)state;
    /* Private key 1; the address is that of the generator point (SEC 2, eth_account). */
    static const address signer = {{0x7e, 0x5f, 0x45, 0x52, 0x09, 0x1a, 0x69, 0x12, 0x5d, 0x5d,
                                    0xfc, 0xb7, 0xb8, 0xc2, 0x65, 0x90, 0x29, 0x39, 0x5b, 0xdf}};
    struct fork_rules rules = rules_of(FORK_PRAGUE, 5);
    rules.has_conditional = true;
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        struct tx tx = example(TYPES[i]);
        bytes encoding;
        bytes again;
        assert_int_equal(tx_encode(&encoding, &arena, &tx), ERR_OK);
        struct tx decoded;
        assert_int_equal(decode(&decoded, encoding), TX_OK);
        assert_int_equal(decoded.type, TYPES[i]);
        assert_int_equal(tx_encode(&again, &arena, &decoded), ERR_OK);
        assert_true(bytes_equal(encoding, again));
        assert_int_equal(decoded.nonce, tx.nonce);
        assert_int_equal(decoded.access_count, tx.access_count);
        assert_int_equal(decoded.blob_count, tx.blob_count);
        assert_int_equal(decoded.authorization_count, tx.authorization_count);
        assert_int_equal(decoded.is_system, tx.is_system);
        assert_int_equal(decoded.first_block, tx.first_block);
        assert_int_equal(decoded.last_block, tx.last_block);
        assert_true(u256_equal(&decoded.priority_fee_decay, &tx.priority_fee_decay));
        assert_int_equal(decoded.message_slot_count, tx.message_slot_count);
        assert_int_equal(tx_check(&decoded, &rules), TX_OK);
        address sender;
        enum tx_verdict verdict;
        assert_int_equal(tx_sender(&sender, &verdict, &arena, &decoded, &rules), ERR_OK);
        assert_int_equal(verdict, TX_OK);
        assert_true(address_equal(&sender, TYPES[i] == TX_DEPOSIT ? &tx.from : &signer));
    }
}

static void no_cut_or_longer_encoding_decodes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        struct tx tx = example(TYPES[i]);
        bytes encoding;
        assert_int_equal(tx_encode(&encoding, &arena, &tx), ERR_OK);
        uint8_t *longer = arena_alloc(&arena, encoding.size + 1);
        memcpy(longer, encoding.data, encoding.size);
        longer[encoding.size] = 0x80;
        struct tx decoded;
        for (size_t size = 0; size <= encoding.size + 1; size++) {
            if (size == encoding.size) continue;
            assert_int_not_equal(decode(&decoded, bytes_of(longer, size)), TX_OK);
        }
    }
}

static void decoding_survives_every_lack_of_memory(enum tx_type type) {
    struct tx tx = example(type);
    bytes encoding;
    assert_int_equal(tx_encode(&encoding, &arena, &tx), ERR_OK);
    _Alignas(16) uint8_t region[4096];
    bool is_ok = false;
    for (size_t size = 0; size <= sizeof region && !is_ok; size += 16) {
        struct arena small;
        arena_open_region(&small, region, size);
        struct tx decoded;
        enum tx_verdict verdict;
        enum err err = tx_decode(&decoded, &verdict, &small, encoding);
        assert_true(err == ERR_OK || err == ERR_MEMORY);
        is_ok = err == ERR_OK;
        if (is_ok) assert_int_equal(verdict, TX_OK);
        arena_close(&small);
    }
    assert_true(is_ok);
}

static void lists_survive_every_lack_of_memory(void **state) {
    (void)state;
    decoding_survives_every_lack_of_memory(TX_SET_CODE);
    decoding_survives_every_lack_of_memory(TX_CONDITIONAL);
}

static void blob_network_form_is_named(void **state) {
    (void)state;
    /* type 3, rlp([[...], 1]) */
    static const uint8_t encoding[] = {0x03, 0xc2, 0xc0, 0x01};
    struct tx decoded;
    assert_int_equal(decode(&decoded, bytes_of(encoding, sizeof encoding)), TX_BLOB_SIDECAR);
}

static void forks_refuse_types_they_do_not_know(void **state) {
    (void)state;
    static const struct {
        enum tx_type type;
        enum fork first;
        enum tx_verdict before;
    } cases[] = {
        {TX_ACCESS_LIST, FORK_BERLIN, TX_TYPE_1_PRE_FORK},
        {TX_DYNAMIC_FEE, FORK_LONDON, TX_TYPE_2_PRE_FORK},
        {TX_BLOB, FORK_CANCUN, TX_TYPE_3_PRE_FORK},
        {TX_SET_CODE, FORK_PRAGUE, TX_TYPE_4_PRE_FORK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tx tx = example(cases[i].type);
        for (int f = 0; f < FORK_COUNT; f++) {
            struct fork_rules rules = rules_of((enum fork)f, 5);
            enum tx_verdict expected = f >= (int)cases[i].first ? TX_OK : cases[i].before;
            assert_int_equal(tx_check(&tx, &rules), expected);
        }
    }
}

static void rules_name_what_they_refuse(void **state) {
    (void)state;
    struct fork_rules osaka = rules_of(FORK_OSAKA, 5);
    struct fork_rules prague = rules_of(FORK_PRAGUE, 5);
    struct tx tx = example(TX_DYNAMIC_FEE);
    tx.nonce = UINT64_MAX;
    assert_int_equal(tx_check(&tx, &osaka), TX_NONCE_MAX);
    tx = example(TX_DYNAMIC_FEE);
    tx.gas_limit = TX_GAS_LIMIT_MAX + 1;
    assert_int_equal(tx_check(&tx, &osaka), TX_GAS_LIMIT_CAP);
    assert_int_equal(tx_check(&tx, &prague), TX_OK);
    tx.gas_limit = tx_intrinsic_gas(&tx, FORK_OSAKA) - 1;
    assert_int_equal(tx_check(&tx, &osaka), TX_INTRINSIC_GAS);
    tx = example(TX_DYNAMIC_FEE);
    tx.max_priority_fee_per_gas = u256_add(&tx.max_fee_per_gas, &U256_ONE);
    assert_int_equal(tx_check(&tx, &osaka), TX_TIP_ABOVE_FEE_CAP);
    tx = example(TX_DYNAMIC_FEE);
    tx.is_create = true;
    uint8_t *initcode = arena_alloc_zero(&arena, TX_INITCODE_SIZE_MAX + 1);
    tx.data = bytes_of(initcode, TX_INITCODE_SIZE_MAX + 1);
    tx.gas_limit = 10000000;
    assert_int_equal(tx_check(&tx, &osaka), TX_INITCODE_SIZE);
    tx.data.size--;
    assert_int_equal(tx_check(&tx, &osaka), TX_OK);
    tx = example(TX_BLOB);
    hash32 hashes[10];
    for (size_t i = 0; i < 10; i++)
        hashes[i] = tx.blob_versioned_hashes[0];
    tx.blob_versioned_hashes = hashes;
    tx.blob_count = 7;
    assert_int_equal(tx_check(&tx, &osaka), TX_BLOB_COUNT);
    assert_int_equal(tx_check(&tx, &prague), TX_OK);
    tx.blob_count = 10;
    assert_int_equal(tx_check(&tx, &prague), TX_BLOB_COUNT);
    tx.blob_count = 0;
    assert_int_equal(tx_check(&tx, &prague), TX_NO_BLOBS);
    tx.blob_count = 1;
    hashes[0].b[0] = 2;
    assert_int_equal(tx_check(&tx, &prague), TX_BLOB_HASH_VERSION);
    tx = example(TX_SET_CODE);
    tx.authorization_count = 0;
    assert_int_equal(tx_check(&tx, &prague), TX_NO_AUTHORIZATIONS);
}

static void gas_follows_the_forks(void **state) {
    (void)state;
    struct tx tx = {.data = bytes_of("\x00\x01\x02", 3)};
    assert_int_equal(tx_intrinsic_gas(&tx, FORK_FRONTIER), 21000 + 4 + 2 * 68);
    assert_int_equal(tx_intrinsic_gas(&tx, FORK_ISTANBUL), 21000 + 4 + 2 * 16);
    assert_int_equal(tx_floor_gas(&tx, FORK_CANCUN), 0);
    assert_int_equal(tx_floor_gas(&tx, FORK_PRAGUE), 21000 + 10 * 9);
    tx.is_create = true;
    assert_int_equal(tx_intrinsic_gas(&tx, FORK_FRONTIER), 21000 + 4 + 2 * 68);
    assert_int_equal(tx_intrinsic_gas(&tx, FORK_HOMESTEAD), 53000 + 4 + 2 * 68);
    assert_int_equal(tx_intrinsic_gas(&tx, FORK_SHANGHAI), 53000 + 4 + 2 * 16 + 2);
    tx = example(TX_SET_CODE);
    assert_int_equal(
        tx_intrinsic_gas(&tx, FORK_PRAGUE), 21000 + 4 + 2 * 16 + 2 * 2400 + 2 * 1900 + 25000
    );
}

/* --- conditions ------------------------------------------------------------------------------- */

/* Whatever is changed in it afterwards, it is not what the sender signed. */
static void conditions_are_signed(void **state) {
    (void)state;
    struct fork_rules rules = rules_of(FORK_OSAKA, 5);
    const struct tx signed_tx = example(TX_CONDITIONAL);
    address signer;
    enum tx_verdict verdict;
    assert_int_equal(tx_sender(&signer, &verdict, &arena, &signed_tx, &rules), ERR_OK);
    assert_int_equal(verdict, TX_OK);
    for (int i = 0; i < 6; i++) {
        struct tx tx = signed_tx;
        hash32 slots[] = {tx.message_slots[0], tx.message_slots[1]};
        if (i == 0) tx.first_block--;
        if (i == 1) tx.last_block++;
        if (i == 2) tx.priority_fee_decay = U256_ZERO;
        if (i == 3) tx.message_slot_count = 1;
        if (i == 4) slots[1].b[0] ^= 1;
        if (i == 4) tx.message_slots = slots;
        if (i == 5) tx.type = TX_DYNAMIC_FEE; /* the wrapper stripped off */
        address other = {{0}};
        assert_int_equal(tx_sender(&other, &verdict, &arena, &tx, &rules), ERR_OK);
        assert_false(verdict == TX_OK && address_equal(&other, &signer));
    }
    /* Of another chain. */
    rules.chain_id = 6;
    assert_int_equal(tx_sender(&signer, &verdict, &arena, &signed_tx, &rules), ERR_OK);
    assert_int_equal(verdict, TX_CHAIN_ID);
}

/* The example's encoding with all that follows its access list and precedes its signature replaced:
 * 100, 200, 300, and the list of slots. */
static enum tx_verdict decode_conditions(bytes conditions) {
    static const uint8_t data[300]; /* so that the outer list's length has two bytes in any case */
    struct tx tx = example(TX_CONDITIONAL);
    struct tx decoded;
    bytes encoding;
    tx.data = bytes_of(data, sizeof data);
    assert_int_equal(tx_encode(&encoding, &arena, &tx), ERR_OK);
    static const uint8_t START[] = {0x64, 0x81, 0xc8, 0x82, 0x01, 0x2c, 0xf8, 0x42, 0xa0};
    const size_t old_size = 6 + 2 + 66;
    size_t at = 0;
    while (memcmp(encoding.data + at, START, sizeof START) != 0)
        at++;
    size_t size = encoding.size - old_size + conditions.size;
    uint8_t *changed = arena_alloc(&arena, size);
    memcpy(changed, encoding.data, at);
    memcpy(changed + at, conditions.data, conditions.size);
    memcpy(
        changed + at + conditions.size, encoding.data + at + old_size, encoding.size - at - old_size
    );
    changed[2] = (uint8_t)((size - 4) >> 8);
    changed[3] = (uint8_t)(size - 4);
    return decode(&decoded, bytes_of(changed, size));
}

static void malformed_conditions_are_named(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum tx_verdict verdict;
    } cases[] = {
        {"\x64\x81\xc8\x80\xc0", 5, TX_OK},
        {"\x80\x80\x80\xc0", 4, TX_OK},
        {"\x80\x88\xff\xff\xff\xff\xff\xff\xff\xff\x80\xc0", 12, TX_OK},
        {"\x00\x81\xc8\x80\xc0", 5, TX_CONDITIONS_FORMAT},
        {"\xc0\x81\xc8\x80\xc0", 5, TX_CONDITIONS_FORMAT},
        {"\x64\x82\x00\xc8\x80\xc0", 6, TX_CONDITIONS_FORMAT},
        {"\x64\x89\1\1\1\1\1\1\1\1\1\x80\xc0", 13, TX_CONDITIONS_FORMAT},
        {"\x64\x81\xc8\xc0\xc0", 5, TX_CONDITIONS_FORMAT},
        {"\x64\x81\xc8\x80\x80", 5, TX_CONDITIONS_FORMAT}, /* no list */
        {"\x64\x81\xc8\x80\xc1\x80", 6, TX_MESSAGE_SLOT_SIZE},
        {"\x64\x81\xc8\x80\xc1\xc0", 6, TX_MESSAGE_SLOT_SIZE},
        {"\x64\x81\xc8\x80", 4, TX_FIELDS_TOO_FEW},
        {"\x64\x81\xc8\x80\xc0\xc0", 6, TX_FIELDS_TOO_MANY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes conditions = bytes_of(cases[i].bytes, cases[i].size);
        assert_int_equal(decode_conditions(conditions), cases[i].verdict);
    }
    /* Slots of 31 and 33 bytes; so many slots, and one too many. */
    uint8_t list[7 + 17 * 33] = {0x64, 0x81, 0xc8, 0x80, 0xe0, 0x80 + 31};
    assert_int_equal(decode_conditions(bytes_of(list, 5 + 32)), TX_MESSAGE_SLOT_SIZE);
    list[4] = 0xe2;
    list[5] = 0x80 + 33;
    assert_int_equal(decode_conditions(bytes_of(list, 5 + 34)), TX_MESSAGE_SLOT_SIZE);
    for (size_t count = 16; count <= 17; count++) {
        list[4] = 0xf9;
        list[5] = (uint8_t)(count * 33 >> 8);
        list[6] = (uint8_t)(count * 33);
        for (size_t i = 0; i < count; i++)
            list[7 + 33 * i] = 0x80 + 32;
        enum tx_verdict expected = count <= TX_MESSAGE_SLOTS_MAX ? TX_OK : TX_MESSAGE_COUNT;
        assert_int_equal(decode_conditions(bytes_of(list, 7 + 33 * count)), expected);
    }
    struct tx decoded;
    assert_int_equal(decode(&decoded, bytes_of("\x4c", 1)), TX_RLP_SIZE);
    assert_int_equal(decode(&decoded, bytes_of("\x4c\xc0", 2)), TX_FIELDS_TOO_FEW);
}

static void conditions_hold_in_their_blocks(void **state) {
    (void)state;
    struct fork_rules rules = rules_of(FORK_OSAKA, 5);
    struct tx tx = example(TX_CONDITIONAL);
    assert_int_equal(tx_check(&tx, &rules), TX_CONDITIONAL_NOT_ALLOWED); /* L1, a ledger */
    rules.has_conditional = true;
    assert_int_equal(tx_check(&tx, &rules), TX_OK);
    assert_int_equal(tx_check_window(&tx, 0), TX_TOO_EARLY);
    assert_int_equal(tx_check_window(&tx, 99), TX_TOO_EARLY);
    assert_int_equal(tx_check_window(&tx, 100), TX_OK);
    assert_int_equal(tx_check_window(&tx, 200), TX_OK);
    assert_int_equal(tx_check_window(&tx, 201), TX_TOO_LATE);
    assert_int_equal(tx_check_window(&tx, UINT64_MAX), TX_TOO_LATE);
    tx.last_block = 100; /* in this block or never */
    assert_int_equal(tx_check(&tx, &rules), TX_OK);
    assert_int_equal(tx_check_window(&tx, 100), TX_OK);
    tx.last_block = 99;
    assert_int_equal(tx_check(&tx, &rules), TX_WINDOW);
    tx = example(TX_DYNAMIC_FEE);
    assert_int_equal(tx_check_window(&tx, 0), TX_OK);
    /* The list is paid for: a cold account, 32 bytes and a cold slot each. */
    tx = example(TX_CONDITIONAL);
    const uint64_t base = 21000 + 4 + 2 * 16 + 2 * 2400 + 2 * 1900;
    const uint64_t with_two = base + 2600 + 2 * (32 * 16 + 2100);
    assert_int_equal(tx_intrinsic_gas(&tx, FORK_OSAKA), with_two);
    tx.gas_limit = with_two - 1;
    assert_int_equal(tx_check(&tx, &rules), TX_INTRINSIC_GAS);
    tx.message_slot_count = 0;
    assert_int_equal(tx_intrinsic_gas(&tx, FORK_OSAKA), base);
}

static void priority_fees_decay(void **state) {
    (void)state;
    struct tx tx = example(TX_CONDITIONAL); /* 1,000 wei, 300 less a block, from 100 on */
    static const struct {
        uint64_t number;
        uint64_t fee;
    } cases[] = {{0, 1000}, {99, 1000}, {100, 1000}, {101, 700}, {103, 100}, {104, 0}, {200, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        u256 fee = tx_priority_fee_at(&tx, cases[i].number);
        u256 tip = U256_MAX;
        u256 base_fee = u256_from_u64(1999999500); /* leaves 500 */
        assert_int_equal(u256_to_u64_saturating(&fee), cases[i].fee);
        assert_true(tx_tip_at(&tip, &tx, &base_fee, cases[i].number));
        assert_int_equal(u256_to_u64_saturating(&tip), cases[i].fee < 500 ? cases[i].fee : 500);
        base_fee = u256_from_u64(2000000001);
        assert_false(tx_tip_at(&tip, &tx, &base_fee, cases[i].number));
    }
    tx.priority_fee_decay = U256_MAX; /* the product does not fit */
    tx.first_block = 0;
    u256 fee = tx_priority_fee_at(&tx, UINT64_MAX);
    assert_true(u256_is_zero(&fee));
    tx.priority_fee_decay = U256_ZERO;
    fee = tx_priority_fee_at(&tx, UINT64_MAX);
    assert_int_equal(u256_to_u64_saturating(&fee), 1000);
}

/* Wherever the data lies and whatever its size. */
static void zero_bytes_are_counted(void **state) {
    (void)state;
    static const uint8_t bytes_in_turn[] = {0, 1, 0x80, 0, 0, 0x7f, 0xff, 0, 0, 0, 2, 0x81, 0};
    uint8_t data[96];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = bytes_in_turn[(i * i + i / 7) % sizeof bytes_in_turn];
    for (size_t start = 0; start < 16; start++) {
        uint64_t gas = 21000;
        for (size_t size = 0; start + size <= sizeof data; size++) {
            struct tx tx = {.data = bytes_of(data + start, size)};
            assert_int_equal(tx_intrinsic_gas(&tx, FORK_ISTANBUL), gas);
            if (start + size < sizeof data) gas += data[start + size] == 0 ? 4 : 16;
        }
    }
}

static void authorizations_of_others_have_no_authority(void **state) {
    (void)state;
    hash32 key = key_of(3);
    address signer;
    address authority;
    assert_int_equal(secp256k1_address_of(&signer, &key), ERR_OK);
    struct tx_authorization authorization = {
        .chain_id = u256_from_u64(5), .address = {{0xaa}}, .nonce = 200};
    assert_int_equal(tx_authorization_sign(&authorization, &key), ERR_OK);
    assert_true(tx_authority(&authority, &authorization, 5));
    assert_true(address_equal(&authority, &signer));
    assert_false(tx_authority(&authority, &authorization, 6));
    struct tx_authorization bad = authorization;
    bad.s = u256_sub(&SECP256K1_N, &bad.s); /* the other root is a signature too, but high */
    bad.y_parity ^= 1;
    assert_false(tx_authority(&authority, &bad, 5));
    bad = authorization;
    bad.y_parity = 2;
    assert_false(tx_authority(&authority, &bad, 5));
    authorization.chain_id = U256_ZERO; /* any chain */
    authorization.nonce = UINT64_MAX;
    assert_int_equal(tx_authorization_sign(&authorization, &key), ERR_OK);
    assert_false(tx_authority(&authority, &authorization, 5));
    authorization.nonce = UINT64_MAX - 1;
    assert_int_equal(tx_authorization_sign(&authorization, &key), ERR_OK);
    assert_true(tx_authority(&authority, &authorization, 5));
    assert_true(address_equal(&authority, &signer));
}

/* --- ethers' vectors: decoding, encoding, and the very same signatures ------------------------ */

static void ethers_vectors_are_reproduced(void **state) {
    (void)state;
    const char *path = fixture_path("trie-rlp-tx/ethers/transactions.json");
    if (path == NULL) skip();
    static const char *const forms[] = {
        "signedLegacy", "signedEip155", "signedBerlin", "signedLondon", "signedCancun"};
    cJSON *json = fixture_json(path);
    const cJSON *test;
    size_t count = 0;
    cJSON_ArrayForEach(test, json) {
        hash32 key = fixture_hash(test, "privateKey");
        address signer;
        assert_int_equal(secp256k1_address_of(&signer, &key), ERR_OK);
        for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
            const char *form = fixture_text(test, forms[f]);
            if (form == NULL || form[0] == 0) continue; /* not possible with these fields */
            struct arena_mark mark = arena_mark(&arena);
            bytes encoding = fixture_bytes(&arena, test, forms[f]);
            bytes again;
            struct tx tx;
            enum tx_verdict decoded = decode(&tx, encoding);
            if (decoded != TX_OK) {
                /* Blob transactions without recipient are not transactions. */
                assert_int_equal(decoded, TX_BLOB_TX_CREATE);
                arena_release(&arena, mark);
                continue;
            }
            struct fork_rules rules = rules_of(FORK_CANCUN, tx.chain_id);
            address sender;
            enum tx_verdict verdict;
            assert_int_equal(tx_sender(&sender, &verdict, &arena, &tx, &rules), ERR_OK);
            assert_int_equal(verdict, TX_OK);
            assert_true(address_equal(&sender, &signer));
            tx.r = U256_ZERO;
            tx.s = U256_ZERO;
            assert_int_equal(tx_sign(&tx, &arena, &key), ERR_OK);
            assert_int_equal(tx_encode(&again, &arena, &tx), ERR_OK);
            assert_true(bytes_equal(encoding, again));
            arena_release(&arena, mark);
            count++;
        }
    }
    cJSON_Delete(json);
    assert_true(count > 10000);
}

/* --- ethereum/tests TransactionTests ---------------------------------------------------------- */

/* Words of retesteth that say less or something else than our verdict; the verdict is what is
 * meant. */
static bool is_word_for(const char *word, enum tx_verdict verdict) {
    static const struct {
        const char *word;
        enum tx_verdict verdict;
    } meanings[] = {
        {"EC_RECOVERY_FAIL", TX_SIGNATURE},
        {"INVALID_CHAINID", TX_SIGNATURE}, /* a v that is neither 27, 28 nor EIP-155's */
        {"INVALID_SIGNATURE_VRS", TX_PROTECTED_PRE_FORK},
        {"INVALID_SIGNATURE_VRS", TX_CHAIN_ID},
        {"INVALID_SIGNATURE_VRS", TX_R_FORMAT},
        {"INVALID_SIGNATURE_VRS", TX_S_FORMAT},
        {"NONCE_TOO_BIG", TX_NONCE_MAX},
        {"PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2", TX_TIP_ABOVE_FEE_CAP},
        {"GASLIMIT_OVERFLOW", TX_GAS_LIMIT_ZEROS}, /* both hold */
        {"RLP_ERROR_EOF", TX_RLP_SIZE},
        {"RLP_ERROR_EOF", TX_RLP_HEADER},
        {"RLP_ERROR_SIZE_LEADING_ZEROS", TX_RLP_SIZE},
        {"RLP_LEADING_ZEROS_DATA_SIZE", TX_RLP_SIZE},
        {"RLP_LEADING_ZEROS_NONCE_SIZE", TX_RLP_SIZE},
        {"RLP_ERROR_SIZE", TX_RLP_HEADER},
        {"TYPE_NOT_SUPPORTED", TX_TYPE_1_PRE_FORK},
        {"TYPE_NOT_SUPPORTED", TX_TYPE_2_PRE_FORK},
        {"TYPE_NOT_SUPPORTED", TX_RLP_HEADER},
    };
    if (strcmp(word, strchr(tx_verdict_eest(verdict), '.') + 1) == 0) return true;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].verdict == verdict && strcmp(meanings[i].word, word) == 0) return true;
    }
    return false;
}

struct tally {
    size_t passed;
    size_t failed;
};

static enum tx_verdict judge(
    struct tx *tx, address *sender, hash32 *hash, bytes encoding, const struct fork_rules *rules
) {
    enum tx_verdict verdict = decode(tx, encoding);
    if (verdict != TX_OK) return verdict;
    assert_int_equal(tx_hash(hash, &arena, tx), ERR_OK);
    assert_int_equal(tx_sender(sender, &verdict, &arena, tx, rules), ERR_OK);
    enum tx_verdict checked = tx_check(tx, rules);
    return verdict != TX_OK && checked != TX_TYPE_1_PRE_FORK && checked != TX_TYPE_2_PRE_FORK
               ? verdict
               : checked;
}

static void run_transaction_test(const char *path, void *context) {
    struct tally *tally = context;
    cJSON *json = fixture_json(path);
    const cJSON *test = json->child;
    const cJSON *result;
    struct arena_mark mark = arena_mark(&arena);
    bytes encoding = fixture_bytes(&arena, test, "txbytes");
    cJSON_ArrayForEach(result, cJSON_GetObjectItem(test, "result")) {
        struct fork_schedule schedule;
        assert_int_equal(forks_preset(&schedule, result->string), ERR_OK);
        struct fork_rules rules = forks_at(&schedule, 1, 1);
        struct tx tx;
        address sender;
        hash32 hash;
        enum tx_verdict verdict = judge(&tx, &sender, &hash, encoding, &rules);
        const char *exception = fixture_text(result, "exception");
        bool is_right;
        if (exception != NULL) {
            const char *word = strchr(exception, '.') + 1;
            /* Some say no more than that an older fork does not look into a newer type. */
            bool is_newer_type = encoding.data[0] <= 4 && rules.fork < FORK_LONDON;
            is_newer_type = is_newer_type || encoding.data[0] == 4;
            is_right =
                verdict != TX_OK && (is_word_for(word, verdict) ||
                                     (is_newer_type && strcmp(word, "TYPE_NOT_SUPPORTED") == 0));
        } else {
            u256 gas = fixture_number(result, "intrinsicGas");
            bytes expected_sender = fixture_bytes(&arena, result, "sender");
            hash32 expected_hash = fixture_hash(result, "hash");
            is_right = verdict == TX_OK && bytes_equal(address_bytes(&sender), expected_sender) &&
                       hash32_equal(&hash, &expected_hash) &&
                       gas.w[0] == tx_intrinsic_gas(&tx, rules.fork);
        }
        if (is_right) {
            tally->passed++;
        } else {
            tally->failed++;
            print_error(
                "%s %s: %s, expected %s\n",
                path,
                result->string,
                tx_verdict_name(verdict),
                exception != NULL ? exception : "validity"
            );
        }
    }
    arena_release(&arena, mark);
    cJSON_Delete(json);
}

static void ethereum_transaction_tests_pass(void **state) {
    (void)state;
    const char *path = fixture_path("trie-rlp-tx/ethereum-tests/TransactionTests");
    if (path == NULL) skip();
    struct tally tally = {0, 0};
    size_t file_count = fixture_visit(path, run_transaction_test, &tally);
    print_message("%zu files: %zu passed, %zu failed\n", file_count, tally.passed, tally.failed);
    assert_true(file_count >= 200);
    assert_int_equal(tally.failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_survives_a_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(no_cut_or_longer_encoding_decodes, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_survive_every_lack_of_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(blob_network_form_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(forks_refuse_types_they_do_not_know, setup, teardown),
        cmocka_unit_test_setup_teardown(rules_name_what_they_refuse, setup, teardown),
        cmocka_unit_test_setup_teardown(gas_follows_the_forks, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions_are_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(malformed_conditions_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions_hold_in_their_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(priority_fees_decay, setup, teardown),
        cmocka_unit_test_setup_teardown(zero_bytes_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(
            authorizations_of_others_have_no_authority, setup, teardown
        ),
        cmocka_unit_test_setup_teardown(ethers_vectors_are_reproduced, setup, teardown),
        cmocka_unit_test_setup_teardown(ethereum_transaction_tests_pass, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
