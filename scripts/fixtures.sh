#!/usr/bin/env bash
# Unpacks the conformance fixtures once and prints the folder they are in, for the shell:
#   export LOCKSTEP_FIXTURES_DIR=…
# LOCKSTEP_FIXTURES (default ../shared/fixtures) holds NAME.tar.zst, each one folder with a README.
# They go to $BUILD/fixtures; a stamp with the archive's size and time says what is there already.
# With LOCKSTEP_FIXTURES_DIR set nothing is unpacked. Without archives nothing is printed but a note
# on stderr, and the suites that need them skip.
set -euo pipefail
cd "$(dirname "$0")/.."
to=${BUILD:-build}/fixtures
from=${LOCKSTEP_FIXTURES:-../shared/fixtures}

if [ -n "${LOCKSTEP_FIXTURES_DIR:-}" ]; then
    [ -d "$LOCKSTEP_FIXTURES_DIR" ] || { echo "fixtures: LOCKSTEP_FIXTURES_DIR=$LOCKSTEP_FIXTURES_DIR is no folder" >&2; exit 1; }
    echo "export LOCKSTEP_FIXTURES_DIR=$(cd "$LOCKSTEP_FIXTURES_DIR" && printf %q "$PWD")"
    exit 0
fi
shopt -s nullglob
archives=("$from"/*.tar.zst)
if [ ${#archives[@]} -eq 0 ]; then
    echo "fixtures: none in $from (set LOCKSTEP_FIXTURES); the suites that need them are skipped" >&2
    exit 0
fi

mkdir -p "$to"
for archive in "${archives[@]}"; do
    name=$(basename "$archive" .tar.zst)
    stamp=$to/.$name
    now=$(stat -c '%s %Y' "$archive")
    [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && continue
    echo "fixtures: unpacking $name" >&2
    # Into a folder of its own first, so that an interrupted run leaves no half of one behind.
    rm -rf "$to/.new-$name" "$stamp"
    mkdir "$to/.new-$name"
    zstd -dc -q "$archive" | tar -x -C "$to/.new-$name" --no-same-owner
    for folder in "$to/.new-$name"/*/; do
        rm -rf "${to:?}/$(basename "$folder")"
        mv "$folder" "$to/"
    done
    rm -rf "$to/.new-$name"
    echo "$now" >"$stamp"
done
echo "export LOCKSTEP_FIXTURES_DIR=$(cd "$to" && printf %q "$PWD")"
