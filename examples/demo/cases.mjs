// What the demo shows. Each case deploys its contracts in the places it names, does something, and
// returns what came of it: values that must not depend on whether the places are one chain or three.
import { decodeErrorResult, parseEther } from "viem";
import { artifact } from "./world.mjs";

const unwilling = (data) => {
    if (data === null) return null;
    const { errorName, args } = decodeErrorResult({ abi: artifact("Grump").abi, data });
    return `${errorName}(${args.join(", ")})`;
};

// The same transaction from either side.
async function tell(world, callerPlace, calleePlace) {
    const counter = await world.deploy(calleePlace, "Counter");
    const teller = await world.deploy(callerPlace, "Teller");
    const reference = await world.reference(callerPlace, counter);
    const foreseen = await world.call(teller, "addTwice", [reference, 5n]);
    return {
        foreseen,
        succeeded: await world.send(teller, "addTwice", [reference, 5n]),
        sum: await world.call(teller, "sum"),
        total: await world.call(counter, "total"),
        foreseenNext: await world.call(teller, "addTwice", [reference, 1n]),
    };
}

// Hoppers in the places, the first of which passes a number along them.
async function hop(world, places) {
    const hoppers = [];
    for (const place of places) hoppers.push(await world.deploy(place, "Hopper"));
    const path = [];
    for (let i = 1; i < places.length; i++) path.push(await world.reference(places[i - 1], hoppers[i]));
    const foreseen = await world.call(hoppers[0], "pass", [path, 7n]);
    const succeeded = await world.send(hoppers[0], "pass", [path, 7n]);
    const results = [];
    for (const hopper of hoppers)
        results.push([await world.call(hopper, "passes"), await world.call(hopper, "lastResult")]);
    return { foreseen, succeeded, results };
}

export const cases = [
    {
        name: "a. L1 → rollup 1, the return value used by the L1 contract in the same transaction",
        run: (world) => tell(world, "l1", "rollup1"),
    },
    {
        name: "b. rollup 1 → L1, a transaction sent to the rollup",
        run: (world) => tell(world, "rollup1", "l1"),
    },
    {
        name: "c. L1 → rollup 1 → L1 → back",
        run: (world) => hop(world, ["l1", "rollup1", "l1"]),
    },
    {
        name: "d. rollup 1 → rollup 2 → back",
        run: (world) => hop(world, ["rollup1", "rollup2"]),
    },
    {
        name: "e. L1 → rollup 1 with ether, and ether back",
        async run(world) {
            const bank = await world.deploy("rollup1", "Bank");
            const saver = await world.deploy("l1", "Saver");
            const reference = await world.reference("l1", bank);
            const saved = await world.send(saver, "save", [reference], { value: parseEther("1") });
            const afterSaving = [await world.balance(saver), await world.balance(bank)];
            const tooMuch = await world.failure(saver, "takeBack", [reference, parseEther("2")]);
            const takenBack = await world.send(saver, "takeBack", [reference, parseEther("0.4")]);
            return {
                saved,
                afterSaving,
                tooMuch: tooMuch?.data,
                takenBack,
                received: await world.call(saver, "received"),
                afterTakingBack: [await world.balance(saver), await world.balance(bank)],
            };
        },
    },
    {
        name: "f. a rollup contract reverts with a custom error: the L1 caller sees exactly that error",
        async run(world) {
            const grump = await world.deploy("rollup1", "Grump");
            const asker = await world.deploy("l1", "Asker");
            const reference = await world.reference("l1", grump);
            const failure = await world.failure(asker, "insist", [reference, 3n]);
            return {
                error: unwilling(failure?.data ?? null),
                insisted: await world.send(asker, "insist", [reference, 3n], { gas: 2_000_000n }),
                wentOn: await world.send(asker, "tryAnyway", [reference, 4n]),
                refusals: await world.call(asker, "refusals"),
                why: unwilling(await world.call(asker, "lastWhy")),
                asked: await world.call(grump, "asked"),
            };
        },
    },
];
