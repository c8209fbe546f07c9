// debug_trace…: every tracer on L1 and on rollups, transactions that cross chains, and what is refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData, keccak256 } from "viem";
import { startNetwork } from "../../examples/demo/network.mjs";
import { World, connect } from "../../examples/demo/world.mjs";
import { initcode } from "../lib/transactions.mjs";

let network;
let world;
let chains;
let from;

before(async () => {
    network = await startNetwork(["--rollups", "2"], process.env.LOCKSTEP ?? "build/dev/lockstep");
    const { chains: entries, accounts } = network.info;
    const [l1, rollup1, rollup2] = entries.map((entry) => connect(entry, accounts[0].privateKey));
    world = new World({ l1, rollup1, rollup2 });
    chains = [l1, rollup1];
    from = accounts[0].address;
});
after(async () => assert.equal((await network.stop()).status, 0));

const rpc = (chain, method, ...params) => chain.client.request({ method, params });

const onEach = (name, run) =>
    test(name, async (t) => {
        for (const chain of chains) await t.test(chain.name, () => run(chain));
    });

async function fails(promise, code, text) {
    const error = await promise.then(() => assert.fail("it succeeded"), (e) => e);
    for (let e = error; e; e = e.cause) if (e.code === code && e.data === undefined && e.message.includes(text)) return;
    assert.match(`${error.details} ${error.message}`, new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
}

async function deploy(chain, code) {
    const hash = await rpc(chain, "eth_sendTransaction", { from, data: initcode(code) });
    return (await rpc(chain, "eth_getTransactionReceipt", hash)).contractAddress;
}

// Reverts with a word; and what calls it, logs, writes a slot and reads it.
const REVERTS = "602a5f5260205ffd";
const works = (inner) => `5f5f5f5f5f73${inner.slice(2)}5af1505f5fa060015f555f54505a00`;

async function transaction(chain) {
    const inner = await deploy(chain, REVERTS);
    const to = await deploy(chain, works(inner));
    const hash = await rpc(chain, "eth_sendTransaction", { from, to, gas: "0x30d40", data: "0x12345678aabb" });
    return { inner, to, hash, receipt: await rpc(chain, "eth_getTransactionReceipt", hash) };
}

// All frames of callTracer's tree, in order.
const flatten = (frame) => [frame, ...(frame.calls ?? []).flatMap(flatten)];

onEach("the struct logger shows every step", async (chain) => {
    const { hash, receipt } = await transaction(chain);
    const trace = await rpc(chain, "debug_traceTransaction", hash);
    assert.equal(trace.gas, Number(receipt.gasUsed));
    assert.equal(trace.failed, false);
    assert.equal(trace.returnValue, "0x");
    const names = trace.structLogs.filter((step) => step.depth === 1).map((step) => step.op);
    const tail = ["PUSH0", "PUSH0", "LOG0", "PUSH1", "PUSH0", "SSTORE", "PUSH0", "SLOAD", "POP", "GAS", "STOP"];
    assert.deepEqual(names.slice(-tail.length), tail);
    const inner = trace.structLogs.filter((step) => step.depth === 2).map((step) => step.op);
    assert.deepEqual(inner, ["PUSH1", "PUSH0", "MSTORE", "PUSH1", "PUSH0", "REVERT"]);
    const load = trace.structLogs.find((step) => step.op === "SLOAD");
    assert.deepEqual(Object.values(load.storage), [`0x${"1".padStart(64, "0")}`]);
    assert.deepEqual(load.stack, ["0x0"]);
    assert.equal(load.gasCost, 100);
    // What a step costs is what the next one has less, but for what a call gives back.
    const steps = trace.structLogs.filter((step) => step.depth === 1 && step.op !== "CALL");
    for (let i = 1; i < steps.length; i++)
        if (steps[i - 1].pc + 1 === steps[i].pc) assert.equal(steps[i - 1].gas - steps[i - 1].gasCost, steps[i].gas);
    const options = { enableMemory: true, enableReturnData: true, disableStack: true, disableStorage: true };
    const other = await rpc(chain, "debug_traceTransaction", hash, options);
    assert.ok(other.structLogs.every((step) => !("stack" in step || "storage" in step)));
    assert.equal(other.structLogs.find((step) => step.op === "REVERT").memory.length, 1);
    assert.equal(other.structLogs.at(-1).returnData, `0x${"2a".padStart(64, "0")}`);
    const cut = await rpc(chain, "debug_traceTransaction", hash, { limit: 300 });
    assert.ok(cut.structLogs.length < 6 && cut.structLogs.length > 1);
});

onEach("the named tracers agree with the receipt", async (chain) => {
    const { inner, to, hash, receipt } = await transaction(chain);
    const as = (tracer, tracerConfig) => rpc(chain, "debug_traceTransaction", hash, { tracer, tracerConfig });
    const calls = await as("callTracer", { withLog: true });
    assert.equal(calls.gasUsed, receipt.gasUsed);
    assert.equal(calls.gas, "0x30d40");
    assert.equal(calls.to, to);
    assert.equal(calls.error, undefined);
    assert.equal(calls.calls[0].to, inner);
    assert.equal(calls.calls[0].error, "execution reverted");
    assert.equal(calls.calls[0].output, `0x${"2a".padStart(64, "0")}`);
    assert.equal(calls.logs[0].address, to);
    assert.equal(calls.logs[0].position, "0x1");
    assert.equal(calls.logs[0].index, receipt.logs[0].logIndex);
    assert.equal((await as("callTracer", { onlyTopCall: true })).calls, undefined);

    const flat = await as("flatCallTracer", { convertParityErrors: true });
    assert.deepEqual(flat.map((frame) => frame.traceAddress), [[], [0]]);
    assert.equal(flat[1].error, "Reverted");
    assert.equal(flat[0].transactionHash, hash);
    assert.equal(flat[0].blockHash, receipt.blockHash);
    assert.equal(flat[0].transactionPosition, Number(receipt.transactionIndex));

    const before = await as("prestateTracer");
    const slot = `0x${"0".repeat(64)}`;
    assert.equal(before[to].storage[slot], slot);
    assert.ok(inner in before && from.toLowerCase() in before);
    const diff = await as("prestateTracer", { diffMode: true });
    assert.deepEqual(diff.post[to].storage, { [slot]: `0x${"1".padStart(64, "0")}` });
    const nonce = diff.pre[from.toLowerCase()].nonce ?? 0;
    assert.equal(diff.post[from.toLowerCase()].nonce, nonce + 1);
    assert.ok(!(inner in diff.post));

    assert.deepEqual(await as("4byteTracer"), { "0x12345678-2": 1 });
    assert.deepEqual(await as("noopTracer"), {});
    const both = await as("muxTracer", { callTracer: { withLog: true }, "4byteTracer": null });
    assert.deepEqual(both, { callTracer: calls, "4byteTracer": { "0x12345678-2": 1 } });
});

onEach("blocks by number, hash and as bytes", async (chain) => {
    const { hash, receipt } = await transaction(chain);
    const options = { tracer: "callTracer" };
    const byNumber = await rpc(chain, "debug_traceBlockByNumber", receipt.blockNumber, options);
    assert.deepEqual(await rpc(chain, "debug_traceBlockByHash", receipt.blockHash, options), byNumber);
    const raw = await rpc(chain, "debug_getRawBlock", receipt.blockNumber);
    assert.deepEqual(await rpc(chain, "debug_traceBlock", raw, options), byNumber);
    const one = byNumber.find((entry) => entry.txHash === hash);
    assert.deepEqual(one.result, await rpc(chain, "debug_traceTransaction", hash, options));
});

onEach("calls that nobody sent", async (chain) => {
    const target = `0x${"13".repeat(20)}`;
    const stateOverrides = { [target]: { code: "0x435f5260205ff3", balance: "0x1" } };
    const trace = await rpc(chain, "debug_traceCall", { from, to: target }, "latest", {
        stateOverrides,
        blockOverrides: { number: "0x1234" },
    });
    assert.equal(trace.returnValue, `0x${"1234".padStart(64, "0")}`);
    const reverting = await deploy(chain, REVERTS);
    const failed = await rpc(chain, "debug_traceCall", { from, to: reverting }, "latest", { tracer: "callTracer" });
    assert.equal(failed.error, "execution reverted");
    const halts = { "01": "stack underflow (0 <=> 2)", "0c": "invalid opcode: opcode 0xc not defined" };
    for (const [code, text] of Object.entries(halts)) {
        const config = { tracer: "callTracer", stateOverrides: { [target]: { code: `0x${code}` } } };
        assert.equal((await rpc(chain, "debug_traceCall", { to: target }, "latest", config)).error, text);
    }
});

test("a call between the transactions of a block", async () => {
    const [l1, rollup] = chains;
    // With calldata it sets its slot, without it gives it.
    const to = await deploy(l1, "3615600a5760015f55005b5f545f5260205ff3");
    const hash = await rpc(l1, "eth_sendTransaction", { from, to, data: "0x01" });
    const { blockNumber } = await rpc(l1, "eth_getTransactionReceipt", hash);
    const at = (config) => rpc(l1, "debug_traceCall", { to }, blockNumber, config);
    assert.equal(BigInt((await at({})).returnValue), 1n);
    assert.equal(BigInt((await at({ txIndex: "0x0" })).returnValue), 0n);
    await fails(at({ txIndex: "0x5" }), -32000, "transaction index 5 out of range for block");
    await fails(at({ txIndex: 5 }), -32602, "txIndex");
    await fails(rpc(rollup, "debug_traceCall", {}, "latest", { txIndex: "0x0" }), -32004, "on L1 only");
});

onEach("what is refused", async (chain) => {
    const none = keccak256("0x00");
    const latest = (config) => rpc(chain, "debug_traceBlockByNumber", "latest", config);
    await fails(rpc(chain, "debug_traceTransaction", none), -32000, "transaction not found");
    await fails(rpc(chain, "debug_traceBlockByHash", none), -32000, `block ${none} not found`);
    await fails(rpc(chain, "debug_traceBlockByNumber", "0xfffff"), -32000, "block #1048575 not found");
    await fails(rpc(chain, "debug_traceBlockByNumber", "0x0"), -32000, "genesis is not traceable");
    await fails(rpc(chain, "debug_traceBlock", "0x1234"), -32000, "could not decode block");
    await fails(rpc(chain, "debug_traceCall", {}, "pending"), -32000, "tracing on top of pending is not supported");
    await fails(latest({ tracer: "oneTracer" }), -32000, "tracer not found");
    await fails(latest({ tracer: "muxTracer", tracerConfig: { oneTracer: {} } }), -32000, "tracer not found");
    await fails(latest({ tracer: "muxTracer", tracerConfig: { muxTracer: {} } }), -32000, "cannot hold a muxTracer");
    await fails(latest({ tracer: 5 }), -32602, "cannot unmarshal number into Go struct field TraceConfig.tracer");
    await fails(latest({ enableMemory: 1 }), -32602, "TraceConfig.enableMemory of type bool");
    await fails(
        latest({ tracer: "callTracer", tracerConfig: { withLog: "yes" } }),
        -32000,
        "json: cannot unmarshal string into Go struct field callTracerConfig.withLog of type bool",
    );
    await fails(
        latest({ tracer: "prestateTracer", tracerConfig: { diffMode: true, includeEmpty: true } }),
        -32000,
        "cannot use diffMode with includeEmpty",
    );
    await fails(latest({ timeout: "soon" }), -32000, 'time: invalid duration "soon"');
    await fails(latest("callTracer"), -32602, "not an object");
    await fails(
        rpc(chain, "debug_traceCall", { from: `0x${"12".repeat(20)}`, to: from, value: "0x1" }, "latest"),
        -32000,
        "tracing failed: insufficient funds for gas * price + value",
    );
});

const routes = {
    "from L1": ["l1", "rollup1", "l1"],
    "from a rollup": ["rollup1", "l1"],
    "between rollups": ["rollup1", "rollup2"],
};

for (const [name, places] of Object.entries(routes))
    test(`callTracer shows the frames on all chains: ${name}`, async () => {
        const hoppers = [];
        for (const place of places) hoppers.push(await world.deploy(place, "Hopper"));
        const path = [];
        for (let i = 1; i < places.length; i++) path.push(await world.reference(places[i - 1], hoppers[i]));
        const first = hoppers[0];
        const call = { address: first.address, abi: first.abi, functionName: "pass", args: [path, 1n] };
        const data = encodeFunctionData(call);
        const simulated = await rpc(first.chain, "debug_traceCall", { from, to: first.address, data }, "latest", {
            tracer: "callTracer",
        });
        const hash = await first.chain.wallet.writeContract(call);
        const receipt = await first.chain.client.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, "success");
        for (const trace of [
            await rpc(first.chain, "debug_traceTransaction", hash, { tracer: "callTracer" }),
            simulated,
        ]) {
            const seen = flatten(trace).filter((frame) =>
                hoppers.some(
                    (hopper) =>
                        frame.to?.toLowerCase() === hopper.address.toLowerCase() &&
                        Number(frame.chainId) === hopper.chain.chainId,
                ),
            );
            assert.deepEqual(
                seen.map((frame) => Number(frame.chainId)),
                hoppers.map((hopper) => hopper.chain.chainId),
            );
            assert.equal(trace.error, undefined);
            assert.equal(trace.input, data);
        }
        const trace = await rpc(first.chain, "debug_traceTransaction", hash, { tracer: "callTracer" });
        assert.equal(BigInt(trace.gasUsed), receipt.gasUsed);
        const logged = await rpc(first.chain, "debug_traceTransaction", hash, {
            tracer: "callTracer",
            tracerConfig: { withLog: true },
        });
        const own = flatten(logged)
            .filter((frame) => frame.chainId === logged.chainId)
            .flatMap((frame) => frame.logs ?? [])
            .sort((a, b) => Number(a.index) - Number(b.index));
        assert.deepEqual(
            own.map(({ address, topics, data, index }) => ({ address, topics, data, index: Number(index) })),
            receipt.logs.map(({ address, topics, data, logIndex }) => ({ address, topics, data, index: logIndex })),
        );
        const block = await rpc(first.chain, "debug_traceBlockByHash", receipt.blockHash, { tracer: "callTracer" });
        assert.deepEqual(block.find((entry) => entry.txHash === hash).result, trace);
        // The others show what ran on this chain.
        const steps = await rpc(first.chain, "debug_traceTransaction", hash);
        assert.equal(steps.gas, Number(receipt.gasUsed));
        assert.equal(steps.failed, false);
        const diff = await rpc(first.chain, "debug_traceTransaction", hash, {
            tracer: "prestateTracer",
            tracerConfig: { diffMode: true },
        });
        assert.ok(first.address.toLowerCase() in diff.post);
    });
