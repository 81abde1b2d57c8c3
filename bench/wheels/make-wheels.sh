#!/bin/sh
# Makes the 30 distributions of a PyTorch stack as wheels of real size from Debian's packages (main, contrib and non-free):
# make-wheels.sh DIRECTORY. Needs curl, xz, dpkg-deb, python3; 1.4 GB of downloads, about 10 GB of disk while it runs, and minutes.
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=${SUITE:-trixie}
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$work"' EXIT
debs=${DEBS:-$work/debs}
mkdir -p "$debs"
for component in main contrib non-free; do
    curl -fsS "$mirror/dists/$suite/$component/binary-amd64/Packages.xz" | xz -dc
done > "$work/Packages"

# Distribution, then the Debian packages whose files it gets. Debian has no cuDNN, cuSPARSELt, NVSHMEM and Triton: NPP and LLVM, which
# are of their kind, stand in.
while read -r distribution packages; do
    [ ! -e "$out/$(echo "$distribution" | tr - _)-1.0-py3-none-any.whl" ] || continue
    rm -rf "$work/roots"
    for package in $packages; do
        if [ ! -e "$debs/$package.deb" ]; then
            file=$(awk -v want="$package" '/^Package: /{name=$2} /^Filename: /{if (name == want) {print $2; exit}}' "$work/Packages")
            [ -n "$file" ] || { echo "$suite has no $package" >&2; exit 1; }
            curl -fsS -o "$debs/$package.deb.part" "$mirror/$file"
            mv "$debs/$package.deb.part" "$debs/$package.deb"
        fi
        mkdir -p "$work/roots/$package"
        dpkg-deb -x "$debs/$package.deb" "$work/roots/$package"
    done
    python3 "$here/make_wheel.py" "$distribution" "$out" "$work"/roots/*
done <<'LIST'
bench-torch libtorch-cuda-2.6 python3-torch-cuda
bench-torchvision python3-torchvision
bench-torchaudio python3-torchaudio
bench-triton libllvm19
bench-nvidia-cublas libcublas12 libcublaslt12
bench-nvidia-cufft libcufft11
bench-nvidia-curand libcurand10
bench-nvidia-cusolver libcusolver11 libcusolvermg11
bench-nvidia-cusparse libcusparse12
bench-nvidia-nvjitlink libnvjitlink12
bench-nvidia-cuda-nvrtc libnvrtc12 libnvrtc-builtins12.4
bench-nvidia-cuda-runtime libcudart12
bench-nvidia-cuda-cupti libcupti12
bench-nvidia-nccl libnccl2
bench-nvidia-cufile libcufile0
bench-nvidia-nvtx libnvtoolsext1
bench-nvidia-npp libnppc12 libnppial12 libnppicc12 libnppidei12 libnppif12 libnppig12 libnppim12 libnppist12 libnppitc12 libnpps12
bench-nvidia-nvjpeg libnvjpeg12
bench-nvidia-nvvm libnvvm4
bench-numpy python3-numpy
bench-sympy python3-sympy
bench-mpmath python3-mpmath
bench-networkx python3-networkx
bench-jinja2 python3-jinja2
bench-markupsafe python3-markupsafe
bench-filelock python3-filelock
bench-fsspec python3-fsspec
bench-typing-extensions python3-typing-extensions
bench-setuptools python3-setuptools
bench-pillow python3-pil
LIST
ls -l "$out"
