// What the benchmarks of whole programs share: starting lockstep and anvil, asking them, printing rows.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const lockstep = process.env.LOCKSTEP ?? "build/release/lockstep";
const machine = process.arch === "arm64" ? "arm64" : "amd64";
// The program itself: what stands in node_modules/.bin is a script that starts it.
const anvil = `node_modules/@foundry-rs/anvil-linux-${machine}/bin/anvil`;
export const programs = { lockstep, anvil };

export const now = () => Number(process.hrtime.bigint()) / 1e6;
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Whether rows of area/name are asked for (BENCH).
export function wanted(area, name) {
    const bench = process.env.BENCH ?? "";
    return `${area}/${name}`.startsWith(bench) || bench.startsWith(`${area}/${name}`);
}

export function row(area, name, unit, values) {
    values.sort((a, b) => a - b);
    const middle = values[Math.floor(values.length / 2)];
    const [min, median, max] = [values[0], middle, values.at(-1)].map((v) => v.toFixed(3));
    console.log(`${area}/${name},${unit},${min},${median},${max}`);
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let id = 0;
export function rpc(url, method, params = []) {
    return new Promise((resolve, reject) => {
        const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
        const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
        const r = request(url, { method: "POST", agent, headers }, (response) => {
            let text = "";
            response.on("data", (part) => (text += part));
            response.on("end", () => {
                const answer = JSON.parse(text);
                if (answer.error) reject(new Error(`${method}: ${answer.error.message}`));
                else resolve(answer.result);
            });
        });
        r.on("error", reject);
        r.end(body);
    });
}
export const hangUp = () => agent.destroy();

// anvil leaves gigabytes of old states in its user's home: a home of its own goes with the benchmark.
const home = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

const listen = (port) =>
    new Promise((resolve) => {
        const server = createServer();
        server.once("error", () => resolve(null));
        server.listen(port, "127.0.0.1", () => resolve(server));
    });

// A port with two more free ones behind it, for the rollups.
async function freePort() {
    for (;;) {
        const servers = [await listen(0)];
        const { port } = servers[0].address();
        for (const next of [port + 1, port + 2]) servers.push(next < 65536 ? await listen(next) : null);
        const isFree = !servers.includes(null);
        await Promise.all(servers.map((server) => new Promise((done) => (server ? server.close(done) : done()))));
        if (isFree) return port;
    }
}

// Starts a subject and returns it when it has answered; ms is how long that took.
export async function start(subject, args = []) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const begin = now();
    const child = spawn(programs[subject], ["--port", `${port}`, "--silent", ...args], {
        stdio: ["ignore", "ignore", "inherit"],
        env: { ...process.env, HOME: home },
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    while (true) {
        if (child.exitCode !== null) throw new Error(`${subject} ended with ${child.exitCode}`);
        try {
            await rpc(url, "eth_chainId");
            break;
        } catch {
            await sleep(0.2);
        }
    }
    const ms = now() - begin;
    const stop = (signal = "SIGTERM") => (child.kill(signal), ended);
    return { url, port, ms, pid: child.pid, stop };
}

// Processor time a process has used, user's and system's, in microseconds.
export function processorTime(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10_000; // in hundredths of a second (proc(5))
}

// One of the sizes in /proc/PID/status, in MiB.
export function memory(pid, name = "VmRSS") {
    return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}
