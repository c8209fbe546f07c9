// What the Hub refuses, and with which error.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { concat, encodeErrorResult, encodeFunctionData, getAddress, slice, toFunctionSelector, toHex, zeroAddress } from "viem";
import { ANSWER, CALL, KIND, RC, RES, REVERT, World, actionHash, bytesOf, encodeBatch, eth, failed, head, r, scall, word } from "./lib/hub.mjs";

let w, snapshot;
before(async () => {
    w = await World.open();
});
after(() => w?.close());
beforeEach(async () => {
    snapshot = await w.rpc("evm_snapshot");
});
afterEach(async () => {
    await w.rpc("evm_revert", snapshot);
});

const f = bytesOf("f()"), g = bytesOf("g()"), x = bytesOf("x()"), go = bytesOf("go");
const GAS = 200_000n;
const toA = (more = {}) => ({ from: w.user, to: w.A, data: go, ...more });
const toParent = (from, to, data, more = {}) => CALL(from, [0, to], data, { gas: GAS, ...more });
const callsF = (more = {}) => w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, ...more }], isForwarding: true });
const fromA = (data = f, more = {}) => CALL([0, w.A], [1, w.B], data, more);

/** The batch is refused with this error, and nothing has changed. */
async function refuses(error, fill, options) {
    const result = await w.block(fill, [], options);
    if (error instanceof RegExp) assert.match(result.errors[0] ?? "accepted", error);
    else assert.equal(result.errors[0], error);
    assert.equal(await w.headOf(1), head("S-"));
    assert.equal(await w.headOf(2), head("T-"));
    assert.equal(await w.read("balanceOf", [1n]), eth(10));
    return result;
}

/** The error of a transaction in a block of its own. */
async function errorOf(tx) {
    const { receipts } = await w.mine({ gas: 2_000_000n, ...tx, mayFail: true });
    const trace = await w.trace(receipts[0].transactionHash);
    return receipts[0].status === "0x1" ? null : w.errorName(trace.output);
}
const call = (functionName, args, more = {}) => errorOf({ to: w.hub, data: w.calldata(functionName, args), ...more });

// --- coverage and proofs ----------------------------------------------------------------------------

const moveOne = (b) => b.begin(1, "S-", "S0");

test("an update of a rollup that no proof covers", () =>
    refuses("NotCovered(1)", moveOne, { proofs: [] }));

test("an entry of a rollup that no proof covers", async () =>
    refuses("NotCovered(2)", (b) => {
        b.begin(1, "S-", "S0");
        b.entry("e", fromA(), [r(1, "S0", "S1"), r(2, "T-", "T-")], RES(1));
    }, { proofs: [{ system: w.system, rollupIds: [1n], data: "0x" }] }));

test("a proof of a system that the rollup is not registered with", async () => {
    const other = await w.deploy("AlwaysTrue");
    await refuses("WrongProofSystem(1)", moveOne, { proofs: [{ system: other, rollupIds: [1n], data: "0x" }] });
});

test("a proof for rollups of different vkeys", async () => {
    await w.register({ at: "V-", vkey: word(8) });
    const both = { system: w.system, rollupIds: [1n, 3n], data: "0x" };
    await refuses("WrongProofSystem(3)", moveOne, { proofs: [both] });
    const result = await w.block(moveOne, [], { proofs: [1n, 3n].map((id) => ({ ...both, rollupIds: [id] })) });
    assert.equal(result.errors[0], null);
});

test("rollups that nobody registered", async () => {
    const proofs = [{ system: w.system, rollupIds: [9n], data: "0x" }];
    const fill = (b) => b.entry("e", b.update(9), r(9, "X", "S0"), RES(9));
    await refuses("WrongProofSystem(9)", fill, { proofs });
    await refuses("UnknownRollup(9)", fill, { proofs: [{ ...proofs[0], system: zeroAddress }] });
    await refuses(/^MalformedBatch/, (b) => b.entry("e", b.update(0), r(0, "X", "S0"), RES(0)),
        { proofs: [{ system: zeroAddress, rollupIds: [0n], data: "0x" }] });
});

test("a proof for no rollup", async () =>
    refuses(`ProofRefused(${getAddress(w.system)})`, moveOne,
        { proofs: [{ system: w.system, rollupIds: [], data: "0x" }, { system: w.system, rollupIds: [1n], data: "0x" }] }));

test("a proof is of exactly this batch, vkey, rollups and data", async () => {
    const system = await w.deploy("Expecting");
    await w.register({ at: "V-", system, vkey: word(77) });
    const proofs = [{ system, rollupIds: [3n], data: bytesOf("proof") }];
    const fill = (b) => {
        b.entry("e1", b.update(3), r(3, "V-", "S0"), toParent([3, w.B], w.D, g));
        b.entry("e2", ANSWER(3), r(3, "S0", "S1"), RES(3));
    };
    const expect = (batch, publicInput = batch.publicInput) => ({
        to: system,
        data: encodeFunctionData({
            abi: w.test.Expecting.abi, functionName: "expect", args: [word(77), [3n], publicInput, bytesOf("proof")],
        }),
    });
    const wrong = await w.block(fill, [], { proofs, arrange: (post, batch) => [expect(batch, word(1)), post] });
    assert.equal(wrong.errors[1], `ProofRefused(${getAddress(system)})`);
    const right = await w.block(fill, [], { proofs, arrange: (post, batch) => [expect(batch), post] });
    assert.deepEqual(right.errors, [null, null]);
    const posted = right.events.find((e) => e.name === "BatchPosted");
    assert.equal(posted.args.publicInput, right.batch.publicInput);
});

// --- entries ----------------------------------------------------------------------------------------

const malformed = [
    ["no transitions", (b) => b.entry("e", fromA(), [], RES(1)), "BadTransitions(1)"],
    ["the input's rollup is not first", (b) => b.entry("e", fromA(), [r(2, "T-", "T-"), r(1, "S0", "S1")], RES(1)), "BadTransitions(1)"],
    ["a rollup twice", (b) => b.entry("e", fromA(), [r(1, "S0", "S1"), r(1, "S0", "S1")], RES(1)), "BadTransitions(1)"],
    ["the out-CALL's source is no transition's", (b) => b.entry("e", fromA(), r(1, "S0", "M1"), toParent([2, w.C], w.D, x)), "BadTransitions(1)"],
    ["the out-RESULT is another rollup's", (b) => b.entry("e", fromA(), r(1, "S0", "S1"), RES(2)), "BadTransitions(1)"],
    ["an out-L2TX", (b) => b.entry("e", fromA(), r(1, "S0", "M1"), { ...RES(1), kind: KIND.L2TX }), "OutActionUnexpected()"],
    ["an out-REVERT to no head", (b) => b.entry("e", fromA(), r(1, "S0", "M1"), REVERT(1, "0x1234")), "OutActionUnexpected()"],
];
for (const [name, fill, error] of malformed)
    test(`an entry with ${name}`, () =>
        refuses(error, (b) => {
            b.begin(1, "S-", "S0");
            fill(b);
        }, { proofs: [{ system: w.system, rollupIds: [1n, 2n], data: "0x" }] }));

// Who vouches for rollup 1 alone may not have it believe that rollup 2 said something.
for (const [name, line] of [
    ["a callee in the trace", () => CALL([1, w.B], [2, w.C], g, { gas: 1n })],
    ["a caller in the trace", () => CALL([2, w.C], [1, w.B], g, { gas: 1n })],
    ["an answer in the trace", () => RES(1, "0x", { sourceRollupId: 2n })],
    ["a REVERT in the trace", () => ({ ...RES(2), kind: KIND.REVERT })],
])
    test(`an entry with ${name} of a rollup that no proof covers`, () =>
        refuses("NotCovered(2)", (b) => {
            b.begin(1, "S-", "S0");
            b.entry("e", fromA(), r(1, "S0", "S1"), RES(1), { trace: [line()] });
        }, { proofs: [{ system: w.system, rollupIds: [1n], data: "0x" }] }));

// --- what is no packed batch ------------------------------------------------------------------------

const n = (value, bytes) => `0x${BigInt(value).toString(16).padStart(2 * bytes, "0")}`;

/** A batch by its parts: rollup 1 begins, and somebody calls it. Each part may be another. */
function parts(b) {
    b.update(1);
    const [u] = b.updates;
    return {
        rollups: [n(1, 8)], addresses: [w.A, w.B], heads: [head("S-"), head("S0"), head("S1")], derived: 0,
        updates: [[n(0, 1), n(u.anchorNumber, 8), n(u.timestamp, 8), n(0, 2), n(0, 2), n(3, 3), "0xc0ffee"]],
        entries: [
            // L2TX of update 0, head 0 to head 1, RESULT.
            { in: 2 | 8, out: 1, transitions: 1, rollup: 0, input: [n(0, 2), u.anchorHash], moves: [n(1, 1), n(0, 2), n(1, 2)], result: [n(0, 1), n(0, 8), n(0, 3)] },
            // CALL of address 1 by address 0, head 1 to head 2, RESULT.
            { in: 0, out: 1, transitions: 1, rollup: 0, input: [n(0, 2), n(1, 2), n(0x80000, 8), n(0, 3)], moves: [n(1, 1), n(1, 2), n(2, 2)], result: [n(0, 1), n(0, 8), n(0, 3)] },
        ],
    };
}

const packedParts = (p) => concat([
    n(p.rollupCount ?? p.rollups.length, 1), n(p.addressCount ?? p.addresses.length, 2), n(p.headCount ?? p.heads.length, 2), n(p.derived, 2),
    n(p.updates.length, 2), n(p.entryCount ?? p.entries.length, 2), ...p.rollups, ...p.addresses, ...p.heads, ...p.updates.flat(),
    ...p.entries.flatMap((e) => [n(e.in, 1), n(e.out, 1), n(e.transitions, 1), n(e.rollup, 1), ...e.input, ...e.moves, ...e.result]),
]);

/** Posts these bytes, with somebody who vouches for anything. */
async function postsBytes(change, rollupIds = [1n]) {
    const result = await w.scratch(() => w.block(() => {}, [], {
        arrange: (post, b) => {
            const p = parts(b);
            const bytes = change(p) ?? packedParts(p);
            return [{ ...post, data: w.calldata("postBatch", [bytes, [{ system: w.system, rollupIds, data: "0x" }]]) }];
        },
    }));
    return result.errors[0];
}

const callOut = (more) => ({ out: 0, result: [n(1, 2), n(1000, 8), n(0, 1), n(0, 2), n(0, 3)], ...more });

test("a batch by its parts is one", async () => {
    assert.equal(await postsBytes(() => {}), null);
    assert.equal(await postsBytes((p) => {
        Object.assign(p.entries[1], callOut({ moves: [n(8, 1), n(1, 2)] }));
        p.derived = 1;
    }), null);
});

const noBatch = [
    ["nothing", () => "0x"],
    ["one byte more", (p) => concat([packedParts(p), "0x00"])],
    ["one byte less", (p) => packedParts(p).slice(0, -2)],
    ["fewer entries than there are", (p) => { p.entryCount = 1; }],
    ["more rollups than there are", (p) => { p.rollupCount = 255; }],
    ["more addresses than there are", (p) => { p.addressCount = 0xffff; }],
    ["more heads than there are", (p) => { p.headCount = 0xffff; }],
    ["a rollup twice in the list", (p) => { p.rollups = [n(1, 8), n(1, 8)]; }],
    ["rollups that descend", (p) => { p.rollups = [n(2, 8), n(1, 8)]; }],
    ["rollup 0", (p) => { p.rollups = [n(0, 8), n(1, 8)]; }],
    ["an update of a rollup that is not listed", (p) => { p.updates[0][0] = n(1, 1); }],
    ["a payload that goes on behind the batch", (p) => { p.updates[0][5] = n(0xffffff, 3); }],
    ["an entry of a rollup that is not listed", (p) => { p.entries[1].rollup = 1; }],
    ["an entry of the 256th rollup", (p) => { p.entries[1].rollup = 255; }],
    ["another transition of a rollup that is not listed", (p) => {
        p.entries[1].transitions = 2;
        p.entries[1].moves.push(n(0, 1), n(1, 1), n(1, 2), n(1, 2));
    }],
    ["the L2TX of an update that is not there", (p) => { p.entries[0].input[0] = n(1, 2); }],
    ["an input of kind 5", (p) => { p.entries[1].in = 5; }],
    ["an input of kind 7", (p) => { p.entries[1].in = 7; }],
    ["a source that is not listed", (p) => { p.entries[1].input[0] = n(2, 2); }],
    ["a target that is not listed", (p) => { p.entries[1].input[1] = n(0xffff, 2); }],
    ["a pre that is not listed", (p) => { p.entries[1].moves[1] = n(3, 2); }],
    ["a post that is not listed", (p) => { p.entries[1].moves[2] = n(0x7fff, 2); }],
    ["a derived head that none has led to", (p) => { p.entries[1].moves[1] = n(0x8000, 2); p.derived = 1; }],
    ["a derived head of its own", (p) => {
        Object.assign(p.entries[1], callOut({ moves: [n(0, 1), n(1, 2), n(0x8000, 2)] }));
        p.derived = 1;
    }],
    ["more derived heads than it says", (p) => { Object.assign(p.entries[1], callOut({ moves: [n(8, 1), n(1, 2)] })); }],
    ["a derived head with a trace", (p) => {
        const trace = [n(2, 4), n(0, 2)];
        Object.assign(p.entries[1], callOut({ in: 128, moves: [n(8, 1), n(1, 2)] }));
        p.entries[1].result.push(...trace);
        p.derived = 1;
    }],
    ["a trace that goes on behind the batch", (p) => {
        p.entries[1].in = 128;
        p.entries[1].result.push(n(0xffffffff, 4));
    }],
    ["data that go on behind the batch", (p) => { p.entries[1].result[2] = n(0xffff, 3); }],
    ["an out-CALL to an address that is not listed", (p) => {
        Object.assign(p.entries[1], callOut());
        p.entries[1].result[0] = n(2, 2);
    }],
];
for (const [name, change] of noBatch)
    test(`no batch: ${name}`, async () => assert.match(await postsBytes(change, [1n, 2n]) ?? "", /^MalformedBatch\(\d+\)$/));

test("what a batch may not say, however it is packed", async () => {
    const of = (change) => postsBytes((p) => change(p.entries[1], p), [1n, 2n]);
    assert.equal(await of((_, p) => { p.entryCount = 3; }), "BadTransitions(2)");
    assert.equal(await of((e) => { e.transitions = 0; e.moves = []; }), "BadTransitions(1)");
    assert.equal(await of((e) => { e.out = 5; }), "OutActionUnexpected()");
    assert.equal(await of((e) => { e.moves = [n(8, 1), n(1, 2)]; }), "OutActionUnexpected()");
    assert.equal(await of((e) => { e.result[0] = n(1, 1); }), "BadTransitions(1)");
    assert.equal(await of((e) => Object.assign(e, callOut({ result: [n(1, 2), n(1000, 8), n(1, 1), n(0, 2), n(0, 3)] })) && undefined), "BadTransitions(1)");
});

test("a batch cut short anywhere has no effect", async () => {
    let whole;
    await postsBytes((p) => { whole = packedParts(p); });
    for (let cut = 0; cut < (whole.length - 2) / 2; cut += 7)
        assert.notEqual(await postsBytes((p) => packedParts(p).slice(0, 2 + 2 * cut)), null, `cut to ${cut}`);
});

// --- updates ----------------------------------------------------------------------------------------

const update = (more) => (b) => b.entry("u", b.update(1, more), r(1, "S-", "S0"), RES(1));

test("a message that nobody has sent", () =>
    refuses(`MessageNotSent(${word(1)})`, update({ messageSlots: [word(1)] })));

test("an anchor that is not past, too old, or below the last", async () => {
    const next = (b) => b.world.anchor.number + 1n;
    await refuses(/^AnchorNotPast\((\d+), \1\)$/, (b) => update({ anchorNumber: next(b) })(b));
    await refuses(/^AnchorNotPast/, (b) => update({ anchorNumber: next(b) + 1n })(b));
    const anchor = (await w.block((b) => b.begin(1, "S-", "S0"))).batch.updates[0].anchorNumber;
    const again = await w.block((b) =>
        b.entry("u", b.update(1, { anchorNumber: anchor - 1n }), r(1, "S0", "S1"), RES(1)));
    assert.equal(again.errors[0], `AnchorBelowLast(${anchor - 1n}, ${anchor})`);
});

test("anchors as far back as EIP-2935 knows them, and not one further", async () => {
    await w.rpc("anvil_mine", "0x2100");
    const at = async (lag) => {
        const number = BigInt(await w.rpc("eth_blockNumber")) + 1n - lag;
        const block = await w.rpc("eth_getBlockByNumber", `0x${number.toString(16)}`, false);
        return { anchorNumber: number, anchorHash: block.hash, timestamp: BigInt(block.timestamp) };
    };
    const old = await at(8192n);
    await refuses(`AnchorTooOld(${old.anchorNumber}, ${old.anchorNumber + 8192n})`, update(old));
    for (const lag of [8191n, 257n, 256n, 1n])
        await w.scratch(async () => {
            const result = await w.block(update(await at(lag)));
            assert.equal(result.errors[0], null, `lag ${lag}`);
        });
});

test("a timestamp of the future or below the last", async () => {
    await refuses(/^TimestampOutOfRange/, (b) => update({ timestamp: b.world.anchor.timestamp + 1_000_000n })(b));
    const { timestamp } = (await w.block((b) => b.begin(1, "S-", "S0"))).batch.updates[0];
    const again = await w.block((b) => b.entry("u", b.update(1, { timestamp: timestamp - 1n }), r(1, "S0", "S1"), RES(1)));
    assert.equal(again.errors[0], `TimestampOutOfRange(${timestamp - 1n})`);
});

test("two updates of one batch do not go back, equal is allowed", async () => {
    const two = (more) => (b) => {
        b.entry("u1", b.update(1), r(1, "S-", "S0"), RES(1));
        b.entry("u2", b.update(1, { payload: bytesOf("second"), ...more(b.world.anchor) }), r(1, "S0", "S1"), RES(1));
    };
    await refuses(/^AnchorBelowLast/, two((a) => ({ anchorNumber: a.number - 1n })));
    await refuses(/^TimestampOutOfRange/, two((a) => ({ timestamp: a.timestamp - 1n })));
    const result = await w.block(two(() => ({})));
    assert.equal(result.errors[0], null);
    assert.equal(await w.headOf(1), head("S1"));
});

test("an L2TX runs once: posted again, there is no fact at the new head", async () => {
    const { batch, receipts, errors } = await w.block(moveOne);
    assert.deepEqual(errors, [null]);
    const { input } = await w.rpc("eth_getTransactionByHash", receipts[0].transactionHash);
    const [{ entry }] = batch.entries;
    const error = await errorOf({ to: w.hub, data: input });
    assert.equal(error, `EntryNotFound(1, ${head("S0")}, ${actionHash(entry.input)})`);
});

test("no batch inside a loop", async () => {
    const elsewhere = await w.block(() => {}, [], { proofs: [] });
    const empty = (await w.rpc("eth_getTransactionByHash", elsewhere.receipts[0].transactionHash)).input;
    assert.equal(elsewhere.errors[0], null, "an empty batch by itself is none the worse");
    await w.when(w.D, x, { steps: [{ to: w.hub, data: empty }] });
    const refusal = toFunctionSelector("BatchInsideLoop()");
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x));
        b.entry("e2", ANSWER(1, refusal, { failed: true }), r(1, "M1", "S0"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.deepEqual(result.consumed, ["e1", "e2"]);
});

test("an L2TX that fails", () =>
    refuses("UnexpectedAction()", (b) => b.entry("u", b.update(1), r(1, "S-", "S-"), failed(1))));

// --- finding entries --------------------------------------------------------------------------------

test("without an entry a proxy call reverts and does nothing else", async () => {
    await callsF({ value: 1n });
    const error = await errorOf({ to: w.A, data: go, value: 1n, gas: 5_000_000n });
    assert.match(error, new RegExp(`^EntryNotFound\\(1, ${head("S-")}, `));
    assert.equal(await w.read("balanceOf", [1n]), eth(10));
});

test("entries are gone with their block", async () => {
    await callsF();
    const fill = (b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", fromA(), r(1, "S0", "S0"), RES(1, word(1)));
    };
    const result = await w.block(fill, [toA()]);
    assert.deepEqual(result.errors, [null, null]);
    assert.match(await errorOf({ ...toA(), gas: 5_000_000n }), /^EntryNotFound\(1, /);
});

test("transient entries are gone with their transaction", async () => {
    await callsF();
    const fill = (b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", fromA(), r(1, "S0", "S1"), RES(1, word(1)));
    };
    const apart = await w.block(fill, [toA()], { transient: true });
    assert.match(apart.errors[1] ?? "", new RegExp(`^EntryNotFound\\(1, ${head("S0")}, `));
});

test("transient entries serve the transaction that posts them", async () => {
    await callsF();
    const fill = (b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", fromA(), r(1, "S0", "S1"), RES(1, word(6)));
    };
    const result = await w.bundle(fill, { to: w.A, data: go }, { transient: true });
    assert.deepEqual(result.errors, [null]);
    assert.deepEqual(result.consumed, ["u1", "e1"]);
    const results = [word(32), word(1), word(32), word(32), word(6)]; // the Bundler's bytes[]
    assert.equal(result.outputs[0], `0x${results.map((w) => w.slice(2)).join("")}`);
    // The batch is not in the transaction's input: so it is in the event.
    const posted = result.events.find((e) => e.name === "BatchPosted");
    assert.equal(posted.args.batch, encodeBatch(result.batch.value));
    assert.equal(posted.args.poster, getAddress(w.bundler));
});

test("a fact that moves a head is good once", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, gas: 1_000_000n }, { to: w["P(1:B)"], data: f, gas: 1_000_000n }] });
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", fromA(), r(1, "S0", "S1"), RES(1));
    }, [toA()]);
    assert.match(result.errors[1], new RegExp(`^EntryNotFound\\(1, ${head("S1")}, `));
    assert.equal(await w.headOf(1), head("S0"));
});

test("an alternative whose other rollup stands elsewhere is passed over", async () => {
    await callsF();
    const trace = [scall([1, w.B], [2, w.C], g, { gas: 1n }), RES(1, "0x", { sourceRollupId: 2n })];
    const fill = (last) => (b) => {
        b.begin(1, "S-", "S0");
        b.entry("wrong", fromA(), [r(1, "S0", "S1"), r(2, "T9", "T9")], RES(1, word(1)), { trace });
        const gas = b.figures.get("wrong")?.[0] ?? 0n;
        b.entry("other", fromA(f, { gas }), [r(1, "S0", "S2"), r(2, last, last)], RES(1, word(2)), { trace });
    };
    const right = await w.scratch(() => w.block(fill("T-"), [toA()]));
    assert.deepEqual(right.errors, [null, null]);
    assert.deepEqual(right.consumed, ["u1", "other"]);
    assert.equal(right.outputs[1], word(2));
    const none = await w.block(fill("T8"), [toA()], { figures: right.batch.figures });
    assert.match(none.errors[1], /^EntryNotFound\(1, /);
});

for (const order of [[false, true], [true, false]])
    test(`of entries equal but for scope the one that has it wins, posted ${order.indexOf(true) + 1}.`, async () => {
        const result = await w.block((b) => {
            const input = b.update(1);
            for (const scope of order) b.entry(`e1${scope ? "◇" : ""}`, input, r(1, "S-", "M1"), toParent([1, w.B], w.D, x), { scope });
            b.entry("e2", ANSWER(1), r(1, "M1", "M2"), REVERT(1, "S-"));
            b.entry("e3", RC(1, input, "M2"), r(1, "S-", "S0"), RES(1));
        });
        assert.deepEqual(result.errors, [null]);
        assert.deepEqual(result.consumed, ["e3"]);
    });

test("an entry that is there already takes no room", async () => {
    const table = async (fill) => {
        const result = await w.block(fill);
        assert.deepEqual(result.errors, [null]);
        return result.receipts[0].gasUsed;
    };
    const input = fromA(f, { gas: 720_896n });
    const fill = (times) => (b) => {
        b.begin(1, "S-", "S0");
        for (let i = 0; i < times; i++) b.entry("e1", input, r(1, "S0", "S1"), RES(1, word(1)));
    };
    const [one, two] = [await w.scratch(() => table(fill(1))), await w.scratch(() => table(fill(2)))];
    // No slot is written for the second.
    assert.ok(two - one < 25_000n, `${two - one}`);
});

test("many entries, some of which share a chain of the table", async () => {
    const count = 60;
    const proxy = w["P(1:B)"];
    const data = (i) => word(1000 + i);
    await w.when(w.A, go, { steps: [59, 0, 31].map((i) => ({ to: proxy, data: data(i), gas: 700_000n })), isForwarding: true });
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        for (let i = 0; i < count; i++) b.entry(`e${i}`, fromA(data(i)), r(1, "S0", "S0"), RES(1, word(i)));
    }, [toA()], { gas: 40_000_000n });
    assert.deepEqual(result.errors, [null, null]);
    assert.deepEqual(result.consumed, ["u1", "e59", "e0", "e31"]);
    assert.equal(result.outputs[1], word(31));
});

// --- applying them ----------------------------------------------------------------------------------

test("a rollup whose L2TX was not begun in this block does not move", async () => {
    await callsF();
    const fill = (b) => {
        b.entry("e1", fromA(), r(1, "S-", "S1"), RES(1, word(1)));
    };
    const result = await w.block(fill, [toA()]);
    assert.equal(result.errors[1], "NotUpdated(1)");
    // Another rollup's L2TX is not its own.
    const trace = [CALL([1, w.B], [2, w.C], g, { gas: 1n }), RES(1, "0x", { sourceRollupId: 2n })];
    await refuses("NotUpdated(2)", (b) => b.entry("u1", b.update(1), [r(1, "S-", "S0"), r(2, "T-", "T0")], RES(1), { trace }));
    // Nor one that comes later in the batch.
    await refuses("NotUpdated(2)", (b) => {
        b.entry("u1", b.update(1), [r(1, "S-", "S0"), r(2, "T-", "T0")], RES(1), { trace });
        b.entry("u2", b.update(2), r(2, "T0", "T1"), RES(2));
    });
});

test("ether that does not add up", async () => {
    const bad = (transitions, out) => refuses(/^EtherMismatch/, (b) => b.entry("e1", b.update(1), transitions, out));
    await bad(r(1, "S-", "S0", 1n), RES(1));
    await bad(r(1, "S-", "S0", -1n), RES(1));
    await bad(r(1, "S-", "M1"), toParent([1, w.B], w.D, x, { value: 1n }));
    await bad(r(1, "S-", "M1", -2n), toParent([1, w.B], w.D, x, { value: 1n }));
    await bad([r(1, "S-", "S0"), r(2, "T-", "T-", 1n)], RES(1));
});

test("ether of an in-CALL, of a failed out-CALL and of a REVERT_CONTINUE must be there in full", async () => {
    await callsF({ value: 3n });
    for (const delta of [0n, 2n, 4n]) {
        const result = await w.scratch(() => w.block((b) => {
            b.begin(1, "S-", "S0");
            b.entry("e1", fromA(f, { value: 3n }), r(1, "S0", "S1", delta), RES(1));
        }, [toA({ value: 3n })]));
        assert.match(result.errors[1], /^EtherMismatch/, `${delta}`);
    }
    await w.when(w.D, x, { fails: true });
    const back = (delta) => (b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1", -2n), toParent([1, w.B], w.D, x, { value: 2n }));
        b.entry("e2", ANSWER(1, "0x", { failed: true }), r(1, "M1", "S0", delta), RES(1));
    };
    await refuses(/^EtherMismatch/, back(0n));
    await refuses(/^EtherMismatch/, back(3n));
    const again = (delta) => (b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1", -2n), toParent([1, w.B], w.D, x, { value: 2n }));
        const X = b.entry("e2", ANSWER(1, "0x", { failed: true }), r(1, "M1", "M2", 2n), toParent([1, w.B], w.D, g), { scope: true });
        b.entry("e3", ANSWER(1), r(1, "M2", "M3"), REVERT(1, "M1"));
        b.entry("e4", RC(1, X.input, "M3"), r(1, "M1", "S0", delta), RES(1));
    };
    await refuses(/^EtherMismatch/, again(0n));
    assert.equal((await w.block(again(2n))).errors[0], null);
});

test("ether between rollups inside an entry; no balance goes below zero", async () => {
    const trace = [CALL([1, w.B], [2, w.C], g, { gas: 1n, value: eth(4) }), RES(1, "0x", { sourceRollupId: 2n })];
    const move = (amount) => (b) => {
        b.begin(2, "T-", "T0");
        b.entry("e1", b.update(1), [r(1, "S-", "S0", -amount), r(2, "T0", "T1", amount)], RES(1), { trace });
    };
    await refuses(`BalanceTooLow(1, ${eth(10)}, ${eth(10) + 1n})`, move(eth(10) + 1n));
    assert.equal((await w.block(move(eth(4)))).errors[0], null);
    assert.deepEqual([await w.read("balanceOf", [1n]), await w.read("balanceOf", [2n])], [eth(6), eth(4)]);
});

test("a rollup with its own token neither sends nor accepts ether", async () => {
    const id = await w.register({ at: "V-", hasOwnToken: true });
    assert.equal(await call("credit", [id], { value: 1n }), `TokenRollup(${id})`);
    await w.mine({ to: w.hub, data: w.calldata("createProxy", [id, w.B]) });
    await w.when(w.A, go, { steps: [{ to: await w.read("proxyOf", [id, w.B]), data: f, value: 1n }] });
    const result = await w.block((b) => {
        b.entry("u", b.update(id), r(id, "V-", "S0"), RES(id));
        b.entry("e", CALL([0, w.A], [id, w.B], f, { value: 1n }), r(id, "S0", "S1", 1n), RES(id));
    }, [toA({ value: 1n })]);
    assert.deepEqual(result.errors, [null, `TokenRollup(${id})`]);
});

test("credit", async () => {
    assert.equal(await call("credit", [9n], { value: 1n }), "UnknownRollup(9)");
    assert.equal(await call("credit", [0n], { value: 1n }), "UnknownRollup(0)");
    assert.equal(await call("credit", [2n], { value: 5n }), null);
    assert.equal(await w.read("balanceOf", [2n]), 5n);
    assert.notEqual(await errorOf({ to: w.hub, value: 1n, data: "0x" }), null, "plain ether has no owner");
});

test("a loop that ends with a rollup not idle", async () => {
    await refuses("NotIdle(1)", (b) => b.entry("u", b.update(1), r(1, "S-", "M1"), RES(1)));
    await callsF();
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.begin(2, "T-", "T0");
        b.entry("e1", fromA(), [r(1, "S0", "S1"), r(2, "T0", "U1")], RES(1),
            { trace: [CALL([1, w.B], [2, w.C], g, { gas: 1n }), RES(1, "0x", { sourceRollupId: 2n })] });
    }, [toA()]);
    assert.deepEqual(result.errors, [null, "NotIdle(2)"]);
});

test("a static call that would end elsewhere than it began", async () => {
    await callsF({ isStatic: true });
    const result = await w.block((b) => {
        b.entry("e1", scall([0, w.A], [1, w.B], f), r(1, "S-", "S1"), RES(1));
    }, [toA()]);
    assert.deepEqual(result.errors, [null, "NotIdle(1)"]);
});

test("an entry found for a static call is not found for another, and the other way round", async () => {
    for (const isStatic of [true, false]) {
        await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, isStatic: !isStatic }], isQuiet: true });
        const result = await w.scratch(() => w.block((b) => {
            b.entry("e1", fromA(f, { isStatic }), r(1, "S-", "S-"), RES(1));
        }, [toA()]));
        assert.match(result.errors[1], /^EntryNotFound\(1, /);
    }
});

// --- callers ----------------------------------------------------------------------------------------

test("who is not a proxy does not call", async () => {
    const data = concat([toFunctionSelector("enter()"), toHex(1n, { size: 8 }), w.B, w.A, f]);
    assert.equal(await errorOf({ to: w.hub, data }), `NotAProxy(${getAddress(w.builder)})`);
    for (let size = 4; size < 52; size += 3)
        assert.match(await errorOf({ to: w.hub, data: slice(data, 0, size) }), /^NotAProxy/);
    // Nor one proxy in another's name: the Hub answers NotAProxy to whoever cannot have this address.
    await w.when(w.A, go, { steps: [{ to: w.hub, data }] });
    assert.equal(await errorOf({ to: w.A, data: go }), `NotAProxy(${getAddress(w.A)})`);
});

test("the Hub's own entrances are for the Hub", async () => {
    const action = CALL([0, w.A], [1, w.B], f, { gas: 1n });
    for (const [name, args] of [
        ["lookup", [1n, head("S-"), action, 0n, 0n]], ["run", []], ["runStatic", []], ["scoped", []],
    ]) assert.equal(await call(name, args), "OnlySelf()", name);
    assert.equal(await errorOf({ to: w.hub, data: "0x" }), "OnlySelf()");
    assert.equal(await errorOf({ to: w.hub, data: "0x", value: "0x1" }), "OnlySelf()");
    // What neither the Hub nor the Registry knows.
    for (const data of ["0x12", "0x12345678"]) assert.equal(await errorOf({ to: w.hub, data }), "0x", data);
});

test("the Hub is no target: the call fails", async () => {
    const data = w.calldata("run", []);
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1", -1n), toParent([1, w.B], w.hub, data, { value: 1n }));
        b.entry("e2", ANSWER(1, "0x", { failed: true }), r(1, "M1", "S0", 1n), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.equal(await w.headOf(1), head("S0"));
});

test("proxies", async () => {
    assert.equal(await call("createProxy", [9n, w.B]), "UnknownRollup(9)");
    assert.equal(await call("createProxy", [0n, w.B]), "UnknownRollup(0)");
    const { receipts } = await w.send("createProxy", [1n, w.D]);
    assert.equal(receipts[0].logs.length, 1);
    const again = await w.send("createProxy", [1n, w.D]);
    assert.equal(again.receipts[0].logs.length, 0, "there already");
});

// --- Hub errors -------------------------------------------------------------------------------------

test("a Hub error is never delivered as the target's failure", async () => {
    for (const name of ["EntryNotFound", "ProxyMissing", "ScopeMissing", "NotIdle", "NotEnoughGas"]) {
            const inputs = w.hubArtifact.abi.find((e) => e.type === "error" && e.name === name).inputs;
        const args = inputs.map(({ type }) => (type === "bytes32" ? word(5) : type === "address" ? w.A : 5n));
        const data = encodeErrorResult({ abi: w.hubArtifact.abi, errorName: name, args });
        await w.when(w.D, x, { fails: true, result: data });
        const told = await w.block((b) => {
            b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x));
            b.entry("e2", ANSWER(1, data, { failed: true }), r(1, "M1", "S0"), RES(1));
        });
        assert.equal(told.errors[0], w.errorName(data));
        // With a byte more it is data like any other.
        const longer = `${data}00`;
        await w.when(w.D, x, { fails: true, result: longer });
        const delivered = await w.scratch(() => w.block((b) => {
            b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x));
            b.entry("e2", ANSWER(1, longer, { failed: true }), r(1, "M1", "S0"), RES(1));
        }));
        assert.equal(delivered.errors[0], null);
    }
});

test("what ends a scope cannot be said by a target", async () => {
    const data = encodeErrorResult({ abi: w.hubArtifact.abi, errorName: "Undo", args: [1n, head("S-"), head("M9")] });
    await w.when(w.D, x, { fails: true, result: data });
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x), { scope: true });
        b.entry("e2", ANSWER(1, data, { failed: true }), r(1, "M1", "S0"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.deepEqual(result.consumed, ["e1", "e2"]);
});

test("a scope of an outer loop is not for a REVERT of an inner one", async () => {
    await w.when(w.A, bytesOf("a1()"), { steps: [{ to: w["P(1:B)"], data: g }] });
    await refuses(`ScopeMissing(1, ${head("S-")})`, (b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.A, bytesOf("a1()"), { gas: 1_000_000n }), { scope: true });
        b.entry("e2", fromA(g), r(1, "M1", "M2"), REVERT(1, "S-"));
    });
});
