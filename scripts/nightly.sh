#!/usr/bin/env bash
# What takes too long for each change (make nightly): whole where make test takes a share, with seeds that no night
# before has had. Usage: scripts/nightly.sh [PART…]   (only steps whose name has a PART)
#
#   statetest-guest     all state tests from Cancun on, inside the guest
#   batches             batches of 7,500 graphs on all machines, with flipped bits
#   equivalence         20,000 graphs
#   equivalence-levels  5,000 with an L3
#   machines            500 programs of any instructions, here and in qemu
#   crash               500 kills of a network with a data directory
#   fuzz                each fuzzer for FUZZ_SECONDS (60) from its corpus; what it finds stays in $BUILD/nightly
#   soak                a network under load for an hour
#   asan                the test suite with sanitizers
#
# SEED is the first of all seeds (default: the day's number times 10^6); the same one repeats a night. Each step's
# output is in $BUILD/nightly/STEP.log, and its end is shown; the exit status is 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
SEED=${SEED:-$(($(date +%s) / 86400 * 1000000))}
FUZZ_SECONDS=${FUZZ_SECONDS:-60}
log=$PWD/$BUILD/nightly
[[ $BUILD = /* ]] && log=$BUILD/nightly
parts=("$@")
mkdir -p "$log"

run_make() { make --no-print-directory BUILD="$BUILD" "$@"; }

machines() {
    run_make PROFILE=release lockstep || return 1
    LOCKSTEP=$BUILD/release/lockstep LOCKSTEP_SEED=$SEED LOCKSTEP_RISCV_ROUNDS=500 \
        node --test tests/riscv/machines.test.mjs
}

fuzz() {
    local source name found bad=0 corpus
    run_make fuzzers || return 1
    for source in src/*/fuzz_*.c; do
        name=$(basename "$source" .c)
        corpus=()
        [ -d "fuzz/corpus/${name#fuzz_}" ] && corpus=("fuzz/corpus/${name#fuzz_}")
        found=$log/${name#fuzz_}
        mkdir -p "$found/new"
        # New inputs go to the first folder.
        "$BUILD/fuzz/fuzz/$(basename "$(dirname "$source")")/$name" -max_total_time="$FUZZ_SECONDS" \
            -seed="$((SEED % 4294967296))" -rss_limit_mb=4096 -artifact_prefix="$found/" \
            "$found/new" "${corpus[@]}" || {
            echo "fuzz: $name has found something: $found"
            bad=1
        }
        rm -rf "$found/new"
        rmdir "$found" 2>/dev/null
    done
    return $bad
}

failed=()
step() {
    local name=$1 part wanted=$((${#parts[@]} == 0)) start=$SECONDS
    shift
    for part in "${parts[@]}"; do [[ $name == *"$part"* ]] && wanted=1; done
    [ "$wanted" = 1 ] || return 0
    if "$@" >"$log/$name.log" 2>&1 </dev/null; then
        printf 'nightly: %-18s ok     %6d s   %s\n' "$name" $((SECONDS - start)) "$(tail -n 1 "$log/$name.log")"
    else
        printf 'nightly: %-18s FAILED %6d s   %s\n' "$name" $((SECONDS - start)) "$log/$name.log"
        tail -n 20 "$log/$name.log"
        failed+=("$name")
    fi
}

echo "nightly: SEED=$SEED"
step statetest-guest run_make statetest-guest
step batches run_make batches SEED="$SEED"
step equivalence run_make equivalence GRAPHS=20000 SEED="$SEED"
step equivalence-levels run_make equivalence-levels GRAPHS=5000 SEED="$SEED"
step machines machines
step crash run_make crash KILLS=500
step fuzz fuzz
step soak run_make soak MINUTES=60
step asan run_make asan

if [ ${#failed[@]} -gt 0 ]; then
    echo "nightly: failed: ${failed[*]}"
    exit 1
fi
echo "nightly: all ok, $SECONDS s"
