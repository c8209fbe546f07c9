// Transactions in bulk, as fast as a node takes them: transfers signed beforehand, sent by a lean client
// (src/node/bench_load.c, whose own ceiling is the row load/ceiling/lockstep). anvil runs in turn.
//   load/blocks_1|blocks_10|blocks_batch/SUBJECT   20,000 from 10 accounts, blocks of 1 s; 1 connection,
//                                 10, 1 with batches of 100: mined per second, to the last block
//   load/automine_sync|automine_receipt/SUBJECT    one client that waits for each receipt:
//                                 eth_sendRawTransactionSync; send, then ask. Of each 500: transactions
//                                 per second. anvil's are the first 500; it slows down afterwards
//   load/cpu_…/SUBJECT            the same runs: processor time of the node for each transaction, which
//                                 other work on the machine changes less
//   load/automine_sync_100000/lockstep             of each 500 after 100,000 transactions
//   load/automine_at_once/lockstep                 20,000 sent without waiting; anvil does not finish
//   load/memory_…/lockstep        after 1,000,000 transactions in blocks of 1 s, in memory and with
//                                 --datadir: of the process, of its private part, the files on disk.
//                                 Takes minutes; only when asked for: BENCH=load/memory
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as subjects from "./lib/subjects.mjs";
import { hangUp, lockstep, memory, processorTime, programs, rpc, start } from "./lib/subjects.mjs";

const ROUNDS = 3;
const COUNT = 20_000;
const MILLION = 1_000_000;
const AFTER = 100_000;
const WINDOW = 500;
const GAS_LIMIT = "1000000000";
const generator = join(dirname(lockstep), "bench/node/bench_load");
const wanted = (name) => subjects.wanted("load", `${name}/`) || subjects.wanted("load", `cpu_${name}/`);
const row = (name, unit, values) => subjects.row("load", name, unit, values);
const run = promisify(execFile);

// Runs the generator against a node; what it prints, and the processor time for each transaction.
async function load(node, options) {
    const before = processorTime(node.pid);
    const words = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    const chain = Number(await rpc(node.url, "eth_chainId"));
    const { stdout, stderr } = await run(generator, [node.port, `chain=${chain}`, ...words], { maxBuffer: 1 << 24 });
    const result = JSON.parse(stdout);
    if (result.errors > 0) throw new Error(`${result.errors} transactions were refused: ${stderr}`);
    return { ...result, cpu: (processorTime(node.pid) - before) / result.count };
}

// Rows of what one case has measured: transactions per second, processor time for each.
function rows(name, subject, rates, times) {
    row(`${name}/${subject}`, "tx/s", rates);
    row(`cpu_${name}/${subject}`, "us", times);
}

const inBlocks = {
    lockstep: ["--slot-time", "1000", "--gas-limit", GAS_LIMIT],
    anvil: ["--block-time", "1", "--gas-limit", GAS_LIMIT],
};

async function benchBlocks(name, options) {
    const rates = { lockstep: [], anvil: [] };
    const times = { lockstep: [], anvil: [] };
    for (let round = 0; round < ROUNDS; round++)
        for (const subject of Object.keys(programs)) {
            const node = await start(subject, inBlocks[subject]);
            const { mined, minedSeconds, cpu } = await load(node, { count: COUNT, ...options });
            if (mined !== COUNT) throw new Error(`${subject} mined ${mined} of ${COUNT}`);
            rates[subject].push(mined / minedSeconds);
            times[subject].push(cpu);
            await node.stop();
        }
    for (const subject of Object.keys(programs)) rows(name, subject, rates[subject], times[subject]);
}

async function benchWaiting(name, mode) {
    for (const subject of Object.keys(programs)) {
        const rates = [];
        const times = [];
        for (let round = 0; round < ROUNDS; round++) {
            const node = await start(subject);
            // A node that has just started is slower for its first transactions.
            await load(node, { mode, count: 10, accounts: 1 });
            const options = { mode, first: 10, accounts: 1, window: WINDOW };
            const done = await load(node, { count: subject === "anvil" ? WINDOW : 6 * WINDOW, ...options });
            rates.push(...done.rates);
            times.push(done.cpu);
            await node.stop();
        }
        rows(name, subject, rates, times);
    }
}

async function benchLongChain() {
    const node = await start("lockstep");
    const options = { mode: "sync", accounts: 1, window: WINDOW };
    await load(node, { count: AFTER, ...options });
    const { rates, cpu } = await load(node, { count: 10 * WINDOW, first: AFTER, ...options });
    rows("automine_sync_100000", "lockstep", rates, [cpu]);
    await node.stop();
}

async function benchAtOnce() {
    const rates = [];
    const times = [];
    for (let round = 0; round < ROUNDS; round++) {
        const node = await start("lockstep");
        const { mined, minedSeconds, cpu } = await load(node, { count: COUNT, connections: 10, depth: COUNT });
        if (mined !== COUNT) throw new Error(`mined ${mined} of ${COUNT}`);
        rates.push(mined / minedSeconds);
        times.push(cpu);
        await node.stop();
    }
    rows("automine_at_once", "lockstep", rates, times);
}

// The chains' files, which a network without --datadir has removed but holds open.
function fileSize(pid) {
    const sizes = new Map();
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const path = `/proc/${pid}/fd/${fd}`;
        if (!/data\.mdb/.test(readlinkSync(path))) continue;
        const { ino, blocks } = statSync(path);
        sizes.set(ino, blocks / 2048);
    }
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

// The highest of each size after each tenth of a million transactions: one that grows shows in the
// distance between least and greatest.
async function benchMemory(name, args) {
    const node = await start("lockstep", [...inBlocks.lockstep, ...args]);
    const sizes = { VmRSS: [], RssAnon: [], files: [] };
    for (let i = 0; i < 10; i++) {
        await load(node, { count: MILLION / 10, first: (i * MILLION) / 100, batch: 100, connections: 2 });
        for (const which of ["VmRSS", "RssAnon"]) sizes[which].push(memory(node.pid, which));
        sizes.files.push(fileSize(node.pid));
    }
    row(`memory_${name}_resident/lockstep`, "MiB", sizes.VmRSS);
    row(`memory_${name}_private/lockstep`, "MiB", sizes.RssAnon);
    row(`memory_${name}_files/lockstep`, "MiB", sizes.files);
    await node.stop();
}

if (wanted("blocks_1")) await benchBlocks("blocks_1", { connections: 1 });
if (wanted("blocks_10")) await benchBlocks("blocks_10", { connections: 10 });
if (wanted("blocks_batch")) await benchBlocks("blocks_batch", { batch: 100 });
if (wanted("automine_sync")) await benchWaiting("automine_sync", "sync");
if (wanted("automine_receipt")) await benchWaiting("automine_receipt", "receipt");
if (wanted("automine_sync_100000")) await benchLongChain();
if (wanted("automine_at_once")) await benchAtOnce();
if ((process.env.BENCH ?? "").startsWith("load/memory")) {
    if (wanted("memory_temporary")) await benchMemory("temporary", []);
    const folder = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
    if (wanted("memory_datadir")) await benchMemory("datadir", ["--datadir", folder]);
    rmSync(folder, { recursive: true });
}
hangUp();
