// Where spreading contracts over chains can be noticed (protocol section 11), one test for each. The
// call graphs of ../equivalence keep away from these.
import { GAS, openWorlds } from "./lib.mjs";

const { difference, scenario } = openWorlds();

async function pair(world, caller, callee) {
    const observer = await world.deploy(caller, "Observer");
    const witness = await world.deploy(callee, "Witness");
    return { observer, witness, there: await world.from(observer, witness) };
}

for (const [caller, callee] of [["l1", "rollup1"], ["rollup1", "l1"], ["rollup1", "rollup2"]]) {
    const way = `${caller} → ${callee}`;

    difference(`block context and tx.origin: ${way}`, { alone: [true, true], spread: [false, false] },
        async (world) => {
            const { observer, there } = await pair(world, caller, callee);
            return world.call(observer, "sameContext", [there]);
        });

    difference(`gas: ${way}`, { alone: true, spread: false }, async (world) => {
        const { observer, there } = await pair(world, caller, callee);
        return world.call(observer, "isCheap", [there]);
    });

    const stipend = {
        alone: { stipend: true, all: true, balance: 2n },
        spread: { stipend: false, all: true, balance: 1n },
    };
    difference(`a proxy cannot live on the stipend of send and transfer: ${way}`, stipend, async (world) => {
        const { observer, witness, there } = await pair(world, caller, callee);
        await world.fund(observer, 10n);
        const foreseen = await world.call(observer, "sendStipend", [there]);
        await world.send(observer, "sendStipend", [there], { gas: GAS });
        const all = await world.call(observer, "sendAll", [there]);
        await world.send(observer, "sendAll", [there], { gas: GAS });
        return { stipend: foreseen, all, balance: await world.balance(witness) };
    });

    const looks = {
        alone: { balance: 5n, isSameCode: true, wouldAsk: false, hasRunHere: true },
        spread: { balance: 0n, isSameCode: false, wouldAsk: true, hasRunHere: false },
    };
    difference(`what is seen at a proxy's address: ${way}`, looks, async (world) => {
        const { observer, witness, there } = await pair(world, caller, callee);
        await world.fund(witness, 5n);
        const person = { ...witness, address: `0x${"77".repeat(20)}`, name: "somebody" };
        const personThere = await world.from(observer, person);
        const code = await witness.chain.client.getCode({ address: witness.address });
        const [size] = await world.call(observer, "codeOf", [there]);
        return {
            balance: await world.call(observer, "balanceOf", [there]),
            isSameCode: size === BigInt(code.length / 2 - 1),
            wouldAsk: await world.call(observer, "wouldAsk", [personThere]),
            hasRunHere: await world.call(observer, "borrowCode", [there]),
        };
    });

    difference(`an address passed as data is not translated: ${way}`, { alone: true, spread: false },
        async (world) => {
            const { observer, there } = await pair(world, caller, callee);
            return world.call(observer, "tellAddress", [there]);
        });
}

// Two calls of one L1 transaction are two transactions of the rollup.
difference("transient storage, from call to call", { alone: 5n, spread: 0n }, async (world) => {
    const { observer, there } = await pair(world, "l1", "rollup1");
    return world.call(observer, "holdAndLook", [there]);
});

scenario("but not within one", 6n, async (world) => {
    const { observer, witness, there } = await pair(world, "l1", "rollup1");
    return world.call(witness, "holdWhile", [await world.from(witness, observer), there, 6n]);
});

scenario("nor from call to call of a rollup's transaction", 5n, async (world) => {
    const { observer, there } = await pair(world, "rollup1", "l1");
    return world.call(observer, "holdAndLook", [there]);
});

const destroyed = { alone: { isDone: true, isThere: false }, spread: { isDone: true, isThere: true } };
difference("SELFDESTRUCT in the transaction that created", destroyed, async (world) => {
    const observer = await world.deploy("l1", "Observer");
    const maker = await world.deploy("rollup1", "Maker");
    const isDone = await world.send(observer, "makeAndDestroy", [await world.from(observer, maker)]);
    return { isDone, isThere: await world.call(maker, "isThere") };
});

// Nobody posts an entry for the call: who catches that and does not pass it on has seen a failure
// that the callee knows nothing of.
const outcomes = {
    alone: { careless: true, careful: true, failures: 0n, note: 1n },
    spread: { careless: true, careful: false, failures: 1n, note: 0n },
};
difference("a caught Hub error is to be thrown again", outcomes, async (world) => {
    const { observer, witness, there } = await pair(world, "l1", "rollup1");
    const { client } = observer.chain;
    await client.request({ method: "lockstep_setAutoBatch", params: [false] });
    try {
        return {
            careless: await world.send(observer, "tryCarelessly", [there], { gas: GAS }),
            careful: await world.send(observer, "tryCarefully", [there], { gas: GAS }),
            failures: await world.call(observer, "failures"),
            note: await world.call(witness, "note"),
        };
    } finally {
        await client.request({ method: "lockstep_setAutoBatch", params: [true] });
    }
});
