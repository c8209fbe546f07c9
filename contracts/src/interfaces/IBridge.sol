// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IMessenger, Message} from "contracts/src/interfaces/IMessenger.sol";

/// @title Ether and tokens between a chain and its rollups, by messages
/// @notice A token is locked where it is at home, and a token of the Bridge stands for it at the other
/// end, made when the first message of it arrives. A rollup gets out what went in for it, no more.
interface IBridge {
    /// @notice Only the Messenger may say this.
    error NotTheMessenger(address caller);
    /// @notice The message is not of the Bridge at the other end, or not for this one.
    error NotOfTheBridge(address sender);
    /// @notice No token came: it takes all for itself, or does nothing.
    error NothingReceived(address token);
    /// @notice It says that it is an ERC-721: its tokens go by `sendErc721`, as amounts they would be lost.
    error NotAnErc20(address token);
    /// @notice More would leave than has come in for this rollup.
    error NotLocked(uint64 rollupId, address token, uint256 amount);
    /// @notice For ether there is `sendEther`; and the fee of `terms` must come with a token.
    error ValueMismatch(uint256 value, uint256 expected);
    /// @notice The early fee is more than there is.
    error EarlyFeeTooHigh(uint256 fee, uint256 amount);
    /// @notice The transfer asks for no early payout, or its time is over.
    error NotEarly(bytes32 id, uint64 until);
    /// @notice Somebody else has paid it.
    error AlreadyPaid(bytes32 id, address payer);
    /// @notice It has arrived, or will never.
    error AlreadyOver(bytes32 id);
    /// @notice A transfer that may be paid early has no deadline: else it could be given up after it was paid.
    error DeadlineWithEarly(uint64 deadline);
    /// @notice Only who was named as the owner, or else has sent it, gives the transfer up.
    error NotTheOwner(address caller);
    /// @notice Nothing of this token has arrived yet, so there is no token here to pay with.
    error UnknownToken(uint64 rollupId, address token);
    /// @notice This address does not take the ether.
    error EtherRefused(address to);
    /// @notice The token has given less than it should.
    error PaidTooLittle(address token, uint256 paid, uint256 due);

    /// @notice This token of the Bridge stands for `token` of that chain from now on.
    event TokenCreated(uint64 indexed rollupId, address indexed token, address created);
    /// @notice A transfer left, in this message.
    event TransferLeft(bytes32 indexed id, uint64 indexed rollupId, Transfer transfer);
    /// @notice A transfer arrived; `to` is its recipient, or who has paid it early.
    event TransferArrived(bytes32 indexed id, address indexed to, Transfer transfer);
    /// @notice A transfer came back to who had sent it.
    event TransferReturned(bytes32 indexed id, Transfer transfer);
    /// @notice The recipient has his amount, less the early fee, and `payer` gets what arrives.
    event PaidEarly(bytes32 indexed id, address indexed payer, uint256 amount);

    enum Asset {
        Ether,
        Erc20,
        Erc721
    }

    /// @notice What a message of the Bridge says.
    struct Transfer {
        Asset asset;
        bool isHome; // the token's home is where the message comes from; else where it goes
        address token; // at its home
        address from;
        address to;
        uint256 amount; // Erc721: the token's id
        bytes metadata; // isHome: abi.encode(name, symbol, decimals), or (name, symbol, tokenURI)
        uint256 earlyFee;
        uint64 earlyUntil; // seconds, where the message goes; 0: nobody is asked to pay early
        address owner; // may give it up where it goes: the message's owner, or by `giveUp` with early payout
    }

    /// @notice Conditions for who pays a transfer before its message arrives.
    struct Early {
        uint256 fee;
        uint64 until;
    }

    /// @notice Ether for `to` on a rollup, or (0) on the parent; what comes with the call is the amount
    /// and the fee of `terms`.
    function sendEther(uint64 rollupId, address to, Early calldata early, IMessenger.Terms calldata terms)
        external
        payable
        returns (bytes32 id);
    /// @notice Tokens of the caller, who has approved them.
    function sendErc20(
        uint64 rollupId,
        address token,
        address to,
        uint256 amount,
        Early calldata early,
        IMessenger.Terms calldata terms
    ) external payable returns (bytes32 id);
    /// @notice The same, with an approval that is signed (ERC-2612).
    function sendErc20WithPermit(
        uint64 rollupId,
        address token,
        address to,
        uint256 amount,
        Early calldata early,
        IMessenger.Terms calldata terms,
        Permit calldata permit
    ) external payable returns (bytes32 id);
    function sendErc721(uint64 rollupId, address token, address to, uint256 tokenId, IMessenger.Terms calldata terms)
        external
        payable
        returns (bytes32 id);
    /// @notice Pays a transfer that has not arrived, less its early fee, and takes over its claim. Whether
    /// the message was sent is the payer's own risk.
    function payEarly(Message calldata message) external payable;

    /// @notice For the owner of a transfer that may be paid early: gives its message up, unless somebody has
    /// paid. It is the Bridge's, so that nobody takes back what another has paid for; see IMessenger.giveUp.
    function giveUp(Message calldata message, bytes calldata proof) external;

    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice The token that stands here for `token` of that chain; 0 before the first transfer.
    function tokenFor(uint64 rollupId, address token) external view returns (address);
    /// @notice What is locked here for that chain.
    function locked(uint64 rollupId, address token) external view returns (uint256);
}
