// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProxyDeployer} from "contracts/src/libraries/ProxyCode.sol";

/// @notice The proxy of contracts/src/libraries/ProxyCode.sol in plain Solidity: what its code is
/// tested equal to. It is deployed by its hub.
contract PlainProxy {
    /// @notice See IHub.NotEnoughGas.
    error NotEnoughGas();

    address private immutable hub;
    uint64 private immutable rollupId;
    address private immutable target;

    /// @dev Less gas than this is refused at once: running out of it on the way to the hub's own
    /// accounting would look like a failure of the remote contract.
    uint256 private constant FLOOR_GAS = 40000;

    constructor(uint64 rollupId_, address target_) {
        (hub, rollupId, target) = (msg.sender, rollupId_, target_);
    }

    receive() external payable {
        _enter();
    }

    fallback() external payable {
        _enter();
    }

    function _enter() private {
        if (msg.sender == hub) {
            (address to, uint256 gas_, uint256 needed, uint256 value) =
                abi.decode(msg.data[0:128], (address, uint256, uint256, uint256));
            _callInOwnName(to, gas_, needed, value, msg.data[128:]);
        }
        uint256 size = msg.data.length;
        if (gasleft() < FLOOR_GAS + size + size * size / 32768) revert NotEnoughGas();
        bytes memory request =
            abi.encodePacked(IProxyDeployer.enter.selector, rollupId, target, msg.sender, msg.data);
        (bool ok, bytes memory result) = hub.call{value: msg.value}(request);
        _end(ok, result);
    }

    /// @dev The callee gets exactly the gas it is to have, or the call is not made. Does not come back.
    function _callInOwnName(address to, uint256 gas_, uint256 needed, uint256 value, bytes memory data) private {
        if (gasleft() < needed) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        (bool ok, bytes memory result) = to.call{value: value, gas: gas_}(data);
        _end(ok, ok ? result : bytes.concat(result, hex"01"));
    }

    function _end(bool ok, bytes memory data) private pure {
        assembly ("memory-safe") {
            if ok { return(add(data, 32), mload(data)) }
            revert(add(data, 32), mload(data))
        }
    }
}
