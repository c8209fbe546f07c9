// A network with an L3 as its node: what is kept, taken back, set from outside, foreseen and told.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encodeFunctionData, numberToHex } from "viem";
import { World, connect } from "../../examples/demo/world.mjs";
import { runLockstep, startNetwork } from "../lib/network.mjs";
import { number } from "../lib/transactions.mjs";

const PLACES = ["l1", "rollup1", "rollup2", "l3"];
const OPTIONS = { silent: true, rollups: 2, l3: 1 };
const WEI = 10n ** 18n;

/** A network that ends with its test, however that ends. */
async function start(t, options = OPTIONS) {
    const network = await startNetwork(options);
    t.after(() => network.stop());
    return network;
}

function worldOf(network) {
    const key = network.accounts[0].privateKey;
    return new World(Object.fromEntries(network.chains.map((chain, i) => [PLACES[i], connect(chain, key)])));
}

/** The same contract in a network that was started again. */
const again = (world, contract, place) => ({ ...contract, chain: world.places[place] });

/** The heads that the Hubs have are those of the newest safe blocks; ether adds up on every level. */
async function assertConsistent(network) {
    const rollups = await network.l1.rpc("lockstep_getRollups");
    for (const rollup of rollups) {
        const chain = network.chains.find(({ name }) => name === rollup.name);
        const safe = await chain.rpc("eth_getBlockByNumber", ["safe", false]);
        assert.equal(rollup.head, safe.stateRoot, rollup.name);
    }
    for (const parent of new Set(rollups.map((rollup) => rollup.parent))) {
        const chain = network.chains.find(({ name }) => name === parent);
        const own = rollups.filter((rollup) => rollup.parent === parent);
        const sum = own.reduce((total, { hubBalance }) => total + BigInt(hubBalance), 0n);
        const held = BigInt(await chain.rpc("eth_getBalance", [chain.contracts.hub, "latest"]));
        assert.equal(held, sum, `the ether that the Hub on ${parent} holds is its rollups'`);
    }
}

/** A counter on the L3 and tellers on the other chains, with the addresses at which they find it. */
async function deploy(world) {
    const counter = await world.deploy("l3", "Counter");
    const tellers = {};
    for (const place of ["l1", "rollup1", "rollup2"]) {
        const teller = await world.deploy(place, "Teller");
        tellers[place] = { teller, proxy: await world.reference(place, counter) };
    }
    return { counter, tellers };
}

/** A Teller adds an amount, and what the counter is then. */
async function add(world, deployed, place, amount) {
    const { teller, proxy } = deployed.tellers[place];
    const before = await total(world, deployed);
    const args = [proxy, amount];
    assert.ok(await world.send(again(world, teller, place), "addTwice", args, { gas: 5_000_000n }));
    assert.equal(await total(world, deployed), 2n * (before + amount));
}

const total = (world, { counter }) => world.call(again(world, counter, "l3"), "total");

test("what is kept is there after a kill, on every level", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-l3-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const datadir = join(folder, "data");
    let network = await start(t, { ...OPTIONS, datadir });
    let world = worldOf(network);
    const deployed = await deploy(world);
    for (const place of ["l1", "rollup1", "rollup2"]) await add(world, deployed, place, 1n);
    // An unsafe block of the L3, which is on no parent yet.
    assert.ok(await world.send(deployed.counter, "add", [10n]));
    await assertConsistent(network);
    await network.stop("SIGKILL");

    network = await start(t, { ...OPTIONS, datadir });
    world = worldOf(network);
    assert.equal(await total(world, deployed), 24n);
    await assertConsistent(network);
    await add(world, deployed, "l1", 2n);
    await assertConsistent(network);
    assert.equal((await network.stop()).code, 0);

    const words = ["--port", "0", "--silent", "--datadir", datadir];
    const other = await runLockstep([...words, "--rollups", "2"]);
    assert.match(other.stderr, /begun with rollups of rollups: 1/);
    const check = await runLockstep(["check", "--datadir", datadir]);
    assert.equal(check.code, 0, check.stderr + check.stdout);
});

test("the whole network goes back, and on another way", async (t) => {
    const network = await start(t);
    const world = worldOf(network);
    const deployed = await deploy(world);
    await add(world, deployed, "l1", 1n);
    const snapshot = await network.l1.rpc("evm_snapshot");
    await add(world, deployed, "rollup1", 10n);
    await add(world, deployed, "l1", 10n);
    assert.equal(await network.l1.rpc("evm_revert", [snapshot]), true);
    assert.equal(await total(world, deployed), 2n);
    await assertConsistent(network);
    await add(world, deployed, "rollup2", 5n);

    // The block of L1 with the last call is taken back, and those of its rollups with it.
    await network.l1.rpc("anvil_rollback", [1]);
    assert.equal(await total(world, deployed), 2n);
    await assertConsistent(network);
    await add(world, deployed, "l1", 3n);
    await assertConsistent(network);
    assert.equal((await network.stop()).code, 0);
});

test("L1 goes another way under an L3, and what users did there is done again", async (t) => {
    const network = await start(t);
    const world = worldOf(network);
    const deployed = await deploy(world);
    const l3 = network.chains[3];
    await add(world, deployed, "l1", 1n);
    const write = (amount) => deployed.counter.chain.wallet.writeContract({ ...deployed.counter, functionName: "add", args: [amount], gas: 100_000n });
    const first = await write(10n); // on its parent with the next call
    await add(world, deployed, "rollup1", 1n);
    const second = await write(100n); // on no parent yet
    assert.equal(await total(world, deployed), 126n);
    await network.l1.rpc("anvil_reorg", [1, []]);
    // The call from rollup1 was a user's there, and comes again with a block of L1.
    assert.equal(await total(world, deployed), 126n);
    for (const hash of [first, second]) assert.equal((await l3.rpc("eth_getTransactionReceipt", [hash])).status, "0x1");
    await assertConsistent(network);

    // A dump has it all, and goes on.
    const dump = await l3.rpc("anvil_dumpState");
    const heads = () => Promise.all(network.chains.map(({ rpc }) => rpc("eth_getBlockByNumber", ["latest", false])));
    const before = await heads();
    await add(world, deployed, "rollup2", 1n);
    await network.l1.rpc("anvil_reorg", [2, []]);
    assert.equal(await network.l1.rpc("anvil_loadState", [dump]), true);
    assert.deepEqual(await heads(), before);
    await add(world, deployed, "l1", 1n);
    await network.l1.rpc("anvil_reorg", [3, []]);
    await assertConsistent(network);
    await add(world, deployed, "rollup2", 1n);
    await assertConsistent(network);
    assert.equal((await network.stop()).code, 0);
});

test("state set on the L3 and its parent is what calls find", async (t) => {
    const network = await start(t);
    const world = worldOf(network);
    const deployed = await deploy(world);
    const [l1, rollup1, , l3] = network.chains;
    const slot = (value) => numberToHex(value, { size: 32 });
    await l3.rpc("anvil_setStorageAt", [deployed.counter.address, slot(0), slot(40)]);
    await assertConsistent(network);
    await add(world, deployed, "l1", 1n);
    assert.equal(await total(world, deployed), 82n);
    const poor = "0x00000000000000000000000000000000000a11ce";
    await l3.rpc("anvil_setBalance", [poor, numberToHex(7n * WEI)]);
    await rollup1.rpc("anvil_setBalance", [poor, numberToHex(5n * WEI)]);
    await assertConsistent(network);
    assert.equal(BigInt(await l3.rpc("eth_getBalance", [poor, "latest"])), 7n * WEI);
    await add(world, deployed, "rollup1", 1n);
    await assertConsistent(network);

    // The ether can leave by both levels.
    await l3.rpc("anvil_impersonateAccount", [poor]);
    const purse = { chain: world.places.l1, address: "0x00000000000000000000000000000000000b0b00", name: "nobody" };
    const to = await world.reference("l3", purse);
    const hash = await l3.rpc("eth_sendTransaction", [{ from: poor, to, value: numberToHex(3n * WEI), gas: "0x200000" }]);
    assert.equal((await l3.rpc("eth_getTransactionReceipt", [hash])).status, "0x1");
    assert.equal(BigInt(await l1.rpc("eth_getBalance", [purse.address, "latest"])), 3n * WEI);
    await assertConsistent(network);
    assert.equal((await network.stop()).code, 0);
});

test("blocks by the clock carry what waits for them, of every level", async (t) => {
    const network = await start(t);
    const world = worldOf(network);
    const deployed = await deploy(world);
    const { teller, proxy } = deployed.tellers.rollup1;
    const back = await world.deploy("l3", "Teller");
    const counter = await world.deploy("l1", "Counter");
    const far = await world.reference("l3", counter);
    for (const chain of network.chains) await chain.rpc("evm_setAutomine", [false]);
    const write = (contract, args) =>
        contract.chain.wallet.writeContract({ ...contract, functionName: "addTwice", args, gas: 3_000_000n });
    const hashes = [[teller, await write(teller, [proxy, 1n])], [back, await write(back, [far, 2n])]];
    for (const place of ["l3", "rollup1", "l1"]) await world.places[place].client.request({ method: "evm_mine" });
    for (const [{ chain, name }, hash] of hashes)
        assert.equal((await chain.client.getTransactionReceipt({ hash })).status, "success", name);
    assert.equal(await total(world, deployed), 2n);
    assert.equal(await world.call(counter, "total"), 4n);
    await assertConsistent(network);
    assert.equal((await network.stop()).code, 0);
});

test("calls are foreseen, traced and refused with their reasons", async (t) => {
    const network = await start(t);
    const world = worldOf(network);
    const deployed = await deploy(world);
    const [l1, rollup1, rollup2, l3] = network.chains;
    const from = network.accounts[0].address;
    const { teller, proxy } = deployed.tellers.l1;
    const data = encodeFunctionData({ abi: teller.abi, functionName: "addTwice", args: [proxy, 4n] });
    const call = { from, to: teller.address, data };

    // With the estimate the transaction goes through.
    const gas = await l1.rpc("eth_estimateGas", [call]);
    const hash = await l1.rpc("eth_sendTransaction", [{ ...call, gas }]);
    assert.equal((await l1.rpc("eth_getTransactionReceipt", [hash])).status, "0x1");
    const chainsOf = (frame) => [Number(frame.chainId), ...(frame.calls ?? []).flatMap(chainsOf)];
    const foreseen = await l1.rpc("lockstep_simulate", [call]);
    assert.equal(foreseen.status, "0x1");
    assert.deepEqual([...new Set(chainsOf(foreseen.frame))], [l1.chainId, l3.chainId], "what lies between is machinery");
    const traced = await l1.rpc("lockstep_traceTransaction", [hash]);
    assert.deepEqual(chainsOf(traced.frame), chainsOf(foreseen.frame));

    // The slot blocks of the same moment, by their own transactions.
    for (const chain of [rollup1, l3]) {
        const block = await chain.rpc("eth_getBlockByNumber", ["latest", true]);
        const last = block.transactions.at(-1);
        const trace = await chain.rpc("lockstep_traceTransaction", [last.hash]);
        assert.equal(Number(trace.frame.chainId), chain.chainId);
        assert.ok(chainsOf(trace.frame).includes(l3.chainId));
        const frames = await chain.rpc("debug_traceTransaction", [last.hash, { tracer: "callTracer" }]);
        assert.ok(number(frames.gasUsed) > 0);
    }

    const grump = await world.deploy("l3", "Grump");
    const asker = await world.deploy("l1", "Asker");
    const args = [await world.reference("l1", grump), 1n];
    const insist = encodeFunctionData({ abi: asker.abi, functionName: "insist", args });
    const { failure } = await l1.rpc("lockstep_simulate", [{ from, to: asker.address, data: insist }]);
    assert.equal(failure.kind, "targetReverted");
    assert.equal(failure.chain, "l3-1");
    assert.equal(failure.contract.toLowerCase(), grump.address.toLowerCase());

    // Proxies are found by a chain's name; where there is none, the way is told.
    const target = deployed.counter.address;
    const proxyOf = await rollup1.rpc("lockstep_proxyOf", ["l3-1", target]);
    assert.equal(proxyOf, (await world.reference("rollup1", deployed.counter)).toLowerCase());
    assert.equal(await l3.rpc("lockstep_proxyOf", ["rollup1", target]), await l3.rpc("lockstep_proxyOf", [0, target]));
    assert.equal(await rollup1.rpc("lockstep_proxyOf", ["rollup2", target]), await rollup1.rpc("lockstep_proxyOf", [2, target]));
    const refuses = (promise, text) => assert.rejects(promise, (error) => text.test(error.text) && error.code === -32602);
    await refuses(l1.rpc("lockstep_proxyOf", ["l3-1", target]), /reached from l1 by way of rollup1/);
    await refuses(l3.rpc("lockstep_proxyOf", ["rollup2", target]), /reached from l3-1 by way of rollup1/);
    await refuses(rollup2.rpc("lockstep_proxyOf", ["l3-1", target]), /reached from rollup2 by way of rollup1/);
    await refuses(l1.rpc("lockstep_proxyOf", ["l4", target]), /no chain of this network is called l4/);
    assert.equal((await network.stop()).code, 0);
});

test("which parents there can be", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-l3-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "network.ini");
    const refuses = async (text, pattern, args = []) => {
        writeFileSync(file, text);
        const { code, stderr } = await runLockstep(["--port", "0", "--silent", "--config", file, ...args]);
        assert.match(stderr, pattern);
        assert.notEqual(code, 0);
    };
    await refuses("[rollup b]\nparent = a\n[rollup a]\nport = 0\n", /no rollup described before it is called a/);
    await refuses("[rollup a]\nport = 0\n[rollup b]\nparent = a\n[rollup c]\nparent = b\n", /three levels/);
    await refuses("[rollup a]\nport = 0\n[rollup b]\nparent = a\n[rollup c]\nport = 0\n", /c must be described before b/);
    await refuses("[l1]\nparent = l1\n", /parent is said of rollups, not of L1/);
    await refuses("[rollup a]\ntype = ledger\n[rollup b]\nparent = a\n", /it has no place for a Hub/);
    await refuses("rollups = 0\n", /--l3 needs a rollup/, ["--l3", "1"]);

    writeFileSync(file, "[rollup a]\nport = 0\n[rollup b]\nparent = l1\n[rollup c]\nparent = b\nproof = k-of-n\ntoken = own\n");
    const network = await start(t, { silent: true, config: file });
    const parents = (await network.l1.rpc("lockstep_getRollups")).map(({ name, parent, rollupId }) => [name, parent, rollupId]);
    assert.deepEqual(parents, [["a", "l1", "0x1"], ["b", "l1", "0x2"], ["c", "b", "0x1"]]);
    assert.equal((await network.stop()).code, 0);
});
