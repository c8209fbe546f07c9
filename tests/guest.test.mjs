// The guest program: the same bytes wherever it is built, and what it answers.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { keccak256 } from "viem";
import { startNetwork } from "../examples/demo/network.mjs";
import { runQemuUser, temporaryFolder } from "./riscv/machines.mjs";

const lockstep = process.env.LOCKSTEP;
const path = join(process.env.BUILD ?? "build", "guest/lockstep-guest.elf");
const elf = readFileSync(path);

test("guest-id is the hash of the ELF", () => {
    assert.equal(execFileSync(lockstep, ["guest-id"], { encoding: "utf8" }), `${keccak256(elf)}\n`);
});

test("another folder gives the same bytes", () => {
    const folder = mkdtempSync(join(tmpdir(), "guest build "));
    try {
        for (const name of ["Makefile", "src"]) cpSync(name, join(folder, name), { recursive: true });
        symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
        execFileSync("make", ["-s", "-j2", "BUILD=elsewhere", "guest"], { cwd: folder, stdio: "pipe" });
        const other = readFileSync(join(folder, "elsewhere/guest/lockstep-guest.elf"));
        assert.ok(other.equals(elf), "the two ELFs differ");
    } finally {
        rmSync(folder, { recursive: true });
    }
});

// The same program with another guest in it: a byte of its ELF header that has no meaning is another.
function otherLockstep(to) {
    const program = readFileSync(lockstep);
    const at = program.indexOf(elf);
    assert.ok(at > 0 && program.indexOf(elf, at + 1) === -1, "the ELF is in the program once");
    program[at + 15] ^= 1; // e_ident's padding
    writeFileSync(to, program, { mode: 0o755 });
    return to;
}

test("a network goes on with the guest that it was begun with, and with no other", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-guest-"));
    try {
        const datadir = join(folder, "data");
        const other = otherLockstep(join(folder, "other"));
        const ids = [lockstep, other].map((program) => execFileSync(program, ["guest-id"], { encoding: "utf8" }).trim());
        assert.notEqual(ids[0], ids[1]);
        const network = await startNetwork(["--datadir", datadir], lockstep);
        await network.stop();
        const refused = spawnSync(other, ["--datadir", datadir, "--port", "0"], { encoding: "utf8", timeout: 60_000 });
        assert.equal(refused.status, 1);
        const reason = `the network in ${datadir} was begun with the guest program ${ids[0]}, not the guest program ${ids[1]}; its rollups are
            registered with that program: use the Lockstep that has it (lockstep guest-id), or another --datadir`;
        assert.ok(refused.stderr.includes(reason.replace(/\s+/g, " ")), refused.stderr);
        // Nothing has happened to it: it goes on, and what the other one began is the other one's.
        const again = await startNetwork(["--datadir", datadir], lockstep);
        await again.stop();
        const theirs = await startNetwork(["--datadir", join(folder, "theirs")], other);
        await theirs.stop();
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test("it is for riscv64im without compressed instructions and floats, static, and small", () => {
    const text = (...args) => execFileSync("riscv64-unknown-elf-readelf", args, { encoding: "utf8" });
    const header = text("-hW", path);
    assert.match(header, /Machine:\s+RISC-V/);
    assert.match(header, /Type:\s+EXEC/);
    assert.match(header, /Flags:\s+0x0\b/); // neither RVC nor a float ABI
    assert.doesNotMatch(text("-lW", path), /INTERP|DYNAMIC/);
    const size = [...text("-SW", path).matchAll(/ \.(?:text|rodata) +PROGBITS +\w+ \w+ (\w+)/g)];
    assert.equal(size.length, 2);
    assert.ok(size.reduce((sum, [, hex]) => sum + parseInt(hex, 16), 0) <= 512 * 1024);
});

test("what is no input is refused, and never with 32 bytes", () => {
    for (const input of [Buffer.alloc(0), Buffer.from("lsbatch\x01"), Buffer.alloc(100_000, 0xff)]) {
        const { status, output } = runQemuUser(path, input, temporaryFolder());
        assert.equal(status, 1);
        assert.equal(output.length, 40);
        assert.equal(output.toString("latin1", 0, 8), "refused\0");
    }
});
