// Runs inside Hardhat, on each chain, with accounts of its own and with those of the node.
const assert = require("node:assert/strict");
const hre = require("hardhat");
const { BrowserProvider, ContractFactory, parseEther } = require("ethers");

describe("counter", () => {
    let provider;
    let signer;
    let counter;
    before(async () => {
        provider = new BrowserProvider(hre.network.provider, undefined, { cacheTimeout: -1, pollingInterval: 10 });
        provider.pollingInterval = 10;
        signer = await provider.getSigner();
        const { abi, bytecode } = await hre.artifacts.readArtifact("Counter");
        counter = await (await new ContractFactory(abi, bytecode, signer).deploy()).waitForDeployment();
    });
    after(() => provider.destroy());

    it("deploys, estimates, sends, reads logs", async () => {
        await (await counter.add(5n)).wait();
        assert.equal(await counter.total(), 5n);
        assert.equal((await counter.queryFilter("Added")).length, 1);
        assert.ok((await counter.add.estimateGas(1n)) > 21000n);
    });

    it("goes back to a snapshot", async () => {
        const id = await hre.network.provider.send("evm_snapshot");
        await (await counter.add(5n)).wait();
        assert.equal(await hre.network.provider.send("evm_revert", [id]), true);
        assert.equal(await counter.total(), 5n);
    });

    it("sets state, time and senders", async () => {
        const who = `0x${"ab".repeat(20)}`;
        const send = (method, ...params) => hre.network.provider.send(method, params);
        assert.equal(await send("hardhat_setBalance", who, `0x${parseEther("3").toString(16)}`), true);
        assert.equal(await provider.getBalance(who), parseEther("3"));
        const { timestamp } = await provider.getBlock("latest");
        await send("evm_increaseTime", 3600);
        await send("hardhat_mine", "0x2");
        assert.ok((await provider.getBlock("latest")).timestamp >= timestamp + 3600);
        if (hre.network.name !== "accountsOfNode") return; // Hardhat signs, and has no key for it.
        assert.equal(await send("hardhat_impersonateAccount", who), true);
        const hash = await send("eth_sendTransaction", { from: who, to: await counter.getAddress(), data: counter.interface.encodeFunctionData("add", [1n]) });
        assert.equal((await provider.getTransactionReceipt(hash)).status, 1);
    });

    it("tells why a call reverts", async () => {
        const { abi, bytecode } = await hre.artifacts.readArtifact("Grump");
        const grump = await (await new ContractFactory(abi, bytecode, signer).deploy()).waitForDeployment();
        await assert.rejects(grump.please.staticCall(3n), (error) => error.revert?.name === "Unwilling");
    });
});
