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
