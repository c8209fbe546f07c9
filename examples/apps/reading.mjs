// Contracts on a rollup read L1: a price feed, a token's balances, a registry of names. No message, no proof in
// the transaction, no call that leaves the rollup: contracts/src/rollup/Parent.sol (docs/parent-reads.md).
//   make example-reading      or      LOCKSTEP=build/release/lockstep node examples/apps/reading.mjs
import { namehash, parseEther } from "viem";
import { check, run } from "./lib.mjs";

await run(async (world, user) => {
    const alice = user(1, "rollup1");
    const bob = user(2).account.address;

    const feed = await world.deploy("l1", "PriceFeed");
    const coin = await world.deploy("l1", "Coin", [1_000_000n]);
    const registry = await world.deploy("l1", "NameRegistry");
    const resolver = await world.deploy("l1", "NameResolver");
    const bobEth = namehash("bob.eth");
    await world.send(feed, "set", [parseEther("0.5")]);
    await world.send(coin, "transfer", [alice.account.address, 100n]);
    await world.send(registry, "setResolver", [bobEth, resolver.address]);
    await world.send(resolver, "setAddr", [bobEth, bob]);

    const prices = await world.deploy("rollup1", "PriceReader", [feed.address, 3600n]);
    const gate = await world.deploy("rollup1", "Gate", [coin.address, 50n]);
    const names = await world.deploy("rollup1", "NamePayer", [registry.address]);

    const early = await world.refusal(prices, "price", []);
    check(`before its first anchor a rollup has nothing to read: ${early.split(" ")[0]}`, early.startsWith("NotAnchoredYet"));

    // A rollup reads the newest block of L1 that it is anchored at. Each batch anchors it anew; any call from L1
    // that changes something on the rollup makes one.
    const counter = await world.from("l1", await world.deploy("rollup1", "Prices"));
    const anchor = () => world.send(counter, "set", [coin.address, 1n], { gas: 3_000_000n });
    await anchor();

    console.log("An oracle on L1 sets the price of what is sold on the rollup.\n");
    check("the price", (await world.call(prices, "price")) === parseEther("0.5"));
    await world.transact(prices, "buy", [], { by: alice, value: parseEther("2") });
    check("four credits for two ether", (await world.call(prices, "credits", [alice.account.address])) === 4n);
    await world.send(feed, "set", [parseEther("1")]);
    check("a new price is not seen yet", (await world.call(prices, "price")) === parseEther("0.5"));
    await anchor();
    check("after the next anchor it is", (await world.call(prices, "price")) === parseEther("1"));

    console.log("\nWho holds tokens on L1 is let in on the rollup.\n");
    check("Alice is", (await world.transact(gate, "enter", [], { by: alice })).status === "success");
    check("and in", await world.call(gate, "isIn", [alice.account.address]));
    const refused = await world.refusal(gate, "enter", [], { account: bob });
    check(`Bob is not: ${refused.split(" ")[0]}`, refused.startsWith("NotEnough"));

    console.log("\nPaying to a name that is registered on L1.\n");
    const before = await world.places.rollup1.client.getBalance({ address: bob });
    await world.transact(names, "pay", [bobEth], { by: alice, value: 7n });
    check("bob.eth was paid", (await world.places.rollup1.client.getBalance({ address: bob })) === before + 7n);
    const unknown = await world.refusal(names, "resolve", [namehash("carol.eth")]);
    check(`carol.eth is nobody: ${unknown.split(" ")[0]}`, unknown.startsWith("NoSuchName"));
});
