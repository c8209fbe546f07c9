/* cli/evm_world.h: the accounts that `lockstep evm run` runs code among: the contract, the sender,
 * and those of a file. What nobody mentions is absent. */
#ifndef CLI_EVM_WORLD_H
#define CLI_EVM_WORLD_H

#include "core/arena.h"
#include "evm/evm.h"

#define EVM_WORLD_ACCOUNTS_MAX 4096

struct evm_world_slot {
    u256 key;
    u256 value;
};

struct evm_world_account {
    address address;
    uint64_t nonce;
    u256 balance;
    bytes code;
    hash32 code_hash;
    const struct evm_world_slot *slots;
    size_t slot_count;
};

struct evm_world {
    struct arena *arena;
    address sender;
    address target;
    struct evm_world_account *accounts; /* EVM_WORLD_ACCOUNTS_MAX of them are allocated */
    size_t account_count;
};

/* evm_world_open makes one with the contract, which has this code, and its sender. ERR_MEMORY. */
MUST_USE enum err evm_world_open(struct evm_world *world, struct arena *arena, bytes code);

/* evm_world_read adds what a JSON text says: {"to": …, "sender": …, "pre": {address: {balance,
 * nonce, code, storage}}}; values are hexadecimal. The contract's code replaces that of "to".
 *
 * Out:     problem  ERR_INPUT: what is wrong; static.
 * Returns: ERR_INPUT, ERR_MEMORY. */
MUST_USE enum err evm_world_read(struct evm_world *world, const char **problem, bytes text);

/* evm_world_run runs the machine to its end, answering it from the world. ERR_MEMORY;
 * ERR_UNSUPPORTED; ERR_LIMIT: a balance would exceed 256 bits. */
MUST_USE enum err evm_world_run(const struct evm_world *world, struct evm *evm);

#endif
