// Hardhat with Lockstep as an external network: its own test runner, with keys of its own and with the
// accounts of the node.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { artifact, onEachChain } from "./lib.mjs";

const run = promisify(execFile);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

test("hardhat", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-hardhat-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    for (const name of ["Counter", "Grump"]) {
        const { abi, bytecode } = artifact(name);
        const sourceName = `contracts/${name}.sol`;
        const made = {
            _format: "hh-sol-artifact-1", contractName: name, sourceName, abi, bytecode,
            deployedBytecode: "0x", linkReferences: {}, deployedLinkReferences: {},
        };
        mkdirSync(join(folder, sourceName), { recursive: true });
        writeFileSync(join(folder, sourceName, `${name}.json`), JSON.stringify(made));
    }
    await onEachChain(t, async (chain, network, t) => {
        for (const name of ["lockstep", "accountsOfNode"])
            await t.test(name, async () => {
                const { stdout } = await run(
                    process.execPath,
                    [here("../../node_modules/hardhat/internal/cli/bootstrap.js"), "--config", "hardhat.config.cjs", "--network", name, "test", "--no-compile", "test/counter.cjs"],
                    {
                        cwd: here("hardhat"),
                        env: {
                            ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true", CI: "true", ARTIFACTS: folder,
                            CHAIN_URL: chain.url, PRIVATE_KEY: network.accounts[0].privateKey,
                        },
                    },
                ).catch((error) => assert.fail(`${error.stdout}${error.stderr}`));
                assert.match(stdout, /4 passing/);
            });
    });
});
