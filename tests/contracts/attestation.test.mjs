// Attestation: whose signatures over what count, and how each refusal is told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { concat, encodeAbiParameters, encodeDeployData, keccak256, pad, parseAbiParameters, toHex } from "viem";
import { privateKeyToAddress, sign } from "viem/accounts";
import { artifact } from "./lib/chain.mjs";
import { Refused, abis, openRollup, refusal } from "./lib/rollup.mjs";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n; // SEC 2, secp256k1
const vkey = pad("0x07");
const publicInput = keccak256("0x1234");
const rollupIds = [1n, 2n];

/** Five signers, ascending by address as signatures must be. */
const signers = [1, 2, 3, 4, 5].map((n) => pad(toHex(n)))
    .map((privateKey) => ({ privateKey, address: privateKeyToAddress(privateKey).toLowerCase() }))
    .toSorted((a, b) => (a.address < b.address ? -1 : 1));
const [a, b, c, stranger] = signers;

let r, one, two;
before(async () => {
    r = await openRollup();
    one = await deploy(1n, [b]);
    two = await deploy(2n, [c, a, b]);
});
after(() => r?.stop());

const deployment = (threshold, attesters) => encodeDeployData({
    abi: abis.Attestation, bytecode: artifact("Attestation").bytecode, args: [threshold, attesters],
});
const deploy = (threshold, attesters) => r.deploy({ bytecode: deployment(threshold, attesters.map((s) => s.address)) });

const digest = (more = {}) => {
    const s = { contract: one, vkey, rollupIds, publicInput, ...more };
    return keccak256(encodeAbiParameters(
        parseAbiParameters("address, bytes32, uint64[], bytes32"), [s.contract, s.vkey, s.rollupIds, s.publicInput],
    ));
};
const joined = ({ r: first, s: second, v }) => concat([first, second, toHex(v)]);
const signed = async (hash, ...by) => concat(await Promise.all(by.map(async ({ privateKey }) => joined(await sign({ hash, privateKey })))));
const verify = (at, data, more = {}) => {
    const s = { vkey, rollupIds, publicInput, ...more };
    return r.read(at, "Attestation", "verify", [s.vkey, s.rollupIds, s.publicInput, data]);
};
const refuses = (promise, why, name) => assert.rejects(promise, new Refused(why), name);

test("1 of 1", async () => {
    assert.equal(await verify(one, await signed(digest(), b)), true);
    await refuses(verify(one, "0x"), "TooFewSignatures(0, 1)");
    await refuses(verify(one, await signed(digest(), a)), `NotAnAttester(0, ${a.address})`);
});

test("2 of 3: any two, or all", async () => {
    const hash = digest({ contract: two });
    for (const by of [[a, b], [a, c], [b, c], [a, b, c]]) assert.equal(await verify(two, await signed(hash, ...by)), true);
    for (const by of [a, b, c]) await refuses(verify(two, await signed(hash, by)), "TooFewSignatures(1, 2)");
});

test("nobody counts twice", async () => {
    const hash = digest({ contract: two });
    await refuses(verify(two, await signed(hash, a, a)), "SignersNotAscending(1)");
    await refuses(verify(two, await signed(hash, b, a)), "SignersNotAscending(1)");
    await refuses(verify(two, await signed(hash, a, b, b)), "SignersNotAscending(2)");
    await refuses(verify(two, await signed(hash, a, c, b)), "SignersNotAscending(2)");
});

test("a stranger's signature is refused even where there are enough", async () => {
    const hash = digest({ contract: two });
    const by = [a, b, c, stranger];
    await refuses(verify(two, await signed(hash, ...by)), `NotAnAttester(3, ${stranger.address})`);
});

test("one that was signed for something else recovers to nobody", async () => {
    const others = {
        "another vkey": { vkey: pad("0x08") }, "another public input": { publicInput: keccak256("0x") },
        "one rollup less": { rollupIds: [1n] }, "one more": { rollupIds: [1n, 2n, 3n] }, "another": { rollupIds: [1n, 3n] },
        "another order": { rollupIds: [2n, 1n] }, "none": { rollupIds: [] },
    };
    for (const [name, more] of Object.entries(others)) {
        const data = await signed(digest(), b);
        await assert.rejects(verify(one, data, more), /^Error: NotAnAttester\(0, 0x[0-9a-f]{40}\)$/, name);
        assert.equal(await verify(one, await signed(digest(more), b), more), true, name);
    }
    // Signed for another contract with the same attester, or for none.
    const twin = await deploy(1n, [b]);
    await assert.rejects(verify(twin, await signed(digest(), b)), /NotAnAttester/);
    assert.equal(await verify(twin, await signed(digest({ contract: twin }), b)), true);
    await assert.rejects(verify(one, await signed(publicInput, b)), /NotAnAttester/);
    // With the prefix of eth_sign.
    const prefixed = keccak256(concat([toHex("\x19Ethereum Signed Message:\n32"), digest()]));
    await assert.rejects(verify(one, await signed(prefixed, b)), /NotAnAttester/);
});

test("what is no signature is told by its number", async () => {
    const hash = digest({ contract: two });
    const good = await sign({ hash, privateKey: a.privateKey });
    const v = Number(good.v);
    const s = BigInt(good.s);
    const twin = { ...good, s: pad(toHex(ORDER - s)), v: BigInt(55 - v) };
    const bad = {
        "the malleable twin": twin, "the twin's s alone": { ...twin, v: good.v }, "v of 0 or 1": { ...good, v: BigInt(v - 27) },
        "v of 29": { ...good, v: 29n }, "v of 255": { ...good, v: 255n }, "r of zero": { ...good, r: pad("0x") },
        "s of zero": { ...good, s: pad("0x") }, "r of the order": { ...good, r: pad(toHex(ORDER)) },
        "s one above half": { ...good, s: pad(toHex((ORDER >> 1n) + 1n)) },
    };
    const rest = await signed(hash, b);
    for (const [name, signature] of Object.entries(bad)) {
        await refuses(verify(two, concat([joined(signature), rest])), "BadSignature(0)", name);
        await refuses(verify(two, concat([await signed(hash, a), joined(signature)])), "BadSignature(1)", name);
    }
    // Exactly half is not the upper half: it recovers, to somebody.
    const half = joined({ ...good, s: pad(toHex(ORDER >> 1n)) });
    await assert.rejects(verify(two, concat([half, rest])), /NotAnAttester\(0/);
});

test("data are whole signatures", async () => {
    const data = await signed(digest(), b);
    for (const [wrong, size] of [[data.slice(0, -2), 64], [`${data}00`, 66], ["0x00", 1], [concat([data, data.slice(0, -2)]), 129]])
        await refuses(verify(one, wrong), `BadLength(${size})`);
});

test("a constructor's arguments that make no sense are refused", async () => {
    const zero = { address: `0x${"0".repeat(40)}` };
    const cases = [
        [0n, [a], "BadThreshold(0, 1)"], [0n, [], "BadThreshold(0, 0)"], [1n, [], "BadThreshold(1, 0)"],
        [3n, [a, b], "BadThreshold(3, 2)"], [1n, [zero], `BadAttester(0, ${zero.address})`],
        [1n, [a, b, zero], `BadAttester(2, ${zero.address})`], [2n, [a, b, a], `BadAttester(2, ${a.address})`],
    ];
    for (const [threshold, list, why] of cases) {
        const { ok, data } = await r.call({ data: deployment(threshold, list.map((s) => s.address)) });
        assert.deepEqual([ok, refusal("Attestation", data)], [false, why]);
    }
});

test("it says whom one believes", async () => {
    const lower = (list) => list.map((address) => address.toLowerCase());
    assert.deepEqual(lower(await r.read(two, "Attestation", "attesters")), [c, a, b].map((s) => s.address));
    assert.equal(await r.read(two, "Attestation", "threshold"), 2n);
    for (const [who, is] of [[a, true], [b, true], [c, true], [stranger, false]])
        assert.equal(await r.read(two, "Attestation", "isAttester", [who.address]), is);
});
