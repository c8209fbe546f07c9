// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StorageProof} from "contracts/src/libraries/StorageProof.sol";

/// @title Merkle proofs as a contract of their own
/// @notice StorageProof for contracts that had rather call it than hold its code.
contract ProofVerifier {
    /// @notice See StorageProof.accountAt.
    function accountAt(bytes32 stateRoot, address who, bytes[] calldata proof)
        external
        pure
        returns (StorageProof.Account memory)
    {
        return StorageProof.accountAt(stateRoot, who, proof);
    }

    /// @notice See StorageProof.slotIn.
    function slotIn(bytes32 storageRoot, bytes32 slot, bytes[] calldata proof) external pure returns (uint256) {
        return StorageProof.slotIn(storageRoot, slot, proof);
    }
}
