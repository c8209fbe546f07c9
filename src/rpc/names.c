#include "rpc/names.h"

#include "core/hex.h"
#include "rpc/abi_text.h"
#include "rpc/json_reader.h"

#include <stdlib.h>

/* Solidity's own, those of our contracts, and the ledger's (tests/known_names.test.mjs
 * compares). */
static const char *const known_errors[] = {
    "AlreadyDelivered(bytes32 id)",
    "AlreadyGivenUp(bytes32 id)",
    "AlreadyOver(bytes32 id)",
    "AlreadyPaid(bytes32 id, address payer)",
    "AlreadyRecalled(bytes32 id)",
    "AnchorBelowLast(uint64 anchorNumber, uint64 last)",
    "AnchorNotPast(uint64 anchorNumber, uint256 blockNumber)",
    "AnchorOlder(uint64 number, uint64 latest)",
    "AnchorTooOld(uint64 anchorNumber, uint256 blockNumber)",
    "BadAttester(uint256 index, address attester)",
    "BadLength(uint256 size)",
    "BadSignature()",
    "BadSignature(uint256 index)",
    "BadSystem(uint256 index, address system)",
    "BadThreshold(uint256 threshold, uint256 attesters)",
    "BadThreshold(uint256 threshold, uint256 systems)",
    "BadTransitions(uint256 entryIndex)",
    "BalanceTooLow(uint64 rollupId, uint256 balance, uint256 needed)",
    "BatchInsideLoop()",
    "CallInForcedTransaction()",
    "CallerIsProxy(uint64 rollupId, address target)",
    "ChainNamed(uint256 chainId)",
    "DeadlineWithEarly(uint64 deadline)",
    "ECDSAInvalidSignature()",
    "ECDSAInvalidSignatureLength(uint256 length)",
    "ECDSAInvalidSignatureS(bytes32 s)",
    "ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
    "ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
    "ERC20InvalidApprover(address approver)",
    "ERC20InvalidReceiver(address receiver)",
    "ERC20InvalidSender(address sender)",
    "ERC20InvalidSpender(address spender)",
    "ERC2612ExpiredSignature(uint256 deadline)",
    "ERC2612InvalidSigner(address signer, address owner)",
    "ERC721IncorrectOwner(address sender, uint256 tokenId, address owner)",
    "ERC721InsufficientApproval(address operator, uint256 tokenId)",
    "ERC721InvalidApprover(address approver)",
    "ERC721InvalidOperator(address operator)",
    "ERC721InvalidOwner(address owner)",
    "ERC721InvalidReceiver(address receiver)",
    "ERC721InvalidSender(address sender)",
    "ERC721NonexistentToken(uint256 tokenId)",
    "EarlyFeeTooHigh(uint256 fee, uint256 amount)",
    "EntryNotFound(uint64 rollupId, bytes32 head, bytes32 actionHash)",
    "Error(string)",
    "EtherMismatch(bytes32 entryHash)",
    "EtherRefused(address to)",
    "FeeNotPaid(uint256 value, uint256 fee)",
    "ForceFeeTooLow(uint256 fee, uint256 given)",
    "ForcedDue(uint64 rollupId, uint256 index)",
    "ForcedMissing(uint64 rollupId, uint256 index)",
    "ForcedTooLong(uint256 size, uint256 sizeMax)",
    "ForcingOff(uint64 rollupId)",
    "InteroperableAddressParsingError(bytes)",
    "InvalidAccountNonce(address account, uint256 currentNonce)",
    "InvalidShortString()",
    "MalformedArguments()",
    "MalformedBatch(uint256 at)",
    "MalformedNode(uint256 index)",
    "MessageAlreadyBroadcasted(bytes32 message, address publisher)",
    "MessageNotReceived(bytes32 slot)",
    "MessageNotSent(bytes32 slot)",
    "NoParent()",
    "NoValueHere()",
    "NotAProxy(address caller)",
    "NotAcknowledged(address recipient)",
    "NotAnAttester(uint256 index, address signer)",
    "NotAnErc20(address token)",
    "NotAnchored(uint256 number)",
    "NotAnchoredYet()",
    "NotCovered(uint64 rollupId)",
    "NotEarly(bytes32 id, uint64 until)",
    "NotEnoughGas()",
    "NotEnoughGas(uint256 needed)",
    "NotEnoughGasToRead()",
    "NotFailed(bytes32 id)",
    "NotForThisChain()",
    "NotIdle(uint64 rollupId)",
    "NotInARead()",
    "NotLocked(uint64 rollupId, address token, uint256 amount)",
    "NotOfTheBridge(address sender)",
    "NotRemote()",
    "NotRemote(uint64 rollupId)",
    "NotTheAccount(address caller)",
    "NotTheBridge(address caller)",
    "NotTheMessenger(address caller)",
    "NotTheOwner(address caller)",
    "NotTheOwner(uint64 rollupId, address signer)",
    "NotTheSystem(address caller)",
    "NotUpdated(uint64 rollupId)",
    "NotYet(bytes32 id, uint64 deadline)",
    "NothingReceived(address token)",
    "NothingThere(address target)",
    "NothingToSweep(uint64 rollupId, address target)",
    "OnlySelf()",
    "OutActionUnexpected()",
    "OwnableUnauthorizedAccount(address account)",
    "PaidTooLittle(address token, uint256 paid, uint256 due)",
    "Panic(uint256)",
    "ParentCallFailed(address target)",
    "ProofRefused(address system)",
    "ProofTooLong(uint256 index)",
    "ProofTooShort(uint256 size)",
    "ProxyMissing(uint64 rollupId, address target)",
    "ReentrancyGuardReentrantCall()",
    "SafeERC20FailedOperation(address token)",
    "ScopeMissing(uint64 rollupId, bytes32 head)",
    "SignersNotAscending(uint256 index)",
    "StringTooLong(string str)",
    "SupplyOverflow()",
    "SystemRefused(uint256 system)",
    "SystemsNotAscending(uint256 index)",
    "TimestampOutOfRange(uint64 timestamp)",
    "TokenRollup(uint64 rollupId)",
    "TooDeep()",
    "TooFewProofs(uint256 have, uint256 need)",
    "TooFewSignatures(uint256 have, uint256 need)",
    "Undo(uint64 rollupId, bytes32 head, bytes32 reverted)",
    "UnexpectedAction()",
    "UnknownChain(uint64 rollupId)",
    "UnknownChainId(uint256 chainId)",
    "UnknownOperation()",
    "UnknownRollup(uint64 rollupId)",
    "UnknownRoot(uint64 rollupId, bytes32 root)",
    "UnknownSystem(uint256 system)",
    "UnknownToken(uint64 rollupId, address token)",
    "UnsupportedAttribute(bytes4 selector)",
    "ValueMismatch(uint256 value, uint256 expected)",
    "WriteInStaticCall()",
    "WrongHash(uint256 index)",
    "WrongProofSystem(uint64 rollupId)",
    "WrongRoot()",
    "WrongValue()",
};

/* Those of the Hub and the L2Hub. */
/* NOLINTBEGIN(bugprone-suspicious-missing-comma): signatures longer than a line. */
static const char *const known_functions[] = {
    "FORCED_GAS()(uint256)",
    "FORCED_MAX()(uint256)",
    "FORCED_SIZE_MAX()(uint256)",
    "FORCED_TX_GAS()(uint256)",
    "FORCE_FEE_MIN()(uint256)",
    "MAX_ANCHOR_LAG()(uint256)",
    "ROOT_CHAINS()(uint256)",
    "balanceOf(uint64 rollupId)(uint256)",
    "createProxy(uint64 rollupId, address target)(address proxy)",
    "credit(uint64 rollupId)()",
    "debit(uint64 rollupId, uint256 value)()",
    "enter()()",
    "forceFee(uint64 rollupId)(uint256)",
    "forceTransaction(uint64 rollupId, bytes transaction)(uint256 index)",
    "forcedCount(uint64 rollupId)(uint64 length, uint64 taken)",
    "head(uint64 rollupId)(bytes32)",
    "isRoot(uint64 rollupId, bytes32 root, uint256 index, bytes32 before,"
    " bytes32[] later)(bool)",
    "lookup(uint64 rollupId, bytes32, (uint8,uint64,address,uint64,address,uint256,"
    "uint64,bool,bool,bytes), uint256 alternative, uint256 key)()",
    "messengerOf(uint64 rollupId)(address)",
    "postBatch(bytes batch, (address,uint64[],bytes)[])()",
    "postBatchTransient(bytes batch, (address,uint64[],bytes)[])()",
    "proxyOf(uint64 rollupId, address target)(address)",
    "register(address system, bytes32 vkey, bytes32 head_, address owner, (bool,"
    "address,uint32))(uint64 rollupId)",
    "rollup(uint64 rollupId)((bytes32,uint48,uint48,uint48,uint48,uint32,bool,uint256,"
    "address,bytes32,address,address,uint32))",
    "rollupCount()(uint64)",
    "run()()",
    "runStatic()()",
    "scoped()()",
    "sweep(uint64 rollupId, address target)()",
    "takeForced(uint64 rollupId, uint256 number)(bytes32 chain)",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

enum name_kind { NAME_ADDRESS, NAME_FUNCTION, NAME_ERROR };

struct name_row {
    enum name_kind kind;
    bool has_chain;
    uint64_t chain_id;   /* if has_chain */
    address who;         /* NAME_ADDRESS */
    uint8_t selector[4]; /* the others */
    char *text;          /* owned */
};

static enum err add_row(struct names *names, struct name_row row, bytes text) {
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 64 : 2 * names->capacity;
        struct name_row *rows = realloc(names->rows, capacity * sizeof *rows);
        if (rows == NULL) return ERR_MEMORY;
        names->rows = rows;
        names->capacity = capacity;
    }
    row.text = malloc(text.size + 1);
    if (row.text == NULL) return ERR_MEMORY;
    if (text.size > 0) memcpy(row.text, text.data, text.size);
    row.text[text.size] = 0;
    names->rows[names->count++] = row;
    return ERR_OK;
}

static enum err add_signature(struct names *names, enum name_kind kind, bytes text) {
    char signature[ABI_SIGNATURE_SIZE_MAX + 1];
    struct name_row row = {.kind = kind};
    if (text.size >= sizeof signature) return ERR_INPUT;
    if (text.size > 0) memcpy(signature, text.data, text.size);
    signature[text.size] = 0;
    if (!abi_selector(row.selector, signature)) return ERR_INPUT;
    return add_row(names, row, text);
}

static enum err
add_known(struct names *names, enum name_kind kind, const char *const *signatures, size_t count) {
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = add_signature(names, kind, bytes_of(signatures[i], strlen(signatures[i])));
    return err;
}

enum err names_open(struct names *names) {
    *names = (struct names){0};
    enum err err =
        add_known(names, NAME_ERROR, known_errors, sizeof known_errors / sizeof known_errors[0]);
    if (err == ERR_OK)
        err = add_known(
            names,
            NAME_FUNCTION,
            known_functions,
            sizeof known_functions / sizeof known_functions[0]
        );
    if (err != ERR_OK) names_close(names);
    return err;
}

void names_close(struct names *names) {
    for (size_t i = 0; i < names->count; i++)
        free(names->rows[i].text);
    free(names->rows);
    *names = (struct names){0};
}

/* --- the file --------------------------------------------------------------------------------- */

struct reader {
    struct names *names;
    struct json json;
    struct arena arena;
    const char *problem;
};

static enum err refuse(struct reader *r, const char *problem) {
    r->problem = problem;
    return ERR_INPUT;
}

/* "0x…" or "chainId:0x…", the chain id in decimal. */
static bool parse_place(struct name_row *row, bytes key) {
    const char *text = (const char *)key.data;
    const char *colon = key.size > 0 ? memchr(text, ':', key.size) : NULL;
    if (colon != NULL) {
        u256 chain_id;
        size_t size = (size_t)(colon - text);
        if (u256_from_decimal(&chain_id, text, size) != 0 || !u256_fits_u64(&chain_id))
            return false;
        row->has_chain = true;
        row->chain_id = chain_id.w[0];
        key = bytes_slice(key, size + 1, key.size);
        text = colon + 1;
    }
    return key.size == 42 && hex_decode_exact(row->who.b, 20, text, key.size) == ERR_OK;
}

static enum err read_signatures(struct reader *r, enum name_kind kind, uint32_t list) {
    if (json_kind(&r->json, list) != JSON_ARRAY)
        return refuse(r, "\"functions\" and \"errors\" are lists of signatures");
    uint32_t end = r->json.tokens[list].next;
    for (uint32_t item = list + 1; item < end; item = r->json.tokens[item].next) {
        bytes text;
        if (json_kind(&r->json, item) != JSON_STRING)
            return refuse(r, "\"functions\" and \"errors\" are lists of signatures");
        enum err err = json_unescape(&text, &r->arena, &r->json, item);
        if (err == ERR_OK) err = add_signature(r->names, kind, text);
        if (err == ERR_INPUT) return refuse(r, "a signature reads like transfer(address,uint256)");
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

static enum err read_member(struct reader *r, uint32_t key, uint32_t value) {
    if (json_string_is(&r->json, key, "functions")) return read_signatures(r, NAME_FUNCTION, value);
    if (json_string_is(&r->json, key, "errors")) return read_signatures(r, NAME_ERROR, value);
    bytes place;
    bytes text;
    enum err err = json_unescape(&place, &r->arena, &r->json, key);
    if (err != ERR_OK) return err;
    struct name_row row = {.kind = NAME_ADDRESS};
    if (!parse_place(&row, place))
        return refuse(r, "keys are addresses, chainId:address, \"functions\" or \"errors\"");
    if (json_kind(&r->json, value) != JSON_STRING)
        return refuse(r, "the name of an address is a string");
    err = json_unescape(&text, &r->arena, &r->json, value);
    return err == ERR_OK ? add_row(r->names, row, text) : err;
}

static enum err read_file(struct reader *r, bytes text) {
    enum err err = json_parse(&r->json, (const char *)text.data, text.size);
    if (err == ERR_INPUT || err == ERR_LIMIT) return refuse(r, "it is not JSON");
    if (err != ERR_OK) return err;
    if (json_kind(&r->json, 0) != JSON_OBJECT) return refuse(r, "it must be a JSON object");
    uint32_t key = 1;
    while (err == ERR_OK && key < r->json.count) {
        err = read_member(r, key, key + 1);
        key = r->json.tokens[key + 1].next;
    }
    return err;
}

enum err names_add(struct names *names, const char **problem, bytes json) {
    struct reader r = {.names = names};
    json_open(&r.json);
    arena_open(&r.arena, 2 * (size_t)NAMES_FILE_SIZE_MAX);
    enum err err = read_file(&r, json);
    if (err == ERR_INPUT) *problem = r.problem;
    arena_close(&r.arena);
    json_close(&r.json);
    return err;
}

/* --- lookup ----------------------------------------------------------------------------------- */

const char *names_address(const struct names *names, uint64_t chain_id, const address *who) {
    const char *of_all = NULL;
    for (size_t i = names->count; i-- > 0;) {
        const struct name_row *row = &names->rows[i];
        if (row->kind != NAME_ADDRESS || !address_equal(&row->who, who)) continue;
        if (row->has_chain && row->chain_id == chain_id) return row->text;
        if (!row->has_chain && of_all == NULL) of_all = row->text;
    }
    return of_all;
}

static const char *
find_selector(const struct names *names, enum name_kind kind, const uint8_t selector[4]) {
    for (size_t i = names->count; i-- > 0;) {
        const struct name_row *row = &names->rows[i];
        if (row->kind == kind && memcmp(row->selector, selector, 4) == 0) return row->text;
    }
    return NULL;
}

const char *names_function(const struct names *names, const uint8_t selector[4]) {
    return find_selector(names, NAME_FUNCTION, selector);
}

const char *names_error(const struct names *names, const uint8_t selector[4]) {
    return find_selector(names, NAME_ERROR, selector);
}
