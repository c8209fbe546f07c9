/* chain/forks.c: see forks.h. Mainnet's numbers are those of execution-specs' fork definitions. */
#include "chain/forks.h"

#include "core/check.h"

/* The deposit contract of mainnet (EIP-6110). */
static const address DEPOSIT_CONTRACT_MAINNET = {{0x00, 0x00, 0x00, 0x00, 0x21, 0x9a, 0xb5,
                                                  0x40, 0x35, 0x6c, 0xbb, 0x83, 0x9c, 0xbe,
                                                  0x05, 0x30, 0x3d, 0x77, 0x05, 0xfa}};

static struct blob_parameters blob_at(const struct fork_schedule *schedule, uint64_t timestamp) {
    struct blob_parameters blob = {0, 0, 0};
    for (unsigned i = 0; i < schedule->blob_count; i++) {
        if (schedule->blobs[i].timestamp > timestamp) break;
        blob = schedule->blobs[i].blob;
    }
    return blob;
}

static uint64_t bomb_at(const struct fork_schedule *schedule, uint64_t number) {
    uint64_t delay = 0;
    for (unsigned i = 0; i < schedule->bomb_count; i++) {
        if (schedule->bombs[i].number > number) break;
        delay = schedule->bombs[i].delay;
    }
    return delay;
}

/* FORK_NEVER is a number that some blocks of tests do have. */
static bool has_begun(uint64_t activation, uint64_t at) {
    return activation != FORK_NEVER && activation <= at;
}

static struct fork_rules rules_at(
    const struct fork_schedule *schedule, uint64_t number, uint64_t timestamp, bool is_merged
) {
    int fork = FORK_FRONTIER;
    for (int f = FORK_FRONTIER; f < FORK_PARIS; f++) {
        if (has_begun(schedule->activation[f], number)) fork = f;
    }
    if (is_merged) {
        fork = FORK_PARIS;
        for (int f = FORK_SHANGHAI; f < FORK_COUNT; f++) {
            if (has_begun(schedule->activation[f], timestamp)) fork = f;
        }
    }
    struct fork_rules rules = {
        .fork = (enum fork)fork,
        .chain_id = schedule->chain_id,
        .bomb_delay = bomb_at(schedule, number),
        .is_dao_block = schedule->dao_block != FORK_NEVER && schedule->dao_block == number,
        .is_dao_extra_data = schedule->dao_block != FORK_NEVER && number >= schedule->dao_block &&
                             number - schedule->dao_block < DAO_EXTRA_DATA_RANGE,
        .deposit_contract = schedule->deposit_contract,
        .names_senders = schedule->names_senders,
        .has_conditional = schedule->has_conditional,
    };
    if (fork >= FORK_CANCUN) rules.blob = blob_at(schedule, timestamp);
    return rules;
}

struct fork_rules
forks_at(const struct fork_schedule *schedule, uint64_t number, uint64_t timestamp) {
    bool is_merged;
    if (schedule->has_terminal_total_difficulty) {
        CHECK(u256_is_zero(&schedule->terminal_total_difficulty));
        is_merged = number > 0;
    } else {
        is_merged = has_begun(schedule->activation[FORK_PARIS], number);
    }
    return rules_at(schedule, number, timestamp, is_merged);
}

struct fork_rules forks_at_difficulty(
    const struct fork_schedule *schedule,
    uint64_t number,
    uint64_t timestamp,
    const u256 *parent_total_difficulty
) {
    bool is_merged = schedule->has_terminal_total_difficulty
                         ? !u256_less(parent_total_difficulty, &schedule->terminal_total_difficulty)
                         : has_begun(schedule->activation[FORK_PARIS], number);
    return rules_at(schedule, number, timestamp, is_merged);
}

enum err forks_set_blob(
    struct fork_schedule *schedule, uint64_t timestamp, struct blob_parameters parameters
) {
    unsigned i = 0;
    while (i < schedule->blob_count && schedule->blobs[i].timestamp < timestamp)
        i++;
    if (i < schedule->blob_count && schedule->blobs[i].timestamp == timestamp) {
        schedule->blobs[i].blob = parameters;
        return ERR_OK;
    }
    if (schedule->blob_count == BLOB_SCHEDULE_MAX) return ERR_LIMIT;
    for (unsigned j = schedule->blob_count; j > i; j--)
        schedule->blobs[j] = schedule->blobs[j - 1];
    schedule->blobs[i] = (struct blob_activation){timestamp, parameters};
    schedule->blob_count++;
    return ERR_OK;
}

static void schedule_open(struct fork_schedule *schedule, uint64_t chain_id) {
    *schedule = (struct fork_schedule){
        .chain_id = chain_id,
        .dao_block = FORK_NEVER,
        .merge_netsplit_block = FORK_NEVER,
        .deposit_contract = DEPOSIT_CONTRACT_MAINNET,
    };
    for (int f = 1; f < FORK_COUNT; f++)
        schedule->activation[f] = FORK_NEVER;
}

static size_t text_size(const char *text) {
    size_t size = 0;
    while (text[size] != '\0')
        size++;
    return size;
}

static bool text_begins(const char *text, const char *prefix) {
    for (; *prefix != '\0'; text++, prefix++) {
        if (*text != *prefix) return false;
    }
    return true;
}

/* What a schedule is made of: the machine's forks, and steps between them that change other numbers
 * only. In order of time. A delay or blob maximum of 0 says "as before". */
enum era_kind { ERA_FORK, ERA_DAO, ERA_BOMB, ERA_BLOB };

struct era {
    const char *name;
    enum era_kind kind;
    enum fork fork;
    uint64_t bomb_delay; /* EIP-649, 1234, 2384, 3554, 4345, 5133 */
    struct blob_parameters blob;
};

static const struct era ERAS[] = {
    {"Frontier", ERA_FORK, FORK_FRONTIER, 0, {0, 0, 0}},
    {"Homestead", ERA_FORK, FORK_HOMESTEAD, 0, {0, 0, 0}},
    {"Dao", ERA_DAO, FORK_HOMESTEAD, 0, {0, 0, 0}},
    {"EIP150", ERA_FORK, FORK_TANGERINE_WHISTLE, 0, {0, 0, 0}},
    {"EIP158", ERA_FORK, FORK_SPURIOUS_DRAGON, 0, {0, 0, 0}},
    {"Byzantium", ERA_FORK, FORK_BYZANTIUM, 3000000, {0, 0, 0}},
    {"Constantinople", ERA_FORK, FORK_CONSTANTINOPLE, 5000000, {0, 0, 0}},
    {"ConstantinopleFix", ERA_FORK, FORK_PETERSBURG, 0, {0, 0, 0}},
    {"Istanbul", ERA_FORK, FORK_ISTANBUL, 0, {0, 0, 0}},
    {"MuirGlacier", ERA_BOMB, FORK_ISTANBUL, 9000000, {0, 0, 0}},
    {"Berlin", ERA_FORK, FORK_BERLIN, 0, {0, 0, 0}},
    {"London", ERA_FORK, FORK_LONDON, 9700000, {0, 0, 0}},
    {"ArrowGlacier", ERA_BOMB, FORK_LONDON, 10700000, {0, 0, 0}},
    {"GrayGlacier", ERA_BOMB, FORK_LONDON, 11400000, {0, 0, 0}},
    {"Paris", ERA_FORK, FORK_PARIS, 0, {0, 0, 0}},
    {"Shanghai", ERA_FORK, FORK_SHANGHAI, 0, {0, 0, 0}},
    {"Cancun", ERA_FORK, FORK_CANCUN, 0, {3, 6, 3338477}}, /* EIP-4844 */
    {"Prague", ERA_FORK, FORK_PRAGUE, 0, {6, 9, 5007716}}, /* EIP-7691 */
    {"Osaka", ERA_FORK, FORK_OSAKA, 0, {6, 9, 5007716}},
    {"BPO1", ERA_BLOB, FORK_OSAKA, 0, {10, 15, 8346193}},  /* EIP-7892; mainnet's values */
    {"BPO2", ERA_BLOB, FORK_OSAKA, 0, {14, 21, 11684671}}, /* mainnet's values */
    {"BPO3", ERA_BLOB, FORK_OSAKA, 0, {21, 32, 20609697}}, /* execution-spec-tests' values */
    {"BPO4", ERA_BLOB, FORK_OSAKA, 0, {14, 21, 13739630}}, /* execution-spec-tests' values */
    {"BPO5", ERA_BLOB, FORK_OSAKA, 0, {14, 21, 13739630}}, /* nobody has given any: as BPO4 */
};
#define ERA_COUNT (sizeof ERAS / sizeof ERAS[0])

/* era_begin adds an era that begins at a block number (timestamp from Shanghai on). All eras before
 * it are in already, so the lists stay ascending; one that begins with another replaces it. */
static void era_begin(struct fork_schedule *schedule, const struct era *era, uint64_t activation) {
    if (era->kind == ERA_DAO) schedule->dao_block = activation;
    if (era->kind == ERA_FORK) schedule->activation[era->fork] = activation;
    if (era->bomb_delay != 0) {
        unsigned i = schedule->bomb_count;
        if (i > 0 && schedule->bombs[i - 1].number == activation) i--;
        CHECK(i < BOMB_SCHEDULE_MAX);
        schedule->bombs[i] = (struct bomb_activation){activation, era->bomb_delay};
        schedule->bomb_count = i + 1;
    }
    if (era->blob.max != 0) {
        enum err err = forks_set_blob(schedule, activation, era->blob);
        CHECK(err == ERR_OK); /* a schedule made from ERAS has at most 8 of them */
    }
}

/* Every era up to ERAS[newest] holds from genesis. The DAO fork is a matter of one chain's history
 * and belongs only to networks that name it. */
static void eras_from_genesis(struct fork_schedule *schedule, size_t newest) {
    for (size_t i = 0; i <= newest; i++) {
        if (ERAS[i].kind != ERA_DAO) era_begin(schedule, &ERAS[i], 0);
    }
}

/* The era that a name at the head of text means; *size is how much of text it takes. */
static size_t era_find(const char *text, size_t *size) {
    static const struct {
        const char *name;
        const char *alias;
    } aliases[] = {
        {"Paris", "Merge"},
        {"ConstantinopleFix", "Petersburg"},
        {"EIP150", "TangerineWhistle"},
        {"EIP158", "SpuriousDragon"},
    };
    size_t found = ERA_COUNT;
    *size = 0;
    for (size_t i = 0; i < ERA_COUNT; i++) {
        const char *names[2] = {ERAS[i].name, NULL};
        for (size_t a = 0; a < sizeof aliases / sizeof aliases[0]; a++) {
            if (text_begins(ERAS[i].name, aliases[a].name) &&
                text_size(ERAS[i].name) == text_size(aliases[a].name))
                names[1] = aliases[a].alias;
        }
        for (size_t n = 0; n < 2 && names[n] != NULL; n++) {
            /* The longest match: "Constantinople" begins "ConstantinopleFix". */
            if (text_begins(text, names[n]) && text_size(names[n]) > *size) {
                found = i;
                *size = text_size(names[n]);
            }
        }
    }
    return found;
}

/* Decimal or, for difficulties, hexadecimal digits to the end of text. */
static bool number_read(uint64_t *number, const char *text, unsigned base) {
    if (*text == '\0') return false;
    uint64_t value = 0;
    for (; *text != '\0'; text++) {
        unsigned digit = 99;
        if (*text >= '0' && *text <= '9') digit = (unsigned)(*text - '0');
        if (*text >= 'A' && *text <= 'F') digit = (unsigned)(*text - 'A') + 10;
        if (digit >= base || value > (UINT64_MAX >> 5)) return false;
        value = value * base + digit;
    }
    *number = value;
    return true;
}

enum err forks_preset(struct fork_schedule *schedule, const char *name) {
    struct fork_schedule made;
    schedule_open(&made, 1);
    size_t size;
    size_t from = era_find(name, &size);
    if (from == ERA_COUNT) return ERR_INPUT;
    eras_from_genesis(&made, from);
    const char *rest = name + size;
    if (*rest == '\0') {
        *schedule = made;
        return ERR_OK;
    }
    if (!text_begins(rest, "To")) return ERR_INPUT;
    size_t to = era_find(rest + 2, &size);
    if (to == ERA_COUNT || to <= from) return ERR_INPUT;
    rest += 2 + size;
    uint64_t activation;
    if (text_begins(rest, "AtTime15k") && rest[9] == '\0' && ERAS[to].fork >= FORK_SHANGHAI) {
        activation = 15000;
    } else if (text_begins(rest, "AtDiff") && ERAS[to].fork == FORK_PARIS) {
        uint64_t difficulty;
        if (!number_read(&difficulty, rest + 6, 16)) return ERR_INPUT;
        made.has_terminal_total_difficulty = true;
        made.terminal_total_difficulty = u256_from_u64(difficulty);
        activation = FORK_NEVER;
    } else if (text_begins(rest, "At") && ERAS[to].fork < FORK_PARIS) {
        if (!number_read(&activation, rest + 2, 10)) return ERR_INPUT;
    } else {
        return ERR_INPUT;
    }
    for (size_t i = from + 1; i <= to; i++) {
        if (ERAS[i].kind != ERA_DAO || i == to) era_begin(&made, &ERAS[i], activation);
    }
    *schedule = made;
    return ERR_OK;
}

void forks_development(struct fork_schedule *schedule, uint64_t chain_id, enum fork newest) {
    schedule_open(schedule, chain_id);
    size_t last = 0;
    for (size_t i = 0; i < ERA_COUNT; i++) {
        if (ERAS[i].kind == ERA_FORK && ERAS[i].fork <= newest) last = i;
    }
    eras_from_genesis(schedule, last);
}

void forks_mainnet(struct fork_schedule *schedule) {
    static const uint64_t activations[ERA_COUNT] = {
        0,          1150000,    1920000,    2463000,    2675000,    4370000,
        7280000,    7280000,    9069000,    9200000,    12244000,   12965000,
        13773000,   15050000,   15537394,   1681338455, 1710338135, 1746612311,
        1764798551, 1765290071, 1767747671, FORK_NEVER, FORK_NEVER, FORK_NEVER,
    };
    schedule_open(schedule, 1);
    for (size_t i = 0; i < ERA_COUNT; i++) {
        if (activations[i] != FORK_NEVER) era_begin(schedule, &ERAS[i], activations[i]);
    }
}

const char *forks_name(enum fork fork) {
    for (size_t i = 0; i < ERA_COUNT; i++) {
        if (ERAS[i].kind == ERA_FORK && ERAS[i].fork == fork) return ERAS[i].name;
    }
    return "unknown";
}
