// The chains of a network for these tests, from one start to the next: raw JSON-RPC and ABI coding, since what is
// done here is done thousands of times.
import { decodeAbiParameters, decodeFunctionResult, encodeDeployData, encodeEventTopics, encodeFunctionData, getAbiItem, zeroAddress } from "viem";
import { artifact, compileTestContracts } from "../contracts/lib/chain.mjs";
import { startNetwork } from "../lib/network.mjs";

const compiled = compileTestContracts("tests/reorgs/sol");
export const abis = {
    hub: artifact("Hub").abi, messenger: artifact("Messenger").abi, bridge: artifact("Bridge").abi,
    anchor: artifact("Anchor").abi, service: artifact("MessageService").abi, coin: artifact("BridgedErc20").abi, badge: artifact("BridgedErc721").abi,
    purse: compiled.Purse.abi,
};
const GAS = 6_000_000;
export const hex = (value) => `0x${BigInt(value).toString(16)}`;
export const lower = (address) => address.toLowerCase();

/** Calldata of a function of one of the contracts above. */
export const encode = (kind, functionName, args = []) => encodeFunctionData({ abi: abis[kind], functionName, args });

/** One chain of the network; stays the same object when the network is started again. */
class Chain {
    constructor(entry) {
        Object.assign(this, { name: entry.name, rollupId: BigInt(entry.rollupId), parentName: entry.parent, contracts: entry.contracts });
        // Who may have ether here.
        this.holders = new Set([zeroAddress, ...Object.values(entry.contracts).map(lower)]);
        this.children = [];
        this.places = {};
        this.rpc = entry.rpc;
        this.batch = entry.batch;
        this.url = entry.url;
    }

    async call(to, kind, functionName, args = [], block = "latest") {
        const data = await this.rpc("eth_call", [{ to, data: encode(kind, functionName, args) }, block]);
        return decodeFunctionResult({ abi: abis[kind], functionName, data });
    }

    /** Many calls at once: [to, kind, functionName, args] each; null where there is nothing to call. */
    async calls(list, block = "latest") {
        if (list.length === 0) return [];
        const asked = list.map(([to, kind, name, args = []]) => ["eth_call", [{ to, data: encode(kind, name, args) }, block]]);
        return (await this.batch(asked)).map(({ result, error }, i) => {
            if (error !== undefined || result === "0x") return null;
            return decodeFunctionResult({ abi: abis[list[i][1]], functionName: list[i][2], data: result });
        });
    }

    /** Sends from an account of the node's; gives the hash. */
    async send(from, to, { data, value = 0n, gas = GAS } = {}) {
        this.holders.add(lower(from));
        if (to !== undefined) this.holders.add(lower(to));
        return this.rpc("eth_sendTransaction", [{ from, to, data, value: hex(value), gas: hex(gas) }]);
    }

    receipt(hash) {
        return this.rpc("eth_getTransactionReceipt", [hash]);
    }

    async height() {
        return Number(await this.rpc("eth_blockNumber"));
    }

    block(tag, full = false) {
        return this.rpc("eth_getBlockByNumber", [typeof tag === "number" ? hex(tag) : tag, full]);
    }

    async balanceOf(who) {
        return BigInt(await this.rpc("eth_getBalance", [who, "latest"]));
    }

    /** All events of one kind of a contract: { args as one array, log }. */
    async events(contract, kind, eventName) {
        const event = getAbiItem({ abi: abis[kind], name: eventName });
        const [topic] = encodeEventTopics({ abi: [event], eventName });
        const logs = await this.rpc("eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest", address: contract, topics: [topic] }]);
        return logs.map((log) => ({ log, ...readEvent(event, log) }));
    }
}

function readEvent(event, log) {
    const args = {};
    let topic = 1;
    const rest = event.inputs.filter(({ indexed }) => !indexed);
    for (const { name, indexed } of event.inputs) if (indexed) args[name] = log.topics[topic++];
    for (const [i, value] of decodeAbiParameters(rest, log.data).entries()) args[rest[i].name] = value;
    return args;
}

/** A network that can be started again. */
export class Network {
    constructor(options) {
        this.options = options;
    }

    async start() {
        const network = await startNetwork(this.options);
        this.process = network;
        const known = this.chains;
        if (known === undefined) {
            this.chains = network.chains.map((entry) => new Chain(entry));
            this.l1 = this.chains[0];
            this.accounts = network.accounts.map(({ address }) => lower(address));
            this.keys = network.accounts.map(({ privateKey }) => privateKey);
            for (const chain of this.chains.slice(1)) {
                chain.parent = this.chains.find(({ name }) => name === chain.parentName);
                chain.parent.children.push(chain);
            }
            for (const chain of this.chains) for (const who of [...this.accounts, lower(await chain.rpc("eth_coinbase"))]) chain.holders.add(who);
        } else for (const [i, { rpc, batch, url }] of network.chains.entries()) Object.assign(known[i], { rpc, batch, url });
        return this;
    }

    stop(signal) {
        return this.process.stop(signal);
    }

    get rollups() {
        return this.chains.slice(1);
    }
}

/** The proxy on a chain of a contract on its parent or on one of its rollups, put in place. */
async function proxyOf(chain, other, target, from) {
    const hub = other.parent === chain ? chain.contracts.hub : chain.contracts.l2Hub;
    const args = [other.parent === chain ? other.rollupId : other.parent === chain.parent ? other.rollupId : 0n, target];
    const address = lower(await chain.call(hub, "hub", "proxyOf", args));
    await mined(chain, await chain.send(from, hub, { data: encode("hub", "createProxy", args) }));
    chain.holders.add(address);
    return address;
}

async function mined(chain, hash) {
    const receipt = await chain.receipt(hash);
    if (receipt?.status !== "0x1") throw new Error(`${chain.name}: ${hash} failed at the start`);
    return receipt;
}

const deploy = async (chain, from, name, args = []) => {
    const { abi, bytecode } = compiled[name];
    const { contractAddress } = await mined(chain, await chain.send(from, undefined, { data: encodeDeployData({ abi, bytecode, args }), gas: 3_000_000 }));
    chain.holders.add(lower(contractAddress));
    return lower(contractAddress);
};

/** A purse on each chain, with its proxies on the neighbours; a coin and badges on each chain that has rollups. */
export async function furnish(network) {
    const from = network.accounts[0];
    for (const chain of network.chains) {
        chain.places.purse = await deploy(chain, from, "Purse");
        if (chain.children.length === 0) continue;
        chain.places.coin = await deploy(chain, from, "Coin", [10n ** 24n, network.accounts]);
        chain.places.badge = await deploy(chain, from, "Badge", [network.accounts]);
    }
    for (const chain of network.chains) {
        chain.neighbours = network.chains.filter((other) => other !== chain &&
            (other === chain.parent || other.parent === chain || (other.parent !== undefined && other.parent === chain.parent)));
        chain.proxies = new Map();
        for (const other of chain.neighbours) chain.proxies.set(other, await proxyOf(chain, other, other.places.purse, from));
    }
    // A call to each rollup, and so its blocks are on its parent.
    for (const chain of network.chains)
        for (const child of chain.children) await mined(chain, await chain.send(from, chain.proxies.get(child), { data: encode("purse", "hit", [0n]) }));
}
