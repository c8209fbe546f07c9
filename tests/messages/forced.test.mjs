// Forced transactions on a running network: who is kept out of a rollup gets out of it with transactions of
// L1 alone; the node takes what waits in the queue, whatever becomes of L1 meanwhile.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { decodeErrorResult, encodeFunctionData, keccak256, numberToHex, parseEther, zeroAddress } from "viem";
import { lockstepPath, runLockstep } from "../lib/network.mjs";
import { TERMS, leftIn, openNetwork } from "./lib.mjs";

const OUT = 3; // the account that the operator keeps out
const ADDRESS = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
const TO = "0x00000000000000000000000000000000000a11ce";
const NOT_EARLY = { fee: 0n, until: 0n };

/** Runs `body` with a network and stops it. */
const withNetwork = (options, body) => async () => {
    const n = await openNetwork({ rollups: 1, rollupRefuse: ADDRESS, ...options });
    try {
        await body(n);
    } finally {
        await n.stop();
    }
};

/** A transaction of the rollup, signed and not sent. */
async function sign(chain, { later = 0, ...tx }) {
    const nonce = (await chain.client.getTransactionCount({ address: chain.account.address })) + later;
    const fees = { type: "eip1559", maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };
    return chain.account.signTransaction({ chainId: Number(chain.chainId), nonce, gas: 100_000n, ...fees, ...tx });
}
const pay = (chain, more = {}) => sign(chain, { to: TO, value: 1n, gas: 21_000n, ...more });

const force = async (l1, raw, rollupId = 1n, more = {}) => {
    const value = await l1.read("hub", "forceFee", [rollupId], { blockTag: "pending" });
    return l1.wallet.writeContract({ ...l1.contracts.hub, functionName: "forceTransaction", args: [rollupId, raw], value, gas: 500_000n, ...more });
};
const counts = (l1, rollupId = 1n) => l1.read("hub", "forcedCount", [rollupId]);
const receiptOf = (chain, raw) => chain.rpc("eth_getTransactionReceipt", [keccak256(raw)]);
const waitFor = (chain, raw) => chain.client.waitForTransactionReceipt({ hash: keccak256(raw), timeout: 20_000 });
const mine = (l1) => l1.rpc("evm_mine");

test("who is kept out gets out: from a forced withdrawal to ether in hand on L1", withNetwork({}, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    const data = encodeFunctionData({ abi: rollup.contracts.bridge.abi, functionName: "sendEther", args: [0n, TO, NOT_EARLY, TERMS] });
    const raw = await sign(rollup, { to: rollup.contracts.bridge.address, data, value: parseEther("3"), gas: 400_000n });
    await assert.rejects(rollup.rpc("eth_sendRawTransaction", [raw]), (error) => {
        assert.match(error.text, new RegExp(`takes no transactions of ${ADDRESS} .*forceTransaction\\(1, …\\) of the Hub on l1`, "i"));
        return true;
    });
    await assert.rejects(rollup.rpc("eth_sendTransaction", [{ from: ADDRESS, to: TO, value: "0x1" }]), /takes no transactions/);
    // From here on the user sends to L1 alone.
    const forced = await l1.mined(await force(l1, raw));
    const [event] = l1.events("hub", "TransactionForced", forced);
    assert.deepEqual({ ...event }, { rollupId: 1n, index: 0n, due: forced.blockNumber + 16n, transaction: raw });
    const receipt = await waitFor(rollup, raw);
    assert.equal(receipt.status, "success");
    const { id, message } = leftIn(rollup, receipt);
    const { proof } = await rollup.rpc("lockstep_getMessageProof", [id, rollup.contracts.messenger.address]);
    await l1.write("messenger", "deliver", [message, proof, ADDRESS], { gas: 1_000_000n });
    assert.equal(await l1.balance(TO), parseEther("3"));
    // It is a transaction like any other.
    const found = await rollup.rpc("eth_getTransactionByHash", [keccak256(raw)]);
    assert.equal(found.from.toLowerCase(), ADDRESS.toLowerCase());
    assert.equal(BigInt(found.blockNumber), receipt.blockNumber);
    const trace = await rollup.rpc("debug_traceTransaction", [keccak256(raw), { tracer: "callTracer" }]);
    assert.equal(trace.to.toLowerCase(), rollup.contracts.bridge.address);
    assert.deepEqual(await counts(l1), [1n, 1n]);
}));

test("the next block takes what waits, eight at a time, and skips what is none", withNetwork({}, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    await l1.rpc("evm_setAutomine", [false]);
    const good = [await pay(rollup), ...(await Promise.all([1, 2, 3, 4, 5, 6, 7].map((later) => pay(rollup, { later }))))];
    const bad = [await pay(rollup, { later: 99 }), "0x", "0x02c0", await pay(rollup, { gas: 1_000_001n })];
    const all = [bad[0], good[0], bad[1], ...good.slice(1, 5), bad[2], good[5], bad[3], ...good.slice(6)];
    const nonce = await l1.client.getTransactionCount({ address: ADDRESS });
    for (const [i, raw] of all.entries())
        await force(l1, raw, 1n, { nonce: nonce + i, value: parseEther("0.0001") << BigInt(i >> 3) });
    await mine(l1);
    assert.deepEqual(await counts(l1), [12n, 0n]);
    await mine(l1);
    assert.deepEqual(await counts(l1), [12n, 8n]);
    const block = await rollup.client.getBlock();
    assert.deepEqual(block.transactions.slice(1), good.slice(0, 5).map((raw) => keccak256(raw)));
    await mine(l1);
    assert.deepEqual(await counts(l1), [12n, 12n]);
    for (const raw of good) assert.equal((await receiptOf(rollup, raw)).status, "0x1");
    for (const raw of bad.slice(0, 1)) assert.equal(await receiptOf(rollup, raw), null);
    assert.equal(await rollup.balance(TO), 8n);
    // And then nothing has to be made for them.
    const { number } = await rollup.client.getBlock();
    await mine(l1);
    assert.equal((await rollup.client.getBlock()).number, number);
}));

test("others than who is kept out are served meanwhile", withNetwork({}, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    const [other] = n.rollups;
    await l1.rpc("evm_setAutomine", [false]);
    const raw = await pay(rollup);
    await force(l1, raw);
    await mine(l1);
    const free = await pay(other);
    await other.rpc("eth_sendRawTransaction", [free]);
    await waitFor(other, free);
    await mine(l1);
    assert.equal((await receiptOf(rollup, raw)).status, "0x1");
    // The block that was shown before stands below the one with what was forced.
    assert.ok(BigInt((await receiptOf(other, free)).blockNumber) < BigInt((await receiptOf(rollup, raw)).blockNumber));
}));

test("what cannot be taken holds up nobody else", withNetwork({ rollups: 2, proof: "k-of-n" }, async (n) => {
    const { l1, rollups: [rollup] } = n.as(4);
    const attesters = (answer) => Promise.all([0, 1].map((i) => l1.rpc("lockstep_setAttester", [i, answer])));
    await attesters(false);
    const raw = await pay(rollup);
    await l1.mined(await force(l1, raw));
    for (let i = 0; i < 3; i++) await l1.mined(await l1.wallet.sendTransaction({ to: TO, value: 1n }));
    await rollup.mined(await n.as(5).rollups[0].wallet.sendTransaction({ to: TO, value: 1n }));
    assert.deepEqual(await counts(l1), [1n, 0n]);
    assert.equal(await receiptOf(rollup, raw), null);
    await attesters(true);
    await mine(l1);
    assert.equal((await receiptOf(rollup, raw)).status, "0x1");
}));

test("messages make room for what is forced", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-forced-"));
    writeFileSync(join(folder, "network.ini"), "[rollup small]\ngas-limit = 10_000_000\n");
    const n = await openNetwork({ rollups: undefined, args: ["--config", join(folder, "network.ini")] });
    try {
        const { l1, rollups: [rollup] } = n;
        const from = l1.account.address;
        await l1.rpc("evm_setAutomine", [false]);
        // Eight that take all their gas, and messages that take a third of the block's.
        const burners = await Promise.all(Array.from({ length: 8 }, (_, later) =>
            sign(rollup, { later, to: undefined, data: "0xfe", gas: 1_000_000n })));
        let nonce = await l1.client.getTransactionCount({ address: from });
        for (const raw of burners) await force(l1, raw, 1n, { nonce: nonce++, value: parseEther("0.0001") });
        await mine(l1);
        for (let i = 1; i <= 90; i++)
            await l1.wallet.writeContract({ ...l1.contracts.messageService, functionName: "broadcastMessage", args: [numberToHex(i, { size: 32 })], nonce: nonce++, gas: 100_000n });
        await mine(l1);
        assert.equal((await l1.client.getBlock()).transactions.length, 91);
        assert.deepEqual(await counts(l1), [8n, 8n]);
        for (const raw of burners) assert.equal((await receiptOf(rollup, raw)).status, "0x0");
        assert.ok((await rollup.client.getBlock()).gasUsed > 8_000_000n);
    } finally {
        await n.stop();
        rmSync(folder, { recursive: true });
    }
});

test("a network that starts again has the queue as it was", async () => {
    const datadir = mkdtempSync(join(tmpdir(), "lockstep-forced-"));
    const options = { rollups: 1, rollupRefuse: ADDRESS, datadir };
    let n = await openNetwork(options);
    try {
        const { l1, rollups: [rollup] } = n.as(OUT);
        await l1.rpc("evm_setAutomine", [false]);
        const raw = await pay(rollup);
        await force(l1, raw);
        await mine(l1);
        await n.stop();
        n = await openNetwork(options);
        const again = n.as(OUT);
        assert.deepEqual(await counts(again.l1), [1n, 0n]);
        await mine(again.l1);
        assert.equal((await receiptOf(again.rollups[0], raw)).status, "0x1");
        assert.deepEqual(await counts(again.l1), [1n, 1n]);
    } finally {
        await n.stop();
        rmSync(datadir, { recursive: true });
    }
});

test("when L1 goes another way the queue does", withNetwork({}, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    await l1.rpc("evm_setAutomine", [false]);
    const raw = await pay(rollup);
    await force(l1, raw);
    await mine(l1);
    await mine(l1);
    assert.equal((await receiptOf(rollup, raw)).status, "0x1");
    // The block that took it is dropped, and the new one takes it again.
    await l1.rpc("anvil_reorg", [1, []]);
    await mine(l1);
    assert.deepEqual(await counts(l1), [1n, 1n]);
    assert.equal((await receiptOf(rollup, raw)).status, "0x1");
    assert.equal(await rollup.balance(TO), 1n);
}));

test("one that L1 has not forced after all is not taken", withNetwork({}, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    await l1.rpc("evm_setAutomine", [false]);
    const kept = await pay(rollup);
    const lost = await pay(rollup, { value: 5n });
    await force(l1, lost);
    await mine(l1);
    // Another transaction takes its place, and so its nonce.
    const { address: to, abi } = l1.contracts.hub;
    const data = encodeFunctionData({ abi, functionName: "forceTransaction", args: [1n, kept] });
    const instead = await sign(l1, { to, data, value: parseEther("0.0001"), gas: 500_000n, later: -1 });
    await l1.rpc("anvil_reorg", [1, [[instead, 0]]]);
    assert.deepEqual(await counts(l1), [1n, 0n]);
    await mine(l1);
    assert.equal((await receiptOf(rollup, kept)).status, "0x1");
    assert.equal(await receiptOf(rollup, lost), null);
    assert.equal(await rollup.balance(TO), 1n);
}));

test("a batch that takes some, one of them invalid, has its files", withNetwork({}, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    await l1.rpc("evm_setAutomine", [false]);
    const [good, bad] = [await pay(rollup), await pay(rollup, { later: 9 })];
    const nonce = await l1.client.getTransactionCount({ address: ADDRESS });
    for (const [i, raw] of [good, bad].entries()) await force(l1, raw, 1n, { nonce: nonce + i });
    await mine(l1);
    await mine(l1);
    assert.equal((await receiptOf(rollup, good)).status, "0x1");
    assert.deepEqual(await counts(l1), [2n, 2n]);
    const { transactions: [batch] } = await l1.rpc("eth_getBlockByNumber", ["latest", false]);
    assert.equal((await l1.rpc("lockstep_getBatchFiles", [batch])).length, 1);
    // Who has the files comes to the same: as a whole and in shares, here and in the guest.
    const folder = mkdtempSync(join(tmpdir(), "lockstep-forced-"));
    try {
        const [whole, shares] = [join(folder, "whole"), join(folder, "shares")];
        const run = (...args) => execFileSync(lockstepPath(), args, { encoding: "utf8" });
        const outputOf = (text) => /^output +0x([0-9a-f]{64})$/m.exec(text)[1];
        run("batch", "export", batch, whole, "--rpc", n.network.l1.url);
        run("batch", "split", whole, shares);
        const [files, share] = [["--batch", join(whole, "batch"), "--witness", join(whole, "witness")], join(shares, "0")];
        assert.equal(outputOf(run("guest", "run", ...files)), outputOf(run("verify", whole)));
        assert.equal(outputOf(run("guest", "run", "--share", share)), outputOf(run("verify", share)));
    } finally {
        rmSync(folder, { recursive: true });
    }
}));

test("what was taken does not come back by itself when L1 has not forced it after all", withNetwork({}, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    const mine = n.as(0).rollups[0];
    const raw = await pay(rollup, { value: 7n });
    await l1.mined(await force(l1, raw)); // and at once the block that takes it
    assert.equal((await waitFor(rollup, raw)).status, "success");
    const beside = await mine.wallet.sendTransaction({ to: TO, value: 2n });
    const { number } = await l1.client.getBlock();
    const { blockNumber } = await l1.client.getTransactionReceipt({ hash: (await l1.client.getContractEvents({ ...l1.contracts.hub, eventName: "TransactionForced", fromBlock: 0n }))[0].transactionHash });
    await l1.rpc("anvil_reorg", [Number(number - blockNumber) + 1, []]);
    assert.equal(await receiptOf(rollup, raw), null, "the operator keeps its sender out");
    assert.equal((await rollup.rpc("eth_getTransactionReceipt", [beside])).status, "0x1", "others' transactions return");
    assert.equal(await rollup.balance(TO), 2n);
    assert.deepEqual(await counts(l1), [0n, 0n]);
}));

test("an L3's queue is on its L2", withNetwork({ l3: 1 }, async (n) => {
    const { network } = n;
    const l2 = n.as(OUT).rollups[0];
    const l3 = n.as(OUT).rollups[1];
    const hub = { address: network.rollups[0].contracts.hub, abi: n.l1.contracts.hub.abi };
    const by = n.rollups[0];
    const raw = await pay(l3);
    const value = await by.read(hub, "forceFee", [1n]);
    await by.write(hub, "forceTransaction", [1n, raw], { value, gas: 500_000n });
    await n.l1.rpc("evm_mine");
    await n.l1.rpc("evm_mine");
    assert.equal((await waitFor(l3, raw)).status, "success");
    assert.deepEqual(await by.read(hub, "forcedCount", [1n]), [1n, 1n]);
    assert.equal(await l2.balance(TO), 0n);
}));

test("a call to the parent that lost its nonce to a forced transaction of the L3 is dropped", withNetwork({ l3: 1 }, async (n) => {
    const { network } = n;
    const l3 = n.as(4).rollups[1];
    const by = n.rollups[0];
    const hub = { address: network.rollups[0].contracts.hub, abi: n.l1.contracts.hub.abi };
    const l2Hub = { ...hub, address: network.rollups[1].contracts.l2Hub };
    await n.as(5).rollups[1].write(l2Hub, "createProxy", [0n, TO]);
    const to = await l3.read(l2Hub, "proxyOf", [0n, TO]);
    await n.l1.rpc("evm_setAutomine", [false]);
    const forced = await pay(l3);
    const waiting = await sign(l3, { to, data: "0x01", gas: 1_000_000n });
    const value = await by.read(hub, "forceFee", [1n]);
    const sent = await by.wallet.writeContract({ ...hub, functionName: "forceTransaction", args: [1n, forced], value, gas: 500_000n });
    const behind = await sign(n.as(5).rollups[1], { to, data: "0x02", gas: 1_000_000n });
    for (const raw of [waiting, behind]) await l3.rpc("eth_sendRawTransaction", [raw]);
    const { number } = await n.l1.client.getBlock();
    for (let i = 0; i < 3; i++) await mine(n.l1);
    await by.client.waitForTransactionReceipt({ hash: sent });
    assert.equal((await waitFor(l3, forced)).status, "success");
    assert.equal((await n.l1.client.getBlock()).number, number + 3n);
    assert.equal(await receiptOf(l3, waiting), null);
    assert.equal((await waitFor(l3, behind)).status, "success");
    assert.match(network.output.stdout, new RegExp(`${keccak256(waiting)} +dropped .*nonce too low`));
    assert.deepEqual(await l3.rpc("txpool_status"), { pending: "0x0", queued: "0x0" });
}));

test("a ledger takes them too, and a rollup with small blocks or no delay none", async () => {
    await withNetwork({ rollupType: "ledger" }, async (n) => {
        const { l1, rollups: [rollup] } = n.as(OUT);
        const raw = await pay(rollup, { gas: 60_000n });
        await l1.mined(await force(l1, raw));
        assert.equal((await waitFor(rollup, raw)).status, "success");
        assert.equal(await rollup.balance(TO), 1n);
    })();
    for (const options of [{ forceDelay: 0 }, { gasLimit: 9_999_999 }])
        await withNetwork(options, async ({ l1 }) =>
            assert.equal(await l1.refusal("hub", "forceTransaction", [1n, "0x00"], { value: parseEther("1") }), "ForcingOff(1)"))();
});

test("options that are none are refused", async () => {
    const said = async (...args) => (await runLockstep([...args, "--port", "0"])).stderr;
    assert.match(await said("--rollup-refuse", "0x12"), /--rollup-refuse takes up to 16 addresses/);
    assert.match(await said("--rollup-refuse", Array(17).fill(zeroAddress).join()), /--rollup-refuse takes up to 16 addresses/);
    assert.match(await said("--force-delay", "-1"), /--force-delay/);
    assert.match(await said("--force-delay", String(2 ** 32)), /--force-delay/);
});

/** A batch of somebody's own, prepared by the network. */
async function prepare({ l1 }, by) {
    const wish = { from: by.account.address, rollups: [{ rollupId: 1 }] };
    const { transaction: { to, data, gas } } = await l1.rpc("lockstep_prepareBatch", [wish]);
    return { to, data, gas: BigInt(gas) };
}
const outcome = (l1, hash) => l1.rpc("eth_getTransactionReceipt", [hash]);

test("other proposers take what waits, too", withNetwork({ forceDelay: 2 }, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    const other = n.as(4).l1;
    await l1.rpc("evm_setAutomine", [false]);
    const raw = await pay(rollup);
    await force(l1, raw);
    await mine(l1);
    const own = await other.wallet.sendTransaction(await prepare(n, other));
    await mine(l1);
    assert.equal((await outcome(l1, own)).status, "0x1");
    assert.equal((await receiptOf(rollup, raw)).status, "0x1");
    assert.deepEqual(await counts(l1), [1n, 1n]);
    // It is in his batch: the network's own builder posted none.
    const { transactions } = await l1.rpc("eth_getBlockByNumber", ["latest", false]);
    assert.deepEqual(transactions, [own]);
}));

test("a batch that leaves out what is due by now is refused", withNetwork({ forceDelay: 2 }, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    const other = n.as(4).l1;
    await l1.rpc("evm_setAutomine", [false]);
    await l1.rpc("lockstep_setAutoBatch", [false]);
    const without = await prepare(n, other);
    const raw = await pay(rollup);
    await force(l1, raw);
    for (let i = 0; i < 2; i++) await mine(l1);
    const refused = await other.wallet.sendTransaction(without);
    await mine(l1);
    assert.equal((await outcome(l1, refused)).status, "0x0");
    const { output } = await l1.rpc("debug_traceTransaction", [refused, { tracer: "callTracer" }]);
    assert.deepEqual(decodeErrorResult({ abi: l1.contracts.hub.abi, data: output }).errorName, "ForcedDue");
    const taking = await other.wallet.sendTransaction(await prepare(n, other));
    await mine(l1);
    assert.equal((await outcome(l1, taking)).status, "0x1");
    assert.equal((await receiptOf(rollup, raw)).status, "0x1");
}));

test("a network that posts no batches by itself leaves the queue alone", withNetwork({ forceDelay: 1 }, async (n) => {
    const { l1, rollups: [rollup] } = n.as(OUT);
    const raw = await pay(rollup);
    await l1.rpc("evm_setAutomine", [false]);
    await l1.rpc("lockstep_setAutoBatch", [false]);
    await force(l1, raw);
    for (let i = 0; i < 3; i++) await mine(l1);
    assert.deepEqual(await counts(l1), [1n, 0n]);
    await l1.rpc("lockstep_setAutoBatch", [true]);
    await mine(l1);
    assert.equal((await receiptOf(rollup, raw)).status, "0x1");
}));
