#!/usr/bin/env bash
# make tidy: everything that is checked without running the program, over the files git knows.
# Goes through all steps, prints what each found, and fails at the end if any did.
# clang-tidy is remembered per file, by the contents of the file and its headers, in $BUILD/tidy.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
JOBS=${JOBS:-$(nproc)}
export BUILD
cache=$BUILD/tidy
mkdir -p "$cache" "$BUILD/cppcheck"

# The flags of a dev build, as far as they change what the checkers see.
flags=(-std=c17 -D_GNU_SOURCE -DLOCKSTEP_VERIFY -Isrc "-I$BUILD/dev/gen" -isystem /usr/share/include/llhttp
    -isystem node_modules/c-kzg/deps/blst/bindings -isystem node_modules/c-kzg/deps/c-kzg)

mapfile -t c_files < <(git ls-files 'src/*.c' 'fuzz/*.c' 'bench/*.c' 'tests/*.c')
mapfile -t h_files < <(git ls-files 'src/*.h' 'tests/*.h')
mapfile -t scripts < <(git ls-files 'scripts/*.sh' 'tests/*.sh' 'bench/*.sh' .ci/run)
mapfile -t modules < <(git ls-files '*.mjs')

failed=()
step() {
    local name=$1 start=$SECONDS
    shift
    if "$@"; then
        printf 'tidy: %-14s ok      %3d s\n' "$name" $((SECONDS - start))
    else
        printf 'tidy: %-14s FAILED  %3d s\n' "$name" $((SECONDS - start))
        failed+=("$name")
    fi
}

check_format() { clang-format --dry-run -Werror "${c_files[@]}" "${h_files[@]}"; }

# House rules that no tool has: no tabs, no blanks at line ends, lines of at most 100 columns in C
# (what clang-format cannot break), files of at most 800 lines unless they are generated or one of
# their first 60 lines says "Longer than 800 lines" and why.
check_text() {
    # shellcheck disable=SC2016
    git ls-files -z '*.c' '*.h' '*.def' '*.sh' '*.mjs' '*.sol' '.ci/run' | xargs -0 perl -CSD -ne '
        sub refuse { print "$ARGV:$.: $_[0]\n"; $bad = 1 }
        $reason = 1 if $. <= 60 && /longer than 800 lines/i || $. <= 2 && /\bgenerated\b/i;
        refuse("a tab") if /\t/;
        refuse("blanks at the end of the line") if /[ \r]\n?$/;
        refuse("no line end at the end of the file") if eof && !/\n$/;
        chomp;
        refuse("longer than 100 columns") if $ARGV =~ /\.[ch]$/ && length > 100;
        refuse("more than 800 lines, and no reason given at the top") if $. == 801 && !$reason;
        if (eof) { close ARGV; $reason = 0 }
        END { exit($bad ? 1 : 0) }'
}

check_freestanding() { make --no-print-directory -j"$JOBS" BUILD="$BUILD" freestanding >"$cache/freestanding.log" 2>&1 || { cat "$cache/freestanding.log"; return 1; }; }

check_scripts() {
    local bad=0 file
    for file in "${scripts[@]}"; do bash -n "$file" || bad=1; done
    for file in "${modules[@]}"; do node --check "$file" || bad=1; done
    # Not among the packages we install; a machine that has it checks more.
    if command -v shellcheck >/dev/null; then shellcheck -S warning "${scripts[@]}" || bad=1; fi
    return $bad
}

# The committed bytecode is what the contracts' sources give. Warnings of the compiler are not ours.
check_contracts() { node scripts/contracts.mjs --check >"$cache/contracts.log" 2>&1 || { cat "$cache/contracts.log"; return 1; }; }

# The guest's own files are for its compiler only; clang knows the target.
guest_flags=(--target=riscv64-unknown-elf -march=rv64im -std=c17 -ffreestanding -Isrc
    -isystem node_modules/secp256k1/src/secp256k1/include)

# One file; prints findings. Silent and quick if the same contents passed before.
tidy_one() {
    local file=$1 key stamp out
    [[ $file = src/guest/* ]] && flags=("${guest_flags[@]}")
    key=$({
        echo "$tidy_version"
        cat .clang-tidy "$file"
        clang "${flags[@]}" -MM -MG "$file" | tr -d '\\\n' | tr ' ' '\n' | grep '^src/' | LC_ALL=C sort -u | xargs -r cat 2>/dev/null
    } | sha256sum | cut -d' ' -f1)
    stamp=$cache/$key
    [ -e "$stamp" ] && return 0
    if out=$(timeout 300 clang-tidy --quiet "$file" -- "${flags[@]}" 2>/dev/null); then
        : >"$stamp"
    else
        printf '%s\n' "${out:-$file: clang-tidy failed or took more than 300 s}"
        return 1
    fi
}

check_clang_tidy() {
    tidy_version=$(clang-tidy --version | tr -d '\n')
    export tidy_version cache
    export -f tidy_one
    # Arrays are not exported: the flags travel as text.
    # shellcheck disable=SC2016
    printf '%s\0' "${c_files[@]}" |
        FLAGS="${flags[*]}" GUEST_FLAGS="${guest_flags[*]}" xargs -0 -n 1 -P "$JOBS" bash -c 'read -ra flags <<<"$FLAGS"; read -ra guest_flags <<<"$GUEST_FLAGS"; tidy_one "$1"' _
}

check_cppcheck() {
    printf '%s\n' "${c_files[@]}" | grep -v '/test_\|/fuzz_\|/bench_' >"$cache/cppcheck.files"
    cppcheck --quiet --std=c11 --language=c -j "$JOBS" --cppcheck-build-dir="$BUILD/cppcheck" \
        --enable=warning,portability,performance --error-exitcode=1 --inline-suppr \
        --suppress=missingIncludeSystem --suppress='*:/usr/*' -D_GNU_SOURCE -D__STDC_HOSTED__=1 -Isrc \
        --template='{file}:{line}: {severity}: {message} [{id}]' --file-list="$cache/cppcheck.files"
}

step format check_format
step text check_text
step layers scripts/layers.sh
step freestanding check_freestanding
step scripts check_scripts
step contracts check_contracts
step clang-tidy check_clang_tidy
step cppcheck check_cppcheck

if [ ${#failed[@]} -gt 0 ]; then
    echo "tidy: failed: ${failed[*]}"
    exit 1
fi
echo "tidy: all ok, ${#c_files[@]} C files, $SECONDS s"
