/* conformance/exception.c: see exception.h. */
#include "conformance/exception.h"

#include <string.h>

/* Whether the list a|b|c has this word. */
static bool has_word(const char *words, const char *word) {
    size_t size = strlen(word);
    while (size > 0) {
        const char *end = strchr(words, '|');
        size_t length = end != NULL ? (size_t)(end - words) : strlen(words);
        if (length == size && memcmp(words, word, size) == 0) return true;
        if (end == NULL) break;
        words = end + 1;
    }
    return false;
}

/* retesteth's words for transactions, and those of execution-spec-tests with wider meanings. */
static const struct {
    const char *word;
    enum tx_verdict verdict;
} TX_WORDS[] = {
    {"TransactionException.RLP_INVALID_VALUE", TX_VALUE_OVERFLOW}, /* the word of all decoding */
    {"TransactionException.TYPE_NOT_SUPPORTED", TX_TYPE_2_PRE_FORK},
    {"TR_TypeNotSupported", TX_TYPE_UNKNOWN},
    {"TR_TypeNotSupported", TX_TYPE_1_PRE_FORK},
    {"TR_TypeNotSupported", TX_TYPE_2_PRE_FORK},
    {"TR_TypeNotSupported", TX_TYPE_3_PRE_FORK},
    {"TR_NoFunds", TX_FUNDS},
    {"TR_NoFunds", TX_FEE_OVERFLOW},
    {"TR_NoFundsX", TX_FUNDS},
    {"TR_NoFundsX", TX_FEE_OVERFLOW},
    {"TR_NoFundsOrGas", TX_FUNDS},
    {"TR_NoFundsOrGas", TX_INTRINSIC_GAS},
    {"SenderNotEOA", TX_SENDER_NOT_EOA},
    {"IntrinsicGas", TX_INTRINSIC_GAS},
    {"TR_IntrinsicGas", TX_INTRINSIC_GAS},
    {"TR_RLP_WRONGVALUE", TX_VALUE_OVERFLOW},
    {"TR_FeeCapLessThanBlocks", TX_FEE_CAP},
    {"TR_FeeCapLessThanBlocksORNoFunds", TX_FEE_CAP},
    {"TR_FeeCapLessThanBlocksORNoFunds", TX_FUNDS},
    {"TR_FeeCapLessThanBlocksORGasLimitReached", TX_FEE_CAP},
    {"TR_FeeCapLessThanBlocksORGasLimitReached", TX_GAS_ALLOWANCE},
    {"BlockGasLimitReached", TX_GAS_ALLOWANCE},
    {"TR_NonceHasMaxValue", TX_NONCE_MAX},
    {"TR_NonceTooLow", TX_NONCE_LOW},
    {"TR_NonceTooHigh", TX_NONCE_HIGH},
    {"TR_TipGtFeeCap", TX_TIP_ABOVE_FEE_CAP},
    {"TR_GasLimitReached", TX_GAS_ALLOWANCE},
    {"TR_InitCodeLimitExceeded", TX_INITCODE_SIZE},
    {"TR_EMPTYBLOB", TX_NO_BLOBS},
};

/* retesteth's words for blocks, and those of execution-spec-tests that mean several things. */
static const struct {
    const char *word;
    enum block_verdict verdict;
} BLOCK_WORDS[] = {
    {"1559BlockImportImpossible_BaseFeeWrong", BLOCK_BASE_FEE},
    {"3675PreParis1559BlockRejected", BLOCK_MERGED},
    {"3675PreParis1559BlockRejected", BLOCK_OMMERS_UNEXPECTED},
    {"BlockException.IMPORT_IMPOSSIBLE_LONDON_WRONG_PARENT", BLOCK_FORMAT},
    {"BlockException.IMPORT_IMPOSSIBLE_LEGACY", BLOCK_FORMAT},
    {"BlockException.IMPORT_IMPOSSIBLE_LEGACY_WRONG_PARENT", BLOCK_FORMAT},
    {"BlockException.IMPORT_IMPOSSIBLE_PARIS_OVER_SHANGHAI", BLOCK_FORMAT},
    {"BlockException.IMPORT_IMPOSSIBLE_PARIS_OVER_SHANGHAI", BLOCK_WITHDRAWALS_UNEXPECTED},
    {"BlockException.IMPORT_IMPOSSIBLE_SHANGHAI", BLOCK_FORMAT},
    {"BlockException.INVALID_DIFFICULTY", BLOCK_MERGED},
    {"BlockException.UNKNOWN_PARENT_ZERO", BLOCK_PARENT_UNKNOWN},
    {"BlockGasLimitReached", BLOCK_GAS_USED_OVERFLOW},
    {"ExtraDataTooBig", BLOCK_EXTRA_DATA_SIZE},
    {"INPUT_UNMARSHAL_ERROR", BLOCK_RLP},
    {"InvalidBlockNonce", BLOCK_PROOF_OF_WORK},
    {"InvalidDifficulty", BLOCK_DIFFICULTY},
    {"InvalidGasLimit", BLOCK_GAS_LIMIT},
    {"InvalidGasLimit", BLOCK_GAS_LIMIT_MAX},
    {"InvalidGasLimit2", BLOCK_GAS_LIMIT},
    {"InvalidLogBloom", BLOCK_LOGS_BLOOM},
    {"InvalidNumber", BLOCK_NUMBER},
    {"InvalidReceiptsStateRoot", BLOCK_RECEIPTS_ROOT},
    {"InvalidStateRoot", BLOCK_STATE_ROOT},
    {"InvalidTimestamp", BLOCK_TIMESTAMP},
    {"InvalidTimestampOlderParent", BLOCK_TIMESTAMP},
    {"InvalidTransactionsRoot", BLOCK_TRANSACTIONS_ROOT},
    {"InvalidUncleParentHash", BLOCK_OMMER_PARENT},
    {"InvalidUncleParentHash", BLOCK_OMMER_IS_ANCESTOR},
    {"InvalidUnclesHash", BLOCK_OMMERS_HASH},
    {"InvalidWithdrawals", BLOCK_WITHDRAWALS_ROOT},
    {"PostParisUncleHashIsNotEmpty", BLOCK_OMMERS_UNEXPECTED},
    {"RLP_ExpectedAsList", BLOCK_WITHDRAWALS_MISSING},
    {"TooMuchGasUsed", BLOCK_GAS_USED_OVERFLOW},
    {"TooMuchGasUsed", BLOCK_GAS_LIMIT},
    {"UncleInChain", BLOCK_OMMER_DUPLICATE},
    {"UncleInChain", BLOCK_OMMER_IS_ANCESTOR},
    {"UncleIsAncestor", BLOCK_OMMER_IS_ANCESTOR},
    {"UncleIsBrother", BLOCK_OMMER_IS_BROTHER},
    {"UncleIsBrother", BLOCK_OMMER_DUPLICATE},
    {"UncleParentIsNotAncestor", BLOCK_OMMER_PARENT},
    {"UncleParentIsNotAncestor", BLOCK_OMMER_IS_BROTHER},
    {"UnknownParent", BLOCK_PARENT_UNKNOWN},
    {"UnknownParent2", BLOCK_PARENT_UNKNOWN},
};

bool exception_allows_tx(const char *words, enum tx_verdict verdict) {
    if (has_word(words, tx_verdict_eest(verdict))) return true;
    for (size_t i = 0; i < sizeof TX_WORDS / sizeof TX_WORDS[0]; i++) {
        if (TX_WORDS[i].verdict == verdict && has_word(words, TX_WORDS[i].word)) return true;
    }
    return false;
}

bool exception_allows_block(
    const char *words, enum block_verdict verdict, enum tx_verdict tx_verdict
) {
    if (verdict == BLOCK_TRANSACTION) return exception_allows_tx(words, tx_verdict);
    if (has_word(words, block_verdict_eest(verdict))) return true;
    for (size_t i = 0; i < sizeof BLOCK_WORDS / sizeof BLOCK_WORDS[0]; i++) {
        if (BLOCK_WORDS[i].verdict == verdict && has_word(words, BLOCK_WORDS[i].word)) return true;
    }
    return false;
}
