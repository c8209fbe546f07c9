// `lockstep evm run`: what it prints, and what it says to what it cannot run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const lockstep = process.env.LOCKSTEP ?? "build/dev/lockstep";
const folder = mkdtempSync(join(tmpdir(), "evm-"));
after(() => rmSync(folder, { recursive: true }));

function file(name, text) {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
}

function run(...args) {
    const { status, stdout, stderr } = spawnSync(lockstep, ["evm", ...args], { encoding: "utf8" });
    return { status, stdout, stderr };
}

const word = (value) => `0x${value.toString(16).padStart(64, "0")}`;

// Returns the first word of the calldata plus one.
const ADD_ONE = "5f35600101 5f5260205ff3".replace(" ", "");

test("status, gas, output, time and speed", () => {
    const code = file("code", `0x${ADD_ONE}\n`);
    const input = file("input", `${"0".repeat(63)}7\n`);
    const { status, stdout, stderr } = run("run", "--code", code, "--input", input, "--repeat", "5");
    assert.equal(stderr, "");
    assert.equal(status, 0);
    const [first, gas, output, time, speed, end] = stdout.split("\n");
    assert.equal(first, "status    success");
    // PUSH0 2, CALLDATALOAD 3, PUSH1 3, ADD 3, PUSH0 2, MSTORE 3 + 3, PUSH1 3, PUSH0 2.
    assert.equal(gas, "gas used  24");
    assert.equal(output, `output    ${word(8)}`);
    assert.match(time, /^time {6}\d+\.\d{3} ms \(median of 5\)$/);
    assert.match(speed, /^speed {5}\d+\.\d Mgas\/s$/);
    assert.equal(end, "");
    const json = JSON.parse(run("run", "--code", code, "--input", input, "--json").stdout);
    assert.equal(json.status, "success");
    assert.equal(json.gasUsed, 24);
    assert.equal(json.output, word(8));
    assert.equal(json.fork, "Osaka");
});

test("failures of the code are results", () => {
    const ends = {
        "5f5ffd": "execution reverted",
        fe: "invalid opcode: INVALID",
        "0c": "invalid opcode: opcode 0xc not defined",
        "01": "stack underflow (0 <=> 2)",
        "5b5f56": "out of gas",
        600456: "invalid jump destination",
    };
    for (const [code, text] of Object.entries(ends)) {
        const { status, stdout } = run("run", "--code", file("code", code), "--gas", "10000", "--json");
        assert.equal(status, 0);
        assert.equal(JSON.parse(stdout).status, text);
    }
});

test("the fork decides", () => {
    const code = file("code", "5f00"); // PUSH0, since Shanghai
    assert.match(run("run", "--code", code, "--fork", "Shanghai").stdout, /^status {4}success\ngas used {2}2\n/);
    assert.match(run("run", "--code", code, "--fork", "London").stdout, /^status {4}invalid opcode: PUSH0\n/);
    const load = file("load", "5f545f5400"); // a cold slot and a warm one
    assert.match(run("run", "--code", load).stdout, /\ngas used {2}2204\n/);
});

test("a line for each step (EIP-3155)", () => {
    const { stdout, status } = run("run", "--code", file("code", "600160025500"), "--gas", "50000", "--trace");
    assert.equal(status, 0);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const gasCost = ["0x3", "0x3", "0x5654", "0x0"];
    assert.deepEqual(lines.slice(0, -1).map((line) => line.pc), [0, 2, 4, 5]);
    assert.deepEqual(lines.slice(0, -1).map((line) => line.gasCost), gasCost);
    assert.deepEqual(lines[2], {
        pc: 4,
        op: 0x55,
        gas: "0xc34a",
        gasCost: "0x5654",
        memSize: 0,
        stack: ["0x1", "0x2"],
        depth: 1,
        refund: 0,
        opName: "SSTORE",
    });
    const { time, ...last } = lines.at(-1);
    assert.deepEqual(last, { output: "0x", gasUsed: "0x565a", pass: true, fork: "Osaka" });
    assert.ok(time > 0);
    const failed = run("run", "--code", file("code", "50"), "--trace").stdout.trim().split("\n");
    assert.equal(JSON.parse(failed[0]).error, "stack underflow (0 <=> 1)");
    assert.equal(JSON.parse(failed[1]).pass, false);
});

test("other accounts", () => {
    const other = `0x${"0".repeat(38)}aa`;
    // CALL of 0xaa with one wei, and what it returns.
    const code = file("code", "60205f5f5f600160aa5af1 5060205ff3".replace(" ", ""));
    const pre = file(
        "pre",
        JSON.stringify({
            to: `0x${"11".repeat(20)}`,
            sender: `0x${"22".repeat(20)}`,
            pre: {
                [other]: { code: "0x5f545f5260205ff3", storage: { "0x0": "0x2a" } },
                [`0x${"11".repeat(20)}`]: { balance: "0x5" },
            },
        }),
    );
    const { stdout } = run("run", "--code", code, "--pre", pre, "--json");
    assert.equal(JSON.parse(stdout).output, word(42));
});

test("what cannot be run", () => {
    const code = file("code", "00");
    const cases = [
        [["run", "--code", join(folder, "none")], 1, /none: No such file or directory$/],
        [["run", "--code", folder], 1, /Is a directory$/],
        [["run", "--code", file("odd", "600")], 1, /odd: it is not hexadecimal$/],
        [["run", "--code", file("words", "PUSH1 0")], 1, /words: it is not hexadecimal$/],
        [["run", "--code", code, "--input", file("bad", "0xzz")], 1, /bad: it is not hexadecimal$/],
        [["run", "--code", code, "--fork", "Atlantis"], 2, /there is no fork Atlantis: Frontier, /],
        [["run", "--code", code, "--pre", file("pre1", "[")], 1, /pre1: /],
        [["run", "--code", code, "--pre", file("pre2", "[]")], 1, /pre2: it is no JSON object$/],
        [["run", "--code", code, "--pre", file("pre3", '{"pre":{"0x12":{}}}')], 1, /no address$/],
        [["run", "--code", code, "--pre", file("pre4", '{"to":5}')], 1, /to is no address$/],
        [["run", "--code", code, "--gas", "much"], 2, /--gas takes a number/],
        [["run", "--code", code, "--repeat", "0"], 2, /--repeat takes a number/],
        [["run"], 2, /--code FILE is missing$/],
        [["walk", "--code", code], 2, /say what to do/],
        [["run", "--code", code, "--speed"], 2, /speed/],
    ];
    for (const [args, status, text] of cases) {
        const result = run(...args);
        assert.equal(result.status, status, args.join(" "));
        assert.match(result.stderr.trim(), text);
        assert.equal(result.stdout, "");
    }
});
