// Development methods: state, senders, time, blocks and pools set from outside, on every chain.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData, keccak256, numberToHex, pad, parseAbi, toHex } from "viem";
import { artifact } from "../../examples/demo/world.mjs";
import { startNetwork } from "../lib/network.mjs";
import { deployCode, number } from "../lib/transactions.mjs";

let network;
let from;
before(async () => {
    network = await startNetwork({ silent: true, rollups: 2 });
    from = network.accounts[0].address;
});
after(async () => assert.equal((await network.stop()).code, 0));

const onEach = (name, run) =>
    test(name, async (t) => {
        for (const chain of network.chains) await t.test(chain.name, () => run(chain));
    });

const fails = (promise, code, text) =>
    assert.rejects(promise, (error) => {
        assert.match(error.text, text);
        assert.equal(error.code, code);
        return true;
    });

const ETHER = 10n ** 18n;
const quantity = (value) => numberToHex(value);
const someone = (byte) => `0x${byte.toString(16).padStart(2, "0").repeat(20)}`;
const latest = (chain) => chain.rpc("eth_getBlockByNumber", ["latest", true]);
const balance = async (chain, who) => BigInt(await chain.rpc("eth_getBalance", [who, "latest"]));

async function send(chain, tx) {
    const hash = await chain.rpc("eth_sendTransaction", [{ from, ...tx }]);
    const receipt = await chain.rpc("eth_getTransactionReceipt", [hash]);
    assert.equal(receipt?.status, "0x1", `${chain.name}: ${hash}`);
    return receipt;
}

const hubAbi = parseAbi([
    "function createProxy(uint64 rollupId, address target) returns (address)",
    "function proxyOf(uint64 rollupId, address target) view returns (address)",
]);
const counterAbi = artifact("Counter").abi;
const add = (amount) => encodeFunctionData({ abi: counterAbi, functionName: "add", args: [amount] });

async function deployCounter(chain) {
    return (await send(chain, { data: artifact("Counter").bytecode })).contractAddress;
}
const total = async (chain, address) => number(await chain.rpc("eth_getStorageAt", [address, "0x0", "latest"]));

/** The proxy on `chain` for a contract on another one. */
async function proxyOf(chain, other, target) {
    const hub = chain.rollupId === 0 ? chain.contracts.hub : chain.contracts.l2Hub;
    const args = [BigInt(other.rollupId), target];
    await send(chain, { to: hub, data: encodeFunctionData({ abi: hubAbi, functionName: "createProxy", args }) });
    return chain.rpc("lockstep_proxyOf", [numberToHex(other.rollupId), target]);
}

/** What L1 has as the rollup's head is its newest safe block, with every proof in order. */
async function assertConsistent(rollup) {
    const [info] = (await network.l1.rpc("lockstep_getRollups")).filter((r) => r.chainId === rollup.chainId || number(r.chainId) === rollup.chainId);
    const safe = await rollup.rpc("eth_getBlockByNumber", ["safe", false]);
    assert.equal(info.head, safe.stateRoot);
    for (const chain of [network.l1, rollup]) {
        const block = await latest(chain);
        const { accountProof } = await chain.rpc("eth_getProof", [from, [], "latest"]);
        assert.equal(keccak256(accountProof[0]), block.stateRoot);
    }
}

onEach("balance, nonce, code and storage", async (chain) => {
    const who = someone(0xa1);
    const before = await latest(chain);
    assert.equal(await chain.rpc("anvil_setBalance", [who, quantity(5n * ETHER)]), null);
    assert.equal(await balance(chain, who), 5n * ETHER);
    assert.equal(await chain.rpc("hardhat_setBalance", [who, quantity(3n * ETHER)]), true);
    assert.equal(await balance(chain, who), 3n * ETHER);
    await chain.rpc("anvil_addBalance", [who, quantity(ETHER)]);
    assert.equal(await balance(chain, who), 4n * ETHER);
    await chain.rpc("anvil_setNonce", [who, "0x7"]);
    assert.equal(await chain.rpc("eth_getTransactionCount", [who, "latest"]), "0x7");
    await fails(chain.rpc("hardhat_setNonce", [who, "0x1"]), -32000, /must not be smaller/);
    await chain.rpc("anvil_setCode", [who, "0x60015460005260206000f3"]); // returns slot 1
    await chain.rpc("hardhat_setStorageAt", [who, "0x1", pad("0x2a")]);
    assert.equal(number(await chain.rpc("eth_call", [{ to: who }, "latest"])), 42);
    await chain.rpc("anvil_setStorageAt", [who, "0x1", pad("0x0")]);
    assert.equal(number(await chain.rpc("eth_call", [{ to: who }, "latest"])), 0);
    await chain.rpc("anvil_setCode", [who, "0x"]);
    // The block is the same but for its state; it is still found by the hash it had.
    const now = await latest(chain);
    assert.equal(now.number, before.number);
    assert.notEqual(now.stateRoot, before.stateRoot);
    assert.equal((await chain.rpc("eth_getBlockByHash", [before.hash, false])).hash, now.hash);
    if (chain.rollupId > 0) await assertConsistent(chain);
    await send(chain, { to: someone(0xa2), value: "0x1" });
    assert.equal((await latest(chain)).parentHash, now.hash);
    await fails(chain.rpc("anvil_setBalance", [who]), -32602, /missing value for required argument 1/);
    await fails(chain.rpc("anvil_setBalance", [who, "lots"]), -32602, /invalid argument 1/);
});

test("state set on either side is what a call across chains finds", async () => {
    for (const rollup of network.rollups) {
        const counter = await deployCounter(rollup);
        const proxy = await proxyOf(network.l1, rollup, counter);
        await send(network.l1, { to: proxy, data: add(1n) });
        await rollup.rpc("anvil_setStorageAt", [counter, "0x0", pad(toHex(100))]);
        await assertConsistent(rollup);
        await send(network.l1, { to: proxy, data: add(1n) });
        assert.equal(await total(rollup, counter), 101);
        // With unsafe blocks in between.
        await send(rollup, { to: counter, data: add(5n) });
        await rollup.rpc("anvil_setStorageAt", [counter, "0x0", pad(toHex(1000))]);
        await assertConsistent(rollup);
        await send(rollup, { to: counter, data: add(5n) });
        await send(network.l1, { to: proxy, data: add(1n) });
        assert.equal(await total(rollup, counter), 1006);

        const onL1 = await deployCounter(network.l1);
        const back = await proxyOf(rollup, network.l1, onL1);
        await network.l1.rpc("anvil_setStorageAt", [onL1, "0x0", pad(toHex(7))]);
        await send(rollup, { to: back, data: add(1n) });
        assert.equal(await total(network.l1, onL1), 8);
        await assertConsistent(rollup);
    }
});

test("ether given on a rollup can leave it", async () => {
    const rollup = network.rollups[0];
    const rich = someone(0xb1);
    const target = someone(0xb2);
    const before = (await network.l1.rpc("lockstep_getRollups"))[0].hubBalance;
    await rollup.rpc("anvil_setBalance", [rich, quantity(1_000_000n * ETHER)]);
    await rollup.rpc("anvil_impersonateAccount", [rich]);
    const after = (await network.l1.rpc("lockstep_getRollups"))[0].hubBalance;
    assert.equal(BigInt(after) - BigInt(before), 1_000_000n * ETHER);
    const proxy = await proxyOf(rollup, network.l1, target);
    await send(rollup, { from: rich, to: proxy, value: quantity(999_000n * ETHER) });
    assert.equal(await balance(network.l1, target), 999_000n * ETHER);
});

onEach("impersonated accounts send, contracts among them", async (chain) => {
    const contract = await deployCode(chain, from, "00");
    await chain.rpc("anvil_setBalance", [contract, quantity(10n * ETHER)]);
    const tx = { from: contract, to: someone(0xc1), value: "0x1" };
    await fails(chain.rpc("eth_sendTransaction", [tx]), -32000, /unknown account/);
    assert.equal(await chain.rpc("hardhat_impersonateAccount", [contract]), true);
    const { transactionHash } = await send(chain, tx);
    const sent = await chain.rpc("eth_getTransactionByHash", [transactionHash]);
    assert.equal(sent.from, contract.toLowerCase());
    // Its bytes are nothing that anybody else could send.
    const raw = await chain.rpc("eth_getRawTransactionByHash", [transactionHash]);
    await fails(chain.rpc("eth_sendRawTransaction", [raw]), -32000, /invalid transaction v, r, s values/);
    await chain.rpc("anvil_stopImpersonatingAccount", [contract]);
    await fails(chain.rpc("eth_sendTransaction", [tx]), -32000, /unknown account/);
    await chain.rpc("anvil_autoImpersonateAccount", [true]);
    await send(chain, { ...tx, gasPrice: quantity(10n ** 10n) });
    await chain.rpc("anvil_autoImpersonateAccount", [false]);
    await fails(chain.rpc("eth_sendTransaction", [tx]), -32000, /unknown account/);
});

test("an impersonated account of a rollup calls L1", async () => {
    const [rollup] = network.rollups;
    const who = someone(0xc2);
    const counter = await deployCounter(network.l1);
    const proxy = await proxyOf(rollup, network.l1, counter);
    await rollup.rpc("anvil_setBalance", [who, quantity(ETHER)]);
    await rollup.rpc("anvil_impersonateAccount", [who]);
    await send(rollup, { from: who, to: proxy, data: add(3n) });
    assert.equal(await total(network.l1, counter), 3);
    await assertConsistent(rollup);
});

onEach("snapshots take the whole network back", async (chain) => {
    const { l1, rollups: [rollup] } = network;
    const counter = await deployCounter(rollup);
    const proxy = await proxyOf(l1, rollup, counter);
    await send(l1, { to: proxy, data: add(1n) });
    await send(rollup, { to: counter, data: add(1n) });
    const before = await Promise.all(network.chains.map(latest));
    const who = someone(0xd1);
    const snapshot = await chain.rpc("evm_snapshot");
    const later = await chain.rpc("anvil_snapshot");
    const blocks = await l1.rpc("eth_newBlockFilter");
    const logs = await rollup.rpc("eth_newFilter", [{ address: counter }]);
    for (const each of network.chains) await each.rpc("anvil_setBalance", [who, "0x1"]);
    await send(l1, { to: proxy, data: add(10n) });
    await send(rollup, { to: counter, data: add(10n) });
    assert.equal(await total(rollup, counter), 22);
    assert.ok((await l1.rpc("eth_getFilterChanges", [blocks])).length >= 1);
    const seen = await rollup.rpc("eth_getFilterChanges", [logs]);
    assert.deepEqual(seen.map((log) => log.removed), [false, false]);

    assert.equal(await chain.rpc("evm_revert", [snapshot]), true);
    assert.deepEqual(await Promise.all(network.chains.map(latest)), before);
    for (const each of network.chains) assert.equal(await balance(each, who), 0n);
    const gone = await rollup.rpc("eth_getFilterChanges", [logs]);
    const key = ({ blockHash, transactionHash, logIndex }) => [blockHash, transactionHash, logIndex].join();
    assert.deepEqual(gone.map((log) => log.removed), [true, true]);
    assert.deepEqual(gone.map(key).sort(), seen.map(key).sort());
    assert.equal(await chain.rpc("evm_revert", [snapshot]), false);
    assert.equal(await chain.rpc("evm_revert", [later]), false);

    await assertConsistent(rollup);
    await send(l1, { to: proxy, data: add(1n) });
    assert.equal(await total(rollup, counter), 3);
    assert.equal((await rollup.rpc("eth_getFilterChanges", [logs])).length, 1);
    assert.equal((await l1.rpc("eth_getFilterChanges", [blocks])).length, 1);
});

onEach("without automine transactions wait in the pool, snapshots keep it", async (chain) => {
    await chain.rpc("evm_setAutomine", [false]);
    assert.equal(await chain.rpc("anvil_getAutomine"), false);
    const to = someone(0xe1);
    const hash = await chain.rpc("eth_sendTransaction", [{ from, to, value: "0x1" }]);
    assert.equal(await chain.rpc("eth_getTransactionReceipt", [hash]), null);
    const snapshot = await chain.rpc("evm_snapshot");
    await chain.rpc("evm_mine");
    assert.equal((await chain.rpc("eth_getTransactionReceipt", [hash])).status, "0x1");
    assert.equal(await chain.rpc("evm_revert", [snapshot]), true);
    assert.equal((await chain.rpc("eth_getTransactionByHash", [hash])).blockNumber, null);
    assert.equal(await chain.rpc("anvil_dropTransaction", [hash]), hash);
    assert.equal(await chain.rpc("hardhat_dropTransaction", [hash]), false);
    const others = [];
    for (let i = 0; i < 3; i++) others.push(await chain.rpc("eth_sendTransaction", [{ from, to, value: "0x1" }]));
    await chain.rpc("anvil_removePoolTransactions", [someone(1)]);
    assert.equal(number((await chain.rpc("txpool_status")).pending), 3);
    await chain.rpc("anvil_dropAllTransactions");
    assert.equal(number((await chain.rpc("txpool_status")).pending), 0);
    const last = await chain.rpc("eth_sendTransaction", [{ from, to, value: "0x1" }]);
    await chain.rpc("evm_setAutomine", [true]);
    await send(chain, { to, value: "0x1" });
    assert.equal((await chain.rpc("eth_getTransactionReceipt", [last])).status, "0x1");
});

onEach("time is the network's", async (chain) => {
    const now = number((await latest(network.l1)).timestamp);
    const rollupNow = Math.max(now, number((await latest(chain)).timestamp));
    const next = rollupNow + 100_000;
    await chain.rpc("evm_setNextBlockTimestamp", [next]);
    await send(chain, { to: someone(0xf1), value: "0x1" });
    assert.equal(number((await latest(chain)).timestamp), next);
    await chain.rpc("evm_increaseTime", ["0xe10"]);
    for (const each of network.chains) {
        await each.rpc("evm_mine");
        const time = number((await latest(each)).timestamp);
        assert.ok(time >= next + 3600 && time < next + 3600 + 60, `${time - next}`);
    }
    await fails(chain.rpc("evm_setNextBlockTimestamp", [next]), -32602, /Timestamp error/);
    await chain.rpc("anvil_setBlockTimestampInterval", [50]);
    const first = number((await latest(chain)).timestamp);
    const l1 = number((await latest(network.l1)).timestamp);
    await chain.rpc("anvil_mine", ["0x3"]);
    assert.equal(number((await latest(chain)).timestamp), Math.max(first + 50, l1) + 100);
    assert.equal(await chain.rpc("anvil_removeBlockTimestampInterval"), true);
    assert.equal(await chain.rpc("anvil_removeBlockTimestampInterval"), false);
    const counter = await deployCounter(network.rollups[0]);
    await send(network.l1, { to: await proxyOf(network.l1, network.rollups[0], counter), data: add(1n) });
    await chain.rpc("hardhat_mine", ["0x4", "0x3c"]);
});

test("attributes of L1's next block", async () => {
    const { l1 } = network;
    const randao = keccak256("0x01");
    await l1.rpc("anvil_setNextBlockBaseFeePerGas", [quantity(12_345n)]);
    await l1.rpc("hardhat_setPrevRandao", [randao]);
    await l1.rpc("anvil_setCoinbase", [someone(0x77)]);
    await l1.rpc("evm_setBlockGasLimit", [quantity(20_000_000n)]);
    const info = await l1.rpc("anvil_nodeInfo");
    assert.equal(number(info.environment.baseFee), 12_345);
    await send(l1, { to: someone(0xf1), value: "0x1" });
    const block = await latest(l1);
    assert.equal(number(block.baseFeePerGas), 12_345);
    assert.equal(block.mixHash, randao);
    assert.equal(block.miner, someone(0x77));
    assert.equal(number(block.gasLimit), 20_000_000);
    await l1.rpc("evm_mine");
    assert.notEqual((await latest(l1)).mixHash, randao);
    await fails(l1.rpc("hardhat_setMinGasPrice", ["0x1"]), -32602, /not supported when EIP-1559 is active/);
});

test("what follows from L1 or the block before is not to be set on a rollup", async () => {
    const [rollup] = network.rollups;
    await fails(rollup.rpc("hardhat_setPrevRandao", [keccak256("0x01")]), -32004, /set it on L1/);
    await fails(rollup.rpc("anvil_setNextBlockBaseFeePerGas", ["0x1"]), -32004, /cannot be set/);
    await rollup.rpc("evm_setBlockGasLimit", [quantity(25_000_000n)]);
    await rollup.rpc("anvil_setCoinbase", [someone(0x78)]);
    await send(rollup, { to: someone(0xf1), value: "0x1" });
    const block = await latest(rollup);
    assert.equal(number(block.gasLimit), 25_000_000);
    assert.equal(block.miner, someone(0x78));
});

onEach("blocks by an interval", async (chain) => {
    await chain.rpc("evm_setIntervalMining", [[20, 20]]);
    const hash = await chain.rpc("eth_sendTransaction", [{ from, to: someone(0xf2), value: "0x1" }]);
    const first = number(await chain.rpc("eth_blockNumber"));
    while (number(await chain.rpc("eth_blockNumber")) < first + 3);
    assert.equal((await chain.rpc("eth_getTransactionReceipt", [hash])).status, "0x1");
    await chain.rpc("evm_setAutomine", [true]);
    await send(chain, { to: someone(0xf2), value: "0x1" });
});

test("rolling back and reorganising L1 takes the rollups along", async () => {
    const { l1, rollups: [rollup] } = network;
    const counter = await deployCounter(rollup);
    const proxy = await proxyOf(l1, rollup, counter);
    const filter = await l1.rpc("eth_newFilter", [{}]);
    await send(l1, { to: proxy, data: add(0n) }); // With it, L1 knows of the counter.
    const height = number(await l1.rpc("eth_blockNumber"));
    await send(l1, { to: proxy, data: add(1n) });
    await rollup.rpc("anvil_setBalance", [someone(0xb3), "0x1"]);
    await send(l1, { to: proxy, data: add(1n) });
    assert.equal(await total(rollup, counter), 2);
    await l1.rpc("eth_getFilterChanges", [filter]);
    await l1.rpc("anvil_rollback", [number(await l1.rpc("eth_blockNumber")) - height]);
    assert.equal(number(await l1.rpc("eth_blockNumber")), height);
    assert.equal(await total(rollup, counter), 0);
    await assertConsistent(rollup);
    assert.ok((await l1.rpc("eth_getFilterChanges", [filter])).every((log) => log.removed));
    await send(l1, { to: proxy, data: add(4n) });
    assert.equal(await total(rollup, counter), 4);
    const { hash, number: top } = await latest(l1);
    await l1.rpc("anvil_reorg", [1, []]);
    const replaced = await latest(l1);
    assert.equal(replaced.number, top);
    assert.notEqual(replaced.hash, hash);
    assert.equal(await total(rollup, counter), 0);
    await assertConsistent(rollup);
    await fails(l1.rpc("anvil_rollback", [number(top) + 1]), -32602, /must not exceed/);
    await fails(l1.rpc("anvil_rollback", [number(top)]), -32000, /contracts would be gone/);
    await fails(rollup.rpc("anvil_rollback", [1]), -32000, /on L1/);
    await send(rollup, { to: counter, data: add(1n) });
    await rollup.rpc("anvil_rollback", []);
    assert.equal(await total(rollup, counter), 0);
});

test("accounts as a whole, a nonce by ganache's name, and blocks with what was mined", async () => {
    const empty = { storageRoot: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421", codeHash: "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" };
    for (const chain of network.chains) {
        const who = someone(0x5e);
        assert.deepEqual(await chain.rpc("eth_getAccount", [who, "latest"]), { nonce: "0x0", balance: "0x0", ...empty });
        await chain.rpc("anvil_setBalance", [who, "0x5"]);
        assert.equal(await chain.rpc("evm_setAccountNonce", [who, "0x7"]), null);
        assert.deepEqual(await chain.rpc("eth_getAccount", [who]), { nonce: "0x7", balance: "0x5", ...empty });
        await chain.rpc("anvil_setCode", [who, "0x6001"]);
        assert.deepEqual(await chain.rpc("eth_getAccountInfo", [who, "latest"]), { balance: "0x5", nonce: "0x7", code: "0x6001" });
        assert.notEqual((await chain.rpc("eth_getAccount", [who])).codeHash, empty.codeHash);
        await fails(chain.rpc("eth_getAccount", [who, "0xffffff"]), -32000, /header not found/);
        await chain.rpc("evm_setAutomine", [false]);
        const hash = await chain.rpc("eth_sendTransaction", [{ from: network.accounts[0].address, to: who, gas: "0x186a0" }]);
        const blocks = await chain.rpc("evm_mine_detailed", [{ blocks: 2 }]);
        await chain.rpc("evm_setAutomine", [true]);
        assert.deepEqual(blocks.map(({ transactions }) => transactions.map((tx) => tx.hash)), [[hash], []]);
        assert.equal(blocks[1].number, await chain.rpc("eth_blockNumber"));
        const [block] = await chain.rpc("anvil_mine_detailed", []);
        assert.deepEqual(block, await chain.rpc("eth_getBlockByNumber", ["latest", true]));
    }
});

test("a reorganisation's new blocks have the transactions given for them", async () => {
    for (const chain of [network.l1, network.rollups[0]]) {
        const [from, other] = network.accounts.slice(-2).map(({ address }) => address);
        await chain.rpc("anvil_mine", ["0x1"]);
        const gone = (await send(chain, { from, to: other, value: "0x1" })).transactionHash;
        await send(chain, { from: other, to: from, value: "0x1" });
        const top = number(await chain.rpc("eth_blockNumber"));
        const nonce = numberToHex(number(await chain.rpc("eth_getTransactionCount", [other, "latest"])) - 1);
        const { raw } = await chain.rpc("eth_signTransaction", [{ from: other, to: from, value: "0x7", nonce, gas: "0x5208", maxFeePerGas: "0x2540be400", maxPriorityFeePerGas: "0x1" }]);
        const pairs = [[{ from, to: other, value: "0x5" }, 0], [raw, "0x1"], [{ from, to: other, value: "0x6" }, 1]];
        await chain.rpc("anvil_reorg", [2, pairs]);
        assert.equal(number(await chain.rpc("eth_blockNumber")), top);
        assert.equal(await chain.rpc("eth_getTransactionReceipt", [gone]), null);
        const values = async (n) => (await chain.rpc("eth_getBlockByNumber", [numberToHex(n), true])).transactions.map(({ value }) => number(value)).filter((value) => value > 0 && value < 10);
        assert.deepEqual([await values(top - 1), (await values(top)).sort()], [[5], [6, 7]]);
        await fails(chain.rpc("anvil_reorg", [1, [[raw, 1]]]), -32602, /must not exceed \(depth-1\) 0/);
        await fails(chain.rpc("anvil_reorg", [1, [[raw]]]), -32602, /pair of transaction and block/);
        await fails(chain.rpc("anvil_reorg", [1, [[{ to: from }, 0]]]), -32602, /from: missing/);
        await fails(chain.rpc("anvil_reorg", [1, [["0x", 0]]]), -32602, /empty/);
        await fails(chain.rpc("anvil_reorg", [1, [["0x02", 0]]]), -32000, /./);
        assert.equal(number(await chain.rpc("eth_blockNumber")), top);
        await assertConsistent(network.rollups[0]);
    }
});

test("a dump is the whole network, here or in another process", async (t) => {
    const { l1, rollups: [rollup] } = network;
    const counter = await deployCounter(rollup);
    const proxy = await proxyOf(l1, rollup, counter);
    await send(l1, { to: proxy, data: add(5n) });
    await send(rollup, { to: counter, data: add(1n) });
    const dump = await l1.rpc("anvil_dumpState");
    const blocks = await Promise.all(network.chains.map(latest));
    await send(l1, { to: proxy, data: add(5n) });
    assert.equal(await rollup.rpc("anvil_loadState", [dump]), true);
    assert.deepEqual(await Promise.all(network.chains.map(latest)), blocks);
    await assertConsistent(rollup);
    await send(l1, { to: proxy, data: add(1n) });
    assert.equal(await total(rollup, counter), 7);

    const other = await startNetwork({ silent: true, rollups: 2 });
    t.after(() => other.stop());
    assert.equal(await other.l1.rpc("anvil_loadState", [dump]), true);
    assert.deepEqual(await Promise.all(other.chains.map(latest)), blocks);
    await send(other.l1, { to: proxy, data: add(1n) });
    assert.equal(await total(other.rollups[0], counter), 7);

    for (const [wrong, text] of [["0x", /not a dump/], ["0x1234", /not a dump/], [dump.slice(0, -2), /not a dump/]])
        await fails(other.l1.rpc("anvil_loadState", [wrong]), -32602, text);
    const at = Math.floor(dump.length / 8) * 2; // Among the nodes.
    await fails(other.l1.rpc("anvil_loadState", [dump.slice(0, at) + (dump[at] === "0" ? "1" : "0") + dump.slice(at + 1)]), -32602, /dump/);
    await send(other.l1, { to: proxy, data: add(1n) });
    const small = await startNetwork({ silent: true, rollups: 1 });
    t.after(() => small.stop());
    await fails(small.l1.rpc("anvil_loadState", [dump]), -32602, /other chains/);
});

test("resetting brings the network back to its beginning", async () => {
    const { l1, rollups: [rollup] } = network;
    const snapshot = await l1.rpc("evm_snapshot");
    await rollup.rpc("hardhat_reset", []);
    for (const chain of network.chains) {
        assert.equal(await chain.rpc("eth_getTransactionCount", [from, "latest"]), "0x0");
        assert.equal(await balance(chain, from), 10_000n * ETHER);
    }
    assert.equal(await l1.rpc("evm_revert", [snapshot]), false);
    const counter = await deployCounter(rollup);
    await send(l1, { to: await proxyOf(l1, rollup, counter), data: add(2n) });
    assert.equal(await total(rollup, counter), 2);
    await assertConsistent(rollup);
    await fails(l1.rpc("anvil_reset", [{ forking: { jsonRpcUrl: "http://127.0.0.1:1" } }]), -32004, /fork/);
});

onEach("about the node", async (chain) => {
    const metadata = await chain.rpc("hardhat_metadata");
    assert.equal(metadata.chainId, chain.chainId);
    assert.match(metadata.instanceId, /^0x[0-9a-f]{64}$/);
    assert.equal((await chain.rpc("anvil_nodeInfo")).currentBlockHash, metadata.latestBlockHash);
    assert.equal(await chain.rpc("anvil_setLoggingEnabled", [false]), null);
});
