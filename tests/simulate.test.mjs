// eth_simulateV1 and its kin on a running network, L1 and rollup: what the suite of execution-apis, which
// has one chain and no pool of its own, does not ask.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { number, signer } from "./lib/transactions.mjs";
import { startNetwork } from "./lib/network.mjs";

let network;
before(async () => (network = await startNetwork({ rollups: 1 })));
after(() => network.stop());

const who = (byte) => `0x${byte.toString(16).padStart(2, "0").repeat(20)}`;
const ETHER = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
const IDENTITY = `0x${"4".padStart(40, "0")}`;
const word = (address) => `0x${address.slice(2).toLowerCase().padStart(64, "0")}`;
const simulate = (chain, options, block = "latest") => chain.rpc("eth_simulateV1", [options, block]);
const everywhere = (title, run) => {
    for (const index of [0, 1]) test(`${title} (${["l1", "rollup1"][index]})`, () => run(network.chains[index]));
};

/** The error of a call that must fail. */
async function failing(promise) {
    try {
        assert.fail(`it answered ${JSON.stringify(await promise)}`);
    } catch (error) {
        if (error.code === undefined || error instanceof assert.AssertionError) throw error;
        return { code: error.code, text: error.text };
    }
}

everywhere("blocks follow one another, gaps filled, and nothing stays", async (chain) => {
    const from = network.accounts[0].address;
    const head = await chain.rpc("eth_getBlockByNumber", ["latest", false]);
    const at = number(head.number);
    const made = await simulate(chain, {
        blockStateCalls: [
            { blockOverrides: { number: `0x${(at + 3).toString(16)}` }, calls: [{ from, to: who(0x51), value: "0x5" }] },
            { calls: [{ from: who(0x51), to: who(0x52), value: "0x2" }] },
        ],
    });
    assert.deepEqual(made.map((block) => number(block.number)), [at + 1, at + 2, at + 3, at + 4]);
    assert.deepEqual(made.map((block) => block.parentHash), [head.hash, ...made.slice(0, 3).map((block) => block.hash)]);
    assert.deepEqual(made.map((block) => number(block.timestamp) - number(head.timestamp)), [12, 24, 36, 48]);
    assert.deepEqual(made.map((block) => block.calls.map((call) => call.status)), [[], [], ["0x1"], ["0x1"]]);
    assert.equal(await chain.rpc("eth_blockNumber"), head.number);
    assert.equal(await chain.rpc("eth_getBalance", [who(0x51), "latest"]), "0x0");
});

everywhere("ether that moves is logged where it moves, and undone with its frame", async (chain) => {
    // Sends 1 wei to 0x61…, logs, and reverts if it is called with data.
    const code = `0x5f5f5f5f600173${who(0x61).slice(2)}5af1505f5fa03615602a5760005ffd5b00`;
    const from = who(0x60);
    const to = who(0x62);
    const [block] = await simulate(chain, {
        traceTransfers: true,
        blockStateCalls: [
            {
                stateOverrides: { [from]: { balance: "0x64" }, [to]: { code } },
                calls: [
                    { from, to, value: "0x3" },
                    { from, to, value: "0x3", input: "0x01" },
                    { from, to: who(0x63), value: "0x4" },
                ],
            },
        ],
    });
    const [first, second, third] = block.calls;
    assert.deepEqual(
        first.logs.map((log) => [log.address, log.topics.slice(1), number(log.logIndex)]),
        [[ETHER, [word(from), word(to)], 0], [ETHER, [word(to), word(who(0x61))], 1], [to, [], 2]],
    );
    assert.equal(BigInt(first.logs[1].data), 1n);
    assert.deepEqual([second.status, second.logs, second.error.code], ["0x0", [], 3]);
    // Undone logs keep their numbers.
    assert.deepEqual(third.logs.map((log) => number(log.logIndex)), [6]);
    assert.equal(third.logs[0].blockHash, block.hash);
});

everywhere("a call that halts says why, as eth_call does", async (chain) => {
    const to = who(0x70);
    const reasons = {
        "0x01": "stack underflow (0 <=> 2)",
        "0x0c": "invalid opcode: opcode 0xc not defined",
        "0xfe": "invalid opcode: INVALID",
        "0x56": "stack underflow (0 <=> 1)",
    };
    for (const [code, message] of Object.entries(reasons)) {
        const overrides = { [to]: { code } };
        const call = { to, gas: "0xffff" };
        const [block] = await simulate(chain, { blockStateCalls: [{ stateOverrides: overrides, calls: [call] }] });
        assert.deepEqual(block.calls[0].error, { message, code: -32015 });
        assert.equal((await failing(chain.rpc("eth_call", [call, "latest", overrides]))).text, message);
    }
});

everywhere("with validation, what a block would refuse is refused", async (chain) => {
    const from = network.accounts[1].address;
    const poor = who(0x80);
    const run = (call, blockOverrides = {}) =>
        failing(simulate(chain, { validation: true, blockStateCalls: [{ blockOverrides, calls: [call] }] }));
    const fees = { maxFeePerGas: "0x174876e800", gas: "0x5208", to: who(0x81) };
    assert.equal((await run({ from, nonce: "0x7", ...fees })).code, -38011);
    assert.equal((await run({ from, to: who(0x81) })).code, -38012);
    assert.equal((await run({ from, ...fees, gas: "0x1" })).code, -38013);
    assert.equal((await run({ from: poor, ...fees })).code, -38014);
    // Of several reasons the one that comes first: no ether before too little gas.
    assert.equal((await run({ from: poor, ...fees, gas: "0x1" })).code, -38014);
    assert.equal((await run({ from, ...fees, gas: "0x10000" }, { gasLimit: "0x5208" })).code, -38015);
    const lower = { from, ...fees, maxFeePerGas: "0x1", maxPriorityFeePerGas: "0x2" };
    assert.equal((await run(lower)).code, -32602);
});

everywhere("limits hold, and what is malformed is refused", async (chain) => {
    const head = number(await chain.rpc("eth_blockNumber"));
    const blocks = (n) => Array.from({ length: n }, () => ({}));
    assert.deepEqual(await failing(simulate(chain, { blockStateCalls: [] })), { code: -32602, text: "empty input" });
    assert.deepEqual(await failing(simulate(chain, {})), { code: -32602, text: "empty input" });
    assert.equal((await simulate(chain, { blockStateCalls: blocks(256) })).length, 256);
    assert.equal((await failing(simulate(chain, { blockStateCalls: blocks(257) }))).code, -38026);
    const far = { blockOverrides: { number: `0x${(head + 257).toString(16)}` } };
    assert.equal((await failing(simulate(chain, { blockStateCalls: [far] }))).code, -38026);
    const calls = Array.from({ length: 5001 }, () => ({}));
    assert.equal((await failing(simulate(chain, { blockStateCalls: [{ calls }] }))).code, -38026);
    const early = [{ blockOverrides: { time: "0x1" } }];
    assert.equal((await failing(simulate(chain, { blockStateCalls: early }))).code, -38021);
    const again = [{ blockOverrides: { number: `0x${head.toString(16)}` } }];
    assert.equal((await failing(simulate(chain, { blockStateCalls: again }))).code, -38020);
    const malformed = [
        { blockStateCalls: {} },
        { blockStateCalls: [1] },
        { blockStateCalls: [{ calls: {} }] },
        { blockStateCalls: [{ stateOverrides: [] }] },
        { blockStateCalls: [{ blockOverrides: { withdrawals: [1] } }] },
        { blockStateCalls: [{}], validation: "yes" },
    ];
    for (const wrong of malformed)
        assert.equal((await failing(simulate(chain, wrong))).code, -32602, JSON.stringify(wrong));
    assert.equal((await failing(simulate(chain, { blockStateCalls: [{}] }, "0xffffff"))).code, -32000);
});

everywhere("withdrawals and the beacon root are the block's", async (chain) => {
    const beaconRoot = `0x${"ab".repeat(32)}`;
    const withdrawals = [{ index: "0x1", validatorIndex: "0x2", address: who(0x90), amount: "0x3" }];
    const [block, next] = await simulate(chain, {
        blockStateCalls: [
            { blockOverrides: { beaconRoot, withdrawals } },
            {
                stateOverrides: { [who(0x91)]: { code: `0x73${who(0x90).slice(2)}315f5260205ff3` } },
                calls: [{ to: who(0x91) }],
            },
        ],
    });
    assert.equal(block.parentBeaconBlockRoot, beaconRoot);
    assert.deepEqual(block.withdrawals, withdrawals);
    assert.equal(BigInt(next.calls[0].returnData), 3n * 10n ** 9n);
    const refused = failing(chain.rpc("eth_call", [{ to: who(1) }, "latest", {}, { beaconRoot }]));
    assert.match((await refused).text, /"beaconRoot" is not supported for this RPC method/);
});

everywhere("a precompile moves, for eth_call as well", async (chain) => {
    const moved = { [IDENTITY]: { movePrecompileToAddress: who(0xa0), code: "0x60015f5260205ff3" } };
    const call = (to, overrides) => chain.rpc("eth_call", [{ to, input: "0x1234" }, "latest", overrides]);
    assert.equal(await call(who(0xa0), {}), "0x");
    assert.equal(await call(who(0xa0), moved), "0x1234");
    assert.equal(BigInt(await call(IDENTITY, moved)), 1n);
    assert.equal(await call(IDENTITY, {}), "0x1234");
    const text = async (overrides) => (await failing(call(who(1), overrides))).text;
    assert.match(await text({ [who(0xa1)]: { movePrecompileToAddress: who(0xa2) } }), /^account 0x.* is not a precompile$/);
    const target = { ...moved, [who(0xa0)]: { balance: "0x1" } };
    assert.match(await text(target), /^account 0x.* is already overridden$/);
});

everywhere("a blob transaction whose blobs cost nothing takes no more than the sender has", async (chain) => {
    const blobs = { blobVersionedHashes: [`0x01${"00".repeat(31)}`], to: who(0xb1) };
    const blobBaseFee = "0xffffffffffff";
    const run = (call) =>
        simulate(chain, { blockStateCalls: [{ blockOverrides: { blobBaseFee }, calls: [call] }] });
    const [block] = await run({ from: who(0xb0), ...blobs });
    assert.equal(block.calls[0].status, "0x1");
    assert.equal(block.blobGasUsed, "0x20000");
    const dear = { from: who(0xb0), ...blobs, maxFeePerBlobGas: "0x1" };
    await failing(chain.rpc("eth_call", [dear, "latest", {}, { blobBaseFee }]));
    assert.equal((await failing(run(dear))).code, -32603);
});

test("testing_buildBlockV1 builds on the newest block what it is given, or the pool", async (t) => {
    const slow = await startNetwork({ rollups: 0, slotTime: 3_600_000 });
    t.after(() => slow.stop());
    const { l1 } = slow;
    const head = await l1.rpc("eth_getBlockByNumber", ["latest", false]);
    const attributes = {
        timestamp: `0x${(number(head.timestamp) + 1).toString(16)}`,
        prevRandao: `0x${"11".repeat(32)}`,
        suggestedFeeRecipient: who(0xc0),
        withdrawals: [],
        parentBeaconBlockRoot: `0x${"22".repeat(32)}`,
    };
    const build = (transactions, extra = null, parent = head.hash, changed = {}) =>
        l1.rpc("testing_buildBlockV1", [parent, { ...attributes, ...changed }, transactions, extra]);
    const { sign } = signer(l1, slow.accounts[0].privateKey);
    const signed = await sign({ nonce: 0 });
    await l1.rpc("eth_sendRawTransaction", [await sign({ nonce: 0, value: 9n })]);

    const { pending } = await l1.rpc("txpool_inspect");
    assert.match(Object.values(pending)[0][0], /^0x1{40}: 9 wei \+ 21000 gas × 100000000000 wei$/);
    assert.deepEqual(await l1.rpc("debug_getBadBlocks"), []);

    const empty = await build([]);
    assert.deepEqual(empty.executionPayload.transactions, []);
    assert.equal(empty.blockValue, "0x0");
    const given = await build([signed], "0xabcd");
    assert.deepEqual(given.executionPayload.transactions, [signed]);
    assert.equal(given.executionPayload.extraData, "0xabcd");
    assert.equal(BigInt(given.blockValue), 21000n * 10n ** 9n);
    const pooled = await build(null);
    assert.equal(pooled.executionPayload.transactions.length, 1);
    assert.notDeepEqual(pooled.executionPayload.transactions, [signed]);
    assert.equal(await l1.rpc("eth_blockNumber"), head.number);

    assert.match((await failing(build([signed, signed]))).text, /^nonce too low/);
    assert.match((await failing(build(["0x02c0"]))).text, /^invalid transaction 0: /);
    assert.match((await failing(build([], null, head.parentHash))).text, /^parentHash is not current head$/);
    assert.match((await failing(build([], null, head.hash, { timestamp: head.timestamp }))).text, /^invalid timestamp/);
    assert.equal((await failing(build([], `0x${"00".repeat(33)}`))).code, -32602);
    assert.equal((await failing(build([], null, head.hash, { timestamp: null }))).code, -32602);
});

everywhere("transactions are filled in, and signed for those whose keys are here", async (chain) => {
    const [{ address: from, privateKey }] = network.accounts;
    const wish = { from, to: who(0xd0), value: "0x7" };
    const { tx, raw } = await chain.rpc("eth_fillTransaction", [wish]);
    assert.equal(tx.gas, "0x5208");
    assert.equal(number(tx.chainId), chain.chainId);
    assert.deepEqual([tx.type, tx.v, tx.r, tx.s], ["0x2", "0x0", "0x0", "0x0"]);
    assert.match(raw, /808080$/);

    const signed = await chain.rpc("eth_signTransaction", [{ ...wish, ...tx }]);
    const expected = await signer(chain, privateKey).sign({
        nonce: number(tx.nonce),
        to: tx.to,
        value: 7n,
        gas: 21000n,
        maxFeePerGas: BigInt(tx.maxFeePerGas),
        maxPriorityFeePerGas: BigInt(tx.maxPriorityFeePerGas),
    });
    assert.equal(signed.raw, expected);
    const legacy = await chain.rpc("eth_fillTransaction", [{ ...wish, gasPrice: "0x3b9aca00" }]);
    assert.deepEqual([legacy.tx.type, legacy.tx.v, legacy.tx.gasPrice], ["0x0", "0x0", "0x3b9aca00"]);
    for (const [method, changed, text] of [
        ["eth_signTransaction", {}, "gas not specified"],
        ["eth_signTransaction", { gas: "0x5208" }, "missing gasPrice or maxFeePerGas/maxPriorityFeePerGas"],
        ["eth_signTransaction", { gas: "0x5208", gasPrice: "0x1" }, "nonce not specified"],
        ["eth_signTransaction", { ...tx, from: who(0xd1) }, "unknown account"],
        ["eth_fillTransaction", { chainId: "0x1" }, /^chainId does not match node's/],
    ])
        assert.match((await failing(chain.rpc(method, [{ ...wish, ...changed }]))).text, new RegExp(text));
});

everywhere("eth_config names the fork that holds, and no other", async (chain) => {
    const { current, next, last } = await chain.rpc("eth_config");
    assert.deepEqual([next, last], [null, null]);
    assert.equal(number(current.chainId), chain.chainId);
    assert.equal(current.activationTime, 0);
    assert.match(current.forkId, /^0x[0-9a-f]{8}$/);
    assert.ok("P256VERIFY" in current.precompiles);
});
