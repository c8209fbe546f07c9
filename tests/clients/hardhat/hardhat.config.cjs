// The network under test as people name an external one; artifacts are prebuilt.
const { CHAIN_URL: url, PRIVATE_KEY: key, ARTIFACTS: artifacts } = process.env;

module.exports = {
    solidity: "0.8.30",
    networks: { lockstep: { url, accounts: [key] }, accountsOfNode: { url, accounts: "remote" } },
    paths: { artifacts, cache: `${artifacts}/cache`, sources: "./none", tests: "./test" },
    mocha: { timeout: 30_000 },
};
