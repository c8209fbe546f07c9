// Who listens to a chain: what filters and subscriptions say adds up to what is there.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { webSocket } from "viem";

const TOLD_MS = 5_000; // until a notification has come that was sent

// Not by the block's hash, which changes when the newest block's state is set.
const keyOf = ({ blockNumber, transactionHash, logIndex }) => `${Number(blockNumber)}/${transactionHash}/${Number(logIndex)}`;

/** The logs that one listener knows. */
class Known {
    constructor(name, logs) {
        this.name = name;
        this.keys = new Set(logs.map(keyOf));
    }

    tell(log) {
        const key = keyOf(log);
        if (log.removed) assert.ok(this.keys.delete(key), `${this.name}: log ${key} was removed that was not told`);
        else {
            assert.ok(!this.keys.has(key), `${this.name}: log ${key} was told twice`);
            this.keys.add(key);
        }
    }

    is(logs) {
        return logs.length === this.keys.size && logs.every((log) => this.keys.has(keyOf(log)));
    }
}

const allLogs = (chain) => chain.rpc("eth_getLogs", [{ fromBlock: "0x0" }]);

/** A filter and subscriptions of one chain. */
export class Listener {
    async open(chain) {
        this.chain = chain;
        const logs = await allLogs(chain);
        this.filtered = new Known(`${chain.name}, filter`, logs);
        this.subscribed = new Known(`${chain.name}, subscription`, logs);
        this.filter = await chain.rpc("eth_newFilter", [{}]);
        this.heads = new Map(); // by number: the hash that was told last
        const transport = webSocket(chain.url.replace("http", "ws"), { keepAlive: false, reconnect: false, retryCount: 0 });
        const { value } = transport({ retryCount: 0 });
        this.client = await value.getRpcClient();
        const subscribe = (params, onData) => value.subscribe({ params, onData: ({ result }) => onData(result), onError: () => {} });
        await subscribe(["logs", {}], (log) => this.note(log));
        await subscribe(["newHeads"], ({ number, hash }) => this.heads.set(Number(number), hash));
        return this;
    }

    /** What is wrong is said at the next look: here nobody could catch it. */
    note(log) {
        try {
            this.subscribed.tell(log);
        } catch (error) {
            this.error ??= error;
        }
    }

    close() {
        this.client.close();
    }

    /** Nothing may happen on the chain meanwhile. `isAmended`: a block may have another hash than was told. */
    async check(isAmended) {
        const { chain } = this;
        for (const log of await chain.rpc("eth_getFilterChanges", [this.filter])) this.filtered.tell(log);
        const logs = await allLogs(chain);
        assert.ok(this.filtered.is(logs), `${chain.name}: the logs that the filter told`);
        const height = await chain.height();
        for (const number of this.heads.keys()) if (number > height) this.heads.delete(number); // a rollback
        const numbers = isAmended ? [] : [...this.heads.keys()];
        const blocks = await Promise.all(numbers.map((number) => chain.block(number)));
        await this.until(() => this.subscribed.is(logs), "the logs that the subscription told");
        await this.until(() => blocks.every(({ number, hash }) => this.heads.get(Number(number)) === hash), "the heads that were told");
        assert.equal(this.error, undefined);
    }

    async until(holds, what) {
        for (const end = performance.now() + TOLD_MS; !holds(); await sleep(5)) {
            assert.equal(this.error, undefined);
            assert.ok(performance.now() < end, `${this.chain.name}: ${what}`);
        }
    }
}
