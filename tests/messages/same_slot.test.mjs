// A message of L1 is on the rollups in the slot in which it is sent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pad, parseEther, toHex } from "viem";
import { TERMS, openNetwork, slotOf } from "./lib.mjs";

let n, l1, rollup1, rollup2;
before(async () => {
    n = await openNetwork();
    ({ l1, rollups: [rollup1, rollup2] } = n);
});
after(() => n?.stop());

const message = (i) => pad(toHex(i), { size: 32 });
const sendTo = (rollupId, recipient, value, terms = {}, payload = "0x") =>
    l1.write("messenger", "send", [rollupId, recipient, { ...TERMS, ...terms }, payload], { value });
const leftIn = (receipt) => l1.events("messenger", "MessageLeft", receipt)[0];

test("what is broadcast on L1 is received on every rollup, in the same slot", async () => {
    const { blockNumber } = await l1.write("messageService", "broadcastMessage", [message(1)]);
    const { address } = l1.account;
    assert.equal(await l1.read("messageService", "isSent", [message(1), address]), true);
    for (const rollup of [rollup1, rollup2]) {
        assert.equal(await rollup.read("messageService", "isReceived", [message(1), address]), true);
        assert.equal(await rollup.read("messageService", "isReceived", [message(2), address]), false);
        await rollup.read("messageService", "requireFromParent", [message(1), address, "0x"]);
        assert.equal(
            await rollup.refusal("messageService", "requireFromParent", [message(2), address, "0x"]),
            `MessageNotReceived(${slotOf(message(2), address)})`,
        );
    }
    // The message, then the batch that imports it.
    const block = await l1.client.getBlock({ blockNumber, includeTransactions: true });
    assert.equal(block.transactions.length, 2);
    assert.equal(block.transactions[1].to.toLowerCase(), l1.contracts.hub.address.toLowerCase());
});

test("a message is said once by each", async () => {
    const args = [message(1)];
    const refused = `MessageAlreadyBroadcasted(${message(1)}, ${l1.account.address.toLowerCase()})`;
    assert.equal(await l1.refusal("messageService", "broadcastMessage", args), refused);
    await n.as(1).l1.write("messageService", "broadcastMessage", args);
});

test("ether goes from L1 to an account of a rollup, for a fee, without a proof", async () => {
    const to = "0x00000000000000000000000000000000000a11ce";
    const feeTo = "0x0000000000000000000000000000000000000fee";
    const value = parseEther("3");
    const fee = parseEther("0.5");
    const held = await l1.read("hub", "balanceOf", [1n]);
    const { id, message: sent } = leftIn(await sendTo(1n, to, value, { fee }));
    assert.equal(await l1.read("hub", "balanceOf", [1n]), held + value);
    const slots = [slotOf(id, l1.contracts.messenger.address)];
    assert.notEqual(slots[0], undefined);
    // Only where it goes.
    const publisher = l1.contracts.messenger.address;
    assert.equal(await rollup1.read("messageService", "isReceived", [id, publisher]), true);
    assert.equal(await rollup2.read("messageService", "isReceived", [id, publisher]), false);
    await rollup1.write("messenger", "deliver", [sent, "0x", feeTo]);
    assert.equal(await rollup1.balance(to), value - fee);
    assert.equal(await rollup1.balance(feeTo), fee);
    assert.equal(await rollup1.refusal("messenger", "deliver", [sent, "0x", feeTo]), `AlreadyDelivered(${id})`);
    assert.equal(await rollup2.refusal("messenger", "deliver", [sent, "0x", feeTo]), "NotForThisChain()");
    // Nothing of it stays on the way.
    assert.equal(await rollup1.balance(rollup1.contracts.messenger.address), 0n);
    assert.equal(await l1.balance(l1.contracts.messenger.address), 0n);
});

test("a message that was changed on the way is none", async () => {
    const { message: sent } = leftIn(await sendTo(1n, l1.account.address, parseEther("1")));
    for (const lie of [{ value: sent.value + 1n }, { recipient: n.as(1).l1.account.address }, { nonce: 99n }]) {
        const refused = await rollup1.refusal("messenger", "deliver", [{ ...sent, ...lie }, "0x", l1.account.address]);
        assert.match(refused, /^MessageNotReceived\(/);
    }
});
