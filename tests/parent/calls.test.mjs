// What L1CALL runs of the parent's code does there what it does on the parent, costs what it costs there, and leaves
// nothing behind: each call is compared with eth_call of the parent's node at the anchor.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { concat, decodeFunctionResult, keccak256, pad, parseEther, size, toHex, zeroAddress, zeroHash } from "viem";
import { L1CALL, anchor, deploy, encode, mined, nameOn, openNetwork, read, send } from "./lib.mjs";

const SOMEBODY = "0x00000000000000000000000000000000000a11ce";
const MUCH = 10_000_000n;
let network, l1, rollup, odd, links, reader, self, at;
before(async () => {
    const opened = await openNetwork(["--rollups", "1"]);
    network = opened.network;
    ({ l1, rollup1: rollup } = opened.chains);
    // So that no address is that of a contract on both.
    await request(rollup, "anvil_setNonce", rollup.account.address, toHex(1000));
    odd = await deploy(l1, "Odd");
    links = [];
    for (let i = 0; i < 10; i++) links.unshift(await deploy(l1, "Link", [links[0]?.address ?? zeroAddress]));
    reader = await deploy(rollup, "Reader");
    self = await nameOn(l1, reader);
    await mined(l1, await l1.wallet.sendTransaction({ to: odd.address, value: parseEther("2") }));
    at = await anchor(l1, rollup);
});
after(async () => assert.equal((await network?.stop())?.status, 0));

const request = (chain, method, ...params) => chain.client.request({ method, params });
const onL1 = (to, data) => l1.client.call({ account: self, to, data, blockNumber: at, gas: MUCH }).then(({ data: out }) => out ?? "0x");
const viaRollup = (to, data) => read(reader, "call", [to, data], { gas: 20_000_000n });
const input = ({ address }, data) => concat([address, data]);

const inner = () => [
    encode(odd, "writes", [5n]), encode(odd, "writes", [0n]), encode(odd, "creates"), encode(odd, "pays", [SOMEBODY]), encode(odd, "ends", [SOMEBODY]),
    encode(odd, "runsOut"), encode(odd, "refuses", ["0x"]), encode(odd, "refuses", [`0x${"ab".repeat(100)}`]), encode(odd, "burns"), "0x12345678",
    encode(odd, "precompiles", ["0x"]), encode(odd, "precompiles", [`0x${"01".repeat(192)}`]), encode(odd, "precompiles", [`0x${"00".repeat(384)}`]),
];

test("whatever it does: the same result, and the same gas as the caller sees it", async () => {
    for (const data of inner())
        for (const gas of [40_000n, 3_000_000n]) {
            const asked = encode(odd, "measure", [gas, data]);
            const expected = await onL1(odd.address, asked);
            assert.equal(await viaRollup(odd.address, asked), expected, `${data.slice(0, 10)} with ${gas}`);
            assert.ok(decodeFunctionResult({ abi: odd.abi, functionName: "measure", data: expected })[1] > 0n);
        }
});

test("ten contracts deep, and back to the first", async () => {
    const [first] = links;
    const data = encode(first, "walk", [first.address, zeroHash]);
    assert.equal(await viaRollup(first.address, data), await onL1(first.address, data));
    await send(reader, "keepTwice", [first.address, data], { gas: 5_000_000n });
    for (const link of links) assert.equal(await read(link, "visits", []), 0n);
});

test("it is charged what the parent's machine took, and the precompile's own", async () => {
    const intrinsic = (data) => [...Buffer.from(data.slice(2), "hex")].reduce((sum, byte) => sum + (byte === 0 ? 4n : 16n), 21_000n);
    const gasOf = (asked) => read(reader, "gasOf", [asked], { gas: 20_000_000n });
    const calls = [encode(odd, "writes", [5n]), encode(odd, "runsOut"), encode(odd, "measure", [90_000n, encode(odd, "burns")]), encode(odd, "precompiles", ["0x"])];
    for (const data of calls) {
        const trace = await request(l1, "debug_traceCall", { from: self, to: odd.address, data, gas: toHex(MUCH) }, toHex(at), { tracer: "callTracer" });
        // Gas that the transaction gives back at its end is not the call's.
        const struct = await request(l1, "debug_traceCall", { from: self, to: odd.address, data, gas: toHex(MUCH) }, toHex(at), {});
        const refund = BigInt(struct.structLogs.at(-1).refund ?? 0);
        const before = (BigInt(trace.gasUsed) - intrinsic(data));
        const [ok, used, bytes] = await gasOf(input(odd, data));
        assert.equal(ok, trace.error === undefined);
        // Nobody is there: nothing is run.
        const [, own] = await gasOf(concat([SOMEBODY, data]));
        const ran = used - own - 16n * bytes;
        const all = before + intrinsic(data);
        const most = refund > (all + refund) / 5n ? all / 4n : refund;
        assert.equal(ran, before + most, data.slice(0, 10));
        assert.ok(own >= 12_000n + 16n * BigInt(20 + size(data)) && own <= 12_000n + 16n * BigInt(20 + size(data)) + 150n);
    }
});

test("nothing of it stays: in the transaction, on the rollup, or on L1", async () => {
    const before = await Promise.all([
        l1.client.getBalance({ address: odd.address }), l1.client.getBalance({ address: SOMEBODY }), l1.client.getTransactionCount({ address: odd.address }),
        rollup.client.getBalance({ address: SOMEBODY }), l1.client.getStorageAt({ address: odd.address, slot: pad(toHex(1000)) }),
    ]);
    for (const data of [encode(odd, "writes", [9n]), encode(odd, "creates"), encode(odd, "pays", [SOMEBODY]), encode(odd, "ends", [SOMEBODY])]) {
        // The second call in one transaction finds what the first found.
        assert.equal(await read(reader, "keepTwice", [odd.address, data], { gas: 20_000_000n }), true, data.slice(0, 10));
        const { logs } = await send(reader, "keepTwice", [odd.address, data], { gas: 15_000_000n });
        assert.deepEqual(logs, []);
    }
    assert.deepEqual(await Promise.all([
        l1.client.getBalance({ address: odd.address }), l1.client.getBalance({ address: SOMEBODY }), l1.client.getTransactionCount({ address: odd.address }),
        rollup.client.getBalance({ address: SOMEBODY }), l1.client.getStorageAt({ address: odd.address, slot: pad(toHex(1000)) }),
    ]), before);
    assert.notEqual(await l1.client.getCode({ address: odd.address }), undefined);
    assert.equal(await rollup.client.getCode({ address: odd.address }), undefined);
    // The transactions that did so are proven, and L1 takes them.
    await anchor(l1, rollup);
    assert.equal((await rollup.client.getBlock({ blockTag: "safe" })).number, await rollup.client.getBlockNumber({ cacheTime: 0 }));
});

test("eth_estimateGas finds what it takes, and less does not do", async () => {
    const data = encode(links[0], "walk", [links[0].address, zeroHash]);
    const asked = { ...reader, account: rollup.account, functionName: "keepCall", args: [links[0].address, data] };
    const gas = await rollup.client.estimateContractGas(asked);
    await send(reader, "keepCall", asked.args, { gas });
    assert.equal(keccak256(await read(reader, "answer", [])), keccak256(await onL1(links[0].address, data)));
    const hash = await rollup.wallet.writeContract({ ...asked, gas: gas * 9n / 10n });
    assert.equal((await rollup.client.waitForTransactionReceipt({ hash })).status, "reverted");
});

test("debug_traceCall and access lists keep the parent's accounts apart", async () => {
    const data = encode(links[0], "walk", [links[0].address, zeroHash]);
    const tx = { from: rollup.account.address, to: reader.address, data: encode(reader, "call", [links[0].address, data]), gas: toHex(MUCH) };
    const frames = [];
    const walk = (frame, depth = 0) => (frames.push({ ...frame, depth }), (frame.calls ?? []).forEach((call) => walk(call, depth + 1)));
    walk(await request(rollup, "debug_traceCall", tx, "latest", { tracer: "callTracer" }));
    const theirs = frames.filter(({ chainId }) => chainId !== undefined && Number(chainId) === l1.chainId);
    assert.deepEqual(theirs.map(({ to }) => to), [...links, links[0]].map(({ address }) => address.toLowerCase()));
    assert.deepEqual(theirs.map(({ depth }) => depth), theirs.map((_, i) => theirs[0].depth + i));
    assert.equal(frames.find(({ to }) => to === L1CALL).depth, theirs[0].depth - 1);
    const there = new Set(links.map(({ address }) => address.toLowerCase()));
    const prestate = await request(rollup, "debug_traceCall", tx, "latest", { tracer: "prestateTracer" });
    assert.deepEqual(Object.keys(prestate).filter((address) => there.has(address)), []);
    const { accessList } = await request(rollup, "eth_createAccessList", tx, "latest");
    assert.deepEqual(accessList.filter(({ address }) => there.has(address)), []);
    const slots = { ...tx, data: encode(reader, "slot", [odd.address, pad("0x0")]) };
    const { accessList: ofSlot } = await request(rollup, "eth_createAccessList", slots, "latest");
    assert.deepEqual(ofSlot.filter(({ address }) => address === odd.address.toLowerCase()), []);
    // Where nothing ran on the parent the trace is that of one chain.
    const only = await request(rollup, "debug_traceCall", slots, "latest", { tracer: "callTracer" });
    assert.deepEqual([only.chainId, only.to, only.error], [undefined, reader.address.toLowerCase(), undefined]);
    const struct = await request(rollup, "debug_traceCall", slots, "latest", {});
    assert.equal(BigInt(struct.returnValue.startsWith("0x") ? struct.returnValue : `0x${struct.returnValue}`), 1n);
});
