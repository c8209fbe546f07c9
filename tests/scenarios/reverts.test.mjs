// Frames that revert after they have called other chains: what they did there is undone, and the
// transaction goes on (protocol section 4). Each case runs over several chains and on one alone, and
// nobody can tell the difference.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeFunctionData } from "viem";
import { startNetwork } from "../../examples/demo/network.mjs";
import { World, connect } from "../../examples/demo/world.mjs";
import { compileTestContracts } from "../contracts/lib/chain.mjs";

const CHAINS = ["l1", "rollup1", "rollup2"];
const RUN = "0xc79efb76"; // selector of Trier.run
let network;
let spread; // three places on three chains
let alone; // the same on L1

before(async () => {
    network = await startNetwork([], process.env.LOCKSTEP ?? "build/dev/lockstep");
    const { chains, accounts } = network.info;
    const [l1, rollup1, rollup2] = chains.map((entry) => connect(entry, accounts[0].privateKey));
    const { Trier } = compileTestContracts("tests/scenarios/sol");
    spread = await deploy(new World({ l1, rollup1, rollup2 }), Trier);
    alone = await deploy(new World({ l1, rollup1: l1, rollup2: l1 }), Trier);
});
after(async () => assert.equal((await network.stop()).status, 0));

async function deploy(world, { abi, bytecode }) {
    const triers = {};
    for (const place of CHAINS) {
        const chain = world.places[place];
        const hash = await chain.wallet.deployContract({ abi, bytecode });
        const { contractAddress: address } = await chain.client.waitForTransactionReceipt({ hash });
        triers[place] = { chain, address, abi, name: `Trier of ${place}` };
        await chain.client.waitForTransactionReceipt({
            hash: await chain.wallet.sendTransaction({ to: address, value: 10n ** 18n }),
        });
    }
    const addresses = {};
    for (const from of CHAINS) {
        addresses[from] = {};
        for (const to of CHAINS)
            addresses[from][to] =
                from === to ? triers[from].address : await world.reference(from, triers[to]);
    }
    return { world, triers, addresses };
}

// A frame at a place: what it calls, and whether it fails in the end. `caught`: its caller goes on.
const at = (place, calls = [], options = {}) => ({ place, calls, ...options });
const fails = { fails: true, caught: true };

function argumentsOf({ addresses, triers }, frame) {
    const tries = frame.calls.map((call) => ({
        to: addresses[frame.place][call.place],
        value: call.value ?? 0n,
        data: encodeFunctionData({
            abi: triers.l1.abi,
            functionName: "run",
            args: argumentsOf({ addresses, triers }, call),
        }),
        isCaught: call.caught ?? false,
    }));
    return [tries, frame.fails ?? false];
}

async function play(on, frame) {
    const { world, triers } = on;
    const root = triers[frame.place];
    const args = argumentsOf(on, frame);
    const before = await Promise.all(CHAINS.map((place) => world.balance(triers[place])));
    const outcome = { failure: await world.failure(root, "run", args) };
    if (outcome.failure === null) outcome.results = await world.call(root, "run", args);
    else outcome.failure = outcome.failure.data;
    outcome.isSuccess = await world.send(root, "run", args, { gas: 12_000_000n });
    for (const [i, place] of CHAINS.entries()) {
        const count = await world.call(triers[place], "count");
        const failures = await world.call(triers[place], "failures");
        outcome[place] = { count, failures, gain: (await world.balance(triers[place])) - before[i] };
    }
    return outcome;
}

const cases = {
    "a frame reverts after a call of L1": at("rollup1", [at("rollup1", [at("l1")], fails), at("l1")]),
    "twice in a row": at("rollup1", [
        at("rollup1", [at("l1")], fails),
        at("rollup1", [at("l1")], fails),
        at("l1"),
    ]),
    "with nothing after it": at("rollup1", [at("rollup1", [at("l1")], fails)]),
    "one in the other": at("rollup1", [
        at("rollup1", [at("rollup1", [at("l1")], fails)], fails),
        at("l1"),
    ]),
    "one in the other, with calls of their own": at("rollup1", [
        at("rollup1", [at("l1"), at("rollup1", [at("l1")], fails), at("l1")], fails),
        at("l1"),
    ]),
    "after a call that stays": at("rollup1", [at("l1"), at("rollup1", [at("l1")], fails), at("l1")]),
    "after calls of another rollup and L1": at("rollup1", [
        at("rollup1", [at("rollup2"), at("l1")], fails),
        at("l1"),
    ]),
    "after a call of another rollup that stays": at("rollup1", [
        at("rollup2"),
        at("rollup1", [at("rollup2"), at("l1")], fails),
        at("rollup2"),
        at("l1"),
    ]),
    "a frame that called a rollup only": at("rollup1", [at("rollup1", [at("rollup2")], fails), at("rollup2")]),
    "a callee that called a rollup only": at("l1", [
        at("rollup1", [at("rollup2", [at("rollup1")], fails), at("rollup2")]),
    ]),
    "within a call from L1": at("l1", [at("rollup1", [at("rollup1", [at("l1")], fails), at("l1")])]),
    "on another rollup than the one L1 called": at("l1", [
        at("rollup1", [at("rollup2", [at("rollup2", [at("l1")], fails)])], { value: 5n }),
    ]),
    "a callee of another rollup that called L1": at("l1", [
        at("rollup1", [at("rollup2", [at("l1")], fails), at("rollup2")]),
    ]),
    "a frame whose callee on another rollup called L1": at("rollup1", [
        at("rollup1", [at("rollup2", [at("l1")])], fails),
        at("rollup2", [at("l1")]),
    ]),
    "with a callback": at("rollup1", [
        at("rollup1", [at("l1", [at("rollup1")])], fails),
        at("l1", [at("rollup1")]),
    ]),
    "a callback that reverts after a call": at("l1", [
        at("rollup1", [at("l1", [at("rollup1", [at("l1")], fails)])]),
    ]),
    "with ether": at("rollup1", [
        at("rollup1", [at("rollup2", [], { value: 3n }), at("l1", [], { value: 7n })], fails),
        at("l1", [], { value: 1n }),
    ]),
    "with ether that came back before": at("rollup1", [
        at("l1", [], { ...fails, value: 2n }),
        at("rollup1", [at("l1")], fails),
    ]),
    "the whole transaction": at("rollup1", [at("l1"), at("rollup2")], { fails: true }),
    "L1's frame, across three chains": at("l1", [
        at("l1", [at("rollup1", [at("rollup2", [at("l1")])])], fails),
        at("rollup2", [at("rollup1")]),
    ]),
};

// The Triers' frames of a trace, each as [place, whether it failed, its calls].
function framesOf(frame) {
    const below = (frame.calls ?? []).flatMap(framesOf);
    const place = CHAINS.find((name) => {
        const { chain, address } = spread.triers[name];
        return chain.chainId === Number(frame.chainId) && address === frame.to;
    });
    const isFrame = place !== undefined && frame.input.startsWith(RUN);
    return isFrame ? [[place, frame.error !== undefined, below]] : below;
}
const expectedFrames = (frame) => [frame.place, frame.fails ?? false, frame.calls.map(expectedFrames)];

for (const [name, frame] of Object.entries(cases))
    test(name, async () => {
        assert.deepEqual(await play(spread, frame), await play(alone, frame));
        const { chain, hash } = spread.world.sent.at(-1);
        const params = [hash, { tracer: "callTracer" }];
        const trace = await chain.client.request({ method: "debug_traceTransaction", params });
        assert.deepEqual(framesOf(trace), [expectedFrames(frame)], "each frame once, on its chain");
    });

test("transactions of one block that revert each for itself", async () => {
    const frame = at("rollup1", [at("rollup1", [at("l1")], fails), at("l1")]);
    const { world, triers } = spread;
    const { client, wallet, account } = triers.rollup1.chain;
    const before = await world.call(triers.l1, "count");
    const nonce = await client.getTransactionCount({ address: account.address });
    await client.request({ method: "evm_setAutomine", params: [false] });
    const sent = [0, 1, 2].map((i) =>
        wallet.writeContract({
            ...triers.rollup1,
            functionName: "run",
            args: argumentsOf(spread, frame),
            gas: 3_000_000n,
            nonce: nonce + i,
        }),
    );
    const hashes = await Promise.all(sent);
    await client.request({ method: "evm_mine" });
    const receipts = await Promise.all(hashes.map((hash) => client.getTransactionReceipt({ hash })));
    await client.request({ method: "evm_setAutomine", params: [true] });
    assert.deepEqual(receipts.map((receipt) => receipt.status), Array(3).fill("success"));
    assert.equal(new Set(receipts.map((receipt) => receipt.blockNumber)).size, 1);
    assert.equal(await world.call(triers.l1, "count"), before + 3n);
});
