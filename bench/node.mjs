// The whole program as its users meet it: start, idle memory, transactions. anvil, where it can do the
// same, runs in turn with it, so that ratios hold whatever the machine.
//   node/start/SUBJECT           from the start of the process to its first answered eth_chainId
//   node/memory_idle/SUBJECT     resident memory after the start
//   node/transfer/SUBJECT        eth_sendRawTransaction to its receipt, automine
//   node/cross_chain/lockstep    the same for a call L1 → rollup → back, attested and checked on L1
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { encodeFunctionData } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { startNetwork } from "../examples/demo/network.mjs";
import { World, artifact, connect } from "../examples/demo/world.mjs";

const STARTS = 21;
const TRANSACTIONS = 200;
const WARM_UP = 10;
const lockstep = process.env.LOCKSTEP ?? "build/release/lockstep";
const machine = process.arch === "arm64" ? "arm64" : "amd64";
// The program itself: what stands in node_modules/.bin is a script that starts it.
const anvil = `node_modules/@foundry-rs/anvil-linux-${machine}/bin/anvil`;
const bench = process.env.BENCH ?? "";
const wanted = (name) => `node/${name}`.startsWith(bench) || bench.startsWith(`node/${name}`);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function row(name, unit, values) {
    values.sort((a, b) => a - b);
    const middle = values[Math.floor(values.length / 2)];
    const [min, median, max] = [values[0], middle, values.at(-1)].map((v) => v.toFixed(3));
    console.log(`node/${name},${unit},${min},${median},${max}`);
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let id = 0;
function rpc(url, method, params = []) {
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

const freePort = () =>
    new Promise((resolve) => {
        const server = createServer().listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });

const subjects = {
    lockstep: (port) => [lockstep, ["--port", `${port}`, "--silent"]],
    anvil: (port) => [anvil, ["--port", `${port}`, "--silent"]],
};

// Starts a subject and returns it when it has answered; ms is how long that took.
async function start(subject) {
    // Lockstep takes two more ports for its rollups; a clash shows as an error, not as a wrong figure.
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const [program, args] = subjects[subject](port);
    const begin = now();
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
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
    return { url, ms, pid: child.pid, stop: () => (child.kill("SIGTERM"), ended) };
}

const resident = (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

async function benchStart() {
    const times = { lockstep: [], anvil: [] };
    const memory = { lockstep: [], anvil: [] };
    for (let i = 0; i < STARTS; i++)
        for (const subject of Object.keys(subjects)) {
            const node = await start(subject);
            times[subject].push(node.ms);
            // Memory is looked at once, when nothing happens any more.
            if (i === 0) {
                await sleep(500);
                memory[subject].push(resident(node.pid));
            }
            await node.stop();
        }
    for (const subject of Object.keys(subjects)) {
        if (wanted("start")) row(`start/${subject}`, "ms", times[subject]);
        if (wanted("memory_idle")) row(`memory_idle/${subject}`, "MiB", memory[subject]);
    }
}

// Sends each signed transaction and waits for its receipt; returns the milliseconds of each.
async function sendAll(url, signed) {
    const times = [];
    for (const raw of signed) {
        const begin = now();
        const hash = await rpc(url, "eth_sendRawTransaction", [raw]);
        let receipt;
        while ((receipt = await rpc(url, "eth_getTransactionReceipt", [hash])) === null);
        times.push(now() - begin);
        if (receipt.status !== "0x1") throw new Error(`transaction ${hash} failed`);
    }
    return times.slice(WARM_UP);
}

async function sign(url, account, fields, count) {
    const chainId = Number(await rpc(url, "eth_chainId"));
    const nonce = Number(await rpc(url, "eth_getTransactionCount", [account.address, "latest"]));
    const signed = [];
    for (let i = 0; i < count; i++)
        signed.push(
            await account.signTransaction({
                type: "eip1559",
                chainId,
                nonce: nonce + i,
                maxFeePerGas: 10n ** 10n,
                maxPriorityFeePerGas: 1n,
                ...fields,
            }),
        );
    return signed;
}

const key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"; // account 0 of both

async function benchTransfer(subject) {
    const node = await start(subject);
    const account = privateKeyToAccount(key);
    const fields = { to: `0x${"11".repeat(20)}`, value: 1n, gas: 21000n };
    const signed = await sign(node.url, account, fields, WARM_UP + TRANSACTIONS);
    row(`transfer/${subject}`, "ms", await sendAll(node.url, signed));
    await node.stop();
}

async function benchCrossChain() {
    const network = await startNetwork([], lockstep);
    const [l1, rollup1] = network.info.chains.map((chain) => connect(chain, key));
    const world = new World({ l1, rollup1 });
    const counter = await world.deploy("rollup1", "Counter");
    const teller = await world.deploy("l1", "Teller");
    const reference = await world.reference("l1", counter);
    const data = encodeFunctionData({
        abi: artifact("Counter").abi,
        functionName: "add",
        args: [1n],
    });
    // One crossing: straight to the proxy; two, through a contract that uses the result.
    const one = await sign(l1.url, l1.account, { to: reference, data, gas: 2_000_000n }, WARM_UP + TRANSACTIONS);
    row("cross_chain/lockstep", "ms", await sendAll(l1.url, one));
    const twice = encodeFunctionData({
        abi: artifact("Teller").abi,
        functionName: "addTwice",
        args: [reference, 1n],
    });
    const fields = { to: teller.address, data: twice, gas: 3_000_000n };
    const two = await sign(l1.url, l1.account, fields, WARM_UP + TRANSACTIONS);
    row("cross_chain_twice/lockstep", "ms", await sendAll(l1.url, two));
    await network.stop();
}

if (wanted("start") || wanted("memory_idle")) await benchStart();
if (wanted("transfer")) for (const subject of Object.keys(subjects)) await benchTransfer(subject);
if (wanted("cross_chain")) await benchCrossChain();
agent.destroy();
