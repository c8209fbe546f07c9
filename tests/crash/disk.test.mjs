// The disk: what is acknowledged is on it, and when it is full the node says so and ends; with room again
// it goes on from the last block that was told.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockstepPath, runLockstep, startNetwork } from "../lib/network.mjs";

const O_DSYNC = 0o10000;
const has = (program) => spawnSync(program, ["--version"]).status === 0;

function folderOf(t) {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-disk-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    return join(folder, "data");
}

/** Fills chain after chain until the node ends; gives what it told of. */
async function fill(network) {
    const from = network.accounts[0].address;
    const told = network.chains.map(() => []);
    try {
        for (;;) {
            for (const [i, chain] of network.chains.entries()) {
                const hash = await chain.rpc("eth_sendTransaction", [{ from, to: from, data: `0x${"5a".repeat(20_000)}`, gas: "0x200000" }]);
                told[i].push(await chain.rpc("eth_getTransactionReceipt", [hash]));
            }
        }
    } catch (error) {
        return { told, error };
    }
}

async function checkAfter(datadir, told) {
    const check = await runLockstep(["check", "--datadir", datadir]);
    assert.equal(check.code, 0, check.stderr);
    const network = await startNetwork({ silent: true, rollups: 1, datadir });
    const from = network.accounts[0].address;
    for (const [i, chain] of network.chains.entries()) {
        for (const receipt of told[i]) assert.deepEqual(await chain.rpc("eth_getTransactionReceipt", [receipt.transactionHash]), receipt);
        assert.ok(await chain.rpc("eth_sendTransaction", [{ from, to: from }]));
    }
    assert.equal((await network.stop()).code, 0);
}

test("a file that may not grow", { skip: !has("prlimit") && "prlimit is not there" }, async (t) => {
    for (const more of [30_000, 300_000]) {
        const datadir = folderOf(t);
        const network = await startNetwork({ silent: true, rollups: 1, datadir });
        const size = Math.max(...["l1", "rollup1"].map((name) => statSync(join(datadir, name, "data.mdb")).size));
        execFileSync("prlimit", ["--pid", String(network.process.pid), `--fsize=${size + more}`]);
        const { told, error } = await fill(network);
        const { code, signal } = await network.closed;
        assert.deepEqual([code, signal], [1, null]);
        assert.match(error.message, /could not write its blocks|fetch failed/);
        assert.match(network.output.stderr, /data\.mdb/);
        assert.match(network.output.stderr, /make room and start again: everything that was acknowledged is there/);
        assert.ok(network.output.stderr.includes(datadir), network.output.stderr);
        await checkAfter(datadir, told);
    }
});

test("a first start for which there is no room", { skip: !has("prlimit") && "prlimit is not there" }, async (t) => {
    for (const limit of [0, 10_000, 60_000, 120_000]) {
        const datadir = folderOf(t);
        const result = spawnSync("prlimit", [`--fsize=${limit}`, lockstepPath(), "--port", "0", "--silent", "--rollups", "1", "--datadir", datadir], { encoding: "utf8", timeout: 20_000 });
        assert.deepEqual([result.status, result.signal], [1, null], result.stderr);
        assert.ok(result.stderr.includes(datadir), result.stderr);
        await checkAfter(datadir, [[], []]).catch(async () => {
            // Nothing was made yet.
            const network = await startNetwork({ silent: true, rollups: 1, datadir });
            await network.stop();
            await checkAfter(datadir, [[], []]);
        });
    }
});

test("a block is on the disk before anybody is told", async (t) => {
    const network = await startNetwork({ silent: true, rollups: 1, datadir: folderOf(t) });
    const { pid } = network.process;
    // LMDB writes the page that makes a transaction count through a descriptor of its own, synchronously.
    const flags = new Map();
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const path = readlinkSync(`/proc/${pid}/fd/${fd}`);
        if (!path.endsWith("data.mdb")) continue;
        const found = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"));
        flags.set(path, [...(flags.get(path) ?? []), Number.parseInt(found[1], 8)]);
    }
    assert.equal(flags.size, 2);
    for (const [path, all] of flags) assert.ok(all.some((f) => (f & O_DSYNC) !== 0), path);
    await network.stop();
});
