// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProxyDeployer} from "contracts/src/parent/Proxy.sol";

/// @notice contracts/src/parent/Proxy.sol in plain Solidity: what its assembly is tested equal to.
contract PlainProxy {
    /// @notice See IHub.NotEnoughGas.
    error NotEnoughGas();

    IProxyDeployer private immutable hub;
    uint64 private immutable rollupId;
    address private immutable target;

    /// @dev Less gas than this is refused at once: running out of it on the way to the hub's own
    /// accounting would look like a failure of the remote contract, or like a static call.
    uint256 private constant FLOOR_GAS = 40000;
    /// @dev Far more than the probe needs. It is what a static call pays for being one.
    uint256 private constant PROBE_GAS = 1000;
    /// @dev What CALL itself costs: a warm account (EIP-2929), value, an account that is created.
    uint256 private constant WARM_GAS = 100;
    uint256 private constant VALUE_GAS = 9000;
    uint256 private constant NEW_ACCOUNT_GAS = 25000;
    /// @dev Bound of what is spent between the check of the gas left and the CALL.
    uint256 private constant CHECK_GAS = 200;

    constructor() {
        hub = IProxyDeployer(msg.sender);
        (rollupId, target) = IProxyDeployer(msg.sender).proxyParameters();
    }

    receive() external payable {
        _enter();
    }

    fallback() external payable {
        _enter();
    }

    function _enter() private {
        if (msg.sender != address(hub)) _forward(msg.sender, msg.value, msg.data);
        if (msg.data.length == 0) _tellIdentity();
        if (msg.data.length == 1) _forward(address(this), address(this).balance, msg.data[0:0]);
        _callInOwnName();
    }

    function _tellIdentity() private view {
        bytes memory identity = abi.encode(rollupId, target);
        assembly ("memory-safe") {
            return(add(identity, 32), 64)
        }
    }

    /// @dev Does not come back.
    function _forward(address source, uint256 value, bytes calldata data) private {
        uint256 words = data.length / 32;
        if (gasleft() < FLOOR_GAS + 20 * words + words * words / 32) revert NotEnoughGas();
        IProxyDeployer to = hub;
        bool isStatic = value == 0 && _isStatic(to);
        bytes memory request = abi.encodeWithSelector(
            isStatic ? IProxyDeployer.staticCall.selector : IProxyDeployer.call.selector, source, rollupId, target, data
        );
        assembly ("memory-safe") {
            let ok := 0
            switch isStatic
            case 0 { ok := call(gas(), to, value, add(request, 32), mload(request), 0, 0) }
            default { ok := staticcall(gas(), to, add(request, 32), mload(request), 0, 0) }
            let at := mload(64)
            returndatacopy(at, 0, returndatasize())
            if iszero(ok) { revert(at, returndatasize()) }
            // abi.encode(bytes): offset, length, data.
            return(add(at, 64), mload(add(at, 32)))
        }
    }

    /// @dev The floor has been checked, so that the probe can only fail for being forbidden.
    function _isStatic(IProxyDeployer to) private returns (bool) {
        (bool ok,) = address(to).call{gas: PROBE_GAS}(abi.encodeCall(IProxyDeployer.probe, ()));
        return !ok;
    }

    /// @dev The callee gets exactly the gas it is to have, or the call is not made. Does not come back.
    function _callInOwnName() private {
        address to = address(bytes20(msg.data[0:20]));
        uint256 gas_ = uint64(bytes8(msg.data[20:28]));
        bool isStatic = msg.data[28] != 0;
        bytes memory data = msg.data[29:];
        // Nobody may speak to the hub as a proxy: such a call fails.
        if (to == address(hub)) _fail("");
        uint256 own = _ownCost(to);
        uint256 left = gasleft();
        if (left < own || (left - own) - (left - own) / 64 < gas_) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        bool ok;
        assembly ("memory-safe") {
            switch isStatic
            case 0 { ok := call(gas_, to, callvalue(), add(data, 32), mload(data), 0, 0) }
            default { ok := staticcall(gas_, to, add(data, 32), mload(data), 0, 0) }
            if ok {
                let at := mload(64)
                returndatacopy(at, 0, returndatasize())
                return(at, returndatasize())
            }
        }
        bytes memory result = new bytes(0);
        assembly ("memory-safe") {
            result := mload(64)
            mstore(result, returndatasize())
            returndatacopy(add(result, 32), 0, returndatasize())
            mstore(64, add(result, and(add(returndatasize(), 63), not(31))))
        }
        _fail(result);
    }

    function _fail(bytes memory result) private pure {
        bytes memory marked = bytes.concat(result, hex"01");
        assembly ("memory-safe") {
            revert(add(marked, 32), mload(marked))
        }
    }

    /// @dev What the CALL itself will cost, an upper bound within a few gas. Looking at the account
    /// makes it warm; so does looking at the one whose code it borrows (EIP-7702).
    function _ownCost(address to) private view returns (uint256 cost) {
        cost = CHECK_GAS + WARM_GAS;
        uint256 size = to.code.length;
        if (size == 23) {
            bytes memory code = to.code;
            if (bytes3(code) == 0xef0100) {
                address delegate = address(bytes20(bytes32(code) << 24));
                // Always so; but the compiler does not know, and so the look is not left out.
                if (delegate.balance != type(uint256).max) cost += WARM_GAS;
            }
        }
        if (msg.value != 0) {
            cost += VALUE_GAS;
            if (size == 0 && to.codehash == 0) cost += NEW_ACCOUNT_GAS;
        }
    }
}
