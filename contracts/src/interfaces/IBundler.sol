// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Posts the batch that one transaction's calls across chains need, then makes the calls
interface IBundler {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice An account's code (EIP-7702) makes calls for that account alone.
    error NotTheAccount(address caller);

    /// @notice Calls the Hub with `post` (calldata of postBatchTransient; none if empty), then makes the
    /// calls, in order. The first that fails undoes everything, with its own error.
    /// @dev Called as a contract, it makes the calls as itself, and gives back what ether is left. As the
    /// code of an account, the account calls itself and the calls are its own.
    /// @return results what each call returned
    function bundle(bytes calldata post, Call[] calldata calls) external payable returns (bytes[] memory results);
}
