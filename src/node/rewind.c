#include "node/rewind.h"

#include "core/rlp.h"
#include "node/amend.h"
#include "node/hub_view.h"
#include "node/network.h"

#include <inttypes.h>

/* In L1's store, as rlp([[header, safe number], …]). */
#define META_REWIND "rewind" /* begun and not finished */
#define META_START  "start"  /* the network's first point */

#define PLAN_SIZE_MAX ((size_t)4 << 20)

enum err rewind_capture(struct rewind_point *points, struct node *node) {
    for (size_t i = 0; i < node->chain_count; i++) {
        struct node_chain *chain = &node->chains[i];
        points[i] = (struct rewind_point){.header = chain->head};
        enum err err =
            store_get_head(node_chain_store(chain), STORE_SAFE, &points[i].safe_number, NULL);
        if (err != ERR_OK && err != ERR_MISSING) return err;
    }
    return ERR_OK;
}

/* --- plans ------------------------------------------------------------------------------------ */

static enum err encode(
    bytes *encoded, struct arena *arena, const struct node *node, const struct rewind_point *points
) {
    struct rlp_writer w;
    bytes headers[NODE_CHAINS_MAX];
    for (size_t i = 0; i < node->chain_count; i++) {
        enum err err = header_encode(&headers[i], arena, &points[i].header);
        if (err != ERR_OK) return err;
    }
    rlp_writer_open(&w, arena);
    rlp_list_begin(&w);
    for (size_t i = 0; i < node->chain_count; i++) {
        rlp_list_begin(&w);
        rlp_write_string(&w, headers[i]);
        rlp_write_u64(&w, points[i].safe_number);
        rlp_list_end(&w);
    }
    rlp_list_end(&w);
    return rlp_finish(&w, encoded);
}

static enum err decode(struct rewind_point *points, const struct node *node, bytes encoded) {
    struct rlp rlp = rlp_open(encoded);
    struct rlp list;
    struct rlp fields;
    bytes header;
    if (rlp_read_list(&rlp, &list) != ERR_OK) return ERR_CORRUPT;
    for (size_t i = 0; i < node->chain_count; i++) {
        struct rewind_point *point = &points[i];
        if (rlp_read_list(&list, &fields) != ERR_OK ||
            rlp_read_string(&fields, &header) != ERR_OK ||
            rlp_read_u64(&fields, &point->safe_number) != ERR_OK ||
            header_decode(&point->header, header) != BLOCK_OK)
            return ERR_CORRUPT;
    }
    return rlp_done(&list) ? ERR_OK : ERR_CORRUPT;
}

static enum err put_plan(
    struct node *node,
    char error[DATABASE_ERROR_SIZE],
    const char *name,
    const struct rewind_point *points
) {
    struct arena arena;
    bytes plan;
    arena_open(&arena, PLAN_SIZE_MAX);
    enum err err = encode(&plan, &arena, node, points);
    if (err == ERR_OK)
        err = node_chain_put_meta(node_l1(node), error, name, plan);
    else
        (void)node_fail(error, err, "%s", err_text(err));
    arena_close(&arena);
    return err;
}

static enum err get_plan(struct rewind_point *points, struct node *node, const char *name) {
    bytes plan;
    enum err err = store_get_meta(node_chain_store(node_l1(node)), name, &plan);
    return err == ERR_OK ? decode(points, node, plan) : err;
}

/* --- where a chain's rollups are when it goes back -------------------------------------------- */

/* The rollup's block at the head that the Hub has in this state of its parent. */
static enum err point_of_rollup(
    struct rewind_point *point, struct node_chain *rollup, char *error, struct state *parent_state
) {
    const address *hub = &node_contracts(node_parent(rollup))->hub;
    struct hub_view view;
    bool is_found = false;
    hash32 root;
    enum err err = hub_view_read(&view, parent_state, hub, rollup->rollup_id);
    if (err == ERR_OK) err = node_chain_find_root(rollup, &is_found, &point->header, &view.head);
    if (err == ERR_OK && !is_found) {
        root = view.head;
        err = amend_follow(rollup, &root);
        if (err == ERR_OK) err = node_chain_find_root(rollup, &is_found, &point->header, &root);
    }
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    if (!is_found) return node_fail(error, ERR_INPUT, "the network's contracts would be gone");
    point->header.state_root = view.head;
    point->safe_number = point->header.number;
    return ERR_OK;
}

/* A rollup whose head the Hub has had before and has now loses nothing of what is above. */
static enum err keep_unsafe(struct rewind_point *point, struct node_chain *rollup, char *error) {
    struct hub_view view;
    const enum err err = node_hub_view(&view, rollup);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    if (hash32_equal(&view.head, &point->header.state_root)) point->header = rollup->head;
    return ERR_OK;
}

enum err rewind_by(
    struct rewind_point *points,
    struct node_chain *chain,
    char error[DATABASE_ERROR_SIZE],
    uint64_t depth,
    bool keeps_unsafe
) {
    struct node *node = chain->node;
    struct rewind_point *own = &points[node_place(chain)];
    uint64_t number = chain->head.number - depth;
    enum err err = rewind_capture(points, node);
    if (err == ERR_OK && node_chain_is_forked(chain, number))
        return node_fail(error, ERR_INPUT, "the fork begins above that block");
    if (err == ERR_OK && chain->rollup_id != 0 && number < own->safe_number)
        return node_fail(error, ERR_INPUT, "the rollup's blocks are on L1: roll L1 back instead");
    if (err == ERR_OK) err = node_chain_read_header(chain, &own->header, NULL, number);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    if (chain->rollup_id != 0 || depth == 0) return ERR_OK;
    arena_reset(&node->build_arena);
    for (size_t i = 1; i < node->chain_count && err == ERR_OK; i++) {
        struct node_chain *parent = node_parent(&node->chains[i]);
        const struct header *header = &points[node_place(parent)].header;
        struct state *state;
        err = node_chain_state_at(parent, &state, &node->build_arena, header);
        if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
        err = point_of_rollup(&points[i], &node->chains[i], error, state);
        if (err == ERR_OK && keeps_unsafe) err = keep_unsafe(&points[i], &node->chains[i], error);
    }
    return err;
}

/* --- going back ------------------------------------------------------------------------------- */

static enum err take_back(
    struct node_chain *chain, char error[DATABASE_ERROR_SIZE], const struct rewind_point *point
) {
    struct node *node = chain->node;
    uint64_t number = point->header.number;
    hash32 hash = header_hash(&point->header);
    enum err err = ERR_OK;
    if (number < chain->head.number) {
        if (node->server != NULL) rpc_server_removing(node->server, &chain->rpc, number + 1);
        /* Blocks to come are told even if they are the same, and what is left if it was not. */
        chain->announced_hash = (hash32){{0}};
        uint64_t from = chain->head.number;
        err = node_chain_truncate(chain, error, number);
        if (err == ERR_OK)
            log_message(
                &node->log,
                chain->rpc.name,
                "back to block %" PRIu64 ", from %" PRIu64,
                number,
                from
            );
    }
    if (err == ERR_OK && !hash32_equal(&hash, &chain->head_hash)) {
        arena_reset(&node->build_arena);
        err = node_chain_put_header(chain, error, &node->build_arena, &point->header);
    }
    if (err == ERR_OK && chain->rollup_id != 0)
        err = node_chain_set_safe(chain, error, point->safe_number);
    return err;
}

static enum err
go_back(struct node *node, char error[DATABASE_ERROR_SIZE], const struct rewind_point *points) {
    enum err err = ERR_OK;
    for (size_t i = 0; i < node->chain_count && err == ERR_OK; i++)
        err = take_back(&node->chains[i], error, &points[i]);
    return err;
}

enum err
rewind_to(struct node *node, char error[DATABASE_ERROR_SIZE], const struct rewind_point *points) {
    bool is_durable = node_chain_is_durable(node_l1(node));
    enum err err = is_durable ? put_plan(node, error, META_REWIND, points) : ERR_OK;
    if (err == ERR_OK) err = go_back(node, error, points);
    for (size_t i = 0; i < node->chain_count && err == ERR_OK && is_durable; i++)
        err = node_chain_sync(&node->chains[i], error);
    if (err == ERR_OK && is_durable)
        err = node_chain_put_meta(node_l1(node), error, META_REWIND, BYTES_EMPTY);
    return err;
}

enum err rewind_recover(struct node *node, char error[DATABASE_ERROR_SIZE]) {
    struct rewind_point points[NODE_CHAINS_MAX];
    enum err err = get_plan(points, node, META_REWIND);
    if (err == ERR_MISSING) return ERR_OK;
    if (err != ERR_OK)
        return node_fail(error, err, "l1: settings: the plan to go back is malformed");
    return rewind_to(node, error, points);
}

enum err rewind_mark_start(struct node *node, char error[DATABASE_ERROR_SIZE]) {
    struct rewind_point points[NODE_CHAINS_MAX];
    enum err err = rewind_capture(points, node);
    if (err != ERR_OK) return node_fail(error, err, "%s", err_text(err));
    return put_plan(node, error, META_START, points);
}

enum err rewind_start(struct rewind_point *points, struct node *node) {
    return get_plan(points, node, META_START);
}
