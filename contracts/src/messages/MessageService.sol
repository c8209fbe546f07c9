// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHub} from "contracts/src/interfaces/IHub.sol";
import {IMessageService} from "contracts/src/interfaces/IMessageService.sol";
import {StorageProof} from "contracts/src/libraries/StorageProof.sol";
import {Anchor} from "contracts/src/rollup/Anchor.sol";

/// @title What was said on a chain, for others to read
/// @notice The same contract on every chain; on a rollup it is predeploy
/// 0x4c53000000000000000000000000000000000004. A message is said at the slot
/// keccak256(abi.encode(message, publisher)) of this contract's storage, and that is all that other
/// chains look at.
contract MessageService is IMessageService {
    /// @notice The parent's MessageService; 0 where there is no parent. A rollup's genesis writes it.
    address public parent; // slot 0

    Anchor private constant ANCHOR = Anchor(0x4c53000000000000000000000000000000000002);
    /// @notice Where the MessageService of every rollup is.
    address private constant ON_ROLLUPS = 0x4c53000000000000000000000000000000000004;
    address private constant SYSTEM_CALLER = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;
    /// @dev Makes the slot of an imported message one that no broadcast writes.
    bytes32 private constant IMPORTED = keccak256("lockstep.messages.imported");

    /// @inheritdoc IMessageService
    function broadcastMessage(bytes32 message) external {
        bytes32 slot = slotOf(message, msg.sender);
        if (_load(slot) != 0) revert MessageAlreadyBroadcasted(message, msg.sender);
        _store(slot, block.timestamp);
        emit MessageBroadcast(message, msg.sender);
    }

    /// @inheritdoc IMessageService
    function slotOf(bytes32 message, address publisher) public pure returns (bytes32) {
        return keccak256(abi.encode(message, publisher));
    }

    /// @inheritdoc IMessageService
    function sentAt(bytes32 message, address publisher) public view returns (uint256) {
        return _load(slotOf(message, publisher));
    }

    /// @inheritdoc IMessageService
    function isSent(bytes32 message, address publisher) external view returns (bool) {
        return sentAt(message, publisher) != 0;
    }

    /// @inheritdoc IMessageService
    function requireSent(bytes32[] calldata slots) external view {
        for (uint256 i = 0; i < slots.length; i++) if (_load(slots[i]) == 0) revert MessageNotSent(slots[i]);
    }

    /// @inheritdoc IMessageService
    function isReceived(bytes32 message, address publisher) external view returns (bool) {
        return _load(_importedAt(slotOf(message, publisher))) != 0;
    }

    /// @inheritdoc IMessageService
    function importMessages(bytes32[] calldata slots) external {
        if (msg.sender != SYSTEM_CALLER) revert NotTheSystem(msg.sender);
        for (uint256 i = 0; i < slots.length; i++) {
            _store(_importedAt(slots[i]), block.timestamp);
            emit MessageImported(slots[i]);
        }
    }

    /// @inheritdoc IMessageService
    function requireFromParent(bytes32 message, address publisher, bytes calldata proof) external view {
        bytes32 slot = slotOf(message, publisher);
        if (proof.length == 0) {
            if (_load(_importedAt(slot)) == 0) revert MessageNotReceived(slot);
            return;
        }
        if (parent == address(0)) revert NoParent();
        ParentProof memory p = abi.decode(proof, (ParentProof));
        _requireSaid(ANCHOR.at(p.anchorNumber).stateRoot, parent, slot, p.account, p.storage_);
    }

    /// @inheritdoc IMessageService
    function requireFromRollup(IHub hub, uint64 rollupId, bytes32 message, address publisher, bytes calldata proof)
        external
        view
    {
        RollupProof memory p = abi.decode(proof, (RollupProof));
        if (!hub.isRoot(rollupId, p.root, p.index, p.before, p.later)) revert UnknownRoot(rollupId, p.root);
        _requireSaid(p.root, ON_ROLLUPS, slotOf(message, publisher), p.account, p.storage_);
    }

    function _requireSaid(bytes32 root, address service, bytes32 slot, bytes[] memory account, bytes[] memory storage_)
        private
        pure
    {
        if (StorageProof.slotAt(root, service, slot, account, storage_) == 0) revert MessageNotSent(slot);
    }

    function _importedAt(bytes32 slot) private pure returns (bytes32) {
        return keccak256(abi.encode(IMPORTED, slot));
    }

    function _load(bytes32 slot) private view returns (uint256 value) {
        assembly ("memory-safe") {
            value := sload(slot)
        }
    }

    function _store(bytes32 slot, uint256 value) private {
        assembly ("memory-safe") {
            sstore(slot, value)
        }
    }
}
