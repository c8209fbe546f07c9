// How many JSON-RPC requests are answered in a second: wrk with 1 and with 16 connections, each of
// which sends its next request when it has its answer. anvil runs in turn with us, round by round, so
// that ratios hold whatever the machine. All share its cores, wrk too.
//   requests/METHOD_CONNECTIONS/SUBJECT    eth_call: a contract that returns one word
//   requests/idle/SUBJECT, requests/loaded/SUBJECT    resident memory before all that and after it
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROUNDS = 5;
const SECONDS = 1;
const START_TIMEOUT_MS = 20_000;
const IDLE_MS = 1000; // until nothing of the start goes on
const lockstep = process.env.LOCKSTEP ?? "build/release/lockstep";
const machine = process.arch === "arm64" ? "arm64" : "amd64";
const anvil = `node_modules/@foundry-rs/anvil-linux-${machine}/bin/anvil`;
const bench = process.env.BENCH ?? "";
const wanted = (name) => `requests/${name}`.startsWith(bench) || bench.startsWith(`requests/${name}`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const account = `0x${"f39fd6e51aad88f6f4ce6ab8827279cfffb92266"}`; // account 0 of both
const contract = `0x${"c0de".repeat(10)}`;
const answer = `0x${"2a".padStart(64, "0")}`;
const code = "0x602a60005260206000f3"; // return 42
const methods = {
    eth_blockNumber: { params: [], result: /^0x[0-9a-f]+$/ },
    eth_getBalance: { params: [account, "latest"], result: /^0x[1-9a-f][0-9a-f]+$/ },
    eth_call: { params: [{ to: contract, data: "0x" }, "latest"], result: new RegExp(`^${answer}$`) },
};

function row(name, unit, values) {
    values.sort((a, b) => a - b);
    const middle = values[Math.floor(values.length / 2)];
    console.log(`requests/${name},${unit},${[values[0], middle, values.at(-1)].map((v) => v.toFixed(1))}`);
}

const body = (method, params) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

async function rpc(url, method, params = []) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: body(method, params) });
    const { result, error } = await response.json();
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
}

const freePort = () =>
    new Promise((resolve) => {
        const server = createServer().listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });

const resident = (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

async function start(program) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const child = spawn(program, ["--port", `${port}`, "--silent"], { stdio: ["ignore", "ignore", "inherit"] });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const begin = performance.now();
    while (true) {
        if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
        if (performance.now() - begin > START_TIMEOUT_MS) throw new Error(`${program} does not answer`);
        try {
            await rpc(url, "eth_chainId");
            break;
        } catch {
            await sleep(5);
        }
    }
    await sleep(IDLE_MS);
    const idle = resident(child.pid);
    await rpc(url, "anvil_setCode", [contract, code]);
    return { url, idle, loaded: () => resident(child.pid), stop: () => (child.kill("SIGTERM"), ended) };
}

const folder = mkdtempSync(join(tmpdir(), "lockstep-bench-"));

function scriptFor(method) {
    const file = join(folder, `${method}.lua`);
    writeFileSync(
        file,
        `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[${body(method, methods[method].params)}]]
function done(summary, latency)
    local e = summary.errors
    local failed = e.connect + e.read + e.write + e.timeout + e.status
    io.write(string.format("RESULT %d %d %d\\n", summary.requests, summary.duration, failed))
end
`,
    );
    return file;
}

// Requests per second; anything but good answers makes it throw.
function load(url, method, connections) {
    const words = ["-t1", `-c${connections}`, `-d${SECONDS}s`, "-s", join(folder, `${method}.lua`), url];
    const output = execFileSync("wrk", words, { encoding: "utf8" });
    const [, requests, microseconds, failed] = /RESULT (\d+) (\d+) (\d+)/.exec(output).map(Number);
    if (failed > 0) throw new Error(`${method}: ${failed} requests failed\n${output}`);
    return (requests / microseconds) * 1e6;
}

const nodes = {};
try {
    nodes.lockstep = await start(lockstep);
    nodes.anvil = await start(anvil);
    const subjects = Object.entries(nodes);
    if (wanted("idle")) for (const [subject, node] of subjects) row(`idle/${subject}`, "MiB", [node.idle]);
    for (const method of Object.keys(methods)) {
        scriptFor(method);
        for (const { url } of Object.values(nodes)) {
            const got = await rpc(url, method, methods[method].params);
            if (!methods[method].result.test(got)) throw new Error(`${method} at ${url} answers ${got}`);
        }
        for (const connections of [1, 16]) {
            const name = `${method}_${connections}`;
            if (!wanted(name)) continue;
            const rates = { lockstep: [], anvil: [] };
            for (let round = 0; round < ROUNDS; round++)
                for (const [subject, node] of subjects) rates[subject].push(load(node.url, method, connections));
            for (const [subject] of subjects) row(`${name}/${subject}`, "requests/s", rates[subject]);
        }
    }
    if (wanted("loaded")) for (const [subject, node] of subjects) row(`loaded/${subject}`, "MiB", [node.loaded()]);
} finally {
    for (const node of Object.values(nodes)) await node.stop();
    rmSync(folder, { recursive: true, force: true });
}
