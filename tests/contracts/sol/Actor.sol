// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice A contract that does what a test tells it: for each calldata a script of calls and an answer.
contract Actor {
    struct Step {
        address to;
        uint256 value;
        uint64 gas; // 0: all there is
        bytes data;
        bool isStatic;
        bool isCaught; // else the callee's revert data become ours
    }

    struct Script {
        Step[] steps;
        bool isQuiet; // no event, for static calls
        bool isForwarding; // the answer is what the last step gave
        bool fails;
        uint64 burn; // spend at least this much gas before anything else
        bytes result;
    }

    event Called(address sender, uint256 value, uint256 gas, bytes data);
    event Gave(bool ok, bytes data);

    mapping(bytes32 => Script) private scripts;

    function when(bytes calldata input, Script calldata script) external {
        scripts[keccak256(input)] = script;
    }

    receive() external payable {
        _run();
    }

    fallback() external payable {
        _run();
    }

    function _run() private {
        uint256 gas_ = gasleft();
        Script storage s = scripts[keccak256(msg.data)];
        if (!s.isQuiet) emit Called(msg.sender, msg.value, gas_, msg.data);
        for (uint256 i = 0; gas_ - gasleft() < s.burn; i++) {}
        bytes memory answer = s.result;
        for (uint256 i = 0; i < s.steps.length; i++) {
            Step memory step = s.steps[i];
            uint256 give = step.gas == 0 ? gasleft() : step.gas;
            (bool ok, bytes memory got) = step.isStatic
                ? step.to.staticcall{gas: give}(step.data)
                : step.to.call{value: step.value, gas: give}(step.data);
            if (!s.isQuiet) emit Gave(ok, got);
            if (!ok && !step.isCaught) _end(true, got);
            if (s.isForwarding) answer = got;
        }
        _end(s.fails, answer);
    }

    function _end(bool fails, bytes memory answer) private pure {
        assembly ("memory-safe") {
            if fails { revert(add(answer, 32), mload(answer)) }
            return(add(answer, 32), mload(answer))
        }
    }
}
