// `lockstep trace` knows the errors of all our contracts: the list in src/node/names.c is that of the
// artifacts' ABIs.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const solidity = ["Error(string)", "Panic(uint256)"];

test("the errors of names.c are those of the artifacts", () => {
    const errors = new Set(solidity);
    for (const file of readdirSync("contracts/artifacts")) {
        const { abi } = JSON.parse(readFileSync(`contracts/artifacts/${file}`, "utf8"));
        for (const { type, name, inputs } of abi)
            if (type === "error")
                errors.add(`${name}(${inputs.map((i) => `${i.type} ${i.name}`.trim()).join(", ")})`);
    }
    const source = readFileSync("src/node/names.c", "utf8");
    const list = /known_errors\[\] = \{(.*?)\};/s.exec(source)[1];
    const known = [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1]);
    assert.deepEqual(known.toSorted(), [...errors].toSorted());
});
