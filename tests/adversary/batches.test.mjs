// Who posts batches against the Hub, and what it gets him. Rollups 1 and 2 belong to a liar: their proof system
// vouches for anything. Rollup 3 is honest: an Attestation, whose attester signs true facts only. The
// adversary has the liar's proofs, every batch that the attester has ever signed, and any account.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { concat, encodeAbiParameters, keccak256, pad, parseAbiParameters, toFunctionSelector, toHex } from "viem";
import { privateKeyToAddress, sign } from "viem/accounts";
import { artifact } from "../contracts/lib/chain.mjs";
import { ANSWER, CALL, RC, RES, REVERT, World, bytesOf, encodeBatch, eth, head, r, word } from "../contracts/lib/hub.mjs";

const ATTESTER = pad("0x0a77e57e");
const VKEY = word(7);
const STRANGER = /^0x[0-9a-f]{8}/; // an error of the Attestation: not its attester's signature
const go = bytesOf("go");
const f = bytesOf("f()");
const x = bytesOf("x()");
const GAS = 200_000n;
let w;
let attestation;
let honest; // the proxy of 3:B on the parent
let snapshot;

before(async () => {
    w = await World.open();
    attestation = await w.deploy(artifact("Attestation"), [1n, [privateKeyToAddress(ATTESTER)]]);
    assert.equal(await w.register({ at: "S3-", system: attestation, vkey: VKEY }), 3n);
    await w.send("createProxy", [3n, w.B]);
    honest = await w.read("proxyOf", [3n, w.B]);
    await w.send("credit", [3n], { value: eth(5) });
    await w.when(w.A, go, { steps: [{ to: honest, data: f }], isForwarding: true });
});
after(() => w?.close());
beforeEach(async () => {
    snapshot = await w.rpc("evm_snapshot");
});
afterEach(async () => {
    // Whatever was tried: what the Hub says it holds for each rollup is what it has.
    const count = await w.read("rollupCount");
    let sum = 0n;
    for (let id = 1n; id <= count; id++) sum += await w.read("balanceOf", [id]);
    assert.equal(sum, BigInt(await w.rpc("eth_getBalance", w.hub, "latest")));
    assert.ok((await w.read("balanceOf", [3n])) >= eth(5), "the honest rollup has lost nothing");
    await w.rpc("evm_revert", snapshot);
});

/** The attester's proof of a batch, as if it were true, for these rollups on this Hub. */
async function attested(batch, { rollupIds = [3n], publicInput = batch.publicInput, system = attestation } = {}) {
    const types = parseAbiParameters("address, bytes32, uint64[], bytes32");
    const hash = keccak256(encodeAbiParameters(types, [system, VKEY, rollupIds, publicInput]));
    const { r: first, s, v } = await sign({ hash, privateKey: ATTESTER });
    return { system, rollupIds, data: concat([first, s, toHex(v)]) };
}
const lie = (...ids) => ({ system: w.system, rollupIds: ids.map(BigInt), data: "0x" });
const postOf = (value, proofs, functionName = "postBatch") =>
    ({ to: w.hub, gas: 12_000_000n, from: w.other, data: w.calldata(functionName, [encodeBatch(value), proofs]) });
const toA = () => ({ from: w.user, to: w.A, data: go, gas: 3_000_000n });
const fromA = (rollupId, more = {}) => CALL([0, w.A], [rollupId, w.B], f, more);
const toParent = (from, to, data, more = {}) => CALL(from, [0, to], data, { gas: GAS, ...more });

/** Rollup 3 moves, and answers a call of A's. */
const trueBatch = (b) => {
    b.entry("u3", b.update(3), r(3, "S3-", "S30"), RES(3));
    b.entry("e3", fromA(3), r(3, "S30", "S31"), RES(3, word(1)));
};
/** A block with the batch that `change` makes of the attester's, and a call of A's. */
const tampered = (change) => w.block(trueBatch, [], {
    arrange: async (_, batch) => [postOf(change(structuredClone(batch.value)), [await attested(batch)]), toA()],
});
async function hasNoEffect(result) {
    assert.equal(result.ok[0], false);
    assert.equal(await w.headOf(3), head("S3-"));
}

/** The liar's batch is refused with this error. */
async function refused(error, fill, proofs) {
    const result = await w.block(fill, [], { arrange: (_, batch) => [postOf(batch.value, proofs)] });
    assert.match(result.errors[0] ?? "accepted", error);
    assert.equal(await w.headOf(3), head("S3-"));
}

test("the attester's own batch is taken: what follows is refused for what was changed", async () => {
    const result = await tampered((value) => value);
    assert.deepEqual(result.errors, [null, null]);
    assert.equal(await w.headOf(3), head("S31"));
});

test("wrong post heads", async () => {
    for (const i of [0, 1]) {
        const result = await tampered((value) => {
            value.entries[i].transitions[0].post = head("S666");
            return value;
        });
        assert.match(result.errors[0], STRANGER);
        await hasNoEffect(result);
    }
});

test("ether that does not add up", async () => {
    // Of the attester's batch; of the liar's own rollup; and out of the honest one.
    const result = await tampered((value) => {
        value.entries[1].transitions[0].etherDelta = eth(1);
        return value;
    });
    assert.match(result.errors[0], STRANGER);
    await hasNoEffect(result);
    const mint = (delta) => (b) => b.entry("u1", b.update(1), r(1, "S-", "S0", delta), RES(1));
    await refused(/^EtherMismatch/, mint(eth(1)), [lie(1)]);
    await refused(/^EtherMismatch/, mint(-eth(1)), [lie(1)]);
    await refused(/^NotCovered\(3\)$/, (b) => b.entry("u1", b.update(1), [r(1, "S-", "S0", eth(5)), r(3, "S3-", "S3-", -eth(5))], RES(1)), [lie(1)]);
    const out = (b) => b.entry("u1", b.update(1), r(1, "S-", "M1", -eth(11)), toParent([1, w.B], w.D, x, { value: eth(11) }));
    await refused(/^BalanceTooLow\(1, /, out, [lie(1)]);
});

test("swapped order", async () => {
    const swapped = await tampered((value) => {
        value.entries.reverse();
        return value;
    });
    assert.match(swapped.errors[0], STRANGER);
    await hasNoEffect(swapped);
    // Transactions of users in another order than the facts are about.
    await w.when(w.D, go, { steps: [{ to: honest, data: x }], isForwarding: true });
    const fill = (b) => {
        trueBatch(b);
        b.entry("d", CALL([0, w.D], [3, w.B], x), r(3, "S31", "S32"), RES(3, word(2)));
    };
    const toD = { from: w.user, to: w.D, data: go, gas: 3_000_000n };
    const order = (...txs) => w.block(fill, [], { arrange: async (_, batch) => [postOf(batch.value, [await attested(batch)]), ...txs] });
    const right = await w.scratch(() => order(toA(), toD));
    assert.deepEqual(right.errors, [null, null, null]);
    const figures = right.batch.figures;
    const wrong = await w.block(fill, [], {
        figures,
        arrange: async (_, batch) => [postOf(batch.value, [await attested(batch)]), toD, toA()],
    });
    assert.match(wrong.errors[1], new RegExp(`^EntryNotFound\\(3, ${head("S30")}, `));
    assert.equal(await w.headOf(3), head("S31"));
});

test("entries of another Hub or chain id", async () => {
    const statement = (batch, more) => {
        const input = { chainId: w.chainId, hub: w.hub, ...more };
        const other = Object.create(batch, { world: { value: { chainId: input.chainId, hub: input.hub } } });
        return attested(batch, { publicInput: other.publicInput });
    };
    for (const more of [{ chainId: w.chainId + 1n }, { hub: w.D }, {}]) {
        const result = await w.block(trueBatch, [], {
            arrange: async (_, batch) => [postOf(batch.value, [await statement(batch, more)])],
        });
        if (Object.keys(more).length > 0) await hasNoEffect(result);
        else assert.deepEqual(result.errors, [null]);
    }
});

test("replays in the same block and in later ones", async () => {
    let posted;
    const result = await w.block(trueBatch, [], {
        arrange: async (_, batch) => {
            posted = postOf(batch.value, [await attested(batch)]);
            return [posted, toA(), posted, toA()];
        },
    });
    assert.deepEqual(result.ok, [true, true, false, false]);
    assert.match(result.errors[2], new RegExp(`^EntryNotFound\\(3, ${head("S31")}, `));
    assert.equal(await w.headOf(3), head("S31"));
    const later = await w.mine({ ...posted, mayFail: true }, { ...toA(), mayFail: true });
    assert.deepEqual(later.receipts.map(({ status }) => status), ["0x0", "0x0"]);
    assert.equal(await w.headOf(3), head("S31"));
});

test("a second batch in the same block", async () => {
    // It adds to the first and takes nothing away; a fact that is in both is used once.
    const result = await w.block(trueBatch, [], {
        arrange: async (_, batch) => {
            const again = { updates: [], entries: [batch.value.entries[1]] };
            const input = Object.create(batch, { updates: { value: [] }, entries: { value: [batch.entries[1]] } }).publicInput;
            const proof = [await attested(batch, { publicInput: input })];
            return [postOf(batch.value, [await attested(batch)]), postOf(again, proof), toA(), toA()];
        },
    });
    assert.deepEqual(result.ok, [true, true, true, false]);
    assert.deepEqual(result.consumed, ["u3", "e3"]);
    assert.match(result.errors[3], /^EntryNotFound/);
});

test("an entry that names a rollup no proof covers", async () => {
    const begin = (b) => b.entry("u1", b.update(1), r(1, "S-", "S0"), RES(1));
    const cases = {
        "as the source of an out-CALL": [/^NotCovered\(3\)$/, (b) => {
            begin(b);
            b.entry("e", fromA(1), r(1, "S0", "M1"), toParent([3, w.B], w.D, x));
        }],
        "as that source, and in the transitions": [/^NotCovered\(3\)$/, (b) => {
            begin(b);
            b.entry("e", fromA(1), [r(1, "S0", "M1"), r(3, "S3-", "S3-")], toParent([3, w.B], w.D, x));
        }],
        "as merely read": [/^NotCovered\(3\)$/, (b) => {
            begin(b);
            b.entry("e", fromA(1), [r(1, "S0", "S1"), r(3, "S3-", "S3-")], RES(1));
        }],
        "with an etherDelta alone": [/^NotCovered\(3\)$/, (b) => {
            begin(b);
            b.entry("e", fromA(1), [r(1, "S0", "S1", eth(1)), r(3, "S3-", "S3-", -eth(1))], RES(1));
        }],
        "by its proof system, in somebody else's name": [/^WrongProofSystem\(3\)$/, (b) => {
            begin(b);
            b.entry("e", fromA(1), [r(1, "S0", "S1"), r(3, "S3-", "S666")], RES(1));
        }, [1, 3]],
    };
    for (const [name, [error, fill, ids = [1]]] of Object.entries(cases)) {
        const result = await w.block(fill, [], { arrange: (_, batch) => [postOf(batch.value, [lie(...ids)])] });
        assert.match(result.errors[0] ?? "accepted", error, name);
        assert.equal(await w.headOf(3), head("S3-"));
    }
});

test("a signature obtained for one set of rollups used for another, or for a clone of the chain", async () => {
    // Rollup 4 is a clone: same attester, same rules, same head.
    await w.register({ at: "S3-", system: attestation, vkey: VKEY });
    const other = await w.block(trueBatch, [], {
        arrange: async (_, batch) => {
            const proof = await attested(batch);
            return [
                postOf(batch.value, [{ ...proof, rollupIds: [3n, 4n] }]),
                postOf(batch.value, [{ ...proof, rollupIds: [4n] }]),
            ];
        },
    });
    assert.match(other.errors[0], STRANGER);
    assert.equal(other.errors[1], "NotCovered(3)");
    await hasNoEffect(other);
    const clone = await tampered((value) => {
        value.updates[0].rollupId = 4n;
        for (const entry of value.entries) {
            entry.input.rollupId = entry.out.rollupId = 4n;
            entry.transitions[0].rollupId = 4n;
        }
        return value;
    });
    assert.equal(clone.errors[0], "NotCovered(4)");
    assert.equal(await w.headOf(4), head("S3-"));
});

test("scope advice that undoes less or more than the reverting frame", async () => {
    // Where the scopes are is in what the attester signs.
    const changed = await tampered((value) => {
        value.entries[1].scope = true;
        return value;
    });
    assert.match(changed.errors[0], STRANGER);
    await hasNoEffect(changed);
    // The liar's own advice: his rollup calls twice, and says that the frame with the second call reverts.
    await w.when(w.D, x, { result: word(1) });
    const scopes = (first, second) => (b) => {
        const e1 = b.entry("e1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.D, x), { scope: first });
        const e2 = b.entry("e2", ANSWER(1, word(1)), r(1, "M1", "M2"), toParent([1, w.B], w.D, x), { scope: second });
        b.entry("e3", ANSWER(1, word(1)), r(1, "M2", "M3"), REVERT(1, "M1"));
        // That the frame with both calls did is no fact; its undoing would need one to go on with.
        b.entry("e4", RC(1, second ? e1.input : e2.input, "M3"), r(1, "M1", "S1"), RES(1));
    };
    const missing = new RegExp(`^ScopeMissing\\(1, ${head("M1")}\\)$`);
    await refused(missing, scopes(false, false), [lie(1)]);
    await refused(missing, scopes(true, false), [lie(1)]);
    await refused(/^EntryNotFound\(1, /, scopes(false, true), [lie(1)]);
    await refused(/^EntryNotFound\(1, /, scopes(true, true), [lie(1)]);
    assert.equal(await w.headOf(1), head("S-"));
});

test("a poster who starves a call of gas", async () => {
    const gas = 500_000n;
    await w.when(w.D, x, { burn: 400_000n, result: word(1) });
    const fill = (b) => {
        b.entry("e1", b.update(3), r(3, "S3-", "M1"), toParent([3, w.B], w.D, x, { gas }));
        b.entry("e2", ANSWER(3, word(1)), r(3, "M1", "S30"), RES(3));
        // As true as the other, if it ever came to that: what the poster would like to come to pass.
        b.entry("starved", ANSWER(3, "0x", { failed: true, gas }), r(3, "M1", "S31"), RES(3));
    };
    const post = (limit, figures) => w.scratch(() => w.block(fill, [], {
        figures,
        arrange: async (_, batch) => [{ ...postOf(batch.value, [await attested(batch)]), gas: limit }],
    }));
    const { batch } = await post(12_000_000n);
    const seen = new Set();
    for (let limit = 600_000n; limit < 1_500_000n; limit += 90_000n) {
        const result = await post(limit, batch.figures);
        if (result.errors[0] === null) assert.deepEqual(result.consumed, ["e1", "e2"]);
        else assert.deepEqual(result.consumed, []);
        seen.add(result.errors[0]?.replace(/\(.*/, "") ?? "ok");
    }
    for (const error of seen) assert.ok(["ok", "NotEnoughGas", "0x"].includes(error), error);
    assert.ok(seen.has("ok") && seen.has("NotEnoughGas"));
});

test("a rollup owner who lies in a trace: the harm stays with that rollup", async () => {
    const told = CALL([3, w.B], [1, w.B], x, { gas: GAS, value: eth(5) }); // "3:B has called me, with 5 ether"
    const begin = (b) => b.entry("u1", b.update(1), r(1, "S-", "S0"), RES(1));
    await refused(/^NotCovered\(3\)$/, (b) => {
        begin(b);
        b.entry("e", fromA(1), r(1, "S0", "S1", eth(5)), RES(1), { trace: [told] });
    }, [lie(1)]);
    const both = (b) => {
        begin(b);
        b.entry("e", fromA(1), [r(1, "S0", "S1", eth(5)), r(3, "S3-", "S666", -eth(5))], RES(1), { trace: [told] });
    };
    await refused(/^NotCovered\(3\)$/, both, [lie(1)]);
    // The attester has not signed that; what it has signed is something else.
    const result = await w.block(both, [], {
        arrange: async (_, batch) => [postOf(batch.value, [lie(1), await attested(batch, { publicInput: word(1) })])],
    });
    await hasNoEffect(result);
    // About his own two rollups he may say what he likes: they have 10 ether, and that is what they have.
    await w.block((b) => {
        b.entry("u2", b.update(2), r(2, "T-", "T0"), RES(2));
        b.entry("u1", b.update(1), [r(1, "S-", "S0", -eth(10)), r(2, "T0", "T1", eth(10))], RES(1), { trace: [told].map((t) => ({ ...t, sourceRollupId: 2n })) });
    }, [], { proofs: [lie(1, 2)] });
    assert.equal(await w.read("balanceOf", [1n]), 0n);
    assert.equal(await w.read("balanceOf", [2n]), eth(10));
});

test("the Hub as call target through somebody's proxy", async () => {
    // The liar's rollup has its proxy call the Hub: for the honest rollup's ether, for a head, for a proxy's place.
    const orders = [
        w.calldata("run", []),
        // As the proxy of rollup 3's B would say it.
        concat([toFunctionSelector("enter()"), toHex(3n, { size: 8 }), w.B, w.A, f]),
        w.calldata("credit", [1n]),
    ];
    for (const data of orders) {
        const result = await w.block((b) => {
            b.entry("u1", b.update(1), r(1, "S-", "M1"), toParent([1, w.B], w.hub, data));
            b.entry("a", ANSWER(1, "0x", { failed: true }), r(1, "M1", "S1"), RES(1));
        }, [], { proofs: [lie(1)] });
        // The proxy refuses to make it: what the rollup is told is that it failed.
        assert.deepEqual(result.errors, [null]);
        assert.deepEqual(result.consumed, ["u1", "a"]);
        assert.equal(await w.headOf(3), head("S3-"));
        await w.rpc("evm_revert", snapshot);
        snapshot = await w.rpc("evm_snapshot");
    }
});

test("an entry left out inside a try/catch", async () => {
    // A contract of the parent that catches every error sees a failure where the fact was left out, and that is
    // all: the call has not run anywhere. What it may not take for the callee's answer has the Hub's name.
    const script = { steps: [{ to: honest, data: f, isCaught: true }], isForwarding: true };
    await w.when(w.A, go, script);
    const result = await w.block((b) => b.entry("u3", b.update(3), r(3, "S3-", "S30"), RES(3)), [], {
        arrange: async (_, batch) => [postOf(batch.value, [await attested(batch)]), toA()],
    });
    assert.deepEqual(result.ok, [true, true]);
    assert.match(w.errorName(result.outputs[1]), new RegExp(`^EntryNotFound\\(3, ${head("S30")}, `));
    assert.equal(await w.headOf(3), head("S30"));
});
