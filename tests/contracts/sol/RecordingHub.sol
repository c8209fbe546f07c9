// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProxyDeployer} from "contracts/src/parent/Proxy.sol";

/// @notice Deploys proxies, answers them as told and says what they asked; gives them orders.
contract RecordingHub is IProxyDeployer {
    event Asked(address proxy, uint256 value, bytes32 data);
    event Ordered(bool ok, bytes result);

    uint64 private rollupId;
    address private target;
    bool private fails;
    bytes private answer;

    receive() external payable {}

    function proxyParameters() external view returns (uint64, address) {
        return (rollupId, target);
    }

    function probe() external {
        assembly ("memory-safe") {
            tstore(0, 0)
        }
    }

    function deploy(bytes memory creationCode, uint64 rollupId_, address target_) external returns (address proxy) {
        (rollupId, target) = (rollupId_, target_);
        assembly ("memory-safe") {
            proxy := create(0, add(creationCode, 32), mload(creationCode))
        }
    }

    function answerWith(bool fails_, bytes calldata answer_) external {
        (fails, answer) = (fails_, answer_);
    }

    function call(address, uint64, address, bytes calldata) external payable returns (bytes memory) {
        emit Asked(msg.sender, msg.value, keccak256(msg.data));
        return _answer();
    }

    /// @dev What was asked is seen in the answer: there are no events under a static call.
    function staticCall(address, uint64, address, bytes calldata) external view returns (bytes memory) {
        return bytes.concat("static", keccak256(msg.data), _answer());
    }

    function _answer() private view returns (bytes memory data) {
        data = answer;
        if (fails) {
            assembly ("memory-safe") {
                revert(add(data, 32), mload(data))
            }
        }
    }

    function order(address proxy, bytes calldata data, uint256 gas_) external payable {
        (bool ok, bytes memory result) = proxy.call{value: msg.value, gas: gas_}(data);
        emit Ordered(ok, result);
    }
}

/// @notice Says how much gas it was given.
contract GasMeter {
    event Given(uint256 gas);

    fallback() external payable {
        uint256 given = gasleft();
        if (msg.data.length != 0) emit Given(given);
        assembly ("memory-safe") {
            mstore(0, given)
            return(0, 32)
        }
    }
}
