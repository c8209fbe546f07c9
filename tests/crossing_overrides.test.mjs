// State overrides in calls that cross chains: they hold on the chain that is called, on whatever blocks
// its rollups have made since, and leave nothing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData, numberToHex, pad } from "viem";
import { startNetwork } from "../examples/demo/network.mjs";
import { World, artifact, connect } from "../examples/demo/world.mjs";

let network;
let world;
const contracts = {}; // place -> Counter, Hopper

before(async () => {
    network = await startNetwork(["--rollups", "2", "--l3", "1"], process.env.LOCKSTEP ?? "build/dev/lockstep");
    const { chains, accounts } = network.info;
    const [l1, rollup1, rollup2, l3] = chains.map((entry) => connect(entry, accounts[0].privateKey));
    world = new World({ l1, rollup1, rollup2, l3 });
    for (const place of ["l1", "rollup1", "rollup2", "l3"])
        contracts[place] = { counter: await world.deploy(place, "Counter"), hopper: await world.deploy(place, "Hopper") };
});
after(async () => assert.equal((await network.stop()).status, 0));

const STRANGER = "0x00000000000000000000000000000000000a11ce";
const counterOf = (place) => contracts[place].counter;
const slot = (n) => pad(numberToHex(n));

// Calls Counter.add(5) of the other chain through a relay: code given by an override at an address where
// nothing is. It calls `proxy` with its own calldata and value and returns the first word.
const relay = (proxy) =>
    `0x365f5f375f5f365f3473${proxy.slice(2)}5af15f5f3e60205f3d5f5f3e5f60205ff3`.replace(
        "5af15f5f3e60205f3d5f5f3e5f60205ff3",
        "5af1503d5f5f3e3d5ff3",
    );

const ways = [
    ["l1", "rollup1"],
    ["rollup1", "l1"],
    ["l1", "l3"],
    ["rollup1", "l3"],
    ["l3", "rollup1"],
    ["l3", "l1"],
    ["l3", "rollup2"],
];
for (const [from, to] of ways)
    test(`code and ether of the caller, ${from} to ${to}`, async () => {
        const { client } = world.places[from];
        const proxy = await world.reference(from, counterOf(to));
        const data = encodeFunctionData({ abi: counterOf(to).abi, functionName: "add", args: [5n] });
        const total = await world.call(counterOf(to), "total");
        const call = { from: STRANGER, to: STRANGER, data, gas: "0x2dc6c0" };
        const overrides = { [STRANGER]: { code: relay(proxy) } };
        // Twice the same: the first has left nothing.
        for (let i = 0; i < 2; i++) {
            const sum = await client.request({ method: "eth_call", params: [call, "latest", overrides] });
            assert.equal(BigInt(sum), total + 5n);
        }
        assert.equal(await world.call(counterOf(to), "total"), total);
        assert.equal(await client.getCode({ address: STRANGER }), undefined);
        const gas = await client.request({ method: "eth_estimateGas", params: [call, "latest", overrides] });
        assert.ok(Number(gas) > 30_000);
    });

test("storage of the called chain, with blocks of the rollup that L1 does not have yet", async () => {
    const { rollup1 } = world.places;
    const hopper = contracts.rollup1.hopper;
    // A transaction that calls no other chain is in an unsafe block.
    assert.ok(await world.send(counterOf("rollup1"), "add", [1n]));
    const there = await world.reference("rollup1", contracts.l1.hopper);
    const back = await world.reference("l1", counterOf("rollup1"));
    const path = encodeFunctionData({ abi: hopper.abi, functionName: "pass", args: [[there], 7n] });
    const call = { from: rollup1.account.address, to: hopper.address, data: path };
    const plain = await rollup1.client.request({ method: "eth_call", params: [call, "latest"] });
    const overrides = { [counterOf("rollup1").address]: { stateDiff: { [slot(0)]: slot(1000) } } };
    const same = await rollup1.client.request({ method: "eth_call", params: [call, "latest", overrides] });
    assert.equal(same, plain);
    // L1 asks the rollup in the middle of the rollup's own call, and sees what the override says.
    const asks = {
        ...overrides,
        [STRANGER]: { code: relay(await world.reference("rollup1", { ...contracts.l1.counter, address: back })) },
    };
    const total = encodeFunctionData({ abi: counterOf("rollup1").abi, functionName: "total" });
    const answer = await rollup1.client.request({
        method: "eth_call",
        params: [{ from: STRANGER, to: STRANGER, data: total, gas: "0x2dc6c0" }, "latest", asks],
    });
    assert.equal(BigInt(answer), 1000n);
});

for (const [via, name] of [["l1", "from L1"], ["rollup1", "from its parent"]])
    test(`storage of an L3 is what it is asked for in the middle of its call, ${name}`, async () => {
        const { l3, rollup1 } = world.places;
        // Unsafe blocks of both, which are on no parent yet.
        for (const place of ["l3", "rollup1"]) assert.ok(await world.send(counterOf(place), "add", [1n]));
        const plain = await world.call(counterOf("l3"), "total");
        const back = await world.reference(via, counterOf("l3"));
        const there = await world.reference("l3", { ...contracts[via].counter, address: back });
        const total = encodeFunctionData({ abi: counterOf("l3").abi, functionName: "total" });
        const ask = { from: STRANGER, to: STRANGER, data: total, gas: "0x4c4b40" };
        const asked = (value) => {
            const overrides = { [STRANGER]: { code: relay(there) } };
            if (value !== undefined) overrides[counterOf("l3").address] = { stateDiff: { [slot(0)]: slot(value) } };
            return l3.client.request({ method: "eth_call", params: [ask, "latest", overrides] });
        };
        assert.equal(BigInt(await asked()), plain);
        assert.equal(BigInt(await asked(1000n)), 1000n);
        assert.equal(await world.call(counterOf("l3"), "total"), plain);
        assert.equal(await rollup1.client.getCode({ address: STRANGER }), undefined);
    });

test("overrides of the machinery itself end in a reason", async () => {
    const { hub } = world.places.l1;
    const SYSTEM = "0x4c53000000000000000000000000000000000001";
    for (const [from, to, overrides] of [
        ["l1", "rollup1", { [hub]: { state: {} } }],
        ["l1", "rollup1", { [hub]: { code: "0x00" } }],
        ["rollup1", "l1", { [SYSTEM]: { state: {} } }],
        ["rollup1", "l1", { [SYSTEM]: { code: "0x" } }],
        ["rollup1", "l1", { [SYSTEM]: { stateDiff: { [slot(8)]: slot(1), [slot(6)]: slot(0) } } }],
        ["rollup1", "l1", { [world.places.rollup1.hub]: { code: "0x" } }],
        ["l3", "l1", { [SYSTEM]: { state: {} } }],
        ["l3", "rollup1", { [SYSTEM]: { stateDiff: { [slot(8)]: slot(1), [slot(6)]: slot(0) } } }],
    ]) {
        const { client } = world.places[from];
        const proxy = await world.reference(from, counterOf(to));
        const data = encodeFunctionData({ abi: artifact("Counter").abi, functionName: "add", args: [5n] });
        const params = [{ from: STRANGER, to: proxy, data, gas: "0x2dc6c0" }, "latest", overrides];
        await client.request({ method: "eth_call", params }).catch((error) => assert.ok(error.details, error));
    }
});

test("block overrides are refused, not passed over", async () => {
    const { client } = world.places.l1;
    const proxy = await world.reference("l1", counterOf("rollup1"));
    const data = encodeFunctionData({ abi: artifact("Counter").abi, functionName: "add", args: [5n] });
    const params = [{ from: STRANGER, to: proxy, data }, "latest", {}, { time: "0xffffffff" }];
    await assert.rejects(client.request({ method: "eth_call", params }), /block overrides are not for them/);
});
