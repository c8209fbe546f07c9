#include "verify/statement.h"

static void
refuse(struct statement_output *output, enum statement_status status, const char what[8]) {
    *output = (struct statement_output){.status = status, .size = STATEMENT_REFUSAL_SIZE};
    memcpy(output->data, what, 8);
}

void statement_out_of_memory(struct statement_output *output) {
    refuse(output, STATEMENT_MEMORY, "memory\0");
}

void statement_check(struct statement_output *output, struct arena *arena, bytes input) {
    const struct verify_options options = {.takes_shares = true};
    struct verify_result result;
    if (verify_input(&result, arena, &options, input) != ERR_OK) { /* ERR_MEMORY */
        statement_out_of_memory(output);
        return;
    }
    if (result.verdict != VERIFY_OK) {
        refuse(output, STATEMENT_REFUSED, "refused");
        bool is_file = result.verdict == VERIFY_BATCH_FILE ||
                       result.verdict == VERIFY_WITNESS_FILE || result.verdict == VERIFY_SHARE_FILE;
        store_le64(output->data + 8, result.verdict);
        store_le64(output->data + 16, result.entry_index);
        store_le64(output->data + 24, is_file ? (uint64_t)result.fault : (uint64_t)result.step);
        store_le64(output->data + 32, result.rollup_id);
        return;
    }
    *output = (struct statement_output){.status = STATEMENT_HOLDS, .size = STATEMENT_OUTPUT_SIZE};
    memcpy(output->data, result.output.b, STATEMENT_OUTPUT_SIZE);
}
