// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title Tokens of another chain, each with an id, as the Bridge makes them
contract BridgedErc721 is ERC721 {
    /// @notice Only the Bridge makes and burns them.
    error NotTheBridge(address caller);

    address public immutable bridge;
    mapping(uint256 tokenId => string) private uris;

    constructor(string memory name_, string memory symbol_) ERC721(name_, symbol_) {
        bridge = msg.sender;
    }

    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        return uris[tokenId];
    }

    function mint(address to, uint256 tokenId, string calldata uri) external {
        if (msg.sender != bridge) revert NotTheBridge(msg.sender);
        uris[tokenId] = uri;
        _mint(to, tokenId);
    }

    function burn(uint256 tokenId) external {
        if (msg.sender != bridge) revert NotTheBridge(msg.sender);
        delete uris[tokenId];
        _burn(tokenId);
    }
}
