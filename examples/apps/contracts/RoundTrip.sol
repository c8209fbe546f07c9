// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {IBridge} from "contracts/src/interfaces/IBridge.sol";
import {IMessenger} from "contracts/src/interfaces/IMessenger.sol";
import {IRouter} from "examples/apps/contracts/Swapper.sol";

/// @title Buys tokens from Uniswap for ether that comes with a message, and sends them to L1 by a message
/// @notice Swapper does the same by calls. Whoever sends ether here decides what becomes of it, so
/// anybody may.
contract RoundTrip is IERC7786Recipient {
    struct Order {
        IERC20 token;
        uint256 atLeast;
        address to;
    }

    IRouter private immutable ROUTER;
    IBridge private constant BRIDGE = IBridge(0x4c53000000000000000000000000000000000006);
    /// @dev Enough for the Bridge of L1 to make what stands for the token there.
    uint64 private constant GAS_ON_L1 = 3_000_000;

    constructor(IRouter router) {
        ROUTER = router;
    }

    /// @inheritdoc IERC7786Recipient
    function receiveMessage(bytes32, bytes calldata, bytes calldata payload) external payable returns (bytes4) {
        Order memory order = abi.decode(payload, (Order));
        address[] memory path = new address[](2);
        (path[0], path[1]) = (ROUTER.WETH(), address(order.token));
        uint256 bought =
            ROUTER.swapExactETHForTokens{value: msg.value}(order.atLeast, path, address(this), block.timestamp)[1];
        order.token.approve(address(BRIDGE), bought);
        IMessenger.Terms memory terms =
            IMessenger.Terms({owner: order.to, fee: 0, gasLimit: GAS_ON_L1, deadline: 0});
        BRIDGE.sendErc20(0, address(order.token), order.to, bought, IBridge.Early(0, 0), terms);
        return IERC7786Recipient.receiveMessage.selector;
    }
}
