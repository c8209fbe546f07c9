// What users do on the chains, chosen at random. An action may come to nothing (somebody was faster, there is nothing
// to deliver); what must hold is in invariants.mjs.
import { parseEther, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { messageSlot, signConditional } from "../../examples/lib/conditional.mjs";
import { encode, hex, lower } from "./chains.mjs";

const EARLY_S = 1_000_000n;
const GWEI = 10n ** 9n;
const CONDITIONAL_BLOCKS = 5n; // that one waits for its message
const CONDITIONAL = 8; // the account that sends these, so that nobody else's transactions wait behind them
const STATUS_DELIVERED = 2;

/** Draws for one run. */
export class Dice {
    constructor(random) {
        this.random = random;
    }

    below(n) {
        return Math.floor(this.random() * n);
    }

    one(list) {
        return list[this.below(list.length)];
    }

    chance(p) {
        return this.random() < p;
    }
}

const terms = (dice, gasLimit = 1_500_000n) => ({ owner: zeroAddress, fee: dice.chance(0.5) ? parseEther("0.05") : 0n, gasLimit, deadline: 0n });
const someone = (chain, dice) => {
    const who = `0x${(0xbeef00 + dice.below(6)).toString(16).padStart(40, "0")}`;
    chain.holders.add(who);
    return who;
};

/** A chain, and one that messages go to from there: its parent (0), or one of its rollups. */
function way(network, dice) {
    const from = dice.one(network.chains);
    const to = dice.one([...from.children, ...(from.parent === undefined ? [] : [from.parent])]);
    return { from, to, rollupId: to === from.parent ? 0n : to.rollupId };
}

/** Ether by a message, sometimes to be paid early. */
async function sendEther(network, dice, sender) {
    const { from, to, rollupId } = way(network, dice);
    const { timestamp } = await from.block("latest");
    const t = terms(dice);
    const value = 1n + BigInt(dice.below(1e9));
    const early = dice.chance(0.4) ? { fee: value / 10n, until: BigInt(timestamp) + EARLY_S } : { fee: 0n, until: 0n };
    const data = encode("bridge", "sendEther", [rollupId, someone(to, dice), early, t]);
    return [from, await from.send(sender, from.contracts.bridge, { data, value: value + t.fee })];
}

async function sendCoin(network, dice, sender) {
    const { from, to, rollupId } = way(network, dice);
    const token = rollupId === 0n ? from.places.madeCoin : from.places.coin;
    if (token === undefined || token === zeroAddress) return null;
    const t = terms(dice, 3_000_000n);
    const amount = 1n + BigInt(dice.below(1e6));
    const data = encode("bridge", "sendErc20", [rollupId, token, dice.one(network.accounts), amount, { fee: 0n, until: 0n }, t]);
    return [from, await from.send(sender, from.contracts.bridge, { data, value: t.fee })];
}

async function sendBadge(network, dice) {
    const { from, to, rollupId } = way(network, dice);
    const token = rollupId === 0n ? from.places.madeBadge : from.places.badge;
    if (token === undefined || token === zeroAddress) return null;
    const id = 1n + BigInt(dice.below(10));
    let [owner] = await from.calls([[token, "badge", "ownerOf", [id]]]);
    owner = owner === null ? null : lower(owner);
    if (!network.accounts.slice(0, CONDITIONAL).includes(owner)) return null;
    const t = terms(dice, 4_000_000n);
    const data = encode("bridge", "sendErc721", [rollupId, token, dice.one(network.accounts), id, t]);
    return [from, await from.send(owner, from.contracts.bridge, { data, value: t.fee })];
}

const openOf = (network) => (network.messages ?? []).filter(({ status }) => status !== STATUS_DELIVERED);

/** Delivers a message that was on its way at the last look; it may be void by now. */
async function deliver(network, dice, sender) {
    const open = openOf(network);
    if (open.length === 0) return null;
    const { id, message, from, to } = dice.one(open);
    let proof = "0x";
    const isImported = to.parent === from && (await to.call(to.contracts.messageService, "service", "isReceived", [id, from.contracts.messenger]));
    if (!isImported) {
        const rollup = to.parent === from ? [Number(to.rollupId)] : [];
        try {
            ({ proof } = await from.rpc("lockstep_getMessageProof", [id, from.contracts.messenger, ...rollup]));
        } catch (error) {
            if (/newest of it|not broadcast|no message|not sent|was not|has not/.test(error.message)) return null;
            throw error;
        }
    }
    const data = encode("messenger", "deliver", [message, proof, sender]);
    return [to, await to.send(sender, to.contracts.messenger, { data, gas: 9_000_000 })];
}

/** Pays a transfer of ether before it arrives. */
async function payEarly(network, dice, sender) {
    const open = openOf(network).filter(({ message, to }) => lower(message.recipient) === lower(to.contracts.bridge));
    if (open.length === 0) return null;
    const { id, message, from, to } = dice.one(open);
    const left = (await from.events(from.contracts.bridge, "bridge", "TransferLeft")).find((one) => one.id === id);
    if (left === undefined || left.transfer.asset !== 0) return null;
    const value = left.transfer.amount - left.transfer.earlyFee;
    return [to, await to.send(sender, to.contracts.bridge, { data: encode("bridge", "payEarly", [message]), value })];
}

/** A call to another chain, with ether, sometimes on to a third one. */
async function callAcross(network, dice, sender) {
    const from = dice.one(network.chains);
    const other = dice.one(from.neighbours);
    const value = dice.chance(0.5) ? BigInt(dice.below(1e6)) : 0n;
    let data = encode("purse", "hit", [BigInt(dice.below(100))]);
    if (dice.chance(0.3)) {
        const next = dice.one(other.neighbours);
        data = encode("purse", "hop", [other.proxies.get(next), data, BigInt(dice.below(101))]);
    }
    return [from, await from.send(sender, from.proxies.get(other), { data, value })];
}

/** Nothing but this chain. */
async function stay(network, dice, sender) {
    const chain = dice.one(network.chains);
    if (dice.chance(0.5)) return [chain, await chain.send(sender, dice.one(network.accounts), { value: BigInt(dice.below(1e9)), gas: 21_000 })];
    return [chain, await chain.send(sender, chain.places.purse, { data: encode("purse", "hit", [1n]), value: BigInt(dice.below(1e3)) })];
}

/** Two transactions on L1, in the next block together or not at all. */
async function bundle(network, dice, sender) {
    const { l1 } = network;
    const nonce = Number(await l1.rpc("eth_getTransactionCount", [sender, "latest"]));
    const fees = { maxFeePerGas: hex(10n * GWEI), maxPriorityFeePerGas: hex(GWEI) };
    const txs = [];
    for (const i of [0, 1]) {
        const to = l1.proxies.get(dice.one(l1.children));
        const tx = { from: sender, to, data: encode("purse", "hit", [1n]), value: hex(dice.below(1e3)), nonce: hex(nonce + i), gas: hex(4_000_000), ...fees };
        txs.push((await l1.rpc("eth_signTransaction", [tx])).raw);
    }
    await l1.rpc("eth_sendBundle", [{ txs, blockNumber: hex((await l1.height()) + 1) }]);
    return [l1, null];
}

/** A batch of somebody's own, with a payment on the rollup, behind a deposit that it imports. */
async function propose(network, dice, sender) {
    const { l1 } = network;
    const rollup = dice.one(l1.children);
    const proposer = dice.one(network.accounts.slice(0, 8).filter((who) => who !== sender));
    const fees = { maxFeePerGas: hex(10n * GWEI), maxPriorityFeePerGas: hex(GWEI) };
    const sign = async (chain, from, tx) => {
        const nonce = await chain.rpc("eth_getTransactionCount", [from, "latest"]);
        return (await chain.rpc("eth_signTransaction", [{ from, nonce, ...fees, ...tx }])).raw;
    };
    const t = terms(dice);
    const value = 1n + BigInt(dice.below(1e9));
    const deposit = encode("bridge", "sendEther", [rollup.rollupId, someone(rollup, dice), { fee: 0n, until: 0n }, t]);
    const before = [await sign(l1, sender, { to: l1.contracts.bridge, data: deposit, value: hex(value + t.fee), gas: hex(1_000_000) })];
    const payment = await sign(rollup, sender, { to: dice.one(network.accounts), value: hex(dice.below(1e9)), gas: hex(21_000) });
    const wish = { from: proposer, before, rollups: [{ rollupId: Number(rollup.rollupId), transactions: [payment] }] };
    const { transaction } = await l1.rpc("lockstep_prepareBatch", [wish]);
    const { to, data, gas } = transaction;
    const txs = [...before, await sign(l1, proposer, { to, data, gas })];
    await l1.rpc("eth_sendBundle", [{ txs, blockNumber: hex((await l1.height()) + 1) }]);
    return [l1, null];
}

/** A delivery that is only good in a block that has its message. */
async function deliverIfImported(network) {
    const { l1, keys } = network;
    const open = openOf(network).filter(({ from }) => from === l1);
    if (open.length === 0) return null;
    const { id, message, to } = open.at(-1);
    const account = privateKeyToAccount(keys[CONDITIONAL]);
    const head = BigInt(await to.height());
    const raw = await signConditional(account, {
        chainId: BigInt(await to.rpc("eth_chainId")), nonce: Number(await to.rpc("eth_getTransactionCount", [account.address, "pending"])),
        to: to.contracts.messenger, data: encode("messenger", "deliver", [message, "0x", account.address]), gas: 9_000_000n,
        maxFeePerGas: 10n * GWEI, maxPriorityFeePerGas: GWEI, lastBlock: head + CONDITIONAL_BLOCKS,
        messageSlots: [messageSlot(id, l1.contracts.messenger)],
    });
    return [to, await to.rpc("eth_sendRawTransaction", [raw])];
}

/** From an account that nobody has the key of. */
async function impersonate(network, dice) {
    const chain = dice.one(network.chains);
    const who = someone(chain, dice);
    if ((await chain.balanceOf(who)) < 21_000n * 10n * GWEI) return [chain, await chain.send(dice.one(network.accounts.slice(0, CONDITIONAL)), who, { value: 10n ** 15n, gas: 21_000 })];
    await chain.rpc("anvil_impersonateAccount", [who]);
    return [chain, await chain.send(who, dice.one(network.accounts), { value: 1n, gas: 21_000 })];
}

/** Blocks without cause, and time that goes by. */
async function wait(network, dice) {
    const chain = dice.one(network.chains);
    if (dice.chance(0.3)) await chain.rpc("evm_increaseTime", [1 + dice.below(500)]);
    await chain.rpc("anvil_mine", [hex(1 + dice.below(3))]);
    return [chain, null];
}

/** A transaction of a rollup by the queue of its parent's Hub. */
async function force(network, dice, sender) {
    const to = dice.one(network.rollups);
    const from = to.parent;
    const nonce = hex(await to.rpc("eth_getTransactionCount", [sender, "pending"]));
    const tx = { from: sender, to: to.places.purse, data: encode("purse", "hit", [1n]), value: hex(dice.below(1e3)), nonce, gas: hex(200_000), maxFeePerGas: hex(10n * GWEI), maxPriorityFeePerGas: "0x1" };
    const { raw } = await to.rpc("eth_signTransaction", [tx]);
    const value = await from.call(from.contracts.hub, "hub", "forceFee", [to.rollupId]);
    return [from, await from.send(sender, from.contracts.hub, { data: encode("hub", "forceTransaction", [to.rollupId, raw]), value: value * 2n })];
}

const ACTIONS = [sendEther, sendEther, sendCoin, sendBadge, deliver, deliver, deliver, deliver, payEarly, callAcross, callAcross, callAcross, stay, stay, bundle, propose, deliverIfImported, impersonate, wait, force];

/** One of them: [chain, hash], or null if it came to nothing. */
export const act = (network, dice) => dice.one(ACTIONS)(network, dice, dice.one(network.accounts.slice(0, 8)));
