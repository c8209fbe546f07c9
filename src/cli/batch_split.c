#include "cli/batch_split.h"

#include "cli/batch_folder.h"

#include <inttypes.h>
#include <stdio.h>

#define ARENA_SIZE_MAX ((size_t)16 << 30)
#define NAME_SIZE      24

static bool complain(const char *problem) {
    fprintf(stderr, "lockstep batch: %s\n", problem);
    return false;
}

static bool is_true(const struct verify_result *result) {
    if (result->verdict == VERIFY_OK) return true;
    fprintf(
        stderr,
        "lockstep batch: the files do not verify: %s: %s\n",
        verify_verdict_name(result->verdict),
        verify_verdict_text(result->verdict)
    );
    return false;
}

bool batch_make_runs(
    bytes *runs, struct arena *arena, const struct verify_options *options, bytes input
) {
    struct arena scratch;
    struct verify_result result;
    arena_open(&scratch, ARENA_SIZE_MAX);
    enum err err = verify_make_runs(runs, &result, arena, &scratch, options, input);
    arena_close(&scratch);
    return err == ERR_OK ? is_true(&result) : complain(err_text(err));
}

static bool count_runs(
    uint64_t *count,
    struct arena *arena,
    const struct verify_options *options,
    bytes input,
    bytes runs
) {
    struct verify_files *files;
    struct verify_result result;
    enum err err = verify_open(&files, &result, arena, options, input, runs);
    if (err == ERR_OK && !is_true(&result)) return false;
    if (err == ERR_OK) err = verify_split(files);
    if (err != ERR_OK) return complain(err_text(err));
    *count = verify_run_count(files);
    return *count > 0 || complain("the batch has no entries, and so no runs");
}

/* The runs are dealt out evenly, each share those that follow one another. */
static bool make_shares(
    struct folder_file *files,
    uint64_t share_count,
    struct arena *arena,
    const struct verify_options *options,
    bytes input,
    bytes runs,
    uint64_t run_count
) {
    struct arena working;
    bool is_good = true;
    arena_open(&working, ARENA_SIZE_MAX);
    for (uint64_t i = 0; i < share_count && is_good; i++) {
        const uint64_t first = run_count * i / share_count;
        const uint64_t count = run_count * (i + 1) / share_count - first;
        struct verify_result result;
        bytes share;
        arena_reset(&working);
        enum err err =
            verify_make_share(&share, &result, &working, options, input, runs, first, count);
        is_good = err == ERR_OK ? is_true(&result) : complain(err_text(err));
        if (!is_good) break;
        uint8_t *data = arena_alloc(arena, share.size);
        char *name = arena_alloc(arena, NAME_SIZE);
        is_good = (data != NULL && name != NULL) || complain(err_text(ERR_MEMORY));
        if (!is_good) break;
        memcpy(data, share.data, share.size);
        (void)snprintf(name, NAME_SIZE, "%" PRIu64, i);
        files[i] = (struct folder_file){name, bytes_of(data, share.size)};
    }
    arena_close(&working);
    return is_good;
}

static void
print(const struct folder_file *files, uint64_t share_count, const char *path, uint64_t run_count) {
    size_t size = 0;
    size_t largest = 0;
    for (uint64_t i = 0; i < share_count; i++) {
        size += files[i].data.size;
        if (files[i].data.size > largest) largest = files[i].data.size;
    }
    printf(
        "%s: %" PRIu64 " runs in %" PRIu64 " shares, %zu bytes, the largest %zu\n",
        path,
        run_count,
        share_count,
        size,
        largest
    );
}

bool batch_split(
    const char *from, const char *to, uint64_t share_count, const struct verify_options *options
) {
    struct arena arena;
    struct batch_folder folder;
    char why[BATCH_FOLDER_WHY_SIZE];
    bytes input = BYTES_EMPTY;
    bytes runs;
    uint64_t run_count = 0;
    struct folder_file *files = NULL;
    arena_open(&arena, ARENA_SIZE_MAX);
    bool is_good = batch_folder_read(&folder, why, &arena, from) || complain(why);
    if (is_good) {
        input = batch_folder_input(&folder, &arena);
        is_good = input.size > 0 || complain(err_text(ERR_MEMORY));
    }
    is_good = is_good && batch_make_runs(&runs, &arena, options, input) &&
              count_runs(&run_count, &arena, options, input, runs);
    if (share_count == 0 || share_count > run_count) share_count = run_count;
    if (is_good) {
        files = arena_alloc_array(&arena, share_count, sizeof(*files));
        is_good = files != NULL || complain(err_text(ERR_MEMORY));
    }
    is_good = is_good && make_shares(files, share_count, &arena, options, input, runs, run_count) &&
              (folder_write(files, share_count, why, to) || complain(why));
    if (is_good) print(files, share_count, to, run_count);
    arena_close(&arena);
    return is_good;
}
