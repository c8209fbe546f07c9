#!/usr/bin/env bash
# The layer check. Usage: scripts/layers.sh [ROOT]
#
# Reads the ladder (MODULES), the guest-safe modules (GUEST_SAFE) and their hosted files
# (HOSTED_FILES) from ROOT/Makefile, and refuses in ROOT/src, with file:line,
#   - an include of a module that stands higher, of evm by state or of state by evm, and what proof
#     does not need;
#   - an include of ours that is not rooted ("module/file.h"), does not exist, or is private to
#     another module (x_private.h);
#   - in a guest-safe file, a system header that is not freestanding, or the header of a hosted file.
#     What stands under #if __STDC_HOSTED__ is not compiled in the guest and may; sanitizer
#     headers stand under conditions of their own, which "make freestanding" tries.
set -euo pipefail
root=${1:-$(dirname "$0")/..}
cd "$root"

value() { sed -n "s/^$1 *:= *//p" Makefile; }
# The guest program is no part of the node: it stands on top of what it is made of, and nothing on it.
modules="$(value MODULES) guest"
guest_safe="$(value GUEST_SAFE) guest"
hosted=$(value HOSTED_FILES)
[ "$modules" != " guest" ] && [ "$guest_safe" != " guest" ] || { echo "layers: no MODULES or GUEST_SAFE in $root/Makefile" >&2; exit 2; }

# Modules that may use less than all that stands below them.
allowed_evm="core crypto evm"
allowed_state="core crypto state"
allowed_riscv="core crypto riscv"
allowed_proof="core crypto proof"
allowed_guest="core crypto evm state chain batch rollup verify riscv conformance guest"

freestanding="stdint.h stddef.h stdbool.h stdalign.h stdnoreturn.h stdarg.h limits.h float.h iso646.h"
# Libraries whose sources are compiled into the guest.
freestanding="$freestanding blst.h secp256k1.h secp256k1_preallocated.h secp256k1_recovery.h"

mapfile -t files < <(find src -type f \( -name '*.c' -o -name '*.h' -o -name '*.def' \) -not -path 'src/guest/libc/*' | LC_ALL=C sort)
[ ${#files[@]} -gt 0 ] || { echo "layers: no source files in $root/src" >&2; exit 2; }

awk -v modules="$modules" -v guest_safe="$guest_safe" -v hosted="$hosted" -v freestanding="$freestanding" \
    -v allowed_evm="$allowed_evm" -v allowed_state="$allowed_state" -v allowed_riscv="$allowed_riscv" -v allowed_proof="$allowed_proof" -v allowed_guest="$allowed_guest" '
function set_of(set, words,    list, n, i) {
    n = split(words, list, " ")
    for (i = 1; i <= n; i++) set[list[i]] = i
    return n
}
function allow(module, words,    list, n, i) {
    restricted[module] = 1
    n = split(words, list, " ")
    for (i = 1; i <= n; i++) allowed[module, list[i]] = 1
}
function refuse(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; refused++ }
# is_hosted: whether HOSTED_FILES names the .c of this path (path is src/module/name.c or .h).
function is_hosted(path,    i) {
    sub(/\.[a-z]+$/, ".c", path)
    for (i = 1; i <= hosted_count; i++) {
        if (hosted_list[i] ~ /^%/) {
            if (substr(path, length(path) - length(hosted_list[i]) + 2) == substr(hosted_list[i], 2)) return 1
        } else if (path == hosted_list[i]) return 1
    }
    return 0
}
function exists(path,    line, got) {
    if (!(path in known)) { got = (getline line < path); close(path); known[path] = got >= 0 }
    return known[path]
}
function check_ours(name,    target) {
    if (name !~ /^[a-z0-9_]+\/[a-zA-Z0-9_]+\.(h|def)$/) {
        refuse("\"" name "\" is not rooted: write \"module/file.h\"")
        return
    }
    target = name
    sub(/\/.*/, "", target)
    if (!(target in rank)) { refuse("\"" name "\": " target " is not a module of the ladder"); return }
    if (rank[target] > rank[module])
        refuse(module " may not include \"" name "\": " target " stands above it")
    else if ((module in restricted) && !((module, target) in allowed))
        refuse(module " may not include \"" name "\": it uses only " allowed_text[module])
    else if (!exists("src/" name))
        refuse("\"" name "\" does not exist")
    else if (target != module && name ~ /_private\.h$/)
        refuse("\"" name "\" is private to " target)
    else if (guest && is_hosted("src/" name) && !hosted_depth)
        refuse("a guest-safe file may not include \"" name "\": its code needs an operating system")
}
BEGIN {
    set_of(rank, modules); set_of(is_guest, guest_safe); set_of(is_free, freestanding)
    hosted_count = split(hosted, hosted_list, " ")
    allow("evm", allowed_evm); allow("state", allowed_state); allow("riscv", allowed_riscv); allow("proof", allowed_proof); allow("guest", allowed_guest)
    allowed_text["evm"] = allowed_evm; allowed_text["state"] = allowed_state; allowed_text["riscv"] = allowed_riscv; allowed_text["proof"] = allowed_proof; allowed_text["guest"] = allowed_guest
}
FNR == 1 {
    split(FILENAME, part, "/")
    module = part[2]
    base = part[3]
    guest = (module in is_guest) && !is_hosted(FILENAME) && base !~ /^(test|fuzz|bench)_/
    depth = 0; hosted_depth = 0
    if (!(module in rank)) refuse(module " is not a module of the ladder (MODULES in the Makefile)")
    if (part[4] != "") refuse("modules have no folders inside")
}
# The nearest enclosing "#if __STDC_HOSTED__"; its #else is not hosted.
/^[ \t]*#[ \t]*if/ {
    depth++
    if (!hosted_depth && $0 ~ /^[ \t]*#[ \t]*if[ \t]+(defined\([A-Za-z0-9_]+\)[ \t]*&&[ \t]*)*__STDC_HOSTED__([ \t]*&&.*)?[ \t]*$/) hosted_depth = depth
}
/^[ \t]*#[ \t]*(else|elif)/ { if (hosted_depth == depth) hosted_depth = 0 }
/^[ \t]*#[ \t]*endif/ { if (hosted_depth == depth) hosted_depth = 0; depth-- }
/^[ \t]*#[ \t]*include/ {
    if (!(module in rank)) next
    line = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
    if (line ~ /^"[^"]*"/) {
        sub(/^"/, "", line); sub(/".*/, "", line)
        check_ours(line)
    } else if (line ~ /^<[^>]*>/) {
        sub(/^</, "", line); sub(/>.*/, "", line)
        if (guest && !hosted_depth && !(line in is_free) && line !~ /^sanitizer\//)
            refuse("a guest-safe file may not include <" line ">: it is not a freestanding header")
        else if (line ~ /\// && exists("src/" line)) refuse("write \"" line "\", not <" line ">")
    } else refuse("an include must name its file")
}
END {
    if (refused) { printf "layers: %d refused\n", refused; exit 1 }
    printf "layers: %d files in order\n", ARGC - 1
}' "${files[@]}"
