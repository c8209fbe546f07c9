#include "riscv/state.h"

#include "core/check.h"
#include "crypto/keccak.h"

#include <stdlib.h>

_Static_assert(MACHINE_PAGE_COUNT == 1 << STATE_PAGE_DEPTH, "pages are the leaves of a full tree");

/* A level of the tree: what differs from nothing; the rest is level's zero hash. */
struct tree {
    hash32 *hashes;  /* of the level being made, in place of the one below */
    bool *is_filled; /* not the hash of zeros */
    hash32 zero;     /* the hash of zeros at this level */
    uint32_t count;
};

static hash32 hash_page(const uint8_t *page) {
    return keccak256(bytes_of(page, MACHINE_PAGE_SIZE));
}

static hash32 hash_pair(const hash32 *left, const hash32 *right) {
    return keccak256_two(hash32_bytes(left), hash32_bytes(right));
}

static void tree_close(struct tree *tree) {
    free(tree->hashes);
    free(tree->is_filled);
}

/* The leaves. A page is hashed if the program, the input or a store has filled it. */
static enum err tree_open(struct tree *tree, const struct machine *machine) {
    static const uint8_t zeros[MACHINE_PAGE_SIZE];
    *tree = (struct tree){
        .hashes = malloc(MACHINE_PAGE_COUNT * sizeof *tree->hashes),
        .is_filled = malloc(MACHINE_PAGE_COUNT * sizeof *tree->is_filled),
        .zero = hash_page(zeros),
        .count = MACHINE_PAGE_COUNT,
    };
    if (tree->hashes == NULL || tree->is_filled == NULL) {
        tree_close(tree);
        return ERR_MEMORY;
    }
    for (uint32_t i = 0; i < tree->count; i++) {
        tree->is_filled[i] = machine->filled[i] || machine->stored[i];
        if (tree->is_filled[i])
            tree->hashes[i] = hash_page(machine->memory + (size_t)i * MACHINE_PAGE_SIZE);
    }
    return ERR_OK;
}

static const hash32 *tree_at(const struct tree *tree, uint32_t index) {
    return tree->is_filled[index] ? &tree->hashes[index] : &tree->zero;
}

/* Goes up one level. */
static void tree_climb(struct tree *tree) {
    tree->count /= 2;
    for (uint32_t i = 0; i < tree->count; i++) {
        bool is_filled = tree->is_filled[2 * i] || tree->is_filled[2 * i + 1];
        if (is_filled) tree->hashes[i] = hash_pair(tree_at(tree, 2 * i), tree_at(tree, 2 * i + 1));
        tree->is_filled[i] = is_filled;
    }
    tree->zero = hash_pair(&tree->zero, &tree->zero);
}

enum err state_root(hash32 *root, const struct machine *machine) {
    struct tree tree;
    if (tree_open(&tree, machine) != ERR_OK) return ERR_MEMORY;
    while (tree.count > 1)
        tree_climb(&tree);
    *root = state_root_with(machine, tree_at(&tree, 0));
    tree_close(&tree);
    return ERR_OK;
}

enum err state_prove_page(
    hash32 siblings[STATE_PAGE_DEPTH], const struct machine *machine, uint32_t page_index
) {
    struct tree tree;
    if (tree_open(&tree, machine) != ERR_OK) return ERR_MEMORY;
    for (unsigned level = 0; level < STATE_PAGE_DEPTH; level++) {
        siblings[level] = *tree_at(&tree, page_index >> level ^ 1);
        tree_climb(&tree);
    }
    tree_close(&tree);
    return ERR_OK;
}

hash32 state_memory_root_of(
    const uint8_t page[MACHINE_PAGE_SIZE],
    uint32_t page_index,
    const hash32 siblings[STATE_PAGE_DEPTH]
) {
    hash32 hash = hash_page(page);
    for (unsigned level = 0; level < STATE_PAGE_DEPTH; level++) {
        bool is_right = (page_index >> level & 1) != 0;
        hash = is_right ? hash_pair(&siblings[level], &hash) : hash_pair(&hash, &siblings[level]);
    }
    return hash;
}

hash32 state_root_with(const struct machine *machine, const hash32 *memory_root) {
    const uint64_t words[STATE_WORDS - (MACHINE_REGISTERS - 1)] = {
        /* what it is */
        machine->code_start,
        machine->code_size,
        machine->writable_start,
        machine->options.accelerators,
        /* where it stands */
        machine->steps,
        machine->pc,
        machine->status,
        machine->trap,
        machine->trap_address,
        machine->exit_status,
        machine->output_size,
    };
    hash32 output = keccak256(machine_output(machine));
    struct keccak keccak;
    keccak_init(&keccak);
    keccak_update(&keccak, bytes_of(words, sizeof words));
    keccak_update(&keccak, bytes_of(machine->x + 1, (MACHINE_REGISTERS - 1) * sizeof *machine->x));
    keccak_update(&keccak, hash32_bytes(&output));
    keccak_update(&keccak, hash32_bytes(memory_root));
    return keccak_final(&keccak);
}
