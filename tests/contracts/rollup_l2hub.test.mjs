// L2Hub and its proxies: what leaves a rollup, what comes back, and what is refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
    concat, decodeEventLog, encodeAbiParameters, encodeFunctionData, getContractAddress, keccak256, pad,
    parseAbiParameters, toFunctionSelector, toHex,
} from "viem";
import { artifact } from "./lib/chain.mjs";
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
                assert.equal(out[0].type, isStatic ? "STATICCALL" : "CALL");
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
    const { bytecode, deployedBytecode, immutableReferences } = artifact("Proxy");
    const salt = keccak256(encodeAbiParameters(parseAbiParameters("uint64, address"), [OTHER, target]));
    assert.equal(proxy, getContractAddress({ opcode: "CREATE2", from: L2HUB, salt, bytecode }).toLowerCase());
    // Hub, rollupId and target, in the order of their declarations.
    let code = deployedBytecode;
    const ids = Object.keys(immutableReferences).sort((a, b) => a - b);
    for (const [i, word] of [pad(L2HUB), pad(toHex(OTHER)), pad(target)].entries())
        for (const { start } of immutableReferences[ids[i]])
            code = code.slice(0, 2 + 2 * start) + word.slice(2) + code.slice(2 + 2 * (start + 32));
    assert.equal(await r.rpc("eth_getCode", proxy, "latest"), code);
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

test("a proxy under construction leaves nothing behind", async () => {
    assert.deepEqual(await r.read(L2HUB, "L2Hub", "proxyParameters"), [0n, `0x${"0".repeat(40)}`]);
});

// --- refusals ----------------------------------------------------------------------------------------

test("no proxies of this rollup's own contracts", async () => {
    for (const f of ["createProxy", "proxyOf"])
        await assert.rejects(r.read(L2HUB, "L2Hub", f, [ROLLUP_ID, target]), new Refused(`NotRemote(${ROLLUP_ID})`));
    for (const id of [0n, ROLLUP_ID + 1n]) await r.read(L2HUB, "L2Hub", "createProxy", [id, target]);
});

test("only the proxy itself speaks for what it stands for", async () => {
    const stranger = r.user.toLowerCase();
    for (const f of ["call", "staticCall"]) {
        const ask = (from, args) => r.read(L2HUB, "L2Hub", f, args, { from });
        await assert.rejects(ask(r.user, [r.user, OTHER, target, "0x"]), new Refused(`NotAProxy(${stranger})`));
        // Another's rollup, another's target.
        await assert.rejects(ask(proxy, [r.user, OTHER + 1n, target, "0x"]), new Refused(`NotAProxy(${proxy})`));
        await assert.rejects(ask(proxy, [r.user, OTHER, r.user, "0x"]), new Refused(`NotAProxy(${proxy})`));
        await assert.rejects(ask(r.user, [r.user, ROLLUP_ID, target, "0x"]), new Refused(`NotAProxy(${stranger})`));
        assert.equal(await ask(proxy, [r.user, OTHER, target, "0x"]), "0x");
    }
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

test("who only claims to be a proxy is a caller like others", async () => {
    const size = (artifact("Proxy").deployedBytecode.length - 2) / 2;
    const impostor = await r.deploy("Impostor");
    const code = await r.rpc("eth_getCode", impostor, "latest");
    assert.ok((code.length - 2) / 2 <= size);
    await r.rpc("anvil_setCode", impostor, pad(code, { dir: "right", size }));
    const frames = await r.frames({ to: impostor, data: concat([proxy, "0x12345678"]) });
    assert.equal(frames.at(-1).to, XCALL);
    assert.equal(frames.at(-1).input, request(OTHER, target, impostor, "0x12345678"));
    // It was asked, and its claim did not give its address.
    assert.ok(frames.some((f) => f.from === L2HUB && f.to === impostor && f.type === "STATICCALL"));
});

test("a caller of a proxy's size that burns its gas or answers nonsense is a caller like others", async () => {
    const size = (artifact("Proxy").deployedBytecode.length - 2) / 2;
    // INVALID; nothing; 64 bytes of ones.
    for (const code of ["0xfe", "0x00", "0x5f195f525f1960205260405ff3"]) {
        const caller = `0x${"c0de".repeat(10)}`;
        await r.rpc("anvil_setCode", caller, pad(code, { dir: "right", size }));
        const frames = await r.frames({ from: caller, to: proxy, data: "0x12345678" });
        assert.equal(frames.at(-1).input, request(OTHER, target, caller, "0x12345678"));
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

test("the probe fails under a static call, and only there", async () => {
    const probe = hubCall("probe", []);
    assert.deepEqual(await r.call({ to: relay, data: relayed(L2HUB, false, probe) }), { ok: true, data: "0x" });
    assert.equal((await r.call({ to: relay, data: relayed(L2HUB, true, probe) })).ok, false);
});

test("the static way takes no ether", async () => {
    const data = hubCall("staticCall", [r.user, OTHER, target, "0x"]);
    assert.deepEqual(await r.call({ from: proxy, to: L2HUB, data, value: "0x0" }).then((c) => c.ok), true);
    await r.rpc("anvil_setBalance", proxy, toHex(10n));
    assert.deepEqual(await r.call({ from: proxy, to: L2HUB, data, value: "0x1" }), { ok: false, data: "0x" });
    await r.rpc("anvil_setBalance", proxy, "0x0");
});
