// Aave v2 lives on rollup 1, the user on L1. In one transaction of L1 she brings ether there, deposits it, borrows
// coins against it, and has the coins on L1. It is her own account that calls, with the Bundler's code (EIP-7702), so
// the loan is hers; and the transaction brings the batch for its calls along.
//   make example-lending      or      LOCKSTEP=build/release/lockstep node examples/apps/lending.mjs
import { encodeFunctionData, numberToHex, parseEther, toHex, zeroAddress } from "viem";
import { check, run } from "./lib.mjs";

const AAVE = "@aave/protocol-v2/artifacts/contracts/protocol/";
const RAY = 10n ** 27n;
const VARIABLE = 2n;
const path = (folder, name) => `${AAVE}${folder}/${name}.sol/${name}.json`;

/** Aave as it is published, with its two tokens. */
async function makePool(world, weth, coin) {
    const me = world.places.rollup1.account.address;
    const deploy = (folder, name, args, libraries) => world.deploy("rollup1", path(folder, name), args, libraries);
    const GenericLogic = await deploy("libraries/logic", "GenericLogic");
    const ValidationLogic = await deploy("libraries/logic", "ValidationLogic", [], { GenericLogic });
    const ReserveLogic = await deploy("libraries/logic", "ReserveLogic");
    const implementation = await deploy("lendingpool", "LendingPool", [], { ReserveLogic, ValidationLogic });
    const configuration = await deploy("lendingpool", "LendingPoolConfigurator");
    const manager = await deploy("lendingpool", "LendingPoolCollateralManager");
    const provider = await deploy("configuration", "LendingPoolAddressesProvider", ["Lockstep"]);
    const prices = await world.deploy("rollup1", "Prices");
    await world.send(prices, "set", [weth.address, parseEther("1")]);
    await world.send(prices, "set", [coin.address, parseEther("0.001")]);
    for (const [setter, value] of [
        ["setPoolAdmin", me],
        ["setEmergencyAdmin", me],
        ["setLendingPoolImpl", implementation.address],
        ["setLendingPoolConfiguratorImpl", configuration.address],
        ["setLendingPoolCollateralManager", manager.address],
        ["setPriceOracle", prices.address],
        ["setLendingRateOracle", prices.address],
    ])
        await world.send(provider, setter, [value]);
    const pool = world.at("rollup1", await world.call(provider, "getLendingPool"), implementation.abi, "LendingPool");
    const configurator = world.at("rollup1", await world.call(provider, "getLendingPoolConfigurator"), configuration.abi);
    const rates = [provider.address, (8n * RAY) / 10n, 0n, RAY / 25n, (3n * RAY) / 4n, 0n, 0n];
    const strategy = await deploy("lendingpool", "DefaultReserveInterestRateStrategy", rates);
    for (const [token, name] of [[weth, "WETH"], [coin, "COIN"]]) {
        const common = [`Aave ${name}`, `a${name}`, zeroAddress];
        const aToken = await deploy("tokenization", "AToken", [pool.address, token.address, me, ...common]);
        const stable = await deploy("tokenization", "StableDebtToken", [pool.address, token.address, ...common]);
        const variable = await deploy("tokenization", "VariableDebtToken", [pool.address, token.address, ...common]);
        await world.send(configurator, "initReserve", [aToken.address, stable.address, variable.address, 18, strategy.address]);
        await world.send(configurator, "configureReserveAsCollateral", [token.address, 7500n, 8000n, 10500n]);
        await world.send(configurator, "enableBorrowingOnReserve", [token.address, false]);
    }
    await world.send(configurator, "setPoolPause", [false]);
    return pool;
}

await run(async (world, user) => {
    const { l1, rollup1 } = world.places;
    const weth = await world.deploy("rollup1", "@uniswap/v2-periphery/build/WETH9.json");
    const coin = await world.deploy("rollup1", "Coin", [parseEther("1000000")]);
    const pool = await makePool(world, weth, coin);
    await world.send(coin, "approve", [pool.address, parseEther("100000")]);
    await world.send(pool, "deposit", [coin.address, parseEther("100000"), rollup1.account.address, 0]);
    const here = await world.deploy("l1", "TokenBridge");
    const there = await world.deploy("rollup1", "TokenBridge");
    await world.send(here, "join", [await world.reference("l1", there)]);
    await world.send(there, "join", [await world.reference("rollup1", here)]);

    // What the rollup has done so far goes to L1 with the first call from there, and so not with hers.
    await world.send(await world.from("l1", coin), "approve", [there.address, 0n]);

    // On the rollup she is her proxy. 10 ether are worth 10,000 coins; three quarters of that can be borrowed.
    const alice = user(1);
    const self = await world.nameOf("rollup1", alice.account.address);
    const { bundler } = l1.contracts;
    const bundle = async (amount, more = {}) => {
        const call = (contract, functionName, args, value = 0n) => ({
            rollupId: "0x1",
            target: contract.address,
            value: toHex(value),
            data: encodeFunctionData({ abi: contract.abi, functionName, args }),
        });
        const ether = parseEther("10");
        const calls = [
            call(weth, "deposit", [], ether),
            call(weth, "approve", [pool.address, ether]),
            call(pool, "deposit", [weth.address, ether, self, 0]),
            call(pool, "borrow", [coin.address, amount, VARIABLE, 0, self]),
            call(coin, "approve", [there.address, amount]),
            call(there, "send", [coin.address, alice.account.address, amount]),
        ];
        const transaction = { from: alice.account.address, to: alice.account.address, ...more };
        return l1.client.request({ method: "lockstep_prepareBundle", params: [transaction, calls] });
    };
    const nonce = (await l1.client.getTransactionCount({ address: alice.account.address })) + 1;
    const authorization = await alice.wallet.signAuthorization({ contractAddress: bundler, nonce });
    const { address, r, s } = authorization;
    const [chainId, yParity] = [authorization.chainId, authorization.yParity].map((n) => numberToHex(n));
    const asked = { authorizationList: [{ chainId, address, nonce: numberToHex(nonce), yParity, r, s }] };

    const tooMuch = await bundle(parseEther("7501"), asked);
    check(`more than the collateral allows is refused by Aave: ${tooMuch.failure?.kind}`, tooMuch.failure?.kind === "targetReverted");
    check("with its own reason, 11: collateral cannot cover the borrow", tooMuch.failure?.reason.endsWith(": 11"));
    check("and there is no transaction to send", tooMuch.transaction === null);

    console.log("\nOne transaction of L1: 10 ether in, deposited, 7,000 coins borrowed, coins out.\n");
    const { transaction } = await bundle(parseEther("7000"), asked);
    const hash = await alice.wallet.sendTransaction({
        to: transaction.to,
        data: transaction.data,
        value: BigInt(transaction.value),
        gas: BigInt(transaction.gas),
        authorizationList: [authorization],
    });
    const receipt = await world.show(l1, hash);
    const bridged = world.at("l1", await world.call(here, "bridgedOf", [coin.address]), "BridgedToken");
    check("it succeeded", receipt.status === "success");
    check("the coins are on L1", (await world.call(bridged, "balanceOf", [alice.account.address])) === parseEther("7000"));
    const [collateral, debt, , , , health] = await world.call(pool, "getUserAccountData", [self]);
    check("the deposit is hers: 10 ether", collateral === parseEther("10"));
    check("the loan is hers: 7 ether's worth", debt === parseEther("7"));
    check("and it is healthy", health > parseEther("1"));
    check("the pool has the ether", (await world.balance(weth)) === parseEther("10"));
    const stranger = await world.nameOf("rollup1", bundler);
    check("nothing is the Bundler's", (await world.call(pool, "getUserAccountData", [stranger]))[0] === 0n);
});
