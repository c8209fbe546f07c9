// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILedger} from "examples/ledger/ILedger.sol";

/// Its ABI, for the tests.
interface Ledger is ILedger {}
