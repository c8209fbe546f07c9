// Compiles Node.sol and writes its runtime code, as hex, to the file named.
//   node tests/equivalence/compile.mjs FILE [ACCOUNTS]
import { writeFileSync } from "node:fs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";

const [file, accounts] = process.argv.slice(2);
const edit = (text) => (accounts ? text.replace(/ACCOUNTS = \d+;/, `ACCOUNTS = ${accounts};`) : text);
writeFileSync(file, compileTestContracts("tests/equivalence", edit).Node.runtime);
