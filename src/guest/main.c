/* The guest program: input → check → output (rollup/statement.h). A refusal is longer than the
 * output of a batch that holds and ends with another status than 0, so that nothing can take it for a
 * proof. */
#include "guest/arena.h"
#include "guest/zkvm_io.h"
#include "rollup/statement.h"

extern uint8_t guest_heap_start[];
extern uint8_t guest_heap_end[];

struct arena guest_arena;

void *guest_alloc(size_t count, size_t item_size) {
    void *p = arena_alloc_array(&guest_arena, count, item_size);
    if (p != NULL) return p;
    struct statement_output output;
    statement_out_of_memory(&output);
    write_output(output.data, output.size);
    guest_exit((int)output.status);
}

int main(void) {
    size_t heap_size = (size_t)(guest_heap_end - guest_heap_start);
    arena_open_region(&guest_arena, guest_heap_start, heap_size);
    bytes input;
    read_input(&input.data, &input.size);
    struct statement_output output;
    statement_check(&output, &guest_arena, input);
    write_output(output.data, output.size);
    return (int)output.status;
}
