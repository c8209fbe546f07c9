// How old what a rollup reads of its parent may get: --anchor-every and lockstep_anchor, where nothing in L1's
// blocks asks for a batch (decisions/028).
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pad, toHex } from "viem";
import { anchorOf, deploy, encode, openNetwork, read, send } from "./lib.mjs";

const folder = mkdtempSync(join(tmpdir(), "lockstep-anchors-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const weak = join(folder, "weak.ini");
writeFileSync(weak, "[rollup rollup1]\nproof = k-of-n\n[rollup rollup2]\ntype = evm\n");

const key = (n) => pad(toHex(n));
const mine = (chain, blocks = 1) => chain.client.request({ method: "anvil_mine", params: [toHex(blocks)] });
const ask = (chain, method, params = []) => chain.client.request({ method, params });
const headOf = (chain) => chain.client.getBlockNumber({ cacheTime: 0 });

async function withNetwork(options, body) {
    const { network, chains } = await openNetwork(options);
    try {
        await body(chains, network);
    } finally {
        assert.equal((await network.stop()).status, 0);
    }
}
const batchesIn = async (l1, from, to) => {
    const found = [];
    for (let number = from; number <= to; number++) {
        const { transactions } = await l1.client.getBlock({ blockNumber: number, includeTransactions: true });
        if (transactions.some((tx) => tx.to === l1.contracts.hub.toLowerCase())) found.push(number);
    }
    return found;
};

test("without the option anchors wait for what asks for a batch, or for lockstep_anchor", () =>
    withNetwork(["--rollups", "2"], async ({ l1, rollup1, rollup2 }) => {
        const source = await deploy(l1, "Source");
        const reader = await deploy(rollup1, "Reader");
        await send(source, "set", [5n]);
        await mine(l1, 20);
        assert.equal(await anchorOf(rollup1), 0n);
        const before = await headOf(l1);
        const others = await headOf(rollup2);
        assert.equal(BigInt(await ask(rollup1, "lockstep_anchor")), before);
        // One block of L1, with a batch of this rollup alone, whose newest blocks are safe then.
        assert.deepEqual(await batchesIn(l1, before + 1n, await headOf(l1)), [before + 1n]);
        assert.equal(await anchorOf(rollup1), before);
        assert.equal((await rollup1.client.getBlock({ blockTag: "safe" })).number, await headOf(rollup1));
        assert.deepEqual([await anchorOf(rollup2), await headOf(rollup2)], [0n, others]);
        assert.equal(BigInt(await read(reader, "slot", [source.address, key(0)])), 5n);
        // Again, at once: the anchor is the block of the one before.
        assert.equal(BigInt(await ask(rollup1, "lockstep_anchor")), before + 1n);
    }));

test("lockstep_anchor where there is nothing to anchor", () =>
    withNetwork(["--rollups", "1"], async ({ l1, rollup1 }) => {
        await assert.rejects(ask(l1, "lockstep_anchor"), /l1 has no parent that it could be anchored at/);
        await ask(l1, "lockstep_setAutoBatch", [false]);
        const head = await headOf(l1);
        await assert.rejects(ask(rollup1, "lockstep_anchor"), /no batches are posted.*turn lockstep_setAutoBatch on/);
        assert.equal(await headOf(l1), head);
    }));

for (const every of [1n, 4n])
    test(`--anchor-every ${every}: what rollups read is no older`, () =>
        withNetwork(["--rollups", "2", "--anchor-every", String(every)], async ({ l1, rollup1, rollup2 }) => {
            const source = await deploy(l1, "Source");
            const reader = await deploy(rollup1, "Reader");
            await mine(l1, Number(every));
            const first = await headOf(l1) + 1n;
            for (let value = 1n; value <= 13n; value++) {
                const { blockNumber } = await send(source, "set", [value]);
                for (const rollup of [rollup1, rollup2]) assert.ok(blockNumber - await anchorOf(rollup) <= every);
                assert.ok(value - BigInt(await read(reader, "slot", [source.address, key(0)])) <= every);
            }
            const last = await headOf(l1);
            // No more batches than that takes.
            const batches = await batchesIn(l1, first, last);
            const most = (last - first + every) / every;
            assert.ok(batches.length <= Number(most) && batches.length >= Number(most) - 1, `${batches}`);
            // Without transactions as well, and where no batches are posted not at all.
            await mine(l1, 9);
            assert.ok(await headOf(l1) - await anchorOf(rollup1) <= every);
            await ask(l1, "lockstep_setAutoBatch", [false]);
            const stands = await anchorOf(rollup1);
            await mine(l1, 9);
            assert.equal(await anchorOf(rollup1), stands);
            await ask(l1, "lockstep_setAutoBatch", [true]);
            await mine(l1);
            assert.equal(await anchorOf(rollup1), await headOf(l1) - 1n);
            // What the blocks in between read, the batches' proofs have shown.
            await send(reader, "keepSlot", [source.address, key(0)]);
            await mine(l1, Number(every));
            assert.equal((await rollup1.client.getBlock({ blockTag: "safe" })).number, await headOf(rollup1));
            assert.equal(BigInt(await read(reader, "kept", [])), 13n);
        }));

test("an L3 is anchored at its L2 as well", () =>
    withNetwork(["--rollups", "1", "--l3", "1", "--anchor-every", "2"], async (chains) => {
        const { l1, rollup1: l2 } = chains;
        const l3 = Object.values(chains).find(({ parent }) => parent === "rollup1");
        const source = await deploy(l2, "Source");
        const reader = await deploy(l3, "Reader");
        await send(source, "set", [7n]);
        await mine(l1, 3);
        assert.equal(BigInt(await read(reader, "slot", [source.address, key(0)])), 7n);
        await send(source, "set", [8n]);
        assert.equal(BigInt(await ask(l3, "lockstep_anchor")), await anchorOf(l3));
        assert.equal(BigInt(await read(reader, "slot", [source.address, key(0)])), 8n);
    }));

test("a rollup that cannot be updated does not hold up L1, nor the others", () =>
    withNetwork(["--config", weak, "--anchor-every", "2"], async ({ l1, rollup1, rollup2 }) => {
        const source = await deploy(l1, "Source");
        await mine(l1, 3);
        await ask(l1, "lockstep_setAttester", [0, false]);
        await ask(l1, "lockstep_setAttester", [1, false]);
        const stands = await anchorOf(rollup1);
        for (let value = 1n; value <= 5n; value++) await send(source, "set", [value]);
        assert.equal(await anchorOf(rollup1), stands);
        assert.equal(await read(source, "number", []), 5n);
        assert.ok(await headOf(l1) - await anchorOf(rollup2) <= 2n);
        await assert.rejects(ask(rollup1, "lockstep_anchor"), /2 of 3 attesters must vouch/);
        await ask(l1, "lockstep_setAttester", [1, true]);
        await mine(l1);
        assert.equal(await anchorOf(rollup1), await headOf(l1) - 1n);
    }));

test("a transaction that brings its batch along comes first, the anchor with the next block", () =>
    withNetwork(["--rollups", "1", "--anchor-every", "1"], async ({ l1, rollup1 }) => {
        const counter = await deploy(rollup1, "Ways");
        await mine(l1, 2);
        const from = l1.account.address;
        const call = { rollupId: 1, target: counter.address, data: encode(counter, "byNothing") };
        const { transaction } = await ask(l1, "lockstep_prepareBundle", [{ from, gas: toHex(10_000_000) }, [call]]);
        const { to, data, gas } = transaction;
        const hash = await l1.wallet.sendTransaction({ to, data, gas: BigInt(gas) });
        const { status, blockNumber } = await l1.client.waitForTransactionReceipt({ hash });
        assert.equal(status, "success");
        assert.equal(await read(counter, "value", []), 1n);
        assert.equal((await l1.client.getBlock({ blockNumber })).transactions.length, 1);
        assert.equal(await anchorOf(rollup1), blockNumber - 1n);
    }));
