// A rollup that is a parent itself: L1, rollup 1 on it, and an L3 on rollup 1; rollup 2 beside them.
// Calls go over the levels in every direction, and nobody can tell the difference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeFunctionData, parseEther } from "viem";
import { GAS, errorText, openWorlds } from "./lib.mjs";

const worlds = openWorlds(["--l3", "1"]);
const { scenario } = worlds;
const ether = parseEther;
const PLACES = ["l1", "rollup1", "rollup2", "l3"];
const pairs = PLACES.flatMap((from) => PLACES.filter((to) => to !== from).map((to) => [from, to])).filter(
    (pair) => pair.includes("l3"),
);

for (const [caller, callee] of pairs) {
    const way = `${caller} → ${callee}`;

    const counted = { foreseen: 15n, isDone: true, sum: 15n, total: 10n };
    scenario(`a counter: ${way}`, counted, async (world) => {
        const counter = await world.deploy(callee, "Counter");
        const teller = await world.deploy(caller, "Teller");
        const args = [await world.from(teller, counter), 5n];
        return {
            foreseen: await world.call(teller, "addTwice", args),
            isDone: await world.send(teller, "addTwice", args),
            sum: await world.call(teller, "sum"),
            total: await world.call(counter, "total"),
        };
    });

    const kept = { isDone: true, why: `Closed(${ether("2")})`, failures: 1n, left: [ether("5"), 0n] };
    scenario(`ether that is refused is where it was: ${way}`, kept, async (world) => {
        const giver = await world.deploy(caller, "Purse");
        const closed = await world.deploy(callee, "Purse");
        await world.fund(giver, ether("5"));
        await world.send(closed, "close", [true]);
        const args = [await world.from(giver, closed), ether("2")];
        const why = errorText(closed, await world.call(giver, "tryPay", args, { gas: GAS }));
        return {
            isDone: await world.send(giver, "tryPay", args, { gas: GAS }),
            why,
            failures: await world.call(giver, "failures"),
            left: [await world.balance(giver), await world.balance(closed)],
        };
    });

    scenario(`a view: ${way}`, { foreseen: 70n, isDone: true, seen: 70n }, async (world) => {
        const feed = await world.deploy(callee, "Feed", [70n]);
        const looker = await world.deploy(caller, "Feed", [0n]);
        const path = [await world.from(looker, feed)];
        return {
            foreseen: await world.call(looker, "look", [path]),
            isDone: await world.send(looker, "look", [path]),
            seen: await world.call(looker, "lastSeen"),
        };
    });
}

const routes = {
    "down to the L3 and back up": ["l1", "rollup1", "l3", "rollup1", "l1"],
    "up to L1 and back down": ["l3", "rollup1", "l1", "rollup1", "l3"],
    "from L1 straight to the L3, and back, twice": ["l1", "l3", "l1", "l3", "l1"],
    "through every chain": ["l3", "rollup2", "l1", "rollup1", "l3"],
};
for (const [name, places] of Object.entries(routes)) {
    const left = places.map((_, i) => (i === places.length - 1 ? ether("3") : 0n));
    scenario(`ether: ${name}`, { foreseen: ether("3"), isDone: true, left }, async (world) => {
        const purses = [];
        for (const place of places) purses.push(await world.deploy(place, "Purse"));
        const path = [];
        for (let i = 1; i < purses.length; i++) path.push(await world.from(purses[i - 1], purses[i]));
        const value = { value: ether("3"), gas: GAS };
        return {
            foreseen: await world.call(purses[0], "pass", [path], value),
            isDone: await world.send(purses[0], "pass", [path], value),
            left: await Promise.all(purses.map((purse) => world.balance(purse))),
        };
    });
}

for (const [first, second] of [["rollup1", "l3"], ["l3", "rollup1"], ["l1", "l3"]]) {
    const rounds = 8n;
    const danced = { isDone: true, inside: [0n, 0n], steps: [rounds, rounds - 1n] };
    scenario(`${rounds} calls, each inside the other: ${first} ⇄ ${second}`, danced, async (world) => {
        const one = await world.deploy(first, "Dancer");
        const other = await world.deploy(second, "Dancer");
        const args = [await world.from(one, other), await world.from(other, one), rounds];
        return {
            isDone: await world.send(one, "dance", args, { gas: GAS }),
            inside: [await world.call(one, "inside"), await world.call(other, "inside")],
            steps: [await world.call(one, "steps"), await world.call(other, "steps")],
        };
    });
}

// --- frames that revert after they have called other chains ---------------------------------------

const at = (place, calls = [], options = {}) => ({ place, calls, ...options });
const fails = { fails: true, caught: true };

const cases = {
    "an L3 frame after a call of its parent": at("l3", [at("l3", [at("rollup1")], fails), at("rollup1")]),
    "an L3 frame after a call of L1": at("l3", [at("l3", [at("l1")], fails), at("l1")]),
    "a frame of the parent after a call of the L3": at("rollup1", [at("rollup1", [at("l3")], fails), at("l3")]),
    "L1's frame after a call of the L3": at("l1", [at("l1", [at("l3")], fails), at("l3")]),
    "within a call from L1": at("l1", [at("l3", [at("l3", [at("l1")], fails), at("l1")])]),
    "the parent's frame, of the L3 and L1": at("rollup1", [
        at("rollup1", [at("l3"), at("l1")], fails),
        at("l3", [at("l1")]),
    ]),
    "a callee on the L3 that has called L1": at("rollup1", [at("l3", [at("l1")], fails), at("l1")]),
    "twice in a row, with ether": at("l3", [
        at("l3", [at("l1", [], { value: 3n })], fails),
        at("l3", [at("rollup1", [], { value: 5n })], fails),
        at("l1", [], { value: 7n }),
    ]),
    "one in the other": at("l3", [at("l3", [at("l3", [at("l1")], fails), at("rollup1")], fails), at("l1")]),
    "across all four": at("l1", [
        at("rollup2", [at("l3", [at("rollup1"), at("l1")], fails), at("l3")]),
        at("rollup1", [at("l3")]),
    ]),
    "the whole transaction": at("l3", [at("l1"), at("rollup1")], { fails: true }),
};

const deployed = new Map();
async function triersOf(world) {
    if (deployed.has(world)) return deployed.get(world);
    const triers = {};
    const addresses = {};
    for (const place of PLACES) {
        triers[place] = await world.deploy(place, "Trier");
        await world.fund(triers[place], ether("1"));
    }
    for (const from of PLACES) {
        addresses[from] = {};
        for (const to of PLACES) addresses[from][to] = await world.reference(from, triers[to]);
        addresses[from][from] = triers[from].address;
    }
    deployed.set(world, { triers, addresses });
    return deployed.get(world);
}

function argumentsOf(on, frame) {
    const tries = frame.calls.map((call) => ({
        to: on.addresses[frame.place][call.place],
        value: call.value ?? 0n,
        data: encodeFunctionData({ ...on.triers.l1, functionName: "run", args: argumentsOf(on, call) }),
        isCaught: call.caught ?? false,
    }));
    return [tries, frame.fails ?? false];
}

async function play(world, frame) {
    const on = await triersOf(world);
    const root = on.triers[frame.place];
    const args = argumentsOf(on, frame);
    const before = await Promise.all(PLACES.map((place) => world.balance(on.triers[place])));
    const outcome = { failure: (await world.failure(root, "run", args))?.data };
    outcome.isSuccess = await world.send(root, "run", args, { gas: 12_000_000n });
    for (const [i, place] of PLACES.entries()) {
        const count = await world.call(on.triers[place], "count");
        const failures = await world.call(on.triers[place], "failures");
        outcome[place] = { count, failures, gain: (await world.balance(on.triers[place])) - before[i] };
    }
    return outcome;
}

// The Triers' frames of a trace, each as [place, whether it failed, its calls].
async function framesOf(world, frame) {
    const { triers } = await triersOf(world);
    const below = [];
    for (const call of frame.calls ?? []) below.push(...(await framesOf(world, call)));
    const place = PLACES.find(
        (name) => triers[name].chain.chainId === Number(frame.chainId) && triers[name].address === frame.to,
    );
    const isFrame = place !== undefined && frame.input.startsWith("0xc79efb76"); // Trier.run
    return isFrame ? [[place, frame.error !== undefined, below]] : below;
}
const expectedFrames = (frame) => [frame.place, frame.fails ?? false, frame.calls.map(expectedFrames)];

for (const [name, frame] of Object.entries(cases))
    test(`a frame reverts: ${name}`, async () => {
        const { spread, alone } = worlds;
        assert.deepEqual(await play(spread, frame), await play(alone, frame));
        const { chain, hash } = spread.sent.at(-1);
        const params = [hash, { tracer: "callTracer" }];
        const trace = await chain.client.request({ method: "debug_traceTransaction", params });
        assert.deepEqual(await framesOf(spread, trace), [expectedFrames(frame)], "each frame once, on its chain");
    });
