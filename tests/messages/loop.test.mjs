// The loop in one slot: a user's deposit on L1, a proposer's batch that imports it and has the user's transactions on
// the rollup, and the user's withdrawal, proven against the root that this batch leaves. Three transactions of two
// people in one bundle, all or nothing.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { encodeFunctionData, keccak256, numberToHex, pad, parseEther, parseEventLogs, toHex } from "viem";
import { messageSlot, signConditional } from "../../examples/lib/conditional.mjs";
import { runLockstep } from "../lib/network.mjs";
import { TERMS, openNetwork } from "./lib.mjs";

const require = createRequire(import.meta.url);
const packaged = (path) => {
    const { abi, bytecode } = require(path);
    return { abi, bytecode: bytecode.startsWith("0x") ? bytecode : `0x${bytecode}` };
};

const FEE = parseEther("0.01");
const SPENT = parseEther("1");
const LATER = 2n ** 40n;
const GAS = { gasLimit: 3_000_000n };
const DELIVERED = 2;
const NOT_EARLY = { fee: 0n, until: 0n };

let n, l1, rollup, user, proposer, token, router, path, price, clean;
const folder = mkdtempSync(join(tmpdir(), "lockstep-loop-"));
async function start() {
    n = await openNetwork({ datadir: join(folder, "data") });
    ({ l1, rollups: [rollup] } = n);
    [user, proposer] = [n.as(1), n.as(2)];
}
before(async () => {
    await start();
    // Uniswap v2 on the rollup, with 100 ether and 200,000 coins.
    const weth = await rollup.deploy(packaged("@uniswap/v2-periphery/build/WETH9.json"));
    const factory = await rollup.deploy(packaged("@uniswap/v2-core/build/UniswapV2Factory.json"), [rollup.account.address]);
    router = await rollup.deploy(packaged("@uniswap/v2-periphery/build/UniswapV2Router02.json"), [factory.address, weth.address]);
    token = await rollup.deploy(packaged("../../examples/apps/artifacts/Coin.json"), [parseEther("1000000")]);
    await rollup.write(token, "approve", [router.address, parseEther("200000")]);
    const amounts = [parseEther("200000"), 0n, 0n];
    await rollup.write(router, "addLiquidityETH", [token.address, ...amounts, rollup.account.address, LATER], { value: parseEther("100") });
    path = [weth.address, token.address];
    clean = await l1.rpc("evm_snapshot");
});
after(async () => {
    assert.equal((await n.stop()).code, 0);
    rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
    assert.equal(await l1.rpc("evm_revert", [clean]), true);
    clean = await l1.rpc("evm_snapshot");
});

/** A signed transaction; nonces go on from the chain's by `later`. */
async function sign(chain, of, functionName, args, { later = 0, value = 0n, gas = 3_000_000n } = {}) {
    const { address, abi } = chain.contract(of);
    const nonce = (await chain.client.getTransactionCount({ address: chain.account.address })) + later;
    const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n };
    const data = encodeFunctionData({ abi, functionName, args });
    return chain.account.signTransaction({ type: "eip1559", chainId: Number(chain.chainId), to: address, data, value, gas, nonce, ...fees });
}

const leftIn = (chain, logs) => chain.events("messenger", "MessageLeft", { logs: logs.map((log) => ({ ...log, topics: [...log.topics] })) });

/** What the user's deposit will say: the message has the Messenger's next nonce. */
async function foresee(raw) {
    const call = { from: user.l1.account.address, to: l1.contracts.bridge.address, data: raw.data, value: numberToHex(raw.value) };
    const [block] = await l1.rpc("eth_simulateV1", [{ blockStateCalls: [{ calls: [call] }] }, "latest"]);
    return leftIn(l1, block.calls[0].logs)[0];
}

/** The user's deposit, signed, and what it says. */
async function deposit(value = parseEther("5")) {
    const terms = { ...TERMS, ...GAS, fee: FEE };
    const args = [1n, user.l1.account.address, NOT_EARLY, terms];
    const { abi } = l1.contracts.bridge;
    const left = await foresee({ data: encodeFunctionData({ abi, functionName: "sendEther", args }), value });
    return { left, raw: await sign(user.l1, "bridge", "sendEther", args, { value }) };
}

/** What the proposer puts into the batch: his delivery of the deposit, then the user's purchase and withdrawal. */
async function onRollup({ message }, atLeast = price) {
    const [mine, his] = [proposer.rollups[0], user.rollups[0]];
    const bridge = rollup.contracts.bridge.address;
    const back = [0n, token.address, user.l1.account.address, price, NOT_EARLY, { ...TERMS, ...GAS }];
    return [
        await sign(mine, "messenger", "deliver", [message, "0x", mine.account.address], { gas: 4_000_000n }),
        await sign(his, router, "swapExactETHForTokens", [atLeast, path, his.account.address, LATER], { value: SPENT }),
        await sign(his, token, "approve", [bridge, price], { later: 1 }),
        await sign(his, "bridge", "sendErc20", back, { later: 2 }),
    ];
}

const prepare = (before, transactions, more = {}) =>
    l1.rpc("lockstep_prepareBatch", [{ from: proposer.l1.account.address, before, rollups: [{ rollupId: 1, transactions }], ...more }]);

async function signBatch({ transaction }, { later = 0 } = {}) {
    const { client, account } = proposer.l1;
    const nonce = later + (await client.getTransactionCount({ address: account.address }));
    const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
    const { to, data, gas, chainId } = transaction;
    return account.signTransaction({ type: "eip1559", chainId: Number(chainId), to, data, gas: BigInt(gas), nonce, ...fees });
}

/** The user's withdrawal on L1, of the last message that the batch's transactions say. */
async function withdrawal(made) {
    const [{ transactions, messages }] = made.rollups;
    const { proof } = messages.at(-1);
    const { message } = leftIn(rollup, transactions.at(-1).logs)[0];
    return sign(user.l1, "messenger", "deliver", [message, proof, user.l1.account.address], { later: 1, gas: 5_000_000n });
}

/** All three, and what was prepared. */
async function loop() {
    [, price] = await rollup.read(router, "getAmountsOut", [SPENT, path]);
    const { raw, left } = await deposit();
    const made = await prepare([raw], await onRollup(left));
    return { left, made, txs: [raw, await signBatch(made), await withdrawal(made)] };
}

const send = (txs) => l1.rpc("eth_sendBundle", [{ txs }]);

/** What must not change when a bundle is not in. */
async function standing() {
    const numbers = await Promise.all([l1, rollup].map((chain) => chain.rpc("eth_getBlockByNumber", ["latest", false])));
    const { address } = user.l1.account;
    return [numbers.map(({ hash }) => hash), await l1.read("hub", "head", [1n]), await l1.balance(address), await rollup.balance(address)];
}

async function fails(txs, reason) {
    const before = await standing();
    await assert.rejects(send(txs), (error) => {
        assert.match(error.text, reason);
        return true;
    });
    assert.deepEqual(await standing(), before);
}

test("deposit, purchase and withdrawal, in one slot", async () => {
    const { left, made, txs } = await loop();
    assert.deepEqual(made.rollups[0].transactions.map(({ status }) => status), Array(4).fill("0x1"));
    const before = await l1.client.getBlockNumber({ cacheTime: 0 });
    await send(txs);
    // One block of L1 with the three of them, and one of the rollup with what the batch says.
    const block = await l1.client.getBlock();
    assert.equal(block.number, before + 1n);
    assert.deepEqual(block.transactions, txs.map((tx) => keccak256(tx)));
    const newest = await rollup.client.getBlock({ includeTransactions: true });
    assert.equal(numberToHex(newest.number), made.rollups[0].blockNumber);
    assert.equal(newest.stateRoot, made.rollups[0].head);
    assert.equal(newest.stateRoot, await l1.read("hub", "head", [1n]));
    assert.deepEqual(newest.transactions.slice(-4).map(({ hash }) => hash), made.rollups[0].transactions.map(({ hash }) => hash));
    assert.equal(newest.miner, proposer.l1.account.address.toLowerCase(), "its fees are the proposer's");
    // The user has the token on L1, and what is left of the deposit on the rollup.
    const created = { address: await l1.read("bridge", "tokenFor", [1n, token.address]), abi: token.abi };
    assert.equal(await l1.read(created, "balanceOf", [user.l1.account.address]), price);
    assert.equal(await rollup.read("messenger", "status", [left.id]), DELIVERED);
    // It can be checked elsewhere, as any batch.
    const files = join(folder, "files");
    const exported = await runLockstep(["batch", "export", keccak256(txs[1]), files, "--rpc", n.network.l1.url]);
    assert.equal(exported.code, 0, exported.stderr);
    const verified = await runLockstep(["verify", files]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    // And be traced, on both chains.
    const tree = await l1.rpc("lockstep_traceTransaction", [keccak256(txs[1])]);
    assert.match(JSON.stringify(tree), /"chain":"rollup1"/);
    for (const { hash, gasUsed } of made.rollups[0].transactions) {
        const trace = await rollup.rpc("debug_traceTransaction", [hash, { tracer: "callTracer" }]);
        assert.equal(trace.gasUsed, gasUsed);
    }
    // What comes after it goes on from there.
    await user.rollups[0].write(router, "swapExactETHForTokens", [1n, path, user.l1.account.address, LATER], { value: SPENT });
    await l1.write("messageService", "broadcastMessage", [keccak256("0x01")]);
    assert.equal((await rollup.client.getBlock()).stateRoot, await l1.read("hub", "head", [1n]));
    assert.ok((await rollup.read(token, "balanceOf", [user.l1.account.address])) < price);
});

test("a transaction that is only for this message, and pays whoever imports it", async () => {
    const { raw, left } = await deposit();
    const { account } = user.rollups[0];
    const price = 50n * 10n ** 9n;
    const paying = await signConditional(account, {
        chainId: rollup.chainId,
        nonce: await rollup.client.getTransactionCount({ address: account.address }),
        to: account.address,
        gas: 100_000n,
        maxFeePerGas: 10n ** 11n,
        maxPriorityFeePerGas: price,
        messageSlots: [messageSlot(left.id, l1.contracts.messenger.address)],
    });
    await assert.rejects(prepare([], [paying]), /the batch cannot be made: rollup1: .*/);
    const made = await prepare([raw], [paying]);
    const before = await rollup.balance(proposer.l1.account.address);
    await send([raw, await signBatch(made)]);
    const { gasUsed, effectiveGasPrice, status } = await rollup.client.getTransactionReceipt({ hash: keccak256(paying) });
    assert.equal(status, "success");
    assert.ok(effectiveGasPrice >= price);
    assert.equal(await rollup.balance(proposer.l1.account.address), before + gasUsed * effectiveGasPrice);
});

test("what waits in the Hub's queue is in a prepared batch, too", async () => {
    await l1.rpc("evm_setAutomine", [false]);
    const forced = await sign(n.as(3).rollups[0], { address: user.l1.account.address, abi: token.abi }, "name", [], { gas: 100_000n });
    const value = 2n * (await l1.read("hub", "forceFee", [1n]));
    const { abi, address } = l1.contracts.hub;
    await l1.wallet.writeContract({ abi, address, functionName: "forceTransaction", args: [1n, forced], value, gas: 500_000n });
    await l1.rpc("evm_mine");
    assert.deepEqual(await l1.read("hub", "forcedCount", [1n]), [1n, 0n]);
    const { raw, left } = await deposit();
    const made = await prepare([raw], await onRollup(left));
    assert.equal(made.updates[0].forced, "0x1");
    const [{ transactions }] = made.rollups;
    assert.deepEqual(transactions.map(({ status }) => status), Array(5).fill("0x1"));
    assert.equal(transactions[0].hash, keccak256(forced));
    const { bundleHash } = await send([raw, await signBatch(made), await withdrawal(made)]);
    await l1.rpc("evm_mine");
    await l1.rpc("evm_setAutomine", [true]);
    assert.equal((await l1.rpc("lockstep_getBundle", [bundleHash])).at(-1).status, "included");
    assert.deepEqual(await l1.read("hub", "forcedCount", [1n]), [1n, 1n]);
    assert.equal((await rollup.rpc("eth_getTransactionReceipt", [keccak256(forced)])).status, "0x1");
});

test("some blocks later it is as good, if nothing else has happened", async () => {
    const { txs } = await loop();
    for (const _ of [1, 2, 3]) await l1.rpc("evm_mine");
    await send(txs);
    assert.equal((await rollup.client.getBlock()).stateRoot, await l1.read("hub", "head", [1n]));
});

test("blocks that the rollup has made before go along", async () => {
    await rollup.mined(await rollup.wallet.sendTransaction({ to: user.l1.account.address, value: 1n }));
    assert.notEqual((await rollup.client.getBlock()).stateRoot, await l1.read("hub", "head", [1n]));
    const { txs } = await loop();
    await send(txs);
    assert.equal((await rollup.client.getBlock()).stateRoot, await l1.read("hub", "head", [1n]));
});

test("whoever posts the batch may have transactions of his own in front of it", async () => {
    const own = [0, 1].map((later) => sign(proposer.l1, "messageService", "broadcastMessage", [pad(toHex(90 + later), { size: 32 })], { later }));
    const before = await Promise.all(own);
    const made = await prepare(before, []);
    assert.equal(made.updates[0].messageSlots.length, 2);
    await send([...before, await signBatch(made, { later: 2 })]);
    assert.equal(await l1.read("hub", "head", [1n]), made.rollups[0].head);
});

test("a purchase that is too dear: no withdrawal, and with another's proof nothing at all", async () => {
    const good = await loop();
    const dear = await prepare([good.txs[0]], await onRollup(good.left, price + 1n));
    const [{ transactions, messages }] = dear.rollups;
    assert.deepEqual(transactions.map(({ status }) => status), ["0x1", "0x0", "0x1", "0x0"]);
    assert.deepEqual(messages, []);
    await fails([good.txs[0], await signBatch(dear), good.txs[2]], /^transaction 2 .*: execution reverted: UnknownRoot/);
});

describe("each of the three undoes the others", () => {
    test("a batch that was changed", async () => {
        const { txs, made } = await loop();
        const { data } = made.transaction;
        const at = data.length - 80; // in the attester's signature, which has 62 zeros behind it
        const changed = data.slice(0, at) + (data[at] === "0" ? "1" : "0") + data.slice(at + 1);
        const batch = await signBatch({ transaction: { ...made.transaction, data: changed } });
        await fails([txs[0], batch, txs[2]], /^transaction 1 /);
    });
    test("a deposit that is not there, or after the batch", async () => {
        const { txs } = await loop();
        await fails(txs.slice(1), /^transaction 0 .*: execution reverted: MessageNotSent/);
        await fails([txs[1], txs[0], txs[2]], /^transaction 0 .*: execution reverted: MessageNotSent/);
    });
    test("a deposit that is another, as somebody else was first", async () => {
        const { txs } = await loop();
        await l1.write("messenger", "send", [1n, l1.account.address, { ...TERMS, ...GAS }, "0x"]);
        await fails(txs, /^transaction 1 .*: execution reverted: (MessageNotSent|EntryNotFound|TimestampOutOfRange)/);
    });
    test("a call into the rollup besides", async () => {
        const args = [1n, `0x${"11".repeat(20)}`];
        await l1.write("hub", "createProxy", args);
        const call = await sign(n.as(3).l1, { address: await l1.read("hub", "proxyOf", args), abi: token.abi }, "name", []);
        const { txs } = await loop();
        // The builder's batch, in front of all, may be of a later second than this one.
        await fails([call, ...txs], /^transaction 2 .*: execution reverted: (EntryNotFound|TimestampOutOfRange)/);
        await fails([...txs, call], /^transaction 3 .*: execution reverted: EntryNotFound/);
    });
    test("a withdrawal of more", async () => {
        const { txs, made } = await loop();
        const [{ transactions, messages }] = made.rollups;
        const { message } = leftIn(rollup, transactions.at(-1).logs)[0];
        const more = { ...message, fee: 1n };
        const args = [more, messages.at(-1).proof, user.l1.account.address];
        const greedy = await sign(user.l1, "messenger", "deliver", args, { later: 1, gas: 5_000_000n });
        await fails([...txs.slice(0, 2), greedy], /^transaction 2 .*: execution reverted/);
    });
    test("a rollup that has made a block since", async () => {
        const { txs } = await loop();
        await rollup.mined(await rollup.wallet.sendTransaction({ to: user.l1.account.address, value: 1n }));
        await fails(txs, /leaves out blocks that rollup1 has made since/);
        await send((await loop()).txs);
    });
});

test("what cannot be prepared", async () => {
    const { raw, left } = await deposit();
    const transactions = await onRollup(left);
    const refused = (promise, text) =>
        assert.rejects(promise, (error) => {
            assert.match(error.text, text);
            return true;
        });
    await refused(l1.rpc("lockstep_prepareBatch", [{}]), /from: missing/);
    await refused(prepare([raw], transactions, { rollups: [] }), /rollups: a batch is of one at least/);
    await refused(prepare([raw], transactions, { rollups: [{ rollupId: 9, transactions }] }), /there is no rollup 9; the last one is 2/);
    await refused(prepare([raw], transactions, { rollups: [1, 1].map((rollupId) => ({ rollupId })) }), /rollup1 is there twice/);
    await refused(prepare([raw], transactions, { rollups: [{ transactions }] }), /rollupId: missing/);
    await refused(prepare([raw], transactions, { parts: [] }), /there is no member "parts"/);
    await refused(prepare([raw], ["0x1234"]), /^rollup1: transaction 0: /);
    await refused(prepare(["0x1234"], transactions), /^transaction 0: /);
    await refused(prepare([raw], [transactions[3]]), /^the batch cannot be made: rollup1: .*/);
    // Without the deposit there is nothing to deliver, and the batch says so.
    const { rollups: [without] } = await prepare([], transactions);
    assert.deepEqual(without.transactions.map(({ status }) => status), ["0x0", "0x1", "0x1", "0x1"]);
    await refused(rollup.rpc("lockstep_prepareBatch", [{ from: proposer.l1.account.address }]), /^batches are posted on l1/);
    const nobody = `0x${"77".repeat(20)}`;
    await refused(prepare([raw], transactions, { from: nobody }), /^the batch cannot be made: insufficient funds/);
    const fails = await sign(user.l1, "messenger", "retry", [left.message]);
    await refused(prepare([fails], transactions), /^before the batch, transaction 0 fails: execution reverted: NotFailed/);
});

// The last ones: what was taken a snapshot of is gone with them.
test("a node that starts again has it; what waited it has forgotten", async () => {
    const { txs } = await loop();
    const blockNumber = await l1.client.getBlockNumber({ cacheTime: 0 });
    await send(txs);
    const waiting = { txs: [await sign(l1, token, "name", [])], blockNumber: numberToHex(blockNumber + 5n) };
    const { bundleHash } = await l1.rpc("eth_sendBundle", [waiting]);
    assert.equal((await l1.rpc("lockstep_getBundle", [bundleHash])).length, 1);
    const stood = await standing();
    assert.equal((await n.stop()).code, 0);
    const { code, stderr, stdout } = await runLockstep(["check", "--datadir", join(folder, "data")]);
    assert.equal(code, 0, stdout + stderr);
    await start();
    assert.deepEqual(await standing(), stood);
    assert.deepEqual(await l1.rpc("lockstep_getBundle", [bundleHash]), []);
    clean = await l1.rpc("evm_snapshot");
});

test("when L1 takes the block back, so does the rollup", async () => {
    const { txs } = await loop();
    const { address } = user.l1.account;
    const created = { address: await l1.read("bridge", "tokenFor", [1n, token.address]), abi: token.abi };
    const holdings = async () => [await l1.read("hub", "head", [1n]), await l1.balance(address), await l1.read(created, "balanceOf", [address])];
    const before = await holdings();
    await send(txs);
    assert.notDeepEqual(await holdings(), before);
    await l1.rpc("anvil_reorg", [1, []]);
    assert.deepEqual(await holdings(), before);
    assert.equal((await rollup.client.getBlock({ blockTag: "safe" })).stateRoot, before[0]);
});
