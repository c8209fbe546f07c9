// The program as a user starts, uses and stops it: what it says, what it listens on, what it leaves.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEther } from "viem";
import { startNetwork } from "../examples/demo/network.mjs";
import { connect } from "../examples/demo/world.mjs";

const lockstep = resolve(process.env.LOCKSTEP ?? "build/dev/lockstep");
// The accounts of the mnemonic that development tools expect. Producer: anvil 1.7.1.
const first = {
    address: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    privateKey: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
};

async function rpc(url, method, params = []) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    return response.json();
}

async function network(t, args = []) {
    const started = await startNetwork(args, lockstep);
    t.after(() => started.stop());
    return started;
}

test("an L1 and two rollups answer, with ten funded accounts each", async (t) => {
    const { info } = await network(t);
    assert.deepEqual(
        info.chains.map(({ name, rollupId, chainId }) => [name, rollupId, chainId]),
        [["l1", 0, 31337], ["rollup1", 1, 42101], ["rollup2", 2, 42102]],
    );
    assert.equal(info.accounts.length, 10);
    assert.deepEqual(info.accounts[0], first);
    assert.equal(new Set(info.chains.map(({ url }) => url)).size, 3);
    for (const entry of info.chains) {
        const { client, hub } = connect(entry, first.privateKey);
        assert.equal(await client.getChainId(), entry.chainId);
        for (const { address } of info.accounts)
            assert.equal(await client.getBalance({ address }), parseEther("10000"));
        assert.ok((await client.getCode({ address: hub }))?.length > 2, `no hub on ${entry.name}`);
        assert.deepEqual((await rpc(entry.url, "eth_accounts")).result, info.accounts.map((a) => a.address));
    }
    const { result } = await rpc(info.chains[0].url, "lockstep_networkInfo");
    assert.equal(result.version, info.version);
    assert.deepEqual(result.rollups.map(({ url }) => url), info.chains.slice(1).map(({ url }) => url));
});

test("options are obeyed", async (t) => {
    const options = ["--rollups", "3", "--chain-id", "7", "--rollup-chain-id", "70", "--accounts", "2"];
    const { info } = await network(t, [...options, "--balance", "1.5"]);
    assert.deepEqual(info.chains.map(({ chainId }) => chainId), [7, 70, 71, 72]);
    assert.equal(info.accounts.length, 2);
    const { client } = connect(info.chains[3], first.privateKey);
    assert.equal(await client.getBalance({ address: first.address }), parseEther("1.5"));
});

test("an L1 alone", async (t) => {
    const { info } = await network(t, ["--rollups", "0"]);
    assert.equal(info.chains.length, 1);
    const { wallet, client, account } = connect(info.chains[0], first.privateKey);
    const hash = await wallet.sendTransaction({ to: account.address, value: 1n });
    assert.equal((await client.waitForTransactionReceipt({ hash })).status, "success");
});

test("a transfer on each chain", async (t) => {
    const { info } = await network(t);
    const to = `0x${"11".repeat(20)}`;
    for (const entry of info.chains) {
        const { wallet, client } = connect(entry, first.privateKey);
        const hash = await wallet.sendTransaction({ to, value: parseEther("1") });
        const receipt = await client.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, "success");
        assert.equal(receipt.gasUsed, 21000n);
        assert.equal(await client.getBalance({ address: to }), parseEther("1"));
    }
});

test("blocks by the clock", async (t) => {
    const { info } = await network(t, ["--slot-time", "50"]);
    const { client } = connect(info.chains[0], first.privateKey);
    const begin = await client.getBlockNumber();
    await sleep(1000);
    const count = Number((await client.getBlockNumber()) - begin);
    assert.ok(count >= 5 && count <= 25, `${count} blocks in a second`);
});

for (const signal of ["SIGINT", "SIGTERM"])
    test(`${signal} stops it, and nothing is left`, async (t) => {
        const folder = mkdtempSync(join(tmpdir(), "network-"));
        t.after(() => rmSync(folder, { recursive: true }));
        const infoFile = join(folder, "info.json");
        const child = spawn(lockstep, ["--port", "0", "--info-file", infoFile], { cwd: folder });
        let stdout = "";
        let stderr = "";
        child.stdout.on("data", (data) => (stdout += data));
        child.stderr.on("data", (data) => (stderr += data));
        const ended = once(child, "close");
        const begin = Date.now();
        while (!existsSync(infoFile)) {
            assert.ok(Date.now() - begin < 10000 && child.exitCode === null, `did not start: ${stderr}`);
            await sleep(5);
        }
        const info = JSON.parse(readFileSync(infoFile, "utf8"));
        child.kill(signal);
        assert.deepEqual(await ended, [0, null]);
        assert.equal(stderr, "");
        assert.equal(existsSync(infoFile), false);
        for (const { url, chainId } of info.chains) {
            assert.ok(stdout.includes(url), "the banner has the endpoints");
            assert.ok(stdout.includes(`${chainId}`), "the banner has the chain ids");
        }
        assert.ok(stdout.toLowerCase().includes(first.address), "the banner has the accounts");
        assert.ok(stdout.includes(first.privateKey), "the banner has the keys");
        assert.ok(stdout.toLowerCase().includes(info.chains[0].contracts.hub), "the banner has the Hub");
    });

test("--silent prints nothing", async () => {
    const started = await startNetwork([], lockstep);
    const { status, stderr } = await started.stop();
    assert.equal(stderr, "");
    assert.equal(status, 0);
});

// It does not start, says why in one line, and ends with status 1.
function refuses(args, expected) {
    const run = spawnSync(lockstep, args, { encoding: "utf8", timeout: 20000 });
    assert.match(run.stderr, expected);
    assert.equal(run.stderr.trimEnd().split("\n").length, 1);
    assert.equal(run.status, 1);
}

test("a port in use is named", async (t) => {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    t.after(() => server.close());
    const { port } = server.address();
    // The port of L1, and that of a rollup.
    if (port < 65000) refuses(["--port", `${port}`, "--silent"], new RegExp(`127\\.0\\.0\\.1:${port}.*in use`));
    if (port < 65000) refuses(["--port", `${port - 1}`, "--silent"], new RegExp(`:${port}.*in use`));
});

test("an address that is none is named", () => {
    refuses(["--port", "0", "--host", "nowhere.invalid", "--silent"], /nowhere\.invalid/);
});

test("a data directory that cannot be written is named", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "network-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "file");
    writeFileSync(file, "");
    refuses(["--port", "0", "--silent", "--datadir", file], /\/file/);
    refuses(["--port", "0", "--silent", "--datadir", join(file, "below")], /\/file\/below/);
});

test("an info file that cannot be written is named", () => {
    refuses(["--port", "0", "--silent", "--info-file", "/nonexistent/info.json"], /\/nonexistent\/info\.json/);
});

test("--datadir keeps the chains", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "network-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const args = ["--datadir", join(folder, "data")];
    const to = `0x${"22".repeat(20)}`;
    let started = await startNetwork(args, lockstep);
    const before = [];
    for (const entry of started.info.chains) {
        const { wallet, client } = connect(entry, first.privateKey);
        const hash = await wallet.sendTransaction({ to, value: 5n });
        await client.waitForTransactionReceipt({ hash });
        before.push(hash);
    }
    assert.equal((await started.stop()).status, 0);
    started = await network(t, args);
    for (const [i, entry] of started.info.chains.entries()) {
        const { client } = connect(entry, first.privateKey);
        assert.equal(await client.getBalance({ address: to }), 5n);
        assert.equal((await client.getTransactionReceipt({ hash: before[i] })).status, "success");
    }
});
