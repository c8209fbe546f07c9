// A network, contracts on its parent and on its rollups, and the anchors between them.
import assert from "node:assert/strict";
import { encodeFunctionData, parseAbi } from "viem";
import { startNetwork } from "../../examples/demo/network.mjs";
import { connect } from "../../examples/demo/world.mjs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";

const anchorAbi = parseAbi([
    "function getL1OriginBlockHeight() view returns (uint256)",
    "function getL1OriginBlockHash() view returns (bytes32)",
]);
export const ANCHOR = "0x4c53000000000000000000000000000000000002";
export const L1SLOAD = "0x0000000000000000000000000000000000000101";
export const L1CALL = "0x0000000000000000000000000000000000010002";
const hubAbi = parseAbi([
    "function createProxy(uint64 rollupId, address target) returns (address)",
    "function proxyOf(uint64 rollupId, address target) view returns (address)",
]);

let compiled;
export const contracts = () => (compiled ??= compileTestContracts("tests/parent/sol"));

/** Opens a network; `chains` by name, each with viem clients (examples/demo/world.mjs). */
export async function openNetwork(options = []) {
    const network = await startNetwork(options, process.env.LOCKSTEP ?? "build/dev/lockstep");
    const { chains, accounts } = network.info;
    const connected = chains.map((entry) => [entry.name, connect(entry, accounts[0].privateKey)]);
    return { network, chains: Object.fromEntries(connected) };
}

export async function mined(chain, hash) {
    const receipt = await chain.client.waitForTransactionReceipt({ hash });
    assert.equal(receipt.status, "success", hash);
    return receipt;
}

export async function deploy(chain, name, args = []) {
    const { abi, bytecode } = contracts()[name];
    const receipt = await mined(chain, await chain.wallet.deployContract({ abi, bytecode, args }));
    return { chain, abi, name, address: receipt.contractAddress };
}

export const send = async ({ chain, abi, address }, functionName, args, options = {}) =>
    mined(chain, await chain.wallet.writeContract({ abi, address, functionName, args, ...options }));
export const read = ({ chain, abi, address }, functionName, args, options = {}) =>
    chain.client.readContract({ abi, address, functionName, args, account: chain.account.address, ...options });
export const encode = ({ abi }, functionName, args) => encodeFunctionData({ abi, functionName, args });

/** Where a contract of a rollup is on its parent. */
export const nameOn = ({ client, contracts: { hub } }, { chain, address }) =>
    client.readContract({ address: hub, abi: hubAbi, functionName: "proxyOf", args: [BigInt(chain.rollupId), address] });

/** Puts the proxy of a contract in place, on the parent or on a rollup. */
export async function createProxy(on, { chain, address }) {
    const hub = chain.parent === on.name ? on.contracts.hub : on.contracts.l2Hub;
    const args = [BigInt(chain.parent === on.name ? chain.rollupId : 0), address];
    return mined(on, await on.wallet.writeContract({ address: hub, abi: hubAbi, functionName: "createProxy", args }));
}

/** Moves the rollup by a call from its parent, so that it is anchored at what is the newest block of
 * the parent now; the anchor's number. */
export async function anchor(parent, rollup) {
    const before = await parent.client.getBlockNumber();
    const nobody = "0x00000000000000000000000000000000000000aa";
    const target = { chain: rollup, address: nobody };
    const proxy = await nameOn(parent, target);
    let newest = before;
    if ((await parent.client.getCode({ address: proxy })) === undefined) {
        const receipt = await createProxy(parent, target);
        newest = receipt.blockNumber;
    }
    await mined(parent, await parent.wallet.sendTransaction({ to: proxy, data: "0x", gas: 1_000_000n }));
    const at = await anchorOf(rollup);
    assert.equal(at, newest);
    return at;
}

export const anchorOf = (rollup, options = {}) =>
    rollup.client.readContract({ address: ANCHOR, abi: anchorAbi, functionName: "getL1OriginBlockHeight", ...options });
