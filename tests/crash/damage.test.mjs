// A data directory that is not as it was left: damaged, cut short, mixed, somebody else's. It is refused
// with the file's name, or everything in it is right.
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, after, test } from "node:test";
import { encodeFunctionData, numberToHex, parseAbi } from "viem";
import { artifact } from "../../examples/demo/world.mjs";
import { runLockstep, startNetwork } from "../lib/network.mjs";
import { generator } from "../lib/random.mjs";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const TRIALS = Number(process.env.TRIALS ?? 60);
const options = { silent: true, rollups: 1 };
const words = ["--port", "0", "--silent", "--rollups", "1"];
const folder = mkdtempSync(join(tmpdir(), "lockstep-damage-"));
const whole = join(folder, "whole");
const dir = join(folder, "trial");
const steps = []; // copies of the directory, one cross-chain call after another
const hubAbi = parseAbi(["function createProxy(uint64 rollupId, address target) returns (address)"]);
const { abi, bytecode } = artifact("Counter");
const data = encodeFunctionData({ abi, functionName: "add", args: [1n] });
let counter;
let proxy;

async function send(network, chain, tx) {
    const from = network.accounts[0].address;
    const receipt = await chain.rpc("eth_getTransactionReceipt", [await chain.rpc("eth_sendTransaction", [{ from, ...tx }])]);
    assert.equal(receipt.status, "0x1");
    return receipt;
}

/** What the network answers about itself. */
async function answers(network) {
    const all = [];
    for (const chain of network.chains) {
        const head = BigInt(await chain.rpc("eth_blockNumber"));
        for (let n = 0n; n <= head; n++) {
            const block = await chain.rpc("eth_getBlockByNumber", [numberToHex(n), true]);
            all.push(block, await chain.rpc("eth_getBlockReceipts", [numberToHex(n)]));
            all.push(await chain.rpc("eth_getBlockByHash", [block.hash, false]));
            for (const { hash } of block.transactions) all.push(await chain.rpc("eth_getTransactionReceipt", [hash]));
        }
        for (const { address } of network.accounts) all.push(await chain.rpc("eth_getProof", [address, [], "latest"]));
    }
    all.push(await network.rollups[0].rpc("eth_getProof", [counter, ["0x0"], "latest"]));
    return JSON.stringify(all);
}

/** Starts what lies in `dir`: gives the answers, or why it is refused. */
async function trial() {
    let network;
    try {
        network = await startNetwork({ ...options, datadir: dir });
    } catch (error) {
        assert.match(error.message, /^lockstep ended with 1\n/, error.message); // no signal, no abort
        return { refusal: error.message };
    }
    try {
        return { answers: await answers(network) };
    } finally {
        assert.equal((await network.stop()).code, 0);
    }
}

function restore(from = whole) {
    rmSync(dir, { recursive: true, force: true });
    cpSync(from, dir, { recursive: true });
}

let right;

before(async () => {
    let network = await startNetwork({ ...options, datadir: whole });
    const { l1, rollups } = network;
    counter = (await send(network, rollups[0], { data: bytecode })).contractAddress;
    const args = [BigInt(rollups[0].rollupId), counter];
    await send(network, l1, { to: network.contracts.hub, data: encodeFunctionData({ abi: hubAbi, functionName: "createProxy", args }) });
    proxy = await l1.rpc("lockstep_proxyOf", [numberToHex(rollups[0].rollupId), counter]);
    for (let i = 0; i < 4; i++) {
        await send(network, rollups[0], { to: counter, data });
        await send(network, l1, { to: proxy, data });
        // Between two requests everything that was acknowledged is in the files.
        const copy = join(folder, `step${i}`);
        cpSync(whole, copy, { recursive: true });
        steps.push({ copy, hash: (await l1.rpc("eth_getBlockByNumber", ["latest", false])).hash });
    }
    assert.equal((await network.stop()).code, 0);
    restore();
    right = (await trial()).answers;
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("bytes that turned: refused by name, or nothing is wrong", async (t) => {
    t.diagnostic(`SEED=${seed} TRIALS=${TRIALS}`);
    const random = generator(seed);
    let refused = 0;
    for (let i = 0; i < TRIALS; i++) {
        restore();
        const chain = random() < 0.5 ? "l1" : "rollup1";
        const file = join(dir, chain, "data.mdb");
        const content = readFileSync(file);
        const count = random() < 0.7 ? 1 : 1 + Math.floor(random() * 20);
        // Half of them in the pages at the front, where the tables' roots and the meta pages are.
        const range = random() < 0.5 ? content.length : Math.min(content.length, 16 * 4096);
        for (let k = 0; k < count; k++) content[Math.floor(random() * range)] ^= 1 << Math.floor(random() * 8);
        writeFileSync(file, content);
        const { refusal, answers } = await trial();
        if (refusal !== undefined) {
            refused++;
            assert.ok(refusal.includes(file), `trial ${i}: ${refusal}`);
            const check = await runLockstep(["check", "--datadir", dir]);
            assert.equal(check.code, 1);
            assert.ok(check.stderr.includes(file));
        } else {
            assert.equal(answers, right, `trial ${i}: other data`);
        }
    }
    t.diagnostic(`${refused} of ${TRIALS} refused`);
    assert.ok(refused > TRIALS / 20);
});

test("a file that was cut short, emptied or lost", async () => {
    const random = generator(seed + 1);
    for (let i = 0; i < 14; i++) {
        restore();
        const file = join(dir, i % 2 === 0 ? "l1" : "rollup1", "data.mdb");
        const { size } = statSync(file);
        if (i < 2) rmSync(file);
        else truncateSync(file, i < 4 ? 0 : Math.floor(random() * size));
        const { refusal, answers } = await trial();
        if (refusal !== undefined) assert.ok(refusal.includes(file), refusal);
        else assert.equal(answers, right);
        assert.ok(i >= 4 || refusal !== undefined);
    }
});

test("LMDB's lock file is of no importance", async () => {
    restore();
    writeFileSync(join(dir, "l1", "lock.mdb"), Buffer.alloc(8192, 0x5a));
    assert.equal((await trial()).answers, right);
});

test("power that fails between the chains' commits: each order of L1 and rollup", async () => {
    for (const [i, a] of steps.entries()) {
        for (const [k, b] of steps.entries()) {
            // L1 of one moment, the rollup of another.
            restore(a.copy);
            copyFileSync(join(b.copy, "rollup1", "data.mdb"), join(dir, "rollup1", "data.mdb"));
            const name = `L1 of step ${i}, rollup of step ${k}`;
            let network;
            try {
                network = await startNetwork({ ...options, datadir: dir });
            } catch (error) {
                // A rollup is written before L1, so that this is no power cut.
                assert.ok(k < i, `${name}: ${error.message}`);
                assert.ok(error.message.includes(dir) && /l1 and rollup1 are not of the same moment/.test(error.message), error.message);
                continue;
            }
            assert.ok(k >= i, name);
            assert.equal((await network.l1.rpc("eth_getBlockByNumber", ["latest", false])).hash, a.hash);
            const [{ head }] = await network.l1.rpc("lockstep_getRollups");
            assert.equal(head, (await network.rollups[0].rpc("eth_getBlockByNumber", ["safe", false])).stateRoot, name);
            await send(network, network.l1, { to: proxy, data });
            await send(network, network.rollups[0], { to: counter, data });
            assert.equal((await network.stop()).code, 0);
            const check = await runLockstep(["check", "--datadir", dir]);
            assert.equal(check.code, 0, `${name}: ${check.stdout}${check.stderr}`);
        }
    }
});

test("a network whose chains have names of their own is checked", async () => {
    const config = join(folder, "named.ini");
    const datadir = join(folder, "named");
    writeFileSync(config, "[rollup pay]\nchain-id = 42101\n[rollup game]\nchain-id = 42105\n");
    const network = await startNetwork({ silent: true, config, datadir });
    await network.stop("SIGKILL");
    const { code, stdout } = await runLockstep(["check", "--datadir", datadir]);
    assert.equal(code, 0);
    assert.deepEqual(stdout.trim().split("\n").map((line) => line.split(" ")[0]), ["l1", "pay", "game"]);
});

test("somebody else's directory", async () => {
    restore();
    const refuses = async (args, pattern, env) => {
        const { code, signal, stderr } = await runLockstep(args, { env });
        assert.match(stderr, pattern);
        assert.deepEqual([code, signal], [1, null]);
    };
    const own = [...words, "--datadir", dir];
    await refuses([...own, "--chain-id", "5"], /was begun with --chain-id 31337, not --chain-id 5/);
    await refuses(["--port", "0", "--silent", "--rollups", "3", "--datadir", dir], /was begun with --rollups 1, not --rollups 3/);
    const running = await startNetwork({ ...options, datadir: dir });
    await refuses(own, /another node is using the data directory/);
    await refuses(["check", "--datadir", dir], /another node is using the data directory/);
    await running.stop();
    // Root reads everything.
    if (process.getuid() !== 0) {
        const file = join(dir, "l1", "data.mdb");
        chmodSync(file, 0);
        await refuses(own, new RegExp(`cannot read ${file}: Permission denied`));
        chmodSync(file, 0o644);
    }
    writeFileSync(join(dir, "l1", "data.mdb"), "not a database");
    await refuses(own, /l1\/data\.mdb is damaged/);
    await refuses([...words, "--datadir", join(dir, "l1", "data.mdb")], /data\.mdb/);
});
