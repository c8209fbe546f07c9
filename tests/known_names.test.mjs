// `lockstep trace` knows the errors of all our contracts, and the functions of the Hub and the L2Hub:
// the lists in src/rpc/names.c are those of the artifacts' ABIs. Where this fails, the message has the
// list as it should be.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const source = readFileSync("src/rpc/names.c", "utf8");
const abis = Object.fromEntries(
    readdirSync("contracts/artifacts").map((file) => [
        file.replace(".json", ""),
        JSON.parse(readFileSync(`contracts/artifacts/${file}`, "utf8")).abi,
    ]),
);

// "uint64 rollupId, (address,bytes)[]": tuples without names.
const bare = (p) =>
    p.type.startsWith("tuple") ? `(${p.components.map(bare).join(",")})${p.type.slice(5)}` : p.type;
const list = (parameters) =>
    parameters.map((p) => (p.type.startsWith("tuple") ? bare(p) : `${p.type} ${p.name}`.trim())).join(", ");
const signature = (item) => `${item.name}(${list(item.inputs)})` + (item.outputs ? `(${list(item.outputs)})` : "");

// The strings of a list in names.c; adjacent literals are one.
function known(name) {
    const [, body] = new RegExp(`${name}\\[\\] = \\{(.*?)\\};`, "s").exec(source);
    return [...body.replaceAll(/"\s+"/g, "").matchAll(/"([^"]+)"/g)].map((match) => match[1]);
}

const sorted = (set) => [...new Set(set)].toSorted();

test("errors", () => {
    const errors = Object.values(abis).flat().filter(({ type }) => type === "error").map(signature);
    // No contract of ours has this interface: src/rollup/ledger.h.
    const ledger = readFileSync("examples/ledger/ILedger.sol", "utf8").matchAll(/error (\w+\([^)]*\));/g);
    errors.push("Error(string)", "Panic(uint256)", ...[...ledger].map((match) => match[1]));
    assert.deepEqual(sorted(known("known_errors")), sorted(errors));
});

test("functions", () => {
    const functions = [...abis.Hub, ...abis.L2Hub].filter(({ type }) => type === "function").map(signature);
    assert.deepEqual(sorted(known("known_functions")), sorted(functions));
});
