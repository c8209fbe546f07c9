#!/usr/bin/env bash
# Runs make silently, and says so first if there is something to build: it may take minutes.
# Usage: scripts/build.sh MAKE ARGUMENT…
set -euo pipefail
"$@" -q >/dev/null 2>&1 || echo "Building; the first time takes minutes …" >&2
exec "$@" -s
