// L1 goes another way under rollups that had heard of it: messages, users' transactions, anchors, whoever listens.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { encodeFunctionData, parseEther, webSocket } from "viem";
import { artifact } from "../../examples/demo/world.mjs";
import { TERMS, openNetwork } from "./lib.mjs";

const GAS = 3_000_000n;
const counter = artifact("Counter");

let n, l1, rollup1, rollup2, me;
before(async () => {
    n = await openNetwork();
    ({ l1, rollups: [rollup1, rollup2] } = n);
    me = l1.account.address;
});
after(() => n?.stop());

let last = 0xa11ce00n;
let someone;
beforeEach(() => (someone = `0x${(++last).toString(16).padStart(40, "0")}`));

const number = async (chain) => Number(await chain.client.getBlockNumber({ cacheTime: 0 }));
const block = (chain, blockTag = "latest") => chain.client.getBlock({ blockTag });
const receiptOf = (chain, hash) => chain.rpc("eth_getTransactionReceipt", [hash]);
const nonceOf = (chain) => chain.client.getTransactionCount({ address: chain.account.address });

/** The heads that the Hub has are the rollups', and each rollup's anchor is a block of L1. */
async function assertFollowed() {
    for (const { name, head } of await l1.rpc("lockstep_getRollups")) {
        const rollup = name === "rollup1" ? rollup1 : rollup2;
        assert.equal(head, (await block(rollup, "safe")).stateRoot, name);
        const [at, hash] = await Promise.all(["getL1OriginBlockHeight", "getL1OriginBlockHash"].map((functionName) =>
            rollup.client.readContract({ address: "0x4c53000000000000000000000000000000000002", abi: anchorAbi, functionName })));
        if (at > 0n) assert.equal((await l1.client.getBlock({ blockNumber: at })).hash, hash, `${name} is anchored at a block of L1`);
    }
}
const anchorAbi = ["getL1OriginBlockHeight", "getL1OriginBlockHash"].map((name) => (
    { type: "function", name, stateMutability: "view", inputs: [], outputs: [{ type: name.endsWith("Hash") ? "bytes32" : "uint256" }] }));

async function proxyOf(chain, hub, rollupId, target) {
    const args = [rollupId, target];
    const proxy = await chain.read(hub, "proxyOf", args);
    if ((await chain.client.getCode({ address: proxy })) === undefined) await chain.write(hub, "createProxy", args);
    return proxy;
}

async function leave(from, rollupId, to, value = parseEther("1")) {
    const receipt = await from.write("messenger", "send", [rollupId, to, TERMS, "0x"], { value });
    return { receipt, ...from.events("messenger", "MessageLeft", receipt)[0] };
}
const deliver = (chain, message, proof = "0x") => chain.wallet.writeContract({ ...chain.contract("messenger"), functionName: "deliver", args: [message, proof, me], gas: GAS });

test("a message that is not sent on the new way is not received; what acted on it is tried again, and fails", async () => {
    const { message, receipt } = await leave(l1, 1n, someone);
    const acted = await deliver(rollup1, message);
    assert.equal((await receiptOf(rollup1, acted)).status, "0x1");
    assert.equal(await rollup1.balance(someone), parseEther("1"));
    const height = await number(l1);
    await l1.rpc("anvil_reorg", [1, []]);
    assert.equal(await number(l1), height);
    assert.equal(await receiptOf(l1, receipt.transactionHash), null);
    const again = await receiptOf(rollup1, acted);
    assert.equal(again.status, "0x0", "it is in a block of the new way, and finds no message");
    assert.equal(await rollup1.balance(someone), 0n);
    await assertFollowed();
    // The same message, and the same transaction of the user's once more.
    const sent = await leave(l1, 1n, someone);
    assert.equal(sent.id, l1.events("messenger", "MessageLeft", receipt)[0].id);
    await rollup1.mined(await deliver(rollup1, sent.message));
    assert.equal(await rollup1.balance(someone), parseEther("1"));
    await assertFollowed();
});

test("a message that is sent again in the new block is received, and what acted on it holds", async () => {
    const { message, receipt } = await leave(l1, 1n, someone);
    const raw = await l1.rpc("eth_getRawTransactionByHash", [receipt.transactionHash]);
    const acted = await deliver(rollup1, message);
    const before = await receiptOf(rollup1, acted);
    await l1.rpc("anvil_reorg", [1, [[raw, 0]]]);
    assert.equal((await receiptOf(l1, receipt.transactionHash)).status, "0x1");
    const after = await receiptOf(rollup1, acted);
    assert.equal(after.status, "0x1");
    assert.notEqual(after.blockHash, before.blockHash);
    assert.equal(await rollup1.rpc("eth_getBlockByHash", [before.blockHash, false]), null);
    assert.equal(await rollup1.balance(someone), parseEther("1"));
    await assertFollowed();
});

test("a withdrawal that L1 has paid, and a batch it has not any more, are done again from the start", async () => {
    const { message, id, receipt } = await leave(rollup1, 0n, someone);
    const proxy = await proxyOf(l1, "hub", 1n, me);
    const proofOf = async () => (await rollup1.rpc("lockstep_getMessageProof", [id, rollup1.contracts.messenger.address])).proof;
    await l1.mined(await l1.wallet.sendTransaction({ to: proxy, gas: GAS }));
    await l1.mined(await deliver(l1, message, await proofOf()));
    assert.equal(await l1.balance(someone), parseEther("1"));
    await l1.rpc("anvil_reorg", [2, []]);
    assert.equal(await l1.balance(someone), 0n);
    assert.equal((await receiptOf(rollup1, receipt.transactionHash)).status, "0x1", "what the user did is still done");
    await assert.rejects(proofOf(), /in a block after \d+, the newest of it that l1 knows/);
    await assertFollowed();
    await l1.mined(await l1.wallet.sendTransaction({ to: proxy, gas: GAS }));
    await l1.mined(await deliver(l1, message, await proofOf()));
    assert.equal(await l1.balance(someone), parseEther("1"));
    assert.match(await l1.refusal("messenger", "deliver", [message, await proofOf(), me]), /AlreadyDelivered/);
    await assertFollowed();
});

test("users' transactions of removed rollup blocks are done again in their order; those to L1 with a block of it", async () => {
    const { address } = await rollup1.deploy(counter);
    const far = await l1.deploy(counter);
    const proxy = await proxyOf(rollup1, { address: "0x4c53000000000000000000000000000000000003", abi: l1.contracts.hub.abi }, 0n, far.address);
    const here = await proxyOf(l1, "hub", 1n, address);
    const data = (amount) => encodeFunctionData({ abi: counter.abi, functionName: "add", args: [amount] });
    await l1.mined(await l1.wallet.sendTransaction({ to: here, data: data(0n), gas: GAS }));
    const other = n.as(3).rollups[0];
    const sent = [];
    for (const [chain, to, amount] of [[rollup1, address, 1n], [other, address, 2n], [rollup1, proxy, 4n], [other, address, 8n]])
        sent.push(await chain.wallet.sendTransaction({ to, data: data(amount), gas: GAS }));
    await l1.mined(await l1.wallet.sendTransaction({ to: here, data: data(16n), gas: GAS }));
    const total = (chain, target) => chain.read({ address: target, abi: counter.abi }, "total");
    assert.deepEqual([await total(rollup1, address), await total(l1, far.address)], [27n, 4n]);
    // Both blocks of L1: that with the call from the rollup, and that with the one to it.
    await l1.rpc("anvil_reorg", [2, []]);
    const receipts = await Promise.all(sent.map((hash) => receiptOf(rollup1, hash)));
    assert.deepEqual(receipts.map(({ status }) => status), ["0x1", "0x1", "0x1", "0x1"]);
    const places = receipts.map(({ blockNumber, transactionIndex }) => Number(blockNumber) * 1000 + Number(transactionIndex));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    assert.deepEqual([await total(rollup1, address), await total(l1, far.address)], [11n, 4n], "the call from L1 was L1's own");
    await assertFollowed();
});

test("a rollup that the removed blocks had nothing of keeps its blocks", async () => {
    const hash = await rollup2.wallet.sendTransaction({ to: someone, value: 5n });
    const top = await block(rollup2);
    await l1.rpc("anvil_mine", ["0x2"]);
    await leave(l1, 1n, someone);
    await l1.rpc("anvil_reorg", [2, []]);
    assert.equal((await block(rollup2)).hash, top.hash);
    assert.equal((await receiptOf(rollup2, hash)).blockHash, top.hash);
    await assertFollowed();
});

test("the new blocks have the transactions given for them, in their order, and what is pending waits", async () => {
    await l1.rpc("anvil_mine", ["0x2"]);
    await l1.rpc("evm_setAutomine", [false]);
    const waits = await n.as(4).l1.wallet.sendTransaction({ to: someone, value: 1n });
    const poor = n.as(5).l1;
    const rich = n.as(6).l1;
    const cheap = { from: poor.account.address, to: someone, value: "0x2", gas: "0x5208", maxPriorityFeePerGas: "0x1" };
    const dear = { from: rich.account.address, to: someone, value: "0x3", gas: "0x5208", maxPriorityFeePerGas: "0x77359400" };
    await l1.rpc("anvil_reorg", [2, [[cheap, 1], [dear, 1], [cheap, 1], [dear, 0]]]);
    const values = async (tag) => (await l1.rpc("eth_getBlockByNumber", [tag, true])).transactions.map(({ value }) => Number(value));
    const top = await number(l1);
    const hex = (k) => `0x${k.toString(16)}`;
    assert.deepEqual([await values(hex(top - 1)), await values(hex(top))], [[3], [2, 3, 2]]);
    assert.equal(await receiptOf(l1, waits), null);
    await l1.rpc("evm_setAutomine", [true]);
    await l1.mined(waits);
    // One that cannot be in its block is an error, and the others are in theirs.
    const gap = { ...cheap, nonce: hex((await nonceOf(poor)) + 3) };
    await assert.rejects(l1.rpc("anvil_reorg", [1, [[gap, 0], [dear, 0]]]), /block 0: a transaction is not in it: no room for it, or a gap/);
    assert.deepEqual(await values("latest"), [3]);
    await assert.rejects(l1.rpc("anvil_reorg", [100000, []]), /Reorg depth must not exceed current chain height/);
});

test("filters and subscriptions on every chain tell what was removed, and the new heads", async () => {
    const told = [];
    const clients = [];
    const filters = [];
    for (const [i, chain] of [l1, rollup1].entries()) {
        const { value } = webSocket(n.network.chains[i].url.replace("http", "ws"), { keepAlive: false, reconnect: false })({ retryCount: 0 });
        clients.push(await value.getRpcClient());
        for (const params of [["logs", { address: chain.contracts.messenger.address }], ["newHeads"]])
            await value.subscribe({ params, onData: ({ result }) => told.push([i, result]), onError: () => {} });
        filters.push(await chain.rpc("eth_newFilter", [{ address: chain.contracts.messenger.address }]));
    }
    const { message } = await leave(l1, 1n, someone);
    await rollup1.mined(await deliver(rollup1, message));
    await l1.rpc("anvil_mine", ["0x1"]);
    const gone = [await block(l1), await block(rollup1)];
    for (const [i, chain] of [l1, rollup1].entries())
        assert.deepEqual((await chain.rpc("eth_getFilterChanges", [filters[i]])).map(({ removed }) => removed), [false]);
    await l1.rpc("anvil_reorg", [2, []]);
    const top = await block(l1);
    const logs = (i) => told.filter(([chain, { topics }]) => chain === i && topics !== undefined).map(([, { removed }]) => removed);
    const heads = (i) => told.filter(([chain, { topics }]) => chain === i && topics === undefined).map(([, { hash }]) => hash);
    while (heads(0).at(-1) !== top.hash || heads(1).at(-1) !== (await block(rollup1)).hash) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const client of clients) client.close();
    // Left and removed; delivered and removed, and the second try has failed.
    assert.deepEqual([logs(0), logs(1)], [[false, true], [false, true]]);
    for (const [i, chain] of [l1, rollup1].entries()) {
        assert.ok(heads(i).includes(gone[i].hash));
        assert.deepEqual((await chain.rpc("eth_getFilterChanges", [filters[i]])).map(({ removed }) => removed), [true]);
    }
    assert.deepEqual(heads(0).slice(-2), [top.parentHash, top.hash]);
    await assertFollowed();
});

test("a snapshot of blocks that were removed is void, one from before is not", async () => {
    await rollup1.rpc("lockstep_anchor"); // its blocks are on L1
    const early = await l1.rpc("evm_snapshot");
    const at = await block(l1);
    await leave(l1, 1n, someone);
    const late = await rollup1.rpc("evm_snapshot");
    await l1.rpc("anvil_reorg", [1, []]);
    assert.equal(await l1.rpc("evm_revert", [late]), false);
    assert.equal(await l1.rpc("evm_revert", [early]), true);
    assert.equal((await block(l1)).hash, at.hash);
    await assertFollowed();
});

test("calls, traces and proofs that workers answer are of the chain as it is", async () => {
    for (let round = 0; round < 5; round++) {
        const { receipt } = await leave(l1, 1n, someone);
        const asked = [
            ["eth_getLogs", [{ fromBlock: "0x1", address: l1.contracts.messenger.address }]],
            ["debug_traceTransaction", [receipt.transactionHash]],
            ["eth_getProof", [l1.contracts.messenger.address, Array.from({ length: 64 }, (_, i) => `0x${i.toString(16)}`), "latest"]],
        ];
        await Promise.all(asked.map(([method, params]) => l1.rpc(method, params)));
        await l1.rpc("anvil_reorg", [1, []]);
        const [logs, , proof] = await Promise.all(asked.map(([method, params]) => l1.rpc(method, params).catch((error) => error)));
        assert.ok(logs.every(({ transactionHash }) => transactionHash !== receipt.transactionHash));
        await assert.rejects(l1.rpc(...asked[1]), /transaction not found/);
        assert.equal(proof.balance, await l1.rpc("eth_getBalance", [l1.contracts.messenger.address, "latest"]));
    }
});

test("a reorganisation waits until what the one before has given back is in blocks: a kill loses none", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-reorg-"));
    const start = () => openNetwork({ args: ["--datadir", join(folder, "data")] });
    let own = await start();
    try {
        const chains = own.rollups;
        const counts = () => Promise.all(chains.map((chain, i) => chain.client.getTransactionCount({ address: own.as(i).l1.account.address })));
        const PAIRS = 30;
        for (let nonce = 0; nonce < 2 * PAIRS; nonce++) {
            for (const [i, chain] of chains.entries()) {
                const { account } = own.as(i).l1;
                const fields = { type: "eip1559", chainId: Number(chain.chainId), nonce, to: someone, gas: 21_000n, maxFeePerGas: 10n ** 11n };
                await chain.rpc("eth_sendRawTransaction", [await account.signTransaction(fields)]);
            }
            if (nonce % PAIRS === PAIRS - 1) await chains[Math.floor(nonce / PAIRS)].rpc("lockstep_anchor");
        }
        const reorgs = [1, 2, 1].map((depth) => own.l1.rpc("anvil_reorg", [depth, []]).catch(() => {}));
        let isOver = false;
        const over = Promise.all(reorgs).then(() => (isOver = true));
        // The second of them takes rollup1's back, too.
        while (!isOver && (await counts())[0] === 2 * PAIRS);
        await own.network.stop("SIGKILL");
        await over;
        own = await start();
        own.rollups.forEach((chain, i) => (chains[i] = chain));
        assert.deepEqual(await counts(), [2 * PAIRS, 2 * PAIRS]);
    } finally {
        await own.stop();
        rmSync(folder, { recursive: true });
    }
});
