// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title What a token of another chain is here
contract BridgedToken is ERC20 {
    address public immutable bridge;
    address public immutable original;

    error OnlyTheBridge(address caller);

    constructor(address original_) ERC20("Bridged", "B") {
        bridge = msg.sender;
        original = original_;
    }

    modifier onlyBridge() {
        if (msg.sender != bridge) revert OnlyTheBridge(msg.sender);
        _;
    }

    function mint(address to, uint256 amount) external onlyBridge {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external onlyBridge {
        _burn(from, amount);
    }
}

/// @title One end of a bridge for ERC-20 tokens; the other end is the same contract on another chain
/// @notice The two call each other, through proxies, within one transaction. So there are no messages
/// under way, no proofs to bring and nothing to claim: the tokens are there when `send` returns, and if
/// anything fails they never left.
contract TokenBridge {
    using SafeERC20 for IERC20;

    address private immutable OWNER;
    /// @notice The proxy of the other end: whom this one calls and whom it is called by.
    address public other;
    /// @notice Tokens of this chain that are on the other one.
    mapping(IERC20 => uint256) public locked;
    /// @notice What stands here for a token of the other chain.
    mapping(address => BridgedToken) public bridgedOf;

    event Sent(address indexed token, address indexed from, address indexed to, uint256 amount);
    event Received(address indexed token, address indexed to, uint256 amount);

    error NotTheOtherEnd(address caller);
    error AlreadyJoined();
    error UnknownToken(address token);

    constructor() {
        OWNER = msg.sender;
    }

    function join(address other_) external {
        if (msg.sender != OWNER) revert NotTheOtherEnd(msg.sender);
        if (other != address(0)) revert AlreadyJoined();
        other = other_;
    }

    /// @notice Sends a token of this chain to `to` on the other chain.
    function send(IERC20 token, address to, uint256 amount) external {
        token.safeTransferFrom(msg.sender, address(this), amount);
        locked[token] += amount;
        emit Sent(address(token), msg.sender, to, amount);
        TokenBridge(other).arrive(address(token), to, amount);
    }

    /// @notice Sends a token back to the chain it is from. `original` is its address there.
    function sendBack(address original, address to, uint256 amount) external {
        BridgedToken token = bridgedOf[original];
        if (address(token) == address(0)) revert UnknownToken(original);
        token.burn(msg.sender, amount);
        emit Sent(original, msg.sender, to, amount);
        TokenBridge(other).release(IERC20(original), to, amount);
    }

    /// @notice From the other end: a token of that chain comes here.
    function arrive(address original, address to, uint256 amount) external {
        if (msg.sender != other) revert NotTheOtherEnd(msg.sender);
        BridgedToken token = bridgedOf[original];
        if (address(token) == address(0)) bridgedOf[original] = token = new BridgedToken(original);
        token.mint(to, amount);
        emit Received(original, to, amount);
    }

    /// @notice From the other end: a token of this chain comes back.
    function release(IERC20 token, address to, uint256 amount) external {
        if (msg.sender != other) revert NotTheOtherEnd(msg.sender);
        locked[token] -= amount;
        token.safeTransfer(to, amount);
        emit Received(address(token), to, amount);
    }
}
