// docs/rpc.md: each method of Lockstep's own is there, and each example, copied as it stands after the
// README's first call, gives the answer that is printed below it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { startNetwork } from "../examples/demo/network.mjs";

const lockstep = resolve(process.env.LOCKSTEP ?? "build/dev/lockstep");
const page = readFileSync("docs/rpc.md", "utf8");
const examples = [...page.matchAll(/^```sh$([^]*?)^```$\s+^```json$([^]*?)^```$/gm)];

// As the README's, but that rollup 2 has attesters to set.
const folder = mkdtempSync(join(tmpdir(), "lockstep-rpc-"));
const config = join(folder, "net.ini");
writeFileSync(config, "[rollup rollup1]\ntype = evm\n[rollup rollup2]\nproof = k-of-n\n");
let network;
let setting; // the shell that the README's first call leaves
before(async () => {
    network = await startNetwork(["--config", config], lockstep);
    const [, first] = readFileSync("README.md", "utf8").match(/^## A first call across chains$[^]*?^```sh$([^]*?)^```$/m);
    const { chains } = network.info;
    const script = first
        .replace("http://127.0.0.1:8545", chains[0].url)
        .replace("http://127.0.0.1:8546", chains[1].url)
        .replace("$PWD/build/release", dirname(lockstep))
        .replace(/^(cast call|lockstep trace).*$/gm, "");
    const shown = shell(`${script}\ndeclare -p PATH L1 ROLLUP1 HUB KEY COUNTER PROXY TX`);
    setting = shown.match(/^declare .*$/gm).join("\n");
});
after(async () => {
    await network?.stop();
    rmSync(folder, { recursive: true });
});

function shell(script) {
    const run = spawnSync("bash", ["-euo", "pipefail", "-c", script], { encoding: "utf8", timeout: 60_000 });
    assert.equal(run.stderr, "");
    assert.equal(run.status, 0);
    return run.stdout.trim();
}

// An example answer as JSON in which "…" is anything, "…": true in an object allows further members, and a
// last "…" in an array further elements.
function pattern(text) {
    return JSON.parse(
        text
            .replace(/,\s*…\s*\}/g, ', "…": true }')
            .replace(/,\s*…\s*\]/g, ', "… more" ]')
            .replace(/\[\s*…\s*\]|\{\s*…\s*\}/g, '"…"'),
    );
}

function matches(value, wanted, path = "answer") {
    if (wanted === "…") return assert.notEqual(value, undefined, path);
    if (Array.isArray(wanted)) {
        const isOpen = wanted.at(-1) === "… more";
        const items = isOpen ? wanted.slice(0, -1) : wanted;
        assert.ok(Array.isArray(value) && (isOpen ? value.length >= items.length : value.length === items.length), path);
        items.forEach((item, i) => matches(value[i], item, `${path}[${i}]`));
        return undefined;
    }
    if (wanted === null || typeof wanted !== "object") return assert.deepEqual(value, wanted, path);
    const { "…": isOpen = false, ...members } = wanted;
    assert.ok(value !== null && typeof value === "object", path);
    if (!isOpen) assert.deepEqual(Object.keys(value).sort(), Object.keys(members).sort(), path);
    for (const [key, member] of Object.entries(members)) matches(value[key], member, `${path}.${key}`);
    return undefined;
}

test("every method is described, and no other", () => {
    const described = [...page.matchAll(/^## (lockstep_\w+)$/gm)].map(([, name]) => name);
    const there = readFileSync("src/rpc/methods.h", "utf8").match(/(?<=X\()lockstep_\w+/g);
    assert.deepEqual(described.sort(), there.sort());
    for (const name of there) assert.ok(examples.some(([, script]) => script.includes(name)), `${name} has no example`);
});

test("the examples answer as printed", async (t) => {
    for (const [, script, answer] of examples)
        await t.test(script.trim().split("\n")[0], () => {
            const lines = shell(`${setting}\n${script}`).split("\n");
            matches(JSON.parse(lines.at(-1)), pattern(answer));
        });
});
