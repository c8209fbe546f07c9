// The network that the tests of a file share.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { startNetwork } from "../../examples/demo/network.mjs";
import { World, connect } from "../../examples/demo/world.mjs";

const lockstep = process.env.LOCKSTEP ?? "build/dev/lockstep";

/** Has a network of L1 and two rollups start before the tests of this file and stop after them, well
 * and without a word. `take` is given { network, chains: { l1, rollup1, rollup2 }, world } of its first account. */
export function openNetwork(take) {
    let network;
    before(async () => {
        network = await startNetwork([], lockstep);
        const { accounts } = network.info;
        const [l1, rollup1, rollup2] = network.info.chains.map((c) => connect(c, accounts[0].privateKey));
        const chains = { l1, rollup1, rollup2 };
        take({ network, chains, world: new World(chains) });
    });
    after(async () => {
        const { status, stderr } = await network.stop();
        assert.equal(stderr, "");
        assert.equal(status, 0);
    });
}
