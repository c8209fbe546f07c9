// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice A price that may rest on other prices; reading it writes nothing anywhere.
contract Feed {
    uint256 public base;
    uint256 public lastSeen;

    constructor(uint256 base_) {
        base = base_;
    }

    /// @notice Our own, and those along the path.
    function price(Feed[] calldata path) external view returns (uint256) {
        return path.length == 0 ? base : base + path[0].price(path[1:]);
    }

    /// @notice Looks, and keeps what was seen.
    function look(Feed[] calldata path) external returns (uint256) {
        lastSeen = path[0].price(path[1:]);
        return lastSeen;
    }

    /// @notice A view that writes behind its interface: refused wherever it is.
    function lookAtLiar(Liar liar) external returns (bool isRefused) {
        try liar.price() {} catch {
            isRefused = true;
        }
        lastSeen++;
    }
}

interface Liar {
    function price() external view returns (uint256);
}

contract WritingLiar {
    uint256 public reads;

    function price() external returns (uint256) {
        return ++reads;
    }
}
