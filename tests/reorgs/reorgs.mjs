// Random reorganisations of L1 under users who deposit, withdraw, bridge tokens, pay early and call across chains,
// with restarts, snapshots, dumps and rollbacks in between; after each of them everything in invariants.mjs holds.
//
//     node tests/reorgs/reorgs.mjs [ROUNDS=1000] [SEED=…]        (make reorgs)
//
// A network lives for some rounds; what it is like, and each round, follow from the seed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { RpcError, lockstepPath, runLockstep } from "../lib/network.mjs";
import { generator } from "../lib/random.mjs";
import { Dice, act } from "./actions.mjs";
import { Network, encode, furnish, hex } from "./chains.mjs";
import { Listener } from "./listeners.mjs";
import { Seen, check, readMessages } from "./invariants.mjs";

const EPISODE_ROUNDS = 25;
const DEPTH_MAX = 6;
const RELAY_MS = 15_000; // for what is left when nobody is at it any more
const RELAYER = 9; // which account

/** What a round may be, and how often. */
const KINDS = [["reorg", 12], ["load", 4], ["rollback", 1], ["revert", 1], ["load state", 1], ["rollup", 1], ["amend", 1], ["restart", 2], ["kill", 2]];

/** One network, its users, and what was seen of it. */
class Episode {
    constructor(dice, say) {
        this.dice = dice;
        this.say = say;
        this.counts = {};
        this.refused = new Map();
    }

    count(what, n = 1) {
        this.counts[what] = (this.counts[what] ?? 0) + n;
    }

    async open() {
        const { dice } = this;
        const isKept = dice.chance(0.4);
        this.folder = isKept ? mkdtempSync(join(tmpdir(), "lockstep-reorgs-")) : null;
        this.hasSlots = dice.chance(0.3);
        this.hasRelay = !this.hasSlots && dice.chance(0.4);
        const options = { silent: true, rollups: 1 + dice.below(2), baseFee: 0 };
        if (dice.chance(0.6)) options.l3 = 1;
        if (dice.chance(0.3)) options.importPolicy = "none";
        if (dice.chance(0.2)) options.anchorEvery = 1 + dice.below(4);
        if (dice.chance(0.3)) options.forceDelay = 2 + dice.below(4);
        if (isKept) options.datadir = join(this.folder, "data");
        this.network = await new Network(options).start();
        this.say(JSON.stringify({ ...options, slots: this.hasSlots, relay: this.hasRelay }));
        await furnish(this.network);
        this.floor = await this.network.l1.height(); // below it are the contracts
        this.seen = new Seen(this.network.chains);
        if (this.hasSlots) await this.network.l1.rpc("evm_setAutomine", [false]);
        await this.watch();
        this.startRelay();
        await this.look();
    }

    async close() {
        await this.checkNothingWaits();
        await this.checkRelay();
        await this.look();
        this.count("arrived", this.network.messages.filter(({ status }) => status === 2).length);
        for (const chain of this.network.chains) {
            const hashes = [...this.seen.receipts.get(chain).keys()];
            for (const { result } of await chain.batch(hashes.map((hash) => ["eth_getTransactionReceipt", [hash]])))
                if (result !== null) this.count(result.status === "0x1" ? "succeeded" : "failed");
        }
        this.count("open", this.network.messages.filter(({ status }) => status !== 2).length);
        this.stopRelay();
        for (const listener of this.listeners) listener.close();
        assert.equal((await this.network.stop()).code, 0);
        await this.checkFiles();
        if (this.folder !== null) rmSync(this.folder, { recursive: true });
    }

    async checkFiles() {
        if (this.folder === null) return;
        const { code, stdout, stderr } = await runLockstep(["check", "--datadir", this.network.options.datadir]);
        assert.equal(code, 0, `lockstep check: ${stdout}${stderr}`);
    }

    // --- the relayer, which goes on all the time

    startRelay() {
        if (!this.hasRelay) return;
        const { l1, keys } = this.network;
        const env = { ...process.env, LOCKSTEP_RELAY_KEY: keys[RELAYER] };
        this.relay = spawn(lockstepPath(), ["relay", "--rpc", l1.url, "--at-a-loss", "--interval", "5"], { env, stdio: ["ignore", "ignore", "pipe"] });
        this.relay.said = "";
        this.relay.stderr.on("data", (text) => (this.relay.said += text));
        this.relay.ended = new Promise((resolve) => this.relay.once("exit", (code, signal) => resolve(signal ?? code)));
        this.relay.unref();
    }

    stopRelay() {
        this.relay?.kill("SIGKILL");
        this.relay = undefined;
    }

    /** Everything between L1 and its rollups arrives once L1 has the rollups' blocks. */
    async checkRelay() {
        if (!this.hasRelay) return;
        const { l1, accounts } = this.network;
        const end = performance.now() + RELAY_MS;
        for (;;) {
            for (const rollup of l1.children) await l1.send(accounts[8], l1.proxies.get(rollup), { data: encode("purse", "hit", [1n]) });
            const left = (await this.paused(() => readMessages(this.network))).filter(({ from, to, status }) => status === 0 && (from === l1 || to === l1));
            if (left.length === 0) return;
            assert.ok(performance.now() < end, `the relayer leaves ${left.length} messages: ${left[0].id}, ${left[0].from.name} to ${left[0].to.name}\n${this.relay.said}`);
            await sleep(50);
        }
    }

    /** What can be in a block is in one: nothing was forgotten in a pool. */
    async checkNothingWaits() {
        const { l1, chains } = this.network;
        for (let i = 0; i < 4; i++) {
            await l1.rpc("evm_mine");
            await this.quiet();
        }
        for (const chain of chains) {
            const { pending } = await chain.rpc("txpool_content");
            // A conditional one may wait for its message.
            const waits = Object.values(pending).flatMap((list) => Object.values(list)).filter(({ type }) => type !== "0x4c");
            assert.deepEqual(waits, [], `${chain.name}: transactions that wait`);
        }
    }

    /** Does something while the relayer does nothing. */
    async paused(work) {
        this.relay?.kill("SIGSTOP");
        await this.quiet();
        try {
            return await work();
        } finally {
            this.relay?.kill("SIGCONT");
        }
    }

    // --- who listens

    async watch() {
        for (const listener of this.listeners ?? []) listener.close();
        this.listeners = await Promise.all(this.network.chains.map((chain) => new Listener().open(chain)));
    }

    /** All invariants. */
    async look() {
        await this.paused(async () => {
            this.network.messages = await check(this.network, this.seen);
            for (const listener of this.listeners) await listener.check(this.seen.isAmended);
        });
    }

    // --- what happens

    /** An action; the node may refuse it, but not fail. */
    async act() {
        try {
            const done = await act(this.network, this.dice);
            this.count(done === null ? "idle" : "actions");
        } catch (error) {
            if (!(error instanceof RpcError) || error.code === -32603) throw error;
            this.count("refused");
            this.refused.set(error.text, (this.refused.get(error.text) ?? 0) + 1);
        }
    }

    /** What a worker may answer, of a network that changes meanwhile. */
    async read(chain) {
        const any = hex(await chain.height());
        const question = this.dice.one([["eth_getLogs", [{ fromBlock: "0x1" }]], ["debug_traceBlockByNumber", [any]], ["eth_getProof", [chain.places.purse, ["0x0"], any]],
            ["eth_call", [{ to: [...chain.proxies.values()][0], data: encode("purse", "hit", [1n]) }, "latest"]], ["lockstep_getExecutionTable", [any]]]);
        try {
            await chain.rpc(...question);
        } catch (error) {
            if (!(error instanceof RpcError) || error.code === -32603) throw error;
        }
    }

    async acts(n) {
        for (let i = 0; i < n; i++) {
            await this.act();
            if (this.hasSlots && this.dice.chance(0.3)) await this.network.l1.rpc("evm_mine");
        }
    }

    /** How many blocks of L1 may go. */
    async depth() {
        const room = (await this.network.l1.height()) - this.floor;
        return Math.min(1 + this.dice.below(DEPTH_MAX), room);
    }

    /** Some of the transactions of the blocks that go, for the new ones: so that messages are sent again. */
    async again(depth) {
        const { l1 } = this.network;
        const height = await l1.height();
        const raws = [];
        for (let n = height - depth + 1; n <= height; n++)
            for (const { hash, from } of (await l1.block(n, true)).transactions)
                if (this.network.accounts.includes(from.toLowerCase())) raws.push(await l1.rpc("eth_getRawTransactionByHash", [hash]));
        const kept = raws.slice(0, this.dice.below(raws.length + 1));
        const pairs = [];
        let block = 0;
        for (const raw of kept) {
            if (this.dice.chance(0.3)) block = Math.min(block + 1, depth - 1);
            pairs.push([raw, block]);
        }
        return pairs;
    }

    /** Users' transactions that are in blocks of rollups; not conditional ones, which may be late by then. */
    async users() {
        const found = [];
        for (const chain of this.network.rollups)
            for (const [tx] of this.seen.receipts.get(chain)) found.push([chain, tx]);
        const kept = [];
        for (const [chain, hash] of found) {
            const tx = await chain.rpc("eth_getTransactionByHash", [hash]);
            if (tx !== null && !["0x7e", "0x4c"].includes(tx.type) && this.network.accounts.includes(tx.from)) kept.push({ chain, hash, nonce: Number(tx.nonce), from: tx.from });
        }
        return kept;
    }

    /** What users did on rollups they have still done, or it waits. */
    async checkUsers(users) {
        for (const { chain, hash, nonce, from } of users) {
            if ((await chain.rpc("eth_getTransactionByHash", [hash])) !== null) continue;
            // Its nonce may be another's: of one that was sent before it had its turn again.
            const used = Number(await chain.rpc("eth_getTransactionCount", [from, "latest"])) > nonce;
            assert.ok(used, `${chain.name}: ${hash} is gone`);
            this.count("displaced");
        }
    }

    async reorg() {
        const depth = await this.depth();
        if (depth === 0) return;
        await this.look();
        const users = await this.users();
        const height = await this.network.l1.height();
        const pairs = this.dice.chance(0.6) ? await this.again(depth) : [];
        try {
            await this.network.l1.rpc("anvil_reorg", [depth, pairs]);
        } catch (error) {
            if (!(error instanceof RpcError) || error.code === -32603) throw error;
            this.refused.set(error.text, (this.refused.get(error.text) ?? 0) + 1);
        }
        assert.ok((await this.network.l1.height()) >= height);
        await this.checkUsers(users);
        this.count("blocks", depth);
    }

    /** A reorganisation while users are at it. */
    async load() {
        const depth = await this.depth();
        const all = Array.from({ length: 4 + this.dice.below(8) }, () => this.act());
        for (const chain of this.network.chains) for (let i = 0; i < 3; i++) all.push(this.read(chain));
        await sleep(this.dice.below(8));
        if (depth > 0) all.push(this.network.l1.rpc("anvil_reorg", [depth, []]));
        for (let i = 0; i < 4; i++) all.push(this.act());
        await Promise.all(all);
        this.count("blocks", depth);
        await this.quiet();
    }

    /** Until nothing is on its way any more. */
    async quiet() {
        let before = "";
        for (;;) {
            const now = JSON.stringify(await Promise.all(this.network.chains.map(async (chain) => [await chain.height(), await chain.rpc("txpool_status")])));
            if (now === before) return;
            before = now;
            await sleep(5);
        }
    }

    async rollback() {
        const depth = await this.depth();
        if (depth > 0) await this.network.l1.rpc("anvil_rollback", [depth]);
    }

    async revert() {
        const any = () => this.dice.one(this.network.chains);
        const id = await any().rpc("evm_snapshot");
        await this.acts(this.dice.below(6));
        if (this.dice.chance(0.3)) await this.reorg();
        await any().rpc("evm_revert", [id]);
    }

    async loadState() {
        if (this.folder !== null) return;
        const any = () => this.dice.one(this.network.chains);
        const dump = await any().rpc("anvil_dumpState");
        await this.acts(this.dice.below(6));
        if (this.dice.chance(0.3)) await this.reorg();
        assert.equal(await any().rpc("anvil_loadState", [dump]), true);
    }

    /** A rollup's own blocks that its parent does not know. */
    async rollup() {
        const rollup = this.dice.one(this.network.rollups);
        await this.acts(3);
        const room = (await rollup.height()) - Number((await rollup.block("safe")).number);
        if (room > 0) await rollup.rpc("anvil_reorg", [1 + this.dice.below(room), []]);
    }

    /** A state that is set from outside, and with it the newest blocks. */
    async amend() {
        const chain = this.dice.one(this.network.chains);
        this.seen.isAmended = true;
        const params = [`0x${(0xc0de00 + this.dice.below(9)).toString(16).padStart(40, "0")}`, hex(0x6000 + this.dice.below(256))];
        await chain.rpc("anvil_setCode", params).catch((error) => {
            if (!/setAutoBatch/.test(error.message)) throw error; // a rollup that cannot post its blocks first
        });
        await this.acts(2);
        await this.reorg();
    }

    async restart(signal = "SIGINT") {
        if (this.folder === null) return;
        this.stopRelay();
        await this.network.stop(signal);
        await this.startAgain();
    }

    async startAgain() {
        await this.checkFiles();
        await this.network.start();
        if (this.hasSlots) await this.network.l1.rpc("evm_setAutomine", [false]);
        await this.watch();
        this.startRelay();
    }

    /** A kill in the middle of a reorganisation. */
    async kill() {
        if (this.folder === null) return;
        await this.look();
        const users = await this.users();
        const depth = await this.depth();
        const pairs = depth > 0 ? await this.again(depth) : [];
        const over = this.network.l1.rpc("anvil_reorg", [depth, pairs]).then(() => true, () => false);
        await sleep(this.dice.random() * 12);
        this.stopRelay();
        await this.network.stop("SIGKILL");
        this.count(await over ? "killed late" : "killed");
        await this.startAgain();
        if (!this.hasSlots) await this.checkUsers(users);
    }

    async round() {
        const all = KINDS.reduce((sum, [, weight]) => sum + weight, 0);
        let at = this.dice.below(all);
        const [kind] = KINDS.find(([, weight]) => (at -= weight) < 0);
        await this.acts(this.dice.below(10));
        this.kind = kind;
        this.count(kind);
        const isHeld = this.dice.chance(0.1); // the rollups' blocks stay with them
        if (isHeld) await this.network.l1.rpc("lockstep_setAutoBatch", [false]);
        const work = { reorg: this.reorg, load: this.load, rollback: this.rollback, revert: this.revert, "load state": this.loadState, rollup: this.rollup, amend: this.amend, restart: this.restart, kill: this.kill };
        await work[kind].call(this);
        if (isHeld) await this.network.l1.rpc("lockstep_setAutoBatch", [true]);
        await this.look();
    }
}

/** Runs so many rounds; gives what was done. */
export async function runReorgs({ rounds, seed, episodeRounds = EPISODE_ROUNDS, say = () => {} }) {
    const random = generator(seed);
    const total = {};
    const refused = new Map();
    for (let done = 0; done < rounds;) {
        const episode = new Episode(new Dice(random), say);
        const at = () => `SEED=${seed}: round ${done} (${episode.kind})`;
        try {
            await episode.open();
            for (let i = 0; i < episodeRounds && done < rounds; i++, done++) await episode.round();
            await episode.close();
        } catch (error) {
            say(`${at()} failed${episode.folder ? `; the files are in ${episode.folder}` : ""}`);
            say(episode.network?.process?.output.stderr ?? "");
            episode.stopRelay();
            episode.network?.process?.process.kill("SIGKILL");
            throw error;
        }
        for (const [what, n] of Object.entries(episode.counts)) total[what] = (total[what] ?? 0) + n;
        for (const [text, n] of episode.refused) refused.set(text, (refused.get(text) ?? 0) + n);
        say(`${done} rounds ${JSON.stringify(total)}`);
    }
    return { ...total, refused: Object.fromEntries(refused) };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    const rounds = Number(process.env.ROUNDS ?? 1000);
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    console.log(`SEED=${seed} ROUNDS=${rounds}`);
    const begin = performance.now();
    const done = await runReorgs({ rounds, seed, say: console.log });
    console.log(`${JSON.stringify(done, null, 1)} in ${Math.round((performance.now() - begin) / 1000)} s: everything held`);
    process.exit(0);
}
