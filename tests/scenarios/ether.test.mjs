// Ether that goes between chains: what a contract has is on the chain it is on, whichever way it came.
import { encodeFunctionData, parseEther } from "viem";
import { GAS, errorText, openWorlds } from "./lib.mjs";

const { scenario } = openWorlds();
const ether = parseEther;
const balances = (world, contracts) => Promise.all(contracts.map((one) => world.balance(one)));

const routes = {
    in: ["l1", "rollup1"],
    out: ["rollup1", "l1"],
    "to another rollup": ["rollup1", "rollup2"],
    "through a rollup": ["l1", "rollup1", "l1"],
    "through L1": ["rollup1", "l1", "rollup2"],
    "through every chain and back": ["l1", "rollup1", "rollup2", "l1", "rollup1"],
};
for (const [name, places] of Object.entries(routes)) {
    const passed = { foreseen: ether("3"), isDone: true, left: places.map((_, i) => (i === places.length - 1 ? ether("3") : 0n)) };
    scenario(`ether: ${name}`, passed, async (world) => {
        const purses = [];
        for (const place of places) purses.push(await world.deploy(place, "Purse"));
        const path = [];
        for (let i = 1; i < purses.length; i++) path.push(await world.from(purses[i - 1], purses[i]));
        const value = { value: ether("3"), gas: GAS };
        return {
            foreseen: await world.call(purses[0], "pass", [path], value),
            isDone: await world.send(purses[0], "pass", [path], value),
            left: await balances(world, purses),
        };
    });
}

for (const [from, to] of [["l1", "rollup1"], ["rollup1", "l1"], ["rollup1", "rollup2"]]) {
    const kept = { isDone: true, why: `Closed(${ether("2")})`, failures: 1n, left: [ether("5"), 0n] };
    scenario(`ether that is refused is where it was: ${from} → ${to}`, kept, async (world) => {
        const giver = await world.deploy(from, "Purse");
        const closed = await world.deploy(to, "Purse");
        await world.fund(giver, ether("5"));
        await world.send(closed, "close", [true]);
        const args = [await world.from(giver, closed), ether("2")];
        const why = errorText(closed, await world.call(giver, "tryPay", args, { gas: GAS }));
        return {
            isDone: await world.send(giver, "tryPay", args, { gas: GAS }),
            why,
            failures: await world.call(giver, "failures"),
            left: await balances(world, [giver, closed]),
        };
    });

    const short = { isDone: true, why: "0x", failures: 1n, left: [ether("5"), 0n] };
    scenario(`ether that is not there cannot go: ${from} → ${to}`, short, async (world) => {
        const giver = await world.deploy(from, "Purse");
        const taker = await world.deploy(to, "Purse");
        await world.fund(giver, ether("5"));
        const args = [await world.from(giver, taker), ether("5") + 1n];
        const why = await world.call(giver, "tryPay", args, { gas: GAS });
        return {
            isDone: await world.send(giver, "tryPay", args, { gas: GAS }),
            why,
            failures: await world.call(giver, "failures"),
            left: await balances(world, [giver, taker]),
        };
    });

    const undone = { isDone: true, left: [ether("4"), ether("1")], failures: 1n };
    scenario(`ether given in a frame that reverts comes back: ${from} → ${to}`, undone, async (world) => {
        const giver = await world.deploy(from, "Trier");
        const taker = await world.deploy(to, "Purse");
        await world.fund(giver, ether("5"));
        const reference = await world.from(giver, taker);
        const pay = (value) => ({ to: reference, value, data: "0x", isCaught: false });
        const data = encodeFunctionData({ abi: giver.abi, functionName: "run", args: [[pay(ether("2"))], true] });
        const fails = { to: giver.address, value: 0n, data, isCaught: true };
        return {
            isDone: await world.send(giver, "run", [[fails, pay(ether("1"))], false], { gas: GAS }),
            left: await balances(world, [giver, taker]),
            failures: await world.call(giver, "failures"),
        };
    });
}

// --- flash loans ----------------------------------------------------------------------------------

for (const [at, used] of [["l1", "rollup1"], ["rollup1", "l1"], ["rollup1", "rollup2"]]) {
    const way = `borrowed on ${at}, used on ${used}`;
    const setUp = async (world, percent) => {
        const lender = await world.deploy(at, "Lender");
        const trader = await world.deploy(at, "Trader");
        const market = await world.deploy(used, "Market", [percent]);
        await world.fund(lender, ether("10"));
        await world.fund(market, ether("10"));
        const args = [lender.address, trader.address, ether("8"), await world.from(trader, market)];
        return { lender, trader, market, args };
    };

    const repaid = { isDone: true, earned: ether("0.08"), profit: ether("0.72"), trades: 1n,
        left: [ether("10.08"), ether("0.72"), ether("9.2")] };
    scenario(`a flash loan, repaid: ${way}`, repaid, async (world) => {
        const { lender, trader, market, args } = await setUp(world, 110n);
        return {
            isDone: await world.send(trader, "borrow", args, { gas: GAS }),
            earned: await world.call(lender, "earned"),
            profit: await world.call(trader, "profit"),
            trades: await world.call(market, "trades"),
            left: await balances(world, [lender, trader, market]),
        };
    });

    const lost = { error: `NotRepaid(${ether("10.08")}, ${ether("9.2")})`, isDone: false, trades: 0n,
        left: [ether("10"), 0n, ether("10")] };
    scenario(`a flash loan that cannot be repaid has never been: ${way}`, lost, async (world) => {
        const { lender, trader, market, args } = await setUp(world, 90n);
        return {
            error: await world.error(trader, "borrow", args, lender),
            isDone: await world.send(trader, "borrow", args, { gas: GAS }),
            trades: await world.call(market, "trades"),
            left: await balances(world, [lender, trader, market]),
        };
    });
}

const onTheOther = { isDone: true, left: [ether("10.08"), ether("0.72"), ether("9.2")] };
scenario("a flash loan borrowed on L1 by a trader on a rollup, used on the other rollup", onTheOther,
    async (world) => {
        const lender = await world.deploy("l1", "Lender");
        const trader = await world.deploy("rollup1", "Trader");
        const market = await world.deploy("rollup2", "Market", [110n]);
        await world.fund(lender, ether("10"));
        await world.fund(market, ether("10"));
        // Each is named by the address at which whoever calls it finds it.
        const args = [
            await world.from(trader, lender),
            await world.from(lender, trader),
            ether("8"),
            await world.from(trader, market),
        ];
        const isDone = await world.send(trader, "borrow", args, { gas: GAS });
        return { isDone, left: await balances(world, [lender, trader, market]) };
    });
