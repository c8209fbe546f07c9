// A network of one's own for a test, a demo or a benchmark: starts the lockstep binary ($LOCKSTEP,
// else the newest build) on free ports, waits until it answers, and stops it.
//
//     const network = await startNetwork({ rollups: 2 });
//     network.l1.url, network.l1.chainId          the L1's endpoint
//     network.rollups[0].url, .chainId, .rollupId  those of the rollups
//     network.accounts[0].address, .privateKey     funded development accounts
//     network.contracts.hub, …                     addresses on L1
//     await network.l1.rpc("eth_chainId");         one JSON-RPC call; throws RpcError on an error
//     await network.stop();                        Ctrl-C; gives {code, signal, ms}
//
// Whoever forgets to stop a network leaves nothing running: it is killed when this process ends.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;

const running = new Set();
process.on("exit", () => {
    for (const child of running) child.kill("SIGKILL");
});

/** The path of the binary under test. */
export function lockstepPath() {
    if (process.env.LOCKSTEP) return process.env.LOCKSTEP;
    const builds = ["release", "dev", "asan"]
        .map((profile) => join(root, "build", profile, "lockstep"))
        .filter((path) => existsSync(path))
        .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    if (builds.length === 0) throw new Error("no lockstep binary: build one or set LOCKSTEP");
    return builds[0];
}

/** A JSON-RPC error as it came: message, code, data. */
export class RpcError extends Error {
    constructor(method, error) {
        super(`${method}: ${error.message}`);
        this.code = error.code;
        this.data = error.data;
        this.text = error.message;
    }
}

let lastId = 0;

/** One JSON-RPC call. */
export async function rpcCall(url, method, params = []) {
    const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: ++lastId, method, params }),
    });
    const answer = await response.json();
    if (answer.error !== undefined) throw new RpcError(method, answer.error);
    return answer.result;
}

/** A batch of [method, params] pairs; gives the whole answers in the order of the calls. */
export async function rpcBatch(url, calls) {
    const body = calls.map(([method, params = []], id) => ({ jsonrpc: "2.0", id, method, params }));
    const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
    });
    const answers = await response.json();
    if (!Array.isArray(answers)) throw new RpcError("batch", answers.error);
    return answers.sort((a, b) => a.id - b.id);
}

/** Runs the binary to its end; gives {code, signal, stdout, stderr, ms}. */
export function runLockstep(args, { timeoutMs = START_TIMEOUT_MS, env = {} } = {}) {
    return new Promise((resolve, reject) => {
        const start = performance.now();
        const child = spawn(lockstepPath(), args, { env: { ...process.env, ...env } });
        running.add(child);
        let stdout = "";
        let stderr = "";
        child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
        child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
        const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
        child.on("error", reject);
        child.on("close", (code, signal) => {
            clearTimeout(timer);
            running.delete(child);
            resolve({ code, signal, stdout, stderr, ms: performance.now() - start });
        });
    });
}

function chainOf(description) {
    return {
        ...description,
        rpc: (method, params) => rpcCall(description.url, method, params),
        batch: (calls) => rpcBatch(description.url, calls),
        // What viem's createPublicClient and its kin take as `chain`.
        viem: {
            id: description.chainId,
            name: description.name,
            nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
            rpcUrls: { default: { http: [description.url] } },
        },
    };
}

/**
 * Starts the program and does not wait for anything. Gives { process, closed, output, infoFile }.
 *
 * Options: rollups, slotTime, accounts, gasLimit, … become --rollups, --slot-time, …; true is a flag
 * alone; `args` is added as it stands; `silent: false` prints the node's output here.
 */
export function spawnLockstep({ args = [], silent = true, env = {}, ...options } = {}) {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-test-"));
    const infoFile = join(folder, "network.json");
    const words = ["--port", "0", "--info-file", infoFile];
    for (const [name, value] of Object.entries(options)) {
        const option = "--" + name.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
        if (value === false || value === undefined) continue;
        words.push(option);
        if (value !== true) words.push(String(value));
    }
    words.push(...args);

    const child = spawn(lockstepPath(), words, {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...env },
    });
    running.add(child);
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) {
        child[stream].setEncoding("utf8").on("data", (text) => {
            output[stream] += text;
            if (!silent) process[stream].write(text);
        });
    }
    const closed = new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code, signal) => {
            running.delete(child);
            rmSync(folder, { recursive: true, force: true });
            resolve({ code, signal });
        });
    });
    closed.catch(() => {});
    return { process: child, closed, output, infoFile };
}

/** Starts a network (options as above) and waits until its info file is there, which is once it answers. */
export async function startNetwork(options = {}) {
    const start = performance.now();
    const { process: child, closed, output, infoFile } = spawnLockstep(options);
    let ended = null;
    closed.then((end) => (ended = end), () => {});

    while (!existsSync(infoFile)) {
        if (performance.now() - start > START_TIMEOUT_MS) {
            child.kill("SIGKILL");
            throw new Error(`lockstep did not start in ${START_TIMEOUT_MS} ms\n${output.stdout}${output.stderr}`);
        }
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 2)), closed]);
        if (ended) {
            throw new Error(`lockstep ended with ${ended.signal ?? ended.code}\n${output.stdout}${output.stderr}`);
        }
    }
    const info = JSON.parse(readFileSync(infoFile, "utf8"));
    const chains = info.chains.map(chainOf);

    return {
        info,
        chains,
        l1: chains[0],
        rollups: chains.slice(1),
        accounts: info.accounts,
        contracts: chains[0].contracts,
        process: child,
        output,
        startMs: performance.now() - start,
        closed,
        /** Sends a signal and waits for the end; a network that does not end is killed. */
        async stop(signal = "SIGINT") {
            const begin = performance.now();
            if (!ended) child.kill(signal);
            const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
            const end = await closed;
            clearTimeout(timer);
            return { ...end, ms: performance.now() - begin };
        },
    };
}
