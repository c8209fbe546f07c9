// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHub} from "contracts/src/interfaces/IHub.sol";

/// @title What was said on a chain, for others to read
/// @notice A broadcaster of ERC-7888, and what a chain knows of its parent's and its rollups'
/// broadcasters. Nothing here keeps a message from being used twice: who acts on one sees to that.
interface IMessageService {
    /// @notice This publisher has said this before.
    error MessageAlreadyBroadcasted(bytes32 message, address publisher);
    /// @notice No message of this slot was broadcast here.
    error MessageNotSent(bytes32 slot);
    /// @notice The message was not imported from the parent, and no proof of it was given.
    error MessageNotReceived(bytes32 slot);
    /// @notice Only the system imports messages.
    error NotTheSystem(address caller);
    /// @notice The chain has no parent here, so nothing can come from it.
    error NoParent();
    /// @notice The Hub does not know this state root of the rollup.
    error UnknownRoot(uint64 rollupId, bytes32 root);

    /// @notice A message of 32 bytes was said, in the name of who said it (ERC-7888).
    event MessageBroadcast(bytes32 indexed message, address indexed publisher);
    /// @notice A message of the parent was imported by the batch that began this block.
    event MessageImported(bytes32 indexed slot);

    /// @notice Proof of a message of the parent: against the anchored block of this number.
    struct ParentProof {
        uint64 anchorNumber;
        bytes[] account;
        bytes[] storage_;
    }

    /// @notice Proof of a message of a rollup: against a root that the Hub has recorded (IHub.isRoot).
    struct RollupProof {
        bytes32 root;
        uint256 index;
        bytes32 before;
        bytes32[] later;
        bytes[] account;
        bytes[] storage_;
    }

    /// @notice Says the message in the caller's name, once (ERC-7888).
    function broadcastMessage(bytes32 message) external;
    /// @notice The storage slot at which a broadcaster keeps when a message was said: what a message is
    /// called in a batch.
    function slotOf(bytes32 message, address publisher) external pure returns (bytes32);
    /// @notice When the message was said here, in seconds; 0 if it was not.
    function sentAt(bytes32 message, address publisher) external view returns (uint256);
    function isSent(bytes32 message, address publisher) external view returns (bool);
    /// @notice Reverts with MessageNotSent unless every one of these was said here. For the Hub.
    function requireSent(bytes32[] calldata slots) external view;
    /// @notice Whether a batch has imported this message of the parent's.
    function isReceived(bytes32 message, address publisher) external view returns (bool);
    /// @notice For the system: marks messages of the parent that the Hub has vouched for.
    function importMessages(bytes32[] calldata slots) external;
    /// @notice Reverts unless the parent's publisher has said the message: it was imported (`proof` is
    /// empty), or `proof`, an abi.encode(ParentProof), shows it.
    function requireFromParent(bytes32 message, address publisher, bytes calldata proof) external view;
    /// @notice Reverts unless the publisher on that rollup of `hub` has said the message, which `proof`,
    /// an abi.encode(RollupProof), shows.
    function requireFromRollup(IHub hub, uint64 rollupId, bytes32 message, address publisher, bytes calldata proof)
        external
        view;
}
