// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title A token of another chain, as the Bridge makes it
contract BridgedErc20 is ERC20Permit {
    /// @notice Only the Bridge makes and burns it.
    error NotTheBridge(address caller);

    address public immutable bridge;
    uint8 private immutable places;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) ERC20Permit(name_) {
        (bridge, places) = (msg.sender, decimals_);
    }

    function decimals() public view override returns (uint8) {
        return places;
    }

    function mint(address to, uint256 amount) external {
        if (msg.sender != bridge) revert NotTheBridge(msg.sender);
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external {
        if (msg.sender != bridge) revert NotTheBridge(msg.sender);
        _burn(from, amount);
    }
}
