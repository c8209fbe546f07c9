// Import of whole chains: what `lockstep --l1-import` takes from its start until it answers, less
// what a start with the genesis alone takes.
//   import/rpc_compat/lockstep   the chain of execution-apis' suite: small blocks of all kinds, all forks
//   import/erc20/lockstep        1,000 blocks of 50 ERC-20 transfers, made by this program before
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNetwork } from "../examples/demo/network.mjs";

const SAMPLES = 7;
const BLOCKS = 1000;
const TRANSFERS = 50;
const bench = process.env.BENCH ?? "";
const wanted = (name) => `import/${name}`.startsWith(bench) || bench.startsWith(`import/${name}`);
const folder = mkdtempSync(join(tmpdir(), "lockstep-import-"));
process.setMaxListeners(0);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let id = 0;
async function post(url, calls) {
    const body = JSON.stringify(calls.map(([method, params]) => ({ jsonrpc: "2.0", id: ++id, method, params })));
    const answers = await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).json();
    return answers.map(({ result, error }) => {
        if (error) throw new Error(error.message);
        return result;
    });
}
const hex = (n) => `0x${n.toString(16)}`;

// A token that does what ERC-20's transfer has to do and no more.
const TOKEN = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    mapping(address => uint256) public balanceOf;
    function mint() external { balanceOf[msg.sender] += 1e24; }
    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}`;

function tokenCode() {
    const solc = createRequire(import.meta.url)("solc");
    const output = JSON.parse(solc.compile(JSON.stringify({
        language: "Solidity",
        sources: { "Token.sol": { content: TOKEN } },
        settings: { optimizer: { enabled: true, runs: 200 }, outputSelection: { "*": { Token: ["evm.bytecode.object"] } } },
    })));
    return `0x${output.contracts["Token.sol"].Token.evm.bytecode.object}`;
}

// Cancun: later forks want system contracts in the genesis.
const GENESIS = {
    config: {
        chainId: 1337, homesteadBlock: 0, eip150Block: 0, eip155Block: 0, eip158Block: 0, byzantiumBlock: 0,
        constantinopleBlock: 0, petersburgBlock: 0, istanbulBlock: 0, berlinBlock: 0, londonBlock: 0,
        mergeNetsplitBlock: 0, terminalTotalDifficulty: 0, shanghaiTime: 0, cancunTime: 0,
        blobSchedule: {
            cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
        },
    },
    nonce: "0x0", timestamp: "0x0", extraData: "0x", gasLimit: "0x3938700", difficulty: "0x0", baseFeePerGas: "0x7",
    mixHash: `0x${"00".repeat(32)}`, coinbase: `0x${"00".repeat(20)}`, alloc: {},
};

async function makeTransfers() {
    const { info, stop } = await startNetwork(["--rollups", "0"]);
    const accounts = info.accounts.map(({ address }) => address);
    await stop();
    for (const account of accounts) GENESIS.alloc[account] = { balance: "0xd3c21bcecceda1000000" };
    const genesis = join(folder, "genesis.json");
    writeFileSync(genesis, JSON.stringify(GENESIS));
    const node = await startNetwork(["--rollups", "0", "--l1-genesis", genesis]);
    const url = node.info.chains[0].url;
    const gas = hex(100000);
    const [hash] = await post(url, [["eth_sendTransaction", [{ from: accounts[0], data: tokenCode(), gas: hex(1000000) }]]]);
    const [{ contractAddress: to }] = await post(url, [["eth_getTransactionReceipt", [hash]]]);
    await post(url, [["evm_setAutomine", [false]]]);
    await post(url, accounts.map((from) => ["eth_sendTransaction", [{ from, to, data: "0x1249c58b", gas }]]));
    await post(url, [["evm_mine", []]]);
    let next = 1n;
    for (let block = 0; block < BLOCKS; block++) {
        const calls = [];
        for (let i = 0; i < TRANSFERS; i++) {
            // Half of the recipients are new.
            const recipient = i % 2 === 0 ? (next++ * 0x9e3779b97f4a7c15n).toString(16).padStart(64, "0") : accounts[(i + 1) % accounts.length].slice(2).toLowerCase().padStart(64, "0");
            calls.push(["eth_sendTransaction", [{ from: accounts[i % accounts.length], to, data: `0xa9059cbb${recipient}${"1".padStart(64, "0")}`, gas }]]);
        }
        await post(url, calls);
        await post(url, [["evm_mine", []]]);
    }
    const [head] = await post(url, [["eth_blockNumber", []]]);
    const raw = [];
    for (let n = 1; n <= Number(head); n += 100) {
        const calls = [];
        for (let k = n; k < n + 100 && k <= Number(head); k++) calls.push(["debug_getRawBlock", [hex(k)]]);
        raw.push(...(await post(url, calls)));
    }
    await node.stop();
    const chain = join(folder, "chain.rlp");
    writeFileSync(chain, Buffer.concat(raw.map((block) => Buffer.from(block.slice(2), "hex"))));
    return { genesis, chain };
}

// Milliseconds until the program answers, and the gas of all blocks.
async function timeOf(args) {
    const info = join(folder, "info.json");
    rmSync(info, { force: true });
    const begin = Number(process.hrtime.bigint());
    const child = spawn(process.env.LOCKSTEP ?? "build/release/lockstep", ["--port", "0", "--rollups", "0", "--silent", "--info-file", info, ...args], { stdio: ["ignore", "ignore", "inherit"] });
    const ended = new Promise((resolve) => child.on("close", resolve));
    process.once("exit", () => child.kill("SIGKILL"));
    while (!existsSync(info)) {
        if (child.exitCode !== null) throw new Error(`lockstep ended with ${child.exitCode}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const ms = (Number(process.hrtime.bigint()) - begin) / 1e6;
    return { ms, url: JSON.parse(readFileSync(info, "utf8")).chains[0].url, stop: () => (child.kill("SIGTERM"), ended) };
}

async function measure(name, { genesis, chain }) {
    const samples = [];
    let gas = 0;
    for (let i = 0; i < SAMPLES; i++) {
        const bare = await timeOf(["--l1-genesis", genesis]);
        await bare.stop();
        const whole = await timeOf(["--l1-genesis", genesis, "--l1-import", chain]);
        if (i === 0) {
            const [head] = await post(whole.url, [["eth_blockNumber", []]]);
            for (let n = 1; n <= Number(head); n += 100) {
                const calls = [];
                for (let k = n; k < n + 100 && k <= Number(head); k++) calls.push(["eth_getBlockByNumber", [hex(k), false]]);
                for (const block of await post(whole.url, calls)) gas += Number(block.gasUsed);
            }
        }
        await whole.stop();
        samples.push(gas / (whole.ms - bare.ms) / 1e3);
    }
    samples.sort((a, b) => a - b);
    const [min, median, max] = [samples[0], samples[Math.floor(SAMPLES / 2)], samples.at(-1)].map((v) => v.toFixed(1));
    console.log(`import/${name}/lockstep,Mgas/s,${min},${median},${max}`);
}

const compat = `${process.env.LOCKSTEP_FIXTURES_DIR ?? ""}/rpc-compat/chain`;
if (wanted("rpc_compat") && existsSync(compat)) await measure("rpc_compat", { genesis: `${compat}/genesis.json`, chain: `${compat}/chain.rlp` });
if (wanted("erc20")) await measure("erc20", await makeTransfers());
process.exit(0);
