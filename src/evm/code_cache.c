/* Codes and their programs by hash; and the programs of init codes, which have none. */
#include "core/map.h"
#include "evm/evm_private.h"

struct cached_code {
    bytes code;
    struct program *programs; /* one for each fork and kind that was asked for */
};

struct evm_code_cache {
    struct arena *arena;
    struct map map; /* hash32 to struct cached_code */
};

struct evm_code_cache *evm_code_cache_open(struct arena *arena) {
    struct evm_code_cache *cache = arena_alloc_zero(arena, sizeof(*cache));
    if (cache == NULL) return NULL;
    cache->arena = arena;
    map_open(&cache->map, arena, sizeof(hash32), sizeof(struct cached_code));
    return cache;
}

bool evm_code_cache_find(const struct evm_code_cache *cache, const hash32 *code_hash, bytes *code) {
    const struct cached_code *found = map_get(&cache->map, code_hash);
    if (found == NULL) return false;
    *code = found->code;
    return true;
}

enum err
evm_code_cache_add(struct evm_code_cache *cache, const hash32 *code_hash, bytes code, bytes *kept) {
    bool is_new;
    bytes copy;
    struct cached_code *found = map_get(&cache->map, code_hash);
    if (found == NULL) {
        enum err err = arena_copy(cache->arena, &copy, code);
        if (err != ERR_OK) return err;
        found = map_put(&cache->map, code_hash, &is_new);
        if (found == NULL) return ERR_MEMORY;
        found->code = copy;
    }
    if (kept != NULL) *kept = found->code;
    return ERR_OK;
}

/* The programs of codes without a cache: the codes are borrowed, since they outlive the machine. */
static struct map *programs_of(struct evm *evm) {
    if (evm->config->code_cache != NULL) return &evm->config->code_cache->map;
    if (evm->own_programs == NULL) {
        evm->own_programs = arena_alloc(evm->arena, sizeof(*evm->own_programs));
        if (evm->own_programs != NULL)
            map_open(evm->own_programs, evm->arena, sizeof(hash32), sizeof(struct cached_code));
    }
    return evm->own_programs;
}

static enum err find_init_program(
    struct evm *evm,
    struct evm_init_program *init,
    struct program **out,
    bytes code,
    bool is_careful
) {
    enum fork fork = evm->config->fork;
    *out = init->program;
    if (init->program != NULL && init->program->fork == fork &&
        bytes_equal(init->program->code, code))
        return ERR_OK;
    struct arena region;
    bytes copy;
    size_t size = program_size_max(code, is_careful) + code.size + 2 * ARENA_ALLOCATION_EXTRA;
    if (size > init->capacity) {
        size_t capacity = 2 * init->capacity > size ? 2 * init->capacity : size;
        uint8_t *memory = arena_alloc(evm->arena, capacity);
        if (memory == NULL) return ERR_MEMORY;
        init->memory = memory;
        init->capacity = capacity;
    }
    init->program = NULL;
    arena_open_region(&region, init->memory, init->capacity);
    enum err err = arena_copy(&region, &copy, code);
    if (err == ERR_OK) err = program_make(&init->program, &region, copy, fork, is_careful);
    *out = init->program;
    return err;
}

enum err evm_find_program(
    struct evm *evm,
    struct evm_frame *frame,
    struct program **out,
    const hash32 *code_hash,
    bytes code,
    bool is_careful
) {
    if (code_hash == NULL)
        return find_init_program(evm, &frame->inits[is_careful], out, code, is_careful);
    struct evm_code_cache *cache = evm->config->code_cache;
    enum fork fork = evm->config->fork;
    struct map *map = programs_of(evm);
    if (map == NULL) return program_make(out, evm->arena, code, fork, is_careful);
    struct cached_code *found = map_get(map, code_hash);
    if (found == NULL) {
        bytes kept = code;
        if (cache != NULL && evm_code_cache_add(cache, code_hash, code, &kept) != ERR_OK)
            return program_make(out, evm->arena, code, fork, is_careful);
        found = map_put(map, code_hash, NULL);
        if (found == NULL) return program_make(out, evm->arena, code, fork, is_careful);
        found->code = kept;
    }
    struct program *program = found->programs;
    while (program != NULL && (program->fork != fork || program->is_careful != is_careful))
        program = program->next;
    if (program == NULL) {
        struct arena *arena = cache != NULL ? cache->arena : evm->arena;
        if (program_make(&program, arena, found->code, fork, is_careful) != ERR_OK)
            return program_make(out, evm->arena, code, fork, is_careful);
        program->is_kept = cache != NULL;
        program->has_hash = true;
        program->code_hash = *code_hash;
        program->next = found->programs;
        found->programs = program;
    }
    *out = program;
    return ERR_OK;
}
