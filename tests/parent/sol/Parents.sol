// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StorageProof} from "contracts/src/libraries/StorageProof.sol";
import {Parent} from "contracts/src/rollup/Parent.sol";

contract Child {}

/// @notice On the parent: whatever a contract can do.
contract Source {
    uint256 public number; // slot 0
    uint256 public second = 22; // slot 1
    mapping(address => uint256) public balanceOf; // slot 2
    string public text = "a text that is longer than one word of storage can be"; // slot 3

    error Refused(address caller, uint256 code);

    event Said(uint256 number);

    function set(uint256 to) external {
        number = to;
        balanceOf[msg.sender] = to;
    }

    /// @notice Writes, logs, creates, sends what it has, and says what it saw.
    function act(uint256 to) external returns (uint256 before, address child, bytes32 hash) {
        before = number;
        number = to;
        emit Said(to);
        child = address(new Child());
        hash = sha256(abi.encode(to));
    }

    function environment() external view returns (uint256[8] memory seen, address[3] memory who) {
        seen = [
            block.number, block.timestamp, block.gaslimit, block.prevrandao, block.chainid, tx.gasprice,
            uint256(blockhash(block.number - 1)), uint256(blockhash(block.number))
        ];
        who = [msg.sender, tx.origin, block.coinbase];
    }

    function fees() external view returns (uint256, uint256) {
        return (block.basefee, block.blobbasefee);
    }

    function refuse(uint256 code) external view {
        revert Refused(msg.sender, code);
    }

    function burn() external pure {
        while (true) {}
    }

    /// @notice Calls itself so often, each in the one before.
    function deep(uint256 levels) external returns (uint256 reached) {
        if (levels == 0) return 0;
        number++;
        return 1 + this.deep(levels - 1);
    }

    function gasUsed() external view returns (uint256 used) {
        uint256 left = gasleft();
        this.balanceOf(msg.sender);
        uint256 sum = number + second + msg.sender.balance + block.coinbase.balance;
        used = left - gasleft() + (sum & 0);
    }
}

/// @notice On the parent: what is harder to get right.
contract Odd {
    uint256 public number = 1; // slot 0
    uint256 private transient passing;

    event Said(uint256 number);

    receive() external payable {}

    /// @notice A call of itself with so much gas: how it ends and what it costs, as the caller sees it.
    function measure(uint256 gas_, bytes calldata data) external returns (bool ok, uint256 used, bytes memory result) {
        uint256 left = gasleft();
        (ok, result) = address(this).call{gas: gas_}(data);
        used = left - gasleft();
    }

    function writes(uint256 to) external returns (uint256 sum) {
        for (uint256 i = 0; i < 5; i++) {
            assembly ("memory-safe") {
                sum := add(sum, sload(add(1000, i)))
                sstore(add(1000, i), to)
            }
        }
        number = 0;
        number = to;
        emit Said(to);
        sum += passing;
        passing = to;
    }

    /// @notice Makes two children in one place; the second time in a transaction that fails.
    function creates() external returns (address first, bool isTwice, uint256 nonce) {
        first = address(new Child{salt: 0}());
        try this.createsAgain() returns (address) {
            isTwice = true;
        } catch {}
        nonce = first.code.length;
    }

    function createsAgain() external returns (address) {
        return address(new Child{salt: 0}());
    }

    function pays(address to) external returns (uint256 before, uint256 afterwards, bool ok) {
        before = to.balance;
        (ok,) = to.call{value: address(this).balance}("");
        afterwards = to.balance;
    }

    function ends(address payable to) external {
        selfdestruct(to);
    }

    function burns() external pure {
        while (true) {}
    }

    function runsOut() external returns (bool ok, uint256 left) {
        number = 77;
        (ok,) = address(this).call{gas: 30000}(abi.encodeCall(this.burns, ()));
        left = number;
    }

    function refuses(bytes calldata with) external pure {
        assembly ("memory-safe") {
            calldatacopy(0, with.offset, with.length)
            revert(0, with.length)
        }
    }

    /// @notice Each precompile there is, with an input that it takes or refuses.
    function precompiles(bytes calldata input) external returns (bytes32 all) {
        for (uint160 i = 1; i <= 0x11; i++) {
            (bool ok, bytes memory out) = address(i).call{gas: 400000}(input);
            all = keccak256(abi.encode(all, ok, out));
        }
        (bool isThere, bytes memory verified) = address(0x100).call{gas: 400000}(input);
        all = keccak256(abi.encode(all, isThere, verified));
    }
}

/// @notice On the parent: one of a row, each of which calls the next; the last calls the first again.
contract Link {
    Link public immutable NEXT;
    uint256 public visits;

    constructor(Link next) {
        NEXT = next;
    }

    function walk(Link first, bytes32 seen) external returns (bytes32) {
        visits++;
        seen = keccak256(abi.encode(seen, msg.sender, address(this), visits, tx.origin));
        if (address(NEXT) != address(0)) return NEXT.walk(first, seen);
        return first.back(seen);
    }

    function back(bytes32 seen) external returns (bytes32) {
        return keccak256(abi.encode(seen, msg.sender, ++visits));
    }
}

/// @notice On the rollup: reads, and keeps what it has read.
contract Reader {
    bytes32 public kept;
    bytes public answer;

    function slot(address account, bytes32 key) external view returns (bytes32) {
        return Parent.slot(account, key);
    }

    function slots(address account, bytes32[] calldata keys) external view returns (bytes32[] memory) {
        return Parent.slots(account, keys);
    }

    function call(address target, bytes calldata data) external view returns (bytes memory) {
        return Parent.call(target, data);
    }

    function tryCall(address target, bytes calldata data) external view returns (bool, bytes memory) {
        return Parent.tryCall(target, data);
    }

    function blockNumber() external view returns (uint256) {
        return Parent.blockNumber();
    }

    function keepSlot(address account, bytes32 key) external {
        kept = Parent.slot(account, key);
    }

    function keepCall(address target, bytes calldata data) external {
        answer = Parent.call(target, data);
    }

    /// @notice The same call twice, and whether it is answered alike.
    function keepTwice(address target, bytes calldata data) external returns (bool) {
        answer = Parent.call(target, data);
        return keccak256(Parent.call(target, data)) == keccak256(answer);
    }

    /// @notice What a call of the precompile takes, and how much it gives back.
    function gasOf(bytes calldata input) external view returns (bool ok, uint256 used, uint256 size) {
        bytes memory asked = input;
        assembly ("memory-safe") {
            let at := add(asked, 32)
            used := gas()
            ok := staticcall(gas(), 0x10002, at, mload(asked), 0, 0)
            used := sub(used, gas())
            size := returndatasize()
        }
    }

    function provenSlot(
        uint256 number,
        address account,
        bytes32 key,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external view returns (bytes32) {
        return Parent.provenSlot(number, account, key, accountProof, storageProof);
    }

    function provenAccount(uint256 number, address account, bytes[] calldata proof)
        external
        view
        returns (StorageProof.Account memory)
    {
        return Parent.provenAccount(number, account, proof);
    }

    // Errors of the library, for whoever decodes what these functions revert with.
    error NotAnchoredYet();
    error NotEnoughGasToRead();
    error ParentCallFailed(address target);
    error Refused(address caller, uint256 code);
    error WrongRoot();
    error NotAnchored(uint256 number);
}

interface IFeed {
    function number() external view returns (uint256);
}

/// @notice The same value of the parent by each of the ways, and nothing else: what a way costs.
contract Ways {
    uint256 public value;

    function byNothing() external {
        value++;
    }

    function bySlot(address feed, bytes32 key) external {
        value = uint256(Parent.slot(feed, key));
    }

    function byCall(address feed) external {
        value = abi.decode(Parent.call(feed, abi.encodeCall(IFeed.number, ())), (uint256));
    }

    function byProof(
        uint256 number,
        address feed,
        bytes32 key,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external {
        value = uint256(Parent.provenSlot(number, feed, key, accountProof, storageProof));
    }

    /// @notice `proxy` stands for the feed: the parent answers in the middle of the slot.
    function byLiveCall(IFeed proxy) external {
        value = proxy.number();
    }
}
