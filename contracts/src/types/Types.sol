// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

// An action of the cross-chain protocol. Its hash is keccak256(abi.encode(action)); the C mirror is
// src/batch/action.h. Entries and batches: Packed.sol, Record.sol.

enum Kind {
    CALL,
    RESULT,
    L2TX,
    REVERT,
    REVERT_CONTINUE
}

struct Action {
    Kind kind;
    uint64 rollupId;
    address target;
    uint64 sourceRollupId;
    address source;
    uint256 value;
    uint64 gas;
    bool isStatic;
    bool failed;
    bytes data;
}
