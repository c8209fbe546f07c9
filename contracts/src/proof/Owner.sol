// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHub} from "contracts/src/interfaces/IHub.sol";
import {IProofSystem} from "contracts/src/interfaces/IProofSystem.sol";

/// @title The word of a rollup's owner
/// @notice For app chains that trust their owner. Whoever holds the owner's key can prove anything about
/// the owner's rollups, and about no other: harm stays with their users and their balance on the Hub.
contract Owner is IProofSystem {
    /// @notice The data is not one 65-byte signature.
    error BadLength(uint256 size);
    /// @notice It is no signature: nothing recovers, s is in the upper half, or v is neither 27 nor 28.
    error BadSignature();
    /// @notice The signer does not own this rollup.
    error NotTheOwner(uint64 rollupId, address signer);

    /// @dev Half of secp256k1's group order: a larger s is the malleable twin (EIP-2).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice The Hub whose record says who owns a rollup.
    IHub public immutable hub;

    constructor(IHub hub_) {
        hub = hub_;
    }

    /// @inheritdoc IProofSystem
    /// @dev data: r 32 ‖ s 32 ‖ v 1, by the owner of all the rollups named. Signed is
    /// keccak256(abi.encode(this contract, vkey, rollupIds, publicInput)), without any prefix. Never
    /// answers false: what is refused is refused with its reason.
    function verify(bytes32 vkey, uint64[] calldata rollupIds, bytes32 publicInput, bytes calldata data)
        external
        view
        returns (bool)
    {
        if (data.length != 65) revert BadLength(data.length);
        bytes32 digest = keccak256(abi.encode(address(this), vkey, rollupIds, publicInput));
        bytes32 s = bytes32(data[32:64]);
        address signer =
            uint256(s) > HALF_ORDER ? address(0) : ecrecover(digest, uint8(data[64]), bytes32(data[0:32]), s);
        if (signer == address(0)) revert BadSignature();
        for (uint256 i = 0; i < rollupIds.length; i++) {
            if (hub.rollup(rollupIds[i]).owner != signer) revert NotTheOwner(rollupIds[i], signer);
        }
        return true;
    }
}
