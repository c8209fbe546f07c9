// Signing conditional transactions (type 0x4c, docs/messaging.md): EIP-1559's fields and four more, which wallets do not
// know. The whole of it is signed, so any viem account that signs hashes will do.
//
//     const raw = await signConditional(account, { chainId, nonce, to, gas, maxFeePerGas, maxPriorityFeePerGas,
//         messageSlots: [messageSlot(message, publisher)] });
//     await client.request({ method: "eth_sendRawTransaction", params: [raw] });
import { concatHex, encodeAbiParameters, keccak256, numberToHex, parseSignature, toRlp } from "viem";

const ALWAYS = 2n ** 64n - 1n;

const quantity = (value) => (BigInt(value) === 0n ? "0x" : numberToHex(value));

/** The slot of L1's MessageService that stands for a message. */
export const messageSlot = (message, publisher) =>
    keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "address" }], [message, publisher]));

/** The bytes for eth_sendRawTransaction. Left out, the conditions are none: any block, no decay, no messages. */
export async function signConditional(account, fields) {
    const { to = "0x", value = 0n, data = "0x", accessList = [] } = fields;
    const { firstBlock = 0n, lastBlock = ALWAYS, priorityFeeDecay = 0n, messageSlots = [] } = fields;
    const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas } = fields;
    const signed = [
        ...[chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas].map(quantity),
        to,
        quantity(value),
        data,
        accessList.map(({ address, storageKeys }) => [address, storageKeys]),
        ...[firstBlock, lastBlock, priorityFeeDecay].map(quantity),
        messageSlots,
    ];
    const hash = keccak256(concatHex(["0x4c", toRlp(signed)]));
    const { r, s, yParity } = parseSignature(await account.sign({ hash }));
    return concatHex(["0x4c", toRlp([...signed, ...[yParity, r, s].map(quantity)])]);
}
