// The Bridge: an ERC-20 and an ERC-721 token of L1 on a rollup and back. They are locked at home, and tokens of the
// Bridge stand for them elsewhere, made when the first one arrives.
//   make example-bridge      or      LOCKSTEP=build/release/lockstep node examples/apps/bridge.mjs
import { isAddressEqual, parseEther } from "viem";
import { NOT_EARLY, TERMS, check, figure, run } from "./lib.mjs";

await run(async (world, user) => {
    const [alice, there, proposer, deliverer] = [user(1), user(1, "rollup1"), user(2), user(3)];
    const her = alice.account.address;
    const terms = { ...TERMS, gasLimit: 3_000_000n };
    const [l1, rollup] = ["l1", "rollup1"].map((place) => ({
        bridge: world.system(place, "bridge"),
        messenger: world.system(place, "messenger"),
    }));
    const coin = await world.deploy("l1", "Coin", [parseEther("1000")]);
    const ticket = await world.deploy("l1", "Ticket", [world.places.l1.account.address]);
    await world.send(coin, "transfer", [her, parseEther("1000")]);
    for (const _ of [1, 2]) await world.send(ticket, "make", [her]);

    /** Sends what the arguments say from L1 and has it delivered: both receipts. */
    async function across(functionName, args, options = {}) {
        const sent = await world.perform(l1.bridge, functionName, args, { by: alice, ...options });
        const [{ message }] = world.events(l1.messenger, "MessageLeft", sent);
        const delivery = [message, "0x", her];
        return { sent, delivered: await world.perform(rollup.messenger, "deliver", delivery, { by: there, gas: 8_000_000n }) };
    }

    /** The same from the rollup, by way of a batch and a proof. */
    async function back(functionName, args) {
        const sent = await world.perform(rollup.bridge, functionName, args, { by: there });
        const [{ id, message }] = world.events(rollup.messenger, "MessageLeft", sent);
        await world.postBatch(proposer);
        const delivery = [message, await world.proofOf(rollup.messenger, id), her];
        return { sent, delivered: await world.perform(l1.messenger, "deliver", delivery, { by: deliverer, gas: 8_000_000n }) };
    }

    const tokenOf = async (token, abi) => world.at("rollup1", await world.call(rollup.bridge, "tokenFor", [0n, token.address]), abi);
    const own = (token) => world.call(token, "balanceOf", [her]);

    console.log("Alice sends 600 coins to rollup 1. There are none of the kind yet: the Bridge makes the contract.\n");
    await world.perform(coin, "approve", [l1.bridge.address, parseEther("1000")], { by: alice });
    const send = (amount) => across("sendErc20", [1n, coin.address, her, parseEther(amount), NOT_EARLY, terms]);
    const first = await send("500");
    const copy = await tokenOf(coin, coin.abi);
    figure("bridge: the first delivery of an ERC-20, which makes its contract, on the rollup", first.delivered.gasUsed);
    const second = await send("100");
    figure("bridge: sending an ERC-20 from L1", second.sent.gasUsed);
    figure("bridge: its delivery on the rollup", second.delivered.gasUsed);
    check("she has 600 there, and 400 here", (await own(copy)) === parseEther("600") && (await own(coin)) === parseEther("400"));
    check("they are called what they are called at home", (await world.call(copy, "name")) === "Coin");
    check("600 are locked for rollup 1", (await world.call(l1.bridge, "locked", [1n, coin.address])) === parseEther("600"));

    console.log("\n250 of them go back.\n");
    const home = await back("sendErc20", [0n, copy.address, her, parseEther("250"), NOT_EARLY, terms]);
    figure("bridge: sending an ERC-20 back, on the rollup", home.sent.gasUsed);
    figure("bridge: its delivery with a proof, L1 gas", home.delivered.gasUsed);
    check("she has 350 there, and 650 here", (await own(copy)) === parseEther("350") && (await own(coin)) === parseEther("650"));
    check("350 are locked", (await world.call(l1.bridge, "locked", [1n, coin.address])) === parseEther("350"));

    console.log("\nTwo tickets, each with its id, and one of them back.\n");
    await world.perform(ticket, "setApprovalForAll", [l1.bridge.address, true], { by: alice });
    await across("sendErc721", [1n, ticket.address, her, 1n, terms]);
    const pass = await across("sendErc721", [1n, ticket.address, her, 2n, terms]);
    const ticketCopy = await tokenOf(ticket, ticket.abi);
    figure("bridge: sending an ERC-721 from L1", pass.sent.gasUsed);
    figure("bridge: its delivery on the rollup, as one that is there already", pass.delivered.gasUsed);
    check("ticket 2 is hers there", (await world.call(ticketCopy, "ownerOf", [2n])) === her);
    check("and the Bridge's here", isAddressEqual(await world.call(ticket, "ownerOf", [2n]), l1.bridge.address));
    const returned = await back("sendErc721", [0n, ticketCopy.address, her, 2n, terms]);
    figure("bridge: an ERC-721's delivery with a proof, L1 gas", returned.delivered.gasUsed);
    check("ticket 2 is hers here again", (await world.call(ticket, "ownerOf", [2n])) === her);
    const gone = await world.refusal(ticketCopy, "ownerOf", [2n]);
    check(`and no more there: ${gone.split(" ")[0]}`, gone.startsWith("ERC721NonexistentToken"));
});
