// What holds after anything that may happen to L1 (docs/messaging.md): nothing here knows what was done.
import assert from "node:assert/strict";
import { encodeEventTopics } from "viem";
import { abis, hex, lower } from "./chains.mjs";

const BATCH_POSTED = encodeEventTopics({ abi: abis.hub, eventName: "BatchPosted" });
const BADGE_IDS = 10;
const STATUS_DELIVERED = 2;
const ZERO = "0x0000000000000000000000000000000000000000";

/** What was seen in earlier looks, by chain: receipts, blocks, and how far batches were followed. */
export class Seen {
    constructor(chains) {
        this.receipts = new Map(chains.map((chain) => [chain, new Map()])); // transaction -> block
        this.blocks = new Map(chains.map((chain) => [chain, []])); // by number: hash
        this.isAmended = false;
        this.burnt = []; // on L1, by number: wei up to that block
        this.followed = new Map(chains.map((chain) => [chain, new Set()])); // hashes of blocks
    }
}

/** All blocks of a chain, anew from where they are others than before. */
async function readBlocks(chain, seen) {
    const known = seen.blocks.get(chain);
    const height = await chain.height();
    let first = Math.min(known.length, height + 1);
    while (first > 0 && (await chain.block(first - 1)).hash !== known[first - 1]) first--;
    const removed = known.splice(first);
    const numbers = Array.from({ length: height + 1 - first }, (_, i) => first + i);
    const answers = numbers.length === 0 ? [] : await chain.batch(numbers.map((n) => ["eth_getBlockByNumber", [hex(n), true]]));
    const blocks = answers.map(({ result }) => result);
    for (const block of blocks) {
        known.push(block.hash);
        for (const tx of block.transactions) {
            seen.receipts.get(chain).set(tx.hash, block.hash);
            for (const who of [tx.from, tx.to]) if (who !== null) chain.holders.add(lower(who));
        }
    }
    return { first, blocks, removed };
}

/** Blocks that were removed are not there, and no receipt is of one. */
async function checkRemoved(chain, seen, removed) {
    for (const hash of removed) {
        const there = await chain.rpc("eth_getBlockByHash", [hash, false]);
        // The newest block has another hash when its state is set, and is still found by the one that it had.
        assert.ok(there === null || seen.blocks.get(chain).includes(there.hash), `${chain.name}: ${hash} was removed`);
    }
    const canonical = new Set(seen.blocks.get(chain));
    const receipts = seen.receipts.get(chain);
    const gone = [...receipts].filter(([, hash]) => !canonical.has(hash)).map(([tx]) => tx);
    const answers = gone.length === 0 ? [] : await chain.batch(gone.map((tx) => ["eth_getTransactionReceipt", [tx]]));
    for (const [i, { result }] of answers.entries()) {
        if (result === null) receipts.delete(gone[i]);
        else assert.ok(canonical.has(result.blockHash), `${chain.name}: the receipt of ${gone[i]} is of a block that is not there`);
    }
}

/** Transactions that have posted a batch can be followed: from L1's block alone come the facts that it was made of. */
async function checkFollowed(chain, seen, blocks) {
    const followed = seen.followed.get(chain);
    for (const block of blocks) {
        if (followed.has(block.hash) || block.number === "0x0") continue;
        followed.add(block.hash);
        const logs = await chain.rpc("eth_getLogs", [{ blockHash: block.hash, address: chain.contracts.hub, topics: BATCH_POSTED }]);
        for (const tx of new Set(logs.map(({ transactionHash }) => transactionHash))) {
            try {
                assert.ok((await chain.rpc("lockstep_getBatchFiles", [tx])).length > 0);
            } catch (error) {
                // A state that was set from outside is not what batches have made.
                if (!seen.isAmended || !/no block of its store/.test(error.message)) throw error;
            }
        }
    }
}

/** The Hubs have the rollups' heads, and the rollups' anchors are blocks of their parents. */
async function checkHeads(network, seen) {
    const infos = await network.l1.rpc("lockstep_getRollups");
    for (const rollup of network.rollups) {
        const { head } = infos.find(({ name }) => name === rollup.name);
        assert.equal(head, (await rollup.block("safe")).stateRoot, `${rollup.name}: the head that its parent has`);
        const anchor = await rollup.call(rollup.contracts.anchor, "anchor", "latest");
        if (anchor.number === 0n) continue;
        assert.equal(anchor.blockHash, seen.blocks.get(rollup.parent)[Number(anchor.number)], `${rollup.name}: its anchor is no block of ${rollup.parent.name}`);
        const all = [];
        for (let n = Number(anchor.number); n > 0 && n > Number(anchor.number) - 20; n--) all.push(n);
        const kept = await rollup.calls(all.map((n) => [rollup.contracts.anchor, "anchor", "at", [BigInt(n)]]));
        for (const [i, at] of kept.entries())
            if (at !== null) assert.equal(at.blockHash, seen.blocks.get(rollup.parent)[all[i]], `${rollup.name}: anchor ${all[i]}`);
    }
}

/** Every message of the Messengers, where it goes, and whether it has arrived: once at most. */
export async function readMessages(network) {
    const messages = [];
    for (const chain of network.chains) {
        for (const { id, message, log } of await chain.events(chain.contracts.messenger, "messenger", "MessageLeft")) {
            const to = message.toParent ? chain.parent : chain.children.find(({ rollupId }) => rollupId === message.rollupId);
            messages.push({ id, message, from: chain, to, log });
        }
    }
    for (const chain of network.chains) {
        const own = messages.filter(({ to }) => to === chain);
        const found = await chain.calls(own.map(({ id }) => [chain.contracts.messenger, "messenger", "status", [id]]));
        const times = new Map();
        for (const { id } of await chain.events(chain.contracts.messenger, "messenger", "Delivered")) times.set(id, (times.get(id) ?? 0) + 1);
        for (const [i, one] of own.entries()) {
            one.status = Number(found[i]);
            assert.equal(times.get(one.id) ?? 0, one.status === STATUS_DELIVERED ? 1 : 0, `${chain.name}: message ${one.id} arrived as often as its status says`);
            times.delete(one.id);
        }
        assert.equal(times.size, 0, `${chain.name}: messages arrived that nobody sent: ${[...times.keys()]}`);
        assert.equal(new Set(own.map(({ id }) => id)).size, own.length);
    }
    return messages;
}

const isOver = ({ status }) => status === STATUS_DELIVERED;

async function sumOf(chain) {
    const answers = await chain.batch([...chain.holders].map((who) => ["eth_getBalance", [who, "latest"]]));
    return answers.reduce((sum, { result }) => sum + BigInt(result), 0n);
}

/** What L1 has is what it had, less what was burnt; each rollup has what its parent's Hub holds for it, less what is
 *  on its way. */
async function checkEther(network, seen, messages, { first, blocks }) {
    seen.burnt.length = first;
    for (const block of blocks) {
        const before = seen.burnt.at(-1) ?? 0n;
        seen.burnt.push(before + BigInt(block.baseFeePerGas) * BigInt(block.gasUsed));
    }
    const there = (await sumOf(network.l1)) + seen.burnt.at(-1);
    seen.ether ??= there;
    assert.equal(there, seen.ether, "ether on L1");
    for (const parent of network.chains) {
        let held = 0n;
        for (const rollup of parent.children) {
            const balance = await parent.call(parent.contracts.hub, "hub", "balanceOf", [rollup.rollupId]);
            held += balance;
            const between = messages.filter((one) => !isOver(one) && ((one.from === parent && one.to === rollup) || (one.from === rollup && one.to === parent)));
            const flying = between.reduce((sum, { message, status }) => sum + message.value + (status === 1 ? 0n : message.fee), 0n);
            assert.equal(balance, (await sumOf(rollup)) + flying, `ether of ${rollup.name} at the Hub of ${parent.name}`);
        }
        if (parent.children.length > 0) assert.equal(await parent.balanceOf(parent.contracts.hub), held, `ether of the Hub on ${parent.name}`);
    }
}

/** What is locked of a token is what there is of it elsewhere, or on its way. */
async function checkTokens(network, messages) {
    const open = new Map(messages.filter((one) => !isOver(one)).map((one) => [one.id, one]));
    const flying = [];
    for (const chain of network.chains)
        for (const { id, transfer } of await chain.events(chain.contracts.bridge, "bridge", "TransferLeft"))
            if (open.has(id)) flying.push({ ...open.get(id), transfer });
    for (const parent of network.chains.filter(({ children }) => children.length > 0)) {
        const { coin, badge } = parent.places;
        for (const child of parent.children) {
            const between = flying.filter(({ from, to }) => (from === parent && to === child) || (from === child && to === parent));
            const onTheWay = (token) => between.filter(({ transfer }) => lower(transfer.token) === token);
            const [madeCoin, madeBadge] = await child.calls([coin, badge].map((token) => [child.contracts.bridge, "bridge", "tokenFor", [0n, token]]));
            const locked = await parent.call(parent.contracts.bridge, "bridge", "locked", [child.rollupId, coin]);
            const made = madeCoin === ZERO ? 0n : await child.call(madeCoin, "coin", "totalSupply");
            const moving = onTheWay(coin).reduce((sum, { transfer }) => sum + transfer.amount, 0n);
            assert.equal(locked, made + moving, `coins of ${parent.name} on ${child.name}`);
            child.badges = new Map();
            const ids = Array.from({ length: BADGE_IDS }, (_, i) => BigInt(i + 1));
            const owners = madeBadge === ZERO ? ids.map(() => null) : await child.calls(ids.map((id) => [madeBadge, "badge", "ownerOf", [id]]));
            for (const [i, id] of ids.entries()) {
                const here = Number(owners[i] !== null);
                const away = onTheWay(badge).filter(({ transfer }) => transfer.amount === id).length;
                child.badges.set(id, here + away);
                if (here) child.badges.set(-id, lower(owners[i]));
            }
            Object.assign(child.places, { madeCoin: lower(madeCoin), madeBadge: lower(madeBadge) });
        }
        for (let id = 1n; id <= BADGE_IDS; id++) {
            const isLocked = lower(await parent.call(badge, "badge", "ownerOf", [id])) === lower(parent.contracts.bridge);
            const copies = parent.children.reduce((sum, child) => sum + child.badges.get(id), 0);
            assert.equal(copies, Number(isLocked), `badge ${id} of ${parent.name}`);
        }
    }
}

/** Everything. Nothing may happen meanwhile. Gives the messages. */
export async function check(network, seen) {
    const read = new Map();
    for (const chain of network.chains) read.set(chain, await readBlocks(chain, seen));
    for (const chain of network.chains) {
        const { removed, blocks } = read.get(chain);
        await checkRemoved(chain, seen, removed);
        if (chain.children.length > 0) await checkFollowed(chain, seen, blocks);
    }
    await checkHeads(network, seen);
    const messages = await readMessages(network);
    await checkEther(network, seen, messages, read.get(network.l1));
    await checkTokens(network, messages);
    return messages;
}
