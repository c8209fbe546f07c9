#include "node/signers.h"

#include <stdlib.h>
#include <uv.h>

#include "core/check.h"
#include "core/rlp.h"

#define HELPERS_MAX 8
/* What one block's transactions take; larger ones are left to whoever executes them. */
#define ARENA_SIZE_MAX ((size_t)1 << 28)

struct place {
    address *signers;
    size_t count;
    bool is_done;
};

struct signers {
    uv_mutex_t mutex;
    uv_cond_t changed;
    struct rlp rest; /* the items that nobody has taken */
    struct place places[SIGNERS_AHEAD_MAX];
    size_t taken;    /* how many blocks have been taken */
    size_t executed; /* how many of them have been asked for */
    bool is_closing;
    address *current;   /* what signers_take gave out last */
    struct arena arena; /* of the thread that executes */
    uv_thread_t threads[HELPERS_MAX];
    unsigned thread_count;
};

/* The signers of a block; none if there is no memory for them, or it is no block: whoever executes
 * it will say so. */
static struct place recover(struct arena *arena, bytes encoding) {
    struct block block;
    enum block_verdict verdict = BLOCK_OK;
    enum tx_verdict tx_verdict;
    size_t index;
    struct place place = {.is_done = true};
    arena_reset(arena);
    enum err err = block_decode(&block, &verdict, &tx_verdict, &index, arena, encoding);
    if (err != ERR_OK || verdict != BLOCK_OK || block.tx_count == 0) return place;
    place.signers = calloc(block.tx_count, sizeof(address));
    if (place.signers == NULL) return place;
    place.count = block.tx_count;
    for (size_t i = 0; i < block.tx_count; i++)
        /* Nobody's signature stays the zero address, which says that nothing is known. */
        if (block.txs[i].type != TX_DEPOSIT &&
            tx_recover(&place.signers[i], arena, &block.txs[i]) != ERR_OK)
            memset(&place.signers[i], 0, sizeof(address));
    return place;
}

/* Takes the next block if there is one and it is not too far ahead. With the mutex held. */
static bool take(struct signers *s, bytes *encoding, size_t *number) {
    bool is_list;
    if (s->taken >= s->executed + SIGNERS_AHEAD_MAX || rlp_done(&s->rest)) return false;
    /* What cannot be read ends the file for us. */
    if (rlp_read_item(&s->rest, encoding, &is_list) != ERR_OK) {
        s->rest = rlp_open(BYTES_EMPTY);
        return false;
    }
    *number = s->taken++;
    s->places[*number % SIGNERS_AHEAD_MAX] = (struct place){0};
    return true;
}

static void put(struct signers *s, size_t number, struct place place) {
    s->places[number % SIGNERS_AHEAD_MAX] = place;
    uv_cond_broadcast(&s->changed);
}

static void help(void *context) {
    struct signers *s = context;
    struct arena arena;
    arena_open(&arena, ARENA_SIZE_MAX);
    uv_mutex_lock(&s->mutex);
    while (!s->is_closing) {
        bytes encoding;
        size_t number;
        if (!take(s, &encoding, &number)) {
            if (rlp_done(&s->rest)) break;
            uv_cond_wait(&s->changed, &s->mutex);
            continue;
        }
        uv_mutex_unlock(&s->mutex);
        struct place place = recover(&arena, encoding);
        uv_mutex_lock(&s->mutex);
        put(s, number, place);
    }
    uv_mutex_unlock(&s->mutex);
    arena_close(&arena);
}

struct signers *signers_open(bytes content, unsigned helpers) {
    struct signers *s = calloc(1, sizeof(*s));
    if (s == NULL) return NULL;
    if (uv_mutex_init(&s->mutex) != 0) {
        free(s);
        return NULL;
    }
    CHECK(uv_cond_init(&s->changed) == 0);
    s->rest = rlp_open(content);
    arena_open(&s->arena, ARENA_SIZE_MAX);
    for (unsigned i = 0; i < helpers && i < HELPERS_MAX; i++) {
        if (uv_thread_create(&s->threads[i], help, s) != 0) break;
        s->thread_count++;
    }
    return s;
}

struct block_signers signers_take(struct signers *s) {
    if (s == NULL || s->thread_count == 0) return (struct block_signers){NULL, 0};
    uv_mutex_lock(&s->mutex);
    free(s->current);
    s->current = NULL;
    size_t number = s->executed;
    struct place *place = &s->places[number % SIGNERS_AHEAD_MAX];
    /* While a helper has this block, do others; this one too if nobody has it yet. */
    while (number >= s->taken || !place->is_done) {
        bytes encoding;
        size_t next;
        if (take(s, &encoding, &next)) {
            uv_mutex_unlock(&s->mutex);
            struct place done = recover(&s->arena, encoding);
            uv_mutex_lock(&s->mutex);
            put(s, next, done);
        } else if (number >= s->taken) {
            break; /* the file has no such block that can be read */
        } else {
            uv_cond_wait(&s->changed, &s->mutex);
        }
    }
    struct block_signers known = {NULL, 0};
    if (number < s->taken) {
        known = (struct block_signers){place->signers, place->count};
        s->current = place->signers;
        *place = (struct place){0};
    }
    s->executed++;
    uv_cond_broadcast(&s->changed);
    uv_mutex_unlock(&s->mutex);
    return known;
}

void signers_close(struct signers *s) {
    if (s == NULL) return;
    uv_mutex_lock(&s->mutex);
    s->is_closing = true;
    uv_cond_broadcast(&s->changed);
    uv_mutex_unlock(&s->mutex);
    for (unsigned i = 0; i < s->thread_count; i++)
        CHECK(uv_thread_join(&s->threads[i]) == 0);
    for (size_t i = 0; i < SIGNERS_AHEAD_MAX; i++)
        free(s->places[i].signers);
    free(s->current);
    arena_close(&s->arena);
    uv_cond_destroy(&s->changed);
    uv_mutex_destroy(&s->mutex);
    free(s);
}
