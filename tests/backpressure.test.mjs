// Clients that ask for more than they take: the node reads no further while answers wait, so that its
// memory stays bounded, and goes on when they are taken.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { rpcBatch, startNetwork } from "./lib/network.mjs";

const MIB = 1024 * 1024;
const ECHO = "0x00000000000000000000000000000000000ec40e";
const SIZE = 65536; // bytes that a call returns; twice that in digits
const CODE = "0x620100005ff3"; // RETURN of so many zeros
const REQUESTS = 2000; // some 260 MB of answers

// Of the node's memory, whatever a client does: output that waits on a connection is about 1 MiB, a whole
// answer at most 64 MiB.
const PIPELINE_MAX = 16 * MIB;
const CONNECTIONS_MAX = 48 * MIB;
const ANSWER_MAX = 112 * MIB;
const KEPT_MAX = 32 * MIB;

const call = (id) => JSON.stringify({ jsonrpc: "2.0", id, method: "eth_call", params: [{ to: ECHO }, "latest"] });
const post = (content) =>
    `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${content.length}\r\n\r\n${content}`;

let network;
let scale = 1; // sanitizers keep what is freed (ASan up to 256 MiB), and shadows of the rest
before(async () => {
    network = await startNetwork({ rollups: 0 });
    if (/lib[at]san/.test(readFileSync(`/proc/${network.process.pid}/maps`, "utf8"))) scale = 16;
    await network.l1.rpc("anvil_setCode", [ECHO, CODE]);
});
after(() => network.stop());

const kibibytes = (name) =>
    Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${network.process.pid}/status`, "utf8"))[1]) * 1024;
const resident = () => kibibytes("VmRSS");
const peak = () => kibibytes("VmHWM");

function dial() {
    const { hostname, port } = new URL(network.l1.url);
    return connect({ host: hostname, port });
}

/** Writes all, not waiting for the other side to take it: what it does not, waits here. */
const shove = (socket, requests) => requests.forEach((request) => socket.write(request));

test("pipelined requests without reading", async () => {
    const before = resident();
    const socket = dial();
    socket.pause();
    shove(socket, Array.from({ length: REQUESTS }, (_, id) => post(call(id))));
    // The node serves others meanwhile; by then it has run what it is going to run.
    for (let i = 0; i < 50; i++) await network.l1.rpc("eth_blockNumber");
    assert.ok(peak() - before < scale * PIPELINE_MAX, `${(peak() - before) / MIB} MiB`);
    // And whoever reads at last gets everything, in order.
    let tail = "";
    let next = 0;
    await new Promise((resolve, reject) => {
        socket.setEncoding("latin1").on("error", reject).on("data", (text) => {
            tail += text;
            for (let at; (at = tail.indexOf('"id":')) >= 0; ) {
                const end = tail.indexOf(",", at);
                if (end < 0) break;
                assert.equal(Number(tail.slice(at + 5, end)), next++);
                tail = tail.slice(end);
            }
            if (next === REQUESTS) resolve();
        });
        socket.resume();
    });
    socket.destroy();
    assert.ok(peak() - before < scale * PIPELINE_MAX, `${(peak() - before) / MIB} MiB`);
});

test("many connections that do not read", async () => {
    const before = resident();
    const sockets = Array.from({ length: 20 }, () => dial().pause());
    for (const socket of sockets) shove(socket, Array.from({ length: REQUESTS / 20 }, (_, id) => post(call(id))));
    for (let i = 0; i < 50; i++) await network.l1.rpc("eth_blockNumber");
    assert.ok(peak() - before < scale * CONNECTIONS_MAX, `${(peak() - before) / MIB} MiB`);
    for (const socket of sockets) socket.destroy();
});

test("a batch whose answers are too large together", async () => {
    const before = resident();
    const answers = await rpcBatch(network.l1.url, Array(1000).fill(["eth_call", [{ to: ECHO }, "latest"]]));
    assert.equal(answers.length, 1000);
    const zeros = "0x" + "00".repeat(SIZE);
    const good = answers.filter(({ result }) => result !== undefined);
    assert.ok(good.length > 400 && good.length < 512, `${good.length}`); // 64 MiB of 128 KiB each, almost
    for (const { result } of good) assert.equal(result.length, zeros.length);
    for (const { error } of answers.slice(good.length)) assert.deepEqual(error, { code: -32003, message: "response too large" });
    assert.ok(peak() - before < scale * ANSWER_MAX, `${(peak() - before) / MIB} MiB`);
    // It has given that back.
    await network.l1.rpc("eth_blockNumber");
    assert.ok(resident() - before < scale * KEPT_MAX, `${(resident() - before) / MIB} MiB`);
});
