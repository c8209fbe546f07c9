/* conformance/runner.c: see runner.h. */
#include "conformance/runner.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX      256
#define LINE_MAX_SIZE 4000 /* below PIPE_BUF: one write is one piece */

/* --- the list of files ------------------------------------------------------------------------ */

struct paths {
    char **items;
    size_t count;
    size_t capacity;
};

static void add_path(struct paths *paths, const char *path) {
    if (paths->count == paths->capacity) {
        paths->capacity = paths->capacity == 0 ? 256 : 2 * paths->capacity;
        paths->items = realloc(paths->items, paths->capacity * sizeof *paths->items);
        if (paths->items == NULL) abort();
    }
    paths->items[paths->count] = strdup(path);
    if (paths->items[paths->count++] == NULL) abort();
}

static bool is_json(const char *path) {
    size_t size = strlen(path);
    return size > 5 && strcmp(path + size - 5, ".json") == 0;
}

/* Adds the files of a folder and all below. The list itself is the queue of folders to visit, so
 * nothing recurses: folders are replaced by what is in them. */
static void close_paths(struct paths *paths) {
    for (size_t i = 0; i < paths->count; i++)
        free(paths->items[i]);
    free(paths->items);
}

static bool add_tree(struct paths *files, const char *root) {
    struct paths queue = {0};
    struct stat info;
    if (stat(root, &info) != 0) return false;
    if (!S_ISDIR(info.st_mode)) {
        add_path(files, root);
        return true;
    }
    add_path(&queue, root);
    for (size_t i = 0; i < queue.count; i++) {
        struct dirent **names;
        int count = scandir(queue.items[i], &names, NULL, alphasort);
        for (int k = 0; k < count; k++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", queue.items[i], names[k]->d_name);
            if (names[k]->d_name[0] != '.' && stat(path, &info) == 0) {
                if (S_ISDIR(info.st_mode)) add_path(&queue, path);
                if (S_ISREG(info.st_mode) && is_json(path)) add_path(files, path);
            }
            free(names[k]);
        }
        if (count >= 0) free(names);
    }
    close_paths(&queue);
    return true;
}

/* --- working ---------------------------------------------------------------------------------- */

/* In memory that all processes share. */
struct board {
    atomic_size_t next;
    atomic_size_t passed;
    atomic_size_t failed;
    atomic_size_t current[JOBS_MAX]; /* the file a process is at, for when it dies; 0: none */
};

void runner_print(const char *format, ...) {
    char line[LINE_MAX_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (size < 0) return;
    size_t length = (size_t)size < sizeof line - 1 ? (size_t)size : sizeof line - 2;
    line[length++] = '\n';
    if (write(STDOUT_FILENO, line, length) < 0) return;
}

static void work(
    struct board *board,
    unsigned worker,
    const struct paths *files,
    const struct runner_options *options,
    runner_file *run
) {
    for (;;) {
        size_t i = atomic_fetch_add(&board->next, 1);
        if (i >= files->count) return;
        atomic_store(&board->current[worker], i + 1);
        struct runner_tally tally = {0, 0};
        run(files->items[i], options, &tally);
        atomic_fetch_add(&board->passed, tally.passed);
        atomic_fetch_add(&board->failed, tally.failed);
        atomic_store(&board->current[worker], 0);
    }
}

/* A process that died has failed the file it was at; another takes its place. */
static void work_all(
    struct board *board,
    const struct paths *files,
    const struct runner_options *options,
    runner_file *run
) {
    pid_t workers[JOBS_MAX];
    unsigned running = 0;
    for (unsigned w = 0; w < options->jobs; w++) {
        workers[w] = fork();
        if (workers[w] == 0) {
            work(board, w, files, options, run);
            _exit(0);
        }
        if (workers[w] > 0) running++;
    }
    while (running > 0) {
        int status;
        pid_t pid = wait(&status);
        if (pid < 0) break;
        running--;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
        for (unsigned w = 0; w < options->jobs; w++) {
            if (workers[w] != pid) continue;
            size_t at = atomic_exchange(&board->current[w], 0);
            atomic_fetch_add(&board->failed, 1);
            runner_print("FAIL %s: the process died", at > 0 ? files->items[at - 1] : "?");
            workers[w] = fork();
            if (workers[w] == 0) {
                work(board, w, files, options, run);
                _exit(0);
            }
            if (workers[w] > 0) running++;
        }
    }
}

/* --- arguments -------------------------------------------------------------------------------- */

static int usage(const char *command) {
    fprintf(
        stderr,
        "usage: lockstep %s [--fork F] [--filter TEXT] [--jobs N] [--suspend] [--verbose] PATH…\n",
        command
    );
    return 2;
}

static bool
read_arguments(struct runner_options *options, struct paths *files, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argument, "--suspend") == 0) {
            options->is_suspending = true;
        } else if (strcmp(argument, "--verbose") == 0) {
            options->is_verbose = true;
        } else if (strncmp(argument, "--", 2) == 0) {
            if (value == NULL) return false;
            i++;
            if (strcmp(argument, "--fork") == 0) {
                options->fork = value;
            } else if (strcmp(argument, "--filter") == 0) {
                options->filter = value;
            } else if (strcmp(argument, "--jobs") == 0) {
                options->jobs = (unsigned)strtoul(value, NULL, 10);
                if (options->jobs == 0) return false;
            } else {
                return false;
            }
        } else if (!add_tree(files, argument)) {
            fprintf(stderr, "%s: no such file or folder\n", argument);
            return false;
        }
    }
    return files->count > 0;
}

int runner_main(int argc, char **argv, runner_file *run) {
    struct runner_options options = {0};
    struct paths files = {0};
    if (!read_arguments(&options, &files, argc, argv)) {
        close_paths(&files);
        return usage(argv[0]);
    }
    if (options.jobs == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        options.jobs = cores > 0 ? (unsigned)cores : 1;
    }
    if (options.jobs > JOBS_MAX) options.jobs = JOBS_MAX;
    struct board *board =
        mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) abort();
    if (options.jobs == 1) {
        work(board, 0, &files, &options, run); /* no process of its own: for a debugger */
    } else {
        work_all(board, &files, &options, run);
    }
    size_t passed = atomic_load(&board->passed);
    size_t failed = atomic_load(&board->failed);
    runner_print("%zu passed, %zu failed", passed, failed);
    close_paths(&files);
    (void)munmap(board, sizeof *board);
    return failed > 0 || passed == 0 ? 1 : 0;
}
