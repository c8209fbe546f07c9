#include "guest/arena.h"

#include "guest/zkvm_io.h"
#include "verify/statement.h"

extern uint8_t guest_heap_start[];
extern uint8_t guest_heap_end[];

struct arena guest_arena;

void guest_arena_open(void) {
    size_t size = (uintptr_t)guest_heap_end - (uintptr_t)guest_heap_start;
    arena_open_region(&guest_arena, guest_heap_start, size);
}

void guest_out_of_memory(void) {
    struct statement_output output;
    statement_out_of_memory(&output);
    write_output(output.data, output.size);
    guest_exit((int)output.status);
}

void *guest_alloc(size_t count, size_t item_size) {
    void *p = arena_alloc_array(&guest_arena, count, item_size);
    if (p == NULL) guest_out_of_memory();
    return p;
}
