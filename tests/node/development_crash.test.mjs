// Killed in the middle of development methods, with a data directory: after the next start no chain is
// ahead of the others, and what was acknowledged is there.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFunctionData, keccak256, numberToHex, pad, parseAbi } from "viem";
import { artifact } from "../../examples/demo/world.mjs";
import { startNetwork } from "../lib/network.mjs";
import { number } from "../lib/transactions.mjs";

const ROUNDS = 12;
const hubAbi = parseAbi(["function createProxy(uint64 rollupId, address target) returns (address)"]);
const someone = (n) => pad(numberToHex(n + 1000), { size: 20 });

test("killed while state is set and snapshots are reverted", async (t) => {
    const datadir = join(mkdtempSync(join(tmpdir(), "lockstep-data-")), "data");
    t.after(() => rmSync(datadir, { recursive: true, force: true }));
    const start = () => startNetwork({ silent: true, rollups: 2, datadir });
    let network = await start();
    const from = network.accounts[0].address;
    const send = async (chain, tx) => {
        const receipt = await chain.rpc("eth_getTransactionReceipt", [await chain.rpc("eth_sendTransaction", [{ from, ...tx }])]);
        assert.equal(receipt.status, "0x1");
        return receipt;
    };
    const { abi, bytecode } = artifact("Counter");
    const data = encodeFunctionData({ abi, functionName: "add", args: [1n] });
    const proxies = [];
    const counters = [];
    for (const rollup of network.rollups) {
        const { contractAddress } = await send(rollup, { data: bytecode });
        const args = [BigInt(rollup.rollupId), contractAddress];
        await send(network.l1, { to: network.contracts.hub, data: encodeFunctionData({ abi: hubAbi, functionName: "createProxy", args }) });
        counters.push(contractAddress);
        proxies.push(await network.l1.rpc("lockstep_proxyOf", [numberToHex(rollup.rollupId), contractAddress]));
    }
    let next = 0;
    for (let round = 0; round < ROUNDS; round++) {
        const { l1, rollups } = network;
        const told = []; // [chain, account] whose balance was set and acknowledged; empty once a revert was begun
        let isReverting = false;
        const work = (async () => {
            for (;;) {
                const snapshot = await l1.rpc("evm_snapshot");
                const before = told.length;
                for (const [i, rollup] of rollups.entries()) {
                    const who = someone(next++);
                    await rollup.rpc("anvil_setBalance", [who, "0x1"]);
                    told.push([1 + i, who]);
                    await send(rollup, { to: counters[i], data });
                    await send(l1, { to: proxies[i], data });
                    const onL1 = someone(next++);
                    await l1.rpc("anvil_setBalance", [onL1, "0x1"]);
                    told.push([0, onL1]);
                }
                isReverting = true;
                await rollups[next % 2].rpc("evm_revert", [snapshot]);
                told.length = before;
                isReverting = false;
            }
        })().catch(() => {});
        await sleep(3 + round * 9);
        const kept = isReverting ? [] : [...told];
        await network.stop("SIGKILL");
        await work;
        network = await start();
        // Each chain's newest block has the state that is there, and the Hub has the rollups' heads.
        const infos = await network.l1.rpc("lockstep_getRollups");
        for (const chain of network.chains) {
            const block = await chain.rpc("eth_getBlockByNumber", ["latest", false]);
            const { accountProof } = await chain.rpc("eth_getProof", [from, [], "latest"]);
            assert.equal(keccak256(accountProof[0]), block.stateRoot);
        }
        for (const [i, rollup] of network.rollups.entries())
            assert.equal(infos[i].head, (await rollup.rpc("eth_getBlockByNumber", ["safe", false])).stateRoot);
        for (const [index, who] of kept)
            assert.equal(number(await network.chains[index].rpc("eth_getBalance", [who, "latest"])), 1);
        for (const [i, proxy] of proxies.entries()) {
            const total = async () => number(await network.rollups[i].rpc("eth_getStorageAt", [counters[i], "0x0", "latest"]));
            const was = await total();
            await send(network.l1, { to: proxy, data });
            assert.equal(await total(), was + 1);
        }
    }
    assert.equal((await network.stop()).code, 0);
});

test("killed while users' transactions return from removed blocks, none of them is lost", async (t) => {
    const datadir = join(mkdtempSync(join(tmpdir(), "lockstep-data-")), "data");
    t.after(() => rmSync(datadir, { recursive: true, force: true }));
    const start = () => startNetwork({ silent: true, rollups: 2, datadir });
    let network = await start();
    t.after(() => network.stop());
    const [from, to] = network.accounts.map(({ address }) => address);
    const transfer = [{ from, to, value: "0x1", gas: "0x5208" }];
    const hashes = [];
    for (const rollup of network.rollups) {
        for (let i = 0; i < 2; i++) {
            const answers = await rollup.batch(Array.from({ length: 60 }, () => ["eth_sendTransaction", transfer]));
            hashes.push(answers.map(({ result }) => [rollup.name, result]));
            // A call from L1, and so these are on L1.
            const args = [BigInt(rollup.rollupId), to];
            await network.l1.rpc("eth_sendTransaction", [{ from, to: network.contracts.hub, data: encodeFunctionData({ abi: hubAbi, functionName: "createProxy", args }), gas: "0x4c4b40" }]);
            await network.l1.rpc("eth_sendTransaction", [{ from, to: await network.l1.rpc("lockstep_proxyOf", [numberToHex(rollup.rollupId), to]), gas: "0x4c4b40" }]);
        }
    }
    const all = hashes.flat();
    const where = async () => {
        const found = await Promise.all(network.rollups.map(async (rollup) => {
            const own = all.filter(([name]) => name === rollup.name);
            return rollup.batch(own.map(([, hash]) => ["eth_getTransactionReceipt", [hash]]));
        }));
        return found.flat().map(({ result }) => result);
    };
    assert.ok((await where()).every((receipt) => receipt.status === "0x1"));
    const height = number(await network.l1.rpc("eth_blockNumber"));
    const heads = await Promise.all(network.rollups.map(({ rpc }) => rpc("eth_blockNumber")));
    const over = network.l1.rpc("anvil_reorg", [8, []]).then(() => true, () => false);
    // L1 has its new blocks at once; the rollups' come one by one.
    while ((await network.rollups[0].rpc("eth_blockNumber")) === heads[0]);
    await network.stop("SIGKILL");
    assert.equal(await over, false, "it was killed in the middle");
    network = await start();
    assert.ok(number(await network.l1.rpc("eth_blockNumber")) <= height);
    const receipts = await where();
    assert.equal(receipts.filter((receipt) => receipt === null).length, 0);
    assert.ok(receipts.every(({ status }) => status === "0x1"));
    for (const [i, rollup] of network.rollups.entries()) {
        const { head } = (await network.l1.rpc("lockstep_getRollups"))[i];
        assert.equal(head, (await rollup.rpc("eth_getBlockByNumber", ["safe", false])).stateRoot);
    }
});
