// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The parent blocks that this rollup has imported
/// @notice Predeploy 0x4c53000000000000000000000000000000000002. The first transaction of each slot
/// block, made by the system, writes the anchor here after its header was checked against the hash
/// that the Hub vouches for. The last 8191 anchors are kept, by parent block number.
contract Anchor {
    /// @notice Only the system writes anchors.
    error NotTheSystem(address caller);
    /// @notice An anchor never goes back.
    error AnchorOlder(uint64 number, uint64 latest);
    /// @notice This parent block was not anchored, or too long ago.
    error NotAnchored(uint256 number);

    struct Block {
        uint64 number;
        uint64 timestamp;
        bytes32 blockHash;
        bytes32 stateRoot;
    }

    uint256 public constant HISTORY = 8191;
    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

    uint64 private latestNumber;
    mapping(uint256 => Block) private blocks; // number % HISTORY

    function setAnchor(uint64 number, bytes32 blockHash, bytes32 stateRoot, uint64 timestamp) external {
        if (msg.sender != SYSTEM) revert NotTheSystem(msg.sender);
        if (number < latestNumber) revert AnchorOlder(number, latestNumber);
        latestNumber = number;
        blocks[number % HISTORY] = Block(number, timestamp, blockHash, stateRoot);
    }

    /// @notice The newest anchor.
    function latest() external view returns (Block memory) {
        return blocks[latestNumber % HISTORY];
    }

    function latestBlockNumber() external view returns (uint64) {
        return latestNumber;
    }

    /// @notice An anchored parent block; reverts with NotAnchored if its place is another's by now.
    function at(uint256 number) public view returns (Block memory anchored) {
        anchored = blocks[number % HISTORY];
        if (anchored.number != number || anchored.blockHash == 0) revert NotAnchored(number);
    }

    function blockHashAt(uint256 number) external view returns (bytes32) {
        return at(number).blockHash;
    }

    function stateRootAt(uint256 number) external view returns (bytes32) {
        return at(number).stateRoot;
    }

    // The names of RIP-7859, for the newest anchor.
    function getL1OriginBlockHash() external view returns (bytes32) {
        return blocks[latestNumber % HISTORY].blockHash;
    }

    function getL1OriginStateRoot() external view returns (bytes32) {
        return blocks[latestNumber % HISTORY].stateRoot;
    }

    function getL1OriginBlockNumber() external view returns (uint256) {
        return latestNumber;
    }

    function getL1OriginTimestamp() external view returns (uint256) {
        return blocks[latestNumber % HISTORY].timestamp;
    }
}
