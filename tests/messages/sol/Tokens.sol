// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// A token of the plain kind, with an allowance; `mode` makes it worse.
contract Token {
    enum Mode {
        Plain,
        TakesFee, // one in ten of each transfer is gone
        ReturnsNothing,
        Lies, // says that it has moved what it has not
        Reenters // calls whoever moves it, in the middle
    }

    string public name = "Token";
    string public symbol = "TOK";
    uint8 public decimals = 6;
    Mode public mode;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    bytes public again;
    bool public hasFailed;

    constructor(Mode mode_) {
        mode = mode_;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function setAgain(bytes calldata again_) external {
        again = again_;
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
        if (mode == Mode.Reenters && again.length != 0) {
            (bool ok,) = msg.sender.call(again);
            hasFailed = !ok;
        }
        if (mode != Mode.Lies) {
            balanceOf[from] -= amount;
            balanceOf[to] += mode == Mode.TakesFee ? amount * 9 / 10 : amount;
        }
        if (mode == Mode.ReturnsNothing) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        assembly ("memory-safe") {
            mstore(0, 1)
            return(0, 32)
        }
    }
}
