/* callTracerLegacy: what geth's first callTracer, a script over single steps, makes of a
 * transaction. It differs from callTracer where steps do not show what happened: a call to an
 * account without code has no gas, precompiles are left out, and a call that failed before it began
 * has an "internal failure". */
#include "evm/opcode.h"
#include "rpc/tracer_private.h"

/* What a frame is, as far as steps have shown it. */
struct legacy_call {
    uint64_t gas_in; /* before the instruction that made the call */
    uint64_t gas_cost;
    u256 out_offset;
    u256 out_size;
    bool has_gas;
    bool has_gas_used;
};

/* One step: seen before it is run, taken when it is known to have begun. */
struct legacy_step {
    const struct evm_step *at; /* only while the step is being seen */
    uint8_t opcode;
    uint32_t depth; /* 1 for the outermost frame */
    uint64_t gas;
    u256 top;
    bytes output; /* of the call that returns here, in its caller's memory */
    struct tracer_frame *made;
};

struct legacy {
    struct tracer_frame *root;
    struct tracer_frame *open;
    uint32_t open_count; /* frames from the root to open */
    bool has_descended;
    struct legacy_step step;
    struct tracer_frame message; /* of the outermost frame */
};

static struct legacy_call *call_of(const struct tracer_frame *frame) {
    return frame->extra;
}

static struct tracer_frame *new_frame(struct tracer *tracer, uint8_t opcode) {
    struct tracer_frame *frame = tracer_alloc(tracer, sizeof(*frame));
    struct legacy_call *call = tracer_alloc(tracer, sizeof(*call));
    if (frame == NULL || call == NULL) return NULL;
    frame->opcode = opcode;
    frame->extra = call;
    return frame;
}

static enum err open(struct tracer *tracer, struct tracer_part *part) {
    struct legacy *self = tracer_alloc(tracer, sizeof(*self));
    if (self == NULL) return ERR_MEMORY;
    part->self = self;
    self->root = new_frame(tracer, OP_CALL);
    self->open = self->root;
    self->open_count = 1;
    return self->root == NULL ? ERR_MEMORY : ERR_OK;
}

static void
enter(struct tracer *tracer, struct tracer_part *part, const struct evm_message *message) {
    struct legacy *self = part->self;
    if (tracer->depth > 0) return;
    struct tracer_frame *frame = tracer_frame_new(&tracer->arena, NULL, message);
    if (frame == NULL)
        tracer_fail(tracer, ERR_MEMORY);
    else
        self->message = *frame;
}

static void exit_frame(
    struct tracer *tracer,
    struct tracer_part *part,
    const struct evm_result *result,
    const struct halt_step *step
) {
    struct legacy *self = part->self;
    if (tracer->depth != 1) return;
    enum err err = tracer_frame_end(&self->message, &tracer->arena, result, step);
    if (err != ERR_OK) tracer_fail(tracer, err);
}

static void append(struct tracer_frame *parent, struct tracer_frame *frame) {
    frame->parent = parent;
    if (parent->last == NULL)
        parent->first = frame;
    else
        parent->last->next = frame;
    parent->last = frame;
}

/* --- seeing ----------------------------------------------------------------------------------- */

static void see_create(struct tracer *tracer, struct legacy_step *step) {
    const struct evm_step *at = step->at;
    if (at->stack_count < 3) return;
    struct tracer_frame *frame = new_frame(tracer, at->opcode);
    if (frame == NULL) return;
    frame->from = at->message->recipient;
    frame->value = *tracer_stack_item(at, 0);
    frame->has_value = true;
    const u256 *offset = tracer_stack_item(at, 1);
    if (!tracer_memory_slice(tracer, &frame->input, at, offset, tracer_stack_item(at, 2))) return;
    step->made = frame;
}

static void see_call(struct tracer *tracer, struct legacy_step *step) {
    const struct evm_step *at = step->at;
    bool has_value = at->opcode == OP_CALL || at->opcode == OP_CALLCODE;
    uint32_t offset = has_value ? 1 : 0;
    if (at->stack_count < 6 + offset) return;
    address to = tracer_word_address(tracer_stack_item(at, 1));
    if (evm_is_precompile(tracer->subject.block->rules.fork, &to)) return;
    struct tracer_frame *frame = new_frame(tracer, at->opcode);
    if (frame == NULL) return;
    frame->from = at->message->recipient;
    frame->to = to;
    frame->has_to = true;
    frame->has_value = has_value;
    if (has_value) frame->value = *tracer_stack_item(at, 2);
    call_of(frame)->out_offset = *tracer_stack_item(at, 4 + offset);
    call_of(frame)->out_size = *tracer_stack_item(at, 5 + offset);
    const u256 *input = tracer_stack_item(at, 2 + offset);
    const u256 *input_size = tracer_stack_item(at, 3 + offset);
    if (!tracer_memory_slice(tracer, &frame->input, at, input, input_size)) return;
    step->made = frame;
}

static void see_selfdestruct(struct tracer *tracer, struct legacy_step *step) {
    const struct evm_step *at = step->at;
    struct tracer_account account;
    if (at->stack_count < 1) return;
    struct tracer_frame *frame = new_frame(tracer, at->opcode);
    if (frame == NULL) return;
    tracer_read_account(tracer, &account, &at->message->recipient);
    frame->from = at->message->recipient;
    frame->to = tracer_word_address(tracer_stack_item(at, 0));
    frame->has_to = true;
    frame->value = account.balance;
    frame->has_value = true;
    step->made = frame;
}

static void see(struct tracer *tracer, struct tracer_part *part, const struct evm_step *at) {
    struct legacy *self = part->self;
    struct legacy_step *step = &self->step;
    *step = (struct legacy_step
    ){.at = at, .opcode = at->opcode, .depth = at->depth + 1, .gas = at->gas};
    if (at->stack_count > 0) step->top = *tracer_stack_item(at, 0);
    switch (at->opcode) {
    case OP_CREATE:
    case OP_CREATE2:
        see_create(tracer, step);
        break;
    case OP_CALL:
    case OP_CALLCODE:
    case OP_DELEGATECALL:
    case OP_STATICCALL:
        see_call(tracer, step);
        break;
    case OP_SELFDESTRUCT:
        see_selfdestruct(tracer, step);
        break;
    default:
        if (step->depth == self->open_count - 1) {
            const struct legacy_call *call = call_of(self->open);
            (void
            )tracer_memory_slice(tracer, &step->output, at, &call->out_offset, &call->out_size);
        }
        break;
    }
    step->at = NULL;
}

/* --- taking ----------------------------------------------------------------------------------- */

static void descend(struct legacy *self, struct tracer_frame *frame, uint64_t gas_cost) {
    call_of(frame)->gas_in = self->step.gas;
    call_of(frame)->gas_cost = gas_cost;
    frame->parent = self->open;
    self->open = frame;
    self->open_count++;
    self->has_descended = true;
}

/* The innermost call is over: its caller goes on with this step. */
static void ascend(struct tracer *tracer, struct legacy *self) {
    struct tracer_frame *frame = self->open;
    struct legacy_call *call = call_of(frame);
    const struct legacy_step *step = &self->step;
    bool is_create = frame->opcode == OP_CREATE || frame->opcode == OP_CREATE2;
    bool has_succeeded = !u256_is_zero(&step->top);
    if (is_create || call->has_gas) {
        frame->gas_used = call->gas_in - call->gas_cost - step->gas;
        if (!is_create) frame->gas_used += frame->gas;
        call->has_gas_used = true;
    }
    if (has_succeeded && is_create) {
        struct tracer_account account;
        frame->to = tracer_word_address(&step->top);
        frame->has_to = true;
        tracer_read_account(tracer, &account, &frame->to);
        frame->output = account.code;
    } else if (has_succeeded) {
        frame->output = step->output;
    } else if (frame->error == NULL) {
        frame->error = "internal failure";
    }
    self->open = frame->parent;
    self->open_count--;
    append(self->open, frame);
}

static void take(struct tracer *tracer, struct legacy *self, uint64_t gas_cost) {
    const struct legacy_step *step = &self->step;
    bool is_call = step->opcode == OP_CALL || step->opcode == OP_CALLCODE ||
                   step->opcode == OP_DELEGATECALL || step->opcode == OP_STATICCALL;
    bool is_create = step->opcode == OP_CREATE || step->opcode == OP_CREATE2;
    if (is_call || is_create) {
        if (step->made != NULL) descend(self, step->made, gas_cost);
        return;
    }
    if (step->opcode == OP_SELFDESTRUCT) {
        if (step->made != NULL) append(self->open, step->made);
        return;
    }
    if (self->has_descended) {
        if (step->depth >= self->open_count) {
            self->open->gas = step->gas;
            call_of(self->open)->has_gas = true;
        }
        self->has_descended = false;
    }
    if (step->opcode == OP_REVERT) {
        self->open->error = "execution reverted";
        return;
    }
    if (step->depth == self->open_count - 1) ascend(tracer, self);
}

static void fail(struct tracer *tracer, struct legacy *self, enum evm_outcome outcome) {
    struct tracer_frame *frame = self->open;
    if (frame->error != NULL) return;
    char *text = tracer_alloc(tracer, HALT_TEXT_SIZE_MAX);
    if (text == NULL) return;
    halt_text(text, outcome, &tracer->last);
    frame->error = text;
    if (call_of(frame)->has_gas) {
        frame->gas_used = frame->gas;
        call_of(frame)->has_gas_used = true;
    }
    if (self->open_count == 1) return;
    self->open = frame->parent;
    self->open_count--;
    append(self->open, frame);
}

static void step_end(
    struct tracer *tracer, struct tracer_part *part, uint64_t gas_cost, enum evm_outcome outcome
) {
    struct legacy *self = part->self;
    if (!tracer_is_early_failure(outcome)) take(tracer, self, gas_cost);
    if (outcome != EVM_SUCCESS && outcome != EVM_REVERT) fail(tracer, self, outcome);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_frame(struct json_writer *out, const struct tracer_frame *frame) {
    const struct legacy_call *call = call_of(frame);
    json_member_cstring(out, "type", tracer_frame_type(frame));
    json_member_address(out, "from", &frame->from);
    if (frame->has_to) json_member_address(out, "to", &frame->to);
    if (frame->has_value) json_member_quantity(out, "value", &frame->value);
    if (call->has_gas) json_member_quantity_u64(out, "gas", frame->gas);
    if (call->has_gas_used) json_member_quantity_u64(out, "gasUsed", frame->gas_used);
    if (frame->opcode != OP_SELFDESTRUCT) json_member_data(out, "input", frame->input);
    bool has_output = frame->error == NULL && frame->opcode != OP_SELFDESTRUCT;
    if (has_output) json_member_data(out, "output", frame->output);
    if (frame->error != NULL) json_member_cstring(out, "error", frame->error);
}

/* The outermost frame is known from its message. */
static void
complete_root(struct tracer *tracer, struct legacy *self, const struct execution_result *result) {
    struct tracer_frame *root = self->root;
    const struct tracer_frame *message = &self->message;
    root->opcode = message->opcode;
    root->from = message->from;
    root->to = message->to;
    root->has_to = true;
    root->value = message->value;
    root->has_value = true;
    root->input = message->input;
    root->gas = tracer->subject.tx->gas_limit;
    root->gas_used = result->gas_used;
    call_of(root)->has_gas = true;
    call_of(root)->has_gas_used = true;
    if (root->error == NULL) root->error = message->error;
    root->output = message->output;
}

struct members {
    const struct tracer_frame *root;
    enum evm_outcome outcome; /* of the transaction */
};

static void
write_members(void *context, struct json_writer *out, const struct tracer_frame *frame) {
    const struct members *members = context;
    write_frame(out, frame);
    bool is_reverted_root = frame == members->root && frame->error != NULL &&
                            members->outcome == EVM_REVERT && frame->output.size > 0;
    if (is_reverted_root) json_member_data(out, "output", frame->output);
}

static enum err
write(struct tracer *tracer, struct tracer_part *part, const struct execution_result *result) {
    struct legacy *self = part->self;
    complete_root(tracer, self, result);
    struct members members = {self->root, result->outcome};
    tracer_frame_walk(tracer->out, self->root, write_members, &members);
    return ERR_OK;
}

const struct tracer_type TRACER_CALL_LEGACY_TYPE = {
    .open = open,
    .enter = enter,
    .exit = exit_frame,
    .step = see,
    .step_end = step_end,
    .write = write,
    .wants_steps = true,
};
