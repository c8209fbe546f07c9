// Runs the JSON-RPC conformance suite of ethereum/execution-apis against a node of its own.
// Usage: node scripts/rpc_compat.mjs [DIR [PART…]]   (only files whose name has a PART)
//
// DIR holds NAME/CASE.io files (in "tests" or directly), and, in or beside it, "chain" (genesis.json and
// chain.rlp) and "spec" (the OpenRPC sources); what it lacks comes from the default. Default is the
// fixture rpc-compat. Exit status 0 if all passed; without fixtures nothing runs and one test is skipped.
//
// As the suite has it: JSON is compared by value; of an error the code and the data count, not the
// words (RPC_COMPAT_MESSAGES=1 compares those too); of files marked "speconly:" the answer must only
// fit the method's schema. Cases that put transactions into the pool run last, on a node that makes no
// blocks by itself, and those that look at the pool after them.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startNetwork } from "../tests/lib/network.mjs";
import { loadSchemas } from "../tests/lib/openrpc.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const SLOT_TIME_MS = 3_600_000;
const LAST = ["eth_sendRawTransaction", "txpool_"];
const DIFFERENCES_MAX = 12;
const SHOWN_MAX = 160;

// --- the suite -------------------------------------------------------------------------------------

function fixtures() {
    if (process.env.LOCKSTEP_FIXTURES_DIR) return process.env.LOCKSTEP_FIXTURES_DIR;
    const printed = execFileSync(join(root, "scripts", "fixtures.sh"), { encoding: "utf8" });
    return printed.match(/LOCKSTEP_FIXTURES_DIR=(.*)/)?.[1];
}

function ioFiles(folder) {
    return readdirSync(folder, { withFileTypes: true })
        .flatMap((entry) => {
            const path = join(folder, entry.name);
            if (entry.isDirectory()) return ioFiles(path);
            return entry.name.endsWith(".io") ? [path] : [];
        })
        .sort();
}

/** A folder of that name in one of the places, or undefined. */
const find = (name, places) => places.map((place) => join(place, name)).find((path) => existsSync(path));

function openSuite(folder) {
    const known = fixtures();
    const standard = known && join(known, "rpc-compat");
    const dir = folder ? resolve(folder) : standard;
    if (!dir || !existsSync(dir)) {
        if (folder) throw new Error(`there is no folder ${folder}`);
        return null;
    }
    const tests = existsSync(join(dir, "tests")) ? join(dir, "tests") : dir;
    const places = [dir, dirname(tests), dirname(dir), ...(standard ? [standard] : [])];
    const chain = find("chain", places);
    if (!chain) throw new Error(`there is no chain/ in or beside ${dir}`);
    const spec = find("spec", places);
    const files = ioFiles(tests);
    const rank = (path) => LAST.findIndex((method) => basename(dirname(path)).startsWith(method));
    files.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    return { tests, chain, files, schemas: spec ? loadSchemas(spec) : null };
}

/** The lines of a file: {specOnly, pairs: [{request, expected}]}. */
function readCase(path) {
    const pairs = [];
    let specOnly = false;
    let request = null;
    for (const line of readFileSync(path, "utf8").split("\n")) {
        if (line.startsWith("//")) specOnly ||= line.slice(2).trim().startsWith("speconly:");
        else if (line.startsWith(">>")) request = line.slice(2).trim();
        else if (line.startsWith("<<")) pairs.push({ request, expected: JSON.parse(line.slice(2)) });
    }
    return { specOnly, pairs };
}

// --- comparing -------------------------------------------------------------------------------------

const kindOf = (value) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

function show(value) {
    if (value === undefined) return "nothing";
    const text = JSON.stringify(value);
    return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}… (${text.length})` : text;
}

/** All places where two values differ, each as one line. */
function differences(got, expected, path = "") {
    if (kindOf(got) !== kindOf(expected) || got === null || typeof got !== "object")
        return got === expected ? [] : [`${path || "answer"}: got ${show(got)}, want ${show(expected)}`];
    if (Array.isArray(got) && got.length !== expected.length)
        return [`${path}: got ${got.length} elements, want ${expected.length}: ${show(got)}`];
    return [...new Set([...Object.keys(expected), ...Object.keys(got)])].flatMap((key) =>
        differences(got[key], expected[key], path ? `${path}.${key}` : key),
    );
}

function withoutWords(answer) {
    if (answer.error === undefined || process.env.RPC_COMPAT_MESSAGES) return answer;
    const { message, ...rest } = answer.error;
    return { ...answer, error: rest };
}

/** Without a schema: the same kinds of values in the same places. */
function shapeProblems(got, expected, path = "result") {
    if (kindOf(got) !== kindOf(expected)) return [`${path}: got ${kindOf(got)}, want ${kindOf(expected)}`];
    if (kindOf(got) !== "object") return [];
    return Object.keys(expected)
        .filter((key) => !/^(0x)?[0-9a-fA-F]+$/.test(key))
        .flatMap((key) => shapeProblems(got[key], expected[key], `${path}.${key}`));
}

function problemsOf(suite, request, answer, expected, specOnly) {
    if (!specOnly) return differences(withoutWords(answer), withoutWords(expected));
    if ((answer.error === undefined) !== (expected.error === undefined)) return differences(answer, expected);
    if (answer.error !== undefined) return differences(withoutWords(answer), withoutWords(expected));
    const { method } = JSON.parse(request);
    if (suite.schemas?.has(method)) return suite.schemas.check(method, answer.result);
    return shapeProblems(answer.result, expected.result);
}

// --- running ---------------------------------------------------------------------------------------

async function ask(url, body) {
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await response.text();
    try {
        return JSON.parse(text);
    } catch {
        return { notJson: text };
    }
}

async function runCase(suite, url, path) {
    const { specOnly, pairs } = readCase(path);
    if (pairs.length === 0) return ["the file has no dialogue"];
    for (const { request, expected } of pairs) {
        const answer = await ask(url, request);
        const problems = problemsOf(suite, request, answer, expected, specOnly);
        if (problems.length > 0) return problems;
    }
    return [];
}

const [folder, ...parts] = process.argv.slice(2);
const suite = openSuite(folder);
if (suite === null) {
    console.log("0 passed, 0 failed, 1 skipped");
    process.exit(0);
}
const files = suite.files.filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)));
if (files.length === 0) throw new Error(`there are no .io files in ${suite.tests}`);
const network = await startNetwork({
    rollups: 0,
    slotTime: SLOT_TIME_MS,
    l1Genesis: join(suite.chain, "genesis.json"),
    l1Import: join(suite.chain, "chain.rlp"),
});
let passed = 0;
let failed = 0;
for (const path of files) {
    const problems = await runCase(suite, network.l1.url, path).catch((error) => [String(error.cause ?? error)]);
    if (problems.length === 0) {
        passed++;
        continue;
    }
    failed++;
    console.log(`FAILED ${relative(suite.tests, path)}`);
    for (const problem of problems.slice(0, DIFFERENCES_MAX)) console.log(`    ${problem}`);
    if (problems.length > DIFFERENCES_MAX) console.log(`    and ${problems.length - DIFFERENCES_MAX} more`);
}
await network.stop();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
