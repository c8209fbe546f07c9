// Compiles Node.sol and writes its runtime code, as hex, to the file named.
//   node tests/equivalence/compile.mjs FILE
import { writeFileSync } from "node:fs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";

writeFileSync(process.argv[2], compileTestContracts("tests/equivalence").Node.runtime);
