// `lockstep trace` against made-up nodes: what it asks, what it prints, what it says when it cannot.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const lockstep = process.env.LOCKSTEP ?? "build/dev/lockstep";
const hash = "0x" + "ab".repeat(32);
const caller = "0x" + "11".repeat(20);
const callee = "0x" + "22".repeat(20);

const trace = (chain, extra = {}) => ({
    hash,
    chain,
    chainId: "0x7a69",
    blockNumber: "0x2",
    status: "0x1",
    frame: { type: "CALL", chain, chainId: "0x7a69", from: caller, to: callee, input: "0x", ...extra },
});

// A node that answers each method by a function of its params; returns url and the methods asked.
async function node(t, methods) {
    const asked = [];
    const server = createServer((request, response) => {
        let body = "";
        request.on("data", (part) => (body += part));
        request.on("end", () => {
            const { id, method, params } = JSON.parse(body);
            asked.push(method);
            const answer = methods[method]
                ? { result: methods[method](...params) }
                : { error: { code: -32601, message: `the method ${method} does not exist` } };
            if (answer.result instanceof Buffer) return response.end(answer.result);
            response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
        });
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    return { url: `http://127.0.0.1:${server.address().port}`, asked };
}

function run(...args) {
    return new Promise((resolve) => {
        const child = spawn(lockstep, ["trace", ...args], { stdio: ["ignore", "pipe", "pipe"] });
        let stdout = "";
        let stderr = "";
        child.stdout.on("data", (part) => (stdout += part));
        child.stderr.on("data", (part) => (stderr += part));
        child.on("close", (status) => resolve({ status, stdout, stderr }));
    });
}

test("prints the tree", async (t) => {
    const { url } = await node(t, { lockstep_traceTransaction: () => trace("l1") });
    const { status, stdout, stderr } = await run(hash, "--rpc", url);
    assert.equal(stderr, "");
    assert.equal(
        stdout,
        `${hash} on l1 (chain 31337), block 2: ok\n\nl1       0x11111111…1111 → 0x22222222…2222  ()\n`,
    );
    assert.equal(status, 0);
});

test("names, full and JSON", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "trace-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const names = join(folder, "names.json");
    const { url } = await node(t, { lockstep_traceTransaction: () => trace("l1") });
    writeFileSync(names, JSON.stringify({ [callee]: "Callee" }));
    assert.match((await run(hash, "--rpc", url, "--names", names)).stdout, /→ Callee {2}\(\)\n$/);
    assert.match((await run(hash, "--rpc", url, "--full")).stdout, new RegExp(`${caller} → ${callee}`));
    assert.deepEqual(JSON.parse((await run(hash, "--rpc", url, "--json")).stdout), trace("l1"));
    writeFileSync(names, "[]");
    const refused = await run(hash, "--rpc", url, "--names", names);
    assert.equal(refused.stderr, `trace: ${names}: it must be a JSON object\n`);
    assert.equal(refused.status, 1);
});

test("looks on the other chains of the network", async (t) => {
    const other = await node(t, { lockstep_traceTransaction: () => trace("rollup2") });
    const empty = await node(t, { lockstep_traceTransaction: () => null });
    const first = await node(t, {
        lockstep_traceTransaction: () => null,
        lockstep_networkInfo: () => ({
            parent: { url: first.url },
            rollups: [{ url: empty.url }, { url: null }, { url: other.url }],
        }),
    });
    const { status, stdout } = await run(hash, "--rpc", first.url);
    assert.match(stdout, / on rollup2 /);
    assert.equal(status, 0);
    assert.deepEqual(first.asked, ["lockstep_traceTransaction", "lockstep_networkInfo"]);
    assert.deepEqual(empty.asked, ["lockstep_traceTransaction"]);
});

test("1,024 calls deep", async (t) => {
    let frame = trace("l1").frame;
    for (let i = 0; i < 1023; i++) frame = { ...trace("l1").frame, calls: [frame] };
    const { url } = await node(t, { lockstep_traceTransaction: () => ({ ...trace("l1"), frame }) });
    const { status, stdout } = await run(hash, "--rpc", url);
    assert.equal(stdout.split("\n").length, 2 + 1024 + 1);
    assert.equal(status, 0);
});

const failures = {
    "no such transaction": [
        { lockstep_traceTransaction: () => null, lockstep_networkInfo: () => ({}) },
        /^trace: no chain of the network at http:\S+ has a transaction 0x(ab){32} in a block\n$/,
    ],
    "a node of another kind": [
        {},
        /answers "the method lockstep_traceTransaction does not exist": is it a Lockstep node\?\n$/,
    ],
    "an answer that is not JSON": [
        { lockstep_traceTransaction: () => Buffer.from("<html>") },
        /^trace: the answer of http:\S+ is not JSON: unexpected character\n$/,
    ],
    "an empty answer": [
        { lockstep_traceTransaction: () => Buffer.alloc(0) },
        /^trace: the answer of http:\S+ is not JSON: it is empty\n$/,
    ],
    "JSON that is no answer": [
        { lockstep_traceTransaction: () => Buffer.from("[1]") },
        /^trace: the answer of http:\S+ is no JSON-RPC answer\n$/,
    ],
    "a trace without a frame": [
        { lockstep_traceTransaction: () => ({ hash }) },
        /^trace: the node's answer has no frame\n$/,
    ],
};
for (const [name, [methods, expected]] of Object.entries(failures))
    test(`says so: ${name}`, async (t) => {
        const { url } = await node(t, methods);
        const { status, stdout, stderr } = await run(hash, "--rpc", url);
        assert.match(stderr, expected);
        assert.equal(stdout, "");
        assert.equal(status, 1);
    });

test("says so: nobody listens", async (t) => {
    const { url } = await node(t, {});
    const port = Number(new URL(url).port);
    // A port that was free a moment ago and is not asked for.
    const { status, stderr } = await run(hash, "--rpc", `http://127.0.0.1:${port === 1 ? 2 : 1}`);
    assert.match(stderr, /^trace: cannot ask http:\S+: .*connect/);
    assert.equal(status, 1);
});

for (const args of [[], ["0x12"], [hash, hash], [hash.slice(2)], [hash, "--rcp", "x"], [hash, "--rpc"]])
    test(`refuses trace ${args.join(" ").slice(0, 40)}`, async () => {
        const { status, stdout, stderr } = await run(...args);
        assert.match(stderr, /^lockstep trace: .+\n$/);
        assert.equal(stdout, "");
        assert.equal(status, 2);
    });

test("only http and https are asked", async () => {
    const { status, stderr } = await run(hash, "--rpc", "file:///etc/passwd");
    assert.match(stderr, /^trace: cannot ask file:/);
    assert.equal(status, 1);
});
