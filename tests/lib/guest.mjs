// The guest's ELF under QEMU's user mode.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PAGE = 4096, HEADER_SIZE = 56, INPUT_AT = 0x86000000n; // docs/riscv.md

/** The ELF with one segment more: the input, as the machine has it in memory. */
function withInput(elf, input) {
    const pad = (size, to) => Buffer.alloc((to - (size % to)) % to);
    const start = Number(elf.readBigUInt64LE(32)), count = elf.readUInt16LE(56);
    const data = Buffer.concat([Buffer.alloc(16), input, pad(input.length, 8)]);
    data.writeBigUInt64LE(BigInt(input.length), 0);
    const gap = pad(elf.length, PAGE);
    const segment = Buffer.alloc(HEADER_SIZE);
    segment.writeUInt32LE(1, 0); // PT_LOAD
    segment.writeUInt32LE(4, 4); // PF_R
    const at = BigInt(elf.length + gap.length), size = BigInt(data.length);
    [at, INPUT_AT, INPUT_AT, size, size, BigInt(PAGE)].forEach((v, i) => segment.writeBigUInt64LE(v, 8 + 8 * i));
    const headers = elf.subarray(start, start + count * HEADER_SIZE);
    const out = Buffer.concat([elf, gap, data, headers, segment]);
    out.writeBigUInt64LE(at + size, 32);
    out.writeUInt16LE(count + 1, 56);
    return out;
}

/** Runs the ELF on the input: its exit status and its output. */
export function runInQemu(elf, input) {
    const folder = mkdtempSync(join(tmpdir(), "guest-"));
    try {
        const file = join(folder, "guest");
        writeFileSync(file, withInput(elf, input), { mode: 0o755 });
        const run = spawnSync("qemu-riscv64", ["-cpu", "rv64", file], { timeout: 120_000 });
        if (run.error) throw run.error;
        return { status: run.status, output: run.stdout };
    } finally {
        rmSync(folder, { recursive: true });
    }
}
