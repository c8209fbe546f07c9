// What small things cost in the guest, in instructions, as committed in tests/riscv/cycles.json: a change that
// costs or saves some says so in its diff. UPDATE_CYCLES=1 rewrites the file. Of each thing: on a machine with
// all accelerators, and on one with none, where that is another number. Both must give the same.
//
// The numbers are those of Debian's riscv64-unknown-elf-gcc 12.2.0; under another compiler only results are
// compared.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keccak256 as keccak, sha256, toHex } from "viem";
import { sign } from "viem/accounts";
import { runOurs, temporaryFolder } from "./machines.mjs";

const COMPILER = "12.2.0";
const file = new URL("cycles.json", import.meta.url);
const elf = join(process.env.BUILD ?? "build", "guest/kernels.elf");
const folder = temporaryFolder();
const kernels = [...readFileSync(new URL("kernels.def", import.meta.url), "utf8").matchAll(/^KERNEL\((\w+),/gm)].map((m) => m[1]);

// --- operands

const bytes = (hex) => Buffer.from(hex.replace(/^0x/, ""), "hex");
/** Big-endian, of so many bytes. */
const big = (value, size = 32) => bytes(toHex(value, { size }));
/** As the guest has 256-bit numbers in memory. */
const word = (value) => big(value).reverse();
/** The same bytes for the same text, as many as are asked for. */
function random(text, size) {
    const parts = [];
    for (let i = 0; 32 * i < size; i++) parts.push(bytes(keccak(toHex(`${text} ${i}`))));
    return Buffer.concat(parts).subarray(0, size);
}
const number = (text, bits = 256) => BigInt(toHex(random(text, 32))) >> BigInt(256 - bits);

const BN254_P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
const BN254_G1 = [1n, 2n];
// Of EIP-197: imaginary part first.
const BN254_G2 = bytes(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2" +
        "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed" +
        "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b" +
        "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa",
);
const BLS_P = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
// Of EIP-2537.
const BLS_G1 = [
    0x17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bbn,
    0x08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1n,
];
const BLS_G2 = bytes(
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8" +
        "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e" +
        "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801" +
        "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be",
);
const point = ([x, y], size) => Buffer.concat([big(x, size), big(y, size)]);
const bn254 = point(BN254_G1, 32);
const bls = point(BLS_G1, 48);
const minus = ([x, y], p) => [x, p - y];
// Of RFC 6979, A.2.5, SHA-256, "sample".
const P256 = Buffer.concat([
    bytes(sha256(toHex("sample"))),
    bytes("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
    bytes("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
    bytes("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
    bytes("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
]);
const digest = keccak(toHex("signed"));
const signature = await sign({ hash: digest, privateKey: toHex(random("key", 32)) });
const signed = Buffer.concat([bytes(digest), bytes(signature.r), bytes(signature.s)]);
const infinity = Buffer.concat([Buffer.from([0xc0]), Buffer.alloc(47)]);

const a = number("a"), b = number("b"), m = number("m");

// A word for each bit, which is its lowest or highest; what the others are is by chance.
const everyNumber = (of) => Buffer.from(Array.from({ length: 64 }, (_, i) => of(i)));
const everyPlace = (of) => [
    ...Array.from({ length: 64 }, (_, i) => big(BigInt.asUintN(64, of(1n << BigInt(i), number(`word ${i}`, 64))), 8).reverse()),
];

const CASES = [
    ["u256 add", "u256_add", [word(a), word(b)], word(BigInt.asUintN(256, a + b))],
    ["u256 subtract", "u256_sub", [word(a), word(b)], word(BigInt.asUintN(256, a - b))],
    ["u256 less", "u256_less", [word(a), word(b)], Buffer.from([Number(a < b)])],
    ["u256 shift left by 77", "u256_shl", [word(a), word(77n)], word(BigInt.asUintN(256, a << 77n))],
    ["u256 from big-endian", "u256_load_be", [big(a)], word(a)],
    ["u256 multiply low", "u256_mul", [word(a), word(b)], word(BigInt.asUintN(256, a * b))],
    ...[64, 128, 192, 256].map((bits) => {
        const divisor = number("divisor", bits);
        return [`u256 divide by ${bits} bits`, "u256_div", [word(a), word(divisor)], word(a / divisor)];
    }),
    ["u256 addmod", "u256_addmod", [word(a), word(b), word(m)], word((a + b) % m)],
    ["u256 mulmod", "u256_mulmod", [word(a), word(b), word(m)], word((a * b) % m)],
    ["u256 exp to 16 bits", "u256_exp", [word(a), word(0xcafen)], word(BigInt.asUintN(256, a ** 0xcafen))],
    ["64 times trailing zeros", "trailing_zeros", everyPlace((bit, more) => bit | (more & ~(2n * bit - 1n))), everyNumber((i) => i)],
    ["64 times leading zeros", "leading_zeros", everyPlace((bit, more) => bit | (more & (bit - 1n))), everyNumber((i) => 63 - i)],
    ...[
        ["32 aligned bytes", 0, 0, 32],
        ["32 bytes from RLP", 0, 1, 32],
        ["33 bytes into RLP", 3, 0, 33],
        ["20 bytes", 0, 5, 20],
        ["7 bytes", 0, 3, 7],
    ].map(([name, to, from, size]) => {
        const data = random("copy", 64);
        const wanted = Buffer.alloc(64);
        data.copy(wanted, to, from, from + size);
        return [`copy ${name}`, "copy", [Buffer.from([to, from, size, 0, 0, 0, 0, 0]), data], wanted];
    }),
    ["fill 29 bytes", "fill", [Buffer.from([2, 0, 29, 0, 0, 0, 0, 0])], Buffer.concat([Buffer.alloc(2), Buffer.alloc(29, 0xa5), Buffer.alloc(33)])],
    ["keccak-f", "keccak_permute", []],
    ...[32, 64, 135, 136, 532].map((size) => {
        const data = random("data", size);
        return [`keccak256 of ${size} bytes`, "keccak256", [data], bytes(keccak(data))];
    }),
    ["sha256 of 64 bytes", "sha256", [random("data", 64)], bytes(sha256(random("data", 64)))],
    ["ripemd160 of 64 bytes", "ripemd160", [random("data", 64)]],
    ["blake2f, 12 rounds", "blake2f", [random("blake2f", 208)]],
    ["modexp, 256 bits each", "modexp", [big(a), big(b), big(m | 1n)]],
    ["secp256k1 ecrecover", "secp256k1_ecrecover", [signed, Buffer.from([signature.yParity])]],
    ["secp256r1 verify", "secp256r1_verify", [P256], Buffer.from([1])],
    ["bn254 add", "bn254_g1_add", [bn254, point(minus(BN254_G1, BN254_P), 32)], Buffer.alloc(64)],
    ["bn254 double", "bn254_g1_add", [bn254, bn254]],
    ["bn254 multiply", "bn254_g1_mul", [bn254, big(a)]],
    ["bn254 pairing of 2", "bn254_pairing", [bn254, BN254_G2, point(minus(BN254_G1, BN254_P), 32), BN254_G2], Buffer.from([1])],
    ["bn254 pairing of 2 that is not one", "bn254_pairing", [bn254, BN254_G2, bn254, BN254_G2], Buffer.from([0])],
    ["kzg point evaluation of 0", "kzg_point_eval", [infinity, big(5n), big(0n), infinity], Buffer.from([1])],
    ["bls12-381 G1 add", "bls12_g1_add", [bls, bls]],
    ["bls12-381 G1 msm of 1", "bls12_g1_msm", [bls, big(a)]],
    ["bls12-381 G2 add", "bls12_g2_add", [BLS_G2, BLS_G2]],
    ["bls12-381 G2 msm of 1", "bls12_g2_msm", [BLS_G2, big(a)]],
    ["bls12-381 pairing of 2", "bls12_pairing", [bls, BLS_G2, point(minus(BLS_G1, BLS_P), 48), BLS_G2], Buffer.from([1])],
    ["bls12-381 map Fp to G1", "bls12_map_fp_to_g1", [big(number("fp"), 48)]],
    ["bls12-381 map Fp2 to G2", "bls12_map_fp2_to_g2", [big(number("fp"), 48), big(number("fp 2"), 48)]],
];

// --- runs

function run(kernel, operands, ...options) {
    const index = Buffer.alloc(8);
    index.writeUInt32LE(kernels.indexOf(kernel));
    const { status, output, text } = runOurs(elf, Buffer.concat([index, ...operands]), folder, options);
    return { status, output, cycles: Number(/^cycles +([\d,]+)/m.exec(text)[1].replaceAll(",", "")) };
}

// Functions that are not inline: what they cost is beyond a call of one that does nothing.
const CALLED = ["u256_mul", "u256_div", "u256_addmod", "u256_mulmod", "u256_exp", "keccak_permute"];

/** Cycles beyond those of a kernel that does nothing, and what came of it. */
function measure(kernel, operands, ...options) {
    const size = operands.reduce((sum, { length }) => sum + length, 0);
    const nothing = CALLED.includes(kernel) ? "call" : "nothing";
    const { cycles, ...result } = run(kernel, operands, ...options);
    return { ...result, cycles: cycles - run(nothing, [Buffer.alloc(size)], ...options).cycles };
}

const measured = {};

for (const [name, kernel, operands, expected] of CASES)
    test(name, () => {
        const { cycles, ...result } = measure(kernel, operands);
        const { cycles: plain, ...same } = measure(kernel, operands, "--no-accelerators");
        assert.equal(result.status, 0);
        assert.deepEqual(same, result);
        if (expected) assert.deepEqual(result.output, expected);
        measured[name] = plain === cycles ? cycles : { accelerated: cycles, plain };
    });

test("copies, fills and comparisons do what they are to, anywhere", () => {
    assert.deepEqual(run("memory", []).output, Buffer.from([1]));
});

test("what accelerators refuse, the code behind them refuses", () => {
    const ones = (size) => Buffer.alloc(size, 1);
    const bad = {
        secp256k1_ecrecover: [ones(32), Buffer.alloc(64), Buffer.from([0])],
        bn254_g1_add: [ones(128)],
        bn254_g1_mul: [ones(96)],
        bn254_pairing: [ones(192)],
        bls12_g1_add: [ones(192)],
        bls12_g1_msm: [ones(128)],
        bls12_g2_add: [ones(384)],
        bls12_g2_msm: [ones(224)],
        bls12_pairing: [ones(288)],
        bls12_map_fp_to_g1: [Buffer.alloc(48, 0xff)],
        kzg_point_eval: [infinity, Buffer.alloc(32, 0xff), big(0n), infinity],
    };
    for (const [kernel, operands] of Object.entries(bad)) {
        assert.equal(run(kernel, operands).status, 1, kernel);
        assert.equal(run(kernel, operands, "--no-accelerators").status, 1, kernel);
    }
    const wrong = Buffer.from(P256);
    wrong[0] ^= 1;
    for (const options of [[], ["--no-accelerators"]]) {
        const { cycles: _, ...result } = run("secp256r1_verify", [wrong], ...options);
        assert.deepEqual(result, { status: 0, output: Buffer.from([0]) });
    }
});

test("what is signed verifies, by the key that is recovered", () => {
    const { output: key } = run("secp256k1_ecrecover", [signed, Buffer.from([signature.yParity])]);
    for (const options of [[], ["--no-accelerators"]]) {
        assert.deepEqual(run("secp256k1_verify", [signed, key], ...options).output, Buffer.from([1]));
        const other = Buffer.from(signed);
        other[3] ^= 1;
        assert.deepEqual(run("secp256k1_verify", [other, key], ...options).output, Buffer.from([0]));
    }
});

test("cycles are as committed (UPDATE_CYCLES=1 rewrites tests/riscv/cycles.json)", (t) => {
    const version = execFileSync("riscv64-unknown-elf-gcc", ["-dumpfullversion"], { encoding: "utf8" }).trim();
    if (version !== COMPILER) return t.skip(`the compiler is ${version}`);
    if (process.env.UPDATE_CYCLES) writeFileSync(file, `${JSON.stringify(measured, null, 4)}\n`);
    assert.deepEqual(measured, JSON.parse(readFileSync(file, "utf8")));
    // What there is to reach.
    assert.ok((measured["keccak-f"].plain ?? measured["keccak-f"]) <= 6000);
    assert.ok(measured["u256 add"] <= 40);
    assert.ok(measured["u256 multiply low"] <= 65);
});
