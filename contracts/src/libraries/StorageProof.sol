// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";

library StorageProof {
    function slotAt(bytes32 stateRoot, address account, bytes32 slot, bytes[] memory accountProof, bytes[] memory storageProof)
        internal
        pure
        returns (uint256 value)
    {
        bytes memory a = TrieProof.traverse(stateRoot, bytes.concat(keccak256(abi.encodePacked(account))), accountProof);
        Memory.Slice[] memory fields = RLP.decodeList(a);
        bytes32 root = RLP.readBytes32(fields[2]);
        bytes memory v = TrieProof.traverse(root, bytes.concat(keccak256(abi.encode(slot))), storageProof);
        return RLP.decodeUint256(v);
    }
}
