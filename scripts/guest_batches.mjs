// Makes the batches that the guest's cycles are counted on (tests/guest/*.input): posts them on a network of its
// own, exports them, and writes beside them what gas the rollup used.
//   call    L1 calls a token on the rollup (approve), and gets the answer
//   swap    L1 buys tokens of Uniswap's pool on the rollup, which a bridge brings to L1
//   mixed   40 transfers of a token, 12 swaps on the rollup, 4 as above from L1 To be run when batches have another form
// or another meaning: node scripts/guest_batches.mjs, then UPDATE_CYCLES=1 node --test tests/guest_cycles.test.mjs.
// LOCKSTEP is the program (default build/release/lockstep).
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEther } from "viem";
import { Applications } from "../examples/apps/lib.mjs";
import { startNetwork } from "../examples/demo/network.mjs";
import { connect } from "../examples/demo/world.mjs";

const CORE = "@uniswap/v2-core/build/";
const PERIPHERY = "@uniswap/v2-periphery/build/";
const LATER = 2n ** 40n;
const program = process.env.LOCKSTEP ?? "build/release/lockstep";
const folder = new URL("../tests/guest/", import.meta.url);
const network = await startNetwork([], program);
const { chains, accounts } = network.info;
const places = Object.fromEntries(chains.map((c) => [c.name, connect(c, accounts[0].privateKey)]));
const world = new Applications(places);
const { l1, rollup1 } = places;
const user = (index, place) => connect(chains.find((c) => c.name === place), accounts[index].privateKey);
const gas = {};

const blockOf = (chain, tag) => chain.client.request({ method: "eth_getBlockByNumber", params: [tag, false] });

const send = (by, { contract, functionName, args, value, gas = 600_000n }) => {
    const { address, abi } = contract;
    return by.wallet.writeContract({ address, abi, functionName, args, value, gas });
};

async function succeeds(chain, hash) {
    const { status } = await chain.client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`${hash} failed on ${chain.name}`);
}

/** Makes the calls on the rollup, then those on L1 in one block, whose batch brings all of them; keeps that. */
async function keep(name, calls, callsFromL1) {
    const [before, l1Before] = [Number((await blockOf(rollup1, "latest")).number), Number((await blockOf(l1, "latest")).number)];
    for (const call of calls) await succeeds(rollup1, await send(call.by, call));
    await l1.client.request({ method: "evm_setAutomine", params: [false] });
    const hashes = [];
    for (const call of callsFromL1) hashes.push(await send(call.by, call));
    await l1.client.request({ method: "evm_mine", params: [] });
    await l1.client.request({ method: "evm_setAutomine", params: [true] });
    for (const hash of hashes) await succeeds(l1, hash);
    let used = 0;
    const last = Number((await blockOf(rollup1, "latest")).number);
    for (let number = before + 1; number <= last; number++)
        used += Number((await blockOf(rollup1, `0x${number.toString(16)}`)).gasUsed);
    const to = mkdtempSync(join(tmpdir(), "lockstep-batch-"));
    const posts = [];
    for (let number = l1Before + 1; number <= Number((await blockOf(l1, "latest")).number); number++) {
        const params = [`0x${number.toString(16)}`, true];
        const { transactions } = await l1.client.request({ method: "eth_getBlockByNumber", params });
        posts.push(...transactions.filter((tx) => tx.to?.toLowerCase() === l1.hub.toLowerCase()));
    }
    if (posts.length !== 1) throw new Error(`${name}: ${posts.length} batches in ${l1Before}…`);
    execFileSync(program, ["batch", "export", posts[0].hash, to, "--rpc", chains[0].url]);
    const input = Buffer.concat(["batch", "witness"].map((file) => readFileSync(join(to, file))));
    rmSync(to, { recursive: true });
    writeFileSync(new URL(`${name}.input`, folder), input);
    gas[name] = used;
    console.log(`${name}: ${input.length} bytes, ${used} gas on the rollup`);
}

try {
    const me = rollup1;
    const weth = await world.deploy("rollup1", `${PERIPHERY}WETH9.json`);
    const factory = await world.deploy("rollup1", `${CORE}UniswapV2Factory.json`, [me.account.address]);
    const router = await world.deploy("rollup1", `${PERIPHERY}UniswapV2Router02.json`, [factory.address, weth.address]);
    const coin = await world.deploy("rollup1", "Coin", [parseEther("10000000")]);
    await world.send(coin, "approve", [router.address, parseEther("2000000")]);
    const liquidity = [coin.address, parseEther("2000000"), 0n, 0n, me.account.address, LATER];
    await world.send(router, "addLiquidityETH", liquidity, { value: parseEther("1000") });
    const here = await world.deploy("l1", "TokenBridge");
    const there = await world.deploy("rollup1", "TokenBridge");
    await world.send(here, "join", [await world.reference("l1", there)]);
    await world.send(there, "join", [await world.reference("rollup1", here)]);
    const swapper = await world.deploy("rollup1", "Swapper", [router.address, there.address]);
    const swapperOnL1 = await world.from("l1", swapper);

    const users = [1, 2, 3, 4, 5, 6, 7, 8].map((index) => user(index, "rollup1"));
    const to = (index) => `0x${(0x1000 + index).toString(16).padStart(40, "0")}`;
    for (const one of users) await world.send(coin, "transfer", [one.account.address, parseEther("1000")]);
    const transfers = (count) =>
        Array.from({ length: count }, (_, i) => ({
            by: users[i % users.length], contract: coin, functionName: "transfer", args: [to(i), parseEther("1")],
        }));
    const swaps = (count) =>
        Array.from({ length: count }, (_, i) => ({
            by: users[i % users.length], contract: router, functionName: "swapExactETHForTokens", value: parseEther("1"),
            args: [0n, [weth.address, coin.address], users[i % users.length].account.address, LATER],
        }));
    const buyers = [1, 2, 3, 4].map((index) => user(index, "l1"));
    const buys = (count) =>
        buyers.slice(0, count).map((by) => ({
            by, contract: swapperOnL1, functionName: "buy", value: parseEther("1"), gas: 3_000_000n,
            args: [coin.address, 0n, by.account.address],
        }));
    await keep("first", [], buys(1)); // with all that was deployed; not kept
    const approve = {
        by: buyers[0], contract: await world.from("l1", coin), functionName: "approve", args: [to(0), parseEther("1")],
    };
    await keep("call", [], [approve]);
    await keep("swap", [], buys(1));
    await keep("mixed", [...transfers(40), ...swaps(12)], buys(4));
    delete gas.first;
    rmSync(new URL("first.input", folder));
    writeFileSync(new URL("gas.json", folder), `${JSON.stringify(gas, null, 4)}\n`);
} finally {
    await network.stop();
}
