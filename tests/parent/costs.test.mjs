// What the ways of reading the parent cost, as committed in contracts/snapshots/parent_reads.json and printed in
// docs/parent-reads.md: a change that costs or saves gas says so in its diff. UPDATE_GAS=1 rewrites both. One slot
// of a contract whose getter returns it; `execution` is above a transaction that only adds one to a counter.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { encodeFunctionData, pad, size } from "viem";
import { anchor, createProxy, deploy, openNetwork, read, send } from "./lib.mjs";

const snapshot = new URL("../../contracts/snapshots/parent_reads.json", import.meta.url);
const page = new URL("../../docs/parent-reads.md", import.meta.url);
const slot = pad("0x0");
let network, l1, rollup, feed, ways;
before(async () => {
    const opened = await openNetwork(["--rollups", "1"]);
    network = opened.network;
    ({ l1, rollup1: rollup } = opened.chains);
    feed = await deploy(l1, "Source");
    ways = await deploy(rollup, "Ways");
    await send(feed, "set", [7n]);
    await anchor(l1, rollup);
    // Every later write of a way is of the same kind: from one value to another.
    await send(ways, "byNothing", []);
});
after(async () => assert.equal((await network.stop()).status, 0));

/** Gas of a transaction that must give `value`, and of its calldata's bytes. */
async function cost(functionName, args, value) {
    const data = encodeFunctionData({ abi: ways.abi, functionName, args });
    const receipt = await send(ways, functionName, args);
    if (value !== undefined) assert.equal(await read(ways, "value", []), value);
    const bytes = Buffer.from(data.slice(2), "hex");
    const zeros = bytes.filter((byte) => byte === 0).length;
    return { gas: Number(receipt.gasUsed), calldataBytes: size(data), calldataGas: 4 * zeros + 16 * (bytes.length - zeros) };
}

/** Gas of the newest batch. */
async function batchGas() {
    const block = await l1.client.getBlock({ includeTransactions: true });
    const batch = block.transactions.find(({ to }) => to === l1.contracts.hub.toLowerCase());
    return Number((await l1.client.getTransactionReceipt({ hash: batch.hash })).gasUsed);
}

test("what each way costs is what the snapshot and the page say", async () => {
    const base = await cost("byNothing", []);
    const number = await l1.client.getBlockNumber() - 1n;
    const found = { "nothing read": base };
    found["L1SLOAD"] = await cost("bySlot", [feed.address, slot], 7n);
    found["L1CALL"] = await cost("byCall", [feed.address], 7n);
    const { accountProof, storageProof: [{ proof }] } = await l1.client.getProof({ address: feed.address, storageKeys: [slot], blockNumber: number });
    found["Merkle proof"] = await cost("byProof", [number, feed.address, slot, accountProof, proof], 7n);
    found["Merkle proof"].proofNodes = accountProof.length + proof.length;

    // The live call needs a batch of its own, with the answer of L1 in it.
    const proxy = await rollup.client.request({ method: "lockstep_proxyOf", params: [0, feed.address] });
    await createProxy(rollup, feed);
    await createProxy(l1, ways);
    await send(feed, "set", [8n]);
    await send(ways, "byLiveCall", [proxy], { gas: 3_000_000n });
    await send(feed, "set", [9n]);
    found["live static call"] = await cost("byLiveCall", [proxy], 9n);
    found["live static call"].l1BatchGas = await batchGas();

    for (const way of Object.values(found)) way.execution = way.gas - way.calldataGas - (base.gas - base.calldataGas);
    delete found["nothing read"].execution;
    if (process.env.UPDATE_GAS) writeFileSync(snapshot, `${JSON.stringify(found, null, 4)}\n`);
    const known = JSON.parse(readFileSync(snapshot, "utf8"));
    assert.deepEqual(Object.keys(found), Object.keys(known));
    for (const [name, way] of Object.entries(found)) {
        assert.deepEqual(Object.keys(way), Object.keys(known[name]));
        for (const [what, value] of Object.entries(way)) {
            // Hashes of a state with times in it have more or fewer bytes that are zero.
            const slack = name === "Merkle proof" || what === "l1BatchGas" ? 0.08 * value : 0;
            assert.ok(Math.abs(value - known[name][what]) <= slack, `${name}: ${what} is ${value}, not ${known[name][what]} (UPDATE_GAS=1)`);
        }
    }
    const n = (value) => value.toLocaleString("en");
    const rows = Object.entries(known).slice(1)
        .map(([name, way]) => `| ${name} | ${n(way.execution)} | ${n(way.calldataBytes)} | ${n(way.calldataGas)} | ${n(way.gas)} |\n`);
    const table = `| way | gas of reading | calldata, bytes | calldata, gas | whole transaction |\n|---|--:|--:|--:|--:|\n${rows.join("")}`;
    const shown = readFileSync(page, "utf8");
    const between = /(<!-- measured -->\n)[^]*?(\n<!-- end -->)/;
    assert.match(shown, between);
    if (process.env.UPDATE_GAS) writeFileSync(page, shown.replace(between, `$1${table}$2`));
    assert.equal(readFileSync(page, "utf8"), shown.replace(between, `$1${table}$2`));
});
