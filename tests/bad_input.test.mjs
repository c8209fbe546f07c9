// What a client may send by mistake or on purpose. Each gets an error of its own, and the node goes on.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { encodeFunctionData, keccak256, numberToHex, parseEther, serializeTransaction } from "viem";
import { startNetwork } from "../examples/demo/network.mjs";
import { World, artifact, connect } from "../examples/demo/world.mjs";

const lockstep = process.env.LOCKSTEP ?? "build/dev/lockstep";
let network;
let l1;
let rollup1;
let rollup2;
let world;

before(async () => {
    network = await startNetwork([], lockstep);
    const { chains, accounts } = network.info;
    [l1, rollup1, rollup2] = chains.map((entry) => connect(entry, accounts[0].privateKey));
    world = new World({ l1, rollup1, rollup2 });
});
after(async () => {
    const { status, stderr } = await network.stop();
    assert.equal(stderr, "");
    assert.equal(status, 0);
});
// Whatever the test did: every chain still answers.
afterEach(async () => {
    for (const { url, chainId } of network.info.chains)
        assert.equal((await rpc(url, "eth_chainId")).result, numberToHex(chainId));
});

async function post(url, body) {
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    return JSON.parse(await response.text());
}
const rpc = (url, method, params = []) => post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));

async function fails(code, message, promise) {
    const { error, result } = await promise;
    assert.ok(error, `no error but ${JSON.stringify(result)?.slice(0, 200)}`);
    assert.match(error.message, message);
    assert.equal(error.code, code);
    return error;
}

// Deploys bare code; init code that returns it.
async function deployCode(chain, code) {
    const size = numberToHex(code.length / 2, { size: 2 }).slice(2);
    const hash = await chain.wallet.sendTransaction({ data: `0x61${size}80600a3d393df3${code}` });
    return (await chain.client.waitForTransactionReceipt({ hash })).contractAddress;
}

const signed = async (chain, fields) =>
    chain.account.signTransaction({
        type: "eip1559",
        chainId: chain.chainId,
        nonce: await chain.client.getTransactionCount({ address: chain.account.address }),
        maxFeePerGas: 10n ** 10n,
        maxPriorityFeePerGas: 0n,
        gas: 21000n,
        to: chain.account.address,
        ...fields,
    });

test("text that is not JSON", () => fails(-32700, /./, post(l1.url, "{")));
test("JSON that is no request", () => fails(-32600, /./, post(l1.url, "{}")));
test("an unknown method", () => fails(-32601, /eth_frobnicate/, rpc(l1.url, "eth_frobnicate")));
test("too few arguments", () => fails(-32602, /./, rpc(l1.url, "eth_getBalance")));
test("an argument of a wrong form", () => fails(-32602, /./, rpc(l1.url, "eth_getBalance", ["0x12", "latest"])));
test("nesting a thousand deep", () =>
    fails(-32600, /nested too deeply/, post(l1.url, "[".repeat(1000) + "]".repeat(1000))));

test("a transaction that cannot be decoded", () =>
    fails(-32602, /./, rpc(l1.url, "eth_sendRawTransaction", ["0xzz"])).then(() =>
        fails(-32000, /./, rpc(l1.url, "eth_sendRawTransaction", ["0x02c0"]))));

test("a bad signature", async () => {
    const transaction = { type: "eip1559", chainId: l1.chainId, nonce: 0, gas: 21000n, maxFeePerGas: 10n ** 10n };
    const signature = { r: `0x${"00".repeat(32)}`, s: `0x${"00".repeat(32)}`, yParity: 0 };
    const raw = serializeTransaction({ ...transaction, to: l1.account.address }, signature);
    await fails(-32000, /signature|v, r, s/i, rpc(l1.url, "eth_sendRawTransaction", [raw]));
});

test("a transaction of another chain", async () => {
    const raw = await signed(l1, { chainId: 1 });
    await fails(-32000, /chain id/i, rpc(l1.url, "eth_sendRawTransaction", [raw]));
});

test("a nonce too low", async () => {
    const hash = await l1.wallet.sendTransaction({ to: l1.account.address });
    await l1.client.waitForTransactionReceipt({ hash });
    const raw = await signed(l1, { nonce: 0 });
    await fails(-32000, /nonce too low/, rpc(l1.url, "eth_sendRawTransaction", [raw]));
});

test("more ether than there is", async () => {
    const raw = await signed(l1, { value: parseEther("1000000") });
    await fails(-32000, /insufficient funds/, rpc(l1.url, "eth_sendRawTransaction", [raw]));
});

test("an override that gives more ether than a number holds", async () => {
    const [from, to] = [l1.account.address, `0x${"ee".repeat(20)}`];
    for (const { url } of [l1, rollup1]) {
        const call = [{ from, to, value: "0x1" }, "latest", { [to]: { balance: `0x${"f".repeat(64)}` } }];
        await fails(-32000, /a balance would exceed 2\^256 - 1 wei/, rpc(url, "eth_call", call));
        await fails(-32000, /a balance would exceed 2\^256 - 1 wei/, rpc(url, "eth_estimateGas", call));
    }
});

test("too little gas", async () => {
    const raw = await signed(l1, { gas: 20999n });
    await fails(-32000, /intrinsic gas too low/, rpc(l1.url, "eth_sendRawTransaction", [raw]));
});

test("a transaction that is known already", async () => {
    const raw = await signed(l1, {});
    const { result } = await rpc(l1.url, "eth_sendRawTransaction", [raw]);
    assert.equal(result, keccak256(raw));
    await fails(-32000, /already known|nonce too low/, rpc(l1.url, "eth_sendRawTransaction", [raw]));
});

for (const place of ["l1", "rollup1"])
    test(`a contract that loops for ever, on ${place}`, async () => {
        const chain = world.places[place];
        const loop = await deployCode(chain, "5b600056");
        await fails(-32000, /out of gas/, rpc(chain.url, "eth_call", [{ to: loop }, "latest"]));
        await fails(-32000, /gas/, rpc(chain.url, "eth_estimateGas", [{ to: loop }]));
        const hash = await chain.wallet.sendTransaction({ to: loop, gas: 1_000_000n });
        const receipt = await chain.client.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, "reverted");
        assert.equal(receipt.gasUsed, 1_000_000n);
    });

test("a call to a rollup contract that loops for ever", async () => {
    const contract = { chain: rollup1, address: await deployCode(rollup1, "5b600056"), name: "loop" };
    const proxy = await world.reference("l1", contract);
    const { error } = await rpc(l1.url, "eth_call", [{ to: proxy, gas: "0x200000" }, "latest"]);
    assert.ok(error);
    const hash = await l1.wallet.sendTransaction({ to: proxy, gas: 2_000_000n });
    assert.equal((await l1.client.waitForTransactionReceipt({ hash })).status, "reverted");
});

test("a rollup call that returns megabytes", async () => {
    // 2 MiB of zeros: memory costs 8.6 million gas.
    const contract = { chain: rollup1, address: await deployCode(rollup1, "622000006000f3"), name: "flood" };
    const direct = await rpc(rollup1.url, "eth_call", [{ to: contract.address, gas: "0xf00000" }, "latest"]);
    assert.equal(direct.result?.length, 2 + 2 * 0x200000);
    const proxy = await world.reference("l1", contract);
    const { error } = await rpc(l1.url, "eth_call", [{ to: proxy, gas: "0xf00000" }, "latest"]);
    assert.ok(error, "L1 cannot copy that much with this gas");
});

// Depth is for gas to end, as on one chain: 63/64 of 16 million do not last for 1,024 frames, and
// each crossing takes its share. Where it ends, and what says so, depends on the way.
const NOT_ENOUGH = /^execution reverted: NotEnoughGas\(\)$/;
const CROSSING = /^the call across chains cannot be made: /;
const TOO_LARGE = /make a batch that takes more gas than a transaction may have$/;
for (const [places, hops, called, sent] of [
    [["l1", "rollup1"], 40, NOT_ENOUGH, null],
    [["l1", "rollup1"], 1024, TOO_LARGE, TOO_LARGE],
    [["rollup1", "l1"], 40, CROSSING, NOT_ENOUGH],
    [["rollup1", "l1"], 1024, CROSSING, NOT_ENOUGH],
    [["rollup1", "rollup2"], 1024, NOT_ENOUGH, null],
    [["l1", "rollup1", "rollup2"], 1024, TOO_LARGE, TOO_LARGE],
])
    test(`calls ${hops} deep across ${places.join(", ")}`, async () => {
        const hoppers = {};
        for (const place of places) hoppers[place] = await world.deploy(place, "Hopper");
        const next = (i) => places[i % places.length];
        const hop = await Promise.all(places.map((place, i) => world.reference(place, hoppers[next(i + 1)])));
        const path = Array.from({ length: hops }, (_, i) => hop[i % hop.length]);
        const data = encodeFunctionData({ abi: artifact("Hopper").abi, functionName: "pass", args: [path, 1n] });
        const { chain, address } = hoppers[places[0]];
        const call = [{ to: address, data, gas: numberToHex(16_000_000n) }, "latest"];
        const { error } = await rpc(chain.url, "eth_call", call);
        assert.match(error.message, called);
        const raw = await signed(chain, { to: address, data, gas: 16_000_000n, maxFeePerGas: 10n ** 11n });
        if (sent !== null) {
            await fails(-32000, sent, rpc(chain.url, "eth_sendRawTransaction", [raw]));
        } else {
            const { result } = await rpc(chain.url, "eth_sendRawTransaction", [raw]);
            const receipt = await chain.client.waitForTransactionReceipt({ hash: result });
            assert.equal(receipt.status, "reverted");
        }
        for (const place of places) assert.equal(await world.call(hoppers[place], "passes"), 0n);
    });

test("a contract that calls itself 1,024 deep, on a rollup, called from L1", async () => {
    // CALL(gas, address(this), 0, 0, 0, 0, 0), whatever comes of it.
    const code = "5f5f5f5f5f305af1505f5ff3";
    const contract = { chain: rollup1, address: await deployCode(rollup1, code), name: "deep" };
    const proxy = await world.reference("l1", contract);
    const hash = await l1.wallet.sendTransaction({ to: proxy, gas: 10_000_000n });
    assert.equal((await l1.client.waitForTransactionReceipt({ hash })).status, "success");
});

// A program of its own, which must give up at once.
function start(...args) {
    const { status, stderr, stdout } = spawnSync(lockstep, args, { encoding: "utf8", timeout: 10_000 });
    return { status, stderr, stdout };
}

test("a port in use", () => {
    const { port } = new URL(l1.url);
    const { status, stderr } = start("--port", port);
    assert.equal(stderr, `lockstep: l1: cannot listen on 127.0.0.1:${port}: address already in use\n`);
    assert.equal(status, 1);
});

test("a data directory that cannot be used", () => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-bad-"));
    const file = join(folder, "file");
    writeFileSync(file, "");
    try {
        // /proc takes no folders, not even from root.
        for (const [path, reason] of [
            ["/proc/lockstep", "cannot make the data directory /proc/lockstep: No such file or directory"],
            [file, `cannot write in the data directory ${file}: Not a directory`],
        ]) {
            const { status, stderr } = start("--port", "0", "--datadir", path);
            assert.equal(stderr, `lockstep: ${reason}\n`);
            assert.equal(status, 1);
        }
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test("a data directory in use", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-bad-"));
    const other = await startNetwork(["--datadir", folder], lockstep);
    const { status, stderr } = start("--port", "0", "--datadir", folder);
    assert.equal((await other.stop()).status, 0);
    rmSync(folder, { recursive: true });
    assert.equal(stderr, `lockstep: another node is using the data directory ${folder}\n`);
    assert.equal(status, 1);
});
