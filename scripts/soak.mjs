// A network under mixed load for a while, watched for memory that grows (make soak [MINUTES=60]):
// transfers by the thousand, calls, logs, traces, calls across chains, a rollup's own transactions,
// subscriptions, blob-sized input, requests that are refused.
//
// Prints what the process holds every so often and fails when its private memory has grown, from the
// first third to the last, by more than GROWTH_MAX; when a request fails that should not;
// or when the network does not stop in good order. DATADIR=1 keeps the chains in a folder.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { encodeFunctionData, webSocket } from "viem";
import { World, artifact, connect } from "../examples/demo/world.mjs";
import { lockstepPath, startNetwork } from "../tests/lib/network.mjs";

const MINUTES = Number(process.env.MINUTES ?? 60);
const GROWTH_MAX = 64; // MiB
const WARM_MIN = 128; // MiB that a network may reach without anything having grown
const SAMPLES = 60; // over the whole time
if (!(MINUTES > 0 && MINUTES <= 1440)) {
    console.error(`soak: MINUTES=${process.env.MINUTES}: a number from 0 to 1440 is wanted`);
    process.exit(2);
}

const run = promisify(execFile);
const generator = join(dirname(lockstepPath()), "bench/node/bench_load");
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const folder = process.env.DATADIR ? mkdtempSync(join(tmpdir(), "lockstep-soak-")) : undefined;
const network = await startNetwork({ ...(folder && { datadir: folder }), accounts: 12 });
const [l1, rollup1] = network.chains.map((chain, i) => connect(chain, network.accounts[10 + (i > 0)].privateKey));
let end = Date.now() + MINUTES * 60_000;
const counts = {};
const count = (what, by = 1) => (counts[what] = (counts[what] ?? 0) + by);

function memory() {
    const status = readFileSync(`/proc/${network.process.pid}/status`, "utf8");
    const size = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)[1]) / 1024;
    return { all: size("VmRSS"), own: size("RssAnon") };
}

// --- the load --------------------------------------------------------------------------------------

const world = new World({ l1, rollup1 });
const counter = await world.deploy("rollup1", "Counter");
const reference = await world.reference("l1", counter);
const add = encodeFunctionData({ abi: artifact("Counter").abi, functionName: "add", args: [1n] });
const [sender, other] = network.accounts.slice(10).map(({ address }) => address);

// Accounts 0 to 9, from the generator: waiting for receipts, then all at once.
let first = 0;
async function transfers() {
    for (const options of [["mode=sync", "count=2000", "connections=2"], ["count=8000", "connections=10", "depth=800"]]) {
        const words = [new URL(network.l1.url).port, `chain=${network.l1.chainId}`, `first=${first}`, ...options];
        const result = JSON.parse((await run(generator, words, { maxBuffer: 1 << 24 })).stdout);
        if (result.errors > 0 || result.mined !== result.count) throw new Error(`transfers: ${JSON.stringify(result)}`);
        first += result.count / 10;
        count("transfers", result.count);
    }
}

async function crossings() {
    for (let i = 0; i < 20; i++) {
        const call = { from: sender, to: reference, data: add, gas: "0x1e8480" };
        const hash = await network.l1.rpc("eth_sendTransaction", [call]);
        const receipt = await network.l1.rpc("eth_getTransactionReceipt", [hash]);
        if (receipt.status !== "0x1") throw new Error(`crossing ${hash} failed`);
        await network.l1.rpc("debug_traceTransaction", [hash, { tracer: "callTracer", tracerConfig: { withLog: true } }]);
        await network.l1.rpc("lockstep_traceTransaction", [hash]);
        count("crossings");
        const own = await network.rollups[0].rpc("eth_sendTransaction", [{ from: other, to: sender, value: "0x1", gas: "0x5208" }]);
        await network.rollups[0].rpc("eth_getTransactionReceipt", [own]);
        count("rollup transactions");
    }
}

async function reads() {
    for (let i = 0; i < 50; i++) {
        const head = Number(await network.l1.rpc("eth_blockNumber"));
        const some = "0x" + Math.max(1, Math.floor(Math.random() * head)).toString(16);
        const calls = [
            ["eth_call", [{ to: reference, data: add }, "latest"]],
            ["eth_estimateGas", [{ from: sender, to: other, value: "0x1" }]],
            ["eth_getBlockByNumber", [some, true]],
            ["eth_getBlockReceipts", [some]],
            ["eth_getBalance", [sender, some]],
            ["eth_getProof", [sender, ["0x0"], some]],
            ["eth_getLogs", [{ fromBlock: "0x" + Math.max(0, head - 1000).toString(16) }]],
            ["eth_feeHistory", ["0x20", "latest", [10, 50]]],
            ["debug_traceBlockByNumber", [some, { tracer: "prestateTracer" }]],
            ["txpool_content", []],
        ];
        for (const answer of await network.l1.batch(calls))
            if (answer.error) throw new Error(`${calls[answer.id][0]}: ${answer.error.message}`);
        count("reads", calls.length);
        const filter = await network.l1.rpc("eth_newBlockFilter");
        await network.l1.rpc("eth_getFilterChanges", [filter]);
        await network.l1.rpc("eth_uninstallFilter", [filter]);
        await sleep(20);
    }
}

async function refusals() {
    for (let i = 0; i < 50; i++) {
        const text = "x".repeat(1 + Math.floor(Math.random() * 50_000));
        const answers = await network.l1.batch([
            ["eth_sendRawTransaction", ["0x" + "02".repeat(100)]],
            ["eth_call", [{ to: "0x1234" }]],
            ["no_such_method", [text]],
        ]);
        if (answers.some(({ error }) => error === undefined)) throw new Error("nonsense was accepted");
        count("refusals", answers.length);
        await sleep(50);
    }
}

// A subscriber that comes and goes.
async function subscriptions() {
    const { value: socket } = webSocket(network.l1.url.replace("http", "ws"))({ retryCount: 0 });
    for (const params of [["newHeads"], ["logs", {}], ["newPendingTransactions"]])
        await socket.subscribe({ params, onData: () => count("notifications"), onError: () => {} });
    await sleep(Math.min(10_000, Math.max(0, end - Date.now())));
    (await socket.getRpcClient()).close();
}

async function again(work) {
    while (Date.now() < end) await work();
}

// --- the watch -------------------------------------------------------------------------------------

const samples = [];
async function watch() {
    const start = Date.now();
    console.log("minute  resident MiB  private MiB  done");
    while (Date.now() < end) {
        await sleep(Math.min((MINUTES * 60_000) / SAMPLES, Math.max(0, end - Date.now())));
        const { all, own } = memory();
        samples.push(own);
        const done = Object.entries(counts).map(([what, n]) => `${n} ${what}`);
        const minute = ((Date.now() - start) / 60_000).toFixed(1);
        console.log(`${minute.padStart(6)}  ${all.toFixed(1).padStart(12)}  ${own.toFixed(1).padStart(11)}  ${done.join(", ")}`);
    }
}

let failed = false;
try {
    await Promise.all([watch(), ...[transfers, crossings, reads, refusals, subscriptions].map(again)]);
} catch (error) {
    console.error(`soak: ${error.stack}`);
    console.error(network.output.stderr);
    failed = true;
    end = 0; // the others go on until they see it
}
const stopped = await network.stop();
if (folder) rmSync(folder, { recursive: true });
// Peaks are compared: of the first third, in which everything warms up, and of the last.
const third = Math.ceil(samples.length / 3);
const [warm, last] = [samples.slice(0, third), samples.slice(-third)].map((part) => Math.max(...part));
if (!failed) console.log(`soak: private memory ${warm.toFixed(1)} MiB at most in the first third, ${last.toFixed(1)} in the last`);
if (last - Math.max(warm, WARM_MIN) > GROWTH_MAX) {
    console.error(`soak: it has grown by more than ${GROWTH_MAX} MiB`);
    failed = true;
}
if (stopped.code !== 0) {
    console.error(`soak: the network ended with ${stopped.signal ?? stopped.code}`);
    failed = true;
}
process.exit(failed ? 1 : 0);
