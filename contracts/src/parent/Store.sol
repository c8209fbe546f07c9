// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHubTerms} from "contracts/src/interfaces/IHub.sol";
import {ProxyCode} from "contracts/src/libraries/ProxyCode.sol";

/// @title What the Hub keeps
/// @dev In storage and between calls, at the same places for all code that runs as the Hub: its own, and
/// Registry's by delegatecall.
abstract contract Store is IHubTerms {
    /// @dev As far back as EIP-2935 knows block hashes.
    uint256 internal constant ANCHOR_LAG_MAX = 8191;
    uint256 internal constant CHAINS = 256;

    mapping(uint64 => Rollup) internal rollups; // slot 0: nodes read heads from here
    uint64 internal count;
    mapping(uint64 => mapping(uint256 => bytes32)) internal roots; // rollup, index % CHAINS
    mapping(uint64 => Queue) internal queues; // slot 3: nodes read what is forced from here

    /// @dev How many loops are running, one inside the other.
    uint256 internal transient loopDepth;

    /// @dev Puts the proxy in place, if it is not there yet.
    function _createProxy(uint64 rollupId, address target) internal returns (address proxy) {
        if (rollupId == 0 || rollupId > count) revert UnknownRollup(rollupId);
        bool isNew;
        (proxy, isNew) = ProxyCode.create(rollupId, target);
        if (isNew) emit ProxyCreated(rollupId, target, proxy);
    }
}
