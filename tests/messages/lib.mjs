// A network and its contracts of messages, spoken to with viem.
import assert from "node:assert/strict";
import { createPublicClient, createWalletClient, decodeErrorResult, encodeAbiParameters, http, keccak256, parseAbiParameters, parseEventLogs, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { artifact } from "../contracts/lib/chain.mjs";
import { startNetwork } from "../lib/network.mjs";

const NAMES = { messageService: "MessageService", messenger: "Messenger", bridge: "Bridge", hub: "Hub" };
const abis = Object.fromEntries(Object.values(NAMES).map((name) => [name, artifact(name).abi]));
const errors = Object.values(abis).flat().filter(({ type }) => type === "error");
// The contracts and predeploys of a network that nobody can have changed in between.
const PREDEPLOYS = {
    messageService: "0x4c53000000000000000000000000000000000004",
    messenger: "0x4c53000000000000000000000000000000000005",
    bridge: "0x4c53000000000000000000000000000000000006",
};

export const TERMS = { owner: zeroAddress, fee: 0n, gasLimit: 200_000n, deadline: 0n };

/** The slot of MessageService's storage that stands for a message. */
export const slotOf = (message, publisher) =>
    keccak256(encodeAbiParameters(parseAbiParameters("bytes32, address"), [message, publisher]));

/** One chain, and one account on it. */
class Chain {
    constructor(endpoint, contracts, account) {
        const { url, chainId } = endpoint;
        const chain = { id: chainId, name: url, nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 }, rpcUrls: { default: { http: [url] } } };
        this.rpc = endpoint.rpc;
        this.account = account;
        this.chainId = BigInt(chainId);
        this.client = createPublicClient({ chain, transport: http(url), pollingInterval: 5 });
        this.wallet = createWalletClient({ chain, account, transport: http(url) });
        this.contracts = Object.fromEntries(Object.entries(NAMES).filter(([key]) => contracts[key])
            .map(([key, name]) => [key, { address: contracts[key], abi: abis[name] }]));
    }

    contract(of) {
        return typeof of === "string" ? this.contracts[of] : of;
    }

    read(of, functionName, args = [], more = {}) {
        return this.client.readContract({ ...this.contract(of), functionName, args, ...more });
    }

    /** A transaction that must succeed: its receipt. */
    async write(of, functionName, args = [], more = {}) {
        const hash = await this.wallet.writeContract({ ...this.contract(of), functionName, args, ...more });
        return this.mined(hash);
    }

    async mined(hash) {
        const receipt = await this.client.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, "success");
        return receipt;
    }

    async deploy({ abi, bytecode }, args = []) {
        const { contractAddress } = await this.mined(await this.wallet.deployContract({ abi, bytecode, args }));
        return { address: contractAddress, abi };
    }

    /** What a call is refused with, as text: "AlreadyDelivered(0x…)"; also by libraries' errors, if given. */
    async refusal(of, functionName, args = [], more = {}, libraries = []) {
        try {
            await this.client.simulateContract({ ...this.contract(of), functionName, args, account: this.account, ...more });
        } catch (error) {
            const raw = error.walk?.((e) => e.data !== undefined || e.raw !== undefined);
            const data = raw?.raw ?? (typeof raw?.data === "string" ? raw.data : raw?.data?.data);
            if (!data || data === "0x") throw error;
            const { errorName, args: values = [] } = decodeErrorResult({ abi: [...errors, ...libraries], data });
            return `${errorName}(${values.map((v) => (typeof v === "string" ? v.toLowerCase() : v)).join(", ")})`;
        }
        return null;
    }

    balance(address) {
        return this.client.getBalance({ address });
    }

    /** The events of a contract in a receipt. */
    events(of, eventName, receipt) {
        const { address, abi } = this.contract(of);
        const logs = receipt.logs.filter((log) => log.address.toLowerCase() === address.toLowerCase());
        return parseEventLogs({ abi, eventName, logs }).map(({ args }) => args);
    }
}

/** Starts a network: `l1`, `rollups`, each a Chain of account `index`. */
export async function openNetwork(options = {}) {
    const network = await startNetwork(options);
    const as = (index) => {
        const account = privateKeyToAccount(network.accounts[index].privateKey);
        return {
            l1: new Chain(network.l1, network.contracts, account),
            rollups: network.rollups.map(
                (rollup) => new Chain(rollup, { ...PREDEPLOYS, hub: rollup.contracts.hub }, account),
            ),
        };
    };
    return { network, as, ...as(0), stop: () => network.stop() };
}

/** What left in a transaction. */
export const leftIn = (chain, receipt) => chain.events("messenger", "MessageLeft", receipt)[0];

/** The proof of what a rollup's Messenger has said, against a root that L1 has now. */
export async function proofFrom(rollup, { id }) {
    await rollup.rpc("lockstep_anchor");
    return (await rollup.rpc("lockstep_getMessageProof", [id, rollup.contracts.messenger.address])).proof;
}

/** The proof of what L1's Messenger has said, for a rollup that knows the block now. */
export async function proofTo(rollup, l1, id) {
    await rollup.rpc("lockstep_anchor");
    const rollupId = Number(BigInt((await rollup.rpc("lockstep_networkInfo")).rollupId));
    return (await l1.rpc("lockstep_getMessageProof", [id, l1.contracts.messenger.address, rollupId])).proof;
}
