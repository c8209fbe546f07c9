// viem: accounts of the node and of its own, contracts, typed data, all kinds of transactions, and its
// test actions in both dialects.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
    createPublicClient, createTestClient, createWalletClient, getContract, http, numberToHex, pad, parseEther,
    publicActions, verifyTypedData, webSocket, zeroAddress,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { artifact, onEachChain, typedData, zeroBlob, zeroKzg } from "./lib.mjs";

test("viem", (t) => onEachChain(t, async (chain, network, t) => {
    const options = { chain: chain.viem, transport: http(chain.url, { retryCount: 0 }), pollingInterval: 10, cacheTime: 0 };
    const client = createPublicClient(options);
    const account = privateKeyToAccount(network.accounts[0].privateKey);
    const wallet = createWalletClient({ ...options, account });
    const ofNode = createWalletClient({ ...options, account: network.accounts[1].address });
    const receiptOf = async (hash) => {
        const receipt = await client.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, "success");
        return receipt;
    };
    const { abi, bytecode } = artifact("Counter");
    const { contractAddress: address } = await receiptOf(await wallet.deployContract({ abi, bytecode }));
    const counter = getContract({ address, abi, client: { public: client, wallet } });

    await t.test("calls, estimates, sends, and reads logs", async () => {
        const gas = await counter.estimateGas.add([5n]);
        const { result } = await counter.simulate.add([5n], { account });
        assert.equal(result, 5n);
        const { logs, gasUsed } = await receiptOf(await counter.write.add([5n], { gas }));
        assert.ok(gasUsed <= gas);
        assert.equal(logs.length, 1);
        assert.equal(await counter.read.total(), 5n);
        const [log] = await counter.getEvents.Added();
        assert.deepEqual(log.args, { amount: 5n, total: 5n });
        await receiptOf(await ofNode.sendTransaction({ to: zeroAddress, value: 1n }));
        const [total] = await client.multicall({ contracts: [{ address, abi, functionName: "total" }], deployless: true });
        assert.equal(total.result, 5n);
    });

    await t.test("watches logs over WebSocket", async () => {
        const watching = createPublicClient({ ...options, transport: webSocket(chain.url.replace("http", "ws"), { reconnect: false }) });
        const seen = [];
        let wake;
        const stop = watching.watchContractEvent({ address, abi, onLogs: (logs) => { seen.push(...logs); wake?.(); } });
        await watching.getChainId();
        await new Promise((resolve) => setImmediate(resolve));
        const hash = await counter.write.add([1n]);
        while (seen.length < 1) await new Promise((resolve) => (wake = resolve));
        assert.equal(seen[0].transactionHash, hash);
        stop();
        (await watching.transport.getRpcClient()).close();
    });

    await t.test("signs messages and typed data with the node's keys", async () => {
        const data = typedData(chain.chainId, address);
        const signature = await ofNode.signTypedData(data);
        const own = privateKeyToAccount(network.accounts[1].privateKey);
        assert.equal(signature, await own.signTypedData(data));
        assert.ok(await verifyTypedData({ ...data, address: own.address, signature }));
        const message = "héllo";
        assert.equal(await ofNode.signMessage({ message }), await own.signMessage({ message }));
    });

    await t.test("sends every kind of transaction", async () => {
        const gasPrice = await client.getGasPrice();
        await receiptOf(await wallet.sendTransaction({ to: zeroAddress, value: 1n, gasPrice, type: "legacy" }));
        const accessList = [{ address, storageKeys: [pad("0x00")] }];
        await receiptOf(await wallet.sendTransaction({ to: zeroAddress, accessList, gasPrice, type: "eip2930" }));
        await receiptOf(await wallet.sendTransaction({ to: zeroAddress, accessList, type: "eip1559" }));
        // EIP-7702: the account of another key runs the counter's code.
        const authority = privateKeyToAccount(network.accounts[2].privateKey);
        const authorization = await wallet.signAuthorization({ account: authority, contractAddress: address });
        const delegated = getContract({ address: authority.address, abi, client: { public: client, wallet } });
        const hash = await delegated.write.add([9n], { authorizationList: [authorization] });
        assert.equal((await receiptOf(hash)).type, "eip7702");
        assert.equal(await delegated.read.total(), 9n);
        // EIP-4844, on L1 only.
        const blob = { blobs: [zeroBlob], kzg: zeroKzg, to: zeroAddress, maxFeePerBlobGas: 10n ** 12n };
        if (chain.rollupId > 0) {
            await assert.rejects(wallet.sendTransaction(blob), /transaction type not supported/i);
            return;
        }
        const receipt = await receiptOf(await wallet.sendTransaction(blob));
        assert.equal(receipt.type, "eip4844");
        assert.equal(receipt.blobGasUsed, 131072n);
    });

    for (const mode of ["anvil", "hardhat"])
        await t.test(`test actions as of ${mode}`, async () => {
            const actions = createTestClient({ ...options, mode }).extend(publicActions);
            const who = `0x${"ab".repeat(20)}`;
            const id = await actions.snapshot();
            await actions.setBalance({ address: who, value: parseEther("2") });
            assert.equal(await client.getBalance({ address: who }), parseEther("2"));
            await actions.setNonce({ address: who, nonce: 3 });
            await actions.setStorageAt({ address, index: 0, value: pad(numberToHex(77)) });
            assert.equal(await counter.read.total(), 77n);
            await actions.impersonateAccount({ address: who });
            const impersonating = createWalletClient({ ...options, account: who });
            await receiptOf(await impersonating.writeContract({ address, abi, functionName: "add", args: [1n] }));
            assert.equal(await counter.read.total(), 78n);
            await actions.stopImpersonatingAccount({ address: who });
            await actions.increaseTime({ seconds: 3600 });
            const { number, timestamp } = await client.getBlock();
            await actions.mine({ blocks: 2, interval: 12 });
            const later = await client.getBlock();
            assert.equal(later.number, number + 2n);
            assert.ok(later.timestamp >= timestamp + 12n);
            await actions.setNextBlockTimestamp({ timestamp: later.timestamp + 1000n });
            await actions.mine({ blocks: 1 });
            assert.equal((await client.getBlock()).timestamp, later.timestamp + 1000n);
            await actions.setCode({ address: who, bytecode: "0x00" });
            assert.equal(await client.getCode({ address: who }), "0x00");
            await actions.setAutomine(false);
            const hash = await wallet.sendTransaction({ to: who, value: 1n });
            assert.equal((await actions.getTxpoolStatus()).pending, 1);
            await actions.dropTransaction({ hash });
            await actions.setAutomine(true);
            if (mode === "anvil") await actions.setCoinbase({ address: who });
            await actions.revert({ id });
            assert.equal(await client.getBalance({ address: who }), 0n);
        });
}));
