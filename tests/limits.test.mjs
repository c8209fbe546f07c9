// What bounds a request: gas, time, size, number; and by which name a request may come.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { RpcError, startNetwork } from "./lib/network.mjs";

const LOOP = "0x5b600056"; // JUMPDEST PUSH1 0 JUMP
const SPIN = "0x5b60006000600060006000305af150600056"; // calls itself for ever
const AT = "0x00000000000000000000000000000000000c0de5";
const TIMEOUT_MS = 60;

let network;
before(async () => {
    network = await startNetwork({ rollups: 1, rpcGasCap: 0, rpcTimeout: TIMEOUT_MS, allowHost: "node.example" });
});
after(() => network.stop());

const fails = (promise, code, text) =>
    assert.rejects(promise, (error) => {
        assert.ok(error instanceof RpcError, error);
        assert.equal(error.text, text);
        assert.equal(error.code, code);
        return true;
    });

/** One request as it stands; gives status and text. */
function send(chain, { headers = {}, body = "", method = "POST" }) {
    const { hostname, port } = new URL(chain.url);
    return new Promise((resolve, reject) => {
        const r = request({ hostname, port, method, headers: { "content-type": "application/json", ...headers } }, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (part) => (text += part));
            response.on("end", () => resolve({ status: response.statusCode, text, headers: response.headers }));
        });
        r.on("error", reject);
        r.end(body);
    });
}

const ask = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });

for (const [name, code] of [["a loop", LOOP], ["a recursion", SPIN]])
    test(`${name} is stopped when its time is over, on every chain`, async () => {
        const text = `execution aborted (timeout = ${TIMEOUT_MS}ms)`;
        for (const chain of network.chains) {
            const overrides = { [AT]: { code } };
            await fails(chain.rpc("eth_call", [{ to: AT }, "latest", overrides]), -32000, text);
            const simulated = { blockStateCalls: [{ blockOverrides: { gasLimit: "0xffffffffffff" }, stateOverrides: overrides, calls: [{ to: AT }] }] };
            await fails(chain.rpc("eth_simulateV1", [simulated, "latest"]), -32000, text);
            assert.equal(BigInt(await chain.rpc("eth_chainId")), BigInt(chain.chainId)); // it goes on
        }
    });

test("a trace has its own time", async () => {
    const trace = (options) =>
        network.l1.rpc("debug_traceCall", [{ to: AT }, "latest", { stateOverrides: { [AT]: { code: LOOP } }, ...options }]);
    await fails(trace({ tracer: "callTracer" }), -32000, "execution timeout");
    await fails(trace({ tracer: "callTracer", timeout: "5ms" }), -32000, "execution timeout");
    // A transaction in a block, too; one that ends, given no time at all.
    const from = network.accounts[0].address;
    const hash = await network.l1.rpc("eth_sendTransaction", [{ from, to: AT, value: "0x1" }]);
    await fails(network.l1.rpc("debug_traceTransaction", [hash, { tracer: "callTracer", timeout: "1ns" }]), -32000, "execution timeout");
    const frame = await network.l1.rpc("debug_traceTransaction", [hash, { tracer: "callTracer", timeout: "10s" }]);
    assert.equal(frame.to, AT);
});

test("--rpc-gas-cap cuts what calls ask for", async () => {
    const capped = await startNetwork({ rollups: 0, rpcGasCap: 100_000 });
    const code = "0x5a60005260206000f3"; // returns GAS
    const gas = async (params) => Number(await capped.l1.rpc("eth_call", [{ to: AT, ...params }, "latest", { [AT]: { code } }]));
    assert.equal(await gas({}), 100_000 - 21_000 - 2);
    assert.equal(await gas({ gas: "0xffffff" }), 100_000 - 21_000 - 2);
    assert.equal(await gas({ gas: "0xc350" }), 50_000 - 21_000 - 2);
    await fails(capped.l1.rpc("eth_estimateGas", [{ to: AT }, "latest", { [AT]: { code: LOOP } }]), -32000, "gas required exceeds allowance (100000)");
    await capped.stop();
});

test("Host: names this node has, and IP addresses", async () => {
    for (const host of ["localhost:1", "app.localhost", "127.0.0.1:8545", "[::1]:8545", "node.example", "NODE.example:80"])
        assert.equal((await send(network.l1, { headers: { host }, body: ask })).status, 200, host);
    for (const host of ["evil.example", "node.example.evil", "localhost.evil"]) {
        const { status, text } = await send(network.l1, { headers: { host }, body: ask });
        assert.equal(status, 403, host);
        assert.match(text, /invalid host specified \(--allow-host\)/);
    }
});

test("a body of more than 16 MiB is too large", async () => {
    const size = 16 * 1024 * 1024;
    assert.equal((await send(network.l1, { body: ask + " ".repeat(size - ask.length) })).status, 200);
    const { status } = await send(network.l1, { body: ask + " ".repeat(size + 1 - ask.length) }).catch((error) => {
        // The node may close before all is sent; what is said for that is the same in any client.
        assert.ok(["ECONNRESET", "EPIPE"].includes(error.code), error);
        return { status: 413 };
    });
    assert.equal(status, 413);
});

test("a batch of more than 1000 calls is too large", async () => {
    const batch = (count) => send(network.l1, { body: `[${Array(count).fill(ask).join(",")}]` });
    assert.equal(JSON.parse((await batch(1000)).text).length, 1000);
    assert.deepEqual(JSON.parse((await batch(1001)).text), [
        { jsonrpc: "2.0", id: 1, error: { code: -32600, message: "batch too large" } },
    ]);
});

test("filters are limited, and freed", async () => {
    const fresh = await startNetwork({ rollups: 0, rpcTimeout: 0 });
    const calls = Array(1000).fill(["eth_newBlockFilter"]);
    let last;
    for (let made = 0; made < 4096; made += calls.length) last = await fresh.l1.batch(calls.slice(0, 4096 - made));
    await assert.rejects(fresh.l1.rpc("eth_newBlockFilter"), (error) => error.code === -32005 && /filter/.test(error.text));
    assert.equal(await fresh.l1.rpc("eth_uninstallFilter", [last[0].result]), true);
    await fresh.l1.rpc("eth_newBlockFilter");
    await fresh.stop();
});

test("nothing listens beyond the one address", async () => {
    const { hostname, port } = new URL(network.l1.url);
    assert.equal(hostname, "127.0.0.1");
    await assert.rejects(fetch(`http://127.0.0.2:${port}`), (error) => error.cause.code === "ECONNREFUSED");
});
