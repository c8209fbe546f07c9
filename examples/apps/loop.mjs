// The loop in one slot: ether from L1 to a rollup, coins for it there, the coins on L1; and L1 goes on from the same
// block. Twice: by messages, as three transactions of two people in one bundle; and by one call across chains.
//   make example-loop      or      LOCKSTEP=build/release/lockstep node examples/apps/loop.mjs
import { encodeAbiParameters, encodeFunctionData, formatEther, keccak256, numberToHex, parseAbiParameters, parseEther } from "viem";
import { TERMS, check, figure, run } from "./lib.mjs";

const CORE = "@uniswap/v2-core/build/";
const PERIPHERY = "@uniswap/v2-periphery/build/";
const ORDER = parseAbiParameters("(address token, uint256 atLeast, address to)");

await run(async (world, user) => {
    const { l1, rollup1 } = world.places;
    const [deployer, later] = [rollup1.account.address, 2n ** 40n];
    const [alice, proposer, deliverer] = [user(1), user(2), user(2, "rollup1")];
    const her = alice.account.address;
    const paid = parseEther("10");
    const fee = parseEther("0.05"); // for the proposer

    // Uniswap v2 on rollup 1, with 1,000 ether and 2,000,000 coins; and what buys there, by messages and by calls.
    const weth = await world.deploy("rollup1", `${PERIPHERY}WETH9.json`);
    const factory = await world.deploy("rollup1", `${CORE}UniswapV2Factory.json`, [deployer]);
    const router = await world.deploy("rollup1", `${PERIPHERY}UniswapV2Router02.json`, [factory.address, weth.address]);
    const coin = await world.deploy("rollup1", "Coin", [parseEther("10000000")]);
    await world.send(coin, "approve", [router.address, parseEther("2000000")]);
    const liquidity = [coin.address, parseEther("2000000"), 0n, 0n, deployer, later];
    await world.send(router, "addLiquidityETH", liquidity, { value: parseEther("1000") });
    const trip = await world.deploy("rollup1", "RoundTrip", [router.address]);
    const here = await world.deploy("l1", "TokenBridge");
    const there = await world.deploy("rollup1", "TokenBridge");
    await world.send(here, "join", [await world.reference("l1", there)]);
    await world.send(there, "join", [await world.reference("rollup1", here)]);
    const swapper = await world.from("l1", await world.deploy("rollup1", "Swapper", [router.address, there.address]));

    const onL1 = { messenger: world.system("l1", "messenger"), bridge: world.system("l1", "bridge") };
    const onRollup = { messenger: world.system("rollup1", "messenger") };
    const price = async () => (await world.call(router, "getAmountsOut", [paid, [weth.address, coin.address]]))[1];
    const gasOf = async (chain, hash) => (await chain.client.getTransactionReceipt({ hash })).gasUsed;
    const head = () => world.call(world.system("l1", "hub"), "head", [1n]);

    /** Alice's first transaction, signed; and the message that it will send, by running it. */
    async function deposit(atLeast) {
        const payload = encodeAbiParameters(ORDER, [{ token: coin.address, atLeast, to: her }]);
        const args = [1n, trip.address, { ...TERMS, fee, gasLimit: 1_500_000n }, payload];
        const value = paid + fee;
        const signed = await world.sign(onL1.messenger, "send", args, { by: alice, value, gas: 300_000n });
        const data = encodeFunctionData({ abi: onL1.messenger.abi, functionName: "send", args });
        const call = { from: her, to: onL1.messenger.address, value: numberToHex(value), data };
        const [block] = await l1.client.request({ method: "eth_simulateV1", params: [{ blockStateCalls: [{ calls: [call] }] }, "latest"] });
        return { signed, message: world.events(onL1.messenger, "MessageLeft", block.calls[0])[0].message };
    }

    /** The proposer's batch: it imports the message, and delivers it on the rollup. */
    async function batch({ signed, message }) {
        const args = [message, "0x", deliverer.account.address];
        const delivery = await world.sign(onRollup.messenger, "deliver", args, { by: deliverer, gas: 3_000_000n });
        const wish = { from: proposer.account.address, before: [signed], rollups: [{ rollupId: 1, transactions: [delivery] }] };
        const made = await l1.client.request({ method: "lockstep_prepareBatch", params: [wish] });
        const { to, data, gas } = made.transaction;
        return { ...made, signed: await world.signData(l1, { to, data, gas: BigInt(gas) }, { by: proposer }) };
    }

    /** Alice's second transaction: what the rollup sends her, proven against the root that the batch will leave. */
    async function withdrawal({ rollups: [{ transactions, messages }] }) {
        const [{ message }] = world.events(onRollup.messenger, "MessageLeft", transactions[0]);
        return world.sign(onL1.messenger, "deliver", [message, messages[0].proof, her], { by: alice, later: 1, gas: 4_000_000n });
    }

    const send = (txs) => l1.client.request({ method: "eth_sendBundle", params: [{ txs }] });

    /** All three, and what is expected of them. */
    async function prepare() {
        const expected = await price();
        const first = await deposit(expected);
        const made = await batch(first);
        return { expected, made, txs: [first.signed, made.signed, await withdrawal(made)] };
    }

    async function byMessages() {
        const loop = await prepare();
        await send(loop.txs);
        const hashes = loop.txs.map((tx) => keccak256(tx));
        const gas = await Promise.all(hashes.map((hash) => gasOf(l1, hash)));
        const [{ hash: delivery }] = loop.made.rollups[0].transactions;
        return { ...loop, hashes, gas, rollupGas: await gasOf(rollup1, delivery) };
    }

    console.log("By messages. Alice signs a deposit; a proposer signs a batch that imports it and swaps; Alice signs the");
    console.log("withdrawal. Each rests on the one before, and they are sent together.\n");
    await byMessages(); // the first one makes the Bridge's token on L1
    const copy = world.at("l1", await world.call(onL1.bridge, "tokenFor", [1n, coin.address]), "Coin");
    const owned = (token) => world.call(token, "balanceOf", [her]);
    const before = await owned(copy);
    const signed = [her, proposer.account.address].map((address) => world.signed(address));
    const loop = await byMessages();
    const block = await l1.client.getBlock();
    check("one block of L1 has the three of them, and nothing else", block.transactions.join() === loop.hashes.join());
    check(`she has ${formatEther(loop.expected)} coins on L1, as the pool had promised`, (await owned(copy)) - before === loop.expected);
    check("the rollup's newest block is the one that the batch has made", (await rollup1.client.getBlock()).stateRoot === (await head()));
    const [one, two, three] = loop.gas;
    figure("loop by messages: Alice's deposit, L1 gas", one);
    figure("loop by messages: the proposer's batch, L1 gas", two);
    figure("loop by messages: Alice's withdrawal, L1 gas", three);
    figure("loop by messages: all of it, L1 gas", one + two + three);
    figure("loop by messages: on the rollup", loop.rollupGas);
    const counts = [her, proposer.account.address].map((address, i) => world.signed(address) - signed[i]);
    check("Alice has signed two transactions, and the proposer two", counts.join() === "2,2");

    console.log("\nSomebody buys on the rollup before the bundle is sent: it is in no block of any chain, and costs nobody anything.\n");
    const stale = await prepare();
    const trade = [1n, [weth.address, coin.address], deployer, later];
    await world.perform(router, "swapExactETHForTokens", trade, { value: parseEther("1") });
    const standing = async () => [await l1.client.getBlockNumber(), await head(), await l1.client.getBalance({ address: her })].join();
    const stands = await standing();
    const reason = await send(stale.txs).then(() => "none", (error) => error.details ?? error.message);
    check(`why: ${reason}`, reason.includes("leaves out blocks that rollup1 has made since"));
    const dear = await batch(await deposit(stale.expected));
    check("at the old price the swap would fail: there would be nothing to withdraw", dear.rollups[0].messages.length === 0);
    check("L1, the Hub and her account are as they were", (await standing()) === stands);

    console.log("\nBy one call across chains: Alice signs one transaction, which has the coins when it returns.\n");
    const buy = async () => {
        const expected = await price();
        const options = { by: alice, value: paid, gas: 8_000_000n };
        return { expected, ...(await world.perform(swapper, "buy", [coin.address, expected, her], options)) };
    };
    await buy(); // the first one makes the other bridge's token
    const bridged = world.at("l1", await world.call(here, "bridgedOf", [coin.address]), "BridgedToken");
    const [had, alone] = [await owned(bridged), world.signed(her)];
    const call = await buy();
    const post = await world.batchGas(call.blockNumber);
    const slot = await rollup1.client.getBlock({ includeTransactions: true });
    const inside = slot.transactions.at(-1).hash;
    check(`she has ${formatEther(call.expected)} coins on L1`, (await owned(bridged)) - had === call.expected);
    figure("loop by a call: Alice's transaction, L1 gas", call.gasUsed);
    figure("loop by a call: the builder's batch, L1 gas", post);
    figure("loop by a call: all of it, L1 gas", call.gasUsed + post);
    figure("loop by a call: on the rollup", await gasOf(rollup1, inside));
    check("Alice has signed one transaction", world.signed(her) === alone + 1);
    const late = await world.refusal(swapper, "buy", [coin.address, call.expected, her], { account: her, value: paid });
    check(`when the price has moved: ${late.trim()}`, late.includes("INSUFFICIENT_OUTPUT_AMOUNT"));
});
