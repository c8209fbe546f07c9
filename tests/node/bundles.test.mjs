// Bundles (eth_sendBundle): transactions that go into one block of L1 together, in order and side by side, or not at
// all; and why one is not in.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { concat, encodeFunctionData, keccak256, numberToHex, pad, parseEther } from "viem";
import { openNetwork } from "../messages/lib.mjs";
import { startNetwork } from "../lib/network.mjs";
import { generator } from "../lib/random.mjs";
import { GWEI, deployCode, number, signer } from "../lib/transactions.mjs";
import { zeroBlob, zeroKzg } from "../clients/lib.mjs";

const TO = `0x${"11".repeat(20)}`;
const hashOf = (txs) => keccak256(concat(txs.map((tx) => keccak256(tx))));
// Reverts with "no" (Error(string)) when value comes along, else stops.
const SAYS_NO = "3415603557" + "62461bcd60e51b600052602060045260026024527f6e6f".concat("00".repeat(30)) + "6044526064" + "6000fd" + "5b00";

async function refused(promise, text, code = -32602) {
    await assert.rejects(promise, (error) => {
        if (text instanceof RegExp) assert.match(error.text, text);
        else assert.equal(error.text, text);
        assert.equal(error.code, code);
        return true;
    });
}

describe("a chain of blocks on demand", () => {
    let network, l1, signers, clean;
    before(async () => {
        network = await startNetwork({ rollups: 0, accounts: 5 });
        l1 = network.l1;
        signers = network.accounts.map(({ privateKey }) => signer(l1, privateKey));
        await l1.rpc("evm_setAutomine", [false]);
        clean = await l1.rpc("evm_snapshot");
    });
    after(async () => assert.equal((await network.stop()).code, 0));
    beforeEach(async () => {
        assert.equal(await l1.rpc("evm_revert", [clean]), true);
        clean = await l1.rpc("evm_snapshot");
        await l1.rpc("anvil_dropAllTransactions");
    });

    const next = async () => number(await l1.rpc("eth_blockNumber")) + 1;
    const send = async (bundle) => (await l1.rpc("eth_sendBundle", [bundle])).bundleHash;
    const states = (hash) => l1.rpc("lockstep_getBundle", [hash]);
    async function mined() {
        await l1.rpc("evm_mine");
        return (await l1.rpc("eth_getBlockByNumber", ["latest", false])).transactions;
    }
    const reasonOf = async (hash) => {
        const state = (await states(hash)).at(-1);
        assert.equal(state.status, "dropped");
        return state.reason;
    };

    test("goes in front, in order and side by side, whatever others pay", async () => {
        const [a, b, c] = signers;
        await l1.rpc("eth_sendRawTransaction", [await c.sign({ nonce: 0, maxPriorityFeePerGas: 50n * GWEI })]);
        const txs = [await b.sign({ nonce: 0 }), await a.sign({ nonce: 0, maxPriorityFeePerGas: 2n }), await b.sign({ nonce: 1 })];
        const blockNumber = await next();
        const hash = await send({ txs, blockNumber: numberToHex(blockNumber) });
        assert.equal(hash, hashOf(txs));
        assert.deepEqual(await states(hash), [{ blockNumber: numberToHex(blockNumber), status: "waiting", reason: null }]);
        assert.equal(await send({ txs }), hash, "the same again is there once");
        assert.equal((await states(hash)).length, 1);
        assert.deepEqual((await mined()).slice(0, 3), txs.map((tx) => keccak256(tx)));
        assert.deepEqual(await states(hash), [{ blockNumber: numberToHex(blockNumber), status: "included", reason: null }]);
        assert.deepEqual(await states(pad("0x1", { size: 32 })), []);
    });

    test("waits for its block, and no other", async () => {
        const txs = [await signers[0].sign({ nonce: 0 })];
        const first = await next();
        const hash = await send({ txs, blockNumber: first + 1 });
        assert.deepEqual(await mined(), []);
        assert.deepEqual(await mined(), [keccak256(txs[0])]);
        // Several blocks may be tried: once it is in one, there is nothing left for the others.
        const more = [await signers[1].sign({ nonce: 0 })];
        for (const blockNumber of [first + 2, first + 3]) await send({ txs: more, blockNumber });
        assert.deepEqual(await mined(), [keccak256(more[0])]);
        assert.deepEqual(await mined(), []);
        const [one, two] = await states(hashOf(more));
        assert.deepEqual([one.status, two.status], ["included", "dropped"]);
        assert.match(two.reason, /^transaction 0 \(0x[0-9a-f]{64}\): nonce too low/);
        assert.equal((await states(hash))[0].status, "included");
    });

    test("one that fails takes all of it along, unless it may", async () => {
        const [a, b] = signers;
        const no = await deploySaysNo();
        const txs = [await a.sign({ nonce: 1 }), await b.sign({ nonce: 0, to: no, value: 1n, gas: 100_000n }), await a.sign({ nonce: 2 })];
        const bundle = { txs, blockNumber: await next() };
        await send(bundle);
        assert.deepEqual(await mined(), []);
        assert.equal(await reasonOf(hashOf(txs)), `transaction 1 (${keccak256(txs[1])}): execution reverted: no`);
        await send({ txs, revertingTxHashes: [keccak256(txs[1])] });
        assert.deepEqual(await mined(), txs.map((tx) => keccak256(tx)));
        const { status } = await l1.rpc("eth_getTransactionReceipt", [keccak256(txs[1])]);
        assert.equal(status, "0x0");
    });

    async function deploySaysNo() {
        await l1.rpc("evm_setAutomine", [true]);
        const address = await deployCode(l1, signers[0].address, SAYS_NO);
        await l1.rpc("evm_setAutomine", [false]);
        return address;
    }

    test("what no block could take is a reason, too", async () => {
        const [a, b] = signers;
        const cases = [
            [[await a.sign({ nonce: 1 })], /^transaction 0 .*: nonce too high/],
            [[await a.sign({ nonce: 0 }), await b.sign({ nonce: 0, value: parseEther("1000000") })], /^transaction 1 .*: insufficient funds/],
            [[await a.sign({ nonce: 0, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n })], /^transaction 0 .*: max fee per gas less than block base fee/],
            [[await a.sign({ nonce: 0, to: null, data: "0xfe", gas: 100_000n })], /^transaction 0 .*: invalid opcode/],
        ];
        for (const [txs, reason] of cases) {
            await send({ txs });
            assert.deepEqual(await mined(), []);
            assert.match(await reasonOf(hashOf(txs)), reason);
        }
    });

    test("with a time that its block has not", async () => {
        const { timestamp } = await l1.rpc("eth_getBlockByNumber", ["latest", false]);
        const at = number(timestamp) + 1000;
        const txs = [await signers[0].sign({ nonce: 0 })];
        for (const [limits, reason] of [
            [{ minTimestamp: at + 1 }, `its block has timestamp ${at}, which is below minTimestamp ${at + 1}`],
            [{ maxTimestamp: at - 1 }, `its block has timestamp ${at}, which is above maxTimestamp ${at - 1}`],
        ]) {
            await send({ txs, ...limits });
            await l1.rpc("evm_setNextBlockTimestamp", [at]);
            assert.deepEqual(await mined(), []);
            assert.equal(await reasonOf(hashOf(txs)), reason);
            assert.equal(await l1.rpc("evm_revert", [clean]), true);
            clean = await l1.rpc("evm_snapshot");
        }
        await send({ txs, minTimestamp: at, maxTimestamp: at });
        await l1.rpc("evm_setNextBlockTimestamp", [at]);
        assert.equal((await mined()).length, 1);
    });

    test("two that want the same nonce: the first one sent is in, and the pool learns of it", async () => {
        const [a, b] = signers;
        const pooled = await a.sign({ nonce: 0, value: 3n });
        await l1.rpc("eth_sendRawTransaction", [pooled]);
        await l1.rpc("eth_sendRawTransaction", [await a.sign({ nonce: 1 })]);
        const first = [await a.sign({ nonce: 0, value: 1n })];
        const second = [await b.sign({ nonce: 0 }), await a.sign({ nonce: 0, value: 2n })];
        for (const txs of [first, second]) await send({ txs });
        const block = await mined();
        assert.deepEqual([block[0], block.length], [keccak256(first[0]), 2]);
        assert.match(await reasonOf(hashOf(second)), /^transaction 1 .*: nonce too low/);
        assert.equal(await l1.rpc("eth_getTransactionByHash", [keccak256(pooled)]), null);
        assert.deepEqual(await l1.rpc("txpool_status"), { pending: "0x0", queued: "0x0" });
    });

    test("of a transaction that is in the pool as well, it is the bundle's", async () => {
        const [a, b] = signers;
        const txs = [await b.sign({ nonce: 0 }), await a.sign({ nonce: 0 })];
        await l1.rpc("eth_sendRawTransaction", [txs[1]]);
        await send({ txs });
        assert.deepEqual(await mined(), txs.map((tx) => keccak256(tx)));
        assert.deepEqual(await l1.rpc("txpool_status"), { pending: "0x0", queued: "0x0" });
    });

    test("sent too late, too far ahead, too large, or not as a bundle is", async () => {
        const [a] = signers;
        const tx = await a.sign({ nonce: 0 });
        const head = (await next()) - 1;
        const bundle = (fields) => l1.rpc("eth_sendBundle", [{ txs: [tx], ...fields }]);
        await refused(bundle({ blockNumber: head }), `block ${head} is there already: the next one is ${head + 1}`);
        await refused(bundle({ blockNumber: head + 1001 }), /^block \d+ is too far ahead: .* may wait for 1000$/);
        await refused(bundle({ txs: [] }), "a bundle has one transaction at least");
        await refused(bundle({ txs: undefined }), "a bundle has one transaction at least");
        await refused(bundle({ txs: tx }), /txs.*not an array/);
        await refused(bundle({ txs: [tx, tx] }), "transaction 1 is transaction 0 again");
        await refused(bundle({ txs: ["0x02"] }), /^transaction 0: /, -32000);
        await refused(bundle({ txs: [await a.sign({ nonce: 0, chainId: 5 })] }), /^transaction 0: invalid chain id/, -32000);
        await refused(bundle({ txs: [await a.sign({ nonce: 0, gas: 20_000n })] }), /^transaction 0: intrinsic gas too low/, -32000);
        const many = await Promise.all(Array.from({ length: 33 }, (_, nonce) => a.sign({ nonce })));
        await refused(bundle({ txs: many }), "a bundle may have 32 transactions at most");
        await refused(bundle({ minTimestamp: 5, maxTimestamp: 4 }), "minTimestamp is above maxTimestamp");
        await refused(bundle({ revertingTxHashes: [pad("0x1", { size: 32 })] }), "revertingTxHashes: number 0 is none of the bundle's transactions");
        await refused(bundle({ revertingTxHashes: ["0x1"] }), /revertingTxHashes/);
        await refused(bundle({ replacementUuid: "x" }), /there is no member "replacementUuid"/);
        await refused(l1.rpc("eth_sendBundle", ["0x"]), /not an object/);
        await refused(l1.rpc("lockstep_getBundle", ["0x01"]), /64 digits/);
        await bundle({});
        await mined();
        await refused(bundle({}), /^transaction 0: nonce too low/, -32000);
    });

    test("so many wait, and no more", async () => {
        const [a] = signers;
        const blockNumber = await next();
        for (let nonce = 0; nonce < 256; nonce++) await send({ txs: [await a.sign({ nonce })], blockNumber: blockNumber + 1 });
        await refused(send({ txs: [await a.sign({ nonce: 256 })] }), /^there is no room for more bundles: 256 wait, and 256 may/, -32000);
        await mined();
        assert.equal((await mined()).length, 16);
        assert.equal(await reasonOf(hashOf([await a.sign({ nonce: 16 })])), "its block has 16 bundles already");
    });

    test("a block that the chain leaves takes its bundles along", async () => {
        const [a, b] = signers;
        const txs = [await a.sign({ nonce: 0 }), await b.sign({ nonce: 0 })];
        const late = [await signers[2].sign({ nonce: 0 })];
        const blockNumber = await next();
        const hash = await send({ txs, blockNumber });
        const later = await send({ txs: late, blockNumber: blockNumber + 1 });
        assert.equal((await mined()).length, 2);
        await l1.rpc("anvil_reorg", [1, []]);
        assert.deepEqual(await states(hash), [
            { blockNumber: numberToHex(blockNumber), status: "dropped", reason: "the chain has left the block that it was in" },
        ]);
        for (const { address } of [a, b]) assert.equal(await l1.rpc("eth_getTransactionCount", [address, "latest"]), "0x0");
        // What waits for a block after it waits on; what was in can be sent again.
        await send({ txs, blockNumber: blockNumber + 1 });
        assert.deepEqual(new Set(await mined()), new Set([...late, ...txs].map((tx) => keccak256(tx))));
        assert.equal((await states(later))[0].status, "included");
    });

    test("tried without being sent (eth_callBundle)", async () => {
        const [a, b] = signers;
        const no = await deploySaysNo();
        const price = 2n * GWEI;
        const txs = [
            await b.sign({ nonce: 0, maxPriorityFeePerGas: price }),
            await a.sign({ nonce: 1, to: no, value: 1n, gas: 100_000n }),
            await b.sign({ nonce: 1, to: null, data: "0xfe", gas: 100_000n }),
        ];
        const call = (fields) => l1.rpc("eth_callBundle", [{ txs, ...fields }]);
        const blockNumber = await next();
        const { results, ...all } = await call({ blockNumber: numberToHex(blockNumber), stateBlockNumber: "latest" });
        assert.equal(all.bundleHash, hashOf(txs));
        assert.equal(number(all.stateBlockNumber), blockNumber - 1);
        const gasUsed = results.map((result) => BigInt(result.gasUsed));
        assert.deepEqual(gasUsed[0], 21_000n);
        assert.deepEqual(gasUsed[2], 100_000n);
        assert.equal(BigInt(all.totalGasUsed), gasUsed.reduce((x, y) => x + y));
        assert.equal(BigInt(results[0].gasFees), 21_000n * price);
        assert.equal(BigInt(all.gasFees), 21_000n * price + (gasUsed[1] + gasUsed[2]) * GWEI);
        assert.deepEqual(results.map((r) => [r.txHash, r.fromAddress, r.toAddress, r.value, r.error, r.revert]), [
            [keccak256(txs[0]), b.address.toLowerCase(), TO, "0x", undefined, undefined],
            [keccak256(txs[1]), a.address.toLowerCase(), no, undefined, "execution reverted", "execution reverted: no"],
            [keccak256(txs[2]), b.address.toLowerCase(), null, undefined, "invalid opcode", undefined],
        ]);
        assert.equal(await next(), blockNumber, "nothing has happened");
        // What it says is what the block does.
        await send({ txs, revertingTxHashes: txs.slice(1).map((tx) => keccak256(tx)) });
        await mined();
        for (const [i, tx] of txs.entries())
            assert.equal(BigInt((await l1.rpc("eth_getTransactionReceipt", [keccak256(tx)])).gasUsed), gasUsed[i]);
        const other = [await b.sign({ nonce: 2 })];
        await refused(call({ txs: other, blockNumber: blockNumber + 2 }), `bundles are tried in the next block, ${blockNumber + 1}, on top of the latest`, -32004);
        await refused(call({ txs: other, stateBlockNumber: "0x0" }), /on top of the latest$/, -32004);
        await refused(call({ txs: other, timestamp: 1 }), /^timestamp 1 is before the earliest possible one/);
        await refused(call({ txs: [] }), "a bundle has 1 to 32 transactions");
        await refused(call({ txs: [await b.sign({ nonce: 3 })] }), /^transaction 0: nonce too high/, -32000);
        await refused(call({ minTimestamp: 1 }), /there is no member "minTimestamp"/);
    });

    test("with blobs", async () => {
        const [a, b] = signers;
        const blob = await a.sign({ nonce: 0, type: "eip4844", to: TO, kzg: zeroKzg, blobs: [zeroBlob], maxFeePerBlobGas: GWEI });
        await send({ txs: [await b.sign({ nonce: 0 }), blob] });
        assert.equal((await mined()).length, 2);
        assert.equal((await l1.rpc("eth_getBlockByNumber", ["latest", false])).blobGasUsed, numberToHex(131072));
    });

    test("many at random: each is whole, in order and side by side, or not there, and the reason is true", async (t) => {
        const seed = Number(process.env.SEED ?? 20261121);
        t.diagnostic(`SEED=${seed}`);
        const random = generator(seed);
        const below = (n) => Math.floor(random() * n);
        const no = await deploySaysNo();
        const nonces = async () => Promise.all(signers.map(async ({ address }) => number(await l1.rpc("eth_getTransactionCount", [address, "latest"]))));
        const tallies = { included: 0, dropped: 0 };
        for (let round = 0; round < 25; round++) {
            const base = await nonces();
            let used = signers.map(() => 0);
            const some = () => {
                const who = below(signers.length);
                const nonce = base[who] + used[who]++ + (below(8) === 0 ? 1 : 0);
                const fields = { nonce, value: BigInt(below(3)), gas: 60_000n, to: below(4) === 0 ? no : TO };
                return signers[who].sign({ ...fields, maxPriorityFeePerGas: BigInt(1 + below(5)) * GWEI });
            };
            for (let i = below(4); i > 0; i--) await l1.rpc("eth_sendRawTransaction", [await some()]).catch(() => {});
            const bundles = [];
            for (let i = 1 + below(5); i > 0; i--) {
                used = used.map((count) => (below(2) === 0 ? 0 : count));
                const txs = [...new Set(await Promise.all(Array.from({ length: 1 + below(3) }, some)))];
                const revertingTxHashes = txs.filter(() => below(2) === 0).map((tx) => keccak256(tx));
                const hash = await send({ txs, revertingTxHashes }).catch(() => null);
                if (hash !== null && !bundles.some((bundle) => bundle.hash === hash)) bundles.push({ hash, txs, revertingTxHashes });
            }
            const block = await mined();
            let at = 0;
            for (const { hash, txs, revertingTxHashes } of bundles) {
                const { status, reason } = (await states(hash)).at(-1);
                tallies[status]++;
                const hashes = txs.map((tx) => keccak256(tx));
                if (status === "dropped") {
                    const [, index, which] = reason.match(/^transaction (\d) \((0x[0-9a-f]{64})\): /);
                    assert.equal(which, hashes[Number(index)]);
                    continue;
                }
                // In the order in which they were sent, in front of what comes from the pool.
                assert.deepEqual(block.slice(at, at + hashes.length), hashes);
                at += hashes.length;
                for (const tx of hashes) {
                    const receipt = await l1.rpc("eth_getTransactionReceipt", [tx]);
                    assert.ok(receipt.status === "0x1" || revertingTxHashes.includes(tx));
                }
            }
        }
        t.diagnostic(JSON.stringify(tallies));
        assert.ok(tallies.included > 10 && tallies.dropped > 10, JSON.stringify(tallies));
    });

    test("those that wait go with anvil_dropAllTransactions", async () => {
        const hash = await send({ txs: [await signers[0].sign({ nonce: 0 })] });
        await l1.rpc("anvil_dropAllTransactions");
        assert.equal(await reasonOf(hash), "it was dropped with all transactions that wait");
        assert.deepEqual(await mined(), []);
    });
});

describe("a network that mines at once", () => {
    let n, l1, rollup1;
    before(async () => {
        n = await openNetwork();
        ({ l1, rollups: [rollup1] } = n);
    });
    after(async () => assert.equal((await n.stop()).code, 0));

    const sign = async (chain, tx) =>
        chain.wallet.signTransaction(await chain.wallet.prepareTransactionRequest({ gas: 1_000_000n, type: "eip1559", ...tx }));

    test("a bundle for the next block has it made, and who sent it hears why not", async () => {
        const blockNumber = await l1.client.getBlockNumber({ cacheTime: 0 });
        const nonce = await l1.client.getTransactionCount(l1.account);
        const txs = [await sign(l1, { to: TO, value: 1n, nonce }), await sign(l1, { to: TO, value: 2n, nonce: nonce + 1 })];
        await refused(l1.rpc("eth_sendBundle", [{ txs: txs.slice(1) }]), /^transaction 0 .*: nonce too high/, -32000);
        assert.equal(await l1.client.getBlockNumber({ cacheTime: 0 }), blockNumber, "no block for nothing");
        await l1.rpc("eth_sendBundle", [{ txs }]);
        const block = await l1.client.getBlock({ blockNumber: blockNumber + 1n });
        assert.deepEqual(block.transactions, txs.map((tx) => keccak256(tx)));
        assert.equal(await l1.balance(TO), 3n);
    });

    test("one for a later block is in front of what makes that block", async () => {
        const blockNumber = await l1.client.getBlockNumber({ cacheTime: 0 });
        const other = n.as(1).l1;
        const txs = [await sign(other, { to: TO, value: 1n })];
        await l1.rpc("eth_sendBundle", [{ txs, blockNumber: numberToHex(blockNumber + 2n) }]);
        assert.equal(await l1.client.getBlockNumber({ cacheTime: 0 }), blockNumber);
        await l1.mined(await l1.wallet.sendTransaction({ to: TO, value: 1n }));
        const hash = await l1.wallet.sendTransaction({ to: TO, value: 1n });
        await l1.mined(hash);
        const block = await l1.client.getBlock({ blockNumber: blockNumber + 2n });
        assert.deepEqual(block.transactions, [keccak256(txs[0]), hash]);
    });

    test("calls to a rollup, with the batch in front, and all undone together", async () => {
        const proxy = await l1.read("hub", "proxyOf", [1n, TO]);
        await l1.write("hub", "createProxy", [1n, TO]);
        const nonce = await l1.client.getTransactionCount(l1.account);
        const calls = async (...values) => Promise.all(values.map((value, i) => sign(l1, { to: proxy, value, nonce: nonce + i })));
        const head = await l1.read("hub", "head", [1n]);
        const poor = await n.as(2).l1;
        const wrong = await sign(poor, { to: l1.contracts.hub.address, data: "0xdeadbeef" });
        await refused(l1.rpc("eth_sendBundle", [{ txs: [...(await calls(5n, 6n)), wrong] }]), /^transaction 2 .*: execution reverted/, -32000);
        assert.equal(await l1.read("hub", "head", [1n]), head);
        const txs = await calls(5n, 6n);
        const { results } = await l1.rpc("eth_callBundle", [{ txs }]);
        assert.deepEqual(results.map(({ value, error }) => [value, error]), [["0x", undefined], ["0x", undefined]]);
        await l1.rpc("eth_sendBundle", [{ txs }]);
        assert.equal(await rollup1.balance(TO), 11n);
        const block = await l1.client.getBlock();
        assert.deepEqual(block.transactions.slice(1), txs.map((tx) => keccak256(tx)));
    });

    test("the batch that imports a bundle's message comes behind all of it", async () => {
        const nonce = await l1.client.getTransactionCount(l1.account);
        const { address, abi } = l1.contracts.messageService;
        const said = pad("0x77", { size: 32 });
        const data = encodeFunctionData({ abi, functionName: "broadcastMessage", args: [said] });
        const txs = [await sign(l1, { to: address, data, nonce }), await sign(l1, { to: TO, value: 1n, nonce: nonce + 1 })];
        await l1.rpc("eth_sendBundle", [{ txs }]);
        const block = await l1.client.getBlock({ includeTransactions: true });
        assert.deepEqual(block.transactions.slice(0, 2).map(({ hash }) => hash), txs.map((tx) => keccak256(tx)));
        assert.equal(block.transactions[2].to.toLowerCase(), l1.contracts.hub.address.toLowerCase());
        assert.equal(await rollup1.read("messageService", "isReceived", [said, l1.account.address]), true);
    });

    test("blocks by the clock take what is for them", async () => {
        const other = n.as(3).l1;
        const txs = [await sign(other, { to: TO, value: 1n })];
        const blockNumber = await l1.client.getBlockNumber({ cacheTime: 0 });
        await l1.rpc("evm_setIntervalMining", [[100, 100]]);
        // For each of some blocks, as nobody knows when it arrives.
        for (let later = 2n; later < 12n; later++)
            await l1.rpc("eth_sendBundle", [{ txs, blockNumber: numberToHex(blockNumber + later) }]).catch((error) => assert.match(error.text, /is there already/));
        const { blockNumber: number } = await other.client.waitForTransactionReceipt({ hash: keccak256(txs[0]) });
        await l1.rpc("evm_setAutomine", [true]);
        const states = await l1.rpc("lockstep_getBundle", [hashOf(txs)]);
        assert.deepEqual(states.filter(({ status }) => status === "included").map((state) => BigInt(state.blockNumber)), [number]);
    });

    test("rollups have none", async () => {
        await refused(rollup1.rpc("eth_sendBundle", [{ txs: ["0x02"] }]), /^bundles are sent on l1: ask its endpoint, http/, -32004);
        await refused(rollup1.rpc("lockstep_getBundle", [pad("0x1", { size: 32 })]), /^bundles are sent on l1/, -32004);
    });
});
