#include "cli/banner.h"

#include "core/hex.h"
#include "crypto/keccak.h"
#include "rpc/abi_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define INFO_SIZE_MAX (4u << 20)

/* An address as EIP-55 writes it: upper case where the hash of the digits has a high bit. */
static void write_address(char text[43], const address *who) {
    memcpy(text, "0x", 2);
    hex_encode(text + 2, address_bytes(who));
    hash32 hash = keccak256(bytes_of(text + 2, 40));
    for (size_t i = 0; i < 40; i++) {
        unsigned nibble = i % 2 == 0 ? hash.b[i / 2] >> 4 : hash.b[i / 2] & 15;
        if (nibble >= 8 && text[2 + i] >= 'a') text[2 + i] = (char)(text[2 + i] - 'a' + 'A');
    }
    text[42] = 0;
}

static void
print_contracts(FILE *out, const struct rpc_named_address *contracts, size_t contract_count) {
    char text[43];
    for (size_t i = 0; i < contract_count; i++) {
        write_address(text, &contracts[i].value);
        fprintf(out, "  %-16s %s\n", contracts[i].name, text);
    }
}

static bool same_contracts(const struct rpc_rollup_info *a, const struct rpc_rollup_info *b) {
    if (a->contract_count != b->contract_count) return false;
    for (size_t i = 0; i < a->contract_count; i++)
        if (strcmp(a->contracts[i].name, b->contracts[i].name) != 0 ||
            !address_equal(&a->contracts[i].value, &b->contracts[i].value))
            return false;
    return true;
}

/* Predeploys are the same everywhere, and then said once. */
static void print_rollup_contracts(FILE *out, const struct rpc_network_info *network) {
    bool are_same = true;
    for (size_t i = 1; i < network->rollup_count; i++)
        are_same = are_same && same_contracts(&network->rollups[0], &network->rollups[i]);
    for (size_t i = 0; i < network->rollup_count; i++) {
        const struct rpc_rollup_info *rollup = &network->rollups[i];
        if (are_same && i > 0) break;
        if (rollup->contract_count == 0) continue;
        fprintf(out, "\nContracts on %s\n", are_same ? "every rollup" : rollup->name);
        print_contracts(out, rollup->contracts, rollup->contract_count);
    }
}

static void print_trust(FILE *out, const struct rpc_network_info *network) {
    if (network->rollup_count == 0) return;
    fputs("\nWhat a rollup's state rests on\n", out);
    for (size_t i = 0; i < network->rollup_count; i++) {
        const struct rpc_rollup_info *rollup = &network->rollups[i];
        fprintf(out, "  %-16s %s: %s\n", rollup->name, rollup->proof_system, rollup->trust);
    }
}

static void print_accounts(FILE *out, const struct banner *banner) {
    if (banner->account_count == 0) return;
    fputs("\nAccounts", out);
    if (!banner->is_given) {
        fputs(", ", out);
        abi_print_ether(out, &banner->options->balance_wei);
        fputs(" each on every chain", out);
    }
    fputs(". Everybody knows these keys: use them for play money only\n", out);
    for (size_t i = 0; i < banner->account_count; i++) {
        char who[43];
        char key[65] = {0};
        write_address(who, &banner->accounts[i].address);
        hex_encode(key, hash32_bytes(&banner->accounts[i].private_key));
        fprintf(out, "  (%zu) %s  0x%s\n", i, who, key);
    }
    fprintf(out, "  from \"%s\", m/44'/60'/0'/0/index\n", banner->options->mnemonic);
}

static void print_blocks(FILE *out, const struct node_options *options) {
    if (options->slot_time_ms == 0)
        fputs("\nA block is made as soon as there is a transaction.", out);
    else
        fprintf(out, "\nA block is made every %" PRIu64 " ms.", options->slot_time_ms);
    if (options->datadir != NULL)
        fprintf(out, " Chains are kept in %s.", options->datadir);
    else
        fputs(" Nothing is kept.", out);
    fputs(" Ctrl-C stops.\n", out);
}

void banner_print(FILE *out, const struct banner *banner) {
    const struct rpc_network_info *network = banner->network;
    fprintf(out, "Lockstep %s, ready in %" PRIu64 " ms\n\n", network->version, banner->start_ms);
    fprintf(out, "  %-16s %10s  %s\n", "chain", "chain id", "endpoint");
    fprintf(
        out, "  %-16s %10" PRIu64 "  %s\n", "l1", network->parent_chain_id, network->parent_url
    );
    for (size_t i = 0; i < network->rollup_count; i++) {
        const struct rpc_rollup_info *rollup = &network->rollups[i];
        fprintf(out, "  %-16s %10" PRIu64 "  %s\n", rollup->name, rollup->chain_id, rollup->url);
    }
    if (network->contract_count > 0) fputs("\nContracts on l1\n", out);
    print_contracts(out, network->contracts, network->contract_count);
    print_rollup_contracts(out, network);
    print_trust(out, network);
    print_accounts(out, banner);
    print_blocks(out, banner->options);
    (void)fflush(out);
}

static void write_endpoint(struct json_writer *w, const char *name, uint64_t id, const char *url) {
    json_object_begin(w);
    json_member_cstring(w, "name", name);
    json_key(w, "chainId");
    json_decimal(w, id);
    json_member_cstring(w, "url", url != NULL ? url : "");
    json_object_end(w);
}

void banner_write_ready(struct json_writer *w, const struct banner *banner) {
    const struct rpc_network_info *network = banner->network;
    json_member_cstring(w, "version", network->version);
    json_key(w, "startMs");
    json_decimal(w, banner->start_ms);
    json_key(w, "chains");
    json_array_begin(w);
    write_endpoint(w, "l1", network->parent_chain_id, network->parent_url);
    for (size_t i = 0; i < network->rollup_count; i++) {
        const struct rpc_rollup_info *rollup = &network->rollups[i];
        write_endpoint(w, rollup->name, rollup->chain_id, rollup->url);
    }
    json_array_end(w);
}

/* --- the info file ---------------------------------------------------------------------------- */

static void write_chain(
    struct json_writer *w,
    const char *name,
    const char *parent,
    uint64_t rollup_id,
    uint64_t chain_id,
    const char *url,
    const struct rpc_named_address *contracts,
    size_t contract_count
) {
    json_object_begin(w);
    json_member_cstring(w, "name", name);
    if (parent != NULL) json_member_cstring(w, "parent", parent);
    json_key(w, "rollupId");
    json_decimal(w, rollup_id);
    json_key(w, "chainId");
    json_decimal(w, chain_id);
    json_member_cstring(w, "url", url != NULL ? url : "");
    json_key(w, "contracts");
    json_object_begin(w);
    for (size_t i = 0; i < contract_count; i++) {
        json_key_text(w, contracts[i].name, strlen(contracts[i].name));
        json_address(w, &contracts[i].value);
    }
    json_object_end(w);
    json_object_end(w);
}

static void write_info(struct json_writer *w, const struct banner *banner) {
    const struct rpc_network_info *network = banner->network;
    json_object_begin(w);
    json_member_cstring(w, "version", network->version);
    json_key(w, "pid");
    json_decimal(w, (uint64_t)getpid());
    json_member_cstring(w, "mnemonic", banner->options->mnemonic);
    json_key(w, "chains");
    json_array_begin(w);
    write_chain(
        w,
        "l1",
        NULL,
        0,
        network->parent_chain_id,
        network->parent_url,
        network->contracts,
        network->contract_count
    );
    for (size_t i = 0; i < network->rollup_count; i++) {
        const struct rpc_rollup_info *rollup = &network->rollups[i];
        write_chain(
            w,
            rollup->name,
            rollup->parent,
            rollup->rollup_id,
            rollup->chain_id,
            rollup->url,
            rollup->contracts,
            rollup->contract_count
        );
    }
    json_array_end(w);
    json_key(w, "accounts");
    json_array_begin(w);
    for (size_t i = 0; i < banner->account_count; i++) {
        json_object_begin(w);
        json_member_address(w, "address", &banner->accounts[i].address);
        json_member_hash(w, "privateKey", &banner->accounts[i].private_key);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

static enum err write_file(const char *path, const char *data, size_t size) {
    FILE *file = fopen(path, "w");
    if (file == NULL) return ERR_IO;
    bool is_written = fwrite(data, 1, size, file) == size && fputc('\n', file) != EOF;
    int write_error = errno;
    bool is_closed = fclose(file) == 0;
    if (is_written && is_closed) return ERR_OK;
    if (!is_written) errno = write_error;
    return ERR_IO;
}

enum err banner_write_info(const char *path, const struct banner *banner) {
    struct json_writer w;
    json_writer_open(&w, INFO_SIZE_MAX);
    write_info(&w, banner);
    enum err err = ERR_MEMORY;
    char *beside = malloc(strlen(path) + sizeof ".new");
    if (beside != NULL && !json_failed(&w)) {
        (void)sprintf(beside, "%s.new", path);
        err = write_file(beside, w.data, w.size);
        if (err == ERR_OK && rename(beside, path) != 0) err = ERR_IO;
        if (err != ERR_OK) {
            int saved = errno;
            (void)unlink(beside);
            errno = saved;
        }
    }
    free(beside);
    json_writer_close(&w);
    return err;
}
