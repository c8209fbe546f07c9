// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// A token of the plain kind, with an allowance; `mode` makes it worse.
contract Token {
    enum Mode {
        Plain,
        TakesFee, // one in ten of each transfer is gone
        ReturnsNothing,
        Lies, // says that it has moved what it has not
        Reenters, // calls whoever moves it, in the middle
        ReturnsFalse, // moves, and says that it has not
        Inflates, // says of contracts that they have ten times what they have
        ReturnsMuch, // a hundred thousand bytes behind each answer
        RevertsWithMuch // as many when it is paused
    }

    error Paused();

    string private constant NAME = "Token";
    string private constant SYMBOL = "TOK";
    uint256 private constant MUCH = 100_000;

    uint8 public decimals = 6;
    Mode public mode;
    mapping(address => uint256) private balances;
    mapping(address => mapping(address => uint256)) public allowance;
    bytes public again;
    address public hook;
    bool public hasFailed;
    bool public isPaused;

    constructor(Mode mode_) {
        mode = mode_;
    }

    function name() external view returns (string memory) {
        return mode == Mode.ReturnsMuch ? string(new bytes(MUCH)) : NAME;
    }

    function symbol() external view returns (string memory) {
        if (mode == Mode.ReturnsMuch) _return(1);
        return SYMBOL;
    }

    function mint(address to, uint256 amount) external {
        balances[to] += amount;
    }

    /// Takes what anybody has, as an owner of a token may.
    function burn(address from, uint256 amount) external {
        balances[from] -= amount;
    }

    function pause(bool isPaused_) external {
        isPaused = isPaused_;
    }

    function setAgain(bytes calldata again_) external {
        (again, hasFailed) = (again_, false);
    }

    /// Is called with nothing when something moves.
    function setHook(address hook_) external {
        hook = hook_;
    }

    function balanceOf(address who) external view returns (uint256) {
        return mode == Mode.Inflates && who.code.length != 0 ? balances[who] * 10 : balances[who];
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        if (isPaused && mode == Mode.RevertsWithMuch) {
            assembly ("memory-safe") {
                revert(mload(64), 100000)
            }
        }
        if (mode == Mode.Reenters && again.length != 0) {
            (bool ok,) = msg.sender.call(again);
            hasFailed = !ok;
        }
        if (hook != address(0)) {
            (bool ok,) = hook.call("");
            hasFailed = !ok;
        }
        if (mode != Mode.Lies) {
            balances[from] -= amount;
            balances[to] += mode == Mode.TakesFee ? amount * 9 / 10 : amount;
        }
        // Late: all that there is to do is done.
        if (isPaused) revert Paused();
        if (mode == Mode.ReturnsNothing) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        _return(mode == Mode.ReturnsFalse ? 0 : 1);
    }

    function _return(uint256 word) private view {
        uint256 size = mode == Mode.ReturnsMuch ? MUCH : 32;
        assembly ("memory-safe") {
            let at := mload(64)
            mstore(at, word)
            return(at, size)
        }
    }
}

/// An ERC-721 of the plain kind; `mode` makes it worse.
contract Collection {
    enum Mode {
        Plain,
        MovesNothing,
        LiesOfOwners, // says of everything that its caller owns it
        Reenters
    }

    error NotYours(uint256 tokenId);

    string public name = "Collection";
    string public symbol = "COL";
    Mode public mode;
    mapping(uint256 => address) private owners;
    mapping(address => mapping(address => bool)) public isApprovedForAll;
    bytes public again;
    bool public hasFailed;

    constructor(Mode mode_) {
        mode = mode_;
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x80ac58cd || id == 0x01ffc9a7;
    }

    function mint(address to, uint256 tokenId) external {
        owners[tokenId] = to;
    }

    function setAgain(bytes calldata again_) external {
        (again, hasFailed) = (again_, false);
    }

    function setApprovalForAll(address operator, bool isApproved) external {
        isApprovedForAll[msg.sender][operator] = isApproved;
    }

    function ownerOf(uint256 tokenId) external view returns (address) {
        return mode == Mode.LiesOfOwners ? msg.sender : owners[tokenId];
    }

    function balanceOf(address) external pure returns (uint256) {
        return 1;
    }

    function tokenURI(uint256 tokenId) external pure returns (string memory) {
        return tokenId == 7 ? "ipfs://seven" : "";
    }

    function transferFrom(address from, address to, uint256 tokenId) external {
        if (mode == Mode.Reenters && again.length != 0) {
            (bool ok,) = msg.sender.call(again);
            hasFailed = !ok;
        }
        if (mode == Mode.MovesNothing) return;
        bool isAllowed = msg.sender == from || isApprovedForAll[from][msg.sender];
        if (owners[tokenId] != from || !isAllowed) revert NotYours(tokenId);
        owners[tokenId] = to;
    }
}

/// Makes one call when it is called.
contract Relay {
    address private immutable TARGET;
    bytes private data;

    constructor(address target, bytes memory data_) {
        (TARGET, data) = (target, data_);
    }

    fallback() external {
        (bool ok, bytes memory result) = TARGET.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }
}
