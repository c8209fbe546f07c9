// What is committed of the contracts is what their sources give, and the check would say if not.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { artifact, root } from "./lib/chain.mjs";
import { abis } from "./lib/rollup.mjs";

const check = (cwd) => spawnSync("node", [join(cwd, "scripts/contracts.mjs"), "--check"], { cwd, encoding: "utf8" });

// A copy of everything that the script reads, to spoil.
let copy;
before(() => {
    copy = mkdtempSync(join(tmpdir(), "contracts-"));
    for (const path of ["scripts/contracts.mjs", "contracts", "examples", "src/rollup/artifacts.h", "src/rollup/artifacts.c", "package.json"])
        cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
after(() => copy && rmSync(copy, { recursive: true }));

test("artifacts match their sources", () => {
    const { status, stdout, stderr } = check(root);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /match the sources/);
});

test("an artifact that is changed, missing or left over is named", () => {
    const at = (path) => join(copy, path);
    const system = readFileSync(at("contracts/artifacts/System.json"));
    appendFileSync(at("contracts/artifacts/System.json"), " ");
    rmSync(at("contracts/artifacts/Anchor.json"));
    writeFileSync(at("contracts/artifacts/Gone.json"), "{}");
    appendFileSync(at("src/rollup/artifacts.c"), "\n");
    const { status, stderr } = check(copy);
    assert.equal(status, 1);
    const named = [...stderr.matchAll(/^contracts: (\S+) (is not|has no)/gm)].map(([, file, what]) => [file, what]);
    assert.deepEqual(named.toSorted(), [
        ["contracts/artifacts/Anchor.json", "is not"], ["contracts/artifacts/Gone.json", "has no"],
        ["contracts/artifacts/System.json", "is not"], ["src/rollup/artifacts.c", "is not"],
    ]);
    // It has written nothing.
    assert.deepEqual(readFileSync(at("contracts/artifacts/System.json")), Buffer.concat([system, Buffer.from(" ")]));
});

test("contracts fit into EIP-170's and EIP-3860's limits", () => {
    for (const name of ["Hub", "Attestation", "L2Hub", "Anchor", "System"]) {
        const { bytecode, deployedBytecode } = artifact(name);
        assert.ok((deployedBytecode.length - 2) / 2 <= 24_576, name);
        assert.ok((bytecode.length - 2) / 2 <= 49_152, name);
    }
});

test("predeploys need no constructor and no immutables: their runtime code is all", () => {
    for (const name of ["L2Hub", "Anchor", "System"]) {
        assert.deepEqual(artifact(name).immutableReferences, {}, name);
        assert.ok(!abis[name].some((item) => item.type === "constructor"), name);
    }
});

test("the L2Hub and the node agree on what XCALL takes", () => {
    const header = readFileSync(join(root, "src/rollup/evm_rollup.h"), "utf8");
    const source = readFileSync(join(root, "contracts/src/rollup/L2Hub.sol"), "utf8");
    for (const name of ["XCALL_GAS", "XCALL_GAS_PER_BYTE"]) {
        const [, ofNode] = new RegExp(`#define ${name} +(\\d+)u`).exec(header);
        const [, ofContract] = new RegExp(`constant ${name} = (\\d+);`).exec(source);
        assert.equal(ofContract, ofNode, name);
    }
});
