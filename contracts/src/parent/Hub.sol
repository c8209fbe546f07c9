// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILoop} from "contracts/src/interfaces/IHub.sol";
import {IMessageService} from "contracts/src/interfaces/IMessageService.sol";
import {Inbox} from "contracts/src/parent/Inbox.sol";
import {Registry} from "contracts/src/parent/Registry.sol";
import {Gas} from "contracts/src/libraries/Gas.sol";
import {HubErrors} from "contracts/src/libraries/HubErrors.sol";
import {IProxyDeployer, ProxyCode} from "contracts/src/libraries/ProxyCode.sol";
import {Table} from "contracts/src/libraries/Table.sol";
import {Question, Questions} from "contracts/src/types/Question.sol";
import {Move, Out, Record, Records} from "contracts/src/types/Record.sol";
import {Action, Kind} from "contracts/src/types/Types.sol";

/// @title The contract on the parent chain that its rollups meet in
/// @dev The loop that every call runs is in `_loop` (and `_staticLoop`, its twin that writes nothing).
/// A scope is a self-call in which the rest of the loop runs, so that one revert undoes it. Actions and
/// what is known of them lie in memory as they are encoded: types/Question.sol, types/Answer.sol.
contract Hub is Inbox, IProxyDeployer {
    /// @dev Ends a scope; caught by the scope it is meant for, never seen outside.
    error Undo(uint64 rollupId, bytes32 head, bytes32 reverted);

    uint256 private constant CALL = uint256(Kind.CALL);
    uint256 private constant RESULT = uint256(Kind.RESULT);
    uint256 private constant REVERT = uint256(Kind.REVERT);

    /// @dev Held back from the loop, so that running out of gas inside can be told.
    uint256 private constant RESERVE_GAS = 20000;
    /// @dev Far more than the probe needs. It is what a static call pays for being one.
    uint256 private constant PROBE_GAS = 1000;
    /// @dev What a proxy may spend between its check of the gas left and its CALL, with what CALL costs
    /// if the account is warm; more if the account borrows code (EIP-7702), if the call carries value,
    /// and if that creates the account.
    uint256 private constant OWN_GAS = 300;
    uint256 private constant DELEGATION_GAS = 100;
    uint256 private constant VALUE_GAS = 9000;
    uint256 private constant NEW_ACCOUNT_GAS = 25000;

    uint256 private constant PROBE = uint256(keccak256("lockstep.hub.probe"));

    /// @dev The rollups that this loop has suspended: how many, at SUSPENDED + i which, and at
    /// SUSPENDED + 2^128 + rollupId whether one is.
    uint256 private transient suspendedCount;
    uint256 private constant SUSPENDED = uint256(keccak256("lockstep.hub.suspended"));
    uint256 private constant SUSPENDED_FLAGS = uint256(keccak256("lockstep.hub.suspended")) + (1 << 128);

    address private immutable REGISTRY;

    constructor(IMessageService messages) Inbox(messages) {
        REGISTRY = address(new Registry());
    }

    // --- from proxies -------------------------------------------------------------------------------

    /// @inheritdoc IProxyDeployer
    function enter() external payable {
        unchecked {
            uint256 gas_ = Gas.lead4Down(gasleft() * 3 / 4);
            uint64 rollupId;
            address target;
            address source;
            assembly ("memory-safe") {
                rollupId := shr(192, calldataload(4))
                target := shr(96, calldataload(12))
                source := shr(96, calldataload(32))
            }
            if (msg.sender != ProxyCode.addressOf(rollupId, target)) revert NotAProxy(msg.sender);
            bool isStatic = msg.value == 0 && _isStatic();
            Question question = Questions.open(CALL, rollupId, msg.data.length - 52);
            bytes memory data = question.data();
            assembly ("memory-safe") {
                calldatacopy(add(data, 32), 52, mload(data))
            }
            // A caller that is itself a proxy is who it stands for: no alias of an alias.
            (bool isProxy, uint64 sourceRollupId, address behind) = ProxyCode.identityOf(source);
            question.setCall(target, sourceRollupId, isProxy ? behind : source);
            question.setValue(msg.value);
            question.setGas(gas_);
            question.setStatic(isStatic);
            if (gasleft() <= RESERVE_GAS) revert NotEnoughGas();
            bytes4 selector = isStatic ? this.runStatic.selector : this.run.selector;
            bool ok = question.deliver(selector, gasleft() - RESERVE_GAS, isStatic);
            if (!ok) _endLoop();
            assembly ("memory-safe") {
                // What the loop returned: whether the call failed, and its data.
                let at := mload(64)
                returndatacopy(at, 0, returndatasize())
                let size := sub(returndatasize(), 32)
                if mload(at) { revert(add(at, 32), size) }
                return(add(at, 32), size)
            }
        }
    }

    /// @dev Fails under a static call, and only there: the gas that it takes is there.
    function _isStatic() private returns (bool isStatic) {
        assembly ("memory-safe") {
            isStatic := iszero(call(PROBE_GAS, address(), 0, 0, 0, 0, 0))
        }
    }

    /// @dev The probe, a call of this contract to itself: changes state without leaving anything behind.
    receive() external payable {
        if (msg.sender != address(this)) revert OnlySelf();
        _tstore(PROBE, 0);
    }

    /// @dev What there is no function for here the Registry answers, as this contract.
    fallback() external payable {
        address registry = REGISTRY;
        assembly ("memory-safe") {
            let at := mload(64)
            calldatacopy(at, 0, calldatasize())
            let ok := delegatecall(gas(), registry, at, calldatasize(), 0, 0)
            returndatacopy(at, 0, returndatasize())
            switch ok
            case 0 { revert(at, returndatasize()) }
            default { return(at, returndatasize()) }
        }
    }

    /// @notice The loop, in a self-call of its own: not for anybody else. Returns a word, whether the
    /// action failed, and behind it the data as it is. Behind the selector comes the action, encoded.
    function run() external payable {
        if (msg.sender != address(this)) revert OnlySelf();
        uint256 depth = loopDepth;
        loopDepth = depth + 1;
        Question question = Questions.load(4, msg.data.length);
        (uint256 answer, uint256 size) = _loop(question, question.kind() == CALL ? question.value() : 0);
        loopDepth = depth;
        if (depth == 0 && !_failed(answer)) _requireIdle();
        _requireGasToReturn(size + msg.data.length);
        _return(answer, size);
    }

    /// @notice The loop under a static call.
    function runStatic() external payable {
        if (msg.sender != address(this)) revert OnlySelf();
        (uint256 answer, uint256 size) = _staticLoop(Questions.load(4, msg.data.length));
        _requireGasToReturn(size);
        _return(answer, size);
    }

    /// @notice A scope: applies what was found and runs the rest of the loop. Calldata: selector, inflow,
    /// the question's size, the question, the record. Returns as `run` does.
    function scoped() external payable {
        if (msg.sender != address(this)) revert OnlySelf();
        uint256 inflow;
        Question question;
        Record known;
        assembly ("memory-safe") {
            inflow := calldataload(4)
            let size := calldataload(36)
            question := mload(64)
            known := add(question, and(add(size, 31), not(31)))
            calldatacopy(question, 68, size)
            calldatacopy(known, add(68, size), sub(calldatasize(), add(68, size)))
            mstore(64, add(known, calldatasize()))
        }
        (uint256 answer, uint256 size_, uint256 next) = _step(question, known, inflow);
        if (size_ == 0) (answer, size_) = _loop(question, next);
        _return(answer, size_);
    }

    function _failed(uint256 answer) private pure returns (bool failed) {
        assembly ("memory-safe") {
            failed := mload(answer)
        }
    }

    function _return(uint256 answer, uint256 size) private pure {
        assembly ("memory-safe") {
            return(answer, size)
        }
    }

    /// @dev What comes after the loop, up to the proxy's own return, costs gas that grows with the
    /// data; it must be there, or a result would look like a failure without data.
    function _requireGasToReturn(uint256 size) private view {
        unchecked {
            uint256 words = size / 32;
            if (RESERVE_GAS + gasleft() < 10000 + 40 * words + words * words / 32) revert NotEnoughGas();
        }
    }

    /// @dev The loop's self-call failed, with what lies in returndata. It never fails without data but
    /// for lack of gas; an Undo that comes out here has found no scope in this loop.
    function _endLoop() private pure {
        bytes memory result = _returned(0);
        if (result.length == 0) revert NotEnoughGas();
        if (_isUndo(result)) {
            (uint64 rollupId, bytes32 undoHead,) = _undoArguments(result);
            revert ScopeMissing(rollupId, undoHead);
        }
        HubErrors.rethrow(result);
    }

    /// @dev Returndata, without its last bytes.
    function _returned(uint256 without) private pure returns (bytes memory result) {
        assembly ("memory-safe") {
            result := mload(64)
            let size := sub(returndatasize(), without)
            mstore(result, size)
            returndatacopy(add(result, 32), 0, size)
            mstore(64, and(add(add(result, size), 63), not(31)))
        }
    }

    // --- the loop -----------------------------------------------------------------------------------

    /// @inheritdoc Inbox
    function _runL2TX(Question question) internal override {
        if (!question.deliver(this.run.selector, gasleft(), false)) _endLoop();
        bytes memory result = _returned(0);
        if (_failed(32 + _at(result))) revert UnexpectedAction();
    }

    function _at(bytes memory data) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := data
        }
    }

    /// @dev Delivers an action and follows what comes of it until its RESULT: a word in memory, whether
    /// it failed, and behind it its data. `inflow` is the ether that the action brings to the rollups.
    /// All questions of a loop lie in one place, one after the other.
    function _loop(Question question, uint256 inflow) private returns (uint256 answer, uint256 size) {
        unchecked {
            Stand[] memory stands;
            while (true) {
                Record known = _find(question, stands);
                if (!known.scope()) {
                    (answer, size, inflow) = _step(question, known, inflow);
                    if (size != 0) return (answer, size);
                    continue;
                }
                bool ok = _open(question, known, inflow);
                bytes memory result = _returned(0);
                if (ok) return (_at(result) + 32, result.length);
                (bool isMine, bytes32 reverted) = _readUndo(result, known, question);
                if (!isMine) HubErrors.rethrow(result);
                // The entry and everything after it are undone; the rollup of its input goes on from
                // there, and with the same ether.
                _continue(question, reverted);
            }
        }
    }

    /// @dev The rest of the loop in a scope; see `scoped`.
    function _open(Question question, Record known, uint256 inflow) private returns (bool ok) {
        uint256 size = question.sizeOf() + 164;
        uint256 knownSize = known.size();
        bytes4 selector = this.scoped.selector;
        assembly ("memory-safe") {
            let at := mload(64)
            mstore(at, selector)
            mstore(add(at, 4), inflow)
            mstore(add(at, 36), size)
            mcopy(add(at, 68), question, size)
            mcopy(add(at, add(68, size)), known, knownSize)
            ok := call(gas(), address(), 0, at, add(68, add(size, knownSize)), 0, 0)
        }
    }

    /// @dev REVERT_CONTINUE in the place of the question that is undone.
    function _continue(Question question, bytes32 reverted) private pure {
        bytes32 undone = question.hash();
        uint64 rollupId = question.rollupId();
        question.close();
        bytes memory data = Questions.open(uint256(Kind.REVERT_CONTINUE), rollupId, 64).data();
        assembly ("memory-safe") {
            mstore(add(data, 32), undone)
            mstore(add(data, 64), reverted)
        }
    }

    /// @dev Applies an entry and does what its out-action asks for: the end, a call here, or an
    /// undoing. At the end `size` is not 0, and the answer is what `_loop` returns; otherwise the
    /// question is the action that follows, and `next` what ether that brings.
    function _step(Question question, Record known, uint256 inflow)
        private
        returns (uint256 answer, uint256 size, uint256 next)
    {
        Out memory out = _apply(known, question, inflow);
        if (out.kind == RESULT) {
            (answer, size) = _end(out);
            return (answer, size, 0);
        }
        if (out.kind == REVERT) revert Undo(out.rollupId, _dataWord(out), head(out.rollupId));
        if (out.kind != CALL) revert UnexpectedAction();
        address proxy = ProxyCode.addressOf(out.sourceRollupId, out.source);
        if (proxy.code.length == 0) _createProxy(out.sourceRollupId, out.source);
        (bool ok, uint256 used) = _call(out, proxy);
        next = ok ? 0 : out.value;
        (uint64 rollupId, uint256 given, address target) = (out.sourceRollupId, out.gas, out.target);
        question.close();
        _answer(rollupId, given, used, ok, target);
    }

    function _dataWord(Out memory out) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(mload(add(out, 256)))
        }
    }

    /// @dev A RESULT as `_loop` returns it: `failed` takes the place of the word before its data, which
    /// is not needed any more.
    function _end(Out memory out) private pure returns (uint256 answer, uint256 size) {
        unchecked {
            answer = out.data - 32;
            size = 32 + out.size;
            bool failed = out.flag;
            assembly ("memory-safe") {
                mstore(answer, failed)
            }
        }
    }

    /// @dev Has the proxy call the target (ProxyCode says how). Nobody may speak to this contract as a
    /// proxy: such a call fails without being made.
    function _call(Out memory out, address proxy) private returns (bool ok, uint256 used) {
        unchecked {
            address target = out.target;
            if (target == address(this)) return (false, 0);
            uint256 gas_ = out.gas;
            uint256 value = out.value;
            uint256 needed = _ownCost(target, value) + gas_ + gas_ / 63 + 1;
            bool isStatic = out.flag;
            assembly ("memory-safe") {
                let at := mload(64)
                mstore(at, target)
                mstore(add(at, 32), gas_)
                mstore(add(at, 64), needed)
                mstore(add(at, 96), value)
                let size := mload(add(out, 288))
                mcopy(add(at, 128), mload(add(out, 256)), size)
                size := add(128, size)
                used := gas()
                switch isStatic
                case 0 { ok := call(gas(), proxy, value, at, size, 0, 0) }
                default { ok := staticcall(gas(), proxy, at, size, 0, 0) }
                used := sub(used, gas())
            }
        }
    }

    /// @dev What the proxy's CALL itself will cost, an upper bound within a few hundred gas. Looking at
    /// the account makes it warm; so does looking at the one whose code it borrows.
    function _ownCost(address to, uint256 value) private view returns (uint256 cost) {
        cost = OWN_GAS;
        uint256 codeSize = to.code.length;
        if (codeSize == 23) {
            assembly ("memory-safe") {
                extcodecopy(to, 0, 0, 32)
                let code := mload(0)
                // No balance is 2^256 - 1, but the compiler cannot know and so does not leave the look
                // out.
                if eq(shr(232, code), 0xef0100) {
                    cost := add(cost, add(DELEGATION_GAS, iszero(not(balance(shr(96, shl(24, code)))))))
                }
            }
        }
        if (value != 0) {
            cost += VALUE_GAS;
            if (codeSize == 0 && to.codehash == 0) cost += NEW_ACCOUNT_GAS;
        }
    }

    /// @dev The RESULT of a call that a proxy was told to make; its data lies in returndata.
    function _answer(uint64 rollupId, uint256 given, uint256 used, bool ok, address target)
        private
        view
        returns (Question question)
    {
        uint256 size = 0;
        if (target != address(this)) {
            assembly ("memory-safe") {
                size := returndatasize()
            }
            if (!ok) {
                // No mark behind the data: the proxy did not make the call, or ran out of gas around it.
                if (size == 0) revert NotEnoughGas();
                size--;
            }
        }
        question = Questions.open(RESULT, rollupId, size);
        bytes memory data = question.data();
        assembly ("memory-safe") {
            returndatacopy(add(data, 32), 0, size)
        }
        if (!ok && HubErrors.isHubError(data)) HubErrors.rethrow(data);
        used = Gas.lead4Up(used);
        question.setGas(used < given ? used : given);
        question.setFailed(!ok);
    }

    /// @dev Where a rollup stands in the course of a static call; otherwise they stand where they are.
    struct Stand {
        uint64 rollupId;
        bytes32 head;
    }

    function _find(Question question, Stand[] memory stands) private view returns (Record known) {
        unchecked {
            uint64 rollupId = question.rollupId();
            bytes32 at = _headIn(stands, rollupId);
            uint256 key = question.prepare(this.lookup.selector, at);
            for (uint256 alternative = 0;; alternative++) {
                (uint256 record, uint256 size) = question.ask(key, alternative);
                if (size == 0) revert EntryNotFound(rollupId, at, question.hash());
                known = Record.wrap(record);
                uint256 others = known.others();
                if (others == 0) return known;
                Move memory m;
                bool holds = true;
                for (uint256 next = known.firstOther(); holds && others != 0; others--) {
                    next = Records.other(next, m);
                    holds = _headIn(stands, m.rollupId) == m.pre;
                }
                if (holds) return known;
            }
        }
    }

    function _headIn(Stand[] memory stands, uint64 rollupId) private view returns (bytes32) {
        unchecked {
            for (uint256 i = 0; i < stands.length; i++) {
                if (stands[i].rollupId == rollupId) return stands[i].head;
            }
            return head(rollupId);
        }
    }

    /// @inheritdoc ILoop
    function lookup(uint64 rollupId, bytes32, Action calldata action, uint256 alternative, uint256 key) external view {
        if (msg.sender != address(this)) revert OnlySelf();
        (uint256 record, uint256 size) = Table.get(rollupId, action.kind == Kind.CALL, key, alternative);
        _return(record, size);
    }

    function _apply(Record known, Question question, uint256 inflow) private returns (Out memory out) {
        unchecked {
            bytes32 entryHash = known.hash();
            uint256 at = known.firstOther();
            Move memory m;
            uint256 others = known.others();
            for (uint256 i = 0; i < others; i++) at = Records.other(at, m);
            out = known.out(question, at);
            m = known.first(question, out);
            if (m.post != m.pre) _markUsed(entryHash);
            bool isStuck = known.header() & Records.STUCK != 0;
            int256 sum = _move(m, isStuck);
            at = known.firstOther();
            for (uint256 i = 0; i < others; i++) {
                at = Records.other(at, m);
                sum += _move(m, isStuck);
            }
            if (sum != int256(inflow) - int256(out.value)) revert EtherMismatch(entryHash);
            emit EntryConsumed(question.rollupId(), entryHash);
        }
    }

    /// @dev What the transition adds to the balance.
    function _move(Move memory m, bool isStuck) private returns (int256 delta) {
        uint64 rollupId = m.rollupId;
        Rollup storage r = rollups[rollupId];
        if (m.post != m.pre) {
            if (_isPending(rollupId) || isStuck && r.updatedInBlock != block.number) revert NotUpdated(rollupId);
            r.head = m.post;
            _noteMoved(rollupId, m.idle);
        }
        delta = m.etherDelta;
        if (delta == 0) return 0;
        if (r.hasOwnToken) revert TokenRollup(rollupId);
        _changeBalance(rollupId, r, delta);
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

    /// @dev Between loops every rollup is idle: so only who is not is remembered, and only as long as
    /// the transaction lasts.
    function _noteMoved(uint64 rollupId, bool isIdle) private {
        unchecked {
            uint256 flag = SUSPENDED_FLAGS + rollupId;
            bool wasSuspended = _tload(flag) != 0;
            if (wasSuspended == !isIdle) return;
            _tstore(flag, isIdle ? 0 : 1);
            if (isIdle) return;
            uint256 count = suspendedCount;
            _tstore(SUSPENDED + count, rollupId);
            suspendedCount = count + 1;
        }
    }

    function _requireIdle() private {
        uint256 count = suspendedCount;
        if (count == 0) return;
        for (uint256 i = 0; i < count; i++) {
            uint64 rollupId = uint64(_tload(SUSPENDED + i));
            if (_tload(SUSPENDED_FLAGS + rollupId) != 0) revert NotIdle(rollupId);
        }
        suspendedCount = 0;
    }

    /// @dev Whether the revert data is an Undo for a scope with these transitions.
    function _readUndo(bytes memory result, Record known, Question question)
        private
        pure
        returns (bool isMine, bytes32 reverted)
    {
        if (!_isUndo(result)) return (false, 0);
        uint64 rollupId;
        bytes32 undoHead;
        (rollupId, undoHead, reverted) = _undoArguments(result);
        isMine = question.rollupId() == rollupId && question.head() == undoHead;
        Move memory m;
        uint256 at = known.firstOther();
        for (uint256 others = known.others(); !isMine && others != 0; others--) {
            at = Records.other(at, m);
            isMine = m.rollupId == rollupId && m.pre == undoHead;
        }
    }

    function _isUndo(bytes memory result) private pure returns (bool) {
        return result.length == 100 && bytes4(result) == Undo.selector;
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

    function _staticLoop(Question question) private returns (uint256 answer, uint256 size) {
        Stand[] memory stands;
        while (true) {
            Record known = _find(question, stands);
            Out memory out;
            (stands, out) = _moved(stands, known, question);
            if (out.kind == RESULT) {
                for (uint256 i = 0; i < stands.length; i++) {
                    if (stands[i].head != head(stands[i].rollupId)) revert NotIdle(stands[i].rollupId);
                }
                return _end(out);
            }
            if (out.kind != CALL || !out.flag) revert UnexpectedAction();
            address proxy = ProxyCode.addressOf(out.sourceRollupId, out.source);
            if (proxy.code.length == 0) revert ProxyMissing(out.sourceRollupId, out.source);
            out.value = 0;
            (bool ok, uint256 used) = _call(out, proxy);
            question = _answer(out.sourceRollupId, out.gas, used, ok, out.target);
        }
    }

    /// @dev Where the rollups stand after an entry, and its out-action.
    function _moved(Stand[] memory stands, Record known, Question question)
        private
        pure
        returns (Stand[] memory next, Out memory out)
    {
        Move memory m;
        uint256 count = 1 + known.others();
        next = new Stand[](stands.length + count);
        uint256 at = known.firstOther();
        for (uint256 i = 1; i < count; i++) {
            at = Records.other(at, m);
            next[i] = Stand(m.rollupId, m.post);
        }
        out = known.out(question, at);
        m = known.first(question, out);
        next[0] = Stand(m.rollupId, m.post);
        uint256 moved = count;
        for (uint256 i = 0; i < stands.length; i++) {
            bool isNew = true;
            for (uint256 j = 0; isNew && j < moved; j++) isNew = next[j].rollupId != stands[i].rollupId;
            if (isNew) next[count++] = stands[i];
        }
        assembly ("memory-safe") {
            mstore(next, count)
        }
    }

    // --- small things ---------------------------------------------------------------------------------

    function _tload(uint256 slot) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := tload(slot)
        }
    }

    function _tstore(uint256 slot, uint256 word) private {
        assembly ("memory-safe") {
            tstore(slot, word)
        }
    }
}
