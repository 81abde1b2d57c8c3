#!/bin/sh
# Makes wheels of real size from Debian's CUDA libraries (non-free): make-wheels.sh DIRECTORY
# Needs curl, xz, dpkg-deb, python3; about 3 GB of disk.
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=${SUITE:-trixie}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curl -fsS "$mirror/dists/$suite/non-free/binary-amd64/Packages.xz" | xz -dc > "$work/Packages"
for package in ${PACKAGES:-libcublas12 libcublaslt12 libcufft11 libcusparse12 libcusolver11 libcurand10 libnvjitlink12 libnvrtc-builtins12.4 libnvrtc12 libnppif12 libnppig12}; do
    file=$(awk -v want="$package" '/^Package: /{name=$2} /^Filename: /{if (name == want) {print $2; exit}}' "$work/Packages")
    [ -n "$file" ] || { echo "$suite has no $package" >&2; continue; }
    curl -fsS -o "$work/package.deb" "$mirror/$file"
    rm -rf "$work/root"
    dpkg-deb -x "$work/package.deb" "$work/root"
    python3 "$here/make_wheel.py" "bench-$package" "$work/root/usr/lib/x86_64-linux-gnu" "$out"
done
ls -l "$out"
