// A data directory: what was acknowledged is there after any end, and only its own network uses it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { World, connect } from "../../examples/demo/world.mjs";
import { rpcBatch, runLockstep, startNetwork } from "../lib/network.mjs";
import { number, signer } from "../lib/transactions.mjs";

const ROUNDS = 6;

function folderOf(t) {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-data-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    return join(folder, "deeper", "data");
}

/** Every block from the genesis on: hashes chain up, and the newest state can be read. */
async function checkChain(chain) {
    const head = number(await chain.rpc("eth_blockNumber"));
    const calls = [];
    for (let n = 0; n <= head; n++) calls.push(["eth_getBlockByNumber", [`0x${n.toString(16)}`, true]]);
    const blocks = [];
    for (let i = 0; i < calls.length; i += 500) blocks.push(...(await rpcBatch(chain.url, calls.slice(i, i + 500))));
    for (let n = 1; n <= head; n++) assert.equal(blocks[n].result.parentHash, blocks[n - 1].result.hash);
    const included = new Map();
    for (const { result } of blocks) for (const { hash, from, nonce } of result.transactions) included.set(hash, { from, nonce });
    return included;
}

test("killed at any moment, it goes on where it had told its clients it was", async (t) => {
    const datadir = folderOf(t);
    const start = () => startNetwork({ silent: true, rollups: 1, datadir, accounts: 6 });
    let network = await start();
    const keys = network.accounts.map(({ privateKey }) => privateKey);
    let world = new World({
        l1: connect(network.l1, keys[0]),
        rollup1: connect(network.rollups[0], keys[0]),
    });
    const counter = await world.deploy("rollup1", "Counter");
    const teller = await world.deploy("l1", "Teller");
    const proxy = await world.reference("l1", counter);
    const acknowledged = new Map(network.chains.map(({ name }) => [name, new Set()]));
    let told = 0n;

    for (let round = 0; round < ROUNDS; round++) {
        const running = network;
        let isDead = false;
        const workers = [];
        // Transfers on both chains, and calls from L1 into the rollup, until the kill.
        for (const [i, chain] of running.chains.entries()) {
            for (const which of [1, 2]) {
                const from = signer(chain, keys[2 * i + which]);
                workers.push((async () => {
                    let nonce = number(await chain.rpc("eth_getTransactionCount", [from.address, "latest"]));
                    while (!isDead) {
                        const hash = await chain.rpc("eth_sendRawTransaction", [await from.sign({ nonce: nonce++ })]);
                        acknowledged.get(chain.name).add(hash);
                    }
                })());
            }
        }
        world = new World({ l1: connect(running.l1, keys[0]), rollup1: connect(running.rollups[0], keys[0]) });
        const place = { ...teller, chain: world.places.l1 };
        workers.push((async () => {
            // viem asks a dead node for a receipt until the time-out.
            const options = { gas: 2_000_000n, receiptTimeout: 5_000 };
            while (!isDead) if (await world.send(place, "addTwice", [proxy, 1n], options)) told++;
        })());
        await new Promise((resolve) => setTimeout(resolve, 60 + 97 * round));
        running.process.kill("SIGKILL");
        isDead = true;
        await Promise.allSettled(workers);
        await running.closed;

        network = await start();
        for (const chain of network.chains) {
            const included = await checkChain(chain);
            for (const hash of acknowledged.get(chain.name)) assert.ok(included.has(hash), `${chain.name}: ${hash} is lost`);
        }
        // L1 and the rollup agree, and calls between them go through.
        world = new World({ l1: connect(network.l1, keys[0]), rollup1: connect(network.rollups[0], keys[0]) });
        const total = await world.call({ ...counter, chain: world.places.rollup1 }, "total");
        assert.equal(await world.call({ ...teller, chain: world.places.l1 }, "sum") > 0n || told === 0n, true);
        assert.ok(total >= 2n * told, `${total} after ${told} acknowledged calls`);
        assert.ok(await world.send({ ...teller, chain: world.places.l1 }, "addTwice", [proxy, 1n], { gas: 2_000_000n }));
        told++;
        const [rollup] = await network.l1.rpc("lockstep_getRollups");
        assert.equal(rollup.latestNumber, rollup.safeNumber);
    }
    t.diagnostic(`${[...acknowledged.values()].map(({ size }) => size).join(" and ")} transfers, ${told} calls across chains`);
    assert.equal((await network.stop()).code, 0);
});

test("other options than those it was begun with are named", async (t) => {
    const datadir = folderOf(t);
    const network = await startNetwork({ silent: true, rollups: 1, datadir });
    const hub = network.contracts.hub;
    const attestation = network.contracts.attestation;
    assert.equal((await network.stop()).code, 0);
    const refuses = async (args, pattern) => {
        const { code, stderr } = await runLockstep(["--port", "0", "--silent", "--datadir", datadir, ...args]);
        assert.match(stderr, pattern);
        assert.equal(code, 1);
    };
    await refuses(["--rollups", "2"], /begun with --rollups 1, not --rollups 2/);
    await refuses(["--rollups", "1", "--chain-id", "5"], /begun with --chain-id 31337, not --chain-id 5/);
    await refuses(["--rollups", "1", "--mnemonic", "legal winner thank year wave sausage worth useful legal winner thank yellow"], /--mnemonic/);
    const again = await startNetwork({ silent: true, rollups: 1, datadir });
    // The keys are kept: the attester's address is in the contract's.
    assert.deepEqual([again.contracts.hub, again.contracts.attestation], [hub, attestation]);
    await refuses(["--rollups", "1"], /another node is using the data directory/);
    assert.equal((await again.stop()).code, 0);
});

test("a second Ctrl-C ends it at once", async () => {
    const network = await startNetwork({ silent: true, rollups: 0 });
    // An answer that nobody takes keeps it from stopping in good order.
    const body = JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ jsonrpc: "2.0", id, method: "anvil_mine", params: ["0x186a0"] })));
    fetch(network.l1.url, { method: "POST", headers: { "content-type": "application/json" }, body }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 30));
    network.process.kill("SIGINT");
    network.process.kill("SIGINT");
    const { code, signal } = await network.closed;
    assert.ok(signal === "SIGINT" || code === 0, `${code} ${signal}`);
});
