// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Proxy} from "contracts/src/parent/Proxy.sol";

/// @title Deploying proxies, for the Hub and the L2Hub alike
/// @dev The init code is the same for all proxies: they ask their deployer, during construction, whom
/// they stand for. So address = CREATE2(deployer, keccak256(abi.encode(rollupId, target)), init code).
library ProxyFactory {
    bytes32 private constant PARAMETERS = keccak256("lockstep.proxy.parameters");

    function addressOf(address deployer, bytes32 initCodeHash, uint64 rollupId, address target)
        internal
        pure
        returns (address)
    {
        bytes32 salt = keccak256(abi.encode(rollupId, target));
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), deployer, salt, initCodeHash)))));
    }

    function create(uint64 rollupId, address target) internal returns (address proxy) {
        bytes32 slot = PARAMETERS;
        uint256 packed = uint256(rollupId) << 160 | uint160(target);
        assembly ("memory-safe") {
            tstore(slot, packed)
        }
        proxy = address(new Proxy{salt: keccak256(abi.encode(rollupId, target))}());
        assembly ("memory-safe") {
            tstore(slot, 0)
        }
    }

    /// @notice Whom the proxy under construction stands for.
    function parameters() internal view returns (uint64 rollupId, address target) {
        bytes32 slot = PARAMETERS;
        uint256 packed;
        assembly ("memory-safe") {
            packed := tload(slot)
        }
        return (uint64(packed >> 160), address(uint160(packed)));
    }
}
