// JSON-RPC over WebSocket, on the same port: subscriptions, with viem's client and with bare frames.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { after, before, test } from "node:test";
import { createPublicClient, createWalletClient, keccak256, numberToHex, parseAbi, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { artifact } from "../examples/demo/world.mjs";
import { startNetwork } from "./lib/network.mjs";
import { number } from "./lib/transactions.mjs";

let network;
let from;
before(async () => {
    network = await startNetwork({ silent: true, rollups: 1 });
    from = network.accounts[0].address;
});
after(async () => assert.equal((await network.stop()).code, 0));

const onEach = (name, run) =>
    test(name, async (t) => {
        for (const chain of network.chains) await t.test(chain.name, () => run(chain, t));
    });

const urlOf = (chain) => chain.url.replace("http", "ws");
const someone = (byte) => `0x${byte.toString(16).padStart(2, "0").repeat(20)}`;

/** A WebSocket by hand: what comes is a list of frames to wait for. */
class Frames {
    static async open(url, { headers = {}, key = randomBytes(16).toString("base64") } = {}) {
        const { hostname, port } = new URL(url);
        const socket = connectSocket(Number(port), hostname);
        await once(socket, "connect");
        const all = {
            Host: `${hostname}:${port}`, Upgrade: "websocket", Connection: "keep-alive, Upgrade",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, ...headers,
        };
        const lines = Object.entries(all).filter(([, v]) => v !== null).map(([n, v]) => `${n}: ${v}\r\n`);
        socket.write(`GET / HTTP/1.1\r\n${lines.join("")}\r\n`);
        return new Frames(socket, key).#handshake();
    }

    constructor(socket, key) {
        Object.assign(this, { socket, key, data: Buffer.alloc(0), ended: false, wake: () => {} });
        socket.on("data", (part) => { this.data = Buffer.concat([this.data, part]); this.wake(); });
        socket.on("end", () => { this.ended = true; this.wake(); });
        socket.on("error", () => { this.ended = true; this.wake(); });
    }

    async #until(isThere) {
        while (!isThere()) {
            if (this.ended) throw new Error("the connection has ended");
            await new Promise((resolve) => (this.wake = resolve));
        }
    }

    async #handshake() {
        await this.#until(() => this.data.includes("\r\n\r\n"));
        const end = this.data.indexOf("\r\n\r\n");
        this.head = this.data.subarray(0, end).toString();
        this.data = this.data.subarray(end + 4);
        this.status = Number(this.head.split(" ")[1]);
        return this;
    }

    send(opcode, payload, { last = true, masked = true, reserved = 0 } = {}) {
        const data = Buffer.from(payload);
        const mask = masked ? randomBytes(4) : Buffer.alloc(0);
        const head = [(last ? 0x80 : 0) | reserved | opcode];
        if (data.length < 126) head.push(data.length);
        else if (data.length < 65536) head.push(126, data.length >> 8, data.length & 255);
        else head.push(127, 0, 0, 0, 0, ...Buffer.from(Uint32Array.of(data.length).buffer).reverse());
        if (masked) {
            head[1] |= 0x80;
            for (let i = 0; i < data.length; i++) data[i] ^= mask[i & 3];
        }
        this.socket.write(Buffer.concat([Buffer.from(head), mask, data]));
    }

    async frame() {
        await this.#until(() => this.data.length >= 2);
        let at = 2;
        let size = this.data[1] & 127;
        if (size === 126) { await this.#until(() => this.data.length >= 4); size = this.data.readUInt16BE(2); at = 4; }
        else if (size === 127) { await this.#until(() => this.data.length >= 10); size = Number(this.data.readBigUInt64BE(2)); at = 10; }
        await this.#until(() => this.data.length >= at + size);
        const frame = { opcode: this.data[0] & 15, data: Buffer.from(this.data.subarray(at, at + size)) };
        assert.equal(this.data[0] & 0xf0, 0x80);
        this.data = this.data.subarray(at + size);
        return frame;
    }

    async json() {
        const { opcode, data } = await this.frame();
        assert.equal(opcode, 1, `opcode ${opcode}: ${data}`);
        return JSON.parse(data.toString());
    }

    async call(method, params = [], id = 1) {
        this.send(1, JSON.stringify({ jsonrpc: "2.0", id, method, params }));
        return this.json();
    }

    async assertClosed(code) {
        const { opcode, data } = await this.frame();
        assert.equal(opcode, 8);
        assert.equal(data.readUInt16BE(0), code, data.subarray(2).toString());
        while (!this.ended) await new Promise((resolve) => (this.wake = resolve));
        this.socket.destroy();
    }
}

onEach("viem's client watches blocks, logs and pending transactions", async (chain) => {
    const transport = webSocket(urlOf(chain), { reconnect: false, retryCount: 0 });
    const client = createPublicClient({ chain: chain.viem, transport });
    const account = privateKeyToAccount(network.accounts[0].privateKey);
    const wallet = createWalletClient({ account, chain: chain.viem, transport });
    const { abi, bytecode } = artifact("Counter");
    const hash = await wallet.deployContract({ abi, bytecode });
    const { contractAddress: address } = await client.waitForTransactionReceipt({ hash });
    const seen = { blocks: [], logs: [], pending: [] };
    let wake = () => {};
    const noteIn = (list, many) => (items) => { list.push(...(many ? items : [items])); wake(); };
    const onError = (error) => { throw error; };
    const stops = [
        client.watchBlocks({ onBlock: noteIn(seen.blocks, false), onError }),
        client.watchContractEvent({ address, abi, eventName: "Added", onLogs: noteIn(seen.logs, true), onError }),
        client.watchPendingTransactions({ onTransactions: noteIn(seen.pending, true), onError }),
    ];
    await client.getChainId(); // What was asked before is answered by now.
    await new Promise((resolve) => setImmediate(resolve));
    const before = await client.getBlockNumber({ cacheTime: 0 });
    const hashes = [];
    for (const amount of [5n, 6n]) hashes.push(await wallet.writeContract({ address, abi, functionName: "add", args: [amount] }));
    while (seen.blocks.length < 2 || seen.logs.length < 2 || seen.pending.length < 2)
        await new Promise((resolve) => (wake = resolve));
    assert.deepEqual(seen.logs.map(({ args }) => args.total), [5n, 11n]);
    assert.deepEqual(seen.logs.map((log) => log.transactionHash), hashes);
    assert.deepEqual(seen.pending, hashes);
    assert.deepEqual(seen.blocks.map((block) => block.number), [before + 1n, before + 2n]);
    for (const stop of stops) stop();
    (await transport({}).value.getRpcClient()).close();
});

onEach("subscriptions by name, and their end", async (chain) => {
    const ws = await Frames.open(urlOf(chain));
    assert.equal(ws.status, 101);
    const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455
    assert.ok(ws.head.includes(createHash("sha1").update(ws.key + guid).digest("base64")));
    const heads = (await ws.call("eth_subscribe", ["newHeads"])).result;
    const pending = (await ws.call("eth_subscribe", ["newPendingTransactions", true])).result;
    const syncing = (await ws.call("eth_subscribe", ["syncing"])).result;
    assert.equal(new Set([heads, pending, syncing]).size, 3);
    const hash = await chain.rpc("eth_sendTransaction", [{ from, to: someone(1), value: "0x1" }]);
    const first = await ws.json();
    assert.equal(first.method, "eth_subscription");
    assert.equal(first.params.subscription, pending);
    assert.equal(first.params.result.hash, hash);
    assert.equal(first.params.result.blockHash, null);
    const second = await ws.json();
    assert.equal(second.params.subscription, heads);
    const block = await chain.rpc("eth_getBlockByNumber", ["latest", false]);
    for (const [key, value] of Object.entries(second.params.result)) assert.deepEqual(value, block[key], key);
    assert.equal(second.params.result.transactions, undefined);
    assert.equal((await ws.call("eth_unsubscribe", [heads])).result, true);
    assert.match((await ws.call("eth_unsubscribe", [heads])).error.message, /subscription not found/);
    const wrong = (await ws.call("eth_subscribe", ["newSides"])).error;
    assert.deepEqual([wrong.code, wrong.message], [-32601, 'no "newSides" subscription in eth namespace']);
    assert.equal((await ws.call("eth_subscribe", ["logs", { topics: "x" }])).error.code, -32602);
    assert.equal((await ws.call("eth_subscribe", [])).error.code, -32602);
    await chain.rpc("evm_mine");
    assert.equal((await ws.call("eth_chainId")).result, numberToHex(chain.chainId));
    ws.send(8, Buffer.from([3, 0xe8]));
    await ws.assertClosed(1000);
    await assert.rejects(chain.rpc("eth_subscribe", ["newHeads"]), /notifications not supported/);
});

test("logs that a snapshot's revert removes", async () => {
    const { l1 } = network;
    // Logs nothing but a topic: PUSH1 7, PUSH1 0, PUSH1 0, LOG1.
    const code = "600760006000a1";
    const deploy = await l1.rpc("eth_sendTransaction", [{ from, data: `0x6${(code.length / 2 - 1).toString(16)}${code}5f5260076019f3` }]);
    const { contractAddress: to } = await l1.rpc("eth_getTransactionReceipt", [deploy]);
    const ws = await Frames.open(urlOf(l1));
    await ws.call("eth_subscribe", ["logs", { address: to, topics: [[`0x${"07".padStart(64, "0")}`]] }]);
    await ws.call("eth_subscribe", ["newHeads"]);
    const snapshot = await l1.rpc("evm_snapshot");
    const send = () => l1.rpc("eth_sendTransaction", [{ from, to }]);
    const next = async () => (await ws.json()).params.result;
    const both = async () => {
        const got = [await next(), await next()];
        return got[0].topics ? got : got.reverse();
    };
    await send();
    const [log, head] = await both();
    assert.equal(log.removed, false);
    assert.equal(await l1.rpc("evm_revert", [snapshot]), true);
    assert.deepEqual(await next(), { ...log, removed: true });
    await l1.rpc("evm_increaseTime", [10]);
    await send();
    const [again, newHead] = await both();
    assert.equal(newHead.number, head.number);
    assert.notEqual(newHead.hash, head.hash);
    assert.equal(again.removed, false);
    assert.equal(again.blockHash, newHead.hash);
    ws.socket.destroy();
});

test("fragments, pings, batches, large and binary messages", async () => {
    const ws = await Frames.open(urlOf(network.l1));
    const text = JSON.stringify({ jsonrpc: "2.0", id: "é", method: "eth_chainId" });
    const bytes = Buffer.from(text);
    const middle = bytes.indexOf(0xc3) + 1; // In the middle of a character.
    ws.send(1, bytes.subarray(0, middle), { last: false });
    ws.send(9, "are you there?");
    ws.send(0, bytes.subarray(middle));
    assert.deepEqual(await ws.frame(), { opcode: 10, data: Buffer.from("are you there?") });
    assert.equal((await ws.json()).id, "é");
    ws.send(2, JSON.stringify([{ jsonrpc: "2.0", id: 1, method: "eth_chainId" }, { jsonrpc: "2.0", id: 2, method: "net_version" }]));
    assert.deepEqual((await ws.json()).map(({ id }) => id), [1, 2]);
    ws.send(1, JSON.stringify({ jsonrpc: "2.0", method: "eth_chainId" })); // no id: no answer
    const data = `0x${"ab".repeat(300_000)}`;
    assert.equal((await ws.call("web3_sha3", [data])).result, keccak256(data));
    ws.send(1, "{");
    assert.equal((await ws.json()).error.code, -32700);
    ws.socket.destroy();
});

test("many requests at once are answered as they are ready", async () => {
    const { l1 } = network;
    const ws = await Frames.open(urlOf(l1));
    await l1.rpc("evm_setAutomine", [false]);
    const nonce = number(await l1.rpc("eth_getTransactionCount", [from, "latest"]));
    await l1.rpc("evm_setAutomine", [true]);
    const count = 300;
    for (let i = 0; i < count; i++) {
        const params = [{ from, to: someone(3), value: "0x1", gas: "0x5208", nonce: numberToHex(nonce + i) }];
        ws.send(1, JSON.stringify({ jsonrpc: "2.0", id: i, method: "eth_sendTransaction", params }));
    }
    const ids = new Set();
    while (ids.size < count) {
        const answer = await ws.json();
        assert.equal(answer.error, undefined);
        ids.add(answer.id);
    }
    assert.equal(number(await l1.rpc("eth_getTransactionCount", [from, "latest"])), nonce + count);
    // A client that goes in the middle takes nobody with it.
    for (let i = 0; i < 50; i++)
        ws.send(1, JSON.stringify({ jsonrpc: "2.0", id: i, method: "eth_sendTransaction", params: [{ from, to: someone(3) }] }));
    ws.socket.destroy();
    await l1.rpc("evm_mine");
});

test("a request that waits does not hold up the next", async () => {
    const { l1 } = network;
    const ws = await Frames.open(urlOf(l1));
    await l1.rpc("evm_setAutomine", [false]);
    const hash = await l1.rpc("eth_sendTransaction", [{ from, to: someone(4), value: "0x1" }]);
    const raw = await l1.rpc("eth_getRawTransactionByHash", [hash]);
    await l1.rpc("anvil_dropTransaction", [hash]);
    ws.send(1, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_sendRawTransactionSync", params: [raw] }));
    ws.send(1, JSON.stringify({ jsonrpc: "2.0", id: 2, method: "evm_mine" }));
    const answers = [await ws.json(), await ws.json()];
    assert.equal(answers.find(({ id }) => id === 1).result.transactionHash, hash);
    await l1.rpc("evm_setAutomine", [true]);
    ws.socket.destroy();
});

test("what the protocol forbids closes the connection with its code", async () => {
    const cases = [
        [1002, (ws) => ws.send(1, "{}", { masked: false })],
        [1002, (ws) => ws.send(1, "{}", { reserved: 0x40 })],
        [1002, (ws) => ws.send(3, "{}")],
        [1002, (ws) => ws.send(0, "{}")],
        [1002, (ws) => ws.send(9, "x", { last: false })],
        [1002, (ws) => ws.send(9, "x".repeat(126))],
        [1007, (ws) => ws.send(1, Buffer.from([0xff]))],
        [1009, (ws) => ws.socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]))],
        [4001, (ws) => ws.send(8, Buffer.from([0x0f, 0xa1]))],
    ];
    for (const [code, run] of cases) {
        const ws = await Frames.open(urlOf(network.l1));
        run(ws);
        await ws.assertClosed(code);
    }
});

test("handshakes that are none", async () => {
    const url = urlOf(network.l1);
    const statusOf = async (options) => {
        const ws = await Frames.open(url, options);
        ws.socket.destroy();
        return ws.status;
    };
    assert.equal(await statusOf({ headers: { "Sec-WebSocket-Version": "8" } }), 426);
    assert.equal(await statusOf({ headers: { "Sec-WebSocket-Version": null } }), 426);
    assert.equal(await statusOf({ key: "short" }), 400);
    assert.equal(await statusOf({ headers: { Host: "evil.example" } }), 403);
    assert.equal(await statusOf({ headers: { Origin: "https://app.example" } }), 101);
    assert.equal(await statusOf({ headers: { Connection: "keep-alive" } }), 200); // no upgrade asked
});

test("pages of other origins are kept out; open connections do not hold up the end", async () => {
    const own = await startNetwork({ silent: true, rollups: 0, allowOrigin: "https://app.example" });
    const url = urlOf(own.l1);
    for (const [origin, status] of [["https://app.example", 101], ["https://evil.example", 403]]) {
        const ws = await Frames.open(url, { headers: { Origin: origin } });
        assert.equal(ws.status, status);
        ws.socket.destroy();
    }
    const ws = await Frames.open(url);
    await ws.call("eth_subscribe", ["newHeads"]);
    const stopped = own.stop();
    await ws.assertClosed(1001);
    const { code, ms } = await stopped;
    assert.equal(code, 0);
    assert.ok(ms < 3000, `${ms} ms`);
});
