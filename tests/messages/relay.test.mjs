// lockstep relay: it delivers what the Messengers have sent, both ways, once, also when it is killed in between.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { parseEther } from "viem";
import { lockstepPath, runLockstep } from "../lib/network.mjs";
import { TERMS, openNetwork } from "./lib.mjs";

const FEE_TO = "0x0000000000000000000000000000000000000fee";
const fee = parseEther("0.05");

let n, l1, rollup1, rollup2, key;
before(async () => {
    n = await openNetwork();
    ({ l1, rollups: [rollup1, rollup2] } = n);
    key = n.network.accounts[5].privateKey;
});
after(() => n?.stop());

const recipient = (i) => `0x${(0xa11ce00n + BigInt(i)).toString(16).padStart(40, "0")}`;
const relay = (...args) => runLockstep(["relay", "--rpc", n.network.l1.url, "--fee-to", FEE_TO, "--once", ...args], { env: { LOCKSTEP_RELAY_KEY: key } });

async function send(from, rollupId, to, terms = {}) {
    const value = parseEther("1") + (terms.fee ?? fee);
    const receipt = await from.write("messenger", "send", [rollupId, to, { ...TERMS, fee, ...terms }, "0x"], { value });
    return from.events("messenger", "MessageLeft", receipt)[0].id;
}

/** A call from L1 to rollup 1 and 2, and so a batch of each. */
async function exchange() {
    for (const id of [1n, 2n]) {
        const args = [id, l1.account.address];
        const proxy = await l1.read("hub", "proxyOf", args);
        if (((await l1.client.getCode({ address: proxy })) ?? "0x") === "0x") await l1.write("hub", "createProxy", args);
        await l1.mined(await l1.wallet.sendTransaction({ to: proxy, gas: 2_000_000n }));
    }
}

test("both ways, and once", async () => {
    await send(l1, 1n, recipient(1));
    await send(l1, 2n, recipient(2));
    await send(rollup1, 0n, recipient(3));
    const first = await relay();
    assert.equal(first.code, 0, first.stderr);
    // Those of L1 were imported; the rollup's waits for a batch.
    assert.equal(await rollup1.balance(recipient(1)), parseEther("1"));
    assert.equal(await rollup2.balance(recipient(2)), parseEther("1"));
    assert.equal(await l1.balance(recipient(3)), 0n);
    assert.match(first.stdout, /rollup1 to l1 .* waits for a batch/);
    await exchange();
    assert.match((await relay()).stdout, /rollup1 to l1 .* delivered\n1 delivered\n$/);
    assert.equal(await l1.balance(recipient(3)), parseEther("1"));
    assert.equal(await l1.balance(FEE_TO), fee);
    // There is nothing left to do.
    assert.equal((await relay()).stdout, "0 delivered\n");
});

test("what does not pay is left: for less than asked, or than the gas", async () => {
    await send(l1, 1n, recipient(4), { fee: 1n });
    await send(l1, 1n, recipient(5), { fee: parseEther("0.01") });
    const { stdout } = await relay("--min-fee", "0.000000000000000001");
    assert.match(stdout, /waits: its fee does not cover the gas/);
    assert.match(stdout, /1 delivered\n$/);
    assert.equal(await rollup1.balance(recipient(4)), 0n);
    assert.match((await relay("--min-fee", "0.02")).stdout, /left to others: it pays less than --min-fee\n0 delivered\n$/);
    assert.match((await relay("--at-a-loss")).stdout, /1 delivered\n$/);
    assert.equal(await rollup1.balance(recipient(4)), parseEther("1"));
});

test("killed at any time, it misses and doubles nothing", async () => {
    const ids = [];
    for (let i = 10; i < 22; i++) ids.push(await send(i % 2 === 0 ? l1 : rollup1, i % 2 === 0 ? 1n : 0n, recipient(i)));
    await exchange();
    const started = () =>
        spawn(lockstepPath(), ["relay", "--rpc", n.network.l1.url, "--fee-to", FEE_TO, "--interval", "5"], {
            env: { ...process.env, LOCKSTEP_RELAY_KEY: key }, stdio: ["ignore", "pipe", "inherit"],
        });
    // Each is killed as soon as it has said something; the last is left alone until all is done.
    for (let i = 0; i < 4; i++) {
        const child = started();
        await new Promise((resolve) => child.stdout.once("data", resolve));
        child.kill("SIGKILL");
        await new Promise((resolve) => child.once("exit", resolve));
    }
    await relay();
    for (let i = 10; i < 22; i++)
        assert.equal(await (i % 2 === 0 ? rollup1 : l1).balance(recipient(i)), parseEther("1"), `message ${i}`);
    assert.equal((await relay()).stdout, "0 delivered\n");
    assert.equal(ids.length, 12);
});

test("stopped by a signal, it says how many it has delivered", async () => {
    const child = spawn(lockstepPath(), ["relay", "--rpc", n.network.l1.url], {
        env: { ...process.env, LOCKSTEP_RELAY_KEY: key }, stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    const id = await send(l1, 1n, recipient(30));
    while ((await rollup1.read("messenger", "status", [id])) !== 2) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(code, 0);
    assert.match(text, /\d+ delivered\n$/);
});

/** Until something holds. */
async function until(holds) {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("when L1 goes another way, what that has undone is delivered again, and what was not sent is not", async (t) => {
    let child;
    let text = "";
    const start = () => {
        child = spawn(lockstepPath(), ["relay", "--rpc", n.network.l1.url, "--fee-to", FEE_TO, "--interval", "5"], {
            env: { ...process.env, LOCKSTEP_RELAY_KEY: key }, stdio: ["ignore", "pipe", "inherit"],
        });
        child.stdout.on("data", (chunk) => (text += chunk));
    };
    const end = async () => {
        child.kill("SIGINT");
        if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
    };
    start();
    t.after(end);
    const height = async () => Number(await l1.client.getBlockNumber({ cacheTime: 0 }));
    const backTo = async (block) => l1.rpc("anvil_reorg", [(await height()) - block, []]);
    const has = (chain, i, value) => async () => (await chain.balance(recipient(i))) === parseEther(value);
    const times = (what) => text.split(what).length - 1;
    const first = await height();
    const id = await send(rollup1, 0n, recipient(40));
    await exchange();
    const exchanged = await height();
    await until(has(l1, 40, "1"));
    await until(() => times(`${id.slice(0, 18)}…  delivered`) === 1);
    // Its delivery is gone; then the batch that it rests on, too.
    const [{ blockNumber }] = await l1.client.getContractEvents({ ...l1.contract("messenger"), eventName: "Delivered", fromBlock: 0n, args: { id } });
    await backTo(Number(blockNumber) - 1);
    await until(() => times(`${id.slice(0, 18)}…  delivered`) === 2);
    assert.ok((await height()) >= exchanged);
    await backTo(first);
    assert.ok(await has(l1, 40, "0")());
    await exchange();
    await until(() => times(`${id.slice(0, 18)}…  delivered`) === 3);
    assert.ok(await has(l1, 40, "1")());
    // What had been sent to a rollup was not, and then another message was.
    const sent = await height();
    await send(l1, 1n, recipient(41));
    await until(has(rollup1, 41, "1"));
    await backTo(sent);
    assert.ok(await has(rollup1, 41, "0")());
    await send(l1, 1n, recipient(42));
    await until(has(rollup1, 42, "1"));
    assert.match(text, /^l1 has gone another way: looking again$/m);
    // Farther back than it has looked: everything anew.
    await end();
    start();
    await send(l1, 1n, recipient(43));
    await until(has(rollup1, 43, "1"));
    await backTo(sent);
    await send(l1, 2n, recipient(44));
    await until(has(rollup2, 44, "1"));
    assert.ok(await has(rollup1, 42, "0")());
    assert.ok(await has(rollup1, 43, "0")());
});

test("what it refuses", async () => {
    const run = async (args, env = {}) => {
        const { stderr, code } = await runLockstep(["relay", ...args], { env: { LOCKSTEP_RELAY_KEY: "", ...env } });
        return [code, stderr];
    };
    const rpc = ["--rpc", n.network.l1.url];
    const [status, text] = await run([...rpc, "--key-file", "/nonexistent"]);
    assert.equal(status, 2);
    assert.equal(text, "lockstep relay: the key's file cannot be read\n");
    assert.match((await run(rpc, { LOCKSTEP_RELAY_KEY: "0x12" }))[1], /a private key is expected: 64 hexadecimal digits/);
    assert.match((await run(rpc, { LOCKSTEP_RELAY_KEY: `0x${"00".repeat(32)}` }))[1], /no private key of secp256k1/);
    assert.match((await run([...rpc, "--fee-to", "me"], { LOCKSTEP_RELAY_KEY: key }))[1], /--fee-to takes an address/);
    const [unreachable, why] = await run(["--rpc", "http://127.0.0.1:1"], { LOCKSTEP_RELAY_KEY: key });
    assert.equal(unreachable, 1);
    assert.match(why, /cannot ask http:\/\/127\.0\.0\.1:1/);
});
