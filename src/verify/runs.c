/* Which entries of a batch have to be made anew together (protocol.md section 8, "runs").
 *
 * Entries that name the same head go together, because the one that leads to it has to come first;
 * but not where the head is given: whoever begins there needs nobody. A REVERT_CONTINUE goes with
 * the REVERT that it names. */
#include "verify/verify_private.h"

struct splitter {
    struct verify_files *files;
    size_t *parents; /* of each entry; its own index at the root of a tree */
    struct map seen; /* hash32, a head → uint64_t, an entry that names it */
};

static size_t root_of(struct splitter *s, size_t entry) {
    while (s->parents[entry] != entry) {
        s->parents[entry] = s->parents[s->parents[entry]];
        entry = s->parents[entry];
    }
    return entry;
}

/* The root is the first entry of its run. */
static enum err name_head(struct splitter *s, size_t entry, const hash32 *head) {
    bool is_new;
    uint64_t *other = map_put(&s->seen, head, &is_new);
    if (other == NULL) return ERR_MEMORY;
    if (is_new) {
        *other = entry;
        return ERR_OK;
    }
    const size_t a = root_of(s, entry);
    const size_t b = root_of(s, (size_t)*other);
    s->parents[a > b ? a : b] = a > b ? b : a;
    return ERR_OK;
}

static enum err name_heads(struct splitter *s, size_t index) {
    const struct entry *entry = &s->files->batch.entries[index];
    for (size_t i = 0; i < entry->transition_count; i++) {
        const struct transition *t = &entry->transitions[i];
        const hash32 *ends[] = {&t->pre, &t->post};
        for (size_t j = 0; j < 2; j++) {
            const struct head_key key = {t->rollup_id, *ends[j]};
            if (map_get(&s->files->head_indices, &key) != NULL) continue;
            enum err err = name_head(s, index, ends[j]);
            if (err != ERR_OK) return err;
        }
    }
    hash32 reverted;
    if (entry->input.kind != ACTION_REVERT_CONTINUE ||
        abi_read_hash(&reverted, entry->input.data, 1) != ERR_OK)
        return ERR_OK;
    return name_head(s, index, &reverted);
}

/* Numbers the runs in the order of their first entries, and lists the entries of each. */
static enum err list_runs(struct splitter *s) {
    struct verify_files *files = s->files;
    const size_t count = files->batch.entry_count;
    size_t *numbers = arena_alloc_array(files->arena, count, sizeof(*numbers));
    files->run_entries = arena_alloc_array(files->arena, count, sizeof(size_t));
    files->run_starts = arena_alloc_zero(files->arena, (count + 2) * sizeof(size_t));
    if (numbers == NULL || files->run_entries == NULL || files->run_starts == NULL)
        return ERR_MEMORY;
    files->run_count = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t root = root_of(s, i);
        numbers[i] = root == i ? files->run_count++ : numbers[root];
        files->run_starts[numbers[i] + 2]++;
    }
    for (size_t i = 2; i < files->run_count + 2; i++)
        files->run_starts[i] += files->run_starts[i - 1];
    /* Each start moves on to the next one's place as its run is filled. */
    for (size_t i = 0; i < count; i++)
        files->run_entries[files->run_starts[numbers[i] + 1]++] = i;
    return ERR_OK;
}

enum err verify_split(struct verify_files *files) {
    const size_t count = files->batch.entry_count;
    struct splitter s = {.files = files};
    s.parents = arena_alloc_array(files->arena, count, sizeof(*s.parents));
    if (s.parents == NULL) return ERR_MEMORY;
    map_open(&s.seen, files->arena, sizeof(hash32), sizeof(uint64_t));
    for (size_t i = 0; i < count; i++)
        s.parents[i] = i;
    for (size_t i = 0; i < count; i++) {
        enum err err = name_heads(&s, i);
        if (err != ERR_OK) return err;
    }
    return list_runs(&s);
}

size_t verify_run_count(const struct verify_files *files) {
    return files->run_count;
}

size_t verify_run_size(const struct verify_files *files, size_t run_index) {
    return files->run_starts[run_index + 1] - files->run_starts[run_index];
}
