// Calls between chains that fail: who catches goes on, who does not fails with the callee's own error,
// and what was done below is undone on every chain. More shapes of it: reverts.test.mjs.
import { encodeFunctionData } from "viem";
import { GAS, errorText, openWorlds } from "./lib.mjs";

const { scenario } = openWorlds();
const ways = [["l1", "rollup1"], ["rollup1", "l1"], ["rollup1", "rollup2"]];

for (const [caller, callee] of ways) {
    const refused = { error: "Unwilling(3, not today)", isDone: false, asked: 0n };
    scenario(`an error is passed on as it is: ${caller} → ${callee}`, refused, async (world) => {
        const grump = await world.deploy(callee, "Grump");
        const asker = await world.deploy(caller, "Asker");
        const args = [await world.from(asker, grump), 3n];
        return {
            error: await world.error(asker, "insist", args, grump),
            isDone: await world.send(asker, "insist", args, { gas: GAS }),
            asked: await world.call(grump, "asked"),
        };
    });

    const caught = { isDone: true, refusals: 2n, why: "Unwilling(5, not today)", asked: 0n };
    scenario(`who catches it goes on: ${caller} → ${callee}`, caught, async (world) => {
        const grump = await world.deploy(callee, "Grump");
        const asker = await world.deploy(caller, "Asker");
        const reference = await world.from(asker, grump);
        await world.send(asker, "tryAnyway", [reference, 4n], { gas: GAS });
        return {
            isDone: await world.send(asker, "tryAnyway", [reference, 5n], { gas: GAS }),
            refusals: await world.call(asker, "refusals"),
            why: errorText(grump, await world.call(asker, "lastWhy")),
            asked: await world.call(grump, "asked"),
        };
    });
}

// --- frames that revert after they have called ----------------------------------------------------

// A call of an Undoer: what it calls in turn, whether it reverts in the end.
async function plan(world, from, undoer, { calls = [], fails = false, isCaught = false } = {}) {
    const below = [];
    for (const [callee, options] of calls) below.push(await plan(world, undoer, callee, options));
    const args = [below, fails];
    const to = from === null ? undoer.address : await world.from(from, undoer);
    const data = encodeFunctionData({ abi: undoer.abi, functionName: "run", args });
    return { to, value: 0n, data, isCaught, args };
}

async function run(world, undoer, options) {
    const { args } = await plan(world, null, undoer, options);
    return world.send(undoer, "run", args, { gas: GAS });
}

const undone = { fails: true, isCaught: true };
const counts = (world, triers) => Promise.all(triers.map((trier) => world.call(trier, "count")));

const twice = { isDone: true, counts: [1n, 1n], failures: 2n };
scenario("a rollup's frame reverts after a call of L1, twice, and the third time it does not", twice,
    async (world) => {
        const ours = await world.deploy("rollup1", "Trier");
        const there = await world.deploy("l1", "Trier");
        const isDone = await run(world, ours, {
            calls: [
                [ours, { calls: [[there]], ...undone }],
                [ours, { calls: [[there]], ...undone }],
                [there],
            ],
        });
        const failures = await world.call(ours, "failures");
        return { isDone, counts: await counts(world, [ours, there]), failures };
    });

const across = { isDone: true, counts: [1n, 0n, 0n, 0n], failures: 1n };
scenario("a revert takes back what was done on three chains", across, async (world) => {
    const outer = await world.deploy("rollup1", "Trier");
    const l1 = await world.deploy("l1", "Trier");
    const rollup1 = await world.deploy("rollup1", "Trier");
    const rollup2 = await world.deploy("rollup2", "Trier");
    const calls = [[rollup2, { calls: [[l1]] }], [l1, { calls: [[rollup1], [rollup2]] }]];
    const isDone = await run(world, outer, { calls: [[outer, { calls, ...undone }]] });
    const failures = await world.call(outer, "failures");
    return { isDone, counts: await counts(world, [outer, l1, rollup1, rollup2]), failures };
});

const l1Frame = { isDone: true, counts: [1n, 0n, 0n, 1n], failures: 1n };
scenario("a frame of L1 reverts after calls of two rollups, and L1 goes on", l1Frame, async (world) => {
    const outer = await world.deploy("l1", "Trier");
    const rollup1 = await world.deploy("rollup1", "Trier");
    const rollup2 = await world.deploy("rollup2", "Trier");
    const last = await world.deploy("rollup2", "Trier");
    const calls = [[rollup1, { calls: [[rollup2]] }], [rollup2]];
    const isDone = await run(world, outer, { calls: [[outer, { calls, ...undone }], [last]] });
    const failures = await world.call(outer, "failures");
    return { isDone, counts: await counts(world, [outer, rollup1, rollup2, last]), failures };
});

const whole = { isDone: false, counts: [0n, 0n, 0n] };
for (const place of ["l1", "rollup1"])
    scenario(`a transaction of ${place} fails in the end: nothing is left anywhere`, whole, async (world) => {
        const first = await world.deploy(place, "Trier");
        const second = await world.deploy(place === "l1" ? "rollup1" : "l1", "Trier");
        const third = await world.deploy("rollup2", "Trier");
        const isDone = await run(world, first, { calls: [[second, { calls: [[third]] }]], fails: true });
        return { isDone, counts: await counts(world, [first, second, third]) };
    });
