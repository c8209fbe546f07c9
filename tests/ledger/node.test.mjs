// A node with a ledger: what its endpoint answers, restarts, snapshots, `lockstep check`, proofs of other kinds.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encodeFunctionData, pad, parseAbi, zeroAddress } from "viem";
import { artifact } from "../contracts/lib/chain.mjs";
import { RpcError, runLockstep, startNetwork } from "../lib/network.mjs";
import { EVM_ID, LEDGER, LEDGER_ID, ledgerAbi, nameOf, operation, startLedger } from "./lib.mjs";

const folder = mkdtempSync(join(tmpdir(), "lockstep-ledger-node-"));
const ini = `datadir = ${join(folder, "data")}
[rollup evm]
type = evm
[rollup ledger]
type = ledger
`;
let net;
before(async () => (net = await startLedger({ ini })));
after(async () => {
    await net.stop();
    rmSync(folder, { recursive: true, force: true });
});

const rollup = () => net.network.rollups[1];
const mint = async (to, amount) => {
    const address = await net.proxy(net.l1, LEDGER_ID, LEDGER);
    assert.equal(await net.write({ chain: net.l1, address, abi: ledgerAbi }, "mint", [to, amount]), true);
};
const headOnL1 = async () => (await net.network.l1.rpc("lockstep_getRollups"))[1].head;
const stateRoot = async () => (await rollup().rpc("eth_getBlockByNumber", ["latest", false])).stateRoot;

test("it says what it is", async () => {
    const [evm, ledger] = await net.network.l1.rpc("lockstep_getRollups");
    assert.deepEqual([evm.kind, ledger.kind], ["evm", "ledger"]);
    assert.equal(ledger.hasOwnToken, true);
    assert.deepEqual(Object.keys(rollup().contracts), ["ledger"]);
    assert.equal(rollup().contracts.ledger.toLowerCase(), LEDGER);
    assert.equal(await rollup().rpc("eth_getCode", [LEDGER, "latest"]), "0x");
});

test("what needs code, or would make tokens of nothing, is refused with the reason", async () => {
    const [who] = net.accounts;
    const limit = "ledger is a ledger, which runs no code and whose tokens are counted";
    for (const [method, params] of [
        ["eth_createAccessList", [{ to: LEDGER }]],
        ["eth_simulateV1", [{ blockStateCalls: [] }]],
        ["debug_traceCall", [{ to: LEDGER }, "latest"]],
        ["debug_traceBlockByNumber", ["latest"]],
        ["testing_buildBlockV1", [{}, [], null]],
        ["anvil_setBalance", [who, "0x1"]],
        ["anvil_setCode", [LEDGER, "0x00"]],
        ["anvil_setStorageAt", [LEDGER, "0x0", `0x${"00".repeat(32)}`]],
    ])
        await assert.rejects(
            rollup().rpc(method, params),
            (error) => error instanceof RpcError && error.code === -32601 && error.text === `the method ${method} does not exist/is not available: ${limit}`,
            method,
        );
    await assert.rejects(rollup().rpc("eth_nothing"), (error) => error.text === "the method eth_nothing does not exist/is not available");
});

test("transactions of other kinds are refused before they are in a block", async () => {
    const [who] = net.accounts;
    const blobs = { from: who, to: who, type: "0x4", authorizationList: [{ chainId: "0x0", address: who, nonce: "0x0", yParity: "0x0", r: "0x1", s: "0x1" }] };
    await assert.rejects(rollup().rpc("eth_estimateGas", [blobs]), /transaction type not supported/);
    // A creation has nowhere to go.
    await assert.rejects(rollup().rpc("eth_call", [{ from: who, data: "0x00" }, "latest"]), /NothingThere/);
});

test("a balance is proven against the head that L1 has, as any account's", async () => {
    await mint(net.accounts[1], 7n);
    const proof = await rollup().rpc("eth_getProof", [net.accounts[1], [], "latest"]);
    assert.equal(BigInt(proof.balance), await net.balance(net.accounts[1]));
    assert.equal(await headOnL1(), await stateRoot());
});

test("when L1 goes another way, what its users did returns, and tokens that came from L1 do not", async () => {
    const [, other, third] = net.accounts;
    const balances = () => Promise.all([other, third].map((who) => net.balance(who)));
    const [his, theirs] = await balances();
    const sent = await net.send("transfer", [other, 2n]);
    assert.equal(sent.status, "success");
    await mint(third, 3n); // with it the transfer is on L1
    assert.deepEqual(await balances(), [his + 2n, theirs + 3n]);
    await net.network.l1.rpc("anvil_reorg", [1, []]);
    const again = await rollup().rpc("eth_getTransactionReceipt", [sent.transactionHash]);
    assert.equal(again.status, "0x1");
    assert.notEqual(again.blockHash, sent.blockHash);
    assert.deepEqual(await balances(), [his + 2n, theirs]);
});

test("a trace goes through the ledger, and comes back", async () => {
    const trier = await net.deploy(net.l1, "Trier");
    const token = await net.proxy(net.l1, LEDGER_ID, LEDGER);
    const back = { to: token, value: 0n, data: operation("symbol"), isCaught: false };
    const data = encodeFunctionData({ abi: trier.abi, functionName: "run", args: [[back], false] });
    const receipt = await net.send("call", [0n, trier.address, data]);
    assert.equal(receipt.status, "success");
    const trace = await rollup().rpc("lockstep_traceTransaction", [receipt.transactionHash]);
    const chains = [];
    const walk = (frame) => {
        if (chains.at(-1) !== frame.chain) chains.push(frame.chain);
        (frame.calls ?? []).forEach(walk);
    };
    walk(trace.frame);
    assert.deepEqual(chains, ["ledger", "l1", "ledger"]);
});

test("calls on their way are simulated, with what they would change and without changing it", async () => {
    const counter = await net.deploy(net.evm, "Counter");
    const data = operation("call", EVM_ID, counter.address, encodeFunctionData({ abi: counter.abi, functionName: "add", args: [5n] }));
    const before = await stateRoot();
    const simulated = await rollup().rpc("lockstep_simulate", [{ from: net.accounts[0], to: LEDGER, data, gas: "0x4c4b40" }]);
    assert.equal(simulated.failure ?? null, null);
    assert.equal(await stateRoot(), before);
    assert.equal(await net.read(counter, "total"), 0n);
});

test("snapshot and revert take the ledger back with the others", async () => {
    const [, bob] = net.accounts;
    const was = [await net.balance(bob), await stateRoot(), await headOnL1()];
    const id = await net.network.l1.rpc("evm_snapshot");
    await mint(bob, 50n);
    await net.send("transfer", [bob, 3n]);
    assert.equal(await net.balance(bob), was[0] + 53n);
    assert.equal(await net.network.l1.rpc("evm_revert", [id]), true);
    assert.deepEqual([await net.balance(bob), await stateRoot(), await headOnL1()], was);
    await mint(bob, 1n);
    assert.equal(await net.balance(bob), was[0] + 1n);
    assert.equal(await headOnL1(), await stateRoot());
});

test("blocks of its own wait for the next batch, and go into it", async () => {
    const [, bob] = net.accounts;
    for (const value of [1n, 2n, 3n]) await net.send("transfer", [bob, value]);
    assert.notEqual(await headOnL1(), await stateRoot());
    await mint(bob, 1n);
    assert.equal(await headOnL1(), await stateRoot());
    const [batch] = await net.network.l1.rpc("lockstep_getBatch", ["latest"]).then((b) => [b].flat());
    assert.ok(JSON.stringify(batch).includes("payload"));
});

test("after a restart it goes on, and what is kept is found to be whole", async () => {
    const [, bob] = net.accounts;
    const was = [await net.balance(bob), await net.look("totalSupply"), await stateRoot()];
    await net.stop();
    const checked = await runLockstep(["check", "--datadir", join(folder, "data")]);
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    net = await startLedger({ ini });
    assert.deepEqual([await net.balance(bob), await net.look("totalSupply"), await stateRoot()], was);
    await mint(bob, 4n);
    assert.equal(await net.balance(bob), was[0] + 4n);
    assert.equal(await headOnL1(), await stateRoot());
    // It is what it was begun as.
    const other = await runLockstep(["--datadir", join(folder, "data"), "--port", "0"]);
    assert.notEqual(other.code, 0);
});

test("no message goes to a ledger: L1's Messenger refuses it, and no update imports one", async () => {
    const mixed = await startLedger({ ini: "[rollup coins]\ntype = ledger\n[rollup evm]\ntype = evm\n" });
    try {
        const { contracts, l1, rollups } = mixed.network;
        const terms = { owner: zeroAddress, fee: 0n, gasLimit: 100_000n, deadline: 0n };
        const send = (rollupId) => encodeFunctionData({ abi: artifact("Messenger").abi, functionName: "send", args: [rollupId, mixed.accounts[3], terms, "0x"] });
        const call = (rollupId) => l1.rpc("eth_call", [{ from: mixed.accounts[0], to: contracts.messenger, data: send(rollupId) }, "latest"]);
        await assert.rejects(call(1n), /UnknownChain\(rollupId: 1\)/);
        assert.equal((await call(2n)).length, 66);
        const head = () => rollups[0].rpc("eth_blockNumber");
        const before = await head();
        const say = encodeFunctionData({ abi: artifact("MessageService").abi, functionName: "broadcastMessage", args: [pad("0x77")] });
        await l1.rpc("eth_sendTransaction", [{ from: mixed.accounts[0], to: contracts.messageService, data: say }]);
        const args = [pad("0x77"), mixed.accounts[0]];
        const received = encodeFunctionData({ abi: artifact("MessageService").abi, functionName: "isReceived", args });
        const on = await rollups[1].rpc("eth_call", [{ to: "0x4c53000000000000000000000000000000000004", data: received }, "latest"]);
        assert.equal(BigInt(on), 1n);
        assert.equal(await head(), before);
    } finally {
        await mixed.stop();
    }
});

test("options: a ledger's token is its own", async () => {
    const config = join(folder, "wrong.ini");
    writeFileSync(config, "[rollup coins]\ntype = ledger\ntoken = ether\n");
    const { code, stderr } = await runLockstep(["--config", config]);
    assert.equal(code, 2);
    assert.match(stderr, /coins is a ledger, whose token is its own: it cannot have ether for one/);
    const all = await runLockstep(["--rollup-type", "ledger", "--rollup-token", "ether"]);
    assert.equal(all.code, 2);
    const above = await runLockstep(["--rollup-type", "ledger", "--l3", "1"]);
    assert.equal(above.code, 2);
    assert.match(above.stderr, /cannot be a rollup of rollup1, which is a ledger/);
});

for (const proof of ["owner", "k-of-n"])
    test(`two ledgers under ${proof}, called in one batch with an EVM rollup`, async () => {
        const kinds = ["evm", "ledger", "ledger"].map((type, i) => `[rollup r${i}]\ntype = ${type}\nproof = ${i === 2 ? "attestation" : proof}\n`);
        const mixed = await startLedger({ ini: kinds.join("") });
        try {
            const counter = await mixed.deploy(mixed.evm, "Counter");
            const trier = await mixed.deploy(mixed.l1, "Trier");
            if (proof === "k-of-n") await mixed.network.l1.rpc("lockstep_setAttester", [1, false]);
            const tries = [];
            for (const [id, target, data] of [
                [1n, counter.address, encodeFunctionData({ abi: counter.abi, functionName: "add", args: [5n] })],
                [2n, LEDGER, operation("approve", mixed.accounts[3], 5n)],
                [3n, LEDGER, operation("approve", mixed.accounts[3], 6n)],
            ])
                tries.push({ to: await mixed.proxy(mixed.l1, id, target), value: 0n, data, isCaught: false });
            assert.equal(await mixed.write(trier, "run", [tries, false]), true);
            const account = await mixed.look("accountOf", 0n, trier.address);
            assert.equal(await mixed.look("allowance", account, mixed.accounts[3]), 5n);
            assert.equal(await mixed.read(counter, "total"), 5n);
            for (const { rpc, rollupId } of mixed.network.rollups) {
                const { head } = (await mixed.network.l1.rpc("lockstep_getRollups"))[rollupId - 1];
                assert.equal(head, (await rpc("eth_getBlockByNumber", ["latest", false])).stateRoot);
            }
        } finally {
            await mixed.stop();
        }
    });

test("a ledger whose parent is a rollup: it is called from there, and calls there", async () => {
    const ini = "[rollup evm]\ntype = evm\n[rollup ledger]\ntype = ledger\nparent = evm\n";
    const deep = await startLedger({ ini });
    try {
        // On its parent's Hub it is rollup 1.
        deep.evm.hub = deep.evm.contracts.hub;
        const token = { chain: deep.evm, address: await deep.proxy(deep.evm, 1n, LEDGER), abi: ledgerAbi };
        const [, bob] = deep.accounts;
        const before = await deep.balance(bob);
        assert.equal(await deep.write(token, "mint", [bob, 9n]), true);
        assert.equal(await deep.balance(bob), before + 9n);
        const counter = await deep.deploy(deep.evm, "Counter");
        const data = encodeFunctionData({ abi: counter.abi, functionName: "add", args: [6n] });
        assert.equal((await deep.send("call", [0n, counter.address, data])).status, "success");
        assert.equal(await deep.read(counter, "total"), 6n);
        const bad = [[operation("call", 0n, counter.address, data), operation("mint", bob, 1n)]];
        assert.equal((await deep.send("execute", bad)).status, "reverted");
        assert.equal(await deep.read(counter, "total"), 6n);
    } finally {
        await deep.stop();
    }
});

const parentAbi = parseAbi([
    "function credit(uint64 rollupId) payable",
    "function broadcastMessage(bytes32 message)",
    "error TokenRollup(uint64 rollupId)",
]);

test("a ledger whose parent is a rollup: what it refuses, and what is refused to it", async () => {
    const ini = "[rollup evm]\ntype = evm\n[rollup ledger]\ntype = ledger\nparent = evm\n";
    const deep = await startLedger({ ini });
    try {
        deep.evm.hub = deep.evm.contracts.hub;
        const { l1, evm, ledger } = deep;
        const [me, bob] = deep.accounts;
        const onParent = await deep.proxy(evm, 1n, LEDGER);
        const onL1 = await deep.proxy(l1, 1n, onParent);
        const supply = await deep.look("totalSupply");
        const held = await evm.client.getBalance({ address: evm.hub });

        // Its token is no ether: value comes neither from its parent nor from L1 through it.
        const pay = { from: me, data: operation("transfer", bob, 1n), value: "0x1", gas: "0x4c4b40" };
        for (const [chain, to] of [[evm, onParent], [l1, onL1]]) {
            const { status, failure } = await chain.client.request({ method: "lockstep_simulate", params: [{ ...pay, to }] });
            assert.equal(status, "0x0");
            assert.match(JSON.stringify(failure), /a rollup with its own token does not take ether/);
            await deep.failure(chain, to, pay.data, { value: 1n });
        }
        const credit = { address: evm.hub, abi: parentAbi, functionName: "credit", args: [1n], value: 1n, account: me };
        await assert.rejects(evm.client.simulateContract(credit), /TokenRollup/);

        // Its owner is an account of its parent: one of L1 is somebody else there.
        const refusal = await deep.failure(l1, onL1, operation("mint", bob, 1n));
        assert.match(nameOf(refusal.data), /^OwnableUnauthorizedAccount\(/);
        const nobody = await deep.proxy(evm, 1n, bob);
        assert.equal(nameOf((await deep.failure(evm, nobody, "0x12345678")).data), `NothingThere(${bob})`);

        // It has no contracts of messages, and imports none.
        const messenger = "0x4c53000000000000000000000000000000000005";
        const service = { chain: evm, address: "0x4c53000000000000000000000000000000000004", abi: parentAbi };
        const said = `0x${"11".repeat(32)}`;
        assert.equal(await deep.write(service, "broadcastMessage", [said]), true);
        const head = await ledger.client.getBlockNumber();
        await l1.client.request({ method: "evm_mine" });
        assert.equal(await ledger.client.getBlockNumber(), head, "no batch of it was made");
        const proof = (chain, ...params) => chain.client.request({ method: "lockstep_getMessageProof", params });
        await assert.rejects(proof(evm, said, messenger, "0x1"), /ledger is a ledger: it takes no messages/);
        await assert.rejects(proof(ledger, said, messenger), /ledger is a ledger, which runs no code/);

        // What it is asked about, and is its parent's to say.
        await assert.rejects(
            ledger.client.request({ method: "lockstep_getBatch", params: ["latest"] }),
            (error) => error.details.includes(`ledger has no rollups: its own batches are posted on evm, at ${evm.url}`),
        );
        assert.equal(await deep.look("totalSupply"), supply);
        assert.equal(await evm.client.getBalance({ address: evm.hub }), held);

        // And it goes on.
        const token = { chain: evm, address: onParent, abi: ledgerAbi };
        assert.equal(await deep.write(token, "mint", [bob, 9n]), true);
        assert.equal(await deep.look("totalSupply"), supply + 9n);
        const [batch] = await evm.client.request({ method: "lockstep_getBatch", params: ["latest"] });
        assert.deepEqual(batch.updates.map(({ rollupId }) => rollupId), ["0x1"]);
    } finally {
        await deep.stop();
    }
});
