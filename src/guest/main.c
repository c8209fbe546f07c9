/* The guest program: input → check → output (verify/statement.h). A refusal is longer than the
 * output of a batch that holds and ends with another status than 0, so that nothing can take it for
 * a proof. */
#include "guest/arena.h"
#include "guest/zkvm_io.h"
#include "verify/statement.h"

int main(void) {
    guest_arena_open();
    bytes input;
    read_input(&input.data, &input.size);
    struct statement_output output;
    statement_check(&output, &guest_arena, input);
    write_output(output.data, output.size);
    return (int)output.status;
}
