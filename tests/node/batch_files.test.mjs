// lockstep batch export and split, lockstep verify: a posted batch as files, checked without the network, whole or
// a share of it at a time.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encodeAbiParameters, encodeFunctionData, keccak256 } from "viem";
import { startNetwork } from "../../examples/demo/network.mjs";
import { World, connect } from "../../examples/demo/world.mjs";
import { initcode } from "../lib/transactions.mjs";

const BATCH_POSTED = keccak256(Buffer.from("BatchPosted(address,bytes32,bytes)"));
const lockstep = process.env.LOCKSTEP ?? "build/dev/lockstep";
const folder = mkdtempSync(join(tmpdir(), "lockstep-batch-"));
const datadir = join(folder, "data");
let network;
let chains;
let world;

async function start() {
    network = await startNetwork(["--datadir", datadir], lockstep);
    const { accounts } = network.info;
    const [l1, rollup1, rollup2] = network.info.chains.map((c) => connect(c, accounts[0].privateKey));
    chains = { l1, rollup1, rollup2 };
    world = new World(chains);
}
before(start);
after(async () => {
    await network?.stop();
    rmSync(folder, { recursive: true });
});

const rpc = (chain, method, ...params) => chain.client.request({ method, params });
const data = (contract, functionName, args = []) => encodeFunctionData({ abi: contract.abi, functionName, args });
const file = (...names) => join(folder, ...names);
const run = (...args) => spawnSync(lockstep, args, { encoding: "utf8", timeout: 120_000 });
const exported = (hash, name, ...options) => run("batch", "export", hash, file(name), "--rpc", chains.l1.url, ...options);

async function send(chain, request) {
    const hash = await chain.wallet.sendTransaction({ gas: 3_000_000n, ...request });
    return chain.client.waitForTransactionReceipt({ hash });
}

// The lines of a report by their first words.
function report({ stdout }) {
    const lines = stdout.trim().split("\n").map((line) => line.match(/^(public input|runs' witness|\w+)\s+(.*)$/));
    return Object.fromEntries(lines.map(([, name, text]) => [name, text]));
}

function verified(name, ...options) {
    const result = run("verify", file(name), ...options);
    assert.equal(result.stderr, "");
    assert.equal(result.status, 0, result.stdout);
    return report(result);
}

function refused(name, pattern, ...options) {
    const result = run("verify", file(name), ...options);
    assert.equal(result.status, 1, result.stdout);
    assert.match(result.stdout + result.stderr, pattern);
}

// A block with several calls from L1 into both rollups: a batch of several runs.
let batchHash;
let callHashes;
async function callBoth() {
    const { l1 } = chains;
    const targets = [];
    for (const rollup of ["rollup1", "rollup2"]) {
        const counter = await world.deploy(rollup, "Counter");
        targets.push({ counter, proxy: await world.reference("l1", counter) });
    }
    await rpc(l1, "evm_setAutomine", false);
    const hashes = [];
    for (const amount of [1n, 2n, 3n])
        for (const { counter, proxy } of targets)
            hashes.push(await l1.wallet.sendTransaction({ gas: 2_000_000n, to: proxy, data: data(counter, "add", [amount]) }));
    await rpc(l1, "evm_mine");
    await rpc(l1, "evm_setAutomine", true);
    const receipts = await Promise.all(hashes.map((hash) => l1.client.getTransactionReceipt({ hash })));
    for (const receipt of receipts) assert.equal(receipt.status, "success");
    const [batch] = await rpc(l1, "lockstep_getBatch", receipts[0].blockHash);
    return { batch, hashes };
}

test("a posted batch is exported and verified, by any number of jobs", async () => {
    const { batch, hashes } = await callBoth();
    batchHash = batch.transactionHash;
    callHashes = hashes;
    const result = exported(batchHash, "one");
    assert.equal(result.stderr, "");
    assert.equal(result.status, 0);
    assert.deepEqual(readdirSync(file("one")).sort(), ["batch", "runs", "witness"]);
    const alone = verified("one");
    assert.match(alone.verdict, /^OK/);
    assert.equal(alone.rollups, "1 2");
    assert.equal(alone.batch.split(": ")[1], `${batch.updates.length} updates, ${batch.entries.length} entries`);
    assert.equal(alone.parent, `chain ${await chains.l1.client.getChainId()}, Hub ${chains.l1.hub.toLowerCase()}`);
    // What the Hub computed.
    const { logs } = await chains.l1.client.getTransactionReceipt({ hash: batchHash });
    const event = logs.find((log) => log.topics[0] === BATCH_POSTED);
    assert.equal(alone["public input"], event.data.slice(0, 66));
    assert.equal(alone.output, keccak256(encodeAbiParameters(
        [{ type: "uint64[]" }, { type: "bytes32" }],
        [[1n, 2n], alone["public input"]],
    )));
    // Each call is a run of its own, and each rollup's own transactions.
    assert.equal(Number.parseInt(alone.runs), 2);
    for (const jobs of ["2", "3", "16"]) {
        const several = verified("one", "--jobs", jobs);
        assert.equal(several.output, alone.output);
        assert.equal(Number.parseInt(several.runs), batch.entries.length);
    }
});

// What stands for a share, of the whole's statement (docs/batch-files.md).
const shareOutput = (publicInput, split, first, count, total) =>
    keccak256(encodeAbiParameters(
        [{ type: "uint64[]" }, { type: "bytes32" }, { type: "bytes32" }, ...Array(3).fill({ type: "uint64" })],
        [[1n, 2n], publicInput, split, first, count, total].map((value) => (typeof value === "number" ? BigInt(value) : value)),
    ));

test("a batch is split into shares, each verified alone", () => {
    const whole = verified("one", "--jobs", "2");
    const total = Number.parseInt(whole.runs);
    assert.ok(total > 4);
    const split = (name, ...options) => run("batch", "split", file("one"), file(name), ...options);
    for (const [name, shares] of [["each", total], ["three", 3], ["all", 1]]) {
        const result = split(name, ...(shares === total ? [] : ["--shares", `${shares}`]));
        assert.equal(result.stderr, "");
        assert.match(result.stdout, new RegExp(`: ${total} runs in ${shares} shares, `));
        assert.equal(split(name, "--shares", `${shares}`).status, 0, "the same is no reason to complain");
        const names = readdirSync(file(name));
        assert.deepEqual(names.sort((a, b) => a - b), Array.from({ length: shares }, (_, i) => `${i}`));
        let next = 0;
        for (const [i, each] of names.entries()) {
            const alone = verified(`${name}/${each}`);
            const [, first, last] = alone.share.match(new RegExp(`^runs (\\d+) to (\\d+) of ${total}, from 0$`)).map(Number);
            assert.equal(first, next, "one behind the other, without a gap");
            assert.equal(first, Math.floor((total * i) / shares));
            next = last + 1;
            assert.equal(alone.rollups, whole.rollups);
            assert.equal(alone["public input"], whole["public input"]);
            assert.equal(alone.output, shareOutput(whole["public input"], alone.split, first, next - first, total));
        }
        assert.equal(next, total);
    }
    assert.match(split("three").stderr, /three is there already, with something else in it/);
    assert.match(split("lost/place").stderr, /No such file or directory/);
    assert.equal(run("batch", "split", file("one")).status, 2);
    assert.match(run("batch", "split", file("three"), file("none")).stderr, /batch: No such file or directory/);
});

test("a share that is not right is refused by name", () => {
    const good = readFileSync(file("three", "1"));
    const changed = (at, pattern) => {
        const share = Buffer.from(good);
        share[at] ^= 1;
        writeFileSync(file("changed"), share);
        refused("changed", pattern);
    };
    const own = Number(good.readBigUInt64LE(8));
    changed(7, /SHARE_FILE.*VERSION/);
    changed(31, /SHARE_FILE.*COUNT/);
    changed(32, /SHARE_RUNS/);
    changed(87, /SHARE_HEAD|WITNESS_SURPLUS/); // the latter if its own run begins there
    changed(own, /BATCH_FILE.*MAGIC/);
    changed(own + 48, /PUBLIC_INPUT/);
    changed(good.length - 1, /WITNESS/);
    writeFileSync(file("changed"), good.subarray(0, own));
    refused("changed", /BATCH_FILE.*SIZE/);
});

test("what contracts read of the parent is in the witness", async () => {
    const { l1, rollup1 } = chains;
    const saved = await world.deploy("l1", "Counter");
    await send(l1, { to: saved.address, data: data(saved, "add", [77n]) });
    // L1SLOAD of the counter's slot 0, into its own.
    const code = `73${saved.address.slice(2)}60601b5f5260205f60345f6101015afa505f515f5500`;
    const { contractAddress } = await send(rollup1, { data: initcode(code) });
    const reader = { chain: rollup1, address: contractAddress, place: "rollup1" };
    const proxy = await world.reference("l1", reader);
    await rpc(l1, "evm_setAutomine", false);
    const hashes = [];
    for (let i = 0; i < 2; i++) hashes.push(await l1.wallet.sendTransaction({ gas: 2_000_000n, to: proxy }));
    await rpc(l1, "evm_mine");
    await rpc(l1, "evm_setAutomine", true);
    const { blockHash, status } = await l1.client.getTransactionReceipt({ hash: hashes[1] });
    assert.equal(status, "success");
    const slot = (chain, address) => rpc(chain, "eth_getStorageAt", address, "0x0", "latest");
    assert.equal(await slot(rollup1, contractAddress), await slot(l1, saved.address));
    assert.notEqual(BigInt(await slot(rollup1, contractAddress)), 0n);
    const [batch] = await rpc(l1, "lockstep_getBatch", blockHash);
    const result = exported(batch.transactionHash, "reads");
    assert.equal(result.stderr, "");
    const alone = verified("reads");
    const several = verified("reads", "--jobs", "3");
    assert.equal(several.output, alone.output);
    assert.equal(Number.parseInt(several.runs), 3);
    assert.equal(run("batch", "split", file("reads"), file("reads shares")).status, 0);
    for (const share of ["0", "1", "2"]) assert.equal(verified(`reads shares/${share}`)["public input"], alone["public input"]);
});

test("the same bytes again, from a node that has them from its disk", async () => {
    assert.equal(exported(batchHash, "one").status, 0, "the same is no reason to complain");
    await network.stop();
    await start();
    assert.equal(exported(batchHash, "again").status, 0);
    for (const name of ["batch", "witness", "runs"])
        assert.deepEqual(readFileSync(file("again", name)), readFileSync(file("one", name)), name);
});

test("a folder with something else in it is left alone", () => {
    mkdirSync(file("other"));
    writeFileSync(file("other", "batch"), "mine");
    const result = exported(batchHash, "other");
    assert.equal(result.status, 1);
    assert.match(result.stderr, /other is there already, with something else in it/);
    assert.deepEqual(readdirSync(file("other")), ["batch"]);
    writeFileSync(file("a file"), "mine");
    assert.match(exported(batchHash, "a file").stderr, /is there already/);
    assert.equal(readFileSync(file("a file"), "utf8"), "mine");
    assert.match(exported(batchHash, "no/such/place").stderr, /No such file or directory/);
    mkdirSync(file("empty"));
    assert.equal(exported(batchHash, "empty").status, 0);
    assert.equal(readdirSync(folder).filter((name) => /\.\w{6}$/.test(name)).length, 0);
});

test("what there are no files of", async () => {
    const unknown = keccak256("0x01");
    assert.match(exported(unknown, "none").stderr, new RegExp(`no block of l1 has a transaction ${unknown}`));
    const [call] = callHashes;
    assert.match(exported(call, "none").stderr, new RegExp(`transaction ${call} has posted no batch"`));
    const { transactionHash } = await send(chains.l1, { to: chains.l1.hub, data: "0x12345678" });
    assert.match(exported(transactionHash, "none").stderr, /has posted no batch: it was reverted/);
    const [first] = (await chains.l1.client.getBlock({ blockNumber: 1n })).transactions;
    assert.match(exported(first, "none").stderr, /has posted no batch"/);
    const elsewhere = run("batch", "export", batchHash, file("none"), "--rpc", chains.rollup1.url);
    assert.match(elsewhere.stderr, /rollup1 has no rollups: its own batches are posted on l1/);
    assert.match(exported(batchHash, "none", "--nth", "2").stderr, /has posted 1 batches: say which with --nth/);
    assert.equal(existsSync(file("none")), false);
    for (const args of [[], ["export"], ["export", "0x12"], ["export", batchHash], ["import", batchHash, file("none")]])
        assert.equal(run("batch", ...args).status, 2, `${args}`);
});

test("files that are not right are refused by name", () => {
    const copy = (name) => {
        rmSync(file("bad"), { recursive: true, force: true });
        mkdirSync(file("bad"));
        for (const each of ["batch", "witness", "runs"]) copyFileSync(file("one", each), file("bad", each));
        return file("bad", name);
    };
    appendFileSync(copy("witness"), "x");
    refused("bad", /WITNESS_FILE.*SIZE/);
    copyFileSync(file("one", "witness"), copy("batch"));
    refused("bad", /BATCH_FILE.*MAGIC/);
    const flipped = readFileSync(file("one", "batch"));
    flipped[48] ^= 1;
    writeFileSync(copy("batch"), flipped);
    refused("bad", /PUBLIC_INPUT/);
    refused("bad", /PUBLIC_INPUT/, "--jobs", "4");
    copyFileSync(file("one", "witness"), copy("runs"));
    refused("bad", /WITNESS_SURPLUS/, "--jobs", "2");
    rmSync(copy("runs"));
    assert.equal(Number.parseInt(verified("bad", "--jobs", "2").runs), 2, "runs are then what they are without");
    rmSync(file("bad", "witness"));
    refused("bad", /witness: No such file or directory/);
    refused("nowhere", /nowhere\/batch: No such file or directory/);
    assert.equal(run("verify").status, 2);
    assert.equal(run("verify", file("one"), "--jobs", "0").status, 2);
});

test("transactions that nobody signed are not verified by default", async () => {
    const { rollup1, l1 } = chains;
    const first = await l1.client.getBlockNumber();
    const someone = "0x00000000000000000000000000000000000000aa";
    await rpc(rollup1, "hardhat_setBalance", someone, "0xde0b6b3a7640000");
    await rpc(rollup1, "hardhat_impersonateAccount", someone);
    const counter = await world.deploy("rollup1", "Counter");
    const hash = await rpc(rollup1, "eth_sendTransaction", { from: someone, to: counter.address, data: data(counter, "add", [1n]) });
    await rollup1.client.waitForTransactionReceipt({ hash });
    // It is in the payload of the next batch that moves the rollup.
    const proxy = await world.reference("l1", counter);
    const receipt = await send(l1, { to: proxy, data: data(counter, "add", [2n]) });
    const hashes = [];
    for (let number = first + 1n; number <= receipt.blockNumber; number++)
        for (const { transactionHash } of await rpc(l1, "lockstep_getBatch", `0x${number.toString(16)}`))
            hashes.push(transactionHash);
    const names = hashes.map((each, i) => {
        const result = exported(each, `all${i}`);
        assert.equal(result.status, 0, result.stderr);
        return { name: `all${i}`, isImpersonated: /--impersonated/.test(result.stdout) };
    });
    assert.equal(names.filter(({ isImpersonated }) => isImpersonated).length, 1);
    for (const { name, isImpersonated } of names) {
        if (isImpersonated) {
            refused(name, /ENTRY_NO_FACT.*TX_INVALID/);
            assert.match(run("batch", "split", file(name), file("unsigned")).stderr, /the files do not verify: ENTRY_NO_FACT/);
            assert.equal(run("batch", "split", file(name), file("unsigned"), "--impersonated").status, 0);
            refused("unsigned/0", /ENTRY_NO_FACT.*TX_INVALID/);
            verified("unsigned/0", "--impersonated");
        }
        verified(name, ...(isImpersonated ? ["--impersonated"] : []));
        verified(name, "--jobs", "3", ...(isImpersonated ? ["--impersonated"] : []));
    }
});

test("a batch that an L3 has posted on a rollup", async () => {
    const levels = await startNetwork(["--l3", "1"], lockstep);
    try {
        const named = Object.fromEntries(levels.info.chains.map((c) => [c.name, connect(c, levels.info.accounts[0].privateKey)]));
        const l3 = new World({ l1: named.l1, rollup1: named.rollup1, l3: named["l3-1"] });
        const counter = await l3.deploy("l3", "Counter");
        const proxy = await l3.reference("l1", counter);
        await send(named.l1, { to: proxy, data: data(counter, "add", [7n]) });
        assert.equal(await l3.call(counter, "total"), 7n);
        for (const [chain, parent] of [[named.rollup1, "rollup1"], [named.l1, "l1"]]) {
            const logs = await rpc(chain, "eth_getLogs", { fromBlock: "0x0", topics: [BATCH_POSTED] });
            assert.ok(logs.length > 0, parent);
            const result = run("batch", "export", logs.at(-1).transactionHash, file(parent), "--rpc", chain.url);
            assert.equal(result.stderr, "");
            const alone = verified(parent);
            assert.equal(alone.parent, `chain ${await chain.client.getChainId()}, Hub ${logs.at(-1).address}`);
            assert.equal(alone.rollups, "1");
            assert.equal(alone["public input"], logs.at(-1).data.slice(0, 66));
            assert.equal(verified(parent, "--jobs", "2").output, alone.output);
        }
    } finally {
        await levels.stop();
    }
});
