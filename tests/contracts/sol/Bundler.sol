// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Makes calls, one after the other, in one transaction.
contract Bundler {
    function run(address[] calldata to, bytes[] calldata data) external returns (bytes memory result) {
        for (uint256 i = 0; i < to.length; i++) {
            bool ok;
            (ok, result) = to[i].call(data[i]);
            if (ok) continue;
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }
}
