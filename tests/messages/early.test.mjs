// Early payout: somebody pays a transfer before it arrives, and gets what arrives. Under its sender's conditions,
// once, and so that nobody can take back what another has paid for.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeAbiParameters, encodeAbiParameters, parseEther } from "viem";
import { artifact } from "../contracts/lib/chain.mjs";
import { TERMS, leftIn, openNetwork, proofFrom } from "./lib.mjs";
import { contracts } from "./sol.mjs";

const NOT_EARLY = { fee: 0n, until: 0n };
const FEE_TO = "0x0000000000000000000000000000000000000fee";
const WITH_GAS = { gas: 8_000_000n };
const terms = { ...TERMS, gasLimit: 3_000_000n };
const { abi: bridged } = artifact("BridgedErc20");
const TRANSFER = artifact("IBridge").abi.find(({ name }) => name === "TransferLeft").inputs.at(-1);

let n, l1, rollup1, solver, rival, me;
let to = 0x5010n;
const nobody = () => `0x${(to++).toString(16).padStart(40, "0")}`;
before(async () => {
    n = await openNetwork();
    ({ l1, rollups: [rollup1] } = n);
    [solver, rival] = [n.as(2).l1, n.as(3).l1];
    me = l1.account.address;
});
after(() => n?.stop());

const soon = async (seconds = 10_000n) => (await l1.client.getBlock()).timestamp + seconds;
const low = (address) => address.toLowerCase();
const deliver = (message, proof) => l1.write("messenger", "deliver", [message, proof, FEE_TO], WITH_GAS);

async function withdrawEther(value, early, more = {}) {
    const recipient = nobody();
    const receipt = await rollup1.write("bridge", "sendEther", [0n, recipient, early, { ...terms, ...more }], { value });
    return { ...leftIn(rollup1, receipt), recipient };
}

test("ether is paid early, and the payer gets what arrives", async () => {
    const early = { fee: parseEther("0.1"), until: await soon() };
    const value = parseEther("3");
    const left = await withdrawEther(value, early);
    const due = value - early.fee;
    for (const wrong of [due - 1n, due + 1n, 0n])
        assert.equal(await l1.refusal("bridge", "payEarly", [left.message], { value: wrong }), `ValueMismatch(${wrong}, ${due})`);
    await solver.write("bridge", "payEarly", [left.message], { value: due });
    assert.equal(await l1.balance(left.recipient), due);
    // A second one is too late, whoever he is.
    const payer = solver.account.address;
    assert.equal(await l1.refusal("bridge", "payEarly", [left.message], { value: due }), `AlreadyPaid(${left.id}, ${low(payer)})`);
    const had = await l1.balance(payer);
    await deliver(left.message, await proofFrom(rollup1, left));
    assert.equal(await l1.balance(payer), had + value);
    assert.equal(await l1.balance(left.recipient), due);
    assert.equal(await l1.refusal("bridge", "payEarly", [left.message], { value: due }), `AlreadyOver(${left.id})`);
});

test("two solvers race in one block: one has the claim, the other his ether back", async () => {
    const value = parseEther("2");
    const left = await withdrawEther(value, { fee: 1n, until: await soon() });
    const due = value - 1n;
    await l1.rpc("evm_setAutomine", [false]);
    const racers = [solver, rival];
    const before = await Promise.all(racers.map((racer) => l1.balance(racer.account.address)));
    const hashes = [];
    for (const racer of racers)
        hashes.push(await racer.wallet.writeContract({ ...racer.contracts.bridge, functionName: "payEarly", args: [left.message], value: due, gas: 300_000n }));
    await l1.rpc("evm_mine", []);
    await l1.rpc("evm_setAutomine", [true]);
    const receipts = await Promise.all(hashes.map((hash) => l1.client.waitForTransactionReceipt({ hash })));
    assert.equal(receipts[0].blockNumber, receipts[1].blockNumber);
    assert.deepEqual(receipts.map(({ status }) => status).sort(), ["reverted", "success"]);
    assert.equal(await l1.balance(left.recipient), due);
    await deliver(left.message, await proofFrom(rollup1, left));
    for (const [i, racer] of racers.entries()) {
        const won = receipts[i].status === "success";
        const spent = receipts[i].gasUsed * receipts[i].effectiveGasPrice;
        assert.equal(await l1.balance(racer.account.address), before[i] - spent + (won ? 1n : 0n));
    }
});

test("what is not to be paid early, or not any more", async () => {
    const past = await soon(-100n);
    for (const early of [NOT_EARLY, { fee: 1n, until: past }]) {
        const left = await withdrawEther(10n, early);
        assert.equal(await l1.refusal("bridge", "payEarly", [left.message], { value: 10n - early.fee }), `NotEarly(${left.id}, ${early.until})`);
    }
    const until = await soon(500n);
    assert.equal(await rollup1.refusal("bridge", "sendEther", [0n, me, { fee: 11n, until }, terms], { value: 10n }), "EarlyFeeTooHigh(11, 10)");
    assert.equal(await rollup1.refusal("bridge", "sendEther", [0n, me, { fee: 1n, until }, { ...terms, deadline: until }], { value: 10n }), `DeadlineWithEarly(${until})`);
    // Its time runs out while it waits: it arrives where it was to.
    const left = await withdrawEther(10n, { fee: 1n, until });
    await l1.rpc("evm_increaseTime", [1000]);
    await l1.rpc("evm_mine", []);
    assert.equal(await l1.refusal("bridge", "payEarly", [left.message], { value: 9n }), `NotEarly(${left.id}, ${until})`);
    await deliver(left.message, await proofFrom(rollup1, left));
    assert.equal(await l1.balance(left.recipient), 10n);
});

test("who has been paid does not take it back", async () => {
    const left = await withdrawEther(100n, { fee: 10n, until: await soon() });
    const proof = await proofFrom(rollup1, left);
    // Not by the Messenger, whose message is the Bridge's; not anybody's but the owner's; not once it is paid.
    assert.equal(await l1.refusal("messenger", "giveUp", [left.message, proof]), `NotYet(${left.id}, 0)`);
    assert.equal(await solver.refusal("bridge", "giveUp", [left.message, proof]), `NotTheOwner(${low(solver.account.address)})`);
    await solver.write("bridge", "payEarly", [left.message], { value: 90n });
    const refused = `AlreadyPaid(${left.id}, ${low(solver.account.address)})`;
    assert.equal(await l1.refusal("bridge", "giveUp", [left.message, proof]), refused);
    const before = await l1.balance(solver.account.address);
    await deliver(left.message, proof);
    assert.equal(await l1.balance(solver.account.address), before + 100n);
    assert.equal(await l1.refusal("bridge", "giveUp", [left.message, proof]), refused);
});

test("what nobody has paid its owner gives up, and nobody pays it then", async () => {
    const owner = n.as(4);
    const left = await withdrawEther(100n, { fee: 10n, until: await soon() }, { owner: owner.l1.account.address });
    const proof = await proofFrom(rollup1, left);
    assert.equal(await l1.refusal("bridge", "giveUp", [left.message, proof]), `NotTheOwner(${low(me)})`);
    await owner.l1.write("bridge", "giveUp", [left.message, proof]);
    assert.equal(await solver.refusal("bridge", "payEarly", [left.message], { value: 90n }), `AlreadyOver(${left.id})`);
    assert.equal(await l1.refusal("messenger", "deliver", [left.message, proof, FEE_TO]), `AlreadyGivenUp(${left.id})`);
    const said = await l1.read("messenger", "givenUp", [left.id, false]);
    await rollup1.rpc("lockstep_anchor");
    const back = await l1.rpc("lockstep_getMessageProof", [said, l1.contracts.messenger.address, 1]);
    const before = await rollup1.balance(me);
    await n.as(5).rollups[0].write("messenger", "recall", [left.message, false, back.proof], WITH_GAS);
    assert.equal(await rollup1.balance(me), before + 100n);
});

async function newToken(mode) {
    const token = await l1.deploy(contracts.Token, [mode]);
    await l1.write(token, "mint", [me, 1000n]);
    await l1.write(token, "approve", [l1.contracts.bridge.address, 1000n]);
    const sent = leftIn(l1, await l1.write("bridge", "sendErc20", [1n, token.address, me, 500n, NOT_EARLY, terms], WITH_GAS));
    await rollup1.write("messenger", "deliver", [sent.message, "0x", FEE_TO], WITH_GAS);
    const copy = { address: await rollup1.read("bridge", "tokenFor", [0n, token.address]), abi: bridged };
    for (const who of [solver, rival]) {
        await who.write(token, "mint", [who.account.address, 1000n]);
        await who.write(token, "approve", [l1.contracts.bridge.address, 1000n]);
    }
    return [token, copy];
}

async function withdrawToken(copy, amount, early) {
    const recipient = nobody();
    const receipt = await rollup1.write("bridge", "sendErc20", [0n, copy.address, recipient, amount, early, terms], WITH_GAS);
    return { ...leftIn(rollup1, receipt), recipient };
}

test("tokens are paid early with tokens", async () => {
    const [token, copy] = await newToken(0);
    const left = await withdrawToken(copy, 300n, { fee: 5n, until: await soon() });
    assert.equal(await solver.refusal("bridge", "payEarly", [left.message], { value: 1n }), "ValueMismatch(1, 0)");
    await solver.write("bridge", "payEarly", [left.message]);
    assert.equal(await l1.read(token, "balanceOf", [left.recipient]), 295n);
    await deliver(left.message, await proofFrom(rollup1, left));
    assert.equal(await l1.read(token, "balanceOf", [solver.account.address]), 1005n);
    assert.equal(await l1.read(token, "balanceOf", [left.recipient]), 295n);
    assert.equal(await l1.read("bridge", "locked", [1n, token.address]), 200n);
    assert.equal(await rollup1.refusal("bridge", "sendErc20", [0n, copy.address, me, 10n, { fee: 11n, until: await soon() }, terms]), "EarlyFeeTooHigh(11, 10)");
});

test("a token that keeps a part of what is paid pays too little", async () => {
    const [token, copy] = await newToken(1);
    const left = await withdrawToken(copy, 100n, { fee: 0n, until: await soon() });
    assert.equal(await solver.refusal("bridge", "payEarly", [left.message]), `PaidTooLittle(${low(token.address)}, 90, 100)`);
    await deliver(left.message, await proofFrom(rollup1, left));
    assert.equal(await l1.read(token, "balanceOf", [left.recipient]), 90n);
});

test("what was never sent is the payer's own loss, and makes no token", async () => {
    const left = await withdrawEther(100n, { fee: 10n, until: await soon() });
    const [transfer] = decodeAbiParameters([TRANSFER], left.message.payload);
    const forged = (changes) => ({ ...left.message, payload: encodeAbiParameters([TRANSFER], [{ ...transfer, ...changes }]) });
    // To somebody else: another message, with a claim to nothing.
    const elsewhere = nobody();
    await rival.write("bridge", "payEarly", [forged({ to: elsewhere })], { value: 90n });
    assert.equal(await l1.balance(elsewhere), 90n);
    await deliver(left.message, await proofFrom(rollup1, left));
    assert.equal(await l1.balance(left.recipient), 100n);
    // Of a token that has never come, under a name of the forger's choice.
    const metadata = encodeAbiParameters([{ type: "string" }, { type: "string" }, { type: "uint8" }], ["Dollar", "USD", 0]);
    const token = nobody();
    const lie = forged({ asset: 1, isHome: true, token, metadata });
    assert.equal(await rival.refusal("bridge", "payEarly", [lie]), `UnknownToken(1, ${token})`);
    assert.equal(BigInt(await l1.read("bridge", "tokenFor", [1n, token])), 0n);
    // Not of the Bridge, or not for this one.
    for (const change of [{ sender: me }, { recipient: me }])
        assert.equal(await rival.refusal("bridge", "payEarly", [{ ...left.message, ...change }], { value: 90n }), `NotOfTheBridge(${low(change.sender ?? left.message.sender)})`);
    assert.equal(await rival.refusal("bridge", "payEarly", [{ ...left.message, toParent: false }], { value: 90n }), `NotOfTheBridge(${low(left.message.sender)})`);
    assert.equal(await rollup1.refusal("bridge", "payEarly", [left.message], { value: 90n }), `NotOfTheBridge(${low(left.message.sender)})`);
});
