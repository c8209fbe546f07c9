// Uniswap v2 lives on rollup 1, the user on L1. One transaction of L1 takes ether to the rollup, swaps it
// there, and has the tokens on L1 before it ends.
//   make example-uniswap      or      LOCKSTEP=build/release/lockstep node examples/apps/uniswap.mjs
import { formatEther, parseEther } from "viem";
import { check, run } from "./lib.mjs";

const CORE = "@uniswap/v2-core/build/";
const PERIPHERY = "@uniswap/v2-periphery/build/";

await run(async (world, user) => {
    const deployer = world.places.rollup1.account.address;
    const later = 2n ** 40n;

    // Uniswap as it is published, with a pool of 1,000 ether and 2,000,000 coins.
    const weth = await world.deploy("rollup1", `${PERIPHERY}WETH9.json`);
    const factory = await world.deploy("rollup1", `${CORE}UniswapV2Factory.json`, [deployer]);
    const router = await world.deploy("rollup1", `${PERIPHERY}UniswapV2Router02.json`, [factory.address, weth.address]);
    const coin = await world.deploy("rollup1", "Coin", [parseEther("10000000")]);
    await world.send(coin, "approve", [router.address, parseEther("2000000")]);
    await world.send(
        router,
        "addLiquidityETH",
        [coin.address, parseEther("2000000"), 0n, 0n, deployer, later],
        { value: parseEther("1000") },
    );
    const pool = world.at("rollup1", await world.call(factory, "getPair", [weth.address, coin.address]), `${CORE}UniswapV2Pair.json`);

    // A bridge, one end on each chain, each knowing the other by its proxy.
    const here = await world.deploy("l1", "TokenBridge");
    const there = await world.deploy("rollup1", "TokenBridge");
    await world.send(here, "join", [await world.reference("l1", there)]);
    await world.send(there, "join", [await world.reference("rollup1", here)]);
    const swapper = await world.deploy("rollup1", "Swapper", [router.address, there.address]);

    console.log("One transaction of L1: 10 ether in, coins out.\n");
    const alice = user(1);
    const swapperOnL1 = await world.from("l1", swapper);
    const [, expected] = await world.call(router, "getAmountsOut", [parseEther("10"), [weth.address, coin.address]]);
    const before = await alice.client.getBalance({ address: alice.account.address });
    const options = { by: alice, value: parseEther("10"), gas: 8_000_000n };
    const receipt = await world.transact(swapperOnL1, "buy", [coin.address, expected, alice.account.address], options);
    const after = await alice.client.getBalance({ address: alice.account.address });
    const bridged = world.at("l1", await world.call(here, "bridgedOf", [coin.address]), "BridgedToken");
    const bought = await world.call(bridged, "balanceOf", [alice.account.address]);
    console.log(`${formatEther(bought)} coins for 10 ether, gas ${receipt.gasUsed}\n`);
    check("the swap succeeded", receipt.status === "success");
    check("she has what the pool had promised", bought === expected);
    check("she paid 10 ether and gas", before - after === parseEther("10") + receipt.gasUsed * receipt.effectiveGasPrice);
    check("the pool has the ether", (await world.balance(weth)) === parseEther("1010"));
    check("the coins are locked on the rollup", (await world.call(coin, "balanceOf", [there.address])) === bought);
    const [reserve0, reserve1] = await world.call(pool, "getReserves");
    check("the pool's reserves are as on one chain", reserve0 + reserve1 === parseEther("2001010") - bought);

    console.log("\nThe price has moved; a call that insists on the old one changes nothing, on either chain.\n");
    const again = [coin.address, expected, alice.account.address];
    const reason = await world.refusal(swapperOnL1, "buy", again, { account: alice.account.address, value: parseEther("10") });
    check(`Uniswap's own reason reaches L1: ${reason.trim()}`, reason.includes("UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT"));
    const failure = await world.transact(swapperOnL1, "buy", again, options);
    check("the transaction failed", failure.status === "reverted");
    check("the pool is as it was", (await world.balance(weth)) === parseEther("1010"));
    check("she has no more coins than before", (await world.call(bridged, "balanceOf", [alice.account.address])) === bought);

    console.log("\nThe coins go back to the rollup, to her own account there.\n");
    const back = await world.transact(here, "sendBack", [coin.address, alice.account.address, bought], { by: alice, gas: 5_000_000n });
    check("sending back succeeded", back.status === "success");
    check("she has them on the rollup", (await world.call(coin, "balanceOf", [alice.account.address])) === bought);
    check("and none on L1", (await world.call(bridged, "totalSupply")) === 0n);
    check("nothing is locked any more", (await world.call(there, "locked", [coin.address])) === 0n);
    check("nobody else can have the bridge pay out", (await world.refusal(there, "release", [coin.address, deployer, 1n])).includes("NotTheOtherEnd"));
});
