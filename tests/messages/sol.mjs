// Contracts of these tests.
import { compileTestContracts } from "../contracts/lib/chain.mjs";

export const contracts = compileTestContracts("tests/messages/sol");
