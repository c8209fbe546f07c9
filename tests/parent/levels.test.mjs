// An L3 reads the L2 that it is a rollup of, as any rollup reads its parent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { getAddress, pad, toHex } from "viem";
import { anchorOf, createProxy, deploy, encode, mined, nameOn, openNetwork, read, send } from "./lib.mjs";

const key = (n) => pad(toHex(n));
let network, l1, l2, l3, source, reader, counter;
before(async () => {
    const opened = await openNetwork(["--rollups", "1", "--l3", "1"]);
    network = opened.network;
    l1 = opened.chains.l1;
    l2 = opened.chains.rollup1;
    l3 = Object.values(opened.chains).find(({ parent }) => parent === "rollup1");
    source = await deploy(l2, "Source");
    [reader, counter] = [await deploy(l3, "Reader"), await deploy(l3, "Ways")];
    await createProxy(l2, counter);
});
after(async () => assert.equal((await network.stop()).status, 0));

/** A call from the L2 that moves the L3, with a batch that anchors it. */
const anchor = async () => {
    await send({ ...counter, chain: l2, address: await nameOn(l2, counter) }, "byNothing", [], { gas: 3_000_000n });
    return anchorOf(l3);
};

test("slots and calls are those of the L2 at the anchor", async () => {
    await send(source, "set", [7n]);
    await anchor();
    await send(source, "set", [8n]);
    const at = await anchor();
    await send(source, "set", [9n]);
    const self = await nameOn(l2, reader);
    const onL2 = async (data) => (await l2.client.call({ account: self, to: source.address, data, blockNumber: at })).data ?? "0x";
    const expected = await l2.client.getStorageAt({ address: source.address, slot: key(0), blockNumber: at });
    assert.equal(BigInt(expected), 8n);
    assert.equal(await read(reader, "slot", [source.address, key(0)]), expected);
    const calls = [encode(source, "number"), encode(source, "act", [5n]), encode(source, "environment"), encode(source, "deep", [10n])];
    for (const data of calls)
        assert.equal(await read(reader, "call", [source.address, data]), await onL2(data));
    await send(reader, "keepCall", [source.address, encode(source, "number")]);
    assert.equal(await read(reader, "answer", []), expected);
    assert.notEqual(getAddress(self), getAddress(reader.address));
    // The batch with this block in it is proven, and taken by the L2's Hub.
    await anchor();
    await send(reader, "keepSlot", [source.address, key(0)]);
    assert.equal(BigInt(await read(reader, "kept", [])), 9n);
});

test("code of the L2 that reads L1 reads it as of the L2's own anchor", async () => {
    const feed = await deploy(l1, "Source");
    const between = await deploy(l2, "Reader");
    const moveL2 = async () => {
        const nobody = { chain: l2, address: "0x00000000000000000000000000000000000000aa" };
        const to = await nameOn(l1, nobody);
        await createProxy(l1, nobody);
        await mined(l1, await l1.wallet.sendTransaction({ to, gas: 1_000_000n }));
    };
    await send(feed, "set", [7n]);
    await moveL2();
    await send(feed, "set", [8n]);
    const at = await anchor();
    await send(feed, "set", [9n]);
    const slot = encode(between, "slot", [feed.address, key(0)]);
    const call = encode(between, "call", [feed.address, encode(feed, "number")]);
    const self = await nameOn(l2, reader);
    const environment = encode(between, "call", [feed.address, encode(feed, "environment")]);
    for (const data of [slot, call, environment]) {
        const answered = await l2.client.call({ account: self, to: between.address, data, blockNumber: at });
        assert.equal(await read(reader, "call", [between.address, data]), answered.data);
    }
    // The L2's block that is anchored has L1's block with the 7; its newest, with the 8, is not anchored yet.
    const decoded = async (data) => BigInt((await read(reader, "call", [between.address, data])).slice(0, 66));
    assert.equal(await decoded(slot), 7n);
    const shown = await l2.client.call({ account: self, to: between.address, data: slot });
    assert.equal(BigInt(shown.data), 8n);

    // In a block, proven and taken by the L2's Hub; and as a trace shows it.
    const kept = await send(reader, "keepCall", [between.address, slot]);
    await anchor();
    assert.equal(BigInt(await read(reader, "answer", [])), 7n);
    const params = [kept.transactionHash, { tracer: "callTracer" }];
    const trace = await l3.client.request({ method: "debug_traceTransaction", params });
    const chainsOf = (frame) => [Number(frame.chainId ?? l3.chainId), ...(frame.calls ?? []).flatMap(chainsOf)];
    assert.ok(chainsOf(trace).includes(l2.chainId));
    const wish = { ...reader, functionName: "keepCall", args: [between.address, call], account: l3.account.address };
    const gas = await l3.client.estimateContractGas(wish);
    const called = await send(reader, "keepCall", wish.args, { gas });
    // Each level's frames below the other's.
    for (const [method, ...options] of [["debug_traceTransaction", { tracer: "callTracer" }], ["lockstep_traceTransaction"]]) {
        const answer = await l3.client.request({ method, params: [called.transactionHash, ...options] });
        const chains = new Set(chainsOf(answer.frame ?? answer));
        assert.deepEqual([...chains], [l3.chainId, l2.chainId, l1.chainId], method);
    }
});
