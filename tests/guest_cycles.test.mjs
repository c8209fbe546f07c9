// What batches cost in the guest, in instructions, as committed in tests/guest/cycles.json: a change that costs or
// saves more than a fiftieth says so in its diff. UPDATE_CYCLES=1 rewrites the file; scripts/guest_batches.mjs makes
// the batches. With all accelerators and with none; both must give the same. And each of their runs alone, as a share
// (docs/batch-files.md), with all accelerators: shares is what they cost in all.
//
// The numbers are those of Debian's riscv64-unknown-elf-gcc 12.2.0; under another compiler only results are
// compared.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { lockstepPath } from "./lib/network.mjs";
import { runOurs, temporaryFolder } from "./riscv/machines.mjs";

const COMPILER = "12.2.0";
const SLACK = 0.02;
const elf = join(process.env.BUILD ?? "build", "guest/lockstep-guest.elf");
const here = (name) => fileURLToPath(new URL(`guest/${name}`, import.meta.url));
const read = (name) => JSON.parse(readFileSync(here(name), "utf8"));
const gas = read("gas.json");
const folder = temporaryFolder();
const isUpdating = process.env.UPDATE_CYCLES === "1";
const compiler = execFileSync("riscv64-unknown-elf-gcc", ["-dumpfullversion"], { encoding: "utf8" }).trim();

function run(name, options, input = readFileSync(here(`${name}.input`))) {
    const { status, output, text } = runOurs(elf, input, folder, options);
    assert.equal(status, 0, `${name} is refused: ${output.toString("hex")}; scripts/guest_batches.mjs makes it anew`);
    assert.equal(output.length, 32);
    const cycles = Number(/^cycles +([\d,]+) /m.exec(text)[1].replaceAll(",", ""));
    return { output, cycles };
}

/** How many runs the batch has, and what they cost one by one. */
function runAlone(name) {
    const input = readFileSync(here(`${name}.input`));
    const batchSize = Number(input.readBigUInt64LE(8));
    const [from, to] = [join(folder, name), join(folder, `${name} shares`)];
    mkdirSync(from);
    writeFileSync(join(from, "batch"), input.subarray(0, batchSize));
    writeFileSync(join(from, "witness"), input.subarray(batchSize));
    execFileSync(lockstepPath(), ["batch", "split", from, to]);
    const shares = readdirSync(to).map((share) => run(name, [], readFileSync(join(to, share))).cycles);
    return { runs: shares.length, shares: shares.reduce((sum, cycles) => sum + cycles, 0), largest: Math.max(...shares) };
}

const counted = Object.fromEntries(
    Object.keys(gas).map((name) => {
        const [accelerated, plain] = [run(name, []), run(name, ["--no-accelerators"])];
        assert.deepEqual(accelerated.output, plain.output);
        const perGas = +(accelerated.cycles / gas[name]).toFixed(2);
        return [name, { accelerated: accelerated.cycles, plain: plain.cycles, perGas, ...runAlone(name) }];
    }),
);
if (isUpdating) writeFileSync(here("cycles.json"), `${JSON.stringify(counted, null, 4)}\n`);

for (const [name, expected] of Object.entries(read("cycles.json")))
    test(`${name}: ${counted[name].accelerated} cycles, ${counted[name].plain} without accelerators`, { skip: compiler !== COMPILER }, () => {
        assert.equal(counted[name].runs, expected.runs);
        for (const machine of ["accelerated", "plain", "shares", "largest"]) {
            const ratio = counted[name][machine] / expected[machine];
            const text = `${name}, ${machine}: ${counted[name][machine]} cycles, committed ${expected[machine]}; UPDATE_CYCLES=1 rewrites`;
            assert.ok(Math.abs(ratio - 1) <= SLACK, text);
        }
    });

test("a simple call from L1 costs less than a million", () => assert.ok(counted.call.accelerated <= 1_000_000));
test("transfers, swaps and calls cost less than 15 cycles per gas", () => assert.ok(counted.mixed.perGas <= 15));
