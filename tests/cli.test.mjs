// The program's words: help, version, and what it says to a command or option it does not know.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const lockstep = process.env.LOCKSTEP ?? "build/dev/lockstep";
const run = (...args) => spawnSync(lockstep, args, { encoding: "utf8", timeout: 20000 });

test("--help explains every option with its default", () => {
    const { status, stdout, stderr } = run("--help");
    assert.equal(stderr, "");
    for (const text of ["--port PORT", "[default: 8545]", "--slot-time MS", "trace HASH", "[default: 31337]"])
        assert.ok(stdout.includes(text), text);
    assert.equal(status, 0);
    assert.equal(run("-h").stdout, stdout);
    assert.equal(run("run", "--help").stdout, stdout);
    assert.equal(run("help").stdout, stdout);
    assert.match(run("help", "trace").stdout, /^lockstep trace HASH .*--rpc URL/s);
});

test("--version", () => assert.match(run("--version").stdout, /^lockstep \d+\.\d+\.\d+\n$/));

for (const [args, expected] of [
    [["trase"], "lockstep: unknown command trase; did you mean trace?\n"],
    [["frobnicate"], "lockstep: unknown command frobnicate; lockstep --help lists them\n"],
    [["help", "trase"], "lockstep: unknown command trase; did you mean trace?\n"],
    [["--prot", "1"], "lockstep: unknown option --prot; did you mean --port?\n"],
    [["run", "--port", "99999"], 'lockstep: --port takes a number from 0 to 65471, not "99999"\n'],
])
    test(`refuses ${args.join(" ")}`, () => {
        const { status, stdout, stderr } = run(...args);
        assert.equal(stderr, expected);
        assert.equal(stdout, "");
        assert.equal(status, 2);
    });
