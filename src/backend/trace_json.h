/* backend/trace_json.h: a tree of frames (world/trace.h) in the form of docs/trace.md. */
#ifndef BACKEND_TRACE_JSON_H
#define BACKEND_TRACE_JSON_H

#include "rpc/json_writer.h"
#include "world/trace.h"

struct node;

/* trace_json_frame writes the frame object of root and all below it. */
void trace_json_frame(struct json_writer *out, const struct node *node, struct world_frame *root);

#endif
