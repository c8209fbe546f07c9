// Rollups under different proof systems in one network: attestation, their owner's word, 2 of 3 attesters.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem";
import { RpcError, startNetwork } from "./lib/network.mjs";

const abi = parseAbi(["function createProxy(uint64, address) returns (address)", "function proxyOf(uint64, address) view returns (address)"]);
const folder = mkdtempSync(join(tmpdir(), "lockstep-proofs-"));
const config = join(folder, "net.ini");
writeFileSync(config, `datadir = ${join(folder, "data")}
[rollup attested]
proof = attestation
[rollup owned]
proof = owner
[rollup shared]
proof = k-of-n
`);

let network, l1, from;
before(open);
after(async () => {
    await network?.stop();
    rmSync(folder, { recursive: true, force: true });
});

async function open() {
    network = await startNetwork({ args: ["--config", config] });
    l1 = network.l1;
    from = network.accounts[0].address;
}

async function send(chain, tx) {
    const hash = await chain.rpc("eth_sendTransaction", [{ from, gas: "0x2dc6c0", ...tx }]);
    return chain.rpc("eth_getTransactionReceipt", [hash]);
}

/** The proxy on L1 of an address on a rollup, created if it is not there. */
async function proxyOf(rollup, target) {
    const args = [BigInt(rollup.rollupId), target];
    const to = network.contracts.hub;
    const made = await send(l1, { to, data: encodeFunctionData({ abi, functionName: "createProxy", args }) });
    assert.equal(made.status, "0x1");
    const data = await l1.rpc("eth_call", [{ to, data: encodeFunctionData({ abi, functionName: "proxyOf", args }) }]);
    return decodeFunctionResult({ abi, functionName: "proxyOf", data });
}

const balance = async (chain, who) => BigInt(await chain.rpc("eth_getBalance", [who, "latest"]));
const hubHead = async (rollup) => (await l1.rpc("lockstep_getRollups"))[Number(rollup.rollupId) - 1].head;
const stateRoot = async (rollup) => (await rollup.rpc("eth_getBlockByNumber", ["latest", false])).stateRoot;

/** Ether from L1 to an account of the rollup: a batch with an entry, under the rollup's proof system. */
async function deposit(rollup, who, wei) {
    const proxy = await proxyOf(rollup, who);
    const before = await balance(rollup, who);
    const receipt = await send(l1, { to: proxy, value: "0x" + wei.toString(16) });
    assert.equal(receipt.status, "0x1", rollup.name);
    assert.equal((await balance(rollup, who)) - before, wei, rollup.name);
    assert.equal(await hubHead(rollup), await stateRoot(rollup), rollup.name);
}

test("each rollup says what it rests on", async () => {
    const rollups = await l1.rpc("lockstep_getRollups");
    assert.deepEqual(rollups.map(({ name, proofSystem }) => [name, proofSystem]), [["attested", "Attestation"], ["owned", "Owner"], ["shared", "KOfN"]]);
    for (const { trust } of rollups) assert.ok(trust.length > 20);
    assert.ok(network.contracts.owner && network.contracts.kOfN);
});

test("calls from L1 reach each, and its head on L1 follows", async () => {
    for (const rollup of network.rollups) await deposit(rollup, "0x000000000000000000000000000000000000aaaa", 7n);
});

test("a transaction that touches all three has three proofs in its batch", async () => {
    // A contract of L1 that sends 5 wei to each of the three proxies, and reverts if one fails.
    const proxies = [];
    for (const rollup of network.rollups) proxies.push(await proxyOf(rollup, "0x000000000000000000000000000000000000bbbb"));
    const call = (proxy) => `60006000600060006005${"73" + proxy.slice(2)}5af11560ff57`; // CALL, ISZERO, jump to 255
    const code = `0x${(proxies.map(call).join("") + "00").padEnd(2 * 255, "0")}5b60006000fd`;
    const sender = "0x00000000000000000000000000000000000c0de5";
    await l1.rpc("anvil_setCode", [sender, code]);
    assert.ok(Number(await l1.rpc("eth_estimateGas", [{ from, to: sender, value: "0xf" }])) > 100_000);
    const receipt = await send(l1, { to: sender, value: "0xf" });
    assert.equal(receipt.status, "0x1");
    const block = await l1.rpc("eth_getBlockByNumber", [receipt.blockNumber, true]);
    const [post] = block.transactions;
    assert.equal(post.to, network.contracts.hub.toLowerCase());
    const trace = await l1.rpc("debug_traceTransaction", [post.hash, { tracer: "callTracer" }]);
    const asked = (trace.calls ?? []).filter((call) => call.type === "STATICCALL").map((call) => call.to);
    for (const name of ["attestation", "owner", "kOfN"])
        assert.equal(asked.filter((to) => to === network.contracts[name].toLowerCase()).length, 1, name);
    for (const rollup of network.rollups) {
        assert.equal(await balance(rollup, "0x000000000000000000000000000000000000bbbb"), 5n);
        assert.equal(await hubHead(rollup), await stateRoot(rollup));
    }
});

test("2 of 3: whichever one is down, the rollup goes on", async () => {
    const shared = network.rollups[2];
    for (const down of [0, 1, 2]) {
        await l1.rpc("lockstep_setAttester", [down, false]);
        await deposit(shared, "0x000000000000000000000000000000000000cccc", 3n);
        await l1.rpc("lockstep_setAttester", [down, true]);
    }
});

test("with two down it stands still, alone, and says why; then it goes on", async () => {
    const [attested, owned, shared] = network.rollups;
    const who = "0x000000000000000000000000000000000000dddd";
    const proxy = await proxyOf(shared, who);
    const head = await hubHead(shared);
    await l1.rpc("lockstep_setAttester", [0, false]);
    await l1.rpc("lockstep_setAttester", [2, false]);
    await assert.rejects(
        l1.rpc("eth_sendTransaction", [{ from, to: proxy, value: "0x9", gas: "0x2dc6c0" }]),
        (error) => error instanceof RpcError && error.text.includes("2 of 3 attesters must vouch for shared, and 1 answers"),
    );
    assert.equal(await hubHead(shared), head);
    assert.equal(await balance(shared, who), 0n);
    await deposit(attested, who, 1n);
    await deposit(owned, who, 2n);
    await l1.rpc("lockstep_setAttester", [2, true]);
    await deposit(shared, who, 9n);
    await l1.rpc("lockstep_setAttester", [0, true]);
});

test("attesters there are not are refused", async () => {
    const refused = (params, text) => assert.rejects(l1.rpc("lockstep_setAttester", params), (error) => error.code === -32602 && error.text === text);
    await refused([3, true], "there are 3 attesters, from 0 on");
    const plain = await startNetwork({ rollups: 1 });
    await assert.rejects(plain.l1.rpc("lockstep_setAttester", [0, false]), (error) => error.text === "no rollup of this network has attesters (--proof k-of-n)");
    assert.equal(plain.contracts.kOfN, undefined);
    await plain.stop();
});

test("after a restart each goes on under its own", async () => {
    await network.stop();
    await open();
    for (const rollup of network.rollups) await deposit(rollup, "0x000000000000000000000000000000000000eeee", 4n);
});
