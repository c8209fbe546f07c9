// The Hub on an independent EVM, with rollups whose facts are made by hand: heads are opaque symbols
// and the proof system vouches for everything.
//
// Gas figures are part of an action and so of every key, and nobody can write them down in advance.
// `block` finds them as a builder does: it runs the block, sees which lookups found nothing, takes the
// figure with four leading bits under which an entry of the test is meant, and runs the block again.
import {
    concat, decodeErrorResult, decodeEventLog, decodeFunctionResult, encodeAbiParameters, encodeDeployData, encodeFunctionData,
    getContractAddress, keccak256, pad, parseAbiParameters, parseEther, stringToHex, toFunctionSelector,
    zeroAddress, zeroHash,
} from "viem";
import { KIND, actionHash, encodeBatch, entryHash } from "./packed.mjs";
import { artifact, compileTestContracts, startChain } from "./chain.mjs";

export const eth = (text) => parseEther(String(text));
export const bytesOf = (text) => stringToHex(text);
export const word = (n) => pad(`0x${BigInt(n).toString(16)}`, { size: 32 });

export { actionHash, encodeBatch, entryHash, KIND };

/** A head that stands for nothing but its name. */
export const head = (name) => keccak256(stringToHex(`head ${name}`));

const blank = {
    kind: 0, rollupId: 0n, target: zeroAddress, sourceRollupId: 0n, source: zeroAddress,
    value: 0n, gas: 0n, isStatic: false, failed: false, data: "0x",
};
/** CALL from [rollupId, address] to [rollupId, address]. Without `gas` it is to be found. */
export const CALL = ([sourceRollupId, source], [rollupId, target], data, more = {}) =>
    ({ ...blank, gas: undefined, kind: KIND.CALL, rollupId: BigInt(rollupId), target,
        sourceRollupId: BigInt(sourceRollupId), source, data, ...more });
export const scall = (from, to, data, more = {}) => CALL(from, to, data, { isStatic: true, ...more });
/** An in-action RESULT delivered to a rollup, or an out-action RESULT given by it. */
export const RES = (rollupId, data = "0x", more = {}) =>
    ({ ...blank, kind: KIND.RESULT, rollupId: BigInt(rollupId), data, ...more });
export const failed = (rollupId, data = "0x", more = {}) => RES(rollupId, data, { failed: true, ...more });
/** A RESULT of the parent, whose gas is to be found. */
export const ANSWER = (rollupId, data = "0x", more = {}) => RES(rollupId, data, { gas: undefined, ...more });
export const REVERT = (rollupId, at) =>
    ({ ...blank, kind: KIND.REVERT, rollupId: BigInt(rollupId), data: at.startsWith("0x") ? at : head(at) });
export const RC = (rollupId, undone, t) =>
    ({ ...blank, kind: KIND.REVERT_CONTINUE, rollupId: BigInt(rollupId),
        data: concat([actionHash(undone), head(t)]) });
/** r(1, "S0", "M1", delta): heads whose name begins with S or T are idle. */
export const r = (rollupId, pre, post, etherDelta = 0n, more = {}) =>
    ({ rollupId: BigInt(rollupId), pre: head(pre), post: head(post), idle: /^[ST]/.test(post), etherDelta, ...more });

const lead4 = [];
for (let n = 0n; n < 8n; n++) lead4.push(n);
for (let shift = 0n; shift < 28n; shift++) for (let m = 8n; m < 16n; m++) lead4.push(m << shift);

class Batch {
    constructor(world, figures) {
        this.world = world;
        this.figures = figures;
        this.entries = [];
        this.updates = [];
    }

    /** Adds an entry; gives it back with its gas filled in. */
    entry(name, input, transitions, out, { trace = [], scope = false } = {}) {
        const open = input.gas === undefined;
        const rest = { transitions: [].concat(transitions), trace, out: { ...out, gas: out.gas ?? 0n }, scope };
        const entries = (open ? this.figures.get(name) ?? [0n] : [input.gas])
            .map((gas) => ({ input: { ...input, gas }, ...rest }));
        this.entries.push(...entries.map((entry) => ({ name, entry, open })));
        return entries[0];
    }

    /** Adds an update; gives the in-action L2TX that it runs. */
    update(rollupId, more = {}) {
        const { anchor } = this.world;
        const update = {
            rollupId: BigInt(rollupId), payload: bytesOf(`payload of ${rollupId}`), anchorNumber: anchor.number,
            messageSlots: [], forced: 0, timestamp: anchor.timestamp, ...more,
        };
        this.updates.push({ anchorHash: anchor.hash, ...update });
        return this.l2tx(update);
    }

    l2tx(update) {
        const anchorHash = update.anchorHash ?? this.world.anchor.hash;
        const messagesHash = update.messageSlots.length === 0 ? zeroHash : keccak256(concat(update.messageSlots));
        const forcedHash = update.forcedHash ?? zeroHash;
        const fields = [keccak256(update.payload), anchorHash, messagesHash, forcedHash, word(update.timestamp)];
        return { ...blank, kind: KIND.L2TX, rollupId: update.rollupId, data: concat(fields) };
    }

    /** What every block of the examples begins with: r moves from its old head to an idle one. */
    begin(rollupId, from, to) {
        return this.entry(`u${rollupId}`, this.update(rollupId), r(rollupId, from, to), RES(rollupId));
    }

    hashOf(name) {
        return entryHash(this.entries.find((e) => e.name === name).entry);
    }

    /** The batch as the Hub takes it. */
    get value() {
        return {
            updates: this.updates.map(({ anchorHash, forcedHash, ...update }) => update),
            entries: this.entries.map((e) => e.entry),
        };
    }

    /** The batch as it is posted. */
    get packed() {
        return encodeBatch(this.value);
    }

    get publicInput() {
        return keccak256(encodeAbiParameters(parseAbiParameters("uint256, address, bytes32, bytes32"), [
            this.world.chainId, this.world.hub, keccak256(this.packed),
            keccak256(concat(this.updates.flatMap((u) => [u.anchorHash, u.forcedHash ?? zeroHash]))),
        ]));
    }

    get rollupIds() {
        const named = [...this.updates.map((u) => u.rollupId), ...this.entries.flatMap((e) => e.entry.transitions.map((t) => t.rollupId))];
        return [...new Set(named)];
    }
}

export class World {
    /** Deploys the Hub, a proof system and the actors, registers rollups 1 and 2 at S- and T-. */
    static async open() {
        const world = new World();
        world.chain = await startChain();
        world.rpc = world.chain.rpc;
        world.chainId = BigInt(await world.rpc("eth_chainId"));
        [world.builder, world.user, world.other] = world.chain.accounts;
        world.hubArtifact = artifact("Hub");
        world.test = compileTestContracts();
        world.names = new Map();
        const create2 = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
        world.messages = await world.deploy(artifact("MessageService"));
        const bytecode = encodeDeployData({ ...world.hubArtifact, args: [world.messages] });
        world.hub = getContractAddress({ opcode: "CREATE2", from: create2, salt: zeroHash, bytecode });
        const deployed = await world.mine({ to: create2, data: concat([zeroHash, bytecode]), gas: 12_000_000n });
        world.deployGas = deployed.receipts[0].gasUsed;
        world.system = await world.deploy("AlwaysTrue");
        for (const name of ["A", "D", "E"]) {
            world[name] = await world.deploy("Actor");
            world.name(world[name], `0:${name}`);
        }
        world.bundlerAbi = artifact("Bundler").abi;
        world.bundler = await world.deploy(artifact("Bundler"), [world.hub]);
        world.B = `0x${"b".repeat(40)}`;
        world.C = `0x${"c".repeat(40)}`;
        world.name(world.hub, "Hub");
        await world.register({ at: "S-" });
        await world.register({ at: "T-" });
        for (const [id, target, name] of [[1, world.B, "P(1:B)"], [2, world.C, "P(2:C)"]]) {
            world[name] = await world.read("proxyOf", [BigInt(id), target]);
            world.name(world[name], name);
        }
        await world.send("createProxy", [1n, world.B]);
        await world.send("createProxy", [2n, world.C]);
        await world.send("credit", [1n], { value: eth(10) });
        return world;
    }

    async close() {
        await this.chain.stop();
    }

    name(address, name) {
        this.names.set(address.toLowerCase(), name);
    }

    async deploy(name, args = []) {
        const { abi, bytecode } = typeof name === "string" ? this.test[name] : name;
        const { receipts } = await this.mine({ data: encodeDeployData({ abi, bytecode, args }) });
        return receipts[0].contractAddress;
    }

    async register({ at, system = this.system, vkey = word(7), hasOwnToken = false, messenger = zeroAddress, forceDelay = 0 }) {
        await this.send("register", [system, vkey, head(at), this.builder, { hasOwnToken, messenger, forceDelay }]);
        return this.read("rollupCount");
    }

    // --- talking to the chain ---------------------------------------------------------------------

    calldata(functionName, args) {
        return encodeFunctionData({ abi: this.hubArtifact.abi, functionName, args });
    }

    async read(functionName, args = []) {
        const data = await this.rpc("eth_call", { to: this.hub, data: this.calldata(functionName, args) }, "latest");
        return decodeFunctionResult({ abi: this.hubArtifact.abi, functionName, data });
    }

    async headOf(rollupId) {
        return this.read("head", [BigInt(rollupId)]);
    }

    /** A transaction to the Hub, in a block of its own, that must succeed. */
    async send(functionName, args, more = {}) {
        return this.mine({ to: this.hub, data: this.calldata(functionName, args), ...more });
    }

    /** Tells an actor what to do when it is called with this data. */
    async when(actor, input, script) {
        await this.mine({ to: actor, data: this.script(input, script), gas: 60_000_000n });
    }

    script(input, { steps = [], fails = false, result = "0x", isQuiet = false, isForwarding = false, burn = 0n } = {}) {
        const filled = steps.map((s) => ({ value: 0n, gas: 0n, isStatic: false, isCaught: false, ...s }));
        return encodeFunctionData({
            abi: this.test.Actor.abi, functionName: "when",
            args: [input, { steps: filled, isQuiet, isForwarding, fails, burn, result }],
        });
    }

    /** Mines one block of these transactions. Throws unless every transaction that is not `mayFail` succeeds. */
    async mine(...txs) {
        const hashes = [];
        for (const { mayFail, ...tx } of txs) {
            const from = tx.from ?? this.builder;
            hashes.push(await this.rpc("eth_sendTransaction", {
                ...tx, from, gas: hex(tx.gas ?? 5_000_000n), value: hex(tx.value ?? 0n), gasPrice: "0x0",
            }));
        }
        await this.rpc("evm_mine");
        const receipts = [];
        for (const [i, hash] of hashes.entries()) {
            const receipt = await this.rpc("eth_getTransactionReceipt", hash);
            if (receipt === null) throw new Error(`transaction ${i} was not mined`);
            if (receipt.status !== "0x1" && !txs[i].mayFail) {
                const trace = await this.trace(hash);
                throw new Error(`transaction ${i} failed: ${this.errorName(trace.output)}`);
            }
            receipts.push({ ...receipt, gasUsed: BigInt(receipt.gasUsed) });
        }
        return { receipts };
    }

    async trace(hash) {
        return this.rpc("debug_traceTransaction", hash, { tracer: "callTracer" });
    }

    /** Runs `body` and then puts the chain back to where it was. */
    async scratch(body) {
        const id = await this.rpc("evm_snapshot");
        try {
            return await body();
        } finally {
            await this.rpc("evm_revert", id);
        }
    }

    // --- blocks -----------------------------------------------------------------------------------

    /** The transaction that posts a batch. */
    post(batch, { transient = false, proofs, gas = 15_000_000n } = {}) {
        const vouched = proofs ?? [{ system: this.system, rollupIds: batch.rollupIds, data: "0x" }];
        return {
            to: this.hub, gas,
            data: this.calldata(transient ? "postBatchTransient" : "postBatch", [batch.packed, vouched]),
        };
    }

    /** Mines one block: the batch that `fill(batch)` makes, then `txs` (or what txs(batch) gives),
     * once all its gas figures are found. Failed transactions are for the caller to judge: `errors` has their
     * names and arguments. */
    async block(fill, txs = [], options = {}) {
        const figures = new Map(options.figures ?? []);
        const tried = new Set();
        for (;;) {
            const id = await this.rpc("evm_snapshot");
            const latest = await this.rpc("eth_getBlockByNumber", "latest", false);
            this.anchor = { number: BigInt(latest.number), hash: latest.hash, timestamp: BigInt(latest.timestamp) };
            const batch = new Batch(this, figures);
            fill(batch);
            const proofs = typeof options.proofs === "function" ? await options.proofs(batch) : options.proofs;
            const post = this.post(batch, { ...options, proofs });
            const list = options.arrange
                ? await options.arrange(post, batch)
                : [post, ...(typeof txs === "function" ? txs(batch) : txs)];
            const { receipts } = await this.mine(...list.map((tx) => ({ from: undefined, ...tx, mayFail: true })));
            const traces = [];
            for (const receipt of receipts) traces.push(await this.trace(receipt.transactionHash));
            const found = this.findFigure(batch, traces);
            if (found === null) return this.outcome(batch, receipts, traces);
            const known = figures.get(found.name) ?? [];
            // A figure can hang on where the table has its entry, and that on the figure: then both are posted.
            const wavers = tried.has(`${found.name} ${found.gas}`);
            tried.add(`${found.name} ${found.gas}`);
            figures.set(found.name, wavers ? [found.gas, ...known] : [found.gas]);
            await this.rpc("evm_revert", id);
        }
    }

    /** One transaction of a Bundler, which posts the batch and then makes a call. */
    async bundle(fill, call, options) {
        return this.block(fill, [], {
            ...options,
            arrange: (post) => [{
                from: this.user, to: this.bundler, gas: 20_000_000n,
                data: encodeFunctionData({
                    abi: this.bundlerAbi, functionName: "bundle",
                    args: [post.data, [{ target: call.to, value: 0n, data: call.data }]],
                }),
            }],
        });
    }

    /** The first lookup that found nothing and is meant by an entry of the batch. */
    findFigure(batch, traces) {
        for (const trace of traces)
            for (const frame of frames(trace)) {
                if (frame.to?.toLowerCase() !== this.hub.toLowerCase() || !frame.error && !frame.output) continue;
                const error = this.decodeError(frame.output);
                if (error?.errorName !== "EntryNotFound") continue;
                const [rollupId, at, hash] = error.args;
                for (const { name, entry, open } of batch.entries) {
                    if (!open || entry.input.rollupId !== rollupId || entry.transitions[0].pre !== at) continue;
                    const more = [entry.input.gas, ...batch.entries.map((e) => e.entry.out.gas)];
                    const gas = [...lead4, ...more].find((g) => actionHash({ ...entry.input, gas: g }) === hash);
                    if (gas !== undefined && !this.isPosted(batch, name, gas)) return { name, gas };
                }
            }
        return null;
    }

    isPosted(batch, name, gas) {
        return batch.entries.some((e) => e.name === name && e.entry.input.gas === gas);
    }

    outcome(batch, receipts, traces) {
        const events = receipts.flatMap((receipt, tx) => receipt.logs.map((log) => ({ tx, ...this.decodeLog(log) })));
        const consumed = events.filter((e) => e.name === "EntryConsumed")
            .map((e) => batch.entries.find(({ entry }) => entryHash(entry) === e.args.entryHash)?.name ?? e.args.entryHash);
        return {
            batch, receipts, traces, events, consumed,
            ok: receipts.map((receipt) => receipt.status === "0x1"),
            errors: traces.map((trace) => (trace.error ? this.errorName(trace.output) : null)),
            outputs: traces.map((trace) => trace.output ?? "0x"),
            deepest: (tx) => this.deepest(traces[tx]),
        };
    }

    decodeError(data) {
        try {
            // The Hub passes on what the MessageService says.
            return decodeErrorResult({ abi: [...this.hubArtifact.abi, ...artifact("MessageService").abi], data });
        } catch {
            return null;
        }
    }

    /** "NotIdle(1)"; heads and hashes as they are. */
    errorName(data) {
        const error = this.decodeError(data);
        return error ? `${error.errorName}(${(error.args ?? []).join(", ")})` : data ?? "0x";
    }

    decodeLog(log) {
        for (const [abi, address] of [[this.hubArtifact.abi, this.hub], [this.test.Actor.abi, null]]) {
            if (address && log.address.toLowerCase() !== address.toLowerCase()) continue;
            try {
                const { eventName, args } = decodeEventLog({ abi, data: log.data, topics: log.topics });
                return { name: eventName, args, by: this.names.get(log.address) ?? log.address };
            } catch {
                // Not one of these.
            }
        }
        return { name: null, by: log.address };
    }

    /** The deepest path of a trace as the examples write it: the Hub's loop and lookups are part of
     * the frame they serve, a scope is shown. */
    deepest(trace) {
        const paths = [];
        const stack = [[trace, []]];
        const shown = ["enter", "postBatch", "postBatchTransient", "scoped", "sweep"];
        const selectors = new Map(this.hubArtifact.abi.filter((f) => f.type === "function")
            .map((f) => [toFunctionSelector(f), f.name]));
        while (stack.length > 0) {
            const [frame, above] = stack.pop();
            const to = frame.to?.toLowerCase();
            let name = this.names.get(to) ?? to;
            if (name === "Hub") {
                const called = selectors.get((frame.input ?? "0x").slice(0, 10));
                name = shown.includes(called) ? `Hub.${called === "scoped" ? "scope" : called}` : null;
            }
            // A proxy that calls itself only probes whether it runs under a static call.
            const hidden = name === null || (name.startsWith("P(") && above.at(-1) === name);
            const path = hidden ? above : [...above, name];
            paths.push(path);
            for (const call of frame.calls ?? []) stack.push([call, path]);
        }
        return paths.reduce((a, b) => (b.length > a.length ? b : a), []).join(" ▸ ");
    }
}

/** All frames of a call trace, outermost first. */
export function* frames(trace) {
    const stack = [trace];
    while (stack.length > 0) {
        const frame = stack.pop();
        yield frame;
        for (const call of [...(frame.calls ?? [])].reverse()) stack.push(call);
    }
}

const hex = (n) => `0x${BigInt(n).toString(16)}`;
