// A share of the random call graphs through a whole node: real transactions over JSON-RPC, the same
// programs with the contracts spread over L1 and three rollups and with all on L1. The many are run by
// ./main.c, which prints the programs. GRAPHS and SEED choose others.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { concat, encodeFunctionData, getContractAddress, pad, parseAbi, toHex } from "viem";
import { startNetwork } from "../../examples/demo/network.mjs";
import { connect } from "../../examples/demo/world.mjs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";

const GRAPHS = Number(process.env.GRAPHS ?? 60);
const SEED = Number(process.env.SEED ?? 5000);
// As in graph.h: users, contracts, accounts of nobody, precompiles; each kind in the order of chains.
const CHAINS = 4;
const NODES_PER_CHAIN = 3;
const NODES = CHAINS * NODES_PER_CHAIN;
const GAS = 16_000_000n;
const NODE_WEI = 1000n;
const lockstep = process.env.LOCKSTEP ?? "build/dev/lockstep";
const program = lockstep.replace(/lockstep$/, "equivalence/equivalence");
const hubAbi = parseAbi(["function createProxy(uint64, address) returns (address)",
    "function proxyOf(uint64, address) view returns (address)"]);

let network;
let spread;
let single;

before(async () => {
    network = await startNetwork(["--rollups", "3"], lockstep);
    const { chains, accounts } = network.info;
    const keys = accounts.map((account) => account.privateKey);
    const runtime = compileTestContracts("tests/equivalence").Node.runtime;
    spread = await open(runtime, chains.map((entry, i) => connect(entry, keys[i])), true);
    single = await open(runtime, chains.map((_, i) => connect(chains[0], keys[CHAINS + i])), false);
});
after(async () => assert.equal((await network.stop()).status, 0));

// Sends one after the other without waiting; gives the receipts.
async function sendAll(chain, txs) {
    const { client, wallet, account } = chain;
    let nonce = await client.getTransactionCount({ address: account.address });
    const receipts = [];
    for (const tx of txs) {
        const hash = await wallet.sendTransaction({ gas: GAS, ...tx, nonce: nonce++ });
        receipts.push(await client.waitForTransactionReceipt({ hash }));
    }
    return receipts;
}

// Deploys the contracts, each with a table of where it reaches the others. users: one for each of the
// four places.
async function open(runtime, users, isSpread) {
    const first = await Promise.all(
        users.map(({ client, account }) => client.getTransactionCount({ address: account.address })),
    );
    const homes = [];
    for (let i = 0; i < CHAINS; i++) homes.push({ place: i, address: users[i].account.address });
    for (let i = 0; i < NODES; i++) {
        const place = Math.floor(i / NODES_PER_CHAIN);
        const nonce = BigInt(first[place] + (i % NODES_PER_CHAIN));
        homes.push({ place, address: getContractAddress({ from: users[place].account.address, nonce }) });
    }
    for (let i = 0; i < CHAINS; i++) homes.push({ place: i, address: pad(toHex(0xdead00 + i), { size: 20 }) });
    for (let i = 0; i < CHAINS; i++) homes.push({ place: i, address: pad("0x04", { size: 20 }) });

    const tables = [];
    for (const [at, { client, hub }] of users.entries()) {
        const proxy = ({ place, address }) =>
            client.readContract({ address: hub, abi: hubAbi, functionName: "proxyOf", args: [BigInt(place), address] });
        const isHere = (home) => !isSpread || home.place === at;
        tables.push(await Promise.all(homes.map((home) => (isHere(home) ? home.address : proxy(home)))));
    }
    for (let place = 0; place < CHAINS; place++) {
        const code = concat([runtime, ...tables[place]]);
        const size = toHex((code.length - 2) / 2, { size: 2 });
        // Returns what stands behind it.
        const data = concat(["0x61", size, "0x80600a3d393df3", code]);
        const receipts = await sendAll(users[place], Array(NODES_PER_CHAIN).fill({ data }));
        for (const [i, receipt] of receipts.entries())
            assert.equal(receipt.contractAddress, homes[CHAINS + place * NODES_PER_CHAIN + i].address.toLowerCase());
    }
    for (const [at, user] of users.entries()) {
        const own = homes.slice(CHAINS, CHAINS + NODES).filter(({ place }) => place === at);
        const others = homes.filter(({ place }) => isSpread && place !== at);
        await sendAll(user, [
            ...own.map(({ address }) => ({ to: address, value: NODE_WEI })),
            ...others.map(({ place, address }) => ({
                to: user.hub,
                data: encodeFunctionData({ abi: hubAbi, functionName: "createProxy", args: [BigInt(place), address] }),
            })),
        ]);
    }
    return { users, homes, tables };
}

// What came of a graph's transactions: whether they succeeded, the contracts' logs on each place, and
// everybody's ether.
async function run({ users, homes, tables }, roots) {
    const from = await Promise.all(users.map(({ client }) => client.getBlockNumber()));
    const statuses = [];
    for (const { chain, target, value, program: data } of roots) {
        const tx = { to: tables[chain][target], value: BigInt(value), data };
        const [receipt] = await sendAll(users[chain], [tx]);
        statuses.push(receipt.status);
    }
    const outcome = { statuses, logs: [], balances: [] };
    for (const [at, { client }] of users.entries()) {
        const own = homes.slice(CHAINS, CHAINS + NODES).filter(({ place }) => place === at);
        const addresses = own.map(({ address }) => address.toLowerCase());
        const logs = await client.getLogs({ address: addresses, fromBlock: from[at], toBlock: "latest" });
        const ours = logs.filter((log) => log.blockNumber > from[at]);
        outcome.logs.push(ours.map((log) => [addresses.indexOf(log.address), log.topics, log.data]));
        for (const address of addresses) outcome.balances.push(await client.getBalance({ address }));
    }
    return outcome;
}

test(`${GRAPHS} graphs, seeds from ${SEED}`, async (t) => {
    const list = execFileSync(program, ["--list", `${GRAPHS}`, `${SEED}`], { encoding: "utf8", maxBuffer: 1 << 28 });
    for (const line of list.trim().split("\n")) {
        const { seed, roots } = JSON.parse(line);
        await t.test(`seed ${seed}`, async () => {
            assert.deepEqual(await run(spread, roots), await run(single, roots));
        });
    }
});
