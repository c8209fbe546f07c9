// An L1 that begins with a given genesis and goes on with given blocks.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { privateKeyToAddress } from "viem/accounts";
import { runLockstep, startNetwork } from "./lib/network.mjs";
import { signer } from "./lib/transactions.mjs";

const folder = mkdtempSync(join(tmpdir(), "lockstep-import-"));
const file = (name) => join(folder, name);
after(() => rmSync(folder, { recursive: true, force: true }));

const key = `0x${"37".repeat(32)}`;
const rich = privateKeyToAddress(key);
// The codes that EIP-7002 and EIP-7251 ask for need not do more than end: there are no requests.
const genesis = {
    config: {
        chainId: 4711,
        homesteadBlock: 0,
        eip150Block: 0,
        eip155Block: 0,
        eip158Block: 0,
        byzantiumBlock: 0,
        constantinopleBlock: 0,
        petersburgBlock: 0,
        istanbulBlock: 0,
        berlinBlock: 0,
        londonBlock: 0,
        terminalTotalDifficulty: 1000,
        shanghaiTime: 0,
        cancunTime: 0,
        pragueTime: 0,
    },
    difficulty: "0x3e8",
    gasLimit: "0x1c9c380",
    timestamp: "0x10",
    extraData: "0x",
    alloc: {
        [rich]: { balance: "0xde0b6b3a7640000" },
        "0x00000961Ef480Eb55e80D19ad83579A64c007002": { balance: "0x0", code: "0x00" },
        "0x0000BBdDc7CE488642fb579F8B00f3a590007251": { balance: "0x0", code: "0x00" },
        "0x00000000000000000000000000000000005107e5": {
            balance: "0x5",
            nonce: "0x2",
            storage: { "0x01": "0x2a" },
        },
    },
};
let blocks; // the chain's, in hexadecimal

const begin = (options = {}) => startNetwork({ rollups: 0, l1Genesis: file("genesis.json"), ...options });
const raw = (chain, number) => chain.rpc("debug_getRawBlock", [`0x${number.toString(16)}`]);
const writeBlocks = (name, list) => writeFileSync(file(name), Buffer.from(list.map((b) => b.slice(2)).join(""), "hex"));

before(async () => {
    writeFileSync(file("genesis.json"), JSON.stringify(genesis));
    const network = await begin();
    const { sign } = signer(network.l1, key);
    for (let nonce = 0; nonce < 3; nonce++)
        await network.l1.rpc("eth_sendRawTransaction", [await sign({ nonce, value: 1n })]);
    blocks = await Promise.all([1, 2, 3].map((n) => raw(network.l1, n)));
    await network.stop();
    writeBlocks("chain.rlp", blocks);
});

test("the genesis is the one described, and nothing is added to it", async () => {
    const network = await begin();
    const { l1 } = network;
    assert.equal(l1.chainId, 4711);
    assert.deepEqual(l1.contracts, {});
    assert.equal(await l1.rpc("eth_blockNumber"), "0x0");
    assert.equal(await l1.rpc("eth_getBalance", [rich, "latest"]), "0xde0b6b3a7640000");
    const slot = ["0x00000000000000000000000000000000005107e5", "0x1", "latest"];
    assert.equal(await l1.rpc("eth_getStorageAt", slot), `0x${"2a".padStart(64, "0")}`);
    assert.doesNotMatch(network.output.stdout, /Contracts on l1|ETH each/);
    await network.stop();
});

test("blocks are imported, and the chain goes on behind them", async () => {
    const network = await begin({ l1Import: file("chain.rlp") });
    const { l1 } = network;
    assert.equal(await l1.rpc("eth_blockNumber"), "0x3");
    for (const n of [1, 2, 3]) assert.equal(await raw(l1, n), blocks[n - 1]);
    const { transactions, hash } = await l1.rpc("eth_getBlockByNumber", ["0x2", true]);
    const receipt = await l1.rpc("eth_getTransactionReceipt", [transactions[0].hash]);
    assert.deepEqual([receipt.blockHash, receipt.status, receipt.from], [hash, "0x1", rich.toLowerCase()]);
    const { sign } = signer(l1, key);
    await l1.rpc("eth_sendRawTransaction", [await sign({ nonce: 3, value: 1n })]);
    assert.equal(await l1.rpc("eth_blockNumber"), "0x4");
    await network.stop();
});

test("a data directory knows its genesis, and takes the rest of the blocks", async () => {
    const datadir = file("data");
    writeBlocks("first.rlp", blocks.slice(0, 1));
    let network = await begin({ datadir, l1Import: file("first.rlp") });
    assert.equal(await network.l1.rpc("eth_blockNumber"), "0x1");
    await network.stop();
    network = await startNetwork({ rollups: 0, datadir, l1Import: file("chain.rlp") });
    assert.equal(network.l1.chainId, 4711);
    assert.equal(await network.l1.rpc("eth_blockNumber"), "0x3");
    await network.stop();
    network = await begin({ datadir });
    assert.equal(await raw(network.l1, 3), blocks[2]);
    await network.stop();

    writeFileSync(file("other.json"), JSON.stringify({ ...genesis, timestamp: "0x11" }));
    const other = await refused("--l1-genesis", file("other.json"), "--datadir", datadir);
    assert.match(other, /other\.json describes another genesis block than the one in .*data; use the same file/);
});

/** What the program says when it does not start. */
async function refused(...args) {
    const { code, stderr } = await runLockstep(["--port", "0", "--rollups", "0", "--silent", ...args]);
    assert.equal(code === 1 || code === 2, true, `exit status ${code}`);
    assert.match(stderr, /^lockstep: .*\n$/);
    return stderr;
}

const importing = (name) => refused("--l1-genesis", file("genesis.json"), "--l1-import", file(name));

test("a block that does not hold is refused with file, number and reason", async () => {
    // The state root stands behind three hashes and an address.
    const at = blocks[1].indexOf("a0", 10) + 2 + 64 + 2 + 64 + 2 + 40 + 2;
    const changed = `${blocks[1].slice(0, at)}${"00".repeat(32)}${blocks[1].slice(at + 64)}`;
    writeBlocks("root.rlp", [blocks[0], changed]);
    assert.match(await importing("root.rlp"), /root\.rlp: block 2: invalid merkle root/);
    writeBlocks("gap.rlp", [blocks[0], blocks[2]]);
    assert.match(await importing("gap.rlp"), /gap\.rlp: block 3: unknown ancestor/);
    writeBlocks("cut.rlp", [blocks[0], blocks[1].slice(0, -20)]);
    assert.match(await importing("cut.rlp"), /cut\.rlp: what follows block 1 is no block/);
    writeFileSync(file("text.rlp"), "no blocks at all");
    assert.match(await importing("text.rlp"), /text\.rlp: what follows block 0 is no block/);
});

test("files and options that make no sense are refused", async () => {
    assert.match(await importing("absent.rlp"), /cannot read .*absent\.rlp: No such file or directory/);
    assert.match(await refused("--l1-genesis", folder), /cannot read .*: Invalid argument/);
    writeFileSync(file("bad.json"), "{");
    assert.match(await refused("--l1-genesis", file("bad.json")), /bad\.json: /);
    assert.match(await refused("--l1-import", file("chain.rlp")), /--l1-import needs --l1-genesis/);
    const rollups = await runLockstep(["--l1-genesis", file("genesis.json")]);
    assert.match(rollups.stderr, /--l1-genesis needs --rollups 0/);
    assert.equal(readFileSync(file("bad.json"), "utf8"), "{");
});
