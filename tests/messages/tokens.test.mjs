// Tokens that the Bridge must not trust: that lie, fail late, say too much or call back; and ERC-721 alike. After
// each of them the books are looked at: the Bridge has what it has locked, and rollups have no more than that.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData, getAddress, parseAbi, zeroAddress } from "viem";
import { artifact } from "../contracts/lib/chain.mjs";
import { TERMS, leftIn, openNetwork, proofFrom, proofTo } from "./lib.mjs";
import { contracts } from "./sol.mjs";

const MODE = {
    Plain: 0, TakesFee: 1, ReturnsNothing: 2, Lies: 3, Reenters: 4, ReturnsFalse: 5, Inflates: 6, ReturnsMuch: 7, RevertsWithMuch: 8,
};
const COLLECTION = { Plain: 0, MovesNothing: 1, LiesOfOwners: 2, Reenters: 3 };
const NOT_EARLY = { fee: 0n, until: 0n };
const GAS = { gasLimit: 3_000_000n };
const FEE_TO = "0x0000000000000000000000000000000000000fee";
const WITH_GAS = { gas: 8_000_000n };
const libraries = parseAbi(["error SafeERC20FailedOperation(address token)"]);
const { abi: bridged } = artifact("BridgedErc20");
const { abi: bridged721 } = artifact("BridgedErc721");

let n, l1, rollup1, rollup2, me, bridge;
before(async () => {
    n = await openNetwork();
    ({ l1, rollups: [rollup1, rollup2] } = n);
    me = l1.account.address;
    bridge = getAddress(l1.contracts.bridge.address);
});
after(() => n?.stop());

async function newToken(mode) {
    const token = await l1.deploy(contracts.Token, [MODE[mode]]);
    await l1.write(token, "mint", [me, 1000n]);
    await l1.write(token, "approve", [bridge, 1000n]);
    return token;
}

const terms = (more = {}) => ({ ...TERMS, ...GAS, ...more });
const argsFor = (token, amount, rollupId = 1n) => [rollupId, token.address, me, amount, NOT_EARLY, terms()];
const send = async (from, args, more = {}) => leftIn(from, await from.write("bridge", "sendErc20", args, { ...WITH_GAS, ...more }));
const deliver = (chain, message, proof = "0x") => chain.write("messenger", "deliver", [message, proof, FEE_TO], WITH_GAS);
const copyOn = async (rollup, token, abi = bridged) => ({ address: await rollup.read("bridge", "tokenFor", [0n, token.address]), abi });

/** Of a token that is on L1 only and on rollups: nothing on the way. */
async function checkBooks(token) {
    const locked = [await l1.read("bridge", "locked", [1n, token.address]), await l1.read("bridge", "locked", [2n, token.address])];
    for (const [i, rollup] of [rollup1, rollup2].entries()) {
        const copy = await copyOn(rollup, token);
        const supply = BigInt(copy.address) === 0n ? 0n : await rollup.read(copy, "totalSupply");
        assert.equal(supply, locked[i], `rollup ${i + 1}`);
    }
    assert.equal(await l1.read(token, "balanceOf", [bridge]), locked[0] + locked[1]);
}

const statusOf = (chain, { id }) => chain.read("messenger", "status", [id]);

test("a token that says it has not moved what it has", async () => {
    const token = await newToken("ReturnsFalse");
    const refused = await l1.refusal("bridge", "sendErc20", argsFor(token, 100n), {}, libraries);
    assert.equal(refused, `SafeERC20FailedOperation(${token.address.toLowerCase()})`);
    assert.equal(await l1.read(token, "balanceOf", [me]), 1000n);
    await checkBooks(token);
});

test("a token that says too much of what contracts have harms itself alone", async () => {
    const [liar, honest] = [await newToken("Inflates"), await newToken("Plain")];
    await deliver(rollup1, (await send(l1, argsFor(honest, 100n))).message);
    await deliver(rollup1, (await send(l1, argsFor(liar, 100n))).message);
    // What it said came is what there is on the rollup; more than 100 the Bridge cannot give back.
    const copy = await copyOn(rollup1, liar);
    assert.equal(await rollup1.read(copy, "totalSupply"), 1000n);
    const left = await send(rollup1, [0n, copy.address, me, 1000n, NOT_EARLY, terms()]);
    await deliver(l1, left.message, await proofFrom(rollup1, left));
    assert.equal(await statusOf(l1, left), 1);
    assert.equal(await l1.read("bridge", "locked", [1n, honest.address]), 100n);
    await checkBooks(honest);
});

test("a token that fails when all is done: the delivery can be tried again, the fee is paid once", async () => {
    const token = await newToken("Plain");
    await l1.write(token, "pause", [true]);
    await assert.rejects(l1.client.simulateContract({ ...l1.contracts.bridge, functionName: "sendErc20", args: argsFor(token, 100n), account: l1.account }));
    await l1.write(token, "pause", [false]);
    await deliver(rollup1, (await send(l1, argsFor(token, 100n))).message);
    const copy = await copyOn(rollup1, token);
    const fee = 7n;
    const left = await send(rollup1, [0n, copy.address, me, 60n, NOT_EARLY, terms({ fee })], { value: fee });
    const proof = await proofFrom(rollup1, left);
    await l1.write(token, "pause", [true]);
    const before = await l1.balance(FEE_TO);
    const receipt = await deliver(l1, left.message, proof);
    assert.equal(l1.events("messenger", "DeliveryFailed", receipt).length, 1);
    assert.equal(await l1.balance(FEE_TO), before + fee);
    assert.equal(await l1.read("bridge", "locked", [1n, token.address]), 100n);
    await l1.write(token, "pause", [false]);
    await l1.write("messenger", "retry", [left.message], WITH_GAS);
    assert.equal(await l1.read(token, "balanceOf", [me]), 960n);
    assert.equal(await l1.balance(FEE_TO), before + fee);
    await checkBooks(token);
});

test("answers of a hundred thousand bytes, and as many for a reason", async () => {
    const token = await newToken("ReturnsMuch");
    await deliver(rollup1, (await send(l1, argsFor(token, 100n))).message);
    const copy = await copyOn(rollup1, token);
    assert.deepEqual([await rollup1.read(copy, "symbol"), await rollup1.read(copy, "balanceOf", [me])], ["", 100n]);
    const left = await send(rollup1, [0n, copy.address, me, 100n, NOT_EARLY, terms()]);
    await deliver(l1, left.message, await proofFrom(rollup1, left));
    assert.equal(await l1.read(token, "balanceOf", [me]), 1000n);
    await checkBooks(token);

    const grump = await newToken("RevertsWithMuch");
    await deliver(rollup1, (await send(l1, argsFor(grump, 100n))).message);
    const back = await send(rollup1, [0n, (await copyOn(rollup1, grump)).address, me, 100n, NOT_EARLY, terms()]);
    const proof = await proofFrom(rollup1, back);
    await l1.write(grump, "pause", [true]);
    const receipt = await deliver(l1, back.message, proof);
    const [{ reason }] = l1.events("messenger", "DeliveryFailed", receipt);
    assert.ok(reason.length <= 2 + 2 * 256);
    await l1.write(grump, "pause", [false]);
    await l1.write("messenger", "retry", [back.message], WITH_GAS);
    await checkBooks(grump);
});

test("a token that calls back cannot deliver, send or be paid inside its own transfer", async () => {
    const token = await newToken("Reenters");
    await deliver(rollup1, (await send(l1, argsFor(token, 300n))).message);
    const copy = await copyOn(rollup1, token);
    const [first, second] = [
        await send(rollup1, [0n, copy.address, me, 100n, NOT_EARLY, terms()]),
        await send(rollup1, [0n, copy.address, me, 100n, NOT_EARLY, terms()]),
    ];
    const [proofOfFirst, proof] = [await proofFrom(rollup1, first), await proofFrom(rollup1, second)];
    const { abi } = l1.contracts.bridge;
    for (const [functionName, args] of [["sendErc20", argsFor(token, 1n)], ["payEarly", [second.message]], ["giveUp", [second.message, proof]]]) {
        await l1.write(token, "setAgain", [encodeFunctionData({ abi, functionName, args })]);
        await deliver(rollup1, (await send(l1, argsFor(token, 10n))).message);
        assert.equal(await l1.read(token, "hasFailed"), true, functionName);
    }
    // Inside the second delivery the first fails, and is tried again when that is over.
    const data = encodeFunctionData({ abi: l1.contracts.messenger.abi, functionName: "deliver", args: [first.message, proofOfFirst, FEE_TO] });
    const relay = await l1.deploy(contracts.Relay, [l1.contracts.messenger.address, data]);
    await l1.write(token, "setHook", [relay.address]);
    await deliver(l1, second.message, proof);
    assert.deepEqual([await statusOf(l1, second), await statusOf(l1, first)], [2, 1]);
    await l1.write(token, "setHook", [zeroAddress]);
    await l1.write("messenger", "retry", [first.message], WITH_GAS);
    assert.equal(await l1.read(token, "balanceOf", [me]), 870n);
    await checkBooks(token);
});

test("a token whose owner takes what the Bridge has: who comes last waits", async () => {
    const token = await newToken("Plain");
    await deliver(rollup1, (await send(l1, argsFor(token, 100n))).message);
    await l1.write(token, "burn", [bridge, 60n]);
    const copy = await copyOn(rollup1, token);
    const [first, last] = [
        await send(rollup1, [0n, copy.address, me, 40n, NOT_EARLY, terms()]), await send(rollup1, [0n, copy.address, me, 60n, NOT_EARLY, terms()]),
    ];
    await deliver(l1, first.message, await proofFrom(rollup1, first));
    await deliver(l1, last.message, await proofFrom(rollup1, last));
    assert.deepEqual([await statusOf(l1, first), await statusOf(l1, last)], [2, 1]);
    await l1.write(token, "mint", [bridge, 60n]);
    await l1.write("messenger", "retry", [last.message], WITH_GAS);
    assert.equal(await l1.read(token, "balanceOf", [me]), 1000n);
    await checkBooks(token);
});

test("what is no token", async () => {
    for (const address of [me, "0x00000000000000000000000000000000000000aa", l1.contracts.hub.address])
        await assert.rejects(l1.client.simulateContract({ ...l1.contracts.bridge, functionName: "sendErc20", args: argsFor({ address }, 1n), account: l1.account }));
    const collection = await newCollection("Plain");
    assert.equal(await l1.refusal("bridge", "sendErc20", argsFor(collection, 7n)), `NotAnErc20(${collection.address.toLowerCase()})`);
    const token = await newToken("Plain");
    await assert.rejects(l1.client.simulateContract({ ...l1.contracts.bridge, functionName: "sendErc721", args: [1n, token.address, me, 7n, terms()], account: l1.account }));
    assert.equal(await l1.refusal("bridge", "sendErc20", argsFor(token, 0n)), `NothingReceived(${token.address.toLowerCase()})`);
});

// --- ERC-721 -----------------------------------------------------------------------------------------

async function newCollection(mode) {
    const collection = await l1.deploy(contracts.Collection, [COLLECTION[mode]]);
    await l1.write(collection, "mint", [me, 7n]);
    await l1.write(collection, "setApprovalForAll", [bridge, true]);
    return collection;
}
const send721 = async (from, rollupId, token, id = 7n) => leftIn(from, await from.write("bridge", "sendErc721", [rollupId, token, me, id, terms()], WITH_GAS));

test("an ERC-721 there and back, once", async () => {
    const collection = await newCollection("Plain");
    await deliver(rollup1, (await send721(l1, 1n, collection.address)).message);
    assert.equal(await l1.read(collection, "ownerOf", [7n]), bridge);
    const copy = await copyOn(rollup1, collection, bridged721);
    assert.equal((await rollup1.read(copy, "ownerOf", [7n])), me);
    assert.deepEqual([await rollup1.read(copy, "name"), await rollup1.read(copy, "tokenURI", [7n])], ["Collection", "ipfs://seven"]);
    // Not who does not own it, and not one that is not there.
    const stranger = n.as(3).rollups[0];
    assert.equal(await stranger.refusal("bridge", "sendErc721", [0n, copy.address, me, 7n, terms()]), `NothingReceived(${copy.address.toLowerCase()})`);
    const back = await send721(rollup1, 0n, copy.address);
    await deliver(l1, back.message, await proofFrom(rollup1, back));
    assert.equal(await l1.read(collection, "ownerOf", [7n]), me);
    await assert.rejects(rollup1.read(copy, "ownerOf", [7n]));
});

test("an ERC-721 that was given up comes back", async () => {
    const collection = await newCollection("Plain");
    const left = await send721(l1, 2n, collection.address);
    await rollup2.write("messenger", "giveUp", [left.message, "0x"]);
    const said = await rollup2.read("messenger", "givenUp", [left.id, false]);
    await l1.write("messenger", "recall", [left.message, false, await proofFrom(rollup2, { id: said })], WITH_GAS);
    assert.equal(await l1.read(collection, "ownerOf", [7n]), me);
});

test("ERC-721s that lie, and one that calls back", async () => {
    const idle = await newCollection("MovesNothing");
    assert.equal(await l1.refusal("bridge", "sendErc721", [1n, idle.address, me, 7n, terms()]), `NothingReceived(${idle.address.toLowerCase()})`);
    // One that says of everything that whoever asks owns it can be sent, to no harm but its own.
    const liar = await newCollection("LiesOfOwners");
    const honest = await newCollection("Plain");
    await deliver(rollup1, (await send721(l1, 1n, honest.address)).message);
    await deliver(rollup1, (await send721(l1, 1n, liar.address)).message);
    const copy = await copyOn(rollup1, liar, bridged721);
    for (let i = 0; i < 2; i++) {
        if (i === 1) await assert.rejects(send721(rollup1, 0n, copy.address));
        else await deliver(l1, ...(await send721(rollup1, 0n, copy.address).then(async (left) => [left.message, await proofFrom(rollup1, left)])));
    }
    assert.equal(await l1.read(honest, "ownerOf", [7n]), bridge);
    const reentrant = await newCollection("Reenters");
    const { abi } = l1.contracts.bridge;
    const again = encodeFunctionData({ abi, functionName: "sendErc721", args: [2n, reentrant.address, me, 7n, terms()] });
    await l1.write(reentrant, "setAgain", [again]);
    await deliver(rollup1, (await send721(l1, 1n, reentrant.address)).message);
    assert.equal(await l1.read(reentrant, "hasFailed"), true);
    assert.equal(await rollup2.read("bridge", "tokenFor", [0n, reentrant.address]), "0x0000000000000000000000000000000000000000");
});

test("a rollup's own token on L1 and back, by proof where nothing is imported", async () => {
    const token = await rollup1.deploy(contracts.Token, [MODE.TakesFee]);
    await rollup1.write(token, "mint", [me, 1000n]);
    await rollup1.write(token, "approve", [rollup1.contracts.bridge.address, 1000n]);
    const out = await send(rollup1, [0n, token.address, me, 100n, NOT_EARLY, terms()]);
    await deliver(l1, out.message, await proofFrom(rollup1, out));
    const copy = { address: await l1.read("bridge", "tokenFor", [1n, token.address]), abi: bridged };
    assert.equal(await l1.read(copy, "balanceOf", [me]), 90n);
    const back = await send(l1, [1n, copy.address, me, 90n, NOT_EARLY, terms()]);
    const proof = await proofTo(rollup1, l1, back.id);
    await deliver(rollup1, back.message, proof);
    assert.deepEqual([await rollup1.read("bridge", "locked", [0n, token.address]), await l1.read(copy, "totalSupply")], [0n, 0n]);
    assert.equal(await rollup1.read(token, "balanceOf", [rollup1.contracts.bridge.address]), 0n);
    assert.equal(await rollup1.read(token, "balanceOf", [me]), 981n);
});
