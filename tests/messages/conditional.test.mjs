// Conditional transactions (type 0x4c) on a running network: what holds them, what takes them, and what is refused.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { concatHex, encodeFunctionData, fromRlp, keccak256, pad, toHex, toRlp } from "viem";
import { messageSlot, signConditional } from "../../examples/lib/conditional.mjs";
import { runLockstep } from "../lib/network.mjs";
import { openNetwork } from "./lib.mjs";

const GWEI = 10n ** 9n;
const SINK = `0x${"11".repeat(20)}`;

let n, l1, rollup1, rollup2, me;
before(async () => {
    n = await openNetwork();
    ({ l1, rollups: [rollup1, rollup2] } = n);
    me = rollup1.account;
});
after(() => n?.stop());

let messages = 0;
const newMessage = () => pad(toHex(++messages), { size: 32 });
const say = (message) => l1.write("messageService", "broadcastMessage", [message]);
const slotOf = (message) => messageSlot(message, l1.account.address);

// viem's own is remembered for some milliseconds.
const headOf = async (chain) => BigInt(await chain.rpc("eth_blockNumber"));

let head, nonce;
beforeEach(async () => {
    head = await headOf(rollup1);
    nonce = await rollup1.client.getTransactionCount({ address: me.address, blockTag: "pending" });
});

/** A transfer of 1 wei by the first account, with these fields. */
const sign = (fields = {}, account = me) =>
    signConditional(account, {
        chainId: rollup1.chainId,
        nonce,
        to: SINK,
        value: 1n,
        gas: 100_000n,
        maxFeePerGas: 10n * GWEI,
        maxPriorityFeePerGas: GWEI,
        ...fields,
    });
const send = (raw, chain = rollup1) => chain.rpc("eth_sendRawTransaction", [raw]);
const receiptOf = (hash) => rollup1.rpc("eth_getTransactionReceipt", [hash]);
const advance = (account = 5) => n.as(account).rollups[0].wallet.sendTransaction({ to: SINK, value: 1n });

async function refusal(raw, chain = rollup1) {
    try {
        await send(raw, chain);
        return "taken";
    } catch (error) {
        return error.text;
    }
}

test("it waits for its message, and is in the slot block that imports it", async () => {
    const message = newMessage();
    const fields = { firstBlock: head + 1n, lastBlock: head + 1n, messageSlots: [slotOf(message)] };
    const raw = await sign(fields);
    const hash = await send(raw);
    assert.equal(hash, keccak256(raw));
    assert.equal(await receiptOf(hash), null);
    const shown = await rollup1.rpc("eth_getTransactionByHash", [hash]);
    assert.equal(shown.type, "0x4c");
    assert.equal(shown.blockNumber, null);
    assert.equal(shown.from, me.address.toLowerCase());
    assert.equal(shown.firstBlock, toHex(head + 1n));
    assert.equal(shown.lastBlock, toHex(head + 1n));
    assert.equal(shown.priorityFeeDecay, "0x0");
    assert.deepEqual(shown.messageSlots, [slotOf(message)]);
    const { pending } = await rollup1.rpc("txpool_contentFrom", [me.address]);
    assert.deepEqual(pending[nonce], shown);
    assert.equal((await rollup1.rpc("txpool_status")).pending, "0x1");
    assert.equal(await rollup1.client.getTransactionCount({ address: me.address, blockTag: "pending" }), nonce + 1);
    // Another message is none of its business.
    assert.equal(await headOf(rollup1), head);
    const { blockNumber: slot } = await say(message);
    const receipt = await receiptOf(hash);
    assert.equal(receipt.status, "0x1");
    assert.equal(receipt.type, "0x4c");
    assert.equal(BigInt(receipt.blockNumber), head + 1n);
    // The anchor's, the import's, this one; and L1's block has the message and the batch.
    assert.equal(receipt.transactionIndex, "0x2");
    const block = await rollup1.client.getBlock({ blockTag: "safe", includeTransactions: true });
    assert.equal(block.number, head + 1n);
    assert.equal(block.transactions[2].hash, hash);
    const paid = BigInt(receipt.effectiveGasPrice);
    assert.equal(paid, block.baseFeePerGas + GWEI);
    assert.equal((await l1.client.getBlock({ blockNumber: slot })).transactions.length, 2);
    assert.equal(await rollup1.rpc("eth_getRawTransactionByHash", [hash]), raw);
    // 21,000, a cold account, and 32 bytes and a cold slot.
    assert.equal(BigInt(receipt.gasUsed), 21_000n + 2600n + 512n + 2100n);
    const trace = await rollup1.rpc("debug_traceTransaction", [hash, { tracer: "callTracer" }]);
    assert.deepEqual([trace.from, trace.to, trace.value], [me.address.toLowerCase(), SINK, "0x1"]);
    assert.equal(trace.gasUsed, receipt.gasUsed);
});

test("a message that is there already holds nothing", async () => {
    const message = newMessage();
    await say(message);
    const hash = await send(await sign({ messageSlots: [slotOf(message)] }));
    assert.equal((await receiptOf(hash)).status, "0x1");
});

test("several wait for one message, and one for several", async () => {
    const [first, second] = [newMessage(), newMessage()];
    const both = await send(await sign({ messageSlots: [slotOf(first), slotOf(second)] }));
    const other = n.as(2).rollups[0].account;
    const theirs = await rollup1.client.getTransactionCount({ address: other.address });
    const one = await send(await sign({ nonce: theirs, messageSlots: [slotOf(first)] }, other));
    const behind = await send(await sign({ nonce: nonce + 1 }));
    await say(first);
    assert.equal((await receiptOf(one)).status, "0x1");
    assert.equal(await receiptOf(both), null);
    assert.equal(await receiptOf(behind), null); // it must not overtake
    await say(second);
    assert.equal((await receiptOf(both)).status, "0x1");
    assert.equal((await rollup1.client.waitForTransactionReceipt({ hash: behind })).status, "success");
    assert.equal((await rollup1.rpc("txpool_status")).pending, "0x0");
});

test("it waits for its block, whoever makes the blocks before it", async () => {
    const hash = await send(await sign({ firstBlock: head + 3n, lastBlock: head + 3n }));
    assert.equal(await receiptOf(hash), null);
    await advance();
    assert.equal(await receiptOf(hash), null);
    await advance();
    await rollup1.client.waitForTransactionReceipt({ hash });
    assert.equal(BigInt((await receiptOf(hash)).blockNumber), head + 3n);
});

test("its priority fee decays by the block, down to nothing", async () => {
    await advance();
    await advance();
    const terms = { maxPriorityFeePerGas: 5n * GWEI, priorityFeeDecay: 2n * GWEI, maxFeePerGas: 100n * GWEI };
    for (const [firstBlock, tip] of [[head + 3n, 5n], [head + 3n, 3n], [head + 3n, 1n], [0n, 0n]]) {
        const number = (await headOf(rollup1)) + 1n;
        const hash = await send(await sign({ ...terms, nonce: nonce++, firstBlock }));
        const receipt = await receiptOf(hash);
        assert.equal(BigInt(receipt.blockNumber), number);
        const block = await rollup1.client.getBlock({ blockNumber: number });
        assert.equal(BigInt(receipt.effectiveGasPrice), block.baseFeePerGas + tip * GWEI);
        assert.equal(BigInt((await rollup1.rpc("eth_getTransactionByHash", [hash])).gasPrice), block.baseFeePerGas + tip * GWEI);
        const { reward } = await rollup1.rpc("eth_feeHistory", ["0x1", toHex(number), [50]]);
        assert.equal(BigInt(reward[0][0]), tip * GWEI);
    }
});

test("what comes too late is refused, and what has waited too long goes", { timeout: 20_000 }, async () => {
    assert.equal(
        await refusal(await sign({ lastBlock: head })),
        `conditional transaction after its last block: last block ${head}, next block ${head + 1n}`,
    );
    const message = newMessage();
    const hash = await send(await sign({ lastBlock: head + 2n, messageSlots: [slotOf(message)] }));
    await advance();
    assert.notEqual(await rollup1.rpc("eth_getTransactionByHash", [hash]), null);
    await advance();
    assert.equal(await rollup1.rpc("eth_getTransactionByHash", [hash]), null);
    assert.equal((await rollup1.rpc("txpool_status")).pending, "0x0");
    await say(message);
    assert.equal(await receiptOf(hash), null);
    const line = new RegExp(`${hash.slice(0, 10)}.*after its last block: last block ${head + 2n}, next block ${head + 3n}`);
    while (!line.test(n.network.output.stdout)) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("one that waits can be taken back by another with its nonce", async () => {
    const hash = await send(await sign({ messageSlots: [slotOf(newMessage())] }));
    const plain = { nonce, to: SINK, gas: 21_000n, maxFeePerGas: 11n * GWEI };
    await assert.rejects(rollup1.wallet.sendTransaction({ ...plain, maxPriorityFeePerGas: GWEI }), /replacement transaction underpriced/);
    const other = await rollup1.wallet.sendTransaction({ ...plain, maxPriorityFeePerGas: GWEI + GWEI / 10n });
    assert.equal((await receiptOf(other)).status, "0x1");
    assert.equal(await rollup1.rpc("eth_getTransactionByHash", [hash]), null);
});

test("only EVM rollups have them, each its own", async () => {
    const raw = await sign();
    const l1Nonce = await l1.client.getTransactionCount({ address: me.address });
    const onL1 = await sign({ chainId: l1.chainId, nonce: l1Nonce });
    assert.equal(await refusal(onL1, l1), "transaction type not supported: only EVM rollups have conditional transactions");
    const wrongChain = `invalid chain id for signer: have ${rollup1.chainId} want ${rollup2.chainId}`;
    assert.equal(await refusal(raw, rollup2), wrongChain);
});

test("what is malformed is refused by name", async () => {
    const good = fromRlp(`0x${(await sign({ messageSlots: [slotOf(newMessage())] })).slice(4)}`, "hex");
    const changed = (index, value) => {
        const fields = [...good];
        fields[index] = value;
        return concatHex(["0x4c", toRlp(fields)]);
    };
    const slots = (count) => Array.from({ length: count }, (_, i) => pad(toHex(i), { size: 32 }));
    const conditions = "rlp: malformed conditions of transaction";
    const size = "rlp: message slot of other than 32 bytes";
    for (const [raw, text] of [
        ["0x4c", /^rlp: a length exceeds/],
        ["0x4cc0", /^rlp: too few elements/],
        [concatHex(["0x4c", toRlp([...good, "0x"])]), /^rlp: too many elements/],
        [changed(9, "0x00"), conditions],
        [changed(9, []), conditions],
        [changed(10, `0x01${"00".repeat(8)}`), conditions],
        [changed(11, `0x01${"00".repeat(32)}`), conditions],
        [changed(12, "0x"), conditions],
        [changed(12, ["0x"]), size],
        [changed(12, [`0x${"11".repeat(31)}`]), size],
        [changed(12, [`0x${"11".repeat(33)}`]), size],
        [changed(12, [[]]), size],
        [changed(12, slots(17)), "conditional transaction with more than 16 message slots"],
        [await sign({ firstBlock: 9n, lastBlock: 8n }), "conditional transaction with its last block before its first: first block 9, last block 8"],
        [await sign({ gas: 21_000n, messageSlots: slots(16) }), `intrinsic gas too low: have 21000, want ${21_000 + 2600 + 16 * 2612}`],
        [await sign({ maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }), /^max fee per gas less than block base fee/],
        [await sign({ maxPriorityFeePerGas: 11n * GWEI }), /^max priority fee per gas higher than max fee per gas/],
        [await sign({ nonce: nonce - 1 }), /^nonce too low/],
        [await sign({ value: 10n ** 30n }), /^insufficient funds/],
    ]) {
        const refused = await refusal(raw);
        if (typeof text === "string") assert.equal(refused, text);
        else assert.match(refused, text);
    }
    // Nothing of it stays, and what is changed is another's or nobody's.
    assert.equal((await rollup1.rpc("txpool_status")).pending, "0x0");
    assert.match(await refusal(changed(10, "0x05")), /^(insufficient funds|invalid transaction v, r, s|conditional transaction after|nonce too low)/);
});

test("the fee cap that is below the base fee by now is refused, whatever the priority fee was", async () => {
    const { baseFeePerGas } = await rollup1.client.getBlock();
    const raw = await sign({ maxFeePerGas: baseFeePerGas / 2n, maxPriorityFeePerGas: baseFeePerGas / 2n, priorityFeeDecay: GWEI });
    assert.match(await refusal(raw), /^max fee per gas less than block base fee/);
});

test("nothing else is sent in its place", async () => {
    const fees = { gas: "0x5208", nonce: toHex(nonce), maxFeePerGas: toHex(10n * GWEI), maxPriorityFeePerGas: "0x1" };
    const tx = { from: me.address, to: SINK, value: "0x1", type: "0x4c", firstBlock: "0xffff", ...fees };
    for (const method of ["eth_sendTransaction", "eth_signTransaction", "eth_fillTransaction"])
        await assert.rejects(rollup1.rpc(method, [tx]), /conditional transactions: sign them yourself and use eth_sendRawTransaction/);
});

test("calls and estimates know nothing of it", async () => {
    const data = encodeFunctionData({ ...rollup1.contract("messageService"), functionName: "isSent", args: [newMessage(), me.address] });
    const { address: to } = rollup1.contract("messageService");
    const call = { from: me.address, to, data };
    assert.equal(BigInt(await rollup1.rpc("eth_call", [call, "latest"])), 0n);
    assert.ok(BigInt(await rollup1.rpc("eth_estimateGas", [call])) > 21_000n);
});

// The least that it uses: 21,000, and for one slot 2,600 and 2,612.
const LEAST_GAS = 26_212n;

test("a proposer who is paid by the message imports one that others wait for", async () => {
    const least = 10n ** 15n;
    const paid = await openNetwork({ args: ["--import-policy", "fee:0.001"] });
    try {
        const [rollup, other] = paid.rollups;
        const tip = least / LEAST_GAS + 1n;
        const wait = async (message, maxPriorityFeePerGas, more = {}) => {
            const count = await rollup.client.getTransactionCount({ address: me.address });
            const fields = { chainId: rollup.chainId, nonce: count, messageSlots: [messageSlot(message, paid.l1.account.address)] };
            return send(await sign({ ...fields, maxFeePerGas: 1000n * GWEI, maxPriorityFeePerGas, ...more }), rollup);
        };
        const announce = (message) => paid.l1.write("messageService", "broadcastMessage", [message]);
        const isReceived = (on, message) => on.read("messageService", "isReceived", [message, paid.l1.account.address]);
        const [unpaid, cheap, dear, decayed] = [1, 2, 3, 4].map((i) => pad(toHex(i), { size: 32 }));
        await announce(unpaid);
        assert.equal(await isReceived(rollup, unpaid), false);
        // One wei per gas too little, then just enough, and only on the rollup that pays.
        const poor = await wait(cheap, tip - 1n, { lastBlock: (await headOf(rollup)) + 1n });
        await announce(cheap);
        assert.equal(await isReceived(rollup, cheap), false);
        assert.notEqual(await rollup.rpc("eth_getTransactionByHash", [poor]), null);
        await rollup.rpc("anvil_mine", ["0x1"]);
        assert.equal(await rollup.rpc("eth_getTransactionByHash", [poor]), null);
        const rich = await wait(dear, tip);
        await announce(dear);
        assert.equal(await isReceived(rollup, dear), true);
        assert.equal(await isReceived(other, dear), false);
        assert.equal((await rollup.rpc("eth_getTransactionReceipt", [rich])).status, "0x1");
        // What has decayed by now counts as it is now.
        await wait(decayed, tip, { priorityFeeDecay: 1n });
        await announce(decayed);
        assert.equal(await isReceived(rollup, decayed), false);
    } finally {
        await paid.stop();
    }
});

test("it is not in the pending block before its time", async () => {
    const hash = await send(await sign({ firstBlock: head + 2n }));
    assert.deepEqual((await rollup1.rpc("eth_getBlockByNumber", ["pending", false])).transactions, []);
    await rollup1.rpc("evm_setAutomine", [false]);
    await rollup1.rpc("anvil_mine", ["0x1"]);
    assert.deepEqual((await rollup1.rpc("eth_getBlockByNumber", ["pending", false])).transactions, [hash]);
    assert.equal(await receiptOf(hash), null);
    await rollup1.rpc("anvil_mine", ["0x1"]);
    assert.equal(BigInt((await receiptOf(hash)).blockNumber), head + 2n);
    await rollup1.rpc("evm_setAutomine", [true]);
});

test("a proposer who is not the node has it in a batch behind its message, and not without", async () => {
    const message = newMessage();
    const raw = await sign({ messageSlots: [slotOf(message)] });
    const data = encodeFunctionData({ ...l1.contract("messageService"), functionName: "broadcastMessage", args: [message] });
    const says = await me.signTransaction(await l1.wallet.prepareTransactionRequest({ to: l1.contract("messageService").address, data }));
    const prepare = (before) => l1.rpc("lockstep_prepareBatch", [{ from: n.as(3).l1.account.address, before, rollups: [{ rollupId: 1, transactions: [raw] }] }]);
    const { rollups: [{ transactions, blockNumber }] } = await prepare([says]);
    assert.deepEqual([BigInt(blockNumber), transactions[0].hash, transactions[0].status], [head + 1n, keccak256(raw), "0x1"]);
    await assert.rejects(prepare([]), /rollup1: the payload holds an invalid transaction, number 0 of its block: conditional transaction whose message is not imported/);
});

test("when L1 goes another way it waits again", async () => {
    await say(newMessage()); // the rollup's blocks so far are in a batch
    head = await headOf(rollup1);
    const message = newMessage();
    const hash = await send(await sign({ firstBlock: head + 1n, lastBlock: head + 1n, messageSlots: [slotOf(message)] }));
    await say(message);
    const first = await receiptOf(hash);
    assert.equal(first.status, "0x1");
    await l1.rpc("anvil_reorg", [1, []]);
    assert.equal(await receiptOf(hash), null);
    assert.equal((await rollup1.rpc("eth_getTransactionByHash", [hash])).blockNumber, null);
    assert.equal(await headOf(rollup1), head);
    await say(message);
    const second = await receiptOf(hash);
    assert.deepEqual([second.status, second.blockNumber], ["0x1", first.blockNumber]);
    assert.notEqual(second.blockHash, first.blockHash);
});

test("rollups of rollups have them, ledgers do not, and both still do after a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-conditional-"));
    const config = join(folder, "network.ini");
    writeFileSync(config, "[rollup rollup1]\ntype = evm\n[rollup coins]\ntype = ledger\n[rollup l3]\nparent = rollup1\n");
    const start = () => openNetwork({ args: ["--config", config, "--datadir", join(folder, "data")] });
    const chainOf = ({ network }, name) => network.chains.find((chain) => chain.name === name);
    let network = await start();
    try {
        const [l3, coins] = ["l3", "coins"].map((name) => chainOf(network, name));
        const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 2n * GWEI };
        const onL3 = await sign({ ...fees, chainId: l3.chainId, nonce: 0, firstBlock: 1n, lastBlock: 9n, priorityFeeDecay: GWEI });
        const hash = await send(onL3, l3);
        const receipt = await l3.rpc("eth_getTransactionReceipt", [hash]);
        assert.deepEqual([receipt.status, receipt.type], ["0x1", "0x4c"]);
        const onCoins = await sign({ ...fees, chainId: coins.chainId, nonce: 0 });
        assert.equal(await refusal(onCoins, coins), "transaction type not supported: only EVM rollups have conditional transactions");
        const shown = await l3.rpc("eth_getTransactionByHash", [hash]);
        await network.stop();
        network = await start();
        const again = chainOf(network, "l3");
        assert.deepEqual(await again.rpc("eth_getTransactionReceipt", [hash]), receipt);
        assert.deepEqual(await again.rpc("eth_getTransactionByHash", [hash]), shown);
        assert.equal(await again.rpc("eth_getRawTransactionByHash", [hash]), onL3);
    } finally {
        await network.stop();
        rmSync(folder, { recursive: true });
    }
});

test("of more than the slot block has gas for, the rest is in the next block", async () => {
    const message = newMessage();
    const hashes = [];
    for (let i = 0; i < 5; i++) {
        const account = n.as(i).rollups[0].account;
        const count = await rollup1.client.getTransactionCount({ address: account.address });
        const loops = { to: "0x", data: "0x5b5f56", gas: 16_777_216n };
        hashes.push(await send(await sign({ nonce: count, ...loops, messageSlots: [slotOf(message)] }, account)));
    }
    const { blockNumber } = await say(message);
    const receipts = await Promise.all(hashes.map((hash) => rollup1.client.waitForTransactionReceipt({ hash })));
    const slot = await rollup1.client.getBlock({ blockTag: "safe" });
    // 16,777,216 each, in a block of 60,000,000.
    const isIn = receipts.filter((receipt) => receipt.blockNumber === slot.number);
    assert.equal(isIn.length, 3);
    assert.equal(await l1.client.getBlockNumber({ cacheTime: 0 }), blockNumber);
});

test("the batch holds in the guest as out of it", async () => {
    const message = newMessage();
    const hash = await send(await sign({ priorityFeeDecay: 3n, lastBlock: head + 1n, messageSlots: [slotOf(message)] }));
    const { blockNumber } = await say(message);
    assert.equal((await receiptOf(hash)).status, "0x1");
    const folder = mkdtempSync(join(tmpdir(), "lockstep-conditional-"));
    try {
        const { transactions } = await l1.client.getBlock({ blockNumber });
        const run = async (...words) => {
            const { code, stdout, stderr } = await runLockstep(words);
            assert.equal(code, 0, stderr);
            return stdout;
        };
        const batch = join(folder, "batch");
        await run("batch", "export", transactions[1], batch, "--rpc", n.network.l1.url);
        const outputs = [
            await run("verify", batch),
            await run("guest", "run", "--batch", join(batch, "batch"), "--witness", join(batch, "witness")),
        ].map((text) => /^output +(0x[0-9a-f]{64})$/m.exec(text)[1]);
        assert.equal(outputs[0], outputs[1]);
    } finally {
        rmSync(folder, { recursive: true });
    }
});
