// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Grump} from "examples/demo/contracts/Grump.sol";

/// @notice Asks a Grump, wherever it is.
contract Asker {
    event Refused(bytes why);

    uint256 public refusals;
    bytes public lastWhy;

    /// @notice Reverts with exactly what the Grump reverts with.
    function insist(Grump grump, uint256 amount) external returns (uint256) {
        return grump.please(amount);
    }

    /// @notice Goes on after the refusal.
    function tryAnyway(Grump grump, uint256 amount) external returns (uint256) {
        try grump.please(amount) {}
        catch (bytes memory why) {
            refusals++;
            lastWhy = why;
            emit Refused(why);
        }
        return refusals;
    }
}
