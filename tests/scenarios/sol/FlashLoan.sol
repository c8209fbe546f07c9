// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Lends ether that has to be back, with a fee, before the transaction ends.
contract Lender {
    error NotRepaid(uint256 owed, uint256 got);

    uint256 public constant FEE_PERCENT = 1;
    uint256 public earned;

    receive() external payable {}

    function lend(Trader to, uint256 amount, Market market) external {
        uint256 before = address(this).balance;
        to.onLoan{value: amount}(market);
        uint256 owed = before + amount * FEE_PERCENT / 100;
        if (address(this).balance < owed) revert NotRepaid(owed, address(this).balance);
        earned += address(this).balance - before;
    }
}

/// @notice Gives back more ether than it gets, or less.
contract Market {
    uint256 public percent;
    uint256 public trades;

    constructor(uint256 percent_) payable {
        percent = percent_;
    }

    receive() external payable {}

    function trade() external payable returns (uint256 paid) {
        trades++;
        paid = msg.value * percent / 100;
        (bool isPaid,) = msg.sender.call{value: paid}("");
        require(isPaid, "not paid");
    }
}

/// @notice Trades with borrowed ether and keeps the profit.
contract Trader {
    uint256 public profit;

    receive() external payable {}

    /// @param self This trader, as the lender finds it.
    function borrow(Lender lender, Trader self, uint256 amount, Market market) external {
        lender.lend(self, amount, market);
    }

    /// @dev The lender is who calls, wherever it is: an address of its own chain would say nothing here.
    function onLoan(Market market) external payable {
        uint256 paid = market.trade{value: msg.value}();
        uint256 owed = msg.value + msg.value * 1 / 100;
        uint256 back = owed < paid ? owed : paid;
        (bool isPaid,) = msg.sender.call{value: back}("");
        require(isPaid, "not repaid");
        profit += paid - back;
    }
}
