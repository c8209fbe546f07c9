/* cli/file.h: reading files that a command is given. */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include "core/arena.h"

/* file_read reads a whole file, pipes too, into the arena.
 *
 * Returns: false  *problem says why, for the user; valid until the next call that sets errno. */
bool file_read(
    bytes *contents, const char **problem, struct arena *arena, const char *path, size_t size_max
);

#endif
