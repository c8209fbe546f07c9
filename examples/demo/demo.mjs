// Runs contracts that are spread over an L1 and two rollups, shows each transaction as one tree of
// calls, and compares what came of it with the same contracts on a single chain.
//   make demo            or    LOCKSTEP=build/release/lockstep node examples/demo/demo.mjs
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { decodeErrorResult, parseAbi } from "viem";
import { cases } from "./cases.mjs";
import { startNetwork } from "./network.mjs";
import { World, artifact, connect } from "./world.mjs";

const program = process.env.LOCKSTEP ?? "build/release/lockstep";
const hubErrors = parseAbi(["error EntryNotFound(uint64 rollupId, bytes32 head, bytes32 actionHash)"]);
const contracts = ["Asker", "Bank", "Counter", "Grump", "Hopper", "Saver", "Teller"];
let passed = 0;
let failed = 0;

const show = (value) =>
    JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}` : v))?.replaceAll('"', "");

function check(what, isGood, detail = "") {
    if (isGood) passed++;
    else failed++;
    console.log(`${isGood ? "ok    " : "FAILED"} ${what}${detail && `: ${detail}`}`);
}

// Signatures as `lockstep trace --names` wants them: "add(uint256 amount)(uint256)".
function signatures(type) {
    const list = (parameters) => parameters.map((p) => `${p.type} ${p.name}`.trim()).join(", ");
    return contracts.flatMap((name) =>
        artifact(name)
            .abi.filter((item) => item.type === type)
            .map((item) => `${item.name}(${list(item.inputs)})` + (item.outputs ? `(${list(item.outputs)})` : "")),
    );
}

function printTrees(world, namesFile) {
    const names = { functions: signatures("function"), errors: signatures("error") };
    for (const { chain, address, name } of world.named) names[chain ? `${chain.chainId}:${address}` : address] = name;
    for (const { account, chainId } of Object.values(world.places)) names[`${chainId}:${account.address}`] = "user";
    writeFileSync(namesFile, JSON.stringify(names));
    for (const { chain, hash } of world.sent) {
        const args = ["trace", hash, "--rpc", chain.url, "--names", namesFile];
        console.log(execFileSync(program, args, { encoding: "utf8" }));
    }
}

async function runCase({ name, run }, spread, single, namesFile) {
    console.log(`\n── ${name}\n`);
    spread.sent = [];
    try {
        const result = await run(spread);
        printTrees(spread, namesFile);
        const expected = await run(single);
        for (const key of Object.keys(expected))
            check(
                `${key} = ${show(result[key])}`,
                isDeepStrictEqual(result[key], expected[key]),
                isDeepStrictEqual(result[key], expected[key]) ? "" : `on a single chain ${show(expected[key])}`,
            );
    } catch (error) {
        check(name, false, error.stack);
    }
}

// A call for which no entry is posted: the block has no batch.
async function runWithoutBatch(spread, namesFile) {
    console.log("\n── g. a call for which no entry was posted: the block has no batch\n");
    spread.sent = [];
    const l1 = spread.places.l1;
    const setAutoBatch = (isOn) => l1.client.request({ method: "lockstep_setAutoBatch", params: [isOn] });
    try {
        const counter = await spread.deploy("rollup1", "Counter");
        const teller = await spread.deploy("l1", "Teller");
        const args = [await spread.reference("l1", counter), 5n];
        await setAutoBatch(false);
        const failure = await spread.failure(teller, "addTwice", args, "eth_estimateGas");
        const sent = await spread.send(teller, "addTwice", args, { gas: 2_000_000n });
        printTrees(spread, namesFile);
        let error = "no error";
        if (failure?.data) error = decodeErrorResult({ abi: hubErrors, data: failure.data }).errorName;
        check(`the RPC error's data is ${error}`, error === "EntryNotFound");
        check("the RPC error's message says so", failure?.message.includes("EntryNotFound") ?? false);
        check("the transaction failed", sent === false);
        check("nothing changed on the rollup", (await spread.call(counter, "total")) === 0n);
        await setAutoBatch(true);
        check("with a batch the same call goes through", await spread.send(teller, "addTwice", args));
        check("and the rollup has changed", (await spread.call(counter, "total")) === 10n);
    } catch (error) {
        check("g", false, error.stack);
    } finally {
        await setAutoBatch(true).catch(() => {});
    }
}

const folder = mkdtempSync(join(tmpdir(), "lockstep-demo-"));
const namesFile = join(folder, "names.json");
const network = await startNetwork([], program);
try {
    const { chains, accounts } = network.info;
    const [l1, rollup1, rollup2] = chains.map((entry) => connect(entry, accounts[0].privateKey));
    for (const { name, chainId, url } of chains) console.log(`${name.padEnd(8)} chain ${chainId}  ${url}`);
    const spread = new World({ l1, rollup1, rollup2 });
    // An account of its own, so that its nonces are no business of the other world.
    const alone = connect(chains[0], accounts[1].privateKey);
    const single = new World({ l1: alone, rollup1: alone, rollup2: alone });
    for (const one of cases) await runCase(one, spread, single, namesFile);
    await runWithoutBatch(spread, namesFile);
} finally {
    const { status, signal, stderr } = await network.stop();
    if (stderr) process.stderr.write(stderr);
    check("the network stops cleanly", status === 0, status === 0 ? "" : `status ${status}, signal ${signal}`);
    rmSync(folder, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
