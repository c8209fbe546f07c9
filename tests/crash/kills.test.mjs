// A short run of kills.mjs; `make crash` does hundreds.
import { test } from "node:test";
import { runKills } from "./kills.mjs";

test("killed at random moments, nothing that was told is lost", async (t) => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    t.diagnostic(`SEED=${seed}`);
    const done = await runKills({ kills: Number(process.env.KILLS ?? 20), seed, say: (text) => t.diagnostic(text) });
    t.diagnostic(JSON.stringify(done));
});
