/* riscv/elf.h: reading the ELF file of a program (System V ABI, chapters 4 and 5; RISC-V ELF
 * psABI), as the machine takes it (docs/riscv.md).
 *
 * elf_decode looks at everything that the machine relies on, so that a decoded file can be loaded
 * without a look at its limits again. It takes files from anybody. */
#ifndef RISCV_ELF_H
#define RISCV_ELF_H

#include "core/bytes.h"

#define ELF_SEGMENTS_MAX  16
#define ELF_SYMBOLS_MAX   (UINT32_C(1) << 20)
#define ELF_CODE_SIZE_MAX (UINT32_C(1) << 24)

#define ELF_VERDICTS(X)                                                                 \
    X(OK, "ok")                                                                         \
    X(NOT_ELF, "it is not an ELF file")                                                 \
    X(NOT_RISCV, "it is not for 64-bit little-endian RISC-V")                           \
    X(NOT_STATIC, "it is not a static executable: link it with -static, without -pie")  \
    X(EXTENSIONS,                                                                       \
      "it uses compressed instructions, floats or another ABI than lp64: compile "      \
      "it with -march=rv64im -mabi=lp64")                                               \
    X(TRUNCATED, "it ends within its headers or contents")                              \
    X(SEGMENTS_MANY, "it has more than 16 segments")                                    \
    X(SEGMENT_SIZE, "a segment has more bytes in the file than in memory")              \
    X(MEMORY, "it does not fit in the memory from 0x80000000 to 0x86000000")            \
    X(ORDER,                                                                            \
      "its segments overlap, or what can be written does not lie behind all else on a " \
      "page of its own")                                                                \
    X(CODE,                                                                             \
      "it does not have exactly one executable segment, of whole instructions, that "   \
      "cannot be written")                                                              \
    X(CODE_LARGE, "its executable segment is larger than 16 MiB")                       \
    X(ENTRY, "its entry is not in the executable segment")                              \
    X(SYMBOLS, "its symbol table is damaged")

enum elf_verdict {
#define ELF_ENUM(name, text) ELF_##name,
    ELF_VERDICTS(ELF_ENUM)
#undef ELF_ENUM
};

struct elf_segment {
    uint64_t address;
    uint64_t size;  /* in memory; not 0 */
    bytes contents; /* the beginning; the rest is zero; borrowed from the file */
    bool is_executable;
    bool is_writable;
};

struct elf {
    uint64_t entry;
    struct elf_segment segments[ELF_SEGMENTS_MAX]; /* by address */
    unsigned segment_count;
    unsigned code;           /* the index of the executable segment */
    uint64_t writable_start; /* the page of the first writable segment, or the end of the RAM */
    bytes symbols;           /* Elf64_Sym records; empty if there are none; borrowed */
    bytes names;             /* texts that each end in a zero byte */
};

struct elf_symbol {
    const char *name; /* in the file */
    uint64_t address;
    uint64_t size;
    bool is_function;
    bool is_global;
};

/* elf_decode reads a file. On anything but ELF_OK *elf must not be used. */
enum elf_verdict elf_decode(struct elf *elf, bytes file);

/* Symbol number index, below elf_symbol_count. */
uint32_t elf_symbol_count(const struct elf *elf);
struct elf_symbol elf_symbol_at(const struct elf *elf, uint32_t index);

const char *elf_verdict_text(enum elf_verdict verdict); /* a clause about "it"; static storage */

#endif
