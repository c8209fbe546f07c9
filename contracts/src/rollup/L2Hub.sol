// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProxyDeployer, ProxyCode} from "contracts/src/libraries/ProxyCode.sol";
import {System} from "contracts/src/rollup/System.sol";

/// @title Where a rollup's contracts leave for other chains
/// @notice Predeploy 0x4c53000000000000000000000000000000000003. Its proxies stand for contracts of the
/// parent (rollupId 0) and of other rollups; a call to one suspends this rollup until the answer comes.
/// Calls that come in need no contract: the system makes them from the caller's proxy address.
/// @dev Gives no proxy any order: on a rollup nobody but the system makes calls in a proxy's name.
contract L2Hub is IProxyDeployer {
    /// @notice Only the proxy of (rollupId, target) may call what it stands for.
    error NotAProxy(address caller);
    /// @notice The target is on this rollup: call it directly.
    error NotRemote(uint64 rollupId);
    /// @notice The caller is itself a proxy: the contract of another chain has called a proxy here,
    /// instead of what that proxy stands for. There is no alias of an alias; it can call
    /// (rollupId, target) from its own chain, without the way through this one.
    error CallerIsProxy(uint64 rollupId, address target);
    /// @notice See IHub.NotEnoughGas: here, for what XCALL itself costs.
    error NotEnoughGas();
    /// @notice What XCALL says where this rollup's code only runs for a read: an L1CALL of a rollup of
    /// this one. What other chains answer is no part of this rollup's state.
    error NotInARead();
    /// @notice A transaction that was forced on the parent calls no other chain: what it does must not
    /// hang on whether the batch finds an answer there. Messages can be sent. XCALL fails with this.
    error CallInForcedTransaction();

    /// @notice `proxy` now has code; its address was that of (rollupId, target) before.
    event ProxyCreated(uint64 indexed rollupId, address indexed target, address proxy);

    System private constant SYSTEM = System(0x4C53000000000000000000000000000000000001);
    /// @dev Suspends the machine. Input: rollupId 32 ‖ target 32 ‖ source 32 ‖ calldata; output and
    /// revert data are exactly the remote contract's. It refuses this rollup's own id.
    address private constant XCALL = 0x0000000000000000000000000000000000010003;
    /// @dev What XCALL takes before the call leaves (src/rollup/evm_rollup.h), and what the CALL
    /// instruction takes at most before that: a cold account and value.
    uint256 private constant XCALL_GAS = 20000;
    uint256 private constant XCALL_GAS_PER_BYTE = 16;
    uint256 private constant CALL_GAS = 11600;

    // --- proxies -------------------------------------------------------------------------------------

    /// @notice Where the proxy of (rollupId, target) is, or would be. Reverts with NotRemote for this
    /// rollup's own contracts: there is never anything at such an address, ether sent there is lost.
    function proxyOf(uint64 rollupId, address target) external view returns (address) {
        _requireRemote(rollupId);
        return ProxyCode.addressOf(rollupId, target);
    }

    /// @notice Puts the proxy of (rollupId, target) in place, if it is not there yet.
    function createProxy(uint64 rollupId, address target) external returns (address proxy) {
        _requireRemote(rollupId);
        bool isNew;
        (proxy, isNew) = ProxyCode.create(rollupId, target);
        if (isNew) emit ProxyCreated(rollupId, target, proxy);
    }

    // --- from proxies --------------------------------------------------------------------------------

    /// @inheritdoc IProxyDeployer
    /// @dev Under a static call XCALL sees that it is one. That rollupId is another chain need not be
    /// asked: no proxy of an own contract is made here, and XCALL would refuse it.
    function enter() external payable {
        uint64 rollupId;
        address target;
        address source;
        assembly ("memory-safe") {
            rollupId := shr(192, calldataload(4))
            target := shr(96, calldataload(12))
            source := shr(96, calldataload(32))
        }
        if (msg.sender != ProxyCode.addressOf(rollupId, target)) revert NotAProxy(msg.sender);
        (bool isProxy,,) = ProxyCode.identityOf(source);
        if (isProxy) revert CallerIsProxy(rollupId, target);
        uint256 size = msg.data.length - 52;
        uint256 left = gasleft();
        if (left - left / 64 < CALL_GAS + XCALL_GAS + XCALL_GAS_PER_BYTE * (96 + size)) revert NotEnoughGas();
        assembly ("memory-safe") {
            let at := mload(64)
            mstore(at, rollupId)
            mstore(add(at, 32), target)
            mstore(add(at, 64), source)
            calldatacopy(add(at, 96), 52, size)
            let ok := call(gas(), XCALL, callvalue(), at, add(96, size), 0, 0)
            returndatacopy(at, 0, returndatasize())
            if ok { return(at, returndatasize()) }
            revert(at, returndatasize())
        }
    }

    function _requireRemote(uint64 rollupId) private view {
        if (rollupId == SYSTEM.rollupId()) revert NotRemote(rollupId);
    }
}
