// Calls that take long are run by threads of their own: nothing else waits for them, they end with
// their client or the node, and what they read is one moment of all chains.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { createPublicClient, encodeFunctionData, webSocket } from "viem";
import { World, artifact, connect as connectWorld } from "../examples/demo/world.mjs";
import { RpcError, rpcBatch, startNetwork } from "./lib/network.mjs";

const FOREVER = "0x00000000000000000000000000000000000c0de5";
const COUNT = "0x00000000000000000000000000000000000c0de6";
const PAIR = "0x00000000000000000000000000000000000c0de7";
const codes = { [FOREVER]: "0x5b600056" }; // JUMPDEST PUSH1 0 JUMP
// Counts the word on the stack down to zero; `at` is where this stands in the code.
const countDown = (at) => `5b600190038060${at.toString(16).padStart(2, "0")}5750`;
// calldata counted down, then 42
codes[COUNT] = `0x600035${countDown(3)}602a60005260206000f3`;
// With one word of calldata: slots 0 and 1 become that. With two: slot 0, then the second word counted
// down, then slot 1, and both are returned.
const write = "60003580600055600155" + "00";
const read = `5b600054602035${countDown(25)}600052600154602052` + "60406000f3";
codes[PAIR] = `0x36604014601257${write}${read}`;

const word = (n) => n.toString(16).padStart(64, "0");
const LONG = 300_000; // a few milliseconds of counting
const FORTY_TWO = "0x" + word(42);
const forever = { method: "eth_call", params: [{ to: FOREVER }, "latest"] };
const count = (n) => [{ to: COUNT, data: "0x" + word(n) }, "latest"];
const body = (id, method, params = []) => JSON.stringify({ jsonrpc: "2.0", id, method, params });

// Without limits: what never ends by itself is ended by its client or the node.
const options = { rollups: 2, rpcTimeout: 0, rpcGasCap: 0, workers: 1 };
let network;
async function start(more = {}) {
    const started = await startNetwork({ ...options, ...more });
    for (const chain of started.chains)
        for (const [who, code] of Object.entries(codes)) await chain.rpc("anvil_setCode", [who, code]);
    return started;
}
before(async () => (network = await start()));
after(() => network.stop());

/** A call that is under way: its promise, and abort. */
function begin(chain, { method, params }) {
    const controller = new AbortController();
    const headers = { "content-type": "application/json" };
    const answer = fetch(chain.url, { method: "POST", headers, body: body(1, method, params), signal: controller.signal })
        .then((response) => response.json())
        .catch((error) => ({ gone: error.name }));
    return { answer, abort: () => controller.abort() };
}

/** Talks HTTP on one connection: requests as they are, answers' bodies in order of coming. */
function talk(chain) {
    const { hostname, port } = new URL(chain.url);
    const socket = connect({ host: hostname, port });
    let text = "";
    let wake = () => {};
    socket.setEncoding("utf8").on("data", (part) => ((text += part), wake()));
    const bodies = () => [...text.matchAll(/\r\n\r\n(\{[^\r]*\}|\[[^\r]*\])/g)].map((match) => JSON.parse(match[1]));
    return {
        post: (content) =>
            socket.write(
                `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
                    `Content-Length: ${content.length}\r\n\r\n${content}`,
            ),
        async answers(number) {
            while (bodies().length < number) await new Promise((resolve) => (wake = resolve));
            return bodies();
        },
        end: () => socket.destroy(),
    };
}

test("calls that never end delay nothing", async () => {
    const calls = [...network.chains, ...network.chains].map((chain) => begin(chain, forever));
    const [from] = network.accounts;
    for (let i = 0; i < 20; i++)
        for (const chain of network.chains) {
            const before = BigInt(await chain.rpc("eth_blockNumber"));
            const hash = await chain.rpc("eth_sendTransaction", [{ from: from.address, to: COUNT, value: "0x0", data: "0x" + word(1) }]);
            const receipt = await chain.rpc("eth_getTransactionReceipt", [hash]);
            assert.equal(receipt.status, "0x1");
            assert.equal(BigInt(receipt.blockNumber), before + 1n);
            assert.equal(await chain.rpc("eth_getStorageAt", [COUNT, "0x0"]), "0x" + word(0));
        }
    // None of them has ended meanwhile, and each ends with its client.
    const done = await Promise.race([...calls.map(({ answer }) => answer), new Promise((resolve) => setImmediate(resolve, "none"))]);
    assert.equal(done, "none");
    for (const { abort } of calls) abort();
    for (const { answer } of calls) assert.deepEqual(await answer, { gone: "AbortError" });
});

test("a client that goes frees its worker for the next", async () => {
    const first = [1, 2, 3].map(() => begin(network.l1, forever));
    const next = network.l1.rpc("eth_call", count(LONG)); // waits for the only worker
    await network.l1.rpc("eth_blockNumber");
    for (const { abort } of first) abort();
    assert.equal(await next, FORTY_TWO);
});

test("answers keep the order of the requests on a connection", async () => {
    const line = talk(network.l1);
    line.post(body(1, "eth_call", count(LONG)));
    line.post(body(2, "eth_chainId"));
    line.post(body(3, "eth_call", count(LONG)));
    line.post(body(4, "eth_chainId"));
    const answers = await line.answers(4);
    line.end();
    assert.deepEqual(answers.map(({ id }) => id), [1, 2, 3, 4]);
    assert.deepEqual(answers.map(({ result }) => result), [FORTY_TWO, "0x7a69", FORTY_TWO, "0x7a69"]);
});

test("a batch may hold short calls and long ones", async () => {
    const calls = [["eth_chainId"], ["eth_call", count(LONG)], ["eth_blockNumber"], ["eth_call", count(1)], ["eth_estimateGas", count(LONG)]];
    const answers = await rpcBatch(network.l1.url, calls);
    assert.deepEqual(answers.map(({ id }) => id), [0, 1, 2, 3, 4]);
    assert.equal(answers[0].result, "0x7a69");
    assert.equal(answers[1].result, FORTY_TWO);
    assert.equal(answers[3].result, FORTY_TWO);
    assert.ok(BigInt(answers[4].result) > BigInt(LONG) * 20n);
});

test("over a WebSocket what is done first is answered first", async () => {
    const client = createPublicClient({ transport: webSocket(network.l1.url.replace("http", "ws"), { retryCount: 0, reconnect: false }) });
    const first = client.request(forever).then(() => "first", () => "closed");
    const second = client.request({ method: "eth_chainId" }).then(() => "second");
    assert.equal(await Promise.race([first, second]), "second");
    (await client.transport.getRpcClient()).close();
    // Its call has gone with it: the worker is free.
    assert.equal(await network.l1.rpc("eth_call", count(LONG)), FORTY_TWO);
});

test("a stopping node gives up what never ends, and says so", async () => {
    const other = await start({ rollups: 0 });
    const calls = [1, 2, 3].map(() => begin(other.l1, forever));
    await other.l1.rpc("eth_blockNumber");
    // Whether a call has arrived by then or not: it gets an answer, or its connection is closed.
    const { code, signal } = await other.stop();
    assert.deepEqual([code, signal], [0, null]);
    for (const { answer } of calls) {
        const said = await answer;
        assert.ok(said.error?.message === "the node is stopping" || said.gone, JSON.stringify(said));
    }
});

test("without workers everything is done in turn", async () => {
    const other = await start({ rollups: 0, workers: 0, rpcTimeout: 1000 });
    assert.equal(await other.l1.rpc("eth_call", count(1000)), FORTY_TWO);
    await assert.rejects(other.l1.rpc(forever.method, forever.params), RpcError);
    await other.stop();
});

test("a call sees one moment while blocks come and the network goes back", async () => {
    const [from] = network.accounts;
    for (const chain of network.chains) {
        const write = (n) => chain.rpc("eth_sendTransaction", [{ from: from.address, to: PAIR, data: "0x" + word(n), gas: "0x186a0" }]);
        const read = () => chain.rpc("eth_call", [{ to: PAIR, data: "0x" + word(0) + word(LONG) }, "latest"]);
        const trace = () => chain.rpc("debug_traceCall", [{ to: PAIR, data: "0x" + word(0) + word(100) }, "latest", { tracer: "callTracer" }]);
        await write(1);
        let highest = 1;
        for (let round = 0; round < 6; round++) {
            const snapshot = await chain.rpc("evm_snapshot");
            const reads = [read(), read(), trace().then(({ output }) => output)];
            for (let i = 0; i < 3; i++) await write(++highest);
            reads.push(read());
            const logs = chain.rpc("eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest" }]);
            assert.equal(await chain.rpc("evm_revert", [snapshot]), true);
            reads.push(read());
            for (const both of await Promise.all(reads)) {
                const [first, second] = [both.slice(2, 66), both.slice(66)].map((hex) => parseInt(hex, 16));
                assert.equal(first, second);
                assert.ok(first >= 1 && first <= highest, `${first}`);
            }
            assert.ok(Array.isArray(await logs));
            // After the way back nobody sees what was undone.
            const [now] = (await read()).slice(2).match(/.{64}/g);
            assert.equal(parseInt(now, 16), 1);
        }
    }
});

test("calls across chains see all of them at one moment", async () => {
    const [l1, rollup1] = network.info.chains.map((chain) => connectWorld(chain, network.accounts[0].privateKey));
    const world = new World({ l1, rollup1 });
    const counter = await world.deploy("rollup1", "Counter");
    const reference = await world.reference("l1", counter);
    const data = encodeFunctionData({ abi: artifact("Counter").abi, functionName: "add", args: [1n] });
    const gas = "0x1e8480";
    const call = () => network.l1.rpc("eth_call", [{ from: network.accounts[1].address, to: reference, data, gas }, "latest"]);
    let added = 0n;
    for (let round = 0; round < 4; round++) {
        const calls = [call(), call()];
        const hash = await network.l1.rpc("eth_sendTransaction", [{ from: network.accounts[2].address, to: reference, data, gas }]);
        const receipt = await network.l1.rpc("eth_getTransactionReceipt", [hash]);
        assert.equal(receipt.status, "0x1");
        added++;
        calls.push(call());
        const results = (await Promise.all(calls)).map(BigInt);
        for (const result of results) assert.ok(result === added || result === added + 1n, `${result} after ${added}`);
        assert.equal(results[2], added + 1n);
    }
});
