// The transaction pool as its users meet it: what it says, what it shows, what goes into a block.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { fromRlp, numberToHex, parseEther, toRlp } from "viem";
import { startNetwork } from "../lib/network.mjs";
import { GWEI, number, signer } from "../lib/transactions.mjs";
import { zeroBlob, zeroKzg } from "../clients/lib.mjs";

const TO = `0x${"11".repeat(20)}`;

describe("the pool, without automine", () => {
    let network, l1, signers;
    let clean;
    before(async () => {
        network = await startNetwork({ rollups: 0, accounts: 4 });
        l1 = network.l1;
        signers = network.accounts.map(({ privateKey }) => signer(l1, privateKey));
        await l1.rpc("evm_setAutomine", [false]);
        clean = await l1.rpc("evm_snapshot");
    });
    after(async () => assert.equal((await network.stop()).code, 0));
    beforeEach(async () => {
        assert.equal(await l1.rpc("evm_revert", [clean]), true);
        clean = await l1.rpc("evm_snapshot");
    });

    const send = async (from, fields) => l1.rpc("eth_sendRawTransaction", [await from.sign(fields)]);
    const refused = async (text, from, fields) =>
        assert.rejects(send(from, fields), (error) => {
            assert.equal(error.code, -32000);
            if (text instanceof RegExp) assert.match(error.text, text);
            else assert.equal(error.text, text);
            return true;
        });
    const mined = async () => {
        await l1.rpc("evm_mine");
        return l1.rpc("eth_getBlockByNumber", ["latest", false]);
    };
    // A blob transaction on the wire; with version 1, as from Osaka on, one proof for each cell.
    const blobTransaction = async (from, count, version, fields) => {
        const raw = await from.sign({
            type: "eip4844", to: TO, kzg: zeroKzg, blobs: Array(count).fill(zeroBlob), maxFeePerBlobGas: GWEI, ...fields,
        });
        if (version === 0) return raw;
        const [tx, blobs, commitments] = fromRlp(`0x${raw.slice(4)}`, "hex");
        const proofs = Array(128 * count).fill(commitments[0]);
        return `0x03${toRlp([tx, "0x01", blobs, commitments, proofs]).slice(2)}`;
    };
    const sendBlobs = async (...args) => l1.rpc("eth_sendRawTransaction", [await blobTransaction(...args)]);

    test("why a transaction is refused", async () => {
        const [a, b] = signers;
        await send(a, { nonce: 0 });
        await send(a, { nonce: 2 });
        await refused("already known", a, { nonce: 0 });
        for (const nonce of [0, 2]) {
            await refused("replacement transaction underpriced", a, { nonce, maxFeePerGas: 110n * GWEI });
            await refused("replacement transaction underpriced", a, {
                nonce, maxPriorityFeePerGas: 2n * GWEI, maxFeePerGas: 109n * GWEI,
            });
            await send(a, { nonce, maxPriorityFeePerGas: (11n * GWEI) / 10n, maxFeePerGas: 110n * GWEI });
        }
        await refused(/^insufficient funds for gas \* price \+ value: address 0x\w{40} have 10000000000000000000000 want /, b, {
            nonce: 0, value: parseEther("10000"),
        });
        await send(b, { nonce: 0, value: parseEther("9000") });
        const cost = 21000n * 100n * GWEI;
        await refused(
            `insufficient funds for gas * price + value: balance ${parseEther("10000")}, ` +
                `queued cost ${parseEther("9000") + cost}, tx cost ${parseEther("2000") + cost}, ` +
                `overshot ${parseEther("1000") + 2n * cost}`,
            b,
            { nonce: 1, value: parseEther("2000") },
        );
        await refused("transaction gas limit too high (cap: 16777216, tx: 60000001)", a, { nonce: 1, gas: 60_000_001n });
        await l1.rpc("evm_setBlockGasLimit", [1_000_000]);
        await refused("exceeds block gas limit", a, { nonce: 1, gas: 1_000_001n });
        await l1.rpc("evm_setBlockGasLimit", [60_000_000]);
        await refused(/^oversized data: transaction size \d+, limit 131072$/, a, {
            nonce: 1, gas: 16_000_000n, data: `0x${"00".repeat(131072)}`,
        });
        await refused(/^intrinsic gas too low: have 20999, want 21000$/, a, { nonce: 1, gas: 20999n });
        await mined();
        await refused(/^nonce too low: address 0x\w{40}, tx: 0 state: 1$/, a, { nonce: 0 });
        assert.deepEqual(await l1.rpc("txpool_status"), { pending: "0x0", queued: "0x1" });
    });

    test("what is pending and what is queued, in all its views", async () => {
        const [a, b] = signers;
        const first = await send(a, { nonce: 0, value: 7n });
        await send(a, { nonce: 2 });
        await send(b, { nonce: 0, to: undefined, data: "0x00", gas: 100_000n });
        assert.deepEqual(await l1.rpc("txpool_status"), { pending: "0x2", queued: "0x1" });
        const content = await l1.rpc("txpool_content");
        assert.deepEqual(Object.keys(content.pending).sort(), [a.address, b.address].sort());
        assert.deepEqual(Object.keys(content.queued), [a.address]);
        assert.deepEqual(Object.keys(content.pending[a.address]), ["0"]);
        assert.deepEqual(Object.keys(content.queued[a.address]), ["2"]);
        assert.deepEqual(content.pending[a.address][0], await l1.rpc("eth_getTransactionByHash", [first]));
        assert.deepEqual(await l1.rpc("txpool_contentFrom", [a.address]), {
            pending: content.pending[a.address], queued: content.queued[a.address],
        });
        assert.deepEqual(await l1.rpc("txpool_contentFrom", [TO]), { pending: {}, queued: {} });
        const { pending, queued } = await l1.rpc("txpool_inspect");
        assert.equal(pending[a.address][0], `${TO}: 7 wei + 21000 gas × 100000000000 wei`);
        assert.equal(pending[b.address][0], "contract creation: 0 wei + 100000 gas × 100000000000 wei");
        assert.equal(queued[a.address][2], `${TO}: 0 wei + 21000 gas × 100000000000 wei`);
        assert.equal(await l1.rpc("eth_getTransactionCount", [a.address, "pending"]), "0x1");
        await send(a, { nonce: 1 });
        assert.deepEqual(await l1.rpc("txpool_status"), { pending: "0x4", queued: "0x0" });
        assert.equal(await l1.rpc("eth_getTransactionCount", [a.address, "pending"]), "0x3");
        assert.equal((await mined()).transactions.length, 4);
        assert.deepEqual(await l1.rpc("txpool_content"), { pending: {}, queued: {} });
    });

    test("a full block takes the best tips, nobody's nonces out of order", async () => {
        const [a, b, c] = signers;
        const gas = 16_000_000n; // three to a block
        // 0xfe uses all of it.
        const offer = (from, nonce, tip) =>
            send(from, { nonce, gas, to: undefined, data: "0xfe", maxPriorityFeePerGas: tip * GWEI, value: 0n });
        const hashes = [await offer(a, 0, 1n), await offer(a, 1, 90n), await offer(b, 0, 2n), await offer(c, 0, 3n)];
        assert.deepEqual((await mined()).transactions, [hashes[3], hashes[2], hashes[0]]);
        assert.deepEqual((await mined()).transactions, [hashes[1]]);
    });

    test("blobs go into blocks up to their limit, and their base fee follows", async () => {
        const hashes = [];
        for (const [i, count] of [6, 4, 3].entries())
            hashes.push(await sendBlobs(signers[i], count, i % 2, { nonce: 0, maxPriorityFeePerGas: BigInt(9 - i) * GWEI }));
        const next = await send(signers[1], { nonce: 1 });
        // Six and three fill a block of nine; four, which pays more than three, has to wait, and what
        // is behind it.
        const first = await mined();
        assert.deepEqual(first.transactions, [hashes[0], hashes[2]]);
        assert.equal(number(first.blobGasUsed), 9 * 131072);
        const second = await mined();
        assert.deepEqual(new Set(second.transactions), new Set([hashes[1], next]));
        assert.equal(number(second.blobGasUsed), 4 * 131072);
        assert.ok(number(second.excessBlobGas) > number(first.excessBlobGas));
        const receipt = await l1.rpc("eth_getTransactionReceipt", [hashes[1]]);
        assert.equal(number(receipt.blobGasUsed), 4 * 131072);
        assert.ok(number(receipt.blobGasPrice) >= 1);
    });

    test("blob transactions are replaced at twice the fees, sixteen of an account", async () => {
        const [a] = signers;
        const fees = (times) => ({
            nonce: 0, maxFeePerGas: times * 100n * GWEI, maxPriorityFeePerGas: times * GWEI, maxFeePerBlobGas: times * GWEI,
        });
        await sendBlobs(a, 1, 0, fees(1n));
        await assert.rejects(sendBlobs(a, 1, 0, { ...fees(2n), maxFeePerBlobGas: 2n * GWEI - 1n }), /replacement transaction underpriced/);
        await sendBlobs(a, 1, 0, fees(2n));
        for (let nonce = 1; nonce < 16; nonce++) await sendBlobs(a, 1, 0, { nonce });
        await assert.rejects(sendBlobs(a, 1, 0, { nonce: 16 }), /account limit exceeded: pooled 16 txs/);
        await send(a, { nonce: 16 });
        assert.equal(number((await mined()).blobGasUsed), 9 * 131072);
        await sendBlobs(a, 1, 0, { nonce: 17 });
    });

    test("a block built elsewhere gets the pool's blobs, also after a snapshot", async () => {
        const [a, b] = signers;
        const raw = await blobTransaction(a, 2, 1, { nonce: 0 });
        await l1.rpc("eth_sendRawTransaction", [raw]);
        await sendBlobs(b, 1, 0, { nonce: 0 }); // with proofs as before Osaka: cannot be handed on
        const id = await l1.rpc("evm_snapshot");
        const { number: head, timestamp, hash } = await l1.rpc("eth_getBlockByNumber", ["latest", false]);
        const build = () =>
            l1.rpc("testing_buildBlockV1", [
                hash,
                {
                    timestamp: numberToHex(number(timestamp) + 12),
                    prevRandao: `0x${"00".repeat(32)}`,
                    suggestedFeeRecipient: TO,
                    withdrawals: [],
                    parentBeaconBlockRoot: `0x${"00".repeat(32)}`,
                },
                null,
                "0x",
            ]);
        for (const when of ["before", "after"]) {
            if (when === "after") assert.equal(await l1.rpc("evm_revert", [id]), true);
            const { executionPayload, blobsBundle } = await build();
            assert.equal(number(executionPayload.blockNumber), number(head) + 1, when);
            assert.equal(executionPayload.transactions.length, 1);
            assert.equal(blobsBundle.blobs.length, 2);
            assert.equal(blobsBundle.proofs.length, 256);
            assert.equal(blobsBundle.blobs[0], zeroBlob);
        }
    });
});

describe("the pool, with automine", () => {
    let network;
    before(async () => (network = await startNetwork({ rollups: 0 })));
    after(async () => assert.equal((await network.stop()).code, 0));

    test("fees that no block would take are refused at once", async () => {
        const from = signer(network.l1, network.accounts[0].privateKey);
        const send = async (fields) => network.l1.rpc("eth_sendRawTransaction", [await from.sign({ nonce: 0, ...fields })]);
        await assert.rejects(send({ maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }), /max fee per gas less than block base fee: address 0x\w{40}, maxFeePerGas: 1, baseFee: \d+/);
        const blob = { type: "eip4844", to: TO, kzg: zeroKzg, blobs: [zeroBlob] };
        await assert.rejects(send({ ...blob, maxFeePerBlobGas: 0n }), /max fee per blob gas less than block blob gas fee: address 0x\w{40} blobGasFeeCap: 0, blobBaseFee: 1/);
        assert.deepEqual(await network.l1.rpc("txpool_status"), { pending: "0x0", queued: "0x0" });
        await send({ ...blob, maxFeePerBlobGas: 1n });
    });
});
