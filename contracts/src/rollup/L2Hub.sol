// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Proxy} from "contracts/src/parent/Proxy.sol";
import {ProxyFactory} from "contracts/src/libraries/ProxyFactory.sol";
import {System} from "contracts/src/rollup/System.sol";

/// @title Where a rollup's contracts leave for other chains
/// @notice Predeploy 0x4c53000000000000000000000000000000000003. Its proxies stand for contracts of the
/// parent (rollupId 0) and of other rollups; a call to one suspends this rollup until the answer comes.
/// Calls that come in need no contract: the system makes them from the caller's proxy address.
contract L2Hub {
    error NotAProxy(address caller);
    /// @notice The target is on this rollup: call it directly.
    error NotRemote(uint64 rollupId);

    event ProxyCreated(uint64 indexed rollupId, address indexed target, address proxy);

    System private constant SYSTEM = System(0x4C53000000000000000000000000000000000001);
    /// @dev Suspends the machine. Input: rollupId 32 ‖ target 32 ‖ source 32 ‖ calldata; output and
    /// revert data are exactly the remote contract's.
    address private constant XCALL = 0x0000000000000000000000000000000000010003;

    function proxyOf(uint64 rollupId, address target) public view returns (address) {
        return ProxyFactory.addressOf(address(this), keccak256(type(Proxy).creationCode), rollupId, target);
    }

    function createProxy(uint64 rollupId, address target) external returns (address proxy) {
        if (rollupId == SYSTEM.rollupId()) revert NotRemote(rollupId);
        proxy = proxyOf(rollupId, target);
        if (proxy.code.length == 0) {
            ProxyFactory.create(rollupId, target);
            emit ProxyCreated(rollupId, target, proxy);
        }
    }

    /// @notice For proxies under construction.
    function proxyParameters() external view returns (uint64 rollupId, address target) {
        return ProxyFactory.parameters();
    }

    /// @notice For proxies: fails under a static call, and only there.
    function probe() external {
        assembly ("memory-safe") {
            tstore(0, 0)
        }
    }

    /// @notice From the proxy of (rollupId, target): a call of `source` to what the proxy stands for.
    function call(address source, uint64 rollupId, address target, bytes calldata data)
        external
        payable
        returns (bytes memory)
    {
        return _leave(source, rollupId, target, data, false);
    }

    function staticCall(address source, uint64 rollupId, address target, bytes calldata data)
        external
        returns (bytes memory)
    {
        return _leave(source, rollupId, target, data, true);
    }

    function _leave(address source, uint64 rollupId, address target, bytes calldata data, bool isStatic)
        private
        returns (bytes memory result)
    {
        if (msg.sender != proxyOf(rollupId, target)) revert NotAProxy(msg.sender);
        bytes memory input = abi.encodePacked(
            uint256(rollupId), uint256(uint160(target)), uint256(uint160(source)), data
        );
        bool ok;
        if (isStatic) (ok, result) = XCALL.staticcall(input);
        else (ok, result) = XCALL.call{value: msg.value}(input);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }
}
