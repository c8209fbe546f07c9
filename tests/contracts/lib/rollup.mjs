// A rollup's predeploys on an independent EVM: their code put at their addresses, System's slots
// written as genesis would, and a stub in the place of XCALL.
import { decodeErrorResult, decodeFunctionResult, encodeFunctionData, toHex } from "viem";
import { artifact, compileTestContracts, startChain } from "./chain.mjs";

export const SYSTEM = "0x4c53000000000000000000000000000000000001";
export const ANCHOR = "0x4c53000000000000000000000000000000000002";
export const L2HUB = "0x4c53000000000000000000000000000000000003";
export const XCALL = "0x0000000000000000000000000000000000010003";
export const SYSTEM_CALLER = "0xfffffffffffffffffffffffffffffffffffffffe";
export const ROLLUP_ID = 1n;

export const abis = Object.fromEntries(
    ["Anchor", "Attestation", "Hub", "KOfN", "L2Hub", "Owner", "System"].map((name) => [name, artifact(name).abi]),
);

/** Starts a chain; `rpc`, `call`, `send` speak to it, `test` has the tests' own contracts. */
export async function openRollup() {
    const chain = await startChain();
    const { rpc } = chain;
    const test = compileTestContracts();
    const [user] = chain.accounts;
    for (const [at, name] of [[SYSTEM, "System"], [ANCHOR, "Anchor"], [L2HUB, "L2Hub"]])
        await rpc("anvil_setCode", at, artifact(name).deployedBytecode);
    await rpc("anvil_setStorageAt", SYSTEM, toHex(1, { size: 32 }), toHex(ROLLUP_ID, { size: 32 }));

    /** A transaction in a block of its own: its receipt. */
    const send = async (tx) => {
        const hash = await rpc("eth_sendTransaction", { from: user, gas: toHex(5_000_000), gasPrice: "0x0", ...tx });
        await rpc("evm_mine");
        return rpc("eth_getTransactionReceipt", hash);
    };
    /** Deploys a contract of the tests (or {bytecode}); its address. */
    const deploy = async (what) => {
        const receipt = await send({ data: typeof what === "string" ? test[what].bytecode : what.bytecode });
        if (receipt.status !== "0x1") throw new Error("the deployment failed");
        return receipt.contractAddress;
    };
    /** eth_call: {ok, data}, the bytes exactly as they came back. */
    const call = async (tx) => {
        try {
            return { ok: true, data: await rpc("eth_call", { from: user, gas: toHex(5_000_000), ...tx }, "latest") };
        } catch (error) {
            if (error.data === undefined) throw error;
            return { ok: false, data: error.data };
        }
    };
    /** The frames of an eth_call, outermost first. */
    const frames = async (tx) => {
        const trace = await rpc("debug_traceCall", { from: user, gas: toHex(5_000_000), ...tx }, "latest", { tracer: "callTracer" });
        const list = [];
        const stack = [trace];
        while (stack.length > 0) {
            const frame = stack.pop();
            list.push(frame);
            stack.push(...[...(frame.calls ?? [])].reverse());
        }
        return list;
    };
    /** A call of a function: what it returns; throws what `refusal` says if it reverts. */
    const read = async (at, name, functionName, args = [], more = {}) => {
        const abi = abis[name];
        const { ok, data } = await call({ to: at, data: encodeFunctionData({ abi, functionName, args }), ...more });
        if (!ok) throw new Refused(refusal(name, data));
        return decodeFunctionResult({ abi, functionName, data });
    };
    await rpc("anvil_setCode", XCALL, await rpc("eth_getCode", await deploy("XcallStub"), "latest"));
    return { ...chain, user, test, send, deploy, call, frames, read };
}

export class Refused extends Error {}

/** A revert, by name, its addresses in small letters: "NotRemote(1)". */
export function refusal(name, data) {
    try {
        const { errorName, args = [] } = decodeErrorResult({ abi: abis[name], data });
        return `${errorName}(${args.map((a) => (typeof a === "string" ? a.toLowerCase() : a)).join(", ")})`;
    } catch {
        return data;
    }
}
