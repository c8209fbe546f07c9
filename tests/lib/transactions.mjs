// Signed transactions and small contracts for tests of the node, without a client library's own ideas
// about nonces and waiting.
import { numberToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

export const GWEI = 10n ** 9n;

/** Signs transactions of one account on one chain; nonces are the caller's. */
export function signer(chain, privateKey) {
    const account = privateKeyToAccount(privateKey);
    return {
        address: account.address,
        sign: (fields) =>
            account.signTransaction({
                type: "eip1559",
                chainId: chain.chainId,
                maxFeePerGas: 100n * GWEI,
                maxPriorityFeePerGas: GWEI,
                gas: 21000n,
                to: `0x${"11".repeat(20)}`,
                ...fields,
            }),
    };
}

/** Initcode that makes a contract of this bare code (hexadecimal, without 0x). */
export function initcode(code) {
    const size = numberToHex(code.length / 2, { size: 2 }).slice(2);
    // PUSH2 size, DUP1, PUSH1 10, RETURNDATASIZE (0), CODECOPY, RETURNDATASIZE, RETURN; then the code.
    return `0x61${size}80600a3d393df3${code}`;
}

/** Deploys bare code from the first development account and gives its address. */
export async function deployCode(chain, from, code, nonce) {
    const hash = await chain.rpc("eth_sendTransaction", [{ from, data: initcode(code), ...(nonce ? { nonce } : {}) }]);
    const receipt = await chain.rpc("eth_getTransactionReceipt", [hash]);
    if (receipt?.status !== "0x1") throw new Error(`deploying failed: ${JSON.stringify(receipt)}`);
    return receipt.contractAddress;
}

/** The value of a QUANTITY. */
export const number = (quantity) => Number(BigInt(quantity));
