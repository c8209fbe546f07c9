// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProxyDeployer, Proxy} from "contracts/src/parent/Proxy.sol";
import {HubErrors} from "contracts/src/libraries/HubErrors.sol";
import {ProxyFactory} from "contracts/src/libraries/ProxyFactory.sol";
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

    /// @dev What a proxy may spend to say whom it stands for.
    uint256 private constant IDENTITY_GAS = 5000;

    // --- proxies -------------------------------------------------------------------------------------

    /// @notice Where the proxy of (rollupId, target) is, or would be. Reverts with NotRemote for this
    /// rollup's own contracts: there is never anything at such an address, ether sent there is lost.
    function proxyOf(uint64 rollupId, address target) external view returns (address) {
        _requireRemote(rollupId);
        return _proxyOf(rollupId, target);
    }

    /// @notice Puts the proxy of (rollupId, target) in place, if it is not there yet.
    function createProxy(uint64 rollupId, address target) external returns (address proxy) {
        _requireRemote(rollupId);
        proxy = _proxyOf(rollupId, target);
        if (proxy.code.length == 0) {
            ProxyFactory.create(rollupId, target);
            emit ProxyCreated(rollupId, target, proxy);
        }
    }

    /// @notice For proxies under construction.
    function proxyParameters() external view returns (uint64 rollupId, address target) {
        return ProxyFactory.parameters();
    }

    // --- from proxies --------------------------------------------------------------------------------

    /// @notice For proxies: fails under a static call, and only there.
    function probe() external {
        assembly ("memory-safe") {
            tstore(0, 0)
        }
    }

    /// @notice From the proxy of (rollupId, target): a call of `source` to what the proxy stands for.
    /// Returns what the remote contract returned; reverts with exactly what it reverted with.
    function call(address source, uint64 rollupId, address target, bytes calldata data)
        external
        payable
        returns (bytes memory)
    {
        bytes memory input = _request(source, rollupId, target, data);
        (bool ok, bytes memory result) = XCALL.call{value: msg.value}(input);
        if (!ok) HubErrors.rethrow(result);
        return result;
    }

    /// @notice The same under STATICCALL: changes nothing on any chain.
    function staticCall(address source, uint64 rollupId, address target, bytes calldata data)
        external
        view
        returns (bytes memory)
    {
        bytes memory input = _request(source, rollupId, target, data);
        (bool ok, bytes memory result) = XCALL.staticcall(input);
        if (!ok) HubErrors.rethrow(result);
        return result;
    }

    /// @dev What XCALL is called with, once everything is in order. That rollupId is another chain need
    /// not be asked: no proxy of an own contract is made here, and XCALL would refuse it.
    function _request(address source, uint64 rollupId, address target, bytes calldata data)
        private
        view
        returns (bytes memory)
    {
        if (msg.sender != _proxyOf(rollupId, target)) revert NotAProxy(msg.sender);
        if (_isProxy(source)) revert CallerIsProxy(rollupId, target);
        uint256 left = gasleft();
        uint256 needed = CALL_GAS + XCALL_GAS + XCALL_GAS_PER_BYTE * (96 + data.length);
        if (left - left / 64 < needed) revert NotEnoughGas();
        return abi.encodePacked(uint256(rollupId), uint256(uint160(target)), uint256(uint160(source)), data);
    }

    /// @dev Whether `source` is a proxy of ours; the parent's Hub tells it in the same way. All proxies
    /// are of one size, so few others are ever asked; and what is said must give the caller's address.
    function _isProxy(address source) private view returns (bool) {
        if (source.code.length != msg.sender.code.length) return false;
        (bool ok, bytes memory identity) = source.staticcall{gas: IDENTITY_GAS}("");
        if (!ok || identity.length != 64) return false;
        (uint256 rollupId, uint256 target) = abi.decode(identity, (uint256, uint256));
        if (rollupId > type(uint64).max || target > type(uint160).max) return false;
        return _proxyOf(uint64(rollupId), address(uint160(target))) == source;
    }

    function _requireRemote(uint64 rollupId) private view {
        if (rollupId == SYSTEM.rollupId()) revert NotRemote(rollupId);
    }

    function _proxyOf(uint64 rollupId, address target) private view returns (address) {
        return ProxyFactory.addressOf(address(this), keccak256(type(Proxy).creationCode), rollupId, target);
    }
}
