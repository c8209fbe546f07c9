// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Gas figures that are part of actions
/// @notice Figures measured on the parent keep their four leading bits, so that the key of an entry
/// does not hang on which slots happen to be warm.
library Gas {
    function lead4Down(uint256 figure) internal pure returns (uint256) {
        uint256 shift = _shiftOf(figure);
        return figure >> shift << shift;
    }

    function lead4Up(uint256 figure) internal pure returns (uint256) {
        uint256 shift = _shiftOf(figure);
        uint256 down = figure >> shift << shift;
        return down == figure ? figure : down + (1 << shift);
    }

    /// @dev How many bits are below the four leading ones. `figure` is below 2^64.
    function _shiftOf(uint256 figure) private pure returns (uint256 shift) {
        unchecked {
            if (figure >= 1 << 36) (figure, shift) = (figure >> 32, 32);
            if (figure >= 1 << 20) (figure, shift) = (figure >> 16, shift + 16);
            if (figure >= 1 << 12) (figure, shift) = (figure >> 8, shift + 8);
            if (figure >= 1 << 8) (figure, shift) = (figure >> 4, shift + 4);
            if (figure >= 1 << 6) (figure, shift) = (figure >> 2, shift + 2);
            if (figure >= 1 << 5) (figure, shift) = (figure >> 1, shift + 1);
            if (figure >= 1 << 4) shift++;
        }
    }
}
