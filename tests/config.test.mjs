// --config FILE: a network as a file describes it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runLockstep, startNetwork } from "./lib/network.mjs";

const example = join(dirname(fileURLToPath(import.meta.url)), "..", "examples", "network.ini");
const folder = mkdtempSync(join(tmpdir(), "lockstep-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const ETHER = 10n ** 18n;
const ALICE = "0x00000000000000000000000000000000000a11ce";
const BOB = "0x0000000000000000000000000000000000000b0b";

function fileOf(name, text) {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
}

/** What its first block says of a chain. */
async function first(chain) {
    const block = await chain.rpc("eth_getBlockByNumber", ["0x0", false]);
    const balance = async (who) => BigInt(await chain.rpc("eth_getBalance", [who, "0x0"]));
    return {
        name: chain.name,
        chainId: Number(await chain.rpc("eth_chainId")),
        gasLimit: Number(block.gasLimit),
        baseFee: Number(block.baseFeePerGas),
        alice: await balance(ALICE),
        bob: await balance(BOB),
    };
}

test("the example starts, as it says", async () => {
    const network = await startNetwork({ args: ["--config", example] });
    const bob = ETHER / 2n;
    assert.deepEqual(await Promise.all(network.chains.map(first)), [
        { name: "l1", chainId: 31337, gasLimit: 60e6, baseFee: 1e9, alice: 25n * ETHER, bob },
        { name: "payments", chainId: 42101, gasLimit: 30e6, baseFee: 1e9, alice: 1000n * ETHER, bob },
        { name: "games", chainId: 42107, gasLimit: 60e6, baseFee: 7, alice: 25n * ETHER, bob },
    ]);
    // Accounts that a file funds are ether like any other: it can leave the rollup.
    const rollup = network.rollups[0];
    const balances = await rollup.rpc("lockstep_getRollups");
    const total = 10n * 10_000n * ETHER + 1000n * ETHER + bob;
    assert.equal(BigInt(balances[0].hubBalance), total);
    const [alice, from] = [ALICE, network.accounts[0].address];
    await rollup.rpc("anvil_impersonateAccount", [alice]);
    const hash = await rollup.rpc("eth_sendTransaction", [{ from: alice, to: from, value: "0x5" }]);
    assert.equal((await rollup.rpc("eth_getTransactionReceipt", [hash])).status, "0x1");
    await network.stop();
});

test("every key of the example is explained by --help, and the README names the file", async () => {
    const help = (await runLockstep(["--help"])).stdout;
    const keys = readFileSync(example, "utf8").split(/^\[/m)[0].matchAll(/^([a-z0-9-]+) *=/gm);
    const names = [...keys].map((match) => match[1]);
    assert.ok(names.length >= 7);
    for (const name of names) assert.ok(help.includes(`--${name} `), name);
    const readme = readFileSync(join(dirname(example), "..", "README.md"), "utf8");
    assert.ok(readme.includes("examples/network.ini"));
});

test("what is kept belongs to the file it was begun with", async () => {
    const datadir = join(folder, "data");
    const path = fileOf("kept.ini", `datadir = ${datadir}\nfund = ${BOB} 7\n[rollup pay]\nchain-id = 99\n`);
    const begun = await startNetwork({ args: ["--config", path] });
    const hash = await begun.rollups[0].rpc("eth_sendTransaction", [
        { from: begun.accounts[0].address, to: BOB, value: "0x1" },
    ]);
    await begun.stop();
    const again = await startNetwork({ args: ["--config", path] });
    assert.equal(again.rollups.length, 1);
    assert.ok((await again.rollups[0].rpc("eth_getTransactionReceipt", [hash])).blockNumber);
    assert.equal(BigInt(await again.rollups[0].rpc("eth_getBalance", [BOB])), 7n * ETHER + 1n);
    await again.stop();
    for (const [text, difference] of [
        [`fund = ${BOB} 8\n[rollup pay]\nchain-id = 99\n`, `fund ${BOB} 7000000000000000000 wei, not fund ${BOB} 8000000000000000000 wei`],
        [`fund = ${BOB} 7\n[rollup other]\nchain-id = 99\n`, "name of chain 1: pay, not name of chain 1: other"],
        [`fund = ${BOB} 7\n[rollup pay]\nchain-id = 99\ngas-limit = 5000000\n`, "nothing more, not gas-limit of pay 5000000"],
    ]) {
        const other = fileOf("other.ini", `port = 0\ndatadir = ${datadir}\n${text}`);
        const { code, stderr } = await runLockstep(["--config", other]);
        assert.equal(code, 1);
        assert.ok(stderr.includes(`was begun with ${difference};`), stderr);
    }
});

test("mistakes are named with their place", async () => {
    const path = fileOf("wrong.ini", "port = 0\n\nslot-tiem = 5\n");
    const { code, stdout, stderr } = await runLockstep(["--config", path]);
    assert.equal(stderr, `lockstep: ${path}:3: unknown key slot-tiem; did you mean slot-time?\n`);
    assert.equal(stdout, "");
    assert.equal(code, 2);
    const missing = await runLockstep(["-c", join(folder, "none.ini")]);
    assert.match(missing.stderr, /^lockstep: cannot read .*none\.ini: No such file or directory\n$/);
});
