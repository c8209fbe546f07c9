// A scenario runs in two worlds: its places on chains of their own, and all on L1. It returns what
// came of it, and that has to be what the scenario says in both.
//
//     const worlds = openWorlds();
//     worlds.scenario("a counter on a rollup", { total: 5n }, async (world) => {
//         const counter = await world.deploy("rollup1", "Counter");
//         …
//         return { total: await world.call(counter, "total") };
//     });
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeErrorResult } from "viem";
import { startNetwork } from "../../examples/demo/network.mjs";
import { World, artifact, connect } from "../../examples/demo/world.mjs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";

export const PLACES = ["l1", "rollup1", "rollup2"];
// Enough for calls deep below, little enough that a batch can carry it.
export const GAS = 16_000_000n;

class ScenarioWorld extends World {
    constructor(places, contracts) {
        super(places);
        this.contracts = contracts;
    }

    /** Deploys a contract of tests/scenarios/sol or of the demo. */
    async deploy(place, name, args = [], options = {}) {
        const chain = this.places[place];
        const { abi, bytecode } = this.contracts[name] ?? artifact(name);
        const hash = await chain.wallet.deployContract({ abi, bytecode, args, ...options });
        const receipt = await chain.client.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, "success", `${name} is deployed`);
        return { chain, address: receipt.contractAddress, abi, name, place };
    }

    /** The address at which one contract calls another. */
    from(caller, callee) {
        return this.reference(caller.place, callee);
    }

    async fund(contract, value) {
        const { client, wallet } = contract.chain;
        const hash = await wallet.sendTransaction({ to: contract.address, value });
        await client.waitForTransactionReceipt({ hash });
    }

    /** What a call would revert with, decoded by a contract's errors; null if it would not. */
    async error(contract, functionName, args, by = contract) {
        const failure = await this.failure(contract, functionName, args);
        return failure && errorText(by, failure.data);
    }
}

/** Revert data as text: "Closed(5)". */
export function errorText({ abi }, data) {
    const { errorName, args = [] } = decodeErrorResult({ abi, data });
    return `${errorName}(${args.join(", ")})`;
}

/** With `--l3 1` among the options there is a fourth place, "l3", whose parent is rollup 1. */
export function openWorlds(options = []) {
    const worlds = {};
    let network;
    before(async () => {
        network = await startNetwork(options, process.env.LOCKSTEP ?? "build/dev/lockstep");
        const { chains, accounts } = network.info;
        const [l1, rollup1, rollup2, l3] = chains.map((entry) => connect(entry, accounts[0].privateKey));
        // An account of its own, so that its nonces are no business of the other world.
        const alone = connect(chains[0], accounts[1].privateKey);
        const contracts = compileTestContracts("tests/scenarios/sol");
        worlds.spread = new ScenarioWorld({ l1, rollup1, rollup2, ...(l3 && { l3 }) }, contracts);
        const places = Object.keys(worlds.spread.places);
        worlds.alone = new ScenarioWorld(Object.fromEntries(places.map((place) => [place, alone])), contracts);
    });
    after(async () => assert.equal((await network.stop()).status, 0));
    worlds.difference = (name, { alone, spread }, run) =>
        test(name, async () => {
            assert.deepEqual(await run(worlds.alone), alone, "on one chain");
            assert.deepEqual(await run(worlds.spread), spread, "spread over chains");
        });
    worlds.scenario = (name, expected, run) =>
        worlds.difference(name, { alone: expected, spread: expected }, run);
    return worlds;
}
