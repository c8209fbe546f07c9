// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Counter} from "examples/demo/contracts/Counter.sol";

/// @notice Adds to Counters, wherever they are.
contract Multiteller {
    uint256[] public told;

    /// @notice The same call, with the same data, as many times.
    function addAgain(Counter counter, uint256 amount, uint256 times) external returns (uint256) {
        for (uint256 i = 0; i < times; i++) told.push(counter.add(amount));
        return told[told.length - 1];
    }

    /// @notice Each is given what the one before has answered.
    function addAlong(Counter[] calldata counters, uint256 amount) external returns (uint256) {
        for (uint256 i = 0; i < counters.length; i++) {
            amount = counters[i].add(amount);
            told.push(amount);
        }
        return amount;
    }
}
