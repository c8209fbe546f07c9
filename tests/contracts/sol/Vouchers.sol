// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProofSystem} from "contracts/src/interfaces/IProofSystem.sol";

/// @notice Vouches for everything: entries in these tests are made by hand.
contract AlwaysTrue is IProofSystem {
    function verify(bytes32, uint64[] calldata, bytes32, bytes calldata) external pure returns (bool) {
        return true;
    }
}

/// @notice Vouches for exactly what it is told to.
contract Expecting is IProofSystem {
    bytes32 private expected;

    function expect(bytes32 vkey, uint64[] calldata rollupIds, bytes32 publicInput, bytes calldata data) external {
        expected = keccak256(abi.encode(vkey, rollupIds, publicInput, data));
    }

    function verify(bytes32 vkey, uint64[] calldata rollupIds, bytes32 publicInput, bytes calldata data)
        external
        view
        returns (bool)
    {
        return expected == keccak256(abi.encode(vkey, rollupIds, publicInput, data));
    }
}
