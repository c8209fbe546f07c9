/* Where the Hub asks itself for an entry, the world answers by running the rollups. */
#include "core/check.h"
#include "world/trace.h"
#include "world/world_private.h"

int world_find_rollup(const struct world *world, uint64_t rollup_id) {
    for (size_t i = 0; i < world->options->rollup_count; i++)
        if (world->options->rollups[i].rollup_id == rollup_id) return (int)i;
    return -1;
}

enum err world_stored_head(struct world *world, hash32 *head, uint64_t rollup_id) {
    const address *hub = &world->options->hub;
    u256 slot = world_head_slot(rollup_id);
    u256 value;
    enum err err = ERR_OK;
    struct journal *journal = world->machine.journal;
    const struct journal_account *account =
        journal == NULL ? NULL : journal_find_account(journal, hub);
    const struct journal_slot *found = NULL;
    bool no_memory = false;
    if (account != NULL && account->is_loaded)
        found = journal_find_slot(journal, account, &slot, &no_memory);
    if (no_memory) return ERR_MEMORY;
    if (found != NULL)
        value = found->value;
    else
        err = state_get_slot(world->machine.state, hub, &slot, &value);
    if (err == ERR_OK) u256_store_be(head->b, &value);
    return err;
}

/* One derivation's view of where the rollups stand. */
struct standpoint {
    struct world *world;
    uint64_t rollup_id; /* of the input, and its head as the Hub says */
    hash32 head;
    enum action_kind kind; /* of the input */
    bool is_static;
    bool is_brought; /* the entry is in a batch that a transaction brings along: it is as it is */
};

bool world_has_begun(const struct world *world, size_t index) {
    if ((world->brought_moves >> index & 1) != 0) return true;
    for (size_t i = 0; i < world->begun_count && i < world->order_count; i++)
        if (world->order[i] == index) return true;
    return false;
}

/* Rollup `first` has to come before `then`, whose slot block calls it. If that one has to come
 * before it as well, no order will do; `then` can wait for the next block. */
static void put_before(struct world *world, size_t first, size_t then) {
    const uint64_t first_bit = (uint64_t)1 << first;
    if ((world->precedes[then] & first_bit) != 0) {
        struct world_result *result = world->result;
        result->status = WORLD_BOTH_WAYS;
        result->reason_rollup = world->options->rollups[then].rollup_id;
        world_say(result, "transactions of one block call both ways between rollups");
        return;
    }
    uint64_t after = (uint64_t)1 << then | world->precedes[then];
    for (size_t i = 0; i < world->options->rollup_count; i++)
        if (i == first || (world->precedes[i] & first_bit) != 0) world->precedes[i] |= after;
}

/* Adds the update of a rollup, or brings it forward, in front of the one that is running, and has
 * the passes begin anew. */
static void require_update(struct world *world, size_t index, enum action_kind input) {
    /* The order has changed already, and no longer says which updates have begun. */
    if (world->must_restart) return;
    size_t at = 0;
    while (at < world->order_count && world->order[at] != index)
        at++;
    /* The running update is the last begun; outside the batch's updates all have run. */
    size_t to = world->begun_count == 0 ? 0 : world->begun_count - 1;
    if (at == world->order_count) {
        bool is_running = world->begun_count < world->order_count || input != ACTION_CALL;
        if (!is_running) to = world->order_count;
        world->order_count++;
    }
    if (world->begun_count > 0 && to == world->begun_count - 1)
        put_before(world, index, world->order[to]);
    for (size_t j = at; j > to; j--)
        world->order[j] = world->order[j - 1];
    world->order[to] = index;
    world->must_restart = true;
}

void world_require_begun(struct world *world, size_t index) {
    if (!world_has_begun(world, index)) require_update(world, index, world->input_kind);
}

/* Blocks of a rollup that are not on the parent yet count as much as those that are: who calls it,
 * if only to look, comes after them. */
static void require_newest(struct world *world, size_t index, enum action_kind input) {
    const struct world_options *options = world->options;
    if (options->is_replay || options->rollups[index].pending_count == 0) return;
    if (!world_has_begun(world, index)) require_update(world, index, input);
}

static const struct transition *transition_to(const struct entry *entry, const hash32 *post) {
    for (size_t i = 0; i < entry->transition_count; i++)
        if (hash32_equal(&entry->transitions[i].post, post)) return &entry->transitions[i];
    return NULL;
}

/* Under a static call the Hub carries heads in memory, from where the storage has them. The facts
 * that led from there to the input's head tell which others moved with it; what none of them names
 * stands where the storage says. */
static enum err static_head(const struct standpoint *at, hash32 *head, uint64_t rollup_id) {
    struct world *world = at->world;
    hash32 begun;
    enum err err = world_stored_head(world, &begun, at->rollup_id);
    if (err != ERR_OK) return err;
    hash32 h = at->head;
    while (!hash32_equal(&h, &begun)) {
        struct known_fact **producer = map_get(&world->producers, &h);
        if (producer == NULL) break;
        const struct entry *entry = &(*producer)->entry;
        const struct transition *t = entry_transition_of(entry, rollup_id);
        if (t != NULL) {
            *head = t->post;
            return ERR_OK;
        }
        t = transition_to(entry, &h);
        CHECK(t != NULL);
        h = t->pre;
    }
    return world_stored_head(world, head, rollup_id);
}

static enum err
find_rollup(void *context, struct rollup **rollup, hash32 *head, uint64_t rollup_id) {
    struct standpoint *at = context;
    int index = world_find_rollup(at->world, rollup_id);
    *rollup = NULL;
    if (index < 0) return ERR_OK;
    *rollup = at->world->rollups[index];
    if (rollup_id == at->rollup_id) {
        *head = at->head;
        return ERR_OK;
    }
    if (!at->is_brought) require_newest(at->world, (size_t)index, at->kind);
    return at->is_static ? static_head(at, head, rollup_id)
                         : world_stored_head(at->world, head, rollup_id);
}

/* Whether every rollup of the entry stands where the entry begins. */
static enum err stands_there(struct standpoint *at, bool *is_so, const struct entry *entry) {
    *is_so = true;
    for (size_t i = 0; i < entry->transition_count && *is_so; i++) {
        struct rollup *rollup;
        hash32 head;
        enum err err = find_rollup(at, &rollup, &head, entry->transitions[i].rollup_id);
        if (err != ERR_OK) return err;
        *is_so = rollup != NULL && hash32_equal(&head, &entry->transitions[i].pre);
    }
    return ERR_OK;
}

static struct rollup *find_head(void *context, const hash32 *head) {
    const struct standpoint *at = context;
    for (size_t i = 0; i < at->world->options->rollup_count; i++)
        if (rollup_at(at->world->rollups[i], head) != NULL) return at->world->rollups[i];
    return NULL;
}

/* Notes that the heads this fact leads to now come of it. Another fact may have led there before: a
 * head commits to its own rollup's transcript, not to where the others stood. */
static enum err note_producer(struct world *world, struct known_fact *fact) {
    for (size_t i = 0; i < fact->entry.transition_count; i++) {
        const struct transition *t = &fact->entry.transitions[i];
        /* One that goes back to a head does not lead there. */
        if ((fact->fresh >> i & 1) == 0) continue;
        struct known_fact **producer = map_put(&world->producers, &t->post, NULL);
        if (producer == NULL) return ERR_MEMORY;
        *producer = fact;
    }
    return ERR_OK;
}

static enum err mark_used(struct world *world, struct known_fact *fact) {
    enum err err = note_producer(world, fact);
    if (err != ERR_OK || fact->is_used) return err;
    if (world->used_count == world->used_capacity) {
        size_t capacity = world->used_capacity == 0 ? 64 : 2 * world->used_capacity;
        struct known_fact **grown =
            arena_alloc_array(world->arena, capacity, sizeof(struct known_fact *));
        if (grown == NULL) return ERR_MEMORY;
        if (world->used_count > 0)
            memcpy(grown, world->used, world->used_count * sizeof(struct known_fact *));
        world->used = grown;
        world->used_capacity = capacity;
    }
    world->used[world->used_count++] = fact;
    fact->is_used = true;
    return ERR_OK;
}

static bool has_same_heads(const struct entry *a, const struct entry *b) {
    if (a->transition_count != b->transition_count) return false;
    for (size_t i = 0; i < a->transition_count; i++) {
        const struct transition *s = &a->transitions[i];
        const struct transition *t = &b->transitions[i];
        if (s->rollup_id != t->rollup_id || !hash32_equal(&s->pre, &t->pre) ||
            !hash32_equal(&s->post, &t->post))
            return false;
    }
    return true;
}

/* Files a new fact under its key. What a trace has derived again is not new. */
static enum err
keep_fact(struct world *world, struct known_fact **kept, struct known_fact **list, struct fact *f) {
    for (; *list != NULL; list = &(*list)->next_of_key) {
        if (!has_same_heads(&(*list)->entry, &f->entry)) continue;
        *kept = *list;
        return ERR_OK;
    }
    struct known_fact *known = arena_alloc_zero(world->arena, sizeof(*known));
    if (known == NULL) return ERR_MEMORY;
    known->entry = f->entry;
    known->fresh = f->fresh;
    enum err err = entry_hash(&known->entry_hash, world->arena, &known->entry);
    if (err != ERR_OK) return err;
    *list = known;
    *kept = known;
    return ERR_OK;
}

enum err world_entry_key(struct fact_key *key, struct world *world, const struct entry *entry) {
    const struct action *input = &entry->input;
    return world_key_of(key, world->arena, input->rollup_id, &entry->transitions[0].pre, input);
}

/* What a REVERT undoes has to be in a scope (protocol.md section 4). Whoever built the pass so far
 * could not know: the Hub will say ScopeMissing, and the pass is repeated. The undone entry is the
 * one on the way here that began at the head that the REVERT says. */
static enum err require_scope(struct world *world, struct known_fact *reverting) {
    const struct action *out = &reverting->entry.out;
    struct known_fact *undone = reverting;
    const struct transition *t = entry_transition_of(&undone->entry, out->rollup_id);
    CHECK(t != NULL && out->data.size == sizeof(hash32));
    while (memcmp(t->pre.b, out->data.data, sizeof(hash32)) != 0) {
        struct known_fact **producer = map_get(&world->producers, &t->pre);
        CHECK(producer != NULL);
        undone = *producer;
        t = entry_transition_of(&undone->entry, out->rollup_id);
        CHECK(t != NULL);
    }
    if (undone->entry.scope) return ERR_OK;
    undone->entry.scope = true;
    world->has_new_scope = true;
    return entry_hash(&undone->entry_hash, world->arena, &undone->entry);
}

/* A rollup may move only after its L2TX in this block. */
static void require_updates(struct world *world, const struct entry *entry) {
    for (size_t i = 0; i < entry->transition_count; i++) {
        const struct transition *t = &entry->transitions[i];
        if (hash32_equal(&t->pre, &t->post)) continue;
        int index = world_find_rollup(world, t->rollup_id);
        CHECK(index >= 0);
        if (!world_has_begun(world, (size_t)index))
            require_update(world, (size_t)index, entry->input.kind);
    }
}

/* Finds the fact for a lookup, running the rollups if no pass has had it. *known is NULL if there
 * is none; world->missing then says why. */
static enum err find_fact(
    struct world *world,
    struct known_fact **known,
    const struct hub_lookup *lookup,
    const struct fact_key *key
) {
    struct standpoint at = {
        .world = world,
        .rollup_id = lookup->rollup_id,
        .head = lookup->head,
        .kind = lookup->action.kind,
        .is_static = lookup->action.is_static,
        .is_brought = world_is_brought(world, key),
    };
    *known = NULL;
    int index = world_find_rollup(world, lookup->rollup_id);
    if (index >= 0 && lookup->action.kind == ACTION_RESULT) {
        const struct rollup_machine *machine = rollup_at(world->rollups[index], &lookup->head);
        if (machine != NULL) at.is_static = machine->open_call.is_static;
    }
    struct known_fact **list = map_put(&world->facts, key, NULL);
    if (list == NULL) return ERR_MEMORY;
    /* A trace wants to see the rollup run, each time. */
    bool is_traced = world->options->trace != NULL;
    for (struct known_fact *f = *list; f != NULL && !is_traced; f = f->next_of_key) {
        bool is_so;
        enum err err = stands_there(&at, &is_so, &f->entry);
        if (err != ERR_OK) return err;
        if (is_so) {
            *known = f;
            return ERR_OK;
        }
    }
    struct fact fact;
    struct fact_rollups rollups = {.context = &at, .find = find_rollup, .find_head = find_head};
    enum err err = fact_derive(&fact, world->arena, &rollups, &lookup->action);
    if (err != ERR_OK) return err;
    if (fact.verdict != STEP_OK) {
        world->missing = fact;
        world->has_missing = true;
        return action_copy(&world->missing.entry.input, world->arena, &lookup->action);
    }
    return keep_fact(world, known, list, &fact);
}

static bool is_posted(const struct world *world, const struct known_fact *fact) {
    return fact->posted_in_pass == world->result->pass_count;
}

static size_t posted_count(struct world *world, const struct known_fact *fact) {
    /* Facts under one key are posted together, in their list's order. */
    struct fact_key key;
    if (world_entry_key(&key, world, &fact->entry) != ERR_OK) return 0;
    struct known_fact **list = map_get(&world->facts, &key);
    size_t count = 0;
    for (struct known_fact *f = list == NULL ? NULL : *list; f != NULL; f = f->next_of_key)
        count += is_posted(world, f);
    return count;
}

/* Whether an entry that the world would have is none of its business: what a transaction brings
 * along is in the table already; a batch is whole or nothing, so an L2TX that is not in it stays
 * away; and no proof of the builder's batch covers what comes after somebody else's L2TX. */
static bool leaves_alone(
    const struct world *world, const struct hub_lookup *lookup, const struct fact_key *key
) {
    if (world->options->is_replay || world_is_brought(world, key)) return true;
    if (world->is_own_batch) return false;
    int index = world_find_rollup(world, lookup->rollup_id);
    return world->options->no_batch || lookup->action.kind == ACTION_L2TX ||
           (index >= 0 && (world->brought_moves >> index & 1) != 0);
}

/* Runs the rollups for the fact, though the Hub is left to find the entry by itself. */
static enum err
watch_lookup(struct world *world, const struct hub_lookup *lookup, const struct fact_key *key) {
    struct known_fact *known = NULL;
    struct world_trace *trace = world->options->trace;
    bool is_brought = world_is_brought(world, key);
    enum err err = ERR_OK;
    if (is_brought || world->options->is_replay) err = find_fact(world, &known, lookup, key);
    if (err != ERR_OK) return err;
    if (trace != NULL)
        world_trace_lookup_end(
            trace,
            world->chain,
            known == NULL ? NULL : &known->entry,
            known == NULL ? NULL : &known->entry_hash
        );
    bool is_l2tx = lookup->action.kind == ACTION_L2TX;
    if (is_l2tx && is_brought && known != NULL) world_note_moved(world, lookup->rollup_id);
    evm_decline_call(world->machine.evm);
    return ERR_OK;
}

/* How many of the batch's updates have begun. Below, the rollup's machine is taken back and goes on
 * again, so the heads tell: an L2TX always leads elsewhere, but if it is undone and goes on. */
static enum err note_begun(struct world *world, const struct hub_lookup *lookup) {
    bool is_l2tx = lookup->action.kind == ACTION_L2TX && lookup->alternative == 0;
    if (world->above == NULL) {
        world->begun_count += is_l2tx;
        return ERR_OK;
    }
    size_t count = 0;
    for (; count < world->order_count; count++) {
        const struct world_rollup *rollup = &world->options->rollups[world->order[count]];
        hash32 head;
        enum err err = world_stored_head(world, &head, rollup->rollup_id);
        if (err != ERR_OK) return err;
        if (hash32_equal(&head, &rollup->head)) break;
    }
    const bool is_running = is_l2tx || lookup->action.kind == ACTION_REVERT_CONTINUE;
    world->begun_count = count + (is_running && count < world->order_count);
    return ERR_OK;
}

enum err world_answer_lookup(struct world *world, const struct hub_lookup *lookup) {
    struct evm *evm = world->machine.evm;
    struct world_trace *trace = world->options->trace;
    struct fact_key key;
    enum err err =
        world_key_of(&key, world->arena, lookup->rollup_id, &lookup->head, &lookup->action);
    if (err != ERR_OK) return err;
    world->input_kind = lookup->action.kind;
    if (trace != NULL) world_trace_lookup_begin(trace, world->chain, &lookup->action);
    if (leaves_alone(world, lookup, &key)) return watch_lookup(world, lookup, &key);
    err = note_begun(world, lookup);
    if (err != ERR_OK) return err;
    int index = world_find_rollup(world, lookup->rollup_id);
    if (index >= 0) require_newest(world, (size_t)index, lookup->action.kind);
    if (world->must_restart) return ERR_OK;
    struct known_fact *known;
    err = find_fact(world, &known, lookup, &key);
    if (err != ERR_OK || world->must_restart) return err;
    if (trace != NULL)
        world_trace_lookup_end(
            trace,
            world->chain,
            known == NULL ? NULL : &known->entry,
            known == NULL ? NULL : &known->entry_hash
        );
    if (known == NULL) {
        evm_decline_call(evm);
        return ERR_OK;
    }
    require_updates(world, &known->entry);
    err = mark_used(world, known);
    if (err == ERR_OK && known->entry.out.kind == ACTION_REVERT) err = require_scope(world, known);
    if (err != ERR_OK) return err;
    if (is_posted(world, known) || lookup->alternative < posted_count(world, known)) {
        evm_decline_call(evm);
        return ERR_OK;
    }
    world->miss_count++;
    bytes record;
    err = entry_record(&record, world->arena, &known->entry);
    if (err != ERR_OK) return err;
    uint64_t gas = evm->request.call.gas;
    uint64_t cost = hub_lookup_gas(record.size, world->is_own_batch);
    return evm_give_call(evm, cost <= gas, cost <= gas ? gas - cost : 0, record);
}
