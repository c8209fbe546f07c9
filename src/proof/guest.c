#include "proof/guest.h"

#include "crypto/keccak.h"

/* The Makefile puts them there, from build/guest/lockstep-guest.elf. */
extern const uint8_t guest_elf_file[];
extern const uint64_t guest_elf_file_size;

bytes guest_elf(void) {
    return bytes_of(guest_elf_file, guest_elf_file_size);
}

hash32 guest_id(void) {
    return keccak256(guest_elf());
}
