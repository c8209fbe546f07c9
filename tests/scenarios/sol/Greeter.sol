// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Answers with text.
contract Greeter {
    uint256 public greeted;

    function greet(string calldata name) external returns (string memory) {
        greeted++;
        return string.concat("Hello, ", name, "!");
    }
}

/// @notice Keeps the answer, and gives it on in the same transaction.
contract Guest {
    string public heard;

    function visit(Greeter greeter, string calldata name) external returns (string memory) {
        heard = greeter.greet(name);
        return heard;
    }
}
