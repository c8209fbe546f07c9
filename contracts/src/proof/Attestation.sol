// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProofSystem} from "contracts/src/interfaces/IProofSystem.sol";

/// @title k-of-n signatures of attesters who ran the guest program
/// @notice For development and for TEEs. Soundness rests on `threshold` attesters: whoever holds that
/// many keys can prove anything about the rollups registered with this contract.
contract Attestation is IProofSystem {
    /// @notice That many of so many attesters: none would be needed, or more than there are.
    error BadThreshold(uint256 threshold, uint256 attesters);
    /// @notice Attester number `index` is the zero address, or named twice.
    error BadAttester(uint256 index, address attester);
    /// @notice The data is not a whole number of 65-byte signatures.
    error BadLength(uint256 size);
    /// @notice Fewer signatures than the threshold.
    error TooFewSignatures(uint256 have, uint256 need);
    /// @notice Signature number `index` is not one: nothing recovers, s is in the upper half, or v is
    /// neither 27 nor 28.
    error BadSignature(uint256 index);
    /// @notice The signer of signature number `index` is no attester.
    error NotAnAttester(uint256 index, address signer);
    /// @notice Signers must ascend, so that nobody counts twice.
    error SignersNotAscending(uint256 index);

    /// @dev Half of secp256k1's group order: a larger s is the malleable twin (EIP-2).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice How many attesters must sign. Neither it nor the attesters ever change: to change them,
    /// a rollup moves to another proof system.
    uint256 public immutable threshold;
    /// @notice Whether this account's signature counts.
    mapping(address => bool) public isAttester;
    address[] private all;

    /// @param threshold_ How many attesters must sign, at least 1.
    /// @param attesters_ All different, none of them zero; in any order.
    constructor(uint256 threshold_, address[] memory attesters_) {
        if (threshold_ == 0 || threshold_ > attesters_.length) revert BadThreshold(threshold_, attesters_.length);
        threshold = threshold_;
        for (uint256 i = 0; i < attesters_.length; i++) {
            address attester = attesters_[i];
            if (attester == address(0) || isAttester[attester]) revert BadAttester(i, attester);
            isAttester[attester] = true;
        }
        all = attesters_;
    }

    /// @notice Whom one believes: every account whose signature counts, as the constructor was told.
    function attesters() external view returns (address[] memory) {
        return all;
    }

    /// @inheritdoc IProofSystem
    /// @dev data: `threshold` or more signatures r 32 ‖ s 32 ‖ v 1, ascending by signer. Signed is
    /// keccak256(abi.encode(this contract, vkey, rollupIds, publicInput)), without any prefix. Never
    /// answers false: what is refused is refused with its reason.
    function verify(bytes32 vkey, uint64[] calldata rollupIds, bytes32 publicInput, bytes calldata data)
        external
        view
        returns (bool)
    {
        if (data.length % 65 != 0) revert BadLength(data.length);
        uint256 count = data.length / 65;
        if (count < threshold) revert TooFewSignatures(count, threshold);
        bytes32 digest = keccak256(abi.encode(address(this), vkey, rollupIds, publicInput));
        address last = address(0);
        for (uint256 i = 0; i < count; i++) {
            bytes calldata signature = data[65 * i:65 * i + 65];
            bytes32 r = bytes32(signature[0:32]);
            bytes32 s = bytes32(signature[32:64]);
            address signer =
                uint256(s) > HALF_ORDER ? address(0) : ecrecover(digest, uint8(signature[64]), r, s);
            if (signer == address(0)) revert BadSignature(i);
            if (signer <= last) revert SignersNotAscending(i);
            if (!isAttester[signer]) revert NotAnAttester(i, signer);
            last = signer;
        }
        return true;
    }
}
