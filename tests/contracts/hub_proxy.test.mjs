// The proxy: its assembly against its twin in plain Solidity, exact gas, and where proxies lie.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import {
    concat, decodeEventLog, decodeFunctionResult, encodeFunctionData, getContractAddress, keccak256, pad, toFunctionSelector, toHex,
} from "viem";
import { World, bytesOf, eth } from "./lib/hub.mjs";
import { proxyCreation } from "./lib/proxy.mjs";

let w, hub, proxies;
const target = `0x${"1234567890".repeat(4)}`;
const ROLLUP = 0x123456789abcdefn;

before(async () => {
    w = await World.open();
    hub = await w.deploy("RecordingHub");
    await w.mine({ to: hub, value: eth(100), data: "0x" });
    const { receipts } = await w.mine({ to: hub, data: hubCall("deploy", [ROLLUP, target]) });
    const [{ proxy, plain }] = said(receipts[0]);
    proxies = [proxy, plain];
});
after(() => w?.close());

const hubCall = (functionName, args) => encodeFunctionData({ abi: w.test.RecordingHub.abi, functionName, args });

/** What the RecordingHub's events of a transaction say. */
function said(receipt) {
    return receipt.logs.map((log) => {
        const abi = [...w.test.RecordingHub.abi, ...w.test.GasMeter.abi];
        const { eventName, args } = decodeEventLog({ abi, ...log });
        return { eventName, ...args };
    });
}

let seed = 1;
/** Bytes that look random and are the same in every run. */
function noise(size) {
    let hex = "";
    while (hex.length < 2 * size) hex += createHash("sha256").update(String(seed++)).digest("hex");
    return `0x${hex.slice(0, 2 * size)}`;
}

/** What a proxy asks its hub. */
const request = (source, data) => concat([toFunctionSelector("enter()"), toHex(ROLLUP, { size: 8 }), target, source, data]);

const sizes = [0, 1, 2, 31, 32, 33, 63, 64, 100, 1000, 5000];

test("assembly and plain twin pass a call on alike", async () => {
    for (const size of sizes)
        for (const fails of [false, true]) {
            const data = noise(size);
            const answer = noise(size === 0 ? 5 : size % 77);
            await w.mine({ to: hub, data: hubCall("answerWith", [fails, answer]) });
            for (const value of [0n, 7n]) {
                const seen = [];
                for (const proxy of proxies) {
                    const { receipts } = await w.mine({ to: proxy, data, value, mayFail: true });
                    const { output } = await w.trace(receipts[0].transactionHash);
                    const asked = said(receipts[0]).map((event) => ({ ...event, proxy: event.proxy === proxy }));
                    seen.push({ status: receipts[0].status, output, said: asked });
                }
                assert.deepEqual(seen[0], seen[1], `${size} bytes, ${value} wei`);
                assert.equal(seen[0].output ?? "0x", answer);
                assert.equal(seen[0].status, fails ? "0x0" : "0x1");
                if (fails) continue;
                assert.deepEqual(seen[0].said, [{ eventName: "Asked", proxy: true, value, data: keccak256(request(w.builder, data)) }]);
            }
        }
});

test("assembly and plain twin pass a static call on alike", async () => {
    for (const size of sizes)
        for (const fails of [false, true]) {
            const data = noise(size);
            await w.mine({ to: hub, data: hubCall("answerWith", [fails, noise(size % 50)]) });
            const seen = [];
            for (const proxy of proxies) {
                await w.when(w.A, bytesOf("go"), {
                    steps: [{ to: proxy, data, isStatic: true, isCaught: true }], isForwarding: true,
                });
                const { receipts } = await w.mine({ to: w.A, data: bytesOf("go") });
                seen.push((await w.trace(receipts[0].transactionHash)).output);
            }
            assert.equal(seen[0], seen[1], `${size} bytes`);
            if (!fails) assert.ok(seen[0].startsWith(bytesOf("static")));
        }
});

/** An order to call; gas as the callee is to have it, `needed` as the hub reckons it. */
const orderTo = (to, gas, data, { value = 0n, needed = 0n } = {}) =>
    concat([pad(to), pad(toHex(gas), { size: 32 }), pad(toHex(needed), { size: 32 }), pad(toHex(value), { size: 32 }), data]);

async function order(proxy, data, { value = 0n, gas = 1_000_000n, isStatic = false } = {}) {
    const { receipts } = await w.mine({ to: hub, value, data: hubCall("order", [proxy, data, gas, isStatic]) });
    return said(receipts[0]);
}

test("assembly and plain twin follow the hub's orders alike", async () => {
    await w.when(w.D, bytesOf("ok"), { result: noise(70), isQuiet: true });
    await w.when(w.D, bytesOf("bad"), { result: noise(33), fails: true, isQuiet: true });
    await w.when(w.D, bytesOf("void"), { fails: true, isQuiet: true });
    await w.when(w.D, bytesOf("loud"), { result: noise(3) });
    const orders = [
        [orderTo(w.D, 200_000n, bytesOf("ok")), {}], [orderTo(w.D, 200_000n, bytesOf("ok")), { isStatic: true }],
        [orderTo(w.D, 200_000n, bytesOf("loud")), { isStatic: true }],
        [orderTo(w.D, 200_000n, bytesOf("ok"), { value: 5n }), { value: 5n }],
        [orderTo(w.D, 200_000n, bytesOf("bad"), { value: 5n }), { value: 5n }],
        [orderTo(w.D, 200_000n, bytesOf("bad")), { isStatic: true }],
        [orderTo(w.D, 200_000n, bytesOf("void"), { value: 5n }), { value: 5n }],
        [orderTo(w.D, 200_000n, bytesOf("ok"), { value: 7n }), { value: 5n }],
        [orderTo(`0x${"77".repeat(20)}`, 5n, "0x"), {}],
        [orderTo(w.D, 200_000n, bytesOf("ok"), { needed: 990_000n }), {}],
        [orderTo(w.D, 200_000n, bytesOf("ok"), { needed: 1_100_000n }), {}],
        [orderTo(w.D, 200_000n, bytesOf("ok"), { needed: 2n ** 256n - 1n }), {}],
    ];
    for (const [data, more] of orders) {
        const [assembly, plain] = [await order(proxies[0], data, more), await order(proxies[1], data, more)];
        assert.deepEqual(assembly, plain, data);
    }
    const mark = (data) => concat([data, "0x01"]);
    const result = async (data, value = 0n) => (await order(proxies[0], data, { value }))[0];
    const failure = await result(orderTo(w.D, 200_000n, bytesOf("void"), { value: 5n }), 5n);
    assert.deepEqual([failure.ok, failure.result], [false, mark("0x")]);
    const notMade = await result(orderTo(w.D, 200_000n, bytesOf("ok"), { needed: 1_100_000n }));
    assert.deepEqual([notMade.ok, notMade.result], [false, "0x"]);
});

test("an order passes on ether that was at the proxy's address", async () => {
    await w.mine({ to: hub, data: hubCall("answerWith", [false, "0x"]) });
    for (const proxy of proxies) {
        await w.rpc("anvil_setBalance", proxy, "0x64");
        const [asked, ordered] = await order(proxy, orderTo(hub, 500_000n, request(proxy, "0x"), { value: 100n }));
        assert.deepEqual([asked.eventName, asked.value, asked.data], ["Asked", 100n, keccak256(request(proxy, "0x"))]);
        assert.ok(ordered.ok);
        assert.equal(BigInt(await w.rpc("eth_getBalance", proxy, "latest")), 0n);
    }
});

test("a proxy that is told to call itself passes the call on", async () => {
    await w.mine({ to: hub, data: hubCall("answerWith", [false, noise(9)]) });
    for (const proxy of proxies) {
        const [asked, ordered] = await order(proxy, orderTo(proxy, 300_000n, bytesOf("me")));
        assert.equal(asked.eventName, "Asked");
        assert.ok(ordered.ok);
    }
});

test("who a proxy is, its code says; and nobody else's does", async () => {
    const identity = async (account) => {
        const abi = w.test.RecordingHub.abi;
        const data = await w.rpc("eth_call", { to: hub, data: hubCall("identityOf", [account]) }, "latest");
        const [isProxy, rollupId, of] = decodeFunctionResult({ abi, functionName: "identityOf", data });
        return [isProxy, rollupId, of.toLowerCase()];
    };
    assert.deepEqual(await identity(proxies[0]), [true, ROLLUP, target]);
    const code = await w.rpc("eth_getCode", proxies[0], "latest");
    // The same code elsewhere, and another hub's proxy.
    const elsewhere = `0x${"5a".repeat(20)}`;
    await w.rpc("anvil_setCode", elsewhere, code);
    for (const account of [elsewhere, w["P(1:B)"], proxies[1], w.D, w.user]) assert.equal((await identity(account))[0], false);
});

test("too little gas never looks like a static call or a failure of the remote", async () => {
    await w.mine({ to: hub, data: hubCall("answerWith", [false, noise(64)]) });
    const notEnough = keccak256(bytesOf("NotEnoughGas()")).slice(0, 10);
    for (const proxy of proxies)
        for (const value of [0n, 1n])
            for (let gas = 1_000n; gas < 80_000n; gas += 1_700n) {
                await w.when(w.A, bytesOf("go"), { steps: [{ to: proxy, data: noise(100), value, gas, isCaught: true }], isForwarding: true });
                const { receipts } = await w.mine({ to: w.A, data: bytesOf("go"), value });
                const { output } = await w.trace(receipts[0].transactionHash);
                assert.ok(output === notEnough || output?.length === 2 + 2 * 64, `${gas} gas: ${output}`);
            }
});

test("where proxies lie and what they are", async () => {
    // As the node makes it: src/rollup/proxy.c.
    const { all, runtime } = proxyCreation(w.hub, 1n, w.B);
    const expected = getContractAddress({ opcode: "CREATE2", from: w.hub, salt: pad("0x"), bytecode: all });
    assert.equal(w["P(1:B)"].toLowerCase(), expected.toLowerCase());
    assert.equal(await w.rpc("eth_getCode", w["P(1:B)"], "latest"), runtime);
});
