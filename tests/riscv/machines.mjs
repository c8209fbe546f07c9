// The machines that a guest's ELF runs on: ours (lockstep guest exec), qemu's user mode, and qemu's "virt"
// board with tests/riscv/board.S below the program. Each takes the same ELF and input and gives
// {status, output}: the exit status, or "trap", and what was written, as a Buffer.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lockstepPath } from "../lib/network.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const TIMEOUT_MS = 120_000;
const TRAPPED = 2; // board.S

export const INPUT_BASE = 0x86000000n;
const BOARD_BASE = "0x88000000"; // behind the machine's memory
const INPUTS_BASE = "0x90000000"; // behind the board's
const PAGE = 4096;

/** A folder that is gone when this process ends. */
export function temporaryFolder() {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-riscv-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

/** Assembles and links one file of assembly; gives the path of the ELF. */
export function assemble(source, folder, { march = "rv64im", link = [] } = {}) {
    const object = join(folder, "program.o");
    const elf = join(folder, `program${link.length}.elf`);
    execFileSync("riscv64-unknown-elf-as", [`-march=${march}`, "-mabi=lp64", "-o", object, source]);
    execFileSync("riscv64-unknown-elf-ld", ["--no-relax", "-z", `max-page-size=${PAGE}`, ...link, "-o", elf, object]);
    return elf;
}

/** Runs it in our machine; text is the whole report. */
export function runOurs(elf, input, folder, options = []) {
    const path = join(folder, "input");
    writeFileSync(path, input);
    const run = spawnSync(lockstepPath(), ["guest", "exec", elf, "--input", path, ...options], {
        encoding: "utf8",
        timeout: TIMEOUT_MS,
    });
    const status = /^status +(.*)$/m.exec(run.stdout);
    if (!status) throw new Error(`lockstep guest exec ${elf}: ${run.error ?? run.stderr}`);
    const output = Buffer.from(/^output +0x([0-9a-f]*)$/m.exec(run.stdout)[1], "hex");
    return { status: /^\d+$/.test(status[1]) ? Number(status[1]) : "trap", output, text: run.stdout };
}

/** What lies at INPUT_BASE: the size, then the input. */
function inputImage(input) {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(input.length));
    return Buffer.concat([size, input]);
}

/** The ELF file with one segment more, that has the input: for machines that load nothing but ELF files. */
export function elfWithInput(elf, input) {
    const image = inputImage(input);
    const headers = Number(elf.readBigUInt64LE(32));
    const count = elf.readUInt16LE(56);
    const start = Math.ceil(elf.length / PAGE) * PAGE;
    const table = start + Math.ceil(image.length / PAGE) * PAGE;
    const out = Buffer.alloc(table + 56 * (count + 1));
    elf.copy(out);
    image.copy(out, start);
    elf.copy(out, table, headers, headers + 56 * count);
    const added = table + 56 * count;
    out.writeUInt32LE(1, added); // PT_LOAD
    out.writeUInt32LE(4, added + 4); // readable
    out.writeBigUInt64LE(BigInt(start), added + 8);
    for (const at of [16, 24]) out.writeBigUInt64LE(INPUT_BASE, added + at);
    for (const at of [32, 40]) out.writeBigUInt64LE(BigInt(image.length), added + at);
    out.writeBigUInt64LE(BigInt(PAGE), added + 48);
    out.writeBigUInt64LE(BigInt(table), 32);
    out.writeUInt16LE(count + 1, 56);
    return out;
}

export function runQemuUser(elf, input, folder) {
    const path = join(folder, "with-input.elf");
    writeFileSync(path, elfWithInput(readFileSync(elf), input), { mode: 0o755 });
    const run = spawnSync("qemu-riscv64", [path], { timeout: TIMEOUT_MS, maxBuffer: 1 << 26 });
    if (run.error) throw run.error;
    return { status: run.signal ? "trap" : run.status, output: run.stdout };
}

/** Segments of an ELF file that are loaded. */
function segments(elf) {
    const [start, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(56)];
    const headers = Array.from({ length: count }, (_, i) => elf.subarray(start + 56 * i, start + 56 * (i + 1)));
    return headers
        .filter((header) => header.readUInt32LE(0) === 1)
        .map((header) => ({
            isWritable: (header.readUInt32LE(4) & 2) !== 0,
            address: header.readBigUInt64LE(16),
            filled: header.readBigUInt64LE(16) + header.readBigUInt64LE(32),
        }));
}

/** What tests/riscv/board.S takes: how many inputs, and each with its size. */
export function inputList(inputs) {
    const number = (n) => {
        const word = Buffer.alloc(8);
        word.writeBigUInt64LE(BigInt(n));
        return word;
    };
    const padded = (data) => [number(data.length), data, Buffer.alloc(-data.length & 7)];
    return Buffer.concat([number(inputs.length), ...inputs.flatMap(padded)]);
}

/** The inputs of such a list. */
export function inputsOf(list) {
    const inputs = [];
    for (let at = 8; at < list.length; ) {
        const size = Number(list.readBigUInt64LE(at));
        inputs.push(list.subarray(at + 8, at + 8 + size));
        at += 8 + ((size + 7) & ~7);
    }
    return inputs;
}

/** What it gives, as a list of {status, output}. */
export function outcomesOf(data) {
    const outcomes = [];
    for (let at = 0; at < data.length; ) {
        const [how, status, size] = [0, 8, 16].map((offset) => Number(data.readBigUInt64LE(at + offset)));
        outcomes.push({ status: how === TRAPPED ? "trap" : status, output: data.subarray(at + 24, at + 24 + size) });
        at += 24 + ((size + 7) & ~7);
    }
    return outcomes;
}

const boards = new Map(); // by what they are linked for

/** Runs it once for each input of a list (a file), in one machine; gives what inputList and outcomesOf are about. */
export function runQemuSystemList(elf, list, folder, timeout = TIMEOUT_MS) {
    const file = readFileSync(elf);
    const written = segments(file).filter(({ isWritable }) => isWritable);
    const writable = written[0]?.address ?? INPUT_BASE;
    const symbols = { entry: file.readBigUInt64LE(24), writable, filled: written.at(-1)?.filled ?? writable, inputs: INPUTS_BASE };
    const defined = Object.entries(symbols).flatMap(([name, value]) => ["--defsym", `${name}=${value}`]);
    const link = ["-Ttext", BOARD_BASE, ...defined];
    const key = link.join(" ");
    if (!boards.has(key))
        boards.set(key, assemble(join(here, "board.S"), temporaryFolder(), { march: "rv64im_zicsr", link }));
    const serial = join(folder, "serial");
    const options = ["-machine", "virt", "-m", "1G", "-display", "none", "-monitor", "none", "-bios", "none"];
    const load = [`file=${elf}`, `file=${boards.get(key)},cpu-num=0`, `file=${list},addr=${INPUTS_BASE},force-raw=on`];
    const run = spawnSync(
        "qemu-system-riscv64",
        [...options, "-serial", `file:${serial}`, ...load.flatMap((what) => ["-device", `loader,${what}`])],
        { timeout, encoding: "utf8" },
    );
    if (run.error) throw run.error;
    if (run.status !== 0 || run.stderr) throw new Error(`qemu-system-riscv64: ${run.stderr || run.signal || run.status}`);
    return readFileSync(serial);
}

export function runQemuSystem(elf, input, folder) {
    const list = join(folder, "input.list");
    writeFileSync(list, inputList([input]));
    return outcomesOf(runQemuSystemList(elf, list, folder))[0];
}
