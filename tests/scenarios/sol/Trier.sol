// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Makes calls as it is told. A call to itself is a frame of its own, which can fail.
contract Trier {
    struct Try {
        address to;
        uint256 value;
        bytes data;
        bool isCaught; // a failure does not end the frame
    }

    error Done(uint256 count);

    event Ran(uint256 count, uint256 failures);

    uint256 public count; // of frames that were not undone
    uint256 public failures; // of calls, likewise

    receive() external payable {}

    /// fails: at the end, with Done.
    function run(Try[] calldata tries, bool fails) external payable returns (bytes[] memory results) {
        count++;
        results = new bytes[](tries.length);
        for (uint256 i = 0; i < tries.length; i++) {
            bool ok;
            (ok, results[i]) = tries[i].to.call{value: tries[i].value}(tries[i].data);
            if (!ok && !tries[i].isCaught) _rethrow(results[i]);
            if (!ok) failures++;
        }
        if (fails) revert Done(tries.length);
        emit Ran(count, failures);
    }

    function _rethrow(bytes memory data) private pure {
        assembly ("memory-safe") {
            revert(add(data, 32), mload(data))
        }
    }
}
