// Assembly programs that use every instruction of RV64IM on many operands, for comparing machines.
//
// A program is a list of groups. Each leaves 8 bytes of output: a digest of all that its instructions gave
// (FNV's way, with a larger factor). Programs are functions of a seed.
import { generator } from "../lib/random.mjs";

const REGISTER = ["add", "sub", "sll", "slt", "sltu", "xor", "srl", "sra", "or", "and"];
const REGISTER_32 = ["addw", "subw", "sllw", "srlw", "sraw"];
const MULTIPLY = ["mul", "mulh", "mulhsu", "mulhu", "mulw"];
const DIVIDE = ["div", "divu", "rem", "remu", "divw", "divuw", "remw", "remuw"];
const BINARY = [...REGISTER, ...REGISTER_32, ...MULTIPLY, ...DIVIDE];
const IMMEDIATE = ["addi", "slti", "sltiu", "xori", "ori", "andi", "addiw"];
const SHIFTS = { slli: 64, srli: 64, srai: 64, slliw: 32, srliw: 32, sraiw: 32 };
const LOADS = ["lb", "lh", "lw", "ld", "lbu", "lhu", "lwu"];
const STORES = ["sb", "sh", "sw", "sd"];
const BRANCHES = ["beq", "bne", "blt", "bge", "bltu", "bgeu"];

// Where results differ if anything is wrong: limits of 32 and 64 bits, of the immediates, of signs.
const CORNERS = [
    0n, 1n, 2n, 3n, 7n, 31n, 32n, 33n, 63n, 64n, 65n, -1n, -2n, -7n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7ffffffen,
    0x7fffffffn, 0x80000000n, 0x80000001n, 0xfffffffen, 0xffffffffn, 0x100000000n, -0x80000000n, -0x80000001n,
    0x5555555555555555n, 0x7fffffffffffffffn, -0x8000000000000000n, -0x7fffffffffffffffn,
]; // prettier-ignore

const DIGEST_FACTOR = 0x9e3779b97f4a7c15n; // odd, with bits everywhere
const RANDOM_OPERANDS = 12;
const SEQUENCES = 12;
const SEQUENCE_LENGTH = 100;
const SEQUENCE_REGISTERS = 31; // x1 to x30; x31 is the base of what is loaded and stored

/** {source, groups}: the text, and the names of the 8-byte results in order. */
export function makeProgram(seed) {
    const random = generator(seed);
    const below = (n) => Math.floor(random() * n);
    const pick = (list) => list[below(list.length)];
    const random64 = () =>
        BigInt.asUintN(64, (BigInt(below(2 ** 32)) << 32n) | BigInt(below(2 ** 32))) >> BigInt(pick([0, 0, 1, 17, 32, 40]));
    const immediate = () => pick([0, 1, -1, 2047, -2048, below(4096) - 2048]);
    const groups = [];
    const lines = [];
    const emit = (...text) => lines.push(...text);
    const fold = (register) => emit(`    xor s2, s2, ${register}`, "    mul s2, s2, s5");
    const group = (name, body) => {
        groups.push(name);
        emit("    li s2, 0");
        body();
        emit("    sd s2, 0(s3)", "    addi s3, s3, 8");
    };
    /** body for each pair of operands, in t0 and t1. */
    const forPairs = (body) => {
        emit("    la s0, operands", "    la s1, operands_end", "1:", "    la s4, operands", "2:");
        emit("    ld t0, 0(s0)", "    ld t1, 0(s4)");
        body();
        emit("    addi s4, s4, 8", "    bltu s4, s1, 2b", "    addi s0, s0, 8", "    bltu s0, s1, 1b");
    };
    /** body for each operand, in t0. */
    const forOperands = (body) => {
        emit("    la s0, operands", "    la s1, operands_end", "1:", "    ld t0, 0(s0)");
        body();
        emit("    addi s0, s0, 8", "    bltu s0, s1, 1b");
    };

    emit("    .globl _start", "_start:", "    la s3, results + 8", `    li s5, ${DIGEST_FACTOR}`);
    for (const op of BINARY)
        group(op, () =>
            forPairs(() => {
                for (const [rd, rs1, rs2] of [["a0", "t0", "t1"], ["a1", "t0", "t0"], ["zero", "t0", "t1"], ["t1", "t0", "t1"], ["t0", "t0", "t1"]]) {
                    emit(`    ${op} ${rd}, ${rs1}, ${rs2}`);
                    fold(rd);
                }
            }),
        );
    for (const op of IMMEDIATE)
        group(op, () =>
            forOperands(() => {
                for (const value of [0, 1, -1, 2047, -2048, immediate(), immediate()]) {
                    emit(`    ${op} a0, t0, ${value}`);
                    fold("a0");
                }
                emit(`    ${op} t0, t0, ${immediate()}`);
                fold("t0");
            }),
        );
    for (const [op, bits] of Object.entries(SHIFTS))
        group(op, () =>
            forOperands(() => {
                for (const amount of [0, 1, bits / 2 - 1, bits / 2, bits - 1, below(bits)]) {
                    emit(`    ${op} a0, t0, ${amount}`);
                    fold("a0");
                }
            }),
        );
    for (const op of ["lui", "auipc"])
        group(op, () => {
            for (const value of [0, 1, 0x7ffff, 0x80000, 0xfffff, below(0x100000), below(0x100000)]) {
                emit(`    ${op} a0, ${value}`);
                fold("a0");
            }
        });
    for (const op of BRANCHES)
        group(op, () =>
            forPairs(() => {
                emit("    li a0, 1", `    ${op} t0, t1, 4f`, "    addi a0, a0, 1", "4:");
                fold("a0");
                // Backwards: at most once.
                emit("    li a0, 0", "    j 4f", "3:", "    addi a0, a0, 4", "    j 5f", "4:", `    ${op} t0, t1, 3b`, "5:");
                fold("a0");
            }),
        );
    group("jal and jalr", () => {
        emit("    jal a0, 1f", "    li a0, 0", "1:");
        fold("a0");
        emit("    la t0, 1f", "    jalr a0, 1(t0)", "    li a0, 0", "1:"); // the lowest bit is dropped
        fold("a0");
        emit("    la t0, 1f", "    jalr t0, 0(t0)", "    li t0, 0", "1:");
        fold("t0");
        emit("    la t0, 1f + 2048", "    jalr zero, -2048(t0)", "    li t0, 0", "1:");
        fold("t0");
        emit("    j 2f", "1:", "    addi a0, a0, 3", "    ret", "2:", "    jal 1b");
        fold("a0");
        emit("    fence", "    fence rw, w", "    fence.tso");
    });
    // Around the end of a page, aligned or not.
    for (const op of LOADS)
        group(op, () => {
            emit("    la t0, page");
            for (let offset = -12; offset <= 12; offset++) {
                emit(`    ${op} a0, ${offset}(t0)`);
                fold("a0");
            }
            for (const far of [2047, -2048]) {
                emit(`    ${op} a0, ${far}(t0)`);
                fold("a0");
            }
            emit(`    ${op} t0, 8(t0)`);
            fold("t0");
        });
    for (const op of STORES)
        group(op, () => {
            for (let offset = -12; offset <= 12; offset++) {
                emit("    la t0, page", `    li t1, ${random64()}`, `    ${op} t1, ${offset}(t0)`, `    ${op} zero, ${pick([2047, -2048])}(t0)`);
                for (const at of [-16, -8, 0, 8, 16]) {
                    emit(`    ld a0, ${at}(t0)`);
                    fold("a0");
                }
            }
        });

    // Any instructions in any order on all registers; branches go forward, so that it ends. s3 is kept in
    // memory meanwhile.
    const any = () => `x${below(31)}`;
    const near = (op, register) => emit(`    ${op} ${register}, ${below(2048) - 1024}(x31)`);
    const label = (sequence, i) => `sequence_${sequence}_${Math.min(i, SEQUENCE_LENGTH)}`;
    const one = (sequence, i) => {
        const kind = random();
        const shift = pick(Object.keys(SHIFTS));
        if (kind < 0.45) emit(`    ${pick(BINARY)} ${any()}, ${any()}, ${any()}`);
        else if (kind < 0.6) emit(`    ${pick(IMMEDIATE)} ${any()}, ${any()}, ${immediate()}`);
        else if (kind < 0.7) emit(`    ${shift} ${any()}, ${any()}, ${below(SHIFTS[shift])}`);
        else if (kind < 0.75) emit(`    ${pick(["lui", "auipc"])} ${any()}, ${below(0x100000)}`);
        else if (kind < 0.85) near(pick(LOADS), any());
        else if (kind < 0.93) near(pick(STORES), any());
        else emit(`    ${pick(BRANCHES)} ${any()}, ${any()}, ${label(sequence, i + 2 + below(6))}`);
        emit(`${label(sequence, i + 1)}:`);
    };
    for (let sequence = 0; sequence < SEQUENCES; sequence++)
        group(`any instructions, sequence ${sequence}`, () => {
            emit("    la x31, results", "    sd s3, 0(x31)", "    la x31, page");
            for (let i = 1; i < SEQUENCE_REGISTERS; i++)
                emit(`    li x${i}, ${BigInt.asIntN(64, random() < 0.5 ? pick(CORNERS) : random64())}`);
            for (let i = 0; i < SEQUENCE_LENGTH; i++) one(sequence, i);
            emit("    la x31, registers");
            for (let i = 1; i < SEQUENCE_REGISTERS; i++) emit(`    sd x${i}, ${8 * i}(x31)`);
            emit("    li s2, 0", `    li s5, ${DIGEST_FACTOR}`, "    la t0, results", "    ld s3, 0(t0)");
            for (const [from, to] of [["registers", "registers_end"], ["page - 1024", "page + 1024"]]) {
                emit(`    la t0, ${from}`, `    la t1, ${to}`, "1:", "    ld a0, 0(t0)");
                fold("a0");
                emit("    addi t0, t0, 8", "    bltu t0, t1, 1b");
            }
        });
    emit("    li a7, 64", "    li a0, 1", "    la a1, results + 8", "    sub a2, s3, a1", "    ecall", "    li a7, 93", "    li a0, 0", "    ecall");

    emit("    .data", "    .balign 4096", "operands:");
    for (const value of [...CORNERS, ...Array.from({ length: RANDOM_OPERANDS }, random64)]) emit(`    .dword ${value}`);
    emit("operands_end:", "    .balign 4096", "before:");
    for (let i = 0; i < 1024; i++) {
        if (i === 512) emit("page:");
        emit(`    .dword ${random64()}`);
    }
    emit("results:", "    .zero 8192", "registers:", `    .zero ${8 * SEQUENCE_REGISTERS}`, "registers_end:");
    return { source: `${lines.join("\n")}\n`, groups };
}
