// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Who deploys proxies tells them, during their construction, whom they stand for; so the init
/// code is the same for all, and an address follows from the deployer and (rollupId, target) alone.
interface IProxyDeployer {
    function proxyParameters() external view returns (uint64 rollupId, address target);
    function call(address source, uint64 rollupId, address target, bytes calldata data)
        external
        payable
        returns (bytes memory);
    function staticCall(address source, uint64 rollupId, address target, bytes calldata data)
        external
        view
        returns (bytes memory);
}

/// @title The local stand-in of a contract on another chain
/// @notice Passes (msg.sender, msg.data, msg.value) to its hub and gives back exactly what comes back:
/// the same return bytes, the same revert bytes. Told by its hub, it makes a call in its own name.
contract Proxy {
    /// @notice See IHub.NotEnoughGas.
    error NotEnoughGas();

    IProxyDeployer private immutable hub;
    uint64 private immutable rollupId;
    address private immutable target;

    /// @dev A probe that runs out of gas must not look like a static call, so the probe is only made
    /// with far more gas than it needs.
    uint256 private constant PROBE_GAS = 3000;
    uint256 private constant PROBE_FLOOR = 10000;
    /// @dev The most that a CALL costs by itself: cold account, value, new account, and the code here.
    uint256 private constant CALL_COST = 2600 + 9000 + 25000 + 1000;

    constructor() {
        hub = IProxyDeployer(msg.sender);
        (rollupId, target) = IProxyDeployer(msg.sender).proxyParameters();
    }

    receive() external payable {
        _forward();
    }

    fallback() external payable {
        if (msg.sender == address(hub)) _callInOwnName();
        if (msg.sender == address(this)) {
            // The probe: a state change that a static call forbids.
            assembly ("memory-safe") {
                tstore(0, 0)
                stop()
            }
        }
        _forward();
    }

    function _forward() private {
        bool isStatic = msg.value == 0 && _isStatic();
        bytes4 selector = isStatic ? IProxyDeployer.staticCall.selector : IProxyDeployer.call.selector;
        bytes memory call_ = abi.encodeWithSelector(selector, msg.sender, rollupId, target, msg.data);
        address to = address(hub);
        uint256 value = msg.value;
        assembly ("memory-safe") {
            let ok := 0
            switch isStatic
            case 0 { ok := call(gas(), to, value, add(call_, 32), mload(call_), 0, 0) }
            default { ok := staticcall(gas(), to, add(call_, 32), mload(call_), 0, 0) }
            let at := mload(64)
            returndatacopy(at, 0, returndatasize())
            if iszero(ok) { revert(at, returndatasize()) }
            // abi.encode(bytes): offset, length, data.
            return(add(at, 64), mload(add(at, 32)))
        }
    }

    function _isStatic() private returns (bool isStatic) {
        if (gasleft() < PROBE_FLOOR) revert NotEnoughGas();
        assembly ("memory-safe") {
            mstore(0, 1)
            isStatic := iszero(call(PROBE_GAS, address(), 0, 0, 32, 0, 0))
        }
    }

    /// @dev data: target (20 bytes) ‖ gas (8 bytes) ‖ isStatic (1 byte) ‖ calldata. The callee gets
    /// exactly `gas`, or the call is not made at all.
    function _callInOwnName() private {
        address to = address(bytes20(msg.data[0:20]));
        uint256 gas_ = uint64(bytes8(msg.data[20:28]));
        bool isStatic = msg.data[28] != 0;
        bytes memory data = msg.data[29:];
        if (to == address(hub)) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        uint256 left = gasleft();
        if (left < CALL_COST || (left - CALL_COST) * 63 / 64 < gas_) revert NotEnoughGas();
        assembly ("memory-safe") {
            let ok := 0
            switch isStatic
            case 0 { ok := call(gas_, to, callvalue(), add(data, 32), mload(data), 0, 0) }
            default { ok := staticcall(gas_, to, add(data, 32), mload(data), 0, 0) }
            let at := mload(64)
            returndatacopy(at, 0, returndatasize())
            if iszero(ok) { revert(at, returndatasize()) }
            return(at, returndatasize())
        }
    }
}
