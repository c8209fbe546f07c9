// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC7786GatewaySource, IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {IHub} from "contracts/src/interfaces/IHub.sol";
import {IMessageSender, IMessenger, Message} from "contracts/src/interfaces/IMessenger.sol";
import {IMessageService} from "contracts/src/interfaces/IMessageService.sol";
import {System} from "contracts/src/rollup/System.sol";

/// @title Calls and ether between a chain and its rollups, by messages
/// @notice The same contract on every chain; on a rollup it is predeploy
/// 0x4c53000000000000000000000000000000000005. It knows its parent's Messenger, and that of every
/// rollup of its Hub is the predeploy.
/// @dev Ether that goes to a rollup is credited to it at the Hub, and made there; ether that leaves a
/// rollup is burned there, and taken from its balance at the Hub.
contract Messenger is IMessenger, IERC7786GatewaySource {
    /// @notice The parent's Messenger; 0 where there is no parent. A rollup's genesis writes it.
    address public parent; // slot 0
    /// @notice The Hub of this chain's own rollups; 0 if it has none.
    IHub public hub; // slot 1
    IMessageService public service; // slot 2

    uint64 private nonce;
    mapping(bytes32 id => Status) public status;
    mapping(bytes32 id => bool) public isRecalled;
    mapping(uint256 chainId => uint64) public rollupOf;
    mapping(uint64 rollupId => uint256) public chainIdOf;

    bytes32 private transient currentId;
    uint64 private transient currentRollup;
    address private transient currentSender;

    System private constant SYSTEM = System(0x4C53000000000000000000000000000000000001);
    /// @notice Where the Messenger of every rollup is.
    address private constant ON_ROLLUPS = 0x4C53000000000000000000000000000000000005;
    /// @dev Makes and burns ether of a rollup, for its Messenger alone: 32 bytes of wei as input, made
    /// for the caller; or value without input, which is gone.
    address private constant ETHER = 0x0000000000000000000000000000000000010004;
    /// @dev What a delivery needs besides the recipient's gas, up to the end.
    uint256 private constant OWN_GAS = 120_000;
    uint256 private constant OWN_GAS_PER_BYTE = 16;
    uint64 private constant DEFAULT_GAS = 200_000;
    bytes32 private constant GIVEN_UP = keccak256("lockstep.messages.givenUp");
    bytes32 private constant GIVEN_UP_TRIED = keccak256("lockstep.messages.givenUp.tried");
    /// @dev Of a revert reason in an event.
    uint256 private constant REASON_MAX = 256;

    /// @notice Of the chain that is no rollup; a rollup's genesis writes the three words.
    constructor(IHub hub_, IMessageService service_) {
        (hub, service) = (hub_, service_);
    }

    /// @notice Ether that the Hub gives back.
    receive() external payable {
        if (msg.sender != address(hub)) revert NotForThisChain();
    }

    // --- sending -------------------------------------------------------------------------------------

    /// @inheritdoc IMessenger
    function send(uint64 rollupId, address recipient, Terms calldata terms, bytes calldata payload)
        external
        payable
        returns (bytes32 id)
    {
        return _send(rollupId, recipient, terms, payload);
    }

    function _send(uint64 rollupId, address recipient, Terms memory terms, bytes calldata payload)
        private
        returns (bytes32 id)
    {
        if (msg.value < terms.fee) revert FeeNotPaid(msg.value, terms.fee);
        bool isThere = rollupId == 0
            ? parent != address(0)
            : address(hub) != address(0) && hub.messengerOf(rollupId) == address(this);
        if (!isThere) revert UnknownChain(rollupId);
        Message memory message = Message({
            parentChainId: rollupId == 0 ? SYSTEM.parentChainId() : block.chainid,
            hub: rollupId == 0 ? IHub(SYSTEM.hub()) : hub,
            rollupId: rollupId == 0 ? uint64(SYSTEM.rollupId()) : rollupId,
            toParent: rollupId == 0,
            nonce: nonce++,
            sender: msg.sender,
            recipient: recipient,
            owner: terms.owner == address(0) ? msg.sender : terms.owner,
            value: msg.value - terms.fee,
            fee: terms.fee,
            gasLimit: terms.gasLimit,
            deadline: terms.deadline,
            payload: payload
        });
        _giveAway(rollupId, msg.value);
        id = keccak256(abi.encode(message));
        service.broadcastMessage(id);
        emit MessageLeft(id, message);
    }

    /// @inheritdoc IERC7786GatewaySource
    /// @dev Attributes: fee(uint256), gasLimit(uint64), owner(address), deadline(uint64).
    function sendMessage(bytes calldata recipient, bytes calldata payload, bytes[] calldata attributes)
        external
        payable
        returns (bytes32)
    {
        (uint256 chainId, address to) = InteroperableAddress.parseEvmV1Calldata(recipient);
        uint64 rollupId = 0;
        if (parent == address(0) || chainId != SYSTEM.parentChainId()) {
            rollupId = rollupOf[chainId];
            if (rollupId == 0) revert UnknownChainId(chainId);
        }
        Terms memory terms = _terms(attributes);
        bytes32 id = _send(rollupId, to, terms, payload);
        bytes memory from = InteroperableAddress.formatEvmV1(block.chainid, msg.sender);
        emit MessageSent(id, from, recipient, payload, msg.value - terms.fee, attributes);
        // No further step is needed here: the message is sent.
        return 0;
    }

    /// @inheritdoc IERC7786GatewaySource
    function supportsAttribute(bytes4 selector) public pure returns (bool) {
        return selector == bytes4(keccak256("fee(uint256)")) || selector == bytes4(keccak256("gasLimit(uint64)"))
            || selector == bytes4(keccak256("owner(address)")) || selector == bytes4(keccak256("deadline(uint64)"));
    }

    function _terms(bytes[] calldata attributes) private pure returns (Terms memory terms) {
        terms.gasLimit = DEFAULT_GAS;
        for (uint256 i = 0; i < attributes.length; i++) {
            bytes4 selector = attributes[i].length < 4 ? bytes4(0) : bytes4(attributes[i]);
            if (!supportsAttribute(selector) || attributes[i].length != 36) revert UnsupportedAttribute(selector);
            bytes calldata value = attributes[i][4:];
            if (selector == bytes4(keccak256("fee(uint256)"))) terms.fee = abi.decode(value, (uint256));
            else if (selector == bytes4(keccak256("gasLimit(uint64)"))) terms.gasLimit = abi.decode(value, (uint64));
            else if (selector == bytes4(keccak256("owner(address)"))) terms.owner = abi.decode(value, (address));
            else terms.deadline = abi.decode(value, (uint64));
        }
    }

    /// @notice For a rollup's owner: messages by ERC-7786 name chains by their chain id, the Hub does not.
    function nameChain(uint64 rollupId, uint256 chainId) external {
        if (address(hub) == address(0) || rollupId == 0 || rollupId > hub.rollupCount()) revert UnknownChain(rollupId);
        if (hub.rollup(rollupId).owner != msg.sender) revert NotTheOwner(msg.sender);
        bool isOwn = chainId == block.chainid || (parent != address(0) && chainId == SYSTEM.parentChainId());
        if (isOwn || rollupOf[chainId] != 0 || chainIdOf[rollupId] != 0) revert ChainNamed(chainId);
        (rollupOf[chainId], chainIdOf[rollupId]) = (rollupId, chainId);
        emit ChainNamedAs(rollupId, chainId);
    }

    // --- receiving -----------------------------------------------------------------------------------

    /// @inheritdoc IMessenger
    function deliver(Message calldata message, bytes calldata proof, address feeTo) external returns (bool ok) {
        bytes32 id = idOf(message);
        _requireOpen(id);
        if (status[id] == Status.Failed) return _try(id, message, address(0));
        _requireSaid(message, id, proof);
        ok = _try(id, message, feeTo);
        // Whoever delivers it gets the fee, also if the recipient fails: that is not his fault.
        if (message.fee == 0) return ok;
        _take(otherEnd(message), message.fee);
        _pay(feeTo, message.fee);
    }

    /// @inheritdoc IMessenger
    function retry(Message calldata message) external returns (bool ok) {
        bytes32 id = idOf(message);
        if (status[id] != Status.Failed) revert NotFailed(id);
        return _try(id, message, address(0));
    }

    /// @dev It is marked as delivered before the recipient is called, so that it cannot come again inside.
    function _try(bytes32 id, Message calldata message, address feeTo) private returns (bool ok) {
        uint256 needed = uint256(message.gasLimit) * 64 / 63 + OWN_GAS + OWN_GAS_PER_BYTE * message.payload.length;
        if (gasleft() < needed) revert NotEnoughGas(needed);
        status[id] = Status.Delivered;
        bytes memory input = abi.encodeCall(this.attempt, (id, message));
        bytes memory reason;
        (ok, reason) = _callWithReason(input, gasleft() - OWN_GAS / 2);
        if (ok) {
            emit Delivered(id, feeTo);
            return true;
        }
        status[id] = Status.Failed;
        emit DeliveryFailed(id, feeTo, reason);
    }

    /// @notice One try, as a call of its own so that its failure undoes everything: not for anybody else.
    function attempt(bytes32 id, Message calldata message) external {
        if (msg.sender != address(this)) revert OnlySelf();
        uint64 source = otherEnd(message);
        bytes memory input;
        if (message.payload.length != 0) {
            uint256 chainId = source == 0 ? SYSTEM.parentChainId() : chainIdOf[source];
            bytes memory from = InteroperableAddress.formatEvmV1(chainId, message.sender);
            input = abi.encodeCall(IERC7786Recipient.receiveMessage, (id, from, message.payload));
        }
        if (message.value != 0) _take(source, message.value);
        (bytes32 outerId, uint64 outerSource, address outerSender) = current();
        (currentId, currentRollup, currentSender) = (id, source, message.sender);
        (bool ok, bytes memory result) = message.recipient.call{value: message.value}(input);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        if (input.length != 0 && bytes32(result) != bytes32(IERC7786Recipient.receiveMessage.selector)) {
            revert NotAcknowledged(message.recipient);
        }
        (currentId, currentRollup, currentSender) = (outerId, outerSource, outerSender);
    }

    /// @dev A call to this contract; of what it reverts with, only the start.
    function _callWithReason(bytes memory input, uint256 gas_) private returns (bool ok, bytes memory reason) {
        assembly ("memory-safe") {
            ok := call(gas_, address(), 0, add(input, 32), mload(input), 0, 0)
            if iszero(ok) {
                reason := mload(64)
                let size := returndatasize()
                if gt(size, REASON_MAX) { size := REASON_MAX }
                mstore(reason, size)
                returndatacopy(add(reason, 32), 0, size)
                mstore(64, and(add(add(reason, size), 63), not(31)))
            }
        }
    }

    // --- giving up -----------------------------------------------------------------------------------

    /// @inheritdoc IMessenger
    function giveUp(Message calldata message, bytes calldata proof) external {
        bytes32 id = idOf(message);
        _requireOpen(id);
        bool isTried = status[id] == Status.Failed;
        if (!isTried) _requireSaid(message, id, proof);
        bool isDue = message.deadline != 0 && block.timestamp >= message.deadline;
        if (msg.sender != message.owner && !isDue) revert NotYet(id, message.deadline);
        status[id] = Status.GivenUp;
        service.broadcastMessage(givenUp(id, isTried));
        emit GivenUp(id);
    }

    /// @inheritdoc IMessenger
    function recall(Message calldata message, bool isTried, bytes calldata proof) external {
        bytes32 id = idOf(message);
        if (isRecalled[id]) revert AlreadyRecalled(id);
        // That it was sent from here follows from its id, which this contract has broadcast; that it was
        // given up, from what the other Messenger has.
        if (!service.isSent(id, address(this))) revert NotForThisChain();
        uint64 other = otherEnd(message);
        _requireFrom(other, givenUp(id, isTried), proof);
        isRecalled[id] = true;
        uint256 value = message.value + (isTried ? 0 : message.fee);
        if (value != 0) _take(other, value);
        emit Recalled(id);
        if (message.sender.code.length == 0) return _pay(message.sender, value);
        IMessageSender(message.sender).messageRecalled{value: value}(id, message);
    }

    // --- what is known ---------------------------------------------------------------------------------

    /// @inheritdoc IMessenger
    function idOf(Message calldata message) public pure returns (bytes32) {
        return keccak256(abi.encode(message));
    }

    /// @inheritdoc IMessenger
    function givenUp(bytes32 id, bool isTried) public pure returns (bytes32) {
        return keccak256(abi.encode(isTried ? GIVEN_UP_TRIED : GIVEN_UP, id));
    }

    /// @inheritdoc IMessenger
    function current() public view returns (bytes32 id, uint64 rollupId, address sender) {
        return (currentId, currentRollup, currentSender);
    }

    /// @inheritdoc IMessenger
    function otherEnd(Message calldata message) public view returns (uint64 rollupId) {
        bool isChild = address(hub) != address(0) && message.hub == hub && message.parentChainId == block.chainid;
        if (isChild && message.rollupId != 0) return message.rollupId;
        bool isParent = parent != address(0) && address(message.hub) == SYSTEM.hub()
            && message.parentChainId == SYSTEM.parentChainId() && message.rollupId == SYSTEM.rollupId();
        if (!isParent) revert NotForThisChain();
        return 0;
    }

    function _requireOpen(bytes32 id) private view {
        if (status[id] == Status.Delivered) revert AlreadyDelivered(id);
        if (status[id] == Status.GivenUp) revert AlreadyGivenUp(id);
    }

    /// @dev Reverts unless the message was sent to this chain.
    function _requireSaid(Message calldata message, bytes32 id, bytes calldata proof) private view {
        uint64 source = otherEnd(message);
        if (message.toParent != (source != 0)) revert NotForThisChain();
        _requireFrom(source, id, proof);
    }

    /// @dev Reverts unless the Messenger of that chain has said this.
    function _requireFrom(uint64 rollupId, bytes32 said, bytes calldata proof) private view {
        if (rollupId == 0) service.requireFromParent(said, parent, proof);
        else service.requireFromRollup(hub, rollupId, said, ON_ROLLUPS, proof);
    }

    // --- ether -----------------------------------------------------------------------------------------

    /// @dev Ether of this contract leaves for a rollup, or (0) for the parent.
    function _giveAway(uint64 rollupId, uint256 value) private {
        if (value == 0) return;
        if (rollupId != 0) return hub.credit{value: value}(rollupId);
        (bool ok,) = ETHER.call{value: value}("");
        if (!ok) revert EtherRefused(ETHER);
    }

    /// @dev Ether of a rollup, or (0) of the parent, comes to this contract.
    function _take(uint64 rollupId, uint256 value) private {
        if (rollupId != 0) return hub.debit(rollupId, value);
        (bool ok,) = ETHER.call(abi.encode(value));
        if (!ok) revert EtherRefused(ETHER);
    }

    function _pay(address to, uint256 value) private {
        if (value == 0) return;
        (bool ok,) = to.call{value: value}("");
        if (!ok) revert EtherRefused(to);
    }
}
