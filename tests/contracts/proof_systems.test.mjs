// Owner and KOfN: whose word counts for what, and how each refusal is told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { concat, encodeAbiParameters, encodeDeployData, encodeFunctionData, keccak256, pad, parseAbiParameters, toHex, zeroAddress } from "viem";
import { privateKeyToAddress, sign } from "viem/accounts";
import { artifact } from "./lib/chain.mjs";
import { Refused, abis, openRollup, refusal } from "./lib/rollup.mjs";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n; // SEC 2, secp256k1
const vkey = pad("0x07");
const publicInput = keccak256("0x1234");
const [alice, bob, carol] = [1, 2, 3].map((n) => pad(toHex(n)))
    .map((privateKey) => ({ privateKey, address: privateKeyToAddress(privateKey).toLowerCase() }));

let r, hub, owner, attestations, kOfN;
before(async () => {
    r = await openRollup();
    hub = await deploy("Hub", [zeroAddress]);
    owner = await deploy("Owner", [hub]);
    // Rollups 1 and 2 are Alice's, 3 is Bob's.
    for (const { address } of [alice, alice, bob]) await send("Hub", hub, "register", [owner, vkey, keccak256("0x"), address, { hasOwnToken: false, messenger: zeroAddress, forceDelay: 0 }]);
    attestations = [];
    for (const { address } of [alice, bob, carol]) attestations.push(await deploy("Attestation", [1n, [address]]));
    kOfN = await deploy("KOfN", [2n, attestations]);
});
after(() => r?.stop());

async function deploy(name, args) {
    const data = encodeDeployData({ abi: abis[name], bytecode: artifact(name).bytecode, args });
    const receipt = await r.send({ data, gas: toHex(16_000_000) });
    assert.equal(receipt.status, "0x1", name);
    return receipt.contractAddress;
}
async function send(name, to, functionName, args) {
    const receipt = await r.send({ to, data: encodeFunctionData({ abi: abis[name], functionName, args }) });
    assert.equal(receipt.status, "0x1", functionName);
}
const digest = (system, { rollupIds = [1n, 2n], key = vkey, input = publicInput } = {}) =>
    keccak256(encodeAbiParameters(parseAbiParameters("address, bytes32, uint64[], bytes32"), [system, key, rollupIds, input]));
const signed = async (hash, by) => {
    const { r: first, s, v } = await sign({ hash, privateKey: by.privateKey });
    return concat([first, s, toHex(v)]);
};
const verify = (name, at, data, { rollupIds = [1n, 2n], key = vkey, input = publicInput } = {}) =>
    r.read(at, name, "verify", [key, rollupIds, input, data]);
const refuses = (promise, why) => assert.rejects(promise, new Refused(why));

test("Owner: the owner's signature, for all the rollups it owns", async () => {
    assert.equal(await verify("Owner", owner, await signed(digest(owner), alice)), true);
    const one = { rollupIds: [2n] };
    assert.equal(await verify("Owner", owner, await signed(digest(owner, one), alice), one), true);
    const other = { rollupIds: [3n] };
    assert.equal(await verify("Owner", owner, await signed(digest(owner, other), bob), other), true);
});

test("Owner: of no other rollup, and of none that nobody has registered", async () => {
    await refuses(verify("Owner", owner, await signed(digest(owner), bob)), `NotTheOwner(1, ${bob.address})`);
    const both = { rollupIds: [1n, 3n] };
    await refuses(verify("Owner", owner, await signed(digest(owner, both), alice), both), `NotTheOwner(3, ${alice.address})`);
    const unknown = { rollupIds: [4n] };
    await assert.rejects(verify("Owner", owner, await signed(digest(owner, unknown), alice), unknown));
});

test("Owner: a signature for anything else recovers to somebody else", async () => {
    const data = await signed(digest(owner), alice);
    for (const more of [{ key: pad("0x08") }, { input: keccak256("0x") }, { rollupIds: [1n] }, { rollupIds: [2n, 1n] }])
        await assert.rejects(verify("Owner", owner, data, more), /^Error: NotTheOwner\([12], 0x[0-9a-f]{40}\)$/);
    const twin = await deploy("Owner", [hub]);
    await assert.rejects(verify("Owner", twin, data), /NotTheOwner/);
});

test("Owner: one form of one signature", async () => {
    const data = await signed(digest(owner), alice);
    await refuses(verify("Owner", owner, "0x"), "BadLength(0)");
    await refuses(verify("Owner", owner, concat([data, data])), "BadLength(130)");
    const { r: first, s, v } = await sign({ hash: digest(owner), privateKey: alice.privateKey });
    const twin = concat([first, pad(toHex(ORDER - BigInt(s))), toHex(v === 27n ? 28 : 27)]);
    await refuses(verify("Owner", owner, twin), "BadSignature()");
    await refuses(verify("Owner", owner, concat([first, s, "0x00"])), "BadSignature()");
    await refuses(verify("Owner", owner, pad("0x", { size: 65 })), "BadSignature()");
});

const parts = (list) => encodeAbiParameters(parseAbiParameters("(uint256 system, bytes data)[]"), [list]);
const part = async (system, by = [alice, bob, carol][system], more) =>
    ({ system: BigInt(system), data: await signed(digest(attestations[system], more), by) });

test("KOfN: any two of three, or all", async () => {
    for (const systems of [[0, 1], [0, 2], [1, 2], [0, 1, 2]])
        assert.equal(await verify("KOfN", kOfN, parts(await Promise.all(systems.map((i) => part(i))))), true, String(systems));
    assert.equal(await r.read(kOfN, "KOfN", "threshold"), 2n);
    assert.deepEqual((await r.read(kOfN, "KOfN", "systems")).map((a) => a.toLowerCase()), attestations.map((a) => a.toLowerCase()));
});

test("KOfN: fewer are too few, and none counts twice", async () => {
    await refuses(verify("KOfN", kOfN, parts([])), "TooFewProofs(0, 2)");
    await refuses(verify("KOfN", kOfN, parts([await part(1)])), "TooFewProofs(1, 2)");
    await refuses(verify("KOfN", kOfN, parts([await part(1), await part(1)])), "SystemsNotAscending(1)");
    await refuses(verify("KOfN", kOfN, parts([await part(1), await part(0)])), "SystemsNotAscending(1)");
    await refuses(verify("KOfN", kOfN, parts([await part(1), { system: 3n, data: "0x" }])), "UnknownSystem(3)");
});

test("KOfN: each part must hold, and who refuses is quoted", async () => {
    const quoted = async (list) => {
        const args = [vkey, [1n, 2n], publicInput, parts(await Promise.all(list))];
        const { ok, data } = await r.call({ to: kOfN, data: encodeFunctionData({ abi: abis.KOfN, functionName: "verify", args }) });
        assert.equal(ok, false);
        return refusal("Attestation", data);
    };
    assert.equal(await quoted([part(0), part(1, carol)]), `NotAnAttester(0, ${carol.address})`);
    assert.equal(await quoted([part(0), part(1), part(2, alice)]), `NotAnAttester(0, ${alice.address})`);
    assert.match(await quoted([part(0), part(1, bob, { input: keccak256("0x") })]), /^NotAnAttester\(0, /);
    assert.equal(await quoted([part(0), { system: 1n, data: "0x" }]), "TooFewSignatures(0, 1)");
    await assert.rejects(verify("KOfN", kOfN, "0x"));
    await assert.rejects(verify("KOfN", kOfN, pad("0xff", { size: 96 })));
});

test("KOfN: one system that says no, without a reason", async () => {
    // Its code answers a word of zero to everybody: PUSH1 32 PUSH1 0 RETURN.
    const receipt = await r.send({ data: "0x6460206000f36000526005601bf3" });
    const no = receipt.contractAddress;
    const mixed = await deploy("KOfN", [1n, [no, attestations[1]]]);
    await refuses(verify("KOfN", mixed, parts([{ system: 0n, data: "0x" }])), "SystemRefused(0)");
    assert.equal(await verify("KOfN", mixed, parts([await part(1)])), true);
});

test("KOfN: what it cannot be deployed with", async () => {
    const fails = async (args) => {
        const data = encodeDeployData({ abi: abis.KOfN, bytecode: artifact("KOfN").bytecode, args });
        const { ok } = await r.call({ data });
        assert.equal(ok, false, String(args));
    };
    await fails([0n, attestations]);
    await fails([4n, attestations]);
    await fails([1n, [attestations[0], attestations[0]]]);
    await fails([1n, [zeroAddress]]);
    await fails([1n, []]);
});
