// The batches of generated call graphs on all machines: this one, ours (src/riscv) and qemu's say the same of
// each, and of each with a flipped bit. What this one says is compared with the rest of what is known in
// equivalence --files. LOCKSTEP_FILES_GRAPHS says how many graphs, LOCKSTEP_SEED from which on.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { lockstepPath } from "../lib/network.mjs";
import { runOurs, runQemuSystem, runQemuUser, temporaryFolder } from "../riscv/machines.mjs";

const GRAPHS = Number(process.env.LOCKSTEP_FILES_GRAPHS ?? 8);
const SEED = Number(process.env.LOCKSTEP_SEED ?? 1);
const FLIPS = 2;
const GRAPHS_AT_ONCE = 100;

const build = dirname(lockstepPath());
const elf = join(build, "..", "guest", "lockstep-guest.elf");
const folder = temporaryFolder();
const machineFolder = temporaryFolder();

function writeInputs(graphs, seed) {
    const equivalence = join(build, "equivalence");
    const args = ["--files", join(equivalence, "Node.hex"), graphs, seed, FLIPS, folder];
    execFileSync(join(equivalence, "equivalence"), args.map(String), { stdio: "pipe" });
    return readdirSync(folder).filter((name) => name.endsWith(".input"));
}

for (let done = 0; done < GRAPHS; done += GRAPHS_AT_ONCE) {
    const seed = SEED + done;
    const graphs = Math.min(GRAPHS_AT_ONCE, GRAPHS - done);
    test(`every machine says the same of batches, and with a flipped bit: LOCKSTEP_SEED=${seed}`, () => {
        const names = writeInputs(graphs, seed);
        let held = 0;
        names.forEach((name, i) => {
            const input = readFileSync(join(folder, name));
            const output = readFileSync(join(folder, name.replace(/input$/, "output")));
            const isTrue = name.endsWith(".0.input");
            assert.equal(output.length, isTrue ? 32 : 40, name);
            held += isTrue;
            const expected = { status: isTrue ? 0 : 1, output };
            const { status, output: ours } = runOurs(elf, input, machineFolder);
            assert.deepEqual({ status, output: ours }, expected, name);
            assert.deepEqual(runQemuUser(elf, input, machineFolder), expected, name);
            if (i === 0) {
                assert.deepEqual(runQemuSystem(elf, input, machineFolder), expected, name);
                const alone = runOurs(elf, input, machineFolder, ["--no-accelerators"]);
                assert.deepEqual({ status: alone.status, output: alone.output }, expected, name);
            }
        });
        assert.ok(held > 0, "none of the graphs has a batch");
        assert.equal(names.length, held * (1 + FLIPS));
        for (const name of readdirSync(folder)) rmSync(join(folder, name));
    });
}
