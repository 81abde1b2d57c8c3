#!/bin/sh
# A first build through a link of 50 MB/s with nothing fetched: does unpacking go on beside the download?
#   bench/cold-build.sh [ROUNDS]
# Three times a round, each with a store of its own: download alone (curl, 8 files at once, the files of the lock), build alone (all files in the
# cache), and both together (no file in the cache). Once for the Debian packages of the preset cpu, once for wheels over a base system that is built
# already. The wheels are packed from the same Debian packages (wheels/make_wheel.py), so nothing else has to be fetched.
# The link is a veth pair with tbf in front of a mirror on this machine (cold-build/mirror.py). Needs root, ip, tc, nsenter, curl, dpkg-deb, python3,
# 10 GB, and the archive of Debian once. TORCHYARD_BENCH_SEED names a store whose packages and indexes are there already; TORCHYARD_BENCH_RATE another
# rate for tc (400mbit).
. "$(dirname "$0")/lib.sh"
need ip tc nsenter curl dpkg-deb python3
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-3}
rate=${TORCHYARD_BENCH_RATE:-400mbit}
id=ty$$
work=$(mktemp -d "${TMPDIR:-/var/tmp}/torchyard-bench.XXXXXX")
mirror=
end() {
    [ -z "$mirror" ] || kill "$mirror" 2>/dev/null || true
    ip link del "$id" 2>/dev/null || true
    ip netns del "$id" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM
BENCH_LOG=$work/log
export HOME="$work/home" PYTHONDONTWRITEBYTECODE=1
mkdir -p "$HOME" "$work/debian" "$work/base" "$work/python" "$work/wheels" "$work/roots"
seed=$work/seed
mkdir "$seed"
if [ -n "${TORCHYARD_BENCH_SEED:-}" ]; then cp -a "$TORCHYARD_BENCH_SEED/packages" "$TORCHYARD_BENCH_SEED/indexes" "$seed/"; fi
hash_of() { awk -v want="\"$2\"" '/^\[\[package\]\]/ { n = "" } /^name = / { n = $3 } /^sha256 = / && n == want { gsub(/"/, "", $3); print $3; exit }' "$1"; }
file_of() { hash=$(hash_of "$1" "$2"); echo "$seed/packages/sha256/$(echo "$hash" | cut -c1-2)/$hash"; }

# 1. Locks, packages and wheels, outside of the clock.
echo "preparing: packages and wheels"
cd "$work/debian"
"$ty" init cpu >>"$BENCH_LOG" 2>&1
"$ty" --store "$seed" lock >>"$BENCH_LOG" 2>&1
"$ty" --store "$seed" build >>"$BENCH_LOG" 2>&1 || { cat "$BENCH_LOG" >&2; exit 1; }
awk -v store="$seed/packages/sha256/" '/^filename = / { f = $3 } /^sha256 = / && f != "" { gsub(/"/, "", f); gsub(/"/, "", $3); print "/" f "\t" store substr($3, 1, 2) "/" $3; f = "" }' \
    torchyard.lock | grep '^/pool/' >"$work/files"
wheel() { # NAME PACKAGE...
    name=$1
    shift
    for package; do
        mkdir "$work/roots/$package"
        dpkg-deb -x "$(file_of "$work/debian/torchyard.lock" "$package")" "$work/roots/$package"
    done
    python3 "$here/wheels/make_wheel.py" "bench-$name" "$work/wheels" "$work"/roots/*
    rm -rf "$work"/roots/*
}
wheel torch libtorch2.6 python3-torch
wheel llvm libllvm17t64
wheel scipy python3-scipy
wheel comgr libamd-comgr2
wheel matplotlib python3-matplotlib
wheel dnnl libdnnl3.6
wheel networkx python3-networkx
wheel numpy python3-numpy
wheel z3 libz3-4
wheel sympy python3-sympy
wheel hip libamdhip64-5
wheel pandas python3-pandas python3-pandas-lib
wheel fonttools python3-fonttools
wheel fsspec python3-fsspec
for file in "$work"/wheels/*.whl; do printf '/files/%s\t%s\n' "$(basename "$file")" "$file" >>"$work/files"; done

# 2. The link.
ip netns add "$id"
ip link add "$id" type veth peer name "$id-in" netns "$id"
net=10.$((200 + $$ % 50)).$(($$ / 50 % 250))
ip addr add "$net.1/24" dev "$id"
ip link set "$id" up
ip -n "$id" addr add "$net.2/24" dev "$id-in"
ip -n "$id" link set "$id-in" up
ip -n "$id" link set lo up
tc qdisc add dev "$id" root tbf rate "$rate" burst 256kb latency 100ms
python3 "$here/cold-build/mirror.py" "$net.1" 8080 "$work/files" >>"$BENCH_LOG" 2>&1 &
mirror=$!
inside() { nsenter --net="/run/netns/$id" "$@"; }
export http_proxy="http://$net.1:8080" no_proxy="$net.1" PIP_INDEX_URL="http://$net.1:8080/simple/" PIP_TRUSTED_HOST="$net.1"
i=0
until curl -s -o /dev/null "http://$net.1:8080/simple/bench-numpy/"; do i=$((i + 1)); [ $i -lt 50 ]; sleep 0.1; done

# 3. The wheels' base system, built, and their lock.
cat >"$work/base/torchyard.toml" <<'TOML'
name = "base"
packages = ["python3", "python3-venv", "python3-pip"]

[base]
suite = "trixie"
TOML
{
    sed 's/^name = .*/name = "wheels"/' "$work/base/torchyard.toml"
    printf '\n[python]\npackages = [%s]\n' "$(for file in "$work"/wheels/*.whl; do basename "$file" | sed 's/-1\.0-.*//; s/_/-/g; s/.*/"&"/'; done | paste -sd,)"
} >"$work/python/torchyard.toml"
built=$work/built
mkdir "$built"
cp -al "$seed/packages" "$seed/indexes" "$built/"
(unset http_proxy; cd "$work/base" && "$ty" --store "$built" lock && "$ty" --store "$built" build && cd "$work/python" && "$ty" --store "$built" lock) >>"$BENCH_LOG" 2>&1 ||
    { cat "$BENCH_LOG" >&2; exit 1; }
awk '/^\[\[python\.package\]\]/ { inside = 1 } /^sha256 = / && inside { gsub(/"/, "", $3); print $3; inside = 0 }' "$work/python/torchyard.lock" >"$work/hashes"
[ "$(wc -l <"$work/hashes")" = "$(ls "$work/wheels" | wc -l)" ] || { echo "bench: the lock has not all wheels" >&2; exit 1; }
while read -r hash; do rm -f "$built/packages/sha256/$(echo "$hash" | cut -c1-2)/$hash"; done <"$work/hashes"
for file in "$work"/wheels/*.whl; do
    hash=$(sha256sum "$file" | cut -d' ' -f1)
    mkdir -p "$work/cached/sha256/$(echo "$hash" | cut -c1-2)"
    cp "$file" "$work/cached/sha256/$(echo "$hash" | cut -c1-2)/$hash"
done

# 4. Rounds.
fetch() { # KIND: the files alone
    rm -rf "$work/fetched"
    mkdir "$work/fetched"
    inside curl --fail --silent --parallel --parallel-max 8 -K "$work/$1.curl"
}
for kind in debian python; do
    if [ $kind = debian ]; then match='^/pool/'; else match='^/files/'; fi
    grep "$match" "$work/files" | cut -f1 | awk -v root="http://$net.1:8080" -v to="$work/fetched/" '{ gsub(/\+/, "%2B"); print "url = \"" root $0 "\"\noutput = \"" to NR "\"" }' >"$work/$kind.curl"
done
store() { # KIND: a new store with nothing fetched
    rm -rf "$work/store"
    mkdir "$work/store"
    if [ "$1" = python ]; then cp -a "$built/." "$work/store/"; else cp -a "$seed/indexes" "$work/store/"; fi
}
fill() { # KIND
    if [ "$1" = python ]; then cp -a "$work/cached/." "$work/store/packages/"; else cp -a "$seed/packages" "$work/store/"; fi
}
build() { # KIND
    cd "$work/$1" && inside "$ty" --store "$work/store" build >"$work/out"
}
note() { sed "s/^/$1 /" >>"$work/results"; }
result() { sed -n "s/^$1 //p" "$work/results" | median; }
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    for kind in debian python; do
        sync
        wall fetch $kind | note $kind-download
        store $kind
        fill $kind
        sync
        wall build $kind | note $kind-build
        awk '{ print $2 }' "$work/out" >"$work/digest"
        store $kind
        sync
        wall build $kind | note $kind-together
        awk '{ print $2 }' "$work/out" | cmp -s - "$work/digest" || { echo "bench: another image with another order of files: $(cat "$work/out")" >&2; exit 1; }
        echo "round $i, $kind: download $(sed -n "s/^$kind-download //p" "$work/results" | tail -1), build $(sed -n "s/^$kind-build //p" "$work/results" | tail -1), together $(sed -n "s/^$kind-together //p" "$work/results" | tail -1) (wall and CPU seconds)"
    done
done
machine
for kind in debian python; do
    for one in download build together; do
        sed -n "s/^$kind-$one //p" "$work/results" >"$work/rounds"
        keep "cold build, $kind: $one" <"$work/rounds"
    done
    awk -v kind=$kind -v n="$rounds" -v d="$(result $kind-download)" -v b="$(result $kind-build)" -v t="$(result $kind-together)" '
        BEGIN { m = d > b ? d : b; printf "%s, median of %d: download alone %.1f s, build alone %.1f s, together %.1f s: %.2f times the longer (one after the other: %.2f)\n", kind, n, d, b, t, t / m, (d + b) / m }'
done
