// A deposit: ether from L1 to a rollup by a message, which is there in the same slot, without a proof; and the slow way,
// which is always open.
//   make example-deposit      or      LOCKSTEP=build/release/lockstep node examples/apps/deposit.mjs
import { formatEther, parseEther } from "viem";
import { NOT_EARLY, TERMS, check, figure, run } from "./lib.mjs";

await run(async (world, user) => {
    const [alice, carol] = [user(1), user(2, "rollup1")];
    const bob = "0x00000000000000000000000000000000000b0b00";
    const bridge = world.system("l1", "bridge");
    const [messenger, there] = [world.system("l1", "messenger"), world.system("rollup1", "messenger")];
    const { client } = world.places.l1;
    const fee = parseEther("0.01");
    const args = [1n, bob, NOT_EARLY, { ...TERMS, fee }];
    const send = () => world.perform(bridge, "sendEther", args, { by: alice, value: parseEther("2") + fee });
    const balance = (address) => world.places.rollup1.client.getBalance({ address });
    await send(); // the first one of anything costs more

    console.log("Alice sends 2 ether to Bob on rollup 1, and 0.01 for whoever delivers it.\n");
    const sent = await send();
    const [{ id, message }] = world.events(messenger, "MessageLeft", sent);
    const block = await client.getBlock({ blockNumber: sent.blockNumber });
    check("her transaction and the batch that imports its message make one block", block.transactions.length === 2);
    figure("deposit: Alice's transaction on L1", sent.gasUsed);
    figure("deposit: the batch that imports it, L1 gas", await world.batchGas(sent.blockNumber));

    // Four more people in one block: what each message adds to its batch.
    await client.request({ method: "evm_setAutomine", params: [false] });
    const others = [3, 4, 5, 6].map((index) => user(index));
    const { address, abi } = bridge;
    const more = { address, abi, functionName: "sendEther", args, value: parseEther("2") + fee, gas: 300_000n };
    const hashes = [];
    for (const by of [...others, user(7)]) hashes.push(await by.wallet.writeContract(more));
    await client.request({ method: "evm_mine" });
    const { blockNumber } = await client.waitForTransactionReceipt({ hash: hashes[0] });
    await client.request({ method: "evm_setAutomine", params: [true] });
    const five = await world.batchGas(blockNumber);
    figure("deposit: each further message in a batch, L1 gas", (five - (await world.batchGas(sent.blockNumber))) / 4n);

    console.log("\nCarol delivers it. The rollup knows the message: there is nothing to prove.\n");
    const before = await balance(carol.account.address);
    const delivery = await world.perform(there, "deliver", [message, "0x", carol.account.address], { by: carol });
    const spent = delivery.gasUsed * delivery.effectiveGasPrice;
    figure("deposit: its delivery on the rollup", delivery.gasUsed);
    check("Bob has 2 ether", (await balance(bob)) === parseEther("2"));
    check(`Carol has the fee, ${formatEther(fee)} ether`, (await balance(carol.account.address)) === before + fee - spent);
    const again = await world.refusal(there, "deliver", [message, "0x", carol.account.address]);
    check("nobody delivers it twice", again.startsWith("AlreadyDelivered"));

    console.log("\nThe slow way: a message that no batch imports is proven, against a block of L1 that the rollup knows.\n");
    await client.request({ method: "lockstep_setAutoBatch", params: [false] });
    const left = world.events(messenger, "MessageLeft", await send())[0];
    await client.request({ method: "lockstep_setAutoBatch", params: [true] });
    const early = await world.refusal(there, "deliver", [left.message, "0x", carol.account.address]);
    check(`without a proof it is not there: ${early}`, early.startsWith("MessageNotReceived"));
    await world.postBatch(user(3)); // anchored at the block with the message
    const proof = await world.proofOf(messenger, left.id, 1);
    const proven = await world.perform(there, "deliver", [left.message, proof, carol.account.address], { by: carol });
    figure("deposit: its delivery with a proof, on the rollup", proven.gasUsed);
    check("Bob has 4 ether", (await balance(bob)) === parseEther("4"));
    check("it is another message", left.id !== id);
});
