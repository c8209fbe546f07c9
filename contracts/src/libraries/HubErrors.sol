// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHubTerms} from "contracts/src/interfaces/IHub.sol";

/// @title Revert data that is never anybody's answer
/// @notice A call that failed with one of these was not refused by its target: the machinery between
/// the chains could not go on. Who catches a failed call must pass these on.
library HubErrors {
    function isHubError(bytes memory data) internal pure returns (bool) {
        if (data.length < 4) return false;
        bytes4 selector = bytes4(data);
        if (selector == IHubTerms.EntryNotFound.selector) return data.length == 100;
        if (selector == IHubTerms.NotEnoughGas.selector) return data.length == 4;
        if (selector == IHubTerms.ProxyMissing.selector) return data.length == 68;
        if (selector == IHubTerms.ScopeMissing.selector) return data.length == 68;
        return selector == IHubTerms.NotIdle.selector && data.length == 36;
    }

    /// @notice Reverts with exactly this data.
    function rethrow(bytes memory data) internal pure {
        assembly ("memory-safe") {
            revert(add(data, 32), mload(data))
        }
    }
}
