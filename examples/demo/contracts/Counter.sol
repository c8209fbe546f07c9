// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Adds up what it is given.
contract Counter {
    event Added(uint256 amount, uint256 total);

    uint256 public total;

    function add(uint256 amount) external returns (uint256) {
        total += amount;
        emit Added(amount, total);
        return total;
    }
}
