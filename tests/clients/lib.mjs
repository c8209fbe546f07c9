// What the tests with real clients share: a network, and what is expected of a chain by all of them.
import { readFileSync } from "node:fs";
import { startNetwork } from "../lib/network.mjs";

export { startNetwork };

/** EIP-712's own example, with the types that clients differ in. */
export const typedData = (chainId, contract) => ({
    domain: { name: "Ether Mail", version: "1", chainId, verifyingContract: contract },
    types: {
        Person: [
            { name: "name", type: "string" },
            { name: "wallets", type: "address[]" },
        ],
        Mail: [
            { name: "from", type: "Person" },
            { name: "to", type: "Person[2]" },
            { name: "contents", type: "string" },
            { name: "attachment", type: "bytes" },
            { name: "tag", type: "bytes4" },
            { name: "balance", type: "int128" },
            { name: "amounts", type: "uint256[][]" },
            { name: "isRead", type: "bool" },
        ],
    },
    primaryType: "Mail",
    message: {
        from: { name: "Cow", wallets: [`0x${"cd".repeat(20)}`, `0x${"de".repeat(20)}`] },
        to: [
            { name: "Bob \u00e9\"\\", wallets: [] },
            { name: "Carol", wallets: [`0x${"b0".repeat(20)}`] },
        ],
        contents: "Hello, Bob!",
        attachment: "0x010203",
        tag: "0xdeadbeef",
        balance: -170141183460469231731687303715884105728n,
        amounts: [[1n, 2n ** 256n - 1n], []],
        isRead: true,
    },
});

export const artifact = (name) =>
    JSON.parse(readFileSync(new URL(`../../examples/demo/artifacts/${name}.json`, import.meta.url), "utf8"));

/** Runs `run` on L1 and on a rollup of a network of its own. */
export async function onEachChain(t, run) {
    const network = await startNetwork({ silent: true, rollups: 1 });
    t.after(() => network.stop());
    for (const chain of network.chains) await t.test(chain.name, (t) => run(chain, network, t));
}

// A blob of zeros: commitment and proof are the point at infinity, and no library is needed for them.
const infinity = Uint8Array.of(0xc0, ...new Uint8Array(47));
export const zeroBlob = `0x${"00".repeat(131072)}`;
export const zeroKzg = { blobToKzgCommitment: () => infinity, computeBlobKzgProof: () => infinity };
