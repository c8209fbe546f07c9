// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {HubErrors} from "contracts/src/libraries/HubErrors.sol";

/// @notice Holds ether and passes it on.
contract Purse {
    error Closed(uint256 offered);

    bool public isClosed;
    uint256 public failures;

    receive() external payable {
        if (isClosed) revert Closed(msg.value);
    }

    function close(bool isClosed_) external {
        isClosed = isClosed_;
    }

    /// @notice All that comes with the call goes along the path; the last one keeps it.
    function pass(Purse[] calldata path) external payable returns (uint256 kept) {
        return path.length == 0 ? address(this).balance : path[0].pass{value: msg.value}(path[1:]);
    }

    /// @notice Pays, and goes on if it is refused.
    function tryPay(address to, uint256 amount) external returns (bytes memory why) {
        bool isPaid;
        (isPaid, why) = to.call{value: amount}("");
        if (isPaid) return why;
        if (HubErrors.isHubError(why)) HubErrors.rethrow(why);
        failures++;
    }
}
