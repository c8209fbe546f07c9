// A short run of reorgs.mjs; `make reorgs` does a thousand rounds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runReorgs } from "./reorgs.mjs";

test("whatever way L1 goes, no ether and no message is lost or doubled", async (t) => {
    const seed = Number(process.env.SEED ?? 21);
    t.diagnostic(`SEED=${seed}`);
    const done = await runReorgs({ rounds: Number(process.env.ROUNDS ?? 24), episodeRounds: 8, seed, say: (text) => t.diagnostic(text) });
    t.diagnostic(JSON.stringify(done));
    assert.ok(done.arrived > 0 && done.reorg > 0, "something has happened");
});
