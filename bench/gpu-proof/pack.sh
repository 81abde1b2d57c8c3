#!/bin/sh
# Gathers what gpu-proof needs on a machine with neither network nor container engine into .proof/, which git ignores:
# the published program, crun, newuidmap and newgidmap, each with the libraries that another distribution may lack; and for the step 'up' a
# recipe with its lock and packages. Fails when all of it, with this repository's own files, is more than PACK_LIMIT MiB (64).
# usage: bench/gpu-proof/pack.sh    (on Debian or Ubuntu, with crun and uidmap installed; fetches 40 MB from Debian's archive)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$root/.proof
"$root/torchyard" --version >/dev/null
rm -rf "$out"
mkdir -p "$out/bin" "$out/lib" "$out/uidmap" "$out/up"
# A third of its size; 'run' unpacks it there.
tar -C "$root/.torchyard/current" -cJf "$out/torchyard.tar.xz" torchyard torchyard-supervisor
ln -s ../torchyard/torchyard "$out/bin/torchyard"

# Copies the libraries that a program needs, except those of the C library, which must be the machine's own.
libraries() {
    ldd "$1" | awk '$3 ~ /^\// { print $3 }' | grep -vE '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' || true
}

crun=$(command -v crun) || { echo "pack: crun is missing; apt-get install crun" >&2; exit 1; }
cp "$crun" "$out/lib/crun"
for library in $(libraries "$crun"); do cp -L "$library" "$out/lib/"; done
# A library path would be lost for programs that crun starts, which is right: theirs are in the image.
cat >"$out/bin/crun" <<'WRAPPER'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$here/../lib exec "$here/../lib/crun" "$@"
WRAPPER
chmod +x "$out/bin/crun"

# These get their rights from the set-user-id bit, which also makes the loader ignore library paths: gpu-proof installs them.
for program in newuidmap newgidmap; do
    if path=$(command -v $program); then
        cp "$path" "$out/uidmap/"
        for library in $(libraries "$path"); do cp -L "$library" "$out/uidmap/"; done
    else
        echo "pack: $program is missing (apt-get install uidmap): the proof will map one id only" >&2
    fi
done
# The preset 'minimal' is the smallest that 'up' has. It is built here, to be sure that it can be, and again there.
store=$(mktemp -d)
trap 'rm -rf "$store"' EXIT
(cd "$out/up" && export TORCHYARD_STORE="$store" && "$root/torchyard" init minimal >/dev/null && "$root/torchyard" lock && "$root/torchyard" build)
for hash in $(sed -n 's/^sha256 = "\(sha256:\)\{0,1\}\([0-9a-f]\{64\}\)"$/\2/p' "$out/up/torchyard.lock"); do
    file=packages/sha256/$(printf %.2s "$hash")/$hash
    [ -f "$store/$file" ] || continue
    mkdir -p "$out/up/$(dirname "$file")"
    cp "$store/$file" "$out/up/$file"
done

most=${PACK_LIMIT:-64}
size=$({ cd "$root" && { git ls-files -z; find .proof -type f -print0; } | xargs -0 du -cb; } | awk '$2 == "total" { sum += $1 } END { printf "%.1f", sum / 1048576 }')
echo "pack: $size MiB with the repository's files, $(du -sh "$out" | cut -f 1) of them in .proof"
awk -v size="$size" -v most="$most" 'BEGIN { exit size > most }' || { echo "pack: that is more than $most MiB" >&2; exit 1; }
