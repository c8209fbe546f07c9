#!/usr/bin/env bash
# Runs the test suite and counts it. Usage: scripts/test.sh [PART]…   (only suites whose name has a PART)
#
# Suites, each a program with a name, a time limit and its own line in the report:
#   unit/MODULE/NAME   $BUILD/$PROFILE/test/MODULE/test_NAME for every src/MODULE/test_NAME.c (cmocka)
#   js/NAME            tests/**/NAME.test.mjs, under node --test
#   sh/NAME            tests/NAME.sh
#   equivalence        random call graphs over several chains and on one (tests/equivalence)
#   equivalence-levels … with an L3 among the chains
#   conformance/NAME   lockstep's own runners over the fixtures (scripts/fixtures.sh), and the JSON-RPC
#                      suite of execution-apis (scripts/rpc_compat.mjs)
# Counted are node's totals, else TAP's "ok" and "not ok" lines if there is a plan ("1..N"), else the
# last line "N passed, N failed[, N skipped]". A crash, a missing program, a time-out, a plan not kept, an exit status
# without a failed test and a suite that counts nothing each count as one failure. The output of a
# suite that fails is shown in full; all output is kept in $BUILD/$PROFILE/log.
#
# The last line is "N passed, N failed, N skipped". The exit status is 1 if anything failed or
# nothing ran.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
PROFILE=${PROFILE:-dev}
JOBS=${JOBS:-$(nproc)}
out=$BUILD/$PROFILE
log=$out/log
export LOCKSTEP=$PWD/$out/lockstep
[[ $BUILD = /* ]] && LOCKSTEP=$out/lockstep
export CMOCKA_MESSAGE_OUTPUT=TAP

# Seconds a suite may take, on a slow machine and under a sanitizer.
TIMEOUT_UNIT=300
TIMEOUT_SCRIPT=600
TIMEOUT_CONFORMANCE=3600

fixtures=$(scripts/fixtures.sh) || exit 1
eval "$fixtures"

# --- the suites: name, limit, command ------------------------------------------------------------
names=() limits=() commands=()
suite() {
    local part wanted=$((${#parts[@]} == 0))
    for part in "${parts[@]}"; do [[ $1 == *"$part"* ]] && wanted=1; done
    [ "$wanted" = 1 ] || return 0
    names+=("$1") limits+=("$2") commands+=("$3")
}
parts=("$@")

for source in src/*/test_*.c; do
    [ -e "$source" ] || continue
    module=$(basename "$(dirname "$source")")
    name=$(basename "$source" .c)
    suite "unit/$module/${name#test_}" $TIMEOUT_UNIT "$(printf %q "$out/test/$module/$name")"
done
while IFS= read -r file; do
    name=${file#tests/}
    suite "js/${name%.test.mjs}" $TIMEOUT_SCRIPT "node --test --test-reporter=tap $(printf %q "$file")"
done < <(find tests -name '*.test.mjs' | LC_ALL=C sort)
# A fixed share of what `make nightly` runs.
[ -d tests/equivalence ] &&
    suite equivalence $TIMEOUT_SCRIPT "$(printf '%q %q 500' "$out/equivalence/equivalence" "$out/equivalence/Node.hex")"
# The same over three levels.
[ -d tests/equivalence ] &&
    suite equivalence-levels $TIMEOUT_SCRIPT "$(printf '%q %q 200' "$out/equivalence/levels" "$out/equivalence/Levels.hex")"
# Their batches as files; `make batches` looks at 5,000.
[ -d tests/equivalence ] &&
    suite equivalence-files $TIMEOUT_SCRIPT "$(printf '%q --files %q 100 1 16' "$out/equivalence/equivalence" "$out/equivalence/Node.hex")"
[ -d tests/equivalence ] &&
    suite equivalence-levels-files $TIMEOUT_SCRIPT "$(printf '%q --files %q 20 1 8' "$out/equivalence/levels" "$out/equivalence/Levels.hex")"
for file in tests/*.sh; do
    [ -e "$file" ] && suite "sh/$(basename "$file" .sh)" $TIMEOUT_SCRIPT "bash $(printf %q "$file")"
done
# conformance NAME COMMAND FOLDER…: a run of lockstep's own, or its absence, counted as one skipped
# test. The counts of each fork are in the log; how far it is goes to the terminal.
conformance() {
    local name=$1 command=$2 folder folders=()
    shift 2
    for folder in "$@"; do
        folder=${LOCKSTEP_FIXTURES_DIR:-/nonexistent}/$folder
        [ -d "$folder" ] && folders+=("$(printf %q "$folder")")
    done
    if [ ${#folders[@]} -eq $# ]; then
        command="$(printf %q "$LOCKSTEP") $command --progress 3 ${folders[*]}"
    else
        command="echo 0 passed, 0 failed, 1 skipped"
    fi
    suite "conformance/$name" $TIMEOUT_CONFORMANCE "$command"
}
conformance statetest statetest state-tests pre-berlin/GeneralStateTests
# One case in twenty inside the guest; `make statetest-guest` runs all of them.
for fork in Cancun Prague Osaka; do
    conformance "statetest-guest-$fork" \
        "statetest --machine $(printf %q "$BUILD/guest/statetest.elf") --one-in 20 --fork $fork" state-tests
done
# A share in the mode in which everything is missing at first; any others can be run like this.
conformance statetest-suspend "statetest --suspend" \
    state-tests/eest-v5.4.0 state-tests/eest-v5.4.0-stable pre-berlin/GeneralStateTests
conformance blocktest blocktest blockchain-tests pre-berlin/BlockchainTests
conformance blocktest-suspend "blocktest --suspend" blockchain-tests
conformance vmtest vmtest pre-berlin/VMTests
conformance tracers tracetest geth-vectors/tracers

rpc_compat="node scripts/rpc_compat.mjs"
[ -d "${LOCKSTEP_FIXTURES_DIR:-/nonexistent}/rpc-compat" ] || rpc_compat="echo 0 passed, 0 failed, 1 skipped"
suite conformance/rpc-compat $TIMEOUT_CONFORMANCE "$rpc_compat"

# --- running and counting --------------------------------------------------------------------------

# count LOG STATUS: prints "passed failed skipped problem…".
count() {
    awk -v status="$2" '
        /^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { own = 1; p = $1; f = $3; s = NF > 4 ? $5 : 0 }
        /^# pass [0-9]+$/ { node = 1; np = $3 }
        /^# (fail|cancelled) [0-9]+$/ { nf += $3 }
        /^# (skipped|todo) [0-9]+$/ { ns += $3 }
        /^1\.\.[0-9]+/ { sub(/^1\.\./, "", $1); plan += $1 }
        /^ok( |$)/ { tap = 1; if (toupper($0) ~ /# *SKIP/) ts++; else tp++ }
        # cmocka 1.1.5 says "not ok N # SKIP NAME".
        /^not ok( |$)/ { tap = 1; if (toupper($0) ~ /^NOT OK [0-9]+ # *SKIP/) ts++; else tf++ }
        END {
            if (node) { p = np; f = nf; s = ns }
            else if (tap && (plan || !own)) {
                p = tp; f = tf; s = ts
                if (plan > p + f + s) { problem = "ended after " (p + f + s) " of " plan " tests"; f++ }
            }
            p += 0; f += 0; s += 0
            if (status == 124 || status == 137) { problem = "took too long"; f++ }
            else if (status > 128) { problem = "died of signal " (status - 128); f++ }
            else if (status == 127 || status == 126) { problem = "could not be run"; f++ }
            else if (status != 0 && f == 0) { problem = "exit status " status; f++ }
            else if (p + f + s == 0) { problem = "counted nothing"; f++ }
            print p, f, s, problem
        }' "$1"
}

run_suite() {
    local name=$1 limit=$2 command=$3 file start status p f s problem mark terminal=-
    file=$log/${name//\//.}.log
    start=$(date +%s%N)
    [[ $name = conformance/* ]] && terminal=3
    timeout --kill-after=10 "$limit" bash -c "exec $command" >"$file" 2>&1 </dev/null 3>&"$terminal"
    status=$?
    read -r p f s problem < <(count "$file" "$status")
    local seconds
    seconds=$(awk -v ns=$(($(date +%s%N) - start)) 'BEGIN { printf "%.1f", ns / 1e9 }')
    mark=ok
    [ "$f" = 0 ] || mark=FAILED
    {
        printf '%-36s %-6s %6d passed %4d failed %4d skipped %7s s%s\n' \
            "$name" $mark "$p" "$f" "$s" "$seconds" "${problem:+   ($problem)}"
        if [ "$f" != 0 ]; then
            echo "--- output of $name ($command)"
            cat "$file"
            echo "--- end of $name"
        fi
    } >"$file.report"
    echo "$p $f $s" >"$file.count"
    # One write, so that the reports of suites that end together do not mix.
    cat "$file.report"
}

exec 3>&1 # where progress goes
rm -rf "$log"
mkdir -p "$log"
running=0
for i in "${!names[@]}"; do
    if [ "$running" -ge "$JOBS" ]; then
        wait -n
        running=$((running - 1))
    fi
    run_suite "${names[$i]}" "${limits[$i]}" "${commands[$i]}" &
    running=$((running + 1))
done
wait

total=$(cat "$log"/*.count 2>/dev/null | awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
read -r passed failed skipped <<<"$total"
# A suite whose runner itself died has left no count.
finished=$(find "$log" -name '*.count' | wc -l)
failed=$((failed + ${#names[@]} - finished))
[ ${#names[@]} -gt 0 ] || echo "test: no suite matches ${parts[*]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
