#!/bin/sh
# Gathers what gpu-proof needs on a machine with neither network nor container engine into .proof/, which git ignores:
# the published program, crun, newuidmap and newgidmap, each with the libraries that another distribution may lack.
# usage: bench/gpu-proof/pack.sh    (on Debian or Ubuntu, with crun and uidmap installed)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$root/.proof
"$root/torchyard" --version >/dev/null
rm -rf "$out"
mkdir -p "$out/bin" "$out/lib" "$out/torchyard" "$out/uidmap"
cp "$root"/.torchyard/current/torchyard* "$out/torchyard/"
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
du -sh "$out"
