// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Anything that vouches for a batch
interface IProofSystem {
    /// @notice Whether `data` proves that every entry of the batch behind `publicInput` is a true step
    /// of the rollups named, under the program `vkey`. May revert with a reason instead of `false`.
    function verify(bytes32 vkey, uint64[] calldata rollupIds, bytes32 publicInput, bytes calldata data)
        external
        view
        returns (bool);
}

/// @notice One proof of a batch, for the rollups that stand on its system.
struct Proof {
    IProofSystem system;
    uint64[] rollupIds;
    bytes data;
}
