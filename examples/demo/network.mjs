// Starts a Lockstep network of its own on free ports, and stops it.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MAX_MS = 20000;
const STOP_MAX_MS = 10000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Returns { info, stop }: info is what the program writes to --info-file (src/node/banner.h). The
// program is $LOCKSTEP; args are further options of it.
export async function startNetwork(args = [], program = process.env.LOCKSTEP ?? "build/release/lockstep") {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-"));
    const infoFile = join(folder, "network.json");
    const child = spawn(program, ["--port", "0", "--info-file", infoFile, "--silent", ...args], {
        stdio: ["ignore", "inherit", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (data) => (stderr += data));
    let failure = null;
    child.on("error", (error) => (failure = error.message));
    const ended = new Promise((resolve) => child.on("close", resolve));
    child.on("close", (status, signal) => (failure ??= `it ended with ${signal ?? `status ${status}`}`));

    // Nothing is left behind when the caller fails before it stops the network.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    const stop = async () => {
        process.off("exit", kill);
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MAX_MS);
        await ended;
        clearTimeout(timer);
        rmSync(folder, { recursive: true, force: true });
        return { status: child.exitCode, signal: child.signalCode, stderr };
    };
    const start = Date.now();
    while (!existsSync(infoFile)) {
        if (failure === null && Date.now() - start > START_MAX_MS) failure = `nothing in ${START_MAX_MS} ms`;
        if (failure !== null) {
            if (child.pid !== undefined) await stop();
            throw new Error(`${program} did not start: ${failure}\n${stderr}`);
        }
        await sleep(2);
    }
    return { info: JSON.parse(readFileSync(infoFile, "utf8")), process: child, stop };
}
