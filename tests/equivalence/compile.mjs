// Compiles Node.sol: prints its runtime code as hex, or writes it to the file named.
//   node tests/equivalence/compile.mjs [FILE]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const path = "tests/equivalence/Node.sol";

export function nodeRuntime() {
    const solc = createRequire(import.meta.url)("solc");
    const input = {
        language: "Solidity",
        sources: { [path]: { content: readFileSync(join(root, path), "utf8") } },
        settings: {
            evmVersion: "prague",
            viaIR: true,
            optimizer: { enabled: true, runs: 10000 },
            metadata: { bytecodeHash: "none", appendCBOR: false },
            outputSelection: { [path]: { Node: ["evm.deployedBytecode.object"] } },
        },
    };
    const find = (name) =>
        existsSync(join(root, name))
            ? { contents: readFileSync(join(root, name), "utf8") }
            : { error: `no such file: ${name}` };
    const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
    const errors = (output.errors ?? []).filter((e) => e.severity === "error");
    if (errors.length > 0) throw new Error(errors.map((e) => e.formattedMessage).join("\n"));
    return output.contracts[path].Node.evm.deployedBytecode.object;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const code = nodeRuntime();
    if (process.argv[2]) writeFileSync(process.argv[2], code);
    else console.log(code);
}
