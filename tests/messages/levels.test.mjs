// Messages over three levels: between an L2 and an L3 on it, and by way of the L2 between L1 and the L3;
// imported and proven, delivered by hand and by lockstep relay.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { encodeAbiParameters, pad, parseAbiParameters, parseEther, toHex } from "viem";
import { signConditional } from "../../examples/lib/conditional.mjs";
import { artifact } from "../contracts/lib/chain.mjs";
import { lockstepPath, runLockstep } from "../lib/network.mjs";
import { TERMS, openNetwork, slotOf } from "./lib.mjs";
import { contracts } from "./sol.mjs";

const FEE_TO = "0x0000000000000000000000000000000000000fee";
const LEVELS = { rollups: 2, l3: 1 };
const fee = parseEther("0.05");
const nobody = (i) => `0x${(0xbea70000n + BigInt(i)).toString(16).padStart(40, "0")}`;
const message = (i) => pad(toHex(i), { size: 32 });
const { abi: bridged } = artifact("BridgedErc20");

let n, l1, l2, cousin, l3;
async function open(options) {
    n = await openNetwork(options);
    ({ l1, rollups: [l2, cousin, l3] } = n);
}
const close = async () => assert.equal((await n?.stop()).code, 0);

const leftIn = (chain, receipt) => chain.events("messenger", "MessageLeft", receipt)[0];
async function send(from, rollupId, to, { value = parseEther("1"), payload = "0x", ...terms } = {}) {
    const args = [rollupId, to, { ...TERMS, ...terms }, payload];
    return leftIn(from, await from.write("messenger", "send", args, { value: value + (terms.fee ?? 0n) }));
}
const deliver = (on, { message: sent }, proof = "0x") => on.write("messenger", "deliver", [sent, proof, FEE_TO], { gas: 5_000_000n });
const proofOf = async (from, { id }, ...rollupId) =>
    (await from.rpc("lockstep_getMessageProof", [id, from.contracts.messenger.address, ...rollupId])).proof;
const nextSlot = () => l1.rpc("evm_mine");
const isReceived = (on, said, publisher) => on.read("messageService", "isReceived", [said, publisher]);

/** A call from one chain to its rollup 1, and so a batch: each learns of the other's newest blocks. */
async function exchange(from) {
    const args = [1n, nobody(0)];
    const proxy = await from.read("hub", "proxyOf", args);
    if (((await from.client.getCode({ address: proxy })) ?? "0x") === "0x") await from.write("hub", "createProxy", args);
    await from.mined(await from.wallet.sendTransaction({ to: proxy, gas: 2_000_000n }));
}

/** The ether that each Hub holds is its rollups'. */
async function assertEtherAddsUp() {
    const rollups = await l1.rpc("lockstep_getRollups");
    for (const [name, chain] of [["l1", l1], ["rollup1", l2]]) {
        const own = rollups.filter(({ parent }) => parent === name);
        const sum = own.reduce((total, { hubBalance }) => total + BigInt(hubBalance), 0n);
        assert.equal(await chain.balance(chain.contracts.hub.address), sum, name);
        assert.equal(await chain.balance(chain.contracts.messenger.address), 0n, name);
    }
}

describe("imported", () => {
    before(() => open(LEVELS));
    after(close);

    test("what is said on the L2 is on the L3 in the next slot, without a proof", async () => {
        await l2.write("messageService", "broadcastMessage", [message(1)]);
        const { address } = l2.account;
        assert.equal(await isReceived(l3, message(1), address), false);
        await nextSlot();
        assert.equal(await isReceived(l3, message(1), address), true);
        await l3.read("messageService", "requireFromParent", [message(1), address, "0x"]);
        const other = `MessageNotReceived(${slotOf(message(2), address)})`;
        assert.equal(await l3.refusal("messageService", "requireFromParent", [message(2), address, "0x"]), other);
        // It is the L2's: L1 and its other rollup have not heard of it.
        assert.equal(await isReceived(cousin, message(1), address), false);
        const [batch] = await l2.rpc("lockstep_getBatch", ["latest"]);
        assert.deepEqual(batch.updates.map(({ messageSlots }) => messageSlots), [[slotOf(message(1), address)]]);
    });

    test("ether goes down with it, for a fee, and is made on the L3", async () => {
        const held = await l2.read("hub", "balanceOf", [1n]);
        const sent = await send(l2, 1n, nobody(1), { fee });
        assert.equal(await l2.read("hub", "balanceOf", [1n]), held + parseEther("1") + fee);
        await nextSlot();
        const paid = await l3.balance(FEE_TO);
        await deliver(l3, sent);
        assert.equal(await l3.balance(nobody(1)), parseEther("1"));
        assert.equal(await l3.balance(FEE_TO), paid + fee);
        const again = [sent.message, "0x", FEE_TO];
        assert.equal(await l3.refusal("messenger", "deliver", again), `AlreadyDelivered(${sent.id})`);
        for (const elsewhere of [l1, l2, cousin])
            assert.match(await elsewhere.refusal("messenger", "deliver", again), /^(NotForThisChain|MessageNotReceived)/);
        await assertEtherAddsUp();
    });

    test("a message of the slot block comes after the batch, and with the next", async () => {
        // A call from L1 makes the L2 say it in the middle of the slot.
        const service = l2.contracts.messageService.address;
        const args = [1n, service];
        await l1.write("hub", "createProxy", args);
        const proxy = { address: await l1.read("hub", "proxyOf", args), abi: l2.contracts.messageService.abi };
        await l1.write(proxy, "broadcastMessage", [message(3)], { gas: 3_000_000n });
        const publisher = await l2.client.readContract({
            address: "0x4c53000000000000000000000000000000000003",
            abi: l1.contracts.hub.abi, functionName: "proxyOf", args: [0n, l1.account.address],
        });
        assert.equal(await l2.read("messageService", "isSent", [message(3), publisher]), true);
        assert.equal(await isReceived(l3, message(3), publisher), false);
        await nextSlot();
        assert.equal(await isReceived(l3, message(3), publisher), true);
        // Heard once: there is nothing to post for it any more.
        const head = await l2.client.getBlockNumber();
        await nextSlot();
        await nextSlot();
        assert.equal(await l2.client.getBlockNumber(), head);
    });

    test("what the L2 tells L1 is not for the L3", async () => {
        const head = await l2.client.getBlockNumber();
        const sent = await send(l2, 0n, nobody(2));
        await nextSlot();
        assert.equal(await l2.client.getBlockNumber(), head + 1n, "no batch was made for it");
        await exchange(l2);
        assert.equal(await isReceived(l3, sent.id, l2.contracts.messenger.address), false);
        await deliver(l1, sent, await proofOf(l2, sent));
        assert.equal(await l1.balance(nobody(2)), parseEther("1"));
    });

    test("a transaction of the L3 waits for a message of the L2", async () => {
        const { address } = l3.account;
        const { baseFeePerGas } = await l3.client.getBlock();
        const raw = await signConditional(l3.account, {
            chainId: l3.chainId, nonce: await l3.client.getTransactionCount({ address }), to: nobody(4), value: 4n,
            gas: 100_000n, maxFeePerGas: 2n * baseFeePerGas, maxPriorityFeePerGas: 1n, messageSlots: [slotOf(message(4), address)],
        });
        const hash = await l3.client.sendRawTransaction({ serializedTransaction: raw });
        await nextSlot();
        assert.equal(await l3.balance(nobody(4)), 0n);
        await l2.write("messageService", "broadcastMessage", [message(4)]);
        await nextSlot();
        assert.equal((await l3.client.getTransactionReceipt({ hash })).status, "success");
        assert.equal(await l3.balance(nobody(4)), 4n);
    });

    test("what the L2's slot block has no gas for behind the L3's batch stays for the next", async () => {
        const messageSlots = [slotOf(message(41), l1.account.address)];
        const hashes = [];
        for (let i = 0; i < 5; i++) {
            const { account } = n.as(1 + i).rollups[0];
            const raw = await signConditional(account, {
                ...{ chainId: l2.chainId, nonce: await l2.client.getTransactionCount({ address: account.address }), messageSlots },
                ...{ data: "0x5b5f56", gas: 16_777_216n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n }, // for ever
            });
            hashes.push(await l2.rpc("eth_sendRawTransaction", [raw]));
        }
        await l2.write("messageService", "broadcastMessage", [message(40)]);
        await l1.write("messageService", "broadcastMessage", [message(41)]);
        assert.equal(await isReceived(l3, message(40), l2.account.address), true);
        const slot = await l2.client.getBlock({ blockTag: "safe" });
        // Of its 60,000,000 the L3's batch takes some.
        assert.equal(hashes.filter((hash) => slot.transactions.includes(hash)).length, 3);
        for (const hash of hashes) assert.equal((await l2.client.waitForTransactionReceipt({ hash })).status, "reverted");
    });

    test("a token goes down two levels and back up", async () => {
        const me = l1.account.address;
        const terms = { ...TERMS, gasLimit: 3_000_000n };
        const early = { fee: 0n, until: 0n };
        const bridge = async (from, rollupId, token, amount) =>
            leftIn(from, await from.write("bridge", "sendErc20", [rollupId, token, me, amount, early, terms]));
        const give = (on, sent, proof = "0x") =>
            on.write("messenger", "deliver", [sent.message, proof, me], { gas: 8_000_000n });
        const token = await l1.deploy(contracts.Token, [0]);
        await l1.write(token, "mint", [me, 1000n]);
        await l1.write(token, "approve", [l1.contracts.bridge.address, 1000n]);
        await give(l2, await bridge(l1, 1n, token.address, 600n));
        const onL2 = { address: await l2.read("bridge", "tokenFor", [0n, token.address]), abi: bridged };
        await l2.write(onL2, "approve", [l2.contracts.bridge.address, 400n]);
        const down = await bridge(l2, 1n, onL2.address, 400n);
        assert.equal(await l2.read("bridge", "locked", [1n, onL2.address]), 400n);
        await nextSlot();
        await give(l3, down);
        const onL3 = { address: await l3.read("bridge", "tokenFor", [0n, onL2.address]), abi: bridged };
        assert.equal(await l3.read(onL3, "balanceOf", [me]), 400n);
        assert.equal(await l3.read(onL3, "symbol"), "TOK");
        const up = await bridge(l3, 0n, onL3.address, 150n);
        await exchange(l2);
        await give(l2, up, await proofOf(l3, up));
        assert.deepEqual([await l2.read(onL2, "balanceOf", [me]), await l3.read(onL3, "balanceOf", [me])], [350n, 250n]);
        const further = await bridge(l2, 0n, onL2.address, 350n);
        await exchange(l1);
        await give(l1, further, await proofOf(l2, further));
        assert.equal(await l1.read(token, "balanceOf", [me]), 750n);
        assert.equal(await l1.read("bridge", "locked", [1n, token.address]), 250n);
    });

    test("the relayer serves every chain, also by way of the one in the middle", async () => {
        const key = n.network.accounts[5].privateKey;
        const env = { LOCKSTEP_RELAY_KEY: key };
        const args = ["relay", "--rpc", n.network.l1.url, "--fee-to", FEE_TO];
        const relay = () => runLockstep([...args, "--once"], { env });
        const forwarder = await l2.deploy(contracts.Forwarder);
        const onward = (rollupId, to) =>
            encodeAbiParameters(parseAbiParameters("uint64, address, uint256, bytes"), [rollupId, to, fee, "0x"]);
        const terms = { value: parseEther("1") + fee, fee, gasLimit: 1_000_000n };
        await send(l1, 1n, forwarder.address, { ...terms, payload: onward(1n, nobody(10)) });
        await send(l3, 0n, forwarder.address, { ...terms, payload: onward(0n, nobody(11)) });
        for (let i = 12; i < 16; i++) await send(i % 2 === 0 ? l2 : l3, i % 2 === 0 ? 1n : 0n, nobody(i), { fee });
        const first = await relay();
        assert.equal(first.code, 0, first.stderr);
        assert.match(first.stdout, /l1 to rollup1 .* delivered/);
        assert.match(first.stdout, /l3-1 to rollup1 .* waits for a batch/);
        // Killed as soon as it has said something, again and again, while slots pass.
        for (let i = 0; i < 4; i++) {
            await exchange(l2);
            await exchange(l1);
            const child = spawn(lockstepPath(), [...args, "--interval", "5"], {
                env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"],
            });
            const end = new Promise((resolve) => child.once("exit", resolve));
            const said = new Promise((resolve) => child.stdout.once("data", resolve));
            await Promise.race([said, new Promise((resolve) => setTimeout(resolve, 300))]);
            child.kill("SIGKILL");
            await end;
        }
        for (let i = 0; i < 3; i++) {
            await exchange(l2);
            await exchange(l1);
            await relay();
        }
        const where = { 10: l3, 11: l1, 12: l3, 13: l2, 14: l3, 15: l2 };
        for (const [i, chain] of Object.entries(where))
            assert.equal(await chain.balance(nobody(i)), parseEther("1"), `message ${i}`);
        assert.equal((await relay()).stdout, "0 delivered\n");
        await assertEtherAddsUp();
    });
});

describe("proven", () => {
    before(() => open({ ...LEVELS, importPolicy: "none" }));
    after(close);

    test("from the L2 to the L3, against the L3's anchor", async () => {
        const sent = await send(l2, 1n, nobody(1));
        await nextSlot();
        await assert.rejects(proofOf(l2, sent, 1), /in a block after/);
        await exchange(l2);
        const refused = [sent.message, "0x", FEE_TO];
        assert.match(await l3.refusal("messenger", "deliver", refused), /^MessageNotReceived/);
        await deliver(l3, sent, await proofOf(l2, sent, 1));
        assert.equal(await l3.balance(nobody(1)), parseEther("1"));
        await assertEtherAddsUp();
    });

    test("from the L3 to the L2, against a root that the L2's Hub has", async () => {
        const held = await l2.read("hub", "balanceOf", [1n]);
        const sent = await send(l3, 0n, nobody(2), { fee });
        await assert.rejects(proofOf(l3, sent), /in a block after/);
        await exchange(l2);
        const proof = await proofOf(l3, sent);
        for (const other of [l1, cousin])
            assert.equal(await other.refusal("messenger", "deliver", [sent.message, proof, FEE_TO]), "NotForThisChain()");
        const changed = { ...sent.message, value: parseEther("2") };
        assert.match(await l2.refusal("messenger", "deliver", [changed, proof, FEE_TO]), /\w+/);
        await deliver(l2, sent, proof);
        assert.equal(await l2.balance(nobody(2)), parseEther("1"));
        assert.equal(await l2.read("hub", "balanceOf", [1n]), held - parseEther("1") - fee);
        assert.match(await l2.refusal("messenger", "deliver", [sent.message, proof, FEE_TO]), /^AlreadyDelivered/);
        await assertEtherAddsUp();
    });

    test("a failed one is given up on the L3, and recalled on the L2", async () => {
        const recipient = await l3.deploy(contracts.Recipient);
        await l3.write(recipient, "set", [true, false]);
        const sent = await send(l2, 1n, recipient.address, { payload: "0x01" });
        await exchange(l2);
        await deliver(l3, sent, await proofOf(l2, sent, 1));
        assert.equal(await l3.read("messenger", "status", [sent.id]), 1);
        await l3.write("messenger", "giveUp", [sent.message, "0x"]);
        await exchange(l2);
        const said = await l3.read("messenger", "givenUp", [sent.id, true]);
        const proof = await proofOf(l3, { id: said });
        const before = await l2.balance(l2.account.address);
        const { gasUsed, effectiveGasPrice } = await l2.write("messenger", "recall", [sent.message, true, proof]);
        assert.equal(await l2.balance(l2.account.address), before + parseEther("1") - gasUsed * effectiveGasPrice);
        await assertEtherAddsUp();
    });

    test("what no proof can be asked for", async () => {
        const sent = await send(l3, 0n, nobody(3));
        const of = l3.contracts.messenger.address;
        await assert.rejects(l3.rpc("lockstep_getMessageProof", [sent.id, of, 1]), /there is no rollup 1 of l3-1/);
        await assert.rejects(l2.rpc("lockstep_getMessageProof", [sent.id, of, 2]), /there is no rollup 2 of rollup1/);
        await assert.rejects(l2.rpc("lockstep_getMessageProof", [sent.id, of]), /has not broadcast this message on rollup1/);
    });
});
