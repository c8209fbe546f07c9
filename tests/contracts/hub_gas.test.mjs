// What things cost, as committed in gas.json: a change that costs or saves gas says so in its diff.
// UPDATE_GAS=1 rewrites the file.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ANSWER, CALL, RES, World, bytesOf, r, scall, word } from "./lib/hub.mjs";
import { artifact } from "./lib/chain.mjs";

const file = new URL("gas.json", import.meta.url);
const f = bytesOf("f()"), g = bytesOf("g()"), go = bytesOf("go"), view = bytesOf("view");
let w;
before(async () => {
    w = await World.open();
    await w.when(w.A, go, { steps: [{ to: w["P(1:B)"], data: f }], isForwarding: true, isQuiet: true });
    await w.when(w.A, view, { steps: [{ to: w["P(1:B)"], data: g, isStatic: true }], isForwarding: true, isQuiet: true });
    await w.when(w.D, g, { result: word(1), isQuiet: true });
});
after(() => w?.close());

/** Gas of the transactions of a block that must all succeed. */
async function gasOf(promise) {
    const { errors, receipts } = await promise;
    assert.deepEqual(errors, errors.map(() => null));
    return receipts.map((receipt) => Number(receipt.gasUsed));
}

test("gas is as committed", async () => {
    const gas = { "bytes of Hub": (artifact("Hub").deployedBytecode.length - 2) / 2 };
    gas["bytes of Proxy"] = (artifact("Proxy").deployedBytecode.length - 2) / 2;
    gas["deploy the Hub"] = Number(w.deployGas);
    gas["createProxy"] = Number((await w.send("createProxy", [1n, w.D])).receipts[0].gasUsed);
    const empty = { to: w.D, from: w.user, data: "0x" };
    gas["a transaction to an actor that does nothing"] = Number((await w.mine(empty)).receipts[0].gasUsed);

    // The cold table, then the same in words that are used again. Roots are recorded in fresh words
    // until 8,191 of them are there.
    let at = "S-";
    for (const kind of ["cold", "steady"]) {
        const [begun, done] = [`S${kind}0`, `S${kind}1`];
        const [post, use] = await gasOf(w.block((b) => {
            b.begin(1, at, begun);
            b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, begun, done), RES(1, word(42)));
        }, [{ from: w.user, to: w.A, data: go }]));
        gas[`postBatch, an update and 2 entries, ${kind}`] = post;
        gas[`a call that uses one, ${kind}`] = use;
        at = done;
    }
    [gas["postBatch, an update and 1 entry"]] = await gasOf(w.scratch(() => w.block((b) => b.begin(1, at, "Sx"))));
    [gas["postBatchTransient and a call in one transaction"]] = await gasOf(w.scratch(() => w.bundle((b) => {
        b.begin(1, at, "Sx");
        b.entry("e1", CALL([0, w.A], [1, w.B], f), r(1, "Sx", "Sy"), RES(1, word(42)));
    }, { to: w.A, data: go }, { transient: true })));
    [gas["postBatch of an L2TX that calls L1 once"]] = await gasOf(w.scratch(() => w.block((b) => {
        b.entry("e1", b.update(1), r(1, at, "M1"), CALL([1, w.B], [0, w.D], g, { gas: 100_000n }));
        b.entry("e2", ANSWER(1, word(1)), r(1, "M1", "Sx"), RES(1));
    })));
    [, gas["a static call"]] = await gasOf(w.scratch(() => w.block((b) => {
        b.entry("e1", scall([0, w.A], [1, w.B], g), r(1, at, at), RES(1, word(4)));
    }, [{ from: w.user, to: w.A, data: view }])));

    if (process.env.UPDATE_GAS) writeFileSync(file, `${JSON.stringify(gas, null, 4)}\n`);
    assert.deepEqual(gas, JSON.parse(readFileSync(file, "utf8")));
});
