#include "cli/guest_report.h"

#include <stdio.h>
#include <stdlib.h>

/* Functions that are shown, and of each the callers and callees. */
#define FUNCTIONS_SHOWN 40
#define GRAPH_SHOWN     80
#define EDGES_SHOWN     6

#define NUMBER_SIZE 32

/* A number in groups of three digits. */
static const char *grouped(char text[NUMBER_SIZE], uint64_t number) {
    char plain[NUMBER_SIZE];
    int size = snprintf(plain, sizeof plain, "%llu", (unsigned long long)number);
    char *to = text;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) *to++ = ',';
        *to++ = plain[i];
    }
    *to = 0;
    return text;
}

static double percent(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : 100 * (double)part / (double)whole;
}

static void print_row(const char *name, uint64_t count, uint64_t whole) {
    char number[NUMBER_SIZE];
    printf("  %-24s %16s  %5.1f %%\n", name, grouped(number, count), percent(count, whole));
}

/* --- what happened ---------------------------------------------------------------------------- */

static void print_place(const struct machine *machine, const struct symbols *symbols) {
    printf("0x%llx", (unsigned long long)machine->pc);
    if (machine->pc - symbols->code_start >= symbols->code_size) return;
    const struct symbol *function = &symbols->functions[symbols_function_at(symbols, machine->pc)];
    printf(" (%s + 0x%llx)", function->name, (unsigned long long)(machine->pc - function->start));
}

static void print_end(const struct machine *machine, const struct symbols *symbols) {
    switch (machine->status) {
    case MACHINE_RUNNING:
        printf("status      not ended: the limit of cycles is reached at ");
        print_place(machine, symbols);
        break;
    case MACHINE_EXITED:
        printf("status      %lld", (long long)machine->exit_status);
        break;
    case MACHINE_TRAPPED:
        printf(
            "status      trap: %s (0x%llx) at ",
            machine_trap_text(machine->trap),
            (unsigned long long)machine->trap_address
        );
        print_place(machine, symbols);
        break;
    }
    printf("\noutput      0x");
    bytes output = machine_output(machine);
    for (size_t i = 0; i < output.size; i++)
        printf("%02x", output.data[i]);
    printf("\n");
}

static void print_totals(const struct machine *machine, double seconds) {
    char numbers[2][NUMBER_SIZE];
    struct machine_pages pages = machine_count_pages(machine);
    printf(
        "cycles      %s in %.3f s: %.0f million per second\n",
        grouped(numbers[0], machine->steps),
        seconds,
        (double)machine->steps / (seconds > 0 ? seconds : 1e-9) / 1e6
    );
    printf(
        "pages       %u of %u bytes: %u read, %u written\n",
        pages.touched,
        (unsigned)MACHINE_PAGE_SIZE,
        pages.loaded,
        pages.stored
    );
    printf("misaligned  %s accesses\n", grouped(numbers[0], machine->misaligned_count));
}

static void print_kinds(const struct machine *machine, const uint64_t *counts) {
    uint64_t sums[KIND_COUNT] = {0};
    for (uint64_t i = 0; i < machine->code_size / 4; i++)
        if (counts[i] > 0)
            sums[instruction_kind(instruction_decode(machine_code_word(machine, i)).op)] +=
                counts[i];
    printf("\ninstructions\n");
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        if (sums[kind] > 0)
            print_row(
                instruction_kind_name((enum instruction_kind)kind), sums[kind], machine->steps
            );
}

static void print_accelerators(const struct machine *machine) {
    char number[NUMBER_SIZE];
    bool is_first = true;
    for (unsigned i = 0; i <= ACCELERATOR_COUNT; i++) {
        bool is_absent = i == ACCELERATOR_COUNT;
        uint64_t calls = is_absent ? machine->absent_calls : machine->accelerator_calls[i];
        if (calls == 0) continue;
        if (is_first) printf("\naccelerator calls\n");
        is_first = false;
        printf(
            "  %-24s %16s\n",
            is_absent ? "not there" : accelerator_name((enum accelerator)i),
            grouped(number, calls)
        );
    }
}

/* --- functions -------------------------------------------------------------------------------- */

struct row {
    uint32_t function;
    uint64_t self;
};

static int compare_rows(const void *a, const void *b) {
    const struct row *x = a;
    const struct row *y = b;
    if (x->self != y->self) return x->self < y->self ? 1 : -1;
    return x->function < y->function ? -1 : x->function > y->function;
}

/* The edges of one function, its callers or its callees, by what they took. */
static void
print_edges(const struct profile *profile, struct row *rows, uint32_t function, bool is_callers) {
    char numbers[2][NUMBER_SIZE];
    uint32_t count = 0;
    for (uint32_t i = 0; i < profile->edges.count; i++) {
        const struct profile_edge_key *key = map_key_at(&profile->edges, i);
        const struct profile_edge *edge = map_value_at(&profile->edges, i);
        if ((is_callers ? key->callee : key->caller) == function)
            rows[count++] = (struct row){i, edge->cumulative};
    }
    qsort(rows, count, sizeof *rows, compare_rows);
    for (uint32_t i = 0; i < count && i < EDGES_SHOWN; i++) {
        const struct profile_edge_key *key = map_key_at(&profile->edges, rows[i].function);
        const struct profile_edge *edge = map_value_at(&profile->edges, rows[i].function);
        printf(
            "    %s %-40s %16s cycles %12s calls\n",
            is_callers ? "from" : "to  ",
            profile->symbols->functions[is_callers ? key->caller : key->callee].name,
            grouped(numbers[0], edge->cumulative),
            grouped(numbers[1], edge->calls)
        );
    }
    if (count > EDGES_SHOWN) printf("    and %u more\n", count - EDGES_SHOWN);
}

static enum err
print_functions(struct arena *arena, const struct profile *profile, const uint64_t *counts) {
    const struct symbols *symbols = profile->symbols;
    char numbers[3][NUMBER_SIZE];
    uint32_t shown = 0;
    uint64_t whole = 0;
    size_t row_count = symbols->function_count + profile->edges.count;
    uint64_t *sums = arena_alloc_array(arena, symbols->function_count, sizeof *sums);
    struct row *rows = arena_alloc_array(arena, symbols->function_count, sizeof *rows);
    struct row *edges = arena_alloc_array(arena, row_count, sizeof *edges);
    if (sums == NULL || rows == NULL || edges == NULL) return ERR_MEMORY;
    symbols_sum(symbols, sums, symbols->functions, symbols->function_count, counts);
    for (uint32_t i = 0; i < symbols->function_count; i++) {
        rows[i] = (struct row){i, sums[i]};
        whole += sums[i];
    }
    qsort(rows, symbols->function_count, sizeof *rows, compare_rows);
    while (shown < symbols->function_count && shown < FUNCTIONS_SHOWN && rows[shown].self > 0)
        shown++;
    printf("\nfunctions%36s %22s %16s\n", "cycles", "with callees", "calls");
    for (uint32_t i = 0; i < shown; i++) {
        const struct profile_function *function = &profile->functions[rows[i].function];
        printf(
            "  %-26s %16s %5.1f%% %14s %5.1f%% %16s\n",
            symbols->functions[rows[i].function].name,
            grouped(numbers[0], rows[i].self),
            percent(rows[i].self, whole),
            grouped(numbers[1], function->cumulative),
            percent(function->cumulative, whole),
            grouped(numbers[2], function->calls)
        );
    }
    for (uint32_t i = 0; i < symbols->function_count; i++)
        rows[i] = (struct row){i, profile->functions[i].cumulative};
    qsort(rows, symbols->function_count, sizeof *rows, compare_rows);
    printf("\nwho calls whom\n");
    for (uint32_t i = 0; i < symbols->function_count && i < GRAPH_SHOWN && rows[i].self > 0; i++) {
        printf(
            "  %s: %s cycles, %.1f %%\n",
            symbols->functions[rows[i].function].name,
            grouped(numbers[0], rows[i].self),
            percent(rows[i].self, whole)
        );
        print_edges(profile, edges, rows[i].function, true);
        print_edges(profile, edges, rows[i].function, false);
    }
    return ERR_OK;
}

enum err guest_report(
    struct arena *arena,
    const struct machine *machine,
    const struct symbols *symbols,
    const struct profile *profile,
    double seconds
) {
    uint64_t *counts = arena_alloc_array(arena, symbols->code_size / 4, sizeof *counts);
    uint64_t *sums = arena_alloc_array(arena, symbols->work_count, sizeof *sums);
    if (counts == NULL || sums == NULL) return ERR_MEMORY;
    machine_count_instructions(machine, counts);
    print_end(machine, symbols);
    print_totals(machine, seconds);
    print_kinds(machine, counts);
    if (symbols->work_count > 1) {
        symbols_sum(symbols, sums, symbols->works, symbols->work_count, counts);
        printf("\nwork\n");
        for (uint32_t i = 0; i < symbols->work_count; i++)
            if (sums[i] > 0) print_row(symbols->works[i].name, sums[i], machine->steps);
    }
    print_accelerators(machine);
    return profile == NULL ? ERR_OK : print_functions(arena, profile, counts);
}
