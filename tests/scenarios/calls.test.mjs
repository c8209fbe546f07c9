// Calls between chains that succeed: what is returned is used in the same transaction.
import { GAS, errorText, openWorlds } from "./lib.mjs";

const { scenario } = openWorlds();

for (const [caller, callee] of [["l1", "rollup1"], ["rollup1", "l1"], ["rollup1", "rollup2"]]) {
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

    const greeted = { foreseen: "Hello, Ada!", isDone: true, heard: "Hello, Ada!", greeted: 1n };
    scenario(`text comes back: ${way}`, greeted, async (world) => {
        const greeter = await world.deploy(callee, "Greeter");
        const guest = await world.deploy(caller, "Guest");
        const args = [await world.from(guest, greeter), "Ada"];
        return {
            foreseen: await world.call(guest, "visit", args),
            isDone: await world.send(guest, "visit", args),
            heard: await world.call(guest, "heard"),
            greeted: await world.call(greeter, "greeted"),
        };
    });

    const repeated = { isDone: true, told: [3n, 6n, 9n], total: 9n };
    scenario(`the same call three times: ${way}`, repeated, async (world) => {
        const counter = await world.deploy(callee, "Counter");
        const teller = await world.deploy(caller, "Multiteller");
        return {
            isDone: await world.send(teller, "addAgain", [await world.from(teller, counter), 3n, 3n]),
            told: await Promise.all([0n, 1n, 2n].map((i) => world.call(teller, "told", [i]))),
            total: await world.call(counter, "total"),
        };
    });
}

const both = { isDone: true, totals: [2n, 7n, 14n], told: [2n, 7n, 14n] };
scenario("two rollups and L1 in one transaction", both, async (world) => {
    const teller = await world.deploy("l1", "Multiteller");
    const counters = [
        await world.deploy("rollup1", "Counter"),
        await world.deploy("rollup2", "Counter"),
        await world.deploy("l1", "Counter"),
    ];
    await world.send(counters[1], "add", [5n]);
    await world.send(counters[2], "add", [7n]);
    const references = [];
    for (const counter of counters) references.push(await world.from(teller, counter));
    return {
        isDone: await world.send(teller, "addAlong", [references, 2n]),
        totals: await Promise.all(counters.map((counter) => world.call(counter, "total"))),
        told: await Promise.all([0n, 1n, 2n].map((i) => world.call(teller, "told", [i]))),
    };
});

const reverse = { isDone: true, total: 4n, greeted: 1n };
scenario("a transaction of rollup 1 calls L1, and one of rollup 2 as well", reverse, async (world) => {
    const counter = await world.deploy("l1", "Counter");
    const greeter = await world.deploy("rollup1", "Greeter");
    const teller = await world.deploy("rollup2", "Multiteller");
    const guest = await world.deploy("rollup2", "Guest");
    await world.send(guest, "visit", [await world.from(guest, greeter), "Bo"]);
    return {
        isDone: await world.send(teller, "addAgain", [await world.from(teller, counter), 2n, 2n]),
        total: await world.call(counter, "total"),
        greeted: await world.call(greeter, "greeted"),
    };
});

// --- back into who called -------------------------------------------------------------------------

for (const [first, second] of [["l1", "rollup1"], ["rollup1", "l1"], ["rollup1", "rollup2"]]) {
    // A rollup gives L1 at most 10,000,000 gas, and is given three quarters of what is left there.
    const rounds = first !== "l1" && second === "l1" ? 12n : 20n;
    const danced = {
        isDone: true,
        inside: [0n, 0n],
        deepest: [rounds / 2n + 1n, rounds / 2n],
        steps: [rounds, rounds - 1n],
    };
    scenario(`${rounds} calls, each inside the other: ${first} ⇄ ${second}`, danced, async (world) => {
        const one = await world.deploy(first, "Dancer");
        const other = await world.deploy(second, "Dancer");
        const args = [await world.from(one, other), await world.from(other, one), rounds];
        return {
            isDone: await world.send(one, "dance", args, { gas: GAS }),
            inside: [await world.call(one, "inside"), await world.call(other, "inside")],
            deepest: [await world.call(one, "deepest"), await world.call(other, "deepest")],
            steps: [await world.call(one, "steps"), await world.call(other, "steps")],
        };
    });

    const held = { isRefused: true, isDone: true, why: "Locked()", steps: 1n };
    scenario(`a lock holds against the callee: ${first} → ${second} → ${first}`, held, async (world) => {
        const dancer = await world.deploy(first, "Dancer");
        const caller = await world.deploy(second, "Caller");
        const args = [await world.from(dancer, caller), await world.from(caller, dancer)];
        const isRefused = await world.call(dancer, "guarded", args, { gas: GAS });
        const isDone = await world.send(dancer, "guarded", args, { gas: GAS });
        const why = errorText(dancer, await world.call(caller, "why"));
        return { isRefused, isDone, why, steps: await world.call(dancer, "steps") };
    });
}

// --- views ----------------------------------------------------------------------------------------

const routes = {
    "L1 looks at a rollup": ["l1", "rollup1"],
    "a rollup looks at L1": ["rollup1", "l1"],
    "a rollup looks at a rollup": ["rollup1", "rollup2"],
    "L1 looks at a rollup that looks at L1": ["l1", "rollup1", "l1"],
    "a rollup looks at L1 that looks at the rollup": ["rollup1", "l1", "rollup1"],
    "from rollup to rollup to L1": ["rollup1", "rollup2", "l1"],
};
for (const [name, places] of Object.entries(routes)) {
    const sum = places.slice(1).reduce((total, _, i) => total + 10n ** BigInt(i + 1), 0n);
    scenario(`views: ${name}`, { foreseen: sum, isDone: true, seen: sum }, async (world) => {
        const feeds = [];
        for (const [i, place] of places.entries())
            feeds.push(await world.deploy(place, "Feed", [10n ** BigInt(i)]));
        const path = [];
        for (let i = 1; i < feeds.length; i++) path.push(await world.from(feeds[i - 1], feeds[i]));
        return {
            foreseen: await world.call(feeds[0], "look", [path]),
            isDone: await world.send(feeds[0], "look", [path]),
            seen: await world.call(feeds[0], "lastSeen"),
        };
    });
}

for (const [caller, callee] of [["l1", "rollup1"], ["rollup1", "l1"]]) {
    const refused = { isRefused: true, isDone: true, reads: 0n };
    scenario(`a view that writes is refused: ${caller} → ${callee}`, refused, async (world) => {
        const feed = await world.deploy(caller, "Feed", [1n]);
        const liar = await world.deploy(callee, "WritingLiar");
        const args = [await world.from(feed, liar)];
        return {
            isRefused: await world.call(feed, "lookAtLiar", args, { gas: GAS }),
            isDone: await world.send(feed, "lookAtLiar", args, { gas: GAS }),
            reads: await world.call(liar, "reads"),
        };
    });
}
