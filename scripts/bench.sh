#!/usr/bin/env bash
# Runs the benchmarks, prints their rows and writes them to $BUILD/bench.csv.
#   BENCH=crypto/keccak make bench     only rows whose name begins so
# A benchmark is $BUILD/release/bench/MODULE/bench_NAME, or bench/NAME.mjs or bench/NAME.sh. It prints
# rows "name,unit,min,median,max" on stdout, and whatever it likes on stderr; a name is
# area/case/subject, where area is MODULE or NAME, and subject is "lockstep" or a peer's name. It finds
# BENCH and LOCKSTEP_FIXTURES_DIR in its environment and may leave out what is not asked for.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
BENCH=${BENCH:-}
export BUILD BENCH
out=$BUILD/release
export LOCKSTEP=$PWD/$out/lockstep
[[ $BUILD = /* ]] && LOCKSTEP=$out/lockstep
# Some benchmarks run fixtures; without them they print nothing.
fixtures=$(scripts/fixtures.sh) || exit 1
eval "$fixtures"
csv=$BUILD/bench.csv
area=${BENCH%%/*}
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
failed=0
ran=0

run() { # run MODULE NAME COMMAND…
    local module=$1 name=$2 status
    shift 2
    if [ -n "$BENCH" ] && [[ $module != "$area"* && $name != "$area"* ]]; then return; fi
    ran=$((ran + 1))
    echo "bench: $name" >&2
    "$@" </dev/null >"$rows"
    status=$?
    if [ $status -ne 0 ]; then
        echo "bench: $name: exit status $status" >&2
        failed=1
    fi
    # Rows that are none are refused, so that whoever reads the file can rely on it.
    awk -F, -v name="$name" -v module="$module" -v bench="$BENCH" '
        function number(text) { return text ~ /^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/ }
        /^name,unit,min,median,max$/ || /^$/ { next }
        {
            n = split($1, part, "/")
            if (NF != 5 || n < 3 || $2 == "" || !number($3) || !number($4) || !number($5) ||
                $3 + 0 > $4 + 0 || $4 + 0 > $5 + 0 || (part[1] != name && part[1] != module)) {
                print "bench: " name ": not a row of area " module " or " name ": " $0 >"/dev/stderr"
                bad = 1
            } else if (bench == "" || index($1, bench) == 1) print
        }
        END { exit bad }' "$rows" | tee -a "$csv.new"
    [ "${PIPESTATUS[0]}" -eq 0 ] || failed=1
}

mkdir -p "$BUILD"
echo name,unit,min,median,max | tee "$csv.new"
for source in src/*/bench_*.c; do
    [ -e "$source" ] || continue
    module=$(basename "$(dirname "$source")")
    name=$(basename "$source" .c)
    run "$module" "${name#bench_}" "$out/bench/$module/$name"
done
for file in bench/*.mjs bench/*.sh; do
    [ -e "$file" ] || continue
    name=$(basename "$file")
    name=${name%.*}
    case $file in
    *.mjs) run "$name" "$name" node "$file" ;;
    *.sh) run "$name" "$name" bash "$file" ;;
    esac
done
mv "$csv.new" "$csv"
if [ $ran -eq 0 ]; then
    echo "bench: nothing matches BENCH=$BENCH" >&2
    exit 1
fi
exit $failed
