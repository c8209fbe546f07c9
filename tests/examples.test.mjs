// The applications in examples/apps, as a newcomer runs them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const names = readdirSync("examples/apps").filter((f) => f.endsWith(".mjs") && f !== "lib.mjs").map((f) => f.slice(0, -4));

// What examples print as figures, as docs/messaging.md has it: "| of | gas |".
const page = readFileSync("docs/messaging.md", "utf8");
const written = new Map([...page.matchAll(/^\| ([^|]+) \| ([\d,]+) \|$/gm)].map(([, what, gas]) => [what, gas]));
const figures = [];

for (const name of names)
    test(`make example-${name}`, () => {
        const env = { LOCKSTEP: "build/dev/lockstep", ...process.env };
        const run = spawnSync(process.execPath, [`examples/apps/${name}.mjs`], { encoding: "utf8", timeout: 120_000, env });
        assert.equal(run.stderr, "");
        assert.match(run.stdout, /\n[1-9]\d* passed, 0 failed\n$/);
        assert.equal(run.status, 0);
        // Proofs differ by some bytes from run to run, and by a node or two where the contracts lie elsewhere.
        for (const [, what, number] of run.stdout.matchAll(/^figure (.+): ([\d,]+)$/gm)) {
            figures.push(what);
            assert.ok(written.has(what), `docs/messaging.md has no "${what}"`);
            const [there, here] = [written.get(what), number].map((n) => Number(n.replaceAll(",", "")));
            assert.ok(Math.abs(there - here) <= here * 0.1, `docs/messaging.md: "${what}" is ${number}`);
        }
    });

test("docs/messaging.md has the figures of the examples, and no others", () => {
    assert.deepEqual([...written.keys()].sort(), figures.sort());
    const [byMessages, byCall] = ["messages", "a call"].map((way) => `loop by ${way}`);
    for (const [row, of] of [["on L1, gas", "all of it, L1 gas"], ["on the rollup, gas", "on the rollup"]])
        assert.ok(page.includes(`| ${row} | ${written.get(`${byMessages}: ${of}`)} | ${written.get(`${byCall}: ${of}`)} |`), row);
});

test("the README names each of them, and what it names is there", () => {
    const named = [...readFileSync("README.md", "utf8").matchAll(/make example-(\w+)/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(named)].sort(), names.sort());
});
