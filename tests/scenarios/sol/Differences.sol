// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {HubErrors} from "contracts/src/libraries/HubErrors.sol";

/// @notice Says how it is called.
contract Witness {
    uint256 public note; // slot 0, as in Observer
    uint256 transient held;

    receive() external payable {}

    function context() external view returns (uint256 chainId, address origin) {
        return (block.chainid, tx.origin);
    }

    function isCaller(address who) external view returns (bool) {
        return who == msg.sender;
    }

    function write(uint256 value) external {
        note = value;
    }

    function hold(uint256 value) external {
        held = value;
    }

    function holding() external view returns (uint256) {
        return held;
    }

    /// @param self This contract, as the observer finds it.
    function holdWhile(Observer observer, Witness self, uint256 value) external returns (uint256) {
        held = value;
        return observer.lookAtHeld(self);
    }
}

contract Fleeting {
    function end() external {
        selfdestruct(payable(msg.sender));
    }
}

contract Maker {
    Fleeting public made;

    function make() external {
        made = new Fleeting();
    }

    function destroy() external {
        made.end();
    }

    function isThere() external view returns (bool) {
        return address(made).code.length > 0;
    }
}

/// @notice Looks at others in the ways in which they may look different.
contract Observer {
    uint256 public note;
    uint256 public failures;

    receive() external payable {}

    function sameContext(Witness witness) external view returns (bool sameChain, bool sameOrigin) {
        (uint256 chainId, address origin) = witness.context();
        return (chainId == block.chainid, origin == tx.origin);
    }

    function isCheap(Witness witness) external view returns (bool) {
        uint256 before = gasleft();
        witness.holding();
        return before - gasleft() < 20000;
    }

    function sendStipend(address payable to) external returns (bool) {
        return to.send(1);
    }

    function sendAll(address to) external returns (bool ok) {
        (ok,) = to.call{value: 1}("");
    }

    function balanceOf(address who) external view returns (uint256) {
        return who.balance;
    }

    function codeOf(address who) external view returns (uint256 size, bytes32 hash) {
        return (who.code.length, who.codehash);
    }

    /// @notice How a checker of signatures decides whether to ask the signer (EIP-1271) or a curve.
    function wouldAsk(address signer) external view returns (bool) {
        return signer.code.length > 0;
    }

    /// @return done Whether the other's code ran on our storage.
    function borrowCode(address witness) external returns (bool done) {
        (bool ok,) = witness.delegatecall(abi.encodeCall(Witness.write, (7)));
        return ok && note == 7;
    }

    function holdAndLook(Witness witness) external returns (uint256) {
        witness.hold(5);
        return witness.holding();
    }

    function lookAtHeld(Witness witness) external view returns (uint256) {
        return witness.holding();
    }

    function makeAndDestroy(Maker maker) external {
        maker.make();
        maker.destroy();
    }

    function tellAddress(Witness witness) external view returns (bool) {
        return witness.isCaller(address(this));
    }

    /// @notice Takes whatever goes wrong for the other's refusal.
    function tryCarelessly(Witness witness) external {
        try witness.write(1) {}
        catch {
            failures++;
        }
    }

    /// @notice Passes on what is nobody's answer.
    function tryCarefully(Witness witness) external {
        try witness.write(1) {}
        catch (bytes memory why) {
            if (HubErrors.isHubError(why)) HubErrors.rethrow(why);
            failures++;
        }
    }
}
