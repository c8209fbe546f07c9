// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice What a proxy needs of the contract that deployed it: the Hub, or a rollup's L2Hub.
interface IProxyDeployer {
    /// @notice From the proxy of (rollupId, target): a call of `source` to what the proxy stands for.
    /// The selector is followed by rollupId 8 ‖ target 20 ‖ source 20 ‖ the call's data. What it
    /// returns or reverts with are the bytes of the remote contract, and nothing else.
    function enter() external payable;
}

/// @title The local stand-in of a contract on another chain
/// @notice A proxy passes (msg.sender, msg.data, msg.value) to its hub and gives back exactly what comes
/// back: the same return bytes, the same revert bytes. Below a floor of gas it reverts NotEnoughGas:
/// running out of it on the way to the hub's own accounting would look like a failure of the remote
/// contract. What its hub calls it with is an order instead, to make a call in its own name:
///
///   target 32 ‖ gas 32 ‖ gas needed 32 ‖ value 32 ‖ calldata
///
/// It returns what the target returned. If the target failed, the proxy reverts with what the target
/// reverted with and the byte 1 behind it, so that the ether goes back with the revert. If there is
/// less gas left than is needed for the target to have its gas exactly, or the proxy ran out of gas
/// around the call, there is no revert data at all.
///
/// @dev Every proxy pays 200 gas for each byte of its code, so it is written by hand; tests/contracts
/// has a twin in plain Solidity, and a test that both do the same. The code that follows is that of
/// a proxy without its hub (at 1) and without what it stands for (at 45: the selector of `enter` 4 ‖
/// rollupId 8 ‖ target 20). scripts/contracts.mjs reads it from here for src/rollup/proxy.c.
library ProxyCode {
    uint256 internal constant SIZE = 183;
    uint256 internal constant IDENTITY_OFFSET = 45;

    // 73 hub 80 33 14 60 80 57          an order, if the caller is the hub
    // 36 80 02 60 0f 1c 36 01 61 9c40 01 5a 10 60 73 57
    //                                   gas < 40000 + size + size² / 32768: not enough
    // 7f identity 5f 52                 selector ‖ rollupId ‖ target
    // 33 60 60 1b 60 20 52              ‖ caller
    // 36 5f 60 34 37                    ‖ calldata
    // 5f 5f 36 60 34 01 5f 34 85 5a f1  CALL the hub, with the value and all gas
    // 3d 5f 5f 3e 3d 5f 82 60 71 57 fd  revert with what came back,
    // 5b f3                        (71) or return it
    // 5b 63 dd629f86 5f 52 60 04 60 1c fd
    //                              (73) revert NotEnoughGas()
    // 5b 60 80 36 03 80 60 80 5f 37
    //                              (80) an order: its calldata
    // 60 40 35 5a 10 60 b3 57           gas < gas needed: nothing is done
    // 5f 5f 82 5f 60 60 35 5f 35 60 20 35 f1
    //                                   CALL the target, with value and gas as ordered
    // 3d 5f 5f 3e 3d 5f 82 60 71 57     return what came back,
    // 60 01 3d 53 60 01 3d 01 5f fd     or revert with it and the byte 1 behind it
    // 5b 5f 5f fd                  (b3) revert without data
    //
    // Here in words, behind init code that returns it: 60 b7 80 60 09 3d 39 3d f3.
    uint256 private constant INIT_SIZE = 192;
    uint256 private constant CODE_0 = 0x60b78060093d393df37300000000000000000000000000000000000000008033;
    uint256 private constant CODE_32 = 0x14608057368002600f1c3601619c40015a106073577f00000000000000000000;
    uint256 private constant CODE_86 = 0x5f523360601b602052365f6034375f5f366034015f34855af13d5f5f3e3d5f82;
    uint256 private constant CODE_118 = 0x607157fd5bf35b63dd629f865f526004601cfd5b608036038060805f37604035;
    uint256 private constant CODE_150 = 0x5a1060b3575f5f825f6060355f35602035f13d5f5f3e3d5f8260715760013d53;
    uint256 private constant CODE_182 = 0x60013d015ffd5b5f5ffd00000000000000000000000000000000000000000000;

    /// @notice Where this contract's proxy of (rollupId, target) is, or would be.
    function addressOf(uint64 rollupId, address target) internal view returns (address) {
        return _addressOf(_initCode(rollupId, target));
    }

    /// @notice Puts it in place unless it is there.
    function create(uint64 rollupId, address target) internal returns (address proxy, bool isNew) {
        uint256 code = _initCode(rollupId, target);
        proxy = _addressOf(code);
        isNew = proxy.code.length == 0;
        if (isNew) {
            assembly ("memory-safe") {
                // It can only fail for lack of gas, and then so does what comes next.
                if iszero(create2(0, code, INIT_SIZE, 0)) { revert(0, 0) }
            }
        }
    }

    /// @notice Whom an account stands for, if it is a proxy of this contract. Nothing is asked of it:
    /// proxies have one size, and what the code says must give the account's own address. Else zeros:
    /// any contract may have that size.
    function identityOf(address account) internal view returns (bool isProxy, uint64 rollupId, address target) {
        if (account.code.length != SIZE) return (false, 0, address(0));
        uint256 word;
        assembly ("memory-safe") {
            extcodecopy(account, 0, IDENTITY_OFFSET, 32)
            word := mload(0)
        }
        rollupId = uint64(word >> 160);
        target = address(uint160(word));
        isProxy = addressOf(rollupId, target) == account;
        if (!isProxy) return (false, 0, address(0));
    }

    /// @dev The init code, behind the free memory pointer.
    function _initCode(uint64 rollupId, address target) private view returns (uint256 at) {
        uint256 identity = uint256(uint32(IProxyDeployer.enter.selector)) << 224 | uint256(rollupId) << 160 | uint160(target);
        assembly ("memory-safe") {
            at := mload(64)
            mstore(at, or(CODE_0, shl(16, address())))
            mstore(add(at, 32), CODE_32)
            mstore(add(at, 54), identity)
            mstore(add(at, 86), CODE_86)
            mstore(add(at, 118), CODE_118)
            mstore(add(at, 150), CODE_150)
            mstore(add(at, 182), CODE_182)
        }
    }

    /// @dev CREATE2 with salt 0.
    function _addressOf(uint256 code) private view returns (address proxy) {
        assembly ("memory-safe") {
            let codeHash := keccak256(code, INIT_SIZE)
            let at := add(code, 224)
            mstore(at, or(shl(248, 0xff), shl(88, address())))
            mstore(add(at, 21), 0)
            mstore(add(at, 53), codeHash)
            proxy := and(keccak256(at, 85), 0xffffffffffffffffffffffffffffffffffffffff)
        }
    }
}
