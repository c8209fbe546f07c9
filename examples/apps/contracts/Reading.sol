// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Parent} from "contracts/src/rollup/Parent.sol";

// --- what is on L1 -----------------------------------------------------------------------------------

/// @title A price feed with the interface that Chainlink's have
contract PriceFeed {
    uint80 private round;
    int256 private answer;
    uint256 private updatedAt;

    function set(int256 price) external {
        (round, answer, updatedAt) = (round + 1, price, block.timestamp);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (round, answer, updatedAt, updatedAt, round);
    }
}

/// @title Names, as ENS has them (EIP-137): who resolves a name, and what it resolves to
contract NameRegistry {
    mapping(bytes32 node => address) public resolver;

    function setResolver(bytes32 node, address to) external {
        resolver[node] = to;
    }
}

contract NameResolver {
    mapping(bytes32 node => address) public addr;

    function setAddr(bytes32 node, address to) external {
        addr[node] = to;
    }
}

// --- what reads it on a rollup -----------------------------------------------------------------------

/// @title Sells credits at the price that a feed on L1 has
contract PriceReader {
    error PriceTooOld(uint256 updatedAt);

    address private immutable FEED;
    uint256 private immutable AGE_MAX;
    mapping(address => uint256) public credits;

    constructor(address feed, uint256 ageMax) {
        (FEED, AGE_MAX) = (feed, ageMax);
    }

    function price() public view returns (uint256) {
        bytes memory data = Parent.call(FEED, abi.encodeCall(PriceFeed.latestRoundData, ()));
        (, int256 answer,, uint256 updatedAt,) = abi.decode(data, (uint80, int256, uint256, uint256, uint80));
        if (updatedAt + AGE_MAX < block.timestamp) revert PriceTooOld(updatedAt);
        return uint256(answer);
    }

    function buy() external payable {
        credits[msg.sender] += msg.value / price();
    }
}

/// @title Lets in whoever holds enough of a token on L1
/// @notice By its storage: the balances of OpenZeppelin's ERC-20 are the mapping in slot 0.
contract Gate {
    error NotEnough(uint256 balance);

    address private immutable TOKEN;
    uint256 private immutable LEAST;
    mapping(address => bool) public isIn;

    constructor(address token, uint256 least) {
        (TOKEN, LEAST) = (token, least);
    }

    function enter() external {
        uint256 balance = uint256(Parent.slot(TOKEN, keccak256(abi.encode(msg.sender, uint256(0)))));
        if (balance < LEAST) revert NotEnough(balance);
        isIn[msg.sender] = true;
    }
}

/// @title Pays to names that are registered on L1
contract NamePayer {
    error NoSuchName(bytes32 node);

    address private immutable REGISTRY;

    constructor(address registry) {
        REGISTRY = registry;
    }

    function resolve(bytes32 node) public view returns (address to) {
        bytes memory data = Parent.call(REGISTRY, abi.encodeCall(NameRegistry(REGISTRY).resolver, (node)));
        address resolver = abi.decode(data, (address));
        if (resolver == address(0)) revert NoSuchName(node);
        data = Parent.call(resolver, abi.encodeCall(NameResolver(resolver).addr, (node)));
        to = abi.decode(data, (address));
        if (to == address(0)) revert NoSuchName(node);
    }

    function pay(bytes32 node) external payable {
        (bool ok,) = resolve(node).call{value: msg.value}("");
        require(ok);
    }
}
