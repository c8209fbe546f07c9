// What the applications here have in common: a network of their own, contracts from npm packages or from
// this folder, and a count of what came out as it should.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { encodeFunctionData, parseEventLogs, zeroAddress } from "viem";
import { startNetwork } from "../demo/network.mjs";
import { World, connect } from "../demo/world.mjs";

const require = createRequire(import.meta.url);
export const program = process.env.LOCKSTEP ?? "build/release/lockstep";
let passed = 0;
let failed = 0;

// What messages are sent with: terms of the Messenger, and conditions of the Bridge for who pays early.
export const TERMS = { owner: zeroAddress, fee: 0n, gasLimit: 200_000n, deadline: 0n };
export const NOT_EARLY = { fee: 0n, until: 0n };
const SYSTEM = { messenger: "Messenger", bridge: "Bridge", messageService: "MessageService", hub: "Hub" };

/** A contract's ABI and bytecode: of this folder by name, of a package by the path of its JSON. `libraries`: where
 * those are that it is to be linked with, by name. */
function artifactOf(what, libraries = {}) {
    const json = what.includes("/")
        ? require(what)
        : JSON.parse(readFileSync(new URL(`artifacts/${what}.json`, import.meta.url), "utf8"));
    let bytecode = json.bytecode ?? json.evm.bytecode.object;
    if (!bytecode.startsWith("0x")) bytecode = `0x${bytecode}`;
    for (const references of Object.values(json.linkReferences ?? {}))
        for (const [name, places] of Object.entries(references))
            for (const { start, length } of places) {
                const at = libraries[name].address.slice(2).toLowerCase();
                bytecode = bytecode.slice(0, 2 + 2 * start) + at + bytecode.slice(2 + 2 * (start + length));
            }
    return { abi: json.abi, bytecode };
}

export class Applications extends World {
    signatures = new Map();

    /** Deploys a contract, from the first account. */
    async deploy(place, what, args = [], libraries = {}) {
        const chain = this.places[place];
        const { abi, bytecode } = artifactOf(what, libraries);
        const hash = await chain.wallet.deployContract({ abi, bytecode, args });
        const { contractAddress, status } = await chain.client.waitForTransactionReceipt({ hash });
        const name = what.split("/").at(-1).replace(".json", "");
        if (status !== "success") throw new Error(`${name} could not be deployed on ${chain.name}`);
        return this.at(place, contractAddress, abi, name);
    }

    /** A contract that is there already; abi may be that of what is named. */
    at(place, address, abi, name = "contract") {
        const contract = { chain: this.places[place], address, name };
        contract.abi = typeof abi === "string" ? artifactOf(abi).abi : abi;
        return contract;
    }

    /** A contract that the network itself has on a chain: "messenger", "bridge", "messageService", "hub". */
    system(place, name) {
        const read = (file) => JSON.parse(readFileSync(new URL(`../../contracts/artifacts/${file}.json`, import.meta.url), "utf8"));
        // They call one another: a call may fail with an error of any of them.
        const errors = Object.values(SYSTEM).flatMap((file) => read(file).abi.filter(({ type }) => type === "error"));
        const abi = [...read(SYSTEM[name]).abi.filter(({ type }) => type !== "error"), ...errors];
        return this.at(place, this.places[place].contracts[name], abi, name);
    }

    /** The contract as it is called from another place: its proxy there. */
    async from(place, contract) {
        return { ...contract, chain: this.places[place], address: await this.reference(place, contract) };
    }

    /** The address that an account of L1 has on a rollup when it calls: that of its proxy there. */
    nameOf(place, account) {
        return this.places[place].client.request({ method: "lockstep_proxyOf", params: [0, account] });
    }

    /** Sends a transaction of this account, shows what it did on all chains, and gives its receipt. */
    async transact(contract, functionName, args, { by, ...options } = {}) {
        const { chain, address, abi } = contract;
        const wallet = by?.wallet ?? chain.wallet;
        return this.show(chain, await wallet.writeContract({ address, abi, functionName, args, ...options }));
    }

    /** Sends a transaction of this account and gives its receipt: it must succeed. */
    async perform(contract, functionName, args, { by, ...options } = {}) {
        const { chain, address, abi } = contract;
        this.noteSignature((by ?? chain).account);
        const hash = await (by ?? chain).wallet.writeContract({ address, abi, functionName, args, ...options });
        const receipt = await chain.client.waitForTransactionReceipt({ hash });
        if (receipt.status !== "success") throw new Error(`${contract.name}.${functionName} failed`);
        return receipt;
    }

    /** Runs `lockstep relay` once with this key: what it says. */
    relay(key, ...args) {
        const words = ["relay", "--rpc", this.places.l1.url, "--once", ...args];
        return execFileSync(program, words, { encoding: "utf8", env: { ...process.env, LOCKSTEP_RELAY_KEY: key } });
    }

    /** A transaction of this account, signed and not sent; nonces go on from the chain's by `later`. */
    async sign(contract, functionName, args, { by, later = 0, value = 0n, gas = 4_000_000n } = {}) {
        const data = encodeFunctionData({ abi: contract.abi, functionName, args });
        return this.signData(contract.chain, { to: contract.address, data, value, gas }, { by, later });
    }

    async signData(chain, transaction, { by, later = 0 }) {
        const { account } = by;
        this.noteSignature(account);
        const nonce = (await chain.client.getTransactionCount({ address: account.address })) + later;
        const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
        return account.signTransaction({ type: "eip1559", chainId: chain.chainId, nonce, ...fees, ...transaction });
    }

    noteSignature({ address }) {
        this.signatures.set(address, this.signed(address) + 1);
    }

    /** How many transactions this account has signed so far, on all chains. */
    signed(address) {
        return this.signatures.get(address) ?? 0;
    }

    /** The events of a contract among these logs: their arguments. */
    events({ address, abi }, eventName, { logs }) {
        const own = logs.filter((log) => log.address.toLowerCase() === address.toLowerCase());
        return parseEventLogs({ abi, eventName, logs: own }).map(({ args }) => args);
    }

    /** The gas of the transactions of L1's block that post batches. */
    async batchGas(blockNumber) {
        const { client, contracts } = this.places.l1;
        const { transactions } = await client.getBlock({ blockNumber, includeTransactions: true });
        const posts = transactions.filter(({ to }) => to?.toLowerCase() === contracts.hub.toLowerCase());
        const receipts = await Promise.all(posts.map(({ hash }) => client.getTransactionReceipt({ hash })));
        return receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
    }

    /** A batch of rollup 1, posted by this account: what the rollup has done is on L1 then. Gives its receipt. */
    async postBatch(by) {
        const { l1 } = this.places;
        const wish = { from: by.account.address, rollups: [{ rollupId: 1 }] };
        const { transaction } = await l1.client.request({ method: "lockstep_prepareBatch", params: [wish] });
        const { to, data, gas } = transaction;
        const hash = await by.wallet.sendTransaction({ to, data, gas: BigInt(gas) });
        return l1.client.waitForTransactionReceipt({ hash });
    }

    /** What a message is delivered with on another chain: a rollup's on L1, or (with the id) L1's on a rollup. */
    async proofOf(messenger, id, ...rollupId) {
        const params = [id, messenger.address, ...rollupId];
        const { proof } = await messenger.chain.client.request({ method: "lockstep_getMessageProof", params });
        return proof;
    }

    /** Waits for a transaction, and shows what it did. */
    async show(chain, hash) {
        const receipt = await chain.client.waitForTransactionReceipt({ hash });
        console.log(execFileSync(program, ["trace", hash, "--rpc", chain.url], { encoding: "utf8" }));
        return receipt;
    }

    /** The reason for which a call of this account would fail. */
    async refusal(contract, functionName, args, options = {}) {
        try {
            await this.call(contract, functionName, args, options);
            return "none";
        } catch (error) {
            return `${error.cause?.data?.errorName ?? ""} ${error.cause?.reason ?? error.shortMessage}`;
        }
    }
}

export function check(what, isGood) {
    if (isGood) passed++;
    else failed++;
    console.log(`${isGood ? "ok    " : "FAILED"} ${what}`);
}

/** A figure that docs/messaging.md has, too. */
export function figure(what, number) {
    console.log(`figure ${what}: ${Number(number).toLocaleString("en")}`);
}

/** Runs an application on a network of its own, started with these options. */
export async function run(application, options = []) {
    const network = await startNetwork(options, program);
    try {
        const { chains, accounts } = network.info;
        const places = Object.fromEntries(chains.map((c) => [c.name, connect(c, accounts[0].privateKey)]));
        const user = (index, place = "l1") => ({
            ...connect(chains.find((c) => c.name === place), accounts[index].privateKey),
            key: accounts[index].privateKey,
        });
        await application(new Applications(places), user);
    } catch (error) {
        check(error.stack, false);
    } finally {
        const { status, stderr } = await network.stop();
        check(`the network stops cleanly${stderr && `: ${stderr}`}`, status === 0 && stderr === "");
    }
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
}
