// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Refuses everything, with a reason.
contract Grump {
    error Unwilling(uint256 asked, string why);

    uint256 public asked;

    function please(uint256 amount) external returns (uint256) {
        asked++;
        revert Unwilling(amount, "not today");
    }
}
