// Batches as a network has posted them, checked by the guest program on every machine there is: ours with
// accelerators and without, qemu's user mode and its virt board. All give the output that the check of this
// program's own gives, and all refuse what it refuses.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { cases } from "../examples/demo/cases.mjs";
import { startNetwork } from "../examples/demo/network.mjs";
import { World, connect } from "../examples/demo/world.mjs";
import { lockstepPath } from "./lib/network.mjs";
import { runOurs, runQemuSystem, runQemuUser, temporaryFolder } from "./riscv/machines.mjs";

const WANTED = ["a", "c", "e"]; // a call and its answer, there and back and there, ether both ways
const lockstep = lockstepPath();
const elf = join(process.env.BUILD ?? "build", "guest/lockstep-guest.elf");
const folder = temporaryFolder();
const batches = []; // {name, folder, input}

/** The hashes of the transactions to the Hub that have posted something. */
async function posts(l1) {
    const hashes = [];
    const count = Number(await l1.client.request({ method: "eth_blockNumber" }));
    for (let number = 1; number <= count; number++) {
        const { transactions } = await l1.client.request({ method: "eth_getBlockByNumber", params: [`0x${number.toString(16)}`, true] });
        hashes.push(...transactions.filter(({ to }) => to?.toLowerCase() === l1.hub.toLowerCase()).map(({ hash }) => hash));
    }
    return hashes;
}

function exportBatch(hash, url) {
    const name = `batch ${batches.length}`;
    const to = join(folder, `batch${batches.length}`);
    const run = spawnSync(lockstep, ["batch", "export", hash, to, "--rpc", url], { encoding: "utf8" });
    if (run.status !== 0) return;
    const input = Buffer.concat(["batch", "witness"].map((file) => readFileSync(join(to, file))));
    batches.push({ name, folder: to, input });
}

before(async () => {
    const network = await startNetwork();
    try {
        const { chains, accounts } = network.info;
        const [l1, rollup1, rollup2] = chains.map((entry) => connect(entry, accounts[0].privateKey));
        const world = new World({ l1, rollup1, rollup2 });
        for (const one of cases.filter(({ name }) => WANTED.includes(name[0]))) await one.run(world);
        for (const hash of await posts(l1)) exportBatch(hash, chains[0].url);
    } finally {
        await network.stop();
    }
});

const run = (batch, ...options) =>
    spawnSync(lockstep, ["guest", "run", "--batch", join(batch.folder, "batch"), "--witness", join(batch.folder, "witness"), ...options], {
        encoding: "utf8",
    });
const outputOf = (text) => /^output +0x([0-9a-f]*)$/m.exec(text)[1];

test("every posted batch holds, on all machines", () => {
    assert.ok(batches.length >= 3, `${batches.length} batches`);
    for (const [i, batch] of batches.entries()) {
        execFileSync(lockstep, ["verify", batch.folder]);
        const ours = run(batch);
        assert.equal(ours.status, 0, ours.stdout + ours.stderr);
        const output = outputOf(ours.stdout);
        assert.equal(output.length, 64);
        const plain = run(batch, "--no-accelerators");
        assert.equal(plain.status, 0);
        assert.equal(outputOf(plain.stdout), output);
        const wanted = { status: 0, output: Buffer.from(output, "hex") };
        assert.deepEqual(runQemuUser(elf, batch.input, folder), wanted);
        if (i === 0) assert.deepEqual(runQemuSystem(elf, batch.input, folder), wanted);
    }
});

test("every share of a posted batch holds, on all machines, and so they cover it", () => {
    for (const [i, batch] of batches.entries()) {
        const to = join(folder, `shares${i}`);
        execFileSync(lockstep, ["batch", "split", batch.folder, to]);
        const outputs = readdirSync(to).map((name) => {
            const file = join(to, name);
            const native = execFileSync(lockstep, ["verify", file], { encoding: "utf8" });
            const ours = spawnSync(lockstep, ["guest", "run", "--share", file], { encoding: "utf8" });
            assert.equal(ours.status, 0, ours.stdout + ours.stderr);
            const output = outputOf(ours.stdout);
            assert.equal(output, outputOf(native));
            const share = readFileSync(file);
            const wanted = { status: 0, output: Buffer.from(output, "hex") };
            assert.deepEqual(runQemuUser(elf, share, folder), wanted);
            if (i === 0 && name === "0") {
                assert.deepEqual(runQemuSystem(elf, share, folder), wanted);
                share[40] ^= 1; // another number of heads
                const { text, ...refusal } = runOurs(elf, share, folder);
                assert.equal(refusal.status, 1, text);
                assert.deepEqual(runQemuUser(elf, share, folder), refusal);
            }
            return output;
        });
        assert.equal(new Set(outputs).size, outputs.length);
    }
});

test("what is not as it was posted is refused, on all machines alike", () => {
    const { input } = batches[0];
    // A bit of the batch, one of the witness, and an end that is missing.
    const flipped = (at) => {
        const copy = Buffer.from(input);
        copy[at] ^= 1;
        return copy;
    };
    const witness = Number(input.readBigUInt64LE(8));
    for (const changed of [flipped(50), flipped(witness - 40), flipped(witness + 200), input.subarray(0, -8)]) {
        const { text, ...ours } = runOurs(elf, changed, folder);
        assert.equal(ours.status, 1, text);
        assert.equal(ours.output.length, 40);
        assert.equal(ours.output.toString("latin1", 0, 8), "refused\0");
        assert.deepEqual(runQemuUser(elf, changed, folder), ours);
        const { text: _, ...plain } = runOurs(elf, changed, folder, ["--no-accelerators"]);
        assert.deepEqual(plain, ours);
    }
});

test("the profile says where the cycles went", () => {
    const { stdout, status } = run(batches[0], "--profile");
    assert.equal(status, 0);
    const cycles = (pattern) => Number(pattern.exec(stdout)[1].replaceAll(",", ""));
    const whole = cycles(/^cycles +([\d,]+)/m);
    assert.equal(cycles(/^  _start: ([\d,]+) cycles, 100.0 %$/m), whole);
    const works = [...stdout.matchAll(/^  (\w+) +([\d,]+) +[\d.]+ %$/gm)].map(([, name, n]) => [name, Number(n.replaceAll(",", ""))]);
    const sum = (names) => works.filter(([name]) => names.includes(name)).reduce((total, [, n]) => total + n, 0);
    assert.equal(sum(["arithmetic", "multiply", "divide", "load", "store", "branch", "jump", "call"]), whole);
    assert.ok(sum(["evm"]) > 0 && sum(["state"]) > 0 && sum(["keccak"]) > 0);
});

test("run says what it wants, and what is wrong with a file", () => {
    const refused = (...args) => {
        const { status, stderr, stdout } = spawnSync(lockstep, ["guest", ...args], { encoding: "utf8" });
        assert.equal(stdout, "");
        return [status, stderr.trim()];
    };
    const [batch] = batches;
    const path = join(batch.folder, "batch");
    const [wrong, absent] = [join(folder, "wrong"), join(folder, "absent")];
    writeFileSync(wrong, "not ELF");
    assert.deepEqual(refused("run", "--batch", path), [2, "lockstep guest: run needs --batch FILE and --witness FILE"]);
    const both = "lockstep guest: run needs --batch FILE and --witness FILE, or --share FILE";
    assert.deepEqual(refused("run"), [2, both]);
    assert.deepEqual(refused("run", "--share", path, "--batch", path, "--witness", path), [2, both]);
    assert.deepEqual(refused("exec", elf, "--share", path), [
        2,
        "lockstep guest: --batch, --witness, --share and --elf are for run; exec has --input",
    ]);
    assert.deepEqual(refused("run", "--share", absent), [1, `lockstep guest: ${absent}: No such file or directory`]);
    assert.deepEqual(refused(), [2, "lockstep guest: say what to do: run --batch FILE --witness FILE, or exec ELF"]);
    assert.deepEqual(refused("exec", wrong), [1, `lockstep guest: ${wrong}: it is not an ELF file`]);
    assert.deepEqual(refused("exec", absent), [1, `lockstep guest: ${absent}: No such file or directory`]);
    assert.deepEqual(refused("exec", lockstep), [1, `lockstep guest: ${lockstep}: it is not for 64-bit little-endian RISC-V`]);
    assert.deepEqual(refused("run", "--batch", path, "--witness", absent), [1, `lockstep guest: ${absent}: No such file or directory`]);
    const large = join(folder, "large");
    writeFileSync(large, Buffer.alloc(32 << 20));
    assert.deepEqual(refused("exec", elf, "--input", large), [
        1,
        `lockstep guest: ${large}: the machine has room for an input of 32 MiB, and it is larger`,
    ]);
});

test("a run that reaches the limit says where it was", () => {
    const { stdout, status } = run(batches[0], "--max-cycles", "1000");
    assert.equal(status, 1);
    assert.match(stdout, /^status +not ended: the limit of cycles is reached at 0x[0-9a-f]+ \(\w+ \+ 0x[0-9a-f]+\)$/m);
    assert.match(stdout, /^cycles +1,000 /m);
});

test("a refusal is told in words", () => {
    const wrong = join(folder, "no batch");
    writeFileSync(wrong, Buffer.alloc(64));
    const { stdout, status } = spawnSync(lockstep, ["guest", "run", "--batch", wrong, "--witness", wrong], { encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stdout, /^refused +BATCH_FILE: what should be a batch file is none$/m);
});
