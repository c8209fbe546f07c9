// cast and forge: what one types at a shell, and a script that deploys with --broadcast.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { privateKeyToAccount } from "viem/accounts";
import { artifact, onEachChain, typedData } from "./lib.mjs";

const run = promisify(execFile);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const machine = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
const program = (name) => resolve(here("../.."), `node_modules/@foundry-rs/${name}-${machine}/bin/${name}`);
const environment = { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1", NO_COLOR: "1" };

async function call(name, args, options = {}) {
    const { stdout } = await run(program(name), args, { env: environment, ...options });
    return stdout.trim();
}

test("cast", (t) => onEachChain(t, async (chain, network, t) => {
    const [first, second, third] = network.accounts;
    const cast = (...args) => call("cast", [args[0], "--rpc-url", chain.url, ...args.slice(1)]);
    const send = async (...args) => {
        const receipt = JSON.parse(await cast("send", "--json", "--private-key", first.privateKey, ...args));
        assert.equal(receipt.status, "0x1");
        return receipt;
    };
    const to = `0x${"11".repeat(20)}`;
    const { contractAddress: counter } = await send("--create", artifact("Counter").bytecode);

    await t.test("calls, estimates, sends, and reads logs", async () => {
        assert.equal(Number(await cast("chain-id")), chain.chainId);
        assert.equal(await cast("call", counter, "add(uint256)(uint256)", "5"), "5");
        const gas = await cast("estimate", counter, "add(uint256)", "5");
        const { gasUsed } = await send(counter, "add(uint256)", "5", "--gas-limit", gas);
        assert.ok(Number(gasUsed) <= Number(gas));
        assert.equal(Number(await cast("storage", counter, "0")), 5);
        const logs = JSON.parse(await cast("logs", "--json", "--from-block", "0", "--address", counter));
        assert.equal(logs.length, 1);
        assert.match(await cast("receipt", logs[0].transactionHash), /status +1 \(success\)/);
        assert.equal(await cast("balance", "--ether", second.address), "10000.000000000000000000");
        assert.equal(JSON.parse(await cast("proof", counter, "0")).storageProof[0].value, "0x5");
        const unlocked = await cast("send", "--json", "--unlocked", "--from", second.address, to, "--value", "1ether");
        assert.equal(JSON.parse(unlocked).status, "0x1");
        await assert.rejects(cast("call", counter, "none()"), /execution reverted/);
    });

    await t.test("watches logs over WebSocket", async () => {
        const url = chain.url.replace("http", "ws");
        const watching = spawn(program("cast"), ["logs", "--rpc-url", url, "--subscribe", "--address", counter], { env: environment });
        t.after(() => watching.kill("SIGKILL"));
        const lines = createInterface(watching.stdout)[Symbol.asyncIterator]();
        // Until it has subscribed there is nothing to see of it: one log after the other.
        const stop = setInterval(() => send(counter, "add(uint256)", "1").catch(() => {}), 250);
        const { value } = await lines.next();
        clearInterval(stop);
        assert.match(value, /address: 0x/i);
        watching.kill("SIGKILL");
    });

    await t.test("signs typed data as the node does", async () => {
        const data = JSON.stringify(
            { ...typedData(chain.chainId, counter) },
            (key, value) => (typeof value === "bigint" ? value.toString() : value),
        );
        const whole = JSON.parse(data);
        whole.types.EIP712Domain = [["name", "string"], ["version", "string"], ["chainId", "uint256"], ["verifyingContract", "address"]]
            .map(([name, type]) => ({ name, type }));
        const own = await call("cast", ["wallet", "sign", "--private-key", first.privateKey, "--data", JSON.stringify(whole)]);
        assert.equal(own, await privateKeyToAccount(first.privateKey).signTypedData(typedData(chain.chainId, counter)));
        assert.equal(JSON.parse(await cast("rpc", "eth_signTypedData_v4", first.address, JSON.stringify(whole))), own);
    });

    await t.test("sends EIP-7702 and blob transactions", async () => {
        const authorization = await call("cast", ["wallet", "sign-auth", "--rpc-url", chain.url, "--private-key", third.privateKey, counter]);
        await send(third.address, "add(uint256)", "9", "--auth", authorization);
        assert.equal(Number(await cast("storage", third.address, "0")), 9);
        if (chain.rollupId > 0) return;
        for (const form of [[], ["--eip4844"]]) {
            const receipt = await send(to, "--blob", ...form, "--path", here("foundry.test.mjs"), "--blob-gas-price", "1000000000000");
            assert.equal(receipt.type, "0x3");
            assert.equal(receipt.blobGasUsed, "0x20000");
        }
    });

    await t.test("speaks anvil's methods", async () => {
        const who = `0x${"cd".repeat(20)}`;
        await cast("rpc", "anvil_setBalance", who, "0xde0b6b3a7640000");
        assert.equal(await cast("balance", who), "1000000000000000000");
        await cast("rpc", "anvil_impersonateAccount", who);
        const sent = await cast("send", "--json", "--unlocked", "--from", who, counter, "add(uint256)", "1");
        assert.equal(JSON.parse(sent).status, "0x1");
    });
}));

const script = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Counter} from "src/Counter.sol";

interface Vm {
    function startBroadcast(uint256 key) external;
    function stopBroadcast() external;
    function envUint(string calldata name) external view returns (uint256);
}

contract Deploy {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_SCRIPT = true;

    function run() external returns (uint256 total) {
        vm.startBroadcast(vm.envUint("DEPLOYER"));
        Counter counter = new Counter();
        counter.add(2);
        total = counter.add(40);
        vm.stopBroadcast();
        require(total == 42, "simulated otherwise");
    }
}
`;

test("forge", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-forge-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    for (const name of ["src", "script"]) mkdirSync(join(folder, name));
    cpSync(here("../../examples/demo/contracts/Counter.sol"), join(folder, "src/Counter.sol"));
    writeFileSync(join(folder, "script/Deploy.s.sol"), script);
    writeFileSync(join(folder, "foundry.toml"), `[profile.default]\nsolc = ${JSON.stringify(here("solc.mjs"))}\nevm_version = "cancun"\n`);
    await onEachChain(t, async (chain, network) => {
        const env = { ...environment, DEPLOYER: network.accounts[0].privateKey };
        const words = ["script", "script/Deploy.s.sol:Deploy", "--rpc-url", chain.url, "--broadcast", "--offline"];
        const output = await call("forge", words, { cwd: folder, env });
        assert.match(output, /ONCHAIN EXECUTION COMPLETE & SUCCESSFUL/);
        const { transactions, receipts } = JSON.parse(
            readFileSync(join(folder, `broadcast/Deploy.s.sol/${chain.chainId}/run-latest.json`), "utf8"),
        );
        assert.equal(receipts.length, 3);
        assert.ok(receipts.every(({ status }) => status === "0x1"));
        const total = await chain.rpc("eth_getStorageAt", [transactions[0].contractAddress, "0x0", "latest"]);
        assert.equal(Number(total), 42);
    });
});
