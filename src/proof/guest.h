/* proof/guest.h: the guest program (src/guest) as it was built with this program: the ELF that
 * proof systems prove, and its hash, which is the vkey that rollups are registered with. An
 * attestation says of exactly that program that it has accepted a batch. */
#ifndef PROOF_GUEST_H
#define PROOF_GUEST_H

#include "core/bytes.h"

/* The ELF file; static storage. */
bytes guest_elf(void);

/* keccak256 of it. */
hash32 guest_id(void);

#endif
