#include "node/datadir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK      "beginning"
#define MARK_TEXT "The network in this folder was being made for the first time.\n"

__attribute__((format(printf, 2, 3))) static enum err
refuse(char error[NODE_ERROR_SIZE], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, NODE_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return ERR_IO;
}

/* Makes the folder and those above it. */
static enum err make_folders(char error[NODE_ERROR_SIZE], const char *path) {
    char part[NODE_PATH_SIZE];
    size_t size = strlen(path);
    if (size >= sizeof(part) - 64) {
        (void)refuse(error, "the path of the data directory is too long");
        return ERR_INPUT;
    }
    for (size_t i = 1; i <= size; i++) {
        if (path[i] != '/' && path[i] != 0) continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0700) == 0 || errno == EEXIST) continue;
        return refuse(error, "cannot make the data directory %.300s: %s", path, strerror(errno));
    }
    return ERR_OK;
}

static enum err lock(struct node *node, char error[NODE_ERROR_SIZE], const char *path) {
    char name[NODE_PATH_SIZE];
    (void)snprintf(name, sizeof(name), "%s/lock", path);
    node->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (node->lock < 0)
        return refuse(
            error, "cannot write in the data directory %.300s: %s", path, strerror(errno)
        );
    if (flock(node->lock, LOCK_EX | LOCK_NB) == 0) return ERR_OK;
    if (errno == EWOULDBLOCK)
        return refuse(error, "another node is using the data directory %.300s", path);
    return refuse(error, "cannot lock the data directory %.300s: %s", path, strerror(errno));
}

static enum err sync_folder(int folder, char error[NODE_ERROR_SIZE], const char *path) {
    /* File systems without such a thing say EINVAL. */
    if (fsync(folder) == 0 || errno == EINVAL) return ERR_OK;
    return refuse(error, "cannot sync the data directory %.300s: %s", path, strerror(errno));
}

static enum err set_mark(int folder, char error[NODE_ERROR_SIZE], const char *path) {
    int fd = openat(folder, MARK, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t size = sizeof(MARK_TEXT) - 1;
    bool is_written = fd >= 0 && write(fd, MARK_TEXT, size) == (ssize_t)size && fsync(fd) == 0;
    int code = errno;
    if (fd >= 0) (void)close(fd);
    if (is_written) return sync_folder(folder, error, path);
    return refuse(error, "cannot write %.300s/" MARK ": %s", path, strerror(code));
}

/* A folder with a database, or what is left of one. */
static bool is_chain(int folder, const char *name) {
    char file[NODE_NAME_SIZE + sizeof("/data.mdb")];
    if (name[0] == '.' || strlen(name) >= NODE_NAME_SIZE) return false;
    (void)snprintf(file, sizeof(file), "%.*s/in-use", NODE_NAME_SIZE - 1, name);
    if (faccessat(folder, file, F_OK, 0) == 0) return true;
    (void)snprintf(file, sizeof(file), "%.*s/data.mdb", NODE_NAME_SIZE - 1, name);
    return faccessat(folder, file, F_OK, 0) == 0;
}

/* Removes what an interrupted first start has made of a chain, and nothing that is not its. */
static enum err
remove_chain(int folder, char error[NODE_ERROR_SIZE], const char *path, const char *name) {
    static const char *const files[] = {"data.mdb", "lock.mdb", "in-use"};
    int chain = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_gone = chain >= 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files) && is_gone; i++)
        is_gone = unlinkat(chain, files[i], 0) == 0 || errno == ENOENT;
    is_gone = is_gone && unlinkat(folder, name, AT_REMOVEDIR) == 0;
    int code = errno;
    if (chain >= 0) (void)close(chain);
    if (is_gone) return ERR_OK;
    return refuse(
        error,
        "the data directory %.250s is half made, and %.40s in it cannot be removed: %s",
        path,
        name,
        strerror(code)
    );
}

/* The folders of chains; ERR_LIMIT when there are more than a network can have. */
static enum err list_chains(
    int folder, struct datadir_chains *chains, char error[NODE_ERROR_SIZE], const char *path
) {
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = own < 0 ? NULL : fdopendir(own);
    chains->count = 0;
    if (list == NULL) {
        int code = errno;
        if (own >= 0) (void)close(own);
        return refuse(error, "cannot read the data directory %.300s: %s", path, strerror(code));
    }
    enum err err = ERR_OK;
    const struct dirent *item;
    while (err == ERR_OK && (item = readdir(list)) != NULL) {
        if (!is_chain(folder, item->d_name)) continue;
        if (chains->count == NODE_CHAINS_MAX) {
            (void)refuse(error, "the data directory %.300s has too many chains", path);
            err = ERR_LIMIT;
        } else {
            char *name = chains->names[chains->count++];
            (void)snprintf(name, NODE_NAME_SIZE, "%.*s", NODE_NAME_SIZE - 1, item->d_name);
        }
    }
    (void)closedir(list);
    return err;
}

static enum err open_folder(int *folder, char error[NODE_ERROR_SIZE], const char *path) {
    *folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*folder >= 0) return ERR_OK;
    return refuse(error, "cannot open the data directory %.300s: %s", path, strerror(errno));
}

enum err datadir_open(struct node *node, bool *has_network, char error[NODE_ERROR_SIZE]) {
    const char *path = node->options->datadir;
    struct datadir_chains chains;
    struct stat status;
    int folder = -1;
    *has_network = false;
    enum err err = make_folders(error, path);
    if (err == ERR_OK) err = lock(node, error, path);
    if (err == ERR_OK) err = open_folder(&folder, error, path);
    if (err != ERR_OK) return err;
    bool is_half_made = fstatat(folder, MARK, &status, 0) == 0;
    err = list_chains(folder, &chains, error, path);
    for (size_t i = 0; i < chains.count && err == ERR_OK && is_half_made; i++)
        err = remove_chain(folder, error, path, chains.names[i]);
    *has_network = err == ERR_OK && chains.count > 0 && !is_half_made;
    if (err == ERR_OK && !*has_network) err = set_mark(folder, error, path);
    (void)close(folder);
    return err;
}

enum err
datadir_find(struct node *node, struct datadir_chains *chains, char error[NODE_ERROR_SIZE]) {
    const char *path = node->options->datadir;
    struct stat status;
    int folder = -1;
    enum err err = open_folder(&folder, error, path);
    if (err != ERR_OK) return err;
    bool is_half_made = fstatat(folder, MARK, &status, 0) == 0;
    err = list_chains(folder, chains, error, path);
    if (err == ERR_OK && (is_half_made || chains->count == 0)) {
        (void)refuse(
            error,
            "%s in the data directory %.300s",
            is_half_made ? "a network was begun and not finished" : "there is no network",
            path
        );
        err = ERR_MISSING;
    }
    (void)close(folder);
    return err == ERR_OK ? lock(node, error, path) : err;
}

enum err datadir_settle(struct node *node, char error[NODE_ERROR_SIZE]) {
    const char *path = node->options->datadir;
    int folder = -1;
    enum err err = open_folder(&folder, error, path);
    if (err != ERR_OK) return err;
    /* The chains' folders are there for good before the mark goes. */
    err = sync_folder(folder, error, path);
    if (err == ERR_OK && unlinkat(folder, MARK, 0) != 0)
        err = refuse(error, "cannot remove %.300s/" MARK ": %s", path, strerror(errno));
    if (err == ERR_OK) err = sync_folder(folder, error, path);
    (void)close(folder);
    return err;
}
