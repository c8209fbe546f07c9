// What things cost, as committed in contracts/snapshots/hub.json: a change that costs or saves gas says
// so in its diff. UPDATE_GAS=1 rewrites the file. Whole transactions, one rollup, a proof by one
// attester; a rollup block and its anchor are in every batch; arguments and return values are 32 random
// bytes. Cold: the first batch there is. Steady: what it writes has been written before, the table by
// the batch before and the chain of roots 256 batches ago.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { concat, encodeAbiParameters, encodeDeployData, encodeFunctionData, keccak256, parseAbiParameters, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { ANSWER, CALL, RES, World, bytesOf, r, scall, word } from "./lib/hub.mjs";
import { artifact } from "./lib/chain.mjs";

const file = new URL("../../contracts/snapshots/hub.json", import.meta.url);
const attester = privateKeyToAccount(keccak256(bytesOf("attester")));
const ID = 3n;
const random = (name) => keccak256(bytesOf(`random ${name}`));
const B = `0x${random("B").slice(26)}`, C = `0x${random("C").slice(26)}`;
const hex = (n) => toHex(n, { size: 32 });
const MESSAGES = 9;
let said, w, attestation, asker, inner, echo, proxyB, proxyC;

const ask = (to, name) => encodeFunctionData({ abi: w.test.Asker.abi, functionName: "ask", args: [to, random(name)] });
const echoed = (name) => encodeFunctionData({ abi: w.test.Echo.abi, functionName: "echo", args: [random(name)] });
const answerOf = (name) => toHex(~BigInt(random(name)) & (2n ** 256n - 1n), { size: 32 });

/** The attester's word for a batch. */
async function prove(batch) {
    const digest = keccak256(encodeAbiParameters(
        parseAbiParameters("address, bytes32, uint64[], bytes32"), [attestation, word(7), [ID], batch.publicInput],
    ));
    return [{ system: attestation, rollupIds: [ID], data: await attester.sign({ hash: digest }) }];
}

before(async () => {
    w = await World.open();
    const { abi, bytecode } = artifact("Attestation");
    const { receipts } = await w.mine({ data: encodeDeployData({ abi, bytecode, args: [1n, [attester.address]] }) });
    attestation = receipts[0].contractAddress;
    assert.equal(await w.register({ at: "S-", system: attestation, forceDelay: 100 }), ID);
    [asker, inner, echo] = [await w.deploy("Asker"), await w.deploy("Asker"), await w.deploy("Echo")];
    for (const of of [B, C]) await w.send("createProxy", [ID, of]);
    [proxyB, proxyC] = [await w.read("proxyOf", [ID, B]), await w.read("proxyOf", [ID, C])];
});
after(() => w?.close());

/** Gas of the transactions of a block that must all succeed. */
async function gasOf(promise) {
    const { errors, receipts } = await promise;
    assert.deepEqual(errors, errors.map(() => null));
    return receipts.map((receipt) => Number(receipt.gasUsed));
}

const sum = (list) => list.reduce((a, b) => a + b, 0);
const toAsker = (name, to = proxyB) => ({ from: w.user, to: asker, data: ask(to, name) });
const callB = (name, by = asker) => CALL([0, by], [ID, B], echoed(name));
const block = (fill, txs, more = {}) => gasOf(w.scratch(() => w.block(fill, txs, { proofs: prove, ...more })));

/** Entries for `count` calls from the asker, one after the other. */
const calls = (at, count) => (b) => {
    b.begin(Number(ID), at, "S0");
    for (let i = 0; i < count; i++)
        b.entry(`e${i}`, callB(i), r(ID, `S${i}`, `S${i + 1}`), RES(ID, random(`result ${i}`)));
};

const nested = (at) => (b) => {
    const toParent = (to, data) => CALL([ID, to === inner ? B : C], [0, to], data, { gas: to === inner ? 2_000_000n : 100_000n });
    b.begin(Number(ID), at, "S0");
    b.entry("e1", callB(0), r(ID, "S0", "M1"), toParent(inner, ask(proxyC, "1")));
    b.entry("e2", CALL([0, inner], [ID, C], echoed("1")), r(ID, "M1", "M2"), toParent(echo, echoed("2")));
    b.entry("e3", ANSWER(ID, answerOf("2")), r(ID, "M2", "M3"), RES(ID, random("3")));
    b.entry("e4", ANSWER(ID, random("3")), r(ID, "M3", "S1"), RES(ID, random("4")));
};

const goesOut = (at) => (b) => {
    b.entry("e1", b.update(ID), r(ID, at, "M1"), CALL([ID, B], [0, echo], echoed("0"), { gas: 100_000n }));
    b.entry("e2", ANSWER(ID, answerOf("0")), r(ID, "M1", "S1"), RES(ID));
};

/** One transaction that posts a batch and makes calls. */
async function bundle(fill, count, transient) {
    const txs = Array.from({ length: count }, (_, i) => toAsker(i));
    const arrange = (post) => [{
        from: w.user, to: w.bundler, gas: 20_000_000n,
        data: encodeFunctionData({
            abi: artifact("Bundler").abi, functionName: "bundle",
            args: [post.data, txs.map((tx) => ({ target: tx.to, value: 0n, data: tx.data }))],
        }),
    }];
    return sum(await block(fill, [], { arrange, transient }));
}

/** What a batch costs that does nothing but import so many messages. */
async function importing(at, count) {
    const messageSlots = said.slice(0, count);
    return sum(await block((b) => b.entry("u", b.update(ID, { messageSlots }), r(ID, at, "S0"), RES(ID)), []));
}

/** Queues random transactions of 200 bytes: what each costs, and their hashes chained. */
async function force(count) {
    const [used, chains] = [[], [`0x${"00".repeat(32)}`]];
    for (let i = 0; i < count; i++) {
        const transaction = concat([...Array(6).fill(random(`forced ${i}`)), "0x0102030405060708"]);
        const { receipts } = await w.send("forceTransaction", [ID, transaction], { from: w.user, value: await w.read("forceFee", [ID]) });
        used.push(Number(receipts[0].gasUsed));
        chains.push(keccak256(concat([chains.at(-1), keccak256(transaction)])));
    }
    return { used, chains };
}

/** What a batch costs that does nothing but take so many of them; not what they cost in its payload. */
async function taking(at, forced, chains) {
    const more = forced === 0 ? {} : { forced, forcedHash: chains[forced] };
    return sum(await block((b) => b.entry("u", b.update(ID, more), r(ID, at, "S0"), RES(ID)), []));
}

/** Says random messages on L1: their slots. */
async function say(count) {
    const { abi } = artifact("MessageService");
    const messages = Array.from({ length: count }, (_, i) => random(`message ${i}`));
    for (const message of messages)
        await w.mine({ from: w.user, to: w.messages, data: encodeFunctionData({ abi, functionName: "broadcastMessage", args: [message] }) });
    return messages.map((message) => keccak256(encodeAbiParameters(parseAbiParameters("bytes32, address"), [message, w.user])));
}

async function scenarios(gas, at, kind) {
    const [local] = await block((b) => b, [toAsker(0, echo)], { arrange: () => [toAsker(0, echo)] });
    const [post, use] = await block(calls(at, 1), [toAsker(0)]);
    const [post2, , use2] = await block(calls(at, 2), [toAsker(0), toAsker(1)]);
    const [bundled, bundled2] = [await bundle(calls(at, 1), 1, true), await bundle(calls(at, 2), 2, true)];
    gas["a local call"] = local;
    gas[`one call: post, ${kind}`] = post;
    gas[`one call: use, ${kind}`] = use;
    gas[`one call: post + use - local, ${kind}`] = post + use - local;
    gas[`one call: in one transaction, transient, ${kind}`] = bundled;
    gas[`one call: in one transaction, transient, - local, ${kind}`] = bundled - local;
    gas[`each further call: post + use, ${kind}`] = post2 - post + use2;
    gas[`each further call: in the same transaction, transient, ${kind}`] = bundled2 - bundled;
    gas[`L1 to R to L1 to R to L1: post + use, ${kind}`] = sum(await block(nested(at), [toAsker(0)]));
    gas[`a rollup transaction that calls L1 once, ${kind}`] = sum(await block(goesOut(at), []));
}

test("gas is as committed", async () => {
    const gas = { "bytes of Hub": (artifact("Hub").deployedBytecode.length - 2) / 2 };
    gas["deploy the Hub"] = Number(w.deployGas);
    gas["create a proxy"] = Number((await w.send("createProxy", [ID, asker])).receipts[0].gasUsed);
    await scenarios(gas, "S-", "cold");
    // What steady means: 256 batches later.
    const [, used] = await gasOf(w.block(nested("S-"), [toAsker(0)], { proofs: prove }));
    assert.ok(used > 0);
    const slot = hex(BigInt(keccak256(concat([hex(ID), hex(0n)]))) + 1n);
    const packed = BigInt(await w.rpc("eth_getStorageAt", w.hub, slot, "latest"));
    await w.rpc("anvil_setStorageAt", w.hub, slot, hex(packed + (255n << 192n)));
    await scenarios(gas, "S1", "steady");
    said = await say(MESSAGES);
    const [none, first, all] = [await importing("S1", 0), await importing("S1", 1), await importing("S1", MESSAGES)];
    gas["a batch's first message of L1, imported"] = first - none;
    gas["each further message, imported"] = Math.round((all - first) / (MESSAGES - 1));
    const { used: forcing, chains } = await force(9);
    [gas["force the first transaction, of 200 bytes"], gas["force another"]] = [forcing[0], forcing[2]];
    const [without, one, eight] = [await taking("S1", 0), await taking("S1", 1, chains), await taking("S1", 8, chains)];
    gas["a batch that takes a forced transaction, more than one that takes none"] = one - without;
    gas["eight of nine, more than one that takes none"] = eight - without;
    const view = bytesOf("view");
    await w.when(w.A, view, { steps: [{ to: proxyB, data: view, isStatic: true }], isForwarding: true, isQuiet: true });
    [, gas["a static call"]] = await block((b) => {
        b.begin(Number(ID), "S1", "S0");
        b.entry("e1", scall([0, w.A], [ID, B], view), r(ID, "S0", "S0"), RES(ID, random("static")));
    }, [{ from: w.user, to: w.A, data: view }]);

    if (process.env.UPDATE_GAS) {
        mkdirSync(new URL(".", file), { recursive: true });
        writeFileSync(file, `${JSON.stringify(gas, null, 4)}\n`);
    }
    assert.deepEqual(gas, JSON.parse(readFileSync(file, "utf8")));
});
