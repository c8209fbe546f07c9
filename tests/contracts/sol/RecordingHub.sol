// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IProxyDeployer, ProxyCode} from "contracts/src/libraries/ProxyCode.sol";
import {PlainProxy} from "tests/contracts/sol/PlainProxy.sol";

/// @notice Deploys proxies, answers them as told and says what they asked; gives them orders.
contract RecordingHub is IProxyDeployer {
    event Deployed(address proxy, address plain);
    event Asked(address proxy, uint256 value, bytes32 data);
    event Ordered(bool ok, bytes result);

    bool private fails;
    bytes private answer;

    receive() external payable {}

    /// @notice The proxy and its twin in plain Solidity.
    function deploy(uint64 rollupId, address target) external {
        (address proxy,) = ProxyCode.create(rollupId, target);
        emit Deployed(proxy, address(new PlainProxy(rollupId, target)));
    }

    function identityOf(address account) external view returns (bool isProxy, uint64 rollupId, address target) {
        return ProxyCode.identityOf(account);
    }

    function answerWith(bool fails_, bytes calldata answer_) external {
        (fails, answer) = (fails_, answer_);
    }

    /// @dev What was asked is seen in the answer under a static call: there are no events then.
    function enter() external payable {
        bytes memory data = answer;
        (bool isWritable,) = address(this).call(abi.encodeCall(this.note, (msg.sender, msg.value, keccak256(msg.data))));
        if (!isWritable) data = bytes.concat("static", keccak256(msg.data), data);
        bool isFailure = fails;
        assembly ("memory-safe") {
            if isFailure { revert(add(data, 32), mload(data)) }
            return(add(data, 32), mload(data))
        }
    }

    function note(address proxy, uint256 value, bytes32 data) external {
        emit Asked(proxy, value, data);
    }

    function order(address proxy, bytes calldata data, uint256 gas_, bool isStatic) external payable {
        (bool ok, bytes memory result) = isStatic
            ? proxy.staticcall{gas: gas_}(data)
            : proxy.call{value: msg.value, gas: gas_}(data);
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
