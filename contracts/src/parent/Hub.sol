// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHub} from "contracts/src/interfaces/IHub.sol";
import {Inbox} from "contracts/src/parent/Inbox.sol";
import {Gas} from "contracts/src/libraries/Gas.sol";
import {HubErrors} from "contracts/src/libraries/HubErrors.sol";
import {Table} from "contracts/src/libraries/Table.sol";
import {Action, Kind, Outcome, Transition} from "contracts/src/types/Types.sol";

/// @title The contract on the parent chain that its rollups meet in
/// @dev The loop that every call runs is in `_loop` (and `_staticLoop`, its twin that writes nothing).
/// A scope is a self-call in which the rest of the loop runs, so that one revert undoes it.
contract Hub is Inbox {
    /// @dev Ends a scope; caught by the scope it is meant for, never seen outside.
    error Undo(uint64 rollupId, bytes32 head, bytes32 reverted);

    /// @dev Held back from the loop, so that running out of gas inside can be told.
    uint256 private constant RESERVE_GAS = 20000;
    /// @dev What a proxy may spend to say whom it stands for.
    uint256 private constant IDENTITY_GAS = 5000;

    /// @dev The rollups that this transaction has moved: how many, and at keccak256(MOVED, i) which.
    uint256 private transient movedCount;
    bytes32 private constant MOVED = keccak256("lockstep.hub.moved");
    bytes32 private constant PROBE = keccak256("lockstep.hub.probe");

    // --- from proxies -------------------------------------------------------------------------------

    /// @inheritdoc IHub
    function call(address source, uint64 rollupId, address target, bytes calldata data)
        external
        payable
        returns (bytes memory)
    {
        uint256 gas_ = Gas.lead4Down(gasleft() * 3 / 4);
        if (msg.sender != proxyOf(rollupId, target)) revert NotAProxy(msg.sender);
        Action memory action = _inCall(source, rollupId, target, data, gas_, false);
        if (gasleft() <= RESERVE_GAS) revert NotEnoughGas();
        (bool ok, bytes memory result) =
            address(this).call{gas: gasleft() - RESERVE_GAS}(abi.encodeCall(this.run, (action)));
        return _unwrap(ok, result);
    }

    /// @inheritdoc IHub
    function staticCall(address source, uint64 rollupId, address target, bytes calldata data)
        external
        view
        returns (bytes memory)
    {
        uint256 gas_ = Gas.lead4Down(gasleft() * 3 / 4);
        if (msg.sender != proxyOf(rollupId, target)) revert NotAProxy(msg.sender);
        Action memory action = _inCall(source, rollupId, target, data, gas_, true);
        if (gasleft() <= RESERVE_GAS) revert NotEnoughGas();
        (bool ok, bytes memory result) =
            address(this).staticcall{gas: gasleft() - RESERVE_GAS}(abi.encodeCall(this.runStatic, (action)));
        return _unwrap(ok, result);
    }

    /// @notice For proxies: fails under a static call, and only there.
    function probe() external {
        _tstore(PROBE, 0);
    }

    /// @notice The loop, in a self-call of its own: not for anybody else.
    function run(Action calldata action) external returns (bool failed, bytes memory data) {
        if (msg.sender != address(this)) revert OnlySelf();
        uint256 depth = loopDepth;
        loopDepth = depth + 1;
        (failed, data) = _loop(action, action.kind == Kind.CALL ? action.value : 0);
        loopDepth = depth;
        if (depth == 0 && !failed) _requireIdle();
        _requireGasToReturn(data.length + action.data.length);
    }

    /// @notice The loop under a static call.
    function runStatic(Action calldata action) external view returns (bool failed, bytes memory data) {
        if (msg.sender != address(this)) revert OnlySelf();
        return _staticLoop(action);
    }

    /// @notice A scope: applies what was found and runs the rest of the loop.
    function scoped(Outcome calldata outcome, Action calldata input, uint256 inflow)
        external
        returns (bool failed, bytes memory data)
    {
        if (msg.sender != address(this)) revert OnlySelf();
        (bool ends, Action memory next, uint256 nextInflow) = _step(outcome, input.rollupId, inflow);
        return ends ? (next.failed, next.data) : _loop(next, nextInflow);
    }

    function _inCall(address source, uint64 rollupId, address target, bytes calldata data, uint256 gas_, bool isStatic)
        private
        view
        returns (Action memory action)
    {
        action.kind = Kind.CALL;
        action.rollupId = rollupId;
        action.target = target;
        (action.sourceRollupId, action.source) = _standsFor(source);
        action.value = isStatic ? 0 : msg.value;
        action.gas = uint64(gas_);
        action.isStatic = isStatic;
        action.data = data;
    }

    /// @dev A caller that is itself a proxy is who it stands for: no alias of an alias. All proxies are
    /// of one size, so few others are ever asked; and whatever is said must give the caller's address.
    function _standsFor(address source) private view returns (uint64, address) {
        if (source.code.length != msg.sender.code.length) return (0, source);
        (bool ok, bytes memory identity) = source.staticcall{gas: IDENTITY_GAS}("");
        if (!ok || identity.length != 64) return (0, source);
        (uint256 rollupId, uint256 target) = abi.decode(identity, (uint256, uint256));
        if (rollupId > type(uint64).max || target > type(uint160).max) return (0, source);
        if (proxyOf(uint64(rollupId), address(uint160(target))) != source) return (0, source);
        return (uint64(rollupId), address(uint160(target)));
    }

    /// @dev What comes after the loop, up to the proxy's own return, costs gas that grows with the
    /// data; it must be there, or a result would look like a failure without data.
    function _requireGasToReturn(uint256 size) private view {
        uint256 words = size / 32;
        if (RESERVE_GAS + gasleft() < 10000 + 40 * words + words * words / 32) revert NotEnoughGas();
    }

    function _unwrap(bool ok, bytes memory result) private pure returns (bytes memory) {
        if (!ok) _endLoop(result);
        (bool failed, bytes memory data) = abi.decode(result, (bool, bytes));
        if (failed) HubErrors.rethrow(data);
        return data;
    }

    /// @dev The loop's self-call failed. It never fails without data but for lack of gas; an Undo that
    /// comes out here has found no scope in this loop.
    function _endLoop(bytes memory result) private pure {
        if (result.length == 0) revert NotEnoughGas();
        if (result.length == 100 && bytes4(result) == Undo.selector) {
            (uint64 rollupId, bytes32 undoHead,) = _undoArguments(result);
            revert ScopeMissing(rollupId, undoHead);
        }
        HubErrors.rethrow(result);
    }

    // --- the loop -----------------------------------------------------------------------------------

    /// @inheritdoc Inbox
    function _runL2TX(Action memory action) internal override {
        (bool ok, bytes memory result) = address(this).call(abi.encodeCall(this.run, (action)));
        if (!ok) _endLoop(result);
        (bool failed,) = abi.decode(result, (bool, bytes));
        if (failed) revert UnexpectedAction();
    }

    /// @dev Delivers an action and follows what comes of it until its RESULT. `inflow` is the ether
    /// that the action brings to the rollups.
    function _loop(Action memory action, uint256 inflow) private returns (bool, bytes memory) {
        while (true) {
            Outcome memory outcome = _find(action);
            if (!outcome.scope) {
                bool ends;
                (ends, action, inflow) = _step(outcome, action.rollupId, inflow);
                if (ends) return (action.failed, action.data);
                continue;
            }
            (bool ok, bytes memory result) =
                address(this).call(abi.encodeCall(this.scoped, (outcome, action, inflow)));
            if (ok) return abi.decode(result, (bool, bytes));
            (bool isMine, bytes32 reverted) = _readUndo(result, outcome.transitions);
            if (!isMine) HubErrors.rethrow(result);
            // The entry and everything after it are undone; the rollup of its input goes on from
            // there, and with the same ether.
            action = _continuation(action, reverted);
        }
        revert UnexpectedAction();
    }

    function _continuation(Action memory undone, bytes32 reverted) private pure returns (Action memory action) {
        action.kind = Kind.REVERT_CONTINUE;
        action.rollupId = undone.rollupId;
        action.data = abi.encode(keccak256(abi.encode(undone)), reverted);
    }

    /// @dev Applies an entry and does what its out-action asks for: the end, a call here, or an
    /// undoing. `next` is the action that follows and what ether it brings; at the end, the RESULT.
    function _step(Outcome memory outcome, uint64 inputRollupId, uint256 inflow)
        private
        returns (bool ends, Action memory next, uint256 nextInflow)
    {
        _apply(outcome, inputRollupId, inflow);
        Action memory out = outcome.out;
        if (out.kind == Kind.RESULT) return (true, out, 0);
        if (out.kind == Kind.REVERT) revert Undo(out.rollupId, bytes32(out.data), head(out.rollupId));
        if (out.kind != Kind.CALL || out.rollupId != 0) revert UnexpectedAction();
        address proxy = createProxy(out.sourceRollupId, out.source);
        bytes memory order = _order(out);
        uint256 before = gasleft();
        (bool ok, bytes memory result) = proxy.call{value: out.value}(order);
        next = _answer(out, before - gasleft(), ok, result);
        nextInflow = ok ? 0 : out.value;
    }

    /// @dev What Proxy makes a call from.
    function _order(Action memory out) private pure returns (bytes memory) {
        return abi.encodePacked(out.target, out.gas, out.isStatic, out.data);
    }

    /// @dev The RESULT of a call that the proxy was told to make.
    function _answer(Action memory out, uint256 used, bool ok, bytes memory result)
        private
        pure
        returns (Action memory answer)
    {
        if (!ok) {
            // No mark behind the data: the proxy did not make the call, or ran out of gas around it.
            if (result.length == 0) revert NotEnoughGas();
            assembly ("memory-safe") {
                mstore(result, sub(mload(result), 1))
            }
            if (HubErrors.isHubError(result)) HubErrors.rethrow(result);
        }
        answer.kind = Kind.RESULT;
        answer.rollupId = out.sourceRollupId;
        uint256 gas_ = Gas.lead4Up(used);
        answer.gas = gas_ < out.gas ? uint64(gas_) : out.gas;
        answer.failed = !ok;
        answer.data = result;
    }

    function _find(Action memory action) private view returns (Outcome memory outcome) {
        bytes32 at = head(action.rollupId);
        for (uint256 alternative = 0;; alternative++) {
            outcome = this.lookup(action.rollupId, at, action, alternative);
            if (!outcome.found) revert EntryNotFound(action.rollupId, at, keccak256(abi.encode(action)));
            bool holds = true;
            for (uint256 i = 0; i < outcome.transitions.length && holds; i++) {
                holds = head(outcome.transitions[i].rollupId) == outcome.transitions[i].pre;
            }
            if (holds) return outcome;
        }
    }

    /// @inheritdoc IHub
    function lookup(uint64 rollupId, bytes32 head_, Action calldata action, uint256 alternative)
        external
        view
        returns (Outcome memory)
    {
        if (msg.sender != address(this)) revert OnlySelf();
        return Table.get(rollupId, head_, keccak256(abi.encode(action)), alternative);
    }

    function _apply(Outcome memory outcome, uint64 inputRollupId, uint256 inflow) private {
        int256 sum = 0;
        for (uint256 i = 0; i < outcome.transitions.length; i++) {
            Transition memory t = outcome.transitions[i];
            Rollup storage r = rollups[t.rollupId];
            if (t.post != t.pre) {
                if (r.updatedInBlock != block.number) revert NotUpdated(t.rollupId);
                r.head = t.post;
                if (r.idle != t.idle) r.idle = t.idle;
                _noteMoved(t.rollupId);
                if (t.idle) _recordRoot(t.rollupId, r, t.post);
            }
            if (t.etherDelta != 0) {
                if (r.hasOwnToken) revert TokenRollup(t.rollupId);
                sum += t.etherDelta;
                _changeBalance(t.rollupId, r, t.etherDelta);
            }
        }
        uint256 outflow = outcome.out.kind == Kind.CALL ? outcome.out.value : 0;
        if (sum != int256(inflow) - int256(outflow)) revert EtherMismatch(outcome.entryHash);
        emit EntryConsumed(inputRollupId, outcome.entryHash);
    }

    function _changeBalance(uint64 rollupId, Rollup storage r, int256 delta) private {
        uint256 balance = r.balance;
        if (delta >= 0) {
            r.balance = balance + uint256(delta);
            return;
        }
        uint256 needed = uint256(-delta);
        if (balance < needed) revert BalanceTooLow(rollupId, balance, needed);
        r.balance = balance - needed;
    }

    function _noteMoved(uint64 rollupId) private {
        bytes32 mark = keccak256(abi.encode(MOVED, rollupId, true));
        if (_tload(mark) != 0) return;
        _tstore(mark, 1);
        _tstore(keccak256(abi.encode(MOVED, movedCount)), rollupId);
        movedCount++;
    }

    function _requireIdle() private view {
        uint256 count = movedCount;
        for (uint256 i = 0; i < count; i++) {
            uint64 rollupId = uint64(_tload(keccak256(abi.encode(MOVED, i))));
            if (!rollups[rollupId].idle) revert NotIdle(rollupId);
        }
    }

    /// @dev Whether the revert data is an Undo for a scope with these transitions.
    function _readUndo(bytes memory result, Transition[] memory transitions)
        private
        pure
        returns (bool isMine, bytes32 reverted)
    {
        if (result.length != 100 || bytes4(result) != Undo.selector) return (false, 0);
        uint64 rollupId;
        bytes32 undoHead;
        (rollupId, undoHead, reverted) = _undoArguments(result);
        for (uint256 i = 0; i < transitions.length && !isMine; i++) {
            isMine = transitions[i].rollupId == rollupId && transitions[i].pre == undoHead;
        }
    }

    function _undoArguments(bytes memory result)
        private
        pure
        returns (uint64 rollupId, bytes32 undoHead, bytes32 reverted)
    {
        assembly ("memory-safe") {
            rollupId := mload(add(result, 36))
            undoHead := mload(add(result, 68))
            reverted := mload(add(result, 100))
        }
    }

    // --- the loop under a static call: heads in memory, nothing written -------------------------------

    function _staticLoop(Action memory action) private view returns (bool, bytes memory) {
        Transition[] memory heads = new Transition[](0);
        while (true) {
            Outcome memory outcome = _staticFind(action, heads);
            heads = _moved(heads, outcome.transitions);
            Action memory out = outcome.out;
            if (out.kind == Kind.RESULT) {
                for (uint256 i = 0; i < heads.length; i++) {
                    if (heads[i].post != head(heads[i].rollupId)) revert NotIdle(heads[i].rollupId);
                }
                _requireGasToReturn(out.data.length);
                return (out.failed, out.data);
            }
            if (out.kind != Kind.CALL || out.rollupId != 0 || !out.isStatic) revert UnexpectedAction();
            address proxy = proxyOf(out.sourceRollupId, out.source);
            if (proxy.code.length == 0) revert ProxyMissing(out.sourceRollupId, out.source);
            bytes memory order = _order(out);
            uint256 before = gasleft();
            (bool ok, bytes memory result) = proxy.staticcall(order);
            action = _answer(out, before - gasleft(), ok, result);
        }
        revert UnexpectedAction();
    }

    function _staticFind(Action memory action, Transition[] memory heads)
        private
        view
        returns (Outcome memory outcome)
    {
        bytes32 at = _headIn(heads, action.rollupId);
        for (uint256 alternative = 0;; alternative++) {
            outcome = this.lookup(action.rollupId, at, action, alternative);
            if (!outcome.found) revert EntryNotFound(action.rollupId, at, keccak256(abi.encode(action)));
            bool holds = true;
            for (uint256 i = 0; i < outcome.transitions.length && holds; i++) {
                holds = _headIn(heads, outcome.transitions[i].rollupId) == outcome.transitions[i].pre;
            }
            if (holds) return outcome;
        }
    }

    function _headIn(Transition[] memory heads, uint64 rollupId) private view returns (bytes32) {
        for (uint256 i = 0; i < heads.length; i++) {
            if (heads[i].rollupId == rollupId) return heads[i].post;
        }
        return head(rollupId);
    }

    function _moved(Transition[] memory heads, Transition[] memory by) private pure returns (Transition[] memory) {
        Transition[] memory next = new Transition[](heads.length + by.length);
        uint256 count = 0;
        for (uint256 i = 0; i < by.length; i++) next[count++] = by[i];
        for (uint256 i = 0; i < heads.length; i++) {
            bool isNew = true;
            for (uint256 j = 0; j < by.length && isNew; j++) isNew = by[j].rollupId != heads[i].rollupId;
            if (isNew) next[count++] = heads[i];
        }
        assembly ("memory-safe") {
            mstore(next, count)
        }
        return next;
    }

    // --- small things ---------------------------------------------------------------------------------

    function _tload(bytes32 slot) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := tload(slot)
        }
    }

    function _tstore(bytes32 slot, uint256 word) private {
        assembly ("memory-safe") {
            tstore(slot, word)
        }
    }
}
