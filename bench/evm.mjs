// Programs of the evm-bench fixtures in our machine and in anvil's, in turn:
//   evm/PROGRAM/lockstep   Mgas/s of one call in the machine itself (src/evm/bench_evm.c)
//   evm/PROGRAM/anvil      Mgas/s by eth_call, less the time of an empty call
//   evm/PROGRAM/ratio      the first over the second, of the medians
//   evm/mean/ratio         geometric mean of the ratios of the main_ and drv_main_ programs
// Programs whose execution drowns in the time of a request (short ones; their drv_ runs them often)
// have no figure of anvil's, and do not count.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";

const SAMPLES = 15;
const folder = `${process.env.LOCKSTEP_FIXTURES_DIR ?? ""}/evm-bench`;
const ours = `${process.env.BUILD ?? "build"}/release/bench/evm/bench_evm`;
const machine = process.arch === "arm64" ? "arm64" : "amd64";
const anvil = `node_modules/@foundry-rs/anvil-linux-${machine}/bin/anvil`;
const bench = process.env.BENCH ?? "";
const GAS = "0x9184e72a000"; // 1e13

if (!existsSync(folder)) {
    console.error("bench: no evm-bench fixtures; set LOCKSTEP_FIXTURES_DIR");
    process.exit(0);
}
const names = readdirSync(folder)
    .filter((file) => file.endsWith(".code.hex"))
    .map((file) => file.slice(0, -".code.hex".length))
    .filter((name) => bench === "" || `evm/${name}/`.startsWith(bench) || bench.startsWith("evm/mean"))
    .filter((name) => bench !== "" || /^(drv_)?main_/.test(name))
    .sort();
if (names.length === 0) process.exit(0);

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let url;
function rpc(method, params) {
    return new Promise((resolve, reject) => {
        const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
        const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
        const r = request(url, { method: "POST", agent, headers }, (response) => {
            const parts = [];
            response.on("data", (part) => parts.push(part));
            response.on("end", () => {
                const answer = JSON.parse(Buffer.concat(parts));
                if (answer.error) reject(new Error(`${method}: ${answer.error.message}`));
                else resolve(answer.result);
            });
        });
        r.on("error", reject);
        r.end(body);
    });
}

const port = await new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => resolve(port));
    });
});
url = `http://127.0.0.1:${port}`;
const peer = spawn(anvil, ["--port", `${port}`, "--silent", "--disable-block-gas-limit", "--hardfork", "prague", "--no-request-size-limit"], { stdio: "ignore" });
process.on("exit", () => peer.kill());
for (let i = 0; ; i++) {
    try {
        await rpc("eth_chainId", []);
        break;
    } catch (error) {
        if (i > 1000 || peer.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

const text = (name, suffix) => readFileSync(`${folder}/${name}.${suffix}`, "utf8").trim();
const now = () => Number(process.hrtime.bigint()) / 1e3;
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const row = (name, unit, values) => {
    const sorted = values.toSorted((a, b) => a - b);
    console.log([`evm/${name}`, unit, ...[sorted[0], middle(sorted), sorted.at(-1)].map((v) => v.toFixed(2))].join());
};

// Puts a program's accounts there; returns the call that runs it.
async function place(name) {
    const data = `0x${text(name, "input.hex")}`;
    let pre = { to: "0xbe7c43a580000000000000000000000000000001", sender: "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b" };
    if (existsSync(`${folder}/${name}.pre.json`)) pre = JSON.parse(text(name, "pre.json"));
    else pre.pre = { [pre.to]: { code: `0x${text(name, "code.hex")}`, storage: {}, balance: "0x0" } };
    for (const [address, { code, storage }] of Object.entries(pre.pre)) {
        await rpc("anvil_setCode", [address, code]);
        for (const [key, value] of Object.entries(storage))
            await rpc("anvil_setStorageAt", [address, key, `0x${BigInt(value).toString(16).padStart(64, "0")}`]);
    }
    return [{ from: pre.sender, to: pre.to, data, gas: GAS, gasPrice: "0x0" }, "latest"];
}

async function timeOf(call) {
    const begin = now();
    await rpc("eth_call", call);
    return now() - begin;
}

const empty = [{ from: "0x1111111111111111111111111111111111111111", to: "0x2222222222222222222222222222222222222222", gas: GAS, gasPrice: "0x0" }, "latest"];
const ratios = [];
for (const name of names) {
    const call = await place(name);
    const output = await rpc("eth_call", call);
    if (output !== `0x${text(name, "expected.hex")}`) throw new Error(`anvil returns something else for ${name}`);
    const rows = execFileSync(ours, [name], { encoding: "utf8" }).trim().split("\n");
    console.log(rows[0]);
    const gas = Number(rows[1].split(",")[2]);
    const times = [];
    const rests = [];
    for (let i = 0; i < SAMPLES; i++) {
        rests.push(await timeOf(empty));
        times.push(await timeOf(call));
    }
    const rest = middle(rests);
    if (middle(times) < 3 * rest) continue;
    const theirs = times.map((time) => gas / (time - rest));
    row(`${name}/anvil`, "Mgas/s", theirs);
    const ratio = Number(rows[0].split(",")[3]) / middle(theirs);
    row(`${name}/ratio`, "times", [ratio]);
    if (/^(drv_)?main_/.test(name)) ratios.push(ratio);
}
if (ratios.length > 0) row("mean/ratio", "times", [Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length)]);
peer.kill();
process.exit(0);
