// The Messenger: messages both ways, with proofs; failures, retries, giving up and recalling.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData, parseEther, zeroAddress } from "viem";
import { TERMS, openNetwork } from "./lib.mjs";
import { contracts } from "./sol.mjs";

const EOA = "0x00000000000000000000000000000000000a11ce";

let n, l1, rollup1, rollup2, other;
before(async () => {
    n = await openNetwork({ args: ["--import-policy", "none"] });
    ({ l1, rollups: [rollup1, rollup2] } = n);
    other = n.as(1);
});
after(() => n?.stop());

/** Sends; the message as it left. */
async function send(from, rollupId, recipient, { value = 0n, payload = "0x", gas, ...terms } = {}) {
    const receipt = await from.write("messenger", "send", [rollupId, recipient, { ...TERMS, ...terms }, payload], { value, gas });
    return from.events("messenger", "MessageLeft", receipt)[0];
}

/** A call from L1 to rollup 1, and so a batch: each chain learns of the other's newest blocks. */
async function exchange() {
    const proxy = await l1.read("hub", "proxyOf", [1n, EOA]);
    if (((await l1.client.getCode({ address: proxy })) ?? "0x") === "0x") await l1.write("hub", "createProxy", [1n, EOA]);
    await l1.mined(await l1.wallet.sendTransaction({ to: proxy, value: 0n, gas: 2_000_000n }));
}

const proofOf = async (from, said, rollupId) =>
    (await from.rpc("lockstep_getMessageProof", [said, from.contracts.messenger.address, ...(rollupId ? [rollupId] : [])])).proof;

const heldForRollup1 = () => l1.read("hub", "balanceOf", [1n]);

test("from L1 to a rollup, by proof against an anchor", async () => {
    const { id, message } = await send(l1, 1n, EOA, { value: parseEther("2"), fee: parseEther("1") });
    assert.match(await rollup1.refusal("messenger", "deliver", [message, "0x", EOA]), /^MessageNotReceived\(/);
    await assert.rejects(proofOf(l1, id, 1), /in a block after/);
    await exchange();
    const proof = await proofOf(l1, id, 1);
    const before = await rollup1.balance(EOA);
    await rollup1.write("messenger", "deliver", [message, proof, EOA]);
    assert.equal(await rollup1.balance(EOA), before + parseEther("2"));
    assert.match(await rollup1.refusal("messenger", "deliver", [message, proof, EOA]), /^AlreadyDelivered/);
    // The proof is of this message, of this Messenger, of L1.
    assert.match(await rollup1.refusal("messenger", "deliver", [{ ...message, nonce: 77n }, proof, EOA]), /\w+/);
    assert.equal(await rollup2.refusal("messenger", "deliver", [message, proof, EOA]), "NotForThisChain()");
});

test("from a rollup to L1, by proof against a root that the Hub has", async () => {
    const held = await heldForRollup1();
    const value = parseEther("5");
    const fee = parseEther("0.25");
    const { id, message } = await send(rollup1, 0n, EOA, { value, fee });
    await exchange();
    const proof = await proofOf(rollup1, id);
    const relayer = "0x0000000000000000000000000000000000000fee";
    await l1.write("messenger", "deliver", [message, proof, relayer]);
    assert.equal(await l1.balance(EOA), value - fee);
    assert.equal(await l1.balance(relayer), fee);
    assert.equal(await heldForRollup1(), held - value);
    assert.equal(await l1.refusal("messenger", "deliver", [message, proof, relayer]), `AlreadyDelivered(${id})`);
});

test("a proof holds when the head has moved on", async () => {
    const { id, message } = await send(rollup1, 0n, EOA, { value: 7n });
    await exchange();
    const proof = await proofOf(rollup1, id);
    for (let i = 0; i < 5; i++) await exchange();
    await l1.write("messenger", "deliver", [message, proof, EOA]);
});

test("proofs that are not proofs", async () => {
    const { id, message } = await send(rollup1, 0n, EOA, { value: 1n });
    await exchange();
    const proof = await proofOf(rollup1, id);
    // A root that is not the head any more is found by its index and what came before it.
    await exchange();
    const bytes = Buffer.from(proof.slice(2), "hex");
    for (const at of [40, 70, 100, 130, 300, 500, 700, 900]) {
        const changed = Buffer.from(bytes);
        changed[at] ^= 1;
        const refused = await l1.refusal("messenger", "deliver", [message, `0x${changed.toString("hex")}`, EOA]).catch(() => "reverted");
        assert.notEqual(refused, null, `byte ${at}`);
    }
    const cut = await l1.refusal("messenger", "deliver", [message, proof.slice(0, -64), EOA]).catch(() => "reverted");
    assert.notEqual(cut, null);
    // As coming from the parent, where there is none.
    assert.equal(await l1.refusal("messenger", "deliver", [{ ...message, toParent: false }, proof, EOA]), "NotForThisChain()");
    await l1.write("messenger", "deliver", [message, proof, EOA]);
});

test("a contract receives who has sent it, and what", async () => {
    const recipient = await l1.deploy(contracts.Recipient);
    const { id, message } = await send(rollup1, 0n, recipient.address, { payload: "0x1234", value: 3n });
    await exchange();
    await l1.write("messenger", "deliver", [message, await proofOf(rollup1, id), EOA]);
    assert.equal(await l1.read(recipient, "times"), 1n);
    assert.equal(await l1.read(recipient, "payload"), "0x1234");
    assert.equal(await l1.read(recipient, "value"), 3n);
    assert.equal(await l1.read(recipient, "id"), id);
    assert.ok((await l1.read(recipient, "sender")).endsWith(rollup1.account.address.slice(2).toLowerCase()));
});

test("a failed delivery pays the fee, keeps the ether, and can be tried again", async () => {
    const recipient = await l1.deploy(contracts.Recipient);
    const held = await heldForRollup1();
    await l1.write(recipient, "set", [true, false]);
    const { id, message } = await send(rollup1, 0n, recipient.address, { payload: "0xff", value: 10n, fee: 4n });
    await exchange();
    const proof = await proofOf(rollup1, id);
    const relayer = "0x000000000000000000000000000000000000fee2";
    const receipt = await l1.write("messenger", "deliver", [message, proof, relayer]);
    const [failed] = l1.events("messenger", "DeliveryFailed", receipt);
    assert.equal(failed.id, id);
    assert.equal(await l1.balance(relayer), 4n);
    assert.equal(await heldForRollup1(), held - 4n);
    // Again, with neither proof nor fee: it fails the same way until the recipient takes it.
    await l1.write("messenger", "retry", [message]);
    assert.equal(await l1.balance(relayer), 4n);
    await l1.write(recipient, "set", [false, true]);
    await l1.write("messenger", "retry", [message]);
    assert.equal(await l1.read(recipient, "times"), 0n);
    await l1.write(recipient, "set", [false, false]);
    await l1.write("messenger", "retry", [message]);
    assert.equal(await l1.read(recipient, "times"), 1n);
    assert.equal(await heldForRollup1(), held - 10n);
    assert.equal(await l1.refusal("messenger", "retry", [message]), `NotFailed(${id})`);
});

test("what was given up is recalled, once, with the fee if nobody has tried", async () => {
    for (const isTried of [false, true]) {
        const recipient = await l1.deploy(contracts.Recipient);
        await l1.write(recipient, "set", [true, false]);
        const owner = l1.account.address;
        const held = await heldForRollup1();
        const { id, message } = await send(rollup1, 0n, recipient.address, { payload: "0xff", value: 10n, fee: 4n, owner });
        await exchange();
        const proof = await proofOf(rollup1, id);
        if (isTried) await l1.write("messenger", "deliver", [message, proof, EOA]);
        assert.equal(await other.l1.refusal("messenger", "giveUp", [message, proof]), `NotYet(${id}, 0)`);
        await l1.write("messenger", "giveUp", [message, isTried ? "0x" : proof]);
        for (const [name, args] of [["deliver", [message, proof, EOA]], ["giveUp", [message, proof]]])
            assert.equal(await l1.refusal("messenger", name, args), `AlreadyGivenUp(${id})`);
        await exchange();
        const said = await l1.read("messenger", "givenUp", [id, isTried]);
        const back = await proofOf(l1, said, 1);
        const before = await rollup1.balance(rollup1.account.address);
        // Somebody else's transaction, so that only what comes back changes the balance.
        await other.rollups[0].write("messenger", "recall", [message, isTried, back]);
        assert.equal(await rollup1.balance(rollup1.account.address), before + (isTried ? 6n : 10n));
        assert.equal(await rollup1.refusal("messenger", "recall", [message, isTried, back]), `AlreadyRecalled(${id})`);
        assert.equal(await heldForRollup1(), held - (isTried ? 4n : 0n));
    }
});

test("after its deadline anybody may give a message up", async () => {
    const { timestamp } = await l1.client.getBlock();
    const { id, message } = await send(rollup1, 0n, EOA, { value: 1n, owner: EOA, deadline: timestamp + 1000n });
    await exchange();
    const proof = await proofOf(rollup1, id);
    assert.equal(await l1.refusal("messenger", "giveUp", [message, proof]), `NotYet(${id}, ${timestamp + 1000n})`);
    await l1.rpc("evm_increaseTime", [2000]);
    await l1.rpc("evm_mine", []);
    await l1.write("messenger", "giveUp", [message, proof]);
});

test("too little gas for what the message asks, and a recipient that spends all of it", async () => {
    const spender = await l1.deploy(contracts.Spender);
    const { id, message } = await send(rollup1, 0n, spender.address, { payload: "0x01", gasLimit: 300_000n, fee: 9n, value: 9n });
    await exchange();
    const proof = await proofOf(rollup1, id);
    assert.match(await l1.refusal("messenger", "deliver", [message, proof, EOA], { gas: 450_000n }), /^NotEnoughGas\(\d+\)$/);
    const receipt = await l1.write("messenger", "deliver", [message, proof, EOA], { gas: 1_000_000n });
    assert.equal(l1.events("messenger", "DeliveryFailed", receipt).length, 1);
});

test("a recipient that delivers the message again inside it", async () => {
    const reentrant = await l1.deploy(contracts.Reentrant);
    const { id, message } = await send(rollup1, 0n, reentrant.address, { payload: "0x01" });
    await exchange();
    const proof = await proofOf(rollup1, id);
    const { abi } = l1.contracts.messenger;
    await l1.write(reentrant, "set", [encodeFunctionData({ abi, functionName: "deliver", args: [message, proof, EOA] })]);
    await l1.write("messenger", "deliver", [message, proof, EOA], { gas: 3_000_000n });
    assert.ok((await l1.read(reentrant, "answer")).endsWith(id.slice(2)));
});

test("what cannot be sent", async () => {
    const args = (rollupId, terms = {}) => [rollupId, EOA, { ...TERMS, ...terms }, "0x"];
    assert.equal(await l1.refusal("messenger", "send", args(0n)), "UnknownChain(0)");
    assert.equal(await l1.refusal("messenger", "send", args(99n)), "UnknownChain(99)");
    assert.equal(await rollup1.refusal("messenger", "send", args(2n)), "UnknownChain(2)");
    assert.equal(await l1.refusal("messenger", "send", args(1n, { fee: 5n }), { value: 4n }), "FeeNotPaid(4, 5)");
    assert.match(await l1.refusal("hub", "debit", [1n, 1n]), /^NotTheMessenger\(0x/);
    assert.match(await rollup1.refusal("messageService", "importMessages", [[]]), /^NotTheSystem\(0x/);
});

test("nobody but the Messenger makes ether on a rollup", async () => {
    const ether = "0x0000000000000000000000000000000000010004";
    const me = rollup1.account.address;
    for (const tx of [{ data: `0x${"01".padStart(64, "0")}` }, { value: 5n }, {}]) {
        const hash = await rollup1.wallet.sendTransaction({ to: ether, gas: 100_000n, ...tx });
        assert.equal((await rollup1.client.waitForTransactionReceipt({ hash })).status, "reverted");
    }
    assert.equal(await rollup1.balance(ether), 0n);
    assert.ok((await rollup1.balance(me)) < parseEther("10000"));
    assert.notEqual(me, zeroAddress);
});

test("proofs that the node does not have", async () => {
    await assert.rejects(proofOf(l1, `0x${"42".repeat(32)}`, 1), /has not broadcast this message on l1/);
    await assert.rejects(l1.rpc("lockstep_getMessageProof", [`0x${"42".repeat(32)}`, EOA]), /l1 has no parent/);
    await assert.rejects(l1.rpc("lockstep_getMessageProof", [`0x${"42".repeat(32)}`, EOA, 9]), /there is no rollup 9 of l1/);
});
