// Contracts that mean harm, on a running network. Whatever they do, what they reach is what they would reach on one
// chain; the rollups' balances stay the Hub's ether, and the network goes on.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { encodeFunctionData, numberToHex, parseAbi, toFunctionSelector } from "viem";
import { revertOf } from "../../examples/demo/world.mjs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";
import { openNetwork } from "../lib/opened.mjs";

const compiled = compileTestContracts();
const bridge = JSON.parse(readFileSync("examples/apps/artifacts/TokenBridge.json", "utf8"));
const bridged = JSON.parse(readFileSync("examples/apps/artifacts/BridgedToken.json", "utf8"));
const coin = JSON.parse(readFileSync("examples/apps/artifacts/Coin.json", "utf8"));
let chains;
let world;

openNetwork((opened) => ({ chains, world } = opened));
afterEach(async () => {
    const infos = await rpc(chains.l1, "lockstep_getRollups");
    const sum = infos.reduce((total, { hubBalance }) => total + BigInt(hubBalance), 0n);
    assert.equal(sum, await chains.l1.client.getBalance({ address: chains.l1.hub }), "the Hub's ether is the rollups'");
    for (const { name, head } of infos)
        assert.equal((await rpc(chains[name], "eth_getBlockByNumber", "safe", false)).stateRoot, head, name);
});

const rpc = (chain, method, ...params) => chain.client.request({ method, params });

async function deploy(place, { abi, bytecode }, args = []) {
    const chain = chains[place];
    const hash = await chain.wallet.deployContract({ abi, bytecode, args });
    const { contractAddress, status } = await chain.client.waitForTransactionReceipt({ hash });
    assert.equal(status, "success");
    return { chain, address: contractAddress, abi, name: "contract" };
}
const data = (contract, functionName, args = []) => encodeFunctionData({ abi: contract.abi, functionName, args });

async function send(contract, functionName, args, gas = 10_000_000n) {
    const { chain, address, abi } = contract;
    const hash = await chain.wallet.writeContract({ address, abi, functionName, args, gas });
    return (await chain.client.waitForTransactionReceipt({ hash })).status;
}

for (const [home, away] of [["l1", "rollup1"], ["rollup1", "l1"], ["rollup1", "rollup2"]])
    test(`a reentrancy lock in transient storage when the call comes back: ${home} ▸ ${away} ▸ ${home}`, async () => {
        const guarded = await deploy(home, compiled.Locked);
        const relay = await deploy(away, compiled.Locked);
        const [out, back] = [await world.reference(home, relay), await world.reference(away, guarded)];
        const again = data(guarded, "enter", [guarded.address, "0x"]);
        const through = data(relay, "pass", [back, again]);
        await assert.rejects(
            chains[home].client.call({ to: guarded.address, data: data(guarded, "enter", [out, through]), account: chains[home].account }),
            (error) => revertOf(error) === toFunctionSelector("IsLocked()"),
        );
        assert.equal(await send(guarded, "enter", [out, through]), "reverted");
        assert.equal(await world.call(guarded, "entered"), 0n);
        // Once it is over the lock is open.
        const harmless = data(relay, "pass", [back, data(guarded, "entered")]);
        assert.equal(await send(guarded, "enter", [out, harmless]), "success");
        assert.equal(await world.call(guarded, "entered"), 1n);
    });

for (const [one, two] of [["l1", "rollup1"], ["rollup1", "rollup2"]])
    test(`runaway recursion between chains: ${one} and ${two}`, async () => {
        const first = await deploy(one, compiled.Runaway);
        const second = await deploy(two, compiled.Runaway);
        await send(first, "set", [await world.reference(one, second)]);
        await send(second, "set", [await world.reference(two, first)]);
        // The gas ends it: the transaction fails, or is refused with the reason.
        const outcome = await send(first, "go", [], 8_000_000n).catch((error) => error.details);
        assert.match(outcome, /^reverted$|gas|across chains/);
        assert.equal(await world.call(first, "calls"), 0n);
        assert.equal(await world.call(second, "calls"), 0n);
        // And the chains go on.
        const counter = await world.deploy(two, "Counter");
        const proxy = await world.reference(one, counter);
        const hash = await chains[one].wallet.sendTransaction({ to: proxy, data: data(counter, "add", [1n]), gas: 3_000_000n });
        assert.equal((await chains[one].client.waitForTransactionReceipt({ hash })).status, "success");
        assert.equal(await world.call(counter, "total"), 1n);
    });

test("a proxy called with just too little gas at every level", async () => {
    // L1, the rollup, L1, the rollup: whatever the gas ends in, all of it happened or nothing did.
    const here = await world.deploy("l1", "Hopper");
    const there = await world.deploy("rollup1", "Hopper");
    const [out, back] = [await world.reference("l1", there), await world.reference("rollup1", here)];
    const passes = async () => [await world.call(here, "passes"), await world.call(there, "passes")];
    const outcomes = new Set();
    let expected = 0n;
    for (let gas = 100_000n; gas < 3_000_000n; gas = (gas * 9n) / 8n) {
        const outcome = await send(here, "pass", [[out, back, out], 1n], gas).catch((error) => error.details);
        if (outcome === "success") expected += 2n;
        else assert.match(outcome, /^reverted$|NotEnoughGas|gas/);
        assert.deepEqual(await passes(), [expected, expected]);
        outcomes.add(outcome === "success");
    }
    assert.equal(outcomes.size, 2);
});

test("a malicious token that reenters", async () => {
    const here = await deploy("l1", bridge);
    const there = await deploy("rollup1", bridge);
    await send(here, "join", [await world.reference("l1", there)]);
    await send(there, "join", [await world.reference("rollup1", here)]);
    const good = await deploy("rollup1", coin, [1000n]);
    const evil = await deploy("rollup1", compiled.ReenteringToken);
    const me = chains.l1.account.address;
    await send(good, "approve", [there.address, 1000n]);
    assert.equal(await send(there, "send", [good.address, me, 400n]), "success");
    // In the middle of its own transfer it has the bridge send more of itself, release the good token, and makes the
    // other end on L1 believe that tokens arrive, directly and through its proxy.
    const hereOnRollup = await world.reference("rollup1", here);
    const attacks = [
        [there.address, data(there, "send", [evil.address, me, 1n])],
        [there.address, data(there, "release", [good.address, me, 400n])],
        [there.address, data(there, "arrive", [good.address, me, 400n])],
        [hereOnRollup, data(here, "arrive", [good.address, me, 400n])],
        [hereOnRollup, data(here, "sendBack", [good.address, me, 400n])],
    ];
    for (const [target, order] of attacks) {
        await send(evil, "attack", [target, order, 2n]);
        await send(there, "send", [evil.address, me, 5n]);
        const goodOnL1 = { chain: chains.l1, address: await world.call(here, "bridgedOf", [good.address]), abi: bridged.abi };
        assert.equal(await world.call(goodOnL1, "totalSupply"), 400n);
        assert.equal(await world.call(there, "locked", [good.address]), 400n);
        assert.equal(await world.call(good, "balanceOf", [there.address]), 400n);
        const evilAt = await world.call(here, "bridgedOf", [evil.address]);
        if (BigInt(evilAt) === 0n) continue;
        const supply = await world.call({ chain: chains.l1, address: evilAt, abi: bridged.abi }, "totalSupply");
        assert.equal(supply, await world.call(there, "locked", [evil.address]), "even of itself there is not more than is locked");
    }
    // It did come in again each time: once more of itself arrived, and the rest was refused.
    assert.ok((await world.call(evil, "caught")) >= 4n);
    assert.ok((await world.call(there, "locked", [evil.address])) > 5n);
});

test("oversized everything", async () => {
    const { l1 } = chains;
    const large = await deploy("rollup1", compiled.Large);
    const proxy = await world.reference("l1", large);
    const ask = async (functionName, args, gas) => {
        const answer = await rpc(l1, "lockstep_simulate", { from: l1.account.address, to: proxy, data: data(large, functionName, args), gas });
        return answer.failure?.kind ?? "ok";
    };
    // What the gas pays for goes through whole; what it does not is a failure with a name.
    assert.equal(await ask("give", [100_000n]), "ok");
    assert.equal(await ask("take", [`0x${"01".repeat(100_000)}`]), "ok");
    for (const size of [10n ** 7n, 2n ** 64n, 2n ** 256n - 1n]) {
        assert.notEqual(await ask("give", [size]), "ok");
        const sent = await l1.wallet
            .sendTransaction({ to: proxy, data: data(large, "give", [size]), gas: 10_000_000n })
            .then((hash) => l1.client.waitForTransactionReceipt({ hash }).then(({ status }) => status), (error) => error.details);
        assert.notEqual(sent, "success");
    }
    // Batches, bundles and transactions that are too large are refused.
    const hubAbi = parseAbi(["function postBatch(bytes, bytes)"]);
    const junk = encodeFunctionData({ abi: hubAbi, functionName: "postBatch", args: [`0x${"ff".repeat(50_000)}`, "0x"] });
    const hash = await l1.wallet.sendTransaction({ to: l1.hub, data: junk, gas: 5_000_000n });
    assert.equal((await l1.client.waitForTransactionReceipt({ hash })).status, "reverted");
    await assert.rejects(l1.wallet.sendTransaction({ to: proxy, data: `0x${"ff".repeat(200_000)}`, gas: 16_000_000n }), /oversized data/);
    const calls = Array(256).fill({ rollupId: "0x1", target: large.address, data: data(large, "give", [1000n]) });
    const made = await rpc(l1, "lockstep_prepareBundle", { from: l1.account.address }, calls);
    assert.equal(made.transaction, null);
    assert.ok(made.failure.reason.length > 0);
    await assert.rejects(rpc(l1, "lockstep_prepareBundle", { from: l1.account.address }, [...calls, calls[0]]), /256 calls at most/);
    assert.equal(await ask("give", [numberToHex(1)]), "ok");
});
