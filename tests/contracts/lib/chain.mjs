// An independent EVM for the contracts' tests: anvil on a free port, blocks mined only when told, and
// the Solidity of these tests compiled beside the committed artifacts.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const START_TIMEOUT_MS = 30_000;

const running = new Set();
process.on("exit", () => {
    for (const child of running) child.kill("SIGKILL");
});

/** A JSON-RPC error as it came. */
export class RpcError extends Error {
    constructor(method, error) {
        super(`${method}: ${error.message}`);
        this.data = error.data;
    }
}

/** Starts anvil; `rpc(method, ...params)`, `accounts`, `stop()`. */
export async function startChain() {
    const arguments_ = ["--port", "0", "--hardfork", "prague", "--no-mining", "--order", "fifo"];
    arguments_.push("--gas-limit", "200000000", "--steps-tracing", "--base-fee", "0", "--no-request-size-limit");
    // Every run has the same blocks, and so the same hashes and gas.
    arguments_.push("--timestamp", "1750000000");
    const child = spawn(join(root, "node_modules/.bin/anvil"), arguments_, {
        stdio: ["ignore", "pipe", "inherit"],
    });
    running.add(child);
    // A test that forgets to stop it, or fails before it can, ends all the same.
    child.unref();
    const port = await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("anvil does not start")), START_TIMEOUT_MS);
        let text = "";
        child.on("exit", (code) => reject(new Error(`anvil ended with ${code}`)));
        child.stdout.on("data", (chunk) => {
            text += chunk;
            const match = text.match(/Listening on 127\.0\.0\.1:(\d+)/);
            if (!match) return;
            clearTimeout(timer);
            child.stdout.unref();
            resolve(Number(match[1]));
        });
    });
    let id = 0;
    const rpc = async (method, ...params) => {
        const response = await fetch(`http://127.0.0.1:${port}`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params }),
        });
        const answer = await response.json();
        if (answer.error) throw new RpcError(method, answer.error);
        return answer.result;
    };
    const stop = () =>
        new Promise((resolve) => {
            child.removeAllListeners("exit");
            child.on("exit", resolve);
            child.kill("SIGTERM");
            running.delete(child);
        });
    await rpc("anvil_setBlockTimestampInterval", 12);
    return { rpc, stop, accounts: await rpc("eth_accounts") };
}

/** The committed artifact of a contract. */
export function artifact(name) {
    return JSON.parse(readFileSync(join(root, "contracts/artifacts", `${name}.json`), "utf8"));
}

/** A compiler, what it is given and all that this may import: what these give, they always do. */
function fingerprint(input) {
    const hash = createHash("sha256").update(JSON.stringify(input));
    hash.update(readFileSync(join(root, "node_modules/solc/package.json")));
    for (const folder of ["contracts/src", "examples"].map((name) => join(root, name))) {
        const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".sol"));
        for (const name of sources.sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
    }
    return hash.digest("hex");
}

/** Compiles a folder's Solidity, as `edit` has it: contract name -> {abi, bytecode, runtime}. Once for all
 * tests: build/sol has what came of it. */
export function compileTestContracts(folder = "tests/contracts/sol", edit = (text) => text) {
    const sources = {};
    for (const file of readdirSync(join(root, folder)).filter((name) => name.endsWith(".sol")))
        sources[`${folder}/${file}`] = { content: edit(readFileSync(join(root, folder, file), "utf8")) };
    const input = {
        language: "Solidity",
        sources,
        settings: {
            evmVersion: "prague",
            viaIR: true,
            optimizer: { enabled: true },
            metadata: { bytecodeHash: "none", appendCBOR: false },
            outputSelection: Object.fromEntries(
                Object.keys(sources).map((path) => [
                    path,
                    { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] },
                ]),
            ),
        },
    };
    const kept = join(root, "build", "sol", `${fingerprint(input)}.json`);
    if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8"));
    const found = compile(folder, input);
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(`${kept}.${process.pid}`, JSON.stringify(found));
    renameSync(`${kept}.${process.pid}`, kept);
    return found;
}

function compile(folder, input) {
    const solc = createRequire(import.meta.url)("solc");
    const find = (name) =>
        existsSync(join(root, name))
            ? { contents: readFileSync(join(root, name), "utf8") }
            : { error: `no such file: ${name}` };
    const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
    const errors = (output.errors ?? []).filter((e) => e.severity === "error");
    if (errors.length > 0) throw new Error(errors.map((e) => e.formattedMessage).join("\n"));
    const found = {};
    for (const [path, contracts] of Object.entries(output.contracts))
        if (path.startsWith(folder))
            for (const [name, c] of Object.entries(contracts))
                found[name] = {
                    abi: c.abi,
                    bytecode: `0x${c.evm.bytecode.object}`,
                    runtime: `0x${c.evm.deployedBytecode.object}`,
                };
    return found;
}
