// Random programs in our machine and in anvil's: the same status, gas, logs, return data, storage and
// code. Each program is a contract; a transaction runs it, and may call the others.
//   PROGRAMS=5000 SEED=7 node --test tests/evm_against_anvil.test.mjs    a longer run, another one
import assert from "node:assert/strict";
import { test } from "node:test";
import { startAnvil } from "./lib/anvil.mjs";
import { rpcBatch, rpcCall, startNetwork } from "./lib/network.mjs";

const PROGRAMS = Number(process.env.PROGRAMS ?? 300);
const SEED = Number(process.env.SEED ?? 1);
const BATCH = 50;
const SLOTS = 8;
const GAS = 400_000;

// xorshift32: a seed gives the same programs everywhere.
let state = 0;
const random = (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
};
const pick = (list) => list[random(list.length)];

const addressOf = (i) => `0x${(0xc0de0000 + i).toString(16).padStart(40, "0")}`;
const byte = (n) => n.toString(16).padStart(2, "0");

// [opcode, pops, pushes]: what depends on nothing but the transaction. Left out is what shows the
// block, which is another one in anvil.
const PLAIN = [
    ...[1, 2, 3, 4, 5, 6, 7, 0xb, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d].map((op) => [op, 2, 1]),
    [0x08, 3, 1], [0x09, 3, 1], [0x15, 1, 1], [0x19, 1, 1],
    [0x30, 0, 1], [0x32, 0, 1], [0x33, 0, 1], [0x34, 0, 1], [0x35, 1, 1], [0x36, 0, 1], [0x38, 0, 1], [0x3d, 0, 1],
    [0x46, 0, 1], [0x47, 0, 1], [0x50, 1, 0], [0x58, 0, 1], [0x59, 0, 1], [0x5a, 0, 1], [0x5b, 0, 0],
];
const NUMBERS = ["00", "01", "02", "1f", "20", "21", "40", "7f", "80", "ff", "0100", "ffff", "ffffffff", "ffffffffffffffff",
    "010000000000000000", "ff".repeat(16), `80${"00".repeat(31)}`, "ff".repeat(32), `7f${"ff".repeat(31)}`];

const push = (hex) => byte(0x5f + hex.length / 2) + hex;
const small = () => push(byte(pick([0, 1, 2, 4, 31, 32, 33, 64, 96, 200])));
const someAddress = (count) => pick([
    () => push(addressOf(random(count)).slice(2)),
    () => push(byte(1 + random(0x11))),
    () => "30",
    () => push("c0ffee"),
])();

function program(count) {
    let code = "";
    let depth = 0;
    const open = []; // places of 2-byte destinations that wait for a JUMPDEST
    const patch = (at, to) => (code = code.slice(0, at) + to.toString(16).padStart(4, "0") + code.slice(at + 4));
    const land = () => {
        for (const at of open.splice(0)) patch(at, code.length / 2);
        code += "5b";
    };
    for (let steps = 20 + random(60); steps > 0; steps--) {
        const kind = random(100);
        if (kind < 30 || depth < 2) {
            code += push(pick(NUMBERS));
            depth++;
        } else if (kind < 62) {
            const [op, pops, pushes] = pick(PLAIN);
            if (pops > depth && random(50) !== 0) continue;
            code += byte(op);
            depth = Math.max(0, depth - pops) + pushes;
        } else if (kind < 70) {
            const n = random(Math.min(depth, 16));
            code += random(2) === 0 ? byte(0x80 + n) : n > 0 ? byte(0x90 + n - 1) : "80";
            if (code.slice(-2) >= "80" && code.slice(-2) < "90") depth++;
        } else if (kind < 76) {
            code += pick([`${small()}52`, `${small()}53`, `${small()}51`, `${small()}${small()}20`, `${small()}${small()}${small()}5e`, `${small()}${small()}${small()}37`, `${small()}${small()}${small()}39`]);
            depth += code.endsWith("52") || code.endsWith("53") ? -1 : code.endsWith("51") || code.endsWith("20") ? 1 : 0;
        } else if (kind < 82) {
            const slot = push(byte(random(SLOTS)));
            code += pick([`${slot}55`, `${slot}54`, `${slot}5c`, `${slot}5d`]);
            depth += code.endsWith("55") || code.endsWith("5d") ? -1 : 1;
        } else if (kind < 85) {
            const topics = random(Math.min(depth, 4) + 1);
            code += small() + small() + byte(0xa0 + topics);
            depth -= topics;
        } else if (kind < 90) {
            // Forward, if what is on the stack is not zero.
            code += "61";
            open.push(code.length);
            code += "000057";
            depth--;
        } else if (kind < 92) land();
        else if (kind < 94) code += `${someAddress(count)}${pick(["3b", "3f", "31"])}50`;
        else if (kind < 98) {
            const op = pick(["f1", "f2", "f4", "fa"]);
            const value = op === "f1" || op === "f2" ? push(pick(["00", "00", "00", "01"])) : "";
            const gas = pick([push("ffff"), push("ffffff"), "5a", push("0900"), push("64")]);
            code += small() + small() + small() + small() + value + someAddress(count) + gas + op;
            depth++;
            if (random(2) === 0) code += "3d5f5f3e";
        } else if (kind < 99) {
            // CREATE or CREATE2 of what stands in memory, an init code that returns some of itself.
            code += `${push("60206000f3")}5f52`;
            code += random(2) === 0 ? `6005601b5ff0` : `${small()}6005601b5ff5`;
            depth++;
        } else code += pick(["fe", "0c", `${small()}${small()}fd`, "00", `${someAddress(count)}ff`, "56"]);
        if (random(6) === 0 && open.length > 0) land();
    }
    land();
    return `${code}59${push(byte(random(SLOTS)))}5560405f${random(5) === 0 ? "fd" : "f3"}`;
}

async function batch(url, calls) {
    const answers = await rpcBatch(url, calls);
    return answers.map(({ result, error }) => (error === undefined ? result : { error: error.data ?? "" }));
}

// What a batch of programs does on one of the two.
async function observe(url, from, programs) {
    const all = programs.map((_, i) => addressOf(i));
    await batch(url, programs.map((code, i) => ["anvil_setCode", [all[i], `0x${code}`]]));
    await batch(url, all.flatMap((address) => Array.from({ length: SLOTS }, (_, slot) => ["anvil_setStorageAt", [address, `0x${slot.toString(16)}`, `0x${(slot % 3).toString(16).padStart(64, "0")}`]])));
    await batch(url, all.map((address) => ["anvil_setBalance", [address, "0x5"]]));
    const data = `0x${"c3".repeat(40)}`;
    const calls = await batch(url, all.map((to) => ["eth_call", [{ from, to, data, gas: `0x${GAS.toString(16)}` }, "latest"]]));
    const receipts = [];
    for (const to of all) {
        const hash = await rpcCall(url, "eth_sendTransaction", [{ from, to, data, value: "0x1", gas: `0x${GAS.toString(16)}` }]);
        // anvil answers before it has made the block.
        let receipt = null;
        while (receipt === null) receipt = await rpcCall(url, "eth_getTransactionReceipt", [hash]);
        receipts.push(receipt);
    }
    const storage = await batch(url, all.flatMap((address) => Array.from({ length: SLOTS }, (_, slot) => ["eth_getStorageAt", [address, `0x${slot.toString(16)}`, "latest"]])));
    const rest = await batch(url, all.flatMap((address) => [["eth_getBalance", [address, "latest"]], ["eth_getTransactionCount", [address, "latest"]], ["eth_getCode", [address, "latest"]]]));
    return programs.map((code, i) => ({
        code,
        call: calls[i],
        status: receipts[i].status,
        gasUsed: receipts[i].gasUsed,
        logs: receipts[i].logs.map(({ address, topics, data }) => ({ address: address.toLowerCase(), topics, data })),
        storage: storage.slice(SLOTS * i, SLOTS * (i + 1)),
        rest: rest.slice(3 * i, 3 * (i + 1)),
    }));
}

test(`${PROGRAMS} random programs do the same here and in anvil (seed ${SEED})`, { timeout: 3_600_000 }, async (t) => {
    state = (SEED * 2654435761) >>> 0 || 1;
    const { url: anvil, stop } = await startAnvil();
    t.after(stop);
    const network = await startNetwork({ rollups: 0 });
    t.after(() => network.stop());
    const [from] = await rpcCall(anvil, "eth_accounts");
    const outcomes = { success: 0, failure: 0 };
    for (let done = 0; done < PROGRAMS; done += BATCH) {
        const programs = Array.from({ length: Math.min(BATCH, PROGRAMS - done) }, () => program(BATCH));
        const theirs = await observe(anvil, from, programs);
        const ours = await observe(network.l1.url, from, programs);
        for (let i = 0; i < programs.length; i++) {
            assert.deepEqual(ours[i], theirs[i], `program ${done + i} of seed ${SEED}, at ${addressOf(i)}`);
            outcomes[ours[i].status === "0x1" ? "success" : "failure"]++;
        }
    }
    t.diagnostic(`${outcomes.success} succeeded, ${outcomes.failure} failed`);
    // A generator whose programs all fail at once would show nothing.
    assert.ok(outcomes.success > PROGRAMS / 10 && outcomes.failure > PROGRAMS / 50);
});
