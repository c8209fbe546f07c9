// Accounts that call across chains in one transaction, which brings its batch along: through the Bundler, as an
// EOA with the Bundler's code (EIP-7702), and as an ERC-4337 account. And what such a batch cannot do.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { concat, encodeAbiParameters, encodeFunctionData, numberToHex, pad, parseAbi, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { connect, revertOf } from "../../examples/demo/world.mjs";
import { openNetwork } from "../lib/opened.mjs";
import { initcode } from "../lib/transactions.mjs";

const require = createRequire(import.meta.url);
const bundlerAbi = JSON.parse(readFileSync("contracts/artifacts/Bundler.json", "utf8")).abi;
const hubAbi = parseAbi([
    "function head(uint64) view returns (bytes32)",
    "function createProxy(uint64, address) returns (address)",
]);
const GAS = 6_000_000n;
const SENDER = "335f5534600155"; // notes who calls it, and with how much: slots 0 and 1
let network;
let chains;
let world;
let contracts;

openNetwork((opened) => {
    ({ network, chains, world } = opened);
    contracts = network.info.chains[0].contracts;
});

const rpc = (chain, method, ...params) => chain.client.request({ method, params });
const receiptOf = (chain, hash) => chain.client.waitForTransactionReceipt({ hash });
const user = (index) => connect(network.info.chains[0], network.info.accounts[index].privateKey);
const add = (n) => encodeFunctionData({ abi: parseAbi(["function add(uint256)"]), args: [n] });

async function deploy(chain, data) {
    const { status, contractAddress } = await receiptOf(chain, await chain.wallet.sendTransaction({ data }));
    assert.equal(status, "success");
    return contractAddress;
}

/** A contract of an npm package. */
async function deployArtifact(chain, path, types = [], values = []) {
    return deploy(chain, concat([require(path).bytecode, encodeAbiParameters(types.map((type) => ({ type })), values)]));
}

const prepare = (from, calls, more = {}) =>
    rpc(chains.l1, "lockstep_prepareBundle", { from: from.account.address, gas: numberToHex(GAS), ...more }, calls);

async function send(from, { transaction }, more = {}) {
    const { to, data, value, gas } = transaction;
    return from.wallet.sendTransaction({ to, data, value: BigInt(value), gas: BigInt(gas), ...more });
}

const slot = (chain, address, index) => rpc(chain, "eth_getStorageAt", address, numberToHex(index), "latest");

/** The node has followed: its newest block of each rollup is the one that the Hub has. */
async function checkHeads() {
    for (const chain of [chains.rollup1, chains.rollup2]) {
        const [info] = (await rpc(chains.l1, "lockstep_getRollups")).filter(({ name }) => name === chain.name);
        const block = await rpc(chain, "eth_getBlockByNumber", "safe", false);
        assert.equal(info.head, block.stateRoot, chain.name);
    }
}

test("one transaction posts the batch, makes the missing proxies, and calls two rollups", async () => {
    const alice = user(1);
    const first = await world.deploy("rollup1", "Counter");
    const second = await world.deploy("rollup2", "Counter");
    const made = await prepare(alice, [
        { rollupId: "0x1", target: first.address, data: add(5n) },
        { rollupId: "0x2", target: second.address, data: add(7n) },
        { rollupId: "0x1", target: first.address, data: add(1n) },
    ]);
    assert.equal(made.failure, null);
    assert.equal(made.transaction.to, contracts.bundler.toLowerCase());
    const receipt = await receiptOf(chains.l1, await send(alice, made));
    assert.equal(receipt.status, "success");
    assert.equal(receipt.gasUsed, BigInt(made.gasUsed), "it is foreseen exactly");
    assert.equal(await world.call(first, "total"), 6n);
    assert.equal(await world.call(second, "total"), 7n);
    const [batch, ...others] = await rpc(chains.l1, "lockstep_getBatch", receipt.transactionHash);
    assert.equal(others.length, 0);
    assert.equal(batch.isTransient, true);
    assert.equal(batch.poster, contracts.bundler.toLowerCase());
    assert.deepEqual(batch.entries, made.entries);
    const { transactions } = await rpc(chains.l1, "eth_getBlockByHash", receipt.blockHash, false);
    assert.deepEqual(transactions, [receipt.transactionHash], "nobody else posts anything");
    // The rollup's transactions are traced through that block of L1.
    const block = await rpc(chains.rollup1, "eth_getBlockByNumber", "latest", false);
    for (const hash of block.transactions) {
        const trace = await rpc(chains.rollup1, "lockstep_traceTransaction", hash);
        assert.equal(trace.status, "0x1");
    }
    await checkHeads();
});

test("an EOA with the Bundler's code calls as itself, and its proxy is who the target sees", async () => {
    const alice = user(2);
    const target = await deploy(chains.rollup1, initcode(SENDER));
    const nonce = await chains.l1.client.getTransactionCount({ address: alice.account.address });
    const signed = await alice.wallet.signAuthorization({ contractAddress: contracts.bundler, nonce: nonce + 1 });
    const list = [signed].map((a) => ({
        chainId: numberToHex(a.chainId), address: a.address, nonce: numberToHex(a.nonce),
        yParity: numberToHex(a.yParity), r: a.r, s: a.s,
    }));
    const calls = [{ rollupId: "0x1", target, value: "0x3" }];
    const made = await prepare(alice, calls, { to: alice.account.address, authorizationList: list });
    assert.equal(made.failure, null);
    const receipt = await receiptOf(chains.l1, await send(alice, made, { authorizationList: [signed] }));
    assert.equal(receipt.status, "success");
    const own = await rpc(chains.rollup1, "lockstep_proxyOf", 0, alice.account.address);
    assert.equal(await slot(chains.rollup1, target, 0), pad(own));
    assert.equal(BigInt(await slot(chains.rollup1, target, 1)), 3n);
    // Once more, now that it has the code, without the authorization.
    const again = await prepare(alice, [{ rollupId: "0x1", target, value: "0x4" }], { to: alice.account.address });
    assert.equal((await receiptOf(chains.l1, await send(alice, again))).status, "success");
    assert.equal(BigInt(await slot(chains.rollup1, target, 1)), 4n);
    // Nobody else can have it call.
    const data = encodeFunctionData({ abi: bundlerAbi, functionName: "bundle", args: ["0x", []] });
    await assert.rejects(chains.l1.client.call({ account: user(3).account, to: alice.account.address, data }), (error) => {
        assert.match(JSON.stringify(revertOf(error)), /^"0x[0-9a-f]{72}"$/);
        return true;
    });
    // Ether reaches it as before.
    await receiptOf(chains.l1, await chains.l1.wallet.sendTransaction({ to: alice.account.address, value: 1n }));
    await checkHeads();
});

test("an ERC-4337 account calls through EntryPoint.handleOps", async () => {
    const { l1, rollup1 } = chains;
    const path = (name) => `@account-abstraction/contracts/artifacts/${name}.json`;
    const [entryPointAbi, factoryAbi, accountAbi] = ["EntryPoint", "SimpleAccountFactory", "SimpleAccount"].map(
        (name) => require(path(name)).abi,
    );
    const entryPoint = await deployArtifact(l1, path("EntryPoint"));
    const factory = await deployArtifact(l1, path("SimpleAccountFactory"), ["address"], [entryPoint]);
    const owner = privateKeyToAccount(`0x${"42".repeat(32)}`);
    const read = (address, abi, functionName, args) => l1.client.readContract({ address, abi, functionName, args });
    const account = await read(factory, factoryAbi, "getAddress", [owner.address, 0n]);
    await receiptOf(l1, await l1.wallet.sendTransaction({ to: account, value: parseEther("2") }));
    const target = await deploy(rollup1, initcode(SENDER));
    const proxy = await rpc(l1, "lockstep_proxyOf", 1, target);

    // The account is made by this very operation.
    const create = encodeFunctionData({ abi: factoryAbi, functionName: "createAccount", args: [owner.address, 0n] });
    const op = {
        sender: account,
        nonce: 0n,
        initCode: concat([factory, create]),
        callData: encodeFunctionData({ abi: accountAbi, functionName: "execute", args: [proxy, 9n, "0x"] }),
        accountGasLimits: concat([numberToHex(1_000_000n, { size: 16 }), numberToHex(1_500_000n, { size: 16 })]),
        preVerificationGas: 50_000n,
        gasFees: concat([numberToHex(1n, { size: 16 }), numberToHex(10n ** 10n, { size: 16 })]),
        paymasterAndData: "0x",
        signature: "0x",
    };
    const hash = await read(entryPoint, entryPointAbi, "getUserOpHash", [op]);
    op.signature = await owner.signMessage({ message: { raw: hash } });

    // Anybody may be the bundler: the batch is not in what the owner has signed.
    const bundler = user(4);
    const handle = { abi: entryPointAbi, functionName: "handleOps", args: [[op], bundler.account.address] };
    const made = await prepare(bundler, [
        { to: contracts.hub, data: encodeFunctionData({ abi: hubAbi, functionName: "createProxy", args: [1n, target] }) },
        { to: entryPoint, data: encodeFunctionData(handle) },
    ]);
    assert.equal(made.failure, null);
    assert.ok(made.entries.some(({ input }) => input.kind === "CALL" && input.source === account.toLowerCase()));
    const receipt = await receiptOf(l1, await send(bundler, made));
    assert.equal(receipt.status, "success");
    const own = await rpc(rollup1, "lockstep_proxyOf", 0, account);
    assert.equal(await slot(rollup1, target, 0), pad(own));
    assert.equal(BigInt(await slot(rollup1, target, 1)), 9n);
    await checkHeads();
});

test("what is left of the ether comes back", async () => {
    const alice = user(5);
    const target = await deploy(chains.rollup1, initcode(SENDER));
    const made = await prepare(alice, [{ rollupId: "0x1", target, value: "0x3" }], { value: "0x64" });
    const before = await alice.client.getBalance({ address: alice.account.address });
    const receipt = await receiptOf(chains.l1, await send(alice, made));
    assert.equal(receipt.status, "success");
    const after = await alice.client.getBalance({ address: alice.account.address });
    assert.equal(before - after - receipt.gasUsed * receipt.effectiveGasPrice, 3n);
    assert.equal(await alice.client.getBalance({ address: contracts.bundler }), 0n);
});

test("a bundle whose rollup has moved since fails and changes nothing", async () => {
    const alice = user(6);
    const counter = await world.deploy("rollup1", "Counter");
    const proxy = await world.reference("l1", counter);
    const made = await prepare(alice, [{ rollupId: "0x1", target: counter.address, data: add(5n) }]);
    await receiptOf(chains.l1, await chains.l1.wallet.sendTransaction({ to: proxy, data: add(1n), gas: GAS }));
    const receipt = await receiptOf(chains.l1, await send(alice, made));
    assert.equal(receipt.status, "reverted");
    assert.equal(await world.call(counter, "total"), 1n);
    await checkHeads();
});

test("a bundle that would leave blocks of a rollup out is refused, and says so", async () => {
    const alice = user(6);
    const counter = await world.deploy("rollup1", "Counter");
    const made = await prepare(alice, [{ rollupId: "0x1", target: counter.address, data: add(5n) }]);
    await world.send(counter, "add", [1n]);
    await assert.rejects(send(alice, made), (error) => {
        assert.match(error.details, /leaves out blocks that rollup1 has made since: prepare the bundle again/);
        return true;
    });
    const again = await prepare(alice, [{ rollupId: "0x1", target: counter.address, data: add(5n) }]);
    assert.equal((await receiptOf(chains.l1, await send(alice, again))).status, "success");
    assert.equal(await world.call(counter, "total"), 6n);
    await checkHeads();
});

test("the attester's word cannot be had by asking for less, nor changed afterwards", async () => {
    const alice = user(7);
    const counter = await world.deploy("rollup1", "Counter");
    const made = await prepare(alice, [{ rollupId: "0x1", target: counter.address, data: add(5n) }]);
    const headBefore = (await rpc(chains.l1, "lockstep_getRollups"))[0].head;
    // Any byte of the batch or its proof: amounts, heads, the signature itself.
    const { post } = made;
    const at = [post.lastIndexOf("5c30"), post.length - 2 * 70, Math.floor(post.length / 2) & ~1].filter((i) => i > 10);
    for (const i of at) {
        const digit = post[i] === "1" ? "2" : "1";
        const forged = post.slice(0, i) + digit + post.slice(i + 1);
        const data = made.transaction.data.replace(post.slice(2), forged.slice(2));
        assert.notEqual(data, made.transaction.data);
        const hash = await alice.wallet.sendTransaction({ to: made.transaction.to, data, gas: GAS });
        assert.equal((await receiptOf(chains.l1, hash)).status, "reverted", `digit ${i}`);
    }
    assert.equal((await rpc(chains.l1, "lockstep_getRollups"))[0].head, headBefore);
    assert.equal(await world.call(counter, "total"), 0n);
    // As it is it can be posted by anybody, and gives him nothing: the calls are not his.
    const hash = await user(8).wallet.sendTransaction({ to: contracts.hub, data: post, gas: GAS });
    assert.equal((await receiptOf(chains.l1, hash)).status, "success");
    assert.equal(await world.call(counter, "total"), 0n);
    await checkHeads();
});

test("each bundle of a block's worth of transactions has a block to itself", async () => {
    const { l1, rollup1 } = chains;
    const [alice, bob] = [user(1), user(2)];
    const one = await world.deploy("rollup1", "Counter");
    const two = await world.deploy("rollup2", "Counter");
    const proxy = await world.reference("l1", one);
    const fee = { maxFeePerGas: 10n ** 11n };
    const bundle = await prepare(alice, [{ rollupId: "0x1", target: one.address, data: add(5n) }]);
    const other = await prepare(bob, [{ rollupId: "0x2", target: two.address, data: add(7n) }]);
    await rpc(l1, "evm_setAutomine", false);
    try {
        const sent = [
            await send(alice, bundle, { ...fee, maxPriorityFeePerGas: 9n }),
            await send(bob, other, { ...fee, maxPriorityFeePerGas: 8n }),
            await l1.wallet.sendTransaction({ to: proxy, data: add(1n), gas: GAS, ...fee, maxPriorityFeePerGas: 7n }),
        ];
        for (let i = 0; i < 3; i++) await rpc(l1, "evm_mine");
        const receipts = await Promise.all(sent.map((hash) => receiptOf(l1, hash)));
        assert.deepEqual(receipts.map(({ status }) => status), ["success", "success", "success"]);
        assert.equal(new Set(receipts.map(({ blockNumber }) => blockNumber)).size, 3);
    } finally {
        await rpc(l1, "evm_setAutomine", true);
    }
    assert.equal(await world.call(one, "total"), 6n);
    assert.equal(await world.call(two, "total"), 7n);
    assert.equal(rollup1.name, "rollup1");
    await checkHeads();
});

test("a bundle needs no batch of the builder's", async () => {
    const alice = user(3);
    const counter = await world.deploy("rollup1", "Counter");
    await rpc(chains.l1, "lockstep_setAutoBatch", false);
    try {
        const made = await prepare(alice, [{ rollupId: "0x1", target: counter.address, data: add(5n) }]);
        assert.equal((await receiptOf(chains.l1, await send(alice, made))).status, "success");
        assert.equal(await world.call(counter, "total"), 5n);
    } finally {
        await rpc(chains.l1, "lockstep_setAutoBatch", true);
    }
    await checkHeads();
});

test("a bundle that would fail is not made, and says why", async () => {
    const grump = await world.deploy("rollup1", "Grump");
    const data = encodeFunctionData({ abi: grump.abi, functionName: "please", args: [3n] });
    const made = await prepare(user(1), [{ rollupId: "0x1", target: grump.address, data }]);
    assert.equal(made.transaction, null);
    assert.equal(made.post, null);
    assert.equal(made.failure.kind, "targetReverted");
    assert.equal(made.failure.contract, grump.address.toLowerCase());
    assert.equal(made.failure.chain, "rollup1");
});

test("what is no bundle is refused", async () => {
    const { l1, rollup1 } = chains;
    const from = { from: l1.account.address };
    const refused = (chain, params, text) =>
        assert.rejects(rpc(chain, "lockstep_prepareBundle", ...params), (error) => {
            assert.ok(error.details.includes(text), error.details);
            return true;
        });
    await refused(l1, [from], "missing value for required argument 1");
    await refused(l1, [from, {}], "invalid argument 1: not an array");
    await refused(l1, [from, [1]], "a call is not an object");
    await refused(l1, [from, [{}]], 'a call has either "to", or "rollupId" and "target"');
    await refused(l1, [from, [{ to: contracts.hub, rollupId: 1, target: contracts.hub }]], "a call has either");
    await refused(l1, [from, [{ to: contracts.hub, data: "0x1" }]], "invalid argument 1");
    await refused(l1, [from, [{ rollupId: 9, target: contracts.hub }]], "there is no rollup 9; the last one is 2");
    await refused(l1, [{ ...from, data: "0x12" }, []], "the transaction's data is what this method makes");
    await refused(l1, [{ ...from, gas: "0x1000001" }, []], "a transaction may have 16777216 gas at most");
    await refused(l1, [from, Array(257).fill({ to: contracts.hub })], "a bundle may have 256 calls at most");
    await refused(rollup1, [from, []], `rollup1 has no rollups: bundles are sent on l1, at ${l1.url}`);
});
