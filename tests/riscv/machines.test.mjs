// Our machine and qemu give the same for every instruction: on corner operands and random ones, misaligned
// accesses included, and for any instructions in any order. Each round is one program, made of its seed
// (LOCKSTEP_SEED, and on from there); LOCKSTEP_RISCV_ROUNDS says how many.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assemble, elfWithInput, runOurs, runQemuSystem, runQemuUser, temporaryFolder } from "./machines.mjs";
import { makeProgram } from "./program.mjs";

const SEED = Number(process.env.LOCKSTEP_SEED ?? 1);
const ROUNDS = Number(process.env.LOCKSTEP_RISCV_ROUNDS ?? 16);

const folder = temporaryFolder();

function build(source) {
    const path = join(folder, "program.s");
    writeFileSync(path, source);
    return assemble(path, folder, { link: ["-T", fileURLToPath(new URL("program.ld", import.meta.url))] });
}

/** The names of the groups whose 8 bytes differ. */
function differing(groups, a, b) {
    return groups.filter((_, i) => !a.subarray(8 * i, 8 * i + 8).equals(b.subarray(8 * i, 8 * i + 8)));
}

for (let round = 0; round < ROUNDS; round++) {
    const seed = SEED + round;
    test(`every instruction as qemu has it, LOCKSTEP_SEED=${seed}`, () => {
        const { source, groups } = makeProgram(seed);
        const elf = build(source);
        const ours = runOurs(elf, Buffer.alloc(0), folder);
        const theirs = runQemuUser(elf, Buffer.alloc(0), folder);
        assert.equal(ours.status, 0, ours.text);
        assert.equal(theirs.status, 0);
        assert.equal(ours.output.length, 8 * groups.length);
        assert.deepEqual(differing(groups, ours.output, theirs.output), []);
        assert.equal(theirs.output.length, ours.output.length);
        if (round === 0) assert.deepEqual(runQemuSystem(elf, Buffer.alloc(0), folder), theirs);
    });
}

// Programs of a few lines: what they do, and that all three machines agree on it.
const CASES = {
    "the input is there, and can be asked for again": {
        source: `li t0, 0x86000000
                 ld a2, 0(t0)
                 addi a1, t0, 8
                 li a0, 1
                 li a7, 64
                 ecall
                 li a0, 1
                 ecall
                 li a0, 0`,
        input: "some input",
        output: "some inputsome input",
    },
    "no input": { source: "li t0, 0x86000000\n ld a0, 0(t0)", output: "" },
    "a status other than 0": { source: "li a0, 42", status: 42 },
    "all registers but the stack pointer are zero at the start": {
        source: Array.from({ length: 31 }, (_, i) => (i === 1 ? "mv a0, zero" : `or a0, a0, x${i + 1}`)).join("\n"),
    },
    "what is not there is answered with -38": {
        source: "li a7, 5000\n ecall\n addi a0, a0, 38",
        options: ["--no-accelerators"],
    },
    "another stream is answered with -9": {
        source: "li a7, 64\n li a0, 77\n li a1, 0x80000000\n li a2, 4\n ecall\n addi a0, a0, 9",
    },
    "a load from nowhere": { source: "li t0, 0x1000\n ld a0, 0(t0)", status: "trap" },
    "a jump to nowhere": { source: "li t0, 0x1000\n jr t0", status: "trap" },
    "an instruction that is none": { source: ".word 0", status: "trap" },
    "ebreak": { source: "ebreak", status: "trap" },
};

for (const [name, { source, input = "", output = "", status = 0, options = [] }] of Object.entries(CASES)) {
    test(name, () => {
        const elf = build(`.globl _start\n_start:\n${source}\nli a7, 93\necall\n.data\n.zero 8\n`);
        const given = Buffer.from(input);
        const wanted = { status, output: Buffer.from(output) };
        const { text, ...ours } = runOurs(elf, given, folder, options);
        assert.deepEqual(ours, wanted, text);
        assert.deepEqual(runQemuUser(elf, given, folder), wanted);
        assert.deepEqual(runQemuSystem(elf, given, folder), wanted);
    });
}

test("code and constants cannot be written, nor the input", () => {
    for (const target of ["0x80000000", "0x86000000"]) {
        const elf = build(`.globl _start\n_start:\nli t0, ${target}\nsd zero, 0(t0)\nli a7, 93\necall\n.data\n.zero 8\n`);
        const run = runOurs(elf, Buffer.alloc(8), folder);
        assert.equal(run.status, "trap");
        assert.match(run.text, /a store to code, to constants, to the input or outside of the memory/);
        assert.equal(runQemuUser(elf, Buffer.alloc(8), folder).status, "trap");
        assert.equal(runQemuSystem(elf, Buffer.alloc(8), folder).status, "trap");
    }
});

test("an ELF with its input in it is not one for our machine", () => {
    const elf = build(".globl _start\n_start:\nli a7, 93\necall\n.data\n.zero 8\n");
    const path = join(folder, "more.elf");
    writeFileSync(path, elfWithInput(readFileSync(elf), Buffer.from("x")));
    assert.throws(() => runOurs(path, Buffer.alloc(0), folder), /does not fit in the memory from 0x80000000 to 0x86000000/);
});
