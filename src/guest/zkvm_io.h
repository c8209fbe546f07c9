/* guest/zkvm_io.h: a guest's input and output (github.com/eth-act/zkvm-standards, io-interface),
 * and how it ends. guest/machine.S has them for our own machine. */
#ifndef GUEST_ZKVM_IO_H
#define GUEST_ZKVM_IO_H

#include <stddef.h>
#include <stdint.h>

/* read_input gives the whole private input, the same at every call; it is not to be written to. */
void read_input(const uint8_t **buf_ptr, size_t *buf_size);

/* write_output appends to the public output. */
void write_output(const uint8_t *output, size_t size);

/* guest_exit ends the run. A status other than 0 says that it failed: nothing is proven by it. */
__attribute__((noreturn)) void guest_exit(int status);

#endif
