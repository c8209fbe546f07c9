// Early payout: who withdraws does not wait for the batch. A solver pays at once, less a fee, and gets what arrives.
//   make example-early      or      LOCKSTEP=build/release/lockstep node examples/apps/early.mjs
import { parseEther } from "viem";
import { TERMS, check, figure, run } from "./lib.mjs";

await run(async (world, user) => {
    const [alice, solver, rival, proposer] = [user(1, "rollup1"), user(2), user(3), user(4)];
    const to = "0x00000000000000000000000000000000000a11ce";
    const [bridge, onL1] = [world.system("rollup1", "bridge"), world.system("l1", "bridge")];
    const [messenger, deliverer] = [world.system("rollup1", "messenger"), world.system("l1", "messenger")];
    const { client } = world.places.l1;
    const balance = (address) => client.getBalance({ address });
    const value = parseEther("3");

    console.log("Alice sends 3 ether from rollup 1, and says that whoever pays before 2040 may keep 0.02 of it.\n");
    const early = { fee: parseEther("0.02"), until: 2_208_988_800n };
    const due = value - early.fee;
    const sent = await world.perform(bridge, "sendEther", [0n, to, early, TERMS], { by: alice, value });
    const [{ id, message }] = world.events(messenger, "MessageLeft", sent);

    console.log("A solver runs the rollup himself: he sees that she has sent it, before any batch is on L1.\n");
    const wrong = await world.refusal(onL1, "payEarly", [message], { value: due - 1n });
    check(`a wei less is refused: ${wrong.split(" ")[0]}`, wrong.startsWith("ValueMismatch"));
    const paid = await world.perform(onL1, "payEarly", [message], { by: solver, value: due });
    figure("early: the solver's payment, L1 gas", paid.gasUsed);
    check("Alice has 2.98 ether on L1", (await balance(to)) === due);
    const taken = await world.refusal(onL1, "payEarly", [message], { value: due, account: rival.account.address });
    check(`a second solver is too late: ${taken.split(" ")[0]}`, taken.startsWith("AlreadyPaid"));

    console.log("\nThe batch, the proof; the message pays the solver.\n");
    const batch = await world.postBatch(proposer);
    check("she had it a block before the batch", batch.blockNumber === paid.blockNumber + 1n);
    const before = await balance(solver.account.address);
    const args = [message, await world.proofOf(messenger, id), rival.account.address];
    const delivered = await world.perform(deliverer, "deliver", args, { by: rival, gas: 1_000_000n });
    figure("early: the delivery to the solver with a proof, L1 gas", delivered.gasUsed);
    check("the solver has 3 ether", (await balance(solver.account.address)) === before + value);
    check("Alice has what she had", (await balance(to)) === due);

    console.log("\nWhat the solver risks is that she has not sent it: he would have paid a message that never comes.\n");
    const never = { ...message, nonce: 99n };
    await world.perform(onL1, "payEarly", [never], { by: rival, value: due });
    const proof = await world.proofOf(messenger, id);
    const lie = await world.refusal(deliverer, "deliver", [never, proof, rival.account.address]);
    check("he has paid, and nothing proves what nobody sent", lie !== "none" && (await balance(to)) === 2n * due);
});
