#!/usr/bin/env node
// The compiler of npm under the command line that forge expects of solc: --version, --standard-json.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");
if (process.argv.includes("--version"))
    console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
else console.log(solc.compile(readFileSync(0, "utf8")));
