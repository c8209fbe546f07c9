// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice What a proxy needs of the contract that deployed it: the Hub, or a rollup's L2Hub.
/// @dev Who deploys proxies tells them, during their construction, whom they stand for; so the init
/// code is the same for all, and an address follows from the deployer and (rollupId, target) alone.
interface IProxyDeployer {
    function proxyParameters() external view returns (uint64 rollupId, address target);
    /// @notice Changes state without leaving anything behind: fails under a static call, and only there.
    function probe() external;
    function call(address source, uint64 rollupId, address target, bytes calldata data)
        external
        payable
        returns (bytes memory);
    function staticCall(address source, uint64 rollupId, address target, bytes calldata data)
        external
        view
        returns (bytes memory);
}

/// @title The local stand-in of a contract on another chain
/// @notice Passes (msg.sender, msg.data, msg.value) to its hub and gives back exactly what comes back:
/// the same return bytes, the same revert bytes. What its hub calls it with is an order instead:
///
///   (nothing)                                            return abi.encode(rollupId, target)
///   1 byte                                               pass all ether on, as a call from itself
///   target 20 ‖ gas 8 ‖ isStatic 1 ‖ calldata            make this call in the proxy's own name
///
/// A call in its own name returns what the target returned. If the target failed, the proxy reverts
/// with what the target reverted with and the byte 1 behind it, so that the ether goes back with the
/// revert. If it was not made, or the proxy ran out of gas around it, there is no revert data at all.
contract Proxy {
    /// @notice See IHub.NotEnoughGas.
    error NotEnoughGas();

    IProxyDeployer private immutable hub;
    uint64 private immutable rollupId;
    address private immutable target;

    // The numbers in the assembly below, which takes no other constants.
    //
    // 40000  less gas than this is refused at once: running out of it on the way to the hub's own
    //        accounting would look like a failure of the remote contract, or like a static call
    //  1000  for the probe, far more than it needs: what a static call pays for being one
    //   300  bound of what is spent between the check of the gas left and the CALL, and what a CALL to
    //        a warm account costs (EIP-2929)
    //  9000  what a CALL costs more if it carries value, and 25000 if that creates an account

    constructor() {
        hub = IProxyDeployer(msg.sender);
        (rollupId, target) = IProxyDeployer(msg.sender).proxyParameters();
    }

    /// @dev In assembly because every proxy pays 200 gas for each byte of it; tests/contracts has a twin
    /// in plain Solidity, and a test that both do the same. Does not come back.
    fallback() external payable {
        IProxyDeployer hub_ = hub;
        uint256 rollupId_ = rollupId;
        address target_ = target;
        bytes32 selector = IProxyDeployer.call.selector;
        bytes32 staticSelector = IProxyDeployer.staticCall.selector;
        bytes32 probeSelector = IProxyDeployer.probe.selector;
        bytes32 notEnoughGas = NotEnoughGas.selector;
        assembly ("memory-safe") {
            // All that is written lies behind the free memory pointer, which nobody needs any more.
            let at := mload(64)
            // What came back, as return or revert data.
            function finish(ok, from, size) {
                if ok { return(from, size) }
                revert(from, size)
            }

            let source := caller()
            let value := callvalue()
            let size := calldatasize()
            if eq(source, hub_) {
                switch size
                case 0 {
                    mstore(0, rollupId_)
                    mstore(32, target_)
                    return(0, 64)
                }
                case 1 {
                    source := address()
                    value := selfbalance()
                    size := 0
                }
                default {
                    let to := shr(96, calldataload(0))
                    let given := shr(192, calldataload(20))
                    // Nobody may speak to the hub as a proxy: such a call fails.
                    if eq(to, hub_) {
                        mstore8(at, 1)
                        revert(at, 1)
                    }
                    size := sub(size, 29)
                    calldatacopy(at, 29, size)
                    // Looking at the account makes it warm; so does looking at the one whose code it
                    // borrows (EIP-7702). No balance is 2^256 - 1, but the compiler cannot know and so
                    // does not leave the look out.
                    let own := 300
                    let codeSize := extcodesize(to)
                    if eq(codeSize, 23) {
                        extcodecopy(to, 0, 0, 32)
                        let code := mload(0)
                        if eq(shr(232, code), 0xef0100) {
                            own := add(own, add(100, iszero(not(balance(shr(96, shl(24, code)))))))
                        }
                    }
                    if value {
                        own := add(own, 9000)
                        if iszero(or(codeSize, extcodehash(to))) { own := add(own, 25000) }
                    }
                    let left := gas()
                    if lt(left, own) { revert(0, 0) }
                    left := sub(left, own)
                    if lt(sub(left, shr(6, left)), given) { revert(0, 0) }
                    let ok := 0
                    switch byte(0, calldataload(28))
                    case 0 { ok := call(given, to, value, at, size, 0, 0) }
                    default { ok := staticcall(given, to, at, size, 0, 0) }
                    size := returndatasize()
                    returndatacopy(at, 0, size)
                    mstore8(add(at, size), 1)
                    finish(ok, at, add(size, iszero(ok)))
                }
            }

            let words := shr(5, size)
            if lt(gas(), add(40000, add(mul(20, words), shr(5, mul(words, words))))) {
                mstore(0, notEnoughGas)
                revert(0, 4)
            }
            let isStatic := 0
            if iszero(value) {
                mstore(0, probeSelector)
                isStatic := iszero(call(1000, hub_, 0, 0, 4, 0, 0))
            }
            // abi.encode(source, rollupId, target, data) behind the selector.
            mstore(at, selector)
            if isStatic { mstore(at, staticSelector) }
            mstore(add(at, 4), source)
            mstore(add(at, 36), rollupId_)
            mstore(add(at, 68), target_)
            mstore(add(at, 100), 128)
            mstore(add(at, 132), size)
            calldatacopy(add(at, 164), 0, size)
            size := add(164, and(add(size, 31), not(31)))
            let ok := 0
            switch isStatic
            case 0 { ok := call(gas(), hub_, value, at, size, 0, 0) }
            default { ok := staticcall(gas(), hub_, at, size, 0, 0) }
            returndatacopy(at, 0, returndatasize())
            if iszero(ok) { revert(at, returndatasize()) }
            // abi.encode(bytes): offset, length, data.
            return(add(at, 64), mload(add(at, 32)))
        }
    }
}
