// scripts/bench.sh keeps rows that are rows, filters them, and fails on anything else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const header = "name,unit,min,median,max";

function bench(files, BENCH = "") {
    const root = mkdtempSync(join(tmpdir(), "bench-"));
    try {
        cpSync("scripts", join(root, "scripts"), { recursive: true });
        mkdirSync(join(root, "bench"));
        for (const [name, rows] of Object.entries(files))
            writeFileSync(join(root, "bench", name), `printf '%s\\n' ${rows.map((row) => `'${row}'`).join(" ")}`);
        const env = { ...process.env, BUILD: "build", BENCH };
        const run = spawnSync("scripts/bench.sh", { cwd: root, env, encoding: "utf8" });
        const csv = join(root, "build/bench.csv");
        const lines = existsSync(csv) ? readFileSync(csv, "utf8").trimEnd().split("\n") : [];
        return { status: run.status, lines, stderr: run.stderr };
    } finally {
        rmSync(root, { recursive: true });
    }
}

test("rows of all benchmarks are kept", () => {
    const run = bench({
        "a.sh": [header, "a/x/lockstep,us,1,2,3.5", "a/x/anvil,us,2,2,2"],
        "b.sh": ["b/y/lockstep,Mgas/s,1e3,2e3,3e3"],
    });
    assert.deepEqual(run.lines, [
        header,
        "a/x/lockstep,us,1,2,3.5",
        "a/x/anvil,us,2,2,2",
        "b/y/lockstep,Mgas/s,1e3,2e3,3e3",
    ]);
    assert.equal(run.status, 0);
});

test("BENCH chooses programs and rows", () => {
    const files = { "a.sh": ["a/x/lockstep,us,1,2,3", "a/y/lockstep,us,1,2,3"], "b.sh": ["no row"] };
    assert.deepEqual(bench(files, "a/y").lines, [header, "a/y/lockstep,us,1,2,3"]);
    assert.equal(bench(files, "a").lines.length, 3);
    assert.equal(bench(files, "c").status, 1);
});

for (const row of [
    "a/x/lockstep,us,1,2",
    "a/x/lockstep,,1,2,3",
    "a/x,us,1,2,3",
    "other/x/lockstep,us,1,2,3",
    "a/x/lockstep,us,3,2,3",
    "a/x/lockstep,us,1,4,3",
    "a/x/lockstep,us,nan,2,3",
    "Segmentation fault",
])
    test(`refuses the row ${row}`, () => {
        const run = bench({ "a.sh": ["a/y/lockstep,us,1,2,3", row] });
        assert.deepEqual(run.lines, [header, "a/y/lockstep,us,1,2,3"]);
        assert.match(run.stderr, /not a row/);
        assert.equal(run.status, 1);
    });
