// Killed while it imports blocks: the next start goes on, and ends at the same head.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { numberToHex } from "viem";
import { rpcBatch, runLockstep, spawnLockstep, startNetwork } from "../lib/network.mjs";
import { generator } from "../lib/random.mjs";

const BLOCKS = 4000;
const KILLS = 8;
const genesis = {
    config: {
        chainId: 4712, homesteadBlock: 0, eip150Block: 0, eip155Block: 0, eip158Block: 0, byzantiumBlock: 0,
        constantinopleBlock: 0, petersburgBlock: 0, istanbulBlock: 0, berlinBlock: 0, londonBlock: 0,
        terminalTotalDifficulty: 0, shanghaiTime: 0,
    },
    difficulty: "0x0",
    gasLimit: "0x1c9c380",
    timestamp: "0x10",
    alloc: { [`0x${"11".repeat(20)}`]: { balance: "0x1" } },
};

test("killed in the middle of an import", async (t) => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    const random = generator(seed);
    const folder = mkdtempSync(join(tmpdir(), "lockstep-import-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    t.diagnostic(`SEED=${seed}`);
    const [l1Genesis, l1Import, datadir] = ["genesis.json", "chain.rlp", "data"].map((name) => join(folder, name));
    writeFileSync(l1Genesis, JSON.stringify(genesis));

    const origin = await startNetwork({ rollups: 0, l1Genesis });
    await origin.l1.rpc("anvil_mine", [numberToHex(BLOCKS)]);
    const blocks = [];
    for (let n = 1; n <= BLOCKS; n += 500) {
        const calls = Array.from({ length: 500 }, (_, i) => ["debug_getRawBlock", [numberToHex(n + i)]]);
        blocks.push(...(await rpcBatch(origin.l1.url, calls)).map(({ result }) => Buffer.from(result.slice(2), "hex")));
    }
    writeFileSync(l1Import, Buffer.concat(blocks));
    const { hash } = await origin.l1.rpc("eth_getBlockByNumber", ["latest", false]);
    await origin.stop();

    const options = { rollups: 0, l1Genesis, l1Import, datadir };
    for (let i = 0; i < KILLS; i++) {
        const child = spawnLockstep(options);
        await sleep(random() * 500);
        child.process.kill("SIGKILL");
        await child.closed;
    }
    const network = await startNetwork(options);
    assert.equal((await network.l1.rpc("eth_getBlockByNumber", ["latest", false])).hash, hash);
    await network.stop("SIGKILL");
    const check = await runLockstep(["check", "--datadir", datadir]);
    assert.equal(check.code, 0, check.stderr);
    assert.match(check.stdout, new RegExp(`^l1 +${BLOCKS + 1} blocks`));
});
