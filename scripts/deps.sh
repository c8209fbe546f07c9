#!/usr/bin/env bash
# Installs what Lockstep needs and the machine lacks: Debian packages, then the npm packages of
# package-lock.json. Says nothing and touches nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

# Build and run.
packages=(gcc make libc6-dev libsecp256k1-dev libssl-dev libgmp-dev liblmdb-dev libuv1-dev
    node-llhttp libwslay-dev libcurl4-openssl-dev libcjson-dev libinih-dev libjsmn-dev gcc-riscv64-unknown-elf)
# Tests, tidy, fuzzing and benchmarks.
packages+=(libcmocka-dev clang clang-format clang-tidy cppcheck wrk zstd ca-certificates
    qemu-user qemu-system-misc)

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing+=("$package")
done
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)

if [ ${#missing[@]} -gt 0 ]; then
    echo "deps: installing ${missing[*]}"
    sudo=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            { echo "deps: run as root or install sudo, to install: ${missing[*]}" >&2; exit 1; }
        sudo=sudo
    fi
    if ! { $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/tmp/lockstep-deps.log 2>&1; then
        cat /tmp/lockstep-deps.log >&2
        echo "deps: apt-get could not install: ${missing[*]}" >&2
        exit 1
    fi
fi

stamp=node_modules/.lockstep-lock
if ! cmp -s package-lock.json "$stamp"; then
    echo "deps: npm install"
    # Not "npm ci": it refuses a lock file without other platforms' optional packages. No scripts:
    # of c-kzg only the C sources are wanted, not its Node.js addon.
    npm install --no-save --ignore-scripts --silent --no-audit --no-fund
    cp package-lock.json "$stamp"
fi
