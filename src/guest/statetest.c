/* A test build of the guest: one case of a state test → u64 verdict, post root, hash of the logs.
 * Status 1: the input is none. */
#include "conformance/state_case.h"
#include "guest/arena.h"
#include "guest/zkvm_io.h"

int main(void) {
    guest_arena_open();
    bytes input;
    read_input(&input.data, &input.size);
    struct state_case c;
    struct state_case_result result;
    enum err err = state_case_decode(&c, &guest_arena, input);
    if (err == ERR_OK) err = state_case_run(&result, &guest_arena, &c);
    if (err == ERR_MEMORY) guest_out_of_memory();
    if (err != ERR_OK) return 1;
    uint8_t output[8 + 32 + 32];
    store_le64(output, result.verdict);
    memcpy(output + 8, result.root.b, 32);
    memcpy(output + 40, result.logs.b, 32);
    write_output(output, sizeof(output));
    return 0;
}
