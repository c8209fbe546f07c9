// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Merkle proofs of accounts and storage slots (EIP-1186)
/// @notice Proves what an account, or one of its slots, is in the state with a given root: present, or
/// absent. A proof is the list of nodes from the root towards the key, as `eth_getProof` gives it;
/// nodes shorter than 32 bytes are inside the node before them and not listed. An empty trie proves
/// absence with no nodes.
/// @dev Strict: only the canonical encoding of a trie's nodes is accepted, and nothing before, between
/// or behind them, so that there is one proof of anything. It decides as src/state/proof.c does, and
/// src/rollup/test_storage_proof.c holds the two together on mutated proofs.
library StorageProof {
    /// @notice The first node does not hash to the root.
    error WrongRoot();
    /// @notice A node does not hash to the reference in the node before it.
    error WrongHash(uint256 index);
    /// @notice A node is not the canonical encoding of a trie node.
    error MalformedNode(uint256 index);
    /// @notice The path goes on after the last node.
    error ProofTooShort(uint256 size);
    /// @notice There are nodes after the end of the path.
    error ProofTooLong(uint256 index);
    /// @notice What is found is no account, or no slot's value.
    error WrongValue();

    /// @notice What a state holds of an account. Of one that does not exist, the hashes are those of an
    /// empty trie and of no code.
    struct Account {
        bool exists;
        uint64 nonce;
        uint256 balance;
        bytes32 storageRoot;
        bytes32 codeHash;
    }

    /// @dev keccak256(0x80)
    bytes32 private constant EMPTY_TRIE_ROOT = 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421;
    bytes32 private constant EMPTY_CODE_HASH = keccak256("");
    uint256 private constant KEY_NIBBLES = 64;
    uint256 private constant HASH_PREFIX = 0xa0;

    /// @notice The account in the state with this root; reverts unless the proof is one of it.
    function accountAt(bytes32 stateRoot, address who, bytes[] memory proof)
        internal
        pure
        returns (Account memory account)
    {
        (uint256 at, uint256 size) = _find(stateRoot, keccak256(abi.encodePacked(who)), proof);
        if (size == 0) {
            account.storageRoot = EMPTY_TRIE_ROOT;
            account.codeHash = EMPTY_CODE_HASH;
            return account;
        }
        uint256 end = at + size;
        Item memory list = _read(at, end);
        if (!list.isList || list.next != end || list.isMalformed) revert WrongValue();
        uint256 nonce;
        account.exists = true;
        (nonce, at) = _readNumber(list.at, end, 8);
        account.nonce = uint64(nonce);
        (account.balance, at) = _readNumber(at, end, 32);
        (account.storageRoot, at) = _readHash(at, end);
        (account.codeHash, at) = _readHash(at, end);
        if (at != end) revert WrongValue();
    }

    /// @notice The slot in the storage trie with this root; zero if the proof is one of its absence.
    function slotIn(bytes32 storageRoot, bytes32 slot, bytes[] memory proof) internal pure returns (uint256 value) {
        (uint256 at, uint256 size) = _find(storageRoot, keccak256(abi.encode(slot)), proof);
        if (size == 0) return 0;
        uint256 next;
        (value, next) = _readNumber(at, at + size, 32);
        if (next != at + size || value == 0) revert WrongValue();
    }

    /// @notice A slot of an account in the state with this root; zero where there is none of the two.
    function slotAt(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes[] memory accountProof,
        bytes[] memory storageProof
    ) internal pure returns (uint256 value) {
        return slotIn(accountAt(stateRoot, account, accountProof).storageRoot, slot, storageProof);
    }

    // --- the walk ------------------------------------------------------------------------------------

    /// @dev Where a walk is: what it looks for, how far it has come, and the node to visit next.
    struct Walk {
        uint256 key;
        uint256 depth; // nibbles of the key
        bytes32 hash; // of the node, if it is not inlined
        uint256 at; // of an inlined node; 0: by hash
        uint256 end;
        bool isUnderExtension; // which can only lead to a branch
        bool isOver;
        bool isMalformed;
        uint256 value; // isOver: where it lies; 0: absent
        uint256 valueSize;
    }

    /// @dev The value under a key, in memory; size 0: it is absent.
    function _find(bytes32 root, bytes32 key, bytes[] memory proof) private pure returns (uint256 at, uint256 size) {
        if (root == EMPTY_TRIE_ROOT) {
            if (proof.length != 0) revert ProofTooLong(0);
            return (0, 0);
        }
        Walk memory walk;
        walk.key = uint256(key);
        walk.hash = root;
        uint256 index = 0;
        while (!walk.isOver) {
            if (index == proof.length) revert ProofTooShort(index);
            bytes memory node = proof[index];
            if (keccak256(node) != walk.hash) {
                if (index == 0) revert WrongRoot();
                revert WrongHash(index);
            }
            uint256 begin;
            assembly ("memory-safe") {
                begin := add(node, 32)
            }
            walk.at = begin;
            walk.end = begin + node.length;
            if (index > 0 && node.length < 32) revert MalformedNode(index);
            while (!walk.isOver && walk.at != 0) _visit(walk);
            if (walk.isMalformed) revert MalformedNode(index);
            index++;
        }
        if (index < proof.length) revert ProofTooLong(index);
        return (walk.value, walk.valueSize);
    }

    /// @dev Visits the node at walk.at; afterwards the walk is over, or has the next one.
    function _visit(Walk memory walk) private pure {
        Item memory list = _read(walk.at, walk.end);
        if (list.isMalformed || !list.isList || list.next != walk.end) return _refuse(walk);
        // Two items or seventeen: what has a third is a branch or nothing.
        Item memory first = _read(list.at, walk.end);
        if (!first.isMalformed && !first.isList) {
            Item memory second = _read(first.next, walk.end);
            if (!second.isMalformed && second.next == walk.end) return _visitShort(walk, first, second);
        }
        _visitBranch(walk, list.at);
    }

    /// @dev A leaf or an extension: path, then value or child (Yellow Paper, appendix C).
    function _visitShort(Walk memory walk, Item memory path, Item memory second) private pure {
        if (path.size == 0) return _refuse(walk);
        uint256 first = _byteAt(path.at);
        uint256 flags = first >> 4;
        uint256 odd = flags & 1;
        if (flags > 3 || (odd == 0 && first & 15 != 0)) return _refuse(walk);
        uint256 nibbles = 2 * (path.size - 1) + odd;
        if (nibbles > KEY_NIBBLES) return _refuse(walk);
        bool isLeaf = flags >= 2;
        if (isLeaf) {
            if (second.isList || second.size == 0) return _refuse(walk);
        } else if (nibbles == 0 || _referenceSize(second.start) != second.next - second.start || second.size == 0) {
            return _refuse(walk);
        }
        uint256 depth = walk.depth + nibbles;
        if (walk.isUnderExtension || depth > KEY_NIBBLES) return _refuse(walk);
        uint256 rest = _wordAt(path.at + 1);
        if (odd != 0) rest = (first & 15) << 252 | rest >> 4;
        bool isOnPath = (rest ^ (walk.key << (4 * walk.depth))) >> (256 - 4 * nibbles) == 0;
        if (!isOnPath || (isLeaf && depth != KEY_NIBBLES)) return _end(walk, 0, 0);
        if (isLeaf) return _end(walk, second.at, second.size);
        walk.depth = depth;
        walk.isUnderExtension = true;
        _goTo(walk, second.start);
    }

    /// @dev Sixteen references, then a value that no key of a state ends at.
    function _visitBranch(Walk memory walk, uint256 at) private pure {
        if (walk.depth == KEY_NIBBLES) return _refuse(walk);
        uint256 nibble = walk.key << (4 * walk.depth) >> 252;
        uint256 end = walk.end;
        uint256 child = 0;
        uint256 count = 0;
        for (uint256 i = 0; i < 16; i++) {
            uint256 size = at < end ? _referenceSize(at) : 0;
            if (size == 0 || size > end - at) return _refuse(walk);
            if (size > 1) {
                count++;
                if (i == nibble) child = at;
            }
            at += size;
        }
        Item memory value = _read(at, end);
        if (value.isMalformed || value.isList || value.next != end) return _refuse(walk);
        if (count + (value.size != 0 ? 1 : 0) < 2) return _refuse(walk);
        if (child == 0) return _end(walk, 0, 0);
        walk.depth++;
        walk.isUnderExtension = false;
        _goTo(walk, child);
    }

    /// @dev Goes on to the node of a reference: a hash, or the node itself.
    function _goTo(Walk memory walk, uint256 at) private pure {
        if (_byteAt(at) == HASH_PREFIX) {
            walk.hash = bytes32(_wordAt(at + 1));
            walk.at = 0;
        } else {
            walk.end = at + _referenceSize(at);
            walk.at = at;
        }
    }

    function _end(Walk memory walk, uint256 value, uint256 size) private pure {
        walk.isOver = true;
        walk.value = value;
        walk.valueSize = size;
    }

    function _refuse(Walk memory walk) private pure {
        walk.isOver = true;
        walk.isMalformed = true;
    }

    // --- RLP -----------------------------------------------------------------------------------------

    struct Item {
        bool isMalformed; // the rest is then unset
        bool isList;
        uint256 start; // with its prefix
        uint256 at; // of its payload
        uint256 size;
        uint256 next;
    }

    /// @dev The size of a reference (or of no child) by its first byte; 0 if it is neither. The shortest
    /// node is a leaf of an empty path and one byte: c2 20 01.
    function _referenceSize(uint256 at) private pure returns (uint256) {
        uint256 first = _byteAt(at);
        if (first == HASH_PREFIX) return 33;
        if (first == 0x80) return 1;
        if (first < 0xc2 || first > 0xde) return 0;
        return first - 0xc0 + 1;
    }

    /// @dev The item at this place, in its only encoding.
    function _read(uint256 at, uint256 end) private pure returns (Item memory item) {
        if (at >= end) {
            item.isMalformed = true;
            return item;
        }
        uint256 first = _byteAt(at);
        item.start = at;
        item.isList = first >= 0xc0;
        if (first < 0x80) {
            item.at = at;
            item.size = 1;
        } else {
            uint256 short = first - (item.isList ? 0xc0 : 0x80);
            item.at = at + 1;
            item.size = short;
            if (short > 55) {
                uint256 sizeSize = short - 55;
                item.at += sizeSize;
                if (item.at > end) {
                    item.isMalformed = true;
                    return item;
                }
                item.size = _wordAt(at + 1) >> (256 - 8 * sizeSize);
                item.isMalformed = item.size <= 55 || _byteAt(at + 1) == 0;
            }
        }
        item.next = item.at + item.size;
        if (item.next > end || item.isMalformed) item.isMalformed = true;
        else if (first == 0x81 && _byteAt(item.at) < 0x80) item.isMalformed = true;
    }

    function _readNumber(uint256 at, uint256 end, uint256 sizeMax) private pure returns (uint256 value, uint256 next) {
        Item memory item = _read(at, end);
        if (item.isMalformed || item.isList || item.size > sizeMax) revert WrongValue();
        if (item.size != 0) {
            if (_byteAt(item.at) == 0) revert WrongValue();
            value = _wordAt(item.at) >> (256 - 8 * item.size);
        }
        next = item.next;
    }

    function _readHash(uint256 at, uint256 end) private pure returns (bytes32 value, uint256 next) {
        Item memory item = _read(at, end);
        if (item.isMalformed || item.isList || item.size != 32) revert WrongValue();
        return (bytes32(_wordAt(item.at)), item.next);
    }

    function _byteAt(uint256 at) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, mload(at))
        }
    }

    function _wordAt(uint256 at) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(at)
        }
    }
}
