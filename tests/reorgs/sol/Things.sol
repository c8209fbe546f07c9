// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Takes ether and passes a share of it on, to here or to another chain.
contract Purse {
    uint256 public total;

    receive() external payable {}

    function hit(uint256 amount) external payable {
        total += amount;
    }

    function hop(address next, bytes calldata data, uint256 percent) external payable {
        total++;
        (bool ok, bytes memory result) = next.call{value: msg.value * percent / 100}(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }
}

/// A fungible token.
contract Coin {
    string public name = "Coin";
    string public symbol = "CO";
    uint8 public decimals = 18;
    mapping(address => uint256) public balanceOf;

    constructor(uint256 supply, address[] memory owners) {
        for (uint256 i = 0; i < owners.length; i++) balanceOf[owners[i]] = supply;
    }

    /// Whoever asks is the bridge here.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// Tokens of which each is one.
contract Badge {
    string public name = "Badge";
    string public symbol = "BA";
    mapping(uint256 => address) public ownerOf;

    constructor(address[] memory owners) {
        for (uint256 i = 0; i < owners.length; i++) ownerOf[i + 1] = owners[i];
    }

    function transferFrom(address from, address to, uint256 tokenId) external {
        require(ownerOf[tokenId] == from, "not the owner");
        ownerOf[tokenId] = to;
    }
}
