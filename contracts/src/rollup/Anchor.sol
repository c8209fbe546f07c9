// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The parent blocks that this rollup has imported
/// @notice Predeploy 0x4c53000000000000000000000000000000000002. The first transaction of each slot
/// block, made by the system, writes the anchor here after its header was checked against the hash
/// that the Hub vouches for. Kept for the last 8191 parent blocks, in a ring by parent block number:
/// not every parent block is anchored, and an older one stays until its place is needed.
contract Anchor {
    /// @notice Only the system writes anchors.
    error NotTheSystem(address caller);
    /// @notice An anchor never goes back.
    error AnchorOlder(uint64 number, uint64 latest);
    /// @notice This parent block was not anchored, or its place is another's by now.
    error NotAnchored(uint256 number);

    /// @notice What is kept of a parent block. Before the first anchor, the newest one is all zero.
    struct Block {
        uint64 number;
        uint64 timestamp;
        bytes32 blockHash;
        bytes32 stateRoot;
        bytes32 transactionsRoot;
        bytes32 receiptsRoot;
        bytes32 parentBeaconRoot; // EIP-4788; zero where the parent chain has none
    }

    /// @notice How many places the ring has.
    uint256 public constant HISTORY = 8191;
    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

    uint64 private latestNumber;
    mapping(uint256 => Block) private blocks; // number % HISTORY

    /// @notice For the system: makes this parent block the newest anchor. It may be the same as before.
    function setAnchor(Block calldata anchor) external {
        if (msg.sender != SYSTEM) revert NotTheSystem(msg.sender);
        if (anchor.number < latestNumber) revert AnchorOlder(anchor.number, latestNumber);
        latestNumber = anchor.number;
        blocks[anchor.number % HISTORY] = anchor;
    }

    /// @notice The newest anchor.
    function latest() external view returns (Block memory) {
        return _latest();
    }

    /// @notice An anchored parent block; reverts with NotAnchored if it is not kept.
    function at(uint256 number) external view returns (Block memory) {
        return _at(number);
    }

    // --- L1OriginSource of RIP-7859 ------------------------------------------------------------------
    // What has no argument is about the newest anchor; the others revert with NotAnchored.

    function getL1OriginBlockHash() external view returns (bytes32 blockHash) {
        return _latest().blockHash;
    }

    function getL1OriginParentBeaconRoot() external view returns (bytes32 parentBeaconRoot) {
        return _latest().parentBeaconRoot;
    }

    function getL1OriginStateRoot() external view returns (bytes32 stateRoot) {
        return _latest().stateRoot;
    }

    function getL1OriginReceiptRoot() external view returns (bytes32 receiptRoot) {
        return _latest().receiptsRoot;
    }

    function getL1OriginTransactionRoot() external view returns (bytes32 transactionRoot) {
        return _latest().transactionsRoot;
    }

    function getL1OriginBlockHeight() external view returns (uint256 blockHeight) {
        return latestNumber;
    }

    function getL1OriginBlockHashAt(uint256 height) external view returns (bytes32 blockHash) {
        return _at(height).blockHash;
    }

    function getL1OriginParentBeaconRootAt(uint256 height) external view returns (bytes32 parentBeaconRoot) {
        return _at(height).parentBeaconRoot;
    }

    function getL1OriginStateRootAt(uint256 height) external view returns (bytes32 stateRoot) {
        return _at(height).stateRoot;
    }

    function getL1OriginReceiptRootAt(uint256 height) external view returns (bytes32 receiptRoot) {
        return _at(height).receiptsRoot;
    }

    function getL1OriginTransactionRootAt(uint256 height) external view returns (bytes32 transactionRoot) {
        return _at(height).transactionsRoot;
    }

    function _latest() private view returns (Block storage) {
        return blocks[latestNumber % HISTORY];
    }

    function _at(uint256 number) private view returns (Block storage anchored) {
        anchored = blocks[number % HISTORY];
        if (anchored.number != number || anchored.blockHash == 0) revert NotAnchored(number);
    }
}
