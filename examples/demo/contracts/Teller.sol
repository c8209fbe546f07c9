// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Counter} from "examples/demo/contracts/Counter.sol";

/// @notice Calls a Counter, wherever it is, and goes on with what comes back.
contract Teller {
    event Told(uint256 first, uint256 second);

    uint256 public sum;

    /// @notice Two calls, the second made with the result of the first.
    function addTwice(Counter counter, uint256 amount) external returns (uint256) {
        uint256 first = counter.add(amount);
        uint256 second = counter.add(first);
        sum = first + second;
        emit Told(first, second);
        return sum;
    }
}
