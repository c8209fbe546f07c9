#include "backend/access_list.h"

#include "core/check.h"
#include "evm/opcode.h"

#define CALL_ITEMS_MIN 5 /* as geth: with fewer it is no call that could begin */

void access_list_open(struct access_list *list, struct arena *arena, enum fork fork) {
    *list = (struct access_list){.arena = arena, .fork = fork};
    map_open(&list->excluded, arena, sizeof(address), sizeof(bool));
    map_open(&list->addresses, arena, sizeof(address), sizeof(struct map));
}

enum err access_list_exclude(struct access_list *list, const address *who) {
    return map_put(&list->excluded, who, NULL) == NULL ? ERR_MEMORY : ERR_OK;
}

static struct map *put_address(struct access_list *list, const address *who) {
    bool is_new;
    struct map *keys = map_put(&list->addresses, who, &is_new);
    if (keys == NULL) {
        list->err = ERR_MEMORY;
    } else if (is_new) {
        map_open(keys, list->arena, sizeof(hash32), 1);
        list->size++;
    }
    return keys;
}

static void put_slot(struct access_list *list, const address *who, const hash32 *key) {
    struct map *keys = put_address(list, who);
    if (keys == NULL) return;
    bool is_new;
    if (map_put(keys, key, &is_new) == NULL)
        list->err = ERR_MEMORY;
    else
        list->size += is_new;
}

static void touch(struct access_list *list, const address *who) {
    if (map_get(&list->excluded, who) != NULL) return;
    if (evm_is_precompile(list->fork, who)) return;
    (void)put_address(list, who);
}

enum err access_list_add(struct access_list *list, const struct tx_access *given, size_t count) {
    for (size_t i = 0; i < count; i++) {
        touch(list, &given[i].address);
        for (size_t k = 0; k < given[i].key_count; k++)
            put_slot(list, &given[i].address, &given[i].keys[k]);
    }
    return list->err;
}

/* Item number index from the top. */
static const u256 *stack_item(const struct evm_step *step, uint32_t index) {
    if (step->stack_count <= index) return NULL;
    return &step->stack[step->stack_count - 1 - index];
}

static void on_step(void *context, const struct evm_step *step) {
    struct access_list *list = context;
    const u256 *item = NULL;
    uint8_t word[32];
    address who;
    switch (step->opcode) {
    case OP_SLOAD:
    case OP_SSTORE:
        item = stack_item(step, 0);
        if (item == NULL) return;
        u256_store_be(word, item);
        {
            hash32 key;
            memcpy(key.b, word, sizeof(key.b));
            put_slot(list, &step->message->recipient, &key);
        }
        return;
    case OP_BALANCE:
    case OP_EXTCODESIZE:
    case OP_EXTCODECOPY:
    case OP_EXTCODEHASH:
    case OP_SELFDESTRUCT:
        item = stack_item(step, 0);
        break;
    case OP_CALL:
    case OP_CALLCODE:
    case OP_DELEGATECALL:
    case OP_STATICCALL:
        item = step->stack_count >= CALL_ITEMS_MIN ? stack_item(step, 1) : NULL;
        break;
    default:
        return;
    }
    if (item == NULL) return;
    u256_store_be(word, item);
    memcpy(who.b, word + 12, sizeof(who.b));
    touch(list, &who);
}

struct evm_tracer access_list_tracer(struct access_list *list) {
    return (struct evm_tracer){.context = list, .on_step = on_step};
}

enum err access_list_finish(struct access_list *list, const struct tx_access **out, size_t *count) {
    uint32_t address_count = list->addresses.count;
    struct tx_access *made = arena_alloc_array(list->arena, address_count, sizeof(*made));
    if (made == NULL) return ERR_MEMORY;
    for (uint32_t i = 0; i < address_count; i++) {
        const struct map *keys = map_value_at(&list->addresses, i);
        hash32 *copy = arena_alloc_array(list->arena, keys->count, sizeof(*copy));
        if (copy == NULL) return ERR_MEMORY;
        for (uint32_t k = 0; k < keys->count; k++)
            memcpy(&copy[k], map_key_at(keys, k), sizeof(hash32));
        memcpy(&made[i].address, map_key_at(&list->addresses, i), sizeof(address));
        made[i].keys = copy;
        made[i].key_count = keys->count;
    }
    *out = made;
    *count = address_count;
    return ERR_OK;
}
