// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What a rollup that is a token ledger answers to (docs/ledger.md)
/// @notice No contract: the rollup's state-transition function itself. Contracts on other chains call it
/// through a proxy of LEDGER, 0x4c53000000000000000000000000000000000010; its own transactions carry the
/// same calldata. ERC-20 over the rollup's native token, and what leads out of the rollup.
/// @dev Any failure undoes all that its transaction or call has done, on other chains, too.
interface ILedger {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    /// @notice ERC-6093.
    error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
    error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
    /// @notice Nobody can have tokens at the zero address and at the ledger's.
    error ERC20InvalidReceiver(address receiver);
    /// @notice Only the owner may do this.
    error OwnableUnauthorizedAccount(address account);
    /// @notice More tokens than a number can count.
    error SupplyOverflow();
    /// @notice The ledger has no such operation.
    error UnknownOperation();
    /// @notice The operation's arguments are not those that it takes; or an `execute` is within one, or too long.
    error MalformedArguments();
    /// @notice A static call may only look, and call statically.
    error WriteInStaticCall();
    /// @notice Calls between chains came back more often than the ledger keeps count of.
    error TooDeep();
    /// @notice The ledger does not call itself by way of `call`.
    error NotRemote();
    /// @notice A transaction that was forced on the parent calls no other chain.
    error CallInForcedTransaction();
    /// @notice Nothing but the ledger takes data here.
    error NothingThere(address target);
    /// @notice Tokens are sent to accounts; the ledger itself has none.
    error NoValueHere();

    function name() external view returns (string memory);
    function symbol() external view returns (string memory);
    function decimals() external view returns (uint8);
    function totalSupply() external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function approve(address spender, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);

    /// @notice Who issues tokens; at first the network's first account, as it is on the parent.
    function owner() external view returns (address);
    function transferOwnership(address newOwner) external;
    function mint(address to, uint256 value) external;
    /// @notice The caller's own.
    function burn(uint256 value) external;

    /// @notice The account here of who is on another chain; the address itself for this rollup's own.
    function accountOf(uint64 rollupId, address who) external view returns (address);

    /// @notice Calls a contract on another chain (0: the parent), as the caller where that is an account of
    /// this rollup, else as the ledger. Gives what it returns, or fails as it fails.
    function call(uint64 rollupId, address target, bytes calldata data) external returns (bytes memory);
    /// @notice The same, but a failure is told and not passed on.
    function tryCall(uint64 rollupId, address target, bytes calldata data)
        external
        returns (bool isSuccess, bytes memory);
    /// @notice Several operations, in order, all or none.
    /// @param calls calldata of the other functions
    function execute(bytes[] calldata calls) external returns (bytes[] memory results);
}
