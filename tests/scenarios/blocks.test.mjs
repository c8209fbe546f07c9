// Several transactions of one block that call across chains. (Entries for either outcome of a
// condition on L1: src/world/test_posting.c.)
import { GAS, openWorlds } from "./lib.mjs";

const { scenario } = openWorlds();

// Transactions that wait in the pool, and one block of them.
async function inOneBlock(world, calls) {
    const { client, wallet, account } = calls[0][0].chain;
    const nonce = await client.getTransactionCount({ address: account.address });
    await client.request({ method: "evm_setAutomine", params: [false] });
    try {
        const sent = calls.map(([{ address, abi }, functionName, args], i) =>
            wallet.writeContract({ address, abi, functionName, args, gas: GAS / 4n, nonce: nonce + i }),
        );
        const hashes = await Promise.all(sent);
        await client.request({ method: "evm_mine" });
        const receipts = await Promise.all(hashes.map((hash) => client.getTransactionReceipt({ hash })));
        return {
            statuses: receipts.map((receipt) => receipt.status),
            blocks: new Set(receipts.map((receipt) => receipt.blockNumber)).size,
        };
    } finally {
        await client.request({ method: "evm_setAutomine", params: [true] });
    }
}

for (const [caller, callee] of [["l1", "rollup1"], ["rollup1", "l1"], ["rollup1", "rollup2"]]) {
    const added = { statuses: ["success", "success"], blocks: 1, sums: [15n, 33n], total: 22n };
    scenario(`two transactions of one block call the same contract: ${caller} → ${callee}`, added,
        async (world) => {
            const counter = await world.deploy(callee, "Counter");
            const tellers = [await world.deploy(caller, "Teller"), await world.deploy(caller, "Teller")];
            const reference = await world.from(tellers[0], counter);
            const outcome = await inOneBlock(world, [
                [tellers[0], "addTwice", [reference, 5n]],
                [tellers[1], "addTwice", [reference, 1n]],
            ]);
            const sums = await Promise.all(tellers.map((teller) => world.call(teller, "sum")));
            return { ...outcome, sums, total: await world.call(counter, "total") };
        });
}

const mixed = { statuses: ["success", "reverted", "success"], blocks: 1, asked: 0n, sum: 9n, total: 6n };
scenario("one that fails between two that do not", mixed, async (world) => {
    const counter = await world.deploy("rollup1", "Counter");
    const grump = await world.deploy("rollup1", "Grump");
    const teller = await world.deploy("l1", "Teller");
    const asker = await world.deploy("l1", "Asker");
    const reference = await world.from(teller, counter);
    const outcome = await inOneBlock(world, [
        [teller, "addTwice", [reference, 1n]],
        [asker, "insist", [await world.from(asker, grump), 1n]],
        [teller, "addTwice", [reference, 1n]],
    ]);
    return {
        ...outcome,
        asked: await world.call(grump, "asked"),
        sum: await world.call(teller, "sum"),
        total: await world.call(counter, "total"),
    };
});
