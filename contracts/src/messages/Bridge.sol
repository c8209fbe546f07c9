// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IBridge} from "contracts/src/interfaces/IBridge.sol";
import {IMessageSender, IMessenger, Message} from "contracts/src/interfaces/IMessenger.sol";
import {BridgedErc20} from "contracts/src/messages/BridgedErc20.sol";
import {BridgedErc721} from "contracts/src/messages/BridgedErc721.sol";

/// @title Ether and tokens between a chain and its rollups, by messages
/// @notice The same contract on every chain; on a rollup it is predeploy
/// 0x4c53000000000000000000000000000000000006.
contract Bridge is IBridge, IERC7786Recipient, IMessageSender, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice The parent's Bridge; 0 where there is no parent. A rollup's genesis writes it.
    address public parent; // slot 0
    IMessenger public messenger; // slot 1

    mapping(uint64 rollupId => mapping(address token => uint256)) public locked;
    mapping(uint64 rollupId => mapping(address token => address)) public tokenFor;
    /// @dev Of a token of this Bridge: what it stands for.
    mapping(address created => Home) private homes;
    /// @notice Who has paid a transfer early, and gets what arrives.
    mapping(bytes32 id => address) public payerOf;

    struct Home {
        bool isCreated;
        uint64 rollupId;
        address token;
    }

    /// @notice Where the Bridge of every rollup is.
    address private constant ON_ROLLUPS = 0x4c53000000000000000000000000000000000006;
    /// @dev Bytes of a token's texts: whoever delivers the first transfer pays for writing them.
    uint256 private constant NAME_MAX = 256;
    uint256 private constant URI_MAX = 24576;

    /// @notice Of the chain that is no rollup; a rollup's genesis writes the two words.
    constructor(IMessenger messenger_) {
        messenger = messenger_;
    }

    modifier onlyMessenger() {
        if (msg.sender != address(messenger)) revert NotTheMessenger(msg.sender);
        _;
    }

    // --- sending -------------------------------------------------------------------------------------

    /// @inheritdoc IBridge
    function sendEther(uint64 rollupId, address to, Early calldata early, IMessenger.Terms calldata terms)
        external
        payable
        nonReentrant
        returns (bytes32 id)
    {
        if (msg.value < terms.fee) revert ValueMismatch(msg.value, terms.fee);
        uint256 amount = msg.value - terms.fee;
        if (early.fee > amount) revert EarlyFeeTooHigh(early.fee, amount);
        return _send(rollupId, _transfer(Asset.Ether, address(0), to, amount, early), terms);
    }

    /// @inheritdoc IBridge
    function sendErc20(
        uint64 rollupId,
        address token,
        address to,
        uint256 amount,
        Early calldata early,
        IMessenger.Terms calldata terms
    ) external payable nonReentrant returns (bytes32 id) {
        return _sendErc20(rollupId, token, to, amount, early, terms);
    }

    /// @inheritdoc IBridge
    function sendErc20WithPermit(
        uint64 rollupId,
        address token,
        address to,
        uint256 amount,
        Early calldata early,
        IMessenger.Terms calldata terms,
        Permit calldata permit
    ) external payable nonReentrant returns (bytes32 id) {
        // Somebody may have used it already, to be in the way: then the approval is there.
        try IERC20Permit(token).permit(
            msg.sender, address(this), amount, permit.deadline, permit.v, permit.r, permit.s
        ) {} catch {}
        return _sendErc20(rollupId, token, to, amount, early, terms);
    }

    /// @inheritdoc IBridge
    function sendErc721(uint64 rollupId, address token, address to, uint256 tokenId, IMessenger.Terms calldata terms)
        external
        payable
        nonReentrant
        returns (bytes32 id)
    {
        if (msg.value != terms.fee) revert ValueMismatch(msg.value, terms.fee);
        Transfer memory transfer = _transfer(Asset.Erc721, token, to, tokenId, Early(0, 0));
        if (_isCreatedFor(rollupId, token)) {
            transfer.token = homes[token].token;
            if (IERC721(token).ownerOf(tokenId) != msg.sender) revert NothingReceived(token);
            // In case it comes back here.
            transfer.metadata = abi.encode("", "", BridgedErc721(token).tokenURI(tokenId));
            BridgedErc721(token).burn(tokenId);
        } else {
            transfer.isHome = true;
            transfer.metadata = abi.encode(
                _text(token, IERC721Metadata.name.selector, "", NAME_MAX),
                _text(token, IERC721Metadata.symbol.selector, "", NAME_MAX),
                _text(token, IERC721Metadata.tokenURI.selector, abi.encode(tokenId), URI_MAX)
            );
            IERC721(token).transferFrom(msg.sender, address(this), tokenId);
            if (IERC721(token).ownerOf(tokenId) != address(this)) revert NothingReceived(token);
            locked[rollupId][_erc721Key(token, tokenId)] = 1;
        }
        return _send(rollupId, transfer, terms);
    }

    function _sendErc20(
        uint64 rollupId,
        address token,
        address to,
        uint256 amount,
        Early calldata early,
        IMessenger.Terms calldata terms
    ) private returns (bytes32 id) {
        if (msg.value != terms.fee) revert ValueMismatch(msg.value, terms.fee);
        Transfer memory transfer = _transfer(Asset.Erc20, token, to, amount, early);
        if (_isCreatedFor(rollupId, token)) {
            transfer.token = homes[token].token;
            BridgedErc20(token).burn(msg.sender, amount);
        } else {
            if (ERC165Checker.supportsERC165InterfaceUnchecked(token, type(IERC721).interfaceId)) {
                revert NotAnErc20(token);
            }
            transfer.isHome = true;
            transfer.metadata = abi.encode(
                _text(token, IERC20Metadata.name.selector, "", NAME_MAX),
                _text(token, IERC20Metadata.symbol.selector, "", NAME_MAX),
                _decimals(token)
            );
            // What arrives counts: tokens take fees, and some lie.
            uint256 before = IERC20(token).balanceOf(address(this));
            IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
            uint256 afterwards = IERC20(token).balanceOf(address(this));
            if (afterwards <= before) revert NothingReceived(token);
            transfer.amount = afterwards - before;
            locked[rollupId][token] += transfer.amount;
        }
        if (early.fee > transfer.amount) revert EarlyFeeTooHigh(early.fee, transfer.amount);
        return _send(rollupId, transfer, terms);
    }

    function _transfer(Asset asset, address token, address to, uint256 amount, Early memory early)
        private
        view
        returns (Transfer memory)
    {
        return Transfer({
            asset: asset,
            isHome: false,
            token: token,
            from: msg.sender,
            to: to,
            amount: amount,
            metadata: "",
            earlyFee: early.fee,
            earlyUntil: early.until,
            owner: address(0)
        });
    }

    /// @dev The owner of the message is who sends. Of one that may be paid early it is the Bridge at the
    /// other end, which knows whether somebody has.
    function _send(uint64 rollupId, Transfer memory transfer, IMessenger.Terms calldata terms)
        private
        returns (bytes32 id)
    {
        IMessenger.Terms memory t = terms;
        if (t.owner == address(0)) t.owner = msg.sender;
        transfer.owner = t.owner;
        if (transfer.earlyUntil != 0) {
            if (t.deadline != 0) revert DeadlineWithEarly(t.deadline);
            t.owner = _peer(rollupId);
        }
        id = messenger.send{value: msg.value}(rollupId, _peer(rollupId), t, abi.encode(transfer));
        emit TransferLeft(id, rollupId, transfer);
    }

    // --- receiving -----------------------------------------------------------------------------------

    /// @inheritdoc IERC7786Recipient
    function receiveMessage(bytes32 id, bytes calldata, bytes calldata payload)
        external
        payable
        onlyMessenger
        nonReentrant
        returns (bytes4)
    {
        (, uint64 rollupId, address sender) = messenger.current();
        if (sender != _peer(rollupId)) revert NotOfTheBridge(sender);
        Transfer memory transfer = abi.decode(payload, (Transfer));
        address payer = payerOf[id];
        address to = payer == address(0) ? transfer.to : payer;
        _give(rollupId, transfer, to, !transfer.isHome);
        emit TransferArrived(id, to, transfer);
        return IERC7786Recipient.receiveMessage.selector;
    }

    /// @inheritdoc IMessageSender
    function messageRecalled(bytes32 id, Message calldata message) external payable onlyMessenger nonReentrant {
        Transfer memory transfer = abi.decode(message.payload, (Transfer));
        _give(messenger.otherEnd(message), transfer, transfer.from, transfer.isHome);
        emit TransferReturned(id, transfer);
    }

    /// @dev Pays out: unlocks what is at home here, or makes what stands for it.
    function _give(uint64 rollupId, Transfer memory transfer, address to, bool isAtHome) private {
        if (transfer.asset == Asset.Ether) return _pay(to, msg.value);
        if (msg.value != 0) _pay(to, msg.value); // a fee that comes back
        address token = transfer.token;
        if (!isAtHome) {
            token = _created(rollupId, transfer);
            if (transfer.asset == Asset.Erc20) return BridgedErc20(token).mint(to, transfer.amount);
            (,, string memory uri) = abi.decode(transfer.metadata, (string, string, string));
            return BridgedErc721(token).mint(to, transfer.amount, uri);
        }
        bool isErc20 = transfer.asset == Asset.Erc20;
        address key = isErc20 ? token : _erc721Key(token, transfer.amount);
        uint256 amount = isErc20 ? transfer.amount : 1;
        if (locked[rollupId][key] < amount) revert NotLocked(rollupId, token, transfer.amount);
        locked[rollupId][key] -= amount;
        if (isErc20) IERC20(token).safeTransfer(to, amount);
        else IERC721(token).transferFrom(address(this), to, transfer.amount);
    }

    /// @dev The token here that stands for the transfer's.
    function _created(uint64 rollupId, Transfer memory transfer) private returns (address created) {
        created = tokenFor[rollupId][transfer.token];
        if (created != address(0)) return created;
        bytes32 salt = keccak256(abi.encode(rollupId, transfer.token));
        if (transfer.asset == Asset.Erc20) {
            (string memory name, string memory symbol, uint8 decimals) =
                abi.decode(transfer.metadata, (string, string, uint8));
            created = address(new BridgedErc20{salt: salt}(name, symbol, decimals));
        } else {
            (string memory name, string memory symbol,) = abi.decode(transfer.metadata, (string, string, string));
            created = address(new BridgedErc721{salt: salt}(name, symbol));
        }
        tokenFor[rollupId][transfer.token] = created;
        homes[created] = Home(true, rollupId, transfer.token);
        emit TokenCreated(rollupId, transfer.token, created);
    }

    // --- early payout --------------------------------------------------------------------------------

    /// @inheritdoc IBridge
    function payEarly(Message calldata message) external payable nonReentrant {
        (bytes32 id, uint64 rollupId) = _fromPeer(message);
        IMessenger.Status status = messenger.status(id);
        if (status == IMessenger.Status.Delivered || status == IMessenger.Status.GivenUp) revert AlreadyOver(id);
        Transfer memory transfer = abi.decode(message.payload, (Transfer));
        if (transfer.earlyUntil == 0 || block.timestamp > transfer.earlyUntil || transfer.asset == Asset.Erc721) {
            revert NotEarly(id, transfer.earlyUntil);
        }
        if (payerOf[id] != address(0)) revert AlreadyPaid(id, payerOf[id]);
        payerOf[id] = msg.sender;
        uint256 due = transfer.amount - transfer.earlyFee;
        emit PaidEarly(id, msg.sender, due);
        if (transfer.asset == Asset.Ether) {
            if (msg.value != due) revert ValueMismatch(msg.value, due);
            return _pay(transfer.to, due);
        }
        if (msg.value != 0) revert ValueMismatch(msg.value, 0);
        // What stands for it is made by what arrives, not by what somebody says will.
        IERC20 token = IERC20(transfer.isHome ? tokenFor[rollupId][transfer.token] : transfer.token);
        if (address(token) == address(0)) revert UnknownToken(rollupId, transfer.token);
        uint256 before = token.balanceOf(transfer.to);
        token.safeTransferFrom(msg.sender, transfer.to, due);
        uint256 paid = token.balanceOf(transfer.to) - before;
        if (paid < due) revert PaidTooLittle(address(token), paid, due);
    }

    /// @inheritdoc IBridge
    function giveUp(Message calldata message, bytes calldata proof) external nonReentrant {
        (bytes32 id,) = _fromPeer(message);
        address owner = abi.decode(message.payload, (Transfer)).owner;
        if (msg.sender != owner) revert NotTheOwner(msg.sender);
        if (payerOf[id] != address(0)) revert AlreadyPaid(id, payerOf[id]);
        messenger.giveUp(message, proof);
    }

    /// @dev A message of the Bridge at the other end for this one, whether or not it was sent.
    function _fromPeer(Message calldata message) private view returns (bytes32 id, uint64 rollupId) {
        rollupId = messenger.otherEnd(message);
        bool isToHere = message.recipient == address(this) && message.toParent == (rollupId != 0);
        if (!isToHere || message.sender != _peer(rollupId)) revert NotOfTheBridge(message.sender);
        id = messenger.idOf(message);
    }

    // --- helpers -------------------------------------------------------------------------------------

    function _peer(uint64 rollupId) private view returns (address) {
        return rollupId == 0 ? parent : ON_ROLLUPS;
    }

    function _isCreatedFor(uint64 rollupId, address token) private view returns (bool) {
        return homes[token].isCreated && homes[token].rollupId == rollupId;
    }

    /// @dev One word for each token with an id, in the same book as amounts.
    function _erc721Key(address token, uint256 tokenId) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(token, tokenId)))));
    }

    function _pay(address to, uint256 value) private {
        if (value == 0) return;
        (bool ok,) = to.call{value: value}("");
        if (!ok) revert EtherRefused(to);
    }

    /// @dev What a token says of itself, or nothing if it says no text, or more than is kept of it.
    function _text(address token, bytes4 selector, bytes memory arguments, uint256 sizeMax)
        private
        view
        returns (string memory)
    {
        (bool ok, bytes memory result) = token.staticcall(bytes.concat(selector, arguments));
        if (!ok || result.length < 64) return "";
        (uint256 offset, uint256 size) = abi.decode(result, (uint256, uint256));
        if (offset != 32 || size > result.length - 64 || size > sizeMax) return "";
        return abi.decode(result, (string));
    }

    function _decimals(address token) private view returns (uint8) {
        (bool ok, bytes memory result) = token.staticcall(abi.encodeCall(IERC20Metadata.decimals, ()));
        if (!ok || result.length != 32 || uint256(bytes32(result)) > 255) return 18;
        return uint8(uint256(bytes32(result)));
    }
}
