// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {HubErrors} from "contracts/src/libraries/HubErrors.sol";

/// @notice Less gas is left than a frame needs to be sure of what it does next. Nobody catches it.
error ShortOfGas();

/// @dev A failure that is nobody's answer: it is passed on whatever the program says.
function isPassedOn(bytes memory result) pure returns (bool) {
    return HubErrors.isHubError(result) || (result.length == 4 && bytes4(result) == ShortOfGas.selector);
}

/// @title A contract that does what its calldata says
/// @notice The calldata of a call is a program, and holds the programs of all calls below it. So one
/// deployment serves any call graph. Accounts are named by numbers, the same wherever they are; the last
/// `ACCOUNTS * 20` bytes of the code say at which address each is reached from here (a proxy, if it is
/// on another chain), so that the same program runs spread over chains and on one.
///
///   program   flags 1 (bit 0: quiet, no effects) ‖ ending 1 ‖ size of the answer 1 ‖ id 2 ‖ steps
///   a step    its code 1 ‖ its arguments, see `_run`
///
/// All that a frame learns goes into its digest, and the digest into whatever it writes and answers: a
/// difference anywhere below or before is a difference in the end.
contract Node {
    uint256 private constant ACCOUNTS = 24;
    /// @dev A step that makes no call costs less than this; a call has to get as far as the Hub's own
    /// accounting of gas, which says by its errors when there is too little.
    uint256 private constant STEP_GAS = 60000;
    uint256 private constant CALL_GAS = 300000;
    uint256 private constant CALL_GAS_PER_BYTE = 60;
    uint256 private constant CREATE_GAS = 200000;
    uint256 private constant CHILD_SLOT = 0x1000;

    uint256 private constant RETURN = 0;
    uint256 private constant REVERT = 1;
    uint256 private constant INVALID = 2;
    uint256 private constant SPEND = 3;
    uint256 private constant WRITE = 4;

    struct Frame {
        uint256 digest;
        uint256 id;
        bool isQuiet;
    }

    fallback() external payable {
        _run();
    }

    receive() external payable {
        _run();
    }

    function _run() private {
        Frame memory f;
        f.isQuiet = _byte(0) & 1 != 0;
        f.id = _two(3);
        f.digest = uint256(keccak256(abi.encode(keccak256(msg.data), _caller(), msg.value)));
        _needGas(STEP_GAS);
        if (!f.isQuiet) _log(f, _caller());
        for (uint256 at = 5; at < msg.data.length;) {
            _needGas(STEP_GAS);
            uint256 code = _byte(at);
            if (code == 1) {
                // slot 1 ‖ 0: clear it, else: the digest
                uint256 value = _byte(at + 2) == 0 ? 0 : f.digest;
                _store(_byte(at + 1), value);
                at += 3;
            } else if (code == 2) {
                _learn(f, _load(_byte(at + 1))); // slot 1
                at += 2;
            } else if (code == 3) {
                _log(f, type(uint256).max);
                at += 1;
            } else if (code == 4) {
                // key 2
                uint256 key = _two(at + 1);
                uint256 value = f.digest;
                assembly ("memory-safe") {
                    tstore(key, value)
                }
                at += 3;
            } else if (code == 5) {
                uint256 key = _two(at + 1); // key 2
                uint256 value;
                assembly ("memory-safe") {
                    value := tload(key)
                }
                _learn(f, value);
                at += 3;
            } else if (code == 6) {
                at = _call(f, at);
            } else if (code == 7) {
                at = _create(f, at);
            } else if (code == 8) {
                at = _callChild(f, at);
            } else if (code == 9) {
                _learn(f, address(this).balance);
                at += 1;
            } else if (code == 10) {
                at = _createCalling(f, at);
            } else {
                at = _more(f, at, code);
            }
        }
        _end(f);
    }

    /// @dev Steps that there are on rollups only.
    function _more(Frame memory, uint256, uint256) internal virtual returns (uint256) {
        revert("no such step");
    }

    /// @dev kind 1 (0 call, 1 static, 2 delegate to itself) ‖ target 1 ‖ caught 1 ‖ value 2 ‖ gas 4 (0: all)
    /// ‖ size 3 ‖ data
    function _call(Frame memory f, uint256 at) private returns (uint256) {
        uint256 kind = _byte(at + 1);
        address target = _account(_byte(at + 2));
        uint256 size = _number(at + 10, 3);
        bytes memory data = msg.data[at + 13:at + 13 + size];
        uint256 gas_ = _number(at + 6, 4);
        _needGas(CALL_GAS + CALL_GAS_PER_BYTE * size + gas_ + gas_ / 32);
        if (gas_ == 0) gas_ = gasleft();
        bool ok;
        bytes memory result;
        if (kind == 0) (ok, result) = target.call{value: _two(at + 4), gas: gas_}(data);
        else if (kind == 1) (ok, result) = target.staticcall{gas: gas_}(data);
        else (ok, result) = address(this).delegatecall{gas: gas_}(data);
        _hear(f, ok, result, _byte(at + 3) != 0);
        return at + 13 + size;
    }

    function _hear(Frame memory f, bool ok, bytes memory result, bool isCaught) private pure {
        if (!ok && (!isCaught || isPassedOn(result))) HubErrors.rethrow(result);
        _learn(f, ok ? 1 : 0);
        _learn(f, uint256(keccak256(result)));
    }

    /// @dev salt 1 (0: CREATE, else CREATE2) ‖ fails 1 ‖ value 2
    function _create(Frame memory f, uint256 at) private returns (uint256) {
        uint256 salt = _byte(at + 1);
        uint256 value = _two(at + 3);
        bytes memory init = _byte(at + 2) == 0 ? type(Child).creationCode : bytes(hex"60aa5f5260205ffd");
        // Two creations at one address would spend all gas.
        uint256 count = _load(CHILD_SLOT + 1);
        _store(CHILD_SLOT + 1, count + 1);
        salt = salt == 0 ? 0 : salt << 128 | count;
        address child;
        assembly ("memory-safe") {
            switch salt
            case 0 { child := create(value, add(init, 32), mload(init)) }
            default { child := create2(value, add(init, 32), mload(init), salt) }
        }
        // Creation needs more than other steps: if it failed, it was not for lack of gas.
        _needGas(STEP_GAS);
        _learn(f, child == address(0) ? 0 : 1);
        _learn(f, child.code.length);
        if (child != address(0)) _store(CHILD_SLOT, uint160(child));
        return at + 5;
    }

    /// @dev fails 1 ‖ value 2 ‖ target 1 ‖ caught 1 ‖ gas 4 ‖ size 3 ‖ data: a child whose constructor makes
    /// this call, and then fails or not.
    function _createCalling(Frame memory f, uint256 at) private returns (uint256) {
        uint256 size = _number(at + 10, 3);
        uint256 gas_ = _number(at + 6, 4);
        _needGas(CREATE_GAS + CALL_GAS + CALL_GAS_PER_BYTE * size + gas_ + gas_ / 16);
        CallingChild.Call memory call;
        call.target = _account(_byte(at + 4));
        call.gas_ = gas_;
        call.isCaught = _byte(at + 5) != 0;
        call.data = msg.data[at + 13:at + 13 + size];
        try new CallingChild{value: _two(at + 2)}(call, _byte(at + 1) != 0) returns (CallingChild child) {
            _needGas(STEP_GAS);
            _hear(f, true, abi.encode(address(child).code.length), true);
            _store(CHILD_SLOT, uint160(address(child)));
        } catch (bytes memory reason) {
            _needGas(STEP_GAS);
            _hear(f, false, reason, true);
        }
        return at + 13 + size;
    }

    /// @dev value 2
    function _callChild(Frame memory f, uint256 at) private returns (uint256) {
        address child = address(uint160(_load(CHILD_SLOT)));
        if (child == address(0)) return at + 3;
        (bool ok, bytes memory result) = child.call{value: _two(at + 1)}("");
        _needGas(STEP_GAS);
        _hear(f, ok, result, true);
        return at + 3;
    }

    function _end(Frame memory f) private {
        uint256 ending = _byte(1);
        uint256 size = _byte(2);
        bytes memory answer = new bytes(size);
        for (uint256 i = 0; i < size; i += 32) {
            bytes32 word = keccak256(abi.encode(f.digest, i));
            for (uint256 j = i; j < size && j < i + 32; j++) answer[j] = word[j - i];
        }
        if (ending == REVERT) HubErrors.rethrow(answer);
        if (ending == INVALID) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (ending == SPEND) while (true) f.digest++;
        if (ending == WRITE) _store(0, f.digest);
        assembly ("memory-safe") {
            return(add(answer, 32), size)
        }
    }

    /// @dev which: the caller on entry, else all ones.
    function _log(Frame memory f, uint256 which) private {
        bytes32 id = bytes32(f.id);
        uint256 digest = f.digest;
        assembly ("memory-safe") {
            mstore(0, digest)
            log2(0, 32, id, which)
        }
    }

    function _learn(Frame memory f, uint256 word) internal pure {
        f.digest = uint256(keccak256(abi.encode(f.digest, word)));
    }

    function _needGas(uint256 amount) private view {
        if (gasleft() < amount) revert ShortOfGas();
    }

    function _load(uint256 slot) private view returns (uint256 value) {
        assembly ("memory-safe") {
            value := sload(slot)
        }
    }

    function _store(uint256 slot, uint256 value) private {
        assembly ("memory-safe") {
            sstore(slot, value)
        }
    }

    function _byte(uint256 at) internal pure returns (uint256) {
        return _number(at, 1);
    }

    function _two(uint256 at) private pure returns (uint256) {
        return _number(at, 2);
    }

    function _number(uint256 at, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), calldataload(at))
        }
    }

    /// @dev Where account `index` is reached from here.
    function _account(uint256 index) internal pure returns (address account) {
        uint256 back = (ACCOUNTS - index) * 20;
        assembly ("memory-safe") {
            codecopy(0, sub(codesize(), back), 20)
            account := shr(96, mload(0))
        }
    }

    /// @dev Which account the caller is; ACCOUNTS if it is none of them.
    function _caller() private view returns (uint256 index) {
        while (index < ACCOUNTS && _account(index) != msg.sender) index++;
    }
}

/// @title A Node that also reads the parent of its chain
/// @notice What it reads there nobody changes, so that on one chain it is known. Genesis has it.
contract ReadingNode is Node {
    /// @dev Of each Node: its number and one more.
    uint256 private constant MARK_SLOT = 0x2000;
    address private constant L1SLOAD = 0x0000000000000000000000000000000000000101;
    address private constant L1CALL = 0x0000000000000000000000000000000000010002;

    function _more(Frame memory f, uint256 at, uint256 code) internal override returns (uint256) {
        if (code == 11) {
            // account 1: its mark
            _learn(f, _mark(_byte(at + 1)));
            return at + 2;
        }
        if (code == 12) {
            // account 1 ‖ account 1: what the first says of the mark of the second, in a program of its own
            bytes memory program = abi.encodePacked(hex"010020ffff", uint8(11), uint8(_byte(at + 2)));
            uint256 target = _byte(at + 1);
            (bool ok, bytes memory result) = L1CALL.staticcall(abi.encodePacked(_home(target), program));
            // On one chain there is no such precompile, and the account is here.
            if (ok && result.length == 0) (ok, result) = _account(target).staticcall(program);
            if (!ok) HubErrors.rethrow(result);
            _learn(f, uint256(keccak256(result)));
            return at + 3;
        }
        return super._more(f, at, code);
    }

    function _mark(uint256 account) private view returns (uint256) {
        (bool ok, bytes memory result) = L1SLOAD.staticcall(abi.encodePacked(_home(account), MARK_SLOT));
        if (!ok) HubErrors.rethrow(result);
        return result.length == 0 ? account + 1 : abi.decode(result, (uint256));
    }

    /// @dev Where an account is on its own chain.
    function _home(uint256 index) private pure returns (address) {
        return address(uint160(uint256(0xc0de) << 144 | index));
    }
}

/// @notice What a Node creates: counts who calls it.
contract Child {
    uint256 private calls;
    uint256 private immutable born = msg.value;

    constructor() payable {}

    fallback(bytes calldata) external payable returns (bytes memory) {
        return abi.encode(++calls, born, msg.value, address(this).balance);
    }
}

/// @notice One that makes a call, perhaps to another chain, while it comes to be.
contract CallingChild is Child {
    struct Call {
        address target;
        uint256 gas_; // 0: all
        bool isCaught;
        bytes data;
    }

    bytes32 private heard;

    constructor(Call memory call, bool fails) payable {
        (bool ok, bytes memory result) = call.target.call{gas: call.gas_ == 0 ? gasleft() : call.gas_}(call.data);
        if (!ok && (!call.isCaught || isPassedOn(result))) HubErrors.rethrow(result);
        heard = keccak256(abi.encode(ok, result));
        if (fails) HubErrors.rethrow(abi.encode(heard));
    }
}
