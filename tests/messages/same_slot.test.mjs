// A message of L1 is on the rollups in the slot in which it is sent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData, pad, parseAbi, parseEther, toHex } from "viem";
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

const nobody = "0x00000000000000000000000000000000000000aa";

/** Which contracts the newest block's batch has called on L1. */
async function calledByBatch() {
    const { transactions } = await l1.client.getBlock({ includeTransactions: true });
    const batch = transactions.find(({ to }) => to === l1.contracts.hub.address.toLowerCase());
    const found = [];
    const walk = ({ to, calls = [] }) => (found.push(to), calls.forEach(walk));
    walk(await l1.rpc("debug_traceTransaction", [batch.hash, { tracer: "callTracer" }]));
    return found;
}

test("a batch asks for messages only if it has some, and once", async () => {
    const service = l1.contracts.messageService.address.toLowerCase();
    await rollup1.rpc("lockstep_anchor");
    assert.equal((await calledByBatch()).filter((to) => to === service).length, 0);
    await l1.write("messageService", "broadcastMessage", [message(41)]);
    // Both rollups import it: one call for each update.
    assert.equal((await calledByBatch()).filter((to) => to === service).length, 2);
});

test("with a rollup's transaction that waits for the block: what sends is found, whoever runs it", async () => {
    const { address } = l1.account;
    const outward = await rollup1.rpc("lockstep_proxyOf", [0, nobody]);
    const create = { address: "0x4c53000000000000000000000000000000000003", abi: parseAbi(["function createProxy(uint64,address) returns (address)"]) };
    await rollup1.write(create, "createProxy", [0n, nobody]);
    // A contract that says it in its constructor: mstore the call, CALL, return nothing.
    const call = encodeFunctionData({ abi: l1.contracts.messageService.abi, functionName: "broadcastMessage", args: [message(42)] });
    const words = pad(call, { dir: "right", size: 64 }).slice(2);
    const says = `0x7f${words.slice(0, 64)}5f527f${words.slice(64)}6020525f5f60245f5f73${l1.contracts.messageService.address.slice(2)}5af1505f5ff3`;
    for (const [tx, sent] of [[{ to: nobody, value: 1n }, []], [{ data: says, gas: 300_000n }, [42]]]) {
        await l1.rpc("evm_setAutomine", [false]);
        const nonce = await l1.client.getTransactionCount({ address });
        const hashes = [await l1.wallet.sendTransaction({ ...tx, nonce })];
        const waiting = await rollup1.wallet.sendTransaction({ to: outward, gas: 2_000_000n });
        await l1.rpc("evm_mine", []);
        await l1.rpc("evm_setAutomine", [true]);
        const { blockNumber, contractAddress } = await l1.mined(hashes[0]);
        await rollup1.mined(waiting);
        assert.equal((await l1.client.getBlock()).number, blockNumber);
        for (const i of sent)
            for (const rollup of [rollup1, rollup2])
                assert.equal(await rollup.read("messageService", "isReceived", [message(i), contractAddress]), true);
    }
});

test("a fee that its receiver does not take, nobody gets: the delivery is another's", async () => {
    const { message: sent, id } = leftIn(await sendTo(1n, nobody, 10n, { fee: 4n }));
    const hub = rollup1.contracts.messageService.address; // takes no ether
    assert.equal(await rollup1.refusal("messenger", "deliver", [sent, "0x", hub]), `EtherRefused(${hub.toLowerCase()})`);
    await rollup1.write("messenger", "deliver", [sent, "0x", "0x0000000000000000000000000000000000000fed"]);
    assert.equal(await rollup1.balance("0x0000000000000000000000000000000000000fed"), 4n);
    assert.equal(await rollup1.refusal("messenger", "deliver", [sent, "0x", hub]), `AlreadyDelivered(${id})`);
});
