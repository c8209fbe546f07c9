// A withdrawal: ether from a rollup to L1 by a message, proven against the root that the Hub has of the rollup, and
// delivered by a relayer for a fee: who withdraws needs no ether on L1.
//   make example-withdrawal      or      LOCKSTEP=build/release/lockstep node examples/apps/withdrawal.mjs
import { parseEther } from "viem";
import { NOT_EARLY, TERMS, check, figure, run } from "./lib.mjs";

await run(async (world, user) => {
    const alice = user(1, "rollup1");
    const [relayer, proposer, bystander] = [user(2), user(3), user(4)];
    const to = "0x00000000000000000000000000000000000a11ce";
    const bridge = world.system("rollup1", "bridge");
    const [messenger, onL1] = [world.system("rollup1", "messenger"), world.system("l1", "messenger")];
    const { client } = world.places.l1;
    const fee = parseEther("0.01");
    const balance = (address) => client.getBalance({ address });
    const withdraw = async () => {
        const args = [0n, to, NOT_EARLY, { ...TERMS, fee }];
        const receipt = await world.perform(bridge, "sendEther", args, { by: alice, value: parseEther("3") + fee });
        return { receipt, ...world.events(messenger, "MessageLeft", receipt)[0] };
    };

    console.log("Alice sends 3 ether from rollup 1 to an account of L1 that has none. The block of the rollup is not on L1 yet.\n");
    const first = await withdraw();
    figure("withdrawal: Alice's transaction on the rollup", first.receipt.gasUsed);
    const waits = world.relay(relayer.key);
    console.log(waits);
    check("the relayer waits for a batch", waits.includes("waits for a batch"));

    console.log("The next batch brings the rollup's new root to the Hub; the relayer proves the message against it.\n");
    const batch = await world.postBatch(proposer);
    const before = await balance(relayer.account.address);
    const delivers = world.relay(relayer.key);
    console.log(delivers);
    check("the relayer delivers it", delivers.endsWith("1 delivered\n"));
    check("3 ether are on L1", (await balance(to)) === parseEther("3"));
    const block = await client.getBlock({ includeTransactions: true });
    const delivery = await client.getTransactionReceipt({ hash: block.transactions[0].hash });
    figure("withdrawal: its delivery with a proof, L1 gas", delivery.gasUsed);
    check("in the block after the batch", delivery.blockNumber === batch.blockNumber + 1n);
    const spent = delivery.gasUsed * delivery.effectiveGasPrice;
    check("he has the fee, and has paid the gas", (await balance(relayer.account.address)) === before + fee - spent);
    check("there is nothing left to deliver", world.relay(relayer.key) === "0 delivered\n");

    console.log("\nAnybody may be the relayer. Alice's second message is delivered by hand, and once.\n");
    const second = await withdraw();
    await world.postBatch(proposer);
    const args = [second.message, await world.proofOf(messenger, second.id), bystander.account.address];
    await world.perform(onL1, "deliver", args, { by: bystander, gas: 1_000_000n });
    check("6 ether are on L1", (await balance(to)) === parseEther("6"));
    check("not twice", (await world.refusal(onL1, "deliver", args)).startsWith("AlreadyDelivered"));
    const more = [{ ...second.message, value: parseEther("300") }, ...args.slice(1)];
    const lie = await world.refusal(onL1, "deliver", more);
    check(`not more than was sent: ${lie.split(" ")[0]}`, lie !== "none");
});
