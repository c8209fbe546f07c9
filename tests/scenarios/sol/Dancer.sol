// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Calls its partner, who calls back, while the first call has not ended.
contract Dancer {
    uint256 public steps;
    uint256 public inside; // calls that have begun and not ended
    uint256 public deepest;
    bool transient locked;

    error Locked();

    /// @notice Back and forth, and back again, each seeing what the calls around it have done.
    function dance(Dancer partner, Dancer self, uint256 rounds) external returns (uint256 seen) {
        inside++;
        if (inside > deepest) deepest = inside;
        if (rounds > 0) steps = partner.dance(self, partner, rounds - 1);
        inside--;
        return steps + 1;
    }

    /// @notice What a reentrancy lock in transient storage refuses.
    function guarded(Caller other, Dancer self) external returns (bool isRefused) {
        if (locked) revert Locked();
        locked = true;
        isRefused = !other.tryGuarded(self, other);
        steps++;
        locked = false;
    }
}

contract Caller {
    bytes public why;

    /// @notice Comes back into the Dancer that has called.
    function tryGuarded(Dancer dancer, Caller self) external returns (bool isDone) {
        try dancer.guarded(self, dancer) {
            return true;
        } catch (bytes memory reason) {
            why = reason;
        }
    }
}
