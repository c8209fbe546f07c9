/* conformance/shy.c: see shy.h. */
#include "conformance/shy.h"

static enum err first_time(struct shy_source *shy, const hash32 *hash) {
    bool is_new;
    if (map_put(&shy->asked, hash, &is_new) == NULL) return ERR_MEMORY;
    return is_new ? ERR_MISSING : ERR_OK;
}

static enum err shy_node(struct source *source, const hash32 *hash, bytes *encoded) {
    struct shy_source *shy = (struct shy_source *)source;
    enum err err = first_time(shy, hash);
    return err != ERR_OK ? err : source_node(shy->base, hash, encoded);
}

static enum err shy_code(struct source *source, const hash32 *code_hash, bytes *code) {
    struct shy_source *shy = (struct shy_source *)source;
    enum err err = first_time(shy, code_hash);
    return err != ERR_OK ? err : source_code(shy->base, code_hash, code);
}

void shy_open(struct shy_source *shy, struct arena *arena, struct source *base) {
    *shy = (struct shy_source){.source = {.node = shy_node, .code = shy_code}, .base = base};
    map_open(&shy->asked, arena, sizeof(hash32), 1);
}
