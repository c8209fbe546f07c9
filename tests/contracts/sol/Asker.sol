// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IEcho {
    function echo(bytes32 word) external returns (bytes32);
}

/// @notice As little as a contract can do that calls another.
contract Asker {
    function ask(address to, bytes32 word) external returns (bytes32) {
        return IEcho(to).echo(word);
    }
}

/// @notice What it calls if that is on its own chain.
contract Echo is IEcho {
    function echo(bytes32 word) external pure returns (bytes32) {
        return ~word;
    }
}
