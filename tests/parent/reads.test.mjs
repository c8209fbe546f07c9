// What a rollup's contracts read of its parent is what the parent's own node answers at that block.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { concat, decodeFunctionResult, encodeAbiParameters, getAddress, keccak256, pad, toHex } from "viem";
import { revertOf } from "../../examples/demo/world.mjs";
import { L1CALL, L1SLOAD, anchor, anchorOf, createProxy, deploy, encode, mined, nameOn, openNetwork, read, send } from "./lib.mjs";

let network, l1, rollup, source, reader, self;
before(async () => {
    const opened = await openNetwork(["--rollups", "1"]);
    network = opened.network;
    l1 = opened.chains.l1;
    rollup = opened.chains.rollup1;
    source = await deploy(l1, "Source");
    reader = await deploy(rollup, "Reader");
    self = await nameOn(l1, reader);
});
after(() => network?.stop());

const errorOf = async (promise) => {
    const error = await promise.then(() => assert.fail("it does not fail"), (e) => e);
    return error.walk?.((e) => e.data?.errorName)?.data ?? error;
};
/** What the parent's node answers to the same call at a block. */
const onL1 = (data, blockNumber) =>
    l1.client.call({ account: self, to: source.address, data, blockNumber }).then(({ data: out }) => out ?? "0x");
const key = (n) => pad(toHex(n));

test("before the first anchor there is nothing to read, and it says so", async () => {
    assert.equal(await anchorOf(rollup), 0n);
    assert.equal((await errorOf(read(reader, "slot", [source.address, key(0)]))).errorName, "NotAnchoredYet");
    assert.equal((await errorOf(read(reader, "call", [source.address, "0x"]))).errorName, "NotAnchoredYet");
});

test("slots are eth_getStorageAt's at the anchor, not the newest", async () => {
    await send(source, "set", [7n]);
    const at = await anchor(l1, rollup);
    await send(source, "set", [8n]);
    const balance = keccak256(encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [l1.account.address, 2n]));
    const keys = [0, 1, 2, 3, 4, 5, 6].map(key).concat(balance, keccak256(key(3)));
    const expected = await Promise.all(keys.map((slot) => l1.client.getStorageAt({ address: source.address, slot, blockNumber: at })));
    assert.equal(BigInt(expected[0]), 7n);
    assert.equal(BigInt(expected[7]), 7n);
    assert.deepEqual(await read(reader, "slots", [source.address, keys]), expected);
    for (const [i, slot] of keys.entries()) assert.equal(await read(reader, "slot", [source.address, slot]), expected[i]);
    assert.deepEqual(await read(reader, "slots", [source.address, []]), []);
    assert.equal(await read(reader, "slot", ["0x000000000000000000000000000000000000dead", key(0)]), key(0));
    assert.equal(await read(reader, "blockNumber", []), at);
});

test("calls are eth_call's at the anchor", async () => {
    const at = await anchor(l1, rollup);
    const before = await l1.client.getStorageAt({ address: source.address, slot: key(0) });
    const calls = [
        encode(source, "number"), encode(source, "text"), encode(source, "act", [99n]), encode(source, "environment"),
        encode(source, "deep", [10n]), encode(source, "gasUsed"), encode(source, "balanceOf", [l1.account.address]),
    ];
    for (const data of calls) assert.equal(await read(reader, "call", [source.address, data]), await onL1(data, at));
    const environment = await read(reader, "call", [source.address, encode(source, "environment")]);
    const [, who] = decodeFunctionResult({ abi: source.abi, functionName: "environment", data: environment });
    assert.equal(getAddress(who[0]), getAddress(self));
    assert.equal(getAddress(who[1]), getAddress(self));
    // The block's own, where eth_call shows a free caller none.
    const fees = await read(reader, "call", [source.address, encode(source, "fees")]);
    const { baseFeePerGas } = await l1.client.getBlock({ blockNumber: at });
    assert.deepEqual(decodeFunctionResult({ abi: source.abi, functionName: "fees", data: fees }), [baseFeePerGas, 1n]);
    // What they did is nowhere.
    assert.equal(await l1.client.getStorageAt({ address: source.address, slot: key(0) }), before);
    assert.equal(await l1.client.getTransactionCount({ address: source.address }), 1);
    // Precompiles and accounts without code answer as there.
    for (const to of ["0x0000000000000000000000000000000000000002", "0x0000000000000000000000000000000000000100", l1.account.address])
        assert.equal(
            await read(reader, "call", [to, "0x1234"]),
            (await l1.client.call({ account: self, to, data: "0x1234", blockNumber: at })).data ?? "0x",
        );
});

test("failures come with the parent's revert data", async () => {
    const data = encode(source, "refuse", [5n]);
    const expected = revertOf(await onL1(data).then(() => null, (e) => e));
    assert.deepEqual(await read(reader, "tryCall", [source.address, data]), [false, expected]);
    const refused = await errorOf(read(reader, "call", [source.address, data]));
    assert.deepEqual([refused.errorName, ...refused.args], ["Refused", self, 5n]);
    assert.deepEqual(await read(reader, "tryCall", [source.address, encode(source, "burn")], { gas: 1_000_000n }), [false, "0x"]);
    const burnt = await errorOf(read(reader, "call", [source.address, encode(source, "burn")], { gas: 1_000_000n }));
    assert.equal(burnt.errorName, "ParentCallFailed");
});

test("transactions read in unsafe blocks and in slot blocks, and L1 takes them", async () => {
    const at = await anchor(l1, rollup);
    const expected = await l1.client.getStorageAt({ address: source.address, slot: key(0), blockNumber: at });
    const asked = { ...reader, account: rollup.account, functionName: "keepSlot", args: [source.address, key(0)] };
    const estimate = await rollup.client.estimateContractGas(asked);
    const receipt = await send(reader, "keepSlot", [source.address, key(0)], { gas: estimate });
    assert.ok(receipt.gasUsed <= estimate && receipt.gasUsed > 4000n);
    assert.equal(await read(reader, "kept", []), expected);
    await send(source, "set", [BigInt(expected) + 1n]);
    await send(reader, "keepCall", [source.address, encode(source, "number")]);
    assert.equal(await read(reader, "answer", []), expected);
    // The unsafe blocks go into a batch, whose proof the Hub checks; then there is a newer anchor.
    const next = await anchor(l1, rollup);
    assert.ok(next > at);
    await send(reader, "keepCall", [source.address, encode(source, "number")]);
    assert.equal(BigInt(await read(reader, "answer", [])), BigInt(expected) + 1n);
    await anchor(l1, rollup);
    // An older block of the rollup has its own anchor.
    const { blockNumber } = receipt;
    assert.equal(await read(reader, "slot", [source.address, key(0)], { blockNumber }), expected);
    assert.equal(await anchorOf(rollup, { blockNumber }), at);
});

test("a call from L1 in the slot block sees the anchor, not the slot it is made in", async () => {
    const address = await nameOn(l1, reader);
    const asL1 = { ...reader, chain: l1, address };
    await createProxy(l1, reader);
    await send(source, "set", [100n]);
    await l1.client.request({ method: "evm_setAutomine", params: [false] });
    const nonce = await l1.client.getTransactionCount({ address: l1.account.address });
    const hashes = [
        await l1.wallet.writeContract({ ...source, functionName: "set", args: [200n], nonce, gas: 200_000n }),
        await l1.wallet.writeContract({ ...asL1, functionName: "keepSlot", args: [source.address, key(0)], nonce: nonce + 1, gas: 3_000_000n }),
    ];
    await l1.client.request({ method: "evm_mine" });
    await l1.client.request({ method: "evm_setAutomine", params: [true] });
    const [first, second] = [await mined(l1, hashes[0]), await mined(l1, hashes[1])];
    assert.equal(first.blockNumber, second.blockNumber);
    assert.ok(first.transactionIndex < second.transactionIndex);
    assert.equal(BigInt(await read(reader, "kept", [])), 100n);
    assert.equal(BigInt(await l1.client.getStorageAt({ address: source.address, slot: key(0) })), 200n);
    assert.equal(await anchorOf(rollup), first.blockNumber - 1n);
});

test("what is no read fails, with all its gas", async () => {
    const asks = [
        [L1SLOAD, "0x"], [L1SLOAD, source.address], [L1SLOAD, concat([source.address, key(0), "0x00"])],
        [L1SLOAD, concat([source.address, ...Array(6).fill(key(0))])], [L1CALL, "0x"], [L1CALL, source.address.slice(0, -2)],
    ];
    for (const [to, data] of asks)
        await assert.rejects(rollup.client.call({ to, data, gas: 100_000n }), /out of gas|revert|fail/i, `${to} ${data}`);
    await assert.rejects(rollup.client.call({ account: rollup.account, to: L1SLOAD, data: concat([source.address, key(0)]), value: 1n }));
    await assert.rejects(rollup.client.call({ account: rollup.account, to: L1CALL, data: source.address, value: 1n }));
    // By themselves, as what a transaction calls, they answer; the sender is then an account.
    assert.equal((await rollup.client.call({ to: L1SLOAD, data: concat([source.address, key(1)]) })).data, key(22));
    const [{ calls: [simulated] }] = await rollup.client.request({
        method: "eth_simulateV1",
        params: [{ blockStateCalls: [{ calls: [{ to: L1SLOAD, data: concat([source.address, key(1)]) }] }] }, "latest"],
    });
    assert.deepEqual([simulated.status, simulated.returnData], ["0x1", key(22)]);
    const asking = concat([source.address, encode(source, "environment")]);
    const { data } = await rollup.client.call({ account: rollup.account, to: L1CALL, data: asking });
    const [, who] = decodeFunctionResult({ abi: source.abi, functionName: "environment", data });
    assert.equal(getAddress(who[0]), getAddress(await nameOn(l1, { chain: rollup, address: rollup.account.address })));
});

test("traces show what ran on the parent", async () => {
    await anchor(l1, rollup);
    const receipt = await send(reader, "keepCall", [source.address, encode(source, "deep", [2n])]);
    const frames = [];
    const walk = (frame) => (frames.push(frame), (frame.calls ?? []).forEach(walk));
    walk(await rollup.client.request({ method: "debug_traceTransaction", params: [receipt.transactionHash, { tracer: "callTracer" }] }));
    const at = frames.findIndex(({ to }) => to === L1CALL);
    const below = frames.slice(at + 1);
    assert.deepEqual(below.map(({ to, chainId }) => [to, Number(chainId)]), Array(3).fill([source.address.toLowerCase(), l1.chainId]));
    assert.equal(below[0].from, self.toLowerCase());
    assert.equal(BigInt(below[0].output), 2n);
    const struct = await rollup.client.request({ method: "debug_traceTransaction", params: [receipt.transactionHash, {}] });
    assert.equal(struct.failed, false);
    assert.equal(BigInt(struct.gas), receipt.gasUsed);
});

// --- proofs ------------------------------------------------------------------------------------------

const proofAt = async (slot, blockNumber) => {
    const proof = await l1.client.getProof({ address: source.address, storageKeys: [slot], blockNumber });
    return { account: proof, accountProof: proof.accountProof, storageProof: proof.storageProof[0].proof };
};

test("a proof shows any of the last anchors", async () => {
    const anchors = [];
    for (const value of [31n, 32n]) {
        await send(source, "set", [value]);
        anchors.push([await anchor(l1, rollup), value]);
    }
    for (const [number, value] of anchors) {
        const { account, accountProof, storageProof } = await proofAt(key(0), number);
        assert.equal(BigInt(await read(reader, "provenSlot", [number, source.address, key(0), accountProof, storageProof])), value);
        const absent = await proofAt(key(77), number);
        const none = await read(reader, "provenSlot", [number, source.address, key(77), absent.accountProof, absent.storageProof]);
        assert.equal(BigInt(none), 0n);
        const proven = await read(reader, "provenAccount", [number, source.address, accountProof]);
        const { nonce, balance, storageHash: storageRoot, codeHash } = account;
        assert.deepEqual(proven, { exists: true, nonce: BigInt(nonce), balance, storageRoot, codeHash });
    }
    const [[older], [newer]] = anchors;
    const { accountProof, storageProof } = await proofAt(key(0), older);
    const asked = [source.address, key(0), accountProof, storageProof];
    const refusal = (args) => errorOf(read(reader, "provenSlot", args)).then((e) => e.errorName);
    assert.equal(await refusal([newer, ...asked]), "WrongRoot");
    assert.equal(await refusal([older - 1n, ...asked]), "NotAnchored");
});
