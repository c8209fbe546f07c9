/* cli/batch_folder.h: the folder that holds the files of one batch (docs/batch-files.md). */
#ifndef CLI_BATCH_FOLDER_H
#define CLI_BATCH_FOLDER_H

#include "core/arena.h"

#define BATCH_FOLDER_FILE_MAX ((size_t)1 << 30) /* bytes of one file */
#define BATCH_FOLDER_WHY_SIZE 512

struct batch_folder {
    bytes batch;
    bytes witness;
    bytes runs; /* empty: there is no such file, and none is needed */
};

/* batch_folder_read reads the files into the arena. Batch and witness have to be there.
 * Returns: false  why says which file is the matter and what it is. */
bool batch_folder_read(
    struct batch_folder *folder,
    char why[BATCH_FOLDER_WHY_SIZE],
    struct arena *arena,
    const char *path
);

/* The two of them, one behind the other: what a batch is checked from. Empty: no memory. */
bytes batch_folder_input(const struct batch_folder *folder, struct arena *arena);

struct folder_file {
    const char *name;
    bytes data;
};

/* folder_write makes the folder with its files, all or nothing: they are written beside it,
 * and then get its name. What has that name may be an empty folder, or one with just these files;
 * everything else stays as it is.
 * Returns: false  why says what stands in the way. */
bool folder_write(
    const struct folder_file *files, size_t count, char why[BATCH_FOLDER_WHY_SIZE], const char *path
);
bool batch_folder_write(
    const struct batch_folder *folder, char why[BATCH_FOLDER_WHY_SIZE], const char *path
);

#endif
