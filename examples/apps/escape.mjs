// An escape: the operator of rollup 1 takes nothing of Alice. Her withdrawal goes to L1, to the queue of forced
// transactions, and the next batch has to take it. From there on it is a withdrawal like any other.
//   make example-escape      or      LOCKSTEP=build/release/lockstep node examples/apps/escape.mjs
import { encodeFunctionData, keccak256, parseEther } from "viem";
import { NOT_EARLY, TERMS, check, figure, run } from "./lib.mjs";

const ALICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"; // the second account

await run(async (world, user) => {
    const [alice, there] = [user(1), user(1, "rollup1")];
    const { l1, rollup1 } = world.places;
    const [hub, bridge] = [world.system("l1", "hub"), world.system("rollup1", "bridge")];
    const [messenger, onL1] = [world.system("rollup1", "messenger"), world.system("l1", "messenger")];
    const to = "0x00000000000000000000000000000000000a11ce";

    console.log("Alice signs a withdrawal of 3 ether, and rollup 1 does not want it.\n");
    const data = encodeFunctionData({ abi: bridge.abi, functionName: "sendEther", args: [0n, to, NOT_EARLY, TERMS] });
    const call = { to: bridge.address, data, value: parseEther("3"), gas: 300_000n };
    const signed = await world.signData(rollup1, call, { by: there });
    const refusal = await rollup1.client.request({ method: "eth_sendRawTransaction", params: [signed] })
        .then(() => "none", (error) => error.details);
    console.log(`    ${refusal}\n`);
    check("the operator refuses it, and says what is left", refusal.includes("forceTransaction(1, …)"));

    console.log("\nShe forces it, with a transaction of L1.\n");
    const value = await l1.client.readContract({ ...hub, functionName: "forceFee", args: [1n] });
    const forced = await world.perform(hub, "forceTransaction", [1n, signed], { by: alice, value });
    const [{ index, due }] = world.events(hub, "TransactionForced", forced);
    figure("escape: Alice's forced withdrawal, L1 gas", forced.gasUsed);
    check("it is the first of the queue", index === 0n);
    check("and due in 16 blocks", due === forced.blockNumber + 16n);
    check("the fee was 0.0001 ether", value === parseEther("0.0001"));
    const receipt = await rollup1.client.waitForTransactionReceipt({ hash: keccak256(signed) });
    const { number } = await l1.client.getBlock();
    check("it has run on the rollup", receipt.status === "success");
    check("in the batch of the next block", number === forced.blockNumber + 1n);
    figure("escape: the batch that takes it, L1 gas", await world.batchGas(number));

    console.log("\nThe rollup's new root is on L1 with that batch. Alice proves her message against it.\n");
    const { id, message } = world.events(messenger, "MessageLeft", receipt)[0];
    const args = [message, await world.proofOf(messenger, id), alice.account.address];
    const delivery = await world.perform(onL1, "deliver", args, { by: alice, gas: 1_000_000n });
    figure("escape: its delivery with a proof, L1 gas", delivery.gasUsed);
    check("3 ether are on L1", (await l1.client.getBalance({ address: to })) === parseEther("3"));
    check("not twice", (await world.refusal(onL1, "deliver", args)).startsWith("AlreadyDelivered"));
}, ["--rollup-refuse", ALICE]);
