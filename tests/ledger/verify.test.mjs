// Batches with steps of a ledger, checked by others than who made them: `lockstep verify`, the guest program.
// What is changed in them is refused; what is posted without a proof of it, too.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encodeFunctionData } from "viem";
import { lockstepPath } from "../lib/network.mjs";
import { LEDGER, LEDGER_ID, operation, startLedger } from "./lib.mjs";

const folder = mkdtempSync(join(tmpdir(), "lockstep-ledger-verify-"));
const batch = join(folder, "batch");
const lockstep = (...args) => spawnSync(lockstepPath(), args, { encoding: "utf8", timeout: 120_000 });
const files = ["--batch", join(batch, "batch"), "--witness", join(batch, "witness")];
let net;
let post; // the transaction that has posted the batch

before(async () => {
    net = await startLedger();
    const trier = await net.deploy(net.l1, "Trier");
    const counter = await net.deploy(net.evm, "Counter");
    const token = await net.proxy(net.l1, LEDGER_ID, LEDGER);
    const account = await net.look("accountOf", 0n, trier.address);
    // L1 → ledger → EVM rollup, and a transfer; and what the ledger refuses.
    const add = encodeFunctionData({ abi: counter.abi, functionName: "add", args: [5n] });
    const tries = [
        operation("execute", [operation("call", 1n, counter.address, add), operation("approve", net.accounts[1], 3n)]),
        operation("transfer", net.accounts[1], 3n),
    ].map((data) => ({ to: token, value: 0n, data, isCaught: true }));
    assert.equal(await net.write(trier, "run", [tries, false]), true);
    assert.equal(await net.read(counter, "total"), 5n);
    assert.equal(await net.look("allowance", account, net.accounts[1]), 3n);
    const { transactions } = await net.l1.client.getBlock({ includeTransactions: true });
    [post] = transactions;
    const exported = lockstep("batch", "export", post.hash, batch, "--rpc", net.l1.url);
    assert.equal(exported.status, 0, exported.stderr);
});
after(async () => {
    await net.stop();
    rmSync(folder, { recursive: true, force: true });
});

const outputOf = (text) => /^output +0x([0-9a-f]{64})$/m.exec(text)?.[1];

test("anyone can check it, and the guest program comes to the same", () => {
    const alone = lockstep("verify", batch);
    assert.equal(alone.status, 0, alone.stdout + alone.stderr);
    const guest = lockstep("guest", "run", ...files);
    assert.equal(guest.status, 0, guest.stdout + guest.stderr);
    assert.ok(outputOf(alone.stdout) ?? outputOf(guest.stdout));
    if (outputOf(alone.stdout)) assert.equal(outputOf(guest.stdout), outputOf(alone.stdout));
});

test("a batch that says of a ledger's step what is not so is refused, wherever a byte is changed", () => {
    const original = readFileSync(join(batch, "batch"));
    const words = [operation("approve", net.accounts[1], 3n), operation("transfer", net.accounts[1], 3n)];
    const places = words.map((data) => original.indexOf(Buffer.from(data.slice(2), "hex")) + 4 + 63);
    for (let at = original.length - 32; at > 0 && places.length < 12; at -= Math.floor(original.length / 12)) places.push(at);
    try {
        for (const at of places) {
            assert.ok(at > 0);
            const changed = Buffer.from(original);
            changed[at] ^= 1;
            writeFileSync(join(batch, "batch"), changed);
            const { status, stdout } = lockstep("verify", batch);
            assert.equal(status, 1, `byte ${at}: ${stdout}`);
        }
    } finally {
        writeFileSync(join(batch, "batch"), original);
    }
});

test("posted again, or by somebody without a proof, it does nothing", async () => {
    const before = await net.look("totalSupply");
    const [head] = (await net.network.l1.rpc("lockstep_getRollups")).slice(1).map((r) => r.head);
    const [other] = net.as(3);
    for (const data of [post.input, `${post.input.slice(0, -64)}${"00".repeat(32)}`]) {
        const hash = await other.wallet.sendTransaction({ to: post.to, data, gas: 8_000_000n });
        const receipt = await other.client.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, "reverted");
    }
    assert.equal(await net.look("totalSupply"), before);
    assert.equal((await net.network.l1.rpc("lockstep_getRollups"))[1].head, head);
});
