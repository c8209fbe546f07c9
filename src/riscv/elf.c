#include "riscv/elf.h"

#include "riscv/abi.h"

/* Offsets and sizes of the records (figures 4-3, 4-8, 4-16 and 5-1 of the System V ABI). */
enum {
    HEADER_SIZE = 64,
    PROGRAM_HEADER_SIZE = 56,
    SECTION_HEADER_SIZE = 64,
    SYMBOL_SIZE = 24,
};

enum {
    CLASS_64 = 2,
    DATA_LITTLE = 1,
    TYPE_EXECUTABLE = 2,
    MACHINE_RISCV = 243,
    SEGMENT_LOAD = 1,
    SEGMENT_DYNAMIC = 2,
    SEGMENT_INTERPRETER = 3,
    SEGMENT_EXECUTE = 1,
    SEGMENT_WRITE = 2,
    SECTION_SYMBOLS = 2,
    SECTION_STRINGS = 3,
    SYMBOL_FUNCTION = 2,
    SYMBOL_GLOBAL = 1,
};

static uint64_t load_le(const uint8_t *p, unsigned size) {
    uint64_t v = 0;
    for (unsigned i = size; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

/* Whether [offset, offset + size) is in the file. */
static bool is_within(bytes file, uint64_t offset, uint64_t size) {
    return offset <= file.size && size <= file.size - offset;
}

static enum elf_verdict check_header(bytes file) {
    static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
    if (file.size < sizeof magic || memcmp(file.data, magic, sizeof magic) != 0) return ELF_NOT_ELF;
    if (file.size < HEADER_SIZE) return ELF_TRUNCATED;
    const uint8_t *h = file.data;
    if (h[4] != CLASS_64 || h[5] != DATA_LITTLE || load_le(h + 18, 2) != MACHINE_RISCV)
        return ELF_NOT_RISCV;
    if (load_le(h + 16, 2) != TYPE_EXECUTABLE) return ELF_NOT_STATIC;
    if (load_le(h + 48, 4) != 0) return ELF_EXTENSIONS;
    if (load_le(h + 54, 2) != PROGRAM_HEADER_SIZE) return ELF_NOT_ELF;
    return ELF_OK;
}

static enum elf_verdict decode_segment(struct elf_segment *segment, bytes file, const uint8_t *p) {
    uint64_t offset = load_le(p + 8, 8);
    uint64_t file_size = load_le(p + 32, 8);
    uint64_t flags = load_le(p + 4, 4);
    segment->address = load_le(p + 16, 8);
    segment->size = load_le(p + 40, 8);
    segment->is_executable = (flags & SEGMENT_EXECUTE) != 0;
    segment->is_writable = (flags & SEGMENT_WRITE) != 0;
    if (file_size > segment->size) return ELF_SEGMENT_SIZE;
    if (!is_within(file, offset, file_size)) return ELF_TRUNCATED;
    segment->contents = bytes_slice(file, (size_t)offset, (size_t)file_size);
    if (segment->address < MACHINE_RAM_BASE || segment->address > MACHINE_INPUT_BASE ||
        segment->size > MACHINE_INPUT_BASE - segment->address)
        return ELF_MEMORY;
    return ELF_OK;
}

/* In order of address; the file may have any. */
static void insert_segment(struct elf *elf, const struct elf_segment *segment) {
    unsigned at = elf->segment_count++;
    for (; at > 0 && elf->segments[at - 1].address > segment->address; at--)
        elf->segments[at] = elf->segments[at - 1];
    elf->segments[at] = *segment;
}

static enum elf_verdict decode_segments(struct elf *elf, bytes file) {
    uint64_t offset = load_le(file.data + 32, 8);
    uint64_t count = load_le(file.data + 56, 2);
    if (!is_within(file, offset, count * PROGRAM_HEADER_SIZE)) return ELF_TRUNCATED;
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *p = file.data + offset + i * PROGRAM_HEADER_SIZE;
        uint64_t type = load_le(p, 4);
        if (type == SEGMENT_DYNAMIC || type == SEGMENT_INTERPRETER) return ELF_NOT_STATIC;
        if (type != SEGMENT_LOAD || load_le(p + 40, 8) == 0) continue;
        if (elf->segment_count == ELF_SEGMENTS_MAX) return ELF_SEGMENTS_MANY;
        struct elf_segment segment;
        enum elf_verdict verdict = decode_segment(&segment, file, p);
        if (verdict != ELF_OK) return verdict;
        insert_segment(elf, &segment);
    }
    return ELF_OK;
}

static enum elf_verdict check_segments(struct elf *elf) {
    unsigned executable_count = 0;
    uint64_t end = MACHINE_RAM_BASE;
    elf->writable_start = MACHINE_INPUT_BASE;
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        bool is_first_writable = segment->is_writable && elf->writable_start == MACHINE_INPUT_BASE;
        if (segment->address < end) return ELF_ORDER;
        if (is_first_writable) {
            elf->writable_start = segment->address & ~(uint64_t)(MACHINE_PAGE_SIZE - 1);
            if (elf->writable_start < end) return ELF_ORDER;
        }
        if (!segment->is_writable && elf->writable_start != MACHINE_INPUT_BASE) return ELF_ORDER;
        if (segment->is_executable) {
            if (segment->is_writable || (segment->address | segment->size) % 4 != 0)
                return ELF_CODE;
            if (segment->size > ELF_CODE_SIZE_MAX) return ELF_CODE_LARGE;
            elf->code = i;
            executable_count++;
        }
        end = segment->address + segment->size;
    }
    if (executable_count != 1) return ELF_CODE;
    const struct elf_segment *code = &elf->segments[elf->code];
    if (elf->entry % 4 != 0 || elf->entry < code->address ||
        elf->entry - code->address >= code->size)
        return ELF_ENTRY;
    return ELF_OK;
}

/* The section header number index, or NULL. */
static const uint8_t *section_at(bytes file, uint64_t index) {
    uint64_t offset = load_le(file.data + 40, 8);
    uint64_t count = load_le(file.data + 60, 2);
    if (index >= count || load_le(file.data + 58, 2) != SECTION_HEADER_SIZE) return NULL;
    if (!is_within(file, offset, count * SECTION_HEADER_SIZE)) return NULL;
    return file.data + offset + index * SECTION_HEADER_SIZE;
}

static bool section_contents(bytes *contents, bytes file, const uint8_t *section) {
    uint64_t offset = load_le(section + 24, 8);
    uint64_t size = load_le(section + 32, 8);
    if (!is_within(file, offset, size)) return false;
    *contents = bytes_slice(file, (size_t)offset, (size_t)size);
    return true;
}

static enum elf_verdict decode_symbols(struct elf *elf, bytes file) {
    const uint8_t *section = NULL;
    uint64_t count = load_le(file.data + 60, 2);
    if (count > 0 && section_at(file, 0) == NULL) return ELF_TRUNCATED;
    for (uint64_t i = 0; i < count && section == NULL; i++) {
        section = section_at(file, i);
        if (load_le(section + 4, 4) != SECTION_SYMBOLS) section = NULL;
    }
    if (section == NULL) return ELF_OK;
    const uint8_t *strings = section_at(file, load_le(section + 40, 4));
    if (strings == NULL || load_le(strings + 4, 4) != SECTION_STRINGS) return ELF_SYMBOLS;
    if (load_le(section + 56, 8) != SYMBOL_SIZE) return ELF_SYMBOLS;
    if (!section_contents(&elf->symbols, file, section) ||
        !section_contents(&elf->names, file, strings))
        return ELF_SYMBOLS;
    if (elf->symbols.size / SYMBOL_SIZE > ELF_SYMBOLS_MAX) return ELF_SYMBOLS;
    if (elf->names.size == 0 || elf->names.data[elf->names.size - 1] != 0) return ELF_SYMBOLS;
    for (uint32_t i = 0; i < elf_symbol_count(elf); i++)
        if (load_le(elf->symbols.data + (size_t)i * SYMBOL_SIZE, 4) >= elf->names.size)
            return ELF_SYMBOLS;
    return ELF_OK;
}

enum elf_verdict elf_decode(struct elf *elf, bytes file) {
    *elf = (struct elf){0};
    enum elf_verdict verdict = check_header(file);
    if (verdict != ELF_OK) return verdict;
    elf->entry = load_le(file.data + 24, 8);
    verdict = decode_segments(elf, file);
    if (verdict != ELF_OK) return verdict;
    verdict = check_segments(elf);
    if (verdict != ELF_OK) return verdict;
    return decode_symbols(elf, file);
}

uint32_t elf_symbol_count(const struct elf *elf) {
    return (uint32_t)(elf->symbols.size / SYMBOL_SIZE);
}

struct elf_symbol elf_symbol_at(const struct elf *elf, uint32_t index) {
    const uint8_t *p = elf->symbols.data + (size_t)index * SYMBOL_SIZE;
    return (struct elf_symbol){
        .name = (const char *)elf->names.data + load_le(p, 4),
        .address = load_le(p + 8, 8),
        .size = load_le(p + 16, 8),
        .is_function = (p[4] & 15) == SYMBOL_FUNCTION,
        .is_global = p[4] >> 4 == SYMBOL_GLOBAL,
    };
}

const char *elf_verdict_text(enum elf_verdict verdict) {
    switch (verdict) {
#define ELF_TEXT(name, text) \
    case ELF_##name:         \
        return text;
        ELF_VERDICTS(ELF_TEXT)
#undef ELF_TEXT
    }
    return "unknown";
}
