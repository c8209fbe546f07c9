// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What a rollup's head commits to besides its accounts
/// @notice Predeploy 0x4c53000000000000000000000000000000000001. Its storage is written by the genesis
/// and by the state-transition function, never by a transaction: there is no function that writes.
/// @dev Slot numbers are part of the protocol (src/rollup/predeploys.h): each value has a slot of its
/// own, in the order of declaration.
contract System {
    /// @notice Chain id of this rollup.
    uint256 public chainId; // slot 0
    /// @notice The id under which the Hub knows this rollup.
    uint256 public rollupId; // slot 1
    /// @notice The Hub on the parent chain.
    address public hub; // slot 2
    /// @notice Chain id of the parent.
    uint256 public parentChainId; // slot 3
    /// @notice The fork whose rules hold, as the node numbers them (src/evm/fork.h).
    uint256 public fork; // slot 4
    /// @notice The most gas that a call out of this rollup may carry.
    uint256 public maxCallGas; // slot 5
    /// @notice Gas limit of every block.
    uint256 public blockGasLimit; // slot 6
    /// @notice Raised by every step that moves the head to an idle one, so that no head comes twice.
    uint256 public stepCounter; // slot 7
    /// @notice Commitment to what the slot block has gathered and no header contains yet.
    bytes32 public openBlock; // slot 8
    /// @notice prevRandao of the newest anchored parent block.
    bytes32 public prevRandao; // slot 9
    /// @notice Whether the native token is the rollup's own: then no ether comes in or goes out.
    bool public hasOwnToken; // slot 10
    /// @notice Which state-transition function the rollup has, as the node numbers them: 0 an EVM.
    uint256 public kind; // slot 11
    /// @notice Chain of hashes over the forced transactions that the rollup has taken (IHub.Forced).
    bytes32 public forced; // slot 12
}
