// Blocks with several transactions that call across chains: each gets in, now or a block later, and
// one that cannot leaves the others alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeFunctionData } from "viem";
import { artifact, connect } from "../../examples/demo/world.mjs";
import { openNetwork } from "../lib/opened.mjs";

const abi = artifact("Hopper").abi;
let network;
let chains;
let world;

openNetwork((opened) => ({ network, chains, world } = opened));

const rpc = (chain, method, params = []) => chain.client.request({ method, params });

// The answer of the contract there to a contract here.
async function hop(from, to, hops = 1) {
    const here = await world.deploy(from, "Hopper");
    const there = await world.deploy(to, "Hopper");
    const [out, back] = [await world.reference(from, there), await world.reference(to, here)];
    const path = Array.from({ length: hops }, (_, i) => (i % 2 === 0 ? out : back));
    const data = encodeFunctionData({ abi, functionName: "pass", args: [path, 1n] });
    return { here, there, request: { to: here.address, data, gas: 3_000_000n } };
}
const receipt = (chain, hash) => chain.client.waitForTransactionReceipt({ hash });

test("transactions of two rollups that call one another get in one after the other", async () => {
    const { l1, rollup1, rollup2 } = chains;
    const there = await hop("rollup1", "rollup2");
    const back = await hop("rollup2", "rollup1");
    await rpc(l1, "evm_setAutomine", [false]);
    try {
        const first = await rollup1.wallet.sendTransaction(there.request);
        const second = await rollup2.wallet.sendTransaction(back.request);
        for (let i = 0; i < 2; i++) await rpc(l1, "evm_mine");
        assert.equal((await receipt(rollup1, first)).status, "success");
        assert.equal((await receipt(rollup2, second)).status, "success");
        assert.equal(await world.call(there.there, "passes"), 1n);
        assert.equal(await world.call(back.there, "passes"), 1n);
    } finally {
        await rpc(l1, "evm_setAutomine", [true]);
    }
});

test("a transaction whose calls fit into no batch leaves alone", async () => {
    const { l1 } = chains;
    const good = await hop("l1", "rollup1");
    const bad = await hop("l1", "rollup1", 1024);
    await rpc(l1, "evm_setAutomine", [false]);
    try {
        const nonce = await l1.client.getTransactionCount({ address: l1.account.address });
        const others = network.info.accounts.slice(1, 3).map((a) => connect({ ...l1, name: "l1" }, a.privateKey));
        const fee = { maxFeePerGas: 10n ** 11n };
        const sent = [
            await l1.wallet.sendTransaction({ ...good.request, ...fee, nonce, maxPriorityFeePerGas: 3n }),
            await others[0].wallet.sendTransaction({
                ...bad.request,
                ...fee,
                gas: 16_000_000n,
                maxPriorityFeePerGas: 2n,
            }),
            await others[1].wallet.sendTransaction({ ...good.request, ...fee, maxPriorityFeePerGas: 1n }),
        ];
        for (let i = 0; i < 3; i++) await rpc(l1, "evm_mine");
        assert.equal((await receipt(l1, sent[0])).status, "success");
        assert.equal((await receipt(l1, sent[2])).status, "success");
        assert.equal(await rpc(l1, "eth_getTransactionByHash", [sent[1]]), null);
        assert.equal(await world.call(good.there, "passes"), 2n);
        assert.equal(await world.call(bad.there, "passes"), 0n);
    } finally {
        await rpc(l1, "evm_setAutomine", [true]);
    }
});

for (const [from, to] of [
    ["l1", "rollup1"],
    ["rollup1", "l1"],
    ["rollup1", "rollup2"],
])
    test(`a transaction sent to a proxy on ${from} is its sender's call of ${to}`, async () => {
        const counter = await world.deploy(to, "Counter");
        const proxy = await world.reference(from, counter);
        const { wallet, client, account } = chains[from];
        const data = encodeFunctionData({ abi: counter.abi, functionName: "add", args: [5n] });
        const hash = await wallet.sendTransaction({ to: proxy, data, gas: 3_000_000n });
        await client.waitForTransactionReceipt({ hash });
        const { frame } = await rpc(chains[from], "lockstep_traceTransaction", [hash]);
        assert.equal(frame.to, proxy.toLowerCase());
        const call = frame.calls.find(({ crossing }) => crossing);
        assert.equal(call.from, account.address.toLowerCase());
        assert.equal(call.to, counter.address.toLowerCase());
        assert.equal(call.chain, to);
        assert.equal(call.viaProxy, proxy.toLowerCase());
    });

// More than one batch has gas for: what does not fit waits, and nothing is dropped.
for (const [from, to, count] of [
    ["l1", "rollup1", 300],
    ["rollup1", "l1", 150],
])
    test(`${count} transactions at once from ${from} to ${to}: all get in, in a few blocks`, async () => {
        const { l1 } = chains;
        const chain = chains[from];
        const counter = await world.deploy(to, "Counter");
        const proxy = await world.reference(from, counter);
        const nonce = await chain.client.getTransactionCount({ address: chain.account.address });
        const data = encodeFunctionData({ abi: counter.abi, functionName: "add", args: [1n] });
        const signed = Array.from({ length: count }, (_, i) =>
            chain.account.signTransaction({
                chainId: chain.client.chain.id, nonce: nonce + i, to: proxy, data, gas: 400_000n, maxFeePerGas: 10n ** 11n,
            }),
        );
        await rpc(l1, "evm_setAutomine", [false]);
        try {
            const hashes = [];
            for (const raw of await Promise.all(signed)) hashes.push(await rpc(chain, "eth_sendRawTransaction", [raw]));
            for (let i = 0; i < 4; i++) await rpc(l1, "evm_mine");
            const receipts = await Promise.all(hashes.map((hash) => rpc(chain, "eth_getTransactionReceipt", [hash])));
            assert.ok(receipts.every((r) => r?.status === "0x1"));
            assert.equal(await world.call(counter, "total"), BigInt(count));
        } finally {
            await rpc(l1, "evm_setAutomine", [true]);
        }
    });
