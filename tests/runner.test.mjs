// scripts/test.sh counts what programs say, and never takes a crash, a broken plan or silence for
// success. Each case is a tree with the scripts and made-up programs in the place of unit tests.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

// programs: unit test name -> shell text; files: path -> text.
function runner(programs, files = {}, args = []) {
    const root = mkdtempSync(join(tmpdir(), "runner-"));
    const write = (path, text) => {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
        chmodSync(join(root, path), 0o755);
    };
    try {
        cpSync("scripts", join(root, "scripts"), { recursive: true });
        mkdirSync(join(root, "tests"));
        for (const [name, text] of Object.entries(programs)) {
            write(`src/core/test_${name}.c`, "");
            if (text !== null) write(`build/dev/test/core/test_${name}`, `#!/bin/sh\n${text}\n`);
        }
        for (const [path, text] of Object.entries(files)) write(path, text);
        const env = { ...process.env, BUILD: "build", PROFILE: "dev", JOBS: "2" };
        env.LOCKSTEP_FIXTURES = join(root, "none");
        // Set by the run of this very suite; they would change what the inner one does.
        for (const name of ["LOCKSTEP_FIXTURES_DIR", "NODE_TEST_CONTEXT"]) delete env[name];
        const run = spawnSync("scripts/test.sh", args, { cwd: root, env, encoding: "utf8" });
        const lines = run.stdout.trimEnd().split("\n");
        return { status: run.status, lines, last: lines.at(-1), text: run.stdout };
    } finally {
        rmSync(root, { recursive: true });
    }
}

// The conformance suites skip, as there are no fixtures.
const skips = Number(runner({ a: "echo 1 passed, 0 failed" }).last.match(/(\d+) skipped/)[1]);

function counts(name, programs, last, status, problem) {
    test(name, () => {
        const run = runner(programs);
        assert.equal(run.last, last.replace("SKIPS", skips));
        assert.equal(run.status, status);
        if (problem) assert.ok(run.text.includes(problem), run.text);
    });
}

counts("TAP", { a: "echo 1..2; echo ok 1 - x; echo ok 2 - y" }, "2 passed, 0 failed, SKIPS skipped", 0);
counts(
    "programs that count themselves, their last line counts",
    { a: "echo 1 passed, 0 failed; echo 7 passed, 0 failed, 0 skipped", b: "echo 2 passed, 0 failed" },
    "9 passed, 0 failed, SKIPS skipped",
    0,
);
counts(
    "a failed test",
    { a: "echo 1..2; echo ok 1 - x; echo not ok 2 - y; exit 1" },
    "1 passed, 1 failed, SKIPS skipped",
    1,
    "not ok 2 - y",
);
counts(
    "a failed test without an exit status",
    { a: "echo 3 passed, 2 failed" },
    "3 passed, 2 failed, SKIPS skipped",
    1,
);
counts(
    "a crash after all tests passed",
    { a: "echo 1..1; echo ok 1 - x; kill -SEGV $$" },
    "1 passed, 1 failed, SKIPS skipped",
    1,
    "died of signal 11",
);
counts(
    "a plan that is not kept",
    { a: "echo 1..3; echo ok 1 - x" },
    "1 passed, 1 failed, SKIPS skipped",
    1,
    "ended after 1 of 3 tests",
);
counts(
    "an exit status without a failed test",
    { a: "echo 4 passed, 0 failed; exit 3" },
    "4 passed, 1 failed, SKIPS skipped",
    1,
    "exit status 3",
);
counts(
    "lines of a program under test are not the count of its test",
    { a: "echo 1..1; echo 3 passed, 4 failed; echo ok 1 - x; echo 0 passed, 0 failed" },
    "1 passed, 0 failed, SKIPS skipped",
    0,
);
counts("silence", { a: "true" }, "0 passed, 1 failed, SKIPS skipped", 1, "counted nothing");
counts("a missing program", { a: null }, "0 passed, 1 failed, SKIPS skipped", 1, "could not be run");
counts("nothing at all", {}, "0 passed, 0 failed, SKIPS skipped", 1);

test("skipped tests are counted as such", () => {
    const run = runner({ a: "echo 1..2; echo ok 1 - x; echo 'ok 2 - y # SKIP no fixtures'" });
    assert.equal(run.last, `1 passed, 0 failed, ${skips + 1} skipped`);
});

test("what cmocka skips is not a failure, what fails with such a name is", () => {
    const run = runner({ a: "echo 1..2; echo ok 1 - x; echo 'not ok 2 # SKIP needs_fixtures'" });
    assert.equal(run.last, `1 passed, 0 failed, ${skips + 1} skipped`);
    assert.equal(run.status, 0);
    const bad = runner({ a: "echo 1..2; echo ok 1 - x; echo 'not ok 2 - does # skip'" });
    assert.equal(bad.last, `1 passed, 1 failed, ${skips} skipped`);
});

test("JavaScript and shell suites", () => {
    const js = 'import { test } from "node:test";\n';
    const run = runner(
        {},
        {
            "tests/deep/a.test.mjs":
                js + 'test("x", async (t) => { await t.test("y", () => {}); }); test.skip("z", () => {});\n',
            "tests/b.test.mjs": js + 'test("fails", () => { throw new Error("no reason"); });\n',
            "tests/c.sh": "echo 5 passed, 0 failed\n",
        },
    );
    assert.equal(run.last, `7 passed, 1 failed, ${skips + 1} skipped`);
    assert.ok(run.text.includes("no reason"));
    assert.ok(run.lines.some((line) => /^js\/deep\/a +ok +2 passed/.test(line)), run.text);
    assert.ok(run.lines.some((line) => /^sh\/c +ok +5 passed/.test(line)), run.text);
    assert.equal(run.status, 1);
});

test("a part of the suites", () => {
    const programs = { one: "echo 1 passed, 0 failed", two: "echo 2 passed, 0 failed" };
    const run = runner(programs, {}, ["core/two"]);
    assert.equal(run.last, "2 passed, 0 failed, 0 skipped");
    assert.equal(runner(programs, {}, ["nothing"]).status, 1);
});
