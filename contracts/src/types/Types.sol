// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

// The types of the cross-chain protocol. Hashes are keccak256(abi.encode(value)); the C mirror is
// src/rollup/{action,entry,batch}.h.

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

struct Transition {
    uint64 rollupId;
    bytes32 pre;
    bytes32 post;
    bool idle;
    int256 etherDelta;
}

struct Entry {
    Action input;
    Transition[] transitions;
    Action[] trace;
    Action out;
    bool scope;
}

struct Update {
    uint64 rollupId;
    bytes payload;
    uint64 anchorNumber;
    bytes32[] messageSlots;
    uint16 forced;
    uint64 timestamp;
}

struct Batch {
    Update[] updates;
    Entry[] entries;
}

/// What the Hub keeps of an entry, and what `lookup` answers.
struct Outcome {
    bool found;
    bool scope;
    bytes32 entryHash;
    Transition[] transitions;
    Action out;
}
