// The batches of an L3, which are posted on its parent: what the methods that tell of batches say there,
// and their files, checked without the network, as those of L1's Hub are.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { keccak256, parseAbiItem } from "viem";
import { startNetwork } from "../../examples/demo/network.mjs";
import { World, connect } from "../../examples/demo/world.mjs";

const consumed = parseAbiItem("event EntryConsumed(uint64 indexed rollupId, bytes32 indexed entryHash)");
const lockstep = process.env.LOCKSTEP ?? "build/dev/lockstep";
const folder = mkdtempSync(join(tmpdir(), "lockstep-levels-"));
const GAS = 5_000_000n;
let network;
let places;
let world;
before(async () => {
    network = await startNetwork(["--rollups", "2", "--l3", "1"], lockstep);
    const { chains, accounts } = network.info;
    const [l1, rollup1, rollup2, l3] = chains.map((entry) => connect(entry, accounts[0].privateKey));
    places = { l1, rollup1, rollup2, l3 };
    world = new World(places);
});
after(async () => {
    await network?.stop();
    rmSync(folder, { recursive: true });
});

const rpc = (place, method, ...params) => places[place].client.request({ method, params });
const newest = (place) => rpc(place, "eth_getBlockByNumber", "latest", false);

/** A Teller adds to a Counter of another chain. */
async function add(from, to) {
    const teller = await world.deploy(from, "Teller");
    const counter = await world.deploy(to, "Counter");
    const args = [await world.reference(from, counter), 3n];
    assert.ok(await world.send(teller, "addTwice", args, { gas: GAS }));
    assert.equal(await world.call(counter, "total"), 6n);
}

/** The batch of the L3 in its parent's newest block. */
async function batchOfL3() {
    const block = await newest("rollup1");
    const [batch, ...others] = await rpc("rollup1", "lockstep_getBatch", block.hash);
    assert.equal(others.length, 0);
    assert.ok(block.transactions.includes(batch.transactionHash));
    return { block, batch };
}

const ways = {
    "from L1": ["l1", "l3"],
    "from the parent": ["rollup1", "l3"],
    "up to L1": ["l3", "l1"],
    "to its parent's neighbour": ["l3", "rollup2"],
};
for (const [name, [from, to]] of Object.entries(ways))
    test(`the batch and its table are told by the parent: a call ${name}`, async () => {
        await add(from, to);
        const { block, batch } = await batchOfL3();
        assert.equal(batch.blockHash, block.hash);
        assert.deepEqual(batch.updates.map(({ rollupId }) => rollupId), ["0x1"]);
        assert.deepEqual(await rpc("rollup1", "lockstep_getBatch", batch.transactionHash), [batch]);
        const { hub } = places.rollup1.contracts;
        const logs = await places.rollup1.client.getLogs({ address: hub, event: consumed, blockHash: block.hash });
        const used = logs.map((log) => log.args.entryHash);
        const posted = batch.entries.map(({ entryHash }) => entryHash);
        assert.deepEqual([...new Set(used)].sort(), posted.sort());
        const table = await rpc("rollup1", "lockstep_getExecutionTable", block.hash);
        assert.deepEqual(table.map(({ entryHash }) => entryHash).sort(), posted);
        for (const entry of table) {
            assert.equal(entry.postedBy, batch.transactionHash);
            assert.equal(entry.key.head, entry.transitions[0].pre);
            assert.equal(entry.usedBy.length, 1);
            assert.ok(block.transactions.includes(entry.usedBy[0]), "by a transaction of the parent's block");
        }
        // L1 has the parent's batch, and tells of no other.
        const [above, ...others] = await rpc("l1", "lockstep_getBatch", "latest");
        assert.equal(others.length, 0);
        assert.equal(above.entries.some(({ entryHash }) => posted.includes(entryHash)), false);
    });

test("what there is no batch of", async () => {
    for (const method of ["lockstep_getBatch", "lockstep_getExecutionTable"]) {
        for (const place of ["l1", "rollup1"]) {
            // The block in which the Hub is made, before it knows any rollup.
            assert.deepEqual(await rpc(place, method, "0x1"), []);
            assert.deepEqual(await rpc(place, method, "earliest"), []);
            assert.equal(await rpc(place, method, "0xffffff"), null);
            assert.equal(await rpc(place, method, keccak256("0x01")), null);
        }
        const refuses = (place, text) => assert.rejects(rpc(place, method, "latest"), (error) => error.details.includes(text));
        await refuses("l3", `l3-1 has no rollups: its own batches are posted on rollup1, at ${places.rollup1.url}`);
        await refuses("rollup2", `rollup2 has no rollups: its own batches are posted on l1, at ${places.l1.url}`);
    }
    // An unsafe block of the parent has none either.
    const nobody = "0x00000000000000000000000000000000000000aa";
    const hash = await places.rollup1.wallet.sendTransaction({ to: nobody, value: 1n });
    await places.rollup1.client.waitForTransactionReceipt({ hash });
    assert.deepEqual(await rpc("rollup1", "lockstep_getBatch", hash), []);
    // What made the Hubs can be traced.
    for (const place of ["l1", "rollup1"]) {
        const { transactions } = await rpc(place, "eth_getBlockByNumber", "0x1", false);
        for (const tx of transactions) assert.equal((await rpc(place, "lockstep_traceTransaction", tx)).status, "0x1");
    }
});

test("its files say the same, to anybody", async () => {
    await add("l3", "rollup1");
    const { batch } = await batchOfL3();
    const run = (...args) => spawnSync(lockstep, args, { encoding: "utf8", timeout: 120_000 });
    const name = join(folder, "batch");
    const made = run("batch", "export", batch.transactionHash, name, "--rpc", places.rollup1.url);
    assert.equal(made.status, 0, made.stderr);
    const verified = run("verify", name);
    assert.equal(verified.status, 0, verified.stderr);
    assert.match(verified.stdout, new RegExp(`${places.rollup1.chainId}`));
    const output = verified.stdout.match(/^output\s+(0x[0-9a-f]{64})/m)[1];
    const inGuest = run("guest", "run", "--batch", join(name, "batch"), "--witness", join(name, "witness"));
    assert.equal(inGuest.status, 0, inGuest.stderr);
    assert.ok(inGuest.stdout.includes(output), inGuest.stdout);
    const elsewhere = run("batch", "export", batch.transactionHash, join(folder, "none"), "--rpc", places.l1.url);
    assert.match(elsewhere.stderr, /no block of l1 has a transaction/);
});
