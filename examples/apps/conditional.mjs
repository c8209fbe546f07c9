// A transaction of a rollup that is only for the slot in which something is said on L1, and what its proposer earns
// for getting it there (docs/messaging.md).
//   make example-conditional      or      LOCKSTEP=build/release/lockstep node examples/apps/conditional.mjs
import { encodeFunctionData, keccak256, parseAbi, parseGwei, stringToHex } from "viem";
import { messageSlot, signConditional } from "../lib/conditional.mjs";
import { check, run } from "./lib.mjs";

const MESSAGES = parseAbi(["function broadcastMessage(bytes32 message)"]);

await run(async (world, user) => {
    const { l1, rollup1 } = world.places;
    const shop = await world.deploy("rollup1", "Coin", [1_000_000n]);
    const alice = user(1);
    const said = keccak256(stringToHex("Alice: the goods are here"));
    const slot = messageSlot(said, alice.account.address);
    const head = () => rollup1.client.getBlockNumber();
    const earned = async () => rollup1.client.getBalance({ address: (await rollup1.client.getBlock()).miner });
    const say = async (message) => {
        const call = { address: l1.contracts.messageService, abi: MESSAGES, functionName: "broadcastMessage", args: [message] };
        return world.show(l1, await alice.wallet.writeContract(call));
    };
    /** A payment of 100 coins to Alice, on the rollup, with these conditions. */
    const pay = async (conditions) => {
        const nonce = await rollup1.client.getTransactionCount({ address: rollup1.account.address, blockTag: "pending" });
        const data = encodeFunctionData({ ...shop, functionName: "transfer", args: [alice.account.address, 100n] });
        const fees = { gas: 200_000n, maxFeePerGas: parseGwei("100"), maxPriorityFeePerGas: parseGwei("50") };
        const raw = await signConditional(rollup1.account, { chainId: rollup1.chainId, nonce, to: shop.address, data, ...fees, ...conditions });
        return rollup1.client.sendRawTransaction({ serializedTransaction: raw });
    };
    const mined = (hash) => rollup1.client.getTransactionReceipt({ hash }).catch(() => null);
    const coins = () => world.call(shop, "balanceOf", [alice.account.address]);

    console.log("Alice is paid on the rollup in the slot in which she says on L1 that the goods are there.\n");
    const next = (await head()) + 1n;
    const payment = await pay({ firstBlock: next, lastBlock: next, messageSlots: [slot] });
    check("the payment waits", (await mined(payment)) === null && (await coins()) === 0n);
    const before = await earned();
    const { blockNumber } = await say(said);
    const receipt = await mined(payment);
    check(`said in block ${blockNumber} of L1, paid in block ${receipt?.blockNumber} of the rollup`, receipt?.blockNumber === next);
    const { number } = await rollup1.client.getBlock({ blockTag: "safe" });
    check("which that block of L1 has in its batch", number === next && (await coins()) === 100n);
    const fees = receipt.gasUsed * receipt.effectiveGasPrice;
    check(`whoever proposed it has ${fees} wei for importing it`, (await earned()) === before + fees);

    console.log("\nThe sooner the more: 20 gwei less in each later block, until nothing is left.\n");
    const first = (await head()) + 1n;
    for (const left of [50n, 30n, 10n, 0n]) {
        const { effectiveGasPrice, blockNumber: at } = await mined(await pay({ firstBlock: first, priorityFeeDecay: parseGwei("20") }));
        const { baseFeePerGas } = await rollup1.client.getBlock({ blockNumber: at });
        check(`block ${at}: ${left} gwei`, effectiveGasPrice === baseFeePerGas + parseGwei(`${left}`));
    }

    console.log("\nWhat is not there in time is never there.\n");
    const late = await pay({ lastBlock: (await head()) + 1n, messageSlots: [messageSlot(said, l1.account.address)] });
    await rollup1.client.request({ method: "anvil_mine", params: ["0x1"] });
    check("the block has passed, and the payment with it", (await rollup1.client.request({ method: "eth_getTransactionByHash", params: [late] })) === null);
    check("nothing was paid twice", (await coins()) === 500n);
});
