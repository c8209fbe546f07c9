// The worked examples of the protocol (docs: "worked examples" 1 to 12), one by one: entries made by
// hand, heads, balances, events and call stacks as the examples give them.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { getAddress } from "viem";
import { ANSWER, CALL, RC, RES, REVERT, World, bytesOf, eth, failed, head, r, scall, word } from "./lib/hub.mjs";

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

const f = bytesOf("f()"), g = bytesOf("g()"), go = bytesOf("go");
const x = bytesOf("x()"), y = bytesOf("y()"), no = bytesOf("no");
const GAS = 200_000n; // of every CALL to the parent here

const toA = (more = {}) => ({ from: w.user, to: w.A, data: go, ...more });
/** A CALL to the parent: gas is what the XCALL frame got. */
const toParent = (from, to, data, more = {}) => CALL(from, [0, to], data, { gas: GAS, ...more });

async function assertHeads(r1, r2 = "T-") {
    assert.equal(await w.headOf(1), head(r1), "head of rollup 1");
    assert.equal(await w.headOf(2), head(r2), "head of rollup 2");
}

function assertAll(result) {
    assert.deepEqual(result.errors, result.errors.map(() => null));
}

test("1: L1 to R1 with a return value", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }], isForwarding: true });
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "S1"), RES(1, word(42)));
    }, [toA()]);
    assertAll(result);
    await assertHeads("S1");
    assert.equal(result.outputs[1], word(42));
    assert.deepEqual(result.consumed, ["u1", "e1"]);
    assert.equal(result.deepest(1), "0:A ▸ P(1:B) ▸ Hub.enter");
});

test("2: L1 to R1 to L1 and back", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, value: eth(5) }], isForwarding: true });
    await w.when(w.D, g, { result: word(7) });
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f, { value: eth(5) }), r(1, "S0", "M1", eth(5)), toParent([1, w.B], w.D, g));
        b.entry("e2", ANSWER(1, word(7)), r(1, "M1", "S1"), RES(1, word(8)));
    }, [toA({ value: eth(5) })]);
    assertAll(result);
    await assertHeads("S1");
    assert.equal(result.outputs[1], word(8));
    assert.equal(await w.read("balanceOf", [1n]), eth(15));
    assert.deepEqual(result.consumed, ["u1", "e1", "e2"]);
    assert.equal(result.deepest(1), "0:A ▸ P(1:B) ▸ Hub.enter ▸ P(1:B) ▸ 0:D");
    // D sees the proxy of 1:B, and exactly the gas that the CALL carries.
    const called = result.events.find((e) => e.name === "Called" && e.by === "0:D");
    assert.equal(called.args.sender.toLowerCase(), w["P(1:B)"].toLowerCase());
    assert.ok(called.args.gas < GAS && called.args.gas > GAS - 500n);
});

test("3: a rollup transaction that calls L1 once", async () => {
    await w.when(w.D, g, { result: word(7) });
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, g));
        b.entry("e2", ANSWER(1, word(7)), r(1, "M1", "S0"), RES(1));
    });
    assertAll(result);
    await assertHeads("S0");
    assert.deepEqual(result.events.filter((e) => e.by === "Hub").map((e) => e.name), ["BatchPosted", "EntryConsumed", "EntryConsumed"]);
    assert.deepEqual(result.consumed, ["e1", "e2"]);
    assert.equal(result.deepest(0), "Hub.postBatch ▸ P(1:B) ▸ 0:D");
});

test("3: a second call in the same payload adds one more entry", async () => {
    await w.when(w.D, g, { result: word(7) });
    await w.when(w.D, x, { result: word(9) });
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, g));
        b.entry("e2", ANSWER(1, word(7)), r(1, "M1", "M2"), toParent([1, w.B], w.D, x));
        b.entry("e3", ANSWER(1, word(9)), r(1, "M2", "S0"), RES(1));
    });
    assertAll(result);
    await assertHeads("S0");
    assert.deepEqual(result.consumed, ["e1", "e2", "e3"]);
});

/** Lines of a trace; gas between rollups is exact and opaque here. */
const line = (action) => ({ ...action, gas: 1000n });

test("4: L1 to R1 to R2 to R1, no L1 inside", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }], isForwarding: true });
    const trace = [
        CALL([1, w.B], [2, w.C], g), CALL([2, w.C], [1, w.B], x),
        RES(2, word(5), { sourceRollupId: 1n }), RES(1, word(6), { sourceRollupId: 2n }),
    ].map(line);
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.begin(2, "T-", "T0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), [r(1, "S0", "S1"), r(2, "T0", "T1")], RES(1, word(9)), { trace });
    }, [toA()]);
    assertAll(result);
    await assertHeads("S1", "T1");
    assert.equal(result.outputs[1], word(9));
    assert.deepEqual(result.consumed, ["u1", "u2", "e1"]);
    assert.equal(result.deepest(1), "0:A ▸ P(1:B) ▸ Hub.enter");
});

test("4: a rollup that is only read need not have been updated", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }], isForwarding: true });
    const trace = [scall([1, w.B], [2, w.C], g), RES(1, word(6), { sourceRollupId: 2n })].map(line);
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), [r(1, "S0", "S1"), r(2, "T-", "T-")], RES(1, word(9)), { trace });
    }, [toA()]);
    assertAll(result);
    await assertHeads("S1", "T-");
});

test("4: f called by a user of R1 stands after R2's update", async () => {
    const trace = [CALL([1, w.B], [2, w.C], g), RES(1, "0x", { sourceRollupId: 2n })].map(line);
    const result = await w.block((b) => {
        b.begin(2, "T-", "T0");
        b.entry("e1", b.update(1), [r(1, "S-", "S0"), r(2, "T0", "T1")], RES(1), { trace });
    });
    assertAll(result);
    await assertHeads("S0", "T1");
});

test("5: a frame that calls R2, then L1 with ether, then reverts, caught; then L1 again", async () => {
    const trace = [CALL([1, w.B], [2, w.C], g), RES(1, "0x", { sourceRollupId: 2n })].map(line);
    const before = BigInt(await w.rpc("eth_getBalance", w.D, "latest"));
    const result = await w.block((b) => {
        b.begin(2, "T-", "T0");
        const e1 = b.entry("e1", b.update(1), [r(1, "S-", "M1", -eth(1)), r(2, "T0", "T1")],
            toParent([1, w.B], w.D, x, { value: eth(1) }), { trace, scope: true });
        b.entry("e2", ANSWER(1), r(1, "M1", "M2"), REVERT(1, "S-"));
        b.entry("e3", RC(1, e1.input, "M2"), r(1, "S-", "M3"), toParent([1, w.B], w.D, y));
        b.entry("e4", ANSWER(1), r(1, "M3", "S0"), RES(1));
    });
    assertAll(result);
    await assertHeads("S0", "T0");
    assert.equal(await w.read("balanceOf", [1n]), eth(10));
    assert.equal(BigInt(await w.rpc("eth_getBalance", w.D, "latest")), before);
    assert.deepEqual(result.consumed, ["u2", "e3", "e4"]);
    assert.equal(result.deepest(0), "Hub.postBatch ▸ Hub.scope ▸ P(1:B) ▸ 0:D");
    // Of D's calls only y remains.
    assert.deepEqual(result.events.filter((e) => e.name === "Called").map((e) => e.args.data), [y]);
});

test("5a: the reverting frame is on another rollup than the undone input", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, value: eth(5) }], isForwarding: true });
    const first = line(CALL([1, w.B], [2, w.C], g));
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.begin(2, "T-", "T0");
        const e1 = b.entry("e1", CALL([0, w.A], [1, w.B], f, { value: eth(5) }),
            [r(1, "S0", "M1", eth(5)), r(2, "T0", "U1")], toParent([2, w.C], w.D, x), { trace: [first], scope: true });
        b.entry("e2", ANSWER(2), r(2, "U1", "U2"), REVERT(2, "T0"));
        b.entry("e3", RC(1, e1.input, "U2"), [r(1, "S0", "S1", eth(5)), r(2, "T0", "T1")], RES(1, word(8)),
            { trace: [first, line(RES(1, word(7), { sourceRollupId: 2n }))] });
    }, [toA({ value: eth(5) })]);
    assertAll(result);
    await assertHeads("S1", "T1");
    assert.equal(result.outputs[1], word(8));
    assert.equal(await w.read("balanceOf", [1n]), eth(15));
    assert.deepEqual(result.consumed, ["u1", "u2", "e3"]);
    assert.equal(result.deepest(1), "0:A ▸ P(1:B) ▸ Hub.enter ▸ Hub.scope ▸ P(2:C) ▸ 0:D");
});

test("6: nested scopes at one head", async () => {
    const result = await w.block((b) => {
        const e1 = b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x), { scope: true });
        b.entry("e2", ANSWER(1), r(1, "M1", "M2"), REVERT(1, "S-"));
        const e3 = b.entry("e3", RC(1, e1.input, "M2"), r(1, "S-", "M3"), REVERT(1, "S-"), { scope: true });
        b.entry("e4", RC(1, e3.input, "M3"), r(1, "S-", "S0"), RES(1));
    });
    assertAll(result);
    await assertHeads("S0");
    assert.deepEqual(result.consumed, ["e4"]);
    assert.deepEqual(result.events.filter((e) => e.name === "Called"), []);
    assert.equal(result.deepest(0), "Hub.postBatch ▸ Hub.scope ▸ P(1:B) ▸ 0:D");
});

/** The second table of example 6; `scopes` says which of e1 and e2 have one. */
function fillSix(b, scopes) {
    const e1 = b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, y), { scope: scopes.e1 });
    const W = b.entry("e2", ANSWER(1, word(1)), r(1, "M1", "M2"), toParent([1, w.B], w.D, x), { scope: scopes.e2 });
    b.entry("e3", ANSWER(1), r(1, "M2", "M3"), REVERT(1, "M1"));
    b.entry("e4", RC(1, W.input, "M3"), r(1, "M1", "M4"), REVERT(1, "S-"));
    b.entry("e5", RC(1, e1.input, "M4"), r(1, "S-", "S0"), RES(1));
}

test("6: nested scopes at different heads", async () => {
    await w.when(w.D, y, { result: word(1) });
    const result = await w.block((b) => fillSix(b, { e1: true, e2: true }));
    assertAll(result);
    await assertHeads("S0");
    assert.deepEqual(result.consumed, ["e5"]);
    assert.equal(result.deepest(0), "Hub.postBatch ▸ Hub.scope ▸ Hub.scope ▸ P(1:B) ▸ 0:D");
});

test("6: wrong advice, no scope where one is needed", async () => {
    await w.when(w.D, y, { result: word(1) });
    const result = await w.block((b) => fillSix(b, { e1: false, e2: true }));
    assert.deepEqual(result.errors, [`ScopeMissing(1, ${head("S-")})`]);
    await assertHeads("S-");
});

test("6: wrong advice, the inner scope was not needed", async () => {
    await w.when(w.D, y, { result: word(1) });
    const result = await w.block((b) => {
        const e1 = b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, y), { scope: true });
        b.entry("e2", ANSWER(1, word(1)), r(1, "M1", "M2"), toParent([1, w.B], w.D, x), { scope: true });
        b.entry("e3", ANSWER(1), r(1, "M2", "M4"), REVERT(1, "S-"));
        b.entry("e5", RC(1, e1.input, "M4"), r(1, "S-", "S0"), RES(1));
    });
    assertAll(result);
    await assertHeads("S0");
    assert.deepEqual(result.consumed, ["e5"]);
});

test("6: wrong advice, neither frame reverts: the scopes commit", async () => {
    await w.when(w.D, y, { result: word(1) });
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, y), { scope: true });
        b.entry("e2", ANSWER(1, word(1)), r(1, "M1", "M2"), toParent([1, w.B], w.D, x), { scope: true });
        b.entry("e3", ANSWER(1), r(1, "M2", "S0"), RES(1));
    });
    assertAll(result);
    await assertHeads("S0");
    assert.deepEqual(result.consumed, ["e1", "e2", "e3"]);
});

test("7: try/catch on L1 around a failing R1 call, then success", async () => {
    const proxy = w["P(1:B)"];
    await w.when(w.A, go, { steps: [{ to: proxy, data: f, isCaught: true, gas: 1_000_000n }, { to: proxy, data: g }] });
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "S0"), failed(1, no));
        b.entry("e2", CALL([0, w.A], [1, w.B], g), r(1, "S0", "S1"), RES(1));
    }, [toA()]);
    assertAll(result);
    await assertHeads("S1");
    assert.deepEqual(result.consumed, ["u1", "e2"]);
    const gave = result.events.filter((e) => e.name === "Gave").map((e) => [e.args.ok, e.args.data]);
    assert.deepEqual(gave, [[false, no], [true, "0x"]]);
});

test("7: a fact that changes nothing is good as long as the head stands; value comes back", async () => {
    const step = { to: w["P(1:B)"], data: f, isCaught: true, gas: 1_000_000n, value: eth(3) };
    await w.when(w.A, go, { steps: Array(5).fill(step) });
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f, { value: eth(3) }), r(1, "S0", "S0", eth(3)), failed(1, no));
    }, [toA({ value: eth(3) })]);
    assertAll(result);
    await assertHeads("S0");
    assert.equal(await w.read("balanceOf", [1n]), eth(10));
    assert.equal(BigInt(await w.rpc("eth_getBalance", w.A, "latest")), eth(3));
    const gave = result.events.filter((e) => e.name === "Gave").map((e) => e.args.data);
    assert.deepEqual(gave, Array(5).fill(no));
});

test("8: L1 view to R1 view to L1 view", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, isStatic: true }], isForwarding: true, isQuiet: true });
    await w.when(w.D, g, { result: word(3), isQuiet: true });
    const result = await w.block((b) => {
        b.entry("e1", scall([0, w.A], [1, w.B], f), r(1, "S-", "M1"), toParent([1, w.B], w.D, g, { isStatic: true }));
        b.entry("e2", ANSWER(1, word(3)), r(1, "M1", "S-"), RES(1, word(4)));
    }, [toA()]);
    assertAll(result);
    await assertHeads("S-");
    assert.equal(result.outputs[1], word(4));
    assert.deepEqual(result.consumed, []);
    assert.equal(result.deepest(1), "0:A ▸ P(1:B) ▸ Hub.enter ▸ P(1:B) ▸ 0:D");
});

test("8: a re-entrant static call is answered at the stored head", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, isStatic: true }], isForwarding: true, isQuiet: true });
    await w.when(w.D, g, { steps: [{ to: w["P(1:B)"], data: x, isStatic: true }], isForwarding: true, isQuiet: true });
    const result = await w.block((b) => {
        b.entry("e1", scall([0, w.A], [1, w.B], f), r(1, "S-", "M1"), toParent([1, w.B], w.D, g, { isStatic: true, gas: 400_000n }));
        b.entry("v2", scall([0, w.D], [1, w.B], x), r(1, "S-", "S-"), RES(1, word(3)));
        b.entry("e2", ANSWER(1, word(3)), r(1, "M1", "S-"), RES(1, word(4)));
    }, [toA()]);
    assertAll(result);
    assert.equal(result.outputs[1], word(4));
});

test("8: a missing proxy under a static call", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, isStatic: true }], isQuiet: true });
    const result = await w.block((b) => {
        b.entry("e1", scall([0, w.A], [1, w.B], f), r(1, "S-", "M1"), toParent([1, w.E], w.D, g, { isStatic: true }));
    }, [toA()]);
    assert.deepEqual(result.errors, [null, `ProxyMissing(1, ${getAddress(w.E)})`]);
});

for (const [price, end, entry] of [[100, "S0a", "e2a"], [101, "S0b", "e2b"]])
    test(`9: alternatives, ${price}`, async () => {
        await w.when(w.D, g, { result: word(price) });
        const result = await w.block((b) => fillNine(b));
        assertAll(result);
        await assertHeads(end);
        assert.deepEqual(result.consumed, ["e1", entry]);
    });

function fillNine(b) {
    b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, g));
    b.entry("e2a", ANSWER(1, word(100)), r(1, "M1", "S0a"), RES(1));
    b.entry("e2b", ANSWER(1, word(101)), r(1, "M1", "S0b"), RES(1));
}

test("9: a third outcome finds no entry and nothing is lost", async () => {
    await w.when(w.D, g, { result: word(102) });
    const result = await w.block((b) => fillNine(b));
    assert.match(result.errors[0], new RegExp(`^EntryNotFound\\(1, ${head("M1")}, `));
    await assertHeads("S-");
    assert.equal(await w.read("balanceOf", [1n]), eth(10));
});

for (const [price, consumed] of [[100, ["e1", "e2a"]], [101, ["e3b"]]])
    test(`9: a frame that reverts on 101 only, ${price}`, async () => {
        await w.when(w.D, g, { result: word(price) });
        const result = await w.block((b) => {
            const e1 = b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, g), { scope: true });
            b.entry("e2a", ANSWER(1, word(100)), r(1, "M1", "S0a"), RES(1));
            b.entry("e2b", ANSWER(1, word(101)), r(1, "M1", "M2"), REVERT(1, "S-"));
            b.entry("e3b", RC(1, e1.input, "M2"), r(1, "S-", "S0b"), RES(1));
        });
        assertAll(result);
        await assertHeads(price === 100 ? "S0a" : "S0b");
        assert.deepEqual(result.consumed, consumed);
    });

const a1 = bytesOf("a1()"), b2 = bytesOf("b2()");
const REENTRANT_GAS = 1_000_000n;

/** A calls b; B calls a1 of A; a1 calls b2 as `step` says and returns `result`. */
async function scriptTen(step, result) {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }] });
    await w.when(w.A, a1, { steps: [{ to: w["P(1:B)"], data: b2, ...step }], result });
}

test("10a: reentrancy, b2 succeeds", async () => {
    await scriptTen({}, word(1));
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "M1"), toParent([1, w.B], w.A, a1, { gas: REENTRANT_GAS }));
        b.entry("e2", CALL([0, w.A], [1, w.B], b2), r(1, "M1", "M2"), RES(1));
        b.entry("e3", ANSWER(1, word(1)), r(1, "M2", "S1"), RES(1));
    }, [toA()]);
    assertAll(result);
    await assertHeads("S1");
    assert.deepEqual(result.consumed, ["u1", "e1", "e2", "e3"]);
    assert.equal(result.deepest(1), "0:A ▸ P(1:B) ▸ Hub.enter ▸ P(1:B) ▸ 0:A ▸ P(1:B) ▸ Hub.enter");
});

test("10a: if a1 reverts after b2, B gets the failure at M1", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }] });
    await w.when(w.A, a1, { steps: [{ to: w["P(1:B)"], data: b2 }], result: no, fails: true });
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "M1"), toParent([1, w.B], w.A, a1, { gas: REENTRANT_GAS }));
        b.entry("e2", CALL([0, w.A], [1, w.B], b2), r(1, "M1", "M2"), RES(1));
        b.entry("e3", ANSWER(1, no, { failed: true }), r(1, "M1", "S1"), RES(1));
    }, [toA()]);
    assertAll(result);
    await assertHeads("S1");
    assert.deepEqual(result.consumed, ["u1", "e1", "e3"]);
});

test("10b: b2 fails at once, a1 catches", async () => {
    await scriptTen({ isCaught: true, gas: 500_000n }, word(2));
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "M1"), toParent([1, w.B], w.A, a1, { gas: REENTRANT_GAS }));
        b.entry("e2", CALL([0, w.A], [1, w.B], b2), r(1, "M1", "M1"), failed(1, no));
        b.entry("e3", ANSWER(1, word(2)), r(1, "M1", "S1"), RES(1));
    }, [toA()]);
    assertAll(result);
    await assertHeads("S1");
    assert.deepEqual(result.consumed, ["u1", "e1", "e3"]);
});

test("10c: b2 calls D and then fails, a1 catches", async () => {
    await scriptTen({ isCaught: true, gas: 700_000n }, word(2));
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "M1"), toParent([1, w.B], w.A, a1, { gas: REENTRANT_GAS }));
        b.entry("e2", CALL([0, w.A], [1, w.B], b2), r(1, "M1", "M2"), toParent([1, w.B], w.D, x));
        b.entry("e2'", ANSWER(1), r(1, "M2", "M1"), failed(1, no));
        b.entry("e3", ANSWER(1, word(2)), r(1, "M1", "S1"), RES(1));
    }, [toA()]);
    assertAll(result);
    await assertHeads("S1");
    assert.deepEqual(result.consumed, ["u1", "e1", "e3"]);
    assert.ok(!result.events.some((e) => e.name === "Called" && e.by === "0:D"));
});

/** Example 11: whoever comes first, both find their facts. */
function fillEleven(b, { either }) {
    b.begin(1, "S-", "S0");
    b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "S1"), RES(1));
    b.entry("e2", CALL([0, w.E], [1, w.B], g), r(1, "S1", "S2"), RES(1));
    if (!either) return;
    b.entry("e3", CALL([0, w.E], [1, w.B], g), r(1, "S0", "S3"), RES(1));
    b.entry("e4", CALL([0, w.A], [1, w.B], f), r(1, "S3", "S4"), RES(1));
}

async function scriptEleven() {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }] });
    await w.when(w.E, go, { steps: [{ to: w["P(1:B)"], data: g }] });
    return [toA(), { from: w.other, to: w.E, data: go }];
}

test("11: two user transactions of one block", async () => {
    const [first, second] = await scriptEleven();
    const result = await w.block((b) => fillEleven(b, { either: false }), [first, second]);
    assertAll(result);
    await assertHeads("S2");
    assert.deepEqual(result.consumed, ["u1", "e1", "e2"]);
    assert.deepEqual(result.events.filter((e) => e.name === "EntryConsumed").map((e) => e.tx), [0, 1, 2]);
});

test("11: swapped, the second is looked up at S0", async () => {
    const [first, second] = await scriptEleven();
    const result = await w.block((b) => fillEleven(b, { either: false }), [second, first]);
    assert.match(result.errors[1], new RegExp(`^EntryNotFound\\(1, ${head("S0")}, `));
    assert.equal(result.errors[2], null);
    await assertHeads("S1");
});

test("11: facts for either order", async () => {
    const [first, second] = await scriptEleven();
    const result = await w.block((b) => fillEleven(b, { either: true }), [second, first]);
    assertAll(result);
    await assertHeads("S4");
    assert.deepEqual(result.consumed, ["u1", "e3", "e4"]);
});

test("12: a failed out-CALL with value", async () => {
    await w.when(w.D, x, { fails: true, result: bytesOf("nope") });
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1", -eth(2)), toParent([1, w.B], w.D, x, { value: eth(2) }));
        b.entry("e2", ANSWER(1, bytesOf("nope"), { failed: true }), r(1, "M1", "S0", eth(2)), RES(1));
    });
    assertAll(result);
    await assertHeads("S0");
    assert.equal(await w.read("balanceOf", [1n]), eth(10));
    assert.equal(BigInt(await w.rpc("eth_getBalance", w.hub, "latest")), eth(10));
    assert.deepEqual(result.consumed, ["e1", "e2"]);
});

test("12: the undone entry is the one that brought the ether back", async () => {
    await w.when(w.D, x, { fails: true, result: bytesOf("nope") });
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1", -eth(2)), toParent([1, w.B], w.D, x, { value: eth(2) }));
        const X = b.entry("e2", ANSWER(1, bytesOf("nope"), { failed: true }), r(1, "M1", "M2", eth(2)),
            toParent([1, w.B], w.D, y), { scope: true });
        b.entry("e3", ANSWER(1), r(1, "M2", "M3"), REVERT(1, "M1"));
        b.entry("e4", RC(1, X.input, "M3"), r(1, "M1", "S0", eth(2)), RES(1));
    });
    assertAll(result);
    await assertHeads("S0");
    assert.equal(await w.read("balanceOf", [1n]), eth(10));
    assert.deepEqual(result.consumed, ["e1", "e4"]);
});
