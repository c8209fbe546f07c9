// Where L1 is a fork, rollups read what the remote has there: fetched by proof, so that the batch's witness has it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pad, toHex } from "viem";
import { startAnvil } from "../lib/anvil.mjs";
import { anchor, contracts, deploy, encode, openNetwork, read, send } from "./lib.mjs";

const key = (n) => pad(toHex(n));
let remote, network, l1, rollup, source, reader;
before(async () => {
    remote = await startAnvil();
    const [from] = await remote.rpc("eth_accounts");
    const request = (method, ...params) => remote.rpc(method, params);
    const mined = async (transaction) => {
        const hash = await request("eth_sendTransaction", { from, gas: "0x400000", ...transaction });
        for (;;) {
            const receipt = await request("eth_getTransactionReceipt", hash);
            if (receipt !== null) return receipt;
        }
    };
    const { abi, bytecode } = contracts().Source;
    source = { abi, address: (await mined({ data: bytecode })).contractAddress };
    await mined({ to: source.address, data: encode(source, "set", [41n]) });
    const opened = await openNetwork(["--rollups", "1", "--fork-url", remote.url]);
    network = opened.network;
    ({ l1, rollup1: rollup } = opened.chains);
    source.chain = l1;
    reader = await deploy(rollup, "Reader");
});
after(async () => {
    await network?.stop();
    await remote?.stop();
});

test("slots and calls of the remote's contracts, in transactions that are proven", async () => {
    await anchor(l1, rollup);
    assert.equal(BigInt(await read(reader, "slot", [source.address, key(0)])), 41n);
    assert.equal(await read(reader, "call", [source.address, encode(source, "second")]), key(22));
    await send(reader, "keepSlot", [source.address, key(0)]);
    await send(reader, "keepCall", [source.address, encode(source, "act", [50n])]);
    const before = await anchor(l1, rollup);
    assert.equal(BigInt(await read(reader, "kept", [])), 41n);
    await send(source, "set", [42n]);
    assert.ok((await anchor(l1, rollup)) > before);
    await send(reader, "keepSlot", [source.address, key(0)]);
    assert.equal(BigInt(await read(reader, "kept", [])), 42n);
});

test("of a fork without proofs nothing is read, and the error says so", async () => {
    const { network: trusting, chains } = await openNetwork(["--rollups", "1", "--fork-url", remote.url, "--fork-trust"]);
    try {
        const its = await deploy(chains.rollup1, "Reader");
        await anchor(chains.l1, chains.rollup1);
        const told = /rollups read of L1 what can be proven, and L1 is a fork of a chain whose node gives no proofs/;
        const local = await deploy(chains.l1, "Source");
        for (const { address } of [source, local]) {
            await assert.rejects(read(its, "slot", [address, key(0)]), told);
            await assert.rejects(read(its, "tryCall", [address, encode(source, "number")]), told);
            const asked = { ...its, account: chains.rollup1.account, functionName: "keepSlot", args: [address, key(0)] };
            await assert.rejects(chains.rollup1.client.estimateContractGas(asked), told);
            await assert.rejects(chains.rollup1.wallet.writeContract({ ...asked, gas: 500_000n }), told);
        }
        const simulated = { blockStateCalls: [{ calls: [{ to: its.address, data: encode(its, "slot", [local.address, key(0)]) }] }] };
        await assert.rejects(chains.rollup1.client.request({ method: "eth_simulateV1", params: [simulated, "latest"] }), told);
        // What does not read goes on, on L1 as well.
        assert.equal(await read({ ...source, chain: chains.l1 }, "number", []), 41n);
        await anchor(chains.l1, chains.rollup1);
        assert.equal(BigInt(await read(its, "kept", [])), 0n);
    } finally {
        await trusting.stop();
    }
});

for (const isTrusted of [false, true])
    test(`an L3 reads what its L2 reads of a fork${isTrusted ? ": without proofs, nothing" : ""}`, async () => {
        const more = isTrusted ? ["--fork-trust"] : [];
        const { network: deep, chains } = await openNetwork(["--rollups", "1", "--l3", "1", "--fork-url", remote.url, ...more]);
        try {
            const l2 = chains.rollup1;
            const l3 = Object.values(chains).find(({ parent }) => parent === "rollup1");
            const [above, below] = [await deploy(l2, "Reader"), await deploy(l3, "Reader")];
            for (let i = 0; i < 2; i++) await l3.client.request({ method: "lockstep_anchor" });
            const data = encode(above, "slot", [source.address, key(1)]);
            const told = /rollups read of L1 what can be proven/;
            if (isTrusted) {
                await assert.rejects(read(below, "call", [above.address, data]), told);
                const asked = { ...below, functionName: "keepCall", args: [above.address, data], gas: 1_000_000n };
                await assert.rejects(l3.wallet.writeContract(asked), told);
            } else {
                assert.equal(await read(below, "call", [above.address, data]), key(22));
                await send(below, "keepCall", [above.address, data]);
                assert.equal(await read(below, "answer", []), key(22));
                const called = encode(above, "call", [source.address, encode(source, "second")]);
                await send(below, "keepCall", [above.address, called]);
                assert.ok((await read(below, "answer", [])).endsWith(key(22).slice(2)));
            }
            await l3.client.request({ method: "lockstep_anchor" });
            assert.equal((await l3.client.getBlock({ blockTag: "safe" })).number, await l3.client.getBlockNumber({ cacheTime: 0 }));
        } finally {
            await deep.stop();
        }
    });
