// The Bridge: ether and tokens both ways; tokens that take fees, return nothing, lie, or reenter (more
// of these: tokens.test.mjs).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData, zeroAddress } from "viem";
import { artifact } from "../contracts/lib/chain.mjs";
import { TERMS, leftIn, openNetwork, proofFrom } from "./lib.mjs";
import { contracts } from "./sol.mjs";

const MODE = { Plain: 0, TakesFee: 1, ReturnsNothing: 2, Lies: 3, Reenters: 4 };
const NOT_EARLY = { fee: 0n, until: 0n };
const GAS = { gasLimit: 3_000_000n };
const { abi: bridged } = artifact("BridgedErc20");

let n, l1, rollup1, rollup2, me;
before(async () => {
    n = await openNetwork();
    ({ l1, rollups: [rollup1, rollup2] } = n);
    me = l1.account.address;
});
after(() => n?.stop());

async function newToken(mode) {
    const token = await l1.deploy(contracts.Token, [MODE[mode]]);
    await l1.write(token, "mint", [me, 1000n]);
    await l1.write(token, "approve", [l1.contracts.bridge.address, 1000n]);
    return token;
}

const sendErc20 = async (from, rollupId, token, amount, { to = me, early = NOT_EARLY, ...terms } = {}) =>
    leftIn(from, await from.write("bridge", "sendErc20", [rollupId, token, to, amount, early, { ...TERMS, ...GAS, ...terms }]));
const deliverOnRollup = (message, rollup = rollup1) => rollup.write("messenger", "deliver", [message, "0x", me], { gas: 8_000_000n });
const deliverOnL1 = (message, proof) => l1.write("messenger", "deliver", [message, proof, me], { gas: 8_000_000n });
const tokenOn = async (rollup, token) => ({ address: await rollup.read("bridge", "tokenFor", [0n, token.address]), abi: bridged });

test("a token there and back", async () => {
    const token = await newToken("Plain");
    const there = await sendErc20(l1, 1n, token.address, 600n);
    assert.equal(await l1.read("bridge", "locked", [1n, token.address]), 600n);
    await deliverOnRollup(there.message);
    const copy = await tokenOn(rollup1, token);
    assert.equal(await rollup1.read(copy, "balanceOf", [me]), 600n);
    assert.deepEqual(
        [await rollup1.read(copy, "name"), await rollup1.read(copy, "symbol"), await rollup1.read(copy, "decimals")],
        ["Token", "TOK", 6],
    );
    const back = await sendErc20(rollup1, 0n, copy.address, 250n);
    assert.equal(await rollup1.read(copy, "totalSupply"), 350n);
    await deliverOnL1(back.message, await proofFrom(rollup1, back));
    assert.equal(await l1.read(token, "balanceOf", [me]), 650n);
    assert.equal(await l1.read("bridge", "locked", [1n, token.address]), 350n);
    // The second time the token is there already.
    await deliverOnRollup((await sendErc20(l1, 1n, token.address, 50n)).message);
    assert.equal(await rollup1.read(copy, "balanceOf", [me]), 400n);
});

test("a token's fee is the sender's, and the Bridge owes no more than it has", async () => {
    const token = await newToken("TakesFee");
    await deliverOnRollup((await sendErc20(l1, 1n, token.address, 100n)).message);
    const copy = await tokenOn(rollup1, token);
    assert.equal(await rollup1.read(copy, "balanceOf", [me]), 90n);
    assert.equal(await l1.read("bridge", "locked", [1n, token.address]), 90n);
});

test("a token that returns nothing", async () => {
    const token = await newToken("ReturnsNothing");
    const there = await sendErc20(l1, 1n, token.address, 100n);
    await deliverOnRollup(there.message);
    const copy = await tokenOn(rollup1, token);
    const back = await sendErc20(rollup1, 0n, copy.address, 100n);
    await deliverOnL1(back.message, await proofFrom(rollup1, back));
    assert.equal(await l1.read(token, "balanceOf", [me]), 1000n);
});

test("a token that lies, and one that calls back", async () => {
    const liar = await newToken("Lies");
    const args = (token) => [1n, token.address, me, 100n, NOT_EARLY, { ...TERMS, ...GAS }];
    assert.equal(await l1.refusal("bridge", "sendErc20", args(liar)), `NothingReceived(${liar.address.toLowerCase()})`);
    const reentrant = await newToken("Reenters");
    const { abi } = l1.contracts.bridge;
    await l1.write(reentrant, "setAgain", [encodeFunctionData({ abi, functionName: "sendErc20", args: args(reentrant) })]);
    await deliverOnRollup((await sendErc20(l1, 1n, reentrant.address, 100n)).message);
    assert.equal(await l1.read(reentrant, "hasFailed"), true);
    assert.equal(await l1.read("bridge", "locked", [1n, reentrant.address]), 100n);
});

test("what is locked for one rollup, no other takes out", async () => {
    const token = await newToken("Plain");
    await deliverOnRollup((await sendErc20(l1, 1n, token.address, 100n)).message);
    // Rollup 2 knows nothing of it, and has no token to burn for it.
    assert.equal(await rollup2.read("bridge", "tokenFor", [0n, token.address]), zeroAddress);
    assert.equal(await l1.read("bridge", "locked", [2n, token.address]), 0n);
});

test("nobody but the Messenger, and nobody but the other Bridge", async () => {
    assert.equal(await l1.refusal("bridge", "receiveMessage", [`0x${"00".repeat(32)}`, "0x", "0x"]), `NotTheMessenger(${me.toLowerCase()})`);
    const bridge = rollup1.contracts.bridge.address;
    const left = leftIn(l1, await l1.write("messenger", "send", [1n, bridge, { ...TERMS, ...GAS }, "0x1234"]));
    const receipt = await deliverOnRollup(left.message);
    const [failed] = rollup1.events("messenger", "DeliveryFailed", receipt);
    assert.equal(failed.id, left.id);
});

test("a token that was given up comes back to its sender", async () => {
    const token = await newToken("Plain");
    const there = await sendErc20(l1, 1n, token.address, 70n);
    assert.equal(await l1.read(token, "balanceOf", [me]), 930n);
    await rollup1.write("messenger", "giveUp", [there.message, "0x"]);
    const said = await rollup1.read("messenger", "givenUp", [there.id, false]);
    const proof = await proofFrom(rollup1, { id: said });
    await l1.write("messenger", "recall", [there.message, false, proof], { gas: 3_000_000n });
    assert.equal(await l1.read(token, "balanceOf", [me]), 1000n);
    assert.equal(await l1.read("bridge", "locked", [1n, token.address]), 0n);
});
