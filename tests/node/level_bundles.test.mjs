// Bundles on a rollup that is a parent: a transaction of the L2 that brings the batch for its calls into an L3
// along (lockstep_prepareBundle).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData, pad, parseAbi } from "viem";
import { World, connect } from "../../examples/demo/world.mjs";
import { startNetwork } from "../lib/network.mjs";

const GAS = "0x7a1200";
let network, world, l2, l3, from, counter;
before(async () => {
    network = await startNetwork({ silent: true, rollups: 2, l3: 1 });
    const key = network.accounts[0].privateKey;
    const [l1, rollup1, rollup2, deep] = network.chains.map((chain) => connect(chain, key));
    world = new World({ l1, rollup1, rollup2, l3: deep });
    [, l2, , l3] = network.chains;
    from = network.accounts[0].address;
    counter = await world.deploy("l3", "Counter");
});
after(async () => assert.equal((await network.stop()).code, 0));

const add = (amount) => encodeFunctionData({ abi: counter.abi, functionName: "add", args: [amount] });
const total = () => world.call(counter, "total");
const call = (data, more = {}) => ({ rollupId: 1, target: counter.address, data, ...more });
const prepare = (...calls) => l2.rpc("lockstep_prepareBundle", [{ from, gas: GAS }, calls]);

async function send({ to, data, value, gas }) {
    const { client, wallet } = world.places.rollup1;
    const hash = await wallet.sendTransaction({ to, data, value: BigInt(value), gas: BigInt(gas) });
    return client.waitForTransactionReceipt({ hash });
}

async function assertConsistent() {
    for (const { name, head } of await network.l1.rpc("lockstep_getRollups")) {
        const chain = network.chains.find((one) => one.name === name);
        assert.equal(head, (await chain.rpc("eth_getBlockByNumber", ["safe", false])).stateRoot, name);
    }
}

test("it brings the batch for its calls along, and makes the proxy that is missing", async () => {
    const prepared = await prepare(call(add(5n)), call(add(6n)));
    assert.equal(prepared.status, "0x1");
    assert.equal(await total(), 0n, "nothing was sent");
    assert.deepEqual(prepared.updates.map(({ rollupId }) => rollupId), ["0x1"]);
    const { bundler } = l2.contracts;
    assert.equal(prepared.transaction.to, bundler);
    const receipt = await send(prepared.transaction);
    assert.equal(receipt.status, "success");
    assert.equal(await total(), 11n);
    const [batch, ...others] = await l2.rpc("lockstep_getBatch", ["latest"]);
    assert.equal(others.length, 0, "the builder has posted none");
    assert.deepEqual([batch.isTransient, batch.poster, batch.transactionHash], [true, bundler, receipt.transactionHash]);
    assert.deepEqual(batch.entries.map(({ entryHash }) => entryHash), prepared.entries.map(({ entryHash }) => entryHash));
    for (const entry of await l2.rpc("lockstep_getExecutionTable", ["latest"])) {
        assert.equal(entry.livesUntilEndOf, "transaction");
        assert.deepEqual(entry.usedBy, [receipt.transactionHash]);
    }
    await assertConsistent();
    // Its files are as good as the builder's.
    const [{ batch: file }] = await l2.rpc("lockstep_getBatchFiles", [receipt.transactionHash]);
    assert.ok(file.length > 100);
});

test("with the unsafe blocks of the L3, and ether", async () => {
    assert.ok(await world.send(counter, "add", [100n]));
    const before = await total();
    const receive = { rollupId: 1, target: "0x00000000000000000000000000000000000b0b00", data: "0x", value: "0x7" };
    const { transaction } = await prepare(call(add(1n)), receive);
    assert.equal(transaction.value, "0x7");
    assert.equal((await send(transaction)).status, "success");
    assert.equal(await total(), before + 1n);
    assert.equal(BigInt(await l3.rpc("eth_getBalance", [receive.target, "latest"])), 7n);
    await assertConsistent();
});

test("calls that would fail make none", async () => {
    const grump = await world.deploy("l3", "Grump");
    const prepared = await prepare({ rollupId: 1, target: grump.address, data: "0x12345678" });
    assert.equal(prepared.transaction, null);
    assert.equal(prepared.post, null);
    assert.equal(prepared.failure.chain, "l3-1");
    await assert.rejects(prepare({ rollupId: 2, target: grump.address, data: "0x" }), /there is no rollup 2; the last one is 1/);
    const elsewhere = (chain) => chain.rpc("lockstep_prepareBundle", [{ from, gas: GAS }, []]);
    await assert.rejects(elsewhere(l3), /l3-1 has no rollups: bundles are sent on rollup1, at http/);
    await assert.rejects(elsewhere(network.chains[2]), /rollup2 has no rollups: bundles are sent on l1, at http/);
});

test("it is good until the L3 moves on", async () => {
    const before = await total();
    const { transaction } = await prepare(call(add(1n)));
    assert.equal((await send(transaction)).status, "success");
    // Once more: these facts are of a head that is gone.
    assert.equal((await send(transaction)).status, "reverted");
    assert.equal(await total(), before + 1n);
    await assertConsistent();
});

test("what else would move the L3 in that block waits for the next one", async () => {
    const { l3: deep } = world.places;
    const teller = await world.deploy("l3", "Teller");
    const above = await world.deploy("l1", "Counter");
    const far = await world.reference("l3", above);
    const service = { address: l2.contracts.messageService, abi: parseAbi(["function broadcastMessage(bytes32)"]) };
    const before = await total();
    for (const chain of network.chains) await chain.rpc("evm_setAutomine", [false]);
    // A message that the L3 would import, and a transaction of it that waits for L1's next block.
    const said = await world.places.rollup1.wallet.writeContract({
        ...service, functionName: "broadcastMessage", args: [pad("0x7")], gas: 200_000n,
    });
    await l2.rpc("evm_mine");
    const { transaction } = await prepare(call(add(1n)));
    const adding = { ...teller, functionName: "addTwice", args: [far, 2n], gas: 3_000_000n };
    const waits = await deep.wallet.writeContract(adding);
    await l3.rpc("evm_mine");
    const brings = await world.places.rollup1.wallet.sendTransaction({
        to: transaction.to, data: transaction.data, value: 0n, gas: BigInt(transaction.gas),
    });
    await l2.rpc("evm_mine");
    await network.l1.rpc("evm_mine");
    const status = async ({ client }, hash) => (await client.getTransactionReceipt({ hash })).status;
    assert.equal(await status(world.places.rollup1, said), "success");
    assert.equal(await status(world.places.rollup1, brings), "success");
    assert.equal(await total(), before + 1n);
    assert.equal(await world.call(above, "total"), 0n);
    await network.l1.rpc("evm_mine");
    assert.equal(await status(deep, waits), "success");
    assert.equal(await world.call(above, "total"), 4n);
    for (const chain of network.chains) await chain.rpc("evm_setAutomine", [true]);
    await assertConsistent();
});

test("a batch that leaves out blocks of the L3 is refused, and the network goes on", async () => {
    const { transaction } = await prepare(call(add(1n)));
    assert.ok(await world.send(counter, "add", [1000n]));
    const before = await total();
    const { wallet } = world.places.rollup1;
    const sent = wallet.sendTransaction({
        to: transaction.to, data: transaction.data, value: 0n, gas: BigInt(transaction.gas),
    });
    await assert.rejects(sent, /leaves out blocks that l3-1 has made since/);
    assert.equal(await total(), before);
    const again = await prepare(call(add(2n)));
    assert.equal((await send(again.transaction)).status, "success");
    assert.equal(await total(), before + 2n);
    await assertConsistent();
});
