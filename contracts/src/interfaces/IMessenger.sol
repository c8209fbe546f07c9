// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHub} from "contracts/src/interfaces/IHub.sol";

/// @notice A message between a chain and one of its rollups, as it is when it is sent. Its id is
/// keccak256(abi.encode(message)); that is what the sending Messenger broadcasts.
struct Message {
    uint256 parentChainId; // of the two chains, the one with the Hub
    IHub hub; // where they meet
    uint64 rollupId; // the other one, as that Hub knows it
    bool toParent; // which way it goes
    uint64 nonce; // no two messages of a Messenger have the same
    address sender;
    address recipient;
    address owner; // who may give it up before its deadline, on the receiving chain
    uint256 value; // wei for the recipient
    uint256 fee; // wei for who delivers it
    uint64 gasLimit; // of the call to the recipient
    uint64 deadline; // seconds, on the receiving chain: from then on anybody may give it up; 0: never
    bytes payload;
}

/// @title Calls and ether between a chain and its rollups, by messages
/// @notice A message is delivered once; a delivery that fails may be tried again until it succeeds, or
/// the message is given up; one that was given up can be recalled where it was sent. Also a gateway of
/// ERC-7786.
interface IMessenger {
    /// @notice The value is less than the fee.
    error FeeNotPaid(uint256 value, uint256 fee);
    /// @notice No rollup has this id, or it has no Messenger that knows this one (a ledger has none); or this
    /// chain has no parent.
    error UnknownChain(uint64 rollupId);
    /// @notice No rollup is known by this chain id (`nameChain`).
    error UnknownChainId(uint256 chainId);
    /// @notice The rollup goes by this chain id already, or another does.
    error ChainNamed(uint256 chainId);
    /// @notice Only the rollup's owner, as the Hub knows it, may name its chain.
    error NotTheOwner(address caller);
    /// @notice The message is for another chain, or of one.
    error NotForThisChain();
    /// @notice Its delivery has succeeded.
    error AlreadyDelivered(bytes32 id);
    /// @notice It was given up: it can only be recalled, where it was sent.
    error AlreadyGivenUp(bytes32 id);
    /// @notice Nobody has tried to deliver it yet, or it is over.
    error NotFailed(bytes32 id);
    /// @notice It was recalled before.
    error AlreadyRecalled(bytes32 id);
    /// @notice Only its owner may give it up before its deadline.
    error NotYet(bytes32 id, uint64 deadline);
    /// @notice There is less gas than the message asks for, with what the Messenger needs.
    error NotEnoughGas(uint256 needed);
    /// @notice This address does not take the ether: a fee, or what comes back.
    error EtherRefused(address to);
    /// @notice The recipient is a contract that did not say that it has received the message (ERC-7786).
    error NotAcknowledged(address recipient);
    /// @notice For the Messenger's calls to itself alone.
    error OnlySelf();

    /// @notice A message left; the event has all of it.
    event MessageLeft(bytes32 indexed id, Message message);
    /// @notice It was delivered. `feeTo` got the fee, if this was the first try.
    event Delivered(bytes32 indexed id, address feeTo);
    /// @notice The recipient's call failed; the ether for it went back.
    event DeliveryFailed(bytes32 indexed id, address feeTo, bytes reason);
    /// @notice It will never be delivered.
    event GivenUp(bytes32 indexed id);
    /// @notice What it carried is back where it came from.
    event Recalled(bytes32 indexed id);
    /// @notice Messages to this chain id go to this rollup.
    event ChainNamedAs(uint64 indexed rollupId, uint256 indexed chainId);

    enum Status {
        Unknown,
        Failed,
        Delivered,
        GivenUp
    }

    /// @notice What the sender of a message chooses.
    struct Terms {
        address owner; // 0: the sender
        uint256 fee;
        uint64 gasLimit;
        uint64 deadline;
    }

    /// @notice Sends a message to a contract or account on a rollup, or (0) on the parent. What comes
    /// with the call beyond the fee is for the recipient.
    function send(uint64 rollupId, address recipient, Terms calldata terms, bytes calldata payload)
        external
        payable
        returns (bytes32 id);
    /// @notice Delivers a message of the other chain's Messenger that was imported (`proof` is empty) or
    /// is proven (IMessageService.ParentProof, RollupProof). The fee goes to `feeTo` on the first try.
    function deliver(Message calldata message, bytes calldata proof, address feeTo) external returns (bool ok);
    /// @notice Tries a failed delivery again; with all the gas that there is.
    function retry(Message calldata message) external returns (bool ok);
    /// @notice Ends a message that was not delivered, so that it can be recalled.
    function giveUp(Message calldata message, bytes calldata proof) external;
    /// @notice Gives what a message carried back to its sender, after the other chain gave it up:
    /// without its fee if `isTried`, since that was paid.
    function recall(Message calldata message, bool isTried, bytes calldata proof) external;

    function idOf(Message calldata message) external pure returns (bytes32);
    function status(bytes32 id) external view returns (Status);
    /// @notice What is broadcast when a message is given up, before or after somebody has tried it.
    function givenUp(bytes32 id, bool isTried) external pure returns (bytes32);
    /// @notice The chain at the other end of a message's way, as seen from here: a rollup of this chain's
    /// Hub, or (0) the parent. Reverts with NotForThisChain if this chain is at neither end.
    function otherEnd(Message calldata message) external view returns (uint64 rollupId);
    /// @notice While a message is delivered: its id, the chain it came from (0: the parent), its sender.
    function current() external view returns (bytes32 id, uint64 rollupId, address sender);
}

/// @notice A sender that is to be told of a message that came back; without this, ether just comes.
interface IMessageSender {
    /// @notice `message`, sent by this contract, was given up and recalled; its ether comes with the call.
    function messageRecalled(bytes32 id, Message calldata message) external payable;
}
