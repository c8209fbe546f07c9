// The README's first call across chains, as it stands there, gives what it says.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { startNetwork } from "../examples/demo/network.mjs";

const lockstep = resolve(process.env.LOCKSTEP ?? "build/dev/lockstep");

test("the README's first call across chains", async () => {
    const readme = readFileSync("README.md", "utf8");
    const [, script] = readme.match(/^## A first call across chains$[^]*?^```sh$([^]*?)^```$/m);
    const network = await startNetwork([], lockstep);
    try {
        const { chains, accounts } = network.info;
        // The Hub's address and the first key are the same in every network.
        assert.ok(script.toLowerCase().includes(chains[0].contracts.hub.toLowerCase()));
        assert.ok(script.includes(accounts[0].privateKey));
        const here = script
            .replace("http://127.0.0.1:8545", chains[0].url)
            .replace("http://127.0.0.1:8546", chains[1].url)
            .replace("$PWD/build/release", dirname(lockstep));
        const run = spawnSync("bash", ["-euo", "pipefail", "-c", here], { encoding: "utf8", timeout: 60_000 });
        assert.equal(run.stderr, "");
        assert.equal(run.status, 0);
        assert.match(run.stdout, /^5\n5\n0x[0-9a-f]{64} on l1 \(chain 31337\)/m);
        assert.match(run.stdout, /^rollup1 +└─ 0xf39fd6e5…2266 ⇒ 0x.* = 5$/m);
    } finally {
        await network.stop();
    }
});
