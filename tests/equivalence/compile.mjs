// Compiles Node.sol and writes the runtime code of a contract in it, as hex, to the file named.
//   node tests/equivalence/compile.mjs FILE [ACCOUNTS CONTRACT]
import { writeFileSync } from "node:fs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";

const [file, accounts, contract = "Node"] = process.argv.slice(2);
const edit = (text) => (accounts ? text.replace(/ACCOUNTS = \d+;/, `ACCOUNTS = ${accounts};`) : text);
writeFileSync(file, compileTestContracts("tests/equivalence", edit)[contract].runtime);
