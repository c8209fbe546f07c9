// Kills a network with a data directory over and over, and looks at what is there afterwards.
//
//     node tests/crash/kills.mjs [KILLS=500] [SEED=…]        (make crash)
//
// Under the kill: transfers of several senders on every chain, calls into contracts, calls across
// chains in both directions, with automine or a slot time; in some rounds state that is set, reverts to
// snapshots and reorganisations; some kills come while the node starts. What a client was told (a
// receipt, a new head) must be there after the next start with the same hash; `lockstep check` computes
// everything anew before that start; the Hub must have the rollups' heads; and it must go on.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { encodeFunctionData, numberToHex, parseAbi, webSocket } from "viem";
import { artifact } from "../../examples/demo/world.mjs";
import { RpcError, rpcBatch, runLockstep, spawnLockstep, startNetwork } from "../lib/network.mjs";
import { number, signer } from "../lib/transactions.mjs";
import { generator } from "../lib/random.mjs";

const hubAbi = parseAbi(["function createProxy(uint64 rollupId, address target) returns (address)"]);
const ROLLUPS = 2;
const ACCOUNTS = 12;
const RUN_MAX_MS = 420;
const START_MAX_MS = 70;
const CHECKED_OLD = 40; // of the blocks of earlier rounds, looked at again in each

const counter = artifact("Counter");
const add = encodeFunctionData({ abi: counter.abi, functionName: "add", args: [1n] });

/** What clients were told: blocks and receipts, by chain. */
class Told {
    constructor(chains) {
        this.blocks = Array.from({ length: chains }, () => new Map()); // hash -> number
        this.receipts = Array.from({ length: chains }, () => new Map()); // transaction -> receipt
    }
    block(chain, n, hash) {
        this.blocks[chain].set(hash, n);
    }
    receipt(chain, receipt) {
        this.receipts[chain].set(receipt.transactionHash, receipt);
        this.block(chain, number(receipt.blockNumber), receipt.blockHash);
    }
    /** A revert has begun: of what is above, nothing is promised any more. */
    forgetAbove(floors) {
        for (const [i, floor] of floors.entries()) {
            for (const [hash, n] of this.blocks[i]) if (n > floor) this.blocks[i].delete(hash);
            for (const [hash, r] of this.receipts[i]) if (number(r.blockNumber) > floor) this.receipts[i].delete(hash);
        }
    }
    count() {
        return this.blocks.reduce((sum, { size }) => sum + size, 0);
    }
}

/** Where a reorganisation of L1's newest blocks leaves the chains: rollups go to what L1 knows of them. */
const floors = (network) =>
    Promise.all(network.chains.map(async ({ rpc }) => number((await rpc("eth_getBlockByNumber", ["safe", false])).number)));

/** Contracts on every chain, and proxies for calls in both directions. */
async function deploy(network) {
    const from = network.accounts[0].address;
    const send = async (chain, tx) => {
        const receipt = await waitReceipt(chain, await chain.rpc("eth_sendTransaction", [{ from, ...tx }]), () => false);
        assert.equal(receipt.status, "0x1");
        return receipt;
    };
    const places = [];
    for (const chain of network.chains) {
        places.push({ counter: (await send(chain, { data: counter.bytecode })).contractAddress });
    }
    for (const [i, chain] of network.chains.entries()) {
        const to = i === 0 ? 1 : 0; // whom it calls
        const data = encodeFunctionData({ abi: hubAbi, functionName: "createProxy", args: [BigInt(to), places[to].counter] });
        await send(chain, { to: chain.contracts[i === 0 ? "hub" : "l2Hub"], data });
        places[i].proxy = await chain.rpc("lockstep_proxyOf", [numberToHex(to), places[to].counter]);
    }
    return places;
}

/** Goes on until the connection breaks. Returns what else went wrong. */
async function until(isOver, work) {
    while (!isOver()) {
        try {
            await work();
        } catch (error) {
            if (isOver() || !(error instanceof RpcError)) return isOver() ? null : error;
            if (!/is stopping/.test(error.message)) return error;
        }
    }
    return null;
}

async function waitReceipt(chain, hash, isOver) {
    for (;;) {
        const receipt = await chain.rpc("eth_getTransactionReceipt", [hash]);
        if (receipt !== null || isOver()) return receipt;
        await sleep(2);
    }
}

/** The stream of a round; `kind` says what else happens. */
function work(network, told, places, kind, random, isOver) {
    const { chains, accounts } = network;
    const workers = [];
    const run = (worker) => workers.push(until(isOver, worker));
    const note = (i, receipt) => {
        if (receipt !== null && !isOver() && kind !== "back") told.receipt(i, receipt);
    };
    for (const [i, chain] of chains.entries()) {
        // Transfers: two senders on each chain, nonces counted here.
        for (const which of [1, 2]) {
            const { address, sign } = signer(chain, accounts[which + 2 * i].privateKey);
            let nonce = null;
            run(async () => {
                nonce ??= number(await chain.rpc("eth_getTransactionCount", [address, "latest"]));
                const hash = await chain.rpc("eth_sendRawTransaction", [await sign({ nonce })]).catch((error) => {
                    nonce = null; // after a revert it is another
                    throw error;
                });
                if (nonce !== null) nonce++;
                const receipt = await waitReceipt(chain, hash, isOver);
                if (receipt === null) nonce = null;
                note(i, receipt);
            });
        }
        // Calls: into a contract here, and through a proxy on another chain.
        const from = accounts[9 + (i % 3)].address;
        run(async () => {
            const tx = { from, to: random() < 0.5 ? places[i].counter : places[i].proxy, data: add };
            note(i, await waitReceipt(chain, await chain.rpc("eth_sendTransaction", [tx]), isOver));
        });
    }
    if (kind === "set") {
        run(async () => {
            const i = Math.floor(random() * chains.length);
            const who = numberToHex(BigInt(Math.floor(random() * 1e9)) + 10_000n, { size: 20 });
            await chains[i].rpc("anvil_setBalance", [who, "0x1"]);
        });
    }
    if (kind === "back") {
        run(async () => {
            if (random() < 0.5) {
                const snapshot = await chains[0].rpc("evm_snapshot");
                await sleep(random() * 40);
                await chains[Math.floor(random() * chains.length)].rpc("evm_revert", [snapshot]);
            } else {
                await chains[0].rpc("anvil_mine", ["0x2"]);
                await chains[0].rpc("anvil_reorg", [1 + Math.floor(random() * 2), []]);
            }
        });
    }
    return workers;
}

/** New heads, as a client on a WebSocket sees them. */
async function listen(network, told, isOver) {
    const clients = [];
    for (const [i, chain] of network.chains.entries()) {
        const transport = webSocket(chain.url.replace("http", "ws"), { keepAlive: false, reconnect: false, retryCount: 0 });
        const { value } = transport({ retryCount: 0 });
        clients.push(await value.getRpcClient());
        await value.subscribe({
            params: ["newHeads"],
            onData: ({ result }) => isOver() || told.block(i, number(result.number), result.hash),
            onError: () => {},
        });
    }
    return clients;
}

/** Everything that was told is there. */
async function checkTold(network, told, random, all) {
    for (const [i, chain] of network.chains.entries()) {
        const pick = (entries) => (all ? entries : [...entries.slice(-400), ...Array.from({ length: CHECKED_OLD }, () => entries[Math.floor(random() * entries.length)])]);
        const blocks = [...told.blocks[i]];
        const receipts = [...told.receipts[i].values()];
        const some = { blocks: blocks.length > 400 ? pick(blocks) : blocks, receipts: receipts.length > 400 ? pick(receipts) : receipts };
        for (let at = 0; at < some.blocks.length; at += 500) {
            const part = some.blocks.slice(at, at + 500);
            const answers = await rpcBatch(chain.url, part.map(([hash]) => ["eth_getBlockByHash", [hash, false]]));
            for (const [k, [hash, n]] of part.entries()) {
                assert.ok(answers[k].result, `${chain.name}: block ${n} ${hash} is lost`);
                assert.equal(number(answers[k].result.number), n);
            }
        }
        for (let at = 0; at < some.receipts.length; at += 500) {
            const part = some.receipts.slice(at, at + 500);
            const answers = await rpcBatch(chain.url, part.map(({ transactionHash }) => ["eth_getTransactionReceipt", [transactionHash]]));
            for (const [k, receipt] of part.entries()) {
                const found = answers[k].result;
                assert.ok(found, `${chain.name}: transaction ${receipt.transactionHash} is lost`);
                for (const name of ["blockNumber", "transactionIndex", "status", "gasUsed", "cumulativeGasUsed"]) assert.equal(found[name], receipt[name]);
            }
        }
    }
}

/** The Hub and the rollups agree, and each chain makes a block. */
async function checkHeads(network, places) {
    const infos = await network.l1.rpc("lockstep_getRollups");
    for (const [i, rollup] of network.rollups.entries())
        assert.equal(infos[i].head, (await rollup.rpc("eth_getBlockByNumber", ["safe", false])).stateRoot, `${rollup.name}: L1 has another head`);
    for (const [i, chain] of network.chains.entries()) {
        const total = async () => number(await chain.rpc("eth_getStorageAt", [places[i].counter, "0x0", "latest"]));
        const before = await total();
        const hash = await chain.rpc("eth_sendTransaction", [{ from: network.accounts[0].address, to: places[i].counter, data: add }]);
        const receipt = await waitReceipt(chain, hash, () => false);
        assert.equal(receipt.status, "0x1");
        assert.ok((await total()) > before);
    }
}

/** Kills while it starts; the directory may be empty yet. */
async function killStart(options, random) {
    const child = spawnLockstep(options);
    await sleep(random() * START_MAX_MS);
    child.process.kill("SIGKILL");
    await child.closed;
}

async function checkFiles(datadir) {
    const { code, stdout, stderr } = await runLockstep(["check", "--datadir", datadir]);
    assert.equal(code, 0, `lockstep check: ${stdout}${stderr}`);
}

/** Runs so many kills; gives what was done. */
export async function runKills({ kills, seed, say = () => {} }) {
    const random = generator(seed);
    const folder = mkdtempSync(join(tmpdir(), "lockstep-crash-"));
    const datadir = join(folder, "data");
    const base = { silent: true, rollups: ROLLUPS, accounts: ACCOUNTS, datadir };
    const kinds = ["plain", "plain", "plain", "set", "back"];
    const counts = { kills: 0, starts: 0, plain: 0, set: 0, back: 0 };
    let told = null;
    let places = null;
    let network = null;
    try {
        // The first start of all, interrupted.
        for (let i = 0; i < Math.max(3, kills / 25); i++) {
            const first = { ...base, datadir: join(folder, `first${i}`) };
            await killStart(first, random);
            network = await startNetwork(first);
            await network.stop("SIGKILL");
            await checkFiles(first.datadir);
            rmSync(first.datadir, { recursive: true });
            counts.starts++;
        }
        while (counts.kills < kills) {
            const kind = counts.kills === 0 ? "plain" : kinds[Math.floor(random() * kinds.length)];
            const slotTime = random() < 0.4 ? 10 + Math.floor(random() * 60) : 0;
            if (places !== null && random() < 0.2) {
                await killStart({ ...base, slotTime }, random);
                await checkFiles(datadir);
                counts.starts++;
            }
            network = await startNetwork({ ...base, slotTime });
            told ??= new Told(network.chains.length);
            places ??= await deploy(network);
            let isDead = false;
            const isOver = () => isDead;
            await checkTold(network, told, random, false);
            await checkHeads(network, places);
            const clients = kind === "back" ? [] : await listen(network, told, isOver);
            const before = await floors(network);
            const workers = work(network, told, places, kind, random, isOver);
            await sleep(random() * RUN_MAX_MS);
            isDead = true;
            network.process.kill("SIGKILL");
            const errors = (await Promise.all(workers)).filter((error) => error !== null);
            await network.closed;
            for (const client of clients) client.close();
            if (errors.length > 0 && kind !== "back") throw errors[0];
            if (kind === "back") told.forgetAbove(before);
            await checkFiles(datadir);
            counts.kills++;
            counts[kind]++;
            if (counts.kills % 25 === 0) say(`${counts.kills} kills, ${told.count()} blocks told of`);
        }
        network = await startNetwork(base);
        await checkTold(network, told, random, true);
        await checkHeads(network, places);
        assert.equal((await network.stop()).code, 0);
        await checkFiles(datadir);
        rmSync(folder, { recursive: true });
    } catch (error) {
        say(`SEED=${seed}: failed after ${counts.kills} kills; the files are in ${folder}`);
        network?.process.kill("SIGKILL");
        throw error;
    }
    return { ...counts, blocks: told.count(), receipts: told.receipts.reduce((sum, { size }) => sum + size, 0) };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    const kills = Number(process.env.KILLS ?? 500);
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    console.log(`SEED=${seed} KILLS=${kills}`);
    const begin = performance.now();
    const done = await runKills({ kills, seed, say: console.log });
    console.log(`${JSON.stringify(done)} in ${Math.round((performance.now() - begin) / 1000)} s: nothing was lost`);
    process.exit(0);
}
