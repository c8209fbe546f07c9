// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBundler} from "contracts/src/interfaces/IBundler.sol";
import {HubErrors} from "contracts/src/libraries/HubErrors.sol";

/// @title A batch and the calls it is for, in one transaction
/// @dev It has no privileges, no owner and no storage: whoever may call it may do by himself what it does.
contract Bundler is IBundler {
    address private immutable HUB;
    address private immutable SELF;

    constructor(address hub) {
        HUB = hub;
        SELF = address(this);
    }

    /// @notice An account with this code can be sent ether, as before.
    receive() external payable {}

    /// @inheritdoc IBundler
    function bundle(bytes calldata post, Call[] calldata calls) external payable returns (bytes[] memory results) {
        bool isAccount = address(this) != SELF;
        if (isAccount && msg.sender != address(this)) revert NotTheAccount(msg.sender);
        if (post.length != 0) _call(HUB, 0, post);
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            results[i] = _call(calls[i].target, calls[i].value, calls[i].data);
        }
        if (!isAccount && address(this).balance != 0) _call(msg.sender, address(this).balance, "");
    }

    function _call(address target, uint256 value, bytes memory data) private returns (bytes memory) {
        (bool ok, bytes memory result) = target.call{value: value}(data);
        if (!ok) HubErrors.rethrow(result);
        return result;
    }
}
