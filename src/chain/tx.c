/* chain/tx.c: encoding and decoding of transactions. Rules about them are in tx_rules.c. */
#include "chain/tx.h"

#include "core/check.h"
#include "core/rlp.h"
#include "crypto/keccak.h"

/* --- reading ------------------------------------------------------------------------------------
 * The reader carries the first refusal: once verdict is not TX_OK every further read does nothing,
 * so that the list of reads reads like the list of fields. */

struct reader {
    struct rlp rlp;
    struct arena *arena;
    enum tx_verdict verdict;
    enum err err;
};

static void refuse(struct reader *r, enum tx_verdict verdict) {
    if (r->verdict == TX_OK) r->verdict = verdict;
}

static bool reader_stopped(const struct reader *r) {
    return r->verdict != TX_OK || r->err != ERR_OK;
}

/* The next item as a string; format is the refusal when it is a list. */
static bool read_string(struct reader *r, bytes *string, enum tx_verdict format) {
    if (reader_stopped(r)) return false;
    if (rlp_done(&r->rlp)) { /* only in lists within: the outer one's items were counted */
        refuse(r, TX_FIELDS_TOO_FEW);
        return false;
    }
    if (rlp_read_string(&r->rlp, string) == ERR_OK) return true;
    struct rlp list;
    refuse(r, rlp_read_list(&r->rlp, &list) == ERR_OK ? format : TX_RLP_SIZE);
    return false;
}

struct number_verdicts {
    enum tx_verdict format;
    enum tx_verdict zeros;
    enum tx_verdict overflow;
};

static u256 read_number(struct reader *r, size_t size_max, struct number_verdicts verdicts) {
    bytes string;
    if (!read_string(r, &string, verdicts.format)) return U256_ZERO;
    if (string.size > 0 && string.data[0] == 0) {
        refuse(r, verdicts.zeros);
        return U256_ZERO;
    }
    if (string.size > size_max) {
        refuse(r, verdicts.overflow);
        return U256_ZERO;
    }
    return u256_load_be_short(string);
}

static u256 read_u256(struct reader *r, struct number_verdicts verdicts) {
    return read_number(r, 32, verdicts);
}

static uint64_t read_u64(struct reader *r, struct number_verdicts verdicts) {
    return read_number(r, 8, verdicts).w[0];
}

static const struct number_verdicts NONCE = {TX_NONCE_FORMAT, TX_NONCE_ZEROS, TX_NONCE_OVERFLOW};
static const struct number_verdicts GAS_PRICE = {TX_RLP, TX_GAS_PRICE_ZEROS, TX_GAS_PRICE_OVERFLOW};
static const struct number_verdicts TIP = {TX_RLP, TX_TIP_ZEROS, TX_TIP_OVERFLOW};
static const struct number_verdicts FEE_CAP = {TX_RLP, TX_FEE_CAP_ZEROS, TX_FEE_CAP_OVERFLOW};
static const struct number_verdicts GAS_LIMIT = {
    TX_GAS_LIMIT_FORMAT, TX_GAS_LIMIT_ZEROS, TX_GAS_LIMIT_OVERFLOW};
static const struct number_verdicts VALUE = {TX_RLP, TX_VALUE_ZEROS, TX_VALUE_OVERFLOW};
static const struct number_verdicts CHAIN_ID = {
    TX_CHAIN_ID_FORMAT, TX_CHAIN_ID_FORMAT, TX_CHAIN_ID_FORMAT};
static const struct number_verdicts BLOB_FEE = {
    TX_BLOB_FEE_FORMAT, TX_BLOB_FEE_FORMAT, TX_BLOB_FEE_FORMAT};
static const struct number_verdicts AUTHORIZATION = {
    TX_AUTHORIZATION_FORMAT, TX_AUTHORIZATION_FORMAT, TX_AUTHORIZATION_FORMAT};
static const struct number_verdicts CONDITIONS = {
    TX_CONDITIONS_FORMAT, TX_CONDITIONS_FORMAT, TX_CONDITIONS_FORMAT};
static const struct number_verdicts DEPOSIT = {
    TX_DEPOSIT_FORMAT, TX_DEPOSIT_FORMAT, TX_DEPOSIT_FORMAT};
static const struct number_verdicts SIGNATURE_V = {TX_RLP, TX_V_ZEROS, TX_SIGNATURE};
static const struct number_verdicts SIGNATURE_R = {TX_R_FORMAT, TX_R_ZEROS, TX_R_FORMAT};
static const struct number_verdicts SIGNATURE_S = {TX_S_FORMAT, TX_S_ZEROS, TX_S_FORMAT};

/* Exactly size bytes into out. */
static void read_fixed(
    struct reader *r, void *out, size_t size, enum tx_verdict too_short, enum tx_verdict too_long
) {
    bytes string;
    if (!read_string(r, &string, too_short)) return;
    if (string.size != size) {
        refuse(r, string.size < size ? too_short : too_long);
        return;
    }
    memcpy(out, string.data, size);
}

static void read_to(struct reader *r, struct tx *tx) {
    bytes string;
    if (!read_string(r, &string, TX_TO_FORMAT)) return;
    if (string.size == 0) {
        tx->is_create = true;
        if (tx->type == TX_BLOB) refuse(r, TX_BLOB_TX_CREATE);
        if (tx->type == TX_SET_CODE) refuse(r, TX_SET_CODE_TX_CREATE);
    } else if (string.size != 20) {
        refuse(r, string.size < 20 ? TX_TO_SHORT : TX_TO_LONG);
    } else {
        memcpy(tx->to.b, string.data, 20);
    }
}

static void read_data(struct reader *r, struct tx *tx) {
    bytes string;
    if (read_string(r, &string, TX_DATA_FORMAT)) tx->data = string;
}

/* Opens the list that is the next item and counts its items; the count bounds the allocation, which
 * is why items are counted before memory is asked for. */
static bool
read_list(struct reader *r, struct reader *items, size_t *count, enum tx_verdict format) {
    if (reader_stopped(r)) return false;
    if (rlp_done(&r->rlp)) {
        refuse(r, TX_FIELDS_TOO_FEW);
        return false;
    }
    struct rlp list;
    if (rlp_read_list(&r->rlp, &list) != ERR_OK) {
        refuse(r, format);
        return false;
    }
    *items = (struct reader){list, r->arena, TX_OK, ERR_OK};
    *count = 0;
    while (!rlp_done(&list)) {
        bytes item;
        bool is_list;
        if (rlp_read_item(&list, &item, &is_list) != ERR_OK) {
            refuse(r, format);
            return false;
        }
        ++*count;
    }
    return true;
}

/* An inner reader's trouble becomes the outer one's; what is short or long in there is `format`. */
static bool read_inner_end(struct reader *r, const struct reader *inner, enum tx_verdict format) {
    if (inner->err != ERR_OK) r->err = inner->err;
    if (inner->verdict == TX_FIELDS_TOO_FEW || inner->verdict == TX_RLP_SIZE) {
        refuse(r, format);
    } else if (inner->verdict != TX_OK) {
        refuse(r, inner->verdict);
    } else if (!rlp_done(&inner->rlp)) {
        refuse(r, format);
    }
    return !reader_stopped(r);
}

/* *array is zeroed memory for count items in the arena. */
static bool array_alloc(struct reader *r, void **array, size_t count, size_t item_size) {
    *array = arena_alloc_array(r->arena, count, item_size);
    if (*array == NULL) {
        r->err = ERR_MEMORY;
        return false;
    }
    if (count > 0) memset(*array, 0, count * item_size);
    return true;
}

static const hash32 *read_hashes(
    struct reader *r,
    size_t *count,
    enum tx_verdict format,
    enum tx_verdict too_short,
    enum tx_verdict too_long
) {
    struct reader items;
    void *array;
    *count = 0;
    if (!read_list(r, &items, count, format)) return NULL;
    if (!array_alloc(r, &array, *count, sizeof(hash32))) return NULL;
    hash32 *hashes = array;
    for (size_t i = 0; i < *count; i++)
        read_fixed(&items, hashes[i].b, 32, too_short, too_long);
    return read_inner_end(r, &items, format) ? hashes : NULL;
}

static void read_access_list(struct reader *r, struct tx *tx) {
    struct reader entries;
    void *array;
    size_t count;
    if (!read_list(r, &entries, &count, TX_ACCESS_LIST_FORMAT)) return;
    if (!array_alloc(r, &array, count, sizeof(struct tx_access))) return;
    struct tx_access *list = array;
    for (size_t i = 0; i < count; i++) {
        struct reader entry;
        size_t field_count;
        if (!read_list(&entries, &entry, &field_count, TX_ACCESS_LIST_FORMAT)) break;
        read_fixed(&entry, list[i].address.b, 20, TX_ACCESS_ADDRESS_SHORT, TX_ACCESS_ADDRESS_LONG);
        list[i].keys = read_hashes(
            &entry,
            &list[i].key_count,
            TX_ACCESS_LIST_FORMAT,
            TX_ACCESS_KEY_SHORT,
            TX_ACCESS_KEY_LONG
        );
        if (!read_inner_end(&entries, &entry, TX_ACCESS_LIST_FORMAT)) break;
    }
    if (!read_inner_end(r, &entries, TX_ACCESS_LIST_FORMAT)) return;
    tx->access_list = list;
    tx->access_count = count;
}

static void read_authorization_list(struct reader *r, struct tx *tx) {
    struct reader entries;
    void *array;
    size_t count;
    const enum tx_verdict format = TX_AUTHORIZATION_FORMAT;
    if (!read_list(r, &entries, &count, format)) return;
    if (!array_alloc(r, &array, count, sizeof(struct tx_authorization))) return;
    struct tx_authorization *list = array;
    for (size_t i = 0; i < count; i++) {
        struct reader entry;
        size_t field_count;
        if (!read_list(&entries, &entry, &field_count, format)) break;
        list[i].chain_id = read_u256(&entry, AUTHORIZATION);
        read_fixed(&entry, list[i].address.b, 20, format, format);
        list[i].nonce = read_u64(&entry, AUTHORIZATION);
        list[i].y_parity = (uint8_t)read_number(&entry, 1, AUTHORIZATION).w[0];
        list[i].r = read_u256(&entry, AUTHORIZATION);
        list[i].s = read_u256(&entry, AUTHORIZATION);
        if (!read_inner_end(&entries, &entry, format)) break;
    }
    if (!read_inner_end(r, &entries, format)) return;
    tx->authorization_list = list;
    tx->authorization_count = count;
}

static void read_conditions(struct reader *r, struct tx *tx) {
    tx->first_block = read_u64(r, CONDITIONS);
    tx->last_block = read_u64(r, CONDITIONS);
    tx->priority_fee_decay = read_u256(r, CONDITIONS);
    tx->message_slots = read_hashes(
        r, &tx->message_slot_count, TX_CONDITIONS_FORMAT, TX_MESSAGE_SLOT_SIZE, TX_MESSAGE_SLOT_SIZE
    );
    if (tx->message_slot_count > TX_MESSAGE_SLOTS_MAX) refuse(r, TX_MESSAGE_COUNT);
}

static void read_signature(struct reader *r, struct tx *tx) {
    /* v has 64 bits so that a wide chain id is told from a wrong v. */
    uint64_t v = read_u64(r, SIGNATURE_V);
    tx->r = read_u256(r, SIGNATURE_R);
    tx->s = read_u256(r, SIGNATURE_S);
    if (reader_stopped(r)) return;
    if (tx->type != TX_LEGACY) {
        if (v > 1) refuse(r, TX_SIGNATURE);
        tx->y_parity = (uint8_t)v;
    } else if (v == 27 || v == 28) {
        tx->y_parity = (uint8_t)(v - 27);
    } else if (v >= 35) { /* EIP-155 */
        tx->is_protected = true;
        tx->chain_id = (v - 35) / 2;
        tx->y_parity = (v - 35) & 1;
    } else {
        refuse(r, TX_SIGNATURE);
    }
}

static void read_legacy(struct reader *r, struct tx *tx) {
    tx->nonce = read_u64(r, NONCE);
    tx->max_fee_per_gas = read_u256(r, GAS_PRICE);
    tx->max_priority_fee_per_gas = tx->max_fee_per_gas;
    tx->gas_limit = read_u64(r, GAS_LIMIT);
    read_to(r, tx);
    tx->value = read_u256(r, VALUE);
    read_data(r, tx);
    read_signature(r, tx);
}

static void read_typed(struct reader *r, struct tx *tx) {
    tx->is_protected = true;
    tx->chain_id = read_u64(r, CHAIN_ID);
    tx->nonce = read_u64(r, NONCE);
    if (tx->type == TX_ACCESS_LIST) {
        tx->max_fee_per_gas = read_u256(r, GAS_PRICE);
        tx->max_priority_fee_per_gas = tx->max_fee_per_gas;
    } else {
        tx->max_priority_fee_per_gas = read_u256(r, TIP);
        tx->max_fee_per_gas = read_u256(r, FEE_CAP);
    }
    tx->gas_limit = read_u64(r, GAS_LIMIT);
    read_to(r, tx);
    tx->value = read_u256(r, VALUE);
    read_data(r, tx);
    read_access_list(r, tx);
    if (tx->type == TX_BLOB) {
        tx->max_fee_per_blob_gas = read_u256(r, BLOB_FEE);
        tx->blob_versioned_hashes = read_hashes(
            r, &tx->blob_count, TX_BLOB_HASHES_FORMAT, TX_BLOB_HASHES_FORMAT, TX_BLOB_HASHES_FORMAT
        );
    }
    if (tx->type == TX_SET_CODE) read_authorization_list(r, tx);
    if (tx->type == TX_CONDITIONAL) read_conditions(r, tx);
    read_signature(r, tx);
}

static void read_deposit(struct reader *r, struct tx *tx) {
    read_fixed(r, tx->source_hash.b, 32, TX_DEPOSIT_FORMAT, TX_DEPOSIT_FORMAT);
    read_fixed(r, tx->from.b, 20, TX_DEPOSIT_FORMAT, TX_DEPOSIT_FORMAT);
    read_to(r, tx);
    tx->mint = read_u256(r, DEPOSIT);
    tx->value = read_u256(r, VALUE);
    tx->gas_limit = read_u64(r, GAS_LIMIT);
    uint64_t is_system = read_u64(r, DEPOSIT);
    if (is_system > 1) refuse(r, TX_DEPOSIT_FORMAT);
    tx->is_system = is_system == 1;
    read_data(r, tx);
}

/* That the list parses to its end and has as many items as the type has fields. */
static void check_field_count(struct reader *r, enum tx_type type) {
    size_t expected = 0;
    switch (type) {
    case TX_LEGACY:
        expected = 9;
        break;
    case TX_ACCESS_LIST:
        expected = 11;
        break;
    case TX_DYNAMIC_FEE:
        expected = 12;
        break;
    case TX_BLOB:
        expected = 14;
        break;
    case TX_SET_CODE:
        expected = 13;
        break;
    case TX_CONDITIONAL:
        expected = 16;
        break;
    case TX_DEPOSIT:
        expected = 8;
        break;
    }
    struct rlp rest = r->rlp;
    size_t count = 0;
    for (; !rlp_done(&rest); count++) {
        bytes item;
        bool is_list;
        if (rlp_read_item(&rest, &item, &is_list) != ERR_OK) {
            refuse(r, TX_RLP_SIZE);
            return;
        }
    }
    if (count < expected) refuse(r, TX_FIELDS_TOO_FEW);
    if (count > expected) refuse(r, TX_FIELDS_TOO_MANY);
}

/* The network form of a blob transaction is a list whose first item is the transaction's own list
 * (EIP-4844, EIP-7594); in a block it is refused by that name. */
static bool is_network_form(const struct tx *tx, struct rlp fields) {
    struct rlp inner;
    return tx->type == TX_BLOB && rlp_read_list(&fields, &inner) == ERR_OK;
}

static void read_tx(struct reader *r, struct tx *tx, bytes encoding) {
    if (encoding.size == 0) {
        refuse(r, TX_RLP_HEADER);
        return;
    }
    bytes payload = encoding;
    if (encoding.data[0] < 0x80) { /* EIP-2718; 0xc0 and up is a list, so type 0 */
        uint8_t type = encoding.data[0];
        if (!tx_type_is_known(type)) {
            refuse(r, TX_TYPE_UNKNOWN);
            return;
        }
        tx->type = (enum tx_type)type;
        payload = bytes_slice(encoding, 1, encoding.size - 1);
    } else if (encoding.data[0] < 0xc0) {
        refuse(r, TX_RLP_HEADER);
        return;
    }
    struct rlp outer = rlp_open(payload);
    if (rlp_read_list(&outer, &r->rlp) != ERR_OK) {
        refuse(r, TX_RLP_SIZE);
        return;
    }
    if (!rlp_done(&outer)) {
        refuse(r, TX_RLP_HEADER);
        return;
    }
    if (is_network_form(tx, r->rlp)) {
        refuse(r, TX_BLOB_SIDECAR);
        return;
    }
    check_field_count(r, tx->type);
    switch (tx->type) {
    case TX_LEGACY:
        read_legacy(r, tx);
        break;
    case TX_ACCESS_LIST:
    case TX_DYNAMIC_FEE:
    case TX_BLOB:
    case TX_SET_CODE:
    case TX_CONDITIONAL:
        read_typed(r, tx);
        break;
    case TX_DEPOSIT:
        read_deposit(r, tx);
        break;
    }
}

enum err tx_decode(struct tx *tx, enum tx_verdict *verdict, struct arena *arena, bytes encoding) {
    struct tx decoded = {.type = TX_LEGACY};
    struct reader r = {rlp_open(BYTES_EMPTY), arena, TX_OK, ERR_OK};
    read_tx(&r, &decoded, encoding);
    if (r.err != ERR_OK) return r.err;
    if (r.verdict == TX_OK) *tx = decoded;
    *verdict = r.verdict;
    return ERR_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_to(struct rlp_writer *w, const struct tx *tx) {
    rlp_write_string(w, tx->is_create ? BYTES_EMPTY : address_bytes(&tx->to));
}

static void write_hashes(struct rlp_writer *w, const hash32 *hashes, size_t count) {
    rlp_list_begin(w);
    for (size_t i = 0; i < count; i++)
        rlp_write_string(w, hash32_bytes(&hashes[i]));
    rlp_list_end(w);
}

static void write_access_list(struct rlp_writer *w, const struct tx *tx) {
    rlp_list_begin(w);
    for (size_t i = 0; i < tx->access_count; i++) {
        rlp_list_begin(w);
        rlp_write_string(w, address_bytes(&tx->access_list[i].address));
        write_hashes(w, tx->access_list[i].keys, tx->access_list[i].key_count);
        rlp_list_end(w);
    }
    rlp_list_end(w);
}

static void write_authorization_list(struct rlp_writer *w, const struct tx *tx) {
    rlp_list_begin(w);
    for (size_t i = 0; i < tx->authorization_count; i++) {
        const struct tx_authorization *authorization = &tx->authorization_list[i];
        rlp_list_begin(w);
        rlp_write_u256(w, &authorization->chain_id);
        rlp_write_string(w, address_bytes(&authorization->address));
        rlp_write_u64(w, authorization->nonce);
        rlp_write_u64(w, authorization->y_parity);
        rlp_write_u256(w, &authorization->r);
        rlp_write_u256(w, &authorization->s);
        rlp_list_end(w);
    }
    rlp_list_end(w);
}

static void write_legacy(struct rlp_writer *w, const struct tx *tx) {
    rlp_write_u64(w, tx->nonce);
    rlp_write_u256(w, &tx->max_fee_per_gas);
    rlp_write_u64(w, tx->gas_limit);
    write_to(w, tx);
    rlp_write_u256(w, &tx->value);
    rlp_write_string(w, tx->data);
}

static void write_typed(struct rlp_writer *w, const struct tx *tx) {
    rlp_write_u64(w, tx->chain_id);
    rlp_write_u64(w, tx->nonce);
    if (tx->type != TX_ACCESS_LIST) rlp_write_u256(w, &tx->max_priority_fee_per_gas);
    rlp_write_u256(w, &tx->max_fee_per_gas);
    rlp_write_u64(w, tx->gas_limit);
    write_to(w, tx);
    rlp_write_u256(w, &tx->value);
    rlp_write_string(w, tx->data);
    write_access_list(w, tx);
    if (tx->type == TX_BLOB) {
        rlp_write_u256(w, &tx->max_fee_per_blob_gas);
        write_hashes(w, tx->blob_versioned_hashes, tx->blob_count);
    }
    if (tx->type == TX_SET_CODE) write_authorization_list(w, tx);
    if (tx->type == TX_CONDITIONAL) {
        rlp_write_u64(w, tx->first_block);
        rlp_write_u64(w, tx->last_block);
        rlp_write_u256(w, &tx->priority_fee_decay);
        write_hashes(w, tx->message_slots, tx->message_slot_count);
    }
}

static void write_deposit(struct rlp_writer *w, const struct tx *tx) {
    rlp_write_string(w, hash32_bytes(&tx->source_hash));
    rlp_write_string(w, address_bytes(&tx->from));
    write_to(w, tx);
    rlp_write_u256(w, &tx->mint);
    rlp_write_u256(w, &tx->value);
    rlp_write_u64(w, tx->gas_limit);
    rlp_write_u64(w, tx->is_system ? 1 : 0);
    rlp_write_string(w, tx->data);
}

static void write_signature(struct rlp_writer *w, const struct tx *tx) {
    u256 v = u256_from_u64(tx->y_parity);
    if (tx->type == TX_LEGACY) {
        u256 base = u256_from_u64(27);
        if (tx->is_protected) { /* EIP-155: 2 * chain_id + 35 may need a 65th bit */
            u256 chain_id = u256_from_u64(tx->chain_id);
            base = u256_from_u64(35);
            base = u256_add(&base, &chain_id);
            base = u256_add(&base, &chain_id);
        }
        v = u256_add(&v, &base);
    }
    rlp_write_u256(w, &v);
    rlp_write_u256(w, &tx->r);
    rlp_write_u256(w, &tx->s);
}

/* The encoding, or with is_signing what the signature is over. */
static enum err encode(bytes *encoding, struct arena *arena, const struct tx *tx, bool is_signing) {
    struct rlp_writer w;
    rlp_writer_open(&w, arena);
    if (tx->type != TX_LEGACY) {
        uint8_t type = (uint8_t)tx->type;
        rlp_write_raw(&w, bytes_of(&type, 1));
    }
    rlp_list_begin(&w);
    switch (tx->type) {
    case TX_LEGACY:
        write_legacy(&w, tx);
        if (is_signing && tx->is_protected) {
            rlp_write_u64(&w, tx->chain_id);
            rlp_write_u64(&w, 0);
            rlp_write_u64(&w, 0);
        }
        break;
    case TX_ACCESS_LIST:
    case TX_DYNAMIC_FEE:
    case TX_BLOB:
    case TX_SET_CODE:
    case TX_CONDITIONAL:
        write_typed(&w, tx);
        break;
    case TX_DEPOSIT:
        write_deposit(&w, tx);
        break;
    }
    if (!is_signing && tx->type != TX_DEPOSIT) write_signature(&w, tx);
    rlp_list_end(&w);
    return rlp_finish(&w, encoding);
}

static enum err
encoding_hash(hash32 *hash, struct arena *arena, const struct tx *tx, bool is_signing) {
    struct arena_mark mark = arena_mark(arena);
    bytes encoding;
    enum err err = encode(&encoding, arena, tx, is_signing);
    if (err == ERR_OK) *hash = keccak256(encoding);
    arena_release(arena, mark);
    return err;
}

enum err tx_encode(bytes *encoding, struct arena *arena, const struct tx *tx) {
    return encode(encoding, arena, tx, false);
}

enum err tx_hash(hash32 *hash, struct arena *arena, const struct tx *tx) {
    return encoding_hash(hash, arena, tx, false);
}

enum err tx_signing_hash(hash32 *hash, struct arena *arena, const struct tx *tx) {
    CHECK(tx->type != TX_DEPOSIT);
    return encoding_hash(hash, arena, tx, true);
}
