// Proofs of messages that do not show what they are to show, part by part: each is refused by name, in both
// directions. And the moment in which a rollup has no root: while it is suspended.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeAbiParameters, encodeAbiParameters, encodeFunctionData, pad, parseAbi, parseAbiParameters, toHex, zeroHash } from "viem";
import { TERMS, openNetwork, slotOf } from "./lib.mjs";
import { contracts } from "./sol.mjs";

const EOA = "0x00000000000000000000000000000000000a11ce";
const ROLLUP_PROOF = parseAbiParameters(
    "(bytes32 root, uint256 index, bytes32 before, bytes32[] later, bytes[] account, bytes[] storage_)",
);
const PARENT_PROOF = parseAbiParameters("(uint64 anchorNumber, bytes[] account, bytes[] storage_)");
const storageErrors = parseAbi([
    "error WrongRoot()", "error WrongHash(uint256 index)", "error MalformedNode(uint256 index)",
    "error ProofTooShort(uint256 size)", "error ProofTooLong(uint256 index)", "error WrongValue()",
    "error NotAnchored(uint256 number)",
]);
const other32 = (hash) => toHex(BigInt(hash) ^ 1n, { size: 32 });

let n, l1, rollup1, rollup2;
before(async () => {
    n = await openNetwork({ args: ["--import-policy", "none"] });
    ({ l1, rollups: [rollup1, rollup2] } = n);
});
after(() => n?.stop());

const anchor = (rollup) => rollup.rpc("lockstep_anchor");

async function send(from, rollupId, value = 0n) {
    const receipt = await from.write("messenger", "send", [rollupId, EOA, TERMS, "0x"], { value });
    return from.events("messenger", "MessageLeft", receipt)[0];
}

/** With the errors of StorageProof and Anchor, which the services' ABIs do not name. */
const refusalOf = (chain, message, proof) =>
    chain.refusal("messenger", "deliver", [message, proof, EOA], { gas: 5_000_000n }, storageErrors);

/** The proof that some message was not sent which does not end where that of the good one does: by chance, the way
 * to a slot that is not there can lead to the leaf of one that is. */
async function absentFrom(chain, good, publisher, blockNumber) {
    for (let i = 1; ; i++) {
        const storageKeys = [slotOf(pad(toHex(i)), publisher)];
        const { storageProof: [{ proof }] } =
            await chain.client.getProof({ address: chain.contracts.messageService.address, storageKeys, ...(blockNumber && { blockNumber }) });
        if (proof.at(-1) !== good.storage_.at(-1)) return proof;
    }
}

/** Proofs made of a good one, and what each is refused with. */
function variants(good, another, absent) {
    const { account, storage_ } = good;
    const longer = (nodes) => [...nodes, nodes.at(-1)];
    const flipped = (nodes, i) => nodes.map((node, at) => (at === i ? `${node.slice(0, -2)}${node.slice(-2) === "00" ? "01" : "00"}` : node));
    return [
        [{ account: [] }, "ProofTooShort(0)"],
        [{ account: account.slice(0, -1) }, `ProofTooShort(${account.length - 1})`],
        [{ account: longer(account) }, `ProofTooLong(${account.length})`],
        [{ account: account.slice(1) }, "WrongRoot()"],
        [{ account: flipped(account, 0) }, "WrongRoot()"],
        [{ account: flipped(account, account.length - 1) }, `WrongHash(${account.length - 1})`],
        // Another account's: the path is not that of the MessageService.
        [{ account: another }, /^(ProofTooShort|ProofTooLong|WrongHash|WrongRoot)\(/],
        [{ storage_: [] }, "ProofTooShort(0)"],
        [{ storage_: storage_.slice(0, -1) }, `ProofTooShort(${storage_.length - 1})`],
        [{ storage_: longer(storage_) }, `ProofTooLong(${storage_.length})`],
        [{ storage_: flipped(storage_, storage_.length - 1) }, storage_.length === 1 ? "WrongRoot()" : `WrongHash(${storage_.length - 1})`],
        [{ storage_: account }, "WrongRoot()"],
        // What shows that another message was not sent shows nothing of this one.
        [{ storage_: absent }, /^(ProofTooShort|ProofTooLong|WrongHash|MessageNotSent)\(/],
    ];
}

test("from a rollup: every part of the proof", async () => {
    await send(rollup1, 0n, 1n); // so that there is a path to follow
    const { id, message } = await send(rollup1, 0n, 1n);
    await anchor(rollup1);
    const messenger = rollup1.contracts.messenger.address;
    const { proof } = await rollup1.rpc("lockstep_getMessageProof", [id, messenger]);
    const [good] = decodeAbiParameters(ROLLUP_PROOF, proof);
    const encode = (changes) => encodeAbiParameters(ROLLUP_PROOF, [{ ...good, ...changes }]);
    assert.equal(encode({}), proof);
    const absent = await absentFrom(rollup1, good, messenger);
    const { accountProof: another } = await rollup1.client.getProof({ address: rollup1.account.address, storageKeys: [] });
    const refused = (changes) => refusalOf(l1, message, encode(changes));
    for (const [changes, name] of variants(good, another, absent)) {
        const said = await refused(changes);
        if (typeof name === "string") assert.equal(said, name);
        else assert.match(said, name);
    }
    // Roots that the Hub does not know, or not in this place.
    const unknown = (root) => `UnknownRoot(1, ${root})`;
    assert.equal(await refused({ root: other32(good.root) }), unknown(other32(good.root)));
    assert.equal(await refused({ root: zeroHash }), unknown(zeroHash));
    await anchor(rollup1);
    for (const changes of [{ index: good.index + 1n }, { index: 2n ** 200n }, { before: other32(good.before) }, { later: [good.root] }])
        assert.equal(await refused(changes), unknown(good.root));
    // A root of the other rollup's.
    await anchor(rollup2);
    const { root: foreign } = await rollup2.rpc("lockstep_getMessageProof", [(await sendAndAnchor(rollup2)).id, messenger]).then(
        ({ proof: theirs }) => decodeAbiParameters(ROLLUP_PROOF, theirs)[0],
    );
    assert.equal(await refused({ root: foreign }), unknown(foreign));
    // A message never sent, with the proof that it was not.
    assert.match(await refusalOf(l1, { ...message, nonce: 99n }, encode({ storage_: absent })), /^(ProofTooShort|ProofTooLong|WrongHash|MessageNotSent)\(/);
    for (const bytes of ["0x00", proof.slice(0, 66), `${proof.slice(0, 66)}${"ff".repeat(32)}`])
        await assert.rejects(l1.client.simulateContract({ ...l1.contracts.messenger, functionName: "deliver", args: [message, bytes, EOA] }));
    await l1.write("messenger", "deliver", [message, encode({}), EOA]);
});

async function sendAndAnchor(rollup) {
    const left = await send(rollup, 0n, 1n);
    await anchor(rollup);
    return left;
}

test("that a message was not sent is proven as such, and is no message", async () => {
    const { address: service } = rollup1.contracts.messageService;
    const said = pad("0x1234");
    const slot = slotOf(said, EOA);
    await anchor(rollup1);
    const { proof } = await rollup1.rpc("lockstep_getMessageProof", [(await sendAndAnchor(rollup1)).id, rollup1.contracts.messenger.address]);
    const [good] = decodeAbiParameters(ROLLUP_PROOF, proof);
    const { storageProof: [{ proof: absent }] } = await rollup1.client.getProof({ address: service, storageKeys: [slot] });
    const args = [l1.contracts.hub.address, 1n, said, EOA, encodeAbiParameters(ROLLUP_PROOF, [{ ...good, storage_: absent }])];
    assert.equal(await l1.refusal("messageService", "requireFromRollup", args), `MessageNotSent(${slot})`);
    // Where there is no account, there is nothing said either: a root under which it is absent cannot be had,
    // as every rollup begins with the service.
    assert.equal(await l1.refusal("messageService", "requireFromRollup", [args[0], 9n, ...args.slice(2)]), `UnknownRoot(9, ${good.root})`);
});

test("from L1: every part of the proof", async () => {
    await send(l1, 1n, 1n); // so that there is a path to follow
    const { id, message } = await send(l1, 1n, 1n);
    await anchor(rollup1);
    const messenger = l1.contracts.messenger.address;
    const { proof } = await l1.rpc("lockstep_getMessageProof", [id, messenger, 1]);
    const [good] = decodeAbiParameters(PARENT_PROOF, proof);
    const encode = (changes) => encodeAbiParameters(PARENT_PROOF, [{ ...good, ...changes }]);
    const blockNumber = good.anchorNumber;
    const absent = await absentFrom(l1, good, messenger, blockNumber);
    const { accountProof: another } = await l1.client.getProof({ address: l1.account.address, storageKeys: [], blockNumber });
    const refused = (changes) => refusalOf(rollup1, message, encode(changes));
    for (const [changes, name] of variants(good, another, absent)) {
        const said = await refused(changes);
        if (typeof name === "string") assert.equal(said, name);
        else assert.match(said, name);
    }
    assert.equal(await refused({ anchorNumber: blockNumber + 1n }), `NotAnchored(${blockNumber + 1n})`);
    assert.equal(await refused({ anchorNumber: 0n }), "NotAnchored(0)");
    assert.equal(await refused({ anchorNumber: blockNumber + 8191n }), `NotAnchored(${blockNumber + 8191n})`);
    // An older anchor does not have it yet; there the proof is of another state.
    await anchor(rollup1);
    await rollup1.write("messenger", "deliver", [message, encode({}), EOA], { gas: 3_000_000n });
    // L1 has no parent to prove anything of.
    assert.equal(await l1.refusal("messageService", "requireFromParent", [id, messenger, proof]), "NoParent()");
});

test("a message of another chain, Hub, rollup or direction is another message", async () => {
    const { id, message } = await send(rollup1, 0n, 1n);
    await anchor(rollup1);
    const { proof } = await rollup1.rpc("lockstep_getMessageProof", [id, rollup1.contracts.messenger.address]);
    for (const lie of [{ parentChainId: 1n }, { hub: EOA }, { rollupId: 0n }, { toParent: false }])
        assert.equal(await refusalOf(l1, { ...message, ...lie }, proof), "NotForThisChain()", JSON.stringify(Object.keys(lie)));
    assert.match(await refusalOf(l1, { ...message, rollupId: 2n }, proof), /^UnknownRoot\(2, /);
    assert.match(await refusalOf(l1, { ...message, rollupId: 99n }, proof), /^UnknownRoot\(99, /);
    for (const lie of [{ value: 2n }, { fee: 1n }, { recipient: l1.account.address }, { sender: EOA }, { owner: EOA }, { payload: "0x00" }, { deadline: 1n }, { gasLimit: 1n }])
        assert.match(await refusalOf(l1, { ...message, ...lie }, proof), /^(ProofTooShort|ProofTooLong|WrongHash|MessageNotSent)\(/);
    for (const rollup of [rollup1, rollup2]) assert.equal(await refusalOf(rollup, message, proof), "NotForThisChain()");
    await l1.write("messenger", "deliver", [message, proof, EOA]);
});

test("a suspended rollup's head is no root; where it stood before is", async () => {
    const watcher = await l1.deploy(contracts.Watcher);
    const caller = await rollup1.deploy(contracts.Caller);
    const left = await sendAndAnchor(rollup1);
    const { proof } = await rollup1.rpc("lockstep_getMessageProof", [left.id, rollup1.contracts.messenger.address]);
    const [{ root, index, before: chain }] = decodeAbiParameters(ROLLUP_PROOF, proof);
    const deliver = encodeFunctionData({
        abi: l1.contracts.messenger.abi, functionName: "deliver", args: [left.message, proof, EOA],
    });
    const hub = l1.contracts.hub.address;
    await l1.write(watcher, "set", [hub, root, index, chain, l1.contracts.messenger.address, deliver]);
    const proxy = await rollup1.rpc("lockstep_proxyOf", [0, watcher.address]);
    await rollup1.mined(await rollup1.wallet.writeContract({
        address: "0x4c53000000000000000000000000000000000003", abi: parseAbi(["function createProxy(uint64,address) returns (address)"]),
        functionName: "createProxy", args: [0n, watcher.address],
    }));
    // The watcher runs while the rollup waits for what it answers.
    await rollup1.write(caller, "call", [proxy, encodeFunctionData({ abi: watcher.abi, functionName: "watch" })], { gas: 4_000_000n });
    assert.equal(await l1.read(watcher, "isHeadRoot"), false);
    assert.notEqual(await l1.read(watcher, "head"), root);
    assert.equal(await l1.read(watcher, "isFormerRoot"), true);
    assert.equal(await l1.read(watcher, "wasDelivered"), true);
    assert.equal(await l1.refusal("messenger", "deliver", [left.message, proof, EOA]), `AlreadyDelivered(${left.id})`);
    // Afterwards the head it had then is none, and the one that it has is.
    const suspended = await l1.read(watcher, "head");
    assert.equal(await l1.read("hub", "isRoot", [1n, suspended, 0n, zeroHash, []]), false);
    assert.equal(await l1.read("hub", "isRoot", [1n, await l1.read("hub", "head", [1n]), 0n, zeroHash, []]), true);
});
