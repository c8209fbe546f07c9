// When blocks are made, in which order, and what a sender is told.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { keccak256, numberToHex } from "viem";
import { rpcBatch, rpcCall, startNetwork } from "../lib/network.mjs";
import { GWEI, number, signer } from "../lib/transactions.mjs";

const send = (raw) => ["eth_sendRawTransaction", [raw]];

describe("automine", () => {
    let network;
    before(async () => (network = await startNetwork({ silent: true, rollups: 1, accounts: 20 })));
    after(async () => assert.equal((await network.stop()).code, 0));

    test("the receipt is there when the sender has the hash, on every chain", async () => {
        for (const chain of network.chains) {
            const from = signer(chain, network.accounts[0].privateKey);
            const head = number(await chain.rpc("eth_blockNumber"));
            const hash = await chain.rpc(...send(await from.sign({ nonce: 0 })));
            const receipt = await chain.rpc("eth_getTransactionReceipt", [hash]);
            assert.equal(receipt.status, "0x1");
            assert.equal(number(receipt.blockNumber), head + 1);
            assert.equal(number(receipt.gasUsed), 21000);
        }
    });

    test("each transaction of a batch has a block of its own, in order", async () => {
        for (const chain of network.chains) {
            const from = signer(chain, network.accounts[1].privateKey);
            const raws = await Promise.all(Array.from({ length: 300 }, (_, nonce) => from.sign({ nonce })));
            const head = number(await chain.rpc("eth_blockNumber"));
            const answers = await rpcBatch(chain.url, raws.map(send));
            assert.deepEqual(answers.map(({ result }) => result), raws.map((raw) => keccak256(raw)));
            const receipts = await rpcBatch(chain.url, answers.map(({ result }) => ["eth_getTransactionReceipt", [result]]));
            assert.deepEqual(
                receipts.map(({ result }) => number(result.blockNumber)),
                receipts.map((_, i) => head + 1 + i),
            );
            assert.equal(number(await chain.rpc("eth_getTransactionCount", [from.address, "latest"])), 300);
        }
    });

    test("20,000 transactions of 20 senders: others are answered meanwhile", async (t) => {
        const chain = network.l1;
        const senders = network.accounts.slice(2).map(({ privateKey }) => signer(chain, privateKey));
        const each = Math.ceil(20000 / senders.length);
        const batches = await Promise.all(
            senders.map(async (from) => {
                const raws = [];
                for (let nonce = 0; nonce < each; nonce++) raws.push(await from.sign({ nonce }));
                return raws;
            }),
        );
        const begin = performance.now();
        let isDone = false;
        const waits = [];
        const asking = (async () => {
            while (!isDone) {
                const start = performance.now();
                await chain.rpc("eth_chainId");
                waits.push(performance.now() - start);
                await new Promise((resolve) => setTimeout(resolve, 20));
            }
        })();
        await Promise.all(
            batches.map(async (raws) => {
                for (let i = 0; i < raws.length; i += 1000) {
                    const answers = await rpcBatch(chain.url, raws.slice(i, i + 1000).map(send));
                    for (const { error } of answers) assert.equal(error, undefined);
                }
            }),
        );
        isDone = true;
        await asking;
        const seconds = (performance.now() - begin) / 1000;
        waits.sort((a, b) => a - b);
        t.diagnostic(`${Math.round((each * senders.length) / seconds)} transactions per second`);
        t.diagnostic(`eth_chainId meanwhile: median ${waits[waits.length >> 1].toFixed(1)} ms, most ${waits.at(-1).toFixed(1)} ms`);
        for (const { address } of senders)
            assert.equal(number(await chain.rpc("eth_getTransactionCount", [address, "latest"])), each);
        // A loaded machine is slow; whoever waited for the whole batch would have waited longer.
        assert.ok(waits.length > 10 && waits.at(-1) < (seconds * 1000) / 3, `a request waited ${waits.at(-1)} ms`);
    });

    test("a gap in the nonces: queued, then mined in order when it closes", async () => {
        for (const chain of network.chains) {
            const nonce = number(await chain.rpc("eth_getTransactionCount", [network.accounts[0].address, "latest"]));
            const from = signer(chain, network.accounts[0].privateKey);
            const later = [];
            for (const ahead of [3, 1, 2]) later.push(await chain.rpc(...send(await from.sign({ nonce: nonce + ahead }))));
            assert.deepEqual(await chain.rpc("txpool_status"), { pending: "0x0", queued: "0x3" });
            for (const hash of later) {
                assert.equal(await chain.rpc("eth_getTransactionReceipt", [hash]), null);
                assert.equal((await chain.rpc("eth_getTransactionByHash", [hash])).blockNumber, null);
            }
            await chain.rpc(...send(await from.sign({ nonce })));
            const begin = performance.now();
            while ((await chain.rpc("txpool_status")).queued !== "0x0" || (await chain.rpc("txpool_status")).pending !== "0x0")
                assert.ok(performance.now() - begin < 5000, "still in the pool");
            assert.equal(number(await chain.rpc("eth_getTransactionCount", [from.address, "latest"])), nonce + 4);
        }
    });

    test("a nonce far ahead stays queued and does no harm", async () => {
        const chain = network.l1;
        const from = signer(chain, network.accounts[0].privateKey);
        const hash = await chain.rpc(...send(await from.sign({ nonce: 2 ** 40 })));
        assert.equal((await chain.rpc("eth_getTransactionByHash", [hash])).nonce, numberToHex(2 ** 40));
        assert.equal((await chain.rpc("txpool_status")).queued, "0x1");
    });

    test("a price below the base fee is refused, since nothing would lower it", async () => {
        const chain = network.l1;
        const from = signer(chain, network.accounts[0].privateKey);
        const nonce = number(await chain.rpc("eth_getTransactionCount", [from.address, "latest"]));
        await assert.rejects(
            chain.rpc(...send(await from.sign({ nonce, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }))),
            (error) => error.code === -32000 && /max fee per gas less than block base fee: address 0x.*maxFeePerGas: 1, baseFee: \d+/.test(error.text),
        );
    });

    test("timestamps rise strictly on L1", async () => {
        const head = number(await network.l1.rpc("eth_blockNumber"));
        const from = Math.max(0, head - 200);
        const calls = [];
        for (let n = from; n <= head; n++) calls.push(["eth_getBlockByNumber", [numberToHex(n), false]]);
        const times = (await rpcBatch(network.l1.url, calls)).map(({ result }) => number(result.timestamp));
        for (let i = 1; i < times.length; i++) assert.ok(times[i] > times[i - 1]);
    });

    test("blocks on demand", async () => {
        for (const chain of network.chains) {
            const head = number(await chain.rpc("eth_blockNumber"));
            await chain.rpc("evm_mine");
            assert.equal(number(await chain.rpc("eth_blockNumber")), head + 1);
            await chain.rpc("anvil_mine", [numberToHex(500), "0xc"]);
            assert.equal(number(await chain.rpc("eth_blockNumber")), head + 501);
            const newest = await chain.rpc("eth_getBlockByNumber", ["latest", false]);
            const before = await chain.rpc("eth_getBlockByNumber", [numberToHex(head + 500), false]);
            assert.equal(number(newest.timestamp) - number(before.timestamp), 12);
            const time = number(newest.timestamp) + 1000;
            await chain.rpc("evm_mine", [numberToHex(time)]);
            assert.equal(number((await chain.rpc("eth_getBlockByNumber", ["latest", false])).timestamp), time);
            await assert.rejects(chain.rpc("evm_mine", [numberToHex(time - 10)]), (error) => error.code === -32602);
        }
    });
});

describe("a slot time", () => {
    let network;
    before(async () => (network = await startNetwork({ silent: true, rollups: 1, slotTime: 300 })));
    after(async () => assert.equal((await network.stop()).code, 0));

    test("transactions wait for the slot and share its block, best tip first", async () => {
        const chain = network.l1;
        const [a, b] = network.accounts.map(({ privateKey }) => signer(chain, privateKey));
        // Just after a block, so that both come before the next.
        const head = await chain.rpc("eth_blockNumber");
        while ((await chain.rpc("eth_blockNumber")) === head);
        const low = await chain.rpc(...send(await a.sign({ nonce: 0, maxPriorityFeePerGas: 1n })));
        const high = await chain.rpc(...send(await b.sign({ nonce: 0, maxPriorityFeePerGas: 2n * GWEI })));
        const pending = await chain.rpc("eth_getBlockByNumber", ["pending", false]);
        assert.deepEqual(new Set(pending.transactions), new Set([low, high]));
        assert.equal(await chain.rpc("eth_getTransactionCount", [a.address, "pending"]), "0x1");
        assert.equal(await chain.rpc("eth_getTransactionReceipt", [low]), null);
        const begin = performance.now();
        while ((await chain.rpc("eth_getTransactionReceipt", [low])) === null)
            assert.ok(performance.now() - begin < 5000, "not mined");
        const [receiptLow, receiptHigh] = await Promise.all([low, high].map((hash) => chain.rpc("eth_getTransactionReceipt", [hash])));
        assert.equal(receiptLow.blockHash, receiptHigh.blockHash);
        assert.equal(receiptHigh.transactionIndex, "0x0");
        assert.equal(receiptLow.transactionIndex, "0x1");
    });

    test("a replacement must pay a tenth more", async () => {
        const chain = network.l1;
        const from = signer(chain, network.accounts[5].privateKey);
        await chain.rpc(...send(await from.sign({ nonce: 0, maxFeePerGas: 50n * GWEI })));
        await assert.rejects(
            chain.rpc(...send(await from.sign({ nonce: 0, maxFeePerGas: 51n * GWEI }))),
            (error) => error.code === -32000 && error.text === "replacement transaction underpriced",
        );
        await assert.rejects(
            chain.rpc(...send(await from.sign({ nonce: 0, maxFeePerGas: 50n * GWEI }))),
            (error) => error.code === -32000 && error.text === "already known",
        );
        const hash = await chain.rpc(...send(await from.sign({ nonce: 0, maxFeePerGas: 60n * GWEI, maxPriorityFeePerGas: 2n * GWEI })));
        const begin = performance.now();
        while ((await chain.rpc("eth_getTransactionReceipt", [hash])) === null)
            assert.ok(performance.now() - begin < 5000, "not mined");
    });

    test("rollups do not wait", async () => {
        const chain = network.rollups[0];
        const from = signer(chain, network.accounts[0].privateKey);
        const hash = await chain.rpc(...send(await from.sign({ nonce: 0 })));
        assert.equal((await chain.rpc("eth_getTransactionReceipt", [hash])).status, "0x1");
    });

    test("a request in flight is answered when the node stops", async () => {
        const other = await startNetwork({ silent: true, rollups: 0 });
        const mining = rpcCall(other.l1.url, "anvil_mine", [numberToHex(100000)]).catch((error) => error);
        await new Promise((resolve) => setTimeout(resolve, 50));
        const { code, ms } = await other.stop();
        const answer = await mining;
        assert.equal(code, 0);
        assert.ok(ms < 5000, `${ms} ms`);
        assert.ok(answer === null || /stopping/.test(answer.message), `${answer}`);
    });
});
