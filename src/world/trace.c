#include "world/trace.h"

#include "crypto/keccak.h"
#include "rollup/predeploys.h"

/* What a proxy calls its hub with. */
static bool is_hub_call(bytes input) {
    return abi_has_selector(input, "enter()");
}

/* The open frame, of any chain but the one given, that was entered last. only_xcall: of rollups on
 * its Hub, the XCALLs. */
static struct world_frame *
newest_open(const struct world_trace *trace, size_t except, bool only_xcall) {
    struct world_frame *newest = NULL;
    for (size_t i = 0; i < trace->chain_count; i++) {
        struct world_frame *open = trace->chains[i].open;
        if (i == except || open == NULL) continue;
        bool is_above = i == 0 || trace->chains[i].parent != except;
        if (only_xcall && (is_above || open->role != FRAME_XCALL)) continue;
        if (newest == NULL || open->sequence > newest->sequence) newest = open;
    }
    return newest;
}

/* The L1CALL by which another chain reads this one now; NULL: there is none. */
static struct world_frame *open_read(const struct world_trace *trace, size_t chain) {
    for (size_t i = 0; i < trace->chain_count; i++) {
        struct world_frame *open = trace->chains[i].open;
        if (i != chain && trace->chains[i].parent == chain && open != NULL &&
            open->role == FRAME_L1CALL)
            return open;
    }
    return NULL;
}

static struct world_frame *parent_of(
    const struct world_trace_chain *chain, const struct evm_message *message, bool *own_name
) {
    struct world_trace *trace = chain->trace;
    *own_name = false;
    struct world_frame *read = open_read(trace, chain->chain);
    if (read != NULL) {
        const bool is_below = chain->open != NULL && chain->open->sequence > read->sequence;
        return is_below ? chain->open : read;
    }
    bool is_by_hub = chain->has_hub && address_equal(&message->sender, &chain->hub) &&
                     !address_equal(&message->recipient, &chain->hub) &&
                     message->kind != EVM_CREATE && message->kind != EVM_CREATE2;
    struct world_frame *xcall = is_by_hub ? newest_open(trace, chain->chain, true) : NULL;
    *own_name = xcall != NULL;
    if (xcall != NULL) return xcall;
    if (chain->chain == 0) return chain->open;
    if (chain->open != NULL && chain->open->role != FRAME_XCALL) return chain->open;
    return newest_open(trace, chain->chain, false);
}

static enum world_frame_role
role_of(const struct world_trace_chain *chain, const struct evm_message *message, bool own_name) {
    if (own_name) return FRAME_OWN_NAME;
    if (chain->chain != 0 && address_equal(&message->code_address, &XCALL_ADDRESS))
        return FRAME_XCALL;
    if (chain->chain != 0 && address_equal(&message->code_address, &L1CALL_ADDRESS))
        return FRAME_L1CALL;
    bool is_to_hub = chain->has_hub && address_equal(&message->recipient, &chain->hub);
    bool is_to_l2hub = chain->chain != 0 && address_equal(&message->recipient, &L2HUB_PREDEPLOY);
    if (!is_to_hub && !is_to_l2hub) return FRAME_PLAIN;
    if (address_equal(&message->sender, &message->recipient))
        return message->input.size == 0 ? FRAME_PROBE : FRAME_HUB;
    return is_hub_call(message->input) ? FRAME_HUB : FRAME_PLAIN;
}

static void append(struct world_trace *trace, struct world_frame *frame) {
    struct world_frame *parent = frame->parent;
    if (parent == NULL) {
        frame->next = trace->roots;
        trace->roots = frame;
        return;
    }
    if (parent->last == NULL)
        parent->first = frame;
    else
        parent->last->next = frame;
    parent->last = frame;
}

static struct world_frame *
new_frame(struct world_trace *trace, size_t chain, const struct evm_message *message) {
    struct world_frame *frame = arena_alloc_zero(trace->arena, sizeof(*frame));
    if (frame == NULL ||
        arena_copy(trace->arena, &frame->message.input, message->input) != ERR_OK) {
        trace->failed = true;
        return NULL;
    }
    bytes input = frame->message.input;
    frame->message = *message;
    frame->message.input = input;
    frame->chain = chain;
    frame->sequence = trace->sequence++;
    frame->before = trace->newest;
    trace->newest = frame;
    return frame;
}

static void on_enter(void *context, const struct evm_message *message) {
    struct world_trace_chain *chain = context;
    struct world_trace *trace = chain->trace;
    if (trace->failed || trace->is_muted) return;
    struct world_frame *frame = new_frame(trace, chain->chain, message);
    if (frame == NULL) return;
    bool own_name;
    frame->parent = parent_of(chain, message, &own_name);
    frame->role = role_of(chain, message, own_name);
    frame->is_open = true;
    if (own_name) {
        frame->entry = chain->entry;
        frame->entry_hash = chain->entry_hash;
    }
    bool is_proxy = frame->role == FRAME_HUB && frame->parent != NULL &&
                    frame->parent->chain == chain->chain && frame->parent->role == FRAME_PLAIN &&
                    is_hub_call(message->input);
    if (is_proxy) frame->parent->role = FRAME_PROXY;
    struct world_trace_chain *parent = &trace->chains[chain->parent];
    if (chain->chain != 0 && parent->entered_in_lookup == NULL) parent->entered_in_lookup = frame;
    if (chain->has_tx) {
        frame->has_tx = true;
        frame->tx_hash = chain->tx_hash;
        chain->has_tx = false;
    }
    append(trace, frame);
    frame->below = chain->open;
    chain->open = frame;
}

static void on_exit(void *context, const struct evm_result *result) {
    struct world_trace_chain *chain = context;
    struct world_frame *frame = chain->open;
    if (chain->trace->failed || chain->trace->is_muted || frame == NULL) return;
    bytes output;
    if (arena_copy(chain->trace->arena, &output, result->output) != ERR_OK) {
        chain->trace->failed = true;
        return;
    }
    frame->result = *result;
    frame->result.output = output;
    frame->result.stop = NULL;
    if (result->stop != NULL) {
        frame->stop = *result->stop;
        frame->result.stop = &frame->stop;
    }
    frame->is_open = false;
    chain->open = frame->below;
}

static void on_selfdestruct(
    void *context, const address *contract, const address *beneficiary, const u256 *balance
) {
    struct world_trace_chain *chain = context;
    struct evm_message message = {
        .sender = *contract, .recipient = *beneficiary, .value = *balance};
    if (chain->trace->failed || chain->trace->is_muted) return;
    struct world_frame *frame = new_frame(chain->trace, chain->chain, &message);
    if (frame == NULL) return;
    frame->is_selfdestruct = true;
    frame->parent = chain->open;
    append(chain->trace, frame);
}

static void on_log(void *context, const struct journal_log *log) {
    struct world_trace_chain *chain = context;
    struct world_trace *trace = chain->trace;
    struct world_frame *frame = chain->open;
    if (!trace->wants_logs || trace->failed || trace->is_muted || frame == NULL) return;
    struct world_log *kept = arena_alloc_zero(trace->arena, sizeof(*kept));
    bytes data;
    if (kept == NULL || arena_copy(trace->arena, &data, log->data) != ERR_OK) {
        trace->failed = true;
        return;
    }
    kept->log = *log;
    kept->log.data = data;
    kept->sequence = trace->sequence++;
    if (frame->last_log == NULL)
        frame->first_log = kept;
    else
        frame->last_log->next = kept;
    frame->last_log = kept;
}

static void on_replayed(void *context, const struct evm_frame_failure *failure) {
    const struct world_trace_chain *chain = context;
    if (failure->ends_replay && chain->trace->muted_by == chain->parent)
        chain->trace->is_muted = false;
}

enum err world_trace_open(
    struct world_trace *trace, struct arena *arena, const address *hub, size_t rollup_count
) {
    *trace = (struct world_trace){.arena = arena, .chain_count = 1 + rollup_count};
    trace->chains = arena_alloc_zero(arena, trace->chain_count * sizeof(*trace->chains));
    if (trace->chains == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < trace->chain_count; i++) {
        struct world_trace_chain *chain = &trace->chains[i];
        chain->trace = trace;
        chain->chain = i;
        chain->tracer = (struct evm_tracer){
            .context = chain,
            .on_enter = on_enter,
            .on_exit = on_exit,
            .on_selfdestruct = on_selfdestruct,
            .on_log = on_log,
            .on_replayed = on_replayed,
        };
        /* The logs of what leaves nothing are none. */
        chain->reader = chain->tracer;
        chain->reader.on_log = NULL;
    }
    trace->chains[0].has_hub = true;
    trace->chains[0].hub = *hub;
    return ERR_OK;
}

void world_trace_set_parent(
    struct world_trace *trace, size_t chain, size_t parent, const address *hub
) {
    trace->chains[chain].parent = parent;
    trace->chains[parent].has_hub = true;
    trace->chains[parent].hub = *hub;
}

void world_trace_clear(struct world_trace *trace) {
    trace->roots = NULL;
    trace->newest = NULL;
    trace->is_muted = false;
    for (size_t i = 0; i < trace->chain_count; i++) {
        struct world_trace_chain *chain = &trace->chains[i];
        chain->open = NULL;
        chain->has_tx = false;
        chain->entered_in_lookup = NULL;
        chain->entry = NULL;
        chain->entry_hash = NULL;
    }
}

void world_trace_tx(void *context, const struct rollup_tx_news *news) {
    struct world_trace_chain *chain = context;
    if (chain->trace->is_muted) return;
    if (chain->on_tx != NULL) chain->on_tx(chain->on_tx_context, news);
    if (news->moment != ROLLUP_TX_BEGINS) return;
    chain->tx_hash = keccak256(news->encoded);
    chain->has_tx = true;
}

void world_trace_lookup_begin(
    struct world_trace *trace, size_t chain, const struct action *action
) {
    struct world_trace_chain *parent = &trace->chains[chain];
    if (!trace->is_muted && action->kind == ACTION_REVERT_CONTINUE) {
        trace->is_muted = true;
        trace->muted_by = chain;
    }
    if (parent->open != NULL) parent->open->role = FRAME_LOOKUP;
    parent->entered_in_lookup = NULL;
}

void world_trace_lookup_end(
    struct world_trace *trace, size_t chain, const struct entry *entry, const hash32 *entry_hash
) {
    struct world_trace_chain *parent = &trace->chains[chain];
    if (trace->muted_by == chain) trace->is_muted = false;
    parent->entry = entry;
    parent->entry_hash = entry_hash;
    struct world_frame *entered = parent->entered_in_lookup;
    if (entered == NULL || entry == NULL || entry->input.kind != ACTION_CALL) return;
    entered->entry = entry;
    entered->entry_hash = entry_hash;
}

const struct world_frame *
world_frame_next(const struct world_frame *frame, const struct world_frame *root, bool skip_below) {
    if (!skip_below && frame->first != NULL) return frame->first;
    while (frame != root) {
        if (frame->next != NULL) return frame->next;
        frame = frame->parent;
        if (frame == NULL) return NULL;
    }
    return NULL;
}

struct world_frame *
world_trace_find_tx(const struct world_trace *trace, size_t chain, const hash32 *tx_hash) {
    for (struct world_frame *frame = trace->newest; frame != NULL; frame = frame->before)
        if (frame->has_tx && frame->chain == chain && hash32_equal(&frame->tx_hash, tx_hash))
            return frame;
    return NULL;
}

struct world_frame *world_trace_newest_tx(const struct world_trace *trace, size_t chain) {
    if (chain == 0) return trace->roots;
    struct world_frame *frame = trace->newest;
    while (frame != NULL && !(frame->has_tx && frame->chain == chain))
        frame = frame->before;
    return frame;
}

bool world_frame_is_hidden(const struct world_frame *frame) {
    if (frame->role == FRAME_PLAIN || frame->role == FRAME_L1CALL) return false;
    if (frame->role == FRAME_PROBE) return true;
    /* Something of a contract's own ran below: the call got through. */
    const struct world_frame *below = frame;
    while ((below = world_frame_next(below, frame, false)) != NULL)
        if (below->role == FRAME_PLAIN) return true;
    return frame->role == FRAME_LOOKUP || frame->role == FRAME_XCALL;
}

const struct world_frame *
world_frame_caller(const struct world_frame *frame, const struct world_frame **proxy) {
    *proxy = NULL;
    const struct world_frame *above = frame->parent;
    for (; above != NULL && world_frame_is_hidden(above); above = above->parent)
        if (above->role == FRAME_PROXY) *proxy = above;
    return above;
}
