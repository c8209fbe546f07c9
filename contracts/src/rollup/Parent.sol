// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StorageProof} from "contracts/src/libraries/StorageProof.sol";
import {Anchor} from "contracts/src/rollup/Anchor.sol";

/// @title Reading the parent chain
/// @notice For a rollup's contracts: what the parent's storage holds, and what its contracts answer, at
/// the newest parent block that this rollup has anchored:
///
///     int256 price = abi.decode(Parent.call(feed, abi.encodeCall(IFeed.latestAnswer, ())), (int256));
///
/// No proof, no message, no call that leaves the rollup; docs/parent-reads.md compares the ways.
/// @dev By the precompiles L1SLOAD (RIP-7728) and L1CALL, which take STATICCALLs. What a call writes on the
/// parent is discarded. It sees itself called by the address that `address(this)` has there, its proxy
/// on the Hub.
library Parent {
    /// @notice This rollup has not anchored any parent block yet.
    error NotAnchoredYet();
    /// @notice There was not enough gas for reading.
    error NotEnoughGasToRead();
    /// @notice The call on the parent failed without data: there was not enough gas for it, or it says no more.
    error ParentCallFailed(address target);

    Anchor internal constant ANCHOR = Anchor(0x4c53000000000000000000000000000000000002);
    address private constant L1SLOAD = 0x0000000000000000000000000000000000000101;
    address private constant L1CALL = 0x0000000000000000000000000000000000010002;
    uint256 private constant KEYS_MAX = 5;

    /// @notice The parent block that is read.
    function blockNumber() internal view returns (uint256) {
        return ANCHOR.getL1OriginBlockHeight();
    }

    // --- storage -------------------------------------------------------------------------------------

    /// @notice A slot of an account on the parent; zero where there is nobody.
    function slot(address account, bytes32 key) internal view returns (bytes32 value) {
        bytes memory values = _sload(abi.encodePacked(account, key));
        assembly ("memory-safe") {
            value := mload(add(values, 32))
        }
    }

    /// @notice Several slots of an account, in the order of the keys.
    function slots(address account, bytes32[] memory keys) internal view returns (bytes32[] memory values) {
        values = new bytes32[](keys.length);
        for (uint256 first = 0; first < keys.length; first += KEYS_MAX) {
            uint256 count = keys.length - first < KEYS_MAX ? keys.length - first : KEYS_MAX;
            bytes memory input = new bytes(20 + 32 * count);
            assembly ("memory-safe") {
                mstore(add(input, 32), shl(96, account))
                mcopy(add(input, 52), add(add(keys, 32), shl(5, first)), shl(5, count))
            }
            bytes memory output = _sload(input);
            assembly ("memory-safe") {
                mcopy(add(add(values, 32), shl(5, first)), add(output, 32), shl(5, count))
            }
        }
    }

    function _sload(bytes memory input) private view returns (bytes memory values) {
        bool ok;
        (ok, values) = L1SLOAD.staticcall(input);
        if (!ok) _requireAnchor();
        if (!ok) revert NotEnoughGasToRead();
    }

    // --- calls ---------------------------------------------------------------------------------------

    /// @notice What a contract of the parent answers; reverts as it does. Where there is no contract, the
    /// answer is empty.
    function call(address target, bytes memory data) internal view returns (bytes memory output) {
        bool ok;
        (ok, output) = tryCall(target, data);
        if (ok) return output;
        if (output.length == 0) revert ParentCallFailed(target);
        assembly ("memory-safe") {
            revert(add(output, 32), mload(output))
        }
    }

    /// @notice The same, with a failure and its data given back. Reverts before the first anchor.
    function tryCall(address target, bytes memory data) internal view returns (bool ok, bytes memory output) {
        (ok, output) = L1CALL.staticcall(abi.encodePacked(target, data));
        if (!ok && output.length == 0) _requireAnchor();
    }

    // --- proofs --------------------------------------------------------------------------------------

    /// @notice An account of the parent at any of the last 8191 anchors, by proof: `eth_getProof` of the
    /// parent's node at this block gives it.
    function provenAccount(uint256 number, address account, bytes[] memory proof)
        internal
        view
        returns (StorageProof.Account memory)
    {
        return StorageProof.accountAt(ANCHOR.getL1OriginStateRootAt(number), account, proof);
    }

    /// @notice A slot, likewise.
    function provenSlot(
        uint256 number,
        address account,
        bytes32 key,
        bytes[] memory accountProof,
        bytes[] memory storageProof
    ) internal view returns (bytes32) {
        bytes32 root = ANCHOR.getL1OriginStateRootAt(number);
        return bytes32(StorageProof.slotAt(root, account, key, accountProof, storageProof));
    }

    function _requireAnchor() private view {
        if (ANCHOR.getL1OriginBlockHash() == 0) revert NotAnchoredYet();
    }
}
