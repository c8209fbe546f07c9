// Contracts on chains, as a case of the demo sees them. A case names places ("l1", "rollup1",
// "rollup2"); a world says which chain each place is: three chains in one world, one and the same in
// another. Where caller and callee are on different chains, the caller is given the callee's proxy.
import { readFileSync } from "node:fs";
import {
    createPublicClient,
    createWalletClient,
    defineChain,
    encodeFunctionData,
    http,
    parseAbi,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

const hubAbi = parseAbi([
    "function createProxy(uint64 rollupId, address target) returns (address)",
    "function proxyOf(uint64 rollupId, address target) view returns (address)",
]);

export function artifact(name) {
    return JSON.parse(readFileSync(new URL(`artifacts/${name}.json`, import.meta.url), "utf8"));
}

// A chain with an account, from an entry of the network's "chains": { name, rollupId, chainId, url,
// contracts }; a rollup's has the name of its parent, too.
export function connect(entry, privateKey) {
    const chain = defineChain({
        id: entry.chainId,
        name: entry.name,
        nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        rpcUrls: { default: { http: [entry.url] } },
    });
    const options = { chain, transport: http(entry.url, { retryCount: 0 }), pollingInterval: 10, cacheTime: 0 };
    const account = privateKeyToAccount(privateKey);
    return {
        ...entry,
        account,
        client: createPublicClient(options),
        wallet: createWalletClient({ ...options, account }),
        hub: entry.contracts[entry.rollupId === 0 ? "hub" : "l2Hub"],
    };
}

// The data of a reverted call, out of whatever viem wraps around it; null if there is none.
export function revertOf(error) {
    for (let e = error; e; e = e.cause) {
        const data = typeof e.data === "object" && e.data !== null ? e.data.data : e.data;
        if (typeof data === "string" && /^0x[0-9a-f]*$/i.test(data)) return data;
    }
    return null;
}

export class World {
    // places: place -> chain.
    constructor(places) {
        this.places = places;
        this.sent = []; // { chain, hash, title } of the transactions of the current case
        this.named = []; // { chain, address, name } of contracts, { address, name } of proxies
    }

    async deploy(place, name) {
        const chain = this.places[place];
        const { abi, bytecode } = artifact(name);
        const hash = await chain.wallet.deployContract({ abi, bytecode });
        const { contractAddress: address, status } = await chain.client.waitForTransactionReceipt({ hash });
        if (status !== "success") throw new Error(`${name} could not be deployed on ${chain.name}`);
        const contract = { chain, address, abi, name };
        this.named.push(contract);
        return contract;
    }

    // The address at which contracts of `place` call `target`. Chains know their parent, its other
    // rollups and their own; what is farther is reached by way of the parent on which it is known.
    async reference(place, target) {
        const chain = this.places[place];
        const other = target.chain;
        if (chain === other) return target.address;
        if (other.parent === chain.name) return this.proxy(chain, chain.contracts.hub, other.rollupId, target);
        if (chain.parent === other.name) return this.proxy(chain, chain.contracts.l2Hub, 0, target);
        if (chain.parent === other.parent) return this.proxy(chain, chain.contracts.l2Hub, other.rollupId, target);
        const isBelow = other.parent !== undefined && other.parent !== "l1";
        const via = Object.keys(this.places).find(
            (name) => this.places[name].name === (isBelow ? other.parent : chain.parent),
        );
        const address = await this.reference(via, target);
        return this.reference(place, { chain: this.places[via], address, name: target.name });
    }

    // The proxy of a contract that a chain's Hub or L2Hub knows by this rollup id, put in place.
    async proxy(chain, hub, rollupId, target) {
        const call = { address: hub, abi: hubAbi, args: [BigInt(rollupId), target.address] };
        const address = await chain.client.readContract({ ...call, functionName: "proxyOf" });
        if ((await chain.client.getCode({ address })) === undefined) {
            const hash = await chain.wallet.writeContract({ ...call, functionName: "createProxy" });
            const { status } = await chain.client.waitForTransactionReceipt({ hash });
            if (status !== "success") throw new Error(`no proxy of ${target.name} on ${chain.name}`);
        }
        // Without a chain: other contracts are told this address, too.
        this.named.push({ address, name: `${target.name}@${target.chain.name}` });
        return address;
    }

    // Sends a transaction and waits for it; returns whether it succeeded. Without `gas` the node
    // estimates, and a transaction that would fail is not sent.
    async send(contract, functionName, args, { receiptTimeout, ...options } = {}) {
        const { chain, address, abi } = contract;
        const hash = await chain.wallet.writeContract({ address, abi, functionName, args, ...options });
        const { status } = await chain.client.waitForTransactionReceipt({ hash, timeout: receiptTimeout });
        this.sent.push({ chain, hash, title: `${contract.name}.${functionName}` });
        return status === "success";
    }

    // What a function would return now (eth_call).
    async call(contract, functionName, args = [], options = {}) {
        const { chain, address, abi } = contract;
        const account = chain.account.address;
        const { result } = await chain.client.simulateContract({
            address, abi, functionName, args, account, ...options,
        });
        return result;
    }

    // What it would revert with: { data, message }, null if it would not.
    async failure(contract, functionName, args, method = "eth_call") {
        const { chain, address, abi } = contract;
        const data = encodeFunctionData({ abi, functionName, args });
        try {
            await chain.client.request({ method, params: [{ from: chain.account.address, to: address, data }] });
            return null;
        } catch (error) {
            return { data: revertOf(error), message: `${error.details ?? ""} ${error.message}` };
        }
    }

    balance(contract) {
        return contract.chain.client.getBalance({ address: contract.address });
    }
}
