// The demo's cases on a single chain, with what must come of them: the demo compares the contracts
// spread over chains with this. The chain is anvil's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { encodeErrorResult, parseAbi, parseEther } from "viem";
import { cases } from "../examples/demo/cases.mjs";
import { World, connect } from "../examples/demo/world.mjs";

const key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"; // anvil's account 0
let anvil;
let chain;

before(async () => {
    anvil = spawn("node_modules/.bin/anvil", ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
    const url = await new Promise((resolve, reject) => {
        let text = "";
        anvil.on("error", reject);
        anvil.on("close", () => reject(new Error(`anvil ended:\n${text}`)));
        anvil.stdout.on("data", (data) => {
            text += data;
            const found = /Listening on (\S+)/.exec(text);
            if (found) resolve(`http://${found[1]}`);
        });
    });
    chain = connect({ name: "l1", rollupId: 0, chainId: 31337, url, contracts: {} }, key);
});
after(() => anvil.kill());

// By hand from the contracts; the error by viem.
const told = { foreseen: 15n, succeeded: true, sum: 15n, total: 10n, foreseenNext: 33n };
const expected = {
    a: told,
    b: told,
    c: { foreseen: 902n, succeeded: true, results: [[1n, 902n], [1n, 901n], [1n, 900n]] },
    d: { foreseen: 801n, succeeded: true, results: [[1n, 801n], [1n, 800n]] },
    e: {
        saved: true,
        afterSaving: [0n, parseEther("1")],
        tooMuch: encodeErrorResult({
            abi: parseAbi(["error TooMuch(uint256 asked, uint256 saved)"]),
            args: [parseEther("2"), parseEther("1")],
        }),
        takenBack: true,
        received: parseEther("0.4"),
        afterTakingBack: [parseEther("0.4"), parseEther("0.6")],
    },
    f: {
        error: "Unwilling(3, not today)",
        insisted: false,
        wentOn: true,
        refusals: 1n,
        why: "Unwilling(4, not today)",
        asked: 0n,
    },
};

for (const { name, run } of cases)
    test(name, async () => {
        const world = new World({ l1: chain, rollup1: chain, rollup2: chain });
        assert.deepEqual(await run(world), expected[name[0]]);
    });
