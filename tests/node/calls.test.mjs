// eth_call, eth_estimateGas, eth_createAccessList, logs and state of old blocks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keccak256, numberToHex, pad, toHex } from "viem";
import { startNetwork } from "../lib/network.mjs";
import { deployCode, number } from "../lib/transactions.mjs";

let network;
let from;
before(async () => {
    network = await startNetwork({ silent: true, rollups: 1 });
    from = network.accounts[0].address;
});
after(async () => assert.equal((await network.stop()).code, 0));

// Runs on each chain.
const onEach = (name, run) =>
    test(name, async (t) => {
        for (const chain of network.chains) await t.test(chain.name, () => run(chain));
    });

const fails = (promise, code, text, data) =>
    assert.rejects(promise, (error) => {
        assert.equal(error.text, text);
        assert.equal(error.code, code);
        assert.equal(error.data, data);
        return true;
    });

const word = (value) => pad(numberToHex(value)).slice(2);

onEach("halts are named as geth names them", async (chain) => {
    const codes = {
        "5b600056": "out of gas", // a loop
        fe: "invalid opcode: INVALID",
        "0c": "invalid opcode: opcode 0xc not defined",
        "01": "stack underflow (0 <=> 2)",
        "600156": "invalid jump destination",
        "5b5f600056": "stack limit reached 1024 (1023)",
        "600160005f3e": "return data out of bounds",
    };
    for (const [code, text] of Object.entries(codes)) {
        const to = await deployCode(chain, from, code);
        await fails(chain.rpc("eth_call", [{ to }, "latest"]), -32000, text);
    }
});

onEach("reverts carry their data and reason", async (chain) => {
    // Error(string) "nope": stored word by word, then reverted.
    const encoded = `08c379a0${word(32)}${word(4)}${"6e6f7065".padEnd(64, "0")}`;
    const size = encoded.length / 2;
    const code = `60${size.toString(16)}600c60003960${size.toString(16)}6000fd${encoded}`;
    const to = await deployCode(chain, from, code);
    await fails(chain.rpc("eth_call", [{ to }, "latest"]), 3, "execution reverted: nope", `0x${encoded}`);
    await fails(chain.rpc("eth_estimateGas", [{ to }]), 3, "execution reverted: nope", `0x${encoded}`);
    const silent = await deployCode(chain, from, "60006000fd");
    await fails(chain.rpc("eth_call", [{ to: silent }, "latest"]), 3, "execution reverted", "0x");
});

onEach("estimates suffice, and are close", async (chain) => {
    assert.equal(await chain.rpc("eth_estimateGas", [{ from, to: `0x${"12".repeat(20)}`, value: "0x1" }]), "0x5208");
    // Writes three slots.
    const to = await deployCode(chain, from, "600160005560016001556001600255");
    const gas = number(await chain.rpc("eth_estimateGas", [{ from, to }]));
    const hash = await chain.rpc("eth_sendTransaction", [{ from, to, gas: numberToHex(gas) }]);
    const receipt = await chain.rpc("eth_getTransactionReceipt", [hash]);
    assert.equal(receipt.status, "0x1");
    const used = number(receipt.gasUsed);
    assert.ok(gas >= used && gas <= used * 1.07, `${gas} for ${used}`);
    await fails(
        chain.rpc("eth_estimateGas", [{ from, to: await deployCode(chain, from, "5b600056") }]),
        -32000,
        "gas required exceeds allowance (16777216)",
    );
    await fails(
        chain.rpc("eth_estimateGas", [{ from: `0x${"34".repeat(20)}`, to, value: "0x1", gasPrice: "0x1" }]),
        -32000,
        "insufficient funds for transfer",
    );
});

onEach("funds are asked for", async (chain) => {
    const poor = "0xC000000000000000000000000000000000000000";
    await fails(
        chain.rpc("eth_call", [{ from: poor, to: from, value: "0x3e8" }, "latest"]),
        -32000,
        `err: insufficient funds for gas * price + value: address ${poor} have 0 want 1000 (supplied gas 50000000)`,
    );
    assert.equal(
        await chain.rpc("eth_call", [{ from: poor, to: from, value: "0x3e8" }, "latest", { [poor]: { balance: "0x3e8" } }]),
        "0x",
    );
});

onEach("overrides of code, storage and block hold for the call only", async (chain) => {
    const to = `0x${"56".repeat(20)}`;
    const call = (code, overrides = {}, block = {}) =>
        chain.rpc("eth_call", [{ from, to }, "latest", { [to]: { code: `0x${code}`, ...overrides } }, block]);
    // SLOAD(1); NUMBER; TIMESTAMP; BASEFEE; BALANCE(self).
    assert.equal(await call("60015460005260206000f3", { state: { [pad("0x1")]: pad("0x7") } }), pad("0x7"));
    assert.equal(await call("60015460005260206000f3", { stateDiff: { [pad("0x1")]: pad("0x8") } }), pad("0x8"));
    assert.equal(await call("4360005260206000f3", {}, { number: "0x1234" }), pad("0x1234"));
    assert.equal(await call("4260005260206000f3", {}, { time: "0x99999999" }), pad("0x99999999"));
    assert.equal(await call("4760005260206000f3", { balance: "0x55" }), pad("0x55"));
    assert.equal(await chain.rpc("eth_getCode", [to, "latest"]), "0x");
});

onEach("an access list has what the call touches", async (chain) => {
    // SLOAD(5), BALANCE of 0x77…77.
    const other = `0x${"77".repeat(20)}`;
    const to = await deployCode(chain, from, `6005545073${"77".repeat(20)}3150`);
    const { accessList, gasUsed } = await chain.rpc("eth_createAccessList", [{ from, to }, "latest"]);
    const sorted = accessList.sort((a, b) => (a.address < b.address ? -1 : 1));
    const expected = [
        { address: other, storageKeys: [] },
        { address: to.toLowerCase(), storageKeys: [pad("0x5")] },
    ].sort((a, b) => (a.address < b.address ? -1 : 1));
    assert.deepEqual(sorted, expected);
    // 21,000, the list (2 × 2,400 + 1,900), two warm accesses (100 each), and six cheap instructions.
    assert.equal(number(gasUsed), 21000 + 2 * 2400 + 1900 + 2 * 100 + 3 * 2 + 2 * 2);
});

onEach("logs by range, address and topic", async (chain) => {
    // LOG1(topic = calldata word 0) with no data.
    const to = await deployCode(chain, from, "60003560006000a1");
    const first = number(await chain.rpc("eth_blockNumber")) + 1;
    const topics = [keccak256("0x01"), keccak256("0x02")];
    for (const topic of [topics[0], topics[1], topics[0]]) await chain.rpc("eth_sendTransaction", [{ from, to, data: topic }]);
    const range = { fromBlock: numberToHex(first), toBlock: "latest" };
    const logs = await chain.rpc("eth_getLogs", [{ ...range, address: to }]);
    assert.deepEqual(logs.map((log) => [number(log.blockNumber), log.topics[0]]), [
        [first, topics[0]],
        [first + 1, topics[1]],
        [first + 2, topics[0]],
    ]);
    assert.equal((await chain.rpc("eth_getLogs", [{ ...range, address: to, topics: [topics[1]] }])).length, 1);
    assert.equal((await chain.rpc("eth_getLogs", [{ ...range, address: from }])).length, 0);
    assert.equal((await chain.rpc("eth_getLogs", [{ blockHash: logs[0].blockHash }])).length, 1);
});

onEach("state of every block can be read", async (chain) => {
    // SSTORE(0, calldata word 0).
    const to = await deployCode(chain, from, "600035600055");
    const first = number(await chain.rpc("eth_blockNumber"));
    for (let i = 1; i <= 5; i++) await chain.rpc("eth_sendTransaction", [{ from, to, data: pad(toHex(i)) }]);
    for (let i = 0; i <= 5; i++) {
        const at = numberToHex(first + i);
        assert.equal(await chain.rpc("eth_getStorageAt", [to, "0x0", at]), pad(toHex(i)));
        const proof = await chain.rpc("eth_getProof", [to, ["0x0"], at]);
        assert.equal(number(proof.storageProof[0].value), i);
        const block = await chain.rpc("eth_getBlockByNumber", [at, false]);
        assert.equal(keccak256(proof.accountProof[0]), block.stateRoot);
    }
    assert.equal(await chain.rpc("eth_getCode", [to, numberToHex(first - 1)]), "0x");
    assert.equal(await chain.rpc("eth_getBlockByNumber", [numberToHex(first + 1000), false]), null);
});

onEach("a transaction from a development account is completed and signed", async (chain) => {
    const to = network.accounts[1].address;
    const hash = await chain.rpc("eth_sendTransaction", [{ from, to, value: "0x5" }]);
    const transaction = await chain.rpc("eth_getTransactionByHash", [hash]);
    assert.equal(transaction.type, "0x2");
    assert.equal(transaction.from, from);
    assert.equal(transaction.gas, "0x5208");
    await fails(chain.rpc("eth_sendTransaction", [{ from: `0x${"99".repeat(20)}`, to }]), -32000, "unknown account");
    await fails(
        chain.rpc("eth_sendTransaction", [{ from, to, chainId: "0x1" }]),
        -32000,
        `chainId does not match node's (have=1, want=${chain.chainId})`,
    );
});

onEach("a trace has the frames of a transaction", async (chain) => {
    const inner = await deployCode(chain, from, "60006000fd");
    // CALL(inner) and STOP.
    const to = await deployCode(chain, from, `600060006000600060007${"3"}${inner.slice(2)}5af100`);
    const hash = await chain.rpc("eth_sendTransaction", [{ from, to, gas: "0x186a0" }]);
    const trace = await chain.rpc("lockstep_traceTransaction", [hash]);
    assert.equal(trace.chain, chain.name);
    assert.equal(trace.status, "0x1");
    assert.equal(trace.frame.to, to);
    assert.equal(trace.frame.calls.length, 1);
    assert.equal(trace.frame.calls[0].to, inner);
    assert.equal(trace.frame.calls[0].error, "execution reverted");
    assert.equal(await chain.rpc("lockstep_traceTransaction", [keccak256("0x00")]), null);
});

test("proxies have addresses before they exist", async () => {
    const [l1, rollup] = network.chains;
    const target = `0x${"ab".repeat(20)}`;
    const onL1 = await l1.rpc("lockstep_proxyOf", [1, target]);
    const hub = l1.contracts.hub;
    // proxyOf(uint64,address): viem's encodeFunctionData.
    const data = `${keccak256(toHex("proxyOf(uint64,address)")).slice(0, 10)}${word(1)}${pad(target).slice(2)}`;
    assert.equal(await l1.rpc("eth_call", [{ to: hub, data }, "latest"]), pad(onL1));
    assert.notEqual(await rollup.rpc("lockstep_proxyOf", [0, target]), onL1);
    await assert.rejects(l1.rpc("lockstep_proxyOf", [0, target]), (error) => error.code === -32602);
    await assert.rejects(l1.rpc("lockstep_proxyOf", [9, target]), (error) => error.code === -32602);
});

test("the network describes itself", async () => {
    const info = await network.rollups[0].rpc("lockstep_networkInfo");
    assert.equal(info.rollupId, "0x1");
    assert.equal(info.parent.url, network.l1.url);
    assert.equal(info.rollups.length, 1);
    assert.equal(info.rollups[0].proofSystem, "Attestation");
    assert.match(info.rollups[0].trust, /development only/);
    // Ten accounts with 10,000 ether each.
    assert.equal(BigInt(info.rollups[0].hubBalance), 100000n * 10n ** 18n);
    const genesis = await network.rollups[0].rpc("eth_getBlockByNumber", ["0x0", false]);
    assert.ok(info.rollups[0].head.length === 66 && genesis.stateRoot.length === 66);
});
