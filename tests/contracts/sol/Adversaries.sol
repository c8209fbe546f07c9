// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Holds a lock in transient storage while it calls out, and counts who comes in the meantime.
contract Locked {
    error IsLocked();

    bool private transient isLocked;
    uint256 public entered;

    modifier lock() {
        if (isLocked) revert IsLocked();
        isLocked = true;
        _;
        isLocked = false;
    }

    function enter(address next, bytes calldata data) external lock returns (bytes memory) {
        entered++;
        return relay(next, data);
    }

    /// @notice Without the lock: on the way back.
    function pass(address next, bytes calldata data) external returns (bytes memory) {
        return relay(next, data);
    }

    function relay(address next, bytes calldata data) private returns (bytes memory) {
        (bool ok, bytes memory result) = next.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }
}

/// @notice Calls the other one for ever.
contract Runaway {
    address public other;
    uint256 public calls;

    function set(address other_) external {
        other = other_;
    }

    function go() external {
        calls++;
        Runaway(other).go();
    }
}

/// @notice A token that, whenever it is moved, calls somebody in the middle, as often as it is told.
contract ReenteringToken {
    mapping(address => uint256) public balanceOf;
    address private target;
    bytes private data;
    uint256 private times;
    uint256 public caught;

    constructor() {
        balanceOf[msg.sender] = 1000 ether;
    }

    function attack(address target_, bytes calldata data_, uint256 times_) external {
        (target, data, times) = (target_, data_, times_);
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }

    function transfer(address to, uint256 amount) public returns (bool) {
        return transferFrom(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        if (times > 0) {
            times--;
            (bool ok,) = target.call(data);
            if (!ok) caught++;
        }
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// @notice Answers with as many bytes as it is asked for.
contract Large {
    function give(uint256 size) external pure returns (bytes memory) {
        return new bytes(size);
    }

    function take(bytes calldata data) external pure returns (uint256) {
        return data.length;
    }
}
