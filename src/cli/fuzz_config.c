/* Any text as a network's file: it is taken or refused with a reason and a place, and what is taken
 * makes plans that hold together. */
#include "cli/config.h"
#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct network_options options;
    struct cli_error error = {""};
    const char *words[1];
    int words_count;
    struct arena arena;
    arena_open(&arena, (size_t)4 << 20);
    options = (struct network_options){.described_count = 0};
    CHECK(cli_parse(&network_table, &options, words, &words_count, NULL, &error, 0, NULL));
    options.config = "net.ini";
    bool is_good = config_read_text(&options, &arena, &error, bytes_of(data, size));
    if (!is_good) CHECK(strncmp(error.text, "net.ini:", 8) == 0);
    if (is_good) is_good = network_options_settle(&options, &error);
    CHECK(is_good || error.text[0] != 0);
    CHECK(options.described_count <= NODE_ROLLUPS_MAX);
    for (size_t i = 0; is_good && i <= options.node.rollups_count; i++) {
        const struct node_chain_plan *plan = &options.node.chains[i];
        CHECK(plan->name[0] != 0 && strchr(plan->name, '/') == NULL && plan->chain_id != 0);
        CHECK(plan->fundings.count <= NODE_FUNDINGS_MAX && plan->port <= 65535);
    }
    arena_close(&arena);
    return 0;
}
