// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Takes messages of ERC-7786, and can be told to refuse, to spend gas, or to say nothing.
contract Recipient {
    error Refused(uint256 times);

    bool public refuses;
    bool public isSilent;
    uint256 public times;
    uint256 public value;
    bytes public sender;
    bytes public payload;
    bytes32 public id;

    function set(bool refuses_, bool isSilent_) external {
        (refuses, isSilent) = (refuses_, isSilent_);
    }

    function receiveMessage(bytes32 id_, bytes calldata sender_, bytes calldata payload_)
        external
        payable
        returns (bytes4)
    {
        if (refuses) revert Refused(times);
        times++;
        (id, sender, payload, value) = (id_, sender_, payload_, msg.value);
        return isSilent ? bytes4(0) : this.receiveMessage.selector;
    }
}

interface IMessengerOf {
    struct Message {
        uint256 parentChainId;
        address hub;
        uint64 rollupId;
        bool toParent;
        uint64 nonce;
        address sender;
        address recipient;
        address owner;
        uint256 value;
        uint256 fee;
        uint64 gasLimit;
        uint64 deadline;
        bytes payload;
    }

    function deliver(Message calldata message, bytes calldata proof, address feeTo) external returns (bool);
}

/// Delivers the message that it receives once more, in the middle of it.
contract Reentrant {
    bytes public again;
    bytes public answer;

    function set(bytes calldata again_) external {
        again = again_;
    }

    function receiveMessage(bytes32, bytes calldata, bytes calldata) external payable returns (bytes4) {
        (, answer) = msg.sender.call(again);
        return this.receiveMessage.selector;
    }
}

/// Uses all the gas that it gets.
contract Spender {
    function receiveMessage(bytes32, bytes calldata, bytes calldata) external payable returns (bytes4) {
        while (true) {}
        return 0;
    }
}

interface IForwardingMessenger {
    struct Terms {
        address owner;
        uint256 fee;
        uint64 gasLimit;
        uint64 deadline;
    }

    function send(uint64 rollupId, address recipient, Terms calldata terms, bytes calldata payload)
        external
        payable
        returns (bytes32);
}

/// On a chain in the middle: sends what it receives on, to one of this chain's rollups or to its parent.
contract Forwarder {
    IForwardingMessenger private constant MESSENGER = IForwardingMessenger(0x4C53000000000000000000000000000000000005);

    function receiveMessage(bytes32, bytes calldata, bytes calldata payload) external payable returns (bytes4) {
        (uint64 rollupId, address to, uint256 fee, bytes memory further) =
            abi.decode(payload, (uint64, address, uint256, bytes));
        MESSENGER.send{value: msg.value}(
            rollupId, to, IForwardingMessenger.Terms(msg.sender, fee, 500_000, 0), further
        );
        return this.receiveMessage.selector;
    }
}

interface IHubOf {
    function head(uint64 rollupId) external view returns (bytes32);
    function isRoot(uint64 rollupId, bytes32 root, uint256 index, bytes32 before, bytes32[] calldata later)
        external
        view
        returns (bool);
}

/// On L1: looks at rollup 1 while that waits for the answer, and delivers a message of it.
contract Watcher {
    IHubOf private hub;
    bytes32 private root;
    uint256 private index;
    bytes32 private before;
    address private messenger;
    bytes private deliver;

    bytes32 public head;
    bool public isHeadRoot;
    bool public isFormerRoot;
    bool public wasDelivered;

    function set(IHubOf hub_, bytes32 root_, uint256 index_, bytes32 before_, address messenger_, bytes calldata deliver_)
        external
    {
        (hub, root, index, before, messenger, deliver) = (hub_, root_, index_, before_, messenger_, deliver_);
    }

    function watch() external {
        bytes32[] memory none;
        head = hub.head(1);
        isHeadRoot = hub.isRoot(1, head, index, before, none) || hub.isRoot(1, head, index + 1, before, none);
        isFormerRoot = hub.isRoot(1, root, index, before, none);
        (wasDelivered,) = messenger.call(deliver);
    }
}

/// Calls whatever it is told to.
contract Caller {
    function call(address target, bytes calldata data) external {
        (bool ok, bytes memory result) = target.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }
}
