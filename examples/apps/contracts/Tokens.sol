// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title An ERC-20 token, as OpenZeppelin has it
contract Coin is ERC20 {
    constructor(uint256 supply) ERC20("Coin", "COIN") {
        _mint(msg.sender, supply);
    }
}

/// @title An ERC-721 token whose owner makes the pieces
contract Ticket is ERC721, Ownable {
    uint256 public count;

    constructor(address owner) ERC721("Ticket", "TICKET") Ownable(owner) {}

    function make(address to) external onlyOwner returns (uint256 id) {
        id = ++count;
        _mint(to, id);
    }
}

/// @title Sells tickets of one chain for coins of another, hand over hand
/// @notice The ticket is given by its proxy if it is on another chain than the shop. Either both change hands
/// or neither does, as on one chain. A buyer from another chain pays with what its proxy here holds.
contract Shop {
    IERC20 public immutable coin;
    IERC721 public immutable ticket;
    uint256 public immutable price;

    constructor(IERC20 coin_, IERC721 ticket_, uint256 price_) {
        (coin, ticket, price) = (coin_, ticket_, price_);
    }

    /// @notice The buyer has allowed the shop the price; the ticket goes to `to`, on the ticket's chain.
    function buy(uint256 id, address to) external {
        coin.transferFrom(msg.sender, address(this), price);
        ticket.transferFrom(ticket.ownerOf(id), to, id);
    }
}
