// The whole program as its users meet it: start, idle memory, transactions. anvil, where it can do the
// same, runs in turn with it, so that ratios hold whatever the machine.
//   node/start/SUBJECT           from the start of the process to its first answered eth_chainId
//   node/memory_idle/SUBJECT     resident memory after the start
//   node/transfer/SUBJECT        eth_sendRawTransaction to its receipt, automine
//   node/cross_chain/lockstep    the same for a call L1 → rollup → back, attested and checked on L1
import { encodeFunctionData } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { startNetwork } from "../examples/demo/network.mjs";
import { World, artifact, connect } from "../examples/demo/world.mjs";
import * as subjects from "./lib/subjects.mjs";
import { hangUp, lockstep, memory, now, programs, rpc, sleep, start } from "./lib/subjects.mjs";

const STARTS = 21;
const TRANSACTIONS = 200;
const WARM_UP = 10;
const wanted = (name) => subjects.wanted("node", name);
const row = (name, unit, values) => subjects.row("node", name, unit, values);

async function benchStart() {
    const times = { lockstep: [], anvil: [] };
    const sizes = { lockstep: [], anvil: [] };
    for (let i = 0; i < STARTS; i++)
        for (const subject of Object.keys(programs)) {
            const node = await start(subject);
            times[subject].push(node.ms);
            // Memory is looked at once, when nothing happens any more.
            if (i === 0) {
                await sleep(500);
                sizes[subject].push(memory(node.pid));
            }
            await node.stop();
        }
    for (const subject of Object.keys(programs)) {
        if (wanted("start")) row(`start/${subject}`, "ms", times[subject]);
        if (wanted("memory_idle")) row(`memory_idle/${subject}`, "MiB", sizes[subject]);
    }
}

// Sends each signed transaction and waits for its receipt; returns the milliseconds of each.
async function sendAll(url, signed) {
    const times = [];
    for (const raw of signed) {
        const begin = now();
        const hash = await rpc(url, "eth_sendRawTransaction", [raw]);
        let receipt;
        while ((receipt = await rpc(url, "eth_getTransactionReceipt", [hash])) === null);
        times.push(now() - begin);
        if (receipt.status !== "0x1") throw new Error(`transaction ${hash} failed`);
    }
    return times.slice(WARM_UP);
}

async function sign(url, account, fields, count) {
    const chainId = Number(await rpc(url, "eth_chainId"));
    const nonce = Number(await rpc(url, "eth_getTransactionCount", [account.address, "latest"]));
    const signed = [];
    for (let i = 0; i < count; i++)
        signed.push(
            await account.signTransaction({
                type: "eip1559",
                chainId,
                nonce: nonce + i,
                maxFeePerGas: 10n ** 10n,
                maxPriorityFeePerGas: 1n,
                ...fields,
            }),
        );
    return signed;
}

const key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"; // account 0 of both

async function benchTransfer(subject) {
    const node = await start(subject);
    const account = privateKeyToAccount(key);
    const fields = { to: `0x${"11".repeat(20)}`, value: 1n, gas: 21000n };
    const signed = await sign(node.url, account, fields, WARM_UP + TRANSACTIONS);
    row(`transfer/${subject}`, "ms", await sendAll(node.url, signed));
    await node.stop();
}

async function benchCrossChain() {
    const network = await startNetwork([], lockstep);
    const [l1, rollup1] = network.info.chains.map((chain) => connect(chain, key));
    const world = new World({ l1, rollup1 });
    const counter = await world.deploy("rollup1", "Counter");
    const teller = await world.deploy("l1", "Teller");
    const reference = await world.reference("l1", counter);
    const data = encodeFunctionData({
        abi: artifact("Counter").abi,
        functionName: "add",
        args: [1n],
    });
    // One crossing: straight to the proxy; two, through a contract that uses the result.
    const one = await sign(l1.url, l1.account, { to: reference, data, gas: 2_000_000n }, WARM_UP + TRANSACTIONS);
    row("cross_chain/lockstep", "ms", await sendAll(l1.url, one));
    const twice = encodeFunctionData({
        abi: artifact("Teller").abi,
        functionName: "addTwice",
        args: [reference, 1n],
    });
    const fields = { to: teller.address, data: twice, gas: 3_000_000n };
    const two = await sign(l1.url, l1.account, fields, WARM_UP + TRANSACTIONS);
    row("cross_chain_twice/lockstep", "ms", await sendAll(l1.url, two));
    await network.stop();
}

if (wanted("start") || wanted("memory_idle")) await benchStart();
if (wanted("transfer")) for (const subject of Object.keys(programs)) await benchTransfer(subject);
if (wanted("cross_chain")) await benchCrossChain();
hangUp();
