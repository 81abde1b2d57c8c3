#!/bin/sh
# First build of an image from cached packages: torchyard against mmdebstrap + umoci, the same packages, in turns, medians. Then what follows a first
# build: nothing changed, and one small package more.
#   bench/first-build.sh [ROUNDS] [RECIPE]
# Both sides have the same package files in a warm cache; neither has anything unpacked. mmdebstrap reads the indexes from the mirror, which takes
# seconds of its minutes. Each round writes to directories of its own, which are removed at the
# end: ext4 does not hand out inodes that were freed in the last minutes and searches past them, so removing a tree before a round slows it down.
# Needs root, mmdebstrap, umoci and about 3 GB for each round and 5 GB more.
. "$(dirname "$0")/lib.sh"
need mmdebstrap umoci
rounds=${1:-3}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/torchyard-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
BENCH_LOG=$work/log
seed=$work/seed
mkdir "$work/project" "$work/debs"
cd "$work/project"
if [ -n "${2:-}" ]; then cp "$2" torchyard.toml; else "$ty" init cpu >>"$BENCH_LOG" 2>&1; fi
if [ -n "${TORCHYARD_BENCH_SEED:-}" ]; then
    # A store whose packages are fetched already.
    mkdir "$seed"
    cp -a "$TORCHYARD_BENCH_SEED/packages" "$TORCHYARD_BENCH_SEED/indexes" "$seed/"
fi
"$ty" --store "$seed" lock >>"$BENCH_LOG" 2>&1
# The same recipe with one small package at the end of its list.
mkdir "$work/added"
awk '/^packages = \[/ { inside = 1 } inside && /^\]/ { print "  \"tree\","; inside = 0 } { print }' torchyard.toml >"$work/added/torchyard.toml"

# The very packages of the lock, by name and version, for the other side.
awk '/^\[\[package\]\]/ { n = "" } /^name = / { n = $3 } /^version = / && n { v = $3; gsub(/"/, "", n); gsub(/"/, "", v); print n "=" v }' torchyard.lock >"$work/packages"
# The same files under the names that apt gives them in its cache.
awk '/^\[\[package\]\]/ { n = "" } /^(name|version|architecture|sha256) = / { gsub(/"/, "", $3); v[$1] = $3 }
    /^sha256 = / { gsub(/:/, "%3a", v["version"]); print v["sha256"], v["name"] "_" v["version"] "_" v["architecture"] ".deb" }' torchyard.lock >"$work/files"
suite=$(awk -F'"' '/^suite = / { print $2; exit }' torchyard.lock)
mirror=${TORCHYARD_BENCH_MIRROR:-http://deb.debian.org/debian}
include=$(paste -sd, "$work/packages")

other() { # ROUND
    mmdebstrap --variant=essential --include="$include" --skip=download/empty --skip=essential/unlink \
        --setup-hook='mkdir -p "$1"/var/cache/apt/archives/' --setup-hook="sync-in $work/debs /var/cache/apt/archives/" \
        --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb' \
        "$suite" "$work/root-$1" "$mirror" "deb $mirror $suite-updates main" "deb ${mirror%/debian}/debian-security $suite-security main" &&
        umoci init --layout "$work/oci-$1" && umoci new --image "$work/oci-$1:1" && umoci insert --image "$work/oci-$1:1" "$work/root-$1" /
}
ours() { "$ty" --store "$work/store-$1" build --timings 2>"$work/account"; }
unchanged() { "$ty" --store "$work/store-$1" build; }
fresh() { # ROUND: a store with the packages, as hard links, and nothing else
    mkdir "$work/store-$1"
    cp -al "$seed/." "$work/store-$1/"
}
added() { cd "$work/added" && "$ty" --store "$work/store-$1" build --timings 2>"$work/account-added"; }
relock() { cd "$work/added" && cp "$work/project/torchyard.lock" . && "$ty" --store "$work/store-$1" lock; }
note() { sed "s/^/$1 /" >>"$work/results"; }
result() { sed -n "s/^$1 //p" "$work/results" | median "${2:-1}"; }

echo "warming the package caches, and measuring memory on the way"
fresh warm
ours_peak=$(peak_memory ours warm)
(relock warm && added warm) >>"$BENCH_LOG" 2>&1
mkdir -p "$seed/packages"
cp -aln "$work/store-warm/packages/." "$seed/packages/"
while read -r hash file; do
    cp "$seed/packages/sha256/$(echo "$hash" | cut -c1-2)/$hash" "$work/debs/$file"
done <"$work/files"
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    fresh $i
    sync
    wall ours $i | note ours
    wall unchanged $i | note unchanged
    wall relock $i | note relock
    wall added $i | note added
    sync
    wall other $i | note other
    echo "round $i, wall and CPU seconds: torchyard $(sed -n 's/^ours //p' "$work/results" | tail -1), mmdebstrap + umoci $(sed -n 's/^other //p' "$work/results" | tail -1)"
done
a=$(result other); b=$(result ours)
machine
for one in ours other unchanged relock added; do
    sed -n "s/^$one //p" "$work/results" >"$work/rounds"
    keep "first build: $one" <"$work/rounds"
done
echo "packages: $(wc -l <"$work/packages")"
echo "first build, median of $rounds: torchyard $b s, mmdebstrap + umoci $a s: $(ratio "$a" "$b") times as fast"
a=$(result other 2); b2=$(result ours 2)
echo "the same in CPU seconds: torchyard $b2, mmdebstrap + umoci $a: $(ratio "$a" "$b2") times as much"
echo "peak memory of all processes of the first build together: $ours_peak MB"
echo "build with nothing changed, median of $rounds: $(result unchanged) s"
echo "one package added, median of $rounds: lock $(result relock) s, build $(result added) s: the build is $(ratio "$b" "$(result added)") times as fast as the first one"
echo "account of the last first build:"
sed -n '/^WORK/,$p' "$work/account"
echo "account of the last build with one package added:"
sed -n '/^WORK/,$p' "$work/account-added"
