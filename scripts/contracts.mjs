// Compiles the Solidity sources and writes the committed artifacts: contracts/artifacts/*.json,
// examples/*/artifacts/*.json and the C embedding src/rollup/artifacts.{h,c}. The output depends on
// the sources and the pinned compiler alone. `--check` writes nothing and fails where what is
// committed differs.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const solc = createRequire(import.meta.url)('solc');
const isCheck = process.argv.includes('--check');

// Which bytes the C code needs: name in C, contract, creation or runtime.
const EMBEDDED = [
    ['hub_creation', 'Hub', 'bytecode'],
    ['attestation_creation', 'Attestation', 'bytecode'],
    ['bundler_creation', 'Bundler', 'bytecode'],
    ['owner_creation', 'Owner', 'bytecode'],
    ['k_of_n_creation', 'KOfN', 'bytecode'],
    ['system_runtime', 'System', 'deployedBytecode'],
    ['anchor_runtime', 'Anchor', 'deployedBytecode'],
    ['l2hub_runtime', 'L2Hub', 'deployedBytecode'],
    ['message_service_creation', 'MessageService', 'bytecode'],
    ['message_service_runtime', 'MessageService', 'deployedBytecode'],
    ['messenger_creation', 'Messenger', 'bytecode'],
    ['messenger_runtime', 'Messenger', 'deployedBytecode'],
    ['bridge_creation', 'Bridge', 'bytecode'],
    ['bridge_runtime', 'Bridge', 'deployedBytecode'],
];

function sourcesBelow(folder) {
    if (!fs.existsSync(folder)) return [];
    return fs.readdirSync(folder, { withFileTypes: true })
        .flatMap((e) => e.isDirectory() ? sourcesBelow(path.join(folder, e.name))
            : e.name.endsWith('.sol') ? [path.join(folder, e.name)] : [])
        .sort();
}

function compile(files) {
    const sources = Object.fromEntries(files.map((file) =>
        [path.relative(root, file), { content: fs.readFileSync(file, 'utf8') }]));
    const input = {
        language: 'Solidity',
        sources,
        settings: {
            evmVersion: 'prague',
            viaIR: true,
            optimizer: { enabled: true, runs: 200 },
            metadata: { bytecodeHash: 'none', appendCBOR: false },
            outputSelection: { '*': { '*': [
                'abi', 'evm.bytecode.object', 'evm.deployedBytecode.object',
                'evm.deployedBytecode.immutableReferences', 'evm.methodIdentifiers', 'storageLayout'] } },
        },
    };
    const findImport = (name) => {
        const file = [path.join(root, name), path.join(root, 'node_modules', name)].find(fs.existsSync);
        return file !== undefined ? { contents: fs.readFileSync(file, 'utf8') }
            : { error: `no such file: ${name}` };
    };
    const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
    const problems = (output.errors ?? []).filter((e) => e.severity === 'error');
    if (problems.length > 0) {
        console.error(problems.map((e) => e.formattedMessage).join('\n'));
        process.exit(1);
    }
    // What the compiler says of our own sources; those of libraries are as they are.
    for (const e of output.errors ?? [])
        if (!e.sourceLocation?.file.startsWith('@')) console.error(e.formattedMessage);
    return Object.entries(output.contracts).flatMap(([sourceName, contracts]) =>
        Object.entries(contracts).map(([contractName, c]) => ({
            contractName,
            sourceName,
            abi: c.abi,
            bytecode: '0x' + c.evm.bytecode.object,
            deployedBytecode: '0x' + c.evm.deployedBytecode.object,
            immutableReferences: c.evm.deployedBytecode.immutableReferences ?? {},
            methodIdentifiers: c.evm.methodIdentifiers,
        })));
}

const written = new Map();

function addArtifacts(folder, artifacts, sourcesPrefix) {
    for (const artifact of artifacts) {
        // Abstract contracts and interfaces have an ABI worth keeping, but no code.
        if (!artifact.sourceName.startsWith(sourcesPrefix)) continue;
        const { methodIdentifiers, ...kept } = artifact;
        written.set(path.join(folder, artifact.contractName + '.json'),
            JSON.stringify(kept, null, 2) + '\n');
    }
}

function cArray(name, hex) {
    const bytes = hex.slice(2).match(/../g) ?? [];
    const lines = [];
    for (let i = 0; i < bytes.length; i += 16)
        lines.push('    ' + bytes.slice(i, i + 16).map((b) => '0x' + b).join(', ') + ',');
    return `const uint8_t artifact_${name}[${bytes.length}] = {\n${lines.join('\n')}\n};\n`;
}

// The proxy is written by hand: contracts/src/libraries/ProxyCode.sol has its code in words, each
// named by its place in the creation code.
function proxyCode(artifacts) {
    const source = fs.readFileSync(path.join(root, 'contracts/src/libraries/ProxyCode.sol'), 'utf8');
    const constant = (name) => Number(new RegExp(`constant ${name} = (\\d+);`).exec(source)[1]);
    const runtime = constant('INIT_SIZE') - constant('SIZE');
    const identity = runtime + constant('IDENTITY_OFFSET');
    const code = Buffer.alloc(constant('INIT_SIZE') + 32);
    for (const [, at, word] of source.matchAll(/constant CODE_(\d+) = 0x([0-9a-f]{64});/g))
        code.write(word, Number(at), 'hex');
    // The words before the identity and before the end are wider than what is left of the code.
    code.fill(0, identity, identity + 32);
    code.write(artifacts.find((a) => a.contractName === 'Hub').methodIdentifiers['enter()'], identity, 'hex');
    return {
        creation: `0x${code.subarray(0, constant('INIT_SIZE')).toString('hex')}`,
        offsets: { RUNTIME: runtime, HUB: runtime + 1, ROLLUP_ID: identity + 4, TARGET: identity + 12 },
    };
}

function addEmbedding(artifacts) {
    const found = EMBEDDED.map(([name, contract, field]) => {
        const artifact = artifacts.find((a) => a.contractName === contract);
        return artifact === undefined ? null : [name, artifact[field]];
    }).filter((e) => e !== null);
    const proxy = proxyCode(artifacts);
    found.push(['proxy_creation', proxy.creation]);
    const declarations = found.map(([name, hex]) =>
        `extern const uint8_t artifact_${name}[${(hex.length - 2) / 2}];`).join('\n');
    const widest = Math.max(...Object.keys(proxy.offsets).map((name) => name.length));
    const defines = Object.entries(proxy.offsets).map(([name, value]) =>
        `#define ARTIFACT_PROXY_${name.padEnd(widest)} ${value}`).join('\n');
    written.set('src/rollup/artifacts.h',
        `/* rollup/artifacts.h: bytecode of the contracts, as \`make contracts\` makes it from contracts/src.
 * Generated; do not edit. */
#ifndef ROLLUP_ARTIFACTS_H
#define ROLLUP_ARTIFACTS_H

#include <stdint.h>

${declarations}

/* Where the proxy's creation code holds its hub (20 bytes), rollupId (8) and target (20), which are
 * zero here, and where its runtime code begins, which is the rest of it. */
${defines}

#endif
`);
    written.set('src/rollup/artifacts.c',
        `/* Generated by \`make contracts\`; do not edit. */
/* clang-format off */
#include "rollup/artifacts.h"

${found.map(([name, hex]) => cArray(name, hex)).join('\n')}`);
}

const system = compile(sourcesBelow(path.join(root, 'contracts/src')));
// What the Registry answers, the Hub does: whoever talks to it needs both halves of its ABI.
const [hub, registry] = ['Hub', 'Registry'].map((name) => system.find((a) => a.contractName === name));
const ofHub = new Set(hub.abi.map((item) => JSON.stringify(item)));
hub.abi.push(...registry.abi.filter((item) => !ofHub.has(JSON.stringify(item))));
addArtifacts('contracts/artifacts', system, 'contracts/src/');
addEmbedding(system);
for (const example of fs.readdirSync(path.join(root, 'examples')).sort()) {
    const files = sourcesBelow(path.join(root, 'examples', example, 'contracts'));
    if (files.length > 0)
        addArtifacts(`examples/${example}/artifacts`, compile(files), `examples/${example}/`);
}

// What is there and was not made is stale.
const stale = [...new Set([...written.keys()].map((f) => path.dirname(f)))]
    .filter((folder) => folder.endsWith('artifacts') && fs.existsSync(path.join(root, folder)))
    .flatMap((folder) => fs.readdirSync(path.join(root, folder)).map((f) => path.join(folder, f)))
    .filter((file) => file.endsWith('.json') && !written.has(file));

let different = 0;
for (const [file, content] of written) {
    const full = path.join(root, file);
    if (fs.existsSync(full) && fs.readFileSync(full, 'utf8') === content) continue;
    different++;
    if (isCheck) {
        console.error(`contracts: ${file} is not what the sources give`);
    } else {
        fs.mkdirSync(path.dirname(full), { recursive: true });
        fs.writeFileSync(full, content);
        console.log(`wrote ${file}`);
    }
}
for (const file of stale) {
    different++;
    if (isCheck) console.error(`contracts: ${file} has no source`);
    else fs.unlinkSync(path.join(root, file));
}
if (isCheck && different > 0) {
    console.error('contracts: run `make contracts` and commit what it writes');
    process.exit(1);
}
console.log(`contracts: ${written.size} files ${isCheck ? 'match the sources' : 'are up to date'}`);
