// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IRegistry} from "contracts/src/interfaces/IHub.sol";
import {IProofSystem} from "contracts/src/interfaces/IProofSystem.sol";
import {HubErrors} from "contracts/src/libraries/HubErrors.sol";
import {IProxyDeployer} from "contracts/src/libraries/ProxyCode.sol";
import {Table} from "contracts/src/libraries/Table.sol";
import {Store} from "contracts/src/parent/Store.sol";

/// @title The part of the Hub that is seldom called
/// @dev The Hub deploys it and borrows its code: whatever the Hub itself has no function for runs here as
/// the Hub, by delegatecall. Called by itself it is a registry of nothing: no proof system of a rollup is
/// ever asked, and what is sent to it is lost.
contract Registry is Store, IRegistry {
    uint256 public constant MAX_ANCHOR_LAG = ANCHOR_LAG_MAX;
    uint256 public constant ROOT_CHAINS = CHAINS;
    /// @notice So many forced transactions can be due in one update; with what one may take of a
    /// rollup's gas, that is the most gas that anybody can force into a block of it.
    uint256 public constant FORCED_MAX = 8;
    uint256 public constant FORCED_TX_GAS = 1_000_000; // a transaction with more is skipped
    uint256 public constant FORCED_GAS = FORCED_MAX * FORCED_TX_GAS;
    uint256 public constant FORCED_SIZE_MAX = 8192;
    uint256 public constant FORCE_FEE_MIN = 0.0001 ether;

    /// @inheritdoc IRegistry
    function register(IProofSystem system, bytes32 vkey, bytes32 head_, address owner, Options calldata options)
        external
        returns (uint64 rollupId)
    {
        rollupId = ++count;
        Rollup storage r = rollups[rollupId];
        r.head = head_;
        r.hasOwnToken = options.hasOwnToken;
        r.system = system;
        r.vkey = vkey;
        // Not before any update; and the first one does not pay for a fresh word.
        r.timestamp = 1;
        r.owner = owner;
        r.messenger = options.messenger;
        r.forceDelay = options.forceDelay;
        Table.prepare(rollupId);
        emit RollupRegistered(rollupId, system, vkey, head_, owner);
    }

    /// @inheritdoc IRegistry
    function rollupCount() external view returns (uint64) {
        return count;
    }

    /// @inheritdoc IRegistry
    function messengerOf(uint64 rollupId) external view returns (address) {
        return rollups[rollupId].messenger;
    }

    /// @inheritdoc IRegistry
    function balanceOf(uint64 rollupId) external view returns (uint256) {
        return rollups[rollupId].balance;
    }

    /// @inheritdoc IRegistry
    function rollup(uint64 rollupId) external view returns (Rollup memory) {
        return rollups[rollupId];
    }

    /// @inheritdoc IRegistry
    function isRoot(uint64 rollupId, bytes32 root, uint256 index, bytes32 before, bytes32[] calldata later)
        external
        view
        returns (bool)
    {
        Rollup storage r = rollups[rollupId];
        // A head in the middle of a loop may be no root.
        if (root == r.head && loopDepth == 0) return r.system != IProofSystem(address(0));
        if (index >= r.rootCount) return false;
        bytes32 chain = keccak256(abi.encode(before, root));
        for (uint256 i = 0; i < later.length; i++) chain = keccak256(abi.encode(chain, later[i]));
        return chain == roots[rollupId][index % CHAINS];
    }

    /// @inheritdoc IRegistry
    function credit(uint64 rollupId) external payable {
        if (rollupId == 0 || rollupId > count) revert UnknownRollup(rollupId);
        if (rollups[rollupId].hasOwnToken) revert TokenRollup(rollupId);
        rollups[rollupId].balance += msg.value;
        emit Credited(rollupId, msg.sender, msg.value);
    }

    /// @inheritdoc IRegistry
    function forceTransaction(uint64 rollupId, bytes calldata transaction) external payable returns (uint256 index) {
        Rollup storage r = rollups[rollupId];
        if (rollupId == 0 || rollupId > count) revert UnknownRollup(rollupId);
        if (r.forceDelay == 0) revert ForcingOff(rollupId);
        if (transaction.length > FORCED_SIZE_MAX) revert ForcedTooLong(transaction.length, FORCED_SIZE_MAX);
        uint256 fee = forceFee(rollupId);
        if (msg.value < fee) revert ForceFeeTooLow(fee, msg.value);
        Queue storage queue = queues[rollupId];
        index = queue.length++;
        uint256 due = block.number + r.forceDelay;
        bytes32 before = index == 0 ? bytes32(0) : queue.items[index - 1].chain;
        queue.items[index] = Forced(keccak256(abi.encode(before, keccak256(transaction))), due);
        if (index == queue.taken) r.forcedDue = uint48(due);
        emit TransactionForced(rollupId, index, due, transaction);
        // To nobody: who could get it back would keep others waiting for nothing.
        (bool ok,) = address(0).call{value: fee}("");
        if (ok && msg.value > fee) (ok,) = msg.sender.call{value: msg.value - fee}("");
        if (!ok) revert EtherRefused(msg.sender);
    }

    /// @inheritdoc IRegistry
    function forceFee(uint64 rollupId) public view returns (uint256) {
        Queue storage queue = queues[rollupId];
        return FORCE_FEE_MIN << ((queue.length - queue.taken) / FORCED_MAX);
    }

    /// @inheritdoc IRegistry
    function forcedCount(uint64 rollupId) external view returns (uint64 length, uint64 taken) {
        return (queues[rollupId].length, queues[rollupId].taken);
    }

    /// @inheritdoc IRegistry
    function takeForced(uint64 rollupId, uint256 number) external returns (bytes32 chain) {
        if (msg.sender != address(this)) revert OnlySelf();
        Queue storage queue = queues[rollupId];
        uint256 next = queue.taken + number;
        if (next > queue.length) revert ForcedMissing(rollupId, queue.length);
        uint256 due = queue.items[next].due;
        // Equal delays: what comes later is not due earlier.
        if (number < FORCED_MAX && due != 0 && due <= block.number) revert ForcedDue(rollupId, next);
        queue.taken = uint64(next);
        rollups[rollupId].forcedDue = uint48(due);
        return number == 0 ? bytes32(0) : queue.items[next - 1].chain;
    }

    /// @inheritdoc IRegistry
    function debit(uint64 rollupId, uint256 value) external {
        Rollup storage r = rollups[rollupId];
        if (msg.sender != r.messenger) revert NotTheMessenger(msg.sender);
        if (r.balance < value) revert BalanceTooLow(rollupId, r.balance, value);
        r.balance -= value;
        emit Debited(rollupId, msg.sender, value);
        (bool ok,) = msg.sender.call{value: value}("");
        if (!ok) revert EtherRefused(msg.sender);
    }

    /// @inheritdoc IRegistry
    function sweep(uint64 rollupId, address target) external {
        address proxy = _createProxy(rollupId, target);
        uint256 value = proxy.balance;
        if (value == 0) revert NothingToSweep(rollupId, target);
        // The proxy's own order to itself: a call of its to what it stands for, by way of this contract.
        bytes memory entering = abi.encodePacked(IProxyDeployer.enter.selector, rollupId, target, proxy);
        (bool ok, bytes memory result) =
            proxy.call(abi.encodePacked(uint256(uint160(address(this))), gasleft(), uint256(0), value, entering));
        if (ok) return;
        // The byte that marks a failure.
        assembly ("memory-safe") {
            if mload(result) { mstore(result, sub(mload(result), 1)) }
        }
        HubErrors.rethrow(result);
    }
}
