// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Keeps ether for whoever deposits it.
contract Bank {
    error TooMuch(uint256 asked, uint256 saved);

    mapping(address owner => uint256) public savedBy;

    function deposit() external payable returns (uint256 saved) {
        saved = savedBy[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external {
        uint256 saved = savedBy[msg.sender];
        if (amount > saved) revert TooMuch(amount, saved);
        savedBy[msg.sender] = saved - amount;
        // Not `transfer`: the receiver may be the proxy of a contract on another chain, which cannot
        // live on 2,300 gas.
        (bool isPaid, bytes memory why) = msg.sender.call{value: amount}("");
        if (!isPaid) {
            assembly ("memory-safe") {
                revert(add(why, 32), mload(why))
            }
        }
    }
}
