// System and Anchor: what a rollup's contracts can read of the rollup and of its parent.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { encodeFunctionData, getAddress, pad, toHex } from "viem";
import { root } from "./lib/chain.mjs";
import { ANCHOR, Refused, SYSTEM, SYSTEM_CALLER, abis, openRollup } from "./lib/rollup.mjs";

const HISTORY = 8191n;

let r, snapshot;
before(async () => {
    r = await openRollup();
    await r.rpc("anvil_impersonateAccount", SYSTEM_CALLER);
});
after(() => r?.stop());
beforeEach(async () => {
    snapshot = await r.rpc("evm_snapshot");
});
afterEach(() => r.rpc("evm_revert", snapshot));

// --- System ------------------------------------------------------------------------------------------

/** The enumerators of src/rollup/predeploys.h: SYSTEM_CHAIN_ID = 0 gives ["chainId", 0]. */
function slotsOfTheNode() {
    const text = readFileSync(join(root, "src/rollup/predeploys.h"), "utf8");
    const camel = (name) => name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    return [...text.matchAll(/^ +SYSTEM_(\w+) = (\d+),/gm)].map(([, name, slot]) => [camel(name), Number(slot)]);
}

test("System's getters read the slots that the node writes", async () => {
    const slots = slotsOfTheNode();
    const getters = abis.System.filter((f) => f.type === "function");
    assert.deepEqual(slots.map(([name]) => name).toSorted(), getters.map((f) => f.name).toSorted());
    for (const [, slot] of slots) await r.rpc("anvil_setStorageAt", SYSTEM, pad(toHex(slot)), pad(toHex(1000 + slot)));
    for (const [name, slot] of slots) {
        const [{ type }] = getters.find((f) => f.name === name).outputs;
        const word = pad(toHex(1000 + slot));
        const expected = { uint256: BigInt(1000 + slot), bytes32: word, bool: true, address: getAddress(`0x${word.slice(26)}`) }[type];
        assert.equal(await r.read(SYSTEM, "System", name), expected, name);
    }
});

test("System has no function that writes", () => {
    for (const f of abis.System) assert.deepEqual([f.type, f.stateMutability], ["function", "view"]);
});

// --- Anchor ------------------------------------------------------------------------------------------

const anchorOf = (number, salt = 0n) => ({
    number, timestamp: BigInt.asUintN(64, 1_700_000_000n + number),
    ...Object.fromEntries(["blockHash", "stateRoot", "transactionsRoot", "receiptsRoot", "parentBeaconRoot"]
        .map((name, i) => [name, pad(toHex(10n * (number + salt) + BigInt(i) + 1n))])),
});
const setData = (anchor) => encodeFunctionData({ abi: abis.Anchor, functionName: "setAnchor", args: [anchor] });
const setAnchor = (anchor) => r.send({ from: SYSTEM_CALLER, to: ANCHOR, data: setData(anchor) });
const ask = (functionName, args) => r.read(ANCHOR, "Anchor", functionName, args);
const refuses = (promise, why) => assert.rejects(promise, new Refused(why));

// The getters of RIP-7859 and what of a block they give.
const GETTERS = {
    getL1OriginBlockHash: "blockHash", getL1OriginParentBeaconRoot: "parentBeaconRoot", getL1OriginStateRoot: "stateRoot",
    getL1OriginReceiptRoot: "receiptsRoot", getL1OriginTransactionRoot: "transactionsRoot",
};

test("before the first anchor there is none", async () => {
    assert.equal((await ask("latest")).number, 0n);
    assert.equal(await ask("getL1OriginBlockHeight"), 0n);
    for (const name of Object.keys(GETTERS)) {
        assert.equal(await ask(name), pad("0x"));
        await refuses(ask(`${name}At`, [0n]), "NotAnchored(0)");
    }
});

test("an anchor is read back whole, by every getter", async () => {
    for (const number of [0n, 5n, 2n ** 64n - 1n]) {
        const anchor = anchorOf(number);
        const receipt = await setAnchor(anchor);
        assert.equal(receipt.status, "0x1");
        // The node gives it ANCHOR_TX_GAS, src/rollup/evm_rollup.h.
        assert.ok(BigInt(receipt.gasUsed) < 1_000_000n);
        assert.deepEqual(await ask("latest"), anchor);
        assert.deepEqual(await ask("at", [number]), anchor);
        assert.equal(await ask("getL1OriginBlockHeight"), number);
        for (const [name, field] of Object.entries(GETTERS)) {
            assert.equal(await ask(name), anchor[field], name);
            assert.equal(await ask(`${name}At`, [number]), anchor[field], `${name}At`);
        }
    }
});

test("the same parent block may be anchored again, an older one not", async () => {
    await setAnchor(anchorOf(7n));
    assert.equal((await setAnchor(anchorOf(7n))).status, "0x1");
    for (const number of [6n, 0n]) {
        await refuses(r.read(ANCHOR, "Anchor", "setAnchor", [anchorOf(number)], { from: SYSTEM_CALLER }), `AnchorOlder(${number}, 7)`);
        assert.equal((await setAnchor(anchorOf(number))).status, "0x0");
    }
    assert.deepEqual(await ask("latest"), anchorOf(7n));
});

test("nobody but the system anchors", async () => {
    for (const from of [r.user, ANCHOR, SYSTEM])
        await refuses(r.read(ANCHOR, "Anchor", "setAnchor", [anchorOf(1n)], { from }), `NotTheSystem(${from.toLowerCase()})`);
    assert.equal((await r.send({ to: ANCHOR, data: setData(anchorOf(1n)) })).status, "0x0");
});

test("the ring holds 8191 numbers, then places are taken again", async () => {
    assert.equal(await ask("HISTORY"), HISTORY);
    for (const number of [1n, 2n, HISTORY, HISTORY + 2n]) await setAnchor(anchorOf(number));
    // 2 and HISTORY + 2 share a place; 1's own is still free, and 0's has HISTORY in it.
    assert.deepEqual(await ask("at", [1n]), anchorOf(1n));
    await refuses(ask("at", [2n]), "NotAnchored(2)");
    await refuses(ask("at", [0n]), "NotAnchored(0)");
    assert.deepEqual(await ask("at", [HISTORY]), anchorOf(HISTORY));
    assert.deepEqual(await ask("at", [HISTORY + 2n]), anchorOf(HISTORY + 2n));
    assert.deepEqual(await ask("latest"), anchorOf(HISTORY + 2n));
    // Between two anchors, ahead of the newest, and beyond any block number.
    for (const number of [3n, HISTORY + 1n, HISTORY + 3n, 2n * HISTORY + 2n, 2n ** 64n + 1n, 2n ** 256n - 1n])
        for (const name of ["at", ...Object.keys(GETTERS).map((g) => `${g}At`)]) await refuses(ask(name, [number]), `NotAnchored(${number})`);
});
