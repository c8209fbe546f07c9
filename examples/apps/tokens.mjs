// OpenZeppelin's ERC-20 on rollup 1 and ERC-721 on rollup 2, a shop that sells one for the other, hand over
// hand, and a buyer on L1 who needs one transaction there.
//   make example-tokens      or      LOCKSTEP=build/release/lockstep node examples/apps/tokens.mjs
import { check, run } from "./lib.mjs";

await run(async (world, user) => {
    const deployer = world.places.l1.account.address;
    const coin = await world.deploy("rollup1", "Coin", [1_000_000n]);
    const ticket = await world.deploy("rollup2", "Ticket", [deployer]);
    await world.send(ticket, "make", [deployer]);
    await world.send(ticket, "make", [deployer]);

    const coinOnL1 = await world.from("l1", coin);
    const ticketOnL1 = await world.from("l1", ticket);
    const shop = await world.deploy("rollup1", "Shop", [coin.address, await world.reference("rollup1", ticket), 30n]);
    const shopOnL1 = await world.from("l1", shop);
    const shopOnRollup2 = await world.reference("rollup2", shop);
    await world.send(ticket, "setApprovalForAll", [shopOnRollup2, true]);

    console.log("Tokens answer from L1 as if they were there.\n");
    check("name()", (await world.call(coinOnL1, "name")) === "Coin");
    check("ownerOf(1)", (await world.call(ticketOnL1, "ownerOf", [1n])) === deployer);
    check("price()", (await world.call(shopOnL1, "price")) === 30n);

    // Alice holds coins under the address that she has on the rollup as a caller from L1: her proxy there.
    const alice = user(1);
    const by = { by: alice, gas: 5_000_000n };
    const purse = await world.nameOf("rollup1", alice.account.address);
    await world.send(coin, "transfer", [purse, 50n]);
    check("allowing the shop, from L1", (await world.transact(coinOnL1, "approve", [shop.address, 30n], by)).status === "success");
    check("buying", (await world.transact(shopOnL1, "buy", [1n, alice.account.address], by)).status === "success");
    check("the shop has the coins", (await world.call(coin, "balanceOf", [shop.address])) === 30n);
    check("she has the ticket", (await world.call(ticket, "ownerOf", [1n])) === alice.account.address);

    console.log("\nWithout coins for a second one, she gets neither: OpenZeppelin's own error reaches L1.\n");
    const refusal = await world.transact(shopOnL1, "buy", [2n, alice.account.address], by);
    check("buying again fails", refusal.status === "reverted");
    check("the ticket stays", (await world.call(ticket, "ownerOf", [2n])) === deployer);
    check("the coins stay", (await world.call(coin, "balanceOf", [purse])) === 20n);
    const raised = await world.refusal(coinOnL1, "transferFrom", [purse, deployer, 1n], { account: alice.account.address });
    check(`why: ${raised.split(" ")[0]}`, raised.startsWith("ERC20InsufficientAllowance"));
    const made = await world.refusal(ticketOnL1, "make", [deployer], { account: alice.account.address });
    check(`nobody but the owner makes tickets: ${made.split(" ")[0]}`, made.startsWith("OwnableUnauthorizedAccount"));
});
