// Calls through the Hub beyond the worked examples: proxies that call proxies, gas at its limits, ether
// that lies about, long loops, large data, roots.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { concat, encodeAbiParameters, getAddress, keccak256, pad, parseAbiParameters, toFunctionSelector, toHex } from "viem";
import { ANSWER, CALL, RES, REVERT, RC, World, bytesOf, eth, failed, frames, head, r, scall, word } from "./lib/hub.mjs";

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
const toA = (more = {}) => ({ from: w.user, to: w.A, data: go, ...more });
const toParent = (from, to, data, more = {}) => CALL(from, [0, to], data, { gas: 400_000n, ...more });

// --- no alias of an alias ---------------------------------------------------------------------------

test("a rollup calls another through a parent proxy: the callee sees the caller itself", async () => {
    const result = await w.block((b) => {
        b.begin(2, "T-", "T0");
        b.entry("e1", b.update(1), r(1, "S-", "M1", -3n), toParent([1, w.B], w["P(2:C)"], f, { value: 3n }));
        b.entry("e2", CALL([1, w.B], [2, w.C], f, { value: 3n }), r(2, "T0", "T1", 3n), RES(2, word(5)));
        b.entry("e3", ANSWER(1, word(5)), r(1, "M1", "S0"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.deepEqual(result.consumed, ["u2", "e1", "e2", "e3"]);
    assert.equal(await w.read("balanceOf", [2n]), 3n);
});

test("the same under a static call", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f, isStatic: true }], isForwarding: true, isQuiet: true });
    const result = await w.block((b) => {
        b.entry("e1", scall([0, w.A], [1, w.B], f), r(1, "S-", "M1"), toParent([1, w.B], w["P(2:C)"], g, { isStatic: true }));
        b.entry("e2", scall([1, w.B], [2, w.C], g), r(2, "T-", "T-"), RES(2, word(5)));
        b.entry("e3", ANSWER(1, word(5)), r(1, "M1", "S-"), RES(1, word(6)));
    }, [toA()]);
    assert.deepEqual(result.errors, [null, null]);
    assert.equal(result.outputs[1], word(6));
});

test("a contract calls itself through its own parent proxy", async () => {
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w["P(1:B)"], f));
        b.entry("e2", CALL([1, w.B], [1, w.B], f), r(1, "M1", "M2"), RES(1, word(5)));
        b.entry("e3", ANSWER(1, word(5)), r(1, "M2", "S0"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.deepEqual(result.consumed, ["e1", "e2", "e3"]);
});

test("who only looks like a proxy is itself", async () => {
    // The code of a proxy at another address: it says that it stands for 1:B.
    const code = await w.rpc("eth_getCode", w["P(1:B)"], "latest");
    await w.rpc("anvil_setCode", w.E, code);
    // It passes a call on to the Hub under its own address, which is no proxy's.
    const { receipts } = await w.mine({ to: w.E, data: f, mayFail: true });
    const { output } = await w.trace(receipts[0].transactionHash);
    assert.equal(w.errorName(output), `NotAProxy(${getAddress(w.E)})`);
});

test("a contract as large as a proxy is itself, whatever stands in its code", async () => {
    const size = ((await w.rpc("eth_getCode", w["P(1:B)"], "latest")).length - 2) / 2;
    // Passes calldata and ether on to P(1:B), and the answer back; the rest never runs.
    const relay = `0x365f5f375f5f365f3473${w["P(1:B)"].slice(2)}5af1503d5f5f3e3d5ff3`;
    await w.rpc("anvil_setCode", w.E, `${relay}${"ab".repeat(size - (relay.length - 2) / 2)}`);
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.E], [1, w.B], f), r(1, "S0", "S1"), RES(1, word(5)));
    }, [{ from: w.user, to: w.E, data: f }]);
    assert.deepEqual(result.errors, [null, null]);
    assert.deepEqual(result.consumed, ["u1", "e1"]);
});

// --- ether that lies about --------------------------------------------------------------------------

test("sweep makes ether at a proxy's address a call of what it stands for by itself", async () => {
    for (const [target, exists] of [[w.B, true], [w.D, false]]) {
        const proxy = await w.read("proxyOf", [1n, target]);
        await w.rpc("anvil_setBalance", proxy, "0x9");
        const result = await w.scratch(() => w.block((b) => {
            b.begin(1, "S-", "S0");
            b.entry("e1", CALL([1, target], [1, target], "0x", { value: 9n }), r(1, "S0", "S1", 9n), RES(1));
        }, [{ from: w.user, to: w.hub, data: w.calldata("sweep", [1n, target]) }]));
        assert.deepEqual(result.errors, [null, null]);
        assert.deepEqual(result.consumed, ["u1", "e1"]);
        assert.equal(result.events.some((e) => e.name === "ProxyCreated"), !exists);
    }
});

test("sweep gives what the rollup answers, and refuses where there is nothing", async () => {
    const tx = { from: w.user, to: w.hub, data: w.calldata("sweep", [1n, w.B]) };
    const nothing = await w.block((b) => b.begin(1, "S-", "S0"), [tx]);
    assert.equal(nothing.errors[1], `NothingToSweep(1, ${getAddress(w.B)})`);
    await w.rpc("anvil_setBalance", w["P(1:B)"], "0x9");
    const result = await w.block((b) => {
        b.entry("u1", b.update(1), r(1, "S0", "S1"), RES(1));
        b.entry("e1", CALL([1, w.B], [1, w.B], "0x", { value: 9n }), r(1, "S1", "S1", 9n), failed(1, bytesOf("no")));
    }, [tx]);
    assert.equal(result.outputs[1], bytesOf("no"));
    assert.equal(BigInt(await w.rpc("eth_getBalance", w["P(1:B)"], "latest")), 9n);
});

test("ether that was at a proxy's address does not go with its calls", async () => {
    await w.rpc("anvil_setBalance", w["P(1:B)"], "0x9");
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1", -5n), toParent([1, w.B], w.D, x, { value: 5n }));
        b.entry("e2", ANSWER(1), r(1, "M1", "S0"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.equal(BigInt(await w.rpc("eth_getBalance", w.D, "latest")), 5n);
    assert.equal(BigInt(await w.rpc("eth_getBalance", w["P(1:B)"], "latest")), 9n);
});

// --- calls out --------------------------------------------------------------------------------------

test("a missing proxy is made on the way out", async () => {
    const proxy = await w.read("proxyOf", [1n, w.E]);
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.E], w.D, x));
        b.entry("e2", ANSWER(1), r(1, "M1", "S0"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.ok(result.events.some((e) => e.name === "ProxyCreated" && e.args.proxy === proxy));
    const called = result.events.find((e) => e.name === "Called");
    assert.equal(called.args.sender, proxy);
});

test("a static out-CALL of a loop that is not static", async () => {
    await w.when(w.D, g, { steps: [{ to: w.E, data: x }], isQuiet: true }); // E would emit an event
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, g, { isStatic: true }));
        b.entry("e2", ANSWER(1, "0x", { failed: true }), r(1, "M1", "S0"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.ok(!result.events.some((e) => e.name === "Called"));
});

test("a hundred calls in one payload", async () => {
    const count = 100;
    const result = await w.block((b) => {
        b.entry("e0", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x, { gas: 30_000n }));
        for (let i = 1; i < count; i++) {
            // The first call finds D cold; the others all use the same.
            const gas = i < 3 ? undefined : b.figures.get("e2")?.[0] ?? 1n;
            b.entry(`e${i}`, ANSWER(1, "0x", { gas }), r(1, `M${i}`, `M${i + 1}`), toParent([1, w.B], w.D, x, { gas: 30_000n }));
        }
        b.entry("last", ANSWER(1), r(1, `M${count}`, "S0"), RES(1));
    }, [], { gas: 60_000_000n });
    assert.deepEqual(result.errors, [null]);
    assert.equal(result.consumed.length, count + 1);
    assert.equal(result.events.filter((e) => e.name === "Called").length, count);
});

test("nested scopes, ten of them, all undone", async () => {
    const depth = 10;
    const result = await w.block((b) => {
        let input = b.update(1);
        const inputs = [];
        for (let i = 0; i < depth; i++) {
            inputs.push(b.entry(`c${i}`, input, r(1, i ? `M${i}` : "S-", `M${i + 1}`), toParent([1, w.B], w.D, word(i)), { scope: true }).input);
            input = ANSWER(1);
        }
        b.entry("r", ANSWER(1), r(1, `M${depth}`, "R0"), REVERT(1, `M${depth - 1}`));
        for (let i = depth - 1; i >= 0; i--) {
            const at = i ? `M${i}` : "S-";
            const t = i === depth - 1 ? "R0" : `R${depth - 1 - i}`;
            if (i === 0) b.entry("end", RC(1, inputs[0], t), r(1, at, "S0"), RES(1));
            else b.entry(`x${i}`, RC(1, inputs[i], t), r(1, at, `R${depth - i}`), REVERT(1, i === 1 ? "S-" : `M${i - 1}`));
        }
    });
    assert.deepEqual(result.errors, [null]);
    assert.deepEqual(result.consumed, ["end"]);
    assert.ok(!result.events.some((e) => e.name === "Called"));
});

for (const size of [0, 31, 33, 1_000, 20_000])
    test(`data of ${size} bytes, both ways, and as a failure`, async () => {
        const fill = (byte) => `0x${byte.repeat(size)}`;
        await w.when(w.D, x, { result: fill("d1"), isQuiet: true });
        await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: fill("a1") }], isForwarding: true, isQuiet: true });
        for (const fails of [false, true]) {
            const result = await w.scratch(() => w.block((b) => {
                b.begin(1, "S-", "S0");
                b.entry("e1", CALL([0, w.A], [1, w.B], fill("a1")), r(1, "S0", "M1"), toParent([1, w.B], w.D, x, { gas: 4_000_000n }));
                b.entry("e2", ANSWER(1, fill("d1")), r(1, "M1", fails ? "S0" : "S1"), RES(1, fill("ee"), { failed: fails }));
            }, [toA({ gas: 20_000_000n })], { gas: 60_000_000n }));
            assert.equal(result.errors[1] === null, !fails);
            assert.equal(result.outputs[1], fill("ee"));
        }
    });

// --- gas --------------------------------------------------------------------------------------------

test("a CALL's gas is three quarters of what is left at the Hub, a RESULT's what was used, rounded", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }] });
    await w.when(w.D, x, { burn: 100_000n });
    const result = await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "M1"), toParent([1, w.B], w.D, x));
        b.entry("e2", ANSWER(1), r(1, "M1", "S1"), RES(1));
    }, [toA()]);
    assert.deepEqual(result.errors, [null, null]);
    const lead4 = (n, up) => {
        let shift = 0n;
        while (n >> shift >= 16n) shift++;
        const down = (n >> shift) << shift;
        return up && down !== n ? down + (1n << shift) : down;
    };
    const selector = toFunctionSelector(w.hubArtifact.abi.find((e) => e.name === "enter"));
    const all = [...frames(result.traces[1])];
    const entrance = all.find((frame) => frame.input?.startsWith(selector));
    const [e1, e2] = ["e1", "e2"].map((name) => result.batch.entries.find((e) => e.name === name).entry);
    // gasleft() where the Hub reads it is a little below the frame's gas.
    const given = BigInt(entrance.gas);
    assert.ok([0n, 300n].some((spent) => e1.input.gas === lead4(((given - spent) * 3n) / 4n)), `${given}`);
    const told = all.find((frame) => frame.to === w["P(1:B)"].toLowerCase() && frame.from === w.hub.toLowerCase());
    const used = BigInt(told.gasUsed);
    assert.ok([0n, 2_700n].some((more) => e2.input.gas === lead4(used + more, true)), `${used} ${e2.input.gas}`);
});

test("a RESULT's gas is at most the CALL's", async () => {
    await w.when(w.D, x, { burn: 1_000_000n });
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x, { gas: 77_777n }));
        b.entry("e2", ANSWER(1, "0x", { failed: true, gas: 77_777n }), r(1, "M1", "S0"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
});

// What a call costs beside the gas that it carries hangs on whom it goes to.
const targets = {
    "a contract": () => w.D,
    "an account that borrows its code (EIP-7702)": async () => {
        const borrower = `0x${"7702".repeat(10)}`;
        await w.rpc("anvil_setCode", borrower, concat(["0xef0100", w.D]));
        return borrower;
    },
    "an account that is not there yet": () => `0x${"4e".repeat(20)}`,
};
for (const [name, make] of Object.entries(targets))
    for (const value of [0n, 1n])
        test(`whatever gas the poster gives, the target gets what the CALL says or nothing happens: ${name}, ${value} wei`, async () => {
            const gas = 100_000n;
            const target = await make();
            const hasCode = (await w.rpc("eth_getCode", target, "latest")) !== "0x";
            if (hasCode) await w.when(target, x, { burn: 70_000n, result: word(1) });
            const answer = hasCode ? word(1) : "0x";
            const fill = (b) => {
                b.entry("e1", b.update(1), r(1, "S-", "M1", -value), toParent([1, w.B], target, x, { gas, value }));
                b.entry("e2", ANSWER(1, answer), r(1, "M1", "S0"), RES(1));
                // What a dishonest poster would like to come to pass.
                for (const data of ["0x", "0x9c1aca51"])
                    b.entry(`bad${data}`, ANSWER(1, data, { failed: true, gas }), r(1, "M1", "S9", value), RES(1));
            };
            const { batch } = await w.scratch(() => w.block(fill));
            const seen = new Set();
            const tryWith = (limit) => w.scratch(async () => {
                const result = await w.block(fill, [], { gas: limit, figures: batch.figures });
                const error = result.errors[0]?.replace(/\(.*/, "") ?? "ok";
                const called = result.events.find((e) => e.name === "Called");
                if (error === "ok") {
                    assert.deepEqual(result.consumed, ["e1", "e2"]);
                    assert.equal(called !== undefined, hasCode);
                    const stipend = value === 0n ? 0n : 2300n;
                    if (hasCode) assert.ok(called.args.gas > gas - 1000n && called.args.gas <= gas + stipend);
                }
                assert.equal(BigInt(await w.rpc("eth_getBalance", target, "latest")), error === "ok" ? value : 0n);
                seen.add(error);
                return error === "ok";
            });
            // Where it begins to be enough, and what is close to that.
            let [low, high] = [200_000n, 1_600_000n];
            while (high - low > 1000n) {
                const middle = (low + high) / 2n;
                if (await tryWith(middle)) high = middle;
                else low = middle;
            }
            for (let limit = high - 30_000n; limit < high + 2000n; limit += 2000n) await tryWith(limit);
            for (const error of seen) assert.ok(["ok", "NotEnoughGas", "0x"].includes(error), error);
            assert.ok(seen.has("ok") && seen.has("NotEnoughGas"));
        });

test("whatever gas the caller leaves, a proxy answers rightly or says that it was too little", async () => {
    await w.when(w.D, x, { result: word(7), isQuiet: true });
    const fill = (b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "M1"), toParent([1, w.B], w.D, x, { gas: 60_000n }));
        b.entry("e2", ANSWER(1, word(7)), r(1, "M1", "S1"), RES(1, word(8)));
    };
    const step = { to: w["P(1:B)"], data: f, isCaught: true };
    const seen = new Set();
    for (let gas = 20_000n; gas < 400_000n; gas += 11_000n)
        await w.scratch(async () => {
            await w.when(w.A, go, { steps: [{ ...step, gas }] });
            const result = await w.block(fill, [toA()]);
            const gave = result.events.find((e) => e.name === "Gave");
            const error = w.decodeError(gave.args.data)?.errorName;
            if (gave.args.ok) assert.equal(gave.args.data, word(8));
            else assert.ok(error === "NotEnoughGas", gave.args.data);
            seen.add(gave.args.ok);
        });
    assert.deepEqual([...seen], [false, true]);
});

// --- roots and events -------------------------------------------------------------------------------

const NONE = pad("0x");
/** What a chain of roots is after these. */
const chainOf = (...roots) => roots.reduce((chain, root) => keccak256(concat([chain, root])), NONE);
const isRoot = (root, index, before = NONE, later = []) => w.read("isRoot", [1n, root, index, before, later]);

test("where a rollup stood when a block began that moved it is recorded", async () => {
    // It stands there: neither index nor chain are looked at.
    assert.ok(await isRoot(head("S-"), 99n));
    const result = await w.block((b) => {
        b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x));
        b.entry("e2", ANSWER(1), r(1, "M1", "S0"), RES(1));
        b.entry("u2", b.update(1, { payload: bytesOf("2") }), r(1, "S0", "S1"), RES(1));
    });
    assert.deepEqual(result.errors, [null]);
    assert.ok(await isRoot(head("S-"), 0n), "the one registered with");
    assert.ok(await isRoot(head("S1"), 1n), "the newest");
    for (const name of ["M1", "S0", "S2"]) for (const index of [0n, 1n, 2n]) assert.equal(await isRoot(head(name), index), false, name);
    assert.equal(await w.read("isRoot", [2n, head("S-"), 0n, NONE, []]), false);
    assert.equal(await w.read("isRoot", [9n, NONE, 0n, NONE, []]), false);
    const rollup = await w.read("rollup", [1n]);
    assert.deepEqual([rollup.head, rollup.rootCount], [head("S1"), 1]);
    assert.equal(BigInt(rollup.anchorNumber), result.batch.updates[0].anchorNumber);
    await w.block((b) => b.begin(1, "S1", "S2"));
    assert.ok(await isRoot(head("S-"), 0n));
    assert.ok(await isRoot(head("S1"), 1n));
    // Not at another's place, not behind another value, and not what comes to light as a chain's value.
    assert.equal(await isRoot(head("S-"), 1n), false);
    assert.equal(await isRoot(head("S1"), 0n), false);
    assert.equal(await isRoot(head("S1"), 1n, word(1)), false);
    assert.equal(await isRoot(head("S1"), 257n), false);
    assert.equal(await isRoot(chainOf(head("S-")), 0n), false);
});

test("roots that share a chain are told by what came before and later", async () => {
    const chains = await w.read("ROOT_CHAINS");
    await w.block((b) => b.begin(1, "S-", "S0"));
    // As if as many had come since as there are chains: the count lies above three words of 64 bits.
    const slot = toHex(BigInt(keccak256(concat([word(1), word(0)]))) + 1n, { size: 32 });
    const packed = BigInt(await w.rpc("eth_getStorageAt", w.hub, slot, "latest"));
    await w.rpc("anvil_setStorageAt", w.hub, slot, toHex(packed + ((chains - 1n) << 192n), { size: 32 }));
    assert.equal((await w.read("rollup", [1n])).rootCount, Number(chains));
    await w.block((b) => b.begin(1, "S0", "S1"));
    const [first, second] = [head("S-"), head("S0")];
    assert.ok(await isRoot(second, chains, chainOf(first)));
    assert.equal(await isRoot(second, chains), false);
    assert.ok(await isRoot(first, 0n, NONE, [second]));
    assert.equal(await isRoot(first, 0n), false);
    assert.equal(await isRoot(first, 0n, NONE, [second, second]), false);
    // What lies in the chain is no root, nor is a root in another's place.
    assert.equal(await isRoot(second, 0n, NONE, [first]), false);
    assert.equal(await isRoot(chainOf(first), chains, NONE), false);
});

test("a head that a revert took back is no root", async () => {
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }], fails: true });
    await w.block((b) => {
        b.begin(1, "S-", "S0");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "S1"), RES(1));
    }, [toA()]);
    assert.equal(await w.headOf(1), head("S0"));
    for (const index of [0n, 1n]) assert.equal(await isRoot(head("S1"), index), false);
});

test("a batch that is in the transaction's input is not in the event", async () => {
    const result = await w.block((b) => b.begin(1, "S-", "S0"));
    const { args } = result.events.find((e) => e.name === "BatchPosted");
    assert.equal(args.batch, "0x");
    assert.equal(args.poster, getAddress(w.builder));
    assert.equal(args.publicInput, result.batch.publicInput);
});

test("heads are where nodes look for them", async () => {
    const slot = keccak256(encodeAbiParameters(parseAbiParameters("uint64, uint256"), [2n, 0n]));
    assert.equal(await w.rpc("eth_getStorageAt", w.hub, slot, "latest"), head("T-"));
});

test("the balances of all rollups are the Hub's ether", async () => {
    assert.equal(BigInt(await w.rpc("eth_getBalance", w.hub, "latest")), eth(10));
});

// --- what finding an entry costs --------------------------------------------------------------------

for (const transient of [false, true]) {
    const table = transient ? "the transaction's" : "the block's";
    test(`what it costs to find an entry in ${table} table does not depend on those behind it`, async () => {
        // Calls that nobody makes, results that nobody gives: enough for every bucket.
        const gasBehind = (others) => w.scratch(async () => {
            const fill = (b) => {
                b.begin(1, "S-", "S0");
                b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "S0", "S1"), RES(1, word(5)));
                for (let i = 0; i < others; i++) {
                    b.entry(`c${i}`, CALL([0, w.D], [1, w.B], word(i), { gas: 1n }), r(1, "S1", `S${i + 2}`), RES(1));
                    b.entry(`a${i}`, RES(1, word(i)), r(1, `M${i}`, "S1"), RES(1));
                }
            };
            const call = { from: w.user, to: w.A, data: go };
            await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }], isForwarding: true, isQuiet: true });
            const result = await (transient ? w.bundle(fill, call) : w.block(fill, [call]));
            assert.ok(result.ok.every(Boolean));
            const selector = toFunctionSelector(w.hubArtifact.abi.find((e) => e.name === "lookup"));
            const lookup = [...frames(result.traces.at(-1))].findLast((frame) => frame.input.startsWith(selector));
            return BigInt(lookup.gasUsed);
        });
        assert.equal(await gasBehind(30), await gasBehind(0));
    });
}
