#include "node/kept_pool.h"

#include "chain/blobs.h"
#include "node/network.h"

#include <stdlib.h>
#include <string.h>

void kept_pool_close(struct kept_pool *kept) {
    free(kept->data);
    *kept = (struct kept_pool){0};
}

enum err kept_pool_add(struct kept_pool *kept, const address *sender, bytes encoding) {
    const uint64_t encoded_size = encoding.size;
    const size_t size = sizeof(*sender) + sizeof(encoded_size) + encoding.size;
    if (kept->capacity - kept->size < size) {
        const size_t capacity = (kept->size + size) * 2;
        uint8_t *data = realloc(kept->data, capacity);
        if (data == NULL) return ERR_MEMORY;
        kept->data = data;
        kept->capacity = capacity;
    }
    uint8_t *at = kept->data + kept->size;
    memcpy(at, sender, sizeof(*sender));
    memcpy(at + sizeof(*sender), &encoded_size, sizeof(encoded_size));
    if (encoding.size > 0)
        memcpy(at + sizeof(*sender) + sizeof(encoded_size), encoding.data, encoding.size);
    kept->size += size;
    return ERR_OK;
}

struct copying {
    struct kept_pool *kept;
    enum err err;
};

static void copy_tx(void *context, const struct pool_tx *tx, bool is_pending) {
    struct copying *copying = context;
    const bytes encoding = tx->network.size > 0 ? tx->network : tx->encoding;
    (void)is_pending;
    if (copying->err == ERR_OK) copying->err = kept_pool_add(copying->kept, &tx->sender, encoding);
}

enum err kept_pool_copy(struct kept_pool *kept, const struct pool *pool) {
    struct copying copying = {.kept = kept};
    pool_visit_all(pool, copy_tx, &copying);
    return copying.err;
}

bool kept_pool_next(const struct kept_pool *kept, size_t *at, address *sender, bytes *encoding) {
    uint64_t size;
    if (*at == kept->size) return false;
    const uint8_t *from = kept->data + *at;
    memcpy(sender, from, sizeof(*sender));
    memcpy(&size, from + sizeof(*sender), sizeof(size));
    *encoding = bytes_of(from + sizeof(*sender) + sizeof(size), (size_t)size);
    *at += sizeof(*sender) + sizeof(size) + encoding->size;
    return true;
}

enum err kept_pool_empty(struct node_chain *chain) {
    struct pool *pool = pool_open();
    if (pool == NULL) return ERR_MEMORY;
    pool_close(chain->pool);
    chain->pool = pool;
    return ERR_OK;
}

enum err kept_pool_offer(
    struct node_chain *chain,
    enum pool_verdict *verdict,
    const char **reason,
    hash32 *hash,
    struct arena *arena,
    const address *sender,
    bytes encoding
) {
    bytes network = BYTES_EMPTY;
    struct tx tx;
    struct blob_sidecar sidecar = {0};
    struct account account;
    const struct fork_rules rules =
        forks_at(&chain->schedule, chain->head.number + 1, node_next_timestamp(chain));
    enum tx_verdict tx_verdict = TX_SIDECAR_MISSING;
    bool exists;
    enum err err = ERR_OK;
    if (encoding.size > 0 && encoding.data[0] == TX_BLOB)
        err = blob_tx_decode(&tx, &sidecar, &tx_verdict, arena, encoding);
    if (err == ERR_OK && tx_verdict == TX_OK) {
        network = encoding;
        encoding = sidecar.tx_encoding;
    } else if (err == ERR_OK) {
        err = tx_decode(&tx, &tx_verdict, arena, encoding);
    }
    if (err == ERR_OK && tx_verdict != TX_OK) err = ERR_CORRUPT;
    if (err == ERR_OK) err = state_get_account(&chain->state, sender, &account, &exists);
    if (err != ERR_OK) return err;
    const struct pool_offer offer = {
        .tx = &tx,
        .encoding = encoding,
        .network = network,
        .sender = *sender,
        .account = {.nonce = account.nonce, .balance = account.balance},
        .rules = &rules,
        .block_gas_limit = chain->gas_limit,
        .base_fee_per_gas = node_next_base_fee(chain),
        .block_number = chain->head.number + 1,
    };
    err = pool_add(chain->pool, verdict, &tx_verdict, hash, &offer);
    if (err != ERR_OK) return err;
    *reason = *verdict == POOL_INVALID ? tx_verdict_text(tx_verdict) : pool_verdict_text(*verdict);
    return ERR_OK;
}

enum err
kept_pool_restore(const struct kept_pool *kept, struct node_chain *chain, kept_pool_each *each) {
    struct node *node = chain->node;
    address sender;
    bytes encoding;
    size_t at = 0;
    while (kept_pool_next(kept, &at, &sender, &encoding)) {
        enum pool_verdict verdict;
        const char *reason;
        hash32 hash;
        arena_reset(&node->build_arena);
        enum err err =
            kept_pool_offer(chain, &verdict, &reason, &hash, &node->build_arena, &sender, encoding);
        if (err == ERR_OK && verdict == POOL_OK && each != NULL) err = each(chain, &hash);
        if (err != ERR_OK) return err;
        if (verdict == POOL_OK || verdict == POOL_KNOWN) continue;
        chain->stats.dropped_count++;
        log_dropped(&node->log, chain->rpc.name, &hash, reason);
    }
    return ERR_OK;
}

enum err kept_pool_renew(struct node_chain *chain) {
    struct kept_pool kept = {0};
    enum err err = kept_pool_copy(&kept, chain->pool);
    if (err == ERR_OK) err = kept_pool_empty(chain);
    if (err == ERR_OK) err = kept_pool_restore(&kept, chain, NULL);
    kept_pool_close(&kept);
    return err;
}
