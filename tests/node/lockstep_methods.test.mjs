// lockstep_getBatch, lockstep_getExecutionTable, lockstep_simulate: what they say is what the Hub has, and
// why a call fails is told apart: no entry, the target's revert, and a target that pretends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeErrorResult, encodeFunctionData, keccak256, parseAbi, parseAbiItem } from "viem";
import { actionHash, entryHash } from "../contracts/lib/packed.mjs";
import { openNetwork } from "../lib/opened.mjs";
import { initcode } from "../lib/transactions.mjs";

const errors = parseAbi([
    "error EntryNotFound(uint64 rollupId, bytes32 head, bytes32 actionHash)",
    "error Unwilling(uint256 asked, string why)",
]);
const KINDS = ["CALL", "RESULT", "L2TX", "REVERT", "REVERT_CONTINUE"];
let chains;
let world;

openNetwork((opened) => ({ chains, world } = opened));

const rpc = (chain, method, ...params) => chain.client.request({ method, params });
const data = (contract, functionName, args = []) => encodeFunctionData({ abi: contract.abi, functionName, args });
const from = () => chains.l1.account.address;
const simulate = (contract, functionName, args) =>
    rpc(contract.chain, "lockstep_simulate", { from: from(), to: contract.address, data: data(contract, functionName, args) });

async function send(chain, request) {
    const hash = await chain.wallet.sendTransaction({ gas: 3_000_000n, ...request });
    return chain.client.waitForTransactionReceipt({ hash });
}

// A contract of these bytes of code.
async function deploy(chain, code) {
    const receipt = await send(chain, { data: initcode(code) });
    return receipt.contractAddress;
}

// Reverts with this data.
const reverter = (bytes) => {
    const body = bytes.slice(2);
    const size = (body.length / 2).toString(16).padStart(4, "0");
    return `61${size}600d5f3961${size}5ffd00${body}`;
};

const numbers = (object, names) => Object.fromEntries(names.map((name) => [name, BigInt(object[name])]));
const action = (a) => ({
    ...a,
    kind: KINDS.indexOf(a.kind),
    ...numbers(a, ["rollupId", "sourceRollupId", "value", "gas"]),
});
const signed = (text) => (text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text));
const entryOf = (e) => ({
    input: action(e.input),
    transitions: e.transitions.map((t) => ({ ...t, rollupId: BigInt(t.rollupId), etherDelta: signed(t.etherDelta) })),
    trace: e.trace.map(action),
    out: action(e.out),
    scope: e.scope,
});
const consumed = parseAbiItem("event EntryConsumed(uint64 indexed rollupId, bytes32 entryHash)");

test("a batch's entries hash to what the Hub says it consumed", async () => {
    const { l1 } = chains;
    const bank = await world.deploy("rollup1", "Bank");
    const saver = await world.deploy("l1", "Saver");
    const reference = await world.reference("l1", bank);
    const receipt = await send(l1, { to: saver.address, value: 5n, data: data(saver, "save", [reference]) });
    assert.equal(receipt.status, "success");
    const [batch, ...others] = await rpc(l1, "lockstep_getBatch", receipt.transactionHash);
    assert.equal(others.length, 0);
    assert.deepEqual(await rpc(l1, "lockstep_getBatch", receipt.blockHash), [batch]);
    assert.deepEqual(await rpc(l1, "lockstep_getBatch", `0x${receipt.blockNumber.toString(16)}`), [batch]);
    for (const entry of batch.entries)
        assert.equal(entryHash(entryOf(entry)), entry.entryHash);
    const logs = await l1.client.getLogs({ address: l1.hub, event: consumed, blockHash: receipt.blockHash });
    assert.deepEqual(logs.map((log) => log.args.entryHash), batch.entries.map((entry) => entry.entryHash));
    const call = batch.entries.find((entry) => entry.input.kind === "CALL");
    assert.equal(call.input.value, "0x5");
    assert.equal(call.transitions[0].etherDelta, "0x5");

    const table = await rpc(l1, "lockstep_getExecutionTable", receipt.transactionHash);
    assert.deepEqual(table.map((entry) => entry.entryHash), batch.entries.map((entry) => entry.entryHash));
    for (const entry of table) {
        assert.equal(actionHash(action(entry.input)), entry.key.actionHash);
        assert.equal(entry.postedBy, batch.transactionHash);
        const user = entry.input.kind === "L2TX" ? batch.transactionHash : receipt.transactionHash;
        assert.deepEqual(entry.usedBy, [user]);
    }
    // Out again: the rollup gives ether away.
    const back = await send(l1, { to: saver.address, data: data(saver, "takeBack", [reference, 2n]) });
    assert.equal(back.status, "success");
    const [{ entries }] = await rpc(l1, "lockstep_getBatch", back.transactionHash);
    const deltas = entries.flatMap((entry) => entry.transitions.map((t) => t.etherDelta));
    assert.ok(deltas.includes("-0x2"), `${deltas}`);
});

test("what there is no batch of", async () => {
    const { l1, rollup1 } = chains;
    const receipt = await send(l1, { to: from(), value: 1n });
    for (const method of ["lockstep_getBatch", "lockstep_getExecutionTable"]) {
        assert.deepEqual(await rpc(l1, method, receipt.transactionHash), []);
        assert.deepEqual(await rpc(l1, method, "earliest"), []);
        assert.deepEqual(await rpc(l1, method, "0x1"), [], "the Hub is made in it");
        assert.equal(await rpc(l1, method, "0xffffff"), null);
        assert.equal(await rpc(l1, method, keccak256("0x01")), null);
        await assert.rejects(rpc(rollup1, method, "latest"), (error) => {
            assert.ok(error.details.includes(`its own batches are posted on l1, at ${l1.url}`), error.details);
            return true;
        });
    }
});

test("the simulation's batch is the one that is posted", async () => {
    const { l1 } = chains;
    const counter = await world.deploy("rollup1", "Counter");
    const proxy = await world.reference("l1", counter);
    const request = { from: from(), to: proxy, data: data(counter, "add", [5n]), gas: "0x2dc6c0" };
    const foreseen = await rpc(l1, "lockstep_simulate", request);
    assert.equal(await world.call(counter, "total"), 0n, "nothing was sent");
    const receipt = await send(l1, { ...request, gas: BigInt(request.gas) });
    const [batch] = await rpc(l1, "lockstep_getBatch", receipt.transactionHash);
    assert.equal(foreseen.status, "0x1");
    assert.equal(BigInt(foreseen.gasUsed), receipt.gasUsed);
    const calls = (list) => list.filter(({ input }) => input.kind === "CALL").map(({ input, out }) => ({ input, out }));
    assert.deepEqual(calls(foreseen.entries), calls(batch.entries));
});

test("a target's revert is the target's, with chain, address and data", async () => {
    const grump = await world.deploy("rollup1", "Grump");
    const asker = await world.deploy("l1", "Asker");
    const reference = await world.reference("l1", grump);
    const { status, failure } = await simulate(asker, "insist", [reference, 3n]);
    assert.equal(status, "0x0");
    assert.deepEqual(failure, {
        kind: "targetReverted",
        chain: "rollup1",
        chainId: "0xa475",
        contract: grump.address.toLowerCase(),
        reason: "execution reverted",
        data: encodeErrorResult({ abi: errors, errorName: "Unwilling", args: [3n, "not today"] }),
    });
    const caught = await simulate(asker, "tryAnyway", [reference, 3n]);
    assert.equal(caught.status, "0x1");
    assert.equal(caught.failure, null);
});

test("no entry is no entry, with the chain and the contract that was called", async () => {
    const { l1 } = chains;
    const counter = await world.deploy("rollup2", "Counter");
    const teller = await world.deploy("l1", "Teller");
    const reference = await world.reference("l1", counter);
    await rpc(l1, "lockstep_setAutoBatch", false);
    try {
        const { failure } = await simulate(teller, "addTwice", [reference, 5n]);
        assert.equal(failure.kind, "noEntry");
        assert.equal(failure.chain, "rollup2");
        assert.equal(failure.contract, counter.address.toLowerCase());
        assert.match(failure.reason, /^no entry for this call is posted/);
        assert.equal(failure.data.slice(0, 10), keccak256(Buffer.from("EntryNotFound(uint64,bytes32,bytes32)")).slice(0, 10));
    } finally {
        await rpc(l1, "lockstep_setAutoBatch", true);
    }
});

test("a target that reverts with the Hub's error is still a target that reverted", async () => {
    const forged = encodeErrorResult({ abi: errors, errorName: "EntryNotFound", args: [1n, keccak256("0x"), keccak256("0x01")] });
    for (const place of ["l1", "rollup1"]) {
        const address = await deploy(chains[place], reverter(forged));
        const to = place === "l1" ? address : await world.reference("l1", { chain: chains[place], address, name: "Forger" });
        const { status, failure } = await rpc(chains.l1, "lockstep_simulate", { from: from(), to, data: "0x1234" });
        assert.equal(status, "0x0");
        assert.equal(failure.kind, "targetReverted", place);
        assert.equal(failure.chain, place);
        assert.equal(failure.contract, address.toLowerCase());
        assert.equal(failure.data, forged);
    }
});

test("halts and refusals are told apart from reverts", async () => {
    const { l1, rollup1 } = chains;
    const address = await deploy(rollup1, "5b5f56"); // for ever
    const to = await world.reference("l1", { chain: rollup1, address, name: "Loop" });
    const halted = await rpc(l1, "lockstep_simulate", { from: from(), to, data: "0x" });
    assert.equal(halted.failure.kind, "targetHalted");
    assert.equal(halted.failure.chain, "rollup1");
    assert.equal(halted.failure.contract, address.toLowerCase());
    assert.match(halted.failure.reason, /out of gas/i);
    const poor = await rpc(l1, "lockstep_simulate", { from: `0x${"12".repeat(20)}`, to, value: "0x1" });
    assert.equal(poor.failure.kind, "transactionRefused");
    assert.match(poor.failure.reason, /insufficient funds/);
    assert.equal(poor.frame, null);
});

test("the same from a rollup", async () => {
    const { rollup1 } = chains;
    const grump = await world.deploy("l1", "Grump");
    const asker = await world.deploy("rollup1", "Asker");
    const reference = await world.reference("rollup1", grump);
    const { failure } = await simulate(asker, "insist", [reference, 3n]);
    assert.equal(failure.kind, "targetReverted");
    assert.equal(failure.chain, "l1");
    assert.equal(failure.contract, grump.address.toLowerCase());
    const counter = await world.deploy("rollup2", "Counter");
    const other = await world.reference("rollup1", counter);
    const made = await rpc(rollup1, "lockstep_simulate", { from: from(), to: other, data: data(counter, "add", [4n]) });
    assert.equal(made.status, "0x1");
    assert.equal(BigInt(made.output), 4n);
    assert.ok(made.entries.some(({ trace }) => trace.length === 2), "the rollups' own words are in the trace");
});

test("what is no question is refused", async () => {
    const { l1 } = chains;
    const refused = (method, params, text) =>
        assert.rejects(rpc(l1, method, ...params), (error) => {
            assert.ok(error.details.includes(text), error.details);
            return true;
        });
    await refused("lockstep_getBatch", [], "missing value for required argument 0");
    await refused("lockstep_getBatch", ["soon"], "invalid argument 0");
    await refused("lockstep_getExecutionTable", [null], "missing value for required argument 0");
    await refused("lockstep_simulate", ["0x"], "invalid argument 0");
    await refused("lockstep_simulate", [{ to: "0x12" }], "invalid argument 0");
});
