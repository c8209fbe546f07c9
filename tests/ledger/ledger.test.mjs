// The token ledger on a running network: its own transactions, contracts of L1 and of another rollup that
// call it through proxies, and calls that it makes.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decodeFunctionResult, encodeFunctionData, parseEventLogs, zeroAddress } from "viem";
import { ETHER, EVM_ID, LEDGER, LEDGER_ID, ledgerAbi, nameOf, operation, startLedger } from "./lib.mjs";

let net;
before(async () => (net = await startLedger()));
after(() => net.stop());

const run = (trier, tries, fails = false) =>
    net.write(trier, "run", [tries.map(([to, data, isCaught = false]) => ({ to, value: 0n, data, isCaught })), fails]);
const add = (counter, by) => encodeFunctionData({ abi: counter.abi, functionName: "add", args: [by] });
const runOf = (trier, tries, fails = false) =>
    encodeFunctionData({
        abi: trier.abi,
        functionName: "run",
        args: [tries.map(([to, data, isCaught = false]) => ({ to, value: 0n, data, isCaught })), fails],
    });
const resultOf = (functionName, data) => decodeFunctionResult({ abi: ledgerAbi, functionName, data });

describe("transactions of the ledger", () => {
    test("a wallet sends the native token as it would ether", async () => {
        const [alice, bob] = net.accounts;
        const before = [await net.balance(alice), await net.balance(bob)];
        const hash = await net.ledger.wallet.sendTransaction({ to: bob, value: 5n });
        const receipt = await net.ledger.client.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, "success");
        const fee = receipt.gasUsed * receipt.effectiveGasPrice;
        assert.deepEqual([await net.balance(alice), await net.balance(bob)], [before[0] - 5n - fee, before[1] + 5n]);
        const [log] = parseEventLogs({ abi: ledgerAbi, logs: receipt.logs });
        assert.deepEqual(log.args, { from: alice, to: bob, value: 5n });
    });

    test("what a transaction cannot do fails with its own error, and costs its fee only", async () => {
        const [, , carol] = net.accounts;
        const [, , by] = net.as(2);
        const much = 10n ** 30n;
        const cases = [
            [operation("transfer", net.accounts[0], much), /^ERC20InsufficientBalance\(0x3C44/],
            [operation("transfer", zeroAddress, 1n), /^ERC20InvalidReceiver\(0x0000000000/],
            [operation("transferFrom", net.accounts[0], carol, 1n), /^ERC20InsufficientAllowance\(/],
            [operation("mint", carol, 1n), /^OwnableUnauthorizedAccount\(0x3C44/],
            [operation("call", LEDGER_ID, carol, "0x"), /^NotRemote\(\)$/],
            [operation("execute", [operation("execute", [])]), /^MalformedArguments\(\)$/],
            [`${operation("execute", [])}00`.slice(0, 60), /^MalformedArguments\(\)$/],
            ["0x01020304", /^UnknownOperation\(\)$/],
        ];
        const supply = await net.look("totalSupply");
        for (const [data, expected] of cases) {
            const { data: reason } = await net.failure(by, LEDGER, data);
            assert.match(nameOf(reason), expected);
        }
        const before = await net.balance(carol);
        const receipt = await net.send("transfer", [net.accounts[0], much], { by });
        assert.equal(receipt.status, "reverted");
        assert.equal(receipt.logs.length, 0);
        assert.equal(await net.balance(carol), before - receipt.gasUsed * receipt.effectiveGasPrice);
        assert.equal(await net.look("totalSupply"), supply);
        const nothing = await net.failure(by, carol, "0x12");
        assert.equal(nameOf(nothing.data), `NothingThere(${carol})`);
    });

    test("several operations are all done, or none", async () => {
        const [, bob, , dave] = net.accounts;
        const before = [await net.balance(bob), await net.balance(dave)];
        const ok = await net.send("execute", [[operation("transfer", bob, 1n), operation("approve", dave, 7n)]]);
        assert.equal(ok.status, "success");
        assert.equal(await net.look("allowance", net.accounts[0], dave), 7n);
        const bad = await net.send("execute", [[operation("transfer", bob, 1n), operation("mint", bob, 1n)]]);
        assert.equal(bad.status, "reverted");
        assert.deepEqual([await net.balance(bob), await net.balance(dave)], [before[0] + 1n, before[1]]);
    });

    test("gas runs out where it says so", async () => {
        const receipt = await net.send("transfer", [net.accounts[1], 1n], { gas: 30_000n });
        assert.equal(receipt.status, "reverted");
        assert.equal(receipt.gasUsed, 30_000n);
    });
});

describe("contracts of other chains call the ledger", () => {
    test("the owner on L1 issues tokens, nobody else does", async () => {
        const address = await net.proxy(net.l1, LEDGER_ID, LEDGER);
        const token = { chain: net.l1, address, abi: ledgerAbi };
        const [, bob] = net.accounts;
        const before = [await net.balance(bob), await net.look("totalSupply")];
        assert.equal(await net.read(token, "owner"), await net.look("accountOf", 0n, net.accounts[0]));
        assert.equal(await net.write(token, "mint", [bob, 1000n]), true);
        assert.deepEqual([await net.balance(bob), await net.look("totalSupply")], [before[0] + 1000n, before[1] + 1000n]);
        const [other] = net.as(1);
        const refused = await net.failure(other, address, operation("mint", bob, 1n));
        assert.match(nameOf(refused.data), /^OwnableUnauthorizedAccount/);
    });

    for (const place of ["l1", "evm"]) {
        test(`${place}: a contract holds tokens, looks, pays, and has its results at once`, async () => {
            const chain = net[place];
            const id = place === "l1" ? 0n : EVM_ID;
            const trier = await net.deploy(chain, "Trier");
            const token = await net.proxy(chain, LEDGER_ID, LEDGER);
            const account = await net.look("accountOf", id, trier.address);
            const [, , , dave] = net.accounts;
            assert.equal((await net.send("transfer", [account, 100n])).status, "success");
            const before = await net.balance(dave);
            assert.equal(
                await run(trier, [[token, operation("transfer", dave, 30n)], [token, operation("transfer", dave, 12n)]]),
                true,
            );
            assert.deepEqual([await net.balance(account), await net.balance(dave)], [58n, before + 42n]);
            const { result } = await chain.client.simulateContract({
                ...trier,
                functionName: "run",
                account: chain.account,
                gas: 5_000_000n,
                args: [
                    [
                        { to: token, value: 0n, data: operation("balanceOf", account), isCaught: false },
                        { to: token, value: 0n, data: operation("transfer", dave, 1n), isCaught: false },
                        { to: token, value: 0n, data: operation("balanceOf", account), isCaught: false },
                        { to: token, value: 0n, data: operation("transfer", dave, 58n), isCaught: true },
                        { to: token, value: 0n, data: operation("symbol"), isCaught: false },
                    ],
                    false,
                ],
            });
            assert.equal(resultOf("balanceOf", result[0]), 58n);
            assert.equal(resultOf("transfer", result[1]), true);
            assert.equal(resultOf("balanceOf", result[2]), 57n);
            assert.equal(nameOf(result[3]), `ERC20InsufficientBalance(${account}, 57, 58)`);
            assert.equal(resultOf("symbol", result[4]), "LGR");
        });

        test(`${place}: what fails leaves nothing, whoever catches it`, async () => {
            const chain = net[place];
            const trier = await net.deploy(chain, "Trier");
            const token = await net.proxy(chain, LEDGER_ID, LEDGER);
            const account = await net.look("accountOf", place === "l1" ? 0n : EVM_ID, trier.address);
            const [, , , dave] = net.accounts;
            await net.send("transfer", [account, 10n]);
            const before = await net.balance(dave);
            const both = operation("execute", [operation("transfer", dave, 4n), operation("transfer", dave, 40n)]);
            // The ledger fails, and the caller goes on; a frame of the caller fails after the ledger has paid.
            const undone = runOf(trier, [[token, operation("transfer", dave, 5n)]], true);
            const tries = [[token, both, true], [trier.address, undone, true], [token, operation("transfer", dave, 1n)]];
            assert.equal(await run(trier, tries), true);
            assert.deepEqual([await net.balance(account), await net.balance(dave)], [9n, before + 1n]);
            assert.equal(await run(trier, [[token, operation("transfer", dave, 1n)]], true), false);
            assert.deepEqual([await net.balance(account), await net.balance(dave)], [9n, before + 1n]);
        });
    }

    test("a static call looks and changes nothing", async () => {
        const token = await net.proxy(net.l1, LEDGER_ID, LEDGER);
        const { number } = await net.ledger.client.getBlock();
        assert.equal(await net.read({ chain: net.l1, address: token, abi: ledgerAbi }, "decimals"), 18);
        assert.equal((await net.ledger.client.getBlock()).number, number);
    });

    test("a call of an address that is not the ledger fails, and says so", async () => {
        const somebody = net.accounts[5];
        const proxy = await net.proxy(net.l1, LEDGER_ID, somebody);
        for (const data of ["0x", "0x12345678"]) {
            const { data: reason } = await net.failure(net.l1, proxy, data);
            assert.equal(nameOf(reason), `NothingThere(${somebody})`);
        }
    });

    for (const place of ["l1", "evm"])
        test(`${place}: value is refused, with its reason and without effect`, async () => {
            const chain = net[place];
            const token = await net.proxy(chain, LEDGER_ID, LEDGER);
            const from = net.accounts[0];
            const data = operation("transfer", net.accounts[1], 1n);
            const call = { from, to: token, data, value: "0x1", gas: "0x4c4b40" };
            const before = [await chain.client.getBalance({ address: token }), await net.look("totalSupply")];
            const { failure } = await chain.client.request({ method: "lockstep_simulate", params: [call] });
            assert.match(JSON.stringify(failure), /a rollup with its own token does not take ether/);
            await net.failure(chain, token, data, { value: 1n });
            assert.deepEqual([await chain.client.getBalance({ address: token }), await net.look("totalSupply")], before);
        });
});

describe("the ledger calls other chains", () => {
    for (const place of ["l1", "evm"]) {
        const id = place === "l1" ? 0n : EVM_ID;
        test(`${place}: as the user, with the result in hand`, async () => {
            const chain = net[place];
            const counter = await net.deploy(chain, "Counter");
            const [alice] = net.accounts;
            const data = operation("call", id, counter.address, add(counter, 7n));
            const result = await net.ledger.client.call({ account: alice, to: LEDGER, data, gas: 5_000_000n });
            assert.equal(BigInt(resultOf("call", result.data)), 7n);
            assert.equal((await net.send("call", [id, counter.address, add(counter, 7n)])).status, "success");
            assert.equal(await net.read(counter, "total"), 7n);
        });

        test(`${place}: a call that fails fails the transaction, or is told`, async () => {
            const trier = await net.deploy(net[place], "Trier");
            const fails = runOf(trier, [], true);
            const receipt = await net.send("execute", [[operation("transfer", net.accounts[1], 1n), operation("call", id, trier.address, fails)]]);
            assert.equal(receipt.status, "reverted");
            assert.equal(receipt.logs.length, 0);
            const before = await net.balance(net.accounts[1]);
            const told = await net.send("execute", [[operation("tryCall", id, trier.address, fails), operation("transfer", net.accounts[1], 1n)]]);
            assert.equal(told.status, "success");
            assert.equal(await net.balance(net.accounts[1]), before + 1n);
            assert.equal(await net.read(trier, "count"), 0n);
        });

        test(`${place}: what it has done there is undone when it fails afterwards`, async () => {
            const counter = await net.deploy(net[place], "Counter");
            const call = operation("call", id, counter.address, add(counter, 3n));
            const bad = await net.send("execute", [[call, call, operation("transfer", zeroAddress, 1n)]]);
            assert.equal(bad.status, "reverted");
            assert.equal(await net.read(counter, "total"), 0n);
            assert.equal((await net.send("execute", [[call, call]])).status, "success");
            assert.equal(await net.read(counter, "total"), 6n);
        });

        test(`${place}: who is called comes back, and takes what it was allowed`, async () => {
            const chain = net[place];
            const trier = await net.deploy(chain, "Trier");
            const token = await net.proxy(chain, LEDGER_ID, LEDGER);
            const account = await net.look("accountOf", id, trier.address);
            const [alice, , , , erin] = net.accounts;
            const before = await net.balance(erin);
            const take = runOf(trier, [[token, operation("transferFrom", alice, erin, 8n)], [token, operation("balanceOf", erin)]]);
            const receipt = await net.send("execute", [[operation("approve", account, 8n), operation("call", id, trier.address, take), operation("balanceOf", erin)]]);
            assert.equal(receipt.status, "success");
            assert.equal(await net.balance(erin), before + 8n);
            assert.equal(await net.look("allowance", alice, account), 0n);
            // Again without a permission: all of it fails.
            assert.equal((await net.send("call", [id, trier.address, take])).status, "reverted");
        });
    }

    test("asked by a contract of L1, it calls a contract of a rollup in its own name", async () => {
        const counter = await net.deploy(net.evm, "Counter");
        const trier = await net.deploy(net.l1, "Trier");
        const token = await net.proxy(net.l1, LEDGER_ID, LEDGER);
        const call = operation("call", EVM_ID, counter.address, add(counter, 2n));
        assert.equal(await run(trier, [[token, operation("execute", [call, call])]]), true);
        assert.equal(await net.read(counter, "total"), 4n);
        assert.equal(await run(trier, [[token, operation("execute", [call, operation("burn", 1n)]), true]]), true);
        assert.equal(await net.read(counter, "total"), 4n);
    });

    test("L1 → ledger → L1 → ledger → L1, and back", async () => {
        const trier = await net.deploy(net.l1, "Trier");
        const counter = await net.deploy(net.l1, "Counter");
        const token = await net.proxy(net.l1, LEDGER_ID, LEDGER);
        let data = operation("call", 0n, counter.address, add(counter, 1n));
        for (let i = 0; i < 3; i++) data = operation("call", 0n, trier.address, runOf(trier, [[token, data]]));
        assert.equal(await run(trier, [[token, data]]), true);
        assert.equal(await net.read(counter, "total"), 1n);
        assert.equal(await net.read(trier, "count"), 4n);
    });
});
