#include "riscv/symbols.h"

#include <stdlib.h>

static const char WORK_PREFIX[] = "__work_";

static bool is_work(const char *name) {
    return strncmp(name, WORK_PREFIX, sizeof WORK_PREFIX - 1) == 0;
}

/* Functions, and labels of assembly that other files see; not marks that the assembler makes. */
static bool is_function(const struct elf_symbol *symbol) {
    if (is_work(symbol->name) || symbol->name[0] == '$' || symbol->name[0] == 0) return false;
    return symbol->is_function || symbol->is_global;
}

/* By address, then by name. */
static int compare(const void *a, const void *b) {
    const struct symbol *x = a;
    const struct symbol *y = b;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Sorts, drops all but the first at an address, and returns how many are left. */
static uint32_t sort(struct symbol *symbols, uint32_t count) {
    uint32_t kept = 0;
    qsort(symbols, count, sizeof *symbols, compare);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || symbols[i].start != symbols[kept - 1].start) symbols[kept++] = symbols[i];
    return kept;
}

enum err symbols_open(struct symbols *symbols, struct arena *arena, const struct elf *elf) {
    const struct elf_segment *code = &elf->segments[elf->code];
    uint32_t symbol_count = elf_symbol_count(elf);
    uint64_t instruction_count = code->size / 4;
    struct symbol *functions =
        arena_alloc_array(arena, (size_t)symbol_count + 1, sizeof *functions);
    struct symbol *works = arena_alloc_array(arena, (size_t)symbol_count + 1, sizeof *works);
    uint32_t *function_of =
        arena_alloc_array(arena, (size_t)instruction_count, sizeof *function_of);
    if (functions == NULL || works == NULL || function_of == NULL) return ERR_MEMORY;
    /* "~" sorts behind all other names, so that these stay only where nothing else begins. */
    uint32_t function_count = 0;
    uint32_t work_count = 0;
    for (uint32_t i = 0; i < symbol_count; i++) {
        struct elf_symbol symbol = elf_symbol_at(elf, i);
        if (symbol.address - code->address >= code->size) continue;
        if (is_work(symbol.name))
            works[work_count++] =
                (struct symbol){symbol.name + sizeof WORK_PREFIX - 1, symbol.address};
        else if (is_function(&symbol))
            functions[function_count++] = (struct symbol){symbol.name, symbol.address};
    }
    functions[function_count++] = (struct symbol){"~", code->address};
    works[work_count++] = (struct symbol){"~other", code->address};
    *symbols = (struct symbols){
        .functions = functions,
        .function_count = sort(functions, function_count),
        .works = works,
        .work_count = sort(works, work_count),
        .code_start = code->address,
        .code_size = code->size,
        .function_of = function_of,
    };
    if (functions[0].name[0] == '~') functions[0].name = "?";
    if (works[0].name[0] == '~') works[0].name = "other";
    uint32_t at = 0;
    for (uint64_t i = 0; i < instruction_count; i++) {
        while (at + 1 < symbols->function_count && functions[at + 1].start <= code->address + 4 * i)
            at++;
        function_of[i] = at;
    }
    return ERR_OK;
}

void symbols_sum(
    const struct symbols *symbols,
    uint64_t *sums,
    const struct symbol *spans,
    uint32_t span_count,
    const uint64_t *counts
) {
    uint32_t at = 0;
    memset(sums, 0, span_count * sizeof *sums);
    for (uint64_t i = 0; i < symbols->code_size / 4; i++) {
        while (at + 1 < span_count && spans[at + 1].start <= symbols->code_start + 4 * i)
            at++;
        sums[at] += counts[i];
    }
}
