// anvil, from npm, as another node to compare with or to fork from.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { rpcCall } from "./network.mjs";

const machine = process.arch === "arm64" ? "arm64" : "amd64";
const binary = `node_modules/@foundry-rs/anvil-linux-${machine}/bin/anvil`;
const START_TIMEOUT_MS = 20_000;

const running = new Set();
process.on("exit", () => {
    for (const child of running) child.kill("SIGKILL");
});

async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/** Starts anvil on a free port; gives {url, rpc, stop}. */
export async function startAnvil(...args) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const child = spawn(binary, ["--port", `${port}`, "--silent", "--hardfork", "osaka", ...args], { stdio: "ignore" });
    running.add(child);
    const closed = new Promise((resolve) => child.on("close", resolve));
    const start = performance.now();
    for (;;) {
        try {
            await rpcCall(url, "eth_chainId");
            break;
        } catch {
            if (performance.now() - start > START_TIMEOUT_MS) throw new Error("anvil does not start");
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
    }
    return {
        url,
        rpc: (method, params) => rpcCall(url, method, params),
        async stop() {
            child.kill("SIGKILL");
            await closed;
            running.delete(child);
        },
    };
}
