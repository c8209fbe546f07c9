// The applications in examples/apps, as a newcomer runs them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const names = readdirSync("examples/apps").filter((f) => f.endsWith(".mjs") && f !== "lib.mjs").map((f) => f.slice(0, -4));

for (const name of names)
    test(`make example-${name}`, () => {
        const env = { LOCKSTEP: "build/dev/lockstep", ...process.env };
        const run = spawnSync(process.execPath, [`examples/apps/${name}.mjs`], { encoding: "utf8", timeout: 120_000, env });
        assert.equal(run.stderr, "");
        assert.match(run.stdout, /\n[1-9]\d* passed, 0 failed\n$/);
        assert.equal(run.status, 0);
    });

test("the README names each of them, and what it names is there", () => {
    const named = [...readFileSync("README.md", "utf8").matchAll(/make example-(\w+)/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(named)].sort(), names.sort());
});
