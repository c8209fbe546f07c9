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
    const proxy = { change: (_, answer) => answer, handle: null, delayMs: 0, requests: [] };
    const server = createServer((request, response) => {
        let body = "";
        request.on("data", (part) => (body += part));
        request.on("end", async () => {
            if (proxy.handle?.(response)) return;
            const calls = JSON.parse(body);
            proxy.requests.push(...[calls].flat().map((call) => call.method));
            const answered = await fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body });
            await new Promise((resolve) => setTimeout(resolve, proxy.delayMs));
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

/** Waits until a network's log has a line. */
async function says(network, pattern) {
    for (let i = 0; i < 200 && !pattern.test(network.output.stdout); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.match(network.output.stdout, pattern);
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
                ["eth_getLogs", [{ fromBlock: "0x1", toBlock: "0x5", address: counter, topics: [[added.logs[0].topics[0], get(1n)]] }]],
                ["eth_getLogs", [{ fromBlock: "0x1", toBlock: "0x5", topics: [get(1n)] }]],
                ["eth_getBalance", [WHALE, "0x2"]],
                ["eth_getBalance", [WHALE, last]],
                ["eth_getStorageAt", [slots, "0x1", "0x3"]],
                ["eth_getStorageAt", [slots, "0x1", "0x4"]],
                ["eth_feeHistory", ["0x4", last, [50]]],
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

        await t.test("proves, or says that it cannot", async () => {
            const ask = (node, block) => node.rpc("eth_getProof", [slots, [get(1n)], block]);
            for (const block of ["0x4", last]) {
                if (options.forkTrust) {
                    await fails(ask(l1, block), /no proofs/);
                    continue;
                }
                const [ours, theirs] = [await ask(l1, block), await ask(anvil, block)];
                assert.deepEqual(ours.accountProof, theirs.accountProof);
                assert.deepEqual(ours.storageProof[0].proof, theirs.storageProof[0].proof);
                assert.equal(ours.storageHash, theirs.storageHash);
            }
            await fails(l1.rpc("anvil_dumpState", []), /a fork cannot be dumped/);
            await fails(l1.rpc("debug_traceTransaction", [added.transactionHash]), /not above the fork block/);
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

        await t.test("says what it is a fork of, and can begin anew", async () => {
            const parent = await anvil.rpc("eth_getBlockByNumber", [last, false]);
            const { forkConfig } = await l1.rpc("anvil_nodeInfo");
            assert.deepEqual([forkConfig.forkUrl, forkConfig.forkBlockNumber], [anvil.url, remote.number]);
            const { forkedNetwork } = await l1.rpc("hardhat_metadata");
            assert.deepEqual(forkedNetwork, { chainId: 31337, forkBlockNumber: remote.number, forkBlockHash: parent.hash });
            const before = await l1.rpc("eth_blockNumber");
            await fails(l1.rpc("anvil_reset", [{ forking: { jsonRpcUrl: anvil.url, blockNumber: 1 } }]), /start one with --fork-url/);
            await fails(l1.rpc("anvil_reset", [{ forking: { jsonRpcUrl: "http://127.0.0.1:1" } }]), /start one with --fork-url/);
            assert.equal(await l1.rpc("eth_blockNumber"), before);
            await l1.rpc("anvil_reset", [{ forking: { jsonRpcUrl: anvil.url, blockNumber: remote.number } }]);
            assert.ok(number(await l1.rpc("eth_blockNumber")) < number(before));
            assert.equal(await l1.rpc("eth_call", [{ to: counter, data: total }, "latest"]), get(5n));
            await fails(l1.rpc("anvil_rollback", [number(await l1.rpc("eth_blockNumber"))]), /fork begins above/);
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

test("what the remote says falsely is refused, by name, and the node goes on", async (t) => {
    const proxy = await startProxy(anvil.url);
    t.after(() => proxy.stop());
    const network = await startNetwork({ forkUrl: proxy.url, rollups: 0 });
    t.after(() => network.stop());
    const { l1 } = network;
    const { from, counter, slots } = remote;
    const flip = (hex) => hex.slice(0, -1) + (hex.endsWith("0") ? "1" : "0");
    const proofs = (of) => (call, answer) => {
        if (call.method === "eth_getProof" && answer.result) of(answer.result);
        return answer;
    };
    const lies = {
        "balance": [/balance is another than stated/, proofs((p) => (p.balance = "0x1"))],
        "nonce": [/nonce is another than stated/, proofs((p) => (p.nonce = "0x63"))],
        "root node": [/does not hash to the root/, proofs((p) => (p.accountProof[0] = flip(p.accountProof[0])))],
        "account's node": [/does not hash to the reference/, proofs((p) => p.accountProof.push(flip(p.accountProof.pop())))],
        "missing nodes": [/path goes on after the last node/, proofs((p) => p.accountProof.pop())],
        "no proof": [/malformed answer to eth_getProof: a proof lacks accountProof/, proofs((p) => delete p.accountProof)],
        "null": [/malformed answer to eth_getProof/, (call, answer) => (call.method === "eth_getProof" ? { ...answer, result: null } : answer)],
        "code": [/code of 0x[0-9a-f]{40} in block \d+ that does not hash/, (call, answer) =>
            call.method === "eth_getCode" ? { ...answer, result: `${answer.result}00` } : answer],
    };
    for (const [name, [pattern, change]] of Object.entries(lies))
        await t.test(`an account: ${name}`, async () => {
            proxy.change = change;
            await fails(l1.rpc("eth_getBalance", [counter, "latest"]), pattern);
            await fails(l1.rpc("eth_call", [{ to: counter, data: total }, "latest"]), pattern);
            const height = await l1.rpc("eth_blockNumber");
            await fails(l1.rpc("eth_sendTransaction", [{ from, to: counter, data: add(1n), gas: "0x20000" }]), pattern);
            assert.equal(await l1.rpc("eth_blockNumber"), height);
        });
    proxy.change = (_, answer) => answer;
    assert.equal(await l1.rpc("eth_call", [{ to: slots, data: get(1n) }, "latest"]), get(11n));
    for (const [name, [pattern, of]] of Object.entries({
        "value": [/value is another than stated/, (slot) => (slot.value = "0x1")],
        "node": [/refused/, (slot) => slot.proof.push(flip(slot.proof.pop()))],
        "missing": [/refused/, (slot) => slot.proof.pop()],
    }))
        await t.test(`a slot: ${name}`, async () => {
            proxy.change = proofs((p) => p.storageProof.forEach(of));
            await fails(l1.rpc("eth_getStorageAt", [slots, "0x2", "latest"]), pattern);
            await fails(l1.rpc("eth_call", [{ to: slots, data: get(2n) }, "latest"]), /slot 0x0+2 in block \d+/);
        });
    const blocks = (of) => (call, answer) => {
        if (/eth_getBlockBy|Receipt/.test(call.method) && answer.result) of(answer.result, call.method);
        return answer;
    };
    for (const [name, [pattern, of]] of Object.entries({
        "a field": [/does not hash to its own hash/, (block) => (block.gasUsed = "0x5")],
        "another number": [/does not hash to its own hash|where 2 was asked for/, (block) => (block.number = "0x4")],
        "a transaction": [/transactions of block 2 that are not those of its header/, (block) => block.transactions?.forEach((tx) => (tx.value = "0x77"))],
        "no receipts": [/receipts of block 2 that are not|a receipt is null/, (list, method) => method.includes("Receipt") && [list].flat().forEach((r) => (r.status = "0x0"))],
    }))
        await t.test(`a block: ${name}`, async () => {
            proxy.change = blocks(of);
            await fails(l1.rpc("eth_getBlockReceipts", ["0x2"]), pattern);
        });
    await t.test("and then it says the truth", async () => {
        proxy.change = (_, answer) => answer;
        assert.equal((await send(l1, { from, to: counter, data: add(1n) })).status, "0x1");
        assert.equal(await l1.rpc("eth_call", [{ to: slots, data: get(2n) }, "latest"]), get(22n));
        assert.equal((await l1.rpc("eth_getBlockReceipts", ["0x2"])).length, 1);
    });
});

test("what the remote fails to say", async (t) => {
    const proxy = await startProxy(anvil.url);
    t.after(() => proxy.stop());
    const network = await startNetwork({ forkUrl: proxy.url, forkTrust: true, rollups: 0 });
    t.after(() => network.stop());
    const { l1 } = network;
    let account = 0xf000;
    const next = () => `0x${(account++).toString(16).padStart(40, "0")}`;
    const ask = () => l1.rpc("eth_getBalance", [next(), "latest"]);
    const answer = (status, body, headers = {}) => (response) => {
        response.writeHead(status, headers);
        response.end(body);
        return true;
    };

    for (const [name, [pattern, handle]] of Object.entries({
        "garbage": [/not JSON/, answer(200, "<html>")],
        "nothing": [/it is empty/, answer(200, "")],
        "JSON, but no answer": [/not JSON-RPC|unanswered/, answer(200, "{}")],
        "a list of nothing": [/unanswered/, answer(200, "[]")],
        "a refusal": [/refuses eth_getBalance: no such luck/, answer(200, JSON.stringify({ jsonrpc: "2.0", id: 0, error: { code: -32000, message: "no such luck" } }))],
        "forbidden": [/HTTP status 403/, answer(403, "no")],
    }))
        await t.test(name, async () => {
            proxy.handle = handle;
            await fails(ask(), pattern);
            proxy.handle = null;
            assert.equal(await ask(), "0x0");
        });

    await t.test("a limited rate is waited for", async () => {
        let left = 2;
        proxy.handle = (response) => left-- > 0 && answer(429, "slow down")(response);
        assert.equal(await ask(), "0x0");
        left = 1;
        proxy.handle = (response) =>
            left-- > 0 && answer(200, JSON.stringify({ jsonrpc: "2.0", id: 0, error: { code: -32005, message: "limit" } }))(response);
        assert.equal(await ask(), "0x0");
        left = 1;
        proxy.handle = (response) => left-- > 0 && answer(503, "")(response);
        assert.equal(await ask(), "0x0");
        left = 1;
        proxy.handle = (response) => left-- > 0 && (response.destroy(), true);
        assert.equal(await ask(), "0x0");
        proxy.handle = answer(429, "slow down");
        await fails(ask(), /HTTP status 429/);
        proxy.handle = null;
    });

    await t.test("batches are not needed", async () => {
        const { counter } = remote;
        // Refuses what begins with "[".
        const strict = createServer((request, response) => {
            let body = "";
            request.on("data", (part) => (body += part));
            request.on("end", async () => {
                response.setHeader("content-type", "application/json");
                if (body.startsWith("["))
                    return response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32600, message: "no batches" } }));
                const answered = await fetch(anvil.url, { method: "POST", headers: { "content-type": "application/json" }, body });
                response.end(await answered.text());
            });
        });
        await new Promise((resolve) => strict.listen(0, "127.0.0.1", resolve));
        t.after(() => (strict.closeAllConnections(), strict.close()));
        const other = await startNetwork({ forkUrl: `http://127.0.0.1:${strict.address().port}`, rollups: 0 });
        t.after(() => other.stop());
        assert.equal(await other.l1.rpc("eth_call", [{ to: counter, data: total }, "latest"]), get(5n));
    });

    await t.test("a dead remote fails what needs it and nothing else", async () => {
        await proxy.stop();
        const [from] = await l1.rpc("eth_accounts");
        await fails(ask(), /does not answer/);
        const start = performance.now();
        await fails(ask(), /does not answer/);
        assert.ok(performance.now() - start < 5000);
        assert.equal((await send(l1, { from, to: network.accounts[1].address, value: "0x1" })).status, "0x1");
    });
});

test("a slow remote takes none of a call's time", async (t) => {
    const proxy = await startProxy(anvil.url);
    t.after(() => proxy.stop());
    const network = await startNetwork({ forkUrl: proxy.url, forkTrust: true, rollups: 0, rpcTimeout: 1000 });
    t.after(() => network.stop());
    proxy.delayMs = 600;
    const start = performance.now();
    assert.equal(await network.l1.rpc("eth_call", [{ to: remote.counter, data: total }, "latest"]), get(5n));
    assert.ok(performance.now() - start > 1000);
});

test("a value is fetched once", async (t) => {
    const proxy = await startProxy(anvil.url);
    t.after(() => proxy.stop());
    for (const options of [{}, { forkTrust: true }]) {
        const network = await startNetwork({ forkUrl: proxy.url, rollups: 0, ...options });
        const { l1 } = network;
        const ask = async () => {
            assert.equal(await l1.rpc("eth_call", [{ to: remote.counter, data: total }, "latest"]), get(5n));
            assert.equal(await l1.rpc("eth_getBalance", [NOBODY, "latest"]), "0x0");
        };
        await ask();
        const count = proxy.requests.length;
        await ask();
        await send(l1, { from: remote.from, to: WHALE, value: "0x1" });
        const after = proxy.requests.length;
        await ask();
        await send(l1, { from: remote.from, to: WHALE, value: "0x1" });
        assert.equal(proxy.requests.length, after);
        assert.ok(after - count <= 4);
        await network.stop();
    }
});

test("how it starts", async (t) => {
    const refused = async (args, pattern) => {
        const { code, stderr } = await runLockstep(["--port", "0", "--silent", ...args]);
        assert.notEqual(code, 0);
        assert.match(stderr, pattern);
    };
    await refused(["--fork-block", "1"], /--fork-block needs --fork-url/);
    await refused(["--fork-trust"], /--fork-trust needs --fork-url/);
    await refused(["--fork-url", "ftp://127.0.0.1"], /no http:\/\/ or https:\/\/ URL/);
    await refused(["--fork-url", anvil.url, "--fork-block", "999"], /has no block 999; its newest is \d+/);
    await refused(["--fork-url", anvil.url, "--rollup-chain-id", "31337"], /forked chain's id 31337 is also that of rollup1/);
    await refused(["--fork-url", "http://user:secret@127.0.0.1:1/key"], /^(?!.*(secret|key)).*http:\/\/127.0.0.1:1 does not answer/);

    await t.test("from an older block, with other numbers", async () => {
        const network = await startNetwork({ forkUrl: anvil.url, forkBlock: 2, chainId: 77, gasLimit: 50_000_000, baseFee: 12345, rollups: 0 });
        t.after(() => network.stop());
        const { l1 } = network;
        assert.equal(await l1.rpc("eth_chainId"), "0x4d");
        assert.equal(await l1.rpc("eth_call", [{ to: remote.counter, data: total }, "latest"]), get(0n));
        const first = await l1.rpc("eth_getBlockByNumber", ["0x3", false]);
        assert.equal(first.baseFeePerGas, numberToHex(12345));
        assert.equal(first.gasLimit, numberToHex(50_000_000));
        assert.equal(await l1.rpc("eth_getTransactionReceipt", [remote.added.transactionHash]), null);
    });

    await t.test("from an anvil that has no block yet", async () => {
        const fresh = await startAnvil();
        t.after(() => fresh.stop());
        const network = await startNetwork({ forkUrl: fresh.url, rollups: 1, silent: true });
        t.after(() => network.stop());
        await says(network, /taken as given, without proofs: its block has no state root/);
        const [from] = await network.l1.rpc("eth_accounts");
        assert.equal((await send(network.l1, { from, to: NOBODY, value: "0x1" })).status, "0x1");
    });

    await t.test("from a remote without proofs", async () => {
        const proxy = await startProxy(anvil.url);
        t.after(() => proxy.stop());
        proxy.change = (call, answer) =>
            call.method === "eth_getProof" ? { jsonrpc: "2.0", id: answer.id, error: { code: -32601, message: "Method not found" } } : answer;
        const network = await startNetwork({ forkUrl: proxy.url, rollups: 0 });
        t.after(() => network.stop());
        await says(network, /without proofs: .*refuses eth_getProof: Method not found/);
        assert.equal(await network.l1.rpc("eth_call", [{ to: remote.counter, data: total }, "latest"]), get(5n));
        await fails(network.l1.rpc("eth_getProof", [WHALE, [], "latest"]), /no proofs/);
    });

    await t.test("not from a remote whose state was set by hand since its block, unless it is trusted", async () => {
        const fresh = await startAnvil();
        t.after(() => fresh.stop());
        await fresh.rpc("anvil_mine", ["0x1"]);
        await fresh.rpc("anvil_setBalance", [WHALE, "0x7"]);
        await refused(["--fork-url", fresh.url], /does not hash to the root; --fork-trust takes/);
        const network = await startNetwork({ forkUrl: fresh.url, forkTrust: true, rollups: 0 });
        t.after(() => network.stop());
        assert.equal(await network.l1.rpc("eth_getBalance", [WHALE, "latest"]), "0x7");
    });
});

test("a data directory keeps the fork", async (t) => {
    const datadir = mkdtempSync(join(tmpdir(), "lockstep-fork-"));
    t.after(() => rmSync(datadir, { recursive: true, force: true }));
    const { from, counter, slots } = remote;
    const first = await startNetwork({ forkUrl: anvil.url, datadir, rollups: 1 });
    await send(first.l1, { from, to: counter, data: add(1n) });
    const head = await first.l1.rpc("eth_getBlockByNumber", ["latest", false]);
    await first.stop();
    await anvil.rpc("anvil_mine", ["0x2"]);
    const refused = async (args, pattern) => {
        const { code, stderr } = await runLockstep(["--port", "0", "--silent", "--rollups", "1", "--datadir", datadir, ...args]);
        assert.notEqual(code, 0);
        assert.match(stderr, pattern);
    };
    await refused([], /is a fork of another chain from its block \d+ on: --fork-url must say/);
    await refused(["--fork-url", anvil.url, "--fork-block", "1"], /was begun with --fork-block \d+, not 1/);
    const again = await startNetwork({ forkUrl: anvil.url, datadir, rollups: 1 });
    assert.deepEqual(await again.l1.rpc("eth_getBlockByNumber", ["latest", false]), head);
    assert.equal(await again.l1.rpc("eth_call", [{ to: counter, data: total }, "latest"]), get(6n));
    assert.equal(await again.l1.rpc("eth_call", [{ to: slots, data: get(1n) }, "latest"]), get(11n));
    await send(again.l1, { from, to: slots, data: set(1n, 0n) });
    await again.stop();
});

test("an L1 of our own, and the roots that Ethereum would have", async (t) => {
    const first = await startNetwork({ rollups: 1 });
    t.after(() => first.stop());
    const furnished = await furnish(first.l1);
    const { from, slots, counter } = furnished;
    for (let i = 3n; i < 60n; i++) await send(first.l1, { from, to: slots, data: set(i, i) });
    const network = await startNetwork({ forkUrl: first.l1.url, rollups: 1 });
    t.after(() => network.stop());
    const { l1 } = network;
    assert.notEqual(network.contracts.hub, first.contracts.hub);
    assert.equal(await l1.rpc("eth_call", [{ to: counter, data: total }, "latest"]), get(5n));
    // The same changes on both, one after the other: the same storage, whose root depends on nothing else.
    for (let i = 1n; i < 60n; i += 1n + (i % 3n)) {
        const data = set(i * 7n % 61n, i % 4n === 0n ? i : 0n);
        await send(l1, { from, to: slots, data });
        await send(first.l1, { from, to: slots, data });
        const [ours, theirs] = await Promise.all([l1, first.l1].map((node) => node.rpc("eth_getProof", [slots, [get(i)], "latest"])));
        assert.equal(ours.storageHash, theirs.storageHash);
        assert.deepEqual(ours.storageProof, theirs.storageProof);
    }
    const block = await l1.rpc("eth_getBlockByNumber", ["latest", false]);
    const { accountProof } = await l1.rpc("eth_getProof", [NOBODY, [], "latest"]);
    assert.equal(keccak256(accountProof[0]), block.stateRoot);
});
