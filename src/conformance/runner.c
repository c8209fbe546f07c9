/* conformance/runner.c: see runner.h. */
#include "conformance/runner.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX         256
#define GROUPS_MAX       64
#define GROUP_SIZE       48
#define LINE_MAX_SIZE    4000 /* below PIPE_BUF: one write is one piece */
#define PROGRESS_SECONDS 15

/* --- the list of files ------------------------------------------------------------------------ */

struct item {
    char *path;
    size_t size; /* in bytes, of a file */
};

struct paths {
    struct item *items;
    size_t count;
    size_t capacity;
};

static void add_path(struct paths *paths, const char *path, size_t size) {
    if (paths->count == paths->capacity) {
        paths->capacity = paths->capacity == 0 ? 256 : 2 * paths->capacity;
        paths->items = realloc(paths->items, paths->capacity * sizeof *paths->items);
        if (paths->items == NULL) abort();
    }
    struct item *item = &paths->items[paths->count++];
    *item = (struct item){strdup(path), size};
    if (item->path == NULL) abort();
}

static bool is_json(const char *path) {
    size_t size = strlen(path);
    return size > 5 && strcmp(path + size - 5, ".json") == 0;
}

static void close_paths(struct paths *paths) {
    for (size_t i = 0; i < paths->count; i++)
        free(paths->items[i].path);
    free(paths->items);
}

/* Adds the files of a folder and all below, by a queue of folders to visit. */
static bool add_tree(struct paths *files, const char *root) {
    struct paths queue = {0};
    struct stat info;
    if (stat(root, &info) != 0) return false;
    if (!S_ISDIR(info.st_mode)) {
        add_path(files, root, (size_t)info.st_size);
        return true;
    }
    add_path(&queue, root, 0);
    for (size_t i = 0; i < queue.count; i++) {
        struct dirent **names;
        int count = scandir(queue.items[i].path, &names, NULL, alphasort);
        for (int k = 0; k < count; k++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", queue.items[i].path, names[k]->d_name);
            if (names[k]->d_name[0] != '.' && stat(path, &info) == 0) {
                if (S_ISDIR(info.st_mode)) add_path(&queue, path, 0);
                if (S_ISREG(info.st_mode) && is_json(path))
                    add_path(files, path, (size_t)info.st_size);
            }
            free(names[k]);
        }
        if (count >= 0) free(names);
    }
    close_paths(&queue);
    return true;
}

/* Large files first; of equal ones the order of names. */
static int compare_items(const void *a, const void *b) {
    const struct item *x = a;
    const struct item *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* --- working ---------------------------------------------------------------------------------- */

struct group {
    char name[GROUP_SIZE];
    size_t passed;
    size_t failed;
};

/* What is known of one file. */
struct progress {
    atomic_size_t claimed;       /* cases */
    atomic_bool is_finished;     /* all cases are claimed */
    atomic_uint_fast64_t cpu_ns; /* spent by all processes */
};

/* In memory that all processes share. */
struct board {
    atomic_size_t next;                        /* the first file nobody has begun */
    atomic_size_t progress_at;                 /* seconds: when progress was written last */
    atomic_size_t size_finished;               /* bytes of all finished files */
    atomic_size_t current[JOBS_MAX];           /* the file a process is at, + 1; 0: none */
    struct group groups[JOBS_MAX][GROUPS_MAX]; /* each process counts for itself */
    struct progress files[];
};

struct runner {
    struct progress *file;
    struct group *groups;
    size_t next; /* case */
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

bool runner_claim(struct runner *runner) {
    size_t expected = runner->next++;
    return atomic_compare_exchange_strong(&runner->file->claimed, &expected, expected + 1);
}

void runner_count(struct runner *runner, const char *group, bool is_passed) {
    struct group *g = runner->groups;
    while (g->name[0] != '\0' && strncmp(g->name, group, GROUP_SIZE - 1) != 0 &&
           g + 1 < runner->groups + GROUPS_MAX)
        g++;
    if (g->name[0] == '\0') snprintf(g->name, sizeof g->name, "%s", group);
    if (is_passed) g->passed++;
    if (!is_passed) g->failed++;
}

static uint64_t cpu_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* All that the processes of a run have in common. */
struct run {
    const char *command;
    const struct paths *files;
    const struct runner_options *options;
    runner_file *run;
    struct board *board;
    size_t size; /* of all files */
};

/* Says how far the run is, now and then. */
static void print_progress(const struct run *r, size_t finished) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    size_t last = atomic_load(&r->board->progress_at);
    size_t seconds = (size_t)now.tv_sec;
    if (r->options->progress < 0 || seconds < last + PROGRESS_SECONDS ||
        !atomic_compare_exchange_strong(&r->board->progress_at, &last, seconds))
        return;
    size_t percent = finished * 100 / r->size;
    (void)dprintf(r->options->progress, "%s: %zu %% of the files\n", r->command, percent);
}

static void work_file(const struct run *r, unsigned worker, size_t i) {
    struct board *board = r->board;
    struct runner runner = {&board->files[i], board->groups[worker], 0};
    uint64_t start = cpu_ns();
    atomic_store(&board->current[worker], i + 1);
    r->run(r->files->items[i].path, r->options, &runner);
    atomic_store(&board->current[worker], 0);
    atomic_fetch_add(&runner.file->cpu_ns, cpu_ns() - start);
    if (!atomic_exchange(&runner.file->is_finished, true)) {
        size_t size = r->files->items[i].size;
        print_progress(r, atomic_fetch_add(&board->size_finished, size) + size);
    }
}

static void work(const struct run *r, unsigned worker) {
    size_t count = r->files->count;
    for (size_t i; (i = atomic_fetch_add(&r->board->next, 1)) < count;)
        work_file(r, worker, i);
    for (size_t i = 0; i < count; i++)
        if (!atomic_load(&r->board->files[i].is_finished)) work_file(r, worker, i);
}

static bool start_worker(const struct run *r, unsigned worker, pid_t *pid) {
    *pid = fork();
    if (*pid == 0) {
        work(r, worker);
        _exit(0);
    }
    return *pid > 0;
}

/* A process that died has failed the case it was at, and nobody begins that file again; another
 * process takes its place. */
static void work_all(const struct run *r) {
    pid_t workers[JOBS_MAX];
    unsigned running = 0;
    for (unsigned w = 0; w < r->options->jobs; w++)
        running += start_worker(r, w, &workers[w]);
    while (running > 0) {
        int status;
        pid_t pid = wait(&status);
        if (pid < 0) break;
        running--;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
        for (unsigned w = 0; w < r->options->jobs; w++) {
            if (workers[w] != pid) continue;
            struct runner dead = {.groups = r->board->groups[w]};
            size_t at = atomic_exchange(&r->board->current[w], 0);
            runner_print("FAIL %s: the process died", at > 0 ? r->files->items[at - 1].path : "?");
            if (at > 0) atomic_store(&r->board->files[at - 1].is_finished, true);
            runner_count(&dead, "died", false);
            running += start_worker(r, w, &workers[w]);
        }
    }
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare_groups(const void *a, const void *b) {
    return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static struct group print_groups(const struct board *board, unsigned jobs) {
    struct group all[GROUPS_MAX] = {0};
    struct group sum = {0};
    size_t count = 0;
    for (size_t i = 0; i < (size_t)jobs * GROUPS_MAX; i++) {
        const struct group *from = &board->groups[i / GROUPS_MAX][i % GROUPS_MAX];
        if (from->name[0] == '\0') continue;
        size_t k = 0;
        while (k < count && k + 1 < GROUPS_MAX && strcmp(all[k].name, from->name) != 0)
            k++;
        if (k == count) memcpy(all[count++].name, from->name, GROUP_SIZE);
        all[k].passed += from->passed;
        all[k].failed += from->failed;
        sum.passed += from->passed;
        sum.failed += from->failed;
    }
    qsort(all, count, sizeof all[0], compare_groups);
    for (size_t k = 0; k < count && count > 1; k++)
        runner_print("%-32s %6zu passed, %zu failed", all[k].name, all[k].passed, all[k].failed);
    return sum;
}

static void print_slowest(const struct run *r) {
    for (unsigned n = 0; n < r->options->slowest && n < r->files->count; n++) {
        size_t slowest = 0;
        for (size_t i = 1; i < r->files->count; i++)
            if (r->board->files[i].cpu_ns > r->board->files[slowest].cpu_ns) slowest = i;
        double seconds = (double)r->board->files[slowest].cpu_ns / 1e9;
        runner_print("%9.3f s %s", seconds, r->files->items[slowest].path);
        r->board->files[slowest].cpu_ns = 0;
    }
}

/* --- arguments----------------------------------------------------------------------------- */

static int usage(const char *command) {
    fprintf(
        stderr,
        "usage: lockstep %s [--fork F] [--filter TEXT] [--jobs N] [--suspend] [--verbose]\n"
        "       [--slowest N] [--progress FILE-DESCRIPTOR] [--machine ELF] [--one-in N] PATH…\n",
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
            } else if (strcmp(argument, "--machine") == 0) {
                options->machine = value;
            } else if (strcmp(argument, "--one-in") == 0) {
                options->one_in = (unsigned)strtoul(value, NULL, 10);
                if (options->one_in == 0) return false;
            } else if (strcmp(argument, "--filter") == 0) {
                options->filter = value;
            } else if (strcmp(argument, "--jobs") == 0) {
                options->jobs = (unsigned)strtoul(value, NULL, 10);
                if (options->jobs == 0) return false;
            } else if (strcmp(argument, "--slowest") == 0) {
                options->slowest = (unsigned)strtoul(value, NULL, 10);
            } else if (strcmp(argument, "--progress") == 0) {
                options->progress = (int)strtol(value, NULL, 10);
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
    struct runner_options options = {.progress = -1};
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
    qsort(files.items, files.count, sizeof files.items[0], compare_items);
    size_t board_size = sizeof(struct board) + files.count * sizeof(struct progress);
    struct board *board =
        mmap(NULL, board_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) abort();
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    atomic_store(&board->progress_at, (size_t)now.tv_sec);
    struct run r = {argv[0], &files, &options, run, board, 1};
    for (size_t i = 0; i < files.count; i++)
        r.size += files.items[i].size;
    if (options.jobs == 1) {
        work(&r, 0); /* no process of its own: for a debugger */
    } else {
        work_all(&r);
    }
    print_slowest(&r);
    struct group sum = print_groups(board, options.jobs);
    runner_print("%zu passed, %zu failed", sum.passed, sum.failed);
    close_paths(&files);
    (void)munmap(board, board_size);
    return sum.failed > 0 || sum.passed == 0 ? 1 : 0;
}
