/* Any text as names file and as the trace that a node gives: names and trace_tree must read it
 * without harm, and write no control character but line ends. */
#include "cli/trace_tree.h"
#include "core/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct names names;
    const char *problem = NULL;
    CHECK(names_open(&names) == ERR_OK);
    if (names_add(&names, &problem, bytes_of(data, size)) == ERR_INPUT) CHECK(problem != NULL);
    struct json json;
    json_open(&json);
    json.depth_max = TRACE_JSON_DEPTH_MAX;
    if (json_parse(&json, (const char *)data, size) == ERR_OK) {
        char *text = NULL;
        size_t text_size = 0;
        FILE *out = open_memstream(&text, &text_size);
        CHECK(out != NULL);
        struct trace_style style = {.is_full = size & 1, .names = &names};
        if (trace_tree_print(out, &json, 0, &style) == ERR_INPUT) CHECK(ftell(out) == 0);
        (void)fclose(out);
        for (size_t i = 0; i < text_size; i++)
            CHECK((uint8_t)text[i] >= 0x20 || text[i] == '\n');
        free(text);
    }
    json_close(&json);
    names_close(&names);
    return 0;
}
