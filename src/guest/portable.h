/* guest/portable.h: every accelerator in portable C, as portable_x. Where nothing better is linked
 * in, zkvm_x is the same function: a weak symbol. */
#ifndef GUEST_PORTABLE_H
#define GUEST_PORTABLE_H

#include "guest/zkvm_accelerators.h"

/* To be put behind portable_x, in the same file. */
#define PORTABLE_ACCELERATOR(name) \
    extern __typeof__(zkvm_##name) zkvm_##name __attribute__((weak, alias("portable_" #name)))

#define ACCELERATOR(name) extern __typeof__(zkvm_##name) portable_##name;
#include "riscv/accelerators.def"
#undef ACCELERATOR

#endif
