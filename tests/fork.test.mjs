// L1 as a fork of another chain: an anvil's, and an L1 of our own. What the remote has is there, is
// proven, and can be changed; what it does wrong is refused and says so.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encodeFunctionData, keccak256, numberToHex } from "viem";
import Counter from "../examples/demo/artifacts/Counter.json" with { type: "json" };
import { startAnvil } from "./lib/anvil.mjs";
import { RpcError, runLockstep, startNetwork } from "./lib/network.mjs";
import { initcode, number } from "./lib/transactions.mjs";

const WHALE = `0x${"ca11".repeat(10)}`;
const NOBODY = `0x${"0b".repeat(20)}`;
const ETHER = 10n ** 18n;

// 32 bytes of input: gives the slot; 64: sets it.
const SLOTS = "36602014600f576020356000355500" + "5b60003554600052602060" + "00f3";
const word = (value) => numberToHex(value, { size: 32 }).slice(2);
const get = (key) => `0x${word(key)}`;
const set = (key, value) => `0x${word(key)}${word(value)}`;
const add = (amount) => encodeFunctionData({ abi: Counter.abi, functionName: "add", args: [amount] });
const total = encodeFunctionData({ abi: Counter.abi, functionName: "total" });

/** Sends from an unlocked account and waits for the receipt. */
async function send(node, transaction) {
    const hash = await node.rpc("eth_sendTransaction", [{ gas: "0x200000", ...transaction }]);
    for (let i = 0; i < 200; i++) {
        const receipt = await node.rpc("eth_getTransactionReceipt", [hash]);
        if (receipt) return receipt;
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${hash} has no receipt`);
}

async function deploy(node, from, data) {
    const receipt = await send(node, { from, data });
    assert.equal(receipt.status, "0x1");
    return receipt.contractAddress;
}

/** Blocks 1 … 6 on a remote: contracts, a whale, slots. */
async function furnish(node) {
    const [from] = await node.rpc("eth_accounts");
    const counter = await deploy(node, from, Counter.bytecode);
    const slots = await deploy(node, from, initcode(SLOTS));
    const added = await send(node, { from, to: counter, data: add(5n) });
    await send(node, { from, to: slots, data: set(1n, 11n) });
    await send(node, { from, to: slots, data: set(2n, 22n) });
    await send(node, { from, to: WHALE, value: numberToHex(500n * ETHER) });
    return { from, counter, slots, added, number: number(await node.rpc("eth_blockNumber")) };
}

/** A node between the network and its remote: change(request, answer) gives what is answered. */
async function startProxy(target) {
    const proxy = { change: (_, answer) => answer, handle: null, requests: [] };
    const server = createServer((request, response) => {
        let body = "";
        request.on("data", (part) => (body += part));
        request.on("end", async () => {
            if (proxy.handle?.(response)) return;
            const calls = JSON.parse(body);
            proxy.requests.push(...[calls].flat().map((call) => call.method));
            const answered = await fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body });
            const answers = await answered.json();
            const changed = Array.isArray(calls)
                ? answers.map((answer) => proxy.change(calls.find((call) => call.id === answer.id), answer))
                : proxy.change(calls, answers);
            response.setHeader("content-type", "application/json");
            response.end(JSON.stringify(changed));
        });
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy.url = `http://127.0.0.1:${server.address().port}`;
    proxy.stop = () => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
    };
    return proxy;
}

const fails = (promise, pattern) =>
    assert.rejects(promise, (error) => error instanceof RpcError && pattern.test(error.text) ? true : assert.fail(error));

let anvil;
let remote;
before(async () => {
    anvil = await startAnvil();
    remote = await furnish(anvil);
});
after(() => anvil.stop());

for (const [name, options] of Object.entries({ "with proofs": {}, "without proofs": { forkTrust: true } }))
    test(`an anvil's chain, ${name}`, async (t) => {
        const network = await startNetwork({ forkUrl: anvil.url, rollups: 1, ...options });
        t.after(() => network.stop());
        const { l1 } = network;
        const { from, counter, slots, added } = remote;
        const last = numberToHex(remote.number);

        await t.test("reads what the remote has", async () => {
            assert.equal(await l1.rpc("eth_chainId"), await anvil.rpc("eth_chainId"));
            assert.equal(await l1.rpc("eth_call", [{ to: counter, data: total }, "latest"]), get(5n));
            assert.equal(await l1.rpc("eth_getCode", [counter, "latest"]), await anvil.rpc("eth_getCode", [counter, "latest"]));
            assert.equal(await l1.rpc("eth_getStorageAt", [slots, "0x2", "latest"]), get(22n));
            assert.equal(await l1.rpc("eth_getStorageAt", [slots, "0x3", "latest"]), get(0n));
            assert.equal(await l1.rpc("eth_getBalance", [WHALE, "latest"]), numberToHex(500n * ETHER));
            assert.equal(await l1.rpc("eth_getBalance", [NOBODY, "latest"]), "0x0");
            assert.equal(await l1.rpc("eth_getTransactionCount", [from, "latest"]), await anvil.rpc("eth_getTransactionCount", [from, "latest"]));
        });

        await t.test("answers for blocks up to the fork as the remote does", async () => {
            for (const [method, params] of [
                ["eth_getBlockByNumber", ["0x1", true]],
                ["eth_getBlockByNumber", [last, false]],
                ["eth_getTransactionByHash", [added.transactionHash]],
                ["eth_getTransactionReceipt", [added.transactionHash]],
                ["eth_getBlockByHash", [added.blockHash, false]],
                ["eth_getBlockReceipts", ["0x3"]],
                ["eth_getBlockTransactionCountByNumber", ["0x3"]],
                ["eth_getLogs", [{ fromBlock: "0x0", toBlock: last }]],
                ["eth_getLogs", [{ blockHash: added.blockHash }]],
                ["eth_getBalance", [WHALE, "0x2"]],
                ["eth_getBalance", [WHALE, last]],
                ["eth_getStorageAt", [slots, "0x1", "0x3"]],
                ["eth_getStorageAt", [slots, "0x1", "0x4"]],
                ["eth_call", [{ to: counter, data: total }, "0x2"]],
                ["eth_call", [{ to: counter, data: total }, "0x3"]],
                ["eth_getTransactionCount", [from, "0x3"]],
                ["eth_getCode", [slots, "0x1"]],
            ]) {
                const ours = await l1.rpc(method, params);
                const theirs = await anvil.rpc(method, params);
                compare(ours, theirs, `${method} ${JSON.stringify(params)}`);
            }
            assert.equal(await l1.rpc("eth_getTransactionReceipt", [get(7n)]), null);
            assert.equal(await l1.rpc("eth_getBlockByHash", [get(7n), false]), null);
        });

        await t.test("goes on from the fork block", async () => {
            const first = await l1.rpc("eth_getBlockByNumber", [numberToHex(remote.number + 1), false]);
            const parent = await anvil.rpc("eth_getBlockByNumber", [last, false]);
            assert.equal(first.parentHash, parent.hash);
            assert.equal(first.gasLimit, parent.gasLimit);
            const next = await anvil.rpc("eth_feeHistory", ["0x1", last, []]);
            assert.equal(first.baseFeePerGas, next.baseFeePerGas[1]);
            assert.equal(await l1.rpc("eth_getBalance", [network.accounts[3].address, first.number]), numberToHex(10000n * ETHER));
        });

        await t.test("BLOCKHASH knows the remote's blocks", async () => {
            // BLOCKHASH of the input.
            const asker = await deploy(l1, from, initcode("60003540" + "60005260206000f3"));
            for (const n of [0, 3, remote.number]) {
                const { hash } = await anvil.rpc("eth_getBlockByNumber", [numberToHex(n), false]);
                assert.equal(await l1.rpc("eth_call", [{ to: asker, data: get(BigInt(n)) }, "latest"]), hash);
            }
        });

        await t.test("changes the remote's contracts, here only", async () => {
            const receipt = await send(l1, { from, to: counter, data: add(7n) });
            assert.equal(receipt.status, "0x1");
            assert.equal(await l1.rpc("eth_call", [{ to: counter, data: total }, "latest"]), get(12n));
            assert.equal(await l1.rpc("eth_call", [{ to: counter, data: total }, last]), get(5n));
            assert.equal(await anvil.rpc("eth_call", [{ to: counter, data: total }, "latest"]), get(5n));
            const logs = await l1.rpc("eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest", address: counter }]);
            assert.deepEqual(logs.map((log) => log.transactionHash), [added.transactionHash, receipt.transactionHash]);
        });

        await t.test("lends out the remote's accounts", async () => {
            await l1.rpc("anvil_impersonateAccount", [WHALE]);
            const receipt = await send(l1, { from: WHALE, to: NOBODY, value: numberToHex(400n * ETHER) });
            assert.equal(receipt.status, "0x1");
            assert.equal(await l1.rpc("eth_getBalance", [NOBODY, "latest"]), numberToHex(400n * ETHER));
            await l1.rpc("anvil_setBalance", [WHALE, "0x0"]);
            await l1.rpc("anvil_setBalance", [NOBODY, "0x0"]);
            assert.equal(await l1.rpc("eth_getBalance", [NOBODY, "latest"]), "0x0");
            assert.equal(await l1.rpc("eth_getBalance", [WHALE, last]), numberToHex(500n * ETHER));
        });

        await t.test("deletes slots, and snapshots bring them back", async () => {
            const before = await l1.rpc("evm_snapshot");
            await send(l1, { from, to: slots, data: set(1n, 0n) });
            assert.equal(await l1.rpc("eth_call", [{ to: slots, data: get(1n) }, "latest"]), get(0n));
            assert.equal(await l1.rpc("eth_call", [{ to: slots, data: get(2n) }, "latest"]), get(22n));
            await send(l1, { from, to: slots, data: set(2n, 0n) });
            await send(l1, { from, to: slots, data: set(1n, 9n) });
            assert.equal(await l1.rpc("eth_call", [{ to: slots, data: get(1n) }, "latest"]), get(9n));
            assert.equal(await l1.rpc("eth_call", [{ to: slots, data: get(2n) }, "latest"]), get(0n));
            assert.equal(await l1.rpc("evm_revert", [before]), true);
            assert.equal(await l1.rpc("eth_call", [{ to: slots, data: get(1n) }, "latest"]), get(11n));
        });

        await t.test("has rollups on top", async () => {
            const [rollup] = network.rollups;
            const target = await deploy(rollup, from, Counter.bytecode);
            const { hub } = network.contracts;
            const proxyOf = (f) => encodeFunctionData({
                abi: [{ type: "function", name: f, inputs: [{ type: "uint64" }, { type: "address" }], outputs: [{ type: "address" }], stateMutability: "nonpayable" }],
                functionName: f,
                args: [1n, target],
            });
            await send(l1, { from, to: hub, data: proxyOf("createProxy") });
            const proxy = `0x${(await l1.rpc("eth_call", [{ to: hub, data: proxyOf("proxyOf") }, "latest"])).slice(26)}`;
            const receipt = await send(l1, { from, to: proxy, data: add(3n) });
            assert.equal(receipt.status, "0x1");
            assert.equal(await rollup.rpc("eth_call", [{ to: target, data: total }, "latest"]), get(3n));
        });
    });

/** Our answers against anvil's: what both say must be the same, but for what anvil alone adds. */
function compare(ours, theirs, where) {
    if (Array.isArray(ours)) {
        assert.equal(ours.length, theirs.length, where);
        ours.forEach((item, i) => compare(item, theirs[i], `${where}[${i}]`));
    } else if (ours !== null && typeof ours === "object") {
        for (const key of Object.keys(ours))
            // anvil's size lacks the empty list of withdrawals.
            if (key in theirs && key !== "size") compare(ours[key], theirs[key], `${where}.${key}`);
    } else {
        assert.equal(ours, theirs, where);
    }
}
