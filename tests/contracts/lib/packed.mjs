// A batch as it is posted, and the hash of an entry: contracts/src/types/{Packed,Record}.sol say how.
import { concat, encodeAbiParameters, keccak256, numberToHex, pad, parseAbiParameters, size, slice, zeroHash } from "viem";

const ACTION =
    "(uint8 kind, uint64 rollupId, address target, uint64 sourceRollupId, address source," +
    " uint256 value, uint64 gas, bool isStatic, bool failed, bytes data)";
const [actionType] = parseAbiParameters(`${ACTION} action`);
const [traceType] = parseAbiParameters(`${ACTION}[] trace`);

export const KIND = { CALL: 0, RESULT: 1, L2TX: 2, REVERT: 3, REVERT_CONTINUE: 4 };
export const actionHash = (action) => keccak256(encodeAbiParameters([actionType], [action]));
const traceHash = (trace) => (trace.length === 0 ? zeroHash : keccak256(encodeAbiParameters([traceType], [trace])));
export const keyOf = (entry) => keccak256(encodeAbiParameters(
    parseAbiParameters("uint64, bytes32, bytes32"), [entry.input.rollupId, entry.transitions[0].pre, actionHash(entry.input)],
));

const number = (value, bytes) => numberToHex(value, { size: bytes });
const sized = (data) => [number(size(data), 3), data];
const suspendedHead = (pre, input, trace, out) => keccak256(concat([pre, actionHash(input), traceHash(trace), actionHash(out)]));

/** Whether the head that the first transition leads to need not be said. */
const isDerived = ({ input, transitions: [t], trace, out }) =>
    out.kind === KIND.CALL && trace.length === 0 && t.post === suspendedHead(t.pre, input, trace, out);
const isOwn = ({ input, out }) =>
    input.kind === KIND.CALL && out.source.toLowerCase() === input.target.toLowerCase() && out.sourceRollupId === input.rollupId;

/** The words of a record, its key first. */
export function recordOf(entry) {
    const { input, transitions: [first, ...others], out, scope } = entry;
    const words = [];
    const word = (value) => words.push(number(BigInt.asUintN(256, BigInt(value)), 32));
    let flags = out.kind | (scope ? 4 : 0) | (out.isStatic || out.failed ? 8 : 0) | (first.idle ? 1 << 6 : 0);
    if (isDerived(entry)) flags |= 1 << 9;
    else if (first.post === first.pre) flags |= 1 << 7;
    else word(first.post);
    if (first.etherDelta !== 0n) {
        flags |= 1 << 5;
        word(first.etherDelta);
    }
    for (const t of others) {
        word(t.rollupId | (t.idle ? 1n << 64n : 0n) | (t.post === t.pre ? 1n << 65n : 0n) | (t.etherDelta !== 0n ? 1n << 66n : 0n));
        word(t.pre);
        if (t.post !== t.pre) word(t.post);
        if (t.etherDelta !== 0n) word(t.etherDelta);
    }
    let { data } = out;
    let padding = 0;
    if (out.kind === KIND.CALL) {
        const selector = pad(slice(concat([data, "0x00000000"]), 0, 4), { dir: "right", size: 4 });
        words.push(concat([selector, number(out.gas, 8), out.target]));
        if (isOwn(entry)) flags |= 1 << 8;
        else word(out.sourceRollupId << 160n | BigInt(out.source));
        if (out.value !== 0n) {
            flags |= 1 << 4;
            word(out.value);
        }
        padding = Math.max(0, 4 - size(data));
        data = size(data) <= 4 ? "0x" : slice(data, 4);
    } else if (out.kind === KIND.REVERT) {
        word(out.rollupId);
    }
    if (size(data) !== 0) {
        padding = (32 - size(data) % 32) % 32;
        words.push(pad(data, { dir: "right", size: size(data) + padding }));
    }
    const count = words.reduce((n, w) => n + size(w) / 32, 1);
    const header = BigInt(count) << 28n | BigInt(padding) << 20n | BigInt(others.length) << 12n | BigInt(flags);
    return concat([keyOf(entry), number(header, 32), ...words]);
}

export const entryHash = (entry) => keccak256(recordOf(entry));

/** A list in which each item stands once. */
class List {
    items = [];
    index(item) {
        const at = this.items.indexOf(item);
        return at >= 0 ? at : this.items.push(item) - 1;
    }
}

class Packer {
    addresses = new List();
    heads = new List();
    derived = [];

    constructor(batch) {
        this.batch = batch;
        const ids = [
            ...batch.updates.map((u) => u.rollupId),
            ...batch.entries.flatMap(({ transitions, trace, out }) => [
                ...transitions.map((t) => t.rollupId), out.kind === KIND.CALL ? out.sourceRollupId : out.rollupId,
                ...trace.flatMap((line) => (line.kind === KIND.REVERT ? [line.rollupId] : [line.rollupId, line.sourceRollupId])),
            ]),
        ];
        this.rollupIds = [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1));
    }

    rollup = (id) => number(this.rollupIds.indexOf(id), 1);
    address = (value) => number(this.addresses.index(value.toLowerCase()), 2);

    head(value) {
        const derived = this.heads.items.includes(value) ? -1 : this.derived.indexOf(value);
        return number(derived >= 0 ? derived + 0x8000 : this.heads.index(value), 2);
    }

    update(u) {
        return concat([
            this.rollup(u.rollupId), number(u.anchorNumber, 8), number(u.timestamp, 8), number(u.forced, 2),
            number(u.messageSlots.length, 2), number(size(u.payload), 3), ...u.messageSlots, u.payload,
        ]);
    }

    /** The update whose L2TX an action is, or -1. */
    updateOf({ rollupId, data }) {
        if (size(data) !== 160) return -1;
        const messages = (u) => (u.messageSlots.length === 0 ? zeroHash : keccak256(concat(u.messageSlots)));
        return this.batch.updates.findIndex((u) => u.rollupId === rollupId
            && slice(data, 0, 32) === keccak256(u.payload) && slice(data, 64, 96) === messages(u)
            && slice(data, 128) === number(u.timestamp, 32));
    }

    input(a) {
        const value = a.value === 0n ? [] : [number(a.value, 32)];
        if (a.kind === KIND.CALL) {
            const isForeign = a.sourceRollupId !== 0n;
            return [(a.isStatic ? 8 : 0) | (value.length ? 16 : 0) | (isForeign ? 32 : 0), [
                this.address(a.source), this.address(a.target), number(a.gas, 8),
                ...(isForeign ? [number(a.sourceRollupId, 8)] : []), ...value, ...sized(a.data),
            ]];
        }
        if (a.kind === KIND.RESULT) return [a.failed ? 8 : 0, [number(a.gas, 8), ...sized(a.data)]];
        const update = a.kind === KIND.L2TX ? this.updateOf(a) : -1;
        if (update < 0) return [0, sized(a.data)];
        const forced = slice(a.data, 96, 128);
        const more = forced === zeroHash ? [] : [forced];
        return [8 | (more.length ? 16 : 0), [number(update, 2), slice(a.data, 32, 64), ...more]];
    }

    transition(t, index, derived) {
        const isNegative = t.etherDelta < 0n;
        const flags = (t.idle ? 1 : 0) | (t.etherDelta !== 0n ? 2 : 0) | (isNegative ? 4 : 0) | (derived ? 8 : 0);
        return [
            number(flags, 1), ...(index === 0 ? [] : [this.rollup(t.rollupId)]), this.head(t.pre),
            ...(derived ? [] : [this.head(t.post)]),
            ...(t.etherDelta !== 0n ? [number(isNegative ? -t.etherDelta : t.etherDelta, 32)] : []),
        ];
    }

    out(entry) {
        const a = entry.out;
        if (a.kind !== KIND.CALL) {
            const gas = a.kind === KIND.RESULT ? [number(a.gas, 8)] : [];
            return [a.kind | (a.failed ? 8 : 0), [this.rollup(a.rollupId), ...gas, ...sized(a.data)]];
        }
        const own = isOwn(entry);
        const value = a.value === 0n ? [] : [number(a.value, 32)];
        return [(a.isStatic ? 8 : 0) | (value.length ? 16 : 0) | (own ? 32 : 0), [
            this.address(a.target), number(a.gas, 8),
            ...(own ? [] : [this.rollup(a.sourceRollupId), this.address(a.source)]), ...value, ...sized(a.data),
        ]];
    }

    line(a) {
        const [isCall, hasSource] = [a.kind === KIND.CALL, a.kind !== KIND.REVERT];
        const flags = a.kind | (a.isStatic || a.failed ? 8 : 0) | (a.value !== 0n ? 16 : 0);
        return concat([
            number(flags, 1), this.rollup(a.rollupId), ...(hasSource ? [this.rollup(a.sourceRollupId)] : []),
            ...(isCall ? [this.address(a.source), this.address(a.target)] : []), ...(hasSource ? [number(a.gas, 8)] : []),
            ...(a.value !== 0n ? [number(a.value, 32)] : []), ...sized(a.data),
        ]);
    }

    trace(lines) {
        if (lines.length === 0) return "0x";
        const packed = concat([number(lines.length, 2), ...lines.map((line) => this.line(line))]);
        return concat([number(size(packed), 4), packed]);
    }

    entry(e) {
        const derived = isDerived(e);
        const [inFlags, input] = this.input(e.input);
        const transitions = e.transitions.flatMap((t, i) => this.transition(t, i, derived && i === 0));
        const [outFlags, out] = this.out(e);
        if (derived) this.derived.push(e.transitions[0].post);
        return concat([
            number(e.input.kind | inFlags | (e.scope ? 64 : 0) | (e.trace.length ? 128 : 0), 1), number(outFlags, 1),
            number(e.transitions.length, 1), this.rollup(e.input.rollupId), ...input, ...transitions, ...out, this.trace(e.trace),
        ]);
    }

    pack() {
        const updates = this.batch.updates.map((u) => this.update(u));
        const entries = this.batch.entries.map((e) => this.entry(e));
        return concat([
            number(this.rollupIds.length, 1), number(this.addresses.items.length, 2), number(this.heads.items.length, 2),
            number(this.derived.length, 2), number(updates.length, 2), number(entries.length, 2),
            ...this.rollupIds.map((id) => number(id, 8)), ...this.addresses.items, ...this.heads.items, ...updates, ...entries,
        ]);
    }
}

export const encodeBatch = (batch) => new Packer(batch).pack();
