// GET /metrics: Prometheus' text format, read strictly, and numbers that are right.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem";
import { startNetwork } from "./lib/network.mjs";

const documented = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "..", "docs", "metrics.md"), "utf8");

/**
 * Reads exposition format 0.0.4 as prometheus.io/docs/instrumenting/exposition_formats has it, and refuses
 * what promtool would: families in pieces, samples without a type, duplicates, names out of convention,
 * histograms that do not add up. Gives a map from "name{labels}" to number, and one of families.
 */
function parse(text) {
    assert.ok(text.endsWith("\n"), "the last line must end");
    const families = new Map();
    const samples = new Map();
    let current;
    for (const line of text.slice(0, -1).split("\n")) {
        const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ([^\\\n]+)$/.exec(line);
        if (help) {
            assert.ok(!families.has(help[1]), `${help[1]} comes twice`);
            families.set(help[1], (current = { name: help[1], help: help[2], type: undefined, count: 0 }));
            continue;
        }
        const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/.exec(line);
        if (type) {
            assert.equal(type[1], current.name, line);
            assert.equal(current.type, undefined, line);
            current.type = type[2];
            continue;
        }
        const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*",?)*)\})? (\d+(?:\.\d+)?)$/.exec(line);
        assert.ok(sample, `no line of the format: ${line}`);
        const [, name, labels = "", value] = sample;
        assert.ok(!labels.endsWith(","), line);
        const names = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="/g)].map((match) => match[1]);
        assert.equal(new Set(names).size, names.length, line);
        const bare = current.type === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name;
        assert.equal(bare, current.name, `${line} is not in its family`);
        if (current.type === "histogram") assert.notEqual(bare, name, line);
        const key = `${name}{${labels}}`;
        assert.ok(!samples.has(key), `${key} comes twice`);
        samples.set(key, Number(value));
        current.count++;
    }
    for (const { name, type } of families.values()) {
        assert.ok(type, `${name} has no type`);
        assert.equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
        assert.match(name, /^(lockstep|process)_[a-z0-9_]+$/);
        if (type !== "histogram") continue;
        // Of each set of labels: cumulative, ending in +Inf, which is the count; a sum.
        const series = new Map();
        for (const [key, value] of samples) {
            const match = new RegExp(`^${name}_bucket\\{(.*?),?le="([^"]+)"\\}$`).exec(key);
            if (!match) continue;
            if (!series.has(match[1])) series.set(match[1], []);
            series.get(match[1]).push([match[2] === "+Inf" ? Infinity : Number(match[2]), value]);
        }
        for (const [labels, buckets] of series) {
            for (let i = 1; i < buckets.length; i++) {
                assert.ok(buckets[i][0] > buckets[i - 1][0] && buckets[i][1] >= buckets[i - 1][1], `${name}{${labels}}`);
            }
            const [bound, count] = buckets.at(-1);
            assert.equal(bound, Infinity);
            assert.equal(samples.get(`${name}_count{${labels}}`), count);
            assert.ok(samples.has(`${name}_sum{${labels}}`));
        }
    }
    return { families, samples };
}

let network;
before(async () => {
    network = await startNetwork({ rollups: 1, metrics: true });
});
after(() => network.stop());

async function scrape(chain = network.l1) {
    const response = await fetch(`${chain.url}/metrics`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return parse(await response.text());
}

test("the format is strict, before anything has happened and after", async () => {
    const { families } = await scrape();
    assert.ok(families.size > 20);
    for (const name of families.keys()) assert.ok(documented.includes(`\`${name}\``), `${name} is not in docs/metrics.md`);
});

test("what happens is counted", async () => {
    const { samples: start } = await scrape();
    const [from, to] = network.accounts.map((account) => account.address);
    const send = (chain, tx) => chain.rpc("eth_sendTransaction", [{ from, ...tx }]);
    for (let i = 0; i < 3; i++) await send(network.l1, { to, value: "0x1" });
    await send(network.l1, { data: "0x60006000fd", gas: "0x30000" });
    await send(network.rollups[0], { to, value: "0x1" });
    await network.l1.rpc("eth_call", [{ to }]);
    await assert.rejects(network.l1.rpc("eth_call", [{ to: "0x12" }]));
    await assert.rejects(network.l1.rpc("eth_nothing"));
    const { samples: end } = await scrape(network.rollups[0]); // any endpoint knows all
    const grown = (key) => (end.get(key) ?? 0) - (start.get(key) ?? 0);
    assert.equal(grown('lockstep_blocks_total{chain="l1"}'), 4);
    assert.equal(grown('lockstep_blocks_total{chain="rollup1"}'), 1);
    assert.equal(grown('lockstep_transactions_total{chain="l1"}'), 4);
    assert.equal(grown('lockstep_transactions_failed_total{chain="l1"}'), 1);
    assert.equal(grown('lockstep_gas_used_total{chain="rollup1"}'), 21000);
    assert.equal(grown('lockstep_block_build_seconds_count{chain="l1"}'), 4);
    assert.equal(grown('lockstep_rpc_requests_total{chain="l1",method="eth_sendTransaction"}'), 4);
    assert.equal(grown('lockstep_rpc_requests_total{chain="rollup1",method="eth_sendTransaction"}'), 1);
    assert.equal(grown('lockstep_rpc_requests_total{chain="l1",method="eth_call"}'), 2);
    assert.equal(grown('lockstep_rpc_errors_total{chain="l1",method="eth_call"}'), 1);
    assert.equal(grown('lockstep_rpc_errors_total{chain="l1",method="unknown"}'), 1);
    assert.equal(grown('lockstep_rpc_duration_seconds_count{chain="l1",method="eth_call"}'), 2);
    for (const chain of network.chains) {
        const number = Number(await chain.rpc("eth_blockNumber"));
        assert.equal(end.get(`lockstep_head_number{chain="${chain.name}"}`), number);
        assert.ok(end.get(`lockstep_database_bytes{chain="${chain.name}"}`) >= 4096);
    }
});

test("pools, batches and proofs are counted", async () => {
    const [from, to] = network.accounts.map((account) => account.address);
    await network.l1.rpc("evm_setAutomine", [false]);
    await network.l1.rpc("eth_sendTransaction", [{ from, to, value: "0x1" }]);
    assert.equal((await scrape()).samples.get('lockstep_pool_pending{chain="l1"}'), 1);
    await network.l1.rpc("evm_setAutomine", [true]);
    await network.l1.rpc("anvil_mine", ["0x1"]);
    const { samples: start } = await scrape();
    assert.equal(start.get('lockstep_pool_pending{chain="l1"}'), 0);
    // Ether sent to the rollup: one batch, with one entry for its L2TX and one for the call.
    const abi = parseAbi(["function createProxy(uint64, address) returns (address)", "function proxyOf(uint64, address) view returns (address)"]);
    const hub = (functionName) => ({ to: network.contracts.hub, data: encodeFunctionData({ abi, functionName, args: [1n, to] }) });
    await network.l1.rpc("eth_sendTransaction", [{ from, ...hub("createProxy") }]);
    const data = await network.l1.rpc("eth_call", [hub("proxyOf")]);
    const proxy = decodeFunctionResult({ abi, functionName: "proxyOf", data });
    await network.l1.rpc("eth_sendTransaction", [{ from, to: proxy, value: "0x5" }]);
    const { samples: end } = await scrape();
    const grown = (key) => end.get(key) - start.get(key);
    assert.equal(grown("lockstep_batches_total{}"), 1);
    assert.equal(grown("lockstep_entries_total{}"), 2);
    assert.ok(grown("lockstep_proof_seconds_count{}") >= 1);
    assert.ok(grown("lockstep_proof_seconds_sum{}") > 0);
    assert.equal(end.get('lockstep_safe_number{chain="rollup1"}'), end.get('lockstep_head_number{chain="rollup1"}'));
    assert.equal(grown('lockstep_block_build_seconds_count{chain="l1"}'), 2);
});

test("the process is measured as others measure theirs", async () => {
    const { samples } = await scrape();
    const status = readFileSync(`/proc/${network.process.pid}/status`, "utf8");
    const resident = Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
    const told = samples.get("process_resident_memory_bytes{}");
    assert.ok(told > resident / 2 && told < resident * 2, `${told} ${resident}`);
    assert.ok(samples.get("process_cpu_seconds_total{}") > 0);
    assert.ok(samples.get("process_open_fds{}") >= 3);
    assert.ok(samples.get("lockstep_build_arena_peak_bytes{}") > 0);
    assert.ok(samples.get('lockstep_rpc_connections{transport="http"}') >= 1);
});

test("who may not call may not look, and without --metrics there is nothing", async () => {
    const plain = await startNetwork({ rollups: 0 });
    const response = await fetch(`${plain.l1.url}/metrics`);
    assert.equal(response.status, 404);
    assert.equal(await response.text(), "there are no metrics; start the node with --metrics\n");
    assert.match(await (await fetch(`${plain.l1.url}/other`)).text(), /JSON-RPC endpoint/);
    await plain.stop();
    const head = await fetch(`${network.l1.url}/metrics?x=1`, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.ok(Number(head.headers.get("content-length")) > 1000);
    assert.equal(await head.text(), "");
});
