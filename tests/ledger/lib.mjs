// A network of an L1, an EVM rollup and a ledger, as the tests of the ledger see it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeErrorResult, encodeFunctionData, getAddress, parseAbi } from "viem";
import { artifact, connect, revertOf } from "../../examples/demo/world.mjs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";
import { startNetwork } from "../lib/network.mjs";

export const LEDGER = "0x4c53000000000000000000000000000000000010";
export const EVM_ID = 1n;
export const LEDGER_ID = 2n;
export const ETHER = 10n ** 18n;
const GAS = 5_000_000n;

const contracts = compileTestContracts("tests/scenarios/sol");
export const ledgerAbi = contracts.Ledger.abi;
const hubAbi = parseAbi([
    "function createProxy(uint64 rollupId, address target) returns (address)",
    "function proxyOf(uint64 rollupId, address target) view returns (address)",
]);

/** Calldata of an operation of the ledger. */
export const operation = (functionName, ...args) => encodeFunctionData({ abi: ledgerAbi, functionName, args });
export const nameOf = (data) => {
    const { errorName, args = [] } = decodeErrorResult({ abi: ledgerAbi, data });
    return `${errorName}(${args.join(", ")})`;
};

export async function startLedger({ ini = "[rollup evm]\ntype = evm\n[rollup ledger]\ntype = ledger\n", ...options } = {}) {
    const folder = mkdtempSync(join(tmpdir(), "lockstep-ledger-"));
    const file = join(folder, "network.ini");
    writeFileSync(file, ini);
    const network = await startNetwork({ args: ["--config", file], ...options });
    const as = (index) => network.chains.map((entry) => connect(entry, network.accounts[index].privateKey));
    const [l1, evm, ledger] = as(0);
    const receipt = (chain, hash) => chain.client.waitForTransactionReceipt({ hash });

    const net = {
        network, l1, evm, ledger, as,
        accounts: network.accounts.map(({ address }) => getAddress(address)),

        /** A transaction of the ledger; gives its receipt. */
        async send(functionName, args = [], { by = ledger, gas = GAS } = {}) {
            const call = { address: LEDGER, abi: ledgerAbi, functionName, args, gas };
            return receipt(by, await by.wallet.writeContract(call));
        },
        /** What looking at the ledger from itself gives. */
        look: (functionName, ...args) =>
            ledger.client.readContract({ address: LEDGER, abi: ledgerAbi, functionName, args }),
        balance: (address) => ledger.client.getBalance({ address }),
        /** A contract of tests/scenarios/sol or of the demo. */
        async deploy(chain, name) {
            const { abi, bytecode } = contracts[name] ?? artifact(name);
            const { contractAddress } = await receipt(chain, await chain.wallet.deployContract({ abi, bytecode }));
            return { chain, address: contractAddress, abi };
        },
        /** The proxy on an EVM chain of somebody elsewhere, made if there is none. */
        async proxy(chain, rollupId, target) {
            const call = { address: chain.hub, abi: hubAbi, args: [rollupId, target] };
            const address = await chain.client.readContract({ ...call, functionName: "proxyOf" });
            if ((await chain.client.getCode({ address })) === undefined) {
                const made = await receipt(chain, await chain.wallet.writeContract({ ...call, functionName: "createProxy" }));
                assert.equal(made.status, "success");
            }
            return address;
        },
        /** A transaction to a contract; gives whether it succeeded. */
        async write({ chain, address, abi }, functionName, args, options = {}) {
            const hash = await chain.wallet.writeContract({ address, abi, functionName, args, gas: GAS, ...options });
            return (await receipt(chain, hash)).status === "success";
        },
        read: ({ chain, address, abi }, functionName, args = []) =>
            chain.client.readContract({ address, abi, functionName, args }),
        /** Revert data and message of a call that fails. */
        async failure(chain, to, data, { value, from = chain.account.address } = {}) {
            try {
                await chain.client.request({
                    method: "eth_call",
                    params: [{ from, to, data, gas: "0x4c4b40", value: value && `0x${value.toString(16)}` }],
                });
            } catch (error) {
                return { data: revertOf(error), message: `${error.details ?? ""} ${error.message}` };
            }
            throw new assert.AssertionError({ message: "the call does not fail" });
        },
        async stop() {
            const { code } = await network.stop();
            rmSync(folder, { recursive: true });
            assert.equal(code, 0);
        },
    };
    return net;
}
