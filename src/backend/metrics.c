#include "backend/metrics.h"

#include "node/network.h"
#include "node/version.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define LABELS_SIZE 96

/* One number of each chain. A chain that cannot say is left out. */
typedef bool read_number(struct node_chain *chain, uint64_t *value);

static const char *chain_label(char labels[LABELS_SIZE], const struct node_chain *chain) {
    (void)snprintf(labels, LABELS_SIZE, "chain=\"%s\"", chain->rpc.name);
    return labels;
}

static bool read_blocks(struct node_chain *chain, uint64_t *value) {
    *value = chain->stats.block_count;
    return true;
}

static bool read_transactions(struct node_chain *chain, uint64_t *value) {
    *value = chain->stats.tx_count;
    return true;
}

static bool read_failed(struct node_chain *chain, uint64_t *value) {
    *value = chain->stats.failed_count;
    return true;
}

static bool read_gas(struct node_chain *chain, uint64_t *value) {
    *value = chain->stats.gas_used;
    return true;
}

static bool read_dropped(struct node_chain *chain, uint64_t *value) {
    *value = chain->stats.dropped_count;
    return true;
}

static bool read_head(struct node_chain *chain, uint64_t *value) {
    *value = chain->head.number;
    return true;
}

static bool read_safe(struct node_chain *chain, uint64_t *value) {
    const struct rpc_block_id id = {.kind = RPC_BLOCK_SAFE};
    bool is_found = false;
    return node_chain_resolve(chain, &is_found, value, &id) == ERR_OK && is_found;
}

static bool read_head_timestamp(struct node_chain *chain, uint64_t *value) {
    *value = chain->head.timestamp;
    return true;
}

static bool read_base_fee(struct node_chain *chain, uint64_t *value) {
    *value = u256_to_u64_saturating(&chain->head.base_fee_per_gas);
    return true;
}

static bool read_pending(struct node_chain *chain, uint64_t *value) {
    *value = pool_pending_count(chain->pool);
    return true;
}

static bool read_queued(struct node_chain *chain, uint64_t *value) {
    *value = pool_queued_count(chain->pool);
    return true;
}

static bool read_pool_size(struct node_chain *chain, uint64_t *value) {
    *value = pool_size(chain->pool);
    return true;
}

static bool read_database_size(struct node_chain *chain, uint64_t *value) {
    struct database_usage usage;
    if (database_usage(&chain->snapshot, &usage) != ERR_OK) return false;
    *value = usage.file_size;
    return true;
}

static const struct chain_family {
    const char *name;
    enum metrics_type type;
    const char *help;
    read_number *read;
} families[] = {
    {"lockstep_blocks_total", METRICS_COUNTER, "Blocks appended.", read_blocks},
    {"lockstep_transactions_total",
     METRICS_COUNTER,
     "Transactions in those blocks.",
     read_transactions},
    {"lockstep_transactions_failed_total",
     METRICS_COUNTER,
     "Of those, the ones that failed.",
     read_failed},
    {"lockstep_transactions_dropped_total",
     METRICS_COUNTER,
     "Transactions taken out of the pool without a block.",
     read_dropped},
    {"lockstep_gas_used_total", METRICS_COUNTER, "Gas used by the blocks appended.", read_gas},
    {"lockstep_head_number", METRICS_GAUGE, "Number of the newest block.", read_head},
    {"lockstep_safe_number",
     METRICS_GAUGE,
     "Number of the newest block that is safe: of a rollup, that L1 knows of.",
     read_safe},
    {"lockstep_head_timestamp_seconds",
     METRICS_GAUGE,
     "Timestamp of the newest block.",
     read_head_timestamp},
    {"lockstep_base_fee_wei",
     METRICS_GAUGE,
     "Base fee per gas of the newest block.",
     read_base_fee},
    {"lockstep_pool_pending",
     METRICS_GAUGE,
     "Transactions that may go into a block.",
     read_pending},
    {"lockstep_pool_queued", METRICS_GAUGE, "Transactions that wait for a nonce.", read_queued},
    {"lockstep_pool_bytes", METRICS_GAUGE, "Memory of the pool's transactions.", read_pool_size},
    {"lockstep_database_bytes", METRICS_GAUGE, "Size of the chain's database.", read_database_size},
};

static void write_chains(struct json_writer *out, struct node *node) {
    char labels[LABELS_SIZE];
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        const struct chain_family *family = &families[f];
        metrics_family(out, family->name, family->type, family->help);
        for (size_t i = 0; i < node->chain_count; i++) {
            struct node_chain *chain = &node->chains[i];
            uint64_t value;
            if (family->read(chain, &value))
                metrics_sample(out, family->name, chain_label(labels, chain), value);
        }
    }
    static const char build[] = "lockstep_block_build_seconds";
    metrics_family(out, build, METRICS_HISTOGRAM, "Time to build a block and write it.");
    for (size_t i = 0; i < node->chain_count; i++)
        metrics_histogram(
            out, build, chain_label(labels, &node->chains[i]), &node->chains[i].stats.build
        );
}

static void write_one(
    struct json_writer *out,
    const char *name,
    enum metrics_type type,
    const char *help,
    uint64_t value
) {
    metrics_family(out, name, type, help);
    metrics_sample(out, name, NULL, value);
}

static void write_network(struct json_writer *out, const struct node *node) {
    write_one(
        out,
        "lockstep_batches_total",
        METRICS_COUNTER,
        "Batches posted on L1.",
        node->stats.batch_count
    );
    write_one(
        out,
        "lockstep_entries_total",
        METRICS_COUNTER,
        "Entries in those batches: proven steps of rollups.",
        node->stats.entry_count
    );
    metrics_family(
        out,
        "lockstep_proof_seconds",
        METRICS_HISTOGRAM,
        "Time to check a batch and vouch for it, refusals included."
    );
    metrics_histogram(out, "lockstep_proof_seconds", NULL, &node->stats.proof);
    write_one(
        out,
        "lockstep_build_arena_peak_bytes",
        METRICS_GAUGE,
        "Most memory that building a block has taken.",
        node->stats.build_peak
    );
}

/* --- the process: the names are those of Prometheus' client libraries ------------------------- */

static uint64_t open_files(void) {
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) return 0;
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count < 3 ? 0 : count - 3; /* ".", "..", and the folder itself */
}

static void write_process(struct json_writer *out) {
    unsigned long long virtual_pages = 0;
    unsigned long long resident_pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        char line[128];
        if (fgets(line, sizeof(line), file) != NULL) {
            char *end;
            virtual_pages = strtoull(line, &end, 10);
            resident_pages = strtoull(end, NULL, 10);
        }
        (void)fclose(file);
    }
    uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    struct rusage usage = {0};
    (void)getrusage(RUSAGE_SELF, &usage);
    uint64_t cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                      (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    write_one(
        out,
        "process_resident_memory_bytes",
        METRICS_GAUGE,
        "Resident memory size in bytes.",
        resident_pages * page_size
    );
    write_one(
        out,
        "process_virtual_memory_bytes",
        METRICS_GAUGE,
        "Virtual memory size in bytes.",
        virtual_pages * page_size
    );
    static const char cpu[] = "process_cpu_seconds_total";
    metrics_family(out, cpu, METRICS_COUNTER, "User and system CPU time spent in seconds.");
    metrics_seconds(out, cpu, NULL, cpu_us);
    write_one(
        out, "process_open_fds", METRICS_GAUGE, "Number of open file descriptors.", open_files()
    );
}

void metrics_write(void *context, struct json_writer *out) {
    struct node *node = context;
    static const char info[] = "lockstep_build_info";
    metrics_family(out, info, METRICS_GAUGE, "1, with what runs.");
    metrics_sample(out, info, "version=\"" LOCKSTEP_VERSION "\"", 1);
    write_chains(out, node);
    write_network(out, node);
    write_process(out);
}
