// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Prices in ether that somebody says: what a lending pool asks
contract Prices {
    mapping(address => uint256) public getAssetPrice;

    function set(address asset, uint256 price) external {
        getAssetPrice[asset] = price;
    }

    /// @notice The market's rate for stable loans, of which there are none here.
    function getMarketBorrowRate(address) external pure returns (uint256) {
        return 0;
    }
}
