// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProofSystem} from "contracts/src/interfaces/IProofSystem.sol";

/// @title k of n other proof systems
/// @notice Defence in depth: a false step needs `threshold` systems that vouch for it, a true one goes
/// through while no more than the others refuse or are down. Best of different kinds.
contract KOfN is IProofSystem {
    /// @notice That many of so many systems: none would be needed, or more than there are.
    error BadThreshold(uint256 threshold, uint256 systems);
    /// @notice System number `index` has no code, or is named twice.
    error BadSystem(uint256 index, IProofSystem system);
    /// @notice Fewer proofs than the threshold.
    error TooFewProofs(uint256 have, uint256 need);
    /// @notice The proofs' systems must ascend, so that none counts twice.
    error SystemsNotAscending(uint256 index);
    /// @notice There is no system of this number.
    error UnknownSystem(uint256 system);
    /// @notice The system does not vouch for the statement. (One that reverts is quoted instead.)
    error SystemRefused(uint256 system);

    /// @notice A proof by system number `system`, in the order of `systems()`.
    struct Part {
        uint256 system;
        bytes data;
    }

    /// @notice How many systems must vouch. Neither it nor the systems ever change.
    uint256 public immutable threshold;
    IProofSystem[] private all;

    /// @param threshold_ How many of the systems must vouch, at least 1.
    /// @param systems_ All different, each with code.
    constructor(uint256 threshold_, IProofSystem[] memory systems_) {
        if (threshold_ == 0 || threshold_ > systems_.length) revert BadThreshold(threshold_, systems_.length);
        threshold = threshold_;
        for (uint256 i = 0; i < systems_.length; i++) {
            if (address(systems_[i]).code.length == 0) revert BadSystem(i, systems_[i]);
            for (uint256 j = 0; j < i; j++) {
                if (systems_[j] == systems_[i]) revert BadSystem(i, systems_[i]);
            }
        }
        all = systems_;
    }

    /// @notice Whom one believes, as the constructor was told.
    function systems() external view returns (IProofSystem[] memory) {
        return all;
    }

    /// @inheritdoc IProofSystem
    /// @dev data: abi.encode(Part[]), ascending by system; each part proves the same statement to its
    /// system, under the same vkey. Every part must hold, also beyond the threshold. Never answers
    /// false: what is refused is refused with its reason.
    function verify(bytes32 vkey, uint64[] calldata rollupIds, bytes32 publicInput, bytes calldata data)
        external
        view
        returns (bool)
    {
        Part[] memory parts = abi.decode(data, (Part[]));
        if (parts.length < threshold) revert TooFewProofs(parts.length, threshold);
        for (uint256 i = 0; i < parts.length; i++) {
            uint256 system = parts[i].system;
            if (i > 0 && system <= parts[i - 1].system) revert SystemsNotAscending(i);
            if (system >= all.length) revert UnknownSystem(system);
            if (!all[system].verify(vkey, rollupIds, publicInput, parts[i].data)) revert SystemRefused(system);
        }
        return true;
    }
}
