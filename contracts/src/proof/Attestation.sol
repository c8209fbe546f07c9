// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProofSystem} from "contracts/src/interfaces/IProofSystem.sol";

/// @title k-of-n signatures of attesters who ran the guest program
/// @notice For development and for TEEs. Soundness rests on `threshold` attesters: whoever holds that
/// many keys can prove anything.
contract Attestation is IProofSystem {
    /// @notice A constructor argument makes no sense: no attesters, a threshold out of range, or an
    /// attester named twice.
    error BadConfiguration();
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

    uint256 public immutable threshold;
    mapping(address => bool) public isAttester;

    constructor(uint256 threshold_, address[] memory attesters) {
        if (threshold_ == 0 || threshold_ > attesters.length) revert BadConfiguration();
        threshold = threshold_;
        for (uint256 i = 0; i < attesters.length; i++) {
            if (attesters[i] == address(0) || isAttester[attesters[i]]) revert BadConfiguration();
            isAttester[attesters[i]] = true;
        }
    }

    /// @inheritdoc IProofSystem
    /// @dev data: signatures r ‖ s ‖ v, ascending by signer.
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
