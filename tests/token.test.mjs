// A rollup with its own native token: it calls and is called, and neither sends nor takes ether.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem";
import { startNetwork } from "./lib/network.mjs";

const abi = parseAbi([
    "function createProxy(uint64, address) returns (address)",
    "function proxyOf(uint64, address) view returns (address)",
    "function credit(uint64) payable",
    "function hasOwnToken() view returns (bool)",
]);
const ETHER = 10n ** 18n;
const ADDER = "6000546001018060005560005260206000f3"; // adds 1 to slot 0 and returns it
const SIZE = (ADDER.length / 2).toString(16);
const DEPLOYS_ADDER = `0x60${SIZE}600c60003960${SIZE}6000f3${ADDER}`;
const folder = mkdtempSync(join(tmpdir(), "lockstep-token-"));
const config = join(folder, "net.ini");
writeFileSync(config, "[rollup own]\ntoken = own\n[rollup plain]\ntype = evm\n");

let network, l1, own, plain, from;
before(async () => {
    network = await startNetwork({ args: ["--config", config] });
    l1 = network.l1;
    [own, plain] = network.rollups;
    from = network.accounts[0].address;
});
after(async () => {
    await network?.stop();
    rmSync(folder, { recursive: true, force: true });
});

async function send(chain, tx) {
    const hash = await chain.rpc("eth_sendTransaction", [{ from, gas: "0x2dc6c0", ...tx }]);
    const receipt = await chain.rpc("eth_getTransactionReceipt", [hash]);
    assert.ok(receipt, "in no block");
    return receipt;
}
const data = (functionName, args) => encodeFunctionData({ abi, functionName, args });
async function read(chain, to, functionName, args) {
    return decodeFunctionResult({ abi, functionName, data: await chain.rpc("eth_call", [{ to, data: data(functionName, args) }, "latest"]) });
}
const balance = async (chain, who) => BigInt(await chain.rpc("eth_getBalance", [who, "latest"]));
const slot = async (chain, who) => Number(await chain.rpc("eth_getStorageAt", [who, "0x0", "latest"]));

/** A contract that counts, on one chain, and its proxy on another. */
async function counter(chain, hubChain, hub) {
    const target = (await send(chain, { data: DEPLOYS_ADDER })).contractAddress;
    const id = BigInt(chain.rollupId);
    assert.equal((await send(hubChain, { to: hub, data: data("createProxy", [id, target]) })).status, "0x1");
    return { target, proxy: await read(hubChain, hub, "proxyOf", [id, target]) };
}

test("it says so, on L1 and by itself; its token is not in the Hub", async () => {
    const [info, other] = await l1.rpc("lockstep_getRollups");
    assert.equal(info.hasOwnToken, true);
    assert.equal(info.hubBalance, "0x0");
    assert.equal(other.hasOwnToken, false);
    assert.equal(BigInt(other.hubBalance), 100_000n * ETHER);
    assert.equal(await balance(own, from), 10_000n * ETHER);
    assert.equal(await read(own, own.contracts.system, "hasOwnToken"), true);
    assert.equal(await read(plain, plain.contracts.system, "hasOwnToken"), false);
});

test("its token moves on it as ether does elsewhere", async () => {
    const to = "0x000000000000000000000000000000000000aaaa";
    assert.equal((await send(own, { to, value: "0x5" })).status, "0x1");
    assert.equal(await balance(own, to), 5n);
});

test("L1 calls it, but sends it no ether", async () => {
    const { target, proxy } = await counter(own, l1, network.contracts.hub);
    assert.equal((await send(l1, { to: proxy, data: "0x12345678" })).status, "0x1");
    assert.equal(await slot(own, target), 1);
    const before = await balance(l1, from);
    const tx = { from, to: proxy, value: "0x9", gas: "0x2dc6c0" };
    assert.equal((await send(l1, tx)).status, "0x0");
    const { failure } = await l1.rpc("lockstep_simulate", [tx]);
    assert.match(JSON.stringify(failure), /a rollup with its own token does not take ether/);
    assert.ok(before - (await balance(l1, from)) < ETHER / 10n);
    assert.equal(await slot(own, target), 1);
    assert.equal(await balance(own, target), 0n);
    const credit = await send(l1, { to: network.contracts.hub, data: data("credit", [1n]), value: "0x9" });
    assert.equal(credit.status, "0x0"); // TokenRollup(1)
    // The next rollup takes what this one does not.
    const other = await counter(plain, l1, network.contracts.hub);
    assert.equal((await send(l1, { to: other.proxy, value: "0x9" })).status, "0x1");
    assert.equal(await balance(plain, other.target), 9n);
});

test("it calls L1, but sends none of its token there", async () => {
    const { target, proxy } = await counter(l1, own, own.contracts.l2Hub);
    assert.equal((await send(own, { to: proxy, data: "0x" + "00".repeat(4) })).status, "0x1");
    assert.equal(await slot(l1, target), 1);
    const had = await balance(own, from);
    const refused = await send(own, { to: proxy, value: "0x7", data: "0x00000000" });
    assert.equal(refused.status, "0x0");
    assert.equal(await slot(l1, target), 1);
    assert.equal(await balance(l1, target), 0n);
    assert.equal(await balance(own, proxy), 0n);
    assert.ok(had - (await balance(own, from)) < ETHER / 10n); // gas, no more
});
