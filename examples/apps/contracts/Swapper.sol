// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {TokenBridge} from "examples/apps/contracts/TokenBridge.sol";

interface IRouter {
    function WETH() external view returns (address);
    function swapExactETHForTokens(uint256 amountOutMin, address[] calldata path, address to, uint256 deadline)
        external
        payable
        returns (uint256[] memory amounts);
}

/// @title Buys tokens from Uniswap for ether that comes along, and sends them to another chain
/// @notice Called from L1 through its proxy: the ether comes in with the call, the tokens are on L1
/// before it returns.
contract Swapper {
    IRouter private immutable ROUTER;
    TokenBridge private immutable BRIDGE;

    constructor(IRouter router, TokenBridge bridge) {
        ROUTER = router;
        BRIDGE = bridge;
    }

    function buy(IERC20 token, uint256 atLeast, address to) external payable returns (uint256 bought) {
        address[] memory path = new address[](2);
        (path[0], path[1]) = (ROUTER.WETH(), address(token));
        bought = ROUTER.swapExactETHForTokens{value: msg.value}(atLeast, path, address(this), block.timestamp)[1];
        token.approve(address(BRIDGE), bought);
        BRIDGE.send(token, to, bought);
    }
}
