// A Safe on L1, with three owners of whom two must agree, owns contracts on both rollups. What they sign is one
// transaction of the Safe; the contracts see the Safe.
//   make example-multisig      or      LOCKSTEP=build/release/lockstep node examples/apps/multisig.mjs
import { concat, decodeEventLog, encodeFunctionData, zeroAddress } from "viem";
import { check, run } from "./lib.mjs";

const SAFE = "@safe-global/safe-contracts/build/artifacts/contracts/";

await run(async (world, user) => {
    const owners = [1, 2, 3].map((i) => user(i));
    const addresses = owners.map(({ account }) => account.address);

    // The Safe as it is published: one contract with the code, and a proxy of its own for each wallet.
    const code = await world.deploy("l1", `${SAFE}Safe.sol/Safe.json`);
    const factory = await world.deploy("l1", `${SAFE}proxies/SafeProxyFactory.sol/SafeProxyFactory.json`);
    const setup = encodeFunctionData({
        abi: code.abi,
        functionName: "setup",
        args: [addresses, 2n, zeroAddress, "0x", zeroAddress, zeroAddress, 0n, zeroAddress],
    });
    const created = await world.transact(factory, "createProxyWithNonce", [code.address, setup, 1n]);
    const log = created.logs.find(({ address }) => address === factory.address.toLowerCase());
    const { args } = decodeEventLog({ abi: factory.abi, ...log });
    const safe = world.at("l1", args.proxy, code.abi, "Safe");

    const signatures = async (transaction, signers) => {
        const hash = await world.call(safe, "getTransactionHash", [...transaction, await world.call(safe, "nonce")]);
        const ordered = [...signers].sort((a, b) => (a.account.address.toLowerCase() < b.account.address.toLowerCase() ? -1 : 1));
        return concat(await Promise.all(ordered.map(({ account }) => account.sign({ hash }))));
    };
    const order = (contract, functionName, values) => {
        const data = encodeFunctionData({ abi: contract.abi, functionName, args: values });
        return [contract.address, 0n, data, 0, 0n, 0n, 0n, zeroAddress, zeroAddress];
    };

    const tickets = [];
    for (const place of ["rollup1", "rollup2"]) {
        const ticket = await world.deploy(place, "Ticket", [await world.nameOf(place, safe.address)]);
        tickets.push([ticket, await world.from("l1", ticket)]);
    }
    const someone = user(4).account.address;
    for (const [ticket, onL1] of tickets) {
        const make = order(onL1, "make", [someone]);
        const signed = await signatures(make, owners.slice(0, 2));
        const receipt = await world.transact(safe, "execTransaction", [...make, signed], { gas: 5_000_000n });
        check(`two owners have a ticket made on ${ticket.chain.name}`, receipt.status === "success");
        check("and it is there", (await world.call(ticket, "ownerOf", [1n])) === someone);
        const one = await signatures(make, owners.slice(0, 1));
        const refusal = await world.refusal(safe, "execTransaction", [...make, one]);
        check(`one owner is not enough: ${refusal.trim()}`, refusal.includes("GS020"));
        const alone = await world.refusal(onL1, "make", [someone], { account: addresses[0] });
        check("nor is he the owner by himself", alone.startsWith("OwnableUnauthorizedAccount"));
    }

    console.log("\nThe Safe hands a ticket contract over; from then on its own orders fail, and the Safe says so.\n");
    const [ticket, onL1] = tickets[0];
    const hand = order(onL1, "transferOwnership", [someone]);
    const given = await world.transact(safe, "execTransaction", [...hand, await signatures(hand, owners.slice(1))], { gas: 5_000_000n });
    check("handed over", given.status === "success" && (await world.call(ticket, "owner")) === someone);
    const late = order(onL1, "make", [someone]);
    const refused = await world.refusal(safe, "execTransaction", [...late, await signatures(late, owners.slice(1))]);
    check(`an order that fails on the rollup fails in the Safe: ${refused.trim()}`, refused.includes("GS013"));
    check("and nothing was made", (await world.call(ticket, "count")) === 1n);
});
