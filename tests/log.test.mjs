// What the node says of blocks and transactions, to people and to programs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startNetwork } from "./lib/network.mjs";

const STORES = "0x600160015500"; // init code that stores
const REVERTS = "0x60006000fd";

/** Two transactions on each chain, of which the second fails; gives their hashes. */
async function use(network) {
    const [from, to] = network.accounts.map((account) => account.address.toLowerCase());
    const hashes = [];
    for (const chain of network.chains) {
        const send = (tx) => chain.rpc("eth_sendTransaction", [{ from, ...tx }]);
        hashes.push(await send({ to, value: "0x16345785d8a0000" }));
        hashes.push(await send({ data: STORES, gas: "0x30000" }));
        hashes.push(await send({ data: REVERTS, gas: "0x30000" }));
    }
    return { from, to, hashes };
}

test("JSON: each line an object with the documented fields", async () => {
    const network = await startNetwork({ rollups: 1, logFormat: "json" });
    const { from, to, hashes } = await use(network);
    const blocks = [];
    for (const chain of network.chains) {
        const { blockHash } = await chain.rpc("eth_getTransactionReceipt", [hashes[blocks.length * 3]]);
        blocks.push(await chain.rpc("eth_getBlockByHash", [blockHash, false]));
    }
    await network.stop();
    const lines = network.output.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    for (const line of lines) {
        assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 600_000);
        assert.deepEqual(Object.keys(line).slice(0, 3), ["time", "level", "event"]);
        assert.equal(line.level, "info");
    }
    const of = (event, chain) => lines.filter((line) => line.event === event && (!chain || line.chain === chain));
    assert.equal(lines[0].event, "ready");
    assert.equal(of("ready").length, 1);
    assert.deepEqual(lines[0].chains, network.info.chains.map(({ name, chainId, url }) => ({ name, chainId, url })));
    assert.ok(!network.output.stdout.includes(network.accounts[0].privateKey.slice(2)));
    network.chains.forEach(({ name }, i) => {
        const [block] = of("block", name);
        assert.deepEqual(
            { hash: block.hash, number: block.number, timestamp: block.timestamp, gasUsed: block.gasUsed, transactions: block.transactions },
            { hash: blocks[i].hash, number: Number(blocks[i].number), timestamp: Number(blocks[i].timestamp), gasUsed: 21000, transactions: 1 },
        );
        const txs = of("transaction", name).map(({ time, level, event, chain, ...rest }) => rest);
        assert.deepEqual(txs[0], { hash: hashes[3 * i], from, to, value: "100000000000000000", gasUsed: 21000, status: "ok" });
        assert.equal(txs[1].hash, hashes[3 * i + 1]);
        assert.match(txs[1].contractAddress, /^0x[0-9a-f]{40}$/);
        assert.equal("to" in txs[1], false);
        assert.deepEqual([txs[2].hash, txs[2].status], [hashes[3 * i + 2], "failed"]);
    });
    for (const { name } of network.chains) assert.equal(of("transaction", name)[2].reason, "no reason given");
});

test("text: one line each, in columns, without colour where there is no terminal", async () => {
    const network = await startNetwork({ rollups: 1 });
    const { hashes } = await use(network);
    await network.stop();
    const text = network.output.stdout;
    assert.ok(!text.includes("\x1b"));
    const lines = text.split("\n").filter((line) => /^\d\d:\d\d:\d\d\.\d{3} /.test(line));
    assert.equal(lines.filter((line) => / block \d+  0x/.test(line)).length, 6);
    const txs = lines.filter((line) => hashes.some((hash) => line.includes(hash)));
    assert.equal(txs.length, 6);
    for (const column of ["0x", "gas ", "0xf39f…2266"]) {
        const places = new Set(txs.map((line) => line.indexOf(column)));
        assert.equal(places.size, 1, column);
    }
    assert.match(txs[0], /  ok       gas     21,000  0xf39f…2266 → 0x7099…79c8  0\.1 ETH$/);
    assert.match(txs[2], /  failed   gas     53,064  0xf39f…2266 creates 0x[0-9a-f]{4}…[0-9a-f]{4}  no reason given$/);
});

test("blocks that are taken back have a line", async () => {
    const network = await startNetwork({ rollups: 1, logFormat: "json" });
    const id = await network.l1.rpc("evm_snapshot");
    const start = Number(await network.l1.rpc("eth_blockNumber"));
    await use(network);
    await network.l1.rpc("evm_revert", [id]);
    await network.stop();
    const lines = network.output.stdout.trimEnd().split("\n").map(JSON.parse).filter((line) => line.event === "message");
    assert.deepEqual(lines.map(({ level, chain, message }) => [level, chain, message]), [
        ["info", "l1", `back to block ${start}, from ${start + 3}`],
        ["info", "rollup1", "back to block 0, from 3"],
    ]);
});

test("a dropped transaction has its reason", async () => {
    const network = await startNetwork({ rollups: 0, logFormat: "json" });
    const from = network.accounts[0].address;
    await network.l1.rpc("evm_setAutomine", [false]);
    const hash = await network.l1.rpc("eth_sendTransaction", [{ from, to: from, value: "0x1" }]);
    await network.l1.rpc("anvil_setBalance", [from, "0x0"]);
    await network.l1.rpc("anvil_mine", ["0x1"]);
    await network.stop();
    const dropped = network.output.stdout.trimEnd().split("\n").map(JSON.parse).filter((line) => line.event === "dropped");
    assert.equal(dropped.length, 1);
    for (const line of dropped) assert.deepEqual([line.level, line.chain, line.hash], ["warn", "l1", hash]);
    assert.ok(dropped.every((line) => line.reason.length > 0));
});
