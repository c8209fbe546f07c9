// An L3 reads the L2 that it is a rollup of, as any rollup reads its parent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { getAddress, pad, toHex } from "viem";
import { anchorOf, createProxy, deploy, encode, nameOn, openNetwork, read, send } from "./lib.mjs";

const key = (n) => pad(toHex(n));
let network, l2, l3, source, reader, counter;
before(async () => {
    const opened = await openNetwork(["--rollups", "1", "--l3", "1"]);
    network = opened.network;
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
