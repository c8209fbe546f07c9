/* chain/ethash.c: see ethash.h. Names and constants are those of the Yellow Paper's appendix J. */
#include "chain/ethash.h"

#include "core/rlp.h"
#include "crypto/keccak.h"

#define CACHE_BYTES_INIT     (1u << 24)
#define CACHE_BYTES_GROWTH   (1u << 17)
#define DATASET_BYTES_INIT   (1u << 30)
#define DATASET_BYTES_GROWTH (1u << 23)
#define CACHE_ROUNDS         3
#define DATASET_PARENTS      256
#define ACCESSES             64
#define MIX_BYTES            128
#define HASH_BYTES           64
#define KECCAK_512_RATE      72

/* An item of cache or dataset: 64 bytes, here as little-endian words of either size. */
union item {
    uint64_t words64[8];
    uint32_t words32[16];
};

/* Keccak-512 (padding 0x01) of at most one block of whole 64-bit words, each little-endian. */
static union item keccak512(const uint64_t *words, size_t count) {
    uint64_t state[25] = {0};
    for (size_t i = 0; i < count; i++)
        state[i] = words[i];
    state[count] ^= 0x01;
    state[KECCAK_512_RATE / 8 - 1] ^= 0x8000000000000000u;
    keccak_permute(state);
    union item item;
    memcpy(item.words64, state, sizeof item.words64);
    return item;
}

static uint32_t fnv(uint32_t a, uint32_t b) {
    return a * 0x01000193u ^ b;
}

static bool is_prime(uint64_t n) {
    if (n % 2 == 0) return n == 2;
    for (uint64_t d = 3; d * d <= n; d += 2) {
        if (n % d == 0) return false;
    }
    return n > 1;
}

/* The greatest prime number of items within init + growth * epoch bytes. */
static uint32_t item_count(uint64_t init, uint64_t growth, uint64_t epoch, uint64_t item_size) {
    uint64_t count = (init + growth * epoch) / item_size - 1;
    while (!is_prime(count))
        count--;
    return (uint32_t)count;
}

void ethash_open(struct ethash *ethash, struct arena *arena) {
    *ethash = (struct ethash){.arena = arena};
}

/* Sergio Demian Lerner's RandMemoHash, CACHE_ROUNDS times over items that start as a chain. */
static void fill_cache(struct ethash *ethash) {
    hash32 seed = {{0}};
    for (uint64_t i = 0; i < ethash->epoch; i++)
        seed = keccak256(hash32_bytes(&seed));
    uint64_t words[4];
    memcpy(words, seed.b, 32);
    union item item = keccak512(words, 4);
    uint32_t n = ethash->cache_count;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(ethash->cache[i], item.words64, HASH_BYTES);
        item = keccak512(item.words64, 8);
    }
    for (unsigned round = 0; round < CACHE_ROUNDS; round++) {
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t *before = ethash->cache[(i + n - 1) % n];
            const uint64_t *other = ethash->cache[(uint32_t)ethash->cache[i][0] % n];
            for (unsigned w = 0; w < 8; w++)
                item.words64[w] = before[w] ^ other[w];
            item = keccak512(item.words64, 8);
            memcpy(ethash->cache[i], item.words64, HASH_BYTES);
        }
    }
}

static enum err load_epoch(struct ethash *ethash, uint64_t epoch) {
    if (ethash->cache != NULL && ethash->epoch == epoch) return ERR_OK;
    if (epoch > ETHASH_EPOCH_MAX) return ERR_LIMIT;
    arena_reset(ethash->arena);
    ethash->cache = NULL;
    uint32_t count = item_count(CACHE_BYTES_INIT, CACHE_BYTES_GROWTH, epoch, HASH_BYTES);
    void *cache = arena_alloc_array(ethash->arena, count, HASH_BYTES);
    if (cache == NULL) return ERR_MEMORY;
    ethash->cache = cache;
    ethash->cache_count = count;
    /* The dataset's size is a prime number of mixes. */
    ethash->dataset_count =
        2 * item_count(DATASET_BYTES_INIT, DATASET_BYTES_GROWTH, epoch, MIX_BYTES);
    ethash->epoch = epoch;
    fill_cache(ethash);
    return ERR_OK;
}

static union item dataset_item(const struct ethash *ethash, uint32_t index) {
    union item mix;
    memcpy(mix.words64, ethash->cache[index % ethash->cache_count], HASH_BYTES);
    mix.words32[0] ^= index;
    mix = keccak512(mix.words64, 8);
    for (uint32_t j = 0; j < DATASET_PARENTS; j++) {
        uint32_t parent = fnv(index ^ j, mix.words32[j % 16]) % ethash->cache_count;
        union item from;
        memcpy(from.words64, ethash->cache[parent], HASH_BYTES);
        for (unsigned w = 0; w < 16; w++)
            mix.words32[w] = fnv(mix.words32[w], from.words32[w]);
    }
    return keccak512(mix.words64, 8);
}

/* The mix of seed hash s over the dataset, folded to 32 bytes. */
static void mix_of(const struct ethash *ethash, uint32_t folded[8], const union item *s) {
    uint32_t mix[MIX_BYTES / 4];
    memcpy(mix, s->words32, HASH_BYTES);
    memcpy(mix + 16, s->words32, HASH_BYTES);
    for (uint32_t i = 0; i < ACCESSES; i++) {
        uint32_t page = fnv(i ^ s->words32[0], mix[i % 32]) % (ethash->dataset_count / 2);
        for (uint32_t half = 0; half < 2; half++) {
            union item item = dataset_item(ethash, 2 * page + half);
            for (unsigned w = 0; w < 16; w++)
                mix[16 * half + w] = fnv(mix[16 * half + w], item.words32[w]);
        }
    }
    for (unsigned i = 0; i < 8; i++)
        folded[i] = fnv(fnv(fnv(mix[4 * i], mix[4 * i + 1]), mix[4 * i + 2]), mix[4 * i + 3]);
}

/* keccak256 of the header without mix hash and nonce, as it was before they were found. */
static enum err seal_hash(struct ethash *ethash, hash32 *hash, const struct header *header) {
    struct arena_mark mark = arena_mark(ethash->arena);
    bytes encoding;
    enum err err = header_encode(&encoding, ethash->arena, header);
    if (err == ERR_OK) {
        struct rlp outer = rlp_open(encoding);
        struct rlp fields;
        struct rlp_writer w;
        bytes item;
        bool is_list;
        rlp_writer_open(&w, ethash->arena);
        rlp_list_begin(&w);
        err = rlp_read_list(&outer, &fields);
        for (unsigned i = 0; err == ERR_OK && !rlp_done(&fields); i++) {
            err = rlp_read_item(&fields, &item, &is_list);
            if (err == ERR_OK && i != 13 && i != 14) rlp_write_raw(&w, item);
        }
        rlp_list_end(&w);
        if (err == ERR_OK) err = rlp_finish(&w, &encoding);
        if (err == ERR_OK) *hash = keccak256(encoding);
    }
    arena_release(ethash->arena, mark);
    return err;
}

enum err ethash_check(struct ethash *ethash, bool *is_valid, const struct header *header) {
    hash32 sealed;
    enum err err = load_epoch(ethash, header->number / ETHASH_EPOCH_LENGTH);
    if (err == ERR_OK) err = seal_hash(ethash, &sealed, header);
    if (err != ERR_OK) return err;
    uint64_t words[8];
    memcpy(words, sealed.b, 32);
    words[4] = load_be64(header->nonce); /* the nonce goes in little-endian */
    union item s = keccak512(words, 5);
    uint8_t tail[HASH_BYTES + 32];
    uint32_t folded[8];
    mix_of(ethash, folded, &s);
    memcpy(tail, s.words64, HASH_BYTES);
    memcpy(tail + HASH_BYTES, folded, 32);
    hash32 result = keccak256(bytes_of(tail, sizeof tail));
    u256 work = u256_load_be(result.b);
    /* work <= floor(2^256 / difficulty), with floor((2^256 - 1) / difficulty), which is the same
     * but where the difficulty divides 2^256: then one more, that a hash hits once in 2^256. */
    u256 bound = u256_div(&U256_MAX, &header->difficulty);
    *is_valid = memcmp(folded, header->mix_hash.b, 32) == 0 && !u256_is_zero(&header->difficulty) &&
                !u256_less(&bound, &work);
    return ERR_OK;
}
