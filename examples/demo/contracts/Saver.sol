// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Bank} from "examples/demo/contracts/Bank.sol";

/// @notice Puts ether into a Bank, wherever it is, and takes it back.
contract Saver {
    uint256 public received;

    receive() external payable {
        received += msg.value;
    }

    function save(Bank bank) external payable returns (uint256 saved) {
        return bank.deposit{value: msg.value}();
    }

    /// @return balance What this contract holds when the Bank has paid.
    function takeBack(Bank bank, uint256 amount) external returns (uint256 balance) {
        bank.withdraw(amount);
        return address(this).balance;
    }
}
