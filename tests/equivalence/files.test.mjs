// The batches of generated call graphs, and shares of them, on all machines: this one, ours (src/riscv) and qemu's
// say the same of each, and of each with a flipped bit. What this one says is compared with the rest of what is known in
// equivalence --files. LOCKSTEP_FILES_GRAPHS says how many graphs, LOCKSTEP_SEED from which on; of an eighth as many
// with an L3, that and the batches on its parent. LOCKSTEP_FILES_ASAN names an equivalence built with sanitizers
// that is to say the same, too.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { lockstepPath } from "../lib/network.mjs";
import { inputsOf, outcomesOf, runOurs, runQemuSystemList, runQemuUser, temporaryFolder } from "../riscv/machines.mjs";

const GRAPHS = Number(process.env.LOCKSTEP_FILES_GRAPHS ?? 24);
const SEED = Number(process.env.LOCKSTEP_SEED ?? 1);
const ASAN = process.env.LOCKSTEP_FILES_ASAN;
const FLIPS = 2;
const GRAPHS_AT_ONCE = 200;
const TIMEOUT_MS = 600_000;

const build = dirname(lockstepPath());
const elf = join(build, "..", "guest", "lockstep-guest.elf");
const equivalence = join(build, "equivalence", "equivalence");
const folder = temporaryFolder();
const machineFolder = temporaryFolder();
const inputs = join(folder, "inputs");
const counted = { batches: 0, shares: 0, changed: 0 };

const run = (program, ...args) => execFileSync(program, args.map(String), { stdio: "pipe", timeout: TIMEOUT_MS });

/** What a machine that is a mode of equivalence makes of the inputs. */
function outcomes(program, ...machine) {
    const path = join(folder, "other");
    run(program, "--outcomes", inputs, path, ...machine);
    return readFileSync(path);
}

function agree(names, machine, given, expected) {
    if (given.equals(expected)) return;
    const [a, b] = [outcomesOf(given), outcomesOf(expected)];
    names.forEach((name, i) => assert.deepEqual(a[i], b[i], `${machine}: ${name}`));
    assert.equal(a.length, b.length, machine);
}

const chunks = (graphs, generator, code, what) =>
    Array.from({ length: Math.ceil(graphs / GRAPHS_AT_ONCE) }, (_, i) => {
        const done = i * GRAPHS_AT_ONCE;
        return { generator, code, what, seed: SEED + done, graphs: Math.min(GRAPHS_AT_ONCE, graphs - done) };
    });

for (const { generator, code, what, seed, graphs } of [
    ...chunks(GRAPHS, "equivalence", "Node.hex", "batches"),
    ...chunks(Math.ceil(GRAPHS / 8), "levels", "Levels.hex", "batches with an L3's"),
]) {
    test(`every machine says the same of ${what}, and with a flipped bit: LOCKSTEP_SEED=${seed}`, () => {
        run(join(build, "equivalence", generator), "--files", join(build, "equivalence", code), graphs, seed, FLIPS, folder);
        const names = readFileSync(join(folder, "names"), "utf8").trim().split("\n");
        const written = readFileSync(join(folder, "outcomes"));
        const expected = outcomesOf(written);
        assert.equal(expected.length, names.length);
        names.forEach((name, i) => {
            const isTrue = name.endsWith(".0");
            counted[isTrue ? (name.includes("share") ? "shares" : "batches") : "changed"]++;
            assert.equal(expected[i].status, isTrue ? 0 : 1, name);
            assert.equal(expected[i].output.length, isTrue ? 32 : 40, name);
        });
        assert.ok(names.filter((name) => name.endsWith(".0")).length * (1 + FLIPS) === names.length);
        if (ASAN) agree(names, "with sanitizers", outcomes(ASAN), written);
        agree(names, "our machine", outcomes(equivalence, elf), written);
        agree(names, "qemu's board", runQemuSystemList(elf, inputs, machineFolder, TIMEOUT_MS), written);
        // A few where each costs more.
        inputsOf(readFileSync(inputs)).slice(0, 1 + FLIPS).forEach((input, i) => {
            assert.deepEqual(runQemuUser(elf, input, machineFolder), expected[i], `qemu's user mode: ${names[i]}`);
            const { text, ...alone } = runOurs(elf, input, machineFolder, ["--no-accelerators"]);
            assert.deepEqual(alone, expected[i], `our machine without accelerators: ${names[i]}: ${text}`);
        });
    });
}

after(() => {
    const { batches, shares, changed } = counted;
    console.log(`# ${batches} batches and ${shares} shares, ${changed} with a flipped bit${ASAN ? "; with sanitizers, too" : ""}`);
});
