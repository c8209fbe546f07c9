// Calls there and back again, many times at many heads: gas differs with every head, and the entries
// of a block must still be those that the block asks for.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startNetwork } from "../../examples/demo/network.mjs";
import { World, connect } from "../../examples/demo/world.mjs";

const ROUNDS = 16;
let network;
let world;

before(async () => {
    network = await startNetwork([], process.env.LOCKSTEP ?? "build/dev/lockstep");
    const { chains, accounts } = network.info;
    const [l1, rollup1, rollup2] = chains.map((entry) => connect(entry, accounts[0].privateKey));
    world = new World({ l1, rollup1, rollup2 });
});
after(async () => assert.equal((await network.stop()).status, 0));

const routes = {
    "L1 and rollup 1, 3 hops": ["l1", "rollup1", "l1", "rollup1"],
    "L1 and rollup 1, 6 hops": ["l1", "rollup1", "l1", "rollup1", "l1", "rollup1", "l1"],
    "L1 and rollup 1, 10 hops": Array.from({ length: 11 }, (_, i) => (i % 2 === 0 ? "l1" : "rollup1")),
    "rollup 1 and L1, 3 hops": ["rollup1", "l1", "rollup1", "l1"],
    "rollups 1 and 2, 4 hops": ["rollup1", "rollup2", "rollup1", "rollup2", "rollup1"],
    "all three, 6 hops": ["l1", "rollup1", "rollup2", "l1", "rollup2", "rollup1", "l1"],
};

for (const [name, places] of Object.entries(routes))
    test(name, async () => {
        // One contract a chain, which the route visits again and again.
        const hoppers = {};
        for (const place of new Set(places)) hoppers[place] = await world.deploy(place, "Hopper");
        const path = [];
        for (let i = 1; i < places.length; i++)
            path.push(await world.reference(places[i - 1], hoppers[places[i]]));
        const hops = BigInt(path.length);
        // Hopper.pass: 100 times what arrives, which is one more with each hop; and one for each hop back.
        const result = (1n + hops) * 100n + hops;
        for (let i = 0; i < ROUNDS; i++) {
            assert.equal(await world.call(hoppers[places[0]], "pass", [path, 1n]), result);
            assert.equal(await world.send(hoppers[places[0]], "pass", [path, 1n]), true);
        }
        for (const place of new Set(places)) {
            const visits = places.filter((p) => p === place).length;
            assert.equal(await world.call(hoppers[place], "passes"), BigInt(visits * ROUNDS));
            const last = await world.call(hoppers[place], "lastResult");
            assert.equal(last, place === places[0] ? result : result - BigInt(places.indexOf(place)));
        }
    });
