#!/bin/sh
# First build of an image from cached packages: torchyard against mmdebstrap + umoci, the same packages, alternating, medians.
#   bench/first-build.sh [ROUNDS] [RECIPE]
# Both sides have their packages in a warm cache; neither has anything unpacked. Needs root, mmdebstrap, umoci and about 12 GB.
. "$(dirname "$0")/lib.sh"
need mmdebstrap umoci
rounds=${1:-3}
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/torchyard-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
BENCH_LOG=$work/log
ty="$here/torchyard"
store=$work/store
mkdir "$work/project"
cd "$work/project"
if [ -n "${2:-}" ]; then cp "$2" torchyard.toml; else "$ty" init cpu >>"$BENCH_LOG" 2>&1; fi
"$ty" --store "$store" lock >>"$BENCH_LOG" 2>&1

# The very packages of the lock, by name and version, for the other side.
awk '/^\[\[package\]\]/ { n = "" } /^name = / { n = $3 } /^version = / { v = $3; gsub(/"/, "", n); gsub(/"/, "", v); print n "=" v }' torchyard.lock >"$work/packages"
suite=$(awk -F'"' '/^suite = / { print $2; exit }' torchyard.lock)
mirror=${TORCHYARD_BENCH_MIRROR:-http://deb.debian.org/debian}
include=$(paste -sd, "$work/packages")

other() {
    rm -rf "$work/root" "$work/oci"
    mmdebstrap --variant=essential --include="$include" --skip=download/empty --skip=essential/unlink \
        --setup-hook='mkdir -p "$1"/var/cache/apt/archives/' --setup-hook="sync-in $work/debs /var/cache/apt/archives/" \
        --customize-hook="sync-out /var/cache/apt/archives $work/debs" \
        --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb' \
        "$suite" "$work/root" "$mirror" "deb $mirror $suite-updates main" "deb ${mirror%/debian}/debian-security $suite-security main"
    umoci init --layout "$work/oci" && umoci new --image "$work/oci:1" && umoci insert --image "$work/oci:1" "$work/root" /
}
ours() { "$ty" --store "$store" build; }
forget() { rm -rf "$store/oci" "$store/layers" "$store/tmp" "$store/cache"; }

mkdir "$work/debs"
echo "warming the package caches"
ours >>"$BENCH_LOG" 2>&1
other >>"$BENCH_LOG" 2>&1
: >"$work/ours" ; : >"$work/other"
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    forget; sync
    wall ours >>"$work/ours"
    sync
    wall other >>"$work/other"
    echo "round $i: torchyard $(tail -1 "$work/ours") s, mmdebstrap + umoci $(tail -1 "$work/other") s"
done
unchanged=$(for _ in 1 2 3 4 5; do wall ours; done | median)
a=$(median <"$work/other"); b=$(median <"$work/ours")
machine
echo "packages: $(wc -l <"$work/packages")"
echo "first build, median of $rounds: torchyard $b s, mmdebstrap + umoci $a s: $(ratio "$a" "$b") times as fast"
echo "build with nothing changed, median of 5: $unchanged s"
