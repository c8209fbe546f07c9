// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Passes a number along a path of Hoppers, and back.
contract Hopper {
    event Passed(uint256 number, uint256 result);

    uint256 public passes;
    uint256 public lastResult;

    /// @param path The Hoppers still to visit, each by the address at which the one before it calls it.
    function pass(Hopper[] calldata path, uint256 number) external returns (uint256 result) {
        passes++;
        result = path.length == 0 ? number * 100 : path[0].pass(path[1:], number + 1) + 1;
        lastResult = result;
        emit Passed(number, result);
    }
}
