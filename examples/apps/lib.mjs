// What the applications here have in common: a network of their own, contracts from npm packages or from
// this folder, and a count of what came out as it should.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { startNetwork } from "../demo/network.mjs";
import { World, connect } from "../demo/world.mjs";

const require = createRequire(import.meta.url);
const program = process.env.LOCKSTEP ?? "build/release/lockstep";
let passed = 0;
let failed = 0;

/** A contract's ABI and bytecode: of this folder by name, of a package by the path of its JSON. `libraries`: where
 * those are that it is to be linked with, by name. */
function artifactOf(what, libraries = {}) {
    const json = what.includes("/")
        ? require(what)
        : JSON.parse(readFileSync(new URL(`artifacts/${what}.json`, import.meta.url), "utf8"));
    let bytecode = json.bytecode ?? json.evm.bytecode.object;
    if (!bytecode.startsWith("0x")) bytecode = `0x${bytecode}`;
    for (const references of Object.values(json.linkReferences ?? {}))
        for (const [name, places] of Object.entries(references))
            for (const { start, length } of places) {
                const at = libraries[name].address.slice(2).toLowerCase();
                bytecode = bytecode.slice(0, 2 + 2 * start) + at + bytecode.slice(2 + 2 * (start + length));
            }
    return { abi: json.abi, bytecode };
}

export class Applications extends World {
    /** Deploys a contract, from the first account. */
    async deploy(place, what, args = [], libraries = {}) {
        const chain = this.places[place];
        const { abi, bytecode } = artifactOf(what, libraries);
        const hash = await chain.wallet.deployContract({ abi, bytecode, args });
        const { contractAddress, status } = await chain.client.waitForTransactionReceipt({ hash });
        const name = what.split("/").at(-1).replace(".json", "");
        if (status !== "success") throw new Error(`${name} could not be deployed on ${chain.name}`);
        return this.at(place, contractAddress, abi, name);
    }

    /** A contract that is there already; abi may be that of what is named. */
    at(place, address, abi, name = "contract") {
        const contract = { chain: this.places[place], address, name };
        contract.abi = typeof abi === "string" ? artifactOf(abi).abi : abi;
        return contract;
    }

    /** The contract as it is called from another place: its proxy there. */
    async from(place, contract) {
        return { ...contract, chain: this.places[place], address: await this.reference(place, contract) };
    }

    /** The address that an account of L1 has on a rollup when it calls: that of its proxy there. */
    nameOf(place, account) {
        return this.places[place].client.request({ method: "lockstep_proxyOf", params: [0, account] });
    }

    /** Sends a transaction of this account, shows what it did on all chains, and gives its receipt. */
    async transact(contract, functionName, args, { by, ...options } = {}) {
        const { chain, address, abi } = contract;
        const wallet = by?.wallet ?? chain.wallet;
        return this.show(chain, await wallet.writeContract({ address, abi, functionName, args, ...options }));
    }

    /** Waits for a transaction, and shows what it did. */
    async show(chain, hash) {
        const receipt = await chain.client.waitForTransactionReceipt({ hash });
        console.log(execFileSync(program, ["trace", hash, "--rpc", chain.url], { encoding: "utf8" }));
        return receipt;
    }

    /** The reason for which a call of this account would fail. */
    async refusal(contract, functionName, args, options = {}) {
        try {
            await this.call(contract, functionName, args, options);
            return "none";
        } catch (error) {
            return `${error.cause?.data?.errorName ?? ""} ${error.cause?.reason ?? error.shortMessage}`;
        }
    }
}

export function check(what, isGood) {
    if (isGood) passed++;
    else failed++;
    console.log(`${isGood ? "ok    " : "FAILED"} ${what}`);
}

/** Runs an application on a network of its own. */
export async function run(application) {
    const network = await startNetwork([], program);
    try {
        const { chains, accounts } = network.info;
        const places = Object.fromEntries(chains.map((c) => [c.name, connect(c, accounts[0].privateKey)]));
        const user = (index, place = "l1") => connect(chains.find((c) => c.name === place), accounts[index].privateKey);
        await application(new Applications(places), user);
    } catch (error) {
        check(error.stack, false);
    } finally {
        const { status, stderr } = await network.stop();
        check(`the network stops cleanly${stderr && `: ${stderr}`}`, status === 0 && stderr === "");
    }
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
}
