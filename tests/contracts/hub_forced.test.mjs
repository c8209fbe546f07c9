// Forced transactions on the Hub: what queueing takes and gives, and that a batch takes from the front
// of the queue, never more than there is and never less than is due.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { encodeAbiParameters, encodeFunctionData, keccak256, parseAbiParameters, toFunctionSelector, toHex, zeroAddress, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { artifact } from "./lib/chain.mjs";
import { RES, World, bytesOf, eth, r, word } from "./lib/hub.mjs";

const DELAY = 5n, MAX = 8, FEE = eth("0.0001");
let w, snapshot, id;
before(async () => {
    w = await World.open();
    id = await w.register({ at: "F-", forceDelay: Number(DELAY) });
});
after(() => w?.close());
beforeEach(async () => {
    snapshot = await w.rpc("evm_snapshot");
});
afterEach(async () => {
    await w.rpc("evm_revert", snapshot);
});

const tx = (name) => bytesOf(`forced ${name}`);
/** The Hub's hash after these have been taken, from nothing. */
const chainOf = (txs) => txs.reduce((chain, one) =>
    keccak256(encodeAbiParameters(parseAbiParameters("bytes32, bytes32"), [chain, keccak256(one)])), zeroHash);

const force = (transaction, value = FEE, more = {}) =>
    w.send("forceTransaction", [id, transaction], { from: w.user, value, ...more });
async function forceMany(count) {
    const txs = Array.from({ length: count }, (_, i) => tx(i));
    for (const one of txs) await force(one, await w.read("forceFee", [id]));
    return txs;
}
const refusal = async (functionName, args, more = {}) => {
    const { receipts } = await w.mine({ to: w.hub, data: w.calldata(functionName, args), ...more, mayFail: true });
    assert.equal(receipts[0].status, "0x0");
    return w.errorName((await w.trace(receipts[0].transactionHash)).output);
};

/** A batch whose update takes these, the chain being as it is said. */
const taking = (forced, forcedHash, at = "F-", to = "S0") => (b) =>
    b.entry("u", b.update(id, { forced, forcedHash }), r(id, at, to), RES(id));
const takes = async (...args) => (await w.block(taking(...args))).errors[0];
const mineTo = async (block) => {
    const now = BigInt(await w.rpc("eth_blockNumber"));
    assert.ok(now <= block);
    if (now < block) await w.rpc("anvil_mine", toHex(block - now));
};
const kept = async () => w.read("rollup", [id]);

// --- queueing ---------------------------------------------------------------------------------------

test("an event has all of it, and the queue its place and when it is due", async () => {
    const { receipts: [receipt] } = await force(tx("a"));
    const at = BigInt(receipt.blockNumber);
    const { name, args } = w.decodeLog(receipt.logs[0]);
    assert.equal(name, "TransactionForced");
    assert.deepEqual(args, { rollupId: id, index: 0n, due: at + DELAY, transaction: tx("a") });
    assert.deepEqual(await w.read("forcedCount", [id]), [1n, 0n]);
    assert.equal(BigInt((await kept()).forcedDue), at + DELAY);
    const next = w.decodeLog((await force(tx("a"))).receipts[0].logs[0]).args;
    assert.deepEqual([next.index, next.due], [1n, at + 1n + DELAY]);
    // The first that waits says when something is due.
    assert.equal(BigInt((await kept()).forcedDue), at + DELAY);
});

test("the fee doubles with each batch's fill that waits, is burned, and what is above comes back", async () => {
    const nobody = async () => BigInt(await w.rpc("eth_getBalance", zeroAddress, "latest"));
    const mine = async () => BigInt(await w.rpc("eth_getBalance", w.user, "latest"));
    const hub = BigInt(await w.rpc("eth_getBalance", w.hub, "latest"));
    let burned = await nobody();
    for (let i = 0; i < 2 * MAX + 1; i++) {
        const fee = FEE << BigInt(Math.floor(i / MAX));
        assert.equal(await w.read("forceFee", [id]), fee, `with ${i} waiting`);
        const before = await mine();
        await force(tx(i), fee + (i % 2 === 0 ? 0n : 77n));
        assert.equal(before - await mine(), fee);
        assert.equal(await nobody() - burned, fee);
        burned += fee;
    }
    assert.equal(BigInt(await w.rpc("eth_getBalance", w.hub, "latest")), hub);
    // Taken ones do not count: it is what waits that costs.
    assert.equal(await takes(MAX, chainOf(Array.from({ length: MAX }, (_, i) => tx(i)))), null);
    assert.equal(await w.read("forceFee", [id]), FEE << 1n);
});

test("what cannot be queued is refused by name", async () => {
    const to = (rollupId, data, value = FEE) => refusal("forceTransaction", [rollupId, data], { value });
    assert.equal(await to(99n, tx(0)), "UnknownRollup(99)");
    assert.equal(await to(0n, tx(0)), "UnknownRollup(0)");
    assert.equal(await to(1n, tx(0)), "ForcingOff(1)");
    assert.equal(await to(id, toHex(1n, { size: 8193 })), "ForcedTooLong(8193, 8192)");
    assert.equal(await to(id, tx(0), FEE - 1n), `ForceFeeTooLow(${FEE}, ${FEE - 1n})`);
    await forceMany(MAX);
    assert.equal(await to(id, tx(0)), `ForceFeeTooLow(${2n * FEE}, ${FEE})`);
    await force(toHex(1n, { size: 8192 }), 2n * FEE);
    await force("0x", 2n * FEE);
});

test("who takes no ether back pays exactly", async () => {
    const actor = w.A;
    const input = bytesOf("force");
    const data = w.calldata("forceTransaction", [id, tx(0)]);
    const given = async (value) => {
        await w.when(actor, input, { steps: [{ to: w.hub, value, data }] });
        const { receipts } = await w.mine({ to: actor, data: input, value, mayFail: true });
        const trace = await w.trace(receipts[0].transactionHash);
        return trace.error ? w.errorName(trace.output) : null;
    };
    const { receipts } = await w.mine({ to: actor, value: 1n, mayFail: true });
    assert.equal(receipts[0].status, "0x1", "the actor takes ether, so what is above comes back to it");
    assert.equal(await given(FEE + 5n), null);
    assert.equal(BigInt(await w.rpc("eth_getBalance", actor, "latest")), 6n);
});

test("nobody but the Hub takes from the queue", async () => {
    await force(tx(0));
    assert.equal(await refusal("takeForced", [id, 1n]), "OnlySelf()");
    assert.deepEqual(await w.read("forcedCount", [id]), [1n, 0n]);
});

// --- batches ----------------------------------------------------------------------------------------

test("an update takes the next ones, and their hash is proven", async () => {
    const txs = await forceMany(3);
    assert.equal(await takes(2, chainOf(txs.slice(0, 2))), null);
    assert.deepEqual(await w.read("forcedCount", [id]), [3n, 2n]);
    assert.notEqual((await kept()).forcedDue, 0);
    assert.equal(await takes(1, chainOf(txs), "S0", "S1"), null);
    assert.deepEqual(await w.read("forcedCount", [id]), [3n, 3n]);
    assert.equal((await kept()).forcedDue, 0);
    // And then none is missed, whatever the block.
    await w.rpc("anvil_mine", "0x20");
    assert.equal(await takes(0, undefined, "S1", "S2"), null);
});

test("what is proven is about the transactions that are queued", async () => {
    const attester = privateKeyToAccount(keccak256(bytesOf("attester")));
    const system = await w.deploy(artifact("Attestation"), [1n, [attester.address]]);
    const own = await w.register({ at: "P-", system, forceDelay: 1 });
    const txs = [tx(0), tx(1)];
    for (const one of txs) await w.send("forceTransaction", [own, one], { value: FEE });
    const proofs = async (b) => {
        const digest = keccak256(encodeAbiParameters(
            parseAbiParameters("address, bytes32, uint64[], bytes32"), [system, word(7), [own], b.publicInput],
        ));
        return [{ system, rollupIds: [own], data: await attester.sign({ hash: digest }) }];
    };
    const post = (forcedHash) => w.block((b) =>
        b.entry("u", b.update(own, { forced: 2, forcedHash }), r(own, "P-", "S0"), RES(own)), [], { proofs });
    for (const wrong of [chainOf([txs[1], txs[0]]), chainOf([txs[0], tx("x")]), chainOf([txs[0]]), undefined])
        assert.match((await post(wrong)).errors[0], new RegExp(`^${toFunctionSelector("NotAnAttester(uint256,address)")}`));
    assert.equal((await post(chainOf(txs))).errors[0], null);
});

test("more than are queued", async () => {
    assert.equal(await takes(1, tx("hash")), `ForcedMissing(${id}, 0)`);
    const txs = await forceMany(1);
    assert.equal(await takes(2, chainOf([...txs, tx("x")])), `ForcedMissing(${id}, 1)`);
    assert.equal(await takes(65535, chainOf(txs)), `ForcedMissing(${id}, 1)`);
});

test("who leaves a due one out is refused, from its block on and not before", async () => {
    const txs = await forceMany(2);
    const due = BigInt((await kept()).forcedDue);
    await mineTo(due - 2n);
    await w.scratch(async () => assert.equal(await takes(0), null));
    await mineTo(due - 1n);
    await w.scratch(async () => assert.equal(await takes(0), `ForcedDue(${id}, 0)`));
    // The second is due one block later.
    await w.scratch(async () => assert.equal(await takes(1, chainOf(txs.slice(0, 1))), null));
    await mineTo(due);
    assert.equal(await takes(0), `ForcedDue(${id}, 0)`);
    assert.equal(await takes(1, chainOf(txs.slice(0, 1))), `ForcedDue(${id}, 1)`);
    assert.equal(await takes(2, chainOf(txs)), null);
});

test("no update has to take more than its share of a long queue", async () => {
    const txs = await forceMany(2 * MAX + 3);
    await w.rpc("anvil_mine", "0x10");
    assert.equal(await takes(MAX - 1, chainOf(txs.slice(0, MAX - 1))), `ForcedDue(${id}, ${MAX - 1})`);
    assert.equal(await takes(MAX, chainOf(txs.slice(0, MAX))), null);
    assert.equal(await takes(0, undefined, "S0", "S1"), `ForcedDue(${id}, ${MAX})`);
    // It may take more.
    assert.equal(await takes(MAX + 3, chainOf(txs), "S0", "S1"), null);
    const gas = await w.read("FORCED_GAS");
    assert.equal(gas, BigInt(MAX) * await w.read("FORCED_TX_GAS"));
});

test("the updates of one batch take one after the other", async () => {
    const txs = await forceMany(3);
    const two = (second) => (b) => {
        b.entry("u1", b.update(id, { forced: 2, forcedHash: chainOf(txs.slice(0, 2)) }), r(id, "F-", "S0"), RES(id));
        b.entry("u2", b.update(id, { payload: bytesOf("more"), ...second }), r(id, "S0", "S1"), RES(id));
    };
    for (const second of [{}, { forced: 1, forcedHash: chainOf(txs) }])
        await w.scratch(async () => assert.equal((await w.block(two(second))).errors[0], null));
    // What is due the first one takes.
    await w.rpc("anvil_mine", "0x10");
    assert.equal((await w.block(two({ forced: 1, forcedHash: chainOf(txs) }))).errors[0], `ForcedDue(${id}, 2)`);
});

test("a batch that fails takes nothing, and other rollups do not wait", async () => {
    const txs = await forceMany(1);
    await w.rpc("anvil_mine", "0x10");
    // Rollup 1 has no queue.
    assert.equal((await w.block((b) => b.begin(1, "S-", "S0"))).errors[0], null);
    const fails = (b) => {
        taking(1, chainOf(txs))(b);
        b.begin(1, "S-", "S1");
    };
    assert.match((await w.block(fails)).errors[0], /^EntryNotFound\(1/);
    assert.deepEqual(await w.read("forcedCount", [id]), [1n, 0n]);
    assert.equal(await takes(1, chainOf(txs)), null);
});

test("what a bundle brings along is held to the queue, too", async () => {
    const txs = await forceMany(1);
    await w.rpc("anvil_mine", "0x10");
    const call = { to: w.A, data: bytesOf("x") };
    const { errors } = await w.bundle(taking(0), call, { transient: true });
    assert.equal(errors[0], `ForcedDue(${id}, 0)`);
    const done = await w.bundle(taking(1, chainOf(txs)), call, { transient: true });
    assert.equal(done.errors[0], null);
});

test("one that a call across chains queues counts at once", async () => {
    const input = bytesOf("force from a contract");
    const data = encodeFunctionData({ abi: w.hubArtifact.abi, functionName: "forceTransaction", args: [id, tx(0)] });
    await w.when(w.A, input, { steps: [{ to: w.hub, value: FEE, data }] });
    await w.mine({ to: w.A, data: input, value: FEE });
    assert.deepEqual(await w.read("forcedCount", [id]), [1n, 0n]);
    assert.equal(await takes(1, chainOf([tx(0)])), null);
});
