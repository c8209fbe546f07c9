// ethers: signers of the node and of its own, contracts, typed data, all kinds of transactions, and
// events over WebSocket.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet, WebSocketProvider, parseEther, verifyTypedData } from "ethers";
import { artifact, onEachChain, typedData, zeroBlob } from "./lib.mjs";

const infinity = `0xc0${"00".repeat(47)}`;
const kzgLibrary = { blobToKzgCommitment: () => infinity, computeBlobKzgProof: () => infinity };

test("ethers", (t) => onEachChain(t, async (chain, network, t) => {
    const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true, pollingInterval: 10, cacheTimeout: -1 });
    t.after(() => provider.destroy());
    const wallet = new NonceManager(new Wallet(network.accounts[0].privateKey, provider));
    const from = network.accounts[0].address;
    const { abi, bytecode } = artifact("Counter");
    const counter = await (await new ContractFactory(abi, bytecode, wallet).deploy()).waitForDeployment();
    const address = await counter.getAddress();
    const to = `0x${"11".repeat(20)}`;
    const receiptOf = async (sending) => {
        const receipt = await (await sending).wait();
        assert.equal(receipt.status, 1);
        return receipt;
    };

    await t.test("calls, estimates, sends, and reads logs", async () => {
        assert.equal(await counter.add.staticCall(5n), 5n);
        const gasLimit = await counter.add.estimateGas(5n);
        const { gasUsed } = await receiptOf(counter.add(5n, { gasLimit }));
        assert.ok(gasUsed <= gasLimit);
        assert.equal(await counter.total(), 5n);
        const [event] = await counter.queryFilter("Added");
        assert.deepEqual([...event.args], [5n, 5n]);
        const signer = await provider.getSigner(network.accounts[1].address);
        await receiptOf(signer.sendTransaction({ to, value: 1n }));
        assert.equal((await provider.getFeeData()).maxPriorityFeePerGas, 10n ** 9n);
        await assert.rejects(new Contract(to, abi, provider).total(), { code: "BAD_DATA" });
    });

    await t.test("watches events and blocks over WebSocket", async () => {
        const socket = new WebSocketProvider(chain.url.replace("http", "ws"), chain.chainId, { staticNetwork: true });
        const seen = { events: [], blocks: [], pending: [] };
        let wake;
        const note = (list) => (item) => { list.push(item); wake?.(); };
        await new Contract(address, abi, socket).on("Added", (amount, total) => note(seen.events)([amount, total]));
        await socket.on("block", note(seen.blocks));
        await socket.on("pending", note(seen.pending));
        await socket.getBlockNumber();
        const receipt = await receiptOf(counter.add(2n));
        while (Object.values(seen).some((list) => list.length === 0)) await new Promise((resolve) => (wake = resolve));
        assert.deepEqual(seen.events, [[2n, 7n]]);
        assert.deepEqual(seen.blocks, [receipt.blockNumber]);
        assert.deepEqual(seen.pending, [receipt.hash]);
        await socket.destroy();
    });

    await t.test("signs messages and typed data with the node's keys", async () => {
        const own = new Wallet(network.accounts[1].privateKey);
        const signer = await provider.getSigner(own.address);
        const { domain, types, message } = typedData(chain.chainId, address);
        const signature = await signer.signTypedData(domain, types, message);
        assert.equal(signature, await own.signTypedData(domain, types, message));
        assert.equal(verifyTypedData(domain, types, message, signature), own.address);
        assert.equal(await signer.signMessage("h\u00e9llo"), await own.signMessage("h\u00e9llo"));
        assert.equal(await signer._legacySignMessage("hello"), await own.signMessage("hello"));
    });

    await t.test("sends every kind of transaction", async () => {
        const { gasPrice } = await provider.getFeeData();
        const accessList = [{ address, storageKeys: [`0x${"00".repeat(32)}`] }];
        for (const tx of [{ type: 0, gasPrice }, { type: 1, gasPrice, accessList }, { type: 2, accessList }])
            assert.equal((await receiptOf(wallet.sendTransaction({ to, value: 1n, ...tx }))).type, tx.type);
        const authority = new Wallet(network.accounts[2].privateKey, provider);
        const authorization = await authority.authorize({ address, nonce: await authority.getNonce() });
        const delegated = counter.attach(authority.address);
        const receipt = await receiptOf(delegated.add(9n, { type: 4, authorizationList: [authorization] }));
        assert.equal(receipt.type, 4);
        assert.equal(await delegated.total(), 9n);
        const blob = { type: 3, to, blobs: [zeroBlob], kzg: kzgLibrary, maxFeePerBlobGas: 10n ** 12n };
        if (chain.rollupId > 0) await assert.rejects(wallet.sendTransaction(blob), /not supported/i);
        else assert.equal((await receiptOf(wallet.sendTransaction(blob))).blobGasUsed, 131072n);
        wallet.reset();
    });

    await t.test("speaks of failures in ethers' terms", async () => {
        const grump = artifact("Grump");
        const contract = await (await new ContractFactory(grump.abi, grump.bytecode, wallet).deploy()).waitForDeployment();
        await assert.rejects(contract.please.staticCall(3n), (error) => {
            assert.equal(error.code, "CALL_EXCEPTION");
            assert.equal(error.revert.name, "Unwilling");
            return true;
        });
        await assert.rejects(wallet.sendTransaction({ to, value: parseEther("1000000") }), { code: "INSUFFICIENT_FUNDS" });
        wallet.reset();
        const nonce = (await provider.getTransactionCount(from)) - 1;
        const bare = new Wallet(network.accounts[0].privateKey, provider);
        await assert.rejects(bare.sendTransaction({ to, nonce }), { code: "NONCE_EXPIRED" });
    });
}));
