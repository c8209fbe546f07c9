#include "cli/evm_steps.h"

#define LINE_SIZE_MAX ((size_t)16 << 20)

void evm_steps_open(struct evm_steps *steps, FILE *out, enum fork fork) {
    *steps = (struct evm_steps){.out = out, .fork = fork};
    json_writer_open(&steps->rest, LINE_SIZE_MAX);
}

void evm_steps_close(struct evm_steps *steps) {
    json_writer_close(&steps->rest);
}

static void on_step(void *context, const struct evm_step *step) {
    struct evm_steps *steps = context;
    struct json_writer *rest = &steps->rest;
    const char *name = halt_opcode_name(step->opcode);
    steps->last = halt_step_of(step, steps->fork);
    steps->pc = step->pc;
    steps->journal = step->journal;
    json_writer_clear(rest);
    json_key(rest, "memSize");
    json_decimal(rest, step->memory.size);
    json_key(rest, "stack");
    json_array_begin(rest);
    for (uint32_t i = 0; i < step->stack_count; i++)
        json_quantity(rest, &step->stack[i]);
    json_array_end(rest);
    json_key(rest, "depth");
    json_decimal(rest, step->depth + 1);
    if (step->return_data.size > 0) json_member_data(rest, "returnData", step->return_data);
    json_member_cstring(rest, "opName", name != NULL ? name : "UNDEFINED");
}

static void on_step_end(void *context, uint64_t gas_cost, enum evm_outcome outcome) {
    struct evm_steps *steps = context;
    struct json_writer *rest = &steps->rest;
    char text[HALT_TEXT_SIZE_MAX];
    json_key(rest, "refund");
    json_decimal(rest, steps->journal->refund > 0 ? (uint64_t)steps->journal->refund : 0);
    if (outcome != EVM_SUCCESS && outcome != EVM_REVERT) {
        halt_text(text, outcome, &steps->last);
        json_member_cstring(rest, "error", text);
    }
    fprintf(
        steps->out,
        "{\"pc\":%u,\"op\":%u,\"gas\":\"0x%llx\",\"gasCost\":\"0x%llx\",%.*s}\n",
        steps->pc,
        steps->last.opcode,
        (unsigned long long)steps->last.gas,
        (unsigned long long)gas_cost,
        (int)rest->size,
        rest->data
    );
}

struct evm_tracer evm_steps_tracer(struct evm_steps *steps) {
    return (struct evm_tracer){.context = steps, .on_step = on_step, .on_step_end = on_step_end};
}

void evm_steps_finish(
    struct evm_steps *steps, bytes output, uint64_t gas_used, uint64_t time_ns, const char *error
) {
    struct json_writer *w = &steps->rest;
    json_writer_clear(w);
    json_object_begin(w);
    json_member_data(w, "output", output);
    json_member_quantity_u64(w, "gasUsed", gas_used);
    json_member_bool(w, "pass", error == NULL);
    if (error != NULL) json_member_cstring(w, "error", error);
    json_key(w, "time");
    json_decimal(w, time_ns);
    json_member_cstring(w, "fork", fork_name(steps->fork));
    json_object_end(w);
    fprintf(steps->out, "%.*s\n", (int)w->size, w->data);
}
