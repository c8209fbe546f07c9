// L2Hub and its proxies: what leaves a rollup, what comes back, and what is refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
    concat, decodeEventLog, encodeAbiParameters, encodeFunctionData, getContractAddress, pad, parseAbiParameters, size,
    toFunctionSelector, toHex,
} from "viem";
import { proxyCreation } from "./lib/proxy.mjs";
import { L2HUB, Refused, ROLLUP_ID, XCALL, abis, openRollup, refusal } from "./lib/rollup.mjs";

const target = `0x${"1234567890".repeat(4)}`;
const OTHER = 2n;
// src/rollup/evm_rollup.h
const XCALL_GAS = 20_000;
const XCALL_GAS_PER_BYTE = 16;

let r, proxy, relay;
before(async () => {
    r = await openRollup();
    proxy = await makeProxy(OTHER, target);
    relay = await r.deploy("Relay");
});
after(() => r?.stop());

const hubCall = (functionName, args) => encodeFunctionData({ abi: abis.L2Hub, functionName, args });

async function makeProxy(rollupId, of) {
    const receipt = await r.send({ to: L2HUB, data: hubCall("createProxy", [rollupId, of]) });
    assert.equal(receipt.status, "0x1");
    return (await r.read(L2HUB, "L2Hub", "proxyOf", [rollupId, of])).toLowerCase();
}

/** Calldata that the stub answers so; nothing: it returns nothing. */
const answered = (data, fails = false) => concat([fails ? "0x01" : "0x00", data]);
const relayed = (to, isStatic, data) => concat([to, isStatic ? "0x01" : "0x00", data]);
/** What XCALL must be called with. */
const request = (rollupId, of, source, data) => concat([...[toHex(rollupId), of, source].map((w) => pad(w)), data]);

const customError = concat([toFunctionSelector("Unwilling(uint256,string)"),
    encodeAbiParameters(parseAbiParameters("uint256, string"), [3n, "not today"])]);
const answers = {
    nothing: "0x", "one byte": "0x07", "31 bytes": pad("0x01", { size: 31 }), "a word": pad("0x2a"),
    "33 bytes": pad("0x02", { size: 33 }), "a custom error": customError, "20,000 bytes": pad("0x03", { size: 20_000 }),
    "what NotEnoughGas looks like": toFunctionSelector("NotEnoughGas()"),
};

for (const [name, data] of Object.entries(answers))
    test(`${name}: comes back byte for byte, returned or reverted, static or not`, async () => {
        for (const fails of [false, true])
            for (const isStatic of [false, true]) {
                const got = await r.call({ to: relay, data: relayed(proxy, isStatic, answered(data, fails)) });
                assert.deepEqual(got, { ok: !fails, data });
            }
    });

test("the request says who calls whom, how, and with what value", async () => {
    for (const isStatic of [false, true])
        for (const value of isStatic ? [0n] : [0n, 5n])
            for (const data of ["0x", "0x00", answered(pad("0x01"))]) {
                const frames = await r.frames({ to: relay, data: relayed(proxy, isStatic, data), value: toHex(value) });
                const out = frames.filter((f) => f.to === XCALL);
                assert.equal(out.length, 1);
                assert.equal(out[0].type, "CALL"); // under the caller's STATICCALL, if it is static
                assert.equal(out[0].input, request(OTHER, target, relay, data));
                assert.equal(BigInt(out[0].value ?? 0), value);
                assert.equal(out[0].from, L2HUB);
            }
});

test("the largest rollup id and address arrive whole", async () => {
    const id = 2n ** 64n - 1n;
    const of = `0x${"f".repeat(40)}`;
    const far = await makeProxy(id, of);
    const frames = await r.frames({ to: far, data: "0x12345678" });
    assert.equal(frames.at(-1).input, request(id, of, r.user, "0x12345678"));
});

test("value leaves with the call, and stays where it was if the call fails", async () => {
    const balance = async (who) => BigInt(await r.rpc("eth_getBalance", who, "latest"));
    const before_ = await balance(XCALL);
    const sent = await r.send({ to: proxy, value: toHex(7n), data: answered("0x") });
    assert.equal(sent.status, "0x1");
    assert.equal(await balance(XCALL), before_ + 7n);
    const failed = await r.send({ to: proxy, value: toHex(7n), data: answered("0x", true) });
    assert.equal(failed.status, "0x0");
    assert.equal(await balance(XCALL), before_ + 7n);
    for (const who of [proxy, L2HUB]) assert.equal(await balance(who), 0n);
});

test("proxies lie where CREATE2 puts them, with the code that the system would put there", async () => {
    // As the node makes them: src/rollup/proxy.c.
    const code = await r.rpc("eth_getCode", proxy, "latest");
    const creation = proxyCreation(L2HUB, OTHER, target);
    assert.equal(proxy, getContractAddress({ opcode: "CREATE2", from: L2HUB, salt: pad("0x"), bytecode: creation.all }).toLowerCase());
    assert.equal(code, creation.runtime);
});

test("createProxy says so once, and gives the same address again", async () => {
    const of = `0x${"77".repeat(20)}`;
    const data = hubCall("createProxy", [0n, of]);
    const first = await r.send({ to: L2HUB, data });
    assert.equal(first.logs.length, 1);
    const { eventName, args } = decodeEventLog({ abi: abis.L2Hub, ...first.logs[0] });
    const at = await r.read(L2HUB, "L2Hub", "proxyOf", [0n, of]);
    assert.equal(eventName, "ProxyCreated");
    assert.deepEqual([args.rollupId, args.target.toLowerCase(), args.proxy], [0n, of, at]);
    const second = await r.send({ to: L2HUB, data });
    assert.equal(second.status, "0x1");
    assert.equal(second.logs.length, 0);
    assert.equal(await r.read(L2HUB, "L2Hub", "createProxy", [0n, of]), at);
});

// --- refusals ----------------------------------------------------------------------------------------

test("no proxies of this rollup's own contracts", async () => {
    for (const f of ["createProxy", "proxyOf"])
        await assert.rejects(r.read(L2HUB, "L2Hub", f, [ROLLUP_ID, target]), new Refused(`NotRemote(${ROLLUP_ID})`));
    for (const id of [0n, ROLLUP_ID + 1n]) await r.read(L2HUB, "L2Hub", "createProxy", [id, target]);
});

test("only the proxy itself speaks for what it stands for", async () => {
    const stranger = r.user.toLowerCase();
    const ask = async (from, rollupId, of) => {
        const data = concat([toFunctionSelector("enter()"), toHex(rollupId, { size: 8 }), of, r.user]);
        const got = await r.call({ from, to: L2HUB, data });
        return got.ok ? got.data : refusal("L2Hub", got.data);
    };
    assert.equal(await ask(r.user, OTHER, target), `NotAProxy(${stranger})`);
    // Another's rollup, another's target.
    assert.equal(await ask(proxy, OTHER + 1n, target), `NotAProxy(${proxy})`);
    assert.equal(await ask(proxy, OTHER, r.user), `NotAProxy(${proxy})`);
    assert.equal(await ask(r.user, ROLLUP_ID, target), `NotAProxy(${stranger})`);
    assert.equal(await ask(proxy, OTHER, target), "0x");
});

// As the system does it: the contract of another chain calls from the address of its proxy.
test("a caller that is itself a proxy is refused, and told whom to call", async () => {
    for (const caller of [proxy, await makeProxy(0n, target), await makeProxy(3n, r.user)])
        for (const of of [target, r.user]) {
            const callee = await makeProxy(0n, of);
            const got = await r.call({ from: caller, to: callee, data: "0x12345678" });
            assert.equal(refusal("L2Hub", got.data), `CallerIsProxy(0, ${of.toLowerCase()})`);
            assert.equal(got.ok, false);
            const frames = await r.frames({ from: caller, to: callee, data: "0x12345678" });
            assert.deepEqual(frames.filter((f) => f.to === XCALL), []);
        }
});

test("who only has a proxy's code is a caller like others", async () => {
    const elsewhere = `0x${"c0de".repeat(10)}`;
    const { runtime } = proxyCreation(L2HUB, OTHER, target);
    // The code of this very proxy at another address; one that stands for somebody else; and no code.
    for (const code of [runtime, proxyCreation(L2HUB, OTHER, elsewhere).runtime, pad("0xfe", { dir: "right", size: size(runtime) }), "0x00"]) {
        await r.rpc("anvil_setCode", elsewhere, code);
        const frames = await r.frames({ from: elsewhere, to: proxy, data: "0x12345678" });
        assert.equal(frames.at(-1).input, request(OTHER, target, elsewhere, "0x12345678"));
    }
});

test("where XCALL would run out of gas, NotEnoughGas says so; never less than it takes", async () => {
    for (const size of [4, 1000, 10_000]) {
        const data = pad("0x", { size });
        const cost = XCALL_GAS + XCALL_GAS_PER_BYTE * (96 + size);
        const attempt = (gas) => r.call({ to: relay, data: relayed(proxy, false, data), gas: toHex(gas) });
        // From the intrinsic gas of the calldata to plenty: the least that is enough.
        let low = 60_000 + 11 * size;
        let high = 2_000_000;
        const { ok, data: why } = await attempt(low);
        assert.deepEqual([ok, why], [false, toFunctionSelector("NotEnoughGas()")]);
        while (high - low > 1) {
            const middle = Math.floor((low + high) / 2);
            const got = await attempt(middle);
            if (got.ok) high = middle;
            else {
                assert.equal(got.data, toFunctionSelector("NotEnoughGas()"), `${size} bytes, ${middle} gas`);
                low = middle;
            }
        }
        const frames = await r.frames({ to: relay, data: relayed(proxy, false, data), gas: toHex(high) });
        const out = frames.find((f) => f.to === XCALL);
        assert.ok(BigInt(out.gas) >= BigInt(cost), `${size} bytes: XCALL had ${BigInt(out.gas)}, takes ${cost}`);
    }
});
